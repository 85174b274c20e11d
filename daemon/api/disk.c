/*
 * The disk: what each office has on it that is not deposited yet, and what
 * gives way when it is full (daemon/spool/room.h).
 */
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "daemon/api/job.h"
#include "daemon/metrics.h"

enum { MAKE_ROOM = 16 * 1024 * 1024 };

/* Free bytes of the disk, without what is missing of the journal's reserve. */
static uint64_t
free_bytes(void *arg)
{
	const struct api *api = arg;
	struct statvfs disk;
	uint64_t has, wanted, bytes;

	if (statvfs(api->spool, &disk) != 0)
		return UINT64_MAX / 8; /* writing tells */
	bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	journal_reserve(api->record->journal, &has, &wanted);
	return bytes > wanted - has ? bytes - (wanted - has) : 0;
}

static uint64_t
cached(void *arg)
{
	const struct api *api = arg;

	return cache_bytes(api->cache);
}

static void
shrink(void *arg, uint64_t bytes)
{
	const struct api *api = arg;

	cache_shrink(api->cache, bytes);
}

static bool
give_way(void *arg)
{
	const struct api *api = arg;

	return uploads_give_way(api->uploads);
}

struct room *
disk_room_new(struct api *api, struct error *err)
{
	const struct room_disk disk = { .free = free_bytes,
		.cached = cached,
		.shrink = shrink,
		.give_way = give_way,
		.arg = api };

	return room_new(&disk, err);
}

bool
disk_take(void *arg, struct http_request *request, size_t more,
    struct error *err)
{
	const struct api *api = arg;
	struct job *job = request->job;

	return room_take(api->room, &job->hold, job->connected.office->name,
	    more, err);
}

void
disk_give(struct job *job)
{
	const struct http_request *request = job->request;

	/*
	 * Sending the answer may take long: the body's bytes go at once.  A
	 * request that was answered before its act was decided (waits.h) is gone.
	 */
	if (request != NULL && job->hold.bytes > 0 && request->spool_is_spare &&
	    request->spool >= 0)
		(void)!ftruncate(request->spool, 0);
	room_give(job->api->room, &job->hold);
}

bool
disk_make_room(struct job *job, const struct error *why)
{
	struct cache *cache = job->api->cache;
	const uint64_t before = cache_bytes(cache);

	if (!why->is_full || job->made_room || before == 0 ||
	    job->request->response.parts)
		return false;
	job->made_room = true;
	cache_shrink(cache, MAKE_ROOM + 2 * job->request->body_len);
	act_clear(&job->act);
	if (job->copy_fd >= 0)
		close(job->copy_fd);
	job->copy_fd = -1;
	job->request->response.headers[0] = '\0';
	job->request->response.body.len = 0;
	return true;
}

/* --- Telling. --- */

static void
add_office(void *arg, const char *office, uint64_t bytes)
{
	json_array_append_new(arg,
	    json_pack("{s:s, s:I}", "office", office, "bytes",
		(json_int_t)bytes));
}

json_t *
disk_health(struct api *api)
{
	json_t *offices = json_array();
	uint64_t has, wanted;

	journal_reserve(api->record->journal, &has, &wanted);
	room_each(api->room, add_office, offices);
	return json_pack("{s:I, s:I, s:I, s:o}", "free",
	    (json_int_t)free_bytes(api), "reserve", (json_int_t)has,
	    "reserve-wanted", (json_int_t)wanted, "offices", offices);
}

struct lines {
	struct buf *out;
	struct error *err;
	bool ok;
};

static void
put_office(void *arg, const char *office, uint64_t bytes)
{
	struct lines *lines = arg;
	char label[METRIC_LABEL];

	lines->ok = lines->ok &&
	    buf_printf(lines->out, lines->err,
		"valise_held_bytes{office=\"%s\"} %llu\n",
		metrics_label(office, label), (unsigned long long)bytes);
}

bool
disk_metrics(struct api *api, struct buf *out, struct error *err)
{
	struct lines lines = { .out = out, .err = err };

	lines.ok = metrics_head(out, "valise_held_bytes", "gauge",
	    "Bytes that came of an office and are not deposited yet.", err);
	room_each(api->room, put_office, &lines);
	return lines.ok;
}
