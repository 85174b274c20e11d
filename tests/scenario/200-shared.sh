#!/bin/sh
# What others handed in at the daemon that wrote is there at the one that takes
# over: the lines of witnesses, waybills of bags, and evidence of a fork.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/postgres.sh"
. "$top/tests/lib/standby.sh"
postgres_needed
witnessed() { curl_at "$1" "/v1/journal/checkpoint?at=witnessed"; }
# FROM TO: kill the one, and wait until the other writes
take_over() {
	mark_log "$2"; kill_daemon "$1"; rm -f "$1/pid"
	await "$2" "event=start " && ask "$2"
}

start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null || not_ok "enrolment"
mofa_key=$(at mofa witness init 2>/dev/null) geneva_key=$(at iom-geneva witness init 2>/dev/null)
printf 'witnesses: {mofa: "%s", iom-geneva: "%s"}\nquorum: 2\n' "$mofa_key" "$geneva_key" >>policies/offices.yaml
restart || not_ok "a policy with witnesses"
accept_policy $(persons | cut -d' ' -f1) >/dev/null
deposit mofa one >/dev/null || not_ok "a deposit"
at mofa witness >/dev/null || not_ok "a line from before"
cp offices/mofa/state/*/checkpoint work/checkpoint
stop_daemon "$dir"
prepare_standby b
expect "a stand-by joins" 0 "" b init --join data/signer/journal.key --seen work/checkpoint
certify_standby b
printf 'promote: auto\nsigners: 1\n' | tee -a valised.yaml >>b/valised.yaml

# --- Lines of witnesses: one is from before there was a table of them. ---
sql "DELETE FROM valise.exhibit" >/dev/null
start_daemon "$dir" || not_ok "the first one starts"
expect "what the data folder has goes into the database" 0 "1" sql "SELECT count(*) FROM valise.exhibit WHERE kind = 1"
start_standby b || not_ok "the second one stands by"
expect "one witness is not enough" 0 "no checkpoint has been cosigned by enough" witnessed .
expect "the second one signs what the first one signed" 0 "2 of 2 witnesses" at iom-geneva witness
witnessed . >work/first; check "then it is witnessed" grep -q "lao-iom/witness/iom-geneva" work/first

# --- Waybills: one bag comes from Vientiane, one goes to Bangkok. ---
at iom-vientiane pull work/vientiane >/dev/null
expect "Vientiane makes a version" 0 "kept it in the outbox" at iom-vientiane --local push health-protocol/tb --text en=work/en.txt --title en=TB
expect "which goes by bag" 0 "packed" at iom-vientiane --local bag pack -o work/in.bag --to mofa --outbox
mkdir work/in && unzip -q work/in.bag -d work/in/outer && openssl cms -decrypt -inform DER -in work/in/outer/bag.cms -content work/in/outer/bag.bin -binary \
	-recip offices/mofa/encrypt-cert.pem -inkey offices/mofa/encrypt-key.pem -out work/in/inner.zip && unzip -q work/in/inner.zip -d work/in
(cd work/in && zip -q -X -0 -D w.zip waybill.yaml waybill.p7s slips/*)
# DAEMON: hand its waybill in
hand_in() { curl_at "$1" /v1/bags --data-binary @work/in/w.zip -f -o /dev/null; }
waybill=$(sha256sum <work/in/waybill.yaml | cut -d' ' -f1)
check "MOFA hands in its waybill" hand_in .
check "twice" hand_in .
expect "it is kept once" 0 "1" sql "SELECT count(*) FROM valise.exhibit WHERE kind = 2"
expect "MOFA packs a bag to Bangkok" 0 "packed" at mofa bag pack -o work/out.bag --to iom-bangkok agreement/one

# --- The first one dies.  Somebody has put things into the table. ---
sql "INSERT INTO valise.exhibit SELECT kind, name, sha256(c), c FROM (SELECT kind, name, set_byte(bytes, 60, get_byte(bytes, 60) # 1) c FROM valise.exhibit WHERE kind = 1) e RETURNING sum" >work/wrong
sql "INSERT INTO valise.exhibit VALUES (2, '\\x$waybill', sha256('no'), 'no'), (3, sha256('no'), sha256('no'), 'no')" >/dev/null
# FILES…: a row with these as what came with the waybill
put_waybill() {
	(cd work/in && rm -f p.zip && zip -q -X -0 -D p.zip "$@")
	sql "INSERT INTO valise.exhibit SELECT 2, '\\x$waybill', sha256(z), z FROM decode('$(od -An -v -tx1 work/in/p.zip | tr -d ' \n')', 'hex') z RETURNING sum" >>work/wrong
}
put_waybill waybill.yaml waybill.p7s
cp work/in/waybill.p7s work/in/kept.p7s; spoil work/in/waybill.p7s 400; put_waybill waybill.yaml waybill.p7s slips/*; mv work/in/kept.p7s work/in/waybill.p7s
check "the second one takes over" take_over . b
witnessed b >work/second
check "and gives the same checkpoint, with the same lines" sh -c 'sort work/first >work/lines; sort work/second | cmp - work/lines'
check "what no witness signed it leaves out, and says so" grep -q "event=cosignature result=refused lines=[1-9]" b/log
expect "a copy is witnessed there" 0 "witnessed by *iom-geneva" at iom-bangkok fetch agreement/one -o work/one.asice --witnessed
expect "a witness goes on there" 0 "1 of 2" at mofa witness
check "and what is no waybill, lacks its slips, or is signed by nobody" grep -q "event=waybill result=refused num=3" b/log
file=$(ls work/in/deposits/*)
curl_at b "/v1/documents/health-protocol/tb/versions/1?bag=$waybill" -T "$file" >work/answer
expect "what its waybill lists is taken there, in its signer's name" 0 "vientiane@iom.example *deposit *health-protocol/tb@1" at iom-vientiane log --act deposit
expect "Bangkok opens its bag" 0 "VALID" at iom-bangkok bag open work/out.bag --into work/bangkok --ack work/out.ack
expect "which is acknowledged there" 0 "iom-bangkok acknowledges bag 1, which came whole" at mofa bag ack work/out.ack

# --- And back. ---
start_standby . || not_ok "the first one comes back"
check "it takes over" take_over b .
expect "what was signed meanwhile is here too" 0 "2 of 2 witnesses" at iom-geneva witness
stop_daemon "$dir"
"$valised" --config valised.yaml fsck >work/fsck
expect "fsck finds what no witness signed" 0 "table exhibit, size .*no witness" cat work/fsck
expect "…what is no waybill" 0 "EXHIBIT_WRONG, table exhibit, waybill $waybill" cat work/fsck
expect "…and what is no evidence" 0 "EXHIBIT_WRONG, table exhibit, evidence" cat work/fsck
conninfo=$(sed -n 's/^store: {postgresql: "\([^"]*\)".*/\1/p' valised.yaml)
expect "a copy leaves that out, and says so" 0 "[5-9] exhibits of the database are not good" "$valised" --config valised.yaml copy --from "postgresql:$conninfo" --to "files:$dir/work/good"
sql "DELETE FROM valise.exhibit WHERE bytes = 'no'" >/dev/null
while read -r sum; do sql "DELETE FROM valise.exhibit WHERE sum = '$sum'" >/dev/null; done <work/wrong
expect "and nothing else" 0 "nothing is wrong" "$valised" --config valised.yaml fsck

