/*
 * Revocation lists that this office has by itself, a file each.
 */
#include "client/own_lists.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

#define OWN_LISTS "own-crls"

static bool
path_of(const struct context *context, const struct crl *crl,
    char out[FILE_PATH], struct error *err)
{
	return context_digest_path(context, OWN_LISTS, &crl->digest, ".crl",
	    out, err);
}

static bool
is_ahead(const struct crl *crl)
{
	return crl->this_update_at > time_now_ms() / 1000 + CRL_FUTURE_SECONDS;
}

/* Check that a list is one to keep. */
static bool
check(const struct policy *policy, struct crls *of, struct crl *crl,
    struct error *err)
{
	char issuer[CRL_ISSUER_TEXT];

	crl_issuer(crl, issuer);
	if (!trust_signed(policy->trust, of, crl))
		return error_set(err, ERROR_UNTRUSTED,
		    "the list of %s: no CA of the policy that you accepted"
		    " signed it",
		    issuer);
	return !is_ahead(crl) ||
	    error_set(err, ERROR_UNTRUSTED,
		"the list of %s: it is from the future: is a clock wrong?",
		issuer);
}

static bool
add_ahead(struct crls *ahead, const struct crl *crl, struct error *err)
{
	struct buf der = BUF(LIMIT_CRL_BYTES);
	const bool ok = crl_encode(crl, &der, err) &&
	    crls_add(ahead, buf_span(&der), NULL, err);

	buf_free(&der);
	return ok;
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
    struct span bytes, size_t *num, struct crls *ahead, struct error *err)
{
	struct crls *kept = own_lists(context, err), *crls = NULL;
	struct error first = { 0 };
	bool some = false, ok;

	*num = 0;
	ok = kept != NULL && (crls = crls_new(err)) != NULL &&
	    crls_add(crls, bytes, NULL, err);
	if (ok && crls_count(kept) + crls_count(crls) > LIMIT_LISTS)
		ok = error_set(err, ERROR_LIMIT,
		    "%zu lists, and %zu are kept already, limit %d",
		    crls_count(crls), crls_count(kept), LIMIT_LISTS);
	for (size_t i = 0; ok && i < crls_count(crls); i++) {
		struct error why = { 0 };
		struct crl *crl = crls_at(crls, i);

		if (check(policy, crls, crl, &why)) {
			ok = keep(context, crl, err);
			(*num)++;
			continue;
		}
		if (ahead != NULL && is_ahead(crl) &&
		    trust_signed(policy->trust, crls, crl)) {
			ok = add_ahead(ahead, crl, err);
			some = true;
			continue;
		}
		if (first.kind == ERROR_NONE)
			first = why;
	}
	if (ok && *num == 0 && !some) {
		*err = first;
		ok = false;
	}
	crls_free(crls);
	crls_free(kept);
	return ok;
}

/* A damaged file is told, and passed over. */
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
		fprintf(stderr, "valise: %s: %s\n", path, why.detail);
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
