/*
 * The verdict: of a good copy, and of copies with one thing wrong at a time.
 */
#include "unit.h"

#include <stdio.h>

#include "base/time.h"
#include "document/manifest.h"
#include "journal/entry.h"
#include "merkle_fixture.h"
#include "pki_fixture.h"
#include "policy_fixture.h"
#include "verdict/verdict.h"

#define NOW      INT64_C(1790000000) /* 2026-09-21 */
#define DOCUMENT "agreement/lao-iom"

/* What is wrong, and where in the making of it. */
enum wrong {
	NOTHING,
	NO_VERSION,
	GARBLED_VERSION,
	OTHER_DOCUMENT,
	NO_TEXT,
	ALTERED_TEXT,
	MEDIA_NOT_ALLOWED,
	LANGUAGE_MISSING,
	EXTRA_TEXT,
	EXTRA_META,
	NO_MANIFEST,
	ALTERED_MANIFEST,
	MANIFEST_OF_ANOTHER,
	MANIFEST_SHORT,
	MANIFEST_LONG,
	ID_OF_ANOTHER,
	NO_SIGNATURE,
	GARBLED_SIGNATURE,
	SIGNATURE_OF_OTHER_BYTES,
	WEAK_KEY,
	COMMITMENT_ORIGIN_INSTEAD,
	SIGNED_YESTERDAY,
	SIGNED_TOMORROW,
	CA_UNKNOWN,
	CERT_EXPIRED,
	CERT_REVOKED,
	CERT_REVOKED_LATER,
	CERT_DOUBTED,
	LIST_WITHHELD,
	LIST_WITHHELD_OF_NOBODY,
	CERT_TO_CONNECT,
	OFFICE_UNKNOWN,
	ORIGIN_OF_ANOTHER,
	SIGNED_BY_ONE_TWICE,
	POWERS_OF_NOBODY,
	POWERS_ENDED,
	OFFICE_MAY_NOT,
	FORCE_WITHOUT_QUORUM,
	NO_SEAL,
	SEAL_OF_ANOTHER,
	SEAL_SHORT,
	CONTENTS_OF_ANOTHER,
	RECEIPT_OF_ANOTHER,
	RECEIPT_OF_NEWER_KEY,
	RECEIPT_GARBLED,
	RECEIPT_OF_ANOTHER_VERSION,
	RECEIPT_RENAMED,
	NO_RECEIPTS,
	NO_DEPOSIT_RECEIPT,
	NO_SIGN_RECEIPT,
	NO_FORCE_RECEIPT,
	SIGNATURE_DROPPED,
	POLICY_NOT_ACCEPTED,
	NO_CRLS,
	CRL_STALE,
	CRL_OF_ANOTHER,
	WITNESSED_BY_ONE,
	COSIGNATURE_OF_OTHER_BYTES,
	WRONGS,
};

