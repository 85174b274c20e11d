/*
 * init.h - what enrolling and a new enrolment of the same journal share.
 */
#ifndef CLI_CMD_INIT_H
#define CLI_CMD_INIT_H

#include <openssl/evp.h>

#include "client/context.h"

/*
 * Get the policy that context->enrolment names from its address, whose server
 * is to be of one of the enrolment's CAs, and keep its files: it judges nothing
 * by that. key_pem is the key to connect with, if that in its file is encrypted.
 */
bool init_fetch_policy(struct context *context, EVP_PKEY *own_key,
    struct error *err) MUST_USE;

#endif
