/*
 * push.h - making and depositing versions: what "valise push" does once, and
 * "valise push --batch" for each document of a list.
 */
#ifndef CLI_CMD_PUSH_H
#define CLI_CMD_PUSH_H

#include "client/newest.h"
#include "client/outbox.h"

struct push_input {
	const char *language; /* NULL: an annex */
	char *path;
};

/* A version that is to be deposited. */
struct push {
	char document[DOCUMENT_NAME];
	unsigned onto; /* the version whose signing it may end, or 0 */
	struct push_input inputs[LIMIT_TEXTS + LIMIT_ANNEXES];
	size_t num_inputs;
	struct version *version;
	struct container *container;
	int fds[LIMIT_TEXTS + LIMIT_ANNEXES];
	size_t num_fds;
	/*
	 * What went wrong is about this version alone: its files, or the
	 * daemon's "no" to it.
	 */
	bool alone;
};

/* --- What it is to be (push_make.c). --- */

struct push *push_new(struct error *err);
void push_free(struct push *push);

/*
 * ERROR_USAGE, ERROR_LIMIT  not a language, not a line, or one too many
 */
bool push_add_title(struct push *push, const char *language, const char *title,
    struct error *err) MUST_USE;
/* language is NULL for an annex; path is read by push_gather(). */
bool push_add_file(struct push *push, const char *language, const char *path,
    struct error *err) MUST_USE;
bool push_set_note(struct push *push, const char *note,
    struct error *err) MUST_USE;
/* Has it a text and a title? */
bool push_is_whole(const struct push *push, struct error *err) MUST_USE;
/* Read its files into the container. */
bool push_gather(struct push *push, const struct policy *policy,
    struct error *err) MUST_USE;

/* --- Who deposits, and doing it (push_send.c). --- */

struct pusher {
	struct context *context;
	struct policy *policy; /* the accepted one */
	const struct office *office;
	char person[LIMIT_EMAIL_BYTES + 1];
	struct identity signer;  /* loaded with the first signature */
	struct session *session; /* made with the first that needs it */
	int64_t caught_up_ms;    /* monotonic: what was seen was the newest */
};

/* context is loaded.  pusher_end(), whatever comes of it. */
bool pusher_begin(struct context *context, struct pusher *out,
    struct error *err) MUST_USE;
void pusher_end(struct pusher *pusher);
/*
 * Deposit one, after what an earlier run left of its document, and tell it.
 * Texts, titles and note like those of the newest version are no error.
 */
bool pusher_push(struct pusher *pusher, struct push *push,
    struct error *err) MUST_USE;

/* --- Many (push_batch.c). --- */

/*
 * Deposit what the file lists (valise(1), "push --batch").  Whatever one of
 * them is refused for, the others are tried; err then is the worst of all, and
 * each was told.
 */
bool push_batch(struct context *context, const char *path,
    struct error *err) MUST_USE;

#endif
