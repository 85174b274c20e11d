/*
 * The exports of valise-remote.so.
 */
#include "remote/module.h"

const struct remote_module valise_module = {
	.module = { VALISE_VERSION, sizeof(struct remote_module) },
	.new_remote = remote_new,
	.free_remote = remote_free,
	.make_request = remote_do,
	.hear_events = remote_events,
};
