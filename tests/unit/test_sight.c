/*
 * Which office may see which entry of the journal.
 */
#include "unit.h"

#include "record/ledger.h"

enum { AGREEMENT = 1, MOU = 2, HEALTH = 4, ALL = 7 };

static struct document_type types[] = { { .name = "agreement" },
	{ .name = "mou" }, { .name = "health" } };
static struct policy policy = { .types = types, .num_types = 3 };
static struct ledger *ledger;
static uint64_t size;

/* One entry of each kind, made by mofa where an office makes it. */
static const struct {
	enum act act;
	const char *act_name, *document, *to;
} made[] = {
	{ ACT_START, "start", "", "" },
	{ ACT_DEPOSIT, "deposit", "mou/one", "" },
	{ ACT_DELIVER, "deliver", "mou/one", "" },
	{ ACT_REFUSE, "refuse", "mou/none", "" },
	{ ACT_REFUSE, "refuse", "nosuch/doc", "" },
	{ ACT_REFUSE, "refuse", "", "" },
	{ ACT_DELIVER, "deliver", "dropped/one", "" },
	{ ACT_DEPOSIT, "deposit", "dropped/two", "" },
	{ ACT_OTHER, "later", "mou/one", "" },
	{ ACT_OTHER, "later", "", "" },
	{ ACT_DISPATCH, "dispatch", "", "bangkok" },
	{ ACT_ACKNOWLEDGE, "acknowledge", "", "bangkok" },
	{ ACT_DELIVERIES, "deliveries", "mou/one", "" },
};

static void
set_up(void)
{
	struct error err = { 0 };

	ledger = ledger_new(&err);
	ck_assert_ptr_nonnull(ledger);
	size = 0;
	for (size_t i = 0; i < COUNT(made); i++) {
		static struct entry entry;

		entry = (struct entry){ .act = made[i].act,
			.has = 1u << ENTRY_OFFICE | 1u << ENTRY_PERSON,
			.version = 1,
			.time_ms = (int64_t)i };
		if (made[i].act == ACT_START)
			entry.has = 0;
		snprintf(entry.act_name, sizeof(entry.act_name), "%s",
		    made[i].act_name);
		snprintf(entry.office, sizeof(entry.office), "mofa");
		snprintf(entry.person, sizeof(entry.person), "a@mofa.example");
		if (made[i].document[0] != '\0') {
			entry.has |= 1u << ENTRY_DOCUMENT | 1u << ENTRY_VERSION;
			snprintf(entry.document, sizeof(entry.document), "%s",
			    made[i].document);
		}
		if (made[i].to[0] != '\0') {
			entry.has |= 1u << ENTRY_TO;
			snprintf(entry.to, sizeof(entry.to), "%s", made[i].to);
		}
		memset(entry.commit, (int)i + 1, sizeof(entry.commit));
		ck_ok(ledger_apply(ledger, size++, &entry, &err), err);
	}
}

static void
tear_down(void)
{
	ledger_free(ledger);
}

static const struct {
	const char *office;
	uint64_t read, audit;
	const char *sees; /* of each entry above: y or - */
} rows[] = {
	/*                     start deposit deliver refuse, three, dropped,
	 *                     later, bags, deliveries */
	{ "mofa", 0, 0, "yyyyyyyyyyyyy" }, /* its own */
	{ "geneva", 0, 0, "y------------" },
	{ "geneva", MOU, 0, "yy-----------" },
	{ "geneva", ALL, 0, "yy-----------" },
	{ "bangkok", 0, 0, "y---------yy-" }, /* to it */
	{ "geneva", 0, MOU, "yyyyyyyyyyyyy" },
	{ "geneva", ALL, HEALTH, "yy--yyyy-yyy-" },
	{ "geneva", 0, AGREEMENT, "y---yyyy-yyy-" },
	{ "geneva", ALL, AGREEMENT | HEALTH, "yy--yyyy-yyy-" },
	{ "geneva", ALL, ALL, "yyyyyyyyyyyyy" },
};

START_TEST(an_office_sees_what_concerns_it)
{
	struct office office = { .line = 0 };
	struct sight sight = { .policy = &policy,
		.office = &office,
		.read = rows[_i].read,
		.audit = rows[_i].audit };

	snprintf(office.name, sizeof(office.name), "%s", rows[_i].office);
	ck_assert_uint_eq(strlen(rows[_i].sees), COUNT(made));
	for (uint64_t i = 0; i < size; i++)
		ck_assert_msg(ledger_visible(ledger, &sight, i) ==
			(rows[_i].sees[i] == 'y'),
		    "row %d: entry %d, %s of \"%s\"", _i, (int)i,
		    made[i].act_name, made[i].document);
}
END_TEST

/* Its copies carry that receipt. */
START_TEST(who_reads_a_document_sees_the_dispatch_of_what_came_by_bag)
{
	static struct entry dispatch = { .act = ACT_DISPATCH,
		.has = 1u << ENTRY_OFFICE | 1u << ENTRY_TO | 1u << ENTRY_DIGEST,
		.time_ms = 100,
		.digest = { { 7 } } };
	static struct entry deposit = { .act = ACT_DEPOSIT,
		.has = 1u << ENTRY_OFFICE | 1u << ENTRY_DOCUMENT |
		    1u << ENTRY_VERSION | 1u << ENTRY_WAYBILL |
		    1u << ENTRY_COMMIT,
		.time_ms = 101,
		.version = 1,
		.waybill = { { 7 } } };
	struct office office = { .name = "geneva" };
	struct sight sight = { .policy = &policy, .office = &office };
	const uint64_t index = size;
	struct error err = { 0 };

	snprintf(dispatch.office, sizeof(dispatch.office), "mofa");
	snprintf(dispatch.to, sizeof(dispatch.to), "bangkok");
	snprintf(deposit.office, sizeof(deposit.office), "mofa");
	snprintf(deposit.document, sizeof(deposit.document), "mou/two");
	memset(deposit.commit, 99, sizeof(deposit.commit));
	ck_ok(ledger_apply(ledger, size++, &dispatch, &err), err);
	sight.read = MOU;
	ck_assert(!ledger_visible(ledger, &sight, index));
	ck_ok(ledger_apply(ledger, size++, &deposit, &err), err);
	ck_assert(ledger_visible(ledger, &sight, index));
	ck_assert_uint_eq(ledger_find(ledger, "mou/two")
			      ->versions[0]
			      .num_dispatches,
	    1);
	sight.read = AGREEMENT;
	ck_assert(!ledger_visible(ledger, &sight, index));
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, an_office_sees_what_concerns_it, 0, COUNT(rows));
	tcase_add_test(t,
	    who_reads_a_document_sees_the_dispatch_of_what_came_by_bag);
}

int
main(void)
{
	return run_tests("sight", fill);
}
