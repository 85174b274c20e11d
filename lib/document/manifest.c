/*
 * Parsing a manifest by expat, and encoding one (manifest.h).
 */
#include "document/manifest.h"

#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "base/text.h"

#define ASIC "http://uri.etsi.org/02918/v1.2.1#"
#define DSIG "http://www.w3.org/2000/09/xmldsig#"

static const struct {
	const char *uri;
	unsigned bits;
} algorithms[] = {
	{ "http://www.w3.org/2001/04/xmlenc#sha256", 256 },
	{ "http://www.w3.org/2001/04/xmldsig-more#sha384", 384 },
	{ "http://www.w3.org/2001/04/xmlenc#sha512", 512 },
};

const char *
media_of_path(const char *path)
{
	static const struct {
		const char *suffix, *media;
	} known[] = {
		{ ".yaml", "application/yaml" },
		{ ".xml", "text/xml" },
		{ ".p7s", "application/pkcs7-signature" },
		{ ".pdf", "application/pdf" },
		{ ".txt", "text/plain" },
		{ ".md", "text/markdown" },
	};
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(known) / sizeof(known[0]);
	     i++)
		if (strcmp(dot, known[i].suffix) == 0)
			return known[i].media;
	return "application/octet-stream";
}

bool
manifest_add(struct manifest *manifest, const char *path, const char *media,
    const struct digest *sha256, struct error *err)
{
	struct reference *all, *one;

	if (manifest->num >= 2 * LIMIT_MEMBERS)
		return error_set(err, ERROR_LIMIT,
		    "a manifest of more than %d files", 2 * LIMIT_MEMBERS);
	/* The room grows in powers of two. */
	if ((manifest->num & (manifest->num - 1)) == 0) {
		all = realloc(manifest->references,
		    (manifest->num == 0 ? 1 : manifest->num * 2) *
			sizeof(*all));
		if (all == NULL)
			return error_set_errno(err, "manifest");
		manifest->references = all;
	}
	one = &manifest->references[manifest->num++];
	*one = (struct reference){ 0 };
	if (!text_take(one->path, sizeof(one->path), path, err) ||
	    !text_take(one->media, sizeof(one->media), media, err))
		return false;
	if (sha256 != NULL) {
		one->bits = 256;
		memcpy(one->digest, sha256->bytes, sizeof(sha256->bytes));
	}
	return true;
}

void
manifest_free(struct manifest *manifest)
{
	free(manifest->references);
	*manifest = (struct manifest){ 0 };
}

const struct reference *
manifest_find(const struct manifest *manifest, const char *path)
{
	for (size_t i = 0; i < manifest->num; i++)
		if (strcmp(manifest->references[i].path, path) == 0)
			return &manifest->references[i];
	return NULL;
}

