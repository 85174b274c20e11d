#include "daemon/config.h"

#include <string.h>

#include "base/limits.h"

bool
config_data(const struct config *config, const char *name,
    char out[FILE_PATH], struct error *err)
{
	return file_join(out, config->data, name, err);
}

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
	else if (text[0] == '/')
		snprintf(out, FILE_PATH, "%s", text);
	else if (!file_join(out, dir, text, &why))
		complain(to, node, "%s", why.detail);
}

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
	/* [::1]:8443 */
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
read_address(const struct yaml *node, struct config *out,
    struct complaints *to)
{
	const char *text = node != NULL ? yaml_text(node, to) : NULL;

	if (text == NULL)
		return;
	if (strncmp(text, "https://", 8) != 0 || text[8] == '\0' ||
	    strlen(text) >= sizeof(out->address) ||
	    strpbrk(text + 8, "/?# @") != NULL)
		complain(to, node, "\"%.100s\" is not an address such as"
				   " https://valise.mofa.example:8443", text);
	else
		snprintf(out->address, sizeof(out->address), "%s", text);
}

static void
read_numbers(const struct yaml *root, struct config *out,
    struct complaints *to)
{
	const struct yaml *cache = yaml_get(root, "cache");
	const struct yaml *workers = yaml_get(root, "workers");
	uint64_t number;

	out->cache_bytes = UINT64_C(1) << 30;
	out->workers = 4;
	if (cache != NULL)
		yaml_bytes(cache, &out->cache_bytes, to);
	if (workers != NULL && yaml_u64(workers, &number, to)) {
		if (number < 1 || number > 64)
			complain(to, workers, "1 to 64 workers");
		else
			out->workers = (unsigned)number;
	}
}

static void
read_root(const struct yaml *root, const char *dir, struct config *out,
    struct complaints *to)
{
	static const char *const keys[] = { "valise", "listen", "address",
		"data", "policies", "crls", "server-certificate",
		"server-key", "depositary-certificate", "depositary-key",
		"cache", "workers" };
	static const char *const needed[] = { "listen", "address",
		"data", "policies", "crls", "server-certificate",
		"depositary-certificate" };

	if (!yaml_is(root, YAML_MAPPING, to))
		return;
	yaml_only(root, keys, sizeof(keys) / sizeof(keys[0]), to);
	yaml_format(root, to);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		yaml_need(root, needed[i], to);
	read_listen(yaml_get(root, "listen"), out, to);
	read_address(yaml_get(root, "address"), out, to);
	read_path(root, "data", dir, out->data, to);
	read_path(root, "policies", dir, out->policies, to);
	read_path(root, "crls", dir, out->crls, to);
	snprintf(out->server_key, FILE_PATH, "%s/server/server.key",
	    out->data);
	snprintf(out->depositary_key, FILE_PATH, "%s/signer/depositary.key",
	    out->data);
	read_path(root, "server-certificate", dir, out->server_cert, to);
	read_path(root, "server-key", dir, out->server_key, to);
	read_path(root, "depositary-certificate", dir, out->depositary_cert,
	    to);
	read_path(root, "depositary-key", dir, out->depositary_key, to);
	read_numbers(root, out, to);
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
	snprintf(dir, sizeof(dir), "%s", path);
	if ((slash = strrchr(dir, '/')) != NULL)
		*slash = '\0';
	else
		snprintf(dir, sizeof(dir), ".");
	ok = file_read(path, LIMIT_POLICY_FILE_BYTES, &text, err) &&
	    (root = yaml_parse(path, buf_span(&text), err)) != NULL;
	if (ok) {
		read_root(root, dir, out, &complaints);
		ok = complaints_none(&complaints, err);
	}
	yaml_free_tree(root);
	buf_free(&text);
	complaints_free(&complaints);
	return ok;
}
