/*
 * Deposit, sign, list, show and fetch documents.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "daemon/job.h"
#include "verdict/verdict.h"

enum { OWN_PACK_BYTES = 4 * 1024 * 1024 }; /* larger: not the registrar's */

static struct policy *
find_policy(void *arg, const struct digest *digest)
{
	return library_policy(arg, digest);
}

static struct crls *
find_crls(void *arg, const struct digest *digest)
{
	const struct crl_set *set = library_crls(arg, digest);

	return set != NULL ? set->crls : NULL;
}

static struct verdict_library
verdict_library_of(const struct job *job)
{
	return (struct verdict_library){ .policy = find_policy,
		.crls = find_crls,
		.arg = job->api->registrar->library,
		.newest = job->who.by.crls->crls };
}

/* What the ledger says of a document, copied out of its lock. */
struct snapshot {
	uint64_t last;
	unsigned num_versions, version; /* version: the one asked for, or 0 */
	enum status status;             /* of the newest */
	struct ledger_version asked;    /* without its lists */
	uint64_t deposit_index;
	uint64_t acts[LIMIT_RECEIPTS];
	size_t num_acts;
	struct digest newest_digest;
	struct ledger_signer mine; /* this person's signature on it, if any */
	bool has_mine;
	struct ledger_signer *signers;
	size_t num_signers;
};

static bool
take_snapshot(struct job *job, unsigned version, struct snapshot *out,
    struct error *err)
{
	struct ledger *ledger = job->api->registrar->ledger;
	const struct ledger_version *asked;
	const struct ledger_document *doc;
	bool ok = true;

	*out = (struct snapshot){ .last = LEDGER_NONE };
	ledger_read_lock(ledger);
	doc = ledger_find(ledger, job->document);
	if (doc != NULL && doc->num_versions > 0) {
		out->last = doc->last;
		out->num_versions = (unsigned)doc->num_versions;
		out->status = ledger_status(doc);
		out->newest_digest =
		    doc->versions[doc->num_versions - 1].digest;
	}
	asked = ledger_version(doc,
	    version != 0 ? version : out->num_versions);
	if (asked != NULL) {
		out->version = asked->number;
		out->asked = *asked;
		out->deposit_index = asked->acts[0];
		out->num_acts = asked->num_acts < LIMIT_RECEIPTS ?
		    asked->num_acts :
		    LIMIT_RECEIPTS;
		memcpy(out->acts, asked->acts,
		    out->num_acts * sizeof(out->acts[0]));
		for (size_t i = 0; i < asked->num_signers; i++)
			if (strcmp(asked->signers[i].person,
				job->who.person) == 0) {
				out->mine = asked->signers[i];
				out->has_mine = true;
			}
		out->num_signers = asked->num_signers;
		out->signers = calloc(asked->num_signers + 1,
		    sizeof(*out->signers));
		if (out->signers == NULL)
			ok = error_set_errno(err, "snapshot");
		else if (asked->num_signers > 0)
			memcpy(out->signers, asked->signers,
			    asked->num_signers * sizeof(*out->signers));
	}
	ledger_unlock(ledger);
	out->asked.signers = NULL;
	out->asked.acts = NULL;
	return ok;
}

/* The receipt of an entry, leading to the newest checkpoint, as the answer. */
static void
answer_receipt(struct job *job, int status, uint64_t index)
{
	const struct journal *journal = job->api->registrar->journal;
	const struct head head = journal_head(journal);
	struct http_response *response = &job->request->response;
	struct proof proof = PROOF;
	struct error err = { 0 };

	if (journal_receipt(journal, index, &head, &proof, &err) &&
	    proof_encode(&proof, &response->body, &err)) {
		response->status = status;
		response->type = "text/plain; charset=utf-8";
		proof_free(&proof);
		job_answer(job);
		return;
	}
	proof_free(&proof);
	response->body.len = 0;
	job_problem(job, &err);
}

static void
finish_act(struct job *job)
{
	answer_receipt(job, 201, job->act.index);
}

/* A verdict that says no: by policy (journaled), or because it is wrong. */
static bool
refuse_by_verdict(struct job *job, const struct verdict *verdict,
    const char *wanted, struct error *err)
{
	for (size_t i = 0; i < verdict->num_findings; i++) {
		const struct finding *one = &verdict->findings[i];
		const char *open;

		if (one->code == FINDING_CONTAINER_MALFORMED ||
		    one->code == FINDING_VERSION_MALFORMED ||
		    one->code == FINDING_NOT_A_DOCUMENT ||
		    one->code == FINDING_MANIFEST_BROKEN)
			return error_set_code(err, ERROR_MALFORMED,
			    finding_name(one->code), "%s", one->text);
		if (one->code != FINDING_NOT_ALLOWED &&
		    one->code != FINDING_NO_FULL_POWERS &&
		    one->code != FINDING_TEXT_NOT_ALLOWED)
			continue;
		/* The rule stands in brackets at the end of the sentence. */
		open = strrchr(one->text, '(');
		job_refuse(job, wanted, open != NULL ? open + 1 : one->text);
		return true;
	}
	return verdict_error(verdict, err);
}

