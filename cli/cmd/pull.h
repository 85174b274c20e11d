/*
 * pull.h - a pull at work; what pull.c and the pull_*.c share.
 */
#ifndef CLI_CMD_PULL_H
#define CLI_CMD_PULL_H

#include "cli/commands.h"
#include "journal/proof.h"
#include "record/ledger.h"
#include "store/store.h"

/* An act and its proof: what a receipt is made of. */
struct proved_act {
	uint64_t index;
	struct buf line;
	struct merkle_proof proof;
};

struct pull {
	struct context *context;
	struct session session;
	struct store *store;
	struct ledger *ledger;
	char dir[FILE_PATH];
	uint64_t from, size;     /* of the journal: what is new is in between */
	int64_t seen_at;         /* our own clock, before size was asked for */
	int made;                /* a file for each container in turn */
	struct buf note;         /* to which all proofs lead */
	struct proved_act *acts; /* by index, of the documents that changed */
	size_t num_acts, room;
	struct digest *waybills; /* by which some of these came */
	size_t num_waybills;
	struct table *table;
	json_t *rows;
	size_t num_new, num_bad;
	/* By type of document: does the policy in force show its acts? */
	struct shown_type {
		char name[LIMIT_SLUG_BYTES + 1];
		bool shown;
	} types[LIMIT_TYPES];
	size_t num_types;
	struct error other; /* the first copy that contradicts another */
};

/* --- What is new (pull_gather.c). --- */

/* Ask for the acts of all documents that changed, with their proofs. */
bool pull_gather(struct pull *pull, struct error *err) MUST_USE;
/* Make the ledger of them. */
bool pull_apply(struct pull *pull, struct error *err) MUST_USE;
/* NULL if it was not asked for. */
const struct proved_act *pull_find_act(const struct pull *pull, uint64_t index);
/*
 * Keep the acts of each document that changed: what is known of the others is
 * complete up to the same size then.  Where they cannot be kept, the statuses
 * of later commands are as of less.
 */
bool pull_keep_acts(struct pull *pull, struct error *err) MUST_USE;

/* --- Containers (pull_copies.c). --- */

/* Put each new version together, judge it, and put it in its place. */
bool pull_documents(struct pull *pull, struct error *err) MUST_USE;

#endif
