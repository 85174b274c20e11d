/*
 * about.js - what is known of one document: the answer of a desk or of the
 * register, in one form, and the sentences about it.
 *
 * {name, told, entries, size, root, witnessed, parties, proved}: told is
 * show.json or http-document.json, entries are {index, entry}, oldest first,
 * parties those of signatures by index.  proved says whether the desk has
 * proved all of it.  problem: why it is of the local copy, else null.
 */

import { getJSON, getLines, server } from "./api.js";
import { language, tn } from "./lang.js";
import { policyOf } from "./policies.js";
import { named, plain, statusWord, time } from "./view.js";

function path(name) {
	return name.split("/").map(encodeURIComponent).join("/");
}

/* Policies that are asked for to know the parties of signatures. */
const POLICIES = 4;

async function powers(hex) {
	return new Map((await policyOf(hex))["full-powers"].map((one) =>
	    [one.person, one.party]));
}

/*
 * For which party each signature is, by the index of its entry: the policy
 * that the entry names says so.  Where that is not known it has none.
 */
async function partiesOf(entries) {
	const signed = entries.filter(({ entry }) =>
	    entry.act === "sign" || entry.act === "terminate");
	const digests = [...new Set(signed.map(({ entry }) => entry.policy))];
	const known = new Map(await Promise.all(digests.slice(-POLICIES).map(
	    async (hex) => [hex, await powers(hex).catch(() => null)])));
	return new Map(signed.map(({ index, entry }) =>
	    [index, known.get(entry.policy)?.get(entry.person)]));
}

async function told(name, more, signal) {
	const query = new URLSearchParams(more);
	const shown = getJSON(`/v1/documents/${path(name)}${
	    more.local ? `?${query}` : ""}`, { signal });
	query.set("document", name);
	return Promise.all([shown,
		getJSON(`/desk/history?${query}`, { signal })]);
}

/* Without a line a desk tells what its local copy has. */
async function fromDesk(name, signal) {
	let problem = null;
	const [shown, history] = await told(name, {}, signal).catch((error) => {
		if (error.code !== "UNAVAILABLE")
			throw error;
		problem = error;
		return told(name, { local: "yes" }, signal);
	});
	return { name, told: shown, entries: history.entries,
		size: history.size ?? shown.size ?? shown["as-of"]?.size,
		root: history.root,
		witnessed: history.witnessed, problem,
		parties: problem ? new Map()
		    : await partiesOf(history.entries),
		proved: shown.proved === true };
}

async function fromRegister(name, signal) {
	const entries = [];
	let from = 0;
	let checkpoint = "";
	const told = await getJSON(`/v1/documents/${path(name)}`, { signal });
	while (from !== undefined) {
		const query = new URLSearchParams({ document: name, from });
		from = undefined;
		await getLines(`/v1/journal/entries?${query}`, (line) => {
			if (line.checkpoint === undefined) {
				entries.push({ index: line.index,
					entry: JSON.parse(line.entry) });
				return;
			}
			checkpoint = line.checkpoint;
			from = line.next;
		}, signal);
	}
	const [, size, root] = checkpoint.split("\n");
	return { name, told, entries, size: Number(size), root,
		problem: null, parties: new Map(), proved: false };
}

/* All that the server says about a document. */
export async function about(name, signal) {
	if (!server.desk)
		return fromRegister(name, signal);
	const known = await fromDesk(name, signal);
	/* Who is to sign a termination is told of that version alone. */
	if (termination(known))
		await versionOf(known, known.told["in-force"].version, signal);
	return known;
}

/* The first signature of a termination that is not complete, or undefined. */
function termination({ told }) {
	return told.versions.find((one) =>
	    one.version === told["in-force"]?.version)
		?.signatures.find((one) => one.act === "terminate");
}

/* What a termination that was begun waits for: a sentence for each party. */
function terminating(known) {
	const begun = termination(known);
	if (!begun)
		return [];
	const args = { date: time(begun.time), person: named(begun.person) };
	const missing = known.told.versions.find((one) =>
	    one.version === known.told["in-force"].version)["to-sign"] ?? [];
	return missing.length === 0 ? [" ", tn("status.told.terminating", args)]
		: missing.flatMap((one) => [" ", tn("status.told.terminating-party",
		    { ...args, party: plain(one.party), persons: one.persons,
			who: plain(one.who.join(", ")) })]);
}

/*
 * Version number with its titles, note and texts, which a desk tells of one
 * version at a time; null where there is none.
 */
export async function versionOf(known, number, signal) {
	const told = known.told.versions.find((one) => one.version === number);
	if (!told || told.texts || !server.desk)
		return told ?? null;
	const query = new URLSearchParams({ version: number,
		...known.problem ? { local: "yes" } : {} });
	const alone = await getJSON(
	    `/v1/documents/${path(known.name)}?${query}`, { signal });
	Object.assign(told, alone.versions[0]);
	return told;
}

/* The number of the newest version. */
export function newest(known) {
	return Math.max(...known.told.versions.map((one) => one.version));
}

/* The acts on the document; of a kind, of a version, if those are given. */
export function acts(known, kind, version) {
	return known.entries.filter(({ entry }) =>
	    (!kind || entry.act === kind) &&
	    (!version || entry.version === version));
}

