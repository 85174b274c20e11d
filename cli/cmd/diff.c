/*
 * valise diff: fetches two versions, or two languages of one, verifies them
 * and shows how they differ, through a pager on a terminal.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/cmd/diff_copies.h"
#include "cli/cmd/diff_text.h"
#include "cli/commands.h"
#include "cli/local/local.h"
#include "cli/pager.h"
#include "client/acts.h"

/* the most that is held in memory of one text */
enum { DIFF_BYTES = 16 * 1024 * 1024 };

struct diff {
	struct context *context;
	bool words, colour;
	/* the two languages of --side-by-side, or NULL */
	const char *beside[2];
	struct copy a, b;
	json_t *told[2]; /* of two files, with --json: what is said of each */
	bool any;        /* a difference was printed */
	/* with --json: arrays of what differs, and of the files that do */
	json_t *changes, *files;
};

/* --- What is said of the versions. --- */

static void
tell(struct diff *diff, const char *what, const char *old, const char *new)
{
	if (strcmp(old, new) == 0)
		return;
	diff->any = true;
	if (diff->changes != NULL) {
		json_array_append_new(diff->changes,
		    json_pack("{s:s, s:s, s:s}", "what", what, "old", old,
			"new", new));
		return;
	}
	if (old[0] != '\0') {
		printf("%s-%s: ", diff->colour ? "\033[31m" : "", what);
		output_text(old);
		puts(diff->colour ? "\033[0m" : "");
	}
	if (new[0] != '\0') {
		printf("%s+%s: ", diff->colour ? "\033[32m" : "", what);
		output_text(new);
		puts(diff->colour ? "\033[0m" : "");
	}
}

static const char *
title_in(const struct version *version, const char *language)
{
	for (size_t i = 0; i < version->num_titles; i++)
		if (strcmp(version->titles[i].language, language) == 0)
			return version->titles[i].text;
	return "";
}

/* Print the titles that differ. */
static void
tell_titles(struct diff *diff, const struct version *a, const struct version *b)
{
	char what[LIMIT_LANGUAGE_BYTES + 16];

	for (size_t i = 0; i < a->num_titles; i++) {
		snprintf(what, sizeof(what), "title (%s)",
		    a->titles[i].language);
		tell(diff, what, a->titles[i].text,
		    title_in(b, a->titles[i].language));
	}
	for (size_t i = 0; i < b->num_titles; i++) {
		if (title_in(a, b->titles[i].language)[0] != '\0')
			continue;
		snprintf(what, sizeof(what), "title (%s)",
		    b->titles[i].language);
		tell(diff, what, "", b->titles[i].text);
	}
}

static const struct verdict_signature *
approval_of(const struct copy *copy, const char *person)
{
	for (size_t i = 0; i < copy->verdict.num_signatures; i++)
		if (copy->verdict.signatures[i].commitment ==
			COMMITMENT_APPROVAL &&
		    strcmp(copy->verdict.signatures[i].person, person) == 0)
			return &copy->verdict.signatures[i];
	return NULL;
}

static void
tell_signatures(struct diff *diff, const struct copy *from,
    const struct copy *in, bool gone)
{
	for (size_t i = 0; i < from->verdict.num_signatures; i++) {
		const struct verdict_signature *one =
		    &from->verdict.signatures[i];

		if (one->commitment == COMMITMENT_APPROVAL &&
		    approval_of(in, one->person) == NULL)
			tell(diff, "signed by", gone ? one->person : "",
			    gone ? "" : one->person);
	}
}

