/*
 * Finding the CA that issued a certificate, and comparing dates (trust.h).
 */
#include "pki/trust.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "base/time.h"
#include "pki/crl_listing.h"

struct ca {
	char name[LIMIT_OFFICE_BYTES + 1];
	struct cert *certs[LIMIT_CA_CERTS];
	X509_STORE *stores[LIMIT_CA_CERTS]; /* of that certificate alone */
	size_t num;
};

/* The issuer of a certificate, found once and remembered. */
struct issued {
	struct digest fingerprint;
	int ca; /* index of the CA, or -1: none of them */
	/* a bit for each certificate of the CA that verifies it */
	unsigned certs;
	/* the CA that it names and OpenSSL's reason why not; or -1 */
	int named, reason;
};

struct trust {
	struct ca cas[LIMIT_OFFICES];
	size_t num_cas;
	pthread_mutex_t mutex;
	struct issued *issued; /* a table of LIMIT_CERT_CACHE places */
};

struct trust *
trust_new(struct error *err)
{
	struct trust *trust = calloc(1, sizeof(*trust));

	if (trust != NULL)
		trust->issued =
		    calloc(LIMIT_CERT_CACHE, sizeof(*trust->issued));
	if (trust == NULL || trust->issued == NULL) {
		error_set_errno(err, "trust");
		free(trust);
		return NULL;
	}
	pthread_mutex_init(&trust->mutex, NULL);
	return trust;
}

static void
free_ca(struct ca *ca)
{
	for (size_t i = 0; i < ca->num; i++) {
		X509_STORE_free(ca->stores[i]);
		cert_free(ca->certs[i]);
	}
	*ca = (struct ca){ .num = 0 };
}

void
trust_free(struct trust *trust)
{
	if (trust == NULL)
		return;
	for (size_t i = 0; i < trust->num_cas; i++)
		free_ca(&trust->cas[i]);
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
	/*
	 * Times and revocation are judged elsewhere, at the time in question.
	 */
	X509_VERIFY_PARAM_set_flags(param,
	    X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN |
		X509_V_FLAG_NO_CHECK_TIME);
	X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	X509_VERIFY_PARAM_set_depth(param, 0);
	return store;
}

/* Check that it may issue certificates, and that its key is accepted. */
static bool
check_ca(const struct cert *cert, struct error *err)
{
	if (X509_check_ca(cert->x509) != 1 ||
	    (X509_get_key_usage(cert->x509) &
		(KU_KEY_CERT_SIGN | KU_CRL_SIGN)) !=
		(KU_KEY_CERT_SIGN | KU_CRL_SIGN))
		return error_set(err, ERROR_UNTRUSTED,
		    "not a CA's certificate (basicConstraints CA, keyUsage"
		    " keyCertSign and cRLSign)");
	return cert_check_key(cert, err);
}

/* cert is taken over, even on failure. */
static bool
add_cert(struct ca *ca, struct cert *cert, struct error *err)
{
	bool ok = check_ca(cert, err);

	if (ok && ca->num == LIMIT_CA_CERTS)
		ok = error_set(err, ERROR_LIMIT,
		    "more than %d certificates of CA \"%s\"", LIMIT_CA_CERTS,
		    ca->name);
	if (ok && (ca->stores[ca->num] = store_of(cert)) == NULL)
		ok =
		    error_set_openssl(err, ERROR_SYSTEM, "CA \"%s\"", ca->name);
	if (ok)
		ca->certs[ca->num++] = cert;
	else
		cert_free(cert);
	return ok;
}

bool
trust_add_ca(struct trust *trust, const char *name, struct span pem,
    struct error *err)
{
	struct ca *ca = &trust->cas[trust->num_cas];
	struct cert *cert;
	bool ok = true;

