/*
 * policies.h - the policies that this office knows and has accepted.
 *
 *	STATE/KEYID/policy-entries       every policy entry that was proved, and
 *	                                 which were accepted (succession.h)
 *	STATE/KEYID/policies/DIGEST.zip  those that were accepted
 *	STATE/KEYID/accepted-at          when they were accepted, by the clock
 *	                                 here
 *	STATE/KEYID/pins                 what an older command kept instead
 *
 * Whether a policy may judge an act is succession_judges() and nothing else.
 */
#ifndef CLIENT_POLICIES_H
#define CLIENT_POLICIES_H

#include "client/context.h"

/*
 * Read what is kept into context->succession, anew.
 *
 * ERROR_SYSTEM  there is nothing, or it is damaged
 */
bool policies_load(struct context *context, struct error *err) MUST_USE;

/* A policy that was accepted for any entry; NULL if it was not. Borrowed. */
struct policy *policies_find(struct context *context,
    const struct digest *digest);
/*
 * Know a policy, which is taken over, until the context is freed.  It judges
 * nothing by that.
 */
bool policies_take(struct context *context, struct policy *policy,
    struct error *err) MUST_USE;
/* The newest policy that was accepted: the daemon is to judge by it now. */
struct policy *policies_pinned(struct context *context, struct error *err);
/* The policy that may judge the act of this index, or NULL. */
struct policy *policies_for_act(struct context *context,
    const struct digest *digest, uint64_t index);

/* Which office and person this is, by the pinned policy. */
const struct office *policies_own_office(struct context *context,
    struct policy *policy, struct cert **cert, struct error *err);
/*
 * True if a daemon that answers by this policy shows this office every act on
 * the document. False if the policy or the office's certificate is not here.
 */
bool policies_show(struct context *context, const struct digest *policy,
    const char *document);
/* The same by a policy at hand. */
bool policies_shows(struct context *context, struct policy *policy,
    const char *document);

/* Free all that is known of policies: a part of context_free(). */
void policies_free(struct context *context);

/*
 * Change what is kept: read it anew under a lock, change it, and write it
 * durably. No request is made under the lock. The context then has the same.
 */
typedef bool policies_changer(struct succession *succession, void *arg,
    struct error *err);
bool policies_change(struct context *context, policies_changer *change,
    void *arg, struct error *err) MUST_USE;

/*
 * When an entry was accepted here, in seconds; false where it was not, or by a
 * program that did not keep that.
 */
bool policies_accepted_at(const struct context *context,
    const struct policy_entry *entry, int64_t *out);

/*
 * Read a policy from its ZIP, as "GET /v1/policy/DIGEST" gives it, from the
 * start of fd. Call policy_free().
 *
 * ERROR_UNTRUSTED  it has another digest than the one that is wanted, if any
 */
struct policy *policies_read(int fd, const struct digest *want,
    struct error *err);
/* Keep a policy's ZIP among those accepted. */
bool policies_keep(struct context *context, int fd, const struct digest *digest,
    struct error *err) MUST_USE;

/*
 * Append the PEM of the CAs that may have issued the server's certificate:
 * those that the depositary has, or had, by the accepted policies, with the
 * certificates that the newest of these has (docs/security.md, "The
 * connection").
 */
bool policies_server_cas(struct context *context, struct buf *out,
    struct error *err) MUST_USE;

#endif
