/*
 * The writer without a daemon: batches and their registrar, with a signer whose
 * checkpoints the test lets through one by one.
 */
#include "unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "backend/files/files.h"
#include "backend/memory/memory.h"
#include "daemon/signer/memory.h"
#include "daemon/signer/messages.h"
#include "daemon/signer/vault.h"
#include "daemon/writer/proposed.h"
#include "daemon/writer/registrar.h"
#include "policy_fixture.h"
#include "postgres_fixture.h"

enum { WAIT_MS = 60000, QUIET_MS = 100, CHANNELS = 2 };

static char dir[UNIT_DIR];
static struct config config;
static struct record record;
static struct policy *policy;
static const struct crl_set *lists;
static struct vault *vault;
static struct signer *signer;
static struct registrar *registrar;

/* A gate between the registrar and its signer. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned asked, allowed; /* checkpoints */
	bool refuses, failed;
	int client, server; /* its sockets */
	bool joining, may_join;
} gate = { .mutex = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER };

struct test_act {
	struct act_request act;
	bool done;
};

/* --- A data folder, its record, and a signer. --- */

static const char *
path_of(const char *name)
{
	static char path[FILE_PATH];
	struct error err = { 0 };

	ck_ok(file_join(path, dir, name, &err), err);
	return path;
}

static void
write_identity(const struct identity *who)
{
	struct buf pem = BUF(10000);
	struct error err = { 0 };
	FILE *file;

	fixture_pem(who->cert, &pem);
	ck_ok(file_write(config.depositary_cert, buf_span(&pem), 0600, &err),
	    err);
	buf_free(&pem);
	ck_assert_ptr_nonnull(file = fopen(config.depositary_key, "w"));
	ck_assert_int_eq(PEM_write_PrivateKey(file, who->key, NULL, NULL, 0,
			     NULL, NULL),
	    1);
	ck_assert_int_eq(fchmod(fileno(file), 0600), 0);
	ck_assert_int_eq(fclose(file), 0);
}

/* Wait until the test lets the checkpoint through. */
static bool
pass_gate(void)
{
	bool refuses;

	pthread_mutex_lock(&gate.mutex);
	gate.asked++;
	pthread_cond_broadcast(&gate.changed);
	while (gate.asked > gate.allowed)
		pthread_cond_wait(&gate.changed, &gate.mutex);
	refuses = gate.refuses;
	pthread_mutex_unlock(&gate.mutex);
	return !refuses;
}

static void *
run_gate(void *arg)
{
	struct buf body = BUF(LIMIT_SIGNER_REQUEST);
	uint8_t what;

	(void)arg;
	while (signer_receive(gate.client, &what, &body)) {
		if (what == SIGNER_CHECKPOINT && !pass_gate()) {
			ck_assert(signer_send(gate.client, ERROR_REFUSED,
			    span_of_str("no")));
			continue;
		}
		ck_assert(signer_send(gate.server, what, buf_span(&body)));
		ck_assert(signer_receive(gate.server, &what, &body));
		ck_assert(signer_send(gate.client, what, buf_span(&body)));
	}
	buf_free(&body);
	return NULL;
}

static void *
run_alone(void *arg)
{
	vault_serve(vault, *(const int *)arg, true);
	return NULL;
}

static void *
run_beside(void *arg)
{
	vault_serve(vault, *(const int *)arg, false);
	return NULL;
}

static void
start_signer(void)
{
	static int first[2], behind[2], second[2];
	int ours[CHANNELS];
	struct error err = { 0 };
	pthread_t thread;

	ck_assert_ptr_nonnull(vault = vault_new(&config, -1, &err));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, first) |
		socketpair(AF_UNIX, SOCK_STREAM, 0, behind) |
		socketpair(AF_UNIX, SOCK_STREAM, 0, second),
	    0);
	gate.client = first[1];
	gate.server = behind[0];
	ck_assert_int_eq(pthread_create(&thread, NULL, run_gate, NULL) |
		pthread_create(&thread, NULL, run_alone, &behind[1]) |
		pthread_create(&thread, NULL, run_beside, &second[1]),
	    0);
	ours[0] = first[0];
	ours[1] = second[0];
	signer = signer_connect(ours, CHANNELS, &err);
	ck_assert_ptr_nonnull(signer);
}

