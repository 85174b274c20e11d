/*
 * addresses.h - where a depositary is reached: at the address of its daemon, and
 * at those of others on the same record, of which one writes and the rest stand
 * by. This is the only place that says which of them is asked now.
 */
#ifndef REMOTE_ADDRESSES_H
#define REMOTE_ADDRESSES_H

#include "base/limits.h"
#include "base/yaml.h"

enum { ADDRESS_ROOM = 512 };

struct addresses {
	size_t num;
	/* "address" of the configuration or enrolment, then "other-addresses" */
	char all[LIMIT_ADDRESSES][ADDRESS_ROOM];
	size_t at; /* which is asked now: the one that answered last, or next */
	/* which the owner was told last that it answered (remote.h) */
	size_t told;
};

/* Returns the one that is asked now. */
const char *addresses_now(const struct addresses *addresses);
/* True if it is https://HOST or https://HOST:PORT, and nothing more. */
bool addresses_is_plain(const char *text);
/*
 * Read the value of "other-addresses" (NULL: there is none) behind "address",
 * which counts even where it was missing or wrong. What is wrong is complained of.
 */
void addresses_read_others(const struct yaml *node, struct addresses *out,
    struct complaints *to);
/* Ask this one first, which answered in an earlier run; or as ever if it is none. */
void addresses_begin_at(struct addresses *addresses, struct span address);
bool addresses_has(const struct addresses *addresses, const char *address);
/* True if both are the same ones, in whichever order. */
bool addresses_same(const struct addresses *a, const struct addresses *b);

/* All of them for a person: "A, B". */
enum { ADDRESSES_TEXT = LIMIT_ADDRESSES * (ADDRESS_ROOM + 2) };
void addresses_text(const struct addresses *addresses,
    char out[ADDRESSES_TEXT]);

#endif
