/*
 * The journal's policies, as far as an office knows them, in its state folder.
 */
#include "client/policies.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "pki/identity.h"
#include "record/ledger.h"

struct shown {
	struct policy *policy;
	/* NULL: the policy does not have this office */
	const struct office *office;
	struct sight sight;
};

/* How many accepted policies are searched for the CA of another server. */
enum { EARLIER_POLICIES = 8 };

/* --- What is kept. --- */

/* Read the file "policy-entries", or what older programs kept instead. */
static bool
read_state(const struct context *context, struct succession *out,
    struct error *err)
{
	struct buf text = BUF(LIMIT_POLICY_LIST_BYTES);
	char path[FILE_PATH];
	bool pins, ok;

	*out = (struct succession){ .num = 0 };
	if (!context_path(context, "policy-entries", path, err))
		return false;
	if ((pins = !file_exists(path)) &&
	    !context_path(context, "pins", path, err))
		return false;
	ok = file_read(path, text.max, &text, err) &&
	    ((pins ? succession_parse_pins(buf_span(&text), out, err)
		   : succession_parse(buf_span(&text), out, err)) ||
		error_context(err, "%s", path));
	buf_free(&text);
	if (!ok)
		succession_free(out);
	return ok;
}

/*
 * True if "policy-entries" is still the file that was read: it is never changed
 * but replaced by another.  Of many copies each asks.
 */
static bool
is_as_read(struct context *context)
{
	struct error ignored = { 0 };
	char path[FILE_PATH];
	struct stat st;
	bool same;

	if (!context_path(context, "policy-entries", path, &ignored) ||
	    stat(path, &st) != 0)
		return false;
	same = context->policies_file.ino == st.st_ino &&
	    context->policies_file.changed.tv_sec == st.st_ctim.tv_sec &&
	    context->policies_file.changed.tv_nsec == st.st_ctim.tv_nsec;
	context->policies_file.ino = st.st_ino;
	context->policies_file.changed = st.st_ctim;
	return same;
}

bool
policies_load(struct context *context, struct error *err)
{
	struct succession read;

	/* Entries that could not be written are known in memory alone. */
	if (context->unkept || is_as_read(context))
		return true;
	if (!read_state(context, &read, err)) {
		context->policies_file.ino = 0;
		return false;
	}
	succession_free(&context->succession);
	context->succession = read;
	return true;
}

static bool
write_state(const struct context *context, const struct succession *succession,
    struct error *err)
{
	struct buf text = BUF(LIMIT_POLICY_LIST_BYTES);
	char path[FILE_PATH], pins[FILE_PATH];
	bool ok;

	ok = succession_encode(succession, &text, err) &&
	    context_path(context, "policy-entries", path, err) &&
	    context_path(context, "pins", pins, err) &&
	    file_write(path, buf_span(&text), 0600, err);
	buf_free(&text);
	/* The first of these files that is there counts. */
	if (ok)
		unlink(pins);
	return ok;
}

/* An office begins without any of them. */
static bool
read_or_begin(const struct context *context, struct succession *out,
    struct error *err)
{
	struct error why = { 0 };

	if (read_state(context, out, &why))
		return true;
	*out = (struct succession){ .num = 0 };
	if (why.kind == ERROR_NOT_FOUND)
		return true;
	*err = why;
	return false;
}

/* Is a policy awaited? */
static bool
awaits(const struct succession *succession, const struct digest *digest)
{
	for (size_t i = 0; i < succession->num_awaited; i++)
		if (digest_eq(&succession->awaited[i], digest))
			return true;
	return false;
}

/*
 * Was an entry accepted now?  One whose policy was accepted already, before its
 * entry was seen or with the entry before it, was not.
 */
static bool
is_new(const struct succession *before, const struct policy_entry *entry)
{
	const struct digest *pinned = succession_pinned(before);
	const struct policy_entry *same =
	    succession_find(before, &entry->digest, entry->index);

	return entry->accepted && (same == NULL || !same->accepted) &&
	    !awaits(before, &entry->digest) &&
	    (pinned == NULL || !digest_eq(pinned, &entry->digest));
}

