/*
 * The library: loading policies and sets of CRLs from the store, and keeping
 * them (library.h).
 */
#include "record/library.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

struct shelf {
	struct policy **policies;
	struct crl_set **sets;
	size_t num_policies, num_sets;
};

/* The sets on a chain of commits, as far as it was walked; each commit once. */
struct chain {
	struct link {
		struct digest contents;
		struct oid tree, commit;
		int64_t at; /* when it was committed, UTC seconds */
	} * links;
	size_t num, room;
	struct oid head;
};

struct library {
	struct store *store;
	pthread_mutex_t mutex;
	struct chain policies, crls;
	/*
	 * All commits of the store, if one was asked for that is on no chain: a
	 * ref was lost, or put back to an older commit.
	 */
	struct chain all;
	bool has_all;
	struct shelf shelf;
	struct crl_entries *named;
};

struct library *
library_new(struct store *store, struct error *err)
{
	struct library *library = calloc(1, sizeof(*library));

	if (library == NULL) {
		error_set_errno(err, "library");
		return NULL;
	}
	if ((library->named = crl_entries_new(err)) == NULL) {
		free(library);
		return NULL;
	}
	library->store = store;
	pthread_mutex_init(&library->mutex, NULL);
	return library;
}

void
library_free(struct library *library)
{
	if (library == NULL)
		return;
	crl_entries_free(library->named);
	for (size_t i = 0; i < library->shelf.num_policies; i++)
		policy_free(library->shelf.policies[i]);
	for (size_t i = 0; i < library->shelf.num_sets; i++)
		crl_set_free(library->shelf.sets[i]);
	free(library->shelf.policies);
	free(library->shelf.sets);
	free(library->policies.links);
	free(library->crls.links);
	free(library->all.links);
	pthread_mutex_destroy(&library->mutex);
	free(library);
}

struct crl_set *
crl_set_of(struct container *files, struct crls *crls, struct error *err)
{
	struct crl_set *set = calloc(1, sizeof(*set));

	if (set == NULL) {
		container_free(files);
		crls_free(crls);
		error_set_errno(err, "CRLs");
		return NULL;
	}
	set->files = files;
	set->crls = crls;
	if (files != NULL && crls != NULL && container_hash(files, NULL, err) &&
	    container_contents(files, &set->digest, err))
		return set;
	crl_set_free(set);
	return NULL;
}

struct crl_set *
crl_set_load(struct container *files, struct error *err)
{
	struct crls *crls = crls_new(err);
	bool ok = crls != NULL;

	for (size_t i = 0; ok && i < files->num; i++)
		ok = crls_add(crls, member_bytes(&files->members[i]), NULL,
			 err) ||
		    error_context(err, "%s", files->members[i].path);
	if (ok)
		return crl_set_of(files, crls, err);
	container_free(files);
	crls_free(crls);
	return NULL;
}

void
crl_set_free(struct crl_set *set)
{
	if (set == NULL)
		return;
	crls_free(set->crls);
	container_free(set->files);
	free(set);
}

struct gathering {
	struct store *store;
	struct container *files;
};

static bool
gather(void *arg, const char *path, const struct oid *oid, struct error *err)
{
	struct gathering *gathering = arg;
	struct buf bytes = BUF(LIMIT_CRL_BYTES);
	bool ok;

	ok = store_read(gathering->store, oid, OBJECT_BLOB, &bytes, err) &&
	    container_put(gathering->files, path, buf_span(&bytes), err);
	buf_free(&bytes);
	return ok;
}

/* Add a commit with the digest that its message names. */
static bool
add_link(struct chain *chain, const struct oid *oid,
    const struct store_commit *commit, struct error *err)
{
	struct link *link;

	if (chain->num == chain->room) {
		const size_t room = 2 * chain->room + 16;
		void *links =
		    realloc(chain->links, room * sizeof(*chain->links));

		if (links == NULL)
			return error_set_errno(err, "library");
		chain->links = links;
		chain->room = room;
	}
	link = &chain->links[chain->num];
	link->tree = commit->tree;
	link->commit = *oid;
	link->at = commit->at;
	if (digest_parse(span_of_str(commit->contents), &link->contents))
		chain->num++;
	return true;
}

/*
 * Walk the commits that came since the last walk. If one cannot be read, those
 * after it are taken in all the same; false then says to walk again.
 */
static bool
follow_chain(struct store *store, const char *ref, struct chain *chain,
    struct error *err)
{
	struct store_commit commit = { .has_parent = true };
	struct oid head, at;

	if (!store_get_ref(store, ref, &head))
		return true;
	for (at = head; commit.has_parent && !oid_eq(&at, &chain->head);
	     at = commit.parent)
		if (!store_read_commit(store, &at, &commit, err) ||
		    !add_link(chain, &at, &commit, err))
			return false;
	chain->head = head;
	return true;
}

