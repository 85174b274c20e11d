/*
 * Checking the form of a SignedData against the one that is taken
 * (signed_data.h).
 */
#include "pki/signed_data.h"

#include <string.h>
#include <time.h>

#include "pki/asn1.h"

/* --- Object identifiers, as TLVs. --- */

#define PKCS9          0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09
#define PKCS1          0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01
#define OID(name, ...) static const uint8_t name[] = { 0x06, __VA_ARGS__ }

OID(oid_data, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01);
OID(oid_signed_data, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02);
OID(oid_content_type, 9, PKCS9, 0x03);
OID(oid_message_digest, 9, PKCS9, 0x04);
OID(oid_signing_time, 9, PKCS9, 0x05);
OID(oid_protection, 9, PKCS9, 0x34);
OID(oid_timestamp, 11, PKCS9, 0x10, 0x02, 0x0e);
OID(oid_commitment, 11, PKCS9, 0x10, 0x02, 0x10);
OID(oid_ess, 11, PKCS9, 0x10, 0x02, 0x2f);
OID(oid_pss, 9, PKCS1, 0x0a);
OID(oid_mgf1, 9, PKCS1, 0x08);
OID(oid_sha256, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01);
OID(oid_sha384, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02);
OID(oid_sha512, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03);
OID(oid_ecdsa256, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);
OID(oid_ecdsa384, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03);
OID(oid_ecdsa512, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04);
OID(oid_rsa, 9, PKCS1, 0x01);
OID(oid_rsa256, 9, PKCS1, 0x0b);
OID(oid_rsa384, 9, PKCS1, 0x0c);
OID(oid_rsa512, 9, PKCS1, 0x0d);

#define IS(tlv, oid) span_eq((tlv).whole, span_of(oid, sizeof(oid)))

static const struct {
	const uint8_t *oid;
	size_t len;
	unsigned bits;
} digests[] = {
	{ oid_sha256, sizeof(oid_sha256), 256 },
	{ oid_sha384, sizeof(oid_sha384), 384 },
	{ oid_sha512, sizeof(oid_sha512), 512 },
};

/*
 * bits 0: of whatever digest the SignerInfo names (RFC 3370 3.2).  The
 * parameters are NULL for RSA, and absent for ECDSA.
 */
static const struct {
	const uint8_t *oid;
	size_t len;
	unsigned bits;
	enum signature_kind kind;
} signatures[] = {
	{ oid_ecdsa256, sizeof(oid_ecdsa256), 256, SIGNATURE_ECDSA },
	{ oid_ecdsa384, sizeof(oid_ecdsa384), 384, SIGNATURE_ECDSA },
	{ oid_ecdsa512, sizeof(oid_ecdsa512), 512, SIGNATURE_ECDSA },
	{ oid_rsa, sizeof(oid_rsa), 0, SIGNATURE_RSA },
	{ oid_rsa256, sizeof(oid_rsa256), 256, SIGNATURE_RSA },
	{ oid_rsa384, sizeof(oid_rsa384), 384, SIGNATURE_RSA },
	{ oid_rsa512, sizeof(oid_rsa512), 512, SIGNATURE_RSA },
};

/* --- Algorithms. --- */

unsigned
signed_data_digest_bits(struct span algorithm)
{
	struct tlv oid, null;

	if (!der_take_tag(&algorithm, DER_OID, &oid) ||
	    (algorithm.len > 0 &&
		(!der_take_tag(&algorithm, DER_NULL, &null) ||
		    algorithm.len > 0)))
		return 0;
	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
		if (span_eq(oid.whole, span_of(digests[i].oid, digests[i].len)))
			return digests[i].bits;
	return 0;
}

/* [TAG] { AlgorithmIdentifier of a digest }: its bits, or 0. */
static unsigned
tagged_digest_bits(struct span *in, uint8_t tag)
{
	struct tlv tagged, algorithm;

	return der_take_tag(in, tag, &tagged) &&
		der_take_tag(&tagged.value, DER_SEQUENCE, &algorithm) &&
		tagged.value.len == 0
	    ? signed_data_digest_bits(algorithm.value)
	    : 0;
}

/*
 * RSASSA-PSS (RFC 4055 section 3.1): one hash for message and mask, a salt of
 * its length, the usual trailer.
 */