	if (trust->num_cas == LIMIT_OFFICES)
		return error_set(err, ERROR_LIMIT, "more than %d CAs",
		    LIMIT_OFFICES);
	if (trust_ca(trust, name) != NULL)
		return error_set(err, ERROR_UNTRUSTED,
		    "CA \"%s\" is there already", name);
	*ca = (struct ca){ .num = 0 };
	if (!text_take(ca->name, sizeof(ca->name), name, err))
		return false;
	while (ok && cert_take_pem(&pem, &cert, err) && cert != NULL)
		ok = add_cert(ca, cert, err);
	ok = ok && err->kind == ERROR_NONE &&
	    (ca->num > 0 ||
		error_set(err, ERROR_MALFORMED,
		    "there is no certificate in it (PEM)"));
	if (ok)
		trust->num_cas++;
	else
		free_ca(ca);
	return ok;
}

static const struct ca *
find_ca(const struct trust *trust, const char *name)
{
	for (size_t i = 0; i < trust->num_cas; i++)
		if (strcmp(trust->cas[i].name, name) == 0)
			return &trust->cas[i];
	return NULL;
}

const struct cert *
trust_ca_at(const struct trust *trust, const char *name, size_t i)
{
	const struct ca *ca = find_ca(trust, name);

	return ca != NULL && i < ca->num ? ca->certs[i] : NULL;
}

const struct cert *
trust_ca(const struct trust *trust, const char *name)
{
	return trust_ca_at(trust, name, 0);
}

const char *
trust_ca_name(const struct trust *trust, size_t place)
{
	return place < trust->num_cas ? trust->cas[place].name : NULL;
}

bool
trust_append_pem(const struct trust *trust, const char *name, struct buf *out,
    struct error *err)
{
	const struct cert *cert;
	bool ok = true;

	for (size_t i = 0; ok && (cert = trust_ca_at(trust, name, i)) != NULL;
	     i++) {
		BIO *text = BIO_new(BIO_s_mem());
		char *data = NULL;
		long len = 0;

		ok = (text != NULL &&
			 PEM_write_bio_X509(text, cert->x509) == 1 &&
			 (len = BIO_get_mem_data(text, &data)) > 0) ||
		    error_set_openssl(err, ERROR_SYSTEM, "CA \"%s\"", name);
		ok = ok && buf_append(out, span_of(data, (size_t)len), err);
		BIO_free(text);
	}
	return ok;
}

/* A signature is verified only if no answer is remembered. */
static bool
ca_signed(const struct ca *ca, struct crls *crls, struct crl *crl)
{
	for (size_t i = 0; i < ca->num; i++)
		if (crl_is_known_signed_by(crls, crl, ca->certs[i]))
			return true;
	for (size_t i = 0; i < ca->num; i++)
		if (crl_is_signed_by(crls, crl, ca->certs[i]))
			return true;
	return false;
}

bool
trust_signed(const struct trust *trust, struct crls *crls, struct crl *crl)
{
	for (size_t i = 0; i < trust->num_cas; i++)
		if (ca_signed(&trust->cas[i], crls, crl))
			return true;
	return false;
}

bool
trust_ca_signed(const struct trust *trust, const char *name, struct crls *crls,
    struct crl *crl)
{
	const struct ca *ca = find_ca(trust, name);

	return ca != NULL && ca_signed(ca, crls, crl);
}

/*
 * A delta comes beside a complete list, and goes when the next one has its
 * listings.
 */
const struct crl *
trust_newest(const struct trust *trust, const char *name, struct crls *crls,
    int64_t until)
{
	const struct ca *ca = find_ca(trust, name);
	const struct crl *newest = NULL;

	for (size_t i = 0; ca != NULL && i < crls_count(crls); i++) {
		struct crl *crl = crls_at(crls, i);

		if (crl->is_complete && crl->this_update_at <= until &&
		    ca_signed(ca, crls, crl) &&
		    (newest == NULL || crl_is_newer(crl, newest)))
			newest = crl;
	}
	return newest;
}

bool
trust_next_update(const struct trust *trust, const char *name,
    struct crls *crls, int64_t until, int64_t *out)
{
	const struct ca *ca = find_ca(trust, name);
	bool found = false;

	for (size_t i = 0; ca != NULL && i < crls_count(crls); i++) {
		struct crl *crl = crls_at(crls, i);

		if (!crl->is_complete || crl->this_update_at > until ||
		    !ca_signed(ca, crls, crl))
			continue;
		if (!found || crl->next_update_at > *out)
			*out = crl->next_update_at;
		found = true;
	}
	return found;
}

