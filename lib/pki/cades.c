/*
 * Making and verifying CAdES signatures (cades.h).
 */
#include "pki/cades.h"

#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include "pki/asn1.h"
#include "pki/signed_data.h"
#include "pki/timestamp.h"

static const struct {
	const char *name;
	int nid;
} commitments[] = {
	[COMMITMENT_NONE] = { "none", NID_undef },
	[COMMITMENT_ORIGIN] = { "proof of origin",
	    NID_id_smime_cti_ets_proofOfOrigin },
	[COMMITMENT_RECEIPT] = { "proof of receipt",
	    NID_id_smime_cti_ets_proofOfReceipt },
	[COMMITMENT_APPROVAL] = { "proof of approval",
	    NID_id_smime_cti_ets_proofOfApproval },
	[COMMITMENT_OTHER] = { "other", NID_undef },
};

const char *
commitment_name(enum commitment commitment)
{
	return commitments[commitment].name;
}

enum commitment
commitment_of(struct span oid)
{
	const unsigned char *p = oid.data;
	enum commitment found = COMMITMENT_OTHER;
	ASN1_OBJECT *object;

	if (oid.len == 0)
		return COMMITMENT_NONE;
	object = d2i_ASN1_OBJECT(NULL, &p, (long)oid.len);
	for (int i = COMMITMENT_ORIGIN; i <= COMMITMENT_APPROVAL; i++)
		if (OBJ_obj2nid(object) == commitments[i].nid)
			found = (enum commitment)i;
	ASN1_OBJECT_free(object);
	return found;
}

/* CommitmentTypeIndication ::= SEQUENCE { commitmentTypeId, … OPTIONAL } */
static bool
add_commitment(CMS_SignerInfo *si, enum commitment commitment)
{
	unsigned char der[64], *p = der + 2;
	const ASN1_OBJECT *oid = OBJ_nid2obj(commitments[commitment].nid);
	const int len = i2d_ASN1_OBJECT(oid, NULL);

	if (commitment == COMMITMENT_NONE)
		return true;
	if (len <= 0 || len > (int)sizeof(der) - 2)
		return false;
	der[0] = V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED;
	der[1] = (unsigned char)len;
	i2d_ASN1_OBJECT(oid, &p);
	return CMS_signed_add1_attr_by_NID(si,
		   NID_id_smime_aa_ets_commitmentType, V_ASN1_SEQUENCE, der,
		   len + 2) == 1;
}

static bool
add_signing_time(CMS_SignerInfo *si, int64_t at)
{
	ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)at);
	bool ok;

	ok = time != NULL &&
	    CMS_signed_add1_attr_by_NID(si, NID_pkcs9_signingTime, time->type,
		time, -1) == 1;
	ASN1_TIME_free(time);
	return ok;
}

/*
 * The digest that a key signs with: SHA-384 for P-384; for RSA-PSS the digest
 * that the key is bound to, if it is; SHA-256 for all others.
 */
static const EVP_MD *
digest_of_key(EVP_PKEY *key)
{
	char name[64] = "";
	const EVP_MD *md;

	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
		return EVP_PKEY_get_bits(key) == 384 ? EVP_sha384()
						     : EVP_sha256();
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA_PSS ||
	    EVP_PKEY_get_default_digest_name(key, name, sizeof(name)) <= 0 ||
	    (md = EVP_get_digestbyname(name)) == NULL)
		return EVP_sha256();
	return md;
}

/* Use a salt as long as the digest, and one digest for both (RFC 4055 3.1). */
static bool
set_padding(CMS_SignerInfo *si, EVP_PKEY *key, const EVP_MD *md)
{
	EVP_PKEY_CTX *ctx = CMS_SignerInfo_get0_pkey_ctx(si);

	return EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA_PSS ||
	    (ctx != NULL &&
		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
		EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) > 0 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) >
		    0);
}

/*
 * Make the DER of a signature in *der, for OPENSSL_free().  Returns its length,
 * or -1.
 */
