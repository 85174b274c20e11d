/*
 * module.h - parts of the command that are loaded only once they are needed,
 * because the libraries behind them cost more than most commands do.
 *
 * A module is a shared object, valise-NAME.so, that exports one table of
 * functions, "valise_module".  The header of the table is the manual of the
 * module: remote/module.h (HTTPS, by libcurl) and store/module.h (git's
 * objects and differences, by libgit2).  What calls through the table has the
 * names and the meaning of the functions themselves (remote/loaded.c,
 * store/loaded.c), so a caller does not know which way its program was linked.
 *
 * It is looked for beside the program, as it is in the build folder, then in
 * LIBDIR/valise of where the program is installed, then of where it was built
 * for.
 */
#ifndef BASE_MODULE_H
#define BASE_MODULE_H

#include "base/error.h"
#include "base/file.h"

/* The head of every module's table. */
struct module {
	const char *version; /* the VALISE_VERSION that it was built as */
	size_t size;         /* sizeof the table */
};

/*
 * Load a module and return its table, which has that size. It stays until the
 * program ends. NULL on failure.
 *
 * ERROR_SYSTEM  MODULE_MISSING: there is no such module, it is of another
 *                   version, it does not load, or a user other than root, the
 *                   program's owner and who runs it could have written its file
 */
const void *module_load(const char *name, size_t size, struct error *err);
/*
 * Find a file that belongs to the program in the same folders: "valise-desk",
 * a program that goes on in its place.
 *
 * ERROR_SYSTEM  MODULE_MISSING: as above
 */
bool module_find(const char *file, char out[FILE_PATH],
    struct error *err) MUST_USE;

#endif
