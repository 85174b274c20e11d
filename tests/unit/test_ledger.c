/*
 * The ledger's answers for the entries that it was given, and documents in the
 * order of their names.
 */
#include "unit.h"

#include <stdio.h>

#include "record/ledger.h"
#include "record/names.h"
#include "record/order.h"

#define HAS(field) (1u << (field))

static struct ledger *ledger;

static void
set_up(void)
{
	struct error err = { 0 };

	ledger = ledger_new(&err);
	ck_assert_msg(ledger != NULL, "%s", err.detail);
}

static void
tear_down(void)
{
	ledger_free(ledger);
}

static struct digest
digest_number(unsigned number)
{
	return sha256_of(span_of(&number, sizeof(number)));
}

static bool
apply(uint64_t index, struct entry *entry, struct error *err)
{
	entry->time_ms = 1000 + (int64_t)index;
	return ledger_apply(ledger, index, entry, err);
}

static struct entry
entry_of(enum act act, const char *person)
{
	struct entry entry = { .act = act,
		.has = HAS(ENTRY_PERSON) | HAS(ENTRY_OFFICE) };

	snprintf(entry.act_name, sizeof(entry.act_name), "%s", act_name(act));
	snprintf(entry.person, sizeof(entry.person), "%s@x.example", person);
	snprintf(entry.office, sizeof(entry.office), "office-%s", person);
	return entry;
}

static bool
deposit(uint64_t index, const char *slug, unsigned version, uint64_t prior,
    struct error *err)
{
	struct entry entry = entry_of(ACT_DEPOSIT, "m");

	entry.has |= HAS(ENTRY_DOCUMENT) | HAS(ENTRY_VERSION) |
	    HAS(ENTRY_DIGEST) | HAS(ENTRY_COMMIT) |
	    (version > 1 ? HAS(ENTRY_PRIOR) : 0);
	snprintf(entry.document, sizeof(entry.document), "agreement/%s", slug);
	entry.version = version;
	entry.prior = prior;
	entry.digest = digest_number((unsigned)index);
	entry.commit[0] = (uint8_t)index;
	entry.commit[1] = (uint8_t)(index >> 8);
	entry.commit[19] = 1;
	return apply(index, &entry, err);
}

START_TEST(an_empty_ledger_has_nothing)
{
	struct digest digest;
	const struct oid oid = { { 1 } };
	size_t num;

	ck_assert_uint_eq(ledger_size(ledger), 0);
	ck_assert_ptr_null(ledger_find(ledger, "agreement/a"));
	ck_assert_uint_eq(ledger_last(ledger, ACT_DEPOSIT), LEDGER_NONE);
	ck_assert(!ledger_newest(ledger, ACT_POLICY, &digest));
	ck_assert(!ledger_newest(ledger, ACT_CRL, &digest));
	ck_assert_str_eq(ledger_next_key(ledger), "");
	ck_assert_str_eq(ledger_name(ledger, 0), "");
	ck_assert_uint_eq(ledger_number(ledger, "agreement/a"), 0);
	ck_assert_uint_eq(ledger_of_commit(ledger, &oid), LEDGER_NONE);
	ck_assert_uint_eq(ledger_of_act(ledger, ACT_DEPOSIT).num, 0);
	free(ledger_sorted(ledger, &num));
	ck_assert_uint_eq(num, 0);
}
END_TEST

/* Lists longer than a block, and each place of them, by whom and by act. */
START_TEST(long_lists_are_found_from_any_place)
{
	enum { ENTRIES = 3000, PEOPLE = 7 };
	uint32_t wanted[PEOPLE][ENTRIES], num[PEOPLE] = { 0 };
	struct ledger_places places;
	struct error err = { 0 };
	char name[32];

	for (uint32_t i = 0; i < ENTRIES; i++) {
		/* Some come often, others seldom. */
		const size_t who =
		    (i * 2654435761u >> 20) % 64 % PEOPLE * (i % 5 == 0);
		struct entry refuse;

		snprintf(name, sizeof(name), "%c", (char)('a' + (int)who));
		refuse = entry_of(ACT_REFUSE, name);
		ck_ok(apply(i, &refuse, &err), err);
		wanted[who][num[who]++] = i;
	}
	for (size_t who = 0; who < PEOPLE; who++) {
		snprintf(name, sizeof(name), "%c@x.example",
		    (char)('a' + (int)who));
		places = ledger_about(ledger, ledger_number(ledger, name));
		ck_assert_uint_eq(places.num, num[who]);
		ck_assert_uint_gt(places.num, 0);
		for (size_t i = 0; i < num[who]; i++)
			ck_assert_uint_eq(ledger_place(&places, i),
			    wanted[who][i]);
		for (size_t i = num[who]; i-- > 0;)
			ck_assert_uint_eq(ledger_place(&places, i),
			    wanted[who][i]);
		for (uint32_t from = 0, i = 0; from <= ENTRIES; from++) {
			while (i < num[who] && wanted[who][i] < from)
				i++;
			ck_assert_uint_eq(ledger_first_place(&places, from), i);
		}
	}
	places = ledger_of_act(ledger, ACT_REFUSE);
	ck_assert_uint_eq(places.num, ENTRIES);
	ck_assert_uint_eq(ledger_place(&places, 1234), 1234);
	ck_assert_uint_eq(ledger_first_place(&places, 2999), 2999);
}
END_TEST

