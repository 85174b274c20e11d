/*
 * journal.c - measures a journal of many entries: its start, receipts, tiles
 * and audits.
 */
#include <string.h>

#include "journal/entry.h"
#include "journal/journal.h"
#include "tests/bench/bench.h"
#include "tests/lib/tool.h"

static bool
parse_each(void *arg, uint64_t index, struct span line, struct error *err)
{
	static struct entry entry;

	(void)arg, (void)index;
	return entry_parse(line, &entry, err);
}

static void
sign_head(const struct note_signer *signer, struct head *head)
{
	struct checkpoint checkpoint = { .size = head->size,
		.root = head->root };
	struct buf text = BUF(1000);
	struct error err = { 0 };

	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    signer->key.name);
	if (!checkpoint_encode(&checkpoint, &text, &err) ||
	    !note_sign(signer, buf_span(&text), head->signature, &err))
		tool_fail("sign", &err);
	buf_free(&text);
}

/* Append so many deliveries, in batches, each with a signed head. */
static void
fill_journal(struct journal *journal, const struct note_signer *signer,
    uint64_t entries, struct head *head)
{
	struct buf lines[512];
	struct span spans[512];
	struct error err = { 0 };
	uint64_t n = 0;

	for (size_t i = 0; i < 512; i++)
		lines[i] = BUF(LIMIT_ENTRY_BYTES);
	while (n < entries) {
		size_t batch = entries - n < 512 ? (size_t)(entries - n) : 512;

		for (size_t i = 0; i < batch; i++) {
			static struct entry e;
			const uint64_t id = n + i;

			e.act = ACT_DELIVER;
			e.has = 1U << ENTRY_OFFICE | 1U << ENTRY_PERSON |
			    1U << ENTRY_DOCUMENT | 1U << ENTRY_VERSION |
			    1U << ENTRY_CONTENTS | 1U << ENTRY_TIME |
			    1U << ENTRY_SALT | 1U << ENTRY_POLICY;
			e.time_ms = 1790000000000 + (int64_t)id;
			e.version = 1;
			memcpy(e.salt, &id, sizeof(id));
			snprintf(e.office, sizeof(e.office), "iom-geneva");
			snprintf(e.person, sizeof(e.person),
			    "geneva@iom.example");
			snprintf(e.document, sizeof(e.document),
			    "agreement/doc-%llu",
			    (unsigned long long)id % 1000);
			lines[i].len = 0;
			if (!entry_encode(&e, &lines[i], &err))
				tool_fail("entry", &err);
			spans[i] = buf_span(&lines[i]);
		}
		if (!journal_append(journal, spans, batch, head, &err))
			tool_fail("append", &err);
		sign_head(signer, head);
		if (!journal_commit(journal, head, &err))
			tool_fail("commit", &err);
		n += batch;
	}
	for (size_t i = 0; i < 512; i++)
		buf_free(&lines[i]);
}

int
bench_journal(char *argv[])
{
	const uint64_t entries = strtoull(argv[1], NULL, 10);
	struct head head = { .root = merkle_empty() };
	struct journal_mended mended;
	struct note_signer signer;
	struct note_keys keys;
	struct journal *journal;
	struct error err = { 0 };
	struct merkle_proof proof;
	double began, opened, hash_s, receipt_s, tile_s, audit_s;
	struct merkle_edge edge = { 0 };
	struct digest node = { { 0 } };

	if (!note_signer_make("bench.example/journal", NOTE_JOURNAL, &signer,
		&err) ||
	    !journal_create(argv[0], &err) ||
	    (keys = note_keys_of(&signer.key), false) ||
	    (journal = journal_open(argv[0], &keys, &head, parse_each, NULL,
		 &mended, &err)) == NULL)
		tool_fail("journal", &err);
	fill_journal(journal, &signer, entries, &head);
	journal_free(journal);
	began = tool_seconds(CLOCK_MONOTONIC);
	journal = journal_open(argv[0], &keys, &head, parse_each, NULL, &mended,
	    &err);
	if (journal == NULL)
		tool_fail("open", &err);
	opened = tool_seconds(CLOCK_MONOTONIC) - began;
	began = tool_seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (uint64_t i = 0; i < 2000; i++)
		if (!journal_prove_inclusion(journal, i * (entries / 2000),
			head.size, &proof, &err))
			tool_fail("prove", &err);
	receipt_s = (tool_seconds(CLOCK_PROCESS_CPUTIME_ID) - began) / 2000;
	began = tool_seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (unsigned i = 0; i < 200000; i++)
		node = merkle_node(&node, &node);
	hash_s = (tool_seconds(CLOCK_PROCESS_CPUTIME_ID) - began) / 200000;
	began = tool_seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (uint64_t i = 0; i < 2000; i++) {
		struct tile tile =
		    tile_at(head.size, 0, i * (entries / TILE_WIDTH) / 2000);
		struct buf bytes = BUF(TILE_WIDTH * 32);

		if (!journal_tile(journal, &tile, &bytes, &err))
			tool_fail("tile", &err);
		buf_free(&bytes);
	}
	tile_s = (tool_seconds(CLOCK_PROCESS_CPUTIME_ID) - began) / 2000;
	/*
	 * Measure what an audit does with the leaf hashes that it has fetched.
	 */
	began = tool_seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (uint64_t i = 0; i < entries; i++)
		merkle_append(&edge, &node, NULL, NULL);
	audit_s =
	    (tool_seconds(CLOCK_PROCESS_CPUTIME_ID) - began) / (double)entries;
	printf("%.3f %.1f %.3f %.1f %.3f %d\n", opened, receipt_s * 1e6,
	    hash_s * 1e6, tile_s * 1e6, audit_s * 1e6,
	    merkle_root(&edge).bytes[0]);
	journal_free(journal);
	return 0;
}
