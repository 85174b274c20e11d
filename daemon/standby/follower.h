/*
 * follower.h - a signer that follows what another daemon writes, so that it can
 * only ever sign what extends that.
 */
#ifndef DAEMON_STANDBY_FOLLOWER_H
#define DAEMON_STANDBY_FOLLOWER_H

#include "daemon/signer/signer.h"
#include "record/data.h"

struct follower {
	struct signer *signer;
	struct journal *journal; /* it owns backend */
	struct backend *backend;
	int64_t told_ms; /* when what is remembered was told last; 0: not yet */
};

/*
 * Open the record of a place, which another daemon may write, from what the
 * signer remembers.
 *
 * ERROR_UNTRUSTED  the record does not have what the signer remembers
 */
bool follower_open(const struct data_place *place, struct signer *signer,
    struct follower *out, struct error *err) MUST_USE;
void follower_close(struct follower *follower);

/*
 * Have the signer remember the next head, signed or proposed, if there is one, and
 * tell the writer so (second.h); *moved tells.
 *
 * ERROR_UNTRUSTED    the record does not extend what the signer remembers
 * ERROR_REFUSED      a daemon on a copy of this data folder follows it too
 * ERROR_UNAVAILABLE  the database does not answer
 */
bool follower_step(struct follower *follower, bool *moved,
    struct error *err) MUST_USE;

#endif
