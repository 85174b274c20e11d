/*
 * private.h - a fetch at work; what the files of this folder share.
 */
#ifndef GIT_PRIVATE_H
#define GIT_PRIVATE_H

#include "git/oids.h"
#include "git/serve.h"

#define GIT_HEADS "refs/heads/"

/* A commit that is wanted. */
struct git_want {
	uint64_t index; /* of the entry that made it */
	uint32_t document;
	bool met; /* on the way back through the document's commits */
};

struct git_fetch {
	const struct git_service *service;
	const struct git_request *request;
	struct git_answer *out;
	struct oids_set wants, haves, shallows;
	struct git_want *list; /* by document, the newest first */
	size_t num;
	struct oid last; /* the last commit that both have */
	bool any_common;
	struct buf cuts;   /* "shallow" and "unshallow" lines */
	bool any_in_range; /* false: deepen-since or -not leave no commit */
	struct oids_met objects;
};

/*
 * Make the answer an ERR line, which is what git shows; nothing follows it.
 * serve.c
 */
bool git_refuse(struct git_answer *out, struct error *err, const char *fmt, ...)
    PRINTF(3, 4) MUST_USE;

/* advertise.c */
bool git_ls_refs(const struct git_service *service,
    const struct git_request *request, struct buf *out,
    struct error *err) MUST_USE;

/*
 * Fill the list of wants; *bad gets one that is no commit of a document that
 * the caller may read, or NULL.  negotiate.c
 */
bool git_find_wants(struct git_fetch *fetch, const struct oid **bad,
    struct error *err) MUST_USE;
/* Append acknowledgments to the text; *pack: a pack is to follow now. */
bool git_negotiate(struct git_fetch *fetch, bool *pack,
    struct error *err) MUST_USE;

/* Find the objects, deliveries and cuts of the answer.  select.c */
bool git_select(struct git_fetch *fetch, struct error *err) MUST_USE;
/* False if deepen-not names no branch that the caller may see. */
bool git_nots_are_refs(struct git_fetch *fetch);

#endif
