/*
 * The journal as its readers may see it: checkpoints, entries, receipts and
 * tiles; and policies and CRLs.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "daemon/api/job.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "journal/evidence.h"
#include "record/data.h"
#include "record/json.h"

enum { LEDGER_MOMENTS = 10000 };

bool
job_query_number(const struct job *job, const char *name, uint64_t *out,
    struct error *err)
{
	char text[24];

	return (http_query(&job->request->head, name, text, sizeof(text)) &&
		   (text[0] == '\0' || span_to_u64(span_of_str(text), out))) ||
	    error_set(err, ERROR_USAGE, "%s is not a decimal number", name);
}

static void
answer_text(struct job *job, int status)
{
	job->request->response.status = status;
	job->request->response.type = "text/plain; charset=utf-8";
	job_answer(job);
}

bool
api_append_note(const struct record *record, const struct head *head,
    struct buf *out, struct error *err)
{
	return journal_note(record->journal, head, out, err) &&
	    cosignatures_append(record->cosignatures, head->size, out, err);
}

bool
api_head_for(const struct record *record, const struct witnesses *witnesses,
    uint64_t index, struct head *out, struct error *err)
{
	const uint64_t cosigned =
	    cosignatures_first(record->cosignatures, witnesses, index + 1);

	return journal_head_at(record->journal,
	    cosigned != 0 ? cosigned : index + 1, out, err);
}

/* Find the head that is asked for: the newest, or the one that "at" names. */
static bool
find_head(const struct job *job, uint64_t old, struct head *out,
    struct error *err)
{
	const struct record *record = job->api->record;
	const struct witnesses *witnesses =
	    &job->connected.by.policy->witnesses;
	char at[24];
	uint64_t size = 0;

	*out = journal_head(record->journal);
	if (!http_query(&job->request->head, "at", at, sizeof(at)))
		return error_set(err, ERROR_USAGE,
		    "at is a size, \"witnessed\" or \"pending\"");
	if (at[0] == '\0')
		return true;
	if (strcmp(at, "pending") == 0)
		size = cosignatures_pending(record->cosignatures, witnesses,
		    old == UINT64_MAX ? 0 : old);
	else if (strcmp(at, "witnessed") == 0)
		size = cosignatures_last(record->cosignatures, witnesses);
	else if (!span_to_u64(span_of_str(at), &size))
		return error_set(err, ERROR_USAGE,
		    "at is a size, \"witnessed\" or \"pending\"");
	/* No size is pending: answer with the newest. */
	if (size == 0 && strcmp(at, "pending") == 0)
		return true;
	if (size == 0 || size > out->size)
		return error_set(err, ERROR_NOT_FOUND,
		    strcmp(at, "witnessed") == 0
			? "no checkpoint has been cosigned by enough witnesses"
			: "there is no checkpoint of that size");
	if (!journal_head_at(record->journal, size, out, err))
		return false;
	return out->size == size ||
	    error_set(err, ERROR_NOT_FOUND,
		"no checkpoint of size %llu was signed",
		(unsigned long long)size);
}

/*
 * Wait until the ledger has the entries of a head, which is published a moment
 * earlier: the answer must not lack the last ones.
 */
static bool
await_ledger(const struct record *record, uint64_t size, struct error *err)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	bool follows = false;

	for (unsigned i = 0; !follows && i < LEDGER_MOMENTS; i++) {
		if (i > 0)
			nanosleep(&moment, NULL);
		ledger_read_lock(record->ledger);
		follows = ledger_size(record->ledger) >= size;
		ledger_unlock(record->ledger);
	}
	return follows ||
	    error_set(err, ERROR_UNAVAILABLE,
		"the daemon takes in what was journaled: try again");
}

bool
journal_choose_head(const struct job *job, uint64_t old, struct head *out,
    struct error *err)
{
	return find_head(job, old, out, err) &&
	    await_ledger(job->api->record, out->size, err);
}

