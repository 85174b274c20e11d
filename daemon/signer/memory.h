/*
 * memory.h - the signer's memory of a data folder: the checkpoint that it
 * signed last.  This record is the commit point of the journal.
 */
#ifndef DAEMON_SIGNER_MEMORY_H
#define DAEMON_SIGNER_MEMORY_H

#include "daemon/config.h"
#include "journal/journal.h"

/*
 * Make the memory of a signer that has signed nothing, and the journal's key.
 */
bool signer_create(const struct config *config, const char *origin,
    struct note_key *key, struct error *err) MUST_USE;

enum { SIGNER_MEMORY_BYTES = 1024 }; /* of the file */

/* Get what the signer of a data folder signed last, without its process. */
bool signer_remembered(const char *data, struct head *head,
    struct error *err) MUST_USE;

/*
 * Set the memory to this head.  Only for a caller that has made sure that
 * nothing beyond it was ever signed.
 */
bool signer_remember(const char *data, const struct head *head,
    struct error *err) MUST_USE;

/* An open memory, in the signer's process. */
struct signer_memory {
	int fd; /* or -1; its owner closes it */
	uint64_t sequence;
	struct head head;
	bool failed; /* a write failed: nothing more may be signed */
};

/*
 * Open and read the memory.
 *
 * ERROR_UNTRUSTED  the file does not exist, or neither slot is good
 */
bool signer_memory_open(const char *path, int flags, struct signer_memory *out,
    struct error *err) MUST_USE;
/*
 * Write the memory into the slot of its sequence number, durably.  After a
 * failure nothing more is written.
 */
bool signer_memory_write(struct signer_memory *memory,
    struct error *err) MUST_USE;

#endif
