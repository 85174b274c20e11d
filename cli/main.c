/*
 * valise - deposit, sign, fetch and verify what agencies agree on.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/local/local.h"

static const struct command {
	const char *name, *args, *summary, *help;
	command_run *run;
	const char *local; /* what of it works with --local: NULL nothing */
} commands[] = {
	{ "init",
	    "ENROLMENT --cert FILE --key FILE [--sign-cert FILE --sign-key"
	    " FILE]",
	    "enrol this office with a daemon",
	    "Read the enrolment file that the depositary gave you, pin the"
	    " daemon's address,\njournal key, CAs and policy, and write the"
	    " configuration.\n\n"
	    "  --cert, --key            what you connect with\n"
	    "  --sign-cert, --sign-key  what you sign with\n"
	    "  --encrypt-cert, --encrypt-key  the office's, to open bags"
	    " with\n"
	    "  --state DIR              where to keep what was seen (default"
	    " ~/.local/state/valise)\n"
	    "  --yes                    your office agreed to all policies that"
	    " there were before\n\n"
	    "Example:\n"
	    "  valise init enrolment.yaml --cert me.pem --key me.key \\\n"
	    "      --sign-cert me-sign.pem --sign-key me-sign.key\n",
	    cmd_init, NULL },
	{ "push", "DOC --text LANG=FILE… --title LANG=TITLE… | --batch FILE",
	    "deposit a new version",
	    "Deposit a version of DOC (TYPE/NAME): version 1 if there is none,"
	    " else the next.\nIt is signed as a proof of origin. What a cut"
	    " connection left unanswered is sent\nfirst the next time, byte for"
	    " byte: repeating a push is safe.\n\n"
	    "  --text LANG=FILE    a text, once for each language\n"
	    "  --annex FILE        an annex\n"
	    "  --title LANG=TITLE  what it is called; one at least\n"
	    "  --note TEXT         a line about this version\n"
	    "  --onto N            end the signing of N, the newest version,"
	    " though another\n                      party has signed it\n"
	    "  --batch FILE        deposit all that FILE lists, a YAML list of"
	    " document, title,\n                      texts, annexes and"
	    " note; what is refused is told, and the\n"
	    "                      others are tried\n\n"
	    "Example:\n"
	    "  valise push agreement/lao-iom-2021 --text lo=lo.pdf --text"
	    " en=en.pdf \\\n      --title en=\"Cooperation Agreement\""
	    " --note \"Article 4 agreed\"\n",
	    cmd_push, "" },
	{ "sign", "DOC[@N] [--yes]", "sign the newest version",
	    "Fetch and verify the version, show what will be signed, its digest"
	    " included, ask,\nand sign it as a proof of approval. You need full"
	    " powers for its type.\n\n"
	    "  --yes  do not ask\n\n"
	    "Example:\n  valise sign agreement/lao-iom-2021\n",
	    cmd_sign, "" },
	{ "fetch", "DOC[@N] [-o FILE.asice] [--extract DIR] [--witnessed]",
	    "fetch a version and verify it",
	    "Fetch a certified true copy, verify it, and only then write it:"
	    " NAME-vN.asice here,\nor as you say.\n\n"
	    "  -o, --output FILE  where to\n"
	    "  --extract DIR      its files, into a new folder\n"
	    "  --witnessed        only if enough witnesses have cosigned its"
	    " receipts\n\n"
	    "Example:\n  valise fetch agreement/lao-iom-2021@2 -o v2.asice\n",
	    cmd_fetch, "" },
	{ "pull", "[DIR]",
	    "bring a local copy of all that you may read up to"
	    " date",
	    "What is new since the last pull, proved to be in the journal, each"
	    " version judged\nbefore it appears.  DIR is where the copy is, or"
	    " is made; the next time it is known.\nA cut, or Ctrl-C, costs"
	    " nothing: pull again.\n\n"
	    "  DIR/TYPE/NAME/NAME-vN.asice  each version, as \"valise fetch\""
	    " writes it\n"
	    "  DIR/TYPE/NAME/newest/        the newest one's texts, to open and"
	    " read\n"
	    "  DIR/store.git                a bare git repository of it"
	    " all\n\n"
	    "Example:\n  valise pull ~/agreements && valise --local list\n",
	    cmd_pull, NULL },
	{ "verify",
	    "[--witnessed] [--current] [--in-force] [-j N] FILE.asice… |"
	    " --evidence FILE",
	    "verify copies, with no network",
	    "Judge each copy: its texts, signatures, seal, receipts, and what"
	    " the policy at the\ntime of each act allowed. Exit 0 if all are"
	    " VALID, 1 if one is INVALID or\nINDETERMINATE. A status is as of"
	    " the copy's last act, or of the journal as far as\nthis office"
	    " was given all acts on the document; each line says which.\n\n"
	    "  --current        ask the daemon what became of it since\n"
	    "  --in-force       exit 1 unless it is in force, as far as that"
	    " is known\n"
	    "  --witnessed      only VALID if enough witnesses have cosigned"
	    " the receipts\n"
	    "  -j N             so many processes for many files; all cores by"
	    " itself\n"
	    "  --evidence FILE  what two checkpoints that contradict prove;"
	    " exit 0 if they do\n\n"
	    "Example:\n  valise verify *.asice && echo all good\n",
	    cmd_verify, "not --current" },
	{ "show", "DOC[@N]", "show a document's versions and signatures",
	    "Example:\n  valise show agreement/lao-iom-2021\n", cmd_show, "" },
	{ "list", "[TYPE] [--status STATUS] [--since DATE] [--proved]",
	    "list the documents that you may read",
	    "A document has the status of its newest version, or is"
	    " terminated.\n\n"
	    "  --status  draft, \"signed in part\", \"in force\" or"
	    " terminated\n"
	    "  --since   whose newest version came on that day or later\n"
	    "  --proved  prove each row by the document's acts; without it,"
	    " those that\n            are not known already are the daemon's"
	    " words\n\n"
	    "Example:\n  valise list agreement --status \"in force\"\n",
	    cmd_list, "not --proved" },
	{ "diff", "DOC@A DOC@B [--words] | DOC[@N] --side-by-side LANG,LANG",
	    "show how two versions differ",
	    "Titles, note, who deposited and signed; each text beside the one"
	    " of its language,\nline by line; a PDF by what pdftotext makes of"
	    " it. Both are verified first.\n\n"
	    "  --words                  word by word\n"
	    "  --side-by-side LANG,LANG two languages of one version, article by"
	    " article\n"
	    "  --color[=always|never]   as on a terminal\n\n"
	    "Example:\n  valise diff agreement/lao-iom-2021@1"
	    " agreement/lao-iom-2021@2\n  valise diff agreement/lao-iom-2021"
	    " --side-by-side lo,en\n",
	    cmd_diff, "" },
	{ "history", "DOC", "list the acts on a document",
	    "Each act is proved to be in the journal.\n\n"
	    "Example:\n  valise history agreement/lao-iom-2021\n",
	    cmd_history, "" },
	{ "log", "[filters]", "show the audit trail",
	    "The journal's entries that you may see, each proved.\n\n"
	    "  --document DOC  --office OFFICE  --person E-MAIL\n"
	    "  --act ACT       deposit, sign, force, terminate, deliver,"
	    " refuse, dispatch,\n                  acknowledge, policy, crl,"
	    " key, start\n"
	    "  --since, --until  a date (2026-11-23, that day included) or a"
	    " time\n                  (2026-11-23T10:00:00Z)\n"
	    "  --follow        go on with what comes, over cuts too\n"
	    "  --csv           comma-separated (RFC 4180); --json with --follow"
	    " is a line each\n\n"
	    "Example:\n  valise log --act deliver --office iom-geneva\n",
	    cmd_log, "not --follow" },
	{ "bag",
	    "pack -o FILE --to OFFICE [DOC…] | open FILE | ack FILE |"
	    " push FILE",
	    "for an office without a line",
	    "A bag is one file on any stick, encrypted to its addressee and"
	    " signed by who\ndispatches it.\n\n"
	    "  pack -o FILE --to OFFICE DOC[@N]…  pack copies of these\n"
	    "       --since-last    of all that OFFICE may read and that changed"
	    " since the last bag\n"
	    "       --outbox        what was made here without a line (\"push"
	    " --local\", \"sign --local\")\n"
	    "       --known SIZE    how far OFFICE has seen the journal, if it"
	    " has not acknowledged\n"
	    "  open FILE            check all of it, with no network, into the"
	    " local copy; makes the\n                       acknowledgement,"
	    " FILE.ack\n"
	    "       --into DIR      where the local copy is\n"
	    "       --ack FILE      where to write the acknowledgement\n"
	    "       --again         though it was opened before\n"
	    "  ack FILE             hand in the acknowledgement that came"
	    " back\n"
	    "  push FILE            open a bag that came back, and hand in what"
	    " is in it, in the name\n                       of who signed its"
	    " waybill\n\n"
	    "Example:\n  valise bag pack -o stick/monday.bag --to"
	    " iom-bangkok --since-last\n",
	    cmd_bag, "pack --outbox, open" },
	{ "watch",
	    "[--document DOC] [--act ACT] [--from N] [--exec CMD]"
	    " [--notify]",
	    "follow what happens",
	    "A line for each act that you may see, as it happens and proved to"
	    " be in the journal.\nA cut is waited out, and nothing is"
	    " missed.\n\n"
	    "  --document DOC  of this document only\n"
	    "  --act ACT       of this kind only (see \"valise log"
	    " --help\")\n"
	    "  --from N        begin with entry N, instead of with what"
	    " comes\n"
	    "  --exec CMD      run CMD by the shell, with the act as JSON on"
	    " its standard\n                  input; one after another\n"
	    "  --notify        show each by the desktop's notifications\n\n"
	    "Example:\n"
	    "  valise watch --act deposit --exec 'jq -r .document | mail -s new"
	    " me@mofa.example'\n",
	    cmd_watch, NULL },
	{ "terminate", "DOC --reason TEXT [--yes]",
	    "sign the termination of what is in force",
	    "Fetch and verify the version in force, show it and the reason,"
	    " ask, and sign its\ntermination. It ends once enough persons of"
	    " each party have (the policy says how\nmany): the others sign the"
	    " same reason. No version can be deposited after that.\n\n"
	    "  --reason TEXT  why; the first says it, the others may leave it"
	    " out\n"
	    "  --yes          do not ask\n\n"
	    "Example:\n  valise terminate agreement/lao-iom-2021 --reason"
	    " \"Article 12, six months' notice\"\n",
	    cmd_terminate, NULL },
	{ "audit",
	    "[--full] | --note ID TEXT | --combine REPORT… | --compare"
	    " REPORT…",
	    "check the whole record",
	    "Every hash of the journal, every entry that this office may see,"
	    " the policy at the\ntime of each act, every copy by its own"
	    " signatures, and the states that the daemon\nlists. What is new"
	    " since the last audit, or all with --full; if it is cut, \"valise"
	    "\naudit\" goes on. What was found is told each time until the same"
	    " check passes, or\nsomebody notes it. The report is to be kept."
	    " Exit 1 if anything is wrong.\n\n"
	    "  --full             begin anew, trusting nothing of the last"
	    " audit\n"
	    "  --note ID TEXT     note a finding: it stays in the report, with"
	    " your name, and\n                     no longer sets the exit"
	    " status\n"
	    "  --combine REPORT…  was any entry shown to none of these offices"
	    " of one party?\n"
	    "  --compare REPORT…  did another party's office see the same"
	    " history?\n\n"
	    "A REPORT is what \"valise --json audit\" printed.\n\n"
	    "Example:\n  valise --json audit >audit-2026-11.json\n"
	    "  valise audit --compare from-mofa.json\n",
	    cmd_audit, NULL },
	{ "witness", "[init [--name NAME] | --every TIME]",
	    "check that the journal only grew, and cosign it",
	    "Fetch the checkpoint and the proof that it extends the one that"
	    " this office cosigned\nlast, check, and hand in the cosignature."
	    " Exit 1, with both checkpoints kept as\nevidence, if it does"
	    " not.\n\n"
	    "  init          make this office's key; prints the line for the"
	    " policy\n"
	    "  --every TIME  go on, every 30s, 10m or 1h\n\n"
	    "Example:\n  valise witness --every 10m\n",
	    cmd_witness, NULL },
	{ "policy", "check DIR | show | accept DIGEST | …",
	    "check, show or accept policy",
	    "  check DIR         tell every mistake in a policy's folder, and"
	    " what is surely not\n                    meant\n"
	    "  show [DIGEST]     the policy that you accepted, how the daemon's"
	    " differs, and which\n                    were in force when; or"
	    " one of these\n"
	    "  accept DIGEST     make the policy that you read yours; --at"
	    " ENTRY: where it was in\n                    force before\n"
	    "  accept FILE       the same, of one that came by bag or mail;"
	    " needs no connection\n"
	    "  save DIGEST FILE  write one, for who has no connection\n\n"
	    "Example:\n  valise policy check policies/\n",
	    cmd_policy, NULL },
	{ "crls", "push [FILE…] | add FILE… | show",
	    "hand in revocation lists, or show those in force",
	    "  push [FILE…]  hand revocation lists of a CA to the daemon, which"
	    " has to journal\n                them at once; without a FILE, those"
	    " kept here that the journal\n                does not name. Exit 1"
	    " if it does not\n"
	    "  add FILE…     keep them here, without a connection: \"valise"
	    " audit\" says\n                CRL_WITHHELD until the journal names"
	    " them\n"
	    "  show          the lists in force, by the newest \"crl\" entry,"
	    " and those kept\n                here that the journal does not"
	    " name\n\n"
	    "A FILE is DER or PEM, of one list or several. A list counts by its"
	    " CA's signature,\nwhoever brings it.\n\n"
	    "Example:\n  valise crls push iom-crl.pem\n",
	    cmd_crls, NULL },
};

