/*
 * health.js - how the office stands and, for the depositary's office, the
 * daemon: what ends when, size and growth, how fast it answers, witnesses,
 * the reserve on the disk, and what each office has seen.
 */

import { getJSON, request, server } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { checkpoint, newest } from "../lib/entries.js";
import { t, tn } from "../lib/lang.js";
import { samples, stepsOf, valueOf, within } from "../lib/metrics.js";
import { timeline } from "../lib/timeline.js";
import { badge, bytes, digest, heading, named, plain, problemBox, table,
	terms, time } from "../lib/view.js";

const SHARES = [0.5, 0.9, 0.99];
const GROWTH_DAYS = 7;
const DAY_MS = 24 * 3600 * 1000;
/* What the daemon's ends are called soon before, in days. */
const CERTIFICATE_SOON = 30;
const CRL_SOON = 7;
const STATES = { "good": "good", "ends soon": "wait", "ended": "bad",
	"not yet": "wait", "unknown": "quiet", "unreadable": "bad" };
const KINDS = ["connect", "sign", "encrypt", "ca", "crl", "full-powers"];

const slug = (word) => word.replaceAll(" ", "-");
const base = (path) => path.split("/").at(-1);
const stateBadge = (state) => Object.hasOwn(STATES, state)
	? badge(t(`ends.state.${slug(state)}`), STATES[state])
	: named(state);
const kindWord = (kind) => KINDS.includes(kind) ? t(`ends.${kind}`)
	: plain(kind);

const section = (title, ...what) =>
    h("section", {}, h("h2", {}, title), what);

/* The ends of one's own certificates, and of the daemon's. */
function endsOf(status, metrics) {
	const own = (status?.ends ?? []).map((one) => ({ ...one,
		label: t("ends.of", { kind: kindWord(one.kind),
			name: plain(base(one.name)) }),
		soon: one.state !== "good" }));
	const told = (name, label, days) => {
		const seconds = valueOf(metrics, name);
		if (!seconds)
			return [];
		const soon = seconds * 1000 < Date.now() + days * DAY_MS;
		return [{ label, name: label, kind: "", soon,
			until: new Date(seconds * 1000).toISOString(),
			state: seconds * 1000 < Date.now() ? "ended"
				: soon ? "ends soon" : "good" }];
	};
	return [...own,
		...told("valise_certificate_ends_seconds",
		    t("health.first-certificate"), CERTIFICATE_SOON),
		...told("valise_crl_ends_seconds", t("health.first-crl"), CRL_SOON)];
}

function endsBox(list) {
	return list.length === 0 ? null
		: section(t("health.ends"), timeline(list, stateBadge));
}

/* A bucket's bound, in milliseconds. */
function speed(seconds) {
	if (seconds === null)
		return "–";
	return seconds === Infinity ? t("health.slower")
		: t("health.within", { ms: `${seconds * 1000}` });
}

function latency(metrics) {
	const columns = [{ id: "what", label: t("health.what") },
		...SHARES.map((share) => ({ id: `p${share * 100}`,
			label: t("health.share", { percent: share * 100 }) }))];
	const row = (label, name, step) => ({ cells: [label,
		...SHARES.map((share) => speed(within(metrics, name, share, step)))] });
	const rows = [row(t("health.requests"), "valise_request_seconds"),
		...stepsOf(metrics, "valise_commit_seconds").map((step) =>
		    row(tn("health.step", { step: plain(step) }),
		        "valise_commit_seconds", step))];
	return section(t("health.latency"), table(t("health.latency-told"),
	    columns, rows));
}

/* Entries of the last days, among the newest that are asked for. */
async function growth(point, signal) {
	const { entries, from } = await newest({}, point.size, signal);
	const after = new Date(Date.now() - GROWTH_DAYS * DAY_MS).toISOString();
	const recent = entries.filter(({ entry }) => entry.time > after).length;
	return recent === entries.length && from > 0
		? t("health.growth-more", { number: recent, days: GROWTH_DAYS })
		: t("health.growth", { number: recent, days: GROWTH_DAYS });
}

async function sizeBox(point, health, metrics, signal) {
	const disk = health.disk ?? {};
	const whole = valueOf(metrics, "valise_disk_size_bytes");
	const short = disk.reserve < disk["reserve-wanted"];
	return section(t("health.size"), terms([
		[t("journal.size"), `${point.size}`],
		[t("health.grows"), await growth(point, signal)],
		[t("health.free"), disk.free === undefined ? null
			: whole ? t("health.free-of", { free: bytes(disk.free),
				whole: bytes(whole) }) : bytes(disk.free)],
		[t("health.reserve"), disk.reserve === undefined ? null
			: [t("health.reserve-of", { reserve: bytes(disk.reserve),
				wanted: bytes(disk["reserve-wanted"]) }), " ",
			short ? badge(t("health.reserve-short"), "bad")
				: badge(t("health.reserve-whole"), "good")]]]));
}

