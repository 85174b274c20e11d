/*
 * valised - the depositary: it keeps, signs and versions what offices deposit.
 * The command line is parsed by the table in options.c; here is the function
 * that runs each of its usage lines.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/outfile.h"
#include "daemon/data/apart.h"
#include "daemon/data/backup.h"
#include "daemon/data/copy.h"
#include "daemon/data/export.h"
#include "daemon/data/fsck.h"
#include "daemon/data/setup.h"
#include "daemon/http/server.h"
#include "daemon/log.h"
#include "daemon/memory.h"
#include "daemon/options.h"
#include "daemon/reload.h"
#include "daemon/run.h"
#include "daemon/settings.h"

enum { SEEN = 32, HELP = 16384 };

/* The path of the configuration. */
static const char *
config_path(const struct options_given *given)
{
	const char *path = options_value(given, VALISED_CONFIG);

	return path != NULL ? path : CONFIG_DEFAULT;
}

static void
warn_of_key(const char *sentence)
{
	log_warning("private-key", "reason=%s", log_text(sentence));
}

static bool
load_config(const struct options_given *given, struct config *out,
    struct error *err)
{
	if (!config_load(config_path(given), out, err))
		return false;
	out->private_keys = (struct private_rule){
		.insecure = options_has(given, VALISED_INSECURE_KEY),
		.warn = warn_of_key,
	};
	out->proxies.rule = &out->private_keys;
	out->proxies.https_upper = getenv("HTTPS_PROXY");
	out->proxies.https_lower = getenv("https_proxy");
	out->proxies.http_lower = getenv("http_proxy");
	out->proxies.no_upper = getenv("NO_PROXY");
	out->proxies.no_lower = getenv("no_proxy");
	return true;
}

/* Print what memory may be taken for what, and warn if it does not fit. */
static void
tell_memory(const struct config *config)
{
	const double mib = 1024 * 1024;
	struct memory_plan plan;
	struct error why = { 0 };

	memory_plan(config, &plan);
	printf("memory: %.0f MiB %s; %.0f for %u workers, %.0f for %d"
	       " handshakes, %.0f for %u connections: %.0f MiB\n",
	    (double)plan.given / mib,
	    plan.from_config ? "are given" : "are a quarter of the machine's",
	    (double)plan.workers / mib, config->workers,
	    (double)plan.handshakes / mib, LIMIT_HANDSHAKES,
	    plan.connections * (double)LIMIT_CONNECTION_BYTES / mib,
	    plan.connections, (double)plan.sum / mib);
	if (!memory_fits(&plan, &why))
		log_warning("memory", "reason=%s", log_text(why.detail));
}

/* Judge configuration, policy, CRLs and certificates. */
static bool
check(const struct options_given *given, struct error *err)
{
	struct data_place place;
	struct config config;
	struct policy *policy;
	struct lists_look look = { .files = { { 0 } } };
	struct crl_set *crls;
	char hex[DIGEST_HEX];
	void *tls;
	bool ok;

	if (!load_config(given, &config, err))
		return false;
	place = config_place(&config);
	if (!data_check(&place, err) ||
	    !settings_load(&config, &policy, &crls, &look, &tls, err))
		return false;
	lists_warn_all(&config, policy, crls);
	lists_look_reset(&look);
	ok = settings_check_depositary(&config, policy, crls, err) &&
	    settings_check_keys(&config, err) &&
	    settings_check_server(&config, NULL, policy, crls, tls, err);
	digest_hex(&policy->digest, hex);
	if (ok)
		printf("good: %zu offices, %zu types, policy %s\n",
		    policy->num_offices, policy->num_types, hex);
	if (ok)
		tell_memory(&config);
	http_tls_free(tls);
	crl_set_free(crls);
	policy_free(policy);
	return ok;
}

