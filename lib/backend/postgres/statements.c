/*
 * The statements, which are all that is ever sent beside BEGIN, COMMIT, COPY
 * and the settings of a session.  They are plain SQL, without functions of one
 * server's own but the clock and the setting that is asked for.
 */
#include "backend/postgres/statements.h"

const char *const statements[STATEMENTS] = {
	[BEGIN_ALL] = "BEGIN",
	[COMMIT_ALL] = "COMMIT",
	[GET_LEASE] =
	    "SELECT epoch, (extract(epoch FROM until) * 1000)::bigint,"
	    " until < clock_timestamp(), holder FROM lease WHERE id = 1",
	[TAKE_LEASE] =
	    "UPDATE lease SET holder = $1::bytea, epoch = CASE WHEN holder ="
	    " $1::bytea THEN epoch ELSE epoch + 1 END, until ="
	    " clock_timestamp() + $2::bigint * interval '1 second'"
	    " WHERE id = 1 AND (holder = $1::bytea OR until <"
	    " clock_timestamp() OR substr(holder, 1, 12) ="
	    " substr($1::bytea, 1, 12)) RETURNING epoch",
	[RENEW_LEASE] =
	    "UPDATE lease SET until = clock_timestamp() +"
	    " $2::bigint * interval '1 second'"
	    " WHERE id = 1 AND holder = $1::bytea AND epoch = $3::bigint"
	    " RETURNING epoch, (SELECT reason FROM stop)",
	[END_LEASE] = "UPDATE lease SET until = 'epoch'"
		      " WHERE id = 1 AND holder = $1::bytea",
	[YIELD_LEASE] = "UPDATE lease SET until = 'epoch', holder = ''"
			" WHERE id = 1 AND holder = $1::bytea RETURNING epoch",
	[LOOK_LEASE] = "SELECT epoch, holder, until < clock_timestamp(),"
		       " (extract(epoch FROM clock_timestamp()) *"
		       " 1000)::bigint FROM lease WHERE id = 1",
	[TAKE_HEAD] = "UPDATE head SET epoch = $1::bigint WHERE id = 1 AND"
		      " epoch <= $1::bigint RETURNING epoch, size, at, root,"
		      " current_setting('synchronous_standby_names')",
	[FENCE_HEAD] = "UPDATE head SET epoch = epoch WHERE id = 1"
		       " RETURNING epoch, size, at, root,"
		       " current_setting('synchronous_standby_names')",
	/* It holds nobody up who changes that row, and makes a commit that counts. */
	[LOCK_HEAD] = "SELECT current_setting('synchronous_standby_names')"
		      " FROM head WHERE id = 1 FOR KEY SHARE",
	[GET_HEAD] = "SELECT epoch, size, at, root FROM head WHERE id = 1",
	[MOVE_HEAD] =
	    "WITH moved AS (UPDATE head SET size = $3::bigint,"
	    " at = $4::bigint, root = $5::bytea WHERE id = 1 AND"
	    " epoch = $1::bigint AND size = $2::bigint AND at = $6::bigint"
	    " RETURNING size) INSERT INTO chain (size, prior, root, epoch, at,"
	    " mark) SELECT $3::bigint, $2::bigint, $5::bytea, $1::bigint,"
	    " $4::bigint, $7::bytea FROM moved"
	    " RETURNING current_setting('synchronous_standby_names'),"
	    " (SELECT reason FROM stop)",
	[GET_PROPOSED] = "SELECT size, at, root, mark FROM chain WHERE"
			 " size > $1::bigint ORDER BY size LIMIT 1",
	[GET_CHAIN] =
	    "SELECT size, at, root, mark FROM chain WHERE size = $1::bigint",
	[ADD_PUBLISHED] =
	    "INSERT INTO published (n, size, time_ms, root, signature) SELECT"
	    " $1::bigint, size, $3::bigint, root, $5::bytea FROM chain WHERE"
	    " size = $2::bigint AND root = $4::bytea AND ($1::bigint = 0 OR"
	    " EXISTS (SELECT 1 FROM published WHERE n = $1::bigint - 1))"
	    " ON CONFLICT DO NOTHING",
	[GET_PUBLISHED] = "SELECT n, size, time_ms, root, signature FROM"
			  " published WHERE n = $1::bigint",
	[READ_PUBLISHED] = "SELECT n, size, time_ms, root, signature FROM"
			   " published WHERE n >= $1::bigint AND n <"
			   " $2::bigint ORDER BY n",
	[GET_LAST_PUBLISHED] = "SELECT n, size, time_ms, root, signature FROM"
			       " published ORDER BY n DESC LIMIT 1",
	[READ_ENTRIES] = "SELECT at, line FROM entry WHERE at >= (SELECT"
			 " max(at) FROM entry WHERE at <= $1::bigint) AND"
			 " at < $2::bigint ORDER BY at",
	[ADD_ENTRIES] = "INSERT INTO entry (i, at, line) SELECT * FROM"
			" unnest($1::bigint[], $2::bigint[], $3::bytea[])",
	[ADD_OBJECTS] =
	    "INSERT INTO object (oid, type, size, packed, upload, z) SELECT *"
	    " FROM unnest($1::bytea[], $2::bigint[], $3::bigint[],"
	    " $4::bigint[], $5::bytea[], $6::bytea[])"
	    " ON CONFLICT (oid) DO NOTHING",
	[HAS_OBJECT] = "SELECT 1 FROM object WHERE oid = $1::bytea",
	[HAS_OBJECTS] =
	    "SELECT n FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (oid, n)"
	    " WHERE EXISTS (SELECT 1 FROM object WHERE object.oid = asked.oid)",
	[FIND_OBJECT] = "SELECT oid, type, size, packed, upload, z FROM object"
			" WHERE oid = $1::bytea",
	[FIND_SMALL] = "SELECT oid, type, size, packed, upload, z FROM object"
		       " WHERE oid = ANY ($1::bytea[]) AND"
		       " packed <= $2::bigint AND z IS NOT NULL",
	[EACH_OBJECT] = "SELECT oid, type, size, packed, upload FROM object"
			" WHERE oid > $1::bytea AND ($2::bytea IS NULL OR"
			" oid < $2::bytea) ORDER BY oid LIMIT 4096",
	[FIND_PIECE] = "SELECT z FROM chunk WHERE upload = $1::bytea AND"
		       " n = $2::bigint",
	[ADD_UPLOAD] = "INSERT INTO upload (id) VALUES ($1::bytea)"
		       " ON CONFLICT DO NOTHING",
	[ADD_PIECE] = "INSERT INTO chunk (upload, n, z) VALUES ($1::bytea,"
		      " $2::bigint, $3::bytea) ON CONFLICT DO NOTHING",
	[COUNT_PIECES] = "SELECT count(*), coalesce(max(n) + 1, 0)::bigint,"
			 " coalesce(sum(octet_length(z)), 0)::bigint FROM chunk"
			 " WHERE upload = $1::bytea",
	[GET_NAME] = "SELECT oid FROM name WHERE name = $1::text AND oid IS NOT"
		     " NULL",
	[SET_NAME] = "INSERT INTO name (name, oid) VALUES ($1::text, $2::bytea)"
		     " ON CONFLICT (name) DO UPDATE SET oid = EXCLUDED.oid",
	[SET_NAMES] =
	    "INSERT INTO name (name, oid) SELECT * FROM unnest($1::text[],"
	    " $2::bytea[]) ON CONFLICT (name) DO UPDATE SET oid = EXCLUDED.oid",
	[EACH_NAME] = "SELECT name, oid FROM name WHERE name > $1::text AND"
		      " name < $2::text AND oid IS NOT NULL ORDER BY name"
		      " LIMIT 4096",
	[ADD_MEMBER] =
	    "INSERT INTO member (seat, place, host) SELECT min(free.seat),"
	    " $1::bigint, $2::text FROM (VALUES (1), (2)) AS free (seat) WHERE"
	    " free.seat NOT IN (SELECT seat FROM member) AND NOT EXISTS (SELECT"
	    " 1 FROM member WHERE place = $1::bigint) HAVING min(free.seat) IS"
	    " NOT NULL ON CONFLICT DO NOTHING",
	[EACH_MEMBER] = "SELECT seat, place, host FROM member ORDER BY seat",
	[ADD_REMEMBERED] =
	    "INSERT INTO remembered (size, member, root, mark) VALUES"
	    " ($1::bigint, $2::bigint, $3::bytea, $4::bytea)"
	    " ON CONFLICT DO NOTHING",
	[GET_REMEMBERED] = "SELECT member, root, mark FROM remembered WHERE"
			   " size = $1::bigint AND member <> $2::bigint"
			   " ORDER BY member",
	[NEWEST_REMEMBERED] =
	    "SELECT size FROM remembered WHERE member <> $1::bigint"
	    " ORDER BY size DESC LIMIT 1",
	[ADD_STOP] = "INSERT INTO stop (one, reason) SELECT 1, $2::text FROM"
		     " lease WHERE id = 1 AND holder = $1::bytea"
		     " ON CONFLICT DO NOTHING",
	[GET_STOP] = "SELECT reason FROM stop",
	[ADD_EXHIBIT] = "INSERT INTO exhibit (kind, name, sum, bytes) VALUES"
			" ($1::bigint, $2::bytea, $3::bytea, $4::bytea)"
			" ON CONFLICT DO NOTHING",
	[EACH_EXHIBIT] =
	    "SELECT name, sum, bytes FROM exhibit WHERE kind = $1::bigint AND"
	    " (name, sum) > ($2::bytea, $3::bytea) AND name <= $4::bytea"
	    " ORDER BY name, sum LIMIT $5::bigint",
	[IS_OPENED] =
	    "SELECT epoch <= coalesce((SELECT epoch FROM chain ORDER BY size"
	    " DESC LIMIT 1), 0) FROM lease WHERE id = 1",
	[CHECK_HEAD] =
	    "SELECT 1 FROM head LEFT JOIN (SELECT * FROM chain ORDER BY size"
	    " DESC LIMIT 1) AS newest ON true WHERE"
	    " head.size <> coalesce(newest.size, 0) OR"
	    " head.at <> coalesce(newest.at, 0) OR head.root <> newest.root",
	[EACH_CHAIN] = "SELECT size, prior FROM chain WHERE size > $1::bigint"
		       " ORDER BY size LIMIT 65536",
	[CHECK_ENTRIES] =
	    "SELECT 1 FROM head LEFT JOIN (SELECT i,"
	    " at + 2 + octet_length(line) AS after FROM entry ORDER BY at DESC"
	    " LIMIT 1) AS newest ON true WHERE"
	    " head.at <> coalesce(newest.after, 0) OR"
	    " head.size <> coalesce(newest.i + 1, 0)",
	[EACH_PUBLISHED] =
	    "SELECT n, CASE WHEN chain.root = published.root THEN n - 1 END"
	    " FROM published LEFT JOIN chain USING (size) WHERE n > $1::bigint"
	    " ORDER BY n LIMIT 65536",
};
