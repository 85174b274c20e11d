/*
 * Checkpoints and the lines under them: signatures, cosignatures, the keys of a
 * journal for their sizes, and evidence of a fork.
 */
#include "unit.h"

#include <unistd.h>

#include "backend/memory/memory.h"
#include "base/file.h"
#include "journal/cosignatures.h"
#include "journal/evidence.h"
#include "journal/mark.h"
#include "journal_fixture.h"

START_TEST(a_note_of_another_program_opens)
{
	const struct note_key key = fixture_key();
	struct checkpoint checkpoint;
	struct error err = { 0 };
	char text[NOTE_KEY_TEXT];

	ck_ok(note_open(span_of_str(fixture_note), fixture_only(&key),
		  &checkpoint, &err),
	    err);
	ck_assert_uint_eq(checkpoint.size, 8);
	note_key_encode(&key, text);
	ck_assert_str_eq(text, fixture_vkey);
}
END_TEST

START_TEST(we_sign_the_note_that_other_programs_sign)
{
	struct note_signer signer = { .key = fixture_key() };
	struct checkpoint checkpoint = { .origin = "log.test/audit",
		.size = 8 };
	struct buf text = BUF(1000), out = BUF(1000);
	uint8_t signature[64];
	/* Of 8 leaves, as test_merkle.c has it. */
	const char root[] = "dfcc13b9b0ca932c68de3d59eaaa8fe2"
			    "66a9c8091c0300e8405ebfeb0d0e5832";
	struct error err = { 0 };

	for (uint8_t i = 0; i < 32; i++)
		signer.seed[i] = i;
	ck_assert(digest_parse(span_of_str(root), &checkpoint.root));
	ck_ok(checkpoint_encode(&checkpoint, &text, &err) &&
		note_sign(&signer, buf_span(&text), signature, &err) &&
		note_encode(&signer.key, &checkpoint, signature, &out, &err),
	    err);
	ck_assert(strncmp(fixture_note, (char *)out.data, out.len) == 0);
	buf_free(&text);
	buf_free(&out);
}
END_TEST

/* Made by Python's hmac module. */
START_TEST(a_proposal_is_marked_as_another_program_marks_it)
{
	const struct head head = { .size = 5,
		.root = { { 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
		    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7 } } };
	struct note_signer signer = { .key = fixture_key() };
	struct error err = { 0 };
	struct digest key, mark;
	char hex[DIGEST_HEX];

	for (uint8_t i = 0; i < 32; i++)
		signer.seed[i] = i;
	ck_ok(mark_key(&signer, &key, &err) &&
		mark_make(MARK_PROPOSAL, &key, 3, &head, &mark, &err),
	    err);
	digest_hex(&mark, hex);
	ck_assert_str_eq(hex,
	    "ba15e1b85664362e4b899d9cdc618041"
	    "d5fc57e1be88c3d9ff430a1bd9c37afc");
}
END_TEST

START_TEST(a_note_with_any_byte_changed_does_not_open)
{
	const struct note_key key = fixture_key();
	/* Up to the end of the journal's own line. */
	const size_t own =
	    (size_t)(strstr(fixture_note, "witness") - fixture_note) - 4;
	struct checkpoint checkpoint;
	char copy[sizeof(fixture_note)];
	struct error err = { 0 };

	for (size_t i = 0; i < own; i++) {
		memcpy(copy, fixture_note, sizeof(fixture_note));
		copy[i] ^= 1;
		ck_assert_msg(!note_open(span_of(copy,
					     sizeof(fixture_note) - 1),
				  fixture_only(&key), &checkpoint, &err),
		    "byte %zu", i);
	}
	for (size_t i = 0; i < own; i++)
		ck_assert(!note_open(span_of(fixture_note, i),
		    fixture_only(&key), &checkpoint, &err));
}
END_TEST

