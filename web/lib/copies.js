/*
 * copies.js - copies of versions that the person opened in this tab, kept
 * until the tab is closed, and never fetched before the person asks: to
 * fetch one is an entry of the journal.
 */

import { act, getBytes, postJSON, Problem, request, server } from "./api.js";
import { t } from "./lang.js";
import { content, LIMIT, members } from "./zip.js";

/* All copies of a tab together, in bytes: the oldest go first. */
const KEPT_BYTES = 3 * LIMIT;

const kept = new Map();

const key = (name, version) => `${name}@${version}`;

/* The copy that was opened in this tab, or null. */
export function opened(name, version) {
	return kept.get(key(name, version)) ?? null;
}

function keep(copy) {
	kept.set(key(copy.name, copy.version), copy);
	let size = 0;
	for (const one of kept.values())
		size += one.bytes.length;
	for (const [name, one] of kept) {
		if (size <= KEPT_BYTES || one === copy)
			break;
		size -= one.bytes.length;
		kept.delete(name);
	}
	return copy;
}

function tooLarge(size) {
	return new Problem({ code: "COPY_LARGE", exit: 9,
		detail: t("error.copy-large", { size, limit: LIMIT }) });
}

function versionPath(name, version) {
	const path = name.split("/").map(encodeURIComponent).join("/");
	return `/v1/documents/${path}/versions/${version}`;
}

async function fromDesk(name, version, onProgress, signal) {
	const fetch = (local) => act("/desk/fetch", { document: name, version,
		local }, (line) => {
		if (line.doing)
			onProgress(line.done, line.total);
	}, signal);
	/* Without a line there is the local copy, if it has that version. */
	const verdict = await fetch(false).catch((problem) => {
		if (problem.code !== "UNAVAILABLE")
			throw problem;
		return fetch(true).catch(() => {
			throw problem;
		});
	});
	const path = `/desk/copies/${encodeURIComponent(verdict.copy)}`;
	try {
		return { verdict, bytes: await getBytes(path, onProgress, signal,
			LIMIT) };
	} catch (problem) {
		/* It can be saved: the desk has it, and verified it. */
		if (problem.code === "COPY_LARGE")
			problem.verdict = verdict;
		throw problem;
	}
}

/*
 * The address, which works once, at which the desk has a file that a command
 * made for the page.  The browser saves what is there as it comes, so that no
 * memory grows with it.
 */
export async function deskAddress(copy) {
	const told = await postJSON(
	    `/desk/copies/${encodeURIComponent(copy)}/once`, { whole: true });
	return told.address;
}

/* A HEAD is no delivery, so a copy that is too large is not recorded. */
async function fromRegister(name, version, onProgress, signal) {
	const path = versionPath(name, version);
	const head = await request(path, { method: "HEAD", signal });
	const size = Number(head.headers.get("Content-Length"));
	if (size > LIMIT)
		throw tooLarge(size);
	return { verdict: null, bytes: await getBytes(path, onProgress, signal,
		LIMIT) };
}

/* The address from which the browser downloads a copy, at the register. */
export function downloadPath(name, version) {
	return versionPath(name, version);
}

/*
 * Fetch a version, take it apart and keep it: {name, version, verdict, bytes,
 * files}.  verdict is the desk's, null at the register; files are the names
 * of its members.  The problem COPY_LARGE has the desk's verdict, with the id
 * of the copy, which deskAddress() takes.  onProgress is called with bytes done and in all.
 */
export async function open(name, version, onProgress = () => {}, signal) {
	const fetched = server.desk
	    ? await fromDesk(name, version, onProgress, signal)
	    : await fromRegister(name, version, onProgress, signal);
	let parts;
	try {
		parts = members(fetched.bytes);
	} catch (error) {
		throw new Problem({ code: "MALFORMED", exit: 8,
			detail: t("error.copy-broken", { why: error.message }) });
	}
	return keep({ name, version, ...fetched, parts,
		files: parts.map((one) => one.name) });
}

/* The bytes of one file of a copy. */
export function member(copy, name) {
	return content(copy.bytes, copy.parts.find((one) => one.name === name));
}
