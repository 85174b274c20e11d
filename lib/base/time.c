/*
 * Parsing and formatting times (time.h).
 */
#include "base/time.h"

#include <string.h>
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

/*
 * Days since 1970 of a date of the Gregorian calendar, and back: the C
 * library's functions look up time zones, and there is a time in every entry.
 * A year begins in March here, so that its leap day is the last.
 */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
	const int64_t y = month > 2 ? year : year - 1;
	const int64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day -
	    719469;
}

struct date {
	int64_t year, month, day;
};

static struct date
date_of(int64_t days)
{
	const int64_t all = days + 719468;
	const int64_t era = all / 146097, in_era = all % 146097;
	const int64_t year =
	    (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	const int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	const int64_t m = (5 * in_year + 2) / 153;

	return (struct date){ .year = era * 400 + year + (m > 9),
		.month = m < 10 ? m + 3 : m - 9,
		.day = in_year - (153 * m + 2) / 5 + 1 };
}

static void
put_digits(char *out, int64_t value, unsigned num)
{
	while (num-- > 0) {
		out[num] = (char)('0' + value % 10);
		value /= 10;
	}
}

/* March 0000 to 9999: what cannot be written is one end of them. */
static int64_t
within(int64_t at)
{
	const int64_t first = -62162035200, last = 253402300799;

	return at < first ? first : at > last ? last : at;
}

enum { DAY_SECONDS = 24 * 60 * 60 };

static int64_t
day_of(int64_t at)
{
	return at / DAY_SECONDS - (at % DAY_SECONDS < 0);
}

void
time_format_date(int64_t at, char out[TIME_TEXT])
{
	const struct date date = date_of(day_of(within(at)));

	memcpy(out, "0000-00-00", 11);
	put_digits(out, date.year, 4);
	put_digits(out + 5, date.month, 2);
	put_digits(out + 8, date.day, 2);
}

void
time_format_at(int64_t at, char out[TIME_TEXT])
{
	const int64_t second = within(at) - day_of(within(at)) * DAY_SECONDS;

	time_format_date(at, out);
	memcpy(out + 10, "T00:00:00Z", 11);
	put_digits(out + 11, second / 3600, 2);
	put_digits(out + 14, second / 60 % 60, 2);
	put_digits(out + 17, second % 60, 2);
}

void
time_format_ms(int64_t ms, char out[TIME_TEXT])
{
	time_format_at(ms / 1000, out);
	memcpy(out + 19, ".000Z", 6);
	put_digits(out + 20, ms % 1000 < 0 ? 0 : ms % 1000, 3);
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

/* One moment, one spelling: no 31 February for 3 March, no second 60. */
static bool
parse(struct span text, bool with_time, int64_t *out)
{
	const int year = number(text, 0, 4), month = number(text, 5, 2);
	const int day = number(text, 8, 2);
	const int hour = with_time ? number(text, 11, 2) : 0;
	const int minute = with_time ? number(text, 14, 2) : 0;
	const int second = with_time ? number(text, 17, 2) : 0;
	const int64_t days = days_of(year, month, day);
	const struct date back = date_of(days);

	if (year < 1970 || month < 1 || month > 12 || back.month != month ||
	    back.day != day || hour > 23 || minute > 59 || second > 59)
		return false;
	*out = days * DAY_SECONDS + hour * 3600 + minute * 60 + second;
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
