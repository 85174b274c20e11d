/*
 * Documents in the order of their names: runs of bounded length (order.h).
 */
#include "record/order.h"

#include <stdlib.h>
#include <string.h>

#include "record/ledger.h"

void
order_free(struct order *order)
{
	for (size_t i = 0; i < order->num_runs; i++) {
		free(order->runs[i]->text);
		free(order->runs[i]);
	}
	free(order->runs);
	*order = (struct order){ NULL, 0, 0, 0 };
}

/*
 * Returns the index of the last run whose first name is not after this one; 0
 * if there is none.
 */
static size_t
find_run(const struct order *order, const char *name)
{
	size_t low = 0, high = order->num_runs;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (strcmp(order->runs[middle]->docs[0]->name, name) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? 0 : low - 1;
}

/* Returns how many names of a run are not after this one. */
static size_t
find_in_run(const struct order_run *run, const char *name)
{
	size_t low = 0, high = run->num;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (strcmp(run->docs[middle]->name, name) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
drop_text(struct order_run *run)
{
	free(run->text);
	run->text = NULL;
}

/* Insert an empty run at this place. */
static struct order_run *
insert_run(struct order *order, size_t at)
{
	struct order_run *run;

	if (order->num_runs == order->room) {
		const size_t room = order->room == 0 ? 16 : order->room * 2;
		struct order_run **all =
		    realloc(order->runs, room * sizeof(struct order_run *));

		if (all == NULL)
			return NULL;
		order->runs = all;
		order->room = room;
	}
	if ((run = calloc(1, sizeof(*run))) == NULL)
		return NULL;
	memmove(&order->runs[at + 1], &order->runs[at],
	    (order->num_runs - at) * sizeof(struct order_run *));
	order->runs[at] = run;
	order->num_runs++;
	return run;
}

/*
 * Split a full run.  If names come in order the old run stays full; otherwise
 * both become half full.
 */
static bool
split(struct order *order, size_t which, size_t at)
{
	struct order_run *run = order->runs[which], *next;
	const size_t from = at == run->num ? at : run->num / 2;

	if ((next = insert_run(order, which + 1)) == NULL)
		return false;
	next->num = run->num - from;
	memcpy(next->docs, run->docs + from, next->num * sizeof(next->docs[0]));
	run->num = from;
	drop_text(run);
	return true;
}

bool
order_add(struct order *order, struct ledger_document *doc)
{
	size_t which = find_run(order, doc->name), at;
	struct order_run *run;

	if (order->num_runs == 0 && insert_run(order, 0) == NULL)
		return false;
	run = order->runs[which];
	at = find_in_run(run, doc->name);
	if (run->num == ORDER_RUN) {
		if (!split(order, which, at))
			return false;
		if (at > run->num || run->num == ORDER_RUN) {
			at -= run->num;
			run = order->runs[which + 1];
		}
	}
	memmove(&run->docs[at + 1], &run->docs[at],
	    (run->num - at) * sizeof(run->docs[0]));
	run->docs[at] = doc;
	run->num++;
	order->num++;
	drop_text(run);
	return true;
}

void
order_changed(struct order *order, const char *name)
{
	if (order->num_runs > 0)
		drop_text(order->runs[find_run(order, name)]);
}

struct order_cursor
order_after(const struct order *order, const char *name)
{
	const size_t run = find_run(order, name);

	return (struct order_cursor){ run,
		order->num_runs == 0 ? 0
				     : find_in_run(order->runs[run], name) };
}

struct order_cursor
order_from(const struct order *order, const char *name)
{
	struct order_cursor cursor = order_after(order, name);
	const struct order_run *run;

	/* Names are unique, so this name can only be one place back. */
	if (order->num_runs == 0 || cursor.at == 0)
		return cursor;
	run = order->runs[cursor.run];
	if (strcmp(run->docs[cursor.at - 1]->name, name) == 0)
		cursor.at--;
	return cursor;
}

struct ledger_document *
order_next(const struct order *order, struct order_cursor *cursor)
{
	if (cursor->run < order->num_runs &&
	    cursor->at == order->runs[cursor->run]->num)
		*cursor = (struct order_cursor){ cursor->run + 1, 0 };
	return cursor->run == order->num_runs
	    ? NULL
	    : order->runs[cursor->run]->docs[cursor->at++];
}
