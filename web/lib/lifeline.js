/*
 * lifeline.js - the life of a document as a picture: a lane for each
 * version, with its deposit, signatures, entry into force and end, oldest
 * first.  Each act is a line of text too, so nobody needs the picture.
 */

import { actProof, actSentence } from "./about.js";
import { h, svg } from "./dom.js";
import { t } from "./lang.js";
import { time } from "./view.js";

const GAP = 16;
const LEFT = 10;
const MOST_LANES = 12;
const MIDDLE = 14;

const ACTS = ["deposit", "sign", "force", "terminate"];

const x = (lane) => LEFT + lane * GAP;

/* The first lane that no living version has. */
function freeLane(lanes) {
	const lane = lanes.findIndex((version) => version === null);
	return lane === -1 ? lanes.length : lane;
}

/*
 * What each act does to the lanes: {index, entry, old, marks, through}.
 * marks are [lane, kind], through the lanes that go on: [lane, above, below],
 * each "" (not there), "draft", "signed" or "force".
 */
function steps(entries) {
	const lanes = [];
	const state = new Map();
	const forced = () => [...state].find((pair) => pair[1] === "force")?.[0];
	const out = [];
	for (const { index, entry } of entries) {
		const { act, version } = entry;
		const before = lanes.map((one) => one === null ? ""
		    : state.get(one));
		const marks = [];
		const ended = [];
		let old;
		if (act === "deposit") {
			old = lanes.find((one) => one !== null &&
			    state.get(one) !== "force");
			if (old !== undefined && old !== null)
				ended.push(old);
			const lane = freeLane(lanes);
			lanes[lane] = version;
			state.set(version, "draft");
			marks.push([lane, "deposit"]);
		} else if (act === "sign") {
			if (state.get(version) === "draft")
				state.set(version, "signed");
			marks.push([lanes.indexOf(version), "sign"]);
		} else if (act === "terminate") {
			marks.push([lanes.indexOf(version), "terminate"]);
		} else if (state.get(version) === "force") {
			old = version;
			ended.push(...lanes.filter((one) => one !== null));
		} else {
			old = forced();
			if (old !== undefined)
				ended.push(old);
			state.set(version, "force");
			marks.push([lanes.indexOf(version), "force"]);
		}
		for (const one of ended) {
			const lane = lanes.indexOf(one);
			marks.push([lane, one === version ? "stop" : "end"]);
			lanes[lane] = null;
			state.delete(one);
		}
		out.push({ index, entry, old: old ?? undefined,
			marks: marks.filter(([lane]) => lane >= 0),
			through: lanes.map((one, lane) => [lane, before[lane] ?? "",
				one === null ? "" : state.get(one)]) });
	}
	return out;
}

function mark([lane, kind]) {
	const at = { cx: x(lane), cy: MIDDLE };
	const cross = (size) => svg("path", { class: `mark ${kind}`,
		d: `M${x(lane) - size} ${MIDDLE - size}l${2 * size} ${2 * size}` +
		    `m0 ${-2 * size}l${-2 * size} ${2 * size}` });
	switch (kind) {
	case "deposit":
		return svg("circle", { ...at, r: 5, class: "mark deposit" });
	case "sign":
		return svg("circle", { ...at, r: 4, class: "mark sign" });
	case "force":
		return svg("circle", { ...at, r: 6.5, class: "mark force" });
	case "terminate":
		return svg("rect", { x: x(lane) - 4, y: MIDDLE - 4, width: 8,
			height: 8, class: "mark terminate" });
	default:
		return cross(kind === "stop" ? 6 : 4);
	}
}

/* The part of the picture beside one act; it is as high as its text. */
function strip(step, width) {
	const lines = step.through.flatMap(([lane, above, below]) => [
		above ? svg("line", { x1: x(lane), x2: x(lane), y1: 0, y2: MIDDLE,
			class: above }) : null,
		below ? svg("line", { x1: x(lane), x2: x(lane), y1: MIDDLE,
			y2: "100%", class: below }) : null]);
	return svg("svg", { width, height: "100%", "aria-hidden": "true",
		focusable: "false" }, lines, step.marks.map(mark));
}

const binding = (known) => known.entries.filter(({ entry }) =>
    ACTS.includes(entry.act));

/* Which version each act ended, by the index of its entry. */
export function ended(known) {
	return new Map(steps(binding(known)).map((step) =>
	    [step.index, step.old]));
}

/* The picture of what is known of a document. */
export function lifeline(known) {
	const told = steps(binding(known));
	const lanes = Math.max(1, ...told.map((step) => step.through.length));
	const width = x(Math.min(lanes, MOST_LANES) - 1) + LEFT;
	return h("figure", { class: "life" },
	    h("figcaption", { class: "small" }, t("document.life-told")),
	    h("ol", {}, told.map((step) => h("li", {},
	        h("div", { class: "strip" }, strip(step, width)),
	        h("div", {}, h("p", {}, time(step.entry.time), " ", actSentence(
	            step.entry, step.old, known.parties.get(step.index))),
	        h("p", { class: "small" }, actProof(known, step.index)))))));
}
