/*
 * qr-words.js - what a QR code of level M says: the bytes, padded, in blocks
 * with their Reed-Solomon error correction, interleaved (ISO/IEC 18004, 7).
 */

/* By version, from 1: error correction bytes in each block, and blocks. */
const EC_BYTES = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24,
	28, 28, 26, 26, 26];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14,
	16];

/* Bytes that version holds, data and error correction together. */
function capacity(version) {
	let modules = (16 * version + 128) * version + 64;

	if (version >= 2) {
		const along = Math.floor(version / 7) + 2;

		modules -= (25 * along - 10) * along - 55;
		if (version >= 7)
			modules -= 36;
	}
	return modules >> 3;
}

const ecBytes = (version) => EC_BYTES[version - 1] * BLOCKS[version - 1];
const dataBytes = (version) => capacity(version) - ecBytes(version);
const countBits = (version) => version < 10 ? 8 : 16;

/* The data bytes: mode 4, the count, the bytes, and padding. */
function dataOf(bytes, version) {
	const bits = [];
	const put = (value, len) => {
		for (let i = len - 1; i >= 0; i--)
			bits.push(value >> i & 1);
	};
	const max = dataBytes(version) * 8;

	put(4, 4);
	put(bytes.length, countBits(version));
	for (const byte of bytes)
		put(byte, 8);
	put(0, Math.min(4, max - bits.length));
	put(0, (8 - bits.length % 8) % 8);
	for (let pad = 0xec; bits.length < max; pad ^= 0xfd)
		put(pad, 8);
	const out = new Uint8Array(max / 8);
	bits.forEach((bit, i) => { out[i >> 3] |= bit << 7 - i % 8; });
	return out;
}

/* Product in GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1. */
function times(a, b) {
	let out = 0;

	for (let i = 7; i >= 0; i--) {
		out = out << 1 ^ (out >> 7) * 0x11d;
		out ^= (b >> i & 1) * a;
	}
	return out;
}

function generator(degree) {
	const out = new Uint8Array(degree);
	let root = 1;

	out[degree - 1] = 1;
	for (let i = 0; i < degree; i++) {
		for (let j = 0; j < degree; j++) {
			out[j] = times(out[j], root);
			if (j + 1 < degree)
				out[j] ^= out[j + 1];
		}
		root = times(root, 2);
	}
	return out;
}

function remainder(data, divisor) {
	const out = [...divisor].fill(0);

	for (const byte of data) {
		const factor = byte ^ out.shift();

		out.push(0);
		divisor.forEach((by, i) => { out[i] ^= times(by, factor); });
	}
	return out;
}

/* In blocks, each with its error correction, interleaved. */
function codewords(data, version) {
	const num = BLOCKS[version - 1], ec = EC_BYTES[version - 1];
	const total = capacity(version);
	const short = num - total % num, len = Math.floor(total / num) - ec;
	const divisor = generator(ec);
	const blocks = [], out = [];

	for (let i = 0, at = 0; i < num; i++) {
		const part = data.subarray(at, at += len + (i >= short ? 1 : 0));

		blocks.push({ part, ec: remainder(part, divisor) });
	}
	for (let i = 0; i <= len; i++)
		for (const { part } of blocks)
			if (i < part.length)
				out.push(part[i]);
	for (let i = 0; i < ec; i++)
		for (const block of blocks)
			out.push(block.ec[i]);
	return out;
}

/*
 * The smallest version that holds text, and its codewords: {version, words}.
 * Throws RangeError if text is longer than 666 bytes.
 */
export function codewordsOf(text) {
	const bytes = new TextEncoder().encode(text);
	let version = 1;

	while (version <= 20 &&
		4 + countBits(version) + bytes.length * 8 > dataBytes(version) * 8)
		version++;
	if (version > 20)
		throw new RangeError("too long for a QR code");
	return { version, words: codewords(dataOf(bytes, version), version) };
}
