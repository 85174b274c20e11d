/*
 * events.js - what the journal gets, as it comes, over one stream for all
 * tabs of a browser.
 *
 * Only tabs that are visible ask for the lock; the one that holds it reads
 * the stream and tells the others over a channel.  A tab that is hidden
 * gives the lock up, so nobody reads while none is visible.  A tab that is
 * seen again is told to look for what it missed: onGap().
 */

import { eachLine, request, server } from "./api.js";

const NAME = "valise-events";
/* Before another try after a cut. */
const AGAIN_MS = 3000;

const watchers = new Set();
let channel = null;
let holding = null;
let next = null;

function tell(event) {
	if (next === null || event.index >= next)
		next = event.index + 1;
	for (const { onEntry } of watchers)
		onEntry(event);
}

/*
 * A line of the desk's JSON lines (its result is watch.json: the entry's
 * members and its index), or of the register's event stream.
 */
function read(line, state) {
	if (server.desk) {
		const told = line.trim() ? JSON.parse(line) : {};
		const { index, ...entry } = told.result ?? {};
		return Number.isInteger(index) && entry.act ? { index, entry } : null;
	}
	if (line.startsWith("id:"))
		state.index = Number(line.slice(3));
	if (!line.startsWith("data:"))
		return null;
	try {
		return { index: state.index, entry: JSON.parse(line.slice(5)) };
	} catch {
		return null;
	}
}

async function stream(signal) {
	const query = next === null ? "" : `?from=${next}`;
	const state = { index: 0 };
	const answer = await request(`/v1/events${query}`, { signal });

	await eachLine(answer, (line) => {
		const event = read(line, state);
		if (!event?.entry)
			return;
		tell(event);
		channel.postMessage(event);
	});
}

const pause = (signal) => new Promise((resolve) => {
	const end = setTimeout(resolve, AGAIN_MS);
	signal.addEventListener("abort", () => {
		clearTimeout(end);
		resolve();
	});
});

/* Wait for the lock, then read until the tab is hidden or nobody watches. */
async function hold() {
	const mine = holding = new AbortController();
	try {
		await navigator.locks.request(NAME, { signal: mine.signal },
		    async () => {
			while (!mine.signal.aborted) {
				await stream(mine.signal).catch(() => {});
				if (!mine.signal.aborted)
					await pause(mine.signal);
			}
		});
	} catch (error) {
		if (error.name !== "AbortError")
			throw error;
	}
}

function release() {
	holding?.abort();
	holding = null;
}

function seen() {
	if (document.visibilityState === "hidden") {
		release();
		return;
	}
	if (watchers.size && !holding) {
		hold();
		for (const { onGap } of watchers)
			onGap?.();
	}
}

/*
 * Call onEntry({index, entry}) for each entry that comes, perhaps twice for
 * one.  from: the first index that is wanted; onGap: called when some may
 * have been missed.  Returns a function that ends it.
 */
export function watch(onEntry, { from = null, onGap = null } = {}) {
	const watcher = { onEntry, onGap };
	if (!channel) {
		channel = new BroadcastChannel(NAME);
		channel.addEventListener("message", ({ data }) => tell(data));
		document.addEventListener("visibilitychange", seen);
		addEventListener("pagehide", release);
		addEventListener("pageshow", seen);
	}
	if (from !== null && (next === null || from < next))
		next = from;
	watchers.add(watcher);
	if (document.visibilityState !== "hidden" && !holding)
		hold();
	return () => {
		watchers.delete(watcher);
		if (watchers.size === 0)
			release();
	};
}

/*
 * Of calls that come while an earlier one is at work, one more is made when
 * it has ended: what is shown last is the newest.
 */
export function oneAtATime(work) {
	let running = false;
	let again = false;
	return async () => {
		again = true;
		if (running)
			return;
		running = true;
		try {
			while (again) {
				again = false;
				await work();
			}
		} finally {
			running = false;
		}
	};
}
