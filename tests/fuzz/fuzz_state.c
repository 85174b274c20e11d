/*
 * Fuzz target: the files of an office's state.
 */
#include "fuzz.h"
#include "journal/note.h"
#include "policy/succession.h"

/* What was encoded must parse to the same again. */
static void
try_succession(struct span input)
{
	struct succession one = { .num = 0 }, two = { .num = 0 };
	struct buf text = BUF(1024 * 1024), again = BUF(1024 * 1024);
	struct error err = { 0 };
	const bool ok = succession_parse(input, &one, &err);

	FUZZ_CHECK(ok, err);
	if (ok && succession_encode(&one, &text, &err) &&
	    (!succession_parse(buf_span(&text), &two, &err) ||
		!succession_encode(&two, &again, &err) ||
		!span_eq(buf_span(&text), buf_span(&again))))
		__builtin_trap();
	succession_free(&one);
	succession_free(&two);
	buf_free(&text);
	buf_free(&again);
}

/* Parse the files of an office's state. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span input = span_of(data, size);
	const struct note_key key = { .type = NOTE_JOURNAL,
		.name = "log.test/audit" };
	struct succession pins = { .num = 0 };
	struct policy_entry entry;
	struct note_signer signer;
	struct note_keys keys;
	struct error err = { 0 };
	bool ok;

	try_succession(input);
	ok = succession_parse_pins(input, &pins, &err);
	FUZZ_CHECK(ok, err);
	succession_free(&pins);
	err = (struct error){ 0 };
	ok = succession_parse_entry(input, &entry, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = note_keys_parse(input, &key, &keys, &err);
	FUZZ_CHECK(ok, err);
	err = (struct error){ 0 };
	ok = note_signer_parse(input, NOTE_WITNESS, &signer, &err);
	FUZZ_CHECK(ok, err);
	return 0;
}
