/*
 * Verifying the CMS signatures and timestamps of other makers (foreign.h).
 */
#include "pki/foreign.h"

#include <string.h>

#include <openssl/cms.h>
#include <openssl/cmserr.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/x509v3.h>

#include "base/limits.h"
#include "base/text.h"
#include "pki/asn1.h"
#include "pki/der.h"

/* Get the DER of a signed attribute that is there once, with one value. */
static const ASN1_STRING *
attribute(CMS_SignerInfo *si, int nid, int type)
{
	return CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(nid), -3, type);
}

static void
say(struct foreign_signer *out, enum foreign_state state, const char *why)
{
	/*
	 * Keep the worst state, and the first reason for it: that is what a
	 * person acts on.
	 */
	if (out->state >= state)
		return;
	out->state = state;
	text_cut(out->why, sizeof(out->why), why);
}

/* Get the first e-mail address, in whatever form; else the subject. */
static void
read_name(const X509 *x509, struct foreign_signer *out)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_EMAIL && out->name[0] == '\0')
			snprintf(out->name, sizeof(out->name), "%.*s",
			    ASN1_STRING_length(name->d.rfc822Name),
			    (const char *)ASN1_STRING_get0_data(
				name->d.rfc822Name));
	}
	if (out->name[0] == '\0')
		asn1_name(X509_get_subject_name(x509), out->name,
		    sizeof(out->name));
	GENERAL_NAMES_free(names);
}

static void
read_signing_time(CMS_SignerInfo *si, struct foreign_signer *out)
{
	const ASN1_TIME *time =
	    attribute(si, NID_pkcs9_signingTime, V_ASN1_UTCTIME);

	if (time == NULL)
		time = attribute(si, NID_pkcs9_signingTime,
		    V_ASN1_GENERALIZEDTIME);
	if (!asn1_time(time, &out->signing_at))
		out->signing_at = INT64_MIN;
}

static enum commitment
read_commitment(CMS_SignerInfo *si)
{
	const ASN1_STRING *value =
	    attribute(si, NID_id_smime_aa_ets_commitmentType, V_ASN1_SEQUENCE);
	struct span rest;
	struct tlv sequence, oid;

	if (value == NULL)
		return COMMITMENT_NONE;
	rest = span_of(ASN1_STRING_get0_data(value),
	    (size_t)ASN1_STRING_length(value));
	return der_take_tag(&rest, DER_SEQUENCE, &sequence) &&
		der_take_tag(&sequence.value, DER_OID, &oid)
	    ? commitment_of(oid.whole)
	    : COMMITMENT_OTHER;
}

/*
 * Get the signed hash of the signer's certificate, of either version (RFC
 * 5035), if there is one.
 */
static void
check_ess(CMS_SignerInfo *si, X509 *signer, struct foreign_signer *out)
{
	const ASN1_STRING *v2 = attribute(si,
	    NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE);
	const ASN1_STRING *v1 =
	    attribute(si, NID_id_smime_aa_signingCertificate, V_ASN1_SEQUENCE);
	STACK_OF(X509) *chain = sk_X509_new_null();
	ESS_SIGNING_CERT_V2 *ess2 = NULL;
	ESS_SIGNING_CERT *ess1 = NULL;
	const unsigned char *p;

	if (v2 != NULL) {
		p = ASN1_STRING_get0_data(v2);
		ess2 =
		    d2i_ESS_SIGNING_CERT_V2(NULL, &p, ASN1_STRING_length(v2));
	}
	if (v1 != NULL) {
		p = ASN1_STRING_get0_data(v1);
		ess1 = d2i_ESS_SIGNING_CERT(NULL, &p, ASN1_STRING_length(v1));
	}
	if ((v2 != NULL && ess2 == NULL) || (v1 != NULL && ess1 == NULL))
		say(out, FOREIGN_UNCHECKED,
		    "its signing-certificate attribute does not parse");
	else if ((ess1 != NULL || ess2 != NULL) && chain != NULL &&
	    sk_X509_push(chain, signer) > 0 &&
	    OSSL_ESS_check_signing_certs(ess1, ess2, chain, 1) <= 0)
		say(out, FOREIGN_BROKEN,
		    "its signing-certificate attribute names another"
		    " certificate");
	ESS_SIGNING_CERT_free(ess1);
	ESS_SIGNING_CERT_V2_free(ess2);
	sk_X509_free(chain);
}

