/*
 * app.js - the frame around the pages: the session, the language, the
 * navigation, and the route in the fragment, #/NAME/PART/PART?QUERY.
 *
 * A page module exports page(view, route).  It fills view, and may return a
 * function that is called when it is left, or {leave, update}: update(route)
 * is called instead of page() when only the query has changed.
 */

import { connect, endSession, request, server } from "./lib/api.js";
import { h, fill } from "./lib/dom.js";
import { watchEnd } from "./lib/idle.js";
import { language, languages, speak, t, tn } from "./lib/lang.js";
import { heading, named, problemBox } from "./lib/view.js";

const PAGES = {
	documents: () => import("./pages/documents.js"),
	document: () => import("./pages/document.js"),
	evidence: () => import("./pages/evidence.js"),
	journal: () => import("./pages/journal.js"),
	policy: () => import("./pages/policy.js"),
	health: () => import("./pages/health.js"),
	verify: () => import("./pages/verify.js"),
	deposit: () => import("./pages/deposit.js"),
	sign: () => import("./pages/sign.js"),
	bags: () => import("./pages/bags.js"),
	enrol: () => import("./pages/enrol.js"),
};

/* Those that need the desk. */
const DESK = ["verify", "deposit", "sign", "bags", "enrol"];

const main = document.getElementById("main");
let now = { path: null, leave: null, update: null, stop: null };

/* The route that a fragment names; signal is aborted when it is left. */
function routeOf(fragment, signal) {
	const [path, query = ""] = fragment.replace(/^#\//, "").split("?", 2);
	const parts = path.split("/").map((part) => {
		try {
			return decodeURIComponent(part);
		} catch {
			return "";
		}
	});
	return { path, name: parts[0], parts: parts.slice(1),
		query: new URLSearchParams(query), signal };
}

function links() {
	const all = [["documents", t("nav.documents")],
		["journal", t("nav.journal")], ["policy", t("nav.policy")],
		["verify", t("nav.verify")], ["deposit", t("nav.deposit")],
		["sign", t("nav.sign")], ["bags", t("nav.bags")],
		["health", t("nav.health")]];
	if (server.desk && server.enrolled === false)
		return [["verify", t("nav.verify")], ["enrol", t("nav.enrol")]];
	return all.filter(([name]) => server.desk || !DESK.includes(name));
}

function paintNav() {
	const current = now.path?.split("/")[0];
	fill(document.getElementById("nav"), h("ul", {}, links().map(
	    ([name, label]) => h("li", {}, h("a", { href: `#/${name}`,
	        "aria-current": name === current ? "page" : null }, label)))));
}

/* End the desk, for who has no terminal to press Ctrl-C in. */
async function closeDesk() {
	try {
		await request("/desk/end", { method: "POST" });
	} catch (problem) {
		showProblem(main, problem);
		return;
	}
	now.stop?.abort();
	now.leave?.();
	now = { path: null };
	endSession();
	for (const id of ["nav", "who", "close", "ends"])
		document.getElementById(id).replaceChildren();
	fill(main, heading(t("app.closed")), h("p", {}, t("app.closed-told")));
	main.querySelector("h1").focus();
}

/* All that stands around the pages, in the language of now. */
function paintFrame() {
	for (const element of document.querySelectorAll("[data-t]"))
		element.textContent = t(element.dataset.t);
	for (const element of document.querySelectorAll("[data-t-label]"))
		element.setAttribute("aria-label", t(element.dataset.tLabel));
	fill(document.getElementById("language"),
	    Object.entries(languages).map(([code, name]) => h("option",
	        { value: code, lang: code, selected: code === language }, name)));
	fill(document.getElementById("who"), server.person
	    ? tn("app.who", { person: server.person, office: server.office })
	    : null);
	fill(document.getElementById("close"), server.desk ? h("button",
	    { type: "button", on: { click: closeDesk } }, t("app.close")) : null);
	fill(document.getElementById("notice"), server.desk ? null
	    : h("p", {}, t("app.register"), " ",
	        h("code", {}, "valise verify FILE")));
	paintNav();
}

function showProblem(view, problem) {
	if (problem.name === "AbortError")
		return;
	view.querySelector(".loading")?.remove();
	if (!view.querySelector("h1"))
		view.prepend(heading(t("problem.title")));
	view.append(problemBox(problem));
}

async function load(view, route) {
	const open = Object.hasOwn(PAGES, route.name) &&
		(server.desk || !DESK.includes(route.name))
		? PAGES[route.name] : null;
	if (!open) {
		fill(view, heading(t("problem.no-page")),
		    h("p", {}, tn("problem.no-page-told",
		        { name: named(route.path) })));
		return null;
	}
	return (await open()).page(view, route);
}

/* Show the route in the fragment.  Again: though it has not changed. */
async function navigate(again = false) {
	if (location.hash && !location.hash.startsWith("#/"))
		return;
	const stop = new AbortController();
	const home = server.enrolled === false ? "#/enrol" : "#/documents";
	const route = routeOf(location.hash || home, stop.signal);
	if (!again && route.path === now.path && now.update) {
		route.signal = now.stop.signal;
		await now.update(route);
		return;
	}
	now.stop?.abort();
	now.leave?.();
	const first = now.path === null;
	const view = h("div", { class: `page ${route.name}` });
	const mine = now = { path: route.path, stop };
	fill(main, view);
	main.setAttribute("aria-busy", "true");
	window.scrollTo(0, 0);
	paintNav();
	let left = null;
	try {
		left = await load(view, route);
	} catch (problem) {
		showProblem(view, problem);
	}
	const leave = typeof left === "function" ? left : left?.leave;
	if (now !== mine) {
		leave?.();
		return;
	}
	mine.leave = leave;
	mine.update = left?.update;
	main.setAttribute("aria-busy", "false");
	if (!first && !again)
		(view.querySelector("h1") ?? main).focus();
}

function listen() {
	addEventListener("hashchange", () => navigate());
	document.getElementById("skip").addEventListener("click", (event) => {
		event.preventDefault();
		(main.querySelector("h1") ?? main).focus();
	});
	document.getElementById("language").addEventListener("change",
	    async (event) => {
		await speak(event.target.value);
		paintFrame();
		await navigate(true);
	});
}

/* A desk that is opened again in a tab that is there: begin anew. */
function listenForToken() {
	addEventListener("hashchange", () => {
		if (location.hash.startsWith("#token="))
			location.reload();
	});
}

async function start() {
	listenForToken();
	await speak();
	try {
		await connect();
	} catch (problem) {
		paintFrame();
		document.getElementById("nav").replaceChildren();
		fill(main, heading(t("app.closed")), problemBox(problem));
		return;
	}
	/* Without a configuration there is nothing else to show. */
	if (server.enrolled === false && !/^#\/(verify|enrol)/.test(location.hash))
		history.replaceState(null, "", "/#/enrol");
	paintFrame();
	listen();
	watchEnd(document.getElementById("ends"));
	await navigate();
}

start();
