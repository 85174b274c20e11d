/*
 * Who goes when too many have shown no certificate yet, and how much of a thing
 * an office may hold.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "daemon/http/pool.h"
#include "daemon/http/tally.h"

enum { MOST = 64 };

/*
 * Each letter that comes is one more of that address, each capital one that
 * leaves: the oldest of the address.  Who went, in order, by its place in what
 * came.
 */
static const struct {
	size_t max;
	const char *came, *went;
} pools[] = {
	{ 3, "abc", "" },
	{ 3, "aaa", "" },
	/* The oldest of the address with the most. */
	{ 3, "aaab", "a0" },
	{ 3, "baaa", "a1" },
	{ 3, "abbc", "b1" },
	{ 4, "abbcb", "b1" },
	{ 4, "cabab", "a1" },
	/* An address drives out itself, and nobody else. */
	{ 4, "baaaaaaaa", "a1a2a3a4a5" },
	{ 4, "abcaaaaaa", "a0a3a4a5a6" },
	{ 2, "aaaa", "a0a1" },
	/* Of several, that which has had so many for longest. */
	{ 3, "aabb", "a0" },
	{ 3, "abba", "b1" },
	{ 3, "abcd", "a0" },
	{ 3, "abcdef", "a0b1c2" },
	{ 1, "ab", "a0" },
	/* The last is never chosen. */
	{ 3, "bbca", "b0" },
	/* Those that leave count no more. */
	{ 3, "aaabAAb", "a0" },
	{ 3, "aaAbbc", "b3" },
	{ 3, "aaAbbbc", "b3b4" },
	{ 3, "aaAAbbbc", "b4" },
	{ 3, "abAaca", "a3" },
};

static struct pool_entry entries[MOST];
static bool in[MOST];

START_TEST(the_oldest_of_the_address_with_the_most_goes)
{
	const char *came = pools[_i].came;
	struct error err = { 0 };
	struct pool *pool = pool_new(pools[_i].max, &err);
	char went[2 * MOST + 1] = "";
	size_t left = 0;

	ck_ok(pool != NULL, err);
	memset(in, 0, sizeof(in));
	for (size_t i = 0; came[i] != '\0'; i++) {
		struct pool_entry *chosen;
		size_t at = 0;

		if (came[i] >= 'a') {
			pool_add(pool, &entries[i], (uint64_t)came[i]);
			in[i] = true;
			left++;
		} else {
			while (!in[at] || came[at] != came[i] - 'A' + 'a')
				at++;
			pool_remove(pool, &entries[at]);
			in[at] = false;
			left--;
		}
		if ((chosen = pool_choose(pool, pools[_i].max)) != NULL) {
			at = (size_t)(chosen - entries);
			snprintf(went + strlen(went), 3, "%c%zx", came[at], at);
			pool_remove(pool, chosen);
			in[at] = false;
			left--;
		}
		ck_assert_uint_eq(pool_count(pool), left);
		ck_assert_uint_le(left, pools[_i].max);
	}
	ck_assert_msg(strcmp(went, pools[_i].went) == 0, "%s: %s went, not %s",
	    came, went, pools[_i].went);
	pool_free(pool);
}
END_TEST

/* The same as a program that looks at all of them would choose, at random. */
START_TEST(many_addresses_are_judged_as_few_are)
{
	enum { MAX = 300, ADDRESSES = 200, STEPS = 5000 };
	static struct pool_entry all[STEPS];
	static unsigned of[STEPS];
	unsigned num[ADDRESSES] = { 0 };
	struct error err = { 0 };
	struct pool *pool = pool_new(MAX, &err);
	uint64_t seed = 1;

	for (unsigned i = 0; i < STEPS; i++) {
		struct pool_entry *gone;
		unsigned most = 0, at;

		seed = seed * UINT64_C(6364136223846793005) + 1;
		/* A few addresses have most. */
		of[i] = (unsigned)(seed >> 40) % ADDRESSES;
		of[i] = of[i] % (1 + (unsigned)(seed >> 33) % ADDRESSES);
		pool_add(pool, &all[i], of[i]);
		num[of[i]]++;
		if ((gone = pool_choose(pool, MAX)) == NULL)
			continue;
		at = (unsigned)(gone - all);
		for (unsigned j = 0; j < ADDRESSES; j++)
			most = num[j] > most ? num[j] : most;
		ck_assert_uint_eq(num[of[at]], most);
		for (unsigned j = 0; j < at; j++)
			if (of[j] == of[at] && all[j].group != NULL)
				ck_abort_msg("%u is older than %u", j, at);
		pool_remove(pool, gone);
		num[of[at]]--;
	}
	ck_assert_uint_eq(pool_count(pool), MAX);
	pool_free(pool);
}
END_TEST

static uint64_t
address_of(const char *text)
{
	union {
		struct sockaddr any;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
	} address = { .any.sa_family = AF_INET6 };

	if (strchr(text, ':') == NULL) {
		address.any.sa_family = AF_INET;
		ck_assert_int_eq(inet_pton(AF_INET, text,
				     &address.ip4.sin_addr),
		    1);
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, text,
				     &address.ip6.sin6_addr),
		    1);
	}
	return pool_address(&address.any);
}

