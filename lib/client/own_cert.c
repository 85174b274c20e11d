/*
 * Judging one's own certificates: the table of uses and of checks (own_cert.h).
 */
#include "client/own_cert.h"

#include <openssl/x509v3.h>

#include "base/text.h"
#include "base/time.h"
#include "client/policies.h"
#include "client/seen_clock.h"
#include "pki/asn1.h"

static bool
connects(const struct cert *cert)
{
	return cert->can_connect;
}

static bool
signs(const struct cert *cert)
{
	return cert->can_sign;
}

static bool
agrees(const struct cert *cert)
{
	return cert->can_agree;
}

/* Each use: what a sentence calls it, and what names its files. */
static const struct {
	const char *what, *cert, *key;
	bool (*is)(const struct cert *cert);
} uses[OWN_CERT_USES] = {
	[OWN_CERT_CONNECT] = { "connect", "certificate", "key", connects },
	[OWN_CERT_SIGN] = { "sign", "sign-certificate", "sign-key", signs },
	[OWN_CERT_OPEN] = { "open bags", "encryption-certificate",
	    "encryption-key", agrees },
};

/* --- The checks, in the order in which they are told. --- */

/* TLS shows the first certificate of the file. */
static bool
is_no_ca(const struct cert *cert, const struct own_cert_known *known,
    struct error *err)
{
	return X509_check_ca(cert->x509) == 0 ||
	    error_set(err, ERROR_USAGE,
		"%s: its first certificate is a CA's (%s). Put the one that"
		" your CA issued to you first, or alone",
		known->path, cert->subject);
}

static bool
has_purpose(const struct cert *cert, const struct own_cert_known *known,
    struct error *err)
{
	const char *other = NULL;

	if (uses[known->use].is(cert))
		return true;
	for (size_t i = 0; i < OWN_CERT_USES; i++)
		if (uses[i].is(cert))
			other = uses[i].what;
	if (other != NULL)
		return error_set(err, ERROR_USAGE,
		    "%s is a certificate to %s with, not a certificate to %s"
		    " with. Name the other one in %s",
		    known->path, other, uses[known->use].what, known->named_by);
	return error_set(err, ERROR_USAGE,
	    "%s is not a certificate to %s with (keyUsage, extendedKeyUsage):"
	    " it is of %s. Name your own in %s",
	    known->path, uses[known->use].what, cert->subject, known->named_by);
}

/* Whom to ask for another one. */
static void
name_ca(const struct cert *cert, char out[200])
{
	char name[160];

	asn1_name(X509_get_issuer_name(cert->x509), name, sizeof(name));
	text_cutf(out, 200, "%s", name[0] != '\0' ? name : "your CA");
}

/* The latest time that is kept here: an entry's, or our own clock's then. */
static int64_t
latest_seen(const char *state)
{
	struct seen_clock clock;
	int64_t ms;

	if (state == NULL)
		return 0;
	clock_load(state, &clock);
	ms = clock.has_entry ? clock.entry_ms : 0;
	for (size_t i = 0; i < clock.num; i++) {
		if (clock.lines[i].first_ms > ms)
			ms = clock.lines[i].first_ms;
		if (clock.lines[i].last_ms > ms)
			ms = clock.lines[i].last_ms;
	}
	return ms / 1000;
}

/* A clock that was later before is wrong, and the dates may be right. */
static bool
tell_dates(const struct cert *cert, const struct own_cert_known *known,
    struct error *err)
{
	const int64_t seen_at = latest_seen(known->state);
	char when[TIME_TEXT], now[TIME_TEXT], seen[TIME_TEXT], ca[200];
	const char *wrong = cert_dates_wrong(cert, known->at, when);

	time_format_at(known->at, now);
	time_format_at(seen_at, seen);
	name_ca(cert, ca);
	if (seen_at > known->at + TIME_SKEW_SECONDS)
		return error_set(err, ERROR_USAGE,
		    "%s %s %s, by this machine's clock, which says %s; but"
		    " this office saw the journal at %s already: the clock is"
		    " wrong. Set it (timedatectl), and try again",
		    known->path, wrong, when, now, seen);
	if (cert->not_before_at > known->at)
		return error_set(err, ERROR_USAGE,
		    "%s %s %s, and this machine's clock says %s. Set the clock"
		    " if it is wrong, or wait until then",
		    known->path, wrong, when, now);
	return error_set(err, ERROR_USAGE,
	    "%s has expired: it %s %s, and this machine's clock says %s. Ask"
	    " your CA (%s) for a new one: certs/request makes the request, and"
	    " \"valise renew\" takes what the CA makes of it",
	    known->path, wrong, when, now, ca);
}

