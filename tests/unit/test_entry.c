/*
 * Entries: one spelling each; and receipts, which carry them.
 */
#include "unit.h"

#include "journal/entry.h"
#include "journal/proof.h"
#include "journal_fixture.h"

#define ZEROS32 "00000000000000000000000000000000"
#define HEX64   ZEROS32 ZEROS32

static const char deposit[] =
    "{\"act\":\"deposit\",\"commit\":\"" ZEROS32
    "00000000\",\"contents\":\"" HEX64 "\",\"crls\":\"" HEX64
    "\",\"digest\":\"" HEX64
    "\",\"document\":\"agreement/x1\",\"manifest\":\"" HEX64
    "\",\"office\":\"mofa\",\"person\":\"a@mofa.example\",\"policy\":\"" HEX64
    "\",\"prior\":88012,\"salt\":\"" ZEROS32 "\",\"signature\":\"" HEX64
    "\",\"time\":\"2026-11-23T10:00:01.250Z\",\"valise\":1,\"version\":2}";

static struct entry parsed; /* large */

START_TEST(an_entry_encodes_to_the_bytes_it_was_read_from)
{
	struct buf out = BUF(LIMIT_ENTRY_BYTES);
	struct error err = { 0 };

	ck_ok(entry_parse(span_of_str(deposit), &parsed, &err), err);
	ck_assert_int_eq(parsed.act, ACT_DEPOSIT);
	ck_assert_uint_eq(parsed.prior, 88012);
	ck_ok(entry_encode(&parsed, &out, &err), err);
	ck_assert(span_is(buf_span(&out), deposit));
	buf_free(&out);
}
END_TEST

START_TEST(every_truncation_of_an_entry_is_refused)
{
	struct error err = { 0 };

	for (size_t i = 0; i + 1 < sizeof(deposit) - 1; i++)
		ck_assert(!entry_parse(span_of(deposit, i), &parsed, &err));
}
END_TEST

#define HEAD "\"policy\":\"" HEX64 "\","
#define TAIL                                                                   \
	"\"salt\":\"" ZEROS32 "\",\"software\":\"v\",\"time\":\"2026-11-23T"   \
	"10:00:01.250Z\",\"valise\":1}"

#define DELIVERED                                                              \
	"\"contents\":\"" HEX64                                                \
	"\",\"document\":\"agreement/x1\",\"office\":\"iom\",\"person\":\"a@"  \
	"iom.example\"," HEAD
#define COUNTED                                                                \
	"\"salt\":\"" ZEROS32 "\",\"time\":\"2026-11-23T10:00:01.250Z\","

static const struct {
	const char *text, *names; /* NULL: it is good */
} entries[] = {
	{ "{\"act\":\"start\"," HEAD TAIL, NULL },
	{ "{\"act\":\"start\"," HEAD "\"prior\":7," TAIL, NULL },
	{ "{\"act\": \"start\"," HEAD TAIL, "act" },
	{ "{" HEAD "\"act\":\"start\"," TAIL, "order" },
	{ "{\"act\":\"start\",\"act\":\"start\"," HEAD TAIL, "order" },
	{ "{\"act\":\"start\"," HEAD "\"prior\":07," TAIL, "prior" },
	{ "{\"act\":\"start\"," HEAD "\"prior\":-1," TAIL, "prior" },
	{ "{\"act\":\"start\"," HEAD "\"prior\":1e3," TAIL, "end" },
	{ "{\"act\":\"start\"," HEAD "\"prior\":9007199254740993," TAIL,
	    "prior" },
	{ "{\"act\":\"start\"," HEAD "\"rule\":\"x\"," TAIL, "too many" },
	{ "{\"act\":\"start\"," HEAD "\"quorum\":\"x\"," TAIL, "too many" },
	{ "{\"act\":\"s\\u0074art\"," HEAD TAIL, "act" },
	{ "{\"act\":\"st\\/art\"," HEAD TAIL, "act" },
	{ "{\"act\":\"start\"," TAIL, "missing" },
	{ "{\"act\":\"\xc3\xa4\"," HEAD TAIL, "act" },
	{ "{\"act\":\"start\"," HEAD TAIL "\n", "end" },
	{ "{\"act\":\"renew\",\"new-field\":[\"a\",\"b\"]," HEAD TAIL, NULL },
	{ "{\"act\":\"deliveries\"," DELIVERED "\"prior\":8," COUNTED
	  "\"times\":3,\"valise\":1,\"version\":2}",
	    NULL },
	{ "{\"act\":\"deliveries\"," DELIVERED COUNTED
	  "\"times\":3,\"valise\":1,\"version\":2}",
	    "missing" },
	{ "{\"act\":\"deliveries\"," DELIVERED "\"prior\":8," COUNTED
	  "\"valise\":1,\"version\":2}",
	    "missing" },
	{ "{\"act\":\"deliver\"," DELIVERED COUNTED
	  "\"times\":3,\"valise\":1,\"version\":2}",
	    "too many" },
	{ "[]", "object" },
};

