/*
 * Acts: from what a page says to a command line (acts.h).
 */
#include "cli/desk/acts.h"

#include <string.h>

#include "base/text.h"
#include "cli/desk/errand.h"
#include "client/enrolment.h"

/* --- What a page says. --- */

/* Members that an act may lack; JSON_TRUE stands for true and false. */
static const struct {
	const char *key;
	json_type type;
} members[] = {
	{ "annexes", JSON_ARRAY },
	{ "authentic", JSON_TRUE },
	{ "document", JSON_STRING },
	{ "documents", JSON_ARRAY },
	{ "dry-run", JSON_TRUE },
	{ "local", JSON_TRUE },
	{ "note", JSON_STRING },
	{ "onto", JSON_INTEGER },
	{ "reason", JSON_STRING },
	{ "texts", JSON_ARRAY },
	{ "titles", JSON_OBJECT },
	{ "to", JSON_STRING },
	{ "type", JSON_STRING },
	{ "version", JSON_INTEGER },
	{ "whole", JSON_TRUE },
};

/*
 * Check that each has its type: one of another type would be taken as not
 * said, and "version": "2" as the newest.  Null is not said.
 */
static bool
check_types(const json_t *body, struct error *err)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const json_t *value = json_object_get(body, members[i].key);

		if (value != NULL && !json_is_null(value) &&
		    json_typeof(value) != members[i].type &&
		    !(members[i].type == JSON_TRUE && json_is_false(value)))
			return error_set(err, ERROR_MALFORMED,
			    "\"%s\" is of another type than it has",
			    members[i].key);
	}
	return true;
}

json_t *
acts_body(const struct request *request, struct error *err)
{
	json_t *body = json_loadb((const char *)request->body.data,
	    request->body.len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(body) && check_types(body, err))
		return body;
	if (!json_is_object(body))
		error_set(err, ERROR_MALFORMED,
		    "%s: its body is no JSON object", request->path);
	json_decref(body);
	return NULL;
}

const char *
acts_text(const json_t *body, const char *key, struct error *err)
{
	const char *text = json_string_value(json_object_get(body, key));

	if (text == NULL)
		error_set(err, ERROR_MALFORMED, "the page did not say %s", key);
	return text;
}

bool
acts_reply(struct reply *out, json_t *json, struct error *err)
{
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	const bool ok = text != NULL ? buf_append_str(&out->body, text, err)
				     : error_set_errno(err, "JSON");

	free(text);
	json_decref(json);
	return ok;
}

/* An act that is being made of a request. */
struct making {
	json_t *body;
	struct errand *errand;
	struct child_line line;
};

/* Add an option with a value of the page's, if it says one. */
static bool
add_option(struct making *making, const char *option, const char *key,
    struct error *err)
{
	const char *text =
	    json_string_value(json_object_get(making->body, key));

	return text == NULL || text[0] == '\0' ||
	    child_add(&making->line, err, "%s=%s", option, text);
}

/* The same path in the run's folder, where the command runs. */
static void
make_relative(const struct making *making, char path[FILE_PATH])
{
	const char *folder = spool_folder(making->errand->desk->spool);
	const size_t len = strlen(folder) + 1;

	memmove(path, path + len, strlen(path) - len + 1);
}

/* Get where a file that the page sent is; the act's result uses it up. */
static bool
find_upload(struct making *making, const json_t *from, const char *key,
    char path[FILE_PATH], struct error *err)
{
	const char *id = acts_text(from, key, err);
	struct spooled file;

	if (id == NULL ||
	    !spool_find(making->errand->desk->spool, id, path, &file, err) ||
	    !errand_uses(making->errand, file.id, err))
		return false;
	make_relative(making, path);
	return true;
}

/* Add "--" and the operand "TYPE/SLUG@N". */
static bool
add_document(struct making *making, struct error *err)
{
	const char *document = acts_text(making->body, "document", err);
	const json_t *version = json_object_get(making->body, "version");

	if (document == NULL || !child_add(&making->line, err, "--"))
		return false;
	return json_is_integer(version)
	    ? child_add(&making->line, err, "%s@%lld", document,
		  (long long)json_integer_value(version))
	    : child_add(&making->line, err, "%s", document);
}

/* Add "--" and the file that the page sent. */
static bool
add_file(struct making *making, struct error *err)
{
	char path[FILE_PATH];

	return find_upload(making, making->body, "upload", path, err) &&
	    child_add(&making->line, err, "--") &&
	    child_add(&making->line, err, "%s", path);
}

