/*
 * ends.h - when each certificate, list and full power ends, for /metrics.
 */
#ifndef DAEMON_UPKEEP_ENDS_H
#define DAEMON_UPKEEP_ENDS_H

#include "daemon/config.h"
#include "daemon/writer/registrar.h"

/*
 * Append a sample for each, as Prometheus text: the certificates of the server
 * and the depositary, as their files are now, each certificate of each CA, the
 * newest list of each CA (0: there is none) of those made at until or before
 * (lists_future_at()), the certificates of offices for bags, and full powers
 * that have not ended.
 */
bool ends_encode(const struct config *config, const struct judged_by *now,
    int64_t until, struct buf *out, struct error *err) MUST_USE;

#endif
