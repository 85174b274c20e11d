#!/bin/sh
# The edges of standing by and taking over: what a daemon says while it waits for the
# other's signer.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/postgres.sh"
. "$top/tests/lib/standby.sh"
in_database || postgres_find || { echo "  skipped: PostgreSQL is not installed"; ok "nothing to test"; finish; }
if ! in_database; then
	postgres_start || not_ok "a private server starts"
	export VALISE_POSTGRES="$postgres"
fi
a() { "$valised" --config valised.yaml "$@"; }
b() { "$valised" --config b/valised.yaml "$@"; }
sql() { (postgres_owner="host=$postgres user=postgres dbname=$(database)"; postgres_sql "$1"); }
size() { sql "SELECT size FROM valise.published ORDER BY n DESC LIMIT 1"; }
# COMMAND…: wait until it succeeds, or half a minute
until_is() { tries=0; until "$@" >/dev/null 2>&1; do [ $((tries += 1)) -lt 600 ] || return 1; sleep 0.05; done; }
says() { health "$1" | grep -q "$2"; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }

start
enrol "$dir" mofa mofa-minister iom-geneva iom-vientiane >/dev/null || not_ok "enrolment"
deposit mofa one >/dev/null || not_ok "deposit"
at mofa audit >/dev/null; cp offices/mofa/state/*/checkpoint work/checkpoint
prepare_standby b
b init --join data/signer/journal.key --seen work/checkpoint >/dev/null || { not_ok "it joins"; finish; }
certify_standby b
echo "promote: manual" | tee -a valised.yaml >>b/valised.yaml
stop_daemon "$dir"

# --- The one that wrote starts, and the other is away. ---
mark_log .; "$valised" --config valised.yaml </dev/null >>log 2>&1 & echo $! >pid
check "the one that wrote waits for the other's signer" await . "event=standby result=away"
expect "/health says that it starts" 0 '"status": *"starting"' health .
expect "…and what it waits for" 0 "waits since .* for the signer of the other daemon" health .
expect "all else is sent to the other one" 0 "STANDS_BY" curl_at . /v1/documents
expect "it has nothing to promote" 5 "only starting: it may write, and waits" a promote
expect "…to yield" 5 "only starting" a yield
expect "…to reload" 5 "only starting" a reload
writer=$(cat pid); kill "$writer"
check "a signal ends it" until_is is_gone "$writer"
wait "$writer" 2>/dev/null; rm -f pid
mark_log .; "$valised" --config valised.yaml </dev/null >>log 2>&1 & echo $! >pid
await . "event=standby result=away" || not_ok "it waits again"
start_standby b || not_ok "the other one starts"
check "then it writes" await . "event=start "
check "a deposit" deposit mofa two "the second"
check "the other one remembers it" await_remembers b

# --- A successor, and the other is away. ---
stop_daemon "$dir"
mark_log b; check "the other one takes over" until_is b promote
check "it waits for the first one's signer" await b "event=standby result=away"
expect "/health says that it starts" 0 '"status": *"starting"' health b
expect "…and what it waits for" 0 "waits since .* for the signer of the other daemon" health b
expect "all else is sent to the other one" 0 "STANDS_BY" curl_at b /v1/documents
start_standby . || not_ok "the first one stands by"
check "then it writes" await b "event=start "
expect "/health says so" 0 '"role": *"writer"' health b
ask b; check "a deposit there" deposit mofa three "the third"
check "the first one remembers it" await_remembers .

finish