static const struct {
	const char *text, *names;
} bad_checkpoints[] = {
	{ "o\n1\n", "three lines" },
	{ "o\n01\n38wTubDKkyxo3j1Z6qqP4mapyAkcAwDoQF6/6w0OWDI=\n", "size" },
	{ "o\n9223372036854775808\n38wTubDKkyxo3j1Z6qqP4mapyAkcAwDoQF6/6w0OWDI=\n",
	    "size" },
	{ "o\n1\n38wTubDKkyxo3j1Z6qqP4mapyAkcAwDoQF6/6w0OWD=\n", "root" },
	{ "o o\n1\n38wTubDKkyxo3j1Z6qqP4mapyAkcAwDoQF6/6w0OWDI=\n", "origin" },
	{ "o\n1\n38wTubDKkyxo3j1Z6qqP4mapyAkcAwDoQF6/6w0OWDI=\nx\n", "follow" },
};

START_TEST(a_checkpoint_that_is_none_is_refused)
{
	struct checkpoint out = { .size = 42 };
	struct error err = { 0 };

	ck_assert(!checkpoint_parse(span_of_str(bad_checkpoints[_i].text), &out,
	    &err));
	ck_assert_msg(strstr(err.detail, bad_checkpoints[_i].names) != NULL,
	    "%s", err.detail);
	ck_assert_uint_eq(out.size, 42);
}
END_TEST

static const char witness_vkey[] =
    "witness.test/w1+facd19fa+BN+GARmBG3ZTJJSX8/UQnTezIZRqgCkLwWQCBUNSL47c";

START_TEST(a_cosignature_of_another_program_verifies_and_ours_is_the_same)
{
	static const uint8_t seed[32] = { 0x62, 0xb9, 0xa3, 0xef, 0x31, 0x9c,
		0x07, 0x8e, 0x14, 0x44, 0xa1, 0x7b, 0x7c, 0x39, 0x5b, 0x03,
		0x6f, 0xb2, 0x2d, 0x0e, 0xa4, 0xff, 0xb3, 0x88, 0xa9, 0x0f,
		0x35, 0x01, 0xd6, 0x7e, 0xe8, 0x1a };
	const struct note_key journal_key = fixture_key();
	struct note_signer witness = { .key = { .type = NOTE_WITNESS } };
	struct note_key keys[2] = { journal_key };
	struct cosignature lines[2];
	struct error err = { 0 };
	struct buf ours = BUF(1000);
	char copy[sizeof(fixture_note)];
	size_t num;

	ck_ok(note_key_parse(span_of_str(witness_vkey), NOTE_WITNESS, &keys[1],
		  &err),
	    err);
	ck_assert(!note_key_parse(span_of_str(witness_vkey), NOTE_JOURNAL,
	    &keys[0], &err));
	keys[0].id++; /* the journal's own line is no cosignature */
	ck_ok(note_cosignatures(span_of_str(fixture_note), keys, 2, lines, &num,
		  &err),
	    err);
	ck_assert_uint_eq(num, 1);
	ck_assert_uint_eq(lines[0].witness, 1);
	ck_assert_int_eq(lines[0].at, 1700000000);
	witness.key = keys[1];
	memcpy(witness.seed, seed, 32);
	ck_ok(note_cosign(&witness, span_of_str(fixture_note), 1700000000,
		  &ours, &err),
	    err);
	ck_assert(span_eq(buf_span(&ours), lines[0].line));
	buf_free(&ours);
	/* Its time and signature: any bit changed, and the note is refused. */
	for (size_t i = 12; i < 100; i++) {
		memcpy(copy, fixture_note, sizeof(fixture_note));
		copy[(size_t)((const char *)lines[0].line.data - fixture_note) +
		    i + 16] ^= 1;
		ck_assert_msg(!note_cosignatures(span_of_str(copy), keys, 2,
				  lines + 1, &num, &err) ||
			num == 0,
		    "byte %zu", i);
	}
}
END_TEST

