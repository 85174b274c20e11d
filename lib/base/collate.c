/*
 * Keys to sort titles by (collate.h).
 */
#include "base/collate.h"

#include <string.h>

#include <utf8proc.h>

#include "base/text.h"

/* A vowel that is written before the consonant that it is spoken after. */
static bool
is_leading(int32_t c)
{
	return (c >= 0x0e40 && c <= 0x0e44) || (c >= 0x0ec0 && c <= 0x0ec4);
}

static bool
is_consonant(int32_t c)
{
	return (c >= 0x0e01 && c <= 0x0e2e) || (c >= 0x0e81 && c <= 0x0eae) ||
	    (c >= 0x0edc && c <= 0x0edf);
}

/* Accents of Latin, Greek and Cyrillic, and the tone marks of Thai and Lao. */
static bool
counts_not(int32_t c)
{
	return (c >= 0x0300 && c <= 0x036f) || (c >= 0x0e47 && c <= 0x0e4c) ||
	    (c >= 0x0ec8 && c <= 0x0ecc);
}

static bool
put(int32_t c, struct buf *out, struct error *err)
{
	if (counts_not(c))
		return true;
	if (!buf_reserve(out, 4, err))
		return false;
	out->len += (size_t)utf8proc_encode_char(c, out->data + out->len);
	return true;
}

/* Append a letter without what stands above or below it. */
static bool
put_base(int32_t c, struct buf *out, struct error *err)
{
	utf8proc_int32_t parts[8];
	utf8proc_ssize_t n = 0;
	bool ok = true;

	/* Nothing of Thai or Lao has parts, as it was folded before. */
	if (c >= 0x80 && !(c >= 0x0e00 && c <= 0x0eff))
		n = utf8proc_decompose_char(c, parts, 8, UTF8PROC_DECOMPOSE,
		    NULL);
	if (n <= 0 || n > 8)
		return put(c, out, err);
	for (utf8proc_ssize_t i = 0; ok && i < n; i++)
		ok = put(parts[i], out, err);
	return ok;
}

/* Take a code point of text that is UTF-8; -1 at the end. */
static int32_t
take(struct span *in)
{
	utf8proc_int32_t c = -1;
	utf8proc_ssize_t n = in->len > 0;

	if (n > 0 && in->data[0] < 0x80)
		c = in->data[0];
	else if (n > 0)
		n = utf8proc_iterate(in->data, (utf8proc_ssize_t)in->len, &c);
	if (n <= 0)
		return -1;
	*in = span_sub(*in, (size_t)n, in->len - (size_t)n);
	return c;
}

bool
collate_key(struct span text, struct buf *out, struct error *err)
{
	struct buf folded = BUF(SIZE_MAX);
	bool ok = text_fold(text, &folded, err);
	struct span rest = buf_span(&folded);
	int32_t c, vowel = -1;

	ok = ok && buf_reserve(out, folded.len + 8, err);
	while (ok && (c = take(&rest)) >= 0) {
		if (vowel >= 0 && is_consonant(c)) {
			ok = put_base(c, out, err) && put_base(vowel, out, err);
			vowel = -1;
			continue;
		}
		ok = vowel < 0 || put_base(vowel, out, err);
		vowel = -1;
		if (is_leading(c))
			vowel = c;
		else
			ok = ok && put_base(c, out, err);
	}
	ok = ok && (vowel < 0 || put_base(vowel, out, err));
	buf_free(&folded);
	return ok;
}
