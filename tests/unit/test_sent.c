/*
 * Receipts compared with the act that was handed in.
 */
#include "unit.h"

#include <stdio.h>

#include "document/manifest.h"
#include "pki_fixture.h"
#include "record/sent.h"

enum { SEEN = 40, INDEX = 57 };

static struct digest
digest_of(const char *text)
{
	return sha256_of(span_of_str(text));
}

static struct sent
made(enum act act)
{
	struct sent sent = { .act = act,
		.office = "mofa",
		.person = "minister@mofa.example",
		.document = "agreement/one",
		.version = 2,
		.digest = digest_of("version.yaml"),
		.manifest = digest_of("manifest"),
		.signature = digest_of("signature"),
		.to = "iom-vientiane",
		.number = 3,
		.waybill = digest_of("waybill"),
		.not_before = SEEN };

	return sent;
}

/* The entry that the depositary makes of it. */
static struct entry
entry_of(enum act act)
{
	struct entry entry = { .has = UINT32_MAX,
		.act = act,
		.version = 2,
		.digest = digest_of("version.yaml"),
		.manifest = digest_of("manifest"),
		.signature = digest_of("signature"),
		.number = 3,
		.waybill = digest_of("waybill") };

	snprintf(entry.act_name, sizeof(entry.act_name), "%s", act_name(act));
	snprintf(entry.office, sizeof(entry.office), "mofa");
	snprintf(entry.person, sizeof(entry.person), "minister@mofa.example");
	snprintf(entry.document, sizeof(entry.document), "agreement/one");
	snprintf(entry.to, sizeof(entry.to), "iom-vientiane");
	return entry;
}

static const enum act acts[] = { ACT_DEPOSIT, ACT_SIGN, ACT_TERMINATE,
	ACT_DISPATCH, ACT_ACKNOWLEDGE };

START_TEST(the_entry_of_what_was_sent_passes)
{
	const struct sent sent = made(acts[_i]);
	const struct entry entry = entry_of(acts[_i]);
	struct error err = { 0 };

	ck_ok(sent_check(&sent, &entry, INDEX, &err), err);
	/* The very next entry after what was seen, too. */
	ck_ok(sent_check(&sent, &entry, SEEN, &err), err);
}
END_TEST

/*
 * Each field changed in turn: found in the acts that have it, and only there.
 */
enum {
	VERSIONS = 1 << ACT_DEPOSIT | 1 << ACT_SIGN | 1 << ACT_TERMINATE,
	BAGS = 1 << ACT_DISPATCH | 1 << ACT_ACKNOWLEDGE
};

static void
other_office(struct entry *entry)
{
	entry->office[0] = 'n';
}

static void
other_person(struct entry *entry)
{
	snprintf(entry->person, sizeof(entry->person), "minister@mofa.exampl");
}

static void
other_document(struct entry *entry)
{
	snprintf(entry->document, sizeof(entry->document), "agreement/one-2");
}

static void
other_version(struct entry *entry)
{
	entry->version = 3;
}

static void
other_digest(struct entry *entry)
{
	entry->digest.bytes[31] ^= 1;
}

static void
other_manifest(struct entry *entry)
{
	entry->manifest.bytes[31] ^= 1;
}

static void
other_signature(struct entry *entry)
{
	entry->signature.bytes[0] ^= 1;
}

static void
other_to(struct entry *entry)
{
	snprintf(entry->to, sizeof(entry->to), "iom-bangkok");
}

static void
other_number(struct entry *entry)
{
	entry->number = UINT64_C(3) + (UINT64_C(1) << 32);
}

static void
other_waybill(struct entry *entry)
{
	entry->waybill.bytes[15] ^= 0x80;
}

static const struct {
	void (*change)(struct entry *entry);
	enum entry_field field;
	unsigned acts;
	const char *names;
} changes[] = {
	{ other_office, ENTRY_OFFICE, VERSIONS | BAGS, "another office" },
	{ other_person, ENTRY_PERSON, VERSIONS | BAGS, "another person" },
	{ other_document, ENTRY_DOCUMENT, VERSIONS, "another document" },
	{ other_version, ENTRY_VERSION, VERSIONS, "another version" },
	{ other_digest, ENTRY_DIGEST, VERSIONS | BAGS, "another digest" },
	{ other_manifest, ENTRY_MANIFEST, VERSIONS, "another manifest" },
	{ other_signature, ENTRY_SIGNATURE, VERSIONS, "another signature" },
	{ other_to, ENTRY_TO, BAGS, "another to" },
	{ other_number, ENTRY_NUMBER, BAGS, "another number" },
	{ other_waybill, ENTRY_WAYBILL, 1 << ACT_ACKNOWLEDGE,
	    "another waybill" },
};

