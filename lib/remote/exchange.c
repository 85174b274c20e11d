/*
 * One exchange with somebody else's server (remote.h).
 */
#include "remote/private.h"

#include <openssl/crypto.h>

struct exchange {
	struct buf *answer;
	struct error *err;
	bool failed;
};

static size_t
on_exchange(char *data, size_t size, size_t num, void *arg)
{
	struct exchange *exchange = arg;

	exchange->failed = !buf_append(exchange->answer,
	    span_of(data, size * num), exchange->err);
	return exchange->failed ? 0 : size * num;
}

bool
remote_exchange(const struct proxy_sources *proxies, const char *url,
    const struct span *body, struct buf *answer, int *status, struct error *err)
{
	struct exchange exchange = { .answer = answer, .err = err };
	struct proxy proxy;
	CURL *curl = NULL;
	long code = 0;
	CURLcode result = CURLE_FAILED_INIT;
	bool ok;

	*status = 0;
	if (!proxy_choose(proxies, url, &proxy, err))
		return false;
	ok = curl_global_init(CURL_GLOBAL_DEFAULT) == 0 &&
	    (curl = curl_easy_init()) != NULL &&
	    curl_easy_setopt(curl, CURLOPT_URL, url) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == 0 &&
	    remote_use_proxy(curl, &proxy) &&
	    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 15L) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_exchange) == 0 &&
	    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange) == 0 &&
	    (body == NULL ||
		(curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
		     (const char *)body->data) == 0 &&
		    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
			(curl_off_t)body->len) == 0));
	if (ok)
		result = curl_easy_perform(curl);
	if (ok)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_cleanup(curl);
	curl_global_cleanup();
	OPENSSL_cleanse(proxy.password, sizeof(proxy.password));
	*status = (int)code;
	if (exchange.failed)
		return false;
	if (result == CURLE_OK)
		return true;
	error_set(err, ERROR_UNAVAILABLE, "%s: %s", url,
	    curl_easy_strerror(result));
	return proxy_name(proxies, &proxy, err);
}
