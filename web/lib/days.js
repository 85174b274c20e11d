/*
 * days.js - acts per day and office as a picture: a row for each office, a
 * bar for each day.  The same numbers follow as a table.
 */

import { h, svg } from "./dom.js";
import { t } from "./lang.js";
import { plain, table } from "./view.js";

const DAYS = 30;
const OFFICES = 20;
const WIDE = 720;
const LABEL = 150;
const HIGH = 44;

/* {days, offices: [{office, counts}]} of entries; days ascend. */
export function perDay(list) {
	const counts = new Map(), days = new Set();

	for (const { entry } of list) {
		const day = entry.time.slice(0, 10);
		const office = entry.office ?? "";

		days.add(day);
		if (!counts.has(office))
			counts.set(office, new Map());
		counts.get(office).set(day, (counts.get(office).get(day) ?? 0) + 1);
	}
	const shown = [...days].sort().slice(-DAYS);
	const offices = [...counts].map(([office, byDay]) => ({ office,
		counts: shown.map((day) => byDay.get(day) ?? 0) }))
		.sort((a, b) => a.office < b.office ? -1 : 1).slice(0, OFFICES);
	return { days: shown, offices };
}

const word = (office) => office === "" ? t("journal.depositary")
	: plain(office);

function row({ office, counts }, at, max, step) {
	const base = (at + 1) * HIGH;
	return svg("g", {},
	    svg("text", { x: 0, y: base - 6 }, word(office)),
	    svg("line", { x1: LABEL, x2: WIDE, y1: base, y2: base }),
	    counts.map((count, i) => {
		const high = count === 0 ? 0
			: Math.max(2, count / max * (HIGH - 18));
		const x = LABEL + i * step;
		return count === 0 ? null : [
			svg("rect", { x: x + 1, y: base - high,
				width: Math.max(1, Math.min(step - 2, 40)), height: high }),
			svg("text", { x: x + 1, y: base - high - 3, class: "soft" },
			    step >= 18 ? `${count}` : ""),
		];
	    }));
}

export function daysPicture(list) {
	const { days, offices } = perDay(list);
	if (days.length === 0)
		return null;
	const max = Math.max(...offices.flatMap(({ counts }) => counts));
	const step = (WIDE - LABEL) / Math.max(days.length, 8);
	const high = offices.length * HIGH + 22;
	const columns = [{ id: "day", label: t("journal.day") },
		...offices.map(({ office }, i) => ({ id: `o${i}`,
			label: word(office) }))];
	const rows = days.map((day, i) => ({ cells: [day,
		...offices.map(({ counts }) => `${counts[i]}`)] }));

	return h("section", {}, h("h2", {}, t("journal.picture")),
	    svg("svg", { class: "chart", viewBox: `0 0 ${WIDE} ${high}`,
		role: "img", "aria-label": t("journal.picture-told") },
	    offices.map((one, i) => row(one, i, max, step)),
	    svg("text", { x: LABEL, y: high - 6 }, days[0]),
	    days.length > 1 ? svg("text", { x: WIDE, y: high - 6,
		"text-anchor": "end" }, days.at(-1)) : null),
	    h("details", {}, h("summary", {}, t("journal.as-table")),
	        table(t("journal.picture"), columns, rows)));
}
