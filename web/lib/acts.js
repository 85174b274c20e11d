/*
 * acts.js - acts that a person does at the desk: their progress, the wait
 * for the confirmation outside the page, and what came of them.
 *
 * No request of the page alone signs, ends or accepts: the desk asks in a
 * dialog of its own (pinentry) or in its terminal.
 */

import { act, server } from "./api.js";
import { fill, h } from "./dom.js";
import { t } from "./lang.js";
import { announce, button, digest, named, problemBox, terms, time }
	from "./view.js";

/* The line of progress {doing, done, total}. */
function progressOf({ doing, done, total }) {
	const known = Number.isFinite(done) && total > 0;
	return [h("progress", known ? { max: total, value: done,
		"aria-label": t("do.progress") }
		: { "aria-label": t("do.progress") }),
	h("p", { class: "small" }, known
		? t("do.percent", { percent: Math.floor(100 * done / total) })
		: named(doing))];
}

function waitsFor(how) {
	const said = how === "terminal" ? t("do.waits-terminal")
		: t("do.waits-pinentry");
	announce(said);
	return h("p", { class: "waits" }, said);
}

/* The answer outside the page was no, which the command calls its usage. */
const declined = () => h("div", { class: "problem", role: "alert" },
	h("p", {}, t("do.declined")));

/*
 * Do an act and show in place how it goes.  Returns its result; null if it
 * failed, which place says then.  signal: ends it; onProblem: called after
 * that with the problem.
 */
export async function doing(place, path, body, signal, onProblem) {
	const bar = h("div", {}, progressOf({ doing: t("do.progress") }));
	const notes = h("ul", { class: "notes" });
	let waited = false;
	fill(place, bar, notes);
	place.setAttribute("aria-busy", "true");
	try {
		return await act(path, body, (told) => {
			waited ||= Boolean(told.waits);
			if (told.note)
				notes.append(h("li", {}, named(told.note)));
			else
				fill(bar, told.waits ? waitsFor(told.waits)
					: progressOf(told));
		}, signal);
	} catch (problem) {
		if (problem.name === "AbortError")
			return null;
		fill(place, waited && problem.code === "USAGE" ? declined()
			: problemBox(problem));
		onProblem?.(problem);
		return null;
	} finally {
		bar.remove();
		place.removeAttribute("aria-busy");
	}
}

/* Whether this desk can ask outside the page; else why it only reads. */
export function canConfirm() {
	return server.confirms ? null
		: h("p", { class: "small" }, t("do.only-reads"));
}

/* What is to be signed or ended: it is shown before, and by the dialog. */
function object(row) {
	return terms([
		[t("register.column.document"), h("code", {}, named(row.document))],
		[t("register.column.version"), `${row.version}`],
		[t("register.column.title"), row.title ? named(row.title) : null],
		[t("do.digest"), row.digest ? digest(row.digest) : null]]);
}

function done(row, result, said) {
	announce(said);
	return [h("p", { class: "done" }, said),
		terms([[t("journal.index"), result.entry === undefined ? null
			: `${result.entry}`],
		[t("journal.time"), result.time ? time(result.time) : null]]),
		location.hash.startsWith(`#/document/${row.document}`) ? null
			: h("p", {}, h("a", { href: `#/document/${row.document}` },
				t("do.look")))];
}

/*
 * A button that opens, in place, what is asked, and does it.  ask: {open,
 * told, press, path, body(), done, fields, onDone}.
 */
function asking(row, ask) {
	const place = h("div", { class: "act" });
	const opened = button(ask.open, () => {
		const run = async (event) => {
			event.preventDefault();
			const result = await doing(going, ask.path, ask.body());
			if (!result)
				return;
			fill(place, done(row, result, ask.done));
			ask.onDone?.(result);
		};
		const going = h("div");
		const form = h("form", { class: "ask", on: { submit: run } },
			h("p", {}, ask.told), object(row), ask.fields,
			h("p", {}, t("do.compare")),
			h("p", { class: "actions" },
				h("button", { class: "main" }, ask.press),
				button(t("do.cancel"), () => {
					fill(place, opened);
					opened.focus();
				})), going);
		fill(place, form);
		(form.querySelector("input") ?? form.querySelector("button")).focus();
	}, { disabled: !server.confirms });
	fill(place, opened, canConfirm());
	return place;
}

/*
 * Sign row: {document, version, digest, title}.  onDone is called with the
 * result (sign.json).
 */
export function signButton(row, onDone) {
	return asking(row, { open: t("do.sign-open"), told: t("do.sign-told"),
		press: t("do.sign-press"), path: "/desk/sign",
		body: () => ({ document: row.document, version: row.version }),
		done: t("do.signed"), onDone });
}

/*
 * End row, which is in force, with a reason: who signs first gives it, and
 * the others, of a row that is begun, sign the same; their dialog shows it.
 */
export function terminateButton(row, onDone) {
	const reason = h("input", { id: `reason-${row.document}`, required: true,
		maxlength: 500, autocomplete: "off" });
	return asking(row, { open: t("do.end-open"), told: t("do.end-told"),
		press: t("do.end-press"), path: "/desk/terminate",
		fields: row.begun ? null : h("p", {}, h("label", { for: `reason-${row.document}` },
			t("do.reason")), reason),
		body: () => row.begun ? { document: row.document }
			: { document: row.document, reason: reason.value.trim() },
		done: t("do.ended"), onDone });
}

/* Accept the policy of this digest. */
export function acceptButton(hex, onDone) {
	const place = h("div", { class: "act" });
	const press = button(t("policy.accept"), async () => {
		const going = h("div");
		fill(place, going);
		const result = await doing(going, "/desk/policy/accept",
		    { digest: hex });
		if (!result) {
			place.prepend(press);
			return;
		}
		announce(t("policy.accepted-now"));
		fill(place, h("p", { class: "done" }, t("policy.accepted-now")));
		onDone?.(result);
	}, { class: "main", disabled: !server.confirms });
	fill(place, press, canConfirm());
	return place;
}
