/*
 * articles.js - the articles of a text, in Markdown or plain, so that two
 * languages can be set beside each other, article by article.
 *
 * A line begins an article if it says so in one of our languages, with a
 * number (Article 4, Article premier, ມາດຕາ 4, ข้อ ๔), or is a heading.
 */

const DIVISIONS = {
	article: ["article", "art\\.", "section", "ມາດຕາ", "ຂໍ້", "ข้อที่", "ข้อ",
		"มาตรา"],
	chapter: ["chapter", "chapitre", "ໝວດທີ", "ໝວດ", "ຫມວດ", "บทที่", "หมวด"],
	part: ["part", "partie", "title", "titre", "ພາກທີ", "ພາກ", "ภาค", "ส่วนที่"],
	annex: ["annex", "annexe", "ເອກະສານຊ້ອນທ້າຍ", "ภาคผนวก"],
};
/* A longer line is a sentence. */
const HEADING = 200;
const NUMBER = "(\\d{1,4}|[໐-໙]{1,4}|[๐-๙]{1,4}|[ivxlc]{1,8}|premier|1er|1ère)";

const patterns = Object.entries(DIVISIONS).map(([kind, words]) => [kind,
	new RegExp(`^(?:${words.join("|")})\\s*${NUMBER}(?![\\p{L}\\p{N}])(.*)$`,
		"iu")]);

/* Roman numerals, without a look at their grammar. */
function roman(text) {
	const values = { i: 1, v: 5, x: 10, l: 50, c: 100 };
	const list = [...text].map((digit) => values[digit]);

	return list.reduce((sum, value, i) =>
		sum + (value < (list[i + 1] ?? 0) ? -value : value), 0);
}

/* "4" of 4, ໔, ๔ and IV. */
function numberOf(written) {
	const text = written.toLowerCase();

	if (/^(premier|1er|1ère)$/.test(text))
		return "1";
	if (/^[ivxlc]+$/.test(text))
		return String(roman(text));
	return String(Number([...text].map((digit) => {
		const code = digit.codePointAt(0);

		return code >= 0xed0 ? code - 0xed0 : code >= 0xe50 ? code - 0xe50 :
			digit;
	}).join("")));
}

/* "article:4" of a line that begins one, "" of another heading, or null. */
function keyOf(line, markdown) {
	/* Looked at before the patterns, which take long on a long line. */
	if (line.length > 2 * HEADING)
		return null;
	const heading = markdown ? /^ {0,3}#{1,6}[ \t]+/.exec(line) : null;
	const text = line.slice(heading?.[0].length ?? 0)
		.replace(/^[\s*_]+|[\s*_#]+$/g, "");

	if (text.length > HEADING)
		return null;
	for (const [kind, pattern] of patterns) {
		const found = pattern.exec(text);

		/* "Article 4 of this Agreement" begins a sentence. */
		if (found && !/^\s+\p{Ll}/u.test(found[2]))
			return `${kind}:${numberOf(found[1])}`;
	}
	return heading ? "" : null;
}

/* The parts of a text: {key, text}; together they are the text. */
export function articles(text, markdown) {
	const out = [];
	let fenced = false;

	for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
		if (markdown && /^ {0,3}(```|~~~)/.test(line))
			fenced = !fenced;
		const key = fenced ? null : keyOf(line.trimEnd(), markdown);

		if (key !== null || out.length === 0)
			out.push({ key: key ?? "", text: line });
		else
			out.at(-1).text += line;
	}
	return out;
}

/*
 * Pairs [one, other] of the parts of two texts, in order: those of one key
 * beside each other, null where the other text has none.
 */
export function beside(one, other) {
	const last = (list) => new Map(list.map(({ key }, i) => [key, i]));
	const inOne = last(one), inOther = last(other);
	const out = [];
	let i = 0, j = 0;

	while (i < one.length || j < other.length) {
		const a = one[i], b = other[j];

		if (a && b && a.key === b.key) {
			out.push([a, b]);
			i++;
			j++;
			continue;
		}
		const later = a && a.key !== "" && inOther.get(a.key) > j;
		const both = later && b && b.key !== "" && inOne.get(b.key) > i;

		if (!a || b && later && !both) {
			out.push([null, b]);
			j++;
		} else {
			out.push([a, null]);
			i++;
		}
	}
	return out;
}
