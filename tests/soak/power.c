/*
 * power - makes a data folder as a power cut would leave it (in the manner of
 * ALICE: OSDI 2014).
 *
 *	power count LOG                print how many records
 *	                               tests/soak/fault.c made
 *	power ack LOG NAME             append that NAME was acknowledged
 *	power acked LOG K              print the names acknowledged before
 *	                               record K
 *	power cut LOG DIR K MODE SEED  DIR is the folder as it was at the
 *	                               beginning: turn it into what a cut
 *	                               before record K leaves
 *
 * What was flushed before the cut is kept: a write by a flush of its file, a
 * name by a flush of its folder.  MODE says what is kept of the rest: "none",
 * "all", "some" (each or not, by SEED, so in any order), or "torn" (some, and
 * the last write cut in half).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/soak/fault.h"

struct record {
	struct fault_record head;
	char *a, *b;
	uint8_t *data;
};

static struct record *records;
static size_t num;

static _Noreturn void
fail(const char *what)
{
	perror(what);
	exit(2);
}

static void
load(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct fault_record head;

	if (file == NULL)
		fail(path);
	while (fread(&head, sizeof(head), 1, file) == 1) {
		struct record one = { .head = head,
			.a = calloc(1, head.a_len + 1u),
			.b = calloc(1, head.b_len + 1u),
			.data = malloc(head.len + 1) };

		if (fread(one.a, 1, head.a_len, file) != head.a_len ||
		    fread(one.b, 1, head.b_len, file) != head.b_len ||
		    fread(one.data, 1, head.len, file) != head.len)
			break;
		if ((num & (num - 1)) == 0)
			records = realloc(records,
			    (num == 0 ? 1 : 2 * num) * sizeof(*records));
		records[num++] = one;
	}
	fclose(file);
}

static void
folder_of(const char *path, char out[PATH_MAX])
{
	char *slash;

	snprintf(out, PATH_MAX, "%s", path);
	if ((slash = strrchr(out, '/')) != NULL)
		*slash = '\0';
	else
		out[0] = '\0';
}

/* Is what record i wrote durable before record k? */
static bool
is_flushed(size_t i, size_t k)
{
	const struct record *one = &records[i];
	const bool content = one->head.what == 'w' || one->head.what == 't';
	const char *name =
	    one->head.what == 'r' || one->head.what == 'l' ? one->b : one->a;
	char folder[PATH_MAX];

	folder_of(name, folder);
	for (size_t j = i + 1; j < k; j++) {
		/*
		 * A file that was renamed meanwhile is flushed under its new
		 * name.
		 */
		if (content && records[j].head.what == 'r' &&
		    strcmp(records[j].a, name) == 0)
			name = records[j].b;
		if (records[j].head.what == 's' &&
		    strcmp(records[j].a, content ? name : folder) == 0)
			return true;
	}
	return false;
}

static void
apply(const char *dir, const struct record *one, bool torn)
{
	char a[PATH_MAX], b[PATH_MAX];
	size_t len = one->head.len;
	int fd;

	if (snprintf(a, sizeof(a), "%s/%s", dir, one->a) >= PATH_MAX ||
	    snprintf(b, sizeof(b), "%s/%s", dir, one->b) >= PATH_MAX)
		return;
	if (torn)
		len /= 2;
	switch (one->head.what) {
	case 'c':
	case 'C':
		fd = open(a,
		    O_WRONLY | O_CREAT | (one->head.what == 'C' ? O_TRUNC : 0),
		    0600);
		if (fd >= 0)
			close(fd);
		break;
	case 'w':
		if ((fd = open(a, O_WRONLY)) >= 0) {
			if (pwrite(fd, one->data, len, (off_t)one->head.at) !=
			    (ssize_t)len)
				fail(a);
			close(fd);
		}
		break;
	case 't':
		if (truncate(a, (off_t)one->head.at) != 0 && errno != ENOENT)
			fail(a);
		break;
	case 'r':
		/* Its source may have been lost. */
		(void)(rename(a, b) == 0);
		break;
	case 'l':
		(void)(link(a, b) == 0);
		break;
	case 'u':
		unlink(a);
		break;
	case 'd':
		mkdir(a, 0700);
		break;
	default:
		break;
	}
}

static void
cut(const char *dir, size_t k, const char *mode, unsigned seed)
{
	size_t last = SIZE_MAX;

	srand(seed);
	for (size_t i = 0; i < k; i++)
		if (records[i].head.what == 'w' && !is_flushed(i, k))
			last = i;
	for (size_t i = 0; i < k; i++) {
		const bool lucky = strcmp(mode, "all") == 0 ||
		    (strcmp(mode, "none") != 0 && rand() % 2 == 0);
		const bool torn = strcmp(mode, "torn") == 0 && i == last;

		if (torn || lucky || is_flushed(i, k))
			apply(dir, &records[i], torn);
	}
}

static int
ack(const char *log, const char *name)
{
	struct fault_record head = { .what = 'A',
		.a_len = (uint16_t)strlen(name) };
	char bytes[sizeof(head) + 256];
	const int fd = open(log, O_WRONLY | O_APPEND);

	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), name, head.a_len);
	return fd >= 0 &&
		write(fd, bytes, sizeof(head) + head.a_len) ==
		    (ssize_t)(sizeof(head) + head.a_len)
	    ? 0
	    : 1;
}

int
main(int argc, char *argv[])
{
	size_t k;

	if (argc == 4 && strcmp(argv[1], "ack") == 0 && strlen(argv[3]) < 256)
		return ack(argv[2], argv[3]);
	if (argc < 3)
		return 2;
	load(argv[2]);
	k = argc > 3 ? strtoul(argv[argc == 4 ? 3 : 4], NULL, 10) : 0;
	if (strcmp(argv[1], "count") == 0)
		printf("%zu\n", num);
	else if (strcmp(argv[1], "acked") == 0 && argc == 4)
		for (size_t i = 0; i < num && i < k; i++) {
			if (records[i].head.what == 'A')
				puts(records[i].a);
		}
	else if (strcmp(argv[1], "cut") == 0 && argc == 7)
		cut(argv[3], k < num ? k : num, argv[5],
		    (unsigned)strtoul(argv[6], NULL, 10));
	else
		return 2;
	return 0;
}
