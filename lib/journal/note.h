/*
 * note.h - signed notes, the checkpoints that they carry, and the witnesses'
 * cosignatures under them.
 *
 * Source: C2SP signed-note v1.0.0, tlog-checkpoint v1.0.0, tlog-cosignature
 * v1.  Lines of keys that nobody asks for are kept and passed over.
 */
#ifndef JOURNAL_NOTE_H
#define JOURNAL_NOTE_H

#include "base/digest.h"
#include "base/limits.h"

/* What a key signs; the two are never the same key. */
enum note_type {
	NOTE_JOURNAL = 0x01, /* Ed25519, over the note's text */
	NOTE_WITNESS = 0x04, /* Ed25519, over a time and the text */
};

/* A verifier key: "NAME+ID+BASE64". */
struct note_key {
	enum note_type type;
	char name[LIMIT_ORIGIN_BYTES + 1];
	uint32_t id;
	uint8_t public_key[32];
};

#define NOTE_KEY_TEXT (LIMIT_ORIGIN_BYTES + 64)

/* A key name: non-empty UTF-8 without white space or '+'. */
bool note_name_is_valid(struct span name);
bool note_key_parse(struct span text, enum note_type type, struct note_key *out,
    struct error *err) MUST_USE;
void note_key_encode(const struct note_key *key, char out[NOTE_KEY_TEXT]);

/*
 * The keys of one journal, each in its time: one that was replaced signed no
 * checkpoint beyond a size, whose last entry names the next.
 */
struct note_keys {
	size_t num; /* at least 1 */
	struct note_key keys[LIMIT_JOURNAL_KEYS];
	uint64_t until[LIMIT_JOURNAL_KEYS]; /* of the last: UINT64_MAX */
};

/* Room for the lines of note_keys_parse(). */
enum { NOTE_KEYS_TEXT = LIMIT_JOURNAL_KEYS * (NOTE_KEY_TEXT + 24) };

struct note_keys note_keys_of(const struct note_key *key);
/* The newest takes over after this size. */
bool note_keys_add(struct note_keys *keys, uint64_t until,
    const struct note_key *next, struct error *err) MUST_USE;
/* The one that signs a checkpoint of this size. */
const struct note_key *note_key_at(const struct note_keys *keys, uint64_t size);
/* Lines of "UNTIL VKEY", the earlier ones; newest comes after them. */
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
/* The raw Ed25519 signature over text; the same each time. */
bool note_sign(const struct note_signer *signer, struct span text,
    uint8_t signature[64], struct error *err) MUST_USE;
/*
 * The same in two steps, for who signs often: to derive the public key, which
 * is part of what is signed (RFC 8032 section 5.1.6), is half of the work.
 * NULL if that fails; note_prepared_free() frees it.
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
/* Three lines and nothing more: our journal writes no extension lines. */
bool checkpoint_parse(struct span text, struct checkpoint *out,
    struct error *err) MUST_USE;

/* The note of a checkpoint with its journal's signature. */
bool note_encode(const struct note_key *key,
    const struct checkpoint *checkpoint, const uint8_t signature[64],
    struct buf *out, struct error *err) MUST_USE;
/*
 * Read a note that one of the journal's keys signed, in its time.
 *
 * ERROR_MALFORMED  not a signed note of a checkpoint
 * ERROR_UNTRUSTED  a wrong signature, or another origin;
 *                  KEY_UNKNOWN: this origin's, signed by none of these keys
 */
bool note_open(struct span note, const struct note_keys *keys,
    struct checkpoint *out, struct error *err) MUST_USE;

/* Append the line of a witness under a note that it checked, at a time. */
bool note_cosign(const struct note_signer *witness, struct span note,
    int64_t at, struct buf *out, struct error *err) MUST_USE;

/* A witness's line that stands under a note and is good. */
struct cosignature {
	size_t witness;   /* its place among those asked for */
	int64_t at;       /* when it says that it checked */
	struct span line; /* of the note, with its LF */
};
/*
 * Which of num witnesses cosigned a note that note_open() took?  out has room
 * for num; one for each at most.
 *
 * ERROR_UNTRUSTED  a line of one of them is wrong
 */
bool note_cosignatures(struct span note, const struct note_key *witnesses,
    size_t num, struct cosignature out[], size_t *num_out,
    struct error *err) MUST_USE;

#endif
