/*
 * Answering a request of a git client, up to its pack (serve.h).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "git/private.h"

bool
git_refuse(struct git_answer *out, struct error *err, const char *fmt, ...)
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

/*
 * In version 0 the cuts precede the acknowledgments, in version 2 they follow.
 */
static bool
lay_out(struct git_fetch *fetch, const struct buf *acks, bool pack,
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

/* Find the answer to a fetch: a refusal, acknowledgments, or a pack. */
static bool
run_fetch(struct git_fetch *fetch, struct error *err)
{
	struct git_answer *out = fetch->out;
	const struct oid *bad;
	struct buf acks;
	char hex[OID_HEX];
	bool pack, refused, ok;

	if (!oids_set_of(&fetch->request->wants, &fetch->wants, err) ||
	    !oids_set_of(&fetch->request->haves, &fetch->haves, err) ||
	    !oids_set_of(&fetch->request->shallows, &fetch->shallows, err) ||
	    !git_find_wants(fetch, &bad, err))
		return false;
	if (bad != NULL) {
		oid_hex(bad, hex);
		return git_refuse(out, err, "upload-pack: not our ref %s", hex);
	}
	if (!git_nots_are_refs(fetch))
		return git_refuse(out, err,
		    "upload-pack: deepen-not names no"
		    " branch that is here");
	ok = git_negotiate(fetch, &pack, err);
	acks = out->text;
	out->text = BUF(SIZE_MAX);
	refused = false;
	if (ok &&
	    (pack ||
		(!fetch->request->v2 && git_request_deepens(fetch->request)))) {
		ok = git_select(fetch, err);
		refused = !fetch->any_in_range;
	}
	if (ok && refused)
		ok = git_refuse(out, err,
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
	struct git_fetch fetch = { .service = service,
		.request = request,
		.out = out,
		.cuts = BUF(SIZE_MAX) };
	bool ok;

	*out = (struct git_answer){ .text = BUF(SIZE_MAX) };
	switch (request->command) {
	case GIT_NOTHING:
		return true;
	case GIT_LS_REFS:
		return git_ls_refs(service, request, &out->text, err);
	case GIT_FETCH:
		break;
	}
	ok = run_fetch(&fetch, err);
	free(fetch.wants.list);
	free(fetch.haves.list);
	free(fetch.shallows.list);
	free(fetch.list);
	oids_met_free(&fetch.objects);
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
