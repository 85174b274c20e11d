/*
 * valise renew: takes the certificates that follow those of this office and
 * person, once they are judged, into the configuration.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "client/config_edit.h"
#include "client/own_cert.h"

/* The pairs that may be renewed: options, and keys of the configuration. */
static const struct pair {
	int cert_option, key_option;
	const char *cert_name, *key_name, *cert, *key, *does;
} pairs[OWN_CERT_USES] = {
	[OWN_CERT_CONNECT] = { OPTION_CERT, OPTION_KEY, "--cert", "--key",
	    "certificate", "key", "connects" },
	[OWN_CERT_SIGN] = { OPTION_SIGN_CERT, OPTION_SIGN_KEY, "--sign-cert",
	    "--sign-key", "sign-certificate", "sign-key", "signs" },
	[OWN_CERT_OPEN] = { OPTION_ENCRYPT_CERT, OPTION_ENCRYPT_KEY,
	    "--encrypt-cert", "--encrypt-key", "encryption-certificate",
	    "encryption-key", "opens bags" },
};

struct renewal {
	struct context *context;
	struct identity own[OWN_CERT_USES]; /* those that are given */
	char cert[OWN_CERT_USES][FILE_PATH], key[OWN_CERT_USES][FILE_PATH];
};

static bool
absolute(const char *path, char out[FILE_PATH], struct error *err)
{
	char *real = realpath(path, NULL);
	bool ok;

	if (real == NULL)
		return error_set(err, ERROR_USAGE, "%s: no such file", path);
	ok = text_take(out, FILE_PATH, real, err);
	free(real);
	return ok;
}

/* Judge what the options name for one use, if they do. */
static bool
take(struct renewal *to, const struct options_given *given,
    enum own_cert_use use, struct error *err)
{
	const struct pair *pair = &pairs[use];
	const char *cert = options_value(given, pair->cert_option);
	const char *key = options_value(given, pair->key_option);
	struct own_cert_known known = { .use = use,
		.named_by = pair->cert_name };

	if (cert == NULL && key == NULL)
		return true;
	if (cert == NULL || key == NULL)
		return error_set(err, ERROR_USAGE, "%s and %s go together",
		    pair->cert_name, pair->key_name);
	if (!absolute(cert, to->cert[use], err) ||
	    !absolute(key, to->key[use], err))
		return false;
	known.path = to->cert[use];
	known.key_path = to->key[use];
	own_cert_know(to->context, &known);
	return own_cert_load_named(&known, &to->context->private_keys,
	    &to->own[use], err);
}

/* The certificate that this person has for a use from now on; or NULL. */
static struct cert *
cert_for(const struct renewal *renewal, enum own_cert_use use, const char *path)
{
	struct error ignored = { 0 };

	if (renewal->own[use].cert != NULL)
		return cert_ref(renewal->own[use].cert);
	return path[0] != '\0' ? identity_load_cert(path, &ignored) : NULL;
}

/* A person has both certificates, with one e-mail address. */
static bool
is_one_person(const struct renewal *renewal, struct error *err)
{
	const struct context *context = renewal->context;
	struct cert *connects =
	    cert_for(renewal, OWN_CERT_CONNECT, context->cert);
	struct cert *signs =
	    cert_for(renewal, OWN_CERT_SIGN, context->sign_cert);
	bool ok = true;

	if ((renewal->own[OWN_CERT_CONNECT].cert != NULL ||
		renewal->own[OWN_CERT_SIGN].cert != NULL) &&
	    connects != NULL && signs != NULL &&
	    strcmp(connects->email, signs->email) != 0)
		ok = error_set(err, ERROR_USAGE,
		    "%s would connect, and %s would sign: both certificates"
		    " are to be of one person",
		    connects->email, signs->email);
	cert_free(connects);
	cert_free(signs);
	return ok;
}

/* Another office's would go on with what this one has seen. */
static bool
is_one_office(const struct renewal *renewal, struct error *err)
{
	struct context *context = renewal->context;
	const struct cert *next = renewal->own[OWN_CERT_CONNECT].cert;
	struct error ignored = { 0 };
	struct policy *policy = policies_pinned(context, &ignored);
	const struct office *was = NULL, *will = NULL;
	struct trust_result trust;
	struct cert *before = NULL;
	char why[POLICY_RULE];

	if (next == NULL || policy == NULL)
		return true;
	was = policies_own_office(context, policy, &before, &ignored);
	cert_free(before);
	trust_issued(policy->trust, next, time_now_ms() / 1000, &trust);
	will = policy_office_of(policy, next,
	    trust.ca != NULL ? trust.ca : trust.named, why);
	return was == NULL || will == NULL || was == will ||
	    error_set(err, ERROR_USAGE,
		"%s is of %s, and this is the configuration of %s: \"valise"
		" init\" enrols another office",
		renewal->cert[OWN_CERT_CONNECT], will->name, was->name);
}

