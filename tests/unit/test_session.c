/*
 * A session with a daemon that lies: pages of entries, receipts, tiles and
 * answers that are not what was asked for.  In place of lib/remote is a daemon
 * with two journals of one past, which answers as the test tells it.
 */
#include "unit.h"

#include <unistd.h>

#include <jansson.h>

#include "client/session.h"
#include "merkle_fixture.h"

enum { FORK = 12, SIZE = 30, SEEN = 10 };
enum history { A, B };

static struct note_signer signer;
static struct buf lines[2][SIZE];
static char dir[UNIT_DIR];
static struct context context;
static struct session session;

/* --- Two journals of deliveries; every third is of another document. --- */

static void
make_line(enum history which, uint64_t index)
{
	struct entry entry = { .act = ACT_DELIVER,
		.valise = 1,
		.version = 1,
		.time_ms = 1790000000000 + (int64_t)index,
		.has = 1u << ENTRY_ACT | 1u << ENTRY_VALISE | 1u << ENTRY_TIME |
		    1u << ENTRY_SALT | 1u << ENTRY_POLICY | 1u << ENTRY_OFFICE |
		    1u << ENTRY_PERSON | 1u << ENTRY_DOCUMENT |
		    1u << ENTRY_VERSION | 1u << ENTRY_CONTENTS };
	struct error err = { 0 };

	snprintf(entry.act_name, sizeof(entry.act_name), "deliver");
	snprintf(entry.office, sizeof(entry.office), "mofa");
	snprintf(entry.person, sizeof(entry.person), "a@mofa.example");
	snprintf(entry.document, sizeof(entry.document), "agreement/%s",
	    index % 3 == 0 ? "other" : "this");
	entry.salt[0] = (uint8_t)index;
	entry.salt[1] = which == B && index >= FORK;
	lines[which][index] = BUF(LIMIT_ENTRY_BYTES);
	ck_ok(entry_encode(&entry, &lines[which][index], &err), err);
}

static void
api_append_note(enum history which, uint64_t size, struct buf *out)
{
	struct checkpoint at = { .size = size };
	struct buf text = BUF(LIMIT_NOTE_TEXT);
	uint8_t signature[64];
	struct error err = { 0 };

	snprintf(at.origin, sizeof(at.origin), "%s", signer.key.name);
	ck_ok(merkle_root_at(fixture_node, lines[which], size, &at.root,
		  &err) &&
		checkpoint_encode(&at, &text, &err) &&
		note_sign(&signer, buf_span(&text), signature, &err) &&
		note_encode(&signer.key, &at, signature, out, &err),
	    err);
	buf_free(&text);
}

static void
append_hashes(const struct merkle_proof *proof, const char *before,
    const char *after, struct buf *out)
{
	char base64[BASE64_SIZE(32)];
	struct error err = { 0 };

	for (size_t i = 0; i < proof->num; i++) {
		base64_encode(digest_span(&proof->hashes[i]), base64);
		ck_ok(buf_printf(out, &err, "%s%s%s", before, base64, after),
		    err);
	}
}

/* --- The daemon. --- */

enum lie {
	NONE,
	TWICE,     /* an entry stands twice */
	BACKWARDS, /* two are out of order */
	UNASKED,   /* one of another document */
	NO_ENTRY,  /* a line without one */
	CHANGED,   /* another entry in its place */
	SHORT_PROOF,
	BAD_HASH,
	OTHER_HISTORY,
	OLDER, /* of before the question */
	ROUND, /* the next page is this one */
	EARLY, /* the next page begins within this one */
	NO_CHECKPOINT,
	NO_JSON,
	TWO_PAGES, /* no lie */
	LONG_TILE,
};

static struct {
	enum lie lie;
	enum history which;
	uint64_t size;
	const char *says; /* in place of anything else */
	bool denies;      /* 404 to all but checkpoints */
	unsigned num_asked;
} daemon_is;

