/*
 * The server's side of the signer: starting its process, and asking it
 * (signer.h).
 */
#include "daemon/signer/signer.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "daemon/signer/messages.h"
#include "daemon/signer/vault.h"
#include "document/manifest.h"

enum { END_TRIES = 400 }; /* of 5 ms */

/* A socket to the signer, for one request at a time. */
struct channel {
	int fd;
	struct buf body; /* the body of the last answer */
	bool busy;
	/* Who asked went away: the answer is dropped when it comes. */
	bool late;
	int64_t asked_ms; /* atomic: when it was asked; 0: it has answered */
};

struct signer {
	struct channel channels[SIGNER_CLIENTS];
	size_t num;
	pid_t pid; /* or 0: it is served elsewhere */
	pthread_mutex_t mutex;
	pthread_cond_t idle;      /* a channel has become free */
	pthread_rwlock_t sealing; /* for writing: nothing is sealed */
	signer_second *second;    /* or NULL */
	void *second_arg;
};

/*
 * Returns the first channel, which is for STATE and CHECKPOINT; the others are
 * for any thread.
 */
static struct channel *
first_channel(struct signer *signer)
{
	return &signer->channels[0];
}

/* Wait for an answer at most until then. */
static bool
await(const struct channel *channel, int64_t until_ms)
{
	struct pollfd poll_fd = { .fd = channel->fd, .events = POLLIN };
	int64_t left_ms;
	int num;

	do {
		left_ms = until_ms - time_monotonic_ms();
		num = poll(&poll_fd, 1, left_ms > 0 ? (int)left_ms : 0);
	} while (num < 0 && errno == EINTR);
	return num > 0;
}

/*
 * Drop the answers that came too late, whose channels can be used again.  The
 * mutex is held.
 */
static void
drop_late(struct signer *signer)
{
	for (size_t i = 1; i < signer->num; i++) {
		struct channel *channel = &signer->channels[i];
		uint8_t kind;

		/* If it has ended that is noticed elsewhere. */
		if (!channel->late || !await(channel, 0) ||
		    !signer_receive(channel->fd, &kind, &channel->body))
			continue;
		channel->late = channel->busy = false;
		__atomic_store_n(&channel->asked_ms, 0, __ATOMIC_RELAXED);
	}
}

int64_t
signer_silent_ms(struct signer *signer)
{
	int64_t now_ms, silent_ms = 0;

	pthread_mutex_lock(&signer->mutex);
	drop_late(signer);
	now_ms = time_monotonic_ms();
	for (size_t i = 0; i < signer->num; i++) {
		const int64_t asked_ms =
		    __atomic_load_n(&signer->channels[i].asked_ms,
			__ATOMIC_RELAXED);

		if (asked_ms != 0 && now_ms - asked_ms > silent_ms)
			silent_ms = now_ms - asked_ms;
	}
	pthread_mutex_unlock(&signer->mutex);
	return silent_ms;
}

static bool
say_silent(struct error *err)
{
	error_set(err, ERROR_UNAVAILABLE,
	    "the depositary's signer does not answer: try again later");
	return error_retry(err, LIMIT_SECONDS_SIGNER);
}

/* Returns a channel that is free, or NULL. */
static struct channel *
find_free(struct signer *signer)
{
	for (size_t i = 1; i < signer->num; i++)
		if (!signer->channels[i].busy)
			return &signer->channels[i];
	return NULL;
}

/*
 * Returns a free channel, once there is one; NULL if the signer keeps all for
 * too long.
 */
static struct channel *
borrow(struct signer *signer, struct error *err)
{
	struct timespec until;
	struct channel *found;
	bool in_time = true;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LIMIT_SECONDS_SIGNER;
	pthread_mutex_lock(&signer->mutex);
	drop_late(signer);
	while ((found = find_free(signer)) == NULL && in_time) {
		in_time = pthread_cond_timedwait(&signer->idle, &signer->mutex,
			      &until) == 0;
		drop_late(signer);
	}
	if (found != NULL)
		found->busy = true;
	pthread_mutex_unlock(&signer->mutex);
	if (found == NULL)
		(void)say_silent(err);
	return found;
}

static void
give_back(struct signer *signer, struct channel *channel, bool late)
{
	pthread_mutex_lock(&signer->mutex);
	/* A late one stays busy until its answer was dropped. */
	channel->late = late;
	channel->busy = late;
	pthread_cond_signal(&signer->idle);
	pthread_mutex_unlock(&signer->mutex);
}

