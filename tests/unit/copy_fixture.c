/*
 * Delivered copies made on the spot (copy_fixture.h).
 */
#include "copy_fixture.h"

#include <stdio.h>

#include "document/manifest.h"
#include "document/termination.h"
#include "merkle_fixture.h"
#include "policy_fixture.h"
#include "unit.h"

enum { ENTRIES = 64, STEP_SECONDS = 10 };

#define HAS(name) (UINT32_C(1) << ENTRY_##name)

struct copy_world copy_world;
#define w copy_world

static const char *const offices[COPY_PERSONS] = {
	[DEPOSITOR] = "mofa",
	[MINISTER] = "mofa",
	[MINISTER_ANEW] = "mofa",
	[VICE_MINISTER] = "mofa",
	[CHIEF] = "iom-vientiane",
};

/* --- The policies and CRLs. --- */

/* Replace a text in a file of the policy; it must be there. */
static void
edit(struct container *files, const char *path, const char *old,
    const char *new)
{
	const struct span bytes = member_bytes(container_find(files, path));
	char text[20000], edited[20000], *at;
	struct error err = { 0 };

	ck_assert_uint_lt(bytes.len, sizeof(text));
	memcpy(text, bytes.data, bytes.len);
	text[bytes.len] = '\0';
	ck_assert_ptr_nonnull(at = strstr(text, old));
	snprintf(edited, sizeof(edited), "%.*s%s%s", (int)(at - text), text,
	    new, at + strlen(old));
	ck_ok(container_put(files, path, span_of_str(edited), &err), err);
}

static struct policy *
make_policy(enum copy_policy which)
{
	struct complaints complaints = COMPLAINTS;
	struct container *files = fixture_shipped(&w.cas[0], &w.cas[1]);
	struct policy *policy;
	struct error err = { 0 };

	edit(files, "offices.yaml", "lao-pdr, types: [health-protocol]",
	    "lao-pdr, types: [agreement, health-protocol]");
	if (which == TWO_OF_LAO)
		edit(files, "agreement.yaml", "quorum: {lao-pdr: 1",
		    "quorum: {lao-pdr: 2");
	policy = policy_load(files, COPY_NOW, &complaints, &err);
	ck_assert_msg(policy != NULL, "%s", err.detail);
	complaints_free(&complaints);
	return policy;
}

static struct crls *
make_crls(enum copy_crls which)
{
	struct error err = { 0 };
	struct crls *crls = crls_new(&err);

	for (size_t ca = 0; ca < 2; ca++) {
		const bool old =
		    which == CRLS_OLD || (which == CRLS_MIXED && ca == 1);
		struct buf der = BUF(10000);

		if (which == CRLS_ONE && ca == 1)
			continue;
		fixture_crl(&w.cas[ca], COPY_NOW - (old ? 3600 : 60),
		    COPY_NOW + 7200, NULL, 0, &der);
		ck_ok(crls_add(crls, buf_span(&der), NULL, &err), err);
		buf_free(&der);
	}
	return crls;
}

void
copy_set_up(void)
{
	static const char *const emails[COPY_PERSONS] = {
		[DEPOSITOR] = "treaties@mofa.example",
		[MINISTER] = "minister@mofa.example",
		[MINISTER_ANEW] = "minister@mofa.example",
		[VICE_MINISTER] = "vice-minister@mofa.example",
		[CHIEF] = "chief-of-mission@iom.example",
	};
	struct error err = { 0 };

	w = (struct copy_world){ .cas = { fixture_ca("MOFA CA"),
				     fixture_ca("IOM CA") } };
	for (size_t i = 0; i < COPY_PERSONS; i++)
		w.persons[i] = fixture_signer(&w.cas[i == CHIEF], emails[i],
		    i == CHIEF ? "Vientiane" : "");
	w.depositary = fixture_signer(&w.cas[0], "depositary@mofa.example", "");
	for (unsigned i = 0; i < COPY_POLICIES; i++)
		w.policies[i] = make_policy((enum copy_policy)i);
	for (unsigned i = 0; i < COPY_CRLS; i++)
		w.crls[i] = make_crls((enum copy_crls)i);
	ck_assert_ptr_nonnull(w.certs = cert_cache_new(&err));
	ck_ok(note_signer_make("valise.mofa.example/lao-iom", NOTE_JOURNAL,
		  &w.journal, &err),
	    err);
}

