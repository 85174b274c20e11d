/*
 * Depositing a version: signed, kept in the outbox, sent, and told.
 */
#include "cli/cmd/push.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/local/local.h"
#include "client/known.h"

enum { CAUGHT_UP_MS = 2000 };

bool
pusher_load_signer(struct pusher *pusher, struct error *err)
{
	struct context *context = pusher->context;

	if (pusher->signer.cert != NULL)
		return true;
	if (!signing_load(context, &pusher->signer, err))
		return false;
	/* The signature is verified before it is sent. */
	cert_cache_put(context->certs, pusher->signer.cert);
	return true;
}

static bool
sign_origin(struct pusher *pusher, struct container *container,
    struct error *err)
{
	return pusher_load_signer(pusher, err) &&
	    container_hash(container, NULL, err) &&
	    signing_files(&pusher->signer, container, "origin",
		COMMITMENT_ORIGIN, container, err);
}

/*
 * True if texts, titles and note are the same: what a person would call the
 * same version.
 */
static bool
is_same(const struct version *a, const struct version *b)
{
	bool same = a->num_texts == b->num_texts &&
	    a->num_annexes == b->num_annexes &&
	    a->num_titles == b->num_titles && strcmp(a->note, b->note) == 0;

	for (size_t i = 0; same && i < a->num_titles; i++)
		same =
		    strcmp(a->titles[i].language, b->titles[i].language) == 0 &&
		    strcmp(a->titles[i].text, b->titles[i].text) == 0;
	for (size_t i = 0; same && i < a->num_texts; i++)
		same = strcmp(a->texts[i].file, b->texts[i].file) == 0 &&
		    digest_eq(&a->texts[i].sha256, &b->texts[i].sha256);
	for (size_t i = 0; same && i < a->num_annexes; i++)
		same = strcmp(a->annexes[i].file, b->annexes[i].file) == 0 &&
		    digest_eq(&a->annexes[i].sha256, &b->annexes[i].sha256);
	return same;
}

static bool
report(struct context *context, const struct entry *entry, uint64_t index,
    const char *did, struct error *err)
{
	if (context->json)
		return output_json(json_pack("{s:s, s:s, s:i, s:o, s:I, s:o}",
				       "result", did, "document",
				       entry->document, "version",
				       (int)entry->version, "digest",
				       json_of_digest(&entry->digest), "entry",
				       (json_int_t)index, "time",
				       json_of_ms(entry->time_ms)),
		    err);
	printf("%s %s@%llu, entry %llu of the journal\n", did, entry->document,
	    (unsigned long long)entry->version, (unsigned long long)index);
	output_digest("version digest  ", &entry->digest);
	return true;
}

static bool
nothing_changed(struct context *context, const char *document, unsigned version,
    struct error *err)
{
	if (context->json)
		return output_json(json_pack("{s:s, s:s, s:i}", "result",
				       "nothing has changed", "document",
				       document, "version", (int)version),
		    err);
	printf("nothing has changed since %s@%u\n", document, version);
	return true;
}

/*
 * True if the daemon has this very version already. Two runs of one person may
 * make it in the same second; then the record has the other run's, with the
 * same texts. The receipt says so, and the copy proves it.
 */
static bool
is_in_record(struct session *session, const struct outbox_act *act,
    const struct entry *entry)
{
	struct error ignored = { 0 };
	struct copy copy = { .fd = -1 };
	bool same;

	same = entry->act == ACT_DEPOSIT &&
	    strcmp(entry->document, act->document) == 0 &&
	    entry->version == act->version &&
	    digest_eq(&entry->digest, &act->digest) &&
	    copy_fetch(session, act->document, act->version, &copy, &ignored) &&
	    copy.verdict.outcome == OUTCOME_VALID &&
	    digest_eq(&copy.verdict.digest, &act->digest);
	copy_free(&copy);
	return same;
}