/* A line of accepted-at: "DIGEST INDEX TIME", INDEX "-" before it is known. */
static bool
add_acceptance(const struct digest *digest, uint64_t index, struct buf *out)
{
	char hex[DIGEST_HEX], now[TIME_TEXT], number[24] = "-";
	struct error ignored = { 0 };

	digest_hex(digest, hex);
	time_format_at(time_now_ms() / 1000, now);
	if (index != SUCCESSION_NONE)
		snprintf(number, sizeof(number), "%llu",
		    (unsigned long long)index);
	return buf_printf(out, &ignored, "%s %s %s\n", hex, number, now);
}

/* Keep when what changed was accepted.  Nothing is judged by it. */
static void
note_times(const struct context *context, const struct succession *before,
    const struct succession *now)
{
	struct buf text = BUF(LIMIT_POLICY_LIST_BYTES);
	struct error ignored = { 0 };
	char path[FILE_PATH];
	bool ok, any = false;

	ok = context_path(context, "accepted-at", path, &ignored) &&
	    (!file_exists(path) ||
		file_read(path, LIMIT_POLICY_LIST_BYTES, &text, &ignored));
	for (size_t i = 0; ok && i < now->num; i++)
		if (is_new(before, &now->list[i]))
			any = ok = add_acceptance(&now->list[i].digest,
			    now->list[i].index, &text);
	for (size_t i = 0; ok && i < now->num_awaited; i++)
		if (!awaits(before, &now->awaited[i]))
			any = ok = add_acceptance(&now->awaited[i],
			    SUCCESSION_NONE, &text);
	if (ok && any)
		(void)!file_write(path, buf_span(&text), 0600, &ignored);
	buf_free(&text);
}

/* Parse a line of accepted-at for an entry; exact: of that very index. */
static bool
take_acceptance(struct span line, const struct policy_entry *entry, bool *exact,
    int64_t *at)
{
	struct span hex, number;
	struct digest digest;
	uint64_t index = SUCCESSION_NONE;

	if (!span_take_until(&line, ' ', &hex) || !digest_parse(hex, &digest) ||
	    !digest_eq(&digest, &entry->digest) ||
	    !span_take_until(&line, ' ', &number) ||
	    (!span_is(number, "-") && !span_to_u64(number, &index)) ||
	    (index != SUCCESSION_NONE && index > entry->index))
		return false;
	*exact = index == entry->index;
	return time_parse_at(line, at);
}

bool
policies_accepted_at(const struct context *context,
    const struct policy_entry *entry, int64_t *out)
{
	struct buf text = BUF(LIMIT_POLICY_LIST_BYTES);
	struct error ignored = { 0 };
	bool exact = false, found = false;
	char path[FILE_PATH];
	struct span rest, line;
	int64_t at;

	if (entry->accepted &&
	    context_path(context, "accepted-at", path, &ignored) &&
	    file_read(path, LIMIT_POLICY_LIST_BYTES, &text, &ignored)) {
		rest = buf_span(&text);
		while (!exact && span_take_line(&rest, &line))
			if (take_acceptance(line, entry, &exact, &at)) {
				*out = at;
				found = true;
			}
	}
	buf_free(&text);
	return found;
}

bool
policies_change(struct context *context, policies_changer *change, void *arg,
    struct error *err)
{
	struct succession changed, before = { .num = 0 };
	char path[FILE_PATH];
	bool ok;
	int lock;

	if (!context_path(context, "policy-entries.lock", path, err) ||
	    (lock = file_lock_wait(path, err)) < 0)
		return false;
	if (!read_or_begin(context, &changed, err)) {
		close(lock);
		return false;
	}
	ok = succession_copy(&changed, &before, err) &&
	    change(&changed, arg, err) && write_state(context, &changed, err);
	if (ok)
		note_times(context, &before, &changed);
	succession_free(&before);
	close(lock);
	if (!ok) {
		succession_free(&changed);
		return false;
	}
	succession_free(&context->succession);
	context->succession = changed;
	context->unkept = false;
	return true;
}

/* --- The policies themselves. --- */

/*
 * kept is the file of a policy that was accepted, and checked whole then; or
 * NULL.
 */
