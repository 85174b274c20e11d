/*
 * Comparing two texts line by line, by libgit2 (compare.h).
 */
#include "store/compare.h"

#include <git2.h>

struct comparing {
	compare_visitor *visit;
	void *arg;
	struct error *err;
};

/* Returns our kind for libgit2's mark at the start of a line. */
static enum compare_kind
kind_of(char origin)
{
	switch (origin) {
	case GIT_DIFF_LINE_CONTEXT:
		return COMPARE_SAME;
	case GIT_DIFF_LINE_ADDITION:
		return COMPARE_ADDED;
	case GIT_DIFF_LINE_DELETION:
		return COMPARE_REMOVED;
	case GIT_DIFF_LINE_HUNK_HDR:
		return COMPARE_HUNK;
	default:
		return COMPARE_NOTE;
	}
}

/* Called by libgit2 for each line; a git_diff_line_cb. */
static int
take_line(const git_diff_delta *delta, const git_diff_hunk *hunk,
    const git_diff_line *line, void *arg)
{
	const struct comparing *to = arg;

	(void)delta, (void)hunk;
	return line->origin == GIT_DIFF_LINE_FILE_HDR ||
		to->visit(to->arg, kind_of(line->origin),
		    span_of(line->content, line->content_len), to->err)
	    ? 0
	    : -1;
}

bool
compare_texts(const char *name, struct span a, struct span b, unsigned context,
    compare_visitor *visit, void *arg, struct error *err)
{
	struct comparing to = { visit, arg, err };
	git_diff_options options = GIT_DIFF_OPTIONS_INIT;
	git_patch *patch = NULL;
	bool ok;

	git_libgit2_init();
	/* Compare as text, whatever bytes are in it. */
	options.flags = GIT_DIFF_FORCE_TEXT;
	options.context_lines = context;
	ok = git_patch_from_buffers(&patch, a.data, a.len, name, b.data, b.len,
		 name, &options) == 0 ||
	    error_set(err, ERROR_SYSTEM, "the texts cannot be compared");
	if (ok && git_patch_print(patch, take_line, &to) != 0 &&
	    err->kind == ERROR_NONE)
		error_set(err, ERROR_SYSTEM, "the texts cannot be shown");
	git_patch_free(patch);
	git_libgit2_shutdown();
	return err->kind == ERROR_NONE && ok;
}