static const struct {
	enum wrong wrong;
	enum finding_code code;
	enum outcome outcome;
} rows[] = {
	{ NO_VERSION, FINDING_NOT_A_DOCUMENT, OUTCOME_INDETERMINATE },
	{ GARBLED_VERSION, FINDING_VERSION_MALFORMED, OUTCOME_INVALID },
	{ OTHER_DOCUMENT, FINDING_VERSION_DIFFERS, OUTCOME_INVALID },
	{ NO_TEXT, FINDING_TEXT_MISSING, OUTCOME_INVALID },
	{ ALTERED_TEXT, FINDING_TEXT_DIGEST, OUTCOME_INVALID },
	{ MEDIA_NOT_ALLOWED, FINDING_TEXT_NOT_ALLOWED, OUTCOME_INVALID },
	{ LANGUAGE_MISSING, FINDING_TEXT_NOT_ALLOWED, OUTCOME_INVALID },
	{ EXTRA_TEXT, FINDING_FILE_UNSIGNED, OUTCOME_INVALID },
	{ EXTRA_META, FINDING_FILE_UNSIGNED, OUTCOME_INVALID },
	{ NO_MANIFEST, FINDING_FILE_MISSING, OUTCOME_INVALID },
	{ ALTERED_MANIFEST, FINDING_FILE_DIGEST, OUTCOME_INVALID },
	{ MANIFEST_OF_ANOTHER, FINDING_MANIFEST_BROKEN, OUTCOME_INVALID },
	{ MANIFEST_SHORT, FINDING_FILE_UNSIGNED, OUTCOME_INVALID },
	{ MANIFEST_LONG, FINDING_MANIFEST_BROKEN, OUTCOME_INVALID },
	{ ID_OF_ANOTHER, FINDING_MANIFEST_BROKEN, OUTCOME_INVALID },
	{ NO_SIGNATURE, FINDING_SIGNATURE_MISSING, OUTCOME_INVALID },
	{ GARBLED_SIGNATURE, FINDING_SIGNATURE_FORM, OUTCOME_INVALID },
	{ SIGNATURE_OF_OTHER_BYTES, FINDING_SIGNATURE_BROKEN, OUTCOME_INVALID },
	{ WEAK_KEY, FINDING_SIGNATURE_WEAK, OUTCOME_INVALID },
	{ COMMITMENT_ORIGIN_INSTEAD, FINDING_SIGNATURE_COMMITMENT,
	    OUTCOME_INVALID },
	{ SIGNED_YESTERDAY, FINDING_SIGNING_TIME, OUTCOME_INVALID },
	{ SIGNED_TOMORROW, FINDING_SIGNING_TIME, OUTCOME_INVALID },
	{ CA_UNKNOWN, FINDING_SIGNER_UNTRUSTED, OUTCOME_INVALID },
	{ CERT_EXPIRED, FINDING_SIGNER_EXPIRED, OUTCOME_INVALID },
	{ CERT_REVOKED, FINDING_SIGNER_REVOKED, OUTCOME_INVALID },
	{ CERT_DOUBTED, FINDING_SIGNER_DOUBTED, OUTCOME_VALID },
	{ LIST_WITHHELD, FINDING_CRL_WITHHELD, OUTCOME_VALID },
	{ CERT_TO_CONNECT, FINDING_SIGNER_UNFIT, OUTCOME_INVALID },
	{ OFFICE_UNKNOWN, FINDING_SIGNER_UNKNOWN, OUTCOME_INVALID },
	{ ORIGIN_OF_ANOTHER, FINDING_SIGNER_DIFFERS, OUTCOME_INVALID },
	{ SIGNED_BY_ONE_TWICE, FINDING_SIGNED_TWICE, OUTCOME_INVALID },
	{ POWERS_OF_NOBODY, FINDING_NO_FULL_POWERS, OUTCOME_INVALID },
	{ POWERS_ENDED, FINDING_NO_FULL_POWERS, OUTCOME_INVALID },
	{ OFFICE_MAY_NOT, FINDING_NOT_ALLOWED, OUTCOME_INVALID },
	{ FORCE_WITHOUT_QUORUM, FINDING_QUORUM_MISSING, OUTCOME_INVALID },
	{ NO_SEAL, FINDING_SEAL_MISSING, OUTCOME_INVALID },
	{ SEAL_OF_ANOTHER, FINDING_SIGNER_UNTRUSTED, OUTCOME_INVALID },
	{ SEAL_SHORT, FINDING_FILE_UNSIGNED, OUTCOME_INVALID },
	{ CONTENTS_OF_ANOTHER, FINDING_CONTENTS_DIFFER, OUTCOME_INVALID },
	{ RECEIPT_OF_ANOTHER, FINDING_RECEIPT_BROKEN, OUTCOME_INVALID },
	{ RECEIPT_OF_NEWER_KEY, FINDING_KEY_UNKNOWN, OUTCOME_INDETERMINATE },
	{ RECEIPT_GARBLED, FINDING_RECEIPT_BROKEN, OUTCOME_INVALID },
	{ RECEIPT_OF_ANOTHER_VERSION, FINDING_RECEIPT_BROKEN, OUTCOME_INVALID },
	{ RECEIPT_RENAMED, FINDING_RECEIPT_BROKEN, OUTCOME_INVALID },
	{ NO_RECEIPTS, FINDING_NOT_IN_JOURNAL, OUTCOME_INDETERMINATE },
	{ NO_DEPOSIT_RECEIPT, FINDING_NOT_IN_JOURNAL, OUTCOME_INDETERMINATE },
	{ NO_SIGN_RECEIPT, FINDING_NOT_IN_JOURNAL, OUTCOME_INDETERMINATE },
	{ NO_FORCE_RECEIPT, FINDING_NOT_IN_JOURNAL, OUTCOME_INDETERMINATE },
	{ SIGNATURE_DROPPED, FINDING_SIGNATURE_MISSING, OUTCOME_INVALID },
	{ POLICY_NOT_ACCEPTED, FINDING_POLICY_UNKNOWN, OUTCOME_INDETERMINATE },
	{ NO_CRLS, FINDING_REVOCATION_UNKNOWN, OUTCOME_INDETERMINATE },
	{ CRL_STALE, FINDING_REVOCATION_UNKNOWN, OUTCOME_INDETERMINATE },
	{ CRL_OF_ANOTHER, FINDING_REVOCATION_UNKNOWN, OUTCOME_INDETERMINATE },
	{ WITNESSED_BY_ONE, FINDING_NOT_WITNESSED, OUTCOME_INDETERMINATE },
	{ COSIGNATURE_OF_OTHER_BYTES, FINDING_RECEIPT_BROKEN, OUTCOME_INVALID },
};

/* --- A world: two CAs, persons, the project's own policy. --- */

static struct world {
	struct identity mofa, iom, stranger_ca;
	struct identity depositor, minister, chief, depositary;
	struct policy *policy;
	struct crls *crls, *later; /* of an entry after all acts, or NULL */
	struct crl_entries *named;
	struct crls *withheld;
	struct cert_cache *certs;
	struct note_signer journal, newer_key, other_journal,
	    witness_signers[2];
	struct witnesses witnesses;
	enum wrong wrong;
} w;

static void
set_up(void)
{
	struct complaints complaints = COMPLAINTS;
	struct error err = { 0 };

	w = (struct world){ .mofa = fixture_ca("MOFA CA"),
		.iom = fixture_ca("IOM CA"),
		.stranger_ca = fixture_ca("Stranger CA") };
	w.depositor = fixture_signer(&w.mofa, "treaties@mofa.example", "");
	w.minister = fixture_signer(&w.mofa, "minister@mofa.example", "");
	w.chief =
	    fixture_signer(&w.iom, "chief-of-mission@iom.example", "Vientiane");
	w.depositary = fixture_signer(&w.mofa, "depositary@mofa.example", "");
	w.policy = policy_load(fixture_shipped(&w.mofa, &w.iom), NOW,
	    &complaints, &err);
	ck_assert_msg(w.policy != NULL, "%s", err.detail);
	w.crls = crls_new(&err);
	w.certs = cert_cache_new(&err);
	ck_ok(note_signer_make("valise.mofa.example/lao-iom", NOTE_JOURNAL,
		  &w.journal, &err) &&
		note_signer_make("valise.mofa.example/lao-iom", NOTE_JOURNAL,
		    &w.newer_key, &err) &&
		note_signer_make("valise.iom.example/other", NOTE_JOURNAL,
		    &w.other_journal, &err) &&
		note_signer_make("mofa.example", NOTE_WITNESS,
		    &w.witness_signers[0], &err) &&
		note_signer_make("iom.example", NOTE_WITNESS,
		    &w.witness_signers[1], &err),
	    err);
	w.witnesses = (struct witnesses){ .num = 2,
		.quorum = 2,
		.keys = { w.witness_signers[0].key, w.witness_signers[1].key },
		.names = { "mofa", "iom-geneva" } };
	complaints_free(&complaints);
}