static bool
is_pss(struct span parameters, unsigned bits)
{
	struct tlv sequence, tagged, mask, oid, hash, salt;

	return der_take_tag(&parameters, DER_SEQUENCE, &sequence) &&
	    parameters.len == 0 &&
	    tagged_digest_bits(&sequence.value, DER_CONTEXT_0) == bits &&
	    der_take_tag(&sequence.value, DER_CONTEXT_1, &tagged) &&
	    der_take_tag(&tagged.value, DER_SEQUENCE, &mask) &&
	    tagged.value.len == 0 && der_take_tag(&mask.value, DER_OID, &oid) &&
	    IS(oid, oid_mgf1) &&
	    der_take_tag(&mask.value, DER_SEQUENCE, &hash) &&
	    mask.value.len == 0 &&
	    signed_data_digest_bits(hash.value) == bits &&
	    der_take_tag(&sequence.value, DER_CONTEXT_2, &tagged) &&
	    der_take_tag(&tagged.value, DER_INTEGER, &salt) &&
	    tagged.value.len == 0 && salt.value.len == 1 &&
	    salt.value.data[0] == bits / 8 && sequence.value.len == 0;
}

/* The signature's algorithm, and that it hashes with the digest's. */
static bool
check_signature_algorithm(struct span algorithm, struct signed_data *out,
    struct error *err)
{
	const unsigned bits = out->digest_bits;
	struct tlv oid, null;

	if (!der_take_tag(&algorithm, DER_OID, &oid))
		return asn1_bad_form(err, "its signature algorithm is none");
	out->kind = SIGNATURE_PSS;
	if (IS(oid, oid_pss))
		return is_pss(algorithm, bits) ||
		    asn1_too_weak(err,
			"its RSASSA-PSS has other hashes than its"
			" digest, or another salt");
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]);
	     i++) {
		if (!span_eq(oid.whole,
			span_of(signatures[i].oid, signatures[i].len)))
			continue;
		if (signatures[i].bits != 0 && signatures[i].bits != bits)
			return asn1_bad_form(err,
			    "its signature algorithm hashes with"
			    " another digest than the one it"
			    " names");
		out->kind = signatures[i].kind;
		if (out->kind == SIGNATURE_RSA &&
		    !der_take_tag(&algorithm, DER_NULL, &null))
			return asn1_bad_form(err,
			    "its signature algorithm lacks its"
			    " parameters");
		return algorithm.len == 0 ||
		    asn1_bad_form(err,
			"its signature algorithm has parameters");
	}
	return asn1_too_weak(err,
	    "its algorithm is neither ECDSA nor RSA with"
	    " SHA-256, 384 or 512");
}

/* --- Signed attributes. --- */

struct parsing {
	struct signed_data *out;
	struct span digest_algorithm, signature_algorithm; /* values */
	struct error *err;
};

static bool
read_content_type(struct parsing *parsing, const struct tlv *value)
{
	return IS(*value, oid_data) ||
	    asn1_bad_form(parsing->err,
		"its content-type attribute is not id-data");
}

static bool
read_message_digest(struct parsing *parsing, const struct tlv *value)
{
	parsing->out->message_digest = value->value;
	return (value->tag == DER_OCTET_STRING &&
		   value->value.len == parsing->out->digest_bits / 8) ||
	    asn1_bad_form(parsing->err,
		"its message-digest attribute is not of the"
		" digest that it names");
}

static int
two_digits(struct span text, size_t at)
{
	return (text.data[at] - '0') * 10 + text.data[at + 1] - '0';
}

/*
 * RFC 5652 section 11.3: UTCTime from 1950 to 2049, else GeneralizedTime.
 * der_check() has looked at the digits; what is read is written again, so that
 * a 31st of February is none.
 */
