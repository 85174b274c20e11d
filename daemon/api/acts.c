/*
 * Deposit, sign and terminate: judging the act and handing it to the registrar.
 * The actor says in whose name (actor.h).
 */
#include <stdlib.h>
#include <string.h>

#include "bag/slip.h"
#include "base/text.h"
#include "daemon/api/actor.h"
#include "daemon/api/place.h"
#include "document/termination.h"
#include "record/stored.h"
#include "verdict/verdict.h"

/* A larger body is written by the worker, not by the registrar. */
enum { OWN_PACK_BYTES = 4 * 1024 * 1024 };

/*
 * "?old=SIZE": the sender has seen a checkpoint of that size.  The answer then
 * carries in a field the proof that the receipt's checkpoint extends it, which
 * saves the sender a request.  If there is no proof to give, the sender asks
 * for it.
 */
static void
add_extension(struct job *job, const struct head *head)
{
	struct http_response *response = &job->request->response;
	struct buf text = BUF(sizeof(response->headers) / 2);
	char number[24];
	struct error ignored = { 0 };
	struct span rest, line;
	uint64_t old;
	size_t n;

	if (!http_query(&job->request->head, "old", number, sizeof(number)) ||
	    !span_to_u64(span_of_str(number), &old) || old > head->size ||
	    !journal_extension(job->api->record->journal, old, head->size,
		&text, &ignored)) {
		buf_free(&text);
		return;
	}
	n = strlen(response->headers);
	n += (size_t)snprintf(response->headers + n,
	    sizeof(response->headers) - n, "Valise-Extension: %s", number);
	rest = buf_span(&text);
	/*
	 * Fold "old SIZE" and the hashes into the field; the last line is
	 * empty.
	 */
	for (unsigned i = 0; span_take_line(&rest, &line); i++)
		if (i > 0 && line.len > 0 &&
		    line.len < sizeof(response->headers) - n)
			n += (size_t)snprintf(response->headers + n,
			    sizeof(response->headers) - n, " %.*s",
			    (int)line.len, (const char *)line.data);
	snprintf(response->headers + n, sizeof(response->headers) - n, "\r\n");
	buf_free(&text);
}

/* Answer with the receipt of an entry, leading to the newest checkpoint. */
void
job_receipt(struct job *job, int status, uint64_t index)
{
	const struct journal *journal = job->api->record->journal;
	const struct head head = journal_head(journal);
	struct http_response *response = &job->request->response;
	struct proof proof = PROOF;
	struct error err = { 0 };

	if (journal_receipt(journal, index, &head, &proof, &err) &&
	    proof_encode(&proof, &response->body, &err)) {
		response->status = status;
		response->type = "text/plain; charset=utf-8";
		add_extension(job, &head);
		proof_free(&proof);
		job_answer(job);
		return;
	}
	proof_free(&proof);
	response->body.len = 0;
	job_problem(job, &err);
}

void
job_finish_act(struct job *job)
{
	job_receipt(job, 201, job->act.index);
}

/*
 * The verdict says no: answer with a refusal by policy, which is journaled, or
 * with what is wrong.
 */
static bool
refuse_by_verdict(struct job *job, const struct verdict *verdict,
    const char *wanted, struct error *err)
{
	for (size_t i = 0; i < verdict->num_findings; i++) {
		const struct finding *one = &verdict->findings[i];
		char sentence[FINDING_SENTENCE];

		if (finding_outcome(one->code) == OUTCOME_VALID)
			continue;
		if (one->code == FINDING_CONTAINER_MALFORMED ||
		    one->code == FINDING_VERSION_MALFORMED ||
		    one->code == FINDING_NOT_A_DOCUMENT ||
		    one->code == FINDING_MANIFEST_BROKEN) {
			finding_sentence(one, sentence);
			return error_set_code(err, ERROR_MALFORMED,
			    finding_name(one->code), "%s", sentence);
		}
		if (one->code != FINDING_NOT_ALLOWED &&
		    one->code != FINDING_NO_FULL_POWERS &&
		    one->code != FINDING_TEXT_NOT_ALLOWED)
			continue;
		job_refuse(job, wanted, one->rule);
		return true;
	}
	return verdict_error(verdict, err);
}

