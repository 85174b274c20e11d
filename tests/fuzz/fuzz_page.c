/*
 * Fuzz target: pages of entries.
 */
#include "client/page.h"
#include "fuzz.h"

/*
 * Parse a page of entries; the checkpoint in it has its own target,
 * fuzz_journal.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct note_key key = { .type = NOTE_JOURNAL,
		.name = "log.test/audit" };
	const struct note_keys keys = note_keys_of(&key);
	struct page page;
	struct error err = { 0 };
	const bool ok = page_read(span_of(data, size), &keys, &page, &err);

	FUZZ_CHECK(ok, err);
	page_free(&page);
	return 0;
}
