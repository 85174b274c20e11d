/*
 * api.js - what the pages ask their server, the desk or the register.
 *
 * The desk (valise desk, http on loopback) wants a header with the secret of
 * the session, which this tab keeps in sessionStorage.  The register (the
 * daemon, https) knows the person by the certificate of the connection.
 */

import { language, t } from "./lang.js";

const KEY = "valise-desk";
const ASK_MS = 400;
const LINE_CHARS = 4 * 1024 * 1024;

/* What GET /desk said; at the register only {desk: false}. */
export const server = { desk: globalThis.location?.protocol === "http:" };

let secret = null;
let channel = null;

/*
 * What went wrong, by its code.  detail is the server's sentence, exit the
 * command's exit status, status that of HTTP (0: there was no answer).
 */
export class Problem extends Error {
	constructor({ title, detail, code, exit, status }) {
		super(detail || title || code);
		this.name = "Problem";
		this.code = code || "SYSTEM";
		this.detail = detail || title || "";
		this.exit = exit || 7;
		this.status = status || 0;
		/* The programs' own sentences are English, and have a title. */
		this.isEnglish = Boolean(title);
	}
}

/* The text of a query.  A blank is %20: "+" is one in forms only. */
export function queryText(parameters) {
	return new URLSearchParams(parameters).toString().replaceAll("+", "%20");
}

export function endSession() {
	secret = null;
	sessionStorage.removeItem(KEY);
}

function sessionEnded() {
	endSession();
	return new Problem({ code: "SESSION_ENDED", exit: 3, status: 401,
		detail: t("error.session") });
}

function unreachable() {
	return new Problem({ code: "UNAVAILABLE", exit: 6,
		detail: server.desk ? t("error.no-desk") : t("error.no-register") });
}

async function problemOf(answer) {
	if (answer.status === 401 && server.desk)
		return sessionEnded();
	const told = await answer.json().catch(() => ({}));
	return new Problem({ title: answer.statusText, ...told,
		status: answer.status });
}

/* Ask; an answer that is not 2xx is thrown as a Problem. */
export async function request(path, { headers = {}, ...options } = {}) {
	const all = new Headers(headers);
	if (secret)
		all.set("Valise-Desk", secret);
	/* The dialogs outside the page are in its language. */
	if (server.desk)
		all.set("Valise-Language", language);
	let answer;
	try {
		answer = await fetch(path, { cache: "no-store", redirect: "error",
			...options, headers: all });
	} catch (error) {
		if (error.name === "AbortError")
			throw error;
		throw unreachable();
	}
	if (!answer.ok)
		throw await problemOf(answer);
	return answer;
}

/* The JSON at path.  options: signal. */
export async function getJSON(path, options) {
	return (await request(path, options)).json();
}

/* Call onLine with each line of text of an answer's body. */
export async function eachLine(answer, onLine) {
	const reader = answer.body.pipeThrough(new TextDecoderStream())
		.getReader();
	let rest = "";
	for (;;) {
		const { done, value } = await reader.read();
		if (done)
			break;
		const lines = (rest + value).split("\n");
		rest = lines.pop();
		if (rest.length > LINE_CHARS)
			throw new Problem({ code: "LIMIT", exit: 9,
				detail: t("error.line") });
		lines.forEach(onLine);
	}
	if (rest)
		onLine(rest);
}

/* Call onLine with each object of an answer in JSON lines. */
export async function getLines(path, onLine, signal) {
	await eachLine(await request(path, { signal }), (line) => {
		if (line.trim())
			onLine(JSON.parse(line));
	});
}

/*
 * The bytes at path.  onProgress is called with what is there and the whole,
 * null where that is not known.  Of more than limit nothing is kept.
 */
