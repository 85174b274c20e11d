/*
 * enrol.js - a desk without configuration: drop the enrolment that the
 * depositary sent, and one's certificates and keys; compare the fingerprint
 * by telephone.
 */

import { postJSON, server, upload } from "../lib/api.js";
import { doing } from "../lib/acts.js";
import { fill, h } from "../lib/dom.js";
import { partOf, PARTS, partsLacking } from "../lib/parts.js";
import { dropPlace } from "../lib/drop.js";
import { ungrouped } from "../lib/groups.js";
import { t } from "../lib/lang.js";
import { announce, button, bytes, digest, heading, named, plain, problemBox,
	table, terms } from "../lib/view.js";

const partWord = (part) => t(`enrol.${part || "part-none"}`);

class Enrol {
	constructor(view, signal) {
		this.signal = signal;
		this.files = [];
		this.told = null;
		this.list = h("div");
		this.print = h("section", { hidden: true });
		this.lacking = h("div", { role: "status" });
		this.going = h("div");
		this.press = h("button", { class: "main", disabled: true },
		    t("enrol.press"));
		view.append(heading(t("enrol.title")), h("p", {}, t("enrol.told")),
		    server.cut ? h("p", { class: "waits" }, t("enrol.cut")) : "",
		    h("ul", {}, PARTS.map((part) => h("li", {}, partWord(part)))),
		    h("form", { on: { submit: (event) => {
			event.preventDefault();
			this.enrol();
		    } } }, dropPlace("e-files", t("enrol.drop"),
		        (files) => this.add(files), true),
		    this.list, this.lacking, this.print,
		    h("p", { class: "actions" }, this.press), this.going));
		this.ready();
	}

	add(files) {
		for (const file of files) {
			const one = { file, part: partOf(file.name), upload: null,
				state: h("div", { class: "small" }) };
			this.files = this.files.filter(({ part }) =>
			    !one.part || part !== one.part);
			this.files.push(one);
			this.send(one);
		}
		this.show();
	}

	async send(one) {
		fill(one.state, h("progress", { "aria-label": t("drop.sending") }));
		try {
			one.upload = (await upload(one.file, () => {}, this.signal))
				.upload;
			fill(one.state);
		} catch (problem) {
			if (problem.name !== "AbortError")
				fill(one.state, problemBox(problem));
		}
		await this.changed();
	}

	row(one, i) {
		return { cells: [[named(one.file.name), one.state],
			bytes(one.file.size),
			h("select", { id: `e-part-${i}`, "aria-label": t("enrol.part-of",
			    { name: plain(one.file.name) }), on: { change: (event) => {
				one.part = event.target.value;
				this.changed();
			} } }, ["", ...PARTS].map((part) => h("option", { value: part,
			    selected: part === one.part }, partWord(part)))),
			button(t("deposit.remove"), () => {
				this.files = this.files.filter((other) => other !== one);
				this.show();
				this.changed();
				document.getElementById("e-files").focus();
			}, { "aria-label": t("deposit.remove-of",
			    { name: plain(one.file.name) }) })] };
	}

	show() {
		fill(this.list, this.files.length === 0 ? null
			: table(t("deposit.files"), [
				{ id: "name", label: t("verify.file") },
				{ id: "size", label: t("deposit.size") },
				{ id: "role", label: t("deposit.role") },
				{ id: "remove", label: t("deposit.remove") }],
			this.files.map((one, i) => this.row(one, i))));
	}

	/* The enrolment's upload, or of another part. */
	uploads() {
		return Object.fromEntries(this.files.filter((one) =>
		    one.part && one.upload).map((one) => [one.part, one.upload]));
	}

	/* What the enrolment says, and its fingerprint, once for each file. */
	async changed() {
		const { enrolment } = this.uploads();
		if (enrolment !== this.told?.enrolment) {
			this.told = null;
			this.print.hidden = true;
		}
		if (enrolment && !this.told) {
			try {
				const told = await postJSON("/desk/enrol/check",
				    { enrolment }, this.signal);
				this.told = { ...told, enrolment,
					fingerprint: ungrouped(told.fingerprint) };
				this.compare();
			} catch (problem) {
				if (problem.name !== "AbortError")
					fill(this.going, problemBox(problem));
			}
		}
		this.ready();
	}

	compare() {
		this.typed = h("input", { id: "e-typed", autocomplete: "off",
			spellcheck: "false", maxlength: 100, on: {
				input: () => this.ready() } });
		this.print.hidden = false;
		fill(this.going);
		fill(this.print, h("h2", {}, t("enrol.compare")),
		    h("p", {}, t("enrol.compare-told")),
		    terms([[t("enrol.origin"), named(this.told.origin)],
		        [t("health.address"), named(this.told.address)],
		        [t("enrol.fingerprint"), digest(this.told.fingerprint)]]),
		    h("p", {}, h("label", { for: "e-typed" }, t("enrol.typed")),
		        this.typed));
		announce(t("enrol.compare"));
	}

	/* The person has typed how it begins, as it was read out. */
	compared() {
		const typed = ungrouped(this.typed?.value ?? "");
		return this.told !== null && typed.length >= 8 &&
			this.told.fingerprint.startsWith(typed);
	}

	ready() {
		const lacking = partsLacking(this.uploads());
		fill(this.lacking, lacking.length === 0 ? null
			: [h("p", {}, t("enrol.lacks")), h("ul", {}, lacking.map((part) =>
			    h("li", {}, partWord(part))))]);
		this.press.disabled = lacking.length > 0 || !this.compared();
	}

	async enrol() {
		const result = await doing(this.going, "/desk/enrol",
		    { ...this.uploads(), fingerprint: this.told.fingerprint },
		    this.signal);
		if (!result)
			return;
		fill(this.going, h("p", { class: "done" }, t("enrol.done")),
		    result.resumed ? h("p", {}, t("enrol.resumed")) : null,
		    result.unused ? [h("p", {}, t("enrol.unused")),
			h("ul", {}, result.unused.map((path) => h("li", {},
			    h("code", {}, named(path)))))] : null,
		    h("p", {}, h("a", { href: "/" }, t("enrol.go-on"))));
		announce(t("enrol.done"));
	}
}

export async function page(view, route) {
	new Enrol(view, route.signal);
}
