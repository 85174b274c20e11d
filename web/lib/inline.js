/*
 * inline.js - what is within a line of Markdown: emphasis, code, links.
 *
 * Marks open and close; those that are left open are text after all.  Each
 * character is looked at a bounded number of times.
 */

/* Emphasis in links in emphasis. */
const MARKS_DEEP = 12;
/* Characters of where a link leads to. */
const TARGET = 2000;
/* Few blanks: of many, each way to part them would be tried. */
const LINK = /^\]\(\s{0,4}<?([^\s()<>]*)>?(\s{1,4}"[^"]*")?\s{0,4}\)/;

export const node = (tag, children = []) => ({ tag, children });

const MARKS = { "*": "em", "_": "em", "**": "strong", "__": "strong" };
const isSpace = (char) => char === undefined || /\s/.test(char);
const isWord = (char) => char !== undefined && /[\p{L}\p{N}]/u.test(char);

class Line {
	constructor(text) {
		this.text = text;
		this.stack = [{ mark: "", children: [] }];
		this.at = 0;
		this.ticks = null;
	}

	say(text) {
		const { children } = this.stack.at(-1);

		if (typeof children.at(-1) === "string")
			children[children.length - 1] += text;
		else if (text !== "")
			children.push(text);
	}

	/* The innermost mark was never closed: it is text after all. */
	drop() {
		const { mark, children } = this.stack.pop();

		this.say(mark);
		for (const child of children)
			if (typeof child === "string")
				this.say(child);
			else
				this.stack.at(-1).children.push(child);
	}

	open(mark) {
		if (this.stack.length > MARKS_DEEP)
			this.say(mark);
		else
			this.stack.push({ mark, children: [] });
	}

	/* Closes the innermost mark of that kind; gives what was in it. */
	close(mark) {
		const found = this.stack.findLastIndex((open) => open.mark === mark);

		if (found < 1)
			return null;
		while (this.stack.length > found + 1)
			this.drop();
		return this.stack.pop().children;
	}

	emphasis(mark) {
		const before = this.text[this.at - 1];
		const after = this.text[this.at + mark.length];
		const word = mark[0] === "_";

		this.at += mark.length;
		if (!isSpace(before) && !(word && isWord(after))) {
			const children = this.close(mark);

			if (children !== null && children.length > 0) {
				this.stack.at(-1).children.push(node(MARKS[mark], children));
				return;
			}
			if (children !== null) {
				this.say(mark + mark);
				return;
			}
		}
		if (!isSpace(after) && !(word && isWord(before)))
			this.open(mark);
		else
			this.say(mark);
	}

	/* Where runs of so many backticks are, from the left. */
	runsOf(len) {
		if (this.ticks === null) {
			this.ticks = new Map();
			for (const run of this.text.matchAll(/`+/g)) {
				const list = this.ticks.get(run[0].length) ?? [];

				list.push(run.index);
				this.ticks.set(run[0].length, list);
			}
			for (const list of this.ticks.values())
				list.reverse();
		}
		return this.ticks.get(len);
	}

	code() {
		const len = /^`+/.exec(this.text.slice(this.at, this.at + 100))[0].length;
		const from = this.at + len, runs = this.runsOf(len) ?? [];

		while (runs.length > 0 && runs.at(-1) < from)
			runs.pop();
		if (runs.length === 0) {
			this.say("`".repeat(len));
			this.at = from;
			return;
		}
		const text = this.text.slice(from, runs.at(-1));
		this.stack.at(-1).children.push(node("code",
			[text.replace(/^ (.*[^ ].*) $/s, "$1")]));
		this.at = runs.at(-1) + len;
	}

	/* At "]": a link if "(" follows and a "[" is open. */
	link() {
		const rest = this.text.slice(this.at, this.at + TARGET);
		const found = LINK.exec(rest);
		const open = this.stack.findLast(({ mark }) =>
			mark === "[" || mark === "![");

		if (open === undefined || found === null) {
			this.say("]");
			this.at++;
			return;
		}
		const children = this.close(open.mark);
		this.stack.at(-1).children.push(node("link",
			[...children, node("target", [found[1]])]));
		this.at += found[0].length;
	}

	step() {
		const { text, at } = this;
		const two = text.slice(at, at + 2), one = two[0];

		if (one === "\\" && /[!-\/:-@\[-`{-~]/.test(two[1] ?? "")) {
			this.say(two[1]);
			this.at += 2;
		} else if (one === "`") {
			this.code();
		} else if (MARKS[two] || MARKS[one]) {
			this.emphasis(MARKS[two] ? two : one);
		} else if (one === "[" || two === "![") {
			this.open(one === "[" ? "[" : "![");
			this.at += one === "[" ? 1 : 2;
		} else if (one === "]") {
			this.link();
		} else {
			this.say(one);
			this.at++;
		}
	}

	parse() {
		const plain = /[^\\`*_\[\]!]+/y;

		while (this.at < this.text.length) {
			plain.lastIndex = this.at;
			const found = plain.exec(this.text);

			if (found === null) {
				this.step();
				continue;
			}
			this.say(found[0]);
			this.at = plain.lastIndex;
		}
		while (this.stack.length > 1)
			this.drop();
		return this.stack[0].children;
	}
}

/* The nodes and strings of a line, or of the lines of a paragraph. */
export const inline = (text) => new Line(text).parse();