static void
tear_down(void)
{
	identity_free(&w.mofa);
	identity_free(&w.iom);
	identity_free(&w.stranger_ca);
	identity_free(&w.depositor);
	identity_free(&w.minister);
	identity_free(&w.chief);
	identity_free(&w.depositary);
	policy_free(w.policy);
	crl_entries_free(w.named);
	crls_free(w.withheld);
	crls_free(w.crls);
	crls_free(w.later);
	cert_cache_free(w.certs);
}

static bool
is(enum wrong wrong)
{
	return w.wrong == wrong;
}

static void
put_text(struct container *c, struct version *version, const char *language,
    const char *text)
{
	struct error err = { 0 };
	struct text_file *file = version_add_text(version, &err);

	snprintf(file->file, sizeof(file->file), "texts/%s/agreement.txt",
	    language);
	snprintf(file->language, sizeof(file->language), "%s", language);
	snprintf(file->media, sizeof(file->media), "%s",
	    is(MEDIA_NOT_ALLOWED) ? "application/zip" : "text/plain");
	file->authentic = true;
	file->size = strlen(text);
	file->sha256 = sha256_of(span_of_str(text));
	ck_ok(container_put(c, file->file, span_of_str(text), &err), err);
}

static void
make_texts(struct container *c)
{
	struct error err = { 0 };
	struct version *version = version_new(&err);
	struct title *title = version_add_title(version, &err);
	struct buf yaml = BUF(10000);

	snprintf(version->document, sizeof(version->document), DOCUMENT);
	version->number = 1;
	snprintf(title->language, 3, "en");
	snprintf(title->text, 20, "An agreement");
	snprintf(version->office, POLICY_NAME, "%s",
	    is(OFFICE_MAY_NOT) ? "iom-geneva" : "mofa");
	snprintf(version->person, 40, "%s",
	    is(OFFICE_MAY_NOT) ? "geneva@iom.example"
			       : "treaties@mofa.example");
	version->created_at = NOW - 60;
	put_text(c, version, "en", "Article 1");
	if (!is(LANGUAGE_MISSING))
		put_text(c, version, "lo", "\xe0\xba\xa1 1");
	ck_ok(version_encode(version, &yaml, &err) &&
		container_put(c, "version.yaml", buf_span(&yaml), &err) &&
		container_put(c, "mimetype", span_of_str(CONTAINER_MIMETYPE),
		    &err),
	    err);
	version_free(version);
	buf_free(&yaml);
}

/* Manifest and signature; seals list META-INF too. */
static void
sign(struct container *c, const struct identity *signer, const char *id,
    enum commitment commitment, int64_t at)
{
	const bool seal = strcmp(id, "seal") == 0;
	const bool is_it = strcmp(id, "origin") != 0 && !seal;
	char manifest_path[200], path[200];
	struct manifest manifest = { 0 };
	struct buf xml = BUF(100000), p7s = BUF(100000);
	struct error err = { 0 };

	snprintf(manifest_path, sizeof(manifest_path), PATH_MANIFEST, id);
	snprintf(path, sizeof(path), PATH_SIGNATURE, id);
	snprintf(manifest.signature, sizeof(manifest.signature), "%s",
	    is(MANIFEST_OF_ANOTHER) && is_it ? "META-INF/signature-x.p7s"
					     : path);
	ck_ok(container_hash(c, NULL, &err), err);
	for (size_t i = 0; i < c->num; i++) {
		const struct member *m = &c->members[i];

		if (strcmp(m->path, "mimetype") == 0 ||
		    (!seal && path_is_meta(m->path) &&
			!(is(MANIFEST_LONG) && is_it)) ||
		    (is(MANIFEST_SHORT) && is_it &&
			strcmp(m->path, "texts/en/agreement.txt") == 0) ||
		    (is(SEAL_SHORT) && seal &&
			strcmp(m->path, PATH_ORIGIN) == 0))
			continue;
		ck_ok(manifest_add(&manifest, m->path, media_of_path(m->path),
			  &m->sha256, &err),
		    err);
	}
	/* Another program may sign with what ours refuses to sign with. */
	if (is(WEAK_KEY))
		signer->cert->is_strong = true;
	ck_ok(manifest_encode(&manifest, &xml, &err) &&
		cades_sign(signer, buf_span(&xml), commitment, at, &p7s, &err),
	    err);
	if (is(SIGNATURE_OF_OTHER_BYTES) && is_it) {
		p7s.len = 0;
		ck_ok(cades_sign(signer, span_of_str("other"), commitment, at,
			  &p7s, &err),
		    err);
	}
	ck_ok(container_put(c, manifest_path, buf_span(&xml), &err) &&
		container_put(c, path, buf_span(&p7s), &err) &&
		container_hash(c, NULL, &err),
	    err);
	manifest_free(&manifest);
	buf_free(&xml);
	buf_free(&p7s);
}

