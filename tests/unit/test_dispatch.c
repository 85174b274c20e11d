/*
 * Acts that came by bag: the proof of their dispatch, with one thing wrong at a
 * time.
 */
#include "unit.h"

#include <stdio.h>

#include "copy_fixture.h"

enum { HOUR = 3600, DAY = 24 * HOUR };

/*
 * Numbers of entries, and times of signing and dispatch, of a bag that is late.
 */
#define LATE 4, 10 * DAY, 10 * DAY - HOUR
/* The same for a bag whose entry's own time would be enough. */
#define SOON 4, HOUR, HOUR / 2

/* --- Changes before it is signed. --- */

#define PACK(name)                                                             \
	static void name(struct slip *slip, struct waybill *waybill,           \
	    const struct identity **signer, struct entry *dispatch)

PACK(other_document)
{
	(void)waybill, (void)signer, (void)dispatch;
	snprintf(slip->document, sizeof(slip->document), "agreement/other");
}

PACK(other_version)
{
	(void)waybill, (void)signer, (void)dispatch;
	slip->version = 2;
}

PACK(other_digest)
{
	(void)waybill, (void)signer, (void)dispatch;
	slip->digest.bytes[0] ^= 1;
}

PACK(other_signature)
{
	(void)waybill, (void)signer, (void)dispatch;
	slip->signature.bytes[0] ^= 1;
}

PACK(other_kind)
{
	(void)waybill, (void)signer, (void)dispatch;
	slip->is_deposit = !slip->is_deposit;
}

PACK(slip_of_nobody)
{
	(void)slip, (void)signer, (void)dispatch;
	memset(waybill->slips[0].bytes, 0xff, sizeof(waybill->slips[0].bytes));
}

PACK(waybill_of_files)
{
	(void)slip, (void)signer, (void)dispatch;
	waybill->num_slips = 0;
}

PACK(signed_by_another)
{
	(void)slip, (void)waybill, (void)dispatch;
	*signer = &copy_world.persons[VICE_MINISTER];
}

PACK(of_another)
{
	(void)slip;
	*signer = &copy_world.persons[VICE_MINISTER];
	snprintf(waybill->person, sizeof(waybill->person),
	    "vice-minister@mofa.example");
	snprintf(dispatch->person, sizeof(dispatch->person),
	    "vice-minister@mofa.example");
}

PACK(of_another_office)
{
	(void)slip, (void)signer;
	snprintf(waybill->from, sizeof(waybill->from), "iom-geneva");
	snprintf(dispatch->office, sizeof(dispatch->office), "iom-geneva");
}

/* The same person's other certificate, which the newest CRL revokes. */
PACK(signer_revoked)
{
	struct buf der = BUF(10000);
	struct error err = { 0 };

	(void)slip, (void)waybill, (void)dispatch;
	*signer = &copy_world.persons[MINISTER_ANEW];
	fixture_crl(&copy_world.cas[0], COPY_NOW - 30, COPY_NOW + 7200,
	    (*signer)->cert, COPY_NOW - HOUR, &der);
	ck_ok(crls_add(copy_world.crls[CRLS_NEW], buf_span(&der), NULL, &err),
	    err);
	buf_free(&der);
}

PACK(says_another_time)
{
	(void)slip, (void)signer, (void)dispatch;
	waybill->dispatched_at += HOUR;
}

PACK(entry_of_another)
{
	(void)slip, (void)waybill, (void)signer;
	snprintf(dispatch->person, sizeof(dispatch->person),
	    "vice-minister@mofa.example");
}

PACK(entry_of_another_office)
{
	(void)slip, (void)waybill, (void)signer;
	snprintf(dispatch->office, sizeof(dispatch->office), "iom-geneva");
}

PACK(entry_to_another)
{
	(void)slip, (void)waybill, (void)signer;
	snprintf(dispatch->to, sizeof(dispatch->to), "iom-geneva");
}

PACK(entry_of_another_number)
{
	(void)slip, (void)waybill, (void)signer;
	dispatch->number++;
}

PACK(entry_too_early)
{
	(void)slip, (void)signer;
	dispatch->time_ms = waybill->dispatched_at * 1000 - 6 * 60 * 1000;
}

/* --- Changes in the container afterwards. --- */

#define PUT(name)                                                              \
	static void name(struct container *c, const char *id,                  \
	    struct entry *dispatch)

static void
drop(struct container *c, const char *format, const char *id)
{
	const char *hole = strchr(format, '%');
	char path[200];

	snprintf(path, sizeof(path), "%.*s%s%s", (int)(hole - format), format,
	    id, hole + 2);
	container_remove(c, path);
}