static const size_t num_commands = sizeof(commands) / sizeof(commands[0]);

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < num_commands; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* "push, sign, verify (not --current), …", in lines. */
static void
tell_local(FILE *to)
{
	const char *mark = "";
	size_t column = 80;

	for (size_t i = 0; i < num_commands; i++) {
		const struct command *one = &commands[i];
		char text[64];

		if (one->local == NULL)
			continue;
		snprintf(text, sizeof(text), "%s%s%s%s", one->name,
		    one->local[0] != '\0' ? " (" : "", one->local,
		    one->local[0] != '\0' ? ")" : "");
		column += strlen(text) + 2;
		fprintf(to, "%s%s%s", mark, column > 78 ? "\n  " : " ", text);
		if (column > 78)
			column = 2 + strlen(text) + 2;
		mark = ",";
	}
	fputs("\n", to);
}

static void
usage(FILE *to)
{
	fputs("usage: valise [--config FILE] [--json] [--local] COMMAND …\n\n",
	    to);
	for (size_t i = 0; i < num_commands; i++)
		fprintf(to, "  %-9s  %s\n", commands[i].name,
		    commands[i].summary);
	fputs("\n\"valise COMMAND --help\" tells more, with an example.\n"
	      "FILE is $VALISE_CONFIG, or ~/.config/valise/config.yaml.\n"
	      "With --local these use the local copy and ask nobody:",
	    to);
	tell_local(to);
}