static void
id_of(const struct identity *signer, char id[33])
{
	char hex[DIGEST_HEX];

	digest_hex(&signer->cert->fingerprint, hex);
	snprintf(id, 33, "%s", hex);
	if (is(ID_OF_ANOTHER))
		id[0] = id[0] == '0' ? '1' : '0';
}

/* --- The journal of it. --- */

struct test_act {
	struct entry entry;
};

static struct test_act acts[8];
static struct buf lines[8]; /* of each */
static size_t num_acts;

#define HAS(name) (UINT32_C(1) << ENTRY_##name)

static void
add_act(const struct container *c, enum act act, const char *id,
    const struct identity *who, const char *office)
{
	struct entry *entry = &acts[num_acts].entry;
	char path[200], other[200];
	struct cades cades = { 0 };
	struct error err = { 0 };

	*entry = (struct entry){ .act = act,
		.has = HAS(TIME) | HAS(SALT) | HAS(POLICY) | HAS(DOCUMENT) |
		    HAS(VERSION) | HAS(DIGEST) | HAS(CONTENTS),
		.time_ms = NOW * 1000,
		.version = 1 };
	snprintf(entry->document, sizeof(entry->document), DOCUMENT);
	entry->policy = w.policy->digest;
	entry->digest =
	    sha256_of(member_bytes(container_find(c, "version.yaml")));
	if (is(RECEIPT_OF_ANOTHER_VERSION))
		entry->digest.bytes[0] ^= 1;
	if (num_acts > 0) {
		entry->has |= HAS(PRIOR);
		entry->prior = num_acts - 1;
	}
	if (act == ACT_FORCE) {
		entry->has |= HAS(SIGNATURES);
		for (size_t i = 1; i < num_acts; i++)
			entry->signatures[entry->num_signatures++] =
			    acts[i].entry.signature;
	} else {
		entry->has |= HAS(OFFICE) | HAS(PERSON) | HAS(MANIFEST) |
		    HAS(SIGNATURE) | HAS(COMMIT) | HAS(CRLS);
		snprintf(entry->office, sizeof(entry->office), "%s", office);
		snprintf(entry->person, sizeof(entry->person), "%s",
		    who->cert->email);
		snprintf(path, sizeof(path), PATH_MANIFEST, id);
		snprintf(other, sizeof(other), PATH_SIGNATURE, id);
		entry->manifest = container_find(c, path)->sha256;
		if (cades_verify(w.certs,
			member_bytes(container_find(c, other)),
			member_bytes(container_find(c, path)), &cades, &err))
			entry->signature = cades.signature;
		cades_free(&cades);
	}
	num_acts++;
}

static void
encode_acts(const struct container *c)
{
	struct error err = { 0 };
	struct digest contents;

	ck_ok(container_contents(c, &contents, &err), err);
	if (is(CONTENTS_OF_ANOTHER))
		contents.bytes[0] ^= 1;
	for (size_t i = 0; i < num_acts; i++) {
		acts[i].entry.contents = contents;
		lines[i] = BUF(LIMIT_ENTRY_BYTES);
		ck_ok(entry_encode(&acts[i].entry, &lines[i], &err), err);
	}
}

static void
add_receipts(struct container *c)
{
	const struct note_signer *signer = is(RECEIPT_OF_ANOTHER)
	    ? &w.other_journal
	    : is(RECEIPT_OF_NEWER_KEY) ? &w.newer_key
				       : &w.journal;
	struct checkpoint checkpoint = { .size = num_acts };
	struct buf text = BUF(LIMIT_NOTE_TEXT), note = BUF(LIMIT_NOTE_FILE);
	uint8_t signature[64];
	struct error err = { 0 };

	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    signer->key.name);
	ck_ok(merkle_root_at(fixture_node, lines, num_acts, &checkpoint.root,
		  &err) &&
		checkpoint_encode(&checkpoint, &text, &err) &&
		note_sign(signer, buf_span(&text), signature, &err) &&
		note_encode(&signer->key, &checkpoint, signature, &note, &err),
	    err);
	for (size_t i = 0; i < 2 - (size_t)is(WITNESSED_BY_ONE); i++)
		ck_ok(note_cosign(&w.witness_signers[i], buf_span(&note), NOW,
			  &note, &err),
		    err);
	if (is(COSIGNATURE_OF_OTHER_BYTES))
		note.data[note.len - 20] ^= 2;
	for (size_t i = 0; i < num_acts; i++) {
		struct proof proof = PROOF;
		struct buf out = BUF(LIMIT_PROOF_FILE);
		char path[200];

		proof.index = i;
		ck_ok(buf_append(&proof.entry, buf_span(&lines[i]), &err) &&
			buf_append(&proof.note, buf_span(&note), &err) &&
			merkle_prove_inclusion(fixture_node, lines, i, num_acts,
			    &proof.path, &err) &&
			proof_encode(&proof, &out, &err),
		    err);
		if (is(RECEIPT_GARBLED))
			out.data[0] ^= 1;
		snprintf(path, sizeof(path), PATH_RECEIPT,
		    (unsigned long long)i + (is(RECEIPT_RENAMED) ? 100 : 0));
		ck_ok(container_put(c, path, buf_span(&out), &err), err);
		proof_free(&proof);
		buf_free(&out);
	}
	buf_free(&text);
	buf_free(&note);
}

