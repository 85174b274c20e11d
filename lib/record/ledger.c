#include "record/ledger.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "record/order.h"
#include "record/states.h"

struct places {
	uint32_t *list;
	size_t num, room;
};

/* Names, each stored once and known by a number from 1. */
struct names {
	char **list;
	struct ledger_document **documents; /* of the same number, or NULL */
	struct places *places_of;           /* the same */
	size_t num, room;
	uint32_t *table;
	size_t places;
};

/* By commit: the entry that made it.  Open addressing, at most half full. */
struct commits {
	struct commit {
		struct oid oid;
		uint32_t entry; /* + 1; 0 is a free place */
	} * list;
	size_t places, num;
};

/* Waybills and acknowledgements: few, so looked through. */
struct bags {
	struct bag {
		struct digest digest;
		uint64_t index;
		enum act act;
		/* On which there are acts that came by it. */
		uint32_t *documents;
		size_t num_documents;
	} * list;
	size_t num, room;
};

struct ledger {
	pthread_rwlock_t lock;
	struct names names;
	struct commits commits;
	struct order order;
	struct bags bags;
	struct ledger_entry *entries;
	size_t num, room;
	uint64_t last[ACTS];
	struct places of_act[ACTS];
	struct digest newest_policy, newest_crls;
	char next_key[NOTE_KEY_TEXT];
	int64_t time_ms;
	bool titles_changed; /* atomic */
};

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

