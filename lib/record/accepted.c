/*
 * Which policy each person's program says that its office has accepted: a list
 * in memory, and a file of lines "DIGEST TIME OFFICE PERSON" (accepted.h).
 */
#include "record/accepted.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "record/ledger.h"

struct one {
	char office[LIMIT_OFFICE_BYTES + 1];
	char person[LIMIT_EMAIL_BYTES + 1];
	struct digest policy;
	int64_t at;
};

/* The policies that the journal named last, the newest first. */
struct named {
	size_t num;
	uint64_t index[LIMIT_ACCEPTED_LOOKS];
	struct digest digest[LIMIT_ACCEPTED_LOOKS];
	bool is_known[LIMIT_ACCEPTED_LOOKS];
};

struct accepted {
	char path[FILE_PATH];
	pthread_mutex_t mutex;
	struct one *list;
	size_t num;
	bool changed;
	struct named named; /* as they were when they were last looked at */
};

enum { LINE = DIGEST_HEX + 24 + LIMIT_OFFICE_BYTES + LIMIT_EMAIL_BYTES + 4 };

/* --- The list. --- */

static struct one *
find(const struct accepted *all, const char *office, const char *person)
{
	for (size_t i = 0; i < all->num; i++)
		if (strcmp(all->list[i].person, person) == 0 &&
		    strcmp(all->list[i].office, office) == 0)
			return &all->list[i];
	return NULL;
}

/* Returns a place for one more, if need be that of who was away longest. */
static struct one *
make_room(struct accepted *all)
{
	struct error ignored = { 0 };
	struct one *place = list_add(&all->list, &all->num, sizeof(*all->list),
	    LIMIT_ACCEPTED, "persons", &ignored);

	if (place != NULL || all->num == 0)
		return place;
	place = all->list;
	for (size_t i = 1; i < all->num; i++)
		if (all->list[i].at < place->at)
			place = &all->list[i];
	return place;
}

/* The lock is held. */
static void
put(struct accepted *all, const char *office, const char *person,
    const struct digest *policy, int64_t at)
{
	struct one *one = find(all, office, person);

	if (one == NULL && (one = make_room(all)) == NULL)
		return;
	text_set(one->office, sizeof(one->office), office);
	text_set(one->person, sizeof(one->person), person);
	one->policy = *policy;
	one->at = at;
	all->changed = true;
}

void
accepted_note(struct accepted *all, const char *office, const char *person,
    const struct digest *policy, int64_t at)
{
	if (!text_is_line(span_of_str(person)))
		return;
	pthread_mutex_lock(&all->mutex);
	put(all, office, person, policy, at);
	pthread_mutex_unlock(&all->mutex);
}

/* --- The file. --- */

static bool
parse_line(struct span line, struct one *out)
{
	struct span digest, at, office;
	uint64_t seconds;

	if (!span_take_until(&line, ' ', &digest) ||
	    !digest_parse(digest, &out->policy) ||
	    !span_take_until(&line, ' ', &at) || !span_to_u64(at, &seconds) ||
	    seconds > INT64_MAX || !span_take_until(&line, ' ', &office) ||
	    !span_to_str(office, out->office, sizeof(out->office)) ||
	    !text_is_line(line) ||
	    !span_to_str(line, out->person, sizeof(out->person)))
		return false;
	out->at = (int64_t)seconds;
	return out->office[0] != '\0' && out->person[0] != '\0';
}

static void
read_file(struct accepted *all)
{
	struct buf text = BUF((size_t)LIMIT_ACCEPTED * LINE);
	struct error ignored = { 0 };
	struct span rest, line;
	struct one one;

	if (file_read(all->path, text.max, &text, &ignored)) {
		rest = buf_span(&text);
		while (span_take_line(&rest, &line))
			if (parse_line(line, &one))
				put(all, one.office, one.person, &one.policy,
				    one.at);
	}
	all->changed = false;
	buf_free(&text);
}

struct accepted *
accepted_open(const char *path, struct error *err)
{
	struct accepted *all = calloc(1, sizeof(*all));

	if (all == NULL ||
	    !text_take(all->path, sizeof(all->path), path, err)) {
		if (all == NULL)
			error_set_errno(err, "policies accepted");
		free(all);
		return NULL;
	}
	pthread_mutex_init(&all->mutex, NULL);
	read_file(all);
	return all;
}

void
accepted_free(struct accepted *all)
{
	if (all == NULL)
		return;
	pthread_mutex_destroy(&all->mutex);
	free(all->list);
	free(all);
}

