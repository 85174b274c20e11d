/*
 * soak - clients of a daemon that may be killed at any moment, for
 * tests/soak/run.
 *
 *	soak HOST PORT[,PORT] CA CERT KEY DIR ACKED WRITERS READERS
 *
 * With two ports, who gets no answer at one, or is told to come again, asks at the
 * other.
 *
 * Writers deposit the containers of DIR (made by bench make), one after
 * another, each until it is stored: an answer that a cut lost is asked for
 * again.  Each acknowledged name is appended to ACKED, a line each, flushed
 * before the next deposit is sent.  Readers fetch acknowledged documents: a
 * copy comes whole, or the connection breaks; anything else is printed and
 * counted as wrong.
 *
 * The program ends when all is deposited or, after SIGTERM, when what is under
 * way is done.  It prints "ACKED READ RETRIES WRONG" and exits with 1 if
 * anything was wrong.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/file.h"

enum { MAX = 100000, PATIENCE_S = 60 };

static struct {
	const char *host;
	const char *ports[2];
	SSL_CTX *tls;
	char (*names)[128]; /* slugs */
	const char *dir;
	size_t num, next, num_acked, readers_seen;
	int acked_fd;
	uint64_t reads, retries, wrong;
	bool stop, written;
	pthread_mutex_t mutex;
} soak = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* Which of the two ports this thread asks at. */
static _Thread_local unsigned turn;

static void
on_term(int signal)
{
	(void)signal;
	__atomic_store_n(&soak.stop, true, __ATOMIC_RELEASE);
}

static bool
stopping(void)
{
	return __atomic_load_n(&soak.stop, __ATOMIC_ACQUIRE);
}

static void
add(uint64_t *to)
{
	__atomic_fetch_add(to, 1, __ATOMIC_RELAXED);
}

static void
close_tls(SSL *ssl)
{
	const int fd = ssl != NULL ? SSL_get_fd(ssl) : -1;

	SSL_free(ssl);
	if (fd >= 0)
		close(fd);
}

static SSL *
connect_once(void)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct addrinfo *to = NULL;
	SSL *ssl = NULL;
	int fd = -1;

	if (getaddrinfo(soak.host, soak.ports[turn % 2], &hints, &to) != 0)
		return NULL;
	fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0 &&
	    (ssl = SSL_new(soak.tls)) != NULL && SSL_set_fd(ssl, fd) == 1 &&
	    SSL_connect(ssl) == 1) {
		freeaddrinfo(to);
		return ssl;
	}
	SSL_free(ssl);
	close(fd);
	freeaddrinfo(to);
	return NULL;
}

static SSL *
connect_again(void)
{
	SSL *ssl;

	while ((ssl = connect_once()) == NULL && !stopping()) {
		turn++;
		poll(NULL, 0, 5);
	}
	return ssl;
}

/*
 * Returns the status of an answer that came whole, or -1 if the line was cut.
 */
static int
read_answer(SSL *ssl, char *first, size_t room)
{
	char buf[65536];
	size_t have = 0;
	char *end, *length;
	long left;
	int n, status;

	buf[0] = '\0';
	while ((end = strstr(buf, "\r\n\r\n")) == NULL || buf[9] == '1') {
		/* 102 says only that it takes a while. */
		if (end != NULL) {
			have -= (size_t)(end + 4 - buf);
			memmove(buf, end + 4, have + 1);
			continue;
		}
		if (have + 1 >= sizeof(buf) ||
		    (n = SSL_read(ssl, buf + have,
			 (int)(sizeof(buf) - 1 - have))) <= 0)
			return -1;
		have += (size_t)n;
		buf[have] = '\0';
	}
	status = (int)strtol(buf + 9, NULL, 10);
	length = strcasestr(buf, "Content-Length:");
	left = length != NULL ? strtol(length + 15, NULL, 10) : 0;
	left -= (long)(have - (size_t)(end + 4 - buf));
	snprintf(first, room, "%s", end + 4);
	while (left > 0) {
		if ((n = SSL_read(ssl, buf, sizeof(buf))) <= 0)
			return -1;
		left -= n;
	}
	return status;
}

static void
tell_wrong(const char *what, const char *name, int status, const char *answer)
{
	fprintf(stderr, "soak: %s %s: %d %.200s\n", what, name, status, answer);
	add(&soak.wrong);
}

static void
acknowledge(const char *name)
{
	char line[160], other[128];
	const int len = snprintf(line, sizeof(line), "%s\n", name);
	size_t i;

	pthread_mutex_lock(&soak.mutex);
	if (write(soak.acked_fd, line, (size_t)len) != len)
		abort();
	/*
	 * Readers pick from the first names, so keep the acknowledged ones in
	 * front.
	 */
	for (i = soak.num_acked; strcmp(soak.names[i], name) != 0;)
		i++;
	memcpy(other, soak.names[soak.num_acked], sizeof(other));
	memcpy(soak.names[soak.num_acked], name, sizeof(other));
	memcpy(soak.names[i], other, sizeof(other));
	__atomic_fetch_add(&soak.num_acked, 1, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&soak.mutex);
}

