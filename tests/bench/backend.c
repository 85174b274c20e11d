/*
 * backend - what a kind of storage costs, without a daemon.
 *
 *	backend files DIR           DIR is there and empty
 *	backend create CONNINFO ROLE  make the tables, as their owner
 *	backend postgres CONNINFO   the writer's; the tables are there and empty
 *
 * Each measure is made 500 times, or as often as a last argument says (50 or
 * more).  It prints, in microseconds of real time for each: an append of one entry; of
 * 8; of one with two texts of 64 KiB and six small objects; finding and reading
 * an object of 64 KiB; one of 256 KiB; whether an object is there; 200
 * entries; and MB/s of a text of 256 MiB, up and down.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "backend/files/files.h"
#include "backend/postgres/postgres.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/time.h"

enum {
	ENTRY = 300,
	TEXT = 65536,
	SMALL = 1000,
	PIECE = 65536,
	LARGE = 256,
	PAGE = 200
};

static struct backend *backend;
static const struct backend_table *table;
static struct error err;
static uint64_t size, at; /* of the log */
static uint32_t noise = 1;

static void
need(bool ok)
{
	if (ok)
		return;
	fprintf(stderr, "backend: %s\n", err.detail);
	exit(1);
}

static void
open_backend(char *argv[])
{
	char repository[FILE_PATH], log[FILE_PATH];
	const struct postgres_settings settings = { .conninfo = argv[2] };

	if (strcmp(argv[1], "postgres") == 0) {
		backend = postgres_open(&settings, &err);
	} else {
		need(file_join(repository, argv[2], "store.git", &err) &&
		    file_join(log, argv[2], "journal", &err) &&
		    files_create(repository, &err) &&
		    file_make_dirs(log, 0700, &err) &&
		    files_create_log(log, &err));
		backend = files_open(repository, log, &err);
	}
	need(backend != NULL);
	table = backend->table;
	need(table->claim(backend, &err));
}

/* Fill with noise, which nobody stored before. */
static void
make_noise(uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] =
		    (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24);
}

/* Write an object of so many pieces of noise, which is not compressed. */
static struct oid
put(struct object_set *set, size_t piece, size_t num)
{
	static uint8_t bytes[PIECE], out[PIECE / 2];
	const uint32_t seed = noise;
	struct sha1 sha1;
	struct oid oid;
	z_stream z = { 0 };

	object_hash_begin(&sha1, OBJECT_BLOB, piece * num);
	for (size_t i = 0; i < num; i++) {
		make_noise(bytes, piece);
		sha1_update(&sha1, span_of(bytes, piece));
	}
	sha1_final(&sha1, oid.bytes);
	noise = seed;
	deflateInit(&z, 0);
	need(table->object_begin(set, &oid, OBJECT_BLOB, piece * num, &err));
	for (size_t i = 0; i < num; i++) {
		make_noise(bytes, piece);
		z.next_in = bytes;
		z.avail_in = (uInt)piece;
		do {
			z.next_out = out;
			z.avail_out = sizeof(out);
			deflate(&z, i + 1 == num ? Z_FINISH : Z_NO_FLUSH);
			need(table->object_piece(set,
			    span_of(out, sizeof(out) - z.avail_out), &err));
		} while (z.avail_out == 0);
	}
	table->object_end(set);
	deflateEnd(&z);
	return oid;
}

static void
append(size_t num, struct object_set *set)
{
	static uint8_t bytes[ENTRY];
	struct span entries[16];
	struct proposal proposal = { .size = size,
		.at = at,
		.entries = entries,
		.num_entries = num,
		.objects = set };
	struct head head = { .size = size + num };

	make_noise(bytes, sizeof(bytes));
	for (size_t i = 0; i < num; i++)
		entries[i] = span_of(bytes, sizeof(bytes));
	make_noise(proposal.root.bytes, 32);
	head.root = proposal.root;
	size += num;
	at += num * (2 + ENTRY);
	need(table->propose(backend, &proposal, &err) &&
	    table->publish(backend, &head, at, &err));
}

