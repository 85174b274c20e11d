/*
 * valise policy: checks a policy's folder, shows the policies that were in
 * force, accepts one, or saves one as a file.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/outfile.h"
#include "cli/cmd/policy_tell.h"
#include "cli/commands.h"
#include "cli/local/local.h"

/* The digest of a policy, of an argument. */
static bool
take_digest(const char *text, struct digest *out, struct error *err)
{
	return digest_parse(span_of_str(text), out) ||
	    error_set(err, ERROR_USAGE,
		"\"%.80s\" is no digest: expected 64 hex digits (\"valise"
		" policy show\" lists them)",
		text);
}

/* --- check --- */

bool
cmd_policy_check(struct context *context, const struct options_given *given,
    struct error *err)
{
	const char *dir = given->operands[0];
	struct complaints complaints = COMPLAINTS;
	struct policy *policy = policy_load_dir(dir, &complaints, err);
	struct span rest = buf_span(&complaints.lines), line;
	json_t *lines = json_array();
	char hex[DIGEST_HEX] = "";
	bool ok = policy != NULL;

	while (span_take_line(&rest, &line)) {
		if (context->json)
			json_array_append_new(lines,
			    json_stringn((const char *)line.data, line.len));
		else
			printf("%.*s\n", (int)line.len,
			    (const char *)line.data);
	}
	if (ok)
		digest_hex(&policy->digest, hex);
	/* What could not be read at all has an error and no report. */
	if (context->json && (ok || complaints.num_errors > 0)) {
		context->told =
		    output_json(json_pack("{s:i, s:i, s:s, s:O}", "errors",
				    (int)complaints.num_errors, "warnings",
				    (int)complaints.num_warnings, "digest", hex,
				    "messages", lines),
			err);
		ok = ok && context->told;
	} else if (ok)
		printf("%s: good, %u warnings, %zu offices, %zu types\n"
		       "policy %s\n",
		    dir, complaints.num_warnings, policy->num_offices,
		    policy->num_types, hex);
	if (!ok && complaints.num_errors > 0)
		error_set(err, ERROR_MALFORMED, "%s: %u mistakes", dir,
		    complaints.num_errors);
	json_decref(lines);
	complaints_free(&complaints);
	policy_free(policy);
	return ok;
}

/* --- show --- */

/* Print the daemon's policy and the list of all as JSON. */
static bool
show_json(const struct session *session, const struct policy *pinned,
    struct error *err)
{
	const struct succession *all = &session->context->succession;
	const struct policy_entry *newest = succession_newest(all);
	const struct digest list = succession_digest(all, all->num);

	return output_json(json_pack("{s:o, s:o, s:o, s:b, s:o, s:o}", "policy",
			       json_of_policy(pinned), "accepted",
			       json_of_digest(&pinned->digest), "daemon",
			       json_of_digest(&session->policy), "same",
			       newest != NULL && newest->accepted &&
				   digest_eq(&session->policy, &newest->digest),
			       "policies", json_of_succession(session->context),
			       "list", json_of_digest(&list)),
	    err);
}

/* Say what to read and what to type if some policy is not accepted. */
static void
tell_what_to_do(const struct session *session, const struct policy *theirs)
{
	const struct succession *all = &session->context->succession;
	const struct policy_entry *newest = succession_newest(all);
	char hex[DIGEST_HEX];
	size_t earlier = 0;

	digest_hex(&theirs->digest, hex);
	if (newest == NULL || !newest->accepted ||
	    !digest_eq(&newest->digest, &theirs->digest))
		printf("to accept the daemon's policy:\n"
		       "  valise policy accept %s\n",
		    hex);
	for (size_t i = 0; i + 1 < all->num; i++)
		earlier += !all->list[i].accepted;
	if (earlier > 0)
		puts("what was done under one that is not accepted is"
		     " POLICY_UNKNOWN; to read and to accept it:\n"
		     "  valise policy show DIGEST\n"
		     "  valise policy accept DIGEST --at FIRST-ENTRY");
}

