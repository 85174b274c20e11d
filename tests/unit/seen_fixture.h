/*
 * seen_fixture.h - two journals with one past, a daemon of either that answers
 * as the test tells it, and an office that has seen its checkpoints.
 */
#ifndef TESTS_SEEN_FIXTURE_H
#define TESTS_SEEN_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "client/seen.h"
#include "client/seen_clock.h"
#include "journal/evidence.h"
#include "unit.h"

enum { FORK = 6, SIZE = 40 };
enum history { A, B };

static struct note_signer signer;
static struct note_keys keys;
static char dir[UNIT_DIR];

/* --- Two journals. --- */

static inline bool
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

static bool other_empty; /* the root of an empty journal is another one */

static inline void
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

/* --- The daemon that is asked. --- */

enum manner {
	HONEST,
	NO_LINE,
	NO_PROOF,
	GARBAGE,
	BAD_PROOF,
	OTHER_SIZE, /* another size than was asked for */
	OTHER_OLD
};

struct daemon {
	enum history which;
	uint64_t size;
	enum manner manner;
	uint64_t no_head; /* the size whose head is lost */
	unsigned num_asked;
	/* Called while the answer is on its way. */
	void (*meanwhile)(struct daemon *daemon);
};

static inline void
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

static inline enum seen_reply
ask(void *arg, uint64_t old, const char *at, struct buf *body,
    struct error *err)
{
	struct daemon *daemon = arg;
	uint64_t size = daemon->size;
	char path[FILE_PATH];
	struct error why = { 0 };
	int lock;

	daemon->num_asked++;
	/* No command may hold the lock while it waits for an answer. */
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

static inline void
tell(void *arg, const char *line)
{
	(void)arg;
	num_told++;
	snprintf(told, sizeof(told), "%s", line);
}

static inline struct seen *
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

static inline struct seen_prover
prover_of(struct daemon *daemon)
{
	return (struct seen_prover){ ask, read_hash, daemon };
}

/* Another command of the office asks a daemon and keeps what it names. */
static inline bool
catch_up(struct daemon *daemon, struct error *err)
{
	const struct seen_prover prover = prover_of(daemon);
	struct seen *seen = open_seen();
	bool ok = seen_catch_up(seen, &prover, err);

	seen_close(seen);
	return ok;
}

static inline bool
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

static inline bool
meet(struct daemon *daemon, enum history which, uint64_t size,
    struct error *err)
{
	const struct seen_prover prover = prover_of(daemon);
	struct seen *seen = open_seen();
	bool ok = meet_here(seen, &prover, which, size, err);

	seen_close(seen);
	return ok;
}

/* Returns what is told of a note without a connection. */
static inline enum error_kind
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

static inline uint64_t
kept_size(void)
{
	struct error err = { 0 };
	uint64_t size;

	ck_ok(seen_size(dir, &keys, &size, &err), err);
	return size;
}

/* Count the files whose name begins so; each is judged if it is evidence. */
static inline unsigned
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

static inline void
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

static inline void
tear_down(void)
{
	unit_remove_dir(dir);
}

#endif
