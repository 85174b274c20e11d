/*
 * Receipts that do not belong to a copy, who cosigned the checkpoint, who hands
 * a deposit in, and files that are altered, missing or too many.
 */
#include "unit.h"

#include <stdio.h>

#include "copy_fixture.h"
#include "document/termination.h"

static const struct copy_step steps[] = {
	{ ACT_DEPOSIT, 3, DEPOSITOR, ONE_OF_EACH, 0, NULL },
	{ ACT_SIGN, 5, MINISTER, ONE_OF_EACH, 0, NULL },
	{ ACT_SIGN, 6, CHIEF, ONE_OF_EACH, 0, NULL },
	{ ACT_FORCE, 7, 0, ONE_OF_EACH, 0, NULL },
};

#define RECEIPT "META-INF/receipt-5.tlog-proof"

enum change {
	NOTHING,
	NOTE,     /* a line more under the note of one receipt */
	PATH,     /* a hash of its proof is another */
	INDEX,    /* it is of another entry than its name says */
	GARBAGE,  /* it is no receipt */
	NO_ENTRY, /* what it is of is no entry */
	DELIVER,  /* the act is none of a version */
	DOCUMENT, /* the entry is of another document, */
	VERSION,  /* version */
	DIGEST,   /* or digest */
	MANY,     /* there are more than are looked at */
};

static const struct {
	enum change change;
	enum finding_code code;
	const char *says;
} rows[] = {
	{ NOTHING, 0, NULL },
	{ NOTE, FINDING_RECEIPT_BROKEN, "another checkpoint than the others" },
	{ PATH, FINDING_RECEIPT_BROKEN, "entry 5 is not in the journal" },
	{ INDEX, FINDING_RECEIPT_BROKEN, "its name is not that of entry 5" },
	{ GARBAGE, FINDING_RECEIPT_BROKEN, "not a tlog-proof" },
	{ NO_ENTRY, FINDING_RECEIPT_BROKEN, "is not in the journal" },
	{ DELIVER, FINDING_RECEIPT_BROKEN, "is no act of a version" },
	{ DOCUMENT, FINDING_RECEIPT_BROKEN, "it is of mou/other@1" },
	{ VERSION, FINDING_RECEIPT_BROKEN, "it is of agreement/lao-iom@2" },
	{ DIGEST, FINDING_RECEIPT_BROKEN, "with another version digest" },
	{ MANY, FINDING_OVER_LIMIT, "more than 256 receipts" },
};

/* The entry of the minister's signature. */
static void
alter(struct entry *entry, size_t step, void *arg)
{
	const enum change change = *(enum change *)arg;

	if (step != 1)
		return;
	if (change == DELIVER) {
		entry->act = ACT_DELIVER;
		entry->has = 1u << ENTRY_TIME | 1u << ENTRY_SALT |
		    1u << ENTRY_POLICY | 1u << ENTRY_OFFICE |
		    1u << ENTRY_PERSON | 1u << ENTRY_DOCUMENT |
		    1u << ENTRY_VERSION | 1u << ENTRY_CONTENTS;
	}
	if (change == DOCUMENT)
		snprintf(entry->document, sizeof(entry->document), "mou/other");
	if (change == VERSION)
		entry->version = 2;
	if (change == DIGEST)
		entry->digest.bytes[0] ^= 1;
}

static void
put(struct container *copy, const char *path, struct span bytes)
{
	struct error err = { 0 };

	ck_ok(container_put(copy, path, bytes, &err), err);
}

