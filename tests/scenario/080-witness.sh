#!/bin/sh
# Witnesses: offices that check that the journal only ever grew, and find out
# a daemon that keeps two histories, or goes back.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-geneva iom-bangkok iom-vientiane >/dev/null
deposit mofa one >/dev/null
go_run() { env GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOCACHE="$dir/go" go run "$@"; }
hup() { kill -HUP "$(cat pid)"; until tail -n 3 log | grep -q "event=reload"; do sleep 0.02; done; }

expect "a witness needs a key first" 4 "witness init" at mofa witness
expect "a policy without witnesses insists in vain" 1 "NOT_WITNESSED.*names no witnesses" at mofa fetch agreement/one -o work/no.asice --witnessed
check "nothing is written then" test ! -e work/no.asice
mofa_key=$(at mofa witness init 2>/dev/null) geneva_key=$(at iom-geneva witness init 2>/dev/null)
expect "a witness's key is of C2SP's type 4, and says whose" 0 "lao-iom/witness/mofa+[0-9a-f]*+B" echo "$mofa_key"
expect "a second init changes nothing" 5 "there already" at mofa witness init
check "the key is the office's alone" test "$(stat -c %a offices/mofa/state/*/witness.key)" = 600
bangkok_key=$(at iom-bangkok witness init 2>/dev/null)
expect "who is no witness by the policy is refused" 3 "no cosignature of a witness" at iom-bangkok witness
printf 'witnesses: {mofa: "%s", iom-geneva: "%s"}\nquorum: 2\n' "$mofa_key" "$geneva_key" >>policies/offices.yaml
cp -R policies work/bad && sed -i 's/quorum: 2/quorum: 3/' work/bad/offices.yaml
expect "a quorum that cannot be reached is a mistake" 8 "1 to 2, the number of witnesses" at mofa policy check work/bad
sed -i "s|quorum: 3|quorum: 2|; s|iom-geneva: \"[^\"]*\"}|iom-geneva: \"$mofa_key\"}|" work/bad/offices.yaml
expect "one key twice is a mistake" 8 "have one key" at mofa policy check work/bad
hup
accept_policy mofa iom-geneva iom-bangkok iom-vientiane >/dev/null
expect "one of two witnesses is not enough" 0 "cosigned the journal of size [0-9]* (1 of 2" at mofa witness
expect "and the copy says so" 1 "NOT_WITNESSED.*0 of 2" at iom-bangkok fetch agreement/one -o work/one.asice --witnessed
# Deliveries have grown the journal since: the second signs the first's size.
expect "the second signs what the first signed" 0 "(2 of 2 witnesses)" at iom-geneva witness
expect "a copy is now witnessed" 0 "witnessed by *iom-geneva" at iom-bangkok fetch agreement/one -o work/one.asice --witnessed
expect "and verifies as such with no network" 0 "VALID" at iom-bangkok verify --witnessed work/one.asice
expect "its status is as of an act that a witness saw" 0 "entry [0-9]* of .*; a witness saw it by $(date -u +%Y-)" at iom-bangkok verify work/one.asice
expect "JSON names the witnesses" 0 '"witnesses": *\[{"witness": *"' at iom-bangkok --json verify work/one.asice
expect "a copy from before is valid, but not witnessed" 0 "VALID" at iom-bangkok verify work/one.asice
unzip -p work/one.asice 'META-INF/receipt-*.tlog-proof' | sed -n '/^$/,$p' | sed 1d >work/note
expect "Go's Ed25519 verifies both cosignatures" 0 "2 good cosignatures" go_run "$top/tests/interop/check_cosignature.go" work/note "$mofa_key" "$geneva_key"
expect "the newest witnessed checkpoint can be asked for" 0 "witness/mofa" curl_as iom-bangkok "/v1/journal/checkpoint?at=witnessed"
expect "in JSON it says how far it is" 0 '^{"size":[0-9]*,"root":' at iom-geneva --json witness
expect "and when nothing is new" 0 '^{"size":[0-9]*,"root":' at iom-geneva --json witness
expect "nothing is new a second time" 0 "nothing new\|cosigned" at iom-geneva witness
expect "an interval is checked" 2 "is not a time" at mofa witness --every 10x
# --every goes on over a cut line, and ends on SIGTERM.
"$valise" --config offices/mofa/config.yaml witness --every 1s >work/every 2>&1 & every=$!
until grep -q cosigned work/every; do sleep 0.05; done
stop_daemon "$dir"
until grep -q "trying again" work/every; do sleep 0.05; done
start_daemon "$dir"
at iom-bangkok fetch agreement/one -o work/again.asice >/dev/null
until [ "$(grep -c cosigned work/every)" -ge 2 ]; do sleep 0.05; done
kill $every; wait $every 2>/dev/null
ok "it goes on after the daemon was away"
expect "cosignatures survive a restart" 0 "witnessed by" at iom-bangkok fetch agreement/one -o work/kept.asice --witnessed
# A forged line under our own note, and one of tomorrow; the note is newer.
at iom-geneva fetch agreement/one -o work/newer.asice >/dev/null
curl_as mofa /v1/journal/checkpoint >work/note
sed -n '$p' offices/mofa/state/*/witness >work/line
{ sed -n '1,5p' work/note; cat work/line; } >work/forged
expect "a line that was made for another checkpoint is refused" 0 '"exit":1' curl_as mofa /v1/journal/add-cosignature --data-binary @work/forged
expect "what is no note is malformed" 0 '"exit":8' curl_as mofa /v1/journal/add-cosignature --data-binary "nonsense"
printf 'torn' >>data/journal/cosignatures
restart
expect "a torn last cosignature is cut" 0 "witnessed by" at iom-bangkok fetch agreement/one -o work/kept2.asice --witnessed

# --- The administrator restores an old disk image. ---
stop_daemon "$dir"; keep_data image; start_daemon "$dir"
deposit mofa two >/dev/null
at mofa witness >/dev/null
stop_daemon "$dir"; mv data work/newer; take_data image; start_daemon "$dir"
expect "an office that saw more finds a rollback" 1 "rolled back" at mofa list
expect "and says whom to call" 1 "Call the depositary (depositary@mofa.example)" at mofa list
evidence=$(ls offices/mofa/state/*/evidence-*.txt)
expect "it keeps both checkpoints" 0 "^shown [0-9]" cat "$evidence"
expect "of two sizes they prove nothing to others, and it says so" 1 "only who saw it knows the order" at iom-vientiane verify --evidence "$evidence"
expect "the daemon itself goes on for who saw less" 0 "agreement/one" at iom-vientiane list
expect "the witness shows the daemon its own signature" 1 "rolled back" at mofa witness
while kill -0 "$(cat pid)" 2>/dev/null; do wait "$(cat pid)" 2>/dev/null; sleep 0.02; done
expect "which stops it, with the reason" 0 "does not have: it was rolled back" tail -n 3 log
expect "and it does not start again" 1 "Nothing is signed until that is cleared up" "$valised" --config valised.yaml
expect "its own evidence verifies too" 1 "no proof" at iom-vientiane verify --evidence data/journal/evidence

