/*
 * Reading OpenSSL's ASN.1 values (asn1.h).
 */
#include "pki/asn1.h"

#include <stdio.h>
#include <time.h>

#include <openssl/err.h>

bool
asn1_time(const ASN1_TIME *time, int64_t *out)
{
	struct tm tm = { 0 };

	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	*out = (int64_t)timegm(&tm);
	return true;
}

void
asn1_name(const X509_NAME *name, char *out, size_t max)
{
	BIO *text = BIO_new(BIO_s_mem());
	char *data;
	long len;

	out[0] = '\0';
	if (text != NULL &&
	    X509_NAME_print_ex(text, name, 0,
		XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) > 0 &&
	    (len = BIO_get_mem_data(text, &data)) > 0)
		snprintf(out, max, "%.*s", (int)len, data);
	BIO_free(text);
}

const EVP_MD *
asn1_digest(unsigned bits)
{
	return bits == 384 ? EVP_sha384()
	    : bits == 512  ? EVP_sha512()
			   : EVP_sha256();
}

bool
asn1_bad_form(struct error *err, const char *what)
{
	ERR_clear_error();
	return error_set_code(err, ERROR_MALFORMED, "SIGNATURE_FORM", "%s",
	    what);
}

bool
asn1_too_weak(struct error *err, const char *what)
{
	ERR_clear_error();
	return error_set_code(err, ERROR_UNTRUSTED, "SIGNATURE_WEAK", "%s",
	    what);
}
