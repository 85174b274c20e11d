/*
 * What a version's version.yaml tells, what changed since the version before,
 * and who is still to sign (show.h).
 */
#include "cli/cmd/show.h"

#include <string.h>

#include "base/time.h"
#include "cli/output.h"
#include "client/policies.h"

/* --- Texts. --- */

static json_t *
json_of_file(const struct text_file *file, bool is_text)
{
	json_t *json = json_pack("{s:s, s:s, s:I, s:o}", "file", file->file,
	    "media", file->media, "size", (json_int_t)file->size, "sha256",
	    json_of_digest(&file->sha256));

	if (json != NULL && is_text) {
		json_object_set_new(json, "language",
		    json_string(file->language));
		json_object_set_new(json, "authentic",
		    json_boolean(file->authentic));
	}
	return json;
}

static json_t *
json_of_files(const struct text_file files[], size_t num, bool are_texts)
{
	json_t *all = json_array();

	for (size_t i = 0; i < num; i++)
		json_array_append_new(all, json_of_file(&files[i], are_texts));
	return all;
}

/* --- What changed. --- */

static const struct text_file *
find_file(const struct text_file files[], size_t num, const char *name)
{
	for (size_t i = 0; i < num; i++)
		if (strcmp(files[i].file, name) == 0)
			return &files[i];
	return NULL;
}

static bool
same_file(const struct text_file *a, const struct text_file *b)
{
	return digest_eq(&a->sha256, &b->sha256) &&
	    a->authentic == b->authentic;
}

static void
add_change(json_t *changes, const char *what, const char *which,
    const char *language, const char *change)
{
	json_array_append_new(changes,
	    json_pack("{s:s, s:s, s:s, s:s}", "what", what, "name", which,
		"language", language, "change", change));
}

static void
add_files(json_t *changes, const char *what, const struct text_file now[],
    size_t num_now, const struct text_file before[], size_t num_before)
{
	for (size_t i = 0; i < num_now; i++) {
		const struct text_file *old =
		    find_file(before, num_before, now[i].file);

		if (old == NULL || !same_file(old, &now[i]))
			add_change(changes, what, now[i].file, now[i].language,
			    old == NULL ? "added" : "changed");
	}
	for (size_t i = 0; i < num_before; i++)
		if (find_file(now, num_now, before[i].file) == NULL)
			add_change(changes, what, before[i].file,
			    before[i].language, "removed");
}

static const struct title *
find_title(const struct version *version, const char *language)
{
	for (size_t i = 0; i < version->num_titles; i++)
		if (strcmp(version->titles[i].language, language) == 0)
			return &version->titles[i];
	return NULL;
}

static void
add_titles(json_t *changes, const struct version *now,
    const struct version *before)
{
	for (size_t i = 0; i < now->num_titles; i++) {
		const struct title *one = &now->titles[i];
		const struct title *old = find_title(before, one->language);

		if (old == NULL || strcmp(old->text, one->text) != 0)
			add_change(changes, "title", one->text, one->language,
			    old == NULL ? "added" : "changed");
	}
	for (size_t i = 0; i < before->num_titles; i++)
		if (find_title(now, before->titles[i].language) == NULL)
			add_change(changes, "title", before->titles[i].text,
			    before->titles[i].language, "removed");
}

static json_t *
json_of_changes(const struct version *now, const struct version *before)
{
	json_t *changes = json_array();

	add_titles(changes, now, before);
	add_files(changes, "text", now->texts, now->num_texts, before->texts,
	    before->num_texts);
	add_files(changes, "annex", now->annexes, now->num_annexes,
	    before->annexes, before->num_annexes);
	return changes;
}

void
show_describe(json_t *json, const struct version *version,
    const struct version *before)
{
	json_t *titles = json_object();

	for (size_t i = 0; i < version->num_titles; i++)
		json_object_set_new(titles, version->titles[i].language,
		    json_string(version->titles[i].text));
	json_object_set_new(json, "titles", titles);
	json_object_set_new(json, "note", json_string(version->note));
	json_object_set_new(json, "texts",
	    json_of_files(version->texts, version->num_texts, true));
	json_object_set_new(json, "annexes",
	    json_of_files(version->annexes, version->num_annexes, false));
	if (before != NULL)
		json_object_set_new(json, "changed",
		    json_pack("{s:i, s:o}", "since", (int)before->number,
			"changes", json_of_changes(version, before)));
}

/* --- Who is still to sign. --- */

/* act: "sign", or "terminate" of what is to end */
static bool
has_signed(const json_t *version, const char *act, const char *person)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(version, "signatures"), i, one)
		if (strcmp(json_text(one, "act"), act) == 0 &&
		    strcmp(json_text(one, "person"), person) == 0)
			return true;
	return false;
}

/* Did an earlier act of the same kind count this person already? */
static bool
is_first_of(const json_t *signatures, size_t at)
{
	const json_t *it = json_array_get(signatures, at);

	for (size_t i = 0; i < at; i++) {
		const json_t *one = json_array_get(signatures, i);

		if (strcmp(json_text(one, "act"), json_text(it, "act")) == 0 &&
		    strcmp(json_text(one, "person"), json_text(it, "person")) ==
			0)
			return false;
	}
	return true;
}

/* How many persons of a party have signed. */
static unsigned
num_of_party(const struct policy *policy, const json_t *version,
    const char *act, const char *party)
{
	const json_t *signatures = json_object_get(version, "signatures"), *one;
	unsigned num = 0;
	size_t i;

	json_array_foreach (signatures, i, one) {
		const struct office *office =
		    policy_office(policy, json_text(one, "office"));

		num += strcmp(json_text(one, "act"), act) == 0 &&
		    office != NULL && strcmp(office->party, party) == 0 &&
		    is_first_of(signatures, i);
	}
	return num;
}

