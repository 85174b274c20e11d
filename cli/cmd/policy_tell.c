/*
 * Telling what a policy allows, how two policies differ, and which ones the
 * journal had.
 */
#include "cli/cmd/policy_tell.h"

#include "base/time.h"
#include "cli/output.h"
#include "record/json.h"

/*
 * Print lines that are in one file and not in the other. Files are small: each
 * line is searched for.
 */
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

/* True if a certificate is in that file. */
static bool
has_cert(struct span pem, const struct cert *cert)
{
	struct error ignored = { 0 };
	struct cert *one;
	bool there = false;

	while (!there && cert_take_pem(&pem, &one, &ignored) && one != NULL) {
		there = digest_eq(&one->fingerprint, &cert->fingerprint);
		cert_free(one);
	}
	return there;
}

/* As print_lines(), of certificates, as nobody reads base64. */
static bool
print_certs(const char *mark, struct span pem, struct span other)
{
	struct error ignored = { 0 };
	struct cert *cert;
	size_t num = 0;

	while (cert_take_pem(&pem, &cert, &ignored) && cert != NULL) {
		char hex[DIGEST_HEX], from[TIME_TEXT], until[TIME_TEXT];

		num++;
		if (!has_cert(other, cert)) {
			digest_hex(&cert->fingerprint, hex);
			time_format_date(cert->not_before_at, from);
			time_format_date(cert->not_after_at, until);
			printf("%scertificate of ", mark);
			output_text(cert->subject);
			printf(", %s to %s\n    SHA-256 %s\n", from, until,
			    hex);
		}
		cert_free(cert);
	}
	return num > 0;
}

static void
print_file(const char *mark, struct span text, struct span other)
{
	if (!print_certs(mark, text, other))
		print_lines(mark, text, other);
}

void
tell_changes(const struct policy *old, const struct policy *new)
{
	const struct span nothing = span_of(NULL, 0);

	for (size_t i = 0; i < old->files->num; i++) {
		const struct member *was = &old->files->members[i];
		const struct member *is = container_find(new->files, was->path);

		if (is != NULL && digest_eq(&is->sha256, &was->sha256))
			continue;
		printf("%s" POLICY_PREFIX "%s\n", is == NULL ? "removed " : "",
		    was->path);
		print_file("  - ", member_bytes(was),
		    is != NULL ? member_bytes(is) : nothing);
		if (is != NULL)
			print_file("  + ", member_bytes(is), member_bytes(was));
	}
	for (size_t i = 0; i < new->files->num; i++) {
		const struct member *is = &new->files->members[i];

		if (container_find(old->files, is->path) == NULL) {
			printf("added " POLICY_PREFIX "%s\n", is->path);
			print_file("  + ", member_bytes(is), nothing);
		}
	}
}

/*
 * True if the other policy lacks the file or, if differs is set, has another
 * one.
 */
static bool
is_changed(const struct member *one, const struct container *others,
    bool that_differ)
{
	const struct member *other = container_find(others, one->path);

	return other == NULL ||
	    (that_differ && !digest_eq(&one->sha256, &other->sha256));
}

static void
print_names(FILE *out, const struct container *files,
    const struct container *others, bool that_differ, unsigned *told)
{
	for (size_t i = 0; i < files->num; i++)
		if (is_changed(&files->members[i], others, that_differ))
			fprintf(out, "%s" POLICY_PREFIX "%s",
			    (*told)++ > 0 ? ", " : "", files->members[i].path);
}

void
tell_changed_files(FILE *out, const struct policy *old,
    const struct policy *new)
{
	unsigned told = 0;

	print_names(out, new->files, old->files, true, &told);
	print_names(out, old->files, new->files, false, &told);
	fputs(told == 0 ? "nothing\n" : "\n", out);
}

/* Print what a policy allows for a type of document. */
static void
tell_type(const struct policy *policy, const struct document_type *type)
{
	const struct office_list *const lists[] = { &type->deposit, &type->read,
		&type->audit };
	static const char *const names[] = { "deposit", "read", "audit" };

	printf("%s  ", type->name);
	output_text(type->title);
	putchar('\n');
	for (size_t j = 0; j < 3; j++) {
		printf("  %-8s", names[j]);
		for (size_t k = 0; k < lists[j]->num; k++)
			printf(" %s",
			    policy->offices[lists[j]->offices[k]].name);
		putchar('\n');
	}
	printf("  quorum  ");
	for (size_t j = 0; j < type->quorum.num; j++)
		printf(" %s: %u", type->quorum.parties[j].party,
		    type->quorum.parties[j].persons);
	putchar('\n');
}