bool
run_checkpoint(struct job *job, struct error *err)
{
	const struct record *record = job->api->record;
	struct http_response *response = &job->request->response;
	struct head head;
	struct digest policy = job->connected.by.policy->digest,
		      set = job->connected.by.crls->digest, newest;
	uint64_t old = UINT64_MAX, policy_at;
	char hex[DIGEST_HEX], crls[DIGEST_HEX];

	if (!job_query_number(job, "old", &old, err) ||
	    !journal_choose_head(job, old, &head, err))
		return false;
	/*
	 * Tell the policy by which the daemon judges now, so that a client can
	 * stop in time, and the index of its entry, so that a client which
	 * knows it need not ask.  It is that of this head or of a later one,
	 * never of an earlier one.
	 */
	ledger_read_lock(record->ledger);
	policy_at = ledger_last(record->ledger, ACT_POLICY);
	if (ledger_newest(record->ledger, ACT_POLICY, &newest))
		policy = newest;
	if (ledger_newest(record->ledger, ACT_CRL, &newest))
		set = newest;
	ledger_unlock(record->ledger);
	digest_hex(&policy, hex);
	digest_hex(&set, crls);
	snprintf(response->headers, sizeof(response->headers),
	    "Valise-Policy: %s\r\n"
	    "Valise-Policy-Entry: %llu\r\nValise-Crls: %s\r\n",
	    hex, (unsigned long long)policy_at, crls);
	if (old != UINT64_MAX && old > head.size) {
		/*
		 * A client that saw a larger size has seen another history:
		 * answer with ours.
		 */
		if (!api_append_note(record, &head, &response->body, err))
			return false;
		answer_text(job, 409);
		return true;
	}
	if (old != UINT64_MAX &&
	    !journal_extension(record->journal, old, head.size, &response->body,
		err))
		return false;
	if (!api_append_note(record, &head, &response->body, err))
		return false;
	answer_text(job, 200);
	return true;
}

bool
run_receipt(struct job *job, struct error *err)
{
	const struct record *record = job->api->record;
	const struct sight sight =
	    sight_of(job->connected.by.policy, job->connected.office);
	struct ledger *ledger = record->ledger;
	struct proof proof = PROOF;
	struct head head;
	uint64_t index;
	bool seen = false, ok;

	if (!span_to_u64(job->segments[3], &index))
		return error_set(err, ERROR_USAGE,
		    "an entry is named by its index");
	ledger_read_lock(ledger);
	if (index < journal_size(record->journal) &&
	    index < ledger_size(ledger))
		seen = ledger_visible(ledger, &sight, index);
	ledger_unlock(ledger);
	/* A hidden entry and a missing one get the same answer. */
	if (!seen)
		return error_set(err, ERROR_NOT_FOUND,
		    "there is no entry %llu that you may see",
		    (unsigned long long)index);
	ok = api_head_for(record, &job->connected.by.policy->witnesses, index,
		 &head, err) &&
	    journal_receipt(record->journal, index, &head, &proof, err) &&
	    cosignatures_append(record->cosignatures, head.size, &proof.note,
		err) &&
	    proof_encode(&proof, &job->request->response.body, err);
	proof_free(&proof);
	if (ok)
		answer_text(job, 200);
	return ok;
}

/*
 * Entry bundles show every entry, so only a caller who audits every type may
 * read them.
 */
static bool
may_read_bundles(const struct job *job, const struct document_type **missing,
    struct decision *decision)
{
	const struct policy *policy = job->connected.by.policy;

	for (size_t i = 0; i < policy->num_types; i++) {
		*missing = &policy->types[i];
		*decision = policy_decide(policy, job->connected.office,
		    RIGHT_AUDIT, policy->types[i].name);
		if (!decision->allowed)
			return false;
	}
	return true;
}

bool
run_tile(struct job *job, struct error *err)
{
	static const char prefix[] = "/v1/journal/tile/";
	const struct journal *journal = job->api->record->journal;
	struct http_response *response = &job->request->response;
	const struct document_type *missing = NULL;
	struct span path = http_path(&job->request->head);
	struct decision decision;
	struct tile tile;

	path = span_sub(path, strlen(prefix), path.len - strlen(prefix));
	if (!tile_parse(path, &tile, err))
		return false;
	if (tile.is_bundle && !may_read_bundles(job, &missing, &decision)) {
		text_set(job->document, sizeof(job->document), missing->name);
		job_refuse(job, "audit", decision.rule);
		return true;
	}
	if (!tile_is_there(&tile, journal_size(journal)))
		return error_set(err, ERROR_NOT_FOUND,
		    "the journal has no such tile yet");
	if (!journal_tile(journal, &tile, &response->body, err))
		return false;
	response->status = 200;
	response->type = "application/octet-stream";
	job_answer(job);
	return true;
}

