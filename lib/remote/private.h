/*
 * remote/private.h - what the files of the HTTPS client share.
 */
#ifndef REMOTE_PRIVATE_H
#define REMOTE_PRIVATE_H

#include <curl/curl.h>

#include "remote/proxy.h"
#include "remote/remote.h"

enum {
	/* a line that carries something may be silent for so long */
	REMOTE_SILENT_MS = 60 * 1000,
	/* a slow line needs so long to begin, whatever the patience */
	REMOTE_SILENT_LEAST_MS = 3000,
	/* more for each GiB that the daemon judges */
	REMOTE_JUDGED_MS = 10 * 1000,
};

struct remote {
	CURL *curl;
	struct remote_settings settings;
	size_t at; /* the address that this request goes to */
	struct proxy proxies[LIMIT_ADDRESSES]; /* for each of them */
	bool answered;                         /* the daemon was reached once */
	char why[CURL_ERROR_SIZE]; /* of a failure, in curl's words */
};

struct transfer {
	const struct remote *remote;
	const struct remote_request *request;
	struct remote_answer *answer;
	struct error *err;
	uint64_t resume_at;
	const char *if_range;
	uint64_t sent, received;
	bool begun, failed;
	uint64_t retry_s; /* of Retry-After; 0: none */
	/* monotonic: when anything last came or went, in any of the tries */
	int64_t life_ms;
	curl_off_t up;  /* bytes sent, as last told */
	char etag[160]; /* of what came before the line broke */
	/* so many addresses have not been asked in vain, this one counted */
	size_t left;
	size_t num_moved; /* so often the next one was asked */
	int64_t tried_ms; /* monotonic: when this try began */
	/* Of this try: TLS has ended; a line of an answer came; it is given up. */
	bool connected, heard, silent;
	/* Nothing was done here; the same may be asked of another address. */
	bool elsewhere;
};

/* The address that a request goes to, and its proxy. */
const char *remote_address(const struct remote *remote);
const struct proxy *remote_proxy(const struct remote *remote);

/* Have curl go by this proxy, or by none, whatever the environment says. */
bool remote_use_proxy(CURL *curl, const struct proxy *proxy) MUST_USE;
/* May the same request succeed a little later? */
bool remote_is_worth_repeating(const struct remote *remote, CURLcode code);
/*
 * Of a request without an answer: was nothing done where it went to, so that
 * another address may be asked?
 */
bool remote_is_elsewhere(const struct transfer *transfer, CURLcode code);
/* Set the error of a request that has no answer. Returns false. */
bool remote_failure(const struct transfer *transfer, CURLcode code,
    struct error *err);

#endif
