/*
 * order.h - documents in the order of their names, in runs.  One sorted array
 * would move half of its items for each new document, and a tree would cost a
 * cache miss for each document that is read.
 *
 * One thread may write, or many read.
 */
#ifndef RECORD_ORDER_H
#define RECORD_ORDER_H

#include <stdbool.h>
#include <stddef.h>

struct ledger_document;

enum { ORDER_RUN = 512 }; /* maximum documents of a run */

struct order_run {
	struct ledger_document *docs[ORDER_RUN];
	size_t num;
	/*
	 * A text that a reader made from the run, freed when a document
	 * changes; or NULL.
	 */
	struct order_text *text;
};

struct order_text {
	size_t len;
	char bytes[];
};

struct order {
	struct order_run **runs; /* no run is empty */
	size_t num_runs, room, num;
};

/* A place between two documents; valid until a document is added. */
struct order_cursor {
	size_t run, at;
};

void order_free(struct order *order);
/* Add a document whose name is new.  False if there is no memory. */
bool order_add(struct order *order, struct ledger_document *doc);
/* Free the text of the run that has this document: the document changed. */
void order_changed(struct order *order, const char *name);

/* Returns the place after this name; "": before the first. */
struct order_cursor order_after(const struct order *order, const char *name);
/* Returns the place before this name, or before the first name after it. */
struct order_cursor order_from(const struct order *order, const char *name);
/* Returns the next document and moves the cursor past it; NULL at the end. */
struct ledger_document *order_next(const struct order *order,
    struct order_cursor *cursor);

#endif
