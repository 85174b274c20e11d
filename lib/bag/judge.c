/*
 * Verifying the signature of a waybill or an acknowledgement (judge.h).
 */
#include "bag/judge.h"

#include <string.h>

#include "base/time.h"

static bool
judge_signer(struct policy *policy, const struct revocation *revocation,
    const struct bag_signature *it, const struct cades *cades,
    struct error *err)
{
	const struct office *office;
	struct trust_result trust;
	char why[POLICY_RULE];

	if (cades->commitment != COMMITMENT_ORIGIN || !cades->cert->can_sign)
		return error_set_code(err, ERROR_UNTRUSTED,
		    "SIGNATURE_COMMITMENT",
		    "it is not signed as a proof of origin, by a certificate"
		    " to sign with");
	standing_judge(policy->trust, revocation, cades->cert, it->said_at,
	    &trust);
	if (!standing_is_good(&trust) &&
	    !(revocation == NULL && trust.state == TRUST_UNKNOWN))
		return error_set_code(err, ERROR_UNTRUSTED,
		    trust.state == TRUST_REVOKED        ? "SIGNER_REVOKED"
			: trust.state == TRUST_EXPIRED  ? "SIGNER_EXPIRED"
			: trust.state == TRUST_UNKNOWN  ? "REVOCATION_UNKNOWN"
			: trust.state == TRUST_UNJUDGED ? "POLICY_UNKNOWN"
							: "SIGNER_UNTRUSTED",
		    "its signer's certificate: %s", trust.text);
	office = policy_office_of(policy, cades->cert, trust.ca, why);
	if (it->handed_in_at != 0) {
		if (it->is_live)
			standing_judge_live(policy->trust, revocation,
			    cades->cert, it->handed_in_at, &trust);
		else
			standing_judge(policy->trust, revocation, cades->cert,
			    it->handed_in_at, &trust);
		if (trust.state == TRUST_REVOKED)
			return error_set_code(err, ERROR_UNTRUSTED,
			    "SIGNER_REVOKED", "its signer's certificate: %s",
			    trust.text);
	}
	if (office == NULL || strcmp(office->name, it->office) != 0 ||
	    strcmp(cades->cert->email, it->person) != 0)
		return error_set_code(err, ERROR_UNTRUSTED, "SIGNER_DIFFERS",
		    "%s signed it, but it names %s of %s", cades->cert->email,
		    it->person, it->office);
	return true;
}

bool
bag_judge(struct cert_cache *certs, struct policy *policy,
    const struct revocation *revocation, const struct bag_signature *it,
    struct error *err)
{
	struct cades cades = { 0 };
	char said[TIME_TEXT];
	bool ok;

	ok = cades_verify(certs, it->p7s, it->yaml, &cades, err) &&
	    judge_signer(policy, revocation, it, &cades, err);
	if (ok &&
	    (cades.signing_at > it->said_at + TIME_SKEW_SECONDS ||
		cades.signing_at < it->said_at - TIME_SKEW_SECONDS)) {
		time_format_at(it->said_at, said);
		ok = error_set_code(err, ERROR_UNTRUSTED, "SIGNING_TIME",
		    "it says %s, but was signed at another time", said);
	}
	cades_free(&cades);
	return ok;
}