static enum { FILES, MEMORY, DATABASE } kind; /* of the backend */

static struct backend *
open_backend(void)
{
	char repository[FILE_PATH];
	struct error err = { 0 };
	struct backend *backend;

	ck_ok(file_join(repository, dir, "store.git", &err) &&
		store_create(repository, &err),
	    err);
	if (kind == DATABASE)
		pg_reset();
	backend = kind == DATABASE ? pg_open()
	    : kind == MEMORY       ? memory_open(&err)
			     : files_open(repository, path_of("journal"), &err);
	ck_assert_msg(backend != NULL, "%s", err.detail);
	return backend;
}

static void
open_record(void)
{
	const struct head nothing = { .root = merkle_empty() };
	struct journal_mended mended;
	struct error err = { 0 };

	ck_ok(journal_create(path_of("journal"), &err), err);
	record.store = store_new(open_backend(), &err);
	ck_assert_ptr_nonnull(record.store);
	ck_assert_ptr_nonnull(record.ledger = ledger_new(&err));
	ck_assert_ptr_nonnull(record.library = library_new(record.store, &err));
	record.journal = journal_open_on(store_backend(record.store),
	    path_of("journal"), &record.keys, &nothing, NULL, ledger_visit,
	    record.ledger, &mended, &err);
	ck_assert_msg(record.journal != NULL, "%s", err.detail);
}

static const struct crl_set *
make_lists(const char *name)
{
	struct error err = { 0 };
	struct container *files = container_new(&err);

	ck_ok(container_put(files, name, span_of_str("none"), &err), err);
	return library_add_crls(record.library,
	    crl_set_of(files, crls_new(&err), &err), &err);
}

static void
on_fatal(const struct error *err)
{
	(void)err;
	pthread_mutex_lock(&gate.mutex);
	gate.failed = true;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.mutex);
	for (;;)
		pause();
}

static struct batch_state
first_state(void)
{
	return (
	    struct batch_state){ .now = { .policy = policy, .crls = lists } };
}

static void
set_up(void)
{
	struct identity mofa = fixture_ca("MOFA CA"),
			iom = fixture_ca("IOM CA");
	struct identity depositary =
	    fixture_signer(&mofa, "depositary@mofa.example", "");
	struct error err = { 0 };
	struct note_key key;

	unit_make_dir(dir);
	ck_ok(file_join(config.data, dir, "", &err) &&
		file_join(config.depositary_cert, dir, "cert.pem", &err) &&
		file_join(config.depositary_key, dir, "key.pem", &err) &&
		file_make_dirs(path_of("signer"), 0700, &err) &&
		file_make_dirs(path_of("journal"), 0700, &err) &&
		signer_create(&config, "log.test/audit", &key, &err),
	    err);
	write_identity(&depositary);
	record.keys = note_keys_of(&key);
	open_record();
	policy = library_add_policy(record.library, fixture_policy(&mofa, &iom),
	    &err);
	lists = make_lists("mofa.pem");
	start_signer();
	identity_free(&depositary);
	identity_free(&mofa);
	identity_free(&iom);
}

static void
start_registrar(void)
{
	const struct batch_state state = first_state();
	struct error err = { 0 };

	registrar = registrar_new(&record, signer, &state, on_fatal, &err);
	ck_assert_ptr_nonnull(registrar);
}

static void
tear_down(void)
{
	registrar_free(registrar);
	signer_free(signer);
	journal_free(record.journal);
	ledger_free(record.ledger);
	library_free(record.library);
	store_free(record.store);
	unit_remove_dir(dir);
}

/* --- Acts. --- */

static void
be_done(struct act_request *act)
{
	struct test_act *one = act->arg;

	pthread_mutex_lock(&gate.mutex);
	one->done = true;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.mutex);
}

