/*
 * Printing: verdicts, tables, JSON, notes on standard error, the progress of
 * long work (output.h).
 */
#include "cli/output.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utf8proc.h>

#include "base/text.h"
#include "base/time.h"
#include "client/as_of.h"

static bool coloured;
static bool as_lines; /* output_as_lines() */

/* Print a line of JSON; json is taken over. */
static bool
put_json(json_t *json)
{
	const bool ok = json != NULL &&
	    json_dumpf(json, stdout, JSON_COMPACT) == 0 &&
	    fputc('\n', stdout) != EOF && fflush(stdout) == 0;

	json_decref(json);
	return ok;
}

void
output_as_lines(void)
{
	as_lines = true;
}

bool
output_is_lines(void)
{
	return as_lines;
}

void
output_begin(bool json)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	coloured = !json && isatty(STDOUT_FILENO) &&
	    (no == NULL || no[0] == '\0') && term != NULL && term[0] != '\0' &&
	    strcmp(term, "dumb") != 0;
}

bool
output_coloured(void)
{
	return coloured;
}

/* Print the name of an outcome; another word as it is. */
static void
print_outcome(const char *word)
{
	static const char *const colours[] = {
		[OUTCOME_VALID] = "\033[1;32m",
		[OUTCOME_INDETERMINATE] = "\033[1;33m",
		[OUTCOME_INVALID] = "\033[1;31m",
	};

	for (size_t i = 0; coloured && i < 3; i++)
		if (strcmp(word, outcome_name((enum outcome)i)) == 0) {
			printf("%s%s\033[0m", colours[i], word);
			return;
		}
	fputs(word, stdout);
}

void
output_text(const char *text)
{
	struct buf out = BUF(SIZE_MAX);
	struct error ignored = { 0 };

	if (text_append_printable(&out, span_of_str(text), &ignored) &&
	    out.len > 0)
		fwrite(out.data, 1, out.len, stdout);
	buf_free(&out);
}

/*
 * How many columns text takes on a terminal; Lao vowels above and below take
 * none.
 */
static size_t
width(const char *text)
{
	size_t columns = 0;

	while (*text != '\0') {
		utf8proc_int32_t c;
		utf8proc_ssize_t n;

		if (*text >= ' ' && *text < 0x7f) {
			columns++;
			text++;
			continue;
		}
		n = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &c);
		if (n <= 0) {
			columns++;
			text++;
			continue;
		}
		columns += (size_t)utf8proc_charwidth(c);
		text += n;
	}
	return columns;
}

struct table *
table_new(size_t columns)
{
	struct table *table = calloc(1, sizeof(*table));

	assert(columns <= TABLE_COLUMNS);
	if (table != NULL)
		table->columns = columns;
	return table;
}

bool
table_add(struct table *table, const char *const cells[])
{
	if (table->rows == table->room) {
		const size_t room = 2 * table->room + 16;
		char **all = realloc(table->cells,
		    room * table->columns * sizeof(char *));

		if (all == NULL)
			return false;
		table->cells = all;
		table->room = room;
	}
	for (size_t i = 0; i < table->columns; i++) {
		char **cell = &table->cells[table->rows * table->columns + i];
		struct buf shown = BUF(SIZE_MAX);
		struct error ignored = { 0 };
		size_t w;

		(void)(text_append_printable(&shown, span_of_str(cells[i]),
			   &ignored) &&
		    buf_append_u8(&shown, 0, &ignored));
		*cell = shown.data != NULL ? (char *)shown.data : strdup("");
		if (*cell == NULL)
			return false;
		w = width(*cell);
		if (w > table->widths[i])
			table->widths[i] = w;
	}
	table->rows++;
	return true;
}

/* The narrowest that a column is cut to before the line's end is. */
enum { NARROWEST = 8 };

