/*
 * Which entries are asked for: the question, and whether an entry answers it.
 */
#include "client/filter.h"

#include <string.h>

#include "remote/remote.h"

static bool
add_text(struct buf *out, const char *key, const char *value, struct error *err)
{
	return value == NULL ||
	    (buf_printf(out, err, "&%s=", key) &&
		remote_encode(out, value, err));
}

static bool
add_number(struct buf *out, const char *key, uint64_t value, struct error *err)
{
	return value == 0 ||
	    buf_printf(out, err, "&%s=%llu", key, (unsigned long long)value);
}

bool
filter_query(const struct entry_filter *filter, uint64_t from, struct buf *out,
    struct error *err)
{
	return buf_printf(out, err, "from=%llu", (unsigned long long)from) &&
	    add_text(out, "act", filter->act, err) &&
	    add_text(out, "document", filter->document, err) &&
	    add_text(out, "office", filter->office, err) &&
	    add_text(out, "person", filter->person, err) &&
	    add_number(out, "until", filter->until, err) &&
	    add_number(out, "at", filter->at, err);
}

static bool
is_act(const char *wanted, const struct entry *entry)
{
	if (wanted == NULL)
		return true;
	if (strcmp(wanted, FILTER_DOCUMENTS) == 0)
		return entry->act == ACT_DEPOSIT || entry->act == ACT_SIGN ||
		    entry->act == ACT_FORCE || entry->act == ACT_TERMINATE;
	return strcmp(wanted, entry->act_name) == 0;
}

static bool
is_text(const char *wanted, const struct entry *entry, enum entry_field field,
    const char *text)
{
	return wanted == NULL ||
	    (entry_has(entry, field) && strcmp(wanted, text) == 0);
}

bool
filter_takes(const struct entry_filter *filter, uint64_t index,
    const struct entry *entry)
{
	return index >= filter->from &&
	    (filter->until == 0 || index < filter->until) &&
	    (filter->at == 0 || index < filter->at) &&
	    is_act(filter->act, entry) &&
	    is_text(filter->document, entry, ENTRY_DOCUMENT, entry->document) &&
	    is_text(filter->office, entry, ENTRY_OFFICE, entry->office) &&
	    is_text(filter->person, entry, ENTRY_PERSON, entry->person);
}

bool
filter_check(const struct entry_filter *filter, uint64_t index,
    const struct entry *entry, struct error *err)
{
	return filter_takes(filter, index, entry) ||
	    error_set_code(err, ERROR_UNTRUSTED, ANSWER_DIFFERS,
		"the daemon answered with entry %llu (%s%s%s), which was not"
		" asked for: do not trust what it says",
		(unsigned long long)index, entry->act_name,
		entry_has(entry, ENTRY_DOCUMENT) ? " of " : "",
		entry_has(entry, ENTRY_DOCUMENT) ? entry->document : "");
}