/* When a version came into force; null: never, or that is not known. */
export function forceTime(known, number) {
	const force = acts(known, "force", number)[0];
	if (force)
		return force.entry.time;
	const signed = known.told.versions.find((one) =>
	    one.version === number)?.signatures ?? [];
	return signed.filter((one) => one.act === "sign").at(-1)?.time ?? null;
}

/*
 * The status of the whole document, with its date, and what a termination that
 * was begun waits for, as nodes.
 */
export function statusSentence(known) {
	return [status(known), terminating(known)];
}

function status(known) {
	const { told } = known;
	const last = told.versions.find((one) => one.version === newest(known));
	const end = last.signatures.at(-1)?.time ?? last.time;
	const force = told["in-force"];
	const args = { version: last.version, status: statusWord(last.status) };
	if (told.status === "terminated")
		return tn("status.told.terminated",
		    { date: time(acts(known, "force").at(-1)?.entry.time ?? end) });
	if (force && force.version === last.version)
		return tn("status.told.in-force", { version: force.version,
			date: time(forceTime(known, force.version)) });
	if (force)
		return tn("status.told.in-force-older", { old: force.version,
			date: time(forceTime(known, force.version)), ...args });
	if (last.status === "signed in part")
		return tn("status.told.signed-in-part",
		    { ...args, date: time(end) });
	if (last.status === "draft")
		return tn("status.told.draft", { ...args, date: time(last.time) });
	return tn("status.told.other", { ...args, date: time(end) });
}

/* The status of one version, with its date, as nodes. */
export function versionSentence(known, told) {
	const number = told.version;
	const args = { version: number };
	const date = (iso) => time(iso ?? told.time);
	const after = (kind) => acts(known, kind).find(({ entry }) =>
	    entry.version > number && entry.act === kind)?.entry.time;
	switch (told.status) {
	case "draft":
		return tn("status.told.draft", { ...args, date: date() });
	case "signed in part":
		return tn("status.told.signed-in-part", { ...args,
			date: date(told.signatures.at(-1)?.time) });
	case "in force":
		return tn("status.told.in-force", { ...args,
			date: date(forceTime(known, number)) });
	case "superseded":
		return tn("status.told.superseded", { ...args,
			date: date(after("force")) });
	case "withdrawn":
		return tn("status.told.withdrawn", { ...args,
			date: date(told.withdrawn?.time),
			newer: told.withdrawn?.version ?? "?",
			person: told.withdrawn?.person ?? "?" });
	default:
		return tn("status.told.other", { ...args,
			status: statusWord(told.status),
			date: date(told.signatures.at(-1)?.time) });
	}
}

/* Up to where all that is known, and how. */
export function asOfSentence(known) {
	const seen = known.told["as-of"]?.seen ?? known.told.seen;
	if (known.proved && seen)
		return tn("document.as-of", { size: known.size, date: time(seen) });
	return tn("document.as-of-word", { size: known.size || "?" });
}

/*
 * One act as a sentence.  old: the version that it ended, party: for whom it
 * was signed, if those are known.
 */
export function actSentence(entry, old, party) {
	const args = { version: entry.version, person: named(entry.person),
		office: named(entry.office), old, party, times: entry.times ?? 1 };
	switch (entry.act) {
	case "deposit":
		return old ? tn("act.deposit-withdraws", args)
		    : tn("act.deposit", args);
	case "sign":
		return party ? tn("act.sign-for", args) : tn("act.sign", args);
	case "terminate":
		return party ? tn("act.terminate-for", args)
		    : tn("act.terminate", args);
	case "force":
		return old === entry.version ? tn("act.force-terminates", args)
		    : old ? tn("act.force-supersedes", args)
		    : tn("act.force", args);
	case "deliver":
		return tn("act.deliver", args);
	case "deliveries":
		return tn("act.deliveries", args);
	case "refuse":
		return tn("act.refuse", { ...args, wanted: named(entry.wanted) });
	default:
		return tn("act.other", { act: named(entry.act) });
	}
}

/* What proves an act, as text: the entry, in which checkpoint. */
export function actProof(known, index) {
	return known.proved
	    ? tn("act.proved", { entry: index, size: known.size })
	    : tn("act.word", { entry: index });
}

/*
 * The title of a document or row in the person's language, else the one that
 * is told: {text, lang}.  lang is undefined where nobody says it.
 */
export function titleOf(told) {
	const titles = told.titles ?? {};
	if (titles[language])
		return { text: titles[language], lang: language };
	const text = told.title || told.document;
	const lang = Object.keys(titles).find((code) => titles[code] === text);
	return { text, lang };
}

/* The command that shows the same. */
export function commandFor(name, version) {
	return `valise show ${name}${version ? `@${version}` : ""}`;
}

let hasRegister = null;

/* Does the daemon serve a register?  Without a line nobody knows. */
async function askRegister() {
	try {
		hasRegister ??= (await getJSON("/desk/health")).register === true;
	} catch {
		return false;
	}
	return hasRegister;
}

/* The address of the same page at the register, or the command. */
export async function linkFor(name, version) {
	const route = `#/document/${name}${version ? `?version=${version}` : ""}`;
	if (!server.desk)
		return new URL(`/${route}`, location.origin).href;
	return await askRegister() ? new URL(`/${route}`, server.address).href
	    : commandFor(name, version);
}

