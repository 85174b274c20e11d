/* groups.js and csv.js. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { csv } from "../../../web/lib/csv.js";
import { groups, ungrouped } from "../../../web/lib/groups.js";

test("a digest is shown in groups of four", () => {
	assert.equal(groups("0123456789ab"), "0123 4567 89ab");
	assert.equal(groups("012345"), "0123 45");
	assert.equal(groups("no digest"), "no digest");
	assert.equal(ungrouped(" 01AB:23-cd\u00a0ef\n"), "01ab23cdef");
});

test("a file for a spreadsheet begins with the mark and ends its rows", () => {
	assert.equal(csv([["a", "b"], [1, null]]), "\ufeffa,b\r\n1,\r\n");
	assert.equal(csv([["ສັນຍາ"]]), "\ufeffສັນຍາ\r\n");
});

for (const [name, value, want] of [
	["a comma", "a,b", '"a,b"'],
	["a quote", 'a"b', '"a""b"'],
	["a line feed", "a\nb", '"a\nb"'],
	["=", "=1+1", "'=1+1"],
	["+", "+1", "'+1"],
	["-", "-1", "'-1"],
	["@", "@SUM(A1)", "'@SUM(A1)"],
	["a tab", "\t=1", "'\t=1"],
	["a carriage return", "\r=1", '"\'\r=1"'],
	["= and a quote", '="a"', '"\'=""a"""'],
	["a formula not at its beginning", "a=1", "a=1"],
])
	test(`a cell with ${name}`, () => {
		assert.equal(csv([[value]]), `\ufeff${want}\r\n`);
	});