void
copy_tear_down(void)
{
	identity_free(&w.cas[0]);
	identity_free(&w.cas[1]);
	identity_free(&w.depositary);
	for (size_t i = 0; i < COPY_PERSONS; i++)
		identity_free(&w.persons[i]);
	for (size_t i = 0; i < COPY_POLICIES; i++)
		policy_free(w.policies[i]);
	for (size_t i = 0; i < COPY_CRLS; i++)
		crls_free(w.crls[i]);
	crl_entries_free(w.named);
	cert_cache_free(w.certs);
}

/* --- The files. --- */

static void
put_version(struct container *c, unsigned number)
{
	static const char *const languages[] = { "en", "lo" };
	struct error err = { 0 };
	struct version *version = version_new(&err);
	struct title *title = version_add_title(version, &err);
	struct buf yaml = BUF(10000);

	snprintf(version->document, sizeof(version->document), COPY_DOCUMENT);
	version->number = number;
	version->has_previous = number > 1;
	snprintf(title->language, 3, "en");
	snprintf(title->text, 20, "An agreement");
	snprintf(version->office, POLICY_NAME, "mofa");
	snprintf(version->person, 40, "treaties@mofa.example");
	version->created_at = COPY_NOW - 60;
	for (size_t i = 0; i < COUNT(languages); i++) {
		struct text_file *file = version_add_text(version, &err);
		const struct span text = span_of_str("Article 1");

		snprintf(file->file, sizeof(file->file), "texts/%s/a.txt",
		    languages[i]);
		snprintf(file->language, sizeof(file->language), "%s",
		    languages[i]);
		snprintf(file->media, sizeof(file->media), "text/plain");
		file->authentic = true;
		file->size = text.len;
		file->sha256 = sha256_of(text);
		ck_ok(container_put(c, file->file, text, &err), err);
	}
	ck_ok(version_encode(version, &yaml, &err) &&
		container_put(c, PATH_VERSION, buf_span(&yaml), &err) &&
		container_put(c, "mimetype", span_of_str(CONTAINER_MIMETYPE),
		    &err),
	    err);
	version_free(version);
	buf_free(&yaml);
}

static void
put_termination(struct container *c, unsigned number)
{
	struct termination termination = { .version = number };
	struct buf yaml = BUF(10000);
	struct error err = { 0 };

	snprintf(termination.document, sizeof(termination.document),
	    COPY_DOCUMENT);
	snprintf(termination.reason, sizeof(termination.reason), "over");
	termination.digest =
	    sha256_of(member_bytes(container_find(c, PATH_VERSION)));
	ck_ok(termination_encode(&termination, &yaml, &err) &&
		container_put(c, PATH_TERMINATION, buf_span(&yaml), &err),
	    err);
	buf_free(&yaml);
}

/*
 * Sign what the container lists: texts and version.yaml; a seal lists META-INF
 * too.
 */
static void
sign(struct container *c, const struct identity *signer, const char *id,
    enum commitment commitment, int64_t at)
{
	const bool seal = strcmp(id, "seal") == 0;
	const bool ends =
	    strncmp(id, TERMINATION_ID, strlen(TERMINATION_ID)) == 0;
	char path[200], signature[200];
	struct manifest manifest = { 0 };
	struct buf xml = BUF(100000), p7s = BUF(100000);
	struct error err = { 0 };

