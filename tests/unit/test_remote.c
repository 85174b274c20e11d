/*
 * The HTTPS client against a server that says what the test tells it: what an
 * answer means, whom the client trusts, and what it does when the line breaks.
 */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/file.h"
#include "pki_fixture.h"
#include "remote/remote.h"
#include "tests/lib/server.h"

static struct identity ca, other_ca, right, wrong_name, expired, strange;
static struct identity person;
static struct buf ca_pem = BUF(100000);
static char dir[UNIT_DIR], cert[FILE_PATH], key[FILE_PATH];
static EVP_PKEY *own_key; /* that was loaded; or NULL */

static struct identity
issue_server(const struct identity *by, const char *names, int64_t until_at)
{
	return fixture_issue(by,
	    &(struct fixture_cert){ .email = "server",
		.names = names,
		.until_at = until_at,
		.key_usage = "critical,digitalSignature",
		.extended = "serverAuth" });
}

static void
set_up(void)
{
	struct buf pem = BUF(100000);
	struct error err = { 0 };
	FILE *file;

	ca = fixture_ca("CA");
	other_ca = fixture_ca("Other CA");
	right = issue_server(&ca, "IP:127.0.0.1", 0);
	wrong_name = issue_server(&ca, "IP:127.0.0.2", 0);
	expired = issue_server(&ca, "IP:127.0.0.1", FIXTURE_FROM + 1);
	strange = issue_server(&other_ca, "IP:127.0.0.1", 0);
	person = fixture_connector(&ca, "a@mofa.example", NULL);
	fixture_pem(ca.cert, &ca_pem);
	fixture_pem(person.cert, &pem);
	unit_make_dir(dir);
	ck_ok(file_join(cert, dir, "cert.pem", &err) &&
		file_join(key, dir, "key.pem", &err) &&
		file_create(cert, buf_span(&pem), 0600, &err),
	    err);
	ck_assert_ptr_nonnull(file = fopen(key, "we"));
	ck_assert(
	    PEM_write_PrivateKey(file, person.key, NULL, NULL, 0, NULL, NULL));
	fclose(file);
	buf_free(&pem);
}

static void
tear_down(void)
{
	identity_free(&ca);
	identity_free(&other_ca);
	identity_free(&right);
	identity_free(&wrong_name);
	identity_free(&expired);
	identity_free(&strange);
	identity_free(&person);
	buf_free(&ca_pem);
	unit_remove_dir(dir);
}

/* --- A server and its client. --- */

struct pair {
	struct server *server;
	struct remote *remote;
	struct addresses addresses;
	char accepted[DIGEST_HEX]; /* the policy that is named */
	unsigned waited;           /* so often the client said that it waits */
};

static void
count_waiting(void *arg, const char *why, unsigned ms)
{
	struct pair *pair = arg;

	ck_assert_uint_gt(strlen(why), 0);
	ck_assert_uint_gt(ms, 0);
	pair->waited++;
}

static void
open_patient(struct pair *pair, const struct server_settings *settings,
    const struct server_answer answers[], size_t num, unsigned patience_ms,
    unsigned silent_ms)
{
	struct remote_settings client = { .addresses = &pair->addresses,
		.server_ca = buf_span(&ca_pem),
		.cert = cert,
		.key = key,
		.own_key = own_key,
		.accepted = pair->accepted,
		.patience_ms = patience_ms,
		.silent_ms = silent_ms,
		.waiting = count_waiting,
		.arg = pair };
	struct error err = { 0 };

	*pair = (struct pair){ .server = server_start(settings, answers, num) };
	pair->addresses.num = 1;
	snprintf(pair->addresses.all[0], ADDRESS_ROOM, "https://127.0.0.1:%d",
	    server_port(pair->server));
	pair->remote = remote_new(&client, &err);
	ck_assert_msg(pair->remote != NULL, "%s", err.detail);
}

static void
open_pair(struct pair *pair, const struct server_settings *settings,
    const struct server_answer answers[], size_t num, unsigned patience_ms)
{
	open_patient(pair, settings, answers, num, patience_ms, 0);
}

/* One as it should be. */
static void
open_right(struct pair *pair, const struct server_answer answers[], size_t num,
    unsigned patience_ms)
{
	const struct server_settings settings = { .cert = right.cert->x509,
		.key = right.key };

	open_pair(pair, &settings, answers, num, patience_ms);
}

