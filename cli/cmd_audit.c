/*
 * audit - check the whole record, as far as this office may see it.
 *
 *	STATE/KEYID/audit/state    how far: a size, the tree's right edge, and
 *	                           how many bytes of entries belong to it
 *	STATE/KEYID/audit/entries  those from which the states follow: u64
 *	                           index, u16 length, bytes
 *	STATE/KEYID/audit/judged   the contents digests of copies found good
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/commands.h"
#include "record/audit.h"

/* Leaves of one step: 32 tiles, a page of entries. */
enum { STEP = 32 * TILE_WIDTH, TRIES = 3 };

static const char magic[] = "valise audit 1";

struct audit_run {
	struct context *context;
	struct session session;
	struct policy *policy;
	const struct office *office;
	struct sight sight; /* what it may see */
	struct audit_settings settings;
	struct audit *audit;
	struct merkle_edge edge; /* of the leaves taken in */
	int entries, judged;     /* the files, or -1 */
	uint64_t entries_len;
	struct digest *known; /* judged before, sorted */
	size_t num_known;
	struct buf pending; /* entries of this step */
	struct checkpoint checked; /* to which all hashes lead */
	bool hashes_lie;           /* or do not */
	/* For the report. */
	uint64_t from, num_seen, num_judged, num_unread, num_documents;
	uint64_t num_versions, witnessed_size;
	unsigned num_witnesses;
	size_t num_findings;
	json_t *findings;
};

/* --- Findings. --- */

static void
report(void *arg, const struct audit_finding *finding)
{
	struct audit_run *run = arg;
	json_t *json = json_pack("{s:s, s:s, s:s}", "code", finding->code,
	    "about", finding->about, "text", finding->text);

	if (json != NULL && finding->index != AUDIT_NO_ENTRY)
		json_object_set_new(json, "entry",
		    json_integer((json_int_t)finding->index));
	json_array_append_new(run->findings, json);
	run->num_findings++;
}

static void
differs(void *arg, uint64_t index)
{
	struct audit_run *run = arg;

	audit_find(&run->settings, "ENTRY_DIFFERS", index, "",
	    "the daemon shows another entry than the one whose hash is in its"
	    " journal: it was rewritten after it was journaled");
}

/* --- What is kept between runs. --- */

static bool
audit_path(const struct audit_run *run, const char *name, char out[FILE_PATH],
    struct error *err)
{
	char below[64];

	snprintf(below, sizeof(below), "audit/%s", name);
	return context_path(run->context, below, out, err);
}

static bool
write_state(struct audit_run *run, struct error *err)
{
	struct buf text = BUF(8192);
	char path[FILE_PATH], hash[BASE64_SIZE(32)];
	bool ok;

	ok = buf_printf(&text, err, "%s\nsize %llu\nentries %llu\n", magic,
	    (unsigned long long)run->edge.size,
	    (unsigned long long)run->entries_len);
	for (unsigned l = 0; ok && l < 64; l++) {
		if ((run->edge.size >> l & 1) == 0)
			continue;
		base64_encode(digest_span(&run->edge.full[l]), hash);
		ok = buf_printf(&text, err, "%s\n", hash);
	}
	ok = ok && audit_path(run, "state", path, err) &&
	    file_write(path, buf_span(&text), 0600, err);
	buf_free(&text);
	return ok;
}

static bool
take_number(struct span *text, const char *name, uint64_t *out)
{
	struct span line, word;

	return span_take_line(text, &line) &&
	    span_take_until(&line, ' ', &word) && span_is(word, name) &&
	    span_to_u64(line, out);
}

static bool
read_state(struct audit_run *run, struct span text)
{
	struct span line;

	run->edge = (struct merkle_edge){ 0 };
	if (!span_take_line(&text, &line) || !span_is(line, magic) ||
	    !take_number(&text, "size", &run->edge.size) ||
	    !take_number(&text, "entries", &run->entries_len))
		return false;
	for (unsigned l = 0; l < 64; l++)
		if ((run->edge.size >> l & 1) != 0 &&
		    (!span_take_line(&text, &line) ||
			!span_to_base64(line, run->edge.full[l].bytes, 32)))
			return false;
	return text.len == 0;
}

