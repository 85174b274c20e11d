/*
 * The checkpoint that an office has seen, against daemons of two histories,
 * which are the same up to FORK and answer as a row says.
 */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "client/seen.h"
#include "client/seen_clock.h"
#include "journal/evidence.h"

enum { FORK = 6, SIZE = 40 };
enum history { A, B };

static struct note_signer signer;
static struct note_keys keys;
static char dir[UNIT_DIR];

/* --- Two journals. --- */

static bool
read_hash(void *arg, unsigned level, uint64_t index, struct digest *out,
    struct error *err)
{
	const enum history *which = arg;
	struct digest left, right;
	char leaf[40];

	if (level > 0) {
		ck_assert(read_hash(arg, level - 1, 2 * index, &left, err));
		ck_assert(
		    read_hash(arg, level - 1, 2 * index + 1, &right, err));
		*out = merkle_node(&left, &right);
		return true;
	}
	snprintf(leaf, sizeof(leaf), "%s %llu",
	    *which == B && index >= FORK ? "B" : "A",
	    (unsigned long long)index);
	*out = merkle_leaf(span_of_str(leaf));
	return true;
}

static bool other_empty; /* the root of no entries is another */

static void
make_note(enum history which, uint64_t size, struct buf *out)
{
	struct checkpoint at = { .size = size };
	struct buf text = BUF(LIMIT_NOTE_TEXT);
	struct error err = { 0 };
	uint8_t signature[64];

	snprintf(at.origin, sizeof(at.origin), "%s", signer.key.name);
	ck_ok(merkle_root_at(read_hash, &which, size, &at.root, &err), err);
	at.root.bytes[0] ^= other_empty;
	ck_ok(checkpoint_encode(&at, &text, &err), err);
	ck_ok(note_sign(&signer, buf_span(&text), signature, &err), err);
	ck_ok(note_encode(&signer.key, &at, signature, out, &err), err);
	buf_free(&text);
}

/* --- Who is asked. --- */

enum manner {
	HONEST,
	NO_LINE,
	NO_PROOF,
	GARBAGE,
	BAD_PROOF,
	OTHER_SIZE, /* than was asked for */
	OTHER_OLD
};

struct daemon {
	enum history which;
	uint64_t size;
	enum manner manner;
	uint64_t no_head; /* a size whose head is lost */
	unsigned num_asked;
	/* What happens while the answer is on its way. */
	void (*meanwhile)(struct daemon *daemon);
};

static void
append_proof(struct daemon *daemon, uint64_t old, uint64_t size,
    struct buf *body)
{
	struct merkle_proof proof = { .num = 0 };
	struct error err = { 0 };
	char base64[BASE64_SIZE(32)];

	ck_ok(buf_printf(body, &err, "old %llu\n",
		  (unsigned long long)(old + (daemon->manner == OTHER_OLD))),
	    err);
	if (old > 0)
		ck_ok(merkle_prove_consistency(read_hash, &daemon->which, old,
			  size, &proof, &err),
		    err);
	if (daemon->manner == BAD_PROOF && proof.num > 0)
		proof.num--;
	for (size_t i = 0; i < proof.num; i++) {
		base64_encode(digest_span(&proof.hashes[i]), base64);
		ck_ok(buf_printf(body, &err, "%s\n", base64), err);
	}
	ck_ok(buf_append_str(body, "\n", &err), err);
	make_note(daemon->which, size, body);
}

static enum seen_reply
ask(void *arg, uint64_t old, const char *at, struct buf *body,
    struct error *err)
{
	struct daemon *daemon = arg;
	uint64_t size = daemon->size;
	char path[FILE_PATH];
	struct error why = { 0 };
	int lock;

	daemon->num_asked++;
	/* Nobody holds the lock while they wait for an answer. */
	ck_ok(file_join(path, dir, "lock", &why), why);
	lock = file_lock(path, &why);
	ck_assert_msg(lock >= 0, "the lock is held over a request");
	close(lock);
	if (daemon->manner == NO_LINE) {
		error_set(err, ERROR_UNAVAILABLE, "no line");
		return SEEN_NO_LINE;
	}
	if (daemon->manner == NO_PROOF) {
		error_set(err, ERROR_USAGE, "no proof");
		return SEEN_NO_PROOF;
	}
	if (at != NULL)
		ck_assert(span_to_u64(span_of_str(at), &size));
	if (daemon->manner == OTHER_SIZE && size > old)
		size--;
	if (at != NULL && (size > daemon->size || size == daemon->no_head)) {
		error_set(err, ERROR_NOT_FOUND, "no such head");
		return SEEN_NO_HEAD;
	}
	if (old > size) {
		make_note(daemon->which, size, body);
		error_set(err, ERROR_CONFLICT, "smaller");
		return SEEN_SMALLER;
	}
	if (daemon->manner == GARBAGE)
		ck_assert(buf_append_str(body, "old x\n", err));
	else
		append_proof(daemon, old, size, body);
	if (daemon->meanwhile != NULL)
		daemon->meanwhile(daemon);
	return SEEN_PROOF;
}

/* --- An office. --- */

static unsigned num_told;
static char told[FILE_PATH + 400];

