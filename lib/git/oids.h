/*
 * oids.h - sets of git names: those of a request, and those that an answer met.
 */
#ifndef GIT_OIDS_H
#define GIT_OIDS_H

#include "git/request.h"

struct oids_set {
	struct oid *list; /* sorted, each once; the owner frees it */
	size_t num;
};

/* ERROR_SYSTEM  no memory */
bool oids_set_of(const struct git_oids *oids, struct oids_set *out,
    struct error *err) MUST_USE;
bool oids_set_has(const struct oids_set *set, const struct oid *oid);

/* Objects met so far, and those of them that go out, in that order. */
struct oids_met {
	struct oid *list;
	size_t num, room;
	struct oid *seen; /* open addressing, half full at most */
	bool *taken;
	size_t places, num_seen;
};

/* Mark one as met; *first tells whether it was not.  False: no memory. */
bool oids_meet(struct oids_met *met, const struct oid *oid,
    bool *first) MUST_USE;
/* Mark it as met, and append it to the list if it was not.  False: no memory.
 */
bool oids_take(struct oids_met *met, const struct oid *oid) MUST_USE;
void oids_met_free(struct oids_met *met);

#endif
