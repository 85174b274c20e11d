/*
 * valise init: reads an enrolment, checks the office's certificates and keys,
 * asks about earlier policies, and writes the configuration.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/cmd/init.h"
#include "cli/cmd/policy_tell.h"
#include "cli/commands.h"
#include "client/own_cert.h"

struct options {
	const char *cert, *key, *sign_cert, *sign_key, *state;
	/* the office's, to open bags with */
	const char *encrypt_cert, *encrypt_key;
	EVP_PKEY *own_key; /* to connect with, once it was loaded */
	bool yes; /* --yes: it agrees to all policies that there were */
};

static bool
absolute(const char *path, char out[FILE_PATH], struct error *err)
{
	char *real = realpath(path, NULL);
	bool ok;

	if (real == NULL)
		return error_set_errno(err, "%s", path);
	ok = text_take(out, FILE_PATH, real, err);
	free(real);
	return ok;
}

/*
 * The CAs of the enrolment: those of the policy that it names.  Its other
 * certificates, to encrypt to, are passed over.
 */
static struct trust *
trust_enrolled(const struct enrolment *enrolment, struct error *err)
{
	struct trust *trust = trust_new(err);
	struct error ignored = { 0 };

	for (size_t i = 0; trust != NULL && i < enrolment->cas->num; i++) {
		const struct member *ca = &enrolment->cas->members[i];

		(void)!trust_add_ca(trust, ca->path, member_bytes(ca),
		    &ignored);
	}
	return trust;
}

/* Check a certificate and its key before anything is written or asked for. */
static bool
check_pair(struct own_cert_known *known, enum own_cert_use use,
    const char *cert, const char *key, const struct private_rule *rule,
    EVP_PKEY **own_key, struct error *err)
{
	static const char *const names[] = { [OWN_CERT_CONNECT] = "--cert",
		[OWN_CERT_SIGN] = "--sign-cert",
		[OWN_CERT_OPEN] = "--encrypt-cert" };
	struct identity identity;

	if (cert == NULL)
		return true;
	known->use = use;
	known->path = cert;
	known->key_path = key;
	known->named_by = names[use];
	if (!own_cert_load_named(known, rule, &identity, err))
		return false;
	if (own_key != NULL) {
		*own_key = identity.key;
		identity.key = NULL;
	}
	identity_free(&identity);
	return true;
}

static bool
check_pairs(const struct context *context, struct options *options,
    struct error *err)
{
	const struct private_rule *rule = &context->private_keys;
	struct own_cert_known known = { .at = time_now_ms() / 1000,
		.cas = trust_enrolled(&context->enrolment, err) };
	const bool ok = known.cas != NULL &&
	    check_pair(&known, OWN_CERT_CONNECT, options->cert, options->key,
		rule, &options->own_key, err) &&
	    check_pair(&known, OWN_CERT_SIGN, options->sign_cert,
		options->sign_key, rule, NULL, err) &&
	    check_pair(&known, OWN_CERT_OPEN, options->encrypt_cert,
		options->encrypt_key, rule, NULL, err);

	trust_free(known.cas);
	return ok;
}

/* Write the configuration file. */
static bool
write_config(const struct context *context, const struct options *options,
    const char *state_root, struct error *err)
{
	struct buf text = BUF(64 * 1024);
	char dir[FILE_PATH], path[FILE_PATH];
	char *slash;
	const struct {
		const char *key, *file;
	} files[] = { { "certificate", options->cert }, { "key", options->key },
		{ "sign-certificate", options->sign_cert },
		{ "sign-key", options->sign_key },
		{ "encryption-certificate", options->encrypt_cert },
		{ "encryption-key", options->encrypt_key } };
	bool ok;

	ok = buf_printf(&text, err, "valise: 1\njournal: \"%08x\"\n",
	    context->enrolment.journal.id);
	for (size_t i = 0; ok && i < sizeof(files) / sizeof(files[0]); i++)
		ok = files[i].file == NULL ||
		    (absolute(files[i].file, path, err) &&
			buf_printf(&text, err, "%s: ", files[i].key) &&
			yaml_append_scalar(&text, path, err) &&
			buf_append_str(&text, "\n", err));
	ok = ok && absolute(state_root, path, err) &&
	    buf_append_str(&text, "state: ", err) &&
	    yaml_append_scalar(&text, path, err) &&
	    buf_append_str(&text, "\n", err);
	text_set(dir, sizeof(dir), context->config_path);
	if ((slash = strrchr(dir, '/')) != NULL) {
		*slash = '\0';
		ok = ok && file_make_dirs(dir, 0700, err);
	}
	ok =
	    ok && file_create(context->config_path, buf_span(&text), 0600, err);
	buf_free(&text);
	return ok;
}

