/*
 * groups.js - a digest in groups of four, to be read aloud and compared.
 */

/* "ab12cd34" becomes "ab12 cd34"; anything but hexadecimal digits stays. */
export function groups(digest) {
	const text = String(digest);

	if (!/^[0-9a-fA-F]+$/.test(text))
		return text;
	return text.match(/.{1,4}/g).join(" ");
}

/* What somebody typed or a program grouped: the digits alone, in small. */
export function ungrouped(typed) {
	return String(typed).replace(/[\s:\u00a0-]+/g, "").toLowerCase();
}
