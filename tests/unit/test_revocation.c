/*
 * What the lists of years say about one certificate at a time, in whatever
 * order they come.
 */
#include "crl_fixture.h"
#include "pki/crl_listing.h"
#include "pki/standing.h"

enum who { PERSON, ENDED, SHARDED };

/* A list, named by the journal's entry of a day. */
struct step {
	int64_t day, made; /* entry's; thisUpdate's, else the same */
	int64_t next;      /* days that it is in force; 0: 10 */
	bool is_listed;
	int64_t since, invalid; /* revocationDate; invalidityDate, or 0 */
	int reason;
	const char *scope;
	bool is_delta, is_strange, entry_is_strange, by_new, by_other;
	bool is_unaccepted; /* under a policy that the reader has not */
	int64_t expired;
	bool same_set; /* in the set of the step before */
	long number;   /* 0: 7 */
};

static const struct {
	const char *name;
	enum who who;
	int64_t act; /* the day */
	struct step steps[5];
	enum revocation_state state;
	int64_t since; /* of doubted and revoked */
} histories[] = {
	{ "no list", PERSON, 5, { { 0 } }, REVOCATION_UNTOLD, 0 },
	{ "a list in force", PERSON, 5, { { .day = 1 } }, REVOCATION_CURRENT,
	    0 },
	{ "a list made since", PERSON, 5, { { .day = 6 } }, REVOCATION_CLEARED,
	    0 },
	{ "a stale list", PERSON, 15, { { .day = 1 } }, REVOCATION_UNTOLD, 0 },
	{ "stale then, one made since", PERSON, 15,
	    { { .day = 1 }, { .day = 30 } }, REVOCATION_CLEARED, 0 },
	{ "revoked before", PERSON, 5,
	    { { .day = 4, .is_listed = true, .since = 3 } }, REVOCATION_REVOKED,
	    3 },
	{ "revoked after", PERSON, 5,
	    { { .day = 8, .is_listed = true, .since = 7 } }, REVOCATION_CURRENT,
	    0 },
	{ "revoked after, cleared before", PERSON, 5,
	    { { .day = 6 }, { .day = 8, .is_listed = true, .since = 7 } },
	    REVOCATION_CLEARED, 0 },
	{ "the list comes late, nothing cleared it", PERSON, 5,
	    { { .day = 1 }, { .day = 9, .is_listed = true, .since = 4 } },
	    REVOCATION_REVOKED, 4 },
	{ "a CA dates back what is cleared", PERSON, 5,
	    { { .day = 6 }, { .day = 9, .is_listed = true, .since = 4 } },
	    REVOCATION_DOUBTED, 4 },
	{ "what came after the clearing list is revoked", PERSON, 7,
	    { { .day = 6 }, { .day = 9, .is_listed = true, .since = 4 } },
	    REVOCATION_REVOKED, 4 },
	{ "an invalidity date before the revocation", PERSON, 5,
	    { { .day = 9, .is_listed = true, .since = 8, .invalid = 4 } },
	    REVOCATION_REVOKED, 4 },
	{ "an invalidity date after it means nothing", PERSON, 5,
	    { { .day = 9, .is_listed = true, .since = 4, .invalid = 8 } },
	    REVOCATION_REVOKED, 4 },
	{ "an entry dropped since", PERSON, 5,
	    { { .day = 4, .is_listed = true, .since = 3 }, { .day = 8 } },
	    REVOCATION_REVOKED, 3 },
	{ "dropped and listed again", PERSON, 9,
	    { { .day = 4, .is_listed = true, .since = 3 }, { .day = 8 },
		{ .day = 10, .is_listed = true, .since = 3 } },
	    REVOCATION_REVOKED, 3 },
	{ "an older list, journaled later, revokes the uncleared", PERSON, 8,
	    { { .day = 6 },
		{ .day = 9, .made = 5, .is_listed = true, .since = 4 } },
	    REVOCATION_REVOKED, 4 },
	{ "and only doubts the cleared", PERSON, 5,
	    { { .day = 6 },
		{ .day = 9, .made = 5, .is_listed = true, .since = 4 } },
	    REVOCATION_DOUBTED, 4 },
	/* A hold. */
	{ "during a hold", PERSON, 5,
	    { { .day = 4, .is_listed = true, .since = 4, .reason = HOLD } },
	    REVOCATION_REVOKED, 4 },
	{ "during a hold that was released", PERSON, 5,
	    { { .day = 4, .is_listed = true, .since = 4, .reason = HOLD },
		{ .day = 8 } },
	    REVOCATION_REVOKED, 4 },
	{ "after its release", PERSON, 9,
	    { { .day = 4, .is_listed = true, .since = 4, .reason = HOLD },
		{ .day = 8 } },
	    REVOCATION_CURRENT, 0 },
	{ "on the second of its release", PERSON, 8,
	    { { .day = 4, .is_listed = true, .since = 4, .reason = HOLD },
		{ .day = 8 } },
	    REVOCATION_CURRENT, 0 },
	/* The act's own second may have been before it or after it. */
	{ "on the second of the list that would clear it", PERSON, 6,
	    { { .day = 6 }, { .day = 9, .is_listed = true, .since = 4 } },
	    REVOCATION_REVOKED, 4 },
	{ "revoked on the second of the list before", PERSON, 6,
	    { { .day = 6 }, { .day = 7, .is_listed = true, .since = 6 } },
	    REVOCATION_REVOKED, 6 },
	{ "before the hold", PERSON, 3,
	    { { .day = 4, .is_listed = true, .since = 4, .reason = HOLD },
		{ .day = 8 } },
	    REVOCATION_CLEARED, 0 },
	{ "a hold's invalidity date means nothing", PERSON, 3,
	    { { .day = 4,
		  .is_listed = true,
		  .since = 4,
		  .invalid = 2,
		  .reason = HOLD },
		{ .day = 8 } },
	    REVOCATION_CLEARED, 0 },
	{ "a hold that became a revocation", PERSON, 9,
	    { { .day = 4, .is_listed = true, .since = 4, .reason = HOLD },
		{ .day = 8, .is_listed = true, .since = 4 } },
	    REVOCATION_REVOKED, 4 },
	{ "a delta does not release a hold", PERSON, 9,
	    { { .day = 4, .is_listed = true, .since = 4, .reason = HOLD },
		{ .day = 8, .is_delta = true } },
	    REVOCATION_REVOKED, 4 },
	{ "another shard does not release a hold", SHARDED, 9,
	    { { .day = 4,
		  .is_listed = true,
		  .since = 4,
		  .reason = HOLD,
		  .scope = SHARD_A },
		{ .day = 8, .scope = SHARD_B } },
	    REVOCATION_REVOKED, 4 },
	{ "its own does", SHARDED, 9,
	    { { .day = 4,
		  .is_listed = true,
		  .since = 4,
		  .reason = HOLD,
		  .scope = SHARD_A },
		{ .day = 8, .scope = SHARD_A } },
	    REVOCATION_CURRENT, 0 },
	/* Which certificates a list covers. */
	{ "a shard covers whose point it is", SHARDED, 5,
	    { { .day = 6, .scope = SHARD_A } }, REVOCATION_CLEARED, 0 },
	{ "and not others", SHARDED, 5, { { .day = 6, .scope = SHARD_B } },
	    REVOCATION_UNTOLD, 0 },
	{ "nor one without a point", PERSON, 5,
	    { { .day = 6, .scope = SHARD_A } }, REVOCATION_UNTOLD, 0 },
	{ "a shard that lists another's revokes it", SHARDED, 5,
	    { { .day = 6, .scope = SHARD_B, .is_listed = true, .since = 4 } },
	    REVOCATION_REVOKED, 4 },
	{ "users' certificates", PERSON, 5,
	    { { .day = 6, .scope = "critical,onlyuser:TRUE" } },
	    REVOCATION_CLEARED, 0 },
	{ "CAs' certificates", PERSON, 5,
	    { { .day = 6, .scope = "critical,onlyCA:TRUE" } },
	    REVOCATION_UNTOLD, 0 },
	{ "attribute certificates", PERSON, 5,
	    { { .day = 6, .scope = "critical,onlyAA:TRUE" } },
	    REVOCATION_UNTOLD, 0 },
	{ "some reasons clear nobody", PERSON, 5,
	    { { .day = 6, .scope = "critical,onlysomereasons:keyCompromise" } },
	    REVOCATION_UNTOLD, 0 },
	{ "but revoke", PERSON, 5,
	    { { .day = 6,
		.is_listed = true,
		.since = 4,
		.scope = "critical,onlysomereasons:keyCompromise" } },
	    REVOCATION_REVOKED, 4 },
	{ "a delta clears nobody", PERSON, 5,
	    { { .day = 6, .is_delta = true } }, REVOCATION_UNTOLD, 0 },
	{ "but revokes", PERSON, 5,
	    { { .day = 6, .is_delta = true, .is_listed = true, .since = 4 } },
	    REVOCATION_REVOKED, 4 },
	{ "removeFromCRL is no listing", PERSON, 5,
	    { { .day = 6,
		.is_delta = true,
		.is_listed = true,
		.since = 4,
		.reason = CRL_REASON_REMOVE_FROM_CRL } },
	    REVOCATION_UNTOLD, 0 },
	{ "a strange list clears nobody", PERSON, 5,
	    { { .day = 6, .is_strange = true } }, REVOCATION_UNTOLD, 0 },
	{ "but revokes", PERSON, 5,
	    { { .day = 6, .is_strange = true, .is_listed = true, .since = 4 } },
	    REVOCATION_REVOKED, 4 },
	{ "a strange entry makes the list clear nobody", PERSON, 5,
	    { { .day = 6, .entry_is_strange = true } }, REVOCATION_UNTOLD, 0 },
	/* Certificates that have expired. */
	{ "an act of before, a list of after its end", ENDED, 5,
	    { { .day = 30 } }, REVOCATION_UNTOLD, 0 },
	{ "one that lists the expired too", ENDED, 5,
	    { { .day = 30, .expired = 10 } }, REVOCATION_CLEARED, 0 },
	{ "but not so far back", ENDED, 5, { { .day = 30, .expired = 25 } },
	    REVOCATION_UNTOLD, 0 },
	{ "revoked, expired, off the list", ENDED, 5,
	    { { .day = 4, .is_listed = true, .since = 3 }, { .day = 30 } },
	    REVOCATION_REVOKED, 3 },
	/* Who signed the list, and when. */
	{ "a list from the future clears nobody", PERSON, 5,
	    { { .day = 4, .made = 6 } }, REVOCATION_UNTOLD, 0 },
	{ "but revokes", PERSON, 5,
	    { { .day = 4, .made = 6, .is_listed = true, .since = 3 } },
	    REVOCATION_REVOKED, 3 },
	{ "another CA's list", PERSON, 5,
	    { { .day = 6, .by_other = true, .is_listed = true, .since = 3 } },
	    REVOCATION_UNTOLD, 0 },
	{ "the CA's new key speaks for the old one's", PERSON, 5,
	    { { .day = 6, .by_new = true } }, REVOCATION_CLEARED, 0 },
	{ "and revokes", PERSON, 5,
	    { { .day = 6, .by_new = true, .is_listed = true, .since = 4 } },
	    REVOCATION_REVOKED, 4 },
	{ "under a policy that was not accepted", PERSON, 5,
	    { { .day = 6, .is_unaccepted = true } }, REVOCATION_UNJUDGED, 0 },
	{ "but where another clears it, it need not", PERSON, 5,
	    { { .day = 6, .is_unaccepted = true }, { .day = 7 } },
	    REVOCATION_CLEARED, 0 },
	{ "nor where another was in force", PERSON, 6,
	    { { .day = 5 }, { .day = 7, .is_unaccepted = true } },
	    REVOCATION_CURRENT, 0 },
	{ "one that may revoke", PERSON, 6,
	    { { .day = 5 },
		{ .day = 7,
		    .is_unaccepted = true,
		    .is_listed = true,
		    .since = 4 } },
	    REVOCATION_UNJUDGED, 0 },
	{ "two of which neither may be the CA's", PERSON, 6,
	    { { .day = 5, .is_unaccepted = true },
		{ .day = 7,
		    .is_unaccepted = true,
		    .is_listed = true,
		    .since = 7 } },
	    REVOCATION_UNJUDGED, 0 },
	{ "before it was cleared", PERSON, 5,
	    { { .day = 6,
		  .is_unaccepted = true,
		  .is_listed = true,
		  .since = 4 },
		{ .day = 7 } },
	    REVOCATION_UNJUDGED, 0 },
	{ "after it was cleared", PERSON, 5,
	    { { .day = 6 },
		{ .day = 7,
		    .is_unaccepted = true,
		    .is_listed = true,
		    .since = 4 } },
	    REVOCATION_DOUBTED, 4 },
	{ "one that may release a hold", PERSON, 9,
	    { { .day = 4, .is_listed = true, .since = 4, .reason = HOLD },
		{ .day = 8, .is_unaccepted = true } },
	    REVOCATION_UNJUDGED, 0 },
	{ "but not where another revokes it", PERSON, 5,
	    { { .day = 6, .is_listed = true, .since = 4 },
		{ .day = 7, .is_unaccepted = true } },
	    REVOCATION_REVOKED, 4 },
	/* Two lists of one set, of one second. */
	{ "two of one second, one lists", PERSON, 5,
	    { { .day = 6 },
		{ .day = 6, .same_set = true, .is_listed = true, .since = 4 } },
	    REVOCATION_REVOKED, 4 },
	{ "one of before in the same set clears", PERSON, 5,
	    { { .day = 8, .made = 6 },
		{ .day = 8, .same_set = true, .is_listed = true, .since = 4 } },
	    REVOCATION_DOUBTED, 4 },
};