/*
 * A policies_changer that accepts the enrolment's policy before its entry is
 * seen.
 */
static bool
await(struct succession *succession, void *arg, struct error *err)
{
	return succession_await(succession, arg, err);
}

/* It is fetched first: its CA vouches for the server's certificate. */
bool
init_fetch_policy(struct context *context, EVP_PKEY *own_key, struct error *err)
{
	struct remote_settings settings = {
		.addresses = &context->enrolment.addresses,
		.cert = context->cert,
		.key = context->key,
		.own_key = own_key,
		.proxies = &context->proxies,
		.patience_ms = context->patience_s * 1000,
	};
	struct remote_answer answer;
	char path[128], hex[DIGEST_HEX];
	struct remote_request request = { .method = "GET",
		.path = path,
		.body_fd = -1 };
	struct buf cas = BUF(LIMIT_POLICY_FILE_BYTES);
	struct remote *remote = NULL;
	struct policy *policy = NULL;
	bool ok = true;

	digest_hex(&context->enrolment.policy, hex);
	snprintf(path, sizeof(path), "/v1/policy/%s", hex);
	for (size_t i = 0; ok && i < context->enrolment.cas->num; i++)
		ok = buf_append(&cas,
		    member_bytes(&context->enrolment.cas->members[i]), err);
	settings.server_ca = buf_span(&cas);
	request.file_fd = ok ? file_temporary(context->state, err) : -1;
	ok = request.file_fd >= 0 &&
	    (remote = remote_new(&settings, err)) != NULL;
	if (ok) {
		ok = remote_do(remote, &request, &answer, err) &&
		    (policy = policies_read(request.file_fd,
			 &context->enrolment.policy, err)) != NULL &&
		    policies_keep(context, request.file_fd,
			&context->enrolment.policy, err);
		remote_answer_free(&answer);
	}
	policy_free(policy);
	if (request.file_fd >= 0)
		close(request.file_fd);
	remote_free(remote);
	buf_free(&cas);
	return ok;
}

/* --- The policies of before: which of them judge here? --- */

/*
 * Compare the enrolment's list with the journal's, up to the policy that the
 * enrolment names. Later policies are accepted one by one, as at any office.
 */
static bool
check_list(const struct context *context, const struct policy_entry **current,
    struct error *err)
{
	const struct succession *all = &context->succession;
	const struct succession *told = &context->enrolment.policies;
	const uint64_t last =
	    told->num > 0 ? told->list[told->num - 1].index : SUCCESSION_NONE;
	const struct digest ours = succession_digest(all, told->num),
			    theirs = succession_digest(told, told->num);

	*current = succession_find(all, &context->enrolment.policy, last);
	if (*current == NULL)
		return error_set_code(err, ERROR_UNTRUSTED,
		    finding_name(FINDING_POLICY_UNKNOWN),
		    "the journal has no entry of the enrolment's policy");
	return (told->num <= all->num && digest_eq(&ours, &theirs)) ||
	    error_set_code(err, ERROR_UNTRUSTED,
		finding_name(FINDING_POLICY_UNKNOWN),
		"the enrolment lists other policies than the journal has."
		" Call the depositary, and the other offices");
}

/* Print each earlier policy, with the files in which the next one differs. */
static bool
tell_earlier(struct session *session, size_t num, struct error *err)
{
	const struct succession *all = &session->context->succession;
	struct policy *before = NULL, *next;
	char hex[DIGEST_HEX];

	fprintf(stderr, "%zu policies were in force one after another:\n", num);
	for (size_t i = 0; i < num; i++) {
		next = session_policy(session, &all->list[i].digest, err);
		if (next == NULL) {
			policy_free(before);
			return false;
		}
		digest_hex(&next->digest, hex);
		fprintf(stderr, "  entry %-6llu %s\n",
		    (unsigned long long)all->list[i].index, hex);
		if (before != NULL) {
			fputs("               differs in ", stderr);
			tell_changed_files(stderr, before, next);
		}
		policy_free(before);
		before = next;
	}
	policy_free(before);
	return true;
}