/* Fill in the entry of the act. */
static void
describe_act(struct job *job, const struct actor *actor,
    const struct verdict *verdict, const struct verdict_signature *signature,
    uint64_t last)
{
	struct act_request *act = &job->act;

	act->digest = verdict->digest;
	act->manifest = signature->manifest;
	act->signature = signature->signature;
	act->version = verdict->version->number;
	act->judged = actor->by;
	act->judged.last = last;
	act->waybill = actor->waybill;
	act->dispatched_ms = actor->dispatched_ms;
	text_set(act->document, sizeof(act->document), job->document);
	text_set(act->person, sizeof(act->person), actor->person);
	text_set(act->office, sizeof(act->office), actor->office->name);
	title_text_of(verdict->version, act->title, sizeof(act->title));
}

/*
 * Hash and encode the act on this worker, and hand it to the registrar, which
 * journals it.
 */
static bool
hand_in(struct job *job, struct error *err)
{
	if (!registrar_prepare(job->api->registrar, &job->act, err))
		return false;
	job_submit(job, job_finish_act);
	return true;
}

/* Did this person deposit this very version before? */
static bool
is_there(const struct job *job, const struct actor *actor,
    const struct snapshot *now, const struct digest *digest)
{
	return now->version == job->version &&
	    digest_eq(&now->asked.digest, digest) &&
	    strcmp(now->asked.person, actor->person) == 0;
}

static bool
check_previous(const struct version *version, const struct snapshot *now,
    struct error *err)
{
	return now->num_versions == 0 ||
	    digest_eq(&version->previous, &now->newest_digest) ||
	    error_set(err, ERROR_CONFLICT,
		"its \"previous\" is not the version digest of version %u:"
		" fetch that version, and begin from it",
		now->num_versions);
}

/*
 * A large body is written before its turn, so that no other act waits for it.
 */
static bool
write_own_pack(struct job *job, const struct container *container,
    struct error *err)
{
	struct pack *pack;
	bool ok = true;

	if (job->request->body_len < OWN_PACK_BYTES)
		return true;
	if ((pack = pack_new(job->api->record->store, err)) == NULL)
		return false;
	for (size_t i = 0; ok && i < container->num; i++)
		ok = path_is_meta(container->members[i].path) ||
		    pack_add_member(pack, &container->members[i], err);
	ok = ok && pack_finish(pack, err);
	pack_free(pack);
	if (!ok)
		error_make_unavailable(err);
	return ok;
}

/*
 * Returns the request to judge an act: what it claims to be, for whom, and by
 * which policy and lists.
 */
static struct verdict_request
request_of(const struct job *job, const struct actor *actor,
    struct container *container, const struct verdict_library *library,
    enum verdict_expect expect, const char *live)
{
	return (struct verdict_request){
		.expect = expect,
		.container = container,
		.certs = job->api->certs,
		.library = library,
		.now_ms = record_time_ms(job->api->record),
		.waybill = actor->by_bag ? &actor->waybill : NULL,
		.live = live,
		.policy = actor->by.policy,
		.person = actor->person,
		.office = actor->office->name,
		.document = job->document,
		.number = job->version,
	};
}

/*
 * Returns the "dispatch" entries by which the version's acts came, the present
 * act included, or NULL on failure.
 */
