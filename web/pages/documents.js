/*
 * documents.js - the register: documents in pages of 100 rows.
 *
 * Search, filters, sort and page are in the address.  A desk's rows are shown
 * at once, marked as being proved, and replaced by the proved ones; at the
 * register nothing is proved.
 *
 * At a desk those that wait for the person's signature come first, of all
 * documents, and then those that were not opened there.  To find these may
 * take a moment, so the first page is shown as the daemon sorts it until then.
 */

import { titleOf } from "../lib/about.js";
import { getJSON, server } from "../lib/api.js";
import { csv } from "../lib/csv.js";
import { fill, h } from "../lib/dom.js";
import { watch } from "../lib/events.js";
import { address, asked, form, suggest } from "../lib/filters.js";
import { t, tn } from "../lib/lang.js";
import { announce, badge, button, heading, keepingFocus, named,
	problemBox, proofBadge, save, statusBadge, table, time,
} from "../lib/view.js";

/* The cursor of the page before each page that was shown, by address. */
const before = new Map();

function marks(row) {
	return [
		row.waits ? badge(t("register.waits"), "wait") : null, " ",
		row.unread ? badge(t("register.unread"), "new") : null];
}

/* What a person is to do first stands first; else as the server sorts. */
function ranked(rows) {
	const rank = (row) => row.waits ? 0 : row.unread ? 1 : 2;
	return [...rows].sort((one, other) => rank(one) - rank(other));
}

function proof(row, proving) {
	if (row.proved)
		return proofBadge("proved");
	return proofBadge(proving ? "proving" : "word");
}

/* What waits for a signature is the newest, though an older is in force. */
function documentAddress(row) {
	const version = row.waits ? `?version=${row.version}` : "";
	return `#/document/${row.document}${version}`;
}

function rowOf(row, proving) {
	const { text, lang } = titleOf(row);
	return { cells: [
		h("a", { href: documentAddress(row) },
		    named(text, lang)),
		[h("code", {}, named(row.document)), " ", marks(row)],
		[statusBadge(row.status), row["in-force"] &&
		    row["in-force"].version !== row.version
		    ? [" ", h("span", { class: "small" }, t("register.in-force",
		        { version: row["in-force"].version }))] : null],
		`${row.version}`, time(row.time), named(row.office),
		proof(row, proving)] };
}

function columns() {
	return [{ id: "title", label: t("register.column.title") },
		{ id: "document", label: t("register.column.document") },
		{ id: "status", label: t("register.column.status") },
		{ id: "version", label: t("register.column.version") },
		{ id: "time", label: t("register.column.time") },
		{ id: "office", label: t("register.column.office") },
		{ id: "proof", label: t("register.column.proof") }];
}

function download(rows) {
	const head = columns().map((column) => column.label);
	save("register.csv", [csv([head, ...rows.map((row) => [titleOf(row).text,
		row.document, row.status, row.version, row.time, row.office,
		row.proved ? t("proof.proved") : t("proof.word")])])],
	    "text/csv;charset=utf-8");
}

function pages(query, cursor) {
	const here = query.get("cursor") ?? "";
	const back = before.get(address(query, {}));
	if (cursor)
		before.set(address(query, { cursor }), here);
	if (!here && !cursor)
		return null;
	return h("nav", { class: "pages", "aria-label": t("register.pages") },
	    here ? h("a", { href: address(query, { cursor: null }) },
	        t("register.first")) : null,
	    here && back !== undefined
	        ? h("a", { href: address(query, { cursor: back }), rel: "prev" },
	            t("register.previous")) : null,
	    cursor ? h("a", { href: address(query, { cursor }), rel: "next" },
	        t("register.next")) : null);
}

/* How many there are: told by the daemon, so marked. */
function count(told) {
	const number = told.count ?? told.total;
	return number === undefined ? null
	    : h("p", { class: "small" }, tn("register.count", { number }), " ",
	        told.local ? null : proofBadge("word"));
}

function show(place, query, told, proving) {
	const rows = server.desk ? ranked(told.documents) : told.documents;
	const caption = told.local ? t("register.local")
		: server.desk ? t("register.caption")
		: t("register.caption-register");
	keepingFocus(() => fill(place, count(told), rows.length === 0
	    ? h("p", {}, t("register.none"))
	    : table(caption, columns(), rows.map((row) => rowOf(row, proving))),
	pages(query, told.cursor),
	rows.length ? h("p", {}, button(t("register.csv"),
	    () => download(rows))) : null));
	suggest(rows);
}

/* A desk's order. */
const MINE = { mine: "first" };

/* Without a line a desk shows the local copy. */
async function local(place, query, signal, problem) {
	/* All of it is one page. */
	const whole = new URLSearchParams(query);
	whole.delete("cursor");
	const told = await getJSON(asked(whole, { ...MINE, local: "yes" }),
	    { signal });
	show(place, query, { ...told, local: true }, false);
	place.prepend(problemBox(problem));
}

/* What is shown first: of a page behind a cursor only a desk knows more. */
async function firstRows(query, signal) {
	if (!server.desk || query.get("cursor"))
		return getJSON(asked(query, server.desk ? MINE : {}), { signal });
	return { ...await getJSON(asked(query, {}), { signal }), cursor: null };
}

/* The rows at once, then the proved ones. */
async function list(place, query, signal) {
	let told;
	try {
		told = await firstRows(query, signal);
	} catch (problem) {
		if (!server.desk || problem.code !== "UNAVAILABLE")
			throw problem;
		await local(place, query, signal, problem);
		return;
	}
	show(place, query, told, server.desk);
	if (!server.desk)
		return;
	try {
		const proved = await getJSON(asked(query,
		    { ...MINE, proved: "all" }), { signal });
		show(place, query, { ...told, ...proved }, false);
	} catch (problem) {
		if (problem.name === "AbortError")
			throw problem;
		told = await getJSON(asked(query, MINE), { signal });
		show(place, query, told, false);
		place.prepend(problemBox(problem));
	}
}

/* Acts that change a row. */
const CHANGES = ["deposit", "sign", "force", "terminate"];

/*
 * When the journal gets such acts the rows are read again, once for all that
 * come within a second.
 */
function follow(run) {
	let soon = null;
	const again = () => {
		soon ??= setTimeout(() => {
			soon = null;
			run();
		}, 1000);
	};
	const end = watch(({ entry }) => {
		if (CHANGES.includes(entry.act))
			again();
	}, { onGap: again });
	return () => {
		clearTimeout(soon);
		end();
	};
}

export async function page(view, route) {
	const place = h("div", { class: "list" },
	    h("p", { class: "loading" }, t("view.loading")));
	let query = route.query;
	let stop = null;
	const run = async () => {
		stop?.abort();
		stop = new AbortController();
		const mine = stop;
		place.setAttribute("aria-busy", "true");
		try {
			await list(place, query, mine.signal);
			announce(t("register.shown",
			    { number: place.querySelectorAll("tbody tr").length }));
		} catch (problem) {
			if (problem.name !== "AbortError")
				fill(place, problemBox(problem));
		}
		if (mine === stop)
			place.setAttribute("aria-busy", "false");
	};
	fill(view, heading(t("register.title")), form(() => query), place);
	run();
	const end = follow(run);
	return {
		leave: () => {
			stop.abort();
			end();
		},
		update: (next) => {
			query = next.query;
			for (const field of view.querySelectorAll("form [name]"))
				field.value = query.get(field.name) ?? "";
			return run();
		},
	};
}
