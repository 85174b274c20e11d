/*
 * yaml.h - the strict subset of YAML 1.1 that Valise reads (docs/formats.md).
 *
 * UTF-8, one document; mappings, sequences and scalars; no aliases, anchors,
 * tags, merge keys, duplicate or complex keys; no implicit types: every scalar
 * is text until the schema says otherwise.  Bounded in size, depth and nodes.
 *
 * A schema is read with the functions below that take complaints: each says
 * what is wrong with file, line and column, and reading goes on, so that a
 * person learns of all mistakes at once.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/digest.h"

enum yaml_kind { YAML_SCALAR, YAML_MAPPING, YAML_SEQUENCE };

struct yaml {
	enum yaml_kind kind;
	const char *file;      /* the name that was given to yaml_parse() */
	unsigned line, column; /* counted from 1 */
	/* of a scalar: NUL-terminated, and without another NUL */
	char *text;
	char *key; /* its key, if the parent is a mapping */
	unsigned key_line, key_column;
	size_t num_children;
	struct yaml *children; /* the first child; the others by ->next */
	struct yaml *next;
};

/*
 * Parse the only document in text. yaml_free_tree() frees it. file is kept by
 * pointer, for messages.
 *
 * ERROR_MALFORMED, ERROR_LIMIT  "FILE:LINE:COLUMN: …"
 */
struct yaml *yaml_parse(const char *file, struct span text, struct error *err);
/*
 * The same, after a byte order mark if there is one: for a configuration, which
 * a person wrote with whatever editor there was.  What is signed, hashed or
 * sent has one spelling: yaml_parse() refuses the mark.
 */
struct yaml *yaml_parse_written(const char *file, struct span text,
    struct error *err);
/* True if text begins with a byte order mark, and what is said of it then. */
bool yaml_is_marked(struct span text);
#define YAML_MARKED "a byte order mark: save it as UTF-8 without one"
void yaml_free_tree(struct yaml *root);

/* Mistakes in a file, a line each: "FILE:LINE:COLUMN: text". */
struct complaints {
	struct buf lines;
	unsigned num_errors;
	unsigned num_warnings;
};

#define COMPLAINTS ((struct complaints){ .lines = BUF(256 * 1024) })

/* Returns false, so that a check is one expression. */
bool complain(struct complaints *to, const struct yaml *at, const char *fmt,
    ...) PRINTF(3, 4);
bool complain_key(struct complaints *to, const struct yaml *at, const char *fmt,
    ...) PRINTF(3, 4);
/* Complain of something that has no place in a file. */
bool complain_of(struct complaints *to, const char *file, const char *fmt, ...)
    PRINTF(3, 4);
void complain_warning(struct complaints *to, const struct yaml *at,
    const char *fmt, ...) PRINTF(3, 4);
/* True if there are no errors; else ERROR_MALFORMED with the first of them. */
bool complaints_none(const struct complaints *complaints,
    struct error *err) MUST_USE;
void complaints_free(struct complaints *complaints);

/* The value of key, or NULL (also where map is NULL or no mapping). */
const struct yaml *yaml_get(const struct yaml *map, const char *key);

/* Check that map is a mapping with no other keys than these. */
bool yaml_only(const struct yaml *map, const char *const keys[],
    size_t num_keys, struct complaints *to);
/* The value of key. If it is missing, complain and return NULL. */
const struct yaml *yaml_need(const struct yaml *map, const char *key,
    struct complaints *to);
bool yaml_is(const struct yaml *node, enum yaml_kind kind,
    struct complaints *to);

/* A scalar's value. If it has none, complain and return NULL or false. */
const char *yaml_text(const struct yaml *node, struct complaints *to);
/*
 * Copy a scalar that check accepts into room for it. what names what it should
 * be: "a language".
 */
bool yaml_copy(const struct yaml *node, char *out, size_t room,
    bool (*check)(struct span), const char *what, struct complaints *to);
/* Read "valise: 1", the head of every file of ours. */
bool yaml_format(const struct yaml *root, struct complaints *to);
bool yaml_u64(const struct yaml *node, uint64_t *out, struct complaints *to);
bool yaml_bool(const struct yaml *node, bool *out, struct complaints *to);
bool yaml_digest(const struct yaml *node, struct digest *out,
    struct complaints *to);
/* Read a number of bytes, such as "64 MiB". */
bool yaml_bytes(const struct yaml *node, uint64_t *out, struct complaints *to);

/* Append a scalar so that any YAML reader reads exactly this text. */
bool yaml_append_scalar(struct buf *out, const char *text,
    struct error *err) MUST_USE;

#endif
