/*
 * valise kit: what one hands to somebody who has no office, in one ZIP: copies,
 * and all that it takes to verify them elsewhere.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/text.h"
#include "cli/cmd/fetch.h"
#include "cli/cmd/kit_check.h"
#include "cli/commands.h"
#include "cli/local/local.h"
#include "client/policies.h"

enum { README_BYTES = 256 * 1024 };

struct kit {
	struct context *context;
	const struct options_given *given;
	struct outfile output;
	struct zip_writer *zip;
	/* the CRC of the member that is being written */
	uint32_t crc;
	/* sets of revocation lists that are in it */
	struct digest *sets;
	size_t num_sets;
	struct buf list;    /* a line for each copy, for README.txt */
	struct buf signers; /* a line for each person who signed */
	bool is_old;        /* the enrolment lacks the policy of some act */
	json_t *copies;
};

/* --- Files of the ZIP. --- */

static bool
sink(void *arg, struct span bytes, struct error *err)
{
	struct kit *kit = arg;

	kit->crc = (uint32_t)crc32_z(kit->crc, bytes.data, (z_size_t)bytes.len);
	return zip_writer_sink(kit->zip, bytes, err);
}

/* Put a file into the kit as it is: what is in it is compressed already. */
static bool
add_fd(struct kit *kit, const char *path, int fd, struct error *err)
{
	struct zip_member member = { .deflated = false };
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_set_errno(err, "%s", path);
	text_set(member.path, sizeof(member.path), path);
	member.size = member.packed = (uint64_t)st.st_size;
	kit->crc = 0;
	return zip_writer_begin(kit->zip, &member, err) &&
	    file_stream(fd, 0, member.size, sink, kit, err) &&
	    zip_writer_set_crc(kit->zip, kit->crc, err);
}

static bool
add_bytes(struct kit *kit, const char *path, struct span bytes,
    struct error *err)
{
	struct zip_member member = { .size = bytes.len, .packed = bytes.len };

	text_set(member.path, sizeof(member.path), path);
	member.crc = (uint32_t)crc32_z(0, bytes.data, (z_size_t)bytes.len);
	return zip_writer_begin(kit->zip, &member, err) &&
	    zip_writer_sink(kit->zip, bytes, err);
}

/* Put a file of the state into the kit.  *there says whether it is kept. */
static bool
add_kept(struct kit *kit, const char *path, const char *folder,
    const struct digest *digest, bool *there, struct error *err)
{
	struct error why = { 0 };
	char file[FILE_PATH];
	bool ok;
	int fd;

	if (!context_digest_path(kit->context, folder, digest, ".zip", file,
		err))
		return false;
	*there = (fd = file_open(file, &why)) >= 0;
	if (!*there) {
		if (why.kind != ERROR_NOT_FOUND)
			*err = why;
		return why.kind == ERROR_NOT_FOUND;
	}
	ok = add_fd(kit, path, fd, err);
	close(fd);
	return ok;
}

/* --- What goes into it. --- */

static bool
is_new_set(struct kit *kit, const struct digest *digest, bool *is_new,
    struct error *err)
{
	struct digest *all;

	*is_new = true;
	for (size_t i = 0; i < kit->num_sets; i++)
		if (digest_eq(&kit->sets[i], digest))
			*is_new = false;
	if (!*is_new)
		return true;
	all = realloc(kit->sets, (kit->num_sets + 1) * sizeof(*all));
	if (all == NULL)
		return error_set_errno(err, "kit");
	kit->sets = all;
	kit->sets[kit->num_sets++] = *digest;
	return true;
}

/* Add the revocation lists by which the acts of a copy were judged. */
static bool
add_crls(struct kit *kit, const struct verdict *verdict, struct error *err)
{
	char path[LIMIT_PATH_BYTES + 1], hex[DIGEST_HEX];
	bool is_new, there;

	for (size_t i = 0; i < verdict->num_acts; i++) {
		const struct entry *entry = &verdict->acts[i].entry;

		if (!entry_has(entry, ENTRY_CRLS))
			continue;
		if (!is_new_set(kit, &entry->crls, &is_new, err))
			return false;
		digest_hex(&entry->crls, hex);
		snprintf(path, sizeof(path), "crls/%s.zip", hex);
		if (is_new &&
		    !add_kept(kit, path, "crls", &entry->crls, &there, err))
			return false;
	}
	return true;
}

/* Does the enrolment list the policy of each act? */
static bool
is_enrolled(const struct kit *kit, const struct verdict *verdict)
{
	const struct succession *told = &kit->context->enrolment.policies;

	for (size_t i = 0; i < verdict->num_acts; i++) {
		const struct entry *entry = &verdict->acts[i].entry;

		if (entry_has(entry, ENTRY_POLICY) &&
		    succession_find(told, &entry->policy, SUCCESSION_NONE) ==
			NULL)
			return false;
	}
	return true;
}

