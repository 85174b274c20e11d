/*
 * A session with the daemon: what every question needs (session.h).
 */
#include "client/session.h"

#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "base/time.h"
#include "client/handover.h"
#include "client/own_cert.h"
#include "client/tell.h"
#include "journal/tile.h"

static void
show_progress(void *arg, uint64_t done, uint64_t total)
{
	const struct session *session = arg;

	client_progress(session->context, session->doing, done, total);
}

static void
show_waiting(void *arg, const char *why, unsigned ms)
{
	const struct session *session = arg;

	client_note(session->context, "%s; trying again in %u s", why,
	    (ms + 999) / 1000);
}

static void
show_moved(void *arg, const char *why, const char *address)
{
	const struct session *session = arg;

	client_note(session->context, "%s; asking %s", why, address);
}

static void
keep_reached(void *arg, const char *address)
{
	const struct session *session = arg;

	context_keep_address(session->context, address);
}

bool
session_take_hash(struct span line, struct merkle_proof *proof)
{
	return proof->num < LIMIT_PROOF_HASHES &&
	    span_to_base64(line, proof->hashes[proof->num++].bytes, 32);
}

/* --- What was seen (seen.h), and the daemon as who is asked for proofs. --- */

static void
tell(void *arg, const char *line)
{
	client_note(arg, "%s", line);
}

struct seen *
session_seen(struct context *context, struct error *err)
{
	struct error ignored = { 0 };
	const struct policy *pinned = policies_pinned(context, &ignored);
	const struct seen_settings settings = { .dir = context->state,
		.keys = &context->journal,
		.contact = pinned != NULL ? pinned->depositary.email : NULL,
		.tell = tell,
		.arg = context };

	return seen_open(&settings, err);
}

/* Returns what a failed request says about a proof. */
static enum seen_reply
reply_of(const struct remote_answer *answer, const struct error *err)
{
	if (answer->status == 409)
		return SEEN_SMALLER;
	if (answer->status == 404)
		return SEEN_NO_HEAD;
	/*
	 * The daemon is not there, not ready, or not for this person: it was
	 * not asked.
	 */
	return err->kind == ERROR_UNAVAILABLE || answer->status >= 500 ||
		answer->status == 401 || answer->status == 403 ||
		answer->status == 0
	    ? SEEN_NO_LINE
	    : SEEN_NO_PROOF;
}

/*
 * Take what "GET /v1/journal/checkpoint" would answer, if it came with a
 * receipt already. It is compared with what was seen in the same way. False if
 * it did not come, or is of another size than the one in question.
 */
static bool
take_carried(const struct session *session, uint64_t old, const char *at,
    struct buf *body)
{
	struct buf text = BUF(LIMIT_NOTE_FILE);
	struct span rest = span_of_str(session->carried.extension != NULL
		? session->carried.extension
		: "");
	struct error ignored = { 0 };
	struct span word;
	uint64_t size;
	bool ok, more;

	ok = at != NULL && span_to_u64(span_of_str(at), &size) &&
	    size == session->carried.size;
	more = ok && span_take_until(&rest, ' ', &word);
	if (ok && !more)
		word = rest;
	ok = ok && span_to_u64(word, &size) && size == old &&
	    buf_printf(&text, &ignored, "old %llu\n", (unsigned long long)old);
	while (ok && more) {
		if (!(more = span_take_until(&rest, ' ', &word)))
			word = rest;
		ok = buf_append(&text, word, &ignored) &&
		    buf_append_str(&text, "\n", &ignored);
	}
	ok = ok && buf_append_str(&text, "\n", &ignored) &&
	    buf_append(&text, session->carried.note, &ignored) &&
	    buf_append(body, buf_span(&text), &ignored);
	buf_free(&text);
	return ok;
}

/*
 * The journal's size by the note of an answer; 0: none. The same note is
 * verified before this counts.
 */
static uint64_t
size_of_answer(struct span body)
{
	struct error ignored = { 0 };
	struct merkle_proof proof;
	struct span note, line;
	uint64_t old, size;

	return seen_parse_extension(body, &old, &proof, &note, &ignored) &&
		span_take_line(&note, &line) && span_take_line(&note, &line) &&
		span_to_u64(line, &size)
	    ? size
	    : 0;
}

