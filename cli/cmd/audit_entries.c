/*
 * The entries of an audit: each that may be seen is checked against its hash
 * and by itself, and those that are not shown are counted.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cmd/audit.h"

/* How many leaves a step has: 32 tiles, and a page of entries. */
enum { STEP = 32 * TILE_WIDTH };

/*
 * Codes of findings that depend on what this office has, which may be more by
 * now: each replay finds them again, or not.
 */
static const char *const replayed_codes[] = { "POLICY_UNKNOWN", "TIME_AHEAD",
	"REVOCATION_UNKNOWN" };

/* --- One entry. --- */

/* Reads what is kept of the n-th delivery: of this step, or from the file. */
static bool
read_delivered(void *arg, uint64_t n, uint8_t out[DELIVERED_RECORD],
    struct error *err)
{
	const struct audit_run *run = arg;
	const uint64_t kept = run->state.delivered_len / DELIVERED_RECORD;

	if (n < kept)
		return audit_state_delivered(&run->state, n, out, err);
	memcpy(out, run->delivered.data + (n - kept) * DELIVERED_RECORD,
	    DELIVERED_RECORD);
	return true;
}

bool
audit_find_delivered(void *arg, uint64_t index, bool *is_there, uint64_t *check,
    struct error *err)
{
	struct audit_run *run = arg;
	const struct delivered_records records = { .read = read_delivered,
		.arg = run,
		.num = (run->state.delivered_len + run->delivered.len) /
		    DELIVERED_RECORD };

	return delivered_search(&records, index, is_there, check, err);
}

/* True for an entry that states follow from; the others are not kept. */
static bool
keeps_state(const struct entry *entry)
{
	return entry->act != ACT_DELIVER && entry->act != ACT_REFUSE &&
	    entry->act != ACT_OTHER;
}

static bool
keep_entry(struct audit_run *run, uint64_t index, struct span line,
    struct error *err)
{
	return buf_append_u64(&run->pending, index, err) &&
	    buf_append_u16(&run->pending, (uint16_t)line.len, err) &&
	    buf_append(&run->pending, line, err);
}

static void
tell_withheld(struct audit_run *run, uint64_t first, uint64_t last)
{
	struct audit_finding finding = { .code = ENTRY_WITHHELD,
		.index = first };

	if (first == last)
		snprintf(finding.text, sizeof(finding.text),
		    "this office may audit every type, so it may see every"
		    " entry: the daemon does not show this one");
	else
		snprintf(finding.text, sizeof(finding.text),
		    "this office may audit every type, so it may see every"
		    " entry: the daemon does not show %llu to %llu",
		    (unsigned long long)first, (unsigned long long)last);
	findings_add(&run->state.findings, KIND_ENTRY, &finding, last,
	    run->settings.now_ms);
}

/* Count the entries from next up to this one as not shown. */
static bool
skip_to(struct audit_run *run, uint64_t index, struct error *err)
{
	const uint64_t first = run->next;

	if (first >= index)
		return true;
	run->next = index;
	if (run->sees_all)
		tell_withheld(run, first, index - 1);
	return ranges_add(&run->missing, first, index - 1, err);
}

static bool
visit(void *arg, uint64_t index, const struct entry *entry, struct span line,
    struct error *err)
{
	struct audit_run *run = arg;
	const size_t before = run->num_told;

	run->num_seen++;
	if (entry->act == ACT_DELIVERIES)
		run->num_counted += entry->times;
	if (!skip_to(run, index, err))
		return false;
	run->next = index + 1;
	/* Compare the set of CRLs with the one before it. */
	if (entry->act == ACT_CRL)
		session_want_crls(&run->session, &entry->crls);
	return audit_entry(run->audit, index, entry, err) &&
	    (entry->act != ACT_DELIVER ||
		delivered_encode(index, delivered_check(entry), &run->delivered,
		    err)) &&
	    ((!keeps_state(entry) && run->num_told == before) ||
		keep_entry(run, index, line, err));
}

