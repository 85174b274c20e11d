/*
 * The names that files are deposited with: which cannot be, and which would do.
 */
#include "cli/cmd/push.h"

#include <string.h>

#include <utf8proc.h>

#include "base/text.h"
#include "cli/arguments.h"

/* What is shown of a name, and of one that would do. */
enum { SHOWN = 90, LONGEST_ENDING = 10 };

/* Take the first character; bytes that are none are taken one by one. */
static struct span
take_character(struct span *rest)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t n;
	struct span one = { NULL, 0 };

	n = utf8proc_iterate(rest->data, (utf8proc_ssize_t)rest->len, &c);
	(void)!span_take(rest, n > 0 ? (size_t)n : 1, &one);
	return one;
}

/* Is it a character that no name may have (text_check_name())? */
static bool
is_bad(struct span one)
{
	return (one.len == 1 && one.data[0] != '\0' &&
		   strchr("<>:\"/\\|?*", one.data[0]) != NULL) ||
	    !text_is_utf8(one) || !text_is_line(one);
}

/* The name with what is wrong in brackets, as far as it is shown. */
static bool
mark(struct span name, struct buf *out, struct error *err)
{
	bool ok = true;

	while (ok && name.len > 0) {
		const struct span one = take_character(&name);
		const bool bad = is_bad(one);

		if (out->len >= SHOWN)
			return buf_append_str(out, "…", err);
		ok = (!bad || buf_append_u8(out, '[', err)) &&
		    (bad &&
				(one.len > 1 || one.data[0] < ' ' ||
				    one.data[0] >= 0x7f)
			    ? buf_append_u8(out, '?', err)
			    : buf_append(out, one, err)) &&
		    (!bad || buf_append_u8(out, ']', err));
	}
	return ok;
}

/* The name with a hyphen for each character that is wrong. */
static bool
mend(struct span name, struct buf *out, struct error *err)
{
	bool ok = true;

	while (ok && name.len > 0) {
		const struct span one = take_character(&name);

		if (is_bad(one))
			ok = buf_append_u8(out, '-', err);
		else if (out->len > 0 || strchr(".- ", one.data[0]) == NULL)
			ok = buf_append(out, one, err);
	}
	while (ok && out->len > 0 &&
	    (out->data[out->len - 1] == '.' || out->data[out->len - 1] == ' '))
		out->len--;
	return ok;
}

/* Cut it to so many bytes: its ending stays, and no character is cut. */
static bool
shorten(struct buf *name, size_t most, struct error *err)
{
	char ending[LONGEST_ENDING + 1] = "";
	size_t dot = name->len;

	if (name->len <= most)
		return true;
	while (dot > 0 && name->data[dot - 1] != '.')
		dot--;
	if (dot > 1 && name->len - dot + 1 <= LONGEST_ENDING)
		(void)!span_to_str(span_of(name->data + dot - 1,
				       name->len - dot + 1),
		    ending, sizeof(ending));
	name->len = most - strlen(ending);
	while (name->len > 0 && !text_is_utf8(buf_span(name)))
		name->len--;
	while (name->len > 0 && name->data[name->len - 1] == ' ')
		name->len--;
	return buf_append_str(name, ending, err);
}

/* Tell of a name that cannot be which character is wrong, and what would do. */
static bool
refuse(const char *name, uint64_t most, struct error *err)
{
	struct buf marked = BUF(4 * SHOWN), better = BUF(FILE_PATH);
	struct error ignored = { 0 };
	const struct error why = *err;
	char shown[4 * SHOWN + 1], suggested[LIMIT_NAME_BYTES + 8];

	if (mark(span_of_str(name), &marked, &ignored) &&
	    mend(span_of_str(name), &better, &ignored) &&
	    shorten(&better, most, &ignored) &&
	    span_to_str(buf_span(&marked), shown, sizeof(shown)) &&
	    span_to_str(buf_span(&better), suggested, sizeof(suggested))) {
		/* It is empty, or reserved. */
		if (!text_check_name(span_of_str(suggested), &ignored))
			text_cutf(suggested, sizeof(suggested), "text-%.*s",
			    LIMIT_NAME_BYTES - 5, (const char *)better.data);
		*err = why;
		error_context(err, "%s: --as \"%s\" would do", shown,
		    suggested);
	}
	buf_free(&marked);
	buf_free(&better);
	return false;
}

bool
push_name(const struct push_input *input, uint64_t most,
    char out[LIMIT_NAME_BYTES + 1], struct error *err)
{
	const char *slash = strrchr(input->path, '/');
	const char *name = input->name != NULL ? input->name
	    : slash != NULL                    ? slash + 1
					       : input->path;
	char composed[FILE_PATH];

	if (!arguments_compose("a file's name", name, composed,
		sizeof(composed), err))
		return refuse(name, most, err);
	if (!text_check_name(span_of_str(composed), err))
		return refuse(composed, most, err);
	if (strlen(composed) > most) {
		error_set(err, ERROR_LIMIT,
		    "a name of %zu bytes: its type's policy takes %llu"
		    " (limits: name)",
		    strlen(composed), (unsigned long long)most);
		return refuse(composed, most, err);
	}
	text_set(out, LIMIT_NAME_BYTES + 1, composed);
	return true;
}