/* Print how the versions differ beside their texts: titles, note, persons. */
static void
tell_metadata(struct diff *diff)
{
	const struct version *a = diff->a.verdict.version;
	const struct version *b = diff->b.verdict.version;
	char old[400], new[400];

	tell_titles(diff, a, b);
	tell(diff, "note", a->note, b->note);
	snprintf(old, sizeof(old), "%s of %s", a->person, a->office);
	snprintf(new, sizeof(new), "%s of %s", b->person, b->office);
	tell(diff, "deposited by", old, new);
	time_format_at(a->created_at, old);
	time_format_at(b->created_at, new);
	tell(diff, "created", old, new);
	/* What is not VALID has no status. */
	if (diff->a.verdict.outcome == OUTCOME_VALID &&
	    diff->b.verdict.outcome == OUTCOME_VALID)
		tell(diff, "status", status_name(diff->a.verdict.status),
		    status_name(diff->b.verdict.status));
	tell_signatures(diff, &diff->a, &diff->b, true);
	tell_signatures(diff, &diff->b, &diff->a, false);
}

/* --- Texts. --- */

struct to_fd {
	int fd;
	off_t at;
};

static bool
sink_to_fd(void *arg, struct span bytes, struct error *err)
{
	struct to_fd *to = arg;

	if (!file_pwrite(to->fd, bytes, to->at, err))
		return false;
	to->at += (off_t)bytes.len;
	return true;
}

/* Get a file as text: as it is, or for a PDF what pdftotext makes of it. */
static bool
read_text(struct diff *diff, const struct copy *copy,
    const struct text_file *file, struct buf *out, struct error *err)
{
	const struct member *member =
	    container_find(copy->container, file->file);
	struct to_fd to = { -1, 0 };
	bool ok;

	if (member == NULL)
		return error_set(err, ERROR_NOT_FOUND, "%s", file->file);
	if (strcmp(file->media, "application/pdf") != 0) {
		if (strncmp(file->media, "text/", 5) != 0)
			return error_set(err, ERROR_NOT_FOUND, "%s is no text",
			    file->media);
		return member_stream(member, sink_to_buf, out, err);
	}
	to.fd = context_temporary(diff->context, err);
	ok = to.fd >= 0 && member_stream(member, sink_to_fd, &to, err) &&
	    diff_pdf_text(to.fd, out, err);
	if (to.fd >= 0)
		close(to.fd);
	return ok;
}

static const char *
base_name(const char *path)
{
	return strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
}

/*
 * Find the file of the same name, else the only one of that language and media
 * type.
 */
static const struct text_file *
partner(const struct text_file *of, const struct text_file list[], size_t num)
{
	const struct text_file *only = NULL;
	unsigned found = 0;

	for (size_t i = 0; i < num; i++) {
		if (strcmp(list[i].language, of->language) != 0)
			continue;
		if (strcmp(base_name(list[i].file), base_name(of->file)) == 0)
			return &list[i];
		if (strcmp(list[i].media, of->media) == 0) {
			only = &list[i];
			found++;
		}
	}
	return found == 1 ? only : NULL;
}

static void
heading(struct diff *diff, const struct text_file *a, const struct text_file *b)
{
	diff->any = true;
	printf("%s--- %s\n+++ %s%s\n", diff->colour ? "\033[1m" : "",
	    a != NULL ? a->file : "(none)", b != NULL ? b->file : "(none)",
	    diff->colour ? "\033[0m" : "");
}

/* Add how two texts differ to the files; why is set where that is not known. */
static bool
add_pair(struct diff *diff, const struct text_file *a,
    const struct text_file *b, struct span x, struct span y, struct error *why,
    struct error *err)
{
	json_t *row = json_pack("{s:s?, s:s?}", "old",
	    a != NULL ? a->file : NULL, "new", b != NULL ? b->file : NULL);
	json_t *lines = why->kind != ERROR_NONE
	    ? NULL
	    : diff_texts_json(b != NULL ? b->file : a->file, x, y, diff->words,
		  why);

	if (lines != NULL)
		json_object_set_new(row, "lines", lines);
	else
		json_object_set_new(row, "detail", json_string(why->detail));
	return json_array_append_new(diff->files, row) == 0 ||
	    error_set_errno(err, "files");
}

