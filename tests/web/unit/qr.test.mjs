/*
 * Level M, judged by another encoder and another reader where they are
 * installed (qrencode, zbarimg), and by the version's size everywhere.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { matrix, path } from "../../../web/lib/qr.js";

const has = (program) => !spawnSync(program, ["--version"]).error;
const text = (length) => "agreement/lao-iom@2 ".repeat(40).slice(0, length);

test("a code is as large as its version says", () => {
	/* ISO/IEC 18004, table 7: what byte mode holds at level M. */
	for (const [bytes, size] of [[1, 21], [14, 21], [15, 25], [26, 25],
		[84, 37], [85, 41], [106, 41], [180, 53], [181, 57], [213, 57],
		[666, 97]])
		assert.equal(matrix(text(bytes)).length, size, `${bytes} bytes`);
	assert.throws(() => matrix(text(667)), RangeError);
});

test("the finder patterns are there, and the path has each dark module",
	() => {
		const rows = matrix("valise");
		const first = rows[0].map((dark) => dark ? "#" : ".").join("");

		assert.match(first, /^#######\./);
		assert.match(first, /\.#######$/);
		assert.equal(path(rows).match(/M/g).length,
			rows.flat().filter(Boolean).length);
		assert.match(path(rows), /^M4 4h1v1h-1z/);
	});

test("qrencode makes the same code", { skip: !has("qrencode") &&
	"qrencode is not installed" }, () => {
	for (let bytes = 1; bytes <= 666; bytes += 19) {
		const theirs = execFileSync("qrencode", ["-8", "-l", "M", "-m", "0",
			"-t", "ASCII", text(bytes)], { encoding: "utf8" })
			.split("\n").map((row) => row.replaceAll("##", "1")
				.replaceAll("  ", "0"));

		/* It may choose another of the eight masks. */
		assert.ok([0, 1, 2, 3, 4, 5, 6, 7].some((mask) =>
			matrix(text(bytes), [mask]).every((row, y) => theirs[y] ===
				row.map((dark) => dark ? "1" : "0").join(""))),
		`${bytes} bytes`);
	}
});

test("zbarimg reads it", { skip: !has("zbarimg") &&
	"zbarimg is not installed" }, () => {
	const folder = mkdtempSync(join(tmpdir(), "qr-"));

	try {
		for (const said of ["valise", text(99), text(213), text(331),
			text(599), "ສັນຍາ agreement/x@1"]) {
			const rows = matrix(said), size = (rows.length + 8) * 4;
			const dots = Array.from({ length: size }, (_, y) =>
				Array.from({ length: size }, (_, x) => rows[(y >> 2) - 4]
					?.[(x >> 2) - 4] ? 1 : 0).join(" "));

			writeFileSync(join(folder, "qr.pbm"),
				`P1\n${size} ${size}\n${dots.join("\n")}\n`);
			assert.equal(execFileSync("zbarimg", ["-q", "--raw", "-Sbinary",
				join(folder, "qr.pbm")], { encoding: "utf8",
				stdio: ["ignore", "pipe", "ignore"] }).trimEnd(), said);
		}
	} finally {
		rmSync(folder, { recursive: true });
	}
});
