/*
 * The CRLs that the journal names, as far as an office knows them.
 */
#include "client/lists.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/policies.h"

/* --- Sets. --- */

static struct container *
read_zip(const char *path, struct error *err)
{
	const int fd = file_open(path, err);
	struct container *files;

	if (fd < 0)
		return NULL;
	files = container_read_files_to_judge(fd, err);
	close(fd);
	return files;
}

static bool
check_files(struct container *files, const struct digest *digest,
    struct error *err)
{
	struct digest found;

	return container_hash(files, NULL, err) &&
	    container_contents(files, &found, err) &&
	    (digest_eq(&found, digest) ||
		error_set(err, ERROR_UNTRUSTED,
		    "the daemon sent other files than those that the digest"
		    " names"));
}

static bool
add_files(struct crls *crls, const struct container *files, struct error *err)
{
	for (size_t i = 0; i < files->num; i++)
		if (!crls_add(crls, member_bytes(&files->members[i]), NULL,
			err))
			return error_context(err, "%s", files->members[i].path);
	return true;
}

bool
lists_have(const struct context *context, const struct digest *digest)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	return context_digest_path(context, "crls", digest, ".zip", path,
		   &ignored) &&
	    file_exists(path);
}

bool
lists_keep(struct context *context, int fd, const struct digest *digest,
    struct error *err)
{
	struct container *files = container_read_files_to_judge(fd, err);
	struct crls *crls = crls_new(err);
	bool ok;

	ok = files != NULL && crls != NULL && check_files(files, digest, err) &&
	    add_files(crls, files, err) &&
	    context_keep_zip(context, fd, "crls", digest, err);
	crls_free(crls);
	container_free(files);
	lists_forget(context);
	return ok;
}

/* The context owns the set from now on.  NULL if there is no memory. */
static struct crls *
keep_in_memory(struct context *context, const struct digest *digest,
    struct crls *crls)
{
	void *all = realloc(context->sets,
	    (context->num_sets + 1) * sizeof(*context->sets));

	if (all == NULL) {
		crls_free(crls);
		return NULL;
	}
	context->sets = all;
	context->sets[context->num_sets].digest = *digest;
	return context->sets[context->num_sets++].crls = crls;
}

bool
lists_take(struct context *context, struct container *files, struct error *err)
{
	struct crls *crls = crls_new(err);
	struct digest digest;

	if (crls == NULL || !container_hash(files, NULL, err) ||
	    !container_contents(files, &digest, err) ||
	    !add_files(crls, files, err)) {
		crls_free(crls);
		return false;
	}
	lists_forget(context);
	return keep_in_memory(context, &digest, crls) != NULL ||
	    error_set_errno(err, "revocation lists");
}

struct crls *
lists_find(struct context *context, const struct digest *digest)
{
	struct container *files = NULL;
	struct crls *crls = NULL;
	struct error err = { 0 };
	char path[FILE_PATH];
	bool ok;

	for (size_t i = 0; i < context->num_sets; i++)
		if (digest_eq(&context->sets[i].digest, digest))
			return context->sets[i].crls;
	ok = context_digest_path(context, "crls", digest, ".zip", path, &err) &&
	    (files = read_zip(path, &err)) != NULL &&
	    (crls = crls_new(&err)) != NULL &&
	    check_files(files, digest, &err) && add_files(crls, files, &err);
	container_free(files);
	if (ok)
		return keep_in_memory(context, digest, crls);
	crls_free(crls);
	return NULL;
}

/* --- The entries that are kept. --- */

static bool
damaged(const char *what, struct error *err)
{
	return error_set_outside(err,
	    "%s is damaged: remove it, and connect once, to make it anew",
	    what);
}

bool
lists_next(struct span *rest, bool *more, uint64_t *index, struct entry *entry,
    struct error *err)
{
	struct span line, word;

	*more = span_take_line(rest, &line);
	if (!*more)
		return rest->len == 0 || damaged("crl-entries", err);
	return (span_take_until(&line, ' ', &word) &&
		   span_to_u64(word, index) && entry_parse(line, entry, err) &&
		   entry->act == ACT_CRL && entry_has(entry, ENTRY_CRLS)) ||
	    damaged("crl-entries", err);
}

/*
 * Read "size N" and the entries behind it, which must all be good and in order.
 */
static bool
check_kept(struct span *rest, uint64_t *size, struct error *err)
{
	struct entry entry;
	struct span line, word, entries;
	uint64_t index, next = 0;
	bool more = true;

	if (!span_take_line(rest, &line) ||
	    !span_take_until(&line, ' ', &word) || !span_is(word, "size") ||
	    !span_to_u64(line, size))
		return damaged("crl-entries", err);
	entries = *rest;
	while (more) {
		if (!lists_next(&entries, &more, &index, &entry, err))
			return false;
		if (more && (index < next || index >= *size))
			return damaged("crl-entries", err);
		next = index + 1;
	}
	return true;
}

bool
lists_load(struct context *context, struct error *err)
{
	struct buf text = BUF(LIMIT_CRL_LIST_BYTES);
	char path[FILE_PATH];
	uint64_t size = 0;
	struct span rest = { 0 };
	bool ok;

	if (!context_path(context, "crl-entries", path, err))
		return false;
	if (!file_exists(path))
		return true;
	ok = file_read(path, text.max, &text, err);
	rest = buf_span(&text);
	ok = ok &&
	    (check_kept(&rest, &size, err) || error_context(err, "%s", path)) &&
	    lists_set(context, size, rest, err);
	buf_free(&text);
	return ok;
}

bool
lists_set(struct context *context, uint64_t size, struct span entries,
    struct error *err)
{
	struct buf text = BUF(LIMIT_CRL_LIST_BYTES);

