/*
 * valise init --update: takes new addresses of the daemon, and the CA of its
 * server, from a newer enrolment of the same journal.
 */
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/cmd/init.h"
#include "cli/commands.h"
#include "client/own_cert.h"

/* True if both are the same keys, each for the same sizes. */
static bool
is_same_keys(const struct note_keys *a, const struct note_keys *b)
{
	bool same = a->num == b->num;

	for (size_t i = 0; same && i < a->num; i++)
		same = a->until[i] == b->until[i] &&
		    a->keys[i].id == b->keys[i].id &&
		    strcmp(a->keys[i].name, b->keys[i].name) == 0 &&
		    memcmp(a->keys[i].public_key, b->keys[i].public_key,
			sizeof(a->keys[i].public_key)) == 0;
	return same;
}

/*
 * The journal's keys are those that this office knows: as it was enrolled, or
 * with those that it followed since (*followed).  No enrolment changes them.
 */
static bool
is_same_journal(const struct context *context, const struct enrolment *next,
    bool *followed, struct error *err)
{
	const struct enrolment *old = &context->enrolment;
	struct note_keys theirs, enrolled;

	if (!note_keys_parse(buf_span(&next->before), &next->journal, &theirs,
		err) ||
	    !note_keys_parse(buf_span(&old->before), &old->journal, &enrolled,
		err))
		return false;
	*followed = is_same_keys(&theirs, &context->journal);
	return *followed || is_same_keys(&theirs, &enrolled) ||
	    error_set(err, ERROR_UNTRUSTED,
		"it is of another journal: its key is %s+%08x, and the one that"
		" this office knows is %s+%08x. A key that was replaced is"
		" followed by itself; call the depositary, and keep what you"
		" have",
		next->journal.name, next->journal.id,
		context->journal.keys[context->journal.num - 1].name,
		context->journal.keys[context->journal.num - 1].id);
}

/* --- What differs. --- */

static bool
is_same_cas(const struct enrolment *a, const struct enrolment *b)
{
	bool same = strcmp(a->server_ca, b->server_ca) == 0;

	for (size_t i = 0; same && i < b->cas->num; i++) {
		const struct member *theirs = &b->cas->members[i];
		const struct member *ours =
		    container_find(a->cas, theirs->path);

		same = ours != NULL &&
		    span_eq(member_bytes(ours), member_bytes(theirs));
	}
	return same;
}

/* A line for each certificate that the enrolment of before has not. */
static void
tell_cas(const struct enrolment *old, const struct enrolment *next)
{
	char until[TIME_TEXT], groups[80];
	struct error ignored = { 0 };

	for (size_t i = 0; i < next->cas->num; i++) {
		const struct member *theirs = &next->cas->members[i];
		const struct member *ours =
		    container_find(old->cas, theirs->path);
		struct cert *cert;

		if ((ours != NULL &&
			span_eq(member_bytes(ours), member_bytes(theirs))) ||
		    (cert = cert_parse_pem(member_bytes(theirs), &ignored)) ==
			NULL)
			continue;
		time_format_date(cert->not_after_at, until);
		digest_groups(&cert->fingerprint, groups);
		fprintf(stderr,
		    "  + certificate  %s, until %s (%s)\n    SHA-256      %s\n",
		    cert->subject, until, theirs->path, groups);
		cert_free(cert);
	}
}

/* A line for each address that only one of them has. */
static void
tell_addresses(const struct addresses *old, const struct addresses *next)
{
	for (size_t i = 0; i < old->num; i++)
		if (!addresses_has(next, old->all[i]))
			fprintf(stderr, "  - address      %s\n", old->all[i]);
	for (size_t i = 0; i < next->num; i++)
		if (!addresses_has(old, next->all[i]))
			fprintf(stderr, "  + address      %s\n", next->all[i]);
}

static void
tell_differences(const struct enrolment *old, const struct enrolment *next)
{
	char groups[80];

	fprintf(stderr, "journal        %s, the same\n", old->journal.name);
	tell_addresses(&old->addresses, &next->addresses);
	if (strcmp(old->server_ca, next->server_ca) != 0)
		fprintf(stderr, "  - server-ca    %s\n  + server-ca    %s\n",
		    old->server_ca, next->server_ca);
	tell_cas(old, next);
	digest_groups(&next->fingerprint, groups);
	fprintf(stderr, "fingerprint    %.39s\n               %s\n", groups,
	    groups + 40);
}

/* --- Taking it. --- */

