/*
 * may.js - what this person and office may do, by the policy that the office
 * has accepted.  The pages decide nothing: the desk and the server do.
 */

import { getJSON, server } from "./api.js";

async function accepted(signal) {
	const told = await getJSON("/desk/policy", { signal });
	const query = new URLSearchParams({ digest: told.accepted });
	return getJSON(`/desk/policy?${query}`, { signal });
}

/*
 * Whether this person has full powers for a type.  Where that is not known,
 * yes.
 */
export async function mayBind(type, signal) {
	try {
		return (await accepted(signal))["full-powers"].some((one) =>
		    one.person === server.person && one.types.includes(type));
	} catch (problem) {
		if (problem.name === "AbortError")
			throw problem;
		return true;
	}
}

/* The types of which this office may deposit documents: {type, title}. */
export async function mayDeposit(signal) {
	return (await accepted(signal)).types.filter((type) =>
	    type.deposit.includes(server.office));
}
