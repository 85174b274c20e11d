/*
 * audit - check the whole record, as far as this office may see it, and keep
 * what was found until it is resolved (audit.h).
 */
#include <string.h>

#include "base/time.h"
#include "cli/cmd/audit.h"

static void
report(void *arg, const struct audit_finding *finding)
{
	struct audit_run *run = arg;

	run->num_told++;
	findings_add(&run->state.findings, run->kind, finding, finding->index,
	    run->settings.now_ms);
}

/*
 * Find out which office asks, by the policy that it accepted, and what it may
 * see.
 */
static bool
know_office(struct audit_run *run, struct error *err)
{
	struct cert *cert = NULL;

	run->policy = policies_pinned(run->context, err);
	run->office = run->policy == NULL
	    ? NULL
	    : policies_own_office(run->context, run->policy, &cert, err);
	cert_free(cert);
	if (run->office == NULL)
		return false;
	run->sight = sight_of(run->policy, run->office);
	run->sees_all = true;
	for (size_t i = 0; i < run->policy->num_types; i++)
		run->sees_all = run->sees_all &&
		    policy_decide(run->policy, run->office, RIGHT_AUDIT,
			run->policy->types[i].name)
			.allowed;
	return true;
}

/*
 * Open what earlier audits kept; begin anew if asked to, or if an older
 * program kept it.
 */
static bool
open_kept(struct audit_run *run, bool full, struct error *err)
{
	if (!audit_state_open(run->context, &run->state, err))
		return false;
	if (run->state.is_old)
		output_note("what a program before this one kept of its audits"
			    " is not all that this one needs: all is checked"
			    " anew");
	if (full || run->state.is_old) {
		if (!audit_state_begin_anew(&run->state, err))
			return false;
	} else if (!audit_ask_again(run, err)) {
		return false;
	}
	run->from = run->state.edge.size;
	run->judged = audit_judged_open(run->context, full, err);
	return run->judged != NULL;
}

static bool
check_all(struct audit_run *run, bool full, struct error *err)
{
	return know_office(run, err) &&
	    (run->audit = audit_new(&run->settings, err)) != NULL &&
	    open_kept(run, full, err) && audit_replay(run, err) &&
	    audit_catch_up(run, err) &&
	    /* Where the hashes are wrong, no later check means anything. */
	    (run->hashes_lie ||
		(audit_copies(run, err) && audit_states(run, err))) &&
	    audit_lists(run, err) && audit_witnesses(run, err) &&
	    audit_report_print(run, err);
}

/* Findings are kept even if the audit did not get to its end. */
static void
end_early(struct audit_run *run, const struct error *err)
{
	struct error ignored = { 0 };

	if (run->judged == NULL)
		return;
	if (audit_state_write(&run->state, &ignored))
		audit_report_kept(run);
	if (err->kind == ERROR_UNAVAILABLE)
		output_note("what was checked is kept: \"valise audit\" goes on"
			    " from there");
}

/*
 * Make an audit and print its report. False with ERROR_UNTRUSTED if a finding
 * is open.
 */
static bool
run_audit(struct context *context, bool full, struct error *err)
{
	struct audit_run run = { .context = context,
		.pending = BUF(SIZE_MAX),
		.note = BUF(LIMIT_NOTE_FILE),
		.delivered = BUF(SIZE_MAX),
		.state = { .lock = -1,
		    .entries_fd = -1,
		    .delivered_fd = -1,
		    .hidden_fd = -1 } };
	size_t open;
	bool ok;

	context->looks = true;
	if (!session_open(context, &run.session, err))
		return false;
	run.library = context_library(context);
	run.settings = (struct audit_settings){ .by = FIELD_AUDIT,
		.library = &run.library,
		.sight = &run.sight,
		.now_ms = time_now_ms(),
		.report = report,
		.find_delivered = audit_find_delivered,
		.arg = &run };
	ok = check_all(&run, full, err);
	output_progress_end();
	if (!ok)
		end_early(&run, err);
	open = findings_open(&run.state.findings);
	context->told = ok;
	if (ok && open > 0)
		ok = error_set_code(err, ERROR_UNTRUSTED, "AUDIT",
		    "%zu finding%s", open, open == 1 ? "" : "s");
	audit_free(run.audit);
	audit_judged_close(run.judged);
	audit_state_close(&run.state);
	ranges_free(&run.missing);
	buf_free(&run.pending);
	buf_free(&run.delivered);
	buf_free(&run.note);
	session_close(&run.session);
	return ok;
}

/*
 * Note a finding in the name of the person whose key connects; the note stays
 * at this office.
 */
static bool
note_finding(struct context *context, const char *id, const char *text,
    struct error *err)
{
	struct policy *policy = policies_pinned(context, err);
	struct cert *cert = NULL;
	struct audit_state state;
	bool ok;

	if (policy == NULL ||
	    policies_own_office(context, policy, &cert, err) == NULL) {
		cert_free(cert);
		return false;
	}
	ok = audit_state_open(context, &state, err) &&
	    findings_note(&state.findings, id, text, cert->email, time_now_ms(),
		err) &&
	    audit_state_write(&state, err);
	audit_state_close(&state);
	if (ok && context->json)
		ok = output_json(json_pack("{s:s, s:s, s:s}", "id", id, "note",
				     text, "by", cert->email),
		    err);
	else if (ok)
		printf("noted by %s: it stays in the report, and no longer"
		       " sets the exit status\n",
		    cert->email);
	cert_free(cert);
	return ok;
}

bool
cmd_audit(struct context *context, const struct options_given *given,
    struct error *err)
{
	return context_load(context, err) &&
	    run_audit(context, options_has(given, OPTION_FULL), err);
}

bool
cmd_audit_note(struct context *context, const struct options_given *given,
    struct error *err)
{
	return context_load(context, err) &&
	    note_finding(context, options_value(given, OPTION_NOTE),
		given->operands[0], err);
}

bool
cmd_audit_combine(struct context *context, const struct options_given *given,
    struct error *err)
{
	return context_load(context, err) &&
	    audit_combine(context, given->num_operands, given->operands, err);
}

bool
cmd_audit_compare(struct context *context, const struct options_given *given,
    struct error *err)
{
	return context_load(context, err) &&
	    audit_compare(context, given->num_operands, given->operands, err);
}
