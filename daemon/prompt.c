/*
 * Short turns on a processor (sched_setattr(2), prompt.h).
 */
#include "daemon/prompt.h"

#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TURN_NS = 200 * 1000 };

/* struct sched_attr, whose header clashes with <sched.h>. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* nanoseconds */
};

void
prompt_thread(void)
{
	struct attributes attributes = { 0 };

	if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) !=
		0 ||
	    attributes.policy != SCHED_OTHER)
		return;
	attributes.size = sizeof(attributes);
	attributes.runtime = TURN_NS;
	(void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}
