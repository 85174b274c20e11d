/*
 * words.js - the difference of two texts, by word.
 *
 * First by line, then by word within what changed: both by Myers, "An
 * O(ND) Difference Algorithm and Its Variations" (1986).  All steps are
 * counted: texts too different are shown as removed and added as a whole,
 * so that no text keeps the page busy.
 *
 * Lao and Thai write no spaces between words: Intl.Segmenter finds them.
 */

/* Steps of Myers in all, and differences that one comparison may find. */
const STEPS = 20e6;
const DIFFERENCES = 1000;
/* Characters (UTF-16 units) of a changed part that is looked at by word. */
const PART = 200000;

/* The words of a text, with all that is between them, in order. */
export function words(text, language) {
	if (typeof Intl === "undefined" || !Intl.Segmenter)
		return text.match(/[\p{L}\p{M}\p{N}]+|\s+|[^\p{L}\p{M}\p{N}\s]/gu) ?? [];
	let locale = language;

	try {
		Intl.getCanonicalLocales(language);
	} catch {
		locale = "en";
	}
	return Array.from(new Intl.Segmenter(locale, { granularity: "word" })
		.segment(text), ({ segment }) => segment);
}

/* The same word has the same number in both. */
function numbered(before, after) {
	const numbers = new Map();
	const number = (word) => {
		if (!numbers.has(word))
			numbers.set(word, numbers.size);
		return numbers.get(word);
	};

	return [Int32Array.from(before, number), Int32Array.from(after, number)];
}

/*
 * The pairs [i, j] of equal items that stay, by Myers' greedy algorithm; or
 * null where that takes too many differences or steps.
 */
function stays(a, b, budget) {
	const max = Math.min(a.length + b.length, DIFFERENCES);
	const furthest = new Int32Array(2 * max + 3);
	const trace = [];

	for (let d = 0; d <= max; d++) {
		for (let k = -d; k <= d; k += 2) {
			const at = max + 1 + k;
			let x = k === -d ||
				k !== d && furthest[at - 1] < furthest[at + 1] ?
				furthest[at + 1] : furthest[at - 1] + 1;
			const from = x;

			while (x < a.length && x - k < b.length && x - k >= 0 &&
				a[x] === b[x - k])
				x++;
			furthest[at] = x;
			budget.steps -= 1 + x - from;
			if (x >= a.length && x - k >= b.length)
				return back(a, b, trace, max, d);
		}
		if (budget.steps <= 0)
			return null;
		trace.push(furthest.slice(max + 1 - d, max + 2 + d));
	}
	return null;
}

/* From the end to the beginning: trace[d][k + d] is how far d led on k. */
function back(a, b, trace, max, differences) {
	const pairs = [];
	let x = a.length, y = b.length;

	for (let d = differences; d > 0; d--) {
		const before = trace[d - 1];
		const reach = (k) => before[k + d - 1] ?? -1;
		const k = x - y;
		const down = k === -d || k !== d && reach(k - 1) < reach(k + 1);
		const fromX = down ? reach(k + 1) : reach(k - 1);
		const fromY = fromX - (down ? k + 1 : k - 1);
		const startX = down ? fromX : fromX + 1;

		while (x > startX)
			pairs.push([--x, --y]);
		x = fromX;
		y = fromY;
	}
	while (x > 0)
		pairs.push([--x, --y]);
	return pairs.reverse();
}

/* Runs {kind, before, after} of items: the beginning and end are common. */
function runs(before, after, budget) {
	const [a, b] = numbered(before, after);
	let begin = 0, end = 0;

	while (begin < a.length && begin < b.length && a[begin] === b[begin])
		begin++;
	while (end < a.length - begin && end < b.length - begin &&
		a[a.length - 1 - end] === b[b.length - 1 - end])
		end++;
	const pairs = stays(a.subarray(begin, a.length - end),
		b.subarray(begin, b.length - end), budget) ?? [];
	const out = [];
	let i = 0, j = 0;
	const upTo = (x, y) => {
		if (x > i || y > j)
			out.push({ same: false, before: before.slice(i, x),
				after: after.slice(j, y) });
	};
	const same = (x, y) => {
		upTo(x, y);
		if (out.at(-1)?.same)
			out.at(-1).before.push(before[x]);
		else
			out.push({ same: true, before: [before[x]] });
		i = x + 1;
		j = y + 1;
	};

	for (let n = 0; n < begin; n++)
		same(n, n);
	for (const [x, y] of pairs)
		same(begin + x, begin + y);
	for (let n = end; n > 0; n--)
		same(a.length - n, b.length - n);
	upTo(a.length, b.length);
	return out;
}

/* Adds to a list of {kind, text}; parts of one kind are put together. */
function add(list, kind, text) {
	if (text === "")
		return;
	if (list.at(-1)?.kind === kind)
		list.at(-1).text += text;
	else
		list.push({ kind, text });
}

/*
 * What became of before: a list of {kind: "same" | "removed" | "added",
 * text}.  Without "added" it is before, without "removed" after.
 */
export function difference(before, after, language) {
	const budget = { steps: STEPS };
	const lines = (text) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
	const out = [];

	for (const run of runs(lines(before), lines(after), budget)) {
		const was = run.before.join("");

		if (run.same) {
			add(out, "same", was);
			continue;
		}
		const is = run.after.join("");
		const small = was !== "" && is !== "" &&
			was.length + is.length <= PART && budget.steps > 0;

		if (!small) {
			add(out, "removed", was);
			add(out, "added", is);
			continue;
		}
		for (const part of runs(words(was, language), words(is, language),
			budget)) {
			add(out, part.same ? "same" : "removed", part.before.join(""));
			if (!part.same)
				add(out, "added", part.after.join(""));
		}
	}
	return out;
}
