/*
 * What a person reads before a version is deposited (push.h).
 */
#include "cli/cmd/push.h"

#include <limits.h>

#include "cli/output.h"

static void
show_file(FILE *to, const char *what, const struct text_file *file)
{
	fprintf(to, "  %-5s %-5s %s, %llu bytes, %s%s\n", what, file->language,
	    file->file, (unsigned long long)file->size, file->media,
	    file->authentic ? ", authentic" : "");
}

void
push_show(FILE *to, const struct push *push, unsigned last)
{
	const struct version *version = push->version;

	if (last == UINT_MAX)
		fprintf(to, "%s, kept until there is a line\n", push->document);
	else
		fprintf(to, "%s@%u, %s\n", push->document, last + 1,
		    last == 0 ? "its first version" : "the next version");
	for (size_t i = 0; i < version->num_titles; i++)
		fprintf(to, "  title %-5s %s\n", version->titles[i].language,
		    version->titles[i].text);
	for (size_t i = 0; i < version->num_texts; i++)
		show_file(to, "text", &version->texts[i]);
	for (size_t i = 0; i < version->num_annexes; i++)
		show_file(to, "annex", &version->annexes[i]);
	if (version->note[0] != '\0')
		fprintf(to, "  note  %s\n", version->note);
	fprintf(to, "  by    %s of %s\n", version->person, version->office);
}

static json_t *
json_of_file(const struct text_file *file)
{
	return json_pack("{s:s, s:s, s:I, s:s, s:b, s:o}", "file", file->file,
	    "language", file->language, "size", (json_int_t)file->size, "media",
	    file->media, "authentic", (int)file->authentic, "sha256",
	    json_of_digest(&file->sha256));
}

/* version.yaml as it would be; null where it follows no known version. */
static json_t *
json_of_yaml(const struct version *version, unsigned last, struct error *err)
{
	struct buf yaml = BUF(LIMIT_VERSION_BYTES);
	json_t *json = NULL;

	if (last == UINT_MAX)
		return json_null();
	if (version_encode(version, &yaml, err)) {
		json = json_stringn((const char *)yaml.data, yaml.len);
		if (json == NULL)
			error_set_errno(err, "JSON");
	}
	buf_free(&yaml);
	return json;
}

json_t *
push_json(const struct push *push, unsigned last, struct error *err)
{
	const struct version *version = push->version;
	json_t *yaml = json_of_yaml(version, last, err);
	json_t *titles, *texts, *annexes;

	if (yaml == NULL)
		return NULL;
	titles = json_object();
	texts = json_array();
	annexes = json_array();
	for (size_t i = 0; i < version->num_titles; i++)
		json_object_set_new(titles, version->titles[i].language,
		    json_string(version->titles[i].text));
	for (size_t i = 0; i < version->num_texts; i++)
		json_array_append_new(texts, json_of_file(&version->texts[i]));
	for (size_t i = 0; i < version->num_annexes; i++)
		json_array_append_new(annexes,
		    json_of_file(&version->annexes[i]));
	return json_pack("{s:b, s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "dry-run",
	    1, "document", push->document, "version",
	    last == UINT_MAX ? json_null() : json_integer(last + 1), "title",
	    titles, "texts", texts, "annexes", annexes, "note", version->note,
	    "yaml", yaml);
}