static void
close_pair(struct pair *pair)
{
	remote_free(pair->remote);
	server_free(pair->server);
}

static bool
get(struct remote *remote, struct remote_answer *answer, struct error *err)
{
	const struct remote_request request = { .method = "GET",
		.path = "/v1/x",
		.body_fd = -1,
		.file_fd = -1 };

	return remote_do(remote, &request, answer, err);
}

/* --- What an answer means. --- */

#define PROBLEM(status, body)                                                  \
	"HTTP/1.1 " status "\r\nContent-Type: application/problem+json\r\n"    \
	"Connection: close\r\n\r\n" body

static const struct {
	const char *answer;
	enum error_kind kind;
	const char *code, *says;
	int status;
} answers[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ERROR_NONE, "", "",
	    200 },
	{ "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", ERROR_NONE, "",
	    "", 201 },
	{ PROBLEM("403 Forbidden",
	      "{\"detail\":\"not yours\",\"exit\":3,\"code\":\"NOT_MEMBER\"}"),
	    ERROR_REFUSED, "NOT_MEMBER", "not yours", 403 },
	{ PROBLEM("409 Conflict",
	      "{\"detail\":\"there is one\",\"exit\":5,\"code\":\"TAKEN\"}"),
	    ERROR_CONFLICT, "TAKEN", "there is one", 409 },
	/* What is no code is not told as one. */
	{ PROBLEM("403 Forbidden",
	      "{\"detail\":\"a\",\"exit\":3,\"code\":\"__defineGetter__\"}"),
	    ERROR_REFUSED, "REFUSED", "a", 403 },
	/* Of 31 bytes the last would be the half of a letter. */
	{ PROBLEM("403 Forbidden",
	      "{\"detail\":\"a\",\"exit\":3,\"code\":"
	      "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\303\251\"}"),
	    ERROR_REFUSED, "REFUSED", "a", 403 },
	{ PROBLEM("403 Forbidden",
	      "{\"detail\":\"a\",\"exit\":3,\"code\":"
	      "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"),
	    ERROR_REFUSED, "REFUSED", "a", 403 },
	/* If the exit is not one of ours the kind is not trusted. */
	{ PROBLEM("403 Forbidden", "{\"detail\":\"a\",\"exit\":0}"),
	    ERROR_UNAVAILABLE, "", "a", 403 },
	{ PROBLEM("403 Forbidden", "{\"detail\":\"a\",\"exit\":10}"),
	    ERROR_UNAVAILABLE, "", "a", 403 },
	{ PROBLEM("403 Forbidden", "{\"detail\":\"a\",\"exit\":\"3\"}"),
	    ERROR_UNAVAILABLE, "", "a", 403 },
	{ PROBLEM("403 Forbidden", "{\"detail\":7,\"exit\":3}"), ERROR_REFUSED,
	    "", "said no and not why", 403 },
	{ PROBLEM("500 Oh", "{\"detail\":\"a\",\"exit\":7,\"request\":\"r7\"}"),
	    ERROR_SYSTEM, "", "a (request r7)", 500 },
	{ PROBLEM("403 Forbidden", "{\"detail\":\"a\",\"request\":\"r7\"}"),
	    ERROR_UNAVAILABLE, "", "a", 403 },
	/* An answer that is not a problem document has no reason. */
	{ PROBLEM("502 Bad Gateway", "<html>"), ERROR_UNAVAILABLE, "",
	    "said no and not why", 502 },
	{ PROBLEM("403 Forbidden", "{\"exit\":3,\"exit\":4}"),
	    ERROR_UNAVAILABLE, "", "said no and not why", 403 },
	{ PROBLEM("404 Not Found", "x"), ERROR_UNAVAILABLE, "",
	    "said no and not why", 404 },
	/* The client follows no redirection. */
	{ "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\n"
	  "Content-Length: 0\r\n\r\n",
	    ERROR_UNAVAILABLE, "", "said no and not why", 302 },
	/* No HTTP. */
	{ "SSH-2.0-x\r\n", ERROR_UNAVAILABLE, "", "127.0.0.1", 0 },
};

