/*
 * document.js - one document: its status, life, versions, texts, differences
 * and acts.  A version is fetched only when the person presses the button
 * that says that this is recorded.
 */

import { about, actProof, acts, actSentence, asOfSentence, linkFor, newest,
	statusSentence, titleOf, versionOf, versionSentence,
} from "../lib/about.js";
import { signButton, terminateButton } from "../lib/acts.js";
import { server } from "../lib/api.js";
import { compareView } from "../lib/compare.js";
import { deskAddress, downloadPath, member, open, opened }
	from "../lib/copies.js";
import { fill, h } from "../lib/dom.js";
import { oneAtATime, watch } from "../lib/events.js";
import { language, languageName, t, tn } from "../lib/lang.js";
import { ended, lifeline } from "../lib/lifeline.js";
import { mayBind } from "../lib/may.js";
import { annexesOf, textsView } from "../lib/texts.js";
import { announce, badge, button, bytes, copyButton, digest, heading,
	keepingFocus, named, problemBox, proofBadge, save, saveFrom,
	statusBadge, statusWord, table, terms, time,
} from "../lib/view.js";

function here(name, version, page = "document") {
	return `#/${page}/${name}?version=${version}`;
}

/* Who signed, for whom and when. */
function signature(known, act) {
	if (act.act === "terminate")
		return tn("document.signature-end", { person: act.person,
			date: time(act.time) });
	const party = known.parties.get(act.entry);
	return party ? tn("document.signature-for", { person: act.person, party,
		date: time(act.time) }) : tn("document.signature",
	    { person: act.person, date: time(act.time) });
}

function versionsTable(known, shown) {
	const columns = [{ id: "version", label: t("register.column.version") },
		{ id: "status", label: t("register.column.status") },
		{ id: "time", label: t("register.column.time") },
		{ id: "who", label: t("document.depositor") },
		{ id: "signed", label: t("document.signed") }];
	const rows = [...known.told.versions].reverse().map((one) => ({ cells: [
		h("a", { href: here(known.name, one.version),
			"aria-current": one.version === shown ? "true" : null },
		t("document.version", { version: one.version })),
		[statusBadge(one.status), " ", one.version === shown
		    ? badge(t("document.shown"), "new") : null],
		time(one.time), tn("view.person", { person: one.person,
			office: one.office }),
		one.signatures.length ? h("ul", { class: "bare" },
		    one.signatures.map((act) => h("li", {},
		        signature(known, act)))) : t("document.nobody")] }));
	return table(t("document.versions-told"), columns, rows);
}

function verdictView(verdict) {
	if (!verdict)
		return h("p", {}, t("document.not-verified"));
	const kind = { VALID: "good", INVALID: "bad" }[verdict.outcome] ?? "wait";
	return h("div", {}, h("p", {}, t("document.verdict"), " ",
	    badge(verdict.outcome, kind)),
	verdict.findings.length ? h("ul", {}, verdict.findings.map((one) =>
	    h("li", {}, named(one.text), " ",
	        h("code", {}, one.code)))) : null);
}

const fileName = (name, number) => `${name.replace("/", "-")}-${number}.asice`;

/*
 * A copy that the page does not take apart: how to have it as a file.  The desk
 * has verified it by then.
 */
function asFile(name, number, verdict) {
	if (!server.desk)
		return h("p", {}, h("a", { download: "",
			href: downloadPath(name, number) },
		t("document.download")));
	const place = h("p", {});
	const press = async () => {
		try {
			saveFrom(fileName(name, number),
			    await deskAddress(verdict.copy));
		} catch (problem) {
			place.after(problemBox(problem));
		}
	};
	fill(place, button(t("document.download"), press, { class: "main" }));
	return [verdictView(verdict), place];
}

