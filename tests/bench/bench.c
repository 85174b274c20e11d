/*
 * bench - the measures that need a program: load over kept connections,
 * signatures, the journal.  tests/bench/run puts them beside the peers.
 *
 *	bench get HOST PORT CA CERT KEY PATH CONNECTIONS SECONDS
 *	bench idle HOST PORT CA CERT KEY CONNECTIONS
 *	bench watch HOST PORT CA CERT KEY CONNECTIONS
 *	bench relay HOST PORT CA CERT KEY LISTEN-PORT
 *	bench make DIR OFFICE-DIR COUNT BYTES PREFIX
 *	bench put HOST PORT CA CERT KEY DIR CONNECTIONS
 *	bench verify CONTAINER-FILES…
 *	bench journal DIR ENTRIES
 *	bench refs DOCUMENTS
 *	bench bag FILE CERT KEY
 */
#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "bag/bag.h"
#include "base/file.h"
#include "base/time.h"
#include "document/container.h"
#include "document/manifest.h"
#include "document/version.h"
#include "git/serve.h"
#include "journal/entry.h"
#include "journal/journal.h"
#include "pki/cades.h"

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void
fail(const char *what, const struct error *err)
{
	fprintf(stderr, "bench: %s: %s\n", what,
	    err != NULL ? err->detail : "");
	exit(7);
}

/* --- Load. --- */

struct target {
	const char *host, *port, *ca, *cert, *key;
	SSL_CTX *tls;
};

static struct target
make_target(char *argv[])
{
	struct target t = { argv[0], argv[1], argv[2], argv[3], argv[4], NULL };

	t.tls = SSL_CTX_new(TLS_client_method());
	if (t.tls == NULL ||
	    SSL_CTX_load_verify_locations(t.tls, t.ca, NULL) != 1 ||
	    SSL_CTX_use_certificate_chain_file(t.tls, t.cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(t.tls, t.key, SSL_FILETYPE_PEM) != 1)
		fail("TLS", NULL);
	SSL_CTX_set_verify(t.tls, SSL_VERIFY_PEER, NULL);
	return t;
}

static SSL *
connect_to(const struct target *t)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *a = NULL;
	SSL *ssl = SSL_new(t->tls);
	const int yes = 1;
	int fd;

	if (getaddrinfo(t->host, t->port, &hints, &a) != 0 ||
	    (fd = socket(a->ai_family, SOCK_STREAM, 0)) < 0 ||
	    connect(fd, a->ai_addr, a->ai_addrlen) != 0)
		fail("connect", NULL);
	freeaddrinfo(a);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		fail("handshake", NULL);
	return ssl;
}

/* One answer: its status; *bytes grows by its body. */
static int
read_answer(SSL *ssl, uint64_t *bytes)
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

struct load {
	const struct target *target;
	const char *path;
	double until;
	uint64_t requests, bytes, bad;
	/* put: files, taken in turn */
	char (*files)[FILE_PATH];
	size_t num_files;
	size_t *next;
};

