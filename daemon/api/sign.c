/*
 * Sign and terminate: a signature more in what is stored.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/api/acts.h"
#include "daemon/api/place.h"
#include "document/termination.h"
#include "record/stored.h"

/* --- Sign. --- */

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
	    acts_request(job, actor, container, &library, EXPECT_STORED, id);
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
		ok = acts_refuse(job, &verdict,
		    live != NULL && live->terminates ? "terminate" : "sign",
		    err);
		verdict_free(&verdict);
		return ok;
	}
	job->act = (struct act_request){ .act = live->terminates ? ACT_TERMINATE
								 : ACT_SIGN,
		.container = container };
	acts_describe(job, actor, &verdict, live, now->last);
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
	return acts_hand_in(job, err);
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
	return ok || acts_tell_bearer(job, err);
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