static struct test_act
refusal(const char *document)
{
	struct test_act one = { .act = { .act = ACT_REFUSE,
				    .times = 1,
				    .person = "a@mofa.example",
				    .office = "mofa",
				    .wanted = "read",
				    .rule = "policies/mou.yaml: read",
				    .done = be_done } };

	snprintf(one.act.document, sizeof(one.act.document), "%s", document);
	return one;
}

/* Make a deposit as a worker does: judged and sealed. */
static struct test_act
deposit(const char *document)
{
	struct test_act one = refusal(document);
	struct error err = { 0 };

	one.act.act = ACT_DEPOSIT;
	one.act.version = 1;
	one.act.judged = first_state().now;
	one.act.judged.last = LEDGER_NONE;
	one.act.digest = sha256_of(span_of_str(document));
	ck_assert_ptr_nonnull(one.act.container = container_new(&err));
	ck_ok(container_put(one.act.container, PATH_VERSION,
		  span_of_str(document), &err) &&
		container_hash(one.act.container, NULL, &err) &&
		act_prepare(&record, signer, &one.act, &err),
	    err);
	return one;
}

static void
submit(struct test_act *one)
{
	one->act.arg = one;
	registrar_submit(registrar, &one->act);
}

static void
allow(unsigned num)
{
	pthread_mutex_lock(&gate.mutex);
	gate.allowed = num;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.mutex);
}

static struct timespec
after_ms(int64_t ms)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += ms % 1000 * 1000000;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	return at;
}

/* Wait for what another thread says under the gate's mutex. */
#define WAIT_FOR(condition)                                                    \
	do {                                                                   \
		const struct timespec until_ = after_ms(WAIT_MS);              \
		pthread_mutex_lock(&gate.mutex);                               \
		while (!(condition))                                           \
			ck_assert_int_eq(pthread_cond_timedwait(&gate.changed, \
					     &gate.mutex, &until_),            \
			    0);                                                \
		pthread_mutex_unlock(&gate.mutex);                             \
	} while (0)

static bool
is_done(const struct test_act *one)
{
	bool done;

	pthread_mutex_lock(&gate.mutex);
	done = one->done;
	pthread_mutex_unlock(&gate.mutex);
	return done;
}

static off_t
appended(void)
{
	struct backend *backend = store_backend(record.store);
	struct error err = { 0 };
	uint64_t bytes;

	ck_ok(backend->table->log_bytes(backend, &bytes, &err), err);
	return (off_t)bytes;
}

/* Do the entries grow beyond that size within so many milliseconds? */
static bool
grows(off_t from, int64_t ms)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	const int64_t until = time_monotonic_ms() + ms;

	while (appended() <= from && time_monotonic_ms() < until)
		nanosleep(&pause, NULL);
	return appended() > from;
}

/* --- Batches. --- */

START_TEST(a_batch_takes_one_act_on_a_document)
{
	const struct batch_state state = first_state();
	struct test_act one = deposit("mou/one"), again = deposit("mou/one"),
			two = deposit("mou/two"), other = refusal("mou/one");
	struct error err = { 0 };
	struct batch *batch;

	one.act.next = &again.act;
	again.act.next = &two.act;
	two.act.next = &other.act;
	allow(1);
	ck_assert_ptr_nonnull(
	    batch = batch_new(&record, signer, &state, &one.act, &err));
	ck_ok(batch_append(batch, &err), err);
	/* Nothing of it counts yet. */
	ck_assert_uint_eq(journal_size(record.journal), 0);
	ck_assert_ptr_null(ledger_find(record.ledger, "mou/one"));
	ck_assert(batch_touches(batch, "mou/one"));
	ck_assert(!batch_touches(batch, "mou/three"));
	ck_ok(batch_commit(batch, &err), err);
	ck_assert_int_eq(one.act.result, ACT_DONE);
	ck_assert_int_eq(again.act.result, ACT_AGAIN);
	ck_assert_int_eq(two.act.result, ACT_DONE);
	ck_assert_int_eq(other.act.result, ACT_DONE);
	ck_assert_uint_eq(one.act.index, 0);
	ck_assert_uint_eq(two.act.index, 1);
	ck_assert_uint_eq(other.act.index, 2);
	ck_assert_uint_eq(batch_next(batch).size, 3);
	ck_assert_uint_eq(batch_num_versions(batch), 2);
	ck_assert_uint_eq(journal_size(record.journal), 3);
	ck_assert_ptr_nonnull(ledger_find(record.ledger, "mou/one"));
	ck_assert(store_has(record.store, &two.act.commit));
	batch_free(batch);
	act_clear(&one.act);
	act_clear(&again.act);
	act_clear(&two.act);
}
END_TEST

