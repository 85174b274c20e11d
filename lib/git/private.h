/*
 * private.h - a fetch being answered; what the files of this folder share.
 */
#ifndef GIT_PRIVATE_H
#define GIT_PRIVATE_H

#include "git/oids.h"
#include "git/serve.h"

#define GIT_HEADS "refs/heads/"

/* A commit that is wanted. */
struct git_want {
	uint64_t index; /* of the journal entry that made it */
	uint32_t document;
	bool met; /* met on the walk back through the document's commits */
};

struct git_fetch {
	const struct git_service *service;
	const struct git_request *request;
	struct git_answer *out;
	struct oids_set wants, haves, shallows;
	struct git_want *list; /* by document, the newest first */
	size_t num;
	struct oid last; /* the last commit acknowledged as common */
	bool any_common;
	struct buf cuts; /* "shallow" and "unshallow" lines */
	/* False if deepen-since or deepen-not leave no commit */
	bool any_in_range;
	struct oids_met objects;
};

/*
 * Make the answer an ERR line, which git shows to its user; nothing follows it.
 * serve.c
 */
bool git_refuse(struct git_answer *out, struct error *err, const char *fmt, ...)
    PRINTF(3, 4) MUST_USE;

/* advertise.c */
bool git_ls_refs(const struct git_service *service,
    const struct git_request *request, struct buf *out,
    struct error *err) MUST_USE;

/*
 * Fill the list of wants.  *bad gets a want that is not a commit of a document
 * that the caller may read, or NULL. negotiate.c
 */
bool git_find_wants(struct git_fetch *fetch, const struct oid **bad,
    struct error *err) MUST_USE;
/*
 * Append acknowledgments to the text; *pack tells whether a pack follows now.
 */
bool git_negotiate(struct git_fetch *fetch, bool *pack,
    struct error *err) MUST_USE;

/* Find the objects, deliveries and cuts of the answer. select.c */
bool git_select(struct git_fetch *fetch, struct error *err) MUST_USE;
/* Returns false if a deepen-not names no branch that the caller may see. */
bool git_nots_are_refs(struct git_fetch *fetch);

#endif