/* Note who signed a copy, for README.txt. */
static bool
add_signers(struct kit *kit, const struct verdict *verdict, struct error *err)
{
	for (size_t i = 0; i < verdict->num_signatures; i++) {
		const struct verdict_signature *one = &verdict->signatures[i];

		if (one->person[0] != '\0' &&
		    !buf_printf(&kit->signers, err, "      %s%s%s%s%s\n",
			one->person, one->office[0] != '\0' ? ", " : "",
			one->office[0] != '\0' ? one->office
					       : ", the depositary's seal",
			one->party[0] != '\0' ? ", of " : "", one->party))
			return false;
	}
	return true;
}

static bool
add_copy(struct kit *kit, const char *document, unsigned version,
    struct error *err)
{
	const struct version *it;
	char path[LIMIT_PATH_BYTES + 1], groups[80];
	struct copy copy;
	bool ok;

	ok = fetch_copy(kit->context, document, version, &copy, err);
	if (ok && copy.verdict.outcome != OUTCOME_VALID) {
		fetch_tell_findings(&copy.verdict);
		verdict_error(&copy.verdict, err);
		ok = error_context(err, "%s", document);
	}
	if (!ok) {
		copy_free(&copy);
		return false;
	}
	it = copy.verdict.version;
	kit->is_old = kit->is_old || !is_enrolled(kit, &copy.verdict);
	snprintf(path, sizeof(path), "copies/%.*s--%.*s-v%u.asice",
	    (int)(strchr(it->document, '/') - it->document), it->document,
	    LIMIT_SLUG_BYTES, strchr(it->document, '/') + 1, it->number);
	digest_groups(&copy.verdict.digest, groups);
	json_array_append_new(kit->copies,
	    json_of_verdict(path, &copy.verdict, &copy.as_of));
	ok = add_fd(kit, path, copy.fd, err) &&
	    add_crls(kit, &copy.verdict, err) &&
	    buf_printf(&kit->list, err,
		"  %s\n      %s@%u, %s: %s\n"
		"      version digest %.39s\n                     %s\n",
		path, it->document, it->number,
		status_name(copy.verdict.status), version_title(it, "en"),
		groups, groups + 40) &&
	    add_signers(kit, &copy.verdict, err);
	copy_free(&copy);
	return ok;
}

static bool
add_copies(struct kit *kit, struct error *err)
{
	char document[DOCUMENT_NAME];
	unsigned version;

	for (int i = 0; i < kit->given->num_operands; i++)
		if (!document_parse_which(kit->given->operands[i], document,
			&version, err) ||
		    !add_copy(kit, document, version, err))
			return false;
	return true;
}

/* Add each policy that this office accepted, once. */
static bool
add_policies(struct kit *kit, struct error *err)
{
	const struct succession *all = &kit->context->succession;
	char path[LIMIT_PATH_BYTES + 1], hex[DIGEST_HEX];

	for (size_t i = 0; i < all->num; i++) {
		const struct policy_entry *entry = &all->list[i];
		bool there;

		if (!entry->accepted ||
		    succession_find(all, &entry->digest, SUCCESSION_NONE) !=
			entry)
			continue;
		digest_hex(&entry->digest, hex);
		snprintf(path, sizeof(path), "policies/%s.zip", hex);
		if (!add_kept(kit, path, "policies", &entry->digest, &there,
			err))
			return false;
	}
	return true;
}

static bool
add_enrolment(struct kit *kit, struct error *err)
{
	char path[FILE_PATH];
	bool ok;
	int fd;

	if (!context_path(kit->context, "enrolment.yaml", path, err) ||
	    (fd = file_open(path, err)) < 0)
		return false;
	ok = add_fd(kit, "enrolment.yaml", fd, err);
	close(fd);
	return ok;
}

/* --- README.txt --- */

/* The parties of the policy, each with its telephone number if that was given. */
static bool
append_parties(struct kit *kit, struct buf *out, struct error *err)
{
	const struct policy *policy = policies_pinned(kit->context, err);

	if (policy == NULL)
		return false;
	for (size_t i = 0; i < policy->num_parties; i++) {
		const char *name = policy->parties[i].name;
		const size_t len = strlen(name);
		bool told = false;

		for (size_t k = 0; k < kit->given->num_options; k++) {
			const struct options_one *one = &kit->given->options[k];

			if (one->option->id != OPTION_TELEPHONE ||
			    strncmp(one->value, name, len) != 0 ||
			    one->value[len] != '=')
				continue;
			told = true;
			if (!buf_printf(out, err, "      %s: %s\n", name,
				one->value + len + 1))
				return false;
		}
		if (!told &&
		    !buf_printf(out, err,
			"      %s: look its number up yourself\n", name))
			return false;
	}
	return true;
}

/* Each --telephone must name a party of the policy. */
static bool
check_telephones(struct kit *kit, struct error *err)
{
	const struct policy *policy = policies_pinned(kit->context, err);

	if (policy == NULL)
		return false;
	for (size_t k = 0; k < kit->given->num_options; k++) {
		const struct options_one *one = &kit->given->options[k];
		bool found = false;

		if (one->option->id != OPTION_TELEPHONE)
			continue;
		for (size_t i = 0; i < policy->num_parties; i++) {
			const size_t len = strlen(policy->parties[i].name);

			found = found ||
			    (strncmp(one->value, policy->parties[i].name,
				 len) == 0 &&
				one->value[len] == '=');
		}
		if (!found)
			return error_set(err, ERROR_USAGE,
			    "--telephone %s: expected PARTY=NUMBER, with a"
			    " party of the policy (%s%s%s)",
			    one->value,
			    policy->num_parties > 0 ? policy->parties[0].name
						    : "",
			    policy->num_parties > 1 ? ", " : "",
			    policy->num_parties > 1 ? policy->parties[1].name
						    : "");
	}
	return true;
}

