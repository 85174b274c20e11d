/*
 * Loading the settings: policy, CRLs, certificates and keys (settings.h).
 */
#include "daemon/settings.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "daemon/data/setup.h"
#include "daemon/http/server.h"
#include "daemon/log.h"
#include "daemon/server_cert.h"
#include "daemon/writer/seal.h"
#include "record/data.h"

/*
 * Returns all that is known of revocations, and what a set tells that is not
 * journaled yet.  library is NULL while no journal is open.
 */
static struct revocation *
all_known(const struct library *library, const struct policy *policy,
    const struct crl_set *crls, int64_t now, struct error *err)
{
	struct revocation *revocation = library != NULL
	    ? revocation_copy(library_revocation(library), err)
	    : revocation_new(err);

	if (revocation != NULL &&
	    revocation_add(revocation, crls->crls, policy->trust,
		REVOCATION_UNNAMED, now, err))
		return revocation;
	revocation_free(revocation);
	return NULL;
}

/* Check the depositary's certificate by all that is known. */
static bool
judge_seal(const struct library *library, const struct policy *policy,
    const struct crl_set *crls, const struct cert *cert,
    struct trust_result *out, struct error *err)
{
	const int64_t now = time_now_ms() / 1000;
	struct revocation *revocation =
	    all_known(library, policy, crls, now, err);

	if (revocation == NULL)
		return false;
	seal_judge(policy, revocation, cert, now, out);
	revocation_free(revocation);
	return true;
}

bool
settings_check_server(const struct config *config, const struct record *record,
    const struct policy *policy, const struct crl_set *crls, void *tls,
    struct error *err)
{
	struct server_cert_known known = { .address = config->addresses.all[0],
		.policy = policy,
		.at = time_now_ms() / 1000 };
	const struct data_place place = config_place(config);
	struct revocation *revocation =
	    all_known(record != NULL ? record->library : NULL, policy, crls,
		known.at, err);
	bool ok;

	if (revocation == NULL)
		return false;
	if (record != NULL)
		server_cert_earlier_ca(tls, policy, record, known.earlier_ca);
	else
		server_cert_earlier_ca_of(tls, policy, &place,
		    known.earlier_ca);
	known.revocation = revocation;
	ok = server_cert_judge(tls, &known, err) ||
	    error_context(err, "%s", config->server_cert);
	revocation_free(revocation);
	return ok;
}

struct cert *
settings_depositary(const struct config *config, struct error *err)
{
	struct buf pem = BUF(LIMIT_KEY_BYTES);
	struct cert *cert = NULL;

	if (file_read(config->depositary_cert, LIMIT_KEY_BYTES, &pem, err) &&
	    (cert = cert_parse_pem(buf_span(&pem), err)) == NULL)
		error_context(err, "%s", config->depositary_cert);
	buf_free(&pem);
	return cert;
}

bool
settings_judge_depositary(const struct config *config,
    const struct library *library, const struct policy *policy,
    const struct crl_set *crls, const struct cert *cert, bool is_told,
    struct error *err)
{
	struct trust_result trust = { .ca = NULL };

	if (!judge_seal(library, policy, crls, cert, &trust, err))
		return false;
	/* If no list tells, acts are refused, and reading goes on (seal.h). */
	return standing_is_good(&trust) ||
	    (trust.state == TRUST_UNKNOWN && !is_told) ||
	    error_set(err, ERROR_UNTRUSTED, "%s: %s%s", config->depositary_cert,
		trust.text, trust.state == TRUST_EXPIRED ? SEAL_CLOCK : "");
}

bool
settings_check_depositary(const struct config *config,
    const struct policy *policy, const struct crl_set *crls, struct error *err)
{
	struct cert *cert = settings_depositary(config, err);
	const bool ok = cert != NULL &&
	    settings_judge_depositary(config, NULL, policy, crls, cert, false,
		err);

	cert_free(cert);
	return ok;
}

bool
settings_check_keys(const struct config *config, struct error *err)
{
	const struct private_rule *rule = &config->private_keys;
	struct identity depositary = { NULL };
	char journal[FILE_PATH], next[FILE_PATH];
	bool ok;

	ok = identity_load(config->depositary_cert, config->depositary_key,
		 rule, &depositary, err) &&
	    data_path(config->data, DATA_JOURNAL_KEY, journal, err) &&
	    data_path(config->data, DATA_NEXT_KEY, next, err) &&
	    private_check(journal, rule, err) &&
	    (!file_exists(next) || private_check(next, rule, err));
	identity_free(&depositary);
	return ok;
}

