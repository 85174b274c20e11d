/*
 * A bag that was opened.
 */
#include "cli/cmd/opened.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bag/judge.h"
#include "base/text.h"
#include "cli/cmd/bag.h"
#include "cli/commands.h"
#include "client/lists.h"
#include "client/own_cert.h"

bool
opened_found(struct opened *bag, const char *path, const char *what)
{
	struct error ignored = { 0 };
	struct acknowledgement_finding *one =
	    acknowledgement_add(bag->answer, &ignored);

	if (one == NULL)
		return false;
	text_set(one->path, sizeof(one->path), path);
	text_cut(one->what, sizeof(one->what), what);
	return false;
}

void
opened_close(struct opened *bag)
{
	if (bag->fd >= 0)
		close(bag->fd);
	if (bag->inner >= 0)
		close(bag->inner);
	bag_close(&bag->apart);
	free(bag->members);
	waybill_free(bag->waybill);
	container_free(bag->slips);
	acknowledgement_free(bag->answer);
	buf_free(&bag->yaml);
	buf_free(&bag->p7s);
	buf_free(&bag->checkpoint);
	buf_free(&bag->prefixes);
}

/*
 * Verify who signed the waybill, by the policies that this office has accepted.
 */
static bool
judge_waybill(struct opened *bag, struct error *err)
{
	struct context *context = bag->context;
	const struct verdict_library library = context_library(context);
	struct policy *policy = policies_pinned(context, err);
	const struct bag_signature it = { buf_span(&bag->yaml),
		buf_span(&bag->p7s), bag->waybill->from, bag->waybill->person,
		bag->waybill->dispatched_at, 0, false };
	const struct office *own;
	struct cert *cert = NULL;
	bool ok;

	if (policy == NULL ||
	    (own = policies_own_office(context, policy, &cert, err)) == NULL)
		return false;
	cert_free(cert);
	ok = bag_judge(context->certs, policy, lists_all(context, &library),
		 &it, err) ||
	    error_context(err, "the waybill");
	if (ok && strcmp(bag->waybill->to, own->name) != 0)
		ok = error_set_code(err, ERROR_UNTRUSTED, "WRONG_ADDRESSEE",
		    "this bag is for %s, and you are of %s", bag->waybill->to,
		    own->name);
	return ok;
}

/* Read list.yaml, the list of what is neither a deposit nor a signature. */
static bool
read_list(struct opened *bag, struct error *err)
{
	const struct zip_member *member =
	    bag_member(bag->members, bag->num, PATH_BAG_LIST);
	struct buf text = BUF(LIMIT_WAYBILL_BYTES);
	bool ok;

	if (digest_is_zero(&bag->waybill->list))
		return true;
	ok = (member != NULL ||
		 error_set_code(err, ERROR_UNTRUSTED, "BAG_INCOMPLETE",
		     PATH_BAG_LIST " is missing")) &&
	    bag_read(bag->inner, member, &text, err) &&
	    waybill_parse_list(bag->waybill, buf_span(&text), err);
	buf_free(&text);
	return ok;
}

/* A slip that is missing, or not as it was listed, is a finding. */
static bool
read_slip(struct opened *bag, const struct digest *digest, struct error *err)
{
	struct buf text = BUF(LIMIT_SLIP_BYTES);
	struct digest found_digest = { { 0 } };
	char path[LIMIT_PATH_BYTES + 1], hex[DIGEST_HEX];
	const struct zip_member *member;
	struct error why = { 0 };
	bool ok = true;

	digest_hex(digest, hex);
	snprintf(path, sizeof(path), PATH_SLIP, hex);
	member = bag_member(bag->members, bag->num, path);
	if (member != NULL && bag_read(bag->inner, member, &text, &why))
		found_digest = sha256_of(buf_span(&text));
	if (member == NULL)
		opened_found(bag, path, "missing");
	else if (!digest_eq(&found_digest, digest) ||
	    !slip_parse(buf_span(&text), &bag->acts[bag->num_acts], &why))
		opened_found(bag, path, "altered");
	else {
		bag->num_acts++;
		ok = container_put(bag->slips, path, buf_span(&text), err);
	}
	buf_free(&text);
	return ok;
}

static bool
read_slips(struct opened *bag, struct error *err)
{
	bool ok =
	    read_list(bag, err) && (bag->slips = container_new(err)) != NULL;

	for (size_t i = 0; ok && i < bag->waybill->num_slips; i++)
		ok = read_slip(bag, &bag->waybill->slips[i], err);
	return ok;
}

