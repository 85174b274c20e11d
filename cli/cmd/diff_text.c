/*
 * Comparing two texts by libgit2, and printing their lines, words or articles
 * (diff_text.h).
 */
#include "cli/cmd/diff_text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utf8proc.h>

#include "cli/output.h"
#include "store/compare.h"

#define RED   "\033[31m"
#define GREEN "\033[32m"
#define CYAN  "\033[36m"
#define PLAIN "\033[0m"

struct printing {
	bool colour;
	struct buf line; /* somebody else's text, with its NUL */
	struct error *err;
	/* the kind of the words that are being printed */
	enum compare_kind last;
};

/*
 * Print somebody else's text so that it cannot move the cursor or fake a line.
 */
static bool
put(struct printing *to, struct span text)
{
	to->line.len = 0;
	if (!buf_append(&to->line, text, to->err) ||
	    !buf_append_u8(&to->line, 0, to->err))
		return false;
	output_text((const char *)to->line.data);
	return true;
}

/* --- By line. --- */

/* A compare_visitor that prints lines. */
static bool
print_line(void *arg, enum compare_kind kind, struct span text,
    struct error *err)
{
	static const struct {
		const char *colour, *prefix;
	} looks[] = { [COMPARE_SAME] = { PLAIN, " " },
		[COMPARE_ADDED] = { GREEN, "+" },
		[COMPARE_REMOVED] = { RED, "-" },
		[COMPARE_HUNK] = { CYAN, "" },
		[COMPARE_NOTE] = { PLAIN, "" } };
	struct printing *to = arg;

	(void)err;
	while (text.len > 0 &&
	    (text.data[text.len - 1] == '\n' ||
		text.data[text.len - 1] == '\r'))
		text.len--;
	if (to->colour)
		fputs(looks[kind].colour, stdout);
	fputs(looks[kind].prefix, stdout);
	if (!put(to, text))
		return false;
	fputs(to->colour ? PLAIN "\n" : "\n", stdout);
	return true;
}

/* --- By word: each is a line of its own, and so is each line's end. --- */

/*
 * Letters, digits and marks together make a word. Lao and Thai are written
 * without spaces, so each of their letters, with its marks, is a word.
 */
static bool
joins(utf8proc_int32_t before, utf8proc_int32_t c)
{
	const utf8proc_category_t x = utf8proc_category(before);
	const utf8proc_category_t y = utf8proc_category(c);
	const bool mark = y == UTF8PROC_CATEGORY_MN ||
	    y == UTF8PROC_CATEGORY_MC || y == UTF8PROC_CATEGORY_ME;
	const bool letters = x <= UTF8PROC_CATEGORY_NO &&
	    x != UTF8PROC_CATEGORY_CN && y <= UTF8PROC_CATEGORY_NO &&
	    y != UTF8PROC_CATEGORY_CN;
	const bool unspaced = (c >= 0x0e00 && c <= 0x0eff) ||
	    (before >= 0x0e00 && before <= 0x0eff);

	return mark || (letters && !unspaced);
}

/*
 * Append each word of a text on a line of its own, so that lines can be
 * compared.
 */
static bool
split_words(struct span text, struct buf *out, struct error *err)
{
	utf8proc_int32_t before = '\n', c;

	while (text.len > 0) {
		struct span piece;
		utf8proc_ssize_t n =
		    utf8proc_iterate(text.data, (utf8proc_ssize_t)text.len, &c);

		if (n <= 0) {
			n = 1;
			c = '?';
		}
		if (!span_take(&text, (size_t)n, &piece))
			return false;
		if (out->len > 0 && !joins(before, c) &&
		    !buf_append_str(out, "\n", err))
			return false;
		/*
		 * Stands for the end of a line among words; no text contains
		 * it.
		 */
		if (c == '\n' ? !buf_append_str(out, "\036", err)
			      : !buf_append(out, piece, err))
			return false;
		before = c;
	}
	return buf_append_str(out, "\n", err);
}

static void
mark(struct printing *to, enum compare_kind kind, bool begin)
{
	if (kind == COMPARE_ADDED)
		fputs(to->colour ? (begin ? GREEN : PLAIN)
				 : (begin ? "{+" : "+}"),
		    stdout);
	else if (kind == COMPARE_REMOVED)
		fputs(to->colour ? (begin ? RED : PLAIN)
				 : (begin ? "[-" : "-]"),
		    stdout);
}

/* A compare_visitor that prints words. */
static bool
print_word(void *arg, enum compare_kind kind, struct span text,
    struct error *err)
{
	struct printing *to = arg;

