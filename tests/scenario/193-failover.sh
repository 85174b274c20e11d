#!/bin/sh
# Two daemons on two database servers, of which each is stalled, killed and lost:
# what was acknowledged stays, and there is one history.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/postgres.sh"
. "$top/tests/lib/standby.sh"
postgres_find || { echo "  skipped: PostgreSQL is not installed"; ok "nothing to test"; finish; }
unset VALISE_POSTGRES VALISE_DATABASES
postgres_start || not_ok "a private server starts"
postgres_join one || not_ok "a standby of the server starts"
"$valised" tables "$postgres_owner" --writer writer >/dev/null || not_ok "the tables"
store_line="store: {postgresql: \"$(postgres_hosts),$postgres/two user=writer dbname=postgres\", durable: 2}"

size() { postgres_sql "SELECT coalesce(max(size), 0) FROM valise.published"; }
proposed() { postgres_sql "SELECT size FROM valise.head"; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }
# Keep all heads that were ever published, of whichever server.
keep_heads() { postgres_sql "SELECT size, encode(root, 'hex'), time_ms FROM valise.published" >>work/heads; }
one_history() { keep_heads; test -z "$(sort -u work/heads | cut -d '|' -f 1 | uniq -d)"; }
# Is all of that file, a document a line, in the list?
are_there() {
	at iom-geneva --json list | tr '{' '\n' | sed -n 's/.*"document": *"agreement\/\([^"]*\)".*/\1/p' | sort >work/there
	[ -s "$1" ] && sort "$1" | comm -23 - work/there >work/missing && [ ! -s work/missing ] || { cat "$1" work/missing; return 1; }
}
# OFFICE NAME: deposit one after another, and note what was acknowledged, until work/end is there
write_on() {
	n=0
	while [ ! -e work/end ]; do
		n=$((n + 1)); deposit "$1" "$2-$n" "$2-$n" >/dev/null 2>&1 && echo "$2-$n" >>"work/acked-$2"
	done
}
acknowledged() { cat work/acked-* 2>/dev/null | wc -l; }
has_more() { [ "$(acknowledged)" -ge $(($1 + 4)) ]; }

