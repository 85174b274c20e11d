/*
 * Fuzz target: streams of server-sent events.
 */
#include "base/digest.h"
#include "fuzz.h"
#include "remote/events.h"

static bool
seen(void *arg, const struct remote_event *event, struct error *err)
{
	struct buf *all = arg;

	return buf_append(all, event->id, err) &&
	    buf_append_u8(all, '|', err) && buf_append(all, event->type, err) &&
	    buf_append_u8(all, '|', err) && buf_append(all, event->data, err);
}

/* The events must be the same in whatever pieces the stream comes. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = BUF(1024 * 1024), pieces = BUF(1024 * 1024);
	struct events one = EVENTS(seen, &whole), two = EVENTS(seen, &pieces);
	struct error err = { 0 }, why = { 0 };
	const bool ok = events_take(&one, span_of(data, size), &err);
	bool same = true;

	FUZZ_CHECK(ok, err);
	for (size_t i = 0; same && i < size; i++)
		same = events_take(&two, span_of(data + i, 1), &why);
	if (same != ok || !span_eq(buf_span(&whole), buf_span(&pieces)))
		__builtin_trap();
	events_free(&one);
	events_free(&two);
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
