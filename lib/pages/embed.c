/*
 * embed - print the C of the table of pages ("embed WEB NAME…"): the bytes of
 * each file NAME under the folder WEB, and the same in gzip's format.
 */
#include <stdio.h>
#include <string.h>

#include "base/deflate.h"
#include "base/digest.h"
#include "base/file.h"

/* No file that a person can read in an editor is larger. */
enum { FILE_BYTES = 1 << 20, TAG_DIGITS = 32 };

/* The media type by the end of the name, or NULL. */
static const char *
type_of(const char *name)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".json", "application/json" },
		{ ".svg", "image/svg+xml" },
	};
	const char *ending = strrchr(name, '.');

	for (size_t i = 0; ending != NULL && i < sizeof(types) / sizeof(*types);
	     i++)
		if (strcmp(ending, types[i].ending) == 0)
			return types[i].type;
	return NULL;
}

/* Append a gzip member of one deflate stream (RFC 1952 section 2.3). */
static bool
put_gzip(struct span bytes, struct buf *out, struct error *err)
{
	/* No time and no name: the same bytes at every build. */
	static const uint8_t head[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255 };
	const uint32_t tail[] = { deflate_crc32(0, bytes),
		(uint32_t)bytes.len };

	if (!buf_append(out, span_of(head, sizeof(head)), err) ||
	    !deflate_raw(bytes, out, err))
		return false;
	for (size_t i = 0; i < 2; i++)
		for (unsigned shift = 0; shift < 32; shift += 8)
			if (!buf_append_u8(out, (uint8_t)(tail[i] >> shift),
				err))
				return false;
	return true;
}

/* Define an array; an empty one has a byte, which its length leaves out. */
static void
print_bytes(const char *name, size_t number, struct span bytes)
{
	printf("static const uint8_t %s%zu[] = {", name, number);
	for (size_t i = 0; i < bytes.len; i++)
		printf("%s%u,", i % 20 == 0 ? "\n" : "", bytes.data[i]);
	printf("%s};\n", bytes.len == 0 ? "0" : "\n");
}

/* Define the arrays of a file, and append its row to the table. */
static bool
embed(const char *web, const char *name, size_t number, struct buf *table,
    struct error *err)
{
	struct buf bytes = BUF(FILE_BYTES), gzip = BUF(FILE_BYTES * 2);
	const char *type = type_of(name);
	char path[FILE_PATH], hex[DIGEST_HEX];
	struct digest digest;
	bool ok;

	if (type == NULL)
		return error_set(err, ERROR_USAGE,
		    "%s: a page is .html, .js, .css, .json or .svg", name);
	ok = file_join(path, web, name, err) &&
	    file_read(path, bytes.max, &bytes, err) &&
	    put_gzip(buf_span(&bytes), &gzip, err);
	if (ok && gzip.len >= bytes.len)
		gzip.len = 0;
	if (ok) {
		digest = sha256_of(buf_span(&bytes));
		digest_hex(&digest, hex);
		print_bytes("plain", number, buf_span(&bytes));
		print_bytes("gzip", number, buf_span(&gzip));
		ok = buf_printf(table, err,
		    "\t{ \"/%s\", \"%s\",\n"
		    "\t    \"\\\"%.*s\\\"\", \"\\\"%.*s-gzip\\\"\",\n"
		    "\t    { plain%zu, %zu }, { gzip%zu, %zu } },\n",
		    strcmp(name, "index.html") == 0 ? "" : name, type,
		    TAG_DIGITS, hex, TAG_DIGITS, hex, number, bytes.len, number,
		    gzip.len);
	}
	buf_free(&bytes);
	buf_free(&gzip);
	return ok;
}

int
main(int argc, char *argv[])
{
	struct buf table = BUF(FILE_BYTES);
	struct error err = { 0 };
	bool ok = argc > 2 || error_set(&err, ERROR_USAGE, "embed WEB NAME...");

	printf("/* Made by lib/pages/embed.c of the files in web/. */\n"
	       "#include \"pages/pages.h\"\n");
	for (int i = 2; ok && i < argc; i++)
		ok = embed(argv[1], argv[i], (size_t)i, &table, &err);
	if (ok)
		printf("const struct page pages_all[] = {\n%.*s};\n"
		       "const size_t pages_num = %d;\n",
		    (int)table.len, (const char *)table.data, argc - 2);
	if (ok && (fflush(stdout) != 0 || ferror(stdout)))
		ok = error_set_errno(&err, "standard output");
	if (!ok)
		fprintf(stderr, "embed: %s\n", err.detail);
	buf_free(&table);
	return error_exit_status(err.kind);
}