# --- The administrator keeps two histories: one for Bangkok. ---
take_data image; start_daemon "$dir"
at iom-bangkok list >/dev/null
rm -f offices/iom-vientiane/state/*/checkpoint
deposit iom-vientiane for-bangkok >/dev/null
expect "Bangkok sees one history" 0 "agreement/for-bangkok" at iom-bangkok list
stop_daemon "$dir"; take_data image; start_daemon "$dir"
rm -f offices/iom-vientiane/state/*/checkpoint
deposit iom-vientiane for-others >/dev/null; deposit iom-vientiane and-more >/dev/null
at iom-vientiane fetch agreement/and-more -o work/more.asice >/dev/null
expect "the other is found out once it is longer" 1 "no extension of the one you have seen" at iom-bangkok list
evidence=$(ls offices/iom-bangkok/state/*/evidence-*.txt)
expect "the evidence proves the fork to a third party, offline" 0 "PROVES A FORK.*different histories" at iom-geneva verify --evidence "$evidence"
expect "as JSON" 0 '"proves": *true' at iom-geneva --json verify --evidence "$evidence"
sed 's/^root ./root A/; s/^hash ./hash A/' "$evidence" >work/spoiled.txt
expect "with a changed proof it proves nothing" 1 "does not lead\|no proof" at iom-geneva verify --evidence work/spoiled.txt
expect "evidence that is cut is refused" 8 "evidence:" sh -c 'head -c 100 "$1" >work/cut.txt; shift; exec "$@"' - "$evidence" "$valise" --config offices/iom-geneva/config.yaml verify --evidence work/cut.txt
finish
