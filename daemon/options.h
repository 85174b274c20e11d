/*
 * options.h - the commands and options of valised, in one table (options.c).
 */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include "options/options.h"

enum {
	VALISED_CONFIG = OPTIONS_FIRST,
	VALISED_CHECK,
	VALISED_NOBODY,
	VALISED_REPAIR,
	VALISED_SEEN,
	VALISED_WITH_KEYS,
};

enum {
	VALISED_FORM_RUN = 1,
	VALISED_FORM_CHECK,
	VALISED_FORM_INIT,
	VALISED_FORM_ENROLMENT,
	VALISED_FORM_EXPORT_JOURNAL,
	VALISED_FORM_FSCK,
	VALISED_FORM_BACKUP,
	VALISED_FORM_RESTORE,
	VALISED_FORM_REPLACE_KEY,
	VALISED_FORMS,
};

extern const struct options_program valised_options;

#endif
