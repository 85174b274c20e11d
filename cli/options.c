/*
 * The table of valise's commands and options (options.h).  Texts are folded
 * where they are shown; a newline in them begins a new line.
 */
#include "cli/options.h"

#define FLAG(id, name, text)                                                   \
	{                                                                      \
		id, '\0', name, NULL, text, 0                                  \
	}
#define VALUE(id, name, value, text)                                           \
	{                                                                      \
		id, '\0', name, value, text, 0                                 \
	}
#define FORCE                                                                  \
	FLAG(OPTION_FORCE, "force",                                            \
	    "replace a file that is there, whatever it is")
#define END                                                                    \
	{                                                                      \
		0                                                              \
	}

static const struct options_option globals[] = {
	VALUE(OPTION_CONFIG, "config", "FILE",
	    "the configuration; else $VALISE_CONFIG, else"
	    " valise/config.yaml in $XDG_CONFIG_HOME or ~/.config"),
	FLAG(OPTION_JSON, "json",
	    "print JSON and nothing else on standard output, an error too"),
	FLAG(OPTION_LOCAL, "local",
	    "use the local copy and ask nobody, where the command can"),
	FLAG(OPTION_INSECURE_KEY, "insecure-key",
	    "use a private key that others may read, with a warning"),
	VALUE(OPTION_SECRET_FILE, "secret-file", "FILE",
	    "the passphrases of encrypted private keys, one a line; else they"
	    " are asked for at the terminal"),
	{ OPTIONS_HELP, 'h', "help", NULL,
	    "print this, or what the command does", 0 },
	{ OPTIONS_VERSION, 'V', "version", NULL, "print the version", 0 },
	END,
};

/* --- Making and sending. --- */

static const struct options_option init_options[] = {
	{ OPTION_CERT, '\0', "cert", "FILE",
	    "the certificate that you connect with", OPTIONS_NEEDED },
	{ OPTION_KEY, '\0', "key", "FILE", "its private key", OPTIONS_NEEDED },
	VALUE(OPTION_SIGN_CERT, "sign-cert", "FILE",
	    "the certificate that you sign with"),
	VALUE(OPTION_SIGN_KEY, "sign-key", "FILE", "its private key"),
	VALUE(OPTION_ENCRYPT_CERT, "encrypt-cert", "FILE",
	    "the office's certificate, to open bags with"),
	VALUE(OPTION_ENCRYPT_KEY, "encrypt-key", "FILE", "its private key"),
	VALUE(OPTION_STATE, "state", "DIR",
	    "where to keep what was seen; else valise in $XDG_STATE_HOME or"
	    " ~/.local/state"),
	FLAG(OPTION_YES, "yes",
	    "your office agreed to all policies that there were before"),
	END,
};
static const struct options_option init_update_options[] = {
	{ OPTION_UPDATE, '\0', "update", NULL,
	    "show what differs, ask, and keep it once the daemon there has"
	    " proved to go on with what this office has seen",
	    OPTIONS_CHOOSES },
	FLAG(OPTION_YES, "yes",
	    "do not ask: the fingerprint was compared by telephone"),
	END,
};
static const struct options_form init_forms[] = {
	{ FORM_INIT, NULL, "ENROLMENT", 1, 1, "Enrol.", init_options },
	{ FORM_INIT_UPDATE, NULL, "ENROLMENT", 1, 1,
	    "Take new addresses, and the CA of their servers, from a newer"
	    " enrolment of the same journal.",
	    init_update_options },
	END,
};

static const struct options_option renew_options[] = {
	VALUE(OPTION_CERT, "cert", "FILE",
	    "the certificate that you connect with from now on"),
	VALUE(OPTION_KEY, "key", "FILE", "its private key"),
	VALUE(OPTION_SIGN_CERT, "sign-cert", "FILE",
	    "the certificate that you sign with from now on"),
	VALUE(OPTION_SIGN_KEY, "sign-key", "FILE", "its private key"),
	VALUE(OPTION_ENCRYPT_CERT, "encrypt-cert", "FILE",
	    "the office's certificate, to open bags with from now on; the key"
	    " of before stays, for bags on their way"),
	VALUE(OPTION_ENCRYPT_KEY, "encrypt-key", "FILE", "its private key"),
	END,
};
static const struct options_form renew_forms[] = {
	{ FORM_RENEW, NULL, NULL, 0, 0, NULL, renew_options },
	END,
};