/* The entries that were audited before lead to the states of then. */
static bool
replay(struct audit_run *run, struct error *err)
{
	static struct entry entry;
	struct buf bytes = BUF(SIZE_MAX);
	struct span rest, line;
	char path[FILE_PATH];
	uint64_t index;
	uint16_t len;
	bool ok;

	if (!audit_path(run, "entries", path, err))
		return false;
	ok = !file_exists(path) || file_read(path, SIZE_MAX, &bytes, err);
	if (ok && bytes.len < run->entries_len)
		ok = error_set(err, ERROR_SYSTEM, "it is cut short");
	rest = ok ? span_sub(buf_span(&bytes), 0, run->entries_len) :
		    span_of(NULL, 0);
	while (ok && rest.len > 0)
		ok = (span_take_u64(&rest, &index) &&
			 span_take_u16(&rest, &len) &&
			 span_take(&rest, len, &line)) ?
		    entry_parse(line, &entry, err) &&
			audit_known(run->audit, index, &entry, err) :
		    error_set(err, ERROR_SYSTEM, "it is damaged");
	buf_free(&bytes);
	return ok || error_context(err, "%s (\"valise audit --full\" begins"
					" anew)", path);
}

static int
compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct digest));
}

/* A torn last line counts for nothing: that copy is judged again. */
static bool
load_judged(struct audit_run *run, struct error *err)
{
	struct buf text = BUF(SIZE_MAX);
	struct span rest, line;
	char path[FILE_PATH];

	if (!audit_path(run, "judged", path, err))
		return false;
	if (file_exists(path) && !file_read(path, SIZE_MAX, &text, err))
		return false;
	run->known = calloc(text.len / 65 + 1, sizeof(*run->known));
	rest = buf_span(&text);
	while (run->known != NULL && span_take_line(&rest, &line))
		if (digest_parse(line, &run->known[run->num_known]))
			run->num_known++;
	buf_free(&text);
	if (run->known == NULL)
		return error_set_errno(err, "audit");
	qsort(run->known, run->num_known, sizeof(*run->known),
	    compare_digests);
	run->judged = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
	    0600);
	return run->judged >= 0 || error_set_errno(err, "%s", path);
}

static bool
open_state(struct audit_run *run, bool full, struct error *err)
{
	static const char *const names[] = { "state", "entries", "judged" };
	struct buf text = BUF(8192);
	char path[FILE_PATH];
	bool ok;

	if (!context_path(run->context, "audit", path, err) ||
	    !file_make_dirs(path, 0700, err))
		return false;
	for (size_t i = 0; full && i < 3; i++)
		if (audit_path(run, names[i], path, err))
			unlink(path);
	ok = audit_path(run, "state", path, err);
	if (ok && file_exists(path))
		ok = file_read(path, text.max, &text, err) &&
		    (read_state(run, buf_span(&text)) ||
			error_set(err, ERROR_SYSTEM,
			    "%s is damaged (\"valise audit --full\" begins"
			    " anew)", path));
	buf_free(&text);
	run->from = run->edge.size;
	return ok && replay(run, err) && load_judged(run, err) &&
	    audit_path(run, "entries", path, err) &&
	    ((run->entries = open(path, O_WRONLY | O_CREAT | O_CLOEXEC,
		  0600)) >= 0 ||
		error_set_errno(err, "%s", path));
}

/* --- Entries. --- */

static bool
keeps_state(const struct entry *entry)
{
	return entry->act != ACT_DELIVER && entry->act != ACT_REFUSE &&
	    entry->act != ACT_OTHER;
}

static bool
visit(void *arg, uint64_t index, const struct entry *entry, struct span line,
    struct error *err)
{
	struct audit_run *run = arg;

	run->num_seen++;
	/* It is compared with the set before it. */
	if (entry->act == ACT_CRL)
		session_want_crls(&run->session, &entry->crls);
	return (!keeps_state(entry) ||
		   (buf_append_u64(&run->pending, index, err) &&
		       buf_append_u16(&run->pending, (uint16_t)line.len,
			   err) &&
		       buf_append(&run->pending, line, err))) &&
	    audit_entry(run->audit, index, entry, err);
}

