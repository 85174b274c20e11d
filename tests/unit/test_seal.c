/*
 * May the depositary seal?  A row for each thing that its certificate must be.
 */
#include "unit.h"

#include <time.h>

#include "backend/memory/memory.h"
#include "base/time.h"
#include "daemon/writer/seal.h"
#include "policy_fixture.h"

#define SIGNS "critical,nonRepudiation"
#define DAY   (24 * 60 * 60)

static struct identity mofa, iom, stranger;
static struct policy *policy, *other_policy;
static int64_t now_at;

static void
set_up(void)
{
	mofa = fixture_ca("MOFA CA");
	iom = fixture_ca("IOM CA");
	stranger = fixture_ca("MOFA CA");
	policy = fixture_policy(&mofa, &iom);
	/* By this one the depositary is the other CA's. */
	other_policy = fixture_policy(&iom, &mofa);
	now_at = time_now_ms() / 1000;
}

static void
tear_down(void)
{
	policy_free(policy);
	policy_free(other_policy);
	identity_free(&mofa);
	identity_free(&iom);
	identity_free(&stranger);
}

enum lists { CURRENT, NONE, STALE, REVOKES, HELD };

static const struct {
	const char *what;
	struct fixture_cert cert;
	const struct identity *ca; /* NULL: MOFA's */
	int64_t from, until;       /* days from now; 0: as the fixture says */
	enum lists lists;
	enum trust_state state;
	const char *says;
} rows[] = {
	{ .what = "a good one" },
	{ .what = "RSA", .cert = { .key = "RSA-3072" } },
	{ .what = "no list", .lists = NONE, .state = TRUST_UNKNOWN },
	{ .what = "a list that has ended",
	    .lists = STALE,
	    .state = TRUST_UNKNOWN },
	{ .what = "it has ended",
	    .until = -1,
	    .state = TRUST_EXPIRED,
	    .says = "was not valid at" },
	{ .what = "it has not begun",
	    .from = 1,
	    .state = TRUST_EXPIRED,
	    .says = "was not valid at" },
	{ .what = "revoked",
	    .lists = REVOKES,
	    .state = TRUST_REVOKED,
	    .says = "was revoked on" },
	{ .what = "named by a list that is held",
	    .lists = HELD,
	    .state = TRUST_REVOKED,
	    .says = "that is in the future" },
	{ .what = "a CA of the same name",
	    .ca = &stranger,
	    .state = TRUST_UNTRUSTED },
	{ .what = "another party's CA",
	    .ca = &iom,
	    .lists = NONE,
	    .state = TRUST_UNTRUSTED,
	    .says = "it is not of depositary@mofa.example by CA \"mofa\"" },
	{ .what = "another address",
	    .cert = { .email = "somebody@mofa.example" },
	    .state = TRUST_UNTRUSTED,
	    .says = "it is not of depositary@mofa.example" },
	{ .what = "another address, and no list",
	    .cert = { .email = "somebody@mofa.example" },
	    .lists = NONE,
	    .state = TRUST_UNTRUSTED,
	    .says = "it is not of depositary@mofa.example" },
	{ .what = "one to connect with",
	    .cert = { .key_usage = "critical,digitalSignature",
		.extended = "clientAuth" },
	    .state = TRUST_UNTRUSTED,
	    .says = "it is not for signing" },
	{ .what = "a weak key",
	    .cert = { .key = "RSA-2048" },
	    .state = TRUST_UNTRUSTED,
	    .says = "its key is RSA" },
};

static struct identity
issue(size_t i)
{
	struct fixture_cert what = rows[i].cert;

	if (what.email == NULL)
		what.email = "depositary@mofa.example";
	if (what.key_usage == NULL)
		what.key_usage = SIGNS;
	if (rows[i].from != 0)
		what.from_at = now_at + rows[i].from * DAY;
	if (rows[i].until != 0)
		what.until_at = now_at + rows[i].until * DAY;
	return fixture_issue(rows[i].ca != NULL ? rows[i].ca : &mofa, &what);
}

static struct crls *
make_list(int64_t this_at, int64_t next_at, const struct cert *revoked)
{
	struct error err = { 0 };
	struct crls *set = crls_new(&err);
	struct buf der = BUF(10000);

	fixture_crl(&mofa, this_at, next_at, revoked, now_at - 300, &der);
	ck_ok(crls_add(set, buf_span(&der), NULL, &err), err);
	buf_free(&der);
	return set;
}

/* Tell a library or a test what these lists tell; the set is the caller's. */
static struct crls *
tell(struct revocation *revocation, enum lists lists, const struct cert *cert)
{
	struct error err = { 0 };
	struct crls *set;

	if (lists == NONE)
		return NULL;
	set = make_list(now_at - 200,
	    lists == STALE ? now_at - 100 : now_at + DAY,
	    lists == REVOKES ? cert : NULL);
	ck_ok(revocation_add(revocation, set, policy->trust, 1, now_at - 200,
		  &err),
	    err);
	if (lists == HELD)
		revocation_hold(revocation,
		    make_list(now_at + 700 * DAY, now_at + 800 * DAY, cert));
	return set;
}

START_TEST(a_certificate_is_judged_as_the_depositarys)
{
	struct error err = { 0 };
	struct identity one = issue((size_t)_i);
	struct revocation *revocation = revocation_new(&err);
	struct crls *set = tell(revocation, rows[_i].lists, one.cert);
	struct trust_result found;

	seal_judge(policy, revocation, one.cert, now_at, &found);
	ck_assert_msg(found.state == rows[_i].state, "%s: %d, %s",
	    rows[_i].what, found.state, found.text);
	ck_assert_msg(rows[_i].says == NULL ||
		strstr(found.text, rows[_i].says) != NULL,
	    "%s: %s", rows[_i].what, found.text);
	revocation_free(revocation);
	crls_free(set);
	identity_free(&one);
}
END_TEST

