/*
 * valise log and valise history: the journal's entries, or the acts on a
 * document, as a table, CSV or JSON.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/cmd/effects.h"
#include "cli/cmd/log_newest.h"
#include "cli/commands.h"
#include "cli/local/local.h"
#include "client/acts.h"
#include "record/audit.h"

enum form { FORM_TABLE, FORM_CSV, FORM_JSON };

struct listing {
	struct context *context;
	struct entry_filter filter;
	uint64_t last_act; /* the last index that was shown, plus 1; 0: none */
	enum form form;
	bool follow;
	int64_t since_ms, until_ms;
	/* the table; NULL: lines are printed as they come */
	struct table *table;
	json_t *entries;     /* the array for JSON; NULL: the same */
	uint64_t num, next;  /* next is the first index that was not seen yet */
	struct sight sight;  /* what this office may see */
	struct audit *check; /* the check of the entries' order, or NULL */
	struct error wrong;  /* what the check found first */
	/* what each act of a history changed, or NULL */
	struct effects *effects;
	bool counts; /* a "deliveries" entry was shown */
	/* --newest, 0: all; of those before an index */
	uint64_t newest, before;
	uint64_t from; /* from here on all were asked for */
};

/* Print a finding. The first one becomes the command's error. */
static void
report(void *arg, const struct audit_finding *finding)
{
	struct listing *out = arg;

	output_note("%s, entry %llu: %s", finding->code,
	    (unsigned long long)finding->index, finding->text);
	if (out->wrong.kind == ERROR_NONE)
		error_set_code(&out->wrong, ERROR_UNTRUSTED, finding->code,
		    "entry %llu: %s", (unsigned long long)finding->index,
		    finding->text);
}

/* Compare each entry that is listed, as verdict/fields.h says for a log. */
static bool
begin_check(struct listing *out, struct error *err)
{
	const struct entry_filter *filter = &out->filter;
	struct policy *policy = policies_pinned(out->context, err);
	struct audit_settings settings = { .by = FIELD_LOG,
		.filtered = filter->office != NULL || filter->person != NULL ||
		    filter->from > 0 || out->newest > 0 ||
		    (filter->act != NULL &&
			strcmp(filter->act, FILTER_DOCUMENTS) != 0),
		.sight = &out->sight,
		.report = report,
		.arg = out };
	const struct office *office;
	struct cert *cert;

	office = policy == NULL
	    ? NULL
	    : policies_own_office(out->context, policy, &cert, err);
	if (office == NULL)
		return false;
	cert_free(cert);
	out->sight = sight_of(policy, office);
	out->check = audit_new(&settings, err);
	return out->check != NULL;
}

void
describe_entry(const struct entry *entry, char out[512])
{
	char version[24] = "", hex[DIGEST_HEX];

	if (entry_has(entry, ENTRY_VERSION))
		snprintf(version, sizeof(version), "@%llu",
		    (unsigned long long)entry->version);
	if (entry->act == ACT_REFUSE)
		snprintf(out, 512, "%s %s (%s)%s", entry->wanted,
		    entry->document, entry->rule,
		    entry_has(entry, ENTRY_TIMES) ? ", several times" : "");
	else if (entry->act == ACT_DELIVERIES)
		snprintf(out, 512, "%s%s, %llu time%s more under entry %llu",
		    entry->document, version, (unsigned long long)entry->times,
		    entry->times == 1 ? "" : "s",
		    (unsigned long long)entry->prior);
	else if (entry_has(entry, ENTRY_DOCUMENT))
		snprintf(out, 512, "%s%s", entry->document, version);
	else if (entry->act == ACT_DISPATCH || entry->act == ACT_ACKNOWLEDGE)
		snprintf(out, 512, "bag %llu, %s %s",
		    (unsigned long long)entry->number,
		    entry->act == ACT_DISPATCH ? "to" : "from", entry->to);
	else if (entry->act == ACT_START)
		text_set(out, 512, entry->software);
	else if (entry->act == ACT_KEY)
		snprintf(out, 512, "%s follows", entry->key);
	else if (entry->act == ACT_CRL) {
		digest_hex(&entry->crls, hex);
		snprintf(out, 512, "%.16s…", hex);
	} else if (entry->act == ACT_POLICY) {
		size_t n;

		digest_hex(&entry->policy, hex);
		n = (size_t)snprintf(out, 512, "%.16s…", hex);
		if (entry->changed[0] != '\0' && n < 500)
			out[n++] = ' ';
		for (const char *c = entry->changed; *c != '\0' && n < 500; c++)
			if (*c != '\n' || c[1] != '\0')
				out[n++] = *c == '\n' ? ' ' : *c;
		out[n] = '\0';
	} else {
		out[0] = '\0';
	}
}

