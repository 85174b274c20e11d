/*
 * Changing lines of a configuration (config_edit.h).
 */
#include "client/config_edit.h"

#include <string.h>

#include "base/yaml.h"

/* True if a line sets that key of the mapping. */
static bool
is_key(struct span line, const char *key)
{
	const size_t len = strlen(key);

	return line.len > len && memcmp(line.data, key, len) == 0 &&
	    line.data[len] == ':';
}

static bool
append_line(struct buf *out, const struct config_line *line, struct error *err)
{
	return buf_printf(out, err, "%s: ", line->key) &&
	    yaml_append_scalar(out, line->value, err) &&
	    buf_append_str(out, "\n", err);
}

/* Take a line with its end, also the last one without. */
static bool
take_line(struct span *rest, struct span *line)
{
	const uint8_t *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->data, '\n', rest->len);
	*line = span_sub(*rest, 0,
	    end != NULL ? (size_t)(end - rest->data) + 1 : rest->len);
	*rest = span_sub(*rest, line->len, rest->len - line->len);
	return true;
}

static bool
by_hand(const char *name, struct error *err)
{
	return error_set(err, ERROR_USAGE,
	    "%s is written in a way that cannot be changed line by line:"
	    " change it by hand",
	    name);
}

/* What was written must be read as it was meant. */
static bool
check_set(const char *name, struct span text, const struct config_line lines[],
    size_t num, struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	struct error why = { 0 };
	struct yaml *root = yaml_parse_written(name, text, &why);
	bool ok = root != NULL && yaml_is(root, YAML_MAPPING, &complaints);

	for (size_t i = 0; ok && i < num; i++) {
		const struct yaml *node = yaml_get(root, lines[i].key);
		const char *is =
		    node != NULL ? yaml_text(node, &complaints) : NULL;

		ok = is != NULL && strcmp(is, lines[i].value) == 0;
	}
	yaml_free_tree(root);
	complaints_free(&complaints);
	return ok || by_hand(name, err);
}

bool
config_set(const char *name, struct span text, const struct config_line lines[],
    size_t num, struct buf *out, struct error *err)
{
	struct span rest = text, line = span_of(NULL, 0);
	bool ends = true, ok = true;

	while (ok && take_line(&rest, &line)) {
		const struct config_line *found = NULL;

		for (size_t i = 0; i < num; i++)
			if (is_key(line, lines[i].key))
				found = &lines[i];
		ok = found != NULL ? append_line(out, found, err)
				   : buf_append(out, line, err);
		ends = found != NULL || line.data[line.len - 1] == '\n';
	}
	ok = ok && (ends || buf_append_str(out, "\n", err));
	for (size_t i = 0; ok && i < num; i++) {
		bool there = false;

		rest = text;
		while (take_line(&rest, &line))
			there = there || is_key(line, lines[i].key);
		ok = there || append_line(out, &lines[i], err);
	}
	return ok && check_set(name, buf_span(out), lines, num, err);
}

static bool
append_item(struct buf *out, const char *cert, const char *key,
    struct error *err)
{
	return buf_append_str(out, "  - certificate: ", err) &&
	    yaml_append_scalar(out, cert, err) &&
	    buf_append_str(out, "\n    key: ", err) &&
	    yaml_append_scalar(out, key, err) && buf_append_str(out, "\n", err);
}

/* The list is there, and its first item is this one. */
static bool
check_kept(const char *name, struct span text, const char *cert,
    struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	struct error why = { 0 };
	struct yaml *root = yaml_parse_written(name, text, &why);
	const struct yaml *list =
	    root != NULL ? yaml_get(root, "encryption-before") : NULL;
	const struct yaml *first = list != NULL ? list->children : NULL;
	const struct yaml *node =
	    first != NULL ? yaml_get(first, "certificate") : NULL;
	const char *is = node != NULL ? yaml_text(node, &complaints) : NULL;
	const bool ok = is != NULL && strcmp(is, cert) == 0;

	yaml_free_tree(root);
	complaints_free(&complaints);
	return ok || by_hand(name, err);
}

bool
config_keep_before(const char *name, struct span text, const char *cert,
    const char *key, struct buf *out, struct error *err)
{
	struct span rest = text, line = span_of(NULL, 0);
	bool there = false, ok = true;

	while (ok && take_line(&rest, &line)) {
		ok = buf_append(out, line, err) &&
		    (line.data[line.len - 1] == '\n' ||
			buf_append_str(out, "\n", err));
		if (ok && is_key(line, "encryption-before")) {
			there = true;
			ok = append_item(out, cert, key, err);
		}
	}
	if (ok && !there)
		ok = buf_append_str(out, "encryption-before:\n", err) &&
		    append_item(out, cert, key, err);
	return ok && check_kept(name, buf_span(out), cert, err);
}