/* Print what fits into so many columns of the terminal, and "…" for the rest. */
static size_t
print_cut(const char *cell, size_t room)
{
	size_t used = 0;

	if (width(cell) <= room) {
		fputs(cell, stdout);
		return width(cell);
	}
	while (*cell != '\0' && room > 0) {
		utf8proc_int32_t c;
		const utf8proc_ssize_t n =
		    utf8proc_iterate((const utf8proc_uint8_t *)cell, -1, &c);
		const size_t bytes = n > 0 ? (size_t)n : 1;
		const size_t columns =
		    n > 0 ? (size_t)utf8proc_charwidth(c) : 1;

		if (used + columns + 1 > room)
			break;
		fwrite(cell, 1, bytes, stdout);
		used += columns;
		cell += bytes;
	}
	if (room > 0)
		fputs("\xe2\x80\xa6", stdout);
	return used + (room > 0);
}

/* The width of a column of a table that has a limit. */
static size_t
column_width(const struct table *table, size_t column)
{
	size_t others = 0;

	if (column != table->cut)
		return table->widths[column];
	for (size_t i = 0; i < table->columns; i++)
		if (i != column)
			others += table->widths[i] + 2;
	if (others + table->widths[column] <= table->limit)
		return table->widths[column];
	return others + NARROWEST < table->limit ? table->limit - others
						 : NARROWEST;
}

static void
print_row_cut(const struct table *table, char *const cells[])
{
	size_t used = 0;

	for (size_t c = 0; c < table->columns && used < table->limit; c++) {
		const size_t wide = column_width(table, c);
		const size_t left = table->limit - used;
		size_t has = print_cut(cells[c], wide < left ? wide : left);

		used += has;
		for (; c + 1 < table->columns && has < wide + 2 &&
		     used < table->limit;
		     has++, used++)
			putchar(' ');
	}
	putchar('\n');
}

static void
print_row(const struct table *table, char *const cells[])
{
	for (size_t c = 0; c < table->columns; c++) {
		if (c + 1 == table->outcome)
			print_outcome(cells[c]);
		else
			fputs(cells[c], stdout);
		if (c + 1 == table->columns)
			break;
		for (size_t w = width(cells[c]); w < table->widths[c] + 2; w++)
			putchar(' ');
	}
	putchar('\n');
}

void
table_print(const struct table *table)
{
	for (size_t r = 0; r < table->rows; r++) {
		char *const *const cells = &table->cells[r * table->columns];

		if (table->limit != 0)
			print_row_cut(table, cells);
		else
			print_row(table, cells);
	}
}

void
table_print_more(struct table *table)
{
	table_print(table);
	for (size_t i = 0; i < table->rows * table->columns; i++)
		free(table->cells[i]);
	table->rows = 0;
}

void
table_free(struct table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->rows * table->columns; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}

static bool progress_shown;

/* Nobody is told if it cannot be written: what ends the command says so. */
static void
put_progress(const char *doing, uint64_t done, uint64_t total)
{
	(void)put_json(json_pack("{s:s, s:I, s:I}", "doing", doing, "done",
	    (json_int_t)done, "total", (json_int_t)total));
}

void
output_progress(const char *doing, uint64_t done, uint64_t total)
{
	static int64_t last_ms;
	const int64_t now = time_monotonic_ms();

	if (doing == NULL || total < 256 * 1024 ||
	    (!as_lines && !isatty(STDERR_FILENO)) ||
	    (now - last_ms < 200 && done < total))
		return;
	last_ms = now;
	if (as_lines) {
		put_progress(doing, done, total);
		return;
	}
	progress_shown = true;
	fprintf(stderr, "\r%s %3llu %%  %.1f of %.1f MiB ", doing,
	    (unsigned long long)(done * 100 / total), (double)done / 1048576,
	    (double)total / 1048576);
}

void
output_step(const char *doing, unsigned done, unsigned total)
{
	if (as_lines)
		put_progress(doing, done, total);
	if (as_lines || total < 2 || !isatty(STDERR_FILENO))
		return;
	output_progress_end();
	progress_shown = true;
	fprintf(stderr, "\r%s %u of %u ", doing, done, total);
}

