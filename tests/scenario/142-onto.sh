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
	at iom-vientiane fetch "agreement/race-$n" --force -o work/race.asice >/dev/null
	sign mofa-minister "race-$n@1" >/dev/null 2>&1 & signing=$!
	push iom-vientiane "race-$n" over >/dev/null 2>&1 && p=1 || p=0
	wait $signing && s=1 || s=0
	both=$((both + s * p)) pushed=$((pushed + s + p))
done
[ $both = 0 ] && ok "a signature and a version at once: never both" || not_ok "a signature and a version at once: both, $both times"
[ $pushed = 6 ] && ok "and always one" || not_ok "and always one: $pushed of 6"

# What the office has not seen it does not replace.
push mofa four first >/dev/null
blind() { push iom-vientiane four blind "$@"; }
kept() { ls offices/iom-vientiane/state/*/outbox/*.asice 2>/dev/null; }
none() { at mofa show agreement/four | grep -q '^version 2' || [ -n "$(kept)" ] && not_ok "$1" || ok "$1"; }
expect "a version onto one not seen: refused, with who deposited it and when" 5 "version 1 by treaties@mofa.example of mofa of 20.*T.*Z is one you have not seen" blind
expect "with a code" 5 '"VERSION_NOT_SEEN"' at iom-vientiane --json push agreement/four --text lo=work/lo.txt --text en=work/iom-vientiane-four.txt --title "en=The four"
expect "a dry run says it too" 5 "you have not seen" blind --dry-run
none "nothing was made"
expect "another number is no look" 5 "" blind --onto 2
# What is made and signed is remembered, whatever comes of it.
made=$(ls offices/iom-vientiane/state/*/versions/*.yaml | wc -l)
blind >/dev/null 2>&1
[ "$(ls offices/iom-vientiane/state/*/versions/*.yaml | wc -l)" = "$made" ] && ok "before anything is signed" || not_ok "before anything is signed"
cat >work/list.yaml <<-END
	- document: agreement/four
	  title: { en: The four }
	  texts: { lo: lo.txt, en: iom-vientiane-four.txt }
	- document: agreement/four-b
	  title: { en: Another }
	  texts: { lo: lo.txt, en: iom-vientiane-four.txt }
END
expect "in a list it is refused alone" 5 "1 of 2 were not deposited" at iom-vientiane push --batch work/list.yaml
at iom-vientiane list >/dev/null
expect "a list of documents is no look" 5 "you have not seen" blind
expect "nor is its log" 5 "you have not seen" sh -c "'$valise' --config offices/iom-vientiane/config.yaml log --document agreement/four >/dev/null; '$valise' --config offices/iom-vientiane/config.yaml push agreement/four --text lo=work/lo.txt --text en=work/iom-vientiane-four.txt --title en=4"
expect "--onto after a look elsewhere" 0 "deposited agreement/four@2" blind --onto 1
expect "one's own is seen" 0 "deposited agreement/four@3" push iom-vientiane four more

# Each way of seeing it, and nothing else of that document before.
look() {
	slug=$1 how=$2; shift 2
	push mofa "$slug" first >/dev/null
	push iom-vientiane "$slug" next >work/out 2>&1 && not_ok "$how: it is not seen before"
	"$@" >/dev/null 2>&1
	expect "$how is a look" 0 "deposited agreement/$slug@2" push iom-vientiane "$slug" next
}
look look-show "show" at iom-vientiane show agreement/look-show
look look-json "show --json" at iom-vientiane --json show agreement/look-json
look look-fetch "fetch" at iom-vientiane fetch agreement/look-fetch --force -o work/look.asice
look look-pull "pull" at iom-vientiane pull work/copy
look look-sign "sign, which shows it" sh -c "echo no | '$valise' --config offices/iom-chief-of-mission/config.yaml sign agreement/look-sign; '$valise' --config offices/iom-vientiane/config.yaml sign agreement/look-sign --yes"
by_bag() {
	at mofa bag pack agreement/look-bag -o work/look.bag --to iom-vientiane
	at iom-vientiane --local bag open work/look.bag --into work/copy
}
look look-bag "a bag" by_bag
# What somebody else saw is not what I saw; another person's state is another folder.
push mofa look-other first >/dev/null
at iom-geneva fetch agreement/look-other --force -o work/look.asice >/dev/null
expect "another office's look is none" 5 "you have not seen" push iom-vientiane look-other next
# A newer one than the one that was seen.
at iom-vientiane fetch agreement/look-other --force -o work/look.asice >/dev/null
push mofa look-other second >/dev/null
expect "nor is a look at the version before" 5 "version 2 by treaties@mofa.example.*you have not seen" push iom-vientiane look-other next
at iom-vientiane show agreement/look-other@1 >/dev/null
expect "show of the version before shows no other" 5 "you have not seen" push iom-vientiane look-other next
# One question, two reasons.
sign mofa-minister look-other >/dev/null 2>&1
expect "that it is signed is told at once" 5 "you have not seen. It is signed by minister@mofa.example of mofa" push iom-vientiane look-other next
# Two who make the first version of a document at once: the daemon takes one.
both=0
for n in 1 2 3 4; do
	push mofa "first-$n" mine >/dev/null 2>&1 & pushing=$!
	push iom-vientiane "first-$n" ours >/dev/null 2>&1; p=$?
	wait $pushing; q=$?
	case "$p $q" in "0 5"|"5 0") ;; *) both=$((both + 1)); echo "$p $q" ;; esac
done
[ $both = 0 ] && ok "two first versions at once: one, and the other is exit 5" || not_ok "two first versions at once: one, and the other is exit 5"
# The daemon has the last word, whatever the state says.
at iom-vientiane pull work/copy >/dev/null 2>&1
push mofa last-word first >/dev/null; at iom-vientiane pull work/copy >/dev/null 2>&1
flag=--local; push iom-vientiane last-word mine >/dev/null 2>&1; flag=
mv offices/iom-vientiane/state/*/outbox/*.asice work/mine.asice
push mofa last-word second >/dev/null
expect "one onto a version that is not the newest: 409" 0 '^409$' curl_as iom-vientiane /v1/documents/agreement/last-word/versions/2 -X PUT --data-binary @work/mine.asice -w '\n%{http_code}\n'

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