START_TEST(cosignatures_are_kept_and_counted)
{
	struct witnesses witnesses = { .num = 2, .quorum = 2 };
	char path[FILE_PATH], line[200];
	struct note_signer signers[2];
	struct cosignatures *all;
	struct error err = { 0 };
	/* Which witness signs which size, in that order. */
	static const struct {
		unsigned witness;
		uint64_t size;
	} signs[] = { { 0, 10 }, { 1, 12 }, { 0, 12 }, { 0, 12 }, { 1, 30 },
		{ 0, 20 } };
	struct buf out = BUF(10000);

	fixture_make_dir();
	ck_ok(file_join(path, fixture_dir, "cosignatures", &err), err);
	for (unsigned i = 0; i < 2; i++) {
		snprintf(line, sizeof(line), "witness.example/%u", i);
		ck_ok(note_signer_make(line, NOTE_WITNESS, &signers[i], &err),
		    err);
		witnesses.keys[i] = signers[i].key;
	}
	all = cosignatures_open(path, &err);
	ck_assert_ptr_nonnull(all);
	for (size_t i = 0; i < COUNT(signs); i++) {
		struct buf made = BUF(1000);

		ck_ok(note_cosign(&signers[signs[i].witness],
			  span_of_str(fixture_note), 1700000000 + (int64_t)i,
			  &made, &err) &&
			cosignatures_add(all, signs[i].size, buf_span(&made),
			    &err),
		    err);
		buf_free(&made);
	}
	for (unsigned again = 0; again < 2; again++) {
		ck_assert_uint_eq(cosignatures_count(all, &witnesses, 10), 1);
		ck_assert_uint_eq(cosignatures_count(all, &witnesses, 12), 2);
		ck_assert_uint_eq(cosignatures_count(all, &witnesses, 11), 0);
		ck_assert_uint_eq(cosignatures_first(all, &witnesses, 5), 12);
		ck_assert_uint_eq(cosignatures_first(all, &witnesses, 12), 12);
		ck_assert_uint_eq(cosignatures_first(all, &witnesses, 13), 0);
		ck_assert_uint_eq(cosignatures_last(all, &witnesses), 12);
		ck_assert_uint_eq(cosignatures_pending(all, &witnesses, 0), 30);
		ck_assert_uint_eq(cosignatures_pending(all, &witnesses, 30), 0);
		out.len = 0;
		ck_ok(cosignatures_append(all, 12, &out, &err), err);
		ck_assert_uint_eq(out.len, 2 * (4 + 17 + 1 + 104 + 1));
		/* And again from the file, whose last line was torn. */
		cosignatures_free(all);
		{
			FILE *file = fopen(path, "a");

			ck_assert_ptr_nonnull(file);
			fputs("40 \xe2\x80\x94 torn", file);
			fclose(file);
		}
		all = cosignatures_open(path, &err);
		ck_assert_msg(all != NULL, "%s", err.detail);
	}
	witnesses.quorum = 0;
	ck_assert_uint_eq(cosignatures_last(all, &witnesses), 0);
	cosignatures_free(all);
	buf_free(&out);
	fixture_remove_dir();
}
END_TEST

/* Put the checkpoint of a small tree, whose leaves from changed on differ. */
static void
put_checkpoint(uint64_t size, uint64_t changed, struct fixture_tree *tree,
    struct buf *out)
{
	struct checkpoint checkpoint = { .size = size };
	struct merkle_edge edge = { 0 };
	struct head head = { .size = size };
	struct error err = { 0 };

	*tree = fixture_make_tree(size);
	for (uint64_t i = 0; i < size; i++) {
		if (i >= changed)
			tree->leaves[i].bytes[0] ^= 1;
		merkle_append(&edge, &tree->leaves[i], NULL, NULL);
	}
	head.root = checkpoint.root = merkle_root(&edge);
	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    fixture_signer.key.name);
	fixture_sign_head(&head);
	ck_ok(note_encode(&fixture_signer.key, &checkpoint, head.signature, out,
		  &err),
	    err);
}

