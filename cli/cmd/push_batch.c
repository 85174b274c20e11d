/*
 * valise push --batch: a list of versions.  Each has a file of its own in the
 * outbox and is told as soon as it is answered, so that whatever ends the run
 * loses nothing: the same list is given again, and what is there already has
 * not changed.
 *
 * Most of the time a deposit waits: for the disk here, for the daemon's, and
 * for its answer.  So a long list is shared among processes with a connection
 * each, as if several commands of the office ran at once.  Each takes the next
 * document when it is done with one, and all versions of that document, in the
 * order of the list.
 */
#include "cli/cmd/push.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/yaml.h"
#include "cli/commands.h"
#include "client/own_cert.h"
#include "remote/remote.h"

/* Starting a process, with its connection, pays off from so many versions. */
enum { VERSIONS_EACH = 8, MOST_JOBS = 8 };

/* how a process ends that could not print what it did */
enum { UNPRINTED = 2 };

/* The results of the versions that one process deposited. */
struct part {
	pid_t pid;
	unsigned done, failed, tried;
	struct error worst;
	bool ended;       /* an error that every other version would meet too */
	struct error why; /* that error */
	bool told;
};

/* Memory that all processes of a run share. */
struct shared {
	/* the signal that asked the run to end */
	volatile sig_atomic_t asked_to_stop;
	bool ended;    /* for one of them */
	unsigned next; /* the first group that no process has taken */
	struct part parts[MOST_JOBS];
};

/* An item of the list, and its place there. */
struct listed {
	const struct yaml *item;
	const char *document;
	unsigned at;
};

/* Items that one process deposits one after another, and the first's place. */
struct group {
	const struct listed *first;
	unsigned num, at;
};

struct batch {
	struct pusher pusher;
	char dir[FILE_PATH]; /* of the list: its files are named from there */
	unsigned num;
	struct listed *items;
	struct group *groups;
	unsigned num_groups;
	struct shared *shared;
	struct part *part; /* of this process */
};

/* --- The list. --- */

/* Read title: a mapping of languages. */
static void
read_titles(struct push *push, const struct yaml *map, struct complaints *to)
{
	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	for (const struct yaml *c = map->children; c != NULL; c = c->next) {
		const char *text = yaml_text(c, to);
		struct error why = { 0 };

		if (text != NULL && !push_add_title(push, c->key, text, &why))
			complain(to, c, "%s", why.detail);
	}
}

static void
read_file(const struct batch *batch, struct push *push, const char *language,
    const struct yaml *node, struct complaints *to)
{
	const char *name = yaml_text(node, to);
	char path[FILE_PATH];
	struct error why = { 0 };

	if (name != NULL &&
	    ((name[0] != '/' && !file_join(path, batch->dir, name, &why)) ||
		!push_add_file(push, language, name[0] == '/' ? name : path,
		    &why)))
		complain(to, node, "%s", why.detail);
}

/* Read one file, or a sequence of them. */
static void
read_files(const struct batch *batch, struct push *push, const char *language,
    const struct yaml *node, struct complaints *to)
{
	if (node->kind != YAML_SEQUENCE) {
		read_file(batch, push, language, node, to);
		return;
	}
	for (const struct yaml *c = node->children; c != NULL; c = c->next)
		read_file(batch, push, language, c, to);
}

static void
read_texts(const struct batch *batch, struct push *push, const struct yaml *map,
    struct complaints *to)
{
	if (map == NULL || !yaml_is(map, YAML_MAPPING, to))
		return;
	for (const struct yaml *c = map->children; c != NULL; c = c->next)
		read_files(batch, push, c->key, c, to);
}

/* Read the texts and annexes of an item of the list. */
static void
read_names(struct push *push, const struct yaml *item, struct complaints *to)
{
	const struct yaml *node = yaml_need(item, "document", to);
	const char *text = node != NULL ? yaml_text(node, to) : NULL;
	struct error why = { 0 };
	unsigned version;

	if (text != NULL &&
	    (!document_parse(text, push->document, &version, &why) ||
		(version != 0 &&
		    !error_set(&why, ERROR_USAGE,
			"the next number is the daemon's to tell: leave out"
			" @%u",
			version))))
		complain(to, node, "%s", why.detail);
	if ((node = yaml_get(item, "note")) != NULL &&
	    (text = yaml_text(node, to)) != NULL &&
	    !push_set_note(push, text, &why))
		complain(to, node, "%s", why.detail);
	if ((node = yaml_get(item, "onto")) != NULL &&
	    (text = yaml_text(node, to)) != NULL &&
	    !document_version_parse(span_of_str(text), &push->onto))
		complain(to, node, "not the number of a version");
}

