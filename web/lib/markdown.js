/*
 * markdown.js - a small subset of Markdown as a tree that the page turns
 * into elements: headings, paragraphs, lists, quotes, code, tables, rules;
 * emphasis, strong, code.  A link is its text and, after it, where it leads
 * to, as text; an image likewise.  HTML is shown as it is written.
 *
 * A node is {tag, children} with children of nodes and strings; tag is one
 * of TAGS, "link" and "target" being for the page to dress.  Time is linear
 * in the text's length, depth and size are bounded.
 */

import { inline, node } from "./inline.js";

export const TAGS = ["h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol",
	"li", "blockquote", "pre", "hr", "table", "tr", "th", "td", "strong", "em",
	"code", "link", "target"];

/* A longer text is shown as it is, in characters. */
const TEXT = 2 * 1024 * 1024;
/* Lists in quotes in lists. */
const BLOCKS_DEEP = 6;
const COLUMNS = 20;

/* Each kind of block takes its lines from the front. */

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])( {1,4}|\t|$)/;
const isBlank = (line) => /^\s*$/.test(line);
const startsBlock = (line) => FENCE.test(line) || HEADING.test(line) ||
	RULE.test(line) || QUOTE.test(line) || ITEM.test(line);

/* A heading may end with hashes too, after a space. */
function withoutHashes(text) {
	const trimmed = text.trimEnd();
	let end = trimmed.length;

	while (trimmed[end - 1] === "#")
		end--;
	return end === 0 || /\s/.test(trimmed[end - 1]) ?
		trimmed.slice(0, end).trimEnd() : trimmed;
}

function fence(lines, at) {
	const [, mark] = FENCE.exec(lines[at]);
	const code = [];
	let i = at + 1;

	for (; i < lines.length; i++) {
		const end = FENCE.exec(lines[i]);

		if (end && end[1].startsWith(mark) &&
			isBlank(lines[i].slice(end[0].length)))
			break;
		code.push(lines[i]);
	}
	return [node("pre", [node("code", [code.join("\n")])]), i + 1];
}

function quote(lines, at, depth) {
	const inner = [];
	let i = at;

	for (; i < lines.length && QUOTE.test(lines[i]); i++)
		inner.push(lines[i].replace(QUOTE, ""));
	return [node("blockquote", blocks(inner, depth + 1)), i];
}

/* Its items are of one kind; what is indented belongs to the item. */
function list(lines, at, depth) {
	const kind = (mark) => /\d/.test(mark) ? "ol" : "ul";
	const tag = kind(ITEM.exec(lines[at])[2]);
	const out = node(tag);
	let i = at;

	while (i < lines.length) {
		const found = ITEM.exec(lines[i]);

		if (!found || kind(found[2]) !== tag || RULE.test(lines[i]))
			break;
		const inner = [lines[i].slice(found[0].length)];
		const indent = new RegExp(`^(?: {${found[1].length + 2},}|\\t)`);
		const strip = new RegExp(`^(?: {1,${found[0].length}}|\\t)`);

		for (i++; i < lines.length; i++) {
			if (isBlank(lines[i])) {
				if (!indent.test(lines[i + 1] ?? ""))
					break;
			} else if (!indent.test(lines[i]) && startsBlock(lines[i])) {
				break;
			}
			inner.push(lines[i].replace(strip, ""));
		}
		while (i < lines.length && isBlank(lines[i]) &&
			ITEM.test(lines[i + 1] ?? ""))
			i++;
		out.children.push(node("li", tight(blocks(inner, depth + 1))));
	}
	return [out, i];
}

/* An item of one paragraph is shown without the paragraph. */
function tight(children) {
	const [first, ...rest] = children;

	return first?.tag === "p" && rest.every(({ tag }) => tag !== "p") ?
		[...first.children, ...rest] : children;
}

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|")
	.slice(0, COLUMNS).map((cell) => cell.trim());
/* The line below a table's heading. */
const isRow = (line = "") => /^[\s|:-]+$/.test(line) &&
	line.includes("-") && line.includes("|");
const isTable = (lines, at) => lines[at].includes("|") &&
	isRow(lines[at + 1]);

function table(lines, at) {
	const width = cells(lines[at]).length;
	const row = (tag, line) => node("tr", Array.from({ length: width },
		(_, i) => node(tag, inline(cells(line)[i] ?? ""))));
	const out = node("table", [row("th", lines[at])]);
	let i = at + 2;

	for (; i < lines.length && lines[i].includes("|"); i++)
		out.children.push(row("td", lines[i]));
	return [out, i];
}

function paragraph(lines, at) {
	let i = at + 1;

	while (i < lines.length && !isBlank(lines[i]) && !startsBlock(lines[i]))
		i++;
	return [node("p", inline(lines.slice(at, i).map((line) => line.trim())
		.join("\n"))), i];
}

function block(lines, at, depth) {
	const line = lines[at], heading = HEADING.exec(line);

	if (FENCE.test(line))
		return fence(lines, at);
	if (heading)
		return [node(`h${heading[1].length}`,
			inline(withoutHashes(heading[2] ?? ""))), at + 1];
	if (RULE.test(line))
		return [node("hr"), at + 1];
	if (depth < BLOCKS_DEEP && QUOTE.test(line))
		return quote(lines, at, depth);
	if (depth < BLOCKS_DEEP && ITEM.test(line))
		return list(lines, at, depth);
	if (isTable(lines, at))
		return table(lines, at);
	return paragraph(lines, at);
}

function blocks(lines, depth) {
	const out = [];

	for (let at = 0; at < lines.length;) {
		if (isBlank(lines[at])) {
			at++;
			continue;
		}
		const [made, next] = block(lines, at, depth);

		out.push(made);
		at = next;
	}
	return out;
}

/* The list of blocks of a text. */
export function parse(text) {
	if (text.length > TEXT)
		return [node("pre", [text])];
	return blocks(text.split(/\r\n?|\n/), 0);
}