void
output_progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

void
output_waits(const char *by)
{
	if (as_lines)
		(void)put_json(json_pack("{s:s}", "waits", by));
}

void
output_line(const char *line)
{
	output_progress_end();
	if (as_lines)
		(void)put_json(json_pack("{s:s}", "note", line));
	else
		fprintf(stderr, "valise: %s\n", line);
}

void
output_note(const char *fmt, ...)
{
	va_list args;
	char *line;

	va_start(args, fmt);
	if (vasprintf(&line, fmt, args) >= 0) {
		output_line(line);
		free(line);
	}
	va_end(args);
}

void
output_aside(const char *path)
{
	struct stat a, b;

	if (strcmp(path, "-") == 0 ||
	    (stat(path, &a) == 0 && fstat(STDOUT_FILENO, &b) == 0 &&
		S_ISFIFO(a.st_mode) && a.st_dev == b.st_dev &&
		a.st_ino == b.st_ino)) {
		fflush(stdout);
		dup2(STDERR_FILENO, STDOUT_FILENO);
	}
}

bool
output_flush(struct error *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	if (errno == 0)
		errno = EIO;
	return error_set_errno(err, "standard output");
}

/* Print JSON, which in lines has a name. */
static bool
put_named(const char *name, json_t *json, struct error *err)
{
	if (as_lines && json != NULL)
		json = json_pack("{s:o}", name, json);
	return put_json(json) || error_set_errno(err, "standard output");
}

bool
output_json(json_t *json, struct error *err)
{
	return put_named("result", json, err);
}

bool
output_error(json_t *json, struct error *err)
{
	return put_named("error", json, err);
}

void
output_digest(const char *label, const struct digest *digest)
{
	char groups[80];

	digest_groups(digest, groups);
	printf("%s%.39s\n%*s%s\n", label, groups, (int)strlen(label), "",
	    groups + 40);
}

static const char *
state_name(enum trust_state state)
{
	static const char *const names[TRUST_STATES] = { [TRUST_GOOD] = "good",
		[TRUST_DOUBTED] = "doubted",
		[TRUST_UNJUDGED] = "unjudged",
		[TRUST_UNTRUSTED] = "untrusted",
		[TRUST_EXPIRED] = "expired",
		[TRUST_REVOKED] = "revoked",
		[TRUST_UNKNOWN] = "unknown" };

	return names[state];
}

static json_t *
json_of_texts(const struct version *version)
{
	json_t *texts = json_array();

	for (size_t i = 0; version != NULL && i < version->num_texts; i++)
		json_array_append_new(texts,
		    json_pack("{s:s, s:s, s:b, s:o}", "file",
			version->texts[i].file, "language",
			version->texts[i].language, "authentic",
			version->texts[i].authentic, "sha256",
			json_of_digest(&version->texts[i].sha256)));
	return texts;
}

/*
 * Set out to when the bag was dispatched, as the copy proves; empty if it came
 * by none.
 */
static bool
came_by_bag(const struct verdict_signature *one, char out[TIME_TEXT])
{
	time_format_at(one->sent_ms / 1000, out);
	return one->sent_ms != 0 && one->sent_ms != one->judged_ms;
}

/*
 * Set out to when it was signed, as it says; empty if another maker's does not
 * say it.
 */
static void
format_signing_time(const struct verdict_signature *one, char out[TIME_TEXT])
{
	out[0] = '\0';
	if (one->intact && one->signing_at != INT64_MIN)
		time_format_at(one->signing_at, out);
}

