/*
 * Fuzz target: the answers of a witness.
 */
#include <stdlib.h>

#include "daemon/upkeep/witness_answer.h"
#include "fuzz.h"

/* The note that it was sent, and the key of the seeds. */
static const char note_text[] = "log.test/audit\n"
				"2\n"
				"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
				"\n";

/* A line that is taken lies in the note, and is by that key. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct cosignature line;
	static struct note_key key;
	struct error err = { 0 };
	uint64_t number = 0;
	bool ok;

	if (key.id == 0 &&
	    !note_key_parse(
		span_of_str(
		    "witness.test/fuzz+173e47de+BJHvryqeZTeMrznbpCHSF8uQWQ1S8JB0yDTxQ+4/LDSa"),
		NOTE_WITNESS, &key, &err))
		abort();
	if (!buf_append_str(&note, note_text, &err))
		abort();
	ok = witness_take_lines(&note, span_of(data, size), &key, &line, &err);
	FUZZ_CHECK(ok, err);
	if (ok &&
	    (line.line.data < note.data ||
		line.line.data + line.line.len > note.data + note.len))
		__builtin_trap();
	err = (struct error){ 0 };
	ok = witness_take_size(span_of(data, size), &number, &err);
	FUZZ_CHECK(ok, err);
	buf_free(&note);
	return 0;
}
