#!/bin/sh
# Deposit, sign, fetch and verify; conflicts, repetition, a cut in between.
. "$(dirname "$0")/lib.sh"
start
check "all offices enrol" enrol "$dir" $(persons | cut -d' ' -f1)
expect "an enrolled office does not enrol again" 5 "there already" \
	at mofa init enrolment.yaml --cert offices/mofa/cert.pem --key offices/mofa/key.pem
expect "a document is deposited" 0 "deposited agreement/one@1" deposit mofa one
expect "the same again is no new version" 0 "nothing has changed" deposit mofa one
expect "another office begins from it" 0 "deposited agreement/one@2" deposit iom-vientiane one "Article 2"
expect "an office without the right is refused by rule" 3 "policies/agreement.yaml:6: deposit" deposit iom-geneva one x
expect "a type that there is not is refused like one that is hidden" 3 "no such type" \
	at mofa push treaty/one --text en=work/en.txt --title en=x
expect "a missing language is refused" 3 "no authentic text in \"lo\"" \
	at mofa push agreement/two --text en=work/en.txt --title en=x
expect "a document's name is checked" 2 "does not name a document" at mofa show Agreement/x
expect "a document that is not there" 4 "there is no document" at mofa fetch agreement/none
expect "a version that is not there" 4 "has no version 7" at mofa fetch agreement/one@7
expect "who has no full powers cannot sign" 3 "full-powers" at mofa sign agreement/one --yes
expect "nobody signs unasked" 2 "nobody is there to ask" at mofa-minister sign agreement/one
expect "the minister signs" 0 "signed in part" at mofa-minister sign agreement/one --yes
expect "and not twice" 5 "signed agreement/one@2 already" at mofa-minister sign agreement/one --yes
expect "the chief of mission signs: in force" 0 "in force" at iom-chief-of-mission sign agreement/one --yes
expect "only the newest version takes signatures" 5 "only the newest" at iom-chief-of-mission sign agreement/one@1 --yes
expect "everybody fetches it" 0 "VALID, in force" at iom-bangkok fetch agreement/one -o work/one.asice
expect "and verifies it offline" 0 "VALID, in force" at iom-bangkok verify work/one.asice
expect "an old version too" 0 "VALID, draft" at iom-bangkok fetch agreement/one@1 -o work/old.asice
expect "a third version is a draft" 0 "@3" deposit mofa one "Article 3"
expect "the second stays in force" 0 "version 2, in force" at mofa show agreement/one
expect "the list tells the newest" 0 "agreement/one  3" at iom-geneva list agreement
expect "its JSON is a list by name" 0 '"documents":\[{"document":"agreement/one"' at iom-geneva --json list
expect "history has each act" 0 "force" at mofa history agreement/one
expect "an office without the right to audit sees its own deliveries only" 0 "^[0-9]* entr" \
	at iom-bangkok log --act deliver --office iom-geneva
grep -q '^0 entries' work/out && ok "none of Geneva's" || not_ok "none of Geneva's"
expect "an auditor sees all" 0 "bangkok@iom.example" at iom-geneva log --act deliver
expect "--extract writes the files" 0 VALID at mofa fetch agreement/one@2 --extract work/x
check "byte for byte" cmp work/x/texts/lo/lo.txt work/lo.txt
expect "and not over a folder that is there" 5 "there already" at mofa fetch agreement/one@2 --extract work/x

# Two pushes of the same version at the same moment: one wins.
deposit mofa race a >work/r1 2>&1 & a=$!
deposit iom-vientiane race b >work/r2 2>&1 & b=$!
wait $a; ra=$?; wait $b; rb=$?
case $ra$rb in
05 | 50) ok "one of two wins, the other learns so" ;;
00) grep -q '@2' work/r1 work/r2 && ok "one after the other" || not_ok "both won" ;;
*) not_ok "two at the same moment: $ra $rb"; cat work/r1 work/r2 >&2 ;;
esac

# The outbox: the daemon goes away before it can answer.
kill -STOP "$(cat pid)"
deposit mofa cut z >work/cut 2>&1 & p=$!
until [ -n "$(ls offices/mofa/state/*/outbox 2>/dev/null)" ] || ! kill -0 $p 2>/dev/null; do sleep 0.02; [ "${n:=0}" -lt 100 ] || break; n=$((n + 1)); done
kill $p 2>/dev/null; wait $p 2>/dev/null
kill -CONT "$(cat pid)"
# Stopped before its checkpoint it made nothing yet; then the next push is all.
expect "what a cut left is sent first, and it is one version" 0 "agreement/cut@1" deposit mofa cut z
expect "and there is only one" 0 "agreement/cut   *1" at mofa list

stop_daemon "$dir"
expect "without a daemon: exit 6" 6 "Not available" at mofa list
expect "an outbox keeps nothing that was not made" 6 "Not available" deposit mofa later q
expect "verify needs no daemon" 0 "VALID" at iom-bangkok verify work/one.asice
cp work/one.asice work/bad.asice
printf 'X' | dd of=work/bad.asice bs=1 seek=200 conv=notrunc 2>/dev/null
expect "a flipped byte: exit 1" 1 "INVALID" at iom-bangkok verify work/bad.asice
head -c 1000 work/one.asice >work/cut.asice
expect "a copy cut short" 1 "CONTAINER_MALFORMED" at iom-bangkok verify work/cut.asice
expect "no file at all" 4 "no such file" at iom-bangkok verify work/nothing.asice
expect "verify prints JSON and nothing else" 1 '^{"file":"work/bad.asice"' sh -c \
	"'$valise' --json verify --config offices/iom-bangkok/config.yaml work/bad.asice 2>/dev/null"
finish