/* The text of the configuration with what is new in it. */
static bool
edit(const struct renewal *renewal, struct span text, struct buf *out,
    struct error *err)
{
	const struct context *context = renewal->context;
	struct config_line lines[2 * OWN_CERT_USES];
	struct buf kept = BUF(LIMIT_POLICY_FILE_BYTES);
	size_t num = 0;
	bool ok = true;

	for (int use = 0; use < OWN_CERT_USES; use++) {
		if (renewal->own[use].cert == NULL)
			continue;
		lines[num++] =
		    (struct config_line){ pairs[use].cert, renewal->cert[use] };
		lines[num++] =
		    (struct config_line){ pairs[use].key, renewal->key[use] };
	}
	/* Bags that are on their way are encrypted to the key of before. */
	if (renewal->own[OWN_CERT_OPEN].cert != NULL &&
	    context->encrypt_cert[0] != '\0' &&
	    strcmp(context->encrypt_key, renewal->key[OWN_CERT_OPEN]) != 0) {
		ok = config_keep_before(context->config_path, text,
		    context->encrypt_cert, context->encrypt_key, &kept, err);
		text = buf_span(&kept);
	}
	ok = ok && config_set(context->config_path, text, lines, num, out, err);
	buf_free(&kept);
	return ok;
}

static bool
rewrite(const struct renewal *renewal, struct error *err)
{
	struct buf text = BUF(LIMIT_POLICY_FILE_BYTES),
		   out = BUF(LIMIT_POLICY_FILE_BYTES);
	char path[FILE_PATH]; /* a link stays */
	const bool ok = absolute(renewal->context->config_path, path, err) &&
	    file_read(path, text.max, &text, err) &&
	    edit(renewal, buf_span(&text), &out, err) &&
	    file_write(path, buf_span(&out), 0600, err);

	buf_free(&text);
	buf_free(&out);
	return ok;
}

static bool
report(const struct renewal *renewal, struct error *err)
{
	const struct context *context = renewal->context;
	json_t *all = json_array();
	char until[TIME_TEXT];

	for (int use = 0; use < OWN_CERT_USES; use++) {
		const struct cert *cert = renewal->own[use].cert;

		if (cert == NULL)
			continue;
		time_format_at(cert->not_after_at, until);
		json_array_append_new(all,
		    json_pack("{s:s, s:s, s:s, s:s}", "named", pairs[use].cert,
			"certificate", renewal->cert[use], "person",
			cert->email, "ends", until));
		if (!context->json)
			printf("%s %s from now on, until %s (%s)\n",
			    renewal->cert[use], pairs[use].does, until,
			    cert->email);
	}
	if (renewal->own[OWN_CERT_OPEN].cert != NULL)
		output_note("give %s to the depositary: bags come for it once"
			    " the policy has it; the key of before goes on to"
			    " open those on their way",
		    renewal->cert[OWN_CERT_OPEN]);
	if (context->json)
		return output_json(json_pack("{s:s, s:o}", "config",
				       context->config_path, "renewed", all),
		    err);
	json_decref(all);
	return true;
}

bool
cmd_renew(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct renewal *renewal = calloc(1, sizeof(*renewal)); /* large */
	bool any = false, ok;

	if (renewal == NULL)
		return error_set_errno(err, "renew");
	renewal->context = context;
	ok = context_load(context, err);
	for (int use = 0; ok && use < OWN_CERT_USES; use++) {
		ok = take(renewal, given, (enum own_cert_use)use, err);
		any = any || renewal->own[use].cert != NULL;
	}
	if (ok && !any)
		ok = error_set(err, ERROR_USAGE,
		    "which certificate is renewed? --cert and --key,"
		    " --sign-cert and --sign-key, --encrypt-cert and"
		    " --encrypt-key");
	ok = ok && is_one_person(renewal, err) && is_one_office(renewal, err) &&
	    rewrite(renewal, err) && report(renewal, err);
	for (int use = 0; use < OWN_CERT_USES; use++)
		identity_free(&renewal->own[use]);
	free(renewal);
	return ok;
}
