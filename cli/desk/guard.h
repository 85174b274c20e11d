/*
 * guard.h - from where a request comes, judged before anything else of it is
 * looked at.
 *
 * Any page that a browser shows can send requests to the desk's address, and
 * any name can be made to lead there (DNS rebinding).  So Host must be the
 * desk's own, and so must Origin and Sec-Fetch-Site (Fetch Metadata) where the
 * browser sends them.  The pages' own files hold no data: they may also be
 * opened by a link from anywhere.
 */
#ifndef CLI_DESK_GUARD_H
#define CLI_DESK_GUARD_H

#include "base/error.h"

/* NULL: the request has no such header. */
struct guard_request {
	const char *host, *origin;
	const char *site, *mode, *dest; /* Sec-Fetch-… */
	bool is_page;                   /* a GET of one of the pages' files */
};

/*
 * Judge a request to the desk at an address such as "127.0.0.1:41234".
 *
 * ERROR_REFUSED  it comes from elsewhere
 */
bool guard_check(const struct guard_request *request, const char *address,
    struct error *err) MUST_USE;

#endif
