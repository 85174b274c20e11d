/*
 * run - one command line, from its arguments to its exit status (run.h).
 *
 * The command line is parsed by the table in options.c; here is the function
 * that runs each of its usage lines, and how a failure is told.
 */
#include "cli/run.h"

#include <signal.h>
#include <string.h>

#include "base/outfile.h"

#include "cli/environment.h"
#include "cli/local/local.h"
#include "cli/secret.h"
#include "client/standing.h"

enum { HELP = 16384 };

#define STDOUT "standard output" /* as its errors begin */

static command_run *const runs[FORMS] = {
	[FORM_INIT] = cmd_init,
	[FORM_INIT_UPDATE] = cmd_init_update,
	[FORM_RENEW] = cmd_renew,
	[FORM_PUSH] = cmd_push,
	[FORM_PUSH_BATCH] = cmd_push_batch,
	[FORM_SIGN] = cmd_sign,
	[FORM_FETCH] = cmd_fetch,
	[FORM_PULL] = cmd_pull,
	[FORM_VERIFY] = cmd_verify,
	[FORM_VERIFY_EVIDENCE] = cmd_verify_evidence,
	[FORM_SHOW] = cmd_show,
	[FORM_LIST] = cmd_list,
	[FORM_DIFF] = cmd_diff,
	[FORM_DIFF_LANGUAGES] = cmd_diff,
	[FORM_HISTORY] = cmd_history,
	[FORM_LOG] = cmd_log,
	[FORM_BAG_PACK] = cmd_bag_pack,
	[FORM_BAG_OPEN] = cmd_bag_open,
	[FORM_BAG_ACK] = cmd_bag_ack,
	[FORM_BAG_PUSH] = cmd_bag_push,
	[FORM_BAG_LIST] = cmd_bag_list,
	[FORM_WATCH] = cmd_watch,
	[FORM_TERMINATE] = cmd_terminate,
	[FORM_AUDIT] = cmd_audit,
	[FORM_AUDIT_NOTE] = cmd_audit_note,
	[FORM_AUDIT_COMBINE] = cmd_audit_combine,
	[FORM_AUDIT_COMPARE] = cmd_audit_compare,
	[FORM_WITNESS] = cmd_witness,
	[FORM_WITNESS_INIT] = cmd_witness_init,
	[FORM_POLICY_CHECK] = cmd_policy_check,
	[FORM_POLICY_SHOW] = cmd_policy_show,
	[FORM_POLICY_ACCEPT] = cmd_policy_accept,
	[FORM_POLICY_SAVE] = cmd_policy_save,
	[FORM_CRLS_PUSH] = cmd_crls_push,
	[FORM_CRLS_ADD] = cmd_crls_add,
	[FORM_CRLS_SHOW] = cmd_crls_show,
	[FORM_KIT] = cmd_kit,
	[FORM_STATUS] = cmd_status,
	[FORM_COMPLETE] = cmd_complete,
};

/*
 * Write what is printed and not yet written.  If its reader went away, end as
 * by the signal; if it cannot be written, say so.  Returns false then.
 */
static bool
end_output(const char *name)
{
	struct error err = { 0 };
	bool gone = false;

	if (outfile_end_stdout(&gone, &err)) {
		if (!gone)
			return true;
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
		return false;
	}
	fprintf(stderr, "valise%s%s: %s: %s\n", name[0] != '\0' ? " " : "",
	    name, error_words(&err), err.detail);
	return false;
}

/* Tell an error, as JSON too where that is asked for.  Returns the exit. */
static int
fail(const struct context *context, const struct options_given *given,
    const struct error *err)
{
	const char *name = given->command != NULL ? given->command->name : "";
	struct error ignored = { 0 };
	bool written;

	output_progress_end();
	written = !context->json || context->told ||
	    output_error(json_of_error(err), &ignored);
	written = end_output(name) && written;
	/* What a page said is in it, and the desk's terminal asks what binds. */
	if (output_is_lines())
		return error_exit_status(written ? err->kind : ERROR_SYSTEM);
	if (written || strncmp(err->detail, STDOUT, strlen(STDOUT)) != 0)
		fprintf(stderr, "valise%s%s: %s: %s\n",
		    name[0] != '\0' ? " " : "", name, error_words(err),
		    err->detail);
	return error_exit_status(written ? err->kind : ERROR_SYSTEM);
}

static bool
help(const struct options_given *given, FILE *to, struct error *err)
{
	struct buf text = BUF(HELP);
	bool ok = options_help(given->program, given->command, given->form,
	    &text, err);

	if (ok && fwrite(text.data, 1, text.len, to) != text.len)
		ok = error_set_errno(err, STDOUT);
	buf_free(&text);
	return ok;
}

/* An option that needs a line is refused by its command: arguments_need_line(). */
static bool
check_local(const struct context *context,
    const struct options_command *command, struct error *err)
{
	return !context->local || command->local != NULL ||
	    error_set(err, ERROR_USAGE,
		"it takes no --local (\"valise --help\" tells what does)");
}

static void
warn_of_key(const char *sentence)
{
	output_note("%s", sentence);
}

/* Do what was asked for.  False, and err, where it failed. */
static bool
run(struct context *context, const struct options_given *given,
    command_run *desk, struct error *err)
{
	if (given->version) {
		puts("valise " VALISE_VERSION);
		return true;
	}
	if (given->help)
		return help(given, stdout, err);
	return check_local(context, given->command, err) &&
	    (given->form->id == FORM_DESK
		    ? desk
		    : runs[given->form->id])(context, given, err);
}

int
run_program(int argc, char *argv[], command_run *desk,
    void (*asks)(struct context *context))
{
	struct context context = { .json = false };
	struct secrets *secrets = calloc(1, sizeof(*secrets)); /* large */
	struct options_given given;
	struct error err = { 0 };
	int status = 0;
	bool ok;

	if (secrets == NULL)
		return error_exit_status(ERROR_SYSTEM);
	ok = options_parse(&valise_options, argc, argv, &given, &err);
	context.json = options_has(&given, OPTION_JSON);
	output_begin(context.json);
	context.local = options_has(&given, OPTION_LOCAL);
	context.confirmer = &confirm_at_terminal;
	secrets->file = options_value(&given, OPTION_SECRET_FILE);
	context.private_keys = (struct private_rule){
		.insecure = options_has(&given, OPTION_INSECURE_KEY),
		.warn = warn_of_key,
		.secret = secrets_get,
		.arg = secrets,
	};
	if (asks != NULL)
		asks(&context);
	if (ok)
		ok = environment_read(&context,
		    options_value(&given, OPTION_CONFIG), &err);
	if (ok && given.command == NULL && !given.help && !given.version) {
		help(&given, stderr, &err);
		error_set(&err, ERROR_USAGE, "which command?");
		status = fail(&context, &given, &err);
	} else {
		ok = ok && run(&context, &given, desk, &err);
		standing_tell(&context);
		if (!ok)
			status = fail(&context, &given, &err);
	}
	if (status == 0 &&
	    !end_output(given.command != NULL ? given.command->name : ""))
		status = error_exit_status(ERROR_SYSTEM);
	local_end(&context);
	context_free(&context);
	options_free(&given);
	secrets_forget(secrets);
	free(secrets);
	return status;
}