/*
 * A full disk: the acts that have objects fail, and no other; the next batch
 * goes on.
 */
START_TEST(a_batch_whose_objects_are_not_stored_fails_their_acts_only)
{
	const struct batch_state state = first_state();
	struct batch_state next;
	struct test_act one = deposit("mou/one"), other = refusal("mou/one"),
			two = deposit("mou/two");
	char packs[FILE_PATH], away[FILE_PATH];
	struct error err = { 0 };
	struct batch *batch;

	ck_ok(file_join(packs, dir, "store.git/objects/pack", &err) &&
		file_join(away, dir, "away", &err),
	    err);
	one.act.next = &other.act;
	allow(2);
	ck_assert_int_eq(rename(packs, away), 0);
	ck_assert_ptr_nonnull(
	    batch = batch_new(&record, signer, &state, &one.act, &err));
	ck_ok(batch_append(batch, &err) && batch_commit(batch, &err), err);
	ck_assert_int_eq(one.act.result, ACT_FAILED);
	ck_assert_int_eq(one.act.err.kind, ERROR_UNAVAILABLE);
	ck_assert_int_eq(other.act.result, ACT_DONE);
	ck_assert_uint_eq(other.act.index, 0);
	ck_assert_uint_eq(batch_next(batch).size, 1);
	ck_assert_uint_eq(batch_num_versions(batch), 0);
	ck_assert(!batch_touches(batch, "mou/one"));
	ck_assert_uint_eq(journal_size(record.journal), 1);
	next = batch_next(batch);
	batch_free(batch);
	ck_assert_int_eq(rename(away, packs), 0);
	ck_assert_ptr_nonnull(
	    batch = batch_new(&record, signer, &next, &two.act, &err));
	ck_ok(batch_append(batch, &err) && batch_commit(batch, &err), err);
	ck_assert_int_eq(two.act.result, ACT_DONE);
	ck_assert_uint_eq(journal_size(record.journal), 2);
	batch_free(batch);
	act_clear(&one.act);
	act_clear(&two.act);
}
END_TEST

/* The clock goes back: what follows is not before what it follows. */
START_TEST(the_time_of_a_batch_is_not_before_the_last)
{
	struct batch_state state = first_state();
	struct test_act one = refusal("mou/one");
	struct error err = { 0 };
	struct batch *batch;

	state.time_ms = time_now_ms() + 100000;
	allow(1);
	ck_assert_ptr_nonnull(
	    batch = batch_new(&record, signer, &state, &one.act, &err));
	ck_ok(batch_append(batch, &err) && batch_commit(batch, &err), err);
	ck_assert_int_eq(ledger_time_ms(record.ledger), state.time_ms);
	batch_free(batch);
}
END_TEST

/* Between the judging and the sealing another act came. */
START_TEST(a_document_that_moved_is_not_sealed)
{
	struct test_act one, late;
	struct error err = { 0 };

	allow(1);
	start_registrar();
	one = deposit("mou/one");
	ck_ok(registrar_do(registrar, &one.act, &err), err);
	late = deposit("mou/one");
	ck_assert_ptr_null(late.act.objects);
	late.act.done = be_done;
	submit(&late);
	WAIT_FOR(late.done);
	ck_assert_int_eq(late.act.result, ACT_AGAIN);
	act_clear(&one.act);
	act_clear(&late.act);
}
END_TEST

