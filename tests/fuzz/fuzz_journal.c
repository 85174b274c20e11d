/*
 * Fuzz target: entries, notes, receipts and keys of the journal.
 */
#include "fuzz.h"
#include "journal/entry.h"
#include "journal/evidence.h"
#include "journal/proof.h"
#include "journal/tile.h"

/*
 * Entries, notes, receipts and keys that parse must encode to the same bytes.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct entry entry;
	struct buf out = BUF(LIMIT_ENTRY_BYTES);
	struct proof proof = PROOF;
	struct note_key key = { .type = NOTE_JOURNAL,
		.name = "log.test/audit" };
	const struct note_keys keys = note_keys_of(&key);
	struct checkpoint checkpoint;
	struct evidence evidence = EVIDENCE;
	struct cosignature line;
	struct tile tile;
	char path[TILE_PATH];
	struct error err = { 0 };
	size_t num;
	bool ok;

	ok = entry_parse(span_of(data, size), &entry, &err);
	FUZZ_CHECK(ok, err);
	if (ok && entry.act != ACT_OTHER &&
	    (!entry_encode(&entry, &out, &err) ||
		!span_eq(buf_span(&out), span_of(data, size))))
		__builtin_trap();
	err = (struct error){ 0 };
	ok = note_open(span_of(data, size), &keys, &checkpoint, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = checkpoint_parse(span_of(data, size), &checkpoint, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = note_key_parse(span_of(data, size), NOTE_JOURNAL, &key, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = proof_parse(span_of(data, size), &proof, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = evidence_parse(span_of(data, size), &evidence, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = note_cosignatures(span_of(data, size), &key, 1, &line, &num, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = tile_parse(span_of(data, size), &tile, &err);
	FUZZ_CHECK(ok, err);
	if (ok) {
		tile_path(&tile, path);
		if (!span_eq(span_of_str(path), span_of(data, size)))
			__builtin_trap();
	}
	out.len = 0;
	evidence_free(&evidence);
	proof_free(&proof);
	buf_free(&out);
	return 0;
}
