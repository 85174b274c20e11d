#include "pki/der.h"

enum { TAG_OID = 0x06, TAG_SEQUENCE = 0x30, TAG_0 = 0xa0, TAG_1 = 0xa1 };

struct tlv {
	uint8_t tag;
	struct span whole, value;
};

/* One TLV; lengths in the shortest form only (X.690 section 10.1). */
static bool
take_tlv(struct span *in, struct tlv *out)
{
	struct span rest = *in;
	uint8_t first, byte;
	size_t len;

	if (!span_take_u8(&rest, &out->tag) || (out->tag & 0x1f) == 0x1f ||
	    !span_take_u8(&rest, &first))
		return false;
	len = first;
	if (first >= 0x80) {
		const unsigned octets = first & 0x7f;

		if (octets < 1 || octets > 4)
			return false;
		len = 0;
		for (unsigned i = 0; i < octets; i++) {
			if (!span_take_u8(&rest, &byte) || (i == 0 && byte == 0))
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

static bool
take_tag(struct span *in, uint8_t tag, struct tlv *out)
{
	return take_tlv(in, out) && out->tag == tag;
}

static bool
append_header(struct buf *out, uint8_t tag, size_t len, struct error *err)
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
	return buf_append_u8(out, 0x84, err) &&
	    buf_append_u32(out, (uint32_t)len, err);
}

static size_t
header_size(size_t len)
{
	return len < 0x80 ? 2 : len < 0x100 ? 3 : len < 0x10000 ? 4 : 6;
}

bool
der_strip_signed_data(struct span cms, struct buf *out, struct span certs[],
    size_t max_certs, size_t *num_certs, struct error *err)
{
	/* 1.2.840.113549.1.7.2, id-signedData. */
	static const uint8_t signed_data[] = { 0x06, 0x09, 0x2a, 0x86, 0x48,
		0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02 };
	struct span rest = cms, kept[6];
	struct tlv info, type, explicit, body, part;
	size_t num_kept = 0, len = 0;

	*num_certs = 0;
	if (!take_tag(&rest, TAG_SEQUENCE, &info) || rest.len != 0 ||
	    !take_tag(&info.value, TAG_OID, &type) ||
	    !span_eq(type.whole, span_of(signed_data, sizeof(signed_data))) ||
	    !take_tag(&info.value, TAG_0, &explicit) || info.value.len != 0 ||
	    !take_tag(&explicit.value, TAG_SEQUENCE, &body) ||
	    explicit.value.len != 0)
		return error_set(err, ERROR_MALFORMED,
		    "not the DER of one CMS SignedData");

	while (body.value.len > 0) {
		if (!take_tlv(&body.value, &part))
			return error_set(err, ERROR_MALFORMED,
			    "SignedData is not DER");
		if (part.tag == TAG_1)
			continue;
		if (part.tag != TAG_0) {
			if (num_kept == sizeof(kept) / sizeof(kept[0]))
				return error_set(err, ERROR_MALFORMED,
				    "SignedData has too many parts");
			kept[num_kept++] = part.whole;
			len += part.whole.len;
			continue;
		}
		while (part.value.len > 0) {
			struct tlv cert;

			if (!take_tag(&part.value, TAG_SEQUENCE, &cert))
				return error_set(err, ERROR_MALFORMED,
				    "SignedData's certificates are not DER");
			if (*num_certs == max_certs)
				return error_set(err, ERROR_LIMIT,
				    "more than %zu certificates", max_certs);
			certs[(*num_certs)++] = cert.whole;
		}
	}

	if (!append_header(out, TAG_SEQUENCE,
		type.whole.len + header_size(header_size(len) + len) +
		    header_size(len) + len,
		err) ||
	    !buf_append(out, type.whole, err) ||
	    !append_header(out, TAG_0, header_size(len) + len, err) ||
	    !append_header(out, TAG_SEQUENCE, len, err))
		return false;
	for (size_t i = 0; i < num_kept; i++)
		if (!buf_append(out, kept[i], err))
			return false;
	return true;
}
