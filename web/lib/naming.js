/*
 * naming.js - the name of a document: what is wrong with one, and one that is
 * suggested.  docs/formats.md, "Words": TYPE/NAME, both 2 to 64 long.
 */

const MOST = 64;
/* What Windows does not let a file be called. */
const RESERVED = /^(con|prn|aux|nul|(com|lpt)[0-9])$/;

/* What is wrong with a name: the id of a message; null if nothing is. */
export function nameWrong(name) {
	if (name === "")
		return "deposit.name-missing";
	if (/[^a-z0-9-]/.test(name))
		return "deposit.name-letters";
	if (/^-|-$|--/.test(name))
		return "deposit.name-hyphens";
	if (name.length < 2)
		return "deposit.name-short";
	if (name.length > MOST)
		return "deposit.name-long";
	return RESERVED.test(name) ? "deposit.name-reserved" : null;
}

/* Letters that are no others with a mark. */
const SPELT = { "æ": "ae", "œ": "oe", "ß": "ss", "ø": "o", "đ": "d", "ł": "l" };

/* The name that a text is nearest to; empty if it has no letter for one. */
function nearest(text) {
	const name = text.toLowerCase().replace(/[æœßøđł]/g, (one) => SPELT[one])
		.normalize("NFKD").replace(/\p{M}/gu, "")
		.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
	if (!/[a-z]/.test(name))
		return "";
	/* It is cut between two words, if it has any. */
	const cut = name.length <= MOST ? name
		: name.slice(0, MOST + 1).replace(/-[^-]*$/, "").slice(0, MOST);
	return nameWrong(cut) ? "" : cut;
}

/* A file's name without its ending and the language that it tells. */
function stem(name, languages) {
	const parts = name.split(/[._ -]+/);
	return parts.slice(0, parts.length > 1 ? -1 : 1).filter((part) =>
	    !languages.includes(part.toLowerCase())).join(" ");
}

/*
 * A name by the first of the titles, else of the files' names, that has
 * letters for one; empty if none has.
 */
export function suggestName(titles, files, languages) {
	const texts = [...titles, ...files.map((name) => stem(name, languages))];
	return texts.map(nearest).find(Boolean) ?? "";
}