/* RFC 3986: what is not unreserved or '/' is percent-encoded. */
static bool
put_uri(struct buf *out, const char *path, struct error *err)
{
	for (const char *c = path; *c != '\0'; c++) {
		const bool plain = (*c >= 'a' && *c <= 'z') ||
		    (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
		    strchr("-._~/", *c) != NULL;

		if (plain ? !buf_append(out, span_of(c, 1), err)
			  : !buf_printf(out, err, "%%%02X", (unsigned char)*c))
			return false;
	}
	return true;
}

/* The pieces of text between the values in a manifest of ours. */
#define OWN_HEAD                                                               \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                         \
	"<asic:ASiCManifest xmlns:asic=\"" ASIC "\" xmlns:ds=\"" DSIG          \
	"\">\n  <asic:SigReference URI=\""
#define OWN_SIGNATURE_END "\" MimeType=\"application/pkcs7-signature\"/>\n"
#define OWN_REFERENCE     "  <asic:DataObjectReference URI=\""
#define OWN_MEDIA         "\" MimeType=\""
#define OWN_METHOD        "\">\n    <ds:DigestMethod Algorithm=\""
#define OWN_VALUE         "\"/>\n    <ds:DigestValue>"
#define OWN_REFERENCE_END "</ds:DigestValue>\n  </asic:DataObjectReference>\n"
#define OWN_END           "</asic:ASiCManifest>\n"

bool
manifest_encode(const struct manifest *manifest, struct buf *out,
    struct error *err)
{
	if (!buf_append_str(out, OWN_HEAD, err) ||
	    !put_uri(out, manifest->signature, err) ||
	    !buf_append_str(out, OWN_SIGNATURE_END, err))
		return false;
	for (size_t i = 0; i < manifest->num; i++) {
		const struct reference *one = &manifest->references[i];

		if (!buf_append_str(out, OWN_REFERENCE, err) ||
		    !put_uri(out, one->path, err) ||
		    !buf_printf(out, err, OWN_MEDIA "%s" OWN_METHOD "%s",
			one->media, algorithms[0].uri) ||
		    !buf_append_str(out, OWN_VALUE, err) ||
		    !buf_append_base64(out, span_of(one->digest, 32), err) ||
		    !buf_append_str(out, OWN_REFERENCE_END, err))
			return false;
	}
	return buf_append_str(out, OWN_END, err);
}

enum place { OUTSIDE, ROOT, IN_REFERENCE, IN_VALUE, IGNORED };

struct reader {
	XML_Parser parser;
	struct manifest *out;
	struct error *err;
	bool failed;
	enum place place;
	unsigned ignored; /* depth below IGNORED */
	bool has_signature, has_method, has_value;
	char value[128];
	size_t value_len;
};

static void
refuse(struct reader *in, const char *what)
{
	if (!in->failed)
		error_set(in->err, ERROR_MALFORMED, "manifest, line %lu: %s",
		    XML_GetCurrentLineNumber(in->parser), what);
	in->failed = true;
	XML_StopParser(in->parser, XML_FALSE);
}

static const char *
attribute(const char **attributes, const char *name)
{
	for (size_t i = 0; attributes[i] != NULL; i += 2)
		if (strcmp(attributes[i], name) == 0)
			return attributes[i + 1];
	return NULL;
}

static int
hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0'
	    : c >= 'A' && c <= 'F'  ? c - 'A' + 10
	    : c >= 'a' && c <= 'f'  ? c - 'a' + 10
				    : -1;
}

static bool
decode_uri(const char *uri, char out[LIMIT_PATH_BYTES + 1])
{
	size_t n = 0;

	for (; *uri != '\0'; uri++) {
		int c = (unsigned char)*uri;

		if (c == '%') {
			const int high = hex_value(uri[1]);
			const int low = high < 0 ? -1 : hex_value(uri[2]);

			if (low < 0 || (c = high * 16 + low) == 0)
				return false;
			uri += 2;
		}
		if (n == LIMIT_PATH_BYTES)
			return false;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return n > 0;
}

/* --- As manifest_encode() writes it. --- */

static bool
take_text(struct span *in, const char *text)
{
	struct span taken;

	return span_starts(*in, text) && span_take(in, strlen(text), &taken);
}

/*
 * Take the value up to '"', if XML gives none of its characters another
 * meaning.
 */
static bool
take_plain(struct span *in, char out[3 * LIMIT_PATH_BYTES + 1])
{
	struct span value;

	if (!span_take_until(in, '"', &value) ||
	    !span_to_str(value, out, 3 * LIMIT_PATH_BYTES + 1))
		return false;
	in->data--, in->len++; /* a '"' begins the next piece */
	for (const char *c = out; *c != '\0'; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			(*c >= '-' && *c <= '9') || *c == '%' || *c == '+' ||
			*c == '_' || *c == '~'))
			return false;
	return true;
}

static bool
take_own_reference(struct span *in, struct manifest *out, struct error *err)
{
	char uri[3 * LIMIT_PATH_BYTES + 1], media[3 * LIMIT_PATH_BYTES + 1];
	char path[LIMIT_PATH_BYTES + 1];
	struct digest digest;
	struct span value;

	return take_text(in, OWN_REFERENCE) && take_plain(in, uri) &&
	    take_text(in, OWN_MEDIA) && take_plain(in, media) &&
	    take_text(in, OWN_METHOD) && take_text(in, algorithms[0].uri) &&
	    take_text(in, OWN_VALUE) &&
	    span_take(in, BASE64_SIZE(32) - 1, &value) &&
	    span_to_base64(value, digest.bytes, sizeof(digest.bytes)) &&
	    take_text(in, OWN_REFERENCE_END) && decode_uri(uri, path) &&
	    manifest_find(out, path) == NULL &&
	    manifest_add(out, path, media, &digest, err);
}