START_TEST(an_answer_is_what_it_says)
{
	const struct server_answer one = { answers[_i].answer, 0, true };
	struct remote_answer answer;
	struct error err = { 0 };
	struct pair pair;
	bool ok;

	open_right(&pair, &one, 1, 0);
	ok = get(pair.remote, &answer, &err);
	ck_assert_int_eq(ok, answers[_i].kind == ERROR_NONE);
	ck_assert_int_eq(err.kind, answers[_i].kind);
	ck_assert_int_eq(answer.status, answers[_i].status);
	if (answers[_i].code[0] != '\0')
		ck_assert_str_eq(error_code(&err), answers[_i].code);
	ck_assert_msg(strstr(err.detail, answers[_i].says) != NULL, "%s",
	    err.detail);
	if (strcmp(answers[_i].says, "a") == 0)
		ck_assert_str_eq(err.detail, "a");
	server_stop(pair.server);
	ck_assert_uint_eq(server_num_requests(pair.server), 1);
	ck_assert(strncmp(server_request(pair.server, 0),
		      "GET /v1/x HTTP/1.1\r\n", 20) == 0);
	remote_answer_free(&answer);
	close_pair(&pair);
}
END_TEST

#define HEX64          "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define FIELDS(fields) "HTTP/1.1 200 OK\r\n" fields "Content-Length: 0\r\n\r\n"

START_TEST(the_policy_that_was_accepted_is_named)
{
	static const struct server_answer both[] = {
		{ FIELDS(""), 0, true },
		{ FIELDS(""), 0, true },
	};
	struct remote_answer answer;
	struct error err = { 0 };
	struct pair pair;

	open_right(&pair, both, 2, 0);
	ck_ok(get(pair.remote, &answer, &err), err);
	remote_answer_free(&answer);
	snprintf(pair.accepted, sizeof(pair.accepted), "%s", HEX64);
	ck_ok(get(pair.remote, &answer, &err), err);
	remote_answer_free(&answer);
	server_stop(pair.server);
	ck_assert_ptr_null(
	    strcasestr(server_request(pair.server, 0), "Valise-Accepted"));
	ck_assert_ptr_nonnull(strstr(server_request(pair.server, 1),
	    "\r\nValise-Accepted: " HEX64 "\r\n"));
	close_pair(&pair);
}
END_TEST

START_TEST(fields_are_taken_as_they_should_be)
{
	static const struct server_answer both[] = {
		{ FIELDS("etag: \"a\"\r\nLocation: /v1/uploads/7\r\n"
			 "Upload-Offset: 12\r\nValise-Policy: " HEX64 "\r\n"
			 "Valise-Policy-Entry: 9\r\nValise-Crls: " HEX64 "\r\n"
			 "Valise-Extension: 3 AAAA\r\n"),
		    0, false },
		/* Each of them is malformed, and so ignored. */
		{ FIELDS("Upload-Offset: -1\r\nValise-Policy: 00\r\n"
			 "Valise-Policy-Entry: 09\r\nValise-Crls: x\r\n"),
		    0, true },
	};
	const struct digest none = { { 0 } };
	struct remote_answer answer;
	struct error err = { 0 };
	struct pair pair;

	open_right(&pair, both, 2, 0);
	ck_ok(get(pair.remote, &answer, &err), err);
	ck_assert_str_eq(answer.etag, "\"a\"");
	ck_assert_str_eq(answer.location, "/v1/uploads/7");
	ck_assert_uint_eq(answer.upload_offset, 12);
	ck_assert_uint_eq(answer.policy.bytes[1], 0x11);
	ck_assert_uint_eq(answer.policy_entry, 9);
	ck_assert_uint_eq(answer.crls.bytes[31], 0xff);
	ck_assert_str_eq(answer.extension, "3 AAAA");
	remote_answer_free(&answer);
	ck_ok(get(pair.remote, &answer, &err), err);
	ck_assert_str_eq(answer.etag, "");
	ck_assert_uint_eq(answer.upload_offset, UINT64_MAX);
	ck_assert(digest_eq(&answer.policy, &none));
	ck_assert_uint_eq(answer.policy_entry, UINT64_MAX);
	ck_assert(digest_eq(&answer.crls, &none));
	remote_answer_free(&answer);
	/* Both over one connection. */
	server_stop(pair.server);
	ck_assert_uint_eq(server_num_connections(pair.server), 1);
	close_pair(&pair);
}
END_TEST

/* --- Whom it trusts. --- */