/* The entries that are accepted: those that were agreed to, and no other. */
struct agreed {
	size_t first, num; /* list[first … num - 1] */
};

/* The policy in force is also accepted where it was in force before. */
static bool
is_agreed(const struct succession *all, const struct agreed *agreed, size_t i)
{
	return i < agreed->num &&
	    (i >= agreed->first ||
		digest_eq(&all->list[i].digest,
		    &all->list[agreed->num - 1].digest));
}

/* A policies_changer that accepts what was agreed to. */
static bool
accept_agreed(struct succession *succession, void *arg, struct error *err)
{
	const struct agreed *agreed = arg;

	(void)err;
	succession->num_awaited = 0;
	for (size_t i = 0; i < succession->num; i++)
		succession->list[i].accepted = is_agreed(succession, agreed, i);
	return true;
}

/*
 * Ask once for all earlier policies. A policy that nobody agreed to judges
 * nothing: a new office is no more credulous than those that were asked when
 * each policy came.
 */
static bool
agree(struct context *context, struct session *session, bool yes,
    struct error *err)
{
	const struct succession *all = &context->succession;
	const struct policy_entry *current;
	struct agreed agreed;
	bool others = false;

	if (!check_list(context, &current, err))
		return false;
	agreed.num = (size_t)(current - all->list) + 1;
	agreed.first = agreed.num - 1;
	for (size_t i = 0; i < agreed.num; i++)
		others = others || !is_agreed(all, &agreed, i);
	if (others) {
		if (!tell_earlier(session, agreed.num, err))
			return false;
		if (yes ||
		    (isatty(STDIN_FILENO) &&
			confirm_answered_yes(
			    "Did your office agree to all of them?"
			    " If not, only the last one is"
			    " accepted.")))
			agreed.first = 0;
	}
	for (size_t i = agreed.first; i < agreed.num; i++)
		if (!session_keep_policy(session, &all->list[i].digest, err))
			return false;
	return policies_change(context, accept_agreed, &agreed, err);
}

/*
 * Make the state: keep the enrolment, connect, and accept the policies that
 * were agreed to.
 */
static bool
import(struct context *context, struct span text, const struct options *options,
    struct error *err)
{
	static const char *const old[] = { "pins", "policy-entries",
		"accepted-at" };
	struct session session;
	char path[FILE_PATH];
	bool ok;

	if (!file_make_dirs(context->state, 0700, err))
		return false;
	/*
	 * The folder may be left from an enrolment that did not come to its
	 * end.
	 */
	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		if (!context_path(context, old[i], path, err))
			return false;
		unlink(path);
	}
	if (!context_path(context, "enrolment.yaml", path, err) ||
	    !file_write(path, text, 0600, err) ||
	    (context->certs = cert_cache_new(err)) == NULL ||
	    !init_fetch_policy(context, options->own_key, err) ||
	    !policies_change(context, await, &context->enrolment.policy, err) ||
	    !session_open(context, &session, err))
		return false;
	ok = agree(context, &session, options->yes, err);
	session_close(&session);
	return ok;
}

/* Read the options. False if a certificate lacks its key. */
static bool
read_options(const struct options_given *given, struct options *out,
    struct error *err)
{
	*out = (struct options){
		.cert = options_value(given, OPTION_CERT),
		.key = options_value(given, OPTION_KEY),
		.sign_cert = options_value(given, OPTION_SIGN_CERT),
		.sign_key = options_value(given, OPTION_SIGN_KEY),
		.encrypt_cert = options_value(given, OPTION_ENCRYPT_CERT),
		.encrypt_key = options_value(given, OPTION_ENCRYPT_KEY),
		.state = options_value(given, OPTION_STATE),
		.yes = options_has(given, OPTION_YES),
	};
	if ((out->sign_cert == NULL) != (out->sign_key == NULL))
		return error_set(err, ERROR_USAGE,
		    "--sign-cert and --sign-key go together");
	if ((out->encrypt_cert == NULL) != (out->encrypt_key == NULL))
		return error_set(err, ERROR_USAGE,
		    "--encrypt-cert and --encrypt-key go together");
	return true;
}

