/*
 * Working out up to when a status is known, and saying so (as_of.h).
 */
#include "client/as_of.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "record/json.h"

void
as_of_copy(const struct verdict *verdict, struct as_of *out)
{
	const struct verdict_act *last;

	*out = (struct as_of){ 0 };
	if (verdict->num_acts == 0)
		return;
	last = &verdict->acts[verdict->num_acts - 1];
	out->entry = last->index;
	out->time_ms = last->entry.time_ms;
	/*
	 * All receipts lead to one checkpoint, so each witness saw all of them.
	 */
	for (size_t i = 0; i < verdict->num_witnesses; i++)
		if (out->witnessed_at == 0 ||
		    verdict->witnesses[i].at < out->witnessed_at)
			out->witnessed_at = verdict->witnesses[i].at;
}

static bool
contradicts(const struct verdict *verdict, uint64_t index, uint64_t size,
    bool proved, struct error *err)
{
	return error_set_code(err, ERROR_UNTRUSTED,
	    proved ? ENTRY_WITHHELD : "JOURNAL_ROLLED_BACK",
	    "the copy of %s@%u proves entry %llu, which was not among all acts"
	    " on it that the daemon showed, up to size %llu%s",
	    verdict->version->document, verdict->version->number,
	    (unsigned long long)index, (unsigned long long)size,
	    proved ? "" : ": it is of another history than yours");
}

void
as_of_document(const struct document_acts *acts, struct as_of *out)
{
	*out = (struct as_of){ .time_ms = acts->time_ms };
	if (acts->num > 0)
		out->entry = acts->list[acts->num - 1].index;
	/* Acts that only copies told may not be all. */
	if (acts->seen_at != 0) {
		out->size = acts->size;
		out->seen_at = acts->seen_at;
	}
}

static void
tell_withdrawal(const struct document_acts *acts,
    const struct ledger_version *version, struct as_of *out)
{
	const struct ledger_version *by =
	    ledger_withdrawn_by(&acts->doc, version);

	if (by == NULL)
		return;
	text_set(out->withdrew, sizeof(out->withdrew), by->person);
	text_set(out->withdrew_office, sizeof(out->withdrew_office),
	    by->office);
	out->withdrew_entry = by->acts[0];
}

bool
as_of_acts(const struct document_acts *acts, bool proved,
    struct verdict *verdict, struct as_of *out, struct error *err)
{
	const struct ledger_version *version =
	    acts_version(acts, verdict->version->number);
	struct as_of known;
	bool newer = false;

	as_of_copy(verdict, out);
	for (size_t i = 0; i < verdict->num_acts; i++) {
		const uint64_t index = verdict->acts[i].index;

		newer = newer || index >= acts->size;
		if (index < acts->size && !acts_of_version(version, index))
			return contradicts(verdict, index, acts->size, proved,
			    err);
	}
	if (version != NULL && !digest_eq(&version->digest, &verdict->digest))
		return contradicts(verdict, verdict->acts[0].index, acts->size,
		    proved, err);
	/* The copy knows more than we do, or we know nothing. */
	if (newer || version == NULL)
		return true;
	verdict->status = version->status;
	as_of_document(acts, &known);
	/*
	 * The status may follow from an act on another version; then that is
	 * the last.
	 */
	if (known.size == 0 && known.entry != out->entry)
		*out = known;
	out->size = known.size;
	out->seen_at = known.seen_at;
	tell_withdrawal(acts, version, out);
	return true;
}

bool
as_of_kept(struct context *context, bool proved, struct verdict *verdict,
    struct as_of *out, struct error *err)
{
	struct document_acts acts;
	bool ok;

	acts_load(context, verdict->version->document, &acts);
	ok = as_of_acts(&acts, proved, verdict, out, err);
	acts_free(&acts);
	return ok;
}

void
as_of_text(const struct as_of *as_of, char out[AS_OF_TEXT])
{
	char date[TIME_TEXT];

	time_format_date(as_of->size != 0 ? as_of->seen_at
					  : as_of->time_ms / 1000,
	    date);
	if (as_of->size != 0)
		snprintf(out, AS_OF_TEXT, "checkpoint %llu, seen %s",
		    (unsigned long long)as_of->size, date);
	else
		snprintf(out, AS_OF_TEXT, "entry %llu of %s",
		    (unsigned long long)as_of->entry, date);
}

/* Returns the person who withdrew it, or null. */
static json_t *
json_of_withdrew(const struct as_of *as_of)
{
	if (as_of->withdrew[0] == '\0')
		return json_null();
	return json_pack("{s:s, s:s, s:I}", "person", as_of->withdrew, "office",
	    as_of->withdrew_office, "entry", (json_int_t)as_of->withdrew_entry);
}

json_t *
as_of_json(const struct as_of *as_of)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "entry",
	    (json_int_t)as_of->entry, "time", json_of_ms(as_of->time_ms),
	    "withdrawn", json_of_withdrew(as_of), "witnessed",
	    as_of->witnessed_at != 0 ? json_of_ms(as_of->witnessed_at * 1000)
				     : json_null(),
	    "size",
	    as_of->size != 0 ? json_integer((json_int_t)as_of->size)
			     : json_null(),
	    "seen",
	    as_of->size != 0 ? json_of_ms(as_of->seen_at * 1000) : json_null());
}

void
as_of_json_text(const json_t *json, char out[AS_OF_TEXT])
{
	const json_t *size = json_object_get(json, "size");

	out[0] = '\0';
	if (json_is_integer(size))
		snprintf(out, AS_OF_TEXT, "checkpoint %lld, seen %.10s",
		    (long long)json_integer_value(size),
		    json_text(json, "seen"));
	else if (json_is_object(json))
		snprintf(out, AS_OF_TEXT, "entry %lld of %.10s",
		    (long long)json_integer_value(
			json_object_get(json, "entry")),
		    json_text(json, "time"));
}
