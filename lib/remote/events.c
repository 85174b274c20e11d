/*
 * Parsing server-sent events (events.h).
 */
#include "remote/events.h"

#include "base/text.h"

/* Append to a field of an event, or end it. */
static bool
take_line(struct events *to, struct span line, struct error *err)
{
	struct span name = line, value = span_of(NULL, 0);
	const struct remote_event event = { span_of_str(to->id),
		span_of_str(to->type), buf_span(&to->data) };
	bool ok;

	if (line.len == 0) {
		ok = to->data.len == 0 || to->seen(to->arg, &event, err);
		to->data.len = 0;
		to->type[0] = '\0';
		return ok;
	}
	if (span_take_until(&line, ':', &name)) {
		value = line;
		if (value.len > 0 && value.data[0] == ' ')
			value = span_sub(value, 1, value.len - 1);
	}
	if (span_is(name, "data"))
		return buf_append(&to->data, value, err);
	if (span_is(name, "id") && !span_to_str(value, to->id, sizeof(to->id)))
		return error_set(err, ERROR_MALFORMED, "an event's id");
	if (span_is(name, "event") &&
	    !span_to_str(value, to->type, sizeof(to->type)))
		to->type[0] = '\0';
	return true;
}

bool
events_take(struct events *events, struct span bytes, struct error *err)
{
	struct span line;

	while (span_take_line(&bytes, &line)) {
		if (!buf_append(&events->line, line, err) ||
		    !take_line(events, buf_span(&events->line), err))
			return false;
		events->line.len = 0;
	}
	return buf_append(&events->line, bytes, err);
}

void
events_free(struct events *events)
{
	buf_free(&events->line);
	buf_free(&events->data);
}
