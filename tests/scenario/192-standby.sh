#!/bin/sh
# Two daemons on one record: one writes, the other follows it with a signer of its
# own, and takes over.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/postgres.sh"
. "$top/tests/lib/standby.sh"
postgres_needed
recipe() {
	sed -n "/<!-- recipe: $1 -->/,/<!-- end -->/s/^    //p" "$top/docs/operations.md" |
		sed "s|runuser -u postgres -- valised|\"\$valised\"|; s|host=/run/postgresql dbname=valise|host=$postgres user=postgres dbname=$(database)|
			s|runuser -u valise -- valised|$2|; s|systemctl start valised|start_standby b|; s|journal.key|data/signer/journal.key|; s|--seen checkpoint|--seen work/checkpoint|" >work/recipe
	[ -s work/recipe ] && while read -r step; do eval "$step" </dev/null || return; done <work/recipe
}
size() { sql "SELECT size FROM valise.published ORDER BY n DESC LIMIT 1"; }

start
enrol "$dir" mofa mofa-minister iom-geneva iom-vientiane >/dev/null || not_ok "enrolment"
deposit mofa one >/dev/null || not_ok "deposit"
expect "an audit, for a checkpoint" 0 "" at mofa audit
cp offices/mofa/state/*/checkpoint work/checkpoint

# --- Joining. ---
prepare_standby b
expect "a stand-by without a checkpoint" 2 "rolled back" b init --join data/signer/journal.key
check "nothing was made" test ! -e b/data
sed 's/^store: .*//' b/valised.yaml >b/files.yaml
expect "a stand-by of files" 2 "needs a record in a database" "$valised" --config b/files.yaml init --join data/signer/journal.key --seen work/checkpoint
rm -rf b/data
mkdir other && sed "s|^data: .*|data: other/data|; /^store: /d" valised.yaml >other.yaml && "$valised" --config other.yaml init >/dev/null
expect "the key of another journal" 1 "" b init --join other/data/signer/journal.key --seen work/checkpoint
rm -rf b/data
expect "what no office has seen" 8 "" b init --join data/signer/journal.key --seen valised.yaml
rm -rf b/data
deposit mofa two "the second" >/dev/null; at mofa audit >/dev/null; cp offices/mofa/state/*/checkpoint work/seen-later
stop_daemon "$dir"; keep_data later
sql "DELETE FROM valise.published WHERE size > $(sed -n 2p work/checkpoint)" >/dev/null
expect "a database that was rolled back" 1 "went on to size" b init --join data/signer/journal.key --seen work/seen-later
rm -rf b/data; take_data later; start_daemon "$dir" && stop_daemon "$dir"
check "joining: the recipe" recipe standby-join b; [ -f b/data/signer/memory ] || finish
expect "a second time" 5 "nothing was changed" b init --join data/signer/journal.key --seen work/checkpoint
certify_standby b

# --- Standing by. ---
echo "promote: manual" | tee -a valised.yaml >>b/valised.yaml
mark_log .; "$valised" --config valised.yaml </dev/null >>log 2>&1 & echo $! >pid
check "the one that wrote goes on, and waits for the other" await . "event=standby result=away"
check "the stand-by starts: the recipe" recipe standby-start b
mark_log .; n=0; until health . | grep -q '"role": *"writer"' || [ $((n += 1)) -gt 500 ]; do sleep 0.02; done
check "the first one writes" sh -c "[ $n -le 500 ]"
check "a deposit" deposit mofa three "the third"
check "the stand-by remembers all that is signed" await_remembers b
expect "it says what it is" 0 '"status": *"standby"' health b
expect "…and that another one writes" 0 '"writer": *true' health b
expect "it answers nothing else" 0 "STANDS_BY" curl_at b /v1/documents
expect "promoting it while the other writes" 5 "another daemon writes" b promote
expect "promoting the one that writes" 5 "writes already" a promote
expect "yielding what stands by" 5 "nothing to yield" b yield
expect "reloading it" 5 "stands by" b reload
expect "the next key" 5 "stand-by" a replace-key
sql "DELETE FROM valise.remembered" >/dev/null
n=0; until [ "$(sql 'SELECT count(*) FROM valise.remembered')" -gt 0 ] || [ $((n += 1)) -gt 500 ]; do sleep 0.02; done
check "what the database lost of it, it tells again" sh -c "[ $n -le 500 ]"
sql "ALTER TABLE valise.lease RENAME TO gone" >/dev/null
n=0; until health b | grep -q '"reason"' || [ $((n += 1)) -gt 500 ]; do sleep 0.02; done
check "what is in its way is told" sh -c "[ $n -le 500 ]"
sql "ALTER TABLE valise.gone RENAME TO lease" >/dev/null
n=0; while health b | grep -q '"reason"' && [ $((n += 1)) -le 500 ]; do sleep 0.02; done
check "until it is over" sh -c "[ $n -le 500 ]"

# --- Without the stand-by nothing is given out. ---
mark_log .; stop_daemon b
deposit iom-vientiane four "the fourth" >work/four 2>&1 & four=$!
check "the writer says that the stand-by is away" await . "event=standby result=away"
expect "…in its health too" 0 "does not answer since" health .
expect "acts are refused meanwhile" 6 "stand-by does not answer" deposit mofa five "the fifth"
check "nothing was given out" sh -c "[ '$(size)' -lt $(sql 'SELECT size FROM valise.head') ]"
kill_daemon .; mark_log .; "$valised" --config valised.yaml </dev/null >>log 2>&1 & echo $! >pid
check "killed, and started again, it waits too" await . "event=standby result=away"
check "…and has given nothing out" sh -c "[ '$(size)' -lt $(sql 'SELECT size FROM valise.head') ]"
mark_log .; start_standby b || not_ok "the stand-by starts again"
check "then it goes on" await . "event=start "
wait $four; check "what waited is done" at iom-vientiane fetch agreement/four -o work/four.asice
check "and acts are taken" deposit mofa five "the fifth"

# --- A planned change. ---
mark_log .; check "yielding: the recipe" recipe standby-yield a
n=0; while kill -0 "$(cat pid)" 2>/dev/null && [ $((n += 1)) -lt 500 ]; do sleep 0.02; done; wait "$(cat pid)" 2>/dev/null; rm -f pid
check "the first one ends" sh -c "[ $n -lt 500 ]"
start_standby . || not_ok "started again, it stands by"
mark_log b; check "promoting: the recipe" recipe standby-promote b
check "the second one writes" await b "event=start "
ask b
check "a deposit there" deposit mofa six "the sixth"
check "what the first one took is there" at iom-geneva fetch agreement/five -o work/five.asice
expect "the audit is clean" 0 "" at mofa audit --full
check "the first one remembers it" await_remembers .

# --- The loss of the one that writes, in the middle of a signature. ---
kill -STOP "$(cat pid)"
deposit mofa seven "the seventh" >/dev/null 2>&1 & seven=$!
until [ "$(size)" -lt "$(sql 'SELECT size FROM valise.head')" ]; do sleep 0.02; done
kill_daemon b; kill -CONT "$(cat pid)"
mark_log .; n=0
until a promote >work/out 2>&1; do n=$((n + 1)); [ $n -lt 200 ] || { not_ok "promote"; break; }; sleep 0.1; done
await . "result=away" || not_ok "it has the right to write, and waits for the other signer"
start_standby b || not_ok "the other one comes back and stands by"
check "the first one writes again" await . "event=start "
wait $seven
ask .
expect "what was proposed was signed" 0 "" at iom-geneva fetch agreement/seven -o work/seven.asice
check "a deposit" deposit mofa eight "the eighth"
check "no size was published twice" sh -c "[ '$(sql 'SELECT count(*) FROM (SELECT size FROM valise.published GROUP BY size HAVING count(*) > 1) AS twice')' = 0 ]"

stop_daemon "$dir"; cp -a data copied && rm -rf data && mv copied data
mark_log .; "$valised" --config valised.yaml </dev/null >>log 2>&1 & echo $! >pid
check "who wrote goes on, though its files have other numbers" await . "event=start "

# --- By itself. ---
check "the stand-by remembers all" await_remembers b
stop_daemon "$dir"; stop_daemon b
sed -i 's/^promote: .*/promote: auto/' valised.yaml b/valised.yaml; echo "signers: 1" | tee -a valised.yaml >>b/valised.yaml
start_daemon "$dir" || not_ok "it starts"
start_standby b || not_ok "the other one stands by"
check "a deposit" deposit mofa nine "the ninth"
mark_log b; kill_daemon "$dir"
check "the stand-by takes over by itself" await b "event=start "
ask b
check "a deposit there, alone" deposit mofa ten "the tenth"
expect "it says that it is alone" 0 "goes on alone" health b
# --- A policy that differs changes nothing. ---
echo "# not in force" >>policies/offices.yaml
# No signature covers the time beside a head.
sql "UPDATE valise.published SET time_ms = time_ms + 1000000000000 WHERE size = $(size)" >/dev/null
rm -f pid; start_standby . || not_ok "the first one comes back and stands by"
check "it remembers" await_remembers .
sql "UPDATE valise.published SET time_ms = time_ms - 1000000000000 WHERE size = $(size)" >/dev/null
before=$(policy_of mofa)
mark_log .; kill -STOP "$(cat b/pid)"
check "it takes over from one that stalls" await . "event=start "
kill -CONT "$(cat b/pid)"
n=0; while kill -0 "$(cat b/pid)" 2>/dev/null && [ $((n += 1)) -lt 500 ]; do sleep 0.02; done
check "who was replaced ends, though nobody asks it" sh -c "[ $n -lt 500 ]"
check "by name" grep -q "event=fatal .*another process has taken over" b/log
wait "$(cat b/pid)" 2>/dev/null; rm -f b/pid
ask .
check "the policy in force is the record's" sh -c "[ '$(policy_of mofa)' = '$before' ]"
expect "the difference is told" 0 "not the policy in force" health .