static const struct {
	const struct identity *server;
	int max_tls;
	enum error_kind kind;
	const char *code, *says;
} servers[] = {
	{ &right, 0, ERROR_NONE, "", "" },
	{ &strange, 0, ERROR_UNTRUSTED, "WRONG_SERVER", "Nothing was sent" },
	{ &wrong_name, 0, ERROR_UNTRUSTED, "WRONG_SERVER", "another name" },
	{ &expired, 0, ERROR_UNTRUSTED, "WRONG_SERVER", "has expired" },
	{ &right, TLS1_2_VERSION, ERROR_UNAVAILABLE, "",
	    "ended the connection" },
};

START_TEST(nothing_is_sent_to_another_server)
{
	const struct server_settings settings = {
		.cert = servers[_i].server->cert->x509,
		.key = servers[_i].server->key,
		.max_tls = servers[_i].max_tls
	};
	const struct server_answer one = { answers[0].answer, 0, true };
	struct remote_answer answer;
	struct error err = { 0 };
	struct pair pair;

	open_pair(&pair, &settings, &one, 1, 0);
	ck_assert_int_eq(get(pair.remote, &answer, &err),
	    servers[_i].kind == ERROR_NONE);
	ck_assert_int_eq(err.kind, servers[_i].kind);
	if (servers[_i].code[0] != '\0')
		ck_assert_str_eq(error_code(&err), servers[_i].code);
	ck_assert_msg(strstr(err.detail, servers[_i].says) != NULL, "%s",
	    err.detail);
	remote_answer_free(&answer);
	server_stop(pair.server);
	ck_assert_uint_eq(server_num_requests(pair.server),
	    servers[_i].kind == ERROR_NONE);
	close_pair(&pair);
}
END_TEST

START_TEST(without_a_certificate_nobody_is_asked)
{
	const struct server_answer one = { answers[0].answer, 0, true };
	struct remote_answer answer;
	struct error err = { 0 };
	struct pair pair;

	open_right(&pair, &one, 1, 0);
	ck_assert_int_eq(unlink(key), 0);
	ck_assert(!get(pair.remote, &answer, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, key));
	remote_answer_free(&answer);
	server_stop(pair.server);
	ck_assert_uint_eq(server_num_connections(pair.server), 0);
	close_pair(&pair);
}
END_TEST

static const struct {
	const struct identity *loaded; /* NULL: it is read from its file */
	bool has_file, ok;
} keys[] = {
	{ NULL, true, true },
	{ NULL, false, false },
	{ &person, false, true },
	/* Meanwhile the files were renewed. */
	{ &right, true, true },
	{ &right, false, false },
};

START_TEST(a_key_that_was_loaded_is_not_read_again)
{
	const struct server_answer one = { answers[0].answer, 0, true };
	const struct span none = span_of_str("no key\n");
	struct remote_answer answer;
	struct error err = { 0 };
	struct pair pair;

	if (!keys[_i].has_file)
		ck_ok(file_write_quick(key, none, 0600, &err), err);
	own_key = keys[_i].loaded != NULL ? keys[_i].loaded->key : NULL;
	open_right(&pair, &one, 1, 0);
	if (keys[_i].ok)
		ck_ok(get(pair.remote, &answer, &err), err);
	else
		ck_assert(!get(pair.remote, &answer, &err));
	remote_answer_free(&answer);
	server_stop(pair.server);
	close_pair(&pair);
	/* The next test may run in this process. */
	own_key = NULL;
}
END_TEST

START_TEST(where_nobody_is_it_is_said_at_once)
{
	const struct server_answer none = { NULL, 0, true };
	struct remote_answer answer;
	struct error err = { 0 };
	struct pair pair;

	open_right(&pair, &none, 0, 60 * 1000);
	server_stop(pair.server);
	ck_assert(!get(pair.remote, &answer, &err));
	ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
	ck_assert_uint_eq(pair.waited, 0);
	remote_answer_free(&answer);
	close_pair(&pair);
}
END_TEST

/* --- Where the line breaks. --- */

/* What the daemon says where a limit is reached, and then. */
#define BUSY(status, fields)                                                   \
	"HTTP/1.1 " status " x\r\n" fields                                     \
	"Content-Type: application/problem+json\r\nContent-Length: 37\r\n\r\n" \
	"{\"exit\":6,\"detail\":\"come back later\"}"
