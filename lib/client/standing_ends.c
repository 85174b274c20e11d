/*
 * What of an office's own ends when (standing.h): its person's certificates and
 * full powers, and the CAs and revocation lists of its party.
 */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "base/time.h"
#include "client/lists.h"
#include "client/policies.h"
#include "client/standing.h"
#include "policy/soon.h"

/* More than a policy can have of one person and one party. */
enum { ENDS = 3 + 2 * LIMIT_OFFICES + LIMIT_POWERS };

const char *
standing_kind_name(enum standing_kind kind)
{
	static const char *const names[] = { [STANDING_CONNECT] = "connect",
		[STANDING_SIGN] = "sign",
		[STANDING_ENCRYPT] = "encrypt",
		[STANDING_CA] = "ca",
		[STANDING_CRL] = "crl",
		[STANDING_POWERS] = "full-powers" };

	return names[kind];
}

/* The name is copied.  NULL if there is no memory. */
static struct standing_end *
add(struct standing *to, enum standing_kind kind, struct span name,
    struct error *err)
{
	struct standing_end *end;
	char *copy = strndup((const char *)name.data, name.len);

	if (copy == NULL) {
		error_set_errno(err, "what ends");
		return NULL;
	}
	end =
	    list_add(&to->list, &to->num, sizeof(*end), ENDS, "what ends", err);
	if (end == NULL) {
		free(copy);
		return NULL;
	}
	*end = (struct standing_end){ .kind = kind,
		.name = copy,
		.ends_at = INT64_MIN };
	return end;
}

static void
set_cert(struct standing_end *end, const struct cert *cert)
{
	end->from_at = cert->not_before_at;
	end->ends_at = cert->not_after_at;
}

/* A certificate of the configuration; one that is not named is not told. */
static bool
add_file(struct standing *to, enum standing_kind kind, const char *path,
    struct error *err)
{
	struct buf pem = BUF(LIMIT_KEY_BYTES);
	struct standing_end *end;
	struct cert *cert = NULL;

	if (path[0] == '\0')
		return true;
	if ((end = add(to, kind, span_of_str(path), err)) == NULL)
		return false;
	if (file_read(path, pem.max, &pem, &end->why) &&
	    (cert = cert_parse_pem(buf_span(&pem), &end->why)) != NULL)
		set_cert(end, cert);
	cert_free(cert);
	buf_free(&pem);
	return true;
}

/* The certificate that others pack this office's bags for. */
static bool
add_named_for_bags(struct standing *to, const struct policy *policy,
    const struct office *office, struct error *err)
{
	struct standing_end *end;
	struct cert *cert;

	if (office->encryption == NULL)
		return true;
	end = add(to, STANDING_ENCRYPT, span_of_str(office->encryption->path),
	    err);
	if (end == NULL)
		return false;
	cert = policy_encryption(policy, office, &end->why);
	if (cert != NULL)
		set_cert(end, cert);
	cert_free(cert);
	return true;
}

/* The certificate of a CA that ends last, and the newest of its lists. */
static bool
add_ca(struct standing *to, struct context *context,
    const struct policy *policy, const char *name, struct error *err)
{
	const int64_t until_at = time_now_ms() / 1000 + CRL_FUTURE_SECONDS;
	struct crls *crls = lists_newest(context);
	const struct cert *ca, *last = NULL;
	struct standing_end *end;
	int64_t next;

	for (size_t i = 0; (ca = trust_ca_at(policy->trust, name, i)) != NULL;
	     i++)
		if (last == NULL || ca->not_after_at > last->not_after_at)
			last = ca;
	if (last == NULL)
		return true;
	if ((end = add(to, STANDING_CA, span_of_str(name), err)) == NULL)
		return false;
	set_cert(end, last);
	if ((end = add(to, STANDING_CRL, span_of_str(name), err)) == NULL)
		return false;
	if (crls != NULL &&
	    trust_next_update(policy->trust, name, crls, until_at, &next))
		end->ends_at = next;
	return true;
}

/* Each CA once by which an office of this party is known. */
static bool
add_cas(struct standing *to, struct context *context,
    const struct policy *policy, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < policy->num_offices; i++) {
		const struct office *one = &policy->offices[i];
		bool again = strcmp(one->party, to->party) != 0;

		for (size_t j = 0; !again && j < to->num; j++)
			again = to->list[j].kind == STANDING_CA &&
			    strcmp(to->list[j].name, one->ca) == 0;
		ok = again || add_ca(to, context, policy, one->ca, err);
	}
	return ok;
}

/* Other full powers go on for these types when these end. */
static bool
go_on(const struct policy *policy, const struct full_powers *these)
{
	uint64_t types = these->types;

	for (size_t i = 0; i < policy->num_powers; i++) {
		const struct full_powers *one = &policy->powers[i];

		if (one->until_at > these->until_at &&
		    one->from_at <= these->until_at &&
		    strcmp(one->person, these->person) == 0 &&
		    strcmp(one->party, these->party) == 0)
			types &= ~one->types;
	}
	return types == 0;
}

