/*
 * may.js - what this person and office may do, by the policy that the office
 * has accepted.  The pages decide nothing: the desk and the server do.
 */

import { getJSON, server } from "./api.js";
import { accepted } from "./policies.js";

/*
 * Whether this person has full powers for a type.  Where that is not known,
 * yes.
 */
export async function mayBind(type) {
	try {
		return (await accepted()).policy["full-powers"].some((one) =>
		    one.person === server.person && one.types.includes(type));
	} catch {
		return true;
	}
}

/* The types of which this office may deposit documents: {type, title}. */
export async function mayDeposit(signal) {
	return (await getJSON("/desk/types", { signal })).types;
}