START_TEST(each_key_signs_in_its_time)
{
	struct note_signer signers[3];
	struct note_keys keys, again;
	struct checkpoint opened;
	struct error err = { 0 };
	struct buf lines = BUF(1000);
	char spelt[NOTE_KEY_TEXT];
	static const struct {
		unsigned by;
		uint64_t size;
		bool good;
	} signs[] = { { 0, 1, true }, { 0, 10, true }, { 0, 11, false },
		{ 1, 10, false }, { 1, 11, true }, { 1, 20, true },
		{ 1, 21, false }, { 2, 20, false }, { 2, 21, true },
		{ 2, 1000, true } };

	for (unsigned i = 0; i < 3; i++)
		ck_ok(note_signer_make("log.test/audit", NOTE_JOURNAL,
			  &signers[i], &err),
		    err);
	keys = note_keys_of(&signers[0].key);
	ck_ok(note_keys_add(&keys, 10, &signers[1].key, &err) &&
		note_keys_add(&keys, 20, &signers[2].key, &err),
	    err);
	again = keys;
	ck_assert(!note_keys_add(&again, 15, &signers[0].key, &err));
	for (unsigned i = 0; i < 2; i++) {
		note_key_encode(&keys.keys[i], spelt);
		ck_ok(buf_printf(&lines, &err, "%u %s\n", 10 * (i + 1), spelt),
		    err);
	}
	ck_ok(note_keys_parse(buf_span(&lines), &signers[2].key, &again, &err),
	    err);
	ck_assert_uint_eq(again.num, 3);
	ck_assert_uint_eq(again.until[1], 20);
	for (size_t i = 0; i < COUNT(signs); i++) {
		struct checkpoint checkpoint = { .origin = "log.test/audit",
			.size = signs[i].size };
		struct buf text = BUF(1000), signed_note = BUF(1000);
		uint8_t signature[64];

		ck_ok(checkpoint_encode(&checkpoint, &text, &err) &&
			note_sign(&signers[signs[i].by], buf_span(&text),
			    signature, &err) &&
			note_encode(&signers[signs[i].by].key, &checkpoint,
			    signature, &signed_note, &err),
		    err);
		ck_assert_msg(note_open(buf_span(&signed_note), &again, &opened,
				  &err) == signs[i].good,
		    "row %zu", i);
		buf_free(&text);
		buf_free(&signed_note);
	}
	buf_free(&lines);
}
END_TEST

/* Lines of the keys, in order; a capital one does not verify. */
static const struct {
	const char *lines; /* a: the key up to 10; b: the next */
	uint64_t size;
	const char *code; /* NULL: it opens */
} notes_of_two[] = {
	{ "a", 10, NULL },
	{ "ab", 10, NULL },
	{ "ba", 10, NULL },
	{ "ab", 11, NULL },
	{ "ba", 11, NULL },
	{ "aA", 10, NULL }, /* the first line of a key counts */
	{ "abA", 10, NULL },
	{ "b", 10, "" },
	{ "a", 11, "" },
	{ "Aa", 10, "" },
	{ "aB", 10, "" },
	{ "Ba", 10, "" },
	{ "Ab", 11, "" },
	{ "c", 10, "KEY_UNKNOWN" },
	{ "ca", 10, NULL },
	{ "Ca", 10, NULL },
};

