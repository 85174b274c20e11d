/*
 * Files to and from a page (acts.h): uploads; copies that were fetched; and a
 * copy or a text of one at an address that works once, since a frame, or a
 * browser that saves a file, can send no header.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/text.h"
#include "cli/desk/acts.h"
#include "document/version.h"

/* --- Uploads. --- */

/* Of a type's media, which endings surely have another. */
static const struct {
	const char *ending, *media;
} endings[] = {
	{ ".pdf", "application/pdf" },
	{ ".md", "text/markdown" },
	{ ".txt", "text/plain" },
	{ ".html", "text/html" },
	{ ".htm", "text/html" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".jpg", "image/jpeg" },
	{ ".jpeg", "image/jpeg" },
	{ ".docx", "application/octet-stream" },
	{ ".odt", "application/octet-stream" },
	{ ".exe", "application/octet-stream" },
	{ ".zip", "application/octet-stream" },
};

/* A type may name the media that it takes: does the ending say another? */
static bool
check_media(const struct document_type *type, const char *name,
    struct error *err)
{
	const char *dot = strrchr(name, '.'), *media = NULL;

	for (size_t i = 0;
	     dot != NULL && i < sizeof(endings) / sizeof(endings[0]); i++)
		if (strcasecmp(dot, endings[i].ending) == 0)
			media = endings[i].media;
	if (media == NULL || type->num_media == 0)
		return true;
	for (size_t i = 0; i < type->num_media; i++)
		if (strcmp(type->media[i], media) == 0)
			return true;
	return error_set_code(err, ERROR_REFUSED, "TEXT_NOT_ALLOWED",
	    "%.120s: its name says %s, which %s does not take (line %u of %s)",
	    name, media, type->name, type->media_line, type->file);
}

static bool
judge_by_type(const struct document_type *type, const char *name, uint64_t size,
    struct error *err)
{
	if (size > type->limit_text)
		return error_set_code(err, ERROR_REFUSED, "TEXT_NOT_ALLOWED",
		    "%.120s: it has %llu bytes, and a text of %s at most %llu"
		    " (line %u of %s)",
		    name, (unsigned long long)size, type->name,
		    (unsigned long long)type->limit_text, type->limits_line,
		    type->file);
	if (strlen(name) > type->limit_name)
		return error_set_code(err, ERROR_REFUSED, "TEXT_NOT_ALLOWED",
		    "%.120s: its name has %zu bytes, and one of %s at most"
		    " %llu (line %u of %s)",
		    name, strlen(name), type->name,
		    (unsigned long long)type->limit_name, type->limits_line,
		    type->file);
	return check_media(type, name, err);
}

/*
 * Read anew the policy that this office accepted last, since a command may have
 * accepted another.  policy is NULL if there is none; it is the context's, which
 * end_policy() frees.
 */
static struct context *
begin_policy(const struct desk *desk, const struct policy **policy,
    struct error *err)
{
	struct context *context = calloc(1, sizeof(*context));
	struct error ignored = { 0 };

	*policy = NULL;
	if (context == NULL) {
		error_set_errno(err, "the policy");
		return NULL;
	}
	context->places = desk->context->places;
	text_set(context->config_path, FILE_PATH, desk->context->config_path);
	if (context_load(context, &ignored))
		*policy = policies_pinned(context, &ignored);
	return context;
}

static void
end_policy(struct context *context)
{
	if (context != NULL)
		context_free(context);
	free(context);
}

/* What the policy says of a text, by its name and size alone. */
static bool
check_policy(const struct desk *desk, const char *type_name, const char *name,
    uint64_t size, struct error *err)
{
	const struct document_type *type = NULL;
	const struct policy *policy;
	struct context *context;
	bool ok;

	/* Of a type that is not chosen yet the policy says nothing. */
	if (type_name == NULL || type_name[0] == '\0')
		return true;
	if ((context = begin_policy(desk, &policy, err)) == NULL)
		return false;
	if (policy != NULL)
		type = policy_type(policy, type_name);
	ok = type == NULL || judge_by_type(type, name, size, err);
	end_policy(context);
	return ok;
}

