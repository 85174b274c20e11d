/*
 * note.h - signed notes, the checkpoints that they carry, and the cosignatures
 * of witnesses under them.
 *
 * Source: C2SP signed-note v1.0.0, tlog-checkpoint v1.0.0, tlog-cosignature v1.
 * Lines by keys that the caller does not ask for are kept and ignored.
 */
#ifndef JOURNAL_NOTE_H
#define JOURNAL_NOTE_H

#include "base/digest.h"
#include "base/limits.h"

/* What a key may sign; a key has one type only. */
enum note_type {
	NOTE_JOURNAL = 0x01, /* Ed25519 over the note's text */
	NOTE_WITNESS = 0x04, /* Ed25519 over a time and the note's text */
};

/* A verifier key: "NAME+ID+BASE64". */
struct note_key {
	enum note_type type;
	char name[LIMIT_ORIGIN_BYTES + 1];
	uint32_t id;
	uint8_t public_key[32];
};

#define NOTE_KEY_TEXT (LIMIT_ORIGIN_BYTES + 64)

/* Is it a valid key name: non-empty UTF-8 without white space and '+'? */
bool note_name_is_valid(struct span name);
bool note_key_parse(struct span text, enum note_type type, struct note_key *out,
    struct error *err) MUST_USE;
void note_key_encode(const struct note_key *key, char out[NOTE_KEY_TEXT]);

/*
 * The keys of one journal, each for a range of sizes: a key that was replaced
 * signed no checkpoint beyond a size, whose last entry names the next key.
 */
struct note_keys {
	size_t num; /* at least 1 */
	struct note_key keys[LIMIT_JOURNAL_KEYS];
	/* Largest size each key signs; UINT64_MAX for the last */
	uint64_t until[LIMIT_JOURNAL_KEYS];
};

/* Room for the text that note_keys_parse() reads. */
enum { NOTE_KEYS_TEXT = LIMIT_JOURNAL_KEYS * (NOTE_KEY_TEXT + 24) };

struct note_keys note_keys_of(const struct note_key *key);
/* Add a key, which takes over after size until. */
bool note_keys_add(struct note_keys *keys, uint64_t until,
    const struct note_key *next, struct error *err) MUST_USE;
/* Returns the key that signs a checkpoint of this size. */
const struct note_key *note_key_at(const struct note_keys *keys, uint64_t size);
/*
 * Parse lines of "UNTIL VKEY", one for each earlier key; newest follows them.
 */
bool note_keys_parse(struct span lines, const struct note_key *newest,
    struct note_keys *out, struct error *err) MUST_USE;

/* The private half: "PRIVATE+KEY+NAME+ID+BASE64". */
struct note_signer {
	struct note_key key;
	uint8_t seed[32];
};

bool note_signer_make(const char *name, enum note_type type,
    struct note_signer *out, struct error *err) MUST_USE;
bool note_signer_parse(struct span text, enum note_type type,
    struct note_signer *out, struct error *err) MUST_USE;
bool note_signer_encode(const struct note_signer *signer, struct buf *out,
    struct error *err) MUST_USE;
/* Sign text with Ed25519 (deterministic: the same signature each time). */
bool note_sign(const struct note_signer *signer, struct span text,
    uint8_t signature[64], struct error *err) MUST_USE;
/*
 * The same in two steps, for a caller that signs often: deriving the public
 * key, which is part of the signed bytes (RFC 8032 section 5.1.6), is half of
 * the work. note_signer_prepare() returns NULL if that fails;
 * note_prepared_free() frees its result.
 */
void *note_signer_prepare(const struct note_signer *signer,
    struct error *err) MUST_USE;
bool note_sign_prepared(void *prepared, struct span text, uint8_t signature[64],
    struct error *err) MUST_USE;
void note_prepared_free(void *prepared);

struct checkpoint {
	char origin[LIMIT_ORIGIN_BYTES + 1];
	uint64_t size;
	struct digest root;
};

bool checkpoint_encode(const struct checkpoint *checkpoint, struct buf *out,
    struct error *err) MUST_USE;
/*
 * Parse a checkpoint of three lines; extension lines are refused, since our
 * journal writes none.
 */
bool checkpoint_parse(struct span text, struct checkpoint *out,
    struct error *err) MUST_USE;

/* Append the note of a checkpoint with its journal's signature. */
bool note_encode(const struct note_key *key,
    const struct checkpoint *checkpoint, const uint8_t signature[64],
    struct buf *out, struct error *err) MUST_USE;
/*
 * Parse a note that one of the journal's keys signed, within that key's range.
 *
 * ERROR_MALFORMED  not a signed note of a checkpoint
 * ERROR_UNTRUSTED  a wrong signature, or another origin; with code
 *  KEY_UNKNOWN: the right origin, but signed by none of
 *  these keys
 */
bool note_open(struct span note, const struct note_keys *keys,
    struct checkpoint *out, struct error *err) MUST_USE;

/*
 * Append the cosignature line of a witness that checked the note at this time.
 */
bool note_cosign(const struct note_signer *witness, struct span note,
    int64_t at, struct buf *out, struct error *err) MUST_USE;

/* A valid cosignature line under a note. */
struct cosignature {
	size_t witness;   /* index into the witnesses asked for */
	int64_t at;       /* when the witness says that it checked */
	struct span line; /* in the note, with its LF */
};
/*
 * Find which of num witnesses cosigned a note that note_open() accepted. out
 * has room for num; each witness appears once at most.
 *
 * ERROR_UNTRUSTED  a line by one of them does not verify
 */
bool note_cosignatures(struct span note, const struct note_key *witnesses,
    size_t num, struct cosignature out[], size_t *num_out,
    struct error *err) MUST_USE;

#endif
