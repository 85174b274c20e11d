/*
 * policies.js - what the desk says of policies.  One that has a digest never
 * changes: each is asked for once.
 */

import { getJSON } from "./api.js";

const kept = new Map();
let asked = null;

/*
 * Which policies there were and which of them this office accepted, with what
 * the accepted one says.  Who asks meanwhile waits for the same answer.
 */
export function accepted() {
	asked ??= getJSON("/desk/policy").then((told) => {
		kept.set(told.accepted, told.policy);
		return told;
	}).finally(() => {
		asked = null;
	});
	return asked;
}

/* What a policy says. */
export async function policyOf(hex) {
	await asked?.catch(() => null);
	if (!kept.has(hex)) {
		const query = new URLSearchParams({ digest: hex });
		const one = getJSON(`/desk/policy?${query}`);
		kept.set(hex, one);
		one.catch(() => kept.delete(hex));
	}
	return kept.get(hex);
}
