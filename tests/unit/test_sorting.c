/*
 * In which order documents are listed, where a page begins, and which words
 * find one (record/sorting.h, record/words.h, base/collate.h).
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/collate.h"
#include "base/text.h"
#include "record/sorting.h"
#include "record/words.h"

/* --- Orders. --- */

static const struct {
	const char *text;
	bool good;
	enum sort_by by;
	bool descending;
	const char *language;
} sorts[] = {
	{ "name", true, SORT_NAME, false, "" },
	{ "-name", true, SORT_NAME, true, "" },
	{ "title", true, SORT_TITLE, false, "" },
	{ "title:lo", true, SORT_TITLE, false, "lo" },
	{ "-title:pt-br", true, SORT_TITLE, true, "pt-br" },
	{ "-date", true, SORT_DATE, true, "" },
	{ "status", true, SORT_STATUS, false, "" },
	{ "type", true, SORT_TYPE, false, "" },
	{ "", false, SORT_NAME, false, "" },
	{ "-", false, SORT_NAME, false, "" },
	{ "--date", false, SORT_NAME, false, "" },
	{ "dates", false, SORT_NAME, false, "" },
	{ "dat", false, SORT_NAME, false, "" },
	{ "Date", false, SORT_NAME, false, "" },
	{ "date:lo", false, SORT_NAME, false, "" },
	{ "title:", false, SORT_NAME, false, "" },
	{ "title:LO", false, SORT_NAME, false, "" },
	{ "title:lo:lo", false, SORT_NAME, false, "" },
};

START_TEST(an_order_has_one_spelling)
{
	char text[SORTING_TEXT];
	struct error err = { 0 };
	struct sorting sorting;

	ck_assert_int_eq(sorting_parse(sorts[_i].text, &sorting, &err),
	    sorts[_i].good);
	if (!sorts[_i].good) {
		ck_assert_int_eq(err.kind, ERROR_USAGE);
		return;
	}
	ck_assert_int_eq(sorting.by, sorts[_i].by);
	ck_assert_int_eq(sorting.descending, sorts[_i].descending);
	ck_assert_str_eq(sorting.language, sorts[_i].language);
	sorting_write(&sorting, text);
	ck_assert_str_eq(text, sorts[_i].text);
}
END_TEST

/* Documents in the order of their names. */
static const struct {
	const char *name, *titles;
	enum status status;
	int64_t time_ms;
} documents[] = {
	{ "mou-x/aa", "en=Zebra\nlo=\xe0\xba\x81", STATUS_DRAFT, 3000 },
	{ "mou/bb", "en=\xc3\xa9t\xc3\xa9", STATUS_IN_FORCE, 1000 },
	{ "mou/cc", "en=Eton\nlo=\xe0\xba\x82", STATUS_DRAFT, 2000 },
	{ "note/dd", "en=apple", STATUS_TERMINATED, 2000 },
	{ "note/ee", "", STATUS_SIGNED_IN_PART, INT64_C(1) << 40 },
};

/* Each order, as the documents' letters. */
static const struct {
	const char *sort, *order;
} orders[] = {
	{ "name", "abcde" },
	{ "-name", "edcba" },
	{ "title", "edbca" }, /* what has none is first; été, Eton */
	{ "-title", "acbde" },
	{ "title:lo", "edbac" },
	{ "date", "bcdae" },
	{ "-date", "eacdb" }, /* equal ones follow by name */
	{ "status", "acebd" },
	{ "type", "bcade" },
};

static void
key_of(const struct sorting *sorting, size_t i, struct sort_key *out)
{
	sorting_key(sorting, documents[i].name, documents[i].titles,
	    documents[i].status, documents[i].time_ms, out);
}

static struct sorting
sorting_of(const char *text)
{
	struct error err = { 0 };
	struct sorting sorting;

	ck_ok(sorting_parse(text, &sorting, &err), err);
	return sorting;
}

