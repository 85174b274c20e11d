/*
 * The proved acts of a document: which are accepted, which are kept, and a copy
 * beside them.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "client/acts.h"

#define DOC "agreement/one"

static struct context context;
static char dir[UNIT_DIR];

static void
set_up(void)
{
	unit_make_dir(dir);
	snprintf(context.state, sizeof(context.state), "%s", dir);
}

static void
tear_down(void)
{
	unit_remove_dir(dir);
}

/* One act: who signs, 'm' or 'i'; prior -1: none. */
struct act_row {
	enum act act;
	unsigned version;
	char who;
	uint64_t index;
	int64_t prior;
	int64_t time_ms;
};

static struct digest
signature_of(uint64_t index)
{
	return sha256_of(span_of(&index, sizeof(index)));
}

/*
 * Version 1 put in force by two, version 2 a draft. 30 and 31 are entries of
 * other documents, like all that are not here.
 */
static const struct act_row course[] = {
	{ ACT_DEPOSIT, 1, 'm', 10, -1, 1000 },
	{ ACT_SIGN, 1, 'm', 12, 10, 2000 },
	{ ACT_SIGN, 1, 'i', 20, 12, 3000 },
	{ ACT_FORCE, 1, '-', 21, 20, 3000 },
	{ ACT_DEPOSIT, 2, 'i', 32, 21, 4000 },
	{ ACT_SIGN, 2, 'm', 40, 32, 5000 },
	{ ACT_SIGN, 2, 'i', 41, 40, 6000 },
	{ ACT_FORCE, 2, '-', 42, 41, 6000 },
};

static void
make_line(const struct act_row *row, struct buf *out)
{
	struct entry entry = { .act = row->act,
		.valise = 1,
		.version = row->version,
		.time_ms = row->time_ms,
		.signature = signature_of(row->index),
		.has = 1u << ENTRY_ACT | 1u << ENTRY_VALISE | 1u << ENTRY_TIME |
		    1u << ENTRY_SALT | 1u << ENTRY_POLICY |
		    1u << ENTRY_DOCUMENT | 1u << ENTRY_VERSION };
	struct error err = { 0 };

	entry.digest = sha256_of(span_of(&row->version, 4));
	snprintf(entry.act_name, sizeof(entry.act_name), "%s",
	    act_name(row->act));
	snprintf(entry.document, sizeof(entry.document), DOC);
	snprintf(entry.person, sizeof(entry.person), "%c@x.example", row->who);
	snprintf(entry.office, sizeof(entry.office), "office-%c", row->who);
	if (row->prior >= 0) {
		entry.has |= 1u << ENTRY_PRIOR;
		entry.prior = (uint64_t)row->prior;
	}
	if (row->act == ACT_DELIVER)
		entry.has |= 1u << ENTRY_OFFICE | 1u << ENTRY_PERSON |
		    1u << ENTRY_CONTENTS;
	else if (row->act == ACT_FORCE) {
		entry.has |= 1u << ENTRY_DIGEST | 1u << ENTRY_CONTENTS |
		    1u << ENTRY_SIGNATURES;
		for (size_t i = 0; i < COUNT(course); i++)
			if (course[i].act == ACT_SIGN &&
			    course[i].version == row->version)
				entry.signatures[entry.num_signatures++] =
				    signature_of(course[i].index);
	} else {
		entry.has |= 1u << ENTRY_OFFICE | 1u << ENTRY_PERSON |
		    1u << ENTRY_DIGEST | 1u << ENTRY_MANIFEST |
		    1u << ENTRY_SIGNATURE | 1u << ENTRY_CONTENTS |
		    1u << ENTRY_COMMIT | 1u << ENTRY_CRLS;
	}
	ck_ok(entry_encode(&entry, out, &err), err);
}

static bool
add(struct document_acts *acts, const struct act_row *row, struct error *err)
{
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	bool ok;

	make_line(row, &line);
	ok = acts_add(acts, row->index, buf_span(&line), err);
	buf_free(&line);
	return ok;
}

/* Add the first num acts, complete up to a size. */
static void
play(struct document_acts *acts, size_t num, uint64_t size)
{
	struct error err = { 0 };

	acts_begin(DOC, acts);
	for (size_t i = 0; i < num; i++)
		ck_ok(add(acts, &course[i], &err), err);
	acts->size = size;
	acts->seen_at = 1800000000;
}