static void *
run_get(void *arg)
{
	struct load *load = arg;
	SSL *ssl = connect_to(load->target);
	char request[1200];
	const int len = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", load->path,
	    load->target->host);

	while (seconds(CLOCK_MONOTONIC) < load->until) {
		if (SSL_write(ssl, request, len) != len ||
		    read_answer(ssl, &load->bytes) != 200) {
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
	SSL *ssl = connect_to(load->target);

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
			fail("read", &err);
		name = strrchr(load->files[i], '/') + 1;
		len = snprintf(head, sizeof(head),
		    "PUT /v1/documents/agreement/%.*s/versions/1 HTTP/1.1\r\n"
		    "Host: x\r\nContent-Length: %zu\r\n\r\n",
		    (int)(strlen(name) - 6), name, body.len);
		if (SSL_write(ssl, head, len) != len ||
		    SSL_write(ssl, body.data, (int)body.len) != (int)body.len ||
		    read_answer(ssl, &load->bytes) != 201)
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
	const double began = seconds(CLOCK_MONOTONIC);
	uint64_t requests = 0, bytes = 0, bad = 0;
	double took;

	for (unsigned i = 0; i < connections; i++) {
		loads[i] = *one;
		pthread_create(&threads[i], NULL, run, &loads[i]);
	}
	for (unsigned i = 0; i < connections; i++) {
		pthread_join(threads[i], NULL);
		requests += loads[i].requests;
		bytes += loads[i].bytes;
		bad += loads[i].bad;
	}
	took = seconds(CLOCK_MONOTONIC) - began;
	printf("%.1f %.1f %llu\n", (double)requests / took,
	    (double)bytes / took / 1e6, (unsigned long long)bad);
	free(loads);
	free(threads);
	return bad == 0 ? 0 : 1;
}

static int
bench_get(char *argv[])
{
	const struct target target = make_target(argv);
	const struct load load = { .target = &target,
		.path = argv[5],
		.until = seconds(CLOCK_MONOTONIC) + strtod(argv[7], NULL) };

	return run_load(&load, (unsigned)strtoul(argv[6], NULL, 10), run_get);
}

/* --- For clients that have no certificates: plain TCP in, mutual TLS out. --- */

struct relay {
	const struct target *target;
	int fd;
};

static void *
run_relay(void *arg)
{
	struct relay *relay = arg;
	SSL *ssl = connect_to(relay->target);
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

static int
bench_relay(char *argv[])
{
	const struct target target = make_target(argv);
	const struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(argv[5], NULL, 10)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(listener, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(listener, 16) != 0)
		fail("listen", NULL);
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct relay *relay = calloc(1, sizeof(*relay));
		pthread_t thread;

		if (relay == NULL)
			fail("memory", NULL);
		relay->target = &target;
		relay->fd = accept(listener, NULL, NULL);
		pthread_create(&thread, NULL, run_relay, relay);
		pthread_detach(thread);
	}
}

/* Read until the stream has said it. */
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

/* So many listen to events; then the first that comes is read by each. */
static int
bench_watch(char *argv[])
{
	const struct target target = make_target(argv);
	const unsigned long count = strtoul(argv[5], NULL, 10);
	const char request[] = "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n";
	SSL **all = calloc(count, sizeof(SSL *));
	unsigned long told = 0;
	double began = 0;

	if (all == NULL)
		fail("memory", NULL);
	for (unsigned long i = 0; i < count; i++) {
		all[i] = connect_to(&target);
		if (SSL_write(all[i], request, sizeof(request) - 1) <= 0 ||
		    !read_until(all[i], "retry:"))
			fail("no stream", NULL);
	}
	printf("watching %lu\n", count);
	fflush(stdout);
	for (unsigned long i = 0; i < count; i++) {
		told += read_until(all[i], "data: ");
		if (i == 0)
			began = seconds(CLOCK_MONOTONIC);
		SSL_free(all[i]);
	}
	printf("told %lu, the last %.3f s after the first\n", told,
	    seconds(CLOCK_MONOTONIC) - began);
	/* A sanitizer that finds what OpenSSL keeps ends without doing it. */
	fflush(stdout);
	free(all);
	return told == count ? 0 : 1;
}

/*
 * Connections that say nothing until standard input ends, but for a request
 * every 30 seconds, as the daemon ends those that are idle for 60.
 */
static int
bench_idle(char *argv[])
{
	const struct target target = make_target(argv);
	const unsigned long count = strtoul(argv[5], NULL, 10);
	const char request[] = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
	SSL **all = calloc(count, sizeof(SSL *));
	uint64_t bytes = 0;
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	unsigned long answered;
	int ended;

	if (all == NULL)
		fail("memory", NULL);
	for (unsigned long i = 0; i < count; i++)
		all[i] = connect_to(&target);
	printf("%lu open\n", count);
	fflush(stdout);
	do {
		ended = poll(&input, 1, 30 * 1000);
		answered = 0;
		for (unsigned long i = 0; i < count; i++)
			answered += SSL_write(all[i], request,
					sizeof(request) - 1) > 0 &&
			    read_answer(all[i], &bytes) == 200;
	} while (ended == 0 && answered == count);
	printf("%lu answered\n", answered);
	/* As above. */
	fflush(stdout);
	for (unsigned long i = 0; i < count; i++)
		SSL_free(all[i]);
	free(all);
	return answered == count ? 0 : 1;
}

static int
bench_put(char *argv[])
{
	const struct target target = make_target(argv);
	size_t next = 0;
	struct load load = { .target = &target, .next = &next };
	const struct dirent *entry;
	DIR *dir = opendir(argv[5]);

	load.files = calloc(20000, sizeof(*load.files));
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (strstr(entry->d_name, ".asice") != NULL)
			snprintf(load.files[load.num_files++], FILE_PATH,
			    "%s/%s", argv[5], entry->d_name);
	return run_load(&load, (unsigned)strtoul(argv[6], NULL, 10), run_put);
}

/* --- Deposits, made beforehand. --- */

static void
add_text(struct container *c, struct version *v, const char *language,
    size_t bytes)
{
	struct text_file *file = &v->texts[v->num_texts++];
	struct buf raw = BUF(SIZE_MAX), text = BUF(SIZE_MAX);
	struct error err = { 0 };
	uint8_t random[4096];

	while (text.len < bytes) {
		RAND_bytes(random, sizeof(random));
		raw.len = 0;
		if (!buf_append_base64(&text, span_of(random, sizeof(random)),
			&err))
			fail("text", &err);
	}
	text.len = bytes;
	snprintf(file->file, sizeof(file->file), "texts/%s/a.txt", language);
	snprintf(file->language, sizeof(file->language), "%s", language);
	snprintf(file->media, sizeof(file->media), "text/plain");
	file->authentic = true;
	file->size = text.len;
	file->sha256 = sha256_of(buf_span(&text));
	if (!container_put(c, file->file, buf_span(&text), &err))
		fail("text", &err);
	buf_free(&text);
	buf_free(&raw);
}

static void
make_one(const char *dir, const struct identity *signer, const char *slug,
    size_t bytes)
{
	struct error err = { 0 };
	struct container *c = container_new(&err);
	struct version *v = calloc(1, sizeof(*v));
	struct manifest manifest = { 0 };
	struct buf yaml = BUF(100000), xml = BUF(100000), p7s = BUF(100000);
	char path[FILE_PATH];
	uint64_t size;
	int fd;

	snprintf(v->document, sizeof(v->document), "agreement/%s", slug);
	v->number = 1;
	v->num_titles = 1;
	snprintf(v->titles[0].language, 3, "en");
	snprintf(v->titles[0].text, 20, "Bench");
	snprintf(v->office, sizeof(v->office), "mofa");
	snprintf(v->person, sizeof(v->person), "treaties@mofa.example");
	v->created_at = time_now_ms() / 1000;
	add_text(c, v, "en", bytes);
	add_text(c, v, "lo", bytes);
	snprintf(manifest.signature, sizeof(manifest.signature), "%s",
	    PATH_ORIGIN);
	if (!version_encode(v, &yaml, &err) ||
	    !container_put(c, PATH_VERSION, buf_span(&yaml), &err) ||
	    !container_hash(c, NULL, &err))
		fail(slug, &err);
	for (size_t i = 0; i < c->num; i++)
		if (!manifest_add(&manifest, c->members[i].path,
			media_of_path(c->members[i].path),
			&c->members[i].sha256, &err))
			fail(slug, &err);
	snprintf(path, sizeof(path), "%s/%s.asice", dir, slug);
	if (!manifest_encode(&manifest, &xml, &err) ||
	    !cades_sign(signer, buf_span(&xml), COMMITMENT_ORIGIN,
		time_now_ms() / 1000, &p7s, &err) ||
	    !container_put(c, PATH_ORIGIN_MANIFEST, buf_span(&xml), &err) ||
	    !container_put(c, PATH_ORIGIN, buf_span(&p7s), &err) ||
	    !container_put(c, "mimetype", span_of_str(CONTAINER_MIMETYPE),
		&err) ||
	    (fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) <
		0 ||
	    !container_write(c, fd, &size, &err))
		fail(slug, &err);
	close(fd);
	container_free(c);
	manifest_free(&manifest);
	free(v);
	buf_free(&yaml);
	buf_free(&xml);
	buf_free(&p7s);
}

static int
bench_make(char *argv[])
{
	const unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
	char cert[FILE_PATH], key[FILE_PATH], slug[64];
	struct identity signer;
	struct error err = { 0 };

	snprintf(cert, sizeof(cert), "%s/sign-cert.pem", argv[1]);
	snprintf(key, sizeof(key), "%s/sign-key.pem", argv[1]);
	if (!identity_load(cert, key, &signer, &err))
		fail("identity", &err);
	for (unsigned i = 0; i < count; i++) {
		snprintf(slug, sizeof(slug), "%s-%u", argv[4], i);
		make_one(argv[0], &signer, slug, strtoul(argv[3], NULL, 10));
	}
	identity_free(&signer);
	return 0;
}

/* --- CPU per signature, beside one raw verification. --- */

static double
raw_verifications(const struct cert *cert)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new(key, NULL);
	EVP_PKEY_CTX *verify = EVP_PKEY_CTX_new(key, NULL);
	unsigned char signature[128], digest[32] = { 1 };
	size_t len = sizeof(signature);
	const double began = seconds(CLOCK_PROCESS_CPUTIME_ID);
	unsigned n = 0;

	(void)cert;
	EVP_PKEY_sign_init(sign);
	EVP_PKEY_verify_init(verify);
	EVP_PKEY_sign(sign, signature, &len, digest, sizeof(digest));
	while (seconds(CLOCK_PROCESS_CPUTIME_ID) - began < 1.5) {
		if (EVP_PKEY_verify(verify, signature, len, digest,
			sizeof(digest)) != 1)
			fail("raw", NULL);
		n++;
	}
	EVP_PKEY_CTX_free(sign);
	EVP_PKEY_CTX_free(verify);
	EVP_PKEY_free(key);
	return n / (seconds(CLOCK_PROCESS_CPUTIME_ID) - began);
}

