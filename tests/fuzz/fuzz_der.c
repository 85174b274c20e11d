/*
 * Fuzz target: CMS signatures in DER.
 */
#include <openssl/cms.h>
#include <openssl/err.h>

#include "base/limits.h"
#include "fuzz.h"
#include "pki/cades.h"
#include "pki/signed_data.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cert_cache *certs;
	struct signed_data found;
	struct error err = { 0 };
	struct cades cades = { 0 };
	bool ok;

	ok = signed_data_parse(span_of(data, size), &found, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	if (certs == NULL)
		certs = cert_cache_new(&err);
	ok = cades_verify(certs, span_of(data, size), span_of_str("x"), &cades,
	    &err);
	FUZZ_CHECK(ok, err);
	cades_free(&cades);
	return 0;
}
