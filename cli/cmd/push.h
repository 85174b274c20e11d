/*
 * push.h - making and depositing versions: what "valise push" does once, and
 * "valise push --batch" for each document of a list.
 */
#ifndef CLI_CMD_PUSH_H
#define CLI_CMD_PUSH_H

#include <jansson.h>

#include "cli/options.h"
#include "client/newest.h"
#include "client/outbox.h"

struct push_input {
	bool is_text; /* else it is an annex */
	char *path;
	/* what it is called in the version; NULL: as the file is */
	char *name;
};

/* A version that is to be deposited. */
struct push {
	char document[DOCUMENT_NAME];
	unsigned onto; /* the version whose signing it may end, or 0 */
	struct push_input inputs[LIMIT_TEXTS + LIMIT_ANNEXES];
	size_t num_inputs;
	/* deposit what is surely not meant, too */
	bool allow_empty, allow_ending;
	struct version *version;
	struct container *container;
	int fds[LIMIT_TEXTS + LIMIT_ANNEXES];
	size_t num_fds;
	/*
	 * The failure is about this version alone: its files are wrong, or the
	 * daemon refuses it.
	 */
	bool alone;
};

/* --- What it is to be (push_make.c). --- */

struct push *push_new(struct error *err);
void push_free(struct push *push);

/* ERROR_USAGE, ERROR_LIMIT  it is no language, not one line, or one too many */
bool push_add_title(struct push *push, const char *language, const char *title,
    struct error *err) MUST_USE;
/* Add a text; or an annex if language is NULL. push_gather() reads the file. */
bool push_add_file(struct push *push, const char *language, const char *path,
    struct error *err) MUST_USE;
/* Name the file that was added last. */
bool push_name_file(struct push *push, const char *name,
    struct error *err) MUST_USE;
bool push_set_note(struct push *push, const char *note,
    struct error *err) MUST_USE;
/* True if it has a text and a title. */
bool push_is_whole(const struct push *push, struct error *err) MUST_USE;
/*
 * Read its files into the container.
 *
 * ERROR_USAGE  a file that is surely not meant: an empty one, one whose bytes
 *               are not what its name says, a second authentic text of a
 *               language; or a name that cannot be
 */
bool push_gather(struct push *push, const struct policy *policy,
    struct error *err) MUST_USE;

/*
 * Get the name that a file is deposited with, in NFC (push_name.c).  most is how
 * many bytes it may have.
 *
 * ERROR_MALFORMED, ERROR_LIMIT  it cannot be; the sentence has one that would do
 */
bool push_name(const struct push_input *input, uint64_t most,
    char out[LIMIT_NAME_BYTES + 1], struct error *err) MUST_USE;

/* --- Who deposits, and doing it (push_send.c). --- */

struct pusher {
	struct context *context;
	struct policy *policy; /* the policy that is accepted */
	const struct office *office;
	char person[LIMIT_EMAIL_BYTES + 1];
	struct identity signer; /* loaded when the first signature is made */
	/* opened with the first version that needs it */
	struct session *session;
	/* monotonic clock when the newest journal was seen */
	int64_t caught_up_ms;
	bool ask;     /* show what is to be deposited, and ask */
	bool dry_run; /* show it, and deposit nothing */
};

/* Begin; context is loaded. Call pusher_end() even after a failure. */
bool pusher_begin(struct context *context, struct pusher *out,
    struct error *err) MUST_USE;
void pusher_end(struct pusher *pusher);
/*
 * Load the certificate and key that sign, if they are not yet: the first
 * version does so by itself.
 */
bool pusher_load_signer(struct pusher *pusher, struct error *err) MUST_USE;
/*
 * Send what an earlier run left of its document, then deposit this version and
 * print what came of it. It is no error if texts, titles and note are those of
 * the newest version.
 */
bool pusher_push(struct pusher *pusher, struct push *push,
    struct error *err) MUST_USE;

/* --- What a person reads before it is sent (push_show.c). --- */

/* Print what is to be deposited, after version last (0: as the first). */
void push_show(FILE *to, const struct push *push, unsigned last);
/* The same as JSON, with version.yaml as it would be; NULL on failure. */
json_t *push_json(const struct push *push, unsigned last,
    struct error *err) MUST_USE;

/* --- Many (push_batch.c). --- */

/*
 * Deposit what the file lists (valise(1), "push --batch"). If one is refused
 * the others are tried. Each result is printed, and err is the worst one.
 */
bool push_batch(struct context *context, const struct options_given *given,
    struct error *err) MUST_USE;

#endif
