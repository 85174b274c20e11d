/*
 * outbox.h - acts that were made and not yet answered.
 *
 * Each act has a file of its own, STATE/KEYID/outbox/TYPE--SLUG@N-SIZE-ID and
 * the suffix of its kind: SIZE is that of the journal which this office had
 * seen when it made the act, ID is random, after "onto-" where a deposit may
 * end the signing of the version before it.  Whoever sends it holds a lock on
 * the file, so two commands never send one act, nor each other's.  It goes
 * once the daemon has answered yes or no, and never before.
 */
#ifndef CLIENT_OUTBOX_H
#define CLIENT_OUTBOX_H

#include <time.h>

#include "client/session.h"
#include "record/sent.h"

enum outbox_kind { OUTBOX_DEPOSIT, OUTBOX_SIGNATURE, OUTBOX_TERMINATION };

struct outbox_act {
	enum outbox_kind kind;
	char document[DOCUMENT_NAME];
	unsigned version;
	/* the journal's size as above; 0 in files of older programs */
	uint64_t size;
	bool onto; /* a deposit may end the signing of version - 1 */
	time_t made_at;
	bool stale; /* over 24 hours old: its signature would be refused */
	struct digest digest; /* of the version, once it was sent */
	char path[FILE_PATH];
	int lock; /* locked while it is ours; or -1 */
};

/*
 * Keep a ZIP in the outbox, durable before it is sent. It is ours to send; call
 * outbox_release().
 */
bool outbox_keep(struct context *context, enum outbox_kind kind,
    const char *document, unsigned version, const struct container *container,
    struct outbox_act *out, struct error *err) MUST_USE;
/* The same of a deposit; onto is as above. */
bool outbox_keep_deposit(struct context *context, const char *document,
    unsigned version, bool onto, const struct container *container,
    struct outbox_act *out, struct error *err) MUST_USE;
/*
 * Remove what dead runs left half made.  What is whole stays: it may have been
 * sent, and its answer lost.
 */
void outbox_sweep(const struct context *context);
/*
 * Send an act and compare the receipt with it. Once it is answered, yes or no,
 * it is gone. After a failure outbox_is_kept() tells whether it is still there.
 * entry gets the act, *again whether the daemon had it already.
 *
 * ERROR_UNTRUSTED  SENT_DIFFERS: the receipt is of something else; the act is
 *                   kept
 */
bool outbox_send(struct session *session, struct outbox_act *act,
    struct entry *entry, uint64_t *index, bool *again,
    struct error *err) MUST_USE;
bool outbox_is_kept(const struct outbox_act *act);
/* Leave it for the next command to send. */
void outbox_release(struct outbox_act *act);
/* Remove it: it is not to be sent any more. */
void outbox_drop(struct outbox_act *act);

/*
 * List what is kept of a kind, for one document or all (NULL), the oldest
 * first. None is ours yet. The caller frees list.
 */
struct outbox_list {
	struct outbox_act *list;
	size_t num;
};
bool outbox_all(const struct context *context, enum outbox_kind kind,
    const char *document, struct outbox_list *out, struct error *err) MUST_USE;
/* Make it ours; false if another command sends it, or has sent it. */
bool outbox_take(struct outbox_act *act);
/*
 * Make ours the first of a document; version 0 is any. False if there is none.
 */
bool outbox_take_first(const struct context *context, enum outbox_kind kind,
    const char *document, unsigned version, struct outbox_act *out);

/*
 * Read the answer to an act: a receipt of this journal, of what was sent. No
 * other function takes a receipt for a "yes".
 */
bool outbox_check_receipt(struct session *session,
    const struct remote_answer *answer, const struct sent *sent,
    struct entry *entry, uint64_t *index, struct error *err) MUST_USE;

#endif
