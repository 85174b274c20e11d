/*
 * csv.js - rows as a CSV file (RFC 4180) that a spreadsheet opens safely.
 *
 * UTF-8 with a byte order mark, since Excel reads Lao wrongly without it.  A
 * cell that begins with = + - @, a tab or a carriage return would be taken
 * for a formula: an apostrophe before it makes it text.
 */

function cell(value) {
	let text = value === null || value === undefined ? "" : String(value);

	if (/^[=+\-@\t\r]/.test(text))
		text = "'" + text;
	/* A lone carriage return too: some readers end the row there. */
	if (/[",\r\n]/.test(text))
		text = '"' + text.replaceAll('"', '""') + '"';
	return text;
}

/* rows: a list of lists; the first is the heading. */
export function csv(rows) {
	return "\ufeff" +
		rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
}
