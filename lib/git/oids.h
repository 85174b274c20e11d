/*
 * oids.h - sets of object names: those of a request, and those that were met
 * while its answer was computed.
 */
#ifndef GIT_OIDS_H
#define GIT_OIDS_H

#include "git/request.h"

struct oids_set {
	struct oid *list; /* sorted, each once; the owner of the set frees it */
	size_t num;
};

/*
 * Make a sorted set of a list.
 *
 * ERROR_SYSTEM  no memory
 */
bool oids_set_of(const struct git_oids *oids, struct oids_set *out,
    struct error *err) MUST_USE;
bool oids_set_has(const struct oids_set *set, const struct oid *oid);

/*
 * The objects met so far, and the list of those that will be sent, in that
 * order.
 */
struct oids_met {
	struct oid *list;
	size_t num, room;
	/* Hash table with open addressing, at most half full */
	struct oid *seen;
	bool *taken;
	size_t places, num_seen;
};

/* Mark a name as met; *first tells whether it was new.  False: no memory. */
bool oids_meet(struct oids_met *met, const struct oid *oid,
    bool *first) MUST_USE;
/*
 * Mark a name as met, and append it to the list if it was new.  False: no
 * memory.
 */
bool oids_take(struct oids_met *met, const struct oid *oid) MUST_USE;
void oids_met_free(struct oids_met *met);

#endif
