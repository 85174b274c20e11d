/*
 * parts.js - the files that an office's computer is set up with, and what a
 * file is by its name, as ours are called.
 */

export const PARTS = ["enrolment", "certificate", "key", "ca",
	"sign-certificate", "sign-key"];
const NEEDED = ["enrolment", "certificate", "key", "ca"];

const NAMES = [[/^enrolment/, "enrolment"],
	[/sign.*cert|cert.*sign/, "sign-certificate"],
	[/sign.*key|key.*sign/, "sign-key"], [/^ca\b|[-_.]ca\b/, "ca"],
	[/cert|\.crt$/, "certificate"], [/key/, "key"]];

/* What a file is; empty where its name does not say so. */
export function partOf(name) {
	const low = name.toLowerCase();
	return NAMES.find(([pattern]) => pattern.test(low))?.[1] ?? "";
}

/* What is still missing of what is there, by part. */
export function partsLacking(there) {
	const lacking = NEEDED.filter((part) => !there[part]);

	/* One of a pair is of no use. */
	if (there["sign-certificate"] && !there["sign-key"])
		lacking.push("sign-key");
	if (there["sign-key"] && !there["sign-certificate"])
		lacking.push("sign-certificate");
	return lacking;
}
