/*
 * Checking the form of a timestamp token (timestamp.h).
 */
#include "pki/timestamp.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/limits.h"
#include "base/time.h"
#include "pki/asn1.h"
#include "pki/der.h"
#include "pki/signed_data.h"

#define PKCS 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01

static const uint8_t oid_signed_data[] = { 0x06, 9, PKCS, 0x07, 0x02 };
static const uint8_t oid_tst_info[] = { 0x06, 11, PKCS, 0x09, 0x10, 0x01,
	0x04 };
static const uint8_t oid_content_type[] = { 0x06, 9, PKCS, 0x09, 0x03 };

#define IS(tlv, oid) span_eq((tlv).whole, span_of(oid, sizeof(oid)))

static void
pass(struct span *in, uint8_t tag)
{
	struct tlv tlv;

	if (!der_take_tag(in, tag, &tlv))
		return;
}

/* MessageImprint ::= SEQUENCE { hashAlgorithm, hashedMessage } */
static bool
is_imprint(struct span in)
{
	struct tlv algorithm, hash;

	return der_take_tag(&in, DER_SEQUENCE, &algorithm) &&
	    der_take_tag(&in, DER_OCTET_STRING, &hash) && in.len == 0 &&
	    hash.value.len > 0 &&
	    hash.value.len == signed_data_digest_bits(algorithm.value) / 8;
}

/* der_check() has looked at the digits; the fraction is left out. */
static bool
exists(struct span time)
{
	const char *t = (const char *)time.data;
	char text[TIME_TEXT];
	int64_t at;

	snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", t, t + 4,
	    t + 6, t + 8, t + 10, t + 12);
	return time_parse_at(span_of(text, strlen(text)), &at);
}

static bool
check_tst_info(struct span der, struct error *err)
{
	static const uint8_t optional[] = { DER_SEQUENCE, DER_BOOLEAN,
		DER_INTEGER, DER_CONTEXT_0, DER_CONTEXT_1 };
	struct tlv info, version, policy, imprint, serial, time;
	struct span in;

	if (!der_check(der, err)) {
		if (err->kind == ERROR_MALFORMED)
			snprintf(err->code, sizeof(err->code),
			    "SIGNATURE_FORM");
		return false;
	}
	if (!der_take_tag(&der, DER_SEQUENCE, &info))
		return asn1_bad_form(err, "the timestamp has no TSTInfo");
	in = info.value;
	if (!der_take_tag(&in, DER_INTEGER, &version) ||
	    !span_eq(version.value, span_of("\1", 1)) ||
	    !der_take_tag(&in, DER_OID, &policy) ||
	    !der_take_tag(&in, DER_SEQUENCE, &imprint) ||
	    !is_imprint(imprint.value) ||
	    !der_take_tag(&in, DER_INTEGER, &serial) ||
	    !der_take_tag(&in, DER_GENERALIZED_TIME, &time) ||
	    !exists(time.value))
		return asn1_bad_form(err,
		    "the timestamp's TSTInfo is not of version 1,"
		    " with an imprint of SHA-256, 384 or 512 and a"
		    " time");
	for (size_t i = 0; i < sizeof(optional); i++)
		pass(&in, optional[i]);
	return in.len == 0 ||
	    asn1_bad_form(err, "more follows in the timestamp's TSTInfo");
}

/* The content-type, once, is that of what is signed (RFC 5652 11.1). */
static bool
has_content_type(struct span attributes)
{
	struct tlv attribute, type, values, value;
	unsigned num = 0;

	while (attributes.len > 0) {
		if (!der_take_tag(&attributes, DER_SEQUENCE, &attribute) ||
		    !der_take_tag(&attribute.value, DER_OID, &type) ||
		    !der_take_tag(&attribute.value, DER_SET, &values))
			return false;
		if (!IS(type, oid_content_type))
			continue;
		if (!der_take(&values.value, &value) ||
		    !IS(value, oid_tst_info) || values.value.len != 0)
			return false;
		num++;
	}
	return num == 1;
}

static bool
is_signer(struct span in)
{
	struct tlv version, id, digest, attributes;

	return der_take_tag(&in, DER_INTEGER, &version) && der_take(&in, &id) &&
	    der_take_tag(&in, DER_SEQUENCE, &digest) &&
	    der_take_tag(&in, DER_CONTEXT_0, &attributes) &&
	    has_content_type(attributes.value);
}

/* Take a token's SignedData up to its digestAlgorithms; *in is what follows. */
static bool
take_digests(struct span token, struct tlv *digests, struct span *in)
{
	struct tlv info, type, tagged, data, version;

	if (!der_take_tag(&token, DER_SEQUENCE, &info) ||
	    !der_take_tag(&info.value, DER_OID, &type) ||
	    !IS(type, oid_signed_data) ||
	    !der_take_tag(&info.value, DER_CONTEXT_0, &tagged) ||
	    !der_take_tag(&tagged.value, DER_SEQUENCE, &data))
		return false;
	*in = data.value;
	return der_take_tag(in, DER_INTEGER, &version) &&
	    der_take_tag(in, DER_SET, digests);
}

static bool
is_known_digest(struct span oid)
{
	const unsigned char *p = oid.data;
	ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &p, (long)oid.len);
	const bool known =
	    object != NULL && EVP_get_digestbyobj(object) != NULL;

	ASN1_OBJECT_free(object);
	return known;
}

bool
timestamp_digests_are_few(struct span token)
{
	struct tlv digests, algorithm, oid;
	struct span in;
	unsigned num = 0;

	if (!take_digests(token, &digests, &in))
		return true;
	for (; digests.value.len > 0; num++)
		if (num == LIMIT_FOREIGN_SIGNERS ||
		    !der_take_tag(&digests.value, DER_SEQUENCE, &algorithm) ||
		    !der_take_tag(&algorithm.value, DER_OID, &oid) ||
		    !is_known_digest(oid.whole))
			return false;
	return num > 0;
}

bool
timestamp_check_form(struct span token, struct error *err)
{
	struct tlv type, tagged, digests, content, octets, signers, signer;
	struct span in;

	if (!take_digests(token, &digests, &in) ||
	    !der_take_tag(&in, DER_SEQUENCE, &content) ||
	    !der_take_tag(&content.value, DER_OID, &type) ||
	    !IS(type, oid_tst_info) ||
	    !der_take_tag(&content.value, DER_CONTEXT_0, &tagged) ||
	    !der_take_tag(&tagged.value, DER_OCTET_STRING, &octets))
		return asn1_bad_form(err, "not an RFC 3161 timestamp token");
	pass(&in, DER_CONTEXT_0);
	pass(&in, DER_CONTEXT_1);
	if (!der_take_tag(&in, DER_SET, &signers) ||
	    !der_take_tag(&signers.value, DER_SEQUENCE, &signer) ||
	    signers.value.len != 0 || !is_signer(signer.value))
		return asn1_bad_form(err,
		    "the timestamp has not one signer, of a"
		    " TSTInfo");
	return check_tst_info(octets.value, err);
}