static int
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
		fail(argv[0], &err);
	manifest = container_find(c, PATH_ORIGIN_MANIFEST);
	p7s = container_find(c, PATH_ORIGIN);
	raw = raw_verifications(NULL);
	began = seconds(CLOCK_PROCESS_CPUTIME_ID);
	while (seconds(CLOCK_PROCESS_CPUTIME_ID) - began < 1.5) {
		struct cades cades;

		if (!cades_verify(certs, member_bytes(p7s),
			member_bytes(manifest), &cades, &err))
			fail("verify", &err);
		cades_free(&cades);
		n++;
	}
	ours = n / (seconds(CLOCK_PROCESS_CPUTIME_ID) - began);
	printf("%.0f %.0f\n", raw, ours);
	container_free(c);
	cert_cache_free(certs);
	close(fd);
	return 0;
}

/* --- A million entries. --- */

static bool
parse_each(void *arg, uint64_t index, struct span line, struct error *err)
{
	static struct entry entry;

	(void)arg, (void)index;
	return entry_parse(line, &entry, err);
}

static void
sign_head(const struct note_signer *signer, struct head *head)
{
	struct checkpoint checkpoint = { .size = head->size,
		.root = head->root };
	struct buf text = BUF(1000);
	struct error err = { 0 };

	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "%s",
	    signer->key.name);
	if (!checkpoint_encode(&checkpoint, &text, &err) ||
	    !note_sign(signer, buf_span(&text), head->signature, &err))
		fail("sign", &err);
	buf_free(&text);
}

