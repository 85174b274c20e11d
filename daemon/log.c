/*
 * The log: making and writing its lines (log.h).
 */
#include "daemon/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/time.h"

const char *
log_text(const char *text)
{
	static _Thread_local char buffers[6][1200];
	static _Thread_local unsigned next;
	char *out = buffers[next++ % 6];
	size_t n = 0;

	out[n++] = '"';
	for (; *text != '\0' && n < sizeof(buffers[0]) - 8; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c < ' ' || c == 127) {
			n += (size_t)snprintf(out + n, 5, "\\x%02x", c);
		} else {
			out[n++] = (char)c;
		}
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}

/* The lines of log_gather(), of all threads. */
static pthread_mutex_t gathering = PTHREAD_MUTEX_INITIALIZER;
static char gathered[64 * 1024];
static size_t num_gathered;

static void
put(const char *text, size_t len)
{
	const ssize_t done = write(STDERR_FILENO, text, len);

	/* An error of the log itself cannot be told anywhere. */
	(void)done;
}

/* Write a line; the lock is held. */
static void
flush_gathered(void)
{
	if (num_gathered > 0)
		put(gathered, num_gathered);
	num_gathered = 0;
}

void
log_flush(void)
{
	pthread_mutex_lock(&gathering);
	flush_gathered();
	pthread_mutex_unlock(&gathering);
}

static size_t make_line(char *line, size_t room, const char *level,
    const char *event, const char *fmt, va_list args) PRINTF(5, 0);

static size_t
make_line(char *line, size_t room, const char *level, const char *event,
    const char *fmt, va_list args)
{
	char time[TIME_TEXT];
	size_t n;

	time_format_ms(time_now_ms(), time);
	n = (size_t)snprintf(line, room, "time=%s level=%s event=%s ", time,
	    level, event);
	vsnprintf(line + n, room - n - 1, fmt, args);
	n += strlen(line + n);
	line[n++] = '\n';
	return n;
}

enum { LINE = 4096 };

void
log_gather(const char *event, const char *fmt, ...)
{
	va_list args;

	pthread_mutex_lock(&gathering);
	if (num_gathered + LINE > sizeof(gathered))
		flush_gathered();
	va_start(args, fmt);
	num_gathered +=
	    make_line(gathered + num_gathered, LINE, "info", event, fmt, args);
	va_end(args);
	pthread_mutex_unlock(&gathering);
}

static void write_line(const char *level, const char *event, const char *fmt,
    va_list args) PRINTF(3, 0);

static void
write_line(const char *level, const char *event, const char *fmt, va_list args)
{
	char line[LINE];

	/*
	 * One write for each line, so that threads and processes do not mix
	 * theirs.
	 */
	put(line, make_line(line, sizeof(line), level, event, fmt, args));
}

#define LEVEL(name, word)                                                      \
	void name(const char *event, const char *fmt, ...)                     \
	{                                                                      \
		va_list args;                                                  \
                                                                               \
		va_start(args, fmt);                                           \
		write_line(word, event, fmt, args);                            \
		va_end(args);                                                  \
	}

LEVEL(log_info, "info")
LEVEL(log_warning, "warning")
LEVEL(log_error, "error")
