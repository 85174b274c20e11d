/*
 * evidence.js - the evidence sheet of one version, to be printed on A4: its
 * digests, signers and certificates, every act with time and proof, who has
 * received it, and its status as of a checkpoint.
 */

import { about, actProof, acts, actSentence, asOfSentence, newest,
	titleOf, versionOf, versionSentence } from "../lib/about.js";
import { server } from "../lib/api.js";
import { member, open, opened } from "../lib/copies.js";
import { signerOf } from "../lib/der.js";
import { fill, h, svg } from "../lib/dom.js";
import { language, languageName, t, tn } from "../lib/lang.js";
import { ended } from "../lib/lifeline.js";
import { matrix, path } from "../lib/qr.js";
import { bytes, button, digest, heading, named, problemBox, proofBadge,
	statusBadge, table, terms, time } from "../lib/view.js";

/* Document, version and digest, as a picture that a telephone reads. */
function code(known, told) {
	const text = `${known.name}@${told.version} ${told.digest}`;
	/* A server that lies may send a digest of any length. */
	if (!isHex(told.digest) || known.name.length > 129)
		return null;
	const rows = matrix(text);
	const size = rows.length + 8;
	return h("figure", {}, svg("svg", { class: "qr", role: "img",
		viewBox: `0 0 ${size} ${size}`, "aria-label":
		t("evidence.code", { text }) }, svg("path", { d: path(rows) })),
	h("figcaption", { class: "small" }, t("evidence.code-told")));
}

function files(told) {
	const all = [...told.texts ?? [], ...told.annexes ?? []];
	if (!all.length)
		return h("p", {}, t("evidence.no-files"));
	return table(t("evidence.files-told"), [
		{ id: "file", label: t("evidence.file") },
		{ id: "language", label: t("evidence.language") },
		{ id: "size", label: t("evidence.size") },
		{ id: "digest", label: "SHA-256" }],
	all.map((one) => ({ cells: [named(one.file), one.language
	    ? [languageName(one.language), one.authentic
	        ? [" ", t("text.authentic")] : null] : t("diff.annex"),
	bytes(one.size), digest(one.sha256)] })));
}

const STATE = {
	good: () => t("certificate.good"),
	untrusted: () => t("certificate.untrusted"),
	expired: () => t("certificate.expired"),
	revoked: () => t("certificate.revoked"),
	unknown: () => t("certificate.unknown"),
};

const COMMITMENT = {
	"proof of approval": () => t("commitment.approval"),
	"proof of origin": () => t("commitment.origin"),
	"proof of receipt": () => t("commitment.receipt"),
};

function certificateTerms(certificate) {
	if (!certificate)
		return h("p", { class: "small" }, t("evidence.no-certificate"));
	return terms([[t("evidence.certificate"), named(certificate.subject)],
		[t("evidence.issuer"), named(certificate.issuer)],
		[t("evidence.serial"), digest(certificate.serial)],
		[t("evidence.valid"), tn("evidence.valid-told",
		    { from: time(certificate.from), until: time(certificate.until) })],
		[t("evidence.fingerprint"), digest(certificate.sha256)]]);
}

async function signer(copy, one) {
	const certificate = await signerOf(await member(copy, one.file));
	return h("section", { class: "signer" }, h("h3", {}, named(one.person)),
	    h("div", { class: "beside" }, terms([
	    [t("evidence.as"), COMMITMENT[one.commitment]?.() ??
	        one.commitment],
	    [t("register.column.office"), one.office ? named(one.office) : null],
	    [t("register.party"), one.party ? named(one.party) : null],
	    [t("evidence.powers"), one["full-powers"]
	        ? t("evidence.powers-yes") : null],
	    [t("evidence.signed-at"), one["signed-at"]
	        ? time(one["signed-at"]) : null],
	    [t("evidence.then"), STATE[one.then]?.() ?? one.then],
	    [t("evidence.now"), STATE[one.now]?.() ?? one.now],
	    [t("evidence.intact"), one.intact ? t("evidence.yes")
	        : t("evidence.no")]]),
	    certificateTerms(certificate)));
}

/* Signers by the acts alone, and the button that opens the copy. */
function unopened(place, known, told, signal) {
	const press = async (event) => {
		event.target.disabled = true;
		try {
			await signers(place, known, told, signal,
			    await open(known.name, told.version, () => {}, signal));
			place.parentNode.querySelector("h2").focus();
		} catch (problem) {
			if (problem.name === "AbortError")
				return;
			event.target.disabled = false;
			place.append(problemBox(problem));
		}
	};
	fill(place, told.signatures.length ? h("ul", {},
	    told.signatures.map((one) => h("li", {}, tn("view.person",
	        { person: one.person, office: one.office }), ", ",
	    time(one.time)))) : h("p", {}, t("document.nobody")),
	h("div", { class: "noprint" }, h("p", {}, t("evidence.open")),
	    h("p", {}, t("document.recorded")),
	    button(t("document.open", { version: told.version }), press)));
}