/* Print a field of CSV, quoted where RFC 4180, section 2, needs it. */
static void
put_csv(const char *text, bool last)
{
	const bool quoted = strpbrk(text, ",\"\r\n") != NULL;

	if (quoted)
		putchar('"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	if (quoted)
		putchar('"');
	fputs(last ? "\r\n" : ",", stdout);
}

static void
put_csv_line(const char *const cells[6], const struct entry *entry)
{
	char version[24] = "";

	if (entry_has(entry, ENTRY_VERSION))
		snprintf(version, sizeof(version), "%llu",
		    (unsigned long long)entry->version);
	for (size_t i = 0; i < 5; i++)
		put_csv(strcmp(cells[i], "-") == 0 ? "" : cells[i], false);
	put_csv(entry_has(entry, ENTRY_DOCUMENT) ? entry->document : "", false);
	put_csv(version, false);
	put_csv(cells[5], true);
}

/*
 * When lines are printed one by one, no table can be measured: use widths that
 * suit most.
 */
static void
put_line(const char *const cells[6])
{
	static const int widths[] = { 7, 20, 14, 28, 9 };

	for (size_t i = 0; i < 5; i++)
		printf("%-*s  ", widths[i], cells[i]);
	output_text(cells[5]);
	putchar('\n');
}

static bool
put_json(struct listing *out, uint64_t index, struct span line,
    struct error *err)
{
	json_t *json = json_pack("{s:I, s:o}", "index", (json_int_t)index,
	    "entry", json_loadb((const char *)line.data, line.len, 0, NULL));

	if (out->follow)
		return output_json(json, err);
	return json_array_append_new(out->entries, json) == 0 ||
	    error_set_errno(err, "JSON");
}

/* Check that all acts which were proved of the document before are there. */
static bool
check_kept(const struct listing *out, const struct session *session,
    struct error *err)
{
	const struct entry_filter *filter = &out->filter;
	struct document_acts kept;
	uint64_t last;
	bool ok;

	if (filter->document == NULL || filter->office != NULL ||
	    filter->person != NULL || filter->act != NULL ||
	    !sight_reads(&out->sight, filter->document))
		return true;
	acts_load(out->context, filter->document, &kept);
	last = kept.num > 0 ? kept.list[kept.num - 1].index : 0;
	ok = kept.num == 0 || kept.size > session->seen.size ||
	    out->last_act > last ||
	    error_set_code(err, ERROR_UNTRUSTED, ENTRY_WITHHELD,
		"the daemon does not show entry %llu on %s any more",
		(unsigned long long)last, filter->document);
	acts_free(&kept);
	return ok;
}

/* An entry_visitor: check an entry and print it. */
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

	if (ferror(stdout) && !output_flush(err))
		return false;
	if (out->check != NULL && !audit_entry(out->check, index, entry, err))
		return false;
	out->next = index + 1;
	if (filter_takes(&(struct entry_filter){ .act = FILTER_DOCUMENTS },
		index, entry))
		out->last_act = index + 1;
	if (entry->time_ms < out->since_ms || entry->time_ms >= out->until_ms)
		return true;
	out->num++;
	out->counts = out->counts || entry->act == ACT_DELIVERIES;
	if (out->form == FORM_JSON)
		return put_json(out, index, line, err);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)index);
	time_format_at(entry->time_ms / 1000, time);
	describe_entry(entry, about);
	if (out->effects != NULL)
		effects_add(out->effects, index, entry, about, sizeof(about));
	if (out->form == FORM_CSV)
		put_csv_line(cells, entry);
	else if (out->follow)
		put_line(cells);
	else
		return table_add(out->table, cells) ||
		    error_set_errno(err, "table");
	return true;
}

/* "…, size 88120, witnessed by 2" */
static void
print_proof(const struct listing *out, const struct session *session,
    const struct witnessed *witnessed)
{
	char at[TIME_TEXT];

	time_format_at(session->seen_at, at);
	printf("%llu %s, %s in the journal of %s, size %llu",
	    (unsigned long long)out->num, out->num == 1 ? "entry" : "entries",
	    out->num == 1 ? "proved to be" : "all proved to be", at,
	    (unsigned long long)session->seen.size);
	if (witnessed->num == 0)
		puts("");
	else if (witnessed->checkpoint.size >= out->next)
		printf(", witnessed by %zu\n", witnessed->num);
	else
		printf(", witnessed by %zu up to size %llu\n", witnessed->num,
		    (unsigned long long)witnessed->checkpoint.size);
}