static void
describe_act(struct job *job, const struct verdict *verdict,
    const struct verdict_signature *signature, uint64_t last)
{
	struct act_request *act = &job->act;

	act->digest = verdict->digest;
	act->manifest = signature->manifest;
	act->signature = signature->signature;
	act->version = verdict->version->number;
	act->judged = job->who.by;
	act->judged.last = last;
	snprintf(act->document, sizeof(act->document), "%s", job->document);
	snprintf(act->person, sizeof(act->person), "%s", job->who.person);
	snprintf(act->office, sizeof(act->office), "%s",
	    job->who.office->name);
	snprintf(act->title, sizeof(act->title), "%s",
	    version_title(verdict->version, "en"));
}

/* Is it next, or there already?  *there: this very version. */
static bool
check_place(const struct job *job, const struct snapshot *now,
    const struct digest *digest, bool *there, struct error *err)
{
	*there = now->version == job->version &&
	    digest_eq(&now->asked.digest, digest) &&
	    strcmp(now->asked.person, job->who.person) == 0;
	if (*there)
		return true;
	if (job->version <= now->num_versions)
		return error_set(err, ERROR_CONFLICT,
		    "%s has a version %u already, another one: fetch it, and"
		    " deposit yours as version %u", job->document,
		    job->version, now->num_versions + 1);
	if (job->version != now->num_versions + 1)
		return error_set(err, ERROR_CONFLICT,
		    "version %u is not next: %s has %u", job->version,
		    job->document, now->num_versions);
	if (now->num_versions > 0 && now->status == STATUS_TERMINATED)
		return error_set(err, ERROR_CONFLICT, "%s is terminated",
		    job->document);
	return true;
}

static bool
check_previous(const struct version *version, const struct snapshot *now,
    struct error *err)
{
	return now->num_versions == 0 ||
	    digest_eq(&version->previous, &now->newest_digest) ||
	    error_set(err, ERROR_CONFLICT,
		"its \"previous\" is not the version digest of version %u:"
		" fetch that version, and begin from it", now->num_versions);
}

/* A large body is written before its turn, so that nobody waits for it. */
static bool
write_own_pack(struct job *job, const struct container *container,
    struct error *err)
{
	struct pack *pack;
	bool ok = true;

	if (job->request->body_len < OWN_PACK_BYTES)
		return true;
	if ((pack = pack_new(job->api->registrar->store, err)) == NULL)
		return false;
	for (size_t i = 0; ok && i < container->num; i++)
		ok = path_is_meta(container->members[i].path) ||
		    pack_add_member(pack, &container->members[i], err);
	ok = ok && pack_finish(pack, err);
	pack_free(pack);
	if (!ok)
		err->kind = ERROR_UNAVAILABLE;
	return ok;
}

static bool
judge_deposit(struct job *job, struct container *container,
    const struct snapshot *now, struct error *err)
{
	const struct verdict_library library = verdict_library_of(job);
	const struct verdict_request request = {
		.expect = EXPECT_DEPOSIT,
		.container = container,
		.certs = job->api->certs,
		.library = &library,
		.now_ms = registrar_time_ms(job->api->registrar),
		.live = "origin",
		.policy = job->who.by.policy,
		.person = job->who.person,
		.office = job->who.office->name,
		.document = job->document,
		.number = job->version,
	};
	struct verdict verdict;
	bool ok;

	if (!verdict_judge(&request, &verdict, err)) {
		container_free(container);
		return false;
	}
	if (verdict.outcome != OUTCOME_VALID) {
		container_free(container);
		ok = refuse_by_verdict(job, &verdict, "deposit", err);
		verdict_free(&verdict);
		return ok;
	}
	ok = check_previous(verdict.version, now, err) &&
	    write_own_pack(job, container, err);
	if (!ok) {
		container_free(container);
		verdict_free(&verdict);
		return false;
	}
	job->act = (struct act_request){ .act = ACT_DEPOSIT,
		.container = container };
	describe_act(job, &verdict, verdict_signature(&verdict, "origin"),
	    now->last);
	verdict_free(&verdict);
	job_submit(job, finish_act);
	return true;
}

