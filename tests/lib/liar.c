/*
 * liar - a dishonest depositary: it has the daemon's key, stands in front of
 * it, and lies as its arguments say.
 *
 *         liar PORT TARGET-PORT DIR OFFICE [LIE]…
 *
 * ask FROM TO: if a request's target has FROM, ask for TO instead (an empty TO:
 * remove FROM).
 *
 * say PART FROM TO: if the target has PART, replace each FROM in the answer's
 * body (or, if it has none, its head) by TO.
 *
 * swallow PART INDEX: if the target has PART, do not pass the request on, and
 * answer with the receipt of that entry.
 *
 * lines PART HOW: if the target has PART, change the lines of the answer:
 * "twice" repeats the first, "swap" swaps the first two, "drop=N" drops the
 * N-th from 0, but never the last.
 *
 * other N PORT: the N-th request, from 1, is answered by the daemon at that
 * port; "N+": all from then on.
 *
 * first PART COMMAND: if the target has PART, run COMMAND by the shell before
 * the request is passed on. That is no lie: it happened to come in between.
 *
 * hold PART FILE: if the target has PART, the answer waits until there is such
 * a file.
 *
 * DIR is a depositary's folder (tests/lib/office.sh).  OFFICE has the key with
 * which the liar connects to the daemon, which demands one.  It prints "ready"
 * once it listens, "asked TARGET" for each request, "lied TARGET" for each lie,
 * "held TARGET" for each answer that waits, and "leave TARGET" for each request that waits for leave to send its body.
 * Each connection is a process of its own.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

enum { HEAD = 32 * 1024 };

struct bytes {
	char *data; /* ends with a NUL that len does not count */
	size_t len;
};

static struct lie {
	const char *what, *a, *b, *c;
} lies[16];
static size_t num_lies;
static int target_port;
static int *num_asked; /* shared by all connections */
static SSL_CTX *upstream;

static _Noreturn void
die(const char *why)
{
	perror(why);
	exit(1);
}

static void
add(struct bytes *to, const void *data, size_t len)
{
	to->data = realloc(to->data, to->len + len + 1);
	if (to->data == NULL)
		die("realloc");
	if (len > 0)
		memcpy(to->data + to->len, data, len);
	to->len += len;
	to->data[to->len] = '\0';
}

/* --- HTTP, as far as daemon and command use it. --- */

/* Read up to the empty line.  Returns 0 at the end of the connection. */
static int
read_head(SSL *ssl, struct bytes *head)
{
	char c;

	while (head->len < 4 ||
	    strcmp(head->data + head->len - 4, "\r\n\r\n") != 0) {
		if (head->len == HEAD || SSL_read(ssl, &c, 1) != 1)
			return 0;
		add(head, &c, 1);
	}
	return 1;
}

/*
 * Returns the value of a field, up to the end of its line; NULL if it is
 * missing.
 */
static const char *
field(const struct bytes *head, const char *name)
{
	const char *at = strcasestr(head->data, name);

	while (at != NULL && (at[-1] != '\n' || at[strlen(name)] != ':'))
		at = strcasestr(at + 1, name);
	if (at == NULL)
		return NULL;
	at += strlen(name) + 1;
	return at + strspn(at, " ");
}

static int
read_exactly(SSL *ssl, struct bytes *to, size_t len)
{
	char piece[16384];

	while (len > 0) {
		const int n = SSL_read(ssl, piece,
		    (int)(len < sizeof(piece) ? len : sizeof(piece)));

		if (n <= 0)
			return 0;
		add(to, piece, (size_t)n);
		len -= (size_t)n;
	}
	return 1;
}

