/*
 * Judging from where a request comes (guard.h).
 */
#include "cli/desk/guard.h"

#include <string.h>

static bool
is(const char *value, const char *word)
{
	return value != NULL && strcmp(value, word) == 0;
}

static bool
refuse(const char *header, struct error *err)
{
	return error_set(err, ERROR_REFUSED,
	    "another site asks (%s), and the desk answers its own pages only",
	    header);
}

bool
guard_check(const struct guard_request *request, const char *address,
    struct error *err)
{
	static const char scheme[] = "http://";
	const size_t len = sizeof(scheme) - 1;

	if (!is(request->host, address))
		return refuse("Host", err);
	if (request->origin != NULL &&
	    (strncmp(request->origin, scheme, len) != 0 ||
		!is(request->origin + len, address)))
		return refuse("Origin", err);
	if (request->site == NULL || is(request->site, "same-origin") ||
	    is(request->site, "none"))
		return true;
	if (request->is_page && is(request->mode, "navigate") &&
	    is(request->dest, "document"))
		return true;
	return refuse("Sec-Fetch-Site", err);
}
