/*
 * Parsing YAML by libyaml, with what Valise does not read refused (yaml.h).
 */
#include "base/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <yaml.h>

#include "base/limits.h"
#include "base/text.h"

struct reader {
	yaml_parser_t parser;
	const char *file;
	unsigned num_nodes;
	struct error *err;
};

static bool
refuse(struct reader *in, const yaml_mark_t *at, const char *what)
{
	return error_set(in->err, ERROR_MALFORMED, "%s:%zu:%zu: %s", in->file,
	    at->line + 1, at->column + 1, what);
}

/* libyaml does not say so by errno. */
static bool
no_memory(const char *file, struct error *err)
{
	errno = ENOMEM;
	return error_set_errno(err, "%s", file);
}

static bool
next_event(struct reader *in, yaml_event_t *event)
{
	if (yaml_parser_parse(&in->parser, event))
		return true;
	if (in->parser.error == YAML_MEMORY_ERROR)
		return no_memory(in->file, in->err);
	return refuse(in, &in->parser.problem_mark,
	    in->parser.problem != NULL ? in->parser.problem : "not YAML");
}

void
yaml_free_tree(struct yaml *node)
{
	while (node != NULL) {
		struct yaml *next = node->next;

		yaml_free_tree(node->children);
		free(node->text);
		free(node->key);
		free(node);
		node = next;
	}
}

static struct yaml *
new_node(struct reader *in, const yaml_event_t *event, enum yaml_kind kind)
{
	struct yaml *node;

	if (++in->num_nodes > LIMIT_YAML_NODES) {
		error_set(in->err, ERROR_LIMIT, "%s: more than %d nodes",
		    in->file, LIMIT_YAML_NODES);
		return NULL;
	}
	if ((node = calloc(1, sizeof(*node))) == NULL) {
		error_set_errno(in->err, "%s", in->file);
		return NULL;
	}
	node->kind = kind;
	node->file = in->file;
	node->line = (unsigned)event->start_mark.line + 1;
	node->column = (unsigned)event->start_mark.column + 1;
	return node;
}

/* A scalar's text: no tag, no anchor, no NUL. */
static char *
scalar_text(struct reader *in, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	char *text = NULL;

	if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL)
		refuse(in, &event->start_mark, "anchors and tags are not used");
	else if (strlen(value) != event->data.scalar.length)
		refuse(in, &event->start_mark, "a NUL in text");
	else if ((text = strdup(value)) == NULL)
		error_set_errno(in->err, "%s", in->file);
	return text;
}

static struct yaml *read_node(struct reader *in, yaml_event_t *event,
    unsigned depth);

static bool
read_key(struct reader *in, const yaml_event_t *event, const struct yaml *map,
    char **key)
{
	if (event->type != YAML_SCALAR_EVENT)
		return refuse(in, &event->start_mark, "a key must be text");
	if ((*key = scalar_text(in, event)) == NULL)
		return false;
	if (map->num_children == LIMIT_YAML_KEYS)
		return error_set(in->err, ERROR_LIMIT,
		    "%s:%zu:%zu: more than %d keys", in->file,
		    event->start_mark.line + 1, event->start_mark.column + 1,
		    LIMIT_YAML_KEYS);
	if (strcmp(*key, "<<") == 0)
		return refuse(in, &event->start_mark,
		    "merge keys are not used");
	for (const struct yaml *c = map->children; c != NULL; c = c->next)
		if (strcmp(c->key, *key) == 0)
			return error_set(in->err, ERROR_MALFORMED,
			    "%s:%zu:%zu: key \"%.60s\" stands twice", in->file,
			    event->start_mark.line + 1,
			    event->start_mark.column + 1, *key);
	return true;
}

/* Skip events up to the one that ends the collection, and that one too. */
static bool
read_children(struct reader *in, struct yaml *node, unsigned depth)
{
	struct yaml **end = &node->children;

	for (;;) {
		yaml_event_t event;
		char *key = NULL;
		unsigned line = 0, column = 0;
		bool done, ok = true;

		if (!next_event(in, &event))
			return false;
		done = event.type == YAML_MAPPING_END_EVENT ||
		    event.type == YAML_SEQUENCE_END_EVENT;
		if (!done && node->kind == YAML_MAPPING) {
			line = (unsigned)event.start_mark.line + 1;
			column = (unsigned)event.start_mark.column + 1;
			ok = read_key(in, &event, node, &key);
			yaml_event_delete(&event);
			ok = ok && next_event(in, &event);
			if (!ok) {
				free(key);
				return false;
			}
		}
		if (!done) {
			*end = read_node(in, &event, depth + 1);
			if (*end == NULL) {
				free(key);
				ok = false;
			} else {
				(*end)->key = key;
				(*end)->key_line = line;
				(*end)->key_column = column;
				end = &(*end)->next;
				node->num_children++;
			}
		}
		yaml_event_delete(&event);
		if (done || !ok)
			return ok;
	}
}

