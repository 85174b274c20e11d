/*
 * grow.c - appends many entries to a data folder's journal, as if a daemon had
 * served that many copies; to fetch them would take hours.
 *
 * Each entry is the journal's newest delivery again, with a salt of its own.
 */
#include <string.h>

#include "base/file.h"
#include "daemon/signer/memory.h"
#include "journal/entry.h"
#include "journal/journal.h"
#include "tests/bench/bench.h"
#include "tests/lib/tool.h"

enum { BATCH = 512 };

struct grown {
	struct note_signer signer;
	struct note_keys keys;
	struct head head;
	struct entry delivery;
	struct journal *journal;
	bool found;
};

static bool
take_delivery(void *arg, uint64_t index, struct span line, struct error *err)
{
	struct grown *grown = arg;
	struct entry entry;

	(void)index;
	if (!entry_parse(line, &entry, err))
		return false;
	if (entry.act == ACT_DELIVER) {
		grown->delivery = entry;
		grown->found = true;
	}
	return true;
}

static void
grow_open(const char *data, struct grown *grown)
{
	struct journal_mended mended;
	struct buf text = BUF(1024);
	struct error err = { 0 };
	char path[FILE_PATH];

	if (!signer_remembered(data, &grown->head, &err) ||
	    !file_join(path, data, "signer/journal.key", &err) ||
	    !file_read(path, 1024, &text, &err) ||
	    !note_signer_parse(buf_span(&text), NOTE_JOURNAL, &grown->signer,
		&err) ||
	    !file_join(path, data, "journal", &err))
		tool_fail(data, &err);
	grown->keys = note_keys_of(&grown->signer.key);
	grown->journal = journal_open(path, &grown->keys, &grown->head,
	    take_delivery, grown, &mended, &err);
	if (grown->journal == NULL || !grown->found)
		tool_fail("no delivery to repeat", &err);
	buf_free(&text);
}

/* Sign and commit what was appended. */
static void
grow_commit(struct grown *grown)
{
	struct checkpoint checkpoint = { .size = grown->head.size,
		.root = grown->head.root };
	struct buf text = BUF(1000);
	struct error err = { 0 };

	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    grown->signer.key.name);
	grown->head.time_ms = grown->delivery.time_ms;
	if (!checkpoint_encode(&checkpoint, &text, &err) ||
	    !note_sign(&grown->signer, buf_span(&text), grown->head.signature,
		&err) ||
	    !journal_commit(grown->journal, &grown->head, &err))
		tool_fail("commit", &err);
	buf_free(&text);
}

int
bench_grow(char *argv[])
{
	const uint64_t count = strtoull(argv[1], NULL, 10);
	struct buf lines[BATCH];
	struct span spans[BATCH];
	struct grown *grown = calloc(1, sizeof(*grown));
	struct error err = { 0 };

	if (grown == NULL)
		tool_fail("memory", NULL);
	grow_open(argv[0], grown);
	for (size_t i = 0; i < BATCH; i++)
		lines[i] = BUF(LIMIT_ENTRY_BYTES);
	for (uint64_t done = 0; done < count;) {
		const size_t batch =
		    count - done < BATCH ? (size_t)(count - done) : BATCH;

		for (size_t i = 0; i < batch; i++) {
			const uint64_t id = ++done;

			grown->delivery.time_ms++;
			memcpy(grown->delivery.salt, &id, sizeof(id));
			lines[i].len = 0;
			if (!entry_encode(&grown->delivery, &lines[i], &err))
				tool_fail("entry", &err);
			spans[i] = buf_span(&lines[i]);
		}
		if (!journal_append(grown->journal, spans, batch, &grown->head,
			&err))
			tool_fail("append", &err);
		grow_commit(grown);
	}
	if (!signer_remember(argv[0], &grown->head, &err))
		tool_fail("remember", &err);
	for (size_t i = 0; i < BATCH; i++)
		buf_free(&lines[i]);
	journal_free(grown->journal);
	free(grown);
	return 0;
}