	snprintf(path, sizeof(path), PATH_MANIFEST, id);
	snprintf(signature, sizeof(signature), PATH_SIGNATURE, id);
	snprintf(manifest.signature, sizeof(manifest.signature), "%s",
	    signature);
	if (seal) {
		container_remove(c, PATH_SEAL);
		container_remove(c, PATH_SEAL_MANIFEST);
	}
	ck_ok(container_hash(c, NULL, &err), err);
	for (size_t i = 0; i < c->num; i++) {
		const struct member *m = &c->members[i];

		if (strcmp(m->path, "mimetype") == 0 ||
		    (!seal && path_is_meta(m->path)) ||
		    (!seal && !ends && strcmp(m->path, PATH_TERMINATION) == 0))
			continue;
		ck_ok(manifest_add(&manifest, m->path, media_of_path(m->path),
			  &m->sha256, &err),
		    err);
	}
	ck_ok(manifest_encode(&manifest, &xml, &err) &&
		cades_sign(signer, buf_span(&xml), commitment, at, &p7s,
		    &err) &&
		container_put(c, path, buf_span(&xml), &err) &&
		container_put(c, signature, buf_span(&p7s), &err) &&
		container_hash(c, NULL, &err),
	    err);
	manifest_free(&manifest);
	buf_free(&xml);
	buf_free(&p7s);
}

/* --- The journal with the acts. --- */

static struct entry by_step[ENTRIES];

static struct journaled {
	struct buf lines[ENTRIES]; /* by index; empty between them */
	uint64_t size;
} j;

const struct entry *
copy_entry(size_t step)
{
	return &by_step[step];
}

struct digest
copy_crls_digest(enum copy_crls crls)
{
	return (struct digest){ { 0xc0, (uint8_t)crls } };
}

static void
name_signature(struct entry *entry, const struct container *c, const char *id)
{
	char manifest[200], path[200];
	struct cades cades = { 0 };
	struct error err = { 0 };

	snprintf(manifest, sizeof(manifest), PATH_MANIFEST, id);
	snprintf(path, sizeof(path), PATH_SIGNATURE, id);
	entry->manifest = container_find(c, manifest)->sha256;
	ck_ok(cades_verify(w.certs, member_bytes(container_find(c, path)),
		  member_bytes(container_find(c, manifest)), &cades, &err),
	    err);
	entry->signature = cades.signature;
	cades_free(&cades);
}

/* Name the last signature of each person, of that kind. */
static void
name_signatures(struct entry *entry, enum act kind, size_t step)
{
	for (size_t i = 0; i < step; i++) {
		bool again = false;

		if (by_step[i].act != kind)
			continue;
		for (size_t k = i + 1; k < step; k++)
			again = again ||
			    (by_step[k].act == kind &&
				strcmp(by_step[k].person, by_step[i].person) ==
				    0);
		if (!again)
			entry->signatures[entry->num_signatures++] =
			    by_step[i].signature;
	}
}

static void
id_of(const struct copy_step *step, char id[LIMIT_NAME_BYTES + 1])
{
	char hex[DIGEST_HEX];

	digest_hex(&w.persons[step->who].cert->fingerprint, hex);
	if (step->act == ACT_DEPOSIT)
		snprintf(id, LIMIT_NAME_BYTES + 1, "origin");
	else
		snprintf(id, LIMIT_NAME_BYTES + 1, "%s%.32s",
		    step->act == ACT_TERMINATE ? TERMINATION_ID : "", hex);
}

/* A person who signs again has one signature in the container: the new one. */
static void
remove_earlier(struct container *c, const struct copy_step steps[], size_t i)
{
	char id[LIMIT_NAME_BYTES + 1], path[200];

	for (size_t k = 0; k < i; k++) {
		if (steps[k].act != steps[i].act || steps[i].act == ACT_FORCE ||
		    strcmp(w.persons[steps[k].who].cert->email,
			w.persons[steps[i].who].cert->email) != 0)
			continue;
		id_of(&steps[k], id);
		snprintf(path, sizeof(path), PATH_MANIFEST, id);
		container_remove(c, path);
		snprintf(path, sizeof(path), PATH_SIGNATURE, id);
		container_remove(c, path);
	}
}