static void
must_differ(const struct sent *sent, const struct entry *entry, uint64_t index,
    const char *names)
{
	struct error err = { 0 };

	ck_assert_msg(!sent_check(sent, entry, index, &err), "%s passes",
	    names);
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_str_eq(error_code(&err), "RECEIPT_DIFFERS");
	ck_assert_ptr_nonnull(
	    strstr(err.detail, "the receipt is not that of what was sent"));
	ck_assert_msg(strstr(err.detail, names) != NULL, "%s: %s", names,
	    err.detail);
}

START_TEST(each_field_that_is_another_is_found)
{
	for (size_t i = 0; i < COUNT(acts); i++) {
		const struct sent sent = made(acts[i]);
		struct entry entry = entry_of(acts[i]);
		struct error err = { 0 };

		changes[_i].change(&entry);
		if ((changes[_i].acts >> acts[i] & 1) != 0)
			must_differ(&sent, &entry, INDEX, changes[_i].names);
		else
			ck_ok(sent_check(&sent, &entry, INDEX, &err), err);
	}
}
END_TEST

START_TEST(a_field_that_is_missing_is_found)
{
	for (size_t i = 0; i < COUNT(acts); i++) {
		const struct sent sent = made(acts[i]);
		struct entry entry = entry_of(acts[i]);

		entry.has &= ~(UINT32_C(1) << changes[_i].field);
		if ((changes[_i].acts >> acts[i] & 1) != 0)
			must_differ(&sent, &entry, INDEX, changes[_i].names);
	}
}
END_TEST

START_TEST(another_act_is_found)
{
	for (int act = 0; act < ACTS; act++) {
		const struct sent sent = made(acts[_i]);
		const struct entry entry = entry_of((enum act)act);

		if ((enum act)act != acts[_i])
			must_differ(&sent, &entry, INDEX, "is of the act");
	}
}
END_TEST

START_TEST(an_entry_from_before_the_act_was_made_is_found)
{
	const struct sent sent = made(acts[_i]);
	const struct entry entry = entry_of(acts[_i]);

	must_differ(&sent, &entry, SEEN - 1, "before it was made");
	must_differ(&sent, &entry, 0, "before it was made");
}
END_TEST

/* --- Reading the file that is sent. --- */

static struct identity ca, person;
static struct cert_cache *certs;

static void
set_up(void)
{
	struct error err = { 0 };

	ca = fixture_ca("MOFA CA");
	person = fixture_signer(&ca, "minister@mofa.example", NULL);
	certs = cert_cache_new(&err);
}

static void
tear_down(void)
{
	identity_free(&ca);
	identity_free(&person);
	cert_cache_free(certs);
}

/* A manifest of an ID over a version.yaml, or over nothing of that name. */
static void
put_signed(struct container *zip, const char *id, const char *listed)
{
	const struct digest digest = digest_of("version.yaml");
	struct buf xml = BUF(LIMIT_MANIFEST_BYTES),
		   p7s = BUF(LIMIT_SIGNATURE_BYTES);
	char path[LIMIT_PATH_BYTES + 1];
	struct manifest manifest = { 0 };
	struct error err = { 0 };

	snprintf(manifest.signature, sizeof(manifest.signature), PATH_SIGNATURE,
	    id);
	ck_ok(manifest_add(&manifest, listed, "text/plain", &digest, &err),
	    err);
	ck_ok(manifest_encode(&manifest, &xml, &err), err);
	ck_ok(cades_sign(&person, buf_span(&xml), COMMITMENT_APPROVAL,
		  1700000000, &p7s, &err),
	    err);
	snprintf(path, sizeof(path), PATH_MANIFEST, id);
	ck_ok(container_put(zip, path, buf_span(&xml), &err), err);
	ck_ok(container_put(zip, manifest.signature, buf_span(&p7s), &err),
	    err);
	manifest_free(&manifest);
	buf_free(&xml);
	buf_free(&p7s);
}

