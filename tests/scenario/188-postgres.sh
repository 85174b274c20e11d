#!/bin/sh
# The record in a database of PostgreSQL: from init to a kill, and what is
# refused.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/postgres.sh"
postgres_find || { echo "  skipped: PostgreSQL is not installed"; ok "nothing to test"; finish; }
check "a private server starts" postgres_start
store_line="store: {postgresql: \"$postgres_writer\"}"
config() { "$valised" --config valised.yaml "$@"; }

# --- init ---
make_daemon "$dir" >work/init 2>&1 && not_ok "init without tables" || ok "init without tables"
check "it says that there are none" grep -q "valised tables" work/init
rm -rf data
expect "the tables are made" 0 "writer may use them" "$valised" tables "$postgres_owner" --writer writer
expect "the owner of the tables is no role for the daemon" 3 "a role of its own" \
	sh -c "sed 's/user=writer/user=postgres/' valised.yaml >owner.yaml && '$valised' --config owner.yaml init"
rm -rf data
make_daemon "$dir" >work/out 2>&1 && ok "init" || { not_ok "init"; cat work/out >&2; }
echo "reserve: 1 MiB" >>valised.yaml
expect "--check" 0 "^good: " config --check
expect "--check by the owner's role" 3 "a role of its own" "$valised" --config owner.yaml --check
check "no store, entries or heads are in the folder" sh -c '! ls data/store.git data/journal/entries data/journal/heads 2>/dev/null'
expect "the folder names the record" 0 "$(postgres_sql 'SELECT id FROM valise.meta')" cat data/database
expect "init a second time" 5 "nothing was changed" config init

# --- Deposit, sign, fetch, verify ---
start_daemon "$dir" || not_ok "the daemon starts"
check "enrolment" enrol "$dir" mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva
check "deposit" deposit mofa one
check "the minister signs" at mofa-minister sign agreement/one --yes
check "the chief of mission signs" at iom-chief-of-mission sign agreement/one --yes
check "fetch" at iom-geneva fetch agreement/one -o work/one.asice
expect "verify" 0 "VALID\|in force" at iom-geneva verify work/one.asice
check "the audit is clean" at iom-geneva audit
# The branches follow the acts some time later.
at mofa push agreement/one --text lo=work/lo.txt --text en=work/lo.txt --title "en=Once more" --onto 1 >/dev/null
expect "fsck beside the daemon" 0 "nothing is wrong" config fsck
restart || not_ok "it starts again"
check "a deposit after that" deposit iom-vientiane two "the second"

# --- The role is that of the process, where the string names none. ---
postgres_sql "CREATE ROLE $(id -un) LOGIN IN ROLE writer" >/dev/null
sed -i 's/ user=writer//' valised.yaml
restart || not_ok "it starts again without a role in the string"
check "a deposit by the process's role" deposit mofa role "by the role"

# --- A second daemon on the same record. ---
mkdir second && cp -R data second/data
sed "s|^data: .*|data: second/data|; s|:$(cat port)|:$("$valised_port_helper")|" valised.yaml >second.yaml
expect "a second daemon on a copy of the folder is refused while the first lives" 3 "a copy of this data folder writes" "$valised" --config second.yaml
head -c 32 /dev/urandom >second/data/lock
expect "so is one on another folder" 5 "another process writes to this journal" "$valised" --config second.yaml
check "the first goes on" deposit mofa still "still here"

# --- SIGKILL ---
kill_daemon "$dir"; start_daemon "$dir" || not_ok "it starts after SIGKILL"
check "what was acknowledged is there" at mofa fetch agreement/two -o work/two.asice
check "a third deposit" deposit mofa three "the third"

# --- The server hangs while an act is with it, and is read: half a minute, then a word.
# poll() knows no other clock than the machine's. Titles are read of it, too, once their
# file is gone. ---
stop_daemon "$dir"; rm data/journal/titles
start_daemon "$dir" || not_ok "it starts without its titles"
server=$(head -n 1 "$postgres/data/postmaster.pid") daemon=$(cat pid)
# What was proposed cannot be published: so the act is under way when all stands still.
postgres_sql "BEGIN; LOCK TABLE valise.published IN EXCLUSIVE MODE; SELECT pg_sleep(120)" >/dev/null 2>&1 & holds=$!
locked() { [ "$(postgres_sql "SELECT count(*) FROM pg_locks WHERE relation = 'valise.published'::regclass AND mode = 'ExclusiveLock' AND granted")" = 1 ]; }
proposed() { [ "$(postgres_sql "SELECT size FROM valise.head")" -gt "$(postgres_sql "SELECT max(size) FROM valise.published")" ]; }
check "no head can be published" until_so locked
deposit mofa hangs "while it hangs" >work/hangs 2>&1 & hangs=$!
check "an act is under way" until_so proposed
hung="$server $(pgrep -P "$server" | tr '\n' ' ')"
# shellcheck disable=SC2086 # a list of numbers
kill -STOP $hung
reads="/v1/documents /v1/documents/agreement/role/versions/1 /v1/journal/entries"
# SECONDS PATH FILE: what it is answered within that time
read_it() { curl_as mofa "$2" --max-time "$1" -s -o "$3" -w '%{http_code} %header{retry-after}\n'; }
file_of() { echo "work/read-$(echo "$1" | tr / -)"; }
readers=
for path in $reads; do read_it 45 "$path" "$(file_of "$path")" >"$(file_of "$path").status" & readers="$readers $!"; done
wait $hangs; got=$?
check "a deposit that is under way is given up" test $got = 6
check "with a word" grep -q "Not available" work/hangs
check "the log says it" grep -q "level=error event=record result=silent" log
curl_as mofa /health --max-time 5 >work/health
for word in '"status":"failing"' 'has written nothing\|has not answered' '"disk":{' '"newest":true'; do
	expect "/health too, at once, with what needs no database: $word" 0 "$word" cat work/health
done
# shellcheck disable=SC2086
wait $readers
for path in $reads; do
	expect "$path is given up in the same time" 0 "^503 30$" cat "$(file_of "$path").status"
	expect "…with a word" 0 '"code":"UNAVAILABLE".*"detail":"[^"]*database has not answered for [0-9]* seconds: .*Try again later' cat "$(file_of "$path")"
	expect "…and then at once" 0 '^503 30$' read_it 5 "$path" work/read
done
expect "what is in memory is answered" 0 "^200" read_it 5 /v1/journal/checkpoint work/read
# shellcheck disable=SC2086
kill -CONT $hung
postgres_sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK TABLE%'" >/dev/null; wait $holds
is_read() { read_it 30 "$1" work/read | grep -q "^200"; }
for path in $reads; do check "$path is answered again" until_so is_read "$path"; done
check "it was made once, and told so when it is sent again" deposit mofa hangs "while it hangs"
expect "it is one version" 0 '"version":1,' at mofa --json show agreement/hangs
check "the daemon goes on" test "$daemon" = "$(cat pid)" -a -d "/proc/$daemon"
expect "the audit is clean" 0 "" at mofa audit
stop_daemon "$dir"
expect "fsck" 0 "nothing is wrong" config fsck
expect "fsck --repair" 0 "nothing is wrong" config fsck --repair
finish
