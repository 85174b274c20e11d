/*
 * crls - hand in revocation lists, keep them, and show those in force.
 */
#include <string.h>

#include "base/time.h"
#include "cli/commands.h"
#include "client/own_lists.h"
#include "pki/crl_listing.h"
#include "record/audit.h"

/* --- add --- */

/*
 * Keep the good lists of each file; *num_lists counts them all. ahead gets those
 * from the future, if it is not NULL.
 */
static bool
keep_files(struct context *context, const struct policy *policy,
    const struct options_given *given, size_t *num_lists, struct crls *ahead,
    struct error *err)
{
	bool ok = true;

	*num_lists = 0;
	for (int i = 0; ok && i < given->num_operands; i++) {
		struct buf bytes = BUF(LIMIT_CRL_BYTES);
		size_t good = 0;

		ok = file_read(given->operands[i], bytes.max, &bytes, err) &&
		    (own_lists_keep(context, policy, buf_span(&bytes), &good,
			 ahead, err) ||
			error_context(err, "%s", given->operands[i]));
		*num_lists += good;
		buf_free(&bytes);
	}
	return ok;
}

bool
cmd_crls_add(struct context *context, const struct options_given *given,
    struct error *err)
{
	const struct policy *policy;
	size_t kept;

	if (!context_load(context, err) ||
	    (policy = policies_pinned(context, err)) == NULL ||
	    !keep_files(context, policy, given, &kept, NULL, err))
		return false;
	if (context->json)
		return output_json(json_pack("{s:I}", "kept", (json_int_t)kept),
		    err);
	printf("kept %zu: \"valise crls push\" hands in what the journal does"
	       " not name\n",
	    kept);
	return true;
}

/* --- show --- */

struct showing {
	struct context *context;
	const struct policy *policy;
	const struct named_lists *named;
	struct table *table;
	json_t *json; /* or NULL */
};

/* entry is AUDIT_NO_ENTRY for a list that the journal does not name. */
static void
show_list(const struct showing *showing, struct crls *of, struct crl *crl,
    uint64_t entry)
{
	char issuer[CRL_ISSUER_TEXT], from[TIME_TEXT], until[TIME_TEXT];
	char index[24] = "none", listed[24], hex[DIGEST_HEX];
	const char *ca = NULL;

	for (size_t i = 0;
	     (ca = trust_ca_name(showing->policy->trust, i)) != NULL; i++)
		if (trust_ca_signed(showing->policy->trust, ca, of, crl))
			break;
	crl_issuer(crl, issuer);
	digest_hex(&crl->digest, hex);
	time_format_at(crl->this_update_at, from);
	time_format_at(crl->next_update_at, until);
	if (showing->json != NULL) {
		json_array_append_new(showing->json,
		    json_pack("{s:s?, s:s, s:s, s:s, s:s, s:I, s:b, s:o}", "ca",
			ca, "issuer", issuer, "digest", hex, "this-update",
			from, "next-update", until, "listed",
			(json_int_t)crl_num_listings(crl), "complete",
			crl->is_complete, "entry",
			entry == AUDIT_NO_ENTRY
			    ? json_null()
			    : json_integer((json_int_t)entry)));
		return;
	}
	if (entry != AUDIT_NO_ENTRY)
		snprintf(index, sizeof(index), "%llu",
		    (unsigned long long)entry);
	snprintf(listed, sizeof(listed), "%zu", crl_num_listings(crl));
	(void)table_add(showing->table,
	    (const char *[]){ ca != NULL ? ca : issuer, from, until, listed,
		index });
}

/* Show the lists in force, which the newest `crl` entry names. */
static void
show_named(const struct showing *showing)
{
	const struct named_lists *named = showing->named;
	struct crls *newest =
	    named->num > 0 ? named->list[named->num - 1].crls : NULL;

	for (size_t i = 0; newest != NULL && i < crls_count(newest); i++)
		show_list(showing, newest, crls_at(newest, i),
		    named_lists_entry(named, crls_at(newest, i)));
}