# --- Evidence: the record and both signers are put back to an older state. ---
keep_data older; cp -a b/data work/older-b
start_daemon "$dir" || not_ok "the first one starts"
start_standby b || not_ok "the second one stands by"
deposit mofa two "the second" >/dev/null; at mofa witness >/dev/null
stop_daemon b; stop_daemon "$dir"; keep_data newer; mv b/data work/newer-b
take_data older; cp -a work/older-b b/data
start_daemon "$dir" || not_ok "the older one starts"
start_standby b || not_ok "and the other one stands by"
mark_log b; expect "a witness shows what it signed" 1 "rolled back" at mofa witness
while kill -0 "$(cat pid)" 2>/dev/null; do wait "$(cat pid)" 2>/dev/null; sleep 0.02; done; rm -f pid
expect "which stops the one that writes" 0 "it was rolled back" tail -n 3 log
check "and keeps the other one from taking over" await b "event=standby reason=.*was shown a checkpoint"
expect "which says so in its health" 0 "was shown a checkpoint" health b
n=0; until health b | grep -q '"writer": *false' || [ $((n += 1)) -gt 1000 ]; do sleep 0.02; done
expect "and when it is asked to take over" 5 "was shown a checkpoint" b promote
expect "fsck tells it" 1 "FORK_SHOWN" b fsck
stop_daemon b; cp b/valised.yaml work/b.yaml; sed -i '/^promote: /d; /^signers: /d' b/valised.yaml
expect "nor does it begin to write" 1 "Nothing is signed until that is cleared up" b
check "it has the evidence itself" cmp data/journal/evidence b/data/journal/evidence
expect "the first one does not start" 1 "Nothing is signed until that is cleared up" "$valised" --config valised.yaml
# A copy has all of it, and a copy of that.
mkdir work/bare; cp -a data work/bare/data; rm -rf work/bare/data/journal/cosignatures work/bare/data/spool/bags work/bare/data/journal/evidence
sed 's|^data: .*|data: work/bare/data|' valised.yaml >bare.yaml
expect "into a folder" 0 "apart" "$valised" --config bare.yaml copy --from "postgresql:$conninfo" --to "files:$dir/work/apart"
check "the evidence" cmp data/journal/evidence work/apart/journal/evidence
check "the lines" sh -c 'sort data/journal/cosignatures >work/lines; sort work/apart/journal/cosignatures | cmp - work/lines'
check "the waybill" sh -c "cmp data/spool/bags/$waybill.zip work/apart/spool/bags/$waybill.zip"
cp data/signer/memory work/apart/signer/
mkdir work/to && line=$(cd work/to && make_tables)
to=$(echo "$line" | sed -n 's/^store: {postgresql: "\([^"]*\)".*/\1/p')
all() { (postgres_owner="host=$postgres user=postgres dbname=${1##*dbname=}"; postgres_sql "SELECT kind, name, sum FROM valise.exhibit ORDER BY 1, 2, 3"); }
expect "and into another database" 0 "all of it was compared" "$valised" --config bare.yaml copy --from "files:$dir/work/apart" --to "postgresql:$to"
all "$to" >work/there; all "$conninfo" >work/here
check "which has the same" cmp work/here work/there
# What a daemon could not tell while the database was away it tells later.
sql "DELETE FROM valise.exhibit WHERE kind = 3" >/dev/null
"$valised" --config valised.yaml >/dev/null 2>&1
expect "told again at a start" 0 "1" sql "SELECT count(*) FROM valise.exhibit WHERE kind = 3"

# --- The newer state comes back: then nothing is wrong. ---
sql "SELECT encode(bytes, 'hex') FROM valise.exhibit WHERE kind = 3" >work/evidence
take_data newer; rm -rf b/data; mv work/newer-b b/data; cp work/b.yaml b/valised.yaml
sql "INSERT INTO valise.exhibit SELECT 3, sha256(c), sha256(c), c FROM decode('$(cat work/evidence)', 'hex') c" >/dev/null
start_daemon "$dir" || not_ok "the first one starts"
start_standby b || not_ok "the second one stands by"
check "evidence of what the record has stops nobody" take_over . b
expect "the audit is clean" 0 "" at mofa audit --full
stop_daemon b
finish
