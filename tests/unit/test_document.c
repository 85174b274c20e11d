/*
 * Containers: writing and reading them, their ZIP and manifests.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/deflate.h"
#include "base/file.h"
#include "document/container.h"
#include "document/manifest.h"
#include "document/zip.h"

static struct container *
make_container(void)
{
	struct error err = { 0 };
	struct container *c = container_new(&err);
	char large[3000];

	memset(large, 'a', sizeof(large));
	ck_ok(container_put(c, "mimetype", span_of_str(CONTAINER_MIMETYPE),
		  &err) &&
		container_put(c, "version.yaml", span_of_str("valise: 1\n"),
		    &err) &&
		container_put(c, "texts/lo/\xe0\xba\xaa.txt",
		    span_of(large, sizeof(large)), &err) &&
		container_put(c, "META-INF/ASiCManifest-origin.xml",
		    span_of_str("<x/>"), &err),
	    err);
	return c;
}

static int
write_zip(const struct container *c, struct buf *bytes)
{
	struct error err = { 0 };
	const int fd = file_temporary("/tmp", &err);
	uint8_t piece[65536];
	uint64_t size;

	ck_assert_int_ge(fd, 0);
	ck_ok(container_write(c, fd, &size, &err), err);
	ck_assert_uint_lt(size, sizeof(piece));
	ck_ok(file_pread(fd, piece, (size_t)size, 0, &err) &&
		buf_append(bytes, span_of(piece, (size_t)size), &err),
	    err);
	return fd;
}

/* 0: to be written again; 1: to be judged only, and so never deflated. */
START_TEST(plain_files_are_deflated_where_they_are_written_again)
{
	struct error err = { 0 };
	struct container *c = make_container(), *back;
	struct buf bytes = BUF(65536);
	const int fd = write_zip(c, &bytes);

	back = _i == 0 ? container_read_files(fd, &err)
		       : container_read_files_to_judge(fd, &err);
	ck_assert_msg(back != NULL, "%s", err.detail);
	ck_assert_uint_eq(back->num, c->num);
	for (size_t i = 0; i < c->num; i++) {
		const struct member *one = &back->members[i];

		ck_assert_str_eq(one->path, c->members[i].path);
		ck_assert(
		    span_eq(member_bytes(one), member_bytes(&c->members[i])));
		ck_assert_int_eq(one->deflated,
		    _i == 0 && c->members[i].deflated);
	}
	container_free(back);
	container_free(c);
	buf_free(&bytes);
	close(fd);
}
END_TEST

/* Read and hash all; false if any of it is refused. */
static bool
reads(struct span bytes, struct error *err)
{
	const int fd = file_temporary("/tmp", err);
	struct container *c;
	bool ok;

	ck_ok(file_pwrite(fd, bytes, 0, err), *err);
	c = container_read(fd, err);
	ok = c != NULL && container_hash(c, NULL, err);
	container_free(c);
	close(fd);
	return ok;
}

START_TEST(a_container_reads_as_it_was_written_and_twice_the_same)
{
	struct buf bytes = BUF(100000), again = BUF(100000);
	struct container *c = make_container(), *back;
	struct digest a, b;
	struct error err = { 0 };
	const int fd = write_zip(c, &bytes);

	back = container_read(fd, &err);
	ck_assert_msg(back != NULL, "%s", err.detail);
	ck_ok(container_hash(c, NULL, &err) &&
		container_hash(back, NULL, &err) &&
		container_contents(c, &a, &err) &&
		container_contents(back, &b, &err),
	    err);
	ck_assert(digest_eq(&a, &b));
	ck_assert_uint_eq(back->num, 4);
	close(write_zip(back, &again));
	ck_assert(span_eq(buf_span(&bytes), buf_span(&again)));
	container_free(c);
	container_free(back);
	close(fd);
	buf_free(&bytes);
	buf_free(&again);
}
END_TEST

START_TEST(every_flipped_byte_of_a_container_is_noticed)
{
	struct buf bytes = BUF(100000);
	struct container *c = make_container();
	struct error err = { 0 };
	unsigned harmless = 0;

	close(write_zip(c, &bytes));
	ck_ok(reads(buf_span(&bytes), &err), err);
	for (size_t i = 0; i < bytes.len; i++) {
		struct error why = { 0 };

		bytes.data[i] ^= 0x10;
		if (reads(buf_span(&bytes), &why))
			harmless++;

		else
			ck_assert_int_ne(why.kind, ERROR_SYSTEM);
		bytes.data[i] ^= 0x10;
	}
	/* The bits behind the end of the one deflate stream. */
	ck_assert_uint_le(harmless, 1);
	container_free(c);
	buf_free(&bytes);
}
END_TEST

