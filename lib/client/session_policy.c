/*
 * Which policies the daemon's journal names, and by which it judges.
 */
#include <unistd.h>

#include "client/session.h"
#include "client/standing.h"
#include "client/tell.h"

/* News that are not kept yet. */
struct learning {
	struct succession known;
};

/* An entry_visitor that takes the next policy. */
static bool
learn(void *arg, uint64_t index, const struct entry *entry, struct span line,
    struct error *err)
{
	struct learning *learning = arg;

	(void)line;
	return succession_add(&learning->known, index, &entry->policy,
	    entry_has(entry, ENTRY_PRIOR) ? entry->prior : SUCCESSION_NONE,
	    err);
}

/* A policies_changer that adds what was learned to what is kept by now. */
static bool
keep_learned(struct succession *succession, void *arg, struct error *err)
{
	const struct succession *known = &((struct learning *)arg)->known;

	for (size_t i = 0; i < known->num; i++) {
		const struct policy_entry *newest =
		    succession_newest(succession);

		if (newest != NULL && known->list[i].index <= newest->index)
			continue;
		if (!succession_add(succession, known->list[i].index,
			&known->list[i].digest,
			i > 0 ? known->list[i - 1].index : SUCCESSION_NONE,
			err))
			return false;
	}
	succession_settle(succession);
	return true;
}

/* If the state cannot be written this command knows it, and no other. */
static void
keep(struct context *context, struct learning *learning)
{
	struct error why = { 0 };

	if (policies_change(context, keep_learned, learning, &why))
		return;
	client_note(context, "the journal's policies could not be kept: %s",
	    why.detail);
	succession_settle(&learning->known);
	succession_free(&context->succession);
	context->succession = learning->known;
	learning->known = (struct succession){ .num = 0 };
	context->unkept = true;
}

/* True if the daemon names a policy that is not known yet. */
static bool
is_behind(const struct session *session)
{
	const struct policy_entry *newest =
	    succession_newest(&session->context->succession);

	if (newest == NULL)
		return true;
	if (session->named_policy_at != UINT64_MAX)
		return session->named_policy_at > newest->index;
	return !digest_eq(&session->policy, &newest->digest);
}

/* A policies_changer that waits for no policy that came by mail any more. */
static bool
stop_waiting(struct succession *succession, void *arg, struct error *err)
{
	(void)arg, (void)err;
	(void)succession_stop_waiting(succession);
	return true;
}

/*
 * Ask for the policy entries that are new, and keep them: those of the newest
 * checkpoint, or of the one of a size. named: the daemon says that this entry
 * is one; or UINT64_MAX.
 */
static bool
ask_and_keep(struct session *session, uint64_t size, uint64_t named,
    struct error *err)
{
	struct context *context = session->context;
	const struct policy_entry *newest =
	    succession_newest(&context->succession);
	const struct entry_filter filter = { .act = "policy",
		.from = newest != NULL ? newest->index + 1 : 0,
		.at = size };
	struct learning learning;
	bool ok;

	if (!succession_copy(&context->succession, &learning.known, err))
		return false;
	session->learning = true;
	ok = session_entries(session, &filter, learn, &learning, err);
	session->learning = false;
	newest = succession_newest(&learning.known);
	if (ok && named != UINT64_MAX &&
	    (newest == NULL || newest->index < named))
		ok = error_set_code(err, ERROR_UNTRUSTED, "ENTRY_WITHHELD",
		    "the daemon does not show policy entry %llu, which it says"
		    " is in force. Call the other offices",
		    (unsigned long long)named);
	if (ok)
		keep(context, &learning);
	succession_free(&learning.known);
	return ok;
}

bool
session_learn_policies(struct session *session, struct error *err)
{
	struct succession *known = &session->context->succession;
	struct error ignored = { 0 };

	/* Asking may find a new key and catch up, which would ask again. */
	if (session->learning)
		return true;
	if (is_behind(session) &&
	    !ask_and_keep(session, 0, session->named_policy_at, err))
		return false;
	/* If the state cannot be written, the next command learns it. */
	if (succession_stop_waiting(known) && !session->context->unkept &&
	    !policies_change(session->context, stop_waiting, NULL, &ignored))
		client_note(session->context,
		    "the journal's policies could not be kept: %s",
		    ignored.detail);
	/* One that came by mail may count by now. */
	session_name_policy(session);
	standing_tell_policy(session->context);
	return true;
}

