/*
 * The file of cosignatures: how it is read, what is refused, and that what is not
 * durable is not given out.
 */
#include "unit.h"

#include "base/file.h"
#include "faults.h"
#include "journal/cosignatures.h"

#define DASH "\xe2\x80\x94 "

static char dir[UNIT_DIR], path[FILE_PATH];

static void
set_up(void)
{
	struct error err = { 0 };

	unit_make_dir(dir);
	ck_ok(file_join(path, dir, "cosignatures", &err), err);
	faults = (struct faults){ 0 };
}

static void
tear_down(void)
{
	unit_remove_dir(dir);
}

static void
put_file(const char *text)
{
	struct error err = { 0 };

	ck_ok(file_write(path, span_of_str(text), 0600, &err), err);
}

static const struct {
	const char *text, *says; /* NULL: it is good */
	size_t kept;             /* of its bytes */
} files[] = {
	{ "", NULL, 0 },
	{ "8 " DASH "w AAAA\n", NULL, 13 },
	{ "8 " DASH "w AAAA\n9 " DASH "w", NULL, 13 },
	{ "8\n", "is damaged", 0 },
	{ "x " DASH "w AAAA\n", "is damaged", 0 },
	{ "08 " DASH "w AAAA\n", "is damaged", 0 },
	{ "8 w AAAA\n", "is damaged", 0 },
};

START_TEST(a_file_of_cosignatures_is_read_or_is_damaged)
{
	struct buf bytes = BUF(1000);
	struct error err = { 0 };
	struct cosignatures *all;

	put_file(files[_i].text);
	all = cosignatures_view(path, &err);
	ck_assert_msg((all != NULL) == (files[_i].says == NULL), "%s",
	    err.detail);
	cosignatures_free(all);
	ck_ok(file_read(path, 1000, &bytes, &err), err);
	ck_assert_uint_eq(bytes.len, strlen(files[_i].text));
	all = cosignatures_open(path, &err);
	ck_assert_msg((all != NULL) == (files[_i].says == NULL), "%s",
	    err.detail);
	bytes.len = 0;
	if (all != NULL) {
		ck_ok(file_read(path, 1000, &bytes, &err), err);
		ck_assert_uint_eq(bytes.len, files[_i].kept);
	} else {
		ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
		ck_assert_ptr_nonnull(strstr(err.detail, files[_i].says));
	}
	cosignatures_free(all);
	buf_free(&bytes);
}
END_TEST

START_TEST(a_file_of_cosignatures_has_no_nul)
{
	struct error err = { 0 };

	ck_ok(file_write(path, span_of(TEXT("8 " DASH "w A\0A\n")), 0600, &err),
	    err);
	ck_assert_ptr_null(cosignatures_view(path, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
}
END_TEST

START_TEST(a_file_of_cosignatures_that_does_not_open_is_told)
{
	char nowhere[FILE_PATH];
	struct error err = { 0 };
	struct cosignatures *all;

	/* To read, it may be missing; but what is no folder has no files. */
	all = cosignatures_view(path, &err);
	ck_assert_ptr_nonnull(all);
	cosignatures_free(all);
	put_file("");
	ck_ok(file_join(nowhere, path, "cosignatures", &err), err);
	ck_assert_ptr_null(cosignatures_view(nowhere, &err));
	ck_assert_ptr_null(cosignatures_open(nowhere, &err));
	ck_ok(file_join(nowhere, dir, "none/cosignatures", &err), err);
	ck_assert_ptr_null(cosignatures_open(nowhere, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	/* A torn line that cannot be cut. */
	put_file("8 torn");
	faults.ftruncate = 1;
	ck_assert_ptr_null(cosignatures_open(path, &err));
}
END_TEST

/* The line of some witness on some note of this size. */
static void
cosign(uint64_t size, struct buf *out)
{
	struct checkpoint checkpoint = { .origin = "log.test/audit",
		.size = size };
	struct note_signer journal, witness;
	struct buf text = BUF(1000), note = BUF(10000);
	struct error err = { 0 };
	uint8_t signature[64];

	ck_ok(note_signer_make("log.test/audit", NOTE_JOURNAL, &journal,
		  &err) &&
		note_signer_make("witness.test/w", NOTE_WITNESS, &witness,
		    &err) &&
		checkpoint_encode(&checkpoint, &text, &err) &&
		note_sign(&journal, buf_span(&text), signature, &err) &&
		note_encode(&journal.key, &checkpoint, signature, &note,
		    &err) &&
		note_cosign(&witness, buf_span(&note), 7, out, &err),
	    err);
	buf_free(&text);
	buf_free(&note);
}

/* A failed flush is not tried again: nobody knows what is on the disk. */
START_TEST(a_cosignature_that_is_not_durable_is_refused)
{
	struct buf line = BUF(1000), out = BUF(1000);
	struct error err = { 0 };
	struct cosignatures *all = cosignatures_open(path, &err);

	cosign(8, &line);
	faults.fdatasync = 1;
	ck_assert(!cosignatures_add(all, 8, buf_span(&line), &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	ck_assert_ptr_nonnull(strstr(err.detail, "journal/cosignatures"));
	ck_assert(!cosignatures_add(all, 8, buf_span(&line), &err));
	ck_assert_int_eq(err.kind, ERROR_UNAVAILABLE);
	ck_ok(cosignatures_append(all, 8, &out, &err), err);
	ck_assert_uint_eq(out.len, 0);
	cosignatures_free(all);
	buf_free(&line);
	buf_free(&out);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_file_of_cosignatures_has_no_nul);
	tcase_add_loop_test(t, a_file_of_cosignatures_is_read_or_is_damaged, 0,
	    COUNT(files));
	tcase_add_test(t, a_file_of_cosignatures_that_does_not_open_is_told);
	tcase_add_test(t, a_cosignature_that_is_not_durable_is_refused);
}

int
main(void)
{
	return run_tests("cosignatures", fill);
}