static bool
init(const struct options_given *given, struct error *err)
{
	struct config config;

	if (!load_config(given, &config, err) || !setup_init(&config, err))
		return false;
	printf("made %s\n"
	       "next: have the CA certify\n"
	       "  %s/signer/depositary.csr  as %s\n"
	       "  %s/server/server.csr  as %s\n"
	       "then: valised --config %s --check\n",
	    config.data, config.data, config.depositary_cert, config.data,
	    config.server_cert, config_path(given));
	return true;
}

/* Gather the values of --seen; *num is how many. */
static bool
take_seen(const struct options_given *given, const char *seen[SEEN],
    size_t *num, struct error *err)
{
	*num = 0;
	for (size_t i = 0; i < given->num_options; i++) {
		if (given->options[i].option->id != VALISED_SEEN)
			continue;
		if (*num == SEEN)
			return error_set(err, ERROR_USAGE,
			    "at most %d checkpoints by --seen", SEEN);
		seen[(*num)++] = given->options[i].value;
	}
	return true;
}

/* Make the data folder of a stand-by. */
static bool
join(const struct options_given *given, struct error *err)
{
	struct setup_join how = { .key = options_value(given, VALISED_JOIN),
		.keys = options_value(given, VALISED_KEYS) };
	const char *seen[SEEN];
	struct config config;
	uint64_t size;

	how.seen = seen;
	if (!take_seen(given, seen, &how.num_seen, err))
		return false;
	if (how.num_seen == 0)
		return error_set(err, ERROR_USAGE,
		    "name a checkpoint that an office or witness has seen (the"
		    " file \"checkpoint\" or \"witness\" in its state folder):"
		    " --seen FILE. It tells that the database was not rolled"
		    " back");
	if (!load_config(given, &config, err) ||
	    !setup_join(&config, &how, &size, err))
		return false;
	printf("made %s, which knows the journal up to size %llu\n"
	       "next: have the CA certify\n"
	       "  %s/signer/depositary.csr  as %s\n"
	       "  %s/server/server.csr  as %s\n"
	       "then: \"promote: manual\" or \"promote: auto\" in the"
	       " valised.yaml of both, valised --config %s --check, and start"
	       " this one\n",
	    config.data, (unsigned long long)size, config.data,
	    config.depositary_cert, config.data, config.server_cert,
	    config_path(given));
	return true;
}

