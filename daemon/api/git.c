/*
 * Read-only git over HTTP. Requests and answers are made by lib/git; here they
 * are read, journaled and sent.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "daemon/api/job.h"
#include "git/serve.h"
#include "record/data.h"

static struct git_service
service_of(const struct job *job)
{
	return (struct git_service){ .store = job->api->record->store,
		.ledger = job->api->record->ledger,
		.sight =
		    sight_of(job->connected.by.policy, job->connected.office) };
}

static void
fill(struct http_response *response, const char *type)
{
	response->status = 200;
	response->type = type;
}

bool
run_git_refs(struct job *job, struct error *err)
{
	struct http_response *response = &job->request->response;
	const struct git_service service = service_of(job);
	char name[32];

	if (!http_query(&job->request->head, "service", name, sizeof(name)) ||
	    strcmp(name, "git-upload-pack") != 0)
		return error_set(err, ERROR_NOT_FOUND,
		    "this repository is for clone and fetch with a git that"
		    " speaks smart HTTP; to deposit, use valise push");
	fill(response, "application/x-git-upload-pack-advertisement");
	if (!git_advertise(&service, git_is_v2(job->request->head.git_protocol),
		&response->body, err))
		return false;
	job_answer(job);
	return true;
}

/* --- Each delivery is journaled before it is sent. --- */

/*
 * The entries of one answer's deliveries, submitted in groups that one commit
 * of the journal takes.
 */
struct deliveries {
	struct job *job;
	struct git_delivery *list;
	struct repeats_key *keys; /* of each */
	size_t num, next;
	struct act_request *acts; /* those of first and the ones after it */
	size_t first, pending;
	struct error err; /* the error of the first that failed */
};

static void submit_some(struct deliveries *all);

static void
free_deliveries(struct deliveries *all)
{
	if (all == NULL)
		return;
	free(all->list);
	free(all->keys);
	free(all->acts);
	free(all);
}

static void
end_deliveries(struct deliveries *all)
{
	struct job *job = all->job;

	if (!waits_end(job)) {
		job_free(job);
	} else if (all->err.kind != ERROR_NONE) {
		if (job->request->response.fd >= 0)
			close(job->request->response.fd);
		job->request->response.fd = -1;
		job_problem(job, &all->err);
	} else {
		job_answer(job);
	}
	free_deliveries(all);
}

/* Those that were not handed in yet have no entries. */
static void
drop_others(struct deliveries *all, const char *office)
{
	for (; all->next < all->num; all->next++)
		repeats_journaled(all->job->api->repeats, office,
		    &all->keys[all->next], REPEATS_FAILED);
}

/* Called on the registrar's thread for each entry, one after another. */
static void
delivered(struct act_request *act)
{
	struct deliveries *all = act->arg;

	repeats_journaled(all->job->api->repeats, act->office,
	    &all->keys[all->first + (size_t)(act - all->acts)],
	    act->result == ACT_DONE ? act->index : REPEATS_FAILED);
	if (act->result != ACT_DONE && all->err.kind == ERROR_NONE) {
		all->err = act->err;
		drop_others(all, act->office);
	}
	if (--all->pending > 0)
		return;
	if (!waits_is_there(all->job))
		drop_others(all, act->office);
	if (all->next < all->num)
		submit_some(all);
	else
		end_deliveries(all);
}

static void
submit_some(struct deliveries *all)
{
	const struct principal *who = &all->job->connected;
	const size_t left = all->num - all->next;
	const size_t num = left < LIMIT_BATCH_ACTS ? left : LIMIT_BATCH_ACTS;

	all->first = all->next;
	all->pending = num;
	for (size_t i = 0; i < num; i++) {
		const struct git_delivery *one = &all->list[all->next++];
		struct act_request *act = &all->acts[i];

		*act = (struct act_request){ .act = ACT_DELIVER,
			.version = one->version,
			.contents = one->contents,
			.done = delivered,
			.arg = all };
		text_set(act->document, sizeof(act->document), one->document);
		text_set(act->person, sizeof(act->person), who->person);
		text_set(act->office, sizeof(act->office), who->office->name);
	}
	/*
	 * The last one may be decided, and all be freed, before this returns.
	 */
	for (size_t i = 0; i < num; i++)
		registrar_submit(all->job->api->registrar, &all->acts[i]);
}

static struct repeats_delivery
delivery_of(const struct job *job, const struct git_delivery *one)
{
	return (struct repeats_delivery){
		.office = job->connected.office->name,
		.person = job->connected.person,
		.document = one->document,
		.contents = &one->contents,
	};
}

/* May the answer, which is not made yet, deliver all that it would? */
static bool
check_repeats(struct job *job, const struct git_answer *answer,
    struct error *err)
{
	const size_t num = answer->num_deliveries;
	struct repeats_delivery *deliveries;
	struct repeats_key *keys;
	bool ok;

	if (num == 0)
		return true;
	deliveries = calloc(num, sizeof(*deliveries));
	keys = calloc(num, sizeof(*keys));
	ok =
	    (deliveries != NULL && keys != NULL) || error_set_errno(err, "git");
	for (size_t i = 0; ok && i < num; i++) {
		deliveries[i] = delivery_of(job, &answer->deliveries[i]);
		keys[i] = repeats_key(job->api->repeats, &deliveries[i]);
	}
	ok = ok && job_may_repeat(job, deliveries, keys, num, err);
	free(deliveries);
	free(keys);
	return ok;
}

