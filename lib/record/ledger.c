/*
 * The ledger: applying entries to documents, versions and their states, and
 * looking these up (ledger.h).
 */
#include "record/ledger_private.h"

#include <stdlib.h>
#include <string.h>

#include "record/index.h"
#include "record/states.h"

struct ledger *
ledger_new_on(const struct ledger_columns *columns, struct error *err)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));

	if (ledger == NULL) {
		error_set_errno(err, "ledger");
		column_free(columns->index);
		column_free(columns->commits);
		return NULL;
	}
	pthread_rwlock_init(&ledger->lock, NULL);
	ledger->index = columns->index;
	ledger->commits.column = columns->commits;
	for (size_t i = 0; i < ACTS; i++)
		ledger->last[i] = LEDGER_NONE;
	return ledger;
}

/* On both columns, if they are there. */
static struct ledger *
new_on(struct column *index, struct column *commits, struct error *err)
{
	const struct ledger_columns columns = { index, commits };

	if (index != NULL && commits != NULL)
		return ledger_new_on(&columns, err);
	column_free(index);
	column_free(commits);
	return NULL;
}

static const char of_index[] = "the ledger's index",
		  of_commits[] = "the ledger's commits";

struct ledger *
ledger_new(struct error *err)
{
	return new_on(column_new(of_index, INDEX_RECORD, err),
	    column_new(of_commits, COMMIT_RECORD, err), err);
}

struct ledger *
ledger_temporary(const char *folder, struct error *err)
{
	return folder == NULL
	    ? ledger_new(err)
	    : new_on(column_temporary(of_index, folder, INDEX_RECORD, err),
		  column_temporary(of_commits, folder, COMMIT_RECORD, err),
		  err);
}

struct ledger *
ledger_new_beside(const struct ledger *ledger, struct error *err)
{
	return new_on(column_compare(ledger->index, err),
	    column_compare(ledger->commits.column, err), err);
}

bool
ledger_columns_differ(const struct ledger *ledger)
{
	return column_differs(ledger->index) ||
	    column_differs(ledger->commits.column);
}