/* Returns the first commit of a chain that has the set of this digest. */
static const struct link *
find_link(const struct chain *chain, const struct digest *digest)
{
	for (size_t i = 0; i < chain->num; i++)
		if (digest_eq(&chain->links[i].contents, digest))
			return &chain->links[i];
	return NULL;
}

/* Add each commit of the store that can be read; an object_visitor. */
static bool
add_object(void *arg, const struct oid *oid, const struct object *object,
    struct error *err)
{
	struct library *library = arg;
	struct store_commit commit;
	struct error ignored = { 0 };

	return (object->type != OBJECT_COMMIT && !object->is_delta) ||
	    !store_read_commit(library->store, oid, &commit, &ignored) ||
	    add_link(&library->all, oid, &commit, err);
}

/*
 * The same of all commits of the store, of several the newest: they are read
 * once, since that takes long. What is loaded from it must have the digest.
 */
static const struct link *
find_anywhere(struct library *library, const struct digest *digest)
{
	struct backend *backend = store_backend(library->store);
	const struct chain *all = &library->all;
	const struct link *found = NULL;
	struct error ignored = { 0 };

	if (!library->has_all)
		library->has_all = backend->table->each(backend, add_object,
		    library, &ignored);
	for (size_t i = 0; i < all->num; i++)
		if (digest_eq(&all->links[i].contents, digest) &&
		    (found == NULL || all->links[i].at > found->at))
			found = &all->links[i];
	return found;
}

/* Get the tree of the commit that has the set of this digest. */
static bool
find_tree(struct library *library, const char *ref, struct chain *chain,
    const struct digest *digest, struct oid *tree)
{
	const size_t before = chain->num;
	struct error ignored = { 0 };
	const bool walked = follow_chain(library->store, ref, chain, &ignored);
	const struct link *found = find_link(chain, digest);

	if (found == NULL)
		found = find_anywhere(library, digest);
	if (found != NULL)
		*tree = found->tree;
	if (!walked)
		chain->num = before;
	return found != NULL;
}

static struct container *
find_files(struct library *library, const char *ref, struct chain *chain,
    const struct digest *digest)
{
	struct gathering gathering = { .store = library->store };
	struct error err = { 0 };
	struct oid tree;

	if (!find_tree(library, ref, chain, digest, &tree) ||
	    (gathering.files = container_new(&err)) == NULL)
		return NULL;
	if (!store_walk_tree(library->store, &tree, gather, &gathering, &err)) {
		container_free(gathering.files);
		return NULL;
	}
	return gathering.files;
}

static struct policy *
find_policy(const struct shelf *shelf, const struct digest *digest)
{
	for (size_t i = 0; i < shelf->num_policies; i++)
		if (digest_eq(&shelf->policies[i]->digest, digest))
			return shelf->policies[i];
	return NULL;
}

static struct crl_set *
find_set(const struct shelf *shelf, const struct digest *digest)
{
	for (size_t i = 0; i < shelf->num_sets; i++)
		if (digest_eq(&shelf->sets[i]->digest, digest))
			return shelf->sets[i];
	return NULL;
}

/*
 * Keep a policy, or free it and return the one that is kept already. NULL on
 * failure.
 */
static struct policy *
keep_policy(struct shelf *shelf, struct policy *policy, struct error *err)
{
	struct policy *known = find_policy(shelf, &policy->digest), **all;

	if (known != NULL) {
		policy_free(policy);
		return known;
	}
	all = realloc(shelf->policies,
	    (shelf->num_policies + 1) * sizeof(struct policy *));
	if (all == NULL) {
		policy_free(policy);
		error_set_errno(err, "policy");
		return NULL;
	}
	shelf->policies = all;
	return all[shelf->num_policies++] = policy;
}

/*
 * Keep a set, or free it and return the one that is kept already. NULL on
 * failure.
 */
static struct crl_set *
keep_set(struct shelf *shelf, struct crl_set *set, struct error *err)
{
	struct crl_set *known = find_set(shelf, &set->digest), **all;

	if (known != NULL) {
		crl_set_free(set);
		return known;
	}
	all = realloc(shelf->sets,
	    (shelf->num_sets + 1) * sizeof(struct crl_set *));
	if (all == NULL) {
		crl_set_free(set);
		error_set_errno(err, "CRLs");
		return NULL;
	}
	shelf->sets = all;
	return all[shelf->num_sets++] = set;
}

struct policy *
library_policy(struct library *library, const struct digest *digest)
{
	struct complaints complaints = COMPLAINTS;
	struct container *files;
	struct policy *policy;
	struct error err = { 0 };

	pthread_mutex_lock(&library->mutex);
	policy = find_policy(&library->shelf, digest);
	if (policy == NULL &&
	    (files = find_files(library, REF_POLICY, &library->policies,
		 digest)) != NULL &&
	    (policy = policy_load(files, time_now_ms() / 1000, &complaints,
		 &err)) != NULL)
		policy = digest_eq(&policy->digest, digest)
		    ? keep_policy(&library->shelf, policy, &err)
		    : (policy_free(policy), NULL);
	pthread_mutex_unlock(&library->mutex);
	complaints_free(&complaints);
	return policy;
}

