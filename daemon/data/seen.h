/*
 * seen.h - comparing a journal that is to be used with a checkpoint that an
 * office or a witness has seen.
 */
#ifndef DAEMON_DATA_SEEN_H
#define DAEMON_DATA_SEEN_H

#include "journal/journal.h"

/*
 * Has the journal all that this file shows?  about is what the journal was taken
 * from: "this backup".
 *
 * ERROR_UNTRUSTED  it ends before, or is of another history
 */
bool seen_check(const struct journal *journal, const char *path,
    const char *about, struct error *err) MUST_USE;

#endif
