/*
 * Fuzz target: certificates, and files of CAs.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "pki/trust.h"

/* Parse the input as a certificate, and as a file of CAs. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span in = span_of(data, size);
	struct error err = { 0 };
	struct trust *trust = trust_new(&err);
	struct trust_result result;
	struct cert *cert;
	bool ok;

	cert = size > 0 && data[0] == 0x30 ? cert_parse(in, &err)
					   : cert_parse_pem(in, &err);
	FUZZ_CHECK(cert != NULL, err);
	err = (struct error){ 0 };
	ok = trust_add_ca(trust, "ca", in, &err);
	FUZZ_CHECK(ok, err);
	if (ok != (trust_ca(trust, "ca") != NULL))
		abort();
	if (cert != NULL) {
		err = (struct error){ 0 };
		ok = cert_check_key(cert, &err);
		FUZZ_CHECK(ok, err);
		trust_issued(trust, cert, 1700000000, &result);
	}
	cert_free(cert);
	trust_free(trust);
	return 0;
}
