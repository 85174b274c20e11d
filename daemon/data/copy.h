/*
 * copy.h - "valised copy": a record from the files of a data folder into a
 * database, and back.
 *
 * A place is "files:DIR", where DIR is a data folder, or
 * "postgresql:CONNINFO".  Beside a daemon the record is copied as it is now.
 * With the daemon off, and DIR the folder that the record belongs to, the folder
 * belongs to the destination once all of it was compared.
 */
#ifndef DAEMON_DATA_COPY_H
#define DAEMON_DATA_COPY_H

#include "daemon/config.h"
#include "daemon/data/copy_record.h"

enum copy_end {
	COPY_BESIDE, /* a daemon runs: the record is still where it was */
	COPY_APART,  /* a copy was made, in a folder of its own */
	COPY_MOVED,  /* the folder belongs to the destination now */
};

/*
 * ERROR_USAGE     it is not one folder and one database
 * ERROR_CONFLICT  the destination has another record, or more of this one
 */
bool copy_run(const struct config *config, const char *from, const char *to,
    struct copy_result *out, enum copy_end *end, struct error *err) MUST_USE;

#endif
