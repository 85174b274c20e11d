/*
 * Revocation lists that this office has by itself, compared with those that
 * the journal names.
 */
#include "cli/own_lists.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/output.h"
#include "record/audit.h"

#define OWN_LISTS "own-crls"

/* --- Those that the journal names. --- */

struct learning {
	struct session *session;
	struct named_lists *named;
};

/* An entry_visitor: the next set. */
static bool
learn(void *arg, uint64_t index, const struct entry *entry, struct span line,
    struct error *err)
{
	const struct learning *learning = arg;
	struct named_lists *named = learning->named;
	struct verdict_library library;

	(void)line;
	if (named->num == named->room) {
		const size_t room = named->room == 0 ? 16 : named->room * 2;
		void *list = realloc(named->list,
		    room * sizeof(*named->list));

		if (list == NULL)
			return error_set_errno(err, "CRLs");
		named->list = list;
		named->room = room;
	}
	session_want_crls(learning->session, &entry->crls);
	library = context_library(learning->session->context);
	named->list[named->num].index = index;
	named->list[named->num].digest = entry->crls;
	named->list[named->num++].crls = library.crls(library.arg,
	    &entry->crls);
	return true;
}

bool
named_lists_learn(struct session *session, struct named_lists *out,
    struct error *err)
{
	const struct entry_filter filter = { .act = "crl" };
	struct learning learning = { session, out };

	*out = (struct named_lists){ NULL, 0, 0 };
	return session_entries(session, &filter, learn, &learning, err);
}

void
named_lists_free(struct named_lists *named)
{
	free(named->list);
	*named = (struct named_lists){ NULL, 0, 0 };
}

uint64_t
named_lists_entry(const struct named_lists *named, const struct crl *crl)
{
	for (size_t i = 0; i < named->num; i++)
		for (size_t j = 0; named->list[i].crls != NULL &&
		     j < crls_count(named->list[i].crls); j++)
			if (digest_eq(&crls_at(named->list[i].crls, j)->digest,
				&crl->digest))
				return named->list[i].index;
	return AUDIT_NO_ENTRY;
}

bool
named_lists_lack(const struct named_lists *named, const struct policy *policy,
    const struct crl *crl, bool *lack, struct error *err)
{
	struct crls **sets = calloc(named->num + 1, sizeof(struct crls *));
	struct known_lists known = { sets, named->num, NULL };

	if (sets == NULL)
		return error_set_errno(err, "CRLs");
	for (size_t i = 0; i < named->num; i++)
		sets[i] = named->list[i].crls;
	*lack = trust_list_adds(policy->trust, crl, &known);
	free(sets);
	return true;
}

/* --- One's own. --- */

static bool
path_of(const struct context *context, const struct crl *crl,
    char out[FILE_PATH], struct error *err)
{
	return context_digest_path(context, OWN_LISTS, &crl->digest, ".crl",
	    out, err);
}

/* Is it one to keep? */
static bool
check(const struct policy *policy, struct crls *of, struct crl *crl,
    struct error *err)
{
	char issuer[CRL_ISSUER_TEXT];

	crl_issuer(crl, issuer);
	if (!trust_signed(policy->trust, of, crl))
		return error_set(err, ERROR_UNTRUSTED,
		    "the list of %s: no CA of the policy that you accepted"
		    " signed it", issuer);
	return crl->this_update_at <=
		time_now_ms() / 1000 + TIME_SKEW_SECONDS ||
	    error_set(err, ERROR_UNTRUSTED,
		"the list of %s: it is from the future: is a clock wrong?",
		issuer);
}

static bool
keep(const struct context *context, const struct crl *crl, struct error *err)
{
	struct buf der = BUF(LIMIT_CRL_BYTES);
	char dir[FILE_PATH], path[FILE_PATH];
	bool ok;

	ok = context_path(context, OWN_LISTS, dir, err) &&
	    file_make_dirs(dir, 0700, err) &&
	    path_of(context, crl, path, err) && crl_encode(crl, &der, err) &&
	    file_write(path, buf_span(&der), 0600, err);
	buf_free(&der);
	return ok;
}

bool
own_lists_keep(struct context *context, const struct policy *policy,
    struct span bytes, size_t *num, struct error *err)
{
	struct crls *kept = own_lists(context, err), *crls = NULL;
	struct error first = { 0 };
	bool ok;

	*num = 0;
	ok = kept != NULL && (crls = crls_new(err)) != NULL &&
	    crls_add(crls, bytes, NULL, err);
	if (ok && crls_count(kept) + crls_count(crls) > LIMIT_LISTS)
		ok = error_set(err, ERROR_LIMIT,
		    "%zu lists, and %zu are kept already, limit %d",
		    crls_count(crls), crls_count(kept), LIMIT_LISTS);
	for (size_t i = 0; ok && i < crls_count(crls); i++) {
		struct error why = { 0 };

		if (check(policy, crls, crls_at(crls, i), &why)) {
			ok = keep(context, crls_at(crls, i), err);
			(*num)++;
			continue;
		}
		if (first.kind == ERROR_NONE)
			first = why;
	}
	if (ok && *num == 0) {
		*err = first;
		ok = false;
	}
	crls_free(crls);
	crls_free(kept);
	return ok;
}

/* A file that is damaged is told, and is none. */
static bool
read_one(struct crls *crls, const char *dir, const char *name,
    struct error *err)
{
	struct buf bytes = BUF(LIMIT_CRL_BYTES);
	struct error why = { 0 };
	char path[FILE_PATH];

	if (!file_join(path, dir, name, err))
		return false;
	if (!file_read(path, bytes.max, &bytes, &why) ||
	    !crls_add(crls, buf_span(&bytes), NULL, &why))
		output_note("%s: %s", path, why.detail);
	buf_free(&bytes);
	return true;
}

struct crls *
own_lists(const struct context *context, struct error *err)
{
	struct crls *crls = crls_new(err);
	const struct dirent *entry;
	char dir[FILE_PATH];
	bool ok = crls != NULL && context_path(context, OWN_LISTS, dir, err);
	DIR *folder = ok ? opendir(dir) : NULL;

	while (ok && folder != NULL && (entry = readdir(folder)) != NULL) {
		const size_t len = strlen(entry->d_name);

		if (len > 4 && strcmp(entry->d_name + len - 4, ".crl") == 0)
			ok = read_one(crls, dir, entry->d_name, err);
	}
	if (folder != NULL)
		closedir(folder);
	if (ok)
		return crls;
	crls_free(crls);
	return NULL;
}

void
own_lists_forget(const struct context *context, const struct crl *crl)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (path_of(context, crl, path, &ignored))
		unlink(path);
}

void
own_lists_name(const struct policy *policy, struct crls *of, struct crl *crl,
    char out[160])
{
	char when[TIME_TEXT];
	const char *ca;

	time_format_at(crl->this_update_at, when);
	for (size_t i = 0; (ca = trust_ca_name(policy->trust, i)) != NULL; i++)
		if (trust_ca_signed(policy->trust, ca, of, crl))
			break;
	snprintf(out, 160, "of CA \"%s\" of %s", ca != NULL ? ca : "?", when);
}
