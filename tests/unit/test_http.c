/*
 * The HTTP server: heads, bodies, ranges, queries, the mailbox and the spool.
 */
#include "unit.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "daemon/http/answer.h"
#include "daemon/http/body.h"
#include "daemon/http/head.h"
#include "daemon/http/mailbox.h"
#include "daemon/http/server.h"
#include "daemon/http/spool.h"

#define GET  "GET / HTTP/1.1\r\n"
#define HOST "Host: x\r\n"

#define HEX32    "00112233445566778899aabbccddeeff"
#define ACCEPTED "Valise-Accepted: " HEX32 HEX32 "\r\n"

static const struct {
	const char *text;
	size_t len;
	int status;
} heads[] = {
	{ TEXT(GET HOST "\r\n"), 0 },
	{ TEXT(GET "host:x\r\n\r\n"), 0 },
	{ TEXT("PUT /a?b=c HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n"), 0 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"),
	    0 },
	{ TEXT(GET "\r\n"), 400 }, /* no Host */
	{ TEXT(GET HOST HOST "\r\n"), 400 },
	{ TEXT(GET "Host:\r\n\r\n"), 400 },
	{ TEXT("GET / HTTP/1.0\r\n" HOST "\r\n"), 505 },
	{ TEXT("GET / HTTP/2.0\r\n" HOST "\r\n"), 400 },
	{ TEXT("GET  / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ TEXT("GET / HTTP/1.1 \r\n" HOST "\r\n"), 400 },
	{ TEXT(" GET / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ TEXT("GET http://x/ HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ TEXT("CONNECT x:1 HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ TEXT("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ TEXT("GET /\x01 HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ TEXT("GET /\xff HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ TEXT("G(T / HTTP/1.1\r\n" HOST "\r\n"), 400 },
	{ TEXT("GET / HTTP/1.1\n" HOST "\r\n"), 400 }, /* bare LF */
	{ TEXT(GET "Host: x\n\r\n"), 400 },
	{ TEXT(GET HOST "A: b\r c\r\n\r\n"), 400 },   /* bare CR */
	{ TEXT(GET HOST "A: b\r\n c\r\n\r\n"), 400 }, /* obs-fold */
	{ TEXT(GET HOST "A : b\r\n\r\n"), 400 },
	{ TEXT(GET HOST ": b\r\n\r\n"), 400 },
	{ TEXT(GET HOST "A\r\n\r\n"), 400 },
	{ TEXT(GET HOST "A: \0\r\n\r\n"), 400 }, /* NUL */
	{ TEXT(GET HOST "A: \x7f\r\n\r\n"), 400 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST
	       "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"),
	    400 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST
	       "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"),
	    400 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\n"), 400 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n"), 400 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\n"), 400 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\n"), 400 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST "Content-Length: 5junk\r\n\r\n"),
	    400 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"), 400 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST
	       "Content-Length: 9999999999999999999\r\n\r\n"),
	    400 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST
	       "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
	    400 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST
	       "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
	    400 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST
	       "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
	       "\r\n"),
	    400 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST
	       "Transfer-Encoding: gzip, chunked\r\n\r\n"),
	    501 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n"),
	    501 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST
	       "Content-Encoding: br\r\nContent-Length: 1\r\n\r\n"),
	    415 },
	{ TEXT("PUT / HTTP/1.1\r\n" HOST
	       "Expect: something\r\nContent-Length: 1\r\n\r\n"),
	    417 },
	{ TEXT(GET HOST "\r\nmore"), 400 },
	{ TEXT(GET HOST ACCEPTED "\r\n"), 0 },
	{ TEXT(GET HOST ACCEPTED ACCEPTED "\r\n"), 400 },
	{ TEXT(GET HOST "Valise-Accepted: \r\n\r\n"), 400 },
	{ TEXT(GET HOST "Valise-Accepted: 0123\r\n\r\n"), 400 },
	{ TEXT(GET HOST "Valise-Accepted: " HEX32 HEX32 "0\r\n\r\n"), 400 },
	{ TEXT(GET HOST "Valise-Accepted: " HEX32
			"00112233445566778899AABBCCDDEEFF\r\n\r\n"),
	    400 },
};