static void
append_entry(uint64_t index, uint64_t shown, uint64_t size, struct buf *out)
{
	const enum lie lie = daemon_is.lie;
	const struct buf *line = &lines[daemon_is.which][shown];
	json_t *json = json_pack("{sI}", "index", (json_int_t)index);
	json_t *path = json_array();
	struct merkle_proof proof;
	struct error err = { 0 };
	char base64[BASE64_SIZE(32)], *text;

	ck_ok(merkle_prove_inclusion(fixture_node, lines[daemon_is.which],
		  index, size, &proof, &err),
	    err);
	if (lie == SHORT_PROOF)
		proof.num--;
	for (size_t i = 0; i < proof.num; i++) {
		base64_encode(digest_span(&proof.hashes[i]), base64);
		json_array_append_new(path,
		    json_string(lie == BAD_HASH ? "AAAA" : base64));
	}
	if (lie != NO_ENTRY)
		json_object_set_new(json, "entry",
		    json_stringn((const char *)line->data, line->len));
	json_object_set_new(json, "proof", path);
	text = json_dumps(json, JSON_COMPACT);
	ck_ok(buf_printf(out, &err, "%s\n", text), err);
	free(text);
	json_decref(json);
}

/* "from" of a query, or 0. */
static uint64_t
number_in(const char *path, const char *name)
{
	const char *at = strstr(path, name);

	return at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void
say_entries(const char *path, struct buf *out)
{
	const enum lie lie = daemon_is.lie;
	const uint64_t from = number_in(path, "from=");
	const uint64_t at = number_in(path, "&at=");
	const uint64_t size = lie == OLDER ? 5 : at != 0 ? at : daemon_is.size;
	const bool ends = lie == TWO_PAGES && from == 0;
	const uint64_t until = ends || lie == EARLY ? 15 : size;
	struct buf note = BUF(LIMIT_NOTE_FILE);
	struct error err = { 0 };
	json_t *last = json_object();
	char *text;

	for (uint64_t i = from; i < until; i++) {
		if (i % 3 == 0 && lie != UNASKED)
			continue;
		if (lie == BACKWARDS && i == 4)
			append_entry(5, 5, size, out);
		append_entry(i, lie == CHANGED && i == 7 ? 8 : i, size, out);
		if (lie == TWICE && i == 4)
			append_entry(i, i, size, out);
	}
	api_append_note(daemon_is.which, size, &note);
	if (lie != NO_CHECKPOINT)
		json_object_set_new(last, "checkpoint",
		    json_stringn((const char *)note.data, note.len));
	if (ends || lie == ROUND || lie == EARLY)
		json_object_set_new(last, "next",
		    json_integer(lie == ROUND ? (json_int_t)from
			    : lie == EARLY    ? 10
					      : 15));
	text = json_dumps(last, JSON_COMPACT);
	ck_ok(buf_printf(out, &err, "%s%s\n", text, lie == NO_JSON ? "}" : ""),
	    err);
	free(text);
	json_decref(last);
	buf_free(&note);
}

static bool
say_checkpoint(const char *path, struct remote_answer *answer,
    struct error *err)
{
	const uint64_t old = number_in(path, "old=");
	const uint64_t at = number_in(path, "&at=");
	const uint64_t size = at != 0 ? at : daemon_is.size;
	struct merkle_proof proof = { .num = 0 };

	if (old > size) {
		answer->status = 409;
		api_append_note(daemon_is.which, size, &answer->body);
		return error_set(err, ERROR_CONFLICT, "smaller");
	}
	if (size > daemon_is.size) {
		answer->status = 404;
		return error_set(err, ERROR_NOT_FOUND, "no such head");
	}
	if (old > 0)
		ck_ok(merkle_prove_consistency(fixture_node,
			  lines[daemon_is.which], old, size, &proof, err),
		    *err);
	ck_ok(buf_printf(&answer->body, err, "old %llu\n",
		  (unsigned long long)old),
	    *err);
	append_hashes(&proof, "", "\n", &answer->body);
	ck_ok(buf_append_str(&answer->body, "\n", err), *err);
	api_append_note(daemon_is.which, size, &answer->body);
	return true;
}

/* A tile of leaves: it is as wide as its name says. */
static void
say_tile(const char *path, struct buf *out)
{
	const uint64_t width =
	    number_in(path, ".p/") + (daemon_is.lie == LONG_TILE);
	struct error err = { 0 };

	for (uint64_t i = 0; i < width; i++) {
		const struct digest leaf =
		    merkle_leaf(buf_span(&lines[daemon_is.which][i % SIZE]));

		ck_ok(buf_append(out, digest_span(&leaf), &err), err);
	}
}

/* In place of lib/remote. */
struct remote *
remote_new(const struct remote_settings *settings, struct error *err)
{
	(void)settings, (void)err;
	return NULL;
}

void
remote_free(struct remote *remote)
{
	(void)remote;
}

bool
remote_events(struct remote *remote, const char *path, const char *last_id,
    remote_listener *seen, void *arg, struct error *err)
{
	(void)remote, (void)path, (void)last_id, (void)seen, (void)arg;
	return error_set(err, ERROR_UNAVAILABLE, "no events");
}

bool
remote_do(struct remote *remote, const struct remote_request *request,
    struct remote_answer *answer, struct error *err)
{
	(void)remote;
	daemon_is.num_asked++;
	*answer = (struct remote_answer){ .status = 200,
		.body = BUF(LIMIT_ANSWER_BYTES),
		.upload_offset = UINT64_MAX,
		.policy_entry = UINT64_MAX };
	if (strncmp(request->path, "/v1/journal/checkpoint?", 23) == 0)
		return say_checkpoint(request->path, answer, err);
	if (daemon_is.denies) {
		answer->status = 404;
		return error_set(err, ERROR_NOT_FOUND, "there is none");
	}
	if (daemon_is.says != NULL)
		return buf_append_str(&answer->body, daemon_is.says, err);
	if (strncmp(request->path, "/v1/journal/entries?", 20) == 0)
		say_entries(request->path, &answer->body);
	else if (strncmp(request->path, "/v1/journal/tile/", 17) == 0)
		say_tile(request->path, &answer->body);
	return true;
}

/* --- The office, which has seen size 10. --- */

static void
set_up(void)
{
	const struct seen_settings settings = { .dir = dir,
		.keys = &context.journal };
	struct error err = { 0 };
	struct buf note = BUF(LIMIT_NOTE_FILE);

	ck_ok(note_signer_make("journal.test", NOTE_JOURNAL, &signer, &err),
	    err);
	for (uint64_t i = 0; i < SIZE; i++) {
		make_line(A, i);
		make_line(B, i);
	}
	unit_make_dir(dir);
	context = (struct context){ .journal = note_keys_of(&signer.key) };
	snprintf(context.state, sizeof(context.state), "%s", dir);
	memset(&daemon_is, 0, sizeof(daemon_is));
	daemon_is.size = SIZE;
	session = (struct session){ .context = &context,
		.history = seen_open(&settings, &err) };
	ck_assert_msg(session.history != NULL, "%s", err.detail);
	api_append_note(A, SEEN, &note);
	ck_ok(session_follow(&session, buf_span(&note), &err), err);
	ck_assert_uint_eq(session.seen.size, SEEN);
	daemon_is.num_asked = 0;
	buf_free(&note);
}

static void
tear_down(void)
{
	session_close(&session);
	for (uint64_t i = 0; i < SIZE; i++) {
		buf_free(&lines[A][i]);
		buf_free(&lines[B][i]);
	}
	unit_remove_dir(dir);
}

/* --- Entries. --- */

static bool
count(void *arg, uint64_t index, const struct entry *entry, struct span line,
    struct error *err)
{
	unsigned *num = arg;

	(void)err;
	ck_assert_uint_ne(index % 3, 0);
	ck_assert_str_eq(entry->document, "agreement/this");
	ck_assert(span_eq(line, buf_span(&lines[A][index])));
	(*num)++;
	return true;
}

static const struct {
	enum lie lie;
	uint64_t at;
	unsigned num; /* so many were told before it was found */
	enum error_kind kind;
	const char *code, *says;
	uint64_t kept; /* the size that is kept afterwards */
} answers[] = {
	{ NONE, 0, 20, ERROR_NONE, "OK", "", SIZE },
	{ TWO_PAGES, 0, 20, ERROR_NONE, "OK", "", SIZE },
	{ NONE, 20, 13, ERROR_NONE, "OK", "", 20 },
	{ TWICE, 0, 3, ERROR_UNTRUSTED, ANSWER_DIFFERS, "twice", SIZE },
	{ BACKWARDS, 0, 3, ERROR_UNTRUSTED, ANSWER_DIFFERS, "out of order",
	    SIZE },
	{ UNASKED, 0, 0, ERROR_UNTRUSTED, ANSWER_DIFFERS, "not asked for",
	    SIZE },
	{ NO_ENTRY, 0, 0, ERROR_MALFORMED, "MALFORMED", "entry is not one",
	    SIZE },
	{ CHANGED, 0, 4, ERROR_UNTRUSTED, "NOT_IN_JOURNAL", "entry 7", SIZE },
	{ SHORT_PROOF, 0, 0, ERROR_UNTRUSTED, "NOT_IN_JOURNAL", "entry 1",
	    SIZE },
	{ BAD_HASH, 0, 0, ERROR_MALFORMED, "MALFORMED", "proof is not one",
	    SIZE },
	{ OTHER_HISTORY, 0, 0, ERROR_UNTRUSTED, "JOURNAL_ROLLED_BACK", "", 20 },
	{ OLDER, 0, 0, ERROR_UNTRUSTED, "JOURNAL_ROLLED_BACK", "", SEEN },
	{ OLDER, 20, 0, ERROR_UNTRUSTED, ANSWER_DIFFERS, "another checkpoint",
	    SEEN },
	{ ROUND, 0, 0, ERROR_MALFORMED, "MALFORMED", "in circles", SEEN },
	{ EARLY, 0, 10, ERROR_UNTRUSTED, ANSWER_DIFFERS,
	    "before the last one ended", SIZE },
	{ NO_CHECKPOINT, 0, 0, ERROR_MALFORMED, "MALFORMED",
	    "without a checkpoint", SEEN },
	{ NO_JSON, 0, 0, ERROR_MALFORMED, "MALFORMED", "not JSON lines", SEEN },
};

START_TEST(entries_answer_the_question)
{
	const struct entry_filter filter = { .document = "agreement/this",
		.at = answers[_i].at };
	struct error err = { 0 };
	unsigned num = 0;
	bool ok;

	daemon_is.lie = answers[_i].lie;
	if (daemon_is.lie == OTHER_HISTORY) {
		daemon_is.size = 20;
		ck_ok(session_entries(&session, &filter, count, &num, &err),
		    err);
		daemon_is.size = SIZE;
		daemon_is.which = B;
		num = 0;
	}
	ok = session_entries(&session, &filter, count, &num, &err);
	ck_assert_msg(ok == (answers[_i].kind == ERROR_NONE), "%s", err.detail);
	ck_assert_int_eq(err.kind, answers[_i].kind);
	ck_assert_str_eq(error_code(&err), answers[_i].code);
	ck_assert_msg(strstr(err.detail, answers[_i].says) != NULL, "%s",
	    err.detail);
	ck_assert_uint_eq(num, answers[_i].num);
	ck_assert_uint_eq(session.seen.size, answers[_i].kept);
}
END_TEST

START_TEST(once_it_was_rolled_back_nothing_more_is_asked)
{
	const struct entry_filter filter = { .document = "agreement/this" };
	struct seen_asked asked;
	struct error err = { 0 };
	unsigned num = 0, num_asked;

	daemon_is.lie = OLDER;
	ck_assert(!session_entries(&session, &filter, count, &num, &err));
	daemon_is.lie = NONE;
	num_asked = daemon_is.num_asked;
	err = (struct error){ 0 };
	ck_assert(!session_entries(&session, &filter, count, &num, &err));
	ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	err = (struct error){ 0 };
	ck_assert(!session_ask(&session, &asked, &err));
	ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	err = (struct error){ 0 };
	ck_assert(!session_will_send(&session, &err));
	ck_assert_str_eq(error_code(&err), "JOURNAL_ROLLED_BACK");
	ck_assert_uint_eq(daemon_is.num_asked, num_asked);
}
END_TEST

static uint64_t differing;

static void
differs(void *arg, uint64_t index)
{
	(void)arg;
	differing = index;
}

static bool
count_any(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	(void)index, (void)entry, (void)line, (void)err;
	++*(unsigned *)arg;
	return true;
}

START_TEST(an_entry_of_another_leaf_is_told_to_differ)
{
	struct digest leaves[SIZE];
	struct error err = { 0 };
	unsigned num = 0;

	for (uint64_t i = 0; i < SIZE; i++)
		leaves[i] = merkle_leaf(buf_span(&lines[A][i]));
	daemon_is.lie = UNASKED; /* all of them */
	ck_ok(session_entries_of_leaves(&session, 0, SIZE, leaves, count_any,
		  differs, &num, &err),
	    err);
	ck_assert_uint_eq(num, SIZE);
	leaves[13].bytes[3] ^= 1;
	num = 0;
	ck_ok(session_entries_of_leaves(&session, 0, SIZE, leaves, count_any,
		  differs, &num, &err),
	    err);
	ck_assert_uint_eq(num, SIZE - 1);
	ck_assert_uint_eq(differing, 13);
	/* More than was asked for. */
	ck_assert(!session_entries_of_leaves(&session, 0, 20, leaves, count_any,
	    differs, &num, &err));
	ck_assert_str_eq(error_code(&err), ANSWER_DIFFERS);
}
END_TEST

/* --- Receipts. --- */

static const struct {
	enum history of, daemon;
	uint64_t index, size;
	const char *extension; /* NULL: right; "": none; or this one */
	bool cut;
	const char *code;
	unsigned num_asked;
} receipts[] = {
	/* By the proof that it brings, nobody is asked; else the daemon is. */
	{ A, A, 14, SIZE, NULL, false, "OK", 0 },
	{ A, A, 14, SIZE, "", false, "OK", 1 },
	{ A, A, 14, SIZE, "9 AAAA", false, "OK", 1 },
	{ A, A, 3, SEEN, "", false, "OK", 0 },
	{ A, A, 3, 8, "", false, "OK", 1 },
	{ A, A, 14, SIZE, NULL, true, "MALFORMED", 0 },
	/* A proof that is none is no answer. */
	{ A, A, 14, SIZE, "10 AAAA", false, "JOURNAL_ROLLED_BACK", 0 },
	/* Of another history, whoever proves it. */
	{ B, A, 14, SIZE, "", false, "JOURNAL_ROLLED_BACK", 1 },
};

START_TEST(a_receipt_is_of_what_was_seen)
{
	struct remote_answer answer = { .body = BUF(LIMIT_PROOF_FILE) };
	const uint64_t index = receipts[_i].index, size = receipts[_i].size;
	struct proof proof = PROOF;
	struct merkle_proof extension;
	struct buf text = BUF(sizeof(answer.extension) - 1);
	struct entry entry;
	struct error err = { 0 };
	uint64_t got;

	daemon_is.which = receipts[_i].daemon;
	proof.index = index;
	ck_ok(merkle_prove_inclusion(fixture_node, lines[receipts[_i].of],
		  index, size, &proof.path, &err) &&
		buf_append(&proof.entry,
		    buf_span(&lines[receipts[_i].of][index]), &err),
	    err);
	api_append_note(receipts[_i].of, size, &proof.note);
	ck_ok(proof_encode(&proof, &answer.body, &err), err);
	if (receipts[_i].extension != NULL) {
		snprintf(answer.extension, sizeof(answer.extension), "%s",
		    receipts[_i].extension);
	} else {
		ck_ok(merkle_prove_consistency(fixture_node, lines[A], SEEN,
			  size, &extension, &err) &&
			buf_printf(&text, &err, "%d", SEEN),
		    err);
		append_hashes(&extension, " ", "", &text);
		ck_assert(span_to_str(buf_span(&text), answer.extension,
		    sizeof(answer.extension)));
	}
	if (receipts[_i].cut)
		answer.body.len--;
	if (session_check_receipt(&session, &answer, &entry, &got, &err))
		ck_assert_uint_eq(got, index);
	ck_assert_msg(strcmp(error_code(&err), receipts[_i].code) == 0,
	    "%s: %s", error_code(&err), err.detail);
	if (receipts[_i].num_asked == 0)
		ck_assert_uint_eq(daemon_is.num_asked, 0);
	else
		ck_assert_uint_ge(daemon_is.num_asked, 1);
	buf_free(&text);
	proof_free(&proof);
	remote_answer_free(&answer);
}
END_TEST

/* --- Other answers. --- */

START_TEST(a_tile_has_its_length)
{
	const struct tile tile = { .width = SIZE };
	struct buf out = BUF(SIZE * 32);
	struct digest leaf;
	struct error err = { 0 };

	ck_ok(session_tile(&session, &tile, &out, &err), err);
	ck_assert_uint_eq(out.len, SIZE * 32);
	leaf = merkle_leaf(buf_span(&lines[A][7]));
	ck_assert_mem_eq(out.data + 7 * 32, leaf.bytes, 32);
	out.len = 0;
	daemon_is.lie = LONG_TILE;
	ck_assert(!session_tile(&session, &tile, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_uint_eq(out.len, 0);
	buf_free(&out);
}
END_TEST

START_TEST(json_is_one_value)
{
	static const struct {
		const char *says;
		bool good;
	} rows[] = {
		{ "{\"a\":1}", true },
		{ "{\"a\":1,\"a\":2}", false },
		{ "{\"a\":1} x", false },
		{ "{\"a\":", false },
		{ "", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = { 0 };
		json_t *json;

		daemon_is.says = rows[i].says;
		ck_assert_int_eq(session_json(&session, "/v1/x", &json, &err),
		    rows[i].good);
		ck_assert_int_eq(json != NULL, rows[i].good);
		ck_assert_int_eq(err.kind,
		    rows[i].good ? ERROR_NONE : ERROR_MALFORMED);
		json_decref(json);
	}
}
END_TEST

START_TEST(a_hash_is_32_bytes_of_base64)
{
	static const struct {
		const char *line;
		bool good;
	} rows[] = {
		{ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", true },
		{ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=", false },
		{ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false },
		{ "AAAA", false },
		{ "", false },
	};
	struct merkle_proof proof = { .num = LIMIT_PROOF_HASHES - 1 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct merkle_proof one = { .num = 0 };

		ck_assert_int_eq(session_take_hash(span_of_str(rows[i].line),
				     &one),
		    rows[i].good);
	}
	ck_assert(session_take_hash(span_of_str(rows[0].line), &proof));
	ck_assert(!session_take_hash(span_of_str(rows[0].line), &proof));
	ck_assert_uint_eq(proof.num, LIMIT_PROOF_HASHES);
}
END_TEST

START_TEST(a_hash_is_read_from_the_tiles)
{
	struct digest hash, right;
	struct error err = { 0 };

	for (unsigned level = 0; level < 4; level++) {
		ck_ok(session_read_hash(&session, level, 1, &hash, &err), err);
		ck_assert(fixture_node(lines[A], level, 1, &right, &err));
		ck_assert(digest_eq(&hash, &right));
	}
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, entries_answer_the_question, 0, COUNT(answers));
	tcase_add_test(t, once_it_was_rolled_back_nothing_more_is_asked);
	tcase_add_test(t, an_entry_of_another_leaf_is_told_to_differ);
	tcase_add_loop_test(t, a_receipt_is_of_what_was_seen, 0,
	    COUNT(receipts));
	tcase_add_test(t, a_tile_has_its_length);
	tcase_add_test(t, json_is_one_value);
	tcase_add_test(t, a_hash_is_32_bytes_of_base64);
	tcase_add_test(t, a_hash_is_read_from_the_tiles);
}

int
main(void)
{
	return run_tests("session", fill);
}