/* Show the accepted policy, how the daemon's differs, and the list of all. */
static bool
show(struct context *context, struct error *err)
{
	struct policy *pinned, *theirs;
	struct session session;
	char hex[DIGEST_HEX];
	bool ok = true;

	if (!context_load(context, err) ||
	    (pinned = policies_pinned(context, err)) == NULL ||
	    !session_open_behind(context, &session, err))
		return false;
	/* A policy that came by mail may have become the newest. */
	if ((pinned = policies_pinned(context, err)) == NULL ||
	    (theirs = session_policy(&session, &session.policy, err)) == NULL) {
		session_close(&session);
		return false;
	}
	if (context->json)
		ok = show_json(&session, pinned, err);
	else {
		tell_policy(pinned);
		if (!digest_eq(&theirs->digest, &pinned->digest)) {
			digest_hex(&theirs->digest, hex);
			printf(session.is_behind
				? "the last policy before that: %s\n"
				: "the daemon judges by another policy now:"
				  " %s\n",
			    hex);
			tell_changes(pinned, theirs);
		}
		tell_succession(context);
		tell_what_to_do(&session, theirs);
	}
	policy_free(theirs);
	session_close(&session);
	return ok;
}

/*
 * Show an entry of the list, and how its policy differs from the one before it.
 */
static bool
show_entry(struct session *session, const struct policy_entry *entry,
    const struct policy *one, json_t *entries, struct error *err)
{
	const struct succession *all = &session->context->succession;
	const uint64_t end = succession_end(all, entry);
	struct policy *before = NULL;
	char range[80];

	if (entry != all->list &&
	    (before = session_policy(session, &entry[-1].digest, err)) == NULL)
		return false;
	if (entries != NULL) {
		json_array_append_new(entries,
		    json_pack("{s:I, s:o, s:b, s:o}", "index",
			(json_int_t)entry->index, "until",
			end != SUCCESSION_NONE ? json_integer((json_int_t)end)
					       : json_null(),
			"accepted", entry->accepted, "changed",
			before != NULL ? json_of_changed_files(before, one)
				       : json_null()));
	} else {
		tell_range(all, entry, range);
		printf("%s: %s\n", range,
		    entry->accepted ? "accepted" : "not accepted");
		if (before != NULL)
			tell_changes(before, one);
	}
	policy_free(before);
	return true;
}

/* Show one policy of the list: what it allows, and each of its entries. */
static bool
show_one(struct context *context, const struct digest *digest,
    struct error *err)
{
	const struct succession *all = &context->succession;
	json_t *json = NULL, *entries = NULL;
	struct policy *one;
	struct session session;
	bool ok;

	if (!context_load(context, err) ||
	    !session_open_behind(context, &session, err))
		return false;
	ok = (one = session_policy(&session, digest, err)) != NULL;
	if (ok && context->json) {
		json = json_of_policy(one);
		entries = json_array();
		json_object_set(json, "entries", entries);
	} else if (ok) {
		tell_policy(one);
	}
	for (size_t i = 0; ok && i < all->num; i++)
		if (digest_eq(&all->list[i].digest, digest))
			ok = show_entry(&session, &all->list[i], one, entries,
			    err);
	if (ok && context->json)
		ok = output_json(json_incref(json), err);
	json_decref(json);
	json_decref(entries);
	policy_free(one);
	session_close(&session);
	return ok;
}

/* --- accept --- */

struct acceptance {
	const struct digest *digest;
	uint64_t index; /* SUCCESSION_NONE: the newest of its entries */
	bool or_await;  /* none of its entries need be known here */
};

static bool
no_entry(struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND,
	    "the journal has no such policy entry: see \"valise policy show\"");
}

/* A policies_changer that accepts. */
static bool
accept(struct succession *succession, void *arg, struct error *err)
{
	const struct acceptance *what = arg;
	const struct policy_entry *entry =
	    succession_find(succession, what->digest, what->index);

	if (entry == NULL && !what->or_await)
		return no_entry(err);
	if (entry != NULL &&
	    !succession_accept(succession, what->digest, entry->index))
		return false;
	/* Without a line a newer entry than those known may exist. */
	return !what->or_await ||
	    (entry != NULL && entry == succession_newest(succession)) ||
	    succession_await(succession, what->digest, err);
}

