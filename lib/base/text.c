/*
 * Checking and folding text by Unicode, paths, short names; the nearest of
 * some words (text.h).
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <utf8proc.h>

#include "base/limits.h"

/* The code point at the front of in, taken; -1 if there is none. */
static int32_t
take_code_point(struct span *in)
{
	utf8proc_int32_t code = -1;
	struct span taken;
	utf8proc_ssize_t n;

	if (in->len == 0)
		return -1;
	n = utf8proc_iterate(in->data, (utf8proc_ssize_t)in->len, &code);
	if (n <= 0 || !span_take(in, (size_t)n, &taken))
		return -1;
	return code;
}

/* How many bytes at the start are ASCII and not NUL, eight at a time. */
static size_t
ascii_run(struct span text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	size_t n = 0;

	while (text.len - n >= sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, text.data + n, sizeof(word));
		/* The high bit of a byte is set in what is no ASCII, or NUL. */
		if (((word | (word - ones)) & (ones << 7)) != 0)
			break;
		n += sizeof(word);
	}
	while (n < text.len && text.data[n] > 0 && text.data[n] < 0x80)
		n++;
	return n;
}

bool
text_is_utf8(struct span text)
{
	while (text.len > 0) {
		const size_t n = ascii_run(text);

		text = span_sub(text, n, text.len - n);
		if (text.len > 0 && take_code_point(&text) <= 0)
			return false;
	}
	return true;
}

/*
 * Is it a character that a reader cannot see, or that changes how its
 * neighbours look?  Default-ignorable characters outside Cf (Unicode 15,
 * DerivedCoreProperties) are listed; ZWJ and ZWNJ are Cf and refused too: no
 * Lao or Latin name needs them.
 */
static bool
is_visible(int32_t c)
{
	switch ((int)utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return false;
	default:
		break;
	}
	return c != 0x034f && c != 0x115f && c != 0x1160 && c != 0x17b4 &&
	    c != 0x17b5 && !(c >= 0x180b && c <= 0x180f) && c != 0x3164 &&
	    !(c >= 0xfe00 && c <= 0xfe0f) && c != 0xffa0 && c != 0x2800 &&
	    !(c >= 0xe0000 && c <= 0xe0fff);
}

