/*
 * Judging the server's certificate as its clients will (server_cert.h).
 */
#include "daemon/server_cert.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "pki/standing.h"
#include "record/data.h"

enum {
	NAMES = 160, /* room for the names of a certificate, for a person */
	/* How many policies are looked at for the CA before. */
	EARLIER_POLICIES = 8,
	/* That of OpenSSL's clients: 112 bits (SSL_CTX_set_security_level(3)). */
	AUTH_LEVEL = 2,
};

/* What is wrong, one after the other. */
struct faults {
	char text[400];
	size_t num;
};

static void add(struct faults *faults, const char *fmt, ...) PRINTF(2, 3);

static void
add(struct faults *faults, const char *fmt, ...)
{
	const size_t len = strlen(faults->text);
	char one[300];
	va_list args;

	va_start(args, fmt);
	vsnprintf(one, sizeof(one), fmt, args);
	va_end(args);
	text_cutf(faults->text + len, sizeof(faults->text) - len, "%s%s",
	    faults->num == 0 ? "" : "; ", one);
	faults->num++;
}

/* --- Its names. --- */

void
server_cert_host(const char *address, char out[256])
{
	const char *host = address + strlen("https://");
	size_t len = *host == '[' ? strcspn(++host, "]") : strcspn(host, ":");

	if (len > 0 && host[len - 1] == '.')
		len--;
	snprintf(out, 256, "%.*s", (int)(len < 256 ? len : 255), host);
}

/* Append a name of a certificate, if it is a host's. */
static void
list_name(const GENERAL_NAME *name, char out[NAMES])
{
	const size_t len = strlen(out);
	char ip[INET6_ADDRSTRLEN] = "";
	const ASN1_STRING *bytes = name->d.ip;

	if (name->type == GEN_DNS)
		text_cutf(out + len, NAMES - len, "%s%.*s", len > 0 ? ", " : "",
		    ASN1_STRING_length(bytes),
		    (const char *)ASN1_STRING_get0_data(bytes));
	else if (name->type == GEN_IPADD &&
	    inet_ntop(ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6,
		ASN1_STRING_get0_data(bytes), ip, sizeof(ip)) != NULL)
		text_cutf(out + len, NAMES - len, "%s%s", len > 0 ? ", " : "",
		    ip);
}

static void
list_names(X509 *x509, char out[NAMES])
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);

	out[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		list_name(sk_GENERAL_NAME_value(names, i), out);
	GENERAL_NAMES_free(names);
	if (out[0] == '\0')
		text_set(out, NAMES, "no host (subjectAltName)");
}

static void
judge_names(X509 *x509, const char *address, struct faults *faults)
{
	const unsigned how = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
	char host[256], names[NAMES];
	ASN1_OCTET_STRING *ip;
	bool is;

	server_cert_host(address, host);
	ip = a2i_IPADDRESS(host);
	is = ip != NULL ? X509_check_ip_asc(x509, host, 0) == 1
			: X509_check_host(x509, host, 0, how, NULL) == 1;
	ASN1_OCTET_STRING_free(ip);
	if (is)
		return;
	list_names(x509, names);
	add(faults, "it is for %s, not for %s, the host of \"address\"", names,
	    host);
}

/* --- Its dates, purpose, key and revocation. --- */

static void
judge_dates(const struct cert *cert, int64_t at, struct faults *faults)
{
	char when[TIME_TEXT];
	const char *wrong = cert_dates_wrong(cert, at, when);

	if (wrong != NULL)
		add(faults, "it %s %s", wrong, when);
}

/* A server of TLS 1.3 signs (RFC 8446 section 4.4.2.2). */
static void
judge_purpose(X509 *x509, struct faults *faults)
{
	if (X509_check_purpose(x509, X509_PURPOSE_SSL_SERVER, 0) != 1 ||
	    (X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE) == 0)
		add(faults,
		    "it is not for a server (extendedKeyUsage serverAuth,"
		    " keyUsage digitalSignature)");
}

static void
judge_key(const struct cert *cert, struct faults *faults)
{
	struct error why = { 0 };

	if (!cert_check_key(cert, &why))
		add(faults, "%s", why.detail);
}

static void
judge_standing(const struct cert *cert, const struct server_cert_known *known,
    struct faults *faults)
{
	struct trust_result found;

	if (known->revocation == NULL)
		return;
	standing_judge(known->policy->trust, known->revocation, cert, known->at,
	    &found);
	if (found.state == TRUST_REVOKED)
		add(faults, "%s", found.text);
}

/* --- Its CA. --- */

static bool
trust_ca_of(X509_STORE *store, const struct trust *trust, const char *name)
{
	const struct cert *ca;

	for (size_t i = 0; (ca = trust_ca_at(trust, name, i)) != NULL; i++)
		if (X509_STORE_add_cert(store, ca->x509) != 1)
			return false;
	return true;
}

/* What is told of the certificate itself is judged above. */
static int
pass_own(int ok, X509_STORE_CTX *ctx)
{
	const int why = X509_STORE_CTX_get_error(ctx);

	return ok == 1 ||
	    (X509_STORE_CTX_get_error_depth(ctx) == 0 &&
		(why == X509_V_ERR_CERT_HAS_EXPIRED ||
		    why == X509_V_ERR_CERT_NOT_YET_VALID ||
		    why == X509_V_ERR_INVALID_PURPOSE ||
		    why == X509_V_ERR_EE_KEY_TOO_SMALL));
}

