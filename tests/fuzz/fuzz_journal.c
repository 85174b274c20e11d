#include "fuzz.h"
#include "journal/entry.h"
#include "journal/proof.h"

/* Entries, notes, receipts and keys: what parses has one spelling. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct entry entry;
	struct buf out = BUF(LIMIT_ENTRY_BYTES);
	struct proof proof = PROOF;
	struct note_key key = { .name = "log.test/audit" };
	struct checkpoint checkpoint;
	struct error err = { 0 };
	bool ok;

	ok = entry_parse(span_of(data, size), &entry, &err);
	FUZZ_CHECK(ok, err);
	if (ok && entry.act != ACT_OTHER &&
	    (!entry_encode(&entry, &out, &err) ||
		!span_eq(buf_span(&out), span_of(data, size))))
		__builtin_trap();
	err = (struct error){ 0 };
	ok = note_open(span_of(data, size), &key, &checkpoint, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = checkpoint_parse(span_of(data, size), &checkpoint, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = note_key_parse(span_of(data, size), &key, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = proof_parse(span_of(data, size), &proof, &err);
	FUZZ_CHECK(ok, err);
	out.len = 0;
	proof_free(&proof);
	buf_free(&out);
	return 0;
}
