/*
 * Selecting the objects to send: of each wanted document its commits, from the
 * newest wanted one back to where its history is cut or known to the client.
 */
#include <stdlib.h>
#include <string.h>

#include "base/pace.h"
#include "git/private.h"

struct step {
	struct oid oid, tree;
	bool in_range, present;
};

/* One document's commits to send, from the newest back. */
struct chain {
	struct step *steps;
	size_t num, room;
};

static struct step *
add_step(struct chain *chain)
{
	if (chain->num == chain->room) {
		const size_t room = chain->room == 0 ? 16 : chain->room * 2;
		struct step *all = realloc(chain->steps, room * sizeof(*all));

		if (all == NULL)
			return NULL;
		chain->steps = all;
		chain->room = room;
	}
	return &chain->steps[chain->num++];
}

/* The state of the walk back through one document's commits. */
struct walk {
	struct git_want *wants; /* of this document, the newest first */
	size_t num_wants, met;
	bool wanted, present, excluded;
	struct digest contents; /* the contents of the newest wanted commit */
	/* Number of commits that the depth still admits */
	uint64_t left;
};

/* Is the commit within the depth or time that was asked for? */
static bool
in_range(const struct git_fetch *fetch, const struct walk *walk, int64_t at)
{
	const struct git_request *request = fetch->request;

	if (!walk->wanted || walk->excluded)
		return false;
	if (request->since != 0 && at < request->since)
		return false;
	return request->depth == 0 || walk->left > 0;
}

/* deepen-not: is the commit the branch's tip or one before it? */
static bool
is_excluded(struct git_fetch *fetch, const char *document)
{
	const struct git_request *request = fetch->request;
	char ref[sizeof(GIT_HEADS) + DOCUMENT_NAME];

	snprintf(ref, sizeof(ref), GIT_HEADS "%s", document);
	for (size_t i = 0; i < request->num_nots; i++)
		if (span_is(request->not [i], ref) ||
		    span_is(request->not [i], ref + 5) ||
		    span_is(request->not [i], document))
			return true;
	return false;
}

static bool
append_cut(struct git_fetch *fetch, const char *what, const struct oid *oid,
    struct error *err)
{
	char hex[OID_HEX];

	oid_hex(oid, hex);
	return pkt_printf(&fetch->cuts, err, "%s %s\n", what, hex);
}

/*
 * Tell where a cut is now and where it was before.  The client lists its own
 * cuts as "shallow" lines: it has no commits below them, whatever it claims.
 */
static bool
tell_cuts(struct git_fetch *fetch, const struct chain *chain, bool more_behind,
    struct error *err)
{
	if (!git_request_deepens(fetch->request))
		return true;
	for (size_t i = 0; i < chain->num; i++) {
		const struct step *step = &chain->steps[i];
		const bool has_parent = i + 1 < chain->num || more_behind;
		const bool parent_in =
		    i + 1 < chain->num && chain->steps[i + 1].in_range;
		const bool was_cut = oids_set_has(&fetch->shallows, &step->oid);

		if (!step->in_range)
			continue;
		if (has_parent && !parent_in && !was_cut &&
		    !append_cut(fetch, "shallow", &step->oid, err))
			return false;
		if (was_cut && (parent_in || !has_parent) &&
		    !append_cut(fetch, "unshallow", &step->oid, err))
			return false;
	}
	return true;
}

/* Visit a file that the client has: it is not sent. */
static bool
mark_file(void *arg, const char *path, const struct oid *oid, struct error *err)
{
	struct git_fetch *fetch = arg;
	bool first;

	(void)path;
	return oids_meet(&fetch->objects, oid, &first) ||
	    error_set_errno(err, "git objects");
}

/* Visit a tree that the client has; returns true if its entries are new too. */
static bool
mark_tree(void *arg, const struct oid *tree)
{
	struct git_fetch *fetch = arg;
	bool first = false;

	return oids_meet(&fetch->objects, tree, &first) && first;
}

