/*
 * version.yaml, termination.yaml and manifests: over their limits, and
 * malformed.
 */
#include "unit.h"

#include "document/manifest.h"
#include "document/termination.h"
#include "document/version.h"

START_TEST(a_text_over_its_limit_is_refused_before_it_is_read)
{
	char *text = calloc(1, LIMIT_MANIFEST_BYTES + 1);
	struct termination termination;
	struct manifest manifest;
	struct error err = { 0 };

	ck_assert_ptr_null(
	    version_parse(span_of(text, LIMIT_VERSION_BYTES), &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_ptr_null(
	    version_parse(span_of(text, LIMIT_VERSION_BYTES + 1), &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	ck_assert(!termination_parse(span_of(text, LIMIT_VERSION_BYTES),
	    &termination, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert(!termination_parse(span_of(text, LIMIT_VERSION_BYTES + 1),
	    &termination, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	ck_assert(!manifest_parse(span_of(text, LIMIT_MANIFEST_BYTES),
	    &manifest, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert(!manifest_parse(span_of(text, LIMIT_MANIFEST_BYTES + 1),
	    &manifest, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	free(text);
}
END_TEST

START_TEST(a_manifest_has_so_many_files_and_no_more)
{
	struct manifest manifest = { 0 };
	struct error err = { 0 };

	for (unsigned i = 0; i < 2 * LIMIT_MEMBERS; i++)
		ck_ok(manifest_add(&manifest, "a", "a/b", NULL, &err), err);
	ck_assert(!manifest_add(&manifest, "a", "a/b", NULL, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	manifest_free(&manifest);
}
END_TEST

#define HASH                                                                   \
	"\"0000000000000000000000000000000000000000000000000000000000000000\""
#define ENDS(number, digest, reason, more)                                     \
	"valise: 1\ndocument: agreement/x1\nversion: " number                  \
	"\ndigest: " digest "\nreason: " reason "\n" more

static const struct {
	const char *text, *says; /* NULL: it is good */
} terminations[] = {
	{ ENDS("2", HASH, "over", ""), NULL },
	{ ENDS("0", HASH, "over", ""), "version" },
	{ ENDS("2", "x", "over", ""), "SHA-256" },
	{ ENDS("2", HASH, "\"a\\nb\"", ""), "5:9" },
	{ ENDS("2", HASH, "over", "more: 1\n"), "more" },
	{ "valise: 1\ndocument: agreement/x1\nversion: 2\ndigest: " HASH "\n",
	    "reason" },
	{ "valise: 1\ndocument: agreement/x1\nversion: 2\nreason: a\n",
	    "digest" },
	{ "- 1\n", "mapping" },
	{ "\"", "termination.yaml" },
};

START_TEST(a_termination_that_is_none_is_refused)
{
	struct termination it;
	struct buf text = BUF(10000);
	struct error err = { 0 };
	const bool good =
	    termination_parse(span_of_str(terminations[_i].text), &it, &err);

	ck_assert_msg(good == (terminations[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (!good) {
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
		ck_assert_msg(strstr(err.detail, terminations[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
		return;
	}
	ck_ok(termination_encode(&it, &text, &err), err);
	ck_assert(span_is(buf_span(&text), terminations[_i].text));
	buf_free(&text);
}
END_TEST

#define TITLED(title, rest)                                                    \
	"valise: 1\ndocument: agreement/x1\nversion: 1\ntitle:" title          \
	"office: mofa\nperson: a@mofa.example\n"                               \
	"created: 2026-11-23T10:00:00Z\n" rest
#define ANNEX(name)                                                            \
	"  - {file: annexes/" name ", media: a/b, size: 3, sha256: " HASH "}\n"
#define TEXT_OF(name, language, size)                                          \
	"  - {file: texts/" name ", language: " language                       \
	", authentic: true, media: a/b, size: " size ", sha256: " HASH "}\n"
#define ONE_TEXT "texts:\n" TEXT_OF("lo/a", "lo", "3")

static const struct {
	const char *text, *says; /* NULL: it is good */
} versions[] = {
	{ TITLED(" {en: A}\n", ONE_TEXT "annexes: []\n"), NULL },
	{ TITLED(" {en: A}\n", ONE_TEXT "annexes:\n" ANNEX("a") ANNEX("b")),
	    NULL },
	{ TITLED(" {}\n", ONE_TEXT "annexes: []\n"), "needs a title" },
	{ TITLED(" {e_n: A}\n", ONE_TEXT "annexes: []\n"),
	    "is not a language" },
	{ TITLED(" {en: [A]}\n", ONE_TEXT "annexes: []\n"), "en" },
	{ TITLED(" {en: A}\n", ONE_TEXT "annexes:\n" ANNEX("a") ANNEX("a")),
	    "stands twice" },
	{ TITLED(" {en: A}\n",
	      ONE_TEXT TEXT_OF("lo/a", "lo", "3") "annexes: []\n"),
	    "stands twice" },
	{ TITLED(" {en: A}\n", ONE_TEXT "annexes:\n" ANNEX("a/b")),
	    "should lie in annexes/" },
	{ TITLED(" {en: A}\n",
	      "texts:\n" TEXT_OF("lo/a", "lo", "4000000000") "annexes: []\n"),
	    NULL },
	{ TITLED(" {en: A}\n",
	      "texts:\n" TEXT_OF("lo/a", "lo", "4000000001") "annexes: []\n"),
	    "over 4000000000 bytes" },
};

START_TEST(a_version_names_each_file_once)
{
	struct error err = { 0 };
	struct version *it =
	    version_parse(span_of_str(versions[_i].text), &err);

	ck_assert_msg((it != NULL) == (versions[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (it == NULL)
		ck_assert_msg(strstr(err.detail, versions[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
	version_free(it);
}
END_TEST

/* So many titles, texts or annexes, of different names each. */
START_TEST(a_version_has_so_much_and_no_more)
{
	static const struct {
		unsigned titles, texts, annexes;
		const char *says; /* NULL: it is good */
	} rows[] = {
		{ LIMIT_LANGUAGES, LIMIT_TEXTS, LIMIT_ANNEXES, NULL },
		{ LIMIT_LANGUAGES + 1, 1, 1, "more than 32 titles" },
		{ 1, LIMIT_TEXTS + 1, 1, "more than 64 files" },
		{ 1, 1, LIMIT_ANNEXES + 1, "more than 256 files" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf text = BUF(LIMIT_VERSION_BYTES);
		struct error err = { 0 };
		struct version *it;

		ck_ok(buf_append_str(&text,
			  "valise: 1\ndocument: agreement/x1\nversion: 1\n"
			  "office: mofa\nperson: a@mofa.example\n"
			  "created: 2026-11-23T10:00:00Z\ntitle:\n",
			  &err),
		    err);
		for (unsigned n = 0; n < rows[i].titles; n++)
			ck_ok(buf_printf(&text, &err, "  fr-%03u: A\n", n),
			    err);
		ck_ok(buf_append_str(&text, "texts:\n", &err), err);
		for (unsigned n = 0; n < rows[i].texts; n++)
			ck_ok(buf_printf(&text, &err,
				  TEXT_OF("lo/a%u", "lo", "3"), n),
			    err);
		ck_ok(buf_append_str(&text, "annexes:\n", &err), err);
		for (unsigned n = 0; n < rows[i].annexes; n++)
			ck_ok(buf_printf(&text, &err, ANNEX("a%u"), n), err);
		it = version_parse(buf_span(&text), &err);
		ck_assert_msg((it != NULL) == (rows[i].says == NULL), "%zu: %s",
		    i, err.detail);
		if (it == NULL)
			ck_assert_msg(strstr(err.detail, rows[i].says) != NULL,
			    "%zu: %s", i, err.detail);
		version_free(it);
		buf_free(&text);
	}
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t, a_text_over_its_limit_is_refused_before_it_is_read);
	tcase_add_test(t, a_manifest_has_so_many_files_and_no_more);
	tcase_add_loop_test(t, a_version_names_each_file_once, 0,
	    COUNT(versions));
	tcase_add_test(t, a_version_has_so_much_and_no_more);
	tcase_add_loop_test(t, a_termination_that_is_none_is_refused, 0,
	    COUNT(terminations));
}

int
main(void)
{
	return run_tests("texts", fill);
}