export async function getBytes(path, onProgress = () => {}, signal,
    limit = Infinity) {
	const answer = await request(path, { signal });
	const total = Number(answer.headers.get("Content-Length")) || null;
	const large = async (size) => {
		await reader.cancel();
		throw new Problem({ code: "COPY_LARGE", exit: 9,
			detail: t("error.copy-large", { size, limit }) });
	};
	const reader = answer.body.getReader();
	const parts = [];
	let done = 0;
	if (total > limit)
		await large(total);
	for (;;) {
		const part = await reader.read();
		if (part.done)
			break;
		parts.push(part.value);
		done += part.value.length;
		if (done > limit)
			await large(done);
		onProgress(done, total);
	}
	return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/*
 * Do an act: POST body as JSON.  onProgress is called with each line before
 * the last: {doing, done, total}, {note} or {waits}.  Returns the result.
 */
export async function act(path, body, onProgress = () => {}, signal) {
	let result;
	let failed;
	const answer = await request(path, { method: "POST", signal,
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify(body) });
	await eachLine(answer, (line) => {
		const told = line.trim() ? JSON.parse(line) : {};
		if (told.error)
			failed = new Problem(told.error);
		else if ("result" in told)
			result = told.result;
		else
			onProgress(told);
	});
	if (failed)
		throw failed;
	if (result === undefined)
		throw unreachable();
	return result;
}

/* POST body as JSON; the answer is one JSON object. */
export async function postJSON(path, body, signal) {
	const answer = await request(path, { method: "POST", signal,
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify(body) });
	return answer.json();
}

function send(path, file, onProgress, signal) {
	return new Promise((resolve, reject) => {
		const sent = new XMLHttpRequest();
		sent.open("POST", path);
		sent.responseType = "json";
		sent.setRequestHeader("Content-Type", "application/octet-stream");
		sent.setRequestHeader("Valise-Desk", secret ?? "");
		sent.upload.onprogress = (event) =>
		    onProgress(event.loaded, file.size);
		sent.onerror = () => reject(unreachable());
		sent.onabort = () =>
		    reject(new DOMException("stopped", "AbortError"));
		sent.onload = () => {
			if (sent.status >= 200 && sent.status < 300)
				resolve(sent.response);
			else if (sent.status === 401)
				reject(sessionEnded());
			else
				reject(new Problem({ ...sent.response,
					status: sent.status }));
		};
		signal?.addEventListener("abort", () => sent.abort());
		sent.send(file);
	});
}

/*
 * Hand a file to the desk: {upload, size, sha256}.  The desk is asked by
 * name and size first, so that it may refuse before the first byte; by what
 * the policy says of the document's type, if it is given.
 */
export async function upload(file, onProgress = () => {}, signal, type) {
	const told = { name: file.name, size: file.size,
		...(type ? { type } : {}) };
	await postJSON("/desk/uploads/check", told, signal);
	const query = queryText(told);
	return send(`/desk/uploads?${query}`, file, onProgress, signal);
}

/* Ask the desk's other tabs for the secret; null if none answers. */
function askTabs() {
	return new Promise((resolve) => {
		const end = setTimeout(() => resolve(null), ASK_MS);
		channel.addEventListener("message", (event) => {
			if (!event.data?.secret)
				return;
			clearTimeout(end);
			resolve(event.data.secret);
		});
		channel.postMessage("secret?");
	});
}

/* The token in the address, which is good once, for the session's secret. */
async function redeem(token) {
	const answer = await request("/desk/session", { method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ token }) });
	return (await answer.json()).secret;
}

async function findSecret() {
	const token = /^#token=([A-Za-z0-9_-]+)$/.exec(location.hash);
	if (token) {
		history.replaceState(null, "", "/#/documents");
		return redeem(token[1]);
	}
	return sessionStorage.getItem(KEY) ?? askTabs();
}

/* Find out what the server is, and open the session with a desk. */
export async function connect() {
	if (!server.desk)
		return;
	channel = new BroadcastChannel(KEY);
	secret = await findSecret();
	if (!secret)
		throw sessionEnded();
	sessionStorage.setItem(KEY, secret);
	channel.addEventListener("message", (event) => {
		if (event.data === "secret?" && secret)
			channel.postMessage({ secret });
	});
	Object.assign(server, await getJSON("/desk"));
}