static bool
add_power(struct standing *to, const struct policy *policy,
    const struct full_powers *one, struct error *err)
{
	struct buf types = BUF(LIMIT_POLICY_FILE_BYTES);
	struct standing_end *end = NULL;
	bool ok = true;

	for (size_t i = 0; ok && i < policy->num_types; i++)
		if ((one->types >> i & 1) != 0)
			ok = buf_printf(&types, err, "%s%s",
			    types.len > 0 ? ", " : "", policy->types[i].name);
	ok = ok &&
	    (end = add(to, STANDING_POWERS, buf_span(&types), err)) != NULL;
	if (ok) {
		end->from_at = one->from_at;
		end->ends_at = one->until_at;
	}
	buf_free(&types);
	return ok;
}

/* Full powers of this person that have not ended, and that none follow. */
static bool
add_powers(struct standing *to, const struct policy *policy, struct error *err)
{
	const int64_t now_at = time_now_ms() / 1000;
	bool ok = true;

	for (size_t i = 0; ok && i < policy->num_powers; i++) {
		const struct full_powers *one = &policy->powers[i];

		if (strcmp(one->person, to->person) == 0 &&
		    one->until_at > now_at && !go_on(policy, one))
			ok = add_power(to, policy, one, err);
	}
	return ok;
}

/* What the accepted policy says of this office. */
static bool
add_policy(struct standing *to, struct context *context,
    const struct policy *policy, const struct office *office, struct error *err)
{
	text_set(to->office, sizeof(to->office), office->name);
	text_set(to->party, sizeof(to->party), office->party);
	return (context->encrypt_cert[0] != '\0' ||
		   add_named_for_bags(to, policy, office, err)) &&
	    add_cas(to, context, policy, err) && add_powers(to, policy, err);
}

bool
standing_load(struct context *context, struct standing *out, struct error *err)
{
	const struct office *office = NULL;
	struct policy *policy;
	struct cert *cert = NULL;
	bool ok;

	*out = (struct standing){ .num = 0 };
	if ((policy = policies_pinned(context, &out->why)) != NULL)
		office = policies_own_office(context, policy, &cert, &out->why);
	if (cert != NULL)
		text_set(out->person, sizeof(out->person), cert->email);
	cert_free(cert);
	ok = add_file(out, STANDING_CONNECT, context->cert, err) &&
	    add_file(out, STANDING_SIGN, context->sign_cert, err) &&
	    add_file(out, STANDING_ENCRYPT, context->encrypt_cert, err) &&
	    (office == NULL || add_policy(out, context, policy, office, err));
	if (!ok)
		standing_free(out);
	return ok;
}

void
standing_free(struct standing *standing)
{
	for (size_t i = 0; i < standing->num; i++)
		free(standing->list[i].name);
	free(standing->list);
	*standing = (struct standing){ .num = 0 };
}

/* --- What ends soon. --- */

bool
standing_is_soon(const struct standing_end *end, int64_t now_at)
{
	const int64_t before = end->kind == STANDING_CRL ? SOON_CRL
	    : end->kind == STANDING_POWERS               ? SOON_POWERS
							 : SOON_CERTIFICATE;

	/* What cannot be read is told by what needs it. */
	return end->ends_at == INT64_MIN ? end->kind == STANDING_CRL
					 : end->ends_at < now_at + before;
}

/* What a sentence calls it, and what to do about it. */
#define ASK_CA                                                                 \
	"ask your CA for the next one (certs/request), which \"valise renew\"" \
	" takes"
static const struct {
	const char *what, *remedy;
} words[] = {
	[STANDING_CONNECT] = { "your certificate to connect", ASK_CA },
	[STANDING_SIGN] = { "your certificate to sign", ASK_CA },
	[STANDING_ENCRYPT] = { "your office's certificate for bags", ASK_CA },
	[STANDING_CA] = { "the certificate of your CA",
	    "its administrator makes the next one (certs/ca renew), for the"
	    " policy" },
	[STANDING_CRL] = { "the CRL of your CA",
	    "without one nobody with its certificates can connect. Ask its"
	    " administrator for the next (certs/ca crl), which \"valise crls"
	    " push\" hands in" },
	[STANDING_POWERS] = { "your full powers for",
	    "your authorities give new ones, for the policy" },
};

bool
standing_sentence(const struct standing_end *end, int64_t now_at,
    struct buf *out, struct error *err)
{
	const bool is_quoted =
	    end->kind == STANDING_CA || end->kind == STANDING_CRL;
	const char *const quote = is_quoted ? "\"" : "";
	char when[TIME_TEXT];

	/* Full powers are told by their last day, as the policy has it. */
	if (end->kind == STANDING_POWERS)
		time_format_date(end->ends_at - 1, when);
	else
		time_format_at(end->ends_at, when);
	if (end->ends_at == INT64_MIN)
		return buf_printf(out, err, "%s %s%s%s is not known here: %s",
		    words[end->kind].what, quote, end->name, quote,
		    words[end->kind].remedy);
	return buf_printf(out, err, "%s %s%s%s %s %s: %s",
	    words[end->kind].what, quote, end->name, quote,
	    end->ends_at <= now_at             ? "ended"
		: end->kind == STANDING_POWERS ? "end"
					       : "ends",
	    when, words[end->kind].remedy);
}
