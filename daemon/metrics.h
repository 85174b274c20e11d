/*
 * metrics.h - what the daemon counts and measures, as Prometheus text.
 *
 * Any thread counts; nothing here blocks.
 */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include "base/bytes.h"

enum metric_time {
	METRIC_REQUEST,        /* from its head to its answer's end */
	METRIC_COMMIT_PACK,    /* git objects written and flushed */
	METRIC_COMMIT_ENTRIES, /* entries written and flushed */
	METRIC_COMMIT_SIGNER,  /* checkpoint signed, its record flushed */
	METRIC_TIMES,
};

enum metric_value {
	METRIC_JOURNAL_SIZE,
	METRIC_CONNECTIONS,
	METRIC_WITNESSED_SIZE,
	METRIC_LAST_WITNESS, /* seconds since 1970, as all times below; 0: never */
	METRIC_LAST_CHECK,
	METRIC_LAST_CHECK_FINDINGS,
	METRIC_CRL_ENDS,         /* the first of all CAs' */
	METRIC_CERTIFICATE_ENDS, /* the first of server, depositary, CAs */
	METRIC_VALUES,
};

enum metric_count {
	METRIC_FAILURES, /* answers of 500 and more */
	METRIC_REFUSALS, /* 403 */
	METRIC_COUNTS,
};

void metrics_time(enum metric_time what, int64_t microseconds);
void metrics_set(enum metric_value what, int64_t value);
int64_t metrics_get(enum metric_value what);
void metrics_count(enum metric_count what);
/* An answer of this status; a commit of so many acts. */
void metrics_answer(int status);
void metrics_batch(size_t acts);

/* Append all of it, in the text format 0.0.4. */
bool metrics_encode(struct buf *out, struct error *err) MUST_USE;

#endif
