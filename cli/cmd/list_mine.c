/*
 * The list in the order of --mine-first (list.h): in three parts, each in the
 * order that is asked for.
 *
 * Which documents wait for the person the daemon finds in its index; which are
 * unread nobody knows but this state folder.  So the first pages of the
 * daemon's list are looked at and, if too few documents of a part are among
 * them, all of it: by name, as that is quickest, of which the first are kept.
 * Where few are unread in all, they are remembered (list_unread.c), and the
 * next time only what came since is looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/cmd/list.h"
#include "cli/commands.h"

enum part { PART_WAITS, PART_UNREAD, PART_READ, PARTS };
static const char *const part_names[] = { "waits", "unread", "read" };

enum {
	PAGES_MAX = 4,    /* of the daemon's list, before all of it is read */
	NEWER_MAX = 2000, /* rows since the unread were remembered */
	KEPT_MAX = 4096,  /* rows of a part beyond those that are wanted */
};

struct mine {
	struct session *session;
	const struct list_filters *filters;
	/* Where the page begins: in a part, behind a row; or "". */
	enum part part;
	char cursor[SORTING_CURSOR];
	struct sort_key key;
	char name[DOCUMENT_NAME];
	/* The rows of each part, and how many are wanted in all. */
	json_t *found[PARTS];
	/* Names of those that wait: an older daemon's rows do not say it. */
	json_t *waiting;
	size_t want;
	json_int_t count;
	struct list_unread kept;
};

static bool
begin_at(struct mine *mine, struct error *err)
{
	const char *cursor = mine->filters->cursor;
	struct error ignored = { 0 };

	if (cursor == NULL)
		return true;
	for (enum part part = 0; part < PARTS; part++) {
		const size_t len = strlen(part_names[part]);

		if (strncmp(cursor, part_names[part], len) != 0 ||
		    cursor[len] != ':' ||
		    strlen(cursor + len + 1) >= sizeof(mine->cursor))
			continue;
		text_set(mine->cursor, sizeof(mine->cursor), cursor + len + 1);
		mine->part = part;
		if (sorting_cursor_parse(mine->cursor, &mine->filters->sorting,
			&mine->key, mine->name, &ignored))
			return true;
	}
	return error_set(err, ERROR_USAGE,
	    "the cursor is none of --mine-first in this order: begin with the"
	    " first page");
}

/* The part of a row that is marked. */
static enum part
part_of(const json_t *row)
{
	return json_is_true(json_object_get(row, "waits")) ? PART_WAITS
	    : json_is_true(json_object_get(row, "unread")) ? PART_UNREAD
							   : PART_READ;
}

static enum part
mark(const struct mine *mine, json_t *row)
{
	list_mark_unread(mine->session->context, row);
	return json_object_get(mine->waiting, json_text(row, "document")) !=
		NULL
	    ? PART_WAITS
	    : part_of(row);
}

/* Add a row to its part, unless that comes before the page. */
static bool
add(struct mine *mine, enum part part, json_t *row, struct error *err)
{
	return part < mine->part ||
	    json_array_append(mine->found[part], row) == 0 ||
	    error_set_errno(err, "list");
}

/* How many rows there are up to a part, with it. */
static size_t
num_up_to(const struct mine *mine, enum part last)
{
	size_t num = 0;

	for (enum part part = 0; part <= last; part++)
		num += json_array_size(mine->found[part]);
	return num;
}

/* --- What waits. --- */

static bool
find_waiting(struct mine *mine, struct error *err)
{
	struct list_filters filters = *mine->filters;
	struct list_pages pages = { .session = mine->session,
		.filters = &filters,
		.sorted = true,
		.limit = mine->want < LIMIT_LIST_PAGE ? (unsigned)mine->want
						      : LIMIT_LIST_PAGE };
	json_t *rows, *row;
	size_t i;
	bool ok;

	filters.waits = true;
	ok = mine->cursor[0] == '\0' ||
	    list_pages_begin_at(&pages, mine->cursor, err);
	while (ok) {
		ok = list_pages_next(&pages, &rows, err);
		json_array_foreach (ok ? rows : NULL, i, row) {
			json_object_set_new(row, "waits", json_true());
			json_object_set_new(mine->waiting,
			    json_text(row, "document"), json_true());
			list_mark_unread(mine->session->context, row);
			ok = ok && add(mine, PART_WAITS, row, err);
		}
		if (pages.cursor[0] == '\0' ||
		    num_up_to(mine, PART_WAITS) >= mine->want)
			break;
	}
	list_pages_end(&pages);
	return ok;
}

/* --- The others, by the first pages of the list. --- */

/*
 * Look at the first pages behind the cursor.  done: enough rows are found, or
 * all that there are.  Without a cursor rows of both parts are taken; behind
 * one, those of its part alone, as the other begins before it.
 */