START_TEST(a_note_may_have_lines_of_several_keys)
{
	struct checkpoint checkpoint = { .origin = "log.test/audit",
		.size = notes_of_two[_i].size };
	struct note_signer signers[3];
	struct note_keys keys;
	struct buf text = BUF(1000), several = BUF(4000);
	struct error err = { 0 };

	for (unsigned i = 0; i < 3; i++)
		ck_ok(note_signer_make("log.test/audit", NOTE_JOURNAL,
			  &signers[i], &err),
		    err);
	keys = note_keys_of(&signers[0].key);
	ck_ok(note_keys_add(&keys, 10, &signers[1].key, &err) &&
		checkpoint_encode(&checkpoint, &text, &err),
	    err);
	for (const char *line = notes_of_two[_i].lines; *line != '\0'; line++) {
		const struct note_signer *by = &signers[(*line | 0x20) - 'a'];
		const size_t head = several.len == 0 ? 0 : text.len + 1;
		struct buf one = BUF(1000);
		uint8_t signature[64];

		ck_ok(note_sign(by, buf_span(&text), signature, &err), err);
		signature[5] ^= (*line & 0x20) == 0;
		ck_ok(note_encode(&by->key, &checkpoint, signature, &one, &err),
		    err);
		ck_ok(buf_append(&several,
			  span_of(one.data + head, one.len - head), &err),
		    err);
		buf_free(&one);
	}
	ck_assert_int_eq(note_open(buf_span(&several), &keys, &checkpoint,
			     &err),
	    notes_of_two[_i].code == NULL);
	ck_assert_str_eq(err.code,
	    notes_of_two[_i].code == NULL ? "" : notes_of_two[_i].code);
	buf_free(&text);
	buf_free(&several);
}
END_TEST

static const struct {
	uint64_t seen, shown, changed;
	bool with_root, proves;
} forks[] = {
	{ 5, 5, 2, false, true },  /* two roots of one size */
	{ 5, 5, 9, false, false }, /* the same twice */
	{ 5, 9, 2, true, true }, { 4, 9, 3, true, true }, /* a power of two */
	{ 8, 8, 0, false, true },
	{ 5, 9, 2, false, false }, /* nothing shows what came between */
	{ 9, 5, 2, false, false }, /* only gone back */
};

START_TEST(evidence_proves_a_fork_and_nothing_else)
{
	struct evidence evidence = EVIDENCE, again = EVIDENCE;
	struct buf text = BUF(LIMIT_EVIDENCE_BYTES);
	struct fixture_tree seen, shown;
	struct error err = { 0 };
	bool proves;
	char says[400];

	ck_ok(note_signer_make("log.test/audit", NOTE_JOURNAL, &fixture_signer,
		  &err),
	    err);
	put_checkpoint(forks[_i].seen, UINT64_MAX, &seen, &evidence.seen);
	put_checkpoint(forks[_i].shown, forks[_i].changed, &shown,
	    &evidence.shown);
	evidence.has_root = forks[_i].with_root;
	if (forks[_i].with_root)
		ck_ok(merkle_root_at(fixture_read_tree, &shown, forks[_i].seen,
			  &evidence.root, &err) &&
			merkle_prove_consistency(fixture_read_tree, &shown,
			    forks[_i].seen, forks[_i].shown, &evidence.proof,
			    &err),
		    err);
	ck_ok(evidence_encode(&evidence, &text, &err), err);
	ck_ok(evidence_parse(buf_span(&text), &again, &err), err);
	ck_ok(evidence_verify(&again, fixture_only(&fixture_signer.key),
		  &proves, says, &err),
	    err);
	ck_assert_int_eq(proves, forks[_i].proves);
	for (size_t i = 0; i < text.len; i++) {
		struct evidence cut = EVIDENCE;

		/* Cut anywhere it is refused, or says less. */
		if (evidence_parse(span_of(text.data, i), &cut, &err) &&
		    evidence_verify(&cut, fixture_only(&fixture_signer.key),
			&proves, says, &err))
			ck_assert(!proves || !forks[_i].with_root);
		evidence_free(&cut);
	}
	again.shown.len = 0;
	ck_assert(!evidence_verify(&again, fixture_only(&fixture_signer.key),
	    &proves, says, &err));
	free(seen.leaves);
	free(shown.leaves);
	evidence_free(&evidence);
	evidence_free(&again);
	buf_free(&text);
}
END_TEST

/* --- Lines that are shared. --- */

static struct note_signer sharers[2];
static struct backend *shared_by;

