/*
 * The states of a document and its versions, as they follow from its acts.
 */
#include "unit.h"

#include <stdio.h>

#include "record/ledger.h"
#include "record/names.h"

/*
 * Acts, an index each, separated by spaces: the letter of the act ("d"eposit,
 * "s"ign, "t"erminate, "f"orce), the version, and who.  A "force" names the
 * newest signature of each person of that kind; "F" only the last one, "N" all
 * and one that nobody made, "W" the last one and that.  "!" in front: its prior
 * is wrong; "?": its version digest.
 */
struct course {
	const char *is, *acts;
	const char *status;   /* of the document */
	const char *versions; /* of each, the first first */
	const char *refused;  /* why the last act is, or NULL */
};

static const struct course courses[] = {
	{ "a draft", "d1m", "draft", "draft", NULL },
	{ "signed in part", "d1m s1m", "signed in part", "signed in part",
	    NULL },
	{ "in force", "d1m s1m s1i f1", "in force", "in force", NULL },
	{ "one more signs", "d1m s1m s1i f1 s1j", "in force", "in force",
	    NULL },
	{ "a newer draft withdraws a draft", "d1m d2i", "draft",
	    "withdrawn, draft", NULL },
	{ "and one that was signed", "d1m s1m d2i s2i", "signed in part",
	    "withdrawn, signed in part", NULL },
	{ "which stays so", "d1m s1m d2i d3m s3m s3i f3", "in force",
	    "withdrawn, withdrawn, in force", NULL },
	{ "but not one in force", "d1m s1m s1i f1 d2i", "draft",
	    "in force, draft", NULL },
	{ "which is superseded", "d1m s1m s1i f1 d2i s2m s2i f2", "in force",
	    "superseded, in force", NULL },
	{ "with its termination",
	    "d1m s1m s1i f1 d2i t1m s2m s2i f2 t2i t2m f2", "terminated",
	    "superseded, terminated", NULL },
	{ "terminated", "d1m s1m s1i f1 t1m t1i f1", "terminated", "terminated",
	    NULL },
	{ "a draft lapses then", "d1m s1m s1i f1 d2i t1m t1i f1", "terminated",
	    "terminated, lapsed", NULL },
	{ "and one that was signed", "d1m s1m s1i f1 d2i d3m s3m t1m t1i f1",
	    "terminated", "terminated, withdrawn, lapsed", NULL },
	{ "one signs again for a lower quorum", "d1m s1m s1i s1m f1",
	    "in force", "in force", NULL },
	{ "or ends it again for one", "d1m s1m s1i f1 t1m t1m f1", "terminated",
	    "terminated", NULL },

	{ "one was left out", "d1m !s1m", NULL, NULL, "last act" },
	{ "one too many", "d1m d3m", NULL, NULL, "not the next" },
	{ "again", "d1m d1m", NULL, NULL, "not the next" },
	{ "none there", "d1m s2m", NULL, NULL, "no such version" },
	{ "version 0", "d1m s0m", NULL, NULL, "no such version" },
	{ "another digest", "d1m ?s1m", NULL, NULL, "version digest" },
	{ "withdrawn and signed", "d1m s1m d2m s1i", NULL, NULL,
	    "not the newest" },
	{ "old, in force and signed", "d1m s1m s1i f1 d2m s1j", NULL, NULL,
	    "not the newest" },
	{ "a draft ends", "d1m t1m", NULL, NULL, "not in force" },
	{ "the superseded ends", "d1m s1m s1i f1 d2i t1m s2m s2i f2 t1i", NULL,
	    NULL, "not in force" },
	{ "in force by nobody", "d1m f1", NULL, NULL, "does not follow" },
	{ "in force by its deposit", "d1m s1m s1i d2m f1", NULL, NULL,
	    "does not follow" },
	{ "in force twice", "d1m s1m s1i f1 f1", NULL, NULL,
	    "does not follow" },
	{ "in force once more", "d1m s1m s1i f1 s1j f1", NULL, NULL,
	    "in force already" },
	{ "one of two named", "d1m s1m s1i F1", NULL, NULL, "does not name" },
	{ "one named that nobody made", "d1m s1m s1i N1", NULL, NULL,
	    "does not name" },
	{ "and in the place of another", "d1m s1m s1i W1", NULL, NULL,
	    "does not name" },
	{ "a deposit after the end", "d1m s1m s1i f1 t1m t1i f1 d2m", NULL,
	    NULL, "is terminated" },
	{ "a signature after the end", "d1m s1m s1i f1 t1m t1i f1 s1j", NULL,
	    NULL, "is terminated" },
};

