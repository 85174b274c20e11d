/*
 * policy.js - who may do what: by office and type of document, and for one
 * person; which policies there were, what each changed, and which of them
 * this office has accepted.
 */

import { request, server } from "../lib/api.js";
import { acceptButton } from "../lib/acts.js";
import { changes } from "../lib/changes.js";
import { fill, h } from "../lib/dom.js";
import { checkpoint, every, newest } from "../lib/entries.js";
import { t, tn } from "../lib/lang.js";
import { accepted as succession, policyOf } from "../lib/policies.js";
import { badge, digest, heading, named, plain, proofBadge, table,
	terms, time } from "../lib/view.js";

const RIGHTS = ["deposit", "read", "audit"];
/* Policies whose changes are shown, from the newest. */
const HISTORY = 20;

const rightWord = (right) => t(`policy.${right}`);

const offices = (policy) => [...new Set(policy.types.flatMap((type) =>
    RIGHTS.flatMap((right) => type[right])))].sort();

function mayTable(policy) {
	const columns = [{ id: "office", label: t("register.column.office") },
		...policy.types.map((type) => ({ id: `t-${type.type}`,
			label: plain(type.type) }))];
	const rows = offices(policy).map((office) => ({ cells: [named(office),
		...policy.types.map((type) => RIGHTS.filter((right) =>
		    type[right].includes(office)).map(rightWord).join(", ") ||
		    t("policy.nothing"))] }));
	return table(t("policy.table"), columns, rows);
}

function signTable(policy) {
	const number = (quora) => Object.entries(quora).filter(([, n]) => n > 0)
		.map(([party, persons]) => h("div", {},
		    tn("policy.persons", { party: plain(party), persons })));
	const columns = [{ id: "type", label: t("register.type") },
		{ id: "title", label: t("register.column.title") },
		{ id: "quorum", label: t("policy.quorum") },
		{ id: "terminate", label: t("policy.terminate") }];
	return table(t("policy.signatures"), columns, policy.types.map((type) =>
	    ({ cells: [h("code", {}, named(type.type)), named(type.title),
	        number(type.quorum), number(type.terminate)] })));
}

function powersTable(policy) {
	const columns = [{ id: "person", label: t("journal.person") },
		{ id: "party", label: t("register.party") },
		{ id: "types", label: t("policy.types") },
		{ id: "from", label: t("policy.from") },
		{ id: "until", label: t("policy.until") }];
	if (policy["full-powers"].length === 0)
		return h("p", {}, t("policy.no-powers"));
	return table(t("policy.powers"), columns, policy["full-powers"].map(
	    (one) => ({ cells: [named(one.person), named(one.party),
	        named(one.types.join(", ")), one.from, one.until] })));
}

/* What an office, and a person of it, may do, as sentences. */
function answers(policy, office, person) {
	const out = RIGHTS.map((right) => {
		const types = policy.types.filter((type) =>
		    type[right].includes(office)).map((type) => plain(type.type));
		return types.length === 0
			? tn(`policy.office-not-${right}`, { office: plain(office) })
			: tn(`policy.office-${right}`, { office: plain(office),
				types: types.join(", ") });
	});
	const powers = policy["full-powers"].filter((one) =>
	    one.person === person);
	if (person && powers.length === 0)
		out.push(tn("policy.person-signs-not", { person }));
	for (const one of powers)
		out.push(tn("policy.person-signs", { person, from: one.from,
			until: one.until, party: plain(one.party),
			types: plain(one.types.join(", ")) }));
	return h("ul", {}, out.map((sentence) => h("li", {}, sentence)));
}

function question(policy) {
	const place = h("div", { role: "status" });
	const ask = (event) => {
		event?.preventDefault();
		fill(place, answers(policy, office.value, person.value.trim()));
	};
	const office = h("select", { id: "p-office", on: { change: ask } },
	    offices(policy).map((one) => h("option", { value: one,
	        selected: one === server.office }, plain(one))));
	const person = h("input", { id: "p-person", list: "p-persons",
		value: server.person, maxlength: 254, autocomplete: "off",
		on: { change: ask } });
	const form = h("form", { class: "filters", on: { submit: ask } },
	    h("p", {}, h("label", { for: "p-office" },
	        t("register.column.office")), office),
	    h("p", {}, h("label", { for: "p-person" }, t("journal.person")),
	        person, h("datalist", { id: "p-persons" },
	            policy["full-powers"].map((one) =>
	                h("option", { value: one.person })))),
	    h("p", {}, h("button", {}, t("policy.ask"))));
	ask();
	return h("section", {}, h("h2", {}, t("policy.question")), form, place);
}

function changeList(before, after, files) {
	const list = before && after ? changes(before, after) : [];
	return h("ul", {}, list.map(([id, args]) => h("li", {}, tn(id,
	    Object.fromEntries(Object.entries(args).map(([name, value]) =>
	        [name, plain(value)]))))),
	list.length === 0 && files?.length
		? h("li", {}, tn("policy.files", { files: plain(files.join(", ")) }))
		: null);
}

