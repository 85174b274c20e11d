/*
 * Reading from the receipts of a copy which acts they prove, and of which
 * history.
 */
#include "cli/local/private.h"

#include <stdlib.h>
#include <string.h>

#include "client/acts.h"
#include "journal/proof.h"

static int
compare_acts(const void *a, const void *b)
{
	const struct copy_act *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

/* True if a receipt is of an act on this version, and signed by these keys. */
static bool
proves(const struct member *member, const char *document, unsigned version,
    const struct note_keys *keys, struct copy_act *out)
{
	struct entry entry;
	struct proof proof = PROOF;
	struct checkpoint checkpoint;
	struct error ignored = { 0 };
	const bool ok = proof_parse(member_bytes(member), &proof, &ignored) &&
	    proof_verify(&proof, keys, &checkpoint, &ignored) &&
	    entry_parse(buf_span(&proof.entry), &entry, &ignored) &&
	    strcmp(entry.document, document) == 0 && entry.version == version;

	if (ok)
		*out = (struct copy_act){ proof.index,
			merkle_leaf(buf_span(&proof.entry)) };
	proof_free(&proof);
	return ok;
}

bool
copy_acts_read(const struct container *container, const char *document,
    unsigned version, const struct note_keys *keys, struct copy_acts *out,
    struct error *err)
{
	*out = (struct copy_acts){ NULL, 0 };
	out->list = calloc(container->num + 1, sizeof(*out->list));
	if (out->list == NULL)
		return error_set_errno(err, "receipts");
	for (size_t i = 0; i < container->num; i++)
		if (path_is_receipt(container->members[i].path) &&
		    proves(&container->members[i], document, version, keys,
			&out->list[out->num]))
			out->num++;
	qsort(out->list, out->num, sizeof(*out->list), compare_acts);
	return true;
}

void
copy_acts_free(struct copy_acts *acts)
{
	free(acts->list);
	*acts = (struct copy_acts){ NULL, 0 };
}

enum relation
copy_acts_compare(const struct copy_acts *first, const struct copy_acts *second,
    uint64_t *missing)
{
	bool more = false, less = false;
	size_t i = 0, j = 0;

	*missing = UINT64_MAX;
	while (i < first->num || j < second->num) {
		const struct copy_act *a = &first->list[i];
		const struct copy_act *b = &second->list[j];
		const bool has_a = i < first->num, has_b = j < second->num;
		const bool a_only = has_a && (!has_b || a->index < b->index);
		const bool b_only = has_b && (!has_a || b->index < a->index);

		if (b_only && !less)
			*missing = b->index;
		more = more || a_only;
		less = less || b_only;
		if (!a_only && !b_only && !digest_eq(&a->leaf, &b->leaf))
			return ACTS_OTHER;
		i += !b_only;
		j += !a_only;
	}
	return more && less ? ACTS_OTHER
	    : more          ? ACTS_MORE
	    : less          ? ACTS_LESS
			    : ACTS_SAME;
}

/*
 * Stop at an act that was left out: acts_add() takes only the next of the
 * chain.
 */
static bool
add_acts(struct document_acts *acts, const struct copy *copy, struct error *err)
{
	const struct verdict *verdict = &copy->verdict;
	struct proof proof = PROOF;
	bool ok = true;

	for (size_t i = 0; ok && i < verdict->num_acts; i++) {
		const uint64_t index = verdict->acts[i].index;
		char path[LIMIT_PATH_BYTES + 1];
		const struct member *receipt;

		if (index < acts->size)
			continue;
		snprintf(path, sizeof(path), PATH_RECEIPT,
		    (unsigned long long)index);
		receipt = container_find(copy->container, path);
		proof_free(&proof);
		proof = PROOF;
		ok = receipt != NULL &&
		    proof_parse(member_bytes(receipt), &proof, err) &&
		    acts_add(acts, index, buf_span(&proof.entry), err);
		acts->size = index + 1;
		acts->seen_at = 0;
	}
	proof_free(&proof);
	return ok;
}

void
local_keep_acts(struct context *context, const struct copy *copy)
{
	struct error ignored = { 0 };
	struct document_acts acts;
	uint64_t size;

	acts_load(context, copy->verdict.version->document, &acts);
	size = acts.size;
	/* Without the acts a status is that of the copy alone. */
	if (!(add_acts(&acts, copy, &ignored) && acts.size > size &&
		acts_keep_quick(context, &acts, &ignored)))
		ignored = (struct error){ 0 };
	acts_free(&acts);
}

/* The next connection proves what cannot be proved here. */
static enum local_proof
proof_of_note(struct seen *seen, struct span note)
{
	struct error why = { 0 }, ignored = { 0 };

	if (seen_is_proved(seen, note, &why))
		return LOCAL_PROVED;
	if (error_is(&why, finding_name(FINDING_JOURNAL_ROLLED_BACK)))
		return LOCAL_REFUTED;
	/* If that cannot be kept, the copy stays unproved. */
	(void)(seen_defer(seen, note, &ignored) || ignored.kind);
	return LOCAL_NOT_PROVED;
}

enum local_proof
local_proof_of(struct seen *seen, const struct container *container)
{
	enum local_proof worst = LOCAL_PROVED;
	struct buf last = BUF(LIMIT_NOTE_FILE);
	bool any = false;

	for (size_t i = 0; i < container->num && worst != LOCAL_REFUTED; i++) {
		struct proof proof = PROOF;
		struct error ignored = { 0 };

		if (!path_is_receipt(container->members[i].path))
			continue;
		any = true;
		if (!proof_parse(member_bytes(&container->members[i]), &proof,
			&ignored)) {
			worst = LOCAL_NOT_PROVED;
		} else if (!span_eq(buf_span(&last), buf_span(&proof.note))) {
			const enum local_proof one =
			    proof_of_note(seen, buf_span(&proof.note));

			worst = one > worst ? one : worst;
			buf_free(&last);
			last = proof.note;
			proof.note = BUF(LIMIT_NOTE_FILE);
		}
		proof_free(&proof);
	}
	buf_free(&last);
	return any ? worst : LOCAL_NOT_PROVED;
}
