#include "pki/trust.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/time.h"

struct ca {
	char name[LIMIT_OFFICE_BYTES + 1];
	struct cert *cert;
	X509_STORE *store; /* this CA and no other */
};

/* Who issued a certificate, found out once. */
struct issued {
	struct digest fingerprint;
	int ca; /* index, or -1: none of them */
};

struct trust {
	struct ca cas[LIMIT_OFFICES];
	size_t num_cas;
	pthread_mutex_t mutex;
	struct issued *issued; /* a table of LIMIT_CERT_CACHE places */
};

struct crl {
	X509_CRL *crl;
	int64_t this_update_at, next_update_at;
	struct digest signed_by; /* the CA whose signature was verified */
};

struct crls {
	pthread_mutex_t mutex; /* for signed_by */
	struct crl *list;
	size_t num;
};

struct trust *
trust_new(struct error *err)
{
	struct trust *trust = calloc(1, sizeof(*trust));

	if (trust != NULL)
		trust->issued = calloc(LIMIT_CERT_CACHE,
		    sizeof(*trust->issued));
	if (trust == NULL || trust->issued == NULL) {
		error_set_errno(err, "trust");
		free(trust);
		return NULL;
	}
	pthread_mutex_init(&trust->mutex, NULL);
	return trust;
}

void
trust_free(struct trust *trust)
{
	if (trust == NULL)
		return;
	for (size_t i = 0; i < trust->num_cas; i++) {
		X509_STORE_free(trust->cas[i].store);
		cert_free(trust->cas[i].cert);
	}
	pthread_mutex_destroy(&trust->mutex);
	free(trust->issued);
	free(trust);
}

static X509_STORE *
store_of(const struct cert *ca)
{
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *param;

	if (store == NULL || X509_STORE_add_cert(store, ca->x509) != 1) {
		X509_STORE_free(store);
		return NULL;
	}
	param = X509_STORE_get0_param(store);
	/* Times and revocation are judged apart, at the time in question. */
	X509_VERIFY_PARAM_set_flags(param,
	    X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN |
		X509_V_FLAG_NO_CHECK_TIME);
	X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	X509_VERIFY_PARAM_set_depth(param, 0);
	return store;
}

bool
trust_add_ca(struct trust *trust, const char *name, struct span pem,
    struct error *err)
{
	struct ca *ca = &trust->cas[trust->num_cas];
	struct cert *cert;

	if (trust->num_cas == LIMIT_OFFICES)
		return error_set(err, ERROR_LIMIT, "more than %d CAs",
		    LIMIT_OFFICES);
	if ((cert = cert_parse_pem(pem, err)) == NULL)
		return false;
	if (X509_check_ca(cert->x509) != 1 ||
	    (X509_get_key_usage(cert->x509) &
		(KU_KEY_CERT_SIGN | KU_CRL_SIGN)) !=
		(KU_KEY_CERT_SIGN | KU_CRL_SIGN))
		error_set(err, ERROR_UNTRUSTED,
		    "not a CA's certificate (basicConstraints CA, keyUsage"
		    " keyCertSign and cRLSign)");
	else if (!cert->is_strong)
		error_set(err, ERROR_UNTRUSTED,
		    "the CA's key is neither P-256, P-384 nor RSA of 3072"
		    " bits");
	else if (trust_ca(trust, name) != NULL)
		error_set(err, ERROR_UNTRUSTED, "CA \"%s\" is there already",
		    name);
	else if ((ca->store = store_of(cert)) == NULL)
		error_set_openssl(err, ERROR_SYSTEM, "CA \"%s\"", name);
	else {
		snprintf(ca->name, sizeof(ca->name), "%s", name);
		ca->cert = cert;
		trust->num_cas++;
		return true;
	}
	cert_free(cert);
	return false;
}

const struct cert *
trust_ca(const struct trust *trust, const char *name)
{
	for (size_t i = 0; i < trust->num_cas; i++)
		if (strcmp(trust->cas[i].name, name) == 0)
			return trust->cas[i].cert;
	return NULL;
}

const char *
trust_ca_name(const struct trust *trust, size_t place)
{
	return place < trust->num_cas ? trust->cas[place].name : NULL;
}

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
		X509_CRL_free(crls->list[i].crl);
	pthread_mutex_destroy(&crls->mutex);
	free(crls->list);
	free(crls);
}

static bool
asn1_at(const ASN1_TIME *time, int64_t *out)
{
	struct tm tm = { 0 };

	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	*out = (int64_t)timegm(&tm);
	return true;
}