bool
accepted_store(struct accepted *all, struct error *err)
{
	struct buf text = BUF((size_t)LIMIT_ACCEPTED * LINE);
	char hex[DIGEST_HEX];
	bool ok = true, changed;

	pthread_mutex_lock(&all->mutex);
	changed = all->changed;
	for (size_t i = 0; changed && ok && i < all->num; i++) {
		digest_hex(&all->list[i].policy, hex);
		ok = buf_printf(&text, err, "%s %lld %s %s\n", hex,
		    (long long)all->list[i].at, all->list[i].office,
		    all->list[i].person);
	}
	all->changed = false;
	pthread_mutex_unlock(&all->mutex);
	ok = ok &&
	    (!changed || file_write(all->path, buf_span(&text), 0600, err));
	buf_free(&text);
	if (!ok) {
		pthread_mutex_lock(&all->mutex);
		all->changed = true;
		pthread_mutex_unlock(&all->mutex);
	}
	return ok;
}

/* --- What it says of the offices. --- */

/* Find their entries; of the newest one the ledger has the digest, too. */
static void
find_policies(const struct record *record, struct named *out)
{
	struct ledger_places places;

	*out = (struct named){ .num = 0 };
	ledger_read_lock(record->ledger);
	places = ledger_of_act(record->ledger, ACT_POLICY);
	out->num = places.num < LIMIT_ACCEPTED_LOOKS ? places.num
						     : LIMIT_ACCEPTED_LOOKS;
	for (size_t i = 0; i < out->num; i++)
		out->index[i] = ledger_place(&places, places.num - 1 - i);
	out->is_known[0] = out->num > 0 &&
	    ledger_newest(record->ledger, ACT_POLICY, &out->digest[0]);
	ledger_unlock(record->ledger);
}

/* Take over what was known of them before: an entry never changes. */
static void
recall_policies(struct accepted *all, struct named *named)
{
	const struct named *before = &all->named;
	size_t k = 0;

	pthread_mutex_lock(&all->mutex);
	for (size_t i = 0; i < named->num; i++) {
		while (k < before->num && before->index[k] > named->index[i])
			k++;
		if (named->is_known[i] || k == before->num ||
		    before->index[k] != named->index[i])
			continue;
		named->digest[i] = before->digest[k];
		named->is_known[i] = before->is_known[k];
	}
	pthread_mutex_unlock(&all->mutex);
}

/* Read those that are not known. */
static bool
read_policies(const struct record *record, struct named *named,
    struct error *err)
{
	struct buf line = BUF(LIMIT_ENTRY_BYTES);
	struct entry entry;
	bool ok = true;

	for (size_t i = 0; ok && i < named->num; i++) {
		if (named->is_known[i])
			continue;
		line.len = 0;
		ok = journal_entry(record->journal, named->index[i], &line,
			 err) &&
		    entry_parse(buf_span(&line), &entry, err);
		if (ok)
			named->digest[i] = entry.policy;
		named->is_known[i] = ok;
	}
	buf_free(&line);
	return ok;
}

static bool
look_up_policies(struct accepted *all, const struct record *record,
    enum accepted_look look, struct named *out, struct error *err)
{
	find_policies(record, out);
	recall_policies(all, out);
	if (look == ACCEPTED_READ && !read_policies(record, out, err))
		return false;
	pthread_mutex_lock(&all->mutex);
	all->named = *out;
	pthread_mutex_unlock(&all->mutex);
	return true;
}

static struct accepted_by
tell(const struct one *one, const struct named *named)
{
	struct accepted_by by = { .office = one->office,
		.person = one->person,
		.policy = one->policy,
		.entry = LEDGER_NONE,
		.at = one->at };

	for (size_t i = 0; i < named->num && by.entry == LEDGER_NONE; i++)
		if (named->is_known[i] &&
		    digest_eq(&named->digest[i], &one->policy)) {
			by.entry = named->index[i];
			by.is_newest = i == 0;
		}
	return by;
}

bool
accepted_learn(struct accepted *all, const struct record *record,
    struct error *err)
{
	struct named named;

	return look_up_policies(all, record, ACCEPTED_READ, &named, err);
}

bool
accepted_each(struct accepted *all, const struct record *record,
    const struct policy *policy, enum accepted_look look,
    void (*visit)(void *arg, const struct accepted_by *by), void *arg,
    struct error *err)
{
	struct named *named = calloc(1, sizeof(*named));

	if (named == NULL)
		return error_set_errno(err, "policies accepted");
	if (!look_up_policies(all, record, look, named, err)) {
		free(named);
		return false;
	}
	pthread_mutex_lock(&all->mutex);
	for (size_t i = 0; i < policy->num_offices; i++) {
		const char *office = policy->offices[i].name;
		bool known = false;

		for (size_t k = 0; k < all->num; k++) {
			struct accepted_by by;

			if (strcmp(all->list[k].office, office) != 0)
				continue;
			by = tell(&all->list[k], named);
			visit(arg, &by);
			known = true;
		}
		if (!known)
			visit(arg,
			    &(struct accepted_by){ .office = office,
				.entry = LEDGER_NONE });
	}
	pthread_mutex_unlock(&all->mutex);
	free(named);
	return true;
}
