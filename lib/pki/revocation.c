/*
 * Judging revocation by the lists that the journal named (revocation.h).
 */
#include "pki/revocation.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pki/crl_listing.h"

/* A list, at the entry where the journal first names it. */
struct named {
	const struct crl *crl;
	uint64_t index;
	int64_t entry_at;
	bool is_judged; /* a CA of the policy of that entry signed it */
};

struct revocation {
	pthread_rwlock_t lock;
	struct named *list; /* by index, as they were taken in */
	size_t num, room;
	struct crls *held; /* or NULL */
	uint64_t times_held;
};

struct revocation *
revocation_new(struct error *err)
{
	struct revocation *revocation = calloc(1, sizeof(*revocation));

	if (revocation == NULL)
		error_set_errno(err, "revocation");
	else
		pthread_rwlock_init(&revocation->lock, NULL);
	return revocation;
}

void
revocation_free(struct revocation *revocation)
{
	if (revocation == NULL)
		return;
	pthread_rwlock_destroy(&revocation->lock);
	crls_free(revocation->held);
	free(revocation->list);
	free(revocation);
}

/* Lock as a reader; what is read is const for the caller. */
static pthread_rwlock_t *
lock_of(const struct revocation *revocation)
{
	return (pthread_rwlock_t *)(uintptr_t)&revocation->lock;
}

struct revocation *
revocation_copy(const struct revocation *from, struct error *err)
{
	struct revocation *to = revocation_new(err);

	if (to == NULL)
		return NULL;
	pthread_rwlock_rdlock(lock_of(from));
	to->room = from->num + 16;
	to->list = calloc(to->room, sizeof(*to->list));
	if (to->list != NULL && from->num > 0) {
		memcpy(to->list, from->list, from->num * sizeof(*to->list));
		to->num = from->num;
	}
	pthread_rwlock_unlock(lock_of(from));
	if (to->list != NULL)
		return to;
	error_set_errno(err, "revocation");
	revocation_free(to);
	return NULL;
}

/* A set names most of the lists that the one before it named. */
static bool
is_there(const struct revocation *revocation, const struct digest *list,
    bool is_judged)
{
	for (size_t i = revocation->num; i > 0; i--)
		if (revocation->list[i - 1].is_judged >= is_judged &&
		    digest_eq(&revocation->list[i - 1].crl->digest, list))
			return true;
	return false;
}

static bool
add(struct revocation *revocation, const struct named *named, struct error *err)
{
	if (revocation->num == revocation->room) {
		const size_t room =
		    revocation->room == 0 ? 16 : revocation->room * 2;
		struct named *all =
		    realloc(revocation->list, room * sizeof(*all));

		if (all == NULL)
			return error_set_errno(err, "revocation");
		revocation->list = all;
		revocation->room = room;
	}
	revocation->list[revocation->num++] = *named;
	return true;
}

static bool
add_set(struct revocation *revocation, struct crls *set,
    const struct trust *trust, uint64_t index, int64_t entry_at,
    struct error *err)
{
	for (size_t i = 0; i < crls_count(set); i++) {
		struct crl *crl = crls_at(set, i);
		const struct named named = { crl, index, entry_at,
			trust != NULL };

		if (is_there(revocation, &crl->digest, trust != NULL) ||
		    (trust != NULL && !trust_signed(trust, set, crl)))
			continue;
		if (!add(revocation, &named, err))
			return false;
	}
	return true;
}

bool
revocation_add(struct revocation *revocation, struct crls *set,
    const struct trust *trust, uint64_t index, int64_t entry_at,
    struct error *err)
{
	bool ok;

	pthread_rwlock_wrlock(&revocation->lock);
	ok = add_set(revocation, set, trust, index, entry_at, err);
	pthread_rwlock_unlock(&revocation->lock);
	return ok;
}

/*
 * True if a was made later than b (RFC 5280 section 5.2.3): of lists of one
 * second the one with the greater number, then the one that was journaled
 * later.
 */
static bool
is_newer(const struct named *a, const struct named *b)
{
	return crl_is_newer(a->crl, b->crl) ||
	    (!crl_is_newer(b->crl, a->crl) && a->index > b->index);
}

/* True if it was journaled before, or in the same set and made before. */
static bool
is_before(const struct named *a, const struct named *b)
{
	return a->index != b->index ? a->index < b->index : is_newer(b, a);
}

/*
 * Judge by the lists of one certificate's CA, up to a size of the journal.
 * Lists that this reader cannot judge might be the CA's: in the worst case they
 * revoke and clear nobody, in the best case they clear and revoke nobody.
 */
struct question {
	const struct revocation *revocation;
	const struct cert *cert;
	int64_t at;
	uint64_t size;
	bool at_worst;
	/*
	 * Looked for once, since a certificate that was revoked is on every
	 * list after that.
	 */
	bool has_cleared;
	const struct named *cleared;  /* the first list that clears the act */
	const struct named *released; /* a list that ended a hold before it */
};

