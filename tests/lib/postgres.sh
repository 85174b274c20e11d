# postgres.sh - a private PostgreSQL server for scenarios, in a folder of its own,
# on a Unix socket only, by a user without rights.  Source it.
#
#   postgres_find          set $postgres_bin; false where none is installed
#   postgres_start [SETTING=VALUE…]
#                          set $postgres (its folder), $postgres_owner and
#                          $postgres_writer (connection strings of the owner, a
#                          superuser, and of the role "writer")
#   postgres_at FOLDER     set the same for a server that runs
#   postgres_sql SQL       run it as the owner, and print what it gives
#   postgres_restart       as after a crash: all connections are lost
#   postgres_stop          stop the server and remove its folder

postgres_find() {
	for postgres_version in 18 17 16 15; do
		postgres_bin=/usr/lib/postgresql/$postgres_version/bin
		[ ! -x "$postgres_bin/postgres" ] || return 0
	done
	return 1
}

# COMMAND…: the server refuses to run as root
postgres_as_user() {
	if [ "$(id -u)" = 0 ]; then
		(cd / && exec setpriv --reuid nobody --regid nogroup --clear-groups --reset-env "$@")
	else
		"$@"
	fi
}

postgres_run() {
	postgres_as_user "$postgres_bin/pg_ctl" -D "$postgres/data" -w -l "$postgres/log" "$@" >>"$postgres.log" 2>&1 ||
		{ tail -n 5 "$postgres.log" "$postgres/log" >&2; return 7; }
}

# FOLDER: use the server that runs there
postgres_at() {
	postgres=$1
	postgres_owner="host=$postgres user=postgres dbname=postgres"
	# shellcheck disable=SC2034 # whoever sources this reads it
	postgres_writer="host=$postgres user=writer dbname=postgres"
}

postgres_start() {
	postgres_at "$(mktemp -d /tmp/valise-pg-XXXXXX)" || return
	# A daemon that is root here and has no capabilities must reach the socket.
	chmod 755 "$postgres"
	[ "$(id -u)" != 0 ] || chown nobody:nogroup "$postgres"
	postgres_as_user "$postgres_bin/initdb" -D "$postgres/data" -A trust -U postgres --no-locale -E UTF8 -N >"$postgres.log" 2>&1 || return
	for postgres_setting in listen_addresses= "unix_socket_directories=$postgres" shared_buffers=32MB max_connections=60 "$@"; do
		echo "${postgres_setting%%=*} = '${postgres_setting#*=}'"
	done | postgres_as_user tee -a "$postgres/data/postgresql.conf" >/dev/null
	postgres_run start && postgres_sql "CREATE ROLE writer LOGIN" >/dev/null
}

postgres_sql() {
	"$postgres_bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d "$postgres_owner" -c "$1"
}

postgres_restart() {
	postgres_run -m immediate restart
}

postgres_stop() {
	[ -n "${postgres:-}" ] || return 0
	postgres_run -m immediate stop
	rm -rf "$postgres" "$postgres.log"
	postgres=
}
