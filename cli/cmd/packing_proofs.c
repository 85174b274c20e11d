/*
 * The proofs by which the addressee of a bag sees, without a connection, that
 * its copies are of the history that it has seen.
 */
#include "cli/cmd/packing.h"

#include <string.h>

#include "base/list.h"
#include "cli/cmd/bag.h"

/* This size stands for the newest checkpoint. */
#define NEWEST UINT64_MAX

/* Note the checkpoint of its receipts, which the bag is to prove. */
bool
packing_note_prefix(struct packing *pack, const struct copy *copy,
    struct error *err)
{
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct checkpoint at, *noted;
	bool ok, known = false;

	ok = copy_note(copy->container, &note, err) &&
	    note_open(buf_span(&note), &pack->context->journal, &at, err);
	buf_free(&note);
	for (size_t i = 0; ok && i < pack->num_at; i++)
		known = known || pack->at[i].size == at.size;
	if (!ok || known)
		return ok;
	noted = list_add(&pack->at, &pack->num_at, sizeof(*pack->at),
	    LIMIT_BAG_FILES, "checkpoints", err);
	if (noted != NULL)
		*noted = at;
	return noted != NULL;
}

/*
 * Ask for the proof from a size to a checkpoint of this one, with its note.
 * ERROR_NOT_FOUND if that checkpoint is gone.
 */
static bool
ask_extension(struct packing *pack, uint64_t from, uint64_t at, struct buf *out,
    struct merkle_proof *proof, struct span *note, struct error *err)
{
	char path[96];
	uint64_t old;
	int len;

	len = snprintf(path, sizeof(path), "/v1/journal/checkpoint?old=%llu",
	    (unsigned long long)from);
	if (at != NEWEST)
		snprintf(path + len, sizeof(path) - (size_t)len, "&at=%llu",
		    (unsigned long long)at);
	return session_get(&pack->session, path, out, err) &&
	    seen_parse_extension(buf_span(out), &old, proof, note, err) &&
	    (old == from ||
		error_set(err, ERROR_MALFORMED,
		    "the daemon's proof is not the one asked for"));
}

/*
 * Ask for the proof from the size that the addressee has seen to this one, or
 * to the newest if its checkpoint is gone. Prove that what goes into the bag is
 * of our own history.
 */
static bool
ask_proof(struct packing *pack, uint64_t size, struct error *err)
{
	struct merkle_proof proof;
	struct span note;
	bool ok;

	ok = ask_extension(pack, pack->known, size, &pack->checkpoint, &proof,
	    &note, err);
	if (!ok && err->kind == ERROR_NOT_FOUND) {
		*err = (struct error){ 0 };
		ok = ask_extension(pack, pack->known, NEWEST, &pack->checkpoint,
		    &proof, &note, err);
	}
	return ok && session_follow(&pack->session, note, err);
}

/* Add the proof that the bag's checkpoint extends that of a copy. */
static bool
add_prefix(struct packing *pack, const struct checkpoint *at,
    const struct checkpoint *bag, struct error *err)
{
	struct buf body = BUF(LIMIT_NOTE_FILE);
	struct merkle_proof proof;
	struct span note;
	bool ok;

	ok =
	    ask_extension(pack, at->size, bag->size, &body, &proof, &note, err);
	/*
	 * The daemon does not have that checkpoint any more: the addressee's
	 * next connection proves the copy.
	 */
	if (!ok && err->kind == ERROR_NOT_FOUND) {
		*err = (struct error){ 0 };
		buf_free(&body);
		return true;
	}
	ok = ok &&
	    (merkle_verify_consistency(at->size, bag->size, &at->root,
		 &bag->root, &proof) ||
		error_set(err, ERROR_MALFORMED,
		    "the daemon's proof is not the one asked for")) &&
	    buf_append(&pack->prefixes,
		span_sub(buf_span(&body), 0, body.len - note.len), err);
	buf_free(&body);
	return ok;
}

/*
 * Add the proofs with which the addressee can prove each copy without a line.
 */
static bool
add_prefixes(struct packing *pack, struct error *err)
{
	struct merkle_proof proof;
	struct checkpoint bag;
	struct span note;
	uint64_t old;
	bool ok;

	ok = seen_parse_extension(buf_span(&pack->checkpoint), &old, &proof,
		 &note, err) &&
	    note_open(note, &pack->context->journal, &bag, err);
	for (size_t i = 0; ok && i < pack->num_at; i++)
		if (pack->at[i].size < bag.size)
			ok = add_prefix(pack, &pack->at[i], &bag, err);
	return ok &&
	    (pack->prefixes.len == 0 ||
		packing_add_file(pack, PATH_BAG_PREFIXES, -1,
		    buf_span(&pack->prefixes), err) != NULL);
}

/*
 * Add the checkpoint, proved to extend what the addressee has seen, and the
 * proofs from the copies' checkpoints.
 */
bool
packing_add_checkpoint(struct packing *pack, struct error *err)
{
	char name[POLICY_NAME + 8];

	snprintf(name, sizeof(name), "known-%s", pack->to);
	if (!pack->has_known)
		pack->known = bag_kept_number(pack->context, name);
	if (pack->known > pack->session.seen.size && pack->has_known)
		return error_set(err, ERROR_USAGE,
		    "--known %llu: the journal has %llu entries",
		    (unsigned long long)pack->known,
		    (unsigned long long)pack->session.seen.size);
	if (pack->known > pack->session.seen.size)
		return error_set(err, ERROR_CONFLICT,
		    "%s acknowledged a journal of %llu entries, and the"
		    " daemon's has %llu: say with --known SIZE what it has"
		    " seen of this one",
		    pack->to, (unsigned long long)pack->known,
		    (unsigned long long)pack->session.seen.size);
	return ask_proof(pack, pack->session.seen.size, err) &&
	    packing_add_file(pack, PATH_BAG_CHECKPOINT, -1,
		buf_span(&pack->checkpoint), err) != NULL &&
	    add_prefixes(pack, err);
}
