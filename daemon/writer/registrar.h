/*
 * registrar.h - the only writer.  It takes all acts that wait, makes one pack
 * and one append of them, has one checkpoint signed, and then tells who waits:
 * nothing is acknowledged or delivered before its entry is durable.
 */
#ifndef DAEMON_WRITER_REGISTRAR_H
#define DAEMON_WRITER_REGISTRAR_H

#include "base/file.h"
#include "daemon/library.h"
#include "daemon/signer/signer.h"
#include "journal/cosignatures.h"
#include "journal/journal.h"
#include "record/ledger.h"

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
	struct container *container;
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

	/* Called on the registrar's thread once it is decided. */
	void (*done)(struct act_request *act);
	void *arg;
	enum act_result result;
	struct error err;
	uint64_t index; /* of its entry */
	/* The registrar's own. */
	struct act_request *next;
	struct oid commit;
	struct digest new_contents;
};

struct registrar {
	struct store *store;
	struct journal *journal;
	struct cosignatures *cosignatures;
	struct ledger *ledger;
	struct library *library;
	struct signer *signer;
	char titles[FILE_PATH]; /* titles.h; empty: they are not kept */
	struct note_keys keys;
	/* A "key" entry is the last: nothing more is signed until the switch. */
	bool replacing;
	/* In force; changed by registrar_adopt() only. */
	struct judged_by now;
	/* What ends the daemon: called once, does not return. */
	void (*fatal)(const struct error *err);
	/* Told, on its thread, that the journal grew; NULL until it is set. */
	void (*grew)(void *arg);
	void *grew_arg;
	struct registrar_queue *queue;
};

/* Start its thread; the fields above are filled in. */
bool registrar_start(struct registrar *registrar, struct error *err) MUST_USE;
/* Take nothing more, commit what waits, end the thread. */
void registrar_stop(struct registrar *registrar);
/* Any thread; act->done is called later.  The act stays the caller's. */
void registrar_submit(struct registrar *registrar, struct act_request *act);
/* The same, waiting for it; for start-up and reload. */
bool registrar_do(struct registrar *registrar, struct act_request *act,
    struct error *err) MUST_USE;

/*
 * Make a policy and a set of CRLs those in force: each that is new is stored
 * and journaled.  Main thread.
 */
bool registrar_adopt(struct registrar *registrar, struct policy *policy,
    const struct crl_set *crls, struct error *err) MUST_USE;
struct judged_by registrar_now(struct registrar *registrar);

/* The time of an entry made now: never before the last one's. */
int64_t registrar_time_ms(struct registrar *registrar);

#endif
