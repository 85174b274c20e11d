/*
 * Parsing and encoding termination.yaml (termination.h).
 */
#include "document/termination.h"

#include "base/text.h"
#include "document/version.h"

static void
read_root(const struct yaml *root, struct termination *out,
    struct complaints *to)
{
	static const char *const keys[] = { "valise", "document", "version",
		"digest", "reason" };
	const struct yaml *digest = yaml_need(root, "digest", to);
	const struct yaml *reason = yaml_need(root, "reason", to);

	yaml_only(root, keys, sizeof(keys) / sizeof(keys[0]), to);
	yaml_format(root, to);
	version_named(root, out->document, &out->version, to);
	if (digest != NULL)
		yaml_digest(digest, &out->digest, to);
	if (reason != NULL)
		yaml_copy(reason, out->reason, sizeof(out->reason),
		    text_is_line, "one line of visible text (NFC)", to);
}

bool
termination_parse(struct span text, struct termination *out, struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	struct yaml *root;
	bool ok;

	*out = (struct termination){ .version = 0 };
	if (text.len > LIMIT_VERSION_BYTES)
		return error_set(err, ERROR_LIMIT,
		    PATH_TERMINATION " of %zu bytes, limit %d", text.len,
		    LIMIT_VERSION_BYTES);
	if ((root = yaml_parse(PATH_TERMINATION, text, err)) == NULL)
		return false;
	if (yaml_is(root, YAML_MAPPING, &complaints))
		read_root(root, out, &complaints);
	yaml_free_tree(root);
	ok = complaints_none(&complaints, err);
	complaints_free(&complaints);
	return ok;
}

bool
termination_encode(const struct termination *termination, struct buf *out,
    struct error *err)
{
	char digest[DIGEST_HEX];

	digest_hex(&termination->digest, digest);
	return buf_printf(out, err,
		   "valise: 1\ndocument: %s\nversion: %u\ndigest: ",
		   termination->document, termination->version) &&
	    yaml_append_scalar(out, digest, err) &&
	    buf_append_str(out, "\nreason: ", err) &&
	    yaml_append_scalar(out, termination->reason, err) &&
	    buf_append_str(out, "\n", err);
}