/*
 * Print the last line: in which checkpoint it all is, and how far that is
 * witnessed.
 */
static bool
print_end(struct listing *out, struct session *session, struct error *err)
{
	struct witnessed witnessed;
	json_t *json;

	if (!session_witnessed(session, &witnessed, err))
		return false;
	if (out->form == FORM_JSON) {
		json = json_pack("{s:O, s:I, s:o, s:{s:I, s:I}}", "entries",
		    out->entries, "size", (json_int_t)session->seen.size,
		    "root", json_of_digest(&session->seen.root), "witnessed",
		    "size", (json_int_t)witnessed.checkpoint.size, "witnesses",
		    (json_int_t)witnessed.num);
		/* A history is always all of it. */
		if (out->effects == NULL)
			json_object_set_new(json, "from",
			    json_integer((json_int_t)out->from));
		return output_json(json, err);
	}
	if (out->form == FORM_TABLE) {
		table_print(out->table);
		if (out->counts)
			puts("what left again within a minute is a count, which"
			     " a crash of the daemon may lose; that it was"
			     " delivered is not lost");
		print_proof(out, session, &witnessed);
	}
	return true;
}

static void
print_heading(const struct listing *out)
{
	static const char *const heading[] = { "ENTRY", "TIME", "OFFICE",
		"PERSON", "ACT", "WHAT" };

	if (out->form == FORM_CSV)
		fputs("entry,time,office,person,act,document,version,what\r\n",
		    stdout);
	else if (out->form == FORM_TABLE && out->follow)
		put_line(heading);
	else if (out->form == FORM_TABLE && !table_add(out->table, heading))
		return;
}

/* --- What comes, until Ctrl-C. --- */

/* For end_following(): a signal handler has no argument of ours. */
static struct {
	volatile sig_atomic_t printing; /* a line is not whole yet */
	volatile sig_atomic_t status;   /* the exit status */
	volatile sig_atomic_t asked;    /* Ctrl-C came while it was printed */
} following;

/*
 * Between two lines nothing is lost by ending at once: what was seen is kept by
 * renaming whole files.
 */
static void
end_following(int number)
{
	(void)number;
	following.asked = 1;
	if (!following.printing)
		_exit(following.status);
}

/* An entry_visitor: print a line whole, and only then end. */
static bool
visit_next(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	struct listing *out = arg;
	bool ok;

	following.printing = 1;
	ok = visit(out, index, entry, line, err);
	fflush(stdout);
	if (out->wrong.kind != ERROR_NONE)
		following.status = error_exit_status(out->wrong.kind);
	following.printing = 0;
	if (following.asked)
		_exit(following.status);
	return ok;
}

static void
told(void *arg)
{
	(void)arg;
}

static bool
follow(struct listing *out, struct error *err)
{
	struct sigaction action = { .sa_handler = end_following };

	print_heading(out);
	fflush(stdout);
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return session_follow_entries(out->context, &out->filter, visit_next,
	    told, out, err);
}

/*
 * Show an entry of the local copy.  The copy is not an answer to a question, so
 * entries that the filter leaves out are skipped.
 */
static bool
visit_local(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	struct listing *out = arg;

	return !filter_takes(&out->filter, index, entry) ||
	    visit(arg, index, entry, line, err);
}

/* List the acts that the local copy proves. */
static bool
list_local(struct listing *out, struct error *err)
{
	char dir[FILE_PATH];
	bool ok;

	out->table = table_new(6);
	out->entries = json_array();
	ok = out->table != NULL || error_set_errno(err, "table");
	if (ok)
		print_heading(out);
	ok = ok && local_dir(out->context, NULL, dir, err) &&
	    local_entries(out->context, dir,
		out->filter.document != NULL ? out->filter.document : "",
		visit_local, out, err);
	if (ok && out->form == FORM_JSON)
		ok = output_json(json_pack("{s:O}", "entries", out->entries),
		    err);
	if (ok && out->form == FORM_TABLE) {
		table_print(out->table);
		printf("%llu acts on the documents of the local copy, by their"
		       " receipts\n",
		    (unsigned long long)out->num);
	}
	table_free(out->table);
	json_decref(out->entries);
	return ok;
}

/* Visit all entries that were asked for, or the newest. */
static bool
visit_shown(struct listing *out, struct session *session, struct error *err)
{
	const struct log_newest wanted = { .filter = out->filter,
		.before = out->before,
		.num = out->newest,
		.since_ms = out->since_ms,
		.until_ms = out->until_ms };

	if (out->newest > 0)
		return log_newest(session, &wanted, visit, out, &out->from,
		    err);
	return session_entries(session, &out->filter, visit, out, err) &&
	    check_kept(out, session, err);
}