/* A cosignature_check: this size alone was never signed by a witness. */
static bool
is_not_13(void *arg, uint64_t size, struct span line)
{
	(void)arg, (void)line;
	return size != 13;
}

static void
set_up_sharing(void)
{
	struct error err = { 0 };

	fixture_make_dir();
	ck_assert_ptr_nonnull(shared_by = memory_open(&err));
	for (unsigned i = 0; i < 2; i++)
		ck_ok(note_signer_make(i == 0 ? "w.example/0" : "w.example/1",
			  NOTE_WITNESS, &sharers[i], &err),
		    err);
}

static void
tear_down_sharing(void)
{
	shared_by->table->close(shared_by);
	fixture_remove_dir();
}

static struct cosignatures *
open_lines(const char *name)
{
	struct error err = { 0 };
	char path[FILE_PATH];
	struct cosignatures *all;

	ck_ok(file_join(path, fixture_dir, name, &err), err);
	all = cosignatures_open(path, &err);
	ck_assert_msg(all != NULL, "%s", err.detail);
	return all;
}

static void
sign_size(struct cosignatures *all, unsigned witness, uint64_t size, int64_t at)
{
	struct buf made = BUF(1000);
	struct error err = { 0 };

	ck_ok(note_cosign(&sharers[witness], span_of_str(fixture_note), at,
		  &made, &err) &&
		cosignatures_add(all, size, buf_span(&made), &err),
	    err);
	buf_free(&made);
}

static void
assert_shared(struct cosignatures *all, enum exhibits_way way, size_t taken,
    size_t given, size_t refused)
{
	struct exhibits_shared shared;
	struct error err = { 0 };

	ck_ok(cosignatures_share(all, shared_by, way, is_not_13, NULL, &shared,
		  &err),
	    err);
	ck_assert_uint_eq(shared.taken, taken);
	ck_assert_uint_eq(shared.given, given);
	ck_assert_uint_eq(shared.refused, refused);
}

static void
put_exhibit(uint64_t size, const char *text)
{
	struct error err = { 0 };
	struct buf name = BUF(8);
	struct exhibit exhibit = { .kind = EXHIBIT_COSIGNATURE,
		.bytes = span_of_str(text) };

	ck_ok(buf_append_u64(&name, size, &err), err);
	exhibit.name = buf_span(&name);
	ck_ok(shared_by->table->add_exhibits(shared_by, &exhibit, 1, &err),
	    err);
	buf_free(&name);
}

START_TEST(cosignatures_are_shared_with_who_comes_later)
{
	struct witnesses witnesses = { .num = 2, .quorum = 2 };
	struct cosignatures *first, *second;

	set_up_sharing();
	witnesses.keys[0] = sharers[0].key;
	witnesses.keys[1] = sharers[1].key;
	first = open_lines("first");
	/* What is there before goes there at once, what comes later by itself. */
	sign_size(first, 0, 10, 1700000000);
	assert_shared(first, EXHIBITS_COUNT, 0, 1, 0);
	assert_shared(first, EXHIBITS_BOTH, 0, 1, 0);
	sign_size(first, 1, 10, 1700000000);
	assert_shared(first, EXHIBITS_COUNT, 0, 0, 0);
	/* The other takes them; what it has itself, at another time, stays. */
	second = open_lines("second");
	sign_size(second, 1, 10, 1700000007);
	sign_size(second, 1, 12, 1700000007);
	assert_shared(second, EXHIBITS_COUNT, 1, 2, 0);
	ck_assert_uint_eq(cosignatures_last(second, &witnesses), 0);
	assert_shared(second, EXHIBITS_BOTH, 1, 2, 0);
	ck_assert_uint_eq(cosignatures_last(second, &witnesses), 10);
	assert_shared(second, EXHIBITS_BOTH, 0, 0, 0);
	cosignatures_free(second);
	/* Its file has them. */
	second = open_lines("second");
	ck_assert_uint_eq(cosignatures_last(second, &witnesses), 10);
	cosignatures_free(second);
	cosignatures_free(first);
	tear_down_sharing();
}
END_TEST