static int
make_signature(const struct identity *signer, struct span content,
    enum commitment commitment, int64_t signing_at, unsigned char **der)
{
	/*
	 * CMS_CADES signs the certificate's hash too (EN 319 122-1 clause
	 * 5.2.2.3): a second certificate for the same key cannot take over.
	 */
	const unsigned flags = CMS_CADES | CMS_DETACHED | CMS_BINARY |
	    CMS_NOSMIMECAP | CMS_PARTIAL | CMS_KEY_PARAM;
	const EVP_MD *md = digest_of_key(signer->key);
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
	BIO *in = bio_of(content);
	CMS_SignerInfo *si = NULL;
	int len = -1;

	if (cms != NULL && in != NULL)
		si = CMS_add1_signer(cms, signer->cert->x509, signer->key, md,
		    flags);
	if (si != NULL && set_padding(si, signer->key, md) &&
	    add_signing_time(si, signing_at) &&
	    add_commitment(si, commitment) &&
	    CMS_final(cms, in, NULL, flags & ~(unsigned)CMS_PARTIAL) == 1)
		len = i2d_CMS_ContentInfo(cms, der);
	BIO_free(in);
	CMS_ContentInfo_free(cms);
	return len;
}

static bool
broken(struct error *err, const char *what)
{
	ERR_clear_error();
	return error_set_code(err, ERROR_UNTRUSTED, "SIGNATURE_BROKEN", "%s",
	    what);
}

static bool
is_issuer(const struct cert *cert, struct span name)
{
	unsigned char *der = NULL;
	const int len = i2d_X509_NAME(X509_get_issuer_name(cert->x509), &der);
	const bool same = len > 0 && span_eq(name, span_of(der, (size_t)len));

	OPENSSL_free(der);
	return same;
}

static bool
is_serial(const struct cert *cert, struct span serial)
{
	unsigned char *der = NULL;
	const int len =
	    i2d_ASN1_INTEGER(X509_get0_serialNumber(cert->x509), &der);
	const bool same = len > 0 && span_eq(serial, span_of(der, (size_t)len));

	OPENSSL_free(der);
	return same;
}

/* True if a certificate is the one that the signer's ID names. */
static bool
is_named(const struct signed_data *data, const struct cert *cert)
{
	const ASN1_OCTET_STRING *key_id = X509_get0_subject_key_id(cert->x509);

	if (data->key_id.len > 0)
		return key_id != NULL &&
		    span_eq(data->key_id,
			span_of(ASN1_STRING_get0_data(key_id),
			    (size_t)ASN1_STRING_length(key_id)));
	return is_issuer(cert, data->issuer) && is_serial(cert, data->serial);
}

/* Find the certificate that the SignerInfo names, among those in the CMS. */
static bool
find_signer(struct cert_cache *cache, const struct signed_data *data,
    struct cades *out, struct span *der, struct error *err)
{
	for (size_t i = 0; i < data->num_certs; i++) {
		struct cert *cert = cert_cache_get(cache, data->certs[i], err);

		if (cert == NULL)
			return false;
		if (is_named(data, cert)) {
			out->cert = cert;
			*der = data->certs[i];
			return true;
		}
		cert_free(cert);
	}
	return asn1_bad_form(err, "the signer's certificate is not in it");
}

static bool
hash_of(unsigned bits, struct span bytes, unsigned char out[EVP_MAX_MD_SIZE],
    unsigned *len, struct error *err)
{
	return EVP_Digest(bytes.data, bytes.len, out, len, asn1_digest(bits),
		   NULL) == 1 ||
	    error_set_openssl(err, ERROR_SYSTEM, "digest");
}

/*
 * The signed hash of the signer's certificate (RFC 5035 section 5): without
 * it another certificate with this key, issuer and serial could be put in.
 */
static bool
check_signed_cert(const struct signed_data *data, const struct cert *cert,
    struct span der, struct error *err)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!hash_of(data->ess_bits, der, hash, &len, err))
		return false;
	return (span_eq(data->ess_hash, span_of(hash, len)) &&
		   (data->ess_serial.len == 0 ||
		       (is_serial(cert, data->ess_serial) &&
			   is_issuer(cert, data->ess_issuer)))) ||
	    broken(err,
		"its signing-certificate attribute names another"
		" certificate");
}

