#!/bin/sh
# The edges of standing by and taking over: what a daemon says while it waits for the
# other's signer, and what a writer that stalled left behind.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/postgres.sh"
. "$top/tests/lib/standby.sh"
postgres_needed
recipe() {
	sed -n "/<!-- recipe: $1 -->/,/<!-- end -->/s/^    //p" "$top/docs/operations.md" |
		sed "s|runuser -u postgres -- valised|\"\$valised\"|; s|host=/run/postgresql dbname=valise|host=$postgres user=postgres dbname=$(database)|" >work/recipe
	[ -s work/recipe ] && while read -r step; do eval "$step" </dev/null || return; done <work/recipe
}
size() { sql "SELECT size FROM valise.published ORDER BY n DESC LIMIT 1"; }
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
# --- A third daemon. ---
prepare_standby c
c() { "$valised" --config c/valised.yaml "$@"; }
expect "no third one joins" 3 "no third one may: 1 (the one that writes), 2 ($(uname -n))" c init --join data/signer/journal.key --seen work/checkpoint
rm -rf c/data
forget() { "$valised" tables "host=$postgres user=postgres dbname=$(database)" --forget "$1"; }
expect "the one that writes is not forgotten" 5 "writes: stop it first" forget 1
expect "there is no third to forget" 2 "are 1 and 2" forget 3
check "the other one is lost: the recipe" recipe standby-forget
check "another joins in its place" c init --join data/signer/journal.key --seen work/checkpoint
expect "the one that was lost is refused, by name" 3 "no third one may: 1 (the one that writes), 2 ($(uname -n))" b
forget 2 >/dev/null || not_ok "that one is forgotten as well"
stop_daemon "$dir"

# --- The one that wrote starts, and the other is away. ---
cat >work/systemd.py <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(4096).decode().replace("\n", "|"), flush=True)
END
python3 work/systemd.py "$dir/work/notify" >work/told 2>&1 & systemd=$!
until_so test -S work/notify
mark_log .; NOTIFY_SOCKET="$dir/work/notify" "$valised" --config valised.yaml </dev/null >>log 2>&1 & echo $! >pid
check "the one that wrote waits for the other's signer" await . "event=standby result=away"
expect "/health says that it starts" 0 '"status": *"starting"' health .
expect "…and what it waits for" 0 "waits since .* for the signer of the other daemon" health .
check "systemd does not wait for it" until_so grep "READY=1|STATUS=it may write, and waits" work/told
kill $systemd; wait $systemd 2>/dev/null
expect "all else is sent to the other one" 0 "STANDS_BY" curl_at . /v1/documents
expect "it has nothing to promote" 5 "only starting: it may write, and waits" a promote
expect "…to yield" 5 "only starting" a yield
expect "…to reload" 5 "only starting" a reload
writer=$(cat pid); kill "$writer"
check "a signal ends it" until_so is_gone "$writer"
wait "$writer" 2>/dev/null; rm -f pid
mark_log .; "$valised" --config valised.yaml </dev/null >>log 2>&1 & echo $! >pid
await . "event=standby result=away" || not_ok "it waits again"
start_standby b || not_ok "the other one starts"
check "then it writes" await . "event=start "
check "a deposit" deposit mofa two "the second"
check "the other one remembers it" await_remembers b

# --- Yielding, while an act waits. ---
mark_log .; stop_daemon b
deposit iom-vientiane waits "it waits" >work/waits 2>&1 & waits=$!
check "an act waits for the stand-by" await . "event=standby result=away"
expect "yielding is refused then" 5 "an act waits for it: nothing was changed" a yield
start_standby b || not_ok "the other one comes back"
check "it goes on" await . "event=standby result=here"
wait $waits; check "what waited is done" at iom-geneva fetch agreement/waits -o work/waits.asice
sql "BEGIN; LOCK TABLE valise.published IN EXCLUSIVE MODE; SELECT pg_sleep(120)" >/dev/null 2>&1 & holds=$!
locked() { [ "$(sql "SELECT count(*) FROM pg_locks WHERE relation = 'valise.published'::regclass AND mode = 'ExclusiveLock' AND granted")" = 1 ]; }
proposed() { [ "$(sql "SELECT size FROM valise.head")" -gt "$(size)" ]; }
until_so locked || not_ok "no head can be published"
deposit mofa cut "it is cut" >work/cut 2>&1 & cut=$!
check "an act cannot be done" until_so proposed
writer=$(cat pid)
expect "yielding gives the right to write away, all the same" 0 "has given the right to write away" a yield
check "nobody has it" test "$(sql "SELECT length(holder) FROM valise.lease")" = 0
check "the daemon ends" until_so is_gone "$writer"
wait "$writer" 2>/dev/null; wait $cut; rm -f pid
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK TABLE%'" >/dev/null; wait $holds

# --- A successor, and the other is away. ---
mark_log b; check "the other one takes over" until_so b promote
check "it waits for the first one's signer" await b "event=standby result=away"
expect "/health says that it starts" 0 '"status": *"starting"' health b
expect "…and what it waits for" 0 "waits since .* for the signer of the other daemon" health b
expect "all else is sent to the other one" 0 "STANDS_BY" curl_at b /v1/documents
start_standby . || not_ok "the first one stands by"
check "then it writes" await b "event=start "
expect "/health says so" 0 '"role": *"writer"' health b
ask b; check "what was cut is done" at iom-geneva fetch agreement/cut -o work/cut.asice
check "a deposit there" deposit mofa three "the third"
check "the first one remembers it" await_remembers .

