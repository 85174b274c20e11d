/*
 * The ledger: applying entries to documents, versions and their states, and
 * looking these up (ledger.h).
 */
#include "record/ledger_private.h"

#include <stdlib.h>
#include <string.h>

#include "record/states.h"

struct ledger *
ledger_new(struct error *err)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));

	if (ledger == NULL) {
		error_set_errno(err, "ledger");
		return NULL;
	}
	pthread_rwlock_init(&ledger->lock, NULL);
	for (size_t i = 0; i < ACTS; i++)
		ledger->last[i] = LEDGER_NONE;
	return ledger;
}

static void
free_document(struct ledger_document *doc)
{
	if (doc == NULL)
		return;
	states_free(doc);
	free(doc);
}

static void
free_places(struct places *places)
{
	if (places->room > 0)
		free(places->list);
}

void
ledger_free(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	for (size_t i = 0; i < ledger->names.num; i++) {
		free_document(ledger->about[i].doc);
		free_places(&ledger->about[i].places);
	}
	for (size_t i = 0; i < ACTS; i++)
		free_places(&ledger->of_act[i]);
	names_free(&ledger->names);
	free(ledger->about);
	free(ledger->commits.list);
	free(ledger->commits.table);
	order_free(&ledger->order);
	for (size_t i = 0; i < ledger->bags.num; i++)
		free(ledger->bags.list[i].documents);
	free(ledger->bags.list);
	free(ledger->entries);
	pthread_rwlock_destroy(&ledger->lock);
	free(ledger);
}

void
ledger_read_lock(struct ledger *ledger)
{
	pthread_rwlock_rdlock(&ledger->lock);
}

void
ledger_write_lock(struct ledger *ledger)
{
	pthread_rwlock_wrlock(&ledger->lock);
}

void
ledger_unlock(struct ledger *ledger)
{
	pthread_rwlock_unlock(&ledger->lock);
}

uint32_t
ledger_number(const struct ledger *ledger, const char *name)
{
	return names_number(&ledger->names, name);
}

/* Make room for one more name before it is added. */
static bool
grow_about(struct ledger *ledger)
{
	const size_t room = ledger->room_about == 0
	    ? 64
	    : ledger->room_about + ledger->room_about / 2;
	struct about *all = realloc(ledger->about, room * sizeof(*all));

	if (all == NULL)
		return false;
	memset(all + ledger->room_about, 0,
	    (room - ledger->room_about) * sizeof(*all));
	ledger->about = all;
	ledger->room_about = room;
	return true;
}

uint32_t
ledger_intern(struct ledger *ledger, const char *name)
{
	return ledger->names.num == ledger->room_about && !grow_about(ledger)
	    ? 0
	    : names_add(&ledger->names, name);
}

const char *
ledger_name(const struct ledger *ledger, uint32_t number)
{
	return names_text(&ledger->names, number);
}

struct ledger_document *
ledger_find(struct ledger *ledger, const char *name)
{
	const uint32_t number = ledger_number(ledger, name);

	return number == 0 ? NULL : ledger->about[number - 1].doc;
}

void
ledger_set_title(struct ledger *ledger, struct ledger_document *doc,
    const char *title)
{
	states_set_title(doc, title);
	__atomic_store_n(&ledger->titles_changed, true, __ATOMIC_RELEASE);
}

bool
ledger_titles_changed(struct ledger *ledger)
{
	return __atomic_exchange_n(&ledger->titles_changed, false,
	    __ATOMIC_ACQ_REL);
}

/* Returns the bag of this digest that such an act noted, or NULL. */
static struct bag *
find_bag(const struct ledger *ledger, enum act act, const struct digest *digest)
{
	for (size_t i = ledger->bags.num; i > 0; i--) {
		struct bag *bag = &ledger->bags.list[i - 1];

		if (bag->act == act && digest_eq(&bag->digest, digest))
			return bag;
	}
	return NULL;
}

uint64_t
ledger_of_bag(const struct ledger *ledger, enum act act,
    const struct digest *digest)
{
	const struct bag *bag = find_bag(ledger, act, digest);

	return bag != NULL ? bag->index : LEDGER_NONE;
}

