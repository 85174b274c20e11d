/*
 * Whose signatures a document waits for (record/awaiting.h): a table of who has
 * signed what.
 */
#include "unit.h"

#include <stdio.h>

#include "record/awaiting.h"

enum { NOW = 1795694400 };

/* "mou" needs two persons of lao-pdr and one of iom; to end it, one of each. */
static struct office offices[] = {
	{ .name = "mofa", .party = "lao-pdr", .ca = "mofa" },
	{ .name = "iom", .party = "iom", .ca = "iom" },
};
static struct document_type type = { .name = "mou",
	.quorum = { .num = 2, .parties = { { "lao-pdr", 2 }, { "iom", 1 } } },
	.terminate = { .num = 2,
	    .parties = { { "lao-pdr", 1 }, { "iom", 1 } } } };
static struct full_powers powers[] = {
	{ "a@mofa", "lao-pdr", 1, 0, INT64_MAX, 1 },
	{ "b@mofa", "lao-pdr", 1, 0, INT64_MAX, 2 },
	{ "c@iom", "iom", 1, 0, INT64_MAX, 3 },
	{ "d@iom", "iom", 1, 0, INT64_MAX, 4 },
	{ "past@iom", "iom", 1, 0, NOW, 5 },
};
static const struct policy policy = { .num_offices = 2,
	.offices = offices,
	.num_types = 1,
	.types = &type,
	.num_powers = COUNT(powers),
	.powers = powers };

#define A                                                                      \
	{                                                                      \
		.person = "a@mofa", .office = "mofa"                           \
	}
#define B                                                                      \
	{                                                                      \
		.person = "b@mofa", .office = "mofa"                           \
	}
#define C                                                                      \
	{                                                                      \
		.person = "c@iom", .office = "iom"                             \
	}
#define AT                                                                     \
	{                                                                      \
		.person = "a@mofa", .office = "mofa", .terminates = true       \
	}
#define AR                                                                     \
	{                                                                      \
		.person = "a@mofa", .office = "mofa", .replaced = true         \
	}

/* The letters of those for whom it waits: a, b, c, d. */
static const struct {
	enum status status;
	struct ledger_signer signers[4];
	uint32_t num;
	bool terminated;
	const char *approve, *end;
} rows[] = {
	{ STATUS_DRAFT, { { NULL } }, 0, false, "abcd", "" },
	{ STATUS_SIGNED_IN_PART, { A }, 1, false, "bcd", "" },
	/* One who signs twice is one person. */
	{ STATUS_SIGNED_IN_PART, { A, A }, 2, false, "bcd", "" },
	{ STATUS_SIGNED_IN_PART, { A, B }, 2, false, "cd", "" },
	/* IOM's one is there: its other person is not asked. */
	{ STATUS_SIGNED_IN_PART, { C }, 1, false, "ab", "" },
	{ STATUS_SIGNED_IN_PART, { A, C }, 2, false, "b", "" },
	{ STATUS_SIGNED_IN_PART, { AR, C }, 2, false, "ab", "" },
	{ STATUS_IN_FORCE, { A, B, C }, 3, false, "", "" },
	{ STATUS_IN_FORCE, { A, B, C, AT }, 4, false, "", "cd" },
	{ STATUS_TERMINATED, { A, B, C, AT }, 4, true, "", "" },
	{ STATUS_WITHDRAWN, { A }, 1, false, "", "" },
};

static void
check_waits(const struct ledger_document *doc, enum signing signing,
    const char *want)
{
	static const struct {
		char letter;
		const char *person;
		size_t office;
	} persons[] = { { 'a', "a@mofa", 0 }, { 'b', "b@mofa", 0 },
		{ 'c', "c@iom", 1 }, { 'd', "d@iom", 1 },
		{ 'p', "past@iom", 1 }, { 'n', "nobody@iom", 1 } };
	struct awaiting awaiting;
	char found[8] = "";
	const bool open = awaiting_of(&policy, doc, signing, &awaiting);
	size_t num = 0;

	for (size_t i = 0; open && i < COUNT(persons); i++)
		if (awaiting_person(&awaiting, &policy,
			&offices[persons[i].office], persons[i].person,
			doc->name, NOW))
			found[num++] = persons[i].letter;
	ck_assert_str_eq(found, want);
}

/* Either way, without saying which. */
static void
check_either(const struct ledger_document *doc, const char *person,
    size_t office, bool want)
{
	ck_assert_int_eq(awaiting_either(&policy, &offices[office], person, doc,
			     NOW),
	    want);
}

START_TEST(who_is_waited_for)
{
	struct ledger_signer signers[4];
	struct ledger_version version = { .number = 1,
		.status = rows[_i].status,
		.signers = signers,
		.num_signers = rows[_i].num };
	const struct ledger_document doc = { .name = "mou/one",
		.versions = &version,
		.num_versions = 1,
		.terminated = rows[_i].terminated };

	memcpy(signers, rows[_i].signers, sizeof(signers));
	check_waits(&doc, SIGNING_APPROVAL, rows[_i].approve);
	check_waits(&doc, SIGNING_TERMINATION, rows[_i].end);
}
END_TEST

/* A draft is prepared, and the version in force is being ended. */
START_TEST(both_at_once)
{
	struct ledger_signer signers[] = { A, B, C, AT };
	struct ledger_version versions[] = {
		{ .number = 1,
		    .status = STATUS_IN_FORCE,
		    .signers = signers,
		    .num_signers = 4 },
		{ .number = 2, .status = STATUS_DRAFT },
	};
	const struct ledger_document doc = { .name = "mou/one",
		.versions = versions,
		.num_versions = 2 };

	check_waits(&doc, SIGNING_APPROVAL, "abcd");
	check_waits(&doc, SIGNING_TERMINATION, "cd");
	check_either(&doc, "a@mofa", 0, true);
	check_either(&doc, "past@iom", 1, false);
	versions[1].status = STATUS_IN_FORCE; /* nothing is prepared or ended */
	check_either(&doc, "a@mofa", 0, false);
	versions[1].status = STATUS_WITHDRAWN;
	check_either(&doc, "a@mofa", 0, false);
	check_either(&doc, "c@iom", 1, true);
}
END_TEST

START_TEST(what_no_policy_knows_waits_for_nobody)
{
	struct ledger_version version = { .number = 1, .status = STATUS_DRAFT };
	struct ledger_document doc = { .name = "note/one",
		.versions = &version,
		.num_versions = 1 };
	struct awaiting awaiting;

	ck_assert(!awaiting_of(&policy, &doc, SIGNING_APPROVAL, &awaiting));
	doc.name = "mou/one";
	ck_assert(awaiting_of(&policy, &doc, SIGNING_APPROVAL, &awaiting));
	ck_assert_uint_eq(awaiting.num, 2);
	ck_assert_uint_eq(awaiting.parties[0].needs, 2);
	ck_assert_uint_eq(awaiting.parties[0].has, 0);
	doc.num_versions = 0;
	ck_assert(!awaiting_of(&policy, &doc, SIGNING_APPROVAL, &awaiting));
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_loop_test(tcase, who_is_waited_for, 0, COUNT(rows));
	tcase_add_test(tcase, both_at_once);
	tcase_add_test(tcase, what_no_policy_knows_waits_for_nobody);
}

int
main(void)
{
	return run_tests("awaiting", fill);
}
