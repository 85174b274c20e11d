/*
 * The checkpoint that this office has seen: how one is proved to be of its
 * history, and kept by compare and swap.
 */
#include "client/seen_private.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"

static void
point_free(struct point *point)
{
	buf_free(&point->note);
}

static bool
point_copy(struct point *to, const struct point *from, struct error *err)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);

	if (!buf_append(&note, buf_span(&from->note), err))
		return false;
	point_free(to);
	*to = (struct point){ from->at, note };
	return true;
}

/* Open a note by the journal's keys. */
static bool
point_open(const struct seen *seen, struct span note, struct point *out,
    struct error *err)
{
	*out = POINT;
	return note_open(note, seen->settings.keys, &out->at, err) &&
	    buf_append(&out->note, note, err);
}

/* --- A proof, and what it proves. --- */

bool
seen_parse_extension(struct span text, uint64_t *old,
    struct merkle_proof *proof, struct span *note, struct error *err)
{
	struct span line;

	proof->num = 0;
	if (!span_take_field(&text, "old", &line) || !span_to_u64(line, old))
		return error_set(err, ERROR_MALFORMED,
		    "the daemon's checkpoint is not one");
	for (;;) {
		if (!span_take_line(&text, &line))
			return error_set(err, ERROR_MALFORMED,
			    "the daemon's checkpoint is cut short");
		if (line.len == 0)
			break;
		if (proof->num == LIMIT_PROOF_HASHES ||
		    !span_to_base64(line, proof->hashes[proof->num++].bytes,
			32))
			return error_set(err, ERROR_MALFORMED,
			    "the daemon's proof is not one");
	}
	*note = text;
	return true;
}

/* Read an answer: the proof from the size that was asked for, and the note. */
static bool
take_answer(const struct seen *seen, struct span body, uint64_t old,
    struct merkle_proof *proof, struct point *out, struct error *err)
{
	struct span note;
	uint64_t from;

	return seen_parse_extension(body, &from, proof, &note, err) &&
	    point_open(seen, note, out, err) &&
	    (from == old ||
		error_set(err, ERROR_MALFORMED,
		    "the daemon's checkpoint is not the one asked for"));
}

static bool
extends(const struct checkpoint *small, const struct checkpoint *large,
    const struct merkle_proof *proof)
{
	return merkle_verify_consistency(small->size, large->size, &small->root,
	    &large->root, proof);
}

/*
 * Ask for the proof that large extends small; both ends must be the very
 * checkpoints at hand. shown is the one of the two that is in doubt. *no_head:
 * the checkpoint of large's size is gone (a power cut).
 */
static bool
prove(struct seen *seen, const struct seen_prover *prover,
    const struct point *small, const struct point *large, bool *no_head,
    struct error *err)
{
	struct buf body = BUF(LIMIT_NOTE_FILE);
	struct point answer = POINT;
	struct merkle_proof proof;
	char at[24];
	bool ok = false;

	snprintf(at, sizeof(at), "%llu", (unsigned long long)large->at.size);
	switch (prover->ask(prover->arg, small->at.size, at, &body, err)) {
	case SEEN_NO_LINE:
		break;
	case SEEN_NO_HEAD:
		*no_head = true;
		break;
	case SEEN_NO_PROOF:
	case SEEN_SMALLER:
		*err = (struct error){ 0 };
		seen_contradict(seen, prover, small, large, NULL,
		    "the daemon does not prove that the one extends the other",
		    err);
		break;
	case SEEN_PROOF:
		if (!take_answer(seen, buf_span(&body), small->at.size, &proof,
			&answer, err)) {
			*err = (struct error){ 0 };
			seen_contradict(seen, prover, small, large, NULL,
			    "the daemon's proof that the one extends the other"
			    " is none",
			    err);
		} else if (!seen_is_same(&answer.at, &large->at)) {
			seen_contradict(seen, prover, large, &answer, NULL,
			    "there are two checkpoints of one size, or another"
			    " than the one asked for is shown",
			    err);
		} else if (!extends(&small->at, &large->at, &proof)) {
			seen_contradict(seen, prover, small, large, &proof,
			    "the one is no extension of the other: entries"
			    " were changed",
			    err);
		} else {
			ok = true;
		}
	}
	buf_free(&body);
	point_free(&answer);
	return ok;
}

/*
 * Ask for the newest checkpoint as the daemon names it, proved to extend the
 * one at hand.
 */
static bool
ask_newest(struct seen *seen, const struct seen_prover *prover,
    const struct point *old, const char *at, struct point *out,
    struct error *err)
{
	struct buf body = BUF(LIMIT_NOTE_FILE);
	struct merkle_proof proof = { .num = 0 };
	bool ok = false;