/* Visit a file to send, unless the client has it. */
static bool
send_file(void *arg, const char *path, const struct oid *oid, struct error *err)
{
	struct git_fetch *fetch = arg;

	(void)path;
	return oids_take(&fetch->objects, oid) ||
	    error_set_errno(err, "git objects");
}

/* Visit a tree to send; returns true if its entries must be visited. */
static bool
send_tree(void *arg, const struct oid *tree)
{
	struct git_fetch *fetch = arg;
	const size_t before = fetch->objects.num;

	return oids_take(&fetch->objects, tree) && fetch->objects.num > before;
}

/*
 * Collect the objects of the chain.  The commits next to those sent that the
 * client has are walked first, so that their objects are not sent.
 */
static bool
collect(struct git_fetch *fetch, const struct chain *chain, struct error *err)
{
	struct store *store = fetch->service->store;
	bool ok = true;

	for (size_t i = 0; ok && i < chain->num; i++) {
		const struct step *step = &chain->steps[i];
		const bool near = (i > 0 && !chain->steps[i - 1].present) ||
		    (i + 1 < chain->num && !chain->steps[i + 1].present);

		if (step->present && near)
			ok = store_walk_trees(store, &step->tree, mark_tree,
			    mark_file, fetch, err);
	}
	for (size_t i = 0; ok && i < chain->num; i++) {
		const struct step *step = &chain->steps[i];

		if (step->present || !step->in_range)
			continue;
		if (!oids_take(&fetch->objects, &step->oid))
			return error_set_errno(err, "git objects");
		ok = store_walk_trees(store, &step->tree, send_tree, send_file,
		    fetch, err);
	}
	return ok;
}

/* Find the newest commit of a document that the client wants or has. */
static bool
newest_of(struct git_fetch *fetch, const struct walk *walk, struct oid *tip,
    char document[DOCUMENT_NAME])
{
	const struct git_service *service = fetch->service;
	struct ledger_document *doc;
	bool found;

	ledger_read_lock(service->ledger);
	snprintf(document, DOCUMENT_NAME, "%s",
	    ledger_name(service->ledger, walk->wants[0].document));
	doc = ledger_find(service->ledger, document);
	found = doc != NULL && doc->num_versions > 0;
	if (found)
		*tip = doc->tip;
	ledger_unlock(service->ledger);
	return found;
}

static bool
meet_want(struct git_fetch *fetch, struct walk *walk, const struct oid *oid,
    const struct store_commit *commit, struct error *err)
{
	if (!oids_set_has(&fetch->wants, oid))
		return true;
	if (!walk->wanted &&
	    !digest_parse(span_of_str(commit->contents), &walk->contents))
		return error_set_outside(err,
		    "a commit has no Contents-Digest");
	walk->met++;
	walk->wanted = true;
	/*
	 * A relative depth counts from the present cut: everything down to it
	 * is sent.
	 */
	walk->left = fetch->request->deepen_relative ? UINT64_MAX
						     : fetch->request->depth;
	return true;
}

/*
 * Walk from the newest commit back to a cut or to what the client has.
 * *more_behind tells whether commits are left out behind a cut.
 */
static bool
walk_back(struct git_fetch *fetch, struct walk *walk, struct chain *chain,
    bool *more_behind, struct error *err)
{
	const struct git_request *request = fetch->request;
	const bool deepens = git_request_deepens(request);
	char document[DOCUMENT_NAME];
	struct store_commit commit;
	struct oid next;
	bool more = newest_of(fetch, walk, &next, document);

	walk->excluded = is_excluded(fetch, document);
	while (more) {
		const bool cut = oids_set_has(&fetch->shallows, &next);
		struct step *step;

		if (!store_read_commit(fetch->service->store, &next, &commit,
			err))
			return false;
		if (!meet_want(fetch, walk, &next, &commit, err))
			return false;
		walk->present =
		    walk->present || oids_set_has(&fetch->haves, &next);
		if ((step = add_step(chain)) == NULL)
			return error_set_errno(err, "git request");
		*step = (struct step){ .oid = next,
			.tree = commit.tree,
			.in_range = in_range(fetch, walk, commit.at),
			.present = walk->present };
		if (walk->left > 0 && walk->wanted && walk->left != UINT64_MAX)
			walk->left--;
		/* Below a cut of its own the client has no commits. */
		if (cut)
			walk->present = false;
		if (cut && request->deepen_relative)
			walk->left = request->depth;
		more = commit.has_parent;
		next = commit.parent;
		*more_behind = more;
		if (walk->met < walk->num_wants)
			continue;
		if (!step->in_range || (!deepens && (cut || walk->present)))
			break;
	}
	if (!more)
		*more_behind = false;
	return true;
}

