/*
 * Evidence that several daemons share by their backend, judged by the journal of
 * whoever reads it.
 */
#include "unit.h"

#include "backend/memory/memory.h"
#include "journal/evidence.h"
#include "journal_fixture.h"
#include "postgres_fixture.h"

static struct backend *on;

static void
set_up_memory(void)
{
	struct error err = { 0 };

	ck_assert_ptr_nonnull(on = memory_open(&err));
	fixture_make_dir();
}

static void
set_up_database(void)
{
	pg_reset();
	on = pg_open();
	fixture_make_dir();
}

static void
tear_down(void)
{
	on->table->close(on);
	fixture_remove_dir();
}

static bool
ignore_entry(void *arg, uint64_t index, struct span entry, struct error *err)
{
	(void)arg, (void)index, (void)entry, (void)err;
	return true;
}

/* Returns a journal of the entries of fixture_make_tree(size). */
static struct journal *
make_journal(unsigned size)
{
	struct head head = { .root = merkle_empty() };
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *journal =
	    journal_open_on(on, fixture_dir, fixture_only(&fixture_signer.key),
		&head, NULL, ignore_entry, NULL, &mended, &err);
	char text[24];
	struct span entry;

	ck_ok(journal != NULL, err);
	for (unsigned i = 0; i < size; i++) {
		snprintf(text, sizeof(text), "entry-%u", i);
		entry = span_of_str(text);
		ck_ok(journal_append(journal, &entry, 1, &head, &err), err);
		fixture_sign_head(&head);
		ck_ok(journal_commit(journal, &head, &err), err);
	}
	return journal;
}

/*
 * Evidence that a checkpoint of this size was seen; from leaf changed on its
 * entries are other ones.
 */
static void
put_evidence(uint64_t size, uint64_t changed, struct buf *out)
{
	struct fixture_tree tree = fixture_make_tree(size);
	struct evidence evidence = EVIDENCE;
	struct merkle_edge edge = { 0 };
	struct checkpoint checkpoint = { .size = size };
	struct head head = { .size = size };
	struct error err = { 0 };

	for (uint64_t i = 0; i < size; i++) {
		if (i >= changed)
			tree.leaves[i].bytes[0] ^= 1;
		merkle_append(&edge, &tree.leaves[i], NULL, NULL);
	}
	head.root = checkpoint.root = merkle_root(&edge);
	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    fixture_signer.key.name);
	fixture_sign_head(&head);
	ck_ok(note_encode(&fixture_signer.key, &checkpoint, head.signature,
		  &evidence.seen, &err) &&
		buf_append(&evidence.shown, buf_span(&evidence.seen), &err) &&
		evidence_encode(&evidence, out, &err),
	    err);
	evidence_free(&evidence);
	free(tree.leaves);
}

static const struct {
	uint64_t size, changed;
	bool stands;
} shown_to_us[] = {
	{ 7, 9, false }, /* the newest one */
	{ 5, 9, false }, /* an older one */
	{ 5, 2, true },  /* of another history */
	{ 8, 9, true },  /* of a journal that went on */
};

START_TEST(evidence_stands_while_the_journal_lacks_the_checkpoint)
{
	struct buf text = BUF(LIMIT_EVIDENCE_BYTES);
	struct buf found = BUF(LIMIT_EVIDENCE_BYTES);
	struct journal *journal = make_journal(7);
	struct error err = { 0 };
	bool stands;

	put_evidence(shown_to_us[_i].size, shown_to_us[_i].changed, &text);
	ck_ok(evidence_stands(buf_span(&text), journal, &stands, &err), err);
	ck_assert(stands == shown_to_us[_i].stands);
	/* What is none does not hide what is. */
	ck_ok(evidence_give(on, span_of_str("nothing"), &err) &&
		evidence_give(on, buf_span(&text), &err) &&
		evidence_find(on, journal, &found, &err),
	    err);
	ck_assert_uint_eq(found.len, stands ? text.len : 0);
	journal_free(journal);
	buf_free(&text);
	buf_free(&found);
}
END_TEST

START_TEST(evidence_by_another_key_is_none)
{
	struct buf text = BUF(LIMIT_EVIDENCE_BYTES);
	struct journal *journal = make_journal(3);
	const struct note_signer ours = fixture_signer;
	struct error err = { 0 };
	bool stands;

	ck_ok(note_signer_make(ours.key.name, NOTE_JOURNAL, &fixture_signer,
		  &err),
	    err);
	put_evidence(8, 9, &text);
	fixture_signer = ours;
	ck_ok(evidence_give(on, buf_span(&text), &err), err);
	ck_assert(!evidence_stands(buf_span(&text), journal, &stands, &err));
	ck_assert(!stands);
	text.len = 0;
	ck_ok(evidence_find(on, journal, &text, &err), err);
	ck_assert_uint_eq(text.len, 0);
	journal_free(journal);
	buf_free(&text);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_loop_test(t,
	    evidence_stands_while_the_journal_lacks_the_checkpoint, 0,
	    COUNT(shown_to_us));
	tcase_add_test(t, evidence_by_another_key_is_none);
}

static void
fill_memory(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_memory, tear_down);
	fill(t);
}

static void
fill_database(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_database, tear_down);
	fill(t);
}

int
main(void)
{
	void (*const fills[])(TCase * t) = { fill_memory, fill_database };

	return pg_run_test_cases("evidence", fills, COUNT(fills));
}