	*out = POINT;
	switch (prover->ask(prover->arg, old->at.size, at, &body, err)) {
	case SEEN_NO_LINE:
	case SEEN_NO_HEAD:
	case SEEN_NO_PROOF:
		break;
	case SEEN_SMALLER:
		*err = (struct error){ 0 };
		ok = point_open(seen, buf_span(&body), out, err) &&
		    seen_contradict(seen, prover, old, out, NULL,
			"it is smaller than the one you have seen", err);
		break;
	case SEEN_PROOF:
		ok = take_answer(seen, buf_span(&body), old->at.size, &proof,
		    out, err);
		if (ok && !extends(&old->at, &out->at, &proof))
			ok = seen_contradict(seen, prover, old, out, &proof,
			    "it is no extension of the one you have seen:"
			    " entries were changed",
			    err);
	}
	buf_free(&body);
	if (!ok)
		point_free(out);
	return ok;
}

/*
 * After a power cut the checkpoint of a size may be gone. Then both are proved
 * to be prefixes of a third, larger one.
 */
static bool
prove_third(struct seen *seen, const struct seen_prover *prover,
    const struct point *kept, const struct point *met, struct point *third,
    struct error *err)
{
	for (unsigned tries = 0; tries < 3; tries++) {
		bool no_head = false;

		point_free(third);
		if (!ask_newest(seen, prover, met, NULL, third, err)) {
			if (err->kind != ERROR_NOT_FOUND)
				return false;
			break;
		}
		if (seen_is_same(&third->at, &kept->at) ||
		    prove(seen, prover, kept, third, &no_head, err))
			return true;
		if (!no_head)
			return false;
	}
	*err = (struct error){ 0 };
	return seen_contradict(seen, prover, kept, met, NULL,
	    "the daemon does not prove that they are of one history", err);
}

/*
 * Prove that a checkpoint that was met and the one that is kept are of one
 * history. top gets the larger of the two, or a third that extends both. No
 * lock is held.
 */
static bool
relate(struct seen *seen, const struct seen_prover *prover,
    const struct point *kept, const struct point *met, struct point *top,
    struct error *err)
{
	const bool further = met->at.size > kept->at.size;
	const struct point *small = further ? kept : met;
	const struct point *large = further ? met : kept;
	const struct digest empty = merkle_empty();
	bool no_head = false;

	if (seen_is_same(&kept->at, &met->at))
		return point_copy(top, kept, err);
	if (kept->at.size == met->at.size)
		return seen_contradict(seen, prover, kept, met, NULL,
		    "there are two checkpoints of one size", err);
	/*
	 * At the first contact nothing was seen: any signed checkpoint extends
	 * that.
	 */
	if (small->at.size == 0 && digest_eq(&small->at.root, &empty))
		return point_copy(top, large, err);
	if (!further && seen_knows(seen, &met->at, NULL))
		return point_copy(top, kept, err);
	if (!prove(seen, prover, small, large, &no_head, err))
		return no_head &&
		    (*err = (struct error){ 0 },
			prove_third(seen, prover, kept, met, top, err));
	return point_copy(top, large, err);
}

/* --- What is kept. --- */

bool
seen_read_kept(const struct seen *seen, struct point *out, struct error *err)
{
	char path[FILE_PATH];

	*out = POINT;
	if (!file_join(path, seen->settings.dir, "checkpoint", err))
		return false;
	return !file_exists(path) ||
	    (file_read(path, LIMIT_NOTE_FILE, &out->note, err) &&
		(note_open(buf_span(&out->note), seen->settings.keys, &out->at,
		     err) ||
		    error_context(err, "%s", path)));
}

/*
 * Another command may have kept a larger checkpoint: what it wrote extends
 * ours.
 */
static bool
reload(struct seen *seen, const struct seen_prover *prover, struct error *err)
{
	struct point disk, top = POINT;
	bool ok = seen_read_kept(seen, &disk, err);

	if (ok && !seen_is_same(&disk.at, &seen->on_disk)) {
		/*
		 * A checkpoint that is only in memory was not proved against
		 * what another command wrote.
		 */
		const bool ours =
		    seen->unkept || disk.at.size < seen->kept.at.size;

		if (ours)
			ok = relate(seen, prover, &disk, &seen->kept, &top,
				 err) &&
			    point_copy(&seen->kept, &top, err);
		else
			ok = point_copy(&seen->kept, &disk, err);
		if (ok) {
			seen->on_disk = disk.at;
			seen->unkept = !seen_is_same(&seen->kept.at, &disk.at);
		}
	}
	point_free(&disk);
	point_free(&top);
	return ok;
}

static int
take_lock(const struct seen *seen, struct error *err)
{
	char path[FILE_PATH];

	return file_join(path, seen->settings.dir, "lock", err)
	    ? file_lock_wait(path, err)
	    : -1;
}