/* Such an entry counts as not shown: nobody has seen what was there before. */
static void
differs(void *arg, uint64_t index)
{
	struct audit_run *run = arg;
	struct error err = { 0 };

	audit_find(&run->settings, "ENTRY_DIFFERS", index, "",
	    "the daemon shows another entry than the one whose hash is in its"
	    " journal: it was rewritten after it was journaled");
	if (!skip_to(run, index, &err) ||
	    !ranges_add(&run->missing, index, index, &err))
		run->state.findings.failed = true;
	run->next = index + 1;
}

static bool
visit_again(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	struct audit_run *run = arg;

	(void)line;
	/* The entry may be available by now. */
	if (entry->act == ACT_CRL)
		session_want_crls(&run->session, &entry->crls);
	return audit_entry(run->audit, index, entry, err);
}

bool
audit_replay(struct audit_run *run, struct error *err)
{
	struct findings *findings = &run->state.findings;

	run->kind = KIND_ENTRY;
	findings_begin(findings);
	if (!audit_state_check_delivered(&run->state, err) ||
	    !audit_state_replay(&run->state, visit_again, run, err))
		return false;
	for (size_t i = 0;
	     i < sizeof(replayed_codes) / sizeof(replayed_codes[0]); i++)
		findings_settle(findings,
		    &(struct checked){ .kind = KIND_ENTRY,
			.until = run->state.edge.size,
			.code = replayed_codes[i] });
	return true;
}

/* --- Steps. --- */

/* Get the leaf hashes of [from, until), by tiles. */
static bool
fetch_leaves(struct audit_run *run, uint64_t from, uint64_t until,
    uint64_t size, struct buf *out, struct error *err)
{
	for (uint64_t n = from / TILE_WIDTH; n * TILE_WIDTH < until; n++) {
		struct buf bytes = BUF(TILE_WIDTH * 32);
		const uint64_t first = n * TILE_WIDTH;
		const size_t skip = from > first ? (size_t)(from - first) : 0;
		const size_t end = until - first < TILE_WIDTH
		    ? (size_t)(until - first)
		    : TILE_WIDTH;
		const struct tile tile = tile_at(size, 0, n);
		bool ok;

		ok = session_tile(&run->session, &tile, &bytes, err) &&
		    buf_append(out,
			span_sub(buf_span(&bytes), skip * 32,
			    (end - skip) * 32),
			err);
		buf_free(&bytes);
		if (!ok)
			return false;
	}
	return true;
}

/* Take in one step of leaves and entries, and write down that it is done. */
static bool
take_step(struct audit_run *run, uint64_t until, uint64_t size,
    struct error *err)
{
	struct merkle_edge edge = run->state.edge;
	const uint64_t from = edge.size;
	struct buf leaves = BUF(STEP * 32);
	bool ok = fetch_leaves(run, from, until, size, &leaves, err);

	run->kind = KIND_ENTRY;
	run->pending.len = run->delivered.len = 0;
	run->missing.num = 0;
	run->next = from;
	findings_begin(&run->state.findings);
	ok = ok &&
	    session_entries_of_leaves(&run->session, from, until,
		(const struct digest *)(const void *)leaves.data, visit,
		differs, run, err) &&
	    skip_to(run, until, err);
	for (size_t i = 0; ok && i < until - from; i++) {
		struct digest leaf;

		memcpy(leaf.bytes, leaves.data + i * 32, 32);
		merkle_append(&edge, &leaf, NULL, NULL);
	}
	buf_free(&leaves);
	if (!ok)
		return false;
	findings_settle(&run->state.findings,
	    &(struct checked){ .kind = KIND_ENTRY,
		.from = from,
		.until = until });
	if (run->state.findings.failed)
		return error_set(err, ERROR_LIMIT,
		    "more than %d findings: this is no journal to go on with",
		    LIMIT_AUDIT_FINDINGS);
	run->state.edge = edge;
	return audit_state_take(&run->state, buf_span(&run->pending),
	    buf_span(&run->delivered), &run->missing, err);
}

