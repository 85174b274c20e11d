/*
 * journal.js - the journal: its acts, newest first, with filters and live;
 * the checkpoint and its witnesses; acts per day and office.
 */

import { server } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { acts, checkpoint, newest } from "../lib/entries.js";
import { watch } from "../lib/events.js";
import { t, tn } from "../lib/lang.js";
import { daysPicture } from "../lib/days.js";
import { announce, button, digest, heading, named, plain, problemBox,
	proofBadge, table, terms, time } from "../lib/view.js";

/* Rows that are shown at once. */
const ROWS = 200;
/* Files of a policy that are named in a row. */
const FILES = 3;
const FILTERS = ["document", "office", "person", "act"];

const actWord = (act) => acts.includes(act) ? t(`journal.act-${act}`) : plain(act);

function filtersOf(query) {
	return Object.fromEntries(FILTERS.map((name) =>
	    [name, (query.get(name) ?? "").trim()]));
}

const fits = (entry, filters) => FILTERS.every((name) =>
    !filters[name] || entry[name] === filters[name]);

function field(name, label, value) {
	return h("p", {}, h("label", { for: `j-${name}` }, label),
	    h("input", { id: `j-${name}`, name, value, maxlength: 200,
	        autocomplete: "off" }));
}

function form(query) {
	const submit = (event) => {
		event.preventDefault();
		const next = new URLSearchParams();
		for (const [name, value] of new FormData(
		    event.target.closest("form"))) {
			if (value.trim())
				next.set(name, value.trim());
		}
		location.hash = `#/journal${next.size ? `?${next}` : ""}`;
	};
	const now = filtersOf(query);
	return h("form", { role: "search", class: "filters",
		"aria-label": t("journal.filters"), on: { submit } },
	field("document", t("register.column.document"), now.document),
	field("office", t("register.column.office"), now.office),
	field("person", t("journal.person"), now.person),
	h("p", {}, h("label", { for: "j-act" }, t("journal.act")),
	    h("select", { id: "j-act", name: "act", on: { change: submit } },
	        h("option", { value: "" }, t("register.any")),
	        acts.map((act) => h("option", { value: act,
	            selected: act === now.act }, actWord(act))))),
	h("p", {}, h("button", {}, t("journal.find")), " ",
	    h("a", { href: "#/journal" }, t("register.all"))));
}

/* What an act was on: a document's version, or what its kind names. */
function object(entry) {
	if (entry.document) {
		const shown = entry.version ? `${entry.document}@${entry.version}`
			: entry.document;
		const version = entry.version ? `?version=${entry.version}` : "";
		return h("a", { href: `#/document/${entry.document}${version}` },
		    h("code", {}, named(shown)));
	}
	if (entry.changed?.length > FILES)
		return t("journal.files", { number: entry.changed.length });
	if (entry.changed)
		return named(entry.changed.join(", "));
	if (entry.to)
		return tn("journal.to", { office: plain(entry.to) });
	return named(entry.rule ?? entry.software ?? "–");
}

function rowOf({ index, entry }) {
	const who = [entry.person ? named(entry.person) : t("journal.depositary"),
		entry.office ? [h("br"), h("span", { class: "small" },
		    named(entry.office))] : null];
	return { id: `entry-${index}`, cells: [`${index}`, time(entry.time),
		[actWord(entry.act), entry.times
		    ? [" ", h("span", { class: "small" },
		        t("journal.times", { times: entry.times }))] : null],
		object(entry), who, proofBadge(server.desk ? "proved" : "word")] };
}

function columns() {
	return [{ id: "index", label: t("journal.index") },
		{ id: "time", label: t("journal.time") },
		{ id: "act", label: t("journal.act") },
		{ id: "document", label: t("journal.on") },
		{ id: "person", label: t("journal.who") },
		{ id: "proof", label: t("register.column.proof") }];
}

