/*
 * Comparing the record in one backend with its copy in another
 * (copy_record.h).
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/data/copy_record.h"
#include "journal/merkle.h"
#include "record/library.h"

static bool
differ(struct error *err, const char *what, uint64_t at)
{
	return error_set(err, ERROR_UNTRUSTED,
	    "source and destination differ: %s %llu", what,
	    (unsigned long long)at);
}

/* Compare the next entries, and hash those of the destination. */
static bool
compare_entries(const struct copy_pair *pair, struct merkle_edge *edge,
    uint64_t at, uint64_t end, struct error *err)
{
	const size_t len = (size_t)(end - at);
	uint8_t *ours = malloc(len + 1), *theirs = malloc(len + 1);
	struct span rest = span_of(theirs, len), entry;
	struct digest leaf;
	uint16_t one = 0;
	bool ok = ours != NULL && theirs != NULL;

	if (!ok)
		error_set_errno(err, "copy");
	ok = ok && pair->from->table->read(pair->from, at, ours, len, err) &&
	    pair->to->table->read(pair->to, at, theirs, len, err) &&
	    (memcmp(ours, theirs, len) == 0 ||
		differ(err, "an entry after", edge->size));
	while (ok && rest.len > 0) {
		ok = (span_take_u16(&rest, &one) &&
			 span_take(&rest, one, &entry)) ||
		    differ(err, "the length of entry", edge->size);
		if (ok) {
			leaf = merkle_leaf(entry);
			merkle_append(edge, &leaf, NULL, NULL);
		}
	}
	free(ours);
	free(theirs);
	return ok;
}

/* Are the fields of both heads the same? */
static bool
is_same(const struct head *a, const struct head *b)
{
	return a->size == b->size && a->time_ms == b->time_ms &&
	    digest_eq(&a->root, &b->root) &&
	    memcmp(a->signature, b->signature, sizeof(a->signature)) == 0;
}

static bool
compare_head(const struct copy_pair *pair, uint64_t n, struct merkle_edge *edge,
    uint64_t *at, struct error *err)
{
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	struct head ours, theirs;
	struct digest root;
	uint64_t end = *at;
	bool ok;

	ok = journal_nth_head(pair->journal, n, &ours, err) &&
	    pair->to->table->head(pair->to, n, &theirs, err) &&
	    (is_same(&ours, &theirs) || differ(err, "the head", n));
	if (ok && ours.size > edge->size) {
		ok = journal_entry(pair->journal, ours.size - 1, &line, err);
		end = journal_entry_at(pair->journal, ours.size - 1) + 2 +
		    line.len;
		ok = ok && compare_entries(pair, edge, *at, end, err);
	}
	buf_free(&line);
	if (!ok)
		return false;
	root = merkle_root(edge);
	*at = end;
	return (edge->size == ours.size && digest_eq(&root, &ours.root)) ||
	    differ(err, "the root at size", ours.size);
}

static bool
compare_log(const struct copy_pair *pair, struct copy_result *out,
    struct error *err)
{
	struct merkle_edge edge = { .size = 0 };
	uint64_t at = 0;

	if (pair->to->table->num_heads(pair->to) != out->num_heads)
		return differ(err, "the number of heads, of", out->num_heads);
	for (uint64_t n = 0; n < out->num_heads; n++)
		if (!compare_head(pair, n, &edge, &at, err))
			return false;
	return edge.size == out->size || differ(err, "the size", out->size);
}

/* --- Objects. --- */

struct comparing {
	struct backend *other;
	const char *missing;
	uint64_t num;
	char damaged[OID_HEX + 80]; /* the first object that is */
};

/* An object_visitor. */
static bool
look_for(void *arg, const struct oid *oid, const struct object *object,
    struct error *err)
{
	struct comparing *it = arg;
	char hex[OID_HEX];

	(void)object;
	it->num++;
	oid_hex(oid, hex);
	return it->other->table->has(it->other, oid) ||
	    error_set(err, ERROR_UNTRUSTED, "object %s is not in the %s", hex,
		it->missing);
}

/* A damage_visitor. */
static void
note_damage(void *arg, const char *about, const char *what)
{
	struct comparing *it = arg;

	if (it->damaged[0] == '\0')
		snprintf(it->damaged, sizeof(it->damaged), "%s: %s", about,
		    what);
}

/* Both have the same objects, and each hashes to its name. */
static bool
compare_objects(const struct copy_pair *pair, struct copy_result *out,
    struct error *err)
{
	struct comparing there = { .other = pair->to,
		.missing = "destination" };
	struct comparing here = { .other = pair->from, .missing = "source" };
	uint64_t num;

	if (!pair->from->table->each(pair->from, look_for, &there, err) ||
	    !pair->to->table->each(pair->to, look_for, &here, err) ||
	    !pair->to->table->check(pair->to, 0, 1, note_damage, &here, &num,
		err))
		return false;
	out->num_objects = there.num;
	return here.damaged[0] == '\0' ||
	    error_set(err, ERROR_UNTRUSTED, "the destination: %s",
		here.damaged);
}

/* --- Names. --- */

/* A branch_visitor: add a name, and what it points to, to a hash. */
static bool
add_name(void *arg, const struct branch *branch, struct error *err)
{
	(void)err;
	sha256_update(arg, span_of(branch->name, strlen(branch->name) + 1));
	sha256_update(arg, span_of(branch->oid.bytes, OID_BYTES));
	return true;
}

/* Get a hash of all names with what they point to. */
static bool
sum_names(struct backend *backend, struct digest *out, struct error *err)
{
	static const char *const names[] = { REF_POLICY, REF_CRLS };
	struct sha256 hash;
	struct branch branch;
	size_t strays;

	sha256_init(&hash);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		branch = (struct branch){ .name = names[i] };
		if (backend->table->name_get(backend, names[i], &branch.oid) &&
		    !add_name(&hash, &branch, err))
			return false;
	}
	if (!backend->table->each_branch(backend, add_name, &hash, &strays,
		err))
		return false;
	*out = sha256_final(&hash);
	return true;
}

bool
copy_compare(const struct copy_pair *pair, struct copy_result *out,
    struct error *err)
{
	struct digest ours, theirs;

	return compare_log(pair, out, err) && compare_objects(pair, out, err) &&
	    sum_names(pair->from, &ours, err) &&
	    sum_names(pair->to, &theirs, err) &&
	    (digest_eq(&ours, &theirs) ||
		error_set(err, ERROR_UNTRUSTED,
		    "source and destination differ: where their names point"));
}
