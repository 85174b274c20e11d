/*
 * metrics.h - what the daemon counts and measures, as Prometheus text.  Any
 * thread may count, and nothing here blocks.
 */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include "base/bytes.h"
#include "daemon/http/request.h"

enum metric_time {
	/* from a request's head to the end of its answer */
	METRIC_REQUEST,
	METRIC_COMMIT_PACK,    /* git objects written and flushed */
	METRIC_COMMIT_ENTRIES, /* entries written and flushed */
	METRIC_COMMIT_SIGNER,  /* checkpoint signed, and its record flushed */
	METRIC_TIMES,
};

enum metric_value {
	METRIC_JOURNAL_SIZE,
	METRIC_CONNECTIONS,
	METRIC_CONNECTIONS_MAX,
	METRIC_WITNESSED_SIZE,
	/* seconds since 1970, as all times below; 0: never */
	METRIC_LAST_WITNESS,
	METRIC_LAST_CHECK,
	METRIC_LAST_CHECK_FINDINGS,
	METRIC_CRL_ENDS, /* the earliest of all CAs */
	/* the earliest of server, depositary and CAs */
	METRIC_CERTIFICATE_ENDS,
	METRIC_START,     /* when the process started */
	METRIC_DISK_FREE, /* bytes of the data folder's file system */
	METRIC_DISK_SIZE,
	METRIC_RESERVE, /* bytes kept back for the journal; should be */
	METRIC_RESERVE_WANTED,
	METRIC_VALUES,
};

enum metric_count {
	METRIC_FAILURES, /* answers with 500 or more */
	METRIC_REFUSALS, /* answers with 403 */
	METRIC_COUNTS,
};

void metrics_time(enum metric_time what, int64_t microseconds);
void metrics_set(enum metric_value what, int64_t value);
int64_t metrics_get(enum metric_value what);
void metrics_count(enum metric_count what);
/* Count a handshake that was refused. */
void metrics_refused(enum http_refused reason);
/* Count somebody who met a limit. */
void metrics_limited(enum http_limit limit);
/* Count an answer with this status; or a commit of so many acts. */
void metrics_answer(int status);
void metrics_batch(size_t acts);

/*
 * Append the two lines before the samples of a metric whose labels others know;
 * and make a label's value of a text, in out: escaped, and cut short if it is
 * over all limits of names.
 */
#define METRIC_LABEL 544
bool metrics_head(struct buf *out, const char *name, const char *type,
    const char *help, struct error *err) MUST_USE;
const char *metrics_label(const char *text, char out[METRIC_LABEL]);

/* Append everything, in the text format 0.0.4. */
bool metrics_encode(struct buf *out, struct error *err) MUST_USE;

#endif
