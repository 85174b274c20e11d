/*
 * Fuzz target: the file of all cosignatures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz.h"
#include "journal/cosignatures.h"

struct visit {
	uint64_t last;
	size_t num;
};

/* They come in the order of sizes. */
static void
visit(void *arg, uint64_t size, struct span line)
{
	struct visit *seen = arg;

	if (size < seen->last || line.len == 0)
		__builtin_trap();
	seen->last = size;
	seen->num++;
}

/* The questions of a daemon, each about the witness of the seeds. */
static void
ask(struct cosignatures *all)
{
	static struct witnesses witnesses = { .num = 1, .quorum = 1 };
	struct buf out = BUF(LIMIT_NOTE_FILE);
	struct error err = { 0 };
	uint64_t first;

	if (witnesses.keys[0].id == 0 &&
	    !note_key_parse(
		span_of_str(
		    "witness.test/fuzz+173e47de+BJHvryqeZTeMrznbpCHSF8uQWQ1S8JB0yDTxQ+4/LDSa"),
		NOTE_WITNESS, &witnesses.keys[0], &err))
		abort();
	first = cosignatures_first(all, &witnesses, 1);
	if (first > cosignatures_last(all, &witnesses) ||
	    (first != 0 && cosignatures_count(all, &witnesses, first) == 0))
		__builtin_trap();
	(void)cosignatures_pending(all, &witnesses, 0);
	(void)!cosignatures_append(all, first, &out, &err);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct visit seen = { .num = 0 };
	struct cosignatures *all;
	struct error err = { 0 };
	char path[64];

	if (fd < 0)
		fd = memfd_create("fuzz", 0);
	if (ftruncate(fd, 0) != 0 ||
	    !file_pwrite(fd, span_of(data, size), 0, &err))
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	all = cosignatures_view(path, &err);
	FUZZ_CHECK(all != NULL, err);
	if (all != NULL) {
		cosignatures_each(all, visit, &seen);
		ask(all);
	}
	cosignatures_free(all);
	return 0;
}
