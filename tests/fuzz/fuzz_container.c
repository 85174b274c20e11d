/*
 * Fuzz target: containers, that is ZIP files and their members.
 */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "document/container.h"
#include "fuzz.h"

/*
 * What is read strictly, as what goes on into git is, is read the same when it
 * is only judged: fast.
 */
static void
compare(const struct container *strict, int fd)
{
	struct error err = { 0 };
	struct container *fast = container_read_to_judge(fd, &err);

	assert(fast != NULL && container_hash(fast, NULL, &err) &&
	    fast->num == strict->num);
	for (size_t i = 0; i < fast->num; i++)
		assert(digest_eq(&fast->members[i].sha256,
		    &strict->members[i].sha256));
	container_free(fast);
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