/* So many deliveries, in batches, each signed. */
static void
fill_journal(struct journal *journal, const struct note_signer *signer,
    uint64_t entries, struct head *head)
{
	struct buf lines[512];
	struct span spans[512];
	struct error err = { 0 };
	uint64_t n = 0;

	for (size_t i = 0; i < 512; i++)
		lines[i] = BUF(LIMIT_ENTRY_BYTES);
	while (n < entries) {
		size_t batch = entries - n < 512 ? (size_t)(entries - n) : 512;

		for (size_t i = 0; i < batch; i++) {
			static struct entry e;
			const uint64_t id = n + i;

			e.act = ACT_DELIVER;
			e.has = 1U << ENTRY_OFFICE | 1U << ENTRY_PERSON |
			    1U << ENTRY_DOCUMENT | 1U << ENTRY_VERSION |
			    1U << ENTRY_CONTENTS | 1U << ENTRY_TIME |
			    1U << ENTRY_SALT | 1U << ENTRY_POLICY;
			e.time_ms = 1790000000000 + (int64_t)id;
			e.version = 1;
			memcpy(e.salt, &id, sizeof(id));
			snprintf(e.office, sizeof(e.office), "iom-geneva");
			snprintf(e.person, sizeof(e.person),
			    "geneva@iom.example");
			snprintf(e.document, sizeof(e.document),
			    "agreement/doc-%llu",
			    (unsigned long long)id % 1000);
			lines[i].len = 0;
			if (!entry_encode(&e, &lines[i], &err))
				fail("entry", &err);
			spans[i] = buf_span(&lines[i]);
		}
		if (!journal_append(journal, spans, batch, head, &err))
			fail("append", &err);
		sign_head(signer, head);
		if (!journal_commit(journal, head, &err))
			fail("commit", &err);
		n += batch;
	}
	for (size_t i = 0; i < 512; i++)
		buf_free(&lines[i]);
}