/* Print how two texts of one language differ. */
static bool
diff_pair(struct diff *diff, const struct text_file *a,
    const struct text_file *b, struct error *err)
{
	struct buf x = BUF(DIFF_BYTES), y = BUF(DIFF_BYTES);
	struct error why = { 0 };
	bool ok = true;

	if (a != NULL && b != NULL && digest_eq(&a->sha256, &b->sha256))
		return true;
	if (diff->files == NULL)
		heading(diff, a, b);
	ok = (a == NULL || read_text(diff, &diff->a, a, &x, &why)) &&
	    (b == NULL || read_text(diff, &diff->b, b, &y, &why));
	if (diff->files != NULL)
		ok =
		    add_pair(diff, a, b, buf_span(&x), buf_span(&y), &why, err);
	else if (!ok)
		/* The files differ, but how cannot be shown here. */
		ok = printf("they differ: %s\n", why.detail) > 0;
	else
		ok = diff_texts(b != NULL ? b->file : a->file, buf_span(&x),
		    buf_span(&y), diff->words, diff->colour, err);
	buf_free(&x);
	buf_free(&y);
	return ok;
}

static bool
diff_files(struct diff *diff, const struct text_file a[], size_t num_a,
    const struct text_file b[], size_t num_b, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < num_a; i++)
		ok = diff_pair(diff, &a[i], partner(&a[i], b, num_b), err);
	for (size_t i = 0; ok && i < num_b; i++)
		if (partner(&b[i], a, num_a) == NULL)
			ok = diff_pair(diff, NULL, &b[i], err);
	return ok;
}

static bool
diff_versions(struct diff *diff, struct error *err)
{
	const struct version *a = diff->a.verdict.version;
	const struct version *b = diff->b.verdict.version;

	if (diff->files == NULL)
		printf("%s%s@%u %s@%u%s\n", diff->colour ? "\033[1m" : "",
		    a->document, a->number, b->document, b->number,
		    diff->colour ? "\033[0m" : "");
	tell_metadata(diff);
	return diff_files(diff, a->texts, a->num_texts, b->texts, b->num_texts,
		   err) &&
	    diff_files(diff, a->annexes, a->num_annexes, b->annexes,
		b->num_annexes, err);
}

static json_t *
json_of_end(const struct copy *copy)
{
	const struct version *version = copy->verdict.version;

	return json_pack("{s:s, s:i, s:o}", "document", version->document,
	    "version", (int)version->number, "digest",
	    json_of_digest(&copy->verdict.digest));
}

static bool
diff_versions_json(struct diff *diff, struct error *err)
{
	json_t *from = json_of_end(&diff->a), *to = json_of_end(&diff->b);
	bool ok;

	if (diff->told[0] != NULL)
		(void)(json_object_update(from, diff->told[0]) == 0 &&
		    json_object_update(to, diff->told[1]) == 0);

	diff->changes = json_array();
	diff->files = json_array();
	ok = diff_versions(diff, err) &&
	    output_json(json_pack("{s:O, s:O, s:O, s:O}", "from", from, "to",
			    to, "changes", diff->changes, "files", diff->files),
		err);
	json_decref(from);
	json_decref(to);
	json_decref(diff->changes);
	json_decref(diff->files);
	return ok;
}

/* --- Two languages of one version. --- */

static const struct text_file *
text_in(const struct version *version, const char *language)
{
	const struct text_file *pdf = NULL;

	/* A plain text comes before one that is made of a PDF. */
	for (size_t i = 0; i < version->num_texts; i++) {
		const struct text_file *one = &version->texts[i];

		if (strcmp(one->language, language) != 0)
			continue;
		if (strncmp(one->media, "text/", 5) == 0)
			return one;
		pdf = one;
	}
	return pdf;
}

static unsigned
width_of_terminal(void)
{
	struct winsize size;

	return isatty(STDERR_FILENO) &&
		ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
	    ? size.ws_col
	    : 100;
}

static bool
print_languages_json(struct diff *diff, const struct text_file *const texts[2],
    struct span left, struct span right, struct error *err)
{
	json_t *articles = diff_articles_json(left, right, err);
	json_t *json = articles == NULL ? NULL : json_of_end(&diff->a);