START_TEST(entries_are_found_by_what_they_are_about)
{
	struct entry start = entry_of(ACT_START, "d"), policy, crl, deliver;
	struct ledger_places places;
	const struct ledger_document *doc;
	struct error err = { 0 };
	struct digest digest;
	struct oid oid = { { 2 } };

	ck_ok(apply(0, &start, &err), err);
	policy = entry_of(ACT_POLICY, "d");
	policy.has |= HAS(ENTRY_POLICY);
	policy.policy = digest_number(70);
	ck_ok(apply(1, &policy, &err) && deposit(2, "a", 1, 0, &err) &&
		deposit(3, "b", 1, 0, &err),
	    err);
	crl = entry_of(ACT_CRL, "d");
	crl.has |= HAS(ENTRY_CRLS);
	crl.crls = digest_number(71);
	ck_ok(apply(4, &crl, &err), err);
	deliver = entry_of(ACT_DELIVER, "i");
	deliver.has |= HAS(ENTRY_DOCUMENT) | HAS(ENTRY_VERSION);
	deliver.version = 1;
	snprintf(deliver.document, sizeof(deliver.document), "agreement/a");
	ck_ok(apply(5, &deliver, &err) && deposit(6, "a", 2, 2, &err), err);

	ck_assert_uint_eq(ledger_size(ledger), 7);
	ck_assert_int_eq(ledger_time_ms(ledger), 1006);
	ck_assert_uint_eq(ledger_last(ledger, ACT_DEPOSIT), 6);
	ck_assert_uint_eq(ledger_last(ledger, ACT_POLICY), 1);
	ck_assert_uint_eq(ledger_last(ledger, ACT_SIGN), LEDGER_NONE);
	ck_assert(ledger_newest(ledger, ACT_POLICY, &digest));
	ck_assert(digest_eq(&digest, &policy.policy));
	ck_assert(ledger_newest(ledger, ACT_CRL, &digest));
	ck_assert(digest_eq(&digest, &crl.crls));

	places = ledger_about(ledger, ledger_number(ledger, "agreement/a"));
	ck_assert_uint_eq(places.num, 3);
	ck_assert_uint_eq(ledger_place(&places, 0), 2);
	ck_assert_uint_eq(ledger_place(&places, 1), 5);
	ck_assert_uint_eq(ledger_place(&places, 2), 6);
	ck_assert_uint_eq(ledger_about(ledger,
			      ledger_number(ledger, "i@x.example"))
			      .num,
	    1);
	ck_assert_uint_eq(ledger_about(ledger,
			      ledger_number(ledger, "office-m"))
			      .num,
	    3);
	places = ledger_of_act(ledger, ACT_DEPOSIT);
	ck_assert_uint_eq(places.num, 3);
	ck_assert_uint_eq(ledger_place(&places, 1), 3);
	ck_assert_int_eq(ledger_entry(ledger, 5).act, ACT_DELIVER);
	ck_assert_str_eq(ledger_name(ledger, ledger_entry(ledger, 5).document),
	    "agreement/a");
	ck_assert_str_eq(ledger_name(ledger, ledger_entry(ledger, 5).person),
	    "i@x.example");
	ck_assert_uint_eq(ledger_entry(ledger, 0).document, 0);

	oid.bytes[19] = 1;
	ck_assert_uint_eq(ledger_of_commit(ledger, &oid), 2);
	oid.bytes[19] = 2;
	ck_assert_uint_eq(ledger_of_commit(ledger, &oid), LEDGER_NONE);
	doc = ledger_find(ledger, "agreement/a");
	ck_assert_uint_eq(doc->num_versions, 2);
	ck_assert_uint_eq(doc->last, 6);
	ck_assert_ptr_eq(ledger_version(doc, 2), &doc->versions[1]);
	ck_assert_ptr_null(ledger_version(doc, 0));
	ck_assert_ptr_null(ledger_version(doc, 3));
	ck_assert_ptr_null(ledger_in_force(doc));
	ck_assert_ptr_eq(ledger_withdrawn_by(doc, &doc->versions[0]),
	    &doc->versions[1]);
	ck_assert_ptr_null(ledger_withdrawn_by(doc, &doc->versions[1]));
}
END_TEST