/* Returns OpenSSL's reason; X509_V_OK if a CA that is trusted issued it. */
static int
verify(X509 *x509, STACK_OF(X509) *beside,
    const struct server_cert_known *known)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	const struct trust *trust = known->policy->trust;
	X509_VERIFY_PARAM *param;
	int why = X509_V_ERR_OUT_OF_MEM;

	if (store != NULL && ctx != NULL &&
	    trust_ca_of(store, trust, known->policy->depositary.ca) &&
	    trust_ca_of(store, trust, known->earlier_ca) &&
	    X509_STORE_CTX_init(ctx, store, x509, beside) == 1) {
		param = X509_STORE_CTX_get0_param(ctx);
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
		X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
		X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
		X509_VERIFY_PARAM_set_time(param, (time_t)known->at);
		X509_STORE_CTX_set_verify_cb(ctx, pass_own);
		why = X509_verify_cert(ctx) == 1
		    ? X509_V_OK
		    : X509_STORE_CTX_get_error(ctx);
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return why;
}

static void
judge_chain(X509 *x509, STACK_OF(X509) *beside,
    const struct server_cert_known *known, struct faults *faults)
{
	const int why = verify(x509, beside, known);

	if (why != X509_V_OK)
		add(faults,
		    "it does not lead to CA \"%s\", which the offices trust"
		    " (%s)",
		    known->policy->depositary.ca,
		    X509_verify_cert_error_string(why));
}

bool
server_cert_judge(void *tls, const struct server_cert_known *known,
    struct error *err)
{
	X509 *x509 = SSL_CTX_get0_certificate(tls);
	STACK_OF(X509) *beside = NULL;
	struct faults faults = { .num = 0 };
	struct cert *cert;

	if (x509 == NULL)
		return error_set(err, ERROR_UNTRUSTED, "there is none");
	if ((cert = cert_of_x509(x509, err)) == NULL)
		return false;
	(void)SSL_CTX_get0_chain_certs(tls, &beside);
	judge_dates(cert, known->at, &faults);
	judge_names(x509, known->address, &faults);
	judge_chain(x509, beside, known, &faults);
	judge_purpose(x509, &faults);
	judge_key(cert, &faults);
	judge_standing(cert, known, &faults);
	cert_free(cert);
	return faults.num == 0 ||
	    error_set(err, ERROR_UNTRUSTED,
		"offices cannot connect to a server with this certificate: %s",
		faults.text);
}

bool
server_cert_same(void *tls, void *other)
{
	return X509_cmp(SSL_CTX_get0_certificate(tls),
		   SSL_CTX_get0_certificate(other)) == 0;
}

/* --- The CA before. --- */

/* Is it of a CA of the policy, but not of the depositary's? */
static bool
is_of_another(void *tls, const struct policy *policy)
{
	struct trust_result found = { .ca = NULL };
	struct error ignored = { 0 };
	struct cert *cert =
	    cert_of_x509(SSL_CTX_get0_certificate(tls), &ignored);

	if (cert != NULL)
		trust_issued(policy->trust, cert, time_now_ms() / 1000, &found);
	cert_free(cert);
	return found.ca != NULL && strcmp(found.ca, policy->depositary.ca) != 0;
}

/* The policy of an entry; NULL if it cannot be read. */
static const struct policy *
policy_of(const struct record *record, uint64_t index)
{
	struct error ignored = { 0 };
	struct verdict_act *act =
	    stored_acts(record->journal, &index, 1, &ignored);
	const struct policy *policy = act != NULL
	    ? library_policy(record->library, &act->entry.policy)
	    : NULL;

	free(act);
	return policy;
}

static void
find_earlier(const struct policy *policy, const struct record *record,
    char out[POLICY_NAME])
{
	uint64_t indices[EARLIER_POLICIES];
	struct ledger_places places;
	size_t num = 0;

	ledger_read_lock(record->ledger);
	places = ledger_of_act(record->ledger, ACT_POLICY);
	for (size_t i = places.num; i > 0 && num < EARLIER_POLICIES; i--)
		indices[num++] = ledger_place(&places, i - 1);
	ledger_unlock(record->ledger);
	for (size_t i = 0; out[0] == '\0' && i < num; i++) {
		const struct policy *one = policy_of(record, indices[i]);

		if (one != NULL &&
		    strcmp(one->depositary.ca, policy->depositary.ca) != 0)
			text_set(out, POLICY_NAME, one->depositary.ca);
	}
}

void
server_cert_earlier_ca(void *tls, const struct policy *policy,
    const struct record *record, char out[POLICY_NAME])
{
	out[0] = '\0';
	if (is_of_another(tls, policy))
		find_earlier(policy, record, out);
}

void
server_cert_earlier_ca_of(void *tls, const struct policy *policy,
    const struct data_place *place, char out[POLICY_NAME])
{
	struct record record = { .store = NULL };
	struct journal_mended mended;
	struct error ignored = { 0 };

	out[0] = '\0';
	if (!is_of_another(tls, policy))
		return;
	if ((record.ledger = ledger_new(&ignored)) != NULL &&
	    (record.journal = data_view(place, ledger_visit, record.ledger,
		 &mended, &ignored)) != NULL &&
	    (record.store = data_view_store(place, &ignored)) != NULL &&
	    (record.library = library_new(record.store, &ignored)) != NULL)
		find_earlier(policy, &record, out);
	library_free(record.library);
	store_free(record.store);
	journal_free(record.journal);
	ledger_free(record.ledger);
}