static void
put_paper(struct container *c, const char *format, const char *id,
    const struct buf *text)
{
	const char *hole = strchr(format, '%');
	struct error err = { 0 };
	char path[200];

	snprintf(path, sizeof(path), "%.*s%s%s", (int)(hole - format), format,
	    id, hole + 2);
	ck_ok(container_put(c, path, buf_span(text), &err), err);
}

/*
 * Put the papers of an act that came by bag, its fields, and the bag's entry.
 */
static void
take_bag(struct container *c, const struct copy_step *step, const char *id,
    struct entry *entry)
{
	const struct copy_bag *bag = step->bag;
	const struct identity *signer = &w.persons[step->who];
	struct error err = { 0 };
	struct waybill *waybill = waybill_new(&err);
	struct buf text = BUF(100000), yaml = BUF(100000), p7s = BUF(100000);
	struct slip slip = { .is_deposit = step->act == ACT_DEPOSIT,
		.version = (unsigned)entry->version,
		.digest = entry->digest,
		.signature = entry->signature,
		.salt = { 7 } };
	struct entry dispatch = { .act = ACT_DISPATCH,
		.has = HAS(TIME) | HAS(SALT) | HAS(POLICY) | HAS(OFFICE) |
		    HAS(PERSON) | HAS(TO) | HAS(NUMBER) | HAS(DIGEST),
		.time_ms = entry->time_ms,
		.policy = entry->policy,
		.number = 3 };

	snprintf(slip.document, sizeof(slip.document), COPY_DOCUMENT);
	waybill->number = 3;
	waybill->dispatched_at = entry->time_ms / 1000 - bag->dispatched_at;
	snprintf(waybill->from, sizeof(waybill->from), "%s", entry->office);
	snprintf(waybill->person, sizeof(waybill->person), "%s", entry->person);
	snprintf(waybill->to, sizeof(waybill->to), "mofa");
	snprintf(dispatch.office, sizeof(dispatch.office), "%s", entry->office);
	snprintf(dispatch.person, sizeof(dispatch.person), "%s", entry->person);
	snprintf(dispatch.to, sizeof(dispatch.to), "mofa");
	ck_ok(slip_encode(&slip, &text, &err), err);
	waybill->num_slips = 1;
	waybill->slips[0] = sha256_of(buf_span(&text));
	entry->dispatched_ms = waybill->dispatched_at * 1000;
	if (bag->pack != NULL)
		bag->pack(&slip, waybill, &signer, &dispatch);
	/* List the slip as it is, unless the waybill was changed too. */
	text.len = 0;
	ck_ok(slip_encode(&slip, &text, &err), err);
	if (waybill->slips[0].bytes[0] != 0xff)
		waybill->slips[0] = sha256_of(buf_span(&text));
	ck_ok(waybill_encode(waybill, &yaml, &err) &&
		cades_sign(signer, buf_span(&yaml), COMMITMENT_ORIGIN,
		    entry->time_ms / 1000 - bag->dispatched_at, &p7s, &err),
	    err);
	put_paper(c, PATH_SLIP_OF, id, &text);
	put_paper(c, PATH_WAYBILL_OF, id, &yaml);
	put_paper(c, PATH_P7S_OF, id, &p7s);
	entry->has |= HAS(WAYBILL) | HAS(DISPATCHED);
	entry->waybill = dispatch.digest = sha256_of(buf_span(&yaml));
	if (bag->put != NULL)
		bag->put(c, id, &dispatch);
	if (bag->index != 0) {
		j.lines[bag->index] = BUF(LIMIT_ENTRY_BYTES);
		ck_ok(entry_encode(&dispatch, &j.lines[bag->index], &err), err);
	}
	waybill_free(waybill);
	buf_free(&text);
	buf_free(&yaml);
	buf_free(&p7s);
}