struct bag *
ledger_add_bag(struct ledger *ledger, uint64_t index, enum act act,
    const struct digest *digest)
{
	struct bags *bags = &ledger->bags;

	if (bags->num == bags->room) {
		const size_t room = bags->room == 0 ? 16 : bags->room * 2;
		struct bag *all = realloc(bags->list, room * sizeof(*all));

		if (all == NULL)
			return NULL;
		bags->list = all;
		bags->room = room;
	}
	bags->list[bags->num] =
	    (struct bag){ .digest = *digest, .index = index, .act = act };
	return &bags->list[bags->num++];
}

/*
 * Note that the bag carried an act on this document: the offices that may read
 * the document may see the bag's dispatch.
 */
static bool
add_bag_document(struct bag *bag, uint32_t document)
{
	uint32_t *all;

	for (size_t i = 0; i < bag->num_documents; i++)
		if (bag->documents[i] == document)
			return true;
	all = realloc(bag->documents, (bag->num_documents + 1) * sizeof(*all));
	if (all == NULL)
		return false;
	bag->documents = all;
	all[bag->num_documents++] = document;
	return true;
}

/* Note with a version the dispatch by which an act on it came. */
static bool
add_dispatch(struct ledger_version *version, uint64_t index)
{
	uint64_t *all;

	for (size_t i = 0; i < version->num_dispatches; i++)
		if (version->dispatches[i] == index)
			return true;
	all = realloc(version->dispatches,
	    (version->num_dispatches + 1) * sizeof(*all));
	if (all == NULL)
		return false;
	version->dispatches = all;
	all[version->num_dispatches++] = index;
	return true;
}

/* An act that came by bag: note the entry of its waybill with the version. */
static bool
join_bag(struct ledger *ledger, const struct ledger_document *doc,
    uint32_t document, const struct entry *entry)
{
	struct bag *bag = find_bag(ledger, ACT_DISPATCH, &entry->waybill);

	return bag == NULL ||
	    (add_bag_document(bag, document) &&
		add_dispatch(&doc->versions[entry->version - 1], bag->index));
}

struct ledger_document **
ledger_sorted(struct ledger *ledger, size_t *num)
{
	struct ledger_document **all =
	    calloc(ledger->order.num + 1, sizeof(struct ledger_document *));
	struct order_cursor cursor = order_after(&ledger->order, "");

	*num = ledger->order.num;
	for (size_t i = 0; all != NULL && i < *num; i++)
		all[i] = order_next(&ledger->order, &cursor);
	return all;
}

const struct order *
ledger_order(const struct ledger *ledger)
{
	return &ledger->order;
}

/* Returns the place of a commit in the hash table, or the free place for it. */
static uint32_t *
find_commit(const struct commits *commits, const struct oid *oid)
{
	size_t i;

	memcpy(&i, oid->bytes, sizeof(i));
	for (i %= commits->places; commits->table[i] != 0 &&
	     !oid_eq(&commits->list[commits->table[i] - 1].oid, oid);)
		i = (i + 1) % commits->places;
	return &commits->table[i];
}

/* Double the hash table of commits. */
static bool
grow_commits(struct commits *commits)
{
	const size_t room =
	    commits->room == 0 ? 64 : commits->room + commits->room / 2;
	struct commit *all = realloc(commits->list, room * sizeof(*all));
	uint32_t *table;

	if (all == NULL)
		return false;
	commits->list = all;
	if ((table = calloc(room * 2, sizeof(*table))) == NULL)
		return false;
	free(commits->table);
	commits->table = table;
	commits->places = room * 2;
	commits->room = room;
	for (size_t i = 0; i < commits->num; i++)
		*find_commit(commits, &all[i].oid) = (uint32_t)i + 1;
	return true;
}

bool
ledger_add_commit(struct ledger *ledger, const struct oid *oid, uint64_t index)
{
	struct commits *commits = &ledger->commits;

	if (commits->num == commits->room && !grow_commits(commits))
		return false;
	*find_commit(commits, oid) = (uint32_t)commits->num + 1;
	commits->list[commits->num++] =
	    (struct commit){ *oid, (uint32_t)index };
	return true;
}

