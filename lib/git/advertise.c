/*
 * The branches that a caller may see, in the formats in which git asks for
 * them: the answer to info/refs, and to ls-refs.
 */
#include <stdlib.h>
#include <string.h>

#include "git/private.h"
#include "record/order.h"

#define AGENT "agent=valise/" VALISE_VERSION

enum { REF_MAX = 4 + OID_HEX + sizeof(GIT_HEADS) + DOCUMENT_NAME };

/*
 * Write a ref's line.  Returns its length; the caller appends more_len bytes
 * and a newline.
 */
static size_t
put_ref(char out[REF_MAX], const struct ledger_document *doc, size_t more_len)
{
	static const char digits[] = "0123456789abcdef";
	const size_t name = strlen(doc->name);
	const size_t len = 4 + 40 + 1 + strlen(GIT_HEADS) + name + more_len + 1;
	char *at = out;

	/* Written by hand, since there may be a hundred thousand lines. */
	for (int shift = 12; shift >= 0; shift -= 4)
		*at++ = digits[len >> shift & 15];
	for (size_t i = 0; i < OID_BYTES; i++) {
		*at++ = digits[doc->tip.bytes[i] >> 4];
		*at++ = digits[doc->tip.bytes[i] & 15];
	}
	*at++ = ' ';
	memcpy(at, GIT_HEADS, strlen(GIT_HEADS));
	memcpy(at + strlen(GIT_HEADS), doc->name, name);
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
 * Returns the lines of a run of documents, as every office that may read all of
 * them gets them.  They are kept with the run until one of its documents
 * changes.  The ledger is locked to read: two readers may make them at once,
 * and one of the two results is kept.
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
	/*
	 * The documents lie scattered in memory: to wait for each costs more
	 * than to write its line, so the next ones are prefetched.
	 */
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

/* Does the name begin with a prefix that the client asks for? */
static bool
ref_wanted(const struct git_request *request, const char *name)
{
	if (request == NULL || request->num_prefixes == 0)
		return true;
	for (size_t i = 0; i < request->num_prefixes; i++) {
		struct span one = request->prefixes[i], head;

		if (one.len <= strlen(GIT_HEADS)) {
			if (memcmp(one.data, GIT_HEADS, one.len) == 0)
				return true;
		} else if (span_take(&one, strlen(GIT_HEADS), &head) &&
		    span_is(head, GIT_HEADS) && one.len <= strlen(name) &&
		    memcmp(one.data, name, one.len) == 0) {
			return true;
		}
	}
	return false;
}

/* Does the client ask for all branches? */
static bool
all_wanted(const struct git_request *request)
{
	if (request == NULL || request->num_prefixes == 0)
		return true;
	for (size_t i = 0; i < request->num_prefixes; i++) {
		const struct span one = request->prefixes[i];

		if (one.len <= strlen(GIT_HEADS) &&
		    memcmp(one.data, GIT_HEADS, one.len) == 0)
			return true;
	}
	return false;
}

/*
 * Are all documents of the run of one type?  The names are in order, so a
 * prefix of the first and the last is a prefix of all.
 */
static bool
is_of_one_type(const struct order_run *run)
{
	const char *first = run->docs[0]->name;
	const char *slash = strchr(first, '/');

	return slash != NULL &&
	    strncmp(first, run->docs[run->num - 1]->name,
		(size_t)(slash - first) + 1) == 0;
}

/* The refs being told to one caller. */
struct telling {
	const struct git_service *service;
	const struct git_request *request;
	const char *offer; /* capabilities, for the first line */
	size_t offer_len;
	bool all, any;
	struct buf *out;
};

/* Append the lines of those documents of a run that the caller may see. */
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

/*
 * Append the lines of all refs that the caller may see.  In version 0 the first
 * line carries the capabilities (offer).  *any tells whether there was a ref.
 */
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

bool
git_ls_refs(const struct git_service *service,
    const struct git_request *request, struct buf *out, struct error *err)
{
	bool any;

	/*
	 * No HEAD is told: no document is the main branch, so a clone must name
	 * one.
	 */
	return append_refs(service, request, NULL, 0, &any, out, err) &&
	    pkt_append_flush(out, err);
}
