/*
 * Checking that bytes are DER to the last level (der.h).
 */
#include "pki/der.h"

#include <string.h>

#include <openssl/objects.h>

#include "base/limits.h"

enum { CLASS = 0xc0, CONSTRUCTED = 0x20, NUMBER = 0x1f, BIT_8 = 0x80 };

bool
der_take(struct span *in, struct tlv *out)
{
	struct span rest = *in;
	uint8_t first, byte;
	size_t len;

	if (!span_take_u8(&rest, &out->tag) || (out->tag & NUMBER) == NUMBER ||
	    !span_take_u8(&rest, &first))
		return false;
	len = first;
	if (first >= 0x80) {
		const unsigned octets = first & 0x7f;

		/* 0x80 is the indefinite form (X.690 10.1). */
		if (octets < 1 || octets > 4)
			return false;
		len = 0;
		for (unsigned i = 0; i < octets; i++) {
			if (!span_take_u8(&rest, &byte) ||
			    (i == 0 && byte == 0))
				return false;
			len = len << 8 | byte;
		}
		if (len < 0x80)
			return false;
	}
	if (!span_take(&rest, len, &out->value))
		return false;
	out->whole = span_of(in->data, in->len - rest.len);
	*in = rest;
	return true;
}

bool
der_take_tag(struct span *in, uint8_t tag, struct tlv *out)
{
	struct span rest = *in;

	if (!der_take(&rest, out) || out->tag != tag)
		return false;
	*in = rest;
	return true;
}

/* As octet strings, the shorter one padded with zeros (X.690 11.6). */
bool
der_is_in_order(struct span set)
{
	struct tlv last, next;

	if (set.len == 0)
		return true;
	if (!der_take(&set, &last))
		return false;
	while (set.len > 0) {
		if (!der_take(&set, &next) ||
		    span_order(last.whole, next.whole) > 0)
			return false;
		last = next;
	}
	return true;
}

/* X.690 8.3.2: the first nine bits are neither all 0 nor all 1. */
static bool
is_integer(struct span value)
{
	if (value.len == 0)
		return false;
	return value.len == 1 ||
	    !((value.data[0] == 0 && (value.data[1] & BIT_8) == 0) ||
		(value.data[0] == 0xff && (value.data[1] & BIT_8) != 0));
}

/* X.690 11.2.1: the unused bits are 0. */
static bool
is_bit_string(struct span value)
{
	if (value.len == 0 || value.data[0] > 7)
		return false;
	if (value.len == 1)
		return value.data[0] == 0;
	return (value.data[value.len - 1] & ((1u << value.data[0]) - 1)) == 0;
}

/* X.690 8.19.2: no part begins with a zero that means nothing. */
static bool
is_oid(struct span value)
{
	bool begins = true;

	if (value.len == 0 || (value.data[value.len - 1] & BIT_8) != 0)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (begins && value.data[i] == 0x80)
			return false;
		begins = (value.data[i] & BIT_8) == 0;
	}
	return true;
}

static bool
are_digits(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	return true;
}

/* X.690 11.7, 11.8: to the second, "Z", no zero at the end of a fraction. */
static bool
is_time(struct span value, size_t digits)
{
	size_t fraction;

	if (value.len < digits + 1 || value.data[value.len - 1] != 'Z' ||
	    !are_digits(span_sub(value, 0, digits)))
		return false;
	if (value.len == digits + 1)
		return true;
	fraction = value.len - digits - 2;
	return digits == 14 && value.data[digits] == '.' && fraction > 0 &&
	    are_digits(span_sub(value, digits + 1, fraction)) &&
	    value.data[value.len - 2] != '0';
}

