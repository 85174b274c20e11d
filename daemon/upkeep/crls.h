/*
 * crls.h - CRLs that are fetched, read from files, or handed in.
 */
#ifndef DAEMON_UPKEEP_CRLS_H
#define DAEMON_UPKEEP_CRLS_H

#include "daemon/lists.h"

struct upkeep;

/* Fetch the lists of all addresses, and take what is new. */
void upkeep_follow_crls(struct upkeep *upkeep);
/* Another thread has looked at the files of CRLs; look is taken over. */
void upkeep_looked(struct upkeep *upkeep, struct lists_look *look);
/*
 * Take lists that an office hands in: when this returns, what is new is kept,
 * in force and journaled; or held, if it is from the future. out gets the result for each list; *set and *index
 * get the set in force then, and its entry.  For any thread.
 *
 * ERROR_UNAVAILABLE  lists of this office were journaled LIMIT_HAND_INS times
 *  lately: each is an entry that all offices keep
 */
bool upkeep_hand_in(struct upkeep *upkeep, const char *office,
    struct span bytes, struct lists_told *out, struct digest *set,
    uint64_t *index, struct error *err) MUST_USE;

#endif
