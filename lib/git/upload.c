#include "git/upload.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "record/order.h"

#define AGENT  "agent=valise/" VALISE_VERSION
#define PREFIX "refs/heads/"

/* --- Sets of ids. --- */

struct set {
	struct oid *list; /* sorted, each once */
	size_t num;
};

static int
compare_oids(const void *a, const void *b)
{
	return memcmp(a, b, OID_BYTES);
}

static bool
set_of(const struct git_oids *oids, struct set *out, struct error *err)
{
	*out = (struct set){ calloc(oids->num + 1, sizeof(struct oid)), 0 };
	if (out->list == NULL)
		return error_set_errno(err, "git request");
	if (oids->num > 0)
		memcpy(out->list, oids->list, oids->num * sizeof(struct oid));
	qsort(out->list, oids->num, sizeof(struct oid), compare_oids);
	for (size_t i = 0; i < oids->num; i++)
		if (out->num == 0 ||
		    !oid_eq(&out->list[out->num - 1], &out->list[i]))
			out->list[out->num++] = out->list[i];
	return true;
}

static bool
set_has(const struct set *set, const struct oid *oid)
{
	return bsearch(oid, set->list, set->num, sizeof(*oid), compare_oids) !=
	    NULL;
}

/* Objects met so far, and those of them that go out, in that order. */
struct objects {
	struct oid *list;
	size_t num, room;
	struct oid *seen; /* open addressing, half full at most */
	bool *taken;
	size_t places, num_seen;
};

static size_t
place_of(const struct objects *objects, const struct oid *oid)
{
	size_t i;

	memcpy(&i, oid->bytes, sizeof(i));
	for (i %= objects->places;
	     objects->taken[i] && !oid_eq(&objects->seen[i], oid);)
		i = (i + 1) % objects->places;
	return i;
}

static bool
grow(struct objects *objects)
{
	struct objects more = *objects;

	more.places = objects->places == 0 ? 1024 : objects->places * 2;
	more.seen = calloc(more.places, sizeof(*more.seen));
	more.taken = calloc(more.places, sizeof(*more.taken));
	if (more.seen == NULL || more.taken == NULL) {
		free(more.seen);
		free(more.taken);
		return false;
	}
	for (size_t i = 0; i < objects->places; i++)
		if (objects->taken[i]) {
			const size_t to = place_of(&more, &objects->seen[i]);

			more.seen[to] = objects->seen[i];
			more.taken[to] = true;
		}
	free(objects->seen);
	free(objects->taken);
	*objects = more;
	return true;
}

/* Mark an object as met; *first tells whether it was not. */
static bool
meet(struct objects *objects, const struct oid *oid, bool *first)
{
	size_t place;

	if (objects->num_seen * 2 >= objects->places && !grow(objects))
		return false;
	place = place_of(objects, oid);
	*first = !objects->taken[place];
	if (*first) {
		objects->seen[place] = *oid;
		objects->taken[place] = true;
		objects->num_seen++;
	}
	return true;
}

static bool
send_object(struct objects *objects, const struct oid *oid)
{
	bool first;

	if (!meet(objects, oid, &first))
		return false;
	if (!first)
		return true;
	if (objects->num == objects->room) {
		const size_t room =
		    objects->room == 0 ? 256 : objects->room * 2;
		struct oid *all = realloc(objects->list, room * sizeof(*all));

		if (all == NULL)
			return false;
		objects->list = all;
		objects->room = room;
	}
	objects->list[objects->num++] = *oid;
	return true;
}

/* --- Refs. --- */

enum { REF_MAX = 4 + OID_HEX + sizeof(PREFIX) + DOCUMENT_NAME };

/* A ref's line; more_len bytes and a line's end are to follow. */
static size_t
put_ref(char out[REF_MAX], const struct ledger_document *doc, size_t more_len)
{
	static const char digits[] = "0123456789abcdef";
	const size_t name = strlen(doc->name);
	const size_t len = 4 + 40 + 1 + strlen(PREFIX) + name + more_len + 1;
	char *at = out;

	/* By hand: there may be a hundred thousand. */
	for (int shift = 12; shift >= 0; shift -= 4)
		*at++ = digits[len >> shift & 15];
	for (size_t i = 0; i < OID_BYTES; i++) {
		*at++ = digits[doc->tip.bytes[i] >> 4];
		*at++ = digits[doc->tip.bytes[i] & 15];
	}
	*at++ = ' ';
	memcpy(at, PREFIX, strlen(PREFIX));
	memcpy(at + strlen(PREFIX), doc->name, name);
	return len - 1 - more_len;
}