/* Whether an entry's policy was accepted here, and when. */
function acceptance(one) {
	if (!one.accepted)
		return badge(t("policy.no"), "wait");
	return [badge(t("policy.yes"), "good"), h("p", { class: "small" },
	    one["accepted-at"] ? tn("policy.accepted-at",
	        { time: time(one["accepted-at"]) })
		: t("policy.accepted-unknown"))];
}

/* The newer policy that waits to be accepted. */
function waiting(told, accepted, newest, reload) {
	if (told.same)
		return h("p", {}, badge(t("policy.same"), "good"));
	return h("section", { class: "problem" },
	    h("h2", {}, t("policy.newer")), h("p", {}, t("policy.newer-told")),
	    terms([[t("do.digest"), digest(told.daemon)]]),
	    h("h3", {}, t("policy.changes")),
	    changeList(accepted, newest, null),
	    acceptButton(told.daemon, reload));
}

/* The policies by their entries, the newest first. */
async function historyOf(told, policies, signal) {
	const last = told.policies.at(-1)?.index ?? 0;
	const acts = await newest({ act: "policy" }, last + 1, signal);
	const entry = new Map(acts.entries.map((one) => [one.index, one.entry]));
	const columns = [{ id: "index", label: t("journal.index") },
		{ id: "time", label: t("policy.since") },
		{ id: "digest", label: t("do.digest") },
		{ id: "accepted", label: t("policy.accepted") },
		{ id: "changes", label: t("policy.changes") }];
	const rows = told.policies.map((one, i) => ({ cells: [`${one.index}`,
		time(entry.get(one.index)?.time), digest(one.digest),
		acceptance(one), i === 0 ? t("policy.first")
			: changeList(policies.get(told.policies[i - 1].digest),
			    policies.get(one.digest),
			    entry.get(one.index)?.changed)] })).reverse();
	return h("section", {}, h("h2", {}, t("policy.history")),
	    table(t("policy.history-told"), columns, rows));
}

async function desk(view, route, reload) {
	const told = await succession();
	const wanted = new Set([told.accepted, told.daemon,
		...told.policies.slice(-HISTORY).map((one) => one.digest)]);
	const policies = new Map(await Promise.all([...wanted].map(async (hex) =>
	    [hex, await policyOf(hex)])));
	const accepted = policies.get(told.accepted);
	view.append(waiting(told, accepted, policies.get(told.daemon), reload),
	    h("section", {}, h("h2", {}, t("policy.may")), mayTable(accepted),
	        signTable(accepted), powersTable(accepted)),
	    question(accepted), await historyOf(told, policies,
	        route.signal));
}

/* A policy by the daemon's word; null from an older daemon, which has files. */
async function readPolicy(hex, signal) {
	const answer = await request(`/v1/policy${hex ? `/${hex}` : ""}?as=json`,
	    { signal });
	return /json/.test(answer.headers.get("Content-Type"))
		? answer.json() : null;
}

function changesAt(entries, i, policies) {
	const { entry } = entries[i];
	return i === 0 && entry.prior === undefined ? t("policy.first")
		: changeList(policies.get(entries[i - 1]?.entry.policy),
		    policies.get(entry.policy), entry.changed);
}

/* At the register: by the daemon's word, and nobody knows what was accepted. */
async function register(view, { signal }) {
	const point = await checkpoint(signal);
	const [now, entries] = await Promise.all([readPolicy("", signal),
		every({ act: "policy" }, point.size, signal)]);
	const policies = new Map(await Promise.all([...new Set(entries
		.slice(-HISTORY).map(({ entry }) => entry.policy))].map(async (hex) =>
	    [hex, now && await readPolicy(hex, signal)])));
	const columns = [{ id: "index", label: t("journal.index") },
		{ id: "time", label: t("policy.since") },
		{ id: "digest", label: t("do.digest") },
		{ id: "changes", label: t("policy.changes") },
		{ id: "proof", label: t("register.column.proof") }];
	view.append(h("p", {}, proofBadge("word"), " ", t("policy.register"), " ",
	    h("code", {}, "valise policy show")));
	if (now)
		view.append(h("section", {}, h("h2", {}, t("policy.may")),
		    mayTable(now), signTable(now), powersTable(now)),
		question(now));
	view.append(h("section", {}, h("h2", {}, t("policy.history")),
	    table(t("policy.history-told"), columns, entries.map(
	        ({ index, entry }, i) => ({ cells: [`${index}`, time(entry.time),
	            digest(entry.policy), changesAt(entries, i, policies),
	            proofBadge("word")] })).reverse()),
	    h("p", {}, h("a", { href: "/v1/policy", download: "policy.zip" },
	        t("policy.download")))));
}

export async function page(view, route) {
	const show = async () => {
		fill(view, heading(t("policy.title")));
		await (server.desk ? desk(view, route, show) : register(view, route));
	};
	await show();
}
