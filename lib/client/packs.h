/*
 * packs.h - git objects of many documents, in packs as the daemon makes them
 * for a git client; it journals that they were delivered.
 */
#ifndef CLIENT_PACKS_H
#define CLIENT_PACKS_H

#include "client/session.h"
#include "store/store.h"

struct pack_request;
/* Call pack_want() for each commit that is not in the store yet. */
typedef bool pack_lister(void *arg, struct pack_request *request,
    struct error *err);

struct pack_source {
	struct session *session;
	struct store *store; /* where the commits are put */
	bool is_passing;     /* that is removed soon, and no git reads it */
	char
	    /* in a file: the pack that waits at the daemon */
	    waiting[FILE_PATH];
	const char *kept;  /* the name of what has come of it so far */
	const char *doing; /* shown beside the progress */
	pack_lister *list;
	void *arg;
	bool asked_anew; /* it was asked once more after a pack was gone */
};

/*
 * Ask for a commit that is not here. have is one of its document that is, or
 * NULL.
 */
bool pack_want(struct pack_request *request, const struct oid *want,
    const struct oid *have, struct error *err) MUST_USE;

/*
 * Fetch until nothing more is listed. A pack that was cut is gone on with.
 *
 * ERROR_UNAVAILABLE  the daemon cannot or will not send all of it
 * ERROR_MALFORMED    it sends no pack
 */
bool packs_fetch(struct pack_source *source, struct error *err) MUST_USE;

#endif
