/*
 * Fuzz target: waybills, slips and lists.
 */
#include <stdlib.h>

#include "bag/slip.h"
#include "bag/waybill.h"
#include "fuzz.h"

/* The same for a slip. */
static void
try_slip(struct span input)
{
	struct buf text = BUF(LIMIT_SLIP_BYTES), again = BUF(LIMIT_SLIP_BYTES);
	struct error err = { 0 };
	struct slip slip, back;
	const bool ok = slip_parse(input, &slip, &err);

	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	if (ok &&
	    (!slip_encode(&slip, &text, &err) ||
		!slip_parse(buf_span(&text), &back, &err) ||
		!slip_encode(&back, &again, &err) ||
		!span_eq(buf_span(&text), buf_span(&again))))
		__builtin_trap();
	buf_free(&text);
	buf_free(&again);
}

/* Parse a list into the waybill that names it. */
static void
try_list(struct span input)
{
	struct error err = { 0 };
	struct waybill *waybill = waybill_new(&err);
	bool ok;

	if (waybill == NULL)
		return;
	waybill->list = sha256_of(input);
	ok = waybill_parse_list(waybill, input, &err);
	FUZZ_CHECK(ok, err);
	waybill_free(waybill);
}

/*
 * What parses must encode, and what was encoded must parse to the same again.
 */
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
		waybill_free(back);
	}
	waybill_free(waybill);
	err = (struct error){ 0 };
	answer = acknowledgement_parse(span_of(data, size), &err);
	FUZZ_CHECK(answer != NULL, err);
	text.len = 0;
	if (answer != NULL && acknowledgement_encode(answer, &text, &err)) {
		acknowledgement_free(answer);
		answer = acknowledgement_parse(buf_span(&text), &err);
		if (answer == NULL)
			__builtin_trap();
	}
	acknowledgement_free(answer);
	try_slip(span_of(data, size));
	try_list(span_of(data, size));
	buf_free(&text);
	buf_free(&again);
	return 0;
}