/*
 * Check that the leaves taken in lead to the root of target, or report that
 * they do not.
 */
static bool
lead_to(struct audit_run *run, const struct checkpoint *target,
    struct error *err)
{
	const struct digest root = merkle_root(&run->state.edge);

	run->kind = KIND_HASHES;
	findings_begin(&run->state.findings);
	run->hashes_lie = run->state.edge.size != target->size ||
	    !digest_eq(&root, &target->root);
	if (run->hashes_lie)
		audit_find(&run->settings, "HASHES_DIFFER", AUDIT_NO_ENTRY, "",
		    "the hashes that the daemon gives do not lead to the"
		    " checkpoint that it signed, of size %llu",
		    (unsigned long long)target->size);
	findings_settle(&run->state.findings,
	    &(struct checked){ .kind = KIND_HASHES });
	/* Drop everything that was built on these entries. */
	return run->hashes_lie ? audit_state_begin_anew(&run->state, err)
			       : audit_state_write(&run->state, err);
}

bool
audit_catch_up(struct audit_run *run, struct error *err)
{
	const struct merkle_edge *edge = &run->state.edge;
	struct checkpoint target;

	run->state.policy = run->policy->digest;
	run->note.len = 0;
	if (!session_catch_up(&run->session, err) ||
	    !buf_append(&run->note, seen_note(run->session.history), err))
		return false;
	target = run->session.seen;
	while (edge->size < target.size) {
		const uint64_t left = target.size - edge->size;

		output_progress("checking entries", edge->size, target.size);
		if (!take_step(run, edge->size + (left < STEP ? left : STEP),
			target.size, err))
			return false;
	}
	output_progress_end();
	run->checked = target;
	return lead_to(run, &target, err);
}

/* --- What was not shown, asked for once more. --- */

static bool
visit_came(void *arg, uint64_t index, const struct entry *entry,
    struct span line, struct error *err)
{
	bool *came = arg;

	(void)index, (void)entry, (void)line, (void)err;
	*came = true;
	return true;
}

/*
 * One answer is enough for a whole range. An entry that is wrong or missing is
 * no answer. A broken line is another matter, and an error.
 */
static bool
ask_for(struct audit_run *run, const struct kept_finding *finding, bool *came,
    struct error *err)
{
	const struct entry_filter filter = { .from = finding->index,
		.until = finding->last + 1 };

	if (session_entries(&run->session, &filter, visit_came, came, err))
		return true;
	if ((err->kind != ERROR_UNTRUSTED && err->kind != ERROR_MALFORMED) ||
	    error_is(err, finding_name(FINDING_JOURNAL_ROLLED_BACK)))
		return false;
	*err = (struct error){ 0 };
	*came = false;
	return true;
}

static bool
is_not_shown(const struct kept_finding *finding)
{
	return finding->kind == KIND_ENTRY &&
	    (strcmp(finding->code, ENTRY_WITHHELD) == 0 ||
		strcmp(finding->code, "ENTRY_DIFFERS") == 0);
}

bool
audit_ask_again(struct audit_run *run, struct error *err)
{
	const struct findings *findings = &run->state.findings;
	const uint64_t size = run->state.edge.size;
	bool came = false;

	/*
	 * Another policy may show entries that this office was not shown
	 * before.
	 */
	if (run->state.hidden.num > 0 &&
	    !digest_eq(&run->state.policy, &run->policy->digest))
		return audit_state_begin_anew(&run->state, err);
	for (size_t i = 0; !came && i < findings->num; i++)
		if (is_not_shown(&findings->list[i]) &&
		    findings->list[i].last < size &&
		    !ask_for(run, &findings->list[i], &came, err))
			return false;
	if (!came)
		return true;
	output_note("entries that were not shown came: all are checked anew");
	return audit_state_begin_anew(&run->state, err);
}