	if (articles == NULL)
		return false;
	json_object_set_new(json, "languages",
	    json_pack("[s, s]", diff->beside[0], diff->beside[1]));
	json_object_set_new(json, "files",
	    json_pack("[s, s]", texts[0]->file, texts[1]->file));
	json_object_set_new(json, "articles", articles);
	return output_json(json, err);
}

/* Print the two languages of one version beside each other. */
static bool
diff_languages(struct diff *diff, struct error *err)
{
	const struct version *version = diff->a.verdict.version;
	struct buf x = BUF(DIFF_BYTES), y = BUF(DIFF_BYTES);
	const struct text_file *texts[2];
	bool ok = true;

	for (size_t i = 0; ok && i < 2; i++) {
		texts[i] = text_in(version, diff->beside[i]);
		ok = texts[i] != NULL ||
		    error_set(err, ERROR_NOT_FOUND,
			"%s@%u has no text in \"%s\"", version->document,
			version->number, diff->beside[i]);
	}
	ok = ok && read_text(diff, &diff->a, texts[0], &x, err) &&
	    read_text(diff, &diff->a, texts[1], &y, err) &&
	    (diff->context->json
		    ? print_languages_json(diff, texts, buf_span(&x),
			  buf_span(&y), err)
		    : diff_beside(texts[0]->file, buf_span(&x), texts[1]->file,
			  buf_span(&y), width_of_terminal(), err));
	buf_free(&x);
	buf_free(&y);
	return ok;
}

/* --- The command. --- */

struct named {
	char document[DOCUMENT_NAME];
	unsigned version;
	const char *text; /* as the user named it */
};

/*
 * The acts on the document that was asked about last; mostly there is only one
 * document.
 */
struct asking {
	struct session session;
	struct document_acts acts;
};

static bool
fetch_one(struct asking *asking, const struct named *name, struct copy *out,
    struct error *err)
{
	struct document_acts *acts = &asking->acts;

	if (acts->doc.name == NULL ||
	    strcmp(acts->doc.name, name->document) != 0) {
		acts_free(acts);
		if (!acts_update(&asking->session, name->document, acts, err))
			return false;
	}
	return copy_fetch_beside(&asking->session, acts, name->version, out,
	    err);
}

static bool
load(struct diff *diff, struct asking *asking, const struct named *name,
    struct copy *out, struct error *err)
{
	char dir[FILE_PATH];

	if (diff->context->local ? !local_dir(diff->context, NULL, dir, err) ||
		    !local_open_standing(diff->context, dir, name->document,
			name->version, out, err)
				 : !fetch_one(asking, name, out, err))
		return false;
	/* A copy that is not VALID is not compared. */
	return out->verdict.outcome == OUTCOME_VALID ||
	    (verdict_error(&out->verdict, err), false) ||
	    error_context(err, "%s", name->text);
}

/* Load one version or two, and print the difference through the pager. */
static bool
run(struct diff *diff, int num, char *argv[], struct error *err)
{
	struct asking asking = { .acts = { .num = 0 } };
	struct named names[2];
	struct pager pager = { .terminal = -1 };
	bool ok;

	for (int i = 0; i < num; i++) {
		names[i].text = argv[i];
		if (!document_parse_which(argv[i], names[i].document,
			&names[i].version, err))
			return false;
	}
	if (!diff->context->local &&
	    !session_open(diff->context, &asking.session, err))
		return false;
	ok = load(diff, &asking, &names[0], &diff->a, err) &&
	    (num < 2 || load(diff, &asking, &names[1], &diff->b, err));
	if (!diff->context->local)
		session_close(&asking.session);
	acts_free(&asking.acts);
	if (!ok)
		return false;
	if (!diff->context->json)
		pager_start(&pager);
	ok = num < 2              ? diff_languages(diff, err)
	    : diff->context->json ? diff_versions_json(diff, err)
				  : diff_versions(diff, err);
	pager_end(&pager);
	return ok;
}

