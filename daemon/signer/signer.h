/*
 * signer.h - the process that holds the depositary's and the journal's keys.
 *
 * It is forked before any socket is opened, reads no file but its own memory,
 * parses nothing that came over the network, and builds what it signs itself
 * from the requests of this table:
 *
 *	STATE       what it signed last, and the journal's key
 *	SEAL        manifest and seal over a list of files
 *	COMMIT      a git commit of a tree, by a person, signed as git does
 *	CHECKPOINT  a size and root, if a consistency proof from the last one
 *	            that it signed leads there; durable before it is told
 *
 * A checkpoint that is no extension of the last is refused for good.
 */
#ifndef DAEMON_SIGNER_SIGNER_H
#define DAEMON_SIGNER_SIGNER_H

#include <sys/types.h>

#include "daemon/config.h"
#include "document/container.h"
#include "journal/journal.h"
#include "store/commit.h"

struct signer;

/*
 * Fork the process; its keys are read there.  Call it before any thread and
 * socket.  *pid is the child's: when either ends, so does the other.
 */
struct signer *signer_start(const struct config *config, pid_t *pid,
    struct error *err);
void signer_free(struct signer *signer);

/* One that is served elsewhere (vault.h): at least two sockets, taken over. */
struct signer *signer_connect(const int fds[], size_t num, struct error *err);

/* What it signed last, and the journal's key.  The registrar's thread. */
bool signer_state(struct signer *signer, struct head *head,
    struct note_key *key, struct error *err) MUST_USE;
/* Put manifest and signature of the seal into a hashed container.  Any thread.
 */
bool signer_seal(struct signer *signer, struct container *container,
    struct error *err) MUST_USE;

/* Append the commit's bytes to out.  Any thread. */
bool signer_commit(struct signer *signer, const struct commit_fields *fields,
    struct buf *out, struct error *err) MUST_USE;
/*
 * Sign head's size, root and time; fills in its signature.  The registrar's
 * thread; a failure is the end of the daemon.
 */
bool signer_checkpoint(struct signer *signer, struct head *head,
    const struct merkle_proof *consistency, struct error *err) MUST_USE;

#endif
