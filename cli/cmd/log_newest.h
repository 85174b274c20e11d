/*
 * log_newest.h - the newest entries that were asked for, without asking for all
 * before them.
 */
#ifndef CLI_CMD_LOG_NEWEST_H
#define CLI_CMD_LOG_NEWEST_H

#include "client/session.h"

struct log_newest {
	struct entry_filter filter; /* until is set by newest_entries() */
	uint64_t before;            /* indices below this; UINT64_MAX: all */
	uint64_t num;               /* how many at most; 0: no such limit */
	int64_t since_ms, until_ms; /* times [since, until) */
};

/*
 * Visit them in order.  The journal is asked for ever larger pieces, from its
 * end on, until there are enough.  Every entry that was asked for with an index
 * in [from, before) is then visited, or left out because enough came after it.
 */
bool log_newest(struct session *session, const struct log_newest *wanted,
    entry_visitor *visit, void *arg, uint64_t *from,
    struct error *err) MUST_USE;

#endif
