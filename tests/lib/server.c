/*
 * server.c - an HTTPS server that answers what the test tells it (server.h).
 */
#include "tests/lib/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "tests/lib/tool.h"

enum { REQUESTS = 32, REQUEST_BYTES = 64 * 1024 };

struct server {
	/* End: a byte is written to it to stop the thread. */
	int listener, end[2];
	int port;
	SSL_CTX *tls;
	const struct server_answer *answers;
	size_t num, next, connections;
	char *requests[REQUESTS];
	size_t num_requests;
	pthread_t thread;
	bool stopped;
};

/* A connection, with or without TLS. */
struct peer {
	int fd;
	SSL *ssl;
};

static ssize_t
peer_read(struct peer *peer, char *to, size_t len)
{
	return peer->ssl != NULL ? SSL_read(peer->ssl, to, (int)len)
				 : read(peer->fd, to, len);
}

static bool
peer_write(struct peer *peer, const char *bytes, size_t len)
{
	ssize_t n;

	if (len == 0)
		return true;
	n = peer->ssl != NULL ? SSL_write(peer->ssl, bytes, (int)len)
			      : send(peer->fd, bytes, len, MSG_NOSIGNAL);
	return n == (ssize_t)len;
}

/* Returns the length of the body that the head announces, in bytes. */
static size_t
length_of(const char *request)
{
	const char *length = strcasestr(request, "\r\nContent-Length:");

	return length != NULL ? strtoul(length + 17, NULL, 10) : 0;
}

/*
 * Returns a request with its body as a new string; NULL if the client hung up.
 */
static char *
take_request(struct server *server, struct peer *peer)
{
	char *request = calloc(1, REQUEST_BYTES + 1), *end = NULL;
	size_t have = 0;

	if (request == NULL)
		tool_fail("memory", NULL);
	while (end == NULL ||
	    have < (size_t)(end + 4 - request) + length_of(request)) {
		struct pollfd fds[2] = { { peer->fd, POLLIN, 0 },
			{ server->end[0], POLLIN, 0 } };
		ssize_t n;

		if (peer->ssl == NULL || SSL_pending(peer->ssl) == 0)
			poll(fds, 2, -1);
		n = fds[1].revents != 0 || have == REQUEST_BYTES
		    ? -1
		    : peer_read(peer, request + have, REQUEST_BYTES - have);
		if (n <= 0) {
			free(request);
			return NULL;
		}
		have += (size_t)n;
		end = strstr(request, "\r\n\r\n");
	}
	return request;
}

/* Give an answer after its pause; false if the test ends, or the line did. */
static bool
give(const struct server *server, struct peer *peer,
    const struct server_answer *answer)
{
	struct pollfd end = { server->end[0], POLLIN, 0 };

	if (answer->pause_ms > 0 && poll(&end, 1, (int)answer->pause_ms) != 0)
		return false;
	return answer->bytes == NULL ||
	    peer_write(peer, answer->bytes,
		answer->len != 0 ? answer->len : strlen(answer->bytes));
}

static void
serve(struct server *server, struct peer *peer)
{
	char *request;

	while ((request = take_request(server, peer)) != NULL) {
		const struct server_answer *answer = server->next < server->num
		    ? &server->answers[server->next++]
		    : NULL;

		if (server->num_requests == REQUESTS)
			tool_fail("too many requests", NULL);
		server->requests[server->num_requests++] = request;
		while (answer != NULL && give(server, peer, answer) &&
		    answer->goes_on)
			answer = &server->answers[server->next++];
		if (answer == NULL || answer->hangs_up)
			return;
	}
}

static void *
run(void *arg)
{
	struct server *server = arg;

	for (;;) {
		struct pollfd fds[2] = { { server->listener, POLLIN, 0 },
			{ server->end[0], POLLIN, 0 } };
		struct peer peer = { .ssl = NULL };

		poll(fds, 2, -1);
		if (fds[1].revents != 0)
			return NULL;
		if ((peer.fd = accept(server->listener, NULL, NULL)) < 0)
			continue;
		server->connections++;
		if (server->tls != NULL) {
			peer.ssl = SSL_new(server->tls);
			SSL_set_fd(peer.ssl, peer.fd);
		}
		if (peer.ssl == NULL || SSL_accept(peer.ssl) == 1)
			serve(server, &peer);
		/* Close without an alert, as a broken connection does. */
		SSL_free(peer.ssl);
		close(peer.fd);
	}
}

static SSL_CTX *
make_tls(const struct server_settings *settings)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (tls == NULL || SSL_CTX_use_certificate(tls, settings->cert) != 1 ||
	    SSL_CTX_use_PrivateKey(tls, settings->key) != 1 ||
	    (settings->max_tls != 0 &&
		SSL_CTX_set_max_proto_version(tls, settings->max_tls) != 1))
		tool_fail("TLS", NULL);
	return tls;
}

struct server *
server_start(const struct server_settings *settings,
    const struct server_answer answers[], size_t num)
{
	struct server *server = calloc(1, sizeof(*server));
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);

	if (server == NULL)
		tool_fail("memory", NULL);
	/*
	 * A client that refuses our certificate may be gone while we still
	 * write.
	 */
	signal(SIGPIPE, SIG_IGN);
	server->answers = answers;
	server->num = num;
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server->listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(server->listener, 16) != 0 ||
	    getsockname(server->listener, (struct sockaddr *)&at, &len) != 0 ||
	    pipe(server->end) != 0)
		tool_fail("listen", NULL);
	server->port = ntohs(at.sin_port);
	if (settings->cert != NULL)
		server->tls = make_tls(settings);
	if (pthread_create(&server->thread, NULL, run, server) != 0)
		tool_fail("thread", NULL);
	return server;
}

int
server_port(const struct server *server)
{
	return server->port;
}

size_t
server_num_requests(const struct server *server)
{
	return server->num_requests;
}

size_t
server_num_connections(const struct server *server)
{
	return server->connections;
}

const char *
server_request(const struct server *server, size_t n)
{
	return n < server->num_requests ? server->requests[n] : "";
}

void
server_stop(struct server *server)
{
	if (server->stopped)
		return;
	server->stopped = true;
	if (write(server->end[1], "", 1) != 1)
		tool_fail("stop", NULL);
	pthread_join(server->thread, NULL);
	close(server->listener);
}

void
server_free(struct server *server)
{
	server_stop(server);
	for (size_t i = 0; i < server->num_requests; i++)
		free(server->requests[i]);
	close(server->end[0]);
	close(server->end[1]);
	SSL_CTX_free(server->tls);
	free(server);
}
