/*
 * The set that follows the one in use.  No CA's list goes back, and none is
 * used before its time (lists.h).
 */
#include <string.h>

#include "base/time.h"
#include "daemon/lists_parts.h"
#include "daemon/log.h"
#include "record/data.h"

struct following {
	const struct policy *policy;
	const struct crl_set *old; /* or NULL */
	/* The time now, but never before the journal's newest entry. */
	int64_t at;
	int64_t now_at; /* by the clock alone */
	int64_t behind_s;
	struct lists_look *look;
	struct crls *held;
	/* The same files may be judged otherwise the next time. */
	bool again;
};

/* --- Lists from the future. --- */

/* True if it is from the future by the clock, whether that is right or not. */
static bool
is_ahead(const struct following *it, struct crls *of, struct crl *crl)
{
	return crl->this_update_at > it->now_at + CRL_FUTURE_SECONDS &&
	    trust_signed(it->policy->trust, of, crl);
}

static bool
is_present(const struct following *it, const char *ca, struct crls *of,
    struct crl *crl)
{
	(void)ca;
	return !is_ahead(it, of, crl);
}

/* A clock that is behind the journal tells nothing of a list's date. */
static void
tell_clock(const struct following *it)
{
	static const char why[] =
	    "this clock is behind the journal's newest entry, so it is wrong,"
	    " or was when that was made: no list is refused for its date";

	log_warning("clock", "journal_is_ahead_s=%lld reason=%s",
	    (long long)it->behind_s, log_text(why));
	lists_tell(it->look, "%s", why);
}

static void
tell_held(const struct following *it, const char *file, struct crls *of,
    struct crl *crl)
{
	const struct trust *trust = it->policy->trust;
	char made[TIME_TEXT];
	const char *ca;

	for (size_t i = 0; (ca = trust_ca_name(trust, i)) != NULL; i++)
		if (trust_ca_signed(trust, ca, of, crl))
			break;
	time_format_at(crl->this_update_at, made);
	log_warning("crl", "result=held ca=%s made=%s file=%s reason=%s",
	    ca != NULL ? ca : "", made, log_text(file),
	    log_text("it is from the future: is a clock wrong? Until then it"
		     " lets nobody in, and keeps out whom it names"));
	lists_tell(it->look,
	    "the list of CA \"%s\" of %s (%.80s) is from the future: is a"
	    " clock wrong? It is not taken, and keeps out whom it names",
	    ca != NULL ? ca : "", made, file);
}

/* Hold those of a file's lists that are from the future. */
static bool
hold(const struct following *it, const struct member *file, struct error *err)
{
	struct crls *crls = crls_new(err);
	bool ok = crls != NULL && crls_add(crls, member_bytes(file), NULL, err);

	for (size_t i = 0; ok && i < crls_count(crls); i++) {
		struct buf der = BUF(LIMIT_CRL_BYTES);

		if (is_ahead(it, crls, crls_at(crls, i))) {
			tell_held(it, file->path, crls, crls_at(crls, i));
			ok = crl_encode(crls_at(crls, i), &der, err) &&
			    crls_add(it->held, buf_span(&der), NULL, err);
		}
		buf_free(&der);
	}
	crls_free(crls);
	return ok;
}

/* --- Files of a set. --- */

/* True if a file has a list of that CA. */
static bool
is_of_ca(const struct policy *policy, const char *ca, const struct member *file)
{
	struct error ignored = { 0 };
	struct crls *crls = crls_new(&ignored);
	int64_t at;
	const bool is = crls != NULL &&
	    crls_add(crls, member_bytes(file), NULL, &ignored) &&
	    trust_this_update(policy->trust, ca, crls, &at);

	crls_free(crls);
	return is;
}

static bool
put_list(struct container *files, const struct crl *crl, struct error *err)
{
	struct buf pem = BUF(2 * LIMIT_CRL_BYTES);
	char name[LIMIT_NAME_BYTES + 1];
	bool ok;

	lists_name("part", &crl->digest, name);
	ok = crl_append_pem(crl, &pem, err) && lists_check_size(&pem, err) &&
	    container_put(files, name, buf_span(&pem), err);
	buf_free(&pem);
	return ok;
}

typedef bool wanted_fn(const struct following *it, const char *ca,
    struct crls *of, struct crl *crl);

