/*
 * Parsing and encoding version.yaml (version.h).
 */
#include "document/version.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "base/time.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct version *
version_new(struct error *err)
{
	struct version *version = calloc(1, sizeof(*version));

	if (version == NULL)
		error_set_errno(err, "version.yaml");
	return version;
}

void
version_free(struct version *version)
{
	if (version == NULL)
		return;
	free(version->titles);
	free(version->texts);
	free(version->annexes);
	free(version);
}

struct title *
version_add_title(struct version *version, struct error *err)
{
	return list_add(&version->titles, &version->num_titles,
	    sizeof(*version->titles), LIMIT_LANGUAGES, "titles", err);
}

struct text_file *
version_add_text(struct version *version, struct error *err)
{
	return list_add(&version->texts, &version->num_texts,
	    sizeof(*version->texts), LIMIT_TEXTS, "texts", err);
}

struct text_file *
version_add_annex(struct version *version, struct error *err)
{
	return list_add(&version->annexes, &version->num_annexes,
	    sizeof(*version->annexes), LIMIT_ANNEXES, "annexes", err);
}

/* Room for the children of a node, at most max; there may be no node. */
static void *
room_for(const struct yaml *node, size_t max, size_t bytes)
{
	size_t num = node != NULL ? node->num_children : 0;

	if (num > max)
		num = max;
	return calloc(num > 0 ? num : 1, bytes);
}

/* The lists are as long as the file's, which are checked as they are read. */
static struct version *
new_for(const struct yaml *root, struct error *err)
{
	struct version *out = version_new(err);

	if (out == NULL)
		return NULL;
	out->titles = room_for(yaml_get(root, "title"), LIMIT_LANGUAGES,
	    sizeof(*out->titles));
	out->texts =
	    room_for(yaml_get(root, "texts"), LIMIT_TEXTS, sizeof(*out->texts));
	out->annexes = room_for(yaml_get(root, "annexes"), LIMIT_ANNEXES,
	    sizeof(*out->annexes));
	if (out->titles != NULL && out->texts != NULL && out->annexes != NULL)
		return out;
	error_set_errno(err, "version.yaml");
	version_free(out);
	return NULL;
}

static void
read_titles(const struct yaml *map, struct version *out, struct complaints *to)
{
	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	if (map->num_children == 0)
		complain(to, map, "a version needs a title");
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		struct title *title;

		if (out->num_titles == LIMIT_LANGUAGES) {
			complain(to, c, "more than %d titles", LIMIT_LANGUAGES);
			return;
		}
		title = &out->titles[out->num_titles];
		*title = (struct title){ 0 };
		if (!text_is_language(span_of_str(c->key)))
			complain_key(to, c, "\"%.40s\" is not a language",
			    c->key);
		else
			text_set(title->language, sizeof(title->language),
			    c->key);
		if (yaml_copy(c, title->text, sizeof(title->text), text_is_line,
			"one line of visible text (NFC)", to))
			out->num_titles++;
	}
}

static bool
read_path(const struct yaml *node, char out[LIMIT_PATH_BYTES + 1],
    struct complaints *to)
{
	const char *text = yaml_text(node, to);
	struct error why = { 0 };

	if (text == NULL)
		return false;
	if (!text_check_path(span_of_str(text), &why))
		return complain(to, node, "%s", why.detail);
	text_set(out, LIMIT_PATH_BYTES + 1, text);
	return true;
}

/*
 * Texts are texts/LANGUAGE/NAME, annexes are annexes/NAME, and no other path is
 * either.
 */
static void
check_place(const struct text_file *file, bool is_text, const struct yaml *at,
    struct complaints *to)
{
	char folder[LIMIT_LANGUAGE_BYTES + 16];
	const size_t len = (size_t)snprintf(folder, sizeof(folder), "%s%s%s",
	    is_text ? "texts/" : "annexes/", file->language,
	    is_text ? "/" : "");

	if (strncmp(file->file, folder, len) != 0 ||
	    strchr(file->file + len, '/') != NULL || file->file[len] == '\0')
		complain(to, at, "\"%s\" should lie in %s", file->file, folder);
}

static void
read_file(const struct yaml *node, bool is_text, struct text_file *out,
    struct complaints *to)
{
	static const char *const keys[] = { "file", "media", "size", "sha256",
		"language", "authentic" };
	const struct yaml *file, *language, *authentic, *media, *size, *sha256;

