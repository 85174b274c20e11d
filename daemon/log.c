#include "daemon/log.h"

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

static void write_line(const char *level, const char *event, const char *fmt,
    va_list args) PRINTF(3, 0);

static void
write_line(const char *level, const char *event, const char *fmt, va_list args)
{
	char line[4096], time[TIME_TEXT];
	size_t n;
	ssize_t done;

	time_format_ms(time_now_ms(), time);
	n = (size_t)snprintf(line, sizeof(line), "time=%s level=%s event=%s ",
	    time, level, event);
	vsnprintf(line + n, sizeof(line) - n - 1, fmt, args);
	n = strlen(line);
	line[n++] = '\n';
	/* One write a line: threads and processes do not mix theirs. */
	done = write(STDERR_FILENO, line, n);
	(void)done;
}

#define LEVEL(name, word)                              \
	void name(const char *event, const char *fmt, ...) \
	{                                              \
		va_list args;                          \
                                                       \
		va_start(args, fmt);                   \
		write_line(word, event, fmt, args);    \
		va_end(args);                          \
	}

LEVEL(log_info, "info")
LEVEL(log_warning, "warning")
LEVEL(log_error, "error")
