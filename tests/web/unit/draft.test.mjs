/* What a person drops, and what is still missing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, lacks, languageOf } from "../../../web/lib/draft.js";
import { nameWrong, suggestName } from "../../../web/lib/naming.js";
import { partOf, partsLacking } from "../../../web/lib/parts.js";

for (const [name, wrong] of [
	["lao-iom-2021", null], ["a1", null], ["c".repeat(64), null],
	["", "missing"], ["Ab", "letters"], ["a b", "letters"],
	["ab/cd", "letters"], ["ສັນຍາ", "letters"], ["-cd", "hyphens"],
	["cd-", "hyphens"], ["c--d", "hyphens"], ["x", "short"],
	["c".repeat(65), "long"], ["nul", "reserved"], ["com1", "reserved"],
	["com10", null],
])
	test(`what is wrong with "${name.slice(0, 20)}" as a name`, () => {
		assert.equal(nameWrong(name), wrong && `deposit.name-${wrong}`);
	});

for (const [titles, files, name] of [
	[["Cooperation Agreement (2021)"], [], "cooperation-agreement-2021"],
	[["Règlement intérieur: œuvre"], [], "reglement-interieur-oeuvre"],
	[["ສັນຍາ 2021"], ["Visit_2026.lo.pdf"], "visit-2026"],
	[["", "  "], ["EN-treaty.pdf"], "treaty"],
	[["X"], ["NUL.pdf", "b2.txt"], "b2"],
	[["--- Aux ---"], ["aux.lo.txt"], ""],
	[["ສັນຍາ"], ["2021.pdf"], ""],
	[[], ["README"], "readme"],
	[[`${"word ".repeat(12)}lasting`], [],
		`${"word-".repeat(12)}`.slice(0, -1)],
	[["x".repeat(80)], [], "x".repeat(64)],
])
	test(`the name suggested for ${titles} ${files}`, () => {
		const got = suggestName(titles, files, ["en", "fr", "lo", "th"]);
		assert.equal(got, name);
		assert.ok(got === "" || nameWrong(got) === null);
	});

for (const [name, code] of [["treaty.lo.pdf", "lo"], ["EN-treaty.pdf", "en"],
	["treaty.th", ""], ["treaty.pdf", ""], ["lot.pdf", ""]])
	test(`the language of ${name}`, () => {
		assert.equal(languageOf(name), code);
	});

const draft = (more) => ({ type: "mou", name: "test", note: " a ",
	files: [{ language: "en", annex: false, upload: "1" },
		{ language: "", annex: true, upload: "2" }],
	titles: [{ language: "en", text: " A " }, { language: "lo", text: "" }],
	...more });

test("a draft that is whole lacks nothing, and is what is asked for", () => {
	assert.deepEqual(lacks(draft()), []);
	assert.deepEqual(bodyOf(draft(), true), { document: "mou/test",
		texts: [{ upload: "1", language: "en" }],
		annexes: [{ upload: "2" }], titles: { en: "A" }, note: "a",
		"dry-run": true });
	assert.equal(bodyOf(draft(), false, 3).onto, 3);
});

for (const [more, lack] of [
	[{ type: "" }, "lacks-type"],
	[{ name: "" }, "name-missing"],
	[{ name: "Test" }, "name-letters"],
	[{ files: [] }, "lacks-text"],
	[{ files: [{ language: "", annex: true }] }, "lacks-text"],
	[{ files: [{ language: "", annex: false }] }, "lacks-language"],
	[{ titles: [{ language: "en", text: "  " }] }, "lacks-title"],
])
	test(`a draft lacks: ${JSON.stringify(more)}`, () => {
		assert.deepEqual(lacks(draft(more)), [`deposit.${lack}`]);
	});

for (const [name, part] of [["enrolment.yaml", "enrolment"],
	["ca.pem", ""], ["mofa-ca-cert.pem", ""], ["cert.pem", "certificate"],
	["encrypt-cert.pem", "encrypt-certificate"],
	["encrypt-key.pem", "encrypt-key"],
	["key.pem", "key"], ["sign-cert.pem", "sign-certificate"],
	["sign-key.pem", "sign-key"], ["me.crt", "certificate"],
	["treaty.pdf", ""]])
	test(`what ${name} is`, () => {
		assert.equal(partOf(name), part);
	});

test("a computer is set up with three files, or with pairs more", () => {
	const three = { enrolment: 1, certificate: 1, key: 1 };

	assert.deepEqual(partsLacking(three), []);
	assert.deepEqual(partsLacking({ ...three, key: undefined }), ["key"]);
	assert.deepEqual(partsLacking({ ...three, "sign-key": 1 }),
		["sign-certificate"]);
	assert.deepEqual(partsLacking({ ...three, "encrypt-certificate": 1 }),
		["encrypt-key"]);
	assert.deepEqual(partsLacking({ ...three, "sign-key": 1,
		"sign-certificate": 1 }), []);
});