static void
add_delivery(struct git_fetch *fetch, const struct walk *walk)
{
	struct git_answer *out = fetch->out;
	struct ledger *ledger = fetch->service->ledger;
	struct git_delivery *one = &out->deliveries[out->num_deliveries];
	const struct ledger_document *doc;

	ledger_read_lock(ledger);
	doc = ledger_find(ledger, ledger_name(ledger, walk->wants[0].document));
	for (size_t i = 0; doc != NULL && i < doc->num_versions; i++)
		for (size_t j = 0; j < doc->versions[i].num_acts; j++)
			if (doc->versions[i].acts[j] == walk->wants[0].index)
				one->version = doc->versions[i].number;
	if (one->version != 0) {
		snprintf(one->document, sizeof(one->document), "%s", doc->name);
		one->contents = walk->contents;
		out->num_deliveries++;
	}
	ledger_unlock(ledger);
}

/* Select the objects of one document; num wants of it. */
static bool
fetch_document(struct git_fetch *fetch, struct git_want *wants, size_t num,
    struct error *err)
{
	struct walk walk = { .wants = wants, .num_wants = num };
	const size_t before = fetch->objects.num;
	struct chain chain = { 0 };
	bool more_behind = false, ok;

	ok = walk_back(fetch, &walk, &chain, &more_behind, err) &&
	    tell_cuts(fetch, &chain, more_behind, err) &&
	    collect(fetch, &chain, err);
	for (size_t i = 0; i < chain.num; i++)
		fetch->any_in_range =
		    fetch->any_in_range || chain.steps[i].in_range;
	free(chain.steps);
	if (ok && fetch->objects.num > before)
		add_delivery(fetch, &walk);
	return ok;
}

bool
git_select(struct git_fetch *fetch, struct error *err)
{
	bool ok = true;

	fetch->out->deliveries =
	    calloc(fetch->num + 1, sizeof(*fetch->out->deliveries));
	if (fetch->out->deliveries == NULL)
		return error_set_errno(err, "git request");
	for (size_t i = 0, next; ok && i < fetch->num; i = next) {
		for (next = i + 1; next < fetch->num &&
		     fetch->list[next].document == fetch->list[i].document;)
			next++;
		ok = fetch_document(fetch, &fetch->list[i], next - i, err);
		pace_point();
	}
	fetch->out->objects = fetch->objects.list;
	fetch->out->num_objects = fetch->objects.num;
	fetch->objects.list = NULL;
	return ok;
}

/* The ref of a deepen-not must be one that the caller may see. */
bool
git_nots_are_refs(struct git_fetch *fetch)
{
	struct ledger *ledger = fetch->service->ledger;
	bool ok = true;

	ledger_read_lock(ledger);
	for (size_t i = 0; ok && i < fetch->request->num_nots; i++) {
		const struct ledger_document *doc;
		char name[GIT_REF];
		const char *slug = name;

		ok = span_to_str(fetch->request->not [i], name, sizeof(name));
		if (ok && strncmp(name, "refs/", 5) == 0)
			slug += 5;
		if (ok && strncmp(slug, "heads/", 6) == 0)
			slug += 6;
		doc = ok ? ledger_find(ledger, slug) : NULL;
		ok = doc != NULL && doc->num_versions > 0 &&
		    sight_reads(&fetch->service->sight, slug);
	}
	ledger_unlock(ledger);
	return ok;
}
