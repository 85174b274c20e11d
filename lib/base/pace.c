/*
 * The function of each thread that long work calls (pace.h).
 */
#include "base/pace.h"

#include <stddef.h>

static _Thread_local void (*pause_fn)(void *arg);
static _Thread_local void *pause_arg;

void
pace_set(void (*fn)(void *arg), void *arg)
{
	pause_fn = fn;
	pause_arg = arg;
}

void
pace_point(void)
{
	if (pause_fn != NULL)
		pause_fn(pause_arg);
}
