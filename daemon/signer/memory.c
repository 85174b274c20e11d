/*
 * The signer's memory: two slots in one file, each with its own checksum, so
 * that a torn write leaves the other one good (memory.h).
 */
#include "daemon/signer/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/file.h"
#include "record/data.h"

enum { SLOT = SIGNER_MEMORY_BYTES / 2, RECORD = 8 + 8 + 8 + 8 + 32 + 64 };

static const char memory_magic[] = "VALSIGN1";

static bool
encode_slot(const struct signer_memory *memory, struct buf *out,
    struct error *err)
{
	struct digest check;

	if (!buf_append(out, span_of(memory_magic, 8), err) ||
	    !buf_append_u64(out, memory->sequence, err) ||
	    !buf_append_u64(out, memory->head.size, err) ||
	    !buf_append_u64(out, (uint64_t)memory->head.time_ms, err) ||
	    !buf_append(out, digest_span(&memory->head.root), err) ||
	    !buf_append(out, span_of(memory->head.signature, 64), err))
		return false;
	check = sha256_of(buf_span(out));
	return buf_append(out, digest_span(&check), err);
}

/* Parse a slot; false if its checksum or its form is wrong. */
static bool
parse_slot(struct span slot, struct signer_memory *out)
{
	const struct digest sum = sha256_of(span_sub(slot, 0, RECORD));
	struct span magic, root, signature, check;
	uint64_t time;

	if (!span_take(&slot, 8, &magic) ||
	    !span_eq(magic, span_of(memory_magic, 8)) ||
	    !span_take_u64(&slot, &out->sequence) ||
	    !span_take_u64(&slot, &out->head.size) ||
	    !span_take_u64(&slot, &time) || !span_take(&slot, 32, &root) ||
	    !span_take(&slot, 64, &signature) || !span_take(&slot, 32, &check))
		return false;
	out->head.time_ms = (int64_t)time;
	memcpy(out->head.root.bytes, root.data, 32);
	memcpy(out->head.signature, signature.data, 64);
	return span_eq(check, digest_span(&sum));
}

bool
signer_memory_write(struct signer_memory *memory, struct error *err)
{
	struct buf slot = BUF(SLOT);
	bool ok;

	ok = encode_slot(memory, &slot, err) &&
	    file_pwrite(memory->fd, buf_span(&slot),
		(off_t)(memory->sequence % 2 * SLOT), err);
	if (ok && fdatasync(memory->fd) != 0)
		ok = error_set_errno(err, "flush");
	buf_free(&slot);
	/* After a failed flush no other is tried: what it lost is not known. */
	if (!ok)
		memory->failed = true;
	return ok || error_context(err, "signer's memory");
}

static bool
is_damaged(const char *path, struct error *err)
{
	return error_set(err, ERROR_UNTRUSTED,
	    "%s is damaged: without it a fork of the journal could be signed;"
	    " see \"A damaged journal\" in the operations manual",
	    path);
}

bool
signer_memory_open(const char *path, int flags, struct signer_memory *out,
    struct error *err)
{
	uint8_t slots[2 * SLOT] = { 0 };
	bool found = false;

	*out = (struct signer_memory){ .fd = open(path, flags | O_CLOEXEC) };
	if (out->fd < 0 && errno == ENOENT)
		return error_set(err, ERROR_UNTRUSTED,
		    "%s is not there: without it a fork of the journal could"
		    " be signed. A backup is brought back with \"valised"
		    " restore\"; if it is lost, see \"A damaged journal\" in"
		    " the operations manual",
		    path);
	if (out->fd < 0)
		return error_set_errno(err, "%s", path);
	/* What is left of a file that was cut may be older than what is gone. */
	if (!file_pread(out->fd, slots, sizeof(slots), 0, err))
		return err->kind == ERROR_MALFORMED
		    ? is_damaged(path, err)
		    : error_context(err, "%s", path);
	for (unsigned i = 0; i < 2; i++) {
		struct signer_memory one = { .fd = out->fd };

		if (parse_slot(span_of(slots + i * SLOT, SLOT), &one) &&
		    (!found || one.sequence > out->sequence)) {
			*out = one;
			found = true;
		}
	}
	return found || is_damaged(path, err);
}

bool
signer_remembered(const char *data, struct head *head, struct error *err)
{
	char path[FILE_PATH];
	struct signer_memory memory = { .fd = -1 };
	bool ok;

	ok = data_path(data, DATA_MEMORY, path, err) &&
	    signer_memory_open(path, O_RDONLY, &memory, err);
	if (ok)
		*head = memory.head;
	if (memory.fd >= 0)
		close(memory.fd);
	return ok;
}

/* Encode both slots of a new file; the second one is the newer. */
static bool
encode_memory(const struct head *head, struct buf *out, struct error *err)
{
	struct signer_memory memory = { .head = *head };
	bool ok = true;

	for (uint64_t i = 0; ok && i < 2; i++) {
		memory.sequence = i;
		ok = encode_slot(&memory, out, err);
		while (ok && out->len < (i + 1) * SLOT)
			ok = buf_append_u8(out, 0, err);
	}
	return ok;
}

bool
signer_remember(const char *data, const struct head *head, struct error *err)
{
	struct buf bytes = BUF(2 * SLOT);
	char path[FILE_PATH];
	bool ok;

	ok = encode_memory(head, &bytes, err) &&
	    data_path(data, DATA_MEMORY, path, err) &&
	    file_write(path, buf_span(&bytes), 0600, err);
	buf_free(&bytes);
	return ok;
}

bool
signer_create(const struct config *config, const char *origin,
    struct note_key *key, struct error *err)
{
	const struct head nothing = { .root = merkle_empty() };
	struct buf text = BUF(2 * SLOT);
	struct note_signer journal;
	char path[FILE_PATH];
	bool ok;

	ok = data_path(config->data, DATA_JOURNAL_KEY, path, err) &&
	    note_signer_make(origin, NOTE_JOURNAL, &journal, err) &&
	    note_signer_encode(&journal, &text, err) &&
	    file_create(path, buf_span(&text), 0600, err) &&
	    data_path(config->data, DATA_MEMORY, path, err);
	OPENSSL_cleanse(text.data, text.len);
	text.len = 0;
	ok = ok && encode_memory(&nothing, &text, err) &&
	    file_create(path, buf_span(&text), 0600, err);
	if (ok)
		*key = journal.key;
	OPENSSL_cleanse(&journal, sizeof(journal));
	buf_free(&text);
	return ok;
}
