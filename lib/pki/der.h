/*
 * der.h - DER as it must be, to the last level.
 *
 * Source: X.690 sections 8, 10 and 11.  OpenSSL reads BER and gives bytes back
 * as they came, so that two files may say one thing, or one file two.  Here
 * the one spelling of each value is asked for.
 */
#ifndef PKI_DER_H
#define PKI_DER_H

#include "base/bytes.h"

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_RELATIVE_OID = 0x0d,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT_0 = 0xa0, /* [0], constructed; [1] is one more */
	DER_CONTEXT_1 = 0xa1,
	DER_CONTEXT_2 = 0xa2,
};

/* One type-length-value; its spans lie within what it was taken from. */
struct tlv {
	uint8_t tag;
	struct span whole, value;
};

/*
 * Take one TLV from the front of in, its length in the shortest form.  False,
 * and nothing moves, if there is none.
 */
bool der_take(struct span *in, struct tlv *out) MUST_USE;
bool der_take_tag(struct span *in, uint8_t tag, struct tlv *out) MUST_USE;

/* True if the TLVs within a SET OF are in ascending order (X.690 11.6). */
bool der_is_in_order(struct span set);

/*
 * Check that this is one TLV, and that all of it is DER. Each TLV within is
 * checked: its length, its form, the values of BOOLEAN, INTEGER, BIT STRING,
 * NULL, OBJECT IDENTIFIER and times, the order of each SET. The content of an
 * OCTET STRING or a BIT STRING is not looked at.
 *
 * ERROR_MALFORMED  it is not DER; at which byte, and why
 * ERROR_LIMIT      over LIMIT_DER_DEPTH levels
 */
bool der_check(struct span der, struct error *err) MUST_USE;

/* Append the tag and length of a value of len bytes. */
bool der_append_header(struct buf *out, uint8_t tag, size_t len,
    struct error *err) MUST_USE;
/* How many bytes der_append_header() appends. */
size_t der_header_size(size_t len);

/* Format an OBJECT IDENTIFIER's TLV as "1.2.840…", for a person. */
void der_oid_text(struct span oid, char out[80]);

#endif
