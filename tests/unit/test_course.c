/*
 * The course of a version: which act may follow which, and to which state it
 * leads.
 */
#include "unit.h"

#include <stdio.h>

#include "copy_fixture.h"

#define DEPOSIT(index)                                                         \
	{                                                                      \
		ACT_DEPOSIT, index, DEPOSITOR, ONE_OF_EACH, 0                  \
	}
#define SIGN(index, who)                                                       \
	{                                                                      \
		ACT_SIGN, index, who, ONE_OF_EACH, 0                           \
	}
#define SIGN_TWO(index, who)                                                   \
	{                                                                      \
		ACT_SIGN, index, who, TWO_OF_LAO, 0                            \
	}
#define END(index, who)                                                        \
	{                                                                      \
		ACT_TERMINATE, index, who, ONE_OF_EACH, 0                      \
	}
#define FORCE(index)                                                           \
	{                                                                      \
		ACT_FORCE, index, 0, ONE_OF_EACH, 0                            \
	}
#define IN_FORCE DEPOSIT(3), SIGN(5, MINISTER), SIGN(6, CHIEF), FORCE(7)

/* What is changed in the entry of a step. */
enum change {
	NONE,
	PRIOR,   /* becomes value, or is taken out for NO_PRIOR */
	NAMES,   /* only the first value signatures */
	NAME_OF, /* and one more: that of the step value */
	OTHER,   /* the first name becomes one of no signature */
	SWAP,    /* the first name becomes that of the step value */
	SIGNED,  /* its signature becomes another */
	AS_SIGN, /* the act becomes a "sign" */
};

enum { NO_PRIOR = 1000 };

struct course {
	const char *is;
	struct copy_step steps[8];
	enum outcome outcome;
	enum status status;
	enum finding_code code; /* of a copy that is not valid */
	enum change change;
	size_t step;
	uint64_t value;
	uint64_t drop;    /* the receipt of that entry, or 0 */
	unsigned version; /* 0: the first */
};

#define VALID(status) OUTCOME_VALID, status, 0
#define INVALID(code) OUTCOME_INVALID, 0, FINDING_##code
#define UNKNOWN(code) OUTCOME_INDETERMINATE, 0, FINDING_##code