static struct yaml *
read_node(struct reader *in, yaml_event_t *event, unsigned depth)
{
	struct yaml *node = NULL;
	bool ok = false;

	if (depth > LIMIT_YAML_DEPTH) {
		error_set(in->err, ERROR_LIMIT, "%s:%zu: deeper than %d levels",
		    in->file, event->start_mark.line + 1, LIMIT_YAML_DEPTH);
		return NULL;
	}
	switch ((int)event->type) {
	case YAML_SCALAR_EVENT:
		node = new_node(in, event, YAML_SCALAR);
		ok = node != NULL &&
		    (node->text = scalar_text(in, event)) != NULL;
		break;
	case YAML_MAPPING_START_EVENT:
		if (event->data.mapping_start.anchor != NULL ||
		    event->data.mapping_start.tag != NULL) {
			refuse(in, &event->start_mark,
			    "anchors and tags are not used");
			break;
		}
		node = new_node(in, event, YAML_MAPPING);
		ok = node != NULL && read_children(in, node, depth);
		break;
	case YAML_SEQUENCE_START_EVENT:
		if (event->data.sequence_start.anchor != NULL ||
		    event->data.sequence_start.tag != NULL) {
			refuse(in, &event->start_mark,
			    "anchors and tags are not used");
			break;
		}
		node = new_node(in, event, YAML_SEQUENCE);
		ok = node != NULL && read_children(in, node, depth);
		break;
	default:
		refuse(in, &event->start_mark, "aliases are not used");
		break;
	}
	if (!ok) {
		yaml_free_tree(node);
		return NULL;
	}
	return node;
}

static bool
expect(struct reader *in, yaml_event_type_t type, const char *what)
{
	yaml_event_t event;
	bool ok;

	if (!next_event(in, &event))
		return false;
	ok = event.type == type || refuse(in, &event.start_mark, what);
	if (ok && type == YAML_DOCUMENT_START_EVENT &&
	    (event.data.document_start.version_directive != NULL ||
		event.data.document_start.tag_directives.start !=
		    event.data.document_start.tag_directives.end))
		ok = refuse(in, &event.start_mark, "directives are not used");
	yaml_event_delete(&event);
	return ok;
}

static const char mark[] = "\xef\xbb\xbf";

bool
yaml_is_marked(struct span text)
{
	return span_starts(text, mark);
}

struct yaml *
yaml_parse_written(const char *file, struct span text, struct error *err)
{
	if (yaml_is_marked(text))
		text = span_sub(text, strlen(mark), text.len - strlen(mark));
	return yaml_parse(file, text, err);
}

struct yaml *
yaml_parse(const char *file, struct span text, struct error *err)
{
	struct reader in = { .file = file, .err = err };
	struct yaml *root = NULL;
	yaml_event_t event;

	if (text.len > LIMIT_YAML_BYTES) {
		error_set(err, ERROR_LIMIT, "%s: %zu bytes, limit %d", file,
		    text.len, LIMIT_YAML_BYTES);
		return NULL;
	}
	if (!text_is_utf8(text)) {
		error_set(err, ERROR_MALFORMED, "%s: not UTF-8", file);
		return NULL;
	}
	/* libyaml would skip it, and the same content have two spellings. */
	if (yaml_is_marked(text)) {
		error_set(err, ERROR_MALFORMED, "%s:1:1: " YAML_MARKED, file);
		return NULL;
	}
	if (!yaml_parser_initialize(&in.parser)) {
		(void)no_memory(file, err);
		return NULL;
	}
	yaml_parser_set_encoding(&in.parser, YAML_UTF8_ENCODING);
	/*
	 * libyaml asserts that the pointer is not NULL, even if there are no
	 * bytes.
	 */
	yaml_parser_set_input_string(&in.parser,
	    text.len > 0 ? text.data : (const unsigned char *)"", text.len);
	if (expect(&in, YAML_STREAM_START_EVENT, "not YAML") &&
	    expect(&in, YAML_DOCUMENT_START_EVENT, "there is nothing here") &&
	    next_event(&in, &event)) {
		root = read_node(&in, &event, 1);
		yaml_event_delete(&event);
	}
	if (root != NULL &&
	    (!expect(&in, YAML_DOCUMENT_END_EVENT, "more than one document") ||
		!expect(&in, YAML_STREAM_END_EVENT, "a second document"))) {
		yaml_free_tree(root);
		root = NULL;
	}
	yaml_parser_delete(&in.parser);
	return root;
}