static bool
read_signing_time(struct parsing *parsing, const struct tlv *value)
{
	const bool utc = value->tag == DER_UTC_TIME;
	struct span text = value->value, rest;
	char again[80];
	struct tm tm = { 0 }, same;
	time_t at;

	if ((!utc && value->tag != DER_GENERALIZED_TIME) ||
	    text.len != (utc ? 13u : 15u))
		return asn1_bad_form(parsing->err,
		    "its signing-time is not in whole"
		    " seconds of UTC");
	tm.tm_year = utc
	    ? two_digits(text, 0)
	    : two_digits(text, 0) * 100 + two_digits(text, 2) - 1900;
	if (utc && tm.tm_year < 50)
		tm.tm_year += 100;
	rest = span_sub(text, utc ? 2 : 4, text.len - (utc ? 2 : 4));
	tm.tm_mon = two_digits(rest, 0) - 1;
	tm.tm_mday = two_digits(rest, 2);
	tm.tm_hour = two_digits(rest, 4);
	tm.tm_min = two_digits(rest, 6);
	tm.tm_sec = two_digits(rest, 8);
	at = timegm(&tm);
	if (gmtime_r(&at, &same) == NULL ||
	    utc != (same.tm_year >= 50 && same.tm_year < 150) ||
	    snprintf(again, sizeof(again), "%04d%02d%02d%02d%02d%02dZ",
		same.tm_year + 1900, same.tm_mon + 1, same.tm_mday,
		same.tm_hour, same.tm_min, same.tm_sec) != 15 ||
	    !span_is(text, again + (utc ? 2 : 0)))
		return asn1_bad_form(parsing->err,
		    "its signing-time is no time, or not"
		    " written as DER does");
	parsing->out->signing_at = (int64_t)at;
	return true;
}

/* IssuerSerial ::= SEQUENCE { GeneralNames of one directoryName, serial } */
static bool
read_issuer_serial(struct parsing *parsing, struct span in)
{
	struct tlv names, name, issuer, serial;

	if (!der_take_tag(&in, DER_SEQUENCE, &names) ||
	    !der_take_tag(&names.value, 0xa4, &name) || names.value.len != 0 ||
	    !der_take_tag(&name.value, DER_SEQUENCE, &issuer) ||
	    name.value.len != 0 || !der_take_tag(&in, DER_INTEGER, &serial) ||
	    in.len != 0)
		return false;
	parsing->out->ess_issuer = issuer.whole;
	parsing->out->ess_serial = serial.whole;
	return true;
}

/*
 * SigningCertificateV2 with one ESSCertIDv2 and no policies.  X.690 11.5: the
 * hash's algorithm is left out where it is the default, SHA-256.
 */
static bool
read_ess(struct parsing *parsing, const struct tlv *value)
{
	struct signed_data *out = parsing->out;
	struct span in = value->value;
	struct tlv certs, cert, algorithm, hash, issuer_serial;

	if (value->tag != DER_SEQUENCE ||
	    !der_take_tag(&in, DER_SEQUENCE, &certs) || in.len != 0 ||
	    !der_take_tag(&certs.value, DER_SEQUENCE, &cert) ||
	    certs.value.len != 0)
		return asn1_bad_form(parsing->err,
		    "its signing-certificate-v2 names"
		    " not exactly one certificate");
	out->ess_bits = 256;
	if (der_take_tag(&cert.value, DER_SEQUENCE, &algorithm)) {
		out->ess_bits = signed_data_digest_bits(algorithm.value);
		if (out->ess_bits <= 256)
			return asn1_bad_form(parsing->err,
			    "its signing-certificate-v2 hashes with another"
			    " digest than SHA-256 (not named), 384 or 512");
	}
	if (!der_take_tag(&cert.value, DER_OCTET_STRING, &hash) ||
	    hash.value.len != out->ess_bits / 8)
		return asn1_bad_form(parsing->err,
		    "its signing-certificate-v2 has no"
		    " hash of its digest's length");
	out->ess_hash = hash.value;
	return cert.value.len == 0 ||
	    (der_take_tag(&cert.value, DER_SEQUENCE, &issuer_serial) &&
		cert.value.len == 0 &&
		read_issuer_serial(parsing, issuer_serial.value)) ||
	    asn1_bad_form(parsing->err,
		"its signing-certificate-v2 names no issuer and"
		" serial number");
}