/* Keep of an answer's deliveries those that need entries. */
static struct deliveries *
deliveries_new(struct job *job, struct git_answer *answer, struct error *err)
{
	const int64_t now_s = time_monotonic_ms() / 1000;
	struct deliveries *all = calloc(1, sizeof(*all));
	const size_t num = answer->num_deliveries;

	if (all != NULL) {
		all->keys = calloc(num, sizeof(*all->keys));
		all->acts =
		    calloc(num < LIMIT_BATCH_ACTS ? num : LIMIT_BATCH_ACTS,
			sizeof(*all->acts));
	}
	if (all == NULL || all->keys == NULL || all->acts == NULL) {
		error_set_errno(err, "git");
		free_deliveries(all);
		return NULL;
	}
	all->job = job;
	all->list = answer->deliveries;
	answer->deliveries = NULL;
	for (size_t i = 0; i < num; i++) {
		const struct repeats_delivery one =
		    delivery_of(job, &all->list[i]);
		const struct repeats_key key =
		    repeats_key(job->api->repeats, &one);

		if (repeats_leaves(job->api->repeats, one.office, &key, now_s))
			continue;
		all->list[all->num] = all->list[i];
		all->keys[all->num++] = key;
	}
	return all;
}

/*
 * The answer is in the response, and is sent once its deliveries are journaled.
 */
static bool
deliver_all(struct job *job, struct git_answer *answer, struct error *err)
{
	struct deliveries *all;

	if (answer->num_deliveries == 0) {
		job_answer(job);
		return true;
	}
	if (!job_may_act(job, err) ||
	    (all = deliveries_new(job, answer, err)) == NULL)
		return false;
	waits_begin(job);
	if (all->num > 0)
		submit_some(all);
	else
		end_deliveries(all);
	return true;
}

static bool
read_body(const struct job *job, struct buf *out, struct error *err)
{
	struct buf raw = BUF(LIMIT_GIT_BODY);
	bool ok;

	if (!job->request->head.gzip)
		return job_read_body(job, out, err);
	ok = job_read_body(job, &raw, err) &&
	    git_gunzip(buf_span(&raw), out, err);
	buf_free(&raw);
	return ok;
}

/*
 * The name of a stored pack includes the person for whom it was made: no other
 * gets it.
 */
static void
pack_name(const struct job *job, struct span id, char out[80])
{
	struct sha256 hash;
	struct digest digest;
	char hex[DIGEST_HEX];

	sha256_init(&hash);
	sha256_update(&hash, span_of_str(job->connected.person));
	sha256_update(&hash, span_of("", 1));
	sha256_update(&hash, id);
	digest = sha256_final(&hash);
	digest_hex(&digest, hex);
	snprintf(out, 80, "%s.pack", hex);
}

/*
 * Our own client asks for an answer that it can fetch by ranges: the pack is
 * made once and stored, so that a cut connection costs nothing.  A pack that is
 * too large to store is sent at once.
 */
static bool
prepare(struct job *job, struct error *err)
{
	struct http_response *response = &job->request->response;
	char name[80], id[33];
	uint8_t random[16];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return error_set_openssl(err, ERROR_SYSTEM, "random bytes");
	hex_encode(span_of(random, sizeof(random)), id);
	pack_name(job, span_of_str(id), name);
	cache_put(job->api->cache, name, response->fd, response->to);
	if (!cache_has(job->api->cache, name))
		return true;
	close(response->fd);
	response->fd = -1;
	response->to = 0;
	response->status = 201;
	response->type = NULL;
	snprintf(response->headers, sizeof(response->headers),
	    "Location: /v1/packs/%s\r\n", id);
	return true;
}

bool
run_pack(struct job *job, struct error *err)
{
	struct http_response *response = &job->request->response;
	char name[80], etag[48];
	uint64_t size;

	pack_name(job, job->segments[2], name);
	response->fd = cache_open(job->api->cache, name, &size);
	if (response->fd < 0)
		return error_set(err, ERROR_NOT_FOUND,
		    "there is no such pack any more: ask for it again");
	response->type = "application/x-git-upload-pack-result";
	snprintf(etag, sizeof(etag), "\"%.32s\"", name);
	(void)job_range(job, size, etag);
	job_answer(job);
	return true;
}

static bool
answer_request(struct job *job, const struct git_request *request,
    struct error *err)
{
	struct http_response *response = &job->request->response;
	const struct git_service service = service_of(job);
	const bool prepared =
	    strcmp(job->request->head.valise_prepare, "pack") == 0;
	struct git_answer answer;
	char dir[FILE_PATH];
	bool ok;

	ok = git_answer(&service, request, &answer, err) &&
	    check_repeats(job, &answer, err);
	if (ok)
		fill(response, "application/x-git-upload-pack-result");
	if (ok && answer.has_pack) {
		ok = data_path(job->api->config->data, DATA_SPOOL, dir, err) &&
		    (response->fd = file_temporary(dir, err)) >= 0 &&
		    git_answer_write(&service, request, &answer, prepared,
			response->fd, &response->to, err) &&
		    (!prepared || prepare(job, err));
		/* Most likely our disk is full: the client may try again. */
		if (!ok && err->kind == ERROR_SYSTEM)
			error_make_unavailable(err);
	} else if (ok) {
		ok = buf_append(&response->body, buf_span(&answer.text), err);
	}
	ok = ok && deliver_all(job, &answer, err);
	if (!ok && response->fd >= 0) {
		close(response->fd);
		response->fd = -1;
	}
	git_answer_free(&answer);
	return ok;
}

bool
run_git_upload(struct job *job, struct error *err)
{
	struct buf body = BUF(LIMIT_GIT_BODY);
	struct git_request request;
	bool ok;

	ok = read_body(job, &body, err) &&
	    git_request_parse(buf_span(&body),
		git_is_v2(job->request->head.git_protocol), &request, err);
	if (!ok) {
		buf_free(&body);
		return false;
	}
	ok = answer_request(job, &request, err);
	git_request_free(&request);
	buf_free(&body);
	return ok;
}