static struct identity
approver(void)
{
	const struct identity *ca = is(CA_UNKNOWN) ? &w.stranger_ca : &w.mofa;

	return fixture_issue(ca,
	    &(struct fixture_cert){ .email = is(OFFICE_UNKNOWN)
		    ? "minister@other.example"
		    : is(POWERS_OF_NOBODY) ? "treaties@mofa.example"
					   : "minister@mofa.example",
		.key_usage = is(CERT_TO_CONNECT) ? "critical,digitalSignature"
						 : "critical,nonRepudiation",
		.extended = is(CERT_TO_CONNECT) ? "clientAuth" : NULL,
		.key = is(WEAK_KEY) ? "P-521" : "P-256",
		.until_at = is(CERT_EXPIRED) ? NOW - 100 : 0 });
}

static void
make_crls(const struct identity *minister)
{
	struct buf mofa = BUF(10000), iom = BUF(10000), later = BUF(10000);
	const bool revoked = is(CERT_REVOKED) || is(CERT_REVOKED_LATER);
	const int64_t until = is(CRL_STALE) ? NOW - 10 : NOW + 1000;
	struct error err = { 0 };

	if (is(NO_CRLS))
		return;
	fixture_crl(is(CRL_OF_ANOTHER) ? &w.stranger_ca : &w.mofa, NOW - 1000,
	    until, revoked ? minister->cert : NULL,
	    is(CERT_REVOKED) ? NOW - 500 : NOW + 500, &mofa);
	fixture_crl(&w.iom, NOW - 1000, NOW + 1000, NULL, 0, &iom);
	ck_ok(crls_add(w.crls, buf_span(&mofa), NULL, &err) &&
		crls_add(w.crls, buf_span(&iom), NULL, &err),
	    err);
	/* A list of since that clears it, then one that dates back. */
	if (is(CERT_DOUBTED)) {
		fixture_crl(&w.mofa, NOW + 300, NOW + 1000, NULL, 0, &later);
		ck_ok(crls_add(w.crls, buf_span(&later), NULL, &err), err);
		later.len = 0;
		fixture_crl(&w.mofa, NOW + 400, NOW + 1000, minister->cert,
		    NOW - 500, &later);
		ck_ok(crls_add(w.crls, buf_span(&later), NULL, &err), err);
	}
	if (is(LIST_WITHHELD) || is(LIST_WITHHELD_OF_NOBODY)) {
		later.len = 0;
		fixture_crl(&w.mofa, NOW - 100, NOW + 1000,
		    is(LIST_WITHHELD) ? minister->cert : NULL, NOW - 500,
		    &later);
		ck_assert_ptr_nonnull(w.withheld = crls_new(&err));
		ck_ok(crls_add(w.withheld, buf_span(&later), NULL, &err), err);
	}
	buf_free(&later);
	buf_free(&mofa);
	buf_free(&iom);
}

/* Alter a copy as somebody on its way could; id is the minister's. */
static void
spoil(struct container *c, const char *id)
{
	struct error err = { 0 };

	if (is(NO_VERSION))
		container_remove(c, "version.yaml");
	if (is(GARBLED_VERSION))
		ck_ok(container_put(c, "version.yaml", span_of_str("x: 1\n"),
			  &err),
		    err);
	if (is(NO_TEXT))
		container_remove(c, "texts/en/agreement.txt");
	if (is(ALTERED_TEXT))
		ck_ok(container_put(c, "texts/en/agreement.txt",
			  span_of_str("Article 2"), &err),
		    err);
	if (is(EXTRA_TEXT))
		ck_ok(container_put(c, "texts/en/more.txt",
			  span_of_str("Article 2"), &err),
		    err);
	if (is(EXTRA_META))
		ck_ok(container_put(c, "META-INF/other.xml",
			  span_of_str("<x/>"), &err),
		    err);
	if (is(NO_MANIFEST))
		container_remove(c, PATH_ORIGIN_MANIFEST);
	if (is(ALTERED_MANIFEST))
		ck_ok(container_put(c, PATH_ORIGIN_MANIFEST,
			  span_of_str("<x/>"), &err),
		    err);
	if (is(NO_SIGNATURE))
		container_remove(c, PATH_ORIGIN);
	if (is(GARBLED_SIGNATURE))
		ck_ok(container_put(c, PATH_ORIGIN, span_of_str("0"), &err),
		    err);
	if (is(NO_SEAL)) {
		container_remove(c, PATH_SEAL);
		container_remove(c, PATH_SEAL_MANIFEST);
	}
	if (is(SIGNATURE_DROPPED)) {
		char path[200];

		snprintf(path, sizeof(path), PATH_SIGNATURE, id);
		container_remove(c, path);
		snprintf(path, sizeof(path), PATH_MANIFEST, id);
		container_remove(c, path);
	}
	for (unsigned long long i = 0; i < num_acts; i++) {
		char path[200];

		snprintf(path, sizeof(path), PATH_RECEIPT, i);
		if (is(NO_RECEIPTS) || (is(NO_DEPOSIT_RECEIPT) && i == 0) ||
		    (is(NO_SIGN_RECEIPT) && i == 1))
			container_remove(c, path);
	}
}