/* True if what the list says of a certificate counts. */
static bool
may_speak_for(const struct question *question, const struct named *named)
{
	return named->is_judged || !question->at_worst;
}

/* True if a certificate that is not on this list was good. */
static bool
clears(const struct question *question, const struct named *named)
{
	const struct cert *cert = question->cert;
	const struct crl *crl = named->crl;
	struct crl_listing listing;

	return may_speak_for(question, named) && crl->is_complete &&
	    crl->this_update_at <= named->entry_at + CRL_FUTURE_SECONDS &&
	    (crl->this_update_at <= cert->not_after_at ||
		crl->expired_at <= cert->not_after_at) &&
	    crl_covers(crl, cert) && !crl_lists(crl, cert, &listing);
}

static const struct named *
next_of(const struct question *question, size_t *i)
{
	const struct revocation *all = question->revocation;

	while (*i < all->num) {
		const struct named *one = &all->list[(*i)++];

		if (one->index < question->size &&
		    crl_is_of(one->crl, question->cert))
			return one;
	}
	return NULL;
}

/* True if a list from before this one clears the act. */
static bool
is_cleared(struct question *question, const struct named *listing)
{
	const struct named *one;
	size_t i = 0;

	while (!question->has_cleared && (one = next_of(question, &i)) != NULL)
		if (one->crl->this_update_at > question->at &&
		    (question->cleared == NULL ||
			is_before(one, question->cleared)) &&
		    clears(question, one))
			question->cleared = one;
	question->has_cleared = true;
	return question->cleared != NULL &&
	    is_before(question->cleared, listing);
}

/*
 * True if a later list of its scope ended a hold, at the time of the act or
 * before.
 */
static bool
is_released(struct question *question, const struct named *hold)
{
	const struct named *one = question->released;
	size_t i = 0;

	if (one != NULL && is_newer(one, hold) &&
	    crl_same_scope(one->crl, hold->crl))
		return true;
	question->released = NULL;
	while ((one = next_of(question, &i)) != NULL)
		if (one->crl->this_update_at <= question->at &&
		    is_newer(one,
			question->released != NULL ? question->released
						   : hold) &&
		    crl_same_scope(one->crl, hold->crl) &&
		    clears(question, one))
			question->released = one;
	return question->released != NULL;
}

/* Set what one listing makes of an act, if that is worse than what is known. */
static void
weigh(struct question *question, const struct named *one,
    const struct crl_listing *listing, struct revocation_result *out)
{
	bool cleared;

	if (question->at < listing->since_at ||
	    out->state == REVOCATION_REVOKED)
		return;
	cleared = is_cleared(question, one);
	if ((cleared && out->state == REVOCATION_DOUBTED) ||
	    (listing->is_hold && is_released(question, one)))
		return;
	*out = (struct revocation_result){
		.state = cleared ? REVOCATION_DOUBTED : REVOCATION_REVOKED,
		.is_hold = listing->is_hold,
		.since_at = listing->since_at,
		.told_at = one->crl->this_update_at,
		.index = one->index,
	};
}

/* *unjudged gets the first of the CA's lists that this reader cannot judge. */
static void
judge(struct question *question, const struct named **unjudged,
    struct revocation_result *out)
{
	const int64_t at = question->at;
	bool is_final = false, is_current = false;
	const struct named *one;
	size_t i = 0;

	*out = (struct revocation_result){ .state = REVOCATION_UNTOLD };
	*unjudged = NULL;
	while ((one = next_of(question, &i)) != NULL) {
		struct crl_listing listing;

		if (!one->is_judged && *unjudged == NULL)
			*unjudged = one;
		if (crl_lists(one->crl, question->cert, &listing)) {
			if (one->is_judged || question->at_worst)
				weigh(question, one, &listing, out);
			/*
			 * It is listed from a later date on, so it was not
			 * revoked before that.
			 */
			is_current = is_current ||
			    (may_speak_for(question, one) &&
				listing.since_at > at);
		} else if (clears(question, one)) {
			is_final = is_final || one->crl->this_update_at > at;
			is_current = is_current ||
			    (one->crl->this_update_at <= at &&
				one->crl->next_update_at >= at);
		}
	}
	if (out->state == REVOCATION_UNTOLD && (is_final || is_current))
		out->state = is_final ? REVOCATION_CLEARED : REVOCATION_CURRENT;
}

/* True if both let an act count, or neither, for the same reason. */
static bool
agree(enum revocation_state a, enum revocation_state b)
{
	const bool a_is_bad = a == REVOCATION_REVOKED || a == REVOCATION_UNTOLD;
	const bool b_is_bad = b == REVOCATION_REVOKED || b == REVOCATION_UNTOLD;

	return a == b || (!a_is_bad && !b_is_bad);
}

