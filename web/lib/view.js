/*
 * view.js - what several pages show: headings, times, digests, statuses,
 * tables, problems.  All of it is nodes for a page to place.
 */

import { h, fill } from "./dom.js";
import { has, t, tn } from "./lang.js";
import { groups } from "./groups.js";

/* Longest text from a server that is shown; ours are at most 2000 bytes. */
const SHOWN_CHARS = 2000;

/* Text from a server, isolated; control characters become spaces. */
export function named(text, lang) {
	const shown = plain(text);
	return h("bdi", { lang }, shown);
}

/* The same as a string, for titles and attributes. */
export function plain(text) {
	const shown = `${text ?? ""}`
		.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
		    " ");
	return shown.length > SHOWN_CHARS
		? `${shown.slice(0, SHOWN_CHARS)}…` : shown;
}

/*
 * The page's heading and the tab's title; app.js moves the focus to it.
 * lang: of a text that is not the page's.
 */
export function heading(text, lang) {
	document.title = `${plain(text)} – Valise`;
	return h("h1", { tabindex: "-1" }, named(text, lang));
}

/* "2026-11-26 23:15:02Z", with the whole of it for machines. */
export function time(iso) {
	if (!iso)
		return h("span", {}, t("view.no-time"));
	const shown = iso.replace("T", " ").replace(/\.\d+Z$/, "Z");
	return h("time", { datetime: iso }, shown);
}

/* The day of a time. */
export function day(iso) {
	return h("time", { datetime: iso }, iso.slice(0, 10));
}

/* A digest in groups of four.  What is copied from it has no gaps. */
export function digest(hex) {
	const parts = groups(hex).split(" ").flatMap((group) =>
	    [h("span", {}, group), h("wbr")]);
	return h("code", { class: "digest" }, parts);
}

/*
 * The word of a table by its key, which may be whatever a server said: a member
 * that every object has, such as "constructor", is no word.
 */
const wordOf = (table, key) => Object.hasOwn(table, key) ? table[key]() : null;

const STATUS = {
	"draft": () => t("status.draft"),
	"signed in part": () => t("status.signed-in-part"),
	"in force": () => t("status.in-force"),
	"superseded": () => t("status.superseded"),
	"withdrawn": () => t("status.withdrawn"),
	"terminated": () => t("status.terminated"),
	"lapsed": () => t("status.lapsed"),
	"disputed": () => t("status.disputed"),
};

/* All statuses that a document in the register can have. */
export const statuses = ["draft", "signed in part", "in force", "terminated"];

/* A status as a word. */
export function statusWord(status) {
	return wordOf(STATUS, status) ?? plain(status);
}

/* A word in a frame.  kind: good, wait, bad, quiet or new, for its colour. */
export function badge(word, kind = "quiet") {
	return h("span", { class: `badge ${kind}` }, word);
}

const KIND = { "in force": "good", "signed in part": "wait",
	"terminated": "bad", "disputed": "bad" };

export function statusBadge(status) {
	return badge(statusWord(status), Object.hasOwn(KIND, status)
		? KIND[status] : undefined);
}

/* How a statement is known. */
export function proofBadge(state) {
	switch (state) {
	case "proved":
		return badge(t("proof.proved"), "good");
	case "proving":
		return badge(t("proof.proving"), "wait");
	default:
		return badge(t("proof.word"), "quiet");
	}
}

/*
 * A table.  columns: {id, label}; rows: {id, cells}, a cell being a node or
 * text.  The first cell of a row is its heading.  Narrow screens show a row
 * as a block, each cell with its column's label.
 */
export function table(caption, columns, rows) {
	const head = h("tr", {}, columns.map((column) =>
	    h("th", { scope: "col", class: column.id }, column.label)));
	const body = rows.map((row) => h("tr", { id: row.id },
	    row.cells.map((cell, at) => h(at === 0 ? "th" : "td",
	        { scope: at === 0 ? "row" : null, class: columns[at].id,
	          data: { label: columns[at].label } },
	        h("div", {}, cell)))));
	return h("table", { class: "rows" }, h("caption", {}, caption),
	    h("thead", {}, head), h("tbody", {}, body));
}

/* A list of terms: [label, node] pairs; those without a node are left out. */
export function terms(pairs) {
	return h("dl", {}, pairs.filter((pair) => pair?.[1]).map(
	    ([label, ...told]) => h("div", {}, h("dt", {}, label),
	        h("dd", {}, told))));
}

export function button(label, press, attributes = {}) {
	return h("button", { type: "button", on: { click: press },
		...attributes }, label);
}

