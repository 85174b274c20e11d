/*
 * What is read of an upload: its file, and the client's metadata (uploads.h).
 */
#include "daemon/spool/uploads.h"

bool
upload_info_parse(struct span text, struct upload_info *out)
{
	struct span person, office, length, sha256;

	return span_take_line(&text, &person) &&
	    span_take_line(&text, &office) && span_take_line(&text, &length) &&
	    span_take_line(&text, &sha256) && text.len == 0 &&
	    span_to_str(person, out->person, sizeof(out->person)) &&
	    span_to_str(office, out->office, sizeof(out->office)) &&
	    span_to_u64(length, &out->length) &&
	    digest_parse(sha256, &out->sha256);
}

bool
upload_info_encode(const struct upload_info *info, struct buf *out,
    struct error *err)
{
	char hex[DIGEST_HEX];

	digest_hex(&info->sha256, hex);
	return buf_printf(out, err, "%s\n%s\n%llu\n%s\n", info->person,
	    info->office, (unsigned long long)info->length, hex);
}

bool
upload_metadata_parse(struct span text, struct digest *out)
{
	struct span pair, key;

	while (text.len > 0) {
		char hex[DIGEST_HEX];

		if (!span_take_until(&text, ',', &pair)) {
			pair = text;
			text.len = 0;
		}
		if (!span_take_until(&pair, ' ', &key) ||
		    !span_is(key, "sha256"))
			continue;
		if (!span_to_base64(pair, (uint8_t *)hex, 64) ||
		    !digest_parse(span_of(hex, 64), out))
			return false;
	}
	return true;
}
