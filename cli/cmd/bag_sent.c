/*
 * The bags that this office sent (bag_sent.h).
 *
 * STATE/bags/sent has a line for each that is kept: "WAYBILL FROM UNTIL", or
 * "WAYBILL incomplete".
 */
#include "cli/cmd/bag_sent.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/cmd/bag.h"

enum { SENT_BYTES = 16 * 1024 * 1024 };

/* --- What is kept. --- */

/* Add a line, durably: the file is written anew. */
static bool
keep_line(struct context *context, const char *line, struct error *err)
{
	struct buf text = BUF(SENT_BYTES);
	char path[FILE_PATH];
	bool ok;

	ok = bag_note_path(context, "sent", path, err) &&
	    (!file_exists(path) || file_read(path, text.max, &text, err)) &&
	    buf_append_str(&text, line, err) &&
	    file_write(path, buf_span(&text), 0600, err);
	buf_free(&text);
	return ok;
}

bool
bags_sent_keep(struct context *context, const struct digest *waybill,
    uint64_t from, uint64_t until, struct error *err)
{
	char hex[DIGEST_HEX], line[DIGEST_HEX + 48];

	digest_hex(waybill, hex);
	snprintf(line, sizeof(line), "%s %llu %llu\n", hex,
	    (unsigned long long)from, (unsigned long long)until);
	return keep_line(context, line, err);
}

bool
bags_sent_keep_incomplete(struct context *context, const struct digest *waybill,
    struct error *err)
{
	char hex[DIGEST_HEX], line[DIGEST_HEX + 16];

	digest_hex(waybill, hex);
	snprintf(line, sizeof(line), "%s incomplete\n", hex);
	return keep_line(context, line, err);
}

static struct bag_sent *
find(const struct bags_sent *sent, const struct digest *waybill)
{
	for (size_t i = 0; i < sent->num; i++)
		if (digest_eq(&sent->list[i].waybill, waybill))
			return &sent->list[i];
	return NULL;
}

static bool
take_line(const struct bags_sent *sent, struct span line)
{
	struct bag_sent *bag;
	struct digest waybill;
	uint64_t from, until;
	struct span word;

	if (!span_take_until(&line, ' ', &word) ||
	    !digest_parse(word, &waybill))
		return false;
	bag = find(sent, &waybill);
	if (span_is(line, "incomplete")) {
		if (bag != NULL)
			bag->incomplete = true;
		return true;
	}
	if (!span_take_until(&line, ' ', &word) || !span_to_u64(word, &from) ||
	    !span_to_u64(line, &until) || from > until)
		return false;
	if (bag != NULL) {
		bag->from = from;
		bag->until = until;
	}
	return true;
}

static bool
read_kept(struct context *context, struct bags_sent *sent, struct error *err)
{
	struct buf text = BUF(SENT_BYTES);
	char path[FILE_PATH];
	struct span rest, line;
	bool ok;

	if (!bag_note_path(context, "sent", path, err))
		return false;
	if (!file_exists(path))
		return true;
	ok = file_read(path, text.max, &text, err);
	rest = buf_span(&text);
	while (ok && span_take_line(&rest, &line))
		ok = take_line(sent, line) ||
		    error_set_outside(err,
			"%s is damaged: remove it, and what was sent before"
			" is packed once more",
			path);
	buf_free(&text);
	return ok;
}

/* --- What the journal says. --- */

struct asking {
	struct bags_sent *sent;
	const char *office;
};

/* An entry_visitor: add a bag of this office. */
static bool
visit_dispatch(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	struct bags_sent *sent = ((struct asking *)arg)->sent;
	struct bag_sent *bag;

	(void)line;
	if (sent->num == sent->room) {
		const size_t room = sent->room * 2 + 16;
		void *list = realloc(sent->list, room * sizeof(*sent->list));

		if (list == NULL)
			return error_set_errno(err, "bags");
		sent->list = list;
		sent->room = room;
	}
	bag = &sent->list[sent->num++];
	*bag = (struct bag_sent){ .number = entry->number,
		.entry = index,
		.at_ms = entry->time_ms,
		.waybill = entry->digest };
	text_set(bag->to, sizeof(bag->to), entry->to);
	return true;
}

/* An entry_visitor: mark a bag of this office as acknowledged. */
static bool
visit_answer(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	const struct asking *all = arg;
	struct bag_sent *bag;

	(void)line, (void)err;
	/* Only its addressee acknowledges a bag. */
	if (strcmp(entry->to, all->office) == 0 &&
	    (bag = find(all->sent, &entry->waybill)) != NULL &&
	    strcmp(entry->office, bag->to) == 0) {
		bag->acknowledged = true;
		bag->answer = index;
	}
	return true;
}

bool
bags_sent_load(struct session *session, const char *office,
    struct bags_sent *out, struct error *err)
{
	struct asking all = { out, office };
	const struct entry_filter dispatches = { .act = act_name(ACT_DISPATCH),
		.office = office };
	const struct entry_filter answers = { .act =
						  act_name(ACT_ACKNOWLEDGE) };

	*out = (struct bags_sent){ 0 };
	return session_entries(session, &dispatches, visit_dispatch, &all,
		   err) &&
	    (out->num == 0 ||
		session_entries(session, &answers, visit_answer, &all, err)) &&
	    read_kept(session->context, out, err);
}

void
bags_sent_free(struct bags_sent *sent)
{
	free(sent->list);
	*sent = (struct bags_sent){ 0 };
}

/* --- What follows from it. --- */

size_t
bags_sent_open(const struct bags_sent *sent, const char *to)
{
	size_t open = 0;

	for (size_t i = 0; i < sent->num; i++)
		open += strcmp(sent->list[i].to, to) == 0 &&
		    !sent->list[i].acknowledged;
	return open;
}

bool
bags_sent_has(const struct bags_sent *sent, const char *to, uint64_t index)
{
	for (size_t i = 0; i < sent->num; i++) {
		const struct bag_sent *bag = &sent->list[i];

		if (strcmp(bag->to, to) == 0 && bag->acknowledged &&
		    !bag->incomplete && bag->from <= index &&
		    index < bag->until)
			return true;
	}
	return false;
}

bool
bags_sent_is_missing(const struct bags_sent *sent, size_t i)
{
	if (sent->list[i].acknowledged)
		return false;
	for (size_t k = i + 1; k < sent->num; k++)
		if (strcmp(sent->list[k].to, sent->list[i].to) == 0 &&
		    sent->list[k].acknowledged)
			return true;
	return false;
}
