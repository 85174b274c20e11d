/*
 * Policies: loading them, their mistakes, and deciding by them.
 */
#include "unit.h"

#include <stdio.h>

#include "base/time.h"
#include "pki_fixture.h"
#include "policy/policy.h"
#include "policy_fixture.h"

#define NOW INT64_C(1790000000)

static struct identity mofa, iom;

static void
set_up(void)
{
	mofa = fixture_ca("MOFA CA");
	iom = fixture_ca("IOM CA");
}

static void
tear_down(void)
{
	identity_free(&mofa);
	identity_free(&iom);
}

/* Load the project's own policy with one string of one file replaced. */
static struct policy *
load(const char *file, const char *from, const char *to,
    struct complaints *complaints, struct error *err)
{
	struct buf text = BUF(1000000);
	struct container *files = fixture_shipped(&mofa, &iom);
	struct span old, rest;
	const uint8_t *at;

	if (file != NULL && from == NULL) {
		ck_ok(container_put(files, file, span_of_str(to), err), *err);
	} else if (file != NULL) {
		old = member_bytes(container_find(files, file));
		at = memmem(old.data, old.len, from, strlen(from));
		ck_assert_msg(at != NULL, "%s has no %s", file, from);
		rest = span_of(at + strlen(from),
		    old.len - (size_t)(at - old.data) - strlen(from));
		ck_ok(buf_append(&text,
			  span_of(old.data, (size_t)(at - old.data)), err) &&
			buf_append_str(&text, to, err) &&
			buf_append(&text, rest, err),
		    *err);
		ck_ok(container_put(files, file, buf_span(&text), err), *err);
	}
	buf_free(&text);
	return policy_load(files, NOW, complaints, err);
}

#define TEN "1234567890"

