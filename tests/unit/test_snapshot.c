/*
 * What the daemon copies out of the ledger to judge an act: the whole of it,
 * and a limit is told.
 */
#include "unit.h"

#include <stdio.h>

#include "daemon/api/place.h"

#define DOC "mou/one"

static struct ledger *ledger;
static uint64_t num, last;

static void
set_up(void)
{
	struct error err = { 0 };

	ledger = ledger_new(&err);
	ck_assert_ptr_nonnull(ledger);
	num = 0;
}

static void
tear_down(void)
{
	ledger_free(ledger);
}

static struct digest
digest_of(uint64_t index)
{
	return sha256_of(span_of(&index, sizeof(index)));
}

/* A bag is dispatched; the index of its entry. */
static uint64_t
dispatch(void)
{
	static struct entry entry;
	struct error err = { 0 };

	entry = (struct entry){ .act = ACT_DISPATCH, .digest = digest_of(num) };
	ck_ok(ledger_apply(ledger, num, &entry, &err), err);
	return num++;
}

/* An act of a person of that number, by that bag or, LEDGER_NONE, none. */
static void
act(enum act kind, unsigned person, uint64_t bag)
{
	static struct entry entry;
	struct error err = { 0 };

	entry = (struct entry){ .act = kind,
		.has = 1u << ENTRY_DOCUMENT | 1u << ENTRY_VERSION |
		    1u << ENTRY_PERSON,
		.version = 1,
		.prior = last,
		.signature = digest_of(num) };
	snprintf(entry.document, sizeof(entry.document), DOC);
	snprintf(entry.person, sizeof(entry.person), "%u@x.example", person);
	if (kind != ACT_DEPOSIT)
		entry.has |= 1u << ENTRY_PRIOR;
	if (bag != LEDGER_NONE) {
		entry.has |= 1u << ENTRY_WAYBILL;
		entry.waybill = digest_of(bag);
	}
	ck_ok(ledger_apply(ledger, num, &entry, &err), err);
	last = num++;
}

START_TEST(no_act_and_no_dispatch_is_left_out)
{
	enum { NUM = LIMIT_RECEIPTS + 10 };
	const struct ledger_version *version;
	struct snapshot now;
	struct error err = { 0 };

	act(ACT_DEPOSIT, 0, dispatch());
	for (unsigned i = 1; i < NUM; i++)
		act(ACT_SIGN, i, dispatch());
	ck_ok(snapshot_take(ledger, DOC, 0, "7@x.example", &now, &err), err);
	version = ledger_version(ledger_find(ledger, DOC), 1);
	ck_assert_uint_eq(now.num_acts, NUM);
	ck_assert_uint_eq(now.num_dispatches, NUM);
	ck_assert_uint_eq(now.num_signers, NUM - 1);
	for (size_t i = 0; i < NUM; i++) {
		ck_assert_uint_eq(now.acts[i], version->acts[i]);
		ck_assert_uint_eq(now.dispatches[i], version->acts[i] - 1);
	}
	ck_assert(now.has_mine);
	ck_assert_uint_eq(now.mine.index, version->acts[7]);
	ck_assert(!now.has_my_end);
	snapshot_free(&now);
	ck_assert_ptr_null(now.acts);
	snapshot_free(&now);
}
END_TEST

/*
 * With its bag and a "force", the last that a copy has room for, and one more.
 */
START_TEST(a_copy_that_is_full_takes_no_more)
{
	const unsigned full = LIMIT_RECEIPTS - 3;
	struct snapshot now;
	struct error err = { 0 };

	act(ACT_DEPOSIT, 0, dispatch());
	for (unsigned i = 2; i < full; i++)
		act(ACT_SIGN, i, LEDGER_NONE);
	ck_ok(snapshot_take(ledger, DOC, 1, "x", &now, &err), err);
	ck_assert_uint_eq(now.num_acts + now.num_dispatches, full);
	ck_ok(place_check_room(DOC, &now, &err), err);
	snapshot_free(&now);
	act(ACT_SIGN, full, LEDGER_NONE);
	ck_ok(snapshot_take(ledger, DOC, 1, "x", &now, &err), err);
	ck_assert(!place_check_room(DOC, &now, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	snapshot_free(&now);
}
END_TEST

START_TEST(a_document_that_is_not_there_has_nothing)
{
	struct snapshot now;
	struct error err = { 0 };

	ck_ok(snapshot_take(ledger, DOC, 0, "x", &now, &err), err);
	ck_assert_uint_eq(now.version, 0);
	ck_assert_uint_eq(now.num_versions, 0);
	ck_assert_uint_eq(now.num_acts, 0);
	snapshot_free(&now);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, no_act_and_no_dispatch_is_left_out);
	tcase_add_test(tcase, a_copy_that_is_full_takes_no_more);
	tcase_add_test(tcase, a_document_that_is_not_there_has_nothing);
}

int
main(void)
{
	return run_tests("snapshot", fill);
}