static size_t
number_of(char letter)
{
	return (size_t)(letter - 'a');
}

START_TEST(documents_follow_each_other)
{
	const struct sorting sorting = sorting_of(orders[_i].sort);
	const char *order = orders[_i].order;

	for (size_t i = 0; i < COUNT(documents); i++)
		for (size_t j = 0; j < COUNT(documents); j++) {
			const size_t a = number_of(order[i]),
				     b = number_of(order[j]);
			struct sort_key x, y;
			int got;

			key_of(&sorting, a, &x);
			key_of(&sorting, b, &y);
			got = sorting_order(&sorting, &x, documents[a].name, &y,
			    documents[b].name);
			ck_assert_int_eq((got > 0) - (got < 0),
			    (i > j) - (i < j));
		}
}
END_TEST

START_TEST(a_cursor_comes_back)
{
	const struct sorting sorting = sorting_of(orders[_i].sort);

	for (size_t i = 0; i < COUNT(documents); i++) {
		char text[SORTING_CURSOR], name[DOCUMENT_NAME];
		struct error err = { 0 };
		struct sort_key key, again;

		key_of(&sorting, i, &key);
		sorting_cursor_write(&sorting, &key, documents[i].name, text);
		ck_ok(sorting_cursor_parse(text, &sorting, &again, name, &err),
		    err);
		ck_assert_str_eq(name, documents[i].name);
		ck_assert(span_eq(span_of(again.bytes, again.len),
		    span_of(key.bytes, key.len)));
	}
}
END_TEST

#define LONG   "616161616161616161616161616161616161616161616161616161616161"
#define LONGER LONG LONG LONG LONG LONG LONG LONG LONG /* 240 bytes */

static const struct {
	const char *sort, *cursor;
	bool good;
} cursors[] = {
	{ "name", "mou/one", true },
	{ "name", "mou", false },
	{ "name", "name~~mou/one", false },
	{ "-name", "-name~~mou/one", true },
	{ "-name", "mou/one", false },
	{ "-name", "-name~61~mou/one", false },
	{ "-name", "-name~~mou/one/", false },
	{ "-name", "-name~~", false },
	{ "date", "date~00000000000003e8~mou/one", true },
	{ "date", "-date~00000000000003e8~mou/one", false },
	{ "date", "date~00000000000003E8~mou/one", false },
	{ "date", "date~000000000003e8~mou/one", false },
	{ "date", "date~0000000000000003e8~mou/one", false },
	{ "date", "date~00000000000003e~mou/one", false },
	{ "date", "date~~mou/one", false },
	{ "date", "date~00000000000003e8~mou/one~", false },
	{ "date", "date~00000000000003e8", false },
	{ "date", "status~00~mou/one", false },
	{ "status", "status~02~mou/one", true },
	{ "status", "status~ff~mou/one", false },
	{ "status", "status~0002~mou/one", false },
	{ "type", "type~6d6f75~mou/one", true },
	{ "type", "type~6e6f7465~mou/one", false },
	{ "title", "title~~mou/one", true },
	{ "title", "title~61~mou/one", true },
	{ "title", "title~6g~mou/one", false },
	{ "title", "title:lo~61~mou/one", false },
	{ "title:lo", "title:lo~61~mou/one", true },
	{ "title", "title~" LONGER "~mou/one", true },
	{ "title", "title~" LONGER "61~mou/one", false },
};

START_TEST(a_cursor_is_of_its_order)
{
	const struct sorting sorting = sorting_of(cursors[_i].sort);
	struct error err = { 0 };
	char name[DOCUMENT_NAME];
	struct sort_key key;

	ck_assert_int_eq(sorting_cursor_parse(cursors[_i].cursor, &sorting,
			     &key, name, &err),
	    cursors[_i].good);
	ck_assert_int_eq(err.kind, cursors[_i].good ? ERROR_NONE : ERROR_USAGE);
}
END_TEST