static const struct options_option push_options[] = {
	{ OPTION_TEXT, '\0', "text", "LANG=FILE",
	    "a text, once for each language", OPTIONS_NEEDED | OPTIONS_MANY },
	{ OPTION_TITLE, '\0', "title", "LANG=TITLE",
	    "what it is called; one at least", OPTIONS_NEEDED | OPTIONS_MANY },
	{ OPTION_ANNEX, '\0', "annex", "FILE", "an annex", OPTIONS_MANY },
	{ OPTION_AS, '\0', "as", "NAME",
	    "the name that the file before it is deposited with; else its own",
	    OPTIONS_MANY },
	VALUE(OPTION_NOTE, "note", "TEXT", "a line about this version"),
	VALUE(OPTION_ONTO, "onto", "N",
	    "end the signing of N, the newest version, though another party"
	    " has signed it"),
	FLAG(OPTION_ALLOW_EMPTY, "allow-empty", "deposit an empty file"),
	VALUE(OPTION_ALLOW, "allow", "ending",
	    "deposit a file that is not what the ending of its name says"),
	FLAG(OPTION_DRY_RUN, "dry-run",
	    "show what would be deposited, and deposit nothing"),
	{ OPTION_YES, 'y', "yes", NULL, "do not ask", 0 },
	END,
};
static const struct options_option push_batch_options[] = {
	{ OPTION_BATCH, '\0', "batch", "FILE",
	    "a YAML list of document, title, texts, annexes and note",
	    OPTIONS_CHOOSES },
	{ OPTION_YES, 'y', "yes", NULL, "do not ask", 0 },
	END,
};
static const struct options_form push_forms[] = {
	{ FORM_PUSH, NULL, "DOC", 1, 1, "Deposit one version.", push_options },
	{ FORM_PUSH_BATCH, NULL, NULL, 0, 0,
	    "Deposit all that a file lists. What is refused is told, and the"
	    " others are tried.",
	    push_batch_options },
	END,
};

static const struct options_option sign_options[] = {
	{ OPTION_YES, 'y', "yes", NULL, "do not ask", 0 },
	END,
};
static const struct options_form sign_forms[] = {
	{ FORM_SIGN, NULL, "DOC[@N]", 1, 1, NULL, sign_options },
	END,
};

static const struct options_option terminate_options[] = {
	VALUE(OPTION_REASON, "reason", "TEXT",
	    "why; the first to sign says it, the others may leave it out"),
	{ OPTION_YES, 'y', "yes", NULL, "do not ask", 0 },
	END,
};
static const struct options_form terminate_forms[] = {
	{ FORM_TERMINATE, NULL, "DOC", 1, 1, NULL, terminate_options },
	END,
};

/* --- Getting and judging. --- */

static const struct options_option fetch_options[] = {
	{ OPTION_OUTPUT, 'o', "output", "FILE",
	    "where to write it; \"-\" is standard output. A copy of the same"
	    " document is replaced, any other file is left as it is",
	    0 },
	FORCE,
	VALUE(OPTION_EXTRACT, "extract", "DIR",
	    "write its files into a new folder"),
	FLAG(OPTION_WITNESSED, "witnessed",
	    "only if enough witnesses have cosigned its receipts"),
	END,
};
static const struct options_form fetch_forms[] = {
	{ FORM_FETCH, NULL, "DOC[@N]", 1, 1, NULL, fetch_options },
	END,
};

static const struct options_form pull_forms[] = {
	{ FORM_PULL, NULL, "[DIR]", 0, 1, NULL, NULL },
	END,
};

static const struct options_option verify_options[] = {
	FLAG(OPTION_CURRENT, "current",
	    "ask the daemon what became of it since"),
	FLAG(OPTION_IN_FORCE, "in-force",
	    "exit 1 unless it is in force, as far as that is known"),
	FLAG(OPTION_WITNESSED, "witnessed",
	    "only VALID if enough witnesses have cosigned the receipts"),
	VALUE(OPTION_ENROLMENT, "enrolment", "FILE",
	    "judge by this enrolment, without an office of one's own"),
	{ OPTION_POLICY, '\0', "policy", "PATH",
	    "with --enrolment: a policy, its ZIP or folder, or a folder of"
	    " ZIPs",
	    OPTIONS_MANY },
	{ OPTION_CRLS, '\0', "crls", "PATH",
	    "with --enrolment: revocation lists, their ZIP or folder, or a"
	    " CA's file",
	    OPTIONS_MANY },
	{ OPTION_JOBS, 'j', "jobs", "N",
	    "how many processes judge many files; else one for each core", 0 },
	END,
};
static const struct options_option verify_evidence_options[] = {
	{ OPTION_EVIDENCE, '\0', "evidence", "FILE",
	    "two checkpoints that contradict each other; exit 0 if they prove"
	    " that the journal was forked",
	    OPTIONS_CHOOSES },
	END,
};
static const struct options_form verify_forms[] = {
	{ FORM_VERIFY, NULL, "FILE.asice…", 1, -1,
	    "Judge copies: files, all *.asice of a folder, or \"-\", standard"
	    " input.",
	    verify_options },
	{ FORM_VERIFY_EVIDENCE, NULL, NULL, 0, 0, "Judge evidence.",
	    verify_evidence_options },
	END,
};

