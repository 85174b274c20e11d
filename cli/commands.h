/*
 * commands.h - one function for each usage line; main.c has the table of them.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/arguments.h"
#include "cli/confirm.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/signing.h"
#include "client/copy.h"
#include "client/outbox.h"
#include "client/session.h"
#include "client/title.h"

/*
 * Run a command.  given was checked by the table: the number of operands, that
 * the options are those of its form, and that none that it needs lacks.
 */
typedef bool command_run(struct context *context,
    const struct options_given *given, struct error *err);

command_run cmd_init, cmd_init_update, cmd_renew, cmd_push, cmd_push_batch,
    cmd_sign, cmd_fetch, cmd_pull, cmd_verify, cmd_verify_evidence, cmd_show,
    cmd_list, cmd_diff, cmd_history, cmd_log, cmd_bag_pack, cmd_bag_open,
    cmd_bag_ack, cmd_bag_push, cmd_watch, cmd_terminate, cmd_audit,
    cmd_audit_note, cmd_audit_combine, cmd_audit_compare, cmd_witness,
    cmd_witness_init, cmd_policy_check, cmd_policy_show, cmd_policy_accept,
    cmd_policy_save, cmd_crls_push, cmd_crls_add, cmd_crls_show, cmd_kit,
    cmd_bag_list, cmd_complete, cmd_status;

/* Describe in a few words what an entry is about. */
void describe_entry(const struct entry *entry, char out[512]);

/* Append all documents that the daemon lists, page by page. */
bool all_documents(struct session *session, json_t *all,
    struct error *err) MUST_USE;

#endif
