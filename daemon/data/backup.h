/*
 * backup.h - a copy of a data folder that is whole, made while the daemon
 * runs; and its way back.
 *
 * A backup has no signer's memory: a signer without one signs nothing, so an
 * old backup cannot fork the journal by being started.
 */
#ifndef DAEMON_DATA_BACKUP_H
#define DAEMON_DATA_BACKUP_H

#include "daemon/config.h"

struct backup_result {
	uint64_t size;  /* of the journal */
	uint64_t bytes; /* copied now */
};

/*
 * Refuse a target that is the data folder, lies in it or around it, or has a
 * link into it, by device and inode.
 *
 * ERROR_USAGE  they are not apart
 */
bool backup_apart(const char *target, const char *data,
    struct error *err) MUST_USE;

/*
 * Make dir a copy of the data folder, or bring one up to date: only what is
 * new is copied.  with_keys: the private keys too.
 *
 * ERROR_USAGE      dir is not apart from the data folder, or is in a folder
 *                  that the daemon reads
 * ERROR_CONFLICT   dir is a copy of another history, or of more than there is
 * ERROR_UNTRUSTED  the journal is damaged
 */
bool backup_make(const struct config *config, const char *dir, bool with_keys,
    struct backup_result *out, struct error *err) MUST_USE;

/*
 * Make the data folder, which is not there, from a backup, and the signer's
 * memory, unless a checkpoint that somebody has seen shows that the journal
 * went on after it.
 *
 * ERROR_USAGE      the data folder would be in the backup, or around it
 * ERROR_UNTRUSTED  it did: starting would fork the journal
 */
bool backup_restore(const struct config *config, const char *dir,
    const char *const seen[], size_t num_seen, uint64_t *size,
    struct error *err) MUST_USE;

/* Below a backup: what it is. */
#define BACKUP_FILE "backup"

#endif