static const struct options_option kit_options[] = {
	{ OPTION_OUTPUT, 'o', "output", "FILE",
	    "where to write the kit; \"-\" is standard output",
	    OPTIONS_NEEDED },
	FORCE,
	{ OPTION_TELEPHONE, '\0', "telephone", "PARTY=NUMBER",
	    "a party's telephone number, for the kit's README.txt",
	    OPTIONS_MANY },
	END,
};
static const struct options_form kit_forms[] = {
	{ FORM_KIT, NULL, "DOC[@N]…", 1, -1, NULL, kit_options },
	END,
};

static const struct options_option diff_options[] = {
	FLAG(OPTION_WORDS, "words", "compare word by word"),
	VALUE(OPTION_ENROLMENT, "enrolment", "FILE",
	    "judge two files by this enrolment, as \"verify\" does"),
	{ OPTION_POLICY, '\0', "policy", "PATH", "as with \"verify\"",
	    OPTIONS_MANY },
	{ OPTION_CRLS, '\0', "crls", "PATH", "as with \"verify\"",
	    OPTIONS_MANY },
	{ OPTION_COLOR, '\0', "color", "WHEN",
	    "always, as if no WHEN is given, or never; else on a terminal",
	    OPTIONS_MAY },
	{ OPTION_COLOR, '\0', "colour", "WHEN", "the same",
	    OPTIONS_MAY | OPTIONS_HIDDEN },
	END,
};
static const struct options_option diff_languages_options[] = {
	{ OPTION_SIDE_BY_SIDE, '\0', "side-by-side", "LANG,LANG",
	    "the two languages", OPTIONS_CHOOSES },
	{ OPTION_COLOR, '\0', "color", "WHEN",
	    "always, as if no WHEN is given, or never; else on a terminal",
	    OPTIONS_MAY },
	{ OPTION_COLOR, '\0', "colour", "WHEN", "the same",
	    OPTIONS_MAY | OPTIONS_HIDDEN },
	END,
};
static const struct options_form diff_forms[] = {
	{ FORM_DIFF, NULL, "DOC@A|FILE.asice DOC@B|FILE.asice", 2, 2,
	    "Compare two versions of the record; or two files, which needs no"
	    " configuration, key or line, and tells the verdict on each.",
	    diff_options },
	{ FORM_DIFF_LANGUAGES, NULL, "DOC[@N]", 1, 1,
	    "Show two languages of one version, article by article.",
	    diff_languages_options },
	END,
};

/* --- Looking. --- */

static const struct options_form show_forms[] = {
	{ FORM_SHOW, NULL, "DOC[@N]", 1, 1, NULL, NULL },
	END,
};

