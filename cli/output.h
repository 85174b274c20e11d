/*
 * output.h - what a person sees, and what a script reads.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "record/json.h"
#include "verdict/verdict.h"

/*
 * Colours are used if standard output is a terminal that has them ($TERM), and
 * $NO_COLOR is not set or empty (no-color.org); never in JSON.  This is asked
 * once, before standard output becomes a pager's or a file.  What has a colour
 * has a word that says the same.
 */
void output_begin(bool json);
bool output_coloured(void);

/* Print somebody else's text so that nothing in it moves the cursor. */
void output_text(const char *text);
/*
 * A table whose columns are as wide as their widest cell; the last is not
 * padded.
 */
enum { TABLE_COLUMNS = 8 };
struct table {
	size_t columns, rows, room;
	size_t outcome; /* the column that has outcomes, counted from 1; or 0:
			 * it is not cut */
	char **cells;
	size_t widths[TABLE_COLUMNS]; /* the width of the widest cell so far */
	/*
	 * No line is wider than this, if it is not 0: the column cut gives way
	 * first, then the end of the line.
	 */
	size_t limit, cut;
};
struct table *table_new(size_t columns);
/* Add a row: as many strings as columns. The first row is the heading. */
bool table_add(struct table *table, const char *const cells[]);
void table_print(const struct table *table);
/* Print its rows and forget them, but not how wide the columns were. */
void table_print_more(struct table *table);
void table_free(struct table *table);

/*
 * Show progress on standard error, if that is a terminal: one line,
 * overwritten.
 */
void output_progress(const char *doing, uint64_t done, uint64_t total);
/* The same for things that are counted: "pushing 3 of 40". */
void output_step(const char *doing, unsigned done, unsigned total);
void output_progress_end(void);
/* In lines: say by what the person is asked now, "pinentry" or "terminal". */
void output_waits(const char *by);
/* Print a sentence on standard error. */
void output_line(const char *line);
void output_note(const char *fmt, ...) PRINTF(1, 2);

/*
 * If path is the pipe that standard output is, our words must not follow what
 * was written there: print them on standard error from now on.
 */
void output_aside(const char *path);

/*
 * Flush standard output, for whoever reads along.
 *
 * ERROR_SYSTEM  what was printed could not be written
 */
bool output_flush(struct error *err) MUST_USE;

/* Print JSON and a newline; json is taken over. */
bool output_json(json_t *json, struct error *err) MUST_USE;
/* The same of the error that a command ends with. */
bool output_error(json_t *json, struct error *err) MUST_USE;
/*
 * From now on standard output is lines of JSON for the desk, as they come:
 * {"note": SENTENCE}, {"doing", "done", "total"}, {"result": what is printed
 * with --json}, {"error": what fails}.
 */
void output_as_lines(void);
/* Is it? Then nobody but the desk is told, and a terminal nothing. */
bool output_is_lines(void);
/* Print a verdict. as_of is when its status is from; NULL if it has none. */
struct as_of;
json_t *json_of_verdict(const char *file, const struct verdict *verdict,
    const struct as_of *as_of);
void output_verdict(const char *file, const struct verdict *verdict,
    const struct as_of *as_of);
/*
 * Print what as_of_text() says, with all that is known, as lines under a
 * verdict.
 */
void output_as_of(const struct as_of *as_of);
/* Print a digest as "3f2a-9c01-…", to be read on the telephone. */
void output_digest(const char *label, const struct digest *digest);

#endif
