/*
 * copy.h - a copy of a version: fetched, judged, and kept in step with what the
 * journal says became of it; and sending large files in parts.
 */
#ifndef CLIENT_COPY_H
#define CLIENT_COPY_H

#include "client/as_of.h"
#include "client/session.h"

/* "/v1/documents/TYPE/SLUG/versions/N" */
void version_path(char out[512], const char *document, unsigned version);

/* A copy in a file of its own, and the verdict on it; all is copy_free()'s. */
struct copy {
	int fd; /* or -1 */
	uint64_t size;
	struct container *container;
	struct verdict verdict;
	struct as_of as_of; /* of a VALID one: when its status is from */
};
/*
 * Fetch one into a nameless file, judge it, and settle its status by the acts
 * on the document; version 0 is the newest.  out is for copy_free(), whatever
 * comes of it.
 *
 * ERROR_UNTRUSTED  ENTRY_WITHHELD, ANSWER_DIFFERS, VERSION_DIFFERS: it is not
 *                  the one that was asked for
 */
bool copy_fetch(struct session *session, const char *document, unsigned version,
    struct copy *out, struct error *err) MUST_USE;
/* The same beside acts_update()'s, which may be updated once more. */
bool copy_fetch_beside(struct session *session, struct document_acts *acts,
    unsigned version, struct copy *out, struct error *err) MUST_USE;
/* The same, for who knows the entries themselves: not whose history it is. */
bool copy_download(struct session *session, const char *document,
    unsigned version, struct copy *out, struct error *err) MUST_USE;
/*
 * A receipt may lead to a fork: prove that each is of our history.  Those that
 * are none are the verdict's to tell.
 */
bool copy_follow(struct session *session, const struct copy *copy,
    struct error *err) MUST_USE;
bool copy_judge(struct context *context, int fd, struct copy *out,
    struct error *err) MUST_USE;
/* The same of a container that container_read() refuses: broken says why. */
bool copy_judge_rezipped(struct context *context, const struct error *broken,
    struct copy *out, struct error *err) MUST_USE;
void copy_free(struct copy *copy);
/* The checkpoint, a signed note, that a VALID copy's receipts lead to. */
bool copy_note(const struct container *container, struct buf *out,
    struct error *err) MUST_USE;

/*
 * Upload len bytes of a file in parts; its path at the daemon is kept in the
 * file note, so that the next run goes on.  id gets what it is called there.
 */
#define UPLOAD_ID_ROOM 160
bool session_upload(struct session *session, int fd, uint64_t len,
    const char *note, char id[UPLOAD_ID_ROOM], struct error *err) MUST_USE;

#endif