/*
 * All certificates of each CA: the old and the new one while both are in use.
 */
enum { CAS = LIMIT_OFFICES * LIMIT_CA_CERTS };

static size_t
list_cas(const struct policy *policy, X509 *cas[CAS])
{
	const char *name;
	size_t num = 0;

	for (size_t i = 0; (name = trust_ca_name(policy->trust, i)) != NULL;
	     i++) {
		const struct cert *ca;

		for (size_t j = 0;
		     (ca = trust_ca_at(policy->trust, name, j)) != NULL; j++)
			cas[num++] = ca->x509;
	}
	return num;
}

void *
settings_tls(const struct config *config, const struct policy *policy,
    struct error *err)
{
	X509 *cas[CAS];
	const size_t num = list_cas(policy, cas);
	struct identity server;

	/* This names the file that is at fault, where OpenSSL does not. */
	if (!identity_load(config->server_cert, config->server_key,
		&config->private_keys, &server, err))
		return NULL;
	identity_free(&server);
	return http_tls_new(config->server_cert, config->server_key, cas, num,
	    err);
}

void *
settings_tls_again(void *tls, const struct policy *policy, struct error *err)
{
	X509 *cas[CAS];

	return http_tls_again(tls, cas, list_cas(policy, cas), err);
}

/*
 * Whom the policy names cannot be a monitor too.  A pattern of an office names
 * nobody: a monitor that it matches belongs to no office, which is told.
 */
static bool
check_monitor(const char *monitor, const struct policy *policy,
    struct error *err)
{
	const struct office *matched = NULL;

	for (size_t i = 0; i < policy->num_powers; i++)
		if (strcmp(policy->powers[i].person, monitor) == 0)
			return error_set(err, ERROR_MALFORMED,
			    "monitor: the policy gives %s full powers"
			    " (offices.yaml:%u): take another address",
			    monitor, policy->powers[i].line);
	for (size_t i = 0; i < policy->num_offices; i++) {
		const struct office *office = &policy->offices[i];

		for (size_t j = 0; j < office->num_emails; j++) {
			if (strcmp(office->emails[j], monitor) == 0)
				return error_set(err, ERROR_MALFORMED,
				    "monitor: the policy gives %s to office %s"
				    " (offices.yaml:%u): take another address,"
				    " since a monitor belongs to no office",
				    monitor, office->name, office->line);
			if (strcmp(office->ca, policy->depositary.ca) == 0 &&
			    text_matches(office->emails[j], monitor))
				matched = office;
		}
	}
	if (matched != NULL)
		log_warning("monitor", "person=%s office=%s reason=%s",
		    log_text(monitor), matched->name,
		    log_text("addresses like it are of an office by the"
			     " policy; as a monitor this one is of none, and"
			     " reads /health and /metrics only"));
	return true;
}

static bool
check_monitors(const struct config *config, const struct policy *policy,
    struct error *err)
{
	for (size_t i = 0; i < config->num_monitors; i++)
		if (!check_monitor(config->monitors[i], policy, err))
			return false;
	return true;
}

struct policy *
settings_policy(const struct config *config, struct error *err)
{
	struct policy *policy = setup_policy(config, err);

	if (policy != NULL && check_monitors(config, policy, err))
		return policy;
	policy_free(policy);
	return NULL;
}

bool
settings_load(const struct config *config, struct policy **policy,
    struct crl_set **crls, struct lists_look *look, void **tls,
    struct error *err)
{
	struct cert *depositary = settings_depositary(config, err);

	*policy = NULL;
	*crls = NULL;
	*tls = NULL;
	if (depositary != NULL &&
	    (*policy = settings_policy(config, err)) != NULL &&
	    (*crls = lists_read(config, look, err)) != NULL &&
	    (*tls = settings_tls(config, *policy, err)) != NULL) {
		cert_free(depositary);
		return true;
	}
	cert_free(depositary);
	policy_free(*policy);
	crl_set_free(*crls);
	return false;
}
