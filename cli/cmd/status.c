/*
 * status - who this is, what ends when, what is known of the journal and of the
 * policy, and what waits: for a signature, in the outbox, for an answer.
 *
 * All of it becomes one JSON object, which is printed or told (status_print.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/cmd/bag_sent.h"
#include "cli/cmd/status.h"
#include "cli/commands.h"
#include "cli/local/local.h"
#include "client/policies.h"
#include "client/standing.h"

/* So long a daemon that does not answer is waited for, in seconds. */
enum { PATIENCE = 5 };

struct overview {
	struct context *context;
	struct standing standing;
	struct session session;
	bool is_open; /* the session */
	/* Why the daemon was not asked, or not to the end; or all zero. */
	struct error why;
	/* The accepted policy, and this office by it; or NULL. */
	struct policy *policy;
	const struct office *office;
	json_t *json, *not_asked;
};

/* --- Who, and what ends when. --- */

static json_t *
json_of_at(int64_t at)
{
	char text[TIME_TEXT];

	if (at == INT64_MIN)
		return json_null();
	time_format_at(at, text);
	return json_string(text);
}

static json_t *
json_of_date(int64_t at)
{
	char text[TIME_TEXT];

	time_format_date(at, text);
	return json_string(text);
}

static const char *
state_of(const struct standing_end *end, int64_t now_at)
{
	return end->why.kind != ERROR_NONE  ? "unreadable"
	    : end->ends_at == INT64_MIN     ? "unknown"
	    : end->ends_at <= now_at        ? "ended"
	    : end->from_at > now_at         ? "not yet"
	    : standing_is_soon(end, now_at) ? "ends soon"
					    : "good";
}

/* Full powers have days, both included; all else has times. */
static json_t *
json_of_end(const struct standing_end *end)
{
	const bool days = end->kind == STANDING_POWERS;
	const int64_t now_at = time_now_ms() / 1000;

	return json_pack("{s:s, s:s, s:o*, s:o, s:s, s:s*}", "kind",
	    standing_kind_name(end->kind), "name", end->name, "from",
	    end->kind == STANDING_CRL ? NULL
		: days                ? json_of_date(end->from_at)
				      : json_of_at(end->from_at),
	    "until",
	    days ? json_of_date(end->ends_at - 1) : json_of_at(end->ends_at),
	    "state", state_of(end, now_at), "detail",
	    end->why.kind != ERROR_NONE ? end->why.detail : NULL);
}

static json_t *
json_of_text(const char *text)
{
	return text[0] != '\0' ? json_string(text) : json_null();
}

static void
add_who(struct overview *status)
{
	const struct standing *standing = &status->standing;
	json_t *ends = json_array();

	for (size_t i = 0; i < standing->num; i++)
		json_array_append_new(ends, json_of_end(&standing->list[i]));
	json_object_set_new(status->json, "office",
	    json_of_text(standing->office));
	json_object_set_new(status->json, "party",
	    json_of_text(standing->party));
	json_object_set_new(status->json, "person",
	    json_of_text(standing->person));
	if (standing->why.kind != ERROR_NONE)
		json_object_set_new(status->json, "who",
		    json_string(standing->why.detail));
	json_object_set_new(status->json, "ends", ends);
}

/* --- The daemon, its journal, and the policy. --- */

/*
 * Could it be reached? Null where nobody tried, by --local or since this
 * person's own certificate is of no use.
 */
static json_t *
json_of_reachable(const struct overview *status)
{
	if (status->context->local || status->why.kind == ERROR_USAGE)
		return json_null();
	return json_boolean(status->why.kind != ERROR_UNAVAILABLE);
}

/* The addresses beside the one that is asked now; NULL if there are none. */
static json_t *
json_of_others(const struct addresses *all)
{
	json_t *others = all->num > 1 ? json_array() : NULL;

	for (size_t i = 0; i < all->num; i++)
		if (others != NULL && i != all->at)
			json_array_append_new(others, json_string(all->all[i]));
	return others;
}

static void
add_daemon(struct overview *status)
{
	const struct addresses *addresses =
	    &status->context->enrolment.addresses;

	json_object_set_new(status->json, "daemon",
	    json_pack("{s:s, s:o*, s:o, s:s*}", "address",
		addresses_now(addresses), "others", json_of_others(addresses),
		"reachable", json_of_reachable(status), "detail",
		status->context->local ? "--local"
		    : status->is_open  ? NULL
				       : status->why.detail));
}

