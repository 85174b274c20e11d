/*
 * load.c - makes requests over kept connections, one thread each.
 */
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/lib/client.h"
#include "tests/lib/generators.h"
#include "tests/lib/tool.h"

struct load {
	const struct target *target;
	const char *path;
	unsigned number; /* of the connection, from 1 */
	/* for get: how many documents there are; 0: one */
	unsigned documents;
	double until; /* 0: until each was asked for once */
	uint64_t requests, bytes, bad;
	/* for put: the files, taken in turn */
	char (*files)[FILE_PATH];
	size_t num_files;
	size_t *next;
};

/* Put a number in the place of the % in text, if it has one. */
static void
fill_in(const char *text, unsigned number, char *out, size_t room)
{
	const char *at = strchr(text, '%');

	if (at == NULL)
		snprintf(out, room, "%s", text);
	else
		snprintf(out, room, "%.*s%u%s", (int)(at - text), text, number,
		    at + 1);
}

/* Connect; where the certificate's name has a %, as a person of its own. */
static SSL *
connect_person(const struct load *load)
{
	const struct target *all = load->target;
	char cert[FILE_PATH];
	char *argv[] = { (char *)(uintptr_t)all->host,
		(char *)(uintptr_t)all->port, (char *)(uintptr_t)all->ca, cert,
		(char *)(uintptr_t)all->key };
	struct target one;

	if (strchr(all->cert, '%') == NULL)
		return client_connect(all);
	fill_in(all->cert, load->number, cert, sizeof(cert));
	one = client_target(argv);
	return client_connect(&one);
}

static void *
run_get(void *arg)
{
	struct load *load = arg;
	SSL *ssl = connect_person(load);
	char request[1200], path[1000];

	while (load->until > 0 ? tool_seconds(CLOCK_MONOTONIC) < load->until
			       : load->requests < load->documents) {
		int len;

		fill_in(load->path,
		    load->documents == 0
			? 0
			: (unsigned)(load->requests % load->documents),
		    path, sizeof(path));
		len = snprintf(request, sizeof(request),
		    "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path,
		    load->target->host);
		if (SSL_write(ssl, request, len) != len ||
		    client_read(ssl, &load->bytes) != 200) {
			load->bad++;
			break;
		}
		load->requests++;
	}
	return NULL;
}

static void *
run_put(void *arg)
{
	struct load *load = arg;
	SSL *ssl = client_connect(load->target);

	for (;;) {
		const size_t i =
		    __atomic_fetch_add(load->next, 1, __ATOMIC_RELAXED);
		struct buf body = BUF(SIZE_MAX);
		struct error err = { 0 };
		char head[600];
		const char *name;
		int len;

		if (i >= load->num_files)
			return NULL;
		if (!file_read(load->files[i], SIZE_MAX, &body, &err))
			tool_fail("read", &err);
		name = strrchr(load->files[i], '/') + 1;
		len = snprintf(head, sizeof(head),
		    "PUT /v1/documents/agreement/%.*s/versions/1 HTTP/1.1\r\n"
		    "Host: x\r\nContent-Length: %zu\r\n\r\n",
		    (int)(strlen(name) - 6), name, body.len);
		if (SSL_write(ssl, head, len) != len ||
		    SSL_write(ssl, body.data, (int)body.len) != (int)body.len ||
		    client_read(ssl, &load->bytes) != 201)
			load->bad++;
		else
			load->requests++;
		buf_free(&body);
	}
}

static int
run_load(const struct load *one, unsigned connections, void *(*run)(void *))
{
	struct load *loads = calloc(connections, sizeof(*loads));
	pthread_t *threads = calloc(connections, sizeof(*threads));
	const double began = tool_seconds(CLOCK_MONOTONIC);
	uint64_t requests = 0, bytes = 0, bad = 0;
	double took;

	for (unsigned i = 0; i < connections; i++) {
		loads[i] = *one;
		loads[i].number = i + 1;
		pthread_create(&threads[i], NULL, run, &loads[i]);
	}
	for (unsigned i = 0; i < connections; i++) {
		pthread_join(threads[i], NULL);
		requests += loads[i].requests;
		bytes += loads[i].bytes;
		bad += loads[i].bad;
	}
	took = tool_seconds(CLOCK_MONOTONIC) - began;
	printf("%.1f %.1f %llu %llu\n", (double)requests / took,
	    (double)bytes / took / 1e6, (unsigned long long)bad,
	    (unsigned long long)requests);
	free(loads);
	free(threads);
	return bad == 0 ? 0 : 1;
}

int
load_get(char *argv[])
{
	const double seconds = strtod(argv[7], NULL);
	/* Where each connection has its own, the certificate is read later. */
	const struct target target = strchr(argv[3], '%') == NULL
	    ? client_target(argv)
	    : (struct target){ argv[0], argv[1], argv[2], argv[3], argv[4],
		      NULL };
	const struct load load = { .target = &target,
		.path = argv[5],
		.documents =
		    argv[8] != NULL ? (unsigned)strtoul(argv[8], NULL, 10) : 0,
		.until =
		    seconds > 0 ? tool_seconds(CLOCK_MONOTONIC) + seconds : 0 };

	return run_load(&load, (unsigned)strtoul(argv[6], NULL, 10), run_get);
}

/* Returns the *num containers of a folder, which are never freed. */
static char (*list_containers(const char *dir, size_t *num))[FILE_PATH]
{
	const struct dirent *entry;
	DIR *stream = opendir(dir);
	char(*files)[FILE_PATH] = NULL;
	size_t max = 0;
	struct error err = { 0 };

	for (*num = 0; stream != NULL && (entry = readdir(stream)) != NULL;) {
		if (strstr(entry->d_name, ".asice") == NULL)
			continue;
		if (*num == max) {
			max = max == 0 ? 1024 : 2 * max;
			files = reallocarray(files, max, sizeof(*files));
		}
		if (files == NULL ||
		    !file_join(files[(*num)++], dir, entry->d_name, &err))
			tool_fail(dir, &err);
	}
	closedir(stream);
	return files;
}

int
load_put(char *argv[])
{
	const struct target target = client_target(argv);
	size_t next = 0;
	struct load load = { .target = &target, .next = &next };

	load.files = list_containers(argv[5], &load.num_files);
	return run_load(&load, (unsigned)strtoul(argv[6], NULL, 10), run_put);
}

/*
 * Keep connections silent until standard input ends, except for a request every
 * 30 seconds, since the daemon ends those that are idle for 60.
 */
int
load_idle(char *argv[])
{
	const struct target target = client_target(argv);
	const unsigned long count = strtoul(argv[5], NULL, 10);
	const char request[] = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
	SSL **all = calloc(count, sizeof(SSL *));
	uint64_t bytes = 0;
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	unsigned long answered;
	int ended;

	if (all == NULL)
		tool_fail("memory", NULL);
	for (unsigned long i = 0; i < count; i++)
		all[i] = client_connect(&target);
	printf("%lu open\n", count);
	fflush(stdout);
	do {
		ended = poll(&input, 1, 30 * 1000);
		answered = 0;
		for (unsigned long i = 0; i < count; i++)
			answered += SSL_write(all[i], request,
					sizeof(request) - 1) > 0 &&
			    client_read(all[i], &bytes) == 200;
	} while (ended == 0 && answered == count);
	printf("%lu answered\n", answered);
	/*
	 * A sanitizer that finds what OpenSSL keeps would end without flushing.
	 */
	fflush(stdout);
	for (unsigned long i = 0; i < count; i++)
		SSL_free(all[i]);
	free(all);
	return answered == count ? 0 : 1;
}