/* Check a primitive value. Returns what is wrong with it, or NULL. */
static const char *
wrong_value(uint8_t tag, struct span value)
{
	switch (tag) {
	case 0:
		return "an end of contents";
	case DER_BOOLEAN:
		return value.len == 1 &&
			(value.data[0] == 0 || value.data[0] == 0xff)
		    ? NULL
		    : "a BOOLEAN that is neither 00 nor FF";
	case DER_INTEGER:
	case DER_ENUMERATED:
		return is_integer(value) ? NULL
					 : "an INTEGER that is not shortest";
	case DER_BIT_STRING:
		return is_bit_string(value) ? NULL
					    : "a BIT STRING with spare bits";
	case DER_NULL:
		return value.len == 0 ? NULL : "a NULL with contents";
	case DER_OID:
	case DER_RELATIVE_OID:
		return is_oid(value) ? NULL : "a broken OBJECT IDENTIFIER";
	case DER_UTC_TIME:
		return is_time(value, 12) ? NULL
					  : "a UTCTime not in DER's form";
	case DER_GENERALIZED_TIME:
		return is_time(value, 14)
		    ? NULL
		    : "a GeneralizedTime not in DER's form";
	default:
		return NULL;
	}
}

/* Check the form: which types have parts, and which have none. */
static const char *
wrong_form(uint8_t tag)
{
	const uint8_t number = tag & NUMBER;
	/* EXTERNAL, EMBEDDED PDV, SEQUENCE, SET; strings never (10.2). */
	const bool has_parts =
	    number == 8 || number == 11 || number == 16 || number == 17;

	if ((tag & CLASS) != 0 || has_parts == ((tag & CONSTRUCTED) != 0))
		return NULL;
	return has_parts ? "a SEQUENCE or SET without parts"
			 : "a string in parts";
}

struct walk {
	const uint8_t *start;
	struct error *err;
};

static bool
wrong(const struct walk *walk, const uint8_t *at, const char *what)
{
	return error_set(walk->err, ERROR_MALFORMED, "not DER: %s at byte %zu",
	    what, (size_t)(at - walk->start));
}

static bool
check(const struct walk *walk, struct span in, unsigned depth)
{
	if (depth > LIMIT_DER_DEPTH)
		return error_set(walk->err, ERROR_LIMIT,
		    "DER of more than %d levels", LIMIT_DER_DEPTH);
	while (in.len > 0) {
		const uint8_t *at = in.data;
		const char *what;
		struct tlv tlv;

		if (!der_take(&in, &tlv))
			return wrong(walk, at,
			    "a length that is not shortest, or too long");
		what = wrong_form(tlv.tag);
		if (what == NULL && (tlv.tag & CLASS) == 0)
			what = wrong_value(tlv.tag, tlv.value);
		if (what != NULL)
			return wrong(walk, at, what);
		if ((tlv.tag & CONSTRUCTED) != 0 &&
		    !check(walk, tlv.value, depth + 1))
			return false;
		if (tlv.tag == DER_SET && !der_is_in_order(tlv.value))
			return wrong(walk, at, "a SET out of order");
	}
	return true;
}

bool
der_check(struct span der, struct error *err)
{
	const struct walk walk = { der.data, err };
	struct span rest = der;
	struct tlv tlv;

	if (!der_take(&rest, &tlv) || rest.len != 0)
		return error_set(err, ERROR_MALFORMED,
		    "not DER: not one value, whole");
	return check(&walk, der, 0);
}

bool
der_append_header(struct buf *out, uint8_t tag, size_t len, struct error *err)
{
	if (!buf_append_u8(out, tag, err))
		return false;
	if (len < 0x80)
		return buf_append_u8(out, (uint8_t)len, err);
	if (len < 0x100)
		return buf_append_u8(out, 0x81, err) &&
		    buf_append_u8(out, (uint8_t)len, err);
	if (len < 0x10000)
		return buf_append_u8(out, 0x82, err) &&
		    buf_append_u16(out, (uint16_t)len, err);
	/* No value of ours has 16 MiB or more, so three bytes are enough. */
	return buf_append_u8(out, 0x83, err) &&
	    buf_append_u8(out, (uint8_t)(len >> 16), err) &&
	    buf_append_u16(out, (uint16_t)len, err);
}

size_t
der_header_size(size_t len)
{
	return len < 0x80 ? 2 : len < 0x100 ? 3 : len < 0x10000 ? 4 : 5;
}

void
der_oid_text(struct span oid, char out[80])
{
	const unsigned char *p = oid.data;
	ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &p, (long)oid.len);

	if (object == NULL || OBJ_obj2txt(out, 80, object, 1) <= 0)
		snprintf(out, 80, "?");
	ASN1_OBJECT_free(object);
}
