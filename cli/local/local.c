/*
 * Opening the copies of the local copy, and finding its folder (local.h).
 */
#include "cli/local/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/folder.h"
#include "base/scratch.h"
#include "base/text.h"
#include "cli/commands.h"

/* --- The folder. --- */

/* If the folder cannot be written, its copies are marked all the same. */
static bool
settle_quietly(struct context *context, const char *dir)
{
	struct error why = { 0 };
	struct seen *seen = local_seen(context, &why);

	if (seen == NULL || !local_settle(context, seen, dir, &why))
		output_note("%s: what is not proved yet was not looked at: %s",
		    dir, why.detail);
	return true;
}

void
local_remember(struct context *context, const char *dir)
{
	struct error why = { 0 };
	char path[FILE_PATH];

	if (!context_path(context, "copy", path, &why) ||
	    !file_write(path, span_of_str(dir), 0600, &why))
		output_note("%s: %s is not remembered as the local copy",
		    why.detail, dir);
}

/* Get the folder: the one that is given, else the one that is remembered. */
static bool
find_dir(struct context *context, const char *given, char out[FILE_PATH],
    struct error *err)
{
	struct buf text = BUF(FILE_PATH - 1);
	char path[FILE_PATH], state[FILE_PATH];
	bool in_state, ok;

	if (!context_path(context, "copy", path, err))
		return false;
	if (given != NULL) {
		/*
		 * Journals that the folder holds beside this one are left
		 * alone.
		 */
		file_parent(context->state, state);
		if (!folder_is_within(given, state, &in_state, err))
			return false;
		if (in_state)
			return error_set(err, ERROR_USAGE,
			    "%s is in, or the same as, %s, where this office"
			    " keeps what it has seen: name another folder",
			    given, state);
		if (!file_make_dirs(given, 0755, err))
			return false;
		if (realpath(given, out) == NULL)
			return error_set_errno(err, "%s", given);
		return true;
	}
	ok = file_exists(path) && file_read(path, text.max, &text, err) &&
	    span_to_str(buf_span(&text), out, FILE_PATH);
	buf_free(&text);
	return ok ||
	    error_set(err, ERROR_USAGE,
		"there is no local copy yet: \"valise pull DIR\", or \"valise"
		" bag open --into DIR\", makes one");
}

bool
local_dir(struct context *context, const char *given, char out[FILE_PATH],
    struct error *err)
{
	if (!find_dir(context, given, out, err))
		return false;
	scratch_sweep(out);
	return settle_quietly(context, out);
}

/* --- Reading it. --- */

bool
local_open_quietly(struct context *context, const char *dir,
    const char *document, unsigned version, struct copy *out, struct error *err)
{
	char path[FILE_PATH];
	unsigned *all;
	size_t num;
	bool ok;

	*out = (struct copy){ .fd = -1 };
	if (!local_versions(dir, document, &all, &num, err))
		return false;
	if (version == 0 && num > 0)
		version = all[num - 1];
	free(all);
	if (num == 0)
		return error_set(err, ERROR_NOT_FOUND,
		    "%s is not in the local copy, %s", document, dir);
	if (!local_version_file(dir, document, version, path, err))
		return false;
	ok = local_judge(context, path, out, err);
	if (!ok && out->fd < 0 && err->kind == ERROR_NOT_FOUND)
		return error_set(err, ERROR_NOT_FOUND,
		    "%s@%u is not in the local copy, %s", document, version,
		    dir);
	if (ok && out->verdict.version != NULL &&
	    (strcmp(out->verdict.version->document, document) != 0 ||
		out->verdict.version->number != version))
		ok = error_set_code(err, ERROR_UNTRUSTED, "VERSION_DIFFERS",
		    "%s is of %s@%u", path, out->verdict.version->document,
		    out->verdict.version->number);
	return ok;
}

