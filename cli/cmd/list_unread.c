/*
 * Which documents are unread, from one list to the next (list.h): the file
 * "unread" of the state folder.
 *
 *	policy DIGEST   of the daemon's policy: by another one an office may see
 *	                other documents
 *	until TIME      all whose newest version is older were opened, but for
 *	DOCUMENT        these, a line each
 *
 * A version that was opened stays so, and the next one is newer than all that
 * there are: so what was true of the old ones stays true.
 */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/cmd/list.h"

enum { FILE_MAX = (LIST_UNREAD_KEPT + 2) * (DOCUMENT_NAME + 80) };

static bool
path_of(const struct context *context, char out[FILE_PATH])
{
	struct error ignored = { 0 };

	return context_path(context, "unread", out, &ignored);
}

/* Take the value of the next line, which begins with a key. */
static bool
take_value(struct span *rest, const char *key, struct span *out)
{
	struct span word;

	return span_take_line(rest, out) && span_take_until(out, ' ', &word) &&
	    span_is(word, key);
}

static bool
parse(struct span rest, struct list_unread *out)
{
	struct error ignored = { 0 };
	struct span value;

	*out = (struct list_unread){ .num = 0 };
	if (!take_value(&rest, "policy", &value) ||
	    !digest_parse(value, &out->policy) ||
	    !take_value(&rest, "until", &value) ||
	    !time_parse_at(value, &out->until_at))
		return false;
	while (span_take_line(&rest, &value))
		if (out->num == LIST_UNREAD_KEPT ||
		    !document_name_check(value, &ignored) ||
		    !span_to_str(value, out->names[out->num++], DOCUMENT_NAME))
			return false;
	return rest.len == 0;
}

bool
list_unread_load(const struct session *session, struct list_unread *out)
{
	struct buf text = BUF(FILE_MAX);
	struct error ignored = { 0 };
	char path[FILE_PATH];
	bool ok;

	ok = path_of(session->context, path) &&
	    file_read(path, FILE_MAX, &text, &ignored) &&
	    parse(buf_span(&text), out) &&
	    digest_eq(&out->policy, &session->policy);
	buf_free(&text);
	return ok;
}

void
list_unread_keep(const struct session *session, int64_t until_at,
    const json_t *unread)
{
	struct buf text = BUF(FILE_MAX);
	struct error ignored = { 0 };
	char path[FILE_PATH], hex[DIGEST_HEX], until[TIME_TEXT];
	const json_t *row;
	size_t i;
	bool ok;

	if (!path_of(session->context, path))
		return;
	digest_hex(&session->policy, hex);
	time_format_at(until_at, until);
	ok = json_array_size(unread) <= LIST_UNREAD_KEPT &&
	    buf_printf(&text, &ignored, "policy %s\nuntil %s\n", hex, until);
	json_array_foreach (unread, i, row)
		ok = ok &&
		    buf_printf(&text, &ignored, "%s\n",
			json_text(row, "document"));
	/* A convenience: without it all of the list is looked at. */
	if (!ok || !file_write_quick(path, buf_span(&text), 0600, &ignored))
		unlink(path);
	buf_free(&text);
}

void
list_unread_forget(const struct session *session)
{
	char path[FILE_PATH];

	if (path_of(session->context, path))
		unlink(path);
}