/* Read an element of the list. NULL, with complaints, if it is wrong. */
static struct push *
read_item(const struct batch *batch, const struct yaml *item,
    struct complaints *to)
{
	static const char *const keys[] = { "document", "title", "texts",
		"annexes", "note", "onto" };
	const unsigned before = to->num_errors;
	const struct yaml *annexes;
	struct error why = { 0 };
	struct push *push;

	if (!yaml_is(item, YAML_MAPPING, to))
		return NULL;
	if ((push = push_new(&why)) == NULL) {
		complain(to, item, "%s", why.detail);
		return NULL;
	}
	yaml_only(item, keys, sizeof(keys) / sizeof(keys[0]), to);
	read_names(push, item, to);
	read_titles(push, yaml_need(item, "title", to), to);
	read_texts(batch, push, yaml_need(item, "texts", to), to);
	if ((annexes = yaml_get(item, "annexes")) != NULL &&
	    yaml_is(annexes, YAML_SEQUENCE, to))
		read_files(batch, push, NULL, annexes, to);
	if (to->num_errors == before && !push_is_whole(push, &why))
		complain(to, item, "it needs a title and a text at least");
	if (to->num_errors == before)
		return push;
	push_free(push);
	return NULL;
}

/* Read the whole list: each mistake is told before anything is sent. */
static bool
check_list(struct batch *batch, const struct yaml *root, struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	bool ok;

	if (yaml_is(root, YAML_SEQUENCE, &complaints))
		for (const struct yaml *c = root->children; c != NULL;
		     c = c->next, batch->num++)
			push_free(read_item(batch, c, &complaints));
	ok = complaints_none(&complaints, err);
	if (!ok && complaints.num_errors > 1)
		fprintf(stderr, "%.*s", (int)complaints.lines.len,
		    (const char *)complaints.lines.data);
	complaints_free(&complaints);
	return ok;
}

/* --- One after another. --- */

/* for stop(): a signal handler has no argument of ours */
static struct shared *running;

/* SA_RESETHAND: the second signal ends the run at once. */
static void
stop(int number)
{
	running->asked_to_stop = number;
}

static void
take_signals(void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler,
		.sa_flags = SA_RESTART | (int)SA_RESETHAND };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static bool
tell_failed(struct batch *batch, const struct push *push,
    const struct error *why, struct error *err)
{
	struct context *context = batch->pusher.context;
	json_t *json;

	output_progress_end();
	fprintf(stderr, "valise push: %s: %s: %s\n", push->document,
	    error_words(why), why->detail);
	if (!context->json)
		return true;
	context->told = true;
	json = json_of_error(why);
	json_object_set_new(json, "result", json_string("failed"));
	json_object_set_new(json, "document", json_string(push->document));
	return output_json(json, err);
}

/*
 * True if the error would be the same with the next version. The daemon's
 * refusal, and what is wrong with its files, are about this version alone.
 */
static bool
is_the_end(const struct push *push, const struct error *why)
{
	return !push->alone &&
	    (why->kind == ERROR_UNAVAILABLE || why->kind == ERROR_SYSTEM ||
		why->kind == ERROR_UNTRUSTED || why->kind == ERROR_MALFORMED);
}

/*
 * Deposit one version and print the result. Returns false if the run must end.
 */
static bool
push_item(struct batch *batch, const struct yaml *item, struct error *err)
{
	struct complaints complaints = COMPLAINTS;
	struct push *push = read_item(batch, item, &complaints);
	struct part *part = batch->part;
	struct error why = { 0 };
	unsigned tried = 0;
	bool ok, ends = false;

	complaints_free(&complaints);
	if (push == NULL)
		return error_set_errno(err, "push");
	part->tried++;
	for (size_t i = 0; i < MOST_JOBS; i++)
		tried += batch->shared->parts[i].tried;
	output_step("pushing", tried, batch->num);
	ok = pusher_push(&batch->pusher, push, &why);
	/* Print what is buffered, however the run ends. */
	fflush(stdout);
	if (ok) {
		part->done++;
	} else {
		part->failed++;
		if (error_exit_status(why.kind) >
		    error_exit_status(part->worst.kind))
			part->worst = why;
		ends = is_the_end(push, &why);
		if (ends)
			*err = why;
		if (!tell_failed(batch, push, &why, err))
			ends = true;
	}
	push_free(push);
	return !ends;
}