/*
 * The client shows our own signature on what we do not have: this daemon was
 * rolled back, or its key signs elsewhere.  Each further signature would deepen
 * the fork, so stop.
 */
static void
stop_on_fork(struct job *job, struct span note, const struct checkpoint *theirs)
{
	const struct record *record = job->api->record;
	const struct head head = journal_head(record->journal);
	struct evidence evidence = EVIDENCE;
	struct buf text = BUF(LIMIT_EVIDENCE_BYTES);
	char path[FILE_PATH] = "";
	struct error err = { 0 }, why = { 0 };

	if (!buf_append(&evidence.seen, note, &err) ||
	    !api_append_note(record, &head, &evidence.shown, &err) ||
	    !evidence_encode(&evidence, &text, &err) ||
	    !data_path(job->api->config->data, DATA_EVIDENCE, path, &err) ||
	    !file_write(path, buf_span(&text), 0600, &err) ||
	    !evidence_give(store_backend(record->store), buf_span(&text), &err))
		log_error("evidence", "reason=%s", log_text(err.detail));
	error_set(&why, ERROR_UNTRUSTED,
	    "%s of %s has a checkpoint of size %llu that this journal's key"
	    " signed, and that this journal (size %llu) does not have: it was"
	    " rolled back, or its key is used elsewhere. Both checkpoints are"
	    " in %s",
	    job->connected.person, job->connected.office->name,
	    (unsigned long long)theirs->size, (unsigned long long)head.size,
	    path);
	registrar_fail(job->api->registrar, &why);
}

/*
 * Store the lines of the policy's witnesses under a note of ours; other lines
 * are dropped.
 */
static bool
keep_cosignatures(struct job *job, struct span note,
    const struct checkpoint *checkpoint, struct error *err)
{
	const struct witnesses *witnesses =
	    &job->connected.by.policy->witnesses;
	struct cosignature lines[LIMIT_WITNESSES];
	size_t num;

	if (!note_cosignatures(note, witnesses->keys, witnesses->num, lines,
		&num, err))
		return false;
	if (num == 0)
		return error_set(err, ERROR_REFUSED,
		    "no cosignature of a witness that the policy names");
	for (size_t i = 0; i < num; i++) {
		if (lines[i].at > time_now_ms() / 1000 + TIME_SKEW_SECONDS)
			return error_set(err, ERROR_USAGE,
			    "the cosignature of \"%s\" is of a time to come:"
			    " set the witness's clock",
			    witnesses->names[lines[i].witness]);
		if (!cosignatures_add(job->api->record->cosignatures,
			checkpoint->size, lines[i].line, err))
			return false;
		metrics_set(METRIC_LAST_WITNESS, time_now_ms() / 1000);
		log_info("cosignature", "witness=%s size=%llu",
		    witnesses->names[lines[i].witness],
		    (unsigned long long)checkpoint->size);
	}
	return true;
}

bool
run_cosign(struct job *job, struct error *err)
{
	const struct record *record = job->api->record;
	struct checkpoint checkpoint;
	struct digest root;
	struct head head;
	struct buf note = BUF(LIMIT_NOTE_FILE);
	bool ok;

	ok = job_read_body(job, &note, err) &&
	    note_open(buf_span(&note), &record->keys, &checkpoint, err);
	if (ok && checkpoint.size > journal_size(record->journal))
		stop_on_fork(job, buf_span(&note), &checkpoint);
	ok =
	    ok && journal_root_at(record->journal, checkpoint.size, &root, err);
	if (ok && !digest_eq(&root, &checkpoint.root))
		stop_on_fork(job, buf_span(&note), &checkpoint);
	ok = ok && journal_flush_heads(record->journal, err) &&
	    keep_cosignatures(job, buf_span(&note), &checkpoint, err) &&
	    journal_head_at(record->journal, checkpoint.size, &head, err) &&
	    api_append_note(record, &head, &job->request->response.body, err);
	buf_free(&note);
	if (ok)
		answer_text(job, 200);
	return ok;
}