	if (!yaml_is(node, YAML_MAPPING, to))
		return;
	yaml_only(node, keys, is_text ? 6 : 4, to);
	if (is_text && (language = yaml_need(node, "language", to)) != NULL)
		yaml_copy(language, out->language, sizeof(out->language),
		    text_is_language, "a language", to);
	if (is_text && (authentic = yaml_need(node, "authentic", to)) != NULL)
		yaml_bool(authentic, &out->authentic, to);
	if ((file = yaml_need(node, "file", to)) != NULL &&
	    read_path(file, out->file, to))
		check_place(out, is_text, file, to);
	if ((media = yaml_need(node, "media", to)) != NULL)
		yaml_copy(media, out->media, sizeof(out->media), text_is_media,
		    "a media type", to);
	if ((size = yaml_need(node, "size", to)) != NULL &&
	    yaml_u64(size, &out->size, to) && out->size > LIMIT_TEXT_BYTES)
		complain(to, size, "over %llu bytes",
		    (unsigned long long)LIMIT_TEXT_BYTES);
	if ((sha256 = yaml_need(node, "sha256", to)) != NULL)
		yaml_digest(sha256, &out->sha256, to);
}

static void
read_files(const struct yaml *list, bool is_text, struct text_file out[],
    size_t max, size_t *num, struct complaints *to)
{
	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return;
	if (is_text && list->num_children == 0)
		complain(to, list, "a version needs a text");
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		if (*num == max) {
			complain(to, c, "more than %zu files", max);
			return;
		}
		read_file(c, is_text, &out[*num], to);
		for (size_t i = 0; i < *num; i++)
			if (strcmp(out[i].file, out[*num].file) == 0)
				complain(to, c, "\"%s\" stands twice",
				    out[i].file);
		(*num)++;
	}
}

static void
read_who(const struct yaml *root, struct version *out, struct complaints *to)
{
	const struct yaml *office = yaml_need(root, "office", to);
	const struct yaml *person = yaml_need(root, "person", to);
	const struct yaml *created = yaml_need(root, "created", to);
	const struct yaml *note = yaml_get(root, "note");
	const char *text;

	if (office != NULL)
		yaml_copy(office, out->office, sizeof(out->office),
		    text_is_slug, "an office", to);
	if (person != NULL)
		yaml_copy(person, out->person, sizeof(out->person),
		    text_is_email, "an e-mail address in lower case", to);
	if (created != NULL && (text = yaml_text(created, to)) != NULL &&
	    !time_parse_at(span_of_str(text), &out->created_at))
		complain(to, created,
		    "\"%.40s\" is not a time such as 2026-11-23T10:00:00Z",
		    text);
	if (note != NULL)
		yaml_copy(note, out->note, sizeof(out->note), text_is_line,
		    "one line of visible text (NFC)", to);
}

void
version_named(const struct yaml *root, char name[DOCUMENT_NAME],
    unsigned *number, struct complaints *to)
{
	const struct yaml *document = yaml_need(root, "document", to);
	const struct yaml *version = yaml_need(root, "version", to);
	struct error why = { 0 };
	const char *text;

	if (document != NULL && (text = yaml_text(document, to)) != NULL) {
		if (!document_name_check(span_of_str(text), &why))
			complain(to, document, "%s", why.detail);
		else
			text_set(name, DOCUMENT_NAME, text);
	}
	if (version != NULL && (text = yaml_text(version, to)) != NULL &&
	    !document_version_parse(span_of_str(text), number))
		complain(to, version, "\"%.40s\" is not a version's number",
		    text);
}

static void
read_what(const struct yaml *root, struct version *out, struct complaints *to)
{
	const struct yaml *previous = yaml_get(root, "previous");

	version_named(root, out->document, &out->number, to);
	if (previous != NULL)
		out->has_previous = yaml_digest(previous, &out->previous, to);
	/* The chain of digests begins with version 1 and has no gaps. */
	if (out->number > 0 && (previous != NULL) != (out->number > 1))
		complain(to, previous != NULL ? previous : root,
		    "every version but the first has \"previous\"");
}

