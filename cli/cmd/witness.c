/*
 * witness - check that the journal only ever grew, and say so with a
 * cosignature; and what a contradiction proves.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/time.h"
#include "cli/commands.h"
#include "journal/evidence.h"

/*
 * Rounds of one run: first the checkpoint that waits for this witness, then the
 * newest.
 */
enum { ROUNDS = 8 };

/* --- witness init --- */

/* "ORIGIN/witness/OFFICE": C2SP recommends a name like an address. */
static bool
witness_name(struct context *context, char out[LIMIT_ORIGIN_BYTES + 1],
    struct error *err)
{
	struct policy *policy = policies_pinned(context, err);
	struct cert *cert = NULL;
	const struct office *office = policy == NULL
	    ? NULL
	    : policies_own_office(context, policy, &cert, err);
	bool ok = office != NULL;

	if (ok &&
	    snprintf(out, LIMIT_ORIGIN_BYTES + 1, "%s/witness/%s",
		policy->origin, office->name) > LIMIT_ORIGIN_BYTES)
		ok = error_set(err, ERROR_LIMIT,
		    "the journal's name is long: name the witness with"
		    " --name");
	cert_free(cert);
	return ok;
}

/* Make the witness's key and print its line for the policy. */
static bool
witness_init(struct context *context, const char *name, struct error *err)
{
	char made[LIMIT_ORIGIN_BYTES + 1] = "", path[FILE_PATH];
	char vkey[NOTE_KEY_TEXT];
	struct buf text = BUF(1024);
	struct note_signer witness;
	bool ok;

	if (!context_path(context, "witness.key", path, err))
		return false;
	if (file_exists(path))
		return error_set(err, ERROR_CONFLICT,
		    "%s is there already: nothing was changed", path);
	ok = (name != NULL || witness_name(context, made, err)) &&
	    note_signer_make(name != NULL ? name : made, NOTE_WITNESS, &witness,
		err) &&
	    note_signer_encode(&witness, &text, err) &&
	    file_create(path, buf_span(&text), 0600, err);
	if (text.len > 0)
		OPENSSL_cleanse(text.data, text.len);
	buf_free(&text);
	if (!ok)
		return false;
	note_key_encode(&witness.key, vkey);
	OPENSSL_cleanse(&witness, sizeof(witness));
	if (context->json)
		return output_json(json_pack("{s:s, s:s}", "witness", vkey,
				       "key", path),
		    err);
	printf("%s\n", vkey);
	output_note("give that line to the depositary, for policies/"
		    "offices.yaml:  witnesses: {OFFICE: \"LINE\"}");
	return true;
}

/* --- witness --- */

struct witness {
	struct context *context;
	struct note_signer signer;
	/* the checkpoint that it cosigned last; size 0: none */
	struct checkpoint last;
	/* that checkpoint's note, with the cosignature */
	struct buf note;
	char path[FILE_PATH];
	int lock;
};

/* Load the witness's key and what it cosigned last. */
static bool
load_witness(struct context *context, struct witness *out, struct error *err)
{
	struct buf key = BUF(1024);
	char path[FILE_PATH];
	bool ok;

	*out = (struct witness){ .context = context,
		.note = BUF(LIMIT_NOTE_FILE),
		.last = { .root = merkle_empty() },
		.lock = -1 };
	if (!context_path(context, "witness.key", path, err))
		return false;
	if (!file_exists(path))
		return error_set(err, ERROR_NOT_FOUND,
		    "this office has no witness's key: \"valise witness init\""
		    " makes it");
	ok = private_read(path, 1024, &context->private_keys, &key, err) &&
	    (note_signer_parse(buf_span(&key), NOTE_WITNESS, &out->signer,
		 err) ||
		error_context(err, "%s", path));
	if (key.len > 0)
		OPENSSL_cleanse(key.data, key.len);
	buf_free(&key);
	/* Two runs at once must not go back and forth (tlog-witness). */
	if (!ok || !context_path(context, "witness.lock", path, err) ||
	    (out->lock = file_lock_wait(path, err)) < 0 ||
	    !context_path(context, "witness", out->path, err))
		return false;
	return !file_exists(out->path) ||
	    (file_read(out->path, LIMIT_NOTE_FILE, &out->note, err) &&
		(note_open(buf_span(&out->note), &context->journal, &out->last,
		     err) ||
		    error_context(err, "%s", out->path)));
}

