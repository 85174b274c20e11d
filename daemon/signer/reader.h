/*
 * reader.h - the process that reads the depositary's certificate and key from
 * their files once more, when they are renewed: the signer itself opens nothing.
 *
 * It is a child of the signer's process, made before any key is read, holds a
 * socket to it and nothing else, and takes one message, which has no body.  It
 * may read the two files and their folders; it reads the paths that it was
 * started with, whatever it is asked.
 */
#ifndef DAEMON_SIGNER_READER_H
#define DAEMON_SIGNER_READER_H

#include "daemon/config.h"
#include "pki/identity.h"

/*
 * Fork the process. Returns the socket to it, or -1. It ends when the socket is
 * closed, and with its parent.
 */
int reader_start(const struct config *config, struct error *err);
/*
 * Have the certificate and the key read, and parse both.
 *
 * ERROR_UNTRUSTED  the key does not fit, or others may read it
 * ERROR_SYSTEM     a file cannot be read, or the process has ended
 */
bool reader_load(int fd, const struct config *config, struct identity *out,
    struct error *err) MUST_USE;

#endif
