/*
 * copy.h - a copy of a version: fetched, judged, and kept in step with what the
 * journal says became of it.
 */
#ifndef CLIENT_COPY_H
#define CLIENT_COPY_H

#include "client/as_of.h"
#include "client/copy_path.h"
#include "client/session.h"

/*
 * A copy in a nameless file, and the verdict on it. copy_free() frees all of
 * it.
 */
struct copy {
	int fd;        /* or -1 if it is not open */
	bool own_file; /* nobody else writes to fd: it may get a name */
	uint64_t size;
	struct container *container;
	struct verdict verdict;
	struct as_of as_of; /* when the status is from, if it is VALID */
	/* The document that it is of, as far as that is known. */
	struct {
		unsigned newest, in_force; /* versions; 0: none is known */
		enum status status;        /* of the newest */
		/*
		 * The version had been seen here before it was fetched
		 * (context_has_seen()).
		 */
		bool was_seen;
	} document;
};
/*
 * Fetch a copy into a nameless file, judge it, and set its status by the acts
 * on the document. Version 0 is the newest; DOCUMENT_IN_FORCE and
 * DOCUMENT_PLAIN are found by the acts. Call copy_free() even after a failure.
 *
 * ERROR_NOT_FOUND  there is none, or none is in force
 * ERROR_UNTRUSTED  ENTRY_WITHHELD, ANSWER_DIFFERS, VERSION_DIFFERS: it is not
 *                   the one that was asked for
 */
bool copy_fetch(struct session *session, const char *document, unsigned version,
    struct copy *out, struct error *err) MUST_USE;
/* The same beside acts from acts_update(), which may be updated once more. */
bool copy_fetch_beside(struct session *session, struct document_acts *acts,
    unsigned version, struct copy *out, struct error *err) MUST_USE;
/*
 * The same for a caller that knows the entries itself: the history is not
 * checked.
 */
bool copy_download(struct session *session, const char *document,
    unsigned version, struct copy *out, struct error *err) MUST_USE;
/*
 * Prove that each receipt of a copy is of our history, since one may lead to a
 * fork. The verdict tells of those that are no receipts.
 */
bool copy_follow(struct session *session, const struct copy *copy,
    struct error *err) MUST_USE;
bool copy_judge(struct context *context, int fd, struct copy *out,
    struct error *err) MUST_USE;
/* The same of a container that container_read() refuses; broken says why. */
bool copy_judge_rezipped(struct context *context, const struct error *broken,
    struct copy *out, struct error *err) MUST_USE;
void copy_free(struct copy *copy);
/*
 * Append the checkpoint, a signed note, that a VALID copy's receipts lead to.
 */
bool copy_note(const struct container *container, struct buf *out,
    struct error *err) MUST_USE;

#endif
