/*
 * commands.h - one function a command; main.c has the table of them.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/options.h"
#include "cli/output.h"
#include "cli/signing.h"
#include "client/copy.h"
#include "client/outbox.h"
#include "client/session.h"
#include "client/title.h"

/* argv[0] is the command's name; --config and --json are gone. */
typedef bool command_run(struct context *context, int argc, char *argv[],
    struct error *err);

command_run cmd_init, cmd_push, cmd_sign, cmd_fetch, cmd_verify, cmd_show,
    cmd_list, cmd_history, cmd_log, cmd_policy, cmd_witness, cmd_audit,
    cmd_terminate, cmd_watch, cmd_bag, cmd_pull, cmd_diff, cmd_crls;

/* What an entry is about, in a few words. */
void describe_entry(const struct entry *entry, char out[512]);

/* verify --evidence: exit 0 where it proves a fork. */
bool verify_evidence(struct context *context, const char *path,
    struct error *err);

/* Append what the daemon lists, all pages. */
bool all_documents(struct session *session, json_t *all,
    struct error *err) MUST_USE;

#endif