/* Before a version is opened: what that means, and the button. */
function closed(place, known, number, ready, signal) {
	const bar = h("progress", { "aria-label": t("document.opening") });
	const progress = (done, total) => {
		if (!total)
			return;
		bar.max = total;
		bar.value = done;
	};
	const press = async (event) => {
		event.target.disabled = true;
		place.append(bar);
		try {
			ready(await open(known.name, number, progress, signal));
			place.parentNode.querySelector("h2").focus();
			announce(t("document.opened", { version: number }));
		} catch (problem) {
			if (problem.name === "AbortError")
				return;
			event.target.disabled = false;
			bar.remove();
			place.append(problemBox(problem));
			if (problem.code === "COPY_LARGE")
				place.append(...[asFile(known.name, number,
				    problem.verdict)].flat());
		}
	};
	fill(place, h("p", {}, t("document.recorded")),
	    h("p", {}, button(t("document.open", { version: number }), press,
	        { class: "main" })));
}

function annexes(copy, told) {
	const list = annexesOf(copy, told);
	if (!list.length)
		return null;
	return h("ul", {}, list.map((one) => h("li", {}, named(one.file), ", ",
	    bytes(one.size), " ", button(t("document.save-annex"), async () =>
	        save(one.file.split("/").at(-1), [await member(copy, one.file)],
	            "application/octet-stream")))));
}

function saveCopy(copy) {
	const name = fileName(copy.name, copy.version);
	return button(t("document.save-copy"), () => save(name, [copy.bytes],
	    "application/vnd.etsi.asic-e+zip"));
}

/* The texts of the version, or the button that opens it. */
function textsSection(known, told, route, leaves) {
	const place = h("div", {});
	const ready = (copy) => {
		const view = textsView(copy, told, language);
		leaves.push(view.leave);
		fill(place, verdictView(copy.verdict), h("p", {}, saveCopy(copy)),
		    view.node, annexes(copy, told) ? [h("h3", {},
		        t("document.annexes")), annexes(copy, told)] : null);
	};
	const copy = opened(known.name, told.version);
	if (copy)
		ready(copy);
	else
		closed(place, known, told.version, ready, route.signal);
	return h("section", { id: "texts" },
	    h("h2", { tabindex: "-1" }, t("document.texts")),
	    place);
}

function waiting(told) {
	if (!told["to-sign"]?.length)
		return null;
	return [told.status === "in force" ? t("document.to-end")
	    : t("document.to-sign"), h("ul", { class: "bare" },
	    told["to-sign"].map((one) => h("li", {},
	        tn("document.to-sign-party", { party: one.party,
	            persons: one.persons, who: one.who.join(", ") }))))];
}

function details(known, told) {
	const titles = Object.entries(told.titles ?? known.told.titles ?? {});
	return h("section", { id: "version" },
	    h("h2", {}, tn("document.version", { version: told.version })),
	    h("p", {}, versionSentence(known, told)),
	    told.version === newest(known) ? null : h("p", {}, h("a",
	        { href: here(known.name, newest(known)) },
	        t("document.newest", { version: newest(known) }))),
	    terms([[t("document.titles"), h("ul", { class: "bare" },
	        titles.map(([code, text]) => h("li", {}, tn("document.title-in",
	            { language: languageName(code), title: named(text, code) }))))],
	    [t("document.note"), told.note ? named(told.note) : null],
	    [t("document.depositor"), tn("view.person",
	        { person: told.person, office: told.office })],
	    waiting(told) ?? [null, null],
	    [t("document.digest"), digest(told.digest)]]));
}

function actsSection(known) {
	const columns = [{ id: "time", label: t("document.when") },
		{ id: "act", label: t("document.act") },
		{ id: "proof", label: t("register.column.proof") }];
	const old = ended(known);
	const rows = [...known.entries].reverse().map(({ index, entry }) => ({
		cells: [time(entry.time), actSentence(entry, old.get(index),
		    known.parties.get(index)),
			h("span", { class: "small" }, actProof(known, index))] }));
	return h("section", { id: "acts" }, h("h2", {}, t("document.acts")),
	    acts(known, "deliver").length ? null
	        : h("p", { class: "small" }, t("document.no-deliveries")),
	    table(t("document.acts-told"), columns, rows));
}

/* Whether this person may still sign, by what the policy asks for. */
function mine(told) {
	return !told["to-sign"]?.length || told["to-sign"].some((one) =>
	    one.who.includes(server.person));
}

