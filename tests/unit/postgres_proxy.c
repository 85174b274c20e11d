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

static const char commit[] = "COMMIT";
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int cut = PROXY_NEVER;
static unsigned cuts;
static struct sockaddr_un server = { .sun_family = AF_UNIX };

void
proxy_cut(int after)
{
	pthread_mutex_lock(&mutex);
	cut = after;
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

/* Is this COMMIT to be cut?  Once only. */
static int
take_cut(void)
{
	int after;

	pthread_mutex_lock(&mutex);
	after = cut;
	cut = PROXY_NEVER;
	cuts += after != PROXY_NEVER;
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
		if (from == 0 && left == PROXY_NEVER &&
		    memmem(bytes, (size_t)n, commit, sizeof(commit)) != NULL) {
			left = take_cut();
			if (left == PROXY_BEFORE)
				return;
		}
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