static struct verdict_act *
load_dispatches(const struct job *job, const struct actor *actor,
    const struct snapshot *now, size_t *num, struct error *err)
{
	uint64_t *indices = calloc(now->num_dispatches + 1, sizeof(*indices));
	struct verdict_act *acts;

	if (indices == NULL) {
		error_set_errno(err, "dispatches");
		return NULL;
	}
	if (now->num_dispatches > 0)
		memcpy(indices, now->dispatches,
		    now->num_dispatches * sizeof(*indices));
	*num = now->num_dispatches;
	if (actor->by_bag)
		indices[(*num)++] = actor->dispatch;
	acts = stored_acts(job->api->record->journal, indices, *num, err);
	free(indices);
	return acts;
}

/*
 * The papers of a waybill are put beside a deposit by the daemon only: refuse a
 * container that brings its own.
 */
static bool
check_own(const struct container *container, struct error *err)
{
	char id[LIMIT_NAME_BYTES + 1];

	for (size_t i = 0; i < container->num; i++)
		if (path_slip_id(container->members[i].path, id))
			return error_set(err, ERROR_MALFORMED,
			    "%s is no part of a deposit",
			    container->members[i].path);
	return true;
}

/* Judge a deposit, and hand it in. */
static bool
judge_deposit(struct job *job, const struct actor *actor,
    struct container *container, const struct snapshot *now, struct error *err)
{
	const struct verdict_library library =
	    library_for_verdict(job->api->record->library);
	struct verdict_request request = request_of(job, actor, container,
	    &library, EXPECT_DEPOSIT, "origin");
	/* The dispatches of the version before do not belong to this one. */
	struct verdict_act *dispatches = stored_acts(job->api->record->journal,
	    &actor->dispatch, actor->by_bag ? 1 : 0, err);
	struct verdict verdict;
	bool ok;

	request.dispatches = dispatches;
	request.num_dispatches = actor->by_bag ? 1 : 0;
	ok = dispatches != NULL && check_own(container, err) &&
	    actor_put_papers(actor, container, "origin", err) &&
	    verdict_judge(&request, &verdict, err);
	free(dispatches);
	if (!ok) {
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
	job->act =
	    (struct act_request){ .act = ACT_DEPOSIT, .container = container };
	describe_act(job, actor, &verdict,
	    verdict_signature(&verdict, "origin"), now->last);
	verdict_free(&verdict);
	return hand_in(job, err);
}

/*
 * The upload to be deposited is gone.  If it was deposited and the answer was
 * lost, answer with the receipt now.
 */
static bool
find_deposited(struct job *job, const struct actor *actor, struct error *err)
{
	struct digest digest;
	struct snapshot now;
	char hex[DIGEST_HEX];
	bool there;

	if (!http_query(&job->request->head, "digest", hex, sizeof(hex)) ||
	    !digest_parse(span_of_str(hex), &digest))
		digest = (struct digest){ { 0 } };
	if (!snapshot_take(job->api->record->ledger, job->document,
		job->version, actor->person, &now, err))
		return false;
	there = is_there(job, actor, &now, &digest);
	snapshot_free(&now);
	if (!there)
		return error_set(err, ERROR_NOT_FOUND,
		    "you have no such upload: it was finished, or its time is"
		    " over");
	job_receipt(job, 200, now.deposit_index);
	return true;
}

/*
 * A bearer who may not read documents of this type is not told the state of
 * one: the sender's act was refused, and the sender can ask why.
 */
static bool
tell_bearer(const struct job *job, struct error *err)
{
	const struct principal *bearer = &job->connected;

	if (!job->by_bag ||
	    (err->kind != ERROR_CONFLICT && err->kind != ERROR_NOT_FOUND) ||
	    policy_decide(bearer->by.policy, bearer->office, RIGHT_READ,
		job->type)
		.allowed)
		return false;
	return error_set(err, ERROR_CONFLICT,
	    "it cannot be taken as %s stands now; you may not read that, so"
	    " its sender must look",
	    job->document);
}

/*
 * Read "?onto=N": the deposit may end the signing of version N; 0 if it is not
 * given.  For an act by bag the slip says it, not the bearer.
 */
static bool
read_onto(const struct job *job, const struct actor *actor, unsigned *out,
    struct error *err)
{
	char text[16];