const struct crl_set *
library_crls(struct library *library, const struct digest *digest)
{
	struct container *files;
	struct crl_set *set;
	struct error err = { 0 };

	pthread_mutex_lock(&library->mutex);
	set = find_set(&library->shelf, digest);
	if (set == NULL &&
	    (files = find_files(library, REF_CRLS, &library->crls, digest)) !=
		NULL &&
	    (set = crl_set_load(files, &err)) != NULL)
		set = digest_eq(&set->digest, digest)
		    ? keep_set(&library->shelf, set, &err)
		    : (crl_set_free(set), NULL);
	pthread_mutex_unlock(&library->mutex);
	return set;
}

static struct policy *
verdict_policy(void *arg, const struct digest *digest, uint64_t index)
{
	/* The digest is enough: the journal says which policy was in force. */
	(void)index;
	return library_policy(arg, digest);
}

static struct crls *
verdict_crls(void *arg, const struct digest *digest)
{
	const struct crl_set *set = library_crls(arg, digest);

	return set != NULL ? set->crls : NULL;
}

/* The daemon knows every entry of its own journal. */
static const struct crl_entries *
verdict_named(void *arg, uint64_t *as_of)
{
	const struct library *library = arg;

	*as_of = UINT64_MAX;
	return library->named;
}

struct verdict_library
library_for_verdict(struct library *library)
{
	return (struct verdict_library){ .policy = verdict_policy,
		.crls = verdict_crls,
		.named = verdict_named,
		.arg = library };
}

void
library_hold(struct library *library, struct crls *held)
{
	crl_entries_hold(library->named, held);
}

const struct revocation *
library_revocation(const struct library *library)
{
	return crl_entries_revocation(library->named);
}

bool
library_follow(struct library *library, uint64_t index,
    const struct entry *entry, struct error *err)
{
	const struct verdict_library books = library_for_verdict(library);

	/* An act names the set that the last of these entries named. */
	return (entry->act != ACT_POLICY && entry->act != ACT_CRL) ||
	    crl_entries_take(library->named, &books, index, entry, err);
}

/* Take the entries from both lists of places, in the order of their indices. */
bool
library_follow_all(struct library *library, const struct journal *journal,
    const struct ledger *ledger, struct error *err)
{
	struct ledger_places policies = ledger_of_act(ledger, ACT_POLICY),
			     crls = ledger_of_act(ledger, ACT_CRL);
	size_t i = 0, j = 0;
	bool ok = true;

	while (ok && (i < policies.num || j < crls.num)) {
		const bool is_policy = j == crls.num ||
		    (i < policies.num &&
			ledger_place(&policies, i) < ledger_place(&crls, j));
		const uint64_t index = is_policy ? ledger_place(&policies, i++)
						 : ledger_place(&crls, j++);
		struct verdict_act *act = stored_acts(journal, &index, 1, err);

		ok = act != NULL &&
		    library_follow(library, index, &act->entry, err);
		free(act);
	}
	return ok;
}

/* Compare a ref with the digest that the newest entry of its act names. */
static bool
look_at_ref(struct library *library, const char *ref, struct chain *chain,
    const struct digest *newest, bool mend, library_ref_visitor *tell,
    void *arg, struct error *err)
{
	struct error ignored = { 0 };
	const struct link *found;
	bool ok = true;

	pthread_mutex_lock(&library->mutex);
	if (!follow_chain(library->store, ref, chain, &ignored) ||
	    find_link(chain, newest) == NULL) {
		found = find_anywhere(library, newest);
		tell(arg, ref, found != NULL);
		if (found != NULL && mend)
			ok = store_set_ref(library->store, ref, &found->commit,
			    err);
	}
	pthread_mutex_unlock(&library->mutex);
	return ok;
}

bool
library_look_at_refs(struct library *library, const struct ledger *ledger,
    bool mend, library_ref_visitor *tell, void *arg, struct error *err)
{
	struct digest newest;

	return (!ledger_newest(ledger, ACT_POLICY, &newest) ||
		   look_at_ref(library, REF_POLICY, &library->policies, &newest,
		       mend, tell, arg, err)) &&
	    (!ledger_newest(ledger, ACT_CRL, &newest) ||
		look_at_ref(library, REF_CRLS, &library->crls, &newest, mend,
		    tell, arg, err));
}

struct policy *
library_add_policy(struct library *library, struct policy *policy,
    struct error *err)
{
	struct policy *kept;

	pthread_mutex_lock(&library->mutex);
	kept = keep_policy(&library->shelf, policy, err);
	pthread_mutex_unlock(&library->mutex);
	return kept;
}

const struct crl_set *
library_add_crls(struct library *library, struct crl_set *set,
    struct error *err)
{
	const struct crl_set *kept;

	pthread_mutex_lock(&library->mutex);
	kept = keep_set(&library->shelf, set, err);
	pthread_mutex_unlock(&library->mutex);
	return kept;
}
