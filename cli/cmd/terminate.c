/*
 * terminate - sign that what is in force is to end.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "client/acts.h"
#include "document/termination.h"

#define MEANS DIALOG("it ends once enough persons of each party have signed so")

/*
 * Returns the version in force, or that was when the document ended; 0 on
 * failure.
 */
static unsigned
find_in_force(const struct document_acts *acts, struct error *err)
{
	const struct ledger_version *version = ledger_in_force(&acts->doc);

	if (version != NULL)
		return version->number;
	error_set(err, ERROR_CONFLICT,
	    "no version of %s is in force: there is nothing to terminate",
	    acts->doc.name);
	return 0;
}

/*
 * Get the reason: what the first person who terminates wrote, or what this one
 * writes now.
 */
static bool
take_termination(struct copy *copy, const char *reason, struct termination *out,
    struct error *err)
{
	const struct version *version = copy->verdict.version;
	const struct member *file =
	    container_find(copy->container, PATH_TERMINATION);
	struct buf text = BUF(LIMIT_VERSION_BYTES);
	char composed[LIMIT_NOTE_BYTES + 1];
	struct error ignored = { 0 };
	bool ok;

	if (reason != NULL &&
	    (!arguments_compose("the reason", reason, composed,
		 sizeof(composed), &ignored) ||
		!text_is_line(span_of_str(composed))))
		return error_set(err, ERROR_USAGE,
		    "the reason is not one line of visible text of at most %d"
		    " bytes",
		    LIMIT_NOTE_BYTES);
	if (reason != NULL)
		reason = composed;
	if (file != NULL)
		return termination_parse(member_bytes(file), out, err) &&
		    (reason == NULL || strcmp(reason, out->reason) == 0 ||
			error_set(err, ERROR_CONFLICT,
			    "its termination was begun with the reason \"%s\":"
			    " leave --reason out to sign that one",
			    out->reason));
	if (reason == NULL)
		return error_set(err, ERROR_USAGE,
		    "say why: --reason TEXT; it is what all who terminate"
		    " sign");
	*out = (struct termination){ .version = version->number,
		.digest = copy->verdict.digest };
	text_set(out->document, sizeof(out->document), version->document);
	text_set(out->reason, sizeof(out->reason), reason);
	ok = termination_encode(out, &text, err) &&
	    container_put(copy->container, PATH_TERMINATION, buf_span(&text),
		err);
	buf_free(&text);
	return ok;
}

/* Show in full what is about to be terminated, and why. */
static void
show(const struct copy *copy, const struct termination *termination,
    const struct identity *signer)
{
	const struct verdict *verdict = &copy->verdict;

	fprintf(stderr,
	    "terminate %s@%u, in force\n  title       %s\n"
	    "  reason      %s\n",
	    termination->document, termination->version,
	    version_title(verdict->version, "en"), termination->reason);
	for (size_t i = 0; i < verdict->num_signatures; i++)
		if (verdict->signatures[i].terminates)
			fprintf(stderr, "  terminated  by %s of %s\n",
			    verdict->signatures[i].person,
			    verdict->signatures[i].office);
	signing_show_end(verdict, signer, MEANS);
}

/* Ask whether this termination is to be signed. */
static bool
confirmed(const struct context *context, const struct copy *copy,
    const struct termination *termination, const struct identity *signer,
    bool yes, struct error *err)
{
	return confirm_ask(context, yes,
	    &(struct confirm){ .question = DIALOG("Sign its termination?"),
		.yes = DIALOG("Terminate"),
		.refused = "not signed",
		.document = termination->document,
		.version = termination->version,
		.title =
		    version_title(copy->verdict.version, context->language),
		.reason = termination->reason,
		.digest = &copy->verdict.digest,
		.person = signer->cert->email,
		.means = MEANS },
	    err);
}

/* Print that a termination was sent, and what followed from it. */
static bool
report(struct context *context, const struct signing_sent *sent,
    struct error *err)
{
	const struct entry *entry = &sent->entry;
	const enum status status = sent->version->status;