	*out = actor->onto;
	if (actor->by_bag)
		return !http_has_query(&job->request->head, "onto") ||
		    error_set(err, ERROR_USAGE,
			"onto=N is not for who brings a bag to say");
	return (http_query(&job->request->head, "onto", text, sizeof(text)) &&
		   (text[0] == '\0' ||
		       document_version_parse(span_of_str(text), out))) ||
	    error_set(err, ERROR_USAGE, "onto=N: the number of a version");
}

/*
 * Check that the deposit may come next. now gets the state of the newest
 * version; its signers are the caller's to free.
 */
static bool
check_deposit(struct job *job, const struct actor *actor, struct snapshot *now,
    struct error *err)
{
	struct place_deposit deposit = { .policy = actor->by.policy,
		.office = actor->office,
		.version = job->version };

	return read_onto(job, actor, &deposit.onto, err) &&
	    snapshot_take(job->api->record->ledger, job->document, 0,
		actor->person, now, err) &&
	    place_check_deposit(job->document, &deposit, now, err);
}

/*
 * *there: this very version was deposited before, and its receipt is the
 * answer.
 */
static bool
find_there(struct job *job, const struct actor *actor,
    const struct container *container, bool *there, struct error *err)
{
	const struct member *yaml = container_find(container, PATH_VERSION);
	const struct digest digest =
	    sha256_of(yaml != NULL ? member_bytes(yaml) : span_of(NULL, 0));
	struct snapshot now;

	*there = false;
	if (!snapshot_take(job->api->record->ledger, job->document,
		job->version, actor->person, &now, err))
		return false;
	*there = is_there(job, actor, &now, &digest);
	snapshot_free(&now);
	if (*there)
		job_receipt(job, 200, now.deposit_index);
	return true;
}

static bool
deposit(struct job *job, const struct actor *actor, struct error *err)
{
	struct snapshot now = { .signers = NULL };
	struct container *container;
	bool there, ok;

	if (job->request->spool < 0)
		return find_deposited(job, actor, err);
	container = container_read(job->request->spool, err);
	if (container == NULL)
		return false;
	ok = find_there(job, actor, container, &there, err);
	if (ok && there) {
		container_free(container);
		return true;
	}
	ok = ok && check_deposit(job, actor, &now, err);
	snapshot_free(&now);
	if (!ok) {
		container_free(container);
		return false;
	}
	return judge_deposit(job, actor, container, &now, err);
}

bool
run_deposit(struct job *job, struct error *err)
{
	struct actor actor = { .papers = NULL };
	bool ok;

	if (job->version == 0)
		return error_set(err, ERROR_USAGE,
		    "a deposit names its version's number");
	ok = upload_check(job, err) && actor_take(job, &actor, err) &&
	    deposit(job, &actor, err);
	actor_free(&actor);
	return ok || tell_bearer(job, err);
}

/* --- Sign. --- */

/*
 * Read a ZIP of exactly META-INF/ASiCManifest-ID.xml and signature-ID.p7s, ID
 * being 32 digits after prefix; and one more file beside, unless that is NULL.
 */
static bool
take_signature(struct job *job, const char *prefix, const char *beside,
    struct container *into, char id[LIMIT_NAME_BYTES + 1], struct error *err)
{
	struct container *body =
	    container_read_files_within(job->request->spool,
		&files_of_signature, err);
	const size_t skip = strlen(prefix);
	char other[LIMIT_NAME_BYTES + 1];
	bool ok;