	(void)err;
	if (kind == COMPARE_HUNK)
		fputs("\n…\n", stdout);
	if (kind == COMPARE_HUNK || kind == COMPARE_NOTE)
		return true;
	if (text.len > 0 && text.data[text.len - 1] == '\n')
		text.len--;
	if (kind != to->last) {
		mark(to, to->last, false);
		mark(to, kind, true);
	}
	to->last = kind;
	if (span_is(text, "\036")) {
		mark(to, kind, false);
		putchar('\n');
		mark(to, kind, true);
		return true;
	}
	return put(to, text);
}

/* Visit what differs, of words or of lines, with some around it. */
static bool
compare(const char *name, struct span a, struct span b, bool words,
    compare_visitor *visit, void *arg, struct error *err)
{
	struct buf x = BUF(64 * 1024 * 1024), y = BUF(64 * 1024 * 1024);
	bool ok = true;

	if (words) {
		ok = split_words(a, &x, err) && split_words(b, &y, err);
		a = buf_span(&x);
		b = buf_span(&y);
	}
	ok = ok && compare_texts(name, a, b, words ? 12 : 3, visit, arg, err);
	buf_free(&x);
	buf_free(&y);
	return ok;
}

bool
diff_texts(const char *name, struct span a, struct span b, bool words,
    bool colour, struct error *err)
{
	struct printing to = { .colour = colour,
		.line = BUF(16 * 1024 * 1024),
		.err = err,
		.last = COMPARE_SAME };
	const bool ok = compare(name, a, b, words,
	    words ? print_word : print_line, &to, err);

	if (words)
		fputs(colour ? PLAIN "\n" : "\n", stdout);
	buf_free(&to.line);
	return ok;
}

/* --- Beside each other. --- */

/*
 * True for the heading of an article, in any language: "Article 4", "ມາດຕາ 4",
 * "## 4.". That is a short line which begins with at most one word and then a
 * number.
 */
static bool
is_heading(struct span line)
{
	bool number = false, space = false;
	unsigned letters = 0;
	utf8proc_int32_t c;

	if (line.len > 120)
		return false;
	while (line.len > 0 && !number) {
		struct span taken;
		const utf8proc_ssize_t n =
		    utf8proc_iterate(line.data, (utf8proc_ssize_t)line.len, &c);

		if (n <= 0 || !span_take(&line, (size_t)n, &taken))
			return false;
		if (utf8proc_category(c) == UTF8PROC_CATEGORY_ND)
			number = true;
		else if (c == ' ' || c == '#' || c == '*') {
			space = space || (c == ' ' && letters > 0);
		} else if (space || ++letters > 24)
			return false;
	}
	return number;
}

/* Take the lines up to the next heading. */
static struct span
take_article(struct span *text)
{
	const struct span all = *text;
	struct span line;
	size_t len = 0;

	while (text->len > 0) {
		struct span rest = *text;

		if (!span_take_line(&rest, &line)) {
			line = rest;
			rest.len = 0;
		}
		if (len > 0 && is_heading(line))
			break;
		len += text->len - rest.len;
		*text = rest;
	}
	return span_sub(all, 0, len);
}

/*
 * Take as much of a line as fits into so many columns. A word is cut only if it
 * is wider than that.
 */
static struct span
take_columns(struct span *line, unsigned width)
{
	struct span rest = *line, taken, out;
	size_t fits = 0, space = 0;
	unsigned used = 0;

	while (rest.len > 0) {
		utf8proc_int32_t c;
		utf8proc_ssize_t n =
		    utf8proc_iterate(rest.data, (utf8proc_ssize_t)rest.len, &c);
		const int wide = n > 0 ? utf8proc_charwidth(c) : 1;

		if (n <= 0)
			n = 1;
		if (used + (unsigned)wide > width)
			break;
		used += (unsigned)wide;
		if (c == ' ')
			space = fits;
		if (!span_take(&rest, (size_t)n, &taken))
			break;
		fits += (size_t)n;
	}
	if (rest.len > 0 && space > 0)
		fits = space;
	if (fits == 0 && line->len > 0)
		fits = 1;
	out = span_sub(*line, 0, fits);
	*line = span_sub(*line, fits, line->len - fits);
	while (line->len > 0 && line->data[0] == ' ' && rest.len > 0)
		*line = span_sub(*line, 1, line->len - 1);
	return out;
}

static unsigned
columns_of(struct span text)
{
	unsigned used = 0;

	while (text.len > 0) {
		utf8proc_int32_t c;
		utf8proc_ssize_t n =
		    utf8proc_iterate(text.data, (utf8proc_ssize_t)text.len, &c);
		struct span taken;

		used += n > 0 ? (unsigned)utf8proc_charwidth(c) : 1;
		if (!span_take(&text, n > 0 ? (size_t)n : 1, &taken))
			break;
	}
	return used;
}

/* A text that is read line by line, each cut to the column's width. */
struct column {
	struct span text, line;
};