START_TEST(an_entry_has_one_spelling)
{
	struct error err = { 0 };
	const bool good =
	    entry_parse(span_of_str(entries[_i].text), &parsed, &err);

	ck_assert_msg(good == (entries[_i].names == NULL), "%d: %s", _i,
	    err.detail);
	if (!good)
		ck_assert_msg(strstr(err.detail, entries[_i].names) != NULL,
		    "%s", err.detail);
}
END_TEST

/*
 * A reader that does not know an act, as those of before "deliveries" did not,
 * keeps the fields that it knows, and shows it.
 */
START_TEST(an_act_of_a_later_format_is_kept_as_it_is)
{
	static const char line[] =
	    "{\"act\":\"deliveriez\"," DELIVERED "\"prior\":8," COUNTED
	    "\"times\":3,\"valise\":1,\"version\":2}";
	struct error err = { 0 };

	ck_ok(entry_parse(span_of_str(line), &parsed, &err), err);
	ck_assert_int_eq(parsed.act, ACT_OTHER);
	ck_assert_str_eq(parsed.act_name, "deliveriez");
	ck_assert_str_eq(parsed.document, "agreement/x1");
	ck_assert_str_eq(parsed.person, "a@iom.example");
	ck_assert(entry_has(&parsed, ENTRY_TIMES) && parsed.times == 3);
}
END_TEST

START_TEST(a_receipt_comes_back_and_no_other_verifies)
{
	struct fixture_tree tree = fixture_make_tree(8);
	struct proof proof = PROOF, back = PROOF;
	struct buf text = BUF(LIMIT_PROOF_FILE);
	const struct note_key key = fixture_key();
	struct checkpoint checkpoint;
	struct error err = { 0 };

	proof.index = 5;
	ck_ok(buf_append_str(&proof.entry, "entry-5", &err) &&
		buf_append_str(&proof.note, fixture_note, &err) &&
		merkle_prove_inclusion(fixture_read_tree, &tree, 5, 8,
		    &proof.path, &err) &&
		proof_encode(&proof, &text, &err) &&
		proof_parse(buf_span(&text), &back, &err) &&
		proof_verify(&back, fixture_only(&key), &checkpoint, &err),
	    err);
	ck_assert_uint_eq(checkpoint.size, 8);
	back.index = 4;
	ck_assert(!proof_verify(&back, fixture_only(&key), &checkpoint, &err));
	back.index = 5;
	back.entry.data[0] ^= 1;
	ck_assert(!proof_verify(&back, fixture_only(&key), &checkpoint, &err));
	for (size_t i = 0; i < text.len - proof.note.len; i++) {
		struct proof cut = PROOF;

		ck_assert(!proof_parse(span_of(text.data, i), &cut, &err));
		proof_free(&cut);
	}
	proof_free(&proof);
	proof_free(&back);
	buf_free(&text);
	free(tree.leaves);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t, an_entry_encodes_to_the_bytes_it_was_read_from);
	tcase_add_test(t, every_truncation_of_an_entry_is_refused);
	tcase_add_loop_test(t, an_entry_has_one_spelling, 0, COUNT(entries));
	tcase_add_test(t, an_act_of_a_later_format_is_kept_as_it_is);
	tcase_add_test(t, a_receipt_comes_back_and_no_other_verifies);
}

int
main(void)
{
	return run_tests("entry", fill);
}