# --- A writer stalled: it proposes after the last look of the one that stands by, and
# publishes after that has taken the right to write. The database goes back to before
# its last act, and gets it again while the successor takes the right. ---
stop_daemon b; stop_daemon "$dir"
sed -i '$ a signers: 1' valised.yaml; sed -i '$ a signers: 1' b/valised.yaml
rm -f b/pid pid; start_daemon b || not_ok "the second one writes"
keep() { for table in head chain published entry object upload chunk name; do echo "CREATE TABLE public.$1_$table AS SELECT * FROM valise.$table;"; done; }
back() {
	for table in published chain entry object chunk upload name; do echo "DELETE FROM valise.$table;"; done
	for table in chain published entry upload object chunk name; do echo "INSERT INTO valise.$table SELECT * FROM public.$1_$table;"; done
	echo "UPDATE valise.head SET (size, at, root) = (SELECT size, at, root FROM public.$1_head);"
}
sql "$(keep before)" >/dev/null
check "an act" deposit mofa stalled "before the stall"
sql "$(keep after)" >/dev/null
# The branches follow the acts some time later.
lags() { a fsck >work/fsck 2>&1 && grep -q "lags behind the record, by [1-9]" work/fsck && grep -q "nothing is wrong" work/fsck; }
check "fsck where one stood by says how far that folder lags, and finds nothing wrong" until_so lags || cat work/fsck >&2
kill_daemon b; rm -f b/pid
sql "BEGIN; $(back before) COMMIT" >/dev/null
start_standby . || not_ok "the first one stands by"
mkfifo work/session
"$postgres_bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d "host=$postgres user=postgres dbname=$(database)" <work/session >work/session.out 2>&1 & session=$!
exec 9>work/session
echo "BEGIN; SELECT 'locked' FROM valise.lease FOR UPDATE;" >&9
until_so grep -q locked work/session.out || not_ok "the right to write is held"
mark_log .; check "the first one takes over" until_so a promote
takes() { [ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE lease SET holder%'")" -gt 0 ]; }
check "it takes the right to write" until_so takes
{ back after; echo "ALTER TABLE valise.published RENAME TO gone; COMMIT;"; } >&9; exec 9>&-; wait $session || { not_ok "the stalled writer's act is there"; cat work/session.out >&2; }
check "it waits until it has seen all that was written meanwhile" await . "event=standby reason="
sql "ALTER TABLE valise.gone RENAME TO published" >/dev/null
check "it goes on from there" await . "event=start "
ask .
check "that act is there" at iom-geneva fetch agreement/stalled -o work/stalled.asice
check "a deposit" deposit mofa four "the fourth"
expect "the audit is clean" 0 "" at mofa audit --full

# --- The service is stopped, while one writes. ---
start_standby b || not_ok "the other one stands by"
sql "INSERT INTO valise.stop (one, reason) VALUES (1, 'the owner says so')" >/dev/null
for who in . b; do
	check "$who: it ends, though nobody asks it" until_so is_gone "$(cat $who/pid)"
	check "…by name" grep -q "event=fatal reason=.*the service was stopped: the owner says so" $who/log
	wait "$(cat $who/pid)" 2>/dev/null; rm -f $who/pid
done
"$valised" tables "host=$postgres user=postgres dbname=$(database)" --resume >/dev/null
start_daemon "$dir" || not_ok "it writes again"

# --- Somebody else writes a proposal whose entries are not there. ---
start_standby b || not_ok "the other one stands by"; mark_log b
sql "INSERT INTO valise.chain SELECT size + 1, size, decode(repeat('aa', 32), 'hex'), epoch, at + 100, NULL FROM valise.head" >/dev/null
check "it is judged before it is read" await b "this depositary did not make it"
wait "$(cat b/pid)" 2>/dev/null; rm -f b/pid
sql "DELETE FROM valise.chain WHERE mark IS NULL" >/dev/null

# --- A copy of the folder, as on another machine of the same name. ---
mkdir d; cp -R data d/data
sed "s|^data: .*|data: d/data|; s|:$(cat port)|:$("$valised_port_helper")|" valised.yaml >copied.yaml
expect "a daemon on a copy of the folder is refused, by name" 3 "a copy of this data folder writes" "$valised" --config copied.yaml
check "the first one goes on" deposit mofa five "the fifth"

# --- Copies of the folder of the one that stands by. ---
rm -rf d; mkdir d; cp -R b/data b/server.pem b/depositary.pem d/
"$valised_port_helper" >d/port; sed "s|:$(cat b/port)|:$(cat d/port)|" b/valised.yaml >d/valised.yaml
start_standby b || not_ok "the other one stands by"
start_standby d || not_ok "so does a copy of it"
check "an act" deposit mofa six "the sixth"
one_is_gone() { is_gone "$(cat b/pid)" || is_gone "$(cat d/pid)"; }
check "one of two on copies of a folder ends with it" until_so one_is_gone
if is_gone "$(cat b/pid)"; then ended=b goes_on=d; else ended=d goes_on=b; fi
check "…by name" grep -q "event=fatal reason=.*in this one's name.*a copy of this data folder stands by" $ended/log
kill "$(cat $ended/pid)" 2>/dev/null; wait "$(cat $ended/pid)" 2>/dev/null; rm -f $ended/pid
check "the other goes on" kill -0 "$(cat $goes_on/pid)"
check "an act after that" deposit mofa seven "the seventh"
check "which it remembers" await_remembers $goes_on
stop_daemon $goes_on; mark_log $ended; start_standby $ended || not_ok "the one that ended stands by alone"
check "it lacks what the other told, and ends" await $ended "event=fatal reason=.*in this one's name"
kill "$(cat $ended/pid)" 2>/dev/null; wait "$(cat $ended/pid)" 2>/dev/null; rm -f $ended/pid
finish