/* Make a version in force, as it is delivered, with one thing wrong. */
static struct container *
make_copy(void)
{
	struct error err = { 0 };
	struct container *c = container_new(&err);
	struct identity minister = approver();
	struct identity geneva =
	    fixture_signer(&w.iom, "geneva@iom.example", "Geneva");
	const struct identity *origin = is(OFFICE_MAY_NOT) ? &geneva
	    : is(ORIGIN_OF_ANOTHER)                        ? &w.minister
							   : &w.depositor;
	const int64_t at = is(SIGNED_YESTERDAY) ? NOW - 25 * 3600
	    : is(SIGNED_TOMORROW)               ? NOW + 3600
						: NOW - 30;
	char id[33], chief[33], second[33];

	num_acts = 0;
	make_crls(&minister);
	make_texts(c);
	sign(c, origin, "origin", COMMITMENT_ORIGIN, NOW - 50);
	add_act(c, ACT_DEPOSIT, "origin", origin, "mofa");
	id_of(&minister, id);
	sign(c, &minister, id,
	    is(COMMITMENT_ORIGIN_INSTEAD) ? COMMITMENT_ORIGIN
					  : COMMITMENT_APPROVAL,
	    at);
	add_act(c, ACT_SIGN, id, &minister, "mofa");
	if (is(SIGNED_BY_ONE_TWICE)) {
		id_of(&w.minister, second);
		sign(c, &w.minister, second, COMMITMENT_APPROVAL, NOW - 20);
		add_act(c, ACT_SIGN, second, &w.minister, "mofa");
	}
	if (!is(FORCE_WITHOUT_QUORUM)) {
		id_of(&w.chief, chief);
		sign(c, &w.chief, chief, COMMITMENT_APPROVAL, NOW - 20);
		add_act(c, ACT_SIGN, chief, &w.chief, "iom-vientiane");
	}
	if (!is(NO_FORCE_RECEIPT))
		add_act(c, ACT_FORCE, NULL, NULL, NULL);
	sign(c, is(SEAL_OF_ANOTHER) ? &w.depositor : &w.depositary, "seal",
	    COMMITMENT_RECEIPT, NOW);
	if (is(POWERS_ENDED))
		for (size_t i = 0; i < num_acts; i++)
			acts[i].entry.time_ms = INT64_C(1956528000) * 1000;
	encode_acts(c);
	add_receipts(c);

	spoil(c, id);
	for (size_t i = 0; i < num_acts; i++)
		buf_free(&lines[i]);
	identity_free(&minister);
	identity_free(&geneva);
	return c;
}

static struct policy *
find_policy(void *arg, const struct digest *digest, uint64_t index)
{
	(void)arg;
	ck_assert_uint_le(index, num_acts);
	return digest_eq(digest, &w.policy->digest) && !is(POLICY_NOT_ACCEPTED)
	    ? w.policy
	    : NULL;
}

static const struct digest later_digest = { { 0x1a } };

static struct crls *
find_crls(void *arg, const struct digest *digest)
{
	(void)arg;
	return digest_eq(digest, &later_digest) ? w.later : NULL;
}

static const struct crl_entries *
find_named(void *arg, uint64_t *as_of)
{
	struct error err = { 0 };

	(void)arg;
	*as_of = num_acts + 1;
	crl_entries_free(w.named);
	ck_assert_ptr_nonnull(w.named = crl_entries_new(&err));
	ck_ok(crl_entries_take_lists(w.named, w.crls, w.policy->trust, &err),
	    err);
	return w.named;
}

/* Behind the acts, as a journal goes on. */
static const struct crl_entries *
find_named_and_later(void *arg, uint64_t *as_of)
{
	const struct verdict_library library = { .policy = find_policy,
		.crls = find_crls };
	struct entry entry = { .act = ACT_CRL,
		.has = 1u << ENTRY_CRLS,
		.time_ms = (NOW + 500) * 1000,
		.policy = w.policy->digest,
		.crls = later_digest };
	struct error err = { 0 };

	(void)find_named(arg, as_of);
	ck_ok(crl_entries_take(w.named, &library, num_acts, &entry, &err), err);
	return w.named;
}

/* Lists beside the journal. */
static struct crls *
find_withheld(void *arg, const struct trust **trust)
{
	(void)arg;
	*trust = w.policy->trust;
	return w.withheld;
}

static void
judge(struct container *c, struct verdict *out)
{
	const struct verdict_library library = { .policy = find_policy,
		.crls = find_crls,
		.withheld = find_withheld,
		.named = w.later != NULL ? find_named_and_later : find_named };
	const struct note_keys keys = note_keys_of(&w.journal.key);
	const struct verdict_request request = { .expect = EXPECT_DELIVERED,
		.container = c,
		.certs = w.certs,
		.library = &library,
		.journal = &keys,
		.witnesses = &w.witnesses,
		.must_be_witnessed = true,
		.now_ms = (NOW + 600) * 1000,
		.document = is(OTHER_DOCUMENT) ? "agreement/other" : NULL };
	struct error err = { 0 };

	ck_ok(verdict_judge(&request, out, &err), err);
}

static bool
has_code(const struct verdict *verdict, enum finding_code code)
{
	for (size_t i = 0; i < verdict->num_findings; i++)
		if (verdict->findings[i].code == code)
			return true;
	return false;
}

static void
assert_verdict(const struct verdict *verdict, enum outcome outcome)
{
	ck_assert_msg(verdict->outcome == outcome, "%s: %s",
	    outcome_name(verdict->outcome),
	    verdict->num_findings > 0 ? verdict->findings[0].text : "-");
}

