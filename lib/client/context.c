/*
 * The context of a command: what it knows before it asks anybody (context.h),
 * and the library with which verdicts are made.
 */
#include "client/context.h"

#include <stdlib.h>

#include "base/text.h"
#include "client/config.h"
#include "client/lists.h"
#include "client/own_lists.h"
#include "client/policies.h"
#include "client/sweep.h"

/* The CA that an update of the enrolment brought, if there was one. */
static bool
load_server_ca(struct context *context, struct error *err)
{
	char path[FILE_PATH];

	context->server_ca = BUF(LIMIT_POLICY_FILE_BYTES);
	return context_path(context, "server-ca.pem", path, err) &&
	    (!file_exists(path) ||
		file_read(path, context->server_ca.max, &context->server_ca,
		    err));
}

#define ADDRESS "address" /* of the enrolment's the one that answered last */

static void
load_address(struct context *context)
{
	struct buf text = BUF(ADDRESS_ROOM);
	struct span line, rest;
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (context->enrolment.addresses.num > 1 &&
	    context_path(context, ADDRESS, path, &ignored) &&
	    file_read(path, text.max, &text, &ignored)) {
		rest = buf_span(&text);
		if (span_take_line(&rest, &line))
			addresses_begin_at(&context->enrolment.addresses, line);
	}
	buf_free(&text);
}

void
context_keep_address(const struct context *context, const char *address)
{
	struct buf text = BUF(ADDRESS_ROOM + 1);
	struct error ignored = { 0 };
	char path[FILE_PATH];

	if (context_path(context, ADDRESS, path, &ignored) &&
	    buf_printf(&text, &ignored, "%s\n", address))
		(void)!file_write_quick(path, buf_span(&text), 0600, &ignored);
	buf_free(&text);
}

bool
context_load(struct context *context, struct error *err)
{
	struct buf text = BUF(LIMIT_YAML_BYTES);
	char key_id[16] = "", path[FILE_PATH], state[FILE_PATH];
	bool ok;

	if (!config_load(context, key_id, err))
		return false;
	text_set(state, sizeof(state), context->state);
	ok = file_join(context->state, state, key_id, err) &&
	    context_path(context, "enrolment.yaml", path, err) &&
	    file_read(path, LIMIT_YAML_BYTES, &text, err) &&
	    enrolment_parse(buf_span(&text), &context->enrolment, err) &&
	    load_server_ca(context, err) && context_load_keys(context, err) &&
	    lists_load(context, err) &&
	    (context->certs = cert_cache_new(err)) != NULL;
	buf_free(&text);
	if (ok) {
		load_address(context);
		places_tell(context);
		sweep_state(context);
	}
	return ok;
}

void
context_free(struct context *context)
{
	free(context->encrypt_before);
	buf_free(&context->server_ca);
	enrolment_free(&context->enrolment);
	policies_free(context);
	cert_cache_free(context->certs);
	lists_free(context);
	crls_free(context->own);
}

static struct crls *
find_crls(void *arg, const struct digest *digest)
{
	return lists_find(arg, digest);
}

static const struct crl_entries *
find_named(void *arg, uint64_t *as_of)
{
	struct context *context = arg;
	const struct verdict_library library = context_library(context);

	return lists_named(context, &library, as_of);
}

/* Judge by the policy that this office accepted last. */
static struct crls *
find_withheld(void *arg, const struct trust **trust)
{
	struct context *context = arg;
	const struct policy *pinned;
	struct error ignored = { 0 };

	if (context->own == NULL)
		context->own = own_lists(context, &ignored);
	if (context->own == NULL || crls_count(context->own) == 0 ||
	    (pinned = policies_pinned(context, &ignored)) == NULL)
		return NULL;
	*trust = pinned->trust;
	return context->own;
}

static struct policy *
find_policy(void *arg, const struct digest *digest, uint64_t index)
{
	return policies_for_act(arg, digest, index);
}

struct verdict_library
context_library(struct context *context)
{
	struct error ignored = { 0 };

	/* If nothing is kept no policy judges, and the verdict says so. */
	if (context->succession.num == 0 && !policies_load(context, &ignored))
		ignored = (struct error){ 0 };
	return (struct verdict_library){ .policy = find_policy,
		.crls = find_crls,
		.named = find_named,
		.withheld = find_withheld,
		.arg = context };
}
