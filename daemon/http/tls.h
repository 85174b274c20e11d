/*
 * tls.h - why a TLS handshake failed, as OpenSSL knows it.
 */
#ifndef DAEMON_HTTP_TLS_H
#define DAEMON_HTTP_TLS_H

#include <openssl/ssl.h>

#include "daemon/http/request.h"

/*
 * Get why the handshake of a server's connection failed, from its SSL and from
 * OpenSSL's queue of errors, which must be of this call alone; or, if late is
 * true, that its time was over; ssl may be NULL then.  False if nobody refused:
 * the client only went away.  The certificate in out is borrowed from ssl.
 */
bool http_tls_refusal(const SSL *ssl, bool late,
    struct http_refusal *out) MUST_USE;

#endif
