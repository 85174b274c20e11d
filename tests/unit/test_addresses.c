/*
 * The addresses of a depositary: what "other-addresses" may name, and which one
 * the HTTPS client asks when the first does not answer, or stands by.
 */
#include "unit.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/file.h"
#include "base/time.h"
#include "pki_fixture.h"
#include "remote/remote.h"
#include "tests/lib/server.h"

/* --- What may be named. --- */

#define A "https://a.example:8443"
#define B "https://b.example"
#define C "https://[2001:db8::1]:8443"
#define D "https://192.0.2.1:8443"

static const struct {
	const char *others; /* the value of "other-addresses" */
	size_t num;         /* so many addresses there are then */
	const char *says;   /* what is complained of; NULL: nothing */
} lists[] = {
	{ "[]", 1, NULL },
	{ "[" B "]", 2, NULL },
	{ "[" B ", \"" C "\", " D "]", 4, NULL },
	{ "[" B ", \"" C "\", " D ", https://e.example]", 4,
	    "more than 3 other addresses" },
	{ "[" A "]", 1, "is there twice" },
	{ "[" B ", " B "]", 2, "is there twice" },
	{ "[https://A.Example:8443]", 1, "is there twice" },
	{ "[http://b.example]", 1, "is not an address such as" },
	{ "[b.example:8443]", 1, "is not an address such as" },
	{ "[\"https://\"]", 1, "is not an address such as" },
	{ "[https://b.example/]", 1, "is not an address such as" },
	{ "[https://b.example/valise]", 1, "is not an address such as" },
	{ "[\"https://b.example?x\"]", 1, "is not an address such as" },
	{ "[\"https://b.example#x\"]", 1, "is not an address such as" },
	{ "[\"https://me@b.example\"]", 1, "is not an address such as" },
	{ "[\"https://b.example x\"]", 1, "is not an address such as" },
	{ "[\"https://b.example\\nX: y\"]", 1, "b.example" },
	{ "[\"https://:8443\"]", 1, "is not an address such as" },
	{ "[\"\"]", 1, "is not an address such as" },
	{ "[[" B "]]", 1, "" },
	{ B, 1, "" },
};

START_TEST(others_are_as_they_should_be)
{
	struct addresses all = { .num = 1, .all = { A } };
	struct complaints to = COMPLAINTS;
	struct error err = { 0 };
	char text[512];
	struct yaml *root;

	snprintf(text, sizeof(text), "other-addresses: %s\n", lists[_i].others);
	root = yaml_parse("f", span_of_str(text), &err);
	ck_assert_msg(root != NULL, "%s", err.detail);
	addresses_read_others(yaml_get(root, "other-addresses"), &all, &to);
	ck_assert_int_eq(complaints_none(&to, &err), lists[_i].says == NULL);
	if (lists[_i].says != NULL)
		ck_assert_msg(strstr(err.detail, lists[_i].says) != NULL, "%s",
		    err.detail);
	ck_assert_uint_eq(all.num, lists[_i].num);
	ck_assert_str_eq(addresses_now(&all), A);
	yaml_free_tree(root);
	complaints_free(&to);
}
END_TEST

START_TEST(one_of_too_many_bytes_is_none)
{
	char text[ADDRESS_ROOM + 1];

	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "https://", 8);
	text[ADDRESS_ROOM] = '\0';
	ck_assert(!addresses_is_plain(text));
	text[ADDRESS_ROOM - 1] = '\0';
	ck_assert(addresses_is_plain(text));
}
END_TEST

START_TEST(the_one_that_answered_is_asked_first)
{
	struct addresses all = { .num = 2, .all = { A, B } };

	addresses_begin_at(&all, span_of_str(D));
	ck_assert_str_eq(addresses_now(&all), A);
	addresses_begin_at(&all, span_of_str(B));
	ck_assert_str_eq(addresses_now(&all), B);
	addresses_begin_at(&all, span_of_str(""));
	ck_assert_str_eq(addresses_now(&all), B);
}
END_TEST