START_TEST(a_good_copy_is_valid_and_in_force)
{
	struct container *c = make_copy();
	struct verdict verdict;

	judge(c, &verdict);
	assert_verdict(&verdict, OUTCOME_VALID);
	ck_assert_int_eq(verdict.status, STATUS_IN_FORCE);
	ck_assert_uint_eq(verdict.num_acts, 4);
	ck_assert_uint_eq(verdict.num_signatures, 4);
	ck_assert_uint_eq(verdict.num_witnesses, 2);
	ck_assert_str_eq(verdict.witnesses[1].name, "iom-geneva");
	ck_assert_int_eq(verdict.witnesses[1].at, NOW);
	verdict_free(&verdict);
	container_free(c);
}
END_TEST

START_TEST(one_thing_wrong_is_found_and_named)
{
	struct verdict verdict;
	struct container *c;
	char codes[1000] = "";

	w.wrong = rows[_i].wrong;
	c = make_copy();
	judge(c, &verdict);
	for (size_t i = 0; i < verdict.num_findings; i++)
		snprintf(codes + strlen(codes), sizeof(codes) - strlen(codes),
		    "%s (%s) ", finding_name(verdict.findings[i].code),
		    verdict.findings[i].text);
	ck_assert_msg(has_code(&verdict, rows[_i].code), "row %d wants %s: %s",
	    _i, finding_name(rows[_i].code), codes);
	ck_assert_msg(verdict.outcome == rows[_i].outcome, "row %d: %s, %s", _i,
	    outcome_name(verdict.outcome), codes);
	verdict_free(&verdict);
	container_free(c);
}
END_TEST

START_TEST(a_list_beside_the_journal_warns_of_what_it_changes)
{
	struct verdict verdict;
	struct container *c;
	size_t num = 0;

	w.wrong = LIST_WITHHELD;
	c = make_copy();
	judge(c, &verdict);
	/* Of one signature, which counts all the same. */
	for (size_t i = 0; i < verdict.num_findings; i++)
		num += verdict.findings[i].code == FINDING_CRL_WITHHELD;
	ck_assert_uint_eq(num, 1);
	ck_assert_int_eq(verdict.status, STATUS_IN_FORCE);
	verdict_free(&verdict);
	container_free(c);
}
END_TEST

START_TEST(a_list_beside_the_journal_that_changes_nothing_is_not_told)
{
	struct verdict verdict;
	struct container *c;

	w.wrong = LIST_WITHHELD_OF_NOBODY;
	c = make_copy();
	judge(c, &verdict);
	ck_assert_uint_eq(verdict.num_findings, 0);
	verdict_free(&verdict);
	container_free(c);
}
END_TEST

START_TEST(a_certificate_revoked_after_it_signed_was_good_then)
{
	const struct verdict_signature *one = NULL;
	struct verdict verdict;
	struct container *c;

	w.wrong = CERT_REVOKED_LATER;
	c = make_copy();
	judge(c, &verdict);
	assert_verdict(&verdict, OUTCOME_VALID);
	for (size_t i = 0; i < verdict.num_signatures; i++)
		if (strcmp(verdict.signatures[i].person,
			"minister@mofa.example") == 0)
			one = &verdict.signatures[i];
	ck_assert_ptr_nonnull(one);
	ck_assert_int_eq(one->then, TRUST_GOOD);
	ck_assert_int_eq(one->now, TRUST_REVOKED);
	verdict_free(&verdict);
	container_free(c);
}
END_TEST

/* A list that the journal names later, with a certificate on it or not. */
static void
list_later(const struct identity *ca, const struct cert *cert, int64_t this_at,
    int64_t since_at)
{
	struct buf der = BUF(10000);
	struct error err = { 0 };

	w.later = crls_new(&err);
	fixture_crl(ca, this_at, NOW + 1000, cert, since_at, &der);
	ck_ok(crls_add(w.later, buf_span(&der), NULL, &err), err);
	buf_free(&der);
}

START_TEST(a_signature_that_a_later_list_takes_away_is_disputed)
{
	struct container *c = make_copy();
	struct verdict verdict;

	list_later(&w.iom, w.chief.cert, NOW + 400, NOW - 500);
	judge(c, &verdict);
	assert_verdict(&verdict, OUTCOME_INVALID);
	ck_assert_uint_eq(verdict.num_findings, 1);
	ck_assert_int_eq(verdict.findings[0].code, FINDING_SIGNER_REVOKED);
	ck_assert_int_eq(verdict.status, STATUS_DISPUTED);
	ck_assert(!verdict.quorum);
	ck_assert_uint_eq(verdict.crls_as_of, num_acts + 1);
	ck_assert(!verdict.crls_of_acts);
	verdict_free(&verdict);
	container_free(c);
}
END_TEST

START_TEST(a_list_that_clears_makes_a_signature_final)
{
	struct container *c = make_copy();
	struct verdict verdict;

	judge(c, &verdict);
	for (size_t i = 0; i < verdict.num_signatures; i++)
		ck_assert(!verdict.signatures[i].is_final);
	verdict_free(&verdict);
	list_later(&w.mofa, NULL, NOW + 400, 0);
	judge(c, &verdict);
	assert_verdict(&verdict, OUTCOME_VALID);
	for (size_t i = 0; i < verdict.num_signatures; i++)
		/* IOM's CA has made no new list. */
		ck_assert_int_eq(verdict.signatures[i].is_final,
		    strstr(verdict.signatures[i].person, "@iom") == NULL);
	verdict_free(&verdict);
	container_free(c);
}
END_TEST