/* --- A batch ahead of the last one's signature. --- */

START_TEST(the_next_batch_is_appended_while_the_last_is_signed)
{
	struct test_act one = refusal("mou/one"), two = refusal("mou/two");
	off_t first;

	start_registrar();
	submit(&one);
	WAIT_FOR(gate.asked == 1);
	first = appended();
	submit(&two);
	ck_assert(grows(first, WAIT_MS));
	/* It is not there, nor signed, nor answered. */
	ck_assert_uint_eq(journal_size(record.journal), 0);
	ck_assert_uint_eq(ledger_size(record.ledger), 0);
	ck_assert_uint_eq(gate.asked, 1);
	ck_assert(!is_done(&one) && !is_done(&two));
	allow(1);
	WAIT_FOR(one.done && gate.asked == 2);
	ck_assert_uint_eq(journal_size(record.journal), 1);
	ck_assert(!is_done(&two));
	allow(2);
	WAIT_FOR(two.done);
	ck_assert_uint_eq(one.act.index, 0);
	ck_assert_uint_eq(two.act.index, 1);
	ck_assert_uint_eq(journal_size(record.journal), 2);
	ck_assert_uint_eq(journal_num_heads(record.journal), 2);
}
END_TEST

START_TEST(an_act_on_a_document_in_flight_waits)
{
	struct test_act one = deposit("mou/one"), again = deposit("mou/one"),
			same = refusal("mou/one"), other = refusal("mou/two");
	off_t first;

	start_registrar();
	submit(&one);
	WAIT_FOR(gate.asked == 1);
	first = appended();
	submit(&same);
	submit(&again);
	ck_assert(!grows(first, QUIET_MS));
	submit(&other);
	ck_assert(grows(first, WAIT_MS));
	allow(3);
	WAIT_FOR(same.done && other.done && again.done);
	/* The other came last, and is before them. */
	ck_assert_uint_eq(other.act.index, 1);
	ck_assert_uint_eq(same.act.index, 2);
	ck_assert_int_eq(again.act.result, ACT_AGAIN);
	act_clear(&one.act);
	act_clear(&again.act);
}
END_TEST

static const enum act exclusive[] = { ACT_POLICY, ACT_CRL, ACT_KEY };

static struct test_act
exclusive_act(enum act act)
{
	struct test_act one = { .act = { .act = act,
				    .judged = first_state().now,
				    .key = "log.test/audit+0123456a+key",
				    .done = be_done } };

	if (act == ACT_CRL)
		one.act.judged.crls = make_lists("iom.pem");
	return one;
}

START_TEST(nothing_follows_what_changes_the_rules)
{
	struct test_act one = exclusive_act(exclusive[_i]),
			two = refusal("mou/two");
	off_t first;

	start_registrar();
	submit(&one);
	WAIT_FOR(gate.asked == 1);
	first = appended();
	submit(&two);
	ck_assert(!grows(first, QUIET_MS));
	allow(2);
	WAIT_FOR(one.done && two.done);
	ck_assert_int_eq(one.act.result, ACT_DONE);
	/* After a key nothing is signed until the switch. */
	ck_assert_int_eq(two.act.result,
	    exclusive[_i] == ACT_KEY ? ACT_FAILED : ACT_DONE);
}
END_TEST

START_TEST(what_changes_the_rules_waits_for_the_last)
{
	struct test_act one = refusal("mou/one"),
			two = exclusive_act(exclusive[_i]);
	off_t first;

	start_registrar();
	submit(&one);
	WAIT_FOR(gate.asked == 1);
	first = appended();
	submit(&two);
	ck_assert(!grows(first, QUIET_MS));
	allow(2);
	WAIT_FOR(one.done && two.done);
	ck_assert_int_eq(two.act.result, ACT_DONE);
	ck_assert_uint_eq(two.act.index, 1);
}
END_TEST

