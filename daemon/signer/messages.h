/*
 * messages.h - the messages between the server and the signer, over a socket
 * pair: a byte of kind, a length, and a body.  Each request gets one answer:
 * its kind is 0, or that of an error; then the body is the error's text.
 */
#ifndef DAEMON_SIGNER_MESSAGES_H
#define DAEMON_SIGNER_MESSAGES_H

#include "document/manifest.h"
#include "journal/journal.h"
#include "store/commit.h"

enum signer_request {
	SIGNER_STATE = 1,
	SIGNER_SEAL,
	SIGNER_COMMIT,
	SIGNER_CHECKPOINT,
	SIGNER_READ,
	SIGNER_RENEW,
	SIGNER_MARK,
	SIGNER_TELL_MEMORY,
	SIGNER_CHECK_MEMORY
};

/* Send a message.  False: the other side has closed. */
bool signer_send(int fd, uint8_t what, struct span body) MUST_USE;
/*
 * Receive a message, whose body replaces the content of body.  False: the other
 * side has closed.
 */
bool signer_receive(int fd, uint8_t *what, struct buf *body) MUST_USE;

/*
 * Parse the body of SIGNER_SEAL, files as path, media type and digest, into the
 * seal's manifest, which the caller frees in any case.
 *
 * ERROR_MALFORMED  it is not that; an invalid name
 */
bool signer_take_seal(struct span body, struct manifest *out,
    struct error *err) MUST_USE;
/* Encode the body of SIGNER_COMMIT, and parse it; false if it is malformed. */
bool signer_encode_commit(const struct commit_fields *fields, struct buf *out,
    struct error *err) MUST_USE;
bool signer_take_commit(struct span body, struct commit_fields *out) MUST_USE;
/* Encode the body of SIGNER_CHECKPOINT: all of head but its signature. */
bool signer_encode_checkpoint(const struct head *head,
    const struct merkle_proof *proof, struct buf *out,
    struct error *err) MUST_USE;
bool signer_take_checkpoint(struct span body, struct head *head,
    struct merkle_proof *proof) MUST_USE;
/*
 * What SIGNER_MARK, SIGNER_TELL_MEMORY and SIGNER_CHECK_MEMORY have in common: a
 * number (the size before, or a place), a head's size and root, and for the last
 * one the mark that is to be checked.
 */
bool signer_encode_mark(uint64_t number, const struct head *head,
    const struct digest *mark, struct buf *out, struct error *err) MUST_USE;
bool signer_take_mark(struct span body, uint64_t *number, struct head *head,
    struct digest *mark) MUST_USE;

#endif