/* The process is not reaped: each thread that notices its end says the same. */
bool
signer_lives(const struct signer *signer, struct error *err)
{
	siginfo_t end = { 0 };

	if (signer->pid == 0 ||
	    waitid(P_PID, (id_t)signer->pid, &end,
		WEXITED | WNOWAIT | WNOHANG) != 0)
		return error_set(err, ERROR_SYSTEM, "the signer has ended");
	if (end.si_pid == 0)
		return true;
	if (end.si_code == CLD_EXITED)
		return error_set(err, ERROR_SYSTEM,
		    "the signer has ended with exit status %d", end.si_status);
	return error_set(err, ERROR_SYSTEM, "the signer was ended by SIG%s%s",
	    sigabbrev_np(end.si_status),
	    end.si_status == SIGSYS
		? ": it made a call that it, or what it runs under, forbids"
		: "");
}

/* Its socket has ended: say why.  The process may not be quite gone yet. */
static bool
say_end(const struct signer *signer, struct error *err)
{
	const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };

	for (int i = 0; i < 100; i++) {
		if (!signer_lives(signer, err))
			return false;
		nanosleep(&moment, NULL);
	}
	return error_set(err, ERROR_SYSTEM, "the signer does not answer");
}

static bool
receive_answer(const struct signer *signer, struct channel *channel,
    struct error *err)
{
	uint8_t kind;

	if (!signer_receive(channel->fd, &kind, &channel->body))
		return say_end(signer, err);
	if (kind == 0)
		return true;
	return error_set(err, (enum error_kind)kind, "signer: %.*s",
	    (int)channel->body.len, (const char *)channel->body.data);
}

static bool
send_request(const struct signer *signer, struct channel *channel,
    enum signer_request request, struct span body, struct error *err)
{
	__atomic_store_n(&channel->asked_ms, time_monotonic_ms(),
	    __ATOMIC_RELAXED);
	return signer_send(channel->fd, (uint8_t)request, body) ||
	    say_end(signer, err);
}

/* Ask, and wait for as long as it takes. */
static bool
ask(const struct signer *signer, struct channel *channel,
    enum signer_request request, struct span body, struct error *err)
{
	const bool ok = send_request(signer, channel, request, body, err) &&
	    receive_answer(signer, channel, err);

	__atomic_store_n(&channel->asked_ms, 0, __ATOMIC_RELAXED);
	return ok;
}

/*
 * Ask, and wait for a few seconds.  An answer that comes later is dropped, and
 * the channel is not used before.
 */
static bool
ask_in_time(const struct signer *signer, struct channel *channel,
    enum signer_request request, struct span body, bool *late,
    struct error *err)
{
	const int64_t until_ms =
	    time_monotonic_ms() + LIMIT_SECONDS_SIGNER * 1000;
	bool ok = send_request(signer, channel, request, body, err);

	*late = ok && !await(channel, until_ms);
	if (*late)
		return say_silent(err);
	ok = ok && receive_answer(signer, channel, err);
	__atomic_store_n(&channel->asked_ms, 0, __ATOMIC_RELAXED);
	return ok;
}

struct signer *
signer_connect(const int fds[], size_t num, struct error *err)
{
	struct signer *signer = calloc(1, sizeof(*signer));
	pthread_rwlockattr_t writers_first;
	pthread_condattr_t monotonic;

	assert(num >= 2 && num <= SIGNER_CLIENTS);
	if (signer == NULL) {
		error_set_errno(err, "signer");
		return NULL;
	}
	pthread_mutex_init(&signer->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&signer->idle, &monotonic);
	pthread_condattr_destroy(&monotonic);
	/* Else who renews the certificate could wait for ever. */
	pthread_rwlockattr_init(&writers_first);
	pthread_rwlockattr_setkind_np(&writers_first,
	    PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&signer->sealing, &writers_first);
	pthread_rwlockattr_destroy(&writers_first);
	for (size_t i = 0; i < num; i++) {
		signer->channels[i].fd = fds[i];
		signer->channels[i].body = BUF(LIMIT_SIGNER_REQUEST);
	}
	signer->num = num;
	return signer;
}

static void
close_all(const int fds[], size_t num)
{
	for (size_t i = 0; i < num; i++)
		close(fds[i]);
}

static bool
make_pairs(int ours[], int theirs[], size_t num, struct error *err)
{
	int pair[2];

	for (size_t i = 0; i < num; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) !=
		    0) {
			error_set_errno(err, "signer");
			close_all(ours, i);
			close_all(theirs, i);
			return false;
		}
		ours[i] = pair[0];
		theirs[i] = pair[1];
	}
	return true;
}

/*
 * What signer_end() needs of the one that was started.  Not the signer itself,
 * which another thread may be freeing by then.
 */
