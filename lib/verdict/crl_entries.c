/*
 * Keeping the journal's `crl` entries with the lists that they name
 * (crl_entries.h).
 */
#include "verdict/crl_entries.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "verdict/verdict.h"

struct crl_entries {
	pthread_mutex_t mutex;
	/* the sets that were named and could be had, in order */
	struct digest *sets;
	size_t num, room;
	int64_t newest_at; /* the time of the last entry that named a set */
	uint64_t missing;
	struct revocation *revocation;
};

static struct crl_entries *
make(struct revocation *revocation, struct error *err)
{
	struct crl_entries *entries = calloc(1, sizeof(*entries));

	if (entries == NULL) {
		error_set_errno(err, "CRLs");
		revocation_free(revocation);
		return NULL;
	}
	pthread_mutex_init(&entries->mutex, NULL);
	entries->missing = UINT64_MAX;
	entries->revocation = revocation;
	return entries;
}

struct crl_entries *
crl_entries_new(struct error *err)
{
	struct revocation *revocation = revocation_new(err);

	return revocation != NULL ? make(revocation, err) : NULL;
}

void
crl_entries_free(struct crl_entries *entries)
{
	if (entries == NULL)
		return;
	pthread_mutex_destroy(&entries->mutex);
	revocation_free(entries->revocation);
	free(entries->sets);
	free(entries);
}

/* Lock as a reader; what is read is const for the caller. */
static pthread_mutex_t *
mutex_of(const struct crl_entries *entries)
{
	return (pthread_mutex_t *)(uintptr_t)&entries->mutex;
}

struct crl_entries *
crl_entries_copy(const struct crl_entries *from, struct error *err)
{
	struct revocation *revocation = revocation_copy(from->revocation, err);
	struct crl_entries *to =
	    revocation != NULL ? make(revocation, err) : NULL;
	bool ok;

	if (to == NULL)
		return NULL;
	pthread_mutex_lock(mutex_of(from));
	to->missing = from->missing;
	to->newest_at = from->newest_at;
	to->room = from->num + 4;
	ok = (to->sets = calloc(to->room, sizeof(*to->sets))) != NULL;
	if (ok && from->num > 0)
		memcpy(to->sets, from->sets, from->num * sizeof(*to->sets));
	to->num = from->num;
	pthread_mutex_unlock(mutex_of(from));
	if (ok)
		return to;
	error_set_errno(err, "CRLs");
	crl_entries_free(to);
	return NULL;
}

static bool
add_digest(struct crl_entries *entries, const struct digest *set, int64_t at,
    struct error *err)
{
	bool ok = true;

	pthread_mutex_lock(&entries->mutex);
	if (entries->num == entries->room) {
		const size_t room = 2 * entries->room + 4;
		struct digest *sets =
		    realloc(entries->sets, room * sizeof(*sets));

		if ((ok = sets != NULL)) {
			entries->sets = sets;
			entries->room = room;
		} else {
			error_set_errno(err, "CRLs");
		}
	}
	if (ok) {
		entries->sets[entries->num++] = *set;
		entries->newest_at = at;
	}
	pthread_mutex_unlock(&entries->mutex);
	return ok;
}

bool
crl_entries_have(const struct crl_entries *entries, const struct digest *set)
{
	bool found = false;

	pthread_mutex_lock(mutex_of(entries));
	for (size_t i = entries->num; !found && i > 0; i--)
		found = digest_eq(&entries->sets[i - 1], set);
	pthread_mutex_unlock(mutex_of(entries));
	return found;
}

/*
 * Get the newest set, which a `policy` entry names once more, and when it was
 * named.
 */
static bool
newest_set(const struct crl_entries *entries, struct digest *out, int64_t *at)
{
	bool found;

	pthread_mutex_lock(mutex_of(entries));
	found = entries->num > 0;
	if (found) {
		*out = entries->sets[entries->num - 1];
		*at = entries->newest_at;
	}
	pthread_mutex_unlock(mutex_of(entries));
	return found;
}

static void
set_missing(struct crl_entries *entries, uint64_t index)
{
	pthread_mutex_lock(&entries->mutex);
	if (index < entries->missing)
		entries->missing = index;
	pthread_mutex_unlock(&entries->mutex);
}

uint64_t
crl_entries_missing(const struct crl_entries *entries)
{
	uint64_t missing;

	pthread_mutex_lock(mutex_of(entries));
	missing = entries->missing;
	pthread_mutex_unlock(mutex_of(entries));
	return missing;
}

void
crl_entries_hold(struct crl_entries *entries, struct crls *held)
{
	revocation_hold(entries->revocation, held);
}

const struct revocation *
crl_entries_revocation(const struct crl_entries *entries)
{
	return entries->revocation;
}

bool
crl_entries_take(struct crl_entries *entries,
    const struct verdict_library *library, uint64_t index,
    const struct entry *entry, struct error *err)
{
	const struct policy *policy =
	    library->policy(library->arg, &entry->policy, index);
	int64_t at = entry->time_ms / 1000;
	struct digest set;
	struct crls *crls;

	if (entry->act == ACT_POLICY) {
		if (!newest_set(entries, &set, &at))
			return true;
	} else if (entry_has(entry, ENTRY_CRLS)) {
		set = entry->crls;
	} else {
		return true;
	}
	if ((crls = library->crls(library->arg, &set)) == NULL) {
		set_missing(entries, index);
		return true;
	}
	return revocation_add(entries->revocation, crls,
		   policy != NULL ? policy->trust : NULL, index, at, err) &&
	    (entry->act == ACT_POLICY || add_digest(entries, &set, at, err));
}

bool
crl_entries_take_lists(struct crl_entries *entries, struct crls *lists,
    const struct trust *trust, struct error *err)
{
	/*
	 * No entry says when these were journaled, so none is from the future.
	 */
	return revocation_add(entries->revocation, lists, trust, 0,
	    INT64_MAX - CRL_FUTURE_SECONDS, err);
}
