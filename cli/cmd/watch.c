/*
 * valise watch: prints each new entry, and runs a command or shows a
 * notification for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/commands.h"

struct watch {
	struct context *context;
	const char *exec;
	bool notify;
	struct entry_filter filter;
};

/* The act as JSON: the entry itself, after its index. */
static bool
act_json(uint64_t index, struct span line, struct buf *out, struct error *err)
{
	return buf_printf(out, err, "{\"index\":%llu,",
		   (unsigned long long)index) &&
	    buf_append(out, span_sub(line, 1, line.len - 1), err) &&
	    buf_append_str(out, "\n", err);
}

/*
 * In the child process: standard input is the pipe, and no other file stays
 * open.
 */
static _Noreturn void
become(const char *const argv[], int input)
{
	if (input >= 0)
		dup2(input, STDIN_FILENO);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void
write_all(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		const ssize_t n = write(fd, bytes.data, bytes.len);

		/* A program that does not read its input is not given it. */
		if (n <= 0)
			return;
		bytes = span_sub(bytes, (size_t)n, bytes.len - (size_t)n);
	}
}

/*
 * Run a program to its end. Returns its exit status, 127 if there is no such
 * program.
 */
static bool
run(const char *const argv[], struct span input, int *status, struct error *err)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set_errno(err, "%s", argv[0]);
	fflush(stdout);
	if ((pid = fork()) < 0) {
		close(ends[0]);
		close(ends[1]);
		return error_set_errno(err, "%s", argv[0]);
	}
	if (pid == 0)
		become(argv, ends[0]);
	close(ends[0]);
	write_all(ends[1], input);
	close(ends[1]);
	*status = 0;
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	*status =
	    WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
	return true;
}

static bool
run_command(const struct watch *watch, uint64_t index, struct span line,
    struct error *err)
{
	const char *const argv[] = { "/bin/sh", "-c", watch->exec, NULL };
	struct buf json = BUF(2 * LIMIT_ENTRY_BYTES);
	int status = 0;
	bool ok;

	ok = act_json(index, line, &json, err) &&
	    run(argv, buf_span(&json), &status, err);
	buf_free(&json);
	if (ok && status != 0)
		output_note("entry %llu: the command ended with %d",
		    (unsigned long long)index, status);
	return ok;
}

static bool
notify(struct watch *watch, const char *what, struct error *err)
{
	const char *const argv[] = { "notify-send", "--app-name=Valise", "--",
		"Valise", what, NULL };
	int status = 0;

	if (!run(argv, span_of(NULL, 0), &status, err))
		return false;
	if (status != 0) {
		output_note("there is no desktop to notify (notify-send)");
		watch->notify = false;
	}
	return true;
}

/*
 * An entry_visitor: print the act, and run the command or show the
 * notification.
 */
static bool
visit(void *arg, uint64_t index, const struct entry *entry, struct span line,
    struct error *err)
{
	struct watch *watch = arg;
	char at[TIME_TEXT], about[512], text[1100];
	const char *who =
	    entry_has(entry, ENTRY_PERSON) ? entry->person : "the depositary";
	struct buf json = BUF(2 * LIMIT_ENTRY_BYTES);
	bool ok = true;

	describe_entry(entry, about);
	time_format_at(entry->time_ms / 1000, at);
	if (watch->context->json) {
		ok = act_json(index, line, &json, err) &&
		    output_json(json_loadb((const char *)json.data, json.len, 0,
				    NULL),
			err);
		buf_free(&json);
	} else {
		snprintf(text, sizeof(text), "%llu  %s  %-9s  %s  %s",
		    (unsigned long long)index, at, entry->act_name, who, about);
		output_text(text);
		putchar('\n');
	}
	ok = ok && output_flush(err);
	snprintf(text, sizeof(text), "%s: %s %s", entry->act_name, about, who);
	return ok && (!watch->notify || notify(watch, text, err)) &&
	    (watch->exec == NULL || run_command(watch, index, line, err));
}

static void
told(void *arg)
{
	(void)arg;
}

static bool
read_options(const struct options_given *given, struct watch *out,
    struct error *err)
{
	const char *from = options_value(given, OPTION_FROM);

	out->filter.document = options_value(given, OPTION_DOCUMENT);
	out->filter.act = options_value(given, OPTION_ACT);
	out->exec = options_value(given, OPTION_EXEC);
	out->notify = options_has(given, OPTION_NOTIFY);
	return (out->filter.document == NULL ||
		   document_name_check(span_of_str(out->filter.document),
		       err)) &&
	    (from == NULL ||
		span_to_u64(span_of_str(from), &out->filter.from) ||
		error_set(err, ERROR_USAGE,
		    "--from needs the number of an entry"));
}

bool
cmd_watch(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct watch watch = { .context = context,
		.filter = { .from = UINT64_MAX } };

	signal(SIGPIPE, SIG_IGN);
	return read_options(given, &watch, err) && context_load(context, err) &&
	    session_follow_entries(context, &watch.filter, visit, told, &watch,
		err);
}