/* --- With a library, at the present time. --- */

static struct store *store;
static struct library *library;

static void
open_library(void)
{
	struct error err = { 0 };

	store = store_new(memory_open(&err), &err);
	ck_assert_ptr_nonnull(store);
	ck_assert_ptr_nonnull(library = library_new(store, &err));
}

static void
close_library(void)
{
	library_free(library);
	store_free(store);
}

/* The library takes in what entries name; here there are none. */
static struct revocation *
revocation_of(void)
{
	return (struct revocation *)(uintptr_t)library_revocation(library);
}

START_TEST(a_seal_is_refused_with_the_reason_and_a_way_out)
{
	const struct judged_by now = { .policy = policy };
	struct error err = { 0 };
	struct identity one = issue((size_t)_i);
	struct seal *seal = seal_new(one.cert, &err);
	struct crls *set;
	bool good;

	open_library();
	set = tell(revocation_of(), rows[_i].lists, one.cert);
	good = seal_is_good(seal, library, &now, &err);
	ck_assert_msg(good == (rows[_i].state == TRUST_GOOD), "%s: %s",
	    rows[_i].what, err.detail);
	ck_assert(good || err.kind == ERROR_UNAVAILABLE);
	ck_assert(good || rows[_i].says == NULL ||
	    strstr(err.detail, rows[_i].says) != NULL);
	ck_assert(good ||
	    (strstr(err.detail, "valise crls push") != NULL) ==
		(rows[_i].state == TRUST_UNKNOWN));
	ck_assert(good ||
	    (strstr(err.detail, "timedatectl") != NULL) ==
		(rows[_i].state == TRUST_EXPIRED));
	seal_free(seal);
	close_library();
	crls_free(set);
	identity_free(&one);
}
END_TEST

/* The answer of a second is no longer good once what it follows from is not. */
START_TEST(what_changes_within_a_second_is_judged_anew)
{
	struct judged_by now = { .policy = policy };
	struct error err = { 0 };
	struct identity good = issue(0), other;
	struct seal *seal = seal_new(good.cert, &err);
	struct crl_set sets[2] = { { .files = NULL } };
	struct crls *set;

	other = fixture_signer(&mofa, "somebody@mofa.example", NULL);
	open_library();
	now.crls = &sets[0];
	ck_assert(!seal_is_good(seal, library, &now, &err));
	set = tell(revocation_of(), CURRENT, good.cert);
	now.crls = &sets[1];
	ck_ok(seal_is_good(seal, library, &now, &err), err);
	now.policy = other_policy;
	ck_assert(!seal_is_good(seal, library, &now, &err));
	now.policy = policy;
	ck_ok(seal_is_good(seal, library, &now, &err), err);
	library_hold(library,
	    make_list(now_at + 700 * DAY, now_at + 800 * DAY, good.cert));
	ck_assert(!seal_is_good(seal, library, &now, &err));
	library_hold(library, NULL);
	ck_ok(seal_is_good(seal, library, &now, &err), err);
	ck_assert(seal_has(seal, good.cert) && !seal_has(seal, other.cert));
	seal_renew(seal, other.cert);
	ck_assert(seal_has(seal, other.cert) && !seal_has(seal, good.cert));
	ck_assert_ptr_eq(seal_cert(seal), other.cert);
	ck_assert(!seal_is_good(seal, library, &now, &err));
	seal_renew(seal, good.cert);
	ck_ok(seal_is_good(seal, library, &now, &err), err);
	seal_free(seal);
	close_library();
	crls_free(set);
	identity_free(&good);
	identity_free(&other);
}
END_TEST

START_TEST(an_answer_is_good_for_its_second)
{
	const struct timespec moment = { .tv_nsec = 20 * 1000 * 1000 };
	const struct judged_by now = { .policy = policy };
	struct error err = { 0 };
	struct identity one;
	struct seal *seal;
	struct crls *set;

	one = fixture_issue(&mofa,
	    &(struct fixture_cert){ .email = "depositary@mofa.example",
		.key_usage = SIGNS,
		.until_at = time_now_ms() / 1000 + 2 });
	seal = seal_new(one.cert, &err);
	open_library();
	set = tell(revocation_of(), CURRENT, one.cert);
	ck_ok(seal_is_good(seal, library, &now, &err), err);
	while (time_now_ms() / 1000 <= one.cert->not_after_at)
		nanosleep(&moment, NULL);
	ck_assert(!seal_is_good(seal, library, &now, &err));
	seal_free(seal);
	close_library();
	crls_free(set);
	identity_free(&one);
}
END_TEST

static const bool for_acts[ACTS] = { [ACT_DEPOSIT] = true,
	[ACT_SIGN] = true,
	[ACT_TERMINATE] = true,
	[ACT_DELIVER] = true,
	[ACT_DISPATCH] = true,
	[ACT_ACKNOWLEDGE] = true };

START_TEST(acts_of_persons_wait_for_a_good_seal)
{
	ck_assert_int_eq(seal_is_for((enum act)_i), for_acts[_i]);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_unchecked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, a_certificate_is_judged_as_the_depositarys, 0,
	    COUNT(rows));
	tcase_add_loop_test(t, a_seal_is_refused_with_the_reason_and_a_way_out,
	    0, COUNT(rows));
	tcase_add_test(t, what_changes_within_a_second_is_judged_anew);
	tcase_add_test(t, an_answer_is_good_for_its_second);
	tcase_add_loop_test(t, acts_of_persons_wait_for_a_good_seal, 0, ACTS);
}

int
main(void)
{
	return run_tests("seal", fill);
}