/* See struct seen_prover. */
static enum seen_reply
ask(void *arg, uint64_t old, const char *at, struct buf *body,
    struct error *err)
{
	struct session *session = arg;
	enum seen_reply reply = SEEN_PROOF;
	struct remote_answer answer;
	char path[96];
	const struct remote_request request = { .method = "GET",
		.path = path,
		.body_fd = -1,
		.file_fd = -1 };

	if (take_carried(session, old, at, body))
		return SEEN_PROOF;
	snprintf(path, sizeof(path), "/v1/journal/checkpoint?old=%llu%s%s",
	    (unsigned long long)old, at != NULL ? "&at=" : "",
	    at != NULL ? at : "");
	if (!remote_do(session->remote, &request, &answer, err))
		reply = reply_of(&answer, err);
	if ((reply == SEEN_PROOF || reply == SEEN_SMALLER) &&
	    !buf_append(body, buf_span(&answer.body), err))
		reply = SEEN_NO_LINE;
	/*
	 * Note by which policy and CRLs it judges now; that counts once this
	 * answer is proved.
	 */
	if (reply == SEEN_PROOF && at == NULL) {
		session->named_policy = answer.policy;
		session->named_policy_at = answer.policy_entry;
		session->named_crls = answer.crls;
		/* Another command may have kept a larger one meanwhile. */
		session->named_size = size_of_answer(buf_span(&answer.body));
	}
	remote_answer_free(&answer);
	return reply;
}

static struct seen_prover
prover_of(struct session *session)
{
	return (struct seen_prover){ .ask = ask,
		.hash = session_read_hash,
		.arg = session };
}

/*
 * Only what the session has proved is kept.  After a contradiction this session
 * accepts nothing more, even if the caller ignores the error.
 */
static bool
now_seen(struct session *session, bool ok, const struct error *err)
{
	session->seen = *seen_kept(session->history);
	if (!ok && error_is(err, finding_name(FINDING_JOURNAL_ROLLED_BACK)))
		session->contradicted = *err;
	return ok;
}

static bool
is_one_history(const struct session *session, struct error *err)
{
	if (session->contradicted.kind == ERROR_NONE)
		return true;
	*err = session->contradicted;
	return false;
}

bool
session_ask(struct session *session, struct seen_asked *out, struct error *err)
{
	const struct seen_prover prover = prover_of(session);

	*out = (struct seen_asked){ .note = BUF(0) };
	return is_one_history(session, err) &&
	    now_seen(session, seen_ask(session->history, &prover, out, err),
		err);
}

bool
session_follow_newest(struct session *session, struct span note,
    const struct seen_asked *asked, struct error *err)
{
	const struct seen_prover prover = prover_of(session);

	if (!is_one_history(session, err) ||
	    !now_seen(session,
		seen_advance(session->history, &prover, note, asked, NULL, err),
		err))
		return false;
	if (asked != NULL)
		session->seen_at = asked->at_ms / 1000;
	return true;
}

bool
session_follow(struct session *session, struct span note, struct error *err)
{
	return session_follow_newest(session, note, NULL, err);
}

bool
session_checkpoint(struct session *session, const struct checkpoint *old,
    struct span old_note, const char *at, struct checkpoint *out,
    struct buf *note, struct error *err)
{
	const struct seen_prover prover = prover_of(session);

	return is_one_history(session, err) &&
	    now_seen(session,
		seen_extend(session->history, &prover, old, old_note, at, out,
		    note, err),
		err);
}

bool
session_will_send(struct session *session, struct error *err)
{
	return is_one_history(session, err) &&
	    seen_will_send(session->history, err);
}

bool
session_entry(struct session *session, uint64_t index,
    const struct entry *entry, struct error *err)
{
	return seen_entry(session->history, index, entry->time_ms, err);
}

/* --- The key that follows ours. --- */

/* Ask who follows; the newest key that we know must have signed it. */
static bool
ask_handover(struct session *session, struct handover *out, struct error *err)
{
	const struct note_keys *keys = &session->context->journal;
	struct remote_answer answer;
	char path[64];
	const struct remote_request request = { .method = "GET",
		.path = path,
		.body_fd = -1,
		.file_fd = -1 };
	bool ok;

	snprintf(path, sizeof(path), "/v1/journal/keys/%08x",
	    keys->keys[keys->num - 1].id);
	ok = remote_do(session->remote, &request, &answer, err) &&
	    handover_parse(buf_span(&answer.body), keys, out, err);
	remote_answer_free(&answer);
	return ok;
}

