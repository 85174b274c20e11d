/*
 * Opening a session: the journal is proved to extend what was seen, its key is
 * followed where it was replaced, and policies and CRLs that it names are
 * learned (session.h).
 */
#include "client/session.h"

#include <string.h>

#include "client/acts.h"
#include "client/lists.h"
#include "client/standing.h"
#include "client/tell.h"

static bool
learn_lists(struct session *session, struct error *err)
{
	if (lists_learn(session, err))
		return true;
	if (!session->context->looks || !error_is(err, ENTRY_WITHHELD))
		return false;
	client_note(session->context, "%s", err->detail);
	*err = (struct error){ 0 };
	return true;
}

/* Get what the journal names since this office last caught up with it. */
static bool
learn(struct session *session, uint64_t size, struct error *err)
{
	if (size != 0)
		return session_learn_policies_below(session, size, err);
	if (!session_learn_policies(session, err) || !learn_lists(session, err))
		return false;
	standing_tell(session->context);
	return true;
}

bool
session_connect(struct context *context, struct session *out, struct error *err)
{
	if (!session_begin(context, out, err))
		return false;
	out->learn = learn;
	return true;
}

bool
session_open(struct context *context, struct session *out, struct error *err)
{
	if (!session_connect(context, out, err))
		return false;
	if (session_catch_up(out, err))
		return true;
	session_close(out);
	return false;
}

bool
session_open_behind(struct context *context, struct session *out,
    struct error *err)
{
	bool ok;

	context->any_ca = true;
	ok = session_connect(context, out, err);
	context->any_ca = false;
	if (!ok)
		return false;
	if (session_catch_up(out, err))
		return true;
	if (!out->is_behind) {
		session_close(out);
		return false;
	}
	client_note(context,
	    "the journal's key was replaced, and the new one is not followed"
	    " yet: this is as of the old one's last entry, %llu",
	    (unsigned long long)out->seen.size - 1);
	*err = (struct error){ 0 };
	return true;
}

bool
session_go_on(struct session *session, struct error *err)
{
	session_name_policy(session);
	if (session_catch_up(session, err))
		return true;
	if (!error_is(err, finding_name(FINDING_NOT_WITNESSED)) &&
	    err->kind != ERROR_UNAVAILABLE)
		return false;
	client_note(session->context, "%s", err->detail);
	*err = (struct error){ 0 };
	return true;
}
