/*
 * pkt.h - the lines of git's protocol, gitprotocol-common(5).
 */
#ifndef GIT_PKT_H
#define GIT_PKT_H

#include "base/bytes.h"

/* One pkt-line: flush and delim have no data. */
enum pkt_kind { PKT_DATA, PKT_FLUSH, PKT_DELIM };

/*
 * Take a pkt-line off the front of in; a final LF is not part of data.
 *
 * ERROR_MALFORMED  the line is cut short, or has a length that no pkt-line has
 */
bool pkt_take(struct span *in, enum pkt_kind *kind, struct span *data,
    struct error *err) MUST_USE;
/* Append a pkt-line of at most PKT_MAX bytes of data. */
#define PKT_MAX 65516
bool pkt_append(struct buf *out, struct span data, struct error *err) MUST_USE;
bool pkt_printf(struct buf *out, struct error *err, const char *fmt, ...)
    PRINTF(3, 4) MUST_USE;
bool pkt_append_flush(struct buf *out, struct error *err) MUST_USE;
bool pkt_append_delim(struct buf *out, struct error *err) MUST_USE;

#endif
