/*
 * Fuzz target: enrolment files.
 */
#include "client/enrolment.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct enrolment enrolment;
	struct note_keys keys;
	struct error err = { 0 };
	bool ok = enrolment_parse(span_of(data, size), &enrolment, &err);

	FUZZ_CHECK(ok, err);
	if (!ok)
		return 0;
	ok = note_keys_parse(buf_span(&enrolment.before), &enrolment.journal,
	    &keys, &err);
	FUZZ_CHECK(ok, err);
	enrolment_free(&enrolment);
	return 0;
}