/* Compare two files; the difference is shown whatever the verdicts are. */
static bool
run_files(struct diff *diff, const struct options_given *given,
    struct error *err)
{
	struct copy copies[2] = { { .fd = -1 }, { .fd = -1 } };
	struct error fault = { 0 };
	struct pager pager = { .terminal = -1 };
	bool ok;

	if (!diff->context->json)
		pager_start(&pager);
	ok = diff_load_files(diff->context, given, copies, diff->told, &fault,
	    err);
	diff->a = copies[0];
	diff->b = copies[1];
	ok = ok &&
	    (diff->context->json ? diff_versions_json(diff, err)
				 : diff_versions(diff, err));
	diff->context->told = ok;
	if (ok && !diff->any && !diff->context->json)
		puts("they do not differ");
	pager_end(&pager);
	json_decref(diff->told[0]);
	json_decref(diff->told[1]);
	if (ok && fault.kind != ERROR_NONE)
		*err = fault;
	return ok && fault.kind == ERROR_NONE;
}

/* True if the operands are files; mixed ones make no sense. */
static bool
are_files(const struct options_given *given, bool *out, struct error *err)
{
	const int num = given->num_operands;
	int files = 0;

	for (int i = 0; i < num; i++)
		files += diff_is_file(given->operands[i]);
	*out = files > 0;
	if (files > 0 && files < num)
		return error_set(err, ERROR_USAGE,
		    "a file and a version of the record: fetch the version"
		    " first (\"valise fetch DOC@N\"), and compare two files");
	if (files == 1)
		return error_set(err, ERROR_USAGE,
		    "--side-by-side takes a version of the record");
	for (size_t i = 0; files == 0 && i < given->num_options; i++)
		if (given->options[i].option->id == OPTION_ENROLMENT ||
		    given->options[i].option->id == OPTION_POLICY ||
		    given->options[i].option->id == OPTION_CRLS)
			return error_set(err, ERROR_USAGE,
			    "--%s goes with two files",
			    given->options[i].option->name);
	return true;
}

/* --side-by-side: room gets its two languages.  False if it is not two. */
static bool
take_languages(const char *text, struct diff *diff,
    char room[2 * LIMIT_LANGUAGE_BYTES + 2], struct error *err)
{
	char *comma;

	if (!text_take(room, 2 * LIMIT_LANGUAGE_BYTES + 2, text, err))
		return false;
	if ((comma = strchr(room, ',')) == NULL)
		return error_set(err, ERROR_USAGE,
		    "--side-by-side needs two languages: lo,en");
	*comma = '\0';
	diff->beside[0] = room;
	diff->beside[1] = comma + 1;
	return true;
}

/* Set whether the output is coloured. */
static bool
take_colour(const struct options_given *given, bool *out, struct error *err)
{
	const char *when = options_value(given, OPTION_COLOR);

	*out = output_coloured();
	if (options_has(given, OPTION_COLOR))
		*out = when == NULL || strcmp(when, "always") == 0;
	return when == NULL || *out || strcmp(when, "never") == 0 ||
	    error_set(err, ERROR_USAGE, "--color=always or --color=never");
}

bool
cmd_diff(struct context *context, const struct options_given *given,
    struct error *err)
{
	const char *beside = options_value(given, OPTION_SIDE_BY_SIDE);
	struct diff diff = { .context = context,
		.words = options_has(given, OPTION_WORDS),
		.a = { .fd = -1 },
		.b = { .fd = -1 } };
	char languages[2 * LIMIT_LANGUAGE_BYTES + 2];
	bool ok, files;

	if (!take_colour(given, &diff.colour, err) ||
	    (beside != NULL && !take_languages(beside, &diff, languages, err)))
		return false;
	if (!are_files(given, &files, err))
		return false;
	ok = files ? run_files(&diff, given, err)
		   : context_load(context, err) &&
		run(&diff, given->num_operands, given->operands, err);
	copy_free(&diff.a);
	copy_free(&diff.b);
	return ok;
}