	if (!buf_append(&text, entries, err)) {
		buf_free(&text);
		return false;
	}
	buf_free(&context->crl_entries);
	context->crl_entries = text;
	context->crl_size = size;
	lists_forget(context);
	return true;
}

/* Take in the policy entries up to an index, from *place on. */
static bool
take_policies(struct context *context, struct crl_entries *named,
    const struct verdict_library *library, uint64_t until, size_t *place,
    struct error *err)
{
	const struct succession *all = &context->succession;

	for (; *place < all->num && all->list[*place].index < until;
	     (*place)++) {
		struct entry entry = { .act = ACT_POLICY };

		entry.policy = all->list[*place].digest;
		if (!crl_entries_take(named, library, all->list[*place].index,
			&entry, err))
			return false;
	}
	return true;
}

/* Take in the entries that are kept, each with its set. */
static bool
take_kept(struct context *context, const struct verdict_library *library,
    struct crl_entries *named, struct error *err)
{
	struct entry entry;
	struct span rest = buf_span(&context->crl_entries);
	uint64_t index;
	size_t place = 0;
	bool more;

	for (;;) {
		if (!lists_next(&rest, &more, &index, &entry, err))
			return false;
		if (!more)
			return take_policies(context, named, library,
			    context->crl_size, &place, err);
		if (!take_policies(context, named, library, index, &place,
			err) ||
		    !crl_entries_take(named, library, index, &entry, err))
			return false;
	}
}

/* What the enrolment brought; NULL if there is no memory. */
static struct crls *
find_enrolled(struct context *context, struct error *err)
{
	struct error ignored = { 0 };

	if (context->enrolled == NULL &&
	    (context->enrolled = crls_new(err)) != NULL)
		(void)add_files(context->enrolled, context->enrolment.crls,
		    &ignored);
	return context->enrolled;
}

/* Before any entry is known, use what the enrolment brought. */
static bool
take_enrolled(struct context *context, struct crl_entries *named,
    struct error *err)
{
	struct policy *policy =
	    policies_find(context, &context->enrolment.policy);

	if (find_enrolled(context, err) == NULL)
		return false;
	return policy == NULL ||
	    crl_entries_take_lists(named, context->enrolled, policy->trust,
		err);
}

const struct crl_entries *
lists_named(struct context *context, const struct verdict_library *library,
    uint64_t *as_of)
{
	struct crl_entries *named;
	struct error ignored = { 0 };
	bool ok;

	*as_of = context->crl_size;
	if (context->named != NULL)
		return context->named;
	/*
	 * A set that cannot be had for want of memory is not known:
	 * REVOCATION_UNKNOWN.
	 */
	if ((named = crl_entries_new(&ignored)) == NULL)
		return NULL;
	ok = context->crl_size > 0
	    ? take_kept(context, library, named, &ignored)
	    : take_enrolled(context, named, &ignored);
	if (!ok) {
		crl_entries_free(named);
		return NULL;
	}
	return context->named = named;
}

struct span
lists_newest_line(const struct context *context)
{
	struct span rest = buf_span(&context->crl_entries), newest = { 0 };

	while (span_take_line(&rest, &newest))
		;
	return newest;
}

struct crls *
lists_newest(struct context *context)
{
	struct span line = lists_newest_line(context), word;
	struct error ignored = { 0 };
	struct entry entry;

	if (line.len == 0)
		return find_enrolled(context, &ignored);
	return span_take_until(&line, ' ', &word) &&
		entry_parse(line, &entry, &ignored)
	    ? lists_find(context, &entry.crls)
	    : NULL;
}

/* Judge each by the policy that this office accepted last. */
static bool
add_loose(struct context *context, struct crl_entries *all,
    const struct trust *trust, struct error *err)
{
	const struct dirent *entry;
	char dir[FILE_PATH];
	bool ok = true;
	DIR *folder;

	if (!context_path(context, "crls", dir, err))
		return false;
	if ((folder = opendir(dir)) == NULL)
		return true;
	while (ok && (entry = readdir(folder)) != NULL) {
		struct span name = span_of_str(entry->d_name);
		struct digest digest;
		struct span hex;
		struct crls *crls;

		if (!span_take_until(&name, '.', &hex) ||
		    !digest_parse(hex, &digest) ||
		    crl_entries_have(all, &digest) ||
		    (crls = lists_find(context, &digest)) == NULL)
			continue;
		ok = crl_entries_take_lists(all, crls, trust, err);
	}
	closedir(folder);
	return ok;
}

const struct revocation *
lists_all(struct context *context, const struct verdict_library *library)
{
	const struct crl_entries *named;
	const struct policy *pinned;
	struct error err = { 0 };
	uint64_t as_of;

	if (context->all_lists == NULL &&
	    (named = lists_named(context, library, &as_of)) != NULL &&
	    (pinned = policies_pinned(context, &err)) != NULL &&
	    (context->all_lists = crl_entries_copy(named, &err)) != NULL &&
	    !add_loose(context, context->all_lists, pinned->trust, &err)) {
		crl_entries_free(context->all_lists);
		context->all_lists = NULL;
	}
	return context->all_lists != NULL
	    ? crl_entries_revocation(context->all_lists)
	    : NULL;
}

void
lists_forget(struct context *context)
{
	crl_entries_free(context->named);
	crl_entries_free(context->all_lists);
	context->named = context->all_lists = NULL;
}

void
lists_free(struct context *context)
{
	lists_forget(context);
	for (size_t i = 0; i < context->num_sets; i++)
		crls_free(context->sets[i].crls);
	free(context->sets);
	crls_free(context->enrolled);
	buf_free(&context->crl_entries);
}
