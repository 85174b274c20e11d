#!/bin/sh
# What others handed in at the daemon that wrote is served by the one that takes
# over: the lines of witnesses.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/postgres.sh"
. "$top/tests/lib/standby.sh"
in_database || postgres_find || { echo "  skipped: PostgreSQL is not installed"; ok "nothing to test"; finish; }
if ! in_database; then
	postgres_start || not_ok "a private server starts"
	export VALISE_POSTGRES="$postgres"
fi
b() { "$valised" --config b/valised.yaml "$@"; }
sql() { (postgres_owner="host=$postgres user=postgres dbname=$(database)"; postgres_sql "$1"); }
witnessed() { curl_at "$1" "/v1/journal/checkpoint?at=witnessed"; }

start
enrol "$dir" mofa iom-geneva iom-vientiane >/dev/null || not_ok "enrolment"
mofa_key=$(at mofa witness init 2>/dev/null) geneva_key=$(at iom-geneva witness init 2>/dev/null)
printf 'witnesses: {mofa: "%s", iom-geneva: "%s"}\nquorum: 2\n' "$mofa_key" "$geneva_key" >>policies/offices.yaml
restart || not_ok "a policy with witnesses"
accept_policy mofa iom-geneva iom-vientiane >/dev/null
deposit mofa one >/dev/null || not_ok "a deposit"
at mofa witness >/dev/null || not_ok "a line from before"
cp offices/mofa/state/*/checkpoint work/checkpoint
stop_daemon "$dir"
prepare_standby b
expect "a stand-by joins" 0 "" b init --join data/signer/journal.key --seen work/checkpoint
certify_standby b
printf 'promote: auto\nsigners: 1\n' | tee -a valised.yaml >>b/valised.yaml

# --- One line is there before the tables knew of such, one comes later. ---
sql "DELETE FROM valise.exhibit" >/dev/null
start_daemon "$dir" || not_ok "the first one starts"
expect "what the data folder has goes into the database" 0 "1" sql "SELECT count(*) FROM valise.exhibit WHERE kind = 1"
start_standby b || not_ok "the second one stands by"
expect "one witness is not enough" 0 "no checkpoint has been cosigned by enough" witnessed .
expect "the second one signs what the first one signed" 0 "2 of 2 witnesses" at iom-geneva witness
witnessed . >work/first; check "then it is witnessed" grep -q "lao-iom/witness/iom-geneva" work/first
sql "INSERT INTO valise.exhibit SELECT kind, name, sha256(b), b FROM (SELECT kind, name, set_byte(bytes, 60, get_byte(bytes, 60) # 1) b FROM valise.exhibit) e" >/dev/null
mark_log b; kill_daemon "$dir"; rm -f pid
check "the other one takes over" await b "event=start "
ask b
witnessed b >work/second
check "and gives the same checkpoint, with the same lines" sh -c 'sort work/first >work/lines; sort work/second | cmp - work/lines'
check "what no witness signed it leaves out, and says so" grep -q "event=cosignature result=refused lines=[1-9]" b/log
expect "a copy is witnessed there" 0 "witnessed by *iom-geneva" at iom-vientiane fetch agreement/one -o work/one.asice --witnessed
expect "a witness goes on there" 0 "1 of 2" at mofa witness
rm -f pid; start_standby . || not_ok "the first one comes back"
mark_log .; kill_daemon b; rm -f b/pid
check "it takes over" await . "event=start "
ask .
expect "what was signed meanwhile is here too" 0 "2 of 2 witnesses" at iom-geneva witness
stop_daemon "$dir"
expect "fsck finds what no witness signed" 1 "table exhibit, size .*no witness" "$valised" --config valised.yaml fsck
finish
