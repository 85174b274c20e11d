/*
 * draft.js - what a person is about to deposit: files, languages, titles.
 */

import { nameWrong } from "./naming.js";

export const LANGUAGES = ["en", "fr", "lo", "th"];

/* The language that a name tells: "treaty.lo.pdf", "lo-treaty.pdf". */
export function languageOf(name) {
	const parts = name.toLowerCase().split(/[._ -]+/).slice(0, -1);
	return LANGUAGES.find((code) => parts.includes(code)) ?? "";
}

/*
 * What is missing in a draft {type, name, files: [{language, annex, upload}],
 * titles: [{language, text}], note}: a list of ids of messages.
 */
export function lacks(draft) {
	const out = [];
	const texts = draft.files.filter((file) => !file.annex);

	if (nameWrong(draft.type))
		out.push("deposit.lacks-type");
	if (nameWrong(draft.name))
		out.push(nameWrong(draft.name));
	if (texts.length === 0)
		out.push("deposit.lacks-text");
	if (texts.some((file) => !file.language))
		out.push("deposit.lacks-language");
	if (!draft.titles.some(({ text }) => text.trim()))
		out.push("deposit.lacks-title");
	return out;
}

/*
 * The body of POST /desk/push; all files have been handed to the desk.  onto:
 * the version whose signing is ended by it, or null.
 */
export function bodyOf(draft, dryRun, onto = null) {
	const titles = {};
	for (const { language, text } of draft.titles) {
		if (text.trim())
			titles[language] = text.trim();
	}
	return {
		document: `${draft.type}/${draft.name}`,
		texts: draft.files.filter((file) => !file.annex).map((file) =>
		    ({ upload: file.upload, language: file.language })),
		annexes: draft.files.filter((file) => file.annex).map((file) =>
		    ({ upload: file.upload })),
		titles, note: draft.note.trim(), "dry-run": dryRun,
		...onto === null ? {} : { onto },
	};
}
