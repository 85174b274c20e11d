/*
 * refs.c - measures ls-refs with many branches.
 */
#include <string.h>

#include "git/serve.h"
#include "tests/bench/bench.h"
#include "tests/lib/tool.h"

static void
add_deposit(struct ledger *ledger, unsigned long index, unsigned long slug,
    unsigned version, unsigned long prior)
{
	static struct entry entry;
	struct error err = { 0 };

	entry = (struct entry){ .act = ACT_DEPOSIT,
		.version = version,
		.prior = prior };
	entry.has = 1u << ENTRY_DOCUMENT | 1u << ENTRY_VERSION |
	    1u << ENTRY_COMMIT | (version > 1 ? 1u << ENTRY_PRIOR : 0);
	snprintf(entry.document, sizeof(entry.document), "agreement/d%06lu",
	    slug);
	memcpy(entry.commit, &index, sizeof(index));
	if (!ledger_apply(ledger, index, &entry, &err))
		tool_fail("ledger", &err);
}

static double
time_refs(struct ledger *ledger, size_t *len)
{
	struct document_type type = { .name = "agreement" };
	struct policy policy = { .types = &type, .num_types = 1 };
	const struct git_service service = { .ledger = ledger,
		.sight = { .policy = &policy, .read = 1 } };
	const struct git_request request = { .command = GIT_LS_REFS,
		.v2 = true };
	const double began = tool_seconds(CLOCK_PROCESS_CPUTIME_ID);
	struct git_answer answer;
	struct error err = { 0 };
	double took;

	if (!git_answer(&service, &request, &answer, &err))
		tool_fail("ls-refs", &err);
	took = tool_seconds(CLOCK_PROCESS_CPUTIME_ID) - began;
	*len = answer.text.len;
	git_answer_free(&answer);
	return took;
}

/*
 * Print the seconds of CPU of ls-refs with so many documents: the first after a
 * start, the next ones, and one after an act (each the mean of 20).
 */
int
bench_refs(char *argv[])
{
	const unsigned long count = strtoul(argv[0], NULL, 10);
	struct error err = { 0 };
	struct ledger *ledger = ledger_new(&err);
	double first, next = 0, changed = 0;
	size_t len = 0;

	if (ledger == NULL)
		tool_fail("ledger", &err);
	for (unsigned long i = 0; i < count; i++)
		add_deposit(ledger, i, i * 7919 % count, 1, 0);
	first = time_refs(ledger, &len);
	for (unsigned i = 0; i < 20; i++) {
		next += time_refs(ledger, &len);
		add_deposit(ledger, count + i, i * 7919 % count, 2, i);
		changed += time_refs(ledger, &len);
	}
	printf("%.6f %.6f %.6f %zu\n", first, next / 20, changed / 20, len);
	ledger_free(ledger);
	return 0;
}
