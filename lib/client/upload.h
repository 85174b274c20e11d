/*
 * upload.h - sending large files in parts.
 */
#ifndef CLIENT_UPLOAD_H
#define CLIENT_UPLOAD_H

#include "client/session.h"

/*
 * Upload len bytes of a file in parts. The upload's path is kept in the file
 * note, so that the next run goes on. id gets the upload's name at the daemon.
 */
#define UPLOAD_ID_ROOM 160
bool session_upload(struct session *session, int fd, uint64_t len,
    const char *note, char id[UPLOAD_ID_ROOM], struct error *err) MUST_USE;

#endif
