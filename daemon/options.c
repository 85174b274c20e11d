/*
 * The table of valised's commands and options (options.h).
 */
#include "daemon/options.h"

#include "daemon/config.h"

#define FLAG(id, name, text)                                                   \
	{                                                                      \
		id, '\0', name, NULL, text, 0                                  \
	}
#define END                                                                    \
	{                                                                      \
		0                                                              \
	}

static const struct options_option globals[] = {
	{ VALISED_CONFIG, '\0', "config", "FILE",
	    "the configuration (" CONFIG_DEFAULT ")", 0 },
	FLAG(VALISED_INSECURE_KEY, "insecure-key",
	    "use a private key that others may read, with a warning"),
	{ OPTIONS_HELP, 'h', "help", NULL,
	    "print this, or what the command does", 0 },
	{ OPTIONS_VERSION, 'V', "version", NULL, "print the version", 0 },
	END,
};

static const struct options_option check_options[] = {
	{ VALISED_CHECK, '\0', "check", NULL,
	    "judge configuration, policy, CRLs and certificates, and end",
	    OPTIONS_CHOOSES },
	END,
};
static const struct options_option full_options[] = {
	{ VALISED_FULL, '\0', "full", NULL,
	    "read and hash the whole journal before anybody is served",
	    OPTIONS_CHOOSES },
	END,
};
static const struct options_form run_forms[] = {
	{ VALISED_FORM_RUN, NULL, NULL, 0, 0, NULL, NULL },
	{ VALISED_FORM_FULL, NULL, NULL, 0, 0, NULL, full_options },
	{ VALISED_FORM_CHECK, NULL, NULL, 0, 0, NULL, check_options },
	END,
};

#define SEEN                                                                   \
	{                                                                      \
		VALISED_SEEN, '\0', "seen", "FILE",                            \
		    "a checkpoint that an office or witness has seen: the"     \
		    " file \"checkpoint\" or \"witness\" in its state folder", \
		    OPTIONS_MANY                                               \
	}
static const struct options_option join_options[] = {
	{ VALISED_JOIN, '\0', "join", "FILE",
	    "make a stand-by: FILE is signer/journal.key of the daemon that"
	    " writes",
	    OPTIONS_CHOOSES },
	SEEN,
	{ VALISED_KEYS, '\0', "keys", "FILE",
	    "journal/keys of that daemon, if it is there: its earlier keys",
	    0 },
	END,
};
static const struct options_form init_forms[] = {
	{ VALISED_FORM_INIT, NULL, NULL, 0, 0, NULL, NULL },
	{ VALISED_FORM_JOIN, NULL, NULL, 0, 0, NULL, join_options },
	END,
};
static const struct options_form enrolment_forms[] = {
	{ VALISED_FORM_ENROLMENT, NULL, NULL, 0, 0, NULL, NULL },
	END,
};
static const struct options_form export_forms[] = {
	{ VALISED_FORM_EXPORT_JOURNAL, NULL, "DIR", 1, 1, NULL, NULL },
	END,
};

static const struct options_option fsck_options[] = {
	FLAG(VALISED_REPAIR, "repair",
	    "make anew what only follows from the record; the daemon is off"),
	END,
};
static const struct options_form fsck_forms[] = {
	{ VALISED_FORM_FSCK, NULL, "[DATA]", 0, 1, NULL, fsck_options },
	END,
};

static const struct options_option backup_options[] = {
	FLAG(VALISED_WITH_KEYS, "with-keys", "copy the private keys too"),
	END,
};
static const struct options_form backup_forms[] = {
	{ VALISED_FORM_BACKUP, NULL, "DIR", 1, 1, NULL, backup_options },
	END,
};

static const struct options_form reload_forms[] = {
	{ VALISED_FORM_RELOAD, NULL, NULL, 0, 0, NULL, NULL },
	END,
};
static const struct options_form promote_forms[] = {
	{ VALISED_FORM_PROMOTE, NULL, NULL, 0, 0, NULL, NULL },
	END,
};
static const struct options_form yield_forms[] = {
	{ VALISED_FORM_YIELD, NULL, NULL, 0, 0, NULL, NULL },
	END,
};

static const struct options_option restore_options[] = {
	SEEN,
	FLAG(VALISED_NOBODY, "nobody-has-seen-more",
	    "you made sure otherwise that nobody has seen more than the"
	    " backup"),
	END,
};
static const struct options_form restore_forms[] = {
	{ VALISED_FORM_RESTORE, NULL, "DIR", 1, 1, NULL, restore_options },
	END,
};

static const struct options_option copy_options[] = {
	{ VALISED_FROM, '\0', "from", "PLACE", "where the record is",
	    OPTIONS_NEEDED },
	{ VALISED_TO, '\0', "to", "PLACE", "where it is to be",
	    OPTIONS_NEEDED },
	END,
};
static const struct options_form copy_forms[] = {
	{ VALISED_FORM_COPY, NULL, NULL, 0, 0, NULL, copy_options },
	END,
};

#define SERVICES                                                               \
	{                                                                      \
		VALISED_SERVICES, '\0', "services", "FILE",                    \
		    "the file of services that CONNECTION names one of", 0     \
	}