/* RFC 5280 section 5.2: an extension we do not know may narrow the list. */
static bool
covers_everything(const X509_CRL *crl)
{
	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		const X509_EXTENSION *ext = X509_CRL_get_ext(crl, i);

		if (X509_EXTENSION_get_critical(ext))
			return false;
	}
	return X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) < 0 &&
	    X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) <
	    0;
}

static bool
take_crl(struct crls *crls, X509_CRL *crl, struct error *err)
{
	struct crl entry = { .crl = crl };
	struct crl *list;

	if (!asn1_at(X509_CRL_get0_lastUpdate(crl), &entry.this_update_at) ||
	    !asn1_at(X509_CRL_get0_nextUpdate(crl), &entry.next_update_at))
		return error_set(err, ERROR_MALFORMED,
		    "CRL without thisUpdate and nextUpdate");
	if (!covers_everything(crl))
		return error_set(err, ERROR_MALFORMED,
		    "CRL covers only part of its CA's certificates");
	list = realloc(crls->list, (crls->num + 1) * sizeof(*list));
	if (list == NULL)
		return error_set_errno(err, "CRL");
	crls->list = list;
	crls->list[crls->num++] = entry;
	return true;
}

bool
crls_add(struct crls *crls, struct span bytes, struct error *err)
{
	const unsigned char *p = bytes.data;
	size_t before = crls->num;
	X509_CRL *crl;
	bool ok = true;
	BIO *in;

	if (bytes.len > LIMIT_CRL_BYTES)
		return error_set(err, ERROR_LIMIT, "CRL of %zu bytes, limit %d",
		    bytes.len, LIMIT_CRL_BYTES);
	if (bytes.len > 0 && bytes.data[0] == 0x30) {
		crl = d2i_X509_CRL(NULL, &p, (long)bytes.len);
		if (crl == NULL || p != bytes.data + bytes.len) {
			X509_CRL_free(crl);
			return error_set_openssl(err, ERROR_MALFORMED, "CRL");
		}
		if (!(ok = take_crl(crls, crl, err)))
			X509_CRL_free(crl);
		return ok;
	}
	if ((in = BIO_new_mem_buf(bytes.data, (int)bytes.len)) == NULL)
		return error_set_openssl(err, ERROR_SYSTEM, "CRL");
	while (ok &&
	    (crl = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL)) != NULL)
		if (!(ok = take_crl(crls, crl, err)))
			X509_CRL_free(crl);
	BIO_free(in);
	if (ok && crls->num == before)
		return error_set_openssl(err, ERROR_MALFORMED, "CRL (PEM)");
	ERR_clear_error();
	return ok;
}

size_t
crls_count(const struct crls *crls)
{
	return crls->num;
}

/* The name may be anybody's; the signature is the CA's. */
static bool
is_signed_by(struct crls *crls, struct crl *crl, const struct cert *ca)
{
	bool known, good;

	if (X509_NAME_cmp(X509_CRL_get_issuer(crl->crl),
		X509_get_subject_name(ca->x509)) != 0)
		return false;
	pthread_mutex_lock(&crls->mutex);
	known = digest_eq(&crl->signed_by, &ca->fingerprint);
	pthread_mutex_unlock(&crls->mutex);
	if (known)
		return true;
	good = X509_CRL_verify(crl->crl, ca->key) == 1;
	ERR_clear_error();
	if (good) {
		pthread_mutex_lock(&crls->mutex);
		crl->signed_by = ca->fingerprint;
		pthread_mutex_unlock(&crls->mutex);
	}
	return good;
}

bool
crls_next_update(const struct crls *crls, const struct trust *trust,
    const char *ca_name, int64_t *out)
{
	const struct cert *ca = trust_ca(trust, ca_name);
	bool found = false;

	for (size_t i = 0; ca != NULL && i < crls->num; i++)
		if (X509_NAME_cmp(X509_CRL_get_issuer(crls->list[i].crl),
			X509_get_subject_name(ca->x509)) == 0 &&
		    X509_CRL_verify(crls->list[i].crl, ca->key) == 1 &&
		    (!found || crls->list[i].next_update_at > *out)) {
			*out = crls->list[i].next_update_at;
			found = true;
		}
	ERR_clear_error();
	return found;
}

bool
crls_this_update(struct crls *crls, const struct trust *trust,
    const char *ca_name, int64_t *out)
{
	const struct cert *ca = trust_ca(trust, ca_name);
	bool found = false;

	for (size_t i = 0; ca != NULL && i < crls->num; i++)
		if ((!found || crls->list[i].this_update_at > *out) &&
		    is_signed_by(crls, &crls->list[i], ca)) {
			*out = crls->list[i].this_update_at;
			found = true;
		}
	return found;
}