static const struct options_option list_options[] = {
	VALUE(OPTION_SEARCH, "search", "WORDS",
	    "with each of WORDS in the name or in a title of any language"),
	VALUE(OPTION_TYPE, "type", "TYPE", "of this type; as TYPE alone"),
	VALUE(OPTION_PARTY, "party", "PARTY",
	    "deposited by an office of this party: the newest version or the"
	    " one in force"),
	VALUE(OPTION_OFFICE, "office", "OFFICE",
	    "deposited by this office: the newest version or the one in"
	    " force"),
	VALUE(OPTION_STATUS, "status", "STATUS",
	    "whose newest version, or the one in force, is draft, \"signed in"
	    " part\", \"in force\" or terminated"),
	VALUE(OPTION_LANGUAGE, "language", "LANG",
	    "with a text in this language in the newest version"),
	VALUE(OPTION_SINCE, "since", "DATE",
	    "whose newest version came on that day or later"),
	VALUE(OPTION_UNTIL, "until", "DATE",
	    "whose newest version came on that day or before"),
	FLAG(OPTION_WAITS, "waits", "that wait for your signature; proved"),
	VALUE(OPTION_SORT, "sort", "KEY",
	    "by name, title, title:LANG, date, status or type; -KEY for the"
	    " other way: --sort=-date is the newest first"),
	FLAG(OPTION_MINE_FIRST, "mine-first",
	    "first those that wait for your signature, then those whose newest"
	    " version was not opened here, then the others"),
	VALUE(OPTION_LIMIT, "limit", "N", "the first N only"),
	VALUE(OPTION_CURSOR, "cursor", "WORD",
	    "the N that come next: the cursor that --json answered"),
	FLAG(OPTION_ALL_VERSIONS, "all-versions",
	    "a row for each version, proved: also of those superseded,"
	    " withdrawn or lapsed"),
	FLAG(OPTION_PROVED, "proved",
	    "prove each row by the document's acts; without it, those that"
	    " are not known already are the daemon's words"),
	END,
};
static const struct options_form list_forms[] = {
	{ FORM_LIST, NULL, "[TYPE]", 0, 1, NULL, list_options },
	END,
};

static const struct options_form status_forms[] = {
	{ FORM_STATUS, NULL, NULL, 0, 0, NULL, NULL },
	END,
};

static const struct options_form history_forms[] = {
	{ FORM_HISTORY, NULL, "DOC", 1, 1, NULL, NULL },
	END,
};

#define ACTS                                                                   \
	"deposit, sign, force, terminate, deliver, deliveries, refuse,"        \
	" dispatch, acknowledge, policy, crl, key or start"

static const struct options_option log_options[] = {
	VALUE(OPTION_DOCUMENT, "document", "DOC", "only acts on this document"),
	VALUE(OPTION_OFFICE, "office", "OFFICE", "only acts of this office"),
	VALUE(OPTION_PERSON, "person", "E-MAIL", "only acts of this person"),
	VALUE(OPTION_ACT, "act", "ACT", "only acts of this kind: " ACTS),
	VALUE(OPTION_SINCE, "since", "DATE",
	    "from a date (2026-11-23) or a time (2026-11-23T10:00:00Z) on"),
	VALUE(OPTION_UNTIL, "until", "DATE",
	    "up to a date, that day included, or to a time"),
	VALUE(OPTION_NEWEST, "newest", "NUMBER",
	    "only the newest, so many, without asking for all before them"),
	VALUE(OPTION_BEFORE, "before", "ENTRY",
	    "with --newest: of those before this entry"),
	{ OPTION_FOLLOW, 'f', "follow", NULL,
	    "go on with what comes, over cuts too", 0 },
	FLAG(OPTION_CSV, "csv",
	    "comma-separated values (RFC 4180); --json with --follow is a"
	    " line for each act"),
	END,
};
static const struct options_form log_forms[] = {
	{ FORM_LOG, NULL, NULL, 0, 0, NULL, log_options },
	END,
};

static const struct options_option watch_options[] = {
	VALUE(OPTION_DOCUMENT, "document", "DOC", "only acts on this document"),
	VALUE(OPTION_ACT, "act", "ACT", "only acts of this kind: " ACTS),
	VALUE(OPTION_FROM, "from", "N",
	    "begin with entry N, instead of with what comes"),
	VALUE(OPTION_EXEC, "exec", "CMD",
	    "run CMD by the shell for each, one after another, with the act"
	    " as JSON on its standard input"),
	FLAG(OPTION_NOTIFY, "notify",
	    "show each by the desktop's notifications"),
	END,
};
static const struct options_form watch_forms[] = {
	{ FORM_WATCH, NULL, NULL, 0, 0, NULL, watch_options },
	END,
};

/* --- Bags. --- */