/*
 * Read a manifest in place, if it is byte for byte as manifest_encode() writes
 * it. Most are, and expat takes twenty times as long. If it is not, return
 * false with out empty; expat then says what it is, or what is wrong with it.
 */
static bool
parse_own(struct span in, struct manifest *out)
{
	char uri[3 * LIMIT_PATH_BYTES + 1];
	struct error ignored = { 0 };
	bool ok;

	ok = take_text(&in, OWN_HEAD) && take_plain(&in, uri) &&
	    take_text(&in, OWN_SIGNATURE_END) &&
	    decode_uri(uri, out->signature);
	while (ok && !span_is(in, OWN_END))
		ok = take_own_reference(&in, out, &ignored);
	if (!ok || out->num == 0)
		manifest_free(out);
	return ok && out->num > 0;
}

/* --- As others write it. --- */

static void
start_sig_reference(struct reader *in, const char **attributes)
{
	const char *uri = attribute(attributes, "URI");

	if (in->has_signature || uri == NULL ||
	    !decode_uri(uri, in->out->signature)) {
		refuse(in, "not exactly one SigReference with a URI");
		return;
	}
	in->has_signature = true;
	in->place = IGNORED;
}

static void
start_reference(struct reader *in, const char **attributes)
{
	const char *uri = attribute(attributes, "URI");
	const char *media = attribute(attributes, "MimeType");
	char path[LIMIT_PATH_BYTES + 1];

	if (uri == NULL || !decode_uri(uri, path)) {
		refuse(in, "a DataObjectReference without a usable URI");
		return;
	}
	if (manifest_find(in->out, path) != NULL) {
		refuse(in, "two references to one file");
		return;
	}
	if (!manifest_add(in->out, path, media != NULL ? media : "", NULL,
		in->err)) {
		in->failed = true;
		XML_StopParser(in->parser, XML_FALSE);
		return;
	}
	in->has_method = in->has_value = false;
	in->place = IN_REFERENCE;
}

static void
start_method(struct reader *in, const char **attributes)
{
	const char *uri = attribute(attributes, "Algorithm");
	struct reference *one = &in->out->references[in->out->num - 1];

	if (in->has_method || uri == NULL) {
		refuse(in, "not exactly one DigestMethod");
		return;
	}
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strcmp(uri, algorithms[i].uri) == 0)
			one->bits = algorithms[i].bits;
	in->has_method = true;
	in->place = IGNORED;
	in->ignored = 1; /* returns to IN_REFERENCE */
}

static void
start_element(void *arg, const char *name, const char **attributes)
{
	struct reader *in = arg;

	switch (in->place) {
	case OUTSIDE:
		if (strcmp(name, ASIC " ASiCManifest") != 0)
			refuse(in, "not an ASiCManifest");
		in->place = ROOT;
		return;
	case ROOT:
		if (strcmp(name, ASIC " SigReference") == 0)
			start_sig_reference(in, attributes);
		else if (strcmp(name, ASIC " DataObjectReference") == 0)
			start_reference(in, attributes);
		else if (strcmp(name, ASIC " ASiCManifestExtensions") == 0)
			in->place = IGNORED;
		else
			refuse(in, "an element that a manifest has not");
		return;
	case IN_REFERENCE:
		if (strcmp(name, DSIG " DigestMethod") == 0) {
			start_method(in, attributes);
		} else if (strcmp(name, DSIG " DigestValue") == 0) {
			if (in->has_value || !in->has_method)
				refuse(in,
				    "not one DigestValue after its"
				    " DigestMethod");
			in->value_len = 0;
			in->place = IN_VALUE;
		} else if (strcmp(name,
			       ASIC " DataObjectReferenceExtensions") == 0) {
			in->place = IGNORED;
			in->ignored = 1;
		} else {
			refuse(in, "an element that a reference has not");
		}
		return;
	case IN_VALUE:
		refuse(in, "an element in a DigestValue");
		return;
	case IGNORED:
		/*
		 * Count the children of an element that is skipped, to find its
		 * end.
		 */
		in->ignored += 2;
		if (in->ignored > 64)
			refuse(in, "too deep");
		return;
	}
}

