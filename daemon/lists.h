/*
 * lists.h - revocation lists on their way into the set by which the daemon
 * judges and which its journal names: from the folder, fetched, handed in.
 *
 * What was fetched or handed in and tells something new is kept below the data
 * folder, and is then read like the files of the operator's folder.
 */
#ifndef DAEMON_LISTS_H
#define DAEMON_LISTS_H

#include "daemon/config.h"
#include "daemon/library.h"
#include "daemon/writer/registrar.h"

/* What was found when the files were looked at last. */
struct lists_look {
	struct digest files; /* their contents digest; zero: look again */
	struct buf told;     /* for /health, a line each: what is left out */
};

/* Told is emptied, and nothing is known. */
void lists_look_reset(struct lists_look *look);

/*
 * The lists that there are.  Each file by itself: one without a good list, a
 * README, a download that was cut, is left out and told in the log.  NULL with
 * err of kind ERROR_NONE: the same files as look saw last.
 */
struct crl_set *lists_read(const struct config *config, struct lists_look *look,
    struct error *err);
/*
 * What is to follow the set in use: the new one, where no CA's list goes back
 * and none is from the future, which would keep out those after it.  For a CA
 * of which that is not so, the log says why, and the lists in use stay beside
 * the new ones of the others.  It is new itself, or another that is the
 * caller's; NULL on failure.  look may be NULL.
 */
struct crl_set *lists_follow(const struct policy *policy,
    const struct crl_set *old, struct crl_set *new, struct lists_look *look,
    struct error *err);
/* Does a set tell what the one in use does not, by the CAs of the policy? */
bool lists_add(const struct policy *policy, const struct crl_set *old,
    const struct crl_set *new);
/* Does the CRL of each CA that the policy names still tell something? */
void lists_warn(const struct policy *policy, const struct crl_set *crls);

/* What is thought of a list that came from outside. */
enum list_result {
	LIST_NEW,     /* it tells something new: it is kept */
	LIST_KNOWN,   /* those in use tell all that it tells */
	LIST_FUTURE,  /* it is from the future, by this clock */
	LIST_FOREIGN, /* no CA of the policy in force signed it */
};

struct list_told {
	enum list_result result;
	struct digest digest;
	char issuer[CRL_ISSUER_TEXT];
	int64_t this_update_at, next_update_at;
	size_t num_listed;
};

struct lists_told {
	struct list_told list[LIMIT_LISTS];
	size_t num;
	unsigned num_bad; /* PEM blocks that are no list */
};

/*
 * Take in what came from outside, one list or several: each that tells
 * something new is kept, below the name of where it came from.  named is what
 * the journal names: an old list that it had before is not new.  What was kept
 * before and is in use, and no longer the newest of its CA and scope, goes: the
 * journal names it, and so it counts.
 *
 * ERROR_MALFORMED  there is no list in it
 * ERROR_LIMIT      more than LIMIT_LISTS lists, or no room for one more
 *                  of its CA
 */
bool lists_keep(const struct config *config, const struct judged_by *now,
    const struct revocation *named, struct span bytes, const char *from,
    struct lists_told *out, struct error *err) MUST_USE;
/* The sentence that goes with a result. */
const char *lists_text(enum list_result result);

#endif
