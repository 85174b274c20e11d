/*
 * watch.c - opens many streams of events, and measures when the last one gets
 * an event.
 */
#include <stdbool.h>
#include <string.h>

#include "tests/lib/client.h"
#include "tests/lib/generators.h"
#include "tests/lib/tool.h"

/* Read until the stream has sent this text. */
static bool
read_until(SSL *ssl, const char *text)
{
	char buf[65536];
	size_t have = 0;
	int n;

	while (have + 1 < sizeof(buf) &&
	    (n = SSL_read(ssl, buf + have, (int)(sizeof(buf) - 1 - have))) >
		0) {
		have += (size_t)n;
		buf[have] = '\0';
		if (strstr(buf, text) != NULL)
			return true;
	}
	return false;
}

/* Open so many streams, then have each read the first event that comes. */
int
watch_run(char *argv[])
{
	const struct target target = client_target(argv);
	const unsigned long count = strtoul(argv[5], NULL, 10);
	const char request[] = "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n";
	SSL **all = calloc(count, sizeof(SSL *));
	unsigned long told = 0;
	double began = 0;

	if (all == NULL)
		tool_fail("memory", NULL);
	for (unsigned long i = 0; i < count; i++) {
		all[i] = client_connect(&target);
		if (SSL_write(all[i], request, sizeof(request) - 1) <= 0 ||
		    !read_until(all[i], "retry:"))
			tool_fail("no stream", NULL);
	}
	printf("watching %lu\n", count);
	fflush(stdout);
	for (unsigned long i = 0; i < count; i++) {
		told += read_until(all[i], "data: ");
		if (i == 0)
			began = tool_seconds(CLOCK_MONOTONIC);
		SSL_free(all[i]);
	}
	printf("told %lu, the last %.3f s after the first\n", told,
	    tool_seconds(CLOCK_MONOTONIC) - began);
	/*
	 * A sanitizer that finds what OpenSSL keeps would end without flushing.
	 */
	fflush(stdout);
	free(all);
	return told == count ? 0 : 1;
}