PUT(no_papers)
{
	(void)dispatch;
	drop(c, PATH_SLIP_OF, id);
	drop(c, PATH_WAYBILL_OF, id);
	drop(c, PATH_P7S_OF, id);
}

PUT(no_slip)
{
	(void)dispatch;
	drop(c, PATH_SLIP_OF, id);
}

PUT(no_p7s)
{
	(void)dispatch;
	drop(c, PATH_P7S_OF, id);
}

PUT(no_waybill)
{
	(void)dispatch;
	drop(c, PATH_WAYBILL_OF, id);
}

static void
put(struct container *c, const char *path, const char *text)
{
	struct error err = { 0 };

	ck_ok(container_put(c, path, span_of_str(text), &err), err);
}

PUT(garbled_slip)
{
	char path[200];

	(void)dispatch;
	snprintf(path, sizeof(path), "META-INF/slip-%s.yaml", id);
	put(c, path, "valise: 1\n");
}

PUT(another_waybill)
{
	char path[200];

	(void)dispatch;
	snprintf(path, sizeof(path), "META-INF/waybill-%s.yaml", id);
	put(c, path, "valise: 1\n");
}

PUT(papers_of_nobody)
{
	(void)id, (void)dispatch;
	put(c, "META-INF/slip-00112233445566778899aabbccddeeff.yaml", "x");
}

/* --- The rows. --- */

/* What else is changed in the act's own entry. */
enum change { NONE, INVENTED, ANOTHER_BAG, NO_BAG };

#define VALID    OUTCOME_VALID, 0
#define MISSING  OUTCOME_INDETERMINATE, FINDING_WAYBILL_MISSING
#define IS(code) OUTCOME_INVALID, FINDING_##code
#define DIFFERS  IS(WAYBILL_DIFFERS)

static const struct {
	const char *is;
	struct copy_bag bag;
	enum outcome outcome;
	enum finding_code code;
	enum change change;
} rows[] = {
	{ "signed and dispatched ten days before", { LATE }, VALID },
	{ "dispatched half an hour before", { SOON }, VALID },

	/* What is not there is needed only where the entry is late. */
	{ "late, and no papers", { 0, 10 * DAY, 9 * DAY, .put = no_papers },
	    MISSING },
	{ "soon, and no papers", { 0, HOUR, HOUR / 2, .put = no_papers },
	    VALID },
	{ "late, and no entry of the waybill", { 0, 10 * DAY, 10 * DAY - HOUR },
	    MISSING },
	{ "soon, and no entry of the waybill", { 0, HOUR, HOUR / 2 }, VALID },
	{ "late, and its waybill's entry comes after it",
	    { 6, 10 * DAY, 10 * DAY - HOUR }, MISSING },
	{ "no papers, and signed after its entry",
	    { 0, -HOUR, -HOUR, .put = no_papers }, IS(SIGNING_TIME) },

	/* Times. */
	{ "the entry tells another time of dispatch", { LATE }, DIFFERS,
	    INVENTED },
	{ "signed long before it was dispatched", { 4, 10 * DAY, 8 * DAY },
	    IS(SIGNING_TIME) },
	{ "signed after it was dispatched", { 4, 10 * DAY, 11 * DAY },
	    IS(SIGNING_TIME) },
	{ "the waybill was signed at another time than it says",
	    { LATE, says_another_time }, IS(SIGNING_TIME) },
	{ "the waybill's entry is from before it was dispatched",
	    { LATE, entry_too_early }, DIFFERS },

	/* The slip. */
	{ "a slip of another document", { LATE, other_document }, DIFFERS },
	{ "a slip of another version", { LATE, other_version }, DIFFERS },
	{ "a slip of another version digest", { LATE, other_digest }, DIFFERS },
	{ "a slip of another signature", { LATE, other_signature }, DIFFERS },
	{ "a slip of a deposit", { LATE, other_kind }, DIFFERS },
	{ "a slip that does not read", { LATE, NULL, garbled_slip }, DIFFERS },
	{ "soon, and a slip of another", { SOON, other_signature }, DIFFERS },
	{ "the waybill does not list the slip", { LATE, slip_of_nobody },
	    DIFFERS },
	{ "the waybill lists files", { LATE, waybill_of_files }, DIFFERS },
	{ "papers of no signature", { LATE, NULL, papers_of_nobody },
	    IS(FILE_UNSIGNED) },
	{ "the slip is missing", { LATE, NULL, no_slip }, DIFFERS },
	{ "the waybill is missing", { 0, 10 * DAY, 9 * DAY, NULL, no_waybill },
	    DIFFERS },
	{ "the waybill's signature is missing", { LATE, NULL, no_p7s },
	    DIFFERS },

	/* The waybill, and who signed it. */
	{ "another signed the waybill", { LATE, signed_by_another },
	    IS(SIGNER_DIFFERS) },
	{ "the waybill is of another person", { LATE, of_another }, DIFFERS },
	{ "the waybill is of another office", { LATE, of_another_office },
	    DIFFERS },
	{ "the waybill's signer was revoked", { LATE, signer_revoked },
	    IS(SIGNER_REVOKED) },
	{ "the waybill is another",
	    { 0, 10 * DAY, 9 * DAY, NULL, another_waybill }, DIFFERS },
	{ "the act names another bag", { LATE }, DIFFERS, ANOTHER_BAG },
	{ "the act names no bag", { LATE }, DIFFERS, NO_BAG },

	/* Its entry. */
	{ "a receipt of another bag", { LATE, NULL, no_papers },
	    IS(RECEIPT_BROKEN) },
	{ "its entry is of another person", { LATE, entry_of_another },
	    DIFFERS },
	{ "its entry is of another office", { LATE, entry_of_another_office },
	    DIFFERS },
	{ "its entry is of a bag to another", { LATE, entry_to_another },
	    DIFFERS },
	{ "its entry is of a bag of another number",
	    { LATE, entry_of_another_number }, DIFFERS },
};

