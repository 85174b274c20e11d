/*
 * config.h - valised.yaml (valised(8), "CONFIGURATION").
 */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include "base/file.h"
#include "base/limits.h"
#include "base/private.h"
#include "base/yaml.h"
#include "record/data.h"
#include "remote/addresses.h"
#include "remote/proxy.h"

enum {
	CONFIG_URLS = 16,
	CONFIG_MONITORS = 8,
	CONFIG_STORE = 1024,
	CONFIG_DURABLE_MAX = 9,
};

/* When a daemon that stands by takes over. */
enum config_promote {
	PROMOTE_NONE,   /* there is no stand-by: it writes, or does not start */
	PROMOTE_MANUAL, /* "valised promote" */
	PROMOTE_AUTO,   /* by itself, once nobody has the right to write */
};

struct config {
	const char *path; /* its own, as config_load() was given it */
	/* What to do about a private key that others may read; the program's. */
	struct private_rule private_keys;
	char listen_host[256], listen_port[8];
	/*
	 * That which offices connect to, https://HOST:PORT; then those of other
	 * daemons on the same record.
	 */
	struct addresses addresses;
	char data[FILE_PATH], policies[FILE_PATH], crls[FILE_PATH];
	char server_cert[FILE_PATH], server_key[FILE_PATH];
	char depositary_cert[FILE_PATH], depositary_key[FILE_PATH];
	/*
	 * The database that has the record, by its connection string ("": the
	 * data folder has it), and the file of services, or "".
	 */
	char store[CONFIG_STORE], store_services[FILE_PATH];
	unsigned store_durable; /* machines that have what is acknowledged */
	enum config_promote promote;
	unsigned signers; /* that remember a head before it is given out */
	uint64_t cache_bytes;
	uint64_t reserve_bytes; /* of the disk, kept back for the journal */
	unsigned workers;
	bool has_register; /* the pages are served at its address */
	uint64_t repeats; /* deliveries of an office, an hour (api/repeats.h) */
	uint64_t memory_bytes; /* 0: as memory.h says */
	unsigned connections;  /* so many there may be (memory.h); or 0 */
	/* How often the daemon does each of these by itself, in seconds. */
	unsigned verify_every, crls_every, witness_every;
	/*
	 * By which proxy CRLs are fetched and witnesses asked; the program adds
	 * what the environment says.
	 */
	struct proxy_sources proxies;
	size_t num_crl_urls, num_witnesses, num_monitors;
	char crl_urls[CONFIG_URLS][512];
	struct {
		char name[LIMIT_OFFICE_BYTES + 1]; /* its name in the policy */
		/* its address; /add-checkpoint is appended to it */
		char url[512];
	} witnesses[LIMIT_WITNESSES];
	/*
	 * E-mail addresses of certificates of the depositary's CA that belong
	 * to no office, and may read /health and /metrics.
	 */
	char monitors[CONFIG_MONITORS][LIMIT_EMAIL_BYTES + 1];
};

#define CONFIG_DEFAULT "/etc/valise/valised.yaml"

/* Load valised.yaml; relative paths are relative to its folder. */
bool config_load(const char *path, struct config *out,
    struct error *err) MUST_USE;
/* Where the record is; it borrows from the configuration. */
struct data_place config_place(const struct config *config);

#endif
