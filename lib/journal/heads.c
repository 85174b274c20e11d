/*
 * The heads file: a checksummed record of each signed checkpoint.
 */
#include "journal/files.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { HEAD_BYTES = JOURNAL_HEAD_BYTES, HEADS_IN_FLIGHT = 1 << 16 };

static const char head_magic[] = "VALHEAD1";

static bool
encode_head(const struct head *head, uint64_t end, struct buf *out,
    struct error *err)
{
	const size_t before = out->len;
	struct digest check;

	if (!buf_append(out, span_of(head_magic, 8), err) ||
	    !buf_append_u64(out, head->size, err) ||
	    !buf_append_u64(out, end, err) ||
	    !buf_append_u64(out, (uint64_t)head->time_ms, err) ||
	    !buf_append(out, digest_span(&head->root), err) ||
	    !buf_append(out, span_of(head->signature, 64), err))
		return false;
	check = sha256_of(span_sub(buf_span(out), before, out->len - before));
	return buf_append(out, digest_span(&check), err);
}

static bool
parse_head(struct span record, struct head *out, uint64_t *end)
{
	struct span rest = record, magic, root, signature, check;
	struct digest sum;
	uint64_t time;

	if (!span_take(&rest, 8, &magic) ||
	    !span_eq(magic, span_of(head_magic, 8)) ||
	    !span_take_u64(&rest, &out->size) || !span_take_u64(&rest, end) ||
	    !span_take_u64(&rest, &time) || !span_take(&rest, 32, &root) ||
	    !span_take(&rest, 64, &signature) || !span_take(&rest, 32, &check))
		return false;
	sum = sha256_of(span_sub(record, 0, HEAD_BYTES - 32));
	out->time_ms = (int64_t)time;
	memcpy(out->root.bytes, root.data, 32);
	memcpy(out->signature, signature.data, 64);
	return span_eq(check, digest_span(&sum));
}

bool
heads_read(const struct journal *journal, uint64_t n, struct head *out,
    uint64_t *end, struct error *err)
{
	uint8_t record[HEAD_BYTES];

	if (!file_pread(journal->heads, record, sizeof(record),
		(off_t)(n * HEAD_BYTES), err))
		return error_context(err, "journal/heads");
	return parse_head(span_of(record, sizeof(record)), out, end) ||
	    error_set(err, ERROR_UNTRUSTED,
		"journal/heads: record %llu is damaged", (unsigned long long)n);
}

/*
 * *good: the record is whole.  False only where it could not be read: it may be
 * good, and nothing is to be cut off for that.
 */
static bool
find_head(const struct journal *journal, uint64_t n, struct head *out,
    uint64_t *end, bool *good, struct error *err)
{
	struct error why = { 0 };

	*good = heads_read(journal, n, out, end, &why);
	if (*good || why.kind == ERROR_UNTRUSTED)
		return true;
	*err = why;
	return false;
}

bool
heads_find_last(struct journal *journal, struct head *last, struct error *err)
{
	uint64_t end;
	struct stat st;
	bool good;

	*last = (struct head){ .root = merkle_empty() };
	if (fstat(journal->heads, &st) != 0)
		return error_set_errno(err, "journal/heads");
	for (uint64_t n = (uint64_t)st.st_size / HEAD_BYTES; n > 0; n--) {
		if (!find_head(journal, n - 1, last, &end, &good, err))
			return false;
		if (good) {
			journal->num_heads = n;
			return true;
		}
	}
	journal->num_heads = 0;
	*last = (struct head){ .root = merkle_empty() };
	return true;
}

bool
heads_drop_torn(struct journal *journal, const char *dir,
    struct journal_mended *mended, struct error *err)
{
	const uint64_t num = journal->num_heads;
	struct buf whole = BUF(SIZE_MAX);
	char path[FILE_PATH];
	struct head head;
	uint64_t end, torn = 0;
	bool ok = true, good;

	/* What is older than so many the kernel has long written. */
	for (uint64_t n = num > HEADS_IN_FLIGHT ? num - HEADS_IN_FLIGHT : 0;
	     ok && n < num; n++) {
		ok = find_head(journal, n, &head, &end, &good, err);
		torn += ok && !good;
	}
	for (uint64_t n = 0; ok && torn > 0 && n < num; n++) {
		ok = find_head(journal, n, &head, &end, &good, err);
		if (ok && good)
			ok = encode_head(&head, end, &whole, err);
	}
	if (ok && torn > 0) {
		ok = file_join(path, dir, "heads", err) &&
		    file_write(path, buf_span(&whole), 0600, err);
		close(journal->heads);
		if ((journal->heads = open(path, O_RDWR | O_CLOEXEC)) < 0)
			ok = error_set_errno(err, "%s", path);
		journal->num_heads = whole.len / HEAD_BYTES;
		mended->heads_dropped = num - journal->num_heads;
	}
	buf_free(&whole);
	return ok;
}

bool
heads_write(struct journal *journal, const struct head *head, uint64_t end,
    struct error *err)
{
	struct buf record = BUF(HEAD_BYTES);
	bool ok;

	ok = encode_head(head, end, &record, err) &&
	    (file_pwrite(journal->heads, buf_span(&record),
		 (off_t)(journal->num_heads * HEAD_BYTES), err) ||
		error_context(err, "journal/heads"));
	buf_free(&record);
	return ok;
}
