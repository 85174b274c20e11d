/*
 * lists.h - the lists of revocations that this office knows.
 *
 *	STATE/KEYID/crl-entries     "size N", up to which they are all known, and
 *	                            every `crl` entry that was proved: "INDEX LINE"
 *	STATE/KEYID/crls/DIGEST.zip the sets that they name, and those that acts
 *	                            of copies and bags brought
 *
 * A copy is judged by what the journal names and nothing else, so that all
 * offices that have seen the same journal say the same.
 */
#ifndef CLIENT_LISTS_H
#define CLIENT_LISTS_H

#include "client/context.h"

struct session;

/*
 * Read the entries that are kept into context.
 *
 * ERROR_SYSTEM  they are damaged
 */
bool lists_load(struct context *context, struct error *err) MUST_USE;
/* Keep the entries of a journal of that size, in lines "INDEX LINE". */
bool lists_set(struct context *context, uint64_t size, struct span entries,
    struct error *err) MUST_USE;
/* Read the next of these lines; *more is false at the end. */
bool lists_next(struct span *rest, bool *more, uint64_t *index,
    struct entry *entry, struct error *err) MUST_USE;

/*
 * The sets that the proved entries name; *as_of gets the journal's size up to
 * which they are known (0: no entry was ever proved, and these are the
 * enrolment's lists). They are made when first asked for. NULL if there is no
 * memory.
 */
const struct crl_entries *lists_named(struct context *context,
    const struct verdict_library *library, uint64_t *as_of);
/*
 * These and every other set that ever came here: for what is judged as of now,
 * such as who packed a bag, and not for an act of the journal. NULL if there is
 * no memory.
 */
const struct revocation *lists_all(struct context *context,
    const struct verdict_library *library);
/* One of the sets that are kept, or NULL. Borrowed. */
struct crls *lists_find(struct context *context, const struct digest *digest);
/*
 * The set that the newest `crl` entry names, as far as entries are known; before
 * any is, the enrolment's lists. NULL if it is not here. Borrowed.
 */
struct crls *lists_newest(struct context *context);
/* The line of that entry, "INDEX LINE"; empty if none is known. */
struct span lists_newest_line(const struct context *context);
/*
 * Drop what is made of sets and entries: it is made anew when next asked for.
 */
void lists_forget(struct context *context);
void lists_free(struct context *context);

/* Know a set, by the digest of its files, until the context is freed. */
bool lists_take(struct context *context, struct container *files,
    struct error *err) MUST_USE;
/* Keep a set if its digest is right and it parses. */
bool lists_keep(struct context *context, int fd, const struct digest *digest,
    struct error *err) MUST_USE;
bool lists_have(const struct context *context, const struct digest *digest);

/*
 * Ask for the `crl` entries that this office does not know yet, and for their
 * sets, if the daemon names one that is newer.
 *
 * ERROR_UNTRUSTED  ENTRY_WITHHELD: the daemon hides one
 */
bool lists_learn(struct session *session, struct error *err) MUST_USE;

#endif
