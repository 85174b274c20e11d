/*
 * deposit.js - deposit a version: drop the files, say their languages, give
 * titles, look at version.yaml before it is signed, deposit.
 *
 * To press the button again does what a cut left undone.
 */

import { getJSON, request, server, upload } from "../lib/api.js";
import { doing } from "../lib/acts.js";
import { fill, h } from "../lib/dom.js";
import { bodyOf, lacks, languageOf, LANGUAGES } from "../lib/draft.js";
import { dropPlace } from "../lib/drop.js";
import { language, languageName, t, tn } from "../lib/lang.js";
import { mayDeposit } from "../lib/may.js";
import { nameWrong, suggestName } from "../lib/naming.js";
import { announce, button, bytes, digest, heading, named, plain, problemBox,
	table, terms, time } from "../lib/view.js";

/*
 * The field of the type: a list, of which one is chosen where there is no
 * other; to write in where they are not known, or none is.  value: what is asked for.
 */
function typeField(types, value) {
	const id = "d-type";
	if (types.length === 0)
		return h("input", { id, required: true, value, maxlength: 64,
			autocomplete: "off" });
	const all = types.map(({ type, title }) => [type, plain(title)]);
	if (value && !types.some(({ type }) => type === value))
		all.push([value, ""]);
	if (all.length > 1)
		all.unshift(["", t("deposit.type-choose")]);
	return h("select", { id, required: true }, all.map(([type, title]) =>
	    h("option", { value: type, selected: type === (value ?? "") },
	        type && title ? `${type} (${title})` : type || title)));
}

/* The type that is asked for, and the field of the name. */
function nameFields(document, onInput) {
	const [type, name] = (document ?? "/").split("/");
	return [type, h("input", { id: "d-name", required: true,
		value: name ?? "", maxlength: 100, autocomplete: "off",
		spellcheck: "false", "aria-describedby": "d-name-told d-name-wrong",
		on: { input: onInput } })];
}

class Deposit {
	constructor(view, route) {
		this.signal = route.signal;
		this.files = [];
		this.onto = null;
		this.titles = [language, ...LANGUAGES.filter((code) =>
		    code !== language)].map((code) => ({ language: code, text: "" }));
		this.place = { files: h("div"), lacks: h("div", { role: "status" }),
			going: h("div"), look: h("div") };
		[this.asked, this.name] = nameFields(route.query.get("document"), () => {
			this.named = this.name.value !== "";
			this.showName();
		});
		/* The name is the person's own, or else one that is suggested. */
		this.named = this.name.value !== "";
		this.type = h("select", { id: "d-type", disabled: true },
		    h("option", { value: this.asked }, this.asked ||
		        t("view.loading")));
		this.types = h("p", { class: "small" });
		this.wrong = h("p", { id: "d-name-wrong", class: "small" });
		this.note = h("input", { id: "d-note", maxlength: 2000,
			autocomplete: "off" });
		view.append(heading(t("deposit.title")), this.form(),
		    this.place.look);
		this.showFiles();
	}

	form() {
		const look = (event) => {
			event.preventDefault();
			this.look();
		};
		return h("form", { class: "deposit", novalidate: true,
			on: { submit: look } },
		h("p", {}, h("label", { for: "d-type" }, t("deposit.type")),
		    this.type), this.types,
		dropPlace("d-files", t("deposit.drop"),
		    (files) => this.add(files), true),
		this.place.files,
		h("fieldset", {}, h("legend", {}, t("deposit.titles")),
		    this.titles.map((one) => h("p", {},
		        h("label", { for: `d-title-${one.language}` },
		            languageName(one.language)),
		        h("input", { id: `d-title-${one.language}`, maxlength: 500,
		            lang: one.language, autocomplete: "off", on: {
		            input: (event) => {
		                one.text = event.target.value;
		                this.showName();
		            },
		        } })))),
		h("p", {}, h("label", { for: "d-name" }, t("deposit.name")),
		    this.name),
		h("p", { id: "d-name-told", class: "small" },
		    t("deposit.name-told")), this.wrong,
		h("p", {}, h("label", { for: "d-note" }, t("deposit.note")),
		    this.note),
		this.place.lacks,
		h("p", { class: "actions" }, h("button", { class: "main" },
		    t("deposit.look"))), this.place.going);
	}

