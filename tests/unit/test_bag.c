/*
 * Bags: packing and opening them, waybills, slips and acknowledgements.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "bag/bag.h"
#include "bag/slip.h"
#include "base/deflate.h"
#include "base/file.h"

static struct identity right, wrong;

/* Make a certificate of that key usage; its issuer does not matter here. */
static struct identity
make_identity(const char *usage)
{
	struct identity identity = { .key = EVP_EC_gen("P-256") };
	X509 *x509 = X509_new();
	X509_EXTENSION *extension;
	struct error err = { 0 };
	X509V3_CTX context;

	X509_set_version(x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), 7);
	X509_gmtime_adj(X509_getm_notBefore(x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
	X509_set_pubkey(x509, identity.key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN",
	    MBSTRING_ASC, (const unsigned char *)"office", -1, -1, 0);
	X509_set_issuer_name(x509, X509_get_subject_name(x509));
	X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, NID_key_usage, usage);
	X509_add_ext(x509, extension, -1);
	X509_EXTENSION_free(extension);
	extension = X509V3_EXT_conf_nid(NULL, &context,
	    NID_subject_key_identifier, "hash");
	X509_add_ext(x509, extension, -1);
	X509_EXTENSION_free(extension);
	X509_sign(x509, identity.key, EVP_sha256());
	identity.cert = cert_of_x509(x509, &err);
	ck_assert_msg(identity.cert != NULL, "%s", err.detail);
	X509_free(x509);
	return identity;
}

static void
set_up(void)
{
	right = make_identity("critical,keyAgreement");
	wrong = make_identity("critical,keyAgreement");
}

static void
tear_down(void)
{
	identity_free(&right);
	identity_free(&wrong);
}

static int
temporary(void)
{
	struct error err = { 0 };
	const int fd = file_temporary("/tmp", &err);

	ck_assert_msg(fd >= 0, "%s", err.detail);
	return fd;
}

static char large[300000];

static int
pack_two(void)
{
	struct bag_file files[2] = { { "waybill.yaml", -1,
					 span_of_str("valise: 1\n"), 10, 0,
					 { { 0 } } },
		{ "copies/a.asice", -1, span_of(large, sizeof(large)),
		    sizeof(large), 0, { { 0 } } } };
	struct cert *to[2] = { wrong.cert, right.cert };
	struct error err = { 0 };
	const int fd = temporary();

	memset(large, 'x', sizeof(large));
	for (size_t i = 0; i < 2; i++)
		ck_ok(bag_measure(&files[i], &err), err);
	ck_ok(bag_pack(files, 2, to + 1, 1, fd, &err), err);
	return fd;
}

START_TEST(what_is_packed_is_opened_by_its_addressee)
{
	struct bag_apart apart = { .dir = "/tmp" };
	struct zip_member *members;
	struct error err = { 0 };
	const int fd = pack_two(), out = temporary();
	int part;
	struct digest digest, want = sha256_of(span_of(large, sizeof(large)));
	size_t num;

	ck_ok(bag_open(fd, &right, out, &apart, &members, &num, &err), err);
	ck_assert_uint_eq(num, 2);
	ck_assert_ptr_nonnull(bag_member(members, num, "waybill.yaml"));
	part = bag_take(out, &apart, bag_member(members, num, "copies/a.asice"),
	    &digest, &err);
	ck_assert_msg(part >= 0, "%s", err.detail);
	ck_assert(digest_eq(&digest, &want));
	free(members);
	close(fd);
	close(out);
	close(part);
}
END_TEST