start
enrol "$dir" mofa iom-vientiane iom-bangkok iom-geneva >/dev/null || not_ok "enrolment"
deposit mofa first >/dev/null || not_ok "deposit"; at mofa audit >/dev/null
prepare_standby b
"$valised" --config b/valised.yaml init --join data/signer/journal.key --seen offices/mofa/state/*/checkpoint >/dev/null || not_ok "it joins"
certify_standby b
printf '%s\n' "promote: auto" "signers: 1" | tee -a valised.yaml >>b/valised.yaml
restart && start_standby b || { not_ok "both start"; finish; }

# --- Who went on alone waits for the other one again once that is there. ---
check "the other one follows" await_remembers b
check "a deposit" deposit mofa second "the second"
check "the one that writes has seen it" sh -c '! grep -q "does not answer" "$1"' - "$(health . >work/health; echo work/health)"

# --- The one that writes is stalled past its lease, between a proposal and its signature. ---
kill -STOP "$(cat b/pid)"
deposit iom-vientiane stalled "before the stall" >work/stalled 2>&1 & stalled=$!
until_so eval '[ "$(size)" -lt "$(proposed)" ]' || not_ok "a proposal waits for the other's signer"
kill -STOP "$(cat pid)"; mark_log b; kill -CONT "$(cat b/pid)"
check "the other one takes over" await b "event=start "
ask b
check "a deposit there" deposit mofa third "the third"
keep_heads; a=$(cat pid); mark_log .; kill -CONT "$a"
wait $stalled # answered, or cut
ask .
deposit mofa replaced "to the one that was replaced" >work/replaced 2>&1; code=$?
check "it takes no act, and shows nothing that is old" test "$code" = 6 -o "$code" = 7
check "it ends" until_so is_gone "$a"
check "…by name" sh -c "tail -c +$((from + 1)) log | grep 'nothing more is written'"
wait "$a" 2>/dev/null; rm -f pid; ask b
check "no size was published twice" one_history
check "what had been proposed is there" at iom-geneva fetch agreement/stalled -o work/stalled.asice
start_standby . || not_ok "started again, the first one stands by"
expect "the audit is clean" 0 "" at mofa audit --full

# --- The server that writes is killed under load. ---
writers=
for who in mofa:m1 mofa:m2 iom-vientiane:v1 iom-bangkok:b1; do write_on "${who%:*}" "${who#*:}" & writers="$writers $!"; done
until_so has_more 4 || not_ok "the writers write"
keep_heads; postgres_lose
check "the standby of the server is promoted" postgres_promote one
check "another one joins it" postgres_join two
check "the writers go on" until_so has_more "$(acknowledged)"
check "the other daemon stands by, still" kill -0 "$(cat pid)"
touch work/end; wait $writers; rm -f work/end
cat work/acked-* >work/acked
check "all that was acknowledged is there" are_there work/acked
check "no size was published twice" one_history
expect "the audit is clean" 0 "" at iom-vientiane audit --full

# --- The wait for the standby is cancelled, and its connection ended; then the server is lost. ---
receiver() { (postgres_owner="host=$postgres/$1 user=postgres dbname=postgres"; postgres_sql "SELECT pid FROM pg_stat_wal_receiver"); }
waiting="FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = 'writer'"
waits() { [ "$(postgres_sql "SELECT count(*) $waiting")" -gt 0 ]; }
kill -STOP "$(receiver two)"
deposit mofa waits "it waits" >work/waits 2>&1 & waits=$!
check "a deposit waits for the standby of the server" until_so waits
check "the wait is cancelled" postgres_sql "SELECT pg_cancel_backend(pid) $waiting"
check "it waits anew" until_so waits
check "its connection is ended" postgres_sql "SELECT pg_terminate_backend(pid) $waiting"
check "it waits anew" until_so waits
check "nothing was acknowledged" kill -0 $waits
postgres_lose; postgres_kill two
postgres_again two && postgres_promote two && postgres_join one || not_ok "the standby writes, and has one itself"
wait $waits && echo waits >>work/acked-m1
check "a deposit afterwards" until_so deposit mofa after "afterwards"
echo after >>work/acked-m1; cat work/acked-* >work/acked
check "all that was acknowledged is there" are_there work/acked
check "no size was published twice" one_history
expect "the audit is clean" 0 "" at iom-geneva audit --full

# --- Each of the four is killed, and comes back. ---
postgres_kill one
deposit mofa alone "without a standby of the server" >work/alone 2>&1 & alone=$!
check "without a standby a deposit waits" until_so waits
postgres_again one && postgres_follows || not_ok "the standby of the server comes back"
wait $alone; check "and is done then" at iom-geneva fetch agreement/alone -o work/alone.asice
mark_log .; kill_daemon b; rm -f b/pid
check "the other daemon takes over" await . "event=start "
ask .; check "a deposit" deposit mofa turned "the turn"
start_standby b || not_ok "the second one comes back"
mark_log b; kill_daemon .; rm -f pid
check "the second one takes over" await b "event=start "
ask b; check "a deposit" deposit mofa again "again"
start_standby . || not_ok "the first one comes back"
postgres_kill
expect "a fetch without a server" 6 "" at iom-geneva fetch agreement/again -o work/again.asice
postgres_again && postgres_follows || not_ok "the server that writes comes back"
check "a deposit after that" until_so deposit mofa last "the last"
printf '%s\n' alone turned again last >>work/acked
check "all that was acknowledged is there" are_there work/acked
check "no size was published twice" one_history
expect "the audit is clean" 0 "" at iom-geneva audit --full
stop_daemon "$dir"; stop_daemon b
expect "fsck, of the one that wrote" 0 "nothing is wrong" "$valised" --config b/valised.yaml fsck
finish
