/*
 * secret.h - the passphrases of encrypted private keys: from --secret-file, or
 * asked of the person at the terminal, once a command for each key.
 */
#ifndef CLI_SECRET_H
#define CLI_SECRET_H

#include "base/private.h"

enum { SECRETS = 8, SECRET_TRIES = 3 };

struct secrets {
	const char *file; /* of --secret-file; NULL: ask */
	/*
	 * Asks, instead of the terminal; wrong: the one given before was. One
	 * that is wrong is asked for again then, SECRET_TRIES times in all.
	 */
	bool (*ask)(void *arg, const char *path, bool wrong,
	    char out[PRIVATE_SECRET], struct error *err);
	void *arg;
	struct buf lines; /* what it has, once it was read */
	size_t num;
	struct {
		char path[FILE_PATH]; /* the key that it was asked for */
		char text[PRIVATE_SECRET];
	} known[SECRETS];
};

/*
 * See struct private_rule; arg is the struct secrets.
 *
 * ERROR_USAGE  nobody can be asked, or none of the passphrases is right
 */
bool secrets_get(void *arg, const char *path, unsigned attempt,
    char out[PRIVATE_SECRET], struct error *err) MUST_USE;
/*
 * Ask for the passphrase of the key in a file, at /dev/tty.
 *
 * ERROR_USAGE  there is no terminal, or none was given
 */
bool secrets_ask_at_terminal(const char *path, char out[PRIVATE_SECRET],
    struct error *err) MUST_USE;
/* Cleanse what is known. */
void secrets_forget(struct secrets *secrets);

#endif
