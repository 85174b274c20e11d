#include "daemon/actor.h"

#include <stdlib.h>
#include <string.h>

#include "bag/judge.h"
#include "base/time.h"

static bool
set_office(struct actor *actor, const char *name, struct error *err)
{
	actor->office = policy_office(actor->by.policy, name);
	return actor->office != NULL ||
	    error_set(err, ERROR_REFUSED, "%s is no office any more", name);
}

bool
actor_own(const struct job *job, struct actor *out, struct error *err)
{
	*out = (struct actor){ .by = registrar_now(job->api->registrar) };
	snprintf(out->person, sizeof(out->person), "%s", job->connected.person);
	return set_office(out, job->connected.office->name, err);
}

/* The version digest that stands for a body which was handed in before. */
static bool
lists_version(const struct job *job, const struct waybill *waybill)
{
	const char *folder = job_bag_folder(job);
	struct digest digest;
	char hex[DIGEST_HEX];

	if (!http_query(&job->request->head, "digest", hex, sizeof(hex)) ||
	    !digest_parse(span_of_str(hex), &digest))
		return false;
	for (size_t i = 0; i < waybill->num; i++) {
		const struct waybill_file *file = &waybill->files[i];

		if (strncmp(file->path, folder, strlen(folder)) == 0 &&
		    strcmp(file->document, job->document) == 0 &&
		    file->version == job->version &&
		    digest_eq(&file->digest, &digest))
			return true;
	}
	return false;
}

/* Does the waybill list the body, as what the request says that it is? */
static bool
lists_body(const struct job *job, const struct waybill *waybill,
    struct error *err)
{
	const char *folder = job_bag_folder(job);
	struct digest digest;
	bool found = false;

	if (job->request->spool < 0) {
		found = lists_version(job, waybill);
	} else {
		if (!file_sha256(job->request->spool, job->request->body_len,
			&digest, err))
			return false;
		for (size_t i = 0; i < waybill->num && !found; i++) {
			const struct waybill_file *file = &waybill->files[i];

			found =
			    strncmp(file->path, folder, strlen(folder)) == 0 &&
			    strcmp(file->document, job->document) == 0 &&
			    file->version == job->version &&
			    digest_eq(&file->sha256, &digest);
		}
	}
	return found ||
	    error_set(err, ERROR_UNTRUSTED,
		"the waybill does not list it: who signed that did not send"
		" this");
}

/* Is the signer still who they were when they signed it? */
static bool
judge_signer(const struct job *job, const struct actor *actor,
    const struct waybill *waybill, struct span yaml, struct span p7s,
    struct error *err)
{
	struct crls *lists[1] = { actor->by.crls->crls };
	const struct bag_signature it = { yaml, p7s, waybill->from,
		waybill->person, waybill->dispatched_at, time_now_ms() / 1000 };

	return bag_judge(job->api->certs, actor->by.policy, lists, 1, &it,
		   err) ||
	    error_context(err, "the waybill");
}

bool
actor_take(const struct job *job, struct actor *out, struct error *err)
{
	struct buf yaml = BUF(LIMIT_WAYBILL_BYTES);
	struct buf p7s = BUF(LIMIT_SIGNATURE_BYTES);
	struct waybill *waybill = NULL;
	bool ok;

	if (!job->by_bag)
		return actor_own(job, out, err);
	*out = (struct actor){ .by = registrar_now(job->api->registrar),
		.waybill = job->waybill };
	ok = bags_read(job->api->bags, &job->waybill, &yaml, &p7s, err) &&
	    (waybill = waybill_parse(buf_span(&yaml), err)) != NULL &&
	    set_office(out, waybill->from, err) &&
	    judge_signer(job, out, waybill, buf_span(&yaml), buf_span(&p7s),
		err) &&
	    lists_body(job, waybill, err);
	if (ok) {
		snprintf(out->person, sizeof(out->person), "%s",
		    waybill->person);
		out->dispatched_ms = waybill->dispatched_at * 1000;
	}
	free(waybill);
	buf_free(&yaml);
	buf_free(&p7s);
	return ok;
}
