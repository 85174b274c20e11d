/*
 * Documents by name, and what a git client is told of them, compared with a
 * model that sorts and writes everything each time.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "git/serve.h"
#include "record/order.h"

enum { DOCUMENTS = 3000 };

static struct document_type types[] = { { .name = "agreement" },
	{ .name = "mou" }, { .name = "zone" } };
static struct policy policy = { .types = types, .num_types = 3 };
static struct ledger *ledger;
static uint64_t index_next;

/* The model: names, and the commit that each is at. */
static struct {
	char name[DOCUMENT_NAME];
	struct oid tip;
} docs[DOCUMENTS];
static size_t num_docs;

static int
compare_docs(const void *a, const void *b)
{
	return strcmp(a, b); /* the name is first */
}

static void
set_up(void)
{
	struct error err = { 0 };

	num_docs = index_next = 0;
	ledger = ledger_new(&err);
	ck_assert_ptr_nonnull(ledger);
}

static void
tear_down(void)
{
	ledger_free(ledger);
}

/* A deposit of the next version, at a commit of its own. */
static void
deposit(const char *name)
{
	static struct entry entry;
	struct error err = { 0 };
	const struct ledger_document *doc = ledger_find(ledger, name);
	size_t i = 0;

	entry = (struct entry){ .act = ACT_DEPOSIT,
		.has = 1u << ENTRY_DOCUMENT | 1u << ENTRY_VERSION |
		    1u << ENTRY_COMMIT | 1u << ENTRY_PRIOR };
	if (doc == NULL)
		entry.has &= ~(1u << ENTRY_PRIOR);
	entry.version = doc == NULL ? 1 : doc->num_versions + 1;
	entry.prior = doc == NULL ? 0 : doc->last;
	snprintf(entry.document, sizeof(entry.document), "%s", name);
	memcpy(entry.commit, &(uint64_t){ index_next * 2654435761 + 1 }, 8);
	ck_ok(ledger_apply(ledger, index_next++, &entry, &err), err);
	while (i < num_docs && strcmp(docs[i].name, name) != 0)
		i++;
	if (i == num_docs)
		snprintf(docs[num_docs++].name, DOCUMENT_NAME, "%s", name);
	memcpy(docs[i].tip.bytes, entry.commit, OID_BYTES);
}

static bool
reads(uint64_t read, const char *name)
{
	for (size_t i = 0; i < 3; i++)
		if (strncmp(name, types[i].name, strlen(types[i].name)) == 0 &&
		    name[strlen(types[i].name)] == '/')
			return (read >> i & 1) != 0;
	return false;
}

static void
model_line(struct buf *out, size_t i, const char *more, size_t more_len)
{
	struct error err = { 0 };
	char hex[OID_HEX];

	oid_hex(&docs[i].tip, hex);
	ck_ok(buf_printf(out, &err, "%04zx%s refs/heads/%s",
		  4 + 40 + 12 + strlen(docs[i].name) + more_len + 1, hex,
		  docs[i].name) &&
		buf_append(out, span_of(more, more_len), &err) &&
		buf_append_str(out, "\n", &err),
	    err);
}

/* prefix of a ref's whole name, or NULL. */
static void
assert_refs(uint64_t read, const char *prefix)
{
	const struct git_service service = { .ledger = ledger,
		.sight = { .policy = &policy, .read = read } };
	struct git_request request = { .command = GIT_LS_REFS, .v2 = true };
	struct buf want = BUF(SIZE_MAX);
	struct error err = { 0 };
	struct span one;
	struct git_answer answer;
	char ref[DOCUMENT_NAME + 16];

	if (prefix != NULL) {
		one = span_of_str(prefix);
		request.prefixes[0] = one;
		request.num_prefixes = 1;
	}
	qsort(docs, num_docs, sizeof(docs[0]), compare_docs);
	for (size_t i = 0; i < num_docs; i++) {
		snprintf(ref, sizeof(ref), "refs/heads/%s", docs[i].name);
		if (reads(read, docs[i].name) &&
		    (prefix == NULL ||
			strncmp(ref, prefix, strlen(prefix)) == 0))
			model_line(&want, i, "", 0);
	}
	ck_ok(buf_append_str(&want, "0000", &err) &&
		git_answer(&service, &request, &answer, &err),
	    err);
	ck_assert_uint_eq(answer.text.len, want.len);
	ck_assert(span_eq(buf_span(&answer.text), buf_span(&want)));
	git_answer_free(&answer);
	buf_free(&want);
}

