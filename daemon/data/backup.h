/*
 * backup.h - a consistent copy of a data folder, made while the daemon runs;
 * and restoring it.
 *
 * A backup does not contain the signer's memory.  A signer without one signs
 * nothing, so starting an old backup cannot fork the journal.
 */
#ifndef DAEMON_DATA_BACKUP_H
#define DAEMON_DATA_BACKUP_H

#include "daemon/config.h"

struct backup_result {
	uint64_t size;    /* of the journal in the copy, in entries */
	uint64_t bytes;   /* copied in this run, if the record is in files */
	uint64_t entries; /* the same, if it is in a database */
};

/*
 * Make dir a copy of the data folder, or bring an older copy up to date, for
 * which only what is new is copied. with_keys: copy the private keys too.  If
 * the record is in a database, the copy has it in files (copy.h).
 *
 * ERROR_USAGE      dir is not apart from the data folder, or is in a folder
 *  that the daemon reads
 * ERROR_CONFLICT   dir is a copy of another history, or of a longer one
 * ERROR_UNTRUSTED  the journal is damaged
 */
bool backup_make(const struct config *config, const char *dir, bool with_keys,
    struct backup_result *out, struct error *err) MUST_USE;

/*
 * Make the data folder, which must not exist, from a backup, and make the
 * signer's memory.  Each file in seen is a checkpoint that somebody has seen;
 * if one shows that the journal went on after the backup, nothing is restored.
 * One that was interrupted goes on where it was.  If the record is to be in a
 * database, it is then moved into that, whose tables must be there.
 *
 * ERROR_USAGE      the data folder would be in the backup, or around it
 * ERROR_UNTRUSTED  the journal went on: starting would fork it
 */
bool backup_restore(const struct config *config, const char *dir,
    const char *const seen[], size_t num_seen, uint64_t *size,
    struct error *err) MUST_USE;
/* Is this data folder what an interrupted restore left? */
bool backup_is_unfinished(const char *data);

#endif
