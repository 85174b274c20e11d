/*
 * The proved acts of a document: kept, read again, and what follows from them.
 */
#include "client/acts_private.h"

#include <stdlib.h>

#include "base/time.h"

void
acts_begin(const char *document, struct document_acts *out)
{
	const char *name;

	*out = (struct document_acts){ .lines = BUF(LIMIT_ACTS_BYTES) };
	/* Without memory for its name there is none for the act either. */
	name = names_keep(&out->names, document);
	states_begin(&out->doc, name != NULL ? name : "");
}

void
acts_free(struct document_acts *acts)
{
	states_free(&acts->doc);
	names_free(&acts->names);
	acts->doc.name = "";
	free(acts->list);
	buf_free(&acts->lines);
	acts->list = NULL;
	acts->num = 0;
}

const struct ledger_version *
acts_version(const struct document_acts *acts, unsigned number)
{
	return ledger_version(&acts->doc,
	    number != 0 ? number : (unsigned)acts->doc.num_versions);
}

bool
acts_of_version(const struct ledger_version *version, uint64_t index)
{
	for (size_t i = 0; version != NULL && i < version->num_acts; i++)
		if (version->acts[i] == index)
			return true;
	return false;
}

bool
acts_has(const struct document_acts *acts, uint64_t index)
{
	size_t low = 0, high = acts->num;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (acts->list[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < acts->num && acts->list[low].index == index;
}

bool
acts_include(const struct document_acts *acts, const struct document_acts *kept,
    uint64_t size, struct error *err)
{
	for (size_t i = 0; i < kept->num; i++) {
		const uint64_t index = kept->list[i].index;

		if (index < size && !acts_has(acts, index))
			return error_set_code(err, ERROR_UNTRUSTED,
			    ENTRY_WITHHELD,
			    "the daemon does not show entry %llu, an act on %s"
			    " that was proved before",
			    (unsigned long long)index, acts->doc.name);
	}
	return true;
}

/* --- One more act. --- */

/*
 * Check the chain of prior: no act between two others can be left out unseen.
 */
static bool
check_prior(const struct document_acts *acts, uint64_t index,
    const struct entry *entry, struct error *err)
{
	const uint64_t prior =
	    entry_has(entry, ENTRY_PRIOR) ? entry->prior : LEDGER_NONE;

	if (prior == acts->doc.last)
		return true;
	return error_set_code(err, ERROR_UNTRUSTED, ENTRY_WITHHELD,
	    "the daemon does not show all acts on %s: entry %llu says that it"
	    " follows another than the last one shown",
	    acts->doc.name, (unsigned long long)index);
}

/* Copy an entry's bytes and note its place. False if there is no memory. */
static bool
add_line(struct document_acts *acts, uint64_t index, struct span line,
    struct error *err)
{
	struct act_line *all;

	/*
	 * The room doubles whenever it is full, which it is at each power of
	 * two.
	 */
	if ((acts->num & (acts->num - 1)) == 0) {
		all = realloc(acts->list,
		    (acts->num == 0 ? 1 : acts->num * 2) * sizeof(*all));
		if (all == NULL)
			return error_set_errno(err, "acts");
		acts->list = all;
	}
	acts->list[acts->num++] =
	    (struct act_line){ index, acts->lines.len, line.len };
	return buf_append(&acts->lines, line, err);
}

bool
acts_add(struct document_acts *acts, uint64_t index, struct span line,
    struct error *err)
{
	struct entry entry;
	const struct entry_filter filter = { .act = FILTER_DOCUMENTS,
		.document = acts->doc.name };

	if (acts->num == LIMIT_ACTS)
		return error_set(err, ERROR_LIMIT, "%s has over %d acts",
		    acts->doc.name, LIMIT_ACTS);
	if (!entry_parse(line, &entry, err) ||
	    !filter_check(&filter, index, &entry, err) ||
	    !check_prior(acts, index, &entry, err))
		return false;
	if (acts->num > 0 &&
	    (entry.time_ms < acts->time_ms ||
		index <= acts->list[acts->num - 1].index))
		return error_set_code(err, ERROR_UNTRUSTED, "TIME_BACKWARDS",
		    "entry %llu of %s is of a time before the act before it",
		    (unsigned long long)index, acts->doc.name);
	acts->time_ms = entry.time_ms;
	return states_apply(&acts->doc, &acts->names, index, &entry, err) &&
	    add_line(acts, index, line, err);
}

/* --- A copy beside the acts. --- */

static bool
is_in_copy(const struct verdict *verdict, uint64_t index)
{
	for (size_t i = 0; i < verdict->num_acts; i++)
		if (verdict->acts[i].index == index)
			return true;
	return false;
}

bool
acts_settle(const struct document_acts *acts, struct verdict *verdict,
    struct error *err)
{
	const struct ledger_version *version =
	    acts_version(acts, verdict->version->number);
	uint64_t missing = LEDGER_NONE;

	if (version == NULL)
		return error_set_code(err, ERROR_UNTRUSTED, ENTRY_WITHHELD,
		    "the daemon sent %s@%u, and does not show its deposit",
		    verdict->version->document, verdict->version->number);
	for (size_t i = 0; i < verdict->num_acts; i++)
		if (!acts_of_version(version, verdict->acts[i].index))
			missing = verdict->acts[i].index;
	if (missing != LEDGER_NONE)
		return error_set_code(err, ERROR_UNTRUSTED, ENTRY_WITHHELD,
		    "the copy of %s@%u proves entry %llu, which the daemon"
		    " does not show",
		    verdict->version->document, verdict->version->number,
		    (unsigned long long)missing);
	for (size_t i = 0; i < version->num_acts; i++)
		if (!is_in_copy(verdict, version->acts[i]))
			missing = version->acts[i];
	if (missing != LEDGER_NONE ||
	    !digest_eq(&version->digest, &verdict->digest))
		return error_set_code(err, ERROR_UNTRUSTED, ANSWER_DIFFERS,
		    "the daemon sent an older copy of %s@%u than there is: it"
		    " lacks entry %llu",
		    verdict->version->document, verdict->version->number,
		    (unsigned long long)missing);
	verdict->status = version->status;
	return true;
}
