/*
 * Signing a version, or its termination: who signs, what is asked first, and
 * what is told of it once it is in the journal.
 */
#include "cli/signing.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/output.h"
#include "client/acts.h"
#include "client/own_cert.h"
#include "document/manifest.h"
#include "document/termination.h"

static bool
list_files(const struct container *from, bool terminates,
    struct manifest *manifest, struct error *err)
{
	for (size_t i = 0; i < from->num; i++) {
		const struct member *member = &from->members[i];

		/* Only who terminates signs termination.yaml. */
		if (!path_is_meta(member->path) &&
		    strcmp(member->path, "mimetype") != 0 &&
		    (terminates ||
			strcmp(member->path, PATH_TERMINATION) != 0) &&
		    !manifest_add(manifest, member->path,
			media_of_path(member->path), &member->sha256, err))
			return false;
	}
	return true;
}

bool
signing_files(const struct identity *signer, const struct container *from,
    const char *id, enum commitment commitment, struct container *to,
    struct error *err)
{
	struct buf xml = BUF(LIMIT_MANIFEST_BYTES),
		   p7s = BUF(LIMIT_SIGNATURE_BYTES);
	char manifest_path[LIMIT_PATH_BYTES + 1];
	struct manifest manifest = { 0 };
	bool ok;

	snprintf(manifest_path, sizeof(manifest_path), PATH_MANIFEST, id);
	snprintf(manifest.signature, sizeof(manifest.signature), PATH_SIGNATURE,
	    id);
	ok = list_files(from,
		 strncmp(id, TERMINATION_ID, strlen(TERMINATION_ID)) == 0,
		 &manifest, err) &&
	    manifest_encode(&manifest, &xml, err) &&
	    cades_sign(signer, buf_span(&xml), commitment, time_now_ms() / 1000,
		&p7s, err) &&
	    container_put(to, manifest_path, buf_span(&xml), err) &&
	    container_put(to, manifest.signature, buf_span(&p7s), err);
	manifest_free(&manifest);
	buf_free(&xml);
	buf_free(&p7s);
	return ok;
}

bool
signing_load(struct context *context, struct identity *out, struct error *err)
{
	return context->sign_cert[0] != '\0'
	    ? own_cert_load(context, OWN_CERT_SIGN, out, err)
	    : error_set(err, ERROR_USAGE,
		  "there is nothing to sign with: enrol with --sign-cert and"
		  " --sign-key");
}

/*
 * True if the signatures would make the quorum of the accepted policy, which
 * was lowered since.
 */
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
		text_set(signatories[num].person,
		    sizeof(signatories[num].person), one->person);
		text_set(signatories[num].party, sizeof(signatories[num].party),
		    one->party);
		num++;
	}
	document_type(verdict->version->document, name);
	policy = policies_pinned(context, &ignored);
	type = policy != NULL ? policy_type(policy, name) : NULL;
	return type != NULL &&
	    policy_quorum(type, signing, signatories, num, rule);
}

/* False if this person has signed it, and signing again would change nothing. */
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
	struct policy *policy = policies_pinned(context, &ignored);
	const struct office *office;
	struct cert *cert = NULL;
	char type[LIMIT_SLUG_BYTES + 1];
	struct decision decision;

	if (yes || policy == NULL ||
	    (office = policies_own_office(context, policy, &cert, &ignored)) ==
		NULL)
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
	struct signing_sent sent;
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

bool
signing_kept(struct context *context, const struct outbox_act *act,
    const char *done, const char *command, struct error *err)
{
	struct outbox_list list;

	if (!outbox_all(context, act->kind, act->document, &list, err))
		return false;
	for (size_t i = 0; i < list.num; i++) {
		struct outbox_act *old = &list.list[i];

		if (old->version != act->version ||
		    strcmp(old->path, act->path) == 0 || !outbox_take(old))
			continue;
		outbox_drop(old);
		output_note("it takes the place of what was made before and"
			    " had not gone");
	}
	free(list.list);
	if (context->json)
		return output_json(json_pack("{s:s, s:s, s:i}", "result",
				       "kept", "document", act->document,
				       "version", (int)act->version),
		    err);
	printf(
	    "%s %s@%u, and kept it in the outbox: \"valise bag pack --outbox\""
	    " or \"valise %s\" with a line sends it\n",
	    done, act->document, act->version, command);
	return true;
}

void
signing_show_end(const struct verdict *verdict, const struct identity *signer,
    const char *means)
{
	char groups[80];

	digest_groups(&verdict->digest, groups);
	fprintf(stderr,
	    "  version digest (read it on the telephone)\n"
	    "    %.39s\n    %s\n"
	    "You sign as %s: %s.\n",
	    groups, groups + 40, signer->cert->email, means);
}
