/*
 * Parsing and encoding waybills and acknowledgements (waybill.h).
 */
#include "bag/waybill.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "base/time.h"
#include "document/version.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct waybill *
waybill_new(struct error *err)
{
	struct waybill *waybill = calloc(1, sizeof(*waybill));

	if (waybill == NULL)
		error_set_errno(err, "%s", PATH_WAYBILL);
	return waybill;
}

void
waybill_free(struct waybill *waybill)
{
	if (waybill != NULL)
		free(waybill->files);
	free(waybill);
}

struct waybill_file *
waybill_add_file(struct waybill *waybill, struct error *err)
{
	return list_add(&waybill->files, &waybill->num, sizeof(*waybill->files),
	    LIMIT_BAG_FILES, "files", err);
}

static void
read_office(const struct yaml *root, const char *key,
    char out[LIMIT_OFFICE_BYTES + 1], struct complaints *to)
{
	const struct yaml *node = yaml_need(root, key, to);

	if (node != NULL)
		yaml_copy(node, out, LIMIT_OFFICE_BYTES + 1, text_is_slug,
		    "an office", to);
}

static void
read_person(const struct yaml *root, char out[LIMIT_EMAIL_BYTES + 1],
    struct complaints *to)
{
	const struct yaml *node = yaml_need(root, "person", to);

	if (node != NULL)
		yaml_copy(node, out, LIMIT_EMAIL_BYTES + 1, text_is_email,
		    "an e-mail address in lower case", to);
}

static void
read_time(const struct yaml *root, const char *key, int64_t *out,
    struct complaints *to)
{
	const struct yaml *node = yaml_need(root, key, to);
	const char *text;

	if (node != NULL && (text = yaml_text(node, to)) != NULL &&
	    !time_parse_at(span_of_str(text), out))
		complain(to, node,
		    "\"%.40s\" is not a time such as 2026-11-23T10:00:00Z",
		    text);
}

static void
read_number(const struct yaml *root, const char *key, uint64_t *out,
    struct complaints *to)
{
	const struct yaml *node = yaml_need(root, key, to);

	if (node != NULL && yaml_u64(node, out, to) && *out > UINT64_C(1) << 53)
		complain(to, node, "%s is too large", key);
}

static void
read_path(const struct yaml *map, char out[LIMIT_PATH_BYTES + 1],
    struct complaints *to)
{
	const struct yaml *node = yaml_need(map, "file", to);
	struct error why = { 0 };
	const char *text;

	if (node == NULL || (text = yaml_text(node, to)) == NULL)
		return;
	if (!text_check_path(span_of_str(text), &why))
		complain(to, node, "%s", why.detail);
	else
		text_set(out, LIMIT_PATH_BYTES + 1, text);
}

static void
read_file(const struct yaml *map, struct waybill_file *out,
    struct complaints *to)
{
	static const char *const keys[] = { "file", "size", "sha256",
		"document", "version", "digest", "title" };
	const struct yaml *size, *sha256, *digest, *title;

	if (!yaml_is(map, YAML_MAPPING, to))
		return;
	yaml_only(map, keys, COUNT(keys), to);
	read_path(map, out->path, to);
	if ((size = yaml_need(map, "size", to)) != NULL)
		yaml_u64(size, &out->size, to);
	if ((sha256 = yaml_need(map, "sha256", to)) != NULL)
		yaml_digest(sha256, &out->sha256, to);
	if (yaml_get(map, "document") == NULL)
		return;
	version_named(map, out->document, &out->version, to);
	if ((digest = yaml_need(map, "digest", to)) != NULL)
		yaml_digest(digest, &out->digest, to);
	if ((title = yaml_need(map, "title", to)) != NULL)
		yaml_copy(title, out->title, sizeof(out->title), text_is_line,
		    "one line of visible text (NFC)", to);
}

/* False only where there is no memory. */
static bool
read_files(const struct yaml *list, struct waybill *out, struct complaints *to,
    struct error *err)
{
	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return true;
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		struct waybill_file *file;

