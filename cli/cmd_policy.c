#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/commands.h"

/* --- check --- */

static bool
check(struct context *context, const char *dir, struct error *err)
{
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
	if (context->json)
		ok = output_json(json_pack("{s:i, s:i, s:s, s:O}", "errors",
				     (int)complaints.num_errors, "warnings",
				     (int)complaints.num_warnings, "digest",
				     hex, "messages", lines),
			 err) &&
		    ok;
	else if (ok)
		printf("%s: good, %u warnings, %zu offices, %zu types\n"
		       "policy %s\n", dir, complaints.num_warnings,
		    policy->num_offices, policy->num_types, hex);
	else if (complaints.num_errors > 0)
		error_set(err, ERROR_MALFORMED, "%s: %u mistakes", dir,
		    complaints.num_errors);
	json_decref(lines);
	complaints_free(&complaints);
	policy_free(policy);
	return ok;
}

/* --- show --- */

/* Line by line what went and what came; files are small. */
static void
print_lines(const char *mark, struct span text, struct span other)
{
	struct span line;

	while (span_take_line(&text, &line)) {
		struct span rest = other, one;
		bool there = false;

		while (!there && span_take_line(&rest, &one))
			there = span_eq(line, one);
		if (!there) {
			char shown[400];

			snprintf(shown, sizeof(shown), "%.*s", (int)line.len,
			    (const char *)line.data);
			fputs(mark, stdout);
			output_text(shown);
			putchar('\n');
		}
	}
}

static void
print_changes(const struct policy *old, const struct policy *new)
{
	const struct span nothing = span_of(NULL, 0);

	for (size_t i = 0; i < old->files->num; i++) {
		const struct member *was = &old->files->members[i];
		const struct member *is = container_find(new->files,
		    was->path);

		if (is != NULL && digest_eq(&is->sha256, &was->sha256))
			continue;
		printf("%s" POLICY_PREFIX "%s\n", is == NULL ? "removed " : "",
		    was->path);
		print_lines("  - ", member_bytes(was),
		    is != NULL ? member_bytes(is) : nothing);
		if (is != NULL)
			print_lines("  + ", member_bytes(is),
			    member_bytes(was));
	}
	for (size_t i = 0; i < new->files->num; i++) {
		const struct member *is = &new->files->members[i];

		if (container_find(old->files, is->path) == NULL) {
			printf("added " POLICY_PREFIX "%s\n", is->path);
			print_lines("  + ", member_bytes(is), nothing);
		}
	}
}

/* The daemon's policy, read but not accepted. */
static struct policy *
load_theirs(struct session *session, struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	struct container *files;
	struct policy *policy = NULL;
	char path[128], hex[DIGEST_HEX];
	int fd;

	digest_hex(&session->policy, hex);
	snprintf(path, sizeof(path), "/v1/policy/%s", hex);
	if ((fd = session_download(session, path, err)) < 0)
		return NULL;
	if ((files = container_read_files(fd, err)) != NULL)
		policy = policy_load(files, time_now_ms() / 1000, &complaints,
		    err);
	complaints_free(&complaints);
	close(fd);
	if (policy != NULL && !digest_eq(&policy->digest, &session->policy)) {
		error_set(err, ERROR_UNTRUSTED,
		    "the daemon sent another policy than it names");
		policy_free(policy);
		policy = NULL;
	}
	return policy;
}

static void
print_policy(const struct policy *policy)
{
	char hex[DIGEST_HEX], from[TIME_TEXT], until[TIME_TEXT];

	digest_hex(&policy->digest, hex);
	printf("policy %s\n", hex);
	for (size_t i = 0; i < policy->num_powers; i++) {
		const struct full_powers *one = &policy->powers[i];

		time_format_date(one->from_at, from);
		time_format_date(one->until_at - 1, until);
		printf("full powers  %s for %s, %s to %s:", one->person,
		    one->party, from, until);
		for (size_t j = 0; j < policy->num_types; j++)
			if ((one->types >> j & 1) != 0)
				printf(" %s", policy->types[j].name);
		putchar('\n');
	}
	for (size_t i = 0; i < policy->num_types; i++) {
		const struct document_type *type = &policy->types[i];
		const struct office_list *const lists[] = { &type->deposit,
			&type->read, &type->audit };
		static const char *const names[] = { "deposit", "read",
			"audit" };

		printf("%s  ", type->name);
		output_text(type->title);
		putchar('\n');
		for (size_t j = 0; j < 3; j++) {
			printf("  %-8s", names[j]);
			for (size_t k = 0; k < lists[j]->num; k++)
				printf(" %s",
				    policy->offices[lists[j]->offices[k]]
					.name);
			putchar('\n');
		}
		printf("  quorum  ");
		for (size_t j = 0; j < type->quorum.num; j++)
			printf(" %s: %u", type->quorum.parties[j].party,
			    type->quorum.parties[j].persons);
		putchar('\n');
	}
}

static bool
show(struct context *context, bool accept, struct error *err)
{
	struct policy *pinned, *theirs;
	struct session session;
	bool same, ok = true;

	if (!context_load(context, err) ||
	    (pinned = context_pinned(context, err)) == NULL ||
	    !session_open(context, &session, err))
		return false;
	theirs = load_theirs(&session, err);
	if (theirs == NULL) {
		session_close(&session);
		return false;
	}
	same = digest_eq(&theirs->digest, &pinned->digest);
	if (!context->json && !accept)
		print_policy(pinned);
	if (!context->json && !same) {
		puts(accept ? "accepting:" :
			      "the daemon judges by another policy now:");
		print_changes(pinned, theirs);
	}
	if (accept && !same)
		ok = session_accept_policy(&session, &theirs->digest, err) &&
		    context_pin(context, &theirs->digest, session.seen.size,
			err);
	if (ok && context->json)
		ok = output_json(
		    json_pack("{s:o, s:o, s:b}", "accepted",
			json_of_digest(accept ? &theirs->digest :
						&pinned->digest),
			"daemon", json_of_digest(&theirs->digest), "same",
			same || accept),
		    err);
	else if (ok && accept)
		puts(same ? "this is the policy that you have accepted"
			    " already" :
			    "accepted: it counts for you from now on");
	policy_free(theirs);
	session_close(&session);
	return ok;
}

bool
cmd_policy(struct context *context, int argc, char *argv[], struct error *err)
{
	if (argc == 3 && strcmp(argv[1], "check") == 0)
		return check(context, argv[2], err);
	if (argc == 2 && strcmp(argv[1], "show") == 0)
		return show(context, false, err);
	if (argc == 2 && strcmp(argv[1], "accept") == 0)
		return show(context, true, err);
	return error_set(err, ERROR_USAGE,
	    "expected \"check DIR\", \"show\" or \"accept\" (see --help)");
}
