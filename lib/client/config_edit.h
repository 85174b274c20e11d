/*
 * config_edit.h - changing some lines of an office's configuration, whose other
 * lines, comments too, stay as a person wrote them.
 */
#ifndef CLIENT_CONFIG_EDIT_H
#define CLIENT_CONFIG_EDIT_H

#include "base/bytes.h"

struct config_line {
	const char *key, *value;
};

/*
 * Append a configuration's text to out, with these keys set to these values:
 * each in its line, or in a line at the end. name is that of the sentences.
 *
 * ERROR_USAGE  the text is written in a way that cannot be changed line by
 *              line (a value of several lines, say): it is to be done by hand
 */
bool config_set(const char *name, struct span text,
    const struct config_line lines[], size_t num, struct buf *out,
    struct error *err) MUST_USE;
/*
 * The same, with a key that opens bags on their way put first in
 * "encryption-before".
 */
bool config_keep_before(const char *name, struct span text, const char *cert,
    const char *key, struct buf *out, struct error *err) MUST_USE;

#endif
