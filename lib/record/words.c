/*
 * Matching words against names and titles (words.h).
 */
#include "record/words.h"

#include <string.h>

#include "base/text.h"

/* NFKC makes every other blank one of these. */
static bool
is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Find the words in the first len bytes of the text. */
static bool
find_words(struct words *out, size_t len, struct error *err)
{
	size_t at = 0, from;

	for (;;) {
		while (at < len && is_blank(out->text[at]))
			at++;
		if (at == len)
			return true;
		for (from = at; at < len && !is_blank(out->text[at]); at++)
			continue;
		if (out->num == LIMIT_QUERY_WORDS)
			return error_set(err, ERROR_USAGE, "more than %d words",
			    LIMIT_QUERY_WORDS);
		out->list[out->num++] =
		    (struct words_one){ .at = from, .len = at - from };
	}
}

bool
words_parse(struct span text, struct words *out, struct error *err)
{
	struct buf folded = BUF(sizeof(out->text));
	struct error ignored = { 0 };
	size_t len;
	bool ok;

	*out = (struct words){ 0 };
	if (text.len > LIMIT_QUERY_BYTES)
		return error_set(err, ERROR_USAGE,
		    "the words have %zu bytes, limit %d", text.len,
		    LIMIT_QUERY_BYTES);
	ok = text_is_utf8(text) && text_fold(text, &folded, &ignored);
	len = folded.len;
	if (ok && len > 0)
		memcpy(out->text, folded.data, len);
	buf_free(&folded);
	return ok ? find_words(out, len, err)
		  : error_set(err, ERROR_USAGE, "the words are not UTF-8");
}

/* Append a line for the name, and one for each title, folded. */
static bool
fold_all(const char *name, const char *titles, struct buf *out)
{
	struct span rest = span_of_str(titles), line, language;
	struct error ignored = { 0 };
	bool ok;

	ok = buf_append_str(out, name, &ignored);
	while (ok && rest.len > 0) {
		if (!span_take_until(&rest, '\n', &line)) {
			line = rest;
			rest.len = 0;
		}
		ok = span_take_until(&line, '=', &language) &&
		    buf_append_u8(out, '\n', &ignored) &&
		    text_fold(line, out, &ignored);
	}
	return ok;
}

bool
words_match(const struct words *words, const char *name, const char *titles,
    struct buf *scratch)
{
	bool all = true;

	if (words->num == 0)
		return true;
	scratch->len = 0;
	/* What cannot be folded is not found. */
	(void)fold_all(name, titles, scratch);
	for (size_t i = 0; all && i < words->num; i++)
		all = scratch->len >= words->list[i].len &&
		    memmem(scratch->data, scratch->len,
			words->text + words->list[i].at,
			words->list[i].len) != NULL;
	return all;
}
