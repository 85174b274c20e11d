/*
 * Following the journal: new entries are visited as they come, over lines that
 * break (session.h).
 */
#include "client/session.h"

#include <sys/stat.h>

#include "base/time.h"
#include "client/standing.h"
#include "client/tell.h"

struct following {
	struct session session;
	struct entry_filter filter; /* entries below from were told already */
	entry_visitor *visit;
	void (*told)(void *arg);
	void *arg;
	/* the certificate and key with which the session was opened */
	struct stat own[2];
	int64_t renewed_ms; /* monotonic; when others came; or 0 */
};

/* A certificate is there, and its key comes after it, or the other way. */
enum { RENEWING_MS = 60 * 1000 };

/* Take in which files there are; true if they are others than before. */
static bool
look_at_own(struct following *all, const struct context *context)
{
	const char *const paths[] = { context->cert, context->key };
	bool is_other = false;

	for (size_t i = 0; i < 2; i++) {
		const struct stat before = all->own[i];
		struct stat now = { 0 };

		(void)!stat(paths[i], &now);
		is_other = is_other || before.st_ino != now.st_ino ||
		    before.st_size != now.st_size ||
		    before.st_mtim.tv_sec != now.st_mtim.tv_sec ||
		    before.st_mtim.tv_nsec != now.st_mtim.tv_nsec;
		all->own[i] = now;
	}
	return is_other;
}

/*
 * May it go on after this error?  A line comes back; and who was shut out by
 * their certificate, or has only half of the next one, is let in with the
 * renewed one.
 */
static bool
goes_on(struct following *all, struct context *context, const struct error *err)
{
	if (look_at_own(all, context)) {
		all->renewed_ms = time_monotonic_ms();
		client_note(context, "%s was renewed: going on with it",
		    context->cert);
		cert_free(context->own_cert);
		context->own_cert = NULL;
	}
	if (err->kind == ERROR_UNAVAILABLE)
		return true;
	return (err->kind == ERROR_REFUSED || err->kind == ERROR_USAGE) &&
	    all->renewed_ms != 0 &&
	    time_monotonic_ms() - all->renewed_ms < RENEWING_MS;
}

static bool
visit_next(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	struct following *all = arg;

	all->filter.from = index + 1;
	return all->visit(all->arg, index, entry, line, err);
}

/* Ask for proofs: an event is only a word that something came. */
static bool
tell_entries(struct following *all, struct error *err)
{
	/*
	 * Work on a copy: the question must not change while its answer comes.
	 */
	const struct entry_filter filter = all->filter;

	if (!session_entries(&all->session, &filter, visit_next, all, err))
		return false;
	all->told(all->arg);
	/* Who follows for weeks is told each day as well. */
	standing_tell(all->session.context);
	return true;
}

static bool
on_event(void *arg, const struct remote_event *event, struct error *err)
{
	struct following *all = arg;
	uint64_t index;

	if (span_is(event->type, "end"))
		return error_set(err, ERROR_REFUSED,
		    "the daemon tells no"
		    " more: %.*s",
		    (int)event->data.len, (const char *)event->data.data);
	if (!span_to_u64(event->id, &index) || index < all->filter.from)
		return true;
	/* Whatever acts are followed: a new policy is learned, and told. */
	if (span_is(event->type, act_name(ACT_POLICY)) &&
	    !session_catch_up(&all->session, err))
		return false;
	return tell_entries(all, err);
}

/* Listen to the daemon's events until the line breaks. */
static bool
follow_once(struct following *all, struct error *err)
{
	struct remote *events = remote_new(&all->session.settings, err);
	char path[48];
	bool ok;

	if (events == NULL)
		return false;
	/*
	 * Entries that came before the stream was open are in neither answer:
	 * ask from there on.
	 */
	snprintf(path, sizeof(path), "/v1/events?from=%llu",
	    (unsigned long long)all->filter.from);
	ok = remote_events(events, path, "", on_event, all, err);
	remote_free(events);
	return ok;
}

bool
session_follow_entries(struct context *context,
    const struct entry_filter *filter, entry_visitor *visit,
    void (*told)(void *arg), void *arg, struct error *err)
{
	struct following all = { .filter = *filter,
		.visit = visit,
		.told = told,
		.arg = arg };
	unsigned wait = 1, ms;

	(void)look_at_own(&all, context);
	for (;;) {
		if (session_open(context, &all.session, err)) {
			if (all.filter.from == UINT64_MAX)
				all.filter.from = all.session.seen.size;
			all.renewed_ms = 0;
			if (tell_entries(&all, err)) {
				if (all.filter.from < all.session.answered)
					all.filter.from = all.session.answered;
				wait = 1;
				(void)follow_once(&all, err);
			}
			session_close(&all.session);
		}
		if (!goes_on(&all, context, err))
			return false;
		ms = err->retry_s > wait ? remote_spread(err->retry_s * 1000)
					 : wait * 1000;
		client_note(context, "%s; trying again in %u s", err->detail,
		    (ms + 999) / 1000);
		*err = (struct error){ 0 };
		remote_wait(ms);
		wait = wait < 60 ? 2 * wait : 60;
	}
}
