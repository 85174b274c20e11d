/*
 * Finding a page, and the fields of answers with one (pages.h).
 */
#include "pages/pages.h"

#include <string.h>
#include <strings.h>

const struct page_header page_headers[] = {
	{ "Content-Security-Policy",
	    "default-src 'none'; script-src 'self'; style-src 'self';"
	    " connect-src 'self'; img-src 'self' data: blob:;"
	    " frame-src 'self' blob:; base-uri 'none'; form-action 'none';"
	    " frame-ancestors 'none'; require-trusted-types-for 'script';"
	    " trusted-types 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Permissions-Policy",
	    "camera=(), geolocation=(), microphone=(), payment=(), usb=()" },
	{ "Cache-Control", "no-cache" },
	{ NULL, NULL },
};

const struct page *
pages_find(struct span path)
{
	for (size_t i = 0; i < pages_num; i++)
		if (span_is(path, pages_all[i].path))
			return &pages_all[i];
	return NULL;
}

/* Take the next element of a comma-separated list, without its blanks. */
static bool
take_element(struct span *rest, struct span *element)
{
	if (rest->len == 0)
		return false;
	if (!span_take_until(rest, ',', element)) {
		*element = *rest;
		rest->len = 0;
	}
	while (element->len > 0 &&
	    (element->data[0] == ' ' || element->data[0] == '\t'))
		*element = span_sub(*element, 1, element->len - 1);
	while (element->len > 0 &&
	    (element->data[element->len - 1] == ' ' ||
		element->data[element->len - 1] == '\t'))
		element->len--;
	return true;
}

bool
pages_is_known(const struct page *page, const char *if_none_match)
{
	struct span rest = span_of_str(if_none_match), tag;

	while (take_element(&rest, &tag)) {
		/* The comparison is the weak one. */
		if (span_starts(tag, "W/"))
			tag = span_sub(tag, 2, tag.len - 2);
		if (span_is(tag, "*") || span_is(tag, page->etag) ||
		    span_is(tag, page->gzip_etag))
			return true;
	}
	return false;
}

/* Is it "q=0", with as many zeros as there may be? */
static bool
is_refusal(struct span weight)
{
	while (weight.len > 0 && weight.data[0] == ' ')
		weight = span_sub(weight, 1, weight.len - 1);
	return span_is(weight, "q=0") || span_is(weight, "q=0.0") ||
	    span_is(weight, "q=0.00") || span_is(weight, "q=0.000");
}

bool
pages_takes_gzip(const char *accept_encoding)
{
	struct span rest = span_of_str(accept_encoding), element, coding;

	while (take_element(&rest, &element)) {
		if (!span_take_until(&element, ';', &coding)) {
			coding = element;
			element.len = 0;
		}
		if (coding.len == 4 &&
		    strncasecmp((const char *)coding.data, "gzip", 4) == 0)
			return !is_refusal(element);
	}
	return false;
}
