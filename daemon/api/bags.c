/*
 * Bags: dispatching a waybill, and taking an acknowledgement.  The acts that a
 * bag brings are handed in by acts.c.
 */
#include <stdlib.h>
#include <string.h>

#include "bag/judge.h"
#include "bag/slip.h"
#include "base/text.h"
#include "base/time.h"
#include "daemon/api/job.h"
#include "daemon/spool/waybills.h"

/* Answer with the receipt of the entry, which is made if it is not there. */
static bool
journal_bag(struct job *job, enum act kind, const struct digest *digest,
    struct error *err)
{
	struct ledger *ledger = job->api->record->ledger;
	uint64_t index;

	(void)err;
	ledger_read_lock(ledger);
	index = ledger_of_bag(ledger, kind, digest);
	ledger_unlock(ledger);
	if (index != LEDGER_NONE) {
		job_receipt(job, 200, index);
		return true;
	}
	job->act.act = kind;
	job->act.digest = *digest;
	job_submit(job, job_finish_act);
	return true;
}

/* Judge the signature on a waybill or acknowledgement. */
static bool
judge(struct job *job, const struct bag_signature *it, struct error *err)
{
	const int64_t now = time_now_ms() / 1000;

	if (it->said_at > now + TIME_SKEW_SECONDS)
		return error_set_code(err, ERROR_UNTRUSTED, "SIGNING_TIME",
		    "it says a time that has not come yet: is a clock wrong?");
	return bag_judge(job->api->certs, job->connected.by.policy,
	    library_revocation(job->api->record->library), it, err);
}

/*
 * What was dispatched before is there already, unless the database lost it: it
 * is added again only then, since nothing there is ever removed.
 */
static bool
share(struct job *job, const struct digest *digest, struct span zip,
    struct error *err)
{
	struct backend *backend = store_backend(job->api->record->store);
	const struct waybills by = waybills_of(job->api->record,
	    job->api->certs, job->connected.by.policy);
	const struct exhibit exhibit = { .kind = EXHIBIT_WAYBILL,
		.name = digest_span(digest),
		.bytes = zip };
	struct exhibits_shared ignored = { 0 };

	if (backend->table->add_exhibits == NULL)
		return true;
	if (!waybills_are_dispatched(&by, digest))
		return backend->table->add_exhibits(backend, &exhibit, 1, err);
	return bags_share(job->api->bags, backend, digest, EXHIBITS_GIVE,
	    waybills_judge, (void *)(uintptr_t)&by, &ignored, err);
}

/*
 * Store the files as they were handed in, where another daemon of this record
 * finds them too.
 */
static bool
keep(struct job *job, const struct digest *digest,
    const struct waybill *waybill, struct error *err)
{
	struct buf zip = BUF(LIMIT_WAYBILL_BYTES + LIMIT_META_BYTES);
	const bool ok = job_read_body(job, &zip, err) &&
	    bags_keep(job->api->bags, digest, waybill, buf_span(&zip), err) &&
	    share(job, digest, buf_span(&zip), err);

	buf_free(&zip);
	return ok;
}

/* Check a waybill and its slips, store them, and journal the dispatch. */
static bool
take_waybill(struct job *job, const struct container *files, struct span yaml,
    struct span p7s, struct error *err)
{
	struct waybill *waybill = waybill_parse(yaml, err);
	const struct digest digest = sha256_of(yaml);
	bool ok;

	if (waybill == NULL)
		return false;
	const struct bag_signature it = { yaml, p7s, waybill->from,
		waybill->person, waybill->dispatched_at, time_now_ms() / 1000,
		true };

	ok = slip_check_files(files, waybill, err) && judge(job, &it, err);
	if (ok && policy_office(job->connected.by.policy, waybill->to) == NULL)
		ok = error_set(err, ERROR_USAGE, "there is no office \"%s\"",
		    waybill->to);
	ok = ok && keep(job, &digest, waybill, err);
	if (ok) {
		job->act = (struct act_request){ .number = waybill->number };
		text_set(job->act.office, sizeof(job->act.office),
		    waybill->from);
		text_set(job->act.person, sizeof(job->act.person),
		    waybill->person);
		text_set(job->act.to, sizeof(job->act.to), waybill->to);
	}
	waybill_free(waybill);
	return ok && journal_bag(job, ACT_DISPATCH, &digest, err);
}

/*
 * Accept an acknowledgement only of a bag that was dispatched, by the office to
 * which it was addressed.
 */
static bool
check_answers(struct job *job, const struct acknowledgement *it,
    struct error *err)
{
	struct ledger *ledger = job->api->record->ledger;
	uint64_t index;
	bool ok = true;

	ledger_read_lock(ledger);
	index = ledger_of_bag(ledger, ACT_DISPATCH, &it->waybill);
	if (index == LEDGER_NONE) {
		ok = error_set(err, ERROR_CONFLICT,
		    "the waybill that it acknowledges was never handed in:"
		    " hand that in first");
	} else {
		const struct ledger_entry entry = ledger_entry(ledger, index);

		ok = (strcmp(ledger_name(ledger, entry.document), it->from) ==
			     0 &&
			 strcmp(ledger_name(ledger, entry.office), it->to) ==
			     0) ||
		    error_set(err, ERROR_UNTRUSTED,
			"that bag was not from %s to %s", it->to, it->from);
	}
	ledger_unlock(ledger);
	return ok;
}

/* Check an acknowledgement and journal it. */
static bool
take_acknowledgement(struct job *job, struct span yaml, struct span p7s,
    struct error *err)
{
	struct acknowledgement *answer = acknowledgement_parse(yaml, err);
	const struct digest digest = sha256_of(yaml);
	bool ok;

	if (answer == NULL)
		return false;
	const struct bag_signature it = { yaml, p7s, answer->from,
		answer->person, answer->received_at, time_now_ms() / 1000,
		true };

	ok = judge(job, &it, err) && check_answers(job, answer, err);
	if (ok) {
		job->act = (struct act_request){ .number = answer->number,
			.waybill = answer->waybill };
		text_set(job->act.office, sizeof(job->act.office),
		    answer->from);
		text_set(job->act.person, sizeof(job->act.person),
		    answer->person);
		text_set(job->act.to, sizeof(job->act.to), answer->to);
	}
	acknowledgement_free(answer);
	return ok && journal_bag(job, ACT_ACKNOWLEDGE, &digest, err);
}

bool
run_bag(struct job *job, struct error *err)
{
	struct container *files =
	    container_read_files_within(job->request->spool, &files_of_bag,
		err);
	const struct member *yaml, *p7s;
	bool ok;

	if (files == NULL)
		return false;
	yaml = container_find(files, PATH_WAYBILL);
	p7s = container_find(files, PATH_WAYBILL_SIGNATURE);
	if (yaml != NULL && p7s != NULL) {
		ok = take_waybill(job, files, member_bytes(yaml),
		    member_bytes(p7s), err);
	} else {
		yaml = container_find(files, PATH_ACKNOWLEDGEMENT);
		p7s = container_find(files, PATH_ACKNOWLEDGEMENT_P7S);
		ok = files->num == 2 && yaml != NULL && p7s != NULL
		    ? take_acknowledgement(job, member_bytes(yaml),
			  member_bytes(p7s), err)
		    : error_set(err, ERROR_MALFORMED,
			  "the body is not a ZIP of a waybill or an"
			  " acknowledgement, and its signature");
	}
	container_free(files);
	return ok;
}