static int
bench_journal(char *argv[])
{
	const uint64_t entries = strtoull(argv[1], NULL, 10);
	struct head head = { .root = merkle_empty() };
	struct journal_mended mended;
	struct note_signer signer;
	struct note_keys keys;
	struct journal *journal;
	struct error err = { 0 };
	struct merkle_proof proof;
	double began, opened, hash_s, receipt_s, tile_s, audit_s;
	struct merkle_edge edge = { 0 };
	struct digest node = { { 0 } };

	if (!note_signer_make("bench.example/journal", NOTE_JOURNAL, &signer,
		&err) ||
	    !journal_create(argv[0], &err) ||
	    (keys = note_keys_of(&signer.key), false) ||
	    (journal = journal_open(argv[0], &keys, &head, parse_each, NULL,
		 &mended, &err)) == NULL)
		fail("journal", &err);
	fill_journal(journal, &signer, entries, &head);
	journal_free(journal);
	began = seconds(CLOCK_MONOTONIC);
	journal = journal_open(argv[0], &keys, &head, parse_each, NULL, &mended,
	    &err);
	if (journal == NULL)
		fail("open", &err);
	opened = seconds(CLOCK_MONOTONIC) - began;
	began = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (uint64_t i = 0; i < 2000; i++)
		if (!journal_prove_inclusion(journal, i * (entries / 2000),
			head.size, &proof, &err))
			fail("prove", &err);
	receipt_s = (seconds(CLOCK_PROCESS_CPUTIME_ID) - began) / 2000;
	began = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (unsigned i = 0; i < 200000; i++)
		node = merkle_node(&node, &node);
	hash_s = (seconds(CLOCK_PROCESS_CPUTIME_ID) - began) / 200000;
	began = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (uint64_t i = 0; i < 2000; i++) {
		struct tile tile =
		    tile_at(head.size, 0, i * (entries / TILE_WIDTH) / 2000);
		struct buf bytes = BUF(TILE_WIDTH * 32);

		if (!journal_tile(journal, &tile, &bytes, &err))
			fail("tile", &err);
		buf_free(&bytes);
	}
	tile_s = (seconds(CLOCK_PROCESS_CPUTIME_ID) - began) / 2000;
	/* What an audit does with the leaf hashes that it has fetched. */
	began = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (uint64_t i = 0; i < entries; i++)
		merkle_append(&edge, &node, NULL, NULL);
	audit_s = (seconds(CLOCK_PROCESS_CPUTIME_ID) - began) / (double)entries;
	printf("%.3f %.1f %.3f %.1f %.3f %d\n", opened, receipt_s * 1e6,
	    hash_s * 1e6, tile_s * 1e6, audit_s * 1e6,
	    merkle_root(&edge).bytes[0]);
	journal_free(journal);
	return 0;
}

static void
add_deposit(struct ledger *ledger, unsigned long index, unsigned long slug,
    unsigned version, unsigned long prior)
{
	static struct entry entry;
	struct error err = { 0 };

	entry = (struct entry){ .act = ACT_DEPOSIT,
		.version = version,
		.prior = prior };
	entry.has = 1u << ENTRY_DOCUMENT | 1u << ENTRY_VERSION |
	    1u << ENTRY_COMMIT | (version > 1 ? 1u << ENTRY_PRIOR : 0);
	snprintf(entry.document, sizeof(entry.document), "agreement/d%06lu",
	    slug);
	memcpy(entry.commit, &index, sizeof(index));
	if (!ledger_apply(ledger, index, &entry, &err))
		fail("ledger", &err);
}

