/*
 * setup.h - what is done once, while the daemon is stopped: init and enrolment.
 */
#ifndef DAEMON_DATA_SETUP_H
#define DAEMON_DATA_SETUP_H

#include "daemon/config.h"
#include "record/library.h"

/* Make the data folder, keys and requests for their certificates. */
bool setup_init(const struct config *config, struct error *err) MUST_USE;
/* Append the text of the enrolment file that offices import. */
bool setup_enrolment(const struct config *config, struct buf *out,
    struct error *err) MUST_USE;

/*
 * Returns the configured policy, or NULL; its mistakes are printed to standard
 * error.
 */
struct policy *setup_policy(const struct config *config, struct error *err);

#endif
