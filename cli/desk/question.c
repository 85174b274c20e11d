/*
 * Questions from commands to the desk (question.h).
 */
#include "cli/desk/question.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/output.h"

enum { COMMANDS = 256, WORDS = 256, BY = 16 };

/* Each string is empty where there is none. */
struct question {
	bool is_secret;
	/* A passphrase: of which key, asked for how often before. */
	char path[FILE_PATH];
	unsigned attempt;
	/* Else see struct confirm. */
	unsigned version, in_force;
	struct digest digest;
	char question[WORDS], yes[WORDS], refused[WORDS], means[WORDS];
	char document[DOCUMENT_NAME], person[LIMIT_EMAIL_BYTES + 1];
	char title[LIMIT_TITLE_BYTES + 1], reason[LIMIT_NOTE_BYTES + 1];
};

struct answer {
	/* The desk asks by that now, and another answer comes; or empty. */
	char waits[BY];
	bool yes;
	char secret[PRIVATE_SECRET];
	struct error err; /* if it is no */
};

struct questions {
	struct desk_confirm *confirm;
	pthread_mutex_t lock;
	pthread_cond_t fewer;
	int fds[COMMANDS]; /* of the desk's ends */
	size_t num;
};

/* What a thread answers. */
struct line {
	struct questions *questions;
	enum dialog_language language;
	int fd;
};

/* --- In the desk. --- */

static bool
put(int fd, const void *packet, size_t len)
{
	ssize_t n;

	do
		n = send(fd, packet, len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len;
}

/* A packet is whole, or the other end has gone. */
static bool
take(int fd, void *packet, size_t len)
{
	ssize_t n;

	do
		n = recv(fd, packet, len, 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len;
}

static const char *
or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static bool
ask(struct desk_confirm *desk, enum dialog_language language,
    const struct question *question, struct answer *answer)
{
	const struct confirm what = { .question = question->question,
		.yes = question->yes,
		.refused = question->refused,
		.document = or_null(question->document),
		.version = question->version,
		.in_force = question->in_force,
		.title = or_null(question->title),
		.reason = or_null(question->reason),
		.digest = &question->digest,
		.person = or_null(question->person),
		.means = question->means };

	return question->is_secret
	    ? desk_confirm_secret(desk, language, question->path,
		  question->attempt, answer->secret, &answer->err)
	    : desk_confirm_ask(desk, &what, language, &answer->err);
}

/* Answer one question. False once the command has gone. */
static bool
answer_one(struct line *line, struct question *question, struct answer *answer)
{
	struct desk_confirm *desk = line->questions->confirm;
	const char *by = desk_confirm_by(desk);
	bool ok = take(line->fd, question, sizeof(*question));

	*answer = (struct answer){ .yes = false };
	if (ok && by != NULL) {
		text_set(answer->waits, sizeof(answer->waits), by);
		ok = put(line->fd, answer, sizeof(*answer));
		answer->waits[0] = '\0';
	}
	if (ok) {
		answer->yes = ask(desk, line->language, question, answer);
		ok = put(line->fd, answer, sizeof(*answer));
	}
	OPENSSL_cleanse(answer, sizeof(*answer));
	return ok;
}

static void
forget(struct questions *questions, int fd)
{
	pthread_mutex_lock(&questions->lock);
	for (size_t i = 0; i < questions->num; i++)
		if (questions->fds[i] == fd)
			questions->fds[i] = questions->fds[--questions->num];
	close(fd);
	pthread_cond_broadcast(&questions->fewer);
	pthread_mutex_unlock(&questions->lock);
}

static void *
answer_all(void *arg)
{
	struct line *line = arg;
	struct question *question = malloc(sizeof(*question));
	struct answer *answer = malloc(sizeof(*answer));

	while (question != NULL && answer != NULL &&
	    answer_one(line, question, answer))
		;
	free(question);
	free(answer);
	forget(line->questions, line->fd);
	free(line);
	return NULL;
}

struct questions *
questions_new(struct desk_confirm *confirm, struct error *err)
{
	struct questions *questions = calloc(1, sizeof(*questions));

	if (questions == NULL ||
	    pthread_mutex_init(&questions->lock, NULL) != 0 ||
	    pthread_cond_init(&questions->fewer, NULL) != 0) {
		free(questions);
		error_set_errno(err, "the desk's questions");
		return NULL;
	}
	questions->confirm = confirm;
	return questions;
}

void
questions_free(struct questions *questions)
{
	if (questions == NULL)
		return;
	desk_confirm_end(questions->confirm);
	pthread_mutex_lock(&questions->lock);
	for (size_t i = 0; i < questions->num; i++)
		shutdown(questions->fds[i], SHUT_RDWR);
	while (questions->num > 0)
		pthread_cond_wait(&questions->fewer, &questions->lock);
	pthread_mutex_unlock(&questions->lock);
	pthread_cond_destroy(&questions->fewer);
	pthread_mutex_destroy(&questions->lock);
	free(questions);
}

/* Start the thread of a socket, which is then the thread's to close. */
static bool
answer_in_thread(struct questions *questions, enum dialog_language language,
    int fd, struct error *err)
{
	struct line *line = malloc(sizeof(*line));
	pthread_attr_t attributes;
	pthread_t thread;
	bool ok;

	if (line == NULL)
		return error_set_errno(err, "a command");
	*line = (struct line){ .questions = questions,
		.language = language,
		.fd = fd };
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, (size_t)512 * 1024);
	pthread_mutex_lock(&questions->lock);
	ok = (questions->num < COMMANDS ||
		 error_set(err, ERROR_LIMIT,
		     "the desk runs %d commands at once already", COMMANDS)) &&
	    (pthread_create(&thread, &attributes, answer_all, line) == 0 ||
		error_set_outside(err, "no thread for a command"));
	if (ok)
		questions->fds[questions->num++] = fd;
	pthread_mutex_unlock(&questions->lock);
	pthread_attr_destroy(&attributes);
	if (!ok)
		free(line);
	return ok;
}

int
questions_open(struct questions *questions, enum dialog_language language,
    struct error *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		error_set_errno(err, "a command's questions");
		return -1;
	}
	if (answer_in_thread(questions, language, ends[0], err))
		return ends[1];
	close(ends[0]);
	close(ends[1]);
	return -1;
}