static double
seconds_since(int64_t began)
{
	return (double)(time_monotonic_ms() - began) / 1e3;
}

static void
print(const char *what, int64_t began, unsigned times)
{
	printf("%-28s %8.0f us\n", what,
	    seconds_since(began) * 1e6 / (double)times);
	fflush(stdout);
}

static void
measure_appends(unsigned times)
{
	int64_t began = time_monotonic_ms();

	for (unsigned i = 0; i < times; i++)
		append(1, NULL);
	print("append 1 entry", began, times);
	began = time_monotonic_ms();
	for (unsigned i = 0; i < times; i++)
		append(8, NULL);
	print("append 8 entries", began, times);
	began = time_monotonic_ms();
	for (unsigned i = 0; i < times; i++) {
		struct object_set *set = table->begin(backend, &err);

		need(set != NULL);
		for (unsigned j = 0; j < 8; j++)
			put(set, j < 2 ? TEXT : SMALL + i + j, 1);
		append(1, set);
		table->drop(set);
	}
	print("append 1 with 8 objects", began, times);
}

static bool
drop_bytes(void *arg, struct span bytes, struct error *why)
{
	(void)arg, (void)bytes, (void)why;
	return true;
}

static void
get(const struct oid *oid, enum object_bytes bytes)
{
	struct object object;

	need(table->find(backend, oid, OBJECT_AS_KEPT, &object, &err) &&
	    table->stream(&object, bytes, drop_bytes, NULL, NULL, NULL, &err));
	table->release(&object);
}

static void
measure_reads(unsigned times)
{
	struct object_set *set = table->begin(backend, &err);
	static uint8_t page[PAGE * (2 + ENTRY)];
	struct oid small, large;
	int64_t began;

	need(set != NULL);
	small = put(set, TEXT, 1);
	large = put(set, TEXT, 4);
	need(table->finish(set, &err));
	table->drop(set);
	began = time_monotonic_ms();
	for (unsigned i = 0; i < times; i++)
		get(&small, OBJECT_PACKED);
	print("read 64 KiB", began, times);
	began = time_monotonic_ms();
	for (unsigned i = 0; i < times; i++)
		get(&large, OBJECT_PACKED);
	print("read 256 KiB", began, times);
	began = time_monotonic_ms();
	for (unsigned i = 0; i < times; i++)
		need(table->has(backend, &small));
	print("is it there", began, times);
	began = time_monotonic_ms();
	for (unsigned i = 0; i < times; i++)
		need(table->read(backend, i % 100 * (2 + ENTRY), page,
		    sizeof(page), &err));
	print("200 entries", began, times);
}

static void
measure_large(void)
{
	struct object_set *set = table->begin(backend, &err);
	int64_t began = time_monotonic_ms();
	struct oid oid;

	need(set != NULL);
	oid = put(set, PIECE, LARGE << 4);
	need(table->finish(set, &err));
	table->drop(set);
	printf("%-28s %8.0f MB/s\n", "256 MiB up",
	    LARGE * 1.048576 / seconds_since(began));
	began = time_monotonic_ms();
	get(&oid, OBJECT_PACKED);
	printf("%-28s %8.0f MB/s\n", "256 MiB down",
	    LARGE * 1.048576 / seconds_since(began));
}

int
main(int argc, char *argv[])
{
	const unsigned times =
	    argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 500;

	if (argc == 4 && strcmp(argv[1], "create") == 0) {
		const struct postgres_settings owner = { .conninfo = argv[2] };
		bool was_older;

		need(postgres_create(&owner, argv[3], &was_older, &err));
		return 0;
	}
	if (argc < 3 || times < 50) {
		fprintf(stderr,
		    "usage: backend files DIR [TIMES]\n"
		    "       backend postgres CONNINFO [TIMES]\n");
		return 2;
	}
	open_backend(argv);
	measure_appends(times);
	measure_reads(times);
	measure_large();
	table->close(backend);
	return 0;
}