/* A signature of a verdict as JSON. */
static json_t *
json_of_signature(const struct verdict_signature *one)
{
	char file[LIMIT_PATH_BYTES + 1], at[TIME_TEXT], sent[TIME_TEXT];
	json_t *json;

	/* The signature of another maker's container is named by its file. */
	if (strchr(one->id, '.') != NULL)
		snprintf(file, sizeof(file), "META-INF/%s", one->id);
	else
		snprintf(file, sizeof(file), PATH_SIGNATURE, one->id);
	format_signing_time(one, at);
	json = json_pack(
	    "{s:s, s:o, s:b, s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:s, s:s, s:b}",
	    "file", file, "manifest", json_of_digest(&one->manifest), "intact",
	    one->intact, "person", one->person, "office", one->office, "party",
	    one->party, "commitment", commitment_name(one->commitment),
	    "terminates", one->terminates, "full-powers", one->full_powers,
	    "signed-at", at, "then", state_name(one->then), "now",
	    state_name(one->now), "final", one->is_final);
	if (json != NULL && came_by_bag(one, sent))
		json_object_set_new(json, "dispatched", json_string(sent));
	return json;
}

/* True if no later list can change what is said of any signature. */
static bool
is_final(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->num_signatures; i++)
		if (!verdict->signatures[i].is_final)
			return false;
	return true;
}

/*
 * Say by which lists it was judged, and whether others can still change that.
 */
static void
print_revocation(const struct verdict *verdict)
{
	printf("  revocation         as of ");
	if (verdict->crls_as_of > 0)
		printf("checkpoint %llu",
		    (unsigned long long)verdict->crls_as_of);
	if (verdict->crls_of_acts)
		printf("%sits own acts",
		    verdict->crls_as_of > 0 ? " and " : "");
	puts(is_final(verdict) ? ", final" : ", not yet final");
}

json_t *
json_of_verdict(const char *file, const struct verdict *verdict,
    const struct as_of *as_of)
{
	const struct version *version = verdict->version;
	json_t *signatures = json_array(), *receipts = json_array(),
	       *findings = json_array(), *witnesses = json_array(), *json;

	/* All receipts lead to one checkpoint. */
	for (size_t i = 0; i < verdict->num_witnesses; i++)
		json_array_append_new(witnesses,
		    json_pack("{s:s, s:o}", "witness",
			verdict->witnesses[i].name, "time",
			json_of_ms(verdict->witnesses[i].at * 1000)));

	for (size_t i = 0; i < verdict->num_signatures; i++)
		json_array_append_new(signatures,
		    json_of_signature(&verdict->signatures[i]));
	for (size_t i = 0; i < verdict->num_acts; i++)
		json_array_append_new(receipts,
		    json_pack("{s:I, s:s, s:o, s:I, s:O}", "entry",
			(json_int_t)verdict->acts[i].index, "act",
			verdict->acts[i].entry.act_name, "time",
			json_of_ms(verdict->acts[i].entry.time_ms), "size",
			(json_int_t)verdict->acts[i].size, "witnesses",
			witnesses));
	json_decref(witnesses);
	for (size_t i = 0; i < verdict->num_findings; i++)
		json_array_append_new(findings,
		    json_pack("{s:s, s:s, s:s}", "code",
			finding_name(verdict->findings[i].code), "about",
			verdict->findings[i].about, "text",
			verdict->findings[i].text));
	json = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "file", file,
	    "outcome", outcome_name(verdict->outcome), "status",
	    version != NULL ? status_name(verdict->status) : "", "texts",
	    json_of_texts(version), "signatures", signatures, "receipts",
	    receipts, "findings", findings);
	if (json != NULL && version != NULL) {
		json_object_set_new(json, "document",
		    json_string(version->document));
		json_object_set_new(json, "version",
		    json_integer(version->number));
		json_object_set_new(json, "digest",
		    json_of_digest(&verdict->digest));
	}
	if (json != NULL && verdict->num_acts > 0)
		json_object_set_new(json, "revocation",
		    json_pack("{s:I, s:b, s:b}", "as-of",
			(json_int_t)verdict->crls_as_of, "acts",
			verdict->crls_of_acts, "final", is_final(verdict)));
	if (json != NULL && as_of != NULL)
		json_object_set_new(json, "as-of", as_of_json(as_of));
	return json;
}