START_TEST(what_does_not_read_is_invalid)
{
	struct error why = { 0 }, err = { 0 };
	struct verdict verdict;

	error_set(&why, ERROR_MALFORMED, "ZIP: cut short");
	ck_ok(verdict_unreadable(&why, &verdict, &err), err);
	assert_verdict(&verdict, OUTCOME_INVALID);
	ck_assert(has_code(&verdict, FINDING_CONTAINER_MALFORMED));
	ck_assert(!verdict_error(&verdict, &err));
	ck_assert_str_eq(error_code(&err), "CONTAINER_MALFORMED");
	verdict_free(&verdict);
}
END_TEST

START_TEST(over_a_limit_of_ours_nothing_is_known)
{
	struct verdict verdict;
	struct error err = { 0 }, why = { 0 };

	error_set(&why, ERROR_LIMIT, "2000 members, limit 1000");
	ck_ok(verdict_unreadable(&why, &verdict, &err), err);
	assert_verdict(&verdict, OUTCOME_INDETERMINATE);
	ck_assert(has_code(&verdict, FINDING_OVER_LIMIT));
	ck_assert(!verdict_error(&verdict, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	verdict_free(&verdict);
}
END_TEST

START_TEST(a_verdict_that_was_never_reached_is_not_valid)
{
	const struct verdict nothing = { 0 };

	ck_assert_int_eq(nothing.outcome, OUTCOME_INVALID);
}
END_TEST

START_TEST(no_code_is_untested)
{
	for (int code = 0; code < FINDING_CODES; code++) {
		bool tested = code == FINDING_CONTAINER_MALFORMED ||
		    code == FINDING_OUT_OF_ORDER ||    /* test_course.c */
		    code == FINDING_TIME_BACKWARDS ||  /* test_fields.c */
		    code == FINDING_CRLS_BACKWARDS ||  /* the same */
		    code == FINDING_WAYBILL_MISSING || /* test_dispatch.c */
		    code == FINDING_WAYBILL_DIFFERS ||
		    /* Found by comparing with what was seen: scenario 030. */
		    code == FINDING_JOURNAL_ROLLED_BACK ||
		    /* Below, and of other makers: scenario 064. */
		    code == FINDING_OVER_LIMIT || code == FINDING_NOT_CHECKED;

		for (size_t i = 0; i < COUNT(rows); i++)
			tested = tested || rows[i].code == (unsigned)code;
		ck_assert_msg(tested, "%s",
		    finding_name((enum finding_code)code));
	}
	/* And no wrong without a row, but those that are tests of their own. */
	for (int wrong = 1; wrong < WRONGS; wrong++) {
		bool used = wrong == CERT_REVOKED_LATER ||
		    wrong == LIST_WITHHELD_OF_NOBODY;

		for (size_t i = 0; i < COUNT(rows); i++)
			used = used || rows[i].wrong == (unsigned)wrong;
		ck_assert_msg(used, "wrong %d", wrong);
	}
}
END_TEST

/* --- Containers of other makers, where they are at hand. --- */

START_TEST(containers_of_other_makers_say_what_their_table_says)
{
	char path[4096], line[1024];
	FILE *table;
	unsigned seen = 0;

	snprintf(path, sizeof(path), "%s/../shared/data/asic/table.tsv",
	    getenv("VALISE_TOP"));
	if ((table = fopen(path, "r")) == NULL) {
		fprintf(stderr, "skipped: %s is not here\n", path);
		return;
	}
	while (fgets(line, sizeof(line), table) != NULL) {
		struct span rest = span_of_str(line), name, result;
		struct container *c;
		struct verdict verdict;
		struct error err = { 0 };
		enum outcome want;

		if (!span_take_until(&rest, '\t', &name) ||
		    !span_take_until(&rest, '\t', &result) ||
		    span_is(name, "file"))
			continue;
		want = span_is(result, "INTACT") ? OUTCOME_INDETERMINATE
						 : OUTCOME_INVALID;
		snprintf(path, sizeof(path), "%s/../shared/data/asic/%.*s",
		    getenv("VALISE_TOP"), (int)name.len,
		    (const char *)name.data);
		c = container_read_foreign(path, &err);
		ck_assert_msg(c != NULL, "%s: %s", path, err.detail);
		ck_ok(verdict_judge_foreign(c, &verdict, &err), err);
		ck_assert_msg(verdict.outcome == want, "%s: %s, %s", path,
		    outcome_name(verdict.outcome),
		    verdict.findings[verdict.num_findings - 1].text);
		ck_assert(has_code(&verdict, FINDING_NOT_A_DOCUMENT));
		verdict_free(&verdict);
		container_free(c);
		seen++;
	}
	fclose(table);
	ck_assert_uint_gt(seen, 10);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_good_copy_is_valid_and_in_force);
	tcase_add_loop_test(t, one_thing_wrong_is_found_and_named, 0,
	    COUNT(rows));
	tcase_add_test(t, a_certificate_revoked_after_it_signed_was_good_then);
	tcase_add_test(t, a_signature_that_a_later_list_takes_away_is_disputed);
	tcase_add_test(t, a_list_that_clears_makes_a_signature_final);
	tcase_add_test(t, what_does_not_read_is_invalid);
	tcase_add_test(t, over_a_limit_of_ours_nothing_is_known);
	tcase_add_test(t, a_list_beside_the_journal_warns_of_what_it_changes);
	tcase_add_test(t,
	    a_list_beside_the_journal_that_changes_nothing_is_not_told);
	tcase_add_test(t, a_verdict_that_was_never_reached_is_not_valid);
	tcase_add_test(t, no_code_is_untested);
	tcase_add_test(t, containers_of_other_makers_say_what_their_table_says);
}

int
main(void)
{
	return run_tests("verdict", fill);
}