static struct {
	int fds[SIGNER_CLIENTS];
	size_t num;
	pid_t pid; /* atomic; 0: there is none, or its end is waited for */
} started;

static void
remember_started(const struct signer *signer)
{
	for (size_t i = 0; i < signer->num; i++)
		started.fds[i] = signer->channels[i].fd;
	started.num = signer->num;
	__atomic_store_n(&started.pid, signer->pid, __ATOMIC_SEQ_CST);
}

void
signer_end(void)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	const pid_t pid =
	    __atomic_exchange_n(&started.pid, 0, __ATOMIC_SEQ_CST);

	if (pid == 0)
		return;
	/* It ends when nobody can ask it any more. */
	for (size_t i = 0; i < started.num; i++)
		shutdown(started.fds[i], SHUT_RDWR);
	for (int i = 0; i < END_TRIES; i++) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return;
		nanosleep(&pause, NULL);
	}
}

struct signer *
signer_start(const struct config *config, pid_t *pid, struct error *err)
{
	const size_t num = config->workers < SIGNER_CLIENTS
	    ? config->workers + 1
	    : SIGNER_CLIENTS;
	int ours[SIGNER_CLIENTS], theirs[SIGNER_CLIENTS];
	struct signer *signer;

	if (!make_pairs(ours, theirs, num, err))
		return NULL;
	if ((*pid = fork()) < 0) {
		error_set_errno(err, "signer");
		close_all(ours, num);
		close_all(theirs, num);
		return NULL;
	}
	if (*pid == 0) {
		close_all(ours, num);
		vault_run(config, theirs, num);
	}
	close_all(theirs, num);
	if ((signer = signer_connect(ours, num, err)) == NULL) {
		close_all(ours, num);
		return NULL;
	}
	signer->pid = *pid;
	remember_started(signer);
	if (!receive_answer(signer, first_channel(signer), err)) {
		signer_end();
		signer_free(signer);
		return NULL;
	}
	return signer;
}

void
signer_free(struct signer *signer)
{
	if (signer == NULL)
		return;
	/* Its process ends by that; who started it waits for it. */
	if (signer->pid != 0)
		__atomic_store_n(&started.pid, 0, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < signer->num; i++) {
		close(signer->channels[i].fd);
		buf_free(&signer->channels[i].body);
	}
	pthread_mutex_destroy(&signer->mutex);
	pthread_cond_destroy(&signer->idle);
	pthread_rwlock_destroy(&signer->sealing);
	free(signer);
}

bool
signer_state(struct signer *signer, struct head *head, struct note_key *key,
    struct error *err)
{
	struct channel *channel = first_channel(signer);
	struct span rest, root, signature, text;
	uint64_t time;

	if (!ask(signer, channel, SIGNER_STATE, span_of(NULL, 0), err))
		return false;
	rest = buf_span(&channel->body);
	if (!span_take_u64(&rest, &head->size) ||
	    !span_take_u64(&rest, &time) || !span_take(&rest, 32, &root) ||
	    !span_take(&rest, 64, &signature) || !span_take_block(&rest, &text))
		return error_set(err, ERROR_SYSTEM, "signer: broken answer");
	head->time_ms = (int64_t)time;
	memcpy(head->root.bytes, root.data, 32);
	memcpy(head->signature, signature.data, 64);
	return note_key_parse(text, NOTE_JOURNAL, key, err);
}

/* Put the answer's manifest and signature into the container. */
static bool
put_seal(struct span answer, struct container *container, struct error *err)
{
	struct span xml, p7s;

	if (!span_take_block(&answer, &xml) || !span_take_block(&answer, &p7s))
		return error_set(err, ERROR_SYSTEM, "signer: broken answer");
	return container_put(container, PATH_SEAL_MANIFEST, xml, err) &&
	    container_put(container, PATH_SEAL, p7s, err);
}

bool
signer_seal(struct signer *signer, struct container *container,
    struct error *err)
{
	struct buf body = BUF(LIMIT_SIGNER_REQUEST);
	struct channel *channel;
	bool ok = true, late;

	for (size_t i = 0; ok && i < container->num; i++) {
		const struct member *member = &container->members[i];

		if (strcmp(member->path, "mimetype") == 0)
			continue;
		ok = buf_append_block(&body, span_of_str(member->path), err) &&
		    buf_append_block(&body,
			span_of_str(media_of_path(member->path)), err) &&
		    buf_append(&body, digest_span(&member->sha256), err);
	}
	if (ok) {
		pthread_rwlock_rdlock(&signer->sealing);
		channel = borrow(signer, err);
		ok = channel != NULL &&
		    ask_in_time(signer, channel, SIGNER_SEAL, buf_span(&body),
			&late, err) &&
		    put_seal(buf_span(&channel->body), container, err);
		if (channel != NULL)
			give_back(signer, channel, late);
		pthread_rwlock_unlock(&signer->sealing);
	}
	buf_free(&body);
	return ok;
}