static bool
read_commitment(struct parsing *parsing, const struct tlv *value)
{
	struct span in = value->value;
	struct tlv oid;

	if (value->tag != DER_SEQUENCE || !der_take_tag(&in, DER_OID, &oid))
		return asn1_bad_form(parsing->err,
		    "its commitment-type is none");
	/* "ad referendum" is not for a program to weigh. */
	if (in.len != 0)
		return asn1_bad_form(parsing->err,
		    "its commitment-type has qualifiers: a signature here is"
		    " without reservation, or it is none");
	parsing->out->commitment = oid.whole;
	return true;
}

/* RFC 6211: the two algorithms, signed too. */
static bool
read_protection(struct parsing *parsing, const struct tlv *value)
{
	struct span in = value->value;
	struct tlv digest, signature;

	return (value->tag == DER_SEQUENCE &&
		   der_take_tag(&in, DER_SEQUENCE, &digest) &&
		   der_take_tag(&in, DER_CONTEXT_1, &signature) &&
		   in.len == 0 &&
		   span_eq(digest.value, parsing->digest_algorithm) &&
		   span_eq(signature.value, parsing->signature_algorithm)) ||
	    asn1_bad_form(parsing->err,
		"its CMSAlgorithmProtection names other"
		" algorithms than those that it was signed"
		" with");
}

enum { NEEDED = 4 }; /* so many of these, from the first */

static const struct {
	const uint8_t *oid;
	size_t len;
	bool (*read)(struct parsing *parsing, const struct tlv *value);
	const char *missing;
} attributes[] = {
	{ oid_content_type, sizeof(oid_content_type), read_content_type,
	    "no content-type attribute" },
	{ oid_message_digest, sizeof(oid_message_digest), read_message_digest,
	    "no message-digest attribute" },
	{ oid_signing_time, sizeof(oid_signing_time), read_signing_time,
	    "no signing-time attribute" },
	{ oid_ess, sizeof(oid_ess), read_ess,
	    "no signing-certificate-v2 attribute" },
	{ oid_commitment, sizeof(oid_commitment), read_commitment, NULL },
	{ oid_protection, sizeof(oid_protection), read_protection, NULL },
};

enum { ATTRIBUTES = sizeof(attributes) / sizeof(attributes[0]) };

/* Attribute ::= SEQUENCE { type, SET OF values } */
static bool
take_attribute(struct span *in, struct tlv *oid, struct tlv *values)
{
	struct tlv attribute;

	return der_take_tag(in, DER_SEQUENCE, &attribute) &&
	    der_take_tag(&attribute.value, DER_OID, oid) &&
	    der_take_tag(&attribute.value, DER_SET, values) &&
	    attribute.value.len == 0;
}

static bool
not_allowed(struct error *err, const char *kind, struct span oid)
{
	char text[80];

	der_oid_text(oid, text);
	return error_set_code(err, ERROR_MALFORMED, "SIGNATURE_FORM",
	    "it has the %s attribute %s, which a signature here may not have",
	    kind, text);
}

/* Which of the attributes an OID is; ATTRIBUTES if it is none of them. */
static size_t
attribute_of(struct span oid)
{
	size_t i = 0;

	while (i < ATTRIBUTES &&
	    !span_eq(oid, span_of(attributes[i].oid, attributes[i].len)))
		i++;
	return i;
}

static bool
read_signed_attributes(struct parsing *parsing, struct span in)
{
	bool seen[ATTRIBUTES] = { false };
	struct tlv oid, values, value;

	/* Not DER_SET by its tag, so der_check() has not looked at it. */
	if (!der_is_in_order(in))
		return asn1_bad_form(parsing->err,
		    "its signed attributes are not in"
		    " DER's order");
	while (in.len > 0) {
		size_t which;

		if (!take_attribute(&in, &oid, &values))
			return asn1_bad_form(parsing->err,
			    "a signed attribute is none");
		which = attribute_of(oid.whole);
		if (which == ATTRIBUTES)
			return not_allowed(parsing->err, "signed", oid.whole);
		if (seen[which] || !der_take(&values.value, &value) ||
		    values.value.len != 0)
			return asn1_bad_form(parsing->err,
			    "a signed attribute is there"
			    " twice, or has not exactly"
			    " one value");
		seen[which] = true;
		if (!attributes[which].read(parsing, &value))
			return false;
	}
	for (size_t i = 0; i < NEEDED; i++)
		if (!seen[i])
			return asn1_bad_form(parsing->err,
			    attributes[i].missing);
	return true;
}

