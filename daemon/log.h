/*
 * log.h - what the daemon tells its operator: one line an event on standard
 * error, as key=value; text from outside is escaped.
 */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include "base/error.h"

/*
 * Log a line: level=info|warning|error, event=… and what fmt makes. These are
 * key=value pairs; strings from outside go through log_text().
 */
void log_info(const char *event, const char *fmt, ...) PRINTF(2, 3);
void log_warning(const char *event, const char *fmt, ...) PRINTF(2, 3);
void log_error(const char *event, const char *fmt, ...) PRINTF(2, 3);

/*
 * The same, gathered until any thread calls log_flush(): for a great number of
 * lines.
 */
void log_gather(const char *event, const char *fmt, ...) PRINTF(2, 3);
void log_flush(void);

/*
 * Returns text in double quotes, escaped, in one of a few buffers of this
 * thread.
 */
const char *log_text(const char *text);

#endif