/*
 * Show this office's own lists that the journal lacks; the others are kept no
 * longer.
 */
static bool
show_own(const struct showing *showing, struct crls *own, size_t *num_lacking,
    struct error *err)
{
	bool lack, ok = true;

	*num_lacking = 0;
	for (size_t i = 0; ok && i < crls_count(own); i++) {
		struct crl *crl = crls_at(own, i);

		ok = named_lists_lack(showing->named, showing->policy, crl,
		    &lack, err);
		if (ok && lack) {
			(*num_lacking)++;
			show_list(showing, own, crl, AUDIT_NO_ENTRY);
		} else if (ok) {
			own_lists_forget(showing->context, crl);
		}
	}
	return ok;
}

/*
 * Print the lists in force and this office's own; *num_lacking counts those
 * that the journal lacks.
 */
static bool
show_all(struct session *session, const struct policy *policy,
    size_t *num_lacking, struct error *err)
{
	struct context *context = session->context;
	struct named_lists named = { NULL, 0, 0 };
	struct crls *own = own_lists(context, err);
	struct showing showing = { context, policy, &named, table_new(5),
		context->json ? json_array() : NULL };
	bool ok;

	(void)table_add(showing.table,
	    (const char *[]){ "CA", "THIS UPDATE", "NEXT UPDATE", "LISTED",
		"ENTRY" });
	ok = own != NULL && named_lists_learn(session, &named, err);
	if (ok) {
		show_named(&showing);
		ok = show_own(&showing, own, num_lacking, err);
	}
	if (ok && context->json) {
		const size_t last = named.num > 0 ? named.num - 1 : 0;

		ok = output_json(json_pack("{s:o, s:o, s:O, s:I}", "crls",
				     named.num > 0
					 ? json_of_digest(
					       &named.list[last].digest)
					 : json_null(),
				     "entry",
				     named.num > 0
					 ? json_integer(
					       (json_int_t)named.list[last]
						   .index)
					 : json_null(),
				     "lists", showing.json, "withheld",
				     (json_int_t)*num_lacking),
		    err);
	} else if (ok) {
		table_print(showing.table);
	}
	json_decref(showing.json);
	table_free(showing.table);
	named_lists_free(&named);
	crls_free(own);
	return ok;
}

bool
cmd_crls_show(struct context *context, const struct options_given *given,
    struct error *err)
{
	const struct policy *policy;
	struct session session;
	size_t num_lacking = 0;
	bool ok;

	(void)given;
	if (!context_load(context, err) ||
	    (policy = policies_pinned(context, err)) == NULL ||
	    !session_open(context, &session, err))
		return false;
	ok = show_all(&session, policy, &num_lacking, err);
	session_close(&session);
	if (ok && num_lacking > 0)
		output_note("the journal does not name %zu that this office"
			    " has: \"valise crls push\" hands %s in",
		    num_lacking, num_lacking == 1 ? "it" : "them");
	return ok;
}

/* --- push --- */

static bool
post(struct session *session, const struct crl *crl, struct error *err)
{
	struct buf der = BUF(LIMIT_CRL_BYTES);
	struct remote_answer answer;
	bool ok;

	if (!crl_encode(crl, &der, err)) {
		buf_free(&der);
		return false;
	}
	ok = session_post(session, "/v1/crls", buf_span(&der), &answer, err);
	remote_answer_free(&answer);
	buf_free(&der);
	return ok;
}

/* Send each own list that the journal, as proved, lacks. */
static bool
post_lacking(struct session *session, const struct policy *policy,
    struct crls *own, size_t *num, struct error *err)
{
	struct named_lists named = { NULL, 0, 0 };
	bool lack, ok = named_lists_learn(session, &named, err);

