/*
 * valised - the depositary: keeps, signs and versions what offices deposit.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/data/backup.h"
#include "daemon/data/export.h"
#include "daemon/data/fsck.h"
#include "daemon/data/setup.h"
#include "daemon/http/server.h"
#include "daemon/run.h"

static const char usage_text[] =
    "usage: valised [--config FILE] [COMMAND]\n"
    "\n"
    "Keep, sign and version what offices deposit (valised(8)).\n"
    "\n"
    "  (none)       run in the foreground; ends on SIGTERM\n"
    "  init         make the data folder and the keys, once\n"
    "  enrolment    print the file that offices import, and its fingerprint\n"
    "  --check      judge configuration, policy, CRLs and certificates\n"
    "  export-journal DIR\n"
    "               write the journal as a static C2SP tlog-tiles tree; the\n"
    "               daemon may be running\n"
    "  fsck DATA [--repair]\n"
    "               check a data folder, all of it against all of it; with\n"
    "               --repair, the daemon off, make anew what only follows\n"
    "               from the record\n"
    "  backup DIR [--with-keys]\n"
    "               copy the data folder, or what is new of it, while the\n"
    "               daemon runs\n"
    "  restore DIR --seen FILE…\n"
    "               make the data folder from a backup, unless the journal\n"
    "               went on after it, as the checkpoints seen by others tell\n"
    "  replace-key  journal which key is to be the journal's next, the daemon\n"
    "               off; it takes over once the witnesses have cosigned that\n"
    "  --version    print the version\n"
    "  --help       print this\n"
    "\n"
    "FILE is " CONFIG_DEFAULT " unless it is given.\n"
    "A first day:\n"
    "  valised --config valised.yaml init\n"
    "  (have the CA certify signer/depositary.csr and server/server.csr)\n"
    "  valised --config valised.yaml --check\n"
    "  valised --config valised.yaml enrolment >enrolment.yaml\n"
    "  valised --config valised.yaml\n";

enum { SEEN = 32 };

struct arguments {
	const char *config, *operand;
	const char *seen[SEEN];
	size_t num_seen;
	bool repair, with_keys, nobody;
};

static bool
check(const struct arguments *args, struct error *err)
{
	struct config config;
	struct policy *policy;
	struct lists_look look = { .files = { { 0 } } };
	struct crl_set *crls;
	char hex[DIGEST_HEX];
	void *tls;

	if (!config_load(args->config, &config, err) ||
	    !settings_load(&config, &policy, &crls, &look, &tls, err))
		return false;
	lists_warn(policy, crls);
	lists_look_reset(&look);
	digest_hex(&policy->digest, hex);
	printf("good: %zu offices, %zu types, policy %s\n", policy->num_offices,
	    policy->num_types, hex);
	http_tls_free(tls);
	crl_set_free(crls);
	policy_free(policy);
	return true;
}

static bool
init(const struct arguments *args, struct error *err)
{
	struct config config;

	if (!config_load(args->config, &config, err) ||
	    !setup_init(&config, err))
		return false;
	printf("made %s\n"
	       "next: have the CA certify\n"
	       "  %s/signer/depositary.csr  as %s\n"
	       "  %s/server/server.csr  as %s\n"
	       "then: valised --config %s --check\n",
	    config.data, config.data, config.depositary_cert, config.data,
	    config.server_cert, args->config);
	return true;
}

static bool
enrolment(const struct arguments *args, struct error *err)
{
	struct buf text = BUF(LIMIT_YAML_BYTES);
	struct config config;
	struct digest digest;
	char groups[80];
	bool ok;

	ok = config_load(args->config, &config, err) &&
	    setup_enrolment(&config, &text, err);
	if (ok &&
	    (fwrite(text.data, 1, text.len, stdout) != text.len ||
		fflush(stdout) != 0))
		ok = error_set_errno(err, "standard output");
	if (ok) {
		digest = sha256_of(buf_span(&text));
		digest_groups(&digest, groups);
		fprintf(stderr,
		    "fingerprint (SHA-256), to be compared by telephone:\n"
		    "  %s\n",
		    groups);
	}
	buf_free(&text);
	return ok;
}

static bool
export_journal(const struct arguments *args, struct error *err)
{
	struct config config;
	uint64_t size;

	if (!config_load(args->config, &config, err) ||
	    !backup_apart(args->operand, config.data, err) ||
	    !export_tiles(config.data, args->operand, &size, err))
		return false;
	printf("%s: the journal of size %llu\n", args->operand,
	    (unsigned long long)size);
	return true;
}

static void
print_finding(void *arg, const struct audit_finding *finding, bool derived)
{
	(void)arg;
	printf("%s", finding->code);
	if (finding->index != AUDIT_NO_ENTRY)
		printf(", entry %llu", (unsigned long long)finding->index);
	printf("%s%s: %s%s\n", finding->about[0] != '\0' ? ", " : "",
	    finding->about, finding->text,
	    derived ? " (--repair makes it anew)" : "");
}

static bool
check_data(const char *data, struct error *err)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const struct fsck_settings settings = { .data = data,
		.threads = cpus < 1 ? 1
		    : cpus > 64     ? 64
				    : (unsigned)cpus,
		.report = print_finding };
	struct fsck_result result;

	if (!fsck_run(&settings, &result, err))
		return false;
	printf("%s: journal of size %llu, %llu heads, %llu cosignatures;"
	       " %llu versions; %llu git objects\n",
	    data, (unsigned long long)result.size,
	    (unsigned long long)result.num_heads,
	    (unsigned long long)result.num_cosignatures,
	    (unsigned long long)result.num_versions,
	    (unsigned long long)result.num_objects);
	if (result.num_findings == 0)
		puts("nothing is wrong");
	return result.num_findings == 0 ||
	    error_set(err, ERROR_UNTRUSTED,
		"%zu finding%s, of which %zu can be repaired (\"A damaged"
		" journal\" in the operations manual)",
		result.num_findings, result.num_findings == 1 ? "" : "s",
		result.num_derived);
}

static bool
fsck(const struct arguments *args, struct error *err)
{
	return (!args->repair || fsck_repair(args->operand, err)) &&
	    check_data(args->operand, err);
}

static bool
backup(const struct arguments *args, struct error *err)
{
	struct backup_result result;
	struct config config;

	if (!config_load(args->config, &config, err) ||
	    !backup_make(&config, args->operand, args->with_keys, &result, err))
		return false;
	printf("%s: the journal of size %llu, %llu bytes copied now%s\n",
	    args->operand, (unsigned long long)result.size,
	    (unsigned long long)result.bytes,
	    args->with_keys ? ", and the private keys"
			    : "; the private keys are not in it");
	return true;
}

static bool
restore(const struct arguments *args, struct error *err)
{
	struct config config;
	uint64_t size;

	if (args->num_seen == 0 && !args->nobody)
		return error_set(err, ERROR_USAGE,
		    "name the checkpoints that offices and witnesses have seen"
		    " (the file \"checkpoint\" or \"witness\" in their state"
		    " folders): --seen FILE, once for each. A backup that is"
		    " older than what anybody has seen must not be started."
		    " --nobody-has-seen-more says that you made sure of it"
		    " otherwise");
	if (!config_load(args->config, &config, err) ||
	    !backup_restore(&config, args->operand, args->seen, args->num_seen,
		&size, err))
		return false;
	printf("%s: the journal of size %llu\n"
	       "next: put the private keys in place if they were not in the"
	       " backup, then\n"
	       "      valised fsck %s\n"
	       "      valised --config %s --check\n",
	    config.data, (unsigned long long)size, config.data, args->config);
	return true;
}

static bool
replace_key(const struct arguments *args, struct error *err)
{
	return daemon_replace_key(args->config, err);
}

static bool
run(const struct arguments *args, struct error *err)
{
	return daemon_run(args->config, err);
}

static const struct command {
	const char *name, *operand; /* what it works on, or NULL */
	bool (*run)(const struct arguments *args, struct error *err);
} commands[] = {
	{ "", NULL, run },
	{ "init", NULL, init },
	{ "enrolment", NULL, enrolment },
	{ "--check", NULL, check },
	{ "export-journal", "DIR", export_journal },
	{ "fsck", "DATA", fsck },
	{ "backup", "DIR", backup },
	{ "restore", "DIR", restore },
	{ "replace-key", NULL, replace_key },
};