void
signer_pause(struct signer *signer)
{
	pthread_rwlock_wrlock(&signer->sealing);
}

void
signer_resume(struct signer *signer)
{
	pthread_rwlock_unlock(&signer->sealing);
}

/* Copy an answer of 32 bytes. */
static bool
take_digest(const struct channel *channel, struct digest *out,
    struct error *err)
{
	if (channel->body.len != sizeof(out->bytes))
		return error_set(err, ERROR_SYSTEM, "signer: broken answer");
	memcpy(out->bytes, channel->body.data, sizeof(out->bytes));
	return true;
}

/* Ask on any channel that is free; out: NULL if the answer has no digest. */
static bool
ask_anybody(struct signer *signer, enum signer_request request,
    struct span body, struct digest *out, struct error *err)
{
	struct channel *channel = borrow(signer, err);
	bool ok, late = false;

	if (channel == NULL)
		return false;
	ok = ask_in_time(signer, channel, request, body, &late, err) &&
	    (out == NULL || take_digest(channel, out, err));
	give_back(signer, channel, late);
	return ok;
}

bool
signer_read(struct signer *signer, struct digest *out, struct error *err)
{
	return ask_anybody(signer, SIGNER_READ, span_of(NULL, 0), out, err);
}

bool
signer_renew(struct signer *signer, const struct digest *fingerprint,
    struct error *err)
{
	struct channel *channel = borrow(signer, err);
	bool ok;

	if (channel == NULL)
		return false;
	/* Whether it was done must be known, however long that takes. */
	ok = ask(signer, channel, SIGNER_RENEW, digest_span(fingerprint), err);
	give_back(signer, channel, false);
	return ok;
}

bool
signer_commit(struct signer *signer, const struct commit_fields *fields,
    struct buf *out, struct error *err)
{
	struct buf body = BUF(4096);
	struct channel *channel;
	bool ok, late;

	ok = signer_encode_commit(fields, &body, err);
	if (ok) {
		channel = borrow(signer, err);
		ok = channel != NULL &&
		    ask_in_time(signer, channel, SIGNER_COMMIT, buf_span(&body),
			&late, err) &&
		    buf_append(out, buf_span(&channel->body), err);
		if (channel != NULL)
			give_back(signer, channel, late);
	}
	buf_free(&body);
	return ok;
}

bool
signer_mark(struct signer *signer, uint64_t prior, const struct head *head,
    struct digest *out, struct error *err)
{
	struct buf body = BUF(128);
	const bool ok = signer_encode_mark(prior, head, NULL, &body, err) &&
	    ask_anybody(signer, SIGNER_MARK, buf_span(&body), out, err);

	buf_free(&body);
	return ok;
}

bool
signer_check_memory(struct signer *signer, uint64_t place,
    const struct head *head, const struct digest *mark, struct error *err)
{
	struct buf body = BUF(128);
	const bool ok = signer_encode_mark(place, head, mark, &body, err) &&
	    ask_anybody(signer, SIGNER_CHECK_MEMORY, buf_span(&body), NULL,
		err);

	buf_free(&body);
	return ok;
}

bool
signer_tell_memory(struct signer *signer, uint64_t place,
    const struct head *head, struct digest *out, struct error *err)
{
	struct channel *channel = first_channel(signer);
	struct buf body = BUF(128);
	const bool ok = signer_encode_mark(place, head, NULL, &body, err) &&
	    ask(signer, channel, SIGNER_TELL_MEMORY, buf_span(&body), err) &&
	    take_digest(channel, out, err);

	buf_free(&body);
	return ok;
}

void
signer_set_second(struct signer *signer, signer_second *wait, void *arg)
{
	signer->second = wait;
	signer->second_arg = arg;
}

bool
signer_checkpoint(struct signer *signer, struct head *head,
    const struct merkle_proof *consistency, struct error *err)
{
	struct channel *channel = first_channel(signer);
	struct buf body = BUF(8192);
	bool ok;

	ok = signer_encode_checkpoint(head, consistency, &body, err) &&
	    ask(signer, channel, SIGNER_CHECKPOINT, buf_span(&body), err);
	buf_free(&body);
	if (!ok)
		return false;
	if (channel->body.len != 64)
		return error_set(err, ERROR_SYSTEM, "signer: broken answer");
	memcpy(head->signature, channel->body.data, 64);
	return signer->second == NULL ||
	    signer->second(signer->second_arg, head, err);
}