START_TEST(statuses_follow_from_the_acts)
{
	struct document_acts acts;

	play(&acts, COUNT(course), 50);
	ck_assert_int_eq(ledger_status(&acts.doc), STATUS_IN_FORCE);
	ck_assert_int_eq(acts_version(&acts, 1)->status, STATUS_SUPERSEDED);
	ck_assert_int_eq(acts_version(&acts, 2)->status, STATUS_IN_FORCE);
	ck_assert_uint_eq(acts_version(&acts, 0)->number, 2);
	ck_assert_ptr_null(acts_version(&acts, 3));
	for (size_t i = 0; i < COUNT(course); i++)
		ck_assert(acts_has(&acts, course[i].index));
	ck_assert(!acts_has(&acts, 11));
	ck_assert(!acts_has(&acts, 43));
	acts_free(&acts);
}
END_TEST

/* Acts after the first four of the course. */
static const struct {
	struct act_row row;
	const char *code, *says;
} refused[] = {
	{ { ACT_SIGN, 2, 'm', 40, 32, 5000 }, "ENTRY_WITHHELD",
	    "does not show all" },
	{ { ACT_DEPOSIT, 2, 'i', 32, 20, 4000 }, "ENTRY_WITHHELD",
	    "does not show all" },
	{ { ACT_DEPOSIT, 2, 'i', 32, -1, 4000 }, "ENTRY_WITHHELD",
	    "does not show all" },
	{ { ACT_DEPOSIT, 2, 'i', 32, 21, 2999 }, "TIME_BACKWARDS",
	    "before the act before it" },
	{ { ACT_DEPOSIT, 2, 'i', 21, 21, 4000 }, "TIME_BACKWARDS",
	    "before the act before it" },
	{ { ACT_DELIVER, 1, 'i', 32, -1, 4000 }, "ANSWER_DIFFERS",
	    "not asked for" },
	{ { ACT_DEPOSIT, 3, 'i', 32, 21, 4000 }, "UNTRUSTED",
	    "not the next version" },
};