void
ledger_free(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	for (size_t i = 0; i < ledger->names.num; i++) {
		free(ledger->names.list[i]);
		free_document(ledger->names.documents[i]);
		free(ledger->names.places_of[i].list);
	}
	for (size_t i = 0; i < ACTS; i++)
		free(ledger->of_act[i].list);
	free(ledger->names.places_of);
	free(ledger->names.list);
	free(ledger->names.documents);
	free(ledger->names.table);
	free(ledger->commits.list);
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

/* FNV-1a; names are ours to choose or bounded in number by policy. */
static size_t
hash(const char *name)
{
	uint64_t value = UINT64_C(14695981039346656037);

	for (; *name != '\0'; name++)
		value = (value ^ (uint8_t)*name) * UINT64_C(1099511628211);
	return (size_t)value;
}

static uint32_t *
find_place(const struct names *names, const char *name)
{
	size_t i = hash(name) % names->places;

	while (names->table[i] != 0 &&
	    strcmp(names->list[names->table[i] - 1], name) != 0)
		i = (i + 1) % names->places;
	return &names->table[i];
}

uint32_t
ledger_number(const struct ledger *ledger, const char *name)
{
	return ledger->names.num == 0 ? 0 : *find_place(&ledger->names, name);
}

static bool
grow_names(struct names *names)
{
	const size_t room = names->room == 0 ? 256 : names->room * 2;
	char **list = realloc(names->list, room * sizeof(char *));
	struct ledger_document **documents;
	struct places *places;
	uint32_t *table;

	if (list == NULL)
		return false;
	names->list = list;
	documents =
	    realloc(names->documents, room * sizeof(struct ledger_document *));
	if (documents == NULL)
		return false;
	names->documents = documents;
	places = realloc(names->places_of, room * sizeof(*places));
	if (places == NULL)
		return false;
	names->places_of = places;
	if ((table = calloc(room * 2, sizeof(*table))) == NULL)
		return false;
	free(names->table);
	names->table = table;
	names->places = room * 2;
	names->room = room;
	for (size_t i = 0; i < names->num; i++)
		*find_place(names, list[i]) = (uint32_t)i + 1;
	return true;
}

static uint32_t
intern(struct ledger *ledger, const char *name)
{
	struct names *names = &ledger->names;
	uint32_t *place;

	if (names->num > 0 && *(place = find_place(names, name)) != 0)
		return *place;
	if (names->num == names->room && !grow_names(names))
		return 0;
	place = find_place(names, name);
	if ((names->list[names->num] = strdup(name)) == NULL)
		return 0;
	names->documents[names->num] = NULL;
	names->places_of[names->num] = (struct places){ NULL, 0, 0 };
	return *place = (uint32_t)++names->num;
}

const char *
ledger_name(const struct ledger *ledger, uint32_t number)
{
	return number == 0 ? "" : ledger->names.list[number - 1];
}

struct ledger_document *
ledger_find(struct ledger *ledger, const char *name)
{
	const uint32_t number = ledger_number(ledger, name);

	return number == 0 ? NULL : ledger->names.documents[number - 1];
}

void
ledger_set_title(struct ledger *ledger, struct ledger_document *doc,
    const char *title)
{
	snprintf(doc->title, sizeof(doc->title), "%s", title);
	__atomic_store_n(&ledger->titles_changed, true, __ATOMIC_RELEASE);
}

bool
ledger_titles_changed(struct ledger *ledger)
{
	return __atomic_exchange_n(&ledger->titles_changed, false,
	    __ATOMIC_ACQ_REL);
}

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

static bool
add_bag(struct ledger *ledger, uint64_t index, const struct entry *entry)
{
	struct bags *bags = &ledger->bags;

	if (bags->num == bags->room) {
		const size_t room = bags->room == 0 ? 16 : bags->room * 2;
		struct bag *all = realloc(bags->list, room * sizeof(*all));

		if (all == NULL)
			return false;
		bags->list = all;
		bags->room = room;
	}
	bags->list[bags->num++] = (struct bag){ .digest = entry->digest,
		.index = index,
		.act = entry->act };
	return true;
}

/* Who may read a document of that number may see the bag's dispatch. */
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

/* An act that came by bag: its waybill's entry belongs to the version's. */
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

/* The place of a commit: its own, or the free one for it. */
static struct commit *
find_commit(const struct commits *commits, const struct oid *oid)
{
	size_t i;

	memcpy(&i, oid->bytes, sizeof(i));
	for (i %= commits->places; commits->list[i].entry != 0 &&
	     !oid_eq(&commits->list[i].oid, oid);)
		i = (i + 1) % commits->places;
	return &commits->list[i];
}

static bool
add_commit(struct ledger *ledger, const struct oid *oid, uint64_t index)
{
	struct commits *commits = &ledger->commits;

	if (commits->num * 2 >= commits->places) {
		struct commits more = { .places = commits->places == 0
			    ? 256
			    : commits->places * 2 };

		more.list = calloc(more.places, sizeof(*more.list));
		if (more.list == NULL)
			return false;
		more.num = commits->num;
		for (size_t i = 0; i < commits->places; i++)
			if (commits->list[i].entry != 0)
				*find_commit(&more, &commits->list[i].oid) =
				    commits->list[i];
		free(commits->list);
		*commits = more;
	}
	*find_commit(commits, oid) =
	    (struct commit){ *oid, (uint32_t)index + 1 };
	commits->num++;
	return true;
}

uint64_t
ledger_of_commit(const struct ledger *ledger, const struct oid *oid)
{
	const struct commit *commit;

	if (ledger->commits.num == 0)
		return LEDGER_NONE;
	commit = find_commit(&ledger->commits, oid);
	return commit->entry == 0 ? LEDGER_NONE : commit->entry - 1;
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

static bool
add_place(struct places *places, size_t place)
{
	uint32_t *all;

	if (places->num == places->room) {
		const size_t room = places->room == 0 ? 4 : places->room * 2;

		if ((all = realloc(places->list, room * sizeof(*all))) == NULL)
			return false;
		places->list = all;
		places->room = room;
	}
	places->list[places->num++] = (uint32_t)place;
	return true;
}

static bool
add_places(struct ledger *ledger, const struct ledger_entry *meta)
{
	const uint32_t about[] = { meta->document, meta->person, meta->office };

	for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++)
		if (about[i] != 0 &&
		    !add_place(&ledger->names.places_of[about[i] - 1],
			ledger->num))
			return false;
	return add_place(&ledger->of_act[meta->act], ledger->num);
}

struct ledger_places
ledger_about(const struct ledger *ledger, uint32_t number)
{
	const struct places *places;

	if (number == 0 || number > ledger->names.num)
		return (struct ledger_places){ NULL, 0 };
	places = &ledger->names.places_of[number - 1];
	return (struct ledger_places){ places->list, places->num };
}

struct ledger_places
ledger_of_act(const struct ledger *ledger, enum act act)
{
	return (struct ledger_places){ ledger->of_act[act].list,
		ledger->of_act[act].num };
}

static bool
add_meta(struct ledger *ledger, const struct entry *entry, uint32_t document,
    struct error *err)
{
	struct ledger_entry meta = { .act = (uint8_t)entry->act,
		.document = document };

	if (ledger->num == ledger->room) {
		const size_t room = ledger->room == 0 ? 4096 : ledger->room * 2;
		struct ledger_entry *all =
		    realloc(ledger->entries, room * sizeof(*all));

		if (all == NULL)
			return no_memory(err);
		ledger->entries = all;
		ledger->room = room;
	}
	if (entry_has(entry, ENTRY_PERSON) &&
	    (meta.person = intern(ledger, entry->person)) == 0)
		return no_memory(err);
	if (entry_has(entry, ENTRY_OFFICE) &&
	    (meta.office = intern(ledger, entry->office)) == 0)
		return no_memory(err);
	if (!add_places(ledger, &meta))
		return no_memory(err);
	ledger->entries[ledger->num++] = meta;
	return true;
}

/* What belongs to an act of a document, which states_apply() took. */
static bool
note_act(struct ledger *ledger, uint64_t index, const struct entry *entry,
    uint32_t number, struct error *err)
{
	const struct ledger_document *doc = ledger->names.documents[number - 1];

	return (!entry_has(entry, ENTRY_COMMIT) ||
		   add_commit(ledger, &doc->tip, index) || no_memory(err)) &&
	    (!entry_has(entry, ENTRY_WAYBILL) ||
		join_bag(ledger, doc, number, entry) || no_memory(err));
}

/* The first act of a document: there is none before it has a version. */
static bool
begin_document(struct ledger *ledger, uint64_t index, const struct entry *entry,
    uint32_t number, struct error *err)
{
	struct ledger_document *doc = calloc(1, sizeof(*doc));

	if (doc == NULL)
		return no_memory(err);
	snprintf(doc->name, sizeof(doc->name), "%s", entry->document);
	doc->last = LEDGER_NONE;
	if (!states_apply(doc, index, entry, err)) {
		free_document(doc);
		return false;
	}
	ledger->names.documents[number - 1] = doc;
	return order_add(&ledger->order, doc) || no_memory(err);
}

/* A deposit, signature, entry into force or termination of a document. */
static bool
apply_act(struct ledger *ledger, uint64_t index, const struct entry *entry,
    uint32_t number, struct error *err)
{
	struct ledger_document *doc = ledger->names.documents[number - 1];

	if (doc == NULL) {
		if (!begin_document(ledger, index, entry, number, err))
			return false;
	} else {
		order_changed(&ledger->order, doc->name);
		if (!states_apply(doc, index, entry, err))
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
	    (document = intern(ledger, entry->document)) == 0)
		return no_memory(err);
	if (entry->act != ACT_OTHER && entry_has(entry, ENTRY_TO) &&
	    (document = intern(ledger, entry->to)) == 0)
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
		if (!add_bag(ledger, index, entry))
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
ledger_visit(void *ledger, uint64_t index, struct span line, struct error *err)
{
	static struct entry entry; /* large */

	return entry_parse(line, &entry, err) &&
	    ledger_apply(ledger, index, &entry, err);
}

struct sight
sight_of(const struct policy *policy, const struct office *office)
{
	struct sight sight = { .policy = policy, .office = office };

	for (size_t i = 0; i < policy->num_types; i++) {
		const char *type = policy->types[i].name;

		if (policy_decide(policy, office, RIGHT_READ, type).allowed)
			sight.read |= UINT64_C(1) << i;
		if (policy_decide(policy, office, RIGHT_AUDIT, type).allowed)
			sight.audit |= UINT64_C(1) << i;
	}
	return sight;
}

/* Acts of the depositary itself, which concern everybody. */
static bool
is_for_everybody(uint8_t act)
{
	return act == ACT_START || act == ACT_POLICY || act == ACT_CRL ||
	    act == ACT_KEY;
}

static int
compare_bags(const void *a, const void *b)
{
	const struct bag *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

/* May it read a document on which an act came by that bag? */
static bool
reads_of_bag(const struct ledger *ledger, const struct sight *sight,
    uint64_t index)
{
	const struct bag key = { .index = index };
	const struct bag *bag = ledger->bags.num == 0
	    ? NULL
	    : bsearch(&key, ledger->bags.list, ledger->bags.num, sizeof(key),
		  compare_bags);

	for (size_t i = 0; bag != NULL && i < bag->num_documents; i++)
		if (sight_reads(sight, ledger_name(ledger, bag->documents[i])))
			return true;
	return false;
}

/* Of the type that a document's name begins with; or the number of types. */
static size_t
type_of(const struct policy *policy, const char *document)
{
	const char *slash = strchr(document, '/');
	const size_t len = slash != NULL ? (size_t)(slash - document) : 0;
	size_t i = 0;

	while (i < policy->num_types &&
	    (strncmp(policy->types[i].name, document, len) != 0 ||
		policy->types[i].name[len] != '\0'))
		i++;
	return i;
}

bool
ledger_visible(const struct ledger *ledger, const struct sight *sight,
    uint64_t index)
{
	const struct ledger_entry *entry = &ledger->entries[index];
	const char *about = ledger_name(ledger, entry->document);
	uint64_t bit;
	size_t type;

	if (is_for_everybody(entry->act))
		return true;
	if (entry->office != 0 &&
	    strcmp(ledger_name(ledger, entry->office), sight->office->name) ==
		0)
		return true;
	/* A bag may hold documents of any type. */
	if (entry->act == ACT_DISPATCH || entry->act == ACT_ACKNOWLEDGE)
		return strcmp(about, sight->office->name) == 0 ||
		    sight->audit != 0 || reads_of_bag(ledger, sight, index);
	/* Of no type there is, or a type that was dropped: nobody's alone. */
	if ((type = type_of(sight->policy, about)) == sight->policy->num_types)
		return sight->audit != 0;
	bit = UINT64_C(1) << type;
	if ((sight->audit & bit) != 0)
		return true;
	return (sight->read & bit) != 0 && entry->act != ACT_DELIVER &&
	    entry->act != ACT_REFUSE && entry->act != ACT_OTHER;
}

static bool
has_right(const struct sight *sight, uint64_t types, const char *document)
{
	const size_t type = type_of(sight->policy, document);

	return type < sight->policy->num_types && (types >> type & 1) != 0;
}

bool
sight_reads(const struct sight *sight, const char *document)
{
	return has_right(sight, sight->read, document);
}

bool
sight_sees(const struct sight *sight, const char *document)
{
	/* Of no type: as ledger_visible() shows it. */
	return type_of(sight->policy, document) == sight->policy->num_types
	    ? sight->audit != 0
	    : has_right(sight, sight->read | sight->audit, document);
}
