/*
 * ledger_private.h - the ledger's struct, for the files that implement it.
 */
#ifndef RECORD_LEDGER_PRIVATE_H
#define RECORD_LEDGER_PRIVATE_H

#include <pthread.h>

#include "record/column.h"
#include "record/ledger.h"
#include "record/names.h"
#include "record/order.h"

/* By commit: the entry that made it.  A hash table of records of a column. */
struct commits {
	struct column *column; /* of each: the commit, and the entry */
	/* A record + 1; 0 is free.  At most two thirds are taken. */
	uint32_t *table;
	size_t places;
};
enum { COMMIT_RECORD = OID_BYTES + 4 };

/* Waybills and acknowledgements; few, so they are searched in order. */
struct bags {
	struct bag {
		struct digest digest;
		uint64_t index;
		enum act act;
		/* The documents on which acts came by this bag. */
		uint32_t *documents;
		size_t num_documents;
	} * list;
	size_t num, room;
};

struct ledger {
	pthread_rwlock_t lock;
	struct names names;
	/* By a name's number - 1: the document of that name, or NULL; */
	struct ledger_document **docs;
	/* and the newest entry about it, + 1, or 0. */
	uint32_t *ends;
	size_t room_docs;
	struct commits commits;
	struct order order;
	struct bags bags;
	struct column *index; /* record/index.h: of each entry */
	uint64_t last[ACTS];
	struct digest newest_policy, newest_crls;
	char next_key[NOTE_KEY_TEXT];
	int64_t time_ms;
	bool titles_changed; /* atomic */
	/* ledger_visit()'s; large, so it is kept for all calls. */
	struct entry visited;
};

/* Returns a name's number; 0 if there is no memory. */
uint32_t ledger_intern(struct ledger *ledger, const char *name);
/* Find the commits that the column has; false if there is no memory. */
bool ledger_index_commits(struct ledger *ledger);
/* NULL if there is no memory. */
struct bag *ledger_add_bag(struct ledger *ledger, uint64_t index, enum act act,
    const struct digest *digest);

#endif
