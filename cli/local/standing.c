/*
 * Which version of the local copy is in force: found from the newest back.
 */
#include "cli/local/private.h"

#include <stdlib.h>
#include <unistd.h>

struct walk {
	struct context *context;
	const char *dir, *document;
	struct copy newest;
	/* The first one back that is in force, or terminated, or not VALID. */
	struct copy last;
};

static bool
open_one(struct walk *walk, unsigned version, struct copy *out,
    struct error *err)
{
	struct context *context = walk->context;

	return local_open_quietly(context, walk->dir, walk->document, version,
		   out, err) &&
	    (out->verdict.outcome != OUTCOME_VALID ||
		as_of_kept(context, local_proof(context, out) == LOCAL_PROVED,
		    &out->verdict, &out->as_of, err));
}

/* Is nothing told by the versions before this one? */
static bool
ends(const struct copy *copy)
{
	return copy->verdict.outcome != OUTCOME_VALID ||
	    copy->verdict.status == STATUS_IN_FORCE ||
	    copy->verdict.status == STATUS_TERMINATED;
}

static bool
go_back(struct walk *walk, const unsigned versions[], size_t num,
    struct error *err)
{
	for (size_t i = num; i > 0; i--) {
		struct copy one = { .fd = -1 };

		if (!open_one(walk, versions[i - 1], &one, err)) {
			copy_free(&one);
			return false;
		}
		if (ends(&one)) {
			walk->last = one;
			return true;
		}
		if (i == num)
			walk->newest = one;
		else
			copy_free(&one);
	}
	return true;
}

/* Move the copy that is meant to out. */
static bool
choose(struct walk *walk, unsigned version, struct copy *out, struct error *err)
{
	const bool only = walk->newest.fd < 0;
	const struct verdict *newest =
	    only ? &walk->last.verdict : &walk->newest.verdict;
	const struct verdict *last = &walk->last.verdict;
	const bool broken =
	    walk->last.fd >= 0 && last->outcome != OUTCOME_VALID;
	const unsigned in_force =
	    walk->last.fd >= 0 && !broken && last->status == STATUS_IN_FORCE
	    ? last->version->number
	    : 0;
	struct copy *from;

	if (version == DOCUMENT_IN_FORCE && in_force == 0 && !broken)
		return error_set(err, ERROR_NOT_FOUND,
		    "no version of %s in the local copy is in force: the"
		    " newest there, %u, is %s",
		    walk->document, newest->version->number,
		    status_name(newest->status));
	/* What is in force cannot be told past a copy that is not VALID. */
	from = only || (version != 0 && (in_force != 0 || broken))
	    ? &walk->last
	    : &walk->newest;
	if (!only || !broken) {
		from->document.newest = newest->version->number;
		from->document.status = newest->status;
	}
	from->document.in_force = in_force;
	*out = *from;
	*from = (struct copy){ .fd = -1 };
	return true;
}

bool
local_open_standing(struct context *context, const char *dir,
    const char *document, unsigned version, struct copy *out, struct error *err)
{
	struct walk walk = { .context = context,
		.dir = dir,
		.document = document,
		.newest = { .fd = -1 },
		.last = { .fd = -1 } };
	unsigned *all = NULL;
	size_t num;
	bool ok;

	*out = (struct copy){ .fd = -1 };
	ok = local_versions(dir, document, &all, &num, err);
	if (ok && version != 0 && version < DOCUMENT_PLAIN) {
		ok = local_open(context, dir, document, version, out, err);
		if (ok && num > 0)
			out->document.newest = all[num - 1];
		free(all);
		return ok;
	}
	if (ok && num == 0)
		ok = error_set(err, ERROR_NOT_FOUND,
		    "%s is not in the local copy, %s", document, dir);
	ok = ok && go_back(&walk, all, num, err) &&
	    choose(&walk, version, out, err);
	if (ok)
		local_tell_unproved(context, document, out);
	copy_free(&walk.newest);
	copy_free(&walk.last);
	free(all);
	return ok;
}

struct version *
local_version(const char *dir, const char *document, unsigned number,
    const struct digest *digest, struct error *err)
{
	struct container *container = NULL;
	const struct member *yaml = NULL;
	struct version *version = NULL;
	struct digest found;
	char path[FILE_PATH];
	int fd;

	if (!local_version_file(dir, document, number, path, err) ||
	    (fd = file_open(path, err)) < 0)
		return NULL;
	if ((container = container_read_to_judge(fd, err)) != NULL)
		yaml = container_find(container, PATH_VERSION);
	if (yaml != NULL) {
		found = sha256_of(member_bytes(yaml));
		if (digest_eq(&found, digest))
			version = version_parse(member_bytes(yaml), err);
	}
	container_free(container);
	close(fd);
	return version;
}
