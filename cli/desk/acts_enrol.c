/*
 * Enrolling by a page (acts.h): the enrolment and certificates that were dropped
 * are kept beside the configuration, and "valise init" does the rest.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "cli/desk/acts.h"
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
	char path[FILE_PATH], groups[80];
	bool ok = body != NULL &&
	    read_enrolment(request, body, path, &enrolment, err);

	if (ok) {
		digest_groups(&enrolment.fingerprint, groups);
		ok = acts_reply(out,
		    json_pack("{s:s, s:s, s:s}", "fingerprint", groups,
			"origin", enrolment.journal.name, "address",
			enrolment.address),
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

/* Copy a file that was sent to where it stays; nothing there is replaced. */
static bool
keep_part(const struct request *request, const char *id, const char *to,
    struct error *err)
{
	struct buf bytes = BUF(LIMIT_KEY_BYTES);
	char path[FILE_PATH];
	struct spooled file;
	bool ok;

	ok = spool_find(request->desk->spool, id, path, &file, err) &&
	    file_read(path, LIMIT_KEY_BYTES, &bytes, err) &&
	    file_create(to, buf_span(&bytes), 0600, err);
	if (bytes.len > 0)
		OPENSSL_cleanse(bytes.data, bytes.len);
	buf_free(&bytes);
	return ok;
}

static void
remove_parts(const char *folder, unsigned kept)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];

	for (unsigned i = 0; i < PARTS; i++)
		if ((kept & (1U << i)) != 0 &&
		    file_join(path, folder, parts[i].name, &ignored))
			unlink(path);
}

/* Keep one that the page may have sent, and add its option. */
static bool
keep_part_of(const struct request *request, const json_t *body, unsigned i,
    const char *folder, struct child_line *line, struct errand *errand,
    struct error *err)
{
	const char *id = json_string_value(json_object_get(body, parts[i].key));
	char path[FILE_PATH];

	if (id == NULL)
		return !parts[i].needed ||
		    acts_text(body, parts[i].key, err) != NULL;
	if (!file_join(path, folder, parts[i].name, err) ||
	    !keep_part(request, id, path, err))
		return false;
	errand->kept |= 1U << i;
	return errand_uses(errand, id, err) &&
	    child_add(line, err, "%s=%s", parts[i].option, path);
}

/* Keep them all; what was kept goes with a failure. */
static bool
keep_parts(const struct request *request, const json_t *body,
    const char *folder, struct child_line *line, struct errand *errand,
    struct error *err)
{
	bool ok = file_make_dirs(folder, 0700, err);

	for (unsigned i = 0; ok && i < PARTS; i++)
		ok = keep_part_of(request, body, i, folder, line, errand, err);
	if (!ok)
		remove_parts(folder, errand->kept);
	return ok;
}

/*
 * An errand's done: the desk is this office's from now on.  If there is no
 * configuration, what was kept for it goes.
 */
static void
settle(struct errand *errand, json_t *result)
{
	const char *config = errand->desk->context->config_path;
	char folder[FILE_PATH];

	file_parent(config, folder);
	if (result == NULL && !file_exists(config))
		remove_parts(folder, errand->kept);
	else
		desk_learn(errand->desk);
}

static bool
make_line(const struct request *request, const json_t *body,
    const char *enrolment, struct errand *errand, struct child_line *line,
    struct error *err)
{
	struct desk *desk = request->desk;
	char folder[FILE_PATH];

	file_parent(desk->context->config_path, folder);
	/* A second enrolment would be refused, and its keys be for nothing. */
	if (file_exists(desk->context->config_path))
		return error_set(err, ERROR_CONFLICT,
		    "%s is there already: this office is enrolled",
		    desk->context->config_path);
	/*
	 * --yes: the office agreed to the policies of before. The command asks
	 * for that, and the fingerprint, outside the page.
	 */
	return routes_begin_line(desk, line, err) &&
	    child_add(line, err, "init") && child_add(line, err, "--yes") &&
	    keep_parts(request, body, folder, line, errand, err) &&
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
	    make_line(request, body, path, errand, &line, err);
	if (ok) {
		errand->done = settle;
		ok = errand_start(errand, &line, err);
	}
	if (ok)
		out->errand = errand;
	else
		errand_free(errand);
	enrolment_free(&enrolment);
	child_line_free(&line);
	json_decref(body);
	return ok;
}