/* --- Unsigned attributes. --- */

static bool
read_unsigned_attributes(struct parsing *parsing, struct span in)
{
	struct signed_data *out = parsing->out;
	struct tlv oid, values, token;

	if (!take_attribute(&in, &oid, &values))
		return asn1_bad_form(parsing->err,
		    "an unsigned attribute is none");
	if (!IS(oid, oid_timestamp))
		return not_allowed(parsing->err, "unsigned", oid.whole);
	if (in.len != 0 || values.value.len == 0)
		return asn1_bad_form(parsing->err,
		    "it has more than one unsigned"
		    " attribute, or an empty one");
	while (values.value.len > 0) {
		if (!der_take_tag(&values.value, DER_SEQUENCE, &token))
			return asn1_bad_form(parsing->err,
			    "a timestamp is no token");
		if (out->num_timestamps == LIMIT_TIMESTAMPS ||
		    token.whole.len > LIMIT_TIMESTAMP_BYTES)
			return error_set_code(parsing->err, ERROR_LIMIT,
			    "SIGNATURE_FORM",
			    "more than %d timestamps, or one of more than %d"
			    " bytes",
			    LIMIT_TIMESTAMPS, LIMIT_TIMESTAMP_BYTES);
		out->timestamps[out->num_timestamps++] = token.whole;
	}
	return true;
}

/* --- SignerInfo and SignedData. --- */

static bool
is_version(const struct tlv *version, uint8_t number)
{
	return version->value.len == 1 && version->value.data[0] == number;
}

/* Issuer and serial number, or the key's ID; version is 1, or 3. */
static bool
read_signer_id(struct parsing *parsing, struct span *in, uint8_t *version)
{
	struct signed_data *out = parsing->out;
	struct tlv number, id, issuer, serial;

	if (!der_take_tag(in, DER_INTEGER, &number))
		return false;
	if (der_take_tag(in, DER_SEQUENCE, &id)) {
		*version = 1;
		if (!der_take_tag(&id.value, DER_SEQUENCE, &issuer) ||
		    !der_take_tag(&id.value, DER_INTEGER, &serial) ||
		    id.value.len != 0)
			return false;
		out->issuer = issuer.whole;
		out->serial = serial.whole;
	} else {
		*version = 3;
		if (!der_take_tag(in, 0x80, &id))
			return false;
		out->key_id = id.value;
	}
	return is_version(&number, *version);
}

static bool
read_signer_info(struct parsing *parsing, struct span in, uint8_t *version)
{
	struct signed_data *out = parsing->out;
	struct tlv digest, attrs, algorithm, signature, more;
	bool has_more;

	if (!read_signer_id(parsing, &in, version) ||
	    !der_take_tag(&in, DER_SEQUENCE, &digest))
		return asn1_bad_form(parsing->err, "its SignerInfo is none");
	/* openssl issue 27055: without attributes CMS_CADES is satisfied. */
	if (!der_take_tag(&in, DER_CONTEXT_0, &attrs))
		return asn1_bad_form(parsing->err, "no signed attributes");
	if (!der_take_tag(&in, DER_SEQUENCE, &algorithm) ||
	    !der_take_tag(&in, DER_OCTET_STRING, &signature))
		return asn1_bad_form(parsing->err, "its SignerInfo is none");
	has_more = der_take_tag(&in, DER_CONTEXT_1, &more);
	if (in.len != 0)
		return asn1_bad_form(parsing->err,
		    "bytes follow its signature");
	parsing->digest_algorithm = digest.value;
	parsing->signature_algorithm = algorithm.value;
	out->attributes = attrs.whole;
	out->signature = signature.value;
	out->digest_bits = signed_data_digest_bits(digest.value);
	if (out->digest_bits == 0)
		return asn1_too_weak(parsing->err,
		    "its digest is none of SHA-256, 384 and 512");
	return check_signature_algorithm(algorithm.value, out, parsing->err) &&
	    read_signed_attributes(parsing, attrs.value) &&
	    (!has_more || read_unsigned_attributes(parsing, more.value));
}

