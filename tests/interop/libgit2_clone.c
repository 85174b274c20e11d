/*
 * libgit2-clone URL DIR: clone with libgit2, then fetch once more, to test the
 * daemon's answers with another implementation than git. libgit2 has no client
 * certificates, so "bench relay" (tests/lib/relay.c) stands between.
 */
#include <stdio.h>

#include <git2.h>

static int
fail(const char *what)
{
	const git_error *last = git_error_last();

	fprintf(stderr, "%s: %s\n", what,
	    last != NULL ? last->message : "no reason given");
	return 1;
}

int
main(int argc, char *argv[])
{
	git_clone_options options = GIT_CLONE_OPTIONS_INIT;
	git_repository *repository = NULL;
	git_remote *remote = NULL;
	git_strarray refs = { NULL, 0 };

	if (argc != 3)
		return 2;
	git_libgit2_init();
	options.bare = 1;
	if (git_clone(&repository, argv[1], argv[2], &options) != 0)
		return fail("clone");
	if (git_remote_lookup(&remote, repository, "origin") != 0 ||
	    git_remote_fetch(remote, NULL, NULL, NULL) != 0)
		return fail("fetch");
	if (git_reference_list(&refs, repository) != 0)
		return fail("refs");
	for (size_t i = 0; i < refs.count; i++)
		puts(refs.strings[i]);
	git_strarray_dispose(&refs);
	git_remote_free(remote);
	git_repository_free(repository);
	git_libgit2_shutdown();
	return 0;
}