/* A page of blanks deflates a thousandfold, as only a bomb does. */
START_TEST(what_the_writer_makes_the_reader_takes)
{
	static char blanks[3 * 1024 * 1024];
	struct error err = { 0 };
	struct container *c = container_new(&err), *again;
	const int fd = file_temporary("/tmp", &err);
	uint64_t size;

	memset(blanks, ' ', sizeof(blanks));
	ck_ok(container_put(c, "mimetype", span_of_str(CONTAINER_MIMETYPE),
		  &err) &&
		container_put(c, "annexes/blanks.txt",
		    span_of(blanks, sizeof(blanks)), &err) &&
		container_write(c, fd, &size, &err),
	    err);
	again = container_read(fd, &err);
	ck_ok(again != NULL && container_hash(again, NULL, &err) &&
		container_hash(c, NULL, &err),
	    err);
	ck_assert(digest_eq(&container_find(c, "annexes/blanks.txt")->sha256,
	    &container_find(again, "annexes/blanks.txt")->sha256));
	container_free(c);
	container_free(again);
	close(fd);
}
END_TEST

START_TEST(every_truncation_of_a_container_is_refused)
{
	struct buf bytes = BUF(100000);
	struct container *c = make_container();
	struct error err = { 0 };

	close(write_zip(c, &bytes));
	for (size_t i = 0; i < bytes.len; i++)
		ck_assert(!reads(span_of(bytes.data, i), &err));
	container_free(c);
	buf_free(&bytes);
}
END_TEST

/* A ZIP put together by hand, to be wrong in one way. */
struct crafted {
	const char *path;
	const char *content;
	const char *local_path; /* else path */
	uint16_t flags, local_flags, method;
	uint16_t extra, made_by;
	uint32_t attributes, size, offset_add;
};

static void
le(struct buf *out, uint32_t value, unsigned width)
{
	struct error err = { 0 };

	for (unsigned i = 0; i < width; i++)
		ck_ok(buf_append_u8(out, (uint8_t)(value >> 8 * i), &err), err);
}

static void
str(struct buf *out, const char *text)
{
	struct error err = { 0 };

	ck_ok(buf_append_str(out, text, &err), err);
}

static void
craft(const struct crafted files[], size_t num, const char *before,
    const char *between, const char *after, const char *comment,
    struct buf *out)
{
	struct buf central = BUF(100000);
	uint32_t at;

	str(out, before);
	for (size_t i = 0; i < num; i++) {
		const struct crafted *f = &files[i];
		const uint32_t len = (uint32_t)strlen(f->content);
		const uint32_t size = f->size != 0 ? f->size : len;
		const uint32_t crc = deflate_crc32(0, span_of_str(f->content));
		const char *name =
		    f->local_path != NULL ? f->local_path : f->path;

		at = (uint32_t)out->len;
		le(out, 0x04034b50, 4);
		le(out, 20, 2);
		le(out, f->flags | f->local_flags, 2);
		le(out, f->method, 2);
		le(out, 0, 2), le(out, 0x21, 2), le(out, crc, 4);
		le(out, len, 4), le(out, size, 4);
		le(out, (uint32_t)strlen(name), 2), le(out, f->extra, 2);
		str(out, name);
		for (unsigned x = 0; x < f->extra; x++)
			le(out, 0, 1);
		str(out, f->content);
		if (i + 1 < num)
			str(out, between);
		le(&central, 0x02014b50, 4);
		le(&central, f->made_by != 0 ? f->made_by : 20, 2);
		le(&central, 20, 2), le(&central, f->flags, 2);
		le(&central, f->method, 2);
		le(&central, 0, 2), le(&central, 0x21, 2);
		le(&central, crc, 4), le(&central, len, 4);
		le(&central, size, 4);
		le(&central, (uint32_t)strlen(f->path), 2);
		le(&central, f->extra, 2);
		le(&central, 0, 2), le(&central, 0, 2), le(&central, 0, 2);
		le(&central, f->attributes, 4);
		le(&central, at + f->offset_add, 4);
		str(&central, f->path);
		for (unsigned x = 0; x < f->extra; x++)
			le(&central, 0, 1);
	}
	at = (uint32_t)out->len;
	ck_assert(central.len < 100000);
	{
		struct error err = { 0 };

		ck_ok(buf_append(out, buf_span(&central), &err), err);
	}
	le(out, 0x06054b50, 4);
	le(out, 0, 4), le(out, (uint32_t)num, 2), le(out, (uint32_t)num, 2);
	le(out, (uint32_t)central.len, 4), le(out, at, 4);
	le(out, (uint32_t)strlen(comment), 2);
	str(out, comment);
	str(out, after);
	buf_free(&central);
}

