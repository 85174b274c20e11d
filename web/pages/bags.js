/*
 * bags.js - documents for an office without a line: pack a bag, open one
 * that came, hand in its acknowledgement, and what became of those sent.
 */

import { getJSON, server, upload } from "../lib/api.js";
import { doing } from "../lib/acts.js";
import { deskAddress } from "../lib/copies.js";
import { fill, h } from "../lib/dom.js";
import { dropPlace } from "../lib/drop.js";
import { findingItem } from "../lib/findings.js";
import { t } from "../lib/lang.js";
import { accepted } from "../lib/policies.js";
import { announce, badge, button, digest, heading, named, plain, problemBox,
	saveFrom, table, terms, time } from "../lib/view.js";

const STATES = { acknowledged: "good", sent: "wait", missing: "bad" };

/* A file that the desk made: offered as the browser does it. */
function saveButton(copy, name) {
	return button(t("bags.save"), async () =>
	    saveFrom(name, await deskAddress(copy)), { class: "main" });
}

/* Hand a file over and do an act with it. */
async function withFile(place, path, file, signal) {
	const bar = h("progress", { max: file.size || 1, value: 0,
		"aria-label": t("drop.sending") });
	fill(place, h("p", {}, t("drop.sending")), bar);
	try {
		const told = await upload(file, (done) => { bar.value = done; },
		    signal);
		return await doing(place, path, { upload: told.upload }, signal);
	} catch (problem) {
		if (problem.name !== "AbortError")
			fill(place, problemBox(problem));
		return null;
	}
}

function packed(place, result) {
	const said = t("bags.packed");
	fill(place, h("p", { class: "done" }, said), terms([
		[t("bags.number"), `${result.number}`],
		[t("bags.to"), named(result.to)],
		[t("bags.waybill"), digest(result.waybill)],
		[t("bags.contents"), h("ul", {}, result.files.map((one) =>
		    h("li", {}, h("code", {},
		        named(`${one.document}@${one.version}`)))))],
		[t("bags.before"), `${result.unacknowledged}`]]),
	h("p", {}, saveButton(result.copy,
	    `${result.to}-${result.number}.bag`)),
	h("p", {}, t("bags.carry")));
	announce(said);
}

function packBox(offices, signal, reload) {
	const place = h("div");
	const to = h("select", { id: "b-to" }, offices.map((one) =>
	    h("option", { value: one }, plain(one))));
	const documents = h("textarea", { id: "b-documents", rows: 3,
		"aria-describedby": "b-documents-told" });
	const pack = async (event) => {
		event.preventDefault();
		const result = await doing(place, "/desk/bags/pack", { to: to.value,
			documents: documents.value.split(/\s+/).filter(Boolean) }, signal);
		if (result) {
			packed(place, result);
			reload();
		}
	};
	return h("section", {}, h("h2", {}, t("bags.pack")),
	    h("form", { class: "ask", on: { submit: pack } },
	        h("p", {}, h("label", { for: "b-to" }, t("bags.to")), to),
	        h("p", {}, h("label", { for: "b-documents" },
	            t("bags.documents")), documents),
	        h("p", { id: "b-documents-told", class: "small" },
	            t("bags.documents-told")),
	        h("p", {}, h("button", { class: "main" }, t("bags.press"))),
	        place));
}

function document(one) {
	return h("li", {}, h("a", { href: `#/document/${one.document}` +
	    `?version=${one.version}` }, named(one.title || one.document)), " ",
	h("code", {}, named(`${one.document}@${one.version}`)), " ",
	one.outcome ? badge(t(`outcome.${one.outcome}`),
	    { VALID: "good", INVALID: "bad" }[one.outcome] ?? "wait") : null);
}

function opened(place, file, result) {
	const said = t("bags.opened");
	fill(place, h("p", { class: "done" }, said), terms([
		[t("bags.number"), `${result.number}`],
		[t("bags.from"), named(result.from)],
		[t("journal.person"), named(result.person)],
		[t("register.column.proof"), result.proved
			? badge(t("proof.proved"), "good")
			: badge(t("bags.not-proved"), "wait")],
		[t("bags.contents"), h("ul", {}, result.documents.map(document))]]),
	result.findings.length ? [h("h3", {}, t("verify.findings")),
		h("ul", { class: "findings" }, result.findings.map(findingItem))]
		: null,
	h("p", {}, t("bags.acknowledge")),
	h("p", {}, saveButton(result.copy, `${file.name}.ack`)));
	announce(said);
}

function openBox(signal) {
	const place = h("div");
	return h("section", {}, h("h2", {}, t("bags.open")),
	    dropPlace("b-bag", t("bags.bag"), async ([file]) => {
		const result = await withFile(place, "/desk/bags/open", file, signal);
		if (result)
			opened(place, file, result);
	    }), place);
}

function ackBox(signal, reload) {
	const place = h("div");
	return h("section", {}, h("h2", {}, t("bags.ack")),
	    dropPlace("b-ack", t("bags.ack-file"), async ([file]) => {
		const result = await withFile(place, "/desk/bags/ack", file, signal);
		if (!result)
			return;
		fill(place, h("p", { class: "done" }, t("bags.acked")));
		announce(t("bags.acked"));
		reload();
	    }), place);
}

function listBox(told) {
	const columns = [{ id: "index", label: t("bags.number") },
		{ id: "to", label: t("bags.to") },
		{ id: "time", label: t("bags.dispatched") },
		{ id: "state", label: t("health.state") }];
	return told.bags.length === 0 ? h("p", {}, t("bags.none"))
		: table(t("bags.list"), columns, told.bags.map((one) => ({ cells: [
		    `${one.number}`, named(one.to), time(one.dispatched),
		    Object.hasOwn(STATES, one.state)
		        ? badge(t(`bags.state-${one.state}`), STATES[one.state])
		        : named(one.state)] })));
}

/* The offices that a bag may be for, by the accepted policy. */
async function offices() {
	const { policy } = await accepted();
	return [...new Set(policy.types.flatMap((type) => type.read))]
		.filter((office) => office !== server.office).sort();
}

export async function page(view, route) {
	const { signal } = route;
	const list = h("div");
	const reload = async () => {
		try {
			fill(list, listBox(await getJSON("/desk/bags", { signal })));
		} catch (problem) {
			if (problem.name !== "AbortError")
				fill(list, problemBox(problem));
		}
	};
	/* To open a bag takes no line, and to know whom to pack one for does. */
	const packing = async () => {
		try {
			fill(pack, packBox(await offices(), signal, reload));
		} catch (problem) {
			if (problem.name !== "AbortError")
				fill(pack, h("h2", {}, t("bags.pack")),
				    problemBox(problem));
		}
	};
	const pack = h("div", {}, h("p", {}, t("view.loading")));
	view.append(heading(t("bags.title")), h("p", {}, t("bags.told")),
	    pack, openBox(signal), ackBox(signal, reload),
	    h("section", {}, h("h2", {}, t("bags.sent")), list));
	await Promise.all([packing(), reload()]);
}
