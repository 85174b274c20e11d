/*
 * vault.h - the keys and the memory behind the signer (signer.h), and its own
 * process.  For this folder, and for tests that have no process of it.
 */
#ifndef DAEMON_SIGNER_VAULT_H
#define DAEMON_SIGNER_VAULT_H

#include "daemon/config.h"

enum { SIGNER_CLIENTS = 9 }; /* sockets, one of them for checkpoints */

struct vault;

/* Read the keys and the memory of a data folder. */
struct vault *vault_new(const struct config *config, struct error *err);
void vault_free(struct vault *vault);
/*
 * Answer what comes over a socket until its other end is closed.  Of all that
 * are served at a time, one alone is asked for checkpoints.
 */
void vault_serve(struct vault *vault, int fd, bool alone);

/*
 * The process: read the keys, give up all rights, say so on the first socket
 * (an answer without a request), and serve each on a thread of its own until
 * the first is closed.
 */
_Noreturn void vault_run(const struct config *config, const int fds[],
    size_t num);

#endif
