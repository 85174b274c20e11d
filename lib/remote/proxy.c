/*
 * Choosing a proxy (proxy.h).
 */
#include "remote/proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "base/text.h"

/* The parts of SCHEME://[USER[:PASSWORD]@]HOST[:PORT][/...], all borrowed. */
struct address {
	struct span scheme, user, password, host, port;
	bool has_password;
};

static bool
split_port(struct span where, struct address *out)
{
	struct span host;

	if (span_starts(where, "[")) {
		where = span_sub(where, 1, where.len - 1);
		if (!span_take_until(&where, ']', &out->host))
			return false;
		if (where.len == 0)
			return true;
		if (where.data[0] != ':')
			return false;
		out->port = span_sub(where, 1, where.len - 1);
	} else if (span_take_until(&where, ':', &host)) {
		out->host = host;
		out->port = where;
	} else {
		out->host = where;
	}
	return true;
}

/* False if it is none. usual is the scheme of an address that has none. */
static bool
split(const char *text, const char *usual, struct address *out)
{
	const char *colon = strstr(text, "://");
	struct span rest = span_of_str(colon != NULL ? colon + 3 : text), part;
	const char *at;
	uint64_t port;

	*out = (struct address){ .scheme = colon != NULL
		    ? span_of(text, (size_t)(colon - text))
		    : span_of_str(usual) };
	part = rest;
	if (span_take_until(&rest, '/', &part))
		rest = part;
	if (rest.len > 0 && (at = memrchr(rest.data, '@', rest.len)) != NULL) {
		const size_t len = (size_t)(at - (const char *)rest.data);

		part = span_sub(rest, 0, len);
		rest = span_sub(rest, len + 1, rest.len - len - 1);
		out->has_password = span_take_until(&part, ':', &out->user);
		if (out->has_password)
			out->password = part;
		else
			out->user = part;
	}
	return split_port(rest, out) && out->host.len > 0 &&
	    (out->port.len == 0 ||
		(span_to_u64(out->port, &port) && port > 0 && port < 65536));
}

static bool
nibble(uint8_t c, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != 0 ? strchr(digits, c | 0x20) : NULL;

	*out = at != NULL ? (uint8_t)(at - digits) : 0;
	return at != NULL;
}

/* Decode %XX. False if it does not fit or is none. */
static bool
decode(struct span text, char out[PROXY_WORD])
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = text.data[i], low;

		if (byte == '%') {
			if (i + 2 >= text.len ||
			    !nibble(text.data[i + 1], &byte) ||
			    !nibble(text.data[i + 2], &low))
				return false;
			byte = (uint8_t)(byte << 4 | low);
			i += 2;
		}
		if (byte == 0 || n + 1 >= PROXY_WORD)
			return false;
		out[n++] = (char)byte;
	}
	out[n] = '\0';
	return true;
}

static bool
is_scheme(struct span scheme)
{
	return span_is(scheme, "http") || span_is(scheme, "https") ||
	    span_is(scheme, "socks5") || span_is(scheme, "socks5h");
}

/* What is in a configuration names its scheme; in the environment few do. */
static bool
parse(const char *text, const char *usual, struct proxy *out, struct error *err)
{
	struct address parts;

	if (strlen(text) >= PROXY_URL || strpbrk(text, " \t\r\n\"<>") != NULL ||
	    !split(text, usual, &parts) || !is_scheme(parts.scheme) ||
	    !decode(parts.user, out->user) ||
	    !decode(parts.password, out->password))
		return error_set(err, ERROR_USAGE,
		    "it is no address of a proxy, such as"
		    " http://proxy.mofa.example:3128");
	snprintf(out->url, sizeof(out->url), "%.*s://%s%.*s%s%s%.*s",
	    (int)parts.scheme.len, (const char *)parts.scheme.data,
	    memchr(parts.host.data, ':', parts.host.len) != NULL ? "[" : "",
	    (int)parts.host.len, (const char *)parts.host.data,
	    memchr(parts.host.data, ':', parts.host.len) != NULL ? "]" : "",
	    parts.port.len > 0 ? ":" : "", (int)parts.port.len,
	    (const char *)parts.port.data);
	return true;
}

