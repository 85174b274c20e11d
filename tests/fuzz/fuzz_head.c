/*
 * Fuzz target: HTTP heads and chunked bodies.
 */
#include "daemon/http/body.h"
#include "daemon/http/head.h"
#include "fuzz.h"

/* Parse a head, then the rest as a chunked body, whole and byte by byte. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span all = span_of(data, size);
	struct span rest = all, part, content;
	struct http_body whole, bytes;
	struct http_head head;
	char value[64];
	uint64_t from, to, got = 0;
	int a = 0, b = 0;

	if (http_head_parse(all, &head) == 0) {
		(void)http_query(&head, "document", value, sizeof(value));
		if (http_range(head.range, 1000, &from, &to) == 206 &&
		    (from >= to || to > 1000))
			__builtin_trap();
	}
	http_body_begin(&whole, true, 0, 1 << 20);
	while (a == 0 && rest.len > 0 && !http_body_ended(&whole))
		a = http_body_take(&whole, &rest, &content);
	http_body_begin(&bytes, true, 0, 1 << 20);
	rest = all;
	while (b == 0 && rest.len > 0 && !http_body_ended(&bytes) &&
	    span_take(&rest, 1, &part)) {
		b = http_body_take(&bytes, &part, &content);
		got += content.len;
	}
	if (a != b || http_body_ended(&whole) != http_body_ended(&bytes) ||
	    (a == 0 && got != whole.received))
		__builtin_trap();
	return 0;
}