/* The policy may have changed while the job waited: by what it is judged. */
static void
refresh(struct job *job)
{
	const struct office *office;

	job->who.by = registrar_now(job->api->registrar);
	office = policy_office(job->who.by.policy, job->who.office->name);
	if (office != NULL)
		job->who.office = office;
}

bool
run_deposit(struct job *job, struct error *err)
{
	struct container *container;
	const struct member *yaml;
	struct digest digest;
	struct snapshot now;
	bool there, ok;

	refresh(job);
	if (job->version == 0)
		return error_set(err, ERROR_USAGE,
		    "a deposit names its version's number");
	if ((container = container_read(job->request->spool, err)) == NULL)
		return false;
	yaml = container_find(container, PATH_VERSION);
	digest = sha256_of(yaml != NULL ? member_bytes(yaml) :
					  span_of(NULL, 0));
	ok = take_snapshot(job, job->version, &now, err) &&
	    check_place(job, &now, &digest, &there, err);
	free(now.signers);
	if (!ok || there)
		container_free(container);
	if (ok && there)
		answer_receipt(job, 200, now.deposit_index);
	else if (ok)
		ok = judge_deposit(job, container, &now, err);
	return ok;
}

/* --- A version as the store has it. --- */

struct stored_file {
	char path[LIMIT_PATH_BYTES + 1];
	struct oid oid;
};

struct stored {
	struct stored_file *files;
	size_t num;
};

static bool
collect(void *arg, const char *path, const struct oid *oid, struct error *err)
{
	struct stored *stored = arg;
	struct stored_file *all;

	if (strcmp(path, ".gitattributes") == 0)
		return true;
	if (stored->num >= 2 * LIMIT_MEMBERS)
		return error_set(err, ERROR_LIMIT, "too many files");
	all = realloc(stored->files, (stored->num + 1) * sizeof(*all));
	if (all == NULL)
		return error_set_errno(err, "version");
	stored->files = all;
	snprintf(all[stored->num].path, sizeof(all[0].path), "%s", path);
	all[stored->num++].oid = *oid;
	return true;
}

static const struct digest *
known_digest(const struct version *version, const char *path)
{
	for (size_t i = 0; i < version->num_texts; i++)
		if (strcmp(version->texts[i].file, path) == 0)
			return &version->texts[i].sha256;
	for (size_t i = 0; i < version->num_annexes; i++)
		if (strcmp(version->annexes[i].file, path) == 0)
			return &version->annexes[i].sha256;
	return NULL;
}

static bool
is_text(const char *path)
{
	return strncmp(path, "texts/", 6) == 0 ||
	    strncmp(path, "annexes/", 8) == 0;
}

static bool
load_small(struct store *store, const struct stored *stored,
    struct container *container, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < stored->num; i++) {
		struct buf bytes = BUF(LIMIT_META_BYTES);

		if (is_text(stored->files[i].path))
			continue;
		ok = store_read(store, &stored->files[i].oid, OBJECT_BLOB,
			 &bytes, err) &&
		    container_put(container, stored->files[i].path,
			buf_span(&bytes), err);
		buf_free(&bytes);
	}
	return ok;
}

/* Texts stay in the store; what they are was judged when they came in. */
static bool
load_texts(struct store *store, const struct stored *stored,
    struct container *container, struct error *err)
{
	const struct member *yaml = container_find(container, PATH_VERSION);
	struct version *version = yaml == NULL ?
	    NULL :
	    version_parse(member_bytes(yaml), err);
	bool ok = version != NULL ||
	    error_set(err, ERROR_SYSTEM, "a stored version has no"
					 " version.yaml");

	for (size_t i = 0; ok && i < stored->num; i++) {
		const char *path = stored->files[i].path;
		struct member member;

		if (is_text(path))
			ok = store_member(store, path, &stored->files[i].oid,
				 known_digest(version, path), &member, err) &&
			    container_add(container, &member, err);
	}
	free(version);
	return ok;
}

static struct container *
load_version(struct job *job, const struct oid *commit_oid, struct error *err)
{
	struct store *store = job->api->registrar->store;
	struct container *container = container_new(err);
	struct stored stored = { 0 };
	struct store_commit commit;
	bool ok;

	ok = container != NULL &&
	    store_read_commit(store, commit_oid, &commit, err) &&
	    store_walk_tree(store, &commit.tree, collect, &stored, err) &&
	    load_small(store, &stored, container, err) &&
	    load_texts(store, &stored, container, err);
	free(stored.files);
	if (!ok) {
		container_free(container);
		err->kind = ERROR_SYSTEM; /* the store's fault, not theirs */
		return NULL;
	}
	return container;
}