/* Answer with the cosigned receipt of the entry that names the next key. */
bool
run_key(struct job *job, struct error *err)
{
	const struct record *record = job->api->record;
	const struct note_keys *keys = &record->keys;
	struct proof proof = PROOF;
	struct head head;
	bool ok = false;

	for (size_t i = 0; i + 1 < keys->num; i++) {
		char id[16];

		snprintf(id, sizeof(id), "%08x", keys->keys[i].id);
		if (!span_is(job->segments[3], id))
			continue;
		ok = journal_head_at(record->journal, keys->until[i], &head,
			 err) &&
		    journal_receipt(record->journal, keys->until[i] - 1, &head,
			&proof, err) &&
		    cosignatures_append(record->cosignatures, head.size,
			&proof.note, err) &&
		    proof_encode(&proof, &job->request->response.body, err);
		proof_free(&proof);
		if (ok)
			answer_text(job, 200);
		return ok;
	}
	return error_set(err, ERROR_NOT_FOUND,
	    "no key of this journal came after that one");
}

static bool
answer_files(struct job *job, const struct container *files,
    const struct digest *digest, struct error *err)
{
	struct http_response *response = &job->request->response;
	char dir[FILE_PATH], hex[DIGEST_HEX];
	uint64_t size;

	if (!data_path(job->api->config->data, DATA_SPOOL, dir, err) ||
	    (response->fd = file_temporary(dir, err)) < 0 ||
	    !container_write(files, response->fd, &size, err)) {
		if (response->fd >= 0)
			close(response->fd);
		response->fd = -1;
		return false;
	}
	digest_hex(digest, hex);
	response->status = 200;
	response->to = size;
	response->type = "application/zip";
	snprintf(response->headers, sizeof(response->headers),
	    "ETag: \"%s\"\r\n", hex);
	job_answer(job);
	return true;
}

/* json is taken over. */
static bool
answer_json(struct job *job, json_t *json, const struct digest *digest,
    struct error *err)
{
	struct http_response *response = &job->request->response;
	char *text = json_dumps(json, JSON_COMPACT), hex[DIGEST_HEX];
	const bool ok = text != NULL
	    ? buf_printf(&response->body, err, "%s\n", text)
	    : error_set_errno(err, "JSON");

	free(text);
	json_decref(json);
	if (!ok)
		return false;
	digest_hex(digest, hex);
	response->status = 200;
	response->type = "application/json";
	snprintf(response->headers, sizeof(response->headers),
	    "ETag: \"%s-json\"\r\n", hex);
	job_answer(job);
	return true;
}

static bool
read_digest(const struct job *job, struct digest *out, struct error *err)
{
	return digest_parse(job->segments[2], out) ||
	    error_set(err, ERROR_USAGE, "a digest is 64 lower-case hex digits");
}

bool
run_policy(struct job *job, struct error *err)
{
	const struct policy *policy = job->connected.by.policy;
	struct digest digest = policy->digest;
	char as[8];

	if (job->num_segments == 3 && !read_digest(job, &digest, err))
		return false;
	policy = library_policy(job->api->record->library, &digest);
	if (policy == NULL)
		return error_set(err, ERROR_NOT_FOUND,
		    "there was never a policy of that digest");
	if (!http_query(&job->request->head, "as", as, sizeof(as)) ||
	    (as[0] != '\0' && strcmp(as, "json") != 0))
		return error_set(err, ERROR_USAGE, "as is \"json\"");
	return as[0] != '\0'
	    ? answer_json(job, json_of_policy(policy), &digest, err)
	    : answer_files(job, policy->files, &digest, err);
}

bool
run_crls(struct job *job, struct error *err)
{
	const struct crl_set *set;
	struct digest digest = job->connected.by.crls->digest;

	if (!span_is(job->segments[2], "latest") &&
	    !read_digest(job, &digest, err))
		return false;
	set = library_crls(job->api->record->library, &digest);
	if (set == NULL)
		return error_set(err, ERROR_NOT_FOUND,
		    "there was never a set of CRLs of that digest");
	return answer_files(job, set->files, &digest, err);
}
