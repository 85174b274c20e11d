/*
 * Judging lines of witnesses by the keys that the record's policies name
 * (cosigning.h).
 */
#include "record/cosigning.h"

#include <stdlib.h>
#include <string.h>

/* Is the key there already? */
static bool
has_key(const struct cosigning *cosigning, const struct note_key *key)
{
	for (size_t i = 0; i < cosigning->num; i++) {
		const struct note_key *one = &cosigning->keys[i];

		if (one->id == key->id && strcmp(one->name, key->name) == 0 &&
		    memcmp(one->public_key, key->public_key,
			sizeof(key->public_key)) == 0)
			return true;
	}
	return false;
}

static bool
add_witnesses(struct cosigning *cosigning, const struct witnesses *witnesses,
    struct error *err)
{
	struct note_key *keys = realloc(cosigning->keys,
	    (cosigning->num + witnesses->num + 1) * sizeof(*keys));

	if (keys == NULL)
		return error_set_errno(err, "witnesses");
	cosigning->keys = keys;
	for (size_t i = 0; i < witnesses->num; i++)
		if (!has_key(cosigning, &witnesses->keys[i]))
			keys[cosigning->num++] = witnesses->keys[i];
	return true;
}

/* Take the witnesses of the policy that this entry brought. */
static bool
add_policy(struct cosigning *cosigning, uint64_t index, struct error *err)
{
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	const struct policy *policy;
	struct entry entry;
	bool ok;

	ok = journal_entry(cosigning->journal, index, &line, err) &&
	    entry_parse(buf_span(&line), &entry, err);
	/* One that the store has lost is told elsewhere. */
	if (ok &&
	    (policy = library_policy(cosigning->library, &entry.policy)) !=
		NULL)
		ok = add_witnesses(cosigning, &policy->witnesses, err);
	buf_free(&line);
	return ok;
}

/* Take the keys of all witnesses that policies name. */
static bool
learn(struct cosigning *cosigning, struct error *err)
{
	struct ledger_places places =
	    ledger_of_act(cosigning->ledger, ACT_POLICY);
	bool ok = true;

	for (size_t i = 0; ok && i < places.num; i++)
		ok = add_policy(cosigning, ledger_place(&places, i), err);
	return ok;
}

void
cosigning_free(struct cosigning *cosigning)
{
	if (cosigning->library != NULL)
		free(cosigning->keys);
	*cosigning = (struct cosigning){ .num = 0 };
}

/* Is it a line of one of the keys over this root? */
static bool
is_good(const struct cosigning *cosigning, const struct head *head,
    struct span line)
{
	struct cosignature *found = calloc(cosigning->num + 1, sizeof(*found));
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error why = { 0 };
	size_t num = 0;
	bool ok;

	/* A witness signs the note's text: the journal's line is not needed. */
	ok = found != NULL &&
	    journal_note(cosigning->journal, head, &note, &why) &&
	    buf_append(&note, line, &why) &&
	    note_cosignatures(buf_span(&note), cosigning->keys, cosigning->num,
		found, &num, &why) &&
	    num == 1;
	buf_free(&note);
	free(found);
	return ok;
}

bool
cosigning_check(void *arg, uint64_t size, struct span line)
{
	struct cosigning *cosigning = arg;
	struct head head = { .size = size };
	struct error why = { 0 };

	if (cosigning->library != NULL && cosigning->keys == NULL &&
	    !learn(cosigning, &why))
		return false;
	return size > 0 && size <= journal_size(cosigning->journal) &&
	    journal_root_at(cosigning->journal, size, &head.root, &why) &&
	    is_good(cosigning, &head, line);
}

bool
cosigning_share(const struct record *record, struct exhibits_shared *out,
    struct error *err)
{
	struct cosigning cosigning = { .journal = record->journal,
		.ledger = record->ledger,
		.library = record->library };
	const bool ok = cosignatures_share(record->cosignatures,
	    store_backend(record->store), EXHIBITS_BOTH, cosigning_check,
	    &cosigning, out, err);

	cosigning_free(&cosigning);
	return ok;
}