		if (out->num == LIMIT_BAG_FILES) {
			complain(to, c, "more than %d files", LIMIT_BAG_FILES);
			return true;
		}
		if ((file = waybill_add_file(out, err)) == NULL)
			return false;
		read_file(c, file, to);
		if (waybill_find(out, file->path) != file)
			complain(to, c, "\"%s\" stands twice", file->path);
	}
	return true;
}

/* The digests are sorted, so that their order tells nothing. */
static void
read_slips(const struct yaml *list, struct waybill *out, struct complaints *to)
{
	if (!yaml_is(list, YAML_SEQUENCE, to))
		return;
	if (list->children == NULL)
		complain(to, list, "there are no slips: leave it out");
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		struct digest *one = &out->slips[out->num_slips];

		if (out->num_slips == LIMIT_SLIPS) {
			complain(to, c, "more than %d slips", LIMIT_SLIPS);
			return;
		}
		if (!yaml_digest(c, one, to))
			return;
		if (out->num_slips > 0 &&
		    memcmp(one[-1].bytes, one->bytes, sizeof(one->bytes)) >= 0)
			complain(to, c, "slips do not ascend");
		out->num_slips++;
	}
}

static bool
read_waybill(const struct yaml *root, void *arg, struct complaints *to,
    struct error *err)
{
	struct waybill *out = arg;
	static const char *const of_files[] = { "valise", "number", "from",
		"person", "to", "dispatched", "files" };
	static const char *const of_slips[] = { "valise", "number", "from",
		"person", "to", "dispatched", "slips", "list" };
	const struct yaml *slips = yaml_get(root, "slips");
	const struct yaml *list = yaml_get(root, "list");

	yaml_only(root, slips != NULL ? of_slips : of_files,
	    slips != NULL ? COUNT(of_slips) : COUNT(of_files), to);
	yaml_format(root, to);
	read_number(root, "number", &out->number, to);
	read_office(root, "from", out->from, to);
	read_person(root, out->person, to);
	read_office(root, "to", out->to, to);
	read_time(root, "dispatched", &out->dispatched_at, to);
	if (slips == NULL)
		return read_files(yaml_need(root, "files", to), out, to, err);
	read_slips(slips, out, to);
	if (list != NULL && yaml_digest(list, &out->list, to) &&
	    digest_is_zero(&out->list))
		complain(to, list, "there is no list: leave it out");
	return true;
}

static bool
read_list(const struct yaml *root, void *arg, struct complaints *to,
    struct error *err)
{
	static const char *const keys[] = { "valise", "files" };

	yaml_only(root, keys, COUNT(keys), to);
	yaml_format(root, to);
	return read_files(yaml_need(root, "files", to), arg, to, err);
}

bool
waybill_lists_slip(const struct waybill *waybill, const struct digest *sha256)
{
	for (size_t i = 0; i < waybill->num_slips; i++)
		if (digest_eq(&waybill->slips[i], sha256))
			return true;
	return false;
}

const struct waybill_file *
waybill_find(const struct waybill *waybill, const char *path)
{
	for (size_t i = 0; i < waybill->num; i++)
		if (strcmp(waybill->files[i].path, path) == 0)
			return &waybill->files[i];
	return NULL;
}

/* Read a file of ours into out; read returns false where there is no memory. */
static bool
parse(const char *name, struct span text,
    bool (*read)(const struct yaml *root, void *out, struct complaints *to,
	struct error *err),
    void *out, struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	struct yaml *root;
	bool ok;

	if (text.len > LIMIT_WAYBILL_BYTES)
		return error_set(err, ERROR_LIMIT, "%s of %zu bytes, limit %d",
		    name, text.len, LIMIT_WAYBILL_BYTES);
	if ((root = yaml_parse(name, text, err)) == NULL)
		return false;
	ok = (!yaml_is(root, YAML_MAPPING, &complaints) ||
		 read(root, out, &complaints, err)) &&
	    complaints_none(&complaints, err);
	yaml_free_tree(root);
	complaints_free(&complaints);
	return ok;
}