/* Print a line for a signature, and what is said of it. */
static void
print_signature(const struct verdict_signature *one)
{
	char at[TIME_TEXT], sent[TIME_TEXT];

	if (!one->intact) {
		printf("  %-8s not %s\n", "",
		    one->unchecked ? "checked" : "intact");
		return;
	}
	format_signing_time(one, at);
	printf("  %-18s ",
	    one->terminates ? "termination" : commitment_name(one->commitment));
	output_text(one->person);
	if (one->office[0] != '\0')
		printf(" (%s, %s)", one->office, one->party);
	printf(", %s", at[0] != '\0' ? at : "no time");
	if (came_by_bag(one, sent))
		printf(", by a bag of %s", sent);
	if (one->judged_ms != 0 && one->then != one->now)
		printf("; the certificate was %s then, is %s now",
		    state_name(one->then), state_name(one->now));
	putchar('\n');
}

void
output_verdict(const char *file, const struct verdict *verdict,
    const struct as_of *as_of)
{
	const struct version *version = verdict->version;
	char at[TIME_TEXT];

	output_text(file);
	fputs(": ", stdout);
	print_outcome(outcome_name(verdict->outcome));
	/* Lest somebody reads only the end of "INVALID, in force". */
	if (version != NULL &&
	    (verdict->outcome == OUTCOME_VALID ||
		verdict->status == STATUS_DISPUTED))
		printf(", %s", status_name(verdict->status));
	putchar('\n');
	if (as_of != NULL)
		output_as_of(as_of);
	if (version != NULL) {
		printf("  %s@%u  ", version->document, version->number);
		output_text(version_title(version, "en"));
		putchar('\n');
		output_digest("  version digest     ", &verdict->digest);
	}
	for (size_t i = 0; i < verdict->num_signatures; i++)
		print_signature(&verdict->signatures[i]);
	for (size_t i = 0; i < verdict->num_acts; i++) {
		time_format_ms(verdict->acts[i].entry.time_ms, at);
		printf("  journal entry %-4llu %s, %s\n",
		    (unsigned long long)verdict->acts[i].index,
		    verdict->acts[i].entry.act_name, at);
	}
	if (verdict->num_acts > 0)
		print_revocation(verdict);
	for (size_t i = 0; i < verdict->num_witnesses; i++) {
		time_format_at(verdict->witnesses[i].at, at);
		printf("  %s%s, %s\n", "witnessed by       ",
		    verdict->witnesses[i].name, at);
	}
	for (size_t i = 0; i < verdict->num_findings; i++) {
		const struct finding *one = &verdict->findings[i];

		printf("  %s%s: ", finding_name(one->code),
		    finding_outcome(one->code) == OUTCOME_VALID ? " (warning)"
								: "");
		if (one->about[0] != '\0') {
			output_text(one->about);
			fputs(": ", stdout);
		}
		output_text(one->text);
		putchar('\n');
	}
}

void
output_as_of(const struct as_of *as_of)
{
	char text[AS_OF_TEXT], date[TIME_TEXT];
	const struct as_of act = { .entry = as_of->entry,
		.time_ms = as_of->time_ms };

	if (as_of->size != 0) {
		as_of_text(as_of, text);
		printf("  as of %s\n", text);
	}
	as_of_text(&act, text);
	printf("  %s %s (the depositary's time)",
	    as_of->size != 0 ? "its last act is" : "as of its last act,", text);
	if (as_of->witnessed_at != 0) {
		time_format_date(as_of->witnessed_at, date);
		printf("; a witness saw it by %s", date);
	}
	puts(as_of->size != 0 ? "" : "; not known since");
	if (as_of->withdrew[0] != '\0')
		printf("  withdrawn by %s of %s, entry %llu\n", as_of->withdrew,
		    as_of->withdrew_office,
		    (unsigned long long)as_of->withdrew_entry);
}