void
ledger_free(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	for (size_t i = 0; i < ledger->names.num; i++)
		if (ledger->docs[i] != NULL)
			states_free(ledger->docs[i]);
	names_free(&ledger->names);
	free(ledger->docs);
	free(ledger->ends);
	column_free(ledger->commits.column);
	free(ledger->commits.table);
	order_free(&ledger->order);
	for (size_t i = 0; i < ledger->bags.num; i++)
		free(ledger->bags.list[i].documents);
	free(ledger->bags.list);
	column_free(ledger->index);
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
grow_docs(struct ledger *ledger)
{
	const size_t had = ledger->room_docs,
		     room = had == 0 ? 64 : had + had / 4;
	struct ledger_document **docs =
	    realloc(ledger->docs, room * sizeof(struct ledger_document *));
	uint32_t *ends;

	if (docs == NULL)
		return false;
	ledger->docs = docs;
	if ((ends = realloc(ledger->ends, room * sizeof(*ends))) == NULL)
		return false;
	ledger->ends = ends;
	memset(docs + had, 0, (room - had) * sizeof(docs[0]));
	memset(ends + had, 0, (room - had) * sizeof(ends[0]));
	ledger->room_docs = room;
	return true;
}

uint32_t
ledger_intern(struct ledger *ledger, const char *name)
{
	return ledger->names.num == ledger->room_docs && !grow_docs(ledger)
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

	return number == 0 ? NULL : ledger->docs[number - 1];
}

void
ledger_set_title(struct ledger *ledger, struct ledger_document *doc,
    const char *title, const char *languages)
{
	states_set_title(doc, title, languages);
	__atomic_store_n(&ledger->titles_changed, true, __ATOMIC_RELEASE);
}

const char *
ledger_languages(const struct ledger_document *doc)
{
	return doc->title[0] == '\0' ? "" : doc->title + strlen(doc->title) + 1;
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

static bool
no_memory(struct error *err)
{
	return error_set_outside(err, "ledger: no memory");
}

/* Returns the place of a commit in the hash table, or the free place for it. */
static uint32_t *
find_commit(const struct commits *commits, const uint8_t *oid)
{
	const uint8_t *record;
	size_t i;

	memcpy(&i, oid, sizeof(i));
	for (i %= commits->places; commits->table[i] != 0;
	     i = (i + 1) % commits->places) {
		record = column_at(commits->column, commits->table[i] - 1);
		if (record == NULL || memcmp(record, oid, OID_BYTES) == 0)
			break;
	}
	return &commits->table[i];
}

/* Make the hash table of commits larger. */
static bool
grow_commits(struct commits *commits, uint64_t num)
{
	const size_t places = num < 64 ? 128 : (size_t)(num + num / 4) * 3 / 2;
	uint32_t *table = calloc(places, sizeof(*table));

	if (table == NULL)
		return false;
	free(commits->table);
	commits->table = table;
	commits->places = places;
	for (uint64_t i = 0; i < column_num(commits->column); i++) {
		const uint8_t *record = column_at(commits->column, i);

		if (record != NULL)
			*find_commit(commits, record) = (uint32_t)i + 1;
	}
	return true;
}

bool
ledger_index_commits(struct ledger *ledger)
{
	return grow_commits(&ledger->commits,
	    column_num(ledger->commits.column));
}

static bool
add_commit(struct ledger *ledger, const struct oid *oid, uint64_t index,
    struct error *err)
{
	struct commits *commits = &ledger->commits;
	const uint64_t had = column_num(commits->column);
	struct buf record = BUF(COMMIT_RECORD);
	bool ok;

	if ((had + 1) * 3 / 2 >= commits->places && !grow_commits(commits, had))
		return no_memory(err);
	ok = buf_append(&record, span_of(oid->bytes, OID_BYTES), err) &&
	    buf_append_u32(&record, (uint32_t)index, err) &&
	    column_add(commits->column, record.data, err);
	if (ok)
		*find_commit(commits, oid->bytes) = (uint32_t)had + 1;
	buf_free(&record);
	return ok;
}

uint64_t
ledger_of_commit(const struct ledger *ledger, const struct oid *oid)
{
	const struct commits *commits = &ledger->commits;
	const uint32_t place =
	    commits->places == 0 ? 0 : *find_commit(commits, oid->bytes);
	const uint8_t *record =
	    place == 0 ? NULL : column_at(commits->column, place - 1);
	struct span rest = span_of(record, record != NULL ? COMMIT_RECORD : 0);
	struct span bytes;
	uint32_t entry;

	return span_take(&rest, OID_BYTES, &bytes) &&
		span_take_u32(&rest, &entry) && entry < ledger_size(ledger)
	    ? entry
	    : LEDGER_NONE;
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
	return (size_t)column_num(ledger->index);
}

struct ledger_entry
ledger_entry(const struct ledger *ledger, uint64_t index)
{
	return index_entry(ledger->index, index, ledger->names.num);
}

struct ledger_places
ledger_about(const struct ledger *ledger, uint32_t number)
{
	const uint32_t end = number == 0 || number > ledger->names.num
	    ? 0
	    : ledger->ends[number - 1];
	const struct ledger_places none = { .num = 0 };

	if (end == 0)
		return none;
	return index_list(ledger->index, number, ACT_OTHER, end - 1);
}

struct ledger_places
ledger_of_act(const struct ledger *ledger, enum act act)
{
	return index_list(ledger->index, 0, act, ledger->last[act]);
}

/* The newest entry about a name, or LEDGER_NONE. */
static uint64_t
end_of(const struct ledger *ledger, uint32_t number)
{
	return number == 0 || ledger->ends[number - 1] == 0
	    ? LEDGER_NONE
	    : ledger->ends[number - 1] - 1;
}

bool
ledger_allocate(struct ledger *ledger, size_t more, struct error *err)
{
	bool ok;

	ledger_read_lock(ledger);
	ok = column_allocate(ledger->index, more, err) &&
	    column_allocate(ledger->commits.column, more, err);
	ledger_unlock(ledger);
	return ok;
}

static bool
add_entry(struct ledger *ledger, const struct ledger_entry *entry,
    struct error *err)
{
	const uint32_t numbers[] = { entry->document, entry->person,
		entry->office };
	const struct index_ends ends = { end_of(ledger, entry->document),
		end_of(ledger, entry->person), end_of(ledger, entry->office),
		ledger->last[entry->act] };

	if (!index_add(ledger->index, entry, &ends, err))
		return false;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i] != 0)
			ledger->ends[numbers[i] - 1] =
			    (uint32_t)column_num(ledger->index);
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
	return add_entry(ledger, &meta, err);
}

/*
 * Note the facts around an act that states_apply() accepted: its commit, its
 * bag, its document's place in the order.
 */
static bool
note_act(struct ledger *ledger, uint64_t index, const struct entry *entry,
    uint32_t number, struct error *err)
{
	const struct ledger_document *doc = ledger->docs[number - 1];

	return (!entry_has(entry, ENTRY_COMMIT) ||
		   add_commit(ledger, &doc->tip, index, err)) &&
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
	struct ledger_document *doc = names_room(&ledger->names, sizeof(*doc));

	if (doc == NULL)
		return no_memory(err);
	states_begin(doc, ledger_name(ledger, number));
	if (!states_apply(doc, &ledger->names, index, entry, err)) {
		states_free(doc);
		return false;
	}
	ledger->docs[number - 1] = doc;
	return order_add(&ledger->order, doc) || no_memory(err);
}

/* A deposit, signature, entry into force or termination of a document. */
static bool
apply_act(struct ledger *ledger, uint64_t index, const struct entry *entry,
    uint32_t number, struct error *err)
{
	struct ledger_document *doc = ledger->docs[number - 1];

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
	case ACT_DELIVERIES:
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
