/*
 * keys.h - a planned replacement of the journal's key.
 *
 *	1. valised replace-key, the daemon off: a new key is made, and a "key"
 *	   entry, the last that the old key signs, names it
 *	2. the daemon runs and takes no acts, until a quorum of witnesses has
 *	   cosigned that checkpoint
 *	3. at its next start the new key takes over
 *
 * Offices follow because the old key signed the entry and the witnesses
 * cosigned it; nothing less makes them.
 */
#ifndef DAEMON_DATA_KEYS_H
#define DAEMON_DATA_KEYS_H

#include "daemon/config.h"
#include "policy/policy.h"

/*
 * Make the private key that is to be the next, or find the one that an
 * earlier try made; vkey is what its entry names.
 *
 * ERROR_USAGE  the policy has no witnesses: nobody would follow
 * ERROR_LIMIT  LIMIT_JOURNAL_KEYS
 */
bool keys_prepare(const struct config *config, const struct policy *policy,
    char vkey[NOTE_KEY_TEXT], struct error *err) MUST_USE;
/* Switch, if step 2 is done; before the signer is started. */
bool keys_switch(const struct config *config, const struct policy *policy,
    bool *switched, struct error *err) MUST_USE;

#endif
