/*
 * The JSON that the daemon and the command both write: documents, their rows,
 * and errors.
 */
#include "unit.h"

#include "record/json.h"

#define ZEROS   "00000000000000000000000000000000"
#define DIGEST0 ZEROS ZEROS
#define DIGEST1 "01" ZEROS "000000000000000000000000000000"

/* It is taken over. */
static void
check_json(json_t *json, const char *wanted)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, wanted);
	free(text);
	json_decref(json);
}

static struct ledger_signer signers[2] = {
	{ .person = "b@x.example",
	    .office = "iom",
	    .time_ms = 1500,
	    .index = 7 },
	{ .person = "c@x.example",
	    .office = "mofa",
	    .time_ms = 1750,
	    .index = 8,
	    .terminates = true },
};
static uint64_t acts[2][1] = { { 3 }, { 9 } };
static struct ledger_version versions[2] = {
	{ .number = 1,
	    .time_ms = 1000,
	    .person = "a@x.example",
	    .office = "mofa",
	    .signers = signers,
	    .num_signers = 2,
	    .acts = acts[0],
	    .num_acts = 1,
	    .status = STATUS_WITHDRAWN },
	{ .number = 2,
	    .digest = { { 1 } },
	    .time_ms = 2000,
	    .person = "b@x.example",
	    .office = "iom",
	    .acts = acts[1],
	    .num_acts = 1,
	    .status = STATUS_DRAFT },
};
static struct ledger_document doc = { .name = "agreement/one",
	.title = "lo=\xe0\xba\x81\nen=One",
	.versions = versions,
	.num_versions = 2 };

#define TITLES "\"titles\":{\"en\":\"One\",\"lo\":\"\xe0\xba\x81\"}"
#define VERSION1                                                               \
	"{\"contents\":\"" DIGEST0 "\",\"digest\":\"" DIGEST0                  \
	"\",\"entry\":3,\"office\":\"mofa\",\"person\":\"a@x.example\","       \
	"\"signatures\":[{\"act\":\"sign\",\"entry\":7,\"office\":\"iom\","    \
	"\"person\":\"b@x.example\",\"time\":\"1970-01-01T00:00:01.500Z\"},"   \
	"{\"act\":\"terminate\",\"entry\":8,\"office\":\"mofa\","              \
	"\"person\":\"c@x.example\",\"time\":\"1970-01-01T00:00:01.750Z\"}],"  \
	"\"status\":\"withdrawn\",\"time\":\"1970-01-01T00:00:01.000Z\","      \
	"\"version\":1,\"withdrawn\":{\"entry\":9,\"office\":\"iom\","         \
	"\"person\":\"b@x.example\",\"time\":\"1970-01-01T00:00:02.000Z\","    \
	"\"version\":2}}"
#define VERSION2                                                               \
	"{\"contents\":\"" DIGEST0 "\",\"digest\":\"" DIGEST1                  \
	"\",\"entry\":9,\"office\":\"iom\",\"person\":\"b@x.example\","        \
	"\"signatures\":[],\"status\":\"draft\","                              \
	"\"time\":\"1970-01-01T00:00:02.000Z\",\"version\":2,"                 \
	"\"withdrawn\":null}"
#define ROW                                                                    \
	"{\"digest\":\"" DIGEST1 "\",\"document\":\"agreement/one\","          \
	"\"in-force\":null,\"office\":\"iom\",\"status\":\"draft\","           \
	"\"time\":\"1970-01-01T00:00:02.000Z\",\"title\":\"One\"," TITLES      \
	",\"version\":2}"
#define ROW_IN_FORCE                                                           \
	"{\"digest\":\"" DIGEST1 "\",\"document\":\"agreement/one\","          \
	"\"in-force\":{\"digest\":\"" DIGEST0 "\",\"version\":1},"             \
	"\"office\":\"iom\",\"status\":\"draft\","                             \
	"\"time\":\"1970-01-01T00:00:02.000Z\",\"title\":\"One\"," TITLES      \
	",\"version\":2}"

START_TEST(a_document_is_told_with_all_its_versions)
{
	check_json(json_of_version(&doc, &versions[0]), VERSION1);
	check_json(json_of_document(doc.name, doc.title, STATUS_DRAFT,
		       json_of_versions(&doc)),
	    "{\"document\":\"agreement/one\",\"in-force\":null,"
	    "\"status\":\"draft\",\"title\":\"One\"," TITLES
	    ",\"versions\":[" VERSION1 "," VERSION2 "]}");
}
END_TEST