static bool
check_timestamps(const struct signed_data *data, struct error *err)
{
	for (size_t i = 0; i < data->num_timestamps; i++)
		if (!timestamp_check_form(data->timestamps[i], err) ||
		    !cades_verify_timestamp(data->timestamps[i],
			data->signature, err))
			return false;
	return true;
}

/*
 * With an ECDSA key OpenSSL does not ask which algorithm a SignerInfo names;
 * another program that does would find no signature.
 */
static bool
check_kind(const struct signed_data *data, const struct cert *cert,
    struct error *err)
{
	const int key = EVP_PKEY_get_base_id(X509_get0_pubkey(cert->x509));
	const bool fits = data->kind == SIGNATURE_ECDSA ? key == EVP_PKEY_EC
	    : data->kind == SIGNATURE_RSA
	    ? key == EVP_PKEY_RSA
	    : key == EVP_PKEY_RSA || key == EVP_PKEY_RSA_PSS;

	return fits || broken(err, "its algorithm is not one of its key");
}

/* RFC 4055 section 3.1, as signed_data_parse() has seen that it is named. */
static bool
set_pss(EVP_PKEY_CTX *ctx, const EVP_MD *md)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) > 0 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
}

/*
 * RFC 5652 section 5.4: what is signed is the attributes' DER as the SET that
 * they are, not with the tag [0] by which they stand in the SignerInfo.
 */
static bool
verify_attributes(const struct signed_data *data, const struct cert *cert)
{
	const EVP_MD *md = asn1_digest(data->digest_bits);
	const unsigned char set = DER_SET;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key = NULL;
	bool ok;

	ok = ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, &key, md, NULL, cert->key) == 1 &&
	    (data->kind != SIGNATURE_PSS || set_pss(key, md)) &&
	    EVP_DigestVerifyUpdate(ctx, &set, 1) == 1 &&
	    EVP_DigestVerifyUpdate(ctx, data->attributes.data + 1,
		data->attributes.len - 1) == 1 &&
	    EVP_DigestVerifyFinal(ctx, data->signature.data,
		data->signature.len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* RFC 5652 section 5.6: the attributes are signed, and hash the content. */
static bool
verify_signature(const struct signed_data *data, const struct cert *cert,
    struct span content, struct error *err)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return hash_of(data->digest_bits, content, hash, &len, err) &&
	    ((span_eq(data->message_digest, span_of(hash, len)) &&
		 verify_attributes(data, cert)) ||
		broken(err,
		    "the signature is not over these bytes, or not"
		    " by the key of its certificate"));
}

/* Everything but who the signer is: der is cert as the CMS has it. */
static bool
check_all(const struct signed_data *data, const struct cert *cert,
    struct span der, struct span content, struct error *err)
{
	return (cert->is_strong ||
		   asn1_too_weak(err,
		       "its key is neither P-256, P-384 nor RSA of 3072"
		       " bits")) &&
	    check_signed_cert(data, cert, der, err) &&
	    check_kind(data, cert, err) &&
	    verify_signature(data, cert, content, err) &&
	    check_timestamps(data, err);
}

/*
 * Judge a signature that was just made as all who get it will.  Without memory
 * OpenSSL 3.0 leaves out parts of what it encodes, and says that all went well.
 */
static bool
check_made(const struct identity *signer, struct span signature,
    struct span content, enum commitment commitment, int64_t signing_at,
    struct error *err)
{
	struct signed_data data;
	struct error why = { 0 };
	struct digest named = { { 0 } };
	bool ok;

	ok = signed_data_parse(signature, &data, &why) && data.num_certs == 1 &&
	    is_named(&data, signer->cert);
	if (ok)
		named = sha256_of(data.certs[0]);
	ok = ok && digest_eq(&named, &signer->cert->fingerprint) &&
	    data.signing_at == signing_at &&
	    commitment_of(data.commitment) == commitment &&
	    check_all(&data, signer->cert, data.certs[0], content, &why);
	return ok ||
	    error_set(err, ERROR_SYSTEM,
		"sign: the crypto library made what does not verify: %s",
		why.kind != ERROR_NONE ? why.detail : "a part is missing");
}

