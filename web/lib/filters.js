/*
 * filters.js - the register's search, filters, sort and page: in the address,
 * as a form, and as what the server is asked.
 */

import { queryText } from "./api.js";
import { fill, h } from "./dom.js";
import { language, languageName, t } from "./lang.js";
import { plain, statuses, statusWord } from "./view.js";

const LIMIT = 100;
/* By the names that the server has for them; "" is newest first. */
const SORTS = { "": () => t("register.sort.newest"),
	"date": () => t("register.sort.oldest"),
	"title": () => t("register.sort.title"),
	"name": () => t("register.sort.document"),
	"type": () => t("register.sort.type"),
	"status": () => t("register.sort.status") };
const FILTERS = ["q", "type", "status", "party", "office", "language",
	"year", "sort"];

/* The address of the register with these parameters changed. */
export function address(query, changes) {
	const next = new URLSearchParams(query);
	for (const [name, value] of Object.entries(changes)) {
		if (value)
			next.set(name, value);
		else
			next.delete(name);
	}
	const text = next.toString();
	return `#/documents${text ? `?${text}` : ""}`;
}

/* What the server is asked for. */
export function asked(query, more) {
	const ask = new URLSearchParams({ limit: LIMIT });
	for (const name of [...FILTERS, "cursor", "waits"]) {
		if (query.get(name) && name !== "year")
			ask.set(name, query.get(name));
	}
	/* Titles in the person's language, by its letters. */
	if (query.get("sort") === "title" && language !== "en")
		ask.set("sort", `title:${language}`);
	if (!query.get("sort"))
		ask.set("sort", "-date");
	const year = query.get("year");
	if (/^\d{4}$/.test(year ?? "")) {
		ask.set("since", `${year}-01-01`);
		ask.set("until", `${year}-12-31`);
	}
	for (const [name, value] of Object.entries(more))
		ask.set(name, value);
	return `/v1/documents?${queryText(ask)}`;
}

function select(name, label, query, choices) {
	return h("p", {}, h("label", { for: `f-${name}` }, label),
	    h("select", { id: `f-${name}`, name }, choices.map(
	        ([value, text]) => h("option", { value,
	            selected: (query.get(name) ?? "") === value }, text))));
}

function input(name, label, query, attributes) {
	return h("p", {}, h("label", { for: `f-${name}` }, label),
	    h("input", { id: `f-${name}`, name, value: query.get(name),
	        autocomplete: "off", ...attributes }));
}

/* The filters that are used less, open where one is in use. */
function more(query, any) {
	const used = ["type", "office", "party", "year", "language"].some(
	    (name) => query.get(name));
	return h("details", { open: used },
	    h("summary", {}, t("register.more")),
	    h("div", { class: "filters" },
	        input("type", t("register.type"), query, { maxlength: 64,
	            list: "l-type" }), h("datalist", { id: "l-type" }),
	        input("office", t("register.column.office"), query,
	            { maxlength: 64, list: "l-office" }),
	        h("datalist", { id: "l-office" }),
	        input("party", t("register.party"), query, { maxlength: 64 }),
	        input("year", t("register.year"), query, { maxlength: 4,
	            inputmode: "numeric", pattern: "[0-9]{4}" }),
	        select("language", t("register.language"), query, [any,
	            ...["en", "fr", "lo", "th"].map((code) =>
	                [code, languageName(code)])])));
}

/* The form; query() gives what is in the address. */
export function form(query) {
	const any = ["", t("register.any")];
	const submit = (event) => {
		event.preventDefault();
		const changes = { cursor: null };
		for (const [name, value] of new FormData(event.target.closest("form")))
			changes[name] = value.trim();
		location.hash = address(query(), changes);
	};
	const now = query();
	return h("form", { role: "search", class: "filters",
		"aria-label": t("register.filters"),
		on: { submit, change: submit } },
	    input("q", t("register.search"), now, { type: "search",
	        maxlength: 200 }),
	    select("status", t("register.column.status"), now, [any,
	        ...statuses.map((one) => [one, statusWord(one)])]),
	    select("sort", t("register.sort"), now,
	        Object.entries(SORTS).map(([value, say]) => [value, say()])),
	    h("p", {}, h("button", {}, t("register.find")), " ",
	        h("a", { href: "#/documents" }, t("register.all"))),
	    more(now, any));
}

const seen = { type: new Set(), office: new Set() };

/* Offer the types and offices of the rows that were shown. */
export function suggest(rows) {
	for (const row of rows) {
		seen.type.add(plain(row.document).split("/")[0]);
		seen.office.add(plain(row.office));
	}
	for (const [name, values] of Object.entries(seen)) {
		const list = document.getElementById(`l-${name}`);
		if (list)
			fill(list, [...values].sort().map((value) =>
			    h("option", { value })));
	}
}
