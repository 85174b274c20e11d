/*
 * Fuzz target: the ledger's file and the records beside it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "record/column.h"
#include "record/index.h"
#include "record/ledger_file.h"

enum { COMMIT = 24, SUM = 32 };

/* The records that come first, as a file that nobody sees; *sum is theirs. */
static struct column *
take_column(struct span *rest, size_t record_bytes, struct digest *sum)
{
	struct column *column = NULL;
	struct error err = { 0 };
	struct span bytes = { 0 };
	char path[64];
	uint8_t num = 0;
	const int fd = memfd_create("column", MFD_CLOEXEC);

	if (fd < 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (span_take_u8(rest, &num) &&
	    span_take(rest, num * record_bytes, &bytes) &&
	    write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len)
		column = column_open(path, record_bytes, &err);
	close(fd);
	*sum = sha256_of(bytes);
	return column;
}

/* Where the columns' sums stand: after the newest of each act. */
static void
put_sums(struct buf *bytes, const struct digest sums[2])
{
	size_t at = strlen("VALLEDG3" VALISE_VERSION "\n") + 8 + 32 + 8 + 64;

	if (at + 2 > bytes->len)
		return;
	at += 2 + (size_t)(bytes->data[at] << 8 | bytes->data[at + 1]) +
	    8 * (size_t)ACTS;
	for (int i = 0; i < 2; i++, at += 8 + SUM)
		if (at + 8 + SUM <= bytes->len)
			memcpy(bytes->data + at + 8, sums[i].bytes, SUM);
}

/* All that a reader follows. */
static void
walk(struct ledger *ledger)
{
	struct ledger_places places;

	for (uint32_t i = 1; i < 32; i++) {
		places = ledger_about(ledger, i);
		for (size_t k = 0; k < places.num; k++)
			ledger_place(&places, k);
		ledger_first_place(&places, 1);
	}
	for (size_t i = 0; i < ledger_size(ledger); i++)
		ledger_name(ledger, ledger_entry(ledger, i).person);
}

/*
 * The ledger's file, after the records of its columns, with all sums put right:
 * a good one encodes to the same bytes again.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of(data, size);
	struct buf bytes = BUF(SIZE_MAX), again = BUF(SIZE_MAX);
	struct digest sums[2], sum;
	struct ledger_columns columns;
	struct journal_from from;
	struct error err = { 0 };
	struct ledger *ledger = NULL;

	columns.index = take_column(&rest, INDEX_RECORD, &sums[0]);
	columns.commits = take_column(&rest, COMMIT, &sums[1]);
	if (columns.index == NULL || columns.commits == NULL ||
	    !buf_append(&bytes, rest, &err)) {
		column_free(columns.index);
		column_free(columns.commits);
		buf_free(&bytes);
		return 0;
	}
	put_sums(&bytes, sums);
	sum = sha256_of(buf_span(&bytes));
	if (buf_append(&bytes, span_of(sum.bytes, sizeof(sum)), &err))
		ledger =
		    ledger_file_parse(buf_span(&bytes), &columns, &from, &err);
	FUZZ_CHECK(ledger != NULL, err);
	if (ledger != NULL) {
		walk(ledger);
		if (!ledger_file_encode(ledger, &from.root, &again, &err) ||
		    !span_eq(buf_span(&again), buf_span(&bytes)))
			__builtin_trap();
	}
	ledger_free(ledger);
	buf_free(&bytes);
	buf_free(&again);
	return 0;
}