bool
cades_sign(const struct identity *signer, struct span content,
    enum commitment commitment, int64_t signing_at, struct buf *out,
    struct error *err)
{
	unsigned char *der = NULL;
	bool ok;
	int len;

	if (!cert_check_key(signer->cert, err))
		return false;
	len = make_signature(signer, content, commitment, signing_at, &der);
	if (len > 0)
		ok = check_made(signer, span_of(der, (size_t)len), content,
			 commitment, signing_at, err) &&
		    buf_append(out, span_of(der, (size_t)len), err);
	else
		ok = error_set_openssl(err, ERROR_SYSTEM, "sign");
	OPENSSL_free(der);
	return ok;
}

bool
cades_verify(struct cert_cache *cache, struct span signature,
    struct span content, struct cades *out, struct error *err)
{
	struct signed_data data;
	struct cades found = { 0 };
	struct span der = { NULL, 0 };
	bool ok;

	if (signature.len > LIMIT_SIGNATURE_BYTES)
		return error_set(err, ERROR_LIMIT,
		    "signature of %zu bytes, limit %d", signature.len,
		    LIMIT_SIGNATURE_BYTES);
	if (!signed_data_parse(signature, &data, err) ||
	    !find_signer(cache, &data, &found, &der, err))
		return false;
	found.signature = sha256_of(data.signature);
	found.signing_at = data.signing_at;
	found.commitment = commitment_of(data.commitment);
	ok = check_all(&data, found.cert, der, content, err);
	if (ok)
		*out = found;
	else
		cades_free(&found);
	return ok;
}

void
cades_free(struct cades *cades)
{
	cert_free(cades->cert);
	*cades = (struct cades){ 0 };
}

bool
cades_check_imprint(struct span tst_info, struct span content,
    struct error *err)
{
	const unsigned char *p = tst_info.data;
	TS_TST_INFO *info = d2i_TS_TST_INFO(NULL, &p, (long)tst_info.len);
	const ASN1_OBJECT *oid = NULL;
	const EVP_MD *md;
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned hash_len = 0;
	ASN1_OCTET_STRING *imprint;
	bool ok = false;

	if (info == NULL) {
		asn1_bad_form(err, "the timestamp's TSTInfo does not parse");
		goto out;
	}
	X509_ALGOR_get0(&oid, NULL, NULL,
	    TS_MSG_IMPRINT_get_algo(TS_TST_INFO_get_msg_imprint(info)));
	imprint = TS_MSG_IMPRINT_get_msg(TS_TST_INFO_get_msg_imprint(info));
	md = EVP_get_digestbyobj(oid);
	if (md == NULL ||
	    EVP_Digest(content.data, content.len, hash, &hash_len, md, NULL) !=
		1)
		asn1_bad_form(err, "the timestamp's digest is not known");
	else
		ok = span_eq(span_of(hash, hash_len),
			 span_of(ASN1_STRING_get0_data(imprint),
			     (size_t)ASN1_STRING_length(imprint))) ||
		    broken(err, "the timestamp is not over these bytes");
out:
	TS_TST_INFO_free(info);
	ERR_clear_error();
	return ok;
}

bool
cades_verify_timestamp(struct span token, struct span content,
    struct error *err)
{
	const unsigned char *p = token.data;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)token.len);
	BIO *out = BIO_new(BIO_s_mem());
	char *text;
	long len;
	bool ok = false;

	if (cms == NULL || out == NULL ||
	    OBJ_obj2nid(CMS_get0_eContentType(cms)) !=
		NID_id_smime_ct_TSTInfo) {
		asn1_bad_form(err, "not an RFC 3161 timestamp token");
	} else if (!timestamp_digests_are_few(token) ||
	    CMS_verify(cms, NULL, NULL, NULL, out,
		CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1) {
		broken(err,
		    "the timestamp's signature does not verify, or its"
		    " certificate is not in it");
	} else {
		len = BIO_get_mem_data(out, &text);
		ok = cades_check_imprint(span_of((uint8_t *)text, (size_t)len),
		    content, err);
	}
	BIO_free(out);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return ok;
}