/* List what the daemon shows, each entry proved. */
static bool
list_shown(struct listing *out, struct error *err)
{
	struct session session;
	bool ok;

	out->context->looks = true;
	if (!session_open(out->context, &session, err))
		return false;
	out->table = table_new(6);
	out->entries = json_array();
	ok = out->table != NULL || error_set_errno(err, "table");
	if (ok)
		print_heading(out);
	ok = ok && visit_shown(out, &session, err) &&
	    print_end(out, &session, err);
	table_free(out->table);
	json_decref(out->entries);
	session_close(&session);
	if (ok && out->wrong.kind != ERROR_NONE)
		*err = out->wrong;
	return ok && out->wrong.kind == ERROR_NONE;
}

/* List entries from the local copy, from the daemon, or as they come. */
static bool
list_entries(struct listing *out, struct error *err)
{
	bool ok;

	if (out->context->json)
		out->form = FORM_JSON;
	if (out->context->local)
		return list_local(out, err);
	if (!begin_check(out, err))
		return false;
	ok = out->follow ? follow(out, err) : list_shown(out, err);
	audit_free(out->check);
	return ok;
}

/* Read --newest and --before. */
static bool
read_newest(const struct options_given *given, struct listing *out,
    struct error *err)
{
	const char *newest = options_value(given, OPTION_NEWEST);
	const char *before = options_value(given, OPTION_BEFORE);

	if (newest == NULL && before == NULL)
		return true;
	if (newest == NULL || out->follow)
		return error_set(err, ERROR_USAGE,
		    "--before goes with --newest, which does not go with"
		    " --follow");
	if (!span_to_u64(span_of_str(newest), &out->newest) ||
	    out->newest < 1 || out->newest > LIMIT_ENTRIES_PAGE)
		return error_set(err, ERROR_USAGE, "--newest is 1 to %d",
		    LIMIT_ENTRIES_PAGE);
	if (before != NULL && !span_to_u64(span_of_str(before), &out->before))
		return error_set(err, ERROR_USAGE,
		    "--before needs the number of an entry");
	return arguments_need_line(out->context, "--newest", err);
}

/* Read the filters and how the entries are shown. */
static bool
read_options(const struct options_given *given, struct listing *out,
    struct error *err)
{
	const char *since = options_value(given, OPTION_SINCE);
	const char *until = options_value(given, OPTION_UNTIL);

	out->filter.document = options_value(given, OPTION_DOCUMENT);
	out->filter.office = options_value(given, OPTION_OFFICE);
	out->filter.person = options_value(given, OPTION_PERSON);
	out->filter.act = options_value(given, OPTION_ACT);
	out->follow = options_has(given, OPTION_FOLLOW);
	out->before = UINT64_MAX;
	if (options_has(given, OPTION_CSV))
		out->form = FORM_CSV;
	if (out->form == FORM_CSV && out->context->json)
		return error_set(err, ERROR_USAGE, "--csv or --json, not both");
	return (out->filter.document == NULL ||
		   document_name_check(span_of_str(out->filter.document),
		       err)) &&
	    read_newest(given, out, err) &&
	    (since == NULL ||
		arguments_time_bound(since, false, &out->since_ms, err)) &&
	    (until == NULL ||
		arguments_time_bound(until, true, &out->until_ms, err)) &&
	    (!out->follow ||
		arguments_need_line(out->context, "--follow", err));
}

bool
cmd_log(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct listing out = { .context = context,
		.since_ms = INT64_MIN,
		.until_ms = INT64_MAX };

	return read_options(given, &out, err) && context_load(context, err) &&
	    list_entries(&out, err);
}

bool
cmd_history(struct context *context, const struct options_given *given,
    struct error *err)
{
	char document[DOCUMENT_NAME];
	struct effects effects;
	struct listing out = { .context = context,
		.filter = { .document = document },
		.since_ms = INT64_MIN,
		.until_ms = INT64_MAX,
		.effects = &effects };
	unsigned version;
	bool ok;

	if (!document_parse(given->operands[0], document, &version, err))
		return false;
	if (version != 0)
		return error_set(err, ERROR_USAGE,
		    "a history is the whole document's: leave out @%u (\"valise"
		    " show %s@%u\" tells of one version)",
		    version, document, version);
	effects_begin(document, &effects);
	ok = context_load(context, err) && list_entries(&out, err);
	effects_free(&effects);
	return ok;
}
