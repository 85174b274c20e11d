/*
 * vault.h - the keys and the memory behind the signer (signer.h), and the
 * process that holds them.  For this folder, and for tests that run it in their
 * own process.
 */
#ifndef DAEMON_SIGNER_VAULT_H
#define DAEMON_SIGNER_VAULT_H

#include "daemon/config.h"

enum { SIGNER_CLIENTS = 9 }; /* sockets, one of which is for checkpoints */

struct vault;

/*
 * Read the keys and the memory of a data folder. reader is the socket of the
 * process that reads renewed ones (reader.h), or -1; the vault closes it. config
 * is borrowed.
 */
struct vault *vault_new(const struct config *config, int reader,
    struct error *err);
void vault_free(struct vault *vault);
/*
 * Answer requests on a socket until its other end is closed.  Among all sockets
 * served at a time only one may be alone, the one for checkpoints.
 */
void vault_serve(struct vault *vault, int fd, bool alone);

/*
 * Run the signer's process: read the keys, give up all rights, tell that on the
 * first socket (an answer without a request), and serve each socket on a thread
 * of its own until the first one is closed.
 */
_Noreturn void vault_run(const struct config *config, const int fds[],
    size_t num);

#endif
