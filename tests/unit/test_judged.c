/*
 * What an audit found good is not asked for again, unless a newer list or
 * policy concerns it.
 */
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/cmd/audit.h"
#include "client/lists.h"
#include "pki_fixture.h"

static char dir[UNIT_DIR], path[FILE_PATH];
static struct identity ca, signer;
static struct crls *lists;
static struct trust *trust;
static struct crl_entries *named;
static uint64_t judged_from; /* the policy judges from this index on */

/* --- Functions of other modules, replaced for these tests. --- */

bool
audit_state_path(const struct context *context, const char *name,
    char out[FILE_PATH], struct error *err)
{
	(void)context;
	return file_join(out, dir, name, err);
}

struct verdict_library
context_library(struct context *context)
{
	return (struct verdict_library){ .arg = context };
}

const struct crl_entries *
lists_named(struct context *context, const struct verdict_library *library,
    uint64_t *as_of)
{
	(void)context;
	(void)library;
	*as_of = 0;
	return named;
}

/* --- */

enum { SIGNED = 1700000000 };

static struct policy some_policy;

static struct policy *
policy_of(void *arg, const struct digest *digest, uint64_t index)
{
	(void)arg;
	return digest->bytes[0] == 7 && index >= judged_from ? &some_policy
							     : NULL;
}

static const struct crl_entries *
named_of(void *arg, uint64_t *as_of)
{
	(void)arg;
	return lists_named(NULL, NULL, as_of);
}

static void
set_up(void)
{
	struct buf pem = BUF(10000);
	struct error err = { 0 };

	unit_make_dir(dir);
	ck_ok(file_join(path, dir, "judged", &err), err);
	ca = fixture_ca("MOFA CA");
	signer = fixture_signer(&ca, "minister@mofa.example", "");
	fixture_pem(ca.cert, &pem);
	trust = trust_new(&err);
	ck_ok(trust_add_ca(trust, "mofa", buf_span(&pem), &err), err);
	buf_free(&pem);
	lists = NULL;
	named = NULL;
	judged_from = 0;
}

static void
tear_down(void)
{
	identity_free(&ca);
	identity_free(&signer);
	crl_entries_free(named);
	crls_free(lists);
	trust_free(trust);
	unit_remove_dir(dir);
}

/* The lists that are known: those that were added, once they are taken. */
static void
begin_lists(void)
{
	struct error err = { 0 };

	crl_entries_free(named);
	named = NULL;
	crls_free(lists);
	lists = crls_new(&err);
}

static void
add_list(const struct fixture_list *list)
{
	struct buf der = BUF(LIMIT_CRL_BYTES);
	struct error err = { 0 };

	fixture_list(list, &der);
	ck_ok(crls_add(lists, buf_span(&der), NULL, &err), err);
	buf_free(&der);
}

static void
take_lists(void)
{
	struct error err = { 0 };

	crl_entries_free(named);
	named = crl_entries_new(&err);
	ck_ok(crl_entries_take_lists(named, lists, trust, &err), err);
}

/* One list, of the signer or of nobody. */
static void
list_revokes(const struct cert *who, int64_t at)
{
	const struct fixture_list list = { .ca = &ca,
		.this_at = SIGNED + 1000,
		.next_at = SIGNED + 100000,
		.revoked = { { .cert = who, .at = at } } };

	begin_lists();
	add_list(&list);
	take_lists();
}

/* Remember a copy of one signature and one act, entry 5. */
static void
add(const struct digest *contents)
{
	struct verdict_signature signature = { .id = "origin",
		.judged_ms = INT64_C(1000) * SIGNED };
	static struct verdict_act act;
	const struct verdict verdict = { .signatures = &signature,
		.num_signatures = 1,
		.acts = &act,
		.num_acts = 1 };
	struct context context = { .json = false };
	struct error err = { 0 };
	struct judged_list *list;

	act.index = 5;
	act.entry.policy.bytes[0] = 7;
	signature.cert = signer.cert;
	list = audit_judged_open(&context, false, &err);
	ck_assert_msg(list != NULL, "%s", err.detail);
	ck_ok(audit_judged_add(list, contents, &verdict, &context, &err), err);
	audit_judged_close(list);
}

static bool
stands(const struct digest *contents, bool *known)
{
	const struct verdict_library library = { .policy = policy_of,
		.named = named_of };
	struct error err = { 0 };
	struct judged_list *list = audit_judged_open(NULL, false, &err);
	bool ok;

	ck_assert_msg(list != NULL, "%s", err.detail);
	ok = audit_judged_stands(list, contents, &library, known);
	audit_judged_close(list);
	return ok;
}

static const struct digest one = { { 1 } }, other = { { 2 } };