uint64_t
ledger_of_commit(const struct ledger *ledger, const struct oid *oid)
{
	uint32_t place;

	if (ledger->commits.num == 0)
		return LEDGER_NONE;
	place = *find_commit(&ledger->commits, oid);
	return place == 0 ? LEDGER_NONE : ledger->commits.list[place - 1].entry;
}

uint64_t
ledger_last(const struct ledger *ledger, enum act act)
{
	return ledger->last[act];
}

int64_t
ledger_time_ms(const struct ledger *ledger)
{
	return ledger->time_ms;
}

bool
ledger_newest(const struct ledger *ledger, enum act act, struct digest *out)
{
	*out = act == ACT_POLICY ? ledger->newest_policy : ledger->newest_crls;
	return ledger->last[act] != LEDGER_NONE;
}

const char *
ledger_next_key(const struct ledger *ledger)
{
	return ledger->next_key;
}

size_t
ledger_size(const struct ledger *ledger)
{
	return ledger->num;
}

struct ledger_entry
ledger_entry(const struct ledger *ledger, uint64_t index)
{
	return ledger->entries[index];
}

static bool
no_memory(struct error *err)
{
	return error_set(err, ERROR_SYSTEM, "ledger: no memory");
}

/* Append the place of an entry; a few are kept without a list. */
static bool
add_place(struct places *places, size_t place)
{
	const size_t few = sizeof(places->few) / sizeof(places->few[0]);

	if (places->room == 0 && places->num < few) {
		places->few[places->num++] = (uint32_t)place;
		return true;
	}
	if (places->room == 0 || places->num == places->room) {
		const uint32_t room = places->num + places->num / 2 + 2;
		uint32_t *all = realloc(places->room == 0 ? NULL : places->list,
		    room * sizeof(*all));

		if (all == NULL)
			return false;
		if (places->room == 0)
			memcpy(all, places->few, sizeof(places->few));
		places->list = all;
		places->room = room;
	}
	places->list[places->num++] = (uint32_t)place;
	return true;
}

/* Note the entry's place with its document, person, office and act. */
static bool
add_places(struct ledger *ledger, const struct ledger_entry *meta)
{
	const uint32_t about[] = { meta->document, meta->person, meta->office };

	for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++)
		if (about[i] != 0 &&
		    !add_place(&ledger->about[about[i] - 1].places,
			ledger->num))
			return false;
	return add_place(&ledger->of_act[meta->act], ledger->num);
}

static struct ledger_places
places_of(const struct places *places)
{
	return (struct ledger_places){ places->room == 0 ? places->few
							 : places->list,
		places->num };
}

struct ledger_places
ledger_about(const struct ledger *ledger, uint32_t number)
{
	return number == 0 || number > ledger->names.num
	    ? (struct ledger_places){ NULL, 0 }
	    : places_of(&ledger->about[number - 1].places);
}

struct ledger_places
ledger_of_act(const struct ledger *ledger, enum act act)
{
	return places_of(&ledger->of_act[act]);
}

bool
ledger_add_entry(struct ledger *ledger, const struct ledger_entry *meta)
{
	if (ledger->num == ledger->room) {
		const size_t room =
		    ledger->room == 0 ? 4096 : ledger->room + ledger->room / 2;
		struct ledger_entry *all =
		    realloc(ledger->entries, room * sizeof(*all));

		if (all == NULL)
			return false;
		ledger->entries = all;
		ledger->room = room;
	}
	if (!add_places(ledger, meta))
		return false;
	ledger->entries[ledger->num++] = *meta;
	return true;
}

/* Add the entry's row: its act, and the numbers of the names in it. */
static bool
add_meta(struct ledger *ledger, const struct entry *entry, uint32_t document,
    struct error *err)
{
	struct ledger_entry meta = { .act = (uint8_t)entry->act,
		.document = document };

	if (entry_has(entry, ENTRY_PERSON) &&
	    (meta.person = ledger_intern(ledger, entry->person)) == 0)
		return no_memory(err);
	if (entry_has(entry, ENTRY_OFFICE) &&
	    (meta.office = ledger_intern(ledger, entry->office)) == 0)
		return no_memory(err);
	return ledger_add_entry(ledger, &meta) || no_memory(err);
}

