/*
 * Fuzz target: version.yaml.
 */
#include <stdlib.h>

#include "document/version.h"
#include "fuzz.h"

/*
 * What parses must encode, and what was encoded must parse to the same again.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF(4 * 1024 * 1024), again = BUF(4 * 1024 * 1024);
	struct error err = { 0 };
	struct version *version = version_parse(span_of(data, size), &err),
		       *back;

	FUZZ_CHECK(version != NULL, err);
	if (version != NULL && version_encode(version, &text, &err) &&
	    text.len < LIMIT_VERSION_BYTES) {
		back = version_parse(buf_span(&text), &err);
		if (back == NULL || !version_encode(back, &again, &err) ||
		    !span_eq(buf_span(&text), buf_span(&again)))
			__builtin_trap();
		version_free(back);
	}
	version_free(version);
	buf_free(&text);
	buf_free(&again);
	return 0;
}
