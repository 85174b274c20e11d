/*
 * Running commands for pages (child.h).
 */
#include "cli/desk/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/desk/question.h"
#include "cli/run.h"

bool
child_add(struct child_line *line, struct error *err, const char *fmt, ...)
{
	va_list args;
	char *text;
	bool ok;
	int n;

	if (line->num == LIMIT_DESK_WORDS)
		return error_set(err, ERROR_LIMIT,
		    "a page asks for a command with more than %d words",
		    LIMIT_DESK_WORDS);
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		return error_set_errno(err, "a command line");
	ok = buf_append(&line->bytes, span_of(text, (size_t)n + 1), err);
	free(text);
	line->num += ok;
	return ok;
}

void
child_line_free(struct child_line *line)
{
	buf_free(&line->bytes);
	if (line->questions >= 0)
		close(line->questions);
	line->questions = -1;
}

/*
 * The command has the signals as any program, and of our files standard input,
 * output and error, the socket by which it has its person asked, and a lock.
 */
static int
spawn(int input, int output, const struct child_line *line, pid_t *out)
{
	char name[] = "valise-desk", run[] = CHILD_RUN;
	char *const argv[] = { name, run, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	/* It ends its act whether or not somebody still listens. */
	sigdelset(&all, SIGPIPE);
	posix_spawnattr_init(&how);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawnattr_setsigdefault(&how, &all);
	/* Ctrl-C is the desk's: an act that runs ends by itself. */
	posix_spawnattr_setpgroup(&how, 0);
	posix_spawnattr_setflags(&how,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
		POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	if (line->questions >= 0)
		posix_spawn_file_actions_adddup2(&files, line->questions,
		    QUESTION_FD);
	if (line->lock >= 0)
		posix_spawn_file_actions_adddup2(&files, line->lock,
		    CHILD_LOCK);
	if (line->folder != NULL)
		posix_spawn_file_actions_addchdir_np(&files, line->folder);
	rc = posix_spawn(out, "/proc/self/exe", &files, &how, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&how);
	return rc;
}

/* An end that is closed already is none of ours: a command that died. */
static bool
write_all(int fd, struct span bytes, struct error *err)
{
	while (bytes.len > 0) {
		const ssize_t n = write(fd, bytes.data, bytes.len);

		if (n < 0 && errno != EINTR)
			return error_set_errno(err, "a command line");
		if (n > 0)
			bytes =
			    span_sub(bytes, (size_t)n, bytes.len - (size_t)n);
	}
	return true;
}

int
child_start(const struct child_line *line, pid_t *out, struct error *err)
{
	int to[2], from[2], rc;
	bool ok;

	if (pipe2(to, O_CLOEXEC) != 0) {
		error_set_errno(err, "a pipe");
		return -1;
	}
	if (pipe2(from, O_CLOEXEC) != 0) {
		error_set_errno(err, "a pipe");
		close(to[0]);
		close(to[1]);
		return -1;
	}
	rc = spawn(to[0], from[1], line, out);
	close(to[0]);
	close(from[1]);
	errno = rc;
	ok = rc == 0 ? write_all(to[1], buf_span(&line->bytes), err)
		     : error_set_errno(err, "a command");
	close(to[1]);
	if (ok)
		return from[0];
	close(from[0]);
	return -1;
}

bool
child_wait(int fd, int stop, int peer)
{
	struct pollfd any[] = { { .fd = fd, .events = POLLIN },
		{ .fd = stop, .events = POLLIN },
		{ .fd = peer, .events = POLLRDHUP } };

	while (poll(any, 3, -1) < 0 && errno == EINTR)
		;
	return any[1].revents == 0 && any[2].revents == 0;
}

/* Keep the last whole line of what comes in line. */
static bool
read_last_line(int fd, int stop, struct buf *line, struct error *err)
{
	char bytes[16384];
	ssize_t n;
	bool ended = false;

	for (;;) {
		struct span rest;

		if (!child_wait(fd, stop, -1))
			return error_set(err, ERROR_UNAVAILABLE,
			    "the desk ends");
		if ((n = read(fd, bytes, sizeof(bytes))) == 0)
			break;
		rest = span_of(bytes, n > 0 ? (size_t)n : 0);
		if (n < 0 && errno != EINTR)
			return error_set_errno(err, "a command's answer");
		while (rest.len > 0) {
			const uint8_t *end = memchr(rest.data, '\n', rest.len);
			const size_t len =
			    end != NULL ? (size_t)(end - rest.data) : rest.len;

			if (ended)
				line->len = 0;
			if (!buf_append(line, span_sub(rest, 0, len), err))
				return false;
			ended = end != NULL;
			rest =
			    span_sub(rest, len + ended, rest.len - len - ended);
		}
	}
	return ended ||
	    error_set_outside(err, "the command ended without an answer");
}

/* What a command says failed is told on as it is. */
static bool
take_error(const json_t *json, struct error *err)
{
	const char *code = json_string_value(json_object_get(json, "code"));
	const char *detail = json_string_value(json_object_get(json, "detail"));
	const json_int_t exit_status =
	    json_integer_value(json_object_get(json, "exit"));

	return error_set_code(err,
	    error_kind_of_exit(
		exit_status > 0 && exit_status < 128 ? (int)exit_status : 0),
	    code != NULL ? code : "", "%s", detail != NULL ? detail : "");
}

bool
child_answer(const struct child_line *line, int stop, struct buf *out,
    struct error *err)
{
	struct buf last = BUF(LIMIT_DESK_ANSWER);
	json_t *json = NULL, *result;
	char *text = NULL;
	pid_t pid;
	int fd = child_start(line, &pid, err);
	bool ok = fd >= 0 && read_last_line(fd, stop, &last, err);

	if (ok) {
		json = json_loadb((const char *)last.data, last.len, 0, NULL);
		result = json_object_get(json, "result");
		ok = result != NULL ||
		    take_error(json_object_get(json, "error"), err);
		if (ok &&
		    (text = json_dumps(result,
			 JSON_COMPACT | JSON_ENCODE_ANY)) == NULL)
			ok = error_set_errno(err, "JSON");
	}
	ok = ok && buf_append_str(out, text, err);
	free(text);
	json_decref(json);
	if (fd >= 0)
		close(fd);
	buf_free(&last);
	return ok;
}

int
child_main(char *program, command_run *desk)
{
	struct child_line line = CHILD_LINE;
	char *argv[LIMIT_DESK_WORDS + 2] = { program };
	char bytes[4096];
	struct error err = { 0 };
	ssize_t n;
	int argc = 1, status = error_exit_status(ERROR_SYSTEM);
	bool ok = true;

	while (ok && (n = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0)
		ok = buf_append(&line.bytes, span_of(bytes, (size_t)n), &err);
	/* What is not a word to its end was cut. */
	ok = ok && line.bytes.len > 0 &&
	    line.bytes.data[line.bytes.len - 1] == '\0';
	for (size_t at = 0;
	     ok && at < line.bytes.len && argc <= LIMIT_DESK_WORDS; argc++) {
		argv[argc] = (char *)line.bytes.data + at;
		at += strlen(argv[argc]) + 1;
	}
	output_as_lines();
	if (ok)
		status = run_program(argc, argv, desk, question_serve);
	child_line_free(&line);
	return status;
}