bool
proxy_check(const char *url, struct error *err)
{
	struct proxy proxy = { .url = "" };
	struct address parts;
	bool ok;

	if (strcmp(url, "none") == 0)
		return true;
	ok = parse(url, "", &proxy, err);
	if (ok && split(url, "", &parts) && parts.has_password)
		ok = error_set(err, ERROR_USAGE,
		    "a password is not written here: \"proxy-password\" names"
		    " the file that has it");
	OPENSSL_cleanse(&proxy, sizeof(proxy));
	return ok;
}

/* --- Who is reached without. --- */

static bool
is_loopback(struct span host)
{
	char name[PROXY_URL];
	struct in_addr four;
	struct in6_addr six;
	size_t len;

	if (!span_to_str(host, name, sizeof(name)))
		return false;
	len = strlen(name);
	if (strcasecmp(name, "localhost") == 0 ||
	    (len > 10 && strcasecmp(name + len - 10, ".localhost") == 0))
		return true;
	/* As a resolver reads it: "127.1" is of this machine, too. */
	if (inet_aton(name, &four) != 0)
		return (ntohl(four.s_addr) >> 24) == 127;
	if (inet_pton(AF_INET6, name, &six) != 1)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&six) ||
	    (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
}

/* Is an address in the network that "ADDRESS/BITS" names? */
static bool
is_in_network(struct span host, struct span network, struct span bits)
{
	char name[64], net[64];
	uint8_t a[16], b[16];
	uint64_t num;
	int family;

	if (!span_to_str(host, name, sizeof(name)) ||
	    !span_to_str(network, net, sizeof(net)) || !span_to_u64(bits, &num))
		return false;
	family = strchr(net, ':') != NULL ? AF_INET6 : AF_INET;
	if (num > (family == AF_INET6 ? 128 : 32) ||
	    inet_pton(family, name, a) != 1 || inet_pton(family, net, b) != 1)
		return false;
	for (unsigned i = 0; i < num; i++)
		if (((a[i / 8] ^ b[i / 8]) & (0x80 >> i % 8)) != 0)
			return false;
	return true;
}

/* One element of NO_PROXY: a host, the end of one, or a network. */
static bool
excepts(struct span one, const struct address *server)
{
	struct address parts = { .host = one };
	struct span network, bits = one;
	size_t at;

	if (span_is(one, "*"))
		return true;
	if (span_take_until(&bits, '/', &network))
		return is_in_network(server->host, network, bits);
	while (one.len > 0 && one.data[0] == '.')
		one = span_sub(one, 1, one.len - 1);
	/* An IPv6 address without brackets has no port. */
	parts.host = one;
	if (one.len > 0 &&
	    (one.data[0] == '[' ||
		memchr(one.data, ':', one.len) ==
		    memrchr(one.data, ':', one.len)) &&
	    !split_port(one, &parts))
		return false;
	if (parts.host.len == 0 || parts.host.len > server->host.len ||
	    (parts.port.len > 0 && !span_eq(parts.port, server->port)))
		return false;
	at = server->host.len - parts.host.len;
	return strncasecmp((const char *)server->host.data + at,
		   (const char *)parts.host.data, parts.host.len) == 0 &&
	    (at == 0 || server->host.data[at - 1] == '.');
}

static bool
is_excepted(const char *list, const struct address *server)
{
	struct span rest = span_of_str(list != NULL ? list : "");

	while (rest.len > 0) {
		size_t n = 0;

		while (
		    n < rest.len && rest.data[n] != ',' && rest.data[n] != ' ')
			n++;
		if (n > 0 && excepts(span_sub(rest, 0, n), server))
			return true;
		n += n < rest.len;
		rest = span_sub(rest, n, rest.len - n);
	}
	return false;
}