/* The leaf hashes of [from, until), by tiles. */
static bool
fetch_leaves(struct audit_run *run, uint64_t from, uint64_t until,
    uint64_t size, struct buf *out, struct error *err)
{
	for (uint64_t n = from / TILE_WIDTH; n * TILE_WIDTH < until; n++) {
		struct buf bytes = BUF(TILE_WIDTH * 32);
		const uint64_t first = n * TILE_WIDTH;
		const size_t skip = from > first ? (size_t)(from - first) : 0;
		const size_t end = until - first < TILE_WIDTH ?
		    (size_t)(until - first) :
		    TILE_WIDTH;
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

/* Take in one step of leaves and entries, and remember that it is done. */
static bool
take_step(struct audit_run *run, uint64_t until, uint64_t size,
    struct error *err)
{
	const uint64_t from = run->edge.size;
	struct buf leaves = BUF(STEP * 32);
	bool ok = fetch_leaves(run, from, until, size, &leaves, err);

	run->pending.len = 0;
	ok = ok &&
	    session_entries_of_leaves(&run->session, from, until,
		(const struct digest *)(const void *)leaves.data, visit,
		differs, run, err);
	for (size_t i = 0; ok && i < until - from; i++) {
		struct digest leaf;

		memcpy(leaf.bytes, leaves.data + i * 32, 32);
		merkle_append(&run->edge, &leaf, NULL, NULL);
	}
	buf_free(&leaves);
	ok = ok && file_pwrite(run->entries, buf_span(&run->pending),
		       (off_t)run->entries_len, err);
	if (ok && fdatasync(run->entries) != 0)
		ok = error_set_errno(err, "audit/entries");
	if (ok)
		run->entries_len += run->pending.len;
	return ok && write_state(run, err);
}

/* All hashes of the journal lead to its checkpoint, none left out. */
static bool
catch_up(struct audit_run *run, struct error *err)
{
	struct checkpoint target;
	struct digest root;
	char path[FILE_PATH];

	if (!session_catch_up(&run->session, err))
		return false;
	target = run->session.seen;
	while (run->edge.size < target.size) {
		const uint64_t left = target.size - run->edge.size;

		output_progress("checking entries", run->edge.size,
		    target.size);
		if (!take_step(run,
			run->edge.size + (left < STEP ? left : STEP),
			target.size, err))
			return false;
	}
	output_progress_end();
	root = merkle_root(&run->edge);
	run->checked = target;
	if (run->edge.size != target.size || !digest_eq(&root, &target.root)) {
		run->hashes_lie = true;
		/* Nothing that was built on it is kept. */
		if (audit_path(run, "state", path, err))
			unlink(path);
		audit_find(&run->settings, "HASHES_DIFFER", AUDIT_NO_ENTRY, "",
		    "the hashes that the daemon gives do not lead to the"
		    " checkpoint that it signed, of size %llu",
		    (unsigned long long)target.size);
	}
	return true;
}

/* --- Copies. --- */

static bool
is_known(const struct audit_run *run, const struct digest *contents)
{
	return bsearch(contents, run->known, run->num_known,
		   sizeof(*run->known), compare_digests) != NULL;
}

static bool
remember(struct audit_run *run, const struct digest *contents,
    struct error *err)
{
	char line[DIGEST_HEX + 1];

	digest_hex(contents, line);
	line[DIGEST_HEX - 1] = '\n';
	return write(run->judged, line, DIGEST_HEX) == DIGEST_HEX ||
	    error_set_errno(err, "audit/judged");
}

static bool
audit_copy(struct audit_run *run, const struct ledger_document *doc,
    const struct ledger_version *version, struct error *err)
{
	const size_t before = run->num_findings;
	char about[LIMIT_PATH_BYTES + 1];
	struct copy copy;
	bool ok;

	snprintf(about, sizeof(about), "%s@%u", doc->name, version->number);
	ok = copy_download(&run->session, doc->name, version->number, &copy,
	    err);
	if (ok) {
		audit_verdict(run->audit, doc, version, &copy.verdict);
		run->num_judged++;
		/* What is wrong with it may be that it is another history's. */
		ok = run->num_findings == before ||
		    copy_follow(&run->session, &copy, err);
	} else if (err->kind == ERROR_NOT_FOUND) {
		audit_find(&run->settings, "VERSION_MISSING",
		    version->acts[0], about,
		    "it is in the journal, and the daemon does not give it:"
		    " %s", err->detail);
		*err = (struct error){ 0 };
		ok = true;
	}
	copy_free(&copy);
	return ok &&
	    (run->num_findings != before ||
		remember(run, &version->contents, err));
}

static bool
may_read(const struct audit_run *run, const char *document)
{
	char type[LIMIT_SLUG_BYTES + 1];

	document_type(document, type);
	return policy_decide(run->policy, run->office, RIGHT_READ, type)
	    .allowed;
}

static bool
audit_copies(struct audit_run *run, struct error *err)
{
	size_t num = 0;
	struct ledger_document **all = ledger_sorted(audit_ledger(run->audit),
	    &num);
	bool ok = all != NULL || error_set_errno(err, "audit");

	run->num_documents = num;
	for (size_t i = 0; ok && i < num; i++) {
		for (size_t j = 0; ok && j < all[i]->num_versions; j++) {
			const struct ledger_version *version =
			    &all[i]->versions[j];

			run->num_versions++;
			if (is_known(run, &version->contents))
				continue;
			output_progress("judging documents", i, num);
			if (may_read(run, all[i]->name))
				ok = audit_copy(run, all[i], version, err);
			else
				run->num_unread++;
		}
	}
	output_progress_end();
	free(all);
	return ok;
}

/* --- States. --- */

static bool
same_state(const struct ledger_document *doc, const json_t *one)
{
	const struct ledger_version *newest = doc != NULL &&
		doc->num_versions > 0 ?
	    &doc->versions[doc->num_versions - 1] :
	    NULL;
	const char *status = json_string_value(json_object_get(one, "status"));
	const char *digest = json_string_value(json_object_get(one, "digest"));
	char hex[DIGEST_HEX];

	if (newest == NULL || status == NULL || digest == NULL)
		return false;
	digest_hex(&newest->digest, hex);
	return json_integer_value(json_object_get(one, "version")) ==
	    (json_int_t)newest->number &&
	    strcmp(status, status_name(ledger_status(doc))) == 0 &&
	    strcmp(digest, hex) == 0;
}

static int
compare_name(const void *name, const void *doc)
{
	return strcmp(name, (*(struct ledger_document *const *)doc)->name);
}

static void
tell_difference(struct audit_run *run, const char *name, const json_t *one)
{
	const char *status = json_string_value(json_object_get(one, "status"));

	audit_find(&run->settings, "STATUS_DIFFERS", AUDIT_NO_ENTRY,
	    name != NULL ? name : "",
	    "the daemon lists it as version %lld, %s: that does not follow"
	    " from the acts in the journal",
	    json_integer_value(json_object_get(one, "version")),
	    status != NULL ? status : "?");
}

/*
 * How much of what the daemon lists differs from what follows from the
 * entries; a document that has versions and is not listed is being hidden.
 */
static size_t
compare_list(struct audit_run *run, const json_t *all, bool tell)
{
	size_t num = 0, wrong = 0, i;
	struct ledger_document **docs = ledger_sorted(
	    audit_ledger(run->audit), &num);
	bool *listed = calloc(num + 1, sizeof(*listed));
	const json_t *one;

	json_array_foreach (all, i, one) {
		const char *name = json_string_value(
		    json_object_get(one, "document"));
		struct ledger_document **doc = docs == NULL || name == NULL ?
		    NULL :
		    bsearch(name, docs, num, sizeof(struct ledger_document *),
			compare_name);

		if (doc != NULL && listed != NULL)
			listed[doc - docs] = true;
		if (same_state(doc != NULL ? *doc : NULL, one))
			continue;
		wrong++;
		if (tell)
			tell_difference(run, name, one);
	}
	for (i = 0; docs != NULL && listed != NULL && i < num; i++) {
		if (listed[i] || docs[i]->num_versions == 0 ||
		    !may_read(run, docs[i]->name))
			continue;
		wrong++;
		if (tell)
			audit_find(&run->settings, "DOCUMENT_HIDDEN",
			    AUDIT_NO_ENTRY, docs[i]->name,
			    "it is in the journal, and the daemon does not"
			    " list it");
	}
	free(listed);
	free(docs);
	return wrong;
}

static bool
audit_states(struct audit_run *run, struct error *err)
{
	bool ok = true, again = true;

	for (unsigned i = 0; ok && again && i < TRIES; i++) {
		const uint64_t size = run->edge.size;
		json_t *all = json_array();

		ok = all_documents(&run->session, all, err);
		again = ok && compare_list(run, all, false) > 0;
		/* Something may have happened since the last entry we took. */
		if (again)
			ok = catch_up(run, err);
		if (ok && again &&
		    (run->edge.size == size || i + 1 == TRIES)) {
			compare_list(run, all, true);
			again = false;
		}
		json_decref(all);
	}
	return ok;
}

/* --- Witnesses. --- */

/* An entry that a witness saw was there by then: its time cannot be later. */
static bool
check_last_time(struct audit_run *run, const struct checkpoint *checkpoint,
    int64_t at, struct error *err)
{
	static struct entry entry;
	char path[128];
	const struct remote_request request = { .method = "GET",
		.path = path,
		.body_fd = -1,
		.file_fd = -1 };
	struct remote_answer answer;
	uint64_t index;
	bool ok;

	snprintf(path, sizeof(path), "/v1/journal/entries/%llu/receipt",
	    (unsigned long long)checkpoint->size - 1);
	ok = remote_do(run->session.remote, &request, &answer, err);
	if (!ok && err->kind == ERROR_NOT_FOUND) {
		*err = (struct error){ 0 }; /* not for this office to see */
		remote_answer_free(&answer);
		return true;
	}
	ok = ok && session_check_receipt(&run->session, buf_span(&answer.body),
		       &entry, &index, err);
	remote_answer_free(&answer);
	if (ok && entry.time_ms > (at + TIME_SKEW_SECONDS) * 1000)
		audit_find(&run->settings, "TIME_AFTER_COSIGNATURE", index, "",
		    "a witness saw it before the time that it claims");
	return ok;
}

static bool
audit_witnesses(struct audit_run *run, struct error *err)
{
	struct witnessed witnessed = { .num = 0 };
	/* What came of the copies that were fetched is seen too. */
	bool ok = session_catch_up(&run->session, err) &&
	    session_witnessed(&run->session, &witnessed, err);

	if (!ok && strcmp(error_code(err),
		       finding_name(FINDING_NOT_WITNESSED)) == 0) {
		audit_find(&run->settings, "NOT_WITNESSED", AUDIT_NO_ENTRY, "",
		    "%s", err->detail);
		*err = (struct error){ 0 };
		return true;
	}
	for (size_t i = 0; ok && i < witnessed.num; i++)
		ok = check_last_time(run, &witnessed.checkpoint,
		    witnessed.lines[i].at, err);
	run->witnessed_size = witnessed.checkpoint.size;
	run->num_witnesses = (unsigned)witnessed.num;
	return ok;
}

/* --- The report. --- */

static json_t *
json_of_report(const struct audit_run *run)
{
	return json_pack("{s:s, s:s, s:o, s:I, s:o, s:{s:I, s:i, s:i},"
			 " s:{s:I, s:I}, s:I, s:I, s:I, s:I, s:b, s:O}",
	    "origin", run->context->enrolment.journal.name, "office",
	    run->office->name, "time", json_of_ms(time_now_ms()), "size",
	    (json_int_t)run->checked.size, "root",
	    json_of_digest(&run->checked.root), "witnessed", "size",
	    (json_int_t)run->witnessed_size, "witnesses",
	    (int)run->num_witnesses, "quorum",
	    (int)run->policy->witnesses.quorum, "entries", "from",
	    (json_int_t)run->from, "seen", (json_int_t)run->num_seen,
	    "documents", (json_int_t)run->num_documents, "versions",
	    (json_int_t)run->num_versions, "judged",
	    (json_int_t)run->num_judged, "not-readable",
	    (json_int_t)run->num_unread, "good", run->num_findings == 0,
	    "findings", run->findings);
}

static void
print_finding(const json_t *one)
{
	const json_t *entry = json_object_get(one, "entry");

	printf("  %s", json_string_value(json_object_get(one, "code")));
	if (entry != NULL)
		printf(", entry %lld", json_integer_value(entry));
	if (json_string_length(json_object_get(one, "about")) > 0) {
		fputs(", ", stdout);
		output_text(json_string_value(json_object_get(one, "about")));
	}
	fputs(": ", stdout);
	output_text(json_string_value(json_object_get(one, "text")));
	putchar('\n');
}

static bool
print_report(const struct audit_run *run, struct error *err)
{
	const json_t *one;
	char at[TIME_TEXT];
	size_t i;

	if (run->context->json)
		return output_json(json_of_report(run), err);
	time_format_at(time_now_ms() / 1000, at);
	printf("audit of the journal %s, as %s may see it, %s\n"
	       "  size %llu, whose hashes %s to the signed checkpoint\n",
	    run->context->enrolment.journal.name, run->office->name, at,
	    (unsigned long long)run->checked.size,
	    run->hashes_lie ? "do not lead" : "all lead");
	output_digest("  root ", &run->checked.root);
	if (run->policy->witnesses.quorum > 0)
		printf("  witnessed by %u (%u are asked for) up to size %llu\n",
		    run->num_witnesses, run->policy->witnesses.quorum,
		    (unsigned long long)run->witnessed_size);
	printf("  %llu new entries since size %llu that this office may see\n"
	       "  %llu documents, %llu versions; %llu copies judged now",
	    (unsigned long long)run->num_seen, (unsigned long long)run->from,
	    (unsigned long long)run->num_documents,
	    (unsigned long long)run->num_versions,
	    (unsigned long long)run->num_judged);
	if (run->num_unread > 0)
		printf(", %llu not readable for this office",
		    (unsigned long long)run->num_unread);
	putchar('\n');
	json_array_foreach (run->findings, i, one) {
		print_finding(one);
	}
	puts(run->num_findings == 0 ? "nothing is wrong" :
				      "the record is not as it should be");
	return true;
}

static bool
run_audit(struct audit_run *run, bool full, struct error *err)
{
	struct cert *cert = NULL;
	bool ok;

	run->policy = context_pinned(run->context, err);
	run->office = run->policy == NULL ?
	    NULL :
	    own_office(run->context, run->policy, &cert, err);
	cert_free(cert);
	if (run->office != NULL)
		run->sight = sight_of(run->policy, run->office);
	ok = run->office != NULL &&
	    (run->audit = audit_new(&run->settings, err)) != NULL &&
	    open_state(run, full, err) && catch_up(run, err);
	/* On hashes that lie nothing more can be built. */
	if (ok && !run->hashes_lie)
		ok = audit_copies(run, err);
	return ok && audit_states(run, err) && audit_witnesses(run, err) &&
	    print_report(run, err);
}

bool
cmd_audit(struct context *context, int argc, char *argv[], struct error *err)
{
	static const struct option longs[] = {
		{ "full", no_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	struct audit_run run = { .context = context,
		.entries = -1,
		.judged = -1,
		.pending = BUF(SIZE_MAX) };
	struct verdict_library library;
	bool full = false, ok;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c != 'f')
			return error_set(err, ERROR_USAGE,
			    "an unknown option (see --help)");
		full = true;
	}
	if (!arguments(argc, optind, 0, 0, "no arguments", err) ||
	    !context_load(context, err) ||
	    !session_open(context, &run.session, err))
		return false;
	library = context_library(context);
	run.settings = (struct audit_settings){ .by = FIELD_AUDIT,
		.library = &library,
		.sight = &run.sight,
		.now_ms = time_now_ms(),
		.report = report,
		.arg = &run };
	run.findings = json_array();
	ok = run_audit(&run, full, err);
	output_progress_end();
	if (!ok && err->kind == ERROR_UNAVAILABLE)
		output_note("what was checked is kept: \"valise audit\" goes on"
			    " from there");
	context->told = ok;
	if (ok && run.num_findings > 0)
		ok = error_set_code(err, ERROR_UNTRUSTED, "AUDIT",
		    "%zu finding%s", run.num_findings,
		    run.num_findings == 1 ? "" : "s");
	audit_free(run.audit);
	free(run.known);
	json_decref(run.findings);
	buf_free(&run.pending);
	if (run.entries >= 0)
		close(run.entries);
	if (run.judged >= 0)
		close(run.judged);
	session_close(&run.session);
	return ok;
}
