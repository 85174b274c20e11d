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

# --- The server hangs while an act is with it: half a minute, then a word. ---
server=$(head -n 1 "$postgres/data/postmaster.pid") daemon=$(cat pid)
hang() { hung="$server $(pgrep -P "$server" | tr '\n' ' ')"; kill -STOP $hung; }
# If it reads something first, nothing is proposed: then the next one is.
n=0
until grep -q "level=error event=record result=silent" log || [ $n = 4 ]; do
	[ $n = 0 ] || { kill -CONT $hung; deposit mofa "warm-$n" "it goes on" >/dev/null; }
	n=$((n + 1)); hang
	expect "a deposit that is under way is given up with a word" 6 "Not available" deposit mofa "hangs-$n" "while it hangs"
done
check "the log says it" grep -q "level=error event=record result=silent" log
expect "/health too, at once" 0 '"status":"failing".*has written nothing' curl_as mofa /health --max-time 5
kill -CONT $hung
check "it was made once, and told so when it is sent again" deposit mofa "hangs-$n" "while it hangs"
expect "it is one version" 0 '"version":1,' at mofa --json show "agreement/hangs-$n"
check "the daemon goes on" test "$daemon" = "$(cat pid)" -a -d "/proc/$daemon"
expect "the audit is clean" 0 "" at mofa audit
stop_daemon "$dir"
expect "fsck" 0 "nothing is wrong" config fsck
expect "fsck --repair" 0 "nothing is wrong" config fsck --repair
finish