/* --- Choosing. --- */

static bool
is_set(const char *value)
{
	return value != NULL && value[0] != '\0';
}

/* The address, or NULL, and where it is from. */
static const char *
find(const struct proxy_sources *from, bool plain, struct proxy *out)
{
	const struct {
		const char *value, *name;
	} all[] = {
		{ plain ? from->http_lower : NULL, "http_proxy" },
		{ from->https_upper, "HTTPS_PROXY" },
		{ from->https_lower, "https_proxy" },
	};

	if (from->url[0] != '\0') {
		snprintf(out->from, sizeof(out->from), "proxy in %s",
		    from->config != NULL ? from->config : "the configuration");
		return from->url;
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (is_set(all[i].value)) {
			snprintf(out->from, sizeof(out->from), "%s",
			    all[i].name);
			return all[i].value;
		}
	return NULL;
}

/* Its file has the password alone, in a line. */
static bool
read_password(const struct proxy_sources *from, struct proxy *out,
    struct error *err)
{
	static const struct private_rule strict = { .insecure = false };
	struct buf text = BUF(PROXY_WORD + 1);
	struct span line;
	bool ok;

	ok = private_read(from->password_file, text.max,
	    from->rule != NULL ? from->rule : &strict, &text, err);
	line = buf_span(&text);
	while (line.len > 0 &&
	    (line.data[line.len - 1] == '\n' ||
		line.data[line.len - 1] == '\r'))
		line.len--;
	if (ok &&
	    (line.len == 0 || memchr(line.data, '\n', line.len) != NULL ||
		!span_to_str(line, out->password, sizeof(out->password))))
		ok = error_set(err, ERROR_USAGE,
		    "%s: not the password of a proxy in one line",
		    from->password_file);
	if (text.data != NULL)
		OPENSSL_cleanse(text.data, text.cap);
	buf_free(&text);
	return ok;
}

void
proxy_read(const struct yaml *root, const char *password_file,
    struct proxy_sources *out, struct complaints *to)
{
	const struct yaml *node = yaml_get(root, "proxy");
	const char *text = node != NULL ? yaml_text(node, to) : NULL;
	struct error why = { 0 };

	if (text != NULL &&
	    (!proxy_check(text, &why) ||
		!text_take(out->url, sizeof(out->url), text, &why)))
		complain(to, node, "%s", why.detail);
	if (!text_take(out->password_file, sizeof(out->password_file),
		password_file, &why))
		complain(to, yaml_get(root, "proxy-password"), "%s",
		    why.detail);
}

bool
proxy_choose(const struct proxy_sources *sources, const char *address,
    struct proxy *out, struct error *err)
{
	struct address server;
	const char *url;

	*out = (struct proxy){ .url = "" };
	if (sources == NULL || !split(address, "https", &server))
		return true;
	url = find(sources, span_is(server.scheme, "http"), out);
	if (url == NULL || strcmp(url, "none") == 0 ||
	    is_loopback(server.host) ||
	    is_excepted(is_set(sources->no_upper) ? sources->no_upper
						  : sources->no_lower,
		&server))
		return true;
	if (!parse(url, "http", out, err))
		return error_context(err, "%s", out->from);
	if (sources->url[0] != '\0' && sources->password_file[0] != '\0')
		return read_password(sources, out, err);
	return true;
}

bool
proxy_name(const struct proxy_sources *sources, const struct proxy *proxy,
    struct error *err)
{
	const size_t len = strlen(err->detail);

	if (proxy->url[0] == '\0')
		return false;
	snprintf(err->detail + len, sizeof(err->detail) - len,
	    " (by the proxy %s of %s; \"proxy: none\" %s%s does without)",
	    proxy->url, proxy->from,
	    sources->url[0] != '\0'       ? "there"
		: sources->config != NULL ? "in "
					  : "in the configuration",
	    sources->url[0] == '\0' && sources->config != NULL ? sources->config
							       : "");
	return false;
}