static bool
append_ref(struct buf *out, const struct ledger_document *doc, const char *more,
    size_t more_len, struct error *err)
{
	char line[REF_MAX];

	return buf_append(out, span_of(line, put_ref(line, doc, more_len)),
		   err) &&
	    (more_len == 0 || buf_append(out, span_of(more, more_len), err)) &&
	    buf_append_str(out, "\n", err);
}

/*
 * The lines of a run of documents, as every office that reads all of them gets
 * them; kept with the run until one of them changes.  The ledger is locked to
 * read: two readers may make them at once, and one of the two is kept.
 */
static const struct order_text *
lines_of(struct order_run *run)
{
	struct order_text *made, *none = NULL;
	char line[REF_MAX];
	size_t len = 0;

	made = __atomic_load_n(&run->text, __ATOMIC_ACQUIRE);
	if (made != NULL)
		return made;
	/* Documents lie anywhere: to wait for each costs more than its line. */
	for (size_t i = 0; i < run->num; i++) {
		__builtin_prefetch(run->docs[i]->name);
		__builtin_prefetch(&run->docs[i]->tip);
	}
	for (size_t i = 0; i < run->num; i++)
		len += REF_MAX - DOCUMENT_NAME + strlen(run->docs[i]->name);
	if ((made = malloc(sizeof(*made) + len + REF_MAX)) == NULL)
		return NULL;
	made->len = 0;
	for (size_t i = 0; i < run->num; i++) {
		const size_t n = put_ref(line, run->docs[i], 0);

		memcpy(made->bytes + made->len, line, n);
		made->bytes[made->len + n] = '\n';
		made->len += n + 1;
	}
	if (__atomic_compare_exchange_n(&run->text, &none, made, false,
		__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return made;
	free(made);
	return none;
}

/* Does it begin with what a client asks for? */
static bool
ref_wanted(const struct git_request *request, const char *name)
{
	if (request == NULL || request->num_prefixes == 0)
		return true;
	for (size_t i = 0; i < request->num_prefixes; i++) {
		struct span one = request->prefixes[i], head;

		if (one.len <= strlen(PREFIX)) {
			if (memcmp(one.data, PREFIX, one.len) == 0)
				return true;
		} else if (span_take(&one, strlen(PREFIX), &head) &&
		    span_is(head, PREFIX) && one.len <= strlen(name) &&
		    memcmp(one.data, name, one.len) == 0) {
			return true;
		}
	}
	return false;
}

static bool
all_wanted(const struct git_request *request)
{
	if (request == NULL || request->num_prefixes == 0)
		return true;
	for (size_t i = 0; i < request->num_prefixes; i++) {
		const struct span one = request->prefixes[i];

		if (one.len <= strlen(PREFIX) &&
		    memcmp(one.data, PREFIX, one.len) == 0)
			return true;
	}
	return false;
}

/* Names are in order: what the first and the last begin with, all do. */
static bool
is_of_one_type(const struct order_run *run)
{
	const char *first = run->docs[0]->name;
	const char *slash = strchr(first, '/');

	return slash != NULL &&
	    strncmp(first, run->docs[run->num - 1]->name,
		(size_t)(slash - first) + 1) == 0;
}

/* What a caller is told of the refs. */
struct telling {
	const struct git_service *service;
	const struct git_request *request;
	const char *offer; /* on the first line */
	size_t offer_len;
	bool all, any;
	struct buf *out;
};

static bool
append_run(struct telling *telling, struct order_run *run, struct error *err)
{
	const struct sight *sight = &telling->service->sight;
	const bool is_one = is_of_one_type(run);
	const struct order_text *lines;

	if (is_one && !sight_reads(sight, run->docs[0]->name))
		return true;
	if (is_one && telling->all &&
	    (telling->any || telling->offer_len == 0)) {
		if ((lines = lines_of(run)) == NULL)
			return error_set_errno(err, "refs");
		telling->any = true;
		return buf_append(telling->out,
		    span_of(lines->bytes, lines->len), err);
	}
	for (size_t i = 0; i < run->num; i++) {
		const struct ledger_document *doc = run->docs[i];

		if ((!is_one && !sight_reads(sight, doc->name)) ||
		    !ref_wanted(telling->request, doc->name))
			continue;
		if (!append_ref(telling->out, doc, telling->offer,
			telling->any ? 0 : telling->offer_len, err))
			return false;
		telling->any = true;
	}
	return true;
}

/* A version 0 advertisement carries what is offered on its first line. */
static bool
append_refs(const struct git_service *service,
    const struct git_request *request, const char *offer, size_t offer_len,
    bool *any, struct buf *out, struct error *err)
{
	struct telling telling = { .service = service,
		.request = request,
		.offer = offer,
		.offer_len = offer_len,
		.all = all_wanted(request),
		.out = out };
	const struct order *order;
	bool ok = true;

	ledger_read_lock(service->ledger);
	order = ledger_order(service->ledger);
	for (size_t i = 0; ok && i < order->num_runs; i++)
		ok = append_run(&telling, order->runs[i], err);
	ledger_unlock(service->ledger);
	*any = telling.any;
	return ok;
}

bool
git_advertise(const struct git_service *service, bool v2, struct buf *out,
    struct error *err)
{
	static const char offer[] = "\0multi_ack_detailed no-done"
				    " side-band-64k shallow deepen-since"
				    " deepen-not deepen-relative no-progress"
				    " object-format=sha1 " AGENT;
	static const char *const lines[] = { "version 2\n", AGENT "\n",
		"ls-refs=unborn\n", "fetch=shallow\n", "object-format=sha1\n" };
	bool any, ok = true;

	if (v2) {
		for (size_t i = 0; ok && i < sizeof(lines) / sizeof(lines[0]);
		     i++)
			ok = pkt_append(out, span_of_str(lines[i]), err);
		return ok && pkt_append_flush(out, err);
	}
	ok = pkt_printf(out, err, "# service=git-upload-pack\n") &&
	    pkt_append_flush(out, err) &&
	    append_refs(service, NULL, offer, sizeof(offer) - 1, &any, out,
		err);
	if (ok && !any)
		ok = buf_printf(out, err, "%04zx",
			 4 + 40 + 16 + sizeof(offer) - 1 + 1) &&
		    buf_append_str(out,
			"0000000000000000000000000000000000000000"
			" capabilities^{}",
			err) &&
		    buf_append(out, span_of(offer, sizeof(offer) - 1), err) &&
		    buf_append_str(out, "\n", err);
	return ok && pkt_append_flush(out, err);
}

static bool
ls_refs(const struct git_service *service, const struct git_request *request,
    struct buf *out, struct error *err)
{
	bool any;

	/* Nobody's branch is the main one: a clone says which it wants. */
	return append_refs(service, request, NULL, 0, &any, out, err) &&
	    pkt_append_flush(out, err);
}

/* --- Fetch. --- */

struct want {
	uint64_t index; /* of the entry that made it */
	uint32_t document;
	bool met; /* on the way back through the document's commits */
};

struct fetch {
	const struct git_service *service;
	const struct git_request *request;
	struct git_answer *out;
	struct set wants, haves, shallows;
	struct want *list; /* by document, the newest first */
	size_t num;
	struct oid last; /* the last commit that both have */
	bool any_common;
	struct buf cuts;   /* "shallow" and "unshallow" lines */
	bool any_in_range; /* false: deepen-since or -not leave no commit */
	struct objects objects;
};

/* An ERR line is what git shows; nothing follows it. */
static bool refuse(struct git_answer *out, struct error *err, const char *fmt,
    ...) PRINTF(3, 4);

static bool
refuse(struct git_answer *out, struct error *err, const char *fmt, ...)
{
	char text[300];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	out->text.len = 0;
	out->has_pack = false;
	return pkt_printf(&out->text, err, "ERR %s\n", text);
}

/* LEDGER_NONE for a hidden commit as for none; the ledger is locked. */
static uint64_t
find_commit(const struct git_service *service, const struct oid *oid)
{
	const struct ledger *ledger = service->ledger;
	const uint64_t index = ledger_of_commit(ledger, oid);

	return index != LEDGER_NONE &&
		sight_reads(&service->sight,
		    ledger_name(ledger, ledger_entry(ledger, index).document))
	    ? index
	    : LEDGER_NONE;
}

static int
compare_wants(const void *a, const void *b)
{
	const struct want *x = a, *y = b;

	if (x->document != y->document)
		return x->document < y->document ? -1 : 1;
	return (x->index < y->index) - (x->index > y->index);
}

static bool
find_wants(struct fetch *fetch, const struct oid **bad, struct error *err)
{
	const struct git_service *service = fetch->service;

	*bad = NULL;
	fetch->list = calloc(fetch->wants.num, sizeof(*fetch->list));
	if (fetch->list == NULL)
		return error_set_errno(err, "git request");
	ledger_read_lock(service->ledger);
	for (size_t i = 0; i < fetch->wants.num && *bad == NULL; i++) {
		const uint64_t index =
		    find_commit(service, &fetch->wants.list[i]);

		if (index == LEDGER_NONE) {
			*bad = &fetch->wants.list[i];
			break;
		}
		fetch->list[fetch->num++] = (struct want){ .index = index,
			.document =
			    ledger_entry(service->ledger, index).document };
	}
	ledger_unlock(service->ledger);
	qsort(fetch->list, fetch->num, sizeof(*fetch->list), compare_wants);
	return true;
}

static bool
in_want_document(const struct fetch *fetch, uint32_t document, bool *common)
{
	size_t low = 0, high = fetch->num;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (fetch->list[middle].document < document)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == fetch->num || fetch->list[low].document != document)
		return false;
	common[low] = true;
	return true;
}

/*
 * Acknowledge what both have.  *ready: of each document that is wanted, the
 * client has some commit, so that a pack can leave the rest out.
 */
static bool
acknowledge(struct fetch *fetch, bool *ready, struct error *err)
{
	const struct git_request *request = fetch->request;
	struct buf *out = &fetch->out->text;
	bool *common = calloc(fetch->num + 1, sizeof(*common)), ok = true;

	if (common == NULL)
		return error_set_errno(err, "git request");
	ledger_read_lock(fetch->service->ledger);
	for (size_t i = 0; ok && i < request->haves.num; i++) {
		const struct oid *oid = &request->haves.list[i];
		const uint64_t index = find_commit(fetch->service, oid);
		char hex[OID_HEX];

		if (index == LEDGER_NONE)
			continue;
		oid_hex(oid, hex);
		if (request->v2)
			ok = pkt_printf(out, err, "ACK %s\n", hex);
		else if (request->ack_detailed)
			ok = pkt_printf(out, err, "ACK %s common\n", hex);
		else if (!fetch->any_common)
			ok = pkt_printf(out, err, "ACK %s\n", hex);
		fetch->last = *oid;
		fetch->any_common = true;
		(void)in_want_document(fetch,
		    ledger_entry(fetch->service->ledger, index).document,
		    common);
	}
	ledger_unlock(fetch->service->ledger);
	*ready = fetch->any_common;
	for (size_t i = 0; *ready && i < fetch->num; i++)
		if ((i == 0 ||
			fetch->list[i].document !=
			    fetch->list[i - 1].document) &&
		    !common[i])
			*ready = false;
	free(common);
	return ok;
}

static bool
negotiate_v2(struct fetch *fetch, bool *pack, struct error *err)
{
	struct buf *out = &fetch->out->text;
	const struct git_request *request = fetch->request;
	bool ready = false;

	*pack = true;
	if (request->haves.num == 0)
		return true;
	if (!request->done) {
		if (!pkt_printf(out, err, "acknowledgments\n") ||
		    !acknowledge(fetch, &ready, err) ||
		    (!fetch->any_common && !pkt_printf(out, err, "NAK\n")))
			return false;
		*pack = ready;
		return ready ? pkt_printf(out, err, "ready\n") &&
			pkt_append_delim(out, err)
			     : pkt_append_flush(out, err);
	}
	/* It asked before and is done: nothing is acknowledged again. */
	return true;
}

static bool
negotiate_v0(struct fetch *fetch, bool *pack, struct error *err)
{
	const struct git_request *request = fetch->request;
	struct buf *out = &fetch->out->text;
	char hex[OID_HEX];
	bool ready = false;

	*pack = false;
	/* All it wanted to know is where history is cut. */
	if (request->ended)
		return true;
	if (!acknowledge(fetch, &ready, err))
		return false;
	oid_hex(&fetch->last, hex);
	if (request->done) {
		*pack = true;
		if (!fetch->any_common)
			return pkt_printf(out, err, "NAK\n");
		return !request->ack_detailed ||
		    pkt_printf(out, err, "ACK %s\n", hex);
	}
	ready = ready && request->ack_detailed;
	if (ready && !pkt_printf(out, err, "ACK %s ready\n", hex))
		return false;
	if ((!fetch->any_common || request->ack_detailed) &&
	    !pkt_printf(out, err, "NAK\n"))
		return false;
	*pack = ready && request->no_done;
	return !*pack || pkt_printf(out, err, "ACK %s\n", hex);
}

/* --- Which commits, and where history is cut. --- */

struct step {
	struct oid oid, tree;
	bool in_range, present;
};

/* One document's commits, from the newest that matters back. */
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

/* What one document's walk knows on its way back. */
struct walk {
	struct want *wants; /* of this document, the newest first */
	size_t num_wants, met;
	bool wanted, present, excluded;
	struct digest contents; /* of the newest that is wanted */
	uint64_t left;          /* commits that a depth still lets in */
};

/* Is a commit within what is asked for? */
static bool
in_range(const struct fetch *fetch, const struct walk *walk, int64_t at)
{
	const struct git_request *request = fetch->request;

	if (!walk->wanted || walk->excluded)
		return false;
	if (request->since != 0 && at < request->since)
		return false;
	return request->depth == 0 || walk->left > 0;
}

/* deepen-not: is it a commit of the branch, or one before? */
static bool
is_excluded(struct fetch *fetch, const char *document)
{
	const struct git_request *request = fetch->request;
	char ref[sizeof(PREFIX) + DOCUMENT_NAME];

	snprintf(ref, sizeof(ref), PREFIX "%s", document);
	for (size_t i = 0; i < request->num_nots; i++)
		if (span_is(request->not [i], ref) ||
		    span_is(request->not [i], ref + 5) ||
		    span_is(request->not [i], document))
			return true;
	return false;
}

static bool
append_cut(struct fetch *fetch, const char *what, const struct oid *oid,
    struct error *err)
{
	char hex[OID_HEX];

	oid_hex(oid, hex);
	return pkt_printf(&fetch->cuts, err, "%s %s\n", what, hex);
}

/*
 * Where a cut stands now and stood before.  The client shows its own as
 * "shallow" lines: below them it has nothing, whatever it says that it has.
 */
static bool
tell_cuts(struct fetch *fetch, const struct chain *chain, bool more_behind,
    struct error *err)
{
	if (!git_request_deepens(fetch->request))
		return true;
	for (size_t i = 0; i < chain->num; i++) {
		const struct step *step = &chain->steps[i];
		const bool has_parent = i + 1 < chain->num || more_behind;
		const bool parent_in =
		    i + 1 < chain->num && chain->steps[i + 1].in_range;
		const bool was_cut = set_has(&fetch->shallows, &step->oid);

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

static bool
mark_file(void *arg, const char *path, const struct oid *oid, struct error *err)
{
	struct fetch *fetch = arg;
	bool first;

	(void)path;
	return meet(&fetch->objects, oid, &first) ||
	    error_set_errno(err, "git objects");
}

static bool
mark_tree(void *arg, const struct oid *tree)
{
	struct fetch *fetch = arg;
	bool first = false;

	return meet(&fetch->objects, tree, &first) && first;
}

static bool
send_file(void *arg, const char *path, const struct oid *oid, struct error *err)
{
	struct fetch *fetch = arg;

	(void)path;
	return send_object(&fetch->objects, oid) ||
	    error_set_errno(err, "git objects");
}

static bool
send_tree(void *arg, const struct oid *tree)
{
	struct fetch *fetch = arg;
	const size_t before = fetch->objects.num;

	return send_object(&fetch->objects, tree) &&
	    fetch->objects.num > before;
}

/* What lies beside what is sent the client has already. */
static bool
collect(struct fetch *fetch, const struct chain *chain, struct error *err)
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
		if (!send_object(&fetch->objects, &step->oid))
			return error_set_errno(err, "git objects");
		ok = store_walk_trees(store, &step->tree, send_tree, send_file,
		    fetch, err);
	}
	return ok;
}

/* The newest commit of a document that the client wants or has. */
static bool
newest_of(struct fetch *fetch, const struct walk *walk, struct oid *tip,
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
meet_want(struct fetch *fetch, struct walk *walk, const struct oid *oid,
    const struct store_commit *commit, struct error *err)
{
	if (!set_has(&fetch->wants, oid))
		return true;
	if (!walk->wanted &&
	    !digest_parse(span_of_str(commit->contents), &walk->contents))
		return error_set(err, ERROR_SYSTEM,
		    "a commit has no Contents-Digest");
	walk->met++;
	walk->wanted = true;
	/* Relative to where history is cut now: all, up to there. */
	walk->left = fetch->request->deepen_relative ? UINT64_MAX
						     : fetch->request->depth;
	return true;
}

static bool
walk_back(struct fetch *fetch, struct walk *walk, struct chain *chain,
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
		const bool cut = set_has(&fetch->shallows, &next);
		struct step *step;

		if (!store_read_commit(fetch->service->store, &next, &commit,
			err))
			return false;
		if (!meet_want(fetch, walk, &next, &commit, err))
			return false;
		walk->present = walk->present || set_has(&fetch->haves, &next);
		if ((step = add_step(chain)) == NULL)
			return error_set_errno(err, "git request");
		*step = (struct step){ .oid = next,
			.tree = commit.tree,
			.in_range = in_range(fetch, walk, commit.at),
			.present = walk->present };
		if (walk->left > 0 && walk->wanted && walk->left != UINT64_MAX)
			walk->left--;
		/* Below a cut of its own the client has nothing. */
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
add_delivery(struct fetch *fetch, const struct walk *walk)
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

static bool
fetch_document(struct fetch *fetch, struct want *wants, size_t num,
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

static bool
fetch_all(struct fetch *fetch, struct error *err)
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
	}
	fetch->out->objects = fetch->objects.list;
	fetch->out->num_objects = fetch->objects.num;
	fetch->objects.list = NULL;
	return ok;
}

/* A ref to cut at must be one that the caller may see. */
static bool
nots_are_refs(struct fetch *fetch)
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

/* The cuts go before the acknowledgments in version 0, after them in 2. */
static bool
lay_out(struct fetch *fetch, const struct buf *acks, bool pack,
    struct error *err)
{
	const struct git_request *request = fetch->request;
	struct buf *out = &fetch->out->text;
	const bool cuts = git_request_deepens(request);

	if (!request->v2)
		return (!cuts ||
			   (buf_append(out, buf_span(&fetch->cuts), err) &&
			       pkt_append_flush(out, err))) &&
		    buf_append(out, buf_span(acks), err);
	return buf_append(out, buf_span(acks), err) &&
	    (!pack || !cuts ||
		(pkt_printf(out, err, "shallow-info\n") &&
		    buf_append(out, buf_span(&fetch->cuts), err) &&
		    pkt_append_delim(out, err))) &&
	    (!pack || pkt_printf(out, err, "packfile\n"));
}

static bool
run_fetch(struct fetch *fetch, struct error *err)
{
	struct git_answer *out = fetch->out;
	const struct oid *bad;
	struct buf acks;
	char hex[OID_HEX];
	bool pack, refused, ok;

	if (!set_of(&fetch->request->wants, &fetch->wants, err) ||
	    !set_of(&fetch->request->haves, &fetch->haves, err) ||
	    !set_of(&fetch->request->shallows, &fetch->shallows, err) ||
	    !find_wants(fetch, &bad, err))
		return false;
	if (bad != NULL) {
		oid_hex(bad, hex);
		return refuse(out, err, "upload-pack: not our ref %s", hex);
	}
	if (!nots_are_refs(fetch))
		return refuse(out, err,
		    "upload-pack: deepen-not names no"
		    " branch that is here");
	ok = fetch->request->v2 ? negotiate_v2(fetch, &pack, err)
				: negotiate_v0(fetch, &pack, err);
	acks = out->text;
	out->text = BUF(SIZE_MAX);
	refused = false;
	if (ok &&
	    (pack ||
		(!fetch->request->v2 && git_request_deepens(fetch->request)))) {
		ok = fetch_all(fetch, err);
		refused = !fetch->any_in_range;
	}
	if (ok && refused)
		ok = refuse(out, err,
		    "upload-pack: no commits are left for"
		    " such a shallow request");
	else
		ok = ok && lay_out(fetch, &acks, pack, err);
	out->has_pack = ok && pack && !refused;
	if (!out->has_pack)
		out->num_deliveries = 0;
	buf_free(&acks);
	return ok;
}

bool
git_answer(const struct git_service *service, const struct git_request *request,
    struct git_answer *out, struct error *err)
{
	struct fetch fetch = { .service = service,
		.request = request,
		.out = out,
		.cuts = BUF(SIZE_MAX) };
	bool ok;

	*out = (struct git_answer){ .text = BUF(SIZE_MAX) };
	switch (request->command) {
	case GIT_NOTHING:
		return true;
	case GIT_LS_REFS:
		return ls_refs(service, request, &out->text, err);
	case GIT_FETCH:
		break;
	}
	ok = run_fetch(&fetch, err);
	free(fetch.wants.list);
	free(fetch.haves.list);
	free(fetch.shallows.list);
	free(fetch.list);
	free(fetch.objects.list);
	free(fetch.objects.seen);
	free(fetch.objects.taken);
	buf_free(&fetch.cuts);
	return ok;
}

void
git_answer_free(struct git_answer *answer)
{
	buf_free(&answer->text);
	free(answer->objects);
	free(answer->deliveries);
	*answer = (struct git_answer){ 0 };
}

/* --- The pack, in band 1 of side-band-64k or as it is. --- */

enum { BAND = PKT_MAX - 1, GATHER = 4 * (BAND + 5) };

struct writing {
	int fd;
	bool side_band;
	uint64_t at;
	struct buf band; /* not yet framed */
	struct buf out;  /* framed, not yet written */
};

static bool
write_out(struct writing *to, struct error *err)
{
	const bool ok =
	    file_pwrite(to->fd, buf_span(&to->out), (off_t)to->at, err);

	to->at += to->out.len;
	to->out.len = 0;
	return ok;
}

static bool
end_band(struct writing *to, struct error *err)
{
	const bool ok = to->band.len == 0 ||
	    (buf_printf(&to->out, err, "%04zx\1", to->band.len + 5) &&
		buf_append(&to->out, buf_span(&to->band), err));

	to->band.len = 0;
	return ok && (to->out.len < GATHER / 2 || write_out(to, err));
}

static bool
sink_to_band(void *arg, struct span bytes, struct error *err)
{
	struct writing *to = arg;
	struct span part;

	while (bytes.len > 0) {
		const size_t room = BAND - to->band.len;

		if (!span_take(&bytes, bytes.len < room ? bytes.len : room,
			&part) ||
		    !buf_append(to->side_band ? &to->band : &to->out, part,
			err))
			return false;
		if (to->side_band
			? to->band.len == BAND && !end_band(to, err)
			: to->out.len >= GATHER / 2 && !write_out(to, err))
			return false;
	}
	return true;
}

static bool
tell(struct writing *to, const struct git_answer *answer, struct error *err)
{
	char text[200];
	const int n = snprintf(text, sizeof(text),
	    "\2%zu objects of %zu document%s; the journal has the"
	    " deliver%s\n",
	    answer->num_objects, answer->num_deliveries,
	    answer->num_deliveries == 1 ? "" : "s",
	    answer->num_deliveries == 1 ? "y" : "ies");

	return pkt_append(&to->out, span_of(text, (size_t)n), err);
}

bool
git_answer_write(const struct git_service *service,
    const struct git_request *request, const struct git_answer *answer,
    bool whole, int fd, uint64_t *size, struct error *err)
{
	struct writing to = { .fd = fd,
		.side_band = request->side_band,
		.band = BUF(BAND),
		.out = BUF(SIZE_MAX) };
	bool ok;

	ok = buf_append(&to.out, buf_span(&answer->text), err) &&
	    (!to.side_band || request->no_progress ||
		answer->num_objects == 0 || tell(&to, answer, err)) &&
	    store_send(service->store, answer->objects, answer->num_objects,
		whole, sink_to_band, &to, err) &&
	    (!to.side_band ||
		(end_band(&to, err) && pkt_append_flush(&to.out, err))) &&
	    write_out(&to, err);
	*size = to.at;
	buf_free(&to.band);
	buf_free(&to.out);
	return ok;
}
