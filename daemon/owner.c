/*
 * Who may write to the data folder (owner.h).
 */
#include "daemon/owner.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

/* The folder, or the one that it is to be made in. */
static bool
find_folder(const char *data, char out[FILE_PATH], struct stat *st)
{
	char *slash;

	text_set(out, FILE_PATH, data);
	if (stat(out, st) == 0)
		return true;
	if ((slash = strrchr(out, '/')) == NULL || slash == out)
		return false;
	*slash = '\0';
	return stat(out, st) == 0;
}

bool
owner_check(const char *data, struct error *err)
{
	const bool is_root = geteuid() == 0;
	const struct passwd *owner;
	char folder[FILE_PATH], name[64];
	struct stat st;

	if (!find_folder(data, folder, &st) || st.st_uid == geteuid() ||
	    (!is_root && access(folder, R_OK | W_OK | X_OK) == 0))
		return true;
	owner = getpwuid(st.st_uid);
	if (owner != NULL)
		text_cut(name, sizeof(name), owner->pw_name);
	else
		snprintf(name, sizeof(name), "#%ld", (long)st.st_uid);
	return error_set(err, ERROR_USAGE,
	    "%s is of user %s, and this is %s: be that user, with \"runuser -u"
	    " %s -- valised ...\", or let systemd run it%s",
	    folder, name, is_root ? "root" : "another", name,
	    is_root ? ". It could not read what root makes there" : "");
}