bool
trust_this_update(const struct trust *trust, const char *name,
    struct crls *crls, int64_t *out)
{
	const struct crl *newest = trust_newest(trust, name, crls, INT64_MAX);

	if (newest == NULL)
		return false;
	*out = newest->this_update_at;
	return true;
}

const char *
trust_list_older(const struct trust *trust, struct crls *crls,
    struct crls *before, int64_t at)
{
	for (size_t i = 0; i < trust->num_cas; i++) {
		const char *ca = trust->cas[i].name;
		int64_t was, is;

		if (trust_this_update(trust, ca, before, &was) &&
		    was <= at + TIME_SKEW_SECONDS &&
		    (!trust_this_update(trust, ca, crls, &is) || is < was))
			return ca;
	}
	return NULL;
}

/* The next known list of the CA that issued crl; NULL at the end. */
static const struct crl *
next_known(const struct trust *trust, const struct crl *crl,
    const struct known_lists *known, size_t *set, size_t *i)
{
	for (; *set < known->num; (*set)++, *i = 0)
		while (known->sets[*set] != NULL &&
		    *i < crls_count(known->sets[*set])) {
			struct crl *one = crls_at(known->sets[*set], (*i)++);

			if (known->but != NULL &&
			    digest_eq(&one->digest, known->but))
				continue;
			if (crl_same_issuer(one, crl) &&
			    trust_signed(trust, known->sets[*set], one))
				return one;
		}
	return NULL;
}

/* The date of a list from the future says nothing of those made before. */
static bool
is_comparable(const struct crl *crl, const struct crl *one, int64_t until)
{
	return one->is_complete &&
	    (one->this_update_at <= until || crl->this_update_at > until);
}

bool
trust_list_newest(const struct trust *trust, const struct crl *crl,
    const struct known_lists *known)
{
	const struct crl *one;
	size_t set = 0, i = 0;

	if (!crl->is_complete)
		return false;
	while ((one = next_known(trust, crl, known, &set, &i)) != NULL)
		if (is_comparable(crl, one, known->until) &&
		    crl_same_scope(one, crl) && !crl_is_newer(crl, one))
			return false;
	return true;
}

static bool
is_listed(const struct trust *trust, const struct crl *crl, size_t listing,
    const struct known_lists *known)
{
	const struct crl *one;
	size_t set = 0, i = 0;

	while ((one = next_known(trust, crl, known, &set, &i)) != NULL)
		if (crl_lists_as(one, crl, listing))
			return true;
	return false;
}

bool
trust_list_names_more(const struct trust *trust, const struct crl *crl,
    const struct known_lists *known)
{
	for (size_t i = 0; i < crl_num_listings(crl); i++)
		if (!is_listed(trust, crl, i, known))
			return true;
	return false;
}

bool
trust_list_adds(const struct trust *trust, const struct crl *crl,
    const struct known_lists *known)
{
	return trust_list_newest(trust, crl, known) ||
	    trust_list_names_more(trust, crl, known);
}

/* Why the CA's certificate did not issue it, or X509_V_OK: it did. */
static int
ask_openssl(X509_STORE *store, const struct cert *cert)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int reason = X509_V_ERR_OUT_OF_MEM;

	if (ctx != NULL &&
	    X509_STORE_CTX_init(ctx, store, cert->x509, NULL) == 1)
		reason = X509_verify_cert(ctx) == 1
		    ? X509_V_OK
		    : X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return reason;
}

/*
 * The same; a second time if it did not: OpenSSL says of a certificate that it
 * had no memory to look at that its signature is wrong or its issuer unknown.
 */
static int
try_issuer(X509_STORE *store, const struct cert *cert)
{
	const int reason = ask_openssl(store, cert);

	return reason == X509_V_OK ? X509_V_OK : ask_openssl(store, cert);
}

/*
 * Find the CA that issued it, by name and key; or why the one that it names did
 * not.
 */
