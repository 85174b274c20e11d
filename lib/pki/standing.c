/*
 * Judging a certificate at a time: issuer, dates and revocation (standing.h).
 */
#include "pki/standing.h"

#include "base/time.h"

static void
tell_revoked(const struct revocation_result *found, struct trust_result *out)
{
	char since[TIME_TEXT], told[TIME_TEXT];

	time_format_at(found->since_at, since);
	time_format_at(found->told_at, told);
	out->state = TRUST_REVOKED;
	out->index = found->index;
	snprintf(out->text, sizeof(out->text),
	    "the certificate was %s on %s, by its CA's list of %s",
	    found->is_hold ? "put on hold" : "revoked", since, told);
}

static void
tell_doubted(const struct revocation_result *found, struct trust_result *out)
{
	char since[TIME_TEXT], told[TIME_TEXT];

	time_format_at(found->since_at, since);
	time_format_at(found->told_at, told);
	out->state = TRUST_DOUBTED;
	out->index = found->index;
	out->is_final = true;
	snprintf(out->text, sizeof(out->text),
	    "its CA says since %s that the certificate was revoked from %s on;"
	    " an earlier list of that CA says that it was not, so the"
	    " signature counts",
	    told, since);
}

void
standing_judge(struct trust *trust, const struct revocation *revocation,
    const struct cert *cert, int64_t at, struct trust_result *out)
{
	struct revocation_result found = { .state = REVOCATION_UNTOLD };

	trust_issued(trust, cert, at, out);
	if (out->state != TRUST_GOOD)
		return;
	if (revocation != NULL)
		revocation_judge(revocation, cert, at, UINT64_MAX, &found);
	switch (found.state) {
	case REVOCATION_CLEARED:
		out->is_final = true;
		return;
	case REVOCATION_CURRENT:
		return;
	case REVOCATION_DOUBTED:
		tell_doubted(&found, out);
		return;
	case REVOCATION_REVOKED:
		tell_revoked(&found, out);
		return;
	case REVOCATION_UNJUDGED:
		out->state = TRUST_UNJUDGED;
		out->index = found.unjudged;
		snprintf(out->text, sizeof(out->text),
		    "the CRLs of entry %llu came under a policy that you have"
		    " not accepted, so whether the certificate was revoked is"
		    " not known (\"valise policy show\" tells how)",
		    (unsigned long long)found.unjudged);
		return;
	case REVOCATION_UNTOLD:
		break;
	}
	out->state = TRUST_UNKNOWN;
	snprintf(out->text, sizeof(out->text),
	    "no CRL of CA \"%s\" tells whether the certificate was revoked by"
	    " then: its last one is missing or out of date",
	    out->ca);
}

/*
 * A list from the future clears nobody who acts now, so whom another one lists
 * is not only doubted.
 */
static bool
is_out(struct trust *trust, const struct revocation *revocation,
    const struct cert *cert, int64_t at, struct revocation_result *found)
{
	revocation_judge(revocation, cert, at, UINT64_MAX, found);
	return found->state == REVOCATION_DOUBTED ||
	    revocation_keeps_out(revocation, trust, cert, at, found);
}

void
standing_judge_live(struct trust *trust, const struct revocation *revocation,
    const struct cert *cert, int64_t at, struct trust_result *out)
{
	struct revocation_result found;
	char told[TIME_TEXT];

	standing_judge(trust, revocation, cert, at, out);
	if (!standing_is_good(out) || revocation == NULL ||
	    !is_out(trust, revocation, cert, at, &found))
		return;
	if (found.told_at <= at) {
		tell_revoked(&found, out);
	} else {
		time_format_at(found.told_at, told);
		out->state = TRUST_REVOKED;
		out->index = found.index;
		snprintf(out->text, sizeof(out->text),
		    "the certificate was %s by its CA's list of %s; that is in"
		    " the future, and whom it names is kept out all the same",
		    found.is_hold ? "put on hold" : "revoked", told);
	}
	out->is_final = false;
}

bool
standing_is_good(const struct trust_result *result)
{
	return result->state == TRUST_GOOD || result->state == TRUST_DOUBTED;
}
