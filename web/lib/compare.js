/*
 * compare.js - how two versions of a document differ, word by word.
 *
 * The desk compares (valise diff --words: PDFs too, by pdftotext).  At the
 * register the page compares the plain texts of two copies that the person
 * opens.  Either way both versions are opened, which is recorded.
 */

import { getJSON, server } from "./api.js";
import { member, open, opened } from "./copies.js";
import { fill, h } from "./dom.js";
import { languageName, t, tn } from "./lang.js";
import { textsOf } from "./texts.js";
import { announce, button, named, problemBox, statusWord, table } from "./view.js";
import { difference } from "./words.js";

const TAG = { added: "ins", removed: "del" };

/* Pieces of one kind in a row are one element. */
function marked(pieces) {
	const out = [];
	for (const { kind, text } of pieces) {
		const last = out.at(-1);
		if (last?.kind === kind)
			last.text += text;
		else
			out.push({ kind, text });
	}
	return out.map(({ kind, text }) => {
		if (kind === "hunk")
			return h("span", { class: "small" }, "\n⋯\n");
		if (kind === "note")
			return h("span", { class: "small" }, `\n${text}\n`);
		return TAG[kind] ? h(TAG[kind], {}, text) : text;
	});
}

function fileView(file, pieces, detail) {
	const language = (file.new ?? file.old).split("/")[1];
	const isLanguage = /^texts\//.test(file.new ?? file.old);
	const names = [file.old, file.new].map((one) => one ?? t("diff.nothing"));
	return h("section", {},
	    h("h3", {}, isLanguage ? languageName(language)
	        : t("diff.annex")),
	    h("p", { class: "small" },
	        tn("diff.files", { old: names[0], "new": names[1] })),
	    detail ? h("p", {}, named(detail)) : null,
	    pieces ? h("pre", { class: "text words", dir: "auto",
	        lang: isLanguage ? language : null }, marked(pieces)) : null);
}

/* What the desk calls what differs beside the texts. */
const WHAT = {
	"note": () => t("document.note"),
	"deposited by": () => t("document.depositor"),
	"created": () => t("diff.created"),
	"status": () => t("register.column.status"),
	"signed by": () => t("document.signed"),
};

function what(text) {
	const title = /^title \(([a-z0-9-]+)\)$/.exec(text);
	return title ? t("diff.title-in", { language: languageName(title[1]) })
	    : WHAT[text]?.() ?? named(text);
}

function value(change, text) {
	return change.what === "status" && text ? statusWord(text) : named(text);
}

function changesView(changes) {
	if (!changes.length)
		return null;
	return table(t("diff.changes"), [{ id: "what", label: t("diff.what") },
		{ id: "old", label: t("diff.old") },
		{ id: "new", label: t("diff.new") }],
	    changes.map((one) => ({ cells: [what(one.what),
		    value(one, one.old), value(one, one.new)] })));
}

async function byDesk(name, from, to, signal) {
	const ask = (more) => getJSON(`/desk/diff?${new URLSearchParams({
		document: name, from, to, words: "yes", ...more })}`, { signal });
	const told = await ask({}).catch((problem) => {
		if (problem.code !== "UNAVAILABLE")
			throw problem;
		return ask({ local: "yes" });
	});
	return [changesView(told.changes),
		told.files.map((file) => fileView(file, file.lines, file.detail))];
}

async function textOf(copy, file) {
	return new TextDecoder("utf-8", { fatal: true })
		.decode(await member(copy, file));
}

/* Texts of one language beside each other; of a kind that can be compared. */
async function byPage(name, from, to, signal) {
	const [old, now] = await Promise.all([from, to].map((number) =>
	    opened(name, number) ?? open(name, number, () => {}, signal)));
	const plain = (copy) => textsOf(copy).filter((one) =>
	    one.media.startsWith("text/"));
	const pairs = plain(now).map((text) => [plain(old).find((one) =>
	    one.language === text.language), text]);
	const views = await Promise.all(pairs.map(async ([a, b]) => fileView(
	    { old: a?.file ?? null, "new": b.file },
	    difference(a ? await textOf(old, a.file) : "",
	        await textOf(now, b.file), b.language))));
	return [views.length ? null : h("p", {}, t("diff.no-texts")), views];
}

function choice(id, label, versions, chosen) {
	return h("p", {}, h("label", { for: id }, label),
	    h("select", { id }, versions.map((one) => h("option",
	        { value: one, selected: one === chosen }, `${one}`))));
}

/* The part of the page that compares.  number: the version shown. */
export function compareView(known, number, signal) {
	const versions = known.told.versions.map((one) => one.version);
	if (versions.length < 2)
		return null;
	const before = versions.filter((one) => one < number).at(-1) ??
	    versions[0];
	const after = before === number ? versions.at(-1) : number;
	const place = h("div", {});
	const run = async () => {
		const [from, to] = ["#diff-from", "#diff-to"].map((id) =>
		    Number(bar.querySelector(id).value));
		fill(place, h("p", {}, t("diff.working")));
		try {
			const views = server.desk
			    ? await byDesk(known.name, from, to, signal)
			    : await byPage(known.name, from, to, signal);
			const empty = !views.flat().filter(Boolean).length;
			fill(place, empty ? h("p", {}, t("diff.same")) : views);
			announce(t("diff.done"));
		} catch (problem) {
			if (problem.name !== "AbortError")
				fill(place, problemBox(problem));
		}
	};
	const bar = h("div", { class: "filters noprint" },
	    choice("diff-from", t("diff.from"), versions, before),
	    choice("diff-to", t("diff.to"), versions, after),
	    h("p", {}, button(t("diff.compare"), run)));
	return h("section", { id: "compare" }, h("h2", {}, t("diff.title")),
	    h("p", {}, t("diff.recorded")), bar, place);
}
