/*
 * Loading revocation lists, sorted by serial number, and asking them (crl.h).
 */
#include "pki/crl.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pki/asn1.h"

struct crls {
	pthread_mutex_t mutex; /* for what is known of signatures */
	struct crl **list;
	size_t num;
};

/* 2.5.29.60, which OpenSSL 3.0 has no name for. */
static const char expired_oid[] = "2.5.29.60";

static void
crl_free(struct crl *crl)
{
	if (crl == NULL)
		return;
	ISSUING_DIST_POINT_free(crl->scope);
	X509_CRL_free(crl->x509);
	free(crl->entries);
	free(crl);
}

/*
 * The critical extensions of a list whose effect is known here (RFC 5280
 * section 5.2).
 */
static bool
is_known(const X509_EXTENSION *ext)
{
	static const int known[] = { NID_issuing_distribution_point,
		NID_delta_crl, NID_crl_number, NID_authority_key_identifier,
		NID_freshest_crl, NID_issuer_alt_name };
	ASN1_OBJECT *object =
	    X509_EXTENSION_get_object((X509_EXTENSION *)(uintptr_t)ext);
	char text[32];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (OBJ_obj2nid(object) == known[i])
			return true;
	return OBJ_obj2txt(text, sizeof(text), object, 1) > 0 &&
	    strcmp(text, expired_oid) == 0;
}

/* The same of an entry (RFC 5280 section 5.3). */
static bool
entry_is_known(X509_REVOKED *entry)
{
	for (int i = 0; i < X509_REVOKED_get_ext_count(entry); i++) {
		X509_EXTENSION *ext = X509_REVOKED_get_ext(entry, i);
		const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));

		if (X509_EXTENSION_get_critical(ext) && nid != NID_crl_reason &&
		    nid != NID_invalidity_date)
			return false;
	}
	return true;
}

static bool
all_is_known(X509_CRL *x509)
{
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(x509);

	for (int i = 0; i < X509_CRL_get_ext_count(x509); i++) {
		X509_EXTENSION *ext = X509_CRL_get_ext(x509, i);

		if (X509_EXTENSION_get_critical(ext) && !is_known(ext))
			return false;
	}
	for (int i = 0; i < sk_X509_REVOKED_num(entries); i++)
		if (!entry_is_known(sk_X509_REVOKED_value(entries, i)))
			return false;
	return true;
}

static bool
read_number(struct crl *crl, struct error *err)
{
	ASN1_INTEGER *number =
	    X509_CRL_get_ext_d2i(crl->x509, NID_crl_number, NULL, NULL);
	BIGNUM *value =
	    number != NULL ? ASN1_INTEGER_to_BN(number, NULL) : NULL;
	const bool ok = value == NULL ||
	    (!BN_is_negative(value) &&
		BN_bn2binpad(value, crl->number, CRL_NUMBER_BYTES) ==
		    CRL_NUMBER_BYTES);

	BN_free(value);
	ASN1_INTEGER_free(number);
	return ok ||
	    error_set(err, ERROR_MALFORMED,
		"CRL: its number is over 20 bytes (RFC 5280 section 5.2.3)");
}

static bool
read_expired(struct crl *crl, struct error *err)
{
	ASN1_OBJECT *object = OBJ_txt2obj(expired_oid, 1);
	const int at = X509_CRL_get_ext_by_OBJ(crl->x509, object, -1);
	const ASN1_OCTET_STRING *value;
	ASN1_GENERALIZEDTIME *time;
	const unsigned char *p;
	bool ok;

	crl->expired_at = INT64_MAX;
	ASN1_OBJECT_free(object);
	if (at < 0)
		return true;
	value = X509_EXTENSION_get_data(X509_CRL_get_ext(crl->x509, at));
	p = ASN1_STRING_get0_data(value);
	time = d2i_ASN1_GENERALIZEDTIME(NULL, &p, ASN1_STRING_length(value));
	ok = asn1_time(time, &crl->expired_at);
	ASN1_GENERALIZEDTIME_free(time);
	return ok ||
	    error_set(err, ERROR_MALFORMED,
		"CRL: its expiredCertsOnCRL is no time");
}

/*
 * The names of a distribution point (RFC 5280 section 5.2.5); they are compared
 * whole.
 */
static void
whole_name(DIST_POINT_NAME *name, const X509_NAME *issuer)
{
	if (name != NULL && name->type == 1)
		DIST_POINT_set_dpname(name, issuer);
}