static const struct {
	struct addresses a, b;
	bool same;
} sets[] = {
	{ { 1, { A }, 0, 0 }, { 1, { A }, 0, 0 }, true },
	{ { 2, { A, B }, 0, 0 }, { 2, { B, A }, 0, 0 }, true },
	{ { 1, { A }, 0, 0 }, { 2, { A, B }, 0, 0 }, false },
	{ { 2, { A, B }, 0, 0 }, { 1, { A }, 0, 0 }, false },
	{ { 2, { A, B }, 0, 0 }, { 2, { A, D }, 0, 0 }, false },
};

START_TEST(the_order_makes_no_other_set)
{
	char text[ADDRESSES_TEXT];

	ck_assert_int_eq(addresses_same(&sets[_i].a, &sets[_i].b),
	    sets[_i].same);
	addresses_text(&sets[_i].a, text);
	ck_assert_str_eq(text, sets[_i].a.num > 1 ? A ", " B : A);
}
END_TEST

/* --- Two servers, of which the first does not answer. --- */

static struct identity ca, other_ca, right, strange, person;
static struct buf ca_pem = BUF(100000);
static char dir[UNIT_DIR], cert[FILE_PATH], key[FILE_PATH];

static struct identity
issue_server(const struct identity *by)
{
	return fixture_issue(by,
	    &(struct fixture_cert){ .email = "server",
		.names = "IP:127.0.0.1",
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
	right = issue_server(&ca);
	strange = issue_server(&other_ca);
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
	identity_free(&strange);
	identity_free(&person);
	buf_free(&ca_pem);
	unit_remove_dir(dir);
}

/* How a server is: the first one, or the second. */
enum manner {
	ANSWERS, /* what it is given */
	NOBODY,  /* the port is closed */
	HANGS,   /* the connection is never made */
	STRANGE, /* its certificate is another CA's */
};

struct two {
	struct server *servers[2];
	int hung; /* a socket that accepts nothing; or -1 */
	struct addresses addresses;
	struct remote *remote;
	unsigned moved, waited, num_reached;
	char reached[ADDRESS_ROOM]; /* what is to be remembered */
	char why[512];              /* it was left for this, last */
};

static void
note_moved(void *arg, const char *why, const char *address)
{
	struct two *two = arg;

	two->moved++;
	snprintf(two->why, sizeof(two->why), "%s", why);
	ck_assert_str_eq(address, addresses_now(&two->addresses));
}

static void
note_reached(void *arg, const char *address)
{
	struct two *two = arg;

	snprintf(two->reached, sizeof(two->reached), "%s", address);
	two->num_reached++;
}

static void
note_waiting(void *arg, const char *why, unsigned ms)
{
	struct two *two = arg;

	ck_assert_uint_gt(strlen(why), 0);
	ck_assert_uint_gt(ms, 0);
	two->waited++;
}

/* Returns the port of a socket that listens, and answers no handshake. */
static int
hang(struct two *two)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	two->hung = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(two->hung, 0);
	ck_assert_int_eq(bind(two->hung, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(two->hung, 8), 0);
	ck_assert_int_eq(getsockname(two->hung, (struct sockaddr *)&at, &len),
	    0);
	return ntohs(at.sin_port);
}

static void
add_server(struct two *two, size_t i, enum manner manner,
    const struct server_answer answers[], size_t num)
{
	const struct identity *who = manner == STRANGE ? &strange : &right;
	const struct server_settings settings = { .cert = who->cert->x509,
		.key = who->key };
	int port;

	two->servers[i] = server_start(&settings, answers, num);
	port = manner == HANGS ? hang(two) : server_port(two->servers[i]);
	snprintf(two->addresses.all[i], ADDRESS_ROOM, "https://127.0.0.1:%d",
	    port);
	two->addresses.num++;
	if (manner == NOBODY)
		server_stop(two->servers[i]);
}

static void
open_two(struct two *two, const enum manner manners[2],
    const struct server_answer *const answers[2], const size_t nums[2],
    unsigned patience_ms)
{
	struct remote_settings client = { .addresses = &two->addresses,
		.server_ca = buf_span(&ca_pem),
		.cert = cert,
		.key = key,
		.patience_ms = patience_ms,
		.moved = note_moved,
		.reached = note_reached,
		.waiting = note_waiting,
		.arg = two };
	struct error err = { 0 };

	*two = (struct two){ .hung = -1 };
	for (size_t i = 0; i < 2; i++)
		add_server(two, i, manners[i], answers[i], nums[i]);
	two->remote = remote_new(&client, &err);
	ck_assert_msg(two->remote != NULL, "%s", err.detail);
}

static void
stop_two(struct two *two)
{
	for (size_t i = 0; i < 2; i++)
		server_stop(two->servers[i]);
}

static void
close_two(struct two *two)
{
	remote_free(two->remote);
	for (size_t i = 0; i < 2; i++)
		server_free(two->servers[i]);
	if (two->hung >= 0)
		close(two->hung);
}

static bool
ask(struct two *two, const char *method, bool once,
    struct remote_answer *answer, struct error *err)
{
	const struct remote_request request = { .method = method,
		.path = "/v1/x",
		.body_fd = -1,
		.file_fd = -1,
		.once = once };

	return remote_do(two->remote, &request, answer, err);
}

#define GOOD "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define PROBLEM(status, fields, body)                                          \
	"HTTP/1.1 " status                                                     \
	" x\r\nContent-Type: application/problem+json\r\n" fields              \
	"Connection: close\r\n\r\n" body
#define STANDS_BY                                                              \
	PROBLEM("503", "",                                                     \
	    "{\"title\":\"Not available\",\"status\":503,"                     \
	    "\"code\":\"STANDS_BY\",\"detail\":\"it stands by\"}")
#define HEAD_503 "HTTP/1.1 503 x\r\nContent-Length: 100\r\n\r\n"

static const struct {
	enum manner manner;
	const char *says; /* what the first answers */
	const char *method;
	bool once;
	bool moves;         /* the second is asked */
	const char *detail; /* why the first is left, or what the end is */
	unsigned pause_ms;  /* before it answers */
	unsigned patience_ms;
} firsts[] = {
	{ ANSWERS, GOOD, "GET", false, false, "", 0, 6000 },
	{ NOBODY, NULL, "GET", false, true, "connect to server", 0, 6000 },
	{ NOBODY, NULL, "DELETE", false, true, "connect to server", 0, 6000 },
	{ STRANGE, GOOD, "GET", false, true, "Nothing was sent", 0, 6000 },
	/* Of patience the first one has its share, */
	{ HANGS, NULL, "GET", false, true, "has said nothing for 4 s", 0,
	    8000 },
	/* or 3 seconds, */
	{ HANGS, NULL, "GET", false, true, "has said nothing for 3 s", 0,
	    1000 },
	/* and all of it once it is connected. */
	{ ANSWERS, GOOD, "GET", false, true, "has said nothing for", 6500,
	    4000 },
	{ ANSWERS, GOOD, "GET", false, false, "", 2500, 4000 },
	{ ANSWERS, STANDS_BY, "GET", false, true, "it stands by", 0, 6000 },
	/* A HEAD has no body to say so. */
	{ ANSWERS, HEAD_503, "HEAD", false, true, "127.0.0.1", 0, 6000 },
	/* Another daemon says no other. */
	{ ANSWERS, PROBLEM("403", "", "{\"detail\":\"not yours\",\"exit\":3}"),
	    "GET", false, false, "not yours", 0, 6000 },
	{ ANSWERS,
	    PROBLEM("503", "",
		"{\"detail\":\"full\",\"exit\":6,\"code\":\"BUSY\"}"),
	    "GET", false, false, "full", 0, 6000 },
	{ ANSWERS,
	    PROBLEM("403", "",
		"{\"detail\":\"no\",\"exit\":3,\"code\":\"STANDS_BY\"}"),
	    "GET", false, false, "no", 0, 6000 },
	{ ANSWERS, "HTTP/1.1 503 x\r\nRetry-After: 60\r\n\r\n", "HEAD", false,
	    false, "", 0, 6000 },
	/* The caller repeats that by itself. */
	{ NOBODY, NULL, "GET", true, false, "connect to server", 0, 6000 },
	{ ANSWERS, STANDS_BY, "GET", true, false, "it stands by", 0, 6000 },
};

START_TEST(the_next_is_asked_where_nothing_was_done)
{
	const enum manner manners[2] = { firsts[_i].manner, ANSWERS };
	const struct server_answer first = { firsts[_i].says, 0, true,
		.pause_ms = firsts[_i].pause_ms };
	const struct server_answer seconds[2] = { { GOOD, 0, false },
		{ GOOD, 0, true } };
	const struct server_answer *const answers[2] = { &first, seconds };
	const size_t nums[2] = { firsts[_i].says != NULL, 2 };
	struct remote_answer answer;
	struct error err = { 0 };
	struct two two;
	bool ok;

	open_two(&two, manners, answers, nums, firsts[_i].patience_ms);
	ok = ask(&two, firsts[_i].method, firsts[_i].once, &answer, &err);
	remote_answer_free(&answer);
	ck_assert_uint_eq(two.moved, firsts[_i].moves);
	ck_assert_int_eq(ok,
	    firsts[_i].moves || firsts[_i].says == NULL
		? firsts[_i].moves
		: strcmp(firsts[_i].says, GOOD) == 0);
	ck_assert_msg(strstr(firsts[_i].moves ? two.why : err.detail,
			  firsts[_i].detail) != NULL,
	    "%s%s", two.why, err.detail);
	if (firsts[_i].moves) {
		/* From now on it is asked first, and the caller keeps that. */
		ck_assert_str_eq(two.reached, two.addresses.all[1]);
		ck_ok(ask(&two, "GET", false, &answer, &err), err);
		remote_answer_free(&answer);
		ck_assert_uint_eq(two.moved, 1);
		ck_assert_uint_eq(two.num_reached, 1);
	}
	stop_two(&two);
	ck_assert_uint_eq(server_num_requests(two.servers[1]),
	    firsts[_i].moves ? 2 : 0);
	/* Nothing is sent to a stranger. */
	if (firsts[_i].manner == STRANGE)
		ck_assert_uint_eq(server_num_requests(two.servers[0]), 0);
	close_two(&two);
}
END_TEST

static const struct {
	enum manner manners[2];
	bool stands_by[2];
	enum error_kind kind;
	const char *code;
	bool waits; /* one of them may take over */
} both[] = {
	{ { NOBODY, NOBODY }, { false, false }, ERROR_UNAVAILABLE, "", false },
	{ { NOBODY, ANSWERS }, { false, true }, ERROR_UNAVAILABLE, "", true },
	{ { ANSWERS, ANSWERS }, { true, true }, ERROR_UNAVAILABLE, "STANDS_BY",
	    true },
	{ { STRANGE, NOBODY }, { false, false }, ERROR_UNTRUSTED,
	    "WRONG_SERVER", false },
	{ { NOBODY, STRANGE }, { false, false }, ERROR_UNTRUSTED,
	    "WRONG_SERVER", false },
};

START_TEST(where_none_answers_each_is_named)
{
	const struct server_answer stands[8] = { { STANDS_BY, 0, true },
		{ STANDS_BY, 0, true }, { STANDS_BY, 0, true },
		{ STANDS_BY, 0, true }, { STANDS_BY, 0, true },
		{ STANDS_BY, 0, true }, { STANDS_BY, 0, true },
		{ STANDS_BY, 0, true } };
	const struct server_answer *const answers[2] = { stands, stands };
	const size_t nums[2] = { both[_i].stands_by[0] ? 8 : 0,
		both[_i].stands_by[1] ? 8 : 0 };
	struct remote_answer answer;
	struct error err = { 0 };
	struct two two;

	open_two(&two, both[_i].manners, answers, nums, 1000);
	ck_assert(!ask(&two, "GET", false, &answer, &err));
	remote_answer_free(&answer);
	ck_assert_int_eq(err.kind, both[_i].kind);
	if (both[_i].code[0] != '\0')
		ck_assert_str_eq(error_code(&err), both[_i].code);
	for (size_t i = 0; i < 2; i++)
		ck_assert_msg(strstr(err.detail, two.addresses.all[i]) != NULL,
		    "%s", err.detail);
	ck_assert_uint_eq(two.waited > 0, both[_i].waits);
	/* The person was told once, and no address is remembered. */
	ck_assert_uint_eq(two.moved, 1);
	ck_assert_str_eq(two.reached, "");
	close_two(&two);
}
END_TEST

/* All addresses have the patience of one, with 3 seconds at least for each. */
START_TEST(what_hangs_is_not_waited_for_again_and_again)
{
	const enum manner manners[2] = { HANGS, ANSWERS };
	const struct server_answer stands[4] = { { STANDS_BY, 0, true },
		{ STANDS_BY, 0, true }, { STANDS_BY, 0, true },
		{ STANDS_BY, 0, true } };
	const struct server_answer *const answers[2] = { NULL, stands };
	const size_t nums[2] = { 0, 4 };
	const int64_t begun_ms = time_monotonic_ms();
	struct remote_answer answer;
	struct error err = { 0 };
	struct two two;

	open_two(&two, manners, answers, nums, 4000);
	ck_assert(!ask(&two, "GET", false, &answer, &err));
	remote_answer_free(&answer);
	ck_assert_int_lt(time_monotonic_ms() - begun_ms, 4000 + 2 * 3000);
	stop_two(&two);
	/* What stands by was asked once more after a wait. */
	ck_assert_uint_eq(server_num_requests(two.servers[1]), 2);
	close_two(&two);
}
END_TEST

START_TEST(who_refuses_has_answered)
{
	const enum manner manners[2] = { NOBODY, ANSWERS };
	const struct server_answer no = {
		PROBLEM("403", "", "{\"detail\":\"not yours\",\"exit\":3}"), 0,
		true
	};
	const struct server_answer *const answers[2] = { NULL, &no };
	const size_t nums[2] = { 0, 1 };
	struct remote_answer answer;
	struct error err = { 0 };
	struct two two;

	open_two(&two, manners, answers, nums, 1000);
	ck_assert(!ask(&two, "GET", false, &answer, &err));
	remote_answer_free(&answer);
	ck_assert_str_eq(err.detail, "not yours");
	ck_assert_str_eq(two.reached, two.addresses.all[1]);
	close_two(&two);
}
END_TEST

START_TEST(ones_own_certificate_is_no_better_elsewhere)
{
	const enum manner manners[2] = { ANSWERS, ANSWERS };
	const struct server_answer good = { GOOD, 0, true };
	const struct server_answer *const answers[2] = { &good, &good };
	const size_t nums[2] = { 1, 1 };
	struct remote_answer answer;
	struct error err = { 0 };
	struct two two;

	ck_ok(file_write_quick(cert, span_of_str("none\n"), 0600, &err), err);
	open_two(&two, manners, answers, nums, 1000);
	ck_assert(!ask(&two, "GET", false, &answer, &err));
	remote_answer_free(&answer);
	ck_assert_uint_eq(two.moved, 0);
	ck_assert_str_eq(addresses_now(&two.addresses), two.addresses.all[0]);
	close_two(&two);
}
END_TEST

/* A take-over: for a while both stand by. */
START_TEST(who_takes_over_is_found)
{
	const enum manner manners[2] = { ANSWERS, ANSWERS };
	const struct server_answer first[2] = { { STANDS_BY, 0, true },
		{ STANDS_BY, 0, true } };
	const struct server_answer second[2] = { { STANDS_BY, 0, true },
		{ GOOD, 0, true } };
	const struct server_answer *const answers[2] = { first, second };
	const size_t nums[2] = { 2, 2 };
	struct remote_answer answer;
	struct error err = { 0 };
	struct two two;

	open_two(&two, manners, answers, nums, 5000);
	ck_ok(ask(&two, "GET", false, &answer, &err), err);
	remote_answer_free(&answer);
	ck_assert_str_eq(two.reached, two.addresses.all[1]);
	stop_two(&two);
	ck_assert_uint_eq(server_num_requests(two.servers[0]), 2);
	ck_assert_uint_eq(server_num_requests(two.servers[1]), 2);
	close_two(&two);
}
END_TEST

/* A line that breaks in the middle is asked again before another address is. */
START_TEST(what_broke_in_the_middle_goes_on_elsewhere)
{
	const enum manner manners[2] = { ANSWERS, ANSWERS };
	const struct server_answer first[3] = {
		{ "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 10\r\n\r\n"
		  "01234",
		    0, true },
		{ "HTTP/1.1 206 Partial Content\r\nETag: \"a\"\r\n"
		  "Content-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56",
		    0, true },
		{ STANDS_BY, 0, true },
	};
	const struct server_answer second = {
		"HTTP/1.1 206 Partial Content\r\nETag: \"a\"\r\n"
		"Content-Range: bytes 7-9/10\r\nContent-Length: 3\r\n\r\n789",
		0, true
	};
	const struct server_answer *const answers[2] = { first, &second };
	const size_t nums[2] = { 3, 1 };
	const int fd = file_temporary("/tmp", &(struct error){ 0 });
	const struct remote_request request = { .method = "GET",
		.path = "/v1/x",
		.body_fd = -1,
		.file_fd = fd };
	struct remote_answer answer;
	struct error err = { 0 };
	char got[16] = "";
	struct two two;

	open_two(&two, manners, answers, nums, 5000);
	ck_ok(remote_do(two.remote, &request, &answer, &err), err);
	remote_answer_free(&answer);
	ck_assert_int_eq(pread(fd, got, sizeof(got), 0), 10);
	ck_assert_str_eq(got, "0123456789");
	stop_two(&two);
	ck_assert_uint_eq(server_num_requests(two.servers[0]), 3);
	ck_assert_ptr_nonnull(strstr(server_request(two.servers[1], 0),
	    "\r\nRange: bytes=7-\r\n"));
	close(fd);
	close_two(&two);
}
END_TEST

/* Events: the next stream is of the next address. */
static bool
hear(void *arg, const struct remote_event *event, struct error *err)
{
	(void)event, (void)err;
	++*(unsigned *)arg;
	return true;
}

START_TEST(the_next_stream_is_of_the_next_address)
{
	const enum manner manners[2] = { ANSWERS, ANSWERS };
	const struct server_answer first = { STANDS_BY, 0, true };
	const struct server_answer second = {
		"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
		"id: 7\nevent: entry\ndata: {}\n\n",
		0, true
	};
	const struct server_answer *const answers[2] = { &first, &second };
	const size_t nums[2] = { 1, 1 };
	struct error err = { 0 };
	unsigned num = 0;
	struct two two;

	open_two(&two, manners, answers, nums, 1000);
	ck_assert(
	    !remote_events(two.remote, "/v1/events", "", hear, &num, &err));
	ck_assert_str_eq(error_code(&err), "STANDS_BY");
	err = (struct error){ 0 };
	ck_assert(
	    !remote_events(two.remote, "/v1/events", "", hear, &num, &err));
	ck_assert_uint_eq(num, 1);
	close_two(&two);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, others_are_as_they_should_be, 0, COUNT(lists));
	tcase_add_test(t, one_of_too_many_bytes_is_none);
	tcase_add_test(t, the_one_that_answered_is_asked_first);
	tcase_add_loop_test(t, the_order_makes_no_other_set, 0, COUNT(sets));
	tcase_add_loop_test(t, the_next_is_asked_where_nothing_was_done, 0,
	    COUNT(firsts));
	tcase_add_loop_test(t, where_none_answers_each_is_named, 0,
	    COUNT(both));
	tcase_add_test(t, what_hangs_is_not_waited_for_again_and_again);
	tcase_add_test(t, who_refuses_has_answered);
	tcase_add_test(t, ones_own_certificate_is_no_better_elsewhere);
	tcase_add_test(t, who_takes_over_is_found);
	tcase_add_test(t, what_broke_in_the_middle_goes_on_elsewhere);
	tcase_add_test(t, the_next_stream_is_of_the_next_address);
}

int
main(void)
{
	return run_tests("addresses", fill);
}
