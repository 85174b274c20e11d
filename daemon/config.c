/*
 * Reading and checking valised.yaml (config.h).
 */
#include "daemon/config.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"

static void
read_path(const struct yaml *root, const char *key, const char *dir,
    char out[FILE_PATH], struct complaints *to)
{
	const struct yaml *node = yaml_get(root, key);
	const char *text = node != NULL ? yaml_text(node, to) : NULL;
	struct error why = { 0 };

	if (text == NULL)
		return;
	if (text[0] == '\0')
		complain(to, node, "\"%s\" is empty", key);
	else if (text[0] == '/' ? !text_take(out, FILE_PATH, text, &why)
				: !file_join(out, dir, text, &why))
		complain(to, node, "%s", why.detail);
}

/* Read the address to listen on into host and port. */
static void
read_listen(const struct yaml *node, struct config *out, struct complaints *to)
{
	const char *text = node != NULL ? yaml_text(node, to) : NULL;
	const char *colon = text != NULL ? strrchr(text, ':') : NULL;
	uint64_t port;

	if (text == NULL)
		return;
	if (colon == NULL || colon == text ||
	    !span_to_u64(span_of_str(colon + 1), &port) || port > 65535 ||
	    (size_t)(colon - text) >= sizeof(out->listen_host)) {
		complain(to, node, "\"%.60s\" is not HOST:PORT", text);
		return;
	}
	/* Parse HOST:PORT, such as [::1]:8443. */
	if (text[0] == '[' && colon[-1] == ']')
		snprintf(out->listen_host, sizeof(out->listen_host), "%.*s",
		    (int)(colon - text) - 2, text + 1);
	else
		snprintf(out->listen_host, sizeof(out->listen_host), "%.*s",
		    (int)(colon - text), text);
	snprintf(out->listen_port, sizeof(out->listen_port), "%u",
	    (unsigned)port);
}

static void
read_address(const struct yaml *node, struct addresses *out,
    struct complaints *to)
{
	const char *text = node != NULL ? yaml_text(node, to) : NULL;

	out->num = 1;
	if (text == NULL)
		return;
	if (!addresses_is_plain(text))
		complain(to, node,
		    "\"%.100s\" is not an address such as"
		    " https://valise.mofa.example:8443",
		    text);
	else
		text_set(out->all[0], sizeof(out->all[0]), text);
}

static void
read_numbers(const struct yaml *root, struct config *out, struct complaints *to)
{
	const struct yaml *cache = yaml_get(root, "cache");
	const struct yaml *reserve = yaml_get(root, "reserve");
	const struct yaml *workers = yaml_get(root, "workers");
	const struct yaml *repeats = yaml_get(root, "repeats");
	const struct yaml *memory = yaml_get(root, "memory");
	uint64_t number;

	out->cache_bytes = UINT64_C(1) << 30;
	out->reserve_bytes = UINT64_C(256) << 20;
	out->workers = 4;
	out->repeats = 600;
	if (cache != NULL)
		yaml_bytes(cache, &out->cache_bytes, to);
	if (reserve != NULL)
		yaml_bytes(reserve, &out->reserve_bytes, to);
	if (memory != NULL && yaml_bytes(memory, &out->memory_bytes, to) &&
	    out->memory_bytes == 0)
		complain(to, memory, "no memory");
	if (workers != NULL && yaml_u64(workers, &number, to)) {
		if (number < 1 || number > 64)
			complain(to, workers, "1 to 64 workers");
		else
			out->workers = (unsigned)number;
	}
	if (repeats != NULL && yaml_u64(repeats, &number, to)) {
		if (number < 1 || number > LIMIT_REPEATS)
			complain(to, repeats, "1 to %d repeats", LIMIT_REPEATS);
		else
			out->repeats = number;
	}
}

static void
read_interval(const struct yaml *root, const char *key, unsigned usual,
    unsigned *out, struct complaints *to)
{
	const struct yaml *node = yaml_get(root, key);
	const char *text = node != NULL ? yaml_text(node, to) : NULL;

	*out = usual;
	if (text != NULL && !time_parse_interval(span_of_str(text), out))
		complain(to, node,
		    "\"%.40s\" is not a time such as 30s, 10m"
		    " or 24h",
		    text);
}

static void
read_url(const struct yaml *node, char out[512], struct complaints *to)
{
	const char *text = yaml_text(node, to);

	if (text == NULL)
		return;
	if ((strncmp(text, "https://", 8) != 0 &&
		strncmp(text, "http://", 7) != 0) ||
	    strlen(text) >= 512 || strpbrk(text, " \t\"<>") != NULL)
		complain(to, node, "\"%.100s\" is no http or https address",
		    text);
	else
		text_set(out, 512, text);
}

