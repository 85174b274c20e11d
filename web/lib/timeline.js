/*
 * timeline.js - what ends when, on a line from today on.  What ends in a month
 * and what ends in twenty years have no scale in common on which both can be
 * seen, so the line has stretches, each with its length in words.
 */

import { h } from "./dom.js";
import { t, tn } from "./lang.js";
import { badge, plain } from "./view.js";

const DAY_MS = 24 * 3600 * 1000;
const YEAR = 365.25;
/* The stretches, and the day at which each ends. */
const STRETCHES = [["ended", 0], ["month", 30], ["year", YEAR],
	["five-years", 5 * YEAR], ["later", Infinity]];

/*
 * Put what ends in its stretch: [[stretch, rows]], what ends first first, of
 * those stretches that have any; rows have their days.  The last is "unknown",
 * of what has no end that is known.
 */
export function stretches(list, now = Date.now()) {
	const rows = list.map((one) => ({ ...one, days: one.until
		? (Date.parse(one.until) - now) / DAY_MS : NaN }))
		.sort((a, b) => a.days - b.days);
	let after = -Infinity;
	const out = STRETCHES.map(([name, days]) => {
		const from = after;
		after = days;
		return [name, rows.filter((row) => row.days >= from &&
		    row.days < days)];
	});
	out.push(["unknown", rows.filter((row) => Number.isNaN(row.days))]);
	return out.filter((one) => one[1].length > 0);
}

/* When one ends, and how long that is. */
function sentence({ label, until, days }) {
	const args = { what: plain(label), date: until?.slice(0, 10),
		days: Math.floor(Math.abs(days)), years: (days / YEAR).toFixed(1) };
	if (Number.isNaN(days))
		return tn("health.ends-unknown", args);
	if (days < 0)
		return tn("health.ended-on", args);
	return days < YEAR ? tn("health.ends-days", args)
		: tn("health.ends-years", args);
}

/* list: {label, until (a time or a day), state (a word) and soon}. */
export function timeline(list, stateBadge) {
	return h("figure", { class: "ends" },
	    h("figcaption", { class: "small" }, t("health.timeline")),
	    stretches(list).map(([name, rows]) => [
	        h("h3", {}, badge(t(`health.stretch-${name}`),
	            name === "ended" ? "bad" : "quiet")),
	        h("ol", {}, rows.map((row) => h("li",
	            { class: row.soon ? "soon" : null }, sentence(row), " ",
	            stateBadge(row.state))))]));
}
