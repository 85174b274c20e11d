/*
 * A version in the store, the depositary's commits, the branches, and what an
 * audit says of a copy.
 */
#include "unit.h"

#include <stdio.h>

#include "backend/memory/memory.h"
#include "base/file.h"
#include "policy_fixture.h"
#include "record/audit.h"
#include "record/refs.h"
#include "record/stored.h"
#include "store/commit.h"

#define SIGNED INT64_C(1790000000) /* 2026-09-21 */

enum { DEPOSITARY, OTHER, STRANGER, EXPIRED, PERSONS };

static struct identity mofa, iom, persons[PERSONS];
static struct policy *policy;
static struct cert_cache *certs;
static char dir[UNIT_DIR];
static struct store *store;

static void
make_people(void)
{
	struct identity unknown = fixture_ca("MOFA CA");
	struct error err = { 0 };

	mofa = fixture_ca("MOFA CA");
	iom = fixture_ca("IOM CA");
	policy = fixture_policy(&mofa, &iom);
	certs = cert_cache_new(&err);
	persons[DEPOSITARY] =
	    fixture_signer(&mofa, "depositary@mofa.example", "");
	persons[OTHER] = fixture_signer(&mofa, "a@mofa.example", "");
	persons[STRANGER] =
	    fixture_signer(&unknown, "depositary@mofa.example", "");
	persons[EXPIRED] = fixture_issue(&mofa,
	    &(struct fixture_cert){ .email = "depositary@mofa.example",
		.key_usage = "critical,nonRepudiation",
		.until_at = SIGNED - 1 });
	identity_free(&unknown);
}

static void
set_up(void)
{
	struct error err = { 0 };
	char path[FILE_PATH];

	unit_make_dir(dir);
	ck_ok(file_join(path, dir, "store.git", &err) &&
		store_create(path, &err),
	    err);
	ck_assert_ptr_nonnull(store = store_open(path, &err));
	make_people();
}

static void
set_up_memory(void)
{
	struct error err = { 0 };

	unit_make_dir(dir);
	ck_assert_ptr_nonnull(store = store_new(memory_open(&err), &err));
	make_people();
}

static void
tear_down(void)
{
	store_free(store);
	policy_free(policy);
	cert_cache_free(certs);
	for (size_t i = 0; i < PERSONS; i++)
		identity_free(&persons[i]);
	identity_free(&mofa);
	identity_free(&iom);
	unit_remove_dir(dir);
}

/* --- The depositary's signature of a commit. --- */

static const struct {
	const char *says; /* NULL: it is good */
	int signer;
	enum commitment commitment;
	enum { NONE, LIST, STALE, LISTED } lists;
	bool altered; /* what it is over */
} commits[] = {
	{ NULL, DEPOSITARY, COMMITMENT_NONE, NONE, false },
	{ NULL, DEPOSITARY, COMMITMENT_NONE, LIST, false },
	{ "", DEPOSITARY, COMMITMENT_NONE, LIST, true },
	{ "is no proof of origin", DEPOSITARY, COMMITMENT_ORIGIN, LIST, false },
	{ "is no proof of receipt", DEPOSITARY, COMMITMENT_RECEIPT, LIST,
	    false },
	{ "not the depositary's", OTHER, COMMITMENT_NONE, LIST, false },
	{ "not the depositary's", STRANGER, COMMITMENT_NONE, NONE, false },
	{ "was not valid", EXPIRED, COMMITMENT_NONE, NONE, false },
	{ "was not valid", EXPIRED, COMMITMENT_NONE, LIST, false },
	{ "was revoked", DEPOSITARY, COMMITMENT_NONE, LISTED, false },
	{ "no CRL", DEPOSITARY, COMMITMENT_NONE, STALE, false },
};