/* A title that is longer than a key, and one that begins like it. */
START_TEST(a_long_title_is_cut)
{
	const struct sorting sorting = sorting_of("title");
	char titles[400] = "en=", text[SORTING_CURSOR], name[DOCUMENT_NAME];
	struct error err = { 0 };
	struct sort_key key, again;

	memset(titles + 3, 'a', sizeof(titles) - 4);
	sorting_key(&sorting, "mou/one", titles, STATUS_DRAFT, 0, &key);
	ck_assert_uint_eq(key.len, SORTING_KEY);
	sorting_cursor_write(&sorting, &key, "mou/one", text);
	ck_ok(sorting_cursor_parse(text, &sorting, &again, name, &err), err);
	ck_assert_uint_eq(again.len, SORTING_KEY);
}
END_TEST

/* --- Titles as their readers sort them. --- */

/* Each comes before the next. */
static const char *const sorted[] = {
	"1 Note", "apple", "\xc3\x84pples",     /* Äpples */
	"Border", "\xc3\xa9tude",               /* étude */
	"etudes",                               /* and not before it */
	"zone",                                 /* z, before Greek */
	"\xce\x91",                             /* Alpha */
	"\xce\xac\xce\xb2",                     /* ά β */
	"\xe0\xb8\x81\xe0\xb8\xb2",             /* กา */
	"\xe0\xb9\x80\xe0\xb8\x81",             /* เก: by ก */
	"\xe0\xb8\x82",                         /* ข */
	"\xe0\xba\x81\xe0\xba\xb2",             /* ກາ */
	"\xe0\xbb\x80\xe0\xba\x81",             /* ເກ: by ກ */
	"\xe0\xba\x82\xe0\xbb\x89\xe0\xba\xb2", /* ຂ້າ */
	"\xe0\xba\x82\xe0\xba\xb3", /* ຂຳ: the tone does not count */
};

static void
collated(const char *text, struct buf *out)
{
	struct error err = { 0 };

	ck_ok(collate_key(span_of_str(text), out, &err), err);
}

START_TEST(titles_are_sorted_as_read)
{
	struct buf a = BUF(1000), b = BUF(1000);

	collated(sorted[_i], &a);
	collated(sorted[_i + 1], &b);
	ck_assert_int_lt(span_order(buf_span(&a), buf_span(&b)), 0);
	buf_free(&a);
	buf_free(&b);
}
END_TEST

static const char *const alike[][2] = {
	{ "ETUDE", "\xc3\xa9tude" },
	{ "\xce\xac", "\xce\xb1" },
	/* A vowel at the end, or before what is no consonant, stays. */
	{ "\xe0\xb9\x80", "\xe0\xb9\x80" },
	{ "\xe0\xba\x82\xe0\xbb\x89", "\xe0\xba\x82" },
};

START_TEST(what_does_not_count)
{
	struct buf a = BUF(1000), b = BUF(1000);

	collated(alike[_i][0], &a);
	collated(alike[_i][1], &b);
	ck_assert(span_eq(buf_span(&a), buf_span(&b)));
	ck_assert_uint_gt(a.len, 0);
	buf_free(&a);
	buf_free(&b);
}
END_TEST

