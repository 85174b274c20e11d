/*
 * What the daemon says of itself, for the page that shows it (desk.h): no
 * command of a person asks for that.
 */
#include "cli/desk/desk.h"

#include "base/limits.h"
#include "client/session.h"

/* Its figures, as text; null where it gives this office none. */
static bool
get_metrics(struct session *session, const json_t *health, json_t **out,
    struct error *err)
{
	struct buf text = BUF(LIMIT_METRICS_BYTES);
	bool ok = true;

	/* Who sees the size of the journal here may read them. */
	*out = json_null();
	if (json_object_get(health, "size") != NULL) {
		ok = session_get(session, "/metrics", &text, err);
		if (ok)
			*out = json_stringn((const char *)text.data, text.len);
	}
	buf_free(&text);
	return ok &&
	    (*out != NULL ||
		error_set_outside(err, "the daemon's figures are no text"));
}

/* Does it serve the pages to browsers, too?  Older ones do not. */
static bool
ask_register(struct session *session, bool *out, struct error *err)
{
	struct buf page = BUF(LIMIT_METRICS_BYTES);
	struct error why = { 0 };

	*out = session_get(session, "/", &page, &why);
	buf_free(&page);
	if (!*out && why.kind != ERROR_NOT_FOUND)
		*err = why;
	return *out || why.kind == ERROR_NOT_FOUND;
}

bool
desk_health(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct session session;
	json_t *health = NULL, *metrics = NULL;
	bool has_register, ok;

	(void)given;
	if (!context_load(context, err) ||
	    !session_open(context, &session, err))
		return false;
	ok = session_json(&session, "/health", &health, err) &&
	    get_metrics(&session, health, &metrics, err) &&
	    ask_register(&session, &has_register, err) &&
	    output_json(json_pack("{s:O, s:O, s:b}", "health", health,
			    "metrics", metrics, "register", has_register),
		err);
	json_decref(health);
	json_decref(metrics);
	session_close(&session);
	return ok;
}
