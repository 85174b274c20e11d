/*
 * version.h - version.yaml: what a version of a document is.
 *
 * It is what people read before they sign; the SHA-256 of its bytes is the
 * version digest.  Written once, then only compared byte for byte.
 */
#ifndef DOCUMENT_VERSION_H
#define DOCUMENT_VERSION_H

#include "base/yaml.h"
#include "document/name.h"

struct title {
	char language[LIMIT_LANGUAGE_BYTES + 1];
	char text[LIMIT_TITLE_BYTES + 1];
};

/* A text; or an annex, which has no language and is not authentic. */
struct text_file {
	char file[LIMIT_PATH_BYTES + 1]; /* "texts/lo/…" or "annexes/…" */
	char language[LIMIT_LANGUAGE_BYTES + 1];
	bool authentic;
	char media[LIMIT_MEDIA_BYTES + 1];
	uint64_t size;
	struct digest sha256;
};

struct version {
	char document[DOCUMENT_NAME];
	unsigned number;
	bool has_previous;
	struct digest previous;
	char office[LIMIT_OFFICE_BYTES + 1];
	char person[LIMIT_EMAIL_BYTES + 1];
	int64_t created_at;
	char note[LIMIT_NOTE_BYTES + 1]; /* empty if there is no note */
	/* Owned. */
	size_t num_titles, num_texts, num_annexes;
	struct title *titles;
	struct text_file *texts, *annexes;
};

/* A version of nothing yet; NULL with ERROR_SYSTEM. */
struct version *version_new(struct error *err);
void version_free(struct version *version);
/*
 * Add an empty one, to be filled in. The earlier ones may move.
 *
 * ERROR_LIMIT  there are LIMIT_LANGUAGES, LIMIT_TEXTS, LIMIT_ANNEXES already
 */
struct title *version_add_title(struct version *version,
    struct error *err) MUST_USE;
struct text_file *version_add_text(struct version *version,
    struct error *err) MUST_USE;
struct text_file *version_add_annex(struct version *version,
    struct error *err) MUST_USE;

/* Get the "document" and "version" that a file says it is about. */
void version_named(const struct yaml *root, char name[DOCUMENT_NAME],
    unsigned *number, struct complaints *to);

/*
 * Parse version.yaml. The caller frees the result.
 *
 * ERROR_MALFORMED  "version.yaml:LINE:COLUMN: …"
 */
struct version *version_parse(struct span text, struct error *err);
bool version_encode(const struct version *version, struct buf *out,
    struct error *err) MUST_USE;
/* The title in a language, else in English, else the first one. */
const char *version_title(const struct version *version, const char *language);

#endif
