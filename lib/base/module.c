/*
 * Finding and loading the command's modules (module.h).
 */
#include "base/module.h"
#include "base/text.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* Get the folder that the running program is in. */
static bool
program_folder(char out[FILE_PATH], struct error *err)
{
	char path[FILE_PATH];
	const ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0)
		return error_set_errno(err, "/proc/self/exe");
	path[n] = '\0';
	file_parent(path, out);
	return true;
}

/*
 * True if only users may write the file who decide anyway what the program
 * does.
 */
static bool
is_ours(const struct stat *st)
{
	struct stat program;

	return (st->st_mode & S_IWOTH) == 0 &&
	    (st->st_uid == 0 || st->st_uid == geteuid() ||
		(stat("/proc/self/exe", &program) == 0 &&
		    st->st_uid == program.st_uid));
}

/* It is in the first of the folders that has it. */
bool
module_find(const char *file, char out[FILE_PATH], struct error *err)
{
	const char *const folders[] = { "", "../" VALISE_LIBDIR "/valise",
		VALISE_MODULES };
	char program[FILE_PATH];

	if (!program_folder(program, err))
		return false;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char folder[FILE_PATH];
		struct stat st, dir;

		if (folders[i][0] == '/' || folders[i][0] == '\0')
			text_set(folder, sizeof(folder),
			    folders[i][0] == '/' ? folders[i] : program);
		else if (!file_join(folder, program, folders[i], err))
			return false;
		if (!file_join(out, folder, file, err))
			return false;
		if (stat(out, &st) != 0 || stat(folder, &dir) != 0)
			continue;
		if (is_ours(&st) && is_ours(&dir))
			return true;
		error_set_code(err, ERROR_SYSTEM, "MODULE_MISSING",
		    "%s is not loaded: another user could have written it",
		    out);
		return error_outside(err);
	}
	error_set_code(err, ERROR_SYSTEM, "MODULE_MISSING",
	    "this command needs %s, which is neither beside the program nor in"
	    " %s: install it again",
	    file, VALISE_MODULES);
	return error_outside(err);
}

const void *
module_load(const char *name, size_t size, struct error *err)
{
	const struct module *module;
	char path[FILE_PATH], file[64];
	void *handle;

	snprintf(file, sizeof(file), "valise-%s.so", name);
	if (!module_find(file, path, err))
		return NULL;
	/*
	 * The module is linked to be bound at once (-z now). The libraries that
	 * it needs are bound as for any program that links them.
	 */
	handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	module = handle != NULL ? dlsym(handle, "valise_module") : NULL;
	if (module == NULL) {
		error_set_code(err, ERROR_SYSTEM, "MODULE_MISSING",
		    "this command needs %s, which does not load: %s", path,
		    dlerror());
		error_outside(err);
		return NULL;
	}
	if (strcmp(module->version, VALISE_VERSION) != 0 ||
	    module->size != size) {
		error_set_code(err, ERROR_SYSTEM, "MODULE_MISSING",
		    "%s is of another version (%s) than the program: install"
		    " both again",
		    path, module->version);
		error_outside(err);
		return NULL;
	}
	return module;
}
