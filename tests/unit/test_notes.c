/*
 * What is refused of notes, keys, receipts, evidence and entries, with each
 * reason.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "journal/entry.h"
#include "journal/evidence.h"
#include "journal/proof.h"

#define ORIGIN "log.test/audit"
#define DASH   "\xe2\x80\x94 "

static struct note_signer journal, other, witness;
static struct note_keys keys;

static void
set_up(void)
{
	struct error err = { 0 };

	ck_ok(note_signer_make(ORIGIN, NOTE_JOURNAL, &journal, &err) &&
		note_signer_make("other.test/log", NOTE_JOURNAL, &other,
		    &err) &&
		note_signer_make("witness.test/w", NOTE_WITNESS, &witness,
		    &err),
	    err);
	keys = note_keys_of(&journal.key);
}

/* Some digest, one for each number. */
static struct digest
digest_of(unsigned number)
{
	char text[20];

	snprintf(text, sizeof(text), "%u", number);
	return sha256_of(span_of_str(text));
}

/* The note of a checkpoint of that origin, with the signer's line. */
static void
put_note(const struct note_signer *signer, const char *origin, uint64_t size,
    struct digest root, struct buf *out)
{
	struct checkpoint checkpoint = { .size = size, .root = root };
	struct buf text = BUF(1000);
	struct error err = { 0 };
	uint8_t signature[64];

	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s", origin);
	ck_ok(checkpoint_encode(&checkpoint, &text, &err) &&
		note_sign(signer, buf_span(&text), signature, &err) &&
		note_encode(&signer->key, &checkpoint, signature, out, &err),
	    err);
	buf_free(&text);
}

/* --- Names and keys. --- */

static const struct {
	const char *name;
	size_t repeat; /* so many 'a' instead */
	bool good;
} names[] = {
	{ "log.test/audit", 0, true },
	{ NULL, LIMIT_ORIGIN_BYTES, true },
	{ NULL, LIMIT_ORIGIN_BYTES + 1, false },
	{ "", 0, false },
	{ "a b", 0, false },
	{ "a+b", 0, false },
	{ "a\tb", 0, false },
	{ "a\x7f"
	  "b",
	    0, false },
	{ "a\xff", 0, false },
	{ "a\xc2\xa0"
	  "b",
	    0, false }, /* U+00A0 */
	{ "a\xe2\x80\x83"
	  "b",
	    0, false }, /* U+2003 */
	{ "a\xe3\x80\x80"
	  "b",
	    0, false }, /* U+3000 */
	{ "a\xe1\x9a\x80"
	  "b",
	    0, false }, /* U+1680 */
	{ "\xe0\xba\xaa", 0, true },
};

START_TEST(a_name_has_no_white_space)
{
	char text[LIMIT_ORIGIN_BYTES + 10];
	struct note_signer made;
	struct error err = { 0 };

	memset(text, 'a', sizeof(text));
	text[names[_i].repeat] = '\0';
	if (names[_i].name != NULL)
		snprintf(text, sizeof(text), "%s", names[_i].name);
	ck_assert_msg(note_name_is_valid(span_of_str(text)) == names[_i].good,
	    "%d", _i);
	ck_assert(note_signer_make(text, NOTE_JOURNAL, &made, &err) ==
	    names[_i].good);
	if (!names[_i].good)
		ck_assert_int_eq(err.kind, ERROR_USAGE);
}
END_TEST

/* In text, the last time that from stands there, to instead. */
static void
replace_last(char *text, const char *from, const char *to)
{
	char *at = NULL, *next = text;

	while ((next = strstr(next, from)) != NULL)
		at = next++;
	ck_assert_msg(at != NULL, "%s has no %s", text, from);
	ck_assert_uint_eq(strlen(from), strlen(to));
	memcpy(at, to, strlen(to));
}

START_TEST(a_key_with_a_wrong_id_is_refused)
{
	char text[NOTE_KEY_TEXT], id[20];
	struct note_key key = { .id = 42 };
	struct error err = { 0 };

	note_key_encode(&journal.key, text);
	snprintf(id, sizeof(id), "+%08x+", journal.key.id);
	ck_ok(note_key_parse(span_of_str(text), NOTE_JOURNAL, &key, &err), err);
	key.id = 42;
	replace_last(text, id,
	    journal.key.id == 1 ? "+00000002+" : "+00000001+");
	ck_assert(!note_key_parse(span_of_str(text), NOTE_JOURNAL, &key, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "wrong ID"));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_uint_eq(key.id, 42); /* untouched */
}
END_TEST

