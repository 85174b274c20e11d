/*
 * Why a request has no answer: the line, the proxy, the server's certificate or
 * ours (remote.h).
 */
#include "remote/private.h"

#include <string.h>

#include <openssl/x509_vfy.h>

#include "base/time.h"

/* A wrong clock here is likelier than a wrong server. */
static bool
wrong_server(const struct remote *remote, struct error *err)
{
	char now[TIME_TEXT];
	long why = 0;
	bool is_name;

	curl_easy_getinfo(remote->curl, CURLINFO_SSL_VERIFYRESULT, &why);
	/* curl compares the name first, and has no other result by then. */
	is_name = why == X509_V_OK || why == X509_V_ERR_UNSPECIFIED;
	if (why != X509_V_ERR_CERT_NOT_YET_VALID &&
	    why != X509_V_ERR_CERT_HAS_EXPIRED)
		return error_set_code(err, ERROR_UNTRUSTED, "WRONG_SERVER",
		    "%s is not the server that you enrolled with: %s. Nothing"
		    " was sent",
		    remote_address(remote),
		    is_name ? "its certificate has another name"
			    : X509_verify_cert_error_string(why));
	time_format_ms(time_now_ms(), now);
	return error_set_code(err, ERROR_UNTRUSTED, "WRONG_SERVER",
	    "%s: its certificate %s by this machine's clock, which says %s:"
	    " set it if it is wrong. Nothing was sent",
	    remote_address(remote),
	    why == X509_V_ERR_CERT_HAS_EXPIRED ? "has expired"
					       : "is not valid yet",
	    now);
}

/*
 * What the daemon said of our certificate.  With TLS 1.3 it judges it when the
 * handshake has ended for us, so its alert comes in place of the answer (RFC
 * 8446 section 6.2).  curl has no code for it, only OpenSSL's words.
 */
static const char *
refusal_in(const char *why)
{
	static const struct {
		const char *alert, *means;
	} all[] = {
		{ "alert certificate expired",
		    "has expired by its clock: have your CA certify a new one"
		    " (certs/request makes the request), or set that clock" },
		{ "alert bad certificate",
		    "is not valid yet by its clock, or damaged: see its dates"
		    " (openssl x509 -noout -dates)" },
		{ "alert unknown ca",
		    "is of no CA that its policy names: is it the one that"
		    " the office's CA issued?" },
		{ "alert unsupported certificate",
		    "is not for connecting: name the one to connect with, not"
		    " the one to sign with, in \"cert\"" },
		{ "alert certificate required", "was not shown to it" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strstr(why, all[i].alert) != NULL)
			return all[i].means;
	return NULL;
}

bool
remote_use_proxy(CURL *curl, const struct proxy *proxy)
{
	return curl_easy_setopt(curl, CURLOPT_PROXY, proxy->url) == 0 &&
	    /* The choice was made: curl reads NO_PROXY by itself, too. */
	    curl_easy_setopt(curl, CURLOPT_NOPROXY, "") == 0 &&
	    /* What a proxy answers is not what the daemon does. */
	    curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == 0 &&
	    (proxy->user[0] == '\0' ||
		(curl_easy_setopt(curl, CURLOPT_PROXYUSERNAME, proxy->user) ==
			0 &&
		    curl_easy_setopt(curl, CURLOPT_PROXYPASSWORD,
			proxy->password) == 0 &&
		    curl_easy_setopt(curl, CURLOPT_PROXYAUTH,
			(long)CURLAUTH_ANY) == 0));
}

/* The status with which a proxy refused to connect; or 0. */
static long
proxy_status(const struct remote *remote)
{
	long status = 0;

	if (remote_proxy(remote)->url[0] != '\0')
		curl_easy_getinfo(remote->curl, CURLINFO_HTTP_CONNECTCODE,
		    &status);
	return status >= 400 ? status : 0;
}

bool
remote_is_worth_repeating(const struct remote *remote, CURLcode code)
{
	const long status = proxy_status(remote);

	if (code == CURLE_PEER_FAILED_VERIFICATION ||
	    refusal_in(remote->why) != NULL || (status > 0 && status < 500))
		return false;
	/* Nobody answers and nobody did before: that is told at once. */
	return remote->answered ||
	    (code != CURLE_COULDNT_CONNECT &&
		code != CURLE_COULDNT_RESOLVE_HOST &&
		code != CURLE_COULDNT_RESOLVE_PROXY);
}

bool
remote_is_elsewhere(const struct transfer *transfer, CURLcode code)
{
	/* Our own certificate is as useless anywhere else. */
	if (code == CURLE_SSL_CERTPROBLEM)
		return false;
	return !transfer->connected || transfer->silent;
}

static bool
proxy_refused(const struct remote *remote, long status, struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE,
	    "%s: the proxy answers %ld to CONNECT%s", remote_address(remote),
	    status,
	    status == 407 ? ": it wants a name (http://NAME@HOST:PORT) and its"
			    " password (\"proxy-password: FILE\")"
			  : "");
}

static bool
failure(const struct transfer *transfer, CURLcode code, struct error *err)
{
	const struct remote *remote = transfer->remote;
	const char *refusal = refusal_in(remote->why);
	const long status = proxy_status(remote);
	const int64_t since_ms = transfer->life_ms > transfer->tried_ms
	    ? transfer->life_ms
	    : transfer->tried_ms;
	const int64_t quiet_ms = time_monotonic_ms() - since_ms;

	if (transfer->silent || code == CURLE_OPERATION_TIMEDOUT)
		return error_set(err, ERROR_UNAVAILABLE,
		    "%s has said nothing for %lld s", remote_address(remote),
		    (long long)quiet_ms / 1000);
	if (status != 0)
		return proxy_refused(remote, status, err);

	if (refusal != NULL)
		return error_set(err, ERROR_USAGE,
		    "%s refused the connection: your certificate %s %s",
		    remote_address(remote), remote->settings.cert, refusal);
	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return wrong_server(remote, err);
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_RECV_ERROR:
		return error_set(err, ERROR_UNAVAILABLE,
		    "%s ended the connection (%s): is your certificate still"
		    " valid?",
		    remote_address(remote), curl_easy_strerror(code));
	default:
		return error_set(err, ERROR_UNAVAILABLE, "%s: %s",
		    remote_address(remote), curl_easy_strerror(code));
	}
}

bool
remote_failure(const struct transfer *transfer, CURLcode code,
    struct error *err)
{
	const struct remote *remote = transfer->remote;

	failure(transfer, code, err);
	return proxy_name(remote->settings.proxies, remote_proxy(remote), err);
}