/* Find out whether the witnesses of the accepted policy vouch for it. */
static bool
count_witnesses(struct session *session, struct handover *handover,
    struct error *err)
{
	const struct policy *policy = policies_pinned(session->context, err);

	return policy != NULL &&
	    handover_count(handover, &policy->witnesses, err);
}

/*
 * The key is not followed. If a policy came under the old key that was not
 * accepted yet, accepting it may be all that is missing.
 */
static bool
not_followed(struct session *session, const struct handover *handover,
    struct error *err)
{
	const struct policy_entry *newest =
	    succession_newest(&session->context->succession);
	char hex[DIGEST_HEX];

	if (newest == NULL || newest->accepted)
		return error_set_code(err, ERROR_UNTRUSTED,
		    finding_name(FINDING_NOT_WITNESSED),
		    "the journal has a new key, which %zu of %u witnesses"
		    " have cosigned: it is not followed. Call the depositary:"
		    " its witnesses are to cosign it (valise witness)",
		    handover->cosigned, handover->quorum);
	session->is_behind = true;
	session->policy = newest->digest;
	digest_hex(&newest->digest, hex);
	return error_set_code(err, ERROR_UNTRUSTED,
	    finding_name(FINDING_NOT_WITNESSED),
	    "the journal has a new key, which %zu of %u witnesses of the"
	    " policy that you accepted have cosigned: it is not followed."
	    " There is a newer policy, of entry %llu under the old key: read"
	    " it with \"valise policy show\", compare its digest by"
	    " telephone, then \"valise policy accept %s\"",
	    handover->cosigned, handover->quorum,
	    (unsigned long long)newest->index, hex);
}

/*
 * Find the key that follows the newest we know: an entry that ours signed names
 * it, the last one of a checkpoint that a quorum of witnesses cosigned. Who was
 * away learns the policies that came before that entry, and by whose witnesses
 * the key may be followed once they are accepted.
 */
static bool
follow_key(struct session *session, struct error *err)
{
	struct handover handover = HANDOVER;
	bool ok;

	session->following = true;
	ok = ask_handover(session, &handover, err) &&
	    count_witnesses(session, &handover, err) &&
	    /* It is the end of the history that we know, and of no other. */
	    session_follow(session, buf_span(&handover.proof.note), err);
	/* A policy that came by mail is accepted once its entry is known. */
	if (ok && !handover_is_vouched_for(&handover) && session->learn != NULL)
		ok = session->learn(session, handover.end.size, err) &&
		    count_witnesses(session, &handover, err);
	if (ok && !handover_is_vouched_for(&handover))
		ok = not_followed(session, &handover, err);
	ok = ok &&
	    context_follow_key(session->context, handover.end.size,
		&handover.next, err);
	if (ok)
		client_note(session->context,
		    "the journal's key was replaced after entry %llu,"
		    " signed by the old one and cosigned by %zu of %zu"
		    " witnesses: followed",
		    (unsigned long long)handover.proof.index, handover.cosigned,
		    handover.witnesses);
	session->following = false;
	handover_free(&handover);
	return ok;
}

static bool
catch_up_once(struct session *session, struct error *err)
{
	const struct seen_prover prover = prover_of(session);
	const int64_t asked_ms = time_now_ms();

	if (!is_one_history(session, err) ||
	    !now_seen(session, seen_catch_up(session->history, &prover, err),
		err))
		return false;
	session->seen_at = asked_ms / 1000;
	session->policy = session->named_policy;
	return now_seen(session, seen_settle(session->history, &prover, err),
	    err);
}

bool
session_catch_up(struct session *session, struct error *err)
{
	session->is_behind = false;
	for (unsigned i = 0; i < LIMIT_JOURNAL_KEYS; i++) {
		struct error why = { 0 };

		if (catch_up_once(session, err))
			return session->learn == NULL ||
			    session->learn(session, 0, err);
		/* What is asked to follow a key must not follow one itself. */
		if (!error_is(err, finding_name(FINDING_KEY_UNKNOWN)) ||
		    session->following)
			return false;
		if (!follow_key(session, &why)) {
			/*
			 * No proof of a new key came: then it is another
			 * journal.
			 */
			if (why.kind != ERROR_NOT_FOUND)
				*err = why;
			return false;
		}
		*err = (struct error){ 0 };
	}
	return false;
}

