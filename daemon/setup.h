/*
 * setup.h - what is done once, with the daemon off: init and enrolment.
 */
#ifndef DAEMON_SETUP_H
#define DAEMON_SETUP_H

#include "daemon/config.h"
#include "daemon/library.h"

/* Data folder, keys and requests for their certificates. */
bool setup_init(const struct config *config, struct error *err) MUST_USE;
/* Append the enrolment file that offices import. */
bool setup_enrolment(const struct config *config, struct buf *out,
    struct error *err) MUST_USE;

/* The configured policy and CRLs; complaints go to standard error. */
struct policy *setup_policy(const struct config *config, struct error *err);
struct crl_set *setup_crls(const struct config *config, struct error *err);
/*
 * May a set follow the one in use?  No CA's list goes back, and none is from
 * the future, which would keep out those after it.  Else the log says why.
 */
bool setup_takes_crls(const struct policy *policy, const struct crl_set *old,
    const struct crl_set *new);
/* Does the CRL of each CA that the policy names still tell something? */
void setup_warn_of_crls(const struct policy *policy,
    const struct crl_set *crls);

#endif