static bool
send_deposit(struct session *session, struct outbox_act *act,
    struct entry *entry, uint64_t *index, bool *again, struct error *err)
{
	if (outbox_send(session, act, entry, index, again, err))
		return true;
	if (!*again || !error_is(err, SENT_DIFFERS) ||
	    !is_in_record(session, act, entry))
		return false;
	*err = (struct error){ 0 };
	outbox_drop(act);
	return true;
}

/* True if the newest version is known here, and is the same. */
static bool
is_unchanged(struct context *context, const struct newest *newest,
    const struct version *version)
{
	struct buf known = BUF(LIMIT_VERSION_BYTES);
	struct error ignored = { 0 };
	struct version *last = NULL;
	bool same;

	if (newest->version > 0 &&
	    context_known_version(context, &newest->digest, &known))
		last = version_parse(buf_span(&known), &ignored);
	same = last != NULL && is_same(last, version);
	version_free(last);
	buf_free(&known);
	return same;
}

/* Name the version that it follows, and now as its time. */
static void
follow(struct version *version, const struct newest *newest)
{
	version->number = newest->version + 1;
	version->has_previous = newest->version > 0;
	version->previous = newest->digest;
	version->created_at = time_now_ms() / 1000;
}

/* Deposit it as the version after the newest. */
static bool
push_next(struct pusher *pusher, struct push *push, const struct newest *newest,
    struct error *err)
{
	struct context *context = pusher->context;
	struct session *session = pusher->session;
	struct entry entry;
	struct buf yaml = BUF(LIMIT_VERSION_BYTES);
	struct version *version = push->version;
	uint64_t index = 0;
	struct outbox_act act = { .lock = -1 };
	char name[DOCUMENT_NAME + 1];
	bool again = false, ok;

	if (is_unchanged(context, newest, version))
		return nothing_changed(context, push->document, newest->version,
		    err);
	if (!newest_check_onto(pusher->context, newest, push->document,
		push->onto, err))
		return false;
	follow(version, newest);
	ok = version_encode(version, &yaml, err) &&
	    container_put(push->container, PATH_VERSION, buf_span(&yaml),
		err) &&
	    container_put(push->container, "mimetype",
		span_of_str(CONTAINER_MIMETYPE), err) &&
	    sign_origin(pusher, push->container, err) &&
	    outbox_keep_deposit(context, push->document, version->number,
		push->onto != 0, push->container, &act, err);
	/*
	 * Remember version.yaml by its digest; that harms nothing if it is
	 * never deposited.
	 */
	if (ok) {
		context_remember_version(context, buf_span(&yaml));
		snprintf(name, sizeof(name), "%s\n", push->document);
		known_remember(context, span_of_str(name));
	}
	if (ok && session == NULL)
		ok = signing_kept(context, &act, "made", "push", err);
	else if (ok) {
		ok = send_deposit(session, &act, &entry, &index, &again, err);
		push->alone = !ok && !outbox_is_kept(&act);
		ok = ok &&
		    report(context, &entry, index,
			again ? "deposited already:" : "deposited", err);
	}
	outbox_release(&act);
	buf_free(&yaml);
	return ok;
}

/* After 24 hours the signature is refused: sign the same version anew. */
static bool
send_anew(struct pusher *pusher, struct container *container,
    const struct outbox_act *old, struct entry *entry, uint64_t *index,
    struct error *err)
{
	struct session *session = pusher->session;
	struct outbox_act act = { .lock = -1 };
	bool again, ok;

	container_remove(container, PATH_ORIGIN);
	container_remove(container, PATH_ORIGIN_MANIFEST);
	ok = sign_origin(pusher, container, err) &&
	    outbox_keep_deposit(session->context, old->document, old->version,
		old->onto, container, &act, err) &&
	    send_deposit(session, &act, entry, index, &again, err);
	outbox_release(&act);
	return ok;
}

/*
 * Send first, byte for byte, what an earlier run made: it may have been
 * deposited, and its answer lost. False if it has no answer yet.
 */