/* Read whom the daemon asks by itself, and how often. */
static void
read_outside(const struct yaml *root, struct config *out, struct complaints *to)
{
	const struct yaml *urls = yaml_get(root, "crl-urls");
	const struct yaml *witnesses = yaml_get(root, "witnesses");

	read_interval(root, "verify-every", 24 * 60 * 60, &out->verify_every,
	    to);
	read_interval(root, "crls-every", 60 * 60, &out->crls_every, to);
	read_interval(root, "witness-every", 10 * 60, &out->witness_every, to);
	if (urls != NULL && yaml_is(urls, YAML_SEQUENCE, to))
		for (const struct yaml *c = urls->children; c != NULL;
		     c = c->next) {
			if (out->num_crl_urls == CONFIG_URLS) {
				complain(to, c, "more than %d addresses",
				    CONFIG_URLS);
				break;
			}
			read_url(c, out->crl_urls[out->num_crl_urls++], to);
		}
	if (witnesses == NULL || !yaml_is(witnesses, YAML_MAPPING, to))
		return;
	for (const struct yaml *c = witnesses->children; c != NULL;
	     c = c->next) {
		if (out->num_witnesses == LIMIT_WITNESSES) {
			complain(to, c, "more than %d witnesses",
			    LIMIT_WITNESSES);
			break;
		}
		if (!text_is_slug(span_of_str(c->key))) {
			complain_key(to, c, "\"%.60s\" names no witness",
			    c->key);
			continue;
		}
		text_set(out->witnesses[out->num_witnesses].name,
		    sizeof(out->witnesses[0].name), c->key);
		read_url(c, out->witnesses[out->num_witnesses++].url, to);
	}
}

static void
read_proxy(const struct yaml *root, const char *dir, struct proxy_sources *out,
    struct complaints *to)
{
	char password[FILE_PATH] = "";

	read_path(root, "proxy-password", dir, password, to);
	proxy_read(root, password, out, to);
}

/* Read who may read /health and /metrics, and nothing else. */
static void
read_monitors(const struct yaml *node, struct config *out,
    struct complaints *to)
{
	if (node == NULL || !yaml_is(node, YAML_SEQUENCE, to))
		return;
	for (const struct yaml *c = node->children; c != NULL; c = c->next) {
		const char *text = yaml_text(c, to);

		if (text == NULL)
			continue;
		if (out->num_monitors == CONFIG_MONITORS) {
			complain(to, c, "more than %d monitors",
			    CONFIG_MONITORS);
			break;
		}
		/* No pattern: who monitors is named. */
		if (!text_is_email(span_of_str(text)))
			complain(to, c,
			    "\"%.60s\" is no whole e-mail address in lower"
			    " case",
			    text);
		else
			text_set(out->monitors[out->num_monitors++],
			    sizeof(out->monitors[0]), text);
	}
}

/* Read how two daemons share a record. */
static void
read_standby(const struct yaml *root, struct config *out, struct complaints *to)
{
	const struct yaml *promote = yaml_get(root, "promote"),
			  *signers = yaml_get(root, "signers");
	const char *text = promote != NULL ? yaml_text(promote, to) : NULL;
	uint64_t number;

	if (text != NULL && strcmp(text, "manual") == 0)
		out->promote = PROMOTE_MANUAL;
	else if (text != NULL && strcmp(text, "auto") == 0)
		out->promote = PROMOTE_AUTO;
	else if (text != NULL)
		complain(to, promote, "\"%.40s\" is neither manual nor auto",
		    text);
	if (promote != NULL && out->store[0] == '\0')
		complain(to, promote,
		    "a stand-by needs a record in a database (\"store\")");
	out->signers = out->promote != PROMOTE_NONE ? 2 : 1;
	if (signers == NULL || !yaml_u64(signers, &number, to))
		return;
	if (promote == NULL)
		complain(to, signers, "it needs a stand-by (\"promote\")");
	else if (number < 1 || number > 2)
		complain(to, signers, "1 or 2 signers");
	else
		out->signers = (unsigned)number;
}

/* Read where the record is, if it is in a database. */
static void
read_store(const struct yaml *node, const char *dir, struct config *out,
    struct complaints *to)
{
	static const char *const keys[] = { "postgresql", "services",
		"durable" };
	const struct yaml *database, *durable;
	struct data_place place;
	const char *text = NULL;
	struct error why = { 0 };
	uint64_t number;