/*
 * Note the facts around an act that states_apply() accepted: its commit, its
 * bag, its document's place in the order.
 */
static bool
note_act(struct ledger *ledger, uint64_t index, const struct entry *entry,
    uint32_t number, struct error *err)
{
	const struct ledger_document *doc = ledger->about[number - 1].doc;

	return (!entry_has(entry, ENTRY_COMMIT) ||
		   ledger_add_commit(ledger, &doc->tip, index) ||
		   no_memory(err)) &&
	    (!entry_has(entry, ENTRY_WAYBILL) ||
		join_bag(ledger, doc, number, entry) || no_memory(err));
}

/*
 * The first act on a document must be a deposit: a document is added together
 * with its first version.
 */
static bool
begin_document(struct ledger *ledger, uint64_t index, const struct entry *entry,
    uint32_t number, struct error *err)
{
	struct ledger_document *doc = malloc(sizeof(*doc));

	if (doc == NULL)
		return no_memory(err);
	states_begin(doc, ledger_name(ledger, number));
	if (!states_apply(doc, &ledger->names, index, entry, err)) {
		free_document(doc);
		return false;
	}
	ledger->about[number - 1].doc = doc;
	return order_add(&ledger->order, doc) || no_memory(err);
}

/* A deposit, signature, entry into force or termination of a document. */
static bool
apply_act(struct ledger *ledger, uint64_t index, const struct entry *entry,
    uint32_t number, struct error *err)
{
	struct ledger_document *doc = ledger->about[number - 1].doc;

	/*
	 * The states keep pointers to these names, so make room for them first.
	 */
	if (entry->act != ACT_FORCE &&
	    (ledger_intern(ledger, entry->person) == 0 ||
		ledger_intern(ledger, entry->office) == 0))
		return no_memory(err);
	if (doc == NULL) {
		if (!begin_document(ledger, index, entry, number, err))
			return false;
	} else {
		order_changed(&ledger->order, doc->name);
		if (!states_apply(doc, &ledger->names, index, entry, err))
			return false;
	}
	return note_act(ledger, index, entry, number, err);
}

bool
ledger_apply(struct ledger *ledger, uint64_t index, const struct entry *entry,
    struct error *err)
{
	uint32_t document = 0;

	if (entry->time_ms < ledger->time_ms)
		return error_set(err, ERROR_UNTRUSTED,
		    "its time is before the one before it");
	if (entry_has(entry, ENTRY_DOCUMENT) &&
	    (document = ledger_intern(ledger, entry->document)) == 0)
		return no_memory(err);
	if (entry->act != ACT_OTHER && entry_has(entry, ENTRY_TO) &&
	    (document = ledger_intern(ledger, entry->to)) == 0)
		return no_memory(err);
	if (!add_meta(ledger, entry, document, err))
		return false;
	switch (entry->act) {
	case ACT_DEPOSIT:
	case ACT_SIGN:
	case ACT_FORCE:
	case ACT_TERMINATE:
		if (!apply_act(ledger, index, entry, document, err))
			return false;
		break;
	case ACT_POLICY:
		ledger->newest_policy = entry->policy;
		break;
	case ACT_CRL:
		ledger->newest_crls = entry->crls;
		break;
	case ACT_KEY:
		snprintf(ledger->next_key, sizeof(ledger->next_key), "%s",
		    entry->key);
		break;
	case ACT_DISPATCH:
	case ACT_ACKNOWLEDGE:
		if (ledger_add_bag(ledger, index, entry->act, &entry->digest) ==
		    NULL)
			return no_memory(err);
		break;
	case ACT_START:
	case ACT_DELIVER:
	case ACT_REFUSE:
	case ACT_OTHER:
	case ACTS:
		break;
	}
	ledger->last[entry->act] = index;
	ledger->time_ms = entry->time_ms;
	return true;
}

bool
ledger_visit(void *arg, uint64_t index, struct span line, struct error *err)
{
	struct ledger *ledger = arg;

	return entry_parse(line, &ledger->visited, err) &&
	    ledger_apply(ledger, index, &ledger->visited, err);
}