/* --- Sign. --- */

/* A ZIP of exactly META-INF/ASiCManifest-ID.xml and signature-ID.p7s. */
static bool
take_signature(struct job *job, struct container *into,
    char id[LIMIT_NAME_BYTES + 1], struct error *err)
{
	struct container *body = container_read_files(job->request->spool,
	    err);
	char other[LIMIT_NAME_BYTES + 1];
	bool ok;

	if (body == NULL)
		return false;
	ok = (body->num == 2 &&
		 path_signature_id(body->members[0].path, PATH_MANIFEST, id) &&
		 path_signature_id(body->members[1].path, PATH_SIGNATURE,
		     other) &&
		 strcmp(id, other) == 0 && strlen(id) == 32 &&
		 body->members[0].size <= LIMIT_META_BYTES &&
		 body->members[1].size <= LIMIT_SIGNATURE_BYTES) ||
	    error_set(err, ERROR_MALFORMED,
		"the body is not a ZIP of META-INF/ASiCManifest-ID.xml and"
		" META-INF/signature-ID.p7s");
	for (size_t i = 0; ok && i < 2; i++)
		ok = container_put(into, body->members[i].path,
		    member_bytes(&body->members[i]), err);
	container_free(body);
	return ok;
}

static struct verdict_act *
load_acts(struct job *job, const struct snapshot *now, struct error *err)
{
	struct verdict_act *acts = calloc(now->num_acts + 1, sizeof(*acts));
	bool ok = acts != NULL || error_set_errno(err, "acts");

	for (size_t i = 0; ok && i < now->num_acts; i++) {
		struct buf line = BUF(LIMIT_ENTRY_BYTES);

		acts[i].index = now->acts[i];
		ok = journal_entry(job->api->registrar->journal, now->acts[i],
			 &line, err) &&
		    entry_parse(buf_span(&line), &acts[i].entry, err);
		buf_free(&line);
	}
	if (!ok) {
		free(acts);
		return NULL;
	}
	return acts;
}

static void
list_signatures(struct job *job, const struct snapshot *now,
    const struct verdict_signature *live)
{
	struct act_request *act = &job->act;

	act->num_signatures = 0;
	for (size_t i = 0; i < now->num_signers &&
	     act->num_signatures < LIMIT_SIGNATURES - 1;
	     i++)
		act->signatures[act->num_signatures++] =
		    now->signers[i].signature;
	act->signatures[act->num_signatures++] = live->signature;
}

static bool
judge_sign(struct job *job, struct container *container, const char *id,
    const struct snapshot *now, struct error *err)
{
	const struct verdict_library library = verdict_library_of(job);
	struct verdict_act *acts = load_acts(job, now, err);
	const struct verdict_request request = {
		.expect = EXPECT_STORED,
		.container = container,
		.certs = job->api->certs,
		.library = &library,
		.now_ms = registrar_time_ms(job->api->registrar),
		.acts = acts,
		.num_acts = now->num_acts,
		.live = id,
		.policy = job->who.by.policy,
		.person = job->who.person,
		.office = job->who.office->name,
		.document = job->document,
		.number = job->version,
	};
	struct verdict verdict;
	bool ok;

	if (acts == NULL || !verdict_judge(&request, &verdict, err)) {
		container_free(container);
		free(acts);
		return false;
	}
	free(acts);
	if (verdict.outcome != OUTCOME_VALID) {
		container_free(container);
		ok = refuse_by_verdict(job, &verdict, "sign", err);
		verdict_free(&verdict);
		return ok;
	}
	job->act = (struct act_request){ .act = ACT_SIGN,
		.container = container };
	describe_act(job, &verdict, verdict_signature(&verdict, id),
	    now->last);
	/* In force once: a signature beyond the quorum changes nothing. */
	job->act.quorum = verdict.quorum &&
	    now->status != STATUS_IN_FORCE;
	list_signatures(job, now, verdict_signature(&verdict, id));
	verdict_free(&verdict);
	job_submit(job, finish_act);
	return true;
}

/* 200 if it is this very signature, 409 if another one or another version. */
static bool
check_signable(struct job *job, const struct snapshot *now,
    const struct container *container, const char *id, bool *there,
    struct error *err)
{
	char path[LIMIT_PATH_BYTES + 1];
	const struct member *manifest, *p7s;
	struct cades cades = { 0 };

