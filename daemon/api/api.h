/*
 * api.h - the HTTP API (docs/formats.md, "HTTP"): it finds out who asks and for
 * what, checks that they may, and passes the work to workers and acts to the
 * registrar.
 */
#ifndef DAEMON_API_API_H
#define DAEMON_API_API_H

#include "daemon/config.h"
#include "daemon/http/server.h"
#include "daemon/writer/registrar.h"

struct api;
struct second;
struct seal;
struct upkeep;

struct api *api_new(const struct config *config, struct registrar *registrar,
    struct cert_cache *certs, struct error *err);
/*
 * Returns the functions for an http_server, which api_set_server() then names.
 */
struct http_handler api_handler(struct api *api);
void api_set_server(struct api *api, struct http_server *server);
/* From now on acts wait for a good seal (seal.h). */
void api_set_seal(struct api *api, struct seal *seal);
/*
 * From now on acts wait for the stand-by, if it is needed (second.h); differs is
 * what the folder has that is not in force, or "".  Both are borrowed.
 */
void api_set_second(struct api *api, const struct second *second,
    const char *differs);
void api_set_upkeep(struct api *api, struct upkeep *upkeep);
/* Stop the workers; refusals that were only counted are journaled. */
void api_stop(struct api *api);
void api_free(struct api *api);

#endif
