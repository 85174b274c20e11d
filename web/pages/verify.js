/*
 * verify.js - drop a copy: the verdict in words, each finding with what to
 * do, who signed, with what was known of the certificate then and now.  The
 * desk judges, by lib/verdict; nothing leaves this machine, unless the person
 * has the depositary asked what became of the document since.
 */

import { Problem, server, upload } from "../lib/api.js";
import { doing } from "../lib/acts.js";
import { fill, h } from "../lib/dom.js";
import { dropPlace } from "../lib/drop.js";
import { findingItem } from "../lib/findings.js";
import { languageName, t, tn } from "../lib/lang.js";
import { announce, badge, button, bytes, digest, heading, named, plain,
	problemBox, statusBadge, statusWord, table, terms, time,
} from "../lib/view.js";

const OUTCOMES = { VALID: "good", INDETERMINATE: "wait", INVALID: "bad" };
const STATES = { good: "good", untrusted: "bad", expired: "bad",
	revoked: "bad", unknown: "wait" };
const COMMITMENTS = { "proof of origin": () => t("verify.origin"),
	"proof of approval": () => t("verify.approval"),
	"proof of receipt": () => t("verify.seal") };

function outcomeBox(verdict) {
	const { outcome } = verdict;
	const known = Object.hasOwn(OUTCOMES, outcome);
	return h("section", { class: `verdict ${OUTCOMES[outcome] ?? "quiet"}` },
	    h("h2", {}, badge(known ? t(`outcome.${outcome}`) : plain(outcome),
	        OUTCOMES[outcome]), " ", h("code", {}, plain(outcome))),
	    h("p", {}, known ? t(`verify.${outcome}`) : null),
	    terms([
	        [t("register.column.document"), verdict.document
	            ? h("a", { href: `#/document/${verdict.document}` +
	                `?version=${verdict.version}` }, h("code", {},
	            named(`${verdict.document}@${verdict.version}`))) : null],
	        [t("register.column.status"),
	            verdict.status && outcome !== "INVALID" ? statusBadge(verdict.status) : null],
	        [t("verify.as-of"), verdict["as-of"]
	            ? tn("verify.as-of-entry", {
	                entry: `${verdict["as-of"].entry}`,
	                time: time(verdict["as-of"].time) }) : null],
	        [t("verify.withdrawn"), verdict["as-of"]?.withdrawn
	            ? tn("verify.withdrawn-by", {
	                person: plain(verdict["as-of"].withdrawn.person),
	                entry: `${verdict["as-of"].withdrawn.entry}` }) : null],
	        [t("do.digest"), verdict.digest ? digest(verdict.digest) : null],
	        [t("verify.judged-by"), verdict.enrolment
	            ? named(verdict.enrolment.journal) : null]]));
}

function findingsBox(verdict) {
	if (verdict.findings.length === 0)
		return null;
	return h("section", {}, h("h2", {}, t("verify.findings")),
	    h("ul", { class: "findings" }, verdict.findings.map(findingItem)));
}

const stateWord = (state) => Object.hasOwn(STATES, state)
	? badge(t(`verify.state.${state}`), STATES[state]) : named(state);

function signer(one) {
	const kind = one.terminates ? t("verify.termination")
		: COMMITMENTS[one.commitment]?.() ?? plain(one.commitment);
	return { cells: [
		named(one.person || t("verify.nobody")),
		[named(one.party || "–"), one.office ? [h("br"),
		    h("span", { class: "small" }, named(one.office))] : null],
		[kind, one["full-powers"] ? [h("br"),
		    badge(t("verify.full-powers"), "good")] : null],
		one["signed-at"] ? time(one["signed-at"]) : t("view.no-time"),
		one.intact ? badge(t("verify.intact"), "good")
			: badge(t("verify.broken"), "bad"),
		stateWord(one.then),
		[stateWord(one.now), one.final ? [" ", h("span", { class: "small" },
		    t("verify.final"))] : null]] };
}

function signersBox(verdict) {
	const columns = [{ id: "person", label: t("journal.person") },
		{ id: "party", label: t("register.party") },
		{ id: "act", label: t("verify.signed-as") },
		{ id: "time", label: t("journal.time") },
		{ id: "intact", label: t("verify.signature") },
		{ id: "then", label: t("verify.then") },
		{ id: "now", label: t("verify.now") }];
	return h("section", {}, h("h2", {}, t("verify.signers")),
	    verdict.signatures.length === 0 ? h("p", {}, t("verify.unsigned"))
	        : table(t("verify.signers-told"), columns,
	            verdict.signatures.map(signer)));
}

