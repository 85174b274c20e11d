#!/bin/sh
# Which policy judges which act: at offices that saw each policy come, at one
# that enrols later, at one that was away, and with state of an older command.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva iom-bangkok >/dev/null
list_of() { at "$1" policy show | grep -A1 '^list of'; }
# WHO OPTIONS…: enrol as Geneva's new colleague
newcomer() {
	who=$1; shift
	rm -rf "offices/$who"; mkdir -p "offices/$who"
	"$valise" --config "offices/$who/config.yaml" init enrolment.yaml --cert offices/iom-geneva/cert.pem \
		--key offices/iom-geneva/key.pem --sign-cert offices/iom-geneva/sign-cert.pem \
		--sign-key offices/iom-geneva/sign-key.pem --state "offices/$who/state" "$@"
}

# --- One policy: nothing to ask, and all have the same list. ---
p0=$(policy_of mofa)
expect "the enrolment lists it" 0 "^  - \"0 $p0\"\|^  - \"[0-9]* $p0\"" cat enrolment.yaml
newcomer first >work/first 2>&1
check "a newcomer is asked nothing" sh -c '! grep -q "one after another\|not accepted" work/first'
grep -A1 '^list of' work/first >work/list; list_of mofa >work/list2
check "its list has the digest that another office shows" cmp work/list work/list2
check "which sha256sum finds too" sh -c '
	sed -n "s/^  - \"\([0-9]* [0-9a-f]*\)\"/\1/p" enrolment.yaml | sha256sum | cut -c1-4 | grep -q "^$(sed -n "s/^list of 1 policy  \(....\).*/\1/p" work/list)"'
deposit mofa under-p0 >/dev/null
at mofa-minister sign agreement/under-p0 --yes >/dev/null; at iom-chief-of-mission sign agreement/under-p0 --yes >/dev/null

# --- What is accepted is what was read. ---
echo '# harmless' >>policies/offices.yaml; reload
p1=$(policy_of iom-geneva)
accept_policy mofa >/dev/null; deposit mofa early-p1 >/dev/null
expect "the digest is shown" 0 "$p1" at iom-geneva policy show
for command in list "show agreement/under-p0" log "fetch agreement/under-p0 -o work/f.asice"; do
	# shellcheck disable=SC2086
	expect "who only reads is told of a new policy: $command" 0 "that you have not accepted is in force since entry" at iom-geneva $command
done
expect "who has accepted it is not" 0 "^agreement/under-p0" at mofa list
check "at all" sh -c '! grep -q "not accepted" work/out'
printf -- '  - {person: treaties@mofa.example, party: lao-pdr, types: [agreement], from: 2021-08-01, until: 2031-12-31}\n  - {person: vientiane@iom.example, party: iom, types: [agreement], from: 2021-08-01, until: 2031-12-31}\n' >>policies/offices.yaml; reload
rogue=$(policy_of mofa)
expect "accept without a digest, and nobody to ask: nothing is taken" 2 "say which.*$rogue" at iom-geneva policy accept
expect "it is still not accepted" 1 "you have not accepted" deposit iom-geneva nothing
liar iom-geneva ask none none
expect "what is shown under it is known by it" 0 "agreement/under-p0" at iom-geneva list --proved
check "for which it is asked for once" test "$(grep -c '^asked /v1/policy/' work/line)" = 1
no_line iom-geneva
expect "what was read is accepted" 0 "accepted: it counts for you, for entries [0-9]* to" at iom-geneva policy accept "$p1"
expect "which is not what is in force by now" 1 "you have not accepted" deposit iom-geneva nothing
expect "a digest that the journal does not have" 4 "no such policy entry" at iom-geneva policy accept "$(echo "$p1" | tr 0-9a-f 1-9a-f0)"
expect "half a digest is none" 4 "no such file" at iom-geneva policy accept "$(echo "$p1" | cut -c1-32)"
if script -qec true /dev/null >/dev/null 2>&1; then
expect "on a terminal it is shown, and asked" 2 "+   - {person: treaties.*" sh -c "printf 'no\n' | script -qec \"'$valise' --config offices/iom-geneva/config.yaml policy accept\" /dev/null"
else echo "  skipped: typing an answer (there is no pseudo-terminal)"; fi

