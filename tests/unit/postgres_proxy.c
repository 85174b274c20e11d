/*
 * A proxy that cuts connections (postgres_proxy.h): a thread for each.
 */
#include "postgres_proxy.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A place to cut, where the client sends these bytes. */
struct cut {
	char bytes[16];
	size_t len;
	int after;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct cut commit = { "COMMIT", sizeof("COMMIT"), PROXY_NEVER };
static struct cut statement = { .after = PROXY_NEVER };
static unsigned cuts;
static struct sockaddr_un server = { .sun_family = AF_UNIX };

void
proxy_cut(int after)
{
	pthread_mutex_lock(&mutex);
	commit.after = after;
	pthread_mutex_unlock(&mutex);
}

void
proxy_cut_at(unsigned number, int after)
{
	pthread_mutex_lock(&mutex);
	/* "Bind" has the portal's name, which is empty, and the statement's. */
	statement.len = 1 +
	    (size_t)snprintf(statement.bytes, sizeof(statement.bytes), "%cs%u",
		0, number);
	statement.after = after;
	pthread_mutex_unlock(&mutex);
}

unsigned
proxy_cuts(void)
{
	unsigned num;

	pthread_mutex_lock(&mutex);
	num = cuts;
	pthread_mutex_unlock(&mutex);
	return num;
}

/* Is the connection to be cut at what the client sends?  Once only. */
static int
take_cut(struct cut *cut, const char *bytes, size_t len)
{
	int after = PROXY_NEVER;

	pthread_mutex_lock(&mutex);
	if (cut->after != PROXY_NEVER &&
	    memmem(bytes, len, cut->bytes, cut->len) != NULL) {
		after = cut->after;
		cut->after = PROXY_NEVER;
		cuts++;
	}
	pthread_mutex_unlock(&mutex);
	return after;
}

static bool
write_all(int fd, const char *bytes, size_t len)
{
	ssize_t n;

	while (len > 0 && (n = send(fd, bytes, len, MSG_NOSIGNAL)) > 0) {
		bytes += n;
		len -= (size_t)n;
	}
	return len == 0;
}

/* Pass on until one side ends, or the connection is to be cut. */
static void
relay(int client, int remote)
{
	struct pollfd fds[2] = { { client, POLLIN, 0 }, { remote, POLLIN, 0 } };
	int left = PROXY_NEVER;
	bool answered = false;
	char bytes[65536];

	while (left != 0 && poll(fds, 2, -1) > 0) {
		const int from = fds[0].revents != 0 ? 0 : 1;
		ssize_t n = read(fds[from].fd, bytes, sizeof(bytes));

		if (n <= 0)
			return;
		if (from == 0 && left == PROXY_NEVER)
			left = take_cut(&commit, bytes, (size_t)n);
		if (from == 0 && left == PROXY_NEVER)
			left = take_cut(&statement, bytes, (size_t)n);
		if (left == PROXY_BEFORE)
			return;
		if (from == 1 && left >= 0) {
			n = n < left ? n : left;
			left -= (int)n;
			answered = true;
		}
		if (!write_all(fds[1 - from].fd, bytes, (size_t)n))
			return;
	}
	/* Without a byte of it, too, the server has answered before the cut. */
	if (!answered)
		(void)poll(&fds[1], 1, -1);
}

static void *
run_connection(void *arg)
{
	const int client = (int)(intptr_t)arg;
	const int remote = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(remote, (struct sockaddr *)&server, sizeof(server)) == 0)
		relay(client, remote);
	close(client);
	close(remote);
	return NULL;
}

static void *
run(void *arg)
{
	const int listener = (int)(intptr_t)arg;
	pthread_t thread;
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		if (pthread_create(&thread, NULL, run_connection,
			(void *)(intptr_t)fd) != 0)
			abort();
		pthread_detach(thread);
	}
	return NULL;
}

void
proxy_start(const char *folder, const char *server_folder)
{
	const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	pthread_t thread;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/.s.PGSQL.5432", folder);
	snprintf(server.sun_path, sizeof(server.sun_path), "%s/.s.PGSQL.5432",
	    server_folder);
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(listener, 16) != 0 ||
	    pthread_create(&thread, NULL, run, (void *)(intptr_t)listener) != 0)
		abort();
	pthread_detach(thread);
}
