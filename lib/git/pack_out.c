/*
 * Writing an answer with its pack, in band 1 of side-band-64k or without bands.
 */
#include <stdio.h>

#include "base/file.h"
#include "base/pace.h"
#include "git/serve.h"

enum { BAND = PKT_MAX - 1, GATHER = 4 * (BAND + 5) };

struct writing {
	int fd;
	bool side_band;
	uint64_t at;
	struct buf band; /* bytes of the pack, not yet framed */
	struct buf out;  /* framed bytes, not yet written */
};

/* Write the gathered bytes to the file. */
static bool
write_out(struct writing *to, struct error *err)
{
	const bool ok =
	    file_pwrite(to->fd, buf_span(&to->out), (off_t)to->at, err);

	to->at += to->out.len;
	to->out.len = 0;
	pace_point();
	return ok;
}

/* Frame the gathered bytes of the pack as one pkt-line of band 1. */
static bool
end_band(struct writing *to, struct error *err)
{
	const bool ok = to->band.len == 0 ||
	    (buf_printf(&to->out, err, "%04zx\1", to->band.len + 5) &&
		buf_append(&to->out, buf_span(&to->band), err));

	to->band.len = 0;
	return ok && (to->out.len < GATHER / 2 || write_out(to, err));
}

/* A byte_sink for the pack: frame its bytes, or write them as they are. */
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
