/*
 * Printing the rows of "valise list" (list.h).
 */
#include "cli/cmd/list.h"

#include <string.h>

#include "client/as_of.h"

enum { TITLE_COLUMN = 5 };

static const char *
proved_word(const json_t *row)
{
	return !json_is_true(json_object_get(row, "proved"))     ? "no"
	    : json_is_true(json_object_get(row, "title-proved")) ? "yes"
								 : "but title";
}

/* The newest version's status, and which other version is in force. */
enum { STATUS_CELL = 64 };
static void
tell_status(const json_t *row, char out[STATUS_CELL])
{
	const json_t *in_force = json_object_get(row, "in-force");
	const json_int_t number =
	    json_integer_value(json_object_get(in_force, "version"));

	if (json_is_object(in_force) &&
	    number != json_integer_value(json_object_get(row, "version")))
		snprintf(out, STATUS_CELL, "%.32s; %lld in force",
		    json_text(row, "status"), number);
	else
		snprintf(out, STATUS_CELL, "%.32s", json_text(row, "status"));
}

static bool
add_row(struct list_table *to, const json_t *row)
{
	char number[24], as_of[AS_OF_TEXT], status[STATUS_CELL], date[11];
	const char *const word = proved_word(row);
	const char *const cells[] = { json_text(row, "document"), number,
		status, word, date, json_title(row, to->language), as_of };

	tell_status(row, status);
	as_of_json_text(json_object_get(row, "as-of"), as_of);
	snprintf(date, sizeof(date), "%.10s", json_text(row, "time"));
	snprintf(number, sizeof(number), "%lld",
	    json_integer_value(json_object_get(row, "version")));
	to->some = to->some || strcmp(word, "no") == 0;
	to->titles = to->titles || strcmp(word, "but title") == 0;
	return table_add(to->table, cells);
}

bool
list_print(struct list_table *to, const json_t *rows, struct error *err)
{
	static const char *const heading[] = { "DOCUMENT", "VERSION", "STATUS",
		"PROVED", "DATE", "TITLE", "AS OF" };
	const json_t *one;
	bool ok = true;
	size_t i;

	if (json_array_size(rows) == 0)
		return true;
	if (to->table == NULL) {
		pager_start(&to->pager);
		/* Without a line each row has a checkpoint of its own. */
		ok = (to->table = table_new(to->local ? 7 : 6)) != NULL &&
		    table_add(to->table, heading);
		if (ok) {
			to->table->limit = pager_width(&to->pager);
			to->table->cut = TITLE_COLUMN;
		}
	}
	json_array_foreach (rows, i, one)
		ok = ok && add_row(to, one);
	if (ok)
		table_print_more(to->table);
	return ok || error_set_errno(err, "table");
}

void
list_end(struct list_table *to, bool is_filtered)
{
	/* What is told follows what was read. */
	pager_end(&to->pager);
	if (to->table == NULL)
		puts(is_filtered ? "no such documents that you may read"
				 : "no documents that you may read");
	else if (to->some && to->local)
		output_note("what is not proved came by bag, of a journal that"
			    " is not known to be the one that you have seen:"
			    " the next connection tells");
	else if (to->some)
		output_note("what is not proved is the daemon's word: --proved"
			    " proves the rows; a title is proved once its"
			    " version was fetched");
	else if (to->titles && !to->local)
		output_note("\"but title\": all is proved but the title, which"
			    " is the daemon's word until its version was"
			    " fetched");
}

void
list_free(struct list_table *table)
{
	pager_end(&table->pager);
	table_free(table->table);
	table->table = NULL;
}