static void
free_witness(struct witness *witness)
{
	OPENSSL_cleanse(&witness->signer, sizeof(witness->signer));
	buf_free(&witness->note);
	if (witness->lock >= 0)
		close(witness->lock);
}

static bool
has_our_line(const struct witness *witness, struct span note)
{
	struct cosignature line;
	struct error ignored = { 0 };
	size_t num = 0;

	return note_cosignatures(note, &witness->signer.key, 1, &line, &num,
		   &ignored) &&
	    num == 1;
}

/* Append the note as the journal alone signed it, and our cosignature. */
static bool
cosign(struct witness *witness, struct span note, struct buf *out,
    struct error *err)
{
	return buf_append(out, note, err) &&
	    note_cosign(&witness->signer, note, time_now_ms() / 1000, out, err);
}

static void
count_witnesses(struct context *context, struct span note, unsigned *num,
    unsigned *quorum)
{
	struct cosignature lines[LIMIT_WITNESSES];
	struct error ignored = { 0 };
	const struct policy *policy = policies_pinned(context, &ignored);
	size_t found = 0;

	*num = *quorum = 0;
	if (policy == NULL)
		return;
	*quorum = policy->witnesses.quorum;
	if (note_cosignatures(note, policy->witnesses.keys,
		policy->witnesses.num, lines, &found, &ignored))
		*num = (unsigned)found;
}

static bool
report(struct witness *witness, struct span note, struct error *err)
{
	unsigned num, quorum;

	count_witnesses(witness->context, note, &num, &quorum);
	if (witness->context->json)
		return output_json(json_pack("{s:I, s:o, s:i, s:i}", "size",
				       (json_int_t)witness->last.size, "root",
				       json_of_digest(&witness->last.root),
				       "cosignatures", (int)num, "quorum",
				       (int)quorum),
		    err);
	printf("cosigned the journal of size %llu (%u of %u witnesses)\n",
	    (unsigned long long)witness->last.size, num, quorum);
	return true;
}

/*
 * It is durable before it leaves, so that the witness never denies what it
 * cosigned.
 */
static bool
hand_in(struct witness *witness, struct session *session,
    const struct checkpoint *checkpoint, struct span note, struct error *err)
{
	struct buf cosigned = BUF(LIMIT_NOTE_FILE);
	struct remote_answer answer = { .body = BUF(0) };
	bool ok;

	ok = session_will_send(session, err) &&
	    cosign(witness, note, &cosigned, err) &&
	    file_write(witness->path, buf_span(&cosigned), 0600, err);
	if (ok) {
		buf_free(&witness->note);
		witness->note = cosigned;
		witness->last = *checkpoint;
		cosigned = BUF(0);
	}
	ok = ok &&
	    session_post(session, "/v1/journal/add-cosignature",
		buf_span(&witness->note), &answer, err) &&
	    report(witness, buf_span(&answer.body), err);
	remote_answer_free(&answer);
	buf_free(&cosigned);
	return ok;
}

/*
 * A checkpoint that another witness signed comes first, so that a quorum is
 * reached on one size; then the newest.
 */
static bool
witness_rounds(struct witness *witness, struct session *session,
    struct error *err)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		const char *at = i + 1 < ROUNDS ? "pending" : NULL;
		struct buf note = BUF(LIMIT_NOTE_FILE);
		struct checkpoint checkpoint;
		const uint64_t before = witness->last.size;
		bool ok, done;

		ok = session_checkpoint(session, &witness->last,
		    buf_span(&witness->note), at, &checkpoint, &note, err);
		done = ok && checkpoint.size == before && i > 0;
		if (ok && checkpoint.size == before &&
		    has_our_line(witness, buf_span(&note))) {
			if (i == 0 && witness->context->json)
				ok = report(witness, buf_span(&note), err);
			else if (i == 0)
				printf("nothing new since size %llu, which is"
				       " cosigned\n",
				    (unsigned long long)before);
			done = true;
		}
		if (ok && !done)
			ok = hand_in(witness, session, &checkpoint,
			    buf_span(&note), err);
		done = done || checkpoint.size == session->seen.size;
		buf_free(&note);
		if (!ok || done)
			return ok;
	}
	return true;
}