static const struct options_option bag_pack_options[] = {
	{ OPTION_OUTPUT, 'o', "output", "FILE",
	    "where to write the bag; \"-\" is standard output",
	    OPTIONS_NEEDED },
	FORCE,
	{ OPTION_TO, '\0', "to", "OFFICE", "for whom it is encrypted",
	    OPTIONS_NEEDED },
	FLAG(OPTION_SINCE_ACKNOWLEDGED, "since-acknowledged",
	    "pack all that OFFICE may read and that changed since the bags that"
	    " it acknowledged; what is done if nothing else is asked for"),
	FLAG(OPTION_SINCE_LAST, "since-last",
	    "pack what changed since the last bag, acknowledged or not; if that"
	    " is nothing, what was not acknowledged"),
	FLAG(OPTION_ALL, "all", "pack all that OFFICE may read"),
	FLAG(OPTION_OUTBOX, "outbox",
	    "pack what was made here without a line (\"push --local\","
	    " \"sign --local\")"),
	VALUE(OPTION_KNOWN, "known", "SIZE",
	    "how far OFFICE has seen the journal, if it has not"
	    " acknowledged"),
	END,
};
static const struct options_option bag_open_options[] = {
	VALUE(OPTION_INTO, "into", "DIR", "where the local copy is"),
	VALUE(OPTION_ACK, "ack", "FILE",
	    "where to write the acknowledgement; else FILE.ack. The one of this"
	    " bag is replaced, any other file is left as it is"),
	FORCE,
	FLAG(OPTION_AGAIN, "again", "though it was opened before"),
	END,
};
static const struct options_option bag_list_options[] = {
	VALUE(OPTION_TO, "to", "OFFICE", "only those to this office"),
	END,
};
static const struct options_form bag_forms[] = {
	{ FORM_BAG_PACK, "pack", "[DOC[@N]…]", 0, -1,
	    "Pack copies of these documents (the newest version of DOC,"
	    " DOC@in-force or DOC@N), or what the options say.",
	    bag_pack_options },
	{ FORM_BAG_OPEN, "open", "FILE", 1, 1,
	    "Check all of it, with no network, put its copies into the local"
	    " copy, and write the acknowledgement.",
	    bag_open_options },
	{ FORM_BAG_ACK, "ack", "FILE", 1, 1,
	    "Hand in the acknowledgement that came back.", NULL },
	{ FORM_BAG_LIST, "list", NULL, 0, 0,
	    "List the bags that this office sent: acknowledged, sent, or"
	    " missing, since a later one was acknowledged.",
	    bag_list_options },
	{ FORM_BAG_PUSH, "push", "FILE", 1, 1,
	    "Open a bag that came back, and hand in what is in it, in the"
	    " name of the person who signed its waybill.",
	    NULL },
	END,
};

/* --- Checking the daemon. --- */

static const struct options_option audit_options[] = {
	FLAG(OPTION_FULL, "full",
	    "begin anew, trusting nothing of the last audit"),
	END,
};
static const struct options_option audit_note_options[] = {
	{ OPTION_NOTE, '\0', "note", "ID",
	    "the name that the report gives the finding", OPTIONS_CHOOSES },
	END,
};
static const struct options_option audit_combine_options[] = {
	{ OPTION_COMBINE, '\0', "combine", NULL,
	    "find the entries that were shown to none of these offices of one"
	    " party",
	    OPTIONS_CHOOSES },
	END,
};
static const struct options_option audit_compare_options[] = {
	{ OPTION_COMPARE, '\0', "compare", NULL,
	    "prove that these offices, of any party, saw the same history",
	    OPTIONS_CHOOSES },
	END,
};
static const struct options_form audit_forms[] = {
	{ FORM_AUDIT, NULL, NULL, 0, 0,
	    "Check what is new since the last audit.", audit_options },
	{ FORM_AUDIT_NOTE, NULL, "TEXT", 1, 1,
	    "Note a finding: it stays in the report, with your name, and no"
	    " longer sets the exit status.",
	    audit_note_options },
	{ FORM_AUDIT_COMBINE, NULL, "REPORT…", 1, -1,
	    "Read reports, each what \"valise --json audit\" printed.",
	    audit_combine_options },
	{ FORM_AUDIT_COMPARE, NULL, "REPORT…", 1, -1,
	    "Compare reports with what this office has seen.",
	    audit_compare_options },
	END,
};

static const struct options_option witness_options[] = {
	VALUE(OPTION_EVERY, "every", "TIME", "go on, every 30s, 10m or 1h"),
	END,
};
static const struct options_option witness_init_options[] = {
	VALUE(OPTION_NAME, "name", "NAME",
	    "what the witness is called; else as the office is"),
	END,
};
static const struct options_form witness_forms[] = {
	{ FORM_WITNESS, NULL, NULL, 0, 0, "Check and cosign.",
	    witness_options },
	{ FORM_WITNESS_INIT, "init", NULL, 0, 0,
	    "Make this office's key, and print the line for the policy.",
	    witness_init_options },
	END,
};

