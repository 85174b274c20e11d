/*
 * Exhibits, which several daemons share by their backend (backend/backend.h).
 */
#include "unit.h"

#include "backend/memory/memory.h"
#include "base/limits.h"
#include "postgres_fixture.h"

static struct backend *backend;
static const struct backend_table *table;

static void
set_up_memory(void)
{
	struct error err = { 0 };

	ck_assert_ptr_nonnull(backend = memory_open(&err));
	table = backend->table;
}

static void
set_up_database(void)
{
	pg_reset();
	backend = pg_open();
	table = backend->table;
}

static void
tear_down(void)
{
	table->close(backend);
}

static void
add_exhibit(const char *name, const char *bytes)
{
	const struct exhibit exhibit = { .kind = EXHIBIT_COSIGNATURE,
		.name = span_of_str(name),
		.bytes = span_of_str(bytes) };
	struct error err = { 0 };

	ck_ok(table->add_exhibits(backend, &exhibit, 1, &err), err);
}

/* An exhibit_visitor: append it to a text. */
static bool
append_exhibit(void *arg, const struct exhibit *exhibit, struct error *err)
{
	return buf_append(arg, exhibit->name, err) &&
	    buf_append_str(arg, exhibit->is_damaged ? "!" : "=", err) &&
	    buf_append(arg, exhibit->bytes, err) &&
	    buf_append_str(arg, " ", err);
}

static void
assert_exhibits(const char *name, const char *want)
{
	const struct span span = span_of_str(name != NULL ? name : "");
	struct error err = { 0 };
	struct buf text = BUF(10000);

	ck_ok(table->each_exhibit(backend, EXHIBIT_COSIGNATURE,
		  name != NULL ? &span : NULL, append_exhibit, &text, &err),
	    err);
	ck_assert_msg(span_eq(buf_span(&text), span_of_str(want)), "%.*s",
	    (int)text.len, (const char *)text.data);
	buf_free(&text);
}

/* An exhibit_visitor. */
static bool
is_damaged(void *arg, const struct exhibit *exhibit, struct error *err)
{
	(void)arg, (void)err;
	ck_assert(exhibit->is_damaged);
	ck_assert_uint_gt(exhibit->bytes.len, LIMIT_COSIGNATURE_BYTES);
	return true;
}

START_TEST(exhibits_are_added_once_and_visited_by_name)
{
	assert_exhibits(NULL, "");
	add_exhibit("b", "two");
	add_exhibit("bb", "three");
	add_exhibit("a", "one");
	add_exhibit("b", "two");
	assert_exhibits(NULL, "a=one b=two bb=three ");
	assert_exhibits("b", "b=two ");
	assert_exhibits("c", "");
	/* Another one of that name does not take its place. */
	add_exhibit("a", "other");
	assert_exhibits("a", "a=one a=other ");
}
END_TEST

START_TEST(what_somebody_changed_in_the_table_is_damaged)
{
	const struct span long_name = span_of_str("d");
	struct error err = { 0 };

	add_exhibit("b", "two");
	pg_sql("UPDATE valise.exhibit SET bytes = 'two!' WHERE name = 'b'");
	assert_exhibits("b", "b!two! ");
	/* Nor is one taken that is longer than any can be. */
	pg_sql("INSERT INTO valise.exhibit SELECT 1, 'd', sha256(b), b FROM"
	       " (SELECT convert_to(repeat('x', %d), 'UTF8') AS b) AS e",
	    LIMIT_COSIGNATURE_BYTES + 1);
	ck_ok(table->each_exhibit(backend, EXHIBIT_COSIGNATURE, &long_name,
		  is_damaged, NULL, &err),
	    err);
}
END_TEST

static bool
count_exhibit(void *arg, const struct exhibit *exhibit, struct error *err)
{
	(void)exhibit, (void)err;
	++*(unsigned *)arg;
	return true;
}

START_TEST(many_exhibits_are_added_at_once_and_all_are_visited)
{
	enum { MANY = 10000 };
	struct exhibit *exhibits;
	char(*names)[8];
	struct error err = { 0 };
	unsigned num = 0;

	exhibits = calloc(MANY, sizeof(*exhibits));
	names = calloc(MANY, sizeof(*names));
	ck_assert(exhibits != NULL && names != NULL);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "%u", i);
		exhibits[i] = (struct exhibit){ .kind = EXHIBIT_COSIGNATURE,
			.name = span_of_str(names[i]),
			.bytes = span_of_str("the same") };
	}
	ck_ok(table->add_exhibits(backend, exhibits, MANY, &err), err);
	ck_ok(table->each_exhibit(backend, EXHIBIT_COSIGNATURE, NULL,
		  count_exhibit, &num, &err),
	    err);
	ck_assert_uint_eq(num, MANY);
	free(exhibits);
	free(names);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_test(t, exhibits_are_added_once_and_visited_by_name);
	tcase_add_test(t, many_exhibits_are_added_at_once_and_all_are_visited);
}

static void
fill_memory(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_memory, tear_down);
	fill(t);
}

static void
fill_database(TCase *t)
{
	tcase_add_checked_fixture(t, set_up_database, tear_down);
	fill(t);
	tcase_add_test(t, what_somebody_changed_in_the_table_is_damaged);
}

int
main(void)
{
	void (*const fills[])(TCase * t) = { fill_memory, fill_database };

	return pg_run_test_cases("exhibits", fills, COUNT(fills));
}