#define MIME                                                                   \
	{                                                                      \
		.path = "mimetype", .content = CONTAINER_MIMETYPE              \
	}
#define YAML                                                                   \
	{                                                                      \
		.path = "version.yaml", .content = "x"                         \
	}

static const struct {
	const char *says; /* NULL: it is good */
	struct crafted files[3];
	size_t num;
	const char *before, *between, *after, *comment;
} crafted[] = {
	{ NULL, { MIME, YAML }, 2, "", "", "", "" },
	{ "made by",
	    { MIME,
		{ .path = "version.yaml",
		    .content = "x",
		    .made_by = 0x0314,
		    .attributes = 0100644u << 16 } },
	    2, "", "", "", "" },
	{ "attributes",
	    { MIME,
		{ .path = "version.yaml",
		    .content = "x",
		    .attributes = 0x20 } },
	    2, "", "", "", "" },
	{ "plain file",
	    { MIME,
		{ .path = "version.yaml",
		    .content = "x",
		    .attributes = 0100644u << 16 } },
	    2, "", "", "", "" },
	{ "not an ASiC-E", { YAML, MIME }, 2, "", "", "", "" },
	{ "not an ASiC-E",
	    { { .path = "mimetype", .content = "text/plain" }, YAML }, 2, "",
	    "", "", "" },
	{ "not an ASiC-E",
	    { { .path = "mimetype", .content = CONTAINER_MIMETYPE "\n" },
		YAML },
	    2, "", "", "", "" },
	{ "back to back", { MIME, YAML }, 2, "PK", "", "", "" },
	{ "back to back", { MIME, YAML }, 2, "", "hidden", "", "" },
	{ "end", { MIME, YAML }, 2, "", "", "more", "" },
	{ "end", { MIME, YAML }, 2, "", "", "", "a comment" },
	{ "named", { MIME, YAML, YAML }, 3, "", "", "", "" },
	{ "named", { MIME, YAML, { .path = "VERSION.yaml", .content = "y" } },
	    3, "", "", "", "" },
	{ "dot", { MIME, { .path = "../evil", .content = "x" } }, 2, "", "", "",
	    "" },
	{ "empty", { MIME, { .path = "/etc/passwd", .content = "x" } }, 2, "",
	    "", "", "" },
	{ "empty", { MIME, { .path = "folder/", .content = "" } }, 2, "", "",
	    "", "" },
	{ "visible",
	    { MIME,
		{ .path = "a\xe2\x80\xae"
			  "b",
		    .content = "x",
		    .flags = 0x800 } },
	    2, "", "", "", "" },
	{ "UTF-8 flag", { MIME, { .path = "\xe0\xba\xaa", .content = "x" } }, 2,
	    "", "", "", "" },
	{ "extra field",
	    { MIME, { .path = "version.yaml", .content = "x", .extra = 9 } }, 2,
	    "", "", "", "" },
	{ "flag other",
	    { MIME, { .path = "version.yaml", .content = "x", .flags = 1 } }, 2,
	    "", "", "", "" },
	{ "flag other",
	    { MIME, { .path = "version.yaml", .content = "x", .flags = 8 } }, 2,
	    "", "", "", "" },
	{ "differs",
	    { MIME,
		{ .path = "version.yaml",
		    .content = "x",
		    .local_flags = 0x800 } },
	    2, "", "", "", "" },
	{ "differs",
	    { MIME,
		{ .path = "version.yaml",
		    .content = "x",
		    .local_path = "version.yamk" } },
	    2, "", "", "", "" },
	{ "compression",
	    { MIME, { .path = "version.yaml", .content = "x", .method = 12 } },
	    2, "", "", "", "" },
	{ "two sizes",
	    { MIME, { .path = "version.yaml", .content = "x", .size = 5 } }, 2,
	    "", "", "", "" },
	{ "bomb",
	    { MIME,
		{ .path = "version.yaml",
		    .content = "x",
		    .method = 8,
		    .size = 1u << 30 } },
	    2, "", "", "", "" },
	{ "Zip64",
	    { MIME,
		{ .path = "version.yaml",
		    .content = "x",
		    .method = 8,
		    .size = 0xffffffff } },
	    2, "", "", "", "" },
	{ "back to back",
	    { MIME,
		{ .path = "version.yaml", .content = "x", .offset_add = 1 } },
	    2, "", "", "", "" },
	{ "plain file",
	    { MIME,
		{ .path = "version.yaml",
		    .content = "x",
		    .made_by = 0x0314,
		    .attributes = 0120777u << 16 } },
	    2, "", "", "", "" },
	{ "plain file",
	    { MIME,
		{ .path = "version.yaml",
		    .content = "x",
		    .attributes = 0x10 } },
	    2, "", "", "", "" },
	{ "DOS nor Unix",
	    { MIME,
		{ .path = "version.yaml", .content = "x", .made_by = 0x1300 } },
	    2, "", "", "", "" },
};

