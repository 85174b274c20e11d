/*
 * Enrolling by a page (acts.h): the enrolment and certificates that were dropped
 * are kept beside the configuration, and "valise init" does the rest.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "cli/desk/acts.h"
#include "cli/desk/enrolling.h"
#include "cli/desk/errand.h"
#include "client/enrolment.h"

/* What may be dropped, the option that takes it, and its name there. */
static const struct {
	const char *key, *option, *name;
	bool needed;
} parts[] = {
	{ "certificate", "--cert", "cert.pem", true },
	{ "key", "--key", "key.pem", true },
	{ "sign-certificate", "--sign-cert", "sign-cert.pem", false },
	{ "sign-key", "--sign-key", "sign-key.pem", false },
	{ "encrypt-certificate", "--encrypt-cert", "encrypt-cert.pem", false },
	{ "encrypt-key", "--encrypt-key", "encrypt-key.pem", false },
};
enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

/* Read the enrolment that a page sent. */
static bool
read_enrolment(const struct request *request, const json_t *body,
    char path[FILE_PATH], struct enrolment *out, struct error *err)
{
	const char *id = acts_text(body, "enrolment", err);
	struct buf text = BUF(LIMIT_YAML_BYTES);
	struct spooled file;
	bool ok;

	ok = id != NULL &&
	    spool_find(request->desk->spool, id, path, &file, err) &&
	    file_read(path, LIMIT_YAML_BYTES, &text, err) &&
	    (enrolment_parse(buf_span(&text), out, err) ||
		error_context(err, "%s", file.name));
	buf_free(&text);
	return ok;
}

bool
acts_check_enrolment(const struct request *request, struct reply *out,
    struct error *err)
{
	json_t *body = acts_body(request, err);
	struct enrolment enrolment = { { 0 } };
	char path[FILE_PATH], groups[80], addresses[ADDRESSES_TEXT];
	bool ok = body != NULL &&
	    read_enrolment(request, body, path, &enrolment, err);

	if (ok) {
		digest_groups(&enrolment.fingerprint, groups);
		addresses_text(&enrolment.addresses, addresses);
		ok = acts_reply(out,
		    json_pack("{s:s, s:s, s:s}", "fingerprint", groups,
			"origin", enrolment.journal.name, "address", addresses),
		    err);
	}
	enrolment_free(&enrolment);
	json_decref(body);
	return ok;
}

/* The page says the fingerprint that was read: is it this one's? */
static bool
is_compared(const json_t *body, const struct enrolment *enrolment,
    struct error *err)
{
	const char *said = acts_text(body, "fingerprint", err);
	char groups[80], hex[DIGEST_HEX];

	if (said == NULL)
		return false;
	digest_groups(&enrolment->fingerprint, groups);
	digest_hex(&enrolment->fingerprint, hex);
	return strcmp(said, groups) == 0 || strcmp(said, hex) == 0 ||
	    error_set(err, ERROR_UNTRUSTED,
		"the enrolment's fingerprint is another one");
}

/* Keep a file that was sent, and add its option. */
static bool
keep_part(const struct request *request, const char *id, unsigned i,
    struct enrolling *enrolling, struct child_line *line, struct error *err)
{
	struct buf bytes = BUF(LIMIT_KEY_BYTES);
	char path[FILE_PATH], kept[FILE_PATH];
	struct spooled file;
	bool ok;

	ok = spool_find(request->desk->spool, id, path, &file, err) &&
	    file_read(path, LIMIT_KEY_BYTES, &bytes, err) &&
	    enrolling_keep(enrolling, parts[i].name, buf_span(&bytes), kept,
		err) &&
	    child_add(line, err, "%s=%s", parts[i].option, kept);
	if (bytes.len > 0)
		OPENSSL_cleanse(bytes.data, bytes.len);
	buf_free(&bytes);
	return ok;
}

/* Keep all that the page sent. */
static bool
keep_parts(const struct request *request, const json_t *body,
    struct errand *errand, struct child_line *line, struct error *err)
{
	for (unsigned i = 0; i < PARTS; i++) {
		const char *id =
		    json_string_value(json_object_get(body, parts[i].key));

		if (id == NULL && parts[i].needed)
			return acts_text(body, parts[i].key, err) != NULL;
		if (id != NULL &&
		    (!keep_part(request, id, i, errand->arg, line, err) ||
			!errand_uses(errand, id, err)))
			return false;
	}
	return true;
}

/*
 * An errand's done: the desk is this office's from now on.  If there is no
 * configuration, what was kept for it goes.
 */
static void
settle(struct errand *errand, json_t *result)
{
	const bool enrolled =
	    result != NULL || file_exists(errand->desk->context->config_path);

	enrolling_end(errand->arg, enrolled, result);
	if (enrolled)
		desk_learn(errand->desk);
}

/* An errand's free_arg. */
static void
free_enrolling(void *arg)
{
	enrolling_free(arg);
}

static bool
make_line(const struct request *request, const json_t *body,
    const char *enrolment, struct errand *errand, struct child_line *line,
    struct error *err)
{
	struct desk *desk = request->desk;
	const char *config = desk->context->config_path;

	if ((errand->arg = enrolling_begin(config, err)) == NULL)
		return false;
	errand->free_arg = free_enrolling;
	/* The command of a desk that was killed may have ended it by itself. */
	if (file_exists(config)) {
		enrolling_forget(config);
		return error_set(err, ERROR_CONFLICT,
		    "%s is there already: this office is enrolled", config);
	}
	line->lock = enrolling_lock(errand->arg);
	errand->done = settle;
	/*
	 * --yes: the office agreed to the policies of before. The command asks
	 * for that, and the fingerprint, outside the page.
	 */
	return routes_begin_line(request, line, err) &&
	    child_add(line, err, "init") && child_add(line, err, "--yes") &&
	    keep_parts(request, body, errand, line, err) &&
	    child_add(line, err, "--") && child_add(line, err, "%s", enrolment);
}

bool
acts_enrol(const struct request *request, struct reply *out, struct error *err)
{
	json_t *body = acts_body(request, err);
	struct errand *errand = NULL;
	struct child_line line = CHILD_LINE;
	struct enrolment enrolment = { { 0 } };
	char path[FILE_PATH];
	bool ok;

	ok = body != NULL &&
	    read_enrolment(request, body, path, &enrolment, err) &&
	    is_compared(body, &enrolment, err) &&
	    (errand = errand_new(request->desk, err)) != NULL &&
	    errand_uses(errand, acts_text(body, "enrolment", err), err) &&
	    make_line(request, body, path, errand, &line, err) &&
	    errand_start(errand, &line, err);
	if (ok)
		out->errand = errand;
	else
		errand_free(errand);
	enrolment_free(&enrolment);
	child_line_free(&line);
	json_decref(body);
	return ok;
}
