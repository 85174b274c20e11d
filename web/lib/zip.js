/*
 * zip.js - takes a container of ours apart, in the page.
 *
 * It reads exactly what docs/formats.md ("The ZIP") allows: PKWARE APPNOTE
 * 6.3.10 without Zip64, data descriptors, extra fields, comments or gaps.
 * It proves nothing: the verdict is that of lib/verdict.  It only gives no
 * text that another reader of the same file would read otherwise.
 *
 * All bounds are checked before anything is inflated.
 */

/* Of the file, and of all members together, in bytes. */
export const LIMIT = 64 * 1024 * 1024;
const MEMBERS = 1000;
const NAME_BYTES = 300;
const MIMETYPE = "application/vnd.etsi.asic-e+zip";
/* formats.md: a ratio of 200, beyond 1 MiB of a member, 8 MiB of all. */
const RATIO = 200;
const FREE_OF_MEMBER = 1024 * 1024;
const FREE_OF_ALL = 8 * 1024 * 1024;

export class ZipError extends Error {}

function check(holds, what) {
	if (!holds)
		throw new ZipError(what);
}

/* 14 bytes that both headers have: version needed to extra field's length. */
function fieldsAt(view, at) {
	const u16 = (offset) => view.getUint16(at + offset, true);
	const u32 = (offset) => view.getUint32(at + offset, true);

	return { needed: u16(0), flags: u16(2), method: u16(4), time: u16(6),
		date: u16(8), crc: u32(10), packed: u32(14), size: u32(18),
		nameLen: u16(22), extraLen: u16(24) };
}

function nameAt(bytes, at, len, flags) {
	const name = bytes.subarray(at, at + len);
	const ascii = name.every((byte) => byte < 0x80);
	let text;

	check(len > 0 && len <= NAME_BYTES && name.length === len,
		"a name's length");
	check(ascii || flags === 0x0800, "a name that is not ASCII, unmarked");
	try {
		text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
			.decode(name);
	} catch {
		throw new ZipError("a name that is not UTF-8");
	}
	return text;
}

