/*
 * vault.h - the signer's own process (signer.h).  For this folder only.
 */
#ifndef DAEMON_SIGNER_VAULT_H
#define DAEMON_SIGNER_VAULT_H

#include "daemon/config.h"

/*
 * Read the keys, give up all rights, say so (an answer without a request), and
 * answer what comes over the socket until its other end is closed.
 */
_Noreturn void vault_run(const struct config *config, int fd);

#endif