/* Have the command make a file of that name, whose path out gets. */
static bool
make_copy(struct making *making, const char *name, char out[FILE_PATH],
    struct error *err)
{
	struct errand *errand = making->errand;
	char folder[FILE_PATH];

	text_set(errand->name, sizeof(errand->name), name);
	if (!spool_make_folder(errand->desk->spool, errand->copy, folder,
		err) ||
	    !file_join(out, folder, name, err))
		return false;
	make_relative(making, out);
	return true;
}

/* Makes the words of a command line after the command itself. */
typedef bool words(struct making *making, struct error *err);

/* Run a command of one or two words. */
static bool
run(const struct request *request, const char *command, const char *form,
    words *add, struct reply *out, struct error *err)
{
	struct making making = { .line = CHILD_LINE };
	bool ok;

	making.line.folder = spool_folder(request->desk->spool);
	making.body = acts_body(request, err);
	making.errand =
	    making.body != NULL ? errand_new(request->desk, err) : NULL;
	ok = making.errand != NULL &&
	    routes_begin_line(request, &making.line, err) &&
	    child_add(&making.line, err, "%s", command) &&
	    (form == NULL || child_add(&making.line, err, "%s", form)) &&
	    add(&making, err) && errand_start(making.errand, &making.line, err);
	if (ok)
		out->errand = making.errand;
	else
		errand_free(making.errand);
	child_line_free(&making.line);
	json_decref(making.body);
	return ok;
}

/* --- What binds. --- */

bool
acts_sign(const struct request *request, struct reply *out, struct error *err)
{
	return run(request, "sign", NULL, add_document, out, err);
}

static bool
add_termination(struct making *making, struct error *err)
{
	return add_option(making, "--reason", "reason", err) &&
	    add_document(making, err);
}

bool
acts_terminate(const struct request *request, struct reply *out,
    struct error *err)
{
	return run(request, "terminate", NULL, add_termination, out, err);
}

/* By its digest: what is no digest would be taken for a file. */
static bool
add_digest(struct making *making, struct error *err)
{
	const char *text = acts_text(making->body, "digest", err);
	struct digest digest;

	if (text == NULL)
		return false;
	return (digest_parse(span_of_str(text), &digest) ||
		   error_set(err, ERROR_MALFORMED, "\"%.80s\" is no digest",
		       text)) &&
	    child_add(&making->line, err, "--") &&
	    child_add(&making->line, err, "%s", text);
}

bool
acts_accept_policy(const struct request *request, struct reply *out,
    struct error *err)
{
	return run(request, "policy", "accept", add_digest, out, err);
}

/* --- Depositing. --- */

/* A language is a word of the option, so nothing else may be in it. */
static bool
check_language(const char *language, struct error *err)
{
	return (strlen(language) <= LIMIT_LANGUAGE_BYTES &&
		   text_is_language(span_of_str(language))) ||
	    error_set(err, ERROR_MALFORMED, "\"%.40s\" is no language",
		language);
}

static bool
add_texts(struct making *making, struct error *err)
{
	const json_t *texts = json_object_get(making->body, "texts");
	const json_t *annexes = json_object_get(making->body, "annexes");
	char path[FILE_PATH];

	for (size_t i = 0; i < json_array_size(texts); i++) {
		const json_t *one = json_array_get(texts, i);
		const char *language = acts_text(one, "language", err);

		if (language == NULL || !check_language(language, err) ||
		    !find_upload(making, one, "upload", path, err) ||
		    !child_add(&making->line, err, "--text=%s=%s", language,
			path))
			return false;
	}
	for (size_t i = 0; i < json_array_size(annexes); i++)
		if (!find_upload(making, json_array_get(annexes, i), "upload",
			path, err) ||
		    !child_add(&making->line, err, "--annex=%s", path))
			return false;
	return true;
}

static bool
add_titles(struct making *making, struct error *err)
{
	json_t *titles = json_object_get(making->body, "titles"), *title;
	const char *language;

	json_object_foreach (titles, language, title) {
		if (!json_is_string(title))
			return error_set(err, ERROR_MALFORMED,
			    "a title is no text");
		if (!check_language(language, err) ||
		    !child_add(&making->line, err, "--title=%s=%s", language,
			json_string_value(title)))
			return false;
	}
	return true;
}

static bool
add_deposit(struct making *making, struct error *err)
{
	const json_t *onto = json_object_get(making->body, "onto");
	const bool dry = json_is_true(json_object_get(making->body, "dry-run"));
	bool ok;

	ok = add_texts(making, err) && add_titles(making, err) &&
	    add_option(making, "--note", "note", err) &&
	    (!json_is_integer(onto) ||
		child_add(&making->line, err, "--onto=%lld",
		    (long long)json_integer_value(onto))) &&
	    (!dry || child_add(&making->line, err, "--dry-run"));
	/* It is looked at, and its files are there still. */
	if (dry)
		making->errand->num_files = 0;
	json_object_del(making->body, "version");
	return ok && add_document(making, err);
}