/* What is changed in the receipt itself. */
static void
alter_receipt(struct container *copy, enum change change)
{
	struct proof proof = PROOF;
	struct buf text = BUF(LIMIT_PROOF_FILE);
	struct error err = { 0 };
	char path[100];

	if (change == GARBAGE)
		put(copy, RECEIPT, span_of_str("garbage\n"));
	for (unsigned i = 0; change == MANY && i <= LIMIT_RECEIPTS; i++) {
		snprintf(path, sizeof(path), "META-INF/receipt-%u.tlog-proof",
		    1000 + i);
		put(copy, path, span_of_str("garbage\n"));
	}
	ck_ok(change == GARBAGE ||
		proof_parse(member_bytes(container_find(copy, RECEIPT)), &proof,
		    &err),
	    err);
	if (change == NOTE)
		ck_ok(buf_append_str(&proof.note, "\xe2\x80\x94 x AAAAAAA=\n",
			  &err),
		    err);
	if (change == PATH)
		proof.path.hashes[0].bytes[0] ^= 1;
	if (change == NO_ENTRY)
		proof.entry.data[0] = '[';
	ck_ok(change == GARBAGE || proof_encode(&proof, &text, &err), err);
	if (change == NOTE || change == PATH || change == NO_ENTRY)
		put(copy, RECEIPT, buf_span(&text));
	if (change == INDEX) {
		container_remove(copy, RECEIPT);
		put(copy, "META-INF/receipt-50.tlog-proof", buf_span(&text));
	}
	proof_free(&proof);
	buf_free(&text);
}

/* Is it found, by this code, with this text? */
static bool
says(const struct verdict *verdict, enum finding_code code, const char *text)
{
	for (size_t i = 0; i < verdict->num_findings; i++) {
		char sentence[FINDING_SENTENCE];

		finding_sentence(&verdict->findings[i], sentence);
		if (verdict->findings[i].code == code &&
		    strstr(sentence, text) != NULL)
			return true;
	}
	return false;
}

START_TEST(a_receipt_that_is_none_of_the_copy_is_told)
{
	enum change change = rows[_i].change;
	struct container *copy =
	    copy_make(1, steps, COUNT(steps), alter, &change);
	struct verdict verdict;
	const char *found;

	alter_receipt(copy, change);
	copy_judge(copy, &verdict);
	found = copy_findings(&verdict);
	if (rows[_i].says == NULL) {
		ck_assert_msg(verdict.outcome == OUTCOME_VALID, "%s", found);
	} else {
		ck_assert_msg(verdict.outcome != OUTCOME_VALID, "%d", _i);
		ck_assert_msg(says(&verdict, rows[_i].code, rows[_i].says),
		    "%d: %s", _i, found);
	}
	verdict_free(&verdict);
	container_free(copy);
}
END_TEST

/* --- Witnesses. --- */

static const struct {
	bool known;      /* the policy names one */
	unsigned quorum; /* so many of them must sign */
	bool must, signs, wrong;
	enum finding_code code; /* of a copy that is not valid */
	const char *says;       /* NULL: it is valid */
} cosigned[] = {
	{ false, 0, false, false, false, 0, NULL },
	{ false, 0, true, false, false, FINDING_NOT_WITNESSED,
	    "names no witnesses" },
	{ true, 0, true, true, false, FINDING_NOT_WITNESSED,
	    "names no witnesses" },
	{ true, 1, false, false, false, 0, NULL },
	{ true, 1, true, false, false, FINDING_NOT_WITNESSED,
	    "0 of 1 witnesses" },
	{ true, 1, true, true, false, 0, NULL },
	{ true, 2, true, true, false, FINDING_NOT_WITNESSED,
	    "1 of 2 witnesses" },
	{ true, 1, false, true, true, FINDING_RECEIPT_BROKEN,
	    "the cosignature of witness" },
};

/* Under each receipt's note, the witness's line. */
static void
cosign(struct container *copy, const struct note_signer *witness, bool wrong)
{
	struct buf line = BUF(1000);
	struct error err = { 0 };

	for (size_t i = 0; i < copy->num; i++) {
		char path[LIMIT_PATH_BYTES + 1];
		struct buf text = BUF(LIMIT_PROOF_FILE);
		struct proof proof = PROOF;

		if (!path_is_receipt(copy->members[i].path))
			continue;
		snprintf(path, sizeof(path), "%s", copy->members[i].path);
		ck_ok(proof_parse(member_bytes(&copy->members[i]), &proof,
			  &err),
		    err);
		if (line.len == 0)
			ck_ok(note_cosign(witness, buf_span(&proof.note),
				  COPY_NOW, &line, &err),
			    err);
		if (wrong && line.data[line.len - 10] != 'A')
			line.data[line.len - 10] = 'A';
		else if (wrong)
			line.data[line.len - 10] = 'B';
		wrong = false;
		ck_ok(buf_append(&proof.note, buf_span(&line), &err) &&
			proof_encode(&proof, &text, &err),
		    err);
		put(copy, path, buf_span(&text));
		proof_free(&proof);
		buf_free(&text);
	}
	buf_free(&line);
}

