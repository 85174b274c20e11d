/* What the pages show of words that a server said. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../../../web/lib/api.js";
import { problemBox, statusBadge, statusWord } from "../../../web/lib/view.js";

/* As much of a document as h() needs: an element is a list of its texts. */
globalThis.document = { createTextNode: (text) => text,
	createElement: () => ({ texts: [], attributes: {},
		append(child) { this.texts.push(...child.texts ?? [child]); },
		setAttribute(name, value) { this.attributes[name] = value; } }) };

/* What every object has; some fail when they are called. */
const MEMBERS = Object.getOwnPropertyNames(Object.prototype);

test("a status that the register does not have is shown as it is", () => {
	for (const word of [...MEMBERS, "no status"]) {
		assert.equal(statusWord(word), word);
		assert.equal(statusBadge(word).attributes.class, "badge quiet");
	}
});

test("a code that no program of ours tells is no reason to show nothing", () => {
	const told = { title: "Refused", exit: 3, detail: "not yours" };
	const { texts } = problemBox(new Problem({ ...told, code: "NO_CODE" }));
	assert.ok(texts.includes("not yours"), texts.join());
	for (const code of MEMBERS)
		assert.deepEqual(problemBox(new Problem({ ...told, code })).texts,
		    texts);
});

test("nor does an exit that is none of ours keep a problem from being shown", () => {
	for (const exit of MEMBERS)
		assert.ok(problemBox(new Problem({ title: "x", code: "NO_CODE",
			detail: "not yours", exit })).texts.includes("not yours"));
});
