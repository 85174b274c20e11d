/*
 * The exports of valise-git.so: the table of module.h.
 */
#include "store/module.h"

const struct store_module valise_module = {
	.module = { VALISE_VERSION, sizeof(struct store_module) },
	.create = store_create,
	.open = store_open,
	.close = store_free,
	.has = store_has,
	.read = store_read,
	.member = store_member,
	.member_hashed = store_member_hashed,
	.walk_tree = store_walk_tree,
	.read_commit = store_read_commit,
	.take_pack = store_take_pack,
	.set_ref = store_set_ref,
	.get_ref = store_get_ref,
	.add_heads = store_add_heads,
	.compare = compare_texts,
};