	/* Which types this office may deposit, by the policy that it accepted. */
	async showTypes() {
		let types = null;
		try {
			types = await mayDeposit();
		} catch (problem) {
			if (problem.name === "AbortError")
				return;
		}
		const field = typeField(types ?? [], this.asked);
		field.addEventListener("input", () => this.showName());
		this.type.replaceWith(field);
		this.type = field;
		fill(this.types, types?.length !== 0 ? null
			: tn("policy.office-not-deposit",
			    { office: plain(server.office) }));
		this.showName();
	}

	/* Suggest a name, and say at once what is wrong with one. */
	showName() {
		if (!this.named)
			this.name.value = suggestName(
			    this.titles.map(({ text }) => text),
			    this.files.filter((one) => !one.annex)
			        .map((one) => one.file.name), LANGUAGES);
		const { type, name } = this.draft();
		const wrong = name === "" ? null : nameWrong(name);
		this.name.setAttribute("aria-invalid", `${wrong !== null}`);
		this.wrong.classList.toggle("problem", wrong !== null);
		fill(this.wrong, wrong ? t(wrong) : type && name
			? tn("deposit.will-be", { document: h("code", {},
			    plain(`${type}/${name}`)) }) : null);
		if (wrong && wrong !== this.told)
			announce(t(wrong));
		this.told = wrong;
	}

	draft() {
		return { type: this.type.value.trim(), name: this.name.value.trim(),
			files: this.files, titles: this.titles, note: this.note.value };
	}

	/* Each file is asked for by name and size, then handed over. */
	add(files) {
		for (const file of files) {
			const one = { file, annex: false, upload: null, problem: null,
				language: languageOf(file.name), stop: new AbortController(),
				state: h("div", { class: "small" }) };
			this.files.push(one);
			this.send(one);
		}
		this.showFiles();
		announce(t("deposit.added", { number: files.length }));
	}

	async send(one) {
		const bar = h("progress", { max: one.file.size || 1, value: 0,
			"aria-label": t("drop.sending") });
		fill(one.state, bar);
		one.problem = null;
		one.sending = upload(one.file, (done) => { bar.value = done; },
		    AbortSignal.any([this.signal, one.stop.signal]),
		    this.draft().type)
			.then((told) => {
				one.upload = told.upload;
				fill(one.state, digest(told.sha256));
			}, (problem) => {
				if (problem.name === "AbortError")
					return;
				one.problem = problem;
				fill(one.state, problemBox(problem), button(
				    t("deposit.again"), () => this.send(one)));
			});
		await one.sending;
	}

	remove(one) {
		one.stop.abort();
		this.files = this.files.filter((other) => other !== one);
		if (one.upload)
			request(`/desk/uploads/${one.upload}`, { method: "DELETE" })
				.catch(() => {});
		this.showFiles();
		document.getElementById("d-files")?.focus();
	}

	row(one, i) {
		const role = (event) => {
			one.annex = event.target.value === "annex";
			tongue.disabled = one.annex;
			this.showName();
		};
		const tongue = h("input", { id: `d-language-${i}`, list: "d-languages",
			value: one.language, maxlength: 35, size: 6,
			disabled: one.annex, autocomplete: "off",
			"aria-label": t("deposit.language-of", { name: plain(
			    one.file.name) }),
			on: { input: (event) => {
				one.language = event.target.value.trim();
			} } });
		return { cells: [
			[named(one.file.name), one.state],
			bytes(one.file.size),
			h("select", { "aria-label": t("deposit.role-of",
			    { name: plain(one.file.name) }), on: { change: role } },
			["text", "annex"].map((kind) => h("option", { value: kind,
			    selected: (kind === "annex") === one.annex },
			t(`deposit.${kind}`)))),
			tongue,
			button(t("deposit.remove"), () => this.remove(one),
			    { "aria-label": t("deposit.remove-of",
			        { name: plain(one.file.name) }) })] };
	}

	showFiles() {
		const columns = [{ id: "name", label: t("verify.file") },
			{ id: "size", label: t("deposit.size") },
			{ id: "role", label: t("deposit.role") },
			{ id: "language", label: t("deposit.language") },
			{ id: "remove", label: t("deposit.remove") }];
		fill(this.place.files, h("datalist", { id: "d-languages" },
		    LANGUAGES.map((code) => h("option", { value: code },
		        languageName(code)))), this.files.length === 0 ? null
			: table(t("deposit.files"), columns,
			    this.files.map((one, i) => this.row(one, i))));
		this.showName();
	}

	/* Wait for what is being handed over; try once more what was cut. */
	async ready() {
		const missing = lacks(this.draft());
		fill(this.place.lacks, missing.length === 0 ? null
			: h("ul", { class: "problem" }, missing.map((id) =>
			    h("li", {}, t(id)))));
		if (missing.length) {
			announce(t(missing[0]));
			return false;
		}
		for (const one of this.files) {
			await one.sending;
			if (!one.upload)
				await this.send(one);
			if (!one.upload)
				return false;
		}
		return true;
	}

