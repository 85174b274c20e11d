/*
 * The file of services: sections of keywords for libpq.  It is read here, and
 * not by libpq, which would look for it in the home folder too.
 */
#include <string.h>

#include "backend/postgres/private.h"
#include "base/file.h"

enum { SERVICES_BYTES = 64 * 1024, VALUE_BYTES = 1024 };

/* Drop the blanks before and after. */
static struct span
trim(struct span text)
{
	while (text.len > 0 && strchr(" \t\r", text.data[0]) != NULL)
		text = span_sub(text, 1, text.len - 1);
	while (text.len > 0 && strchr(" \t\r", text.data[text.len - 1]) != NULL)
		text.len--;
	return text;
}

/* Is it "[service]"? */
static bool
is_section(struct span line, const char *service)
{
	return line.len == strlen(service) + 2 &&
	    line.data[line.len - 1] == ']' &&
	    span_is(span_sub(line, 1, line.len - 2), service);
}

/* Add the keyword of a line "keyword=value". */
static bool
add_keyword(struct span line, struct keywords *keywords, struct error *err)
{
	char name[64], value[VALUE_BYTES];
	struct span rest = line, before;

	if (!span_take_until(&rest, '=', &before) ||
	    !span_to_str(trim(before), name, sizeof(name)) ||
	    !span_to_str(trim(rest), value, sizeof(value)))
		return error_set(err, ERROR_MALFORMED,
		    "a line that is no \"keyword=value\"");
	return strcmp(name, "service") != 0
	    ? keywords_default(keywords, name, value, err)
	    : error_set(err, ERROR_MALFORMED,
		  "a service cannot name another one");
}

/* Add the keywords of the section. */
static bool
read_section(struct span text, const char *service, struct keywords *keywords,
    struct error *err)
{
	bool is_here = false, was_here = false;
	struct span line;

	while (text.len > 0) {
		if (!span_take_line(&text, &line)) {
			line = text;
			text.len = 0;
		}
		line = trim(line);
		if (line.len == 0 || line.data[0] == '#')
			continue;
		if (line.data[0] == '[') {
			is_here = is_section(line, service) && !was_here;
			was_here = was_here || is_here;
		} else if (is_here && !add_keyword(line, keywords, err)) {
			return error_context(err, "[%s]", service);
		}
	}
	return was_here ||
	    error_set(err, ERROR_MALFORMED, "there is no section [%s]",
		service);
}

bool
service_read(const char *path, const char *service, struct keywords *keywords,
    struct error *err)
{
	struct buf text = BUF(SERVICES_BYTES);
	bool ok;

	ok = file_read(path, text.max, &text, err) &&
	    (read_section(buf_span(&text), service, keywords, err) ||
		error_context(err, "%s", path));
	buf_free(&text);
	return ok;
}
