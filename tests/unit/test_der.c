/*
 * DER: each value has one encoding, and nesting is bounded.
 */
#include "base/limits.h"
#include "der_fixture.h"
#include "pki/cades.h"
#include "pki/timestamp.h"

#define NULLS8  "05000500050005000500050005000500"
#define NULLS64 NULLS8 NULLS8 NULLS8 NULLS8 NULLS8 NULLS8 NULLS8 NULLS8

static const struct {
	const char *hex;
	const char *says; /* NULL: it is DER */
} ders[] = {
	{ "0500", NULL },
	{ "0101ff", NULL },
	{ "010100", NULL },
	{ "020100", NULL },
	{ "0201ff", NULL },
	{ "02020080", NULL },
	{ "0202ff7f", NULL },
	{ "030100", NULL },
	{ "030206c0", NULL },
	{ "06032a0304", NULL },
	{ "3006020101020102", NULL },
	{ "3106020101020102", NULL },
	{ "a003020101", NULL },
	{ "8001ff", NULL },
	{ "170d3235303631353030303030305a", NULL },
	{ "180f32303235303631353030303030305a", NULL },
	{ "181132303235303631353030303030302e355a", NULL },
	{ "", "one value" },
	{ "05000500", "one value" },
	{ "0501", "one value" },
	{ "0101", "one value" },
	{ "1f0100", "one value" },
	{ "3080020101 0000", "one value" },
	{ "30810300", "one value" },
	{ "3081030101ff", "one value" },
	{ "308200030101ff", "one value" },
	{ "3003 8081 00", "length" },
	/* Nine octets of a length, which would come round to 128. */
	{ "3089010000000000000080" NULLS64, "one value" },
	{ "30850000000080" NULLS64, "one value" },
	{ "308180" NULLS64, NULL },
	{ "050101", "NULL" },
	{ "010101", "BOOLEAN" },
	{ "01020000", "BOOLEAN" },
	{ "0200", "INTEGER" },
	{ "02020001", "INTEGER" },
	{ "0202ff80", "INTEGER" },
	{ "0a020001", "INTEGER" },
	{ "0300", "BIT STRING" },
	{ "030101", "BIT STRING" },
	{ "030208ff", "BIT STRING" },
	{ "030206e0", "BIT STRING" },
	{ "0600", "OBJECT" },
	{ "06022a80", "OBJECT" },
	{ "06032a8001", "OBJECT" },
	{ "0d0180", "OBJECT" },
	{ "2403040100", "in parts" },
	{ "2203020101", "in parts" },
	{ "1003020101", "without parts" },
	{ "1100", "without parts" },
	{ "30020000", "end of contents" },
	{ "3106020102020101", "order" },
	{ "3105020102 0401", "length" },
	{ "3004 3102 0201", "length" },
	{ "170b323530363135303030305a", "UTCTime" },
	{ "170d3a353036313530303030 30305a", "UTCTime" },
	{ "170d2f353036313530303030 30305a", "UTCTime" },
	{ "1711323530363135303030303030 2b30303030", "UTCTime" },
	{ "170d3235303631353030303030302b", "UTCTime" },
	{ "180e3230323530363135303030303030", "GeneralizedTime" },
	{ "181132303235303631353030303030302e305a", "GeneralizedTime" },
	{ "181032303235303631353030303030302e5a", "GeneralizedTime" },
	{ "181132303235303631353030303030302c355a", "GeneralizedTime" },
};

static struct span
bytes_of(const char *hex)
{
	struct buf out = BUF(400);
	struct error err = { 0 };
	unsigned byte;

	while (*hex != '\0') {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		ck_assert_int_eq(sscanf(hex, "%2x", &byte), 1);
		ck_ok(buf_append_u8(&out, (uint8_t)byte, &err), err);
		hex += 2;
	}
	return out.data == NULL ? span_of("", 0) : keep(&out);
}

START_TEST(each_value_has_one_spelling)
{
	struct error err = { 0 };
	const bool good = der_check(bytes_of(ders[_i].hex), &err);

	ck_assert_msg(good == (ders[_i].says == NULL), "%s: %s", ders[_i].hex,
	    err.detail);
	if (!good) {
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
		ck_assert_msg(strstr(err.detail, ders[_i].says) != NULL,
		    "%s: %s", ders[_i].hex, err.detail);
	}
}
END_TEST

START_TEST(a_set_of_what_is_no_value_has_no_order)
{
	ck_assert(der_is_in_order(span_of("", 0)));
	ck_assert(der_is_in_order(bytes_of("020101 020102")));
	ck_assert(!der_is_in_order(bytes_of("020102 020101")));
	ck_assert(!der_is_in_order(bytes_of("0201")));
	ck_assert(!der_is_in_order(bytes_of("020101 0201")));
}
END_TEST

START_TEST(levels_have_a_limit)
{
	struct span in = raw(DER_NULL, "", 0);
	struct error err = { 0 };

	for (int i = 0; i < LIMIT_DER_DEPTH; i++)
		in = SEQ(in);
	ck_ok(der_check(in, &err), err);
	ck_assert(!der_check(SEQ(in), &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
}
END_TEST

START_TEST(what_is_no_tstinfo_is_of_no_form)
{
	static const char *const none[] = { "", "0", "\x30\x80", "\x30\x03" };

	for (size_t i = 0; i < COUNT(none); i++) {
		struct error err = { 0 };

		ck_assert(!cades_check_imprint(span_of_str(none[i]),
		    span_of_str("x"), &err));
		ck_assert_str_eq(error_code(&err), "SIGNATURE_FORM");
	}
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, NULL, empty_arena);
	tcase_add_loop_test(t, each_value_has_one_spelling, 0, COUNT(ders));
	tcase_add_test(t, a_set_of_what_is_no_value_has_no_order);
	tcase_add_test(t, what_is_no_tstinfo_is_of_no_form);
	tcase_add_test(t, levels_have_a_limit);
}

int
main(void)
{
	return run_tests("der", fill);
}