struct version *
version_parse(struct span text, struct error *err)
{
	static const char *const keys[] = { "valise", "document", "version",
		"previous", "title", "office", "person", "created", "note",
		"texts", "annexes" };
	struct complaints complaints = COMPLAINTS;
	struct version *out = NULL;
	struct yaml *root;

	if (text.len > LIMIT_VERSION_BYTES) {
		error_set(err, ERROR_LIMIT,
		    "version.yaml of %zu bytes, limit %d", text.len,
		    LIMIT_VERSION_BYTES);
		return NULL;
	}
	if ((root = yaml_parse("version.yaml", text, err)) == NULL)
		return NULL;
	if ((out = new_for(root, err)) == NULL) {
		yaml_free_tree(root);
		return NULL;
	}
	if (yaml_is(root, YAML_MAPPING, &complaints)) {
		yaml_only(root, keys, COUNT(keys), &complaints);
		yaml_format(root, &complaints);
		read_what(root, out, &complaints);
		read_titles(yaml_need(root, "title", &complaints), out,
		    &complaints);
		read_who(root, out, &complaints);
		read_files(yaml_need(root, "texts", &complaints), true,
		    out->texts, LIMIT_TEXTS, &out->num_texts, &complaints);
		read_files(yaml_need(root, "annexes", &complaints), false,
		    out->annexes, LIMIT_ANNEXES, &out->num_annexes,
		    &complaints);
	}
	yaml_free_tree(root);
	if (!complaints_none(&complaints, err)) {
		version_free(out);
		out = NULL;
	}
	complaints_free(&complaints);
	return out;
}

static bool
put_line(struct buf *out, const char *key, const char *value, struct error *err)
{
	return buf_printf(out, err, "%s: ", key) &&
	    yaml_append_scalar(out, value, err) &&
	    buf_append_str(out, "\n", err);
}

static bool
put_file(struct buf *out, const struct text_file *file, bool is_text,
    struct error *err)
{
	char sha256[DIGEST_HEX];

	digest_hex(&file->sha256, sha256);
	return buf_append_str(out, "  - {file: ", err) &&
	    yaml_append_scalar(out, file->file, err) &&
	    (!is_text ||
		(buf_append_str(out, ", language: ", err) &&
		    yaml_append_scalar(out, file->language, err) &&
		    buf_printf(out, err, ", authentic: %s",
			file->authentic ? "true" : "false"))) &&
	    buf_append_str(out, ", media: ", err) &&
	    yaml_append_scalar(out, file->media, err) &&
	    buf_printf(out, err,
		", size: %llu, sha256: ", (unsigned long long)file->size) &&
	    yaml_append_scalar(out, sha256, err) &&
	    buf_append_str(out, "}\n", err);
}

bool
version_encode(const struct version *version, struct buf *out,
    struct error *err)
{
	char digest[DIGEST_HEX], created[TIME_TEXT];
	bool ok;

	digest_hex(&version->previous, digest);
	time_format_at(version->created_at, created);
	ok = buf_printf(out, err, "valise: 1\ndocument: %s\nversion: %u\n",
		 version->document, version->number) &&
	    (!version->has_previous ||
		put_line(out, "previous", digest, err)) &&
	    buf_append_str(out, "title:\n", err);
	for (size_t i = 0; ok && i < version->num_titles; i++)
		ok = buf_append_str(out, "  ", err) &&
		    yaml_append_scalar(out, version->titles[i].language, err) &&
		    put_line(out, "", version->titles[i].text, err);
	ok = ok && put_line(out, "office", version->office, err) &&
	    put_line(out, "person", version->person, err) &&
	    put_line(out, "created", created, err) &&
	    (version->note[0] == '\0' ||
		put_line(out, "note", version->note, err)) &&
	    buf_append_str(out, "texts:\n", err);
	for (size_t i = 0; ok && i < version->num_texts; i++)
		ok = put_file(out, &version->texts[i], true, err);
	ok = ok &&
	    buf_append_str(out,
		version->num_annexes == 0 ? "annexes: []\n" : "annexes:\n",
		err);
	for (size_t i = 0; ok && i < version->num_annexes; i++)
		ok = put_file(out, &version->annexes[i], false, err);
	return ok;
}

const char *
version_title(const struct version *version, const char *language)
{
	const char *title =
	    version->num_titles > 0 ? version->titles[0].text : "";

	for (size_t i = 0; i < version->num_titles; i++)
		if (strcmp(version->titles[i].language, "en") == 0)
			title = version->titles[i].text;
	for (size_t i = 0; i < version->num_titles; i++)
		if (strcmp(version->titles[i].language, language) == 0)
			title = version->titles[i].text;
	return title;
}
