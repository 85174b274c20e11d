/*
 * Fuzz target: the file that describes an upload, and a client's metadata.
 */
#include "daemon/spool/uploads.h"
#include "fuzz.h"

/* A file that parses encodes to what parses to the same. */
static void
try_info(struct span input)
{
	struct upload_info one = { .offset = 0 }, two = { .offset = 0 };
	struct buf text = BUF(4096);
	struct error err = { 0 };

	if (upload_info_parse(input, &one) &&
	    (!upload_info_encode(&one, &text, &err) ||
		!upload_info_parse(buf_span(&text), &two) ||
		one.length != two.length ||
		!digest_eq(&one.sha256, &two.sha256) ||
		!span_is(span_of_str(one.person), two.person) ||
		!span_is(span_of_str(one.office), two.office)))
		__builtin_trap();
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct digest digest = { { 0 } };

	try_info(span_of(data, size));
	(void)!upload_metadata_parse(span_of(data, size), &digest);
	return 0;
}