static void
make(const struct step *step, const struct cert *cert, struct crls *into)
{
	const int64_t made = step->made != 0 ? step->made : step->day;
	struct fixture_list list = {
		.ca = step->by_new   ? &new_ca
		    : step->by_other ? &other_ca
				     : &ca,
		.this_at = DAY(made),
		.next_at = DAY(made + (step->next != 0 ? step->next : 10)),
		.scope = step->scope,
		.is_delta = step->is_delta,
		.is_strange = step->is_strange,
		.expired_at = step->expired != 0 ? DAY(step->expired) : 0,
		.number = step->number != 0 ? step->number : 7,
	};
	struct buf der = BUF(LIMIT_CRL_BYTES);
	struct error err = { 0 };

	if (step->is_listed) {
		list.revoked[0].cert = cert;
		list.revoked[0].at = DAY(step->since);
		list.revoked[0].reason = step->reason;
		list.revoked[0].invalid_at =
		    step->invalid != 0 ? DAY(step->invalid) : 0;
	}
	if (step->entry_is_strange) {
		list.revoked[1].cert = other_ca.cert;
		list.revoked[1].at = DAY(1);
		list.revoked[1].is_strange = true;
	}
	fixture_list(&list, &der);
	ck_ok(crls_add(into, buf_span(&der), NULL, &err), err);
	buf_free(&der);
}