/* --- Policies and revocation lists. --- */

static const struct options_option policy_accept_options[] = {
	VALUE(OPTION_AT, "at", "ENTRY",
	    "the entry that put the policy in force before"),
	END,
};
static const struct options_option policy_save_options[] = {
	FORCE,
	END,
};
static const struct options_form policy_forms[] = {
	{ FORM_POLICY_CHECK, "check", "DIR", 1, 1,
	    "Tell every mistake in a policy's folder, and what is surely not"
	    " meant.",
	    NULL },
	{ FORM_POLICY_SHOW, "show", "[DIGEST]", 0, 1,
	    "Show the policy that you accepted, how the daemon's differs, and"
	    " which were in force when; or one of these.",
	    NULL },
	{ FORM_POLICY_ACCEPT, "accept", "[DIGEST | FILE]", 0, 1,
	    "Make the policy that you read yours: by its digest; or as the"
	    " FILE that came by bag or mail, which needs no connection.",
	    policy_accept_options },
	{ FORM_POLICY_SAVE, "save", "DIGEST FILE", 2, 2,
	    "Write a policy for an office that has no connection.",
	    policy_save_options },
	END,
};

static const struct options_form crls_forms[] = {
	{ FORM_CRLS_PUSH, "push", "[FILE…]", 0, -1,
	    "Hand revocation lists of a CA to the daemon, which has to journal"
	    " them at once; without a FILE, those kept here that the journal"
	    " does not name. Exit 1 if it does not.",
	    NULL },
	{ FORM_CRLS_ADD, "add", "FILE…", 1, -1,
	    "Keep them here, without a connection: \"valise audit\" says"
	    " CRL_WITHHELD until the journal names them.",
	    NULL },
	{ FORM_CRLS_SHOW, "show", NULL, 0, 0,
	    "Show the lists in force, by the newest \"crl\" entry, and those"
	    " kept here that the journal does not name.",
	    NULL },
	END,
};

static const struct options_option desk_options[] = {
	VALUE(OPTION_IDLE, "idle", "TIME",
	    "end after so long without use: 30m (as it is without this), 8h"),
	FLAG(OPTION_NO_BROWSER, "no-browser",
	    "open no browser, but print the file that opens the desk in one"),
	END,
};
static const struct options_form desk_forms[] = {
	{ FORM_DESK, NULL, NULL, 0, 0, NULL, desk_options },
	END,
};

static const struct options_form complete_forms[] = {
	{ FORM_COMPLETE, NULL, "[WORD…]", 0, -1, NULL, NULL },
	END,
};