	out->store_durable = 1;
	if (node == NULL || !yaml_is(node, YAML_MAPPING, to))
		return;
	yaml_only(node, keys, sizeof(keys) / sizeof(keys[0]), to);
	yaml_need(node, "postgresql", to);
	read_path(node, "services", dir, out->store_services, to);
	if ((durable = yaml_get(node, "durable")) != NULL &&
	    yaml_u64(durable, &number, to)) {
		if (number < 1 || number > CONFIG_DURABLE_MAX)
			complain(to, durable, "1 to %d machines",
			    CONFIG_DURABLE_MAX);
		else
			out->store_durable = (unsigned)number;
	}
	if ((database = yaml_get(node, "postgresql")) != NULL)
		text = yaml_text(database, to);
	if (text == NULL)
		return;
	if (text[0] == '\0' ||
	    !text_take(out->store, sizeof(out->store), text, &why)) {
		complain(to, database, "1 to %d bytes", CONFIG_STORE - 1);
		return;
	}
	place = config_place(out);
	if (!postgres_check_settings(&place.database, &why))
		complain(to, database, "%s", why.detail);
}

/* Read the whole file. */
static void
read_root(const struct yaml *root, const char *dir, struct config *out,
    struct complaints *to)
{
	static const char *const keys[] = { "valise", "listen", "address",
		"other-addresses", "data", "policies", "crls",
		"server-certificate", "server-key", "depositary-certificate",
		"depositary-key", "cache", "reserve", "memory", "workers",
		"repeats", "verify-every", "crls-every", "crl-urls",
		"witness-every", "witnesses", "monitor", "proxy",
		"proxy-password", "register", "store", "promote", "signers" };
	static const char *const needed[] = { "listen", "address", "data",
		"policies", "crls", "server-certificate",
		"depositary-certificate" };
	const struct yaml *has_register = yaml_get(root, "register");
	struct error why = { 0 };

	if (!yaml_is(root, YAML_MAPPING, to))
		return;
	yaml_only(root, keys, sizeof(keys) / sizeof(keys[0]), to);
	yaml_format(root, to);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		yaml_need(root, needed[i], to);
	read_listen(yaml_get(root, "listen"), out, to);
	read_address(yaml_get(root, "address"), &out->addresses, to);
	addresses_read_others(yaml_get(root, "other-addresses"),
	    &out->addresses, to);
	read_path(root, "data", dir, out->data, to);
	read_path(root, "policies", dir, out->policies, to);
	read_path(root, "crls", dir, out->crls, to);
	if (!data_path(out->data, DATA_SERVER_KEY, out->server_key, &why) ||
	    !data_path(out->data, DATA_DEPOSITARY_KEY, out->depositary_key,
		&why))
		complain(to, root, "%s", why.detail);
	read_path(root, "server-certificate", dir, out->server_cert, to);
	read_path(root, "server-key", dir, out->server_key, to);
	read_path(root, "depositary-certificate", dir, out->depositary_cert,
	    to);
	read_path(root, "depositary-key", dir, out->depositary_key, to);
	read_store(yaml_get(root, "store"), dir, out, to);
	read_standby(root, out, to);
	read_numbers(root, out, to);
	read_outside(root, out, to);
	read_proxy(root, dir, &out->proxies, to);

	read_monitors(yaml_get(root, "monitor"), out, to);
	out->has_register = true;
	if (has_register != NULL)
		yaml_bool(has_register, &out->has_register, to);
}

struct data_place
config_place(const struct config *config)
{
	struct data_place place = data_in(config->data);

	if (config->store[0] == '\0')
		return place;
	place.database = (struct postgres_settings){ .conninfo = config->store,
		.services = config->store_services[0] != '\0'
		    ? config->store_services
		    : NULL,
		.durable = config->store_durable };
	return place;
}

bool
config_load(const char *path, struct config *out, struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	struct buf text = BUF(LIMIT_POLICY_FILE_BYTES);
	struct yaml *root = NULL;
	char dir[FILE_PATH];
	char *slash;
	bool ok;

	*out = (struct config){ 0 };
	out->path = out->proxies.config = path;
	if (!text_take(dir, sizeof(dir), path, err))
		return false;
	if ((slash = strrchr(dir, '/')) != NULL)
		*slash = '\0';
	else
		snprintf(dir, sizeof(dir), ".");
	ok = file_read(path, LIMIT_POLICY_FILE_BYTES, &text, err) &&
	    (root = yaml_parse_written(path, buf_span(&text), err)) != NULL;
	if (ok) {
		read_root(root, dir, out, &complaints);
		ok = complaints_none(&complaints, err);
	}
	yaml_free_tree(root);
	buf_free(&text);
	complaints_free(&complaints);
	return ok;
}
