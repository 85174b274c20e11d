/*
 * Asking for passphrases (secret.h).
 */
#include "cli/secret.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/ui.h>

#include "base/limits.h"
#include "base/text.h"

/* Line number attempt of the file: one passphrase a line, each is tried. */
static bool
read_line(struct secrets *secrets, const char *path, unsigned attempt,
    char out[PRIVATE_SECRET], struct error *err)
{
	struct span rest, line = span_of(NULL, 0);

	/* It may be a pipe, which can be read once. */
	if (secrets->lines.max == 0) {
		secrets->lines = BUF(LIMIT_KEY_BYTES);
		if (!file_read(secrets->file, LIMIT_KEY_BYTES, &secrets->lines,
			err)) {
			err->kind = ERROR_USAGE;
			return false;
		}
	}
	rest = buf_span(&secrets->lines);
	for (unsigned i = 0; i <= attempt; i++) {
		if (rest.len == 0)
			return error_set(err, ERROR_USAGE,
			    "%s is encrypted, and no line of %s is its"
			    " passphrase",
			    path, secrets->file);
		if (!span_take_line(&rest, &line)) {
			line = rest;
			rest.len = 0;
		}
	}
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	return span_to_str(line, out, PRIVATE_SECRET) ||
	    error_set(err, ERROR_USAGE, "%s: line %u is no passphrase",
		secrets->file, attempt + 1);
}

/* True if there is a terminal of this process to ask at. */
static bool
has_terminal(void)
{
	const int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* OpenSSL asks at /dev/tty, without echo, and minds signals. */
bool
secrets_ask_at_terminal(const char *path, char out[PRIVATE_SECRET],
    struct error *err)
{
	char prompt[FILE_PATH + 40];
	UI *ui;
	bool ok;

	if (!has_terminal())
		return error_set(err, ERROR_USAGE,
		    "%s is encrypted, and there is no terminal to ask for its"
		    " passphrase at: --secret-file FILE names a file with it",
		    path);
	snprintf(prompt, sizeof(prompt), "Passphrase of %s: ", path);
	out[0] = '\0';
	ok = (ui = UI_new_method(UI_OpenSSL())) != NULL &&
	    UI_add_input_string(ui, prompt, 0, out, 0, PRIVATE_SECRET - 1) >=
		0 &&
	    UI_process(ui) == 0;
	UI_free(ui);
	return ok ||
	    error_set(err, ERROR_USAGE,
		"%s is encrypted, and no passphrase was given", path);
}

/* The one that was asked for this key; NULL if it was not. */
static char *
find(struct secrets *secrets, const char *path)
{
	for (size_t i = 0; i < secrets->num; i++)
		if (strcmp(secrets->known[i].path, path) == 0)
			return secrets->known[i].text;
	return NULL;
}

static void
remember(struct secrets *secrets, const char *path, const char *text)
{
	char *known = find(secrets, path);

	if (known == NULL && secrets->num < SECRETS) {
		text_set(secrets->known[secrets->num].path, FILE_PATH, path);
		known = secrets->known[secrets->num++].text;
	}
	if (known != NULL)
		text_set(known, PRIVATE_SECRET, text);
}

/* Forget the one of this key: it was wrong. */
static void
forget(struct secrets *secrets, const char *path)
{
	for (size_t i = 0; i < secrets->num; i++) {
		if (strcmp(secrets->known[i].path, path) != 0)
			continue;
		secrets->known[i] = secrets->known[--secrets->num];
		OPENSSL_cleanse(&secrets->known[secrets->num],
		    sizeof(secrets->known[0]));
		return;
	}
}

bool
secrets_get(void *arg, const char *path, unsigned attempt,
    char out[PRIVATE_SECRET], struct error *err)
{
	struct secrets *secrets = arg;
	const char *known = find(secrets, path);
	const bool wrong = attempt > 0 && known != NULL;

	if (secrets->file != NULL)
		return read_line(secrets, path, attempt, out, err);
	/* Many have one passphrase for all of their keys. */
	if (known == NULL && attempt == 0 && secrets->num > 0)
		known = secrets->known[secrets->num - 1].text;
	if (wrong && (secrets->ask == NULL || attempt >= SECRET_TRIES)) {
		forget(secrets, path);
		return error_set(err, ERROR_USAGE,
		    "the passphrase of %s is wrong", path);
	}
	if (known != NULL && !wrong) {
		text_set(out, PRIVATE_SECRET, known);
		return true;
	}
	if (!(secrets->ask != NULL
		    ? secrets->ask(secrets->arg, path, wrong, out, err)
		    : secrets_ask_at_terminal(path, out, err)))
		return false;
	remember(secrets, path, out);
	return true;
}

void
secrets_forget(struct secrets *secrets)
{
	if (secrets->lines.len > 0)
		OPENSSL_cleanse(secrets->lines.data, secrets->lines.len);
	buf_free(&secrets->lines);
	OPENSSL_cleanse(secrets, sizeof(*secrets));
}
