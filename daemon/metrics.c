/*
 * Metrics: counting, and printing the counts (metrics.h).
 */
#include "daemon/metrics.h"

enum { BUCKETS = 12 };

struct histogram {
	/* The last bucket counts what is above all bounds. */
	uint64_t buckets[BUCKETS + 1];
	uint64_t sum;
};

/* The bounds of the buckets, in microseconds, or in acts of a batch. */
static const int64_t time_bounds[BUCKETS] = { 100, 250, 500, 1000, 2500, 5000,
	10000, 25000, 100000, 500000, 2500000, 10000000 };
static const int64_t batch_bounds[BUCKETS] = { 1, 2, 4, 8, 16, 32, 64, 128, 256,
	512, 1024, 2048 };

static struct histogram times[METRIC_TIMES], batches;
/* answers by hundreds: 2xx, 4xx, … */
static uint64_t counts[METRIC_COUNTS], answers[6];
static uint64_t refused[HTTP_REFUSALS], limited[HTTP_LIMITS];
static int64_t values[METRIC_VALUES];

static void
add(uint64_t *to, uint64_t what)
{
	__atomic_fetch_add(to, what, __ATOMIC_RELAXED);
}

static uint64_t
load(const uint64_t *from)
{
	return __atomic_load_n(from, __ATOMIC_RELAXED);
}

static void
observe(struct histogram *histogram, const int64_t bounds[BUCKETS],
    int64_t value)
{
	unsigned i = 0;

	while (i < BUCKETS && value > bounds[i])
		i++;
	add(&histogram->buckets[i], 1);
	add(&histogram->sum, value > 0 ? (uint64_t)value : 0);
}

void
metrics_time(enum metric_time what, int64_t microseconds)
{
	observe(&times[what], time_bounds, microseconds);
}

void
metrics_batch(size_t acts)
{
	observe(&batches, batch_bounds, (int64_t)acts);
}

void
metrics_set(enum metric_value what, int64_t value)
{
	__atomic_store_n(&values[what], value, __ATOMIC_RELAXED);
}

int64_t
metrics_get(enum metric_value what)
{
	return __atomic_load_n(&values[what], __ATOMIC_RELAXED);
}

void
metrics_count(enum metric_count what)
{
	add(&counts[what], 1);
}

void
metrics_refused(enum http_refused reason)
{
	add(&refused[reason], 1);
}

void
metrics_limited(enum http_limit limit)
{
	add(&limited[limit], 1);
}

void
metrics_answer(int status)
{
	add(&answers[status >= 100 && status < 600 ? status / 100 : 0], 1);
	if (status >= 500)
		metrics_count(METRIC_FAILURES);
	else if (status == 403)
		metrics_count(METRIC_REFUSALS);
}

/*
 * Print a histogram. label is "" or "step=\"pack\""; scale turns the unit into
 * the base unit.
 */
static bool
put_histogram(struct buf *out, const char *name, const char *label,
    const struct histogram *histogram, const int64_t bounds[BUCKETS],
    double scale, struct error *err)
{
	const bool has_label = label[0] != '\0';
	const char *comma = has_label ? "," : "", *open = has_label ? "{" : "",
		   *close = has_label ? "}" : "";
	uint64_t num = 0;
	bool ok = true;

	for (unsigned i = 0; ok && i < BUCKETS; i++) {
		num += load(&histogram->buckets[i]);
		ok = buf_printf(out, err, "%s_bucket{%s%sle=\"%g\"} %llu\n",
		    name, label, comma, (double)bounds[i] * scale,
		    (unsigned long long)num);
	}
	num += load(&histogram->buckets[BUCKETS]);
	return ok &&
	    buf_printf(out, err,
		"%s_bucket{%s%sle=\"+Inf\"} %llu\n%s_sum%s%s%s %.6f\n"
		"%s_count%s%s%s %llu\n",
		name, label, comma, (unsigned long long)num, name, open, label,
		close, (double)load(&histogram->sum) * scale, name, open, label,
		close, (unsigned long long)num);
}

bool
metrics_head(struct buf *out, const char *name, const char *type,
    const char *help, struct error *err)
{
	return buf_printf(out, err, "# HELP %s %s\n# TYPE %s %s\n", name, help,
	    name, type);
}

/* Only these three are escaped in the text format. */
const char *
metrics_label(const char *text, char out[METRIC_LABEL])
{
	size_t n = 0;

	for (; *text != '\0' && n < METRIC_LABEL - 2; text++) {
		if (*text == '\\' || *text == '"' || *text == '\n')
			out[n++] = '\\';
		out[n++] = *text;
		if (*text == '\n')
			out[n - 1] = 'n';
	}
	out[n] = '\0';
	return out;
}

