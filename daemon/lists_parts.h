/*
 * lists_parts.h - what the files lists*.c share, for them alone.
 */
#ifndef DAEMON_LISTS_PARTS_H
#define DAEMON_LISTS_PARTS_H

#include "daemon/lists.h"

/*
 * Add a line for /health; if it does not fit it is only in the log. look may be
 * NULL.
 */
void lists_tell(struct lists_look *look, const char *fmt, ...) PRINTF(2, 3);
/* PEM is a third longer than its DER, which is what came. */
bool lists_check_size(const struct buf *pem, struct error *err) MUST_USE;
/* Name a file "PREFIX-HEX.pem", by its content. */
void lists_name(const char *prefix, const struct digest *digest,
    char out[LIMIT_NAME_BYTES + 1]);

#endif