static bool
has_office(const struct policy *policy, const struct office_list *list,
    const char *office)
{
	for (size_t i = 0; i < list->num; i++)
		if (strcmp(policy->offices[list->offices[i]].name, office) == 0)
			return true;
	return false;
}

/* The types of which this office may deposit documents. */
static json_t *
list_types(const struct policy *policy, const char *office)
{
	json_t *types = json_array();

	for (size_t i = 0; policy != NULL && i < policy->num_types; i++) {
		const struct document_type *type = &policy->types[i];

		if (has_office(policy, &type->deposit, office))
			json_array_append_new(types,
			    json_pack("{s:s, s:s}", "type", type->name, "title",
				type->title));
	}
	return types;
}

/* Without a line, so that a deposit can be made without one. */
bool
acts_tell_types(const struct request *request, struct reply *out,
    struct error *err)
{
	struct desk *desk = request->desk;
	const struct policy *policy;
	struct context *context = begin_policy(desk, &policy, err);
	char office[POLICY_NAME];
	bool ok = context != NULL &&
	    (policy != NULL ||
		error_set(err, ERROR_NOT_FOUND,
		    "this office has accepted no policy"));

	pthread_mutex_lock(&desk->lock);
	text_set(office, sizeof(office), desk->office);
	pthread_mutex_unlock(&desk->lock);
	ok = ok &&
	    acts_reply(out,
		json_pack("{s:o}", "types", list_types(policy, office)), err);
	end_policy(context);
	return ok;
}

bool
acts_check_upload(const struct request *request, struct reply *out,
    struct error *err)
{
	json_t *body = acts_body(request, err);
	const char *name = body != NULL ? acts_text(body, "name", err) : NULL;
	const json_t *size = json_object_get(body, "size");
	const char *type = json_string_value(json_object_get(body, "type"));
	const json_int_t bytes =
	    json_is_integer(size) ? json_integer_value(size) : -1;
	bool ok;

	ok = name != NULL &&
	    (bytes >= 0 ||
		error_set(err, ERROR_MALFORMED, "the page did not say size")) &&
	    check_policy(request->desk, type, name, (uint64_t)bytes, err) &&
	    spool_check(request->desk->spool, name, (uint64_t)bytes, err) &&
	    buf_append_str(&out->body, "{}", err);
	json_decref(body);
	return ok;
}

static const char *
query(const struct request *request, const char *key)
{
	for (size_t i = 0; i < request->num_pairs; i++)
		if (strcmp(request->pairs[i].key, key) == 0)
			return request->pairs[i].value;
	return NULL;
}

struct spool_upload *
acts_begin_upload(const struct request *request, const char *length,
    struct error *err)
{
	const char *name = query(request, "name"),
		   *size = query(request, "size");
	uint64_t bytes, announced;

	if (name == NULL || size == NULL || length == NULL ||
	    !span_to_u64(span_of_str(size), &bytes) ||
	    !span_to_u64(span_of_str(length), &announced) ||
	    bytes != announced) {
		error_set(err, ERROR_MALFORMED,
		    "a file comes with its name and its size, which is the"
		    " Content-Length");
		return NULL;
	}
	if (!check_policy(request->desk, query(request, "type"), name, bytes,
		err))
		return NULL;
	return spool_begin(request->desk->spool, name, bytes, err);
}

bool
acts_end_upload(struct spool_upload *upload, struct reply *out,
    struct error *err)
{
	struct spooled file;
	char hex[DIGEST_HEX];

	if (!spool_end(upload, &file, err))
		return false;
	digest_hex(&file.sha256, hex);
	return acts_reply(out,
	    json_pack("{s:s, s:s, s:I, s:s}", "upload", file.id, "name",
		file.name, "size", (json_int_t)file.size, "sha256", hex),
	    err);
}

