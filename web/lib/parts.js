/*
 * parts.js - the files that an office's computer is set up with, and what a
 * file is by its name, as ours are called.
 */

export const PARTS = ["enrolment", "certificate", "key", "sign-certificate",
	"sign-key", "encrypt-certificate", "encrypt-key"];
const NEEDED = ["enrolment", "certificate", "key"];
/* Of a pair one alone is of no use. */
const PAIRS = [["sign-certificate", "sign-key"],
	["encrypt-certificate", "encrypt-key"]];

const NAMES = [[/^enrolment/, "enrolment"],
	[/sign.*cert|cert.*sign/, "sign-certificate"],
	[/sign.*key|key.*sign/, "sign-key"],
	[/encrypt.*cert|cert.*encrypt/, "encrypt-certificate"],
	[/encrypt.*key|key.*encrypt/, "encrypt-key"],
	[/^ca\b|[-_.]ca\b/, ""],
	[/cert|\.crt$/, "certificate"], [/key/, "key"]];

/* What a file is; empty where its name does not say so. */
export function partOf(name) {
	const low = name.toLowerCase();
	return NAMES.find(([pattern]) => pattern.test(low))?.[1] ?? "";
}

/* What is still missing of what is there, by part. */
export function partsLacking(there) {
	const lacking = NEEDED.filter((part) => !there[part]);

	for (const [one, other] of PAIRS) {
		if (there[one] && !there[other])
			lacking.push(other);
		if (there[other] && !there[one])
			lacking.push(one);
	}
	return lacking;
}
