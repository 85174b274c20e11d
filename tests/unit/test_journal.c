/*
 * The vectors were computed by two independent programs (Go's sumdb, and
 * Python with openssl) over the seed 00 01 … 1f and leaves "entry-<i>".
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "journal/cosignatures.h"
#include "journal/entry.h"
#include "journal/evidence.h"
#include "journal/journal.h"

/* A tree in memory; full hashes by recursion. */
struct tree {
	struct digest *leaves;
	uint64_t size;
};

static bool
read_tree(void *arg, unsigned level, uint64_t index, struct digest *out,
    struct error *err)
{
	const struct tree *tree = arg;
	struct digest left, right;

	ck_assert_uint_lt((index << level), tree->size);
	if (level == 0) {
		*out = tree->leaves[index];
		return true;
	}
	(void)(read_tree(arg, level - 1, 2 * index, &left, err) &&
	    read_tree(arg, level - 1, 2 * index + 1, &right, err));
	*out = merkle_node(&left, &right);
	return true;
}

static struct tree
make_tree(uint64_t size)
{
	struct tree tree = { calloc(size + 1, sizeof(struct digest)), size };

	for (uint64_t i = 0; i < size; i++) {
		char text[40];

		snprintf(text, sizeof(text), "entry-%llu",
		    (unsigned long long)i);
		tree.leaves[i] = merkle_leaf(span_of_str(text));
	}
	return tree;
}

static const struct {
	uint64_t size;
	const char *root;
} roots[] = {
	{ 0,
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ 1,
	    "40766b2033429026f53d54502679a839706b4741f8dcaf3a8bba5f41b5ffe075" },
	{ 2,
	    "2f27a5082c1d42afa488ac350a9fc4390c084f54f71ecdff859e98db8429b479" },
	{ 3,
	    "a64bf26e09128f6fe2fe6f8b2d8c801e166b57c047a7cd9b2b809e7a96a2f1cb" },
	{ 4,
	    "256b9e8825e5d370a4ae005d0901ea291977e2927f5cf8e3e72660dd09519edb" },
	{ 7,
	    "9139601cc1ca8ab2a7a0c2c134c04845f2b1ba549a83d6c845cfcda439cc585d" },
	{ 8,
	    "dfcc13b9b0ca932c68de3d59eaaa8fe266a9c8091c0300e8405ebfeb0d0e5832" },
	{ 256,
	    "f85f4ead34080710b4d1e808301543aaab81aa04deb88599350dc26a4f2f58de" },
	{ 257,
	    "918b1cec64f317c76e3cf55c0536841c039eff06772ebb8828ce7c176028b5ac" },
	{ 65793,
	    "eb11341bad0b40fdeaef22cdaee53eb5e3cd965c4650d98b6a3b0a0f50dbd3ec" },
};

START_TEST(a_root_is_that_of_other_programs)
{
	struct tree tree = make_tree(roots[_i].size);
	struct merkle_edge edge = { 0 };
	struct digest root, again;
	struct error err = { 0 };
	char hex[DIGEST_HEX];

	for (uint64_t i = 0; i < tree.size; i++)
		merkle_append(&edge, &tree.leaves[i], NULL, NULL);
	root = merkle_root(&edge);
	digest_hex(&root, hex);
	ck_assert_str_eq(hex, roots[_i].root);
	ck_ok(merkle_root_at(read_tree, &tree, tree.size, &again, &err), err);
	ck_assert(digest_eq(&root, &again));
	free(tree.leaves);
}
END_TEST