static bool
look_at_first(struct mine *mine, unsigned max, bool *done, struct error *err)
{
	const bool behind = mine->part != PART_WAITS;
	const enum part last =
	    mine->part == PART_READ ? PART_READ : PART_UNREAD;
	struct list_pages pages = { .session = mine->session,
		.filters = mine->filters,
		.sorted = true,
		.limit = mine->want < LIMIT_LIST_PAGE / 2
		    ? 2 * (unsigned)mine->want
		    : LIMIT_LIST_PAGE };
	bool ok = !behind || list_pages_begin_at(&pages, mine->cursor, err);
	json_t *rows, *row;
	size_t i;

	json_array_clear(mine->found[PART_UNREAD]);
	json_array_clear(mine->found[PART_READ]);
	*done = false;
	for (unsigned n = 0; ok && !*done && n < max; n++) {
		ok = list_pages_next(&pages, &rows, err);
		json_array_foreach (ok ? rows : NULL, i, row) {
			const enum part part = mark(mine, row);

			if (part != PART_WAITS && (!behind || part == last))
				ok = ok && add(mine, part, row, err);
		}
		mine->count = pages.count;
		/* An older daemon sorts nothing. */
		if (pages.count < 0)
			break;
		*done = num_up_to(mine, last) >= mine->want ||
		    (pages.cursor[0] == '\0' && (!behind || last == PART_READ));
		if (pages.cursor[0] == '\0')
			break;
		pages.limit = LIMIT_LIST_PAGE;
	}
	list_pages_end(&pages);
	return ok;
}

/* --- The others, by all of the list. --- */

/* Leave the first rows that are wanted, in their order. */
static bool
keep_first(struct mine *mine, json_t *rows, struct error *err)
{
	if (!list_sort(mine->filters, rows, err))
		return false;
	while (json_array_size(rows) > mine->want)
		json_array_remove(rows, json_array_size(rows) - 1);
	return true;
}

/* Add a row, if it is not before the page. */
static bool
add_behind(struct mine *mine, json_t *row, struct error *err)
{
	const enum part part = mark(mine, row);
	json_t *rows = mine->found[part];

	if (part == PART_WAITS ||
	    (part == mine->part && mine->cursor[0] != '\0' &&
		list_order(mine->filters, row, &mine->key, mine->name) <= 0))
		return true;
	return add(mine, part, row, err) &&
	    (json_array_size(rows) < KEPT_MAX ||
		json_array_size(rows) - KEPT_MAX < mine->want ||
		keep_first(mine, rows, err));
}

/* Look at each row of a list by name; num gets how many there are. */
static bool
each_row(struct mine *mine, const struct list_filters *filters,
    bool take(struct mine *mine, json_t *row, struct error *err), size_t *num,
    struct error *err)
{
	struct list_pages pages = { .session = mine->session,
		.filters = filters };
	json_t *rows, *row;
	size_t i;
	bool ok;

	do {
		ok = list_pages_next(&pages, &rows, err);
		json_array_foreach (ok ? rows : NULL, i, row)
			ok = ok && take(mine, row, err);
		*num += ok ? json_array_size(rows) : 0;
	} while (ok && pages.cursor[0] != '\0');
	list_pages_end(&pages);
	return ok;
}

/* When the newest version of all came; false: there is none. */
static bool
newest_time(struct mine *mine, int64_t *at, struct error *err)
{
	struct list_filters filters = LIST_FILTERS;
	struct list_pages pages = { .session = mine->session,
		.filters = &filters,
		.sorted = true,
		.limit = 1 };
	json_t *rows;
	bool ok;

	filters.sort = "-date";
	ok = sorting_parse(filters.sort, &filters.sorting, err) &&
	    list_pages_next(&pages, &rows, err) && pages.count > 0 &&
	    time_parse_ms(span_of_str(
			      json_text(json_array_get(rows, 0), "time")),
		at);
	*at /= 1000;
	list_pages_end(&pages);
	return ok;
}

static bool
look_at_all(struct mine *mine, struct error *err)
{
	size_t num = 0;

	json_array_clear(mine->found[PART_UNREAD]);
	json_array_clear(mine->found[PART_READ]);
	return each_row(mine, mine->filters, add_behind, &num, err) &&
	    keep_first(mine, mine->found[PART_UNREAD], err) &&
	    keep_first(mine, mine->found[PART_READ], err);
}

/* Look at more pages and, if these are not enough, at all. */
static bool
look_further(struct mine *mine, struct error *err)
{
	/* What is unread in all only a list of all tells. */
	const bool whole =
	    mine->part == PART_WAITS && !list_is_filtered(mine->filters);
	struct error ignored = { 0 };
	int64_t until_at = 0;
	bool done = false;
	/* What comes meanwhile is not older than this. */
	const bool known = whole && newest_time(mine, &until_at, &ignored);

	if ((mine->filters->limit != 0 &&
		!look_at_first(mine, PAGES_MAX, &done, err)) ||
	    (!done && !look_at_all(mine, err)))
		return false;
	/* Fewer than are wanted: so these are all. */
	if (known && num_up_to(mine, PART_UNREAD) < mine->want)
		list_unread_keep(mine->session, until_at,
		    mine->found[PART_UNREAD]);
	return true;
}

/* --- The others, where few are unread. --- */

/* Add a row that is unread; the others are found where the list begins. */
static bool
add_unread(struct mine *mine, json_t *row, struct error *err)
{
	return mark(mine, row) != PART_UNREAD || add_behind(mine, row, err);
}

