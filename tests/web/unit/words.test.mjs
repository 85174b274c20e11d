/* words.js: what changed, in four languages, and within bounds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { difference, words } from "../../../web/lib/words.js";

const before = (list) => list.filter(({ kind }) => kind !== "added")
	.map(({ text }) => text).join("");
const after = (list) => list.filter(({ kind }) => kind !== "removed")
	.map(({ text }) => text).join("");
const shown = (list) => list.map(({ kind, text }) =>
	({ same: text, removed: `[-${text}-]`, added: `{+${text}+}` })[kind])
	.join("");

for (const [a, b, want] of [
	["", "", ""],
	["", "a", "{+a+}"],
	["a", "", "[-a-]"],
	["meets once a year", "meets twice a year", "meets [-once-]{+twice+} a year"],
	["one two three", "one three", "one [-two -]three"],
	["one three", "one two three", "one {+two +}three"],
	["a\nb\nc\n", "a\nc\n", "a\n[-b\n-]c\n"],
	["a\nb\n", "a\nB\n", "a\n[-b-]{+B+}\n"],
	["a", "a\n", "a{+\n+}"],
	["L'article premier.", "L'article deux.",
		"L'article [-premier-]{+deux+}."],
])
	test(`${JSON.stringify(a)} becomes ${JSON.stringify(b)}`, () => {
		assert.equal(shown(difference(a, b, "en")), want);
	});

test("words of Lao and Thai are found without spaces", () => {
	const lao = words("ຄະນະກຳມະການປະຊຸມ", "lo");
	const thai = words("คณะกรรมการประชุมปีละสองครั้ง", "th");

	assert.ok(lao.length > 1, lao.join("|"));
	assert.ok(thai.length > 3, thai.join("|"));
	assert.equal(thai.join(""), "คณะกรรมการประชุมปีละสองครั้ง");
	const list = difference("คณะกรรมการประชุมปีละหนึ่งครั้ง",
		"คณะกรรมการประชุมปีละสองครั้ง", "th");
	assert.equal(list[0].kind, "same");
	assert.match(shown(list), /\[-.*หนึ่ง.*-\]\{\+.*สอง.*\+\}.*ครั้ง/);
});

test("a language that is none does no harm", () => {
	assert.deepEqual(words("a b", "not a tag"), ["a", " ", "b"]);
});

/* A small generator, so that a failure comes again. */
function random(seed) {
	let state = seed;

	return (below) => {
		state = state * 1103515245 + 12345 & 0x7fffffff;
		return (state >> 8) % below;
	};
}

test("both texts come back out of every difference", () => {
	for (let seed = 1; seed <= 500; seed++) {
		const next = random(seed);
		const text = () => Array.from({ length: next(40) },
			() => ["a", "b", "c", " ", "\n", "d e"][next(6)]).join("");
		const a = text(), b = text(), list = difference(a, b, "en");

		assert.equal(before(list), a, `seed ${seed}`);
		assert.equal(after(list), b, `seed ${seed}`);
		for (let i = 1; i < list.length; i++)
			assert.notEqual(list[i].kind, list[i - 1].kind);
	}
});

test("a small change in a large text is found as such", () => {
	const lines = Array.from({ length: 50000 }, (_, i) => `Article ${i}\n`);
	const a = lines.join("");

	lines[40000] = "Article forty thousand\n";
	lines.splice(100, 1);
	assert.equal(difference(a, lines.join(""), "en")
		.filter(({ kind }) => kind !== "same").length, 3);
});

test("what is too different ends soon, as a whole", () => {
	const next = random(7);
	const text = (word) => Array.from({ length: 60000 },
		() => word + next(1000)).join("\n");
	const a = text("a"), b = text("b"), began = performance.now();
	const list = difference(a, b, "en");

	assert.equal(before(list), a);
	assert.equal(after(list), b);
	assert.ok(performance.now() - began < 5000);
});

test("one line of many words that are all different ends soon", () => {
	const a = Array.from({ length: 20000 }, (_, i) => `a${i}`).join(" ");
	const b = Array.from({ length: 20000 }, (_, i) => `b${i}`).join(" ");
	const began = performance.now();

	assert.equal(before(difference(a, b, "en")), a);
	assert.ok(performance.now() - began < 5000);
});
