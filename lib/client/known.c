/*
 * Names that this office has met (known.h).
 */
#include "client/known.h"

#include <dirent.h>
#include <string.h>

#include "base/text.h"
#include "client/acts.h"
#include "client/config.h"
#include "client/policies.h"

/* More names than this help nobody who completes a word. */
enum { KNOWN_BYTES = 8 * 1024 * 1024 };

bool
known_begin(struct context *context, struct error *err)
{
	char key_id[16] = "", state[FILE_PATH];

	if (!config_load(context, key_id, err))
		return false;
	text_set(state, sizeof(state), context->state);
	return file_join(context->state, state, key_id, err);
}

/* Append a name of a document that begins so, if it is one. */
static bool
add_document(struct span name, const char *start, struct buf *out,
    struct error *err)
{
	struct error ignored = { 0 };

	return !span_starts(name, start) ||
	    !document_name_check(name, &ignored) ||
	    (buf_append(out, name, err) && buf_append_u8(out, '\n', err));
}

/*
 * Append the documents that files of a folder are of: "TYPE--SLUG", and in the
 * outbox "TYPE--SLUG@N-…".
 */
static bool
add_files(const struct context *context, const char *folder, const char *start,
    struct buf *out, struct error *err)
{
	char path[FILE_PATH], name[DOCUMENT_NAME + 1];
	const struct dirent *file;
	DIR *dir;
	bool ok = true;

	if (!context_path(context, folder, path, err))
		return false;
	if ((dir = opendir(path)) == NULL)
		return true;
	while (ok && (file = readdir(dir)) != NULL) {
		const char *hyphens = strstr(file->d_name, "--");
		const size_t len = strcspn(file->d_name, "@");

		if (hyphens == NULL || hyphens >= file->d_name + len ||
		    len >= sizeof(name))
			continue;
		snprintf(name, sizeof(name), "%.*s/%.*s",
		    (int)(hyphens - file->d_name), file->d_name,
		    (int)(file->d_name + len - (hyphens + 2)), hyphens + 2);
		ok = add_document(span_of_str(name), start, out, err);
	}
	closedir(dir);
	return ok;
}

/* Append the versions of a document that its kept acts tell of. */
static bool
add_versions(struct context *context, const char *start, struct buf *out,
    struct error *err)
{
	struct document_acts acts;
	struct error ignored = { 0 };
	char name[DOCUMENT_NAME];
	struct span rest = span_of_str(start), document;
	bool ok;

	if (!span_take_until(&rest, '@', &document) ||
	    !span_to_str(document, name, sizeof(name)) ||
	    !document_name_check(document, &ignored))
		return true;
	acts_load(context, name, &acts);
	ok = buf_printf(out, err, "%s@in-force\n%s@latest\n", name, name);
	for (size_t i = 0; ok && i < acts.doc.num_versions; i++)
		ok = buf_printf(out, err, "%s@%u\n", name,
		    acts.doc.versions[i].number);
	acts_free(&acts);
	return ok;
}

bool
known_documents(struct context *context, const char *start, struct buf *out,
    struct error *err)
{
	struct buf text = BUF(KNOWN_BYTES);
	struct error ignored = { 0 };
	char path[FILE_PATH];
	struct span rest, line;
	bool ok;

	if (strchr(start, '@') != NULL)
		return add_versions(context, start, out, err);
	ok = add_files(context, "acts", start, out, err) &&
	    add_files(context, "outbox", start, out, err) &&
	    context_path(context, "documents", path, err);
	if (ok && file_read(path, text.max, &text, &ignored)) {
		rest = buf_span(&text);
		while (ok && span_take_line(&rest, &line))
			ok = add_document(line, start, out, err);
	}
	buf_free(&text);
	return ok;
}

bool
known_offices(struct context *context, struct buf *out, struct error *err)
{
	const struct policy *policy = policies_pinned(context, err);
	bool ok = policy != NULL;

	for (size_t i = 0; ok && i < policy->num_offices; i++)
		ok = buf_printf(out, err, "%s\n", policy->offices[i].name);
	return ok;
}

bool
known_parties(struct context *context, struct buf *out, struct error *err)
{
	const struct policy *policy = policies_pinned(context, err);
	bool ok = policy != NULL;

	for (size_t i = 0; ok && i < policy->num_parties; i++)
		ok = buf_printf(out, err, "%s\n", policy->parties[i].name);
	return ok;
}

bool
known_types(struct context *context, struct buf *out, struct error *err)
{
	const struct policy *policy = policies_pinned(context, err);
	bool ok = policy != NULL;

	for (size_t i = 0; ok && i < policy->num_types; i++)
		ok = buf_printf(out, err, "%s\n", policy->types[i].name);
	return ok;
}

/* --- Names that were listed. --- */

/* Merge two sorted lists of lines. */
static bool
merge(struct span a, struct span b, struct buf *out, struct error *err)
{
	struct span x, y;
	bool has_x = span_take_line(&a, &x), has_y = span_take_line(&b, &y);
	bool ok = true;

	while (ok && (has_x || has_y)) {
		const int order = !has_y ? -1 : !has_x ? 1 : span_order(x, y);

		ok = buf_append(out, order <= 0 ? x : y, err) &&
		    buf_append_u8(out, '\n', err);
		if (order <= 0)
			has_x = span_take_line(&a, &x);
		if (order >= 0)
			has_y = span_take_line(&b, &y);
	}
	return ok;
}

void
known_remember(const struct context *context, struct span names)
{
	struct buf text = BUF(KNOWN_BYTES), merged = BUF(KNOWN_BYTES);
	struct error ignored = { 0 };
	char path[FILE_PATH];
	bool ok = !context->guest &&
	    context_path(context, "documents", path, &ignored) &&
	    (!file_exists(path) ||
		file_read(path, text.max, &text, &ignored)) &&
	    merge(buf_span(&text), names, &merged, &ignored);

	if (ok && merged.len > text.len)
		ok = file_write_quick(path, buf_span(&merged), 0600, &ignored);
	(void)ok;
	buf_free(&merged);
	buf_free(&text);
}