struct play {
	struct ledger *ledger;
	uint64_t num, last;
	char signs[40];  /* of each entry: 's', 't' or 0 */
	char people[40]; /* of each entry */
};

static struct digest
signature_of(uint64_t index)
{
	return sha256_of(span_of(&index, sizeof(index)));
}

static void
name_signatures(const struct play *play, char how, struct entry *entry)
{
	const char kind = play->signs[play->last];

	for (uint64_t i = how == 'F' || how == 'W' ? play->last : 0;
	     i < play->num; i++) {
		bool newest = play->signs[i] == kind && kind != 0;

		for (uint64_t j = i + 1; j < play->num; j++)
			newest = newest &&
			    (play->signs[j] != kind ||
				play->people[j] != play->people[i]);
		if (newest)
			entry->signatures[entry->num_signatures++] =
			    signature_of(i);
	}
	if (how == 'N' || how == 'W')
		entry->signatures[entry->num_signatures++] = signature_of(99);
}

static bool
play_act(struct play *play, const char *text, struct error *err)
{
	static struct entry entry;
	const char flag = *text == '!' || *text == '?' ? *text++ : '\0';
	const enum act act = *text == 'd' ? ACT_DEPOSIT
	    : *text == 's'                ? ACT_SIGN
	    : *text == 't'                ? ACT_TERMINATE
					  : ACT_FORCE;

	entry = (struct entry){ .act = act,
		.has = 1u << ENTRY_DOCUMENT | 1u << ENTRY_VERSION,
		.version = (uint64_t)(text[1] - '0'),
		.prior = play->last + (flag == '!' ? 1 : 0),
		.signature = signature_of(play->num) };
	entry.digest = sha256_of(span_of(flag == '?' ? "?" : text + 1, 1));
	snprintf(entry.act_name, sizeof(entry.act_name), "%s", act_name(act));
	snprintf(entry.document, sizeof(entry.document), "mou/one");
	if (play->num > 0)
		entry.has |= 1u << ENTRY_PRIOR;
	if (act == ACT_FORCE) {
		name_signatures(play, *text, &entry);
	} else {
		entry.has |= 1u << ENTRY_PERSON | 1u << ENTRY_OFFICE;
		snprintf(entry.person, sizeof(entry.person), "%c@example.org",
		    text[2]);
		snprintf(entry.office, sizeof(entry.office), "%c", text[2]);
	}
	play->signs[play->num] = act == ACT_SIGN ? 's'
	    : act == ACT_TERMINATE               ? 't'
						 : '\0';
	play->people[play->num] = text[2];
	play->last = play->num++;
	return ledger_apply(play->ledger, play->last, &entry, err);
}

static void
list_statuses(const struct ledger_document *doc, char out[200])
{
	size_t used = 0;

	for (size_t i = 0; i < doc->num_versions; i++)
		used += (size_t)snprintf(out + used, 200 - used, "%s%s",
		    i > 0 ? ", " : "", status_name(doc->versions[i].status));
}

START_TEST(a_document_is_what_its_acts_make_it)
{
	const struct course *course = &courses[_i];
	struct play play = { .last = 0 };
	const struct ledger_document *doc;
	struct error err = { 0 };
	char acts[200], statuses[200], *rest = acts, *one;
	bool ok = true;

	play.ledger = ledger_new(&err);
	ck_assert_ptr_nonnull(play.ledger);
	snprintf(acts, sizeof(acts), "%s", course->acts);
	while ((one = strsep(&rest, " ")) != NULL) {
		ck_assert_msg(ok, "%s: %s", course->is, err.detail);
		ok = play_act(&play, one, &err);
	}
	ck_assert_msg(ok == (course->refused == NULL), "%s: %s", course->is,
	    err.detail);
	if (!ok) {
		ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
		ck_assert_msg(strstr(err.detail, course->refused) != NULL,
		    "%s: %s", course->is, err.detail);
	} else {
		doc = ledger_find(play.ledger, "mou/one");
		ck_assert_str_eq(status_name(ledger_status(doc)),
		    course->status);
		list_statuses(doc, statuses);
		ck_assert_str_eq(statuses, course->versions);
	}
	ledger_free(play.ledger);
}
END_TEST

