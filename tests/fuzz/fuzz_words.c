/*
 * Fuzz target: the words that documents are searched for, and the titles that
 * they are compared with and that are sorted.
 */
#include "fuzz.h"
#include "record/sorting.h"
#include "record/words.h"

/* The first line is words, the rest are titles. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sorting sorting = { .by = SORT_TITLE, .language = "lo" };
	struct span rest = span_of(data, size), line;
	struct buf scratch = BUF(1 << 20);
	struct error err = { 0 };
	struct sort_key key;
	struct words words;
	char titles[4096];
	bool ok;

	if (!span_take_line(&rest, &line) ||
	    !span_to_str(rest, titles, sizeof(titles)))
		return 0;
	ok = words_parse(line, &words, &err);
	FUZZ_CHECK(ok, err);
	if (ok)
		(void)words_match(&words, "mou/one", titles, &scratch);
	sorting_key(&sorting, "mou/one", titles, STATUS_DRAFT, 1, &key);
	buf_free(&scratch);
	return 0;
}
