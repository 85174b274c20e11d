/* markdown.js and articles.js: what is shown, what is not, and how fast. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { articles, beside } from "../../../web/lib/articles.js";
import { parse, TAGS } from "../../../web/lib/markdown.js";

const flat = (node) => typeof node === "string" ? node :
	`<${node.tag}>${node.children.map(flat).join("")}</${node.tag}>`;
const shown = (text) => parse(text).map(flat).join("");

for (const [text, want] of [
	["", ""],
	["# Title #", "<h1>Title</h1>"],
	["###### six", "<h6>six</h6>"],
	["####### seven", "<p>####### seven</p>"],
	["# a # b ##  ", "<h1>a # b</h1>"],
	["# a#", "<h1>a#</h1>"],
	["#none", "<p>#none</p>"],
	["one\ntwo\n\nthree", "<p>one\ntwo</p><p>three</p>"],
	["one\r\n\r\ntwo\r\n", "<p>one</p><p>two</p>"],
	["a *b* c", "<p>a <em>b</em> c</p>"],
	["a **b** c", "<p>a <strong>b</strong> c</p>"],
	["**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"],
	["a * b * c", "<p>a * b * c</p>"],
	["snake_case_name", "<p>snake_case_name</p>"],
	["_a_ __b__", "<p><em>a</em> <strong>b</strong></p>"],
	["*a", "<p>*a</p>"],
	["**a*", "<p>**a*</p>"],
	["\\*a\\*", "<p>*a*</p>"],
	["`a*b*`", "<p><code>a*b*</code></p>"],
	["`` a`b ``", "<p><code>a`b</code></p>"],
	["`a", "<p>`a</p>"],
	["[text](https://e.org/a)",
		"<p><link>text<target>https://e.org/a</target></link></p>"],
	["[a *b*](javascript:alert)", "<p><link>a <em>b</em>" +
		"<target>javascript:alert</target></link></p>"],
	["![a picture](x.png)",
		"<p><link>a picture<target>x.png</target></link></p>"],
	["[a] (b)", "<p>[a] (b)</p>"],
	["[a", "<p>[a</p>"],
	["a]", "<p>a]</p>"],
	["<script>alert(1)</script>", "<p><script>alert(1)</script></p>"],
	["- a\n- b", "<ul><li>a</li><li>b</li></ul>"],
	["1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"],
	["- a\n  - b\n- c", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"],
	["- a\n\n  b", "<ul><li><p>a</p><p>b</p></li></ul>"],
	["- a\n\n- b", "<ul><li>a</li><li>b</li></ul>"],
	["- a\ntext", "<ul><li>a\ntext</li></ul>"],
	["- a\n1. b", "<ul><li>a</li></ul><ol><li>b</li></ol>"],
	["> a\n> b", "<blockquote><p>a\nb</p></blockquote>"],
	["> - a", "<blockquote><ul><li>a</li></ul></blockquote>"],
	["---", "<hr></hr>"],
	["a\n---", "<p>a</p><hr></hr>"],
	["```\n# a\n*b*\n```\nc", "<pre><code># a\n*b*</code></pre><p>c</p>"],
	["```\na", "<pre><code>a</code></pre>"],
	["a | b\n--|--\n1 | *2*", "<table><tr><th>a</th><th>b</th></tr>" +
		"<tr><td>1</td><td><em>2</em></td></tr></table>"],
	["| a |\n| - |\n| 1 | 2 |",
		"<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"],
	["a | b", "<p>a | b</p>"],
])
	test(`Markdown: ${JSON.stringify(text)}`, () => {
		assert.equal(shown(text), want);
	});

const depth = (node) => typeof node === "string" ? 0 :
	1 + Math.max(0, ...node.children.map(depth));
const each = function* (node) {
	if (typeof node === "string")
		return;
	yield node;
	for (const child of node.children)
		yield* each(child);
};

for (const [name, text] of [
	["stars", "*".repeat(200000)],
	["open stars", "*a ".repeat(100000)],
	["stars and lines", "**a *b ".repeat(60000)],
	["brackets", "[".repeat(200000)],
	["links", "[a](".repeat(60000)],
	["closing brackets", "[]".repeat(100000)],
	["backticks", Array.from({ length: 600 }, (_, i) => "`".repeat(i + 1))
		.join(" a ")],
	["quotes", ">".repeat(100000)],
	["quotes in lists", "> - ".repeat(50000)],
	["links that lead nowhere", `](${" ".repeat(1996)}`.repeat(500)],
	["list items", "- a\n".repeat(100000)],
	["nested items", Array.from({ length: 700 }, (_, i) =>
		" ".repeat(i) + "- a").join("\n")],
	["pipes", "|".repeat(200000) + "\n" + "|-".repeat(100000)],
	["rows", "a|b\n-|-\n" + "a|b\n".repeat(50000)],
	["no table", "a|b\n" + "-|".repeat(100000) + "x"],
	["rules", "- ".repeat(100000)],
	["spaces", " ".repeat(200000) + "a" + " ".repeat(200000)],
	["hashes", "# a " + "#".repeat(200000)],
	["spaces before hashes", "# a" + " ".repeat(100000) + "b"],
	["lines", "\n".repeat(500000)],
	["underscores", "_a".repeat(100000)],
	["escapes", "\\*".repeat(100000)],
	["too long", "a *b* ".repeat(400000)],
])
	test(`Markdown in linear time, not deep: ${name}`, () => {
		const began = performance.now();
		const list = parse(text);

		assert.ok(performance.now() - began < 3000,
			`${performance.now() - began} ms`);
		for (const one of list) {
			assert.ok(depth(one) < 40);
			for (const { tag } of each(one))
				assert.ok(TAGS.includes(tag));
		}
	});

const example = (name) => readFileSync(
	new URL(`../../../docs/example/${name}`, import.meta.url), "utf8");

test("Lao and English, article by article", () => {
	const lo = articles(example("agreement.lo.txt"), false);
	const en = articles(example("agreement.en.txt"), false);

	assert.deepEqual(en.map(({ key }) => key), ["", "article:1", "article:2",
		"article:3", "article:4", "article:5"]);
	assert.deepEqual(lo.map(({ key }) => key), en.map(({ key }) => key));
	assert.equal(lo.map(({ text }) => text).join(""),
		example("agreement.lo.txt"));
	assert.equal(beside(lo, en).length, 6);
});

for (const [line, key] of [
	["Article 4. Consultation", "article:4"],
	["ARTICLE IV", "article:4"],
	["Article premier", "article:1"],
	["Article 1er - Objet", "article:1"],
	["Art. 12", "article:12"],
	["ມາດຕາ ໑໒. ຈຸດປະສົງ", "article:12"],
	["ข้อ ๔ การปรึกษาหารือ", "article:4"],
	["ข้อ 4", "article:4"],
	["Chapter II", "chapter:2"],
	["Annexe 3", "annex:3"],
	["Article 4 of this Agreement applies", null],
	["Article four", null],
	["The Article 4", null],
	["Articles 4", null],
	["Article 4a", null],
])
	test(`a line that begins an article, or not: ${line}`, () => {
		const [, second] = articles(`before\n${line}\nafter\n`, false);

		assert.equal(second?.key ?? null, key);
	});

test("headings of Markdown, and none in code", () => {
	assert.deepEqual(articles("# Title\n\n## **Article 1**\na\n```\n# b\n" +
		"Article 2\n```\n## Final\nc", true).map(({ key }) => key),
	["", "article:1", ""]);
});

test("parts that one text lacks have nobody beside them", () => {
	const list = (keys) => keys.map((key) => ({ key }));
	const pairs = (one, other) => beside(list(one), list(other))
		.map(([a, b]) => `${a?.key ?? "-"}/${b?.key ?? "-"}`);

	assert.deepEqual(pairs(["", "1", "2", "3"], ["", "1", "3"]),
		["/", "1/1", "2/-", "3/3"]);
	assert.deepEqual(pairs(["1", "3"], ["1", "2", "3"]),
		["1/1", "-/2", "3/3"]);
	assert.deepEqual(pairs(["1", "2"], ["2", "1"]), ["1/-", "2/2", "-/1"]);
	assert.deepEqual(pairs([], ["1"]), ["-/1"]);
	assert.deepEqual(pairs(["1", ""], ["1"]), ["1/1", "/-"]);
});

test("many articles are set beside each other in linear time", () => {
	const began = performance.now();
	const text = "Article 1\n".repeat(100000);

	beside(articles(text, false), articles("Article 2\n" + text, false));
	assert.ok(performance.now() - began < 3000);
});