static const struct cert *
cert_of(enum who who)
{
	return who == ENDED  ? ended.cert
	    : who == SHARDED ? sharded.cert
			     : person.cert;
}

START_TEST(a_history_says_one_thing)
{
	const struct cert *cert = cert_of(histories[_i].who);
	struct error err = { 0 };
	struct revocation *revocation = revocation_new(&err);
	struct revocation_result out, at_size;
	struct revocation *late; /* of who began with what another knew */
	struct crls *sets[5] = { NULL };

	for (size_t i = 0; i < 5 && histories[_i].steps[i].day != 0; i++) {
		const struct step *step = &histories[_i].steps[i];
		const struct step *next = step + 1;

		sets[i] = step->same_set ? sets[i - 1] : crls_new(&err);
		if (step->same_set)
			sets[i - 1] = NULL;
		make(step, cert, sets[i]);
		if (i < 4 && next->same_set)
			continue;
		ck_ok(revocation_add(revocation, sets[i],
			  step->is_unaccepted ? NULL : trust, 10 + i,
			  DAY(step->day), &err),
		    err);
	}
	revocation_judge(revocation, cert, DAY(histories[_i].act), UINT64_MAX,
	    &out);
	ck_assert_msg(out.state == histories[_i].state, "%s: %d, not %d",
	    histories[_i].name, out.state, histories[_i].state);
	/* Who asked at each size says the same, and so does a copy. */
	late = revocation_copy(revocation, &err);
	for (uint64_t size = 10; size <= 15; size++)
		revocation_judge(late, cert, DAY(histories[_i].act), size,
		    &at_size);
	ck_assert_int_eq(at_size.state, out.state);
	ck_assert_int_eq(at_size.since_at, out.since_at);
	revocation_free(late);
	if (out.state == REVOCATION_REVOKED || out.state == REVOCATION_DOUBTED)
		ck_assert_msg(out.since_at == DAY(histories[_i].since),
		    "%s: since day %lld", histories[_i].name,
		    (long long)(out.since_at - DAY(0)) / 86400);
	/* Of a journal of which none of it was there yet. */
	revocation_judge(revocation, cert, DAY(histories[_i].act), 10, &out);
	ck_assert_int_eq(out.state, REVOCATION_UNTOLD);
	revocation_free(revocation);
	for (size_t i = 0; i < 5; i++)
		crls_free(sets[i]);
}
END_TEST

