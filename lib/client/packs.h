/*
 * packs.h - git objects of many documents, in packs as the daemon makes them
 * for a git client; it journals that they were delivered.
 */
#ifndef CLIENT_PACKS_H
#define CLIENT_PACKS_H

#include "client/session.h"
#include "store/store.h"

struct pack_request;
/* Tell by pack_want() what is not in the store yet. */
typedef bool pack_lister(void *arg, struct pack_request *request,
    struct error *err);

struct pack_source {
	struct session *session;
	struct store *store; /* they come into it */
	char
	    waiting[FILE_PATH]; /* a file: of a pack that waits at the daemon */
	const char *kept;       /* the name of what has come of it so far */
	const char *doing;      /* shown with the progress */
	pack_lister *list;
	void *arg;
	bool asked_anew; /* for a pack that was gone, once */
};

/* A commit that is not here, and one of its document that is, or NULL. */
bool pack_want(struct pack_request *request, const struct oid *want,
    const struct oid *have, struct error *err) MUST_USE;

/*
 * Fetch until nothing is listed.  What a cut left of a pack is gone on with.
 *
 * ERROR_UNAVAILABLE  the daemon can or will not send all of it
 * ERROR_MALFORMED    it sends no pack
 */
bool packs_fetch(struct pack_source *source, struct error *err) MUST_USE;

#endif