/* By the lists of before: it is judged again. */
START_TEST(an_act_that_was_judged_by_other_lists_is_made_again)
{
	struct test_act one = exclusive_act(ACT_CRL), two = deposit("mou/two");

	start_registrar();
	allow(2);
	submit(&one);
	WAIT_FOR(one.done);
	ck_assert_ptr_eq(registrar_now(registrar).crls, one.act.judged.crls);
	submit(&two);
	WAIT_FOR(two.done);
	ck_assert_int_eq(two.act.result, ACT_AGAIN);
	act_clear(&two.act);
}
END_TEST

/*
 * Append two batches of a refusal each, and let the signer refuse the first, so
 * that the daemon ends.  Returns how many bytes were appended.
 */
static off_t
die_unsigned(void)
{
	static struct test_act one, two;
	off_t first;

	one = refusal("mou/one");
	two = refusal("mou/two");
	start_registrar();
	gate.refuses = true;
	submit(&one);
	WAIT_FOR(gate.asked == 1);
	first = appended();
	submit(&two);
	ck_assert(grows(first, WAIT_MS));
	first = appended();
	allow(2);
	WAIT_FOR(gate.failed);
	ck_assert(!is_done(&one) && !is_done(&two));
	ck_assert_uint_eq(journal_size(record.journal), 0);
	/* The registrar's threads still wait: they end with this process. */
	registrar = NULL;
	return first;
}

/* Open the journal as the next start does. */
static void
start_again(struct record *out, struct journal_mended *mended)
{
	struct error err = { 0 };
	struct head head;

	*out = record;
	ck_ok(signer_remembered(dir, &head, &err), err);
	ck_assert_uint_eq(head.size, 0);
	ck_assert_ptr_nonnull(out->ledger = ledger_new(&err));
	out->journal = journal_open_on(store_backend(record.store),
	    path_of("journal"), &record.keys, &head, NULL, ledger_visit,
	    out->ledger, mended, &err);
	ck_assert_msg(out->journal != NULL, "%s", err.detail);
	ck_assert_uint_eq(journal_size(out->journal), 0);
}

START_TEST(a_batch_that_is_not_signed_ends_the_daemon_and_is_cut)
{
	const off_t bytes = die_unsigned();
	struct journal_mended mended;
	struct error err = { 0 };
	struct record again;
	unsigned num;

	start_again(&again, &mended);
	ck_assert_uint_eq(mended.cut_bytes, (uint64_t)bytes);
	ck_assert_uint_eq(ledger_size(again.ledger), 0);
	ck_ok(proposed_sign(&again, signer, &num, &err), err);
	ck_assert_uint_eq(num, 0);
	journal_free(again.journal);
	ledger_free(again.ledger);
	unit_remove_dir(dir);
	_exit(0);
}
END_TEST

/* Another writer may have had it signed meanwhile: it is never withdrawn. */
START_TEST(what_was_proposed_is_signed_at_the_next_start)
{
	struct journal_mended mended;
	struct error err = { 0 };
	struct record again;
	struct head head;
	unsigned num;

	die_unsigned();
	start_again(&again, &mended);
	ck_assert_uint_eq(mended.cut_bytes, 0);
	ck_assert_uint_eq(ledger_size(again.ledger), 2);
	/* The signer refuses still: nothing is left out. */
	allow(3);
	ck_assert(!proposed_sign(&again, signer, &num, &err));
	ck_assert_ptr_nonnull(strstr(err.detail, "up to size 1"));
	gate.refuses = false;
	allow(5);
	err = (struct error){ 0 };
	ck_ok(proposed_sign(&again, signer, &num, &err), err);
	ck_assert_uint_eq(num, 2);
	ck_assert_uint_eq(journal_size(again.journal), 2);
	ck_ok(journal_nth_head(again.journal, 0, &head, &err), err);
	ck_assert_uint_eq(head.size, 1);
	head = journal_head(again.journal);
	ck_assert_int_eq(head.time_ms, ledger_time_ms(again.ledger));
	ck_ok(signer_remembered(dir, &head, &err), err);
	ck_assert_uint_eq(head.size, 2);
	journal_free(again.journal);
	ledger_free(again.ledger);
	unit_remove_dir(dir);
	_exit(0);
}
END_TEST

