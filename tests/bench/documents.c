/*
 * documents.c - adds many documents to a record, of files or in a database, as if
 * they had been deposited; to deposit a million would take a day.
 *
 * Each is the record's newest deposit again: an entry, a commit, trees and files
 * of their own, of the same sizes.  Only the signatures are not of them.
 */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "daemon/config.h"
#include "daemon/signer/memory.h"
#include "record/data.h"
#include "record/record.h"
#include "store/store.h"
#include "tests/bench/bench.h"
#include "tests/lib/tool.h"

enum { BATCH = 64, TREE_DEEP = 8 };

/* An object of the deposit that is repeated; of a tree, what is below it. */
struct part {
	char mode_name[300]; /* of its line in the tree above: "MODE NAME" */
	enum object_type type;
	struct buf content; /* of a blob */
	struct part *parts;
	size_t num;
};

struct many {
	struct config *config;
	struct record record;
	struct note_signer signer;
	struct head head;
	struct entry deposit;
	struct buf commit; /* after the line of its tree */
	struct part tree;
	uint64_t first; /* the number of the next document */
	int lock;
};

static void
need(bool ok, const char *what, const struct error *err)
{
	if (!ok)
		tool_fail(what, err);
}

/* --- The deposit that is repeated. --- */

static void read_part(struct store *store, const struct oid *oid,
    unsigned depth, struct part *out);

/* Take a line of a tree: "MODE NAME", a zero, and the object's name. */
static bool
take_line(struct span *rest, struct part *out, struct oid *oid)
{
	const uint8_t *end =
	    rest->len > 0 ? memchr(rest->data, '\0', rest->len) : NULL;
	struct span line, name;

	if (end == NULL ||
	    !span_take(rest, (size_t)(end - rest->data), &line) ||
	    !span_to_str(line, out->mode_name, sizeof(out->mode_name)) ||
	    !span_take(rest, 1 + OID_BYTES, &name))
		return false;
	memcpy(oid->bytes, name.data + 1, OID_BYTES);
	out->type = out->mode_name[0] == '4' ? OBJECT_TREE : OBJECT_BLOB;
	return true;
}

static void
read_tree(struct store *store, struct span rest, unsigned depth,
    struct part *out)
{
	struct part part = { .type = OBJECT_BLOB };
	struct oid oid = { { 0 } };

	while (take_line(&rest, &part, &oid)) {
		out->parts =
		    realloc(out->parts, (out->num + 1) * sizeof(*out->parts));
		need(out->parts != NULL, "memory", NULL);
		read_part(store, &oid, depth + 1, &part);
		out->parts[out->num++] = part;
	}
}

/* out->type says what it is. */
static void
read_part(struct store *store, const struct oid *oid, unsigned depth,
    struct part *out)
{
	struct error err = { 0 };

	need(depth < TREE_DEEP, "a tree is too deep", NULL);
	out->content = BUF(1 << 20);
	out->parts = NULL;
	out->num = 0;
	need(store_read(store, oid, out->type, &out->content, &err), "object",
	    &err);
	if (out->type == OBJECT_TREE)
		read_tree(store, buf_span(&out->content), depth, out);
}

static void
find_deposit(struct many *many)
{
	const struct record *record = &many->record;
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	struct error err = { 0 };
	uint64_t i = journal_size(record->journal);
	struct store_commit commit;
	struct oid oid = { { 0 } };

	do {
		need(i > 0, "no deposit to repeat", NULL);
		line.len = 0;
		many->deposit = (struct entry){ .act = ACT_OTHER };
		need(journal_entry(record->journal, --i, &line, &err) &&
			entry_parse(buf_span(&line), &many->deposit, &err),
		    "entry", &err);
	} while (
	    many->deposit.act != ACT_DEPOSIT || many->deposit.version != 1);
	buf_free(&line);
	memcpy(oid.bytes, many->deposit.commit, OID_BYTES);
	many->commit = BUF(1 << 20);
	need(store_read(record->store, &oid, OBJECT_COMMIT, &many->commit,
		 &err),
	    "commit", &err);
	many->tree.type = OBJECT_TREE;
	need(store_read_commit(record->store, &oid, &commit, &err), "commit",
	    &err);
	read_part(record->store, &commit.tree, 0, &many->tree);
}

/* --- Adding. --- */

/* Add the object, and what is below it, changed by this number. */
static struct oid
add_part(struct pack *pack, const struct part *part, uint64_t number)
{
	struct buf content = BUF(1 << 20);
	struct error err = { 0 };
	struct oid oid = { { 0 } };

	if (part->type == OBJECT_BLOB)
		need(buf_append(&content, buf_span(&part->content), &err) &&
			buf_printf(&content, &err, "%016llx",
			    (unsigned long long)number),
		    "object", &err);
	for (size_t i = 0; i < part->num; i++) {
		oid = add_part(pack, &part->parts[i], number);
		need(buf_append_str(&content, part->parts[i].mode_name, &err) &&
			buf_append(&content, span_of("", 1), &err) &&
			buf_append(&content, span_of(oid.bytes, OID_BYTES),
			    &err),
		    "tree", &err);
	}
	need(pack_add(pack, part->type, buf_span(&content), &oid, &err),
	    "object", &err);
	buf_free(&content);
	return oid;
}