static bool
append_readme(struct kit *kit, struct buf *out, struct error *err)
{
	char groups[80];

	digest_groups(&kit->context->enrolment.fingerprint, groups);
	return buf_printf(out, err,
		   "READ THIS FIRST\n\n"
		   "What is in this kit can be checked, but not by what is in"
		   " it alone: whoever made\nit could have made all of it."
		   " One thing you must have from somebody other than who\ngave"
		   " you this kit, best from the other party: the fingerprint"
		   " of the enrolment,\n\n"
		   "  %.39s\n  %s\n\n"
		   "Ask for it by telephone, and compare all of it:\n\n",
		   groups, groups + 40) &&
	    append_parties(kit, out, err) &&
	    buf_append_str(out,
		"\nThen verify the copies, by Valise, with no network and no"
		" office:\n\n"
		"  valise verify copies --enrolment enrolment.yaml \\\n"
		"      --policy policies --crls crls\n\n"
		"Its first line has the fingerprint again; a copy is good if"
		" it says VALID, and its\nstatus is the one behind that."
		" INDETERMINATE means that something is missing here,\nand the"
		" line below it says what.\n\n"
		"Without Valise, check.sh checks signatures and texts with"
		" openssl, and needs the\ncertificates of the parties' CAs"
		" from them:\n\n"
		"  bash check.sh copies/FILE.asice CAS.pem\n\n"
		"The copies:\n\n",
		err) &&
	    buf_append(out, buf_span(&kit->list), err) &&
	    buf_append_str(out, "\nWho signed them:\n\n", err) &&
	    buf_append(out, buf_span(&kit->signers), err) &&
	    (!kit->is_old ||
		buf_append_str(out,
		    "\nThe enrolment in this kit is older than the policy by"
		    " which some of these acts were\njudged: \"valise verify\""
		    " will say INDETERMINATE. Ask the depositary, or the other"
		    "\nparty, for a newer enrolment.\n",
		    err));
}

static bool
add_texts(struct kit *kit, struct error *err)
{
	static const char check[] = KIT_CHECK;
	struct buf readme = BUF(README_BYTES);
	bool ok;

	ok = append_readme(kit, &readme, err) &&
	    add_bytes(kit, "README.txt", buf_span(&readme), err) &&
	    add_bytes(kit, "check.sh", span_of_str(check), err);
	buf_free(&readme);
	return ok;
}

/* --- The command. --- */

static bool
write_kit(struct kit *kit, struct error *err)
{
	uint64_t size;

	return add_copies(kit, err) && add_policies(kit, err) &&
	    add_enrolment(kit, err) && add_texts(kit, err) &&
	    zip_writer_end(kit->zip, &size, err);
}

static bool
report(const struct kit *kit, const char *path, struct error *err)
{
	char groups[80];

	if (kit->is_old)
		output_note("your enrolment is older than the policy of some"
			    " act: whoever gets the kit needs a newer one,"
			    " which \"valised enrolment\" prints");
	if (kit->context->json)
		return output_json(json_pack("{s:s, s:O, s:o}", "kit", path,
				       "copies", kit->copies, "fingerprint",
				       json_of_digest(&kit->context->enrolment
							   .fingerprint)),
		    err);
	digest_groups(&kit->context->enrolment.fingerprint, groups);
	printf("%s: %d %s, with the enrolment %.9s…, its policies and"
	       " revocation lists\nWhoever gets it has to get the fingerprint"
	       " from somebody else: README.txt says so first.\n",
	    path, kit->given->num_operands,
	    kit->given->num_operands == 1 ? "copy" : "copies", groups);
	return true;
}

bool
cmd_kit(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct kit kit = { .context = context,
		.given = given,
		.list = BUF(README_BYTES),
		.signers = BUF(README_BYTES),
		.copies = json_array() };
	const char *path = options_value(given, OPTION_OUTPUT);
	bool ok;

	ok = context_load(context, err) &&
	    local_begin(context, path, NULL, &kit.output, err);
	if (ok) {
		ok = local_spare_file(&kit.output,
			 options_has(given, OPTION_FORCE), err) &&
		    policies_load(context, err) &&
		    check_telephones(&kit, err) &&
		    (kit.zip = zip_writer_new(kit.output.fd, err)) != NULL &&
		    write_kit(&kit, err) &&
		    local_finish(&kit.output, path, err) &&
		    report(&kit, path, err);
		outfile_drop(&kit.output);
	}
	zip_writer_free(kit.zip);
	free(kit.sets);
	buf_free(&kit.list);
	buf_free(&kit.signers);
	json_decref(kit.copies);
	return ok;
}