	*there = false;
	if (now->version == 0 || job->version > now->num_versions)
		return error_set(err, ERROR_NOT_FOUND, "%s has no version %u",
		    job->document, job->version);
	if (now->has_mine) {
		snprintf(path, sizeof(path), PATH_MANIFEST, id);
		manifest = container_find(container, path);
		snprintf(path, sizeof(path), PATH_SIGNATURE, id);
		p7s = container_find(container, path);
		*there = cades_verify(job->api->certs, member_bytes(p7s),
			     member_bytes(manifest), &cades, err) &&
		    digest_eq(&cades.signature, &now->mine.signature);
		cades_free(&cades);
		return *there ||
		    error_set(err, ERROR_CONFLICT,
			"%s has signed %s@%u already, in entry %llu",
			job->who.person, job->document, job->version,
			(unsigned long long)now->mine.index);
	}
	if (job->version != now->num_versions)
		return error_set(err, ERROR_CONFLICT,
		    "only the newest version takes signatures, and that is"
		    " version %u", now->num_versions);
	return now->status != STATUS_TERMINATED ||
	    error_set(err, ERROR_CONFLICT, "%s is terminated",
		job->document);
}

static bool
run_sign_on(struct job *job, const struct snapshot *now, struct error *err)
{
	struct container *sent = container_new(err), *container;
	char id[LIMIT_NAME_BYTES + 1];
	bool there = false, ok;

	ok = sent != NULL && take_signature(job, sent, id, err) &&
	    check_signable(job, now, sent, id, &there, err);
	if (!ok || there) {
		container_free(sent);
		if (ok)
			answer_receipt(job, 200, now->mine.index);
		return ok;
	}
	container = load_version(job, &now->asked.commit, err);
	ok = container != NULL;
	for (size_t i = 0; ok && i < sent->num; i++)
		ok = container_put(container, sent->members[i].path,
		    member_bytes(&sent->members[i]), err);
	container_free(sent);
	if (!ok) {
		container_free(container);
		return false;
	}
	/* A new seal is made over everything, this signature included. */
	container_remove(container, PATH_SEAL);
	container_remove(container, PATH_SEAL_MANIFEST);
	return judge_sign(job, container, id, now, err);
}

bool
run_sign(struct job *job, struct error *err)
{
	struct snapshot now;
	bool ok;

	refresh(job);
	if (job->version == 0)
		return error_set(err, ERROR_USAGE,
		    "a signature names its version's number");
	if (!take_snapshot(job, job->version, &now, err))
		return false;
	ok = run_sign_on(job, &now, err);
	free(now.signers);
	return ok;
}

/* --- Fetch. --- */

static struct digest
delivery_key(const struct job *job, const struct snapshot *now)
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_update(&hash, span_of_str(job->who.person));
	sha256_update(&hash, span_of_str(job->document));
	sha256_update(&hash, digest_span(&now->asked.contents));
	sha256_update(&hash,
	    span_of(&now->acts[now->num_acts - 1], sizeof(now->acts[0])));
	return sha256_final(&hash);
}

/* All receipts lead to the checkpoint of the newest act's batch. */
static bool
add_receipts(struct job *job, const struct snapshot *now,
    struct container *container, struct error *err)
{
	const struct journal *journal = job->api->registrar->journal;
	struct head head;
	bool ok;

	ok = journal_head_at(journal, now->acts[now->num_acts - 1] + 1, &head,
	    err);
	for (size_t i = 0; ok && i < now->num_acts; i++) {
		char path[LIMIT_PATH_BYTES + 1];
		struct buf text = BUF(LIMIT_PROOF_FILE);
		struct proof proof = PROOF;

		snprintf(path, sizeof(path), PATH_RECEIPT,
		    (unsigned long long)now->acts[i]);
		ok = journal_receipt(journal, now->acts[i], &head, &proof,
			 err) &&
		    proof_encode(&proof, &text, err) &&
		    container_put(container, path, buf_span(&text), err);
		proof_free(&proof);
		buf_free(&text);
	}
	return ok;
}

enum { COPY_NAME = 80 };

static void
copy_name(const struct oid *commit, uint64_t newest, char out[COPY_NAME])
{
	char hex[OID_HEX];

	oid_hex(commit, hex);
	snprintf(out, COPY_NAME, "%s-%llu.asice", hex,
	    (unsigned long long)newest);
}

bool
fetch_is_ready(struct job *job)
{
	struct ledger *ledger = job->api->registrar->ledger;
	const struct ledger_document *doc;
	const struct ledger_version *version;
	char name[COPY_NAME] = "";

	ledger_read_lock(ledger);
	doc = ledger_find(ledger, job->document);
	version = ledger_version(doc,
	    job->version != 0 || doc == NULL ? job->version :
					       (unsigned)doc->num_versions);
	if (version != NULL)
		copy_name(&version->commit,
		    version->acts[version->num_acts - 1], name);
	ledger_unlock(ledger);
	return name[0] != '\0' && cache_has(job->api->cache, name);
}

