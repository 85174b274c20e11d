/*
 * Fuzz target: the certificate that a client shows.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/time.h"
#include "fuzz.h"
#include "pki/asn1.h"
#include "pki/trust.h"

/* A CA, made once from the seeds. */
static const char ca_pem[] =
#include "fuzz_ca.inc"
    ;

/*
 * What is told of one that is refused, which OpenSSL has parsed and nobody has
 * verified; and who it is, if it were accepted.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trust *trust;
	const unsigned char *at = data;
	char subject[256], serial[CERT_SERIAL], when[TIME_TEXT];
	struct trust_result result;
	struct error err = { 0 };
	struct cert *cert;
	int64_t ends_at;
	X509 *x509;

	if (trust == NULL &&
	    ((trust = trust_new(&err)) == NULL ||
		!trust_add_ca(trust, "ca", span_of_str(ca_pem), &err)))
		abort();
	if (size > LIMIT_CERT_BYTES ||
	    (x509 = d2i_X509(NULL, &at, (long)size)) == NULL) {
		ERR_clear_error();
		return 0;
	}
	asn1_name(X509_get_subject_name(x509), subject, sizeof(subject));
	cert_serial(x509, serial);
	if (strlen(subject) >= sizeof(subject) ||
	    strlen(serial) >= sizeof(serial))
		abort();
	if (asn1_time(X509_get0_notAfter(x509), &ends_at))
		time_format_at(ends_at, when);
	cert = cert_of_x509(x509, &err);
	FUZZ_CHECK(cert != NULL, err);
	if (cert != NULL)
		trust_issued(trust, cert, 1700000000, &result);
	cert_free(cert);
	X509_free(x509);
	return 0;
}
