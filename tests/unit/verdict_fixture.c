/*
 * Making copies with one thing wrong (verdict_fixture.h).
 */
#include "verdict_fixture.h"

#include <stdio.h>

#include "base/time.h"
#include "document/manifest.h"
#include "journal/entry.h"
#include "merkle_fixture.h"
#include "policy_fixture.h"
#include "unit.h"

#define DOCUMENT "agreement/lao-iom"

/* --- A world: two CAs, persons, the project's own policy. --- */

struct wrong_world wrong_world;

void
wrong_set_up(void)
{
	struct complaints complaints = COMPLAINTS;
	struct error err = { 0 };

	wrong_world = (struct wrong_world){ .mofa = fixture_ca("MOFA CA"),
		.iom = fixture_ca("IOM CA"),
		.stranger_ca = fixture_ca("Stranger CA") };
	wrong_world.depositor =
	    fixture_signer(&wrong_world.mofa, "treaties@mofa.example", "");
	wrong_world.minister =
	    fixture_signer(&wrong_world.mofa, "minister@mofa.example", "");
	wrong_world.chief = fixture_signer(&wrong_world.iom,
	    "chief-of-mission@iom.example", "Vientiane");
	wrong_world.depositary =
	    fixture_signer(&wrong_world.mofa, "depositary@mofa.example", "");
	wrong_world.policy =
	    policy_load(fixture_shipped(&wrong_world.mofa, &wrong_world.iom),
		NOW, &complaints, &err);
	ck_assert_msg(wrong_world.policy != NULL, "%s", err.detail);
	wrong_world.crls = crls_new(&err);
	wrong_world.certs = cert_cache_new(&err);
	ck_ok(note_signer_make("valise.mofa.example/lao-iom", NOTE_JOURNAL,
		  &wrong_world.journal, &err) &&
		note_signer_make("valise.mofa.example/lao-iom", NOTE_JOURNAL,
		    &wrong_world.newer_key, &err) &&
		note_signer_make("valise.iom.example/other", NOTE_JOURNAL,
		    &wrong_world.other_journal, &err) &&
		note_signer_make("mofa.example", NOTE_WITNESS,
		    &wrong_world.witness_signers[0], &err) &&
		note_signer_make("iom.example", NOTE_WITNESS,
		    &wrong_world.witness_signers[1], &err),
	    err);
	wrong_world.witnesses = (struct witnesses){ .num = 2,
		.quorum = 2,
		.keys = { wrong_world.witness_signers[0].key,
		    wrong_world.witness_signers[1].key },
		.names = { "mofa", "iom-geneva" } };
	complaints_free(&complaints);
}

void
wrong_tear_down(void)
{
	identity_free(&wrong_world.mofa);
	identity_free(&wrong_world.iom);
	identity_free(&wrong_world.stranger_ca);
	identity_free(&wrong_world.depositor);
	identity_free(&wrong_world.minister);
	identity_free(&wrong_world.chief);
	identity_free(&wrong_world.depositary);
	policy_free(wrong_world.policy);
	crl_entries_free(wrong_world.named);
	crls_free(wrong_world.withheld);
	crls_free(wrong_world.crls);
	crls_free(wrong_world.later);
	cert_cache_free(wrong_world.certs);
}

