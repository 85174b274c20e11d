/*
 * ledger_private.h - the ledger's struct, for the files that implement it.
 */
#ifndef RECORD_LEDGER_PRIVATE_H
#define RECORD_LEDGER_PRIVATE_H

#include <pthread.h>

#include "record/ledger.h"
#include "record/names.h"
#include "record/order.h"

/* Places of entries, in order.  Most documents have few, which need no list. */
struct places {
	uint32_t num, room; /* room is 0 while few holds them */
	union {
		uint32_t few[4];
		uint32_t *list;
	};
};

/* What the ledger knows about a name, beside its text. */
struct about {
	struct ledger_document *doc; /* the document of that name, or NULL */
	struct places places;        /* of the entries about it */
};

/* Which entry made a commit: a list, and a hash table of places in it. */
struct commits {
	struct commit {
		struct oid oid;
		uint32_t entry;
	} * list;
	size_t num, room;
	/* Place in list, + 1; 0: free; at most half full. */
	uint32_t *table;
	size_t places;
};

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
	struct about *about; /* indexed by a name's number - 1 */
	size_t room_about;
	struct commits commits;
	struct order order;
	struct bags bags;
	struct ledger_entry *entries;
	size_t num, room;
	uint64_t last[ACTS];
	struct places of_act[ACTS];
	struct digest newest_policy, newest_crls;
	char next_key[NOTE_KEY_TEXT];
	int64_t time_ms;
	bool titles_changed; /* atomic */
	/* ledger_visit()'s; large, so it is kept for all calls. */
	struct entry visited;
};

/* Returns a name's number; 0 if there is no memory. */
uint32_t ledger_intern(struct ledger *ledger, const char *name);
/* Each of these returns false or NULL if there is no memory. */
bool ledger_add_entry(struct ledger *ledger, const struct ledger_entry *meta);
bool ledger_add_commit(struct ledger *ledger, const struct oid *oid,
    uint64_t index);
struct bag *ledger_add_bag(struct ledger *ledger, uint64_t index, enum act act,
    const struct digest *digest);

#endif