static int
read_chunks(SSL *ssl, struct bytes *to)
{
	for (;;) {
		struct bytes line = { NULL, 0 };
		size_t len;
		char c;

		while (line.len < 2 || line.data[line.len - 1] != '\n') {
			if (SSL_read(ssl, &c, 1) != 1)
				return 0;
			add(&line, &c, 1);
		}
		len = strtoul(line.data, NULL, 16);
		free(line.data);
		if (!read_exactly(ssl, to, len) ||
		    !read_exactly(ssl, &(struct bytes){ NULL, 0 }, 2))
			return 0;
		if (len == 0)
			return 1;
	}
}

static int
read_body(SSL *ssl, const struct bytes *head, struct bytes *body)
{
	const char *length = field(head, "Content-Length");
	const char *coding = field(head, "Transfer-Encoding");

	add(body, "", 0);
	if (coding != NULL && strncasecmp(coding, "chunked", 7) == 0)
		return read_chunks(ssl, body);
	return length == NULL ||
	    read_exactly(ssl, body, strtoul(length, NULL, 10));
}

/* Copy the fields, except those about the connection. */
static void
add_fields(struct bytes *to, const struct bytes *head)
{
	const char *line = strstr(head->data, "\r\n") + 2;

	while (line[0] != '\r') {
		const size_t len = (size_t)(strstr(line, "\r\n") - line) + 2;

		if (strncasecmp(line, "Connection:", 11) != 0 &&
		    strncasecmp(line, "Content-Length:", 15) != 0 &&
		    strncasecmp(line, "Expect:", 7) != 0 &&
		    strncasecmp(line, "Transfer-Encoding:", 18) != 0)
			add(to, line, len);
		line += len;
	}
}

static void add_text(struct bytes *to, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
add_text(struct bytes *to, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add(to, text, strlen(text));
}

static int
open_port(int port)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const void *)&to, sizeof(to)) != 0)
		die("the daemon");
	return fd;
}

/* Send a request to the daemon, on a new connection. */
static void
ask(int port, const char *method, const char *target,
    const struct bytes *fields, const struct bytes *body, struct bytes *head,
    struct bytes *answer)
{
	SSL *ssl = SSL_new(upstream);
	struct bytes request = { NULL, 0 };
	const int fd = open_port(port);

	add_text(&request, "%s %s HTTP/1.1\r\n", method, target);
	if (fields != NULL)
		add_fields(&request, fields);
	else
		add_text(&request, "Host: liar\r\n");
	if (body != NULL && (body->len > 0 || strcmp(method, "GET") != 0))
		add_text(&request, "Content-Length: %zu\r\n", body->len);
	add_text(&request, "Connection: close\r\n\r\n");
	if (body != NULL)
		add(&request, body->data, body->len);
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1 ||
	    SSL_write(ssl, request.data, (int)request.len) <= 0 ||
	    !read_head(ssl, head) ||
	    (strcmp(method, "HEAD") != 0 && !read_body(ssl, head, answer)))
		die("the daemon's answer");
	if (answer->data == NULL)
		add(answer, "", 0);
	free(request.data);
	SSL_free(ssl);
	close(fd);
}

/* --- Lies. --- */

static void
tell(const char *target)
{
	printf("lied %s\n", target);
	fflush(stdout);
}

static int
is(const struct lie *lie, const char *what, const char *target)
{
	return strcmp(lie->what, what) == 0 && strstr(target, lie->a) != NULL;
}

/* Replace every FROM in text by TO. */
static int
replace(struct bytes *text, const char *from, const char *to)
{
	struct bytes out = { NULL, 0 };
	const char *at = text->data, *next;
	int found = 0;

	while ((next = memmem(at, text->len - (size_t)(at - text->data), from,
		    strlen(from))) != NULL) {
		add(&out, at, (size_t)(next - at));
		add(&out, to, strlen(to));
		at = next + strlen(from);
		found = 1;
	}
	add(&out, at, text->len - (size_t)(at - text->data));
	free(text->data);
	*text = out;
	return found;
}