START_TEST(a_row_is_the_same_whoever_tells_it)
{
	json_t *document = json_of_document(doc.name, doc.title, STATUS_DRAFT,
	    json_of_versions(&doc));

	check_json(json_row_of(document), ROW);
	json_decref(document);
	check_json(json_of_row(&doc, doc.title), ROW);
}
END_TEST

START_TEST(a_row_tells_what_is_in_force_beside_the_newest)
{
	json_t *document;

	versions[0].status = STATUS_IN_FORCE;
	document = json_of_document(doc.name, doc.title, STATUS_DRAFT,
	    json_of_versions(&doc));
	check_json(json_row_of(document), ROW_IN_FORCE);
	json_decref(document);
	check_json(json_of_row(&doc, doc.title), ROW_IN_FORCE);
	/* What was terminated is in force no more. */
	versions[0].status = STATUS_TERMINATED;
	check_json(json_of_row(&doc, doc.title), ROW);
	versions[0].status = STATUS_WITHDRAWN;
}
END_TEST

START_TEST(a_title_is_in_the_readers_language)
{
	json_t *json = json_of_row(&doc, "lo=a\nen=b\npt-br=c\nfr=d");
	json_t *older = json_pack("{s:s}", "title", "Old");

	ck_assert_str_eq(json_text(json, "title"), "b");
	ck_assert_str_eq(json_title(json, "lo"), "a");
	ck_assert_str_eq(json_title(json, "pt-br"), "c");
	ck_assert_str_eq(json_title(json, "fr-ca"), "d");
	ck_assert_str_eq(json_title(json, "th"), "b");
	ck_assert_str_eq(json_title(older, "lo"), "Old");
	json_decref(json);
	json_decref(older);
}
END_TEST

START_TEST(of_what_is_no_document_there_is_no_row)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"{\"document\":\"a\",\"title\":\"b\",\"status\":\"draft\"}",
		"{\"document\":\"a\",\"title\":\"b\",\"status\":\"draft\","
		"\"versions\":[]}",
		"{\"document\":\"a\",\"title\":\"b\",\"status\":\"draft\","
		"\"versions\":[{\"version\":1}]}",
		"{\"document\":\"a\",\"title\":\"b\",\"status\":\"draft\","
		"\"versions\":[7]}",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		json_t *json = json_loads(texts[i], 0, NULL);

		ck_assert_ptr_nonnull(json);
		ck_assert_ptr_null(json_row_of(json));
		json_decref(json);
	}
}
END_TEST

START_TEST(a_text_is_one_or_empty)
{
	json_t *json = json_loads("{\"a\":\"b\",\"c\":7,\"d\":null}", 0, NULL);

	ck_assert_str_eq(json_text(json, "a"), "b");
	ck_assert_str_eq(json_text(json, "c"), "");
	ck_assert_str_eq(json_text(json, "d"), "");
	ck_assert_str_eq(json_text(json, "e"), "");
	ck_assert_str_eq(json_text(NULL, "a"), "");
	json_decref(json);
}
END_TEST

START_TEST(an_error_is_told_with_its_exit)
{
	struct error err = { 0 };

	(void)error_set_code(&err, ERROR_REFUSED, "NOT_MEMBER", "no \"%s\"",
	    "x");
	check_json(json_of_error(&err),
	    "{\"code\":\"NOT_MEMBER\",\"detail\":\"no \\\"x\\\"\",\"exit\":3,"
	    "\"title\":\"Refused by policy\"}");
	/* Cut within a character: it is left out, and the rest is told. */
	snprintf(err.detail, sizeof(err.detail), "cut \xe2\x82");
	check_json(json_of_error(&err),
	    "{\"code\":\"NOT_MEMBER\",\"detail\":\"\",\"exit\":3,"
	    "\"title\":\"Refused by policy\"}");
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t, a_document_is_told_with_all_its_versions);
	tcase_add_test(t, a_row_is_the_same_whoever_tells_it);
	tcase_add_test(t, a_row_tells_what_is_in_force_beside_the_newest);
	tcase_add_test(t, a_title_is_in_the_readers_language);
	tcase_add_test(t, of_what_is_no_document_there_is_no_row);
	tcase_add_test(t, a_text_is_one_or_empty);
	tcase_add_test(t, an_error_is_told_with_its_exit);
}

int
main(void)
{
	return run_tests("json", fill);
}