# --- A mark that the database made. ---
start_standby b || not_ok "the other one stands by"; await_remembers b
stop_daemon b; sed -i '/^signers: /d' valised.yaml; restart_from=$(wc -c <log)
stop_daemon "$dir"; "$valised" --config valised.yaml </dev/null >>log 2>&1 & echo $! >pid; from=$restart_from
check "the writer waits" await . "result=away"
sql "INSERT INTO valise.remembered SELECT size, 7, root, decode(repeat('aa', 32), 'hex') FROM valise.head ON CONFLICT DO NOTHING" >/dev/null
n=0; while kill -0 "$(cat pid)" 2>/dev/null && [ $((n += 1)) -lt 500 ]; do sleep 0.02; done
check "it ends" sh -c "[ $n -lt 500 ]"; rm -f pid
check "by name" grep -q "no signer of this journal told" log
expect "the service is stopped" 1 "the service was stopped" a
expect "for the other one too" 1 "the service was stopped" b
sql "DELETE FROM valise.remembered WHERE member = 7" >/dev/null
check "resuming: the recipe" recipe database-resume a
start_standby b || not_ok "the stand-by starts"
start_daemon "$dir" || not_ok "the writer starts"
check "a deposit" deposit mofa eleven "the eleventh"
expect "the audit is clean" 0 "" at iom-geneva audit --full
sql "BEGIN; LOCK TABLE valise.chain; SELECT pg_sleep(120)" >/dev/null 2>&1 & hangs=$!
until [ "$(sql "SELECT count(*) FROM pg_locks WHERE relation = 'valise.chain'::regclass AND mode = 'AccessExclusiveLock' AND granted")" = 1 ]; do sleep 0.02; done
began=$(date +%s); stop_daemon b
check "a stand-by ends though the database hangs" sh -c "[ $(($(date +%s) - began)) -lt 30 ]"
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK TABLE%'" >/dev/null; wait $hangs
stop_daemon b; stop_daemon "$dir"
expect "fsck" 0 "nothing is wrong" a fsck
finish