/* The server gives every body that is sent there to acts_begin_upload(). */
bool
acts_no_upload(const struct request *request, struct reply *out,
    struct error *err)
{
	(void)out;
	return error_set(err, ERROR_MALFORMED, "%s: no file came",
	    request->path);
}

/* The id in "/desk/uploads/ID" or "/desk/copies/ID[/once]". */
static void
take_id(const struct request *request, const char *prefix, char out[SPOOL_ID])
{
	const char *id = request->path + strlen(prefix);

	snprintf(out, SPOOL_ID, "%.*s", (int)strcspn(id, "/"), id);
}

bool
acts_drop_upload(const struct request *request, struct reply *out,
    struct error *err)
{
	char id[SPOOL_ID];

	take_id(request, "/desk/uploads/", id);
	spool_remove(request->desk->spool, id);
	return buf_append_str(&out->body, "{}", err);
}

/* --- Copies. --- */

/* Answer with the bytes of a file. */
static bool
give_file(const char *path, struct reply *out, struct error *err)
{
	struct stat st;

	out->file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (out->file >= 0 && fstat(out->file, &st) == 0 &&
	    S_ISREG(st.st_mode)) {
		out->size = (uint64_t)st.st_size;
		return true;
	}
	error_set_errno(err, "%s", path);
	if (out->file >= 0)
		close(out->file);
	out->file = -1;
	return false;
}

bool
acts_give_copy(const struct request *request, struct reply *out,
    struct error *err)
{
	struct spooled file;
	char id[SPOOL_ID], path[FILE_PATH];

	take_id(request, "/desk/copies/", id);
	out->type = "application/octet-stream";
	out->attached = true;
	return spool_find(request->desk->spool, id, path, &file, err) &&
	    give_file(path, out, err);
}

/* --- Addresses that work once. --- */

struct once {
	char word[DIGEST_HEX];
	char *path;
	const char *type;
};

struct onces {
	pthread_mutex_t lock;
	struct once list[LIMIT_DESK_ONCE];
	size_t next;
};

struct onces *
onces_new(struct error *err)
{
	struct onces *onces = calloc(1, sizeof(*onces));

	if (onces != NULL && pthread_mutex_init(&onces->lock, NULL) == 0)
		return onces;
	free(onces);
	error_set_errno(err, "the desk");
	return NULL;
}

void
onces_free(struct onces *onces)
{
	if (onces == NULL)
		return;
	pthread_mutex_destroy(&onces->lock);
	for (size_t i = 0; i < LIMIT_DESK_ONCE; i++)
		free(onces->list[i].path);
	free(onces);
}

/*
 * What a text is shown as. Of what version.yaml says only these go on: nothing
 * that a browser would run, or take for a page.
 */
static const char *
shown_as(const char *media)
{
	static const char *const shown[][2] = {
		{ "application/pdf", "application/pdf" },
		{ "text/plain", "text/plain; charset=utf-8" },
		{ "text/markdown", "text/plain; charset=utf-8" },
		{ "image/png", "image/png" },
		{ "image/jpeg", "image/jpeg" },
		{ "image/gif", "image/gif" },
		{ "image/webp", "image/webp" },
	};

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (strcmp(media, shown[i][0]) == 0)
			return shown[i][1];
	return NULL;
}

/* Find the media type of a text or annex, in version.yaml beside it. */
static bool
find_media(const char *folder, const char *member, const char **out,
    struct error *err)
{
	struct buf yaml = BUF(LIMIT_VERSION_BYTES);
	struct version *version = NULL;
	char path[FILE_PATH];
	bool found = false;

	if (file_join(path, folder, PATH_VERSION, err) &&
	    file_read(path, LIMIT_VERSION_BYTES, &yaml, err))
		version = version_parse(buf_span(&yaml), err);
	buf_free(&yaml);
	if (version == NULL)
		return false;
	for (size_t i = 0; i < version->num_texts; i++)
		if (strcmp(version->texts[i].file, member) == 0) {
			*out = shown_as(version->texts[i].media);
			found = true;
		}
	for (size_t i = 0; i < version->num_annexes; i++)
		if (strcmp(version->annexes[i].file, member) == 0) {
			*out = shown_as(version->annexes[i].media);
			found = true;
		}
	version_free(version);
	return found ||
	    error_set(err, ERROR_NOT_FOUND, "the copy has no text %.200s",
		member);
}