/* Add what a step brings to the container, and make its entry. */
static void
take_step(struct container *c, unsigned number, const struct copy_step steps[],
    size_t i)
{
	const struct copy_step *step = &steps[i];
	const int64_t at = COPY_NOW + (int64_t)i * STEP_SECONDS;
	struct entry *entry = &by_step[i];
	char id[LIMIT_NAME_BYTES + 1];
	struct error err = { 0 };

	*entry = (struct entry){ .act = step->act,
		.has = HAS(TIME) | HAS(SALT) | HAS(POLICY) | HAS(DOCUMENT) |
		    HAS(VERSION) | HAS(DIGEST) | HAS(CONTENTS),
		.time_ms = at * 1000,
		.policy = w.policies[step->policy]->digest,
		.version = number };
	snprintf(entry->document, sizeof(entry->document), COPY_DOCUMENT);
	entry->digest =
	    sha256_of(member_bytes(container_find(c, PATH_VERSION)));
	if (i > 0 || number > 1) {
		entry->has |= HAS(PRIOR);
		entry->prior = i > 0 ? steps[i - 1].index : 0;
	}
	if (step->act == ACT_FORCE) {
		entry->has |= HAS(SIGNATURES);
		name_signatures(entry, steps[i - 1].act, i);
		entry->contents = by_step[i - 1].contents;
		return;
	}
	id_of(step, id);
	remove_earlier(c, steps, i);
	if (step->act == ACT_TERMINATE &&
	    container_find(c, PATH_TERMINATION) == NULL)
		put_termination(c, number);
	sign(c, &w.persons[step->who], id,
	    step->act == ACT_DEPOSIT ? COMMITMENT_ORIGIN : COMMITMENT_APPROVAL,
	    at - (step->bag != NULL ? step->bag->signed_at : 5));
	entry->has |= HAS(OFFICE) | HAS(PERSON) | HAS(MANIFEST) |
	    HAS(SIGNATURE) | HAS(COMMIT) | HAS(CRLS);
	snprintf(entry->office, sizeof(entry->office), "%s",
	    offices[step->who]);
	snprintf(entry->person, sizeof(entry->person), "%s",
	    w.persons[step->who].cert->email);
	entry->crls = copy_crls_digest(step->crls);
	name_signature(entry, c, id);
	if (step->bag != NULL)
		take_bag(c, step, id, entry);
	sign(c, &w.depositary, "seal", COMMITMENT_RECEIPT, at);
	ck_ok(container_contents(c, &entry->contents, &err), err);
}

/* Make the one checkpoint to which all receipts lead. */
static void
make_note(struct buf *note)
{
	struct checkpoint checkpoint = { .size = j.size };
	struct buf text = BUF(LIMIT_NOTE_TEXT);
	uint8_t signature[64];
	struct error err = { 0 };

	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    w.journal.key.name);
	ck_ok(merkle_root_at(fixture_node, j.lines, j.size, &checkpoint.root,
		  &err) &&
		checkpoint_encode(&checkpoint, &text, &err) &&
		note_sign(&w.journal, buf_span(&text), signature, &err) &&
		note_encode(&w.journal.key, &checkpoint, signature, note, &err),
	    err);
	buf_free(&text);
}

static void
put_receipt(struct container *c, uint64_t index, const struct buf *note)
{
	struct proof proof = PROOF;
	struct buf out = BUF(LIMIT_PROOF_FILE);
	struct error err = { 0 };
	char path[200];

	proof.index = index;
	ck_ok(buf_append(&proof.entry, buf_span(&j.lines[index]), &err) &&
		buf_append(&proof.note, buf_span(note), &err) &&
		merkle_prove_inclusion(fixture_node, j.lines, index, j.size,
		    &proof.path, &err) &&
		proof_encode(&proof, &out, &err),
	    err);
	snprintf(path, sizeof(path), PATH_RECEIPT, (unsigned long long)index);
	ck_ok(container_put(c, path, buf_span(&out), &err), err);
	proof_free(&proof);
	buf_free(&out);
}

