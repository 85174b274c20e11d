/*
 * A second verifier is written from docs/formats.md: every finding, status and
 * limit that it needs must be in its tables, as the program has it.
 */
#include "unit.h"

#include <stdio.h>

#include "base/file.h"
#include "verdict/verdict.h"

static char *docs, *advice; /* formats.md and codes.md, NUL-terminated */
static struct buf text, text_of_advice;

static char *
load(const char *name, struct buf *out)
{
	struct error err = { 0 };
	char path[4096];

	*out = BUF(1000000);
	snprintf(path, sizeof(path), "%s/docs/%s", getenv("VALISE_TOP"), name);
	ck_ok(file_read(path, out->max, out, &err) &&
		buf_append_u8(out, 0, &err),
	    err);
	return (char *)out->data;
}

static void
set_up(void)
{
	docs = load("formats.md", &text);
	advice = load("codes.md", &text_of_advice);
}

static void
tear_down(void)
{
	buf_free(&text);
	buf_free(&text_of_advice);
}

/* Does a line of that section ("\n## NAME\n") of a page begin with row? */
static bool
has_row(const char *page, const char *section, const char *row)
{
	const char *from = strstr(page, section), *until, *at;

	ck_assert_msg(from != NULL, "no section%s", section);
	from += strlen(section) - 1;
	until = strstr(from, "\n## ");
	at = strstr(from, row);
	return at != NULL && (until == NULL || at < until);
}

