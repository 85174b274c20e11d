/*
 * signer.h - the process that holds the keys of the depositary and of the
 * journal.
 *
 * It is forked before any socket is opened, reads no file but its own memory,
 * parses no bytes from the network, and builds itself what it signs, from the
 * requests of this table:
 *
 *	STATE       returns what it signed last, and the journal's key
 *	SEAL        signs manifest and seal over a list of files
 *	COMMIT      signs a git commit of a tree, by a person, as git does
 *	CHECKPOINT  signs a size and root, if a consistency proof from the
 *	            last one that it signed leads there; it remembers this
 *	            durably before it answers
 *	READ        has the depositary's certificate and key read again, by a
 *	            process that can do that alone (reader.h), and checks them
 *	RENEW       signs with these from now on
 *	MARK        marks a proposal as the depositary's (journal/mark.h)
 *	TELL_MEMORY, CHECK_MEMORY
 *	            mark what it remembers, for the signer of another machine,
 *	            and check such a mark
 *
 * A checkpoint that does not extend the last one is refused, always.
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
 * Fork the process, which reads its keys.  Call this before any thread or
 * socket is made.  *pid is the child's; when one of the two processes ends, so
 * does the other.
 */
struct signer *signer_start(const struct config *config, pid_t *pid,
    struct error *err);
void signer_free(struct signer *signer);
/*
 * Have the process of signer_start end, and wait for that, 2 s at most: it
 * holds the lock of the data folder too, and the next start is to find it free.
 * Before this process ends itself; for any thread, and for a signal handler.
 */
void signer_end(void);
/*
 * Returns whether its process lives.  If not, err says how it ended, by name
 * where a signal ended it; so do the errors of what is asked of it below.  For
 * any thread.
 */
bool signer_lives(const struct signer *signer, struct error *err) MUST_USE;

/*
 * Returns for how many milliseconds it has owed an answer; 0: it owes none.  For
 * any thread.
 */
int64_t signer_silent_ms(struct signer *signer);

/*
 * Connect to a signer that is served elsewhere (vault.h), over at least two
 * sockets, which are taken over.
 */
struct signer *signer_connect(const int fds[], size_t num, struct error *err);

/*
 * Get what it signed last, and the journal's key.  For the registrar's thread.
 */
bool signer_state(struct signer *signer, struct head *head,
    struct note_key *key, struct error *err) MUST_USE;
/*
 * Put the seal's manifest and signature into a hashed container.  For any
 * thread; while sealing is paused it waits.
 *
 * ERROR_UNAVAILABLE  no answer came within LIMIT_SECONDS_SIGNER
 */
bool signer_seal(struct signer *signer, struct container *container,
    struct error *err) MUST_USE;

/*
 * Have the depositary's certificate and key read again; *out is that
 * certificate's fingerprint.  The old ones stay in use.  For any thread.
 *
 * ERROR_UNTRUSTED  they do not fit, cannot sign, or others may read the key
 */
bool signer_read(struct signer *signer, struct digest *out,
    struct error *err) MUST_USE;
/* Use what was read last, the certificate of that fingerprint.  The same. */
bool signer_renew(struct signer *signer, const struct digest *fingerprint,
    struct error *err) MUST_USE;
/*
 * Let nothing be sealed until signer_resume(); what is being sealed is done
 * when this returns.  So that policy and certificate change at once.
 */
void signer_pause(struct signer *signer);
void signer_resume(struct signer *signer);

/* Append the bytes of a signed commit to out.  As signer_seal(). */
bool signer_commit(struct signer *signer, const struct commit_fields *fields,
    struct buf *out, struct error *err) MUST_USE;
/*
 * Get the mark of the proposal that goes from size prior to this head.  As
 * signer_seal().
 */
bool signer_mark(struct signer *signer, uint64_t prior, const struct head *head,
    struct digest *out, struct error *err) MUST_USE;
/*
 * Get the mark that this signer remembers a head, as that of a place.  For the
 * thread of signer_checkpoint().
 */
bool signer_tell_memory(struct signer *signer, uint64_t place,
    const struct head *head, struct digest *out, struct error *err) MUST_USE;
/*
 * Check such a mark.  As signer_seal().
 *
 * ERROR_UNTRUSTED  no signer of this journal made it
 */
bool signer_check_memory(struct signer *signer, uint64_t place,
    const struct head *head, const struct digest *mark,
    struct error *err) MUST_USE;
/*
 * From now on call wait() before a checkpoint's signature is given out: until
 * the signer of another machine remembers that head too.  False ends the daemon.
 */
typedef bool signer_second(void *arg, const struct head *head,
    struct error *err);
void signer_set_second(struct signer *signer, signer_second *wait, void *arg);
/*
 * Sign head's size, root and time; head gets the signature.  For the
 * registrar's thread, which waits for as long as it takes; after a failure the
 * daemon must end.
 */
bool signer_checkpoint(struct signer *signer, struct head *head,
    const struct merkle_proof *consistency, struct error *err) MUST_USE;

#endif
