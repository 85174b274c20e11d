/*
 * order.h - documents by name, in runs: a sorted array would move half of it
 * for each new document, a tree would cost a cache miss for each that is read.
 *
 * One writer, or many readers.
 */
#ifndef RECORD_ORDER_H
#define RECORD_ORDER_H

#include <stdbool.h>
#include <stddef.h>

struct ledger_document;

enum { ORDER_RUN = 512 }; /* documents of a run, at most */

struct order_run {
	struct ledger_document *docs[ORDER_RUN];
	size_t num;
	/* Made from them by a reader, gone when one changes; or NULL. */
	struct order_text *text;
};

struct order_text {
	size_t len;
	char bytes[];
};

struct order {
	struct order_run **runs; /* none is empty */
	size_t num_runs, room, num;
};

/* A place between documents; good until one is added. */
struct order_cursor {
	size_t run, at;
};

void order_free(struct order *order);
/* False if there is no memory; its name is not there yet. */
bool order_add(struct order *order, struct ledger_document *doc);
/* A document of that name changed: the text of its run goes. */
void order_changed(struct order *order, const char *name);

/* Before the first name that comes after this one; "": before all. */
struct order_cursor order_after(const struct order *order, const char *name);
/* Before this name, or the first that comes after it. */
struct order_cursor order_from(const struct order *order, const char *name);
/* NULL at the end. */
struct ledger_document *order_next(const struct order *order,
    struct order_cursor *cursor);

#endif
