/*
 * Reports of other offices: of one party, whether any entry was shown to none
 * of them; of another party, whether it saw the same history.
 */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/cmd/audit.h"

enum { REPORTS = 64, MOST_RANGES = 12 };

struct report {
	const char *file;
	json_t *json;
	const char *office, *party, *time; /* borrowed from json */
	/* the checkpoint that it was signed for */
	struct checkpoint checkpoint;
	struct span note;
	struct ranges hidden;
};

static void
free_reports(struct report *reports, int num)
{
	for (int i = 0; i < num; i++) {
		json_decref(reports[i].json);
		ranges_free(&reports[i].hidden);
	}
	free(reports);
}

/* Check that what the report says of itself is what the depositary signed. */
static bool
check_checkpoint(struct context *context, struct report *report,
    struct error *err)
{
	const char *root = json_text(report->json, "root");
	const char *note = json_text(report->json, "checkpoint");
	char hex[DIGEST_HEX];

	report->note = span_of_str(note);
	if (!note_open(report->note, &context->journal, &report->checkpoint,
		err))
		return false;
	digest_hex(&report->checkpoint.root, hex);
	return (strcmp(root, hex) == 0 &&
		   json_integer_value(json_object_get(report->json, "size")) ==
		       (json_int_t)report->checkpoint.size) ||
	    error_set(err, ERROR_UNTRUSTED,
		"it tells of another size or root than its checkpoint");
}

/* Read a report, and check the checkpoint that it has. */
static bool
read_report(struct context *context, const char *file, struct report *out,
    struct error *err)
{
	struct buf text = BUF(LIMIT_REPORT_BYTES);
	const json_t *json;
	bool ok;

	*out = (struct report){ .file = file };
	ok = file_read(file, text.max, &text, err);
	if (ok)
		out->json =
		    json_loadb((const char *)text.data, text.len, 0, NULL);
	buf_free(&text);
	if (!ok)
		return false;
	json = out->json;
	out->office = json_text(json, "office");
	out->party = json_text(json, "party");
	out->time = json_text(json, "time");
	if (out->office[0] == '\0' || out->party[0] == '\0' ||
	    out->time[0] == '\0' || json_text(json, "origin")[0] == '\0' ||
	    json_text(json, "checkpoint")[0] == '\0')
		return error_set(err, ERROR_MALFORMED,
		    "%s: no report of \"valise --json audit\"", file);
	ok = strcmp(json_text(json, "origin"),
		 context->enrolment.journal.name) == 0 ||
	    error_set(err, ERROR_USAGE, "it is of another journal, %s",
		json_text(json, "origin"));
	ok = ok && check_checkpoint(context, out, err) &&
	    ranges_of_json(json_object_get(json, "hidden"), &out->hidden, err);
	return ok || error_context(err, "%s", file);
}

/*
 * Read all reports, and prove that each is of one history with what was seen
 * here.
 */
static struct report *
read_reports(struct context *context, int num, char *files[],
    struct session *session, struct error *err)
{
	struct report *reports = calloc((size_t)num, sizeof(*reports));
	bool ok = reports != NULL || error_set_errno(err, "reports");

	if (ok && num > REPORTS)
		ok = error_set(err, ERROR_LIMIT, "more than %d reports",
		    REPORTS);
	for (int i = 0; ok && i < num; i++)
		ok = read_report(context, files[i], &reports[i], err);
	for (int i = 0; ok && i < num; i++)
		ok = session_follow(session, reports[i].note, err) ||
		    error_context(err, "%s", files[i]);
	if (!ok && reports != NULL) {
		free_reports(reports, num);
		return NULL;
	}
	return reports;
}

static json_t *
json_of_one(const struct report *report)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o}", "file", report->file,
	    "office", report->office, "party", report->party, "time",
	    report->time, "size", (json_int_t)report->checkpoint.size, "root",
	    json_of_digest(&report->checkpoint.root));
}

static json_t *
json_of_all(const struct report *reports, int num)
{
	json_t *all = json_array();

	for (int i = 0; i < num; i++)
		json_array_append_new(all, json_of_one(&reports[i]));
	return all;
}

/* --- Compare. --- */