/* Add the file whole, or those of its lists that are wanted, one by one. */
static bool
put_wanted(const struct following *it, const char *ca, wanted_fn *wanted,
    const struct member *file, struct container *files, struct error *err)
{
	struct crls *crls = crls_new(err);
	bool ok = crls != NULL && crls_add(crls, member_bytes(file), NULL, err);
	bool whole = true;

	for (size_t i = 0; ok && i < crls_count(crls); i++)
		whole = whole && wanted(it, ca, crls, crls_at(crls, i));
	if (ok && whole)
		ok = container_put(files, file->path, member_bytes(file), err);
	for (size_t i = 0; ok && !whole && i < crls_count(crls); i++)
		ok = !wanted(it, ca, crls, crls_at(crls, i)) ||
		    put_list(files, crls_at(crls, i), err);
	crls_free(crls);
	return ok;
}

static bool
is_any_ahead(const struct following *it, const struct crl_set *set)
{
	for (size_t i = 0; i < crls_count(set->crls); i++)
		if (is_ahead(it, set->crls, crls_at(set->crls, i)))
			return true;
	return false;
}

/* Returns the new set itself, or another one without lists of the future. */
static struct crl_set *
without_future(struct following *it, struct crl_set *new, struct error *err)
{
	struct container *files;
	bool ok;

	if (!is_any_ahead(it, new))
		return new;
	it->again = true;
	if (it->behind_s > 0) {
		tell_clock(it);
		return new;
	}
	ok = (files = container_new(err)) != NULL;
	for (size_t i = 0; ok && i < new->files->num; i++)
		ok = hold(it, &new->files->members[i], err) &&
		    put_wanted(it, NULL, is_present, &new->files->members[i],
			files, err);
	if (ok)
		return crl_set_load(files, err);
	container_free(files);
	return NULL;
}

/* --- Lists that would go back. --- */

/* True if a list is another CA's; or if it tells something new. */
static bool
stays(const struct following *it, const char *ca, struct crls *of,
    struct crl *crl)
{
	const struct trust *trust = it->policy->trust;
	struct crls *sets[1] = { it->old->crls };
	const struct known_lists known = { sets, 1, NULL, it->at };

	return !trust_ca_signed(trust, ca, of, crl) ||
	    trust_list_adds(trust, crl, &known);
}

/* Add it under its name, or under another if a new file has that name. */
static bool
put_kept(struct container *files, const struct member *file, struct error *err)
{
	const struct member *there = container_find(files, file->path);
	const struct digest digest = sha256_of(member_bytes(file));
	char name[LIMIT_NAME_BYTES + 1];

	lists_name("kept", &digest, name);
	return container_put(files, there == NULL ? file->path : name,
	    member_bytes(file), err);
}

/*
 * Add the files of the new set, with the old ones of a CA that keeps its lists.
 */
static struct crl_set *
keep_ca(const struct following *it, const char *ca, const struct crl_set *new,
    struct error *err)
{
	struct container *files = container_new(err);
	bool ok = files != NULL;

	for (size_t i = 0; ok && i < new->files->num; i++)
		ok = put_wanted(it, ca, stays, &new->files->members[i], files,
		    err);
	for (size_t i = 0; ok && i < it->old->files->num; i++) {
		const struct member *file = &it->old->files->members[i];

		ok = !is_of_ca(it->policy, ca, file) ||
		    put_kept(files, file, err);
	}
	if (ok)
		return crl_set_load(files, err);
	container_free(files);
	return NULL;
}

static bool
holds_of(const struct following *it, const char *ca)
{
	for (size_t i = 0; i < crls_count(it->held); i++)
		if (trust_ca_signed(it->policy->trust, ca, it->held,
			crls_at(it->held, i)))
			return true;
	return false;
}

/*
 * True if a list is older than those in use.  One in use that is from the
 * future has a wrong date, and makes none old that is not.
 */
static bool
is_older(const struct following *it, const char *ca, const struct crl *is)
{
	const struct crl *was = trust_newest(it->policy->trust, ca,
	    it->old->crls, is->this_update_at <= it->at ? it->at : INT64_MAX);

	return was != NULL && crl_is_newer(was, is);
}

/*
 * True if a CA keeps its lists in use, and why; NULL if there is nothing to
 * tell.
 */
static bool
keeps(const struct following *it, const char *ca, const struct crl_set *new,
    const char **why)
{
	const struct trust *trust = it->policy->trust;
	const struct crl *was =
			     trust_newest(trust, ca, it->old->crls, INT64_MAX),
			 *is = trust_newest(trust, ca, new->crls, INT64_MAX);

	*why = NULL;
	if (was == NULL)
		return false;
	if (is == NULL || is_older(it, ca, is)) {
		*why = holds_of(it, ca)
		    ? "the folder's list of that CA is from the future: is a"
		      " clock wrong?"
		    : "the folder's list of that CA is missing, or older than"
		      " the one in use";
		return true;
	}
	/*
	 * A verdict compares a list of the next minutes (CRLS_BACKWARDS), so
	 * that one stays beside those that follow.
	 */
	return was->this_update_at > it->at &&
	    was->this_update_at <= it->at + TIME_SKEW_SECONDS &&
	    is->this_update_at < was->this_update_at;
}

