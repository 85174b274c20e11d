#include <stdlib.h>

#include "bag/waybill.h"
#include "fuzz.h"

/* What parses encodes, and what was encoded parses to the same again. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF(8 * 1024 * 1024), again = BUF(8 * 1024 * 1024);
	struct error err = { 0 };
	struct waybill *waybill = waybill_parse(span_of(data, size), &err),
		       *back;
	struct acknowledgement *answer;

	FUZZ_CHECK(waybill != NULL, err);
	if (waybill != NULL && waybill_encode(waybill, &text, &err)) {
		back = waybill_parse(buf_span(&text), &err);
		if (back == NULL || !waybill_encode(back, &again, &err) ||
		    !span_eq(buf_span(&text), buf_span(&again)))
			__builtin_trap();
		free(back);
	}
	free(waybill);
	err = (struct error){ 0 };
	answer = acknowledgement_parse(span_of(data, size), &err);
	FUZZ_CHECK(answer != NULL, err);
	text.len = 0;
	if (answer != NULL && acknowledgement_encode(answer, &text, &err)) {
		free(answer);
		answer = acknowledgement_parse(buf_span(&text), &err);
		if (answer == NULL)
			__builtin_trap();
	}
	free(answer);
	buf_free(&text);
	buf_free(&again);
	return 0;
}
