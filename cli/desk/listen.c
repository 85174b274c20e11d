/*
 * The desk's place on loopback (listen.h).
 */
#include "cli/desk/listen.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <openssl/rand.h>

/* Connections that wait to be taken. */
enum { BACKLOG = 64 };

static int
open_at(uint32_t address, struct sockaddr_in *out)
{
	socklen_t len = sizeof(*out);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*out = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(address) };
	if (fd >= 0 &&
	    (bind(fd, (struct sockaddr *)out, sizeof(*out)) != 0 ||
		listen(fd, BACKLOG) != 0 ||
		getsockname(fd, (struct sockaddr *)out, &len) != 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int
listen_open(struct sockaddr_in *out, struct error *err)
{
	uint8_t random[3];
	uint32_t address = INADDR_LOOPBACK;
	int fd;

	if (RAND_bytes(random, sizeof(random)) == 1)
		/* Neither the network's own address nor its broadcast. */
		address = (uint32_t)127 << 24 | (uint32_t)random[0] << 16 |
		    (uint32_t)random[1] << 8 | (1 + random[2] % 254U);
	if ((fd = open_at(address, out)) < 0)
		fd = open_at(INADDR_LOOPBACK, out);
	if (fd < 0)
		error_set_errno(err, "127.0.0.1: listen");
	return fd;
}

/* Ask for the one socket of a connection, as its own end has it. */
static bool
ask(int fd, const struct sockaddr_in *at, const struct sockaddr_in *peer)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 body;
	} request = {
		.head = { .nlmsg_len = sizeof(request),
		    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		    .nlmsg_flags = NLM_F_REQUEST },
		.body = { .sdiag_family = AF_INET,
		    .sdiag_protocol = IPPROTO_TCP,
		    .idiag_states = UINT32_MAX,
		    .id = { .idiag_sport = peer->sin_port,
			.idiag_dport = at->sin_port,
			.idiag_src = { peer->sin_addr.s_addr },
			.idiag_dst = { at->sin_addr.s_addr },
			.idiag_cookie = { INET_DIAG_NOCOOKIE,
			    INET_DIAG_NOCOOKIE } } },
	};

	return send(fd, &request, sizeof(request), 0) ==
	    (ssize_t)sizeof(request);
}

bool
listen_is_ours(const struct sockaddr_in *at, const struct sockaddr_in *peer)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_msg body;
		uint8_t rest[4096]; /* attributes */
	} answer;
	const int fd =
	    socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	bool ours = true;
	ssize_t n;

	if (fd < 0)
		return true;
	/* The answer is there once the question was sent. */
	if (ask(fd, at, peer) &&
	    (n = recv(fd, &answer, sizeof(answer), MSG_DONTWAIT)) >=
		(ssize_t)(sizeof(answer.head) + sizeof(answer.body)) &&
	    answer.head.nlmsg_type == SOCK_DIAG_BY_FAMILY &&
	    /* One that is closed already is nobody's. */
	    answer.body.idiag_inode != 0)
		ours = answer.body.idiag_uid == geteuid();
	close(fd);
	return ours;
}
