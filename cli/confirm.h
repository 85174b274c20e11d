/*
 * confirm.h - asking a person before what binds: signing, terminating, accepting
 * a policy.  The command asks at its terminal; who serves pages to a browser has
 * another struct confirmer, since a page's word is nobody's.
 */
#ifndef CLI_CONFIRM_H
#define CLI_CONFIRM_H

#include "base/digest.h"
#include "client/context.h"

/*
 * A sentence that the desk's dialog shows in the person's language: po/ has it,
 * by its English, as "dialog.…", and po/update finds it by this word.
 */
#define DIALOG(sentence) (sentence)

/* What is to be done, as a person reads it before it is. All is borrowed. */
struct confirm {
	const char
	    *question;       /* "Sign version {version}?"; see confirm_fill() */
	const char *yes;     /* the word for a button: "Sign" */
	const char *refused; /* what it is called if not: "not signed" */
	const char *document; /* "agreement/x"; NULL: it is about a policy */
	unsigned version;
	unsigned in_force;           /* the version that is; or 0 */
	const char *title;           /* of the document; or NULL */
	const char *reason;          /* of a termination; or NULL */
	const struct digest *digest; /* of the version, or the policy */
	const char *person;          /* who signs; or NULL */
	const char *means;           /* what follows from it; a sentence */
};

enum { CONFIRM_WORDS = 384 };
/* Fill {version}, {in-force} and {person} into a sentence; it is cut to fit. */
void confirm_fill(const char *sentence, const struct confirm *what,
    char out[CONFIRM_WORDS]);

struct confirmer {
	/*
	 * Ask, and return true if the person says yes.
	 *
	 * ERROR_USAGE    the answer is no
	 * ERROR_REFUSED  nobody can be asked, or nobody answered
	 */
	bool (*ask)(void *arg, const struct confirm *what, struct error *err);
	void *arg;
	/*
	 * Ask even if who called said yes beforehand: by --yes, or by naming
	 * the digest.
	 */
	bool always;
};

/*
 * Ask by the context's confirmer, unless said_yes is set and that is enough.
 * ERROR_USAGE or ERROR_REFUSED if it is not to be done.
 */
bool confirm_ask(const struct context *context, bool said_yes,
    const struct confirm *what, struct error *err) MUST_USE;

/* Asks at standard input, which must be a terminal. */
extern const struct confirmer confirm_at_terminal;
/* Ask there a question; any answer but "yes" is no. */
bool confirm_answered_yes(const char *question);

#endif
