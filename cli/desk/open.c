/*
 * Opening the browser by a file that has the token (desk.h): an argument could
 * be read by everybody on this machine.
 */
#include "cli/desk/desk.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

/* Is it a folder of this person, which nobody else may enter? */
static bool
is_private(const char *dir)
{
	struct stat st;

	return dir != NULL && dir[0] == '/' && stat(dir, &st) == 0 &&
	    S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	    (st.st_mode & 077) == 0;
}

/* $XDG_RUNTIME_DIR, else the state folder. */
static bool
find_folder(const struct desk *desk, char out[FILE_PATH], struct error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (is_private(runtime))
		return text_take(out, FILE_PATH, runtime, err);
	if (!places_state(desk->context, out, err) ||
	    !file_make_dirs(out, 0700, err))
		return false;
	return is_private(out) ||
	    error_set(err, ERROR_UNTRUSTED,
		"others may look into %s, where the file that opens the desk"
		" would be: chmod 700 it",
		out);
}

bool
open_write(const struct desk *desk, const char *token, char path[FILE_PATH],
    struct error *err)
{
	struct buf page = BUF(1024);
	char folder[FILE_PATH], name[40];
	bool ok;

	snprintf(name, sizeof(name), "valise-desk-%ld.html", (long)getpid());
	ok = find_folder(desk, folder, err) &&
	    file_join(path, folder, name, err) &&
	    buf_printf(&page, err,
		"<!DOCTYPE html>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"refresh\""
		" content=\"0; url=http://%s/#token=%s\">\n"
		"<title>Valise</title>\n",
		desk->address, token) &&
	    file_write_quick(path, buf_span(&page), 0600, err);
	buf_free(&page);
	return ok;
}

bool
open_browser(const char *path, struct error *err)
{
	char program[] = "xdg-open";
	char *argv[] = { program, (char *)(uintptr_t)path, NULL };
	pid_t pid;
	const int rc = posix_spawnp(&pid, program, NULL, NULL, argv, environ);

	if (rc == 0)
		return true;
	errno = rc;
	return error_set_errno(err, "xdg-open");
}