static bool
open_copy(struct job *job, const struct snapshot *now, uint64_t *size,
    struct error *err)
{
	struct api *api = job->api;
	char name[COPY_NAME], dir[FILE_PATH];
	struct container *container;
	bool ok;

	copy_name(&now->asked.commit, now->acts[now->num_acts - 1], name);
	if ((job->copy_fd = cache_open(api->cache, name, size)) >= 0)
		return true;
	if (!config_data(api->config, "cache", dir, err) ||
	    (container = load_version(job, &now->asked.commit, err)) == NULL)
		return false;
	ok = add_receipts(job, now, container, err) &&
	    (job->copy_fd = file_temporary(dir, err)) >= 0 &&
	    container_write(container, job->copy_fd, size, err);
	container_free(container);
	if (ok)
		cache_put(api->cache, name, job->copy_fd, *size);
	return ok;
}

static void
finish_fetch(struct job *job)
{
	job->request->response.fd = job->copy_fd;
	job->copy_fd = -1;
	if (job->act.act == ACT_DELIVER) {
		const struct digest key = job->act.digest;

		cache_delivered(job->api->cache, &key, time_now_ms());
	}
	job_answer(job);
}

static void
fill_copy(struct job *job, const struct snapshot *now, uint64_t size,
    const char *etag, bool *ranged)
{
	struct http_response *response = &job->request->response;
	const struct http_head *head = &job->request->head;

	response->status = 200;
	response->from = 0;
	response->to = size;
	response->type = "application/vnd.etsi.asic-e+zip";
	/* A range of what has changed since would be of something else. */
	*ranged = head->range[0] != '\0' && strcmp(head->if_range, etag) == 0;
	if (head->range[0] != '\0' &&
	    (head->if_range[0] == '\0' || *ranged))
		response->status = http_range(head->range, size,
		    &response->from, &response->to);
	snprintf(response->headers, sizeof(response->headers),
	    "ETag: %s\r\nAccept-Ranges: bytes\r\nValise-Version: %u\r\n", etag,
	    now->version);
	if (response->status == 206 || response->status == 416) {
		const size_t used = strlen(response->headers);

		if (response->status == 206)
			snprintf(response->headers + used,
			    sizeof(response->headers) - used,
			    "Content-Range: bytes %llu-%llu/%llu\r\n",
			    (unsigned long long)response->from,
			    (unsigned long long)response->to - 1,
			    (unsigned long long)size);
		else
			snprintf(response->headers + used,
			    sizeof(response->headers) - used,
			    "Content-Range: bytes */%llu\r\n",
			    (unsigned long long)size);
	}
}

static bool
deliver(struct job *job, const struct snapshot *now, struct error *err)
{
	const struct http_head *head = &job->request->head;
	struct http_response *response = &job->request->response;
	char hex[DIGEST_HEX], etag[DIGEST_HEX + 32];
	struct digest key;
	uint64_t size = 0;
	bool ranged;

	digest_hex(&now->asked.contents, hex);
	snprintf(etag, sizeof(etag), "\"%s-%llu\"", hex,
	    (unsigned long long)now->acts[now->num_acts - 1]);
	if (strcmp(head->if_none_match, etag) == 0) {
		response->status = 304;
		snprintf(response->headers, sizeof(response->headers),
		    "ETag: %s\r\n", etag);
		job_answer(job);
		return true;
	}
	if (!open_copy(job, now, &size, err))
		return false;
	fill_copy(job, now, size, etag, &ranged);
	key = delivery_key(job, now);
	if (response->status == 416) {
		response->to = response->from = 0;
		job_answer(job);
		return true;
	}
	job->act = (struct act_request){ .act = ACT_OTHER };
	/* No new entry: nothing is delivered, or it was, to this person. */
	if (strcmp(head->method, "HEAD") == 0 ||
	    (ranged && cache_was_delivered(job->api->cache, &key,
			   time_now_ms()))) {
		finish_fetch(job);
		return true;
	}
	job->act.act = ACT_DELIVER;
	job->act.version = now->version;
	job->act.contents = now->asked.contents;
	job->act.digest = key;
	snprintf(job->act.document, sizeof(job->act.document), "%s",
	    job->document);
	snprintf(job->act.person, sizeof(job->act.person), "%s",
	    job->who.person);
	snprintf(job->act.office, sizeof(job->act.office), "%s",
	    job->who.office->name);
	job_submit(job, finish_fetch);
	return true;
}