static int
find_issuer(const struct trust *trust, const struct cert *cert)
{
	int found = -1;

	for (size_t i = 0; found < 0 && i < trust->num_cas; i++) {
		X509_STORE_CTX *ctx;

		if (X509_NAME_cmp(X509_get_issuer_name(cert->x509),
			X509_get_subject_name(trust->cas[i].cert->x509)) != 0)
			continue;
		if ((ctx = X509_STORE_CTX_new()) == NULL)
			break;
		if (X509_STORE_CTX_init(ctx, trust->cas[i].store, cert->x509,
			NULL) == 1 &&
		    X509_verify_cert(ctx) == 1)
			found = (int)i;
		X509_STORE_CTX_free(ctx);
		ERR_clear_error();
	}
	return found;
}

static const struct ca *
issuer_of(struct trust *trust, const struct cert *cert)
{
	struct issued *slot = &trust->issued[((size_t)
					      cert->fingerprint.bytes[0]
						 << 8 |
					      cert->fingerprint.bytes[1]) %
	    LIMIT_CERT_CACHE];
	bool known;
	int ca;

	pthread_mutex_lock(&trust->mutex);
	known = digest_eq(&slot->fingerprint, &cert->fingerprint);
	ca = slot->ca;
	pthread_mutex_unlock(&trust->mutex);
	if (!known) {
		ca = find_issuer(trust, cert);
		pthread_mutex_lock(&trust->mutex);
		*slot = (struct issued){ cert->fingerprint, ca };
		pthread_mutex_unlock(&trust->mutex);
	}
	return ca < 0 ? NULL : &trust->cas[ca];
}

static bool
is_revoked(const struct crl *crl, const struct cert *cert, int64_t at,
    int64_t *revoked_at)
{
	X509_REVOKED *entry = NULL;

	if (X509_CRL_get0_by_serial(crl->crl, &entry,
		X509_get0_serialNumber(cert->x509)) != 1)
		return false;
	return !asn1_at(X509_REVOKED_get0_revocationDate(entry), revoked_at) ||
	    *revoked_at <= at;
}

static void
judge_revocation(const struct ca *ca, const struct cert *cert, int64_t at,
    struct crls *const lists[], size_t num_lists, struct trust_result *out)
{
	int64_t revoked_at = 0;
	char when[TIME_TEXT];
	bool told = false;

	for (size_t i = 0; i < num_lists; i++)
		for (size_t j = 0; lists[i] != NULL && j < lists[i]->num; j++) {
			struct crl *crl = &lists[i]->list[j];

			if (!is_signed_by(lists[i], crl, ca->cert))
				continue;
			if (is_revoked(crl, cert, at, &revoked_at)) {
				out->state = TRUST_REVOKED;
				time_format_at(revoked_at, when);
				snprintf(out->text, sizeof(out->text),
				    "the certificate was revoked on %s", when);
				return;
			}
			told = told || crl->this_update_at >= at ||
			    crl->next_update_at >= at;
		}
	if (told)
		return;
	out->state = TRUST_UNKNOWN;
	snprintf(out->text, sizeof(out->text),
	    "no CRL of CA \"%s\" tells whether the certificate was revoked by"
	    " then: its last one is missing or out of date", ca->name);
}

static bool
valid_at(const struct cert *cert, int64_t at)
{
	return at >= cert->not_before_at && at <= cert->not_after_at;
}

void
trust_judge(struct trust *trust, const struct cert *cert, int64_t at,
    struct crls *const lists[], size_t num_lists, struct trust_result *out)
{
	const struct ca *ca = issuer_of(trust, cert);
	char from[TIME_TEXT], until[TIME_TEXT], when[TIME_TEXT];

	*out = (struct trust_result){ .state = TRUST_UNTRUSTED };
	if (ca == NULL) {
		snprintf(out->text, sizeof(out->text),
		    "no CA that the policy names issued the certificate");
		return;
	}
	out->ca = ca->name;
	if (!valid_at(cert, at) || !valid_at(ca->cert, at)) {
		const bool own = !valid_at(cert, at);

		out->state = TRUST_EXPIRED;
		time_format_at(own ? cert->not_before_at :
				     ca->cert->not_before_at, from);
		time_format_at(own ? cert->not_after_at :
				     ca->cert->not_after_at, until);
		time_format_at(at, when);
		snprintf(out->text, sizeof(out->text),
		    "%s, of %s to %s, was not valid at %s",
		    own ? "the certificate" : "its CA's certificate", from,
		    until, when);
		return;
	}
	out->state = TRUST_GOOD;
	snprintf(out->text, sizeof(out->text), "good");
	judge_revocation(ca, cert, at, lists, num_lists, out);
}