/* The persons of a party who have full powers now, and have not signed. */
static json_t *
json_of_persons(const struct policy *policy, const struct document_type *type,
    const json_t *version, const char *act, const char *party)
{
	const int64_t now = time_now_ms() / 1000;
	json_t *persons = json_array();

	for (size_t i = 0; i < policy->num_powers; i++) {
		const struct full_powers *one = &policy->powers[i];

		if (strcmp(one->party, party) == 0 &&
		    (one->types >> (type - policy->types) & 1) != 0 &&
		    now >= one->from_at && now < one->until_at &&
		    !has_signed(version, act, one->person))
			json_array_append_new(persons,
			    json_string(one->person));
	}
	return persons;
}

/* What is to be signed: "sign", "terminate" once somebody has, or NULL. */
static const char *
act_awaited(const json_t *version)
{
	const char *status = json_text(version, "status");
	const json_t *one;
	size_t i;

	if (strcmp(status, status_name(STATUS_DRAFT)) == 0 ||
	    strcmp(status, status_name(STATUS_SIGNED_IN_PART)) == 0)
		return "sign";
	if (strcmp(status, status_name(STATUS_IN_FORCE)) != 0)
		return NULL;
	json_array_foreach (json_object_get(version, "signatures"), i, one)
		if (strcmp(json_text(one, "act"), "terminate") == 0)
			return "terminate";
	return NULL;
}

void
show_add_signatories(struct context *context, const char *document,
    json_t *json)
{
	const char *act = act_awaited(json);
	struct error ignored = { 0 };
	const struct policy *policy = policies_pinned(context, &ignored);
	const struct document_type *type;
	const struct quorum *quorum;
	char name[LIMIT_SLUG_BYTES + 1];
	json_t *missing;

	document_type(document, name);
	type = policy != NULL ? policy_type(policy, name) : NULL;
	if (type == NULL || act == NULL)
		return;
	quorum = policy_quorum_of(type,
	    strcmp(act, "terminate") == 0 ? SIGNING_TERMINATION
					  : SIGNING_APPROVAL);
	missing = json_array();
	for (size_t i = 0; i < quorum->num; i++) {
		const char *party = quorum->parties[i].party;
		const unsigned due = quorum->parties[i].persons;
		const unsigned has = num_of_party(policy, json, act, party);

		if (has < due)
			json_array_append_new(missing,
			    json_pack("{s:s, s:i, s:o}", "party", party,
				"persons", (int)(due - has), "who",
				json_of_persons(policy, type, json, act,
				    party)));
	}
	json_object_set_new(json, "to-sign", missing);
}

/* --- Printing. --- */

static void
print_files(const char *what, const json_t *files)
{
	const json_t *one;
	size_t i;

	json_array_foreach (files, i, one) {
		const char *language = json_text(one, "language");
		char label[LIMIT_LANGUAGE_BYTES + 16];

		snprintf(label, sizeof(label),
		    language[0] != '\0' ? "%s (%s)" : "%s%s", what, language);
		printf("  %-12s ", label);
		output_text(json_text(one, "file"));
		printf(", %lld bytes%s\n%15s%s\n",
		    json_integer_value(json_object_get(one, "size")),
		    json_is_true(json_object_get(one, "authentic"))
			? ", authentic"
			: "",
		    "", json_text(one, "sha256"));
	}
}

static void
print_changes(const json_t *changed)
{
	const json_t *changes = json_object_get(changed, "changes"), *one;
	char label[24];
	size_t i;

	snprintf(label, sizeof(label), "since %lld",
	    json_integer_value(json_object_get(changed, "since")));
	if (json_is_object(changed) && json_array_size(changes) == 0)
		printf("  %-12s titles, texts and annexes are the same\n",
		    label);
	json_array_foreach (changes, i, one) {
		const char *language = json_text(one, "language");

		printf("  %-12s %s ", label, json_text(one, "what"));
		if (language[0] != '\0')
			printf("(%s) ", language);
		output_text(json_text(one, "name"));
		printf(": %s\n", json_text(one, "change"));
	}
}

static void
print_signatories(const char *what, const json_t *missing)
{
	const json_t *party, *person;
	size_t i, j;

	json_array_foreach (missing, i, party) {
		const json_t *who = json_object_get(party, "who");

		printf("  %-12s %lld of %s: ", what,
		    json_integer_value(json_object_get(party, "persons")),
		    json_text(party, "party"));
		json_array_foreach (who, j, person) {
			fputs(j > 0 ? ", " : "", stdout);
			output_text(json_string_value(person));
		}
		puts(json_array_size(who) == 0 ? "nobody has full powers for it"
					       : "");
	}
}

void
show_print(const json_t *json)
{
	json_t *titles = json_object_get(json, "titles"), *title;
	const char *language;

	json_object_foreach (titles, language, title) {
		char label[LIMIT_LANGUAGE_BYTES + 16];

		snprintf(label, sizeof(label), "title (%s)", language);
		printf("  %-12s ", label);
		output_text(json_string_value(title));
		putchar('\n');
	}
	if (json_text(json, "note")[0] != '\0') {
		printf("  %-12s ", "note");
		output_text(json_text(json, "note"));
		putchar('\n');
	}
	print_files("text", json_object_get(json, "texts"));
	print_files("annex", json_object_get(json, "annexes"));
	print_changes(json_object_get(json, "changed"));
	print_signatories(strcmp(json_text(json, "status"),
			      status_name(STATUS_IN_FORCE)) == 0
		? "to end"
		: "to sign",
	    json_object_get(json, "to-sign"));
}