START_TEST(who_withdrew_is_who_deposited_the_next)
{
	static const char *const acts[] = { "d1m", "s1m", "d2i", "d3j" };
	struct play play = { .last = 0 };
	const struct ledger_document *doc;
	struct error err = { 0 };

	play.ledger = ledger_new(&err);
	ck_assert_ptr_nonnull(play.ledger);
	for (size_t i = 0; i < COUNT(acts); i++)
		ck_ok(play_act(&play, acts[i], &err), err);
	doc = ledger_find(play.ledger, "mou/one");
	ck_assert_str_eq(ledger_withdrawn_by(doc, ledger_version(doc, 1))
			     ->person,
	    "i@example.org");
	ck_assert_str_eq(ledger_withdrawn_by(doc, ledger_version(doc, 2))
			     ->person,
	    "j@example.org");
	ck_assert_ptr_null(ledger_withdrawn_by(doc, ledger_version(doc, 3)));
	ledger_free(play.ledger);
}
END_TEST

/* What is refused makes no document: of none there is a version to ask for. */
START_TEST(there_is_no_document_without_a_version)
{
	static const char *const acts[] = { "s1m", "d2m", "t1m", "f1" };
	const struct ledger_document none = { .num_versions = 0 };
	struct play play = { .last = 0 };
	struct ledger_document **all;
	struct error err = { 0 };
	size_t num;

	play.ledger = ledger_new(&err);
	ck_assert_ptr_nonnull(play.ledger);
	ck_assert(!play_act(&play, acts[_i], &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_ptr_null(ledger_find(play.ledger, "mou/one"));
	all = ledger_sorted(play.ledger, &num);
	ck_assert_ptr_nonnull(all);
	ck_assert_uint_eq(num, 0);
	free(all);
	ledger_free(play.ledger);
	ck_assert_int_eq(ledger_status(&none), STATUS_DRAFT);
}
END_TEST

/* The copy was made before, or tells nothing of other versions. */
START_TEST(a_copy_tells_its_own_acts)
{
	static const struct {
		enum status status;
		unsigned num_signers;
		enum status in_copy;
	} rows[] = {
		{ STATUS_DRAFT, 0, STATUS_DRAFT },
		{ STATUS_SIGNED_IN_PART, 1, STATUS_SIGNED_IN_PART },
		{ STATUS_IN_FORCE, 2, STATUS_IN_FORCE },
		{ STATUS_TERMINATED, 4, STATUS_TERMINATED },
		{ STATUS_SUPERSEDED, 3, STATUS_IN_FORCE },
		{ STATUS_WITHDRAWN, 0, STATUS_DRAFT },
		{ STATUS_WITHDRAWN, 1, STATUS_SIGNED_IN_PART },
		{ STATUS_LAPSED, 0, STATUS_DRAFT },
		{ STATUS_LAPSED, 1, STATUS_SIGNED_IN_PART },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct ledger_version version = {
			.status = rows[i].status,
			.num_signers = rows[i].num_signers,
		};

		ck_assert_int_eq(ledger_status_in_copy(&version),
		    rows[i].in_copy);
	}
}
END_TEST

START_TEST(a_name_has_one_number_and_stays)
{
	enum { MANY = 3000 };
	struct names names = { .num = 0 };
	const char *first;
	char text[64], longest[20000];

	ck_assert_uint_eq(names_number(&names, "a"), 0);
	ck_assert_str_eq(names_text(&names, 0), "");
	first = names_keep(&names, "a");
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "agreement/d%u", i);
		ck_assert_uint_eq(names_add(&names, text), i + 2);
	}
	/* Longer than what room is taken for at once. */
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_uint_eq(names_add(&names, longest), MANY + 2);
	ck_assert_uint_eq(names_add(&names, "b"), MANY + 3);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "agreement/d%u", i);
		ck_assert_uint_eq(names_add(&names, text), i + 2);
		ck_assert_uint_eq(names_number(&names, text), i + 2);
		ck_assert_str_eq(names_text(&names, i + 2), text);
	}
	ck_assert_ptr_eq(names_keep(&names, "a"), first);
	ck_assert_str_eq(names_text(&names, MANY + 2), longest);
	ck_assert_uint_eq(names_number(&names, "c"), 0);
	names_free(&names);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_test(tcase, a_name_has_one_number_and_stays);
	tcase_add_loop_test(tcase, a_document_is_what_its_acts_make_it, 0,
	    COUNT(courses));
	tcase_add_test(tcase, who_withdrew_is_who_deposited_the_next);
	tcase_add_loop_test(tcase, there_is_no_document_without_a_version, 0,
	    4);
	tcase_add_test(tcase, a_copy_tells_its_own_acts);
}

int
main(void)
{
	return run_tests("states", fill);
}
