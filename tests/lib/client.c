/*
 * client.c - connections with a client certificate, and reading the answers.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/lib/client.h"
#include "tests/lib/tool.h"

struct target
client_target(char *argv[])
{
	struct target t = { argv[0], argv[1], argv[2], argv[3], argv[4], NULL };

	t.tls = SSL_CTX_new(TLS_client_method());
	if (t.tls == NULL ||
	    SSL_CTX_load_verify_locations(t.tls, t.ca, NULL) != 1 ||
	    SSL_CTX_use_certificate_chain_file(t.tls, t.cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(t.tls, t.key, SSL_FILETYPE_PEM) != 1)
		tool_fail("TLS", NULL);
	SSL_CTX_set_verify(t.tls, SSL_VERIFY_PEER, NULL);
	return t;
}

SSL *
client_connect(const struct target *t)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *a = NULL;
	SSL *ssl = SSL_new(t->tls);
	const int yes = 1;
	int fd;

	if (getaddrinfo(t->host, t->port, &hints, &a) != 0 ||
	    (fd = socket(a->ai_family, SOCK_STREAM, 0)) < 0 ||
	    connect(fd, a->ai_addr, a->ai_addrlen) != 0)
		tool_fail("connect", NULL);
	freeaddrinfo(a);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		tool_fail("handshake", NULL);
	return ssl;
}

int
client_read(SSL *ssl, uint64_t *bytes)
{
	static _Thread_local char buf[65536];
	size_t have = 0, body;
	char *end = NULL, *length;
	long left;
	int n, status;

	while (end == NULL) {
		if ((n = SSL_read(ssl, buf + have,
			 (int)(sizeof(buf) - 1 - have))) <= 0)
			return -1;
		have += (size_t)n;
		buf[have] = '\0';
		end = strstr(buf, "\r\n\r\n");
	}
	status = (int)strtol(buf + 9, NULL, 10);
	length = strcasestr(buf, "Content-Length:");
	left = length != NULL ? strtol(length + 15, NULL, 10) : 0;
	body = have - (size_t)(end + 4 - buf);
	*bytes += (uint64_t)left;
	left -= (long)body;
	while (left > 0) {
		if ((n = SSL_read(ssl, buf, sizeof(buf))) <= 0)
			return -1;
		left -= n;
	}
	return status;
}
