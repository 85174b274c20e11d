/*
 * memory.h - how much memory the daemon may take, and how many connections
 * follow from that.
 *
 * What it needs at any time is bounded, and told in advance: each worker, each
 * handshake and each connection may take so much.  The journal and its documents
 * come on top; what they take depends on how many there are, not on who asks.
 */
#ifndef DAEMON_MEMORY_H
#define DAEMON_MEMORY_H

#include "base/error.h"
#include "daemon/config.h"

struct memory_plan {
	/*
	 * What the machine has: MemTotal, or what the control group may take if
	 * that is less; 0: unknown.
	 */
	uint64_t machine;
	bool from_config; /* "memory:" was given */
	uint64_t given;   /* what the daemon may take: that, or a quarter */
	uint64_t workers, handshakes; /* what all of each may take */
	unsigned connections;         /* so many there may be */
	uint64_t sum;                 /* what all of it may take */
};

/*
 * Find out what there is. proc and cgroups are the folders where the kernel
 * tells it, /proc and /sys/fs/cgroup.
 */
uint64_t memory_of_machine(const char *proc, const char *cgroups);
/*
 * Share out the memory: what is given but for workers and handshakes is the
 * connections', at least LIMIT_CONNECTIONS_LEAST and at most LIMIT_CONNECTIONS
 * of them, and no more than there may be files.
 */
void memory_share(const struct config *config, uint64_t machine,
    uint64_t max_files, struct memory_plan *out);
/* Both, for this machine and this process. */
void memory_plan(const struct config *config, struct memory_plan *out);
/*
 * Does the sum fit into what is given, and into the machine?  If not err says
 * what to do; it is no failure.
 */
bool memory_fits(const struct memory_plan *plan, struct error *err) MUST_USE;

#endif
