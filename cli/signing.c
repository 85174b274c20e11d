/*
 * Signing a version, or its termination: who signs, what is asked first, and
 * what is told of it once it is in the journal.
 */
#include "cli/signing.h"

#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/acts.h"
#include "cli/output.h"

bool
load_signer(const struct context *context, struct identity *out,
    struct error *err)
{
	return context->sign_cert[0] != '\0'
	    ? identity_load(context->sign_cert, context->sign_key, out, err)
	    : error_set(err, ERROR_USAGE,
		  "there is nothing to sign with: enrol with --sign-cert and"
		  " --sign-key");
}

bool
answered_yes(const char *question)
{
	char line[16];

	fprintf(stderr, "%s Type \"yes\": ", question);
	return fgets(line, sizeof(line), stdin) != NULL &&
	    strcmp(line, "yes\n") == 0;
}

bool
confirmed(bool yes, const char *question, struct error *err)
{
	if (yes)
		return true;
	if (!isatty(STDIN_FILENO))
		return error_set(err, ERROR_USAGE,
		    "nobody is there to ask: --yes signs without asking");
	return answered_yes(question) ||
	    error_set(err, ERROR_USAGE, "not signed");
}

/* Would it make the quorum of the accepted policy, which was lowered since? */
static bool
again_helps(struct context *context, const struct verdict *verdict,
    enum signing signing)
{
	struct signatory signatories[LIMIT_SIGNATURES + 2] = { 0 };
	const struct policy *policy;
	const struct document_type *type;
	char name[LIMIT_SLUG_BYTES + 1], rule[POLICY_RULE];
	struct error ignored = { 0 };
	size_t num = 0;

	for (size_t i = 0; i < verdict->num_signatures; i++) {
		const struct verdict_signature *one = &verdict->signatures[i];

		if (!one->counts ||
		    one->terminates != (signing == SIGNING_TERMINATION))
			continue;
		snprintf(signatories[num].person,
		    sizeof(signatories[num].person), "%s", one->person);
		snprintf(signatories[num].party, sizeof(signatories[num].party),
		    "%s", one->party);
		num++;
	}
	document_type(verdict->version->document, name);
	policy = context_pinned(context, &ignored);
	type = policy != NULL ? policy_type(policy, name) : NULL;
	return type != NULL &&
	    policy_quorum(type, signing, signatories, num, rule);
}

/* Has this person signed it, and would it change nothing to sign again? */
bool
signing_is_new(struct context *context, const struct verdict *verdict,
    enum signing signing, const char *person, struct error *err)
{
	const bool terminates = signing == SIGNING_TERMINATION;

	for (size_t i = 0; i < verdict->num_signatures; i++) {
		const struct verdict_signature *one = &verdict->signatures[i];

		if (one->commitment != COMMITMENT_APPROVAL ||
		    one->terminates != terminates ||
		    strcmp(one->person, person) != 0)
			continue;
		if ((!terminates && verdict->status != STATUS_SIGNED_IN_PART) ||
		    !again_helps(context, verdict, signing))
			return error_set(err, ERROR_CONFLICT,
			    "you have signed %s%s@%u already",
			    terminates ? "the termination of " : "",
			    verdict->version->document,
			    verdict->version->number);
		output_note("you have signed it already, and the policy asks"
			    " for fewer signatures now: signing again %s",
		    terminates ? "ends it" : "puts it in force");
	}
	return true;
}

bool
signing_may_be_asked(struct context *context, const struct verdict *verdict,
    enum signing signing, const char *person, bool yes, struct error *err)
{
	const char *document = verdict->version->document;
	struct error ignored = { 0 };
	struct policy *policy = context_pinned(context, &ignored);
	const struct office *office;
	struct cert *cert = NULL;
	char type[LIMIT_SLUG_BYTES + 1];
	struct decision decision;

	if (yes || policy == NULL ||
	    (office = own_office(context, policy, &cert, &ignored)) == NULL)
		return true;
	cert_free(cert);
	document_type(document, type);
	decision = policy_decide_sign(policy, office, person, type, signing,
	    time_now_ms() / 1000);
	return decision.allowed ||
	    error_set_code(err, ERROR_REFUSED,
		finding_name(FINDING_NO_FULL_POWERS),
		"%s has no full powers to %s %s (%s)", person,
		signing == SIGNING_TERMINATION ? "terminate" : "sign", document,
		decision.rule);
}

bool
signing_send(struct session *session, struct outbox_act *act,
    signing_report *report, struct error *err)
{
	struct document_acts acts = { .size = 0 };
	static struct signing_sent sent;
	bool ok;

	if (!outbox_send(session, act, &sent.entry, &sent.index, &sent.again,
		err))
		return false;
	ok = acts_update_with(session, act->document, sent.index, &acts, err);
	if (ok) {
		sent.version = acts_version(&acts, act->version);
		ok = report(session->context, &sent, err);
	}
	acts_free(&acts);
	return ok;
}

bool
signing_send_kept(struct session *session, enum outbox_kind kind,
    const char *document, unsigned version, signing_report *report, bool *sent,
    struct error *err)
{
	struct outbox_act act;
	bool ok;

	*sent = false;
	if (!outbox_take_first(session->context, kind, document, version, &act))
		return true;
	if (act.stale) {
		outbox_drop(&act);
		return true;
	}
	output_note("sending the signature first that an earlier run made and"
		    " was not answered");
	*sent = true;
	ok = signing_send(session, &act, report, err);
	outbox_release(&act);
	return ok;
}
