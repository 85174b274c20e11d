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
/*
 * Each file of the folder by itself: one without a good list, a README, a
 * download that was cut, is left out, told in the log, and appended to
 * left_out, unless that is NULL, as a line "FILE: why".
 */
struct crl_set *setup_crls(const struct config *config, struct buf *left_out,
    struct error *err);
/*
 * What is to follow the set in use: the new one, where no CA's list goes back
 * and none is from the future, which would keep out those after it.  For a CA
 * of which that is not so, the log says why, and the lists in use stay beside
 * the new ones of the others.  It is new itself, or another that is the
 * caller's; NULL on failure.
 */
struct crl_set *setup_follow_crls(const struct policy *policy,
    const struct crl_set *old, struct crl_set *new, struct error *err);
/* Does the CRL of each CA that the policy names still tell something? */
void setup_warn_of_crls(const struct policy *policy,
    const struct crl_set *crls);

#endif