/* --- Joining packs. --- */

/* It takes as long as the test lets it. */
static bool
join_slowly(struct backend *backend, size_t enough, unsigned *joined,
    struct error *err)
{
	(void)backend, (void)enough, (void)err;
	pthread_mutex_lock(&gate.mutex);
	gate.joining = true;
	pthread_cond_broadcast(&gate.changed);
	while (!gate.may_join)
		pthread_cond_wait(&gate.changed, &gate.mutex);
	pthread_mutex_unlock(&gate.mutex);
	*joined = 0;
	return true;
}

static bool
is_joining(void)
{
	bool joining;

	pthread_mutex_lock(&gate.mutex);
	joining = gate.joining;
	pthread_mutex_unlock(&gate.mutex);
	return joining;
}

/* Deposit, and wait until that is done. */
static void
deposit_at_once(const char *document)
{
	struct test_act one = deposit(document);

	submit(&one);
	WAIT_FOR(one.done);
	ck_assert_int_eq(one.act.result, ACT_DONE);
	act_clear(&one.act);
}

START_TEST(acts_are_committed_while_packs_are_joined)
{
	struct backend *backend = store_backend(record.store);
	const struct backend_table *const own = backend->table;
	struct backend_table table = *own;
	char name[20];

	table.tidy = join_slowly;
	backend->table = &table;
	start_registrar();
	allow(1000);
	for (unsigned i = 0; !is_joining() && i < 200; i++) {
		snprintf(name, sizeof(name), "mou/doc-%u", i);
		deposit_at_once(name);
	}
	WAIT_FOR(gate.joining);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "mou/more-%u", i);
		deposit_at_once(name);
	}
	pthread_mutex_lock(&gate.mutex);
	gate.may_join = true;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.mutex);
	registrar_free(registrar);
	registrar = NULL;
	backend->table = own;
}
END_TEST

static void
set_up_memory(void)
{
	kind = MEMORY;
	set_up();
}

static void
set_up_database(void)
{
	kind = DATABASE;
	set_up();
}

static void
fill_common(TCase *t)
{
	tcase_add_test(t, a_batch_takes_one_act_on_a_document);
	tcase_add_test(t, the_time_of_a_batch_is_not_before_the_last);
	tcase_add_test(t, a_document_that_moved_is_not_sealed);
	tcase_add_test(t, the_next_batch_is_appended_while_the_last_is_signed);
	tcase_add_test(t, an_act_on_a_document_in_flight_waits);
	tcase_add_loop_test(t, nothing_follows_what_changes_the_rules, 0,
	    COUNT(exclusive));
	tcase_add_loop_test(t, what_changes_the_rules_waits_for_the_last, 0,
	    COUNT(exclusive));
	tcase_add_test(t, an_act_that_was_judged_by_other_lists_is_made_again);
}

static void
fill_files(TCase *t)
{
	tcase_add_checked_fixture(t, set_up, tear_down);
	fill_common(t);
	tcase_add_test(t,
	    a_batch_whose_objects_are_not_stored_fails_their_acts_only);
	tcase_add_test(t,
	    a_batch_that_is_not_signed_ends_the_daemon_and_is_cut);
	tcase_add_test(t, acts_are_committed_while_packs_are_joined);
}

static void
fill_memory(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_memory, tear_down);
	fill_common(t);
	tcase_add_test(t, what_was_proposed_is_signed_at_the_next_start);
}

static void
fill_database(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_database, tear_down);
	fill_common(t);
	tcase_add_test(t, what_was_proposed_is_signed_at_the_next_start);
}

int
main(void)
{
	void (*const fills[])(
	    TCase * t) = { fill_files, fill_memory, fill_database };
	const bool has_server = pg_start();
	int status;

	/* Each in a process: some end with threads that wait for ever. */
	setenv("CK_FORK", "yes", 1);
	status = run_test_cases("writer", fills,
	    COUNT(fills) - (has_server ? 0 : 1));
	pg_stop();
	return status;
}
