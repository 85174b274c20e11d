/*
 * valise complete: what the shell asks when Tab is pressed.  It reads the table
 * of options and this office's state, and asks nobody.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "client/known.h"

/* so much is offered at most */
enum { OFFERED_BYTES = 16 * 1024 * 1024 };

struct completing {
	struct context context; /* its own: nothing of it is told afterwards */
	bool begun, known;
};

static bool
find_names(struct completing *all, const char *kind, const char *start,
    struct buf *out)
{
	struct context *context = &all->context;
	struct error ignored = { 0 };

	if (!all->begun)
		all->known = known_begin(context, &ignored);
	all->begun = true;
	if (!all->known)
		return false;
	return strcmp(kind, "DOC") == 0
	    ? known_documents(context, start, out, &ignored)
	    : strcmp(kind, "OFFICE") == 0
	    ? known_offices(context, out, &ignored)
	    : strcmp(kind, "PARTY") == 0 ? known_parties(context, out, &ignored)
					 : known_types(context, out, &ignored);
}

static int
compare(const void *a, const void *b)
{
	return span_order(*(const struct span *)a, *(const struct span *)b);
}

/* Append the lines of text, sorted, each once. */
static bool
sort_lines(struct span text, struct buf *out, struct error *err)
{
	struct span rest = text, line, *lines;
	size_t num = 0;
	bool ok = true;

	while (span_take_line(&rest, &line))
		num++;
	if (num == 0)
		return true;
	if ((lines = calloc(num, sizeof(*lines))) == NULL)
		return error_set_errno(err, "names");
	for (size_t i = 0; span_take_line(&text, &line); i++)
		lines[i] = line;
	qsort(lines, num, sizeof(*lines), compare);
	for (size_t i = 0; ok && i < num; i++)
		ok = (i > 0 && span_eq(lines[i - 1], lines[i])) ||
		    (buf_append(out, lines[i], err) &&
			buf_append_u8(out, '\n', err));
	free(lines);
	return ok;
}

/* An options_names.  Where nothing is known here, there are no names. */
static bool
names(void *arg, const char *kind, const char *start, struct buf *out,
    struct error *err)
{
	struct buf found = BUF(OFFERED_BYTES);
	bool ok = !find_names(arg, kind, start, &found) ||
	    sort_lines(buf_span(&found), out, err);

	buf_free(&found);
	return ok;
}

/* The command that is completed may name its configuration. */
static bool
take_config(struct context *context, char *words[], int num, struct error *err)
{
	static const char option[] = "--config";
	const size_t len = sizeof(option) - 1;
	const char *path = NULL;

	for (int i = 0; i + 1 < num; i++) {
		if (strncmp(words[i], option, len) != 0)
			continue;
		if (words[i][len] == '=')
			path = words[i] + len + 1;
		else if (words[i][len] == '\0' && i + 2 < num)
			path = words[i + 1];
	}
	if (path == NULL)
		return true;
	/* The shell gives words as they are typed. */
	if (strncmp(path, "~/", 2) == 0)
		return file_join(context->config_path, context->places.home,
		    path + 2, err);
	return text_take(context->config_path, FILE_PATH, path, err);
}

/* {"words": [{"word": …, "text": …}]}; a file or folder that may stand there */
static bool
print_json(struct span lines, struct error *err)
{
	json_t *words = json_array();
	struct span line, word;

	while (span_take_line(&lines, &line)) {
		const bool told = span_take_until(&line, '\t', &word);
		const struct span text = told ? line : span_of(NULL, 0);

		if (!told)
			word = line;
		json_array_append_new(words,
		    json_pack("{s:s%, s:s%}", "word", word.data, word.len,
			"text", text.len > 0 ? (const char *)text.data : "",
			text.len));
	}
	return output_json(json_pack("{s:o}", "words", words), err);
}

bool
cmd_complete(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct completing all = { .context = { .json = false } };
	struct buf out = BUF(OFFERED_BYTES);
	bool ok;

	all.context.places = context->places;
	text_set(all.context.config_path, FILE_PATH, context->config_path);
	ok = take_config(&all.context, given->operands, given->num_operands,
		 err) &&
	    options_complete(given->program, given->operands,
		given->num_operands, names, &all, &out, err);
	if (ok && context->json)
		ok = print_json(buf_span(&out), err);
	else if (ok && out.len > 0 &&
	    fwrite(out.data, 1, out.len, stdout) != out.len)
		ok = error_set_errno(err, "standard output");
	buf_free(&out);
	context_free(&all.context);
	return ok;
}