static void
check_timestamp(const ASN1_TYPE *token, struct span signature,
    struct foreign_signer *out)
{
	struct error why = { 0 };

	if (token->type != V_ASN1_SEQUENCE)
		say(out, FOREIGN_BROKEN, "a timestamp is no token");
	else if (foreign_verify_timestamp(span_of(token->value.sequence->data,
					      (size_t)token->value.sequence
						  ->length),
		     signature, &why))
		out->num_timestamps++;
	else
		say(out,
		    why.kind == ERROR_LIMIT ? FOREIGN_OVER_LIMIT
			: strcmp(why.code, "NOT_CHECKED") == 0
			? FOREIGN_UNCHECKED
			: FOREIGN_BROKEN,
		    why.detail);
}

/* *num: how many were looked at so far. */
static void
check_timestamps(X509_ATTRIBUTE *attr, struct span signature, unsigned *num,
    struct foreign_signer *out)
{
	char why[80];

	for (int i = 0; i < X509_ATTRIBUTE_count(attr); i++) {
		if ((*num)++ == LIMIT_FOREIGN_TIMESTAMPS) {
			snprintf(why, sizeof(why),
			    "more than %d timestamps on one signature",
			    LIMIT_FOREIGN_TIMESTAMPS);
			say(out, FOREIGN_OVER_LIMIT, why);
		}
		if (*num > LIMIT_FOREIGN_TIMESTAMPS)
			return;
		check_timestamp(X509_ATTRIBUTE_get0_type(attr, i), signature,
		    out);
	}
}

static void
note_unchecked(const X509_ATTRIBUTE *attr, struct foreign_signer *out)
{
	const size_t used = strlen(out->unchecked);
	char name[80];

	if (OBJ_obj2txt(name, sizeof(name),
		X509_ATTRIBUTE_get0_object((X509_ATTRIBUTE *)(uintptr_t)attr),
		0) <= 0)
		snprintf(name, sizeof(name), "?");
	snprintf(out->unchecked + used, sizeof(out->unchecked) - used, "%s%s",
	    used > 0 ? ", " : "", name);
}

static void
check_unsigned(CMS_SignerInfo *si, struct span signature,
    struct foreign_signer *out)
{
	unsigned num = 0;

	for (int i = 0; i < CMS_unsigned_get_attr_count(si); i++) {
		X509_ATTRIBUTE *attr = CMS_unsigned_get_attr(si, i);

		if (OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attr)) ==
		    NID_id_smime_aa_timeStampToken)
			check_timestamps(attr, signature, &num, out);
		else
			note_unchecked(attr, out);
	}
}

/*
 * True if the algorithm of the signature is known here; if not, nothing can be
 * told of it.
 */
static bool
is_known(CMS_SignerInfo *si, const X509 *x509, const BIO *chain,
    struct foreign_signer *out)
{
	X509_ALGOR *digest = NULL;

	CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, NULL);
	if (chain == NULL || EVP_get_digestbyobj(digest->algorithm) == NULL)
		say(out, FOREIGN_UNCHECKED,
		    "it is signed with a digest that is not known here");
	else if (X509_get0_pubkey(x509) == NULL)
		say(out, FOREIGN_UNCHECKED,
		    "the key of its certificate is of a kind that is not known"
		    " here");
	else
		return true;
	ERR_clear_error();
	return false;
}

/*
 * True if the signature was computed and is wrong. All other failures are what
 * OpenSSL cannot compute.
 */
static bool
is_refuted(void)
{
	const unsigned long last = ERR_peek_last_error();

	return ERR_GET_LIB(last) == ERR_LIB_CMS &&
	    ERR_GET_REASON(last) == CMS_R_VERIFICATION_FAILURE;
}

