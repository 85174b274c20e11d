/*
 * Fuzz target: termination.yaml.
 */
#include "document/termination.h"
#include "fuzz.h"

/* What was encoded must parse to the same again. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct termination one, two;
	struct buf text = BUF(1024 * 1024), again = BUF(1024 * 1024);
	struct error err = { 0 };
	const bool ok = termination_parse(span_of(data, size), &one, &err);

	FUZZ_CHECK(ok, err);
	if (ok &&
	    (!termination_encode(&one, &text, &err) ||
		!termination_parse(buf_span(&text), &two, &err) ||
		!termination_encode(&two, &again, &err) ||
		!span_eq(buf_span(&text), buf_span(&again))))
		__builtin_trap();
	buf_free(&text);
	buf_free(&again);
	return 0;
}