#define ID "0123456789abcdef0123456789abcdef"

static const char *const ids[] = { "origin", ID, ("terminate-" ID) };

START_TEST(what_is_sent_is_read_from_its_signature)
{
	const struct digest yaml = digest_of("version.yaml");
	struct error err = { 0 };
	struct container *zip = container_new(&err);
	struct sent sent = { .act = ACT_SIGN, .not_before = SEEN };
	struct digest manifest;
	char path[LIMIT_PATH_BYTES + 1];

	put_signed(zip, ids[_i], PATH_VERSION);
	ck_ok(sent_read(certs, zip, &sent, &err), err);
	snprintf(path, sizeof(path), PATH_MANIFEST, ids[_i]);
	manifest = sha256_of(member_bytes(container_find(zip, path)));
	ck_assert(digest_eq(&sent.digest, &yaml));
	ck_assert(digest_eq(&sent.manifest, &manifest));
	ck_assert(!digest_is_zero(&sent.signature));
	ck_assert_str_eq(sent.person, "minister@mofa.example");
	ck_assert_uint_eq(sent.not_before, SEEN);
	container_free(zip);
}
END_TEST

static void
must_not_read(const struct container *zip, enum error_kind kind)
{
	struct error err = { 0 };
	struct sent sent = { .act = ACT_SIGN };

	ck_assert(!sent_read(certs, zip, &sent, &err));
	ck_assert_int_eq(err.kind, kind);
}

START_TEST(what_cannot_be_one_act_is_refused)
{
	struct error err = { 0 };
	struct container *zip = container_new(&err);
	char path[LIMIT_PATH_BYTES + 1];

	must_not_read(zip, ERROR_MALFORMED);
	/* Signed, but not for any version. */
	put_signed(zip, ID, "texts/en/a.txt");
	must_not_read(zip, ERROR_MALFORMED);
	/* Another manifest than the one that is signed. */
	put_signed(zip, ID, PATH_VERSION);
	snprintf(path, sizeof(path), PATH_SIGNATURE, ID);
	container_remove(zip, path);
	must_not_read(zip, ERROR_MALFORMED);
	put_signed(zip, "terminate-" ID, PATH_VERSION);
	must_not_read(zip, ERROR_MALFORMED);
	container_free(zip);
}
END_TEST

START_TEST(a_broken_signature_is_not_an_act)
{
	struct error err = { 0 };
	struct container *zip = container_new(&err);
	struct buf xml = BUF(LIMIT_MANIFEST_BYTES);
	char path[LIMIT_PATH_BYTES + 1];
	const struct member *manifest;

	put_signed(zip, ID, PATH_VERSION);
	snprintf(path, sizeof(path), PATH_MANIFEST, ID);
	manifest = container_find(zip, path);
	ck_ok(buf_append(&xml, member_bytes(manifest), &err), err);
	ck_ok(buf_append(&xml, span_of_str("\n"), &err), err);
	ck_ok(container_put(zip, path, buf_span(&xml), &err), err);
	must_not_read(zip, ERROR_UNTRUSTED);
	buf_free(&xml);
	container_free(zip);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, the_entry_of_what_was_sent_passes, 0,
	    COUNT(acts));
	tcase_add_loop_test(tcase, each_field_that_is_another_is_found, 0,
	    COUNT(changes));
	tcase_add_loop_test(tcase, a_field_that_is_missing_is_found, 0,
	    COUNT(changes));
	tcase_add_loop_test(tcase, another_act_is_found, 0, COUNT(acts));
	tcase_add_loop_test(tcase,
	    an_entry_from_before_the_act_was_made_is_found, 0, COUNT(acts));
	tcase_add_loop_test(tcase, what_is_sent_is_read_from_its_signature, 0,
	    COUNT(ids));
	tcase_add_test(tcase, what_cannot_be_one_act_is_refused);
	tcase_add_test(tcase, a_broken_signature_is_not_an_act);
}

int
main(void)
{
	return run_tests("sent", fill);
}