static json_t *
json_of_witnesses(const struct policy *policy, const struct witnessed *all)
{
	json_t *by = json_array();

	for (size_t i = 0; i < all->num; i++)
		json_array_append_new(by,
		    json_pack("{s:s, s:o}", "name",
			policy->witnesses.names[all->lines[i].witness], "at",
			json_of_at(all->lines[i].at)));
	return json_pack("{s:I, s:o}", "size",
	    (json_int_t)(all->num > 0 ? all->checkpoint.size : 0), "by", by);
}

/* What failed of the questions; true where the command may go on. */
static bool
not_answered(struct overview *status, const char *what, const struct error *why)
{
	json_array_append_new(status->not_asked,
	    json_sprintf("%s: %s", what, why->detail));
	if (status->why.kind == ERROR_NONE)
		status->why = *why;
	return false;
}

static void
add_checkpoint(struct overview *status)
{
	struct seen *seen = status->is_open
	    ? status->session.history
	    : local_seen(status->context, &(struct error){ 0 });
	const unsigned quorum =
	    status->policy != NULL ? status->policy->witnesses.quorum : 0;
	const struct checkpoint *kept;
	struct witnessed witnessed;
	struct error why = { 0 };
	json_t *json;

	if (seen == NULL)
		return;
	kept = seen_kept(seen);
	json = json_pack("{s:I, s:o, s:o, s:I, s:n}", "size",
	    (json_int_t)kept->size, "root", json_of_digest(&kept->root), "seen",
	    seen_kept_at_ms(seen) != 0 ? json_of_ms(seen_kept_at_ms(seen))
				       : json_null(),
	    "quorum", (json_int_t)quorum, "witnessed");
	json_object_set_new(status->json, "checkpoint", json);
	if (quorum == 0)
		return;
	if (!status->is_open)
		json_array_append_new(status->not_asked,
		    json_string("which witnesses have cosigned"));
	else if (session_witnessed(&status->session, &witnessed, &why))
		json_object_set_new(json, "witnessed",
		    json_of_witnesses(status->policy, &witnessed));
	else
		not_answered(status, "which witnesses have cosigned", &why);
}

static void
add_policy(struct overview *status)
{
	const struct succession *all = &status->context->succession;
	const struct policy_entry *newest = succession_newest(all);
	const struct digest *pinned = succession_pinned(all);
	const struct policy_entry *accepted = pinned != NULL
	    ? succession_find(all, pinned, SUCCESSION_NONE)
	    : NULL;
	json_t *awaited = json_array(), *waiting = json_null();

	for (size_t i = 0; i < all->num_awaited; i++)
		json_array_append_new(awaited,
		    json_of_digest(&all->awaited[i]));
	if (newest != NULL && !newest->accepted)
		waiting = json_pack("{s:o, s:I}", "digest",
		    json_of_digest(&newest->digest), "entry",
		    (json_int_t)newest->index);
	json_object_set_new(status->json, "policy",
	    json_pack("{s:o, s:o, s:o, s:o}", "accepted",
		pinned != NULL ? json_of_digest(pinned) : json_null(), "entry",
		accepted != NULL ? json_integer((json_int_t)accepted->index)
				 : json_null(),
		"waiting", waiting, "awaited", awaited));
}

/* --- What waits. --- */

static void
add_to_sign(struct overview *status)
{
	const struct status_signing of = { .context = status->context,
		.session = status->is_open ? &status->session : NULL,
		.policy = status->policy,
		.office = status->office,
		.person = status->standing.person };
	json_t *list = json_array();
	struct error why = { 0 };

	if (status->office == NULL) {
		json_decref(list);
		list = json_null();
	} else if (!status_to_sign(&of, list, &why)) {
		not_answered(status, "what waits for your signature", &why);
	} else if (!status->is_open) {
		json_array_append_new(status->not_asked,
		    json_string("what waits for your signature, beyond what"
				" is kept here"));
	}
	json_object_set_new(status->json, "to-sign", list);
}