static const struct options_command commands[] = {
	{ "init", "enrol this office with a daemon",
	    "Read the enrolment file that the depositary gave you, pin the"
	    " daemon's address, journal key, CAs and policy, and write the"
	    " configuration.",
	    "  valise init enrolment.yaml --cert me.pem --key me.key \\\n"
	    "      --sign-cert me-sign.pem --sign-key me-sign.key\n",
	    NULL, init_forms },
	{ "renew", "go on with new certificates",
	    "Judge the certificates that follow those which end, or that"
	    " another CA issued, and their keys, and name them in the"
	    " configuration. Nobody is asked: it needs no connection.",
	    "  valise renew --cert new/connect.pem --key new/connect.key \\\n"
	    "      --sign-cert new/sign.pem --sign-key new/sign.key\n",
	    NULL, renew_forms },
	{ "push", "deposit a new version",
	    "Deposit a version of DOC (TYPE/NAME): version 1 if there is none,"
	    " else the next. It is signed as a proof of origin. What a cut"
	    " connection left unanswered is sent first the next time, byte for"
	    " byte: repeating a push is safe.",
	    "  valise push agreement/lao-iom-2021 --text lo=lo.pdf \\\n"
	    "      --text en=en.pdf --title en=\"Cooperation Agreement\" \\\n"
	    "      --note \"Article 4 agreed\"\n",
	    "", push_forms },
	{ "sign", "sign the newest version",
	    "Fetch and verify the version, show what will be signed, its"
	    " digest included, ask, and sign it as a proof of approval. You"
	    " need full powers for its type.",
	    "  valise sign agreement/lao-iom-2021\n", "", sign_forms },
	{ "fetch", "fetch a version and verify it",
	    "Fetch a certified true copy, verify it, and only then write it:"
	    " NAME-vN.asice here, or as you say. DOC is what is in force, or"
	    " the newest where nothing is; DOC@in-force, DOC@latest and DOC@N"
	    " are that one.",
	    "  valise fetch agreement/lao-iom-2021@2 -o v2.asice\n"
	    "  valise fetch agreement/lao-iom-2021@latest\n",
	    "", fetch_forms },
	{ "pull", "bring a local copy of all that you may read up to date",
	    "Fetch what is new since the last pull, prove that it is in the"
	    " journal, and judge each version before it appears. DIR is where"
	    " the copy is, or is made; the next time it is known. A cut, or"
	    " Ctrl-C, costs nothing: pull again.\n\n"
	    "DIR/TYPE/NAME/NAME-vN.asice is each version, as \"valise fetch\""
	    " writes it; DIR/TYPE/NAME/newest/ has the newest one's texts, to"
	    " open and read; DIR/store.git is a bare git repository of it"
	    " all.",
	    "  valise pull ~/agreements && valise --local list\n", NULL,
	    pull_forms },
	{ "verify", "verify copies, with no network",
	    "Judge each copy: its texts, signatures, seal, receipts, and what"
	    " the policy at the time of each act allowed. Exit 0 if all are"
	    " VALID, 1 if one is INVALID or INDETERMINATE. A status is as of"
	    " the copy's last act, or of the journal as far as this office was"
	    " given all acts on the document; each line says which.",
	    "  valise verify *.asice && echo all good\n"
	    "  valise verify copy.asice --enrolment enrolment.yaml \\\n"
	    "      --policy policies/ --crls crls/\n",
	    "not --current", verify_forms },
	{ "kit", "make a file for somebody who has no office",
	    "Copies, the enrolment, policies and revocation lists, a script"
	    " that checks signatures and texts with openssl, and a README.txt"
	    " that says whom to ask for the fingerprint, in one ZIP: for a"
	    " court, an auditor, a contractor.",
	    "  valise kit agreement/lao-iom-2021 -o kit.zip \\\n"
	    "      --telephone lao-pdr=+856-21-555-0100\n",
	    "", kit_forms },
	{ "show", "show a document's versions and signatures",
	    "Show what is in force, or the newest where nothing is, who"
	    " deposited it and who has signed it, as the document's acts prove"
	    " it; the other versions in a line each. DOC@in-force, DOC@latest"
	    " and DOC@N show that one.",
	    "  valise show agreement/lao-iom-2021\n", "", show_forms },
	{ "list", "list the documents that you may read",
	    "A document has the status of its newest version, or is"
	    " terminated; where an older version is in force that is told"
	    " beside it, and --status finds it by either. Titles are in your"
	    " language (LC_ALL, LC_MESSAGES, LANG).",
	    "  valise list agreement --status \"in force\"\n",
	    "not --proved, --cursor", list_forms },
	{ "status", "tell how this office stands",
	    "Who this is, when certificates, full powers and the CRL of this"
	    " party end, whether the daemon can be reached, how far the"
	    " journal was seen and witnessed, which policy is accepted or"
	    " waits, what waits for your signature, what is in the outbox, and"
	    " which bags are not acknowledged. Exit 0 also where the daemon"
	    " cannot be reached: what is kept here is told, and what could not"
	    " be asked.",
	    "  valise status\n", "", status_forms },
	{ "diff", "show how two versions differ",
	    "Titles, note, who deposited and signed; each text beside the one"
	    " of its language, line by line; a PDF by what pdftotext makes of"
	    " it. Both are verified first. Exit 0 whether they differ or not,"
	    " 1 if one is not VALID.",
	    "  valise diff agreement/lao-iom-2021@1 agreement/lao-iom-2021@2\n"
	    "  valise diff draft.asice signed.asice --enrolment enrolment.yaml\n"
	    "  valise diff agreement/lao-iom-2021 --side-by-side lo,en\n",
	    "", diff_forms },
	{ "history", "list the acts on a document",
	    "Each act is proved to be in the journal.",
	    "  valise history agreement/lao-iom-2021\n", "", history_forms },
	{ "log", "show the audit trail",
	    "The journal's entries that you may see, each proved. A"
	    " \"deliveries\" entry counts how often a copy was given again"
	    " within a minute of the \"deliver\" entry that it names: a crash"
	    " of the daemon may lose that count, and never the delivery.",
	    "  valise log --act deliver --office iom-geneva\n", "not --follow",
	    log_forms },
	{ "bag", "carry documents to an office without a line",
	    "A bag is one file on any stick, encrypted to its addressee and"
	    " signed by the person who dispatches it.",
	    "  valise bag pack -o stick/monday.bag --to iom-bangkok"
	    " --since-last\n",
	    "pack --outbox, open", bag_forms },
	{ "watch", "follow what happens",
	    "Print a line for each act that you may see, as it happens and"
	    " proved to be in the journal. A cut is waited out, and nothing is"
	    " missed.",
	    "  valise watch --act deposit \\\n"
	    "      --exec 'jq -r .document | mail -s new me@mofa.example'\n",
	    NULL, watch_forms },
	{ "terminate", "sign the termination of what is in force",
	    "Fetch and verify the version in force, show it and the reason,"
	    " ask, and sign its termination. It ends once enough persons of"
	    " each party have (the policy says how many): the others sign the"
	    " same reason. No version can be deposited after that.",
	    "  valise terminate agreement/lao-iom-2021 \\\n"
	    "      --reason \"Article 12, six months' notice\"\n",
	    NULL, terminate_forms },
	{ "audit", "check the whole record",
	    "Check every hash of the journal, every entry that this office may"
	    " see, the policy at the time of each act, every copy by its own"
	    " signatures, and the states that the daemon lists. If it is cut,"
	    " \"valise audit\" goes on. What was found is told each time until"
	    " the same check passes, or somebody notes it. The report is to be"
	    " kept. Exit 1 if anything is wrong.",
	    "  valise --json audit >audit-2026-11.json\n"
	    "  valise audit --compare from-mofa.json\n",
	    NULL, audit_forms },
	{ "witness", "check that the journal only grew, and cosign it",
	    "Fetch the checkpoint and the proof that it extends the one that"
	    " this office cosigned last, check, and hand in the cosignature."
	    " Exit 1, with both checkpoints kept as evidence, if it does"
	    " not.",
	    "  valise witness --every 10m\n", NULL, witness_forms },
	{ "policy", "check, show or accept policy", NULL,
	    "  valise policy check policies/\n", NULL, policy_forms },
	{ "crls", "hand in revocation lists, or show those in force",
	    "A FILE is DER or PEM, of one list or several. A list counts by"
	    " its CA's signature, whoever brings it.",
	    "  valise crls push iom-crl.pem\n", NULL, crls_forms },
	{ "desk", "work in a browser",
	    "Serve this office's desk to this person's browser, and open it:"
	    " the register, documents, the journal and the policy, each proved"
	    " as the commands prove it. It listens on this machine alone, and"
	    " lets in only the browser that it opened, once. Ctrl-C ends it.",
	    "  valise desk\n", "", desk_forms },
	{ "complete", "print what the last word may become",
	    "What bash, zsh and fish ask when Tab is pressed: commands, options"
	    " and what they take; documents, offices, parties and types by what"
	    " this office keeps. Nobody is connected to.",
	    "  valise complete -- list --status \"in\"\n", "", complete_forms },
	{ NULL },
};

