/*
 * Fuzz target: timestamp tokens.
 */
#include "fuzz.h"
#include "pki/cades.h"
#include "pki/timestamp.h"

/* Parse a token, and check it against bytes that it does not cover. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	bool ok = timestamp_check_form(span_of(data, size), &err);

	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = cades_verify_timestamp(span_of(data, size), span_of("fuzz", 4),
	    &err);
	FUZZ_CHECK(ok, err);
	return 0;
}