START_TEST(who_insists_on_witnesses_needs_a_quorum)
{
	const struct verdict_library library = copy_library();
	const struct note_keys keys = note_keys_of(&copy_world.journal.key);
	struct container *copy = copy_make(1, steps, COUNT(steps), NULL, NULL);
	struct witnesses witnesses = { .num = 1,
		.names = { "geneva" },
		.quorum = cosigned[_i].quorum };
	const struct verdict_request request = { .expect = EXPECT_DELIVERED,
		.container = copy,
		.certs = copy_world.certs,
		.library = &library,
		.journal = &keys,
		.witnesses = cosigned[_i].known ? &witnesses : NULL,
		.must_be_witnessed = cosigned[_i].must,
		.now_ms = (COPY_NOW + 600) * 1000 };
	struct note_signer witness;
	struct verdict verdict;
	struct error err = { 0 };
	const char *found;

	ck_ok(note_signer_make("w.example", NOTE_WITNESS, &witness, &err), err);
	witnesses.keys[0] = witness.key;
	if (cosigned[_i].signs)
		cosign(copy, &witness, cosigned[_i].wrong);
	ck_ok(verdict_judge(&request, &verdict, &err), err);
	found = copy_findings(&verdict);
	if (cosigned[_i].says == NULL) {
		ck_assert_msg(verdict.outcome == OUTCOME_VALID, "%d: %s", _i,
		    found);
		ck_assert_uint_eq(verdict.num_witnesses, cosigned[_i].signs);
		ck_assert(!cosigned[_i].signs ||
		    strcmp(verdict.witnesses[0].name, "geneva") == 0);
	} else {
		ck_assert_msg(says(&verdict, cosigned[_i].code,
				  cosigned[_i].says),
		    "%d: %s", _i, found);
	}
	verdict_free(&verdict);
	container_free(copy);
}
END_TEST

/* --- Who hands it in. --- */

static const struct {
	const char *office, *person;
	bool good;
} hands[] = {
	{ "mofa", "treaties@mofa.example", true },
	{ "mofa", "minister@mofa.example", false },
	{ "iom-geneva", "treaties@mofa.example", false },
};

/* Put another depositor into version.yaml, which its manifest then belies. */
static void
name_depositor(struct container *copy, const char *person, const char *office)
{
	struct buf yaml = BUF(LIMIT_VERSION_BYTES);
	struct error err = { 0 };
	struct version *version =
	    version_parse(member_bytes(container_find(copy, PATH_VERSION)),
		&err);

	ck_assert_msg(version != NULL, "%s", err.detail);
	snprintf(version->person, sizeof(version->person), "%s", person);
	snprintf(version->office, sizeof(version->office), "%s", office);
	ck_ok(version_encode(version, &yaml, &err), err);
	put(copy, PATH_VERSION, buf_span(&yaml));
	version_free(version);
	buf_free(&yaml);
}

/* says: what is told if that is not who signed; altered: version.yaml lies. */
static void
hand_in(unsigned row, bool altered, const char *sentence)
{
	const struct verdict_library library = copy_library();
	struct container *copy = copy_make(1, steps, 1, NULL, NULL);
	const struct verdict_request request = { .expect = EXPECT_DEPOSIT,
		.container = copy,
		.certs = copy_world.certs,
		.library = &library,
		.live = "origin",
		.office = hands[row].office,
		.person = hands[row].person,
		.policy = copy_world.policies[ONE_OF_EACH],
		.now_ms = COPY_NOW * 1000 };
	struct verdict verdict;
	struct error err = { 0 };

	container_remove(copy, PATH_SEAL);
	container_remove(copy, PATH_SEAL_MANIFEST);
	container_remove(copy, "META-INF/receipt-3.tlog-proof");
	if (altered)
		name_depositor(copy, hands[row].person, hands[row].office);
	ck_ok(verdict_judge(&request, &verdict, &err), err);
	ck_assert_msg((verdict.outcome == OUTCOME_VALID) == hands[row].good,
	    "%u: %s", row, copy_findings(&verdict));
	ck_assert_msg(hands[row].good ||
		says(&verdict, FINDING_SIGNER_DIFFERS, sentence),
	    "%u: %s", row, copy_findings(&verdict));
	verdict_free(&verdict);
	container_free(copy);
}

