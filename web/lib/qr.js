/*
 * qr.js - QR codes (ISO/IEC 18004, model 2): byte mode, level M, versions
 * 1 to 20, so at most 666 bytes.
 *
 * matrix(text) gives rows of booleans (true is dark), path(rows) the `d` of
 * an SVG path in a viewBox that is 8 larger than the rows: 4 modules of
 * quiet zone on each side.
 */

/* By version, from 1: error correction bytes in each block, and blocks. */
const EC_BYTES = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24,
	28, 28, 26, 26, 26];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14,
	16];
const QUIET = 4;

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

/* Positions of the alignment patterns, along both axes. */
function alignment(version) {
	if (version === 1)
		return [];
	const num = Math.floor(version / 7) + 2;
	const step = Math.ceil((version * 4 + 4) / (num * 2 - 2)) * 2;
	const out = [6];

	for (let at = version * 4 + 10; out.length < num; at -= step)
		out.splice(1, 0, at);
	return out;
}

/* Remainder of value by a BCH polynomial of that degree, appended. */
function bch(value, polynomial, degree) {
	let rest = value;

	for (let i = 0; i < degree; i++)
		rest = rest << 1 ^ (rest >> degree - 1) * polynomial;
	return value << degree | rest;
}

class Board {
	constructor(version) {
		this.size = version * 4 + 17;
		this.dark = Array.from({ length: this.size },
			() => new Array(this.size).fill(false));
		this.fixed = this.dark.map((row) => row.slice());
		this.version = version;
		this.patterns();
	}

	set(x, y, dark) {
		if (x < 0 || y < 0 || x >= this.size || y >= this.size)
			return;
		this.dark[y][x] = dark;
		this.fixed[y][x] = true;
	}

	/* A square pattern around x, y: rings that are light are named. */
	rings(x, y, radius, light) {
		for (let dy = -radius; dy <= radius; dy++)
			for (let dx = -radius; dx <= radius; dx++)
				this.set(x + dx, y + dy, !light.includes(
					Math.max(Math.abs(dx), Math.abs(dy))));
	}

	patterns() {
		const last = this.size - 4, at = alignment(this.version);

		for (let i = 0; i < this.size; i++) {
			this.set(6, i, i % 2 === 0);
			this.set(i, 6, i % 2 === 0);
		}
		for (const [x, y] of [[3, 3], [last, 3], [3, last]])
			this.rings(x, y, 4, [2, 4]);
		for (const x of at)
			for (const y of at)
				if (x + y !== 12 && !(x === 6 && y === at.at(-1)) &&
					!(y === 6 && x === at.at(-1)))
					this.rings(x, y, 2, [1]);
		this.format(0);
		if (this.version >= 7)
			this.versionBits();
	}

	/* Level M is 00; twice, and the one module that is always dark. */
	format(mask) {
		const bits = bch(mask, 0x537, 10) ^ 0x5412, n = this.size;
		const bit = (i) => (bits >> i & 1) === 1;

		for (let i = 0; i < 15; i++) {
			const at = i < 6 ? i : i < 8 ? i + 1 : 14 - i;

			if (i < 8)
				this.set(8, at, bit(i));
			else
				this.set(i === 8 ? 7 : at, 8, bit(i));
			if (i < 8)
				this.set(n - 1 - i, 8, bit(i));
			else
				this.set(8, n - 15 + i, bit(i));
		}
		this.set(8, n - 8, true);
	}

	versionBits() {
		const bits = bch(this.version, 0x1f25, 12);

		for (let i = 0; i < 18; i++) {
			const a = this.size - 11 + i % 3, b = Math.floor(i / 3);

			this.set(a, b, (bits >> i & 1) === 1);
			this.set(b, a, (bits >> i & 1) === 1);
		}
	}

	/* In columns of two, from the right, upwards first. */
	fill(words) {
		let i = 0;

		for (let right = this.size - 1; right >= 1; right -= 2) {
			if (right === 6)
				right = 5;
			for (let n = 0; n < this.size; n++)
				for (const x of [right, right - 1]) {
					const y = right + 1 & 2 ? n : this.size - 1 - n;

					if (this.fixed[y][x] || i >= words.length * 8)
						continue;
					this.dark[y][x] = (words[i >> 3] >> 7 - i % 8 & 1) === 1;
					i++;
				}
		}
	}

	mask(number) {
		for (let y = 0; y < this.size; y++)
			for (let x = 0; x < this.size; x++)
				if (!this.fixed[y][x] && MASKS[number](x, y))
					this.dark[y][x] = !this.dark[y][x];
	}
}

const MASKS = [
	(x, y) => (x + y) % 2 === 0,
	(x, y) => y % 2 === 0,
	(x) => x % 3 === 0,
	(x, y) => (x + y) % 3 === 0,
	(x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
	(x, y) => x * y % 2 + x * y % 3 === 0,
	(x, y) => (x * y % 2 + x * y % 3) % 2 === 0,
	(x, y) => ((x + y) % 2 + x * y % 3) % 2 === 0,
];

/* Runs, blocks of four, what looks like a finder, and the balance. */
function penalty(rows) {
	const lines = [...rows, ...rows.map((_, x) => rows.map((row) => row[x]))]
		.map((row) => row.map((dark) => dark ? "1" : "0").join(""));
	const n = rows.length;
	let out = 0, dark = 0;

	for (const line of lines) {
		for (const [run] of line.matchAll(/0{5,}|1{5,}/g))
			out += run.length - 2;
		for (let i = 0; i + 11 <= n; i++)
			if (["10111010000", "00001011101"].includes(line.slice(i, i + 11)))
				out += 40;
	}
	for (let y = 0; y < n; y++)
		for (let x = 0; x < n; x++) {
			dark += rows[y][x] ? 1 : 0;
			if (x && y && rows[y][x] === rows[y - 1][x] &&
				rows[y][x] === rows[y][x - 1] &&
				rows[y][x] === rows[y - 1][x - 1])
				out += 3;
		}
	return out + Math.floor(Math.abs(dark * 20 - n * n * 10) / (n * n)) * 10;
}

/*
 * With the mask of least penalty, or with those that are given.  Throws
 * RangeError if text is longer than 666 bytes.
 */
export function matrix(text, masks = [0, 1, 2, 3, 4, 5, 6, 7]) {
	const bytes = new TextEncoder().encode(text);
	let version = 1;

	while (version <= 20 &&
		4 + countBits(version) + bytes.length * 8 > dataBytes(version) * 8)
		version++;
	if (version > 20)
		throw new RangeError("too long for a QR code");
	const words = codewords(dataOf(bytes, version), version);
	let best = null;

	for (const mask of masks) {
		const board = new Board(version);

		board.fill(words);
		board.mask(mask);
		board.format(mask);
		const costs = penalty(board.dark);
		if (best === null || costs < best.costs)
			best = { costs, rows: board.dark };
	}
	return best.rows;
}

/* For <path d="…"> in viewBox "0 0 N N", N being rows.length + 8. */
export function path(rows) {
	return rows.flatMap((row, y) => row.flatMap((dark, x) => dark ?
		[`M${x + QUIET} ${y + QUIET}h1v1h-1z`] : [])).join("");
}