static void
help(const struct command *command)
{
	printf("usage: valise %s %s\n\n%s\n", command->name, command->args,
	    command->help);
	if (command->local != NULL)
		printf("With --local%s%s%s it uses the local copy and asks"
		       " nobody.\n",
		    command->local[0] != '\0' ? " (" : "", command->local,
		    command->local[0] != '\0' ? ")" : "");
}

static int
fail(const struct context *context, const char *name, const struct error *err)
{
	struct error ignored = { 0 };

	output_progress_end();
	if (context->json && !context->told &&
	    !output_json(json_pack("{s:s, s:s, s:i, s:s}", "title",
			     error_title(err->kind), "code", error_code(err),
			     "exit", error_exit_status(err->kind), "detail",
			     err->detail),
		&ignored))
		return error_exit_status(ERROR_SYSTEM);
	fprintf(stderr, "valise %s: %s: %s\n", name, error_title(err->kind),
	    err->detail);
	return error_exit_status(err->kind);
}

static bool
wants_help(int argc, char *argv[])
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

/* What of it needs a line all the same, its options say: needs_line(). */
static bool
check_local(const struct context *context, const struct command *command,
    struct error *err)
{
	return !context->local || command->local != NULL ||
	    error_set(err, ERROR_USAGE,
		"it takes no --local (\"valise --help\" tells what does)");
}

int
main(int argc, char *argv[])
{
	struct context context = { .json = false };
	const struct command *command;
	struct error err = { 0 };
	bool ok;

	if (!context_options(&context, &argc, argv, &err))
		return fail(&context, "", &err);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? 2 : 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("valise " VALISE_VERSION);
		return 0;
	}
	if ((command = find_command(argv[1])) == NULL) {
		error_set(&err, ERROR_USAGE,
		    "there is no such command (\"valise --help\" lists them)");
		return fail(&context, argv[1], &err);
	}
	if (wants_help(argc - 1, argv + 1)) {
		help(command);
		return 0;
	}
	ok = check_local(&context, command, &err) &&
	    command->run(&context, argc - 1, argv + 1, &err);
	local_end(&context);
	context_free(&context);
	return ok ? 0 : fail(&context, command->name, &err);
}