function textsBox(verdict) {
	if (verdict.texts.length === 0)
		return null;
	const columns = [{ id: "file", label: t("verify.file") },
		{ id: "language", label: t("register.language") },
		{ id: "authentic", label: t("verify.authentic") },
		{ id: "digest", label: t("do.digest") }];
	return h("section", {}, h("h2", {}, t("verify.texts")),
	    table(t("verify.texts-told"), columns, verdict.texts.map((one) =>
	        ({ cells: [h("code", {}, named(one.file)),
	            languageName(plain(one.language)),
	            one.authentic ? t("policy.yes-word") : t("policy.no-word"),
	            digest(one.sha256)] }))));
}

function receiptsBox(verdict) {
	if (verdict.receipts.length === 0)
		return null;
	const columns = [{ id: "index", label: t("journal.index") },
		{ id: "act", label: t("journal.act") },
		{ id: "time", label: t("journal.time") },
		{ id: "witnesses", label: t("journal.witnesses") }];
	return h("section", {}, h("h2", {}, t("verify.receipts")),
	    table(t("verify.receipts-told"), columns, verdict.receipts.map(
	        (one) => ({ cells: [`${one.entry}`, t(`journal.act-${one.act}`),
	            time(one.time), one.witnesses.length === 0
	                ? t("journal.no-witness")
	                : one.witnesses.map((by) => h("div", {},
	                    tn("journal.cosigned", { name: plain(by.witness),
	                        time: time(by.time) })))] }))));
}

/* What the depositary said, or that it could not be asked. */
function answerBox(verdict) {
	if (!verdict.code)
		return [h("p", { class: "lead" }, statusBadge(verdict.status), " ",
		    tn("verify.current-is", { version: verdict.version,
			status: statusWord(verdict.status),
			size: verdict["as-of"].size,
			time: time(verdict["as-of"].seen) }))];
	return [h("p", { class: "lead" }, badge(t("verify.not-known"), "wait"),
	    " ", t(verdict.code === "UNAVAILABLE" ? "verify.not-asked"
	        : "verify.no-answer")),
	problemBox(new Problem({ code: verdict.code, title: verdict.code,
		detail: verdict.detail }))];
}

/*
 * The status of a copy is as it left the depositary.  What became of it since
 * is asked there, if the person wants it: who asks, and for what, is told by
 * that.  The answer is a new verdict.
 */
function currentBox(file, verdict, signal) {
	const place = h("div", {});
	const ask = async () => {
		const told = await judged(place, file, { current: true }, signal,
		    offer);
		if (!told)
			return;
		if (told.outcome !== "VALID") {
			fill(place, outcomeBox(told), findingsBox(told));
			return;
		}
		fill(place, answerBox(told), h("p", {}, button(
		    t("verify.ask-again"), ask)));
		announce(place.querySelector(".lead").textContent);
	};
	const offer = () => place.append(h("p", {}, button(t("verify.ask"),
	    ask)));
	offer();
	return verdict.outcome !== "VALID" || !server.enrolled ? null
		: h("section", {}, h("h2", {}, t("verify.current")),
		    h("p", {}, t("verify.current-told")), place);
}

function show(place, file, verdict, signal) {
	fill(place, h("p", {}, tn("verify.of", { name: plain(file.name),
		size: bytes(file.size) })), outcomeBox(verdict),
	currentBox(file, verdict, signal),
	findingsBox(verdict), signersBox(verdict), textsBox(verdict),
	receiptsBox(verdict));
	announce(Object.hasOwn(OUTCOMES, verdict.outcome)
		? t(`outcome.${verdict.outcome}`) : plain(verdict.outcome));
}

/* Hand the file to the desk and have it judged; null: place says why not. */
async function judged(place, file, more, signal, onProblem) {
	const bar = h("progress", { max: file.size || 1, value: 0,
		"aria-label": t("drop.sending") });
	fill(place, h("p", {}, t("drop.sending")), bar);
	try {
		const told = await upload(file, (done) => {
			bar.value = done;
		}, signal);
		return await doing(place, "/desk/verify",
		    { upload: told.upload, ...more }, signal, onProblem);
	} catch (problem) {
		if (problem.name === "AbortError")
			return null;
		fill(place, problemBox(problem));
		onProblem?.();
		return null;
	}
}

async function judge(place, file, signal) {
	const verdict = await judged(place, file, {}, signal);
	if (verdict)
		show(place, file, verdict, signal);
}

export async function page(view, route) {
	const place = h("div");
	let stop = null;
	view.append(heading(t("verify.title")), h("p", {}, t("verify.told")),
	    dropPlace("v-file", t("verify.drop"), ([file]) => {
		stop?.abort();
		stop = new AbortController();
		judge(place, file, AbortSignal.any([stop.signal, route.signal]));
	    }), place);
	return () => stop?.abort();
}
