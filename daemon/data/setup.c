/*
 * The commands valised init and valised enrolment (setup.h).
 */
#include "daemon/data/setup.h"

#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "base/time.h"
#include "daemon/data/seen.h"
#include "daemon/lists.h"
#include "daemon/owner.h"
#include "daemon/signer/memory.h"
#include "policy/succession.h"
#include "record/data.h"

struct policy *
setup_policy(const struct config *config, struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	struct policy *policy =
	    policy_load_dir(config->policies, &complaints, err);
	struct span rest = buf_span(&complaints.lines), line;

	while (span_take_line(&rest, &line))
		fprintf(stderr, "%.*s\n", (int)line.len,
		    (const char *)line.data);
	complaints_free(&complaints);
	return policy;
}

/* Make a private key and a certificate request. */
static bool
make_key(const char *key_path, const char *request_path, const char *name,
    struct error *err)
{
	struct buf key = BUF(8192), request = BUF(8192);
	bool ok;

	ok = key_make_request(name, &key, &request, err) &&
	    file_create(key_path, buf_span(&key), 0600, err) &&
	    file_write(request_path, buf_span(&request), 0644, err);
	if (key.len > 0)
		OPENSSL_cleanse(key.data, key.len);
	buf_free(&key);
	buf_free(&request);
	return ok;
}

/* Make an empty journal and the signer's memory. */
static bool
make_journal(const struct config *config, const char *origin, struct error *err)
{
	char path[FILE_PATH], text[NOTE_KEY_TEXT + 1];
	const struct data_place place = config_place(config);
	struct note_key key;

	if (!data_create(&place, err) ||
	    !signer_create(config, origin, &key, err) ||
	    !data_path(config->data, DATA_VKEY, path, err))
		return false;
	note_key_encode(&key, text);
	snprintf(text + strlen(text), 2, "\n");
	return file_create(path, span_of_str(text), data_about(DATA_VKEY)->mode,
	    err);
}

/* The host of the address that offices connect to. */
static void
server_host(const struct config *config, char host[512])
{
	text_set(host, 512, config->addresses.all[0] + 8);
	if (strrchr(host, ':') != NULL)
		*strrchr(host, ':') = '\0';
}

/* The policy for a data folder that is not there yet; NULL: refused. */
static struct policy *
begin_folder(const struct config *config, struct error *err)
{
	struct policy *policy;

	if (!owner_check(config->data, err) ||
	    (policy = setup_policy(config, err)) == NULL)
		return NULL;
	if (!data_is_there(config->data))
		return policy;
	policy_free(policy);
	error_set(err, ERROR_CONFLICT,
	    "%s is a data folder already: nothing was changed", config->data);
	return NULL;
}

bool
setup_init(const struct config *config, struct error *err)
{
	char request[FILE_PATH], host[512];
	struct policy *policy = begin_folder(config, err);
	bool ok;

	if (policy == NULL)
		return false;
	server_host(config, host);
	ok = data_make(config->data, err) &&
	    make_journal(config, policy->origin, err) &&
	    data_path(config->data, DATA_DEPOSITARY_REQUEST, request, err) &&
	    make_key(config->depositary_key, request, "Depositary", err) &&
	    data_path(config->data, DATA_SERVER_REQUEST, request, err) &&
	    make_key(config->server_key, request, host, err);
	policy_free(policy);
	return ok || error_context(err, "init");
}

/* --- A stand-by. --- */

/* Put the journal's keys into the new folder. */
static bool
join_keys(const struct config *config, const struct setup_join *how,
    const char *origin, struct error *err)
{
	struct buf key = BUF(1024), before = BUF(NOTE_KEYS_TEXT);
	struct note_signer journal = { .seed = { 0 } };
	char path[FILE_PATH], text[NOTE_KEY_TEXT + 1];
	bool ok;

	ok =
	    private_read(how->key, key.max, &config->private_keys, &key, err) &&
	    note_signer_parse(buf_span(&key), NOTE_JOURNAL, &journal, err) &&
	    (strcmp(journal.key.name, origin) == 0 ||
		error_set(err, ERROR_CONFLICT,
		    "%s is of journal \"%s\", and the policy's origin is"
		    " \"%s\"",
		    how->key, journal.key.name, origin)) &&
	    data_path(config->data, DATA_JOURNAL_KEY, path, err) &&
	    file_create(path, buf_span(&key), 0600, err);
	if (ok) {
		note_key_encode(&journal.key, text);
		snprintf(text + strlen(text), 2, "\n");
		ok = data_path(config->data, DATA_VKEY, path, err) &&
		    file_create(path, span_of_str(text),
			data_about(DATA_VKEY)->mode, err);
	}
	if (ok && how->keys != NULL)
		ok = file_read(how->keys, before.max, &before, err) &&
		    data_path(config->data, DATA_KEYS, path, err) &&
		    file_create(path, buf_span(&before),
			data_about(DATA_KEYS)->mode, err);
	if (key.len > 0)
		OPENSSL_cleanse(key.data, key.len);
	OPENSSL_cleanse(&journal, sizeof(journal));
	buf_free(&key);
	buf_free(&before);
	return ok;
}

