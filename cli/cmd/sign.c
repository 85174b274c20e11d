/*
 * valise sign: fetches the newest version, shows it, asks, and sends a
 * signature of approval.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/local/local.h"

#define MEANS                                                                  \
	DIALOG("a proof of approval, which counts towards the quorum if you"   \
	       " have full powers")

static bool
make_signature(const struct identity *signer, const struct container *from,
    struct container *to, struct error *err)
{
	char id[DIGEST_HEX];

	digest_hex(&signer->cert->fingerprint, id);
	id[32] = '\0';
	return signing_files(signer, from, id, COMMITMENT_APPROVAL, to, err);
}

/*
 * Show in full what is about to be signed: on the terminal, even with --json.
 */
static void
show(const struct verdict *verdict, const struct identity *signer)
{
	const struct version *version = verdict->version;

	fprintf(stderr, "%s@%u\n", version->document, version->number);
	for (size_t i = 0; i < version->num_titles; i++)
		fprintf(stderr, "  title (%s)  %s\n",
		    version->titles[i].language, version->titles[i].text);
	if (version->note[0] != '\0')
		fprintf(stderr, "  note        %s\n", version->note);
	fprintf(stderr, "  deposited   by %s of %s\n", version->person,
	    version->office);
	for (size_t i = 0; i < version->num_texts; i++)
		fprintf(stderr, "  text (%s)   %s, %llu bytes%s\n",
		    version->texts[i].language, version->texts[i].file,
		    (unsigned long long)version->texts[i].size,
		    version->texts[i].authentic ? ", authentic" : "");
	for (size_t i = 0; i < version->num_annexes; i++)
		fprintf(stderr, "  annex       %s, %llu bytes\n",
		    version->annexes[i].file,
		    (unsigned long long)version->annexes[i].size);
	for (size_t i = 0; i < verdict->num_signatures; i++)
		if (verdict->signatures[i].commitment == COMMITMENT_APPROVAL &&
		    !verdict->signatures[i].terminates)
			fprintf(stderr, "  signed      by %s of %s\n",
			    verdict->signatures[i].person,
			    verdict->signatures[i].office);
	signing_show_end(verdict, signer, MEANS);
}

/* Print that a signature was sent, and what followed from it. */
static bool
report(struct context *context, const struct signing_sent *sent,
    struct error *err)
{
	const struct entry *entry = &sent->entry;
	const char *status = status_name(sent->version->status);

	if (context->json)
		return output_json(
		    json_pack("{s:s, s:s, s:i, s:o, s:I, s:s, s:o}", "result",
			sent->again ? "signed already" : "signed", "document",
			entry->document, "version", (int)entry->version,
			"digest", json_of_digest(&entry->digest), "entry",
			(json_int_t)sent->index, "status", status, "time",
			json_of_ms(entry->time_ms)),
		    err);
	printf("%s %s@%llu, entry %llu of the journal; it is %s\n",
	    sent->again ? "signed already:" : "signed", entry->document,
	    (unsigned long long)entry->version, (unsigned long long)sent->index,
	    status);
	return true;
}

/* The question names the version, and the other one, which is in force. */
static const char *
question_of(const struct copy *copy)
{
	const unsigned in_force = copy->document.in_force;

	if (in_force == 0)
		return DIALOG("Sign version {version}?");
	return in_force == copy->verdict.version->number
	    ? DIALOG("Sign version {version}, which is in force?")
	    : DIALOG("Sign version {version}, while version {in-force} is in"
		     " force?");
}

/* Ask whether this version is to be signed. */
static bool
confirmed(const struct context *context, const struct identity *signer,
    const struct copy *copy, bool yes, struct error *err)
{
	const struct version *version = copy->verdict.version;

	return confirm_ask(context, yes,
	    &(struct confirm){ .question = question_of(copy),
		.yes = DIALOG("Sign"),
		.refused = "not signed",
		.document = version->document,
		.version = version->number,
		.in_force = copy->document.in_force,
		.title = version_title(version, context->language),
		.digest = &copy->verdict.digest,
		.person = signer->cert->email,
		.means = MEANS },
	    err);
}

