/*
 * Asking by a pinentry (pinentry.h): a process for each dialog, and a thread that
 * closes it when its time is over.
 */
#include "cli/desk/pinentry.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <assuan.h>
#include <openssl/crypto.h>

#include "base/limits.h"
#include "base/text.h"

/* After SIGTERM a pinentry has so long to go. */
enum { SECONDS_TO_GO = 2, COMMAND = ASSUAN_LINELENGTH };

/* A dialog that is open. */
struct dialog {
	struct pinentry *pinentry;
	assuan_context_t assuan;
	pid_t pid;
	int process; /* its descriptor; -1: it has gone already */
	int fd;      /* our end of the socket */
	/* Guarded by the pinentry's lock. */
	bool over, expired;
	bool ended; /* expired, by the end of the desk */
};

/* --- Finding it. --- */

/* Set out to the program of that name: a path, or one that $PATH leads to. */
static bool
look_up(const char *name, char out[FILE_PATH])
{
	const char *path = getenv("PATH");
	struct error ignored = { 0 };

	if (strchr(name, '/') != NULL)
		return text_take(out, FILE_PATH, name, &ignored) &&
		    access(out, X_OK) == 0;
	for (const char *at = path != NULL ? path : ""; *at != '\0';) {
		const size_t len = strcspn(at, ":");
		char folder[FILE_PATH];

		if (len > 0 && len < sizeof(folder) && *at == '/') {
			snprintf(folder, sizeof(folder), "%.*s", (int)len, at);
			if (file_join(out, folder, name, &ignored) &&
			    access(out, X_OK) == 0)
				return true;
		}
		at += len + (at[len] == ':');
	}
	out[0] = '\0';
	return false;
}

static void
take_word(const char *value, char out[PINENTRY_WORD])
{
	struct error ignored = { 0 };

	/* What has no room, or would end the line, is left out. */
	if (value == NULL || strpbrk(value, "\r\n") != NULL ||
	    !text_take(out, PINENTRY_WORD, value, &ignored))
		out[0] = '\0';
}

/* The first of these variables that is set: as setlocale(3) looks. */
static void
take_locale(const char *category, char out[PINENTRY_WORD])
{
	const char *const names[] = { "LC_ALL", category, "LANG" };

	out[0] = '\0';
	for (size_t i = 0; i < 3 && out[0] == '\0'; i++)
		take_word(getenv(names[i]), out);
}

static void
take_surroundings(struct pinentry *out)
{
	char name[PINENTRY_WORD];

	take_word(getenv("DISPLAY"), out->display);
	take_word(getenv("TERM"), out->term);
	take_locale("LC_CTYPE", out->lc_ctype);
	take_locale("LC_MESSAGES", out->lc_messages);
	for (int fd = 0; fd < 3 && out->tty[0] == '\0'; fd++)
		if (ttyname_r(fd, name, sizeof(name)) == 0)
			take_word(name, out->tty);
}

bool
pinentry_find(struct pinentry *out, struct error *err)
{
	const char *named = getenv("VALISE_PINENTRY");
	pthread_condattr_t attributes;

	*out = (struct pinentry){ .seconds = LIMIT_SECONDS_CONFIRM };
	take_surroundings(out);
	if (pthread_mutex_init(&out->dialog, NULL) != 0 ||
	    pthread_mutex_init(&out->lock, NULL) != 0 ||
	    pthread_condattr_init(&attributes) != 0 ||
	    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
	    pthread_cond_init(&out->changed, &attributes) != 0)
		return error_set_errno(err, "pinentry");
	if (named != NULL && named[0] != '\0')
		return look_up(named, out->program) ||
		    error_set(err, ERROR_USAGE,
			"VALISE_PINENTRY: %.200s cannot be run", named);
	if (out->tty[0] != '\0' || out->display[0] != '\0' ||
	    getenv("WAYLAND_DISPLAY") != NULL)
		(void)look_up("pinentry", out->program);
	return true;
}

void
pinentry_free(struct pinentry *pinentry)
{
	pthread_cond_destroy(&pinentry->changed);
	pthread_mutex_destroy(&pinentry->lock);
	pthread_mutex_destroy(&pinentry->dialog);
}