static bool
read_scope(struct crl *crl, struct error *err)
{
	int critical = -1;

	crl->scope = X509_CRL_get_ext_d2i(crl->x509,
	    NID_issuing_distribution_point, &critical, NULL);
	if (crl->scope == NULL)
		return critical == -1 ||
		    error_set(err, ERROR_MALFORMED,
			"CRL: its issuingDistributionPoint does not parse, or"
			" is there twice");
	whole_name(crl->scope->distpoint, X509_CRL_get_issuer(crl->x509));
	return crl->scope->indirectCRL <= 0 ||
	    error_set(err, ERROR_MALFORMED,
		"CRL: an indirect one, which lists other CAs' certificates");
}

static int
by_serial(const void *a, const void *b)
{
	return ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(
				    *(X509_REVOKED *const *)a),
	    X509_REVOKED_get0_serialNumber(*(X509_REVOKED *const *)b));
}

/*
 * The entries in an order of our own. Sorting the list itself would change what
 * was signed, and OpenSSL's look-up misses entries that another one hides.
 */
static bool
index_entries(struct crl *crl, struct error *err)
{
	STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(crl->x509);
	const int num = sk_X509_REVOKED_num(all);

	if (num <= 0)
		return true;
	crl->entries = calloc((size_t)num, sizeof(X509_REVOKED *));
	if (crl->entries == NULL)
		return error_set_errno(err, "CRL");
	for (int i = 0; i < num; i++)
		crl->entries[crl->num_entries++] =
		    sk_X509_REVOKED_value(all, i);
	qsort(crl->entries, crl->num_entries, sizeof(X509_REVOKED *),
	    by_serial);
	return true;
}

/* x509 is taken over, even on failure. */
static struct crl *
crl_of(X509_CRL *x509, struct error *err)
{
	struct crl *crl = calloc(1, sizeof(*crl));
	unsigned len = 0;

	if (crl == NULL) {
		X509_CRL_free(x509);
		error_set_errno(err, "CRL");
		return NULL;
	}
	crl->x509 = x509;
	if (!asn1_time(X509_CRL_get0_lastUpdate(x509), &crl->this_update_at) ||
	    !asn1_time(X509_CRL_get0_nextUpdate(x509), &crl->next_update_at))
		error_set(err, ERROR_MALFORMED,
		    "CRL without thisUpdate and nextUpdate");
	else if (X509_CRL_digest(x509, EVP_sha256(), crl->digest.bytes, &len) !=
	    1)
		error_set_openssl(err, ERROR_SYSTEM, "CRL");
	else if (read_number(crl, err) && read_expired(crl, err) &&
	    read_scope(crl, err) && index_entries(crl, err)) {
		crl->is_complete = all_is_known(x509) &&
		    X509_CRL_get_ext_by_NID(x509, NID_delta_crl, -1) < 0 &&
		    (crl->scope == NULL || crl->scope->onlysomereasons == NULL);
		ERR_clear_error();
		return crl;
	}
	ERR_clear_error();
	crl_free(crl);
	return NULL;
}

/* --- Files of them. --- */

struct crls *
crls_new(struct error *err)
{
	struct crls *crls = calloc(1, sizeof(*crls));

	if (crls == NULL)
		error_set_errno(err, "CRLs");
	else
		pthread_mutex_init(&crls->mutex, NULL);
	return crls;
}

void
crls_free(struct crls *crls)
{
	if (crls == NULL)
		return;
	for (size_t i = 0; i < crls->num; i++)
		crl_free(crls->list[i]);
	pthread_mutex_destroy(&crls->mutex);
	free(crls->list);
	free(crls);
}

static bool
take(struct crls *crls, X509_CRL *x509, struct error *err)
{
	struct crl *crl = crl_of(x509, err), **list;

	if (crl == NULL)
		return false;
	list = realloc(crls->list, (crls->num + 1) * sizeof(struct crl *));
	if (list == NULL) {
		crl_free(crl);
		return error_set_errno(err, "CRL");
	}
	crls->list = list;
	list[crls->num++] = crl;
	return true;
}

static bool
take_der(struct crls *crls, struct span der, struct error *err)
{
	const unsigned char *p = der.data;
	X509_CRL *x509 = d2i_X509_CRL(NULL, &p, (long)der.len);

	if (x509 != NULL && p == der.data + der.len)
		return take(crls, x509, err);
	X509_CRL_free(x509);
	ERR_clear_error();
	return error_set(err, ERROR_MALFORMED, "not the DER of one CRL");
}

static bool
take_block(struct crls *crls, struct span pem, struct error *err)
{
	BIO *in = bio_of(pem);
	X509_CRL *x509 =
	    in == NULL ? NULL : PEM_read_bio_X509_CRL(in, NULL, NULL, NULL);

	BIO_free(in);
	ERR_clear_error();
	return x509 != NULL
	    ? take(crls, x509, err)
	    : error_set(err, ERROR_MALFORMED, "a block that is no CRL (PEM)");
}

