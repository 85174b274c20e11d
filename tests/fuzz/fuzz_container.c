/*
 * Fuzz target: containers, that is ZIP files and their members.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "document/container.h"
#include "fuzz.h"

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
	if (c != NULL)
		(void)container_hash(c, NULL, &err);
	container_free(c);
	return 0;
}
