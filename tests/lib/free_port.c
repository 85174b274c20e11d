/*
 * Print a loopback port on which no program listens, and which no connection is
 * given by itself: the kernel takes those of connections from 32768 on
 * (ip_local_port_range), so that a port from there may be gone when it is used.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST = 10000, PORTS = 22000, TRIES = 1000 };

int
main(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	for (unsigned i = 0; i < TRIES; i++) {
		const int fd = socket(AF_INET, SOCK_STREAM, 0);
		uint16_t number;
		bool taken;

		if (fd < 0 || getrandom(&number, sizeof(number), 0) < 0)
			return 1;
		at.sin_port = htons((uint16_t)(FIRST + number % PORTS));
		taken = bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0;
		close(fd);
		if (taken)
			continue;
		printf("%d\n", ntohs(at.sin_port));
		return 0;
	}
	return 1;
}