function witnesses(point) {
	if (point.witnesses === null)
		return null;
	if (point.witnesses.length === 0)
		return t("journal.no-witness");
	return h("ul", {}, point.witnesses.map((one) =>
	    h("li", {}, tn("journal.cosigned", { name: plain(one.name),
	        time: time(one.time) }))));
}

function pointBox(point) {
	return h("section", {}, h("h2", {}, t("journal.checkpoint")),
	    terms([[t("journal.size"), `${point.size}`],
	        [t("journal.root"), point.root ? digest(point.root) : null],
	        [t("journal.seen"), point.time ? time(point.time) : null],
	        [t("journal.witnesses"), witnesses(point)],
	        [t("register.column.proof"),
	            proofBadge(server.desk ? "proved" : "word")]]));
}

/* What the page knows of the journal, by index. */
class Journal {
	constructor(places, signal) {
		this.places = places;
		this.signal = signal;
		this.known = new Map();
		this.filters = {};
		this.fresh = 0;
		this.waits = null;
	}

	async start(filters) {
		this.filters = filters;
		this.known.clear();
		this.point = await checkpoint(this.signal);
		this.from = this.point.size;
		await this.earlier();
	}

	async earlier() {
		const told = await newest(this.filters, this.from, this.signal);
		for (const one of told.entries)
			this.known.set(one.index, one);
		this.from = told.from;
		this.show();
	}

	/* After a gap: what came since the checkpoint that is shown. */
	async later() {
		const before = this.point.size;
		this.point = await checkpoint(this.signal);
		const told = await newest(this.filters, this.point.size,
		    this.signal);
		if (told.from > before) {
			this.known.clear();
			this.from = told.from;
		}
		for (const one of told.entries)
			this.known.set(one.index, one);
		this.show();
	}

	/* One that came; several are shown together. */
	add(one) {
		if (this.known.has(one.index) || one.index < this.from)
			return;
		if (one.index >= this.point.size)
			this.point = { ...this.point, size: one.index + 1, root: null,
				time: null };
		if (fits(one.entry, this.filters)) {
			this.known.set(one.index, one);
			this.fresh++;
		}
		this.waits ??= setTimeout(() => this.refresh(), 300);
	}

	refresh() {
		this.waits = null;
		this.show();
		if (this.fresh)
			announce(t("journal.new", { number: this.fresh }));
		this.fresh = 0;
	}

	show() {
		const list = [...this.known.values()].sort((a, b) =>
		    b.index - a.index);
		const focused = document.activeElement?.closest("tr")?.id;
		fill(this.places.point, pointBox(this.point));
		fill(this.places.picture, daysPicture(list));
		fill(this.places.rows, list.length === 0
		    ? h("p", {}, t("journal.none"))
		    : table(t("journal.caption"), columns(),
		        list.slice(0, this.shown ?? ROWS).map(rowOf)),
		h("p", {}, this.more(list.length)));
		if (focused)
			document.getElementById(focused)?.querySelector("a")?.focus();
	}

	more(number) {
		const shown = this.shown ?? ROWS;
		if (number > shown)
			return button(t("journal.earlier"), () => {
				this.shown = shown + ROWS;
				this.show();
			});
		return this.from === 0 ? null : button(t("journal.earlier"), () =>
			this.earlier().catch((problem) =>
			    this.places.rows.append(problemBox(problem))));
	}
}

export async function page(view, route) {
	const places = { point: h("div"), picture: h("div"), rows: h("div") };
	const journal = new Journal(places, route.signal);
	const formPlace = h("div", {}, form(route.query));
	fill(view, heading(t("journal.title")), h("p", {}, server.desk
		? t("journal.told") : t("journal.told-register")),
	formPlace, places.rows, places.picture, places.point);
	await journal.start(filtersOf(route.query));
	const stop = watch((one) => journal.add(one), {
		from: journal.point.size,
		onGap: () => journal.later().catch(() => {}),
	});
	return {
		leave: () => {
			clearTimeout(journal.waits);
			stop();
		},
		update: (next) => {
			fill(formPlace, form(next.query));
			return journal.start(filtersOf(next.query));
		},
	};
}
