/*
 * Finding the newest version of a document, by its copy or by the daemon
 * (newest.h).
 */
#include "client/newest.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "client/acts.h"
#include "client/tell.h"

static void
add_signature(struct newest *out, const char *person, const char *office)
{
	if (out->num_others++ > 0)
		return;
	text_set(out->signer, sizeof(out->signer), person);
	text_set(out->signer_office, sizeof(out->signer_office), office);
}

static bool
is_other_party(const struct policy *policy, const struct office *office,
    const char *name)
{
	const struct office *signer = policy_office(policy, name);

	return signer == NULL || strcmp(signer->party, office->party) != 0;
}

bool
newest_find(struct session *session, const struct policy *policy,
    const struct office *office, const char *document, struct newest *out,
    struct error *err)
{
	const struct ledger_version *newest = NULL;
	struct document_acts acts;
	const bool ok = acts_update(session, document, &acts, err);

	*out = (struct newest){ 0 };
	if (ok && (newest = acts_version(&acts, 0)) != NULL) {
		*out = (struct newest){ .version = newest->number,
			.digest = newest->digest,
			.time_ms = newest->time_ms,
			.seen =
			    context_has_seen(session->context, &newest->digest),
			.in_force = newest->status != STATUS_DRAFT &&
			    newest->status != STATUS_SIGNED_IN_PART };
		text_set(out->person, sizeof(out->person), newest->person);
		text_set(out->office, sizeof(out->office), newest->office);
	}
	for (size_t i = 0; newest != NULL && i < newest->num_signers; i++) {
		const struct ledger_signer *one = &newest->signers[i];

		if (!one->terminates && !one->replaced &&
		    is_other_party(policy, office, one->office))
			add_signature(out, one->person, one->office);
	}
	acts_free(&acts);
	return ok;
}

void
newest_of_copy(const struct verdict *verdict, const struct office *office,
    struct newest *out)
{
	const struct version *version = verdict->version;

	*out = (struct newest){ .version = version->number,
		.digest = verdict->digest,
		.time_ms = version->created_at * 1000,
		.seen = true,
		.in_force = verdict->status != STATUS_DRAFT &&
		    verdict->status != STATUS_SIGNED_IN_PART };
	text_set(out->person, sizeof(out->person), version->person);
	text_set(out->office, sizeof(out->office), version->office);
	for (size_t i = 0; i < verdict->num_signatures; i++) {
		const struct verdict_signature *one = &verdict->signatures[i];

		if (one->commitment == COMMITMENT_APPROVAL &&
		    !one->terminates && strcmp(one->party, office->party) != 0)
			add_signature(out, one->person, one->office);
	}
}

bool
newest_check_seen(const struct newest *newest, const char *document,
    unsigned onto, struct error *err)
{
	char at[TIME_TEXT], signed_by[LIMIT_EMAIL_BYTES + POLICY_NAME + 80];

	if (newest->version == 0 || newest->seen || onto == newest->version)
		return true;
	time_format_at(newest->time_ms / 1000, at);
	signed_by[0] = '\0';
	if (newest->num_others > 0 && !newest->in_force)
		snprintf(signed_by, sizeof(signed_by),
		    " It is signed by %s of %s, and a new version ends its"
		    " signing.",
		    newest->signer, newest->signer_office);
	return error_set_code(err, ERROR_CONFLICT, "VERSION_NOT_SEEN",
	    "version %u by %s of %s of %s is one you have not seen.%s Look at"
	    " it (valise fetch %s@%u) before you replace it, then push again;"
	    " whoever has looked elsewhere pushes with --onto %u",
	    newest->version, newest->person, newest->office, at, signed_by,
	    document, newest->version, newest->version);
}

bool
newest_check_onto(const struct context *context, const struct newest *newest,
    const char *document, unsigned onto, struct error *err)
{
	char others[40] = "";

	if (onto != 0 && newest->version == 0)
		return error_set(err, ERROR_CONFLICT,
		    "--onto %u: there is no version of %s yet: push without"
		    " --onto",
		    onto, document);
	if (onto != 0 && onto != newest->version)
		return error_set(err, ERROR_CONFLICT,
		    "--onto %u: the newest version of %s is %u (valise show"
		    " %s)",
		    onto, document, newest->version, document);
	if (newest->num_others == 0 || newest->in_force)
		return true;
	if (newest->num_others > 1)
		snprintf(others, sizeof(others), " and %zu more",
		    newest->num_others - 1);
	if (onto == 0)
		return error_set_code(err, ERROR_CONFLICT, "SIGNED_BY_OTHERS",
		    "%s of %s%s %s signed %s@%u, and a new version ends its"
		    " signing: ask them; to deposit all the same, push with"
		    " --onto %u",
		    newest->signer, newest->signer_office, others,
		    newest->num_others > 1 ? "have" : "has", document,
		    newest->version, newest->version);
	client_note(context,
	    "this ends the signing of %s@%u, which %s of %s%s %s"
	    " signed",
	    document, newest->version, newest->signer, newest->signer_office,
	    others, newest->num_others > 1 ? "have" : "has");
	return true;
}
