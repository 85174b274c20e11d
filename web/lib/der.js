/*
 * der.js - read the signer's certificate out of a CMS signature (RFC 5652),
 * to show it.  It judges nothing: the verdict on a signature is the desk's.
 */

const DEPTH = 16;
const CN = "550403";
const EMAIL = "2a864886f70d010901";

const hex = (bytes) => [...bytes].map((byte) =>
    byte.toString(16).padStart(2, "0")).join("");

/* One element at an offset: {tag, from, to, whole}; throws RangeError. */
function element(bytes, at) {
	let from = at + 2;
	let length = bytes[at + 1];
	if (length > 0x80 && length <= 0x84) {
		const more = length - 0x80;
		length = 0;
		for (let i = 0; i < more; i++)
			length = length * 256 + bytes[from++];
	} else if (length >= 0x80) {
		throw new RangeError("DER length");
	}
	if (!(from + length <= bytes.length))
		throw new RangeError("DER end");
	return { tag: bytes[at], bytes: bytes.subarray(from, from + length),
		whole: bytes.subarray(at, from + length), next: from + length };
}

/* The elements in a constructed one. */
function inside(parent) {
	const list = [];
	for (let at = 0; at < parent.bytes.length; at = list.at(-1).next)
		list.push(element(parent.bytes, at));
	return list;
}

function text(value) {
	return new TextDecoder(value.tag === 0x1e ? "utf-16be" : "utf-8")
		.decode(value.bytes);
}

/* A name as its common name, else its address. */
function nameOf(name) {
	const found = new Map(inside(name).flatMap(inside).map((pair) => {
		const [type, value] = inside(pair);
		return [hex(type.bytes), text(value)];
	}));
	return found.get(CN) ?? found.get(EMAIL) ?? [...found.values()].join(", ");
}

/* UTCTime and GeneralizedTime (RFC 5280 section 4.1.2.5) as RFC 3339. */
function timeOf(value) {
	const digits = text(value);
	const full = value.tag === 0x18 ? digits
	    : `${Number(digits.slice(0, 2)) < 50 ? "20" : "19"}${digits}`;
	const [, y, mo, d, h, mi, s] =
	    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full);
	return `${y}-${mo}-${d}T${h}:${mi}:${s}Z`;
}

function certificate(der) {
	const [signed] = inside(der);
	const fields = inside(signed);
	if (fields[0].tag === 0xa0)
		fields.shift();
	const [serial, , issuer, validity, subject] = fields;
	const [from, until] = inside(validity);
	return { der: der.whole, serial: hex(serial.bytes),
		issuerBytes: hex(issuer.whole), issuer: nameOf(issuer),
		subject: nameOf(subject), from: timeOf(from), until: timeOf(until) };
}

/*
 * The signer's certificate in a signature's bytes: {subject, issuer, serial,
 * from, until, sha256}, or null where it is not there or not DER.
 */
export async function signerOf(signature) {
	try {
		const [, content] = inside(element(signature, 0));
		const parts = inside(inside(content)[0]).slice(0, DEPTH);
		const all = inside(parts.find((one) => one.tag === 0xa0))
			.filter((one) => one.tag === 0x30).slice(0, DEPTH)
			.map(certificate);
		const [, sid] = inside(inside(parts.at(-1))[0]);
		const [issuer, serial] = sid.tag === 0x30 ? inside(sid) : [];
		const found = all.find((one) => serial &&
		    one.serial === hex(serial.bytes) &&
		    one.issuerBytes === hex(issuer.whole)) ??
		    (all.length === 1 ? all[0] : null);
		if (!found)
			return null;
		const digest = await crypto.subtle.digest("SHA-256", found.der);
		return { subject: found.subject, issuer: found.issuer,
			serial: found.serial, from: found.from, until: found.until,
			sha256: hex(new Uint8Array(digest)) };
	} catch {
		return null;
	}
}
