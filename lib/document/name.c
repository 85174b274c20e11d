/*
 * Parsing the names of documents and versions (name.h).
 */
#include "document/name.h"

#include <string.h>

#include "base/list.h"
#include "base/text.h"

bool
document_name_check(struct span name, struct error *err)
{
	struct span rest = name, type;

	return (span_take_until(&rest, '/', &type) && text_is_slug(type) &&
		   text_is_slug(rest)) ||
	    error_set(err, ERROR_USAGE,
		"\"%.*s\" does not name a document: TYPE/NAME, both of a-z,"
		" 0-9 and single inner hyphens, 2 to %d long, for example"
		" agreement/lao-iom-cooperation-2021",
		(int)(name.len < 140 ? name.len : 140), (const char *)name.data,
		LIMIT_SLUG_BYTES);
}

void
document_type(const char *name, char out[LIMIT_SLUG_BYTES + 1])
{
	const char *slash = strchr(name, '/');

	snprintf(out, LIMIT_SLUG_BYTES + 1, "%.*s",
	    slash != NULL ? (int)(slash - name) : 0, name);
}

bool
document_version_parse(struct span text, unsigned *out)
{
	uint64_t value;

	if (!span_to_u64(text, &value) || value < 1 || value > 999999)
		return false;
	*out = (unsigned)value;
	return true;
}

bool
document_parse(const char *text, char name[DOCUMENT_NAME], unsigned *version,
    struct error *err)
{
	struct span rest = span_of_str(text), front;

	*version = 0;
	if (span_take_until(&rest, '@', &front)) {
		if (!document_version_parse(rest, version))
			return error_set(err, ERROR_USAGE,
			    "\"%.40s\" is not a version's number",
			    strchr(text, '@') + 1);
	} else {
		front = span_of_str(text);
	}
	if (!document_name_check(front, err))
		return false;
	return span_to_str(front, name, DOCUMENT_NAME);
}

bool
document_parse_which(const char *text, char name[DOCUMENT_NAME],
    unsigned *version, struct error *err)
{
	struct span rest = span_of_str(text), front;

	if (!span_take_until(&rest, '@', &front)) {
		*version = DOCUMENT_PLAIN;
		front = span_of_str(text);
	} else if (span_is(rest, "latest")) {
		*version = 0;
	} else if (span_is(rest, "in-force")) {
		*version = DOCUMENT_IN_FORCE;
	} else if (!document_version_parse(rest, version)) {
		return error_set(err, ERROR_USAGE,
		    "\"%.40s\" is not a version: a number, \"in-force\" or"
		    " \"latest\"",
		    strchr(text, '@') + 1);
	}
	return document_name_check(front, err) &&
	    span_to_str(front, name, DOCUMENT_NAME);
}

bool
document_names_add(struct document_names *names, const char *name, size_t max,
    struct error *err)
{
	char *added;

	for (size_t i = 0; i < names->num; i++)
		if (strcmp(names->list[i], name) == 0)
			return true;
	added = list_add(&names->list, &names->num, sizeof(names->list[0]), max,
	    "documents", err);
	if (added != NULL)
		text_set(added, DOCUMENT_NAME, name);
	return added != NULL;
}
