/* What the page of a document computes before it shows it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { forceTime, newest } from "../../../web/lib/about.js";
import { address, asked } from "../../../web/lib/filters.js";
import { signerOf } from "../../../web/lib/der.js";
import { ended } from "../../../web/lib/lifeline.js";

/* A document by its acts: "deposit 1", "sign 1", … */
const known = (...acts) => ({ entries: acts.map((act, index) => {
	const [kind, version] = act.split(" ");
	return { index, entry: { act: kind, version: Number(version),
		time: `2026-01-0${index + 1}T00:00:00.000Z` } };
}), told: { versions: [{ version: 1, signatures: [] },
	{ version: 2, signatures: [] }] } });
const olds = (...acts) => [...ended(known(...acts)).values()];

test("a new version withdraws the draft before it", () => {
	assert.deepEqual(olds("deposit 1", "deposit 2"), [undefined, 1]);
});

test("a version that is in force stays when the next is deposited", () => {
	assert.deepEqual(olds("deposit 1", "sign 1", "force 1", "deposit 2"),
	    [undefined, undefined, undefined, undefined]);
});

test("a version that comes into force supersedes the other", () => {
	assert.deepEqual(olds("deposit 1", "force 1", "deposit 2", "force 2")
		.at(-1), 1);
});

test("the second force of a version is its end", () => {
	assert.deepEqual(olds("deposit 1", "sign 1", "force 1", "terminate 1",
	    "force 1").at(-1), 1);
});

test("a delivery ends nothing", () => {
	assert.deepEqual(olds("deposit 1", "deliver 1", "sign 1"),
	    [undefined, undefined]);
});

test("acts on a version that was never deposited end nothing", () => {
	assert.deepEqual(olds("sign 7", "terminate 7"), [undefined, undefined]);
});

test("the time of the force is that of its entry", () => {
	const told = known("deposit 1", "sign 1", "force 1");
	assert.equal(forceTime(told, 1), "2026-01-03T00:00:00.000Z");
	assert.equal(forceTime(told, 2), null);
	assert.equal(newest(told), 2);
});

test("the register's filters are in its address", () => {
	const query = new URLSearchParams("q=a&cursor=9");
	assert.equal(address(query, { q: "ມາດຕາ", cursor: null }),
	    `#/documents?${new URLSearchParams({ q: "ມາດຕາ" })}`);
	assert.equal(address(query, { q: "", cursor: null }), "#/documents");
});

test("a year is asked for as its first and last day", () => {
	const ask = (text) => new URLSearchParams(
	    asked(new URLSearchParams(text), {}).split("?")[1]);
	assert.equal(ask("year=2021").get("since"), "2021-01-01");
	assert.equal(ask("year=2021").get("until"), "2021-12-31");
	assert.equal(ask("year=20211").get("since"), null);
	assert.equal(ask("year=2021").get("year"), null);
	assert.equal(asked(new URLSearchParams("q=a+b"), {}).includes("q=a%20b"), true);
	assert.equal(ask("").get("limit"), "100");
	assert.equal(ask("").get("sort"), "-date");
	assert.equal(ask("sort=title").get("sort"), "title");
});

test("the signer's certificate is read from a signature", async () => {
	const dir = mkdtempSync(join(tmpdir(), "der-"));
	const at = (name) => join(dir, name);
	const openssl = (...args) => execFileSync("openssl", args,
	    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
	try {
		openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
		    "ec_paramgen_curve:P-256", "-nodes", "-keyout", at("key"),
		    "-out", at("cert"), "-subj", "/O=X/CN=a@b.example", "-days",
		    "36500");
		writeFileSync(at("text"), "text");
		openssl("cms", "-sign", "-binary", "-in", at("text"), "-signer",
		    at("cert"), "-inkey", at("key"), "-outform", "DER", "-out",
		    at("p7s"));
		const signature = new Uint8Array(readFileSync(at("p7s")));
		const told = await signerOf(signature);
		const printed = openssl("x509", "-in", at("cert"), "-noout",
		    "-fingerprint", "-sha256").split("=")[1];
		assert.equal(told.subject, "a@b.example");
		assert.equal(told.sha256,
		    printed.trim().replaceAll(":", "").toLowerCase());
		assert.match(told.until, /^2\d{3}-.*Z$/);
		/* Whatever is cut off or changed, nothing is thrown. */
		for (let end = 0; end < signature.length; end += 7)
			assert.equal(await signerOf(signature.subarray(0, end)), null);
		for (let i = 0; i < signature.length; i++) {
			const spoilt = signature.slice();
			spoilt[i] ^= 0xff;
			await signerOf(spoilt);
		}
	} finally {
		rmSync(dir, { recursive: true });
	}
});
