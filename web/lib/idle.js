/*
 * idle.js - a desk that nobody uses ends; this says so two minutes before.
 *
 * To ask GET /desk is no use of it, so a tab that only waits keeps no desk
 * open; the button is.
 */

import { getJSON, server } from "./api.js";
import { fill, h } from "./dom.js";
import { t, tn } from "./lang.js";
import { announce, button, time } from "./view.js";

const BEFORE_MS = 2 * 60 * 1000;
const LONGEST_MS = 24 * 60 * 60 * 1000;

let timer = null;

function show(place) {
	const stay = button(t("idle.stay"), async () => {
		await getJSON("/desk/status").catch(() => null);
		fill(place);
		look(place);
	});
	fill(place, h("div", { class: "problem" },
	    h("p", {}, tn("idle.ends", { date: time(server.ends) })),
	    h("p", {}, stay)));
	announce(t("idle.soon"));
}

/* Ask when it ends, and wait until two minutes before. */
async function look(place) {
	try {
		Object.assign(server, await getJSON("/desk"));
	} catch {
		fill(place, h("p", { role: "alert" }, t("error.no-desk")));
		return;
	}
	plan(place, true);
}

function plan(place, asked) {
	const left = Date.parse(server.ends) - BEFORE_MS - Date.now();
	clearTimeout(timer);
	if (Number.isNaN(left))
		return;
	if (left <= 0 && asked)
		show(place);
	timer = setTimeout(look, left > 0 ? Math.min(left, LONGEST_MS)
	    : BEFORE_MS / 4, place);
}

/* Watch for the end of the desk; what there is to say is put into place. */
export function watchEnd(place) {
	if (server.ends)
		plan(place, false);
}
