/*
 * Comparing an act that an office handed in with the entry in its receipt
 * (sent.h).
 */
#include "record/sent.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "document/manifest.h"

/* Returns the manifest of the act: "origin" of a deposit, else the only one. */
static const struct member *
find_manifest(const struct container *zip, char id[LIMIT_NAME_BYTES + 1])
{
	const struct member *found = container_find(zip, PATH_ORIGIN_MANIFEST);

	if (found != NULL)
		return path_signature_id(found->path, PATH_MANIFEST, id) ? found
									 : NULL;
	for (size_t i = 0; i < zip->num; i++) {
		if (!path_signature_id(zip->members[i].path, PATH_MANIFEST, id))
			continue;
		if (found != NULL)
			return NULL;
		found = &zip->members[i];
	}
	return found != NULL &&
		path_signature_id(found->path, PATH_MANIFEST, id)
	    ? found
	    : NULL;
}

/*
 * Read the version digest, which every manifest gives as the digest of
 * version.yaml.
 */
static bool
take_digest(struct span xml, struct sent *out, struct error *err)
{
	struct manifest manifest = { 0 };
	const struct reference *yaml = NULL;
	bool ok;

	if (manifest_parse(xml, &manifest, err))
		yaml = manifest_find(&manifest, PATH_VERSION);
	ok = yaml != NULL && yaml->bits == 256;
	if (ok)
		memcpy(out->digest.bytes, yaml->digest,
		    sizeof(out->digest.bytes));
	else if (err->kind == ERROR_NONE)
		error_set(err, ERROR_MALFORMED,
		    "what is signed does not list %s", PATH_VERSION);
	manifest_free(&manifest);
	return ok;
}

bool
sent_read(struct cert_cache *certs, const struct container *zip,
    struct sent *out, struct error *err)
{
	char id[LIMIT_NAME_BYTES + 1], path[LIMIT_PATH_BYTES + 1];
	const struct member *manifest = find_manifest(zip, id), *p7s;
	struct cades cades = { 0 };
	bool ok;

	if (manifest == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "there is no signature in what is to be sent");
	snprintf(path, sizeof(path), PATH_SIGNATURE, id);
	if ((p7s = container_find(zip, path)) == NULL)
		return error_set(err, ERROR_MALFORMED, "%s is missing", path);
	ok = take_digest(member_bytes(manifest), out, err) &&
	    cades_verify(certs, member_bytes(p7s), member_bytes(manifest),
		&cades, err);
	if (ok) {
		out->manifest = sha256_of(member_bytes(manifest));
		out->signature = cades.signature;
		text_set(out->person, sizeof(out->person), cades.cert->email);
	}
	cades_free(&cades);
	return ok;
}

/*
 * One row a field: the acts that have it, and its offsets in struct sent and
 * struct entry.  Texts are compared with their NUL.
 */
enum {
	ON_VERSION = 1 << ACT_DEPOSIT | 1 << ACT_SIGN | 1 << ACT_TERMINATE,
	ON_BAG = 1 << ACT_DISPATCH | 1 << ACT_ACKNOWLEDGE
};

#define TEXT_FIELD(acts, field, name)                                          \
	{                                                                      \
		acts, field, offsetof(struct sent, name),                      \
		    offsetof(struct entry, name), 0, #name                     \
	}
#define FIELD(acts, field, name)                                               \
	{                                                                      \
		acts, field, offsetof(struct sent, name),                      \
		    offsetof(struct entry, name),                              \
		    sizeof(((struct sent *)0)->name), #name                    \
	}

static const struct row {
	unsigned acts;
	enum entry_field field;
	size_t sent, entry, len; /* len 0: a text */
	const char *name;
} rows[] = {
	TEXT_FIELD(ON_VERSION | ON_BAG, ENTRY_OFFICE, office),
	TEXT_FIELD(ON_VERSION | ON_BAG, ENTRY_PERSON, person),
	TEXT_FIELD(ON_VERSION, ENTRY_DOCUMENT, document),
	FIELD(ON_VERSION, ENTRY_VERSION, version),
	FIELD(ON_VERSION | ON_BAG, ENTRY_DIGEST, digest),
	FIELD(ON_VERSION, ENTRY_MANIFEST, manifest),
	FIELD(ON_VERSION, ENTRY_SIGNATURE, signature),
	TEXT_FIELD(ON_BAG, ENTRY_TO, to),
	FIELD(ON_BAG, ENTRY_NUMBER, number),
	FIELD(1 << ACT_ACKNOWLEDGE, ENTRY_WAYBILL, waybill),
};

/* Do the act and the entry agree in this field? */
static bool
is_same(const struct row *row, const struct sent *sent,
    const struct entry *entry)
{
	const char *ours = (const char *)sent + row->sent;
	const char *theirs = (const char *)entry + row->entry;

	return entry_has(entry, row->field) &&
	    (row->len == 0 ? strcmp(ours, theirs) == 0
			   : memcmp(ours, theirs, row->len) == 0);
}

/* Set err.  Returns false. */
static bool
differs(struct error *err, uint64_t index, const char *what)
{
	return error_set_code(err, ERROR_UNTRUSTED, SENT_DIFFERS,
	    "the receipt is not that of what was sent: entry %llu, of which it"
	    " is, %s",
	    (unsigned long long)index, what);
}

bool
sent_check(const struct sent *sent, const struct entry *entry, uint64_t index,
    struct error *err)
{
	char what[64];

	if (entry->act != sent->act) {
		snprintf(what, sizeof(what), "is of the act \"%s\"",
		    entry->act_name);
		return differs(err, index, what);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if ((rows[i].acts >> sent->act & 1) == 0 ||
		    is_same(&rows[i], sent, entry))
			continue;
		snprintf(what, sizeof(what), "has another %s", rows[i].name);
		return differs(err, index, what);
	}
	return index >= sent->not_before ||
	    differs(err, index, "was there before it was made");
}