bool
session_ask_again(struct session *session, unsigned *tries, struct error *err)
{
	const struct error denied = *err;

	if (err->kind != ERROR_NOT_FOUND)
		return false;
	*err = (struct error){ 0 };
	if (!session_catch_up(session, err))
		return false;
	if ((*tries)++ == 0)
		return true;
	return error_set_code(err, ERROR_UNTRUSTED,
	    finding_name(FINDING_JOURNAL_ROLLED_BACK),
	    "the daemon's journal was rolled back: it denies what the"
	    " checkpoint that it signed promises, of size %llu (%s). What you"
	    " had seen is kept",
	    (unsigned long long)session->seen.size, denied.detail);
}

void
session_name_policy(struct session *session)
{
	const struct digest *pinned =
	    succession_pinned(&session->context->succession);

	if (pinned != NULL)
		digest_hex(pinned, session->accepted);
}

/* What would be refused is found before anybody is connected to. */
static bool
judge_own(struct context *context, EVP_PKEY **key, struct error *err)
{
	struct identity own = { NULL };

	if (!own_cert_load(context, OWN_CERT_CONNECT, &own, err))
		return false;
	*key = own.key;
	own.key = NULL;
	identity_free(&own);
	return true;
}

/*
 * The daemon has a clock too.  It lets in whom this machine's clock alone keeps
 * out: then that clock is wrong.  If not, its log has a line of whom it refused,
 * for the operator whom that person calls.  It has three seconds; err stays as
 * it is if it does not answer.
 */
static void
ask_by_its_clock(struct context *context, struct session *session,
    struct error *err)
{
	const struct remote_request request = { .method = "GET",
		.path = "/v1/journal/checkpoint",
		.body_fd = -1,
		.file_fd = -1 };
	struct remote_settings settings = {
		.addresses = &context->enrolment.addresses,
		.cert = context->cert,
		.key = context->key,
		.proxies = &context->proxies,
	};
	/* Nobody is asked for a passphrase or PIN for this. */
	const struct private_rule rule = { .insecure = true };
	struct error why = { 0 };
	struct remote_answer answer;
	struct remote *remote;
	struct identity own = { NULL };

	if (!identity_load(context->cert, context->key, &rule, &own, &why) ||
	    own.cert->not_after_at >= time_now_ms() / 1000 ||
	    !own.cert->can_connect ||
	    !policies_server_cas(context, &session->server_ca, &why)) {
		identity_free(&own);
		return;
	}
	settings.own_key = own.key;
	settings.server_ca = buf_span(&session->server_ca);
	if ((remote = remote_new(&settings, &why)) == NULL) {
		identity_free(&own);
		return;
	}
	if (remote_do(remote, &request, &answer, &why) || answer.status != 0)
		error_set(err, ERROR_USAGE,
		    "%s has expired by this machine's clock, and not by that of"
		    " %s, which lets you in: this clock is ahead. Set it"
		    " (timedatectl), and try again",
		    context->cert,
		    addresses_now(&context->enrolment.addresses));
	remote_answer_free(&answer);
	remote_free(remote);
	identity_free(&own);
}

static void
free_own(struct session *session)
{
	EVP_PKEY_free(session->own_key);
	session->own_key = NULL;
	buf_free(&session->server_ca);
}

