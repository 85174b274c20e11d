/*
 * Parsing and encoding slips (slip.h).
 */
#include "bag/slip.h"

#include <string.h>

#include "document/version.h"

#define FILE_NAME "slip.yaml"

const struct file_bounds files_of_bag = { 2 + LIMIT_SLIPS, LIMIT_WAYBILL_BYTES,
	LIMIT_WAYBILL_BYTES + LIMIT_META_BYTES };

static bool
is_act(struct span text)
{
	return span_is(text, "deposit") || span_is(text, "sign");
}

static bool
is_salt(struct span text)
{
	uint8_t salt[SLIP_SALT];

	return span_to_hex(text, salt, sizeof(salt));
}

static void
read_digest(const struct yaml *root, const char *key, struct digest *out,
    struct complaints *to)
{
	const struct yaml *node = yaml_need(root, key, to);

	if (node != NULL)
		yaml_digest(node, out, to);
}

/*
 * The line says that the deposit may end the signing of the version before it.
 */
static void
read_onto(const struct yaml *node, struct slip *out, struct complaints *to)
{
	uint64_t onto;

	if (!yaml_u64(node, &onto, to))
		return;
	if (!out->is_deposit || onto == 0 || onto != out->version - 1)
		complain(to, node,
		    "onto is for a deposit, and names the"
		    " version before it");
	else
		out->onto = (unsigned)onto;
}

static void
read_root(const struct yaml *root, struct slip *out, struct complaints *to)
{
	static const char *const keys[] = { "valise", "act", "document",
		"version", "onto", "digest", "body", "signature", "salt" };
	const struct yaml *onto = yaml_get(root, "onto");
	const struct yaml *act = yaml_need(root, "act", to);
	const struct yaml *salt = yaml_need(root, "salt", to);
	char name[16] = "", hex[2 * SLIP_SALT + 1] = "";

	yaml_only(root, keys, sizeof(keys) / sizeof(keys[0]), to);
	yaml_format(root, to);
	if (act != NULL)
		yaml_copy(act, name, sizeof(name), is_act,
		    "\"deposit\" or \"sign\"", to);
	out->is_deposit = strcmp(name, "deposit") == 0;
	version_named(root, out->document, &out->version, to);
	if (onto != NULL)
		read_onto(onto, out, to);
	read_digest(root, "digest", &out->digest, to);
	read_digest(root, "body", &out->body, to);
	read_digest(root, "signature", &out->signature, to);
	if (salt != NULL &&
	    yaml_copy(salt, hex, sizeof(hex), is_salt, "32 hex digits", to) &&
	    !span_to_hex(span_of_str(hex), out->salt, sizeof(out->salt)))
		complain(to, salt, "it is not 32 hex digits");
}

bool
slip_parse(struct span text, struct slip *out, struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	struct slip parsed = { .version = 0 };
	struct yaml *root;
	bool ok;

	if (text.len > LIMIT_SLIP_BYTES)
		return error_set(err, ERROR_LIMIT,
		    FILE_NAME " of %zu bytes, limit %d", text.len,
		    LIMIT_SLIP_BYTES);
	if ((root = yaml_parse(FILE_NAME, text, err)) == NULL)
		return false;
	if (yaml_is(root, YAML_MAPPING, &complaints))
		read_root(root, &parsed, &complaints);
	yaml_free_tree(root);
	ok = complaints_none(&complaints, err);
	complaints_free(&complaints);
	if (ok)
		*out = parsed;
	return ok;
}

static bool
put_digest(struct buf *out, const char *key, const struct digest *digest,
    struct error *err)
{
	char hex[DIGEST_HEX];

	digest_hex(digest, hex);
	return buf_printf(out, err, "%s: ", key) &&
	    yaml_append_scalar(out, hex, err) && buf_append_str(out, "\n", err);
}

bool
slip_encode(const struct slip *slip, struct buf *out, struct error *err)
{
	char salt[2 * SLIP_SALT + 1];

	hex_encode(span_of(slip->salt, sizeof(slip->salt)), salt);
	return buf_printf(out, err,
		   "valise: 1\nact: %s\ndocument: %s\nversion: %u\n",
		   slip->is_deposit ? "deposit" : "sign", slip->document,
		   slip->version) &&
	    (slip->onto == 0 ||
		buf_printf(out, err, "onto: %u\n", slip->onto)) &&
	    put_digest(out, "digest", &slip->digest, err) &&
	    put_digest(out, "body", &slip->body, err) &&
	    put_digest(out, "signature", &slip->signature, err) &&
	    buf_append_str(out, "salt: ", err) &&
	    yaml_append_scalar(out, salt, err) &&
	    buf_append_str(out, "\n", err);
}

bool
path_slip_id(const char *path, char out[LIMIT_NAME_BYTES + 1])
{
	return path_signature_id(path, PATH_SLIP_OF, out) ||
	    path_signature_id(path, PATH_WAYBILL_OF, out) ||
	    path_signature_id(path, PATH_P7S_OF, out);
}

bool
slip_has_waybill(struct container *container, const struct digest *waybill)
{
	/* a waybill that cannot be read counts as none */
	struct error ignored = { 0 };
	char id[LIMIT_NAME_BYTES + 1];

	for (size_t i = 0; i < container->num; i++) {
		struct member *member = &container->members[i];

		if (path_signature_id(member->path, PATH_WAYBILL_OF, id) &&
		    member_hash(member, NULL, &ignored) &&
		    digest_eq(&member->sha256, waybill))
			return true;
	}
	return false;
}

bool
slip_check_files(const struct container *files, const struct waybill *waybill,
    struct error *err)
{
	for (size_t i = 0; i < files->num; i++) {
		const struct member *member = &files->members[i];
		const struct digest sha256 = sha256_of(member_bytes(member));
		char name[LIMIT_NAME_BYTES + 1], hex[DIGEST_HEX];
		struct slip slip;

		if (!path_signature_id(member->path, PATH_SLIP, name))
			continue;
		digest_hex(&sha256, hex);
		if (strcmp(name, hex) != 0 ||
		    !waybill_lists_slip(waybill, &sha256))
			return error_set(err, ERROR_UNTRUSTED,
			    "the waybill does not list %s", member->path);
		if (!slip_parse(member_bytes(member), &slip, err))
			return error_context(err, "%s", member->path);
	}
	return files->num == 2 + waybill->num_slips ||
	    error_set(err, ERROR_MALFORMED,
		"the body is not a ZIP of a waybill, its signature and the %zu"
		" slips that it lists",
		waybill->num_slips);
}