/* What the desk can do with it. */
function doing(known, told, binds) {
	const row = { document: known.name, version: told.version,
		digest: told.digest, title: titleOf(known.told).text,
		begun: told.signatures.some((one) => one.act === "terminate") };
	const open_to_sign = told.version === newest(known) &&
	    ["draft", "signed in part"].includes(told.status);
	if (!server.desk || !mine(told))
		return null;
	if (open_to_sign)
		return signButton(row);
	return told.status === "in force" && binds ? terminateButton(row) : null;
}

function links(known, told) {
	const { name } = known;
	return h("p", { class: "actions noprint" },
	    server.desk ? h("a", { href: `#/deposit?document=${name}` },
	        t("document.next-version")) : null,
	    h("a", { href: here(name, told.version, "evidence") },
	        t("document.evidence")),
	    copyButton(t("document.copy-link"),
		() => linkFor(name, told.version)));
}

/* Status, life, versions and acts: what changes while it is looked at. */
function paint(parts, known, told) {
	const force = known.told["in-force"] ? "in force" : known.told.status;
	fill(parts.status, known.problem
	    ? [problemBox(known.problem), h("p", {}, t("document.local"))]
	    : null, h("p", { class: "lead" }, statusBadge(force), " ",
	    statusSentence(known)),
	h("p", { class: "small" }, asOfSentence(known), " ",
	    proofBadge(known.proved ? "proved" : "word")));
	/* An act that is being done, or was, is not taken from the person. */
	if (!parts.doing.querySelector("form, .done, [aria-busy]"))
		fill(parts.doing, doing(known, told, parts.binds));
	fill(parts.life, h("h2", {}, t("document.life")), lifeline(known));
	fill(parts.versions, h("h2", {}, t("document.versions")),
	    versionsTable(known, told.version));
	fill(parts.details, details(known, told));
	fill(parts.acts, actsSection(known));
}

/* Look again at what is new; the texts and the comparison stay. */
async function renew(parts, name, number, signal) {
	const known = await about(name, signal);
	const told = await versionOf(known, number, signal);
	const before = parts.life.querySelectorAll("li").length;
	keepingFocus(() => paint(parts, known, told));
	/* A delivery is no news for who listens. */
	if (parts.life.querySelectorAll("li").length !== before)
		announce(t("document.renewed",
		    { status: statusWord(known.told.status) }));
}

/* Follow the journal; the function that is returned ends it. */
function follow(parts, known, number, signal) {
	let newest_index = known.entries.at(-1)?.index ?? -1;
	const again = oneAtATime(() => renew(parts, known.name, number, signal)
		.catch((problem) => {
			if (problem.name !== "AbortError")
				parts.status.append(problemBox(problem));
		}));
	return watch(({ index, entry }) => {
		if (entry.document !== known.name || index <= newest_index)
			return;
		newest_index = index;
		again();
	}, { onGap: again });
}

export async function page(view, route) {
	const name = route.parts.slice(0, 2).join("/");
	fill(view, h("p", { class: "loading" }, t("view.loading")));
	const [known, binds] = await Promise.all([about(name, route.signal),
		server.desk ? mayBind(route.parts[0]) : false]);
	const number = Number(route.query.get("version")) ||
	    known.told["in-force"]?.version || newest(known);
	const told = await versionOf(known, number, route.signal);
	const title = titleOf(known.told);
	const top = [heading(title.text, title.lang),
		h("p", {}, h("code", {}, named(name)))];
	if (!told) {
		fill(view, top, h("p", { role: "alert" },
		    t("document.no-version", { version: number })));
		return null;
	}
	const parts = { binds, status: h("div", {}), doing: h("div", {}),
		life: h("section", { id: "life" }),
		versions: h("section", { id: "versions" }),
		details: h("div", {}), acts: h("div", {}) };
	const leaves = [follow(parts, known, number, route.signal)];
	paint(parts, known, told);
	fill(view, top, parts.status, parts.doing, links(known, told),
	    parts.life, parts.versions, parts.details,
	    textsSection(known, told, route, leaves),
	    compareView(known, number, route.signal), parts.acts);
	return () => leaves.forEach((leave) => leave());
}