static int
compare_items(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	const int order = strcmp(x->document, y->document);

	return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static int
compare_groups(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/*
 * Make the groups: one of each item for one process, which keeps the order of
 * the list; of each document's items for several.
 */
static bool
make_groups(struct batch *batch, const struct yaml *root, bool one_process,
    struct error *err)
{
	unsigned n = 0;

	batch->items = calloc(batch->num + 1, sizeof(*batch->items));
	batch->groups = calloc(batch->num + 1, sizeof(*batch->groups));
	if (batch->items == NULL || batch->groups == NULL)
		return error_set_errno(err, "push");
	for (const struct yaml *c = root->children; c != NULL; c = c->next) {
		const struct yaml *document = yaml_get(c, "document");

		batch->items[n] = (struct listed){ .item = c,
			.document = document != NULL && document->text != NULL
			    ? document->text
			    : "",
			.at = n };
		n++;
	}
	if (!one_process)
		qsort(batch->items, n, sizeof(*batch->items), compare_items);
	for (unsigned i = 0; i < n; i++) {
		const struct listed *item = &batch->items[i];

		if (one_process || i == 0 ||
		    strcmp(item[-1].document, item->document) != 0)
			batch->groups[batch->num_groups++] =
			    (struct group){ .first = item, .at = item->at };
		batch->groups[batch->num_groups - 1].num++;
	}
	qsort(batch->groups, batch->num_groups, sizeof(*batch->groups),
	    compare_groups);
	return true;
}

static bool
goes_on(const struct shared *shared)
{
	return !__atomic_load_n(&shared->ended, __ATOMIC_RELAXED) &&
	    shared->asked_to_stop == 0;
}

/* Deposit what one process gets: number job of all. */
static void
push_share(struct batch *batch, unsigned job)
{
	struct shared *shared = batch->shared;
	struct part *part = &shared->parts[job];
	unsigned n;

	batch->part = part;
	while (goes_on(shared) &&
	    (n = __atomic_fetch_add(&shared->next, 1, __ATOMIC_RELAXED)) <
		batch->num_groups) {
		const struct group *group = &batch->groups[n];

		for (unsigned i = 0; i < group->num && goes_on(shared); i++) {
			if (push_item(batch, group->first[i].item, &part->why))
				continue;
			part->ended = true;
			__atomic_store_n(&shared->ended, true,
			    __ATOMIC_RELAXED);
		}
	}
	part->told = batch->pusher.context->told;
}

/* --- Several at once. --- */

static _Noreturn void
run_job(struct batch *batch, unsigned job)
{
	/* The parent may be ended while it waits for this process. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	push_share(batch, job);
	pusher_end(&batch->pusher);
	_exit(fflush(stdout) == 0 && !ferror(stdout) ? 0 : UNPRINTED);
}

/* Wait for a process. False if it was ended by a signal. */
static bool
wait_for(struct part *part, struct error *err)
{
	int status;

	while (waitpid(part->pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_set_errno(err, "a process that deposits");
	if (WIFEXITED(status) && WEXITSTATUS(status) == UNPRINTED)
		return error_set_outside(err,
		    "standard output: what was done could not be told; \"valise"
		    " list\" tells");
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
	    error_set(err, ERROR_SYSTEM,
		"a process that deposits ended before it was done: run it"
		" again, and what is there already has not changed");
}

/*
 * Load what each process would have to load: libcurl, and the key to sign with;
 * and the passphrase of that to connect with, so that it is asked for once.
 * What fails here is told by the first version that needs it.
 */
static struct remote *
load_once(struct batch *batch)
{
	static struct addresses nowhere = { .num = 1 };
	const struct remote_settings none = { .addresses = &nowhere };
	struct identity own = { NULL };
	struct error ignored = { 0 };

	(void)!own_cert_load(batch->pusher.context, OWN_CERT_CONNECT, &own,
	    &ignored);
	identity_free(&own);
	return pusher_load_signer(&batch->pusher, &ignored)
	    ? remote_new(&none, &ignored)
	    : NULL;
}

/* Deposit the items in several processes, each with a connection of its own. */
static bool
push_at_once(struct batch *batch, unsigned jobs, struct error *err)
{
	struct part *parts = batch->shared->parts;
	struct remote *loaded = load_once(batch);
	unsigned started = 0;
	bool ok = fflush(stdout) == 0 || error_set_errno(err, "output");

	for (; ok && started < jobs; started++) {
		/* parts is shared: the child must not write its 0 there. */
		const pid_t pid = fork();

		if (pid == 0)
			run_job(batch, started);
		if (pid < 0) {
			ok = error_set_errno(err, "a process that deposits");
			break;
		}
		parts[started].pid = pid;
	}
	if (!ok)
		batch->shared->ended = true;
	for (unsigned i = 0; i < started; i++) {
		struct error why = { 0 };

		if (!wait_for(&parts[i], &why) && ok)
			*err = why;
		ok = ok && why.kind == ERROR_NONE;
	}
	remote_free(loaded);
	return ok;
}

/* Add up the results of all processes. */
static bool
conclude(struct batch *batch, struct error *err)
{
	struct part all = { .done = 0 };
	const struct part *parts = batch->shared->parts;

	for (size_t i = 0; i < MOST_JOBS; i++) {
		all.failed += parts[i].failed;
		all.tried += parts[i].tried;
		if (error_exit_status(parts[i].worst.kind) >
		    error_exit_status(all.worst.kind))
			all.worst = parts[i].worst;
		if (parts[i].ended && !all.ended)
			all.why = parts[i].why;
		all.ended = all.ended || parts[i].ended;
		batch->pusher.context->told =
		    batch->pusher.context->told || parts[i].told;
	}
	output_progress_end();
	if (all.tried < batch->num)
		output_note("%u of %u were not tried: run it again, and what"
			    " is there already has not changed",
		    batch->num - all.tried, batch->num);
	if (all.ended)
		*err = all.why;
	if (all.ended || all.failed == 0)
		return !all.ended;
	*err = all.worst;
	snprintf(err->detail, sizeof(err->detail),
	    "%u of %u were not deposited; each is told above", all.failed,
	    batch->num);
	return false;
}

/* Deposit all items, in one process or in several. */
static bool
push_list(struct batch *batch, const struct yaml *root, struct error *err)
{
	unsigned jobs = batch->num / VERSIONS_EACH;
	bool ok = true;

	/*
	 * Without a line there is nothing to wait for, so one process is
	 * enough.
	 */
	if (jobs > MOST_JOBS)
		jobs = MOST_JOBS;
	take_signals(stop);
	if (batch->pusher.context->local)
		jobs = 1;
	if (!make_groups(batch, root, jobs < 2, err)) {
		take_signals(SIG_DFL);
		return false;
	}
	if (jobs < 2)
		push_share(batch, 0);
	else
		ok = push_at_once(batch, jobs, err);
	take_signals(SIG_DFL);
	return conclude(batch, ok ? err : &(struct error){ 0 }) && ok;
}

/* Ask once for the whole list, where somebody is there to be asked. */
static bool
agreed(const struct context *context, const struct options_given *given,
    unsigned num, struct error *err)
{
	char question[128];

	if (context->json || options_has(given, OPTION_YES) ||
	    !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return true;
	snprintf(question, sizeof(question),
	    "%u versions are signed with your key, and cannot be taken back."
	    " Deposit them?",
	    num);
	return confirm_answered_yes(question) ||
	    error_set(err, ERROR_USAGE, "nothing was deposited");
}

bool
push_batch(struct context *context, const struct options_given *given,
    struct error *err)
{
	const char *path = options_value(given, OPTION_BATCH);
	struct batch batch = { .num = 0 };
	struct buf text = BUF(LIMIT_YAML_BYTES);
	struct yaml *root = NULL;
	int stopped;
	bool ok;

	batch.shared = mmap(NULL, sizeof(*batch.shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (batch.shared == MAP_FAILED)
		return error_set_errno(err, "memory");
	running = batch.shared;
	file_parent(path, batch.dir);
	ok = file_read(path, LIMIT_YAML_BYTES, &text, err) &&
	    (root = yaml_parse(path, buf_span(&text), err)) != NULL &&
	    check_list(&batch, root, err) &&
	    agreed(context, given, batch.num, err) &&
	    context_load(context, err) &&
	    pusher_begin(context, &batch.pusher, err);
	if (ok) {
		ok = push_list(&batch, root, err);
		pusher_end(&batch.pusher);
	}
	free(batch.items);
	free(batch.groups);
	yaml_free_tree(root);
	buf_free(&text);
	stopped = batch.shared->asked_to_stop;
	munmap(batch.shared, sizeof(*batch.shared));
	/* End like a command that did not wait for the answer. */
	if (stopped != 0) {
		fflush(stdout);
		raise(stopped);
	}
	return ok;
}