	if (body == NULL)
		return false;
	ok = (body->num == (beside != NULL ? 3 : 2) &&
		 path_signature_id(body->members[0].path, PATH_MANIFEST, id) &&
		 path_signature_id(body->members[1].path, PATH_SIGNATURE,
		     other) &&
		 strcmp(id, other) == 0 && strlen(id) == skip + 32 &&
		 strncmp(id, prefix, skip) == 0 &&
		 (beside == NULL ||
		     (strcmp(body->members[2].path, beside) == 0 &&
			 body->members[2].size <= LIMIT_VERSION_BYTES)) &&
		 body->members[0].size <= LIMIT_META_BYTES &&
		 body->members[1].size <= LIMIT_SIGNATURE_BYTES) ||
	    error_set(err, ERROR_MALFORMED,
		"the body is not a ZIP of META-INF/ASiCManifest-%sID.xml"
		" and META-INF/signature-%sID.p7s%s%s",
		prefix, prefix, beside != NULL ? " and " : "",
		beside != NULL ? beside : "");
	for (size_t i = 0; ok && i < body->num; i++)
		ok = container_put_to_judge(into, body->members[i].path,
		    member_bytes(&body->members[i]), err);
	container_free(body);
	return ok;
}

/*
 * List the signatures that make the quorum: the earlier ones of the same kind,
 * and this one.
 */
static bool
list_signatures(struct job *job, const struct snapshot *now,
    const struct verdict_signature *live, struct error *err)
{
	struct act_request *act = &job->act;

	act->num_signatures = 0;
	for (size_t i = 0; i < now->num_signers; i++) {
		if (now->signers[i].terminates != live->terminates ||
		    now->signers[i].replaced ||
		    strcmp(now->signers[i].person, live->person) == 0)
			continue;
		if (act->num_signatures == LIMIT_SIGNATURES - 1)
			return error_set(err, ERROR_LIMIT,
			    "it has %d signatures: it can take no more",
			    LIMIT_SIGNATURES);
		act->signatures[act->num_signatures++] =
		    now->signers[i].signature;
	}
	act->signatures[act->num_signatures++] = live->signature;
	return true;
}

/* Judge the container with one more signature in it, and hand in the act. */
static bool
judge_sign(struct job *job, const struct actor *actor,
    struct container *container, const char *id, const struct snapshot *now,
    struct error *err)
{
	const struct verdict_library library =
	    library_for_verdict(job->api->record->library);
	struct verdict_request request =
	    request_of(job, actor, container, &library, EXPECT_STORED, id);
	struct verdict_act *acts = stored_acts(job->api->record->journal,
	    now->acts, now->num_acts, err);
	struct verdict_act *dispatches =
	    load_dispatches(job, actor, now, &request.num_dispatches, err);
	const struct verdict_signature *live;
	struct verdict verdict;
	bool ok;

