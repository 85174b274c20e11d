/*
 * pinentry.h - a dialog of this person's desktop, which no page of a browser can
 * draw or answer: GnuPG's pinentry, by the Assuan protocol ("Pinentry Protocol"
 * in the manual of pinentry; libassuan).
 *
 * One dialog is open at a time.  Any thread may call these functions, in a
 * process that ignores SIGPIPE.
 */
#ifndef CLI_DESK_PINENTRY_H
#define CLI_DESK_PINENTRY_H

#include <pthread.h>

#include "base/private.h"
#include "cli/confirm.h"
#include "cli/desk/dialog.h"

enum { PINENTRY_WORD = 128 };

struct pinentry {
	char program[FILE_PATH]; /* empty: there is none */
	/* where it is shown, of this process's environment */
	char display[PINENTRY_WORD], tty[PINENTRY_WORD], term[PINENTRY_WORD];
	char lc_ctype[PINENTRY_WORD], lc_messages[PINENTRY_WORD];
	unsigned seconds;       /* after so many without an answer it goes */
	pthread_mutex_t dialog; /* held while one is open */
	pthread_mutex_t lock;   /* of what follows */
	pthread_cond_t changed;
	bool ended; /* no more are opened */
};

/*
 * Find the program: $VALISE_PINENTRY, else "pinentry" in $PATH if there is a
 * display or a terminal to show it at.  With none it succeeds, and program is
 * empty.
 *
 * ERROR_USAGE   $VALISE_PINENTRY names what cannot be run
 * ERROR_SYSTEM  no lock
 */
bool pinentry_find(struct pinentry *out, struct error *err) MUST_USE;
/* Close the dialog that is open, and open no more: to whoever waits it is no. */
void pinentry_end(struct pinentry *pinentry);
void pinentry_free(struct pinentry *pinentry);

/*
 * Show what is to be done, and ask.  It is in English where the pinentry may not
 * be able to show another language: at a terminal that is not one of UTF-8.
 *
 * ERROR_USAGE     the answer is no
 * ERROR_CONFLICT  another dialog is open
 * ERROR_REFUSED   it could not be shown, or nobody answered in time
 */
bool pinentry_confirm(struct pinentry *pinentry, const struct confirm *what,
    enum dialog_language language, struct error *err) MUST_USE;

/*
 * Ask for the passphrase of the private key in a file; wrong says that the last
 * one was.  It waits for a dialog that is open.  Whoever gets it cleanses it.
 *
 * ERROR_USAGE    none was given
 * ERROR_REFUSED  as above
 */
bool pinentry_secret(struct pinentry *pinentry, enum dialog_language language,
    const char *path, bool wrong, char out[PRIVATE_SECRET],
    struct error *err) MUST_USE;

/*
 * The text of a dialog, escaped for a line of Assuan: '%' and what ends a line
 * are "%XX", and of titles nothing is left that a person would not see.  Long
 * titles are cut.  What has no room in another language is in English.
 */
enum { PINENTRY_TEXT = 960 };
void pinentry_describe(const struct confirm *what,
    enum dialog_language language, char out[PINENTRY_TEXT]);

#endif