START_TEST(who_signs_a_deposit_is_who_connects)
{
	hand_in((unsigned)_i, false,
	    "version.yaml: it says that treaties@mofa.example");
	if (!hands[_i].good)
		hand_in((unsigned)_i, true, "hands it in");
}
END_TEST

/* Names of signatures, of which there is nothing more. */
START_TEST(a_copy_has_so_many_signatures_and_no_more)
{
	struct container *copy = copy_make(1, steps, COUNT(steps), NULL, NULL);
	struct verdict verdict;
	char id[40], path[LIMIT_PATH_BYTES + 1];

	for (unsigned i = 0; i <= LIMIT_SIGNATURES; i++) {
		snprintf(id, sizeof(id), "%032x", i);
		snprintf(path, sizeof(path), PATH_SIGNATURE, id);
		put(copy, path, span_of_str("garbage"));
	}
	copy_judge(copy, &verdict);
	ck_assert(
	    says(&verdict, FINDING_OVER_LIMIT, "more than 64 signatures"));
	verdict_free(&verdict);
	container_free(copy);
}
END_TEST

/* --- Its files. --- */

static const struct copy_step ended[] = {
	{ ACT_DEPOSIT, 3, DEPOSITOR, ONE_OF_EACH, 0, NULL },
	{ ACT_SIGN, 5, MINISTER, ONE_OF_EACH, 0, NULL },
	{ ACT_SIGN, 6, CHIEF, ONE_OF_EACH, 0, NULL },
	{ ACT_FORCE, 7, 0, ONE_OF_EACH, 0, NULL },
	{ ACT_TERMINATE, 8, MINISTER, ONE_OF_EACH, 0, NULL },
};

/* The copy's termination.yaml; which: a field of it that is another. */
static void
put_other_termination(struct container *copy, int which)
{
	struct termination it = { .version = which == 'v' ? 2 : 1 };
	struct buf yaml = BUF(10000);
	struct error err = { 0 };

	snprintf(it.document, sizeof(it.document), "%s",
	    which == 'd' ? "mou/other" : COPY_DOCUMENT);
	snprintf(it.reason, sizeof(it.reason), "over");
	it.digest = sha256_of(member_bytes(container_find(copy, PATH_VERSION)));
	if (which == 'h')
		it.digest.bytes[0] ^= 1;
	ck_ok(termination_encode(&it, &yaml, &err), err);
	put(copy, PATH_TERMINATION, buf_span(&yaml));
	buf_free(&yaml);
}

/* A version.yaml that lists an annex, which is not there. */
static void
put_annex(struct container *copy)
{
	struct error err = { 0 };
	struct version *version =
	    version_parse(member_bytes(container_find(copy, PATH_VERSION)),
		&err);
	struct buf yaml = BUF(10000);

	*version_add_annex(version, &err) = version->texts[0];
	snprintf(version->annexes[0].file, sizeof(version->annexes[0].file),
	    "annexes/a.txt");
	ck_ok(version_encode(version, &yaml, &err), err);
	put(copy, PATH_VERSION, buf_span(&yaml));
	version_free(version);
	buf_free(&yaml);
}