void
local_tell_unproved(struct context *context, const char *document,
    const struct copy *copy)
{
	if (copy->verdict.outcome == OUTCOME_VALID &&
	    local_proof(context, copy) != LOCAL_PROVED)
		output_note("%s@%u is not proved: its journal is not known to"
			    " be the one that you have seen; the next"
			    " connection tells",
		    document, copy->verdict.version->number);
}

bool
local_open(struct context *context, const char *dir, const char *document,
    unsigned version, struct copy *out, struct error *err)
{
	if (!local_open_quietly(context, dir, document, version, out, err))
		return false;
	local_tell_unproved(context, document, out);
	return true;
}

struct seen *
local_seen(struct context *context, struct error *err)
{
	if (context->seen == NULL)
		context->seen = session_seen(context, err);
	return context->seen;
}

void
local_end(struct context *context)
{
	seen_close(context->seen);
	context->seen = NULL;
}

enum local_proof
local_proof(struct context *context, const struct copy *copy)
{
	struct error ignored = { 0 };
	struct seen *seen = local_seen(context, &ignored);

	return seen != NULL && copy->container != NULL
	    ? local_proof_of(seen, copy->container)
	    : LOCAL_NOT_PROVED;
}

struct found_names {
	char **list;
	size_t num;
};

/* List the folders within one whose names could be ours. */
static bool
read_names(const char *path, struct found_names *out, struct error *err)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	if (folder == NULL)
		return errno == ENOENT || error_set_errno(err, "%s", path);
	while ((entry = readdir(folder)) != NULL) {
		char **all;

		if (!text_is_slug(span_of_str(entry->d_name)))
			continue;
		all = realloc(out->list, (out->num + 1) * sizeof(char *));
		if (all != NULL)
			out->list = all;
		if (all == NULL ||
		    (all[out->num] = strdup(entry->d_name)) == NULL) {
			closedir(folder);
			return error_set_errno(err, "%s", path);
		}
		out->num++;
	}
	closedir(folder);
	return true;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
free_names(struct found_names *names)
{
	for (size_t i = 0; i < names->num; i++)
		free(names->list[i]);
	free(names->list);
}

/* A document whose copies are all kept aside is not there. */
static bool
visit_document(const char *dir, const char *document, local_visitor *visit,
    void *arg, struct error *err)
{
	unsigned *all;
	size_t num;

	if (!local_versions(dir, document, &all, &num, err))
		return false;
	free(all);
	return num == 0 || visit(arg, document, err);
}

/* Visit the documents of a type, by name. */
static bool
each_of_type(const char *dir, const char *type, local_visitor *visit, void *arg,
    struct error *err)
{
	struct found_names slugs = { NULL, 0 };
	char path[FILE_PATH];
	bool ok;

	ok = file_join(path, dir, type, err) && read_names(path, &slugs, err);
	if (slugs.num > 0)
		qsort(slugs.list, slugs.num, sizeof(char *), compare_names);
	for (size_t i = 0; ok && i < slugs.num; i++) {
		char name[DOCUMENT_NAME];

		if (snprintf(name, sizeof(name), "%s/%s", type, slugs.list[i]) <
			(int)sizeof(name) &&
		    document_name_check(span_of_str(name), err))
			ok = visit_document(dir, name, visit, arg, err);
		else
			*err = (struct error){ 0 };
	}
	free_names(&slugs);
	return ok;
}

bool
local_each(const char *dir, const char *type, local_visitor *visit, void *arg,
    struct error *err)
{
	struct found_names types = { NULL, 0 };
	bool ok;

	if (type != NULL)
		return each_of_type(dir, type, visit, arg, err);
	ok = read_names(dir, &types, err);
	if (types.num > 0)
		qsort(types.list, types.num, sizeof(char *), compare_names);
	for (size_t i = 0; ok && i < types.num; i++)
		ok = each_of_type(dir, types.list[i], visit, arg, err);
	free_names(&types);
	return ok;
}