static bool
add_outbox(struct overview *status, struct error *err)
{
	static const char *const kinds[] = { [OUTBOX_DEPOSIT] = "deposit",
		[OUTBOX_SIGNATURE] = "signature",
		[OUTBOX_TERMINATION] = "termination" };
	json_t *outbox = json_array();
	bool ok = true;

	for (size_t kind = 0; ok && kind < 3; kind++) {
		struct outbox_list list = { 0 };

		ok = outbox_all(status->context, (enum outbox_kind)kind, NULL,
		    &list, err);
		for (size_t i = 0; ok && i < list.num; i++)
			json_array_append_new(outbox,
			    json_pack("{s:s, s:s, s:I, s:o, s:b}", "kind",
				kinds[kind], "document", list.list[i].document,
				"version", (json_int_t)list.list[i].version,
				"made", json_of_at(list.list[i].made_at),
				"stale", list.list[i].stale));
		free(list.list);
	}
	json_object_set_new(status->json, "outbox", outbox);
	return ok;
}

static json_t *
json_of_bags(const struct bags_sent *sent)
{
	json_t *bags = json_array();

	for (size_t i = 0; i < sent->num; i++) {
		const struct bag_sent *bag = &sent->list[i];

		if (bag->acknowledged)
			continue;
		json_array_append_new(bags,
		    json_pack("{s:I, s:s, s:o, s:s}", "number",
			(json_int_t)bag->number, "to", bag->to, "dispatched",
			json_of_ms(bag->at_ms), "state",
			bags_sent_is_missing(sent, i) ? "missing" : "sent"));
	}
	return bags;
}

static void
add_bags(struct overview *status)
{
	struct bags_sent sent = { 0 };
	struct error why = { 0 };
	json_t *bags = json_null();

	if (!status->is_open)
		json_array_append_new(status->not_asked,
		    json_string("which bags are not acknowledged"));
	else if (status->office == NULL)
		;
	else if (bags_sent_load(&status->session, status->office->name, &sent,
		     &why))
		bags = json_of_bags(&sent);
	else
		not_answered(status, "which bags are not acknowledged", &why);
	bags_sent_free(&sent);
	json_object_set_new(status->json, "bags", bags);
}

/* --- All of it. --- */

/* Ask the daemon, unless it was said not to. */
static void
open_line(struct overview *status)
{
	struct context *context = status->context;

	if (context->local)
		return;
	if (context->patience_s > PATIENCE)
		context->patience_s = PATIENCE;
	status->is_open = session_open(context, &status->session, &status->why);
}

/* Whose is this office, by the policy that counts once the daemon was asked? */
static void
find_office(struct overview *status)
{
	struct error ignored = { 0 };
	struct cert *cert = NULL;

	status->policy = policies_pinned(status->context, &ignored);
	if (status->policy != NULL)
		status->office = policies_own_office(status->context,
		    status->policy, &cert, &ignored);
	cert_free(cert);
}

static bool
gather(struct overview *status, struct error *err)
{
	open_line(status);
	find_office(status);
	if (!standing_load(status->context, &status->standing, err))
		return false;
	json_object_set_new(status->json, "config",
	    json_string(status->context->config_path));
	add_who(status);
	add_daemon(status);
	add_checkpoint(status);
	add_policy(status);
	add_to_sign(status);
	add_bags(status);
	json_object_set(status->json, "not-asked", status->not_asked);
	return add_outbox(status, err);
}

/*
 * What the daemon said wrong is the command's failure; that it said nothing, or
 * that this office cannot connect, is what the command tells.
 */
static bool
is_failure(const struct error *why)
{
	return why->kind == ERROR_UNTRUSTED || why->kind == ERROR_SYSTEM;
}

bool
cmd_status(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct overview status = { .context = context };
	bool ok;

	(void)given;
	if (!context_load(context, err))
		return false;
	status.json = json_object();
	status.not_asked = json_array();
	ok = status.json != NULL && status.not_asked != NULL
	    ? gather(&status, err)
	    : error_set(err, ERROR_SYSTEM, "status: no memory");
	if (ok && is_failure(&status.why))
		json_object_set_new(status.json, "error",
		    json_of_error(&status.why));
	if (ok && context->json)
		ok = output_json(json_incref(status.json), err);
	else if (ok)
		status_print(status.json);
	if (ok && is_failure(&status.why)) {
		context->told = context->json;
		*err = status.why;
		ok = false;
	}
	if (status.is_open)
		session_close(&status.session);
	standing_free(&status.standing);
	json_decref(status.not_asked);
	json_decref(status.json);
	return ok;
}
