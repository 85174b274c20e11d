/*
 * bag.c - measures the speed of packing and opening a bag.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bag/bag.h"
#include "base/file.h"
#include "tests/bench/bench.h"
#include "tests/lib/tool.h"

/* Print the MB/s of packing a file, and of opening the bag. */
int
bench_bag(char *argv[])
{
	struct bag_file file = { .fd = open(argv[0], O_RDONLY | O_CLOEXEC) };
	const struct private_rule rule = { .insecure = false };
	struct identity identity;
	struct bag_apart apart = { .dir = "." };
	struct zip_member *members;
	struct error err = { 0 };
	struct stat st;
	struct digest digest;
	size_t num;
	double began, flushed;
	int bag, inner;

	if (file.fd < 0 || fstat(file.fd, &st) != 0 ||
	    !identity_load(argv[1], argv[2], &rule, &identity, &err) ||
	    (bag = file_temporary(".", &err)) < 0 ||
	    (inner = file_temporary(".", &err)) < 0)
		tool_fail("bag", &err);
	snprintf(file.path, sizeof(file.path), "copies/it");
	file.size = (uint64_t)st.st_size;
	began = tool_seconds(CLOCK_MONOTONIC);
	if (!bag_measure(&file, &err) ||
	    !bag_pack(&file, 1, &identity.cert, 1, bag, &err))
		tool_fail("bag", &err);
	printf("%.0f\n",
	    (double)file.size / 1e6 / (tool_seconds(CLOCK_MONOTONIC) - began));
	began = tool_seconds(CLOCK_MONOTONIC);
	if (fdatasync(bag) != 0)
		tool_fail("flush", NULL);
	flushed = tool_seconds(CLOCK_MONOTONIC) - began;
	began = tool_seconds(CLOCK_MONOTONIC);
	if (!bag_open(bag, &identity, inner, &apart, &members, &num, &err) ||
	    bag_take(inner, &apart, &members[0], &digest, &err) < 0)
		tool_fail("bag", &err);
	printf("%.0f\n%.2f\n",
	    (double)file.size / 1e6 / (tool_seconds(CLOCK_MONOTONIC) - began),
	    flushed);
	return 0;
}
