/*
 * Reading an office's configuration and the keys of its journal (context.h).
 */
#include "client/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void
read_path(const struct yaml *root, const char *key, const char *dir,
    bool needed, char out[FILE_PATH], struct complaints *to)
{
	const struct yaml *node =
	    needed ? yaml_need(root, key, to) : yaml_get(root, key);
	const char *text = node != NULL ? yaml_text(node, to) : NULL;
	struct error why = { 0 };

	if (text == NULL)
		return;
	if (text[0] == '/' ? !text_take(out, FILE_PATH, text, &why)
			   : !file_join(out, dir, text, &why))
		complain(to, node, "%s", why.detail);
}

static void
read_proxy(const struct yaml *root, const char *dir, struct proxy_sources *out,
    struct complaints *to)
{
	char password[FILE_PATH] = "";

	read_path(root, "proxy-password", dir, false, password, to);
	proxy_read(root, password, out, to);
}

/* The pairs that open bags which were on their way. */
static void
read_before(const struct yaml *list, const char *dir, struct context *out,
    struct complaints *to)
{
	static const char *const keys[] = { "certificate", "key" };
	struct context_pair *all;

	if (list == NULL || !yaml_is(list, YAML_SEQUENCE, to))
		return;
	if (list->num_children > LIMIT_BAG_KEYS) {
		complain(to, list, "more than %d", LIMIT_BAG_KEYS);
		return;
	}
	all = calloc(list->num_children, sizeof(*all));
	if (all == NULL) {
		complain(to, list, "no memory");
		return;
	}
	out->encrypt_before = all;
	for (const struct yaml *c = list->children; c != NULL; c = c->next) {
		struct context_pair *pair = &all[out->num_encrypt_before++];

		if (!yaml_is(c, YAML_MAPPING, to))
			continue;
		yaml_only(c, keys, 2, to);
		read_path(c, "certificate", dir, true, pair->cert, to);
		read_path(c, "key", dir, true, pair->key, to);
	}
}

/* Read the configuration; key_id gets the ID of the journal's key. */
static void
read_config(const struct yaml *root, const char *dir, struct context *out,
    char key_id[16], struct complaints *to)
{
	static const char *const keys[] = { "valise", "journal", "certificate",
		"key", "sign-certificate", "sign-key", "encryption-certificate",
		"encryption-key", "encryption-before", "state", "proxy",
		"proxy-password" };
	const struct yaml *node;
	const char *text;

	if (!yaml_is(root, YAML_MAPPING, to))
		return;
	yaml_only(root, keys, sizeof(keys) / sizeof(keys[0]), to);
	yaml_format(root, to);
	if ((node = yaml_need(root, "journal", to)) != NULL &&
	    (text = yaml_text(node, to)) != NULL) {
		if (strlen(text) != 8)
			complain(to, node, "not the ID of a journal's key");
		else
			text_set(key_id, 16, text);
	}
	read_path(root, "certificate", dir, true, out->cert, to);
	read_path(root, "key", dir, true, out->key, to);
	read_path(root, "sign-certificate", dir, false, out->sign_cert, to);
	read_path(root, "sign-key", dir, false, out->sign_key, to);
	read_path(root, "encryption-certificate", dir, false, out->encrypt_cert,
	    to);
	read_path(root, "encryption-key", dir, false, out->encrypt_key, to);
	read_before(yaml_get(root, "encryption-before"), dir, out, to);
	read_path(root, "state", dir, false, out->state, to);
	read_proxy(root, dir, &out->proxies, to);

	out->proxies.config = out->config_path;
}

bool
config_load(struct context *context, char key_id[16], struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	struct buf text = BUF(LIMIT_POLICY_FILE_BYTES);
	struct yaml *root = NULL;
	char dir[FILE_PATH];
	bool ok;

	if (!places_config(context, err))
		return false;
	file_parent(context->config_path, dir);
	if (!file_read(context->config_path, LIMIT_POLICY_FILE_BYTES, &text,
		err)) {
		buf_free(&text);
		return err->kind == ERROR_NOT_FOUND
		    ? error_set(err, ERROR_USAGE,
			  "%s: no such file; \"valise init ENROLMENT --cert FILE"
			  " --key FILE\" makes it",
			  context->config_path)
		    : false;
	}
	root = yaml_parse_written(context->config_path, buf_span(&text), err);
	ok = root != NULL;
	if (ok) {
		read_config(root, dir, context, key_id, &complaints);
		ok = complaints_none(&complaints, err) &&
		    (context->state[0] != '\0' ||
			places_state(context, context->state, err));
	}
	yaml_free_tree(root);
	buf_free(&text);
	complaints_free(&complaints);
	return ok;
}

static bool
add_key(struct context *context, struct span line, struct error *err)
{
	struct note_key key;
	struct span number;
	uint64_t until;

	if (((!span_take_until(&line, ' ', &number) ||
		 !span_to_u64(number, &until)) &&
		!error_set_outside(err, "it is damaged")) ||
	    !note_key_parse(line, NOTE_JOURNAL, &key, err))
		return false;
	/* A newer enrolment has it already (init --update). */
	for (size_t i = 0; i < context->journal.num; i++)
		if (context->journal.keys[i].id == key.id)
			return true;
	return note_keys_add(&context->journal, until, &key, err);
}

bool
context_load_keys(struct context *context, struct error *err)
{
	struct buf text = BUF(NOTE_KEYS_TEXT);
	struct span rest, line;
	char path[FILE_PATH];
	bool ok;

	ok = note_keys_parse(buf_span(&context->enrolment.before),
		 &context->enrolment.journal, &context->journal, err) &&
	    context_path(context, "keys", path, err) &&
	    (!file_exists(path) || file_read(path, text.max, &text, err));
	rest = buf_span(&text);
	while (ok && span_take_line(&rest, &line))
		ok = add_key(context, line, err) ||
		    error_context(err, "%s", path);
	buf_free(&text);
	return ok;
}

bool
context_follow_key(struct context *context, uint64_t until,
    const struct note_key *next, struct error *err)
{
	struct buf text = BUF(NOTE_KEYS_TEXT);
	char path[FILE_PATH], vkey[NOTE_KEY_TEXT];
	bool ok;

	note_key_encode(next, vkey);
	ok = note_keys_add(&context->journal, until, next, err) &&
	    context_path(context, "keys", path, err) &&
	    (!file_exists(path) || file_read(path, text.max, &text, err)) &&
	    buf_printf(&text, err, "%llu %s\n", (unsigned long long)until,
		vkey) &&
	    file_write(path, buf_span(&text), 0600, err);
	buf_free(&text);
	return ok;
}