void
tell_policy(const struct policy *policy)
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
	for (size_t i = 0; i < policy->num_types; i++)
		tell_type(policy, &policy->types[i]);
}

/* --- The list. --- */

void
tell_range(const struct succession *succession,
    const struct policy_entry *entry, char out[80])
{
	const uint64_t end = succession_end(succession, entry);

	if (end == SUCCESSION_NONE)
		snprintf(out, 80, "entry %llu and after",
		    (unsigned long long)entry->index);
	else
		snprintf(out, 80, "entries %llu to %llu",
		    (unsigned long long)entry->index,
		    (unsigned long long)end - 1);
}

void
tell_list_digest(const struct succession *succession, size_t num)
{
	const struct digest digest = succession_digest(succession, num);
	char label[48];

	snprintf(label, sizeof(label), "list of %zu polic%s  ", num,
	    num == 1 ? "y" : "ies");
	output_digest(label, &digest);
}

/* Whether an entry was accepted here, and when, if that is known. */
static void
tell_acceptance(const struct context *context, const struct policy_entry *entry,
    char out[64])
{
	char time[TIME_TEXT];
	int64_t at;

	if (!entry->accepted)
		snprintf(out, 64, "not accepted");
	else if (!policies_accepted_at(context, entry, &at))
		snprintf(out, 64, "accepted");
	else {
		time_format_at(at, time);
		snprintf(out, 64, "accepted %s", time);
	}
}

void
tell_succession(const struct context *context)
{
	static const char *const heading[] = { "entries", "policy", "here" };
	const struct succession *succession = &context->succession;
	struct table *table = table_new(3);

	if (table == NULL)
		return;
	table_add(table, heading);
	for (size_t i = 0; i < succession->num; i++) {
		const struct policy_entry *entry = &succession->list[i];
		const uint64_t end = succession_end(succession, entry);
		char range[48], hex[DIGEST_HEX], here[64];
		const char *const cells[] = { range, hex, here };

		tell_acceptance(context, entry, here);
		if (end == SUCCESSION_NONE)
			snprintf(range, sizeof(range), "%llu-",
			    (unsigned long long)entry->index);
		else
			snprintf(range, sizeof(range), "%llu-%llu",
			    (unsigned long long)entry->index,
			    (unsigned long long)end - 1);
		digest_hex(&entry->digest, hex);
		table_add(table, cells);
	}
	for (size_t i = 0; i < succession->num_awaited; i++) {
		char hex[DIGEST_HEX];
		const char *const cells[] = { "none yet", hex, "accepted" };

		digest_hex(&succession->awaited[i], hex);
		table_add(table, cells);
	}
	table_print(table);
	table_free(table);
	tell_list_digest(succession, succession->num);
}

json_t *
json_of_succession(const struct context *context)
{
	const struct succession *all = &context->succession;
	json_t *out = json_array();

	for (size_t i = 0; i < all->num; i++) {
		const struct policy_entry *entry = &all->list[i];
		int64_t at;

		json_array_append_new(out,
		    json_pack("{s:I, s:o, s:b, s:o}", "index",
			(json_int_t)entry->index, "digest",
			json_of_digest(&entry->digest), "accepted",
			entry->accepted, "accepted-at",
			policies_accepted_at(context, entry, &at)
			    ? json_of_ms(at * 1000)
			    : json_null()));
	}
	return out;
}

/* --- As JSON. --- */

static void
add_names(json_t *out, const struct container *files,
    const struct container *others, bool that_differ)
{
	for (size_t i = 0; i < files->num; i++)
		if (is_changed(&files->members[i], others, that_differ))
			json_array_append_new(out,
			    json_sprintf(POLICY_PREFIX "%s",
				files->members[i].path));
}

json_t *
json_of_changed_files(const struct policy *old, const struct policy *new)
{
	json_t *all = json_array();

	add_names(all, new->files, old->files, true);
	add_names(all, old->files, new->files, false);
	return all;
}