static bool
send_one(struct pusher *pusher, struct outbox_act *act, struct error *err)
{
	struct entry entry;
	struct session *session = pusher->session;
	struct container *container = container_read(act->lock, err);
	const struct member *yaml;
	uint64_t index = 0;
	bool again, ok;

	if (container == NULL)
		return false;
	if ((yaml = container_find(container, PATH_VERSION)) != NULL)
		context_remember_version(session->context, member_bytes(yaml));
	output_note("sending %s@%u first, which an earlier run made and was"
		    " not answered",
	    act->document, act->version);
	ok = send_deposit(session, act, &entry, &index, &again, err);
	if (!ok && act->stale && !outbox_is_kept(act) &&
	    error_is(err, finding_name(FINDING_SIGNING_TIME))) {
		*err = (struct error){ 0 };
		ok = send_anew(pusher, container, act, &entry, &index, err);
	}
	container_free(container);
	if (ok)
		output_note("%s@%u is deposited, entry %llu", act->document,
		    act->version, (unsigned long long)index);
	/* A refusal is an answer. The new version is then judged by itself. */
	if (ok || outbox_is_kept(act) || err->kind == ERROR_UNAVAILABLE ||
	    err->kind == ERROR_SYSTEM || error_is(err, SENT_DIFFERS))
		return ok;
	output_note("it was not taken: %s", err->detail);
	*err = (struct error){ 0 };
	return true;
}

/* Leave alone what another command is sending at this moment. */
static bool
send_pending(struct pusher *pusher, const char *document, struct error *err)
{
	struct outbox_list list;
	bool ok =
	    outbox_all(pusher->context, OUTBOX_DEPOSIT, document, &list, err);

	for (size_t i = 0; ok && i < list.num; i++) {
		if (!outbox_take(&list.list[i]))
			continue;
		ok = send_one(pusher, &list.list[i], err);
		outbox_release(&list.list[i]);
	}
	free(list.list);
	return ok;
}

/*
 * Follow the newest version of the local copy, which may not be the newest one.
 */
static bool
push_local(struct pusher *pusher, struct push *push, struct error *err)
{
	struct context *context = pusher->context;
	struct newest newest = { 0 };
	char dir[FILE_PATH];
	struct copy copy;
	unsigned *all;
	size_t num;
	bool ok;

	if (!local_dir(context, NULL, dir, err) ||
	    !local_versions(dir, push->document, &all, &num, err))
		return false;
	free(all);
	if (num > 0) {
		ok = local_open(context, dir, push->document, 0, &copy, err);
		if (ok && copy.verdict.outcome != OUTCOME_VALID)
			ok = verdict_error(&copy.verdict, err);
		if (ok) {
			newest_of_copy(&copy.verdict, pusher->office, &newest);
			context_remember_version(context,
			    member_bytes(
				container_find(copy.container, PATH_VERSION)));
		}
		copy_free(&copy);
		if (!ok)
			return false;
	}
	return push_next(pusher, push, &newest, err);
}

bool
pusher_begin(struct context *context, struct pusher *out, struct error *err)
{
	struct cert *cert = NULL;

	*out = (struct pusher){ .context = context };
	if ((out->policy = policies_pinned(context, err)) == NULL ||
	    (out->office = policies_own_office(context, out->policy, &cert,
		 err)) == NULL)
		return false;
	text_set(out->person, sizeof(out->person), cert->email);
	cert_free(cert);
	return true;
}

void
pusher_end(struct pusher *pusher)
{
	if (pusher->session != NULL)
		session_close(pusher->session);
	free(pusher->session);
	identity_free(&pusher->signer);
}

static struct decision
decide_deposit(const struct pusher *pusher, const struct push *push)
{
	char type[LIMIT_SLUG_BYTES + 1];

	document_type(push->document, type);
	return policy_decide(pusher->policy, pusher->office, RIGHT_DEPOSIT,
	    type);
}

static bool
may_deposit(const struct pusher *pusher, const struct push *push)
{
	return decide_deposit(pusher, push).allowed;
}

/*
 * Whoever may not deposit at all is told so by the daemon, which journals it;
 * a dry run never asks it.
 */
static bool
check_dry_run(const struct pusher *pusher, const struct push *push,
    struct error *err)
{
	const struct decision decision = decide_deposit(pusher, push);

