/*
 * What a person names to be written: what it may replace (local.h).
 */
#include "cli/local/private.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/text.h"
#include "cli/commands.h"

/* Is the file at path this one, by whichever name? */
static bool
is_same(const struct stat *at, const char *other)
{
	struct stat st;

	return other != NULL && other[0] != '\0' && stat(other, &st) == 0 &&
	    st.st_dev == at->st_dev && st.st_ino == at->st_ino;
}

/*
 * Check that writing path destroys nothing that the office needs.
 */
static bool
spares(const struct context *context, const char *path, const char *input,
    struct error *err)
{
	const char *const needed[] = { context->config_path, context->cert,
		context->key, context->sign_cert, context->sign_key,
		context->encrypt_cert, context->encrypt_key, input };
	char real[FILE_PATH];
	struct stat at;
	bool within = false;

	if (!outfile_leads_to(path, real, err) ||
	    !folder_is_within(real, context->state, &within, err))
		return false;
	if (within)
		return error_set(err, ERROR_USAGE,
		    "%s is in %s, where this office's state is: name another"
		    " file",
		    path, context->state);
	if (stat(real, &at) != 0 || !S_ISREG(at.st_mode))
		return true;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (is_same(&at, needed[i]))
			return error_set(err, ERROR_USAGE,
			    "%s is %s, which is needed: name another file",
			    path, needed[i]);
	return true;
}

bool
local_begin(struct context *context, const char *path, const char *input,
    struct outfile *out, struct error *err)
{
	const bool to_stdout = strcmp(path, "-") == 0;

	*out = (struct outfile){ .fd = -1, .scratch = { .fd = -1 } };
	if (to_stdout && context->json)
		return error_set(err, ERROR_USAGE,
		    "\"-\" is standard output, which --json needs: name a"
		    " file");
	return (to_stdout || spares(context, path, input, err)) &&
	    outfile_open(out, path, context->state, err);
}

/* Whose copy is in this file?  False if it is none. */
static bool
read_copy(const char *path, char document[DOCUMENT_NAME], unsigned *version)
{
	struct error ignored = { 0 };
	struct container *container = NULL;
	struct version *found = NULL;
	const struct member *yaml;
	const int fd = file_open(path, &ignored);

	if (fd >= 0)
		container = container_read_to_judge(fd, &ignored);
	yaml =
	    container != NULL ? container_find(container, PATH_VERSION) : NULL;
	if (yaml != NULL)
		found = version_parse(member_bytes(yaml), &ignored);
	if (found != NULL) {
		text_set(document, DOCUMENT_NAME, found->document);
		*version = found->number;
	}
	version_free(found);
	container_free(container);
	if (fd >= 0)
		close(fd);
	return yaml != NULL && document[0] != '\0';
}

bool
local_spare_file(const struct outfile *out, bool force, struct error *err)
{
	return !out->replaces || force ||
	    error_set(err, ERROR_CONFLICT,
		"%s is there already, and is left as it is: name another"
		" file, or replace it by --force",
		out->path);
}

bool
local_spare_others(const struct outfile *out, const char *document, bool force,
    unsigned *version, struct error *err)
{
	char found[DOCUMENT_NAME] = "";

	*version = 0;
	if (!out->replaces)
		return true;
	if (read_copy(out->path, found, version) &&
	    strcmp(found, document) == 0)
		return true;
	*version = 0;
	return force ||
	    error_set(err, ERROR_CONFLICT,
		"%s is there already, and is %s %s: it is left as it is. Name"
		" another file, or replace it by --force",
		out->path, found[0] != '\0' ? "a copy of" : "no copy of",
		found[0] != '\0' ? found : document);
}

bool
local_finish(struct outfile *out, const char *path, struct error *err)
{
	if (!outfile_finish(out, err))
		return false;
	output_aside(path);
	return true;
}