/* Print that a policy was accepted, and for which entries. */
static bool
tell_accepted(struct context *context, const struct acceptance *what,
    bool already, struct error *err)
{
	const struct succession *all = &context->succession;
	const struct policy_entry *entry =
	    succession_find(all, what->digest, what->index);
	char range[80] = "";

	if (entry != NULL)
		tell_range(all, entry, range);
	if (context->json)
		return output_json(json_pack("{s:o, s:o*, s:b}", "accepted",
				       json_of_digest(what->digest), "entry",
				       entry != NULL
					   ? json_integer(
						 (json_int_t)entry->index)
					   : NULL,
				       "already", already),
		    err);
	if (already)
		printf("this is the policy that you have accepted already, for"
		       " %s\n",
		    range);
	else if (entry != NULL)
		printf("accepted: it counts for you, for %s\n", range);
	else
		puts("accepted: it judges nothing until its entry in the"
		     " journal is seen, by the next\ncommand that connects");
	if (entry != NULL && entry != succession_newest(all))
		output_note("another policy is in force by now: see \"valise"
			    " policy show\"");
	return true;
}

/*
 * Ask whether a policy is to be accepted. Who names its digest, or its file, has
 * said yes.
 */
static bool
confirmed(const struct context *context, const struct digest *digest,
    bool said_yes, struct error *err)
{
	return confirm_ask(context, said_yes,
	    &(struct confirm){ .question = DIALOG("Accept it?"),
		.yes = DIALOG("Accept"),
		.refused = "not accepted",
		.title = DIALOG("the policy with this digest"),
		.digest = digest,
		.means = DIALOG("by it you judge from then on who may do what,"
				" and who may sign for whom") },
	    err);
}

/*
 * Accept a policy that the journal names, by the digest that was read. asks:
 * the digest is not by itself a yes.
 */
static bool
accept_named(struct context *context, struct session *session,
    struct acceptance *what, bool asks, struct error *err)
{
	const struct succession *all = &context->succession;
	const struct policy *pinned = policies_pinned(context, err), *one;
	const struct policy_entry *entry;

	if (pinned == NULL)
		return false;
	entry = succession_find(all, what->digest, what->index);
	if (entry == NULL)
		return no_entry(err);
	if (entry->accepted)
		return tell_accepted(context, what, true, err);
	if (!confirmed(context, what->digest, !asks, err) ||
	    !session_keep_policy(session, what->digest, err))
		return false;
	one = policies_find(context, what->digest);
	if (!context->json && one != NULL) {
		puts("accepting:");
		tell_changes(pinned, one);
	}
	return policies_change(context, accept, what, err) &&
	    tell_accepted(context, what, false, err) &&
	    session_go_on(session, err);
}

static bool
accept_digest(struct context *context, struct acceptance *what,
    struct error *err)
{
	struct session session;
	bool ok;

	if (!context_load(context, err) ||
	    !session_open_behind(context, &session, err))
		return false;
	ok = accept_named(context, &session, what, false, err);
	session_close(&session);
	return ok;
}

/*
 * Show the daemon's policy and ask. It may change any second, so a person has
 * to read it.
 */
static bool
accept_asked(struct context *context, struct error *err)
{
	struct policy *pinned, *theirs = NULL;
	struct acceptance what = { .index = SUCCESSION_NONE };
	struct session session;
	char hex[DIGEST_HEX];
	bool ok;

	if (!context_load(context, err) ||
	    !session_open_behind(context, &session, err))
		return false;
	digest_hex(&session.policy, hex);
	what.digest = &session.policy;
	ok = session_check_policy(&session, err);
	if (ok)
		ok = tell_accepted(context, &what, true, err);
	else if (!isatty(STDIN_FILENO))
		ok = error_set(err, ERROR_USAGE,
		    "say which: the daemon's is %s now. Read it with \"valise"
		    " policy show\", then \"valise policy accept DIGEST\"",
		    hex);
	else {
		*err = (struct error){ 0 };
		ok = (pinned = policies_pinned(context, err)) != NULL &&
		    (theirs = session_policy(&session, &session.policy, err)) !=
			NULL;
		if (ok) {
			printf("policy %s\n", hex);
			tell_changes(pinned, theirs);
			fflush(stdout);
		}
		ok = ok && accept_named(context, &session, &what, true, err);
	}
	policy_free(theirs);
	session_close(&session);
	return ok;
}

/*
 * Accept a policy that came by bag or mail. Nobody is asked, and no line is
 * needed.
 */