static void add_line(struct complaints *to, const char *file, unsigned line,
    unsigned column, const char *prefix, const char *fmt, va_list args)
    PRINTF(6, 0);

static void
add_line(struct complaints *to, const char *file, unsigned line,
    unsigned column, const char *prefix, const char *fmt, va_list args)
{
	struct error ignored = { 0 };
	char text[400];
	bool ok;

	vsnprintf(text, sizeof(text), fmt, args);
	/* If there is no room for a complaint it is counted all the same. */
	if (line > 0)
		ok = buf_printf(&to->lines, &ignored, "%s:%u:%u: %s%s\n", file,
		    line, column, prefix, text);
	else
		ok = buf_printf(&to->lines, &ignored, "%s: %s%s\n", file,
		    prefix, text);
	(void)ok;
}

bool
complain(struct complaints *to, const struct yaml *at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_line(to, at->file, at->line, at->column, "", fmt, args);
	va_end(args);
	to->num_errors++;
	return false;
}

bool
complain_key(struct complaints *to, const struct yaml *at, const char *fmt, ...)
{
	const unsigned line = at->key != NULL ? at->key_line : at->line;
	const unsigned column = at->key != NULL ? at->key_column : at->column;
	va_list args;

	va_start(args, fmt);
	add_line(to, at->file, line, column, "", fmt, args);
	va_end(args);
	to->num_errors++;
	return false;
}

bool
complain_of(struct complaints *to, const char *file, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_line(to, file, 0, 0, "", fmt, args);
	va_end(args);
	to->num_errors++;
	return false;
}

void
complain_warning(struct complaints *to, const struct yaml *at, const char *fmt,
    ...)
{
	va_list args;

	va_start(args, fmt);
	add_line(to, at->file, at->line, at->column, "warning: ", fmt, args);
	va_end(args);
	to->num_warnings++;
}

bool
complaints_none(const struct complaints *complaints, struct error *err)
{
	struct span rest = buf_span(&complaints->lines), line;

	if (complaints->num_errors == 0)
		return true;
	while (span_take_line(&rest, &line))
		if (memmem(line.data, line.len, ": warning: ", 11) == NULL)
			return error_set(err, ERROR_MALFORMED, "%.*s",
			    (int)line.len, (const char *)line.data);
	return error_set(err, ERROR_MALFORMED, "%u mistakes",
	    complaints->num_errors);
}

void
complaints_free(struct complaints *complaints)
{
	buf_free(&complaints->lines);
}

const struct yaml *
yaml_get(const struct yaml *map, const char *key)
{
	if (map == NULL || map->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml *c = map->children; c != NULL; c = c->next)
		if (strcmp(c->key, key) == 0)
			return c;
	return NULL;
}

bool
yaml_is(const struct yaml *node, enum yaml_kind kind, struct complaints *to)
{
	static const char *const names[] = {
		[YAML_SCALAR] = "a text",
		[YAML_MAPPING] = "a mapping (key: value)",
		[YAML_SEQUENCE] = "a list",
	};

	return node->kind == kind ||
	    complain(to, node, "%s%s%s should be %s",
		node->key != NULL ? "\"" : "",
		node->key != NULL ? node->key : "this",
		node->key != NULL ? "\"" : "", names[kind]);
}

bool
yaml_only(const struct yaml *map, const char *const keys[], size_t num_keys,
    struct complaints *to)
{
	bool ok = true;

	if (!yaml_is(map, YAML_MAPPING, to))
		return false;
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		const char *meant;
		size_t i = 0;

		while (i < num_keys && strcmp(c->key, keys[i]) != 0)
			i++;
		if (i < num_keys)
			continue;
		meant = to->num_errors < LIMIT_YAML_MEANT
		    ? text_nearest(c->key, keys, num_keys)
		    : NULL;
		if (meant != NULL)
			ok = complain_key(to, c,
			    "unknown key \"%.60s\"; did you mean \"%s\"?",
			    c->key, meant);
		else
			ok = complain_key(to, c, "unknown key \"%.60s\"",
			    c->key);
	}
	return ok;
}