START_TEST(a_commit_is_signed_by_the_depositary)
{
	const int64_t at = SIGNED + (commits[_i].lists == STALE ? -9000 : 10);
	struct error err = { 0 };
	struct crls *lists = crls_new(&err);
	struct revocation *revocation = revocation_new(&err);
	struct buf list = BUF(10000), der = BUF(10000);
	struct cades out;
	bool good;

	fixture_crl(&mofa, at, at + 3600,
	    commits[_i].lists == LISTED ? persons[DEPOSITARY].cert : NULL,
	    SIGNED - 1, &list);
	ck_ok(crls_add(lists, buf_span(&list), NULL, &err) &&
		revocation_add(revocation, lists, policy->trust, 7, at, &err) &&
		cades_sign(&persons[commits[_i].signer],
		    span_of_str("tree 1\n"), commits[_i].commitment, SIGNED,
		    &der, &err),
	    err);
	good = commit_judge(certs, policy,
	    commits[_i].lists != NONE ? revocation : NULL,
	    span_of_str(commits[_i].altered ? "tree 2\n" : "tree 1\n"),
	    buf_span(&der), &out, &err);
	ck_assert_msg(good == (commits[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (!good)
		ck_assert_msg(err.kind == ERROR_UNTRUSTED &&
			strstr(err.detail, commits[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
	cades_free(&out);
	revocation_free(revocation);
	crls_free(lists);
	buf_free(&list);
	buf_free(&der);
}
END_TEST

#define BEGIN "gpgsig -----BEGIN SIGNED MESSAGE-----\n"
#define END   " -----END SIGNED MESSAGE-----\n"

static const struct {
	const char *commit, *content, *der; /* NULL: it is refused */
} armours[] = {
	{ "tree 1\n" BEGIN " QUJD\n" END "\nmessage\n", "tree 1\n\nmessage\n",
	    "ABC" },
	{ "tree 1\n" BEGIN " QUJD\n REVG\n" END "encoding x\n\nm\n",
	    "tree 1\nencoding x\n\nm\n", "ABCDEF" },
	/* What the message has in it is no signature. */
	{ "tree 1\n" BEGIN " QUJD\n" END "\n" BEGIN " REVG\n" END,
	    "tree 1\n\n" BEGIN " REVG\n" END, "ABC" },
	{ "tree 1\n\n" BEGIN " QUJD\n" END, NULL, NULL },
	{ "tree 1\n\nmessage\n", NULL, NULL },
	{ "tree 1\ngpgsig -----BEGIN PGP SIGNATURE-----\n QUJD\n\nm\n", NULL,
	    NULL },
	{ "tree 1\n" BEGIN " *\n" END "\nmessage\n", NULL, NULL },
	{ "", NULL, NULL },
};

START_TEST(a_commits_signature_is_taken_out_of_its_armour)
{
	struct buf content = BUF(10000), der = BUF(10000);
	struct error err = { 0 };
	const bool good = commit_signature(span_of_str(armours[_i].commit),
	    &content, &der, &err);

	ck_assert_msg(good == (armours[_i].der != NULL), "%d: %s", _i,
	    err.detail);
	if (good) {
		ck_assert(span_is(buf_span(&content), armours[_i].content));
		ck_assert(span_is(buf_span(&der), armours[_i].der));
	} else {
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	}
	buf_free(&content);
	buf_free(&der);
}
END_TEST

/* --- Versions. --- */

static struct oid
put_commit(struct pack *pack, const struct oid *tree, const char *message)
{
	char hex[OID_HEX], text[500];
	struct error err = { 0 };
	struct oid oid;

	oid_hex(tree, hex);
	snprintf(text, sizeof(text),
	    "tree %s\nauthor a <a@b.example> 1700000000 +0000\n"
	    "committer a <a@b.example> 1700000000 +0000\n\n%s\n",
	    hex, message);
	ck_ok(pack_add(pack, OBJECT_COMMIT, span_of_str(text), &oid, &err),
	    err);
	return oid;
}

#define HEX64 "0000000000000000000000000000000000000000000000000000000000000000"

static const char yaml[] =
    "valise: 1\ndocument: mou/one\nversion: 1\ntitle:\n  en: A title\n"
    "office: mofa\nperson: a@mofa.example\ncreated: 2026-11-23T10:00:00Z\n"
    "texts:\n  - {file: texts/en/a.txt, language: en, authentic: true,"
    " media: text/plain, size: 5, sha256: \"" HEX64 "\"}\nannexes: []\n";

/* A commit of these files, with a version.yaml or without. */
static struct oid
put_version(const char *version)
{
	struct error err = { 0 };
	struct container *c = container_new(&err);
	struct pack *pack = pack_new(store, &err);
	struct oid tree, oid;

	ck_ok(container_put(c, "mimetype", span_of_str("x"), &err) &&
		container_put(c, "META-INF/a.xml", span_of_str("<a/>"), &err) &&
		container_put(c, "texts/en/a.txt", span_of_str("hello"),
		    &err) &&
		(version == NULL ||
		    container_put(c, PATH_VERSION, span_of_str(version),
			&err)) &&
		container_hash(c, NULL, &err) &&
		pack_add_tree(pack, c, true, &tree, &err),
	    err);
	oid = put_commit(pack, &tree, "m");
	ck_ok(pack_finish(pack, &err), err);
	pack_free(pack);
	container_free(c);
	return oid;
}

START_TEST(a_version_comes_out_of_the_store_as_it_went_in)
{
	const struct oid oid = put_version(yaml);
	struct error err = { 0 };

	static struct container *(*const from_store[])(struct store * store,
	    const struct oid *commit, struct error *err) = { stored_version,
		stored_to_judge, stored_to_copy };

	for (size_t i = 0; i < COUNT(from_store); i++) {
		struct container *c = from_store[i](store, &oid, &err);
		struct buf text = BUF(100);

		ck_assert_msg(c != NULL, "%s", err.detail);
		ck_assert_uint_eq(c->num, 4);
		ck_assert(span_is(member_bytes(container_find(c, PATH_VERSION)),
		    yaml));
		ck_assert(
		    span_is(member_bytes(container_find(c, "META-INF/a.xml")),
			"<a/>"));
		ck_ok(member_stream(container_find(c, "texts/en/a.txt"),
			  sink_to_buf, &text, &err),
		    err);
		ck_assert(span_is(buf_span(&text), "hello"));
		buf_free(&text);
		container_free(c);
	}
}
END_TEST

START_TEST(a_stored_version_without_its_yaml_is_none)
{
	static const char *const rows[] = { NULL, "valise: 2\n" };

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct oid oid = put_version(rows[i]);
		struct error err = { 0 };

		ck_assert_ptr_null(stored_version(store, &oid, &err));
		ck_assert_ptr_nonnull(strstr(err.detail, "version.yaml"));
		ck_assert_ptr_null(stored_to_judge(store, &oid, &err));
	}
}
END_TEST

START_TEST(a_commit_that_is_not_there_is_told)
{
	const struct oid oid = { { 1 } };
	struct error err = { 0 };

	ck_assert_ptr_null(stored_version(store, &oid, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
}
END_TEST

/* One tree of more files than a container can have: each the same blob. */
START_TEST(a_stored_version_has_so_many_files_and_no_more)
{
	struct error err = { 0 };
	struct pack *pack = pack_new(store, &err);
	struct buf tree = BUF(1000000);
	struct oid blob, oid;

	ck_ok(pack_add(pack, OBJECT_BLOB, span_of_str("x"), &blob, &err), err);
	for (unsigned i = 0; i < 2 * LIMIT_MEMBERS + 1; i++)
		ck_ok(buf_printf(&tree, &err, "100644 f%04u", i) &&
			buf_append_u8(&tree, 0, &err) &&
			buf_append(&tree, span_of(blob.bytes, OID_BYTES), &err),
		    err);
	ck_ok(pack_add(pack, OBJECT_TREE, buf_span(&tree), &oid, &err), err);
	oid = put_commit(pack, &oid, "m");
	ck_ok(pack_finish(pack, &err), err);
	ck_assert_ptr_null(stored_version(store, &oid, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	ck_assert_msg(strstr(err.detail, "too many files") != NULL, "%s",
	    err.detail);
	pack_free(pack);
	buf_free(&tree);
}
END_TEST

/* --- The entries of its acts. --- */

static bool
take_entry(void *arg, uint64_t index, struct span entry, struct error *err)
{
	(void)arg, (void)index, (void)entry, (void)err;
	return true;
}

START_TEST(an_act_that_is_no_entry_is_told)
{
	static const char good[] =
	    "{\"act\":\"later\",\"policy\":\"" HEX64
	    "\",\"salt\":\"00000000000000000000000000000000\","
	    "\"time\":\"2026-11-23T10:00:01.250Z\",\"valise\":1}";
	const struct span entries[2] = { span_of_str(good),
		span_of_str("no entry") };
	const uint64_t one[1] = { 0 }, two[2] = { 0, 1 };
	const struct head none = { .root = merkle_empty() };
	struct journal_mended mended;
	struct note_signer signer;
	struct verdict_act *acts;
	struct journal *journal;
	struct note_keys keys;
	struct error err = { 0 };
	struct head head;

	ck_ok(note_signer_make("log.test", NOTE_JOURNAL, &signer, &err) &&
		journal_create(dir, &err),
	    err);
	keys = note_keys_of(&signer.key);
	journal =
	    journal_open(dir, &keys, &none, take_entry, NULL, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_ok(journal_append(journal, entries, 2, &head, &err) &&
		journal_commit(journal, &head, &err),
	    err);
	acts = stored_acts(journal, one, 1, &err);
	ck_assert_msg(acts != NULL, "%s", err.detail);
	ck_assert_uint_eq(acts[0].index, 0);
	ck_assert_str_eq(acts[0].entry.act_name, "later");
	free(acts);
	ck_assert_ptr_null(stored_acts(journal, two, 2, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	journal_free(journal);
}
END_TEST

/* --- The branches. --- */

static struct ledger *
ledger_with(const char *document, const struct oid *tip)
{
	static struct entry entry;
	struct error err = { 0 };
	struct ledger *ledger = ledger_new(&err);

	entry = (struct entry){ .act = ACT_DEPOSIT,
		.has = 1u << ENTRY_DOCUMENT | 1u << ENTRY_VERSION |
		    1u << ENTRY_COMMIT,
		.version = 1 };
	snprintf(entry.document, sizeof(entry.document), "%s", document);
	memcpy(entry.commit, tip->bytes, OID_BYTES);
	ck_ok(ledger_apply(ledger, 0, &entry, &err), err);
	return ledger;
}

static char told[500];

static void
tell_branch(void *arg, const struct ref_told *one)
{
	(void)arg;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s%s ",
	    one->ref, one->should == NULL ? " is stray" : "");
}

static const struct {
	const char *branch; /* which there is, or NULL; at ours or at theirs */
	bool ours;
	const char *says;
} branches[] = {
	{ "refs/heads/mou/one", true, "" },
	{ "refs/heads/mou/one", false, "refs/heads/mou/one " },
	{ NULL, false, "refs/heads/mou/one " },
	{ "refs/heads/mou/two", true,
	    "refs/heads/mou/one refs/heads/mou/two is stray " },
	{ "refs/tags/one", true, "refs/heads/mou/one " },
};

START_TEST(a_branch_is_where_the_journal_says)
{
	const struct oid ours = put_version(yaml), theirs = put_version(NULL);
	struct ledger *ledger = ledger_with("mou/one", &ours);
	const char *branch = branches[_i].branch;
	struct error err = { 0 };
	struct oid tip;

	if (branch != NULL)
		ck_ok(store_set_ref(store, branch,
			  branches[_i].ours ? &ours : &theirs, &err),
		    err);
	for (unsigned mend = 0; mend < 3; mend++) {
		told[0] = '\0';
		ck_ok(refs_follow(store, ledger, mend > 0, tell_branch, NULL,
			  &err),
		    err);
		/* After it was mended there is nothing to be told. */
		ck_assert_str_eq(told, mend < 2 ? branches[_i].says : "");
	}
	ck_assert(store_get_ref(store, "refs/heads/mou/one", &tip));
	ck_assert(oid_eq(&tip, &ours));
	ck_assert(!store_get_ref(store, "refs/heads/mou/two", &tip));
	ledger_free(ledger);
}
END_TEST

/* --- What the ledger answers. --- */

START_TEST(a_ledger_finds_what_it_was_told)
{
	static struct entry entry;
	const struct oid one = { { 1 } }, two = { { 2 } }, none = { { 3 } };
	/* It begins at the same place of the table as the first. */
	struct oid beside = one;
	struct ledger *ledger = ledger_with("mou/one", &one);
	struct ledger_places places;
	struct error err = { 0 };
	struct digest bag = { { 7 } };

	beside.bytes[OID_BYTES - 1] = 9;
	entry = (struct entry){ .act = ACT_DEPOSIT,
		.has = 1u << ENTRY_DOCUMENT | 1u << ENTRY_VERSION |
		    1u << ENTRY_COMMIT | 1u << ENTRY_PERSON,
		.version = 1,
		.time_ms = 5 };
	snprintf(entry.document, sizeof(entry.document), "mou/two");
	snprintf(entry.person, sizeof(entry.person), "a@mofa.example");
	memcpy(entry.commit, two.bytes, OID_BYTES);
	ck_ok(ledger_apply(ledger, 1, &entry, &err), err);
	ck_assert_uint_eq(ledger_of_commit(ledger, &one), 0);
	ck_assert_uint_eq(ledger_of_commit(ledger, &two), 1);
	ck_assert_uint_eq(ledger_of_commit(ledger, &none), LEDGER_NONE);
	ck_assert_uint_eq(ledger_of_commit(ledger, &beside), LEDGER_NONE);
	places = ledger_about(ledger, ledger_number(ledger, "mou/two"));
	ck_assert_uint_eq(places.num, 1);
	ck_assert_uint_eq(ledger_place(&places, 0), 1);
	places = ledger_about(ledger, ledger_number(ledger, "a@mofa.example"));
	ck_assert_uint_eq(places.num, 1);
	ck_assert_uint_eq(ledger_about(ledger, 0).num, 0);
	ck_assert_uint_eq(ledger_about(ledger, 99).num, 0);
	ck_assert_uint_eq(ledger_of_act(ledger, ACT_DEPOSIT).num, 2);
	/* A bag is found by its digest, and as what it is. */
	entry =
	    (struct entry){ .act = ACT_DISPATCH, .time_ms = 5, .digest = bag };
	ck_ok(ledger_apply(ledger, 2, &entry, &err), err);
	entry.digest.bytes[0]++;
	ck_ok(ledger_apply(ledger, 3, &entry, &err), err);
	ck_assert_uint_eq(ledger_of_bag(ledger, ACT_DISPATCH, &bag), 2);
	ck_assert_uint_eq(ledger_of_bag(ledger, ACT_ACKNOWLEDGE, &bag),
	    LEDGER_NONE);
	bag.bytes[0] = 99;
	ck_assert_uint_eq(ledger_of_bag(ledger, ACT_DISPATCH, &bag),
	    LEDGER_NONE);
	/* Time does not run backwards. */
	entry.time_ms = 4;
	ck_assert(!ledger_apply(ledger, 4, &entry, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_ptr_nonnull(strstr(err.detail, "its time is before"));
	ledger_free(ledger);
}
END_TEST

/* More than its table begins with: it grows. */
START_TEST(a_ledger_of_many_documents_finds_each)
{
	static struct entry entry;
	struct error err = { 0 };
	struct ledger *ledger = ledger_new(&err);
	struct oid oid = { { 0 } };

	for (uint32_t i = 0; i < 600; i++) {
		entry = (struct entry){ .act = ACT_DEPOSIT,
			.has = 1u << ENTRY_DOCUMENT | 1u << ENTRY_VERSION |
			    1u << ENTRY_COMMIT,
			.version = 1 };
		snprintf(entry.document, sizeof(entry.document), "mou/d%u", i);
		/* All begin at one place of the table. */
		memcpy(entry.commit + 10, &i, sizeof(i));
		ck_ok(ledger_apply(ledger, i, &entry, &err), err);
	}
	for (uint32_t i = 0; i < 600; i++) {
		memcpy(oid.bytes + 10, &i, sizeof(i));
		ck_assert_uint_eq(ledger_of_commit(ledger, &oid), i);
	}
	ledger_free(ledger);
}
END_TEST

/* --- What an audit says of a copy. --- */

static void
report(void *arg, const struct audit_finding *finding)
{
	(void)arg;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s %lld ",
	    finding->code, (long long)finding->index);
}

static void
report_disputed(void *arg, const struct audit_finding *finding)
{
	(void)arg;
	snprintf(told + strlen(told), sizeof(told) - strlen(told),
	    "disputed: %s ", finding->code);
}

static const struct {
	const char *what, *says;
	/* Of whom a list said so after the act, and before; 0 nobody. */
	unsigned later, before;
} copies[] = {
	{ "the same", "" },
	{ "contents", "CONTENTS_DIFFER 8 " },
	{ "digest", "VERSION_DIFFERS 3 " },
	{ "an act", "NOT_IN_COPY 8 " },
	{ "the status", "STATUS_DIFFERS -1 " },
	{ "a finding", "SIGNER_REVOKED -1 " },
	{ "nothing", "SIGNER_REVOKED -1 " }, /* no version to compare */
	{ "a finding", "disputed: SIGNER_REVOKED ", 2, 0 },
	{ "a finding", "SIGNER_REVOKED -1 ", 1, 1 },
	{ "another finding", "TEXT_MISSING -1 ", 2, 0 },
};

START_TEST(a_copy_tells_of_all_that_the_journal_does)
{
	const unsigned later = copies[_i].later, before = copies[_i].before;
	const struct audit_settings settings = { .report = report,
		.report_disputed =
		    later + before > 0 ? report_disputed : NULL };
	struct verdict_signature signatures[2] = { 0 };
	const char *what = copies[_i].what;
	uint64_t indices[] = { 3, 8 };
	struct ledger_version version = { .number = 1,
		.status = STATUS_SIGNED_IN_PART,
		.num_acts = 2,
		.acts = indices };
	const struct ledger_document document = { .name = "mou/one" };
	static struct verdict_act acts[2];
	struct finding finding = { .code = FINDING_SIGNER_REVOKED };
	struct version some = { .number = 1 };
	struct verdict verdict = { .version = &some,
		.status = STATUS_SIGNED_IN_PART,
		.acts = acts,
		.num_acts = 2 };
	struct error err = { 0 };
	struct audit *audit = audit_new(&settings, &err);

	told[0] = '\0';
	acts[0].index = 3;
	acts[1].index = strcmp(what, "an act") == 0 ? 7 : 8;
	if (strcmp(what, "contents") == 0)
		version.contents.bytes[0] = 1;
	if (strcmp(what, "digest") == 0)
		version.digest.bytes[0] = 1;
	if (strcmp(what, "the status") == 0)
		verdict.status = STATUS_DRAFT;
	for (unsigned i = 0; i < later + before; i++)
		signatures[i] =
		    (struct verdict_signature){ .then = TRUST_REVOKED,
			    .disputed = i < later };
	verdict.signatures = signatures;
	verdict.num_signatures = later + before;
	if (strcmp(what, "another finding") == 0)
		finding.code = FINDING_TEXT_MISSING;
	if (strstr(what, "finding") != NULL || strcmp(what, "nothing") == 0) {
		verdict.findings = &finding;
		verdict.num_findings = 1;
		verdict.status = STATUS_DRAFT;
	}
	if (strcmp(what, "nothing") == 0) {
		verdict.version = NULL;
		version.digest.bytes[0] = 1;
	}
	audit_verdict(audit, &document, &version, &verdict);
	ck_assert_str_eq(told, copies[_i].says);
	audit_free(audit);
}
END_TEST

/* What the storage has a part in. */
static void
fill_common(TCase *t)
{
	tcase_add_test(t, a_version_comes_out_of_the_store_as_it_went_in);
	tcase_add_test(t, a_stored_version_without_its_yaml_is_none);
	tcase_add_test(t, a_commit_that_is_not_there_is_told);
	tcase_add_test(t, a_stored_version_has_so_many_files_and_no_more);
	tcase_add_loop_test(t, a_branch_is_where_the_journal_says, 0,
	    COUNT(branches));
}

static void
fill_memory(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_memory, tear_down);
	fill_common(t);
}

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	fill_common(t);
	tcase_add_loop_test(t, a_commit_is_signed_by_the_depositary, 0,
	    COUNT(commits));
	tcase_add_loop_test(t, a_commits_signature_is_taken_out_of_its_armour,
	    0, COUNT(armours));
	tcase_add_test(t, an_act_that_is_no_entry_is_told);
	tcase_add_test(t, a_ledger_finds_what_it_was_told);
	tcase_add_test(t, a_ledger_of_many_documents_finds_each);
	tcase_add_loop_test(t, a_copy_tells_of_all_that_the_journal_does, 0,
	    COUNT(copies));
}

int
main(void)
{
	void (*const fills[])(TCase * t) = { fill, fill_memory };

	return run_test_cases("stored", fills, COUNT(fills));
}