/*
 * A revoked certificate is on every list since.  If each list were compared
 * with all others this would take minutes, and the timeout would end it.
 */
static const struct {
	int64_t cleared; /* the first list does not have the person: its day */
	int reason;
	int64_t released; /* a last list does not either */
	enum revocation_state state;
} longs[] = {
	{ 0, 0, 0, REVOCATION_REVOKED },
	{ 950, 0, 0, REVOCATION_DOUBTED },
	{ 950, HOLD, 0, REVOCATION_DOUBTED },
	{ 0, HOLD, 900, REVOCATION_CURRENT },
};

START_TEST(a_listing_of_years_is_judged_in_no_time)
{
	struct error err = { 0 };
	struct revocation *revocation = revocation_new(&err);
	struct crls *set = crls_new(&err);
	struct revocation_result out;
	struct step step = { .next = 300 };

	if (longs[_i].cleared != 0) {
		step.day = longs[_i].cleared;
		make(&step, person.cert, set);
	}
	for (step.day = 1; step.day < 900; step.day++) {
		struct step listing = step;

		listing.is_listed = true;
		listing.since = 1;
		listing.reason = longs[_i].reason;
		if (longs[_i].cleared != 0)
			listing.made = 951 + step.day;
		make(&listing, person.cert, set);
	}
	if (longs[_i].released != 0) {
		step.day = longs[_i].released;
		make(&step, person.cert, set);
	}
	ck_ok(revocation_add(revocation, set, trust, 10, DAY(5000), &err), err);
	for (int i = 0; i < 300; i++)
		revocation_judge(revocation, person.cert, DAY(949), UINT64_MAX,
		    &out);
	ck_assert_int_eq(out.state, longs[_i].state);
	revocation_free(revocation);
	crls_free(set);
}
END_TEST