static bool
not_there(const struct job *job, struct error *err)
{
	return job->version == 0 ?
	    error_set(err, ERROR_NOT_FOUND, "there is no document %s",
		job->document) :
	    error_set(err, ERROR_NOT_FOUND, "%s has no version %u",
		job->document, job->version);
}

bool
run_fetch(struct job *job, struct error *err)
{
	struct snapshot now;
	bool ok;

	if (!take_snapshot(job, job->version, &now, err))
		return false;
	ok = now.version != 0 ? deliver(job, &now, err) : not_there(job, err);
	free(now.signers);
	return ok;
}

/* --- List and show. --- */

/* A title is read from the store once; NULL if that fails. */
static const char *
title_of(struct job *job, const struct ledger_document *doc,
    char out[LIMIT_TITLE_BYTES + 1])
{
	struct container *container;
	struct version *version = NULL;
	struct error err = { 0 };
	const struct member *yaml;
	struct ledger *ledger = job->api->registrar->ledger;
	const struct oid commit = doc->versions[doc->num_versions - 1].commit;
	char name[DOCUMENT_NAME];
	struct ledger_document *again;

	snprintf(name, sizeof(name), "%s", doc->name);
	if (doc->title[0] != '\0') {
		snprintf(out, LIMIT_TITLE_BYTES + 1, "%s", doc->title);
		return out;
	}
	ledger_unlock(ledger);
	out[0] = '\0';
	container = load_version(job, &commit, &err);
	yaml = container != NULL ? container_find(container, PATH_VERSION) :
				   NULL;
	if (yaml != NULL)
		version = version_parse(member_bytes(yaml), &err);
	if (version != NULL)
		snprintf(out, LIMIT_TITLE_BYTES + 1, "%s",
		    version_title(version, "en"));
	container_free(container);
	free(version);
	ledger_write_lock(ledger);
	again = ledger_find(ledger, name);
	if (again != NULL && again->title[0] == '\0')
		snprintf(again->title, sizeof(again->title), "%s", out);
	ledger_unlock(ledger);
	ledger_read_lock(ledger);
	return out;
}

static json_t *
json_digest(const struct digest *digest)
{
	char hex[DIGEST_HEX];

	digest_hex(digest, hex);
	return json_string(hex);
}

static json_t *
json_time(int64_t ms)
{
	char text[TIME_TEXT];

	time_format_ms(ms, text);
	return json_string(text);
}

static json_t *
json_version(const struct ledger_version *version)
{
	json_t *signatures = json_array();

	for (size_t i = 0; i < version->num_signers; i++) {
		const struct ledger_signer *one = &version->signers[i];

		json_array_append_new(signatures,
		    json_pack("{s:s, s:s, s:o, s:I}", "person", one->person,
			"office", one->office, "time",
			json_time(one->time_ms), "entry",
			(json_int_t)one->index));
	}
	return json_pack("{s:i, s:s, s:o, s:o, s:s, s:s, s:o, s:I, s:o}",
	    "version", (int)version->number, "status",
	    status_name(version->status), "digest",
	    json_digest(&version->digest), "contents",
	    json_digest(&version->contents), "person", version->person,
	    "office", version->office, "time", json_time(version->time_ms),
	    "entry", (json_int_t)version->acts[0], "signatures", signatures);
}

static json_t *
json_document(const struct ledger_document *doc, const char *title)
{
	json_t *versions = json_array();

	for (size_t i = 0; i < doc->num_versions; i++)
		json_array_append_new(versions,
		    json_version(&doc->versions[i]));
	return json_pack("{s:s, s:s, s:s, s:o}", "document", doc->name,
	    "title", title, "status", status_name(ledger_status(doc)),
	    "versions", versions);
}

/* The document's JSON, made once after each act on it. */
static bool
append_json(struct ledger_document *doc, struct ledger *ledger,
    struct buf *out, struct error *err)
{
	json_t *json;

	if (doc->json == NULL) {
		/* Another reader may make it too: one of the two is kept. */
		ledger_unlock(ledger);
		ledger_write_lock(ledger);
		if (doc->json == NULL) {
			json = json_document(doc, doc->title);
			doc->json = json_dumps(json, JSON_COMPACT);
			json_decref(json);
		}
		if (doc->json == NULL)
			return error_set_errno(err, "JSON");
	}
	return buf_append_str(out, doc->json, err) &&
	    buf_append_str(out, "\n", err);
}