/*
 * Cut from one BEGIN line up to the next, so that a bad block hides none behind
 * it.
 */
static bool
next_block(struct span *in, struct span *block)
{
	static const char begin[] = "-----BEGIN ";
	struct span line;
	const uint8_t *from = NULL;

	for (struct span rest = *in; rest.len > 0;) {
		const uint8_t *at = rest.data;

		if (!span_take_line(&rest, &line)) {
			line = rest;
			rest = span_of(rest.data + rest.len, 0);
		}
		if (!span_starts(line, begin))
			continue;
		if (from != NULL) {
			*block = span_of(from, (size_t)(at - from));
			*in = span_of(at, in->len - (size_t)(at - in->data));
			return true;
		}
		from = at;
	}
	if (from == NULL)
		return false;
	*block = span_of(from, in->len - (size_t)(from - in->data));
	*in = span_of(in->data + in->len, 0);
	return true;
}

bool
crls_add(struct crls *crls, struct span bytes, unsigned *num_bad,
    struct error *err)
{
	const size_t before = crls->num;
	struct error first = { 0 };
	unsigned bad = 0;
	struct span block;

	if (bytes.len > LIMIT_CRL_BYTES)
		return error_set(err, ERROR_LIMIT, "CRL of %zu bytes, limit %d",
		    bytes.len, LIMIT_CRL_BYTES);
	if (bytes.len > 0 && bytes.data[0] == 0x30)
		return take_der(crls, bytes, err);
	while (next_block(&bytes, &block)) {
		struct error why = { 0 };

		if (take_block(crls, block, &why))
			continue;
		if (bad++ == 0)
			first = why;
	}
	if (num_bad != NULL)
		*num_bad += bad;
	if (crls->num > before)
		return true;
	if (bad > 0) {
		*err = first;
		return false;
	}
	return error_set(err, ERROR_MALFORMED, "there is no CRL in it");
}

size_t
crls_count(const struct crls *crls)
{
	return crls->num;
}

struct crl *
crls_at(const struct crls *crls, size_t i)
{
	return crls->list[i];
}

/* --- What one says. --- */

/* Find what is remembered of that CA certificate; false if nothing is. */
static bool
recall(struct crls *crls, const struct crl *crl, const struct digest *ca,
    bool *is_signed)
{
	bool found = false;

	pthread_mutex_lock(&crls->mutex);
	for (unsigned i = 0; !found && i < crl->num_known && i < CRL_KNOWN;
	     i++) {
		found = digest_eq(&crl->known[i].ca, ca);
		*is_signed = found && crl->known[i].is_signed;
	}
	pthread_mutex_unlock(&crls->mutex);
	return found;
}

/* If there is no room the oldest goes. */
static void
remember(struct crls *crls, struct crl *crl, const struct digest *ca,
    bool is_signed)
{
	unsigned at;

	pthread_mutex_lock(&crls->mutex);
	at = crl->num_known % CRL_KNOWN;
	crl->known[at].ca = *ca;
	crl->known[at].is_signed = is_signed;
	if (++crl->num_known == 2 * CRL_KNOWN)
		crl->num_known = CRL_KNOWN;
	pthread_mutex_unlock(&crls->mutex);
}

bool
crl_is_known_signed_by(struct crls *crls, const struct crl *crl,
    const struct cert *ca)
{
	bool is_signed;

	return X509_NAME_cmp(X509_CRL_get_issuer(crl->x509),
		   X509_get_subject_name(ca->x509)) == 0 &&
	    recall(crls, crl, &ca->fingerprint, &is_signed) && is_signed;
}

bool
crl_is_signed_by(struct crls *crls, struct crl *crl, const struct cert *ca)
{
	bool is_signed;

	if (X509_NAME_cmp(X509_CRL_get_issuer(crl->x509),
		X509_get_subject_name(ca->x509)) != 0)
		return false;
	if (recall(crls, crl, &ca->fingerprint, &is_signed))
		return is_signed;
	is_signed = X509_CRL_verify(crl->x509, ca->key) == 1;
	ERR_clear_error();
	remember(crls, crl, &ca->fingerprint, is_signed);
	return is_signed;
}

bool
crl_is_of(const struct crl *crl, const struct cert *cert)
{
	return X509_NAME_cmp(X509_CRL_get_issuer(crl->x509),
		   X509_get_issuer_name(cert->x509)) == 0;
}