	*num = 0;
	for (size_t i = 0; ok && i < crls_count(own); i++) {
		ok = named_lists_lack(&named, policy, crls_at(own, i), &lack,
		    err);
		if (ok && lack) {
			ok = post(session, crls_at(own, i), err);
			(*num)++;
		}
	}
	named_lists_free(&named);
	return ok;
}

/*
 * The daemon's answer is only its word: check that the journal names the lists
 * now.
 */
static bool
check_named(struct session *session, const struct policy *policy,
    struct crls *own, uint64_t *entry, struct error *err)
{
	struct named_lists named = { NULL, 0, 0 };
	bool lack = false, ok;
	char name[160];

	ok = session_catch_up(session, err) &&
	    named_lists_learn(session, &named, err);
	for (size_t i = 0; ok && i < crls_count(own); i++) {
		struct crl *crl = crls_at(own, i);

		ok = named_lists_lack(&named, policy, crl, &lack, err);
		if (ok && lack) {
			own_lists_name(policy, own, crl, name);
			ok = error_set_code(err, ERROR_UNTRUSTED, CRL_WITHHELD,
			    "the list %s was handed in, and the journal does"
			    " not name it",
			    name);
		} else if (ok) {
			own_lists_forget(session->context, crl);
		}
	}
	*entry = named.num > 0 ? named.list[named.num - 1].index : 0;
	named_lists_free(&named);
	return ok;
}

/*
 * Send lists from the future. The journal names none of them: the daemon keeps
 * out whom they name, and that is all.
 */
static bool
post_ahead(struct session *session, const struct crls *ahead, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < crls_count(ahead); i++)
		ok = post(session, crls_at(ahead, i), err);
	return ok;
}

static bool
tell_pushed(const struct context *context, size_t total, size_t sent,
    size_t held, uint64_t entry, struct error *err)
{
	if (context->json)
		return output_json(json_pack("{s:I, s:I, s:I, s:I}", "lists",
				       (json_int_t)total, "handed-in",
				       (json_int_t)sent, "held",
				       (json_int_t)held, "entry",
				       (json_int_t)entry),
		    err);
	if (held > 0)
		printf("handed in %zu from the future: the depositary keeps out"
		       " whom %s, and journals %s when the time has come\n",
		    held, held == 1 ? "it names" : "they name",
		    held == 1 ? "it" : "them");
	else if (total == 0)
		puts("there is none that the journal does not name");
	if (sent > 0)
		printf("handed in %zu: in force since entry %llu\n", sent,
		    (unsigned long long)entry);
	else if (total > 0)
		puts("known: the lists that the journal names tell all that"
		     " is told here");
	return true;
}

/* Hand in what the journal lacks, and what is from the future. */
static bool
push(struct session *session, const struct policy *policy,
    const struct crls *ahead, struct error *err)
{
	struct crls *own = own_lists(session->context, err);
	uint64_t entry = 0;
	size_t sent = 0;
	const bool ok = own != NULL && session_will_send(session, err) &&
	    post_ahead(session, ahead, err) &&
	    post_lacking(session, policy, own, &sent, err) &&
	    check_named(session, policy, own, &entry, err) &&
	    tell_pushed(session->context, crls_count(own), sent,
		crls_count(ahead), entry, err);

	crls_free(own);
	return ok;
}

bool
cmd_crls_push(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct crls *ahead = crls_new(err);
	const struct policy *policy;
	struct session session;
	size_t kept = 0;
	bool ok;

	/* Keep the lists before connecting, in case the connection fails. */
	ok = ahead != NULL && context_load(context, err) &&
	    (policy = policies_pinned(context, err)) != NULL &&
	    keep_files(context, policy, given, &kept, ahead, err);
	if (ok && !session_open(context, &session, err)) {
		if (kept > 0)
			output_note("the lists are kept: \"valise crls push\""
				    " hands them in");
		ok = false;
	} else if (ok) {
		ok = push(&session, policy, ahead, err);
		session_close(&session);
	}
	crls_free(ahead);
	return ok;
}
