#include <openssl/cms.h>
#include <openssl/err.h>

#include "base/limits.h"
#include "fuzz.h"
#include "pki/cades.h"
#include "pki/der.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cert_cache *certs;
	struct buf out = BUF(1024 * 1024);
	struct span found[LIMIT_CERTS_IN_CMS];
	struct error err = { 0 };
	struct cades cades = { 0 };
	size_t num;
	bool ok;

	ok = der_strip_signed_data(span_of(data, size), &out, found,
	    LIMIT_CERTS_IN_CMS, &num, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	if (certs == NULL)
		certs = cert_cache_new(&err);
	ok = cades_verify(certs, span_of(data, size), span_of_str("x"), &cades,
	    &err);
	FUZZ_CHECK(ok, err);
	cades_free(&cades);
	buf_free(&out);
	return 0;
}