/*
 * Print what is to be compared by telephone, and which policies were not
 * accepted.
 */
static bool
tell_enrolled(struct context *context, struct error *err)
{
	const struct enrolment *enrolment = &context->enrolment;
	const struct succession *all = &context->succession;
	const struct policy_entry *newest = succession_newest(all);
	const struct digest list = succession_digest(all, all->num);
	char addresses[ADDRESSES_TEXT];
	size_t refused = 0;

	if (context->json)
		return output_json(json_pack("{s:s, s:s, s:o, s:o, s:o}",
				       "journal", enrolment->journal.name,
				       "config", context->config_path,
				       "fingerprint",
				       json_of_digest(&enrolment->fingerprint),
				       "policies", json_of_succession(context),
				       "list", json_of_digest(&list)),
		    err);
	addresses_text(&enrolment->addresses, addresses);
	printf("enrolled with %s at %s\n", enrolment->journal.name, addresses);
	output_digest("fingerprint  ", &enrolment->fingerprint);
	tell_list_digest(all, all->num);
	puts("Compare the fingerprint by telephone with whoever gave you the"
	     " enrolment, and the\nlist with another office (valise policy"
	     " show).");
	for (size_t i = 0; i < all->num; i++)
		refused += !all->list[i].accepted;
	if (refused > 0)
		printf("%zu of the policies %s not accepted, and judge%s"
		       " nothing here: see \"valise policy\nshow\"%s.\n",
		    refused, refused == 1 ? "is" : "are",
		    refused == 1 ? "s" : "",
		    newest != NULL && newest->accepted
			? ""
			: "; the one in force now is one of them");
	puts("Next: valise list");
	return true;
}

/*
 * The command line says all of it; where that is not enough, a person compares
 * the fingerprint.
 */
static bool
confirmed(const struct context *context, struct error *err)
{
	return confirm_ask(context, true,
	    &(struct confirm){ .question =
				   DIALOG("Is this the fingerprint that the"
					  " depositary read to you by"
					  " telephone?"),
		.yes = DIALOG("Enrol"),
		.refused = "not enrolled",
		.title = context->enrolment.journal.name,
		.digest = &context->enrolment.fingerprint,
		.means = DIALOG("you trust that depositary's journal then, and"
				" its policies up to now") },
	    err);
}

bool
cmd_init(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct buf text = BUF(LIMIT_YAML_BYTES);
	char root[FILE_PATH], name[16];
	const char *path = given->operands[0];
	struct options options;
	bool ok;

	if (!read_options(given, &options, err) || !places_config(context, err))
		return false;
	context->enrols = true;
	if (file_exists(context->config_path))
		return error_set(err, ERROR_CONFLICT,
		    "%s is there already: this office is enrolled",
		    context->config_path);
	if (!text_take(context->cert, FILE_PATH, options.cert, err) ||
	    !text_take(context->key, FILE_PATH, options.key, err) ||
	    !(options.state != NULL
		    ? text_take(root, sizeof(root), options.state, err)
		    : places_state(context, root, err)))
		return false;
	ok = file_read(path, LIMIT_YAML_BYTES, &text, err) &&
	    (enrolment_parse(buf_span(&text), &context->enrolment, err) ||
		error_context(err, "%s", path));
	if (ok) {
		snprintf(name, sizeof(name), "%08x",
		    context->enrolment.journal.id);
		ok = check_pairs(context, &options, err) &&
		    confirmed(context, err) &&
		    file_join(context->state, root, name, err) &&
		    context_load_keys(context, err) &&
		    import(context, buf_span(&text), &options, err) &&
		    write_config(context, &options, root, err);
	}
	buf_free(&text);
	EVP_PKEY_free(options.own_key);
	if (!ok)
		return false;
	places_tell(context);
	return tell_enrolled(context, err);
}
