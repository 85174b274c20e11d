/*
 * dialog.h - the sentences of dialogs (pinentry.h) in the languages of the pages.
 * po/ is their source, of which po/update makes sentences.c.
 */
#ifndef CLI_DESK_DIALOG_H
#define CLI_DESK_DIALOG_H

enum dialog_language {
	DIALOG_EN,
	DIALOG_FR,
	DIALOG_LO,
	DIALOG_TH,
	DIALOG_LANGUAGES
};

/* The language of a code such as "lo"; English of any other, and of NULL. */
enum dialog_language dialog_language(const char *code);

/* A sentence in that language; as it is, in English, if po/ has no other. */
const char *dialog_say(enum dialog_language language, const char *english);

/* In each language, or NULL; the last one has none. */
struct sentence {
	const char *in[DIALOG_LANGUAGES];
};
extern const struct sentence dialog_sentences[];

#endif
