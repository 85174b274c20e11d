/*
 * entries.js - entries of the journal, from the desk (which proved each) or
 * from the register (whose word they are).
 */

import { getJSON, getLines, request, server } from "./api.js";

/* Answers that one question may take. */
const ANSWERS = 50;

/* The acts of a journal, in the order of formats.md. */
export const acts = ["deposit", "sign", "force", "terminate", "deliver",
	"deliveries", "refuse", "dispatch", "acknowledge", "policy", "crl", "key",
	"start"];

/* {size, root, time, witnesses: [{name, time}]}; of the register only size. */
export async function checkpoint(signal) {
	if (server.desk)
		return getJSON("/v1/checkpoint", { signal });
	const note = await (await request("/v1/journal/checkpoint", { signal }))
		.text();
	return { size: Number(note.split("\n")[1]) || 0, root: null, time: null,
		witnesses: null };
}

/* An entry is an object at the desk, its line at the register. */
function entryOf(told) {
	return typeof told.entry === "string"
		? { index: told.index, entry: JSON.parse(told.entry) } : told;
}

/*
 * Entries from the index `from` up to before `until`, of these filters
 * (document, office, person, act), in their order.
 */
export async function entries(filters, from, until, signal) {
	const out = [];
	let next = from;

	for (let n = 0; n < ANSWERS && next !== undefined && next < until; n++) {
		const query = new URLSearchParams({ from: next, until });
		for (const [name, value] of Object.entries(filters)) {
			if (value)
				query.set(name, value);
		}
		let later;
		await getLines(`/v1/journal/entries?${query}`, (told) => {
			for (const one of told.entries ?? [told]) {
				if (one.entry)
					out.push(entryOf(one));
			}
			later = told.next ?? later;
		}, signal);
		next = later;
	}
	return out.filter(({ index }) => index >= from && index < until);
}