static bool
write_kept(struct seen *seen, const struct point *point, struct error *err)
{
	char path[FILE_PATH];

	seen->flushed =
	    file_join(path, seen->settings.dir, "checkpoint", err) &&
	    file_write(path, buf_span(&point->note), 0600, err);
	return seen->flushed;
}

/*
 * True if what is on the disk was flushed by this command, which can still
 * write.
 */
static bool
is_flushed(const struct seen *seen, const struct point *disk)
{
	return seen->flushed && seen_is_same(&disk->at, &seen->on_disk) &&
	    access(seen->settings.dir, W_OK | X_OK) == 0;
}

/* Under the lock: what other commands know of times is taken over. */
static void
write_clock(struct seen *seen)
{
	struct error ignored = { 0 };
	struct seen_clock known;

	clock_load(seen->settings.dir, &known);
	clock_merge(&known, &seen->clock);
	seen->clock_changed =
	    !clock_store(seen->settings.dir, &known, &ignored);
}

static bool
cannot_write(struct seen *seen, struct error *err)
{
	char line[sizeof(err->detail) + 80];

	if (seen->must_keep)
		return error_context(err, "what was seen cannot be kept");
	if (!seen->told) {
		snprintf(line, sizeof(line),
		    "%s: nothing that is seen now is remembered", err->detail);
		seen_tell(seen, line);
	}
	seen->told = seen->unkept = true;
	*err = (struct error){ 0 };
	return true;
}

enum swapped { SWAPPED, MOVED, FAILED };

/* Compare and swap under the lock; durable if it returns SWAPPED. */
static enum swapped
swap(struct seen *seen, const struct point *top, struct error *err)
{
	struct point disk = POINT;
	enum swapped done = SWAPPED;
	bool ok;
	int lock;

	if (seen_is_same(&top->at, &seen->on_disk) && !seen->unkept)
		return point_copy(&seen->kept, top, err) ? SWAPPED : FAILED;
	lock = take_lock(seen, err);
	ok = lock >= 0;
	if (ok && !seen_read_kept(seen, &disk, err)) {
		done = FAILED;
	} else if (ok && !seen_is_same(&disk.at, &seen->on_disk)) {
		done = MOVED;
	} else {
		const bool was = seen->unkept;

		if (ok)
			write_clock(seen);
		/*
		 * This is the first checkpoint: prefixes that were proved
		 * before are another journal's.
		 */
		if (ok && disk.at.size == 0)
			seen_forget(seen);
		ok = ok && write_kept(seen, top, err);
		seen->unkept = false;
		if (ok)
			seen->on_disk = top->at;
		else if (!cannot_write(seen, err)) {
			seen->unkept = was;
			done = FAILED;
		}
	}
	if (lock >= 0)
		close(lock);
	point_free(&disk);
	if (done == SWAPPED && !point_copy(&seen->kept, top, err))
		done = FAILED;
	return done;
}

/*
 * See seen_advance(). from: the checkpoint is proved to extend this one
 * already. newest_ms: when it was asked for, if the daemon named it as the
 * newest; or 0.
 */
static bool
advance(struct seen *seen, const struct seen_prover *prover,
    const struct point *met, const struct checkpoint *from, int64_t newest_ms,
    struct error *err)
{
	for (unsigned i = 0; i < LIMIT_ADVANCE_TRIES; i++) {
		struct checkpoint before = seen->kept.at;
		struct point top = POINT;
		enum swapped done = FAILED;
		bool ok;

		if (from != NULL && seen_is_same(from, &before))
			ok = point_copy(&top, met, err);
		else
			ok = relate(seen, prover, &seen->kept, met, &top, err);
		if (ok) {
			clock_saw(&seen->clock, met->at.size, time_now_ms(),
			    newest_ms);
			seen->clock_changed = true;
			done = swap(seen, &top, err);
		}
		point_free(&top);
		if (done == SWAPPED) {
			seen_remember(seen, &before);
			seen_remember(seen, &met->at);
			return true;
		}
		if (done == FAILED || !reload(seen, prover, err))
			return false;
	}
	return error_set(err, ERROR_UNAVAILABLE,
	    "other commands of this office see further ones all the time:"
	    " try again");
}

/* --- The operations. --- */

struct seen *
seen_open(const struct seen_settings *settings, struct error *err)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	if (seen == NULL) {
		error_set_errno(err, "checkpoint");
		return NULL;
	}
	seen->settings = *settings;
	if (!seen_read_kept(seen, &seen->kept, err)) {
		point_free(&seen->kept);
		free(seen);
		return NULL;
	}
	seen->on_disk = seen->kept.at;
	clock_load(settings->dir, &seen->clock);
	return seen;
}

