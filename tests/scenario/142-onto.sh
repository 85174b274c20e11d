#!/bin/sh
# A new version ends the signing of the one before it; if another party has
# signed that, the depositor must say so.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
# DOC@N STATUS: by the daemon
status() { expect "$1 is $2" 0 "version ${1##*@}, $2\$" at iom-geneva show "agreement/$1"; }
# OFFICE SLUG TEXT OPTION…: a version of it
push() {
	office=$1 slug=$2 text=$3; shift 3; printf '%s\n' "$text" >"work/$office-$slug.txt"
	at "$office" $flag push "agreement/$slug" --text lo=work/lo.txt --text "en=work/$office-$slug.txt" --title "en=The $slug" "$@"
}
flag=
sign() { at "$1" sign "agreement/$2" --yes; }

push mofa one first >/dev/null
sign mofa-minister one >/dev/null 2>&1
at iom-vientiane fetch agreement/one -o work/one.asice >/dev/null
expect "over the other party's signature: refused, by name" 5 "minister@mofa.example of mofa has signed agreement/one@1.*--onto 1" push iom-vientiane one over
expect "with a code" 5 '"SIGNED_BY_OTHERS"' at iom-vientiane --json push agreement/one --text lo=work/lo.txt --text en=work/iom-vientiane-one.txt --title "en=The one"
expect "another number is no consent" 5 "newest version of agreement/one is 1" push iom-vientiane one over --onto 2
expect "nor is none" 2 "takes the number" push iom-vientiane one over --onto x
status one@1 "signed in part"
expect "with --onto it is deposited, and that is told" 0 "ends the signing of agreement/one@1, which minister@mofa.example of mofa has" push iom-vientiane one over --onto 1
status one@1 withdrawn
expect "and by whom" 0 "withdrawn by *vientiane@iom.example of iom-vientiane" at mofa show agreement/one@1
expect "who signs it is told so" 5 "vientiane@iom.example of iom-vientiane withdrew agreement/one@1 by depositing version 2" sign iom-chief-of-mission one@1
sign iom-chief-of-mission one >/dev/null 2>&1
expect "one's own party's signature asks for nothing" 0 "deposited agreement/one@3" push iom-vientiane one again
sign mofa-minister one >/dev/null 2>&1; sign iom-chief-of-mission one >/dev/null 2>&1
expect "nor does a version in force" 0 "deposited agreement/one@4" push iom-vientiane one next
status one@3 "in force"

# The daemon asks, whatever the command knew when it made the deposit.
push mofa two first >/dev/null
at iom-vientiane pull work/copy >/dev/null 2>&1
flag=--local
expect "without a line, nobody has signed yet" 0 "kept it in the outbox" push iom-vientiane two over
flag=
mv offices/iom-vientiane/state/*/outbox/*.asice work/made.asice
sign mofa-minister two >/dev/null 2>&1
put() { curl_as iom-vientiane "/v1/documents/agreement/two/versions/2${1:-}" -X PUT --data-binary @work/made.asice -w '\n%{http_code}\n'; }
expect "a deposit made before the signature is refused after it" 0 "minister@mofa.example of mofa has signed" put
expect "as a conflict" 0 "^409$" put
expect "onto another version is no sense" 0 "^400$" put "?onto=2"
expect "nor onto a word" 0 "^400$" put "?onto=one"
status two@1 "signed in part"
expect "onto that one it is taken" 0 "^201$" put "?onto=1"
expect "and asked again it is there" 0 "^200$" put
status two@1 withdrawn

# One that was kept with --onto is sent so.
push mofa three first >/dev/null
sign mofa-minister three >/dev/null 2>&1
at iom-vientiane pull work/copy >/dev/null 2>&1
flag=--local
expect "the local copy has the signature: refused" 5 "minister@mofa.example of mofa has signed agreement/three@1" push iom-vientiane three over
expect "kept with --onto" 0 "kept it in the outbox" push iom-vientiane three over --onto 1
flag=
expect "goes with it, once there is a line" 0 "agreement/three@2 is deposited" push iom-vientiane three over --onto 1
status three@1 withdrawn

# By bag: its sender says so, and not who brings it.
push mofa six first >/dev/null; push mofa seven first >/dev/null
sign mofa-minister six >/dev/null 2>&1
at iom-vientiane pull work/copy >/dev/null 2>&1
pack() { at iom-vientiane --local bag pack -o "work/$1.bag" --to mofa --outbox >/dev/null; rm -f offices/iom-vientiane/state/*/outbox/*; }
flag=--local
push iom-vientiane six over --onto 1 >/dev/null 2>&1; pack six
push iom-vientiane seven over >/dev/null 2>&1; cp offices/iom-vientiane/state/*/outbox/*.asice work/seven.asice; pack seven
flag=
sign mofa-minister seven >/dev/null 2>&1
expect "a bag without --onto is refused" 5 "minister@mofa.example of mofa has signed agreement/seven@1" at mofa bag push work/seven.bag
waybill=$(at mofa --json log --act dispatch | grep -o '"digest":"[0-9a-f]*"' | tail -n 1 | cut -d'"' -f4)
expect "who brings it cannot say it" 0 "^400$" curl_as mofa "/v1/documents/agreement/seven/versions/2?bag=$waybill&onto=1" -X PUT --data-binary @work/seven.asice -w '\n%{http_code}\n'
status seven@1 "signed in part"
expect "one with it is taken" 0 "deposited agreement/six@2 for vientiane@iom.example" at mofa bag push work/six.bag
status six@1 withdrawn

# At once: whichever is first, the other is refused.
both=0 pushed=0
for n in 1 2 3 4 5 6; do
	push mofa "race-$n" first >/dev/null
	at iom-vientiane fetch "agreement/race-$n" -o work/race.asice >/dev/null
	sign mofa-minister "race-$n@1" >/dev/null 2>&1 & signing=$!
	push iom-vientiane "race-$n" over >/dev/null 2>&1 && p=1 || p=0
	wait $signing && s=1 || s=0
	both=$((both + s * p)) pushed=$((pushed + s + p))
done
[ $both = 0 ] && ok "a signature and a version at once: never both" || not_ok "a signature and a version at once: both, $both times"
[ $pushed = 6 ] && ok "and always one" || not_ok "and always one: $pushed of 6"

# What the office has never seen it may not want to replace.
push mofa four first >/dev/null
expect "a version onto one never seen: told, with who deposited it" 0 "agreement/four@1, which treaties@mofa.example of mofa deposited, was never seen here" push iom-vientiane four blind
at mofa fetch agreement/four -o work/four.asice >/dev/null
push mofa four seen >work/out 2>&1 && ! grep -q "never seen" work/out && ok "onto one that was fetched: not a word" || not_ok "onto one that was fetched: not a word"

# Who may deposit and not read learns no names.
push mofa five first >/dev/null
sign mofa-minister five >/dev/null 2>&1
sed -i 's/^deposit: .*/deposit: [mofa, iom-vientiane, iom-bangkok]/; s/^read: .*/read: [mofa, iom-vientiane, iom-geneva]/' policies/agreement.yaml
kill -HUP "$(cat pid)"; until grep -q event=reload log || ! kill -0 "$(cat pid)"; do sleep 0.05; done
curl_as iom-bangkok /v1/documents/agreement/five/versions/2 -X PUT --data-binary @work/made.asice >work/told
expect "who may not read it is told no name" 0 "another party has signed agreement/five@1" cat work/told
accept_policy iom-geneva >/dev/null

expect "the audit agrees" 0 "nothing is wrong" at iom-geneva audit --full
finish
