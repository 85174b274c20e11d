/*
 * Asking a revocation list for a certificate (crl_listing.h).
 */
#include "pki/crl_listing.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "pki/asn1.h"

/* Read what one entry says. False for removeFromCRL, which is no listing. */
static bool
read_listing(X509_REVOKED *entry, struct crl_listing *out)
{
	ASN1_ENUMERATED *reason =
	    X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	const long why = reason != NULL ? ASN1_ENUMERATED_get(reason)
					: CRL_REASON_UNSPECIFIED;
	ASN1_GENERALIZEDTIME *invalid =
	    X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, NULL, NULL);
	int64_t invalid_at;

	/* A date that does not parse counts as before all others. */
	if (!asn1_time(X509_REVOKED_get0_revocationDate(entry),
		&out->revoked_at))
		out->revoked_at = INT64_MIN;
	out->is_hold = why == CRL_REASON_CERTIFICATE_HOLD;
	out->since_at = out->revoked_at;
	/* A hold says nothing of the time before it. */
	if (!out->is_hold && invalid != NULL &&
	    asn1_time(invalid, &invalid_at) && invalid_at < out->since_at)
		out->since_at = invalid_at;
	ASN1_ENUMERATED_free(reason);
	ASN1_GENERALIZEDTIME_free(invalid);
	ERR_clear_error();
	return why != CRL_REASON_REMOVE_FROM_CRL;
}

/* Find the first entry that has this number or a greater one. */
static size_t
first_of(const struct crl *crl, const ASN1_INTEGER *serial)
{
	size_t low = 0, high = crl->num_entries;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(
					 crl->entries[middle]),
			serial) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* If there are several entries of one number, the worst of each counts. */
static bool
lists_integer(const struct crl *crl, const ASN1_INTEGER *serial,
    struct crl_listing *out)
{
	bool found = false;

	for (size_t i = first_of(crl, serial); i < crl->num_entries &&
	     ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(crl->entries[i]),
		 serial) == 0;
	     i++) {
		struct crl_listing one;

		if (!read_listing(crl->entries[i], &one))
			continue;
		if (!found)
			*out = one;
		out->is_hold = out->is_hold && one.is_hold;
		if (one.revoked_at < out->revoked_at)
			out->revoked_at = one.revoked_at;
		if (one.since_at < out->since_at)
			out->since_at = one.since_at;
		found = true;
	}
	return found;
}

bool
crl_lists(const struct crl *crl, const struct cert *cert,
    struct crl_listing *out)
{
	return lists_integer(crl, X509_get0_serialNumber(cert->x509), out);
}

size_t
crl_num_listings(const struct crl *crl)
{
	return crl->num_entries;
}

bool
crl_lists_as(const struct crl *other, const struct crl *crl, size_t i)
{
	const ASN1_INTEGER *serial =
	    X509_REVOKED_get0_serialNumber(crl->entries[i]);
	struct crl_listing is, was;

	return !lists_integer(crl, serial, &is) ||
	    (lists_integer(other, serial, &was) &&
		was.since_at <= is.since_at && (is.is_hold || !was.is_hold));
}

static bool
is_by_name(const struct crl *crl, const struct digest *issuer)
{
	const unsigned char *der;
	struct digest name;
	size_t len;

	if (X509_NAME_get0_der(X509_CRL_get_issuer(crl->x509), &der, &len) != 1)
		return false;
	name = sha256_of(span_of(der, len));
	return digest_eq(&name, issuer);
}

bool
crl_lists_serial(const struct crl *crl, const struct digest *issuer,
    const char *serial, struct crl_listing *out)
{
	ASN1_INTEGER *wanted = NULL;
	BIGNUM *number = NULL;
	bool found;

	if (is_by_name(crl, issuer) && BN_hex2bn(&number, serial) > 0)
		wanted = BN_to_ASN1_INTEGER(number, NULL);
	found = wanted != NULL && lists_integer(crl, wanted, out);
	ASN1_INTEGER_free(wanted);
	BN_free(number);
	return found;
}