/* Print that all reports are of one history with what this office has seen. */
static bool
tell_one_history(struct context *context, const struct session *session,
    const struct report *reports, int num, struct error *err)
{
	const struct checkpoint *seen = &session->seen;

	if (context->json)
		return output_json(json_pack("{s:b, s:o, s:{s:I, s:o}}",
				       "one-history", 1, "reports",
				       json_of_all(reports, num), "seen",
				       "size", (json_int_t)seen->size, "root",
				       json_of_digest(&seen->root)),
		    err);
	for (int i = 0; i < num; i++) {
		printf("%s: ", reports[i].file);
		output_text(reports[i].office);
		fputs(" of ", stdout);
		output_text(reports[i].party);
		fputs(" saw size ", stdout);
		printf("%llu of the same history, ",
		    (unsigned long long)reports[i].checkpoint.size);
		output_text(reports[i].time);
		putchar('\n');
	}
	printf("one history: all are proved to be of that which this office has"
	       " seen up to size %llu\n",
	    (unsigned long long)seen->size);
	return true;
}

bool
audit_compare(struct context *context, int num, char *files[],
    struct error *err)
{
	struct session session;
	struct report *reports;
	bool ok;

	if (!session_open(context, &session, err))
		return false;
	reports = read_reports(context, num, files, &session, err);
	ok = reports != NULL &&
	    tell_one_history(context, &session, reports, num, err);
	free_reports(reports, reports != NULL ? num : 0);
	session_close(&session);
	return ok;
}

/* --- Combine. --- */

static bool
check_party(const struct report *reports, int num, struct error *err)
{
	for (int i = 1; i < num; i++)
		if (strcmp(reports[i].party, reports[0].party) != 0)
			return error_set(err, ERROR_USAGE,
			    "%s is of %s, %s of %s: reports of one party are"
			    " combined, those of another are compared",
			    reports[0].file, reports[0].party, reports[i].file,
			    reports[i].party);
	return true;
}

/*
 * Find the indices that are hidden from all of them, below the smallest size of
 * any report.
 */
static bool
find_unseen(const struct report *reports, int num, uint64_t *size,
    struct ranges *out, struct error *err)
{
	struct ranges all = { NULL, 0, 0 };
	bool ok;

	*size = UINT64_MAX;
	for (int i = 0; i < num; i++)
		if (reports[i].checkpoint.size < *size)
			*size = reports[i].checkpoint.size;
	ok = ranges_common(&reports[0].hidden, &reports[0].hidden, *size, &all,
	    err);
	for (int i = 1; ok && i < num; i++) {
		ok = ranges_common(&all, &reports[i].hidden, *size, out, err);
		ranges_free(&all);
		all = *out;
		*out = (struct ranges){ NULL, 0, 0 };
	}
	*out = all;
	return ok;
}

/* Print the indices that none of the offices was shown. */
static bool
tell_unseen(struct context *context, const struct report *reports, int num,
    uint64_t size, const struct ranges *unseen, struct error *err)
{
	struct buf text = BUF(1024);
	bool ok;

	if (context->json)
		return output_json(json_pack("{s:s, s:I, s:o, s:o, s:b}",
				       "party", reports[0].party, "size",
				       (json_int_t)size, "reports",
				       json_of_all(reports, num), "unseen",
				       ranges_to_json(unseen), "good",
				       unseen->num == 0),
		    err);
	for (int i = 0; i < num; i++) {
		printf("%s: ", reports[i].file);
		output_text(reports[i].office);
		printf(", size %llu, %llu entries hidden\n",
		    (unsigned long long)reports[i].checkpoint.size,
		    (unsigned long long)ranges_count(&reports[i].hidden));
	}
	if (unseen->num == 0)
		printf("up to size %llu, each entry was shown to one of"
		       " them\n",
		    (unsigned long long)size);
	ok = ranges_print(unseen, MOST_RANGES, &text, err);
	if (ok && unseen->num > 0)
		printf("up to size %llu, these were shown to none of them:"
		       " %.*s\n",
		    (unsigned long long)size, (int)text.len,
		    (const char *)text.data);
	buf_free(&text);
	return ok;
}

bool
audit_combine(struct context *context, int num, char *files[],
    struct error *err)
{
	struct ranges unseen = { NULL, 0, 0 };
	struct session session;
	struct report *reports;
	uint64_t size;
	bool ok;

	if (!session_open(context, &session, err))
		return false;
	reports = read_reports(context, num, files, &session, err);
	ok = reports != NULL && check_party(reports, num, err) &&
	    find_unseen(reports, num, &size, &unseen, err) &&
	    tell_unseen(context, reports, num, size, &unseen, err);
	context->told = ok;
	if (ok && unseen.num > 0)
		ok = error_set_code(err, ERROR_UNTRUSTED, "ENTRY_WITHHELD",
		    "%llu entries were shown to none of these offices",
		    (unsigned long long)ranges_count(&unseen));
	ranges_free(&unseen);
	free_reports(reports, reports != NULL ? num : 0);
	session_close(&session);
	return ok;
}
