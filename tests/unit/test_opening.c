/*
 * A journal and its ledger, opened by the ledger's file; and the check of all
 * entries in the background.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "record/opening.h"

enum { ENTRIES = 24, NEW_ENTRIES = 3 };

static char dir[UNIT_DIR];
static struct note_signer signer;
static struct note_keys keys;
static struct head head;
/* Of the document "one": its newest act, and a signature on it. */
static uint64_t last;

static void
set_up(void)
{
	struct error err = { 0 };

	unit_make_dir(dir);
	head = (struct head){ .root = merkle_empty() };
	last = 0;
	ck_ok(note_signer_make("log.test", NOTE_JOURNAL, &signer, &err) &&
		journal_create(dir, &err),
	    err);
	keys = note_keys_of(&signer.key);
}

static void
tear_down(void)
{
	unit_remove_dir(dir);
}

#define BIT(field) (UINT32_C(1) << ENTRY_##field)

/*
 * Make one entry of each kind that a ledger keeps; then deliveries without end.
 */
static void
make_entry(uint64_t index, struct entry *out)
{
	static const enum act acts[] = { ACT_START, ACT_POLICY, ACT_CRL,
		ACT_DEPOSIT, ACT_DISPATCH, ACT_SIGN, ACT_FORCE, ACT_DEPOSIT,
		ACT_SIGN, ACT_SIGN, ACT_TERMINATE, ACT_FORCE, ACT_ACKNOWLEDGE,
		ACT_DEPOSIT, ACT_REFUSE, ACT_KEY, ACT_DELIVER, ACT_DELIVERIES };
	const enum act act = index < COUNT(acts) ? acts[index] : ACT_DELIVER;
	const uint32_t who = BIT(OFFICE) | BIT(PERSON),
		       what = BIT(DOCUMENT) | BIT(VERSION) | BIT(CONTENTS),
		       made = who | what | BIT(DIGEST) | BIT(MANIFEST) |
	    BIT(SIGNATURE) | BIT(COMMIT) | BIT(CRLS);
	static const char *const names[] = { "agreement/one", "agreement/two" };
	const unsigned document = index == 13 ? 1 : 0;

	*out = (struct entry){ .act = act,
		.time_ms = 1767225600000 + (int64_t)index,
		.has = BIT(TIME) | BIT(SALT) | BIT(POLICY),
		.version = index >= 7 && index < 10 ? 2 : 1,
		.number = 1,
		.commit = { (uint8_t)(index + 1) } };
	memset(out->contents.bytes, (int)index, 32);
	memset(out->digest.bytes, (int)out->version + 16 * (int)document, 32);
	memset(out->signature.bytes, (int)index, 32);
	memset(out->waybill.bytes, 99, 32);
	snprintf(out->document, sizeof(out->document), "%s", names[document]);
	snprintf(out->office, sizeof(out->office), "iom");
	snprintf(out->person, sizeof(out->person), "p%llu@iom.example",
	    (unsigned long long)index % 3);
	snprintf(out->to, sizeof(out->to), "mofa");
	snprintf(out->changed, sizeof(out->changed), "a\n");
	snprintf(out->software, sizeof(out->software), "x");
	snprintf(out->wanted, sizeof(out->wanted), "read");
	snprintf(out->rule, sizeof(out->rule), "none");
	snprintf(out->key, sizeof(out->key), "a key");
	switch (act) {
	case ACT_START:
		out->has |= BIT(SOFTWARE);
		break;
	case ACT_POLICY:
		out->has |= BIT(CHANGED);
		break;
	case ACT_CRL:
		out->has |= BIT(CRLS);
		break;
	case ACT_DEPOSIT:
	case ACT_SIGN:
	case ACT_TERMINATE:
		out->has |=
		    made | (last != 0 && document == 0 ? BIT(PRIOR) : 0);
		if (index == 5)
			out->has |= BIT(WAYBILL) | BIT(DISPATCHED);
		break;
	case ACT_FORCE:
		out->has |= what | BIT(DIGEST) | BIT(PRIOR) | BIT(SIGNATURES);
		out->num_signatures = 1;
		memset(out->signatures[0].bytes, (int)index - 1, 32);
		break;
	case ACT_DISPATCH:
		memset(out->digest.bytes, 99, 32);
		out->has |= who | BIT(TO) | BIT(NUMBER) | BIT(DIGEST);
		break;
	case ACT_ACKNOWLEDGE:
		out->has |=
		    who | BIT(TO) | BIT(NUMBER) | BIT(WAYBILL) | BIT(DIGEST);
		break;
	case ACT_REFUSE:
		out->has |= who | BIT(DOCUMENT) | BIT(WANTED) | BIT(RULE);
		break;
	case ACT_KEY:
		out->has |= BIT(KEY);
		break;
	case ACT_DELIVER:
		out->has |= who | what;
		break;
	case ACT_DELIVERIES:
		out->has |= who | what | BIT(PRIOR) | BIT(TIMES);
		out->times = 3;
		break;
	case ACT_OTHER:
	case ACTS:
		break;
	}
	/*
	 * Version 1 is in force when it is terminated, with a draft after it.
	 */
	out->prior = act == ACT_DELIVERIES ? index - 1 : last;
	if ((out->has & BIT(DOCUMENT)) != 0 && document == 0 &&
	    act != ACT_DELIVER && act != ACT_DELIVERIES && act != ACT_REFUSE)
		last = index;
}