static bool
names_meet(const DIST_POINT_NAME *a, const DIST_POINT_NAME *b)
{
	if (a->type == 1 && b->type == 1)
		return a->dpname != NULL && b->dpname != NULL &&
		    X509_NAME_cmp(a->dpname, b->dpname) == 0;
	if (a->type != 0 || b->type != 0)
		return false;
	for (int i = 0; i < sk_GENERAL_NAME_num(a->name.fullname); i++)
		for (int j = 0; j < sk_GENERAL_NAME_num(b->name.fullname); j++)
			if (GENERAL_NAME_cmp(
				sk_GENERAL_NAME_value(a->name.fullname, i),
				sk_GENERAL_NAME_value(b->name.fullname, j)) ==
			    0)
				return true;
	return false;
}

/* True if one of the certificate's distribution points is that of the list. */
static bool
points_meet(const struct crl *crl, const struct cert *cert)
{
	STACK_OF(DIST_POINT) *points = X509_get_ext_d2i(cert->x509,
	    NID_crl_distribution_points, NULL, NULL);
	bool found = false;

	for (int i = 0; !found && i < sk_DIST_POINT_num(points); i++) {
		DIST_POINT *point = sk_DIST_POINT_value(points, i);

		if (point->distpoint == NULL)
			continue;
		whole_name(point->distpoint, X509_get_issuer_name(cert->x509));
		found = names_meet(crl->scope->distpoint, point->distpoint);
	}
	sk_DIST_POINT_pop_free(points, DIST_POINT_free);
	return found;
}

bool
crl_covers(const struct crl *crl, const struct cert *cert)
{
	const ISSUING_DIST_POINT *scope = crl->scope;
	const bool is_ca = X509_check_ca(cert->x509) != 0;

	if (scope == NULL)
		return true;
	if ((scope->onlyuser > 0 && is_ca) || (scope->onlyCA > 0 && !is_ca) ||
	    scope->onlyattr > 0)
		return false;
	return scope->distpoint == NULL || points_meet(crl, cert);
}

bool
crl_is_newer(const struct crl *a, const struct crl *b)
{
	return a->this_update_at != b->this_update_at
	    ? a->this_update_at > b->this_update_at
	    : memcmp(a->number, b->number, CRL_NUMBER_BYTES) > 0;
}

static bool
same_flags(const ISSUING_DIST_POINT *a, const ISSUING_DIST_POINT *b)
{
	return (a->onlyuser > 0) == (b->onlyuser > 0) &&
	    (a->onlyCA > 0) == (b->onlyCA > 0) &&
	    (a->onlyattr > 0) == (b->onlyattr > 0);
}

bool
crl_same_scope(const struct crl *a, const struct crl *b)
{
	if (a->scope == NULL || b->scope == NULL)
		return a->scope == b->scope;
	if (!same_flags(a->scope, b->scope) ||
	    (a->scope->distpoint == NULL) != (b->scope->distpoint == NULL))
		return false;
	return a->scope->distpoint == NULL ||
	    names_meet(a->scope->distpoint, b->scope->distpoint);
}

size_t
crl_size(const struct crl *crl)
{
	const int len = i2d_X509_CRL(crl->x509, NULL);

	return len > 0 ? (size_t)len : 0;
}

bool
crl_same_issuer(const struct crl *a, const struct crl *b)
{
	return X509_NAME_cmp(X509_CRL_get_issuer(a->x509),
		   X509_CRL_get_issuer(b->x509)) == 0;
}

void
crl_issuer(const struct crl *crl, char out[CRL_ISSUER_TEXT])
{
	asn1_name(X509_CRL_get_issuer(crl->x509), out, CRL_ISSUER_TEXT);
	ERR_clear_error();
}

bool
crl_encode(const struct crl *crl, struct buf *out, struct error *err)
{
	unsigned char *der = NULL;
	const int len = i2d_X509_CRL(crl->x509, &der);
	bool ok;

	if (len <= 0)
		return error_set_openssl(err, ERROR_SYSTEM, "CRL");
	ok = buf_append(out, span_of(der, (size_t)len), err);
	OPENSSL_free(der);
	return ok;
}

bool
crl_append_pem(const struct crl *crl, struct buf *out, struct error *err)
{
	BIO *text = BIO_new(BIO_s_mem());
	char *data = NULL;
	long len = 0;
	const bool ok =
	    (text != NULL && PEM_write_bio_X509_CRL(text, crl->x509) == 1 &&
		(len = BIO_get_mem_data(text, &data)) > 0) ||
	    error_set_openssl(err, ERROR_SYSTEM, "CRL");
	const bool put = ok && buf_append(out, span_of(data, (size_t)len), err);

	BIO_free(text);
	return put;
}
