/*
 * pull.h - a pull at work; what pull.c and the pull_*.c share.
 */
#ifndef CLI_CMD_PULL_H
#define CLI_CMD_PULL_H

#include "cli/commands.h"
#include "journal/proof.h"
#include "record/ledger.h"
#include "store/store.h"

/* An act and its proof, of which its receipt is made. */
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
	/* the journal's sizes: entries between these two are new */
	uint64_t from, size;
	/* our own clock, before this size was asked for */
	int64_t seen_at;
	struct buf note; /* the note that all proofs lead to */
	/* the acts of the documents that changed, by index */
	struct proved_act *acts;
	size_t num_acts, room;
	/* the waybills by which some of these acts came */
	struct digest *waybills;
	size_t num_waybills;
	struct table *table;
	json_t *rows;
	size_t num_new, num_bad;
	/*
	 * For each type: does the policy in force show its acts to this office?
	 */
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
/* Make the ledger of these acts. */
bool pull_apply(struct pull *pull, struct error *err) MUST_USE;
/* The document's acts in the ledger. NULL if it was not asked for. */
const struct proved_act *pull_find_act(const struct pull *pull, uint64_t index);
/*
 * Keep the acts of each document that changed. What is known of the other
 * documents is then complete up to the same size. If they cannot be kept, later
 * commands tell statuses as of an earlier size.
 */
bool pull_keep_acts(struct pull *pull, struct error *err) MUST_USE;

/* --- Containers (pull_copies.c). --- */

/* Put each new version together, judge it, and put it in its place. */
bool pull_documents(struct pull *pull, struct error *err) MUST_USE;

#endif