START_TEST(every_proof_of_a_small_tree_verifies_and_no_other)
{
	const uint64_t size = (uint64_t)_i;
	struct tree tree = make_tree(size);
	struct merkle_proof proof;
	struct digest root, old_root;
	struct error err = { 0 };

	ck_ok(merkle_root_at(read_tree, &tree, size, &root, &err), err);
	for (uint64_t i = 0; i < size; i++) {
		ck_ok(merkle_prove_inclusion(read_tree, &tree, i, size, &proof,
			  &err),
		    err);
		ck_assert(merkle_verify_inclusion(i, size, &tree.leaves[i],
		    &proof, &root));
		ck_assert(!merkle_verify_inclusion(i + 1, size, &tree.leaves[i],
		    &proof, &root));
		ck_assert(!merkle_verify_inclusion(i, size + size,
		    &tree.leaves[i], &proof, &root));
		for (size_t k = 0; k < proof.num; k++) {
			proof.hashes[k].bytes[_i % 32] ^= 1;
			ck_assert(!merkle_verify_inclusion(i, size,
			    &tree.leaves[i], &proof, &root));
			proof.hashes[k].bytes[_i % 32] ^= 1;
		}
		proof.num++;
		ck_assert(!merkle_verify_inclusion(i, size, &tree.leaves[i],
		    &proof, &root));
	}
	for (uint64_t old = 0; old <= size; old++) {
		ck_ok(merkle_root_at(read_tree, &tree, old, &old_root, &err),
		    err);
		ck_ok(merkle_prove_consistency(read_tree, &tree, old, size,
			  &proof, &err),
		    err);
		ck_assert(merkle_verify_consistency(old, size, &old_root, &root,
		    &proof));
		if (old == 0 || old == size)
			continue;
		old_root.bytes[0] ^= 1;
		ck_assert(!merkle_verify_consistency(old, size, &old_root,
		    &root, &proof));
		old_root.bytes[0] ^= 1;
		proof.hashes[proof.num - 1].bytes[0] ^= 1;
		ck_assert(!merkle_verify_consistency(old, size, &old_root,
		    &root, &proof));
	}
	free(tree.leaves);
}
END_TEST

static const char vkey[] =
    "log.test/audit+98294fac+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
static const char note[] =
    "log.test/audit\n8\n38wTubDKkyxo3j1Z6qqP4mapyAkcAwDoQF6/6w0OWDI=\n\n"
    "\xe2\x80\x94 log.test/audit mClPrKZlI5yhJaQWiN8b8VWP1LtDSNFxjeZwxok8YVBREUupjp9ZH11WB3iidMaPOuGpiyZP1xbNNAAtM7MXqvG0fAQ=\n"
    "\xe2\x80\x94 witness.test/w1 +s0Z+gAAAABlU/EASq2lhPinh4I8tozgRdc4nVIivyE+7dQq7bFQgpBw2xw29AhkERUSfP4eTBfoQEt7GMs4h+qqliIzs0cd6LJ/AA==\n";

static struct note_key
test_key(void)
{
	struct note_key key;
	struct error err = { 0 };

	ck_ok(note_key_parse(span_of_str(vkey), NOTE_JOURNAL, &key, &err), err);
	return key;
}

/* Of a journal that never had another key. */
static const struct note_keys *
only(const struct note_key *key)
{
	static struct note_keys keys;

	keys = note_keys_of(key);
	return &keys;
}

START_TEST(a_note_of_another_program_opens)
{
	const struct note_key key = test_key();
	struct checkpoint checkpoint;
	struct error err = { 0 };
	char text[NOTE_KEY_TEXT];

	ck_ok(note_open(span_of_str(note), only(&key), &checkpoint, &err), err);
	ck_assert_uint_eq(checkpoint.size, 8);
	note_key_encode(&key, text);
	ck_assert_str_eq(text, vkey);
}
END_TEST

START_TEST(we_sign_the_note_that_other_programs_sign)
{
	struct note_signer signer = { .key = test_key() };
	struct checkpoint checkpoint = { .origin = "log.test/audit",
		.size = 8 };
	struct buf text = BUF(1000), out = BUF(1000);
	uint8_t signature[64];
	struct error err = { 0 };

	for (uint8_t i = 0; i < 32; i++)
		signer.seed[i] = i;
	ck_assert(digest_parse(span_of_str(roots[6].root), &checkpoint.root));
	ck_ok(checkpoint_encode(&checkpoint, &text, &err) &&
		note_sign(&signer, buf_span(&text), signature, &err) &&
		note_encode(&signer.key, &checkpoint, signature, &out, &err),
	    err);
	ck_assert(strncmp(note, (char *)out.data, out.len) == 0);
	buf_free(&text);
	buf_free(&out);
}
END_TEST