START_TEST(a_list_that_was_verified_is_not_asked_for_twice)
{
	struct error err = { 0 };
	struct revocation *revocation = revocation_new(&err);
	struct crls *sets[2] = { crls_new(&err), crls_new(&err) };
	struct buf der = BUF(LIMIT_CRL_BYTES);
	const struct fixture_list list = { .ca = &ca,
		.this_at = DAY(6),
		.next_at = DAY(9) };
	struct revocation_result out;

	/* The same list under an accepted policy, then under another. */
	fixture_list(&list, &der);
	ck_ok(crls_add(sets[0], buf_span(&der), NULL, &err) &&
		crls_add(sets[1], buf_span(&der), NULL, &err) &&
		revocation_add(revocation, sets[0], trust, 10, DAY(6), &err) &&
		revocation_add(revocation, sets[1], NULL, 11, DAY(7), &err),
	    err);
	revocation_judge(revocation, person.cert, DAY(5), UINT64_MAX, &out);
	ck_assert_int_eq(out.state, REVOCATION_CLEARED);
	ck_assert(revocation_names(revocation, &crls_at(sets[0], 0)->digest));
	ck_assert(!revocation_names(revocation, &person.cert->fingerprint));
	buf_free(&der);
	revocation_free(revocation);
	crls_free(sets[0]);
	crls_free(sets[1]);
}
END_TEST

START_TEST(a_policy_without_the_ca_verifies_none_of_its_lists)
{
	struct error err = { 0 };
	struct revocation *revocation = revocation_new(&err);
	const struct step step = { .day = 6, .by_new = true };
	struct crls *set = crls_new(&err);
	struct revocation_result out;

	make(&step, person.cert, set);
	ck_ok(revocation_add(revocation, set, old_trust, 10, DAY(6), &err),
	    err);
	revocation_judge(revocation, person.cert, DAY(5), UINT64_MAX, &out);
	ck_assert_int_eq(out.state, REVOCATION_UNTOLD);
	revocation_free(revocation);
	crls_free(set);
}
END_TEST

/* --- What a list adds to the known ones. --- */

static const struct {
	const char *name;
	struct step known[2], list;
	bool is_newest, adds;
	int64_t until; /* the day; 0: of all times */
} additions[] = {
	{ "the first", { { 0 } }, { .day = 6 }, true, true },
	{ "the same", { { .day = 6 } }, { .day = 6 }, false, false },
	{ "a newer one", { { .day = 5 } }, { .day = 6 }, true, true },
	{ "an older one", { { .day = 7 } }, { .day = 6 }, false, false },
	{ "of the same second, and a greater number", { { .day = 6 } },
	    { .day = 6, .number = 8 }, true, true },
	{ "of the same second, and a lower number", { { .day = 6 } },
	    { .day = 6, .number = 6 }, false, false },
	{ "newer than one of two", { { .day = 5 }, { .day = 7 } }, { .day = 6 },
	    false, false },
	{ "beside another CA's", { { .day = 7, .by_other = true } },
	    { .day = 6 }, true, true },
	{ "beside the same CA's of another key",
	    { { .day = 7, .by_new = true } }, { .day = 6 }, false, false },
	{ "of another scope", { { .day = 7, .scope = SHARD_A } },
	    { .day = 6, .scope = SHARD_B }, true, true },
	{ "of the same scope", { { .day = 7, .scope = SHARD_A } },
	    { .day = 6, .scope = SHARD_A }, false, false },
	{ "beside a newer delta", { { .day = 7, .is_delta = true } },
	    { .day = 6 }, true, true },
	{ "a delta that lists nobody", { { .day = 5 } },
	    { .day = 6, .is_delta = true }, false, false },
	{ "a delta that lists somebody", { { .day = 5 } },
	    { .day = 6, .is_delta = true, .is_listed = true, .since = 4 },
	    false, true },
	{ "an older one that lists somebody", { { .day = 7 } },
	    { .day = 6, .is_listed = true, .since = 4 }, false, true },
	{ "who is listed already",
	    { { .day = 7, .is_listed = true, .since = 4 } },
	    { .day = 6, .is_listed = true, .since = 4 }, false, false },
	{ "who is listed since later",
	    { { .day = 7, .is_listed = true, .since = 5 } },
	    { .day = 6, .is_listed = true, .since = 4 }, false, true },
	{ "whose invalidity is earlier than what is known",
	    { { .day = 7, .is_listed = true, .since = 4 } },
	    { .day = 6, .is_listed = true, .since = 4, .invalid = 3 }, false,
	    true },
	{ "who is on hold, and was for good",
	    { { .day = 7, .is_listed = true, .since = 4 } },
	    { .day = 6, .is_listed = true, .since = 4, .reason = HOLD }, false,
	    false },
	{ "for good, who was on hold",
	    { { .day = 7, .is_listed = true, .since = 4, .reason = HOLD } },
	    { .day = 6, .is_listed = true, .since = 4 }, false, true },
	{ "listed by two of which each is too late",
	    { { .day = 7, .is_listed = true, .since = 5 },
		{ .day = 8, .is_listed = true, .since = 6 } },
	    { .day = 6, .is_listed = true, .since = 4 }, false, true },
	{ "beside one from the future", { { .day = 7 } }, { .day = 6 }, true,
	    true, 6 },
	{ "beside one from the future and a newer one",
	    { { .day = 9 }, { .day = 7 } }, { .day = 6 }, false, false, 8 },
	{ "from the future, and so is a newer one", { { .day = 7 } },
	    { .day = 6 }, false, false, 5 },
	{ "the same from the future", { { .day = 6 } }, { .day = 6 }, false,
	    false, 5 },
	{ "whom one from the future lists already",
	    { { .day = 9, .is_listed = true, .since = 4 },
		{ .day = 7, .is_listed = true, .since = 4 } },
	    { .day = 6, .is_listed = true, .since = 4 }, false, false, 8 },
};

