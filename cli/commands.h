/*
 * commands.h - one function a command; main.c has the table of them.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/as_of.h"
#include "cli/outbox.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/signing.h"

/* argv[0] is the command's name; --config and --json are gone. */
typedef bool command_run(struct context *context, int argc, char *argv[],
    struct error *err);

command_run cmd_init, cmd_push, cmd_sign, cmd_fetch, cmd_verify, cmd_show,
    cmd_list, cmd_history, cmd_log, cmd_policy, cmd_witness, cmd_audit,
    cmd_terminate, cmd_watch, cmd_bag, cmd_pull, cmd_diff, cmd_crls;

/* Exactly so many arguments are left from optind on. */
bool arguments(int argc, int first, int min, int max, const char *usage,
    struct error *err) MUST_USE;

/*
 * What only the daemon can answer: "--follow", "bag push".
 *
 * ERROR_USAGE  --local was given
 */
bool needs_line(const struct context *context, const char *what,
    struct error *err) MUST_USE;

/*
 * --since and --until: a time, or a date, which is the day's beginning, or
 * where it ends a range the day's end.
 *
 * ERROR_USAGE  it is neither
 */
bool parse_bound(const char *text, bool ends, int64_t *out_ms,
    struct error *err) MUST_USE;

/*
 * Sign the files of a version (not META-INF): the manifest and signature of an
 * ID, "origin" or a certificate's, go into to, which may be from.
 */
bool sign_files(const struct identity *signer, const struct container *from,
    const char *id, enum commitment commitment, struct container *to,
    struct error *err) MUST_USE;

/* What an entry is about, in a few words. */
void describe_entry(const struct entry *entry, char out[512]);

/* verify --evidence: exit 0 where it proves a fork. */
bool verify_evidence(struct context *context, const char *path,
    struct error *err);

/* Append what the daemon lists, all pages. */
bool all_documents(struct session *session, json_t *all,
    struct error *err) MUST_USE;

/*
 * The title of a version, where its version.yaml passed through here; or of the
 * newest one, by the daemon's word where it did not.
 */
struct ledger_version;
bool version_title_known(const struct context *context, const char *document,
    const struct ledger_version *version, char out[LIMIT_TITLE_BYTES + 1]);
struct document_acts;
bool document_title(struct session *session, const struct document_acts *acts,
    char out[LIMIT_TITLE_BYTES + 1], bool *known, struct error *err) MUST_USE;

/* "/v1/documents/TYPE/SLUG/versions/N" */
void version_path(char out[512], const char *document, unsigned version);

/* A copy in a file of its own, and the verdict on it; all is copy_free()'s. */
struct copy {
	int fd; /* or -1 */
	uint64_t size;
	struct container *container;
	struct verdict verdict;
	struct as_of as_of; /* of a VALID one: when its status is from */
};
/*
 * Fetch one into a nameless file, judge it, and settle its status by the acts
 * on the document; version 0 is the newest.  out is for copy_free(), whatever
 * comes of it.
 *
 * ERROR_UNTRUSTED  ENTRY_WITHHELD, ANSWER_DIFFERS, VERSION_DIFFERS: it is not
 *                  the one that was asked for
 */
bool copy_fetch(struct session *session, const char *document, unsigned version,
    struct copy *out, struct error *err) MUST_USE;
/* The same beside acts_update()'s, which may be updated once more. */
bool copy_fetch_beside(struct session *session, struct document_acts *acts,
    unsigned version, struct copy *out, struct error *err) MUST_USE;
/* The same, for who knows the entries themselves: not whose history it is. */
bool copy_download(struct session *session, const char *document,
    unsigned version, struct copy *out, struct error *err) MUST_USE;
/*
 * A receipt may lead to a fork: prove that each is of our history.  Those that
 * are none are the verdict's to tell.
 */
bool copy_follow(struct session *session, const struct copy *copy,
    struct error *err) MUST_USE;
bool copy_judge(struct context *context, int fd, struct copy *out,
    struct error *err) MUST_USE;
/* The same of a container that container_read() refuses: broken says why. */
bool copy_judge_rezipped(struct context *context, const struct error *broken,
    struct copy *out, struct error *err) MUST_USE;
void copy_free(struct copy *copy);
/* The checkpoint, a signed note, that a VALID copy's receipts lead to. */
bool copy_note(const struct container *container, struct buf *out,
    struct error *err) MUST_USE;

/*
 * Upload len bytes of a file in parts; its path at the daemon is kept in the
 * file note, so that the next run goes on.  id gets what it is called there.
 */
#define UPLOAD_ID_ROOM 160
bool session_upload(struct session *session, int fd, uint64_t len,
    const char *note, char id[UPLOAD_ID_ROOM], struct error *err) MUST_USE;

#endif