/* The rows of docs/formats.md and docs/codes.md that base/codes.def makes. */
static const struct {
	const char *section, *meaning, *advice_section, *advice;
} codes[] = {
#define FINDING(name, outcome, means, remedy)                                  \
	{ "\n## Findings\n", "\n| `" #name "` | " #outcome " | " means " |\n", \
		"\n## Findings of a verdict\n",                                \
		"\n| `" #name "` | " remedy " |\n" },
#define FAILURE(name, means, remedy)                                           \
	{ "\n## Errors\n", "\n| `" #name "` | " means " |\n", "\n## Errors\n", \
		"\n| `" #name "` | " remedy " |\n" },
#define BY_BOTH  "both"
#define BY_AUDIT "audit"
#define BY_FSCK  "fsck"
#define AUDITED(name, by, means, remedy)                                       \
	{ "\n## Audit\n", "\n| `" #name "` | " BY_##by " | " means " |\n",     \
		"\n## Findings of an audit\n",                                 \
		"\n| `" #name "` | " BY_##by " | " remedy " |\n" },
#include "base/codes.def"
};

START_TEST(every_code_is_in_the_tables)
{
	ck_assert_msg(has_row(docs, codes[_i].section, codes[_i].meaning),
	    "formats.md has no row%s", codes[_i].meaning);
	ck_assert_msg(has_row(advice, codes[_i].advice_section,
			  codes[_i].advice),
	    "codes.md has no row%s", codes[_i].advice);
}
END_TEST

START_TEST(every_kind_is_in_the_table)
{
	const struct error err = { .kind = (enum error_kind)_i };
	char row[100];

	snprintf(row, sizeof(row), "\n| `%s` | %d | ", error_code(&err),
	    error_exit_status(err.kind));
	ck_assert_msg(has_row(docs, "\n## Errors\n", row), "no row%s", row);
}
END_TEST

START_TEST(every_status_is_in_the_table)
{
	char row[100];

	for (int i = STATUS_DRAFT; i <= STATUS_LAPSED; i++) {
		snprintf(row, sizeof(row), "\n| `%s` | ",
		    status_name((enum status)i));
		ck_assert_msg(has_row(docs, "\n## Statuses\n", row), "no row%s",
		    row);
	}
}
END_TEST

static const struct {
	const char *of;
	uint64_t limit;
} limits[] = {
	{ "bytes of a container", LIMIT_CONTAINER_BYTES },
	{ "bytes of a text or annex", LIMIT_TEXT_BYTES },
	{ "bytes of a name in a path", LIMIT_NAME_BYTES },
	{ "bytes of a path", LIMIT_PATH_BYTES },
	{ "names in a path", LIMIT_PATH_LEVELS },
	{ "bytes of a slug", LIMIT_SLUG_BYTES },
	{ "bytes of an origin", LIMIT_ORIGIN_BYTES },
	{ "bytes of an e-mail address", LIMIT_EMAIL_BYTES },
	{ "bytes of a language", LIMIT_LANGUAGE_BYTES },
	{ "bytes of a title", LIMIT_TITLE_BYTES },
	{ "bytes of a note or a reason", LIMIT_NOTE_BYTES },
	{ "bytes of a media type", LIMIT_MEDIA_BYTES },
	{ "members of a container", LIMIT_MEMBERS },
	{ "bytes of a file of META-INF", LIMIT_META_BYTES },
	{ "bytes of META-INF, version.yaml, termination.yaml and mimetype"
	  " together",
	    LIMIT_META_TOTAL },
	{ "inflated to deflated size", LIMIT_ZIP_RATIO },
	{ "bytes below which that is not asked of a member",
	    LIMIT_ZIP_RATIO_FREE },
	{ "bytes of all members beyond which it is asked of them together",
	    LIMIT_ZIP_TOTAL_FREE },
	{ "bytes of version.yaml, of termination.yaml", LIMIT_VERSION_BYTES },
	{ "bytes of a manifest", LIMIT_MANIFEST_BYTES },
	{ "bytes of a signature", LIMIT_SIGNATURE_BYTES },
	{ "signatures beside origin and seal", LIMIT_SIGNATURES },
	{ "receipts in a copy", LIMIT_RECEIPTS },
	{ "texts of a version", LIMIT_TEXTS },
	{ "annexes of a version", LIMIT_ANNEXES },
	{ "languages of a title", LIMIT_LANGUAGES },
	{ "bytes of a waybill", LIMIT_WAYBILL_BYTES },
	{ "slips of a waybill", LIMIT_SLIPS },
	{ "bytes of a slip", LIMIT_SLIP_BYTES },
	{ "bytes of a certificate", LIMIT_CERT_BYTES },
	{ "certificates in a signature", LIMIT_CERTS_IN_CMS },
	{ "certificates of a CA", LIMIT_CA_CERTS },
	{ "bytes of a file of CRLs", LIMIT_CRL_BYTES },
	{ "levels of DER", LIMIT_DER_DEPTH },
	{ "timestamps on a signature", LIMIT_TIMESTAMPS },
	{ "bytes of a timestamp", LIMIT_TIMESTAMP_BYTES },
	{ "manifests of another maker's container", LIMIT_FOREIGN_MANIFESTS },
	{ "signatures and timestamps that are files of one",
	    LIMIT_FOREIGN_SIGNATURES },
	{ "bytes of a CMS or timestamp of another maker",
	    LIMIT_FOREIGN_CMS_BYTES },
	{ "signers, or digest algorithms, of one", LIMIT_FOREIGN_SIGNERS },
	{ "timestamps on a signature of another maker",
	    LIMIT_FOREIGN_TIMESTAMPS },
	{ "levels of YAML", LIMIT_YAML_DEPTH },
	{ "nodes of YAML", LIMIT_YAML_NODES },
	{ "files of a policy, or of a set of CRLs", LIMIT_POLICY_FILES },
	{ "bytes of those together", LIMIT_POLICY_ZIP_BYTES },
	{ "offices of a policy", LIMIT_OFFICES },
	{ "types of a policy", LIMIT_TYPES },
	{ "full powers of a policy", LIMIT_POWERS },
	{ "bytes of an entry", LIMIT_ENTRY_BYTES },
	{ "bytes of a checkpoint's text", LIMIT_NOTE_TEXT },
	{ "bytes of a note", LIMIT_NOTE_FILE },
	{ "signature lines of a note", LIMIT_NOTE_LINES },
	{ "hashes of a receipt", LIMIT_PROOF_HASHES },
	{ "bytes of a receipt", LIMIT_PROOF_FILE },
	{ "keys of a journal", LIMIT_JOURNAL_KEYS },
	{ "witnesses of a policy", LIMIT_WITNESSES },
};

START_TEST(every_limit_is_in_the_table)
{
	char row[200];

	snprintf(row, sizeof(row), "\n| %s | %llu |\n", limits[_i].of,
	    (unsigned long long)limits[_i].limit);
	ck_assert_msg(has_row(docs, "\n## Limits\n", row), "no row%s", row);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, every_code_is_in_the_tables, 0, COUNT(codes));
	tcase_add_loop_test(t, every_kind_is_in_the_table, ERROR_UNTRUSTED,
	    ERROR_LIMIT + 1);
	tcase_add_test(t, every_status_is_in_the_table);
	tcase_add_loop_test(t, every_limit_is_in_the_table, 0, COUNT(limits));
}

int
main(void)
{
	return run_tests("formats", fill);
}
