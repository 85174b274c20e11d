/*
 * Which rows "valise list" shows (list.h): its options, checked by what there
 * is, and whether a row is meant.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/arguments.h"
#include "cli/cmd/list.h"
#include "client/policies.h"
#include "client/title.h"

/* --- Reading the options. --- */

/* A status that only an older version has. */
static bool
is_of_older(const char *status)
{
	return strcmp(status, status_name(STATUS_SUPERSEDED)) == 0 ||
	    strcmp(status, status_name(STATUS_WITHDRAWN)) == 0 ||
	    strcmp(status, status_name(STATUS_LAPSED)) == 0;
}

static bool
check_status(const struct list_filters *filters, struct error *err)
{
	const char *wanted = filters->status;
	bool known = wanted == NULL;

	for (enum status one = STATUS_DRAFT; !known && one <= STATUS_LAPSED;
	     one++)
		known = strcmp(wanted, status_name(one)) == 0;
	if (!known)
		return error_set(err, ERROR_USAGE,
		    "there is no status \"%.60s\": draft, \"signed in part\","
		    " \"in force\" or terminated; with --all-versions also"
		    " superseded, withdrawn or lapsed",
		    wanted);
	return wanted == NULL || filters->all_versions ||
	    !is_of_older(wanted) ||
	    error_set(err, ERROR_USAGE,
		"no document is %s, its older versions are: --all-versions"
		" lists these",
		wanted);
}

static bool
take_type(const struct options_given *given, struct list_filters *out,
    struct error *err)
{
	const char *const operand = given->operands[0];
	const char *const option = options_value(given, OPTION_TYPE);

	if (operand != NULL && option != NULL && strcmp(operand, option) != 0)
		return error_set(err, ERROR_USAGE,
		    "two types: %.60s, and --type %.60s", operand, option);
	out->type = option != NULL ? option : operand;
	return true;
}

static bool
take_words(const char *value, struct list_filters *out, struct error *err)
{
	out->search = value;
	return words_parse(span_of_str(value != NULL ? value : ""), &out->words,
	    err);
}

static bool
take_sort(const char *value, struct list_filters *out, struct error *err)
{
	out->sort = value;
	out->sorting = (struct sorting){ 0 };
	return value == NULL || sorting_parse(value, &out->sorting, err);
}

static bool
take_language(const char *value, struct list_filters *out, struct error *err)
{
	out->language = value;
	return value == NULL || text_is_language(span_of_str(value)) ||
	    error_set(err, ERROR_USAGE,
		"\"%.60s\" is no language: \"lo\", \"pt-br\"", value);
}

static bool
take_limit(const char *value, struct list_filters *out, struct error *err)
{
	uint64_t limit = 0;

	if (value != NULL &&
	    (!span_to_u64(span_of_str(value), &limit) || limit < 1 ||
		limit > UINT32_MAX))
		return error_set(err, ERROR_USAGE,
		    "\"%.60s\" is no number of documents", value);
	out->limit = (unsigned)limit;
	return true;
}

static bool
take_since(const char *value, struct list_filters *out, struct error *err)
{
	out->since = value;
	out->since_ms = INT64_MIN;
	return value == NULL ||
	    arguments_time_bound(value, false, &out->since_ms, err);
}

static bool
take_until(const char *value, struct list_filters *out, struct error *err)
{
	out->until = value;
	out->until_ms = INT64_MAX;
	return value == NULL ||
	    arguments_time_bound(value, true, &out->until_ms, err);
}

bool
list_filters_read(const struct options_given *given, struct list_filters *out,
    struct error *err)
{
	*out = (struct list_filters)LIST_FILTERS;
	out->status = options_value(given, OPTION_STATUS);
	out->office = options_value(given, OPTION_OFFICE);
	out->party = options_value(given, OPTION_PARTY);
	out->waits = options_has(given, OPTION_WAITS);
	out->all_versions = options_has(given, OPTION_ALL_VERSIONS);
	out->mine_first = options_has(given, OPTION_MINE_FIRST);
	out->cursor = options_value(given, OPTION_CURSOR);
	return take_type(given, out, err) &&
	    take_since(options_value(given, OPTION_SINCE), out, err) &&
	    take_until(options_value(given, OPTION_UNTIL), out, err) &&
	    (take_words(options_value(given, OPTION_SEARCH), out, err) ||
		error_context(err, "--search")) &&
	    take_language(options_value(given, OPTION_LANGUAGE), out, err) &&
	    take_sort(options_value(given, OPTION_SORT), out, err) &&
	    take_limit(options_value(given, OPTION_LIMIT), out, err) &&
	    (out->cursor == NULL || out->limit != 0 ||
		error_set(err, ERROR_USAGE, "--cursor needs --limit")) &&
	    (!out->mine_first || !out->all_versions ||
		error_set(err, ERROR_USAGE,
		    "--mine-first is by the newest versions, without"
		    " --all-versions")) &&
	    check_status(out, err);
}

/* --- What there is. --- */

/* The newest accepted policies first; NULL behind the last. */
static const struct policy *
accepted(struct context *context, size_t i)
{
	struct error ignored = { 0 };
	const struct succession *all = &context->succession;

	if (i == 0)
		return policies_pinned(context, &ignored);
	for (size_t at = all->num; at > 0; at--)
		if (all->list[at - 1].accepted && --i == 0)
			return policies_find(context,
			    &all->list[at - 1].digest);
	return NULL;
}

