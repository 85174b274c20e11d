/*
 * manifest.h - an ASiCManifest: the files that one signature is over.
 *
 * Source: ETSI EN 319 162-1 annex A.4; XML without DTD.  Ours name SHA-256;
 * those of others may name SHA-384 and SHA-512.
 */
#ifndef DOCUMENT_MANIFEST_H
#define DOCUMENT_MANIFEST_H

#include "base/digest.h"
#include "base/limits.h"

struct reference {
	char path[LIMIT_PATH_BYTES + 1];
	char media[LIMIT_MEDIA_BYTES + 1];
	/* 256, 384 or 512: which SHA-2; 0: another digest */
	unsigned bits;
	uint8_t digest[64]; /* the first bits / 8 bytes are the digest */
};

struct manifest {
	/* SigReference: the path of the signature */
	char signature[LIMIT_PATH_BYTES + 1];
	size_t num;
	struct reference *references;
};

/* Append the XML of a manifest. */
bool manifest_encode(const struct manifest *manifest, struct buf *out,
    struct error *err) MUST_USE;
/*
 * Read a manifest. Call manifest_free().
 *
 * ERROR_MALFORMED  not well formed, a DTD or an entity, not the schema's
 *                   elements, no reference, or one file twice
 */
bool manifest_parse(struct span xml, struct manifest *out,
    struct error *err) MUST_USE;
void manifest_free(struct manifest *manifest);
/* Add a reference. ERROR_LIMIT over LIMIT_MEMBERS. */
bool manifest_add(struct manifest *manifest, const char *path,
    const char *media, const struct digest *sha256, struct error *err) MUST_USE;
/* The reference to path, or NULL. */
const struct reference *manifest_find(const struct manifest *manifest,
    const char *path);

/*
 * The media type of a file in META-INF by its ending, "pdf", "txt", …; or a
 * default.
 */
const char *media_of_path(const char *path);

#endif