const NEXT = {
	UNAVAILABLE: () => t("next.unavailable"),
	REFUSED: () => t("next.refused"),
	NOT_FOUND: () => t("next.not-found"),
	CONFLICT: () => t("next.conflict"),
	USAGE: () => t("next.usage"),
	MALFORMED: () => t("next.usage"),
	LIMIT: () => t("next.limit"),
	SESSION_ENDED: () => t("next.session"),
	COPY_LARGE: () => t("next.copy-large"),
	REPEATED_TOO_OFTEN: () => t("next.repeated"),
	JOURNAL_ROLLED_BACK: () => t("next.rolled-back"),
};

/* What to do about a code that a program tells (codes.def), or null. */
export function remedy(code) {
	return has(`remedy.${code}`) ? t(`remedy.${code}`) : null;
}

/* Of other codes the exit status tells (docs/codes.md). */
const BY_EXIT = {
	1: () => t("next.untrusted"),
	3: NEXT.REFUSED,
	4: NEXT.NOT_FOUND,
	5: NEXT.CONFLICT,
	6: NEXT.UNAVAILABLE,
};

/* What kind of problem it is, by the exit status (docs/codes.md). */
const KINDS = {
	1: () => t("kind.untrusted"),
	2: () => t("kind.usage"),
	3: () => t("kind.refused"),
	4: () => t("kind.not-found"),
	5: () => t("kind.conflict"),
	6: () => t("kind.unavailable"),
	7: () => t("kind.system"),
	8: () => t("kind.malformed"),
	9: () => t("kind.limit"),
};

/* What a program's own sentence, which is English, comes to. */
function kindOf(problem) {
	if (!problem.isEnglish)
		return null;
	return has(`means.${problem.code}`) ? t(`means.${problem.code}`)
	    : wordOf(KINDS, problem.exit);
}

/* A problem as a sentence with its code, and what to do next. */
export function problemBox(problem) {
	/* What is no Problem is of the page itself, or an answer of another shape. */
	const known = typeof problem.code === "string";
	const code = known ? problem.code : "MALFORMED";
	const detail = known ? problem.detail : t("error.shape");
	if (!known)
		console.error(problem);
	/* "Insufficient storage" has the code of what may be tried again. */
	const full = problem.status === 507;
	const next = full ? t("next.full") : wordOf(NEXT, code) ?? remedy(code) ??
	    wordOf(BY_EXIT, problem.exit) ?? t("next.system");
	const kind = full ? t("kind.full") : kindOf(problem);
	return h("div", { class: "problem", role: "alert" },
	    kind ? h("p", {}, h("strong", {}, kind)) : null,
	    h("p", { lang: problem.isEnglish ? "en" : null }, named(detail)),
	    h("p", {}, next),
	    h("p", { class: "small" },
	        tn("problem.code", { code: h("code", {}, plain(code)) })));
}

/* A button that copies text, or what a function gives, and says so. */
export function copyButton(label, text) {
	return button(label, async () => {
		try {
			await navigator.clipboard.writeText(
			    typeof text === "function" ? await text() : text);
			announce(t("view.copied"));
		} catch {
			announce(t("view.not-copied"));
		}
	});
}

/* Bytes as a number that a person reads. */
export function bytes(size) {
	const units = ["B", "KiB", "MiB", "GiB"];
	let unit = 0;
	let left = size;
	while (left >= 1024 && unit < units.length - 1) {
		left /= 1024;
		unit++;
	}
	return `${unit === 0 ? left : left.toFixed(1)} ${units[unit]}`;
}

/* Have the browser save what is at an address, as it comes. */
export function saveFrom(name, address) {
	const link = h("a", { href: address, download: name });
	document.body.append(link);
	link.click();
	link.remove();
}

/* Offer bytes as a file, in the browser's way. */
export function save(name, parts, type) {
	const address = URL.createObjectURL(new Blob(parts, { type }));
	saveFrom(name, address);
	setTimeout(() => URL.revokeObjectURL(address), 60000);
}

/*
 * Change the page and keep the focus: if what had it is replaced, it goes to
 * what is the same now.
 */
export function keepingFocus(change) {
	const active = document.activeElement;
	change();
	if (!active || active.isConnected)
		return;
	const same = (one) => one.textContent === active.textContent &&
	    ["href", "id", "name"].every((name) => one.getAttribute(name) ===
	        active.getAttribute(name));
	[...document.querySelectorAll("a, button, input, select, summary")]
		.find(same)?.focus();
}

const QUIET_MS = 5000;
let spoken = -QUIET_MS;
let waiting = null;

function speakNow(text) {
	spoken = performance.now();
	waiting = null;
	fill(document.getElementById("live"), text);
}

/*
 * Tell what a person who does not see the page should hear, at most once in
 * 5 s: of several in between only the last is told.
 */
export function announce(text) {
	const wait = spoken + QUIET_MS - performance.now();
	clearTimeout(waiting);
	if (wait <= 0)
		speakNow(text);
	else
		waiting = setTimeout(speakNow, wait, text);
}