static const struct options_option tables_options[] = {
	{ VALISED_WRITER, '\0', "writer", "ROLE",
	    "the daemon's role, which may read and add rows", OPTIONS_NEEDED },
	SERVICES,
	END,
};
static const struct options_option tidy_options[] = {
	{ VALISED_TIDY, '\0', "tidy", NULL,
	    "remove what was begun a day ago or more and never used",
	    OPTIONS_CHOOSES },
	SERVICES,
	END,
};
static const struct options_option resume_options[] = {
	{ VALISED_RESUME, '\0', "resume", NULL,
	    "let daemons write again, after the service was stopped",
	    OPTIONS_CHOOSES },
	SERVICES,
	END,
};
static const struct options_option forget_options[] = {
	{ VALISED_FORGET, '\0', "forget", "NUMBER",
	    "one of the two daemons that take part is lost, or gone: another"
	    " may join in its place",
	    OPTIONS_CHOOSES },
	SERVICES,
	END,
};
static const struct options_form tables_forms[] = {
	{ VALISED_FORM_TABLES, NULL, "CONNECTION", 1, 1, NULL, tables_options },
	{ VALISED_FORM_TIDY, NULL, "CONNECTION", 1, 1, NULL, tidy_options },
	{ VALISED_FORM_RESUME, NULL, "CONNECTION", 1, 1, NULL, resume_options },
	{ VALISED_FORM_FORGET, NULL, "CONNECTION", 1, 1, NULL, forget_options },
	END,
};

static const struct options_form replace_forms[] = {
	{ VALISED_FORM_REPLACE_KEY, NULL, NULL, 0, 0, NULL, NULL },
	END,
};

static const struct options_form complete_forms[] = {
	{ VALISED_FORM_COMPLETE, NULL, "[WORD…]", 0, -1, NULL, NULL },
	END,
};

static const struct options_command commands[] = {
	{ "", "run in the foreground; ends on SIGTERM", NULL, NULL, NULL,
	    run_forms },
	{ "init", "make the data folder and the keys, once",
	    "It also writes the requests for the certificates of the"
	    " depositary and of the server, and says where they are.",
	    "  valised --config valised.yaml init\n", NULL, init_forms },
	{ "enrolment", "print the file that offices import",
	    "Its fingerprint, to be compared by telephone, goes to standard"
	    " error.",
	    "  valised enrolment >enrolment.yaml\n", NULL, enrolment_forms },
	{ "export-journal", "write the journal as static files",
	    "DIR gets a C2SP tlog-tiles tree, or is brought up to date; the"
	    " daemon may be running.",
	    "  valised export-journal /srv/www/journal\n", NULL, export_forms },
	{ "reload", "have the running daemon take new settings",
	    "Policies, CRLs and certificates are judged first: if one is bad"
	    " the daemon keeps all the old ones, and the reason is told"
	    " (exit 1).",
	    "  valised reload\n", NULL, reload_forms },
	{ "promote", "have a daemon that stands by write",
	    "The daemon that wrote has ended, or has yielded. With \"promote:"
	    " auto\" in valised.yaml a stand-by does this by itself.",
	    "  valised promote\n", NULL, promote_forms },
	{ "yield", "have the daemon that writes end, for its stand-by",
	    "It finishes what is under way. Started again, it stands by.",
	    "  valised yield\n", NULL, yield_forms },
	{ "fsck", "check a data folder, all of it against all of it",
	    "Without DATA it is the one that the configuration names, which has"
	    " to be so if the record is in a database. The daemon may be running,"
	    " but not with --repair. Exit 1 if anything is damaged.",
	    "  valised fsck /var/lib/valise\n", NULL, fsck_forms },
	{ "backup", "copy the data folder, or what is new of it",
	    "The daemon may be running. The signer's memory is never copied."
	    " A record in a database is copied into files.",
	    "  valised backup /mnt/backup/valise\n", NULL, backup_forms },
	{ "restore", "make the data folder from a backup",
	    "Nothing is made if the journal went on after the backup, as the"
	    " checkpoints seen by others tell. --seen, once for each, or"
	    " --nobody-has-seen-more is needed. If valised.yaml names a"
	    " database, the record is then moved into its empty tables.",
	    "  valised restore /mnt/backup/valise --seen checkpoint\n", NULL,
	    restore_forms },
	{ "tables", "make the tables of a record in a database",
	    "As the role that owns them: the daemon's own role may neither"
	    " change nor remove what is in them. CONNECTION is as in"
	    " valised.yaml.",
	    "  valised tables \"host=/run/postgresql dbname=valise\" --writer"
	    " valise\n",
	    NULL, tables_forms },
	{ "copy", "copy the record from files to a database, or back",
	    "A PLACE is files:DIR, a data folder, or postgresql:CONNECTION. All"
	    " is compared afterwards. What was interrupted goes on. With the"
	    " daemon off, the data folder then belongs to the copy.",
	    "  valised copy --from files:/var/lib/valise --to"
	    " \"postgresql:service=valise\"\n",
	    NULL, copy_forms },
	{ "replace-key", "journal which key is to be the journal's next",
	    "The daemon is off. The next key takes over once the witnesses"
	    " have cosigned the entry that names it.",
	    "  valised replace-key\n", NULL, replace_forms },
	{ "complete", "print what the last word may become",
	    "What bash, zsh and fish ask when Tab is pressed.",
	    "  valised complete -- fsck --re\n", NULL, complete_forms },
	{ NULL },
};

static const struct options_value values[] = {
	{ "FILE", COMPLETE_FILE, NULL },
	{ "DIR", COMPLETE_FOLDER, NULL },
	{ "DATA", COMPLETE_FOLDER, NULL },
	{ "PLACE", COMPLETE_WORDS, "files:\npostgresql:\n" },
	{ NULL },
};

const struct options_program valised_options = {
	.name = "valised",
	.summary = "Keep, sign and version what offices deposit (valised(8)).",
	.globals = globals,
	.commands = commands,
	.values = values,
	.more = "A first day:\n"
		"  valised --config valised.yaml init\n"
		"  (have the CA certify signer/depositary.csr and"
		" server/server.csr)\n"
		"  valised --config valised.yaml --check\n"
		"  valised --config valised.yaml enrolment >enrolment.yaml\n"
		"  valised --config valised.yaml\n",
};
