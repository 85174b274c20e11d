#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/commands.h"

struct listing {
	struct context *context;
	struct table *table;
	json_t *entries;
	uint64_t num;
	int64_t since_ms, until_ms;
};

/* What an entry is about, in a few words. */
static void
describe(const struct entry *entry, char out[512])
{
	char version[24] = "";

	if (entry_has(entry, ENTRY_VERSION))
		snprintf(version, sizeof(version), "@%llu",
		    (unsigned long long)entry->version);
	if (entry->act == ACT_REFUSE)
		snprintf(out, 512, "%s %s (%s)%s", entry->wanted,
		    entry->document, entry->rule,
		    entry_has(entry, ENTRY_TIMES) ? ", several times" : "");
	else if (entry_has(entry, ENTRY_DOCUMENT))
		snprintf(out, 512, "%s%s", entry->document, version);
	else if (entry->act == ACT_START)
		snprintf(out, 512, "%s", entry->software);
	else if (entry->act == ACT_POLICY) {
		char hex[DIGEST_HEX];
		size_t n = 0;

		digest_hex(&entry->policy, hex);
		snprintf(out, 512, "%.16s… ", hex);
		n = strlen(out);
		for (const char *c = entry->changed; *c != '\0' && n < 500;
		     c++)
			out[n++] = *c == '\n' ? ' ' : *c;
		out[n] = '\0';
	} else {
		out[0] = '\0';
	}
}

static bool
visit(void *arg, uint64_t index, const struct entry *entry, struct span line,
    struct error *err)
{
	struct listing *out = arg;
	char number[24], time[TIME_TEXT], about[512];
	const char *const cells[] = { number, time,
		entry_has(entry, ENTRY_OFFICE) ? entry->office : "-",
		entry_has(entry, ENTRY_PERSON) ? entry->person : "-",
		entry->act_name, about };

	if (entry->time_ms < out->since_ms || entry->time_ms >= out->until_ms)
		return true;
	out->num++;
	if (out->context->json) {
		json_t *json = json_loadb((const char *)line.data, line.len, 0,
		    NULL);

		json_array_append_new(out->entries,
		    json_pack("{s:I, s:o}", "index", (json_int_t)index,
			"entry", json));
		return true;
	}
	snprintf(number, sizeof(number), "%llu", (unsigned long long)index);
	time_format_at(entry->time_ms / 1000, time);
	describe(entry, about);
	return table_add(out->table, cells) || error_set_errno(err, "table");
}

static bool
print_listing(const struct listing *out, const struct session *session,
    struct error *err)
{
	if (out->context->json)
		return output_json(json_pack("{s:O, s:I, s:o}", "entries",
				       out->entries, "size",
				       (json_int_t)session->seen.size, "root",
				       json_of_digest(&session->seen.root)),
		    err);
	table_print(out->table);
	printf("%llu %s, each proved to be in the journal of size %llu\n",
	    (unsigned long long)out->num, out->num == 1 ? "entry" : "entries",
	    (unsigned long long)session->seen.size);
	return true;
}

static bool
list_entries(struct context *context, const char *filters, int64_t since_ms,
    int64_t until_ms, struct error *err)
{
	static const char *const heading[] = { "ENTRY", "TIME", "OFFICE",
		"PERSON", "ACT", "WHAT" };
	struct listing out = { .context = context,
		.since_ms = since_ms,
		.until_ms = until_ms };
	struct session session;
	bool ok;

	if (!session_open(context, &session, err))
		return false;
	out.table = table_new(6);
	out.entries = json_array();
	ok = out.table != NULL && table_add(out.table, heading) &&
	    session_entries(&session, filters, visit, &out, err) &&
	    print_listing(&out, &session, err);
	table_free(out.table);
	json_decref(out.entries);
	session_close(&session);
	return ok;
}

static bool
add_filter(struct buf *out, const char *key, const char *value,
    struct error *err)
{
	return buf_printf(out, err, "%s%s=", out->len > 0 ? "&" : "", key) &&
	    remote_encode(out, value, err);
}

static bool
parse_time(const char *text, int64_t *out_ms, struct error *err)
{
	int64_t at;

	if (!time_parse_date(span_of_str(text), &at) &&
	    !time_parse_at(span_of_str(text), &at))
		return error_set(err, ERROR_USAGE,
		    "\"%s\" is neither a date (2026-11-23) nor a time"
		    " (2026-11-23T10:00:00Z)", text);
	*out_ms = at * 1000;
	return true;
}

bool
cmd_log(struct context *context, int argc, char *argv[], struct error *err)
{
	static const struct option longs[] = {
		{ "document", required_argument, NULL, 'd' },
		{ "office", required_argument, NULL, 'o' },
		{ "person", required_argument, NULL, 'p' },
		{ "act", required_argument, NULL, 'a' },
		{ "since", required_argument, NULL, 's' },
		{ "until", required_argument, NULL, 'u' },
		{ NULL, 0, NULL, 0 },
	};
	int64_t since_ms = INT64_MIN, until_ms = INT64_MAX;
	struct buf filters = BUF(2048);
	bool ok = true;
	int c;

	while (ok && (c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'd':
			ok = document_name_check(span_of_str(optarg), err) &&
			    add_filter(&filters, "document", optarg, err);
			break;
		case 'o':
			ok = add_filter(&filters, "office", optarg, err);
			break;
		case 'p':
			ok = add_filter(&filters, "person", optarg, err);
			break;
		case 'a':
			ok = add_filter(&filters, "act", optarg, err);
			break;
		case 's':
			ok = parse_time(optarg, &since_ms, err);
			break;
		case 'u':
			ok = parse_time(optarg, &until_ms, err);
			break;
		default:
			ok = error_set(err, ERROR_USAGE,
			    "an unknown option (see --help)");
		}
	ok = ok && arguments(argc, optind, 0, 0, "no arguments", err) &&
	    buf_append_u8(&filters, 0, err) && context_load(context, err) &&
	    list_entries(context, (const char *)filters.data, since_ms,
		until_ms, err);
	buf_free(&filters);
	return ok;
}

bool
cmd_history(struct context *context, int argc, char *argv[],
    struct error *err)
{
	char document[DOCUMENT_NAME], filter[DOCUMENT_NAME + 16];
	unsigned version;

	if (getopt_long(argc, argv, "", (struct option[]){ { 0 } }, NULL) != -1)
		return error_set(err, ERROR_USAGE, "an unknown option");
	if (!arguments(argc, optind, 1, 1, "DOC", err) ||
	    !document_parse(argv[optind], document, &version, err))
		return false;
	snprintf(filter, sizeof(filter), "document=%s", document);
	return context_load(context, err) &&
	    list_entries(context, filter, INT64_MIN, INT64_MAX, err);
}
