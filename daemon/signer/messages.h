/*
 * messages.h - what the server and the signer say to each other, over a socket
 * pair: a byte that says what, a length, and a body.  Each request has one
 * answer, whose byte is 0 or the kind of an error; then its body is a sentence.
 */
#ifndef DAEMON_SIGNER_MESSAGES_H
#define DAEMON_SIGNER_MESSAGES_H

#include "journal/journal.h"
#include "store/commit.h"

enum signer_request {
	SIGNER_STATE = 1,
	SIGNER_SEAL,
	SIGNER_COMMIT,
	SIGNER_CHECKPOINT
};

/* False: the other side has ended. */
bool signer_send(int fd, uint8_t what, struct span body) MUST_USE;
/* The body takes the place of what body had. */
bool signer_receive(int fd, uint8_t *what, struct buf *body) MUST_USE;

/* The body of SIGNER_COMMIT, and back; false if it is none. */
bool signer_encode_commit(const struct commit_fields *fields, struct buf *out,
    struct error *err) MUST_USE;
bool signer_take_commit(struct span body, struct commit_fields *out) MUST_USE;
/* The body of SIGNER_CHECKPOINT: all of head but its signature. */
bool signer_encode_checkpoint(const struct head *head,
    const struct merkle_proof *proof, struct buf *out,
    struct error *err) MUST_USE;
bool signer_take_checkpoint(struct span body, struct head *head,
    struct merkle_proof *proof) MUST_USE;

#endif