static void
sign_head(void)
{
	struct checkpoint checkpoint = { .size = head.size, .root = head.root };
	struct buf text = BUF(LIMIT_NOTE_TEXT);
	struct error err = { 0 };

	snprintf(checkpoint.origin, sizeof(checkpoint.origin), "log.test");
	ck_ok(checkpoint_encode(&checkpoint, &text, &err) &&
		note_sign(&signer, buf_span(&text), head.signature, &err),
	    err);
	buf_free(&text);
}

/* Append, sign, commit and then apply, as the daemon does. */
static void
append(struct opening *opening, uint64_t num)
{
	for (uint64_t i = 0; i < num; i++) {
		struct entry *entry = malloc(sizeof(*entry));
		struct buf line = BUF(LIMIT_ENTRY_BYTES);
		struct error err = { 0 };
		struct span span;

		make_entry(head.size, entry);
		ck_ok(entry_encode(entry, &line, &err), err);
		span = buf_span(&line);
		ck_ok(journal_append(opening->journal, &span, 1, &head, &err),
		    err);
		sign_head();
		ck_ok(journal_commit(opening->journal, &head, &err) &&
			ledger_apply(opening->ledger, head.size - 1, entry,
			    &err),
		    err);
		buf_free(&line);
		free(entry);
	}
}

static void
open_it(bool whole, struct opening *out)
{
	struct error err = { 0 };

	ck_ok(opening_run(NULL, dir, &keys, &head, whole, out, &err), err);
	ck_assert_uint_eq(journal_size(out->journal), head.size);
	ck_assert_uint_eq(ledger_size(out->ledger), head.size);
}

static void
close_it(struct opening *opening)
{
	journal_free(opening->journal);
	ledger_free(opening->ledger);
}