static void
tell(void *arg, const char *line)
{
	(void)arg;
	num_told++;
	snprintf(told, sizeof(told), "%s", line);
}

static struct seen *
open_seen(void)
{
	const struct seen_settings settings = { .dir = dir,
		.keys = &keys,
		.tell = tell };
	struct error err = { 0 };
	struct seen *seen = seen_open(&settings, &err);

	ck_assert_msg(seen != NULL, "%s", err.detail);
	return seen;
}

static struct seen_prover
prover_of(struct daemon *daemon)
{
	return (struct seen_prover){ ask, read_hash, daemon };
}

/* Another command of the office: asks a daemon and keeps what it names. */
static bool
catch_up(struct daemon *daemon, struct error *err)
{
	const struct seen_prover prover = prover_of(daemon);
	struct seen *seen = open_seen();
	bool ok = seen_catch_up(seen, &prover, err);

	seen_close(seen);
	return ok;
}

static bool
meet_here(struct seen *seen, const struct seen_prover *prover,
    enum history which, uint64_t size, struct error *err)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);
	bool ok;

	make_note(which, size, &note);
	ok = seen_advance(seen, prover, buf_span(&note), NULL, NULL, err);
	buf_free(&note);
	return ok;
}

static bool
meet(struct daemon *daemon, enum history which, uint64_t size,
    struct error *err)
{
	const struct seen_prover prover = prover_of(daemon);
	struct seen *seen = open_seen();
	bool ok = meet_here(seen, &prover, which, size, err);

	seen_close(seen);
	return ok;
}

/* What is told of a note where there is no line. */
static enum error_kind
is_proved(enum history which, uint64_t size)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct seen *seen = open_seen();
	struct error err = { 0 };

	make_note(which, size, &note);
	ck_assert_int_eq(seen_is_proved(seen, buf_span(&note), &err),
	    err.kind == ERROR_NONE);
	if (err.kind == ERROR_UNTRUSTED)
		ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	seen_close(seen);
	buf_free(&note);
	return err.kind;
}

static uint64_t
kept_size(void)
{
	struct error err = { 0 };
	uint64_t size;

	ck_ok(seen_size(dir, &keys, &size, &err), err);
	return size;
}

/* Files whose name begins so; each is judged where it is evidence. */
static unsigned
count_files(const char *prefix, unsigned *num_proving)
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;
	unsigned num = 0;

	*num_proving = 0;
	while ((entry = readdir(folder)) != NULL) {
		struct buf text = BUF(LIMIT_EVIDENCE_BYTES);
		struct evidence evidence = EVIDENCE;
		struct error err = { 0 };
		char path[FILE_PATH], says[400];
		bool proves = false;

		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		num++;
		ck_ok(file_join(path, dir, entry->d_name, &err), err);
		ck_ok(file_read(path, text.max, &text, &err), err);
		ck_ok(evidence_parse(buf_span(&text), &evidence, &err), err);
		ck_ok(evidence_verify(&evidence, &keys, &proves, says, &err),
		    err);
		*num_proving += proves;
		evidence_free(&evidence);
		buf_free(&text);
	}
	closedir(folder);
	return num;
}

static void
set_up(void)
{
	struct error err = { 0 };

	if (keys.num == 0) {
		ck_ok(note_signer_make("journal.test", NOTE_JOURNAL, &signer,
			  &err),
		    err);
		keys = note_keys_of(&signer.key);
	}
	unit_make_dir(dir);
	num_told = 0;
}

static void
tear_down(void)
{
	unit_remove_dir(dir);
}

/* --- A checkpoint that was met: kept, met, who is asked → what comes. --- */