/* Print the enrolment, and its fingerprint on standard error. */
static bool
enrolment(const struct options_given *given, struct error *err)
{
	struct buf text = BUF(LIMIT_YAML_BYTES);
	struct config config;
	struct digest digest;
	char groups[80];
	bool ok;

	ok = load_config(given, &config, err) &&
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
export_journal(const struct options_given *given, struct error *err)
{
	struct data_place place;
	struct config config;
	uint64_t size;

	if (!load_config(given, &config, err) ||
	    !apart_check(given->operands[0], config.data, err))
		return false;
	place = config_place(&config);
	if (!export_tiles(&place, given->operands[0], &size, err))
		return false;
	printf("%s: the journal of size %llu\n", given->operands[0],
	    (unsigned long long)size);
	return true;
}

static void
print_finding(void *arg, const struct audit_finding *finding,
    enum fsck_weight weight)
{
	static const char *const notes[] = {
		[FSCK_WRONG] = "",
		[FSCK_DERIVED] = " (--repair makes it anew)",
		[FSCK_DISPUTED] = " (nothing is wrong: its CA said so later)",
	};

	(void)arg;
	printf("%s", finding->code);
	if (finding->index != AUDIT_NO_ENTRY)
		printf(", entry %llu", (unsigned long long)finding->index);
	printf("%s%s: %s%s\n", finding->about[0] != '\0' ? ", " : "",
	    finding->about, finding->text, notes[weight]);
}

/*
 * Check a data folder and print what is found. False with ERROR_UNTRUSTED if
 * anything is.
 */
static bool
check_data(const struct data_place *place, struct error *err)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const struct fsck_settings settings = { .place = *place,
		.threads = cpus < 1 ? 1
		    : cpus > 64     ? 64
				    : (unsigned)cpus,
		.report = print_finding };
	struct fsck_result result;

	if (!fsck_run(&settings, &result, err))
		return false;
	printf("%s: journal of size %llu, %llu heads, %llu cosignatures;"
	       " %llu versions; %llu git objects\n",
	    place->folder, (unsigned long long)result.size,
	    (unsigned long long)result.num_heads,
	    (unsigned long long)result.num_cosignatures,
	    (unsigned long long)result.num_versions,
	    (unsigned long long)result.num_objects);
	if (result.behind > 0)
		printf("this folder lags behind the record, by %llu of its"
		       " entries: a daemon that stands by here makes that up"
		       " when it starts; one that wrote here last does not"
		       " start, since its signer's memory was put back\n",
		    (unsigned long long)result.behind);
	if (result.num_unshared > 0)
		printf("no daemon has started since the tables were brought to"
		       " this version: they lack %zu lines of witnesses and"
		       " waybills, which this folder has; the next start puts"
		       " them there\n",
		    result.num_unshared);
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
fsck(const struct options_given *given, struct error *err)
{
	struct data_place place;
	struct config config;

	if (given->num_operands > 0) {
		place = data_in(given->operands[0]);
	} else {
		if (!load_config(given, &config, err))
			return false;
		place = config_place(&config);
	}
	return (!options_has(given, VALISED_REPAIR) ||
		   fsck_repair(&place, err)) &&
	    check_data(&place, err);
}

static bool
backup(const struct options_given *given, struct error *err)
{
	struct backup_result result;
	struct config config;

	if (!load_config(given, &config, err) ||
	    !backup_make(&config, given->operands[0],
		options_has(given, VALISED_WITH_KEYS), &result, err))
		return false;
	printf("%s: the journal of size %llu, %llu %s copied now%s\n",
	    given->operands[0], (unsigned long long)result.size,
	    (unsigned long long)(config.store[0] != '\0' ? result.entries
							 : result.bytes),
	    config.store[0] != '\0' ? "of its entries" : "bytes",
	    options_has(given, VALISED_WITH_KEYS)
		? ", and the private keys"
		: "; the private keys are not in it");
	return true;
}

/* Without one, who restores must say so. */
static bool
need_seen(const struct options_given *given, size_t num, struct error *err)
{
	return num > 0 || options_has(given, VALISED_NOBODY) ||
	    error_set(err, ERROR_USAGE,
		"name the checkpoints that offices and witnesses have seen"
		" (the file \"checkpoint\" or \"witness\" in their state"
		" folders): --seen FILE, once for each. A backup that is"
		" older than what anybody has seen must not be started."
		" --nobody-has-seen-more says that you made sure of it"
		" otherwise");
}

/* Make the data folder from a backup, and say what to do next. */
static bool
restore(const struct options_given *given, struct error *err)
{
	const char *seen[SEEN];
	struct config config;
	size_t num_seen;
	uint64_t size;

	if (!take_seen(given, seen, &num_seen, err) ||
	    !need_seen(given, num_seen, err) ||
	    !load_config(given, &config, err) ||
	    !backup_restore(&config, given->operands[0], seen, num_seen, &size,
		err))
		return false;
	printf("%s: the journal of size %llu\n"
	       "next: put the private keys in place if they were not in the"
	       " backup, then\n"
	       "      valised fsck %s\n"
	       "      valised --config %s --check\n",
	    config.data, (unsigned long long)size, config.data,
	    config_path(given));
	return true;
}

static bool
copy(const struct options_given *given, struct error *err)
{
	static const char *const ends[] = {
		[COPY_BESIDE] = "a daemon runs on it: end that and copy again,"
				" to have what it adds meanwhile",
		[COPY_APART] = "it is apart: the record is where it was",
		[COPY_MOVED] = "the data folder belongs to the copy now:"
			       " valised.yaml must say so (\"store\")",
	};
	struct copy_result result;
	struct config config;
	enum copy_end end;

	if (!load_config(given, &config, err) ||
	    !copy_run(&config, options_value(given, VALISED_FROM),
		options_value(given, VALISED_TO), &result, &end, err))
		return false;
	printf("the journal of size %llu, %llu of its entries now; %llu heads;"
	       " %llu git objects, %llu of them now; %llu branches\n"
	       "all of it was compared: it is the same\n"
	       "%s\n",
	    (unsigned long long)result.size,
	    (unsigned long long)result.new_entries,
	    (unsigned long long)result.num_heads,
	    (unsigned long long)result.num_objects,
	    (unsigned long long)result.new_objects,
	    (unsigned long long)result.num_branches, ends[end]);
	if (result.num_refused > 0)
		printf(
		    "%zu exhibits of the database are not good, and were left"
		    " out (valised fsck names them)\n",
		    result.num_refused);
	return true;
}

static struct postgres_settings
owner_of(const struct options_given *given)
{
	return (struct postgres_settings){ .conninfo = given->operands[0],
		.services = options_value(given, VALISED_SERVICES) };
}

static bool
tables(const struct options_given *given, struct error *err)
{
	const struct postgres_settings owner = owner_of(given);
	const char *writer = options_value(given, VALISED_WRITER);
	bool was_older;

	if (!postgres_create(&owner, writer, &was_older, err))
		return false;
	if (was_older)
		printf("the tables and what is in them are of this version now,"
		       " and %s may use them\n"
		       "next: start the daemon\n",
		    writer);
	else
		printf("the tables are there, and %s may use them\n"
		       "next: name the database in valised.yaml (\"store\"),"
		       " then valised init or valised copy\n",
		    writer);
	return true;
}

static bool
resume(const struct options_given *given, struct error *err)
{
	const struct postgres_settings owner = owner_of(given);
	bool was_stopped;

	if (!postgres_resume(&owner, &was_stopped, err))
		return false;
	puts(was_stopped ? "daemons may write again\nnext: start them"
			 : "the service was not stopped");
	return true;
}

static bool
forget(const struct options_given *given, struct error *err)
{
	const struct postgres_settings owner = owner_of(given);
	const char *number = options_value(given, VALISED_FORGET);
	char host[POSTGRES_HOST];

	if (strcmp(number, "1") != 0 && strcmp(number, "2") != 0)
		return error_set(err, ERROR_USAGE,
		    "--forget %s: the daemons that take part are 1 and 2",
		    number);
	if (!postgres_forget(&owner, (unsigned)(number[0] - '0'), host, err))
		return false;
	printf("%s (%s) takes part no more\n"
	       "next: valised init --join, on the machine that takes its"
	       " place\n",
	    number, host);
	return true;
}

static bool
tidy(const struct options_given *given, struct error *err)
{
	const struct postgres_settings owner = owner_of(given);
	unsigned removed;

	if (!postgres_tidy(&owner, &removed, err))
		return false;
	printf("%u unfinished upload%s removed\n", removed,
	    removed == 1 ? "" : "s");
	return true;
}

static bool
replace_key(const struct options_given *given, struct error *err)
{
	struct config config;

	return load_config(given, &config, err) &&
	    daemon_replace_key(&config, err);
}

static bool
reload(const struct options_given *given, struct error *err)
{
	struct config config;

	if (!load_config(given, &config, err) ||
	    !reload_ask(config.data, RELOAD_SETTINGS, err))
		return false;
	puts("the new settings are taken");
	return true;
}

static bool
promote(const struct options_given *given, struct error *err)
{
	struct config config;

	if (!load_config(given, &config, err) ||
	    !reload_ask(config.data, RELOAD_PROMOTE, err))
		return false;
	puts("it takes over now: its log and /health tell when it writes");
	return true;
}

static bool
yield(const struct options_given *given, struct error *err)
{
	struct config config;

	if (!load_config(given, &config, err) ||
	    !reload_ask(config.data, RELOAD_YIELD, err))
		return false;
	puts("it has given the right to write away, and ends\n"
	     "next: valised promote, where the stand-by is (with \"promote:"
	     " auto\" it takes over by itself);\n"
	     "started again, this daemon stands by");
	return true;
}

static bool
run(const struct options_given *given, struct error *err)
{
	struct config config;

	return load_config(given, &config, err) &&
	    daemon_run(&config, false, err);
}

static bool
run_full(const struct options_given *given, struct error *err)
{
	struct config config;

	return load_config(given, &config, err) &&
	    daemon_run(&config, true, err);
}

/* What the shell asks when Tab is pressed. */
static bool
complete(const struct options_given *given, struct error *err)
{
	struct buf out = BUF(1 << 20);
	bool ok = options_complete(&valised_options, given->operands,
	    given->num_operands, NULL, NULL, &out, err);

	if (ok && out.len > 0 &&
	    fwrite(out.data, 1, out.len, stdout) != out.len)
		ok = error_set_errno(err, "standard output");
	buf_free(&out);
	return ok;
}

static bool (*const runs[VALISED_FORMS])(const struct options_given *given,
    struct error *err) = {
	[VALISED_FORM_RUN] = run,
	[VALISED_FORM_FULL] = run_full,
	[VALISED_FORM_CHECK] = check,
	[VALISED_FORM_INIT] = init,
	[VALISED_FORM_JOIN] = join,
	[VALISED_FORM_ENROLMENT] = enrolment,
	[VALISED_FORM_EXPORT_JOURNAL] = export_journal,
	[VALISED_FORM_FSCK] = fsck,
	[VALISED_FORM_BACKUP] = backup,
	[VALISED_FORM_RESTORE] = restore,
	[VALISED_FORM_COPY] = copy,
	[VALISED_FORM_TABLES] = tables,
	[VALISED_FORM_TIDY] = tidy,
	[VALISED_FORM_RESUME] = resume,
	[VALISED_FORM_FORGET] = forget,
	[VALISED_FORM_REPLACE_KEY] = replace_key,
	[VALISED_FORM_RELOAD] = reload,
	[VALISED_FORM_PROMOTE] = promote,
	[VALISED_FORM_YIELD] = yield,
	[VALISED_FORM_COMPLETE] = complete,
};

/* Do what the command line asks for. */
static bool
perform(const struct options_given *given, struct error *err)
{
	struct buf text = BUF(HELP);
	bool ok;

	if (given->version) {
		puts("valised " VALISE_VERSION);
		return true;
	}
	if (!given->help)
		return runs[given->form->id](given, err);
	ok = options_help(given->program, given->command, given->form, &text,
	    err);
	if (ok && fwrite(text.data, 1, text.len, stdout) != text.len)
		ok = error_set_errno(err, "standard output");
	buf_free(&text);
	return ok;
}

static void
tell(const struct error *err)
{
	fprintf(stderr, "valised: %s: %s\n", error_words(err), err->detail);
}

/*
 * Write what is printed and not yet written.  If its reader went away, end as
 * by the signal.
 */
static void
end_output(struct error *err)
{
	struct error why = { 0 };
	bool gone = false;

	if (!outfile_end_stdout(&gone, &why)) {
		if (err->kind != ERROR_SYSTEM)
			tell(&why);
		*err = why;
	}
	if (gone) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
}

int
main(int argc, char *argv[])
{
	struct options_given given;
	struct error err = { 0 };

	if (!options_parse(&valised_options, argc, argv, &given, &err) ||
	    !perform(&given, &err))
		tell(&err);
	end_output(&err);
	options_free(&given);
	return error_exit_status(err.kind);
}