static bool
accept_file(struct context *context, const char *path, struct error *err)
{
	struct acceptance what = { .index = SUCCESSION_NONE, .or_await = true };
	const struct policy *pinned;
	struct policy *policy = NULL;
	char hex[DIGEST_HEX];
	bool ok;
	int fd;

	if (!context_load(context, err) ||
	    (pinned = policies_pinned(context, err)) == NULL ||
	    (fd = file_open(path, err)) < 0)
		return false;
	ok = ((policy = policies_read(fd, NULL, err)) != NULL &&
		 policies_keep(context, fd, &policy->digest, err)) ||
	    error_context(err, "%s", path);
	close(fd);
	if (ok && !context->json) {
		digest_hex(&policy->digest, hex);
		printf("policy %s\n", hex);
		tell_changes(pinned, policy);
	}
	if (ok) {
		what.digest = &policy->digest;
		ok = confirmed(context, what.digest, true, err) &&
		    policies_change(context, accept, &what, err) &&
		    tell_accepted(context, &what, false, err);
	}
	policy_free(policy);
	return ok;
}

/* --- save --- */

static bool
tell_saved(const struct context *context, const struct digest *digest,
    const char *path, struct error *err)
{
	char hex[DIGEST_HEX];

	output_aside(path);
	if (context->json)
		return output_json(json_pack("{s:s, s:o}", "file", path,
				       "policy", json_of_digest(digest)),
		    err);
	digest_hex(digest, hex);
	printf("policy %s is in %s: \"valise policy accept FILE\" takes it"
	       " without a line, once its digest was compared\n",
	    hex, path);
	return true;
}

/* Write the files as a container. The ZIP that is kept here would be larger. */
static bool
write_files(const struct container *files, int fd, struct error *err)
{
	struct container *copy = container_new(err);
	uint64_t size;
	bool ok = copy != NULL;

	for (size_t i = 0; ok && i < files->num; i++)
		ok = container_put(copy, files->members[i].path,
		    member_bytes(&files->members[i]), err);
	ok = ok && container_write(copy, fd, &size, err);
	container_free(copy);
	return ok;
}

/*
 * Save a policy as a file, for "policy accept FILE" at an office without a
 * line.
 */
static bool
save(struct context *context, const struct digest *digest, const char *path,
    struct outfile *output, struct error *err)
{
	struct session session;
	struct policy *policy;
	bool ok;

	if (!session_open_behind(context, &session, err))
		return false;
	policy = session_policy(&session, digest, err);
	session_close(&session);
	ok = policy != NULL && write_files(policy->files, output->fd, err);
	policy_free(policy);
	return ok && local_finish(output, path, err) &&
	    tell_saved(context, digest, path, err);
}

bool
cmd_policy_show(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct digest digest;

	if (given->num_operands == 0)
		return show(context, err);
	return take_digest(given->operands[0], &digest, err) &&
	    show_one(context, &digest, err);
}

bool
cmd_policy_accept(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct acceptance what = { .index = SUCCESSION_NONE };
	const char *at = options_value(given, OPTION_AT);
	struct digest digest;

	if (at != NULL && !span_to_u64(span_of_str(at), &what.index))
		return error_set(err, ERROR_USAGE,
		    "--at: expected the number of an entry, not \"%.40s\"", at);
	if (given->num_operands == 0 && at == NULL)
		return accept_asked(context, err);
	what.digest = &digest;
	if (given->num_operands == 1 &&
	    digest_parse(span_of_str(given->operands[0]), &digest))
		return accept_digest(context, &what, err);
	if (at != NULL)
		return error_set(err, ERROR_USAGE,
		    "--at goes with the DIGEST of a policy");
	return accept_file(context, given->operands[0], err);
}

bool
cmd_policy_save(struct context *context, const struct options_given *given,
    struct error *err)
{
	const char *path = given->operands[1];
	struct outfile output;
	struct digest digest;
	bool ok;

	if (!take_digest(given->operands[0], &digest, err) ||
	    !context_load(context, err) ||
	    !local_begin(context, path, NULL, &output, err))
		return false;
	ok = local_spare_file(&output, options_has(given, OPTION_FORCE), err) &&
	    save(context, &digest, path, &output, err);
	outfile_drop(&output);
	return ok;
}
