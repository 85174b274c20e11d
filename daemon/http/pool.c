/*
 * A pool: a group for each address, in a hash table; and the groups in lists by
 * how many they have, so that the largest is found at once (pool.h).
 */
#include "daemon/http/pool.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

TAILQ_HEAD(entries, pool_entry);
TAILQ_HEAD(groups, pool_group);
LIST_HEAD(chain, pool_group);

/* All that wait of one address. */
struct pool_group {
	uint64_t address;
	size_t num;
	struct entries entries; /* the oldest first */
	TAILQ_ENTRY(pool_group) as_many;
	LIST_ENTRY(pool_group) chained; /* or in the list of unused ones */
};

struct pool {
	size_t num;
	size_t most; /* no group has more */
	struct pool_group *groups;
	struct chain unused;
	struct chain *table;
	size_t table_len; /* a power of two */
	/* [n]: the groups of n entries, that which had so many first first. */
	struct groups *by_num;
};

uint64_t
pool_address(const struct sockaddr *address)
{
	/* A network of IPv6 that begins with these bits is given to nobody. */
	const uint64_t ip4 = UINT64_C(0xffff) << 32;
	struct in6_addr ip6;
	uint64_t net = 0;

	if (address->sa_family == AF_INET)
		return ip4 |
		    ntohl(
			((const struct sockaddr_in *)address)->sin_addr.s_addr);
	if (address->sa_family != AF_INET6)
		return 0;
	ip6 = ((const struct sockaddr_in6 *)address)->sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(&ip6)) {
		for (size_t i = 12; i < 16; i++)
			net = net << 8 | ip6.s6_addr[i];
		return ip4 | net;
	}
	for (size_t i = 0; i < 8; i++)
		net = net << 8 | ip6.s6_addr[i];
	return net;
}

struct pool *
pool_new(size_t max, struct error *err)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	const size_t room = max + 1;

	if (pool == NULL) {
		error_set_errno(err, "pool");
		return NULL;
	}
	pool->table_len = 1;
	while (pool->table_len < room)
		pool->table_len *= 2;
	pool->groups = calloc(room, sizeof(*pool->groups));
	pool->by_num = calloc(room + 1, sizeof(*pool->by_num));
	pool->table = calloc(pool->table_len, sizeof(*pool->table));
	if (pool->groups == NULL || pool->by_num == NULL ||
	    pool->table == NULL) {
		error_set_errno(err, "pool");
		pool_free(pool);
		return NULL;
	}
	for (size_t i = 0; i <= room; i++)
		TAILQ_INIT(&pool->by_num[i]);
	for (size_t i = 0; i < room; i++)
		LIST_INSERT_HEAD(&pool->unused, &pool->groups[i], chained);
	return pool;
}

void
pool_free(struct pool *pool)
{
	if (pool == NULL)
		return;
	free(pool->groups);
	free(pool->by_num);
	free(pool->table);
	free(pool);
}

/*
 * A chain has at most max groups, so that who knows this function cannot do
 * more harm than that.
 */
static struct chain *
chain_of(const struct pool *pool, uint64_t address)
{
	const uint64_t mixed = address * UINT64_C(0x9e3779b97f4a7c15);

	return &pool->table[(mixed >> 32) & (pool->table_len - 1)];
}

/* Returns the group of an address; a new one if there is none. */
static struct pool_group *
group_of(struct pool *pool, uint64_t address)
{
	struct chain *chain = chain_of(pool, address);
	struct pool_group *group;

	LIST_FOREACH (group, chain, chained)
		if (group->address == address)
			return group;
	group = LIST_FIRST(&pool->unused);
	LIST_REMOVE(group, chained);
	group->address = address;
	group->num = 0;
	TAILQ_INIT(&group->entries);
	LIST_INSERT_HEAD(chain, group, chained);
	TAILQ_INSERT_TAIL(&pool->by_num[0], group, as_many);
	return group;
}

/* Put a group into the list of its new number. */
static void
resize(struct pool *pool, struct pool_group *group, size_t num)
{
	TAILQ_REMOVE(&pool->by_num[group->num], group, as_many);
	group->num = num;
	TAILQ_INSERT_TAIL(&pool->by_num[num], group, as_many);
	if (num > pool->most)
		pool->most = num;
	while (pool->most > 0 && TAILQ_EMPTY(&pool->by_num[pool->most]))
		pool->most--;
}

void
pool_add(struct pool *pool, struct pool_entry *entry, uint64_t address)
{
	struct pool_group *group = group_of(pool, address);

	entry->group = group;
	TAILQ_INSERT_TAIL(&group->entries, entry, same);
	resize(pool, group, group->num + 1);
	pool->num++;
}

void
pool_remove(struct pool *pool, struct pool_entry *entry)
{
	struct pool_group *group = entry->group;

	TAILQ_REMOVE(&group->entries, entry, same);
	entry->group = NULL;
	pool->num--;
	resize(pool, group, group->num - 1);
	if (group->num > 0)
		return;
	TAILQ_REMOVE(&pool->by_num[0], group, as_many);
	LIST_REMOVE(group, chained);
	LIST_INSERT_HEAD(&pool->unused, group, chained);
}

size_t
pool_count(const struct pool *pool)
{
	return pool->num;
}

struct pool_entry *
pool_choose(const struct pool *pool, size_t max)
{
	if (pool->num <= max)
		return NULL;
	return TAILQ_FIRST(&TAILQ_FIRST(&pool->by_num[pool->most])->entries);
}
