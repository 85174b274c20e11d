/*
 * Asking by a pinentry: what it is shown, what its answers mean, and that it is
 * ended when nobody answers.
 */
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "cli/desk/pinentry.h"
#include "unit.h"

static char dir[UNIT_DIR], program[UNIT_DIR + 16], heard[UNIT_DIR + 16];

/*
 * A pinentry that writes what it hears to DIR/heard.  answer is a shell command
 * that answers CONFIRM and GETPIN.
 */
static void
make_pinentry(const char *answer)
{
	FILE *file;

	snprintf(heard, sizeof(heard), "%s/heard", dir);
	snprintf(program, sizeof(program), "%s/pinentry", dir);
	unlink(heard);
	ck_assert_ptr_nonnull(file = fopen(program, "w"));
	fprintf(file,
	    "#!/bin/sh\necho OK ready\nwhile read -r line; do\n"
	    "printf '%%s\\n' \"$line\" >>'%s'\n"
	    "case $line in CONFIRM*|GETPIN*) %s ;; OPTION*) echo ERR 174 ;;"
	    " BYE) echo OK; exit 0 ;;"
	    " *) echo OK ;; esac\ndone\n",
	    heard, answer);
	ck_assert_int_eq(fchmod(fileno(file), 0700), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(setenv("VALISE_PINENTRY", program, 1), 0);
}

static void
begin(void)
{
	unit_make_dir(dir);
	signal(SIGPIPE, SIG_IGN);
}

static void
end(void)
{
	unit_remove_dir(dir);
}

/* Did it hear this? */
static bool
has_heard(const char *words)
{
	struct buf bytes = BUF(65536);
	struct error err = { 0 };
	bool found;

	ck_ok(file_read(heard, 65536, &bytes, &err) &&
		buf_append_u8(&bytes, 0, &err),
	    err);
	found = strstr((const char *)bytes.data, words) != NULL;
	buf_free(&bytes);
	return found;
}

static const struct digest digest = { .bytes = { 0x3f, 0x2a, 0x9c, 0x01 } };

static struct confirm
example(void)
{
	return (struct confirm){ .question = "Sign version {version}?",
		.yes = "Sign",
		.refused = "not signed",
		.document = "agreement/example",
		.version = 2,
		.title = "An example",
		.digest = &digest,
		.person = "a@b.example",
		.means = "a proof of approval" };
}

static bool
confirm_it(unsigned seconds, struct error *err)
{
	const struct confirm what = example();
	struct pinentry pinentry;
	bool ok;

	ck_ok(pinentry_find(&pinentry, err), *err);
	if (seconds != 0)
		pinentry.seconds = seconds;
	ok = pinentry_confirm(&pinentry, &what, DIALOG_EN, err);
	pinentry_free(&pinentry);
	return ok;
}

START_TEST(it_shows_document_version_and_digest)
{
	struct error err = { 0 };

	make_pinentry("echo OK");
	ck_ok(confirm_it(0, &err), err);
	ck_assert(has_heard("SETDESC Valise asks, and not the page:%0A%0A"
			    "agreement/example@2%0AAn example%0Adigest:%0A"
			    "3f2a-9c01-0000-0000-0000-0000-0000-0000%0A"
			    "0000-"));
	ck_assert(has_heard("You sign as a@b.example:%0Aa proof of approval"
			    "%0A%0ASign version 2?\n"));
	ck_assert(has_heard("SETOK Sign\n"));
	ck_assert(has_heard("SETTIMEOUT 180\n"));
	ck_assert(has_heard("CONFIRM\n"));
}
END_TEST

/* Ask at a terminal of that character set. */
static void
confirm_in(enum dialog_language language, const char *lc_ctype)
{
	const struct confirm what = example();
	struct pinentry pinentry;
	struct error err = { 0 };

	make_pinentry("echo OK");
	ck_ok(pinentry_find(&pinentry, &err), err);
	pinentry.display[0] = '\0';
	snprintf(pinentry.lc_ctype, sizeof(pinentry.lc_ctype), "%s", lc_ctype);
	ck_ok(pinentry_confirm(&pinentry, &what, language, &err), err);
	pinentry_free(&pinentry);
}

START_TEST(it_speaks_the_persons_language)
{
	confirm_in(DIALOG_LO, "lo_LA.UTF-8");
	ck_assert(has_heard("SETDESC Valise ເປັນຜູ້ຖາມ"));
	ck_assert(has_heard("%0A%0Aລົງນາມສະບັບ 2 ບໍ?\n"));
	ck_assert(has_heard("SETOK ລົງນາມ\n"));
	ck_assert(has_heard("SETCANCEL ຍົກເລີກ\n"));
	/* What others wrote, and digests, are as they are. */
	ck_assert(has_heard("agreement/example@2%0AAn example%0A"));
	ck_assert(has_heard("%0A3f2a-9c01-"));
	confirm_in(DIALOG_FR, "C.utf8");
	ck_assert(has_heard("SETOK Signer\n"));
	/* A terminal without these letters would show what nobody can read. */
	confirm_in(DIALOG_TH, "C");
	ck_assert(has_heard("SETOK Sign\n"));
}
END_TEST

START_TEST(a_language_is_one_of_four)
{
	static const char *const none[] = { "", "de", "lo-LA", "LO", "l",
		"lo\nSETOK" };

	ck_assert_int_eq(dialog_language("fr"), DIALOG_FR);
	ck_assert_int_eq(dialog_language("lo"), DIALOG_LO);
	ck_assert_int_eq(dialog_language("th"), DIALOG_TH);
	ck_assert_int_eq(dialog_language(NULL), DIALOG_EN);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_int_eq(dialog_language(none[i]), DIALOG_EN);
}
END_TEST

/* Each sentence has each language, and none of them ends a line. */
START_TEST(each_sentence_is_one_line_in_each_language)
{
	size_t num = 0;

	for (const struct sentence *one = dialog_sentences;
	     one->in[DIALOG_EN] != NULL; one++, num++)
		for (unsigned i = 0; i < DIALOG_LANGUAGES; i++) {
			const enum dialog_language language =
			    (enum dialog_language)i;
			const char *said =
			    dialog_say(language, one->in[DIALOG_EN]);

			ck_assert(text_is_line(span_of_str(said)));
			ck_assert_uint_lt(strlen(said), CONFIRM_WORDS - 64);
		}
	ck_assert_uint_gt(num, 20);
	ck_assert_str_eq(dialog_say(DIALOG_LO, "no sentence"), "no sentence");
}
END_TEST

/* What a pinentry answers, and what that is. */
static const struct {
	const char *answer;
	enum error_kind kind;
	const char *says;
} answers[] = {
	{ "echo OK", ERROR_NONE, NULL },
	{ "echo ERR 83886179 canceled", ERROR_USAGE, "not signed" },
	{ "echo ERR 83886194 not confirmed", ERROR_USAGE, "not signed" },
	{ "echo ERR 83886278 fully", ERROR_USAGE, "not signed" },
	{ "echo ERR 83886142 timeout", ERROR_REFUSED, "within 180 s" },
	{ "echo ERR 83886340 no tty", ERROR_REFUSED, "nobody could be asked" },
	{ "exit 0", ERROR_REFUSED, "nobody could be asked" },
	{ "echo nonsense", ERROR_REFUSED, "nobody could be asked" },
	{ "kill -9 $$", ERROR_REFUSED, "nobody could be asked" },
};

START_TEST(only_ok_is_yes)
{
	struct error err = { 0 };

	make_pinentry(answers[_i].answer);
	ck_assert_int_eq(confirm_it(0, &err), answers[_i].kind == ERROR_NONE);
	ck_assert_int_eq(err.kind, answers[_i].kind);
	if (answers[_i].says != NULL)
		ck_assert_msg(strstr(err.detail, answers[_i].says) != NULL,
		    "%s", err.detail);
}
END_TEST

START_TEST(who_does_not_answer_says_no_in_time)
{
	struct error err = { 0 };
	const int64_t began = time_monotonic_ms();

	/* It hears no SIGTERM either. */
	make_pinentry("trap '' TERM; exec sleep 60");
	ck_assert(!confirm_it(1, &err));
	ck_assert_int_eq(err.kind, ERROR_REFUSED);
	ck_assert_msg(strstr(err.detail, "nobody answered") != NULL, "%s",
	    err.detail);
	ck_assert_int_lt(time_monotonic_ms() - began, 30000);
}
END_TEST

START_TEST(one_that_says_nothing_at_all_is_ended)
{
	struct error err = { 0 };
	FILE *file;

	make_pinentry("");
	ck_assert_ptr_nonnull(file = fopen(program, "w"));
	fputs("#!/bin/sh\nexec sleep 60\n", file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert(!confirm_it(1, &err));
	ck_assert_int_eq(err.kind, ERROR_REFUSED);
}
END_TEST

static void *
end_soon(void *arg)
{
	/* Once the question is there. */
	while (!file_exists(heard) || !has_heard("CONFIRM"))
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	pinentry_end(arg);
	return NULL;
}

START_TEST(the_end_of_the_desk_is_no)
{
	const struct confirm what = example();
	struct pinentry pinentry;
	struct error err = { 0 };
	pthread_t thread;

	make_pinentry("exec sleep 60");
	ck_ok(pinentry_find(&pinentry, &err), err);
	ck_assert_int_eq(pthread_create(&thread, NULL, end_soon, &pinentry), 0);
	ck_assert(!pinentry_confirm(&pinentry, &what, DIALOG_EN, &err));
	ck_assert_int_eq(err.kind, ERROR_USAGE);
	pthread_join(thread, NULL);
	/* No other one is opened. */
	err = (struct error){ 0 };
	ck_assert(!pinentry_confirm(&pinentry, &what, DIALOG_EN, &err));
	pinentry_free(&pinentry);
}
END_TEST

START_TEST(one_dialog_is_open_at_a_time)
{
	const struct confirm what = example();
	struct pinentry pinentry;
	struct error err = { 0 };

	make_pinentry("echo OK");
	ck_ok(pinentry_find(&pinentry, &err), err);
	pthread_mutex_lock(&pinentry.dialog);
	ck_assert(!pinentry_confirm(&pinentry, &what, DIALOG_EN, &err));
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	pthread_mutex_unlock(&pinentry.dialog);
	ck_ok(pinentry_confirm(&pinentry, &what, DIALOG_EN, &err), err);
	pinentry_free(&pinentry);
}
END_TEST

/* What others write into a title or reason is neither a line nor a command. */
static const struct {
	const char *title, *shown, *hidden;
} hostile[] = {
	{ "x\nCONFIRM", "x\\u{000a}CONFIRM%0A", "\nCONFIRM" },
	{ "x\r\nSETOK y", "x\\u{000d}\\u{000a}SETOK y%0A", "\nSETOK" },
	{ "100%0ACONFIRM", "100%250ACONFIRM%0A", "100%0A" },
	{ "a\xe2\x80\xae"
	  "b",
	    "a\\u{202e}b%0A", "\xe2\x80\xae" },
	{ "\x1b[2Jx", "\\u{001b}[2Jx%0A", "\x1b" },
	{ "\xff", "\\xff%0A", "\xff" },
};

START_TEST(a_hostile_title_is_text)
{
	struct confirm what = example();
	char out[PINENTRY_TEXT];

	what.title = hostile[_i].title;
	what.reason = hostile[_i].title;
	pinentry_describe(&what, DIALOG_EN, out);
	ck_assert_msg(strstr(out, hostile[_i].shown) != NULL, "%s", out);
	ck_assert_msg(strstr(out, hostile[_i].hidden) == NULL, "%s", out);
	ck_assert_msg(strpbrk(out, "\r\n") == NULL, "%s", out);
	ck_assert(strncmp(out, "Valise asks", 11) == 0);
}
END_TEST

START_TEST(a_long_title_is_cut_and_the_question_stays)
{
	char title[LIMIT_TITLE_BYTES + 1], reason[LIMIT_NOTE_BYTES + 1];
	char person[LIMIT_EMAIL_BYTES + 1], name[2 * LIMIT_SLUG_BYTES + 2];
	struct confirm what = example();
	char out[PINENTRY_TEXT];

	memset(title, '%', sizeof(title) - 1);
	title[sizeof(title) - 1] = '\0';
	memset(reason, '\xff', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	memset(person, 'p', sizeof(person) - 1);
	person[sizeof(person) - 1] = '\0';
	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	what.title = title;
	what.reason = reason;
	what.person = person;
	what.document = name;
	pinentry_describe(&what, DIALOG_EN, out);
	ck_assert_uint_lt(strlen(out), PINENTRY_TEXT);
	ck_assert(strstr(out, "%0A%0ASign version 2?") != NULL);
	ck_assert(strstr(out, "3f2a-9c01-") != NULL);
	ck_assert(strstr(out, name) != NULL);
	ck_assert(strstr(out, person) != NULL);
	/* Thai has no room for all of this: then it is said in English. */
	what.question = "Sign version {version}, while version {in-force} is in"
			" force?";
	what.means = "by it you judge from then on who may do what, and who may"
		     " sign for whom";
	pinentry_describe(&what, DIALOG_TH, out);
	ck_assert(strncmp(out, "Valise asks", 11) == 0);
	ck_assert(strstr(out, person) != NULL);
	ck_assert(strstr(out, "%0A%0ASign version 2, while") != NULL);
}
END_TEST

static bool
secret(const char *path, bool wrong, char out[PRIVATE_SECRET],
    struct error *err)
{
	struct pinentry pinentry;
	bool ok;

	ck_ok(pinentry_find(&pinentry, err), *err);
	ok = pinentry_secret(&pinentry, DIALOG_EN, path, wrong, out, err);
	pinentry_free(&pinentry);
	return ok;
}

START_TEST(a_passphrase_is_asked_by_the_keys_name)
{
	char out[PRIVATE_SECRET];
	struct error err = { 0 };

	make_pinentry("echo 'D one%25two%0D'; echo OK");
	ck_ok(secret("/a/key.pem", true, out, &err), err);
	ck_assert_str_eq(out, "one%two\r");
	ck_assert(has_heard("SETDESC Valise needs the passphrase of a private"
			    " key:%0A/a/key.pem%0A\n"));
	ck_assert(has_heard("SETERROR That was not it.\n"));
	ck_ok(secret("/a/key.pem", false, out, &err), err);
	make_pinentry("echo ERR 83886179 canceled");
	ck_assert(!secret("/a/key.pem", false, out, &err));
	ck_assert_int_eq(err.kind, ERROR_USAGE);
	ck_assert_str_eq(out, "");
	/* One that is too long is none. */
	make_pinentry("for i in 1 2 3; do printf 'D %0500d\\n' 0; done;"
		      " echo OK");
	err = (struct error){ 0 };
	ck_assert(!secret("/a/key.pem", false, out, &err));
	ck_assert_int_eq(err.kind, ERROR_REFUSED);
}
END_TEST

START_TEST(where_it_is_looked_for)
{
	struct pinentry pinentry;
	struct error err = { 0 };
	char path[4096];

	snprintf(path, sizeof(path), "%s", getenv("PATH"));
	make_pinentry("echo OK");
	ck_ok(pinentry_find(&pinentry, &err), err);
	ck_assert_str_eq(pinentry.program, program);
	pinentry_free(&pinentry);
	ck_assert_int_eq(setenv("VALISE_PINENTRY", "/nowhere", 1), 0);
	ck_assert(!pinentry_find(&pinentry, &err));
	ck_assert_int_eq(err.kind, ERROR_USAGE);
	pinentry_free(&pinentry);
	/* By its name, where there is a display. */
	ck_assert_int_eq(setenv("VALISE_PINENTRY", "", 1), 0);
	ck_assert_int_eq(setenv("PATH", dir, 1), 0);
	ck_assert_int_eq(setenv("DISPLAY", ":0", 1), 0);
	ck_ok(pinentry_find(&pinentry, &err), err);
	ck_assert_str_eq(pinentry.program, program);
	ck_assert_str_eq(pinentry.display, ":0");
	pinentry_free(&pinentry);
	/* None is there. */
	ck_assert_int_eq(setenv("PATH", "/nowhere", 1), 0);
	ck_ok(pinentry_find(&pinentry, &err), err);
	ck_assert_str_eq(pinentry.program, "");
	pinentry_free(&pinentry);
	ck_assert_int_eq(setenv("PATH", path, 1), 0);
}
END_TEST

static void
fill(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, it_shows_document_version_and_digest);
	tcase_add_test(tcase, it_speaks_the_persons_language);
	tcase_add_test(tcase, a_language_is_one_of_four);
	tcase_add_test(tcase, each_sentence_is_one_line_in_each_language);
	tcase_add_loop_test(tcase, only_ok_is_yes, 0, COUNT(answers));
	tcase_add_test(tcase, who_does_not_answer_says_no_in_time);
	tcase_add_test(tcase, one_that_says_nothing_at_all_is_ended);
	tcase_add_test(tcase, the_end_of_the_desk_is_no);
	tcase_add_test(tcase, one_dialog_is_open_at_a_time);
	tcase_add_loop_test(tcase, a_hostile_title_is_text, 0, COUNT(hostile));
	tcase_add_test(tcase, a_long_title_is_cut_and_the_question_stays);
	tcase_add_test(tcase, a_passphrase_is_asked_by_the_keys_name);
	tcase_add_test(tcase, where_it_is_looked_for);
}

int
main(void)
{
	return run_tests("pinentry", fill);
}
