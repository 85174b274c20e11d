/*
 * What a page may ask for: for each path a command, and for each key of its
 * query an option (desk.h).
 */
#include "cli/desk/acts.h"

#include <string.h>

#include "base/time.h"
#include "cli/desk/enrolling.h"

/* What becomes of a key's value. */
struct key {
	const char *name;
	const char *option; /* "--status": given as "--status=VALUE" */
	const char *word; /* not NULL: the only value, which gives the option */
};

/* How the operands are made of the path and the query. */
enum operands {
	OPERANDS_NONE,
	OPERANDS_TYPE,     /* ?type= */
	OPERANDS_DIGEST,   /* ?digest= */
	OPERANDS_DOCUMENT, /* ?document= */
	OPERANDS_PATH,     /* the path's TYPE/SLUG, and ?version= */
	OPERANDS_DIFF,     /* ?document= with ?from= and ?to= */
};

enum { KEYS = 16 };

struct route {
	const char *method;
	const char *path; /* ending with "/": what comes after is TYPE/SLUG */
	const char *words[2]; /* of the command; the first is NULL: see run */
	enum operands operands;
	bool quiet;   /* it does not count as use */
	bool streams; /* its lines go to the page as they come */
	/* What answers without a command. */
	bool (*run)(const struct request *request, struct reply *out,
	    struct error *err);
	struct key keys[KEYS];
};

static const char *
value_of(const struct request *request, const char *key)
{
	for (size_t i = 0; i < request->num_pairs; i++)
		if (strcmp(request->pairs[i].key, key) == 0)
			return request->pairs[i].value;
	return NULL;
}

static bool
missing(const char *key, struct error *err)
{
	return error_set(err, ERROR_MALFORMED, "the page did not say %s", key);
}

/* --- Without a command. --- */

/* Tell the page whose desk this is, and what it can do. */
static bool
tell_desk(const struct request *request, struct reply *out, struct error *err)
{
	struct desk *desk = request->desk;
	const char *by = desk_confirm_by(&desk->confirm);
	char ends[TIME_TEXT];
	json_t *json;

	time_format_at(time_now_ms() / 1000 + (int64_t)desk->idle_s -
		(time_monotonic_ms() - desk->used_ms) / 1000,
	    ends);
	pthread_mutex_lock(&desk->lock);
	json = json_pack("{s:b, s:s, s:b, s:b, s:s, s:s, s:s, s:s, s:s, s:s,"
			 " s:s, s:s, s:s?}",
	    "desk", 1, "version", VALISE_VERSION, "enrolled", desk->enrolled,
	    "cut",
	    !desk->enrolled && enrolling_was_cut(desk->context->config_path),
	    "why", desk->enrolled ? "" : desk->why.detail, "origin",
	    desk->origin, "address", desk->daemon, "office", desk->office,
	    "party", desk->party, "person", desk->person, "language",
	    desk->context->language, "ends", ends, "confirms", by);
	pthread_mutex_unlock(&desk->lock);
	return acts_reply(out, json, err);
}

/* Exchange the token for the session's secret. */
static bool
enter(const struct request *request, struct reply *out, struct error *err)
{
	json_t *body = acts_body(request, err);
	const char *token = body != NULL ? acts_text(body, "token", err) : NULL;
	door_word secret = "";
	bool ok;

	ok = token != NULL &&
	    door_enter(&request->desk->door, span_of_str(token),
		time_monotonic_ms(), secret, err);
	json_decref(body);
	if (!ok && error_is(err, DOOR_TWICE))
		output_note("%s", err->detail);
	return ok && buf_printf(&out->body, err, "{\"secret\":\"%s\"}", secret);
}

/* End the desk, as Ctrl-C does: for who has no terminal. */
static bool
end_desk(const struct request *request, struct reply *out, struct error *err)
{
	(void)request;
	out->ends_desk = true;
	return buf_append_str(&out->body, "{}", err);
}

/* --- The table. --- */