void
pinentry_end(struct pinentry *pinentry)
{
	pthread_mutex_lock(&pinentry->lock);
	pinentry->ended = true;
	pthread_cond_broadcast(&pinentry->changed);
	pthread_mutex_unlock(&pinentry->lock);
}

/* --- A dialog's process. --- */

/* Close the socket if it is not over when the time is, or the desk is. */
static void *
watch(void *arg)
{
	struct dialog *dialog = arg;
	struct pinentry *pinentry = dialog->pinentry;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)pinentry->seconds;
	pthread_mutex_lock(&pinentry->lock);
	while (!dialog->over && !pinentry->ended &&
	    pthread_cond_timedwait(&pinentry->changed, &pinentry->lock,
		&until) != ETIMEDOUT)
		;
	if (!dialog->over) {
		dialog->expired = true;
		dialog->ended = pinentry->ended;
		/* Whoever reads from it reads its end. */
		shutdown(dialog->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&pinentry->lock);
	return NULL;
}

/* Has it gone within these seconds? */
static bool
has_gone(int process, int seconds)
{
	struct pollfd gone = { .fd = process, .events = POLLIN };
	int found;

	do
		found = poll(&gone, 1, seconds * 1000);
	while (found < 0 && errno == EINTR);
	return found != 0;
}

/*
 * See that the process goes. Its number may be another's by then, as children
 * that end are not waited for here: so it has a descriptor.
 */
static void
end_process(const struct dialog *dialog)
{
	if (dialog->process < 0)
		return;
	if (!has_gone(dialog->process, SECONDS_TO_GO)) {
		(void)pidfd_send_signal(dialog->process, SIGTERM, NULL, 0);
		if (!has_gone(dialog->process, SECONDS_TO_GO))
			(void)pidfd_send_signal(dialog->process, SIGKILL, NULL,
			    0);
	}
	close(dialog->process);
	waitpid(dialog->pid, NULL, 0);
}

