/*
 * lists.h - revocation lists on their way into the set by which the daemon
 * judges and which its journal names: from the folder, fetched, or handed in.
 *
 * A list that was fetched or handed in and tells something new is kept below
 * the data folder, and is then read like the files of the operator's folder.
 */
#ifndef DAEMON_LISTS_H
#define DAEMON_LISTS_H

#include "daemon/config.h"
#include "daemon/writer/registrar.h"
#include "record/record.h"

/* What the last look at the files found. */
struct lists_look {
	struct digest files; /* their contents digest; zero: look again */
	/* for /health: a line for each file that is left out */
	struct buf told;
};

/* Forget it: the next look reads all files. */
void lists_look_reset(struct lists_look *look);

/*
 * Read the lists that there are, each file by itself. A file without a good
 * list (a README, a download that was cut) is left out, and the log says so.
 * Returns NULL with ERROR_NONE if the files are those of the last look.
 */
struct crl_set *lists_read(const struct config *config, struct lists_look *look,
    struct error *err);
/*
 * Lists that were made after this time, an hour from now, are from the future.
 * INT64_MAX if the clock is behind the journal's newest entry, by *behind_s: it
 * is wrong then, and tells nothing of a list's date.
 */
int64_t lists_future_at(const struct record *record, int64_t *behind_s);
/*
 * Make the set that follows the one in use, by the policy's CAs. It is the new
 * one, without lists from the future: those are held (library_hold()). A CA
 * whose list is then missing, or older than the one in use (by thisUpdate, of
 * one second by cRLNumber), keeps its lists in use beside what the new set
 * tells; but one in use that is from the future makes none old. The log and the
 * look tell of each. Returns the new set itself, or another one that the caller
 * owns; NULL on failure. old is NULL if no set is in use; look may be NULL.
 */
struct crl_set *lists_follow(const struct record *record,
    const struct policy *policy, const struct crl_set *old, struct crl_set *new,
    struct lists_look *look, struct error *err);
/*
 * True if a set tells something that the one in use does not, by the policy's
 * CAs.
 */
bool lists_add(const struct record *record, const struct policy *policy,
    const struct crl_set *old, const struct crl_set *new);
/*
 * Log each CA that the policy names whose CRL is missing or over, of those made
 * at until or before (lists_future_at()).
 */
void lists_warn(const struct policy *policy, const struct crl_set *crls,
    int64_t until);
/*
 * The same, and log each list from the future, where no journal is open: the
 * clock is compared with that of the data folder, if a list is ahead of it.
 */
void lists_warn_all(const struct config *config, const struct policy *policy,
    const struct crl_set *crls);

/* What is found of a list that came from outside. */
enum list_result {
	LIST_NEW,     /* it tells something new, and is kept */
	LIST_KNOWN,   /* the lists in use tell everything that it tells */
	LIST_FUTURE,  /* it is from the future, and names nobody new */
	LIST_HELD,    /* that too; it is kept, and keeps out whom it names */
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
	unsigned num_bad; /* how many PEM blocks are no list */
};

/*
 * Take in one list or several from outside. Each that tells something new is
 * kept, below the name of where it came from. An old list that the journal
 * named before is not new. One from the future is kept if it names somebody
 * whom those in use do not. A kept list is removed once it is in use and no
 * longer the newest of its CA and scope: it counts, since the journal names it;
 * or once those in use tell all that it tells.
 *
 * ERROR_MALFORMED  there is no list in it
 * ERROR_LIMIT      more than LIMIT_LISTS lists, or no room for one more of its
 *                   CA
 */
bool lists_keep(const struct config *config, const struct record *record,
    const struct judged_by *now, struct span bytes, const char *from,
    struct lists_told *out, struct error *err) MUST_USE;
/* True if a list of that result is kept. */
bool lists_is_kept(enum list_result result);
/* The sentence for a result. */
const char *lists_text(enum list_result result);

#endif