/* Each CA once: a file may have the lists of several. */
static struct crl_set *
keep_all(struct following *it, struct crl_set *new, struct error *err)
{
	struct crl_set *set = new, *kept;
	const char *ca, *why;

	for (size_t i = 0;
	     set != NULL && (ca = trust_ca_name(it->policy->trust, i)) != NULL;
	     i++) {
		if (!keeps(it, ca, set, &why))
			continue;
		if (why != NULL) {
			log_warning("crl", "result=kept ca=%s reason=%s", ca,
			    log_text(why));
			lists_tell(it->look,
			    "the list in use of CA \"%s\" is kept: %s", ca,
			    why);
		}
		it->again = true;
		kept = keep_ca(it, ca, set, err);
		if (set != new)
			crl_set_free(set);
		set = kept;
	}
	return set;
}

struct crl_set *
lists_follow(const struct record *record, const struct policy *policy,
    const struct crl_set *old, struct crl_set *new, struct lists_look *look,
    struct error *err)
{
	struct following it = { .policy = policy,
		.old = old,
		.look = look,
		.held = crls_new(err) };
	struct crl_set *set, *kept;

	if (it.held == NULL)
		return NULL;
	(void)lists_future_at(record, &it.behind_s);
	it.now_at = time_now_ms() / 1000;
	it.at = record_time_ms(record) / 1000;
	set = without_future(&it, new, err);
	kept = set == NULL || old == NULL ? set : keep_all(&it, set, err);
	if (set != new &&set != kept)
		crl_set_free(set);
	if (kept == NULL) {
		crls_free(it.held);
		return NULL;
	}
	if (it.again && look != NULL)
		look->files = (struct digest){ { 0 } };
	if (crls_count(it.held) == 0) {
		crls_free(it.held);
		it.held = NULL;
	}
	library_hold(record->library, it.held);
	return kept;
}

bool
lists_add(const struct record *record, const struct policy *policy,
    const struct crl_set *old, const struct crl_set *new)
{
	struct crls *sets[1] = { old->crls };
	const struct known_lists known = { sets, 1, NULL,
		record_time_ms(record) / 1000 };

	for (size_t i = 0; i < crls_count(new->crls); i++) {
		struct crl *crl = crls_at(new->crls, i);

		if (trust_signed(policy->trust, new->crls, crl) &&
		    trust_list_adds(policy->trust, crl, &known))
			return true;
	}
	return false;
}

/* --- Where no journal is open. --- */

/* Get the greatest time; a journal_visitor. */
static bool
visit_time(void *arg, uint64_t index, struct span line, struct error *err)
{
	int64_t *newest_ms = arg;
	struct entry entry;

	(void)index;
	if (!entry_parse(line, &entry, err))
		return false;
	if (entry.time_ms > *newest_ms)
		*newest_ms = entry.time_ms;
	return true;
}

/* 0 if there is none yet; if it cannot be read others say so. */
static int64_t
journal_at(const struct config *config)
{
	const struct data_place place = config_place(config);
	struct journal_mended mended;
	struct error ignored = { 0 };
	int64_t newest_ms = 0;

	journal_free(
	    data_view(&place, visit_time, &newest_ms, &mended, &ignored));
	return newest_ms / 1000;
}

void
lists_warn_all(const struct config *config, const struct policy *policy,
    const struct crl_set *crls)
{
	struct following it = { .policy = policy,
		.now_at = time_now_ms() / 1000 };
	struct error ignored = { 0 };
	int64_t until = it.now_at + CRL_FUTURE_SECONDS;

	if (is_any_ahead(&it, crls)) {
		it.behind_s = journal_at(config) - it.now_at;
		it.held = crls_new(&ignored);
	}
	if (it.behind_s > 0) {
		tell_clock(&it);
		until = INT64_MAX;
	}
	for (size_t i = 0;
	     until != INT64_MAX && it.held != NULL && i < crls->files->num; i++)
		(void)!hold(&it, &crls->files->members[i], &ignored);
	crls_free(it.held);
	lists_warn(policy, crls, until);
}