# --- A policy that was slipped in for an hour, and two who followed it. ---
accept_policy mofa iom-vientiane >/dev/null
deposit mofa never-agreed >/dev/null
at mofa sign agreement/never-agreed --yes >/dev/null
expect "under it it is in force" 0 "in force" at iom-vientiane sign agreement/never-agreed --yes
sed -i '/^  - {person: treaties@mofa/d; /^  - {person: vientiane@iom/d' policies/offices.yaml; reload
check "the policy of before is back" test "$(policy_of iom-geneva)" = "$p1"
expect "at an office that never left it, it counts again" 0 "[0-9]*-  *$p1  accepted" at iom-geneva policy show
# Geneva may not deposit: but it is the daemon that says so, since both judge alike.
expect "and is followed" 3 "may not deposit" deposit iom-geneva anything
accept_policy mofa mofa-minister iom-vientiane iom-bangkok >/dev/null
deposit iom-vientiane under-p1 >/dev/null
expect "what was done meanwhile counts for nobody who did not follow" 1 "POLICY_UNKNOWN" at iom-geneva fetch agreement/never-agreed --force -o work/n.asice
expect "who had followed still sees it so" 0 "VALID" at iom-vientiane fetch agreement/never-agreed --force -o work/n.asice
expect "what came before counts" 0 "VALID" at iom-geneva fetch agreement/under-p0 -o work/0.asice
expect "and what came after" 0 "VALID" at iom-geneva fetch agreement/under-p1 -o work/1.asice
expect "show tells which judged what" 0 "[0-9]*-[0-9]*  *$rogue  not accepted" at iom-geneva policy show
expect "and what one of them allows, and changed" 0 "+   - {person: treaties@mofa" at iom-geneva policy show "$rogue"
at iom-geneva --json policy show "$rogue" >work/shown
check "in JSON it is JSON" python3 -c "
import json, sys
it = json.load(open('work/shown'))
assert it['digest'] == '$rogue', it
assert [p['types'] for p in it['full-powers'] if p['person'] == 'treaties@mofa.example'] == [['agreement']], it
assert [t['quorum'] for t in it['types'] if t['type'] == 'agreement'][0], it
one, = it['entries']
assert one['until'] > one['index'] and one['accepted'] is False and one['changed'] == ['policies/offices.yaml'], one"
liar iom-geneva ask none none
expect "what differs from what, with few questions" 0 "not accepted" at iom-geneva policy show "$rogue"
check "those that are kept are not asked for" test "$(grep -c '^asked /v1/policy/' work/line)" = 1
no_line iom-geneva
list_of iom-geneva >work/list; list_of iom-vientiane >work/list2
check "whoever accepted what: the list is the same" cmp work/list work/list2

# --- Newcomers: no more credulous than those who were there. ---
"$valised" --config valised.yaml enrolment >enrolment.yaml 2>/dev/null
expect "the enrolment lists all of them" 0 "$rogue" sed -n '/^policies:/,/^[a-z-]*:$/p' enrolment.yaml
newcomer careful >work/careful 2>&1
check "the files that differ are named" grep -q 'differs in policies/offices.yaml' work/careful
check "what was not agreed to is told" grep -q '2 of the policies are not accepted' work/careful
grep -A1 '^list of 4' work/careful >work/list2; list_of mofa >work/list
check "the list can be compared" cmp work/list work/list2
expect "where nobody agreed, the slipped-in policy judges nothing" 1 "POLICY_UNKNOWN" at careful fetch agreement/never-agreed --force -o work/n.asice
expect "nor does any other of before" 1 "POLICY_UNKNOWN" at careful fetch agreement/under-p0 --force -o work/n.asice
expect "the one in force does" 0 "VALID" at careful fetch agreement/under-p1 --force -o work/n.asice
expect "also where it was in force before" 0 "VALID" at careful fetch agreement/early-p1 --force -o work/n.asice
first=$(at careful --json policy show | tr -d ' \n' | grep -o "{\"index\":[0-9]*,\"digest\":\"$p0\"" | grep -o '[0-9]*' | head -n 1)
expect "one of before is accepted by its entry" 0 "accepted: it counts for you, for entries $first to" at careful policy accept "$p0" --at "$first"
expect "and judges from then on" 0 "VALID" at careful fetch agreement/under-p0 --force -o work/n.asice
expect "but no other's acts" 1 "POLICY_UNKNOWN" at careful fetch agreement/never-agreed --force -o work/n.asice
expect "what is in force is as it was" 3 "may not deposit" deposit careful anything
expect "an index that is not its entry" 4 "no such policy entry" at careful policy accept "$p0" --at $((first + 1))
expect "an index that is none" 2 "expected" at careful policy accept "$p0" --at x
newcomer agreed --yes >work/agreed 2>&1
check "--yes agrees to all" sh -c '! grep -q "not accepted" work/agreed'
expect "who agreed to all of them believes all of them" 0 "VALID" at agreed fetch agreement/never-agreed --force -o work/n.asice
if script -qec true /dev/null >/dev/null 2>&1; then
for answer in yes no; do
	printf '%s\n' $answer | script -qec "'$valise' --config work/asked-$answer.yaml init enrolment.yaml --cert offices/iom-geneva/cert.pem --key offices/iom-geneva/key.pem --state work/asked-$answer" /dev/null >work/asked 2>&1
	check "a person is asked once ($answer)" test "$(grep -c 'Did your office agree' work/asked)" = 1
