/*
 * zip.js on copies that builds of valise made (tests/data, and those in the
 * folder VALISE_COPIES), and on the same ones damaged in one place.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { crc32, content, LIMIT, members, ZipError }
	from "../../../web/lib/zip.js";

const kept = join(import.meta.dirname ??
	new URL(".", import.meta.url).pathname, "../../data/first");
const inflates = (() => {
	try {
		return new DecompressionStream("deflate-raw") && true;
	} catch {
		return false;
	}
})();
const skip = !inflates && "this node has no deflate-raw";
const copies = [kept, process.env.VALISE_COPIES].filter(Boolean)
	.flatMap((folder) => readdirSync(folder).filter((name) =>
		name.endsWith(".asice")).map((name) => join(folder, name)));
const read = (path) => new Uint8Array(readFileSync(path));
const digest = async (bytes) => Buffer.from(
	await crypto.subtle.digest("SHA-256", bytes)).toString("hex");

/* Every member's content, by name. */
async function all(bytes) {
	const out = new Map();

	for (const member of members(bytes))
		out.set(member.name, await content(bytes, member));
	return out;
}

test("the tests have copies", () => {
	assert.ok(copies.length >= 8);
});

for (const path of copies)
	test(`${path.split("/").at(-1)} is read whole`, { skip }, async () => {
		const files = await all(read(path));
		const version = new TextDecoder().decode(files.get("version.yaml"));
		const rows = [...version.matchAll(
			/file: "?([^",]+)"?,.*size: (\d+), sha256: ([0-9a-f]{64})/g)];

		assert.ok(rows.length > 0, version);
		for (const [, file, size, sha256] of rows) {
			assert.equal(files.get(file).length, Number(size));
			assert.equal(await digest(files.get(file)), sha256);
		}
	});

test("the check value of CRC-32", () => {
	assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});

/* A container of stored members, with one thing in it as `spoil` wants. */
function made(files, spoil = {}) {
	const out = [], central = [];
	const put = (list, ...fields) => {
		for (const [value, len] of fields)
			for (let i = 0; i < len; i++)
				list.push(Math.floor(value / 256 ** i) % 256);
	};
	const put14 = (list, file, len) => put(list, [file.needed ?? 20, 2],
		[file.flags ?? 0, 2], [file.method ?? 0, 2], [file.time ?? 0, 2],
		[file.date ?? 0x21, 2], [file.crc ?? crc32(file.bytes), 4],
		[file.packed ?? file.bytes.length, 4],
		[file.size ?? file.bytes.length, 4], [len, 2], [file.extra ?? 0, 2]);

	for (const file of files) {
		const at = file.at ?? out.length;
		const name = [...new TextEncoder().encode(file.name)];

		put(out, [0x04034b50, 4]);
		put14(out, { ...file, ...file.local }, name.length);
		for (const bytes of [name, file.bytes, file.after ?? []])
			for (const byte of bytes)
				out.push(byte);
		put(central, [0x02014b50, 4], [file.by ?? 20, 2]);
		put14(central, file, name.length);
		put(central, [file.comment ?? 0, 2], [0, 2], [file.internal ?? 0, 2],
			[file.external ?? 0, 4], [at, 4]);
		central.push(...name);
	}
	const offset = out.length + (spoil.shift ?? 0);
	out.push(...central);
	put(out, [0x06054b50, 4], [spoil.disk ?? 0, 2], [0, 2],
		[spoil.here ?? files.length, 2], [spoil.count ?? files.length, 2],
		[central.length, 4], [offset, 4], [spoil.note ?? 0, 2]);
	return new Uint8Array([...out, ...spoil.trailing ?? []]);
}

const bytesOf = (text) => new TextEncoder().encode(text);
const mime = { name: "mimetype",
	bytes: bytesOf("application/vnd.etsi.asic-e+zip") };
const file = (name, more = {}) => ({ name, bytes: bytesOf("Article 1\n"),
	...more });

test("what this test makes is read", async () => {
	const files = await all(made([mime, file("texts/en/a.txt"),
		file("texts/lo/ສັນຍາ.txt", { flags: 0x0800, by: 788,
			external: 0x81a40000 })]));

	assert.deepEqual([...files.keys()],
		["mimetype", "texts/en/a.txt", "texts/lo/ສັນຍາ.txt"]);
});