struct waybill *
waybill_parse(struct span text, struct error *err)
{
	struct waybill *out = waybill_new(err);

	if (out != NULL && parse(PATH_WAYBILL, text, read_waybill, out, err))
		return out;
	waybill_free(out);
	return NULL;
}

bool
waybill_parse_list(struct waybill *waybill, struct span text, struct error *err)
{
	const struct digest digest = sha256_of(text);
	struct waybill list = { .num = 0 };

	if (!digest_eq(&digest, &waybill->list))
		return error_set(err, ERROR_UNTRUSTED,
		    PATH_BAG_LIST " is not the one that the waybill names");
	if (!parse(PATH_BAG_LIST, text, read_list, &list, err)) {
		free(list.files);
		return false;
	}
	free(waybill->files);
	waybill->files = list.files;
	waybill->num = list.num;
	return true;
}

static bool
put_file(const struct waybill_file *file, struct buf *out, struct error *err)
{
	char sha256[DIGEST_HEX], digest[DIGEST_HEX];

	digest_hex(&file->sha256, sha256);
	digest_hex(&file->digest, digest);
	if (!buf_append_str(out, "  - {file: ", err) ||
	    !yaml_append_scalar(out, file->path, err) ||
	    !buf_printf(out, err,
		", size: %llu, sha256: ", (unsigned long long)file->size) ||
	    !yaml_append_scalar(out, sha256, err))
		return false;
	if (file->document[0] == '\0')
		return buf_append_str(out, "}\n", err);
	return buf_printf(out, err,
		   ", document: %s, version: %u, digest: ", file->document,
		   file->version) &&
	    yaml_append_scalar(out, digest, err) &&
	    buf_append_str(out, ", title: ", err) &&
	    yaml_append_scalar(out, file->title, err) &&
	    buf_append_str(out, "}\n", err);
}

static bool
put_head(struct buf *out, uint64_t number, const char *from, const char *person,
    const char *to, struct error *err)
{
	return buf_printf(out, err,
		   "number: %llu\nfrom: ", (unsigned long long)number) &&
	    yaml_append_scalar(out, from, err) &&
	    buf_append_str(out, "\nperson: ", err) &&
	    yaml_append_scalar(out, person, err) &&
	    buf_append_str(out, "\nto: ", err) &&
	    yaml_append_scalar(out, to, err);
}

static bool
put_files(const struct waybill *waybill, struct buf *out, struct error *err)
{
	bool ok =
	    buf_printf(out, err, "files:%s\n", waybill->num == 0 ? " []" : "");

	for (size_t i = 0; ok && i < waybill->num; i++)
		ok = put_file(&waybill->files[i], out, err);
	return ok;
}

static bool
put_slips(const struct waybill *waybill, struct buf *out, struct error *err)
{
	char hex[DIGEST_HEX];
	bool ok = true;

	digest_hex(&waybill->list, hex);
	if (!digest_is_zero(&waybill->list))
		ok = buf_append_str(out, "list: ", err) &&
		    yaml_append_scalar(out, hex, err) &&
		    buf_append_str(out, "\n", err);
	ok = ok && buf_append_str(out, "slips:\n", err);
	for (size_t i = 0; ok && i < waybill->num_slips; i++) {
		digest_hex(&waybill->slips[i], hex);
		ok = buf_append_str(out, "  - ", err) &&
		    yaml_append_scalar(out, hex, err) &&
		    buf_append_str(out, "\n", err);
	}
	return ok;
}

bool
waybill_encode_list(const struct waybill *waybill, struct buf *out,
    struct error *err)
{
	return buf_append_str(out, "valise: 1\n", err) &&
	    put_files(waybill, out, err);
}

bool
waybill_encode(const struct waybill *waybill, struct buf *out,
    struct error *err)
{
	char at[TIME_TEXT];

	time_format_at(waybill->dispatched_at, at);
	return buf_append_str(out, "valise: 1\n", err) &&
	    put_head(out, waybill->number, waybill->from, waybill->person,
		waybill->to, err) &&
	    buf_printf(out, err, "\ndispatched: %s\n", at) &&
	    (waybill->num_slips > 0 ? put_slips(waybill, out, err)
				    : put_files(waybill, out, err));
}