bool
session_learn_policies_below(struct session *session, uint64_t size,
    struct error *err)
{
	return session->learning ||
	    ask_and_keep(session, size, UINT64_MAX, err);
}

bool
session_check_policy(struct session *session, struct error *err)
{
	const struct policy_entry *newest;
	char hex[DIGEST_HEX];

	/* Another command may have accepted it meanwhile. */
	if (!policies_load(session->context, err))
		return false;
	newest = succession_newest(&session->context->succession);
	/*
	 * A policy accepted before will not do: it was put aside for a reason.
	 */
	if (newest != NULL && newest->accepted &&
	    digest_eq(&newest->digest, &session->policy))
		return true;
	digest_hex(&session->policy, hex);
	return error_set_code(err, ERROR_UNTRUSTED,
	    finding_name(FINDING_POLICY_UNKNOWN),
	    "the daemon judges by policy %.16s…, which you have not accepted."
	    " Nothing was sent. See what changed with \"valise policy show\";"
	    " \"valise policy accept DIGEST\" makes it yours",
	    hex);
}

/* Get its ZIP in a nameless file. -1 on failure. */
static int
download(struct session *session, const struct digest *digest,
    struct error *err)
{
	char path[128], hex[DIGEST_HEX];

	digest_hex(digest, hex);
	snprintf(path, sizeof(path), "/v1/policy/%s", hex);
	return session_download(session, path, err);
}

/* A policy that was asked for already, or NULL. */
static struct policy *
find_fetched(const struct session *session, const struct digest *digest)
{
	for (size_t i = 0; i < SESSION_POLICIES; i++)
		if (session->fetched[i] != NULL &&
		    digest_eq(&session->fetched[i]->digest, digest))
			return session->fetched[i];
	return NULL;
}

/* The caller calls policy_free(). */
static struct policy *
fetch(struct session *session, const struct digest *digest, struct error *err)
{
	const int fd = download(session, digest, err);
	struct policy *policy, **place;

	if (fd < 0)
		return NULL;
	policy = policies_read(fd, digest, err);
	close(fd);
	if (policy == NULL) {
		error_context(err, "the daemon's policy");
		return NULL;
	}
	/* The oldest makes room. */
	place = &session->fetched[session->num_fetched++ % SESSION_POLICIES];
	policy_free(*place);
	*place = policy_ref(policy);
	return policy;
}

struct policy *
session_policy(struct session *session, const struct digest *digest,
    struct error *err)
{
	struct policy *policy = policies_find(session->context, digest);

	if (policy == NULL)
		policy = find_fetched(session, digest);
	return policy != NULL ? policy_ref(policy)
			      : fetch(session, digest, err);
}

bool
session_keep_policy(struct session *session, const struct digest *digest,
    struct error *err)
{
	struct context *context = session->context;
	struct policy *policy;
	uint64_t size;
	int fd = -1;
	bool ok;

	if (policies_find(context, digest) != NULL)
		return true;
	ok = (policy = session_policy(session, digest, err)) != NULL &&
	    (fd = context_temporary(context, err)) >= 0 &&
	    container_write(policy->files, fd, &size, err) &&
	    policies_keep(context, fd, digest, err);
	policy_free(policy);
	if (fd >= 0)
		close(fd);
	return ok;
}

bool
session_shows(struct session *session, const char *document)
{
	struct context *context = session->context;
	const struct policy_entry *newest =
	    succession_newest(&context->succession);
	const struct digest *digest =
	    newest != NULL ? &newest->digest : &session->policy;
	struct error ignored = { 0 };
	struct policy *policy = session_policy(session, digest, &ignored);
	bool shows;

	shows = policy != NULL && policies_shows(context, policy, document);
	policy_free(policy);
	return shows;
}