static bool
is_in_time(const struct cert *cert, const struct own_cert_known *known,
    struct error *err)
{
	char when[TIME_TEXT];

	return cert_dates_wrong(cert, known->at, when) == NULL ||
	    /* Made just now, by a clock that is a little ahead. */
	    (cert->not_before_at > known->at &&
		cert->not_before_at <= known->at + TIME_SKEW_SECONDS) ||
	    tell_dates(cert, known, err);
}

static bool
has_good_key(const struct cert *cert, const struct own_cert_known *known,
    struct error *err)
{
	return cert_check_key(cert, err) ||
	    error_context(err, "%s", known->path);
}

/*
 * Its CA's name in one of the policies, or NULL; why is filled in then.  Of a CA
 * that it names, and whose key here is another one, the daemon may know the new
 * key by a policy that this office has not read yet: it has the last word.
 */
static const char *
find_ca(const struct cert *cert, const struct own_cert_known *known, size_t i,
    struct trust_result *why)
{
	struct trust *trust =
	    known->num_policies > 0 ? known->policies[i]->trust : known->cas;

	trust_issued(trust, cert, known->at, why);
	return why->ca != NULL ? why->ca : why->named;
}

static bool
has_issuer(const struct cert *cert, const struct own_cert_known *known,
    struct error *err)
{
	const size_t num =
	    known->num_policies > 0 ? known->num_policies : known->cas != NULL;
	struct trust_result why;
	char ca[200];

	for (size_t i = 0; i < num; i++)
		if (find_ca(cert, known, i, &why) != NULL)
			return true;
	if (num == 0)
		return true;
	name_ca(cert, ca);
	return error_set(err, ERROR_USAGE,
	    "%s is of %s: %s (%s). Name the one that your office's CA issued"
	    " in %s. If a new policy names that CA: \"valise policy show\"",
	    known->path, ca,
	    known->num_policies > 0
		? "no CA of the policy that this office accepted"
		: "no CA of the enrolment",
	    why.text, known->named_by);
}

/* The daemon would know the person, and no office of theirs. */
static bool
has_office(const struct cert *cert, const struct own_cert_known *known,
    struct error *err)
{
	char why[POLICY_RULE] = "";
	struct trust_result found;
	const char *ca;

	for (size_t i = 0; i < known->num_policies; i++) {
		ca = find_ca(cert, known, i, &found);
		if (policy_office_of(known->policies[i], cert, ca, why) != NULL)
			return true;
	}
	return why[0] == '\0' ||
	    error_set(err, ERROR_USAGE,
		"%s is of %s, whom the policy that this office accepted does"
		" not know (%s). Name your own in %s, or read the new policy:"
		" \"valise policy show\"",
		known->path, cert->subject, why, known->named_by);
}

enum {
	CONNECT = 1 << OWN_CERT_CONNECT,
	SIGN = 1 << OWN_CERT_SIGN,
	OPEN = 1 << OWN_CERT_OPEN,
};

/*
 * A bag may be opened with a key whose certificate has ended, or is of a CA of
 * before: it was on its way.
 */
static const struct {
	bool (*judge)(const struct cert *cert,
	    const struct own_cert_known *known, struct error *err);
	unsigned uses;
} checks[] = {
	{ is_no_ca, CONNECT | SIGN | OPEN },
	{ has_purpose, CONNECT | SIGN | OPEN },
	{ is_in_time, CONNECT | SIGN },
	{ has_good_key, CONNECT | SIGN | OPEN },
	{ has_issuer, CONNECT | SIGN },
	{ has_office, CONNECT },
};

bool
own_cert_judge(const struct cert *cert, const struct own_cert_known *known,
    struct error *err)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if ((checks[i].uses & 1u << known->use) != 0 &&
		    !checks[i].judge(cert, known, err))
			return false;
	return true;
}

