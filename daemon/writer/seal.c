/*
 * Judging the depositary's own certificate before each act (seal.h).
 */
#include "daemon/writer/seal.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/time.h"
#include "pki/standing.h"

enum { SEAL_RETRY_SECONDS = 600 };

struct seal {
	struct cert *cert;
	pthread_mutex_t mutex;
	/* For what the answer holds; at 0: there is none yet. */
	struct judged_by by;
	uint64_t times_held;
	int64_t at;
	struct trust_result found;
};

struct seal *
seal_new(struct cert *cert, struct error *err)
{
	struct seal *seal = calloc(1, sizeof(*seal));

	if (seal == NULL) {
		error_set_errno(err, "seal");
		return NULL;
	}
	pthread_mutex_init(&seal->mutex, NULL);
	seal->cert = cert_ref(cert);
	return seal;
}

void
seal_free(struct seal *seal)
{
	if (seal == NULL)
		return;
	cert_free(seal->cert);
	pthread_mutex_destroy(&seal->mutex);
	free(seal);
}

void
seal_renew(struct seal *seal, struct cert *cert)
{
	pthread_mutex_lock(&seal->mutex);
	cert_free(seal->cert);
	seal->cert = cert_ref(cert);
	seal->at = 0;
	pthread_mutex_unlock(&seal->mutex);
}

const struct cert *
seal_cert(const struct seal *seal)
{
	return seal->cert;
}

bool
seal_has(const struct seal *seal, const struct cert *cert)
{
	return digest_eq(&seal->cert->fingerprint, &cert->fingerprint);
}

/* What makes it none of the depositary's, whatever the lists tell. */
static bool
check_use(const struct policy *policy, const struct cert *cert, const char *ca,
    struct error *err)
{
	if (!policy_is_depositary(policy, cert, ca))
		return error_set(err, ERROR_UNTRUSTED,
		    "it is not of %s by CA \"%s\", as the policy says",
		    policy->depositary.email, policy->depositary.ca);
	if (!cert->can_sign)
		return error_set(err, ERROR_UNTRUSTED,
		    "it is not for signing (keyUsage is not nonRepudiation"
		    " alone)");
	return cert_check_key(cert, err);
}

void
seal_judge(const struct policy *policy, const struct revocation *revocation,
    const struct cert *cert, int64_t at, struct trust_result *out)
{
	struct error why = { 0 };

	standing_judge_live(policy->trust, revocation, cert, at, out);
	if ((!standing_is_good(out) && out->state != TRUST_UNKNOWN) ||
	    check_use(policy, cert, out->ca, &why))
		return;
	out->state = TRUST_UNTRUSTED;
	text_cutf(out->text, sizeof(out->text), "%s", why.detail);
}

/* Say why nothing is sealed, and what ends that. */
static bool
refuse(const struct trust_result *found, struct error *err)
{
	/* Nobody needs to stand and wait for what a person must do. */
	if (found->state == TRUST_UNKNOWN) {
		error_set(err, ERROR_UNAVAILABLE,
		    "the depositary's own certificate cannot be judged, so it"
		    " journals no act and delivers no copy: %s. Hand in that"
		    " CA's new list (valise crls push FILE), or have the"
		    " depositary put it into its folder of CRLs; then it goes"
		    " on by itself",
		    found->text);
		return error_retry(err, SEAL_RETRY_SECONDS);
	}
	error_set(err, ERROR_UNAVAILABLE,
	    "the depositary's own certificate is not good, so it journals no"
	    " act and delivers no copy: %s%s. It needs a new certificate",
	    found->text, found->state == TRUST_EXPIRED ? SEAL_CLOCK : "");
	return error_retry(err, SEAL_RETRY_SECONDS);
}

bool
seal_is_good(struct seal *seal, const struct library *library,
    const struct judged_by *now, struct error *err)
{
	const int64_t at = time_now_ms() / 1000;
	const struct revocation *revocation = library_revocation(library);
	const uint64_t times_held = revocation_times_held(revocation);
	struct trust_result found;

	pthread_mutex_lock(&seal->mutex);
	if (seal->at != at || seal->by.policy != now->policy ||
	    seal->by.crls != now->crls || seal->times_held != times_held) {
		seal_judge(now->policy, revocation, seal->cert, at,
		    &seal->found);
		seal->times_held = times_held;
		seal->by = *now;
		seal->at = at;
	}
	found = seal->found;
	pthread_mutex_unlock(&seal->mutex);
	return standing_is_good(&found) || refuse(&found, err);
}

bool
seal_is_for(enum act act)
{
	switch (act) {
	case ACT_DEPOSIT:
	case ACT_SIGN:
	case ACT_TERMINATE:
	case ACT_DELIVER:
	case ACT_DISPATCH:
	case ACT_ACKNOWLEDGE:
		return true;
	case ACT_POLICY:
	case ACT_CRL:
	case ACT_REFUSE:
	case ACT_DELIVERIES: /* of what has left before */
	case ACT_START:
	case ACT_KEY:
	case ACT_OTHER:
	case ACT_FORCE:
	case ACTS:
		break;
	}
	return false;
}