function witnessBox(point, health, metrics) {
	const last = valueOf(metrics, "valise_last_cosignature_seconds");
	const list = point.witnesses ?? [];
	return section(t("journal.witnesses"), terms([
		[t("health.witnessed"), health.witnessed === undefined ? null
			: t("health.witnessed-of", { number: health.witnessed,
				size: health.size })],
		[t("health.last-cosignature"), last
			? time(new Date(last * 1000).toISOString())
			: t("health.never")],
		[t("health.checked"), health.checked
			? tn("health.checked-at", { time: time(health.checked.time),
				findings: health.checked.findings })
			: t("health.never")]]),
	list.length ? h("ul", {}, list.map((one) => h("li", {},
	    tn("journal.cosigned", { name: plain(one.name),
	        time: time(one.time) })))) : null);
}

function officeBox(health) {
	const columns = [{ id: "office", label: t("register.column.office") },
		{ id: "person", label: t("journal.person") },
		{ id: "seen", label: t("health.last-seen") },
		{ id: "newest", label: t("health.policy") },
		{ id: "spool", label: t("health.not-deposited") }];
	const spool = new Map((health.disk?.offices ?? []).map((one) =>
	    [one.office, one.bytes]));
	return section(t("health.offices"), table(t("health.offices-told"),
	    columns, health.accepted.map((one) => ({ cells: [named(one.office),
	        one.person ? named(one.person) : "–",
	        one.seen ? time(one.seen) : t("health.never"),
	        one.newest ? badge(t("health.newest"), "good")
	            : badge(one.policy ? t("health.older") : t("health.none"),
	                "wait"),
	        bytes(spool.get(one.office) ?? 0)] }))));
}

const STATUSES = { ok: ["health.ok", "good"],
	warning: ["health.warning", "wait"] };

function stateBox(health) {
	const [id, kind] = STATUSES[health.status] ?? ["health.failing", "bad"];
	return section(t("health.daemon"), h("p", {}, badge(t(id), kind), " ",
	    health.reason ? named(health.reason) : null),
	(health.warnings ?? []).length ? h("ul", {}, health.warnings.map(
	    (one) => h("li", { lang: "en" }, named(one)))) : null);
}

/* How this office stands, by the desk's own look. */
function ownBox(status) {
	if (!status)
		return null;
	const reach = status.daemon.reachable;
	return section(t("health.office"), terms([
		[t("register.column.office"), status.office ? named(status.office)
			: named(status.who)],
		[t("health.address"), [named(status.daemon.address), " ",
			reach === true ? badge(t("health.reachable"), "good")
				: badge(t("health.unreachable"), "bad"), " ",
			status.daemon.detail ? named(status.daemon.detail) : null]],
		[t("nav.policy"), status.policy.waiting
			? h("a", { href: "#/policy" }, t("policy.newer"))
			: t("policy.same")],
		[t("health.seen"), status.checkpoint
			? tn("health.seen-at", { size: status.checkpoint.size,
				time: time(status.checkpoint.seen) }) : null],
		[t("journal.root"), status.checkpoint
			? digest(status.checkpoint.root) : null],
		[t("health.outbox"), status.outbox.length
			? h("ul", {}, status.outbox.map((one) => h("li", {},
			    named(`${one.kind} ${one.document}@${one.version}`), " ",
			    time(one.made)))) : t("health.outbox-empty")]]));
}

/* {health, metrics}: what the daemon says of itself, and its figures. */
async function daemon(signal) {
	if (server.desk) {
		const told = await getJSON("/desk/health", { signal });
		return { health: told.health, metrics: samples(told.metrics ?? "") };
	}
	const health = await getJSON("/health", { signal });
	if (health.size === undefined)
		return { health, metrics: [] };
	const answer = await request("/metrics", { signal });
	return { health, metrics: samples(await answer.text()) };
}

export async function page(view, route) {
	const { signal } = route;
	view.append(heading(t("health.title")));
	const [told, status] = await Promise.all([
		daemon(signal).catch((problem) => ({ problem })),
		server.desk ? getJSON("/desk/status", { signal }) : null]);
	if (told.problem) {
		view.append(problemBox(told.problem));
		if (status)
			view.append(ownBox(status), endsBox(endsOf(status, [])) ?? "");
		return;
	}
	const { health, metrics } = told;
	view.append(stateBox(health), endsBox(endsOf(status, metrics)) ?? "",
	    ownBox(status) ?? "");
	if (health.size === undefined) {
		view.append(h("p", {}, t("health.depositary-only")));
		return;
	}
	const point = await checkpoint(signal);
	view.append(await sizeBox(point, health, metrics, signal),
	    witnessBox(point, health, metrics), latency(metrics),
	    officeBox(health));
}