/* The first line carries what is offered; the others are as above. */
static void
assert_advertised(uint64_t read)
{
	const struct git_service service = { .ledger = ledger,
		.sight = { .policy = &policy, .read = read } };
	struct buf got = BUF(SIZE_MAX), want = BUF(SIZE_MAX);
	struct error err = { 0 };
	const uint8_t *offer;
	struct span rest;
	size_t num = 0;

	ck_ok(git_advertise(&service, false, &got, &err), err);
	rest = buf_span(&got);
	offer = memchr(rest.data, '\0', rest.len);
	ck_assert_ptr_nonnull(offer);
	for (size_t i = 0; i < num_docs; i++)
		if (reads(read, docs[i].name)) {
			const uint8_t *end = memchr(offer, '\n', 400);

			model_line(&want, i,
			    num == 0 ? (const char *)offer : "",
			    num == 0 ? (size_t)(end - offer) : 0);
			num++;
		}
	ck_ok(buf_append_str(&want, "0000", &err), err);
	ck_assert(num == 0 ||
	    span_eq(span_sub(rest, rest.len - want.len, want.len),
		buf_span(&want)));
	buf_free(&got);
	buf_free(&want);
}

static void
assert_all(void)
{
	static const char *const prefixes[] = { NULL, "refs/heads/", "refs/",
		"", "refs/tags/", "refs/heads/mou/", "refs/heads/zone/d1",
		"refs/heads/agreement/d00017", "refs/headsX" };

	for (uint64_t read = 0; read < 8; read++) {
		for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]);
		     i++)
			assert_refs(read, prefixes[i]);
		assert_advertised(read);
	}
}

static const char *
name_of(char out[DOCUMENT_NAME], unsigned n)
{
	/* One type that the policy does not name. */
	static const char *const all[] = { "agreement", "mou", "zone", "note" };

	snprintf(out, DOCUMENT_NAME, "%s/d%05u", all[n * 7 % 11 % 4], n);
	return out;
}

/* _i: names come in order, in reverse, or in none. */
START_TEST(refs_are_those_of_the_model)
{
	char name[DOCUMENT_NAME];

	assert_all();
	for (unsigned i = 0; i < DOCUMENTS; i++) {
		const unsigned n = _i == 0 ? i
		    : _i == 1              ? DOCUMENTS - 1 - i
					   : i * 1789 % DOCUMENTS;

		deposit(name_of(name, n));
		if (i == 0 || i == 500 || i == 513 || i == 1700)
			assert_all();
	}
	assert_all();
	/* What was kept of a run goes with each act on one of it. */
	for (unsigned i = 0; i < 40; i++) {
		deposit(name_of(name, i * 613 % DOCUMENTS));
		assert_refs(7, NULL);
		assert_refs(1 + i % 6, i % 2 == 0 ? NULL : "refs/heads/mou/");
	}
	ck_assert_uint_eq(num_docs, DOCUMENTS);
}
END_TEST

START_TEST(a_page_begins_after_its_cursor)
{
	char name[DOCUMENT_NAME], after[DOCUMENT_NAME + 1];
	const struct order *order = ledger_order(ledger);
	struct order_cursor cursor = order_after(order, "");

	ck_assert_ptr_null(order_next(order, &cursor));
	for (unsigned i = 0; i < DOCUMENTS; i++)
		deposit(name_of(name, i * 1789 % DOCUMENTS));
	qsort(docs, num_docs, sizeof(docs[0]), compare_docs);
	for (size_t i = 0; i <= num_docs; i++) {
		const char *want = i < num_docs ? docs[i].name : NULL;
		const struct ledger_document *doc;

		/* After a name that is there, and one that is just before. */
		for (unsigned k = 0; k < 2; k++) {
			snprintf(after, sizeof(after), "%s%s",
			    i == 0 ? "" : docs[i - 1].name, k == 0 ? "" : "!");
			cursor = order_after(order, after);
			doc = order_next(order, &cursor);
			if (want == NULL)
				ck_assert_ptr_null(doc);
			else
				ck_assert_str_eq(doc->name, want);
		}
		/* From a name on: that one if it is there, else the next. */
		for (unsigned k = 0; want != NULL && k < 2; k++) {
			snprintf(after, sizeof(after), "%s", want);
			if (k == 1)
				after[strlen(after) - 1]--;
			cursor = order_from(order, after);
			doc = order_next(order, &cursor);
			if (k == 0 || ledger_find(ledger, after) == NULL)
				ck_assert_str_eq(doc->name, want);
		}
	}
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, refs_are_those_of_the_model, 0, 3);
	tcase_add_test(t, a_page_begins_after_its_cursor);
}

int
main(void)
{
	return run_tests("refs", fill);
}
