/*
 * journal_fixture.c - a tree in memory, a key and note of another program, and
 * an empty journal (journal_fixture.h).
 */
#include "journal_fixture.h"

bool
fixture_read_tree(void *arg, unsigned level, uint64_t index, struct digest *out,
    struct error *err)
{
	const struct fixture_tree *tree = arg;
	struct digest left, right;

	ck_assert_uint_lt((index << level), tree->size);
	if (level == 0) {
		*out = tree->leaves[index];
		return true;
	}
	(void)(fixture_read_tree(arg, level - 1, 2 * index, &left, err) &&
	    fixture_read_tree(arg, level - 1, 2 * index + 1, &right, err));
	*out = merkle_node(&left, &right);
	return true;
}

struct fixture_tree
fixture_make_tree(uint64_t size)
{
	struct fixture_tree tree = { calloc(size + 1, sizeof(struct digest)),
		size };

	for (uint64_t i = 0; i < size; i++) {
		char text[40];

		snprintf(text, sizeof(text), "entry-%llu",
		    (unsigned long long)i);
		tree.leaves[i] = merkle_leaf(span_of_str(text));
	}
	return tree;
}

const char fixture_vkey[] =
    "log.test/audit+98294fac+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const char fixture_note[FIXTURE_NOTE_SIZE] =
    "log.test/audit\n8\n38wTubDKkyxo3j1Z6qqP4mapyAkcAwDoQF6/6w0OWDI=\n\n"
    "\xe2\x80\x94 log.test/audit mClPrKZlI5yhJaQWiN8b8VWP1LtDSNFxjeZwxok8YVBREUupjp9ZH11WB3iidMaPOuGpiyZP1xbNNAAtM7MXqvG0fAQ=\n"
    "\xe2\x80\x94 witness.test/w1 +s0Z+gAAAABlU/EASq2lhPinh4I8tozgRdc4nVIivyE+7dQq7bFQgpBw2xw29AhkERUSfP4eTBfoQEt7GMs4h+qqliIzs0cd6LJ/AA==\n";

struct note_key
fixture_key(void)
{
	struct note_key key;
	struct error err = { 0 };

	ck_ok(note_key_parse(span_of_str(fixture_vkey), NOTE_JOURNAL, &key,
		  &err),
	    err);
	return key;
}

const struct note_keys *
fixture_only(const struct note_key *key)
{
	static struct note_keys keys;

	keys = note_keys_of(key);
	return &keys;
}

char fixture_dir[UNIT_DIR];
struct note_signer fixture_signer;

void
fixture_make_dir(void)
{
	struct error err = { 0 };

	unit_make_dir(fixture_dir);
	ck_ok(note_signer_make("log.test/audit", NOTE_JOURNAL, &fixture_signer,
		  &err),
	    err);
	ck_ok(journal_create(fixture_dir, &err), err);
}

void
fixture_remove_dir(void)
{
	unit_remove_dir(fixture_dir);
}

void
fixture_sign_head(struct head *head)
{
	struct checkpoint checkpoint = { .size = head->size,
		.root = head->root };
	struct buf text = BUF(1000);
	struct error err = { 0 };

	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    fixture_signer.key.name);
	ck_ok(checkpoint_encode(&checkpoint, &text, &err) &&
		note_sign(&fixture_signer, buf_span(&text), head->signature,
		    &err),
	    err);
	buf_free(&text);
}
