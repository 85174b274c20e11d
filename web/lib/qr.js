/*
 * qr.js - QR codes (ISO/IEC 18004, model 2): byte mode, level M, versions
 * 1 to 20, so at most 666 bytes.
 *
 * matrix(text) gives rows of booleans (true is dark), path(rows) the `d` of
 * an SVG path in a viewBox that is 8 larger than the rows: 4 modules of
 * quiet zone on each side.
 */

import { codewordsOf } from "./qr-words.js";

const QUIET = 4;

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
	const { version, words } = codewordsOf(text);
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