static double
time_refs(struct ledger *ledger, size_t *len)
{
	struct document_type type = { .name = "agreement" };
	struct policy policy = { .types = &type, .num_types = 1 };
	const struct git_service service = { .ledger = ledger,
		.sight = { .policy = &policy, .read = 1 } };
	const struct git_request request = { .command = GIT_LS_REFS,
		.v2 = true };
	const double began = seconds(CLOCK_PROCESS_CPUTIME_ID);
	struct git_answer answer;
	struct error err = { 0 };
	double took;

	if (!git_answer(&service, &request, &answer, &err))
		fail("ls-refs", &err);
	took = seconds(CLOCK_PROCESS_CPUTIME_ID) - began;
	*len = answer.text.len;
	git_answer_free(&answer);
	return took;
}

/*
 * The CPU that ls-refs of so many documents costs, in seconds: the first after
 * a start, the next ones, and one after an act (each the mean of 20).
 */
static int
bench_refs(char *argv[])
{
	const unsigned long count = strtoul(argv[0], NULL, 10);
	struct error err = { 0 };
	struct ledger *ledger = ledger_new(&err);
	double first, next = 0, changed = 0;
	size_t len = 0;

	if (ledger == NULL)
		fail("ledger", &err);
	for (unsigned long i = 0; i < count; i++)
		add_deposit(ledger, i, i * 7919 % count, 1, 0);
	first = time_refs(ledger, &len);
	for (unsigned i = 0; i < 20; i++) {
		next += time_refs(ledger, &len);
		add_deposit(ledger, count + i, i * 7919 % count, 2, i);
		changed += time_refs(ledger, &len);
	}
	printf("%.4f %.4f %.4f %zu\n", first, next / 20, changed / 20, len);
	ledger_free(ledger);
	return 0;
}

/* MB/s of packing a file, and of opening the bag. */
static int
bench_bag(char *argv[])
{
	struct bag_file file = { .fd = open(argv[0], O_RDONLY | O_CLOEXEC) };
	struct identity identity;
	struct zip_member *members;
	struct error err = { 0 };
	struct stat st;
	struct digest digest;
	size_t num;
	double began;
	int bag, inner, out;

	if (file.fd < 0 || fstat(file.fd, &st) != 0 ||
	    !identity_load(argv[1], argv[2], &identity, &err) ||
	    (bag = file_temporary(".", &err)) < 0 ||
	    (inner = file_temporary(".", &err)) < 0 ||
	    (out = file_temporary(".", &err)) < 0)
		fail("bag", &err);
	snprintf(file.path, sizeof(file.path), "copies/it");
	file.size = (uint64_t)st.st_size;
	began = seconds(CLOCK_MONOTONIC);
	if (!bag_measure(&file, &err) ||
	    !bag_pack(&file, 1, &identity.cert, 1, bag, &err))
		fail("bag", &err);
	printf("%.0f\n",
	    (double)file.size / 1e6 / (seconds(CLOCK_MONOTONIC) - began));
	began = seconds(CLOCK_MONOTONIC);
	if (!bag_open(bag, &identity, inner, &members, &num, &err) ||
	    !bag_extract(inner, &members[0], out, &digest, &err))
		fail("bag", &err);
	printf("%.0f\n",
	    (double)file.size / 1e6 / (seconds(CLOCK_MONOTONIC) - began));
	return 0;
}

int
main(int argc, char *argv[])
{
	if (argc >= 3 && strcmp(argv[1], "refs") == 0)
		return bench_refs(argv + 2);
	if (argc >= 5 && strcmp(argv[1], "bag") == 0)
		return bench_bag(argv + 2);
	if (argc >= 10 && strcmp(argv[1], "get") == 0)
		return bench_get(argv + 2);
	if (argc >= 8 && strcmp(argv[1], "relay") == 0)
		return bench_relay(argv + 2);
	if (argc >= 8 && strcmp(argv[1], "watch") == 0)
		return bench_watch(argv + 2);
	if (argc >= 8 && strcmp(argv[1], "idle") == 0)
		return bench_idle(argv + 2);
	if (argc >= 7 && strcmp(argv[1], "make") == 0)
		return bench_make(argv + 2);
	if (argc >= 9 && strcmp(argv[1], "put") == 0)
		return bench_put(argv + 2);
	if (argc >= 3 && strcmp(argv[1], "verify") == 0)
		return bench_verify(argv + 2);
	if (argc >= 4 && strcmp(argv[1], "journal") == 0)
		return bench_journal(argv + 2);
	fprintf(stderr, "see the head of tests/bench/bench.c\n");
	return 2;
}