static void
change_lines(struct bytes *text, const char *how)
{
	struct bytes out = { NULL, 0 };
	const long drop = strncmp(how, "drop=", 5) == 0 ? atol(how + 5) : -1;
	const char *end = strchr(text->data, '\n'), *at = text->data;
	const size_t first = end != NULL ? (size_t)(end - text->data) + 1 : 0;
	const char *second = text->data + first;

	if (strcmp(how, "twice") == 0) {
		add(&out, text->data, first);
	} else if (strcmp(how, "swap") == 0 && strchr(second, '\n') != NULL) {
		const size_t len = (size_t)(strchr(second, '\n') - second) + 1;

		add(&out, second, len);
		add(&out, text->data, first);
		at = second + len;
	}
	for (long i = 0; drop >= 0 && i < drop && strchr(at, '\n') != NULL;
	     i++) {
		const size_t len = (size_t)(strchr(at, '\n') - at) + 1;

		add(&out, at, len);
		at += len;
	}
	/* Never drop the last line, which is the checkpoint. */
	if (drop >= 0 && strchr(at, '\n') != NULL &&
	    strchr(at, '\n')[1] != '\0')
		at = strchr(at, '\n') + 1;
	add(&out, at, text->len - (size_t)(at - text->data));
	free(text->data);
	*text = out;
}

/* Replace the target that is asked for. */
static void
change_target(struct bytes *target)
{
	for (size_t i = 0; i < num_lies; i++)
		if (is(&lies[i], "ask", target->data)) {
			tell(target->data);
			replace(target, lies[i].a, lies[i].b);
		}
}

static void
change_answer(const char *target, struct bytes *head, struct bytes *answer)
{
	for (size_t i = 0; i < num_lies; i++) {
		if (is(&lies[i], "say", target) &&
		    (replace(answer, lies[i].b, lies[i].c) ||
			replace(head, lies[i].b, lies[i].c)))
			tell(target);
		if (is(&lies[i], "lines", target)) {
			change_lines(answer, lies[i].b);
			tell(target);
		}
	}
}

/* Returns whether the request is not passed on. */
static int
swallow(const char *method, const char *target, struct bytes *head,
    struct bytes *answer)
{
	char receipt[64];

	for (size_t i = 0; i < num_lies; i++) {
		if (!is(&lies[i], "swallow", target) ||
		    strcmp(method, "GET") == 0)
			continue;
		snprintf(receipt, sizeof(receipt),
		    "/v1/journal/entries/%s/receipt", lies[i].b);
		ask(target_port, "GET", receipt, NULL, NULL, head, answer);
		tell(target);
		return 1;
	}
	return 0;
}

/* What is to happen before this request is answered happens. */
static void
go_first(const char *target)
{
	for (size_t i = 0; i < num_lies; i++) {
		if (!is(&lies[i], "first", target))
			continue;
		/* Its status is not known, as children are not waited for. */
		(void)!system(lies[i].b);
		tell(target);
	}
}

/* Returns the port of the daemon that answers this request. */
static int
choose_port(const char *target)
{
	const int n = __atomic_add_fetch(num_asked, 1, __ATOMIC_SEQ_CST);

	printf("asked %s\n", target);
	fflush(stdout);
	for (size_t i = 0; i < num_lies; i++) {
		const int from = atoi(lies[i].a);

		if (strcmp(lies[i].what, "other") != 0 ||
		    (strchr(lies[i].a, '+') != NULL ? n < from : n != from))
			continue;
		tell(target);
		return atoi(lies[i].b);
	}
	return target_port;
}

static void
hold(const char *target)
{
	const struct timespec moment = { .tv_nsec = 10000000 };

	for (size_t i = 0; i < num_lies; i++) {
		if (!is(&lies[i], "hold", target))
			continue;
		printf("held %s\n", target);
		fflush(stdout);
		while (access(lies[i].b, F_OK) != 0)
			nanosleep(&moment, NULL);
	}
}

