/*
 * The addresses of a depositary (addresses.h).
 */
#include "remote/addresses.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

const char *
addresses_now(const struct addresses *addresses)
{
	assert(addresses->at < LIMIT_ADDRESSES);
	return addresses->all[addresses->at];
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if (iscntrl((unsigned char)*text))
			return true;
	return false;
}

bool
addresses_is_plain(const char *text)
{
	const char *host = text + 8;

	return strncmp(text, "https://", 8) == 0 && *host != '\0' &&
	    *host != ':' && strlen(text) < ADDRESS_ROOM &&
	    strpbrk(host, "/?# @") == NULL && !has_control(host);
}

/* Hosts are the same whatever the case (RFC 3986 section 3.2.2). */
static bool
is_one(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

bool
addresses_has(const struct addresses *addresses, const char *address)
{
	for (size_t i = 0; i < addresses->num; i++)
		if (is_one(addresses->all[i], address))
			return true;
	return false;
}

void
addresses_read_others(const struct yaml *node, struct addresses *out,
    struct complaints *to)
{
	const char *text;

	if (node == NULL || !yaml_is(node, YAML_SEQUENCE, to))
		return;
	for (const struct yaml *c = node->children; c != NULL; c = c->next) {
		if (out->num == LIMIT_ADDRESSES) {
			complain(to, c, "more than %d other addresses",
			    LIMIT_ADDRESSES - 1);
			break;
		}
		if ((text = yaml_text(c, to)) == NULL)
			continue;
		if (!addresses_is_plain(text)) {
			complain(to, c,
			    "\"%.100s\" is not an address such as"
			    " https://valise.mofa.example:8443",
			    text);
			continue;
		}
		if (addresses_has(out, text)) {
			complain(to, c, "\"%.100s\" is there twice", text);
			continue;
		}
		text_set(out->all[out->num++], ADDRESS_ROOM, text);
	}
}

void
addresses_begin_at(struct addresses *addresses, struct span address)
{
	for (size_t i = 0; i < addresses->num; i++)
		if (span_is(address, addresses->all[i]))
			addresses->at = addresses->told = i;
}

bool
addresses_same(const struct addresses *a, const struct addresses *b)
{
	if (a->num != b->num)
		return false;
	for (size_t i = 0; i < b->num; i++)
		if (!addresses_has(a, b->all[i]))
			return false;
	return true;
}

void
addresses_text(const struct addresses *addresses, char out[ADDRESSES_TEXT])
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < addresses->num; i++)
		len += (size_t)snprintf(out + len, ADDRESSES_TEXT - len, "%s%s",
		    i > 0 ? ", " : "", addresses->all[i]);
}