	/* The new seal covers everything, this signature included. */
	container_remove(container, PATH_SEAL);
	container_remove(container, PATH_SEAL_MANIFEST);
	request.acts = acts;
	request.num_acts = now->num_acts;
	request.dispatches = dispatches;
	request.number = now->version;
	ok = acts != NULL && dispatches != NULL &&
	    actor_put_papers(actor, container, id, err) &&
	    verdict_judge(&request, &verdict, err);
	free(dispatches);
	free(acts);
	if (!ok) {
		container_free(container);
		return false;
	}
	live = verdict_signature(&verdict, id);
	if (verdict.outcome != OUTCOME_VALID) {
		container_free(container);
		ok = refuse_by_verdict(job, &verdict,
		    live != NULL && live->terminates ? "terminate" : "sign",
		    err);
		verdict_free(&verdict);
		return ok;
	}
	job->act = (struct act_request){ .act = live->terminates ? ACT_TERMINATE
								 : ACT_SIGN,
		.container = container };
	describe_act(job, actor, &verdict, live, now->last);
	/*
	 * A version enters into force once: a signature beyond the quorum
	 * changes nothing.
	 */
	job->act.quorum = live->terminates
	    ? verdict.termination
	    : verdict.quorum && now->asked.status != STATUS_IN_FORCE;
	ok = !job->act.quorum || list_signatures(job, now, live, err);
	verdict_free(&verdict);
	if (!ok) {
		container_free(container);
		job->act.container = NULL;
		return false;
	}
	return hand_in(job, err);
}

/* Is the signature that was sent the very one that is stored? */
static bool
is_same_signature(struct job *job, const struct container *sent, const char *id,
    const struct ledger_signer *there)
{
	char path[LIMIT_PATH_BYTES + 1];
	const struct member *manifest, *p7s;
	struct cades cades = { 0 };
	struct error ignored = { 0 };
	bool same;

	snprintf(path, sizeof(path), PATH_MANIFEST, id);
	manifest = container_find(sent, path);
	snprintf(path, sizeof(path), PATH_SIGNATURE, id);
	p7s = container_find(sent, path);
	same = cades_verify(job->api->certs, member_bytes(p7s),
		   member_bytes(manifest), &cades, &ignored) &&
	    digest_eq(&cades.signature, &there->signature);
	cades_free(&cades);
	return same;
}

static bool
signed_already(const struct job *job, const struct ledger_signer *there,
    struct error *err)
{
	return error_set(err, ERROR_CONFLICT,
	    "%s has signed %s%s@%u already, in entry %llu", there->person,
	    there->terminates ? "the termination of " : "", job->document,
	    job->version, (unsigned long long)there->index);
}

/*
 * Remove the files of the signature that an act brought, found by its
 * manifest's digest.
 */
static void
remove_signature(struct container *container, const struct digest *manifest)
{
	char id[LIMIT_NAME_BYTES + 1], path[LIMIT_PATH_BYTES + 1];

	for (size_t i = 0; i < container->num; i++) {
		const struct member *member = &container->members[i];

		if (!path_signature_id(member->path, PATH_MANIFEST, id) ||
		    !digest_eq(&member->sha256, manifest))
			continue;
		snprintf(path, sizeof(path), PATH_MANIFEST, id);
		container_remove(container, path);
		snprintf(path, sizeof(path), PATH_SIGNATURE, id);
		container_remove(container, path);
		return;
	}
}

/* Both parties sign one termination.yaml, the one that was stored first. */
static bool
same_termination(const struct container *stored, const struct container *sent,
    struct error *err)
{
	const struct member *old = container_find(stored, PATH_TERMINATION);
	const struct member *new = container_find(sent, PATH_TERMINATION);

	return old == NULL || new == NULL ||
	    span_eq(member_bytes(old), member_bytes(new)) ||
	    error_set(err, ERROR_CONFLICT,
		"its termination was begun with another reason: fetch it, and"
		" sign that one or none");
}

/*
 * Judge what was sent together with what is stored; sent is freed. old is this
 * person's earlier signature, which the new one replaces, or NULL: a person
 * signs again only if that makes a quorum that was lowered.
 */
static bool
judge_sent(struct job *job, const struct actor *actor, struct container *sent,
    const char *id, const struct snapshot *now, const struct ledger_signer *old,
    struct error *err)
{
	struct container *container =
	    snapshot_load(job->api->record->store, &now->asked.commit, err);
	bool ok = container != NULL && same_termination(container, sent, err);