START_TEST(another_key_does_not_open_it)
{
	struct bag_apart apart = { .dir = "/tmp" };
	struct zip_member *members;
	struct error err = { 0 };
	const int fd = pack_two(), out = temporary();
	size_t num;

	ck_assert(!bag_open(fd, &wrong, out, &apart, &members, &num, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	close(fd);
	close(out);
}
END_TEST

/* Flip each byte of the header, and some of the rest. */
START_TEST(a_turned_bit_is_found)
{
	const int fd = pack_two();
	const off_t size = lseek(fd, 0, SEEK_END);

	for (off_t at = 0; at < size; at += at < size - 1200 ? 4099 : 1) {
		struct bag_apart apart = { .dir = "/tmp" };
		struct zip_member *members = NULL;
		struct error err = { 0 };
		const int out = temporary();
		uint8_t byte;
		size_t num;
		bool ok;

		ck_ok(file_pread(fd, &byte, 1, at, &err), err);
		byte ^= 4;
		ck_ok(file_pwrite(fd, span_of(&byte, 1), at, &err), err);
		ok = bag_open(fd, &right, out, &apart, &members, &num, &err);
		free(members);
		byte ^= 4;
		ck_ok(file_pwrite(fd, span_of(&byte, 1), at, &err), err);
		close(out);
		ck_assert_msg(!ok, "at %lld", (long long)at);
	}
	close(fd);
}
END_TEST

START_TEST(a_bag_that_is_cut_is_found)
{
	static const off_t sizes[] = { 0, 1, 30, 1000, 300000, 300500 };

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct bag_apart apart = { .dir = "/tmp" };
		struct zip_member *members;
		struct error err = { 0 };
		const int fd = pack_two(), out = temporary();
		size_t num;

		ck_assert_int_eq(ftruncate(fd, sizes[i]), 0);
		ck_assert(
		    !bag_open(fd, &right, out, &apart, &members, &num, &err));
		close(fd);
		close(out);
	}
}
END_TEST

/* The members of a bag's ZIP, as its header names them. */
static const struct {
	const char *says;
	size_t num;
	const char *paths[3];
	bool deflated[3];
} others[] = {
	{ "something else", 1, { BAG_HEADER }, { 0 } },
	{ "something else", 1, { BAG_CIPHERTEXT }, { 0 } },
	{ "something else", 2, { BAG_CIPHERTEXT, "other" }, { 0 } },
	{ "something else", 2, { "other", BAG_HEADER }, { 0 } },
	{ "something else", 3, { BAG_CIPHERTEXT, BAG_HEADER, "other" }, { 0 } },
	{ "something else", 2, { BAG_CIPHERTEXT, BAG_HEADER },
	    { true, false } },
	{ "something else", 2, { BAG_CIPHERTEXT, BAG_HEADER },
	    { false, true } },
};

START_TEST(a_zip_of_something_else_is_no_bag)
{
	const struct span content = span_of_str("x");
	const int fd = temporary(), out = temporary();
	struct bag_apart apart = { .dir = "/tmp" };
	struct zip_member *members;
	struct error err = { 0 };
	struct zip_writer *zip = zip_writer_new(fd, &err);
	uint64_t size;
	size_t num;

	for (size_t i = 0; i < others[_i].num; i++) {
		struct zip_member member = { .size = 1,
			.packed = 1,
			.crc = deflate_crc32(0, content),
			.deflated = others[_i].deflated[i] };

		snprintf(member.path, sizeof(member.path), "%s",
		    others[_i].paths[i]);
		ck_ok(zip_writer_begin(zip, &member, &err) &&
			zip_writer_sink(zip, content, &err),
		    err);
	}
	ck_ok(zip_writer_end(zip, &size, &err), err);
	zip_writer_free(zip);
	ck_assert(!bag_open(fd, &right, out, &apart, &members, &num, &err));
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	ck_assert_msg(strstr(err.detail, others[_i].says) != NULL, "%d: %s", _i,
	    err.detail);
	close(fd);
	close(out);
}
END_TEST

enum { PARTS = BAG_APART + 2, PART_BYTES = LIMIT_WAYBILL_BYTES + 1 };

/*
 * An inner ZIP of large members, encrypted as a bag, whatever is wrong with
 * it: the CRC of member bad, from 0.
 */
static int
pack_large(uint8_t *content, size_t num, size_t bad, size_t cut)
{
	struct buf inner = BUF(LIMIT_CONTAINER_BYTES), der = BUF(1 << 16);
	struct cert *to[1] = { right.cert };
	struct error err = { 0 };
	struct zip_writer *zip = zip_writer_to(sink_to_buf, &inner, &err);
	struct buf ciphertext = BUF(LIMIT_CONTAINER_BYTES);
	struct envelope *envelope =
	    envelope_new(to, 1, sink_to_buf, &ciphertext, &err);
	const int fd = temporary();
	uint64_t size;

	for (size_t i = 0; i < num; i++) {
		struct zip_member member = { .size = PART_BYTES,
			.packed = PART_BYTES };

		content[0] = (uint8_t)i;
		member.crc =
		    deflate_crc32(0, span_of(content, PART_BYTES)) ^ (i == bad);
		snprintf(member.path, sizeof(member.path), "copies/%zu", i);
		ck_ok(zip_writer_begin(zip, &member, &err) &&
			zip_writer_sink(zip, span_of(content, PART_BYTES),
			    &err),
		    err);
	}
	ck_ok(zip_writer_end(zip, &size, &err), err);
	zip_writer_free(zip);
	inner.len -= cut;
	ck_ok(envelope_sink(envelope, buf_span(&inner), &err) &&
		envelope_end(envelope, &der, &err),
	    err);
	envelope_free(envelope);
	zip = zip_writer_new(fd, &err);
	for (size_t i = 0; i < 2; i++) {
		const struct span bytes = buf_span(i == 0 ? &ciphertext : &der);
		struct zip_member member = { .size = bytes.len,
			.packed = bytes.len,
			.crc = deflate_crc32(0, bytes) };

		snprintf(member.path, sizeof(member.path), "%s",
		    i == 0 ? BAG_CIPHERTEXT : BAG_HEADER);
		ck_ok(zip_writer_begin(zip, &member, &err) &&
			zip_writer_sink(zip, bytes, &err),
		    err);
	}
	ck_ok(zip_writer_end(zip, &size, &err), err);
	zip_writer_free(zip);
	buf_free(&inner);
	buf_free(&der);
	buf_free(&ciphertext);
	return fd;
}

/* One more than lie apart has its content in the inner ZIP. */
START_TEST(large_files_lie_apart)
{
	uint8_t *content = calloc(1, PART_BYTES), first;
	const size_t bad = BAG_APART - 1;
	const int fd = pack_large(content, PARTS, bad, 0), out = temporary();
	struct bag_apart apart = { .dir = "/tmp" };
	struct zip_member *members;
	struct error err = { 0 };
	size_t num;

	ck_ok(bag_open(fd, &right, out, &apart, &members, &num, &err), err);
	ck_assert_uint_eq(num, PARTS);
	ck_assert_uint_eq(apart.num, BAG_APART);
	for (size_t i = 0; i < num; i++) {
		struct digest digest;
		const int part =
		    bag_take(out, &apart, &members[i], &digest, &err);
		struct digest want;

		if (i == bad) {
			ck_assert_int_lt(part, 0);
			ck_assert_int_eq(err.kind, ERROR_MALFORMED);
			continue;
		}
		ck_assert_int_ge(part, 0);
		content[0] = (uint8_t)i;
		want = sha256_of(span_of(content, PART_BYTES));
		ck_assert_msg(digest_eq(&digest, &want), "%zu", i);
		ck_ok(file_pread(part, &first, 1, 0, &err), err);
		ck_assert_uint_eq(first, i);
		ck_ok(file_sha256(part, PART_BYTES, &digest, &err), err);
		ck_assert_msg(digest_eq(&digest, &want), "%zu", i);
		ck_assert_int_eq(lseek(part, 0, SEEK_END), PART_BYTES);
		close(part);
	}
	bag_close(&apart);
	free(members);
	free(content);
	close(fd);
	close(out);
}
END_TEST

/* Cut in the end record, the directory, a content, a header. */
START_TEST(a_zip_that_is_cut_within_is_found)
{
	static const size_t cuts[] = { 1, 30, 100, 22 + 2 * 54, 22 + 2 * 54 + 1,
		22 + 2 * 54 + PART_BYTES, 22 + 2 * 54 + PART_BYTES + 20,
		22 + 2 * 54 + PART_BYTES + 39 };
	/* What says that it is larger than what is left gets no file. */
	static const size_t apart_of[COUNT(cuts)] = { 2, 2, 2, 2, 1, 1, 1, 0 };
	uint8_t *content = calloc(1, PART_BYTES);

	for (size_t i = 0; i < COUNT(cuts); i++) {
		const int fd = pack_large(content, 2, 2, cuts[i]),
			  out = temporary();
		struct bag_apart apart = { .dir = "/tmp" };
		struct zip_member *members;
		struct error err = { 0 };
		size_t num;

		ck_assert(
		    !bag_open(fd, &right, out, &apart, &members, &num, &err));
		ck_assert_msg(err.kind == ERROR_MALFORMED, "%zu: %s", i,
		    err.detail);
		ck_assert_msg(apart.num == apart_of[i], "%zu", i);
		bag_close(&apart);
		close(fd);
		close(out);
	}
	/* A part has nowhere to lie. */
	const int fd = pack_large(content, 1, 1, 0), out = temporary();
	struct bag_apart apart = { .dir = "/nowhere" };
	struct zip_member *members;
	struct error err = { 0 };
	size_t num;

	ck_assert(!bag_open(fd, &right, out, &apart, &members, &num, &err));
	ck_assert_int_eq(err.kind, ERROR_SYSTEM);
	bag_close(&apart);
	free(content);
	close(fd);
	close(out);
}
END_TEST

/* Each file claims another size than it has. */
START_TEST(a_bag_of_false_sizes_is_not_packed)
{
	static const struct {
		uint64_t size;
		enum error_kind kind;
	} rows[] = {
		{ 0, ERROR_SYSTEM },
		{ 9, ERROR_SYSTEM },
		{ LIMIT_CONTAINER_BYTES - LIMIT_META_BYTES + 1, ERROR_LIMIT },
		{ LIMIT_CONTAINER_BYTES, ERROR_LIMIT },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bag_file file = { "a", -1, span_of_str("0123456789"),
			rows[i].size, 0, { { 0 } } };
		struct cert *to[1] = { right.cert };
		struct error err = { 0 };
		const int fd = temporary();

		ck_ok(bag_measure(&file, &err), err);
		ck_assert(!bag_pack(&file, 1, to, 1, fd, &err));
		ck_assert_msg(err.kind == rows[i].kind, "%zu: %s", i,
		    err.detail);
		close(fd);
	}
}
END_TEST

/* The limit is checked before reading: there is nothing to read. */
START_TEST(a_file_in_a_bag_over_its_limit_is_refused)
{
	const struct zip_member member = { .path = "a",
		.size = 11,
		.packed = 11 };
	struct buf out = BUF(10);
	struct error err = { 0 };

	ck_assert(!bag_read(-1, &member, &out, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
}
END_TEST

/* A file in a missing folder cannot be packed, nor taken out. */
START_TEST(a_file_that_cannot_be_read_or_written_is_told)
{
	struct bag_file file = { "a", temporary(), { 0 }, 10, 0, { { 0 } } };
	struct bag_apart apart = { .dir = "/tmp" };
	struct zip_member *members;
	struct error err = { 0 };
	const int fd = pack_two(), out = temporary(),
		  full = open("/dev/full", O_RDWR | O_CLOEXEC);
	struct digest digest;
	size_t num;

	ck_assert(!bag_measure(&file, &err));
	ck_ok(bag_open(fd, &right, out, &apart, &members, &num, &err), err);
	apart.dir = "/nowhere";
	ck_assert_int_lt(bag_take(out, &apart,
			     bag_member(members, num, "copies/a.asice"),
			     &digest, &err),
	    0);
	free(members);
	ck_assert(!bag_open(fd, &right, full, &apart, &members, &num, &err));
	close(file.fd);
	close(fd);
	close(out);
	close(full);
}
END_TEST

START_TEST(only_a_certificate_to_encrypt_to)
{
	struct identity signer = make_identity("critical,nonRepudiation");
	struct bag_file file = { "a", -1, span_of_str("a"), 1, 0, { { 0 } } };
	struct cert *to[1] = { signer.cert };
	struct error err = { 0 };
	const int fd = temporary();

	ck_ok(bag_measure(&file, &err), err);
	ck_assert(!bag_pack(&file, 1, to, 1, fd, &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	identity_free(&signer);
	close(fd);
}
END_TEST

#define HASH                                                                   \
	"\"0000000000000000000000000000000000000000000000000000000000000000\""
#define HASH2                                                                  \
	"\"0000000000000000000000000000000000000000000000000000000000000001\""
#define HEAD                                                                   \
	"valise: 1\nnumber: 1\nfrom: mofa\nperson: a@mofa.example\n"           \
	"to: iom-bangkok\ndispatched: 2026-11-24T10:00:00Z\n"

START_TEST(waybills_are_read_strictly)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ HEAD "files: []\n", true },
		{ HEAD "files:\n  - {file: checkpoint, size: 1, sha256: " HASH
		       "}\n",
		    true },
		{ HEAD, false },
		{ HEAD "files: []\nmore: 1\n", false },
		{ HEAD "files:\n  - {file: ../x, size: 1, sha256: " HASH "}\n",
		    false },
		{ HEAD "files:\n  - {file: /x, size: 1, sha256: " HASH "}\n",
		    false },
		{ HEAD "files:\n  - {file: x, size: -1, sha256: " HASH "}\n",
		    false },
		{ HEAD "files:\n  - {file: x, size: 1, sha256: \"00\"}\n",
		    false },
		{ HEAD "files:\n  - {file: x, size: 1, sha256: " HASH
		       "}\n  - {file: x, size: 1, sha256: " HASH "}\n",
		    false },
		{ HEAD "files:\n  - {file: x, size: 1, sha256: " HASH
		       ", document: agreement/one}\n",
		    false },
		{ "valise: 2\n", false },
		{ "", false },
		/* Of slips. */
		{ HEAD "slips:\n  - " HASH "\n", true },
		{ HEAD "slips:\n  - " HASH "\n  - " HASH2 "\n", true },
		{ HEAD "slips:\n  - " HASH "\nlist: " HASH2 "\n", true },
		{ HEAD "slips: []\n", false },
		{ HEAD "slips: " HASH "\n", false },
		{ HEAD "slips:\n  - \"00\"\n", false },
		{ HEAD "slips:\n  - " HASH "\n  - " HASH "\n", false },
		{ HEAD "slips:\n  - " HASH2 "\n  - " HASH "\n", false },
		{ HEAD "slips:\n  - {file: x}\n", false },
		{ HEAD "slips:\n  - " HASH "\nfiles: []\n", false },
		{ HEAD "slips:\n  - " HASH "\nlist: " HASH "\n", false },
		{ HEAD "slips:\n  - " HASH "\nlist: x\n", false },
		{ HEAD "list: " HASH2 "\n", false },
		{ HEAD "files: []\nlist: " HASH2 "\n", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = { 0 };
		struct waybill *waybill =
		    waybill_parse(span_of_str(rows[i].text), &err);

		ck_assert_msg((waybill != NULL) == rows[i].good, "row %zu: %s",
		    i, err.detail);
		waybill_free(waybill);
	}
}
END_TEST

#define SLIP(act, document, version, more, digest, salt)                       \
	"valise: 1\nact: " act "\ndocument: " document "\nversion: " version   \
	"\n" more "digest: " digest "\nbody: " HASH "\nsignature: " HASH2      \
	"\nsalt: " salt "\n"
#define SALT "\"000102030405060708090a0b0c0d0e0f\""

static const struct {
	const char *text;
	bool good;
} slips[] = {
	{ SLIP("deposit", "agreement/x1", "2", "", HASH, SALT), true },
	{ SLIP("sign", "agreement/x1", "2", "", HASH, SALT), true },
	{ SLIP("deposit", "agreement/x1", "2", "onto: 1\n", HASH, SALT), true },
	{ SLIP("terminate", "agreement/x1", "2", "", HASH, SALT), false },
	{ SLIP("deposit", "agreement", "2", "", HASH, SALT), false },
	{ SLIP("deposit", "../x1", "2", "", HASH, SALT), false },
	{ SLIP("deposit", "agreement/x1", "0", "", HASH, SALT), false },
	{ SLIP("deposit", "agreement/x1", "x", "", HASH, SALT), false },
	{ SLIP("deposit", "agreement/x1", "2", "", "x", SALT), false },
	{ SLIP("deposit", "agreement/x1", "2", "", HASH, "\"00\""), false },
	{ SLIP("deposit", "agreement/x1", "2", "", HASH, HASH), false },
	{ SLIP("deposit", "agreement/x1", "2", "", HASH, "x"), false },
	{ SLIP("deposit", "agreement/x1", "2", "more: 1\n", HASH, SALT),
	    false },
	{ SLIP("deposit", "agreement/x1", "2", "onto: 2\n", HASH, SALT),
	    false },
	{ SLIP("deposit", "agreement/x1", "1", "onto: 0\n", HASH, SALT),
	    false },
	{ SLIP("sign", "agreement/x1", "2", "onto: 1\n", HASH, SALT), false },
	{ "valise: 2\n", false },
	{ "", false },
	{ "- 1\n", false },
};

START_TEST(slips_are_read_strictly)
{
	struct slip slip = { .version = 42 };
	struct buf text = BUF(LIMIT_SLIP_BYTES);
	struct error err = { 0 };
	const bool good = slip_parse(span_of_str(slips[_i].text), &slip, &err);

	ck_assert_msg(good == slips[_i].good, "row %d: %s", _i, err.detail);
	if (!good) {
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
		ck_assert_uint_eq(slip.version, 42); /* untouched */
		return;
	}
	ck_ok(slip_encode(&slip, &text, &err), err);
	ck_assert(span_is(buf_span(&text), slips[_i].text));
	buf_free(&text);
}
END_TEST

/* A whole number of lines is not a slip or a waybill either. */
START_TEST(every_truncation_is_refused)
{
	static const char *const whole[] = {
		SLIP("deposit", "agreement/x1", "2", "onto: 1\n", HASH, SALT),
		HEAD "list: " HASH2 "\nslips:\n  - " HASH "\n",
	};

	for (size_t i = 0; i < COUNT(whole); i++)
		for (size_t len = 0; len + 1 < strlen(whole[i]); len++) {
			const struct span text = span_of(whole[i], len);
			struct error err = { 0 };
			struct slip slip;
			struct waybill *waybill;

			ck_assert(!slip_parse(text, &slip, &err));
			waybill = waybill_parse(text, &err);
			ck_assert_msg(waybill == NULL, "%.*s", (int)len,
			    whole[i]);
		}
}
END_TEST

START_TEST(a_slip_over_its_limit_is_refused)
{
	char text[LIMIT_SLIP_BYTES + 2];
	struct error err = { 0 };
	struct slip slip;

	memset(text, '#', sizeof(text));
	ck_assert(
	    !slip_parse(span_of(text, LIMIT_SLIP_BYTES + 1), &slip, &err));
	ck_assert_int_eq(err.kind, ERROR_LIMIT);
}
END_TEST

START_TEST(a_waybill_of_slips_names_nothing)
{
	struct error err = { 0 };
	struct waybill *waybill = waybill_new(&err), *back;
	struct waybill_file *file = waybill_add_file(waybill, &err);
	struct buf text = BUF(10000), list = BUF(10000);

	waybill->number = 1;
	snprintf(waybill->from, sizeof(waybill->from), "mofa");
	snprintf(waybill->to, sizeof(waybill->to), "iom-bangkok");
	snprintf(waybill->person, sizeof(waybill->person), "a@mofa.example");
	snprintf(file->path, 40, "copies/agreement--x1@2.asice");
	snprintf(file->document, 40, "agreement/x1");
	snprintf(file->title, 40, "A secret");
	file->version = 2;
	ck_ok(waybill_encode_list(waybill, &list, &err), err);
	waybill->list = sha256_of(buf_span(&list));
	waybill->num_slips = 1;
	ck_ok(waybill_encode(waybill, &text, &err) &&
		buf_append_u8(&text, 0, &err),
	    err);
	ck_assert_ptr_null(strstr((char *)text.data, "agreement"));
	ck_assert_ptr_null(strstr((char *)text.data, "secret"));
	text.len--;
	back = waybill_parse(buf_span(&text), &err);
	ck_assert_msg(back != NULL, "%s", err.detail);
	ck_assert_uint_eq(back->num, 0);
	ck_assert(waybill_lists_slip(back, &waybill->slips[0]));
	ck_assert(!waybill_lists_slip(back, &waybill->list));
	/* Its list is the one that it names. */
	ck_ok(waybill_parse_list(back, buf_span(&list), &err), err);
	ck_assert_ptr_nonnull(
	    waybill_find(back, "copies/agreement--x1@2.asice"));
	ck_ok(buf_append_str(&list, "\n", &err), err);
	ck_assert(!waybill_parse_list(back, buf_span(&list), &err));
	ck_assert_int_eq(err.kind, ERROR_UNTRUSTED);
	waybill_free(back);
	waybill_free(waybill);
	buf_free(&text);
	buf_free(&list);
}
END_TEST

/* A copy with many waybills and receipts: each waybill is hashed once. */
START_TEST(a_waybill_is_found_by_its_digest)
{
	const struct digest first = sha256_of(span_of_str("one")),
			    second = sha256_of(span_of_str("two")),
			    other = sha256_of(span_of_str("three"));
	struct error err = { 0 };
	struct container *c = container_new(&err);

	ck_ok(container_put(c, "META-INF/waybill-1.yaml", span_of_str("one"),
		  &err) &&
		container_put(c, "META-INF/waybill-2.yaml", span_of_str("two"),
		    &err) &&
		container_put(c, "META-INF/slip-3.yaml", span_of_str("three"),
		    &err),
	    err);
	ck_assert(slip_has_waybill(c, &first));
	ck_assert(slip_has_waybill(c, &second));
	ck_assert(!slip_has_waybill(c, &other));
	for (size_t i = 0; i < c->num; i++)
		ck_assert_int_eq(c->members[i].hashed,
		    strstr(c->members[i].path, "waybill") != NULL);
	ck_assert(slip_has_waybill(c, &first));
	container_free(c);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, what_is_packed_is_opened_by_its_addressee);
	tcase_add_test(t, another_key_does_not_open_it);
	tcase_add_test(t, a_turned_bit_is_found);
	tcase_add_test(t, a_bag_that_is_cut_is_found);
	tcase_add_test(t, large_files_lie_apart);
	tcase_add_test(t, a_zip_that_is_cut_within_is_found);
	tcase_add_loop_test(t, a_zip_of_something_else_is_no_bag, 0,
	    COUNT(others));
	tcase_add_test(t, a_bag_of_false_sizes_is_not_packed);
	tcase_add_test(t, a_file_in_a_bag_over_its_limit_is_refused);
	tcase_add_test(t, a_file_that_cannot_be_read_or_written_is_told);
	tcase_add_test(t, only_a_certificate_to_encrypt_to);
	tcase_add_test(t, waybills_are_read_strictly);
	tcase_add_loop_test(t, slips_are_read_strictly, 0, COUNT(slips));
	tcase_add_test(t, every_truncation_is_refused);
	tcase_add_test(t, a_slip_over_its_limit_is_refused);
	tcase_add_test(t, a_waybill_of_slips_names_nothing);
	tcase_add_test(t, a_waybill_is_found_by_its_digest);
}

int
main(void)
{
	return run_tests("bag", fill);
}