void
seen_close(struct seen *seen)
{
	struct error ignored = { 0 };
	int lock;

	if (seen == NULL)
		return;
	if (seen->clock_changed && (lock = take_lock(seen, &ignored)) >= 0) {
		write_clock(seen);
		close(lock);
	}
	point_free(&seen->kept);
	free(seen->proved);
	free(seen);
}

const struct checkpoint *
seen_kept(const struct seen *seen)
{
	return &seen->kept.at;
}

struct span
seen_note(const struct seen *seen)
{
	return buf_span(&seen->kept.note);
}

bool
seen_size(const char *dir, const struct note_keys *keys, uint64_t *out,
    struct error *err)
{
	const struct seen seen = { .settings = { .dir = dir, .keys = keys } };
	struct point kept;
	bool ok = seen_read_kept(&seen, &kept, err);

	*out = kept.at.size;
	point_free(&kept);
	return ok;
}

bool
seen_ask(struct seen *seen, const struct seen_prover *prover,
    struct seen_asked *out, struct error *err)
{
	*out = (struct seen_asked){ .note = BUF(LIMIT_NOTE_FILE) };
	if (!reload(seen, prover, err))
		return false;
	out->kept = seen->kept.at;
	out->at_ms = time_now_ms();
	return buf_append(&out->note, buf_span(&seen->kept.note), err);
}

void
seen_asked_free(struct seen_asked *asked)
{
	buf_free(&asked->note);
}

/*
 * Compare the checkpoint that was kept when the question was asked with the one
 * that the daemon named in its answer.
 */
static bool
check_newest(struct seen *seen, const struct seen_prover *prover,
    const struct seen_asked *asked, const struct point *met, struct error *err)
{
	const struct point kept = { asked->kept, asked->note };

	return met->at.size >= kept.at.size ||
	    seen_contradict(seen, prover, &kept, met, NULL,
		"it is smaller than the one you have seen", err);
}

bool
seen_advance(struct seen *seen, const struct seen_prover *prover,
    struct span note, const struct seen_asked *asked, struct checkpoint *out,
    struct error *err)
{
	struct point met;
	bool ok;

	ok = point_open(seen, note, &met, err) &&
	    (asked == NULL || check_newest(seen, prover, asked, &met, err));
	ok = ok &&
	    advance(seen, prover, &met, NULL, asked != NULL ? asked->at_ms : 0,
		err);
	if (ok && out != NULL)
		*out = met.at;
	point_free(&met);
	return ok;
}

bool
seen_catch_up(struct seen *seen, const struct seen_prover *prover,
    struct error *err)
{
	struct seen_asked asked;
	struct point met = POINT;
	bool ok;

	ok = seen_ask(seen, prover, &asked, err);
	if (ok) {
		const struct point kept = { asked.kept, asked.note };

		ok = ask_newest(seen, prover, &kept, NULL, &met, err);
	}
	ok = ok && advance(seen, prover, &met, &asked.kept, asked.at_ms, err);
	point_free(&met);
	seen_asked_free(&asked);
	return ok;
}

bool
seen_extend(struct seen *seen, const struct seen_prover *prover,
    const struct checkpoint *old, struct span old_note, const char *at,
    struct checkpoint *out, struct buf *note, struct error *err)
{
	struct point from = POINT, met = POINT;
	bool ok;

	from.at = *old;
	ok = buf_append(&from.note, old_note, err) &&
	    ask_newest(seen, prover, &from, at, &met, err) &&
	    advance(seen, prover, &met, NULL, 0, err) &&
	    buf_append(note, buf_span(&met.note), err);
	if (ok)
		*out = met.at;
	point_free(&from);
	point_free(&met);
	return ok;
}

bool
seen_will_send(struct seen *seen, struct error *err)
{
	const int lock = take_lock(seen, err);
	struct point disk = POINT;
	bool ok;

	ok = lock >= 0 && seen_read_kept(seen, &disk, err);
	/* Write what could not be written before; it may be possible now. */
	if (ok && seen->unkept && seen_is_same(&disk.at, &seen->on_disk)) {
		ok = write_kept(seen, &seen->kept, err);
		seen->unkept = !ok;
		if (ok)
			seen->on_disk = seen->kept.at;
	} else if (ok && seen->unkept) {
		ok = error_set(err, ERROR_SYSTEM,
		    "another command has seen another size meanwhile");
	} else if (ok && disk.note.len > 0 && !is_flushed(seen, &disk)) {
		ok = write_kept(seen, &disk, err);
	}
	if (lock >= 0)
		close(lock);
	point_free(&disk);
	seen->must_keep = true;
	return ok ||
	    error_context(err,
		"what was seen cannot be kept, so nothing was"
		" sent");
}
