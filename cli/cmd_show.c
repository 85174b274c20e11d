#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/commands.h"
#include "cli/local.h"

static const char *
text_of(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	return json_is_string(value) ? json_string_value(value) : "";
}

static void
print_groups(const char *label, const char *hex)
{
	struct digest digest;

	if (digest_parse(span_of_str(hex), &digest))
		output_digest(label, &digest);
}

/* One line of an act: who, and when. */
static void
print_act(const char *what, const json_t *act)
{
	printf("  %-13s", what);
	output_text(text_of(act, "person"));
	printf(" of %s, %s, entry %lld\n", text_of(act, "office"),
	    text_of(act, "time"),
	    json_integer_value(json_object_get(act, "entry")));
}

static void
print_version(const json_t *version)
{
	const json_t *signatures = json_object_get(version, "signatures");
	const json_t *withdrawn = json_object_get(version, "withdrawn");
	size_t i;
	const json_t *one;

	printf("version %lld, %s\n",
	    json_integer_value(json_object_get(version, "version")),
	    text_of(version, "status"));
	print_act("deposited by", version);
	json_array_foreach (signatures, i, one)
		print_act(strcmp(text_of(one, "act"), "terminate") == 0 ?
			"ended by" :
			"signed by",
		    one);
	if (json_is_object(withdrawn))
		print_act("withdrawn by", withdrawn);
	print_groups("  digest       ", text_of(version, "digest"));
}

static bool
show_document(struct context *context, json_t *json, unsigned only,
    struct error *err)
{
	json_t *versions = json_object_get(json, "versions"), *one;
	size_t i;
	bool found = only == 0;

	json_array_foreach (versions, i, one)
		found = found ||
		    json_integer_value(json_object_get(one, "version")) ==
			only;
	if (!found)
		return error_set(err, ERROR_NOT_FOUND, "%s has no version %u",
		    text_of(json, "document"), only);
	if (context->json)
		return output_json(json_incref(json), err);
	output_text(text_of(json, "document"));
	fputs("  ", stdout);
	output_text(text_of(json, "title"));
	putchar('\n');
	for (i = json_array_size(versions); i > 0; i--) {
		one = json_array_get(versions, i - 1);
		if (only == 0 ||
		    json_integer_value(json_object_get(one, "version")) ==
			only)
			print_version(one);
	}
	return true;
}

bool
cmd_show(struct context *context, int argc, char *argv[], struct error *err)
{
	char document[DOCUMENT_NAME], path[256], dir[FILE_PATH];
	struct session session;
	unsigned version;
	json_t *json = NULL;
	bool ok;

	if (getopt_long(argc, argv, "", (struct option[]){ { 0 } }, NULL) != -1)
		return error_set(err, ERROR_USAGE, "an unknown option");
	if (!arguments(argc, optind, 1, 1, "DOC[@N]", err) ||
	    !document_parse(argv[optind], document, &version, err) ||
	    !context_load(context, err))
		return false;
	if (context->local) {
		ok = local_dir(context, NULL, dir, err) &&
		    (json = local_document(context, dir, document, err)) !=
			NULL &&
		    show_document(context, json, version, err);
		json_decref(json);
		return ok;
	}
	if (!session_open(context, &session, err))
		return false;
	snprintf(path, sizeof(path), "/v1/documents/%s", document);
	ok = session_json(&session, path, &json, err) &&
	    show_document(context, json, version, err);
	json_decref(json);
	session_close(&session);
	return ok;
}

/* --- list --- */

struct filters {
	const char *type, *status, *since;
};

static bool
list_path(const struct filters *filters, const char *cursor, struct buf *out,
    struct error *err)
{
	const struct {
		const char *key, *value;
	} all[] = { { "type", filters->type }, { "status", filters->status },
		{ "since", filters->since }, { "cursor", cursor } };
	bool first = true, ok;

	ok = buf_append_str(out, "/v1/documents", err);
	for (size_t i = 0; ok && i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].value == NULL || all[i].value[0] == '\0')
			continue;
		ok = buf_printf(out, err, "%c%s=", first ? '?' : '&',
			 all[i].key) &&
		    remote_encode(out, all[i].value, err);
		first = false;
	}
	return ok && buf_append_u8(out, 0, err);
}

/* All pages as one list. */
static bool
gather(struct session *session, const struct filters *filters, json_t *all,
    struct error *err)
{
	char cursor[DOCUMENT_NAME] = "";