/* The result of a check, of the signature or of the content. */
static void
say_result(int result, struct foreign_signer *out)
{
	if (result == 1)
		return;
	if (is_refuted())
		say(out, FOREIGN_BROKEN,
		    "the signature is not over these bytes, or not by the key"
		    " of its certificate");
	else
		say(out, FOREIGN_UNCHECKED,
		    "its attributes, or its algorithm with the key of its"
		    " certificate, are not such that can be checked here");
	ERR_clear_error();
}

/*
 * chain is the content, whose digests were taken as it was read. NULL: one of
 * the digests is not known.
 */
static void
check_signer(CMS_SignerInfo *si, BIO *chain, struct foreign_signer *out)
{
	const ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(si);
	const struct span signature = span_of(ASN1_STRING_get0_data(value),
	    (size_t)ASN1_STRING_length(value));
	X509 *x509 = NULL;

	*out = (struct foreign_signer){ .state = FOREIGN_INTACT };
	out->signature = sha256_of(signature);
	out->commitment = read_commitment(si);
	read_signing_time(si, out);
	CMS_SignerInfo_get0_algs(si, NULL, &x509, NULL, NULL);
	if (x509 == NULL) {
		say(out, FOREIGN_UNCHECKED,
		    "the signer's certificate is not in it: who signed, and"
		    " whether over these bytes, cannot be told");
		return;
	}
	read_name(x509, out);
	if (!is_known(si, x509, chain, out))
		return;
	if (CMS_signed_get_attr_count(si) >= 0)
		say_result(CMS_SignerInfo_verify(si), out);
	say_result(CMS_SignerInfo_verify_content(si, chain), out);
	check_ess(si, x509, out);
	check_unsigned(si, signature, out);
	ERR_clear_error();
}

/* Pass all of the content through the digests, as CMS_verify() does. */
static bool
read_through(BIO *chain)
{
	char piece[16384];
	int n;

	do
		n = BIO_read(chain, piece, sizeof(piece));
	while (n > 0);
	return n == 0;
}

/* CMS_dataInit() put its filters in front of in, which the caller frees. */
static void
free_chain(BIO *chain, BIO *in)
{
	while (chain != in && chain != NULL) {
		BIO *next = BIO_pop(chain);

		BIO_free(chain);
		chain = next;
	}
}

/* Each digest algorithm is a filter, and all content passes each of them. */
static bool
check_digests(BIO *chain, struct error *err)
{
	int num = 0;

	for (BIO *bio = chain; bio != NULL; bio = BIO_next(bio))
		if (BIO_method_type(bio) == BIO_TYPE_MD)
			num++;
	return num <= LIMIT_FOREIGN_SIGNERS ||
	    error_set(err, ERROR_LIMIT, "a CMS with %d digests, limit %d", num,
		LIMIT_FOREIGN_SIGNERS);
}

static CMS_ContentInfo *
parse(struct span der, struct error *err)
{
	const unsigned char *p = der.data;
	CMS_ContentInfo *cms;

	if (der.len > LIMIT_FOREIGN_CMS_BYTES) {
		error_set(err, ERROR_LIMIT, "a CMS of %zu bytes, limit %d",
		    der.len, LIMIT_FOREIGN_CMS_BYTES);
		return NULL;
	}
	if ((cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.len)) == NULL)
		asn1_bad_form(err, "not a CMS");
	ERR_clear_error();
	return cms;
}

static bool
check_signers(STACK_OF(CMS_SignerInfo) *signers, struct error *err)
{
	const int num = signers != NULL ? sk_CMS_SignerInfo_num(signers) : 0;

	if (num < 1)
		return asn1_bad_form(err, "not a CMS SignedData with a signer");
	return num <= LIMIT_FOREIGN_SIGNERS ||
	    error_set(err, ERROR_LIMIT, "a CMS of %d signers, limit %d", num,
		LIMIT_FOREIGN_SIGNERS);
}

