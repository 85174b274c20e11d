/*
 * verify.c - measures the CPU of verifying a signature, and of one raw
 * verification.
 */
#include <fcntl.h>
#include <unistd.h>

#include "document/container.h"
#include "pki/cades.h"
#include "tests/bench/bench.h"
#include "tests/lib/tool.h"

int
bench_verify(char *argv[])
{
	struct error err = { 0 };
	const int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	struct container *c = container_read(fd, &err);
	struct cert_cache *certs = cert_cache_new(&err);
	const struct member *manifest, *p7s;
	double began, raw, ours;
	unsigned n = 0;

	if (c == NULL)
		tool_fail(argv[0], &err);
	manifest = container_find(c, PATH_ORIGIN_MANIFEST);
	p7s = container_find(c, PATH_ORIGIN);
	raw = raw_p256();
	began = tool_seconds(CLOCK_PROCESS_CPUTIME_ID);
	while (tool_seconds(CLOCK_PROCESS_CPUTIME_ID) - began < 1.5) {
		struct cades cades;

		if (!cades_verify(certs, member_bytes(p7s),
			member_bytes(manifest), &cades, &err))
			tool_fail("verify", &err);
		cades_free(&cades);
		n++;
	}
	ours = n / (tool_seconds(CLOCK_PROCESS_CPUTIME_ID) - began);
	printf("%.0f %.0f\n", raw, ours);
	container_free(c);
	cert_cache_free(certs);
	close(fd);
	return 0;
}
