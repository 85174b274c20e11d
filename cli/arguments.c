/*
 * Checks of arguments that several commands share (arguments.h).
 */
#include "cli/arguments.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/output.h"

bool
arguments_need_line(const struct context *context, const char *what,
    struct error *err)
{
	return !context->local ||
	    error_set(err, ERROR_USAGE, "%s needs a line: not with --local",
		what);
}

bool
arguments_time_bound(const char *text, bool ends, int64_t *out_ms,
    struct error *err)
{
	int64_t at;

	if (time_parse_date(span_of_str(text), &at))
		at += ends ? 24 * 60 * 60 : 0;
	else if (!time_parse_at(span_of_str(text), &at))
		return error_set(err, ERROR_USAGE,
		    "\"%s\" is neither a date (2026-11-23) nor a time"
		    " (2026-11-23T10:00:00Z)",
		    text);
	*out_ms = at * 1000;
	return true;
}

bool
arguments_compose(const char *what, const char *text, char *out, size_t size,
    struct error *err)
{
	struct buf nfc = BUF(size - 1);
	bool ok;

	if (text[0] == '\0')
		return error_set(err, ERROR_MALFORMED, "it is empty");
	ok = text_compose(span_of_str(text), &nfc, err) &&
	    span_to_str(buf_span(&nfc), out, size);

	buf_free(&nfc);
	if (ok && strcmp(out, text) != 0)
		output_note("%s is deposited in the composed form (NFC), as it"
			    " is typed: %s",
		    what, out);
	return ok;
}
