/*
 * Finding the sentences of dialogs (dialog.h).
 */
#include "cli/desk/dialog.h"

#include <stddef.h>
#include <string.h>

enum dialog_language
dialog_language(const char *code)
{
	static const char *const codes[] = { "en", "fr", "lo", "th" };

	for (unsigned i = 0; code != NULL && i < DIALOG_LANGUAGES; i++)
		if (strcmp(codes[i], code) == 0)
			return (enum dialog_language)i;
	return DIALOG_EN;
}

const char *
dialog_say(enum dialog_language language, const char *english)
{
	for (const struct sentence *one = dialog_sentences;
	     one->in[DIALOG_EN] != NULL; one++)
		if (strcmp(one->in[DIALOG_EN], english) == 0 &&
		    one->in[language] != NULL)
			return one->in[language];
	return english;
}
