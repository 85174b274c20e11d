#!/bin/sh
# Deposit, sign, fetch and verify; conflicts, repetition, a cut in between.
. "$(dirname "$0")/lib.sh"
start
check "all offices enrol" enrol "$dir" $(persons | cut -d' ' -f1)
expect "an enrolled office does not enrol again" 5 "there already" \
	at mofa init enrolment.yaml --cert offices/mofa/cert.pem --key offices/mofa/key.pem
expect "a document is deposited" 0 "deposited agreement/one@1" deposit mofa one
expect "the same again is no new version" 0 "nothing has changed" deposit mofa one
expect "another office does not begin from what it has not seen" 5 "you have not seen" deposit iom-vientiane one "Article 2"
at iom-vientiane fetch agreement/one -o work/seen.asice >/dev/null
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
expect "nor is asked whether to" 3 "no full powers to sign agreement/one (.*full-powers" at mofa sign agreement/one
expect "nobody signs unasked" 2 "nobody is there to ask" at mofa-minister sign agreement/one
expect "the minister signs" 0 "signed in part" at mofa-minister sign agreement/one --yes
expect "and not twice" 5 "signed agreement/one@2 already" at mofa-minister sign agreement/one --yes
expect "the chief of mission signs: in force" 0 "in force" at iom-chief-of-mission sign agreement/one --yes
expect "only the newest version takes signatures" 5 "only the newest" at iom-chief-of-mission sign agreement/one@1 --yes
expect "everybody fetches it" 0 "VALID, in force" at iom-bangkok fetch agreement/one -o work/one.asice
expect "and verifies it offline" 0 "VALID, in force" at iom-bangkok verify work/one.asice
expect "an old version too" 0 "VALID, withdrawn" at iom-bangkok fetch agreement/one@1 -o work/old.asice
at mofa show agreement/one >/dev/null
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
printf 'z\n' >work/cut.txt
"$valise" --config offices/mofa/config.yaml push agreement/cut --text lo=work/lo.txt --text en=work/cut.txt --title "en=The cut" >work/cut 2>&1 & p=$!
until [ -n "$(ls offices/mofa/state/*/outbox 2>/dev/null)" ] || ! kill -0 $p 2>/dev/null; do sleep 0.02; [ "${n:=0}" -lt 100 ] || break; n=$((n + 1)); done
kill $p 2>/dev/null; wait $p 2>/dev/null
kill -CONT "$(cat pid)"
# Stopped before its checkpoint it made nothing yet; then the next push is all.
expect "what a cut left is sent first, and it is one version" 0 "agreement/cut@1" deposit mofa cut z
expect "and there is only one" 0 "agreement/cut   *1" at mofa list

# Several commands share one state folder: each has its own file in the outbox.
four() { at mofa push "agreement/$1" --text lo=work/lo.txt --text "en=work/$1.$2.txt" --title en=Four; }
for round in 1 2 3; do
	ps=
	for i in 1 2 3 4; do
		printf 'round %s, text %s\n' "$round" "$i" >"work/four$round.$i.txt"
		(got=0; four "four$round" "$i" >"work/four.$i" 2>&1 || got=$?; echo "$got" >"work/four.$i.exit") & ps="$ps $!"
	done
	for p in $ps; do wait "$p"; done
	bad=; good=0
	for i in 1 2 3 4; do
		got=$(cat "work/four.$i.exit"); v=$(sed -n 's/^deposited.*@\([0-9]*\),.*/\1/p' "work/four.$i")
		case $got in
		0) rm -rf work/four; good=$((good + 1))
			at mofa fetch "agreement/four$round@$v" --extract work/four >/dev/null 2>&1
			cmp -s work/four/texts/en/* "work/four$round.$i.txt" || bad="$bad $i:lost" ;;
		5) ;;
		*) bad="$bad $i:$got" ;;
		esac
	done
	[ -z "$bad" ] && [ $good -gt 0 ] && ok "four pushes at once: who ends with 0 is in the record ($good)" || { not_ok "four pushes at once:$bad"; cat work/four.? >&2; }
done
[ -z "$(ls offices/mofa/state/*/outbox)" ] && ok "and nothing stays in the outbox" || not_ok "and nothing stays in the outbox"
ps=; cp work/en.txt work/same.1.txt
for i in 1 2 3 4; do (got=0; four same 1 >"work/same.$i" 2>&1 || got=$?; echo "$got" >"work/same.$i.exit") & ps="$ps $!"; done
for p in $ps; do wait "$p"; done
cat work/same.?.exit | tr '\n' ' ' >work/exits
grep -q '^[05 ]*0[05 ]*$' work/exits && ok "and of one text: each is in the record, or told to look" || { not_ok "four of one text: $(cat work/exits)"; cat work/same.? >&2; }
head -c 150000 /dev/urandom | base64 >work/kept.1.txt; printf 'small\n' >work/kept.2.txt
line mofa cut=60000
expect "a line that breaks: what was made is kept" 6 "Not available" four kept 1
no_line mofa
kept=$(ls offices/mofa/state/*/outbox/agreement--kept@1-*.asice)
check "under a name of its own" test -s "$kept"
expect "what another command is sending is left to it" 0 "deposited agreement/kept@1" flock "$kept" sh -c "\"$valise\" --config offices/mofa/config.yaml push agreement/kept --text lo=work/lo.txt --text en=work/kept.2.txt --title en=Four"
grep -q "which an earlier run made" work/out && not_ok "and not sent" || ok "and not sent"
check "nor lost" test -s "$kept"
expect "once it is free it is sent, and answered" 0 "it was not taken: .* has a version 1 already" four kept 2
check "then it is gone" test ! -e "$kept"

stop_daemon "$dir"
expect "without a daemon: exit 6" 6 "Not available" at mofa list
expect "an outbox keeps nothing that was not made" 6 "Not available" deposit mofa later q
expect "verify needs no daemon" 0 "VALID" at iom-bangkok verify work/one.asice
cp work/one.asice work/bad.asice
spoil work/bad.asice 200
expect "a flipped byte: exit 1" 1 "INVALID" at iom-bangkok verify work/bad.asice
head -c 1000 work/one.asice >work/cut.asice
expect "a copy cut short" 1 "CONTAINER_MALFORMED" at iom-bangkok verify work/cut.asice
expect "no file at all" 4 "no such file" at iom-bangkok verify work/nothing.asice
expect "verify prints JSON and nothing else" 1 '^{"file":"work/bad.asice"' sh -c \
	"'$valise' --json verify --config offices/iom-bangkok/config.yaml work/bad.asice 2>/dev/null"
finish