/* Returns true once it is deposited. */
static bool
put(SSL *ssl, const char *name, bool *cut)
{
	struct buf body = BUF(SIZE_MAX);
	struct error err = { 0 };
	char path[FILE_PATH], head[400], answer[300] = "";
	int len, status = -1;

	snprintf(path, sizeof(path), "%s/%s.asice", soak.dir, name);
	if (!file_read(path, SIZE_MAX, &body, &err))
		abort();
	len = snprintf(head, sizeof(head),
	    "PUT /v1/documents/agreement/%s/versions/1 HTTP/1.1\r\nHost: x\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    name, body.len);
	if (SSL_write(ssl, head, len) == len &&
	    SSL_write(ssl, body.data, (int)body.len) == (int)body.len)
		status = read_answer(ssl, answer, sizeof(answer));
	buf_free(&body);
	*cut = status == -1 || status == 503;
	if (status != 201 && status != 200 && !*cut)
		tell_wrong("deposit", name, status, answer);
	return status == 201 || status == 200;
}

static void *
run_writer(void *arg)
{
	SSL *ssl = NULL;
	char name[128];

	(void)arg;
	while (!stopping()) {
		bool done = false, cut = false;
		size_t i;

		/*
		 * Each writer takes a name, and keeps it until it is deposited.
		 */
		pthread_mutex_lock(&soak.mutex);
		i = soak.next < soak.num ? soak.next++ : SIZE_MAX;
		if (i != SIZE_MAX)
			memcpy(name, soak.names[i], sizeof(name));
		pthread_mutex_unlock(&soak.mutex);
		if (i == SIZE_MAX)
			break;
		while (!done && !stopping()) {
			if (ssl == NULL && (ssl = connect_again()) == NULL)
				break;
			done = put(ssl, name, &cut);
			if (!done && !cut)
				break; /* wrong, and printed */
			if (!done) {
				close_tls(ssl);
				ssl = NULL;
				turn++;
				add(&soak.retries);
			}
		}
		if (done)
			acknowledge(name);
	}
	close_tls(ssl);
	return NULL;
}

static void *
run_reader(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;
	SSL *ssl = NULL;

	while (
	    !stopping() && !__atomic_load_n(&soak.written, __ATOMIC_ACQUIRE)) {
		const size_t num =
		    __atomic_load_n(&soak.num_acked, __ATOMIC_ACQUIRE);
		char name[128], head[300], answer[300] = "";
		int len, status = -1;

		if (num == 0) {
			poll(NULL, 0, 5);
			continue;
		}
		pthread_mutex_lock(&soak.mutex);
		memcpy(name, soak.names[(size_t)rand_r(&seed) % num],
		    sizeof(name));
		pthread_mutex_unlock(&soak.mutex);
		if (ssl == NULL && (ssl = connect_again()) == NULL)
			break;
		len = snprintf(head, sizeof(head),
		    "GET /v1/documents/agreement/%s/versions/1 HTTP/1.1\r\n"
		    "Host: x\r\n\r\n",
		    name);
		if (SSL_write(ssl, head, len) == len)
			status = read_answer(ssl, answer, sizeof(answer));
		if (status == 200) {
			add(&soak.reads);
		} else {
			/* It was acknowledged, so it must not be missing. */
			if (status != -1 && status != 503)
				tell_wrong("fetch", name, status, answer);
			close_tls(ssl);
			ssl = NULL;
			turn++;
		}
	}
	close_tls(ssl);
	return NULL;
}

static void
load_names(const char *dir)
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;

	soak.dir = dir;
	soak.names = calloc(MAX, sizeof(*soak.names));
	while (folder != NULL && soak.num < MAX &&
	    (entry = readdir(folder)) != NULL) {
		const size_t len = strlen(entry->d_name);

		if (len > 6 && len < 128 &&
		    strcmp(entry->d_name + len - 6, ".asice") == 0)
			snprintf(soak.names[soak.num++], sizeof(soak.names[0]),
			    "%.*s", (int)(len - 6), entry->d_name);
	}
	if (folder != NULL)
		closedir(folder);
}

int
main(int argc, char *argv[])
{
	pthread_t writers[256], readers[256];
	unsigned long num_writers, num_readers;

	if (argc != 10)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, on_term);
	soak.host = argv[1];
	soak.ports[0] = strsep(&argv[2], ",");
	soak.ports[1] = argv[2] != NULL ? argv[2] : soak.ports[0];
	soak.tls = SSL_CTX_new(TLS_client_method());
	if (SSL_CTX_load_verify_locations(soak.tls, argv[3], NULL) != 1 ||
	    SSL_CTX_use_certificate_chain_file(soak.tls, argv[4]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(soak.tls, argv[5], SSL_FILETYPE_PEM) !=
		1)
		return 2;
	load_names(argv[6]);
	soak.acked_fd = open(argv[7], O_WRONLY | O_CREAT | O_APPEND, 0644);
	num_writers = strtoul(argv[8], NULL, 10);
	num_readers = strtoul(argv[9], NULL, 10);
	for (unsigned long i = 0; i < num_writers; i++)
		pthread_create(&writers[i], NULL, run_writer, NULL);
	for (unsigned long i = 0; i < num_readers; i++)
		pthread_create(&readers[i], NULL, run_reader,
		    (void *)(uintptr_t)(i + 1));
	for (unsigned long i = 0; i < num_writers; i++)
		pthread_join(writers[i], NULL);
	__atomic_store_n(&soak.written, true, __ATOMIC_RELEASE);
	for (unsigned long i = 0; i < num_readers; i++)
		pthread_join(readers[i], NULL);
	printf("%zu %llu %llu %llu\n", soak.num_acked,
	    (unsigned long long)soak.reads, (unsigned long long)soak.retries,
	    (unsigned long long)soak.wrong);
	return soak.wrong == 0 ? 0 : 1;
}