	if (ok && old != NULL)
		remove_signature(container, &old->manifest);
	for (size_t i = 0; ok && i < sent->num; i++)
		ok = container_put(container, sent->members[i].path,
		    member_bytes(&sent->members[i]), err);
	container_free(sent);
	if (!ok) {
		container_free(container);
		return false;
	}
	return judge_sign(job, actor, container, id, now, err) ||
	    (old != NULL && error_is(err, finding_name(FINDING_SIGNED_TWICE)) &&
		signed_already(job, old, err));
}

static bool
run_sign_on(struct job *job, const struct actor *actor,
    const struct snapshot *now, struct error *err)
{
	struct container *sent = container_new(err);
	const struct ledger_signer *old = now->has_mine ? &now->mine : NULL;
	char id[LIMIT_NAME_BYTES + 1];
	bool ok;

	ok = sent != NULL && take_signature(job, "", NULL, sent, id, err);
	if (ok && old != NULL && is_same_signature(job, sent, id, old)) {
		container_free(sent);
		job_receipt(job, 200, old->index);
		return true;
	}
	if (ok && old != NULL && now->asked.status != STATUS_SIGNED_IN_PART)
		ok = signed_already(job, old, err);
	ok = ok && place_check_sign(job->document, job->version, now, err) &&
	    place_check_room(job->document, now, err);
	if (!ok) {
		container_free(sent);
		return false;
	}
	return judge_sent(job, actor, sent, id, now, old, err);
}

bool
run_sign(struct job *job, struct error *err)
{
	struct actor actor = { .papers = NULL };
	struct snapshot now = { .signers = NULL };
	bool ok;

	if (job->version == 0)
		return error_set(err, ERROR_USAGE,
		    "a signature names its version's number");
	ok = actor_take(job, &actor, err) &&
	    snapshot_take(job->api->record->ledger, job->document, job->version,
		actor.person, &now, err) &&
	    run_sign_on(job, &actor, &now, err);
	snapshot_free(&now);
	actor_free(&actor);
	return ok || tell_bearer(job, err);
}

/* --- Terminate. --- */

/*
 * A termination that was begun is of one version.  If another version is in
 * force by now, only the receipt of an act that was journaled then is given.
 */
static bool
end_other(struct job *job, const struct actor *actor, unsigned version,
    struct container *sent, const char *id, const struct snapshot *in_force,
    struct error *err)
{
	struct snapshot now;
	bool there;

	if (!snapshot_take(job->api->record->ledger, job->document, version,
		actor->person, &now, err))
		return false;
	there = now.version == version && now.has_my_end &&
	    is_same_signature(job, sent, id, &now.my_end);
	snapshot_free(&now);
	if (there)
		job_receipt(job, 200, now.my_end.index);
	return there || place_check_end(job->document, version, in_force, err);
}

/* Terminate the version in force, or join its termination. */
static bool
end_in_force(struct job *job, const struct actor *actor, struct container *sent,
    const char *id, const struct snapshot *now, struct error *err)
{
	const struct ledger_signer *old = now->has_my_end ? &now->my_end : NULL;

	job->version = now->version;
	if (old != NULL && is_same_signature(job, sent, id, old)) {
		container_free(sent);
		job_receipt(job, 200, old->index);
		return true;
	}
	if (!place_check_end(job->document, now->version, now, err) ||
	    !place_check_room(job->document, now, err)) {
		container_free(sent);
		return false;
	}
	return judge_sent(job, actor, sent, id, now, old, err);
}

static bool
run_terminate_on(struct job *job, const struct actor *actor,
    const struct snapshot *now, struct error *err)
{
	struct container *sent = container_new(err);
	struct termination termination;
	char id[LIMIT_NAME_BYTES + 1];
	bool ok;

	ok = sent != NULL &&
	    take_signature(job, TERMINATION_ID, PATH_TERMINATION, sent, id,
		err) &&
	    termination_parse(member_bytes(
				  container_find(sent, PATH_TERMINATION)),
		&termination, err);
	if (ok && termination.version == now->version)
		return end_in_force(job, actor, sent, id, now, err);
	ok = ok &&
	    end_other(job, actor, termination.version, sent, id, now, err);
	container_free(sent);
	return ok;
}

bool
run_terminate(struct job *job, struct error *err)
{
	struct actor actor;
	struct snapshot now = { .signers = NULL };
	bool ok;

	ok = actor_own(job, &actor, err) &&
	    snapshot_take(job->api->record->ledger, job->document,
		SNAPSHOT_IN_FORCE, actor.person, &now, err) &&
	    run_terminate_on(job, &actor, &now, err);
	snapshot_free(&now);
	return ok;
}