static bool
put_values(struct buf *out, struct error *err)
{
	static const struct {
		enum metric_value what;
		const char *name, *help;
	} all[] = {
		{ METRIC_JOURNAL_SIZE, "valise_journal_entries",
		    "Entries in the journal." },
		{ METRIC_CONNECTIONS, "valise_connections",
		    "Connections open." },
		{ METRIC_CONNECTIONS_MAX, "valise_connections_max",
		    "Connections that there may be." },
		{ METRIC_WITNESSED_SIZE, "valise_witnessed_entries",
		    "Entries that a quorum of witnesses has cosigned." },
		{ METRIC_LAST_WITNESS, "valise_last_cosignature_seconds",
		    "When a witness last handed in a cosignature." },
		{ METRIC_LAST_CHECK, "valise_last_check_seconds",
		    "When the data folder was last checked." },
		{ METRIC_LAST_CHECK_FINDINGS, "valise_last_check_findings",
		    "What that check found." },
		{ METRIC_CRL_ENDS, "valise_crl_ends_seconds",
		    "When the first of the CRLs in use ends." },
		{ METRIC_CERTIFICATE_ENDS, "valise_certificate_ends_seconds",
		    "When the first of the daemon's and CAs' certificates"
		    " ends." },
		{ METRIC_START, "process_start_time_seconds",
		    "When the process started." },
		{ METRIC_DISK_FREE, "valise_disk_free_bytes",
		    "Free bytes of the data folder's file system." },
		{ METRIC_DISK_SIZE, "valise_disk_size_bytes",
		    "Bytes of the data folder's file system." },
		{ METRIC_RESERVE, "valise_reserve_bytes",
		    "Bytes that are kept back for the journal." },
		{ METRIC_RESERVE_WANTED, "valise_reserve_wanted_bytes",
		    "Bytes that should be." },
	};
	bool ok = true;

	for (size_t i = 0; ok && i < sizeof(all) / sizeof(all[0]); i++)
		ok =
		    metrics_head(out, all[i].name, "gauge", all[i].help, err) &&
		    buf_printf(out, err, "%s %lld\n", all[i].name,
			(long long)metrics_get(all[i].what));
	return ok;
}

static bool
put_counts(struct buf *out, struct error *err)
{
	static const struct {
		enum metric_count what;
		const char *name, *help;
	} all[] = {
		{ METRIC_FAILURES, "valise_failures_total",
		    "Answers of 500 and more." },
		{ METRIC_REFUSALS, "valise_refusals_total",
		    "Requests that the policy refused." },
	};
	bool ok = metrics_head(out, "valise_answers_total", "counter",
	    "Answers by hundreds of their status.", err);

	for (unsigned i = 1; ok && i < 6; i++)
		ok = buf_printf(out, err,
		    "valise_answers_total{status=\"%uxx\"} %llu\n", i,
		    (unsigned long long)load(&answers[i]));
	for (size_t i = 0; ok && i < sizeof(all) / sizeof(all[0]); i++)
		ok = metrics_head(out, all[i].name, "counter", all[i].help,
			 err) &&
		    buf_printf(out, err, "%s %llu\n", all[i].name,
			(unsigned long long)load(&counts[all[i].what]));
	ok = ok &&
	    metrics_head(out, "tls_refused_total", "counter",
		"TLS handshakes that were refused.", err);
	for (unsigned i = 0; ok && i < HTTP_REFUSALS; i++)
		ok = buf_printf(out, err,
		    "tls_refused_total{reason=\"%s\"} %llu\n",
		    http_refused_name(i),
		    (unsigned long long)load(&refused[i]));
	ok = ok &&
	    metrics_head(out, "valise_limit_reached_total", "counter",
		"How often a limit was met, by a connection, a handshake, a stream or a repeat.",
		err);
	for (unsigned i = HTTP_LIMIT_NONE + 1; ok && i < HTTP_LIMITS; i++)
		ok = buf_printf(out, err,
		    "valise_limit_reached_total{limit=\"%s\"} %llu\n",
		    http_limit_name(i), (unsigned long long)load(&limited[i]));
	return ok;
}

bool
metrics_encode(struct buf *out, struct error *err)
{
	static const char commit[] = "valise_commit_seconds";

	return put_values(out, err) && put_counts(out, err) &&
	    metrics_head(out, "valise_build_info", "gauge",
		"The version, as a label.", err) &&
	    buf_printf(out, err,
		"valise_build_info{version=\"" VALISE_VERSION "\"} 1\n") &&
	    metrics_head(out, "valise_request_seconds", "histogram",
		"From a request's head to its answer's end.", err) &&
	    put_histogram(out, "valise_request_seconds", "",
		&times[METRIC_REQUEST], time_bounds, 1e-6, err) &&
	    metrics_head(out, "valise_batch_acts", "histogram",
		"Entries in one commit of the journal.", err) &&
	    put_histogram(out, "valise_batch_acts", "", &batches, batch_bounds,
		1, err) &&
	    metrics_head(out, commit, "histogram",
		"Writing and flushing, by step of a commit.", err) &&
	    put_histogram(out, commit, "step=\"pack\"",
		&times[METRIC_COMMIT_PACK], time_bounds, 1e-6, err) &&
	    put_histogram(out, commit, "step=\"entries\"",
		&times[METRIC_COMMIT_ENTRIES], time_bounds, 1e-6, err) &&
	    put_histogram(out, commit, "step=\"signer\"",
		&times[METRIC_COMMIT_SIGNER], time_bounds, 1e-6, err);
}