bool
session_begin(struct context *context, struct session *out, struct error *err)
{
	const struct remote_settings settings = {
		.addresses = &context->enrolment.addresses,
		.cert = context->cert,
		.key = context->key,
		.progress = show_progress,
		.waiting = show_waiting,
		.moved = show_moved,
		.reached = keep_reached,
		.proxies = &context->proxies,
		.patience_ms = context->patience_s * 1000,
		.arg = out,
	};

	*out = (struct session){ .context = context,
		.server_ca = BUF(LIMIT_POLICY_FILE_BYTES) };
	/* Checked here too, whatever a command makes of its options. */
	if (context->local)
		return error_set(err, ERROR_USAGE,
		    "it needs a line: not with --local");
	if (!judge_own(context, &out->own_key, err)) {
		if (err->kind == ERROR_USAGE)
			ask_by_its_clock(context, out, err);
		free_own(out);
		return false;
	}
	if (!policies_server_cas(context, &out->server_ca, err)) {
		free_own(out);
		return false;
	}
	out->settings = settings;
	out->settings.own_key = out->own_key;
	out->settings.server_ca = buf_span(&out->server_ca);
	out->settings.accepted = out->accepted;
	session_name_policy(out);
	if ((out->history = session_seen(context, err)) == NULL ||
	    (out->remote = remote_new(&out->settings, err)) == NULL) {
		session_close(out);
		return false;
	}
	return now_seen(out, true, err);
}

void
session_close(struct session *session)
{
	seen_close(session->history);
	session->history = NULL;
	remote_free(session->remote);
	session->remote = NULL;
	for (size_t i = 0; i < SESSION_POLICIES; i++)
		policy_free(session->fetched[i]);
	memset(session->fetched, 0, sizeof(session->fetched));
	free_own(session);
}

bool
session_post(struct session *session, const char *path, struct span bytes,
    struct remote_answer *answer, struct error *err)
{
	const struct remote_request request = { .method = "POST",
		.path = path,
		.body_fd = file_temporary(session->context->state, err),
		.body_len = bytes.len,
		.file_fd = -1 };
	bool ok;

	*answer = (struct remote_answer){ .body = BUF(0) };
	if (request.body_fd < 0)
		return false;
	/* A witness shows the daemon the checkpoint that contradicts it. */
	ok = seen_will_send(session->history, err) &&
	    file_pwrite(request.body_fd, bytes, 0, err) &&
	    remote_do(session->remote, &request, answer, err);
	close(request.body_fd);
	return ok;
}

bool
session_get(struct session *session, const char *path, struct buf *out,
    struct error *err)
{
	const struct remote_request request = { .method = "GET",
		.path = path,
		.body_fd = -1,
		.file_fd = -1 };
	struct remote_answer answer;
	bool ok = remote_do(session->remote, &request, &answer, err) &&
	    buf_append(out, buf_span(&answer.body), err);

	remote_answer_free(&answer);
	return ok;
}

bool
session_json(struct session *session, const char *path, void *json_out,
    struct error *err)
{
	struct buf text = BUF(LIMIT_ANSWER_BYTES);
	json_t *json = NULL;
	bool ok = session_get(session, path, &text, err);

	if (ok)
		json = json_loadb((const char *)text.data, text.len,
		    JSON_REJECT_DUPLICATES, NULL);
	if (ok && json == NULL)
		ok = error_set(err, ERROR_MALFORMED,
		    "the daemon's answer is not JSON");
	buf_free(&text);
	*(json_t **)json_out = json;
	return ok;
}

/*
 * If a newer key signed it, catching up follows the key and the page is read
 * again.
 */
static bool
verify_receipt(struct session *session, const struct proof *proof,
    struct checkpoint *out, struct error *err)
{
	if (proof_verify(proof, &session->context->journal, out, err))
		return true;
	if (!error_is(err, finding_name(FINDING_KEY_UNKNOWN)))
		return false;
	*err = (struct error){ 0 };
	return session_catch_up(session, err) &&
	    proof_verify(proof, &session->context->journal, out, err);
}

bool
session_check_receipt(struct session *session,
    const struct remote_answer *answer, struct entry *entry, uint64_t *index,
    struct error *err)
{
	struct proof proof = PROOF;
	struct checkpoint at;
	bool ok;

	ok = proof_parse(buf_span(&answer->body), &proof, err) &&
	    verify_receipt(session, &proof, &at, err) &&
	    entry_parse(buf_span(&proof.entry), entry, err);
	if (ok) {
		session->carried.extension = answer->extension;
		session->carried.note = buf_span(&proof.note);
		session->carried.size = at.size;
		ok = session_follow(session, buf_span(&proof.note), err);
		session->carried.extension = NULL;
	}
	ok = ok && session_entry(session, proof.index, entry, err);
	*index = proof.index;
	proof_free(&proof);
	return ok;
}
