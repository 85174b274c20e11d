/*
 * The proof of the key that follows: nothing less than an entry of act "key",
 * the last one that the old key signed, and a quorum of witnesses.
 */
#include "unit.h"

#include "client/handover.h"
#include "journal/entry.h"
#include "merkle_fixture.h"

enum { SIZE = 3, WITNESSES = 3 };

static struct note_signer ours, stranger, next, witnesses[WITNESSES];

static void
set_up(void)
{
	static const char *const names[WITNESSES] = { "a.example/w",
		"b.example/w", "c.example/w" };
	struct error err = { 0 };

	ck_ok(note_signer_make("journal.example", NOTE_JOURNAL, &ours, &err) &&
		note_signer_make("journal.example", NOTE_JOURNAL, &stranger,
		    &err) &&
		note_signer_make("journal.example", NOTE_JOURNAL, &next, &err),
	    err);
	for (size_t i = 0; i < WITNESSES; i++)
		ck_ok(note_signer_make(names[i], NOTE_WITNESS, &witnesses[i],
			  &err),
		    err);
}

/* --- A proof, right but for what the row says. --- */

enum wrong {
	NOTHING,
	NO_PROOF,   /* other bytes */
	OTHER_ACT,  /* the entry is a start */
	NOT_LAST,   /* an entry follows it */
	OTHER_KEY,  /* the checkpoint is signed by another key */
	OTHER_ROOT, /* the entry is not in that journal */
	NO_KEY,     /* what it names is a witness's key */
};

static void
make_line(enum wrong wrong, uint64_t index, uint64_t of, struct buf *out)
{
	const bool names = index == of && wrong != OTHER_ACT;
	struct entry entry = { .act = names ? ACT_KEY : ACT_START,
		.valise = 1,
		.time_ms = 1790000000000 + (int64_t)index,
		.has = 1u << ENTRY_ACT | 1u << ENTRY_VALISE | 1u << ENTRY_TIME |
		    1u << ENTRY_SALT | 1u << ENTRY_POLICY |
		    1u << (names ? ENTRY_KEY : ENTRY_SOFTWARE) };
	struct error err = { 0 };

	snprintf(entry.act_name, sizeof(entry.act_name), "%s",
	    act_name(entry.act));
	snprintf(entry.software, sizeof(entry.software), "valised 1");
	if (names)
		note_key_encode(wrong == NO_KEY ? &witnesses[0].key : &next.key,
		    entry.key);
	entry.salt[0] = (uint8_t)index;
	*out = BUF(LIMIT_ENTRY_BYTES);
	ck_ok(entry_encode(&entry, out, &err), err);
}

static void
make_note(enum wrong wrong, struct buf lines[SIZE], struct buf *out)
{
	const struct note_signer *by = wrong == OTHER_KEY ? &stranger : &ours;
	struct checkpoint at = { .size = SIZE };
	struct buf text = BUF(LIMIT_NOTE_TEXT);
	uint8_t signature[64];
	struct error err = { 0 };

	snprintf(at.origin, sizeof(at.origin), "%s", by->key.name);
	ck_ok(merkle_root_at(fixture_node, lines, SIZE, &at.root, &err), err);
	at.root.bytes[0] ^= wrong == OTHER_ROOT;
	ck_ok(checkpoint_encode(&at, &text, &err) &&
		note_sign(by, buf_span(&text), signature, &err) &&
		note_encode(&by->key, &at, signature, out, &err),
	    err);
	buf_free(&text);
}

static void
make_answer(enum wrong wrong, size_t cosigned, struct buf *out)
{
	const uint64_t of = wrong == NOT_LAST ? SIZE - 2 : SIZE - 1;
	struct proof proof = PROOF;
	struct buf lines[SIZE], note = BUF(LIMIT_NOTE_FILE),
				cosignatures = BUF(LIMIT_NOTE_FILE);
	struct error err = { 0 };

	for (uint64_t i = 0; i < SIZE; i++)
		make_line(wrong, i, of, &lines[i]);
	make_note(wrong, lines, &note);
	for (size_t i = 0; i < cosigned; i++)
		ck_ok(note_cosign(&witnesses[i], buf_span(&note), 1790000000,
			  &cosignatures, &err),
		    err);
	proof.index = of;
	ck_ok(buf_append(&proof.entry, buf_span(&lines[of]), &err) &&
		buf_append(&proof.note, buf_span(&note), &err) &&
		buf_append(&proof.note, buf_span(&cosignatures), &err) &&
		merkle_prove_inclusion(fixture_node, lines, of, SIZE,
		    &proof.path, &err) &&
		proof_encode(&proof, out, &err),
	    err);
	proof_free(&proof);
	buf_free(&note);
	buf_free(&cosignatures);
	for (uint64_t i = 0; i < SIZE; i++)
		buf_free(&lines[i]);
	if (wrong == NO_PROOF)
		out->data[0] ^= 1;
}