void
revocation_judge(const struct revocation *revocation, const struct cert *cert,
    int64_t at, uint64_t size, struct revocation_result *out)
{
	const struct question asked = { .revocation = revocation,
		.cert = cert,
		.at = at,
		.size = size };
	struct question question = asked;
	const struct named *unjudged;
	struct revocation_result best;

	question.at_worst = true;
	pthread_rwlock_rdlock(lock_of(revocation));
	judge(&question, &unjudged, out);
	if (unjudged != NULL) {
		const uint64_t index = unjudged->index;

		question = asked;
		judge(&question, &unjudged, &best);
		if (!agree(out->state, best.state))
			*out = (struct revocation_result){
				.state = REVOCATION_UNJUDGED,
				.unjudged = index,
			};
	}
	pthread_rwlock_unlock(lock_of(revocation));
}

bool
revocation_names(const struct revocation *revocation, const struct digest *list)
{
	bool found;

	pthread_rwlock_rdlock(lock_of(revocation));
	found = is_there(revocation, list, true);
	pthread_rwlock_unlock(lock_of(revocation));
	return found;
}

void
revocation_hold(struct revocation *revocation, struct crls *held)
{
	struct crls *before;

	pthread_rwlock_wrlock(&revocation->lock);
	before = revocation->held;
	revocation->held = held;
	revocation->times_held++;
	pthread_rwlock_unlock(&revocation->lock);
	crls_free(before);
}

uint64_t
revocation_times_held(const struct revocation *revocation)
{
	uint64_t times;

	pthread_rwlock_rdlock(lock_of(revocation));
	times = revocation->times_held;
	pthread_rwlock_unlock(lock_of(revocation));
	return times;
}

/* Set what a list from the future says of a certificate; false if nothing. */
static bool
is_on(const struct crl *crl, const struct cert *cert, uint64_t index,
    struct revocation_result *out)
{
	struct crl_listing listing;

	if (!crl_is_of(crl, cert) || !crl_lists(crl, cert, &listing))
		return false;
	*out = (struct revocation_result){
		.state = REVOCATION_REVOKED,
		.is_hold = listing.is_hold,
		.since_at = listing.since_at,
		.told_at = crl->this_update_at,
		.index = index,
	};
	return true;
}

bool
revocation_keeps_out(const struct revocation *revocation,
    const struct trust *trust, const struct cert *cert, int64_t at,
    struct revocation_result *out)
{
	struct crls *held;
	bool found = false;

	pthread_rwlock_rdlock(lock_of(revocation));
	held = revocation->held;
	for (size_t i = 0; !found && held != NULL && i < crls_count(held); i++)
		found =
		    is_on(crls_at(held, i), cert, REVOCATION_UNNAMED, out) &&
		    trust_signed(trust, held, crls_at(held, i));
	for (size_t i = 0; !found && i < revocation->num; i++) {
		const struct named *one = &revocation->list[i];

		found = one->crl->this_update_at > at && one->is_judged &&
		    is_on(one->crl, cert, one->index, out);
	}
	pthread_rwlock_unlock(lock_of(revocation));
	return found;
}

/* Add each way in which listings of one certificate differ, once. */
struct differing {
	struct crl_listing *list;
	size_t num, room;
};

static bool
note_listing(struct differing *all, const struct crl_listing *listing)
{
	for (size_t i = 0; i < all->num; i++)
		if (all->list[i].since_at == listing->since_at &&
		    all->list[i].is_hold == listing->is_hold)
			return true;
	if (all->num == all->room) {
		const size_t room = 2 * all->room + 4;
		void *list = realloc(all->list, room * sizeof(*all->list));

		if (list == NULL)
			return false;
		all->list = list;
		all->room = room;
	}
	all->list[all->num++] = *listing;
	return true;
}

/* They are added up, so their order does not count. */
static uint64_t
sum_of(const struct differing *all)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < all->num; i++) {
		const int64_t what[2] = { all->list[i].since_at,
			all->list[i].is_hold };
		const struct digest hash =
		    sha256_of(span_of(what, sizeof(what)));
		uint64_t word;

		memcpy(&word, hash.bytes, sizeof(word));
		sum += word;
	}
	return sum;
}

bool
revocation_listings(const struct revocation *revocation,
    const struct digest *issuer, const char *serial, int64_t until,
    uint64_t *out)
{
	struct differing all = { NULL, 0, 0 };
	struct crl_listing listing;
	bool ok = true;

	pthread_rwlock_rdlock(lock_of(revocation));
	for (size_t i = 0; ok && i < revocation->num; i++)
		if (crl_lists_serial(revocation->list[i].crl, issuer, serial,
			&listing) &&
		    listing.since_at <= until)
			ok = note_listing(&all, &listing);
	pthread_rwlock_unlock(lock_of(revocation));
	*out = sum_of(&all);
	free(all.list);
	return ok;
}
