/*
 * Evidence of a fork that several daemons of one record share (evidence.h).
 */
#include "journal/evidence.h"

/* Does the journal have this checkpoint? */
static bool
has_checkpoint(const struct journal *journal,
    const struct checkpoint *checkpoint, bool *has, struct error *err)
{
	struct digest root;

	*has = false;
	if (checkpoint->size > journal_size(journal))
		return true;
	if (!journal_root_at(journal, checkpoint->size, &root, err))
		return false;
	*has = digest_eq(&root, &checkpoint->root);
	return true;
}

bool
evidence_stands(struct span text, const struct journal *journal, bool *stands,
    struct error *err)
{
	const struct note_keys keys = journal_keys(journal);
	struct evidence evidence = EVIDENCE;
	struct checkpoint seen;
	bool has = true, ok;

	ok = evidence_parse(text, &evidence, err) &&
	    (note_open(buf_span(&evidence.seen), &keys, &seen, err) ||
		error_context(err, "evidence")) &&
	    has_checkpoint(journal, &seen, &has, err);
	*stands = ok && !has;
	evidence_free(&evidence);
	return ok;
}

bool
evidence_give(struct backend *backend, struct span text, struct error *err)
{
	const struct digest name = sha256_of(text);
	const struct exhibit exhibit = { .kind = EXHIBIT_EVIDENCE,
		.name = digest_span(&name),
		.bytes = text };

	return backend->table->add_exhibits == NULL ||
	    backend->table->add_exhibits(backend, &exhibit, 1, err);
}

struct finding {
	const struct journal *journal;
	struct buf *out;
};

/* An exhibit_visitor: what is no evidence of this journal says nothing of it. */
static bool
find_one(void *arg, const struct exhibit *exhibit, struct error *err)
{
	const struct finding *it = arg;
	struct error ignored = { 0 };
	bool stands = false;

	return exhibit->is_damaged || it->out->len > 0 ||
	    !evidence_stands(exhibit->bytes, it->journal, &stands, &ignored) ||
	    !stands || buf_append(it->out, exhibit->bytes, err);
}

bool
evidence_find(struct backend *backend, const struct journal *journal,
    struct buf *out, struct error *err)
{
	struct finding it = { journal, out };

	return backend->table->each_exhibit == NULL ||
	    backend->table->each_exhibit(backend, EXHIBIT_EVIDENCE, NULL,
		find_one, &it, err);
}
