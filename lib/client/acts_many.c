/*
 * The acts of many documents: one question in place of one for each, and one
 * flush.
 */
#include "client/acts.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "client/acts_private.h"
#include "client/tell.h"

/* All acts of a journal of so many entries are few answers. */
enum { SMALL_JOURNAL = 2000, FEW_DOCUMENTS = 4 };

void
acts_update_begin(struct session *session)
{
	session->many_acts = true;
}

void
acts_update_end(struct session *session)
{
	struct error why = { 0 };

	if (session->unflushed_acts &&
	    !file_sync_all(session->context->state, &why))
		client_note(session->context,
		    "what was proved could not be kept: %s", why.detail);
	session->many_acts = session->unflushed_acts = false;
}

bool
acts_keep_now(struct session *session, const struct document_acts *acts,
    struct error *err)
{
	if (!session->many_acts)
		return acts_keep(session->context, acts, err);
	session->unflushed_acts = true;
	return acts_keep_quick(session->context, acts, err);
}

/* The documents that are meant, by name. */
struct many {
	struct document_acts *list;
	size_t num;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
compare_name(const void *name, const void *acts)
{
	return strcmp(name, ((const struct document_acts *)acts)->doc.name);
}

static bool
visit(void *arg, uint64_t index, const struct entry *entry, struct span line,
    struct error *err)
{
	const struct many *many = arg;
	struct document_acts *acts = bsearch(entry->document, many->list,
	    many->num, sizeof(*acts), compare_name);

	return acts == NULL ||
	    (acts->num > 0 && acts->list[acts->num - 1].index >= index) ||
	    acts_add(acts, index, line, err);
}

/* Keep what was answered of each document, if it is all of its acts. */
static void
keep_all(struct session *session, const struct many *many)
{
	struct error ignored = { 0 };

	for (size_t i = 0; i < many->num; i++) {
		struct document_acts *acts = &many->list[i];

		/* acts_update() knows what to do about these. */
		if (!session_shows(session, acts->doc.name) ||
		    acts->size > session->answered)
			continue;
		acts->size = session->answered;
		acts->seen_at = session->answered_at;
		if (!acts_keep_now(session, acts, &ignored))
			break;
	}
}

void
acts_update_many(struct session *session, const char *documents[], size_t num)
{
	const struct entry_filter all = { .act = FILTER_DOCUMENTS };
	struct error ignored = { 0 };
	struct many many = { NULL, 0 };

	if (num <= FEW_DOCUMENTS || session->seen.size > SMALL_JOURNAL ||
	    (many.list = calloc(num, sizeof(*many.list))) == NULL)
		return;
	qsort(documents, num, sizeof(*documents), compare);
	for (; many.num < num; many.num++)
		acts_load(session->context, documents[many.num],
		    &many.list[many.num]);
	/* What fails here fails again, and is told, for the one document. */
	if (session_entries(session, &all, visit, &many, &ignored))
		keep_all(session, &many);
	for (size_t i = 0; i < num; i++)
		acts_free(&many.list[i]);
	free(many.list);
}