/* At the register nobody judges: only what the signatures carry is shown. */
async function unjudged(place, copy) {
	const all = copy.files.filter((name) => /^META-INF\/.*\.p7s$/.test(name));
	fill(place, h("p", {}, t("document.not-verified")),
	    await Promise.all(all.map(async (name) => h("section",
	        { class: "signer" }, h("h3", {}, named(name)),
	        certificateTerms(await signerOf(await member(copy, name)))))));
}

async function signers(place, known, told, signal, copy) {
	if (!copy) {
		unopened(place, known, told, signal);
		return;
	}
	if (!copy.verdict) {
		await unjudged(place, copy);
		return;
	}
	const all = await Promise.all(copy.verdict.signatures.map((one) =>
	    signer(copy, one)));
	fill(place, h("p", {}, t("document.verdict"), " ",
	    h("strong", {}, copy.verdict.outcome)),
	copy.verdict.findings.map((one) => h("p", {}, named(one.text), " ",
	    h("code", {}, one.code))), all);
}

function actsTable(known, number) {
	const old = ended(known);
	const rows = known.entries.filter(({ entry }) =>
	    entry.version === number &&
	    !/^(deliver|deliveries|refuse)$/.test(entry.act));
	return table(t("evidence.acts-told"), [
		{ id: "time", label: t("document.when") },
		{ id: "act", label: t("document.act") },
		{ id: "proof", label: t("register.column.proof") }],
	rows.map(({ index, entry }) => ({ cells: [time(entry.time),
		[actSentence(entry, old.get(index), known.parties.get(index)),
		    entry.signature
		    ? [h("br"), h("span", { class: "small" },
		        t("evidence.signature-digest"), " ",
		        digest(entry.signature))] : null],
		actProof(known, index)] })));
}

function received(known, number) {
	const rows = acts(known, "deliver", number);
	if (!rows.length)
		return h("p", {}, t("evidence.nobody-received"));
	return table(t("evidence.received-told"), [
		{ id: "time", label: t("document.when") },
		{ id: "who", label: t("evidence.who") },
		{ id: "proof", label: t("register.column.proof") }],
	rows.map(({ index, entry }) => ({ cells: [time(entry.time),
		tn("view.person", { person: entry.person, office: entry.office }),
		actProof(known, index)] })));
}

/* The checkpoint's root is base64 at the register. */
const isHex = (text) => /^[0-9a-f]{64}$/.test(text ?? "");

function witnesses(told) {
	if (!told)
		return null;
	return told.witnesses === 0 ? t("journal.no-witness")
	    : tn("evidence.witnessed", { witnesses: told.witnesses,
	        size: told.size });
}

function asOf(known) {
	return [h("p", {}, asOfSentence(known), " ",
	    proofBadge(known.proved ? "proved" : "word")),
	terms([
	    [t("evidence.root"), known.root ? isHex(known.root)
	        ? digest(known.root) : h("code", {}, named(known.root)) : null],
	    [t("evidence.witnesses"), witnesses(known.witnessed)]])];
}

function section(title, ...children) {
	return h("section", {}, h("h2", { tabindex: "-1" }, title), children);
}

export async function page(view, route) {
	const name = route.parts.slice(0, 2).join("/");
	fill(view, h("p", { class: "loading" }, t("view.loading")));
	const known = await about(name, route.signal);
	const number = Number(route.query.get("version")) || newest(known);
	const told = await versionOf(known, number, route.signal);
	if (!told) {
		fill(view, heading(t("evidence.title")), h("p", { role: "alert" },
		    t("document.no-version", { version: number })));
		return;
	}
	const title = titleOf(known.told);
	const place = h("div", {});
	fill(view, h("div", { class: "sheet" },
	    heading(t("evidence.title")),
	    known.problem ? h("p", {}, t("document.local")) : null,
	    h("p", { class: "noprint actions" },
	        button(t("evidence.print"), () => print(), { class: "main" }),
	        h("a", { href: `#/document/${name}?version=${number}` },
	            t("evidence.back"))),
	    h("div", { class: "top" }, h("div", {},
	        h("p", { class: "lead" }, named(title.text, title.lang)),
	        h("p", {}, h("code", {}, `${name}@${number}`)),
	        h("p", {}, statusBadge(told.status), " ",
	            versionSentence(known, told)),
	        terms([[t("document.digest"), digest(told.digest)],
	            [t("evidence.contents"), digest(told.contents)]])),
	    code(known, told)),
	    section(t("evidence.as-of"), asOf(known)),
	    section(t("evidence.files"), files(told)),
	    section(t("evidence.signers"), place),
	    section(t("evidence.acts"), actsTable(known, number)),
	    section(t("evidence.received"), received(known, number)),
	    section(t("evidence.check"), h("p", {}, t("evidence.check-told")),
	        h("p", {}, h("code", {}, `valise verify FILE`))),
	    h("p", { class: "small" }, server.desk
	        ? tn("evidence.made", { person: server.person ?? "?",
	            office: server.office ?? "?", version: server.version ?? "?",
	            date: time(new Date().toISOString()) })
	        : tn("evidence.made-register",
	            { date: time(new Date().toISOString()) }))));
	await signers(place, known, told, route.signal, opened(name, number));
}
