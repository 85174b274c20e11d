/*
 * own_key.h - the certificate and key that a connection shows.
 */
#ifndef REMOTE_OWN_KEY_H
#define REMOTE_OWN_KEY_H

#include <curl/curl.h>

#include "remote/remote.h"

/*
 * Have connections show the certificates of the file that the settings name,
 * with the key that was loaded or, if none was, with that of its file.  If the
 * certificate is of another key than the loaded one, since both files were
 * renewed meanwhile, the key's file is read, too, unless it is encrypted.  The
 * settings are borrowed.
 */
bool own_key_set(CURL *curl, struct remote_settings *settings) MUST_USE;

#endif
