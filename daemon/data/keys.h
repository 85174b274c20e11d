/*
 * keys.h - a planned replacement of the journal's key.
 *
 *	1. valised replace-key, while the daemon is stopped: a new key is
 *	   made, and a "key" entry names it, the last that the old key signs
 *	2. the daemon runs and accepts no acts, until a quorum of witnesses
 *	   has cosigned that checkpoint
 *	3. at its next start the new key takes over
 *
 * Offices accept the new key because the old key signed the entry and the
 * witnesses cosigned it; they accept nothing less.
 */
#ifndef DAEMON_DATA_KEYS_H
#define DAEMON_DATA_KEYS_H

#include <stdio.h>

#include "daemon/config.h"
#include "policy/policy.h"
#include "record/record.h"

/*
 * Make the private key that comes next, or find the one that an earlier try
 * made; vkey gets what its entry names.
 *
 * ERROR_USAGE  the policy has no witnesses, so no office would accept the key
 * ERROR_LIMIT  LIMIT_JOURNAL_KEYS
 */
bool keys_prepare(const struct config *config, const struct policy *policy,
    char vkey[NOTE_KEY_TEXT], struct error *err) MUST_USE;
/*
 * Print to out who is not known to have accepted the newest policy, and may so
 * have to do that before they follow the next key; nothing if all are.
 */
bool keys_tell_behind(const struct record *record, const struct policy *policy,
    FILE *out, struct error *err) MUST_USE;
/* Switch to the next key if step 2 is done; before the signer is started. */
bool keys_switch(const struct config *config, const struct policy *policy,
    bool *switched, struct error *err) MUST_USE;

#endif
