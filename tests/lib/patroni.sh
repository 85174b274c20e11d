# patroni.sh - two private PostgreSQL servers under Patroni, with an etcd of their own,
# on loopback, by a user without rights.  Source it in a scenario, after postgres.sh.
#
#   patroni_find            false where Patroni or etcd is not installed
#   patroni_start           start etcd and the servers "a" and "b", and wait until "a" writes
#                           and "b" is its synchronous standby; set $postgres, $postgres_owner
#   patroni_again NAME      start that server with its Patroni (again)
#   patroni_kill NAME       SIGKILL of Patroni and of all processes of its server
#   patroni_says KEY VALUE  change what Patroni keeps for both ("synchronous_mode_strict" false)
#   patroni_await SQL VALUE wait up to two minutes until the server that writes answers that
#   patroni_stop            stop all, and remove their folder
#
# The settings are those of docs/operations.md, "Beside Patroni", with the shortest times that
# Patroni takes: it gives a server up after 20 s.

patroni_find() { command -v patroni >/dev/null && command -v etcd >/dev/null && command -v patronictl >/dev/null; }

# As the user without rights, in the folder, with its own home
patroni_run() { postgres_as_user env -C "$postgres" HOME="$postgres" PATH="$PATH" LC_ALL=C.UTF-8 "$@"; }

# NAME: the file that it starts with. Its server listens to its standby on loopback, and
# to valised on a Unix socket.
patroni_file() {
	patroni_port=$("$valised_port_helper") && patroni_rest=$("$valised_port_helper") || return
	echo "$patroni_port" >"$postgres/$1.port"
	cat >"$postgres/$1.yaml" <<-END
		scope: valise
		name: $1
		restapi: {listen: "127.0.0.1:$patroni_rest", connect_address: "127.0.0.1:$patroni_rest"}
		etcd3: {host: "127.0.0.1:$patroni_etcd"}
		bootstrap:
		  dcs:
		    ttl: 20
		    loop_wait: 1
		    retry_timeout: 3
		    synchronous_mode: true
		    synchronous_mode_strict: true
		    postgresql: {parameters: {max_connections: 60}}
		  initdb: [{encoding: UTF8}, {locale: C.UTF-8}, {auth: trust}]
		  pg_hba: ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]
		postgresql:
		  listen: 127.0.0.1:$patroni_port
		  connect_address: 127.0.0.1:$patroni_port
		  data_dir: $postgres/$1.data
		  bin_dir: $postgres_bin
		  pgpass: $postgres/$1.pass
		  authentication: {superuser: {username: postgres}, replication: {username: postgres}}
		  parameters: {unix_socket_directories: $postgres/$1, shared_buffers: 32MB, timezone: UTC}
	END
	mkdir "$postgres/$1" && chmod 755 "$postgres/$1"
	[ "$(id -u)" != 0 ] || chown nobody:nogroup "$postgres/$1"
}

patroni_again() { patroni_leave "$1" patroni "$postgres/$1.yaml"; }

# NAME COMMAND…: leave it running, as the head of a group of its own with its number in
# NAME.pid. Nobody who waits for all of his own processes waits for it.
patroni_leave() {
	patroni_name=$1; shift
	# shellcheck disable=SC2016 # for the shell that is the head
	(patroni_run setsid sh -c 'echo $$ >"$0"; exec "$@"' "$postgres/$patroni_name.pid" "$@" >>"$postgres/$patroni_name.log" 2>&1 &)
}

patroni_start() {
	postgres=$(mktemp -d /tmp/valise-pg-XXXXXX) && chmod 755 "$postgres" || return
	[ "$(id -u)" != 0 ] || chown nobody:nogroup "$postgres"
	patroni_etcd=$("$valised_port_helper") && patroni_peer=$("$valised_port_helper") || return
	patroni_leave etcd etcd --data-dir "$postgres/etcd" --listen-client-urls "http://127.0.0.1:$patroni_etcd" \
		--advertise-client-urls "http://127.0.0.1:$patroni_etcd" --listen-peer-urls "http://127.0.0.1:$patroni_peer" \
		--initial-advertise-peer-urls "http://127.0.0.1:$patroni_peer" --initial-cluster "default=http://127.0.0.1:$patroni_peer"
	patroni_file a && patroni_file b || return
	postgres_ports=$(cat "$postgres/a.port"),$(cat "$postgres/b.port")
	postgres_owner="host=$postgres/a,$postgres/b port=$postgres_ports user=postgres dbname=postgres target_session_attrs=read-write"
	patroni_again a && patroni_await "SELECT 1" 1 && patroni_again b &&
		patroni_await "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'" 1
}

patroni_kill() {
	patroni_server=$(head -n 1 "$postgres/$1.data/postmaster.pid") || return
	# shellcheck disable=SC2046 # a list of numbers
	kill -9 "$(cat "$postgres/$1.pid")" "$patroni_server" $(pgrep -P "$patroni_server") 2>/dev/null
	while kill -0 "$patroni_server" 2>/dev/null; do sleep 0.02; done
}

# It is in force once whoever leads has looked twice: the first look may have begun before.
patroni_looks() { cat "$postgres"/[ab].log | grep -c "the leader with the lock"; }
patroni_says() {
	patroni_run patronictl -c "$postgres/a.yaml" edit-config valise --force -s "$1=$2" >>"$postgres/ctl.log" 2>&1 || return
	patroni_seen=$(patroni_looks) patroni_tries=0
	until [ "$(patroni_looks)" -ge $((patroni_seen + 2)) ]; do
		[ $((patroni_tries += 1)) -lt 1200 ] || { tail -n 5 "$postgres"/*.log >&2; return 1; }
		sleep 0.1
	done
}

patroni_await() {
	patroni_tries=0
	until [ "$(postgres_sql "$1" 2>/dev/null)" = "$2" ]; do
		[ $((patroni_tries += 1)) -lt 1200 ] || { tail -n 5 "$postgres"/*.log >&2; return 1; }
		sleep 0.1
	done
}

patroni_stop() {
	[ -n "${postgres:-}" ] || return 0
	for patroni_member in a b; do [ ! -e "$postgres/$patroni_member.data/postmaster.pid" ] || patroni_kill "$patroni_member"; done
	# shellcheck disable=SC2046 # a list of numbers
	kill -9 $(cat "$postgres"/*.pid) 2>/dev/null
	rm -rf "$postgres"
	postgres=
}