static const struct route routes[] = {
	{ .method = "GET", .path = "/desk", .quiet = true, .run = tell_desk },
	{ .method = "POST", .path = DESK_SESSION, .run = enter },
	{ .method = "POST", .path = "/desk/end", .run = end_desk },
	{ .method = "GET",
	    .path = "/v1/documents",
	    .words = { "list" },
	    .operands = OPERANDS_TYPE,
	    .keys = { { "q", "--search", NULL }, { "status", "--status", NULL },
		{ "party", "--party", NULL }, { "office", "--office", NULL },
		{ "language", "--language", NULL }, { "from", "--from", NULL },
		{ "until", "--until", NULL }, { "since", "--since", NULL },
		{ "sort", "--sort", NULL }, { "cursor", "--cursor", NULL },
		{ "limit", "--limit", NULL }, { "waits", "--waits", "me" },
		{ "mine", "--mine-first", "first" },
		{ "proved", "--proved", "all" },
		{ "local", "--local", "yes" } } },
	{ .method = "GET",
	    .path = "/v1/documents/",
	    .words = { "show" },
	    .operands = OPERANDS_PATH,
	    .keys = { { "local", "--local", "yes" } } },
	{ .method = "GET",
	    .path = "/v1/journal/entries",
	    .words = { "log" },
	    .keys = { { "document", "--document", NULL },
		{ "office", "--office", NULL }, { "person", "--person", NULL },
		{ "act", "--act", NULL }, { "since", "--since", NULL },
		{ "until", "--until", NULL }, { "newest", "--newest", NULL },
		{ "before", "--before", NULL },
		{ "local", "--local", "yes" } } },
	{ .method = "GET",
	    .path = "/v1/events",
	    .words = { "watch" },
	    .quiet = true,
	    .streams = true,
	    .keys = { { "from", "--from", NULL },
		{ "document", "--document", NULL },
		{ "act", "--act", NULL } } },
	{ .method = "GET",
	    .path = "/desk/history",
	    .words = { "history" },
	    .operands = OPERANDS_DOCUMENT,
	    .keys = { { "local", "--local", "yes" } } },
	{ .method = "GET",
	    .path = "/desk/diff",
	    .words = { "diff" },
	    .operands = OPERANDS_DIFF,
	    .keys = { { "words", "--words", "yes" },
		{ "local", "--local", "yes" } } },
	{ .method = "GET",
	    .path = "/desk/status",
	    .words = { "status" },
	    .keys = { { "local", "--local", "yes" } } },
	{ .method = "GET",
	    .path = "/desk/policy",
	    .words = { "policy", "show" },
	    .operands = OPERANDS_DIGEST },
	{ .method = "GET",
	    .path = "/desk/bags",
	    .words = { "bag", "list" },
	    .keys = { { "to", "--to", NULL } } },
	/* In a child "desk" is desk_health(). */
	{ .method = "GET", .path = "/desk/health", .words = { "desk" } },
	/* Acts (acts.h). */
	{ .method = "POST", .path = "/desk/sign", .run = acts_sign },
	{ .method = "POST", .path = "/desk/terminate", .run = acts_terminate },
	{ .method = "POST",
	    .path = "/desk/policy/accept",
	    .run = acts_accept_policy },
	{ .method = "POST", .path = "/desk/push", .run = acts_push },
	{ .method = "POST", .path = "/desk/verify", .run = acts_verify },
	{ .method = "POST", .path = "/desk/fetch", .run = acts_fetch },
	{ .method = "POST", .path = "/desk/bags/pack", .run = acts_pack_bag },
	{ .method = "POST", .path = "/desk/bags/open", .run = acts_open_bag },
	{ .method = "POST",
	    .path = "/desk/bags/ack",
	    .run = acts_acknowledge_bag },
	{ .method = "POST", .path = "/desk/enrol", .run = acts_enrol },
	{ .method = "POST",
	    .path = "/desk/enrol/check",
	    .run = acts_check_enrolment },
	{ .method = "GET", .path = "/desk/types", .run = acts_tell_types },
	{ .method = "POST", .path = DESK_UPLOADS, .run = acts_no_upload },
	{ .method = "POST",
	    .path = DESK_UPLOADS "/check",
	    .run = acts_check_upload },
	{ .method = "DELETE",
	    .path = DESK_UPLOADS "/",
	    .run = acts_drop_upload },
	{ .method = "GET", .path = "/desk/copies/", .run = acts_give_copy },
	{ .method = "POST", .path = "/desk/copies/", .run = acts_make_once },
	{ .method = "GET", .path = DESK_ONCE, .run = acts_give_once },
};

static bool
is_path(const struct route *route, const char *path)
{
	const size_t len = strlen(route->path);

	return route->path[len - 1] == '/'
	    ? strncmp(path, route->path, len) == 0 && path[len] != '\0'
	    : strcmp(path, route->path) == 0;
}

static const struct route *
find(const char *method, const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(routes[i].method, method) == 0 &&
		    is_path(&routes[i], path))
			return &routes[i];
	return NULL;
}

bool
routes_has(const char *method, const char *path, bool *uses)
{
	const struct route *route = find(method, path);

	*uses = route != NULL && !route->quiet;
	return route != NULL;
}

/* --- The command line. --- */

bool
routes_begin_line(const struct request *request, struct child_line *line,
    struct error *err)
{
	const struct desk *desk = request->desk;

	/* Passphrases are asked of the desk, which has --secret-file. */
	line->questions =
	    questions_open(desk->questions, request->language, err);
	return line->questions >= 0 && child_add(line, err, "--json") &&
	    (!desk->context->local || child_add(line, err, "--local")) &&
	    child_add(line, err, "--config=%s", desk->context->config_path) &&
	    (!options_has(desk->given, OPTION_INSECURE_KEY) ||
		child_add(line, err, "--insecure-key"));
}