static bool
read_certs(struct parsing *parsing, struct span in)
{
	struct signed_data *out = parsing->out;
	struct tlv cert;

	if (!der_is_in_order(in))
		return asn1_bad_form(parsing->err,
		    "its certificates are not in DER's order");
	while (in.len > 0) {
		if (!der_take_tag(&in, DER_SEQUENCE, &cert))
			return asn1_bad_form(parsing->err,
			    "one of its certificates is none");
		if (out->num_certs == LIMIT_CERTS_IN_CMS ||
		    cert.whole.len > LIMIT_CERT_BYTES)
			return error_set_code(parsing->err, ERROR_LIMIT,
			    "SIGNATURE_FORM",
			    "more than %d certificates, or one of more than %d"
			    " bytes",
			    LIMIT_CERTS_IN_CMS, LIMIT_CERT_BYTES);
		out->certs[out->num_certs++] = cert.whole;
	}
	return true;
}

/* RFC 5652 section 5.1: the one digest is that of the one SignerInfo. */
static bool
check_digests(const struct parsing *parsing, struct span in)
{
	struct tlv algorithm;

	return (der_take_tag(&in, DER_SEQUENCE, &algorithm) && in.len == 0 &&
		   signed_data_digest_bits(algorithm.value) ==
		       parsing->out->digest_bits) ||
	    asn1_bad_form(parsing->err,
		"its digestAlgorithms are not the one that its"
		" signer names");
}

static bool
read_signed_data(struct parsing *parsing, struct span in)
{
	struct tlv number, algorithms, encapsulated;
	struct tlv certs, crls, signers, signer, type;
	uint8_t version = 0;
	struct span content;

	if (!der_take_tag(&in, DER_INTEGER, &number) ||
	    !der_take_tag(&in, DER_SET, &algorithms) ||
	    !der_take_tag(&in, DER_SEQUENCE, &encapsulated))
		return asn1_bad_form(parsing->err, "not a CMS SignedData");
	content = encapsulated.value;
	if (!der_take_tag(&content, DER_OID, &type) || !IS(type, oid_data) ||
	    content.len != 0)
		return asn1_bad_form(parsing->err,
		    "not a detached signature over id-data");
	if (der_take_tag(&in, DER_CONTEXT_0, &certs) &&
	    !read_certs(parsing, certs.value))
		return false;
	/*
	 * Timestamps are as old as whoever put them there likes, so they are
	 * never believed.
	 */
	if (der_take_tag(&in, DER_CONTEXT_1, &crls) &&
	    !der_is_in_order(crls.value))
		return asn1_bad_form(parsing->err,
		    "its CRLs are not in DER's order");
	if (!der_take_tag(&in, DER_SET, &signers) || in.len != 0)
		return asn1_bad_form(parsing->err, "not a CMS SignedData");
	if (!der_take_tag(&signers.value, DER_SEQUENCE, &signer) ||
	    signers.value.len != 0)
		return asn1_bad_form(parsing->err, "not exactly one signer");
	return read_signer_info(parsing, signer.value, &version) &&
	    (is_version(&number, version) ||
		asn1_bad_form(parsing->err,
		    "its version is not that of its form")) &&
	    check_digests(parsing, algorithms.value);
}

bool
signed_data_parse(struct span cms, struct signed_data *out, struct error *err)
{
	struct parsing parsing = { .out = out, .err = err };
	struct tlv info, type, explicit, body;
	struct span rest = cms;

	*out = (struct signed_data){ .num_certs = 0 };
	if (!der_check(cms, err)) {
		if (err->kind == ERROR_MALFORMED)
			snprintf(err->code, sizeof(err->code),
			    "SIGNATURE_FORM");
		return false;
	}
	if (!der_take_tag(&rest, DER_SEQUENCE, &info) ||
	    !der_take_tag(&info.value, DER_OID, &type) ||
	    !IS(type, oid_signed_data) ||
	    !der_take_tag(&info.value, DER_CONTEXT_0, &explicit) ||
	    info.value.len != 0 ||
	    !der_take_tag(&explicit.value, DER_SEQUENCE, &body) ||
	    explicit.value.len != 0)
		return asn1_bad_form(err, "not one CMS SignedData");
	return read_signed_data(&parsing, body.value);
}
