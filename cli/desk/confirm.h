/*
 * confirm.h - how the desk asks its person: in pinentry's dialog, else at the
 * terminal that it was started at; never in a page, and whatever a page said.
 * The dialog is in the page's language, of the four that there are, and the
 * terminal's question in English, as all that a command says.
 * The same for the passphrases of encrypted keys, which are kept until the end.
 *
 * Any thread may ask.
 */
#ifndef CLI_DESK_CONFIRM_H
#define CLI_DESK_CONFIRM_H

#include "cli/desk/pinentry.h"
#include "cli/secret.h"

struct desk_confirm {
	struct pinentry pinentry;
	bool at_terminal; /* there is one, to ask at if there is no pinentry */
	int wake[2];      /* readable from the end of the desk on */
	pthread_mutex_t lock; /* of the secrets, and of the terminal */
	struct secrets *secrets;
	enum dialog_language language; /* of the passphrase that is asked for */
};

/*
 * secrets has the file of --secret-file, or none; it is used until
 * desk_confirm_free().
 *
 * ERROR_USAGE, ERROR_SYSTEM  as pinentry_find()
 */
bool desk_confirm_init(struct desk_confirm *out, struct secrets *secrets,
    struct error *err) MUST_USE;
/* To whoever waits for an answer it is no; nobody is asked any more. */
void desk_confirm_end(struct desk_confirm *desk);
void desk_confirm_free(struct desk_confirm *desk);

/* How it asks: "pinentry" or "terminal"; NULL: the desk only reads. */
const char *desk_confirm_by(const struct desk_confirm *desk);

/*
 * Ask whether that is to be done.
 *
 * ERROR_USAGE     the answer is no
 * ERROR_CONFLICT  another question waits for its answer
 * ERROR_REFUSED   nobody can be asked, or nobody answered
 */
bool desk_confirm_ask(struct desk_confirm *desk, const struct confirm *what,
    enum dialog_language language, struct error *err) MUST_USE;

/*
 * Get a passphrase, as struct private_rule says.  It is asked for once, or as
 * long as it is wrong, three times at most.
 */
bool desk_confirm_secret(struct desk_confirm *desk,
    enum dialog_language language, const char *path, unsigned attempt,
    char out[PRIVATE_SECRET], struct error *err) MUST_USE;

#endif
