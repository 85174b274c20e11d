/*
 * lib/base: buffers, spans, text, times, digests, errors and YAML.
 */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include <utf8proc.h>

#include "base/digest.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/text.h"
#include "base/time.h"
#include "base/yaml.h"

START_TEST(spans_are_ordered_by_their_bytes)
{
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {
		{ "", "", 0 },
		{ "", "a", -1 },
		{ "a", "a", 0 },
		{ "a", "ab", -1 },
		{ "b", "ab", 1 },
		{ "a\x7f", "a\x80", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct span a = span_of_str(rows[i].a);
		const struct span b = span_of_str(rows[i].b);
		const int order = span_order(a, b), back = span_order(b, a);

		ck_assert_int_eq((order > 0) - (order < 0), rows[i].order);
		ck_assert_int_eq((back > 0) - (back < 0), -rows[i].order);
	}
	ck_assert_int_eq(span_order(span_of(NULL, 0), span_of(NULL, 0)), 0);
}
END_TEST

START_TEST(a_buffer_holds_its_limit_and_no_more)
{
	struct buf buf = BUF(5);
	struct error err = { 0 };

	ck_assert(buf_append_str(&buf, "123", &err));
	ck_assert(buf_append_str(&buf, "45", &err));
	ck_assert(!buf_append_str(&buf, "6", &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	ck_assert(span_is(buf_span(&buf), "12345"));
	buf_free(&buf);
}
END_TEST

START_TEST(a_buffer_has_the_room_that_was_made)
{
	struct buf buf = BUF(100);
	struct error err = { 0 };
	const uint8_t *data;

	ck_assert(buf_append_str(&buf, "123", &err));
	ck_assert(buf_reserve(&buf, 97, &err));
	ck_assert_uint_eq(buf.cap, 100);
	data = buf.data;
	for (unsigned i = 0; i < 97; i++)
		ck_assert(buf_append_u8(&buf, 'x', &err));
	ck_assert_ptr_eq(buf.data, data);
	ck_assert(!buf_reserve(&buf, 1, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	buf_free(&buf);
}
END_TEST

START_TEST(a_list_grows_by_zeroed_items_up_to_its_bound)
{
	struct item {
		uint64_t a;
		char b;
	} *items = NULL, *one;
	struct error err = { 0 };
	size_t num = 0;

	for (uint64_t i = 0; i < 100; i++) {
		one =
		    list_add(&items, &num, sizeof(*items), 100, "items", &err);
		ck_assert_ptr_eq(one, &items[i]);
		ck_assert(one->a == 0 && one->b == 0);
		*one = (struct item){ i, 'x' };
	}
	one = list_add(&items, &num, sizeof(*items), 100, "items", &err);
	ck_assert_ptr_null(one);
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	ck_assert_str_eq(err.detail, "more than 100 items");
	ck_assert_uint_eq(num, 100);
	for (uint64_t i = 0; i < 100; i++)
		ck_assert(items[i].a == i && items[i].b == 'x');
	free(items);
}
END_TEST

static const struct {
	const char *text;
	bool hex, number, base64;
} spellings[] = {
	{ "00ff", true, false, true },
	{ "00FF", false, false, true },
	{ "0", false, true, false },
	{ "01", false, false, false },
	{ "-1", false, false, false },
	{ "18446744073709551615", false, true, true },
	{ "18446744073709551616", false, false, true },
	{ "AA==", false, false, true },
	{ "AB==", false, false, false }, /* spare bits (RFC 4648 3.5) */
	{ "AA", false, false, false },
	{ "A A=", false, false, false },
};

START_TEST(each_value_has_one_spelling)
{
	const struct span text = span_of_str(spellings[_i].text);
	struct buf out = BUF(64);
	struct error err = { 0 };
	uint8_t bytes[2];
	uint64_t number;

	ck_assert_int_eq(span_to_hex(text, bytes, 2), spellings[_i].hex);
	ck_assert_int_eq(span_to_u64(text, &number), spellings[_i].number);
	ck_assert_int_eq(span_base64_append(text, &out, &err),
	    spellings[_i].base64);
	buf_free(&out);
}
END_TEST

START_TEST(a_field_is_taken_by_its_name)
{
	struct span text = span_of_str("size 12\nsizes 13\nsize\nlast 1");
	struct span value;

	ck_assert(!span_take_field(&text, "root", &value));
	ck_assert(span_take_field(&text, "size", &value));
	ck_assert(span_is(value, "12"));
	ck_assert(!span_take_field(&text, "size", &value));
	ck_assert(span_take_field(&text, "sizes", &value));
	/* No blank, and then no end of the line. */
	ck_assert(!span_take_field(&text, "size", &value));
	ck_assert(span_take_line(&text, &value));
	ck_assert(!span_take_field(&text, "last", &value));
	ck_assert(span_is(text, "last 1"));
}
END_TEST

START_TEST(base64_comes_back_as_it_went)
{
	uint8_t bytes[70];
	struct buf text = BUF(200), back = BUF(100);
	struct error err = { 0 };

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37);
	ck_ok(buf_append_base64(&text, span_of(bytes, (size_t)_i), &err), err);
	ck_ok(span_base64_append(buf_span(&text), &back, &err), err);
	ck_assert(span_eq(buf_span(&back), span_of(bytes, (size_t)_i)));
	buf_free(&text);
	buf_free(&back);
}
END_TEST

static const struct {
	const char *path, *why; /* NULL: it is good */
} paths[] = {
	{ "texts/lo/agreement.pdf", NULL },
	{ "texts/lo/ສັນຍາ.pdf", NULL },
	{ "a", NULL },
	{ "", "empty" },
	{ "/a", "empty" },
	{ "a/", "empty" },
	{ "a//b", "empty" },
	{ "../a", "dot" },
	{ "a/..", "dot" },
	{ ".git", "dot" },
	{ "-a", "hyphen" },
	{ " a", "space" },
	{ "a ", "space" },
	{ "a.", "dot" },
	{ "a\\b", "<>" },
	{ "a:b", "<>" },
	{ "a?b", "<>" },
	{ "con", "reserved" },
	{ "AUX.txt", "reserved" },
	{ "com1", "reserved" },
	{ "lpt\xc2\xb9.pdf", "reserved" },
	{ "git~1", "reserved" },
	{ "a\nb", "visible" },
	{ "a\x7f", "visible" },
	{ "a\xff", "UTF-8" },
	{ "e\xcc\x81", "NFD" },
	{ "a\xe2\x80\xae"
	  "fdp.exe",
	    "visible" },                /* right to left */
	{ "a\xe2\x80\x8b", "visible" }, /* zero width */
	{ ".gi\xe2\x80\x8ct", "visible" },
	{ "a/b/c/d", "levels" },
};

START_TEST(a_path_means_one_thing_everywhere)
{
	struct error err = { 0 };
	const bool good = text_check_path(span_of_str(paths[_i].path), &err);

	ck_assert_msg(good == (paths[_i].why == NULL), "%s: %s", paths[_i].path,
	    err.detail);
	if (!good)
		ck_assert_msg(strstr(err.detail, paths[_i].why) != NULL, "%s",
		    err.detail);
}
END_TEST

START_TEST(a_name_of_its_limit_is_taken_and_one_more_is_not)
{
	char name[LIMIT_NAME_BYTES + 2];
	struct error err = { 0 };

	memset(name, 'a', sizeof(name));
	ck_assert(text_check_path(span_of(name, LIMIT_NAME_BYTES), &err));
	ck_assert(!text_check_path(span_of(name, LIMIT_NAME_BYTES + 1), &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
}
END_TEST

START_TEST(names_that_differ_only_in_case_fold_to_one)
{
	struct buf a = BUF(64), b = BUF(64);
	struct error err = { 0 };

	ck_ok(text_fold(span_of_str("Texts/STRASSE"), &a, &err), err);
	ck_ok(text_fold(span_of_str("texts/stra\xc3\x9f"
				    "e"),
		  &b, &err),
	    err);
	ck_assert(span_eq(buf_span(&a), buf_span(&b)));
	buf_free(&a);
	buf_free(&b);
}
END_TEST

/* Fold as utf8proc does, which looks at all of a text. */
static void
check_fold(struct span text)
{
	utf8proc_uint8_t *due = NULL;
	const utf8proc_ssize_t n =
	    utf8proc_map(text.data, (utf8proc_ssize_t)text.len, &due,
		UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
		    UTF8PROC_CASEFOLD);
	struct buf got = BUF(SIZE_MAX);
	struct error err = { 0 };

	ck_assert_int_ge(n, 0);
	ck_ok(text_fold(text, &got, &err), err);
	ck_assert(span_eq(buf_span(&got), span_of(due, (size_t)n)));
	buf_free(&got);
	free(due);
}

START_TEST(each_letter_is_folded_as_unicode_says)
{
	/* Beside each of these: what may join it, and what may not. */
	static const char *const beside[] = { "", "a", "\xcc\x81",
		"\xe0\xba\x81", "\xe0\xbb\x88", "\xe0\xba\xb9", "\xe1\x84\x80",
		"\xcc\xa7" };
	char text[32];

	for (utf8proc_int32_t c = 0x80; c < 0x3400; c++) {
		utf8proc_uint8_t one[5] = { 0 };

		if (utf8proc_category(c) == UTF8PROC_CATEGORY_CN)
			continue;
		utf8proc_encode_char(c, one);
		for (size_t i = 0; i < COUNT(beside); i++) {
			snprintf(text, sizeof(text), "%s%s", (char *)one,
			    beside[i]);
			check_fold(span_of_str(text));
			snprintf(text, sizeof(text), "%s%s%s", beside[i],
			    (char *)one, beside[COUNT(beside) - 1 - i]);
			check_fold(span_of_str(text));
		}
	}
}
END_TEST

START_TEST(text_of_any_letters_is_folded_as_unicode_says)
{
	/* Where the quick way and the other one meet. */
	static const utf8proc_int32_t from[] = { 'A', 0xc0, 0x300, 0x370, 0x400,
		0x580, 0xe00, 0xe30, 0xe80, 0xeb0, 0xec0, 0x1e00 };
	uint32_t random = 1;

	for (unsigned i = 0; i < 20000; i++) {
		utf8proc_uint8_t text[64];
		size_t len = 0;

		for (unsigned j = 0; j < 8; j++) {
			utf8proc_int32_t c;

			random = random * 1664525 + 1013904223;
			c = from[(random >> 8) % COUNT(from)] +
			    (utf8proc_int32_t)(random >> 20) % 0x20;
			if (utf8proc_category(c) == UTF8PROC_CATEGORY_CN)
				continue;
			len += (size_t)utf8proc_encode_char(c, text + len);
		}
		check_fold(span_of(text, len));
	}
}
END_TEST

static const struct {
	const char *text;
	bool slug, email, language, media;
} words[] = {
	{ "lao-iom-2021", true, false, true, false },
	{ "a", false, false, false, false },
	{ "a--b", false, false, false, false },
	{ "-a", false, false, false, false },
	{ "con", false, false, true, false },
	{ "Lo", false, false, false, false },
	{ "a@b.example", false, true, false, false },
	{ "A@b.example", false, false, false, false },
	{ "a@b@c", false, false, false, false },
	{ "a b@c", false, false, false, false },
	{ "text/plain", false, false, false, true },
	{ "text/plain; x=1", false, false, false, false },
	{ "text", true, false, true, false },
};

START_TEST(words_are_told_apart)
{
	const struct span text = span_of_str(words[_i].text);

	ck_assert_int_eq(text_is_slug(text), words[_i].slug);
	ck_assert_int_eq(text_is_email(text), words[_i].email);
	ck_assert_int_eq(text_is_language(text), words[_i].language);
	ck_assert_int_eq(text_is_media(text), words[_i].media);
}
END_TEST

START_TEST(the_nearest_word_is_found)
{
	static const char *const words_[] = { "deposit", "read", "audit" };

	ck_assert_str_eq(text_nearest("depsit", words_, 3), "deposit");
	ck_assert_str_eq(text_nearest("raed", words_, 3), "read");
	ck_assert_ptr_null(text_nearest("terminate", words_, 3));
}
END_TEST

START_TEST(what_moves_a_cursor_is_shown_not_sent)
{
	struct buf out = BUF(100);
	struct error err = { 0 };

	ck_ok(text_append_printable(&out,
		  span_of(TEXT("a\x1b[2J\xe2\x80\xae\xff")), &err),
	    err);
	ck_assert(span_is(buf_span(&out), "a\\u{001b}[2J\\u{202e}\\xff"));
	buf_free(&out);
}
END_TEST

static const struct {
	const char *text;
	bool good;
} times[] = {
	{ "2026-11-23T10:00:01Z", true },
	{ "2024-02-29T00:00:00Z", true },
	{ "2000-02-29T00:00:00Z", true },
	{ "9999-12-31T23:59:59Z", true },
	{ "2026-02-29T00:00:00Z", false },
	{ "2100-02-29T00:00:00Z", false },
	{ "2026-04-31T00:00:00Z", false },
	{ "2026-00-10T00:00:00Z", false },
	{ "2026-13-10T00:00:00Z", false },
	{ "2026-01-00T00:00:00Z", false },
	{ "2026-11-23T10:60:00Z", false },
	{ "2026-11-23T24:00:00Z", false },
	{ "2026-11-23T10:00:60Z", false },
	{ "2026-11-23 10:00:01Z", false },
	{ "2026-11-23T10:00:01", false },
	{ "1969-12-31T23:59:59Z", false },
};

START_TEST(a_time_that_is_none_is_refused)
{
	char back[TIME_TEXT];
	int64_t at;

	ck_assert_int_eq(time_parse_at(span_of_str(times[_i].text), &at),
	    times[_i].good);
	if (!times[_i].good)
		return;
	time_format_at(at, back);
	ck_assert_str_eq(back, times[_i].text);
}
END_TEST

START_TEST(times_are_those_of_the_c_library)
{
	/*
	 * Times about 11 days apart, so that each month's end and each second
	 * occur.
	 */
	for (int64_t at = 0; at < 253402300800; at += 950479) {
		const time_t when = (time_t)at;
		char text[TIME_TEXT], want[TIME_TEXT];
		struct tm tm;
		int64_t back;

		gmtime_r(&when, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm);
		time_format_at(at, text);
		ck_assert_str_eq(text, want);
		ck_assert(time_parse_at(span_of_str(want), &back));
		ck_assert_int_eq(back, at);
	}
}
END_TEST

static const struct {
	const char *text, *names; /* what the message says */
} broken[] = {
	{ "", "nothing" },
	{ "a: 1\na: 2\n", "twice" },
	{ "a: &x 1\nb: *x\n", "anchors" },
	{ "a: !!str 1\n", "tags" },
	{ "<<: {a: 1}\n", "merge" },
	{ "? [a]\n: 1\n", "key" },
	{ "a: 1\n---\nb: 2\n", "document" },
	{ "%YAML 1.1\n---\na: 1\n", "directives" },
	{ "a: \"x\\0y\"\n", "NUL" },
	{ "a: [1, 2\n", "1:" },
	{ "a: \xff\n", "UTF-8" },
	{ "\xef\xbb\xbf"
	  "a: 1\n",
	    "byte order mark" },
	{ "a: [[[[[[[[[1]]]]]]]]]\n", "deeper" },
};

START_TEST(yaml_beyond_the_subset_is_refused)
{
	struct error err = { 0 };

	ck_assert_ptr_null(
	    yaml_parse("f.yaml", span_of_str(broken[_i].text), &err));
	ck_assert_msg(strstr(err.detail, broken[_i].names) != NULL, "%s",
	    err.detail);
	ck_assert(strncmp(err.detail, "f.yaml", 6) == 0);
}
END_TEST

START_TEST(one_byte_order_mark_of_a_configuration_is_skipped)
{
	struct error err = { 0 };
	struct yaml *root = yaml_parse_written("f.yaml",
	    span_of_str("\xef\xbb\xbf"
			"a: 1\n"),
	    &err);

	ck_assert_msg(root != NULL, "%s", err.detail);
	ck_assert_uint_eq(yaml_get(root, "a")->key_column, 1);
	yaml_free_tree(root);
	ck_assert_ptr_null(yaml_parse_written("f.yaml",
	    span_of_str("\xef\xbb\xbf\xef\xbb\xbf"
			"a: 1\n"),
	    &err));
}
END_TEST

START_TEST(yaml_of_no_bytes_at_all_is_refused)
{
	struct error err = { 0 };

	ck_assert_ptr_null(yaml_parse("f.yaml", span_of(NULL, 0), &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "nothing"));
}
END_TEST

/* A mapping of num keys, each a number. */
static struct yaml *
parse_keys(unsigned num, struct error *err)
{
	struct buf text = BUF(1000000);
	struct yaml *root;

	for (unsigned i = 0; i < num; i++)
		ck_ok(buf_printf(&text, err, "number-%u: x\n", i), *err);
	root = yaml_parse("f.yaml", buf_span(&text), err);
	buf_free(&text);
	return root;
}

/* Each is compared with all. */
START_TEST(a_mapping_has_so_many_keys_and_no_more)
{
	struct error err = { 0 };
	struct yaml *root = parse_keys(LIMIT_YAML_KEYS, &err);

	ck_assert_msg(root != NULL, "%s", err.detail);
	yaml_free_tree(root);
	ck_assert_ptr_null(parse_keys(LIMIT_YAML_KEYS + 1, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	ck_assert_str_eq(err.detail, "f.yaml:513:1: more than 512 keys");
}
END_TEST

/* Finding the nearest word is the dearest that a mistake can ask for. */
START_TEST(the_nearest_key_is_told_of_so_many_and_no_more)
{
	static const char *const keys[] = { "number-" };
	struct error err = { 0 };
	struct complaints to = COMPLAINTS;
	struct yaml *root = parse_keys(2 * LIMIT_YAML_MEANT, &err);
	struct span rest, line;
	unsigned meant = 0;

	ck_assert(!yaml_only(root, keys, COUNT(keys), &to));
	ck_assert_uint_eq(to.num_errors, 2 * LIMIT_YAML_MEANT);
	rest = buf_span(&to.lines);
	while (span_take_line(&rest, &line))
		meant +=
		    memmem(line.data, line.len, "did you mean", 12) != NULL;
	ck_assert_uint_eq(meant, LIMIT_YAML_MEANT);
	yaml_free_tree(root);
	complaints_free(&to);
}
END_TEST

START_TEST(every_scalar_is_text)
{
	struct error err = { 0 };
	struct complaints to = COMPLAINTS;
	struct yaml *root = yaml_parse("f.yaml",
	    span_of_str("a: no\nb: 010\nc: 1:20\nd: 2026-11-23\n"), &err);

	ck_assert_ptr_nonnull(root);
	ck_assert_str_eq(yaml_text(yaml_get(root, "a"), &to), "no");
	ck_assert_str_eq(yaml_text(yaml_get(root, "b"), &to), "010");
	ck_assert_str_eq(yaml_text(yaml_get(root, "c"), &to), "1:20");
	ck_assert_uint_eq(to.num_errors, 0);
	yaml_free_tree(root);
	complaints_free(&to);
}
END_TEST

START_TEST(an_unknown_key_is_told_with_place_and_meaning)
{
	static const char *const keys[] = { "type", "deposit" };
	struct error err = { 0 };
	struct complaints to = COMPLAINTS;
	struct yaml *root = yaml_parse("policies/agreement.yaml",
	    span_of_str("type: x\n\n\n\n\ndepsit: y\n"), &err);

	ck_assert(!yaml_only(root, keys, 2, &to));
	ck_assert(!complaints_none(&to, &err));
	ck_assert_str_eq(err.detail,
	    "policies/agreement.yaml:6:1: unknown key"
	    " \"depsit\"; did you mean \"deposit\"?");
	yaml_free_tree(root);
	complaints_free(&to);
}
END_TEST

static const char *const scalars[] = { "plain", "with space", "no", "1", "",
	"a: b", "# x", "\"quoted\" \\ back", "ສັນຍາ", "- x", "[a]", "0x1",
	"trailing ", "2026-11-23T10:00:00Z", "it's", "{a}", "a, b", "*x" };

START_TEST(a_scalar_comes_back_as_it_went)
{
	struct buf text = BUF(200);
	struct error err = { 0 };
	struct complaints to = COMPLAINTS;
	struct yaml *root;

	ck_ok(buf_append_str(&text, "l: [{k: ", &err) &&
		yaml_append_scalar(&text, scalars[_i], &err) &&
		buf_append_str(&text, "}]\n", &err),
	    err);
	root = yaml_parse("f", buf_span(&text), &err);
	ck_assert_msg(root != NULL, "%s", err.detail);
	ck_assert_str_eq(yaml_text(yaml_get(yaml_get(root, "l")->children, "k"),
			     &to),
	    scalars[_i]);
	yaml_free_tree(root);
	complaints_free(&to);
	buf_free(&text);
}
END_TEST

/* Each at each place of a text, which is read eight bytes at a time. */
static const struct {
	const char *bytes;
	size_t len;
	bool good;
} pieces[] = {
	{ "\x00", 1, false },
	{ "\x01", 1, true },
	{ "\x7f", 1, true },
	{ "\x80", 1, false },
	{ "\xc3\xa9", 2, true },
	{ "\xc3", 1, false },
	{ "\xc0\x80", 2, false },
	{ "\xe0\xba\xa1", 3, true },
	{ "\xed\xa0\x80", 3, false },
	{ "\xf0\x9f\x93\x9c", 4, true },
	{ "\xf4\x90\x80\x80", 4, false },
	{ "\xff", 1, false },
};

START_TEST(utf8_is_told_wherever_a_character_stands)
{
	ck_assert(text_is_utf8((struct span){ NULL, 0 }));
	for (size_t before = 0; before < 18; before++)
		for (size_t after = 0; after < 18; after++) {
			char text[64];
			size_t n = 0;

			memset(text, 'a', sizeof(text));
			n += before;
			memcpy(text + n, pieces[_i].bytes, pieces[_i].len);
			n += pieces[_i].len + after;
			ck_assert_msg(text_is_utf8(span_of(text, n)) ==
				pieces[_i].good,
			    "piece %d after %zu before %zu", _i, before, after);
		}
}
END_TEST

/* Into an array of ten bytes. */
static const struct {
	const char *text, *cut;
	bool fits;
} rooms[] = {
	{ "", "", true },
	{ "123456789", "123456789", true },
	{ "1234567890", "123456…", false },
	{ "12345\xc3\xa9xyz", "12345…", false },
	{ "123456\xc3\xa9x", "123456\xc3\xa9x", true },
	{ "\xe0\xba\xa1\xe0\xba\xa1\xe0\xba\xa1\xe0\xba\xa1",
	    "\xe0\xba\xa1\xe0\xba\xa1…", false },
};

START_TEST(text_that_does_not_fit_is_refused_or_cut_at_a_character)
{
	char out[10], three[3] = "ab";
	struct error err = { 0 };

	ck_assert(text_take(out, sizeof(out), rooms[_i].text, &err) ==
	    rooms[_i].fits);
	ck_assert_int_eq(err.kind, rooms[_i].fits ? ERROR_NONE : ERROR_LIMIT);
	if (rooms[_i].fits)
		ck_assert_str_eq(out, rooms[_i].text);
	text_cut(out, sizeof(out), rooms[_i].text);
	ck_assert_str_eq(out, rooms[_i].cut);
	text_cutf(out, sizeof(out), "%s", rooms[_i].text);
	ck_assert_str_eq(out, rooms[_i].cut);
	/* There is no room for the mark that something was cut. */
	text_cut(three, sizeof(three), "abc");
	ck_assert_str_eq(three, "");
}
END_TEST

START_TEST(a_text_said_to_fit_that_does_not_ends_the_program)
{
	char out[4];

	text_set(out, sizeof(out), "abc");
	ck_assert_str_eq(out, "abc");
	text_set(out, sizeof(out), "abcd");
}
END_TEST

START_TEST(what_a_machine_lacks_is_told_from_what_was_asked)
{
	static const int machine[] = { EIO, EMFILE, ENOMEM, EROFS },
			 asked[] = { ENOENT, ENOTDIR, EINVAL };
	struct error err = { 0 };

	for (size_t i = 0; i < COUNT(machine); i++) {
		errno = machine[i];
		ck_assert(!error_set_errno(&err, "x") && err.is_of_machine);
	}
	for (size_t i = 0; i < COUNT(asked); i++) {
		errno = asked[i];
		ck_assert(!error_set_errno(&err, "x") && !err.is_of_machine);
	}
	errno = EIO;
	ck_assert(!error_set_errno(&err, "x") &&
	    !error_set(&err, ERROR_SYSTEM, "y") && !err.is_of_machine);
	ck_assert(
	    !error_set_openssl(&err, ERROR_SYSTEM, "x") && err.is_of_machine);
	ck_assert(!error_set_openssl(&err, ERROR_MALFORMED, "x") &&
	    !err.is_of_machine);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t, spans_are_ordered_by_their_bytes);
	tcase_add_loop_test(t,
	    text_that_does_not_fit_is_refused_or_cut_at_a_character, 0,
	    COUNT(rooms));
	if (getenv("CK_FORK") == NULL) /* else it would end the test, too */
		tcase_add_test_raise_signal(t,
		    a_text_said_to_fit_that_does_not_ends_the_program, SIGABRT);
	tcase_add_test(t, a_buffer_holds_its_limit_and_no_more);
	tcase_add_test(t, a_buffer_has_the_room_that_was_made);
	tcase_add_test(t, a_list_grows_by_zeroed_items_up_to_its_bound);
	tcase_add_loop_test(t, each_value_has_one_spelling, 0,
	    COUNT(spellings));
	tcase_add_test(t, what_a_machine_lacks_is_told_from_what_was_asked);
	tcase_add_test(t, a_field_is_taken_by_its_name);
	tcase_add_loop_test(t, base64_comes_back_as_it_went, 0, 70);
	tcase_add_loop_test(t, a_path_means_one_thing_everywhere, 0,
	    COUNT(paths));
	tcase_add_test(t, a_name_of_its_limit_is_taken_and_one_more_is_not);
	tcase_add_test(t, names_that_differ_only_in_case_fold_to_one);
	tcase_add_test(t, each_letter_is_folded_as_unicode_says);
	tcase_add_test(t, text_of_any_letters_is_folded_as_unicode_says);
	tcase_add_loop_test(t, words_are_told_apart, 0, COUNT(words));
	tcase_add_test(t, the_nearest_word_is_found);
	tcase_add_test(t, what_moves_a_cursor_is_shown_not_sent);
	tcase_add_loop_test(t, a_time_that_is_none_is_refused, 0, COUNT(times));
	tcase_add_test(t, times_are_those_of_the_c_library);
	tcase_add_loop_test(t, yaml_beyond_the_subset_is_refused, 0,
	    COUNT(broken));
	tcase_add_test(t, yaml_of_no_bytes_at_all_is_refused);
	tcase_add_test(t, one_byte_order_mark_of_a_configuration_is_skipped);
	tcase_add_test(t, a_mapping_has_so_many_keys_and_no_more);
	tcase_add_test(t, the_nearest_key_is_told_of_so_many_and_no_more);
	tcase_add_test(t, every_scalar_is_text);
	tcase_add_test(t, an_unknown_key_is_told_with_place_and_meaning);
	tcase_add_loop_test(t, utf8_is_told_wherever_a_character_stands, 0,
	    COUNT(pieces));
	tcase_add_loop_test(t, a_scalar_comes_back_as_it_went, 0,
	    COUNT(scalars));
}

int
main(void)
{
	return run_tests("base", fill);
}
