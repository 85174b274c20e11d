/*
 * Fuzz target: revocation lists.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "pki/crl_listing.h"
#include "pki/revocation.h"

/* A CA and one of its certificates, made once from the seeds. */
static const char ca_pem[] =
#include "fuzz_ca.inc"
    ;

/*
 * Read the input as a file of lists, look a certificate up in them, and ask
 * which are newer.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trust *trust;
	static struct cert *cert;
	struct error err = { 0 };
	struct crls *crls = crls_new(&err);
	struct revocation *revocation = revocation_new(&err);
	struct revocation_result result;
	struct crl_listing listing;
	unsigned bad = 0;
	bool ok;

	if (trust == NULL) {
		struct span pem = span_of_str(ca_pem);

		trust = trust_new(&err);
		if (!trust_add_ca(trust, "ca", pem, &err) ||
		    (cert = cert_parse_pem(pem, &err)) == NULL)
			abort();
	}
	ok = crls_add(crls, span_of(data, size), &bad, &err);
	FUZZ_CHECK(ok, err);
	if (ok != (crls_count(crls) > 0))
		abort();
	for (size_t i = 0; i < crls_count(crls); i++) {
		(void)crl_covers(crls_at(crls, i), cert);
		(void)crl_lists(crls_at(crls, i), cert, &listing);
		(void)crl_same_scope(crls_at(crls, i), crls_at(crls, 0));
	}
	err = (struct error){ 0 };
	if (!revocation_add(revocation, crls, trust, 1, 1700000000, &err))
		abort();
	revocation_judge(revocation, cert, 1700000000, UINT64_MAX, &result);
	revocation_free(revocation);
	crls_free(crls);
	return 0;
}