static const struct {
	const char *file, *bytes; /* put; bytes NULL: it is taken out */
	int special; /* put_other_termination(), or 'a': an annex */
	bool ended;
	enum finding_code code;
	const char *says;
} files[] = {
	{ "texts/en/a.txt", "Article 2", 0, false, FINDING_TEXT_DIGEST,
	    "that version.yaml, which is signed" },
	{ "texts/en/a.txt", "Article 1.", 0, false, FINDING_TEXT_DIGEST,
	    "that version.yaml, which is signed" },
	{ "texts/en/a.txt", NULL, 0, false, FINDING_TEXT_MISSING,
	    "texts/en/a.txt: it is missing" },
	{ "texts/en/b.txt", "x", 0, false, FINDING_FILE_UNSIGNED,
	    "texts/en/b.txt: it is not in version.yaml" },
	{ "notes.txt", "x", 0, false, FINDING_FILE_UNSIGNED,
	    "notes.txt: it is no part of a version" },
	{ PATH_VERSION, NULL, 0, false, FINDING_NOT_A_DOCUMENT,
	    "no version.yaml" },
	{ PATH_VERSION, "valise: 2\n", 0, false, FINDING_VERSION_MALFORMED,
	    "format" },
	{ NULL, NULL, 'a', false, FINDING_TEXT_MISSING,
	    "annexes/a.txt: it is missing" },
	{ PATH_TERMINATION, NULL, 0, true, FINDING_FILE_MISSING,
	    "termination.yaml: it is missing" },
	{ PATH_TERMINATION, "valise: 2\n", 0, true, FINDING_VERSION_MALFORMED,
	    "missing" },
	{ NULL, NULL, 's', false, FINDING_FILE_UNSIGNED,
	    "termination.yaml: nobody has signed it" },
	{ NULL, NULL, 'v', true, FINDING_VERSION_DIFFERS,
	    "with another version digest" },
	{ NULL, NULL, 'd', true, FINDING_VERSION_DIFFERS, "is of mou/other@1" },
	{ NULL, NULL, 'h', true, FINDING_VERSION_DIFFERS,
	    "with another version digest" },
};

START_TEST(a_file_that_is_not_as_it_was_signed_is_told)
{
	struct container *copy = copy_make(1, files[_i].ended ? ended : steps,
	    files[_i].ended ? COUNT(ended) : COUNT(steps), NULL, NULL);
	struct verdict verdict;

	copy_judge(copy, &verdict);
	ck_assert_msg(verdict.outcome == OUTCOME_VALID, "%s",
	    copy_findings(&verdict));
	verdict_free(&verdict);
	if (files[_i].special == 'a')
		put_annex(copy);
	else if (files[_i].special != 0)
		put_other_termination(copy, files[_i].special);
	else if (files[_i].bytes != NULL)
		put(copy, files[_i].file, span_of_str(files[_i].bytes));
	else
		container_remove(copy, files[_i].file);
	copy_judge(copy, &verdict);
	ck_assert_int_ne(verdict.outcome, OUTCOME_VALID);
	ck_assert_msg(says(&verdict, files[_i].code, files[_i].says), "%d: %s",
	    _i, copy_findings(&verdict));
	verdict_free(&verdict);
	container_free(copy);
}
END_TEST

static enum error_kind failure;

static bool
fail_to_stream(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	(void)member, (void)sink, (void)arg;
	return error_set(err, failure, "it does not read");
}

/* A file that cannot be read because of our disk does not make the copy bad. */
START_TEST(a_file_that_does_not_read_is_told)
{
	static const struct member_source source = { fail_to_stream,
		fail_to_stream };
	const struct verdict_library library = copy_library();
	const struct note_keys keys = note_keys_of(&copy_world.journal.key);
	struct verdict verdict;

	for (unsigned ours = 0; ours < 2; ours++) {
		struct container *copy =
		    copy_make(1, steps, COUNT(steps), NULL, NULL);
		const struct verdict_request request = { .expect =
							     EXPECT_DELIVERED,
			.container = copy,
			.certs = copy_world.certs,
			.library = &library,
			.journal = &keys,
			.now_ms = (COPY_NOW + 600) * 1000 };
		struct member member = { .path = "texts/en/a.txt",
			.size = 9,
			.packed = 9,
			.source = &source };
		struct error err = { 0 };

		failure = ours ? ERROR_SYSTEM : ERROR_MALFORMED;
		ck_ok(container_add(copy, &member, &err), err);
		if (ours) {
			ck_assert(!verdict_judge(&request, &verdict, &err));
			ck_assert_int_eq(err.kind, ERROR_SYSTEM);
		} else {
			ck_ok(verdict_judge(&request, &verdict, &err), err);
			ck_assert(says(&verdict, FINDING_TEXT_DIGEST,
			    "it does not read"));
			ck_assert_int_eq(verdict.outcome, OUTCOME_INVALID);
			verdict_free(&verdict);
		}
		container_free(copy);
	}
}
END_TEST

