/*
 * Parsing and formatting times (time.h).
 */
#include "base/time.h"

#include <time.h>

int64_t
time_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
time_monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
break_down(int64_t at, struct tm *tm)
{
	const time_t when = (time_t)at;

	*tm = (struct tm){ 0 };
	gmtime_r(&when, tm);
}

void
time_format_date(int64_t at, char out[TIME_TEXT])
{
	struct tm tm;

	break_down(at, &tm);
	strftime(out, TIME_TEXT, "%Y-%m-%d", &tm);
}

void
time_format_at(int64_t at, char out[TIME_TEXT])
{
	struct tm tm;

	break_down(at, &tm);
	strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void
time_format_ms(int64_t ms, char out[TIME_TEXT])
{
	char at[TIME_TEXT];

	time_format_at(ms / 1000, at);
	snprintf(out, TIME_TEXT, "%.19s.%03dZ", at, (int)(ms % 1000));
}

/*
 * True if text has a digit where pattern has '0', and the pattern's own
 * character elsewhere.
 */
static bool
matches(struct span text, const char *pattern)
{
	if (text.len != strlen(pattern))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.data[i];

		if (pattern[i] == '0' ? c < '0' || c > '9'
				      : c != (uint8_t)pattern[i])
			return false;
	}
	return true;
}

static int
number(struct span text, size_t from, size_t len)
{
	int value = 0;

	for (size_t i = from; i < from + len; i++)
		value = value * 10 + (text.data[i] - '0');
	return value;
}

static bool
parse(struct span text, bool with_time, int64_t *out)
{
	struct tm tm = { 0 }, back = { 0 };
	time_t at;

	tm.tm_year = number(text, 0, 4) - 1900;
	tm.tm_mon = number(text, 5, 2) - 1;
	tm.tm_mday = number(text, 8, 2);
	if (with_time) {
		tm.tm_hour = number(text, 11, 2);
		tm.tm_min = number(text, 14, 2);
		tm.tm_sec = number(text, 17, 2);
	}
	if (tm.tm_year < 70)
		return false;
	/*
	 * timegm() takes 31 February for 3 March, so the date is formatted
	 * again and compared.
	 */
	at = timegm(&tm);
	gmtime_r(&at, &back);
	if (at < 0 || back.tm_mon != number(text, 5, 2) - 1 ||
	    back.tm_mday != number(text, 8, 2) ||
	    (with_time &&
		(back.tm_hour != number(text, 11, 2) ||
		    back.tm_min != number(text, 14, 2) ||
		    back.tm_sec != number(text, 17, 2))))
		return false;
	*out = (int64_t)at;
	return true;
}

bool
time_parse_ms(struct span text, int64_t *out)
{
	int64_t at;

	if (!matches(text, "0000-00-00T00:00:00.000Z") ||
	    !parse(text, true, &at))
		return false;
	*out = at * 1000 + number(text, 20, 3);
	return true;
}

bool
time_parse_at(struct span text, int64_t *out)
{
	return matches(text, "0000-00-00T00:00:00Z") && parse(text, true, out);
}

bool
time_parse_date(struct span text, int64_t *out)
{
	return matches(text, "0000-00-00") && parse(text, false, out);
}

bool
time_parse_interval(struct span text, unsigned *seconds)
{
	const char unit = text.len > 1 ? (char)text.data[text.len - 1] : '\0';
	const unsigned scale = unit == 's' ? 1
	    : unit == 'm'                  ? 60
	    : unit == 'h'                  ? 60 * 60
					   : 0;
	uint64_t number;

	if (scale == 0 ||
	    !span_to_u64(span_sub(text, 0, text.len - 1), &number) ||
	    number < 1 || number > 30 * 24 * 60 * 60 / scale)
		return false;
	*seconds = (unsigned)number * scale;
	return true;
}