static const struct command *
find_command(const char *name)
{
	for (size_t i = 1; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

/* An option of some command; false if it is none. */
static bool
take_option(char *argv[], int argc, int *i, struct arguments *args)
{
	const bool more = *i + 1 < argc;

	if (strcmp(argv[*i], "--config") == 0 && more)
		args->config = argv[++*i];
	else if (strcmp(argv[*i], "--repair") == 0)
		args->repair = true;
	else if (strcmp(argv[*i], "--with-keys") == 0)
		args->with_keys = true;
	else if (strcmp(argv[*i], "--nobody-has-seen-more") == 0)
		args->nobody = true;
	else if (strcmp(argv[*i], "--seen") == 0 && more &&
	    args->num_seen < SEEN)
		args->seen[args->num_seen++] = argv[++*i];
	else
		return false;
	return true;
}

static int
usage_error(const char *what, const char *about)
{
	fprintf(stderr, "valised: %s%s\n%s", what, about, usage_text);
	return 2;
}

int
main(int argc, char *argv[])
{
	struct arguments args = { .config = CONFIG_DEFAULT };
	const struct command *command = &commands[0], *named;
	struct error err = { 0 };

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			fputs(usage_text, stdout);
			return 0;
		}
		if (strcmp(argv[i], "--version") == 0) {
			puts("valised " VALISE_VERSION);
			return 0;
		}
		if (take_option(argv, argc, &i, &args))
			continue;
		if (command == &commands[0] &&
		    (named = find_command(argv[i])) != NULL)
			command = named;
		else if (command->operand != NULL && args.operand == NULL)
			args.operand = argv[i];
		else
			return usage_error("unknown argument ", argv[i]);
	}
	if (command->operand != NULL && args.operand == NULL)
		return usage_error("the command needs its ", command->operand);
	if (!command->run(&args, &err)) {
		fprintf(stderr, "valised: %s: %s\n", error_title(err.kind),
		    err.detail);
		return error_exit_status(err.kind);
	}
	return 0;
}