static void
find_issuer(const struct trust *trust, const struct cert *cert,
    struct issued *out)
{
	*out = (struct issued){ cert->fingerprint, -1, 0, -1, 0 };
	for (size_t i = 0; out->ca < 0 && i < trust->num_cas; i++) {
		const struct ca *ca = &trust->cas[i];

		for (size_t j = 0; j < ca->num; j++) {
			int reason;

			if (X509_NAME_cmp(X509_get_issuer_name(cert->x509),
				X509_get_subject_name(ca->certs[j]->x509)) != 0)
				continue;
			reason = try_issuer(ca->stores[j], cert);
			if (reason == X509_V_OK) {
				out->ca = (int)i;
				out->certs |= 1u << j;
			} else if (out->reason != X509_V_ERR_OUT_OF_MEM) {
				out->named = (int)i;
				out->reason = reason;
			}
		}
	}
}

static struct issued
issuer_of(struct trust *trust, const struct cert *cert)
{
	struct issued *slot =
	    &trust->issued[((size_t)cert->fingerprint.bytes[0] << 8 |
			       cert->fingerprint.bytes[1]) %
		LIMIT_CERT_CACHE];
	struct issued found;

	pthread_mutex_lock(&trust->mutex);
	found = *slot;
	pthread_mutex_unlock(&trust->mutex);
	if (digest_eq(&found.fingerprint, &cert->fingerprint))
		return found;
	find_issuer(trust, cert, &found);
	/*
	 * What was not found is not kept: it is quickly looked for again, and a
	 * machine that had no memory for it may have some then.
	 */
	if (found.ca < 0 || found.reason == X509_V_ERR_OUT_OF_MEM)
		return found;
	pthread_mutex_lock(&trust->mutex);
	*slot = found;
	pthread_mutex_unlock(&trust->mutex);
	return found;
}

static bool
valid_at(const struct cert *cert, int64_t at)
{
	return at >= cert->not_before_at && at <= cert->not_after_at;
}

static void
tell_untrusted(const struct trust *trust, const struct issued *issued,
    struct trust_result *out)
{
	if (issued->named < 0)
		snprintf(out->text, sizeof(out->text),
		    "no CA that the policy names issued the certificate");
	else
		snprintf(out->text, sizeof(out->text),
		    "the certificate names CA \"%s\" as its issuer, but: %s",
		    trust->cas[issued->named].name,
		    X509_verify_cert_error_string(issued->reason));
}

/* Of the CA's certificates that verify it, choose one that was valid then. */
static const struct cert *
issuer_at(const struct ca *ca, unsigned certs, int64_t at)
{
	const struct cert *last = NULL;

	for (size_t i = 0; i < ca->num; i++) {
		if ((certs >> i & 1) == 0)
			continue;
		last = ca->certs[i];
		if (valid_at(last, at))
			return last;
	}
	return last;
}

void
trust_issued(struct trust *trust, const struct cert *cert, int64_t at,
    struct trust_result *out)
{
	const struct issued issued = issuer_of(trust, cert);
	char from[TIME_TEXT], until[TIME_TEXT], when[TIME_TEXT];
	const struct cert *issuer, *wrong;
	const struct ca *ca;

	*out = (struct trust_result){ .state = TRUST_UNTRUSTED };
	if (issued.ca < 0) {
		tell_untrusted(trust, &issued, out);
		if (issued.named >= 0)
			out->named = trust->cas[issued.named].name;
		return;
	}
	ca = &trust->cas[issued.ca];
	out->ca = ca->name;
	issuer = issuer_at(ca, issued.certs, at);
	wrong = !valid_at(cert, at) ? cert
	    : !valid_at(issuer, at) ? issuer
				    : NULL;
	if (wrong != NULL) {
		out->state = TRUST_EXPIRED;
		time_format_at(wrong->not_before_at, from);
		time_format_at(wrong->not_after_at, until);
		time_format_at(at, when);
		snprintf(out->text, sizeof(out->text),
		    "%s, of %s to %s, was not valid at %s",
		    wrong == cert ? "the certificate" : "its CA's certificate",
		    from, until, when);
		return;
	}
	out->state = TRUST_GOOD;
	snprintf(out->text, sizeof(out->text), "good");
}
