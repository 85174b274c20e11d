/*
 * standing.h - how an office stands: what it is told whatever command it runs.
 * That is a policy in force which it has not accepted, and what of its own ends
 * soon (policy/soon.h).
 *
 *	STATE/KEYID/told    what was told of ends, so that each is told once a
 *	                    day: "looked AT DIGEST", when and at what, then a
 *	                    line "AT DIGEST" for each sentence
 */
#ifndef CLIENT_STANDING_H
#define CLIENT_STANDING_H

#include "client/context.h"

/* --- What of one's own ends when (standing_ends.c). --- */

enum standing_kind {
	STANDING_CONNECT, /* the certificates of this person: its file */
	STANDING_SIGN,
	STANDING_ENCRYPT, /* the office's, for bags */
	STANDING_CA,      /* a CA of this party: its name in the policy */
	STANDING_CRL,     /* the newest list of such a CA */
	STANDING_POWERS,  /* full powers: "agreement, mou" */
};
/* "connect", "sign", "encrypt", "ca", "crl", "full-powers" */
const char *standing_kind_name(enum standing_kind kind);

struct standing_end {
	enum standing_kind kind;
	char *name;
	int64_t from_at;  /* of a certificate, full powers: its beginning */
	int64_t ends_at;  /* INT64_MIN: there is none, or it is not readable */
	struct error why; /* why it is not readable; or all zero */
};

struct standing {
	/*
	 * By the policy that this office accepted: its names, empty if it is
	 * not known here (why says so), and the person's e-mail address.
	 */
	char office[POLICY_NAME], party[POLICY_NAME];
	char person[LIMIT_EMAIL_BYTES + 1];
	struct error why;
	struct standing_end *list;
	size_t num;
};

/*
 * Find out who this is, and when what of its own ends, from what is here. Call
 * standing_free().
 *
 * ERROR_SYSTEM  there is no memory
 */
bool standing_load(struct context *context, struct standing *out,
    struct error *err) MUST_USE;
void standing_free(struct standing *standing);

/* True if it ends soon or has ended, at a time. */
bool standing_is_soon(const struct standing_end *end, int64_t now_at);
/* Append the sentence that says so. */
bool standing_sentence(const struct standing_end *end, int64_t now_at,
    struct buf *out, struct error *err) MUST_USE;

/* --- Telling. --- */

/*
 * Note, once for each context, that a policy which was not accepted is in force
 * by what is known in memory.  A session calls it as soon as it has learned
 * which policies there are.
 */
void standing_tell_policy(struct context *context);

/*
 * Note that, and what ends soon and was not told within a day, by what is kept.
 * A session calls it, and so does the end of every command: one that asks
 * nobody tells what another has learned.  It does nothing for a context that
 * was not loaded, or is a guest's, and never fails.  Enrolling leaves the ends
 * to the first command after it.
 */
void standing_tell(struct context *context);

#endif