#define GOOD "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static const struct {
	const char *first;
	unsigned patience_ms;
	bool once;
	unsigned requests, retry_s;
} busy[] = {
	{ BUSY("429", "Retry-After: 1\r\n"), 1300, false, 2, 0 },
	{ BUSY("503", "retry-after:1\r\n"), 1300, false, 2, 0 },
	{ BUSY("507", "Retry-After: 1\r\n"), 1300, false, 2, 0 },
	/* Longer than patience. */
	{ BUSY("429", "Retry-After: 1\r\n"), 900, false, 1, 1 },
	{ BUSY("503", "Retry-After: 600\r\n"), 1300, false, 1, 600 },
	/* A time that is none is a long one. */
	{ BUSY("503", "Retry-After: soon\r\n"), 1300, false, 1,
	    LIMIT_RETRY_SECONDS },
	{ BUSY("503", "Retry-After: 99999999999\r\n"), 1300, false, 1,
	    LIMIT_RETRY_SECONDS },
	{ BUSY("503", ""), 1300, false, 1, 0 },
	{ BUSY("429", "Retry-After: 1\r\n"), 1300, true, 1, 1 },
};

START_TEST(who_is_told_to_wait_waits)
{
	const struct server_answer two[] = { { busy[_i].first, 0, false },
		{ GOOD, 0, true } };
	const bool waits = busy[_i].requests == 2;
	const struct remote_request request = { .method = "GET",
		.path = "/v1/x",
		.body_fd = -1,
		.file_fd = -1,
		.once = busy[_i].once };
	struct remote_answer answer;
	struct error err = { 0 };
	struct pair pair;

	open_right(&pair, two, 2, busy[_i].patience_ms);
	ck_assert_int_eq(remote_do(pair.remote, &request, &answer, &err),
	    waits);
	ck_assert_uint_eq(pair.waited, waits);
	if (!waits) {
		ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
		ck_assert_str_eq(err.detail, "come back later");
	}
	ck_assert_uint_eq(err.retry_s, busy[_i].retry_s);
	remote_answer_free(&answer);
	server_stop(pair.server);
	ck_assert_uint_eq(server_num_requests(pair.server), busy[_i].requests);
	close_pair(&pair);
}
END_TEST

START_TEST(those_who_wait_do_not_come_at_once)
{
	unsigned least = UINT32_MAX, most = 0;

	for (unsigned i = 0; i < 1000; i++) {
		const unsigned ms = remote_spread(1000);

		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
	}
	ck_assert_uint_ge(least, 1000);
	ck_assert_uint_lt(least, 1050);
	ck_assert_uint_gt(most, 1200);
	ck_assert_uint_le(most, 1250);
	ck_assert_uint_eq(remote_spread(0), 0);
}
END_TEST

#define CUT "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234"

START_TEST(what_broke_is_asked_again)
{
	static const struct server_answer cut_then_whole[] = {
		{ CUT, 0, true },
		{ NULL, 0, true },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, true },
	};
	struct remote_answer answer;
	struct error err = { 0 };
	struct pair pair;

	open_right(&pair, cut_then_whole, 3, 2000);
	ck_ok(get(pair.remote, &answer, &err), err);
	ck_assert(span_is(buf_span(&answer.body), "ok"));
	ck_assert_uint_eq(pair.waited, 1); /* the first time it says nothing */
	remote_answer_free(&answer);
	close_pair(&pair);
	/* Without patience, or what is not to be repeated, is asked once. */
	for (unsigned i = 0; i < 2; i++) {
		const struct remote_request request = { .method = "GET",
			.path = "/v1/x",
			.body_fd = -1,
			.file_fd = -1,
			.once = i == 1 };

		err = (struct error){ 0 };
		open_right(&pair, cut_then_whole, 3, i == 1 ? 2000 : 0);
		ck_assert(!remote_do(pair.remote, &request, &answer, &err));
		ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
		remote_answer_free(&answer);
		server_stop(pair.server);
		ck_assert_uint_eq(server_num_requests(pair.server), 1);
		close_pair(&pair);
	}
}
END_TEST

static const struct {
	struct server_answer answers[2];
	bool goes_on; /* the second request is for the rest */
} parts[] = {
	/* It goes on where it ended. */
	{ { { "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 10\r\n\r\n01234",
		0, true },
	      { "HTTP/1.1 206 Partial Content\r\nETag: \"a\"\r\n"
		"Content-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789",
		  0, true } },
	    true },
	/* It is another one by now: all of it comes. */
	{ { { "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 10\r\n\r\nabcde",
		0, true },
	      { "HTTP/1.1 200 OK\r\nETag: \"b\"\r\nContent-Length: 10\r\n\r\n"
		"0123456789",
		  0, true } },
	    true },
	/* Nothing names what came: it is asked for anew. */
	{ { { "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcde", 0, true },
	      { "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", 0,
		  true } },
	    false },
	/* It has no such part: anew. */
	{ { { "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 1\r\n\r\nx",
		0, false },
	      { "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", 0,
		  true } },
	    false },
};