bool
answer_document_now(struct job *job)
{
	struct http_response *response = &job->request->response;
	struct ledger *ledger = job->api->registrar->ledger;
	struct ledger_document *doc;
	struct error err = { 0 };
	bool ok = false;

	ledger_read_lock(ledger);
	doc = ledger_find(ledger, job->document);
	if (doc != NULL && doc->num_versions > 0 && doc->title[0] != '\0')
		ok = append_json(doc, ledger, &response->body, &err);
	ledger_unlock(ledger);
	if (!ok) {
		response->body.len = 0;
		return false;
	}
	response->status = 200;
	response->type = "application/json";
	return true;
}

bool
run_document(struct job *job, struct error *err)
{
	struct ledger *ledger = job->api->registrar->ledger;
	char title[LIMIT_TITLE_BYTES + 1];
	const struct ledger_document *doc;
	json_t *json = NULL;

	ledger_read_lock(ledger);
	doc = ledger_find(ledger, job->document);
	if (doc != NULL && doc->num_versions > 0) {
		title_of(job, doc, title);
		/* The lock was let go: look it up again. */
		doc = ledger_find(ledger, job->document);
		json = json_document(doc, title);
	}
	ledger_unlock(ledger);
	if (json == NULL)
		return not_there(job, err);
	job_json(job, 200, json);
	return true;
}

struct listing {
	char type[LIMIT_SLUG_BYTES + 1], status[32], cursor[DOCUMENT_NAME];
	int64_t since_ms;
};

static bool
read_listing(struct job *job, struct listing *out, struct error *err)
{
	const struct http_head *head = &job->request->head;
	char since[TIME_TEXT];
	int64_t at;

	*out = (struct listing){ .since_ms = INT64_MIN };
	if (!http_query(head, "type", out->type, sizeof(out->type)) ||
	    !http_query(head, "status", out->status, sizeof(out->status)) ||
	    !http_query(head, "cursor", out->cursor, sizeof(out->cursor)) ||
	    !http_query(head, "since", since, sizeof(since)))
		return error_set(err, ERROR_USAGE,
		    "a filter is there twice, too long, or broken");
	if (since[0] == '\0')
		return true;
	if (!time_parse_at(span_of_str(since), &at) &&
	    !time_parse_date(span_of_str(since), &at))
		return error_set(err, ERROR_USAGE,
		    "\"%s\" is neither a date nor a time", since);
	out->since_ms = at * 1000;
	return true;
}

static bool
is_listed(const struct listing *listing, const struct sight *sight,
    const struct ledger_document *doc)
{
	const struct ledger_version *newest;
	const struct document_type *type;
	char name[LIMIT_SLUG_BYTES + 1];

	if (doc->num_versions == 0)
		return false;
	document_type(doc->name, name);
	newest = &doc->versions[doc->num_versions - 1];
	type = policy_type(sight->policy, name);
	return type != NULL &&
	    (sight->read >> (type - sight->policy->types) & 1) != 0 &&
	    (listing->type[0] == '\0' || strcmp(listing->type, name) == 0) &&
	    (listing->status[0] == '\0' ||
		strcmp(listing->status, status_name(ledger_status(doc))) ==
		    0) &&
	    newest->time_ms >= listing->since_ms &&
	    strcmp(doc->name, listing->cursor) > 0;
}

bool
run_list(struct job *job, struct error *err)
{
	const struct sight sight = sight_of(job->who.by.policy,
	    job->who.office);
	struct ledger *ledger = job->api->registrar->ledger;
	struct ledger_document **all;
	json_t *documents = json_array(), *cursor = json_null();
	struct listing listing;
	size_t num = 0;

	if (!read_listing(job, &listing, err)) {
		json_decref(documents);
		return false;
	}
	ledger_read_lock(ledger);
	all = ledger_sorted(ledger, &num);
	for (size_t i = 0; all != NULL && i < num; i++) {
		char title[LIMIT_TITLE_BYTES + 1];
		const struct ledger_version *newest;

		if (!is_listed(&listing, &sight, all[i]))
			continue;
		if (json_array_size(documents) == LIMIT_LIST_PAGE) {
			cursor = json_incref(json_object_get(
			    json_array_get(documents, LIMIT_LIST_PAGE - 1),
			    "document"));
			break;
		}
		/* Documents are never freed: the pointer outlives the lock. */
		title_of(job, all[i], title);
		newest = &all[i]->versions[all[i]->num_versions - 1];
		json_array_append_new(documents,
		    json_pack("{s:s, s:s, s:i, s:s, s:o}", "document",
			all[i]->name, "title", title, "version",
			(int)newest->number, "status",
			status_name(ledger_status(all[i])), "digest",
			json_digest(&newest->digest)));
	}
	ledger_unlock(ledger);
	free(all);
	job_json(job, 200,
	    json_pack("{s:o, s:o}", "documents", documents, "cursor", cursor));
	return true;
}