	do {
		struct buf path = BUF(2048);
		json_t *page = NULL;
		bool ok;

		ok = list_path(filters, cursor, &path, err) &&
		    session_json(session, (const char *)path.data, &page, err);
		buf_free(&path);
		if (ok)
			json_array_extend(all,
			    json_object_get(page, "documents"));
		/* A cursor that does not move on would never end. */
		if (ok && strcmp(text_of(page, "cursor"), cursor) <= 0 &&
		    text_of(page, "cursor")[0] != '\0')
			ok = error_set(err, ERROR_MALFORMED,
			    "the daemon's list goes round in circles");
		snprintf(cursor, sizeof(cursor), "%s",
		    ok ? text_of(page, "cursor") : "");
		json_decref(page);
		if (!ok)
			return false;
	} while (cursor[0] != '\0');
	return true;
}

bool
all_documents(struct session *session, json_t *all, struct error *err)
{
	const struct filters none = { NULL };

	return gather(session, &none, all, err);
}

static bool
print_list(struct context *context, json_t *all, struct error *err)
{
	static const char *const heading[] = { "DOCUMENT", "VERSION", "STATUS",
		"TITLE" };
	struct table *table;
	const json_t *one;
	size_t i;

	if (context->json)
		return output_json(json_pack("{s:O, s:n}", "documents", all,
				       "cursor"),
		    err);
	if (json_array_size(all) == 0) {
		puts("no documents that you may read");
		return true;
	}
	if ((table = table_new(4)) == NULL || !table_add(table, heading))
		return error_set_errno(err, "table");
	json_array_foreach (all, i, one) {
		char number[24];
		const char *const cells[] = { text_of(one, "document"), number,
			text_of(one, "status"), text_of(one, "title") };

		snprintf(number, sizeof(number), "%lld",
		    json_integer_value(json_object_get(one, "version")));
		if (!table_add(table, cells))
			break;
	}
	table_print(table);
	table_free(table);
	return true;
}

struct gathering {
	struct context *context;
	const char *dir;
	const struct filters *filters;
	json_t *all;
};

/* As the daemon lists it, of the newest version that is here. */
static bool
gather_local(void *arg, const char *document, struct error *err)
{
	struct gathering *to = arg;
	const char *status = to->filters->status;
	const char *since = to->filters->since;
	const json_t *newest;
	json_t *json = local_document(to->context, to->dir, document, err);
	size_t num;

	if (json == NULL)
		return false;
	num = json_array_size(json_object_get(json, "versions"));
	newest = json_array_get(json_object_get(json, "versions"), num - 1);
	if ((status == NULL || strcmp(status, text_of(json, "status")) == 0) &&
	    (since == NULL || strcmp(text_of(newest, "time"), since) >= 0))
		json_array_append_new(to->all,
		    json_pack("{s:s, s:s, s:O, s:s, s:s}", "document",
			document, "title", text_of(json, "title"), "version",
			json_object_get(newest, "version"), "status",
			text_of(json, "status"), "digest",
			text_of(newest, "digest")));
	json_decref(json);
	return true;
}

static bool
list_local(struct context *context, const struct filters *filters,
    json_t *all, struct error *err)
{
	char dir[FILE_PATH];
	struct gathering to = { .context = context,
		.dir = dir,
		.filters = filters,
		.all = all };

	return local_dir(context, NULL, dir, err) &&
	    local_each(dir, filters->type, gather_local, &to, err);
}

bool
cmd_list(struct context *context, int argc, char *argv[], struct error *err)
{
	static const struct option longs[] = {
		{ "status", required_argument, NULL, 's' },
		{ "since", required_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 },
	};
	struct filters filters = { NULL };
	struct session session;
	json_t *all;
	bool ok;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 's':
			filters.status = optarg;
			break;
		case 'd':
			filters.since = optarg;
			break;
		default:
			return error_set(err, ERROR_USAGE,
			    "an unknown option (see --help)");
		}
	if (!arguments(argc, optind, 0, 1, "[TYPE]", err) ||
	    !context_load(context, err))
		return false;
	filters.type = optind < argc ? argv[optind] : NULL;
	if (!context->local && !session_open(context, &session, err))
		return false;
	all = json_array();
	ok = (context->local ? list_local(context, &filters, all, err) :
			       gather(&session, &filters, all, err)) &&
	    print_list(context, all, err);
	json_decref(all);
	if (!context->local)
		session_close(&session);
	return ok;
}
