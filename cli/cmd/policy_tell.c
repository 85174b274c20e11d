/*
 * Telling what a policy allows, how two policies differ, and which ones the
 * journal had.
 */
#include "cli/cmd/policy_tell.h"

#include "base/time.h"
#include "cli/output.h"

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

void
tell_succession(const struct succession *succession)
{
	static const char *const heading[] = { "entries", "policy", "here" };
	struct table *table = table_new(3);

	if (table == NULL)
		return;
	table_add(table, heading);
	for (size_t i = 0; i < succession->num; i++) {
		const struct policy_entry *entry = &succession->list[i];
		const uint64_t end = succession_end(succession, entry);
		char range[48], hex[DIGEST_HEX];
		const char *const cells[] = { range, hex,
			entry->accepted ? "accepted" : "not accepted" };

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
json_of_succession(const struct succession *succession)
{
	json_t *all = json_array();

	for (size_t i = 0; i < succession->num; i++)
		json_array_append_new(all,
		    json_pack("{s:I, s:o, s:b}", "index",
			(json_int_t)succession->list[i].index, "digest",
			json_of_digest(&succession->list[i].digest), "accepted",
			succession->list[i].accepted));
	return all;
}

/* --- As JSON. --- */

static json_t *
json_of_offices(const struct policy *policy, const struct office_list *list)
{
	json_t *all = json_array();

	for (size_t i = 0; i < list->num; i++)
		json_array_append_new(all,
		    json_string(policy->offices[list->offices[i]].name));
	return all;
}

static json_t *
json_of_quorum(const struct quorum *quorum)
{
	json_t *all = json_object();

	for (size_t i = 0; i < quorum->num; i++)
		json_object_set_new(all, quorum->parties[i].party,
		    json_integer((json_int_t)quorum->parties[i].persons));
	return all;
}

static json_t *
json_of_powers(const struct policy *policy, const struct full_powers *one)
{
	char from[TIME_TEXT], until[TIME_TEXT];
	json_t *types = json_array();

	time_format_date(one->from_at, from);
	time_format_date(one->until_at - 1, until);
	for (size_t i = 0; i < policy->num_types; i++)
		if ((one->types >> i & 1) != 0)
			json_array_append_new(types,
			    json_string(policy->types[i].name));
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "person", one->person,
	    "party", one->party, "from", from, "until", until, "types", types);
}

json_t *
json_of_policy(const struct policy *policy)
{
	json_t *powers = json_array(), *types = json_array();

	for (size_t i = 0; i < policy->num_powers; i++)
		json_array_append_new(powers,
		    json_of_powers(policy, &policy->powers[i]));
	for (size_t i = 0; i < policy->num_types; i++) {
		const struct document_type *type = &policy->types[i];

		json_array_append_new(types,
		    json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "type",
			type->name, "title", type->title, "deposit",
			json_of_offices(policy, &type->deposit), "read",
			json_of_offices(policy, &type->read), "audit",
			json_of_offices(policy, &type->audit), "quorum",
			json_of_quorum(&type->quorum), "terminate",
			json_of_quorum(&type->terminate)));
	}
	return json_pack("{s:o, s:o, s:o}", "digest",
	    json_of_digest(&policy->digest), "full-powers", powers, "types",
	    types);
}

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
