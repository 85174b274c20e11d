#!/bin/sh
# A new enrolment of the same journal: the daemon's new address and its server's
# new CA are taken once the daemon there has proved to go on with what was seen;
# never another journal, and never its key.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-bangkok iom-geneva >/dev/null || not_ok "enrolment"
deposit mofa one >/dev/null
cp enrolment.yaml work/first.yaml
bangkok=offices/iom-bangkok state=$(echo offices/iom-bangkok/state/*)
update() { at iom-bangkok init --update "$@"; }
kept() { md5sum $state/enrolment.yaml $bangkok/config.yaml; ls $state | grep -e '^keys$' -e '^server-ca' || :; }
# NAME EXIT PATTERN ARGUMENT…: and nothing is changed
refused() { called=$1 was=$(kept); shift; expect "$called" "$@"; check "$called: nothing is changed" test "$was" = "$(kept)"; }
enrolment() { "$valised" --config valised.yaml enrolment 2>/dev/null; }

enrolment >work/same.yaml
refused "nothing that differs" 0 "nothing differs" update work/same.yaml
refused "a file that is no enrolment" 8 "work/en.txt" update work/en.txt
expect "a first one is made without it" 2 "no such file; \"valise init ENROLMENT" "$valise" --config work/none.yaml init --update work/same.yaml

# --- Another journal. ---
mkdir other; cp -R certs offices crls other/; make_daemon "$dir/other"
"$valised" --config other/valised.yaml enrolment >work/other.yaml 2>/dev/null
refused "another journal" 1 "it is of another journal: its key is .*, and the one that this office knows is" update work/other.yaml --yes
sed "s|^journal: .*|$(grep '^journal: ' work/other.yaml)|" work/same.yaml >work/key.yaml
refused "another key for the same" 1 "it is of another journal" update work/key.yaml --yes
sed "s|^address: .*|$(grep '^address: ' work/other.yaml)|" work/same.yaml >work/liar.yaml
sed -i 's/^reserve.*//' other/valised.yaml; printf 'reserve: 1 MiB\n' >>other/valised.yaml; start_daemon "$dir/other"
got=0; was=$(kept); update work/liar.yaml --yes >work/said 2>&1 </dev/null || got=$?
check "this journal's key, at another's address" test $got != 0
check "says that nothing was changed" grep -q "nothing was changed" work/said
check "and changed nothing" test "$was" = "$(kept)"
stop_daemon "$dir/other"

# --- The daemon goes elsewhere: a new port, and a server's certificate of a CA's new key. ---
stop_daemon "$dir"; keep_data old; start_daemon "$dir"
deposit mofa two >/dev/null; at iom-bangkok list >/dev/null
stop_daemon "$dir"
old=$(cat port); new=$("$valised_port_helper")
"$top/certs/ca" new "$dir/certs/mofa2" "MOFA CA" "Ministry of Foreign Affairs" >/dev/null
cat certs/mofa2/ca.pem >>policies/cas/mofa.pem; cat certs/mofa2/crl.pem >crls/mofa2.pem
start_daemon "$dir"; at mofa list >/dev/null 2>&1; stop_daemon "$dir"
"$top/certs/ca" issue certs/mofa2 server data/server/server.csr IP:127.0.0.1 "" certs/server.pem >/dev/null
sed -i "s|127.0.0.1:$old|127.0.0.1:$new|g" valised.yaml; echo "$new" >port; echo "https://127.0.0.1:$new" >url
start_daemon "$dir"
enrolment >work/new.yaml
expect "at the old address nobody is" 6 "" at iom-bangkok list
refused "nobody to ask" 2 "nobody is there to ask: --yes says that the fingerprint was compared" update work/new.yaml
expect "what differs is shown" 2 "+ address      https://127.0.0.1:$new" update work/new.yaml
expect "with what it was" 2 "- address      https://127.0.0.1:$old" update work/new.yaml
expect "the new CA" 2 "+ certificate  CN=MOFA CA" update work/new.yaml
first=$(sha256sum <work/new.yaml | cut -c1-4)
expect "and the fingerprint" 2 "^fingerprint    $first" update work/new.yaml
if script -qec true /dev/null >/dev/null 2>&1; then
	was=$(kept); echo no | script -qec "'$valise' --config $bangkok/config.yaml init --update work/new.yaml" /dev/null >work/said 2>&1
	check "it asks" grep -q 'Is this the fingerprint that the depositary read to you by telephone? Type "yes"' work/said
	check "and no is no" grep -q "nothing was changed" work/said
	check "which changes nothing" test "$was" = "$(kept)"
else echo "  skipped: the question (script is not there)"; fi

# A daemon there that has less than was seen.
stop_daemon "$dir"; keep_data new; take_data old; start_daemon "$dir"
refused "a journal that is smaller than what was seen" 1 "rolled back\|smaller" update work/new.yaml --yes
stop_daemon "$dir"; take_data new; start_daemon "$dir"; rm -f $state/evidence*
keys=$(grep '^journal: ' $state/enrolment.yaml)
expect "the one that goes on is taken" 0 "is at https://127.0.0.1:$new now, and proved to go on" update work/new.yaml --yes
check "the enrolment is kept as it came" cmp work/new.yaml $state/enrolment.yaml
check "the journal's key is the same" test "$keys" = "$(grep '^journal: ' $state/enrolment.yaml)"
expect "the office goes on" 0 "agreement/two" at iom-bangkok list
expect "the policy waits for a yes as ever" 0 "not accepted" at iom-bangkok list
check "which it can be given" accept_policy iom-bangkok
expect "and it goes on" 0 "agreement/two" at iom-bangkok list
refused "again: nothing differs" 0 "nothing differs" update work/new.yaml
finish
