/*
 * Fuzz target: requests of git clients.
 */
#include "fuzz.h"
#include "git/request.h"

/* The first byte selects the version; gzip input is inflated first. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf body = BUF(1024 * 1024);
	struct git_request request;
	struct error err = { 0 };
	bool ok;

	if (size == 0)
		return 0;
	if (git_gunzip(span_of(data + 1, size - 1), &body, &err)) {
		FUZZ_CHECK(true, err);
	} else {
		FUZZ_CHECK(false, err);
		err = (struct error){ 0 };
		body.len = 0;
		if (!buf_append(&body, span_of(data + 1, size - 1), &err))
			return 0;
	}
	ok = git_request_parse(buf_span(&body), (data[0] & 1) != 0, &request,
	    &err);
	FUZZ_CHECK(ok, err);
	if (ok &&
	    request.wants.num + request.haves.num + request.shallows.num >
		LIMIT_GIT_IDS)
		__builtin_trap();
	if (ok)
		git_request_free(&request);
	buf_free(&body);
	return 0;
}