/* --- What is judged, and by what. --- */

/* A file that is not there, or not what it should be, is a wrong name for it. */
static bool
as_usage(struct error *err, const struct own_cert_known *known)
{
	if (err->kind == ERROR_NOT_FOUND || err->kind == ERROR_MALFORMED ||
	    err->kind == ERROR_LIMIT || err->kind == ERROR_SYSTEM) {
		char detail[sizeof(err->detail)];

		text_set(detail, sizeof(detail), err->detail);
		return error_set(err, ERROR_USAGE,
		    "%s. It is what %s names to %s with", detail,
		    known->named_by, uses[known->use].what);
	}
	return false;
}

static bool
load_key(const struct own_cert_known *known, const struct private_rule *rule,
    struct identity *to, struct error *err)
{
	struct error why = { 0 };

	if (!private_check(known->key_path, rule, &why)) {
		*err = why;
		return why.kind == ERROR_UNTRUSTED ? false
						   : as_usage(err, known);
	}
	if (identity_load_key(to, known->path, known->key_path, rule, err))
		return true;
	/* The key is not the certificate's. */
	if (err->kind == ERROR_UNTRUSTED)
		err->kind = ERROR_USAGE;
	return as_usage(err, known);
}

bool
own_cert_load_named(const struct own_cert_known *known,
    const struct private_rule *rule, struct identity *out, struct error *err)
{
	struct identity identity = { 0 };

	if ((identity.cert = identity_load_cert(known->path, err)) == NULL)
		return as_usage(err, known);
	if (!own_cert_judge(identity.cert, known, err) ||
	    !load_key(known, rule, &identity, err)) {
		identity_free(&identity);
		return false;
	}
	*out = identity;
	return true;
}

static void
add_policy(struct context *context, const struct digest *digest,
    struct own_cert_known *to)
{
	struct policy *policy =
	    digest != NULL ? policies_find(context, digest) : NULL;

	if (policy != NULL && to->num_policies < OWN_CERT_POLICIES)
		to->policies[to->num_policies++] = policy;
}

/* A policy that came by mail may be what lets this office in again. */
static void
add_policies(struct context *context, struct own_cert_known *to)
{
	const struct succession *all = &context->succession;
	struct error ignored = { 0 };

	if (context->any_ca || !policies_load(context, &ignored))
		return;
	add_policy(context, succession_pinned(all), to);
	for (size_t i = 0; i < all->num_awaited; i++)
		add_policy(context, &all->awaited[i], to);
}

void
own_cert_know(struct context *context, struct own_cert_known *known)
{
	known->state = context->state;
	known->at = time_now_ms() / 1000;
	add_policies(context, known);
}

bool
own_cert_load_before(struct context *context, size_t i, struct identity *out,
    struct error *err)
{
	const struct own_cert_known known = { .use = OWN_CERT_OPEN,
		.path = context->encrypt_before[i].cert,
		.key_path = context->encrypt_before[i].key,
		.named_by = "\"encryption-before\"",
		.at = time_now_ms() / 1000 };

	return own_cert_load_named(&known, &context->private_keys, out, err);
}

bool
own_cert_load(struct context *context, enum own_cert_use use,
    struct identity *out, struct error *err)
{
	const char *const files[OWN_CERT_USES][2] = {
		[OWN_CERT_CONNECT] = { context->cert, context->key },
		[OWN_CERT_SIGN] = { context->sign_cert, context->sign_key },
		[OWN_CERT_OPEN] = { context->encrypt_cert,
		    context->encrypt_key },
	};
	struct own_cert_known known = { .use = use,
		.path = files[use][0],
		.key_path = files[use][1] };
	char named_by[FILE_PATH + 40];

	if (known.path[0] == '\0' || known.key_path[0] == '\0')
		return error_set(err, ERROR_USAGE,
		    "there is nothing to %s with: %s has no \"%s\" and \"%s\"."
		    " \"valise renew\" names them",
		    uses[use].what, context->config_path, uses[use].cert,
		    uses[use].key);
	snprintf(named_by, sizeof(named_by), "\"%s\" of %s", uses[use].cert,
	    context->config_path);
	known.named_by = named_by;
	own_cert_know(context, &known);
	return own_cert_load_named(&known, &context->private_keys, out, err);
}