START_TEST(a_file_goes_on_where_it_ended)
{
	const int fd = file_temporary("/tmp", &(struct error){ 0 });
	const bool has_some = parts[_i].answers[0].bytes[9] == '4';
	const struct remote_request request = { .method = "GET",
		.path = "/v1/x",
		.body_fd = -1,
		.file_fd = fd,
		.resume_at = has_some ? 20 : 0,
		.if_range = has_some ? "\"z\"" : NULL };
	struct remote_answer answer;
	struct error err = { 0 };
	char got[16] = "";
	const char *second;
	struct pair pair;

	ck_assert_int_ge(fd, 0);
	open_right(&pair, parts[_i].answers, 2, 2000);
	ck_ok(remote_do(pair.remote, &request, &answer, &err), err);
	ck_assert_int_eq(pread(fd, got, sizeof(got), 0), 10);
	ck_assert_str_eq(got, "0123456789");
	server_stop(pair.server);
	second = server_request(pair.server, 1);
	if (parts[_i].goes_on) {
		ck_assert_ptr_nonnull(
		    strstr(second, "\r\nRange: bytes=5-\r\n"));
		ck_assert_ptr_nonnull(
		    strstr(second, "\r\nIf-Range: \"a\"\r\n"));
	} else {
		ck_assert_ptr_null(strstr(second, "Range:"));
	}
	remote_answer_free(&answer);
	close(fd);
	close_pair(&pair);
}
END_TEST

START_TEST(a_refusal_is_no_file)
{
	const struct server_answer one = {
		PROBLEM("404 Not Found", "{\"detail\":\"no\",\"exit\":4}"), 0,
		true
	};
	const int fd = file_temporary("/tmp", &(struct error){ 0 });
	const struct remote_request request = { .method = "GET",
		.path = "/v1/x",
		.body_fd = -1,
		.file_fd = fd };
	struct remote_answer answer;
	struct error err = { 0 };
	struct pair pair;

	open_right(&pair, &one, 1, 0);
	ck_assert(!remote_do(pair.remote, &request, &answer, &err));
	ck_assert_str_eq(err.detail, "no");
	ck_assert_int_eq(lseek(fd, 0, SEEK_END), 0);
	remote_answer_free(&answer);
	close(fd);
	close_pair(&pair);
}
END_TEST

START_TEST(a_body_is_sent_with_its_length)
{
	static const struct server_answer twice[] = {
		{ NULL, 0, true },
		{ "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", 0,
		    true },
	};
	const int fd = file_temporary("/tmp", &(struct error){ 0 });
	const struct remote_request request = { .method = "PATCH",
		.path = "/v1/x?y=1",
		.body_fd = fd,
		.body_at = 2,
		.body_len = 5,
		.file_fd = -1,
		.headers = { "Upload-Offset: 2" } };
	struct remote_answer answer;
	struct error err = { 0 };
	struct pair pair;

	ck_assert_int_eq(pwrite(fd, "..hello...", 10, 0), 10);
	open_right(&pair, twice, 2, 2000);
	ck_ok(remote_do(pair.remote, &request, &answer, &err), err);
	ck_assert_int_eq(answer.status, 201);
	server_stop(pair.server);
	for (size_t i = 0; i < 2; i++) {
		const char *all = server_request(pair.server, i);

		ck_assert(
		    strncmp(all, "PATCH /v1/x?y=1 HTTP/1.1\r\n", 26) == 0);
		ck_assert_ptr_nonnull(strstr(all, "\r\nContent-Length: 5\r\n"));
		ck_assert_ptr_nonnull(strstr(all, "\r\nUpload-Offset: 2\r\n"));
		ck_assert_ptr_nonnull(strstr(all, "\r\n\r\nhello"));
		ck_assert_ptr_null(strcasestr(all, "Expect:"));
	}
	remote_answer_free(&answer);
	close(fd);
	close_pair(&pair);
}
END_TEST

/* --- Events. --- */

static bool
take_event(void *arg, const struct remote_event *event, struct error *err)
{
	unsigned *num = arg;

	ck_assert(span_is(event->data, "{}"));
	return ++*num < 3 ||
	    error_set(err, ERROR_CONFLICT, "it has heard enough");
}