/* The certificates of the CA that the enrolment names, from its policy. */
static bool
take_server_ca(struct context *context, struct error *err)
{
	const struct policy *policy =
	    policies_find(context, &context->enrolment.policy);

	context->server_ca.len = 0;
	return (policy != NULL ||
		   error_set(err, ERROR_SYSTEM, "its policy is not kept")) &&
	    trust_append_pem(policy->trust, context->enrolment.server_ca,
		&context->server_ca, err);
}

/* The daemon at one of the addresses proves that it goes on with what is kept. */
static bool
prove(struct context *context, struct error *err)
{
	struct identity own = { NULL };
	struct session session;
	bool ok = own_cert_load(context, OWN_CERT_CONNECT, &own, err) &&
	    init_fetch_policy(context, own.key, err) &&
	    take_server_ca(context, err) &&
	    session_open(context, &session, err);

	if (ok)
		session_close(&session);
	identity_free(&own);
	return ok;
}

static bool
keep(struct context *context, struct span text, bool followed,
    struct error *err)
{
	char path[FILE_PATH], ca[FILE_PATH], keys[FILE_PATH];

	if (!context_path(context, "server-ca.pem", ca, err) ||
	    !context_path(context, "enrolment.yaml", path, err) ||
	    !context_path(context, "keys", keys, err) ||
	    !file_write(ca, buf_span(&context->server_ca), 0600, err) ||
	    !file_write(path, text, 0600, err))
		return false;
	/* The enrolment has the keys that were followed. */
	if (followed)
		unlink(keys);
	return true;
}

/* The second and following, or NULL if there are none. */
static json_t *
json_of_others(const struct addresses *all)
{
	json_t *others = all->num > 1 ? json_array() : NULL;

	for (size_t i = 1; i < all->num; i++)
		json_array_append_new(others, json_string(all->all[i]));
	return others;
}

static bool
report(const struct context *context, const struct enrolment *enrolment,
    bool updated, struct error *err)
{
	const struct addresses *all = &enrolment->addresses;
	char addresses[ADDRESSES_TEXT];

	if (context->json)
		return output_json(json_pack("{s:b, s:s, s:s, s:o*, s:o}",
				       "updated", updated, "journal",
				       enrolment->journal.name, "address",
				       all->all[0], "other-addresses",
				       json_of_others(all), "fingerprint",
				       json_of_digest(&enrolment->fingerprint)),
		    err);
	addresses_text(all, addresses);
	if (updated && all->num > 1)
		printf("%s is at %s now; %s proved to go on with what this"
		       " office has seen\n",
		    enrolment->journal.name, addresses, addresses_now(all));
	else if (updated)
		printf("%s is at %s now, and proved to go on with what this"
		       " office has seen\n",
		    enrolment->journal.name, addresses);
	else
		puts("nothing differs from the enrolment that is kept here");
	return true;
}

static bool
update(struct context *context, struct enrolment *next, struct span text,
    bool yes, struct error *err)
{
	struct enrolment *old = &context->enrolment, swap;
	bool followed = false, ok;

	if (!is_same_journal(context, next, &followed, err))
		return false;
	if (addresses_same(&old->addresses, &next->addresses) &&
	    is_same_cas(old, next))
		return report(context, next, false, err);
	tell_differences(old, next);
	if (!yes && !isatty(STDIN_FILENO))
		return error_set(err, ERROR_USAGE,
		    "nobody is there to ask: --yes says that the fingerprint"
		    " was compared");
	if (!yes &&
	    !confirm_answered_yes("Is this the fingerprint that the depositary"
				  " read to you by telephone?"))
		return error_set(err, ERROR_USAGE, "nothing was changed");
	/* Both are freed, whichever place they have. */
	swap = *old;
	*old = *next;
	*next = swap;
	ok = prove(context, err) ||
	    error_context(err, "nothing was changed: %s",
		addresses_now(&context->enrolment.addresses));
	return ok && keep(context, text, followed, err) &&
	    report(context, &context->enrolment, true, err);
}

bool
cmd_init_update(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct buf text = BUF(LIMIT_YAML_BYTES);
	const char *path = given->operands[0];
	struct enrolment next = { { 0 } };
	bool ok;

	ok = context_load(context, err) &&
	    file_read(path, text.max, &text, err) &&
	    (enrolment_parse(buf_span(&text), &next, err) ||
		error_context(err, "%s", path)) &&
	    update(context, &next, buf_span(&text),
		options_has(given, OPTION_YES), err);
	enrolment_free(&next);
	buf_free(&text);
	return ok;
}