START_TEST(a_zip_that_two_readers_could_see_differently_is_refused)
{
	struct buf bytes = BUF(100000);
	struct error err = { 0 };
	bool good;

	craft(crafted[_i].files, crafted[_i].num, crafted[_i].before,
	    crafted[_i].between, crafted[_i].after, crafted[_i].comment,
	    &bytes);
	good = reads(buf_span(&bytes), &err);
	ck_assert_msg(good == (crafted[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (!good)
		ck_assert_msg(strstr(err.detail, crafted[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
	buf_free(&bytes);
}
END_TEST

START_TEST(a_second_end_of_directory_is_refused)
{
	struct buf bytes = BUF(100000);
	struct error err = { 0 };
	struct span end;

	craft(crafted[0].files, 2, "", "", "", "", &bytes);
	end = span_sub(buf_span(&bytes), bytes.len - 22, 22);
	{
		uint8_t copy[22];

		memcpy(copy, end.data, 22);
		ck_ok(buf_append(&bytes, span_of(copy, 22), &err), err);
	}
	ck_assert(!reads(buf_span(&bytes), &err));
	buf_free(&bytes);
}
END_TEST

#define XML_HEAD                                                               \
	"<a:ASiCManifest xmlns:a=\"http://uri.etsi.org/02918/v1.2.1#\" "       \
	"xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\">"
#define SIGREF "<a:SigReference URI=\"META-INF/s.p7s\"/>"
#define METHOD                                                                 \
	"<d:DigestMethod "                                                     \
	"Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>"
#define VALUE                                                                  \
	"<d:DigestValue>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="          \
	"</d:DigestValue>"
#define REF(uri)                                                               \
	"<a:DataObjectReference URI=\"" uri "\">" METHOD VALUE                 \
	"</a:DataObjectReference>"
#define XML_TAIL "</a:ASiCManifest>"
#define A45      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define X8       "<x><x><x><x><x><x><x><x>"
#define Y8       "</x></x></x></x></x></x></x></x>"
#define X32      X8 X8 X8 X8
#define Y32      Y8 Y8 Y8 Y8

static const struct {
	const char *xml, *says; /* NULL: it is good */
} manifests[] = {
	{ XML_HEAD SIGREF REF("a") REF("b%20c") XML_TAIL, NULL },
	{ XML_HEAD SIGREF REF(
	      "a") "<a:ASiCManifestExtensions><x><y/></x></a:ASiCManifestExtensions>" XML_TAIL,
	    NULL },
	{ "<!DOCTYPE x [<!ENTITY e \"x\">]>" XML_HEAD SIGREF REF("a") XML_TAIL,
	    "DTD" },
	{ XML_HEAD SIGREF REF("&e;") XML_TAIL, "line" },
	{ XML_HEAD SIGREF XML_TAIL, "no file" },
	{ XML_HEAD REF("a") XML_TAIL, "SigReference" },
	{ XML_HEAD SIGREF SIGREF REF("a") XML_TAIL, "SigReference" },
	{ XML_HEAD SIGREF REF("a") REF("a") XML_TAIL, "two references" },
	{ XML_HEAD SIGREF REF("a") REF("%61") XML_TAIL, "two references" },
	{ XML_HEAD SIGREF REF("%zz") XML_TAIL, "URI" },
	{ XML_HEAD SIGREF REF("%00") XML_TAIL, "URI" },
	{ XML_HEAD SIGREF "<a:DataObjectReference URI=\"a\">" METHOD
			  "</a:DataObjectReference>" XML_TAIL,
	    "without a digest" },
	{ XML_HEAD SIGREF
	    "<a:DataObjectReference URI=\"a\">" METHOD
	    "<d:DigestValue>AA==</d:DigestValue></a:DataObjectReference>" XML_TAIL,
	    "length" },
	{ XML_HEAD SIGREF
	    "<a:DataObjectReference URI=\"a\">" METHOD METHOD VALUE
	    "</a:DataObjectReference>" XML_TAIL,
	    "DigestMethod" },
	{ XML_HEAD SIGREF "<a:Other/>" REF("a") XML_TAIL, "element" },
	{ XML_HEAD SIGREF "text" REF("a") XML_TAIL, "text" },
	{ XML_HEAD SIGREF REF("texts/en/" A45 A45 A45 A45 A45 A45
			      "aaaaaaaaaaaaaaaaaaaaa") XML_TAIL,
	    NULL },
	{ XML_HEAD SIGREF REF("texts/en/" A45 A45 A45 A45 A45 A45
			      "aaaaaaaaaaaaaaaaaaaaaa") XML_TAIL,
	    "URI" },
	{ XML_HEAD SIGREF REF("") XML_TAIL, "URI" },
	{ XML_HEAD SIGREF "<a:DataObjectReference>" METHOD VALUE
			  "</a:DataObjectReference>" XML_TAIL,
	    "URI" },
	{ XML_HEAD "<a:SigReference/>" REF("a") XML_TAIL, "SigReference" },
	{ XML_HEAD SIGREF "<a:DataObjectReference URI=\"a\">" VALUE METHOD
			  "</a:DataObjectReference>" XML_TAIL,
	    "not one DigestValue" },
	{ XML_HEAD SIGREF "<a:DataObjectReference URI=\"a\">" METHOD VALUE VALUE
			  "</a:DataObjectReference>" XML_TAIL,
	    "not one DigestValue" },
	{ XML_HEAD SIGREF "<a:DataObjectReference URI=\"a\">"
			  "<d:DigestMethod/>" VALUE
			  "</a:DataObjectReference>" XML_TAIL,
	    "DigestMethod" },
	{ XML_HEAD SIGREF "<a:DataObjectReference URI=\"a\">" METHOD
			  "<d:DigestValue>" A45 A45
			  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			  "</d:DigestValue></a:DataObjectReference>" XML_TAIL,
	    "length" },
	{ XML_HEAD SIGREF "<a:DataObjectReference URI=\"a\">" METHOD
			  "<d:DigestValue>" A45 A45
			  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			  "</d:DigestValue></a:DataObjectReference>" XML_TAIL,
	    "too long" },
	{ XML_HEAD SIGREF
	    "<a:DataObjectReference URI=\"a\">" METHOD
	    "<d:DigestValue><x/></d:DigestValue></a:DataObjectReference>" XML_TAIL,
	    "in a DigestValue" },
	{ XML_HEAD SIGREF "<a:DataObjectReference URI=\"a\">" METHOD VALUE
			  "<x/></a:DataObjectReference>" XML_TAIL,
	    "a reference has not" },
	{ XML_HEAD SIGREF REF("a") "<a:ASiCManifestExtensions>" X32 Y32
				   "</a:ASiCManifestExtensions>" XML_TAIL,
	    NULL },
	{ XML_HEAD SIGREF REF("a") "<a:ASiCManifestExtensions><x>" X32 Y32
				   "</x></a:ASiCManifestExtensions>" XML_TAIL,
	    "too deep" },
	{ "<ASiCManifest/>", "not an ASiCManifest" },
	{ XML_HEAD SIGREF REF("a"), "line" },
	{ "", "line" },
};

START_TEST(a_manifest_that_says_two_things_is_refused)
{
	struct manifest manifest;
	struct error err = { 0 };
	const bool good =
	    manifest_parse(span_of_str(manifests[_i].xml), &manifest, &err);

	ck_assert_msg(good == (manifests[_i].says == NULL), "%d: %s", _i,
	    err.detail);
	if (good)
		manifest_free(&manifest);
	else
		ck_assert_msg(strstr(err.detail, manifests[_i].says) != NULL,
		    "%d: %s", _i, err.detail);
}
END_TEST

START_TEST(a_manifest_comes_back_as_it_went)
{
	const struct digest digest = sha256_of(span_of_str("x"));
	struct manifest out = { 0 }, back;
	struct buf xml = BUF(10000);
	struct error err = { 0 };

	snprintf(out.signature, sizeof(out.signature), "META-INF/s.p7s");
	ck_ok(manifest_add(&out, "texts/lo/\xe0\xba\xaa & <b>.pdf",
		  "application/pdf", &digest, &err) &&
		manifest_encode(&out, &xml, &err) &&
		manifest_parse(buf_span(&xml), &back, &err),
	    err);
	ck_assert_str_eq(back.references[0].path, out.references[0].path);
	ck_assert_uint_eq(back.references[0].bits, 256);
	ck_assert(memcmp(back.references[0].digest, digest.bytes, 32) == 0);
	manifest_free(&out);
	manifest_free(&back);
	buf_free(&xml);
}
END_TEST

static void
same_manifest(const struct buf *xml, const char *what, size_t at)
{
	struct manifest quick, slow;
	struct error err = { 0 }, ignored = { 0 };
	struct buf spaced = BUF(10000);
	bool good;

	/* What another maker may write, a space at the end, expat reads. */
	ck_ok(buf_append(&spaced, buf_span(xml), &err) &&
		buf_append_str(&spaced, " ", &err),
	    err);
	good = manifest_parse(buf_span(xml), &quick, &err);
	ck_assert_msg(good ==
		manifest_parse(buf_span(&spaced), &slow, &ignored),
	    "%s at %zu: %s", what, at, err.detail);
	buf_free(&spaced);
	if (!good)
		return;
	ck_assert_str_eq(quick.signature, slow.signature);
	ck_assert_uint_eq(quick.num, slow.num);
	for (size_t i = 0; i < quick.num; i++) {
		const struct reference *a = &quick.references[i];
		const struct reference *b = &slow.references[i];

		ck_assert_str_eq(a->path, b->path);
		ck_assert_str_eq(a->media, b->media);
		ck_assert_uint_eq(a->bits, b->bits);
		ck_assert_mem_eq(a->digest, b->digest, sizeof(a->digest));
	}
	manifest_free(&quick);
	manifest_free(&slow);
}

START_TEST(our_own_manifest_is_read_as_expat_reads_it)
{
	static const uint8_t bytes[] = "\"&<>% %+_~:A\n\0\x80=";
	const struct digest digest = sha256_of(span_of_str("x"));
	struct manifest own = { 0 };
	struct buf xml = BUF(10000);
	struct error err = { 0 };

	snprintf(own.signature, sizeof(own.signature), "META-INF/s.p7s");
	ck_ok(manifest_add(&own, "a%20/\xe0\xba\xaa.pdf", "application/pdf",
		  &digest, &err) &&
		manifest_add(&own, "a%2/b", "text/x+y", &digest, &err) &&
		manifest_encode(&own, &xml, &err),
	    err);
	same_manifest(&xml, "as it is", 0);
	for (size_t i = 0; i < xml.len; i++) {
		const uint8_t was = xml.data[i];

		for (size_t j = 0; j < sizeof(bytes) - 1; j++) {
			xml.data[i] = bytes[j];
			same_manifest(&xml, "a byte", i);
		}
		xml.data[i] = was;
	}
	while (xml.len > 0) {
		xml.len--;
		same_manifest(&xml, "cut", xml.len);
	}
	ck_ok(manifest_add(&own, "a%2/b", "text/x+y", &digest, &err) &&
		manifest_encode(&own, &xml, &err),
	    err);
	same_manifest(&xml, "a file twice", 0);
	manifest_free(&own);
	buf_free(&xml);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t,
	    a_container_reads_as_it_was_written_and_twice_the_same);
	tcase_add_test(t, every_flipped_byte_of_a_container_is_noticed);
	tcase_add_test(t, what_the_writer_makes_the_reader_takes);
	tcase_add_loop_test(t,
	    plain_files_are_deflated_where_they_are_written_again, 0, 2);
	tcase_add_test(t, every_truncation_of_a_container_is_refused);
	tcase_add_loop_test(t,
	    a_zip_that_two_readers_could_see_differently_is_refused, 0,
	    COUNT(crafted));
	tcase_add_test(t, a_second_end_of_directory_is_refused);
	tcase_add_loop_test(t, a_manifest_that_says_two_things_is_refused, 0,
	    COUNT(manifests));
	tcase_add_test(t, a_manifest_comes_back_as_it_went);
	tcase_add_test(t, our_own_manifest_is_read_as_expat_reads_it);
}

int
main(void)
{
	return run_tests("document", fill);
}
