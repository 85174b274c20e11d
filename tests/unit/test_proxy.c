/*
 * Which proxy is chosen, for which server, and what is told of it.
 */
#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "remote/proxy.h"

static char dir[UNIT_DIR], password[FILE_PATH];

static void
set_up(void)
{
	struct error err = { 0 };

	unit_make_dir(dir);
	ck_ok(file_join(password, dir, "password", &err) &&
		file_create(password, span_of_str("s:e%41\n"), 0600, &err),
	    err);
}

static void
tear_down(void)
{
	unit_remove_dir(dir);
}

/* --- What a configuration may say. --- */

static const struct {
	const char *url;
	bool good;
} urls[] = {
	{ "none", true },
	{ "http://proxy.mofa.example:3128", true },
	{ "https://proxy.mofa.example", true },
	{ "socks5://10.0.0.1:1080", true },
	{ "socks5h://[2001:db8::1]:1080", true },
	{ "http://treaties@proxy.mofa.example:3128/", true },
	{ "", false },
	{ "None", false },
	{ "proxy.mofa.example:3128", false },
	{ "ftp://proxy.mofa.example", false },
	{ "http://", false },
	{ "http://:3128", false },
	{ "http://proxy:0", false },
	{ "http://proxy:65536", false },
	{ "http://proxy:http", false },
	{ "http://[::1", false },
	{ "http://[::1]3128", false },
	{ "http://a b", false },
	{ "http://%zz@proxy", false },
	{ "http://%00@proxy", false },
	{ "http://name:password@proxy:3128", false },
	{ "http://name:@proxy:3128", false },
};

START_TEST(a_configuration_names_a_proxy_and_no_password)
{
	struct error err = { 0 };

	ck_assert_msg(proxy_check(urls[_i].url, &err) == urls[_i].good, "%s",
	    urls[_i].url);
	if (!urls[_i].good)
		ck_assert_int_eq(err.kind, ERROR_USAGE);
}
END_TEST

/* --- Choosing. --- */

#define DAEMON "https://valise.mofa.example:8443"
#define P      "http://p:1"
#define Q      "http://q:2"