static const struct {
	const char *file, *from, *to, *says;
} mistakes[] = {
	{ "agreement.yaml", "deposit:", "depsit:",
	    "policies/agreement.yaml:6:1: unknown key \"depsit\"; did you mean"
	    " \"deposit\"?" },
	{ "agreement.yaml", "[mofa, iom-vientiane]", "[mofa, iom-vientain]",
	    "policies/agreement.yaml:6:17: no office is called" },
	{ "agreement.yaml", "type: agreement", "type: mou", "in the file of" },
	{ "agreement.yaml", "64 MiB", "64 MB", "not a size" },
	{ "agreement.yaml", "64 MiB", "64 GiB", "no text can be over" },
	{ "agreement.yaml", "quorum: {lao-pdr: 1, iom: 1}",
	    "quorum: {lao-pdr: 0, iom: 1}", "1 to 64 persons" },
	{ "agreement.yaml", "quorum: {lao-pdr: 1, iom: 1}", "quorum: {laos: 1}",
	    "no party is called" },
	{ "agreement.yaml", "audit: [mofa, iom-geneva]", "audit: [mofa]",
	    "may audit: each party needs one" },
	{ "agreement.yaml", "authentic: [lo, en]", "authentic: []",
	    "must be authentic" },
	{ "agreement.yaml", "valise: 1", "valise: 2", "format" },
	{ "agreement.yaml", "[application/pdf,", "[PDF,", "media type" },
	{ "agreement.yaml", "title:", "title: &x", "anchors" },
	{ "offices.yaml", "ca: mofa, emails", "ca: mofe, emails",
	    "no CA is called" },
	{ "offices.yaml", "cas/mofa.pem", "cas/none.pem", "no file" },
	{ "offices.yaml", "\"*@mofa.example\"", "\"*mofa*\"", "e-mail" },
	{ "offices.yaml", "from: 2021-08-01", "from: 2021-02-30", "date" },
	{ "offices.yaml", "from: 2021-08-01", "from: 2041-08-01",
	    "end before they begin" },
	{ "offices.yaml", "types: [agreement,", "types: [agreemnt,",
	    "no type of document" },
	{ "offices.yaml", "origin: valise.mofa.example/lao-iom", "origin: a+b",
	    "cannot name a journal" },
	{ "offices.yaml", "parties:", "partis:", "did you mean \"parties\"" },
	{ "cas/mofa.pem", NULL, "garbage", "certificate" },
	{ "encryption/mofa.pem", NULL, "garbage", "certificate" },
	{ "offices.yaml", "encryption/mofa.pem", "encryption/none.pem",
	    "there is no file" },
	{ "offices.yaml", "encryption/mofa.pem", "encryption/iom-geneva.pem",
	    "was not issued by the CA \"mofa\"" },
	{ "offices.yaml", "encryption/mofa.pem", "cas/mofa.pem",
	    "not for encryption" },
	{ "offices.yaml", "{en: International", "{e_n: International",
	    "is not a language" },
	{ "offices.yaml", "{en: International", "{en: \"\\n\", fr: Inter",
	    "is not one line" },
	{ "offices.yaml", "  iom:\n", "  Iom:\n", "cannot name a party" },
	{ "offices.yaml", "cas: {mofa", "cas: {Mofa", "cannot name a CA" },
	{ "offices.yaml", "cas: {mofa", "cas: {iom: cas/iom.pem, mofa",
	    "twice" },
	{ "offices.yaml", "  mofa: {party", "  Mofa: {party",
	    "cannot name an office" },
	{ "offices.yaml", "party: lao-pdr, ca: mofa", "party: laos, ca: mofa",
	    "no party is called \"laos\"" },
	{ "offices.yaml", "party: lao-pdr, ca: mofa",
	    "party: [lao-pdr], ca: mofa", "party" },
	{ "offices.yaml", "ca: mofa, emails", "ca: [mofa], emails", "ca" },
	{ "offices.yaml", "[\"*@mofa.example\"]", "[]", "without a pattern" },
	{ "offices.yaml", "\"*@mofa.example\"", "\"*@Mofa.example\"",
	    "is not an e-mail" },
	{ "offices.yaml", "\"*@mofa.example\"", "\"\"", "is not an e-mail" },
	{ "offices.yaml", "unit: Geneva", "unit: \"a\\tb\"",
	    "is not one line" },
	{ "offices.yaml", "office: mofa, ca", "office: mofb, ca",
	    "no office is called \"mofb\"" },
	{ "offices.yaml", "ca: mofa, email:", "ca: none, email:",
	    "no CA is called \"none\"" },
	{ "offices.yaml", "email: depositary", "email: Depositary",
	    "is not an e-mail" },
	{ "offices.yaml", "origin: valise.mofa.example/lao-iom", "origin: \"\"",
	    "cannot name a journal" },
	{ "offices.yaml", "origin: valise.mofa.example/lao-iom",
	    "origin: \"a\\tb\"", "cannot name a journal" },
	{ "offices.yaml", "origin: valise.mofa.example/lao-iom",
	    "origin: " TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
	    "123456789",
	    "cannot name a journal" },
	{ "offices.yaml", "person: minister", "person: Minister",
	    "is not an e-mail" },
	{ "offices.yaml", "party: lao-pdr, types: [agreement",
	    "party: laos, types: [agreement", "no party is called" },
	{ "offices.yaml", "until: 2031-12-31}\n  - {person: vice",
	    "until: 2031-12-32}\n  - {person: vice", "is not a date" },
	{ "offices.yaml", "valise: 1\n", "valise: 1\nquorum: 1\n",
	    "a quorum of no witnesses" },
	{ "offices.yaml", "cas: {", "caz: {", "did you mean \"cas\"" },
	{ "offices.yaml", "offices:\n", "ofices:\n",
	    "did you mean \"offices\"" },
	{ "offices.yaml", NULL, "\"", "policies/offices.yaml:" },
	{ "agreement.yaml", NULL, "\"", "policies/agreement.yaml:" },
	{ "agreement.yaml", NULL, "[]", "mapping" },
	{ "agreement.yaml", "[lo, en]", "[l_o, en]", "is not a language" },
	{ "agreement.yaml", "[fr, th]", "[fr, t_h]", "is not a language" },
	{ "agreement.yaml", "quorum: {lao-pdr: 1, iom: 1}", "quorum: {}",
	    "somebody must sign" },
	{ "agreement.yaml", "quorum: {lao-pdr: 1, iom: 1}",
	    "quorum: {lao-pdr: 65, iom: 1}", "1 to 64 persons" },
	{ "agreement.yaml", "quorum: {lao-pdr: 1, iom: 1}",
	    "quorum: {lao-pdr: x, iom: 1}", "number" },
	{ "agreement.yaml", "terminate: {lao-pdr: 1, iom: 1}",
	    "terminate: {lao-pdr: 1, un: 1}", "no party is called" },
	{ "agreement.yaml", "texts: 16", "texts: 65", "more than 64 texts" },
	{ "agreement.yaml", "texts: 16", "texts: 16, name: 99",
	    "names are of 100 to 240 bytes" },
	{ "agreement.yaml", "texts: 16", "texts: 16, name: 241",
	    "names are of 100 to 240 bytes" },
	{ "agreement.yaml", "texts: 16", "texts: 16, name: x", "number" },
	{ "agreement.yaml", "title: {en: Agreement", "title: {e_n: Agree",
	    "is not a language" },
	{ "notes.txt", NULL, "hello", "no part of a policy" },
	{ "Other.yaml", NULL, "x: 1\n", "no part of a policy" },
};

static bool
complains(const struct complaints *complaints, const char *text)
{
	return memmem(complaints->lines.data, complaints->lines.len, text,
		   strlen(text)) != NULL;
}