	async look() {
		fill(this.place.look);
		if (!await this.ready())
			return;
		const result = await doing(this.place.going, "/desk/push",
		    bodyOf(this.draft(), true, this.onto), this.signal,
		    (problem) => this.offer(this.place.going, problem));
		if (result)
			this.showLook(result);
	}

	/*
	 * What stands in the way is the newest version: look at it first, or end
	 * its signing though another party has signed it.
	 */
	async offer(place, { code }) {
		if (!["VERSION_NOT_SEEN", "SIGNED_BY_OTHERS"].includes(code))
			return;
		const { document } = bodyOf(this.draft(), true);
		const told = await getJSON(`/v1/documents/${document}`,
		    { signal: this.signal });
		const { version } = told.versions.at(-1);
		const link = h("a", { href: `#/document/${document}` +
		    `?version=${version}`, target: "_blank" },
		t("deposit.newest", { version }));
		place.append(h("p", { class: "actions" }, link,
		    button(t("deposit.onto", { version }), () => {
			this.onto = version;
			this.look();
		    })));
	}

	/* version.yaml, as it is to be signed. */
	showLook(result) {
		const going = h("div");
		const title = h("h2", { tabindex: "-1" }, t("deposit.before"));
		const texts = [...result.texts, ...result.annexes];
		const columns = [{ id: "name", label: t("verify.file") },
			{ id: "language", label: t("deposit.language") },
			{ id: "authentic", label: t("verify.authentic") },
			{ id: "size", label: t("deposit.size") },
			{ id: "digest", label: t("do.digest") }];
		fill(this.place.look, h("section", { class: "ask" }, title,
		    h("p", {}, t("deposit.before-told")),
		    terms([[t("register.column.document"),
		        h("code", {}, named(result.document))],
		    [t("register.column.version"), result.version === null
		        ? t("view.no-time") : `${result.version}`],
		    ...Object.entries(result.title).map(([code, text]) =>
		        [languageName(code), named(text, code)]),
		    [t("deposit.note"), result.note ? named(result.note) : null]]),
		    table(t("deposit.files"), columns, texts.map((one) => ({ cells: [
		        h("code", {}, named(one.file)),
		        one.language ? languageName(plain(one.language))
		            : t("deposit.annex"),
		        one.authentic ? t("policy.yes-word") : t("policy.no-word"),
		        bytes(one.size), digest(one.sha256)] }))),
		    result.yaml ? h("details", {}, h("summary", {}, "version.yaml"),
		        h("pre", {}, result.yaml.split("\n").map(plain).join("\n")))
		        : null,
		    h("p", { class: "actions" },
		        button(t("deposit.press"), () => this.deposit(going),
		            { class: "main" }),
		        button(t("deposit.change"), () => {
		            fill(this.place.look);
		            this.name.focus();
		        })), going));
		title.focus();
	}

	async deposit(going) {
		const result = await doing(going, "/desk/push",
		    bodyOf(this.draft(), false, this.onto), this.signal,
		    (problem) => this.offer(going, problem));
		if (!result)
			return;
		const kept = result.result === "kept";
		const said = kept ? t("deposit.kept") : t("deposit.done");
		const title = h("h2", { tabindex: "-1", class: "done" }, said);
		fill(this.place.look, title, terms([
			[t("register.column.document"), h("a", { href:
			    `#/document/${result.document}?version=${result.version}` },
			h("code", {}, named(`${result.document}@${result.version}`)))],
			[t("do.digest"), result.digest ? digest(result.digest) : null],
			[t("journal.index"), result.entry === undefined ? null
				: `${result.entry}`],
			[t("journal.time"), result.time ? time(result.time) : null]]),
		kept ? null : h("p", {}, h("a", { href:
		    `#/document/${result.document}?version=${result.version}` },
		t("do.look"))));
		announce(said);
		title.focus();
		this.onto = null;
		this.files = [];
		this.showFiles();
	}
}

export async function page(view, route) {
	const deposit = new Deposit(view, route);
	deposit.showTypes();
	const warn = (event) => {
		if (deposit.files.length)
			event.preventDefault();
	};
	addEventListener("beforeunload", warn);
	return () => {
		removeEventListener("beforeunload", warn);
		for (const one of [...deposit.files])
			deposit.remove(one);
	};
}
