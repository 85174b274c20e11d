/*
 * memory.h - what the signer of a data folder remembers: the checkpoint that it
 * signed last.  That record is the commit point of the journal.
 */
#ifndef DAEMON_SIGNER_MEMORY_H
#define DAEMON_SIGNER_MEMORY_H

#include "daemon/config.h"
#include "journal/journal.h"

/* Make the memory of a signer that signed nothing, and the journal's key. */
bool signer_create(const struct config *config, const char *origin,
    struct note_key *key, struct error *err) MUST_USE;

/* What the signer of a data folder signed last, with no process of it. */
bool signer_remembered(const char *data, struct head *head,
    struct error *err) MUST_USE;

/*
 * Make its memory say that it signed this head last.  Only for who has made
 * sure that nothing further was ever signed.
 */
bool signer_remember(const char *data, const struct head *head,
    struct error *err) MUST_USE;

/* Open, in the signer's process. */
struct signer_memory {
	int fd; /* or -1; the owner closes it */
	uint64_t sequence;
	struct head head;
	bool failed; /* a write failed: nothing more is signed */
};

/* ERROR_UNTRUSTED  it is not there, or neither slot is whole */
bool signer_memory_open(const char *path, int flags, struct signer_memory *out,
    struct error *err) MUST_USE;
/*
 * Write what it has now into the slot of its sequence number, durably.  After a
 * failure it is failed.
 */
bool signer_memory_write(struct signer_memory *memory,
    struct error *err) MUST_USE;

#endif
