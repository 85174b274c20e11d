/*
 * revocation.h - was a certificate good when its act was journaled?  The same
 * answer for everybody who knows the journal up to the same size.
 *
 * The journal names each set of lists in a `crl` entry.  Of these, and of
 * nothing else, follows what is known:
 *
 *   - A listing counts on whatever list the journal names, from its
 *     revocationDate or an earlier invalidityDate on.  It never ends, but for
 *     a hold: that ends with the thisUpdate of the first later complete list
 *     of the same scope that does not have it; what was done between stays
 *     bad.
 *   - Not being listed is believed of a complete list that covers the
 *     certificate, made while it had not expired (or that says by
 *     expiredCertsOnCRL that it still lists those that had), and not dated
 *     over an hour later than the `crl` entry that names it.  Such a list
 *     clears all acts before its thisUpdate, for ever: a CA cannot unmake later
 *     what its people did before.
 *
 * Source: RFC 5280 sections 5.2.5, 5.3 and 6.3.3; X.509 expiredCertsOnCRL.
 */
#ifndef PKI_REVOCATION_H
#define PKI_REVOCATION_H

#include "pki/crl.h"
#include "pki/trust.h"

/* A list from further in the future than this clears nobody. */
enum { CRL_FUTURE_SECONDS = 60 * 60 };

/* The index of a set that is not journaled yet. */
#define REVOCATION_UNNAMED (UINT64_MAX - 1)

enum revocation_state {
	REVOCATION_CLEARED, /* a list made since does not have it: for ever */
	/*
	 * The list in force does not have it, or has it from a later date on;
	 */
	REVOCATION_CURRENT, /* that is not final yet */
	/* cleared, but a later list says that it was revoked before */
	REVOCATION_DOUBTED,
	REVOCATION_REVOKED,
	REVOCATION_UNTOLD, /* no list tells: none, or none of that time */
	/* a list that would decide is of a policy that is not accepted here */
	REVOCATION_UNJUDGED,
};

struct revocation_result {
	enum revocation_state state;
	/* Of a doubted or revoked one: */
	bool is_hold;
	int64_t since_at; /* from when on, as the CA says */
	int64_t told_at;  /* the list's thisUpdate */
	uint64_t index;   /* the `crl` entry that first named the list */
	/* Of an unjudged one: the `crl` entry whose policy is not accepted. */
	uint64_t unjudged;
};

/* Safe between threads: one may take in a set while others judge. */
struct revocation;

struct revocation *revocation_new(struct error *err);
void revocation_free(struct revocation *revocation);
/* Make another that knows the same, to take in more. */
struct revocation *revocation_copy(const struct revocation *from,
    struct error *err);

/*
 * Take in the set that the `crl` entry of that index and time names, in the
 * journal's order. trust is of the policy in force at that entry: its CAs
 * verify the lists. NULL if this reader has not accepted that policy. The lists
 * are borrowed. A list that no such CA signed is passed over; the same set can
 * be taken in again under another policy.
 */
bool revocation_add(struct revocation *revocation, struct crls *set,
    const struct trust *trust, uint64_t index, int64_t entry_at,
    struct error *err) MUST_USE;

/*
 * Of a certificate's act at a time (UTC seconds), by the `crl` entries of a
 * journal of that size (UINT64_MAX: all that were taken in).
 */
void revocation_judge(const struct revocation *revocation,
    const struct cert *cert, int64_t at, uint64_t size,
    struct revocation_result *out);
/*
 * Hold lists that are not named, since by their dates they are not made yet:
 * NULL for none. They are taken over, and take the place of those held before.
 */
void revocation_hold(struct revocation *revocation, struct crls *held);
/* How often that was done: while it is the same, the same lists are held. */
uint64_t revocation_times_held(const struct revocation *revocation);
/*
 * Is somebody who acts now kept out by a list from after that time, be it held
 * or named? It counts whatever the date of the listing: a CA whose clock is
 * ahead dates that wrongly too. trust verifies the lists that are held. out
 * gets what the list says.
 */
bool revocation_keeps_out(const struct revocation *revocation,
    const struct trust *trust, const struct cert *cert, int64_t at,
    struct revocation_result *out);
/* Is the list of that digest one of those that were taken in, and verified? */
bool revocation_names(const struct revocation *revocation,
    const struct digest *list);
/*
 * A number of the different listings (since when, and whether a hold) of the
 * certificate of that issuer and serial (cert_issuer_serial()) that count from
 * a time or before: of others it is another, and of none 0.  What the lists
 * say else is not asked, so this tells what is worth judging anew and no more.
 * False if there was no memory.
 */
bool revocation_listings(const struct revocation *revocation,
    const struct digest *issuer, const char *serial, int64_t until,
    uint64_t *out) MUST_USE;

#endif
