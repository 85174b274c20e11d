/*
 * remote/module.h - the table of valise-remote.so: what remote.h says of the
 * functions that need libcurl.
 */
#ifndef REMOTE_MODULE_H
#define REMOTE_MODULE_H

#include "base/module.h"
#include "remote/remote.h"

struct remote_module {
	struct module module;
	struct remote *(*new_remote)(const struct remote_settings *settings,
	    struct error *err);
	void (*free_remote)(struct remote *remote);
	bool (*make_request)(struct remote *remote,
	    const struct remote_request *request, struct remote_answer *answer,
	    struct error *err);
	bool (*hear_events)(struct remote *remote, const char *path,
	    const char *last_id, remote_listener *seen, void *arg,
	    struct error *err);
};

extern const struct remote_module valise_module;

#endif