static struct policy *
read_policy(int fd, const struct digest *want, const struct digest *kept,
    struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	struct container *files = kept != NULL
	    ? container_read_files_to_judge(fd, err)
	    : container_read_files(fd, err);
	struct policy *policy;

	if (files == NULL)
		return NULL;
	policy = policy_load_kept(files, kept, time_now_ms() / 1000,
	    &complaints, err);
	complaints_free(&complaints);
	if (policy != NULL && want != NULL &&
	    !digest_eq(&policy->digest, want)) {
		error_set(err, ERROR_UNTRUSTED,
		    "it has other files than those that the digest names");
		policy_free(policy);
		return NULL;
	}
	return policy;
}

struct policy *
policies_read(int fd, const struct digest *want, struct error *err)
{
	return read_policy(fd, want, NULL, err);
}

bool
policies_keep(struct context *context, int fd, const struct digest *digest,
    struct error *err)
{
	return context_keep_zip(context, fd, "policies", digest, err);
}

/* The ZIP that was kept; NULL if there is none, or it is damaged. */
static struct policy *
read_kept(const struct context *context, const struct digest *digest)
{
	struct policy *policy;
	struct error ignored = { 0 };
	char path[FILE_PATH];
	int fd;

	if (!context_digest_path(context, "policies", digest, ".zip", path,
		&ignored) ||
	    (fd = file_open(path, &ignored)) < 0)
		return NULL;
	policy = read_policy(fd, digest, digest, &ignored);
	close(fd);
	return policy;
}

bool
policies_take(struct context *context, struct policy *policy, struct error *err)
{
	struct policy **all = realloc(context->policies,
	    (context->num_policies + 1) * sizeof(struct policy *));

	if (all == NULL) {
		policy_free(policy);
		return error_set_errno(err, "policy");
	}
	context->policies = all;
	all[context->num_policies++] = policy;
	return true;
}

struct policy *
policies_find(struct context *context, const struct digest *digest)
{
	struct error ignored = { 0 };
	struct policy *policy;

	for (size_t i = 0; i < context->num_policies; i++)
		if (digest_eq(&context->policies[i]->digest, digest))
			return context->policies[i];
	policy = read_kept(context, digest);
	return policy != NULL && policies_take(context, policy, &ignored)
	    ? policy
	    : NULL;
}

struct policy *
policies_pinned(struct context *context, struct error *err)
{
	const struct digest *pinned;
	struct policy *policy = NULL;

	if (!policies_load(context, err))
		return NULL;
	if ((pinned = succession_pinned(&context->succession)) != NULL)
		policy = policies_find(context, pinned);
	if (policy == NULL)
		error_set_outside(err,
		    "%s: the policy that you accepted is not there or damaged:"
		    " enrol again",
		    context->state);
	return policy;
}

struct policy *
policies_for_act(struct context *context, const struct digest *digest,
    uint64_t index)
{
	return succession_judges(&context->succession, digest, index)
	    ? policies_find(context, digest)
	    : NULL;
}

/* The office of a certificate; err says why there is none. */
static const struct office *
office_of(struct policy *policy, const struct cert *cert, const char *path,
    struct error *err)
{
	struct trust_result trust;
	char why[POLICY_RULE];
	const struct office *office;

	trust_issued(policy->trust, cert, time_now_ms() / 1000, &trust);
	office = policy_office_of(policy, cert, trust.ca, why);
	if (office == NULL)
		error_set(err, ERROR_REFUSED, "%s: %s", path, why);
	return office;
}

/*
 * Who this is follows from the certificate to connect with.  What needs no
 * connection needs no good one: if it is not there, or of no office, the one to
 * sign with tells, or the one to open bags with.
 */
const struct office *
policies_own_office(struct context *context, struct policy *policy,
    struct cert **cert, struct error *err)
{
	const char *const paths[] = { context->cert, context->sign_cert,
		context->encrypt_cert };
	const struct office *office = NULL;
	struct error why[4] = { { 0 } };

	*cert = context->own_cert != NULL ? cert_ref(context->own_cert) : NULL;
	if (*cert != NULL)
		office = office_of(policy, *cert, context->cert, &why[3]);
	for (size_t i = 0; office == NULL && i < 3; i++) {
		cert_free(*cert);
		*cert = paths[i][0] != '\0'
		    ? identity_load_cert(paths[i], &why[i])
		    : NULL;
		if (*cert != NULL)
			office = office_of(policy, *cert, paths[i], &why[i]);
	}
	if (office == NULL) {
		cert_free(*cert);
		*cert = NULL;
		*err = why[0];
		return NULL;
	}
	if (context->own_cert == NULL)
		context->own_cert = cert_ref(*cert);
	return office;
}