START_TEST(a_note_with_any_byte_changed_does_not_open)
{
	const struct note_key key = test_key();
	/* Up to the end of the journal's own line. */
	const size_t own = (size_t)(strstr(note, "witness") - note) - 4;
	struct checkpoint checkpoint;
	char copy[sizeof(note)];
	struct error err = { 0 };

	for (size_t i = 0; i < own; i++) {
		memcpy(copy, note, sizeof(note));
		copy[i] ^= 1;
		ck_assert_msg(!note_open(span_of(copy, sizeof(note) - 1),
				  only(&key), &checkpoint, &err),
		    "byte %zu", i);
	}
	for (size_t i = 0; i < own; i++)
		ck_assert(!note_open(span_of(note, i), only(&key), &checkpoint,
		    &err));
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

#define ZEROS32 "00000000000000000000000000000000"
#define HEX64   ZEROS32 ZEROS32

static const char deposit[] =
    "{\"act\":\"deposit\",\"commit\":\"" ZEROS32
    "00000000\",\"contents\":\"" HEX64 "\",\"crls\":\"" HEX64
    "\",\"digest\":\"" HEX64
    "\",\"document\":\"agreement/x1\",\"manifest\":\"" HEX64
    "\",\"office\":\"mofa\",\"person\":\"a@mofa.example\",\"policy\":\"" HEX64
    "\",\"prior\":88012,\"salt\":\"" ZEROS32 "\",\"signature\":\"" HEX64
    "\",\"time\":\"2026-11-23T10:00:01.250Z\",\"valise\":1,\"version\":2}";

static struct entry parsed; /* large */

START_TEST(an_entry_encodes_to_the_bytes_it_was_read_from)
{
	struct buf out = BUF(LIMIT_ENTRY_BYTES);
	struct error err = { 0 };

	ck_ok(entry_parse(span_of_str(deposit), &parsed, &err), err);
	ck_assert_int_eq(parsed.act, ACT_DEPOSIT);
	ck_assert_uint_eq(parsed.prior, 88012);
	ck_ok(entry_encode(&parsed, &out, &err), err);
	ck_assert(span_is(buf_span(&out), deposit));
	buf_free(&out);
}
END_TEST

START_TEST(every_truncation_of_an_entry_is_refused)
{
	struct error err = { 0 };

	for (size_t i = 0; i + 1 < sizeof(deposit) - 1; i++)
		ck_assert(!entry_parse(span_of(deposit, i), &parsed, &err));
}
END_TEST

#define HEAD "\"policy\":\"" HEX64 "\","
#define TAIL                                                                   \
	"\"salt\":\"" ZEROS32 "\",\"software\":\"v\",\"time\":\"2026-11-23T"   \
	"10:00:01.250Z\",\"valise\":1}"

static const struct {
	const char *text, *names; /* NULL: it is good */
} entries[] = {
	{ "{\"act\":\"start\"," HEAD TAIL, NULL },
	{ "{\"act\":\"start\"," HEAD "\"prior\":7," TAIL, NULL },
	{ "{\"act\": \"start\"," HEAD TAIL, "act" },
	{ "{" HEAD "\"act\":\"start\"," TAIL, "order" },
	{ "{\"act\":\"start\",\"act\":\"start\"," HEAD TAIL, "order" },
	{ "{\"act\":\"start\"," HEAD "\"prior\":07," TAIL, "prior" },
	{ "{\"act\":\"start\"," HEAD "\"prior\":-1," TAIL, "prior" },
	{ "{\"act\":\"start\"," HEAD "\"prior\":1e3," TAIL, "end" },
	{ "{\"act\":\"start\"," HEAD "\"prior\":9007199254740993," TAIL,
	    "prior" },
	{ "{\"act\":\"start\"," HEAD "\"rule\":\"x\"," TAIL, "too many" },
	{ "{\"act\":\"start\"," HEAD "\"quorum\":\"x\"," TAIL, "too many" },
	{ "{\"act\":\"s\\u0074art\"," HEAD TAIL, "act" },
	{ "{\"act\":\"st\\/art\"," HEAD TAIL, "act" },
	{ "{\"act\":\"start\"," TAIL, "missing" },
	{ "{\"act\":\"\xc3\xa4\"," HEAD TAIL, "act" },
	{ "{\"act\":\"start\"," HEAD TAIL "\n", "end" },
	{ "{\"act\":\"renew\",\"new-field\":[\"a\",\"b\"]," HEAD TAIL, NULL },
	{ "[]", "object" },
};

START_TEST(an_entry_has_one_spelling)
{
	struct error err = { 0 };
	const bool good =
	    entry_parse(span_of_str(entries[_i].text), &parsed, &err);

	ck_assert_msg(good == (entries[_i].names == NULL), "%d: %s", _i,
	    err.detail);
	if (!good)
		ck_assert_msg(strstr(err.detail, entries[_i].names) != NULL,
		    "%s", err.detail);
}
END_TEST

START_TEST(a_receipt_comes_back_and_no_other_verifies)
{
	struct tree tree = make_tree(8);
	struct proof proof = PROOF, back = PROOF;
	struct buf text = BUF(LIMIT_PROOF_FILE);
	const struct note_key key = test_key();
	struct checkpoint checkpoint;
	struct error err = { 0 };

	proof.index = 5;
	ck_ok(buf_append_str(&proof.entry, "entry-5", &err) &&
		buf_append_str(&proof.note, note, &err) &&
		merkle_prove_inclusion(read_tree, &tree, 5, 8, &proof.path,
		    &err) &&
		proof_encode(&proof, &text, &err) &&
		proof_parse(buf_span(&text), &back, &err) &&
		proof_verify(&back, only(&key), &checkpoint, &err),
	    err);
	ck_assert_uint_eq(checkpoint.size, 8);
	back.index = 4;
	ck_assert(!proof_verify(&back, only(&key), &checkpoint, &err));
	back.index = 5;
	back.entry.data[0] ^= 1;
	ck_assert(!proof_verify(&back, only(&key), &checkpoint, &err));
	for (size_t i = 0; i < text.len - proof.note.len; i++) {
		struct proof cut = PROOF;

		ck_assert(!proof_parse(span_of(text.data, i), &cut, &err));
		proof_free(&cut);
	}
	proof_free(&proof);
	proof_free(&back);
	buf_free(&text);
	free(tree.leaves);
}
END_TEST

/* --- The files. --- */

static char dir[UNIT_DIR];
static struct note_signer signer;

static void
make_dir(void)
{
	struct error err = { 0 };

	unit_make_dir(dir);
	ck_ok(note_signer_make("log.test/audit", NOTE_JOURNAL, &signer, &err),
	    err);
	ck_ok(journal_create(dir, &err), err);
}

static void
remove_dir(void)
{
	unit_remove_dir(dir);
}

static bool
count_entries(void *arg, uint64_t index, struct span entry, struct error *err)
{
	uint64_t *num = arg;

	(void)entry, (void)err;
	ck_assert_uint_eq(index, *num);
	(*num)++;
	return true;
}

static struct journal *
reopen(const struct head *head, uint64_t *num, struct journal_mended *mended,
    struct error *err)
{
	*num = 0;
	return journal_open(dir, only(&signer.key), head, count_entries, num,
	    mended, err);
}

static void
sign_head(struct head *head)
{
	struct checkpoint checkpoint = { .size = head->size,
		.root = head->root };
	struct buf text = BUF(1000);
	struct error err = { 0 };

	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    signer.key.name);
	ck_ok(checkpoint_encode(&checkpoint, &text, &err) &&
		note_sign(&signer, buf_span(&text), head->signature, &err),
	    err);
	buf_free(&text);
}

