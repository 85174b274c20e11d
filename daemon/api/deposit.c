/*
 * Deposit: may the version come next, is it what it says, and is it there
 * already?
 */
#include <stdlib.h>
#include <string.h>

#include "bag/slip.h"
#include "daemon/api/acts.h"
#include "daemon/api/place.h"
#include "record/stored.h"

/* A larger body is written by the worker, not by the registrar. */
enum { OWN_PACK_BYTES = 4 * 1024 * 1024 };

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
	struct verdict_request request = acts_request(job, actor, container,
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
		ok = acts_refuse(job, &verdict, "deposit", err);
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
	acts_describe(job, actor, &verdict,
	    verdict_signature(&verdict, "origin"), now->last);
	verdict_free(&verdict);
	return acts_hand_in(job, err);
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
	return ok || acts_tell_bearer(job, err);
}