	if (context->json)
		return output_json(json_pack("{s:s, s:s, s:i, s:I, s:s, s:o}",
				       "result",
				       sent->again ? "signed already"
						   : "signed",
				       "document", entry->document, "version",
				       (int)entry->version, "entry",
				       (json_int_t)sent->index, "status",
				       status_name(status), "time",
				       json_of_ms(entry->time_ms)),
		    err);
	printf("%s the termination of %s@%llu, entry %llu of the journal; it"
	       " is %s\n",
	    sent->again ? "signed already:" : "signed", entry->document,
	    (unsigned long long)entry->version, (unsigned long long)sent->index,
	    status == STATUS_IN_FORCE ? "still in force, until the others sign"
				      : status_name(status));
	return true;
}

/* Show, ask, sign and send. */
static bool
sign_termination(struct session *session, const struct identity *signer,
    struct copy *copy, const char *reason, bool yes, struct error *err)
{
	struct context *context = session->context;
	struct container *signature = container_new(err);
	struct termination termination;
	struct outbox_act act = { .lock = -1 };
	char id[LIMIT_NAME_BYTES + 1], hex[DIGEST_HEX];
	const struct member *file;
	bool ok;

	ok = signature != NULL &&
	    take_termination(copy, reason, &termination, err) &&
	    container_hash(copy->container, NULL, err) &&
	    signing_is_new(context, &copy->verdict, SIGNING_TERMINATION,
		signer->cert->email, err) &&
	    signing_may_be_asked(context, &copy->verdict, SIGNING_TERMINATION,
		signer->cert->email, yes, err);
	if (ok) {
		show(copy, &termination, signer);
		digest_hex(&signer->cert->fingerprint, hex);
		snprintf(id, sizeof(id), TERMINATION_ID "%.32s", hex);
		file = container_find(copy->container, PATH_TERMINATION);
		ok = confirmed(context, copy, &termination, signer, yes, err) &&
		    container_put(signature, PATH_TERMINATION,
			member_bytes(file), err) &&
		    signing_files(signer, copy->container, id,
			COMMITMENT_APPROVAL, signature, err) &&
		    outbox_keep(context, OUTBOX_TERMINATION,
			termination.document, termination.version, signature,
			&act, err) &&
		    signing_send(session, &act, report, err);
	}
	outbox_release(&act);
	container_free(signature);
	return ok;
}

static bool
terminate_version(struct session *session, const struct identity *signer,
    struct document_acts *acts, unsigned version, const char *reason, bool yes,
    struct error *err)
{
	struct copy copy;
	bool ok = copy_fetch_beside(session, acts, version, &copy, err);

	/* A version that is not VALID, or has ended, is not terminated. */
	if (ok && copy.verdict.outcome != OUTCOME_VALID)
		ok = verdict_error(&copy.verdict, err);
	if (ok && copy.verdict.status == STATUS_TERMINATED)
		ok = error_set(err, ERROR_CONFLICT, "%s@%u is terminated",
		    acts->doc.name, version);
	ok = ok && sign_termination(session, signer, &copy, reason, yes, err);
	copy_free(&copy);
	return ok;
}

/* Send the termination that an earlier run left; else make one. */
static bool
terminate(struct session *session, const struct identity *signer,
    const char *document, const char *reason, bool yes, struct error *err)
{
	struct document_acts acts;
	unsigned version = 0;
	bool sent = false, ok;

	if (!session_check_policy(session, err))
		return false;
	ok = acts_update(session, document, &acts, err) &&
	    (version = find_in_force(&acts, err)) != 0 &&
	    signing_send_kept(session, OUTBOX_TERMINATION, document, 0, report,
		&sent, err);
	if (ok && !sent)
		ok = terminate_version(session, signer, &acts, version, reason,
		    yes, err);
	acts_free(&acts);
	return ok;
}

bool
cmd_terminate(struct context *context, const struct options_given *given,
    struct error *err)
{
	char document[DOCUMENT_NAME];
	struct identity signer = { NULL };
	struct session session;
	unsigned version;
	bool ok;

	if (!document_parse(given->operands[0], document, &version, err))
		return false;
	if (version != 0)
		return error_set(err, ERROR_USAGE,
		    "a document is terminated, not one version of it: what is"
		    " in force ends");
	if (!context_load(context, err) || !signing_load(context, &signer, err))
		return false;
	ok = session_open(context, &session, err);
	if (ok) {
		ok = terminate(&session, &signer, document,
		    options_value(given, OPTION_REASON),
		    options_has(given, OPTION_YES), err);
		session_close(&session);
	}
	identity_free(&signer);
	return ok;
}