START_TEST(a_head_that_two_programs_could_read_differently_is_refused)
{
	struct http_head head;

	ck_assert_msg(http_head_parse(span_of(heads[_i].text, heads[_i].len),
			  &head) == heads[_i].status,
	    "%d: %s", _i, heads[_i].text);
}
END_TEST

START_TEST(the_policy_that_was_accepted_is_told)
{
	const struct span with = span_of_str(GET HOST ACCEPTED "\r\n");
	struct http_head head;
	char hex[DIGEST_HEX];

	ck_assert_int_eq(http_head_parse(with, &head), 0);
	ck_assert(head.has_accepted);
	digest_hex(&head.accepted, hex);
	ck_assert_str_eq(hex, HEX32 HEX32);
	ck_assert_int_eq(http_head_parse(span_of_str(GET HOST "\r\n"), &head),
	    0);
	ck_assert(!head.has_accepted);
}
END_TEST

START_TEST(who_takes_interim_answers_says_so)
{
	static const struct {
		const char *field;
		bool takes;
	} fields[] = { { "", false }, { "Valise-Interim: 102\r\n", true },
		{ "valise-interim:102\r\n", true },
		{ "Valise-Interim: 100\r\n", false },
		{ "Valise-Interim: 1020\r\n", false } };
	struct http_head head;
	char text[200];

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		snprintf(text, sizeof(text), GET HOST "%s\r\n",
		    fields[i].field);
		ck_assert_int_eq(http_head_parse(span_of_str(text), &head), 0);
		ck_assert_int_eq(head.takes_interim, fields[i].takes);
	}
}
END_TEST

START_TEST(every_truncation_of_a_head_is_refused)
{
	struct http_head head;

	for (size_t i = 0; i < heads[2].len; i++)
		ck_assert_int_ne(http_head_parse(span_of(heads[2].text, i),
				     &head),
		    0);
}
END_TEST

START_TEST(too_many_fields_and_too_long_a_target_are_refused)
{
	struct buf text = BUF(LIMIT_HTTP_HEAD);
	struct error err = { 0 };
	struct http_head head;

	ck_ok(buf_append_str(&text, GET HOST, &err), err);
	for (int i = 0; i < LIMIT_HTTP_FIELDS; i++)
		ck_ok(buf_append_str(&text, "a: b\r\n", &err), err);
	ck_ok(buf_append_str(&text, "\r\n", &err), err);
	ck_assert_int_eq(http_head_parse(buf_span(&text), &head), 431);
	text.len = 0;
	ck_ok(buf_append_str(&text, "GET /", &err), err);
	for (int i = 0; i < LIMIT_HTTP_TARGET; i++)
		ck_ok(buf_append_str(&text, "a", &err), err);
	ck_ok(buf_append_str(&text, " HTTP/1.1\r\n" HOST "\r\n", &err), err);
	ck_assert_int_eq(http_head_parse(buf_span(&text), &head), 414);
	buf_free(&text);
}
END_TEST

static const struct {
	const char *text;
	size_t len;
	int status;
	const char *content; /* NULL: it does not end */
} bodies[] = {
	{ TEXT("5\r\nhello\r\n0\r\n\r\n"), 0, "hello" },
	{ TEXT("1\r\nh\r\n4\r\nello\r\n0\r\n\r\n"), 0, "hello" },
	{ TEXT("A\r\n0123456789\r\n00\r\n\r\n"), 0, "0123456789" },
	{ TEXT("0\r\n\r\n"), 0, "" },
	{ TEXT("5\r\nhel"), 0, NULL },
	{ TEXT("5\nhello\r\n0\r\n\r\n"), 400, NULL },
	{ TEXT("5 \r\nhello\r\n0\r\n\r\n"), 400, NULL },
	{ TEXT("5;a=b\r\nhello\r\n0\r\n\r\n"), 400, NULL },
	{ TEXT("5;a\nb\r\nhello\r\n0\r\n\r\n"), 400, NULL },
	{ TEXT("5\r\nhelloX\r\n0\r\n\r\n"), 400, NULL },
	{ TEXT("5\r\nhello\n0\r\n\r\n"), 400, NULL },
	{ TEXT("5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n"), 400, NULL },
	{ TEXT("5\r\nhello\r\n0\r\n\n"), 400, NULL },
	{ TEXT("-5\r\nhello\r\n"), 400, NULL },
	{ TEXT("0x5\r\nhello\r\n"), 400, NULL },
	{ TEXT("\r\nhello\r\n"), 400, NULL },
	{ TEXT("fffffffffffff\r\n"), 400, NULL },
	{ TEXT("400\r\nx"), 413, NULL },
};