static const struct options_value values[] = {
	{ "FILE", COMPLETE_FILE, NULL },
	{ "ENROLMENT", COMPLETE_FILE, NULL },
	{ "REPORT", COMPLETE_FILE, NULL },
	{ "DIR", COMPLETE_FOLDER, NULL },
	{ "PATH", COMPLETE_FILE, NULL },
	{ "ACT", COMPLETE_WORDS,
	    "start\npolicy\ncrl\nkey\ndeposit\nsign\nforce\nterminate\n"
	    "deliver\ndeliveries\nrefuse\ndispatch\nacknowledge" },
	{ "DOC", COMPLETE_NAMES, NULL },
	{ "OFFICE", COMPLETE_NAMES, NULL },
	{ "PARTY", COMPLETE_NAMES, NULL },
	{ "TYPE", COMPLETE_NAMES, NULL },
	{ "WHEN", COMPLETE_WORDS, "always\nnever" },
	{ "STATUS", COMPLETE_WORDS,
	    "draft\nsigned in part\nin force\nterminated\nsuperseded\n"
	    "withdrawn\nlapsed" },
	{ NULL },
};

const struct options_program valise_options = {
	.name = "valise",
	.summary = "Deposit, sign, fetch and verify what agencies agree on.",
	.globals = globals,
	.commands = commands,
	.values = values,
};
