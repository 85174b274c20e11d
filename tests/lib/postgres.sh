# postgres.sh - a private PostgreSQL server for scenarios, in a folder of its own,
# on a Unix socket only, by a user without rights.  Source it.
#
#   postgres_find          set $postgres_bin; false where none is installed
#   postgres_start [SETTING=VALUE…]
#                          set $postgres (its folder), $postgres_owner and
#                          $postgres_writer (connection strings of the owner, a
#                          superuser, and of the role "writer"); with its log of changes
#                          in the empty folder $postgres_wal, if that is set
#   postgres_needed        use the server of "./test --store postgresql", or start one; a
#                          scenario ends here where none is installed
#   postgres_at FOLDER     set the same for a server that runs
#   postgres_sql SQL       run it as the owner, and print what it gives
#   postgres_restart       as after a crash: all connections are lost
#   postgres_join NAME     start a synchronous standby of the server that writes, and wait
#                          until it is one; its socket is in the folder $postgres/NAME
#   postgres_hosts         print "host=…" of the connection string for all of them
#   postgres_kill          kill the server that writes; postgres_kill NAME: that standby
#   postgres_again         start it again, with what it had; postgres_again NAME: that one
#   postgres_lose          kill the server that writes, with all that it had
#   postgres_promote NAME  have that standby write from now on
#   postgres_stop          stop the servers and remove their folder

postgres_find() {
	for postgres_version in 18 17 16 15; do
		postgres_bin=/usr/lib/postgresql/$postgres_version/bin
		[ ! -x "$postgres_bin/postgres" ] || return 0
	done
	return 1
}

postgres_needed() {
	! in_database || return 0
	postgres_find || { echo "  skipped: PostgreSQL is not installed"; ok "nothing to test"; finish; }
	postgres_start || not_ok "a private server starts"
	export VALISE_POSTGRES="$postgres"
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
	postgres_as_user "$postgres_bin/initdb" -D "$postgres/data" -A trust -U postgres --no-locale -E UTF8 -N ${postgres_wal:+--waldir="$postgres_wal"} >"$postgres.log" 2>&1 || return
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

# The server that writes has its data in $postgres/$postgres_main, and its socket in
# $postgres_socket; each standby has NAME.data and NAME.
postgres_join() {
	rm -rf "$postgres/$1.data"
	postgres_as_user mkdir -p "$postgres/$1" && postgres_as_user chmod 755 "$postgres/$1" &&
		postgres_as_user "$postgres_bin/pg_basebackup" -d "host=${postgres_socket:-$postgres} user=postgres" \
			-D "$postgres/$1.data" -X stream -c fast >>"$postgres.log" 2>&1 || return
	postgres_as_user tee -a "$postgres/$1.data/postgresql.conf" >/dev/null <<-END
		unix_socket_directories = '$postgres/$1'
		primary_conninfo = 'host=${postgres_socket:-$postgres} user=postgres application_name=$1'
		recovery_target_timeline = 'latest'
	END
	postgres_as_user touch "$postgres/$1.data/standby.signal"
	postgres_again "$1" || return
	case " ${postgres_members:-} " in *" $1 "*) ;; *) postgres_members="${postgres_members:-} $1" ;; esac
	postgres_sql "ALTER SYSTEM SET synchronous_standby_names = '$1'" >/dev/null && postgres_sql "SELECT pg_reload_conf()" >/dev/null && postgres_follows
}

# Wait until a synchronous standby follows the server that writes.
postgres_follows() {
	postgres_tries=0
	until [ "$(postgres_sql "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")" = 1 ]; do
		[ $((postgres_tries += 1)) -lt 600 ] || { tail -n 5 "$postgres"/*log >&2; return 1; }
		sleep 0.05
	done
}

postgres_hosts() {
	postgres_list=$postgres
	for postgres_member in ${postgres_members:-}; do postgres_list="$postgres_list,$postgres/$postgres_member"; done
	echo "host=$postgres_list"
}

# SIGKILL of all its processes: nothing is flushed, and nobody is told.
postgres_kill() {
	postgres_of=${1:+$1.data}; postgres_of=$postgres/${postgres_of:-${postgres_main:-data}}
	postgres_pid=$(head -n 1 "$postgres_of/postmaster.pid") || return
	# shellcheck disable=SC2046 # a list of numbers
	kill -9 $postgres_pid $(pgrep -P "$postgres_pid") 2>/dev/null
	while kill -0 "$postgres_pid" 2>/dev/null; do sleep 0.02; done
}

# What was forked meanwhile sees by itself that its server is gone.
postgres_again() {
	postgres_of=${1:+$1.data}; postgres_of=$postgres/${postgres_of:-${postgres_main:-data}}
	postgres_tries=0
	until postgres_as_user "$postgres_bin/pg_ctl" -D "$postgres_of" -w -l "$postgres_of.log" start >>"$postgres.log" 2>&1; do
		[ $((postgres_tries += 1)) -lt 20 ] || { tail -n 5 "$postgres_of.log" >&2; return 1; }
		sleep 0.1
	done
}

postgres_lose() {
	postgres_kill && postgres_as_user rm -rf "$postgres/${postgres_main:-data}"
}

postgres_promote() {
	postgres_main=$1.data postgres_socket=$postgres/$1
	postgres_owner="host=$postgres_socket user=postgres dbname=postgres"
	postgres_as_user "$postgres_bin/pg_ctl" -D "$postgres/$postgres_main" -w promote >>"$postgres.log" 2>&1
}

postgres_stop() {
	[ -n "${postgres:-}" ] || return 0
	for postgres_member in "$postgres"/*/postmaster.pid; do
		[ ! -f "$postgres_member" ] ||
			postgres_as_user "$postgres_bin/pg_ctl" -D "$(dirname "$postgres_member")" -w -m immediate stop >>"$postgres.log" 2>&1
	done
	rm -rf "$postgres" "$postgres.log"
	postgres=
}