static const struct {
	uint64_t kept; /* of A */
	enum history which;
	uint64_t met;
	struct daemon daemon;
	enum error_kind kind;
	uint64_t then;     /* what is kept afterwards */
	unsigned evidence; /* files of it; proving: to anybody */
	unsigned proving;
} meetings[] = {
	/* One history. */
	{ 10, A, 10, { A, 20, HONEST }, ERROR_NONE, 10, 0, 0 },
	{ 10, A, 15, { A, 20, HONEST }, ERROR_NONE, 15, 0, 0 },
	{ 10, A, 7, { A, 20, HONEST }, ERROR_NONE, 10, 0, 0 },
	{ 0, A, 7, { A, 20, HONEST }, ERROR_NONE, 7, 0, 0 },
	/* The same up to the fork. */
	{ 10, B, 5, { A, 20, HONEST }, ERROR_NONE, 10, 0, 0 },
	{ 5, B, 9, { B, 20, HONEST }, ERROR_NONE, 9, 0, 0 },
	/* Two histories, whoever is asked. */
	{ 10, B, 10, { A, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 1 },
	{ 10, B, 15, { A, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 1 },
	{ 10, B, 15, { B, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 1 },
	{ 10, B, 9, { A, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 1 },
	{ 10, B, 9, { B, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 1 },
	/* A power of two: the proof does not tell the other root, tiles do. */
	{ 8, B, 15, { B, 20, HONEST }, ERROR_UNTRUSTED, 8, 1, 1 },
	/* Further than the daemon's own newest. */
	{ 10, B, 30, { A, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, A, 30, { A, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 0 },
	/* Kept further than the daemon's newest. */
	{ 30, A, 10, { A, 20, HONEST }, ERROR_UNTRUSTED, 30, 1, 0 },
	/* Asked, and not proved. */
	{ 10, A, 15, { A, 20, NO_PROOF }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, A, 15, { A, 20, GARBAGE }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, A, 15, { A, 20, BAD_PROOF }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, A, 7, { A, 20, BAD_PROOF }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, A, 15, { A, 20, OTHER_SIZE }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, A, 15, { A, 20, OTHER_OLD }, ERROR_UNTRUSTED, 10, 1, 0 },
	/* Not asked. */
	{ 10, A, 15, { A, 20, NO_LINE }, ERROR_UNAVAILABLE, 10, 0, 0 },
	{ 10, B, 15, { A, 20, NO_LINE }, ERROR_UNAVAILABLE, 10, 0, 0 },
	{ 10, A, 7, { A, 20, NO_LINE }, ERROR_UNAVAILABLE, 10, 0, 0 },
	/* But what needs no asking is told. */
	{ 10, A, 10, { A, 20, NO_LINE }, ERROR_NONE, 10, 0, 0 },
	{ 10, B, 10, { A, 20, NO_LINE }, ERROR_UNTRUSTED, 10, 1, 1 },
	/* A head that a power cut took: a third extends both. */
	{ 10, A, 15, { A, 20, HONEST, .no_head = 15 }, ERROR_NONE, 20, 0, 0 },
	{ 10, A, 7, { A, 20, HONEST, .no_head = 10 }, ERROR_NONE, 20, 0, 0 },
	{ 10, B, 15, { A, 20, HONEST, .no_head = 15 }, ERROR_UNTRUSTED, 10, 1,
	    1 },
	{ 10, B, 15, { B, 20, HONEST, .no_head = 15 }, ERROR_UNTRUSTED, 10, 1,
	    1 },
	{ 10, B, 9, { A, 20, HONEST, .no_head = 10 }, ERROR_UNTRUSTED, 10, 1,
	    1 },
	{ 10, B, 9, { B, 20, HONEST, .no_head = 10 }, ERROR_UNTRUSTED, 10, 1,
	    1 },
};

START_TEST(what_is_met_is_proved)
{
	struct daemon first = { A, meetings[_i].kept, HONEST };
	struct daemon daemon = meetings[_i].daemon;
	struct error err = { 0 };
	unsigned proving;

	if (first.size > 0)
		ck_ok(catch_up(&first, &err), err);
	ck_assert_int_eq(meet(&daemon, meetings[_i].which, meetings[_i].met,
			     &err),
	    meetings[_i].kind == ERROR_NONE);
	ck_assert_msg(err.kind == meetings[_i].kind, "%d: %s", err.kind,
	    err.detail);
	if (err.kind == ERROR_UNTRUSTED)
		ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	ck_assert_uint_eq(kept_size(), meetings[_i].then);
	ck_assert_uint_eq(count_files("evidence", &proving),
	    meetings[_i].evidence);
	ck_assert_uint_eq(proving, meetings[_i].proving);
}
END_TEST

/* --- What a daemon names as its newest. --- */

static const struct {
	uint64_t kept;
	struct daemon daemon;
	enum error_kind kind;
	uint64_t then;
	unsigned evidence, proving;
} newest[] = {
	{ 0, { A, 20, HONEST }, ERROR_NONE, 20, 0, 0 },
	{ 10, { A, 20, HONEST }, ERROR_NONE, 20, 0, 0 },
	{ 20, { A, 20, HONEST }, ERROR_NONE, 20, 0, 0 },
	{ 5, { B, 20, HONEST }, ERROR_NONE, 20, 0, 0 },
	{ 10, { B, 20, HONEST }, ERROR_UNTRUSTED, 10, 1, 1 },
	{ 10, { B, 10, HONEST }, ERROR_UNTRUSTED, 10, 1, 1 },
	/* A smaller one is none, of whichever history. */
	{ 10, { A, 9, HONEST }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, { B, 9, HONEST }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, { A, 20, BAD_PROOF }, ERROR_UNTRUSTED, 10, 1, 0 },
	{ 10, { A, 20, GARBAGE }, ERROR_MALFORMED, 10, 0, 0 },
	{ 10, { A, 20, OTHER_OLD }, ERROR_MALFORMED, 10, 0, 0 },
	{ 10, { A, 20, NO_LINE }, ERROR_UNAVAILABLE, 10, 0, 0 },
	{ 10, { A, 20, NO_PROOF }, ERROR_USAGE, 10, 0, 0 },
};

START_TEST(the_newest_extends_what_was_kept)
{
	struct daemon first = { A, newest[_i].kept, HONEST };
	struct daemon daemon = newest[_i].daemon;
	struct error err = { 0 };
	unsigned proving;

	if (first.size > 0)
		ck_ok(catch_up(&first, &err), err);
	ck_assert_int_eq(catch_up(&daemon, &err),
	    newest[_i].kind == ERROR_NONE);
	ck_assert_msg(err.kind == newest[_i].kind, "%d: %s", err.kind,
	    err.detail);
	if (err.kind == ERROR_UNTRUSTED)
		ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	ck_assert_uint_eq(kept_size(), newest[_i].then);
	ck_assert_uint_eq(count_files("evidence", &proving),
	    newest[_i].evidence);
	ck_assert_uint_eq(proving, newest[_i].proving);
}
END_TEST

/* A page of entries is as new as what was kept when it was asked for. */
START_TEST(an_older_truth_is_no_newest)
{
	struct daemon daemon = { A, 20, HONEST };
	const struct seen_prover prover = prover_of(&daemon);
	struct buf note = BUF(LIMIT_NOTE_FILE), other = BUF(LIMIT_NOTE_FILE);
	struct seen *seen = open_seen();
	struct seen_asked asked;
	struct error err = { 0 };

	ck_ok(seen_catch_up(seen, &prover, &err), err);
	ck_ok(seen_ask(seen, &prover, &asked, &err), err);
	make_note(A, 15, &note);
	ck_assert(
	    !seen_advance(seen, &prover, buf_span(&note), &asked, NULL, &err));
	ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	/* The same is good for a receipt. */
	err = (struct error){ 0 };
	ck_ok(seen_advance(seen, &prover, buf_span(&note), NULL, NULL, &err),
	    err);
	/* What was kept only after the question does not count against it. */
	daemon.size = 30;
	ck_ok(seen_catch_up(seen, &prover, &err), err);
	make_note(A, 20, &other);
	ck_ok(seen_advance(seen, &prover, buf_span(&other), &asked, NULL, &err),
	    err);
	ck_assert_uint_eq(seen_kept(seen)->size, 30);
	seen_asked_free(&asked);
	seen_close(seen);
	buf_free(&note);
	buf_free(&other);
}
END_TEST

/* --- Two commands at once. --- */

static enum history others;
static uint64_t others_size;

/* While one waits for its answer another keeps a checkpoint. */
static void
another_keeps(struct daemon *daemon)
{
	struct daemon other = { others, others_size, HONEST };
	struct error err = { 0 };

	daemon->meanwhile = NULL;
	ck_ok(catch_up(&other, &err), err);
	/* One that grew answers the next question. */
	if (others == daemon->which && others_size > daemon->size)
		daemon->size = others_size;
}

static const struct {
	uint64_t kept, ours;
	enum history others;
	uint64_t others_size;
	uint64_t then; /* 0: the second to keep finds the contradiction */
} races[] = {
	{ 5, 20, A, 10, 20 },
	{ 5, 20, A, 20, 20 },
	{ 5, 20, A, 30, 30 },
	{ 0, 20, A, 30, 30 },
	{ 5, 20, B, 10, 0 },
	{ 5, 20, B, 20, 0 },
	{ 5, 20, B, 30, 0 },
	{ 0, 20, B, 30, 0 },
};

START_TEST(whoever_is_second_proves_it_anew)
{
	struct daemon first = { A, races[_i].kept, HONEST };
	struct daemon daemon = { A, races[_i].ours, HONEST,
		.meanwhile = another_keeps };
	struct error err = { 0 };
	unsigned proving;

	if (first.size > 0)
		ck_ok(catch_up(&first, &err), err);
	others = races[_i].others;
	others_size = races[_i].others_size;
	if (races[_i].then != 0) {
		ck_ok(catch_up(&daemon, &err), err);
		ck_assert_uint_eq(kept_size(), races[_i].then);
		return;
	}
	ck_assert(!catch_up(&daemon, &err));
	ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	ck_assert_uint_eq(kept_size(), others_size);
	ck_assert_uint_eq(count_files("evidence", &proving), 1);
}
END_TEST

/* --- What was proved once. --- */

START_TEST(a_prefix_is_asked_for_once)
{
	struct daemon daemon = { A, 20, HONEST };
	struct error err = { 0 };
	unsigned before;

	ck_ok(catch_up(&daemon, &err), err);
	ck_ok(meet(&daemon, A, 13, &err), err);
	before = daemon.num_asked;
	ck_ok(meet(&daemon, A, 13, &err), err);
	ck_assert_uint_eq(daemon.num_asked, before);
	/* One of that size with another root is asked for, and refused. */
	ck_assert(!meet(&daemon, B, 13, &err));
	ck_assert_uint_gt(daemon.num_asked, before);
}
END_TEST

START_TEST(what_was_proved_goes_with_the_checkpoint)
{
	struct daemon daemon = { A, 20, HONEST };
	struct daemon down = { A, 20, NO_LINE };
	struct error err = { 0 };
	char path[FILE_PATH];

	ck_ok(catch_up(&daemon, &err), err);
	ck_ok(meet(&daemon, A, 13, &err), err);
	ck_ok(meet(&down, A, 13, &err), err);
	ck_ok(file_join(path, dir, "checkpoint", &err), err);
	unlink(path);
	daemon.which = B;
	daemon.size = 20;
	ck_ok(catch_up(&daemon, &err), err);
	ck_assert(!meet(&down, A, 13, &err));
	ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
	ck_assert_int_eq(is_proved(A, 13), ERROR_UNAVAILABLE);
}
END_TEST

/* Who has an older state back does not believe its newer lines. */
START_TEST(what_was_proved_is_smaller_than_what_is_kept)
{
	struct daemon daemon = { A, 9, HONEST };
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error err = { 0 };
	char path[FILE_PATH];

	ck_ok(catch_up(&daemon, &err), err);
	daemon.size = 20;
	ck_ok(catch_up(&daemon, &err), err);
	ck_ok(meet(&daemon, A, 13, &err), err);
	ck_assert_int_eq(is_proved(A, 13), ERROR_NONE);
	make_note(A, 9, &note);
	ck_ok(file_join(path, dir, "checkpoint", &err), err);
	ck_ok(file_write(path, buf_span(&note), 0600, &err), err);
	ck_assert_int_eq(is_proved(A, 13), ERROR_UNAVAILABLE);
	ck_assert_int_eq(is_proved(A, 9), ERROR_NONE);
	buf_free(&note);
}
END_TEST

START_TEST(what_contradicts_is_told_without_a_line)
{
	struct daemon daemon = { A, 10, HONEST };
	struct error err = { 0 };
	char path[FILE_PATH];

	ck_ok(catch_up(&daemon, &err), err);
	ck_ok(meet(&daemon, A, 8, &err), err);
	ck_assert_int_eq(is_proved(A, 10), ERROR_NONE);
	ck_assert_int_eq(is_proved(A, 8), ERROR_NONE);
	ck_assert_int_eq(is_proved(A, 7), ERROR_UNAVAILABLE);
	ck_assert_int_eq(is_proved(B, 10), ERROR_UNTRUSTED);
	ck_assert_int_eq(is_proved(B, 8), ERROR_UNTRUSTED);
	ck_assert_int_eq(is_proved(B, 7), ERROR_UNAVAILABLE);
	ck_assert_int_eq(is_proved(A, 15), ERROR_UNAVAILABLE);
	/* By the checkpoint itself, where nothing else is known. */
	ck_ok(file_join(path, dir, "proved", &err), err);
	unlink(path);
	ck_assert_int_eq(is_proved(A, 10), ERROR_NONE);
	ck_assert_int_eq(is_proved(B, 10), ERROR_UNTRUSTED);
}
END_TEST

/* A signed note of no entries has the root of no entries. */
START_TEST(nothing_has_one_root)
{
	struct daemon daemon = { A, 10, HONEST };
	const struct seen_prover prover = prover_of(&daemon);
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error err = { 0 };
	struct seen *seen;

	ck_ok(catch_up(&daemon, &err), err);
	seen = open_seen();
	make_note(A, 0, &note);
	ck_ok(seen_advance(seen, &prover, buf_span(&note), NULL, NULL, &err),
	    err);
	buf_free(&note);
	note = BUF(LIMIT_NOTE_FILE);
	other_empty = true;
	make_note(A, 0, &note);
	other_empty = false;
	ck_assert(
	    !seen_advance(seen, &prover, buf_span(&note), NULL, NULL, &err));
	ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	seen_close(seen);
	buf_free(&note);
}
END_TEST

/* A bag has no tiles: its proof tells the other root by itself. */
START_TEST(a_proof_that_fails_is_evidence)
{
	struct daemon first = { A, 10, HONEST }, daemon = { B, 20, HONEST };
	const struct seen_prover prover = { ask, NULL, &daemon };
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error err = { 0 };
	struct seen *seen;
	unsigned proving;

	ck_ok(catch_up(&first, &err), err);
	seen = open_seen();
	make_note(B, 15, &note);
	ck_assert(
	    !seen_advance(seen, &prover, buf_span(&note), NULL, NULL, &err));
	ck_assert_uint_eq(count_files("evidence", &proving), 1);
	ck_assert_uint_eq(proving, 1);
	seen_close(seen);
	buf_free(&note);
}
END_TEST

/* --- Without a line. --- */

START_TEST(what_was_met_without_a_line_is_settled)
{
	struct daemon daemon = { A, 20, HONEST };
	const struct seen_prover prover = prover_of(&daemon);
	const enum history which = _i == 0 ? A : B;
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error err = { 0 };
	struct seen *seen;

	daemon.size = 10;
	ck_ok(catch_up(&daemon, &err), err);
	seen = open_seen();
	make_note(which, 15, &note);
	ck_assert(!seen_is_proved(seen, buf_span(&note), &err));
	ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
	ck_assert_str_eq(error_code(&err), "NOT_PROVED");
	err = (struct error){ 0 };
	ck_ok(seen_defer(seen, buf_span(&note), &err), err);
	seen_close(seen);

	seen = open_seen();
	daemon.size = 20;
	ck_ok(seen_catch_up(seen, &prover, &err), err);
	ck_assert_int_eq(seen_settle(seen, &prover, &err), which == A);
	if (which == A) {
		ck_ok(seen_is_proved(seen, buf_span(&note), &err), err);
	} else {
		ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
		err = (struct error){ 0 };
		/* It is told once; the copy is never good. */
		ck_ok(seen_settle(seen, &prover, &err), err);
		ck_assert(!seen_is_proved(seen, buf_span(&note), &err));
		ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	}
	seen_close(seen);
	buf_free(&note);
}
END_TEST

START_TEST(what_cannot_be_asked_waits)
{
	struct daemon daemon = { A, 10, HONEST }, down = { A, 10, NO_LINE };
	const struct seen_prover prover = prover_of(&daemon);
	const struct seen_prover nobody = prover_of(&down);
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error err = { 0 };
	struct seen *seen;

	ck_ok(catch_up(&daemon, &err), err);
	seen = open_seen();
	make_note(B, 9, &note);
	ck_ok(seen_defer(seen, buf_span(&note), &err), err);
	ck_ok(seen_settle(seen, &nobody, &err), err);
	ck_assert(!seen_settle(seen, &prover, &err));
	seen_close(seen);
	buf_free(&note);
}
END_TEST

/* --- A state that cannot be written. --- */

/* Even root cannot write a file whose folder is gone, or is a file. */
static void
make_unwritable(void)
{
	char lock[FILE_PATH];
	struct error err = { 0 };

	ck_ok(file_join(lock, dir, "lock", &err), err);
	unlink(lock);
	ck_assert_int_eq(mkdir(lock, 0700), 0);
}

static void
make_writable(void)
{
	char lock[FILE_PATH];
	struct error err = { 0 };

	ck_ok(file_join(lock, dir, "lock", &err), err);
	ck_assert_int_eq(rmdir(lock), 0);
}

static enum seen_reply
ask_without_lock(void *arg, uint64_t old, const char *at, struct buf *body,
    struct error *err)
{
	struct daemon *daemon = arg;

	(void)err;
	append_proof(daemon, old,
	    at == NULL ? daemon->size : strtoull(at, NULL, 10), body);
	return SEEN_PROOF;
}

START_TEST(readers_go_on_and_senders_stop)
{
	struct daemon daemon = { A, 10, HONEST };
	const struct seen_prover prover = { ask_without_lock, NULL, &daemon };
	struct error err = { 0 };
	struct seen *seen;

	ck_ok(catch_up(&daemon, &err), err);
	make_unwritable();
	seen = open_seen();
	daemon.size = 20;
	ck_ok(seen_catch_up(seen, &prover, &err), err);
	ck_assert_uint_eq(seen_kept(seen)->size, 20);
	ck_assert_uint_eq(num_told, 1);
	ck_assert_ptr_nonnull(strstr(told, "remembered"));
	daemon.size = 30;
	ck_ok(seen_catch_up(seen, &prover, &err), err);
	ck_assert_uint_eq(seen_kept(seen)->size, 30);
	ck_assert_uint_eq(num_told, 1);
	/* In memory it is remembered: another history is refused. */
	daemon.which = B;
	ck_assert(!seen_catch_up(seen, &prover, &err));
	ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	err = (struct error){ 0 };
	ck_assert(!seen_will_send(seen, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	seen_close(seen);
	ck_assert_uint_eq(kept_size(), 10);
}
END_TEST

/* What is in memory alone is proved against what another command kept. */
START_TEST(memory_alone_is_proved_anew)
{
	struct daemon daemon = { A, 5, HONEST };
	struct daemon other = { _i == 0 ? A : B, 12, HONEST };
	const struct seen_prover here = { ask_without_lock, NULL, &daemon };
	const struct seen_prover prover = prover_of(&daemon);
	struct error err = { 0 };
	struct seen *seen;

	ck_ok(catch_up(&daemon, &err), err);
	make_unwritable();
	seen = open_seen();
	daemon.size = 20;
	ck_ok(seen_catch_up(seen, &here, &err), err);
	/* Nor is what it proved remembered for others. */
	ck_ok(meet_here(seen, &here, A, 8, &err), err);
	make_writable();
	ck_ok(catch_up(&other, &err), err);
	ck_assert_int_eq(is_proved(A, 8), ERROR_UNAVAILABLE);
	daemon.size = 30;
	daemon.which = _i == 2 ? B : A;
	if (other.which == A) {
		ck_ok(seen_catch_up(seen, &prover, &err), err);
		ck_assert_uint_eq(kept_size(), 30);
	} else {
		ck_assert(!seen_catch_up(seen, &prover, &err));
		ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
		ck_assert_uint_eq(kept_size(), 12);
	}
	seen_close(seen);
}
END_TEST

START_TEST(what_was_in_memory_is_kept_before_it_sends)
{
	struct daemon daemon = { A, 10, HONEST };
	const struct seen_prover here = { ask_without_lock, NULL, &daemon };
	struct error err = { 0 };
	struct seen *seen;

	ck_ok(catch_up(&daemon, &err), err);
	make_unwritable();
	seen = open_seen();
	daemon.size = 20;
	ck_ok(seen_catch_up(seen, &here, &err), err);
	make_writable();
	if (_i == 0) {
		ck_ok(seen_will_send(seen, &err), err);
		ck_assert_uint_eq(kept_size(), 20);
	} else {
		daemon.size = 15;
		ck_ok(catch_up(&daemon, &err), err);
		ck_assert(!seen_will_send(seen, &err));
		ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	}
	seen_close(seen);
}
END_TEST

START_TEST(nothing_is_sent_where_nothing_is_kept)
{
	struct daemon daemon = { A, 10, HONEST };
	const struct seen_prover prover = { ask_without_lock, NULL, &daemon };
	struct error err = { 0 };
	struct seen *seen;

	ck_ok(catch_up(&daemon, &err), err);
	seen = open_seen();
	ck_ok(seen_will_send(seen, &err), err);
	/* The answer of an act that was sent must be kept too. */
	make_unwritable();
	daemon.size = 20;
	ck_assert(!seen_catch_up(seen, &prover, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	err = (struct error){ 0 };
	ck_assert(!seen_will_send(seen, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	seen_close(seen);
	ck_assert_uint_eq(kept_size(), 10);
}
END_TEST

/* Which file the checkpoint is: it is another once it was written. */
static ino_t
kept_file(void)
{
	char path[FILE_PATH];
	struct error err = { 0 };
	struct stat st;

	ck_ok(file_join(path, dir, "checkpoint", &err), err);
	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_ino;
}

/* Many acts are sent one after another: a flush each costs more than they do. */
START_TEST(what_was_flushed_is_not_flushed_for_each_act)
{
	struct daemon daemon = { A, 10, HONEST };
	struct error err = { 0 };
	struct seen *seen;
	ino_t file;

	ck_ok(catch_up(&daemon, &err), err);
	seen = open_seen();
	/* Another command may have ended before it was flushed. */
	file = kept_file();
	ck_ok(seen_will_send(seen, &err), err);
	ck_assert(kept_file() != file);
	file = kept_file();
	ck_ok(seen_will_send(seen, &err), err);
	ck_assert(kept_file() == file);
	daemon.size = 20;
	ck_ok(catch_up(&daemon, &err), err);
	file = kept_file();
	ck_ok(seen_will_send(seen, &err), err);
	ck_assert(kept_file() != file);
	seen_close(seen);
}
END_TEST

/* --- A witness. --- */

static const struct {
	enum history kept;
	uint64_t kept_size;
	enum history mine;
	uint64_t my_size;
	struct daemon daemon;
	const char *at;
	bool good;
} witnessings[] = {
	{ A, 20, A, 10, { A, 20, HONEST }, NULL, true },
	/* A prefix of what the office has seen will do. */
	{ A, 20, A, 10, { A, 20, HONEST }, "15", true },
	{ A, 20, A, 0, { A, 20, HONEST }, "15", true },
	{ A, 12, A, 10, { A, 20, HONEST }, "15", true },
	/* It extends its own memory, and is another's history. */
	{ A, 20, A, 5, { B, 20, HONEST }, "15", false },
	{ A, 20, A, 5, { B, 20, HONEST }, NULL, false },
	{ A, 20, A, 5, { B, 30, HONEST }, NULL, false },
	{ A, 12, A, 5, { B, 30, HONEST }, "20", false },
	/* It is the office's history, and not its own memory's. */
	{ A, 20, B, 10, { A, 20, HONEST }, NULL, false },
	{ A, 20, B, 10, { A, 20, HONEST }, "15", false },
};

START_TEST(a_witness_cosigns_its_offices_history)
{
	struct daemon first = { A, witnessings[_i].kept_size, HONEST };
	struct daemon daemon = witnessings[_i].daemon;
	const struct seen_prover prover = prover_of(&daemon);
	struct buf mine = BUF(LIMIT_NOTE_FILE), note = BUF(LIMIT_NOTE_FILE);
	struct checkpoint old = { .root = merkle_empty() }, out;
	struct error err = { 0 };
	struct seen *seen;

	ck_ok(catch_up(&first, &err), err);
	if (witnessings[_i].my_size > 0) {
		make_note(witnessings[_i].mine, witnessings[_i].my_size, &mine);
		ck_ok(note_open(buf_span(&mine), &keys, &old, &err), err);
	}
	seen = open_seen();
	ck_assert_int_eq(seen_extend(seen, &prover, &old, buf_span(&mine),
			     witnessings[_i].at, &out, &note, &err),
	    witnessings[_i].good);
	if (!witnessings[_i].good)
		ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	else
		ck_assert_uint_eq(out.size,
		    witnessings[_i].at != NULL
			? strtoull(witnessings[_i].at, NULL, 10)
			: daemon.size);
	seen_close(seen);
	buf_free(&mine);
	buf_free(&note);
}
END_TEST

/* --- Time. --- */

enum { MINUTE = 60 * 1000 };

START_TEST(a_later_entry_is_never_earlier)
{
	struct error err = { 0 };
	struct seen *seen = open_seen();
	const int64_t now = time_now_ms();

	ck_ok(seen_entry(seen, 7, now, &err), err);
	ck_ok(seen_entry(seen, 9, now + 5, &err), err);
	ck_ok(seen_entry(seen, 8, now + 5, &err), err);
	ck_assert(!seen_entry(seen, 10, now + 4, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_str_eq(error_code(&err), "TIME_BACKWARDS");
	seen_close(seen);
	/* The next command knows it too. */
	seen = open_seen();
	ck_assert(!seen_entry(seen, 10, now + 4, &err));
	ck_assert(!seen_entry(seen, 3, now + 6, &err));
	err = (struct error){ 0 };
	ck_ok(seen_entry(seen, 10, now + 5, &err), err);
	ck_assert_uint_eq(num_told, 0);
	seen_close(seen);
}
END_TEST

static const struct {
	uint64_t index;
	int64_t time_ms; /* from the start of it all */
	bool differs;
} times[] = {
	/* Size 10 was seen first at 100 min, and was the newest until 200. */
	{ 5, 50 * MINUTE, false },
	{ 9, 104 * MINUTE, false },
	{ 9, 106 * MINUTE, true },
	{ 10, 194 * MINUTE, true },
	{ 10, 196 * MINUTE, false },
	/* Size 20 was first seen at 300 min, by a receipt. */
	{ 19, 304 * MINUTE, false },
	{ 19, 306 * MINUTE, true },
	{ 20, 196 * MINUTE, false },
	{ 20, 194 * MINUTE, true },
	/* It is 400 min now. */
	{ 25, 404 * MINUTE, false },
	{ 25, 406 * MINUTE, true },
};

START_TEST(an_entry_fits_our_own_clock)
{
	static struct seen_clock clock, again;
	struct error err = { 0 };

	clock = (struct seen_clock){ .num = 0 };
	clock_saw(&clock, 20, 300 * MINUTE, 0);
	clock_saw(&clock, 10, 150 * MINUTE, 150 * MINUTE);
	clock_saw(&clock, 10, 100 * MINUTE, 100 * MINUTE);
	clock_saw(&clock, 10, 200 * MINUTE, 200 * MINUTE);
	ck_ok(clock_store(dir, &clock, &err), err);
	clock_load(dir, &again);
	ck_assert_uint_eq(again.num, 2);
	ck_assert_int_eq(clock_of(&again, 10), 100 * MINUTE);
	ck_assert_int_eq(clock_differs(&again, times[_i].index,
			     times[_i].time_ms, 400 * MINUTE) != 0,
	    times[_i].differs);
}
END_TEST

START_TEST(a_clock_that_differs_is_told_once)
{
	struct daemon daemon = { A, 10, HONEST };
	const struct seen_prover prover = prover_of(&daemon);
	struct error err = { 0 };
	struct seen *seen = open_seen();
	const int64_t now = time_now_ms();

	ck_ok(seen_catch_up(seen, &prover, &err), err);
	ck_ok(seen_entry(seen, 9, now, &err), err);
	ck_assert_uint_eq(num_told, 0);
	ck_ok(seen_entry(seen, 10, now + 10 * MINUTE, &err), err);
	ck_assert_uint_eq(num_told, 1);
	ck_assert_ptr_nonnull(strstr(told, "TIME_DIFFERS"));
	ck_ok(seen_entry(seen, 11, now + 11 * MINUTE, &err), err);
	ck_assert_uint_eq(num_told, 1);
	ck_assert_int_ge(seen_kept_at_ms(seen), now);
	seen_close(seen);
}
END_TEST

START_TEST(the_clocks_file_has_a_bound)
{
	static struct seen_clock clock;

	clock = (struct seen_clock){ .num = 0 };
	for (uint64_t i = 1; i <= 10 * LIMIT_CLOCK_LINES; i++)
		clock_saw(&clock, i, (int64_t)i, (int64_t)i);
	ck_assert_uint_le(clock.num, LIMIT_CLOCK_LINES);
	ck_assert_int_eq(clock_of(&clock, 10 * LIMIT_CLOCK_LINES),
	    10 * LIMIT_CLOCK_LINES);
	for (size_t i = 1; i < clock.num; i++)
		ck_assert_uint_lt(clock.lines[i - 1].size, clock.lines[i].size);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, what_is_met_is_proved, 0, COUNT(meetings));
	tcase_add_loop_test(tcase, the_newest_extends_what_was_kept, 0,
	    COUNT(newest));
	tcase_add_test(tcase, an_older_truth_is_no_newest);
	tcase_add_loop_test(tcase, whoever_is_second_proves_it_anew, 0,
	    COUNT(races));
	tcase_add_test(tcase, a_prefix_is_asked_for_once);
	tcase_add_test(tcase, what_was_proved_goes_with_the_checkpoint);
	tcase_add_test(tcase, what_was_proved_is_smaller_than_what_is_kept);
	tcase_add_test(tcase, what_contradicts_is_told_without_a_line);
	tcase_add_test(tcase, nothing_has_one_root);
	tcase_add_test(tcase, a_proof_that_fails_is_evidence);
	tcase_add_loop_test(tcase, memory_alone_is_proved_anew, 0, 3);
	tcase_add_loop_test(tcase, what_was_in_memory_is_kept_before_it_sends,
	    0, 2);
	tcase_add_loop_test(tcase, what_was_met_without_a_line_is_settled, 0,
	    2);
	tcase_add_test(tcase, what_cannot_be_asked_waits);
	tcase_add_test(tcase, readers_go_on_and_senders_stop);
	tcase_add_test(tcase, nothing_is_sent_where_nothing_is_kept);
	tcase_add_test(tcase, what_was_flushed_is_not_flushed_for_each_act);
	tcase_add_loop_test(tcase, a_witness_cosigns_its_offices_history, 0,
	    COUNT(witnessings));
	tcase_add_test(tcase, a_later_entry_is_never_earlier);
	tcase_add_loop_test(tcase, an_entry_fits_our_own_clock, 0,
	    COUNT(times));
	tcase_add_test(tcase, a_clock_that_differs_is_told_once);
	tcase_add_test(tcase, the_clocks_file_has_a_bound);
}

int
main(void)
{
	return run_tests("seen", fill);
}