/* A daemon that forgot by mistake learns of it by its own signature. */
static void
tell_daemon(struct witness *witness, struct session *session)
{
	struct remote_answer answer = { .body = BUF(0) };
	struct error ignored = { 0 };

	if (witness->note.len > 0 &&
	    !session_post(session, "/v1/journal/add-cosignature",
		buf_span(&witness->note), &answer, &ignored))
		output_note("the checkpoint that was cosigned was shown to the"
			    " daemon, which stops signing if its journal does"
			    " not have it");
	remote_answer_free(&answer);
}

/* Cosign what waits for this witness, and the newest checkpoint. */
static bool
witness_once(struct context *context, struct error *err)
{
	struct witness witness;
	struct session session;
	bool ok;

	if (!load_witness(context, &witness, err) ||
	    !session_connect(context, &session, err)) {
		free_witness(&witness);
		return false;
	}
	ok = session_catch_up(&session, err) &&
	    witness_rounds(&witness, &session, err);
	if (!ok && error_is(err, finding_name(FINDING_JOURNAL_ROLLED_BACK)))
		tell_daemon(&witness, &session);
	session_close(&session);
	free_witness(&witness);
	return ok;
}

/* Cosign again and again; returns only on an error that is no broken line. */
static bool
witness_every(struct context *context, unsigned seconds, struct error *err)
{
	for (;;) {
		if (!witness_once(context, err)) {
			/*
			 * Evidence of misbehaviour ends the run; a broken line
			 * does not.
			 */
			if (err->kind != ERROR_UNAVAILABLE)
				return false;
			output_note("%s; trying again in %u s", err->detail,
			    seconds);
			*err = (struct error){ 0 };
		}
		if (!output_flush(err))
			return false;
		sleep(seconds);
	}
}

bool
cmd_witness(struct context *context, const struct options_given *given,
    struct error *err)
{
	const char *every = options_value(given, OPTION_EVERY);
	unsigned seconds = 0;

	if (every != NULL && !time_parse_interval(span_of_str(every), &seconds))
		return error_set(err, ERROR_USAGE,
		    "\"%s\" is not a time such as 30s, 10m or 1h", every);
	if (!context_load(context, err))
		return false;
	return seconds != 0 ? witness_every(context, seconds, err)
			    : witness_once(context, err);
}

bool
cmd_witness_init(struct context *context, const struct options_given *given,
    struct error *err)
{
	return context_load(context, err) &&
	    witness_init(context, options_value(given, OPTION_NAME), err);
}

/* --- verify --evidence --- */

bool
cmd_verify_evidence(struct context *context, const struct options_given *given,
    struct error *err)
{
	const char *path = options_value(given, OPTION_EVIDENCE);
	struct buf text = BUF(LIMIT_EVIDENCE_BYTES);
	struct evidence evidence = EVIDENCE;
	bool proves = false, ok;
	char says[400];

	if (!context_load(context, err))
		return false;
	ok = file_read(path, text.max, &text, err) &&
	    evidence_parse(buf_span(&text), &evidence, err) &&
	    evidence_verify(&evidence, &context->journal, &proves, says, err);
	buf_free(&text);
	evidence_free(&evidence);
	if (!ok)
		return error_context(err, "%s", path);
	if (context->json) {
		if (!output_json(json_pack("{s:s, s:b, s:s}", "file", path,
				     "proves", proves, "text", says),
			err))
			return false;
		context->told = true;
	} else {
		output_text(path);
		printf(": %s: %s\n", proves ? "PROVES A FORK" : "no proof",
		    says);
	}
	return proves ||
	    error_set_code(err, ERROR_UNTRUSTED, "NO_PROOF",
		"%s is no proof to a third party", path);
}
