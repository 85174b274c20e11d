/*
 * findings.js - a finding of a verdict: what it means, what it is about, what
 * to do, and the program's own sentence.
 */

import { h } from "./dom.js";
import { has, t } from "./lang.js";
import { badge, named, plain, remedy } from "./view.js";

/* A newer program may tell codes that have no message here. */
const meaning = (code) => has(`means.${code}`) ? t(`means.${code}`)
	: plain(code);

export function findingItem({ code, about, text }) {
	return h("li", {},
	    h("p", {}, h("strong", {}, meaning(code)),
	        about ? [" ", h("code", {}, named(about))] : null),
	    remedy(code) ? h("p", {}, badge(t("verify.remedy"), "wait"), " ",
	        remedy(code)) : null,
	    h("p", { class: "small" }, h("code", {}, plain(code)), " ",
	        h("bdi", { lang: "en" }, plain(text))));
}