static const struct {
	const char *url; /* of the configuration */
	const char *upper, *lower, *http, *no, *no_lower;
	const char *address, *chosen, *from;
} choices[] = {
	{ "", NULL, NULL, NULL, NULL, NULL, DAEMON, "", "" },
	{ P, NULL, NULL, NULL, NULL, NULL, DAEMON, P, "proxy in c.yaml" },
	{ P, Q, Q, Q, NULL, NULL, DAEMON, P, "proxy in c.yaml" },
	{ "none", Q, Q, Q, NULL, NULL, DAEMON, "", NULL },
	{ "", P, Q, NULL, NULL, NULL, DAEMON, P, "HTTPS_PROXY" },
	{ "", NULL, Q, NULL, NULL, NULL, DAEMON, Q, "https_proxy" },
	{ "", "", Q, NULL, NULL, NULL, DAEMON, Q, "https_proxy" },
	{ "", NULL, NULL, P, NULL, NULL, DAEMON, "", "" },
	/* A plain address: http_proxy first. */
	{ "", P, NULL, Q, NULL, NULL, "http://ca.example/crl", Q,
	    "http_proxy" },
	{ "", P, NULL, NULL, NULL, NULL, "http://ca.example/crl", P,
	    "HTTPS_PROXY" },
	/* In the environment few name the scheme. */
	{ "", "p:1", NULL, NULL, NULL, NULL, DAEMON, P, "HTTPS_PROXY" },
	{ "", "http://u:w@p:1/", NULL, NULL, NULL, NULL, DAEMON, P,
	    "HTTPS_PROXY" },
	/* This machine is reached by none. */
	{ P, Q, NULL, NULL, NULL, NULL, "https://127.0.0.1:8443", "", NULL },
	{ P, NULL, NULL, NULL, NULL, NULL, "https://127.9.9.9:8443", "", NULL },
	{ P, NULL, NULL, NULL, NULL, NULL, "https://127.1", "", NULL },
	{ P, NULL, NULL, NULL, NULL, NULL, "https://localhost:8443", "", NULL },
	{ P, NULL, NULL, NULL, NULL, NULL, "https://LOCALHOST", "", NULL },
	{ P, NULL, NULL, NULL, NULL, NULL, "https://a.localhost/", "", NULL },
	{ P, NULL, NULL, NULL, NULL, NULL, "https://[::1]:8443", "", NULL },
	{ P, NULL, NULL, NULL, NULL, NULL, "https://[::ffff:127.0.0.1]", "",
	    NULL },
	{ P, NULL, NULL, NULL, NULL, NULL, "https://128.0.0.1", P, NULL },
	{ P, NULL, NULL, NULL, NULL, NULL, "https://mylocalhost", P, NULL },
	{ P, NULL, NULL, NULL, NULL, NULL, "https://localhost.example", P,
	    NULL },
	{ P, NULL, NULL, NULL, NULL, NULL, "https://[::2]", P, NULL },
	/* NO_PROXY, for both. */
	{ "", P, NULL, NULL, "mofa.example", NULL, DAEMON, "", NULL },
	{ P, NULL, NULL, NULL, "mofa.example", NULL, DAEMON, "", NULL },
	{ "", P, NULL, NULL, NULL, ".mofa.example", DAEMON, "", NULL },
	{ "", P, NULL, NULL, "x, VALISE.mofa.example", NULL, DAEMON, "", NULL },
	{ "", P, NULL, NULL, "ofa.example", NULL, DAEMON, P, NULL },
	{ "", P, NULL, NULL, "a.valise.mofa.example", NULL, DAEMON, P, NULL },
	{ "", P, NULL, NULL, "*", NULL, DAEMON, "", NULL },
	{ "", P, NULL, NULL, "mofa.example:8443", NULL, DAEMON, "", NULL },
	{ "", P, NULL, NULL, "mofa.example:443", NULL, DAEMON, P, NULL },
	{ "", P, NULL, NULL, ",  ,", NULL, DAEMON, P, NULL },
	{ "", P, NULL, NULL, "", "mofa.example", DAEMON, "", NULL },
	{ "", P, NULL, NULL, "else.example", "mofa.example", DAEMON, P, NULL },
	{ "", P, NULL, NULL, "10.1.0.0/16", NULL, "https://10.1.2.3", "",
	    NULL },
	{ "", P, NULL, NULL, "10.1.0.0/16", NULL, "https://10.2.2.3", P, NULL },
	{ "", P, NULL, NULL, "10.0.0.0/33", NULL, "https://10.0.0.1", P, NULL },
	{ "", P, NULL, NULL, "10.0.0.0/8", NULL, "https://10.example", P,
	    NULL },
	{ "", P, NULL, NULL, "2001:db8::/32", NULL, "https://[2001:db8::7]:1",
	    "", NULL },
	{ "", P, NULL, NULL, "2001:db8::7", NULL, "https://[2001:db8::7]:1", "",
	    NULL },
	{ "", P, NULL, NULL, "[2001:db8::7]:1", NULL, "https://[2001:db8::7]:1",
	    "", NULL },
};

static struct proxy_sources
sources_of(int i)
{
	struct proxy_sources all = { .config = "c.yaml",
		.https_upper = choices[i].upper,
		.https_lower = choices[i].lower,
		.http_lower = choices[i].http,
		.no_upper = choices[i].no,
		.no_lower = choices[i].no_lower };

	snprintf(all.url, sizeof(all.url), "%s", choices[i].url);
	return all;
}

START_TEST(the_first_that_names_one_is_asked)
{
	const struct proxy_sources all = sources_of(_i);
	struct proxy proxy;
	struct error err = { 0 };

	ck_ok(proxy_choose(&all, choices[_i].address, &proxy, &err), err);
	ck_assert_str_eq(proxy.url, choices[_i].chosen);
	if (choices[_i].from != NULL)
		ck_assert_str_eq(proxy.from, choices[_i].from);
}
END_TEST

START_TEST(without_sources_there_is_none)
{
	struct proxy proxy;
	struct error err = { 0 };

	ck_ok(proxy_choose(NULL, DAEMON, &proxy, &err), err);
	ck_assert_str_eq(proxy.url, "");
}
END_TEST

