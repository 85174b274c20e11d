#!/bin/sh
# The record under Patroni (docs/operations.md, "Beside Patroni"): who loses the server
# that writes goes on with the other one, and an empty list of standbys acknowledges nothing.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/postgres.sh"
. "$top/tests/lib/patroni.sh"
postgres_find && patroni_find || { echo "  skipped: PostgreSQL, Patroni or etcd is not installed"; ok "nothing to test"; finish; }
# Its servers are given up after 20 s each: only who names it waits for that.
case ${VALISE_NAMED-199} in *199* | *patroni*) ;; *) echo "  skipped: ./test patroni runs it"; ok "nothing to test"; finish ;; esac
in_database && { echo "  skipped: it has servers of its own"; ok "nothing to test"; finish; }
store_end() { patroni_stop; }
patroni_start || { not_ok "two servers under Patroni"; finish; }
postgres_sql "CREATE ROLE writer LOGIN" >/dev/null
"$valised" tables "$postgres_owner" --writer writer >/dev/null || not_ok "the tables"
store_line="store: {postgresql: \"host=$postgres/a,$postgres/b port=$postgres_ports user=writer dbname=postgres target_session_attrs=read-write\", durable: 2}"

# Deposit until it is taken, or two minutes
deposit_at_last() {
	tries=0
	until deposit "$@" >work/said 2>&1; do [ $((tries += 1)) -lt 60 ] || { cat work/said; return 1; }; sleep 1; done
}
start
enrol "$dir" mofa iom-geneva >/dev/null || not_ok "enrolment"
check "a deposit" deposit mofa first "the first"

# --- Without the strict mode Patroni empties the list of standbys: durable: 2 sees it. ---
patroni_says synchronous_mode_strict false || not_ok "patronictl"
patroni_kill b
check "Patroni empties the list" patroni_await "SHOW synchronous_standby_names" ""
expect "nothing is acknowledged" 6 "nothing was changed" deposit mofa alone "while the list is empty"
check "the log tells why" grep -q 'synchronous_standby_names is .*: 1 machine would have this' log
patroni_again b
check "its standby is back" patroni_await "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'" 1
check "a deposit is taken" deposit_at_last mofa second "the second"

# --- The server that writes is lost: Patroni promotes the other one, and waits for a standby. ---
patroni_says synchronous_mode_strict true || not_ok "patronictl"
patroni_kill a
check "Patroni promotes the other one" patroni_await "SELECT setting FROM pg_settings WHERE name = 'data_directory'" "$postgres/b.data"
check "Patroni's strict mode asks for a standby that is not there" patroni_await "SHOW synchronous_standby_names" '*'
expect "nothing is acknowledged without a standby, and the wait ends with a word" 6 "has written nothing for 3. seconds" deposit mofa waits "while there is one server"
check "the log tells it" grep -q "event=record result=silent" log
patroni_again a
check "the lost one comes back as its standby" patroni_await "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'" 1
check "a deposit is taken again" deposit_at_last mofa third "the third"
check "the first is there" at iom-geneva fetch agreement/first -o work/first.asice

expect "the audit is clean" 0 "" at iom-geneva audit --full
stop_daemon "$dir"
expect "fsck is clean" 0 "" "$valised" --config valised.yaml fsck
finish
