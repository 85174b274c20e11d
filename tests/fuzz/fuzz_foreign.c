/*
 * Fuzz target: signatures and timestamps of other makers.
 */
#include "fuzz.h"
#include "pki/foreign.h"

static bool
visit(void *arg, const struct foreign_signer *signer, struct error *err)
{
	unsigned *seen = arg;

	(void)err;
	*seen += signer->state == FOREIGN_INTACT;
	return true;
}

/* Read the input as a CMS of another maker, and as a timestamp token. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span in = span_of(data, size);
	struct error err = { 0 };
	unsigned seen = 0;
	bool ok;

	ok = foreign_verify(in, span_of_str("hello\n"), visit, &seen, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = foreign_verify_timestamp(in, span_of_str("hello\n"), &err);
	FUZZ_CHECK(ok, err);
	return 0;
}