START_TEST(a_mistake_in_a_policy_is_told_with_its_place)
{
	struct complaints complaints = COMPLAINTS;
	struct error err = { 0 };

	ck_assert_ptr_null(load(mistakes[_i].file, mistakes[_i].from,
	    mistakes[_i].to, &complaints, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_msg(complains(&complaints, mistakes[_i].says), "%d: %.*s", _i,
	    (int)complaints.lines.len, (char *)complaints.lines.data);
	complaints_free(&complaints);
}
END_TEST

static const struct {
	const char *file, *from, *to, *says;
} warnings[] = {
	{ "offices.yaml", "unit: Bangkok, ", "unit: Vientiane, ",
	    "nobody can match \"iom-vientiane\"" },
	{ "agreement.yaml", "quorum: {lao-pdr: 1, iom: 1}",
	    "quorum: {lao-pdr: 2, iom: 1}", "the quorum cannot be reached" },
	{ "offices.yaml", "until: 2031-12-31}\n  - {person: vice",
	    "until: 2022-12-31}\n  - {person: vice",
	    "the quorum cannot be reached" },
	{ "agreement.yaml", "read: [mofa, iom-vientiane,", "read: [mofa,",
	    "may deposit what it may not read" },
	/* A type whose quorum needs no IOM need not be audited by it. */
	{ "internal.yaml", NULL,
	    "valise: 1\ntype: internal\ntitle: {en: Internal}\n"
	    "languages: {authentic: [en]}\ndeposit: [mofa]\nread: [mofa]\n"
	    "audit: [mofa]\nquorum: {lao-pdr: 1}\nterminate: {lao-pdr: 1}\n"
	    "media: [text/plain]\nlimits: {text: 1 MiB, texts: 1}\n",
	    "the offices of \"iom\" do not audit everything, even together:"
	    " none of them may audit \"internal\"" },
};

START_TEST(what_is_legal_but_surely_not_meant_is_warned_of)
{
	struct complaints complaints = COMPLAINTS;
	struct error err = { 0 };
	struct policy *policy = load(warnings[_i].file, warnings[_i].from,
	    warnings[_i].to, &complaints, &err);

	ck_assert_msg(policy != NULL, "%s", err.detail);
	ck_assert_msg(complains(&complaints, warnings[_i].says), "%d: %.*s", _i,
	    (int)complaints.lines.len, (char *)complaints.lines.data);
	policy_free(policy);
	complaints_free(&complaints);
}
END_TEST

START_TEST(all_mistakes_are_told_at_once)
{
	struct complaints complaints = COMPLAINTS;
	struct error err = { 0 };

	ck_assert_ptr_null(load("mou.yaml", NULL,
	    "valise: 1\ntype: mou\nx: 1\ny: 2\nquorum: {z: 1}\n", &complaints,
	    &err));
	ck_assert_uint_gt(complaints.num_errors, 5);
	complaints_free(&complaints);
}
END_TEST

/*
 * Where a list may have more items: items with a number in them, after a text
 * of the file.
 */
static const struct {
	const char *file, *after, *item;
	unsigned more; /* one more than these is refused */
	const char *says;
} lists[] = {
	{ "offices.yaml", "parties:\n", "  p%u: {name: {en: A}}\n", 14,
	    "more than 16 parties" },
	{ "offices.yaml", "\noffices:\n",
	    "  o%u: {party: iom, ca: iom, emails: [o%u@un.example]}\n",
	    LIMIT_OFFICES - 4, "more than 256 offices" },
	{ "offices.yaml", "emails: [", "e%u@un.example, ", 7,
	    "more than 8 patterns" },
	{ "offices.yaml", "full-powers:\n",
	    "  - {person: p%u@mofa.example, party: lao-pdr, types:"
	    " [agreement], from: 2021-08-01, until: 2031-12-31}\n",
	    LIMIT_POWERS - 3, "more than 1024 full powers" },
	{ "agreement.yaml", "authentic: [", "fr-%03u, ", LIMIT_LANGUAGES - 2,
	    "more than 32 languages" },
	{ "agreement.yaml", "also: [", "fr-%03u, ", LIMIT_LANGUAGES - 2,
	    "more than 32 languages" },
	{ "agreement.yaml", "media: [", "a/b%u, ", POLICY_MEDIA - 3,
	    "more than 16 media types" },
};

START_TEST(a_list_has_so_many_and_no_more)
{
	for (unsigned more = 0; more <= 1; more++) {
		struct complaints complaints = COMPLAINTS;
		struct buf to = BUF(500000);
		struct error err = { 0 };
		struct policy *made;

		ck_ok(buf_append_str(&to, lists[_i].after, &err), err);
		for (unsigned i = 0; i < lists[_i].more + more; i++) {
			char item[300];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(item, sizeof(item), lists[_i].item, i, i);
#pragma GCC diagnostic pop
			ck_ok(buf_append_str(&to, item, &err), err);
		}
		ck_ok(buf_append_u8(&to, 0, &err), err);
		made = load(lists[_i].file, lists[_i].after,
		    (const char *)to.data, &complaints, &err);
		ck_assert_msg((made != NULL) == (more == 0), "%d: %s", _i,
		    err.detail);
		ck_assert_msg(more == 0 ||
			complains(&complaints, lists[_i].says),
		    "%d: %s", _i, err.detail);
		policy_free(made);
		complaints_free(&complaints);
		buf_free(&to);
	}
}
END_TEST

static const char *const types[] = { "agreement.yaml", "mou.yaml",
	"health-protocol.yaml", "note-verbale.yaml" };

START_TEST(a_policy_has_offices_and_types)
{
	struct complaints complaints = COMPLAINTS;
	struct error err = { 0 };
	struct container *files = fixture_shipped(&mofa, &iom);

	container_remove(files, "offices.yaml");
	ck_assert_ptr_null(policy_load(files, NOW, &complaints, &err));
	ck_assert(complains(&complaints,
	    "policies/offices.yaml: there is no such file"));
	complaints_free(&complaints);
	complaints = COMPLAINTS;
	files = fixture_shipped(&mofa, &iom);
	for (size_t i = 0; i < COUNT(types); i++)
		container_remove(files, types[i]);
	ck_assert_ptr_null(policy_load(files, NOW, &complaints, &err));
	ck_assert(complains(&complaints, "there is no type of document"));
	complaints_free(&complaints);
}
END_TEST

START_TEST(a_policy_that_was_journaled_with_a_byte_order_mark_judges)
{
	struct complaints complaints = COMPLAINTS;
	struct error err = { 0 };
	struct policy *policy = load("agreement.yaml", "# An",
	    "\xef\xbb\xbf# An", &complaints, &err);

	ck_assert_msg(policy != NULL, "%s", err.detail);
	policy_free(policy);
	complaints_free(&complaints);
}
END_TEST

START_TEST(a_policy_has_so_many_types_and_no_more)
{
	static const char text[] =
	    "valise: 1\ntype: t%u\ntitle: {en: T}\n"
	    "languages: {authentic: [en]}\ndeposit: [mofa]\n"
	    "read: [mofa, iom-geneva]\naudit: [mofa, iom-geneva]\n"
	    "quorum: {lao-pdr: 1}\nterminate: {lao-pdr: 1}\n"
	    "media: [text/plain]\nlimits: {text: 1 MiB, texts: 1}\n";

	for (unsigned num = LIMIT_TYPES; num <= LIMIT_TYPES + 1; num++) {
		struct complaints complaints = COMPLAINTS;
		struct container *files = fixture_shipped(&mofa, &iom);
		struct error err = { 0 };
		struct policy *made;

		for (unsigned i = COUNT(types); i < num; i++) {
			char path[20], yaml[1000];

			snprintf(path, sizeof(path), "t%u.yaml", i);
			snprintf(yaml, sizeof(yaml), text, i);
			ck_ok(container_put(files, path, span_of_str(yaml),
				  &err),
			    err);
		}
		made = policy_load(files, NOW, &complaints, &err);
		ck_assert_msg((made != NULL) == (num == LIMIT_TYPES), "%s",
		    err.detail);
		ck_assert(made != NULL ||
		    complains(&complaints, "more than 64 types"));
		policy_free(made);
		complaints_free(&complaints);
	}
}
END_TEST

/* A certificate in place of the ministry's encryption certificate. */
static const struct {
	struct fixture_cert cert;
	const char *says; /* NULL: it is good */
} encryptions[] = {
	{ { .email = "r@mofa.example", .key_usage = "critical,keyAgreement" },
	    NULL },
	{ { .email = "r@mofa.example",
	      .key_usage = "critical,keyAgreement",
	      .key = "P-384" },
	    NULL },
	{ { .email = "r@mofa.example",
	      .key_usage = "critical,keyAgreement",
	      .key = "P-521" },
	    "encryption/mofa.pem" },
	{ { .email = "r@mofa.example",
	      .key_usage = "critical,keyAgreement",
	      .key = "RSA-3072" },
	    "is not for encryption" },
	{ { .email = "r@mofa.example", .key_usage = "critical,nonRepudiation" },
	    "is not for encryption" },
};

START_TEST(an_office_is_written_to_by_a_key_that_can)
{
	struct identity one = fixture_issue(&mofa, &encryptions[_i].cert);
	struct complaints complaints = COMPLAINTS;
	struct container *files = fixture_shipped(&mofa, &iom);
	struct buf pem = BUF(10000);
	struct error err = { 0 };
	struct policy *made;

	fixture_pem(one.cert, &pem);
	ck_ok(container_put(files, "encryption/mofa.pem", buf_span(&pem), &err),
	    err);
	made = policy_load(files, NOW, &complaints, &err);
	ck_assert_msg((made != NULL) == (encryptions[_i].says == NULL),
	    "%d: %s", _i, err.detail);
	ck_assert(made != NULL || complains(&complaints, encryptions[_i].says));
	policy_free(made);
	identity_free(&one);
	complaints_free(&complaints);
	buf_free(&pem);
}
END_TEST

/* Of a policy that was loaded before they are read once they are asked for. */
START_TEST(a_kept_policy_reads_keys_to_encrypt_to_when_asked)
{
	struct identity one = fixture_issue(&mofa, &encryptions[_i].cert);
	const struct office *office;
	struct office without;
	const struct digest other = { { 0 } };
	struct error err = { 0 };
	struct policy *made = NULL;
	struct cert *cert;

	/* First with another digest: it is checked as if it were new. */
	for (unsigned i = 0; i < 2; i++) {
		struct container *files = fixture_shipped(&mofa, &iom);
		struct complaints complaints = COMPLAINTS;
		struct buf pem = BUF(10000);
		struct digest found;

		fixture_pem(one.cert, &pem);
		ck_ok(container_put(files, "encryption/mofa.pem",
			  buf_span(&pem), &err) &&
			container_hash(files, NULL, &err) &&
			container_contents(files, &found, &err),
		    err);
		buf_free(&pem);
		policy_free(made);
		made = policy_load_kept(files, i == 0 ? &other : &found, NOW,
		    &complaints, &err);
		ck_assert(
		    i == 1 || (made != NULL) == (encryptions[_i].says == NULL));
		err = (struct error){ 0 };
		complaints_free(&complaints);
	}
	ck_assert_ptr_nonnull(made);
	office = policy_office(made, "mofa");
	cert = policy_encryption(made, office, &err);
	ck_assert_int_eq(cert != NULL, encryptions[_i].says == NULL);
	ck_assert_msg(cert != NULL ||
		strstr(err.detail, encryptions[_i].says) != NULL,
	    "%s", err.detail);
	cert_free(cert);
	without = *office;
	without.encryption = NULL;
	err = (struct error){ 0 };
	ck_assert_ptr_null(policy_encryption(made, &without, &err));
	ck_assert_int_eq(err.kind, ERROR_USAGE);
	policy_free(made);
	identity_free(&one);
}
END_TEST

/* %s are three witnesses' keys. */
static const struct {
	const char *lines, *says; /* NULL: it is good */
	unsigned quorum;
} witnesses[] = {
	{ "witnesses: {aa: %s, bb: %s, cc: %s}\nquorum: 2\n", NULL, 2 },
	{ "witnesses: {aa: %s, bb: %s, cc: %s}\nquorum: 3\n", NULL, 3 },
	{ "witnesses: {aa: %s, bb: %s, cc: %s}\nquorum: 4\n",
	    "1 to 3, the number of witnesses", 0 },
	{ "witnesses: {aa: %s, bb: %s, cc: %s}\nquorum: 0\n",
	    "1 to 3, the number of witnesses", 0 },
	{ "witnesses: {aa: %s, bb: %s, cc: %s}\nquorum: x\n", "number", 0 },
	{ "witnesses: {aa: %s, bb: %s, cc: %s}\n", "\"quorum\" is missing", 0 },
	{ "witnesses: {AA: %s, bb: %s, cc: %s}\nquorum: 1\n",
	    "cannot name a witness", 0 },
	{ "witnesses: {aa: x%s, bb: %s, cc: %s}\nquorum: 1\n", "wrong ID", 0 },
	{ "witnesses: {aa: [%s], bb: %s, cc: %s}\nquorum: 1\n", ":6:17: ", 0 },
	{ "witnesses: {aa: %s, bb: %s, cc: %s, dd: one}\nquorum: 1\n",
	    "not a witness key", 0 },
};

START_TEST(witnesses_have_keys_of_their_own_and_a_quorum)
{
	struct complaints complaints = COMPLAINTS;
	char keys[3][NOTE_KEY_TEXT], lines[1000], to[1100];
	struct note_signer signer;
	struct error err = { 0 };
	struct policy *made;

	for (unsigned i = 0; i < 3; i++) {
		ck_ok(note_signer_make("w.example", NOTE_WITNESS, &signer,
			  &err),
		    err);
		note_key_encode(&signer.key, keys[i]);
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(lines, sizeof(lines), witnesses[_i].lines, keys[0], keys[1],
	    keys[2]);
#pragma GCC diagnostic pop
	snprintf(to, sizeof(to), "valise: 1\n%s", lines);
	made = load("offices.yaml", "valise: 1\n", to, &complaints, &err);
	ck_assert_msg((made != NULL) == (witnesses[_i].says == NULL), "%d: %s",
	    _i, err.detail);
	if (made != NULL)
		ck_assert_uint_eq(made->witnesses.quorum, witnesses[_i].quorum);
	else
		ck_assert_msg(complains(&complaints, witnesses[_i].says),
		    "%d: %s", _i, err.detail);
	policy_free(made);
	complaints_free(&complaints);
}
END_TEST

START_TEST(a_policy_has_so_many_witnesses_and_no_key_twice)
{
	struct note_signer signer;

	for (unsigned num = LIMIT_WITNESSES; num <= LIMIT_WITNESSES + 2;
	     num++) {
		struct complaints complaints = COMPLAINTS;
		struct buf to = BUF(10000);
		struct error err = { 0 };
		char key[NOTE_KEY_TEXT];
		struct policy *made;

		ck_ok(buf_append_str(&to,
			  "valise: 1\nquorum: 1\n"
			  "witnesses:\n",
			  &err),
		    err);
		/* The last time two are one, and all few enough. */
		for (unsigned i = 0; i < num; i++) {
			if (num == LIMIT_WITNESSES + 2 && i == 3)
				break;
			if (num < LIMIT_WITNESSES + 2 || i != 2)
				ck_ok(note_signer_make("w.example",
					  NOTE_WITNESS, &signer, &err),
				    err);
			note_key_encode(&signer.key, key);
			ck_ok(buf_printf(&to, &err, "  w%u: %s\n", i, key),
			    err);
		}
		ck_ok(buf_append_u8(&to, 0, &err), err);
		made = load("offices.yaml", "valise: 1\n",
		    (const char *)to.data, &complaints, &err);
		ck_assert_msg((made != NULL) == (num == LIMIT_WITNESSES),
		    "%u: %s", num, err.detail);
		ck_assert(made != NULL ||
		    complains(&complaints,
			num == LIMIT_WITNESSES + 1
			    ? "more than 16 witnesses"
			    : "\"w1\" and \"w2\" have one key"));
		policy_free(made);
		complaints_free(&complaints);
		buf_free(&to);
	}
}
END_TEST

static struct policy *policy;

static void
load_good(void)
{
	struct complaints complaints = COMPLAINTS;
	struct error err = { 0 };

	set_up();
	policy = load(NULL, NULL, NULL, &complaints, &err);
	ck_assert_msg(policy != NULL, "%s", err.detail);
	ck_assert_uint_eq(complaints.num_warnings, 0);
	complaints_free(&complaints);
}

static void
free_good(void)
{
	policy_free(policy);
	tear_down();
}

static const struct {
	const char *office;
	enum right right;
	const char *type;
	bool allowed;
	const char *rule;
} decisions[] = {
	{ "mofa", RIGHT_DEPOSIT, "agreement", true,
	    "policies/agreement.yaml:6: deposit" },
	{ "iom-geneva", RIGHT_DEPOSIT, "agreement", false,
	    "policies/agreement.yaml:6: deposit" },
	{ "iom-geneva", RIGHT_READ, "agreement", true,
	    "policies/agreement.yaml:8: read" },
	{ "iom-geneva", RIGHT_READ, "health-protocol", false,
	    "policies/health-protocol.yaml:9: read" },
	{ "iom-bangkok", RIGHT_READ, "note-verbale", false,
	    "policies/note-verbale.yaml:8: read" },
	{ "mofa", RIGHT_AUDIT, "note-verbale", true,
	    "policies/note-verbale.yaml:9: audit" },
	{ "mofa", RIGHT_READ, "treaty", false,
	    "policies/treaty.yaml: no such type of document" },
};

START_TEST(a_decision_names_its_rule)
{
	const struct decision decision =
	    policy_decide(policy, policy_office(policy, decisions[_i].office),
		decisions[_i].right, decisions[_i].type);

	ck_assert_int_eq(decision.allowed, decisions[_i].allowed);
	ck_assert_str_eq(decision.rule, decisions[_i].rule);
}
END_TEST

#define FROM  INT64_C(1627776000) /* 2021-08-01 */
#define UNTIL INT64_C(1956528000) /* 2032-01-01, the first second after */

static const struct {
	const char *office, *person, *type;
	int64_t at;
	bool allowed;
} powers[] = {
	{ "mofa", "minister@mofa.example", "agreement", NOW, true },
	{ "mofa", "minister@mofa.example", "agreement", FROM, true },
	{ "mofa", "minister@mofa.example", "agreement", FROM - 1, false },
	{ "mofa", "minister@mofa.example", "agreement", UNTIL - 1, true },
	{ "mofa", "minister@mofa.example", "agreement", UNTIL, false },
	{ "mofa", "vice-minister@mofa.example", "agreement", NOW, false },
	{ "mofa", "vice-minister@mofa.example", "health-protocol", NOW, true },
	{ "mofa", "treaties@mofa.example", "agreement", NOW, false },
	{ "mofa", "chief-of-mission@iom.example", "agreement", NOW, false },
	{ "iom-vientiane", "chief-of-mission@iom.example", "mou", NOW, true },
	{ "mofa", "minister@mofa.example", "treaty", NOW, false },
};

START_TEST(full_powers_hold_for_their_types_and_days)
{
	const struct decision decision = policy_decide_sign(policy,
	    policy_office(policy, powers[_i].office), powers[_i].person,
	    powers[_i].type, SIGNING_APPROVAL, powers[_i].at);

	ck_assert_msg(decision.allowed == powers[_i].allowed, "%d: %s", _i,
	    decision.rule);
}
END_TEST

START_TEST(a_quorum_counts_persons_of_each_party)
{
	struct document_type type = *policy_type(policy, "agreement");
	const struct signatory all[] = {
		{ "a@mofa.example", "lao-pdr" },
		{ "a@mofa.example", "lao-pdr" }, /* again */
		{ "b@iom.example", "iom" },
	};
	char rule[POLICY_RULE];

	ck_assert(!policy_quorum(&type, SIGNING_APPROVAL, all, 1, rule));
	ck_assert(!policy_quorum(&type, SIGNING_APPROVAL, all, 2, rule));
	ck_assert(policy_quorum(&type, SIGNING_APPROVAL, all, 3, rule));
	type.quorum.parties[0].persons = 2;
	ck_assert(!policy_quorum(&type, SIGNING_APPROVAL, all, 3, rule));
	type.quorum.num = 0;
	ck_assert(!policy_quorum(&type, SIGNING_APPROVAL, all, 3, rule));
}
END_TEST

static const struct {
	const char *email, *unit, *ca, *office;
} people[] = {
	{ "a@mofa.example", "", "mofa", "mofa" },
	{ "a@mofa.example", "Anything", "mofa", "mofa" },
	{ "a@iom.example", "Geneva", "iom", "iom-geneva" },
	{ "a@iom.example", "Paris", "iom", NULL },
	{ "a@iom.example", "", "iom", NULL },
	{ "a@mofa.example", "", "iom", NULL }, /* the other's CA */
	{ "a@evil-mofa.example", "", "mofa", NULL },
	{ "depositary@mofa.example", "", "mofa", NULL },
};

START_TEST(a_certificate_is_of_one_office_or_none)
{
	struct identity one =
	    fixture_signer(&mofa, people[_i].email, people[_i].unit);
	char why[POLICY_RULE];
	const struct office *office =
	    policy_office_of(policy, one.cert, people[_i].ca, why);

	if (people[_i].office == NULL)
		ck_assert_ptr_null(office);
	else
		ck_assert_str_eq(office->name, people[_i].office);
	identity_free(&one);
}
END_TEST

START_TEST(a_person_whom_two_offices_claim_is_of_none)
{
	struct identity one =
	    fixture_signer(&iom, "a@iom.example", "Vientiane");
	struct complaints complaints = COMPLAINTS;
	struct error err = { 0 };
	struct policy *both = load("offices.yaml", "unit: Bangkok, ",
	    "unit: Vientiane, ", &complaints, &err);
	char why[POLICY_RULE];

	ck_assert_msg(both != NULL, "%s", err.detail);
	ck_assert_ptr_null(policy_office_of(both, one.cert, "iom", why));
	ck_assert_ptr_nonnull(
	    strstr(why, "could be of iom-vientiane or iom-bangkok"));
	/* And without a CA, or an address, nobody is anybody. */
	ck_assert_ptr_null(policy_office_of(policy, one.cert, NULL, why));
	ck_assert_ptr_nonnull(strstr(why, "names nobody"));
	one.cert->email[0] = '\0';
	ck_assert_ptr_null(policy_office_of(policy, one.cert, "iom", why));
	ck_assert_ptr_nonnull(strstr(why, "names nobody"));
	identity_free(&one);
	policy_free(both);
	complaints_free(&complaints);
}
END_TEST

/* The texts of a version of an agreement: Lao and English are authentic. */
static const struct {
	const char *languages[3]; /* +: marked authentic */
	const char *media;        /* of the last */
	uint64_t size;            /* of the last */
	const char *says;         /* NULL: they are allowed */
} texts[] = {
	{ { "+lo", "+en" }, "text/plain", 1, NULL },
	{ { "+lo", "+en", "-fr" }, "text/plain", 1, NULL },
	{ { "+lo", "+en" }, "text/plain", 64 << 20, NULL },
	{ { "+lo", "+en" }, "text/plain", (64 << 20) + 1, "too large" },
	{ { "+lo", "+en" }, "text/html", 1, "text/html" },
	{ { "+lo" }, "text/plain", 1, "no authentic text in" },
	{ { "+lo", "-en" }, "text/plain", 1, "no authentic text in" },
	{ { "+lo", "+en", "-de" }, "text/plain", 1, "none is" },
	{ { "+lo", "+en", "+de" }, "text/plain", 1, "none is" },
	{ { "+lo", "+en", "-en" }, "text/plain", 1, "not marked authentic" },
	{ { "+lo", "+en", "+fr" }, "text/plain", 1, "marked authentic" },
};

static struct decision
decide(const char *const languages[3], const char *media, uint64_t size)
{
	struct error err = { 0 };
	struct version *version = version_new(&err);
	struct decision decision;

	snprintf(version->document, sizeof(version->document), "agreement/one");
	for (size_t i = 0; i < 3 && languages[i] != NULL; i++) {
		struct text_file *one = version_add_text(version, &err);

		snprintf(one->language, sizeof(one->language), "%s",
		    languages[i] + 1);
		one->authentic = languages[i][0] == '+';
		snprintf(one->media, sizeof(one->media), "text/plain");
	}
	snprintf(version->texts[version->num_texts - 1].media,
	    sizeof(version->texts[0].media), "%s", media);
	version->texts[version->num_texts - 1].size = size;
	decision = policy_decide_texts(policy, version);
	version_free(version);
	return decision;
}

START_TEST(texts_are_in_the_languages_and_of_the_sizes_of_their_type)
{
	const struct decision decision =
	    decide(texts[_i].languages, texts[_i].media, texts[_i].size);

	ck_assert_msg(decision.allowed == (texts[_i].says == NULL), "%d: %s",
	    _i, decision.rule);
	ck_assert_msg(decision.allowed ||
		strstr(decision.rule, texts[_i].says) != NULL,
	    "%d: %s", _i, decision.rule);
}
END_TEST

/* A path of a text, of so many bytes, whose name has so many. */
static const struct {
	unsigned name, path;
	const char *limits; /* what the policy says; NULL: nothing */
	bool allowed;
} names[] = {
	{ 100, 109, NULL, true },
	{ 101, 110, NULL, false },
	{ 90, 180, NULL, true },
	{ 90, 181, NULL, false },
	{ 100, 109, "texts: 16, name: 100", true },
	{ 101, 110, "texts: 16, name: 100", false },
	{ 90, 181, "texts: 16, name: 100", false },
	{ 240, 249, "texts: 16, name: 240", true },
	{ 200, 300, "texts: 16, name: 240", true },
	{ 200, 209, "texts: 16, name: 199", false },
	/* 60 bytes beside the longest name, or what there always was */
	{ 150, 210, "texts: 16, name: 150", true },
	{ 150, 211, "texts: 16, name: 150", false },
	{ 110, 180, "texts: 16, name: 110", true },
	{ 110, 181, "texts: 16, name: 110", false },
};

START_TEST(names_are_as_long_as_the_policy_of_their_type_says)
{
	struct complaints complaints = COMPLAINTS;
	struct error err = { 0 };
	struct policy *of =
	    load(names[_i].limits != NULL ? "agreement.yaml" : NULL,
		"texts: 16", names[_i].limits, &complaints, &err);
	struct version *version = version_new(&err);
	struct member member = { .size = 1, .packed = 1 };
	struct container *files = container_new(&err);
	struct decision decision;

	ck_assert_msg(of != NULL, "%s", err.detail);
	snprintf(version->document, sizeof(version->document), "agreement/one");
	for (unsigned i = 0; i < 3; i++) {
		struct text_file *one = i < 2
		    ? version_add_text(version, &err)
		    : version_add_annex(version, &err);

		snprintf(one->media, sizeof(one->media), "text/plain");
		snprintf(one->language, sizeof(one->language), "%s",
		    i == 0       ? "lo"
			: i == 1 ? "en"
				 : "");
		one->authentic = i < 2;
		snprintf(one->file, sizeof(one->file), "texts/x/short");
		if (i == 0)
			continue;
		/* A text, or an annex: "texts/…/" or "annexes/…/", then "n…". */
		memset(one->file, 'n', names[_i].path);
		one->file[names[_i].path] = '\0';
		memcpy(one->file, "texts/", 6);
		one->file[names[_i].path - names[_i].name - 1] = '/';
		decision = policy_decide_texts(of, version);
		ck_assert_msg(decision.allowed == names[_i].allowed, "%d: %s",
		    _i, decision.rule);
		ck_assert(decision.allowed ||
		    strstr(decision.rule, "its name is too long") != NULL);
		snprintf(member.path, sizeof(member.path), "%s", one->file);
		snprintf(one->file, sizeof(one->file), "texts/x/short");
	}
	ck_ok(container_add(files, &member, &err), err);
	decision = policy_decide_files(of, "agreement/one", files);
	ck_assert_int_eq(decision.allowed, names[_i].allowed);
	container_free(files);
	version_free(version);
	policy_free(of);
	complaints_free(&complaints);
}
END_TEST

/* An agreement may have 16; annexes have limits, but no language. */
START_TEST(texts_are_so_many_and_annexes_are_texts_too)
{
	struct error err = { 0 };
	struct version *version = version_new(&err);
	struct decision decision;

	snprintf(version->document, sizeof(version->document), "agreement/one");
	for (size_t i = 0; i < 17; i++) {
		struct text_file *one = version_add_text(version, &err);

		snprintf(one->language, sizeof(one->language),
		    i % 2 == 0 ? "lo" : "en");
		one->authentic = true;
		snprintf(one->media, sizeof(one->media), "text/plain");
	}
	version->num_texts = 16;
	decision = policy_decide_texts(policy, version);
	ck_assert_msg(decision.allowed, "%s", decision.rule);
	version->num_texts = 17;
	decision = policy_decide_texts(policy, version);
	ck_assert(!decision.allowed);
	ck_assert_ptr_nonnull(strstr(decision.rule, "too many texts"));
	version->num_texts = 2;
	snprintf(version_add_annex(version, &err)->media, LIMIT_MEDIA_BYTES,
	    "text/html");
	decision = policy_decide_texts(policy, version);
	ck_assert(!decision.allowed);
	ck_assert_ptr_nonnull(strstr(decision.rule, "text/html"));
	snprintf(version->document, sizeof(version->document), "treaty/one");
	decision = policy_decide_texts(policy, version);
	ck_assert(!decision.allowed);
	ck_assert_ptr_nonnull(strstr(decision.rule, "no such type"));
	version_free(version);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, load_good, free_good);
	tcase_add_loop_test(t, a_mistake_in_a_policy_is_told_with_its_place, 0,
	    COUNT(mistakes));
	tcase_add_loop_test(t, what_is_legal_but_surely_not_meant_is_warned_of,
	    0, COUNT(warnings));
	tcase_add_test(t, all_mistakes_are_told_at_once);
	tcase_add_loop_test(t, a_list_has_so_many_and_no_more, 0, COUNT(lists));
	tcase_add_test(t, a_policy_has_offices_and_types);
	tcase_add_test(t,
	    a_policy_that_was_journaled_with_a_byte_order_mark_judges);
	tcase_add_test(t, a_policy_has_so_many_types_and_no_more);
	tcase_add_loop_test(t, an_office_is_written_to_by_a_key_that_can, 0,
	    COUNT(encryptions));
	tcase_add_loop_test(t,
	    a_kept_policy_reads_keys_to_encrypt_to_when_asked, 0,
	    COUNT(encryptions));
	tcase_add_loop_test(t, witnesses_have_keys_of_their_own_and_a_quorum, 0,
	    COUNT(witnesses));
	tcase_add_test(t, a_policy_has_so_many_witnesses_and_no_key_twice);
	tcase_add_test(t, a_person_whom_two_offices_claim_is_of_none);
	tcase_add_loop_test(t,
	    texts_are_in_the_languages_and_of_the_sizes_of_their_type, 0,
	    COUNT(texts));
	tcase_add_test(t, texts_are_so_many_and_annexes_are_texts_too);
	tcase_add_loop_test(t,
	    names_are_as_long_as_the_policy_of_their_type_says, 0,
	    COUNT(names));
	tcase_add_loop_test(t, a_decision_names_its_rule, 0, COUNT(decisions));
	tcase_add_loop_test(t, full_powers_hold_for_their_types_and_days, 0,
	    COUNT(powers));
	tcase_add_test(t, a_quorum_counts_persons_of_each_party);
	tcase_add_loop_test(t, a_certificate_is_of_one_office_or_none, 0,
	    COUNT(people));
}

int
main(void)
{
	return run_tests("policy", fill);
}
