/* What a person drops, and what is still missing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, DOCUMENT, lacks, languageOf }
	from "../../../web/lib/draft.js";
import { partOf, partsLacking } from "../../../web/lib/parts.js";

for (const [name, good] of [
	["mou/lao-iom-2021", true], ["a1/b2", true], ["ab/x", false],
	["a/bc", false], ["ab", false], ["ab/cd/ef", false], ["Ab/cd", false],
	["ab/-cd", false], ["ab/cd-", false], ["ab/c--d", false], ["", false],
	[`ab/${"c".repeat(64)}`, true], [`ab/${"c".repeat(65)}`, false],
])
	test(`"${name.slice(0, 20)}" names ${good ? "a" : "no"} document`, () => {
		assert.equal(DOCUMENT.test(name), good);
	});

for (const [name, code] of [["treaty.lo.pdf", "lo"], ["EN-treaty.pdf", "en"],
	["treaty.th", ""], ["treaty.pdf", ""], ["lot.pdf", ""]])
	test(`the language of ${name}`, () => {
		assert.equal(languageOf(name), code);
	});

const draft = (more) => ({ document: "mou/test", note: " a ",
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
	[{ document: "mou" }, "document"],
	[{ files: [] }, "text"],
	[{ files: [{ language: "", annex: true }] }, "text"],
	[{ files: [{ language: "", annex: false }] }, "language"],
	[{ titles: [{ language: "en", text: "  " }] }, "title"],
])
	test(`a draft lacks: ${JSON.stringify(more)}`, () => {
		assert.deepEqual(lacks(draft(more)), [`deposit.lacks-${lack}`]);
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