START_TEST(a_list_adds_what_no_other_tells)
{
	struct error err = { 0 };
	struct crls *sets[3] = { crls_new(&err), crls_new(&err), NULL };
	struct crls *one = crls_new(&err);
	struct known_lists known = { sets, 3, NULL,
		additions[_i].until != 0 ? DAY(additions[_i].until)
					 : INT64_MAX };
	const struct crl *crl;

	for (size_t i = 0; i < 2 && additions[_i].known[i].day != 0; i++)
		make(&additions[_i].known[i], person.cert, sets[i]);
	make(&additions[_i].list, person.cert, one);
	crl = crls_at(one, 0);
	ck_assert_msg(trust_list_newest(trust, crl, &known) ==
		additions[_i].is_newest,
	    "%s: newest", additions[_i].name);
	ck_assert_msg(trust_list_adds(trust, crl, &known) == additions[_i].adds,
	    "%s: adds", additions[_i].name);
	ck_assert_msg(trust_list_names_more(trust, crl, &known) ==
		(additions[_i].adds && crl_num_listings(crl) > 0),
	    "%s: names more", additions[_i].name);
	/* Beside itself it adds nothing, and apart from that what it did. */
	sets[2] = one;
	ck_assert(!trust_list_adds(trust, crl, &known));
	known.but = &crl->digest;
	ck_assert_msg(trust_list_newest(trust, crl, &known) ==
		additions[_i].is_newest,
	    "%s: apart", additions[_i].name);
	for (size_t i = 0; i < 2; i++)
		crls_free(sets[i]);
	crls_free(one);
}
END_TEST

START_TEST(a_forged_list_is_not_known)
{
	struct error err = { 0 };
	struct crls *set = crls_new(&err), *one = crls_new(&err);
	const struct step forged = { .day = 7, .by_new = true };
	const struct step step = { .day = 6 };
	struct crls *sets[1] = { set };
	const struct known_lists known = { sets, 1, NULL, INT64_MAX };

	/* Its name is the CA's, its key is none that the policy has. */
	make(&forged, person.cert, set);
	make(&step, person.cert, one);
	ck_assert(trust_list_adds(old_trust, crls_at(one, 0), &known));
	ck_assert(!trust_list_adds(trust, crls_at(one, 0), &known));
	crls_free(set);
	crls_free(one);
}
END_TEST