static const struct course courses[] = {
	{ "a draft", { DEPOSIT(3) }, VALID(STATUS_DRAFT) },
	{ "in force", { IN_FORCE }, VALID(STATUS_IN_FORCE) },
	{ "one more signature", { IN_FORCE, SIGN(8, VICE_MINISTER) },
	    VALID(STATUS_IN_FORCE) },
	{ "ended in part", { IN_FORCE, END(9, MINISTER) },
	    VALID(STATUS_IN_FORCE) },
	{ "ended", { IN_FORCE, END(9, MINISTER), END(10, CHIEF), FORCE(11) },
	    VALID(STATUS_TERMINATED) },

	/* prior */
	{ "an act of another version came between", { IN_FORCE },
	    VALID(STATUS_IN_FORCE), PRIOR, 1, 4 },
	{ "the second version follows the first", { DEPOSIT(3) },
	    VALID(STATUS_DRAFT), .version = 2 },
	{ "the first version follows something", { DEPOSIT(3) },
	    INVALID(OUT_OF_ORDER), PRIOR, 0, 1 },
	{ "the second version follows nothing", { DEPOSIT(3) },
	    INVALID(OUT_OF_ORDER), PRIOR, 0, NO_PRIOR, .version = 2 },
	{ "an act of this version is skipped", { IN_FORCE },
	    INVALID(OUT_OF_ORDER), PRIOR, 2, 3 },
	{ "an act follows itself", { IN_FORCE }, INVALID(OUT_OF_ORDER), PRIOR,
	    2, 6 },
	{ "an act follows a later one", { IN_FORCE }, INVALID(OUT_OF_ORDER),
	    PRIOR, 2, 7 },
	{ "a force follows another version's act",
	    { DEPOSIT(3), SIGN(5, MINISTER), SIGN(6, CHIEF), FORCE(9) },
	    INVALID(OUT_OF_ORDER), PRIOR, 3, 8 },
	{ "it is deposited twice", { DEPOSIT(3), DEPOSIT(4) },
	    INVALID(OUT_OF_ORDER) },

	/* A force and what it names. */
	{ "a force names one of two signatures", { IN_FORCE },
	    INVALID(QUORUM_MISSING), NAMES, 3, 1 },
	{ "a force leaves out one beyond the quorum",
	    { DEPOSIT(3), SIGN(4, VICE_MINISTER), SIGN(5, MINISTER),
		SIGN(6, CHIEF), FORCE(7) },
	    INVALID(QUORUM_MISSING), NAMES, 4, 2 },
	{ "a force names a signature twice", { IN_FORCE },
	    INVALID(QUORUM_MISSING), NAME_OF, 3, 2 },
	{ "a force names what is no signature", { IN_FORCE },
	    INVALID(SIGNATURE_MISSING), OTHER, 3, 0 },
	{ "a draft comes into force", { DEPOSIT(3), FORCE(4) },
	    INVALID(QUORUM_MISSING) },
	{ "a force comes before the quorum",
	    { DEPOSIT(3), SIGN(5, MINISTER), FORCE(6), SIGN(7, CHIEF) },
	    INVALID(QUORUM_MISSING) },
	{ "a force names a signature yet to come",
	    { DEPOSIT(3), SIGN(5, MINISTER), FORCE(6), SIGN(7, CHIEF) },
	    INVALID(QUORUM_MISSING), NAME_OF, 2, 3 },
	{ "it comes into force twice",
	    { IN_FORCE, SIGN(8, VICE_MINISTER), FORCE(9) },
	    INVALID(OUT_OF_ORDER) },
	{ "a termination's force names one of two",
	    { IN_FORCE, END(9, MINISTER), END(10, CHIEF), FORCE(11) },
	    INVALID(QUORUM_MISSING), NAMES, 6, 1 },

	{ "a force names one that came after it as well",
	    { IN_FORCE, SIGN(8, VICE_MINISTER) }, INVALID(QUORUM_MISSING),
	    NAME_OF, 3, 4 },
	{ "a force names one that came after it instead",
	    { IN_FORCE, SIGN(8, VICE_MINISTER) }, INVALID(QUORUM_MISSING), SWAP,
	    3, 4 },
	{ "an entry is of another signature", { DEPOSIT(3), SIGN(5, MINISTER) },
	    INVALID(SIGNATURE_MISSING), SIGNED, 1 },
	{ "a deposit is journaled as a signature", { DEPOSIT(3) },
	    INVALID(SIGNATURE_MISSING), AS_SIGN, 0, .version = 2 },

	/* The end. */
	{ "a draft is ended in part",
	    { DEPOSIT(3), SIGN(5, MINISTER), END(6, MINISTER) },
	    INVALID(OUT_OF_ORDER) },
	{ "a draft is ended",
	    { DEPOSIT(3), END(5, MINISTER), END(6, CHIEF), FORCE(7) },
	    INVALID(OUT_OF_ORDER) },
	{ "it goes on after its end",
	    { IN_FORCE, END(9, MINISTER), END(10, CHIEF), FORCE(11),
		SIGN(12, VICE_MINISTER) },
	    INVALID(OUT_OF_ORDER) },

	/* A policy that lowers the quorum. */
	{ "one who signed puts it in force",
	    { DEPOSIT(3), SIGN_TWO(4, MINISTER), SIGN_TWO(5, CHIEF),
		SIGN(6, MINISTER), FORCE(7) },
	    VALID(STATUS_IN_FORCE) },
	{ "the same with a new certificate",
	    { DEPOSIT(3), SIGN_TWO(4, MINISTER), SIGN_TWO(5, CHIEF),
		SIGN(6, MINISTER_ANEW), FORCE(7) },
	    VALID(STATUS_IN_FORCE) },
	{ "the policy alone puts it in force",
	    { DEPOSIT(3), SIGN_TWO(4, MINISTER), SIGN_TWO(5, CHIEF), FORCE(6) },
	    INVALID(QUORUM_MISSING) },
	{ "one who signed signs again for nothing",
	    { DEPOSIT(3), SIGN_TWO(4, MINISTER), SIGN_TWO(5, MINISTER) },
	    INVALID(SIGNED_TWICE) },
	{ "one who signed signs what is in force",
	    { IN_FORCE, SIGN(8, MINISTER) }, INVALID(SIGNED_TWICE) },

	/* What a copy lacks is no fault of the journal. */
	{ "no receipt of the deposit", { IN_FORCE }, UNKNOWN(NOT_IN_JOURNAL),
	    .drop = 3 },
	{ "no receipt of a signature", { IN_FORCE }, UNKNOWN(NOT_IN_JOURNAL),
	    .drop = 5 },
	{ "no receipt of the last signature", { IN_FORCE },
	    UNKNOWN(NOT_IN_JOURNAL), .drop = 6 },
	{ "no receipt of the force", { IN_FORCE }, UNKNOWN(NOT_IN_JOURNAL),
	    .drop = 7 },
	{ "no receipt of a force in between",
	    { IN_FORCE, END(9, MINISTER), END(10, CHIEF), FORCE(11) },
	    UNKNOWN(NOT_IN_JOURNAL), .drop = 7 },
	{ "no receipt of the end",
	    { IN_FORCE, END(9, MINISTER), END(10, CHIEF), FORCE(11) },
	    UNKNOWN(NOT_IN_JOURNAL), .drop = 11 },
	{ "no receipt of who began to end it",
	    { IN_FORCE, END(9, MINISTER), END(10, CHIEF), FORCE(11) },
	    UNKNOWN(NOT_IN_JOURNAL), .drop = 9 },
};