static struct oid
add_commit(const struct many *many, struct pack *pack, uint64_t number)
{
	const struct oid tree = add_part(pack, &many->tree, number);
	struct buf content = BUF(1 << 20);
	struct span rest = buf_span(&many->commit), line;
	struct error err = { 0 };
	char hex[OID_HEX];
	struct oid oid = { { 0 } };

	oid_hex(&tree, hex);
	need(span_take_line(&rest, &line) &&
		buf_printf(&content, &err, "tree %s\n", hex) &&
		buf_append(&content, rest, &err) &&
		pack_add(pack, OBJECT_COMMIT, buf_span(&content), &oid, &err),
	    "commit", &err);
	buf_free(&content);
	return oid;
}

static void
add_document(struct many *many, struct pack *pack, struct buf *line)
{
	const uint64_t number = many->first++;
	const struct oid commit = add_commit(many, pack, number);
	struct entry *entry = &many->deposit;
	struct error err = { 0 };
	char *slug = strchr(entry->document, '/') + 1;

	snprintf(slug,
	    sizeof(entry->document) - (size_t)(slug - entry->document),
	    "made-%llu", (unsigned long long)number);
	memcpy(entry->commit, commit.bytes, OID_BYTES);
	memcpy(entry->salt, &number, sizeof(number));
	memcpy(entry->digest.bytes, &number, sizeof(number));
	memcpy(entry->contents.bytes, &number, sizeof(number));
	entry->has &= ~(1u << ENTRY_PRIOR);
	line->len = 0;
	need(entry_encode(entry, line, &err), "entry", &err);
}

/* Sign and commit what was proposed. */
static void
sign(struct many *many)
{
	struct checkpoint checkpoint = { .size = many->head.size,
		.root = many->head.root };
	struct buf text = BUF(1000);
	struct error err = { 0 };

	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    many->signer.key.name);
	many->head.time_ms = many->deposit.time_ms;
	need(checkpoint_encode(&checkpoint, &text, &err) &&
		note_sign(&many->signer, buf_span(&text), many->head.signature,
		    &err) &&
		journal_commit(many->record.journal, &many->head, &err),
	    "commit", &err);
	buf_free(&text);
}

static void
add_batch(struct many *many, struct buf lines[BATCH], size_t num)
{
	struct error err = { 0 };
	struct pack *pack = pack_new(many->record.store, &err);
	struct span spans[BATCH];
	struct proposal proposal = { .entries = spans, .num_entries = num };

	need(pack != NULL, "pack", &err);
	many->deposit.time_ms = time_now_ms();
	for (size_t i = 0; i < num; i++) {
		add_document(many, pack, &lines[i]);
		spans[i] = buf_span(&lines[i]);
	}
	proposal.objects = pack_objects(pack);
	need(journal_propose(many->record.journal, &proposal, &many->head,
		 &err),
	    "propose", &err);
	pack_free(pack);
	sign(many);
}

/* --- All. --- */

static void
open_record(const char *path, struct many *many)
{
	struct data_place place;
	struct buf text = BUF(1024);
	struct error err = { 0 };
	char key[FILE_PATH];

	need(config_load(path, many->config, &err), path, &err);
	place = config_place(many->config);
	need((many->lock = data_lock(many->config->data, &err)) >= 0 &&
		signer_remembered(many->config->data, &many->head, &err) &&
		file_join(key, many->config->data, "signer/journal.key",
		    &err) &&
		file_read(key, text.max, &text, &err) &&
		note_signer_parse(buf_span(&text), NOTE_JOURNAL, &many->signer,
		    &err) &&
		data_open(&place, &many->head, false, &many->record, &err),
	    many->config->data, &err);
	buf_free(&text);
}

static void
free_part(struct part *part)
{
	for (size_t i = 0; i < part->num; i++)
		free_part(&part->parts[i]);
	free(part->parts);
	buf_free(&part->content);
}

int
bench_documents(char *argv[])
{
	const uint64_t count = strtoull(argv[2], NULL, 10);
	struct many *many = calloc(1, sizeof(*many));
	struct buf lines[BATCH];
	struct error err = { 0 };

	need(many != NULL &&
		(many->config = calloc(1, sizeof(*many->config))) != NULL,
	    "memory", NULL);
	many->first = strtoull(argv[1], NULL, 10);
	open_record(argv[0], many);
	find_deposit(many);
	for (size_t i = 0; i < BATCH; i++)
		lines[i] = BUF(LIMIT_ENTRY_BYTES);
	for (uint64_t left = count; left > 0;) {
		const size_t num = left < BATCH ? (size_t)left : BATCH;

		add_batch(many, lines, num);
		left -= num;
	}
	need(signer_remember(many->config->data, &many->head, &err), "remember",
	    &err);
	for (size_t i = 0; i < BATCH; i++)
		buf_free(&lines[i]);
	free_part(&many->tree);
	buf_free(&many->commit);
	data_close(&many->record);
	close(many->lock);
	free(many->config);
	free(many);
	return 0;
}
