/*
 * version.yaml, and the names, titles and languages of documents.
 */
#include "unit.h"

#include "document/title_text.h"
#include "document/version.h"

#define HEX64 "0000000000000000000000000000000000000000000000000000000000000000"
#define VERSION(number, rest)                                                  \
	"valise: 1\ndocument: agreement/lao-iom\nversion: " number             \
	"\ntitle:\n  en: A title\noffice: mofa\nperson: a@mofa.example\n"      \
	"created: 2026-11-23T10:00:00Z\n" rest
#define TEXTS                                                                  \
	"texts:\n  - {file: texts/lo/a.pdf, language: lo, authentic: true, "   \
	"media: application/pdf, size: 3, sha256: \"" HEX64                    \
	"\"}\nannexes: []\n"

static const struct {
	const char *yaml, *says; /* NULL: it is good */
} versions[] = {
	{ VERSION("1", TEXTS), NULL },
	{ VERSION("2", "previous: \"" HEX64 "\"\n" TEXTS), NULL },
	{ VERSION("2", TEXTS), "previous" },
	{ VERSION("1", "previous: \"" HEX64 "\"\n" TEXTS), "previous" },
	{ VERSION("0", TEXTS), "number" },
	{ VERSION("1.0", TEXTS), "number" },
	{ VERSION("1", "texts: []\nannexes: []\n"), "needs a text" },
	{ VERSION("1", "annexes: []\n"), "texts" },
	{ VERSION("1", "nte: x\n" TEXTS), "did you mean \"note\"" },
	{ VERSION("1",
	      "texts:\n  - {file: ../x, language: lo, authentic: true,"
	      " media: a/b, size: 3, sha256: \"" HEX64 "\"}\nannexes: []\n"),
	    "dot" },
	{ VERSION("1",
	      "texts:\n  - {file: texts/en/x, language: lo, authentic:"
	      " true, media: a/b, size: 3, sha256: \"" HEX64
	      "\"}\nannexes: []\n"),
	    "should lie in texts/lo/" },
	{ VERSION("1",
	      "texts:\n  - {file: texts/lo/x, language: lo, authentic:"
	      " maybe, media: a/b, size: 3, sha256: \"" HEX64
	      "\"}\nannexes: []\n"),
	    "true nor false" },
	{ VERSION("1",
	      "texts:\n  - {file: texts/lo/x, language: lo, authentic:"
	      " true, media: a/b, size: 3, sha256: \"ABC\"}\nannexes: []\n"),
	    "SHA-256" },
	{ VERSION("1",
	      "texts:\n  - {file: [x], language: lo, authentic:"
	      " true, media: a/b, size: 3, sha256: \"" HEX64
	      "\"}\nannexes: []\n"),
	    "file" },
	{ "valise: 2\n", "format 2" },
	{ "[]", "mapping" },
};