START_TEST(a_chunked_body_ends_where_it_says_or_is_refused)
{
	/* In pieces of every size: the state carries over. */
	for (size_t piece = 1; piece <= bodies[_i].len; piece++) {
		struct span rest = span_of(bodies[_i].text, bodies[_i].len);
		struct buf content = BUF(100);
		struct http_body body;
		struct error err = { 0 };
		int status = 0;

		http_body_begin(&body, true, 0, 64);
		while (status == 0 && rest.len > 0 && !http_body_ended(&body)) {
			struct span part, data;

			ck_assert(span_take(&rest,
			    rest.len < piece ? rest.len : piece, &part));
			while (status == 0 && part.len > 0 &&
			    !http_body_ended(&body)) {
				status = http_body_take(&body, &part, &data);
				ck_ok(buf_append(&content, data, &err), err);
			}
		}
		ck_assert_int_eq(status, bodies[_i].status);
		ck_assert_int_eq(http_body_ended(&body),
		    bodies[_i].content != NULL);
		if (bodies[_i].content != NULL)
			ck_assert(
			    span_is(buf_span(&content), bodies[_i].content));
		buf_free(&content);
	}
}
END_TEST

static const struct {
	const char *range;
	uint64_t size;
	int status;
	uint64_t from, to;
} ranges[] = {
	{ "bytes=0-9", 100, 206, 0, 10 },
	{ "bytes=90-", 100, 206, 90, 100 },
	{ "bytes=90-500", 100, 206, 90, 100 },
	{ "bytes=-10", 100, 206, 90, 100 },
	{ "bytes=-500", 100, 206, 0, 100 },
	{ "bytes=100-", 100, 416, 0, 0 },
	{ "bytes=-0", 100, 416, 0, 0 },
	{ "bytes=9-0", 100, 200, 0, 100 },
	{ "bytes=0-1,5-6", 100, 200, 0, 100 },
	{ "lines=0-1", 100, 200, 0, 100 },
	{ "bytes=a-b", 100, 200, 0, 100 },
	{ "bytes=-", 100, 200, 0, 100 },
};

START_TEST(a_range_is_served_or_ignored_as_the_standard_says)
{
	uint64_t from, to;

	ck_assert_int_eq(http_range(ranges[_i].range, ranges[_i].size, &from,
			     &to),
	    ranges[_i].status);
	if (ranges[_i].status == 416)
		return;
	ck_assert_uint_eq(from, ranges[_i].from);
	ck_assert_uint_eq(to, ranges[_i].to);
}
END_TEST