static size_t
num_steps(const struct course *course)
{
	size_t num = 0;

	while (num < COUNT(course->steps) && course->steps[num].index != 0)
		num++;
	return num;
}

static void
alter(struct entry *entry, size_t step, void *arg)
{
	const struct course *course = arg;
	const uint32_t has_prior = UINT32_C(1) << ENTRY_PRIOR;

	if (step != course->step)
		return;
	switch (course->change) {
	case PRIOR:
		entry->prior = course->value;
		entry->has |= has_prior;
		if (course->value == NO_PRIOR)
			entry->has &= ~has_prior;
		break;
	case NAMES:
		ck_assert_uint_gt(entry->num_signatures, course->value);
		entry->num_signatures = course->value;
		break;
	case NAME_OF:
		entry->signatures[entry->num_signatures++] =
		    copy_entry(course->value)->signature;
		break;
	case OTHER:
		entry->signatures[0].bytes[0] ^= 1;
		break;
	case SWAP:
		entry->signatures[0] = copy_entry(course->value)->signature;
		break;
	case SIGNED:
		entry->signature.bytes[0] ^= 1;
		break;
	case AS_SIGN:
		entry->act = ACT_SIGN;
		break;
	case NONE:
		break;
	}
}

START_TEST(a_course_leads_where_it_should)
{
	const struct course *course = &courses[_i];
	struct container *copy;
	struct verdict verdict;
	char path[200];

	copy = copy_make(course->version == 0 ? 1 : course->version,
	    course->steps, num_steps(course), alter, (void *)(uintptr_t)course);
	if (course->drop != 0) {
		snprintf(path, sizeof(path), PATH_RECEIPT,
		    (unsigned long long)course->drop);
		ck_assert_ptr_nonnull(container_find(copy, path));
		container_remove(copy, path);
	}
	copy_judge(copy, &verdict);
	ck_assert_msg(verdict.outcome == course->outcome, "%s: %s, %s",
	    course->is, outcome_name(verdict.outcome), copy_findings(&verdict));
	if (course->outcome == OUTCOME_VALID)
		ck_assert_msg(verdict.status == course->status, "%s: %s",
		    course->is, status_name(verdict.status));
	else
		ck_assert_msg(copy_has(&verdict, course->code), "%s: %s",
		    course->is, copy_findings(&verdict));
	verdict_free(&verdict);
	container_free(copy);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, copy_set_up, copy_tear_down);
	tcase_add_loop_test(t, a_course_leads_where_it_should, 0,
	    COUNT(courses));
}

int
main(void)
{
	return run_tests("course", fill);
}
