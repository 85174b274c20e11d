/*
 * Keeping the proved acts of a document in the state, and reading them again
 * (acts.h).
 */
#include "client/acts_private.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

static bool
path_of(const struct context *context, const char *document,
    char out[FILE_PATH], struct error *err)
{
	const char *slash = strchr(document, '/');
	char name[DOCUMENT_NAME + 16];

	snprintf(name, sizeof(name), "acts/%.*s--%s", (int)(slash - document),
	    document, slash + 1);
	return context_path(context, name, out, err);
}

static bool
read_header(struct span *text, struct document_acts *out)
{
	struct span value;

	return span_take_field(text, "valise", &value) &&
	    span_is(value, "acts 1") &&
	    span_take_field(text, "document", &value) &&
	    span_is(value, out->doc.name) &&
	    span_take_field(text, "size", &value) &&
	    span_to_u64(value, &out->size) &&
	    span_take_field(text, "seen", &value) &&
	    time_parse_at(value, &out->seen_at);
}

static bool
read_acts(struct span text, struct document_acts *out)
{
	struct error ignored = { 0 };
	struct span line, number;
	uint64_t index;

	if (!acts_take_whole(&text) || !read_header(&text, out))
		return false;
	while (span_take_line(&text, &line))
		if (!span_take_until(&line, ' ', &number) ||
		    !span_to_u64(number, &index) || index >= out->size ||
		    !acts_add(out, index, line, &ignored))
			return false;
	return text.len == 0;
}

void
acts_load(struct context *context, const char *document,
    struct document_acts *out)
{
	struct buf text = BUF(LIMIT_ACTS_BYTES);
	struct error ignored = { 0 };
	char path[FILE_PATH];

	acts_begin(document, out);
	if (path_of(context, document, path, &ignored) &&
	    file_read(path, text.max, &text, &ignored) &&
	    !read_acts(buf_span(&text), out)) {
		acts_free(out);
		acts_begin(document, out);
	}
	acts_extend(context, out);
	buf_free(&text);
}

/* Append the text of a document's file. */
static bool
encode(const struct document_acts *acts, struct buf *out, struct error *err)
{
	char seen[TIME_TEXT], hex[DIGEST_HEX];
	struct digest digest;
	bool ok;

	time_format_at(acts->seen_at, seen);
	ok = buf_printf(out, err,
	    "valise acts 1\ndocument %s\nsize %llu\nseen %s\n", acts->doc.name,
	    (unsigned long long)acts->size, seen);
	for (size_t i = 0; ok && i < acts->num; i++)
		ok = buf_printf(out, err, "%llu ",
			 (unsigned long long)acts->list[i].index) &&
		    buf_append(out,
			span_sub(buf_span(&acts->lines), acts->list[i].at,
			    acts->list[i].len),
			err) &&
		    buf_append_u8(out, '\n', err);
	digest = sha256_of(buf_span(out));
	digest_hex(&digest, hex);
	return ok && buf_printf(out, err, "sha256 %s\n", hex);
}

/* True if the file has as much already, whoever wrote it. */
static bool
is_kept(const char *path, const struct document_acts *acts)
{
	struct document_acts there;
	struct buf text = BUF(LIMIT_ACTS_BYTES);
	struct error ignored = { 0 };
	struct span rest;
	bool kept = false;

	acts_begin(acts->doc.name, &there);
	if (file_read(path, text.max, &text, &ignored)) {
		rest = buf_span(&text);
		kept = acts_take_whole(&rest) && read_header(&rest, &there) &&
		    (there.size > acts->size ||
			(there.size == acts->size &&
			    there.seen_at >= acts->seen_at));
	}
	buf_free(&text);
	acts_free(&there);
	return kept;
}

/* Write a document's file, unless it has as much already. */
static bool
keep(const struct context *context, const struct document_acts *acts,
    bool durable, struct error *err)
{
	char dir[FILE_PATH], lock[FILE_PATH], path[FILE_PATH];
	struct buf text = BUF(LIMIT_ACTS_BYTES);
	bool ok;
	int fd = -1;

	ok = context_path(context, "acts", dir, err) &&
	    file_make_dirs(dir, 0700, err) &&
	    context_path(context, "acts/lock", lock, err) &&
	    path_of(context, acts->doc.name, path, err) &&
	    encode(acts, &text, err) && (fd = file_lock_wait(lock, err)) >= 0;
	if (ok && !is_kept(path, acts))
		ok = durable
		    ? file_write(path, buf_span(&text), 0600, err)
		    : file_write_quick(path, buf_span(&text), 0600, err);
	if (fd >= 0)
		close(fd);
	buf_free(&text);
	return ok;
}

bool
acts_keep(const struct context *context, const struct document_acts *acts,
    struct error *err)
{
	/* No act is kept, so there is nothing that a power cut could take. */
	return keep(context, acts, acts->num > 0, err);
}

bool
acts_keep_quick(const struct context *context, const struct document_acts *acts,
    struct error *err)
{
	return keep(context, acts, false, err);
}

void
acts_forget(const struct context *context, const char *document)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (path_of(context, document, path, &ignored))
		unlink(path);
}

/* The document of a file "TYPE--SLUG"; false if it is another file. */
static bool
document_of(const char *file, char out[DOCUMENT_NAME])
{
	const char *between = strstr(file, "--");
	struct error ignored = { 0 };

	return between != NULL &&
	    snprintf(out, DOCUMENT_NAME, "%.*s/%s", (int)(between - file), file,
		between + 2) < DOCUMENT_NAME &&
	    document_name_check(span_of_str(out), &ignored);
}

bool
acts_each_kept(const struct context *context, acts_visitor *visit, void *arg,
    struct error *err)
{
	char dir[FILE_PATH], document[DOCUMENT_NAME];
	struct dirent **names = NULL;
	bool ok = true;
	int num;

	if (!context_path(context, "acts", dir, err))
		return false;
	/* Without the folder nothing is kept. */
	num = scandir(dir, &names, NULL, alphasort);
	for (int i = 0; i < num; i++) {
		if (ok && document_of(names[i]->d_name, document))
			ok = visit(arg, document, err);
		free(names[i]);
	}
	free(names);
	return ok;
}
