/*
 * Reading configuration and state, and paths and files in the state
 * (context.h).
 */
#include "client/context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "client/lists.h"
#include "client/own_lists.h"
#include "client/policies.h"

int
open_file(const char *path, struct error *err)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		error_set(err, ERROR_NOT_FOUND, "%s: no such file", path);
	else if (fd < 0)
		error_set_errno(err, "%s", path);
	return fd;
}

/* --- Configuration. --- */

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
read_config(const struct yaml *root, const char *dir, struct context *out,
    char key_id[16], struct complaints *to)
{
	static const char *const keys[] = { "valise", "journal", "certificate",
		"key", "sign-certificate", "sign-key", "encryption-certificate",
		"encryption-key", "state" };
	const struct yaml *node;
	struct error why = { 0 };
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
	if (!file_join(out->state, out->home, ".local/state/valise", &why))
		complain(to, root, "%s", why.detail);
	read_path(root, "state", dir, false, out->state, to);
}

static bool
load_config(struct context *context, char key_id[16], struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	struct buf text = BUF(LIMIT_POLICY_FILE_BYTES);
	struct yaml *root = NULL;
	char dir[FILE_PATH];
	bool ok;

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
	root = yaml_parse(context->config_path, buf_span(&text), err);
	ok = root != NULL;
	if (ok) {
		read_config(root, dir, context, key_id, &complaints);
		ok = complaints_none(&complaints, err);
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

	return ((span_take_until(&line, ' ', &number) &&
		    span_to_u64(number, &until)) ||
		   error_set(err, ERROR_SYSTEM, "it is damaged")) &&
	    note_key_parse(line, NOTE_JOURNAL, &key, err) &&
	    note_keys_add(&context->journal, until, &key, err);
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

bool
context_load(struct context *context, struct error *err)
{
	struct buf text = BUF(LIMIT_YAML_BYTES);
	char key_id[16] = "", path[FILE_PATH], state[FILE_PATH];
	bool ok;

	if (!load_config(context, key_id, err))
		return false;
	text_set(state, sizeof(state), context->state);
	ok = file_join(context->state, state, key_id, err) &&
	    context_path(context, "enrolment.yaml", path, err) &&
	    file_read(path, LIMIT_YAML_BYTES, &text, err) &&
	    enrolment_parse(buf_span(&text), &context->enrolment, err) &&
	    context_load_keys(context, err) && lists_load(context, err) &&
	    (context->certs = cert_cache_new(err)) != NULL;
	buf_free(&text);
	return ok;
}

void
context_free(struct context *context)
{
	enrolment_free(&context->enrolment);
	policies_free(context);
	cert_cache_free(context->certs);
	lists_free(context);
	crls_free(context->own);
}

bool
context_path(const struct context *context, const char *name,
    char out[FILE_PATH], struct error *err)
{
	return file_join(out, context->state, name, err);
}

bool
context_digest_path(const struct context *context, const char *folder,
    const struct digest *digest, const char *suffix, char out[FILE_PATH],
    struct error *err)
{
	char name[128], hex[DIGEST_HEX];

	digest_hex(digest, hex);
	snprintf(name, sizeof(name), "%s/%s%s", folder, hex, suffix);
	return context_path(context, name, out, err);
}

/* --- What judges. --- */

bool
context_keep_zip(const struct context *context, int fd, const char *folder,
    const struct digest *digest, struct error *err)
{
	struct buf bytes = BUF(LIMIT_POLICY_ZIP_BYTES);
	uint8_t piece[16384];
	char dir[FILE_PATH], path[FILE_PATH];
	off_t at = 0;
	ssize_t n;
	bool ok = true;

	do {
		n = pread(fd, piece, sizeof(piece), at);
		ok = n >= 0 ? buf_append(&bytes, span_of(piece, (size_t)n), err)
			    : error_set_errno(err, "%s", folder);
		at += n;
	} while (ok && n > 0);
	ok = ok && context_path(context, folder, dir, err) &&
	    file_make_dirs(dir, 0700, err) &&
	    context_digest_path(context, folder, digest, ".zip", path, err) &&
	    file_write(path, buf_span(&bytes), 0600, err);
	buf_free(&bytes);
	return ok;
}

static struct crls *
find_crls(void *arg, const struct digest *digest)
{
	return lists_find(arg, digest);
}

static const struct crl_entries *
find_named(void *arg, uint64_t *as_of)
{
	return lists_named(arg, as_of);
}

/* By the policy that this office accepted last. */
static struct crls *
find_withheld(void *arg, const struct trust **trust)
{
	struct context *context = arg;
	const struct policy *pinned;
	struct error ignored = { 0 };

	if (context->own == NULL)
		context->own = own_lists(context, &ignored);
	if (context->own == NULL || crls_count(context->own) == 0 ||
	    (pinned = context_pinned(context, &ignored)) == NULL)
		return NULL;
	*trust = pinned->trust;
	return context->own;
}

static struct policy *
find_policy(void *arg, const struct digest *digest, uint64_t index)
{
	return policies_for_act(arg, digest, index);
}

struct verdict_library
context_library(struct context *context)
{
	struct error ignored = { 0 };

	/* Where nothing is kept no policy judges, and the verdict says so. */
	if (context->succession.num == 0 && !policies_load(context, &ignored))
		ignored = (struct error){ 0 };
	return (struct verdict_library){ .policy = find_policy,
		.crls = find_crls,
		.named = find_named,
		.withheld = find_withheld,
		.arg = context };
}

/* --- What was seen. --- */

bool
context_known_version(const struct context *context,
    const struct digest *digest, struct buf *out)
{
	struct error ignored = { 0 };
	struct digest found;
	char path[FILE_PATH];

	if (!context_digest_path(context, "versions", digest, ".yaml", path,
		&ignored) ||
	    !file_read(path, LIMIT_VERSION_BYTES, out, &ignored))
		return false;
	found = sha256_of(buf_span(out));
	return digest_eq(&found, digest);
}

void
context_remember_version(const struct context *context,
    struct span version_yaml)
{
	const struct digest digest = sha256_of(version_yaml);
	struct error ignored = { 0 };
	char dir[FILE_PATH], path[FILE_PATH];

	/* A convenience: without it a push is not compared with the last. */
	if (context_path(context, "versions", dir, &ignored) &&
	    file_make_dirs(dir, 0700, &ignored) &&
	    context_digest_path(context, "versions", &digest, ".yaml", path,
		&ignored) &&
	    !file_exists(path) &&
	    !file_write_quick(path, version_yaml, 0600, &ignored))
		unlink(path);
}

int
context_temporary(const struct context *context, struct error *err)
{
	struct error ignored = { 0 };
	const int fd = file_temporary(context->state, &ignored);

	if (fd >= 0)
		return fd;
	return file_temporary(context->temporary[0] != '\0' ? context->temporary
							    : "/tmp",
	    err);
}
