/*
 * How much memory there is, and how many connections follow from it.
 */
#include "unit.h"

#include <sys/stat.h>

#include "daemon/memory.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static const struct {
	uint64_t given, machine, files;
	unsigned workers, connections;
	bool fits;
} plans[] = {
	/* A quarter of the machine, less 32 MiB for each worker and for all
	 * handshakes; a connection has 192 KiB. */
	{ 0, 2 * GIB, 20000, 4, (512 - 160) * 16 / 3, true },
	{ 0, 4 * GIB, 20000, 4, (1024 - 160) * 16 / 3, true },
	{ 0, 4 * GIB, 20000, 8, (1024 - 288) * 16 / 3, true },
	{ 0, 64 * GIB, 20000, 4, LIMIT_CONNECTIONS, true },
	{ 0, 0, 20000, 4, (1024 - 160) * 16 / 3, true },
	/* What is given counts, not the quarter. */
	{ 512 * MIB, 64 * GIB, 20000, 4, (512 - 160) * 16 / 3, true },
	{ 1 * GIB, 2 * GIB, 20000, 4, (1024 - 160) * 16 / 3, true },
	/* The least, which does not fit. */
	{ 64 * MIB, 64 * GIB, 20000, 4, LIMIT_CONNECTIONS_LEAST, false },
	{ 0, 512 * MIB, 20000, 4, LIMIT_CONNECTIONS_LEAST, false },
	/* More than there is. */
	{ 4 * GIB, 1 * GIB, 20000, 4, LIMIT_CONNECTIONS, false },
	{ 2 * GIB, 1536 * MIB, 20000, 4, LIMIT_CONNECTIONS, false },
	{ 2 * GIB, 1900 * MIB, 20000, 4, LIMIT_CONNECTIONS, true },
	/* Each connection is a file, too. */
	{ 0, 64 * GIB, 10000, 4,
	    10000 - LIMIT_SILENT - LIMIT_HANDSHAKES - LIMIT_FILES, true },
	{ 0, 64 * GIB, 1024, 4, LIMIT_CONNECTIONS_LEAST, true },
};

START_TEST(the_number_of_connections_follows_from_the_memory)
{
	const struct config config = { .memory_bytes = plans[_i].given,
		.workers = plans[_i].workers };
	struct memory_plan plan;
	struct error err = { 0 };

	memory_share(&config, plans[_i].machine, plans[_i].files, &plan);
	ck_assert_uint_eq(plan.connections, plans[_i].connections);
	ck_assert_uint_eq(plan.sum,
	    plan.workers + plan.handshakes +
		plan.connections * (uint64_t)LIMIT_CONNECTION_BYTES);
	ck_assert_int_eq(memory_fits(&plan, &err), plans[_i].fits);
}
END_TEST

static void
put(const char *dir, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_ptr_nonnull(file = fopen(path, "w"));
	fputs(text, file);
	fclose(file);
}

/* A group a/b; NULL: no such file. */
static const struct {
	const char *meminfo, *cgroup, *top, *a, *b;
	uint64_t machine;
} machines[] = {
	{ "MemFree: 1 kB\nMemTotal:  2048 kB\n", "0::/a/b\n", NULL, "max\n",
	    "max\n", 2 * MIB },
	{ "MemTotal: 2048 kB\n", "0::/a/b\n", NULL, "max\n", "1048576\n", MIB },
	{ "MemTotal: 2048 kB\n", "0::/a/b\n", NULL, "1048576\n", "max\n", MIB },
	{ "MemTotal: 2048 kB\n", "0::/a/b\n", NULL, "1048576\n", "1572864\n",
	    MIB },
	{ "MemTotal: 2048 kB\n", "0::/a/b\n", "1048576\n", "max\n", "max\n",
	    MIB },
	{ "MemTotal: 2048 kB\n", "0::/a/b\n", NULL, "max\n", "4194304\n",
	    2 * MIB },
	/* In a container it is the root of what is seen. */
	{ "MemTotal: 2048 kB\n", "0::/\n", "1048576\n", "4096\n", "4096\n",
	    MIB },
	/* Beside the groups of before. */
	{ "MemTotal: 2048 kB\n", "4:memory:/a\n0::/a\n", NULL, "1048576\n",
	    "4096\n", MIB },
	{ "MemTotal: 2048 kB\n", "4:memory:/a\n", NULL, "4096\n", "4096\n",
	    2 * MIB },
	{ "MemTotal: 2048 kB\n", NULL, NULL, NULL, NULL, 2 * MIB },
	{ NULL, "0::/a/b\n", NULL, "1048576\n", "max\n", MIB },
	{ NULL, NULL, NULL, NULL, NULL, 0 },
};

START_TEST(the_least_of_machine_and_control_groups_counts)
{
	char dir[UNIT_DIR], sub[UNIT_DIR + 8];

	unit_make_dir(dir);
	snprintf(sub, sizeof(sub), "%s/self", dir);
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	snprintf(sub, sizeof(sub), "%s/a", dir);
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	snprintf(sub, sizeof(sub), "%s/a/b", dir);
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	if (machines[_i].meminfo != NULL)
		put(dir, "meminfo", machines[_i].meminfo);
	if (machines[_i].cgroup != NULL)
		put(dir, "self/cgroup", machines[_i].cgroup);
	if (machines[_i].top != NULL)
		put(dir, "memory.max", machines[_i].top);
	if (machines[_i].a != NULL)
		put(dir, "a/memory.max", machines[_i].a);
	if (machines[_i].b != NULL)
		put(dir, "a/b/memory.max", machines[_i].b);
	ck_assert_uint_eq(memory_of_machine(dir, dir), machines[_i].machine);
	unit_remove_dir(dir);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_loop_test(t,
	    the_number_of_connections_follows_from_the_memory, 0, COUNT(plans));
	tcase_add_loop_test(t, the_least_of_machine_and_control_groups_counts,
	    0, COUNT(machines));
}

int
main(void)
{
	return run_tests("memory", fill);
}
