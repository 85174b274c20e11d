/*
 * texts.js - the texts of a copy that was opened: one, or two languages
 * beside each other, article by article where they are Markdown or plain
 * text; PDFs in the browser's own viewer.
 *
 * A text is never more than text: Markdown becomes elements by a small tree
 * (markdown.js), a PDF is given to a frame as bytes of this tab, and every
 * other file can only be saved.
 */

import { articles, beside } from "./articles.js";
import { member } from "./copies.js";
import { fill, h } from "./dom.js";
import { languageName, t } from "./lang.js";
import { parse, TAGS } from "./markdown.js";
import { button, bytes as sizeOf, named, problemBox, save } from "./view.js";

const PDF = "application/pdf";

/* Media types by the end of a name, where no version.yaml tells. */
const MEDIA = { pdf: PDF, txt: "text/plain", md: "text/markdown" };

/* Elements that a heading of a text becomes: the page has h1 to h3. */
const LOWER = { h1: "h4", h2: "h5", h3: "h6", h4: "h6", h5: "h6" };

/* The texts of a copy: {file, language, media, authentic, size}. */
export function textsOf(copy, told) {
	if (told?.texts)
		return told.texts.filter((one) => copy.files.includes(one.file));
	return copy.files.filter((name) => name.startsWith("texts/")).map(
	    (file) => ({ file, language: file.split("/")[1],
	        media: MEDIA[file.split(".").at(-1)] ?? "", size:
	        copy.parts.find((one) => one.name === file).size }));
}

/* Annexes likewise. */
export function annexesOf(copy, told) {
	return told?.annexes ?? copy.files.filter((name) =>
	    name.startsWith("annexes/")).map((file) => ({ file, media: "",
	        size: copy.parts.find((one) => one.name === file).size }));
}

const isText = (text) => /^text\/(plain|markdown)$/.test(text.media);
const isMarkdown = (text) => text.media === "text/markdown";

function element(node) {
	if (typeof node === "string")
		return node;
	const children = node.children.map(element);
	if (node.tag === "link" || !TAGS.includes(node.tag))
		return h("span", { class: "link" }, children);
	if (node.tag === "target")
		return h("span", { class: "target" }, " (", children, ")");
	return h(LOWER[node.tag] ?? node.tag, {}, children);
}

function prose(part, text) {
	if (isMarkdown(text))
		return parse(part).map(element);
	return h("p", { class: "plain" }, part.trimEnd());
}

async function read(copy, text) {
	const bytes = await member(copy, text.file);
	return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
		.replace(/^\ufeff/, "");
}

function head(copy, text) {
	const name = text.file.split("/").at(-1);
	return h("p", { class: "small" },
	    h("strong", {}, languageName(text.language ?? "")), " · ",
	    named(text.file), " · ", sizeOf(text.size), " · ",
	    text.authentic === undefined ? null : [text.authentic
	        ? t("text.authentic") : t("text.not-authentic"), " · "],
	    button(t("text.save"), async () => save(name,
	        [await member(copy, text.file)], "application/octet-stream")));
}

async function frame(copy, text, addresses) {
	const address = URL.createObjectURL(new Blob(
	    [await member(copy, text.file)], { type: PDF }));
	addresses.push(address);
	return h("iframe", { src: `${address}#navpanes=0&view=FitH`,
		title: t("text.frame", { name: text.file }) });
}

/* Whole texts, each in its column. */
async function columns(copy, texts, source, addresses) {
	return Promise.all(texts.map(async (text) => {
		if (text.media === PDF)
			return h("div", {}, head(copy, text),
			    await frame(copy, text, addresses));
		if (!isText(text))
			return h("div", {}, head(copy, text),
			    h("p", {}, t("text.only-save")));
		const told = await read(copy, text);
		return h("div", { class: "text" }, head(copy, text),
		    h("div", { lang: text.language, dir: "auto" }, source
		        ? h("pre", {}, told) : prose(told, text)));
	}));
}

/* Two texts, a row for each article. */
async function rows(copy, texts) {
	const told = await Promise.all(texts.map((text) => read(copy, text)));
	const parts = told.map((one, at) =>
	    articles(one, isMarkdown(texts[at])));
	return beside(parts[0], parts[1]).map((pair) => h("div",
	    { class: "beside article" }, pair.map((part, at) => h("div",
	        { class: "text", lang: texts[at].language, dir: "auto" },
	        part ? prose(part.text, texts[at]) : null))));
}

async function paint(place, copy, texts, source, addresses) {
	addresses.splice(0).forEach((one) => URL.revokeObjectURL(one));
	if (texts.length === 2 && texts.every(isText) && !source) {
		const told = await rows(copy, texts);
		fill(place, h("div", { class: "beside" },
		    texts.map((text) => h("div", {}, head(copy, text)))), told);
		return;
	}
	const told = await columns(copy, texts, source, addresses);
	fill(place, h("div", { class: "beside" }, told));
}

function choice(id, label, texts, chosen, none) {
	const label_of = (text) =>
	    `${languageName(text.language)} – ${text.file.split("/").at(-1)}`;
	return h("p", {}, h("label", { for: id }, label),
	    h("select", { id }, none
	        ? h("option", { value: "" }, t("text.none")) : null,
	    texts.map((text) => h("option", { value: text.file,
	        selected: text === chosen }, label_of(text)))));
}

/* What stands on the right: another language, of the same kind if it can. */
function partner(texts, first) {
	const others = texts.filter((one) => one.language !== first.language);
	return others.find((one) => one.media === first.media) ?? others[0];
}

/*
 * A view of the texts: {node, leave}.  first: the file, or the language, that
 * the left side begins with.
 */
export function textsView(copy, told, first) {
	const texts = textsOf(copy, told);
	const place = h("div", { class: "texts" });
	const addresses = [];
	const left = texts.find((one) => one.file === first) ??
	    texts.find((one) => one.language === first) ?? texts[0];
	if (!left)
		return { node: h("p", {}, t("text.no-texts")), leave: () => {} };
	const right = partner(texts, left);
	let source = false;
	const by = (id) => texts.find((one) => one.file ===
	    bar.querySelector(id)?.value);
	const show = async () => {
		const shown = [by("#text-left"), by("#text-right")].filter(Boolean);
		try {
			await paint(place, copy, shown, source, addresses);
		} catch (problem) {
			fill(place, problemBox(problem));
		}
	};
	const toggle = button(t("text.source"), () => {
		source = !source;
		toggle.setAttribute("aria-pressed", source);
		show();
	}, { "aria-pressed": "false" });
	const bar = h("div", { class: "filters noprint", on: { change: show } },
	    choice("text-left", t("text.left"), texts, left),
	    texts.length > 1 ? choice("text-right", t("text.right"), texts,
	        right, true) : null,
	    texts.some(isText) ? h("p", {}, toggle) : null);
	show();
	return { node: h("div", {}, bar, place), leave: () =>
	    addresses.splice(0).forEach((one) => URL.revokeObjectURL(one)) };
}