static const struct {
	const char *from, *to; /* in what was encoded; NULL: as it is */
	enum note_type type;
	const char *says; /* NULL: it is good */
} private[] = {
	{ NULL, NULL, NOTE_JOURNAL, NULL },
	{ NULL, NULL, NOTE_WITNESS, "not a private key" },
	{ "PRIVATE+KEY+", "PRIVATE KEY+", NOTE_JOURNAL, "not a private key" },
	{ "PRIVATE+KEY+", "private+key+", NOTE_JOURNAL, "not a private key" },
	{ "log.test", "log test", NOTE_JOURNAL, "not a private key" },
	{ "log.test", "log.tset", NOTE_JOURNAL, "does not match its ID" },
};

START_TEST(a_private_key_comes_back_and_no_other)
{
	struct buf text = BUF(1000);
	struct note_signer back = { .seed = { 42 } };
	struct error err = { 0 };
	bool good;

	ck_ok(note_signer_encode(&journal, &text, &err) &&
		buf_append_u8(&text, 0, &err),
	    err);
	if (private[_i].from != NULL)
		replace_last((char *)text.data, private[_i].from,
		    private[_i].to);
	text.len--;
	good =
	    note_signer_parse(buf_span(&text), private[_i].type, &back, &err);
	ck_assert_msg(good == (private[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (good) {
		ck_assert_mem_eq(back.seed, journal.seed, 32);
		ck_assert_uint_eq(back.key.id, journal.key.id);
		ck_assert_mem_eq(back.key.public_key, journal.key.public_key,
		    32);
	} else {
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
		ck_assert_msg(strstr(err.detail, private[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
		ck_assert_uint_eq(back.seed[0], 42); /* untouched */
	}
	buf_free(&text);
}
END_TEST

START_TEST(a_journal_has_so_many_keys_and_no_more)
{
	struct error err = { 0 };

	for (uint64_t i = 1; i < LIMIT_JOURNAL_KEYS; i++)
		ck_ok(note_keys_add(&keys, i, &journal.key, &err), err);
	ck_assert(
	    !note_keys_add(&keys, LIMIT_JOURNAL_KEYS, &journal.key, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	keys.num = 1;
	ck_assert(!note_keys_add(&keys, 5, &other.key, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert(!note_keys_add(&keys, 0, &journal.key, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
}
END_TEST

START_TEST(lines_of_keys_that_are_none_are_refused)
{
	static const struct {
		const char *line, *says;
	} rows[] = {
		{ "10\n", "not a line" },
		{ "x %s\n", "not a line" },
		{ "010 %s\n", "not a line" },
		{ "10 %s+\n", "not a journal key" },
		{ "10 %s\n10 %s\n", "out of order" },
		{ "10 %s\n9 %s\n", "out of order" },
	};
	char spelt[NOTE_KEY_TEXT];
	struct buf many = BUF(100000);
	struct error err = { 0 };
	struct note_keys out;

	note_key_encode(&journal.key, spelt);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[1000];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), rows[i].line, spelt, spelt);
#pragma GCC diagnostic pop
		ck_assert(!note_keys_parse(span_of_str(text), &journal.key,
		    &out, &err));
		ck_assert_msg(strstr(err.detail, rows[i].says) != NULL,
		    "%zu: %s", i, err.detail);
	}
	for (unsigned i = 1; i < LIMIT_JOURNAL_KEYS; i++)
		ck_ok(buf_printf(&many, &err, "%u %s\n", i, spelt), err);
	ck_ok(note_keys_parse(buf_span(&many), &journal.key, &out, &err), err);
	ck_ok(buf_printf(&many, &err, "99 %s\n", spelt), err);
	ck_assert(!note_keys_parse(buf_span(&many), &journal.key, &out, &err));
	buf_free(&many);
}
END_TEST

/* --- Checkpoints and notes. --- */

START_TEST(a_checkpoint_over_its_limit_is_refused)
{
	static char text[LIMIT_NOTE_TEXT + 1];
	struct checkpoint out;
	struct error err = { 0 };

	memset(text, 'a', sizeof(text));
	ck_assert(
	    !checkpoint_parse(span_of(text, LIMIT_NOTE_TEXT), &out, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert(
	    !checkpoint_parse(span_of(text, LIMIT_NOTE_TEXT + 1), &out, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
}
END_TEST

/* What follows a good note, or stands in its place. */
static const struct {
	const char *after, *instead;
	size_t lines; /* so many of a key that is not known, after it */
	size_t pad;   /* one such line of so many bytes of base64 */
	enum error_kind kind;
	const char *says; /* NULL: it opens */
} notes[] = {
	{ "", NULL, 0, 0, 0, NULL },
	{ "", NULL, LIMIT_NOTE_LINES - 1, 0, 0, NULL },
	{ "", NULL, LIMIT_NOTE_LINES, 0, ERROR_LIMIT, "more than 100" },
	{ "", NULL, 1, 8000, 0, NULL },
	{ "", NULL, 1, LIMIT_NOTE_FILE, ERROR_LIMIT, "note is" },
	{ DASH "x AAAAAAA=", NULL, 0, 0, ERROR_MALFORMED, "does not end" },
	{ DASH "x AAAA\n", NULL, 0, 0, ERROR_MALFORMED, "too short" },
	{ DASH "x AAAAAA==\n", NULL, 0, 0, ERROR_MALFORMED, "too short" },
	{ DASH "x *\n", NULL, 0, 0, ERROR_MALFORMED, "base64" },
	{ DASH "x+y AAAAAAA=\n", NULL, 0, 0, ERROR_MALFORMED, "is broken" },
	{ "- x AAAAAAA=\n", NULL, 0, 0, ERROR_MALFORMED, "is broken" },
	{ DASH "x\n", NULL, 0, 0, ERROR_MALFORMED, "is broken" },
	{ DASH "x\tAAAAAAA=\n", NULL, 0, 0, ERROR_MALFORMED,
	    "control character" },
	{ DASH "x AAAAAAA=\r\n", NULL, 0, 0, ERROR_MALFORMED,
	    "control character" },
	{ DASH "\xff AAAAAAA=\n", NULL, 0, 0, ERROR_MALFORMED,
	    "not a signed note" },
	{ "", "", 0, 0, ERROR_MALFORMED, "not a signed note" },
	{ "", "a\nb\n", 0, 0, ERROR_MALFORMED, "not a signed note" },
	{ "", "a\n\n", 0, 0, ERROR_MALFORMED, "not a signed note" },
};

START_TEST(a_note_that_is_none_is_refused)
{
	struct buf text = BUF(2 * LIMIT_NOTE_FILE);
	struct checkpoint out;
	struct error err = { 0 };
	bool good;

	if (notes[_i].instead != NULL)
		ck_ok(buf_append_str(&text, notes[_i].instead, &err), err);
	else
		put_note(&journal, ORIGIN, 8, digest_of(1), &text);
	for (size_t i = 0; i < notes[_i].lines; i++) {
		ck_ok(buf_append_str(&text, DASH "x AAAAAAA", &err), err);
		for (size_t n = 0; n < notes[_i].pad; n += 4)
			ck_ok(buf_append_str(&text, "AAAA", &err), err);
		ck_ok(buf_append_str(&text, notes[_i].pad > 0 ? "A\n" : "=\n",
			  &err),
		    err);
	}
	ck_ok(buf_append_str(&text, notes[_i].after, &err), err);
	good = note_open(buf_span(&text), &keys, &out, &err);
	ck_assert_msg(good == (notes[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (!good) {
		ck_assert_msg(err.kind == notes[_i].kind &&
			strstr(err.detail, notes[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
	}
	buf_free(&text);
}
END_TEST

START_TEST(a_note_is_the_journals_by_its_key_and_its_origin)
{
	static const struct {
		const struct note_signer *by;
		const char *origin, *code, *says; /* NULL: it opens */
	} rows[] = {
		{ &journal, ORIGIN, "", NULL },
		{ &other, ORIGIN, "KEY_UNKNOWN", "a newer key" },
		{ &other, "other.test/log", "", "is not signed by" },
		{ &journal, "other.test/log", "", "is another journal's" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf text = BUF(10000);
		struct checkpoint out;
		struct error err = { 0 };
		bool good;

		put_note(rows[i].by, rows[i].origin, 8, digest_of(1), &text);
		good = note_open(buf_span(&text), &keys, &out, &err);
		ck_assert_msg(good == (rows[i].says == NULL), "%zu: %s", i,
		    err.detail);
		if (!good) {
			ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
			ck_assert_str_eq(err.code, rows[i].code);
			ck_assert_msg(strstr(err.detail, rows[i].says) != NULL,
			    "%zu: %s", i, err.detail);
		}
		buf_free(&text);
	}
}
END_TEST

START_TEST(a_witness_signs_a_note_and_at_a_time)
{
	struct buf text = BUF(10000), line = BUF(1000), raw = BUF(100);
	struct cosignature lines[1];
	struct error err = { 0 };
	char base64[200];
	size_t num;

	ck_assert(
	    !note_cosign(&witness, span_of_str("no note"), 1, &line, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	put_note(&journal, ORIGIN, 8, digest_of(1), &text);
	ck_assert(!note_cosign(&witness, buf_span(&text), 0, &line, &err));
	ck_assert_uint_eq(line.len, 0);
	ck_assert(!note_cosignatures(span_of_str("no note"), &witness.key, 1,
	    lines, &num, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	/* Its line is there twice; it counts once. */
	ck_ok(note_cosign(&witness, buf_span(&text), 7, &line, &err) &&
		buf_append(&text, buf_span(&line), &err) &&
		buf_append(&text, buf_span(&line), &err) &&
		note_cosignatures(buf_span(&text), &witness.key, 1, lines, &num,
		    &err),
	    err);
	ck_assert_uint_eq(num, 1);
	ck_assert_int_eq(lines[0].at, 7);
	/* A line of another key of that name is nobody's. */
	text.len = 0;
	put_note(&journal, ORIGIN, 8, digest_of(1), &text);
	ck_ok(buf_append_u32(&raw, witness.key.id + 1, &err) &&
		buf_append_u64(&raw, 7, &err),
	    err);
	base64_encode(buf_span(&raw), base64);
	ck_ok(buf_printf(&text, &err, DASH "%s %s\n", witness.key.name,
		  base64) &&
		note_cosignatures(buf_span(&text), &witness.key, 1, lines, &num,
		    &err),
	    err);
	ck_assert_uint_eq(num, 0);
	/* One of its own that is too short is wrong. */
	raw.len = 0;
	ck_ok(buf_append_u32(&raw, witness.key.id, &err) &&
		buf_append_u64(&raw, 7, &err),
	    err);
	base64_encode(buf_span(&raw), base64);
	ck_ok(buf_printf(&text, &err, DASH "%s %s\n", witness.key.name, base64),
	    err);
	ck_assert(!note_cosignatures(buf_span(&text), &witness.key, 1, lines,
	    &num, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	buf_free(&text);
	buf_free(&line);
	buf_free(&raw);
}
END_TEST

/* --- Proofs. --- */

/* What a verifier could be led to by a proof with a hash too many. */
START_TEST(a_proof_is_as_long_as_its_tree_is_high)
{
	const struct digest a = digest_of(1), b = digest_of(2),
			    c = digest_of(3), top = merkle_node(&a, &b),
			    higher = merkle_node(&c, &top);
	struct merkle_proof proof = { .num = 1, .hashes = { b, c } };
	struct digest old;

	ck_assert(merkle_verify_inclusion(0, 2, &a, &proof, &top));
	proof.num = 2;
	ck_assert(!merkle_verify_inclusion(0, 2, &a, &proof, &higher));
	/* From three leaves (a, b, c) to four, and a hash more. */
	proof = (struct merkle_proof){ .num = 3, .hashes = { c, b, a } };
	{
		const struct digest x = digest_of(4),
				    right = merkle_node(&c, &b),
				    four = merkle_node(&a, &right),
				    three = merkle_node(&a, &c),
				    old_higher = merkle_node(&x, &three),
				    new_higher = merkle_node(&x, &four);

		ck_assert(
		    merkle_verify_consistency(3, 4, &three, &four, &proof));
		proof.hashes[proof.num++] = x;
		ck_assert(!merkle_verify_consistency(3, 4, &old_higher,
		    &new_higher, &proof));
	}
	/* A smaller tree does not extend a larger one. */
	proof = (struct merkle_proof){ .num = 2, .hashes = { a, b } };
	ck_assert(!merkle_verify_consistency(3, 2, &a, &top, &proof));
	ck_assert(!merkle_old_root(3, 2, &top, &proof, &old));
	/* The old root is told if the proof leads to this one. */
	proof = (struct merkle_proof){ .num = 3, .hashes = { c, b, a } };
	{
		const struct digest right = merkle_node(&c, &b),
				    root = merkle_node(&a, &right);

		ck_assert(merkle_old_root(3, 4, &root, &proof, &old));
		ck_assert(!merkle_old_root(3, 4, &top, &proof, &old));
		ck_assert(!merkle_old_root(2, 4, &root, &proof, &old));
		ck_assert(!merkle_old_root(0, 4, &root, &proof, &old));
	}
}
END_TEST

#define HASH64     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
#define PROOF_HEAD "c2sp.org/tlog-proof@v1\nextra YQ==\nindex 1\n"

static const struct {
	const char *text;
	size_t hashes;
	const char *tail, *says; /* NULL: it is good */
} proofs[] = {
	{ PROOF_HEAD, 0, "\nnote", NULL },
	{ PROOF_HEAD, LIMIT_PROOF_HASHES, "\nnote", NULL },
	{ PROOF_HEAD, LIMIT_PROOF_HASHES + 1, "\nnote", "too many hashes" },
	{ PROOF_HEAD, 0, "AAAA\n\n", "a hash is not 32 bytes" },
	{ PROOF_HEAD, 1, "", "too early" },
	{ "c2sp.org/tlog-proof@v2\nextra YQ==\nindex 1\n", 0, "\n",
	    "not a tlog-proof" },
	{ "c2sp.org/tlog-proof@v1\nindex 1\n", 0, "\n", "no entry" },
	{ "c2sp.org/tlog-proof@v1\nextra *\nindex 1\n", 0, "\n", "entry" },
	{ "c2sp.org/tlog-proof@v1\nextra YQ==\nplace 1\n", 0, "\n",
	    "no index" },
	{ "c2sp.org/tlog-proof@v1\nextra YQ==\nindex 01\n", 0, "\n",
	    "no index" },
};

START_TEST(a_receipt_that_is_none_is_refused)
{
	struct buf text = BUF(100000);
	struct proof out = PROOF;
	struct error err = { 0 };
	bool good;

	ck_ok(buf_append_str(&text, proofs[_i].text, &err), err);
	for (size_t i = 0; i < proofs[_i].hashes; i++)
		ck_ok(buf_append_str(&text, HASH64, &err), err);
	ck_ok(buf_append_str(&text, proofs[_i].tail, &err), err);
	good = proof_parse(buf_span(&text), &out, &err);
	ck_assert_msg(good == (proofs[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (!good)
		ck_assert_msg(strstr(err.detail, proofs[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
	proof_free(&out);
	buf_free(&text);
}
END_TEST

/* Of receipts and of evidence: one byte more than they may have. */
START_TEST(a_file_over_its_limit_is_refused)
{
	char *text = calloc(1, LIMIT_EVIDENCE_BYTES + 1);
	struct evidence evidence = EVIDENCE;
	struct proof proof = PROOF;
	struct error err = { 0 };

	ck_assert(!proof_parse(span_of(text, LIMIT_PROOF_FILE), &proof, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert(
	    !proof_parse(span_of(text, LIMIT_PROOF_FILE + 1), &proof, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	ck_assert(!evidence_parse(span_of(text, LIMIT_EVIDENCE_BYTES),
	    &evidence, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert(!evidence_parse(span_of(text, LIMIT_EVIDENCE_BYTES + 1),
	    &evidence, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	evidence_free(&evidence);
	proof_free(&proof);
	free(text);
}
END_TEST

static const struct {
	const char *text, *says;
} evidences[] = {
	{ "valise evidence 2\n", "does not begin" },
	{ "valise evidence 1\nshown 1\naseen 1\nb", "missing or cut" },
	{ "valise evidence 1\nseen 1\nashown 2\nb", "missing or cut" },
	{ "valise evidence 1\nseen 131073\na", "missing or cut" },
	{ "valise evidence 1\nseen 1\nashown 1\nbroot x\n", "no root" },
	{ "valise evidence 1\nseen 1\nashown 1\nbhash " HASH64, "no root" },
	{ "valise evidence 1\nseen 1\nashown 1\nbroot " HASH64 "hash x\n",
	    "its proof" },
};

START_TEST(evidence_that_is_none_is_refused)
{
	struct evidence evidence = EVIDENCE;
	struct error err = { 0 };

	ck_assert(
	    !evidence_parse(span_of_str(evidences[_i].text), &evidence, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_msg(strstr(err.detail, evidences[_i].says) != NULL, "%s",
	    err.detail);
	evidence_free(&evidence);
}
END_TEST

START_TEST(evidence_has_so_many_hashes_and_no_more)
{
	for (size_t num = LIMIT_PROOF_HASHES; num <= LIMIT_PROOF_HASHES + 1;
	     num++) {
		struct evidence evidence = EVIDENCE;
		struct buf text = BUF(100000);
		struct error err = { 0 };

		ck_ok(buf_append_str(&text,
			  "valise evidence 1\nseen 1\nashown 1\nbroot " HASH64,
			  &err),
		    err);
		for (size_t i = 0; i < num; i++)
			ck_ok(buf_append_str(&text, "hash " HASH64, &err), err);
		ck_assert(evidence_parse(buf_span(&text), &evidence, &err) ==
		    (num == LIMIT_PROOF_HASHES));
		evidence_free(&evidence);
		buf_free(&text);
	}
}
END_TEST

/*
 * One leaf, and two of which it is the first, or is not; the root that the
 * proof speaks of is the first one's, or another.
 */
START_TEST(evidence_with_a_proof_proves_or_is_refused)
{
	const struct digest a = digest_of(1), b = digest_of(2),
			    both = merkle_node(&a, &b);
	static const struct {
		bool same, right, proves, good;
	} rows[] = {
		{ false, true, true, true },
		{ true, true, false, false }, /* it extends it */
		{ false, false, false, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct evidence evidence = EVIDENCE;
		struct error err = { 0 };
		bool proves;
		char says[400];

		put_note(&journal, ORIGIN, 1, rows[i].same ? a : digest_of(3),
		    &evidence.seen);
		put_note(&journal, ORIGIN, 2, both, &evidence.shown);
		evidence.has_root = true;
		evidence.root = a;
		evidence.proof = (struct merkle_proof){ .num = 1,
			.hashes = { rows[i].right ? b : a } };
		ck_assert_msg(evidence_verify(&evidence, &keys, &proves, says,
				  &err) == rows[i].good,
		    "%zu: %s", i, err.detail);
		ck_assert_int_eq(proves, rows[i].proves);
		if (!rows[i].good)
			ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
		evidence_free(&evidence);
	}
}
END_TEST

/* --- Entries. --- */

#define ZEROS32 "00000000000000000000000000000000"
#define POLICY  "\"policy\":\"" ZEROS32 ZEROS32 "\","
#define TAIL(software)                                                         \
	"\"salt\":\"" ZEROS32 "\",\"software\":\"" software                    \
	"\",\"time\":\"2026-11-23T10:00:01.250Z\",\"valise\":1}"
#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10

static const struct {
	const char *text, *says; /* NULL: it is good */
} entries[] = {
	/* The room of "software" is 64 bytes, its end among them. */
	{ "{\"act\":\"start\"," POLICY TAIL(A60 "aaa"), NULL },
	{ "{\"act\":\"start\"," POLICY TAIL(A60 "aaaa"), "software" },
	{ "{\"act\":\"start\"," POLICY TAIL(A60 "aaaaa"), "software" },
	{ "{\"act\":\"start\"," POLICY TAIL("\\\"\\\\"), NULL },
	{ "{\"valise\":1}", "neither act nor format" },
	{ "{\"act\":\"start\"}", "neither act nor format" },
	{ "{\"act\":\"policy\",\"changed\":[]," POLICY "\"salt\":\"" ZEROS32
	  "\",\"time\":\"2026-11-23T10:00:01.250Z\",\"valise\":1}",
	    NULL },
	{ "{\"act\":\"policy\",\"changed\":[\"a\",\"b\"]," POLICY
	  "\"salt\":\"" ZEROS32
	  "\",\"time\":\"2026-11-23T10:00:01.250Z\",\"valise\":1}",
	    NULL },
	{ "{\"act\":\"policy\",\"changed\":[\"a\",]," POLICY
	  "\"salt\":\"" ZEROS32
	  "\",\"time\":\"2026-11-23T10:00:01.250Z\",\"valise\":1}",
	    "changed" },
	{ "{\"act\":\"policy\",\"changed\":\"a\"," POLICY "\"salt\":\"" ZEROS32
	  "\",\"time\":\"2026-11-23T10:00:01.250Z\",\"valise\":1}",
	    "changed" },
	{ "{\"act\":\"start\",\"none\":{}," POLICY TAIL("v"), "none" },
	{ "{\"act\":\"start\",\"none\":1," POLICY TAIL("v"), "too many" },
};

START_TEST(an_entry_keeps_to_its_fields)
{
	static struct entry out;
	struct error err = { 0 };
	const bool good =
	    entry_parse(span_of_str(entries[_i].text), &out, &err);

	ck_assert_msg(good == (entries[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (!good) {
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
		ck_assert_msg(strstr(err.detail, entries[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
	}
}
END_TEST

/* Of a later format: two fields that are long, and together too long. */
START_TEST(an_entry_over_its_limit_is_refused)
{
	static struct entry out;

	for (size_t more = 0; more <= 1; more++) {
		struct buf text = BUF(100000);
		struct error err = { 0 };

		ck_ok(buf_append_str(&text, "{\"act\":\"later\",\"b\":\"",
			  &err),
		    err);
		while (text.len < 8000)
			ck_ok(buf_append_str(&text, "a", &err), err);
		ck_ok(buf_append_str(&text, "\",\"ba\":\"", &err), err);
		while (text.len + strlen("\"," POLICY TAIL("v")) <
		    LIMIT_ENTRY_BYTES + more)
			ck_ok(buf_append_str(&text, "a", &err), err);
		ck_ok(buf_append_str(&text, "\"," POLICY TAIL("v"), &err), err);
		ck_assert_uint_eq(text.len, LIMIT_ENTRY_BYTES + more);
		ck_assert_msg(entry_parse(buf_span(&text), &out, &err) ==
			(more == 0),
		    "%s", err.detail);
		if (more == 1)
			ck_assert_int_eq(err.kind, ERROR_LIMIT);
		buf_free(&text);
	}
}
END_TEST

START_TEST(a_force_names_so_many_signatures_and_no_more)
{
	static struct entry out;

	for (unsigned num = LIMIT_SIGNATURES; num <= LIMIT_SIGNATURES + 1;
	     num++) {
		struct buf text = BUF(100000);
		struct error err = { 0 };

		ck_ok(buf_append_str(&text,
			  "{\"act\":\"later\"," POLICY "\"salt\":\"" ZEROS32
			  "\",\"signatures\":[",
			  &err),
		    err);
		for (unsigned i = 0; i < num; i++)
			ck_ok(buf_printf(&text, &err,
				  "%s\"" ZEROS32 ZEROS32 "\"",
				  i == 0 ? "" : ","),
			    err);
		ck_ok(buf_append_str(&text,
			  "],\"time\":\"2026-11-23T10:00:01.250Z\","
			  "\"valise\":1}",
			  &err),
		    err);
		ck_assert_msg(entry_parse(buf_span(&text), &out, &err) ==
			(num == LIMIT_SIGNATURES),
		    "%s", err.detail);
		buf_free(&text);
	}
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, NULL);
	tcase_add_loop_test(t, a_name_has_no_white_space, 0, COUNT(names));
	tcase_add_test(t, a_key_with_a_wrong_id_is_refused);
	tcase_add_loop_test(t, a_private_key_comes_back_and_no_other, 0,
	    COUNT(private));
	tcase_add_test(t, a_journal_has_so_many_keys_and_no_more);
	tcase_add_test(t, lines_of_keys_that_are_none_are_refused);
	tcase_add_test(t, a_checkpoint_over_its_limit_is_refused);
	tcase_add_loop_test(t, a_note_that_is_none_is_refused, 0, COUNT(notes));
	tcase_add_test(t, a_note_is_the_journals_by_its_key_and_its_origin);
	tcase_add_test(t, a_witness_signs_a_note_and_at_a_time);
	tcase_add_test(t, a_proof_is_as_long_as_its_tree_is_high);
	tcase_add_loop_test(t, a_receipt_that_is_none_is_refused, 0,
	    COUNT(proofs));
	tcase_add_test(t, a_file_over_its_limit_is_refused);
	tcase_add_loop_test(t, evidence_that_is_none_is_refused, 0,
	    COUNT(evidences));
	tcase_add_test(t, evidence_has_so_many_hashes_and_no_more);
	tcase_add_test(t, evidence_with_a_proof_proves_or_is_refused);
	tcase_add_loop_test(t, an_entry_keeps_to_its_fields, 0, COUNT(entries));
	tcase_add_test(t, an_entry_over_its_limit_is_refused);
	tcase_add_test(t, a_force_names_so_many_signatures_and_no_more);
}

int
main(void)
{
	return run_tests("notes", fill);
}