static bool
is(enum wrong wrong)
{
	return wrong_world.wrong == wrong;
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
	entry->policy = wrong_world.policy->digest;
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
		if (cades_verify(wrong_world.certs,
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
	    ? &wrong_world.other_journal
	    : is(RECEIPT_OF_NEWER_KEY) ? &wrong_world.newer_key
				       : &wrong_world.journal;
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
		ck_ok(note_cosign(&wrong_world.witness_signers[i],
			  buf_span(&note), NOW, &note, &err),
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
	const struct identity *ca =
	    is(CA_UNKNOWN) ? &wrong_world.stranger_ca : &wrong_world.mofa;

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
	fixture_crl(is(CRL_OF_ANOTHER) ? &wrong_world.stranger_ca
				       : &wrong_world.mofa,
	    NOW - 1000, until, revoked ? minister->cert : NULL,
	    is(CERT_REVOKED) ? NOW - 500 : NOW + 500, &mofa);
	fixture_crl(&wrong_world.iom, NOW - 1000, NOW + 1000, NULL, 0, &iom);
	ck_ok(crls_add(wrong_world.crls, buf_span(&mofa), NULL, &err) &&
		crls_add(wrong_world.crls, buf_span(&iom), NULL, &err),
	    err);
	/* A list of since that clears it, then one that dates back. */
	if (is(CERT_DOUBTED)) {
		fixture_crl(&wrong_world.mofa, NOW + 300, NOW + 1000, NULL, 0,
		    &later);
		ck_ok(crls_add(wrong_world.crls, buf_span(&later), NULL, &err),
		    err);
		later.len = 0;
		fixture_crl(&wrong_world.mofa, NOW + 400, NOW + 1000,
		    minister->cert, NOW - 500, &later);
		ck_ok(crls_add(wrong_world.crls, buf_span(&later), NULL, &err),
		    err);
	}
	if (is(LIST_WITHHELD) || is(LIST_WITHHELD_OF_NOBODY)) {
		later.len = 0;
		fixture_crl(&wrong_world.mofa, NOW - 100, NOW + 1000,
		    is(LIST_WITHHELD) ? minister->cert : NULL, NOW - 500,
		    &later);
		ck_assert_ptr_nonnull(wrong_world.withheld = crls_new(&err));
		ck_ok(crls_add(wrong_world.withheld, buf_span(&later), NULL,
			  &err),
		    err);
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
struct container *
wrong_copy(void)
{
	struct error err = { 0 };
	struct container *c = container_new(&err);
	struct identity minister = approver();
	struct identity geneva =
	    fixture_signer(&wrong_world.iom, "geneva@iom.example", "Geneva");
	const struct identity *origin = is(OFFICE_MAY_NOT) ? &geneva
	    : is(ORIGIN_OF_ANOTHER) ? &wrong_world.minister
				    : &wrong_world.depositor;
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
		id_of(&wrong_world.minister, second);
		sign(c, &wrong_world.minister, second, COMMITMENT_APPROVAL,
		    NOW - 20);
		add_act(c, ACT_SIGN, second, &wrong_world.minister, "mofa");
	}
	if (!is(FORCE_WITHOUT_QUORUM)) {
		id_of(&wrong_world.chief, chief);
		sign(c, &wrong_world.chief, chief, COMMITMENT_APPROVAL,
		    NOW - 20);
		add_act(c, ACT_SIGN, chief, &wrong_world.chief,
		    "iom-vientiane");
	}
	if (!is(NO_FORCE_RECEIPT))
		add_act(c, ACT_FORCE, NULL, NULL, NULL);
	sign(c,
	    is(SEAL_OF_ANOTHER) ? &wrong_world.depositor
				: &wrong_world.depositary,
	    "seal", COMMITMENT_RECEIPT, NOW);
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
	return digest_eq(digest, &wrong_world.policy->digest) &&
		!is(POLICY_NOT_ACCEPTED)
	    ? wrong_world.policy
	    : NULL;
}

static const struct digest later_digest = { { 0x1a } };

static struct crls *
find_crls(void *arg, const struct digest *digest)
{
	(void)arg;
	return digest_eq(digest, &later_digest) ? wrong_world.later : NULL;
}

static const struct crl_entries *
find_named(void *arg, uint64_t *as_of)
{
	struct error err = { 0 };

	(void)arg;
	*as_of = num_acts + 1;
	crl_entries_free(wrong_world.named);
	ck_assert_ptr_nonnull(wrong_world.named = crl_entries_new(&err));
	ck_ok(crl_entries_take_lists(wrong_world.named, wrong_world.crls,
		  wrong_world.policy->trust, &err),
	    err);
	return wrong_world.named;
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
		.policy = wrong_world.policy->digest,
		.crls = later_digest };
	struct error err = { 0 };

	(void)find_named(arg, as_of);
	ck_ok(crl_entries_take(wrong_world.named, &library, num_acts, &entry,
		  &err),
	    err);
	return wrong_world.named;
}

/* Lists beside the journal. */
static struct crls *
find_withheld(void *arg, const struct trust **trust)
{
	(void)arg;
	*trust = wrong_world.policy->trust;
	return wrong_world.withheld;
}

void
wrong_judge(struct container *c, struct verdict *out)
{
	const struct verdict_library library = { .policy = find_policy,
		.crls = find_crls,
		.withheld = find_withheld,
		.named = wrong_world.later != NULL ? find_named_and_later
						   : find_named };
	const struct note_keys keys = note_keys_of(&wrong_world.journal.key);
	const struct verdict_request request = { .expect = EXPECT_DELIVERED,
		.container = c,
		.certs = wrong_world.certs,
		.library = &library,
		.journal = &keys,
		.witnesses = &wrong_world.witnesses,
		.must_be_witnessed = true,
		.now_ms = (NOW + 600) * 1000,
		.document = is(OTHER_DOCUMENT) ? "agreement/other" : NULL };
	struct error err = { 0 };

	ck_ok(verdict_judge(&request, out, &err), err);
}

size_t
wrong_num_acts(void)
{
	return num_acts;
}