/* Get the newest head that is signed, by one of the journal's keys. */
static bool
join_newest(const struct data_place *place, struct head *out, struct error *err)
{
	struct journal_mended mended;
	struct journal *journal = data_view(place, NULL, NULL, &mended, err);
	const bool ok = journal != NULL;

	if (ok)
		*out = journal_head(journal);
	journal_free(journal);
	return ok &&
	    (out->size > 0 ||
		error_set(err, ERROR_NOT_FOUND,
		    "nothing is signed in this database yet: start the first"
		    " daemon first"));
}

/*
 * Begin the signer's memory with that head, once all entries were read and lead
 * to it; and take part.
 */
static bool
join_memory(const struct config *config, const struct setup_join *how,
    uint64_t *size, struct error *err)
{
	const struct data_place place = config_place(config);
	const int lock = data_lock(config->data, err);
	struct journal *journal = NULL;
	struct journal_mended mended;
	struct backend *backend = NULL;
	struct head head;
	bool ok;

	ok = lock >= 0 && join_newest(&place, &head, err) &&
	    (journal = data_follow(&place, &head, &mended, &backend, err)) !=
		NULL;
	for (size_t i = 0; ok && i < how->num_seen; i++)
		ok = seen_check(journal, how->seen[i], "this database", err);
	ok = ok && signer_remember(config->data, &head, err) &&
	    data_take_part(backend, err);
	journal_free(journal);
	if (ok)
		*size = head.size;
	if (lock >= 0)
		close(lock);
	return ok;
}

/* An earlier try, or who carried the depositary's key here, may have made it. */
static bool
make_key_once(const char *key_path, enum data_part request, const char *data,
    const char *name, struct error *err)
{
	char path[FILE_PATH];

	return file_exists(key_path) ||
	    (data_path(data, request, path, err) &&
		make_key(key_path, path, name, err));
}

bool
setup_join(const struct config *config, const struct setup_join *how,
    uint64_t *size, struct error *err)
{
	const struct data_place place = config_place(config);
	struct policy *policy = begin_folder(config, err);
	char host[512];
	bool ok;

	if (policy == NULL)
		return false;
	server_host(config, host);
	ok = (place.database.conninfo != NULL ||
		 error_set(err, ERROR_USAGE,
		     "a stand-by needs a record in a database: \"store\" in"
		     " valised.yaml names it")) &&
	    data_make(config->data, err) && data_join(&place, err) &&
	    join_keys(config, how, policy->origin, err) &&
	    join_memory(config, how, size, err) &&
	    make_key_once(config->depositary_key, DATA_DEPOSITARY_REQUEST,
		config->data, "Depositary", err) &&
	    make_key_once(config->server_key, DATA_SERVER_REQUEST, config->data,
		host, err);
	policy_free(policy);
	return ok ||
	    error_context(err,
		"init --join (remove what it made of %s before you try again)",
		config->data);
}

/* Append a file's text as a YAML block: "NAME: |" and its indented lines. */
static bool
append_block(struct buf *out, const char *name, struct span text,
    struct error *err)
{
	struct span line;

	if (!buf_append_str(out, "  ", err) ||
	    !yaml_append_scalar(out, name, err) ||
	    !buf_append_str(out, ": |\n", err))
		return false;
	while (span_take_line(&text, &line))
		if (!buf_append_str(out, "    ", err) ||
		    !buf_append(out, line, err) ||
		    !buf_append_str(out, "\n", err))
			return false;
	return true;
}

static bool
append_cas(struct buf *out, const struct policy *policy, struct error *err)
{
	bool ok = buf_append_str(out, "cas:\n", err);

	for (size_t i = 0; ok && i < policy->files->num; i++) {
		const struct member *file = &policy->files->members[i];

		if (strchr(file->path, '/') != NULL)
			ok = append_block(out, file->path, member_bytes(file),
			    err);
	}
	return ok;
}

/* Append a CRL file as PEM: it may be DER, or have other blocks. */
static bool
append_crl_file(struct buf *out, const struct member *file, struct error *err)
{
	struct buf pem = BUF(2 * LIMIT_CRL_BYTES);
	struct crls *crls = crls_new(err);
	bool ok = crls != NULL && crls_add(crls, member_bytes(file), NULL, err);

	for (size_t i = 0; ok && i < crls_count(crls); i++)
		ok = crl_append_pem(crls_at(crls, i), &pem, err);
	ok = ok && append_block(out, file->path, buf_span(&pem), err);
	crls_free(crls);
	buf_free(&pem);
	return ok;
}

static bool
append_crls(struct buf *out, const struct crl_set *crls, struct error *err)
{
	bool ok = buf_append_str(out, "crls:\n", err);

	for (size_t i = 0; ok && i < crls->files->num; i++)
		ok = append_crl_file(out, &crls->files->members[i], err);
	return ok;
}