/* Batches of such sizes; commit is false for the last: a crash. */
static struct head
write_batches(const unsigned sizes[], size_t num, bool commit_last)
{
	const struct head empty = { .root = merkle_empty() };
	struct journal_mended mended;
	struct head head = empty;
	struct error err = { 0 };
	uint64_t seen, next = 0;
	struct journal *journal = reopen(&empty, &seen, &mended, &err);

	ck_assert_msg(journal != NULL, "%s", err.detail);
	for (size_t b = 0; b < num; b++) {
		static char texts[2000][24];
		struct span spans[2000];

		for (unsigned i = 0; i < sizes[b]; i++) {
			snprintf(texts[i], sizeof(texts[i]), "entry-%llu",
			    (unsigned long long)next++);
			spans[i] = span_of_str(texts[i]);
		}
		ck_ok(journal_append(journal, spans, sizes[b], &head, &err),
		    err);
		sign_head(&head);
		if (b + 1 < num || commit_last)
			ck_ok(journal_commit(journal, &head, &err), err);
	}
	journal_free(journal);
	return head;
}

static const unsigned some_batches[] = { 1, 2, 250, 10, 700, 1 };

START_TEST(a_journal_opens_as_it_was_left)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *journal;
	struct head head, at;
	struct proof proof = PROOF;
	struct checkpoint checkpoint;
	struct digest root;
	uint64_t num;

	make_dir();
	head = write_batches(some_batches, COUNT(some_batches), true);
	journal = reopen(&head, &num, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(num, 964);
	ck_assert_uint_eq(mended.cut_bytes + mended.heads_completed +
		mended.hashes_rebuilt,
	    0);
	/* Every receipt, to the head of its own batch and to the last. */
	for (uint64_t i = 0; i < num; i += 7) {
		ck_ok(journal_head_at(journal, i + 1, &at, &err), err);
		ck_assert_uint_gt(at.size, i);
		ck_ok(journal_receipt(journal, i, &at, &proof, &err) &&
			proof_verify(&proof, only(&signer.key), &checkpoint,
			    &err),
		    err);
		proof_free(&proof);
		proof = PROOF;
		ck_ok(journal_receipt(journal, i, &head, &proof, &err) &&
			proof_verify(&proof, only(&signer.key), &checkpoint,
			    &err),
		    err);
		proof_free(&proof);
		proof = PROOF;
		ck_ok(journal_prove_consistency(journal, at.size, head.size,
			  &proof.path, &err),
		    err);
		root = head.root;
		ck_assert(merkle_verify_consistency(at.size, head.size,
		    &at.root, &root, &proof.path));
	}
	proof_free(&proof);
	journal_free(journal);
	remove_dir();
}
END_TEST