#define STREAM "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
#define EVENT  "id: 7\nevent: entry\ndata: {}\n\n"

static const struct {
	const char *answer;
	unsigned num;
	enum error_kind kind;
	const char *says;
} streams[] = {
	{ STREAM EVENT EVENT, 2, ERROR_UNAVAILABLE, "ended the stream" },
	{ STREAM EVENT EVENT EVENT EVENT, 3, ERROR_CONFLICT, "enough" },
	{ PROBLEM("403 Forbidden", "{\"detail\":\"no\",\"exit\":3}"), 0,
	    ERROR_REFUSED, "no" },
	{ STREAM "id: 1234567890123456789012345\n", 0, ERROR_MALFORMED, "" },
};

START_TEST(events_are_told_until_somebody_ends_it)
{
	const struct server_answer one = { streams[_i].answer, 0, true };
	struct error err = { 0 };
	unsigned num = 0;
	struct pair pair;

	open_right(&pair, &one, 1, 0);
	ck_assert(!remote_events(pair.remote, "/v1/events", "6", take_event,
	    &num, &err));
	ck_assert_uint_eq(num, streams[_i].num);
	ck_assert_int_eq(err.kind, streams[_i].kind);
	ck_assert_msg(strstr(err.detail, streams[_i].says) != NULL, "%s",
	    err.detail);
	server_stop(pair.server);
	ck_assert_ptr_nonnull(
	    strstr(server_request(pair.server, 0), "\r\nLast-Event-ID: 6\r\n"));
	ck_assert_ptr_nonnull(strstr(server_request(pair.server, 0),
	    "\r\nValise-Interim: 102\r\n"));
	close_pair(&pair);
}
END_TEST

/* --- A server that says nothing. --- */

#define INTERIM "HTTP/1.1 102 Processing\r\n\r\n"
#define OK      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static const struct server_answer late[] = { { OK, .pause_ms = 4500 } };
static const struct server_answer at_work[] = {
	{ INTERIM, .goes_on = true, .pause_ms = 1500 },
	{ INTERIM, .goes_on = true, .pause_ms = 1500 },
	{ OK, .pause_ms = 1500 },
};

static const struct {
	const struct server_answer *answers;
	size_t num;
	unsigned patience_ms;
	uint64_t body_len, judged;
	bool good;
} silences[] = {
	/* without a body: patience, of 3 seconds at least */
	{ late, 1, 1000, 0, 0, false },
	{ late, 1, 20000, 0, 0, true },
	/* with one, or while it is judged: silent_ms */
	{ late, 1, 20000, 2, 0, false },
	{ late, 1, 20000, 0, 2, false },
	/* an older daemon has more for what is large */
	{ late, 1, 1000, 0, UINT64_C(1) << 30, true },
	/* one that says that it is at work has as long as it takes */
	{ at_work, COUNT(at_work), 1000, 0, 0, true },
	{ at_work, COUNT(at_work), 1000, 2, 0, true },
	{ at_work, COUNT(at_work), 1000, 0, 2, true },
};

START_TEST(who_says_nothing_is_given_up)
{
	const struct server_settings settings = { .cert = right.cert->x509,
		.key = right.key };
	const int fd = file_temporary(dir, &(struct error){ 0 });
	const struct remote_request request = { .method = "PUT",
		.path = "/v1/x",
		.body_fd = fd,
		.body_len = silences[_i].body_len,
		.judged = silences[_i].judged,
		.once = !silences[_i].good,
		.file_fd = -1 };
	struct remote_answer answer;
	struct error err = { 0 };
	struct pair pair;
	bool ok;

	ck_ok(file_pwrite(fd, span_of_str("xy"), 0, &err), err);
	open_patient(&pair, &settings, silences[_i].answers, silences[_i].num,
	    silences[_i].patience_ms, 2500);
	ok = remote_do(pair.remote, &request, &answer, &err);
	ck_assert_msg(ok == silences[_i].good, "%s", err.detail);
	if (ok)
		ck_assert_int_eq(answer.status, 200);
	else
		ck_assert_ptr_nonnull(strstr(err.detail, "has said nothing"));
	if (!ok)
		ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
	remote_answer_free(&answer);
	close_pair(&pair);
	close(fd);
}
END_TEST

/* --- Another program's server. --- */

