/*
 * entries.js - entries of the journal, from the desk (which proved each) or
 * from the register (whose word they are).
 */

import { getJSON, getLines, request, server } from "./api.js";

/* Entries that are asked for at once: found at the desk, looked at there. */
const NEWEST = 500;
const WINDOW = 1000;
/* Answers of the register that one question may take. */
const ANSWERS = 10;

/* The acts of a journal, in the order of formats.md. */
export const acts = ["deposit", "sign", "force", "terminate", "deliver",
	"deliveries", "refuse", "dispatch", "acknowledge", "policy", "crl", "key",
	"start"];

/*
 * {size, root, time, witnesses: [{name, time}]}; time is when this office
 * first saw it.  Of the register's only the size is known.
 */
export async function checkpoint(signal) {
	if (server.desk) {
		const { checkpoint: seen } = await getJSON("/desk/status", { signal });
		return { size: seen?.size ?? 0, root: seen?.root ?? null,
			time: seen?.seen ?? null,
			witnesses: (seen?.witnessed?.by ?? []).map((one) =>
			    ({ name: one.name, time: one.at })) };
	}
	const note = await (await request("/v1/journal/checkpoint", { signal }))
		.text();
	return { size: Number(note.split("\n")[1]) || 0, root: null, time: null,
		witnesses: null };
}

function queryOf(filters, more) {
	const query = new URLSearchParams(more);
	for (const [name, value] of Object.entries(filters)) {
		if (value)
			query.set(name, value);
	}
	return `/v1/journal/entries?${query}`;
}

/* An entry of the register is its line. */
function lineOf(told) {
	return typeof told.entry === "string"
		? { index: told.index, entry: JSON.parse(told.entry) } : null;
}

/* The register's entries from an index up to before another. */
async function between(filters, from, until, signal) {
	const out = [];
	let next = from;

	for (let n = 0; n < ANSWERS && next !== undefined && next < until; n++) {
		let later;
		await getLines(queryOf(filters, { from: next, until }), (told) => {
			const one = lineOf(told);
			if (one)
				out.push(one);
			later = told.next ?? later;
		}, signal);
		next = later;
	}
	return out;
}

/*
 * The newest entries of these filters (document, office, person, act) with
 * an index below before: {entries (in their order), from}.  All that fit
 * from the index `from` on are among them.
 */
export async function newest(filters, before, signal) {
	if (server.desk) {
		const told = await getJSON(queryOf(filters, { newest: NEWEST,
			before }), { signal });
		return { entries: told.entries, from: told.from ?? 0 };
	}
	const from = Math.max(0, before - WINDOW);
	return { entries: await between(filters, from, before, signal), from };
}

/* All of the register's entries of filters that few entries fit. */
export function every(filters, before, signal) {
	return between(filters, 0, before, signal);
}