/* Find out what this office may see by a policy, once. */
static struct shown *
find_shown(struct context *context, struct policy *policy)
{
	struct error ignored = { 0 };
	struct cert *cert = NULL;
	struct shown *all, *one;

	for (size_t i = 0; i < context->num_shown; i++)
		if (context->shown[i].policy == policy)
			return &context->shown[i];
	all = realloc(context->shown, (context->num_shown + 1) * sizeof(*all));
	if (all == NULL)
		return NULL;
	context->shown = all;
	one = &all[context->num_shown++];
	*one = (struct shown){ .policy = policy_ref(policy),
		.office =
		    policies_own_office(context, policy, &cert, &ignored) };
	if (one->office != NULL)
		one->sight = sight_of(policy, one->office);
	cert_free(cert);
	return one;
}

bool
policies_shows(struct context *context, struct policy *policy,
    const char *document)
{
	const struct shown *shown = find_shown(context, policy);

	return shown != NULL && shown->office != NULL &&
	    sight_sees(&shown->sight, document);
}

void
policies_free(struct context *context)
{
	for (size_t i = 0; i < context->num_shown; i++)
		policy_free(context->shown[i].policy);
	free(context->shown);
	for (size_t i = 0; i < context->num_policies; i++)
		policy_free(context->policies[i]);
	free(context->policies);
	cert_free(context->own_cert);
	succession_free(&context->succession);
}

bool
policies_show(struct context *context, const struct digest *policy,
    const char *document)
{
	struct policy *one = policies_find(context, policy);

	return one != NULL && policies_shows(context, one, document);
}

/* --- The connection. --- */

/*
 * Add the CA that the depositary had by the policy accepted before: while the
 * newest one has that CA, the server's certificate may still be of it.
 */
static const char *
earlier_ca(struct context *context, const struct policy *pinned)
{
	const struct succession *succession = &context->succession;
	unsigned looked = 0;

	for (size_t i = succession->num; i > 0 && looked < EARLIER_POLICIES;
	     i--) {
		const struct policy_entry *entry = &succession->list[i - 1];
		const struct policy *policy = entry->accepted
		    ? policies_find(context, &entry->digest)
		    : NULL;

		looked += policy != NULL;
		if (policy != NULL &&
		    strcmp(policy->depositary.ca, pinned->depositary.ca) != 0)
			return policy->depositary.ca;
	}
	return NULL;
}

/* All files of one policy that was accepted. */
static bool
append_cas(struct context *context, const struct digest *digest,
    struct buf *out, struct error *err)
{
	const struct policy *policy = policies_find(context, digest);
	const char *earlier;

	if (policy == NULL)
		return true;
	earlier = earlier_ca(context, policy);
	return trust_append_pem(policy->trust, policy->depositary.ca, out,
		   err) &&
	    trust_append_pem(policy->trust, context->enrolment.server_ca, out,
		err) &&
	    (earlier == NULL ||
		trust_append_pem(policy->trust, earlier, out, err));
}

/* Once that policy is accepted, it says who the depositary's CA is. */
static bool
is_accepted(const struct succession *succession, const struct digest *digest)
{
	for (size_t i = 0; i < succession->num; i++)
		if (succession->list[i].accepted &&
		    digest_eq(&succession->list[i].digest, digest))
			return true;
	return false;
}

bool
policies_server_cas(struct context *context, struct buf *out, struct error *err)
{
	const struct policy *pinned = policies_pinned(context, err);
	const struct succession *succession = &context->succession;

	if (pinned == NULL || !append_cas(context, &pinned->digest, out, err))
		return false;
	/* A policy that came by mail may be what lets this office in again. */
	for (size_t i = 0; i < succession->num_awaited; i++)
		if (!append_cas(context, &succession->awaited[i], out, err))
			return false;
	return context->server_ca.len == 0 ||
	    is_accepted(succession, &context->enrolment.policy) ||
	    buf_append(out, buf_span(&context->server_ca), err);
}
