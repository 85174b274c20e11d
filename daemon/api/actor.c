/*
 * Finding the person and office in whose name an act is made: those of the
 * connection or those of a waybill (actor.h).
 */
#include "daemon/api/actor.h"

#include <stdlib.h>
#include <string.h>

#include "bag/judge.h"
#include "bag/slip.h"
#include "base/text.h"
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
	text_set(out->person, sizeof(out->person), job->connected.person);
	return set_office(out, job->connected.office->name, err);
}

/*
 * What the waybill must list: a body or, if its upload is used up, a version
 * digest in place of it.
 */
struct wanted {
	bool is_deposit, is_body;
	struct digest digest;
};

/*
 * Find out what the waybill must list for this job: read its body, or its
 * digest.
 */
static bool
read_wanted(const struct job *job, struct wanted *out, struct error *err)
{
	const struct http_request *request = job->request;
	char hex[DIGEST_HEX];

	*out = (struct wanted){ .is_deposit = strcmp(job_bag_folder(job),
						  BAG_DEPOSITS) == 0,
		.is_body = request->spool >= 0 };
	if (out->is_body)
		return file_sha256(request->spool, request->body_len,
		    &out->digest, err);
	return (http_query(&request->head, "digest", hex, sizeof(hex)) &&
		   digest_parse(span_of_str(hex), &out->digest)) ||
	    error_set(err, ERROR_USAGE,
		"digest=DIGEST: the version digest of what was uploaded");
}

/* Nothing is parsed that cannot be the one: a waybill has 200 slips. */
static bool
has_text(const struct member *member, const char *text)
{
	const struct span bytes = member_bytes(member);

	return memmem(bytes.data, bytes.len, text, strlen(text)) != NULL;
}

/*
 * Returns the act's slip among the files that were handed in with the waybill,
 * or NULL.
 */
static const struct member *
find_slip(const struct job *job, const struct container *papers,
    const struct wanted *wanted, unsigned *onto)
{
	char hex[DIGEST_HEX];

	digest_hex(&wanted->digest, hex);
	for (size_t i = 0; i < papers->num; i++) {
		const struct member *member = &papers->members[i];
		char name[LIMIT_NAME_BYTES + 1];
		struct error ignored = { 0 };
		struct slip slip;

		if (path_signature_id(member->path, PATH_SLIP, name) &&
		    has_text(member, hex) &&
		    slip_parse(member_bytes(member), &slip, &ignored) &&
		    slip.is_deposit == wanted->is_deposit &&
		    strcmp(slip.document, job->document) == 0 &&
		    slip.version == job->version &&
		    digest_eq(wanted->is_body ? &slip.body : &slip.digest,
			&wanted->digest)) {
			*onto = slip.onto;
			return member;
		}
	}
	return NULL;
}

/* A waybill that is older than slips lists the bodies themselves. */
static bool
lists_file(const struct job *job, const struct waybill *waybill,
    const struct wanted *wanted)
{
	const char *folder = job_bag_folder(job);

	for (size_t i = 0; i < waybill->num; i++) {
		const struct waybill_file *file = &waybill->files[i];

		if (strncmp(file->path, folder, strlen(folder)) == 0 &&
		    strcmp(file->document, job->document) == 0 &&
		    file->version == job->version &&
		    digest_eq(wanted->is_body ? &file->sha256 : &file->digest,
			&wanted->digest))
			return true;
	}
	return false;
}

/*
 * Is the signer's certificate still accepted, and is it still that person and
 * office?
 */
static bool
judge_signer(const struct job *job, const struct actor *actor,
    const struct waybill *waybill, struct error *err)
{
	const struct bag_signature it = {
		member_bytes(container_find(actor->papers, PATH_WAYBILL)),
		member_bytes(
		    container_find(actor->papers, PATH_WAYBILL_SIGNATURE)),
		waybill->from, waybill->person, waybill->dispatched_at,
		time_now_ms() / 1000, true
	};

	return bag_judge(job->api->certs, actor->by.policy,
		   library_revocation(job->api->record->library), &it, err) ||
	    error_context(err, "the waybill");
}

/*
 * Find the entry of the waybill: an act may come by a bag only after its
 * waybill was journaled.
 */
static bool
find_dispatch(const struct job *job, struct actor *actor, struct error *err)
{
	struct ledger *ledger = job->api->record->ledger;

	ledger_read_lock(ledger);
	actor->dispatch = ledger_of_bag(ledger, ACT_DISPATCH, &actor->waybill);
	ledger_unlock(ledger);
	return actor->dispatch != LEDGER_NONE ||
	    error_set(err, ERROR_CONFLICT,
		"that waybill is not in the journal: hand it in first");
}

/* Make the actor of a waybill that lists what the job brings. */
static bool
take(const struct job *job, const struct waybill *waybill, struct actor *out,
    struct error *err)
{
	struct wanted wanted;

	if (!set_office(out, waybill->from, err) ||
	    !judge_signer(job, out, waybill, err) ||
	    !find_dispatch(job, out, err) || !read_wanted(job, &wanted, err))
		return false;
	out->slip = find_slip(job, out->papers, &wanted, &out->onto);
	if (out->slip == NULL && !lists_file(job, waybill, &wanted))
		return error_set(err, ERROR_UNTRUSTED,
		    "the waybill does not list it: who signed that did not"
		    " send this");
	text_set(out->person, sizeof(out->person), waybill->person);
	out->dispatched_ms = waybill->dispatched_at * 1000;
	return true;
}

bool
actor_take(const struct job *job, struct actor *out, struct error *err)
{
	struct waybill *waybill = NULL;
	bool ok;

	if (!job->by_bag)
		return actor_own(job, out, err);
	*out = (struct actor){ .by = registrar_now(job->api->registrar),
		.by_bag = true,
		.waybill = job->waybill };
	out->papers = bags_read(job->api->bags, &job->waybill, err);
	ok = out->papers != NULL &&
	    (waybill = waybill_parse(member_bytes(container_find(out->papers,
					 PATH_WAYBILL)),
		 err)) != NULL &&
	    take(job, waybill, out, err);
	waybill_free(waybill);
	return ok;
}

void
actor_free(struct actor *actor)
{
	container_free(actor->papers);
	actor->papers = NULL;
}

/*
 * Put a paper into the container, in place of that of the signature which this
 * one replaces.
 */
static bool
put_paper(struct container *container, const char *format, const char *id,
    const struct member *paper, struct error *err)
{
	const char *hole = strchr(format, '%');
	char path[LIMIT_PATH_BYTES + 1];

	snprintf(path, sizeof(path), "%.*s%s%s", (int)(hole - format), format,
	    id, hole + 2);
	container_remove(container, path);
	return paper == NULL ||
	    container_put(container, path, member_bytes(paper), err);
}

bool
actor_put_papers(const struct actor *actor, struct container *container,
    const char *id, struct error *err)
{
	const struct member *yaml = NULL, *p7s = NULL;

	if (actor->slip != NULL) {
		yaml = container_find(actor->papers, PATH_WAYBILL);
		p7s = container_find(actor->papers, PATH_WAYBILL_SIGNATURE);
	}
	return put_paper(container, PATH_SLIP_OF, id, actor->slip, err) &&
	    put_paper(container, PATH_WAYBILL_OF, id, yaml, err) &&
	    put_paper(container, PATH_P7S_OF, id, p7s, err);
}
