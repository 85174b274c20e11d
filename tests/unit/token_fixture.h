/*
 * token_fixture.h - time-stamp tokens: in our form, or differing in one point.
 * Their signature does not matter.
 */
#ifndef TESTS_TOKEN_FIXTURE_H
#define TESTS_TOKEN_FIXTURE_H

#include "der_fixture.h"

/* What is signed, and stamped. */
static const struct span content = { (const uint8_t *)"the manifest", 12 };

#define ATTR(type, ...) SEQ(oid(type), SET(__VA_ARGS__))

#define SHA256_OID "2.16.840.1.101.3.4.2.1"

enum token {
	TOKEN,
	TOKEN_WITH_NULL, /* the digest's parameters */
	TOKEN_512,
	TOKEN_ALL, /* that may be in it */
	TOKEN_OTHER_TYPE,
	TOKEN_NO_CONTENT,
	TOKEN_TWO_SIGNERS,
	TOKEN_NO_SIGNER,
	TOKEN_NO_ATTRIBUTES,
	TOKEN_NO_CONTENT_TYPE,
	TOKEN_TWO_CONTENT_TYPES,
	TOKEN_OTHER_CONTENT_TYPE,
	TOKEN_LENGTHS,
	TOKEN_BOOLEAN,
	TOKEN_VERSION_2,
	TOKEN_BY_SHA1,
	TOKEN_SHORT_IMPRINT,
	TOKEN_NO_IMPRINT,
	TOKEN_NO_TIME,
	TOKEN_NO_SECONDS,
	TOKEN_FEBRUARY,
	TOKEN_MORE,
	TOKEN_NO_CMS,
	TOKEN_NO_DIGEST,
	TOKEN_MANY_DIGESTS,
	TOKEN_TOO_MANY_DIGESTS,
	TOKEN_UNKNOWN_DIGEST,
};

#define TST_INFO "1.2.840.113549.1.9.16.1.4"

static inline struct span
imprint_of(enum token token)
{
	const struct span null = raw(DER_NULL, "", 0);

	switch ((unsigned)token) {
	case TOKEN_WITH_NULL:
		return SEQ(SEQ(oid(SHA256_OID), null),
		    TLV(DER_OCTET_STRING, hash("SHA256", content)));
	case TOKEN_512:
		return SEQ(SEQ(oid("2.16.840.1.101.3.4.2.3")),
		    TLV(DER_OCTET_STRING, hash("SHA512", content)));
	case TOKEN_BY_SHA1:
		return SEQ(SEQ(oid("1.3.14.3.2.26"), null),
		    TLV(DER_OCTET_STRING, hash("SHA1", content)));
	case TOKEN_SHORT_IMPRINT:
		return SEQ(SEQ(oid(SHA256_OID)),
		    TLV(DER_OCTET_STRING, hash("SHA1", content)));
	case TOKEN_NO_IMPRINT:
		return SEQ(SEQ(oid("1.3.14.3.2.26")),
		    raw(DER_OCTET_STRING, "", 0));
	default:
		return SEQ(SEQ(oid(SHA256_OID)),
		    TLV(DER_OCTET_STRING, hash("SHA256", content)));
	}
}

static inline struct span
tst_info_of(enum token token)
{
	const struct span none = span_of("", 0);
	const struct span time = text(DER_GENERALIZED_TIME,
	    token == TOKEN_NO_SECONDS     ? "202506150000Z"
		: token == TOKEN_FEBRUARY ? "20250230000000Z"
		: token == TOKEN_ALL      ? "20250615000000.25Z"
					  : "20250615000000Z");
	const struct span info = SEQ(small(token == TOKEN_VERSION_2 ? 2 : 1),
	    oid("1.2.3.4"), imprint_of(token), small(7),
	    token == TOKEN_NO_TIME ? none : time,
	    token == TOKEN_ALL ? SEQ(small(1)) : none,
	    token == TOKEN_ALL           ? raw(DER_BOOLEAN, "\xff", 1)
		: token == TOKEN_BOOLEAN ? raw(DER_BOOLEAN, "\1", 1)
					 : none,
	    token == TOKEN_ALL ? small(9) : none,
	    token == TOKEN_ALL ? TLV(DER_CONTEXT_0, TLV(0xa4, SEQ(none)))
			       : none,
	    token == TOKEN_MORE ? small(9) : none,
	    token == TOKEN_MORE ? small(9) : none);
	const uint8_t head[] = { DER_SEQUENCE, 0x81, (uint8_t)(info.len - 2) };

	return token != TOKEN_LENGTHS
	    ? info
	    : concat(2,
		  (struct span[]){ span_of(head, 3),
		      span_of(info.data + 2, info.len - 2) });
}

static inline struct span
digests_of(enum token token)
{
	const struct span one = SEQ(oid(SHA256_OID)), none = span_of("", 0);
	const struct span four =
	    concat(4, (struct span[]){ one, one, one, one });
	const struct span most =
	    concat(4, (struct span[]){ four, four, four, four });

	switch ((unsigned)token) {
	case TOKEN_NO_DIGEST:
		return SET(none);
	case TOKEN_MANY_DIGESTS:
		return SET(most);
	case TOKEN_TOO_MANY_DIGESTS:
		return SET(most, one);
	case TOKEN_UNKNOWN_DIGEST:
		return SET(one, SEQ(oid("1.2.3.4")));
	default:
		return SET(one);
	}
}

static inline struct span
token_of(enum token token)
{
	const struct span none = span_of("", 0);
	const struct span type = ATTR("1.2.840.113549.1.9.3",
	    oid(token == TOKEN_OTHER_CONTENT_TYPE ? "1.2.840.113549.1.7.1"
						  : TST_INFO));
	const struct span signer_info =
	    SEQ(small(1), SEQ(SEQ(none), small(1)), SEQ(oid(SHA256_OID)),
		token == TOKEN_NO_ATTRIBUTES
		    ? none
		    : TLV(DER_CONTEXT_0,
			  token == TOKEN_NO_CONTENT_TYPE ? none : type,
			  token == TOKEN_TWO_CONTENT_TYPES ? type : none,
			  ATTR("1.2.840.113549.1.9.4",
			      raw(DER_OCTET_STRING, "x", 1))),
		SEQ(oid("1.2.840.10045.4.3.2")), raw(DER_OCTET_STRING, "x", 1));

	return SEQ(oid(token == TOKEN_NO_CMS ? "1.2.840.113549.1.7.1"
					     : "1.2.840.113549.1.7.2"),
	    TLV(DER_CONTEXT_0,
		SEQ(small(3), digests_of(token),
		    SEQ(oid(token == TOKEN_OTHER_TYPE ? "1.2.3" : TST_INFO),
			token == TOKEN_NO_CONTENT
			    ? none
			    : TLV(DER_CONTEXT_0,
				  TLV(DER_OCTET_STRING, tst_info_of(token)))),
		    SET(token == TOKEN_NO_SIGNER ? none : signer_info,
			token == TOKEN_TWO_SIGNERS ? signer_info : none))));
}

#endif
