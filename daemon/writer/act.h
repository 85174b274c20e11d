/*
 * act.h - an act that was judged and is to be journaled.
 */
#ifndef DAEMON_WRITER_ACT_H
#define DAEMON_WRITER_ACT_H

#include "daemon/signer/signer.h"
#include "record/record.h"

/* By what an act was judged. */
struct judged_by {
	struct policy *policy;
	const struct crl_set *crls;
	uint64_t last; /* the document's newest act then, or LEDGER_NONE */
};

enum act_result {
	ACT_DONE,
	ACT_AGAIN,  /* something changed since it was judged: judge it again */
	ACT_FAILED, /* err says why */
};

struct act_request {
	enum act act;
	char document[DOCUMENT_NAME], person[LIMIT_EMAIL_BYTES + 1];
	char office[POLICY_NAME];
	unsigned version;
	struct judged_by judged;
	/* deposit, sign: the judged container, and what the verdict said. */
	struct container *container; /* until act_prepare() */
	char title[LIMIT_TITLE_BYTES + 1];
	struct digest digest, manifest, signature;
	bool quorum;
	size_t num_signatures; /* that make the quorum, in journal order */
	struct digest signatures[LIMIT_SIGNATURES];
	/* deliver: what is delivered. */
	struct digest contents;
	/* refuse. */
	char wanted[32], rule[POLICY_RULE];
	uint64_t times;
	/* dispatch, acknowledge: to whom, and of which bag. */
	char to[POLICY_NAME];
	uint64_t number;
	/* The waybill by which it came, and when that was signed; or zero. */
	struct digest waybill;
	int64_t dispatched_ms;
	/* key: the one that is to be the next. */
	char key[NOTE_KEY_TEXT];
	/* policy: the names of the files that changed, a line each. */
	char changed[2048];

	/* Called on a thread of the registrar once it is decided. */
	void (*done)(struct act_request *act);
	void *arg;
	enum act_result result;
	struct error err;
	uint64_t index; /* of its entry */
	/* What act_prepare() makes, the batch's and the registrar's own. */
	struct act_request *next;
	struct pack *objects;
	struct oid commit;
	struct digest new_contents;
};

/*
 * Make everything about a deposit, signature or termination but its entry:
 * seal, tree and commit, as objects that are in memory and not in the store
 * yet.  It is done before the registrar has its turn, for the document as it
 * was judged: where that has moved meanwhile nothing is made, and the registrar
 * finds that it is to be judged again.  On a worker.
 *
 * ERROR_UNAVAILABLE  a full disk, or a signer that fails
 */
bool act_prepare(const struct record *record, struct signer *signer,
    struct act_request *act, struct error *err) MUST_USE;
/* Let container and objects go; the rest stays. */
void act_clear(struct act_request *act);

#endif
