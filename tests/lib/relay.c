/*
 * relay.c - relays from plain TCP to mutual TLS, for clients that have no
 * certificates.
 */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/client.h"
#include "tests/lib/generators.h"
#include "tests/lib/tool.h"

struct relay {
	const struct target *target;
	int fd;
};

static void *
run_relay(void *arg)
{
	struct relay *relay = arg;
	SSL *ssl = client_connect(relay->target);
	char buf[16384];

	for (;;) {
		struct pollfd fds[2] = { { relay->fd, POLLIN, 0 },
			{ SSL_get_fd(ssl), POLLIN, 0 } };
		ssize_t n;

		if (SSL_pending(ssl) == 0 && poll(fds, 2, -1) < 0)
			break;
		if ((fds[0].revents & (POLLIN | POLLHUP)) != 0 &&
		    ((n = read(relay->fd, buf, sizeof(buf))) <= 0 ||
			SSL_write(ssl, buf, (int)n) != n))
			break;
		if ((SSL_pending(ssl) > 0 ||
			(fds[1].revents & (POLLIN | POLLHUP)) != 0) &&
		    ((n = SSL_read(ssl, buf, sizeof(buf))) <= 0 ||
			write(relay->fd, buf, (size_t)n) != n))
			break;
	}
	close(relay->fd);
	close(SSL_get_fd(ssl));
	SSL_free(ssl);
	free(relay);
	return NULL;
}

int
relay_run(char *argv[])
{
	const struct target target = client_target(argv);
	const struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(argv[5], NULL, 10)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(listener, 16) != 0)
		tool_fail("listen", NULL);
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct relay *relay = calloc(1, sizeof(*relay));
		pthread_t thread;

		if (relay == NULL)
			tool_fail("memory", NULL);
		relay->target = &target;
		relay->fd = accept(listener, NULL, NULL);
		pthread_create(&thread, NULL, run_relay, relay);
		pthread_detach(thread);
	}
}