START_TEST(names_of_documents_are_kept_once)
{
	struct document_names names = { .num = 0 };
	struct error err = { 0 };

	ck_ok(document_names_add(&names, "mou/one", 2, &err), err);
	ck_ok(document_names_add(&names, "mou/two", 2, &err), err);
	ck_ok(document_names_add(&names, "mou/one", 2, &err), err);
	ck_assert_uint_eq(names.num, 2);
	ck_assert_str_eq(names.list[0], "mou/one");
	ck_assert_str_eq(names.list[1], "mou/two");
	ck_assert(!document_names_add(&names, "mou/three", 2, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	free(names.list);
}
END_TEST

START_TEST(a_version_that_is_none_is_refused)
{
	struct error err = { 0 };
	struct version *version =
	    version_parse(span_of_str(versions[_i].yaml), &err);

	ck_assert_msg((version != NULL) == (versions[_i].says == NULL),
	    "%d: %s", _i, err.detail);
	if (version == NULL)
		ck_assert_msg(strstr(err.detail, versions[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
	version_free(version);
}
END_TEST

START_TEST(a_version_comes_back_as_it_went)
{
	struct error err = { 0 };
	struct version *version =
			   version_parse(span_of_str(versions[1].yaml), &err),
		       *back;
	struct buf yaml = BUF(10000), again = BUF(10000);

	snprintf(version->note, sizeof(version->note), "Article 4: \"agreed\"");
	snprintf(version->texts[0].file, sizeof(version->texts[0].file),
	    "texts/lo/\xe0\xba\xaa, {x}.pdf");
	ck_ok(version_encode(version, &yaml, &err), err);
	back = version_parse(buf_span(&yaml), &err);
	ck_assert_msg(back != NULL, "%s", err.detail);
	ck_ok(version_encode(back, &again, &err), err);
	ck_assert(span_eq(buf_span(&yaml), buf_span(&again)));
	ck_assert_str_eq(back->note, version->note);
	version_free(version);
	version_free(back);
	buf_free(&yaml);
	buf_free(&again);
}
END_TEST

static const struct {
	const char *text;
	bool good;
	unsigned version;
} names[] = {
	{ "agreement/lao-iom", true, 0 },
	{ "agreement/lao-iom@3", true, 3 },
	{ "agreement/lao-iom@0", false, 0 },
	{ "agreement/lao-iom@1000000", false, 0 },
	{ "agreement", false, 0 },
	{ "agreement/", false, 0 },
	{ "agreement/a/b", false, 0 },
	{ "Agreement/ab", false, 0 },
	{ "agreement/con", false, 0 },
	{ "agreement/../x", false, 0 },
};

static const struct {
	const char *text;
	bool good;
} title_texts[] = {
	{ "en=One", true },
	{ "en=One\nlo=\xe0\xba\x81", true },
	{ "en=1 = 1", true },
	{ "", false },
	{ "One", false },
	{ "en=", false },
	{ "=One", false },
	{ "EN=One", false },
	{ "en=One\n", false },
	{ "\nen=One", false },
	{ "en=One\n\nlo=Two", false },
	{ "en=One\x1b[2J", false },
	{ "en=\xff", false },
};

START_TEST(titles_are_lines_of_a_language)
{
	ck_assert_int_eq(title_text_is(span_of_str(title_texts[_i].text)),
	    title_texts[_i].good);
}
END_TEST

START_TEST(a_text_of_titles_has_each)
{
	struct error err = { 0 };
	struct version *version = version_new(&err);
	char text[TITLE_TEXT], title[LIMIT_TITLE_BYTES + 1];
	const char *rest = text;
	struct title one;

	for (size_t i = 0; i < 2; i++) {
		struct title *to = version_add_title(version, &err);

		snprintf(to->language, sizeof(to->language), "%s",
		    i == 0 ? "lo" : "pt-br");
		snprintf(to->text, sizeof(to->text), "%s",
		    i == 0 ? "A=B" : "C");
	}
	title_text_of(version, text, sizeof(text));
	ck_assert_str_eq(text, "lo=A=B\npt-br=C");
	ck_assert(title_text_take(&rest, &one));
	ck_assert_str_eq(one.language, "lo");
	ck_assert_str_eq(one.text, "A=B");
	ck_assert(title_text_take(&rest, &one));
	ck_assert_str_eq(one.language, "pt-br");
	ck_assert(!title_text_take(&rest, &one));
	title_text_pick(text, "pt", title);
	ck_assert_str_eq(title, "C");
	title_text_pick(text, "en", title);
	ck_assert_str_eq(title, "A=B");
	title_text_pick("lo=a\nen=b", "th", title);
	ck_assert_str_eq(title, "b");
	title_text_pick("pt=a\npt-br=b", "pt-br", title);
	ck_assert_str_eq(title, "b");
	/* Where there is no room there is nothing, and nothing is cut. */
	title_text_of(version, text, 14);
	ck_assert_str_eq(text, "");
	version_free(version);
}
END_TEST

static const struct {
	const char *text, *language;
	bool is, has;
} languages[] = {
	{ "en,lo", "lo", true, true },
	{ "en,lo", "en", true, true },
	{ "en,lo", "l", true, false },
	{ "en,lo", "", true, false },
	{ "en,lo", "fr", true, false },
	{ "pt-br", "pt", true, true },
	{ "pt", "pt-br", true, false },
	{ "en-gb,en", "en", true, true },
	{ "", "en", false, false },
	{ "en,", "en", false, true },
	{ "en,,lo", "lo", false, true },
	{ "EN", "en", false, false },
	{ "en lo", "lo", false, false },
};

START_TEST(languages_are_codes_with_commas)
{
	const char *text = languages[_i].text;

	ck_assert_int_eq(languages_text_is(span_of_str(text)),
	    languages[_i].is);
	ck_assert_int_eq(languages_text_has(text, languages[_i].language),
	    languages[_i].has);
}
END_TEST

START_TEST(a_version_has_each_language_once)
{
	static const char *const of[] = { "lo", "en", "lo", "en-gb" };
	struct error err = { 0 };
	struct version *version = version_new(&err);
	char text[LANGUAGES_TEXT];

	for (size_t i = 0; i < COUNT(of); i++) {
		struct text_file *to = version_add_text(version, &err);

		snprintf(to->language, sizeof(to->language), "%s", of[i]);
	}
	languages_text_of(version, text, sizeof(text));
	ck_assert_str_eq(text, "lo,en,en-gb");
	languages_text_of(version, text, 12);
	ck_assert_str_eq(text, "lo,en,en-gb");
	languages_text_of(version, text, 11);
	ck_assert_str_eq(text, "");
	version_free(version);
}
END_TEST

/* As document_parse_which() reads them. */
static const struct {
	const char *text;
	bool good;
	unsigned version;
} whiches[] = {
	{ "agreement/lao-iom", true, DOCUMENT_PLAIN },
	{ "agreement/lao-iom@latest", true, 0 },
	{ "agreement/lao-iom@in-force", true, DOCUMENT_IN_FORCE },
	{ "agreement/lao-iom@999999", true, 999999 },
	{ "agreement/lao-iom@1000000", false, 0 },
	{ "agreement/lao-iom@", false, 0 },
	{ "agreement/lao-iom@newest", false, 0 },
	{ "agreement/lao-iom@in force", false, 0 },
	{ "agreement@latest", false, 0 },
	{ "agreement@in-force", false, 0 },
};

START_TEST(a_version_is_a_number_or_one_of_two_words)
{
	char name[DOCUMENT_NAME];
	unsigned version;
	struct error err = { 0 };

	ck_assert_int_eq(document_parse_which(whiches[_i].text, name, &version,
			     &err),
	    whiches[_i].good);
	if (!whiches[_i].good)
		return;
	ck_assert_uint_eq(version, whiches[_i].version);
	ck_assert_str_eq(name, "agreement/lao-iom");
}
END_TEST

START_TEST(a_name_that_is_none_is_refused)
{
	char name[DOCUMENT_NAME];
	unsigned version;
	struct error err = { 0 };

	ck_assert_int_eq(document_parse(names[_i].text, name, &version, &err),
	    names[_i].good);
	if (names[_i].good)
		ck_assert_uint_eq(version, names[_i].version);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_loop_test(t, a_version_that_is_none_is_refused, 0,
	    COUNT(versions));
	tcase_add_test(t, a_version_comes_back_as_it_went);
	tcase_add_test(t, names_of_documents_are_kept_once);
	tcase_add_loop_test(t, a_name_that_is_none_is_refused, 0, COUNT(names));
	tcase_add_loop_test(t, titles_are_lines_of_a_language, 0,
	    COUNT(title_texts));
	tcase_add_test(t, a_text_of_titles_has_each);
	tcase_add_loop_test(t, languages_are_codes_with_commas, 0,
	    COUNT(languages));
	tcase_add_test(t, a_version_has_each_language_once);
	tcase_add_loop_test(t, a_version_is_a_number_or_one_of_two_words, 0,
	    COUNT(whiches));
}

int
main(void)
{
	return run_tests("version", fill);
}