struct container *
copy_make(unsigned number, const struct copy_step steps[], size_t num,
    copy_alter *alter, void *arg)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error err = { 0 };
	struct container *c = container_new(&err);

	put_version(c, number);
	for (size_t i = 0; i < ENTRIES; i++)
		j.lines[i] = BUF(LIMIT_ENTRY_BYTES);
	for (size_t i = 0; i < num; i++)
		take_step(c, number, steps, i);
	j.size = steps[num - 1].index + 1;
	for (size_t i = 0; i < num; i++)
		if (steps[i].bag != NULL && steps[i].bag->index >= j.size)
			j.size = steps[i].bag->index + 1;
	ck_assert_uint_le(j.size, ENTRIES);
	for (size_t i = 0; i < num; i++) {
		if (alter != NULL)
			alter(&by_step[i], i, arg);
		ck_ok(entry_encode(&by_step[i], &j.lines[steps[i].index], &err),
		    err);
	}
	make_note(&note);
	for (size_t i = 0; i < num; i++) {
		put_receipt(c, steps[i].index, &note);
		if (steps[i].bag != NULL && steps[i].bag->index != 0)
			put_receipt(c, steps[i].bag->index, &note);
	}
	for (size_t i = 0; i < j.size; i++)
		buf_free(&j.lines[i]);
	buf_free(&note);
	return c;
}

/* --- Judging it. --- */

static struct policy *
find_policy(void *arg, const struct digest *digest, uint64_t index)
{
	(void)arg, (void)index;
	for (size_t i = 0; i < COPY_POLICIES; i++)
		if (digest_eq(digest, &w.policies[i]->digest))
			return w.policies[i];
	return NULL;
}

static struct crls *
find_crls(void *arg, const struct digest *digest)
{
	(void)arg;
	for (unsigned i = 0; i < COPY_CRLS; i++) {
		const struct digest one = copy_crls_digest((enum copy_crls)i);

		if (digest_eq(digest, &one))
			return w.crls[i];
	}
	return NULL;
}

static const struct crl_entries *
find_named(void *arg, uint64_t *as_of)
{
	struct error err = { 0 };

	(void)arg;
	*as_of = 0;
	crl_entries_free(w.named);
	ck_assert_ptr_nonnull(w.named = crl_entries_new(&err));
	ck_ok(crl_entries_take_lists(w.named, w.crls[CRLS_NEW],
		  w.policies[0]->trust, &err),
	    err);
	return w.named;
}

struct verdict_library
copy_library(void)
{
	return (struct verdict_library){ .policy = find_policy,
		.crls = find_crls,
		.named = find_named };
}

void
copy_judge(struct container *copy, struct verdict *out)
{
	const struct verdict_library library = copy_library();
	const struct note_keys keys = note_keys_of(&w.journal.key);
	const struct verdict_request request = { .expect = EXPECT_DELIVERED,
		.container = copy,
		.certs = w.certs,
		.library = &library,
		.journal = &keys,
		.now_ms = (COPY_NOW + 600) * 1000 };
	struct error err = { 0 };

	ck_ok(verdict_judge(&request, out, &err), err);
}

bool
copy_has(const struct verdict *verdict, enum finding_code code)
{
	for (size_t i = 0; i < verdict->num_findings; i++)
		if (verdict->findings[i].code == code)
			return true;
	return false;
}

const char *
copy_findings(const struct verdict *verdict)
{
	static char all[4000];
	size_t used = 0;

	all[0] = '\0';
	for (size_t i = 0; i < verdict->num_findings && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used,
		    "%s (%s) ", finding_name(verdict->findings[i].code),
		    verdict->findings[i].text);
	return all;
}
