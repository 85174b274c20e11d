/*
 * setup.h - what is done once, while the daemon is stopped: init and enrolment.
 */
#ifndef DAEMON_DATA_SETUP_H
#define DAEMON_DATA_SETUP_H

#include "daemon/config.h"
#include "record/library.h"

/* Make the data folder, keys and requests for their certificates. */
bool setup_init(const struct config *config, struct error *err) MUST_USE;
/*
 * Make the data folder of a stand-by for a record that is in a database: its
 * signer begins with the newest signed head, never with an empty memory.
 *
 * ERROR_UNTRUSTED  the database was rolled back: a checkpoint that was seen is of
 *  more, or of another history
 * ERROR_REFUSED    two daemons take part in the record already
 */
struct setup_join {
	const char *key;         /* the file of the journal's private key */
	const char *keys;        /* that of its earlier keys, or NULL */
	const char *const *seen; /* files of checkpoints; at least one */
	size_t num_seen;
};
bool setup_join(const struct config *config, const struct setup_join *how,
    uint64_t *size, struct error *err) MUST_USE;
/* Append the text of the enrolment file that offices import. */
bool setup_enrolment(const struct config *config, struct buf *out,
    struct error *err) MUST_USE;

/*
 * Returns the configured policy, or NULL; its mistakes are printed to standard
 * error.
 */
struct policy *setup_policy(const struct config *config, struct error *err);

#endif
