/*
 * Fuzz target: containers, that is ZIP files and their members.
 */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "document/container.h"
#include "fuzz.h"

/* What is read to be stored is read the same when it is only judged. */
static void
compare(const struct container *stored, int fd)
{
	struct error err = { 0 };
	struct container *judged = container_read_to_judge(fd, &err);

	assert(judged != NULL && container_hash(judged, NULL, &err) &&
	    judged->num == stored->num);
	for (size_t i = 0; i < judged->num; i++)
		assert(digest_eq(&judged->members[i].sha256,
		    &stored->members[i].sha256));
	container_free(judged);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct error err = { 0 };
	struct container *c;

	if (fd < 0)
		fd = memfd_create("fuzz", 0);
	if (ftruncate(fd, 0) != 0 ||
	    !file_pwrite(fd, span_of(data, size), 0, &err))
		return 0;
	c = container_read(fd, &err);
	FUZZ_CHECK(c != NULL, err);
	if (c != NULL && container_hash(c, NULL, &err))
		compare(c, fd);
	container_free(c);
	return 0;
}