/* Of which version it must be, and what a mail gateway packed again. */
START_TEST(a_copy_is_of_what_was_asked_for)
{
	static const struct {
		const char *document;
		unsigned number;
		bool good;
	} asked[] = {
		{ COPY_DOCUMENT, 1, true },
		{ NULL, 1, true },
		{ COPY_DOCUMENT, 2, false },
		{ "mou/other", 1, false },
	};
	const struct verdict_library library = copy_library();
	const struct note_keys keys = note_keys_of(&copy_world.journal.key);
	const struct error broken = { .kind = ERROR_MALFORMED,
		.detail = "ZIP: an extra field" };
	struct container *copy = copy_make(1, steps, COUNT(steps), NULL, NULL);
	struct verdict_request request = { .expect = EXPECT_DELIVERED,
		.container = copy,
		.certs = copy_world.certs,
		.library = &library,
		.journal = &keys,
		.now_ms = (COPY_NOW + 600) * 1000 };
	struct verdict verdict;
	struct error err = { 0 };

	for (size_t i = 0; i < COUNT(asked); i++) {
		request.document = asked[i].document;
		request.number = asked[i].number;
		ck_ok(verdict_judge(&request, &verdict, &err), err);
		ck_assert((verdict.outcome == OUTCOME_VALID) == asked[i].good);
		ck_assert(asked[i].good ||
		    says(&verdict, FINDING_VERSION_DIFFERS, "it is "));
		verdict_free(&verdict);
	}
	request.document = NULL;
	request.number = 0;
	for (unsigned altered = 0; altered < 2; altered++) {
		if (altered)
			put(copy, "texts/en/a.txt", span_of_str("Article 2"));
		ck_ok(verdict_judge_rezipped(&request, &broken, &verdict, &err),
		    err);
		ck_assert_int_eq(verdict.outcome, OUTCOME_INVALID);
		ck_assert(says(&verdict, FINDING_CONTAINER_MALFORMED,
		    altered ? "More than that is wrong"
			    : "Every text and signature in it is intact"));
		verdict_free(&verdict);
	}
	/* One that cannot be judged is not judged here either. */
	{
		static const struct member_source source = { fail_to_stream,
			fail_to_stream };
		struct member member = { .path = "texts/en/a.txt",
			.source = &source };

		failure = ERROR_SYSTEM;
		ck_ok(container_add(copy, &member, &err), err);
		ck_assert(
		    !verdict_judge_rezipped(&request, &broken, &verdict, &err));
	}
	container_free(copy);
}
END_TEST

/* As a data folder judges it: its acts are the journal's, without receipts. */
START_TEST(a_stored_version_is_judged_by_the_journals_acts)
{
	const struct verdict_library library = copy_library();
	struct container *copy = copy_make(1, steps, COUNT(steps), NULL, NULL);
	struct verdict_act *acts = calloc(COUNT(steps), sizeof(*acts));
	struct verdict_request request = { .expect = EXPECT_STORED,
		.container = copy,
		.certs = copy_world.certs,
		.library = &library,
		.acts = acts,
		.num_acts = COUNT(steps),
		.now_ms = (COPY_NOW + 600) * 1000 };
	struct verdict verdict;
	struct error err = { 0 };
	char path[100];

	for (size_t i = 0; i < COUNT(steps); i++) {
		acts[i].index = steps[i].index;
		acts[i].entry = *copy_entry(i);
		snprintf(path, sizeof(path), PATH_RECEIPT,
		    (unsigned long long)steps[i].index);
		container_remove(copy, path);
	}
	ck_ok(verdict_judge(&request, &verdict, &err), err);
	ck_assert_msg(verdict.outcome == OUTCOME_VALID, "%s",
	    copy_findings(&verdict));
	ck_assert_uint_eq(verdict.num_acts, COUNT(steps));
	verdict_free(&verdict);
	request.num_acts = 0;
	ck_ok(verdict_judge(&request, &verdict, &err), err);
	ck_assert(says(&verdict, FINDING_NOT_IN_JOURNAL, "no receipt"));
	verdict_free(&verdict);
	container_free(copy);
	free(acts);
}
END_TEST

