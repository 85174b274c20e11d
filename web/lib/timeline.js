/*
 * timeline.js - what ends when, on a line from today on.  The page shows
 * the same as a table.
 */

import { h, svg } from "./dom.js";
import { t } from "./lang.js";
import { plain } from "./view.js";

const WIDE = 720;
const LABEL = 300;
const CHARS = 44;
const HIGH = 26;
const DAY_MS = 24 * 3600 * 1000;
/* What ends later stands at the end of the line. */
const DAYS_MAX = 2 * 365;
const SHOWN = 15;

/* list: {label, until (a time or a day), soon}. */
export function timeline(list, now = Date.now()) {
	const rows = list.filter(({ until }) => until)
		.map((one) => ({ ...one, days: Math.max(0, Math.floor(
		    (Date.parse(one.until) - now) / DAY_MS)) }))
		.sort((a, b) => a.days - b.days).slice(0, SHOWN);
	if (rows.length === 0)
		return null;
	const last = Math.min(DAYS_MAX, Math.max(30, ...rows.map(({ days }) =>
	    days)));
	const at = (days) => LABEL + Math.min(days, last) / last *
	    (WIDE - LABEL - 90);
	const high = rows.length * HIGH + 24;

	return h("div", {}, svg("svg", { class: "chart",
		viewBox: `0 0 ${WIDE} ${high}`, role: "img",
		"aria-label": t("health.timeline") },
	rows.map((row, i) => {
		const y = i * HIGH + 18;
		return [svg("text", { x: 0, y }, row.label.length > CHARS
			    ? `${plain(row.label).slice(0, CHARS - 1)}…`
			    : plain(row.label)),
			svg("line", { x1: LABEL, x2: at(row.days), y1: y - 4,
				y2: y - 4 }),
			svg("circle", { cx: at(row.days), cy: y - 4, r: 5,
				class: row.soon ? "bad" : null }),
			svg("text", { x: at(row.days) + 10, y, class: "soft" },
			    row.until.slice(0, 10))];
	}),
	svg("text", { x: LABEL, y: high - 4, class: "soft" },
	    t("health.today"))));
}