START_TEST(whether_a_ca_signed_is_computed_once)
{
	struct error err = { 0 };
	struct crls *set = crls_new(&err);
	const struct step step = { .day = 6 };
	struct cert good = *ca.cert, bad = *ca.cert;
	struct crl *crl;

	make(&step, person.cert, set);
	crl = crls_at(set, 0);
	/* Two certificates of the CA's name, one of another key. */
	bad.fingerprint.bytes[0] ^= 1;
	bad.key = other_ca.cert->key;
	ck_assert(!crl_is_known_signed_by(set, crl, &good));
	ck_assert(!crl_is_signed_by(set, crl, &bad));
	ck_assert(crl_is_signed_by(set, crl, &good));
	ck_assert(crl_is_known_signed_by(set, crl, &good));
	ck_assert(!crl_is_known_signed_by(set, crl, &bad));
	ck_assert(!crl_is_known_signed_by(set, crl, other_ca.cert));
	/* The key would now say otherwise, and is not asked. */
	bad.key = ca.cert->key;
	good.key = other_ca.cert->key;
	ck_assert(!crl_is_signed_by(set, crl, &bad));
	ck_assert(crl_is_signed_by(set, crl, &good));
	/* Others take its place; it is computed anew. */
	for (unsigned i = 0; i < CRL_KNOWN; i++) {
		struct cert another = bad;

		another.fingerprint.bytes[1] ^= (uint8_t)(i + 1);
		ck_assert(crl_is_signed_by(set, crl, &another));
		ck_assert(crl_is_known_signed_by(set, crl, &another));
	}
	ck_assert(crl_is_signed_by(set, crl, &bad));
	crls_free(set);
}
END_TEST

/* The first hold was released; of the second nothing tells that. */
START_TEST(a_second_hold_is_not_released_with_the_first)
{
	static const int64_t at[] = { 1, 2, 3 };
	struct error err = { 0 };
	struct revocation *all = revocation_new(&err);
	struct crls *sets[3];
	struct revocation_result result;

	for (size_t i = 0; i < 3; i++) {
		struct fixture_list list = { .ca = &ca,
			.this_at = DAY(at[i]),
			.next_at = DAY(at[i] + 100) };
		struct buf der = BUF(LIMIT_CRL_BYTES);

		if (i != 1) {
			list.revoked[0].cert = person.cert;
			list.revoked[0].at = DAY(at[i]);
			list.revoked[0].reason = CRL_REASON_CERTIFICATE_HOLD;
		}
		fixture_list(&list, &der);
		sets[i] = crls_new(&err);
		ck_ok(crls_add(sets[i], buf_span(&der), NULL, &err) &&
			revocation_add(all, sets[i], trust, i, DAY(at[i]),
			    &err),
		    err);
		buf_free(&der);
	}
	revocation_judge(all, person.cert, DAY(2) + 3600, 2, &result);
	ck_assert_int_ne(result.state, REVOCATION_REVOKED);
	revocation_judge(all, person.cert, DAY(4), 3, &result);
	ck_assert_int_eq(result.state, REVOCATION_REVOKED);
	ck_assert(result.is_hold);
	revocation_free(all);
	for (size_t i = 0; i < 3; i++)
		crls_free(sets[i]);
}
END_TEST

/* --- Lists from the future. --- */

static const struct {
	const char *name;
	struct step list;
	bool is_held; /* else the journal names it */
	bool out;
} aheads[] = {
	{ "held, and it lists nobody", { .day = 9 }, true, false },
	{ "held, and it lists the person",
	    { .day = 9, .is_listed = true, .since = 4 }, true, true },
	{ "from a time that has not come",
	    { .day = 9, .is_listed = true, .since = 9 }, true, true },
	{ "a hold", { .day = 9, .is_listed = true, .since = 9, .reason = HOLD },
	    true, true },
	{ "held, and released",
	    { .day = 9,
		.is_listed = true,
		.since = 9,
		.reason = CRL_REASON_REMOVE_FROM_CRL },
	    true, false },
	{ "another CA's",
	    { .day = 9, .is_listed = true, .since = 4, .by_other = true }, true,
	    false },
	{ "of a key that the policy does not have",
	    { .day = 9, .is_listed = true, .since = 4, .by_new = true }, true,
	    false },
	{ "named by the journal, from a time that has not come",
	    { .day = 9, .is_listed = true, .since = 9 }, false, true },
	{ "named, and made by now", { .day = 5, .is_listed = true, .since = 9 },
	    false, false },
	{ "named under a policy that is not accepted",
	    { .day = 9, .is_listed = true, .since = 9, .is_unaccepted = true },
	    false, false },
};

