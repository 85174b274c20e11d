/*
 * Judging is the same for each file and needs nothing of the others: a process
 * for each few of them, whose output waits until those before it are told.
 */
#include "cli/cmd/parallel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

enum { FILES_EACH = 32, MOST_JOBS = 64 };

/* A process: its share of the files, its output, and its result. */
struct part {
	pid_t pid;
	FILE *out;
	struct error *worst; /* memory shared with it */
};

struct parallel {
	size_t from, num, each;
	parallel_work *work; /* or */
	parallel_item *item;
	void *arg;
	struct part parts[MOST_JOBS];
};

unsigned
parallel_jobs(void)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 1 ? 1 : cores > MOST_JOBS ? MOST_JOBS : (unsigned)cores;
}

static bool
run_items(const struct parallel *all, size_t first, FILE *to, struct error *err)
{
	bool ok = true;

	for (size_t i = first; ok && i < first + all->each && i < all->num; i++)
		ok = all->item(all->arg, i, to, err);
	if (ok && fflush(to) != 0)
		ok = error_set_errno(err, "what was judged");
	return ok;
}

static void
run_part(const struct parallel *all, const struct part *part, size_t first)
{
	if (all->item != NULL) {
		(void)run_items(all, first, part->out, part->worst);
		_exit(0);
	}
	if (dup2(fileno(part->out), STDOUT_FILENO) < 0)
		_exit(1);
	for (size_t i = first; i < first + all->each && i < all->num; i++)
		all->work(all->arg, i, part->worst);
	_exit(fflush(stdout) == 0 ? 0 : 1);
}

/* Start a process for the files from first on. */
static bool
start_part(struct parallel *all, struct part *part, size_t first,
    struct error *err)
{
	*part = (struct part){ .pid = -1 };
	part->worst = mmap(NULL, sizeof(*part->worst), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (part->worst == MAP_FAILED) {
		part->worst = NULL;
		return error_set_errno(err, "memory");
	}
	/* Flush first, else each process would print what is buffered here. */
	if ((part->out = tmpfile()) == NULL || fflush(stdout) != 0 ||
	    (part->pid = fork()) < 0)
		return error_set_errno(err, "a process to judge in");
	if (part->pid == 0)
		run_part(all, part, first);
	return true;
}

static bool
copy_out(FILE *from, struct error *err)
{
	char piece[16384];
	size_t n;

	rewind(from);
	while ((n = fread(piece, 1, sizeof(piece), from)) > 0)
		if (fwrite(piece, 1, n, stdout) != n)
			return error_set_errno(err, "standard output");
	return !ferror(from) || error_set_errno(err, "what was judged");
}

/* Wait for it to have ended as it should. */
static bool
end_part(struct part *part, struct error *err)
{
	int status;

	while (waitpid(part->pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_set_errno(err, "a process that judged");
	part->pid = -1;
	if (WIFSIGNALED(status) || WEXITSTATUS(status) != 0)
		return error_set(err, ERROR_SYSTEM,
		    "a process that judged ended before it was done; try again"
		    " with -j 1, which shows at which file");
	return true;
}

static void
free_part(struct part *part)
{
	if (part->pid > 0)
		(void)waitpid(part->pid, NULL, 0);
	if (part->out != NULL)
		fclose(part->out);
	if (part->worst != NULL)
		munmap(part->worst, sizeof(*part->worst));
	*part = (struct part){ .pid = -1 };
}

/* Tell what a part made of its items, when it has ended. */
typedef bool part_teller(void *arg, struct part *part, struct error *err);

static bool
run_all(struct parallel *all, unsigned jobs, part_teller *tell, void *arg,
    struct error *err)
{
	const size_t parts = (all->num - all->from + all->each - 1) / all->each;
	size_t started = 0, ended = 0;
	bool ok = true;

	jobs = jobs < MOST_JOBS ? jobs : MOST_JOBS;
	while (ok && ended < parts) {
		struct part *part;

		if (started < parts && started < ended + jobs) {
			ok = start_part(all, &all->parts[started % jobs],
			    all->from + started * all->each, err);
			started++;
			continue;
		}
		part = &all->parts[ended++ % jobs];
		ok = end_part(part, err) && tell(arg, part, err);
		free_part(part);
	}
	for (; ended < started; ended++)
		free_part(&all->parts[ended % jobs]);
	return ok;
}

struct telling {
	void (*merge)(struct error *worst, const struct error *one);
	struct error *worst;
	parallel_take *take;
	void *arg;
};

static bool
tell_files(void *arg, struct part *part, struct error *err)
{
	struct telling *telling = arg;

	if (!copy_out(part->out, err))
		return false;
	telling->merge(telling->worst, part->worst);
	return true;
}

bool
parallel_files(size_t from, size_t num, unsigned jobs, parallel_work *work,
    void *arg, void (*merge)(struct error *worst, const struct error *one),
    struct error *worst, struct error *err)
{
	struct parallel all = { .from = from,
		.num = num,
		.each = FILES_EACH,
		.work = work,
		.arg = arg };
	struct telling telling = { .merge = merge, .worst = worst };

	return run_all(&all, jobs, tell_files, &telling, err);
}

static bool
tell_items(void *arg, struct part *part, struct error *err)
{
	struct telling *telling = arg;

	rewind(part->out);
	if (!telling->take(telling->arg, part->out, err))
		return false;
	*err = *part->worst;
	return err->kind == ERROR_NONE;
}

static bool
run_here(struct parallel *all, struct telling *telling, struct error *err)
{
	struct error worst = { 0 };
	struct part part = { .pid = -1, .out = tmpfile(), .worst = &worst };
	bool ok;

	if (part.out == NULL)
		return error_set_errno(err, "temporary file");
	all->each = all->num;
	(void)run_items(all, 0, part.out, &worst);
	ok = tell_items(telling, &part, err);
	fclose(part.out);
	return ok;
}

bool
parallel_each(size_t num, size_t each, parallel_item *item, parallel_take *take,
    void *arg, struct error *err)
{
	const unsigned jobs = parallel_jobs();
	/* Some parts for each core, so that none waits long for the last. */
	const size_t share = num / ((size_t)jobs * 4) + 1;
	struct parallel all = { .num = num,
		.each = share > each ? share : each,
		.item = item,
		.arg = arg };
	struct telling telling = { .take = take, .arg = arg };

	return num <= each || jobs == 1
	    ? run_here(&all, &telling, err)
	    : run_all(&all, jobs, tell_items, &telling, err);
}