static const struct {
	const char *one, *other;
	bool same;
} addresses[] = {
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "192.0.2.1", "193.0.2.1", false },
	{ "::ffff:192.0.2.1", "192.0.2.1", true },
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.2", false },
	{ "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true },
	{ "2001:db8:1:2::1", "2001:db8:1:3::1", false },
	{ "2001:db8:1:2::1", "2001:db9:1:2::1", false },
	{ "::1", "127.0.0.1", false },
};

START_TEST(an_address_is_one_of_ip4_or_64_bits_of_ip6)
{
	ck_assert_msg((address_of(addresses[_i].one) ==
			  address_of(addresses[_i].other)) ==
		addresses[_i].same,
	    "%s, %s", addresses[_i].one, addresses[_i].other);
}
END_TEST

static const struct {
	size_t max, total, own;
	bool allowed;
} shares[] = {
	/* Alone: half of all. */
	{ 100, 0, 0, true },
	{ 100, 49, 49, true },
	{ 100, 50, 50, false },
	/* Beside others: half of what they have left. */
	{ 100, 50, 0, true },
	{ 100, 50 + 24, 24, true },
	{ 100, 50 + 25, 25, false },
	{ 100, 98, 0, true },
	{ 100, 99, 1, false },
	{ 100, 99, 0, false },
	{ 100, 100, 0, false },
	/* Others came after it: what it has stays, and it gets no more. */
	{ 100, 80, 50, false },
	{ 100, 120, 0, false },
	{ 1, 0, 0, false },
	{ 2, 0, 0, true },
};

START_TEST(an_office_may_hold_half_of_what_the_others_leave)
{
	ck_assert_msg(tally_allows(shares[_i].max, shares[_i].total,
			  shares[_i].own) == shares[_i].allowed,
	    "%d", _i);
}
END_TEST

/* Take as many as the office gets; returns how many, and the last answer. */
static size_t
take_all(struct tally *tally, const char *office, struct tally_share **out,
    enum tally_answer *answer)
{
	struct tally_share *share;
	size_t num = 0;

	while ((*answer = tally_take(tally, office, &share)) == TALLY_TAKEN) {
		*out = share;
		num++;
	}
	ck_assert_ptr_null(share);
	return num;
}

START_TEST(no_office_takes_all)
{
	struct tally_share *first = NULL, *second = NULL, *none = NULL;
	enum tally_answer answer;
	struct error err = { 0 };
	struct tally *tally = tally_new(16, &err);

	ck_ok(tally != NULL, err);
	ck_assert_uint_eq(take_all(tally, "a", &first, &answer), 8);
	ck_assert_int_eq(answer, TALLY_OWN);
	ck_assert_uint_eq(take_all(tally, "b", &second, &answer), 4);
	ck_assert_int_eq(answer, TALLY_OWN);
	ck_assert_uint_eq(take_all(tally, "", &none, &answer), 2);
	ck_assert_int_eq(answer, TALLY_OWN);
	for (unsigned i = 0; i < 2; i++)
		tally_give(tally, none);
	ck_assert_uint_eq(take_all(tally, "b", &second, &answer), 0);
	tally_give(tally, second);
	ck_assert_uint_eq(take_all(tally, "b", &second, &answer), 1);
	for (unsigned i = 0; i < 4; i++)
		tally_give(tally, second);
	/* All is as before. */
	for (unsigned i = 0; i < 8; i++)
		tally_give(tally, first);
	ck_assert_uint_eq(take_all(tally, "b", &second, &answer), 8);
	for (unsigned i = 0; i < 8; i++)
		tally_give(tally, second);
	tally_give(tally, NULL);
	tally_free(tally);
}
END_TEST

START_TEST(who_holds_nothing_is_not_told_that_it_is_its_own_limit)
{
	struct tally_share *share = NULL, *none;
	struct error err = { 0 };
	struct tally *tally = tally_new(2, &err);

	ck_assert_int_eq(tally_take(tally, "a", &share), TALLY_TAKEN);
	ck_assert_int_eq(tally_take(tally, "a", &none), TALLY_OWN);
	ck_assert_int_eq(tally_take(tally, "b", &none), TALLY_ALL);
	tally_give(tally, share);
	tally_free(tally);
}
END_TEST

static void
fill(TCase *t)
{
	tcase_add_loop_test(t, the_oldest_of_the_address_with_the_most_goes, 0,
	    COUNT(pools));
	tcase_add_test(t, many_addresses_are_judged_as_few_are);
	tcase_add_loop_test(t, an_address_is_one_of_ip4_or_64_bits_of_ip6, 0,
	    COUNT(addresses));
	tcase_add_loop_test(t, an_office_may_hold_half_of_what_the_others_leave,
	    0, COUNT(shares));
	tcase_add_test(t, no_office_takes_all);
	tcase_add_test(t,
	    who_holds_nothing_is_not_told_that_it_is_its_own_limit);
}

int
main(void)
{
	return run_tests("pool", fill);
}