/* Start it, on a socket. */
static bool
spawn(struct dialog *dialog, struct error *err)
{
	char *const arguments[] = { dialog->pinentry->program, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t signals;
	int ends[2], failed;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return error_set_errno(err, "pinentry");
	sigemptyset(&signals);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	/* This thread may block signals, and the desk ignores some. */
	posix_spawnattr_setsigmask(&attributes, &signals);
	sigaddset(&signals, SIGPIPE);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	posix_spawnattr_setsigdefault(&attributes, &signals);
	posix_spawnattr_setflags(&attributes,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	failed = posix_spawn(&dialog->pid, arguments[0], &actions, &attributes,
	    arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (failed != 0) {
		close(ends[0]);
		return error_set(err, ERROR_REFUSED, "%s does not start: %s",
		    arguments[0], strerror(failed));
	}
	dialog->fd = ends[0];
	dialog->process = pidfd_open(dialog->pid, 0);
	return true;
}

/* Say why it was no yes. */
static bool
not_answered(const struct dialog *dialog, gpg_error_t code, const char *refused,
    struct error *err)
{
	const struct pinentry *pinentry = dialog->pinentry;
	const gpg_err_code_t why = gpg_err_code(code);

	if (why == GPG_ERR_CANCELED || why == GPG_ERR_FULLY_CANCELED ||
	    why == GPG_ERR_NOT_CONFIRMED)
		return error_set(err, ERROR_USAGE, "%s", refused);
	if (why == GPG_ERR_TIMEOUT)
		return error_set(err, ERROR_REFUSED,
		    "%s: nobody answered the dialog within %u s", refused,
		    pinentry->seconds);
	return error_set(err, ERROR_REFUSED,
	    "%s: nobody could be asked by %s: %s", refused, pinentry->program,
	    gpg_strerror(code));
}

/* --- What is said to it. --- */

static gpg_error_t
say(struct dialog *dialog, const char *command, const char *text)
{
	char line[COMMAND];

	snprintf(line, sizeof(line), "%s %s", command, text);
	return assuan_transact(dialog->assuan, line, NULL, NULL, NULL, NULL,
	    NULL, NULL);
}

/* An older pinentry does not know each option: that is no failure. */
static void
say_option(struct dialog *dialog, const char *option, const char *value)
{
	char text[2 * PINENTRY_WORD];

	snprintf(text, sizeof(text), "%s=%s", option, value);
	if (value[0] != '\0')
		(void)say(dialog, "OPTION", text);
}

static void
say_surroundings(struct dialog *dialog)
{
	const struct pinentry *pinentry = dialog->pinentry;
	char seconds[16];

	say_option(dialog, "ttyname", pinentry->tty);
	say_option(dialog, "ttytype", pinentry->term);
	say_option(dialog, "lc-ctype", pinentry->lc_ctype);
	say_option(dialog, "lc-messages", pinentry->lc_messages);
	say_option(dialog, "display", pinentry->display);
	snprintf(seconds, sizeof(seconds), "%u", pinentry->seconds);
	(void)say(dialog, "SETTIMEOUT", seconds);
}

/* What was typed at the terminal before it asks is no answer. */
static void
forget_typed(const struct pinentry *pinentry)
{
	const int fd = pinentry->tty[0] != '\0'
	    ? open(pinentry->tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
	    : -1;
	sigset_t stop, before;

	if (fd < 0)
		return;
	/* In the background it would stop the desk. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &stop, &before);
	tcflush(fd, TCIFLUSH);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(fd);
}

/* A conversation, which ends with the answer of the person. */
typedef gpg_error_t conversation(struct dialog *dialog, void *arg);

static gpg_error_t
say_all(struct dialog *dialog, conversation *talk, void *arg)
{
	gpg_error_t code = assuan_new(&dialog->assuan);
	/* It closes this one also if it fails. */
	const int fd = code == 0 ? fcntl(dialog->fd, F_DUPFD_CLOEXEC, 0) : -1;

	if (code != 0)
		return code;
	if (fd < 0)
		return gpg_error_from_syserror();
	assuan_set_flag(dialog->assuan, ASSUAN_NO_LOGGING, 1);
	code = assuan_socket_connect_fd(dialog->assuan, fd, 0);
	if (code != 0)
		return code;
	say_surroundings(dialog);
	forget_typed(dialog->pinentry);
	return talk(dialog, arg);
}

static bool
converse(struct pinentry *pinentry, conversation *talk, void *arg,
    const char *refused, struct error *err)
{
	struct dialog dialog = { .pinentry = pinentry };
	pthread_t watcher;
	gpg_error_t code;

	if (!spawn(&dialog, err))
		return false;
	if (pthread_create(&watcher, NULL, watch, &dialog) != 0) {
		close(dialog.fd);
		end_process(&dialog);
		return error_set_outside(err, "no thread for a dialog");
	}
	code = say_all(&dialog, talk, arg);
	pthread_mutex_lock(&pinentry->lock);
	dialog.over = true;
	pthread_cond_broadcast(&pinentry->changed);
	pthread_mutex_unlock(&pinentry->lock);
	pthread_join(watcher, NULL);
	assuan_release(dialog.assuan);
	close(dialog.fd);
	end_process(&dialog);
	/* Then the socket's end is no more than how that looked from here. */
	if (code != 0 && dialog.expired)
		code = gpg_error(
		    dialog.ended ? GPG_ERR_CANCELED : GPG_ERR_TIMEOUT);
	return code == 0 || not_answered(&dialog, code, refused, err);
}

/* --- The question. --- */

/* Append text, of which nothing can end the line or begin a command. */
static void
escape(const char *text, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";
	struct error ignored = { 0 };

	for (; *text != '\0'; text++) {
		const uint8_t c = (uint8_t)*text;

		if (c == '%' || c < ' ')
			(void)!(buf_append_u8(out, '%', &ignored) &&
			    buf_append_u8(out, (uint8_t)hex[c >> 4],
				&ignored) &&
			    buf_append_u8(out, (uint8_t)hex[c & 15], &ignored));
		else
			(void)!buf_append_u8(out, c, &ignored);
	}
}

/* A line of the text: what was written by others, as it can be shown. */
static void
add_line(const char *label, const char *text, size_t most, struct buf *out)
{
	char shown[LIMIT_NOTE_BYTES + 1], cut[LIMIT_NOTE_BYTES + 1];
	struct buf printable = BUF(8 * LIMIT_NOTE_BYTES);
	struct error ignored = { 0 };

	if (text == NULL)
		return;
	text_cut(cut, most < sizeof(cut) ? most + 1 : sizeof(cut), text);
	(void)!(text_append_printable(&printable, span_of_str(cut), &ignored) &&
	    buf_append_u8(&printable, 0, &ignored));
	text_cut(shown, most < sizeof(shown) ? most + 1 : sizeof(shown),
	    printable.data != NULL ? (const char *)printable.data : "");
	buf_free(&printable);
	escape(label, out);
	escape(shown, out);
	escape("\n", out);
}

/*
 * The text, with titles and reasons of so many bytes at most. Its first line is
 * ours, so that no dialog takes a title for markup.
 */
static void
describe(const struct confirm *what, enum dialog_language language, size_t most,
    struct buf *out)
{
	char groups[80], line[LIMIT_NOTE_BYTES], filled[CONFIRM_WORDS];
	const char *title = what->title;

	digest_groups(what->digest, groups);
	groups[39] = '\0';
	escape(dialog_say(language, DIALOG("Valise asks, and not the page:")),
	    out);
	escape("\n\n", out);
	if (what->document != NULL) {
		snprintf(line, sizeof(line), "%s@%u", what->document,
		    what->version);
		add_line("", line, LIMIT_NOTE_BYTES, out);
	} else if (title != NULL)
		/* It is about no document, and may be a sentence of ours. */
		title = dialog_say(language, title);
	add_line("", title, most, out);
	snprintf(line, sizeof(line), "%s ",
	    dialog_say(language, DIALOG("reason:")));
	add_line(line, what->reason, most, out);
	escape(dialog_say(language, DIALOG("digest:")), out);
	escape("\n", out);
	add_line("", groups, LIMIT_NOTE_BYTES, out);
	add_line("", groups + 40, LIMIT_NOTE_BYTES, out);
	if (what->person != NULL) {
		confirm_fill(dialog_say(language,
				 DIALOG("You sign as {person}:")),
		    what, filled);
		add_line("", filled, LIMIT_NOTE_BYTES, out);
	}
	add_line("", dialog_say(language, what->means), LIMIT_NOTE_BYTES, out);
	escape("\n", out);
	confirm_fill(dialog_say(language, what->question), what, filled);
	escape(filled, out);
}

/* The same, as long as it has room; false if it has none. */
static bool
describe_in(const struct confirm *what, enum dialog_language language,
    char out[PINENTRY_TEXT])
{
	bool fits = false;

	for (size_t most = 320; !fits && most > 0; most -= 40) {
		struct buf text = BUF(64 * 1024);

		describe(what, language, most, &text);
		fits = span_to_str(buf_span(&text), out, PINENTRY_TEXT);
		buf_free(&text);
	}
	return fits;
}

void
pinentry_describe(const struct confirm *what, enum dialog_language language,
    char out[PINENTRY_TEXT])
{
	if (describe_in(what, language, out))
		return;
	if (!describe_in(what, DIALOG_EN, out))
		/* In English all that is left then is ours, and bounded. */
		assert(false);
}

/* A dialog of a desktop shows all letters; of a terminal, those it has. */
static enum dialog_language
shown_in(const struct pinentry *pinentry, enum dialog_language language)
{
	return pinentry->display[0] != '\0' ||
		strcasestr(pinentry->lc_ctype, "utf-8") != NULL ||
		strcasestr(pinentry->lc_ctype, "utf8") != NULL
	    ? language
	    : DIALOG_EN;
}

struct asked {
	const struct confirm *what;
	enum dialog_language language;
};

static gpg_error_t
ask_to_confirm(struct dialog *dialog, void *arg)
{
	const struct asked *asked = arg;
	const enum dialog_language language =
	    shown_in(dialog->pinentry, asked->language);
	char text[PINENTRY_TEXT];
	gpg_error_t code;

	pinentry_describe(asked->what, language, text);
	if ((code = say(dialog, "SETTITLE", "Valise")) != 0 ||
	    (code = say(dialog, "SETDESC", text)) != 0 ||
	    (code = say(dialog, "SETOK",
		 dialog_say(language, asked->what->yes))) != 0 ||
	    (code = say(dialog, "SETCANCEL",
		 dialog_say(language, DIALOG("Cancel")))) != 0)
		return code;
	return assuan_transact(dialog->assuan, "CONFIRM", NULL, NULL, NULL,
	    NULL, NULL, NULL);
}

bool
pinentry_confirm(struct pinentry *pinentry, const struct confirm *what,
    enum dialog_language language, struct error *err)
{
	struct asked asked = { .what = what, .language = language };
	bool ok;

	if (pthread_mutex_trylock(&pinentry->dialog) != 0)
		return error_set(err, ERROR_CONFLICT,
		    "another dialog is open: answer that one first");
	ok = converse(pinentry, ask_to_confirm, &asked, what->refused, err);
	pthread_mutex_unlock(&pinentry->dialog);
	return ok;
}

/* --- Passphrases. --- */

struct secret {
	enum dialog_language language;
	const char *path;
	bool wrong;
	char *out; /* of PRIVATE_SECRET bytes */
	size_t len;
};

/* An assuan_transact() takes data by this; they are unescaped. */
static gpg_error_t
take_secret(void *arg, const void *data, size_t len)
{
	struct secret *secret = arg;

	if (len > PRIVATE_SECRET - 1 - secret->len)
		return gpg_error(GPG_ERR_TOO_LARGE);
	memcpy(secret->out + secret->len, data, len);
	secret->len += len;
	secret->out[secret->len] = '\0';
	return 0;
}

static gpg_error_t
ask_secret(struct dialog *dialog, void *arg)
{
	struct secret *secret = arg;
	const enum dialog_language language =
	    shown_in(dialog->pinentry, secret->language);
	struct buf text = BUF(64 * 1024);
	char line[PINENTRY_TEXT];
	gpg_error_t code;

	escape(dialog_say(language,
		   DIALOG("Valise needs the passphrase of a private key:")),
	    &text);
	escape("\n", &text);
	add_line("", secret->path, 280, &text);
	if (!span_to_str(buf_span(&text), line, sizeof(line)))
		line[0] = '\0';
	buf_free(&text);
	if ((code = say(dialog, "SETTITLE", "Valise")) != 0 ||
	    (code = say(dialog, "SETDESC", line)) != 0 ||
	    (code = say(dialog, "SETPROMPT",
		 dialog_say(language, DIALOG("Passphrase:")))) != 0 ||
	    (code = say(dialog, "SETOK", dialog_say(language, DIALOG("OK")))) !=
		0 ||
	    (code = say(dialog, "SETCANCEL",
		 dialog_say(language, DIALOG("Cancel")))) != 0 ||
	    (secret->wrong &&
		(code = say(dialog, "SETERROR",
		     dialog_say(language, DIALOG("That was not it.")))) != 0))
		return code;
	assuan_begin_confidential(dialog->assuan);
	code = assuan_transact(dialog->assuan, "GETPIN", take_secret, secret,
	    NULL, NULL, NULL, NULL);
	assuan_end_confidential(dialog->assuan);
	return code;
}

bool
pinentry_secret(struct pinentry *pinentry, enum dialog_language language,
    const char *path, bool wrong, char out[PRIVATE_SECRET], struct error *err)
{
	struct secret secret = { .language = language,
		.path = path,
		.wrong = wrong,
		.out = out };
	bool ok;

	out[0] = '\0';
	pthread_mutex_lock(&pinentry->dialog);
	ok = converse(pinentry, ask_secret, &secret,
	    "a key is encrypted, and no passphrase was given", err);
	pthread_mutex_unlock(&pinentry->dialog);
	if (!ok)
		OPENSSL_cleanse(out, PRIVATE_SECRET);
	return ok;
}