/* Remember an address; the oldest is forgotten. */
static bool
add_once(struct onces *onces, const char *path, const char *type,
    char word[DIGEST_HEX], struct error *err)
{
	struct digest random;
	struct once *once;
	char *copy = strdup(path);

	if (copy == NULL)
		return error_set_errno(err, "an address");
	if (RAND_bytes(random.bytes, sizeof(random.bytes)) != 1) {
		free(copy);
		return error_set_openssl(err, ERROR_SYSTEM, "no random bytes");
	}
	digest_hex(&random, word);
	pthread_mutex_lock(&onces->lock);
	once = &onces->list[onces->next++ % LIMIT_DESK_ONCE];
	text_set(once->word, sizeof(once->word), word);
	free(once->path);
	once->path = copy;
	once->type = type;
	pthread_mutex_unlock(&onces->lock);
	return true;
}

/* Take an address: it works no more. */
static bool
take_once(struct onces *onces, const char *word, char path[FILE_PATH],
    const char **type)
{
	bool found = false;

	pthread_mutex_lock(&onces->lock);
	for (size_t i = 0; i < LIMIT_DESK_ONCE; i++) {
		struct once *once = &onces->list[i];

		if (strlen(word) != DIGEST_HEX - 1 || once->word[0] == '\0' ||
		    CRYPTO_memcmp(word, once->word, DIGEST_HEX - 1) != 0)
			continue;
		text_set(path, FILE_PATH, once->path);
		*type = once->type;
		once->word[0] = '\0';
		found = true;
	}
	pthread_mutex_unlock(&onces->lock);
	return found;
}

/* The path of a text of a copy, and what it is shown as; NULL: it is saved. */
static bool
find_text(const char *copy, const char *member, char path[FILE_PATH],
    const char **type, struct error *err)
{
	char folder[FILE_PATH], files[FILE_PATH];

	file_parent(copy, folder);
	/* version.yaml names it, or it is none. */
	return file_join(files, folder, SPOOL_FILES, err) &&
	    find_media(files, member, type, err) &&
	    file_join(path, files, member, err);
}

/* An address for a text of a copy ("member"), or for all of it ("whole"). */
bool
acts_make_once(const struct request *request, struct reply *out,
    struct error *err)
{
	json_t *body = acts_body(request, err);
	const bool whole = json_is_true(json_object_get(body, "whole"));
	const char *member =
	    whole || body == NULL ? NULL : acts_text(body, "member", err);
	char id[SPOOL_ID], copy[FILE_PATH], path[FILE_PATH], word[DIGEST_HEX];
	const char *type = NULL;
	struct spooled file;
	bool ok;

	take_id(request, "/desk/copies/", id);
	ok = (whole || member != NULL) &&
	    spool_find(request->desk->spool, id, copy, &file, err) &&
	    (whole || find_text(copy, member, path, &type, err)) &&
	    add_once(request->desk->onces, whole ? copy : path, type, word,
		err) &&
	    buf_printf(&out->body, err, "{\"address\":\"/once/%s/%s\"}", word,
		whole ? "copy" : "text");
	json_decref(body);
	return ok;
}

bool
acts_give_once(const struct request *request, struct reply *out,
    struct error *err)
{
	char word[DIGEST_HEX + 1], path[FILE_PATH];
	const char *at = request->path + strlen("/once/");
	const char *type = NULL;

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(at, "/"), at);
	if (!take_once(request->desk->onces, word, path, &type))
		return error_set(err, ERROR_NOT_FOUND,
		    "this address works once, and did, or is none");
	out->is_text = true;
	out->attached = type == NULL;
	out->type = type != NULL ? type : "application/octet-stream";
	return give_file(path, out, err);
}
