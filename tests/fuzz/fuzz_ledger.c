/*
 * Fuzz target: the ledger's file.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "record/ledger_file.h"

/*
 * A ledger's file with its sum put right: if it parses, it must encode to the
 * same bytes.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf bytes = BUF(SIZE_MAX), again = BUF(SIZE_MAX);
	struct digest sum = sha256_of(span_of(data, size));
	struct journal_from from;
	struct error err = { 0 };
	struct ledger *ledger = NULL;

	if (buf_append(&bytes, span_of(data, size), &err) &&
	    buf_append(&bytes, span_of(sum.bytes, sizeof(sum)), &err))
		ledger = ledger_file_parse(buf_span(&bytes), &from, &err);
	FUZZ_CHECK(ledger != NULL, err);
	if (ledger != NULL &&
	    (!ledger_file_encode(ledger, &from.root, &again, &err) ||
		!span_eq(buf_span(&again), buf_span(&bytes))))
		__builtin_trap();
	ledger_free(ledger);
	buf_free(&bytes);
	buf_free(&again);
	return 0;
}