START_TEST(a_refused_act_changes_no_document)
{
	struct entry back = entry_of(ACT_START, "d");
	struct error err = { 0 };

	ck_ok(deposit(0, "a", 1, 0, &err), err);
	ck_assert(!deposit(1, "a", 3, 0, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	err = (struct error){ 0 };
	ck_assert(!deposit(1, "a", 2, 7, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	err = (struct error){ 0 };
	ck_assert(!deposit(1, "b", 2, 0, &err));
	ck_assert_ptr_null(ledger_find(ledger, "agreement/b"));
	err = (struct error){ 0 };
	back.time_ms = 1;
	ck_assert(!ledger_apply(ledger, 1, &back, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "before the one before it"));
	ck_assert_uint_eq(ledger_find(ledger, "agreement/a")->num_versions, 1);
	ck_assert_uint_eq(ledger_find(ledger, "agreement/a")->last, 0);
}
END_TEST

START_TEST(a_line_that_is_no_entry_is_refused)
{
	struct error err = { 0 };

	ck_assert(!ledger_visit(ledger, 0, span_of_str("{}"), &err));
	ck_assert_int_ne(err.kind, ERROR_NONE);
	ck_assert_uint_eq(ledger_size(ledger), 0);
}
END_TEST

/* --- By name. --- */

enum { MANY = 3000 };

START_TEST(documents_come_in_the_order_of_their_names)
{
	struct order_cursor cursor;
	const struct ledger_document *doc;
	struct ledger_document **all;
	char slug[16], name[40];
	struct error err = { 0 };
	size_t num;

	/* 1999 and 3000 have no divisor in common: each comes once. */
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(slug, sizeof(slug), "d%04u", i * 1999 % MANY);
		ck_ok(deposit(i, slug, 1, 0, &err), err);
	}
	cursor = order_after(ledger_order(ledger), "");
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "agreement/d%04u", i);
		doc = order_next(ledger_order(ledger), &cursor);
		ck_assert_ptr_nonnull(doc);
		ck_assert_str_eq(doc->name, name);
		ck_assert_ptr_eq(ledger_find(ledger, name), doc);
	}
	ck_assert_ptr_null(order_next(ledger_order(ledger), &cursor));
	all = ledger_sorted(ledger, &num);
	ck_assert_uint_eq(num, MANY);
	ck_assert_str_eq(all[MANY - 1]->name, "agreement/d2999");
	free(all);
}
END_TEST

static void
check_is(const struct ledger_document *doc, int number)
{
	char name[40];

	snprintf(name, sizeof(name), "agreement/d%04d", number);
	if (number < 0)
		ck_assert_ptr_null(doc);
	else
		ck_assert_str_eq(doc->name, name);
}

START_TEST(a_page_begins_where_it_should)
{
	static const struct {
		const char *name;
		int after, from; /* the next one's number; -1: none */
	} rows[] = {
		{ "", 0, 0 },
		{ "agreement/d0000", 1, 0 },
		{ "agreement/d0000x", 1, 1 },
		{ "agreement/d0511", 512, 511 },
		{ "agreement/d0512", 513, 512 },
		{ "agreement/d2998", 2999, 2998 },
		{ "agreement/d2999", -1, 2999 },
		{ "agreement/z", -1, -1 },
		{ "a", 0, 0 },
	};
	struct error err = { 0 };
	char slug[16];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(slug, sizeof(slug), "d%04u", i * 1999 % MANY);
		ck_ok(deposit(i, slug, 1, 0, &err), err);
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct order *order = ledger_order(ledger);
		struct order_cursor after = order_after(order, rows[i].name);
		struct order_cursor from = order_from(order, rows[i].name);
		const struct ledger_document *doc = order_next(order, &after);

		check_is(doc, rows[i].after);
		doc = order_next(order, &from);
		check_is(doc, rows[i].from);
	}
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, an_empty_ledger_has_nothing);
	tcase_add_test(t, long_lists_are_found_from_any_place);
	tcase_add_test(t, entries_are_found_by_what_they_are_about);
	tcase_add_test(t, a_refused_act_changes_no_document);
	tcase_add_test(t, a_line_that_is_no_entry_is_refused);
	tcase_add_test(t, documents_come_in_the_order_of_their_names);
	tcase_add_test(t, a_page_begins_where_it_should);
}

int
main(void)
{
	return run_tests("ledger", fill);
}