/* ASCII is the same in every normal form (UAX #15, section 1.3). */
static bool
is_nfc(struct span text)
{
	utf8proc_uint8_t *nfc = NULL;
	utf8proc_ssize_t n;
	bool same;

	if (ascii_run(text) == text.len)
		return true;
	n = utf8proc_map(text.data, (utf8proc_ssize_t)text.len, &nfc,
	    UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	same = n >= 0 && span_eq(text, span_of(nfc, (size_t)n));
	free(nfc);
	return same;
}

bool
text_compose(struct span text, struct buf *out, struct error *err)
{
	utf8proc_uint8_t *nfc = NULL;
	utf8proc_ssize_t n;
	bool ok;

	if (ascii_run(text) == text.len)
		return buf_append(out, text, err);
	n = utf8proc_map(text.data, (utf8proc_ssize_t)text.len, &nfc,
	    UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	ok = n >= 0 ? buf_append(out, span_of(nfc, (size_t)n), err)
		    : error_set(err, ERROR_MALFORMED, "it is not UTF-8");
	free(nfc);
	return ok;
}

bool
text_is_line(struct span text)
{
	struct span rest = text;

	while (rest.len > 0) {
		int32_t c = rest.data[0];

		if (c < 0x80)
			rest = span_sub(rest, 1, rest.len - 1);
		else
			c = take_code_point(&rest);
		/* Of ASCII, only the control characters (Cc) are invisible. */
		if (c < ' ' || c == 0x7f || (c >= 0x80 && !is_visible(c)))
			return false;
	}
	return is_nfc(text);
}

static bool
equals_folded(struct span a, const char *b)
{
	return a.len == strlen(b) &&
	    strncasecmp((const char *)a.data, b, a.len) == 0;
}

/* CON, NUL.txt, COM1 … (Windows); .git and git~1 (git's own protections). */
static bool
is_reserved(struct span name)
{
	static const char *const words[] = { "con", "prn", "aux", "nul",
		"conin$", "conout$" };
	struct span rest = name, stem = name;

	if (span_take_until(&rest, '.', &stem) == false)
		stem = name;
	while (stem.len > 0 && stem.data[stem.len - 1] == ' ')
		stem.len--;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (equals_folded(stem, words[i]))
			return true;
	if (stem.len >= 4 &&
	    (strncasecmp((const char *)stem.data, "com", 3) == 0 ||
		strncasecmp((const char *)stem.data, "lpt", 3) == 0)) {
		const struct span digit = span_sub(stem, 3, stem.len - 3);

		/* Windows reads the superscript digits as digits too. */
		if ((digit.len == 1 && digit.data[0] >= '0' &&
			digit.data[0] <= '9') ||
		    span_is(digit, "\xc2\xb9") || span_is(digit, "\xc2\xb2") ||
		    span_is(digit, "\xc2\xb3"))
			return true;
	}
	return name.len >= 5 &&
	    strncasecmp((const char *)name.data, "git~", 4) == 0;
}

bool
text_check_name(struct span name, struct error *err)
{
	char shown[LIMIT_NAME_BYTES + 1];

	if (name.len == 0)
		return error_set(err, ERROR_MALFORMED, "an empty name");
	if (name.len > LIMIT_NAME_BYTES)
		return error_set(err, ERROR_LIMIT,
		    "a name of %zu bytes, limit %d", name.len,
		    LIMIT_NAME_BYTES);
	if (!span_to_str(name, shown, sizeof(shown)) || !text_is_utf8(name))
		return error_set(err, ERROR_MALFORMED, "a name is not UTF-8");
	if (!is_nfc(name))
		return error_set(err, ERROR_MALFORMED,
		    "\"%s\": accents and vowels stand apart from their letters"
		    " in this name (NFD, as macOS stores names): it must be"
		    " NFC, so rename the file by typing its name anew",
		    shown);
	if (!text_is_line(name))
		return error_set(err, ERROR_MALFORMED,
		    "a name is not of visible characters");
	if (strpbrk(shown, "<>:\"/\\|?*") != NULL)
		return error_set(err, ERROR_MALFORMED,
		    "\"%s\": none of <>:\"/\\|?* can be in a name", shown);
	if (shown[0] == '.' || shown[0] == '-' || shown[0] == ' ')
		return error_set(err, ERROR_MALFORMED,
		    "\"%s\": a name begins with neither dot, hyphen nor space",
		    shown);
	if (shown[name.len - 1] == '.' || shown[name.len - 1] == ' ')
		return error_set(err, ERROR_MALFORMED,
		    "\"%s\": a name ends with neither dot nor space", shown);
	if (is_reserved(name))
		return error_set(err, ERROR_MALFORMED,
		    "\"%s\" is reserved by Windows or git", shown);
	return true;
}

bool
text_check_path(struct span path, struct error *err)
{
	struct span rest = path, name;
	unsigned levels = 1;

	if (path.len > LIMIT_PATH_BYTES)
		return error_set(err, ERROR_LIMIT,
		    "a path of %zu bytes, limit %d", path.len,
		    LIMIT_PATH_BYTES);
	while (span_take_until(&rest, '/', &name)) {
		if (!text_check_name(name, err))
			return false;
		if (++levels > LIMIT_PATH_LEVELS)
			return error_set(err, ERROR_LIMIT,
			    "a path of more than %d levels", LIMIT_PATH_LEVELS);
	}
	return text_check_name(rest, err);
}

/* The same for ASCII, where only the capital letters change. */
static bool
fold_ascii(struct span path, struct buf *out, struct error *err)
{
	const size_t before = out->len;

	if (!buf_append(out, path, err))
		return false;
	for (size_t i = before; i < out->len; i++)
		if (out->data[i] >= 'A' && out->data[i] <= 'Z')
			out->data[i] = (uint8_t)(out->data[i] - 'A' + 'a');
	return true;
}

/*
 * Fold one letter by itself, or return -1 where others may take part in it.
 * Only letters of blocks in which no two starters are composed (UAX #15,
 * section 1.3) come here, without the Greek signs that NFC does not keep; one
 * with a compatibility mapping is for utf8proc.
 */
static int32_t
fold_one(int32_t c, unsigned *last_class)
{
	const utf8proc_property_t *property = utf8proc_get_property(c);
	const unsigned class = (unsigned)property->combining_class;
	utf8proc_int32_t folded[4];
	int boundary = 0;

	if (!((c >= 0x80 && c < 0x0370) || (c >= 0x0388 && c < 0x03d0) ||
		(c >= 0x0400 && c < 0x0590) || (c >= 0x0e00 && c < 0x0f00)) ||
	    property->decomp_type != 0 || property->comp_exclusion ||
	    /* A mark is composed with its letter, or is out of its order. */
	    (class != 0 && (c < 0x0e00 || class < *last_class)) ||
	    utf8proc_decompose_char(c, folded, 4, UTF8PROC_CASEFOLD,
		&boundary) != 1)
		return -1;
	*last_class = class;
	return folded[0];
}

/*
 * The same for most letters of Latin, Greek, Cyrillic, Thai and Lao, which need
 * no other; thirty times as fast. False, and out is as it was: for utf8proc.
 */
static bool
fold_letters(struct span path, struct buf *out)
{
	const size_t before = out->len;
	struct error ignored = { 0 };
	unsigned last_class = 0;
	int32_t c;

	/* A letter of two bytes may get three. */
	if (path.len > SIZE_MAX / 2 ||
	    !buf_reserve(out, 2 * path.len, &ignored))
		return false;
	while (path.len > 0) {
		const uint8_t ascii = path.data[0];

		if (ascii < 0x80) {
			out->data[out->len++] = ascii >= 'A' && ascii <= 'Z'
			    ? (uint8_t)(ascii - 'A' + 'a')
			    : ascii;
			path = span_sub(path, 1, path.len - 1);
			last_class = 0;
			continue;
		}
		c = take_code_point(&path);
		if (c < 0 || (c = fold_one(c, &last_class)) < 0) {
			out->len = before;
			return false;
		}
		out->len +=
		    (size_t)utf8proc_encode_char(c, out->data + out->len);
	}
	return true;
}

bool
text_fold(struct span path, struct buf *out, struct error *err)
{
	utf8proc_uint8_t *folded = NULL;
	utf8proc_ssize_t n;
	bool ok;

	if (ascii_run(path) == path.len)
		return fold_ascii(path, out, err);
	if (fold_letters(path, out))
		return true;
	n = utf8proc_map(path.data, (utf8proc_ssize_t)path.len, &folded,
	    UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
		UTF8PROC_CASEFOLD);
	if (n < 0)
		return error_set(err, ERROR_MALFORMED, "not UTF-8");
	ok = buf_append(out, span_of(folded, (size_t)n), err);
	free(folded);
	return ok;
}

bool
text_is_slug(struct span text)
{
	if (text.len < 2 || text.len > LIMIT_SLUG_BYTES ||
	    text.data[0] == '-' || text.data[text.len - 1] == '-')
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			(c == '-' && text.data[i - 1] != '-')))
			return false;
	}
	return !is_reserved(text);
}

