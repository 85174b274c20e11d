/*
 * act.h - an act that was judged and is to be journaled.
 */
#ifndef DAEMON_WRITER_ACT_H
#define DAEMON_WRITER_ACT_H

#include "daemon/signer/signer.h"
#include "daemon/turns.h"
#include "record/record.h"

/* The policy and CRLs by which an act was judged. */
struct judged_by {
	struct policy *policy;
	const struct crl_set *crls;
	/* Index of the document's newest act then, or LEDGER_NONE. */
	uint64_t last;
};

enum act_result {
	ACT_DONE,
	ACT_AGAIN,  /* something changed since it was judged: judge it again */
	ACT_FAILED, /* err says why */
};

/*
 * Room for most versions' titles and languages; others are read from the store
 * again.
 */
enum { ACT_TITLES = 1536, ACT_LANGUAGES = 128 };

struct act_request {
	enum act act;
	char document[DOCUMENT_NAME], person[LIMIT_EMAIL_BYTES + 1];
	char office[POLICY_NAME];
	unsigned version;
	struct judged_by judged;
	/*
	 * For deposit and sign: the judged container, and the verdict's facts.
	 */
	struct container *container; /* owned, until act_prepare() */
	/* document/title_text.h; "": not known */
	char title[ACT_TITLES], languages[ACT_LANGUAGES];
	struct digest digest, manifest, signature;
	bool quorum;
	/* Of those that make the quorum; these are in journal order. */
	size_t num_signatures;
	struct digest signatures[LIMIT_SIGNATURES];
	/* For deliver: the contents delivered. */
	struct digest contents;
	/* For refuse. */
	char wanted[32], rule[POLICY_RULE];
	/* For refuse and deliveries: how often. */
	uint64_t times;
	/* For deliveries: its `deliver` entry, which has all but that. */
	uint64_t prior;
	/* For dispatch and acknowledge: the addressee, and the bag. */
	char to[POLICY_NAME];
	uint64_t number;
	/* The waybill by which it came, and when that was signed; or zero. */
	struct digest waybill;
	int64_t dispatched_ms;
	/* For key: the key that comes next. */
	char key[NOTE_KEY_TEXT];
	/* For policy: the names of the files that changed, a line each. */
	char changed[2048];

	/* Called on a thread of the registrar once the act is decided. */
	void (*done)(struct act_request *act);
	void *arg;
	enum act_result result;
	struct error err;
	uint64_t index; /* of the act's entry */
	/* Made by act_prepare(), or used by batch and registrar only. */
	struct act_request *next;
	struct turn turn;
	uint64_t bytes; /* of the texts and files that its objects may have */
	struct pack *objects;
	struct oid commit;
	struct digest new_contents;
};

/*
 * Make all of a deposit, signature or termination but its entry: seal, tree and
 * commit, as objects in memory that are not in the store yet.  This is done
 * before the registrar's turn, for the document as it was judged.  If the
 * document has moved meanwhile nothing is made, and the registrar finds that
 * the act must be judged again.  For a worker.
 *
 * ERROR_UNAVAILABLE  the disk is full, or the signer failed
 */
bool act_prepare(const struct record *record, struct signer *signer,
    struct act_request *act, struct error *err) MUST_USE;
/* Free the container and the objects; the other members stay. */
void act_clear(struct act_request *act);

#endif