/* Append the earlier keys of the journal, which old copies are signed with. */
static bool
append_keys(struct buf *out, const struct config *config, struct error *err)
{
	struct note_keys keys;
	char vkey[NOTE_KEY_TEXT];
	bool ok = data_keys(config->data, &keys, err);

	if (!ok || keys.num < 2)
		return ok;
	ok = buf_append_str(out, "journal-before:\n", err);
	for (size_t i = 0; ok && i + 1 < keys.num; i++) {
		note_key_encode(&keys.keys[i], vkey);
		ok = buf_printf(out, err, "  - \"%llu %s\"\n",
		    (unsigned long long)keys.until[i], vkey);
	}
	return ok;
}

/* Append the policy that this entry names; a journal_visitor. */
static bool
visit_policy(void *arg, uint64_t index, struct span line, struct error *err)
{
	struct entry entry;
	struct succession *all = arg;

	/* An entry's keys are in order, so "act" comes first. */
	if (!span_starts(line, "{\"act\":\"policy\","))
		return true;
	return entry_parse(line, &entry, err) &&
	    succession_add(all, index, &entry.policy,
		entry_has(&entry, ENTRY_PRIOR) ? entry.prior : SUCCESSION_NONE,
		err);
}

/*
 * Append all policies so far: a new office judges older acts by the policies
 * that it accepts by this file.  There are none before the daemon's first
 * start.
 */
static bool
append_policies(struct buf *out, const struct config *config,
    const struct policy *policy, struct error *err)
{
	struct succession all = { .num = 0 };
	struct journal_mended mended;
	const struct data_place place = config_place(config);
	struct journal *journal =
	    data_view(&place, visit_policy, &all, &mended, err);
	const struct policy_entry *newest = succession_newest(&all);
	char hex[DIGEST_HEX];
	bool ok = journal != NULL;

	journal_free(journal);
	if (ok && newest != NULL &&
	    !digest_eq(&newest->digest, &policy->digest))
		ok = error_set(err, ERROR_CONFLICT,
		    "%s is not the policy that is in force: reload the daemon"
		    " first",
		    config->policies);
	if (ok && newest != NULL)
		ok = buf_append_str(out, "policies:\n", err);
	for (size_t i = 0; ok && i < all.num; i++) {
		digest_hex(&all.list[i].digest, hex);
		ok = buf_printf(out, err, "  - \"%llu %s\"\n",
		    (unsigned long long)all.list[i].index, hex);
	}
	succession_free(&all);
	return ok;
}

/*
 * Returns the CA of the server's present certificate, which may be an older one
 * of the policy.
 */
static const char *
server_ca(const struct config *config, const struct policy *policy)
{
	struct buf pem = BUF(LIMIT_KEY_BYTES);
	struct trust_result trust = { .ca = NULL };
	struct cert *cert = NULL;
	struct error ignored = { 0 };

	if (file_read(config->server_cert, pem.max, &pem, &ignored) &&
	    (cert = cert_parse_pem(buf_span(&pem), &ignored)) != NULL)
		trust_issued(policy->trust, cert, time_now_ms() / 1000, &trust);
	cert_free(cert);
	buf_free(&pem);
	return trust.ca != NULL ? trust.ca : policy->depositary.ca;
}

/* The daemon's address, and those of the others on the same record. */
static bool
append_addresses(struct buf *out, const struct addresses *all,
    struct error *err)
{
	bool ok = buf_printf(out, err, "address: %s\n", all->all[0]) &&
	    (all->num < 2 || buf_append_str(out, "other-addresses:\n", err));

	for (size_t i = 1; ok && i < all->num; i++)
		ok = buf_printf(out, err, "  - %s\n", all->all[i]);
	return ok;
}

bool
setup_enrolment(const struct config *config, struct buf *out, struct error *err)
{
	struct policy *policy = setup_policy(config, err);
	struct lists_look look = { .files = { { 0 } } };
	struct crl_set *crls =
	    policy != NULL ? lists_read(config, &look, err) : NULL;
	struct buf key = BUF(NOTE_KEY_TEXT + 1);
	char path[FILE_PATH], digest[DIGEST_HEX];
	bool ok;

	ok = crls != NULL && data_path(config->data, DATA_VKEY, path, err) &&
	    file_read(path, NOTE_KEY_TEXT, &key, err);
	if (ok) {
		lists_warn_all(config, policy, crls);
		digest_hex(&policy->digest, digest);
		ok = buf_printf(out, err,
			 "# The enrolment of an office with %s: import it with"
			 " \"valise init\"\n"
			 "# after comparing its fingerprint by telephone.\n"
			 "valise: 1\n",
			 policy->origin) &&
		    append_addresses(out, &config->addresses, err) &&
		    buf_printf(out, err,
			"journal: \"%.*s\"\n"
			"policy: \"%s\"\nserver-ca: %s\n",
			(int)key.len - 1, (const char *)key.data, digest,
			server_ca(config, policy)) &&
		    append_policies(out, config, policy, err) &&
		    append_keys(out, config, err) &&
		    append_cas(out, policy, err) && append_crls(out, crls, err);
	}
	buf_free(&key);
	lists_look_reset(&look);
	crl_set_free(crls);
	policy_free(policy);
	return ok;
}