/* session is NULL if there is no line. */
static bool
sign_copy(struct context *context, struct session *session,
    const struct identity *signer, const struct copy *copy, bool yes,
    struct error *err)
{
	const struct version *version = copy->verdict.version;
	struct container *signature = container_new(err);
	struct outbox_act act = { .lock = -1 };
	bool ok;

	ok = signature != NULL &&
	    signing_is_new(context, &copy->verdict, SIGNING_APPROVAL,
		signer->cert->email, err) &&
	    signing_may_be_asked(context, &copy->verdict, SIGNING_APPROVAL,
		signer->cert->email, yes, err);
	if (ok) {
		show(&copy->verdict, signer);
		if (!copy->document.was_seen)
			output_note("%s@%u was neither fetched nor shown here"
				    " before: \"valise fetch %s@%u\" gets its"
				    " texts to read",
			    version->document, version->number,
			    version->document, version->number);
		ok = confirmed(context, signer, copy, yes, err) &&
		    make_signature(signer, copy->container, signature, err) &&
		    outbox_keep(context, OUTBOX_SIGNATURE, version->document,
			version->number, signature, &act, err) &&
		    (session == NULL
			    ? signing_kept(context, &act, "signed", "sign", err)
			    : signing_send(session, &act, report, err));
	}
	outbox_release(&act);
	container_free(signature);
	return ok;
}

/* Sign the copy in the local copy; the signature stays in the outbox. */
static bool
sign_local(struct context *context, const struct identity *signer,
    const char *document, unsigned version, bool yes, struct error *err)
{
	char dir[FILE_PATH];
	struct copy copy;
	bool ok;

	if (!local_dir(context, NULL, dir, err))
		return false;
	ok = local_open_standing(context, dir, document, version, &copy, err);
	if (ok)
		copy.document.was_seen =
		    context_has_seen(context, &copy.verdict.digest);
	if (ok && copy.verdict.outcome != OUTCOME_VALID)
		ok = verdict_error(&copy.verdict, err);
	if (ok && copy.verdict.status != STATUS_DRAFT &&
	    copy.verdict.status != STATUS_SIGNED_IN_PART &&
	    copy.verdict.status != STATUS_IN_FORCE)
		ok = error_set(err, ERROR_CONFLICT,
		    "%s@%u is %s: it takes no signatures", document,
		    copy.verdict.version->number,
		    status_name(copy.verdict.status));
	ok = ok && sign_copy(context, NULL, signer, &copy, yes, err);
	copy_free(&copy);
	return ok;
}

/*
 * Send the signature that an earlier run left; else fetch, show, ask, sign and
 * send.
 */
static bool
sign_document(struct context *context, const struct identity *signer,
    const char *document, unsigned version, bool yes, struct error *err)
{
	struct session session;
	struct copy copy = { .fd = -1 };
	bool sent = false, ok;

	if (!session_open(context, &session, err))
		return false;
	ok = session_check_policy(&session, err) &&
	    signing_send_kept(&session, OUTBOX_SIGNATURE, document, version,
		report, &sent, err);
	if (ok && !sent) {
		ok = copy_fetch(&session, document, version, &copy, err);
		/* A copy that is not VALID is not signed. */
		if (ok && copy.verdict.outcome != OUTCOME_VALID)
			ok = verdict_error(&copy.verdict, err);
		ok =
		    ok && sign_copy(context, &session, signer, &copy, yes, err);
	}
	copy_free(&copy);
	session_close(&session);
	return ok;
}

bool
cmd_sign(struct context *context, const struct options_given *given,
    struct error *err)
{
	const bool yes = options_has(given, OPTION_YES);
	struct identity signer = { NULL };
	char document[DOCUMENT_NAME];
	unsigned version;
	bool ok;

	if (!document_parse_which(given->operands[0], document, &version, err))
		return false;
	if (version == DOCUMENT_PLAIN)
		version = 0;
	ok = context_load(context, err) &&
	    signing_load(context, &signer, err) &&
	    (context->local ? sign_local : sign_document)(context, &signer,
		document, version, yes, err);
	identity_free(&signer);
	return ok;
}