static void
alter(struct entry *entry, size_t step, void *arg)
{
	const enum change *change = arg;

	if (step != 1)
		return;
	if (*change == INVENTED)
		entry->dispatched_ms -= HOUR * 1000;
	else if (*change == ANOTHER_BAG)
		entry->waybill.bytes[0] ^= 1;
	else if (*change == NO_BAG)
		entry->has &= ~(UINT32_C(1) << ENTRY_WAYBILL |
		    UINT32_C(1) << ENTRY_DISPATCHED);
}

START_TEST(what_came_by_bag_proves_when_it_was_dispatched)
{
	const struct copy_step steps[] = {
		{ ACT_DEPOSIT, 3, DEPOSITOR, ONE_OF_EACH, 0, NULL },
		{ ACT_SIGN, 5, MINISTER, ONE_OF_EACH, 0, &rows[_i].bag },
	};
	enum change change = rows[_i].change;
	struct container *copy = copy_make(1, steps, 2, alter, &change);
	struct verdict verdict;

	copy_judge(copy, &verdict);
	ck_assert_msg(verdict.outcome == rows[_i].outcome, "%s: %s, %s",
	    rows[_i].is, outcome_name(verdict.outcome),
	    copy_findings(&verdict));
	if (rows[_i].outcome != OUTCOME_VALID)
		ck_assert_msg(copy_has(&verdict, rows[_i].code), "%s: %s",
		    rows[_i].is, copy_findings(&verdict));
	verdict_free(&verdict);
	container_free(copy);
}
END_TEST

START_TEST(a_deposit_and_two_signatures_come_by_one_bag_each)
{
	static const struct copy_bag first = { LATE }, second = { 6, HOUR, 60 },
				     third = { 8, 2 * DAY, 2 * DAY - 60 };
	static const struct copy_step steps[] = {
		{ ACT_DEPOSIT, 5, DEPOSITOR, ONE_OF_EACH, 0, &first },
		{ ACT_SIGN, 7, MINISTER, ONE_OF_EACH, 0, &second },
		{ ACT_SIGN, 9, CHIEF, ONE_OF_EACH, 0, &third },
		{ ACT_FORCE, 10, 0, ONE_OF_EACH, 0, NULL },
	};
	struct container *copy = copy_make(1, steps, COUNT(steps), NULL, NULL);
	struct verdict verdict;

	copy_judge(copy, &verdict);
	ck_assert_msg(verdict.outcome == OUTCOME_VALID, "%s",
	    copy_findings(&verdict));
	ck_assert_int_eq(verdict.status, STATUS_IN_FORCE);
	/* A dispatch is no act of the version. */
	ck_assert_uint_eq(verdict.num_acts, COUNT(steps));
	verdict_free(&verdict);
	container_free(copy);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, copy_set_up, copy_tear_down);
	tcase_add_loop_test(t, what_came_by_bag_proves_when_it_was_dispatched,
	    0, COUNT(rows));
	tcase_add_test(t, a_deposit_and_two_signatures_come_by_one_bag_each);
}

int
main(void)
{
	return run_tests("dispatch", fill);
}
