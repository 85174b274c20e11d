/*
 * Acts on versions: asking for the verdict, handing the act to the registrar,
 * and answering with its receipt (acts.h).  The actor says in whose name
 * (actor.h).
 */
#include "daemon/api/acts.h"

#include <string.h>

#include "base/text.h"

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

bool
acts_refuse(struct job *job, const struct verdict *verdict, const char *wanted,
    struct error *err)
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

void
acts_describe(struct job *job, const struct actor *actor,
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
	languages_text_of(verdict->version, act->languages,
	    sizeof(act->languages));
}

bool
acts_hand_in(struct job *job, struct error *err)
{
	if (!registrar_prepare(job->api->registrar, &job->act, err))
		return false;
	job_submit(job, job_finish_act);
	return true;
}

struct verdict_request
acts_request(const struct job *job, const struct actor *actor,
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

bool
acts_tell_bearer(const struct job *job, struct error *err)
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