/* formats.md, "File names"; and without control characters. */
function isGoodName(name) {
	const reserved = new RegExp("^(con|prn|aux|nul|conin\\$|conout\\$|" +
		"(com|lpt)[0-9\u00b9\u00b2\u00b3])$", "i");
	const stem = name.split(".")[0].replace(/ +$/, "");

	return name !== "" && new TextEncoder().encode(name).length <= 240 &&
		name === name.normalize("NFC") &&
		!/[<>:"\/\\|?*\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u.test(name) &&
		!/^[-. ]|[. ]$/.test(name) && !reserved.test(stem) &&
		!(/^git~/i.test(name) && name.length >= 5);
}

/* Two paths that a system without capitals takes for one fold to one. */
function folded(path) {
	return path.normalize("NFKD").toUpperCase().toLowerCase()
		.normalize("NFKC");
}

function endRecord(bytes, view) {
	const at = bytes.length - 22;

	check(at >= 0 && view.getUint32(at, true) === 0x06054b50, "no end record");
	const end = { disks: view.getUint32(at + 4, true),
		here: view.getUint16(at + 8, true),
		count: view.getUint16(at + 10, true),
		length: view.getUint32(at + 12, true),
		offset: view.getUint32(at + 16, true) };
	check(end.disks === 0 && end.here === end.count &&
		view.getUint16(at + 20, true) === 0, "the end record");
	check(end.count >= 1 && end.count <= MEMBERS, "the number of members");
	check(end.offset + end.length === at, "the directory's place");
	return { ...end, at };
}

function checkFields(fields) {
	check(fields.flags === 0 || fields.flags === 0x0800,
		"flags (a data descriptor, or encryption)");
	check(fields.method === 0 || fields.method === 8, "the method");
	check(fields.needed === 20 || fields.needed === 10 && !fields.method,
		"the version needed");
	check(fields.time === 0 && fields.date === 0x21, "the time");
	check(fields.extraLen === 0, "an extra field (Zip64)");
	check(fields.packed !== 0xffffffff && fields.size !== 0xffffffff, "Zip64");
	check(fields.method === 8 || fields.packed === fields.size,
		"a stored member's sizes");
}

/* The central entry at `at`, and where the next one begins. */
function centralAt(bytes, view, at, end) {
	check(at + 46 <= end && view.getUint32(at, true) === 0x02014b50,
		"a central entry");
	const fields = fieldsAt(view, at + 6);
	const by = view.getUint16(at + 4, true);
	const external = view.getUint32(at + 38, true);

	checkFields(fields);
	check(by === 20 && external === 0 ||
		by === 788 && fields.flags === 0x0800 && external === 0x81a40000,
	"who made a member");
	check(view.getUint16(at + 32, true) === 0, "a comment");
	check(view.getUint32(at + 34, true) === 0, "disk or attributes");
	check(at + 46 + fields.nameLen <= end, "a name's length");
	return { ...fields, offset: view.getUint32(at + 42, true),
		name: nameAt(bytes, at + 46, fields.nameLen, fields.flags),
		next: at + 46 + fields.nameLen };
}

/* The local header says what the central entry says; its bytes' place. */
function localOf(bytes, view, member, directory) {
	const at = member.offset;

	check(at + 30 <= directory && view.getUint32(at, true) === 0x04034b50,
		"a local header");
	const fields = fieldsAt(view, at + 4);
	for (const key of Object.keys(fields))
		check(fields[key] === member[key], "local and central differ");
	check(nameAt(bytes, at + 30, fields.nameLen, fields.flags) ===
		member.name, "local and central name differ");
	const from = at + 30 + fields.nameLen;
	check(from + member.packed <= directory, "a member's end");
	return from;
}

function checkSizes(list) {
	let size = 0, packed = 0;

	for (const member of list) {
		size += member.size;
		packed += member.packed;
		check(size <= LIMIT, "members of more than 64 MiB");
		check(member.size <= FREE_OF_MEMBER ||
			Math.floor(member.size / RATIO) <= member.packed,
		"a member that is packed too well");
		check(!member.name.startsWith("META-INF/") ||
			member.size <= 1048576, "a file of META-INF too large");
	}
	check(size <= FREE_OF_ALL ||
		Math.floor((size - FREE_OF_ALL) / RATIO) <= packed,
	"members that are packed too well");
}

function checkNames(list) {
	const seen = new Set();

	for (const { name } of list) {
		const parts = name.split("/");

		check(parts.length <= 3 && parts.every(isGoodName), "a name");
		check(!seen.has(folded(name)), "a name twice");
		seen.add(folded(name));
	}
}

/*
 * The members in their order: {name, size, packed, method, crc, from}.
 * bytes: a Uint8Array.  Throws ZipError.
 */
export function members(bytes) {
	check(bytes.length <= LIMIT, "a copy of more than 64 MiB");
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	const end = endRecord(bytes, view);
	const list = [];
	let at = end.offset, begins = 0;

	for (let i = 0; i < end.count; i++) {
		const member = centralAt(bytes, view, at, end.at);

		/* Each begins where the one before it ends: nothing overlaps. */
		check(member.offset === begins, "a gap, or members that overlap");
		member.from = localOf(bytes, view, member, end.offset);
		begins = member.from + member.packed;
		at = member.next;
		list.push(member);
	}
	check(at === end.at, "bytes after the directory");
	check(begins === end.offset, "bytes before the directory");
	checkNames(list);
	checkSizes(list);
	checkMimetype(bytes, list[0]);
	return list.map(({ name, size, packed, method, crc, from }) =>
		({ name, size, packed, method, crc, from }));
}

function checkMimetype(bytes, first) {
	const text = String.fromCharCode(
		...bytes.subarray(first.from, first.from + Math.min(first.packed, 64)));

	check(first.name === "mimetype" && first.method === 0 &&
		text === MIMETYPE, "no mimetype at the beginning");
}

const table = new Uint32Array(256).map((_, byte) => {
	for (let bit = 0; bit < 8; bit++)
		byte = byte & 1 ? 0xedb88320 ^ byte >>> 1 : byte >>> 1;
	return byte;
});

/* CRC-32 of ISO 3309, as ZIP has it. */
export function crc32(bytes) {
	let crc = 0xffffffff;

	for (const byte of bytes)
		crc = table[(crc ^ byte) & 0xff] ^ crc >>> 8;
	return ~crc >>> 0;
}

/*
 * Inflates, and stops at the first byte more than size.  The writer's errors
 * are the reader's too.
 */
async function inflate(packed, size) {
	const stream = new DecompressionStream("deflate-raw");
	const reader = stream.readable.getReader();
	const writer = stream.writable.getWriter();
	const quiet = () => {};
	const out = new Uint8Array(size);
	let filled = 0;

	writer.closed.catch(quiet);
	writer.write(packed).catch(quiet);
	writer.close().catch(quiet);
	for (;;) {
		const { done, value } = await reader.read();

		if (done)
			break;
		if (filled + value.length > size) {
			reader.cancel().catch(quiet);
			throw new ZipError("a member is longer than it says");
		}
		out.set(value, filled);
		filled += value.length;
	}
	check(filled === size, "a member is shorter than it says");
	return out;
}

/* The bytes of one member of members(bytes).  Throws ZipError. */
export async function content(bytes, member) {
	const packed = bytes.subarray(member.from, member.from + member.packed);
	let out = packed;

	if (member.method === 8) {
		try {
			out = await inflate(packed, member.size);
		} catch (error) {
			throw error instanceof ZipError ? error :
				new ZipError("a member does not inflate");
		}
	}
	check(crc32(out) === member.crc, "a member's CRC-32");
	return out;
}