static void
end_value(struct reader *in)
{
	struct reference *one = &in->out->references[in->out->num - 1];

	in->has_value = true;
	in->place = IN_REFERENCE;
	/*
	 * A digest that we do not compute: bits stays 0, so that nothing
	 * matches.
	 */
	if (one->bits != 0 &&
	    !span_to_base64(span_of(in->value, in->value_len), one->digest,
		one->bits / 8))
		refuse(in,
		    "a DigestValue is not base64 of its digest's"
		    " length");
}

static void
end_element(void *arg, const char *name)
{
	struct reader *in = arg;

	(void)name;
	switch (in->place) {
	case IN_VALUE:
		end_value(in);
		return;
	case IN_REFERENCE:
		if (!in->has_method || !in->has_value)
			refuse(in, "a reference without a digest");
		in->place = ROOT;
		return;
	case IGNORED:
		if (in->ignored >= 2)
			in->ignored -= 2;
		else
			in->place = in->ignored == 1 ? IN_REFERENCE : ROOT;
		if (in->place != IGNORED)
			in->ignored = 0;
		return;
	case OUTSIDE:
	case ROOT:
		return;
	}
}

static void
characters(void *arg, const char *text, int len)
{
	struct reader *in = arg;

	for (int i = 0; i < len; i++) {
		const bool space = strchr(" \t\r\n", text[i]) != NULL;

		if (in->place != IN_VALUE) {
			if (!space && in->place != IGNORED)
				refuse(in, "text between elements");
			continue;
		}
		if (space)
			continue;
		if (in->value_len == sizeof(in->value)) {
			refuse(in, "a DigestValue is too long");
			return;
		}
		in->value[in->value_len++] = text[i];
	}
}

static void
start_doctype(void *arg, const char *name, const char *system,
    const char *public, int internal)
{
	(void)name, (void)system, (void)public, (void)internal;
	refuse(arg, "a DTD");
}

bool
manifest_parse(struct span xml, struct manifest *out, struct error *err)
{
	struct reader in = { .out = out, .err = err };
	enum XML_Status status;

	*out = (struct manifest){ 0 };
	if (xml.len > LIMIT_MANIFEST_BYTES)
		return error_set(err, ERROR_LIMIT,
		    "manifest of %zu bytes, limit %d", xml.len,
		    LIMIT_MANIFEST_BYTES);
	if (parse_own(xml, out))
		return true;
	if ((in.parser = XML_ParserCreateNS("UTF-8", ' ')) == NULL)
		return error_set_outside(err, "manifest: no memory");
	XML_SetUserData(in.parser, &in);
	XML_SetElementHandler(in.parser, start_element, end_element);
	XML_SetCharacterDataHandler(in.parser, characters);
	XML_SetStartDoctypeDeclHandler(in.parser, start_doctype);
	status = XML_Parse(in.parser, (const char *)xml.data, (int)xml.len, 1);
	if (status != XML_STATUS_OK && !in.failed) {
		error_set(err, ERROR_MALFORMED, "manifest, line %lu: %s",
		    XML_GetCurrentLineNumber(in.parser),
		    XML_ErrorString(XML_GetErrorCode(in.parser)));
		in.failed = true;
	}
	XML_ParserFree(in.parser);
	if (!in.failed && !in.has_signature)
		in.failed = !error_set(err, ERROR_MALFORMED,
		    "manifest: no SigReference");
	if (!in.failed && out->num == 0)
		in.failed = !error_set(err, ERROR_MALFORMED,
		    "manifest: it refers to no file");
	if (in.failed)
		manifest_free(out);
	return !in.failed;
}