/* Decrypt it with a key: into a new file, as another one may have begun. */
static bool
decrypt(struct opened *bag, const struct identity *recipient, struct error *err)
{
	if (bag->inner >= 0)
		close(bag->inner);
	free(bag->members);
	bag->members = NULL;
	bag_close(&bag->apart);
	bag->inner = file_temporary(bag->context->state, err);
	return bag->inner >= 0 &&
	    bag_open(bag->fd, recipient, bag->inner, &bag->apart, &bag->members,
		&bag->num, err);
}

/* With the office's key; else with those of before: it was on its way. */
static bool
decrypt_with_any(struct opened *bag, struct error *err)
{
	struct context *context = bag->context;
	struct identity recipient = { NULL };
	struct error why = { 0 };
	bool ok = own_cert_load(context, OWN_CERT_OPEN, &recipient, err) &&
	    decrypt(bag, &recipient, err);

	identity_free(&recipient);
	for (size_t i = 0; !ok && err->kind == ERROR_UNTRUSTED &&
	     i < context->num_encrypt_before;
	     i++) {
		ok = own_cert_load_before(context, i, &recipient, &why) &&
		    decrypt(bag, &recipient, &why);
		identity_free(&recipient);
		why = (struct error){ 0 };
	}
	if (ok)
		*err = (struct error){ 0 };
	return ok;
}

bool
opened_read(struct context *context, const char *path, struct opened *out,
    struct error *err)
{
	const struct zip_member *yaml, *p7s;
	bool ok;

	*out = (struct opened){ .context = context,
		.path = path,
		.inner = -1,
		.apart = { .dir = context->state },
		.yaml = BUF(LIMIT_WAYBILL_BYTES),
		.p7s = BUF(LIMIT_SIGNATURE_BYTES),
		.checkpoint = BUF(LIMIT_NOTE_FILE),
		.prefixes = BUF(LIMIT_PREFIXES_BYTES) };
	out->fd = file_open(path, err);
	if (out->fd < 0)
		return false;
	if (context->encrypt_cert[0] == '\0')
		return error_set(err, ERROR_USAGE,
		    "there is no key to open a bag with: your office's is"
		    " named by encryption-certificate and encryption-key in"
		    " %s",
		    context->config_path);
	if (!decrypt_with_any(out, err))
		return error_context(err, "%s", path);
	yaml = bag_member(out->members, out->num, PATH_WAYBILL);
	p7s = bag_member(out->members, out->num, PATH_WAYBILL_SIGNATURE);
	ok = (yaml != NULL && p7s != NULL) ||
	    error_set(err, ERROR_MALFORMED, "%s: there is no signed waybill",
		path);
	ok = ok && bag_read(out->inner, yaml, &out->yaml, err) &&
	    bag_read(out->inner, p7s, &out->p7s, err);
	out->digest = sha256_of(buf_span(&out->yaml));
	ok = ok &&
	    (out->waybill = waybill_parse(buf_span(&out->yaml), err)) != NULL &&
	    judge_waybill(out, err);
	return ok && (out->answer = acknowledgement_new(err)) != NULL &&
	    read_slips(out, err);
}

/* Copy a listed file into a nameless file, checked against what lists it. */
int
opened_take(struct opened *bag, const struct waybill_file *listed)
{
	const struct zip_member *member =
	    bag_member(bag->members, bag->num, listed->path);
	struct error why = { 0 };
	struct digest digest;
	int fd;

	if (member == NULL) {
		opened_found(bag, listed->path, "missing");
		return -1;
	}
	fd = bag_take(bag->inner, &bag->apart, member, &digest, &why);
	if (fd < 0 || member->size != listed->size ||
	    !digest_eq(&digest, &listed->sha256)) {
		opened_found(bag, listed->path, "altered");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* True if a file is a slip, or what a slip is of. */
static bool
is_of_slip(const struct opened *bag, const char *path)
{
	char name[LIMIT_NAME_BYTES + 1], body[LIMIT_PATH_BYTES + 1];
	struct digest digest;

	if (path_signature_id(path, PATH_SLIP, name))
		return digest_parse(span_of_str(name), &digest) &&
		    waybill_lists_slip(bag->waybill, &digest);
	for (size_t i = 0; i < bag->num_acts; i++) {
		bag_slip_path(&bag->acts[i], body);
		if (strcmp(path, body) == 0)
			return true;
	}
	return false;
}

void
opened_find_unexpected(struct opened *bag)
{
	for (size_t i = 0; i < bag->num; i++) {
		const char *path = bag->members[i].path;

		if (strcmp(path, PATH_WAYBILL) != 0 &&
		    strcmp(path, PATH_WAYBILL_SIGNATURE) != 0 &&
		    (strcmp(path, PATH_BAG_LIST) != 0 ||
			digest_is_zero(&bag->waybill->list)) &&
		    waybill_find(bag->waybill, path) == NULL &&
		    !is_of_slip(bag, path))
			opened_found(bag, path, "not-listed");
	}
}