done
expect "yes is all" 0 "VALID" "$valise" --config work/asked-yes.yaml fetch agreement/never-agreed --force -o work/n.asice
expect "no is the one in force" 1 "POLICY_UNKNOWN" "$valise" --config work/asked-no.yaml fetch agreement/never-agreed --force -o work/n.asice
fi
# An enrolment that tells another list than the journal has.
cp enrolment.yaml work/good.yaml
sed -i "/$rogue/d" enrolment.yaml
expect "an enrolment that leaves one out" 1 "other policies than the journal has" newcomer cheated
check "enrols nobody" test ! -e offices/cheated/config.yaml
cp work/good.yaml enrolment.yaml; sed -i "s/\"$first $p0\"/\"$first $rogue\"/" enrolment.yaml
expect "or has another one" 1 "other policies than the journal has" newcomer cheated
sed "/^policies:/,/^server-ca:/{/^  - .*$p1/d}" work/good.yaml >enrolment.yaml
expect "or ends with another than the one that it names" 8 "last of them is not" newcomer cheated
sed '/^policies:/,/^server-ca:/{/^policies:/d;/^  - /d}' work/good.yaml >enrolment.yaml
expect "one made before lists were in it still enrols" 0 "list of 4" newcomer older
expect "and is no more credulous" 1 "POLICY_UNKNOWN" at older fetch agreement/never-agreed --force -o work/n.asice
cp work/good.yaml enrolment.yaml
echo '# not reloaded' >>policies/offices.yaml
expect "an enrolment is of what is in force" 5 "reload the daemon first" "$valised" --config valised.yaml enrolment
sed -i '$d' policies/offices.yaml

# --- A depositary that lies about its policies (tests/lib/liar.c). ---
lie() { liar iom-bangkok "$@"; sed "s|^address: .*|address: https://127.0.0.1:$port|" work/good.yaml >enrolment.yaml; }
for n in 0 1 2; do
	lie lines act=policy drop=$n
	expect "policy entry $n is hidden from a newcomer" 1 "hides a policy" newcomer cheated
	check "by a lie" lied act=policy
done
lie lines act=policy drop=3
expect "so is the one in force" 1 "does not show policy entry" newcomer cheated
lie lines act=policy swap
expect "they come in another order" 1 "hides a policy" newcomer cheated
lie ask "v1/policy/$p1" "v1/policy/$rogue"
expect "its files are another's" 1 "other files than those that the digest names" newcomer cheated
check "which enrols nobody" test ! -e offices/cheated/config.yaml
lie ask "v1/policy/$rogue" "v1/policy/$p1"
expect "nor are they shown" 1 "other files than those that the digest names" at iom-bangkok policy show "$rogue"
rm -f offices/iom-bangkok/state/*/policies/"$rogue.zip"
slipped=$(at iom-geneva policy show | sed -n "s/^\([0-9]*\)-[0-9]*  *$rogue .*/\1/p")
expect "nor accepted" 1 "other files than those that the digest names" at iom-bangkok policy accept "$rogue" --at "$slipped"
lie say journal/checkpoint "Valise-Policy: $p1" "Valise-Policy: $rogue"
expect "it says that it judges by another than the newest" 1 "you have not accepted" deposit iom-bangkok nothing
check "by a lie too" lied journal/checkpoint
lie say journal/checkpoint "Valise-Policy-Entry: " "Valise-Policy-Entry: 9"
expect "it names an entry that is not there" 1 "does not show policy entry 9" at iom-bangkok list
no_line iom-bangkok
cp work/good.yaml enrolment.yaml