bool
acts_push(const struct request *request, struct reply *out, struct error *err)
{
	return run(request, "push", NULL, add_deposit, out, err);
}

/* --- Copies. --- */

/* With "current" the depositary is asked too, which nothing else does. */
static bool
add_verified(struct making *making, struct error *err)
{
	making->errand->always = true;
	return (!json_is_true(json_object_get(making->body, "current")) ||
		   child_add(&making->line, err, "--current")) &&
	    add_file(making, err);
}

bool
acts_verify(const struct request *request, struct reply *out, struct error *err)
{
	return run(request, "verify", NULL, add_verified, out, err);
}

/*
 * The copy, and beside it its files, for frames (acts_make_once()); with
 * "local", from the local copy, which asks nobody.
 */
static bool
add_fetched(struct making *making, struct error *err)
{
	const bool local = json_is_true(json_object_get(making->body, "local"));
	char path[FILE_PATH], folder[FILE_PATH], files[FILE_PATH];

	if (!make_copy(making, "copy.asice", path, err))
		return false;
	file_parent(path, folder);
	return file_join(files, folder, SPOOL_FILES, err) &&
	    (!json_is_true(json_object_get(making->body, "local")) ||
		making->errand->desk->context->local ||
		child_add(&making->line, err, "--local")) &&
	    (!local || child_add(&making->line, err, "--local")) &&
	    child_add(&making->line, err, "--output=%s", path) &&
	    child_add(&making->line, err, "--extract=%s", files) &&
	    add_document(making, err);
}

bool
acts_fetch(const struct request *request, struct reply *out, struct error *err)
{
	return run(request, "fetch", NULL, add_fetched, out, err);
}

/* --- Bags. --- */

static bool
add_packed(struct making *making, struct error *err)
{
	const json_t *documents = json_object_get(making->body, "documents");
	char path[FILE_PATH];
	bool ok;

	ok = make_copy(making, "copies.bag", path, err) &&
	    child_add(&making->line, err, "--output=%s", path) &&
	    add_option(making, "--to", "to", err) &&
	    (json_array_size(documents) > 0 ||
		child_add(&making->line, err, "--since-acknowledged")) &&
	    child_add(&making->line, err, "--");
	for (size_t i = 0; ok && i < json_array_size(documents); i++) {
		const char *one =
		    json_string_value(json_array_get(documents, i));

		ok = one != NULL
		    ? child_add(&making->line, err, "%s", one)
		    : error_set(err, ERROR_MALFORMED, "a document is no text");
	}
	return ok;
}

bool
acts_pack_bag(const struct request *request, struct reply *out,
    struct error *err)
{
	return run(request, "bag", "pack", add_packed, out, err);
}

/* Where an office that has no local copy yet gets one: ~/Valise/OFFICE. */
static bool
add_place(struct making *making, struct error *err)
{
	struct desk *desk = making->errand->desk;
	char known[FILE_PATH], folder[FILE_PATH], path[FILE_PATH];
	char office[POLICY_NAME], state[FILE_PATH];

	pthread_mutex_lock(&desk->lock);
	text_set(office, sizeof(office), desk->office);
	text_set(state, sizeof(state), desk->state);
	pthread_mutex_unlock(&desk->lock);
	if (!file_join(known, state, "copy", err))
		return false;
	if (file_exists(known) || office[0] == '\0' ||
	    desk->context->places.home[0] != '/')
		return true;
	return file_join(folder, desk->context->places.home, "Valise", err) &&
	    file_make_dirs(folder, 0700, err) &&
	    file_join(path, folder, office, err) &&
	    child_add(&making->line, err, "--into=%s", path);
}

/* Into the local copy; the acknowledgement is for the page. */
static bool
add_opened(struct making *making, struct error *err)
{
	char answer[FILE_PATH];

	return make_copy(making, "bag.ack", answer, err) &&
	    child_add(&making->line, err, "--ack=%s", answer) &&
	    add_place(making, err) && add_file(making, err);
}

bool
acts_open_bag(const struct request *request, struct reply *out,
    struct error *err)
{
	return run(request, "bag", "open", add_opened, out, err);
}

bool
acts_acknowledge_bag(const struct request *request, struct reply *out,
    struct error *err)
{
	return run(request, "bag", "ack", add_file, out, err);
}