bool
text_is_email(struct span text)
{
	size_t at = 0;

	if (text.len < 3 || text.len > LIMIT_EMAIL_BYTES)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.data[i];

		if (c <= ' ' || c >= 127 || (c >= 'A' && c <= 'Z') ||
		    strchr("\"(),:;<>[]\\/*", c) != NULL)
			return false;
		if (c == '@') {
			if (at != 0)
				return false;
			at = i;
		}
	}
	return at > 0 && at < text.len - 1;
}

static bool
is_alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool
text_is_language(struct span text)
{
	if (text.len < 2 || text.len > LIMIT_LANGUAGE_BYTES ||
	    text.data[0] == '-' || text.data[text.len - 1] == '-')
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_alnum(text.data[i]) &&
		    !(text.data[i] == '-' && text.data[i - 1] != '-'))
			return false;
	return true;
}

bool
text_is_media(struct span text)
{
	struct span rest = text, type;

	if (text.len > LIMIT_MEDIA_BYTES ||
	    !span_take_until(&rest, '/', &type) || type.len == 0 ||
	    rest.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_alnum(text.data[i]) && i != type.len &&
		    strchr("-+.", text.data[i]) == NULL)
			return false;
	return true;
}

bool
text_matches(const char *pattern, const char *text)
{
	size_t tail, len;

	if (pattern[0] != '*')
		return strcmp(pattern, text) == 0;
	tail = strlen(pattern + 1);
	len = strlen(text);
	return len > tail && strcmp(text + len - tail, pattern + 1) == 0;
}