	return !pusher->dry_run || decision.allowed ||
	    error_set(err, ERROR_REFUSED, "%s may not deposit %s (%s)",
		pusher->office->name, push->document, decision.rule);
}

/* Ask before a large text is sent over a slow line for nothing. */
static bool
check_texts(const struct pusher *pusher, const struct push *push,
    struct error *err)
{
	const struct decision decision =
	    policy_decide_texts(pusher->policy, push->version);

	return decision.allowed || !may_deposit(pusher, push) ||
	    error_set_code(err, ERROR_REFUSED, "TEXT_NOT_ALLOWED", "%s",
		decision.rule);
}

/*
 * Connect with the first version that needs it. In a long run, ask again by
 * which policy the daemon judges, since it may change.
 */
static bool
connect_once(struct pusher *pusher, struct error *err)
{
	const int64_t now_ms = time_monotonic_ms();

	if (pusher->session != NULL &&
	    now_ms - pusher->caught_up_ms < CAUGHT_UP_MS)
		return true;
	if (pusher->session != NULL) {
		pusher->caught_up_ms = now_ms;
		return session_catch_up(pusher->session, err);
	}
	pusher->session = calloc(1, sizeof(*pusher->session));
	if (pusher->session == NULL)
		return error_set_errno(err, "push");
	pusher->caught_up_ms = now_ms;
	if (session_open(pusher->context, pusher->session, err))
		return true;
	free(pusher->session);
	pusher->session = NULL;
	return false;
}

static bool
show_json(const struct push *push, unsigned last, struct error *err)
{
	json_t *json = push_json(push, last, err);

	return json != NULL && output_json(json, err);
}

/*
 * Show what is to be deposited after version last, and ask, if that is wanted.
 * False without an error if no more is wanted.
 */
static bool
agreed(const struct pusher *pusher, const struct push *push, unsigned last,
    struct error *err)
{
	if (pusher->dry_run) {
		if (pusher->context->json)
			(void)!show_json(push, last, err);
		else
			push_show(stdout, push, last);
		return false;
	}
	if (!pusher->ask)
		return true;
	push_show(stderr, push, last);
	return confirm_answered_yes(
		   "It is signed with your key, and cannot be taken back."
		   " Deposit it?") ||
	    error_set(err, ERROR_USAGE, "not deposited");
}

bool
pusher_push(struct pusher *pusher, struct push *push, struct error *err)
{
	struct version *version = push->version;
	struct newest newest;

	text_set(version->document, DOCUMENT_NAME, push->document);
	text_set(version->office, POLICY_NAME, pusher->office->name);
	text_set(version->person, LIMIT_EMAIL_BYTES + 1, pusher->person);
	push->alone = true;
	if (!push_gather(push, pusher->policy, err) ||
	    !check_dry_run(pusher, push, err) ||
	    !check_texts(pusher, push, err))
		return false;
	push->alone = false;
	if (pusher->context->local) {
		if (!agreed(pusher, push, UINT_MAX, err))
			return err->kind == ERROR_NONE;
		return push_local(pusher, push, err);
	}
	if ((!pusher->dry_run && !pusher_load_signer(pusher, err)) ||
	    !connect_once(pusher, err) ||
	    !session_check_policy(pusher->session, err) ||
	    (!pusher->dry_run && !send_pending(pusher, push->document, err)) ||
	    !newest_find(pusher->session, pusher->policy, pusher->office,
		push->document, &newest, err) ||
	    (may_deposit(pusher, push) &&
		!newest_check_seen(&newest, push->document, push->onto, err)))
		return false;
	/* Who said yes to it already is not asked again. */
	if (pusher->ask &&
	    is_unchanged(pusher->context, &newest, push->version))
		return nothing_changed(pusher->context, push->document,
		    newest.version, err);
	follow(version, &newest);
	if (!agreed(pusher, push, newest.version, err))
		return err->kind == ERROR_NONE;
	return push_next(pusher, push, &newest, err);
}