static const char *
path_of(const char *name)
{
	static char path[UNIT_DIR + 16];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static const char *
ledger_path(void)
{
	return path_of("ledger");
}

/*
 * Make a journal of so many entries, and the ledger's file as a stop leaves it.
 */
static void
make_journal(void)
{
	struct opening opening;
	struct error err = { 0 };

	open_it(false, &opening);
	append(&opening, ENTRIES);
	ck_ok(ledger_file_write(ledger_path(), opening.journal, opening.ledger,
		  &err),
	    err);
	close_it(&opening);
}

static struct buf
bytes_of(const struct ledger *ledger)
{
	struct buf bytes = BUF(1 << 20);
	struct error err = { 0 };

	ck_ok(ledger_file_encode(ledger, &head.root, &bytes, &err), err);
	return bytes;
}

static void
compare_places(struct ledger_places a, struct ledger_places b)
{
	ck_assert_uint_eq(a.num, b.num);
	for (size_t i = 0; i < a.num; i++)
		ck_assert_uint_eq(ledger_place(&a, i), ledger_place(&b, i));
}

/* Compare the answers that follow from what the file does not have. */
static void
compare_ledgers(struct ledger *a, struct ledger *b)
{
	const struct ledger_document *x = ledger_find(a, "agreement/one"),
				     *y = ledger_find(b, "agreement/one");
	const uint32_t number = ledger_number(a, "p1@iom.example");
	struct buf left = bytes_of(a), right = bytes_of(b);
	struct oid oid = { .bytes = { 4 } };
	struct digest digest;

	ck_assert_uint_eq(left.len, right.len);
	ck_assert_mem_eq(left.data, right.data, left.len);
	ck_assert_int_eq(ledger_status(x), STATUS_TERMINATED);
	ck_assert_int_eq(ledger_status(y), STATUS_TERMINATED);
	ck_assert_str_eq(x->versions[0].signers[0].person,
	    y->versions[0].signers[0].person);
	ck_assert_uint_eq(y->versions[0].num_dispatches, 1);
	ck_assert_int_eq(y->versions[1].status, STATUS_LAPSED);
	ck_assert_uint_eq(y->versions[1].number, 2);
	ck_assert_str_eq(y->title, "");
	ck_assert_uint_eq(ledger_about(a, number).num,
	    ledger_about(b, number).num);
	compare_places(ledger_about(a, number), ledger_about(b, number));
	ck_assert_uint_eq(ledger_of_act(b, ACT_DELIVER).num,
	    ledger_of_act(a, ACT_DELIVER).num);
	ck_assert_uint_eq(ledger_of_commit(b, &oid), 3);
	memset(digest.bytes, 99, 32);
	ck_assert_uint_eq(ledger_of_bag(b, ACT_DISPATCH, &digest), 4);
	ck_assert_str_eq(ledger_next_key(b), "a key");
	buf_free(&left);
	buf_free(&right);
}

START_TEST(a_ledger_comes_back_as_it_was)
{
	struct opening by_file, whole;
	struct journal_mended mended;
	struct error err = { 0 };

	make_journal();
	open_it(true, &whole);
	ck_assert_uint_eq(whole.from.size, 0);
	journal_free(whole.journal); /* one writes */
	open_it(false, &by_file);
	ck_assert_uint_eq(by_file.from.size, ENTRIES);
	ck_assert_int_eq(by_file.dropped.kind, ERROR_NONE);
	compare_ledgers(whole.ledger, by_file.ledger);
	/* And goes on as it would have. */
	append(&by_file, NEW_ENTRIES);
	ck_ok(opening_check(dir, &by_file, NULL, &mended, &err), err);
	close_it(&by_file);
	/* The file is behind now: what came after it is read. */
	open_it(false, &by_file);
	ck_assert_uint_eq(by_file.from.size, ENTRIES);
	ck_ok(opening_check(dir, &by_file, NULL, &mended, &err), err);
	ledger_free(whole.ledger);
	journal_free(by_file.journal);
	open_it(true, &whole);
	compare_ledgers(whole.ledger, by_file.ledger);
	close_it(&whole);
	ledger_free(by_file.ledger);
}
END_TEST

/* Replace bytes of the file from at on, and put its SHA-256 right. */
static void
forge(struct buf *bytes, size_t at, const void *new, size_t len)
{
	struct digest sum;
	struct error err = { 0 };

	ck_assert_uint_le(at + len, bytes->len - 32);
	memcpy(bytes->data + at, new, len);
	sum = sha256_of(span_of(bytes->data, bytes->len - 32));
	memcpy(bytes->data + bytes->len - 32, sum.bytes, 32);
	ck_ok(file_write(ledger_path(), buf_span(bytes), 0600, &err), err);
}

static struct buf
read_file(void)
{
	struct buf bytes = BUF(1 << 20);
	struct error err = { 0 };

	ck_ok(file_read(ledger_path(), bytes.max, &bytes, &err), err);
	return bytes;
}

/*
 * Each byte is changed, with a right sum or without: the file is dropped, or
 * the check finds it, or the answers are the same.
 */
START_TEST(a_file_that_is_changed_is_dropped_or_found_by_the_check)
{
	struct journal_mended mended;
	struct opening opening;
	struct buf bytes;
	unsigned taken = 0, dropped = 0;

	make_journal();
	bytes = read_file();
	for (size_t at = (size_t)_i; at < bytes.len - 32; at += 7) {
		const uint8_t was = bytes.data[at];
		const uint8_t new = was ^ (uint8_t)(1 << at % 8);
		struct error err = { 0 };

		forge(&bytes, at, &new, 1);
		open_it(false, &opening);
		if (opening.from.size == 0) {
			dropped++;
			ck_assert_int_ne(opening.dropped.kind, ERROR_NONE);
			ck_ok(opening_check(dir, &opening, NULL, &mended, &err),
			    err);
		} else {
			taken++;
			ck_assert_msg(!opening_check(dir, &opening, NULL,
					  &mended, &err),
			    "%zu", at);
			ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
			ck_assert_ptr_nonnull(strstr(err.detail, "ledger"));
			ck_assert(!file_exists(ledger_path()));
		}
		close_it(&opening);
		forge(&bytes, at, &was, 1);
	}
	ck_assert_uint_gt(taken, 0);
	ck_assert_uint_gt(dropped, 0);
	buf_free(&bytes);
}
END_TEST

static const struct {
	const char *says;
	size_t cut; /* so many bytes of its end */
	bool flip;  /* a byte, and the sum is not made anew */
} broken[] = {
	{ "damaged", 0, true },
	{ "damaged", 1, false },
	{ "damaged", 40, false },
	{ "cut short", SIZE_MAX, false },
};

START_TEST(a_file_that_is_damaged_is_dropped_and_made_anew)
{
	struct error err = { 0 };
	struct opening opening;
	struct buf bytes;

	make_journal();
	bytes = read_file();
	if (broken[_i].flip)
		bytes.data[100] ^= 1;
	bytes.len =
	    broken[_i].cut == SIZE_MAX ? 31 : bytes.len - broken[_i].cut;
	ck_ok(file_write(ledger_path(), buf_span(&bytes), 0600, &err), err);
	open_it(false, &opening);
	ck_assert_uint_eq(opening.from.size, 0);
	ck_assert_ptr_nonnull(strstr(opening.dropped.detail, broken[_i].says));
	close_it(&opening);
	open_it(false, &opening);
	ck_assert_uint_eq(opening.from.size, ENTRIES);
	close_it(&opening);
	buf_free(&bytes);
}
END_TEST

/* What is kept of each entry and commit, in files of their own. */
static const struct {
	const char *name;
	off_t bytes; /* that it has left; 0: one of them is changed */
	const char *says;
} columns_broken[] = {
	{ "index", 0, "journal/index: it is damaged" },
	{ "index", ENTRIES * 64 - 1, "journal/index: it is cut short" },
	{ "commits", 0, "journal/commits: it is damaged" },
	{ "commits", 24, "journal/commits: it is cut short" },
	{ "index", -1, "journal/index: it is cut short" },
};

static void
flip(const char *name, off_t at)
{
	const int fd = open(path_of(name), O_RDWR);
	uint8_t byte;

	ck_assert(pread(fd, &byte, 1, at) == 1);
	byte ^= 1;
	ck_assert(pwrite(fd, &byte, 1, at) == 1);
	close(fd);
}

START_TEST(a_column_that_is_damaged_is_made_anew)
{
	const char *name = columns_broken[_i].name;
	struct opening opening, whole;
	struct error err = { 0 };
	struct journal_mended mended;

	make_journal();
	if (columns_broken[_i].bytes < 0)
		ck_assert(unlink(path_of(name)) == 0);
	else if (columns_broken[_i].bytes > 0)
		ck_assert(
		    truncate(path_of(name), columns_broken[_i].bytes) == 0);
	else
		flip(name, 30);
	open_it(false, &opening);
	ck_assert_uint_eq(opening.from.size, 0);
	ck_assert_ptr_nonnull(
	    strstr(opening.dropped.detail, columns_broken[_i].says));
	close_it(&opening);
	open_it(false, &opening);
	ck_assert_uint_eq(opening.from.size, ENTRIES);
	ck_ok(opening_check(dir, &opening, NULL, &mended, &err), err);
	journal_free(opening.journal); /* one writes */
	open_it(true, &whole);
	compare_ledgers(whole.ledger, opening.ledger);
	close_it(&whole);
	ledger_free(opening.ledger);
}
END_TEST

/* Longer is no harm: it was written on after the ledger's file. */
START_TEST(a_column_may_be_ahead_of_the_file)
{
	struct journal_mended mended;
	struct opening opening;
	struct error err = { 0 };
	const uint8_t more[100] = { 1 };
	int fd;

	make_journal();
	fd = open(path_of("index"), O_WRONLY | O_APPEND);
	ck_assert(write(fd, more, sizeof(more)) == sizeof(more));
	close(fd);
	open_it(false, &opening);
	ck_assert_uint_eq(opening.from.size, ENTRIES);
	append(&opening, NEW_ENTRIES);
	ck_ok(opening_check(dir, &opening, NULL, &mended, &err), err);
	ck_ok(ledger_file_write(ledger_path(), opening.journal, opening.ledger,
		  &err),
	    err);
	close_it(&opening);
	open_it(false, &opening);
	ck_assert_uint_eq(opening.from.size, ENTRIES + NEW_ENTRIES);
	ck_ok(opening_check(dir, &opening, NULL, &mended, &err), err);
	close_it(&opening);
}
END_TEST

/* All lists, walked to their ends. */
static void
read_lists(struct ledger *ledger)
{
	struct ledger_places places;

	for (uint32_t i = 1; i < 16; i++) {
		places = ledger_about(ledger, i);
		ck_assert_uint_le(places.num, ENTRIES);
		for (size_t k = 0; k < places.num; k++)
			ck_assert_uint_lt(ledger_place(&places, k), ENTRIES);
		for (uint64_t k = 0; k <= ENTRIES; k++)
			ck_assert_uint_le(ledger_first_place(&places, k),
			    ENTRIES);
	}
	for (uint64_t i = 0; i < ENTRIES; i++)
		ledger_name(ledger, ledger_entry(ledger, i).document);
}

/* Any byte of the index, with its sum and that of the file put right. */
START_TEST(a_forged_index_is_followed_nowhere_and_found)
{
	struct journal_mended mended;
	struct opening opening;
	struct buf bytes, index = BUF(1 << 20);
	struct digest sum, old;
	struct error err = { 0 };
	size_t where = 0;

	make_journal();
	bytes = read_file();
	ck_ok(file_read(path_of("index"), index.max, &index, &err), err);
	ck_assert_uint_eq(index.len, ENTRIES * 64);
	old = sha256_of(buf_span(&index));
	while (memcmp(bytes.data + where, old.bytes, 32) != 0)
		where++;
	for (size_t at = (size_t)_i; at < index.len; at += 7) {
		index.data[at] ^= at % 2 == 0 ? 0xff : 1;
		sum = sha256_of(buf_span(&index));
		ck_ok(file_write(path_of("index"), buf_span(&index), 0600,
			  &err),
		    err);
		forge(&bytes, where, sum.bytes, 32);
		open_it(false, &opening);
		read_lists(opening.ledger);
		if (opening.from.size > 0) {
			ck_assert(
			    !opening_check(dir, &opening, NULL, &mended, &err));
			ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
			ck_assert_ptr_nonnull(strstr(err.detail, "ledger"));
			err = (struct error){ 0 };
		}
		close_it(&opening);
		index.data[at] ^= at % 2 == 0 ? 0xff : 1;
	}
	buf_free(&bytes);
	buf_free(&index);
}
END_TEST

START_TEST(a_column_changed_beside_the_service_is_found)
{
	struct journal_mended mended;
	struct opening opening;
	struct error err = { 0 };

	make_journal();
	open_it(false, &opening);
	flip(_i == 0 ? "index" : "commits", 50);
	ck_assert(!opening_check(dir, &opening, NULL, &mended, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	close_it(&opening);
}
END_TEST

START_TEST(a_file_cut_anywhere_or_longer_is_refused)
{
	struct ledger_columns columns;
	struct journal_from from;
	struct buf bytes;
	struct digest sum;
	struct error err = { 0 };
	struct ledger *ledger;

	make_journal();
	bytes = read_file();
	for (size_t len = 0; len + 32 < bytes.len; len++) {
		struct buf part = BUF(1 << 20);

		sum = sha256_of(span_of(bytes.data, len));
		ck_ok(buf_append(&part, span_of(bytes.data, len), &err) &&
			buf_append(&part, span_of(sum.bytes, 32), &err),
		    err);
		ck_ok(ledger_file_columns(ledger_path(), &columns, &err), err);
		ledger =
		    ledger_file_parse(buf_span(&part), &columns, &from, &err);
		ck_assert_msg(ledger == NULL, "%zu", len);
		ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
		err = (struct error){ 0 };
		buf_free(&part);
	}
	/* One byte too many before the sum. */
	bytes.len -= 32;
	ck_ok(buf_append_u8(&bytes, 0, &err), err);
	sum = sha256_of(buf_span(&bytes));
	ck_ok(buf_append(&bytes, span_of(sum.bytes, 32), &err), err);
	ck_ok(ledger_file_columns(ledger_path(), &columns, &err), err);
	ck_assert_ptr_null(
	    ledger_file_parse(buf_span(&bytes), &columns, &from, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "another program"));
	buf_free(&bytes);
}
END_TEST

/* Another history of the same length, whose ledger's file is put here. */
START_TEST(a_file_of_another_journal_is_dropped)
{
	struct error err = { 0 };
	struct opening opening;
	struct buf bytes;
	struct digest root;

	make_journal();
	bytes = read_file();
	memset(root.bytes, 5, 32);
	/* The root stands after the magic and the size. */
	forge(&bytes, bytes.len - 32 - (bytes.len - 32), "VALLEDG3", 8);
	for (size_t at = 0; at + 64 < bytes.len; at++)
		if (memcmp(bytes.data + at, head.root.bytes, 32) == 0) {
			forge(&bytes, at, root.bytes, 32);
			break;
		}
	open_it(false, &opening);
	ck_assert_uint_eq(opening.from.size, 0);
	ck_assert_ptr_nonnull(
	    strstr(opening.dropped.detail, "what is kept of them"));
	close_it(&opening);
	ck_assert_int_eq(err.kind, ERROR_NONE);
	buf_free(&bytes);
}
END_TEST

START_TEST(an_entry_that_was_changed_is_not_served_for_long)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct opening opening;
	char path[UNIT_DIR + 16];
	uint8_t byte;
	int fd;

	make_journal();
	open_it(false, &opening);
	snprintf(path, sizeof(path), "%s/entries", dir);
	fd = open(path, O_RDWR);
	ck_assert(pread(fd, &byte, 1, 40) == 1);
	byte ^= 1;
	ck_assert(pwrite(fd, &byte, 1, 40) == 1);
	close(fd);
	ck_assert(!opening_check(dir, &opening, NULL, &mended, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert(!file_exists(ledger_path()));
	close_it(&opening);
	/* And nobody opens it again. */
	ck_assert(!opening_run(NULL, dir, &keys, &head, false, &opening, &err));
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_ledger_comes_back_as_it_was);
	tcase_add_loop_test(tcase,
	    a_file_that_is_changed_is_dropped_or_found_by_the_check, 0, 7);
	tcase_add_loop_test(tcase,
	    a_file_that_is_damaged_is_dropped_and_made_anew, 0, COUNT(broken));
	tcase_add_loop_test(tcase, a_column_that_is_damaged_is_made_anew, 0,
	    COUNT(columns_broken));
	tcase_add_test(tcase, a_column_may_be_ahead_of_the_file);
	tcase_add_loop_test(tcase, a_forged_index_is_followed_nowhere_and_found,
	    0, 7);
	tcase_add_loop_test(tcase, a_column_changed_beside_the_service_is_found,
	    0, 2);
	tcase_add_test(tcase, a_file_cut_anywhere_or_longer_is_refused);
	tcase_add_test(tcase, a_file_of_another_journal_is_dropped);
	tcase_add_test(tcase, an_entry_that_was_changed_is_not_served_for_long);
}

int
main(void)
{
	return run_tests("opening", fill);
}