START_TEST(what_the_environment_says_must_be_an_address)
{
	const struct proxy_sources all = { .https_upper = "ftp://p:1" };
	struct proxy proxy;
	struct error err = { 0 };

	ck_assert(!proxy_choose(&all, DAEMON, &proxy, &err));
	ck_assert_int_eq(err.kind, ERROR_USAGE);
	ck_assert_ptr_nonnull(strstr(err.detail, "HTTPS_PROXY"));
	ck_assert_ptr_null(strstr(err.detail, "ftp://p:1"));
}
END_TEST

START_TEST(a_name_is_decoded)
{
	const struct proxy_sources all = { .https_upper =
					       "http://a%40b:c%3Ad@p:1" };
	struct proxy proxy;
	struct error err = { 0 };

	ck_ok(proxy_choose(&all, DAEMON, &proxy, &err), err);
	ck_assert_str_eq(proxy.user, "a@b");
	ck_assert_str_eq(proxy.password, "c:d");
	/* It is told without either. */
	ck_assert_str_eq(proxy.url, P);
}
END_TEST

static const struct {
	const char *text;
	mode_t mode;
	enum error_kind kind;
} passwords[] = {
	{ "secret\n", 0600, ERROR_NONE },
	{ "secret", 0600, ERROR_NONE },
	{ "secret\r\n", 0600, ERROR_NONE },
	{ "secret\n", 0644, ERROR_UNTRUSTED },
	{ "", 0600, ERROR_USAGE },
	{ "\n", 0600, ERROR_USAGE },
	{ "secret\nmore\n", 0600, ERROR_USAGE },
	{ NULL, 0, ERROR_NOT_FOUND },
};

START_TEST(its_password_is_in_a_file)
{
	struct proxy_sources all = { .url = "http://name@p:1" };
	struct proxy proxy;
	struct error err = { 0 };

	snprintf(all.password_file, sizeof(all.password_file), "%s", password);
	ck_assert_int_eq(remove(password), 0);
	if (passwords[_i].text != NULL) {
		ck_ok(file_create(password, span_of_str(passwords[_i].text),
			  0600, &err),
		    err);
		ck_assert_int_eq(chmod(password, passwords[_i].mode), 0);
	}
	ck_assert_int_eq(proxy_choose(&all, DAEMON, &proxy, &err),
	    passwords[_i].kind == ERROR_NONE);
	ck_assert_int_eq(err.kind, passwords[_i].kind);
	if (err.kind == ERROR_NONE)
		ck_assert_str_eq(proxy.password, "secret");
	/* Nor is it read for who is reached without. */
	err = (struct error){ 0 };
	ck_ok(proxy_choose(&all, "https://localhost", &proxy, &err), err);
	ck_assert_str_eq(proxy.password, "");
}
END_TEST

START_TEST(a_failure_names_it)
{
	struct proxy_sources all = { .config = "c.yaml", .https_upper = Q };
	struct proxy proxy;
	struct error err = { 0 };

	ck_ok(proxy_choose(&all, DAEMON, &proxy, &err), err);
	error_set(&err, ERROR_UNAVAILABLE, "why");
	ck_assert(!proxy_name(&all, &proxy, &err));
	ck_assert_str_eq(err.detail,
	    "why (by the proxy " Q " of HTTPS_PROXY; \"proxy: none\" in"
	    " c.yaml does without)");
	proxy.url[0] = '\0';
	error_set(&err, ERROR_UNAVAILABLE, "why");
	ck_assert(!proxy_name(&all, &proxy, &err));
	ck_assert_str_eq(err.detail, "why");
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, a_configuration_names_a_proxy_and_no_password, 0,
	    COUNT(urls));
	tcase_add_loop_test(t, the_first_that_names_one_is_asked, 0,
	    COUNT(choices));
	tcase_add_test(t, without_sources_there_is_none);
	tcase_add_test(t, what_the_environment_says_must_be_an_address);
	tcase_add_test(t, a_name_is_decoded);
	tcase_add_loop_test(t, its_password_is_in_a_file, 0, COUNT(passwords));
	tcase_add_test(t, a_failure_names_it);
}

int
main(void)
{
	return run_tests("proxy", fill);
}