/* --- The acknowledgement. --- */

struct acknowledgement *
acknowledgement_new(struct error *err)
{
	struct acknowledgement *it = calloc(1, sizeof(*it));

	if (it == NULL)
		error_set_errno(err, "%s", PATH_ACKNOWLEDGEMENT);
	return it;
}

void
acknowledgement_free(struct acknowledgement *it)
{
	if (it != NULL)
		free(it->findings);
	free(it);
}

struct acknowledgement_finding *
acknowledgement_add(struct acknowledgement *it, struct error *err)
{
	return list_add(&it->findings, &it->num, sizeof(*it->findings),
	    LIMIT_BAG_FILES, "findings", err);
}

static bool
is_finding(struct span text)
{
	return text.len < 40 && text_is_slug(text);
}

/* False only where there is no memory. */
static bool
read_findings(const struct yaml *list, struct acknowledgement *out,
    struct complaints *to, struct error *err)
{
	static const char *const keys[] = { "file", "found" };

	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return true;
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		struct acknowledgement_finding *one;
		const struct yaml *what;

		if (out->num == LIMIT_BAG_FILES) {
			complain(to, c, "more than %d findings",
			    LIMIT_BAG_FILES);
			return true;
		}
		if ((one = acknowledgement_add(out, err)) == NULL)
			return false;
		if (!yaml_is(c, YAML_MAPPING, to))
			continue;
		yaml_only(c, keys, COUNT(keys), to);
		read_path(c, one->path, to);
		if ((what = yaml_need(c, "found", to)) != NULL)
			yaml_copy(what, one->what, sizeof(one->what),
			    is_finding, "a word for what was found", to);
	}
	return true;
}

static bool
read_acknowledgement(const struct yaml *root, void *arg, struct complaints *to,
    struct error *err)
{
	struct acknowledgement *out = arg;
	static const char *const keys[] = { "valise", "acknowledges", "number",
		"from", "person", "to", "received", "size", "findings" };
	const struct yaml *waybill = yaml_need(root, "acknowledges", to);

	yaml_only(root, keys, COUNT(keys), to);
	yaml_format(root, to);
	if (waybill != NULL)
		yaml_digest(waybill, &out->waybill, to);
	read_number(root, "number", &out->number, to);
	read_office(root, "from", out->from, to);
	read_person(root, out->person, to);
	read_office(root, "to", out->to, to);
	read_time(root, "received", &out->received_at, to);
	read_number(root, "size", &out->size, to);
	return read_findings(yaml_need(root, "findings", to), out, to, err);
}

struct acknowledgement *
acknowledgement_parse(struct span text, struct error *err)
{
	struct acknowledgement *out = acknowledgement_new(err);

	if (out != NULL &&
	    parse(PATH_ACKNOWLEDGEMENT, text, read_acknowledgement, out, err))
		return out;
	acknowledgement_free(out);
	return NULL;
}

bool
acknowledgement_encode(const struct acknowledgement *it, struct buf *out,
    struct error *err)
{
	char at[TIME_TEXT], hex[DIGEST_HEX];
	bool ok;

	time_format_at(it->received_at, at);
	digest_hex(&it->waybill, hex);
	ok = buf_append_str(out, "valise: 1\nacknowledges: ", err) &&
	    yaml_append_scalar(out, hex, err) &&
	    buf_append_str(out, "\n", err) &&
	    put_head(out, it->number, it->from, it->person, it->to, err) &&
	    buf_printf(out, err, "\nreceived: %s\nsize: %llu\nfindings:%s\n",
		at, (unsigned long long)it->size, it->num == 0 ? " []" : "");
	for (size_t i = 0; ok && i < it->num; i++)
		ok = buf_append_str(out, "  - {file: ", err) &&
		    yaml_append_scalar(out, it->findings[i].path, err) &&
		    buf_printf(out, err, ", found: %s}\n",
			it->findings[i].what);
	return ok;
}
