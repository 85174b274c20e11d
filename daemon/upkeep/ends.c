/*
 * The ends of certificates, lists and full powers, as Prometheus text (ends.h).
 */
#include "daemon/upkeep/ends.h"

#include <string.h>

#include "base/file.h"
#include "base/time.h"
#include "daemon/metrics.h"

#define NAME "valise_ends_seconds"

/* Where the samples go, and what they are made of. */
struct ends {
	const struct policy *policy;
	struct crls *crls;
	int64_t until; /* lists made later are from the future */
	struct buf *out;
};

static bool
put(struct ends *ends, const char *what, const char *name, int64_t at,
    struct error *err)
{
	char label[METRIC_LABEL];

	return buf_printf(ends->out, err,
	    NAME "{what=\"%s\",name=\"%s\"} %lld\n", what,
	    metrics_label(name, label), (long long)at);
}

/* One that cannot be read is told by others (outlook.h). */
static bool
put_file(struct ends *ends, const char *name, const char *path,
    struct error *err)
{
	struct buf pem = BUF(LIMIT_KEY_BYTES);
	struct error ignored = { 0 };
	struct cert *cert = NULL;
	bool ok = true;

	if (file_read(path, pem.max, &pem, &ignored) &&
	    (cert = cert_parse_pem(buf_span(&pem), &ignored)) != NULL)
		ok = put(ends, "certificate", name, cert->not_after_at, err);
	cert_free(cert);
	buf_free(&pem);
	return ok;
}

/* All certificates of one CA, old and new; a serial number tells them apart. */
static bool
put_ca(struct ends *ends, const char *name, struct error *err)
{
	const struct cert *ca;
	char serial[CERT_SERIAL], label[METRIC_LABEL];
	bool ok = true;

	for (size_t i = 0;
	     ok && (ca = trust_ca_at(ends->policy->trust, name, i)) != NULL;
	     i++) {
		bool again = false;

		for (size_t j = 0; j < i; j++)
			again = again ||
			    digest_eq(&ca->fingerprint,
				&trust_ca_at(ends->policy->trust, name, j)
				     ->fingerprint);
		if (again)
			continue;
		cert_serial(ca->x509, serial);
		ok = buf_printf(ends->out, err,
		    NAME "{what=\"ca\",name=\"%s\",serial=\"%s\"} %lld\n",
		    metrics_label(name, label), serial,
		    (long long)ca->not_after_at);
	}
	return ok;
}

static bool
put_cas(struct ends *ends, struct error *err)
{
	const char *name;
	bool ok = true;

	for (size_t i = 0;
	     ok && (name = trust_ca_name(ends->policy->trust, i)) != NULL;
	     i++) {
		int64_t next = 0;

		if (!trust_next_update(ends->policy->trust, name, ends->crls,
			ends->until, &next))
			next = 0;
		ok = put_ca(ends, name, err) &&
		    put(ends, "crl", name, next, err);
	}
	return ok;
}

static bool
put_offices(struct ends *ends, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < ends->policy->num_offices; i++) {
		const struct office *office = &ends->policy->offices[i];
		struct error ignored = { 0 };
		struct cert *cert;

		if (office->encryption == NULL ||
		    (cert = policy_encryption(ends->policy, office,
			 &ignored)) == NULL)
			continue;
		ok = put(ends, "encryption", office->name, cert->not_after_at,
		    err);
		cert_free(cert);
	}
	return ok;
}

/* A person may have several, one after the other: the rule tells them apart. */
static bool
put_powers(struct ends *ends, struct error *err)
{
	const int64_t now_at = time_now_ms() / 1000;
	char label[METRIC_LABEL];
	bool ok = true;

	for (size_t i = 0; ok && i < ends->policy->num_powers; i++) {
		const struct full_powers *one = &ends->policy->powers[i];

		if (one->until_at > now_at)
			ok = buf_printf(ends->out, err,
			    NAME "{what=\"full-powers\",name=\"%s\","
				 "rule=\"offices.yaml:%u\"} %lld\n",
			    metrics_label(one->person, label), one->line,
			    (long long)one->until_at);
	}
	return ok;
}

bool
ends_encode(const struct config *config, const struct judged_by *now,
    int64_t until, struct buf *out, struct error *err)
{
	struct ends ends = { .policy = now->policy,
		.crls = now->crls->crls,
		.until = until,
		.out = out };

	return metrics_head(out, NAME, "gauge",
		   "When it ends, in seconds since 1970; 0: there is none.",
		   err) &&
	    put_file(&ends, "server", config->server_cert, err) &&
	    put_file(&ends, "depositary", config->depositary_cert, err) &&
	    put_cas(&ends, err) && put_offices(&ends, err) &&
	    put_powers(&ends, err);
}