/* Without the journal, the lists that its own acts name are what there is. */
START_TEST(a_file_alone_is_judged_by_the_lists_of_its_acts)
{
	struct verdict_library library = copy_library();
	const struct note_keys keys = note_keys_of(&copy_world.journal.key);
	struct container *copy = copy_make(1, steps, COUNT(steps), NULL, NULL);
	const struct verdict_request request = { .expect = EXPECT_DELIVERED,
		.container = copy,
		.certs = copy_world.certs,
		.library = &library,
		.journal = &keys,
		.now_ms = (COPY_NOW + 600) * 1000 };
	struct verdict verdict;
	struct error err = { 0 };

	library.named = NULL;
	ck_ok(verdict_judge(&request, &verdict, &err), err);
	ck_assert_msg(verdict.outcome == OUTCOME_VALID, "%s",
	    copy_findings(&verdict));
	ck_assert(verdict.crls_of_acts);
	verdict_free(&verdict);
	container_free(copy);
}
END_TEST

/* Handed in days after it was signed, by a bag of an older program. */
START_TEST(an_old_deposit_without_a_slip_is_to_be_packed_again)
{
	const struct verdict_library library = copy_library();
	const struct digest waybill = { { 7 } };
	struct container *copy = copy_make(1, steps, 1, NULL, NULL);
	const struct verdict_request request = { .expect = EXPECT_DEPOSIT,
		.container = copy,
		.certs = copy_world.certs,
		.library = &library,
		.live = "origin",
		.office = "mofa",
		.person = "treaties@mofa.example",
		.policy = copy_world.policies[ONE_OF_EACH],
		.waybill = &waybill,
		.now_ms = (COPY_NOW + 3 * 86400) * 1000 };
	struct verdict verdict;
	struct error err = { 0 };

	container_remove(copy, PATH_SEAL);
	container_remove(copy, PATH_SEAL_MANIFEST);
	container_remove(copy, "META-INF/receipt-3.tlog-proof");
	ck_ok(verdict_judge(&request, &verdict, &err), err);
	ck_assert_msg(says(&verdict, FINDING_WAYBILL_MISSING,
			  "has to make and pack it again"),
	    "%s", copy_findings(&verdict));
	ck_assert(verdict_has_fault(&verdict));
	ck_assert(!verdict_error(&verdict, &err));
	ck_assert_str_ne(err.code, "");
	verdict_free(&verdict);
	ck_assert(!verdict_error(&verdict, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	ck_assert_str_eq(err.detail, "not valid");
	container_free(copy);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_unchecked_fixture(t, copy_set_up, copy_tear_down);
	tcase_add_loop_test(t, a_receipt_that_is_none_of_the_copy_is_told, 0,
	    COUNT(rows));
	tcase_add_loop_test(t, who_insists_on_witnesses_needs_a_quorum, 0,
	    COUNT(cosigned));
	tcase_add_loop_test(t, who_signs_a_deposit_is_who_connects, 0,
	    COUNT(hands));
	tcase_add_test(t, a_copy_has_so_many_signatures_and_no_more);
	tcase_add_loop_test(t, a_file_that_is_not_as_it_was_signed_is_told, 0,
	    COUNT(files));
	tcase_add_test(t, a_file_that_does_not_read_is_told);
	tcase_add_test(t, a_copy_is_of_what_was_asked_for);
	tcase_add_test(t, a_stored_version_is_judged_by_the_journals_acts);
	tcase_add_test(t, a_file_alone_is_judged_by_the_lists_of_its_acts);
	tcase_add_test(t, an_old_deposit_without_a_slip_is_to_be_packed_again);
}

int
main(void)
{
	return run_tests("receipts", fill);
}