static int
serve(SSL *ssl)
{
	struct bytes head = { NULL, 0 }, body = { NULL, 0 };
	struct bytes answered = { NULL, 0 }, answer = { NULL, 0 };
	struct bytes target = { NULL, 0 }, out = { NULL, 0 };
	char method[16], asked[2048];
	int ok;

	if (!read_head(ssl, &head) ||
	    sscanf(head.data, "%15s %2047s", method, asked) != 2)
		return 0;
	if (field(&head, "Expect") != NULL) {
		printf("leave %s\n", asked);
		fflush(stdout);
		SSL_write(ssl, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	}
	if (!read_body(ssl, &head, &body))
		return 0;
	add(&target, asked, strlen(asked));
	change_target(&target);
	go_first(asked);
	if (!swallow(method, asked, &answered, &answer))
		ask(choose_port(asked), method, target.data, &head, &body,
		    &answered, &answer);
	change_answer(asked, &answered, &answer);
	hold(asked);
	add(&out, answered.data,
	    (size_t)(strstr(answered.data, "\r\n") - answered.data) + 2);
	add_fields(&out, &answered);
	add_text(&out, "Content-Length: %zu\r\n\r\n", answer.len);
	if (strcmp(method, "HEAD") != 0)
		add(&out, answer.data, answer.len);
	ok = SSL_write(ssl, out.data, (int)out.len) > 0;
	free(head.data);
	free(body.data);
	free(answered.data);
	free(answer.data);
	free(target.data);
	free(out.data);
	return ok;
}

static int
accept_any(int ok, X509_STORE_CTX *store)
{
	(void)ok, (void)store;
	return 1;
}

static SSL_CTX *
context(const SSL_METHOD *method, const char *cert, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (ctx == NULL || SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		die(cert);
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	return ctx;
}

static void
read_lies(int argc, char *argv[])
{
	for (int i = 0; i < argc && num_lies < 16;) {
		struct lie *lie = &lies[num_lies++];
		const int more = strcmp(argv[i], "say") == 0 ? 3 : 2;

		if (i + more >= argc) {
			fprintf(stderr, "liar: %s needs more\n", argv[i]);
			exit(2);
		}
		*lie = (struct lie){ argv[i], argv[i + 1], argv[i + 2],
			more == 3 ? argv[i + 3] : NULL };
		i += more + 1;
	}
}

int
main(int argc, char *argv[])
{
	char cert[4096], key[4096];
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	SSL_CTX *server;
	const int one = 1;
	int listener;

	if (argc < 5)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	target_port = atoi(argv[2]);
	num_asked = mmap(NULL, sizeof(*num_asked), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (num_asked == MAP_FAILED)
		die("mmap");
	snprintf(cert, sizeof(cert), "%s/certs/server.pem", argv[3]);
	snprintf(key, sizeof(key), "%s/data/server/server.key", argv[3]);
	server = context(TLS_server_method(), cert, key);
	SSL_CTX_set_verify(server, SSL_VERIFY_PEER, accept_any);
	snprintf(cert, sizeof(cert), "%s/offices/%s/cert.pem", argv[3],
	    argv[4]);
	snprintf(key, sizeof(key), "%s/offices/%s/key.pem", argv[3], argv[4]);
	upstream = context(TLS_client_method(), cert, key);
	read_lies(argc - 5, argv + 5);

	at.sin_port = htons((uint16_t)atoi(argv[1]));
	listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (const void *)&at, sizeof(at)) != 0 ||
	    listen(listener, 16) != 0)
		die("listen");
	puts("ready");
	fflush(stdout);
	for (;;) {
		const int fd = accept(listener, NULL, NULL);
		SSL *ssl;

		if (fd < 0)
			continue;
		if (fork() != 0) {
			close(fd);
			continue;
		}
		close(listener);
		ssl = SSL_new(server);
		SSL_set_fd(ssl, fd);
		if (SSL_accept(ssl) == 1)
			while (serve(ssl))
				;
		SSL_shutdown(ssl);
		_exit(0);
	}
}