const struct yaml *
yaml_need(const struct yaml *map, const char *key, struct complaints *to)
{
	const struct yaml *value = yaml_get(map, key);

	if (value == NULL)
		complain(to, map, "\"%s\" is missing", key);
	return value;
}

const char *
yaml_text(const struct yaml *node, struct complaints *to)
{
	if (node == NULL || !yaml_is(node, YAML_SCALAR, to))
		return NULL;
	return node->text;
}

bool
yaml_copy(const struct yaml *node, char *out, size_t room,
    bool (*check)(struct span), const char *what, struct complaints *to)
{
	const char *text = yaml_text(node, to);

	if (text == NULL)
		return false;
	if (strlen(text) >= room)
		return complain(to, node, "over %zu bytes", room - 1);
	if (text[0] == '\0' || !check(span_of_str(text)))
		return complain(to, node, "\"%.60s\" is not %s", text, what);
	text_set(out, room, text);
	return true;
}

bool
yaml_format(const struct yaml *root, struct complaints *to)
{
	const struct yaml *format = yaml_need(root, "valise", to);
	const char *text = yaml_text(format, to);

	return text != NULL &&
	    (strcmp(text, "1") == 0 ||
		complain(to, format,
		    "format %.20s; this program knows format 1", text));
}

bool
yaml_u64(const struct yaml *node, uint64_t *out, struct complaints *to)
{
	const char *text = yaml_text(node, to);

	if (text == NULL)
		return false;
	return span_to_u64(span_of_str(text), out) ||
	    complain(to, node, "\"%.40s\" is not a whole number", text);
}

bool
yaml_bool(const struct yaml *node, bool *out, struct complaints *to)
{
	const char *text = yaml_text(node, to);

	if (text == NULL)
		return false;
	*out = strcmp(text, "true") == 0;
	return *out || strcmp(text, "false") == 0 ||
	    complain(to, node, "\"%.40s\" is neither true nor false", text);
}

bool
yaml_digest(const struct yaml *node, struct digest *out, struct complaints *to)
{
	const char *text = yaml_text(node, to);

	if (text == NULL)
		return false;
	return digest_parse(span_of_str(text), out) ||
	    complain(to, node, "not a SHA-256 in 64 lower-case hex digits");
}

bool
yaml_bytes(const struct yaml *node, uint64_t *out, struct complaints *to)
{
	static const struct {
		const char *unit;
		unsigned shift;
	} units[] = { { "bytes", 0 }, { "KiB", 10 }, { "MiB", 20 },
		{ "GiB", 30 } };
	const char *text = yaml_text(node, to);
	struct span rest, number;

	if (text == NULL)
		return false;
	rest = span_of_str(text);
	if (span_take_until(&rest, ' ', &number) && span_to_u64(number, out) &&
	    *out < UINT64_C(1) << 32)
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (span_is(rest, units[i].unit)) {
				*out <<= units[i].shift;
				return true;
			}
	return complain(to, node,
	    "\"%.40s\" is not a size such as \"64 MiB\" (bytes, KiB, MiB, GiB)",
	    text);
}

/* Plain, if no reader could take it for anything but this text. */
static bool
is_plain(const char *text)
{
	static const char *const words[] = { "true", "false", "yes", "no", "on",
		"off", "null", "y", "n" };
	bool letter = false;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0)
			return false;
	for (const char *c = text; *c != '\0'; c++) {
		const bool is_letter = (*c >= 'a' && *c <= 'z') ||
		    (*c >= 'A' && *c <= 'Z') || (unsigned char)*c >= 128;

		letter = letter || is_letter;
		if (!is_letter && !(*c >= '0' && *c <= '9') &&
		    strchr("/._@+", *c) == NULL &&
		    !(strchr("- ()", *c) != NULL && c != text && c[1] != '\0'))
			return false;
	}
	/*
	 * Other readers take "1e3" and "0x1" for numbers: a plain scalar begins
	 * with a letter.
	 */
	return letter && strchr("/._@+0123456789", text[0]) == NULL;
}

bool
yaml_append_scalar(struct buf *out, const char *text, struct error *err)
{
	if (is_plain(text))
		return buf_append_str(out, text, err);
	if (!buf_append_str(out, "\"", err))
		return false;
	for (const char *c = text; *c != '\0'; c++)
		if (((*c == '"' || *c == '\\') &&
			!buf_append_str(out, "\\", err)) ||
		    !buf_append(out, span_of(c, 1), err))
			return false;
	return buf_append_str(out, "\"", err);
}