START_TEST(what_does_not_follow_is_refused)
{
	struct document_acts acts;
	struct error err = { 0 };

	play(&acts, 4, 30);
	ck_assert(!add(&acts, &refused[_i].row, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_msg(strcmp(error_code(&err), refused[_i].code) == 0 &&
		strstr(err.detail, refused[_i].says) != NULL,
	    "%s: %s", error_code(&err), err.detail);
	acts_free(&acts);
}
END_TEST

START_TEST(another_documents_act_is_refused)
{
	struct document_acts acts;
	struct error err = { 0 };

	acts_begin("agreement/two", &acts);
	ck_assert(!add(&acts, &course[0], &err));
	ck_assert_str_eq(error_code(&err), "ANSWER_DIFFERS");
	acts_free(&acts);
}
END_TEST

/* --- What is kept. --- */

static void
path_of(char out[FILE_PATH])
{
	snprintf(out, FILE_PATH, "%s/acts/agreement--one", dir);
}

START_TEST(what_is_kept_is_read_again)
{
	struct document_acts acts, again;
	struct error err = { 0 };

	play(&acts, COUNT(course), 50);
	ck_ok(acts_keep(&context, &acts, &err), err);
	acts_load(&context, DOC, &again);
	ck_assert_uint_eq(again.size, 50);
	ck_assert_int_eq(again.seen_at, 1800000000);
	ck_assert_uint_eq(again.num, COUNT(course));
	ck_assert(span_eq(buf_span(&again.lines), buf_span(&acts.lines)));
	ck_assert_int_eq(acts_version(&again, 1)->status, STATUS_SUPERSEDED);
	acts_free(&acts);
	acts_free(&again);
	/* Of a document of which nothing was ever kept. */
	acts_load(&context, "agreement/two", &again);
	ck_assert_uint_eq(again.size, 0);
	ck_assert_ptr_null(acts_version(&again, 0));
	acts_free(&again);
}
END_TEST

START_TEST(less_is_never_kept_in_the_place_of_more)
{
	struct document_acts more, less, again;
	struct error err = { 0 };

	play(&more, 5, 33);
	play(&less, 4, 30);
	ck_ok(acts_keep(&context, &more, &err), err);
	ck_ok(acts_keep(&context, &less, &err), err);
	acts_load(&context, DOC, &again);
	ck_assert_uint_eq(again.size, 33);
	ck_assert_uint_eq(again.num, 5);
	acts_free(&again);
	acts_free(&less);
	play(&less, 4, 34);
	ck_ok(acts_keep(&context, &less, &err), err);
	acts_load(&context, DOC, &again);
	ck_assert_uint_eq(again.size, 34);
	acts_free(&more);
	acts_free(&less);
	acts_free(&again);
}
END_TEST

/* No act has come since, and a later day is known. */
START_TEST(the_same_seen_later_is_kept_and_earlier_is_not)
{
	static const int64_t days[] = { 0, 86400, -86400 };
	struct document_acts acts, again;
	struct error err = { 0 };

	for (size_t i = 0; i < COUNT(days); i++) {
		play(&acts, 5, 33);
		acts.seen_at += days[i];
		ck_ok(acts_keep(&context, &acts, &err), err);
		acts_free(&acts);
	}
	acts_load(&context, DOC, &again);
	ck_assert_uint_eq(again.size, 33);
	ck_assert_int_eq(again.seen_at, 1800000000 + 86400);
	acts_free(&again);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_not_kept)
{
	const struct digest digest = { { 1 } };
	const int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct error err = { 0 };
	char path[FILE_PATH];

	ck_assert(!context_keep_zip(&context, fd, "policies", &digest, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	ck_ok(context_digest_path(&context, "policies", &digest, ".zip", path,
		  &err),
	    err);
	ck_assert(!file_exists(path));
	close(fd);
}
END_TEST

static void
must_be_nothing(const char *path, struct span bytes)
{
	struct document_acts acts;
	struct error err = { 0 };

	ck_ok(file_write_quick(path, bytes, 0600, &err), err);
	acts_load(&context, DOC, &acts);
	ck_assert_uint_eq(acts.size, 0);
	ck_assert_uint_eq(acts.num, 0);
	ck_assert_ptr_null(acts_version(&acts, 0));
	acts_free(&acts);
}

START_TEST(a_damaged_file_is_nothing)
{
	struct document_acts acts;
	struct buf text = BUF(LIMIT_ACTS_BYTES);
	struct error err = { 0 };
	char path[FILE_PATH];

	play(&acts, 2, 15);
	ck_ok(acts_keep(&context, &acts, &err), err);
	acts_free(&acts);
	path_of(path);
	ck_ok(file_read(path, text.max, &text, &err), err);
	for (size_t i = 0; i < text.len; i++)
		must_be_nothing(path, span_of(text.data, i));
	for (size_t i = 0; i < text.len; i++) {
		text.data[i] ^= 1;
		must_be_nothing(path, buf_span(&text));
		text.data[i] ^= 1;
	}
	ck_ok(buf_append_str(&text, "x\n", &err), err);
	must_be_nothing(path, buf_span(&text));
	buf_free(&text);
}
END_TEST

/* Whole files with wrong content. */
static const char *const wrong[] = {
	"valise acts 2\ndocument " DOC "\nsize 5\nseen 2027-01-01T00:00:00Z\n",
	"valise acts 1\ndocument a/b\nsize 5\nseen 2027-01-01T00:00:00Z\n",
	"valise acts 1\ndocument " DOC "\nsize x\nseen 2027-01-01T00:00:00Z\n",
	"valise acts 1\ndocument " DOC "\nsize 5\nseen yesterday\n",
	"valise acts 1\ndocument " DOC "\nsize 5\nseen 2027-01-01T00:00:00Z\n"
	"1 {}\n",
	"valise acts 1\ndocument " DOC "\nsize 5\nseen 2027-01-01T00:00:00Z\n"
	"no act",
};

START_TEST(a_file_that_says_something_else_is_nothing)
{
	struct buf text = BUF(LIMIT_ACTS_BYTES);
	struct error err = { 0 };
	struct digest digest;
	char path[FILE_PATH], hex[DIGEST_HEX];

	snprintf(path, sizeof(path), "%s/acts", dir);
	ck_ok(file_make_dirs(path, 0700, &err), err);
	path_of(path);
	digest = sha256_of(span_of_str(wrong[_i]));
	digest_hex(&digest, hex);
	ck_ok(buf_printf(&text, &err, "%ssha256 %s\n", wrong[_i], hex), err);
	must_be_nothing(path, buf_span(&text));
	buf_free(&text);
}
END_TEST

START_TEST(an_act_beyond_the_size_is_nothing)
{
	struct document_acts acts, again;
	struct error err = { 0 };

	play(&acts, 2, 12); /* the second is entry 12 */
	ck_ok(acts_keep(&context, &acts, &err), err);
	acts_load(&context, DOC, &again);
	ck_assert_uint_eq(again.size, 0);
	acts_free(&acts);
	acts_free(&again);
}
END_TEST

/* --- A copy beside them. --- */

struct beside {
	unsigned version;
	uint64_t acts[6];
	size_t num;
	bool other_digest;
	const char *code; /* NULL: it is good */
	enum status status;
};

static const struct beside copies[] = {
	{ 1, { 10, 12, 20, 21 }, 4, false, NULL, STATUS_SUPERSEDED },
	{ 2, { 32, 40, 41, 42 }, 4, false, NULL, STATUS_IN_FORCE },
	{ 1, { 10, 12, 20 }, 3, false, "ANSWER_DIFFERS", STATUS_DRAFT },
	{ 1, { 12, 20, 21 }, 3, false, "ANSWER_DIFFERS", STATUS_DRAFT },
	{ 1, { 10, 12, 20, 21, 30 }, 5, false, "ENTRY_WITHHELD", STATUS_DRAFT },
	{ 1, { 10, 12, 20, 21, 32 }, 5, false, "ENTRY_WITHHELD", STATUS_DRAFT },
	{ 1, { 10, 12, 20, 21 }, 4, true, "ANSWER_DIFFERS", STATUS_DRAFT },
	{ 3, { 43 }, 1, false, "ENTRY_WITHHELD", STATUS_DRAFT },
};

START_TEST(a_copy_has_the_acts_on_its_version_and_no_other)
{
	const struct beside *row = &copies[_i];
	static struct verdict_act list[6];
	struct version version = { .number = 0 };
	struct verdict verdict = { .version = &version,
		.acts = list,
		.num_acts = row->num,
		.status = STATUS_DRAFT };
	struct document_acts acts;
	struct error err = { 0 };
	bool ok;

	play(&acts, COUNT(course), 50);
	version.number = row->version;
	verdict.digest = sha256_of(span_of(&row->version, 4));
	verdict.digest.bytes[5] ^= row->other_digest;
	for (size_t i = 0; i < row->num; i++)
		list[i].index = row->acts[i];
	ok = acts_settle(&acts, &verdict, &err);
	ck_assert_msg(ok == (row->code == NULL), "%s", err.detail);
	ck_assert_int_eq(verdict.status, row->status);
	if (!ok) {
		ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
		ck_assert_str_eq(error_code(&err), row->code);
	}
	acts_free(&acts);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, statuses_follow_from_the_acts);
	tcase_add_loop_test(tcase, what_does_not_follow_is_refused, 0,
	    COUNT(refused));
	tcase_add_test(tcase, another_documents_act_is_refused);
	tcase_add_test(tcase, what_is_kept_is_read_again);
	tcase_add_test(tcase, less_is_never_kept_in_the_place_of_more);
	tcase_add_test(tcase, the_same_seen_later_is_kept_and_earlier_is_not);
	tcase_add_test(tcase, a_file_that_cannot_be_read_is_not_kept);
	tcase_add_test(tcase, a_damaged_file_is_nothing);
	tcase_add_loop_test(tcase, a_file_that_says_something_else_is_nothing,
	    0, COUNT(wrong));
	tcase_add_test(tcase, an_act_beyond_the_size_is_nothing);
	tcase_add_loop_test(tcase,
	    a_copy_has_the_acts_on_its_version_and_no_other, 0, COUNT(copies));
}

int
main(void)
{
	return run_tests("acts", fill);
}
