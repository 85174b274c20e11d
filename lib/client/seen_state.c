/*
 * The state that seen keeps beside the checkpoint: evidence, the prefixes that
 * were proved, and entries' times.
 */
#include "client/seen_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "journal/evidence.h"

void
seen_tell(const struct seen *seen, const char *line)
{
	if (seen->settings.tell != NULL)
		seen->settings.tell(seen->settings.arg, line);
}

/* --- Evidence. --- */

/*
 * Get the root that the larger checkpoint's history has at the smaller size.
 * Without it the two checkpoints alone prove less.
 */
static void
find_other_root(const struct seen_prover *prover,
    const struct checkpoint *small, const struct checkpoint *large,
    const struct merkle_proof *proof, struct evidence *evidence)
{
	struct error ignored = { 0 };

	if (small->size == 0 || small->size >= large->size)
		return;
	evidence->proof = *proof;
	evidence->has_root = merkle_old_root(small->size, large->size,
				 &large->root, proof, &evidence->root) ||
	    (prover->hash != NULL &&
		merkle_root_at(prover->hash, prover->arg, small->size,
		    &evidence->root, &ignored) &&
		merkle_verify_consistency(small->size, large->size,
		    &evidence->root, &large->root, proof));
}

/* Write the evidence into a file, and tell a person where. */
static bool
keep_evidence(const struct seen *seen, const struct evidence *evidence,
    struct error *err)
{
	struct buf text = BUF(LIMIT_EVIDENCE_BYTES);
	char name[80], path[FILE_PATH], hex[DIGEST_HEX];
	char line[FILE_PATH + 120];
	struct digest digest;
	bool ok;

	ok = evidence_encode(evidence, &text, err);
	digest = sha256_of(buf_span(&text));
	digest_hex(&digest, hex);
	snprintf(name, sizeof(name), "evidence-%.16s.txt", hex);
	ok = ok && file_join(path, seen->settings.dir, name, err) &&
	    (file_exists(path) || file_write(path, buf_span(&text), 0600, err));
	buf_free(&text);
	if (!ok)
		return false;
	snprintf(line, sizeof(line),
	    "both signed checkpoints are kept in %s; what they prove: valise"
	    " verify --evidence FILE",
	    path);
	seen_tell(seen, line);
	return true;
}

bool
seen_contradict(struct seen *seen, const struct seen_prover *prover,
    const struct point *was, const struct point *shown,
    const struct merkle_proof *proof, const char *what, struct error *err)
{
	const bool grew = was->at.size < shown->at.size;
	struct evidence evidence = EVIDENCE;
	struct error why = { 0 };
	char line[sizeof(why.detail) + 40];

	if (proof != NULL && prover != NULL)
		find_other_root(prover, grew ? &was->at : &shown->at,
		    grew ? &shown->at : &was->at, proof, &evidence);
	if (was->note.len > 0 && shown->note.len > 0 &&
	    (!buf_append(&evidence.seen, buf_span(&was->note), &why) ||
		!buf_append(&evidence.shown, buf_span(&shown->note), &why) ||
		!keep_evidence(seen, &evidence, &why))) {
		snprintf(line, sizeof(line),
		    "the checkpoints could not be kept: %s", why.detail);
		seen_tell(seen, line);
	}
	evidence_free(&evidence);
	return error_set_code(err, ERROR_UNTRUSTED, "JOURNAL_ROLLED_BACK",
	    "the daemon's journal was rolled back: %s (size %llu, and size"
	    " %llu). %s what you had seen is kept. Call the depositary (%s)"
	    " and the other offices before you trust it again",
	    what, (unsigned long long)was->at.size,
	    (unsigned long long)shown->at.size,
	    seen->must_keep ? "Nothing more is sent, and"
			    : "Nothing was sent, and",
	    seen->settings.contact != NULL ? seen->settings.contact : "?");
}

/* --- Prefixes that were proved. --- */

/* Find the place where a size is, or would be. */
static size_t
place_of(const struct seen *seen, uint64_t size)
{
	size_t from = 0, until = seen->num_proved;

	while (from < until) {
		const size_t middle = from + (until - from) / 2;

		if (seen->proved[middle].size < size)
			from = middle + 1;
		else
			until = middle;
	}
	return from;
}

/*
 * False if it is there already, or if there is no memory: it is asked for
 * again.
 */
static bool
insert(struct seen *seen, uint64_t size, const struct digest *root)
{
	const size_t at = place_of(seen, size);

	if (at < seen->num_proved && seen->proved[at].size == size)
		return false;
	if (seen->num_proved == seen->room_proved) {
		const size_t room = 2 * seen->room_proved + 64;
		void *more =
		    realloc(seen->proved, room * sizeof(*seen->proved));

		if (more == NULL)
			return false;
		seen->proved = more;
		seen->room_proved = room;
	}
	memmove(seen->proved + at + 1, seen->proved + at,
	    (seen->num_proved - at) * sizeof(*seen->proved));
	seen->proved[at].size = size;
	seen->proved[at].root = *root;
	seen->num_proved++;
	return true;
}