/* An empty journal in place of the one that is there. */
static void
make_anew(void)
{
	struct error err = { 0 };

	remove_dir();
	ck_assert(mkdir(dir, 0700) == 0);
	ck_ok(journal_create(dir, &err), err);
}

START_TEST(a_batch_that_was_never_signed_is_cut)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *journal;
	struct head before;
	uint64_t num;

	make_dir();
	before = write_batches(some_batches, 3, true);
	make_anew();
	(void)write_batches(some_batches, 4, false);
	journal = reopen(&before, &num, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(num, 253);
	ck_assert_uint_gt(mended.cut_bytes, 0);
	journal_free(journal);
	remove_dir();
}
END_TEST

START_TEST(heads_that_are_behind_the_signer_are_completed)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *journal;
	struct head head;
	uint64_t num;

	make_dir();
	/* A kill between the signer's record and heads. */
	head = write_batches(some_batches, 4, false);
	journal = reopen(&head, &num, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(num, 263);
	ck_assert_uint_eq(mended.heads_completed, 1);
	ck_assert_uint_eq(journal_size(journal), 263);
	journal_free(journal);
	/* And all is well the next time. */
	journal = reopen(&head, &num, &mended, &err);
	ck_assert_msg(journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(mended.heads_completed, 0);
	journal_free(journal);
	remove_dir();
}
END_TEST

static void
damage(const char *name, off_t at, bool truncate_it)
{
	char path[FILE_PATH];
	uint8_t byte;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR);
	ck_assert_int_ge(fd, 0);
	if (at < 0)
		at += lseek(fd, 0, SEEK_END);
	if (truncate_it) {
		ck_assert(ftruncate(fd, at) == 0);
	} else {
		ck_assert(pread(fd, &byte, 1, at) == 1);
		byte ^= 1;
		ck_assert(pwrite(fd, &byte, 1, at) == 1);
	}
	close(fd);
}

static const struct {
	const char *file;
	off_t at; /* from the end if negative */
	bool cut;
	const char *says; /* NULL: mended */
} damages[] = {
	{ "entries", 5, false, "not those" },
	{ "entries", 1, false, "contradicts" },
	{ "entries", -3, false, "not those" },
	{ "entries", -3, true, "entries end before" },
	{ "entries", 0, true, "no entries" },
	{ "hashes-0", 100, false, NULL },
	{ "hashes-0", 64, true, NULL },
	{ "hashes-1", 3, false, NULL },
	{ "nodes", 1000, false, NULL },
	{ "nodes", 1000, true, NULL },
	{ "heads", -20, false, NULL }, /* the last record: completed again */
	{ "heads", -60, true, NULL },
};

START_TEST(damage_is_mended_where_it_is_derived_and_else_refused)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *journal;
	struct head head;
	uint64_t num;

	make_dir();
	head = write_batches(some_batches, COUNT(some_batches), true);
	damage(damages[_i].file, damages[_i].at, damages[_i].cut);
	journal = reopen(&head, &num, &mended, &err);
	if (damages[_i].says == NULL) {
		ck_assert_msg(journal != NULL, "%s", err.detail);
		ck_assert_uint_gt(mended.hashes_rebuilt +
			mended.heads_completed,
		    0);
	} else {
		ck_assert_ptr_null(journal);
		ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
		ck_assert_msg(strstr(err.detail, damages[_i].says) != NULL,
		    "%s", err.detail);
	}
	journal_free(journal);
	remove_dir();
}
END_TEST