START_TEST(a_list_from_the_future_keeps_out_whom_it_names)
{
	const struct step *step = &aheads[_i].list, good = { .day = 4 };
	struct error err = { 0 };
	struct revocation *revocation = revocation_new(&err);
	struct crls *now = crls_new(&err), *set = crls_new(&err);
	struct trust_result live, then;

	make(&good, person.cert, now);
	make(step, person.cert, set);
	ck_ok(revocation_add(revocation, now, old_trust, 10, DAY(4), &err),
	    err);
	if (aheads[_i].is_held)
		revocation_hold(revocation, set);
	else
		ck_ok(revocation_add(revocation, set,
			  step->is_unaccepted ? NULL : old_trust, 11, DAY(5),
			  &err),
		    err);
	standing_judge(old_trust, revocation, person.cert, DAY(6), &then);
	standing_judge_live(old_trust, revocation, person.cert, DAY(6), &live);
	/* What was done counts: only who acts now is kept out. */
	ck_assert_msg(standing_is_good(&then) || step->is_unaccepted, "%s: %s",
	    aheads[_i].name, then.text);
	ck_assert_msg(aheads[_i].out ? live.state == TRUST_REVOKED
				     : live.state == then.state,
	    "%s: %s", aheads[_i].name, live.text);
	/* Nothing is held any more. */
	if (aheads[_i].is_held) {
		revocation_hold(revocation, NULL);
		standing_judge_live(old_trust, revocation, person.cert, DAY(6),
		    &live);
		ck_assert(standing_is_good(&live));
	}
	revocation_free(revocation);
	crls_free(now);
	if (!aheads[_i].is_held)
		crls_free(set);
}
END_TEST

/* One of the next hour clears, for a verdict; not for who acts now. */
START_TEST(a_list_from_the_future_clears_nobody_who_acts_now)
{
	struct error err = { 0 };
	struct revocation *revocation = revocation_new(&err);
	struct crls *soon = crls_new(&err), *set = crls_new(&err);
	struct trust_result live, then;
	const struct step revoked = { .day = 5, .is_listed = true, .since = 5 };
	const struct step clean = { .day = 6 };

	make(&clean, person.cert, soon);
	make(&revoked, person.cert, set);
	ck_ok(revocation_add(revocation, soon, old_trust, 10, DAY(6) - 3600,
		  &err) &&
		revocation_add(revocation, set, old_trust, 11, DAY(6) - 1800,
		    &err),
	    err);
	standing_judge(old_trust, revocation, person.cert, DAY(6) - 900, &then);
	standing_judge_live(old_trust, revocation, person.cert, DAY(6) - 900,
	    &live);
	ck_assert_int_eq(then.state, TRUST_DOUBTED);
	ck_assert_msg(live.state == TRUST_REVOKED, "%s", live.text);
	ck_assert(!live.is_final && then.is_final);
	revocation_free(revocation);
	crls_free(soon);
	crls_free(set);
}
END_TEST

START_TEST(all_certificates_of_a_cas_file_are_used)
{
	struct identity by_new = fixture_signer(&new_ca, "b@mofa.example", "");
	struct buf got = BUF(20000), want = BUF(20000);
	struct trust_result result;
	struct error err = { 0 };

	trust_issued(trust, by_new.cert, DAY(5), &result);
	ck_assert_str_eq(result.ca, "mofa");
	trust_issued(trust, person.cert, DAY(5), &result);
	ck_assert_str_eq(result.ca, "mofa");
	trust_issued(old_trust, by_new.cert, DAY(5), &result);
	ck_assert_int_eq(result.state, TRUST_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(result.text, "mofa"));
	/* For a connection too, and no other CA's. */
	for (size_t i = 0; i < 2; i++)
		fixture_pem(trust_ca_at(trust, "mofa", i), &want);
	ck_ok(trust_append_pem(trust, "mofa", &got, &err) &&
		trust_append_pem(trust, "none", &got, &err),
	    err);
	ck_assert(span_eq(buf_span(&got), buf_span(&want)));
	buf_free(&got);
	buf_free(&want);
	ck_assert_ptr_null(trust_ca_at(trust, "mofa", 2));
	ck_assert_ptr_nonnull(trust_ca_at(trust, "mofa", 1));
	identity_free(&by_new);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, a_history_says_one_thing, 0, COUNT(histories));
	tcase_add_loop_test(t, a_listing_of_years_is_judged_in_no_time, 0,
	    COUNT(longs));
	tcase_add_loop_test(t, a_list_adds_what_no_other_tells, 0,
	    COUNT(additions));
	tcase_add_loop_test(t, a_list_from_the_future_keeps_out_whom_it_names,
	    0, COUNT(aheads));
	tcase_add_test(t, a_list_from_the_future_clears_nobody_who_acts_now);
	tcase_add_test(t, a_forged_list_is_not_known);
	tcase_add_test(t, whether_a_ca_signed_is_computed_once);
	tcase_add_test(t, a_list_that_was_verified_is_not_asked_for_twice);
	tcase_add_test(t, a_policy_without_the_ca_verifies_none_of_its_lists);
	tcase_add_test(t, all_certificates_of_a_cas_file_are_used);
	tcase_add_test(t, a_second_hold_is_not_released_with_the_first);
}

int
main(void)
{
	return run_tests("revocation", fill);
}