START_TEST(what_nothing_touches_stands)
{
	bool known;

	ck_assert(!stands(&one, &known));
	ck_assert(!known);
	add(&one);
	ck_assert(stands(&one, &known));
	ck_assert(known);
	ck_assert(!stands(&other, &known));
	ck_assert(!known);
}
END_TEST

START_TEST(a_newer_list_is_compared_with_the_signature)
{
	struct identity stranger = fixture_signer(&ca, "a@mofa.example", "");
	bool known;

	add(&one);
	list_revokes(NULL, 0);
	ck_assert(stands(&one, &known));
	list_revokes(stranger.cert, SIGNED - 10);
	ck_assert(stands(&one, &known));
	list_revokes(signer.cert, SIGNED + 1);
	ck_assert(stands(&one, &known));
	list_revokes(signer.cert, SIGNED);
	ck_assert(!stands(&one, &known));
	ck_assert(known);
	list_revokes(signer.cert, SIGNED - 10);
	ck_assert(!stands(&one, &known));
	/* Judged with that list, and good all the same: once is enough. */
	add(&one);
	ck_assert(stands(&one, &known));
	/* Until the date is another. */
	list_revokes(signer.cert, SIGNED - 20);
	ck_assert(!stands(&one, &known));
	identity_free(&stranger);
}
END_TEST

/* What was known hides nothing that comes: an earlier date least of all. */
START_TEST(a_listing_behind_an_earlier_one_is_compared)
{
	const struct fixture_list
	    held = { .ca = &ca,
		    .this_at = SIGNED - 90,
		    .next_at = SIGNED + 1000,
		    .revoked = { { .cert = signer.cert,
			.at = SIGNED - 100,
			.reason = CRL_REASON_CERTIFICATE_HOLD } } },
	    released = { .ca = &ca,
		    .this_at = SIGNED - 50,
		    .next_at = SIGNED + 1000 },
	    held_again = { .ca = &ca,
		    .this_at = SIGNED + 10,
		    .next_at = SIGNED + 1000,
		    .revoked = { { .cert = signer.cert,
			.at = SIGNED - 5,
			.reason = CRL_REASON_CERTIFICATE_HOLD } } },
	    revoked = { .ca = &ca,
		    .this_at = SIGNED + 20,
		    .next_at = SIGNED + 1000,
		    .revoked = { { .cert = signer.cert, .at = SIGNED - 5 } } };
	bool known;

	begin_lists();
	add_list(&held);
	add_list(&released);
	take_lists();
	add(&one);
	ck_assert(stands(&one, &known));
	add_list(&held_again);
	take_lists();
	ck_assert(!stands(&one, &known));
	add(&one);
	ck_assert(stands(&one, &known));
	/* Another list of the same tells nothing new. */
	add_list(&held);
	take_lists();
	ck_assert(stands(&one, &known));
	add_list(&revoked);
	take_lists();
	ck_assert(!stands(&one, &known));
}
END_TEST

START_TEST(a_policy_must_still_judge_the_act)
{
	bool known;

	add(&one);
	judged_from = 5;
	ck_assert(stands(&one, &known));
	judged_from = 6;
	ck_assert(!stands(&one, &known));
	ck_assert(known);
}
END_TEST

static void
write_file(const char *text)
{
	struct error err = { 0 };

	ck_ok(file_write(path, span_of_str(text), 0600, &err), err);
}

START_TEST(lines_that_tell_nothing_count_for_nothing)
{
	static const char hex[] =
	    "0100000000000000000000000000000000000000000000000000000000000000";
	char text[512];
	bool known;

	/* Of a program before, a torn one, one of another form. */
	snprintf(text, sizeof(text), "%s\n", hex);
	write_file(text);
	ck_assert(!stands(&one, &known) && !known);
	snprintf(text, sizeof(text), "%s p=0700", hex);
	write_file(text);
	ck_assert(!stands(&one, &known) && !known);
	snprintf(text, sizeof(text), "%s x=1\n", hex);
	write_file(text);
	ck_assert(!stands(&one, &known) && known);
	snprintf(text, sizeof(text), "%s s=00:1\n", hex);
	write_file(text);
	ck_assert(!stands(&one, &known) && known);
	/* What is added behind a torn line is whole. */
	snprintf(text, sizeof(text), "%s p=0700", hex);
	write_file(text);
	add(&one);
	ck_assert(stands(&one, &known));
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, what_nothing_touches_stands);
	tcase_add_test(t, a_newer_list_is_compared_with_the_signature);
	tcase_add_test(t, a_listing_behind_an_earlier_one_is_compared);
	tcase_add_test(t, a_policy_must_still_judge_the_act);
	tcase_add_test(t, lines_that_tell_nothing_count_for_nothing);
}

int
main(void)
{
	return run_tests("judged", fill);
}