START_TEST(what_is_not_utf8_has_no_key)
{
	struct buf out = BUF(1000);
	struct error err = { 0 };

	ck_assert(!collate_key(span_of_str("a\xff"), &out, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	buf_free(&out);
}
END_TEST

/* --- Words. --- */

#define TITLES                                                                     \
	"en=Border Crossings\nlo=\xe0\xba\x82\xe0\xbb\x89\xe0\xba\xb2\xe0\xba\xa1" \
	"\xe0\xbb\x81\xe0\xba\x94\xe0\xba\x99\nfr=\xc3\x89tudes"

static const struct {
	const char *words;
	bool found;
} finds[] = {
	{ "", true },
	{ " \t ", true },
	{ "crossings", true },
	{ "CROSS bord", true }, /* in any order */
	{ "cross\xc2\xa0"
	  "border",
	    true },                 /* a no-break space */
	{ "\xc3\xa9tudes", true },  /* whatever the case */
	{ "e\xcc\x81tudes", true }, /* however it is typed */
	{ "\xe0\xbb\x81\xe0\xba\x94\xe0\xba\x99", true },
	{ "border \xc3\xa9tudes", true }, /* of several languages */
	{ "labour-2021", true },          /* of the name */
	{ "mou/lab crossings", true },
	{ "border labours", false }, /* each of them */
	{ "bordercrossings", false },
	{ "en=border", false }, /* a language is no title */
	{ "en", false },
	{ "crossingsl", false }, /* titles do not run together */
	{ "2021border", false },
};

START_TEST(words_find_a_document)
{
	struct buf scratch = BUF(SIZE_MAX);
	struct error err = { 0 };
	struct words words;

	ck_ok(words_parse(span_of_str(finds[_i].words), &words, &err), err);
	ck_assert_int_eq(words_match(&words, "mou/labour-2021", TITLES,
			     &scratch),
	    finds[_i].found);
	/* The same room is used again. */
	ck_assert_int_eq(words_match(&words, "mou/other", "", &scratch),
	    words.num == 0);
	buf_free(&scratch);
}
END_TEST

static void
check_words(const char *text, size_t len, bool good, size_t num)
{
	struct error err = { 0 };
	struct words words;

	ck_assert_int_eq(words_parse(span_of(text, len), &words, &err), good);
	ck_assert_int_eq(err.kind, good ? ERROR_NONE : ERROR_USAGE);
	if (good)
		ck_assert_uint_eq(words.num, num);
}

START_TEST(words_have_bounds)
{
	char text[LIMIT_QUERY_BYTES + 2];

	memset(text, 'a', sizeof(text));
	check_words(text, LIMIT_QUERY_BYTES, true, 1);
	check_words(text, LIMIT_QUERY_BYTES + 1, false, 0);
	memset(text, ' ', sizeof(text));
	for (size_t i = 0; i <= LIMIT_QUERY_WORDS; i++)
		text[2 * i] = 'a';
	check_words(text, 2 * LIMIT_QUERY_WORDS, true, LIMIT_QUERY_WORDS);
	check_words(text, 2 * LIMIT_QUERY_WORDS + 1, false, 0);
	check_words("\xff", 1, false, 0);
	check_words("a\0b", 3, false, 0);
}
END_TEST

/* The letter that folding makes longest of all: three bytes become 33. */
START_TEST(a_letter_that_grows_has_room)
{
	char text[LIMIT_QUERY_BYTES];
	size_t len = 0;

	while (len + 3 <= sizeof(text)) {
		memcpy(text + len, "\xef\xb7\xba", 3);
		len += 3;
	}
	check_words(text, len, false, 0); /* too many words: it has blanks */
	check_words(text, 6, true, 7);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_loop_test(tcase, an_order_has_one_spelling, 0, COUNT(sorts));
	tcase_add_loop_test(tcase, documents_follow_each_other, 0,
	    COUNT(orders));
	tcase_add_loop_test(tcase, a_cursor_comes_back, 0, COUNT(orders));
	tcase_add_loop_test(tcase, a_cursor_is_of_its_order, 0, COUNT(cursors));
	tcase_add_test(tcase, a_long_title_is_cut);
	tcase_add_loop_test(tcase, titles_are_sorted_as_read, 0,
	    COUNT(sorted) - 1);
	tcase_add_loop_test(tcase, what_does_not_count, 0, COUNT(alike));
	tcase_add_test(tcase, what_is_not_utf8_has_no_key);
	tcase_add_loop_test(tcase, words_find_a_document, 0, COUNT(finds));
	tcase_add_test(tcase, words_have_bounds);
	tcase_add_test(tcase, a_letter_that_grows_has_room);
}

int
main(void)
{
	return run_tests("sorting", fill);
}
