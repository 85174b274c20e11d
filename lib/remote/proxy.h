/*
 * proxy.h - the proxy by which a server is reached: what a configuration names
 * ("proxy"), else what the environment does, which the program passes in.
 * NO_PROXY holds for both, and this machine is reached by none.
 */
#ifndef REMOTE_PROXY_H
#define REMOTE_PROXY_H

#include "base/file.h"
#include "base/private.h"
#include "base/yaml.h"

enum { PROXY_URL = 256, PROXY_WORD = 256, PROXY_PATH = 1024 };

struct proxy_sources {
	/* "proxy" of the configuration: a URL, "none", or empty */
	char url[PROXY_URL];
	/* "proxy-password": a file with the password; or empty */
	char password_file[PROXY_PATH];
	/* the configuration's own path, borrowed; NULL: there is none */
	const char *config;
	const struct private_rule *rule; /* for the password's file */
	/*
	 * Of the environment, borrowed; NULL: not set. For a plain http://
	 * address http_proxy is asked first.
	 */
	const char *https_upper, *https_lower, *http_lower;
	const char *no_upper, *no_lower;
};

struct proxy {
	char url[PROXY_URL]; /* without user and password; empty: none */
	char user[PROXY_WORD], password[PROXY_WORD];
	/* where it is from: "proxy in FILE", or the variable's name */
	char from[FILE_PATH + 16];
};

/*
 * Check what a configuration may say: "none", or http, https, socks5 or socks5h
 * with a host, perhaps a user, and no password.
 *
 * ERROR_USAGE  the sentence says what is wrong
 */
bool proxy_check(const char *url, struct error *err) MUST_USE;
/*
 * Read "proxy" of a configuration, and take the path that its "proxy-password"
 * names ("": none).  What is wrong is complained of.
 */
void proxy_read(const struct yaml *root, const char *password_file,
    struct proxy_sources *out, struct complaints *to);
/*
 * Choose the proxy for a server's address, and read its password.  sources NULL:
 * there is none.
 *
 * ERROR_USAGE      the environment's is no address
 * ERROR_UNTRUSTED  others may read the password's file
 */
bool proxy_choose(const struct proxy_sources *sources, const char *address,
    struct proxy *out, struct error *err) MUST_USE;
/*
 * Add to an error which proxy was in use, where it is from, and how to do
 * without. Returns false.
 */
bool proxy_name(const struct proxy_sources *sources, const struct proxy *proxy,
    struct error *err);

#endif