/* Add one that was remembered, unless a newer version was found already. */
static bool
add_remembered(struct mine *mine, json_t *row, struct error *err)
{
	int64_t time_ms;

	return (time_parse_ms(span_of_str(json_text(row, "time")), &time_ms) &&
		   time_ms >= mine->kept.until_at * 1000) ||
	    add_unread(mine, row, err);
}

/* Find all that is unread: what came since, and what was remembered. */
static bool
look_at_unread(struct mine *mine, struct error *err)
{
	struct list_filters filters = *mine->filters;
	char since[TIME_TEXT];
	size_t newer = 0, num = 0;
	bool ok;

	json_array_clear(mine->found[PART_UNREAD]);
	if (filters.since_ms < mine->kept.until_at * 1000) {
		time_format_at(mine->kept.until_at, since);
		filters.since = since;
		filters.since_ms = mine->kept.until_at * 1000;
	}
	ok = each_row(mine, &filters, add_unread, &newer, err);
	filters = *mine->filters;
	for (size_t i = 0; ok && i < mine->kept.num; i++) {
		filters.document = mine->kept.names[i];
		ok = each_row(mine, &filters, add_remembered, &num, err);
	}
	if (newer > NEWER_MAX)
		list_unread_forget(mine->session);
	return ok && keep_first(mine, mine->found[PART_UNREAD], err);
}

/* Find what is read, from the beginning of the list on: few rows are not. */
static bool
look_at_read(struct mine *mine, struct error *err)
{
	struct list_pages pages = { .session = mine->session,
		.filters = mine->filters,
		.sorted = true,
		.limit = mine->want < LIMIT_LIST_PAGE ? (unsigned)mine->want
						      : LIMIT_LIST_PAGE };
	json_t *rows, *row;
	bool ok = true;
	size_t i;

	json_array_clear(mine->found[PART_READ]);
	while (ok && num_up_to(mine, PART_READ) < mine->want) {
		ok = list_pages_next(&pages, &rows, err);
		json_array_foreach (ok ? rows : NULL, i, row)
			if (mark(mine, row) == PART_READ)
				ok = ok && add(mine, PART_READ, row, err);
		mine->count = pages.count;
		if (pages.cursor[0] == '\0')
			break;
	}
	list_pages_end(&pages);
	return ok;
}

/* --- The page. --- */

static bool
find(struct mine *mine, struct error *err)
{
	/* Without a limit all are wanted; an older daemon sorts nothing. */
	const bool paged = mine->filters->limit != 0;
	bool done = false;

	if (mine->part == PART_WAITS && !find_waiting(mine, err))
		return false;
	if (paged && !look_at_first(mine, 1, &done, err))
		return false;
	if (paged && !done && mine->count >= 0 && mine->part != PART_READ &&
	    list_unread_load(mine->session, &mine->kept))
		return look_at_unread(mine, err) && look_at_read(mine, err);
	return done || look_further(mine, err);
}

/* Put the first rows of all parts in one, and write the cursor behind them. */
static void
join(const struct mine *mine, json_t *rows, char cursor[LIST_MINE_CURSOR])
{
	const unsigned limit = mine->filters->limit;
	char behind[SORTING_CURSOR];
	json_t *row;
	size_t i;

	cursor[0] = '\0';
	for (enum part part = 0; part < PARTS; part++)
		json_array_foreach (mine->found[part], i, row) {
			if (limit != 0 && json_array_size(rows) == limit)
				return;
			json_array_append(rows, row);
			if (json_array_size(rows) != limit ||
			    num_up_to(mine, PARTS - 1) <= limit)
				continue;
			list_cursor_of(mine->filters, row, behind);
			snprintf(cursor, LIST_MINE_CURSOR, "%s:%s",
			    part_names[part], behind);
		}
}

bool
list_mine_rows(struct session *session, const struct list_filters *filters,
    json_t *rows, char cursor[LIST_MINE_CURSOR], json_int_t *count,
    struct error *err)
{
	struct mine mine = { .session = session,
		.filters = filters,
		.waiting = json_object(),
		.want =
		    filters->limit != 0 ? (size_t)filters->limit + 1 : SIZE_MAX,
		.count = -1 };
	bool ok;

	for (enum part part = 0; part < PARTS; part++)
		mine.found[part] = json_array();
	ok = begin_at(&mine, err) && find(&mine, err);
	if (ok)
		join(&mine, rows, cursor);
	*count = mine.count;
	json_decref(mine.waiting);
	for (enum part part = 0; part < PARTS; part++)
		json_decref(mine.found[part]);
	return ok;
}

void
list_mine_order(json_t *rows)
{
	json_t *parts[PARTS];

	for (enum part part = 0; part < PARTS; part++)
		parts[part] = json_array();
	for (size_t i = 0; i < json_array_size(rows); i++) {
		json_t *row = json_array_get(rows, i);

		json_array_append(parts[part_of(row)], row);
	}
	json_array_clear(rows);
	for (enum part part = 0; part < PARTS; part++) {
		json_array_extend(rows, parts[part]);
		json_decref(parts[part]);
	}
}
