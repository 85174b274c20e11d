/*
 * The report of an audit: for a person, and as JSON to be kept and compared.
 */
#include "base/text.h"
#include "base/time.h"
#include "cli/cmd/audit.h"

enum { MOST_RANGES = 12 };

/* --- As JSON. --- */

static json_t *
json_of_findings(const struct kept_finding *list, size_t num)
{
	json_t *all = json_array();

	for (size_t i = 0; i < num; i++)
		json_array_append_new(all, finding_to_json(&list[i]));
	return all;
}

/* The report as JSON. NULL if there is no memory. */
static json_t *
json_of_report(const struct audit_run *run)
{
	const struct findings *findings = &run->state.findings;
	json_t *json =
	    json_pack("{s:s, s:s, s:s, s:o, s:I, s:o, s:s%, s:{s:I, s:i, s:i}}",
		"origin", run->context->enrolment.journal.name, "office",
		run->office->name, "party", run->office->party, "time",
		json_of_ms(time_now_ms()), "size",
		(json_int_t)run->checked.size, "root",
		json_of_digest(&run->checked.root), "checkpoint",
		(const char *)run->note.data, run->note.len, "witnessed",
		"size", (json_int_t)run->witnessed_size, "witnesses",
		(int)run->num_witnesses, "quorum",
		(int)run->policy->witnesses.quorum);
	json_t *more = json_pack(
	    "{s:{s:I, s:I}, s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:b, s:o, s:o}",
	    "entries", "from", (json_int_t)run->from, "seen",
	    (json_int_t)run->num_seen, "sees-all", run->sees_all, "hidden",
	    ranges_to_json(&run->state.hidden), "documents",
	    (json_int_t)run->num_documents, "versions",
	    (json_int_t)run->num_versions, "judged",
	    (json_int_t)run->num_judged, "judged-again",
	    (json_int_t)run->num_again, "not-readable",
	    (json_int_t)run->num_unread, "good", findings_open(findings) == 0,
	    "findings", json_of_findings(findings->list, findings->num),
	    "resolved", json_of_findings(findings->gone, findings->num_gone));

	if (json == NULL || more == NULL ||
	    json_object_update(json, more) != 0) {
		json_decref(json);
		json = NULL;
	}
	json_decref(more);
	return json;
}

/* --- For a person. --- */

/* Print a finding with its ID, dates and note. */
static void
print_finding(FILE *to, const struct kept_finding *one)
{
	char since[TIME_TEXT], noted[TIME_TEXT];
	struct buf text = BUF(4096);
	struct error ignored = { 0 };

	time_format_at(one->since_ms / 1000, since);
	fprintf(to, "  %s  %s", one->id, one->code);
	if (one->index != AUDIT_NO_ENTRY && one->last != one->index)
		fprintf(to, ", entries %llu to %llu",
		    (unsigned long long)one->index,
		    (unsigned long long)one->last);
	else if (one->index != AUDIT_NO_ENTRY)
		fprintf(to, ", entry %llu", (unsigned long long)one->index);
	if (text_append_printable(&text, span_of_str(one->about), &ignored) &&
	    text.len > 0)
		fprintf(to, ", %.*s", (int)text.len, (const char *)text.data);
	text.len = 0;
	if (text_append_printable(&text, span_of_str(one->text), &ignored))
		fprintf(to, ": %.*s", (int)text.len, (const char *)text.data);
	fprintf(to, " (since %s)\n", since);
	text.len = 0;
	if (one->noted_ms != 0 &&
	    text_append_printable(&text, span_of_str(one->note), &ignored)) {
		time_format_at(one->noted_ms / 1000, noted);
		fprintf(to, "            noted by %s, %s: %.*s\n", one->by,
		    noted, (int)text.len, (const char *)text.data);
	}
	buf_free(&text);
}

static void
print_hidden(const struct audit_run *run)
{
	const uint64_t count = ranges_count(&run->state.hidden);
	struct buf text = BUF(1024);
	struct error ignored = { 0 };

	if (count == 0) {
		puts("  every entry was shown to this office");
		return;
	}
	if (ranges_print(&run->state.hidden, MOST_RANGES, &text, &ignored))
		printf("  %llu %s not shown to this office: %.*s\n",
		    (unsigned long long)count,
		    count == 1 ? "entry was" : "entries were", (int)text.len,
		    (const char *)text.data);
	buf_free(&text);
}

static void
print_copies(const struct audit_run *run)
{
	printf("  %llu documents, %llu versions; %llu copies judged now",
	    (unsigned long long)run->num_documents,
	    (unsigned long long)run->num_versions,
	    (unsigned long long)run->num_judged);
	if (run->num_again > 0)
		printf(", %llu of them again, since a newer list or policy"
		       " touches them",
		    (unsigned long long)run->num_again);
	if (run->num_unread > 0)
		printf(", %llu not readable for this office",
		    (unsigned long long)run->num_unread);
	putchar('\n');
}

static void
print_findings(const struct findings *findings)
{
	const size_t open = findings_open(findings);

	for (size_t i = 0; i < findings->num; i++)
		print_finding(stdout, &findings->list[i]);
	for (size_t i = 0; i < findings->num_gone; i++)
		printf("  %s  %s is no longer so: the same check passes now\n",
		    findings->gone[i].id, findings->gone[i].code);
	if (open > 0)
		puts("the record is not as it should be");
	else if (findings->num > 0)
		printf("nothing is wrong beside what was noted (%zu)\n",
		    findings->num);
	else
		puts("nothing is wrong");
}

bool
audit_report_print(const struct audit_run *run, struct error *err)
{
	char at[TIME_TEXT];

	if (run->context->json) {
		json_t *json = json_of_report(run);

		return json != NULL ? output_json(json, err)
				    : error_set(err, ERROR_SYSTEM, "JSON");
	}
	time_format_at(time_now_ms() / 1000, at);
	printf("audit of the journal %s, as %s may see it, %s\n"
	       "  size %llu, whose hashes %s to the signed checkpoint\n",
	    run->context->enrolment.journal.name, run->office->name, at,
	    (unsigned long long)run->checked.size,
	    run->hashes_lie ? "do not lead" : "all lead");
	output_digest("  root ", &run->checked.root);
	if (run->policy->witnesses.quorum > 0)
		printf("  witnessed by %u (%u are asked for) up to size %llu\n",
		    run->num_witnesses, run->policy->witnesses.quorum,
		    (unsigned long long)run->witnessed_size);
	printf("  %llu new entries since size %llu that this office may see\n",
	    (unsigned long long)run->num_seen, (unsigned long long)run->from);
	if (run->num_counted > 0)
		printf(
		    "  %llu of the deliveries are counts of a minute: a crash"
		    " of the daemon may lose one, and no first delivery\n",
		    (unsigned long long)run->num_counted);
	print_hidden(run);
	print_copies(run);
	print_findings(&run->state.findings);
	return true;
}

void
audit_report_kept(const struct audit_run *run)
{
	const struct findings *findings = &run->state.findings;

	if (findings->num == 0)
		return;
	fprintf(stderr,
	    "valise: found so far, and kept until it is resolved:\n");
	for (size_t i = 0; i < findings->num; i++)
		print_finding(stderr, &findings->list[i]);
}