START_TEST(a_signer_whose_memory_was_rolled_back_is_refused)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct head old;
	uint64_t num;

	make_dir();
	old = write_batches(some_batches, 2, true);
	make_anew();
	(void)write_batches(some_batches, 4, true);
	ck_assert_ptr_null(reopen(&old, &num, &mended, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "ahead of the signer"));
	remove_dir();
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
	const struct note_key journal_key = test_key();
	struct note_signer witness = { .key = { .type = NOTE_WITNESS } };
	struct note_key keys[2] = { journal_key };
	struct cosignature lines[2];
	struct error err = { 0 };
	struct buf ours = BUF(1000);
	char copy[sizeof(note)];
	size_t num;

	ck_ok(note_key_parse(span_of_str(witness_vkey), NOTE_WITNESS, &keys[1],
		  &err),
	    err);
	ck_assert(!note_key_parse(span_of_str(witness_vkey), NOTE_JOURNAL,
	    &keys[0], &err));
	keys[0].id++; /* the journal's own line is no cosignature */
	ck_ok(note_cosignatures(span_of_str(note), keys, 2, lines, &num, &err),
	    err);
	ck_assert_uint_eq(num, 1);
	ck_assert_uint_eq(lines[0].witness, 1);
	ck_assert_int_eq(lines[0].at, 1700000000);
	witness.key = keys[1];
	memcpy(witness.seed, seed, 32);
	ck_ok(note_cosign(&witness, span_of_str(note), 1700000000, &ours, &err),
	    err);
	ck_assert(span_eq(buf_span(&ours), lines[0].line));
	buf_free(&ours);
	/* Its time and signature: any bit changed, and the note is refused. */
	for (size_t i = 12; i < 100; i++) {
		memcpy(copy, note, sizeof(note));
		copy[(size_t)((const char *)lines[0].line.data - note) + i +
		    16] ^= 1;
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
	/* Which witness signs what, in that order. */
	static const struct {
		unsigned witness;
		uint64_t size;
	} signs[] = { { 0, 10 }, { 1, 12 }, { 0, 12 }, { 0, 12 }, { 1, 30 },
		{ 0, 20 } };
	struct buf out = BUF(10000);

	make_dir();
	ck_ok(file_join(path, dir, "cosignatures", &err), err);
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

		ck_ok(note_cosign(&signers[signs[i].witness], span_of_str(note),
			  1700000000 + (int64_t)i, &made, &err) &&
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
	remove_dir();
}
END_TEST

/* The checkpoint of a small tree, whose leaves from changed on are others. */
static void
put_checkpoint(uint64_t size, uint64_t changed, struct tree *tree,
    struct buf *out)
{
	struct checkpoint checkpoint = { .size = size };
	struct merkle_edge edge = { 0 };
	struct head head = { .size = size };
	struct error err = { 0 };

	*tree = make_tree(size);
	for (uint64_t i = 0; i < size; i++) {
		if (i >= changed)
			tree->leaves[i].bytes[0] ^= 1;
		merkle_append(&edge, &tree->leaves[i], NULL, NULL);
	}
	head.root = checkpoint.root = merkle_root(&edge);
	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    signer.key.name);
	sign_head(&head);
	ck_ok(note_encode(&signer.key, &checkpoint, head.signature, out, &err),
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
	struct tree seen, shown;
	struct error err = { 0 };
	bool proves;
	char says[400];

	ck_ok(note_signer_make("log.test/audit", NOTE_JOURNAL, &signer, &err),
	    err);
	put_checkpoint(forks[_i].seen, UINT64_MAX, &seen, &evidence.seen);
	put_checkpoint(forks[_i].shown, forks[_i].changed, &shown,
	    &evidence.shown);
	evidence.has_root = forks[_i].with_root;
	if (forks[_i].with_root)
		ck_ok(merkle_root_at(read_tree, &shown, forks[_i].seen,
			  &evidence.root, &err) &&
			merkle_prove_consistency(read_tree, &shown,
			    forks[_i].seen, forks[_i].shown, &evidence.proof,
			    &err),
		    err);
	ck_ok(evidence_encode(&evidence, &text, &err), err);
	ck_ok(evidence_parse(buf_span(&text), &again, &err), err);
	ck_ok(evidence_verify(&again, only(&signer.key), &proves, says, &err),
	    err);
	ck_assert_int_eq(proves, forks[_i].proves);
	for (size_t i = 0; i < text.len; i++) {
		struct evidence cut = EVIDENCE;

		/* Cut anywhere it is refused, or says less. */
		if (evidence_parse(span_of(text.data, i), &cut, &err) &&
		    evidence_verify(&cut, only(&signer.key), &proves, says,
			&err))
			ck_assert(!proves || !forks[_i].with_root);
		evidence_free(&cut);
	}
	again.shown.len = 0;
	ck_assert(
	    !evidence_verify(&again, only(&signer.key), &proves, says, &err));
	free(seen.leaves);
	free(shown.leaves);
	evidence_free(&evidence);
	evidence_free(&again);
	buf_free(&text);
}
END_TEST

/* The names that Go's sumdb computes, less its "8/" (C2SP tlog-tiles). */
static const struct {
	const char *path;
	struct tile tile; /* width 0: it is refused */
	const char *says; /* why */
} tiles[] = {
	{ "0/000", { false, 0, 0, 256 } },
	{ "0/000.p/17", { false, 0, 0, 17 } },
	{ "0/999.p/17", { false, 0, 999, 17 } },
	{ "0/x001/000", { false, 0, 1000, 256 } },
	{ "0/x001/x234/067.p/17", { false, 0, 1234067, 17 } },
	{ "1/x123/x456/x789/012", { false, 1, UINT64_C(123456789012), 256 } },
	{ "entries/005", { true, 0, 5, 256 } },
	{ "entries/x001/000.p/255", { true, 0, 1000, 255 } },
	{ "63/000", { false, 63, 0, 256 } },
	{ .path = "", .says = "no level" },
	{ .path = "0", .says = "no level" },
	{ .path = "0/", .says = "groups of three" },
	{ .path = "64/000", .says = "its level" },
	{ .path = "00/000", .says = "its level" },
	{ .path = "+1/000", .says = "its level" },
	{ .path = "0/00", .says = "groups" },
	{ .path = "0/0000", .says = "groups" },
	{ .path = "0/x000/001", .says = "groups" },
	{ .path = "0/001/001", .says = "its width" },
	{ .path = "0/x001", .says = "groups" },
	{ .path = "0/000.p/", .says = "not spelt" },
	{ .path = "0/000.p/0", .says = "its width" },
	{ .path = "0/000.p/017", .says = "its width" },
	{ .path = "0/000.p/256", .says = "its width" },
	{ .path = "0/000.p/1/2", .says = "its width" },
	{ .path = "0/000/17", .says = "not spelt" },
	{ .path = "0/0a0", .says = "groups" },
	{ .path = "entries/x999/x999/x999/x999/x999/x999/x999/x999/999",
	    .says = "groups" },
	{ .path = "data/000", .says = "its level" },
};

START_TEST(a_tile_has_one_name)
{
	const bool good = tiles[_i].tile.width != 0;
	struct error err = { 0 };
	char path[TILE_PATH];
	struct tile tile;

	ck_assert_msg(tile_parse(span_of_str(tiles[_i].path), &tile, &err) ==
		good,
	    "%s", tiles[_i].path);
	if (!good) {
		ck_assert_msg(strstr(err.detail, tiles[_i].says) != NULL,
		    "%s: %s", tiles[_i].path, err.detail);
		return;
	}
	ck_assert_int_eq(tile.is_bundle, tiles[_i].tile.is_bundle);
	ck_assert_uint_eq(tile.level, tiles[_i].tile.level);
	ck_assert_uint_eq(tile.number, tiles[_i].tile.number);
	ck_assert_uint_eq(tile.width, tiles[_i].tile.width);
	tile_path(&tile, path);
	ck_assert_str_eq(path, tiles[_i].path);
}
END_TEST

START_TEST(a_partial_tile_is_there_as_far_as_the_journal_is)
{
	/* Size 70000, computed by Go: 273 full and 112 at level 0, and so on. */
	ck_assert_uint_eq(tile_at(70000, 0, 272).width, 256);
	ck_assert_uint_eq(tile_at(70000, 0, 273).width, 112);
	ck_assert_uint_eq(tile_at(70000, 0, 274).width, 0);
	ck_assert_uint_eq(tile_at(70000, 1, 0).width, 256);
	ck_assert_uint_eq(tile_at(70000, 1, 1).width, 17);
	ck_assert_uint_eq(tile_at(70000, 2, 0).width, 1);
	ck_assert_uint_eq(tile_at(70000, 3, 0).width, 0);
	ck_assert_uint_eq(tile_at(256, 0, 0).width, 256);
	ck_assert_uint_eq(tile_at(256, 0, 1).width, 0);
	ck_assert(tile_is_there(&(struct tile){ .width = 112, .number = 273 },
	    70000));
	ck_assert(!tile_is_there(&(struct tile){ .width = 113, .number = 273 },
	    70000));
	ck_assert(!tile_is_there(&(struct tile){ .level = 63, .width = 1 },
	    UINT64_MAX));
}
END_TEST

START_TEST(a_view_reads_what_is_committed_and_changes_nothing)
{
	static const unsigned sizes[] = { 200, 56, 1, 44 };
	struct journal_mended mended;
	struct error err = { 0 };
	struct journal *view;
	struct tile tile = { .is_bundle = true };
	struct buf bytes = BUF(SIZE_MAX), leaves = BUF(SIZE_MAX);
	struct span rest, one;
	struct digest root, leaf;
	struct head head;
	uint64_t num = 0;
	uint16_t len;

	make_dir();
	head = write_batches(sizes, 4, true);
	view = journal_view(dir, only(&signer.key), count_entries, &num,
	    &mended, &err);
	ck_assert_msg(view != NULL, "%s", err.detail);
	ck_assert_uint_eq(num, 301);
	ck_assert_uint_eq(mended.hashes_rebuilt, 0);
	ck_ok(journal_root_at(view, 301, &root, &err), err);
	ck_assert(digest_eq(&root, &head.root));
	for (tile.number = 0; tile.number < 2; tile.number++) {
		tile.width = tile_at(301, 0, tile.number).width;
		bytes.len = leaves.len = 0;
		tile.is_bundle = true;
		ck_ok(journal_tile(view, &tile, &bytes, &err), err);
		tile.is_bundle = false;
		ck_ok(journal_tile(view, &tile, &leaves, &err), err);
		ck_assert_uint_eq(leaves.len, tile.width * 32);
		rest = buf_span(&bytes);
		for (size_t i = 0; i < tile.width; i++) {
			ck_assert(span_take_u16(&rest, &len) &&
			    span_take(&rest, len, &one));
			leaf = merkle_leaf(one);
			ck_assert_mem_eq(leaf.bytes, leaves.data + i * 32, 32);
		}
		ck_assert_uint_eq(rest.len, 0);
	}
	buf_free(&bytes);
	buf_free(&leaves);
	journal_free(view);
	remove_dir();
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
	tcase_add_loop_test(t, evidence_proves_a_fork_and_nothing_else, 0,
	    COUNT(forks));
	tcase_add_loop_test(t, a_tile_has_one_name, 0, COUNT(tiles));
	tcase_add_test(t, a_partial_tile_is_there_as_far_as_the_journal_is);
	tcase_add_test(t, a_view_reads_what_is_committed_and_changes_nothing);
	tcase_add_loop_test(t, a_root_is_that_of_other_programs, 0,
	    COUNT(roots));
	tcase_add_loop_test(t,
	    every_proof_of_a_small_tree_verifies_and_no_other, 1, 40);
	tcase_add_test(t, a_note_of_another_program_opens);
	tcase_add_test(t, we_sign_the_note_that_other_programs_sign);
	tcase_add_test(t, a_note_with_any_byte_changed_does_not_open);
	tcase_add_loop_test(t, a_checkpoint_that_is_none_is_refused, 0,
	    COUNT(bad_checkpoints));
	tcase_add_test(t, an_entry_encodes_to_the_bytes_it_was_read_from);
	tcase_add_test(t, every_truncation_of_an_entry_is_refused);
	tcase_add_loop_test(t, an_entry_has_one_spelling, 0, COUNT(entries));
	tcase_add_test(t, a_receipt_comes_back_and_no_other_verifies);
	tcase_add_test(t, a_journal_opens_as_it_was_left);
	tcase_add_test(t, a_batch_that_was_never_signed_is_cut);
	tcase_add_test(t, heads_that_are_behind_the_signer_are_completed);
	tcase_add_loop_test(t,
	    damage_is_mended_where_it_is_derived_and_else_refused, 0,
	    COUNT(damages));
	tcase_add_test(t, a_signer_whose_memory_was_rolled_back_is_refused);
}

int
main(void)
{
	return run_tests("journal", fill);
}
