/*
 * The tree: roots, proofs, and the names of tiles.  The vectors were computed
 * by two independent programs (Go's sumdb, and Python with openssl) over leaves
 * "entry-<i>".
 */
#include "unit.h"

#include "journal/merkle.h"
#include "journal/tile.h"
#include "journal_fixture.h"

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
	struct fixture_tree tree = fixture_make_tree(roots[_i].size);
	struct merkle_edge edge = { 0 };
	struct digest root, again;
	struct error err = { 0 };
	char hex[DIGEST_HEX];

	for (uint64_t i = 0; i < tree.size; i++)
		merkle_append(&edge, &tree.leaves[i], NULL, NULL);
	root = merkle_root(&edge);
	digest_hex(&root, hex);
	ck_assert_str_eq(hex, roots[_i].root);
	ck_ok(merkle_root_at(fixture_read_tree, &tree, tree.size, &again, &err),
	    err);
	ck_assert(digest_eq(&root, &again));
	free(tree.leaves);
}
END_TEST

START_TEST(every_proof_of_a_small_tree_verifies_and_no_other)
{
	const uint64_t size = (uint64_t)_i;
	struct fixture_tree tree = fixture_make_tree(size);
	struct merkle_proof proof;
	struct digest root, old_root;
	struct error err = { 0 };

	ck_ok(merkle_root_at(fixture_read_tree, &tree, size, &root, &err), err);
	for (uint64_t i = 0; i < size; i++) {
		ck_ok(merkle_prove_inclusion(fixture_read_tree, &tree, i, size,
			  &proof, &err),
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
		ck_ok(merkle_root_at(fixture_read_tree, &tree, old, &old_root,
			  &err),
		    err);
		ck_ok(merkle_prove_consistency(fixture_read_tree, &tree, old,
			  size, &proof, &err),
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

static void
fill(TCase *t)
{
	tcase_add_loop_test(t, a_tile_has_one_name, 0, COUNT(tiles));
	tcase_add_test(t, a_partial_tile_is_there_as_far_as_the_journal_is);
	tcase_add_loop_test(t, a_root_is_that_of_other_programs, 0,
	    COUNT(roots));
	tcase_add_loop_test(t,
	    every_proof_of_a_small_tree_verifies_and_no_other, 1, 40);
}

int
main(void)
{
	return run_tests("merkle", fill);
}
