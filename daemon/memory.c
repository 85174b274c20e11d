/*
 * Finding out how much memory there is, and sharing it out (memory.h).
 */
#include "daemon/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"

enum { LINES = 64 * 1024 };

/*
 * Returns the number after the first occurrence of name in a file; 0 if there
 * is none.
 */
static uint64_t
number_in(const char *path, const char *name)
{
	struct buf text = BUF(LINES);
	struct error ignored = { 0 };
	uint64_t value = 0;
	const char *at;

	if (file_read(path, LINES - 1, &text, &ignored) &&
	    buf_append(&text, span_of("", 1), &ignored) &&
	    (at = strstr((const char *)text.data, name)) != NULL)
		(void)sscanf(at + strlen(name), " %19" SCNu64, &value);
	buf_free(&text);
	return value;
}

/* Find the control group of this process; "" if that cannot be told. */
static void
find_group(const char *proc, char out[FILE_PATH])
{
	struct buf text = BUF(LINES);
	struct error ignored = { 0 };
	char path[FILE_PATH];
	const char *at = NULL;

	out[0] = '\0';
	if (file_join(path, proc, "self/cgroup", &ignored) &&
	    file_read(path, LINES - 1, &text, &ignored) &&
	    buf_append(&text, span_of("", 1), &ignored)) {
		at = (const char *)text.data;
		if (strncmp(at, "0::/", 4) != 0 &&
		    (at = strstr(at, "\n0::/")) != NULL)
			at++;
	}
	if (at != NULL)
		snprintf(out, FILE_PATH, "%.*s", (int)strcspn(at + 4, "\n"),
		    at + 4);
	buf_free(&text);
}

/* The least of what a group and those above it may take; 0: no limit. */
static uint64_t
group_limit(const char *cgroups, char group[FILE_PATH])
{
	uint64_t least = 0;
	char *slash;

	for (;;) {
		char path[2 * FILE_PATH + 16];
		uint64_t max;

		snprintf(path, sizeof(path), "%s/%s%smemory.max", cgroups,
		    group, group[0] != '\0' ? "/" : "");
		/* "max" is no number. */
		max = number_in(path, "");
		if (max != 0 && (least == 0 || max < least))
			least = max;
		if (group[0] == '\0')
			return least;
		slash = strrchr(group, '/');
		group[slash != NULL ? slash - group : 0] = '\0';
	}
}

uint64_t
memory_of_machine(const char *proc, const char *cgroups)
{
	struct error ignored = { 0 };
	char path[FILE_PATH], group[FILE_PATH];
	uint64_t total = 0, limit;

	if (file_join(path, proc, "meminfo", &ignored))
		total = number_in(path, "MemTotal:") * 1024;
	find_group(proc, group);
	limit = group_limit(cgroups, group);
	return limit != 0 && (total == 0 || limit < total) ? limit : total;
}

/* Between the least and the most, whatever follows from the memory. */
static unsigned
bound(uint64_t num, uint64_t max_files)
{
	const uint64_t others = LIMIT_SILENT + LIMIT_HANDSHAKES + LIMIT_FILES;
	const uint64_t files = max_files > others ? max_files - others : 0;

	if (num > LIMIT_CONNECTIONS)
		num = LIMIT_CONNECTIONS;
	if (num > files)
		num = files;
	return num < LIMIT_CONNECTIONS_LEAST ? LIMIT_CONNECTIONS_LEAST
					     : (unsigned)num;
}

void
memory_share(const struct config *config, uint64_t machine, uint64_t max_files,
    struct memory_plan *out)
{
	uint64_t fixed;

	*out = (struct memory_plan){ .machine = machine,
		.from_config = config->memory_bytes != 0,
		.given = config->memory_bytes,
		.workers = config->workers * LIMIT_WORKER_BYTES,
		.handshakes =
		    (uint64_t)LIMIT_HANDSHAKES * LIMIT_HANDSHAKE_BYTES };
	if (!out->from_config)
		out->given = machine != 0 ? machine / 4 : LIMIT_MEMORY_BYTES;
	fixed = out->workers + out->handshakes;
	out->connections = bound(out->given > fixed
		? (out->given - fixed) / LIMIT_CONNECTION_BYTES
		: 0,
	    max_files);
	out->sum = fixed + out->connections * (uint64_t)LIMIT_CONNECTION_BYTES;
}

void
memory_plan(const struct config *config, struct memory_plan *out)
{
	uint64_t machine = memory_of_machine("/proc", "/sys/fs/cgroup");
	struct rlimit files;

	/* A service may be kept from seeing /proc/meminfo. */
	if (machine == 0)
		machine = (uint64_t)sysconf(_SC_PHYS_PAGES) *
		    (uint64_t)sysconf(_SC_PAGESIZE);
	memory_share(config, machine,
	    getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_max : 1024, out);
}

bool
memory_fits(const struct memory_plan *plan, struct error *err)
{
	const uint64_t mib = 1024 * 1024;

	if (plan->machine != 0 && plan->sum > plan->machine)
		return error_set(err, ERROR_LIMIT,
		    "%llu MiB may be taken, of %llu that this machine or its"
		    " control group has: give less by \"memory\" in"
		    " valised.yaml, or have fewer \"workers\"",
		    (unsigned long long)(plan->sum / mib),
		    (unsigned long long)(plan->machine / mib));
	if (plan->sum > plan->given)
		return error_set(err, ERROR_LIMIT,
		    "%llu MiB may be taken, of %llu that are %s: give more by"
		    " \"memory\" in valised.yaml, or have fewer \"workers\"",
		    (unsigned long long)(plan->sum / mib),
		    (unsigned long long)(plan->given / mib),
		    plan->from_config ? "given" : "a quarter of the machine's");
	return true;
}
