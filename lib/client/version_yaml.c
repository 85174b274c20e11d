/*
 * Getting a version.yaml (version_yaml.h).
 */
#include "client/version_yaml.h"

#include <string.h>

#include "client/copy_path.h"

/* An older daemon has no such path, or no such version any more. */
static bool
ask(struct session *session, const char *document, unsigned number,
    struct buf *out, bool *given, struct error *err)
{
	char version[512], path[512 + 16];

	copy_path(version, document, number);
	snprintf(path, sizeof(path), "%s/version.yaml", version);
	*given = session_get(session, path, out, err);
	if (*given)
		return true;
	if (err->kind != ERROR_NOT_FOUND && err->kind != ERROR_USAGE)
		return false;
	*err = (struct error){ 0 };
	return true;
}

static bool
differs(const char *document, unsigned number, struct error *err)
{
	return error_set_code(err, ERROR_UNTRUSTED, ANSWER_DIFFERS,
	    "the daemon sent another version.yaml than that of %s@%u", document,
	    number);
}

bool
version_yaml_get(struct context *context, struct session *session,
    const char *document, unsigned number, const struct digest *digest,
    struct version **out, struct error *err)
{
	struct buf yaml = BUF(LIMIT_VERSION_BYTES);
	struct digest found;
	bool given = context_known_version(context, digest, &yaml), ok = true;

	*out = NULL;
	if (!given && session != NULL) {
		yaml.len = 0;
		ok = ask(session, document, number, &yaml, &given, err);
	}
	if (ok && given) {
		found = sha256_of(buf_span(&yaml));
		ok = digest_eq(&found, digest)
		    ? (*out = version_parse(buf_span(&yaml), err)) != NULL
		    : differs(document, number, err);
	}
	/* It says itself what it is of. */
	if (*out != NULL &&
	    (strcmp((*out)->document, document) != 0 ||
		(*out)->number != number)) {
		version_free(*out);
		*out = NULL;
		ok = differs(document, number, err);
	}
	buf_free(&yaml);
	return ok;
}
