/*
 * confine.h - reducing what each process may do once it is at work, so that an
 * attacker who takes it over gains little: no new privileges, no capabilities,
 * only its own files (Landlock), only its own system calls (seccomp), no core
 * dumps.
 *
 * This cannot be undone, and holds for every thread made afterwards.
 */
#ifndef DAEMON_CONFINE_H
#define DAEMON_CONFINE_H

#include "daemon/config.h"

/*
 * Confine the server: it may use its own folders of the data folder but not the
 * signer's, the files that a reload reads, and the network. Its listening
 * socket is open already.
 *
 * ERROR_SYSTEM  the kernel refused
 */
bool confine_server(const struct config *config, struct error *err) MUST_USE;
/*
 * Confine the signer: it may use no file and no network but what is open
 * already.
 */
bool confine_signer(struct error *err) MUST_USE;

/*
 * Confine the process that reads the depositary's certificate and key again
 * (signer/reader.h): it may read these two and what is in their folders.
 */
bool confine_reader(const struct config *config, struct error *err) MUST_USE;

/* How many system calls it may still make. */
size_t confine_signer_calls(void);

/* True if the kernel has Landlock. Without it the rest still holds. */
bool confine_has_landlock(void);

#endif