START_TEST(an_exchange_has_a_bound)
{
	static const struct server_answer twice[] = {
		{ "HTTP/1.1 202 So\r\nContent-Length: 5\r\n\r\n01234", 0,
		    true },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n012345", 0,
		    true },
	};
	const struct server_settings plain = { .cert = NULL };
	struct server *server = server_start(&plain, twice, 2);
	const struct span body = span_of_str("ask");
	struct buf answer = BUF(5);
	struct error err = { 0 };
	char url[64];
	int status;

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/add",
	    server_port(server));
	ck_ok(remote_exchange(NULL, url, &body, &answer, &status, &err), err);
	ck_assert_int_eq(status, 202);
	ck_assert(span_is(buf_span(&answer), "01234"));
	answer.len = 0;
	ck_assert(!remote_exchange(NULL, url, NULL, &answer, &status, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
	server_stop(server);
	ck_assert(strncmp(server_request(server, 0), "POST /add ", 10) == 0);
	ck_assert_ptr_nonnull(strstr(server_request(server, 0), "\r\n\r\nask"));
	ck_assert(strncmp(server_request(server, 1), "GET /add ", 9) == 0);
	err = (struct error){ 0 };
	answer.len = 0;
	ck_assert(!remote_exchange(NULL, url, NULL, &answer, &status, &err));
	ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
	err = (struct error){ 0 };
	ck_assert(!remote_exchange(NULL, "file:///etc/passwd", NULL, &answer,
	    &status, &err));
	ck_assert_uint_eq(answer.len, 0);
	buf_free(&answer);
	server_free(server);
}
END_TEST

/* --- What needs no connection. --- */

START_TEST(a_query_is_encoded)
{
	static const struct {
		const char *text, *encoded;
	} rows[] = {
		{ "az-AZ09._~", "az-AZ09._~" },
		{ "a b&c=d", "a%20b%26c%3Dd" },
		{ "%/?#", "%25%2F%3F%23" },
		{ "\xc3\xa4", "%C3%A4" },
		{ "", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf out = BUF(100);
		struct error err = { 0 };

		ck_ok(remote_encode(&out, rows[i].text, &err), err);
		ck_assert(span_is(buf_span(&out), rows[i].encoded));
		buf_free(&out);
	}
}
END_TEST

START_TEST(patience_ends)
{
	/* 200, 400, 800, … ms, as long as all of it is within patience. */
	ck_assert_uint_eq(remote_next_wait(0, 199), 0);
	ck_assert_uint_eq(remote_next_wait(0, 200), 200);
	ck_assert_uint_eq(remote_next_wait(1, 599), 0);
	ck_assert_uint_eq(remote_next_wait(1, 600), 400);
	ck_assert_uint_eq(remote_next_wait(6, 60000), 12800);
	ck_assert_uint_eq(remote_next_wait(7, 60000), 16000);
	ck_assert_uint_eq(remote_next_wait(1000, 60000), 0);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, an_answer_is_what_it_says, 0, COUNT(answers));
	tcase_add_test(t, the_policy_that_was_accepted_is_named);
	tcase_add_test(t, fields_are_taken_as_they_should_be);
	tcase_add_loop_test(t, nothing_is_sent_to_another_server, 0,
	    COUNT(servers));
	tcase_add_test(t, without_a_certificate_nobody_is_asked);
	tcase_add_loop_test(t, a_key_that_was_loaded_is_not_read_again, 0,
	    COUNT(keys));
	tcase_add_test(t, where_nobody_is_it_is_said_at_once);
	tcase_add_test(t, what_broke_is_asked_again);
	tcase_add_loop_test(t, who_is_told_to_wait_waits, 0, COUNT(busy));
	tcase_add_test(t, those_who_wait_do_not_come_at_once);
	tcase_add_loop_test(t, a_file_goes_on_where_it_ended, 0, COUNT(parts));
	tcase_add_test(t, a_refusal_is_no_file);
	tcase_add_test(t, a_body_is_sent_with_its_length);
	tcase_add_loop_test(t, events_are_told_until_somebody_ends_it, 0,
	    COUNT(streams));
	tcase_add_loop_test(t, who_says_nothing_is_given_up, 0,
	    COUNT(silences));
	tcase_add_test(t, an_exchange_has_a_bound);
	tcase_add_test(t, a_query_is_encoded);
	tcase_add_test(t, patience_ends);
}

int
main(void)
{
	return run_tests("remote", fill);
}