START_TEST(cosignatures_that_are_none_are_not_taken)
{
	struct cosignatures *first, *second;
	struct buf out = BUF(10000);
	struct error err = { 0 };
	static const char *const bad[] = {
		"w.example AAAA\n",
		"\u2014 w.example AAAA",
		"\u2014 w.example AAAA\n\u2014 w.example AAAA\n",
		"\n\u2014 w.example AAAA\n",
		"",
	};

	set_up_sharing();
	first = open_lines("first");
	second = open_lines("second");
	assert_shared(first, EXHIBITS_BOTH, 0, 0, 0);
	sign_size(first, 0, 13, 1700000000);
	for (size_t i = 0; i < COUNT(bad); i++)
		put_exhibit(14, bad[i]);
	/* Its name is no size. */
	ck_ok(shared_by->table->add_exhibits(shared_by,
		  &(struct exhibit){ .kind = EXHIBIT_COSIGNATURE,
		      .name = span_of("\0\0\0\0\0\0\0\016x", 9),
		      .bytes = span_of_str("\u2014 w.example AAAA\n") },
		  1, &err),
	    err);
	assert_shared(second, EXHIBITS_BOTH, 0, 0, 2 + COUNT(bad));
	for (uint64_t size = 13; size <= 14; size++)
		ck_ok(cosignatures_append(second, size, &out, &err), err);
	ck_assert_uint_eq(out.len, 0);
	cosignatures_free(first);
	cosignatures_free(second);
	buf_free(&out);
	tear_down_sharing();
}
END_TEST

/* What is opened to read has them in memory alone. */
START_TEST(a_view_takes_shared_cosignatures_and_writes_nothing)
{
	struct cosignatures *first, *view;
	char path[FILE_PATH];
	struct error err = { 0 };
	struct buf out = BUF(10000);

	set_up_sharing();
	first = open_lines("first");
	assert_shared(first, EXHIBITS_BOTH, 0, 0, 0);
	sign_size(first, 0, 10, 1700000000);
	ck_ok(file_join(path, fixture_dir, "second", &err), err);
	ck_assert_ptr_nonnull(view = cosignatures_view(path, &err));
	assert_shared(view, EXHIBITS_TAKE, 1, 0, 0);
	ck_ok(cosignatures_append(view, 10, &out, &err), err);
	ck_assert_uint_gt(out.len, 0);
	ck_assert(!file_exists(path));
	cosignatures_free(view);
	cosignatures_free(first);
	buf_free(&out);
	tear_down_sharing();
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t,
	    a_cosignature_of_another_program_verifies_and_ours_is_the_same);
	tcase_add_test(t, each_key_signs_in_its_time);
	tcase_add_loop_test(t, a_note_may_have_lines_of_several_keys, 0,
	    COUNT(notes_of_two));
	tcase_add_test(t, cosignatures_are_kept_and_counted);
	tcase_add_test(t, cosignatures_are_shared_with_who_comes_later);
	tcase_add_test(t, cosignatures_that_are_none_are_not_taken);
	tcase_add_test(t, a_view_takes_shared_cosignatures_and_writes_nothing);
	tcase_add_loop_test(t, evidence_proves_a_fork_and_nothing_else, 0,
	    COUNT(forks));
	tcase_add_test(t, a_note_of_another_program_opens);
	tcase_add_test(t, we_sign_the_note_that_other_programs_sign);
	tcase_add_test(t, a_proposal_is_marked_as_another_program_marks_it);
	tcase_add_test(t, a_note_with_any_byte_changed_does_not_open);
	tcase_add_loop_test(t, a_checkpoint_that_is_none_is_refused, 0,
	    COUNT(bad_checkpoints));
}

int
main(void)
{
	return run_tests("checkpoint", fill);
}