for (const [name, bytes] of [
	["nothing", new Uint8Array(0)],
	["no end record", new Uint8Array(22)],
	["bytes before", new Uint8Array([0, ...made([mime])])],
	["bytes after", made([mime], { trailing: [0] })],
	["a comment of the file", made([mime], { note: 1, trailing: [0] })],
	["a comment's length alone", made([mime], { note: 1 })],
	["another disk", made([mime], { disk: 1 })],
	["two counts", made([mime], { here: 2 })],
	["a count too high", made([mime], { here: 2, count: 2 })],
	["a count too low", made([mime, file("a")], { here: 1, count: 1 })],
	["no members", made([])],
	["a directory elsewhere", made([mime], { shift: 1 })],
	["a gap", made([{ ...mime, after: [0] }, file("a")])],
	["a gap at the end", made([mime, file("a", { after: [0] })])],
	["members that overlap", made([mime, file("a", { at: 0 })])],
	["another local CRC", made([mime, file("a", { local: { crc: 1 } })])],
	["another local size", made([mime, file("a", { local: { size: 9 } })])],
	["a data descriptor", made([mime, file("a", { flags: 8 })])],
	["encryption", made([mime, file("a", { flags: 1 })])],
	["method 12", made([mime, file("a", { method: 12 })])],
	["version 45", made([mime, file("a", { needed: 45 })])],
	["deflate of version 10", made([mime,
		file("a", { needed: 10, method: 8 })])],
	["a time", made([mime, file("a", { time: 1 })])],
	["a date", made([mime, file("a", { date: 0x22 })])],
	["an extra field", made([mime, file("a", { extra: 4 })])],
	["Zip64", made([mime, file("a", { size: 0xffffffff,
		packed: 0xffffffff })])],
	["a stored member of two sizes", made([mime, file("a", { size: 11 })])],
	["made by another", made([mime, file("a", { by: 30 })])],
	["a folder's attributes", made([mime, file("a", { by: 788,
		flags: 0x0800, external: 0x41ed0000 })])],
	["attributes", made([mime, file("a", { external: 1 })])],
	["a comment's length", made([mime, file("a", { comment: 1 })])],
	["internal attributes", made([mime, file("a", { internal: 1 })])],
	["a name that is not ASCII, unmarked", made([mime, file("ສ")])],
	["an empty name", made([mime, file("")])],
	["a folder", made([mime, file("texts/")])],
	["an absolute path", made([mime, file("/etc/passwd")])],
	["a path upwards", made([mime, file("texts/../a")])],
	["four levels", made([mime, file("a/b/c/d")])],
	["a reserved name", made([mime, file("texts/en/nul.txt")])],
	["a name of git", made([mime, file("git~1")])],
	["a name with bidi", made([mime, file("a\u202efdp", { flags: 0x0800 })])],
	["a name with a line end", made([mime, file("a\nb")])],
	["a name in NFD", made([mime, file("e\u0301", { flags: 0x0800 })])],
	["a long name", made([mime, file("a".repeat(241))])],
	["a long path", made([mime, file(`${"a".repeat(200)}/${"b".repeat(200)}`)])],
	["one name twice", made([mime, file("a"), file("a")])],
	["names that fold to one", made([mime, file("texts/en/A.txt"),
		file("texts/en/a.txt")])],
	["no mimetype", made([file("a")])],
	["mimetype not first", made([file("a"), mime])],
	["another mimetype", made([{ ...mime,
		bytes: bytesOf("application/vnd.etsi.asic-s+zip") }])],
	["a bomb", made([mime, file("a", { method: 8, size: 2 << 20 })])],
	["bombs together", made([mime, ...[..."abcdefghijkl"].map((name) =>
		file(name, { method: 8, size: 1 << 20 }))])],
	["64 MiB in all", made([mime, file("a", { method: 8, size: LIMIT })])],
	["a large file of META-INF", made([mime, { name: "META-INF/a",
		bytes: new Uint8Array(1048577) }])],
])
	test(`refused: ${name}`, () => {
		assert.throws(() => members(bytes), ZipError);
	});

test("refused: a file of more than 64 MiB, before it is read", () => {
	assert.throws(() => members({ length: LIMIT + 1 }), /64 MiB/);
});

test("refused: members of more than 64 MiB, by that", () => {
	const view = made([mime, file("a", { method: 8, size: LIMIT })]);

	assert.throws(() => members(view), /64 MiB/);
});

test("a member with a wrong CRC is not given", async () => {
	const bytes = made([mime, file("a", { crc: 1 })]);

	await assert.rejects(content(bytes, members(bytes)[1]), /CRC/);
});

/* A copy with deflated members, and the first of these. */
function deflated() {
	for (const path of copies) {
		const bytes = read(path);
		const member = members(bytes).find(({ method }) => method === 8);

		if (member)
			return { bytes, member };
	}
	throw new Error("no copy has a deflated member");
}

test("a member that says another size is not given", { skip }, async () => {
	const { bytes, member } = deflated();

	for (const size of [member.size - 1, member.size + 1])
		await assert.rejects(content(bytes, { ...member, size }), ZipError);
});

test("a deflate stream that is cut is not given", { skip }, async () => {
	const { bytes, member } = deflated();

	await assert.rejects(content(bytes,
		{ ...member, packed: member.packed - 1 }), ZipError);
});

/* Browsers refuse it (Compression Streams, "decompress and enqueue"). */
test("a byte after a deflate stream changes nothing", { skip }, async () => {
	const { bytes, member } = deflated();
	const want = await digest(await content(bytes, member));
	let got = want;

	try {
		got = await digest(await content(bytes,
			{ ...member, packed: member.packed + 1 }));
	} catch (error) {
		assert.ok(error instanceof ZipError);
	}
	assert.equal(got, want);
});

test("every byte of a copy counts", { skip }, async () => {
	const bytes = read(join(kept, "draft.asice"));
	const step = Math.max(1, Math.floor(bytes.length / 1500));

	/* Names may change; each content may not. */
	const want = (await contents(bytes)).join();
	for (let at = 0; at < bytes.length; at += step) {
		const other = bytes.slice();

		other[at] ^= 1;
		try {
			assert.equal((await contents(other)).join(), want, `at ${at}`);
		} catch (error) {
			assert.ok(error instanceof ZipError, `at ${at}: ${error}`);
		}
	}
});

async function contents(bytes) {
	return Promise.all(members(bytes).map(async (member) =>
		digest(await content(bytes, member))));
}

test("every truncation is refused", () => {
	const bytes = read(join(kept, "draft.asice"));

	for (let len = 0; len < bytes.length; len += 7)
		assert.throws(() => members(bytes.subarray(0, len)), ZipError);
});