/* Take the next row of a column, of at most width columns; false at the end. */
static bool
next_row(struct column *column, unsigned width, struct span *out)
{
	*out = span_of("", 0);
	while (column->line.len == 0) {
		if (column->text.len == 0)
			return false;
		if (!span_take_line(&column->text, &column->line)) {
			column->line = column->text;
			column->text.len = 0;
		}
		if (column->line.len > 0 &&
		    column->line.data[column->line.len - 1] == '\r')
			column->line.len--;
		if (column->line.len == 0)
			return true;
	}
	*out = take_columns(&column->line, width);
	return true;
}

/* Print two articles beside each other. */
static bool
print_article(struct printing *to, struct span left, struct span right,
    unsigned width)
{
	struct column a = { left, { NULL, 0 } }, b = { right, { NULL, 0 } };

	for (;;) {
		struct span x, y;
		const bool more_left = next_row(&a, width, &x);
		const bool more_right = next_row(&b, width, &y);

		if (!more_left && !more_right)
			return true;
		if (!put(to, x))
			return false;
		printf("%*s | ", (int)(width - columns_of(x)), "");
		if (!put(to, y))
			return false;
		putchar('\n');
	}
}

bool
diff_beside(const char *left_name, struct span left, const char *right_name,
    struct span right, unsigned width, struct error *err)
{
	struct printing to = { .line = BUF(16 * 1024 * 1024), .err = err };
	const unsigned column =
	    width > 2 * DIFF_COLUMN + 3 ? (width - 3) / 2 : DIFF_COLUMN;
	bool ok = true;

	printf("%-*s | %s\n", (int)column, left_name, right_name);
	while (ok && (left.len > 0 || right.len > 0)) {
		for (unsigned i = 0; i < 2 * column + 3; i++)
			putchar(i == column + 1 ? '+' : '-');
		putchar('\n');
		ok = print_article(&to, take_article(&left),
		    take_article(&right), column);
	}
	buf_free(&to.line);
	return ok;
}

/* --- As JSON. --- */

/* A compare_visitor that appends to the array arg. */
static bool
add_line(void *arg, enum compare_kind kind, struct span text, struct error *err)
{
	static const char *const kinds[] = { [COMPARE_SAME] = "same",
		[COMPARE_ADDED] = "added",
		[COMPARE_REMOVED] = "removed",
		[COMPARE_HUNK] = "hunk",
		[COMPARE_NOTE] = "note" };

	while (text.len > 0 &&
	    (text.data[text.len - 1] == '\n' ||
		text.data[text.len - 1] == '\r'))
		text.len--;
	/* The end of a line among words (split_words()). */
	if (span_is(text, "\036"))
		text = span_of_str("\n");
	return json_array_append_new(arg,
		   json_pack("{s:s, s:s%}", "kind", kinds[kind], "text",
		       (const char *)text.data, text.len)) == 0 ||
	    error_set(err, ERROR_MALFORMED, "its text is not UTF-8");
}

json_t *
diff_texts_json(const char *name, struct span a, struct span b, bool words,
    struct error *err)
{
	json_t *lines = json_array();

	if (!compare(name, a, b, words, add_line, lines, err)) {
		json_decref(lines);
		lines = NULL;
	}
	return lines;
}

json_t *
diff_articles_json(struct span left, struct span right, struct error *err)
{
	json_t *all = json_array();

	while (left.len > 0 || right.len > 0) {
		const struct span a = take_article(&left);
		const struct span b = take_article(&right);

		if (json_array_append_new(all,
			json_pack("[s%, s%]",
			    a.len > 0 ? (const char *)a.data : "", a.len,
			    b.len > 0 ? (const char *)b.data : "", b.len)) !=
		    0) {
			json_decref(all);
			error_set(err, ERROR_MALFORMED,
			    "its text is not UTF-8");
			return NULL;
		}
	}
	return all;
}

/* --- PDF. --- */

bool
diff_pdf_text(int fd, struct buf *out, struct error *err)
{
	char path[40];
	const char *const argv[] = { "pdftotext", "-layout", "-enc", "UTF-8",
		"-nopgbrk", path, "-", NULL };
	uint8_t piece[65536];
	int ends[2], status = 0;
	bool ok = true;
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set_errno(err, "pdftotext");
	if ((pid = fork()) == 0) {
		const int own = dup(fd); /* it stays open over exec */

		snprintf(path, sizeof(path), "/dev/fd/%d", own);
		dup2(ends[1], STDOUT_FILENO);
		close(STDERR_FILENO);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(ends[1]);
	while (ok && pid > 0 && (n = read(ends[0], piece, sizeof(piece))) > 0)
		ok = buf_append(out, span_of(piece, (size_t)n), err);
	close(ends[0]);
	if (pid < 0)
		return error_set_errno(err, "pdftotext");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!ok)
		return false;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return error_set(err, ERROR_NOT_FOUND,
		    "there is no pdftotext (the package poppler-utils)");
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
	    error_set(err, ERROR_MALFORMED, "pdftotext cannot read it");
}
