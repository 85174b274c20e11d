/*
 * remote.h for a program that loads valise-remote.so with its first
 * connection.
 */
#include "remote/module.h"

#include <assert.h>

static const struct remote_module *loaded;

struct remote *
remote_new(const struct remote_settings *settings, struct error *err)
{
	if (loaded == NULL)
		loaded = module_load("remote", sizeof(*loaded), err);
	return loaded != NULL ? loaded->new_remote(settings, err) : NULL;
}

void
remote_free(struct remote *remote)
{
	/* It is NULL if the module could not be loaded. */
	if (remote != NULL)
		loaded->free_remote(remote);
}

bool
remote_do(struct remote *remote, const struct remote_request *request,
    struct remote_answer *answer, struct error *err)
{
	assert(loaded != NULL);
	return loaded->make_request(remote, request, answer, err);
}

bool
remote_events(struct remote *remote, const char *path, const char *last_id,
    remote_listener *seen, void *arg, struct error *err)
{
	assert(loaded != NULL);
	return loaded->hear_events(remote, path, last_id, seen, arg, err);
}