/* Is the key one of the operands'? */
static bool
is_operand(enum operands operands, const char *key)
{
	static const char *const keys[][3] = {
		[OPERANDS_NONE] = { NULL },
		[OPERANDS_TYPE] = { "type" },
		[OPERANDS_DIGEST] = { "digest" },
		[OPERANDS_DOCUMENT] = { "document" },
		[OPERANDS_PATH] = { "version" },
		[OPERANDS_DIFF] = { "document", "from", "to" },
	};

	for (size_t i = 0; i < 3 && keys[operands][i] != NULL; i++)
		if (strcmp(keys[operands][i], key) == 0)
			return true;
	return false;
}

/* Add the option of a key. */
static bool
add_key(const struct route *route, const struct pair *pair,
    struct child_line *line, struct error *err)
{
	const struct key *key = NULL;

	if (is_operand(route->operands, pair->key))
		return true;
	for (size_t i = 0; i < KEYS && route->keys[i].name != NULL; i++)
		if (strcmp(route->keys[i].name, pair->key) == 0)
			key = &route->keys[i];
	if (key == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "%s takes no \"%.32s\" in its query", route->path,
		    pair->key);
	if (key->word == NULL)
		return child_add(line, err, "%s=%s", key->option, pair->value);
	if (strcmp(pair->value, key->word) != 0)
		return error_set(err, ERROR_MALFORMED,
		    "%s is \"%s\" or not there", key->name, key->word);
	return child_add(line, err, "%s", key->option);
}

/*
 * "diff" takes files too, and a page names no path: nothing with a full stop or a
 * slash but the document's own.
 */
static bool
check_diff(const char *document, const char *from, const char *to,
    struct error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	char name[DOCUMENT_NAME];
	unsigned version;

	return document_parse(document, name, &version, err) &&
	    ((from[strspn(from, letters)] == '\0' &&
		 to[strspn(to, letters)] == '\0') ||
		error_set(err, ERROR_MALFORMED,
		    "from and to are versions of %s", name));
}

/* Add what comes after "--", which makes nothing of it an option. */
static bool
add_operands(const struct route *route, const struct request *request,
    struct child_line *line, struct error *err)
{
	const char *type = value_of(request, "type");
	const char *digest = value_of(request, "digest");
	const char *document = value_of(request, "document");
	const char *version = value_of(request, "version");
	const char *from = value_of(request, "from");
	const char *to = value_of(request, "to");

	switch (route->operands) {
	case OPERANDS_NONE:
		return true;
	case OPERANDS_TYPE:
		return type == NULL || child_add(line, err, "%s", type);
	case OPERANDS_DIGEST:
		return digest == NULL || child_add(line, err, "%s", digest);
	case OPERANDS_DOCUMENT:
		return document != NULL ? child_add(line, err, "%s", document)
					: missing("which document", err);
	case OPERANDS_PATH:
		return child_add(line, err, "%s%s%s",
		    request->path + strlen(route->path),
		    version != NULL ? "@" : "", version != NULL ? version : "");
	case OPERANDS_DIFF:
		if (document == NULL || from == NULL || to == NULL)
			return missing("which document, from and to", err);
		return check_diff(document, from, to, err) &&
		    child_add(line, err, "%s@%s", document, from) &&
		    child_add(line, err, "%s@%s", document, to);
	}
	return true;
}

static bool
make_line(const struct route *route, const struct request *request,
    struct child_line *line, struct error *err)
{
	bool ok = routes_begin_line(request, line, err);

	for (size_t i = 0; ok && i < 2 && route->words[i] != NULL; i++)
		ok = child_add(line, err, "%s", route->words[i]);
	for (size_t i = 0; ok && i < request->num_pairs; i++)
		ok = add_key(route, &request->pairs[i], line, err);
	return ok && child_add(line, err, "--") &&
	    add_operands(route, request, line, err);
}

static bool
run_command(const struct route *route, const struct request *request,
    struct reply *out, struct error *err)
{
	struct child_line line = CHILD_LINE;
	bool ok = make_line(route, request, &line, err);

	if (ok && route->streams)
		ok = (out->pipe = child_start(&line, &out->ends, err)) >= 0;
	else if (ok)
		ok = child_answer(&line, request->desk->stop, &out->body, err);
	child_line_free(&line);
	return ok;
}

bool
routes_answer(const struct request *request, struct reply *out,
    struct error *err)
{
	const struct route *route = find(request->method, request->path);

	*out = (struct reply){ .status = 200,
		.body = BUF(2 * LIMIT_DESK_ANSWER),
		.pipe = -1,
		.file = -1 };
	if (route == NULL)
		return error_set(err, ERROR_NOT_FOUND, "the desk has no %.80s",
		    request->path);
	return (route->run != NULL ? route->run(request, out, err)
				   : run_command(route, request, out, err));
}
