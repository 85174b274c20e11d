/* The file of sizes and times: our own clock's, and the last entry's. */
#include "client/seen_clock.h"

#include <string.h>

#include "base/time.h"

/* Its lines (a header, an entry's, one for each size) are all short. */
enum { CLOCK_FILE = (LIMIT_CLOCK_LINES + 2) * 96 };

static bool
take_time(struct span *line, int64_t *out)
{
	struct span word;

	if (!span_take_until(line, ' ', &word)) {
		word = *line;
		*line = span_of(NULL, 0);
	}
	*out = 0;
	return span_is(word, "-") || time_parse_ms(word, out);
}

/* Take in a line of the file; false if it is damaged. */
static bool
take_line(struct span line, struct seen_clock *to)
{
	struct clock_line one;
	struct span word, number;
	int64_t at;

	if (!span_take_until(&line, ' ', &word) ||
	    !span_take_until(&line, ' ', &number))
		return false;
	if (span_is(word, "entry")) {
		to->has_entry =
		    span_to_u64(number, &to->index) && take_time(&line, &at);
		to->entry_ms = to->has_entry ? at : 0;
		return to->has_entry;
	}
	if (!span_is(word, "seen") || !span_to_u64(number, &one.size) ||
	    !take_time(&line, &one.first_ms) || !take_time(&line, &one.last_ms))
		return false;
	clock_saw(to, one.size, one.first_ms, one.last_ms);
	return true;
}

void
clock_load(const char *dir, struct seen_clock *out)
{
	struct buf text = BUF(CLOCK_FILE);
	struct error ignored = { 0 };
	struct span rest, line;
	char path[FILE_PATH];
	bool ok;

	*out = (struct seen_clock){ .num = 0 };
	ok = file_join(path, dir, "clock", &ignored) &&
	    file_read(path, text.max, &text, &ignored);
	rest = buf_span(&text);
	ok = ok && span_take_line(&rest, &line) &&
	    span_is(line, "valise clock 1");
	while (ok && span_take_line(&rest, &line))
		ok = take_line(line, out);
	if (!ok)
		*out = (struct seen_clock){ .num = 0 };
	buf_free(&text);
}

bool
clock_store(const char *dir, const struct seen_clock *clock, struct error *err)
{
	struct buf text = BUF(CLOCK_FILE);
	char path[FILE_PATH], first[TIME_TEXT], last[TIME_TEXT];
	bool ok = buf_append_str(&text, "valise clock 1\n", err);

	time_format_ms(clock->entry_ms, first);
	if (ok && clock->has_entry)
		ok = buf_printf(&text, err, "entry %llu %s\n",
		    (unsigned long long)clock->index, first);
	for (size_t i = 0; ok && i < clock->num; i++) {
		const struct clock_line *one = &clock->lines[i];

		time_format_ms(one->first_ms, first);
		time_format_ms(one->last_ms, last);
		ok = buf_printf(&text, err, "seen %llu %s %s\n",
		    (unsigned long long)one->size, first,
		    one->last_ms != 0 ? last : "-");
	}
	ok = ok && file_join(path, dir, "clock", err) &&
	    file_write_quick(path, buf_span(&text), 0600, err);
	buf_free(&text);
	return ok;
}

/*
 * Drop every second line of the older half, since the newest ones tell the
 * most.
 */
static void
thin_out(struct seen_clock *clock)
{
	size_t num = 0;

	for (size_t i = 0; i < clock->num; i++)
		if (i >= clock->num / 2 || i % 2 == 0)
			clock->lines[num++] = clock->lines[i];
	clock->num = num;
}

void
clock_saw(struct seen_clock *clock, uint64_t size, int64_t first_ms,
    int64_t last_ms)
{
	struct clock_line *lines = clock->lines;
	size_t at;

	if (clock->num == LIMIT_CLOCK_LINES)
		thin_out(clock);
	for (at = clock->num; at > 0 && lines[at - 1].size >= size; at--)
		if (lines[at - 1].size == size) {
			struct clock_line *one = &lines[at - 1];

			if (first_ms < one->first_ms)
				one->first_ms = first_ms;
			if (last_ms > one->last_ms)
				one->last_ms = last_ms;
			return;
		}
	memmove(lines + at + 1, lines + at, (clock->num - at) * sizeof(*lines));
	lines[at] = (struct clock_line){ size, first_ms, last_ms };
	clock->num++;
}

void
clock_merge(struct seen_clock *clock, const struct seen_clock *other)
{
	for (size_t i = 0; i < other->num; i++)
		clock_saw(clock, other->lines[i].size, other->lines[i].first_ms,
		    other->lines[i].last_ms);
	if (other->has_entry &&
	    (!clock->has_entry || other->index > clock->index)) {
		clock->has_entry = true;
		clock->index = other->index;
		clock->entry_ms = other->entry_ms;
	}
}

int64_t
clock_of(const struct seen_clock *clock, uint64_t size)
{
	for (size_t i = clock->num; i > 0; i--)
		if (clock->lines[i - 1].size == size)
			return clock->lines[i - 1].first_ms;
	return 0;
}

bool
clock_entry(struct seen_clock *clock, uint64_t index, int64_t time_ms)
{
	if (clock->has_entry &&
	    ((index > clock->index && time_ms < clock->entry_ms) ||
		(index < clock->index && time_ms > clock->entry_ms)))
		return false;
	if (!clock->has_entry || index > clock->index) {
		clock->has_entry = true;
		clock->index = index;
		clock->entry_ms = time_ms;
	}
	return true;
}

int64_t
clock_differs(const struct seen_clock *clock, uint64_t index, int64_t time_ms,
    int64_t now_ms)
{
	const int64_t skew_ms = TIME_SKEW_SECONDS * 1000;
	int64_t after = 0, before = now_ms;

	for (size_t i = 0; i < clock->num; i++) {
		const struct clock_line *one = &clock->lines[i];

		if (one->size <= index && one->last_ms != 0)
			after = one->last_ms;
		if (one->size > index) {
			before = one->first_ms;
			break;
		}
	}
	if (time_ms > before + skew_ms)
		return time_ms - before;
	return after != 0 && time_ms < after - skew_ms ? time_ms - after : 0;
}