/* --- In the command. --- */

/* Send a question and wait for its answer. */
static bool
get_answer(const struct question *question, struct answer *answer,
    struct error *err)
{
	bool ok = put(QUESTION_FD, question, sizeof(*question));

	do {
		ok = ok && take(QUESTION_FD, answer, sizeof(*answer));
		if (ok && answer->waits[0] != '\0')
			output_waits(answer->waits);
	} while (ok && answer->waits[0] != '\0');
	if (!ok)
		return error_set(err, ERROR_REFUSED,
		    "the desk ended before it was answered");
	if (!answer->yes)
		*err = answer->err;
	return answer->yes;
}

static void
set(char *out, size_t room, const char *text)
{
	text_cut(out, room, text != NULL ? text : "");
}

/* A confirmer's ask. */
static bool
ask_desk(void *arg, const struct confirm *what, struct error *err)
{
	struct question *q = calloc(1, sizeof(*q));
	struct answer *answer = calloc(1, sizeof(*answer));
	bool ok = q != NULL && answer != NULL;

	(void)arg;
	if (ok) {
		q->version = what->version;
		q->in_force = what->in_force;
		q->digest = *what->digest;
		set(q->question, sizeof(q->question), what->question);
		set(q->yes, sizeof(q->yes), what->yes);
		set(q->refused, sizeof(q->refused), what->refused);
		set(q->means, sizeof(q->means), what->means);
		set(q->document, sizeof(q->document), what->document);
		set(q->person, sizeof(q->person), what->person);
		set(q->title, sizeof(q->title), what->title);
		set(q->reason, sizeof(q->reason), what->reason);
		ok = get_answer(q, answer, err);
	} else
		error_set_errno(err, "a question");
	free(q);
	free(answer);
	return ok;
}

/* A private_rule's secret. */
static bool
ask_secret(void *arg, const char *path, unsigned attempt,
    char out[PRIVATE_SECRET], struct error *err)
{
	struct question *q = calloc(1, sizeof(*q));
	struct answer *answer = calloc(1, sizeof(*answer));
	bool ok = q != NULL && answer != NULL;

	(void)arg;
	if (ok) {
		q->is_secret = true;
		q->attempt = attempt;
		set(q->path, sizeof(q->path), path);
		ok = get_answer(q, answer, err);
		if (ok)
			memcpy(out, answer->secret, PRIVATE_SECRET);
		OPENSSL_cleanse(answer, sizeof(*answer));
	} else
		error_set_errno(err, "a question");
	free(q);
	free(answer);
	return ok;
}

static const struct confirmer by_desk = { .ask = ask_desk, .always = true };

void
question_serve(struct context *context)
{
	context->confirmer = &by_desk;
	context->private_keys.secret = ask_secret;
	context->private_keys.arg = NULL;
}