/* How many steps of accepted() there are: the pinned one comes twice. */
static size_t
num_accepted(const struct context *context)
{
	size_t num = 1;

	for (size_t i = 0; i < context->succession.num; i++)
		num += context->succession.list[i].accepted;
	return num;
}

/* An office by the newest accepted policy that has it, or NULL. */
static const struct office *
find_office(struct context *context, const char *name)
{
	const struct office *office = NULL;

	for (size_t i = 0; office == NULL && i < num_accepted(context); i++) {
		const struct policy *policy = accepted(context, i);

		office = policy != NULL ? policy_office(policy, name) : NULL;
	}
	return office;
}

static bool
has_party(struct context *context, const char *name)
{
	for (size_t i = 0; i < num_accepted(context); i++) {
		const struct policy *policy = accepted(context, i);

		for (size_t j = 0; policy != NULL && j < policy->num_parties;
		     j++)
			if (strcmp(policy->parties[j].name, name) == 0)
				return true;
	}
	return false;
}

/* Append a name to those that there are. */
static bool
add_name(struct buf *names, const char *name)
{
	struct error ignored = { 0 };

	return buf_printf(names, &ignored, "%s%s", names->len > 0 ? ", " : "",
	    name);
}

/* Refuse what is not there with the names that are; names is freed. */
static bool
is_none(const char *what, const char *wanted, struct buf *names,
    struct error *err)
{
	error_set(err, ERROR_USAGE, "there is no %s \"%.60s\": %.*s", what,
	    wanted, (int)names->len, (const char *)names->data);
	buf_free(names);
	return false;
}

/* More names than an error has room for are left out. */
enum { NAMES = 300 };

static bool
check_type(const struct policy *policy, const struct list_filters *filters,
    const char *dir, struct error *err)
{
	struct buf names = BUF(NAMES);
	char path[FILE_PATH];
	struct error ignored = { 0 };

	if (filters->type == NULL || policy_type(policy, filters->type) != NULL)
		return true;
	/* A copy may be of a type that there was. */
	if (dir != NULL && text_is_slug(span_of_str(filters->type)) &&
	    file_join(path, dir, filters->type, &ignored) && file_exists(path))
		return true;
	for (size_t i = 0; i < policy->num_types; i++)
		if (!add_name(&names, policy->types[i].name))
			break;
	return is_none("type", filters->type, &names, err);
}

bool
list_filters_check(struct context *context, const struct list_filters *filters,
    const char *dir, struct error *err)
{
	struct error ignored = { 0 };
	const struct policy *policy;
	struct buf names = BUF(NAMES);

	/* A policy is much to read: only where a name of it is to be found. */
	if (filters->type == NULL && filters->office == NULL &&
	    filters->party == NULL)
		return true;
	/* Without a policy nobody knows what there is. */
	if ((policy = policies_pinned(context, &ignored)) == NULL)
		return true;
	if (!check_type(policy, filters, dir, err))
		return false;
	if (filters->office != NULL &&
	    find_office(context, filters->office) == NULL) {
		for (size_t i = 0; i < policy->num_offices; i++)
			if (!add_name(&names, policy->offices[i].name))
				break;
		return is_none("office", filters->office, &names, err);
	}
	if (filters->party == NULL || has_party(context, filters->party))
		return true;
	for (size_t i = 0; i < policy->num_parties; i++)
		if (!add_name(&names, policy->parties[i].name))
			break;
	return is_none("party", filters->party, &names, err);
}

/* --- Is a row meant? --- */

bool
list_is_filtered(const struct list_filters *filters)
{
	return filters->type != NULL || filters->status != NULL ||
	    filters->since != NULL || filters->until != NULL ||
	    filters->office != NULL || filters->party != NULL ||
	    filters->language != NULL || filters->waits ||
	    filters->words.num > 0;
}

bool
list_is_within(const struct list_filters *filters, int64_t time_ms)
{
	return time_ms >= filters->since_ms && time_ms < filters->until_ms;
}

bool
list_has_status(const json_t *row, const char *status)
{
	return status == NULL ||
	    strcmp(status, json_text(row, "status")) == 0 ||
	    (strcmp(status, status_name(STATUS_IN_FORCE)) == 0 &&
		json_is_object(json_object_get(row, "in-force")));
}

bool
list_is_by(struct context *context, const struct list_filters *filters,
    const char *name)
{
	const struct office *office;

	if (filters->office != NULL && strcmp(filters->office, name) != 0)
		return false;
	if (filters->party == NULL)
		return true;
	office = find_office(context, name);
	return office != NULL && strcmp(office->party, filters->party) == 0;
}

/* Whole titles are much to make room for: only where words are looked for. */
static bool
has_words(const struct list_filters *filters, const json_t *row)
{
	struct buf scratch = BUF(SIZE_MAX);
	char titles[TITLE_TEXT];
	bool has;

	title_of_row(row, titles);
	has = words_match(&filters->words, json_text(row, "document"), titles,
	    &scratch);
	buf_free(&scratch);
	return has;
}

bool
list_has_words(const struct list_filters *filters, const json_t *row)
{
	return filters->words.num == 0 || has_words(filters, row);
}