/* Read the prefixes that were proved. */
static void
read_proved(struct seen *seen)
{
	struct buf text = BUF(LIMIT_PROVED_BYTES);
	struct error ignored = { 0 };
	struct span rest, line, size;
	char path[FILE_PATH];

	seen->read_proved = true;
	if (file_join(path, seen->settings.dir, "proved", &ignored) &&
	    !file_read(path, text.max, &text, &ignored) &&
	    ignored.kind == ERROR_LIMIT)
		unlink(path); /* they are asked for again */
	rest = buf_span(&text);
	/*
	 * A line that a power cut tore is dropped, and so is one from before a
	 * loss.
	 */
	while (span_take_line(&rest, &line)) {
		struct checkpoint_root one = { .size = 0 };

		if (span_take_until(&line, ' ', &size) &&
		    span_to_u64(size, &one.size) &&
		    span_to_base64(line, one.root.bytes, 32) &&
		    one.size <= seen->kept.at.size)
			(void)insert(seen, one.size, &one.root);
	}
	buf_free(&text);
}

bool
seen_knows(struct seen *seen, const struct checkpoint *at, bool *other)
{
	size_t place;

	if (!seen->read_proved)
		read_proved(seen);
	place = place_of(seen, at->size);
	if (other != NULL)
		*other = false;
	if (place == seen->num_proved || seen->proved[place].size != at->size)
		return false;
	if (digest_eq(&seen->proved[place].root, &at->root))
		return true;
	if (other != NULL)
		*other = true;
	return false;
}

void
seen_forget(struct seen *seen)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	seen->num_proved = 0;
	if (file_join(path, seen->settings.dir, "proved", &ignored))
		unlink(path);
}

/* Append a prefix to the file. */
static void
append_line(const struct seen *seen, const struct checkpoint *at)
{
	char path[FILE_PATH], line[120], root[BASE64_SIZE(32)];
	struct error ignored = { 0 };
	int fd;

	base64_encode(digest_span(&at->root), root);
	snprintf(line, sizeof(line), "%llu %s\n", (unsigned long long)at->size,
	    root);
	if (!file_join(path, seen->settings.dir, "proved", &ignored) ||
	    (fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) <
		0)
		return;
	/* One write, so that two commands do not tear each other's lines. */
	if (write(fd, line, strlen(line)) < 0) {
		close(fd);
		return;
	}
	close(fd);
}

/*
 * There are too many: drop the older half. They are proved anew if they are
 * needed.
 */
static void
drop_half(struct seen *seen)
{
	struct buf text = BUF(LIMIT_PROVED_BYTES);
	char path[FILE_PATH], root[BASE64_SIZE(32)];
	struct error ignored = { 0 };
	const size_t half = seen->num_proved / 2;
	bool ok;

	seen->num_proved -= half;
	memmove(seen->proved, seen->proved + half,
	    seen->num_proved * sizeof(*seen->proved));
	ok = file_join(path, seen->settings.dir, "proved", &ignored);
	for (size_t i = 0; ok && i < seen->num_proved; i++) {
		base64_encode(digest_span(&seen->proved[i].root), root);
		ok = buf_printf(&text, &ignored, "%llu %s\n",
		    (unsigned long long)seen->proved[i].size, root);
	}
	ok = ok && file_write_quick(path, buf_span(&text), 0600, &ignored);
	buf_free(&text);
}

void
seen_remember(struct seen *seen, const struct checkpoint *at)
{
	if (at->size == 0)
		return;
	if (!seen->read_proved)
		read_proved(seen);
	if (!insert(seen, at->size, &at->root))
		return;
	if (!seen->unkept)
		append_line(seen, at);
	if (seen->num_proved > LIMIT_PROVED)
		drop_half(seen);
}

/* --- Times. --- */

bool
seen_entry(struct seen *seen, uint64_t index, int64_t time_ms,
    struct error *err)
{
	int64_t off;
	char at[TIME_TEXT], line[300];

	if (!clock_entry(&seen->clock, index, time_ms)) {
		time_format_ms(time_ms, at);
		return error_set_code(err, ERROR_UNTRUSTED, "TIME_BACKWARDS",
		    "entry %llu claims the time %s, and entry %llu another"
		    " that does not fit: a later entry is never earlier",
		    (unsigned long long)index, at,
		    (unsigned long long)seen->clock.index);
	}
	seen->clock_changed = true;
	off = clock_differs(&seen->clock, index, time_ms, time_now_ms());
	if (off == 0 || seen->num_differs++ > 0)
		return true;
	time_format_ms(time_ms, at);
	snprintf(line, sizeof(line),
	    "TIME_DIFFERS: the depositary says that entry %llu is of %s, more"
	    " than five minutes off your clock; the receipt says so too. One of"
	    " the two clocks is wrong",
	    (unsigned long long)index, at);
	seen_tell(seen, line);
	return true;
}

int64_t
seen_kept_at_ms(const struct seen *seen)
{
	return clock_of(&seen->clock, seen->kept.at.size);
}

bool
seen_is_same(const struct checkpoint *a, const struct checkpoint *b)
{
	return a->size == b->size && digest_eq(&a->root, &b->root);
}
