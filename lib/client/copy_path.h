/*
 * copy_path.h - where a version is at the daemon.
 */
#ifndef CLIENT_COPY_PATH_H
#define CLIENT_COPY_PATH_H

/*
 * Make the path "/v1/documents/TYPE/SLUG/versions/N"; number 0: that of the
 * newest.
 */
void copy_path(char out[512], const char *document, unsigned version);

#endif
