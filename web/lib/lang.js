/*
 * lang.js - messages in the person's language.
 *
 * A message is a whole sentence with {arguments}.  Messages are in
 * /lang/LANGUAGE.json, made from po/.  One that a language lacks is English.
 */

/* What there is, each by its own name. */
export const languages = {
	en: "English", fr: "Français", lo: "ລາວ", th: "ไทย",
};

const KEPT = "valise-language";

export let language = "en";
let messages = {};
let english = {};

/* The best of: ?lang=, what was chosen before, the browser's. */
function wanted() {
	const asked = new URLSearchParams(location.search).get("lang");
	const kept = localStorage.getItem(KEPT);
	for (const tag of [asked, kept, ...navigator.languages]) {
		const code = (tag ?? "").split("-")[0].toLowerCase();
		if (Object.hasOwn(languages, code))
			return code;
	}
	return "en";
}

async function load(code) {
	const answer = await fetch(`/lang/${code}.json`);
	return answer.ok ? answer.json() : {};
}

/* Speak code from now on; without one, the language that fits best. */
export async function speak(code) {
	const chosen = code ?? wanted();
	if (code)
		localStorage.setItem(KEPT, code);
	const [own, fallback] = await Promise.all([
		chosen === "en" ? {} : load(chosen),
		Object.keys(english).length ? english : load("en"),
	]);
	messages = own;
	english = fallback;
	language = chosen;
	document.documentElement.lang = chosen;
}

function message(id) {
	return messages[id] || english[id] || id;
}

/* Is there such a message? */
export function has(id) {
	return Object.hasOwn(english, id);
}

/* The message as text, for attributes and titles. */
export function t(id, args = {}) {
	return message(id).replace(/\{([a-z-]+)\}/g,
	    (whole, name) => Object.hasOwn(args, name) ? `${args[name]}` : whole);
}

/*
 * The message as nodes.  An argument is a node, or text, which is isolated
 * so that its direction of writing does not reorder the sentence.
 */
export function tn(id, args = {}) {
	return message(id).split(/(\{[a-z-]+\})/).filter(Boolean).map((part) => {
		const name = part.slice(1, -1);
		if (part[0] !== "{" || !Object.hasOwn(args, name))
			return document.createTextNode(part);
		if (args[name] instanceof Node)
			return args[name];
		const isolated = document.createElement("bdi");
		isolated.textContent = args[name];
		return isolated;
	});
}

/*
 * What a language is called in the person's; its code, where nobody knows.  A
 * browser knows few names in Lao, so those of the pages are messages.
 */
export function languageName(code) {
	const own = { en: t("language.en"), fr: t("language.fr"),
		lo: t("language.lo"), th: t("language.th") };
	if (Object.hasOwn(own, code))
		return own[code];
	try {
		return new Intl.DisplayNames([language],
		    { type: "language" }).of(code);
	} catch {
		return code;
	}
}
