/*
 * Asking the person at the desk (confirm.h).
 */
#include "cli/desk/confirm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"

bool
desk_confirm_init(struct desk_confirm *out, struct secrets *secrets,
    struct error *err)
{
	*out = (struct desk_confirm){ .secrets = secrets, .wake = { -1, -1 } };
	if (!pinentry_find(&out->pinentry, err))
		return false;
	if (pthread_mutex_init(&out->lock, NULL) != 0 ||
	    pipe2(out->wake, O_CLOEXEC) != 0) {
		pinentry_free(&out->pinentry);
		return error_set_errno(err, "the desk's questions");
	}
	out->at_terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	return true;
}

void
desk_confirm_end(struct desk_confirm *desk)
{
	pinentry_end(&desk->pinentry);
	if (desk->wake[1] >= 0)
		(void)!write(desk->wake[1], "", 1);
}

void
desk_confirm_free(struct desk_confirm *desk)
{
	pinentry_free(&desk->pinentry);
	pthread_mutex_destroy(&desk->lock);
	for (size_t i = 0; i < 2; i++)
		if (desk->wake[i] >= 0)
			close(desk->wake[i]);
}

const char *
desk_confirm_by(const struct desk_confirm *desk)
{
	if (desk->pinentry.program[0] != '\0')
		return "pinentry";
	/* In the background reading would stop it. */
	return desk->at_terminal && tcgetpgrp(STDIN_FILENO) == getpgrp()
	    ? "terminal"
	    : NULL;
}

static bool
nobody(struct error *err)
{
	return error_set(err, ERROR_REFUSED,
	    "nobody can be asked outside the page, so this desk only reads:"
	    " install a pinentry, or start \"valise desk\" in a terminal");
}

/*
 * Read an answer from the terminal; what was typed before the question is none.
 * An answer that does not come is empty.
 */
static bool
answered_yes(const struct desk_confirm *desk, const char *question)
{
	struct pollfd ready[] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = desk->wake[0], .events = POLLIN } };
	const int64_t until =
	    time_monotonic_ms() + (int64_t)desk->pinentry.seconds * 1000;
	char line[16];
	ssize_t n;
	int found;

	tcflush(STDIN_FILENO, TCIFLUSH);
	fprintf(stderr, "%s Type \"yes\": ", question);
	fflush(stderr);
	do {
		const int64_t left = until - time_monotonic_ms();

		found = poll(ready, 2, left > 0 ? (int)left : 0);
	} while (found < 0 && errno == EINTR);
	if (found <= 0 || ready[1].revents != 0) {
		fputc('\n', stderr);
		return false;
	}
	n = read(STDIN_FILENO, line, sizeof(line));
	return n == 4 && memcmp(line, "yes\n", 4) == 0;
}

/* Print text of others so that nothing in it moves the cursor. */
static void
show(const char *label, const char *text)
{
	struct buf shown = BUF(64 * 1024);
	struct error ignored = { 0 };

	if (text == NULL)
		return;
	(void)!text_append_printable(&shown, span_of_str(text), &ignored);
	fprintf(stderr, "  %-8s%.*s\n", label, (int)shown.len,
	    shown.data != NULL ? (const char *)shown.data : "");
	buf_free(&shown);
}

static bool
ask_at_terminal(struct desk_confirm *desk, const struct confirm *what,
    struct error *err)
{
	char groups[80], question[CONFIRM_WORDS];
	bool ok;

	if (pthread_mutex_trylock(&desk->lock) != 0)
		return error_set(err, ERROR_CONFLICT,
		    "another question waits at the terminal: answer that one"
		    " first");
	digest_groups(what->digest, groups);
	groups[39] = '\0';
	fputs("\nThe page asks for what binds:\n", stderr);
	if (what->document != NULL)
		fprintf(stderr, "  %s@%u\n", what->document, what->version);
	show("title", what->title);
	show("reason", what->reason);
	show("digest", groups);
	show("", groups + 40);
	show("as", what->person);
	show("means", what->means);
	confirm_fill(what->question, what, question);
	ok = answered_yes(desk, question);
	pthread_mutex_unlock(&desk->lock);
	return ok || error_set(err, ERROR_USAGE, "%s", what->refused);
}

bool
desk_confirm_ask(struct desk_confirm *desk, const struct confirm *what,
    enum dialog_language language, struct error *err)
{
	if (desk_confirm_by(desk) == NULL)
		return nobody(err);
	return desk->pinentry.program[0] != '\0'
	    ? pinentry_confirm(&desk->pinentry, what, language, err)
	    : ask_at_terminal(desk, what, err);
}

/* A secrets' ask. */
static bool
ask_secret(void *arg, const char *path, bool wrong, char out[PRIVATE_SECRET],
    struct error *err)
{
	struct desk_confirm *desk = arg;

	if (desk_confirm_by(desk) == NULL)
		return nobody(err) ||
		    error_context(err, "%s is encrypted", path);
	return desk->pinentry.program[0] != '\0'
	    ? pinentry_secret(&desk->pinentry, desk->language, path, wrong, out,
		  err)
	    : secrets_ask_at_terminal(path, out, err);
}

/* Who comes later waits for who asks. */
bool
desk_confirm_secret(struct desk_confirm *desk, enum dialog_language language,
    const char *path, unsigned attempt, char out[PRIVATE_SECRET],
    struct error *err)
{
	bool ok;

	pthread_mutex_lock(&desk->lock);
	desk->secrets->ask = ask_secret;
	desk->secrets->arg = desk;
	desk->language = language;
	ok = secrets_get(desk->secrets, path, attempt, out, err);
	pthread_mutex_unlock(&desk->lock);
	return ok;
}