/* Edits (insert, delete, replace, swap) between two short words. */
static size_t
distance(const char *a, const char *b)
{
	enum { MAX = 40 };
	size_t row[3][MAX + 1];
	const size_t la = strlen(a), lb = strlen(b);

	if (la > MAX || lb > MAX)
		return MAX;
	for (size_t j = 0; j <= lb; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *now = row[i % 3], *last = row[(i + 2) % 3],
		       *before = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[la % 3][lb];
}

const char *
text_nearest(const char *word, const char *const candidates[],
    size_t num_candidates)
{
	size_t best = strlen(word) / 3 + 2;
	const char *nearest = NULL;

	for (size_t i = 0; i < num_candidates; i++) {
		const size_t edits = distance(word, candidates[i]);

		if (edits < best && edits < strlen(candidates[i])) {
			best = edits;
			nearest = candidates[i];
		}
	}
	return nearest;
}

bool
text_append_printable(struct buf *out, struct span text, struct error *err)
{
	while (text.len > 0) {
		struct span rest = text;
		size_t plain = 0;
		int32_t c;
		bool ok;

		while (plain < text.len && text.data[plain] >= ' ' &&
		    text.data[plain] < 0x7f)
			plain++;
		if (plain > 0) {
			if (!buf_append(out, span_sub(text, 0, plain), err))
				return false;
			text = span_sub(text, plain, text.len - plain);
			continue;
		}
		c = take_code_point(&rest);
		if (c < 0) {
			ok = buf_printf(out, err, "\\x%02x", text.data[0]);
			rest = span_sub(text, 1, text.len - 1);
		} else if (!is_visible(c)) {
			ok = buf_printf(out, err, "\\u{%04x}", (unsigned)c);
		} else {
			ok = buf_append(out,
			    span_of(text.data, text.len - rest.len), err);
		}
		if (!ok)
			return false;
		text = rest;
	}
	return true;
}

void
text_copy_ascii(char *out, size_t room, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n + 1 < room; text++)
		out[n++] = *text >= ' ' && *text < 127 ? *text : '?';
	out[n] = '\0';
}

bool
text_take(char *out, size_t room, const char *text, struct error *err)
{
	const size_t len = strlen(text);

	if (len >= room)
		return error_set(err, ERROR_LIMIT,
		    "\"%.40s…\" has more than %zu bytes", text, room - 1);
	memcpy(out, text, len + 1);
	return true;
}

void
text_set(char *out, size_t room, const char *text)
{
	const size_t len = strlen(text);

	/* Also where assert() is off: half a name would be another's. */
	if (len >= room)
		abort();
	memcpy(out, text, len + 1);
}

/* Returns where the character begins to which byte at of the text belongs. */
static size_t
character_at(const char *text, size_t at)
{
	while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	return at;
}

void
text_cut(char *out, size_t room, const char *text)
{
	static const char more[] = "…";
	size_t len = strnlen(text, room);
	const bool is_cut = len == room;

	if (is_cut)
		len = room >= sizeof(more)
		    ? character_at(text, room - sizeof(more))
		    : 0;
	memcpy(out, text, len);
	if (is_cut && room >= sizeof(more)) {
		memcpy(out + len, more, sizeof(more) - 1);
		len += sizeof(more) - 1;
	}
	out[len] = '\0';
}

void
text_cutf(char *out, size_t room, const char *fmt, ...)
{
	char text[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text_cut(out, room, text);
}