/*
 * Set *out to the digests of content, taken as it was read; NULL if one is
 * unknown.
 */
static bool
digest_content(CMS_ContentInfo *cms, BIO *in, BIO **out, struct error *err)
{
	BIO *chain;

	*out = NULL;
	if (in == NULL)
		return error_set_openssl(err, ERROR_SYSTEM, "CMS");
	if ((chain = CMS_dataInit(cms, in)) == NULL)
		return true;
	if (check_digests(chain, err)) {
		if (read_through(chain)) {
			*out = chain;
			return true;
		}
		asn1_bad_form(err, "its content cannot be read");
	}
	free_chain(chain, in);
	return false;
}

bool
foreign_verify(struct span der, struct span content, foreign_visitor *visit,
    void *arg, struct error *err)
{
	CMS_ContentInfo *cms = parse(der, err);
	STACK_OF(CMS_SignerInfo) *signers;
	BIO *in = bio_of(content), *chain = NULL;
	bool ok;

	if (cms == NULL) {
		BIO_free(in);
		return false;
	}
	signers = CMS_get0_SignerInfos(cms);
	ok = check_signers(signers, err);
	if (ok) {
		CMS_set1_signers_certs(cms, NULL, 0);
		ok = digest_content(cms, in, &chain, err);
	}
	for (int i = 0; ok && i < sk_CMS_SignerInfo_num(signers); i++) {
		struct foreign_signer signer;

		check_signer(sk_CMS_SignerInfo_value(signers, i), chain,
		    &signer);
		ok = visit(arg, &signer, err);
	}
	free_chain(chain, in);
	BIO_free(in);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return ok;
}

static bool
not_checked(struct error *err, const char *why)
{
	return error_set_code(err, ERROR_UNTRUSTED, "NOT_CHECKED",
	    "%s: not checked", why);
}

/* Get what is signed, if it is in the CMS. */
static struct span
content_of(CMS_ContentInfo *cms)
{
	ASN1_OCTET_STRING **octets = CMS_get0_content(cms);

	return octets != NULL && *octets != NULL
	    ? span_of(ASN1_STRING_get0_data(*octets),
		  (size_t)ASN1_STRING_length(*octets))
	    : span_of("", 0);
}

/*
 * True if the signature of a token can be checked. If not, its imprint still
 * can.
 */
static bool
check_stamper(CMS_ContentInfo *cms, CMS_SignerInfo *si, struct span content,
    struct error *err)
{
	X509 *x509 = NULL;
	bool ok;

	CMS_set1_signers_certs(cms, NULL, 0);
	CMS_SignerInfo_get0_algs(si, NULL, &x509, NULL, NULL);
	ok = x509 == NULL || CMS_SignerInfo_verify(si) == 1 || is_refuted();
	ERR_clear_error();
	return ok ||
	    (cades_check_imprint(content_of(cms), content, err) &&
		not_checked(err,
		    "a timestamp is signed with an algorithm or a key that"
		    " cannot be checked here"));
}

bool
foreign_verify_timestamp(struct span token, struct span content,
    struct error *err)
{
	CMS_ContentInfo *cms = parse(token, err);
	STACK_OF(CMS_SignerInfo) *signers;
	BIO *chain = NULL;
	bool ok;

	if (cms == NULL)
		return false;
	signers = CMS_get0_SignerInfos(cms);
	ok = (signers != NULL && sk_CMS_SignerInfo_num(signers) == 1) ||
	    asn1_bad_form(err, "a timestamp token is of one signer");
	/* A CMS with content of its own: that is not read here. */
	if (ok && (chain = CMS_dataInit(cms, NULL)) == NULL)
		ok = not_checked(err,
		    "a timestamp is signed with a digest that is not known"
		    " here");
	ok = ok && check_digests(chain, err) &&
	    check_stamper(cms, sk_CMS_SignerInfo_value(signers, 0), content,
		err);
	BIO_free_all(chain);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return ok && cades_verify_timestamp(token, content, err);
}