# --- By bag or mail, with no line. ---
sed -i 's/^# harmless/# next year/' policies/offices.yaml; reload
p3=$(policy_of mofa)
expect "a policy is saved for who has no line, and told" 0 "^policy $p3 is in work/p3.zip" at mofa policy save "$p3" work/p3.zip
expect "in JSON too" 0 "\"file\":\"work/p3.zip\",\"policy\":\"$p3\"" at mofa --json policy save "$p3" work/p3.zip --force
curl_as mofa "/v1/policy/$p3" -o work/p3-curl.zip
check "as the daemon gives it" cmp work/p3.zip work/p3-curl.zip
curl_as mofa "/v1/policy/$p3?as=json" >work/p3.json; at mofa --json policy show "$p3" >work/p3-shown.json
check "and what it says, as the command does" python3 -c 'import json
said, shown = json.load(open("work/p3.json")), json.load(open("work/p3-shown.json"))
assert said == {name: shown[name] for name in ("digest", "full-powers", "types")}, said'
expect "that in force" 0 "\"digest\":\"$p3\"" curl_as mofa "/v1/policy?as=json"
expect "in no other form" 0 '"status":400' curl_as mofa "/v1/policy?as=xml"
stop_daemon "$dir"
expect "it is accepted without a line" 0 "until its entry" at iom-bangkok policy accept work/p3.zip
expect "a file that is none" 8 "valise policy" at iom-bangkok policy accept enrolment.yaml
expect "a file that is not there" 4 "no such file" at iom-bangkok policy accept work/none.zip
start_daemon "$dir"
expect "its entry is seen at the next connection" 3 "may not deposit" deposit iom-bangkok anything
expect "and it counts from there" 0 "[0-9]*-  *$p3  accepted" at iom-bangkok policy show
# OFFICE: for each entry whether it was accepted, and on which day that is kept
accepted() { at "$1" --json policy show | python3 -c 'import json, sys
print(*(str(p["accepted"])[0] + (p["accepted-at"] or "-")[:10] for p in json.load(sys.stdin)["policies"]))'; }
today=$(date -u +%Y-%m-%d)
case $(accepted iom-bangkok) in "T$today "*"F- "*" T$today") ok "when each was accepted is kept" ;; *) not_ok "when each was accepted is kept: $(accepted iom-bangkok)" ;; esac
sed -i 's/ [^ ]*$/ 2026-01-03T00:00:00Z/' offices/iom-bangkok/state/*/accepted-at
expect "for a person too" 0 "^[0-9]*-  *$p3  accepted 2026-01-03T00:00:00Z" at iom-bangkok policy show
mv offices/iom-bangkok/state/*/accepted-at work/accepted-at
case $(accepted iom-bangkok) in *20*) not_ok "what is not kept is not told: $(accepted iom-bangkok)" ;; "T- "*) ok "what is not kept is not told" ;; esac
expect "accepted already" 0 "accepted already" at iom-bangkok policy accept "$p3"
at iom-geneva policy save "$p1" work/p1.zip
expect "one that was put aside meanwhile" 0 "another policy is in force" at iom-bangkok policy accept work/p1.zip
expect "may come, as far as is known without a line" 0 "^awaited $p1" sh -c 'cat offices/iom-bangkok/state/*/policy-entries'
at iom-bangkok list >/dev/null
check "with a line it is known that it does not" sh -c '! grep -q awaited offices/iom-bangkok/state/*/policy-entries'
accept_policy mofa iom-vientiane iom-geneva >/dev/null

# --- What an older command kept: "SIZE DIGEST" lines. ---
state=$(echo offices/iom-vientiane/state/*/)
size=$(sed -n 2p "$state/checkpoint")
cp -R offices/iom-vientiane work/vientiane
printf '0 %s\n1 %s\n%s %s\n' "$p0" "$p0" "$size" "$p3" >"$state/pins"; rm "$state/policy-entries"
expect "it is taken over" 0 "VALID" at iom-vientiane fetch agreement/under-p0 --force -o work/o.asice
check "once" test ! -e "$state/pins" -a -s "$state/policy-entries"
expect "with what was accepted" 0 "[0-9]*-  *$p3  accepted" at iom-vientiane policy show
expect "and no more" 1 "POLICY_UNKNOWN" at iom-vientiane fetch agreement/never-agreed --force -o work/o.asice
echo 'x' >"$state/policy-entries"
expect "damage is told" 7 "policy-entries: it is damaged" at iom-vientiane list
rm -rf offices/iom-vientiane; mv work/vientiane offices/iom-vientiane

# --- Several commands at once; and a state that cannot be written. ---
sed -i 's/^# next year/# in two years/' policies/offices.yaml; reload
p4=$(policy_of mofa)
lists=
for i in 1 2 3 4 5 6; do at iom-geneva list >"work/at-once-$i" 2>&1 & lists="$lists $!"; done
# shellcheck disable=SC2086
wait $lists
check "six commands at once all list" test "$(cat work/at-once-* | grep -c '^agreement/under-p0')" = 6
check "six commands that learn it at once keep it once" test "$(grep -c "$p4" offices/iom-geneva/state/*/policy-entries)" = 1
lock=$(echo offices/iom-bangkok/state/*/policy-entries.lock); rm -f "$lock"; mkdir "$lock"
expect "where it cannot be kept, who reads goes on and is told" 0 "policies could not be kept" at iom-bangkok list
expect "and who would send is stopped by what is in force" 1 "you have not accepted" deposit iom-bangkok nothing
expect "nothing is accepted either" 7 "policy-entries.lock" at iom-bangkok policy accept "$p4"
rmdir "$lock"
expect "until it can be" 0 "accepted: it counts" at iom-bangkok policy accept "$p4"

finish