static const struct {
	const char *target, *value; /* NULL: refused */
} queries[] = {
	{ "/x?document=agreement/x", "agreement/x" },
	{ "/x?a=b&document=agreement%2Fx", "agreement/x" },
	{ "/x?a=b", "" },
	{ "/x", "" },
	{ "/x?document=a&document=b", NULL },
	{ "/x?document=%zz", NULL },
	{ "/x?document=%0", NULL },
	{ "/x?document=%00", NULL },
	{ "/x?document=%E0%BA%A1", NULL },
	{ "/x?document=a+b", "a+b" },
	{ "/x?document=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
};

START_TEST(a_query_is_decoded_strictly)
{
	struct http_head head = { .length = 0 };
	char value[32];
	bool ok;

	snprintf(head.target, sizeof(head.target), "%s", queries[_i].target);
	ok = http_query(&head, "document", value, sizeof(value));
	ck_assert_int_eq(ok, queries[_i].value != NULL);
	if (ok)
		ck_assert_str_eq(value, queries[_i].value);
}
END_TEST

static const struct {
	const char *target, *value;
} texts[] = {
	{ "/x?q=a+b%20c", "a b c" },
	{ "/x?q=%2B", "+" },
	{ "/x?q=%E0%BA%A1", "\xe0\xba\xa1" },
	{ "/x?q=%ff", "\xff" }, /* what is UTF-8, its reader judges */
	{ "/x?q=%00", NULL },
	{ "/x?q=%0a", NULL },
	{ "/x?q=%7f", NULL },
	{ "/x?q=a&q=b", NULL },
	{ "/x?q=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
};

START_TEST(a_text_is_decoded_as_a_form_sends_it)
{
	struct http_head head = { .length = 0 };
	char value[32];
	bool ok;

	snprintf(head.target, sizeof(head.target), "%s", texts[_i].target);
	ok = http_query_text(&head, "q", value, sizeof(value));
	ck_assert_int_eq(ok, texts[_i].value != NULL);
	if (ok)
		ck_assert_str_eq(value, texts[_i].value);
}
END_TEST

START_TEST(a_parameter_is_there_however_it_is_written)
{
	static const struct {
		const char *target;
		bool there;
	} rows[] = {
		{ "/x?bag=a", true },
		{ "/x?a=b&bag=a", true },
		{ "/x?bag", true },
		{ "/x?bag=", true },
		{ "/x?a&bag", true },
		{ "/x?bag=%zz", true },
		{ "/x?bag=a&bag=b", true },
		{ "/x", false },
		{ "/x?", false },
		{ "/bag=a", false },
		{ "/x?bags=a", false },
		{ "/x?a=bag", false },
		{ "/x?&&", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_head head = { .length = 0 };

		snprintf(head.target, sizeof(head.target), "%s",
		    rows[i].target);
		ck_assert_msg(http_has_query(&head, "bag") == rows[i].there,
		    "%s", rows[i].target);
	}
}
END_TEST

/* --- Files for bodies. --- */

static bool
rings(const struct mailbox *mailbox)
{
	struct pollfd bell = { .fd = mailbox_bell(mailbox), .events = POLLIN };

	return poll(&bell, 1, 0) == 1;
}

static struct http_request *
some_request(void)
{
	struct http_request *request = calloc(1, sizeof(*request));

	ck_assert_ptr_nonnull(request);
	request->response = HTTP_RESPONSE;
	request->spool = -1;
	return request;
}

START_TEST(a_mailbox_rings_and_gives_what_came_in_its_order)
{
	struct http_request *first = some_request(), *second = some_request();
	struct error err = { 0 };
	struct mailbox *mailbox = mailbox_new(&err);
	struct mail mail;

	ck_assert_ptr_nonnull(mailbox);
	ck_assert(!rings(mailbox));
	mailbox_answer(mailbox, first);
	mailbox_answer(mailbox, second);
	mailbox_streams(mailbox);
	ck_assert(rings(mailbox));
	mailbox_take(mailbox, &mail);
	ck_assert(!rings(mailbox));
	ck_assert_ptr_eq(mail.answers, first);
	ck_assert_ptr_eq(first->next, second);
	ck_assert_ptr_null(second->next);
	ck_assert_ptr_null(mail.arrivals);
	ck_assert(mail.streams && !mail.stop);
	/* It rings again, and nothing comes twice but the stop. */
	mailbox_stop(mailbox);
	ck_assert(rings(mailbox));
	for (unsigned i = 0; i < 2; i++) {
		mailbox_take(mailbox, &mail);
		ck_assert_ptr_null(mail.answers);
		ck_assert(!mail.streams && mail.stop);
	}
	mailbox_answer(mailbox, second);
	mailbox_free(mailbox);
	http_request_free(first);
}
END_TEST

START_TEST(a_new_connection_waits_in_the_mailbox)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	SSL *ssl = SSL_new(tls), *left = SSL_new(tls);
	int fd = dup(STDIN_FILENO), other = dup(STDIN_FILENO);
	struct error err = { 0 };
	struct mailbox *mailbox = mailbox_new(&err);
	struct mail mail;

	ck_assert(
	    mailbox_arrive(mailbox, &(struct arrival){ .fd = fd, .ssl = ssl }));
	ck_assert(rings(mailbox));
	mailbox_take(mailbox, &mail);
	ck_assert_int_eq(mail.arrivals->fd, fd);
	ck_assert_ptr_eq(mail.arrivals->ssl, ssl);
	ck_assert_ptr_null(mail.arrivals->next);
	free(mail.arrivals);
	SSL_free(ssl);
	close(fd);
	/* One that nobody took is closed with it. */
	ck_assert(mailbox_arrive(mailbox,
	    &(struct arrival){ .fd = other, .ssl = left }));
	mailbox_free(mailbox);
	ck_assert_int_eq(close(other), -1);
	SSL_CTX_free(tls);
}
END_TEST

START_TEST(a_bodys_file_is_used_again_and_empty)
{
	struct spool spool = { .num = 0 };
	struct error err = { 0 };
	char dir[UNIT_DIR];
	struct stat st;
	int fd, large;

	unit_make_dir(dir);
	ck_assert_int_ge(fd = spool_take(&spool, dir, &err), 0);
	ck_assert_int_eq(write(fd, "body", 4), 4);
	spool_give(&spool, fd, 4);
	ck_assert_int_eq(spool_take(&spool, dir, &err), fd);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	/* One that took much room gives it back. */
	ck_assert_int_ge(large = spool_take(&spool, dir, &err), 0);
	spool_give(&spool, large, SPOOL_KEEP_BYTES + 1);
	ck_assert_uint_eq(spool.num, 0);
	ck_assert_int_eq(fstat(large, &st), -1);
	for (unsigned i = 0; i < SPOOL_SPARE + 1; i++)
		spool_give(&spool, dup(fd), 0);
	ck_assert_uint_eq(spool.num, SPOOL_SPARE);
	spool_close(&spool);
	ck_assert_uint_eq(spool.num, 0);
	close(fd);
	unit_remove_dir(dir);
}
END_TEST

/* --- A server of which one loop is made to stand still. --- */

struct standstill {
	struct http_server *server;
	bool hold, held; /* atomic */
	unsigned ticks;  /* seconds since it began, or since the loop stands */
	unsigned turns;  /* the calls that say that all loops turn */
	unsigned before, during;
};

static void
hold_one_loop(void *arg)
{
	struct standstill *s = arg;

	if (!__atomic_load_n(&s->hold, __ATOMIC_ACQUIRE) ||
	    __atomic_exchange_n(&s->held, true, __ATOMIC_ACQ_REL))
		return;
	while (__atomic_load_n(&s->hold, __ATOMIC_ACQUIRE))
		poll(NULL, 0, 10);
}

static void
count_turn(void *arg)
{
	struct standstill *s = arg;

	s->turns++;
}

/* Each second: hold a loop once all turned, let it go, end when all turn. */
static void
next_second(void *arg)
{
	struct standstill *s = arg;

	if (s->before == 0) {
		if (s->turns > 0) {
			s->before = s->turns;
			__atomic_store_n(&s->hold, true, __ATOMIC_RELEASE);
		}
	} else if (!__atomic_load_n(&s->held, __ATOMIC_ACQUIRE)) {
		s->before = s->turns;
	} else if (++s->ticks < 4) {
		s->during = s->turns - s->before;
		if (s->ticks == 3)
			__atomic_store_n(&s->hold, false, __ATOMIC_RELEASE);
	} else if (s->turns > s->before + s->during) {
		http_server_stop(s->server);
	}
}

START_TEST(the_watchdog_is_told_only_while_every_loop_turns)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct standstill s = { .before = 0 };
	const struct http_handler handler = { .tick = next_second,
		.turn_over = hold_one_loop,
		.arg = &s };
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct error err = { 0 };

	ck_assert_ptr_nonnull(tls);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	s.server = http_server_new(fd, tls, LIMIT_CONNECTIONS, &handler, &err);
	ck_ok(s.server != NULL, err);
	http_server_on_turning(s.server, count_turn, &s);
	ck_ok(http_server_run(s.server, &err), err);
	/* One call may be for what was before. */
	ck_assert_uint_le(s.during, 1);
	http_server_free(s.server);
	SSL_CTX_free(tls);
	close(fd);
}
END_TEST

#define OF_ALL "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"

/* An answer in parts, and what is sent of each. */
static const struct {
	const char *method, *body;
	bool begun, last;
	const char *sent;
} parts[] = {
	{ "GET", "abc", true, false, "3\r\nabc\r\n" },
	{ "GET", "0123456789abcdef0", true, false,
	    "11\r\n0123456789abcdef0\r\n" },
	{ "GET", "abc", true, true, "3\r\nabc\r\n0\r\n\r\n" },
	{ "GET", "", true, true, "0\r\n\r\n" },
	/* Nothing is ready: an empty chunk would end it. */
	{ "GET", "", true, false, "" },
	{ "GET", "abc", false, false,
	    "HTTP/1.1 200 OK\r\nRequest-Id: \r\n" OF_ALL
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" },
	{ "HEAD", "abc", false, false,
	    "HTTP/1.1 200 OK\r\nRequest-Id: \r\n" OF_ALL
	    "Transfer-Encoding: chunked\r\n\r\n" },
};

START_TEST(an_answer_in_parts_is_chunked)
{
	struct http_request request = { .response = HTTP_RESPONSE };
	struct buf out = BUF(4096);
	struct error err = { 0 };

	snprintf(request.head.method, sizeof(request.head.method), "%s",
	    parts[_i].method);
	request.response.status = 200;
	request.response.parts = true;
	request.response.last = parts[_i].last;
	ck_ok(buf_append_str(&request.response.body, parts[_i].body, &err),
	    err);
	ck_ok(http_answer_encode(&request, false, parts[_i].begun, &out, &err),
	    err);
	ck_assert(span_is(buf_span(&out), parts[_i].sent));
	buf_free(&request.response.body);
	buf_free(&out);
}
END_TEST

START_TEST(only_a_page_is_kept_by_a_browser)
{
	struct http_request request = { .response = HTTP_RESPONSE };
	struct buf out = BUF(4096);
	struct error err = { 0 };

	request.response.status = 204;
	ck_ok(http_answer_encode(&request, false, false, &out, &err), err);
	ck_assert(span_is(buf_span(&out),
	    "HTTP/1.1 204 No Content\r\nRequest-Id: \r\n" OF_ALL "\r\n"));
	out.len = 0;
	request.response.is_page = true;
	snprintf(request.response.headers, sizeof(request.response.headers),
	    "Cache-Control: no-cache\r\n");
	ck_ok(http_answer_encode(&request, false, false, &out, &err), err);
	ck_assert(span_is(buf_span(&out),
	    "HTTP/1.1 204 No Content\r\nRequest-Id: \r\n"
	    "Cache-Control: no-cache\r\n\r\n"));
	buf_free(&out);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_loop_test(t, an_answer_in_parts_is_chunked, 0, COUNT(parts));
	tcase_add_test(t, the_watchdog_is_told_only_while_every_loop_turns);
	tcase_add_test(t, a_mailbox_rings_and_gives_what_came_in_its_order);
	tcase_add_test(t, a_new_connection_waits_in_the_mailbox);
	tcase_add_test(t, a_bodys_file_is_used_again_and_empty);
	tcase_add_test(t, only_a_page_is_kept_by_a_browser);
	tcase_add_loop_test(t,
	    a_head_that_two_programs_could_read_differently_is_refused, 0,
	    COUNT(heads));
	tcase_add_test(t, the_policy_that_was_accepted_is_told);
	tcase_add_test(t, who_takes_interim_answers_says_so);
	tcase_add_test(t, every_truncation_of_a_head_is_refused);
	tcase_add_test(t, a_parameter_is_there_however_it_is_written);
	tcase_add_test(t, too_many_fields_and_too_long_a_target_are_refused);
	tcase_add_loop_test(t, a_chunked_body_ends_where_it_says_or_is_refused,
	    0, COUNT(bodies));
	tcase_add_loop_test(t,
	    a_range_is_served_or_ignored_as_the_standard_says, 0,
	    COUNT(ranges));
	tcase_add_loop_test(t, a_text_is_decoded_as_a_form_sends_it, 0,
	    COUNT(texts));
	tcase_add_loop_test(t, a_query_is_decoded_strictly, 0, COUNT(queries));
}

int
main(void)
{
	return run_tests("http", fill);
}
