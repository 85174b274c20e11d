/*
 * Asking witnesses that wait to be asked (C2SP tlog-witness).
 */
#include "daemon/upkeep/witnesses.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/upkeep/state.h"
#include "daemon/upkeep/witness_answer.h"
#include "remote/remote.h"

static bool
take_lines(struct upkeep *upkeep, const struct note_key *key,
    const struct head *head, struct span lines, struct error *err)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct cosignature line;
	bool ok;

	ok = journal_note(upkeep->record->journal, head, &note, err) &&
	    witness_take_lines(&note, lines, key, &line, err) &&
	    journal_flush_heads(upkeep->record->journal, err) &&
	    cosignatures_add(upkeep->record->cosignatures, head->size,
		line.line, err);
	buf_free(&note);
	return ok;
}

/*
 * Status 409 tells the size that the witness knows: if it is larger than ours,
 * this journal was rolled back.
 */
static bool
take_size(struct upkeep *upkeep, const char *name, struct span text,
    uint64_t *old, struct error *err)
{
	const uint64_t size = journal_size(upkeep->record->journal);

	if (!witness_take_size(text, old, err))
		return false;
	if (*old <= size)
		return true;
	error_set(err, ERROR_UNTRUSTED,
	    "witness \"%s\" has cosigned this journal at size %llu, and it has"
	    " %llu: it was rolled back, or its key is used elsewhere",
	    name, (unsigned long long)*old, (unsigned long long)size);
	registrar_fail(upkeep->registrar, err);
	return false;
}

/* Send a checkpoint to a witness and store its cosignature. */
static bool
ask_witness(struct upkeep *upkeep, const char *name, const char *prefix,
    const struct note_key *key, struct error *err)
{
	const struct judged_by now = registrar_now(upkeep->registrar);
	struct head head = journal_head(upkeep->record->journal);
	struct witnesses *one;
	char url[600];
	uint64_t old, at;
	bool ok = true, done = false;

	if ((one = calloc(1, sizeof(*one))) == NULL)
		return error_set_errno(err, "witness");
	one->num = one->quorum = 1;
	one->keys[0] = *key;
	old = cosignatures_last(upkeep->record->cosignatures, one);
	free(one);
	at = cosignatures_pending(upkeep->record->cosignatures,
	    &now.policy->witnesses, old);
	if (at != 0 &&
	    !journal_head_at(upkeep->record->journal, at, &head, err))
		return false;
	if (head.size == old)
		return true;
	snprintf(url, sizeof(url), "%s/add-checkpoint", prefix);
	for (unsigned i = 0; ok && !done && i < 3; i++) {
		struct buf body = BUF(LIMIT_PROOF_FILE),
			   answer = BUF(LIMIT_NOTE_FILE);
		struct span text;
		int status = 0;

		/*
		 * The witness may know more than the pending size: then send
		 * the newest.
		 */
		if (old > head.size)
			head = journal_head(upkeep->record->journal);
		ok = journal_extension(upkeep->record->journal, old, head.size,
			 &body, err) &&
		    journal_note(upkeep->record->journal, &head, &body, err);
		text = buf_span(&body);
		ok = ok &&
		    remote_exchange(&upkeep->config->proxies, url, &text,
			&answer, &status, err);
		if (ok && status == 200)
			ok = done = take_lines(upkeep, key, &head,
			    buf_span(&answer), err);
		else if (ok && status == 409)
			ok = take_size(upkeep, name, buf_span(&answer), &old,
			    err);
		else if (ok)
			ok = error_set(err, ERROR_UNAVAILABLE,
			    "HTTP status %d: %.*s", status,
			    (int)(answer.len < 100 ? answer.len : 100),
			    (const char *)answer.data);
		buf_free(&body);
		buf_free(&answer);
	}
	if (ok && done) {
		metrics_set(METRIC_LAST_WITNESS, upkeep_now_at());
		log_info("cosignature", "witness=%s size=%llu", name,
		    (unsigned long long)head.size);
	}
	return ok;
}

/* Ask each witness for which the configuration has an address. */
void
upkeep_ask_witnesses(struct upkeep *upkeep)
{
	const struct judged_by now = registrar_now(upkeep->registrar);
	const struct witnesses *witnesses = &now.policy->witnesses;

	for (size_t i = 0; i < upkeep->config->num_witnesses; i++) {
		const char *name = upkeep->config->witnesses[i].name;
		struct error err = { 0 };
		bool ok = false, found = false;

		for (size_t j = 0; j < witnesses->num; j++) {
			if (strcmp(witnesses->names[j], name) != 0)
				continue;
			found = true;
			ok = ask_witness(upkeep, name,
			    upkeep->config->witnesses[i].url,
			    &witnesses->keys[j], &err);
		}
		if (!found)
			error_set(&err, ERROR_USAGE,
			    "the policy names no such witness");
		if (!ok)
			log_warning("cosignature", "witness=%s reason=%s", name,
			    log_text(err.detail));
	}
}
