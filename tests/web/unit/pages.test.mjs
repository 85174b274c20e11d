/* What the pages compute before they show it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { changes } from "../../../web/lib/changes.js";
import { perDay } from "../../../web/lib/days.js";
import { stretches } from "../../../web/lib/timeline.js";
import { samples, stepsOf, valueOf, within }
	from "../../../web/lib/metrics.js";

const type = (more) => ({ type: "mou", deposit: ["mofa"], read: ["mofa"],
	audit: [], quorum: { iom: 1 }, terminate: { iom: 1 }, ...more });
const power = (more) => ({ person: "a@b.example", party: "iom",
	from: "2021-01-01", until: "2022-01-01", types: ["mou"], ...more });
const policy = (types, powers) => ({ types, "full-powers": powers });
const ids = (before, after) => changes(before, after).map(([id]) => id);

test("a policy that is the same has no changes", () => {
	assert.deepEqual(changes(policy([type()], [power()]),
		policy([type()], [power()])), []);
});

for (const [name, before, after, want] of [
	["a right that is given", [[type()], []],
		[[type({ read: ["mofa", "iom"] })], []], ["policy.now-read"]],
	["a right that is taken", [[type()], []],
		[[type({ deposit: [] })], []], ["policy.no-longer-deposit"]],
	["a quorum", [[type()], []],
		[[type({ quorum: { iom: 2 } })], []], ["policy.quorum-is"]],
	["a quorum that is gone", [[type()], []],
		[[type({ terminate: {} })], []], ["policy.terminate-is"]],
	["full powers", [[], []], [[], [power()]], ["policy.powers-given"]],
	["other full powers", [[], [power()]],
		[[], [power({ until: "2023-01-01" })]], ["policy.powers-changed"]],
	["full powers that end", [[], [power()]], [[], []],
		["policy.powers-ended"]],
	["powers of two parties", [[], [power()]],
		[[], [power({ party: "lao-pdr" })]],
		["policy.powers-given", "policy.powers-ended"]],
	["a type that is gone", [[type()], []], [[], []], ["policy.type-gone"]],
	["a new type", [[], []], [[type()], []], ["policy.type-new",
		"policy.now-deposit", "policy.now-read", "policy.quorum-is",
		"policy.terminate-is"]],
])
	test(`a policy changes: ${name}`, () => {
		assert.deepEqual(ids(policy(...before), policy(...after)), want);
	});

test("acts are counted by day and office", () => {
	const entry = (time, office) => ({ entry: { time, office } });

	assert.deepEqual(perDay([entry("2026-01-02T23:59:59.999Z", "mofa"),
		entry("2026-01-01T00:00:00.000Z", "mofa"),
		entry("2026-01-02T00:00:00.000Z", "mofa"),
		entry("2026-01-02T00:00:00.000Z", undefined)]), {
		days: ["2026-01-01", "2026-01-02"],
		offices: [{ office: "", counts: [0, 1] },
			{ office: "mofa", counts: [1, 2] }] });
	assert.deepEqual(perDay([]), { days: [], offices: [] });
});

const text = `# HELP a b
a 12
h_bucket{le="0.1"} 5
h_bucket{le="0.5"} 9
h_bucket{le="+Inf"} 10
h_count 10
s_bucket{step="sync",le="1"} 0
s_bucket{step="sync",le="+Inf"} 0
s_count{step="sync"} 0
broken line here {
`;

test("metrics: a value, and the bucket in which a share ends", () => {
	const list = samples(text);

	assert.equal(valueOf(list, "a"), 12);
	assert.equal(valueOf(list, "b"), null);
	assert.equal(within(list, "h", 0.5), 0.1);
	assert.equal(within(list, "h", 0.9), 0.5);
	assert.equal(within(list, "h", 0.99), Infinity);
	assert.deepEqual(stepsOf(list, "s"), ["sync"]);
	assert.equal(within(list, "s", 0.5, "sync"), null);
	assert.deepEqual(samples(""), []);
});

const NOW = Date.parse("2026-06-01T00:00:00Z");
const ends = (...days) => stretches(days.map((until) =>
    ({ label: until, until })), NOW).map(([name, rows]) =>
	[name, ...rows.map((row) => row.until)]);

test("what ends late stands in another stretch than what ends soon", () => {
	assert.deepEqual(ends("2046-11-22", "2029-03-01", "2026-06-20",
		"2026-12-27", "2026-05-31"), [["ended", "2026-05-31"],
		["month", "2026-06-20"], ["year", "2026-12-27"],
		["five-years", "2029-03-01"], ["later", "2046-11-22"]]);
});

test("a stretch begins where the one before it ends", () => {
	assert.deepEqual(ends("2026-06-30T23:59:59Z", "2026-07-01T00:00:00Z",
		"2026-06-01T00:00:00Z"), [["month", "2026-06-01T00:00:00Z",
		"2026-06-30T23:59:59Z"], ["year", "2026-07-01T00:00:00Z"]]);
});

test("what has no end that is known is said to have none", () => {
	assert.deepEqual(ends(null, "2026-06-02"), [["month", "2026-06-02"],
		["unknown", null]]);
});