static const struct {
	enum wrong wrong;
	enum error_kind kind;
} proofs[] = {
	{ NOTHING, ERROR_NONE },
	{ NO_PROOF, ERROR_MALFORMED },
	{ OTHER_ACT, ERROR_UNTRUSTED },
	{ NOT_LAST, ERROR_UNTRUSTED },
	{ OTHER_KEY, ERROR_UNTRUSTED },
	{ OTHER_ROOT, ERROR_UNTRUSTED },
	{ NO_KEY, ERROR_MALFORMED },
};

START_TEST(only_the_last_entry_of_the_old_key_names_the_next)
{
	const struct note_keys keys = note_keys_of(&ours.key);
	struct handover handover = HANDOVER;
	struct buf answer = BUF(LIMIT_PROOF_FILE);
	struct error err = { 0 };
	bool ok;

	make_answer(proofs[_i].wrong, WITNESSES, &answer);
	ok = handover_parse(buf_span(&answer), &keys, &handover, &err);
	ck_assert_msg(err.kind == proofs[_i].kind, "row %d: %d, %s", _i,
	    err.kind, err.detail);
	ck_assert_int_eq(ok, proofs[_i].kind == ERROR_NONE);
	if (ok) {
		ck_assert_uint_eq(handover.next.id, next.key.id);
		ck_assert_uint_eq(handover.end.size, SIZE);
	}
	handover_free(&handover);
	buf_free(&answer);
}
END_TEST

static const struct {
	size_t cosigned, num;
	unsigned quorum;
	bool good;
} quorums[] = {
	{ 2, 3, 2, true },
	{ 3, 3, 2, true },
	{ 1, 1, 1, true },
	{ 1, 3, 2, false },
	{ 0, 3, 2, false },
	{ 0, 3, 1, false },
	/* Nobody is asked: then nobody vouches for it either. */
	{ 0, 3, 0, false },
	{ 3, 3, 0, false },
	{ 0, 0, 0, false },
	/* Others cosigned it than those of the policy. */
	{ 2, 1, 2, false },
};

START_TEST(a_quorum_of_the_policys_witnesses_vouches_for_it)
{
	const struct note_keys keys = note_keys_of(&ours.key);
	struct handover handover = HANDOVER;
	struct witnesses asked = { .num = quorums[_i].num,
		.quorum = quorums[_i].quorum };
	struct buf answer = BUF(LIMIT_PROOF_FILE);
	struct error err = { 0 };

	for (size_t i = 0; i < asked.num; i++)
		asked.keys[i] = witnesses[i].key;
	make_answer(NOTHING, quorums[_i].cosigned, &answer);
	ck_ok(handover_parse(buf_span(&answer), &keys, &handover, &err) &&
		handover_count(&handover, &asked, &err),
	    err);
	ck_assert_uint_eq(handover.witnesses, asked.num);
	ck_assert_int_eq(handover_is_vouched_for(&handover), quorums[_i].good);
	handover_free(&handover);
	buf_free(&answer);
}
END_TEST

START_TEST(a_line_that_does_not_verify_is_no_witness)
{
	const struct note_keys keys = note_keys_of(&ours.key);
	struct handover handover = HANDOVER;
	struct witnesses asked = { .num = 1, .quorum = 1 };
	struct buf answer = BUF(LIMIT_PROOF_FILE);
	struct error err = { 0 };

	make_answer(NOTHING, 1, &answer);
	/* A witness of that name and key number, with another key. */
	asked.keys[0] = witnesses[0].key;
	memcpy(asked.keys[0].public_key, witnesses[1].key.public_key,
	    sizeof(asked.keys[0].public_key));
	ck_ok(handover_parse(buf_span(&answer), &keys, &handover, &err), err);
	ck_assert(!handover_count(&handover, &asked, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert(!handover_is_vouched_for(&handover));
	handover_free(&handover);
	buf_free(&answer);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_unchecked_fixture(t, set_up, NULL);
	tcase_add_loop_test(t,
	    only_the_last_entry_of_the_old_key_names_the_next, 0,
	    COUNT(proofs));
	tcase_add_loop_test(t, a_quorum_of_the_policys_witnesses_vouches_for_it,
	    0, COUNT(quorums));
	tcase_add_test(t, a_line_that_does_not_verify_is_no_witness);
}

int
main(void)
{
	return run_tests("handover", fill);
}
