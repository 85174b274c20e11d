#!/bin/sh
# The audit: it forgets no finding, and it misses no entry.
. "$(dirname "$0")/lib.sh"
tamper=$VALISE_BUILD/tamper
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
deposit mofa one >/dev/null
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
at iom-chief-of-mission sign agreement/one --yes >/dev/null 2>&1
deposit iom-vientiane two "the second" >/dev/null
at iom-vientiane push health-protocol/tb --text en=work/en.txt --title en=TB >/dev/null
at iom-bangkok fetch health-protocol/tb -o work/tb.asice >/dev/null
at iom-bangkok fetch agreement/two -o work/two.asice >/dev/null
state() { echo offices/"$1"/state/*/audit; }
# OFFICE [PATTERN]: what the first finding (with PATTERN) is called
finding() { at "$1" audit 2>/dev/null | sed -n "/${2:-}/s/^  \([0-9a-f]\{8\}\)  .*/\1/p" | head -n 1; }
entry() { "$valise" --config offices/mofa/config.yaml --json log "$@" 2>/dev/null | sed 's/.*"index": *\([0-9]*\).*/\1/'; }

expect "an office that audits every type is shown every entry" 0 "every entry was shown to this office" at mofa audit
expect "and nothing is wrong" 0 "nothing is wrong" at mofa audit
expect "of another the report says which it was not shown" 0 "^  3 entries were not shown to this office: 10-11, 15$" at iom-geneva audit
expect "as JSON too" 0 '"hidden": *\[\[10,11\],\[15,15\]\]' at iom-geneva --json audit
expect "one audit at a time" 5 "somebody else is at work" flock "$(state mofa)/lock" "$valise" --config offices/mofa/config.yaml audit

# --- What was found is told until it is resolved, whatever is cut. ---
deliver=$(entry --act deliver --person bangkok@iom.example --document agreement/two)
cp data/journal/entries work/entries
"$tamper" flip data "$deliver"
# The byte, as it was, into the file that the daemon has open. Where the copy has
# zeros, the file had only room, into which entries may have come since.
flip_back() {
	cmp -l work/entries data/journal/entries 2>/dev/null | while read -r at was now; do
		[ "$was" = 0 ] && continue
		printf "\\$was" | dd of=data/journal/entries bs=1 seek=$((at - 1)) conv=notrunc 2>/dev/null
	done
}
# The line goes down where the audit has seen the entries, at each byte of some.
at iom-geneva audit --full >/dev/null 2>&1
line iom-geneva
at iom-geneva audit --full >/dev/null 2>&1; until [ -s work/count ]; do sleep 0.02; done; whole=$(cat work/count)
green=0 told=0 cut=0 seen_early=0
for part in 1 2 3 4 5 6 7 8 9; do
	line iom-geneva gone=$((whole * part / 10)) 2>/dev/null
	rm -rf work/geneva; cp -R offices/iom-geneva work/geneva
	got=0; at iom-geneva audit --full >work/out 2>&1 || got=$?
	[ $got = 6 ] && grep -q "ENTRY_DIFFERS" work/out && seen_early=$((seen_early + 1))
	[ $got != 6 ] || cut=$((cut + 1))
	no_line iom-geneva 2>/dev/null
	at iom-geneva audit >work/out 2>&1 && green=$((green + 1))
	grep -q "ENTRY_DIFFERS, entry $deliver" work/out && told=$((told + 1))
	rm -rf offices/iom-geneva; cp -R work/geneva offices/iom-geneva; no_line iom-geneva 2>/dev/null
done
[ $green = 0 ] && [ $told = 9 ] && [ $cut -gt 3 ] && ok "a cut loses no finding ($cut of 9 ended early)" || not_ok "a cut loses a finding: $green green, $told told, $cut ended early"
[ $seen_early -gt 0 ] && ok "an audit that ends early tells what it found so far" || not_ok "an audit that ends early tells what it found so far"
expect "--full tells it" 1 "ENTRY_DIFFERS, entry $deliver" at iom-geneva audit --full
expect "and so does the next audit" 1 "ENTRY_DIFFERS, entry $deliver" at iom-geneva audit
expect "with the day when it was found first" 1 "(since 20[0-9-]*T[0-9:]*Z)" at iom-geneva audit
expect "an office that may audit every type, too" 1 "ENTRY_DIFFERS, entry $deliver" at mofa audit --full

# --- A note. ---
id=$(finding iom-geneva ENTRY_DIFFERS)
expect "a finding that is not there has no note" 4 "no finding" at iom-geneva audit --note 00000000 "nothing"
expect "a note is a line" 2 "one line" at iom-geneva audit --note "$id" ""
expect "a finding is noted" 0 "noted by geneva@iom.example" at iom-geneva audit --note "$id" "MOFA restores its disk"
expect "it stays in the report, with name, date and words" 0 "noted by geneva@iom.example, 20[0-9-]*T[0-9:]*Z: MOFA restores its disk" at iom-geneva audit
expect "which no longer says that all is well" 0 "nothing is wrong beside what was noted (1)" at iom-geneva audit
expect "as JSON too" 0 '"good": *true.*"note": *{"text": *"MOFA' at iom-geneva --json audit
expect "--full keeps it" 0 "MOFA restores its disk" at iom-geneva audit --full
# --- The same check passes. ---
flip_back
expect "a finding goes when the same check passes" 0 "is no longer so" at iom-geneva audit
expect "and then nothing is wrong" 0 "^nothing is wrong$" at iom-geneva audit
expect "without --full too" 0 "^nothing is wrong$" at mofa audit

# --- What is withheld: the daemon follows a policy that this office has not accepted. ---
cp -R policies work/policies.before
sed -i 's/^audit: .*/audit: [iom-bangkok]/; s/^quorum: .*/quorum: {iom: 1}/; s/^terminate: .*/terminate: {iom: 1}/' policies/health-protocol.yaml
# By what the daemon judges now; HUP, until that is another.
judges_by() { curl_as mofa /v1/journal/checkpoint -D - -o /dev/null | grep -i '^valise-'; }
reload() { before=$(judges_by); kill -HUP "$(cat pid)"; until [ "$(judges_by)" != "$before" ]; do sleep 0.02; done; }
reload
hidden=$(entry --act deliver --person bangkok@iom.example)
expect "what an auditor of every type is not shown is withheld" 1 "ENTRY_WITHHELD, entry" at mofa audit --full
expect "the next audit says so, and asks again" 1 "ENTRY_WITHHELD, entry" at mofa audit
cp work/policies.before/*.yaml policies/; reload
for office in $(persons | cut -d" " -f1); do accept_policy $office >/dev/null 2>&1; done
expect "when it is shown all is checked anew" 1 "ENTRY_WITHHELD is no longer so" at mofa audit
expect "what it was judged by stays unknown" 1 "1 finding" at mofa audit
for office in mofa iom-geneva; do at $office audit --note "$(finding $office POLICY_UNKNOWN)" "in force for a minute, taken back" >/dev/null || not_ok "a note"; done
expect "and is noted" 0 "beside what was noted (1)" at mofa audit

# --- A newer list, compared with what was judged. ---
for office in mofa iom-geneva; do at $office audit >/dev/null; done
expect "nothing is judged twice" 0 "; 0 copies judged now" at iom-geneva audit
revoke() { # CA CERTIFICATE [DATE]: and the daemon has the list
	"$top/certs/ca" revoke "certs/$1" "$2" >/dev/null
	if [ $# = 3 ]; then
		serial=$(openssl x509 -in "$2" -noout -serial | sed 's/.*=//')
		awk -F '\t' -v OFS='\t' -v s="$serial" -v d="$3" '$4 == s { $3 = d } { print }' "certs/$1/index.txt" >work/index && cp work/index "certs/$1/index.txt"
		"$top/certs/ca" crl "certs/$1" >/dev/null
	fi
	publish_crls "$dir"; reload
}
revoke iom offices/iom-chief-of-mission/sign-cert.pem
expect "a list that revokes from now on touches nothing" 0 "; 0 copies judged now" at iom-geneva audit
revoke mofa offices/mofa-minister/sign-cert.pem 200101000000Z
expect "one that revokes from before a signature touches that version alone" 1 "; 1 copies judged now, 1 of them again" at iom-geneva audit
expect "which is bad now" 1 "SIGNER_REVOKED, agreement/one@1" at iom-geneva audit
expect "for every auditor" 1 "SIGNER_REVOKED, agreement/one@1" at mofa audit
expect "the depositary is not accused of what its CA said later" 4 "no finding" at mofa audit --note "$(finding mofa QUORUM_MISSING)" "late"
for code in SIGNER_REVOKED; do
	expect "it is noted: $code" 0 "noted" at mofa audit --note "$(finding mofa $code)" "the minister's key was lost in 2020"
done
expect "and judged each time, without an alarm" 0 "; 1 copies judged now" at mofa audit

# --- What a program of before kept. ---
mkdir -p "$(echo offices/iom-bangkok/state/*)/audit"
printf 'valise audit 1\nsize 3\nentries 0\n%s\n%s\n' AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= >"$(state iom-bangkok)/state"
sha256sum work/en.txt | cut -c1-64 >"$(state iom-bangkok)/judged"
expect "an audit of before is begun anew" 1 "all is checked anew" at iom-bangkok audit
expect "once" 1 "new entries since size [1-9]" at iom-bangkok audit
printf 'x' >>"$(state iom-bangkok)/judged"; cp "$(state iom-bangkok)/state" work/state
expect "a torn line of what was judged is no trouble" 1 "SIGNER_REVOKED" at iom-bangkok audit
head -c 200 work/state >"$(state iom-bangkok)/state"
expect "a damaged state is told" 8 "is damaged; move it away" at iom-bangkok audit

# --- A policy that shows more: what was hidden before is asked for. ---
expect "entries were hidden" 1 "were not shown to this office: 10-11, 15" at iom-geneva audit
sed -i 's/^audit: .*/audit: [mofa, iom-bangkok, iom-geneva]/; s/^read: .*/read: [mofa, iom-vientiane, iom-bangkok, iom-geneva]/' policies/health-protocol.yaml; reload
accept_policy $(persons | cut -d" " -f1) >/dev/null 2>&1
expect "by the new policy they are shown" 1 "every entry was shown to this office" at iom-geneva audit
cp work/policies.before/*.yaml policies/; reload
accept_policy $(persons | cut -d" " -f1) >/dev/null 2>&1
expect "by the old one again they are hidden" 1 "were not shown to this office: [0-9]" at iom-geneva audit --full

# --- Reports of other offices. ---
rm -r "$(state iom-bangkok)"
for office in mofa iom-geneva iom-bangkok iom-vientiane; do at $office --json audit >work/$office.json 2>/dev/null; done
expect "offices of one party saw every entry together" 0 "each entry was shown to one of them" at iom-geneva audit --combine work/iom-geneva.json work/iom-bangkok.json
expect "some of them did not" 1 "shown to none of them: [0-9]" at iom-geneva audit --combine work/iom-geneva.json work/iom-vientiane.json
expect "as JSON too" 1 '"unseen": *\[\[' at iom-geneva --json audit --combine work/iom-vientiane.json
expect "of two parties nothing is combined" 2 "reports of one party are combined" at iom-geneva audit --combine work/iom-geneva.json work/mofa.json
expect "those are compared: one history" 0 "one history" at iom-geneva audit --compare work/mofa.json
expect "as JSON too" 0 '"one-history": *true' at iom-geneva --json audit --compare work/mofa.json
expect "a file that is no report" 8 "no report" at iom-geneva audit --compare work/en.txt
sed 's/"size": *[0-9]*/"size": 2/' work/mofa.json >work/other.json
expect "a report that differs from its checkpoint" 1 "another size or root" at iom-geneva audit --compare work/other.json
sed 's/\\n— /\\n— x/' work/mofa.json >work/other.json
expect "a checkpoint that the depositary did not sign" 1 "" at iom-geneva audit --compare work/other.json
expect "one thing at a time" 2 "does not go with --combine" at iom-geneva audit --full --combine work/iom-geneva.json
# --- As many copies that they come in packs. ---
for i in $(seq 20); do
	printf -- '- document: agreement/many-%02d\n  title:\n    en: "Many"\n  texts:\n    lo: lo.txt\n    en: many-%d.txt\n' $i $i
	echo "Article $i" >work/many-$i.txt
done >work/many.yaml
at mofa push --batch work/many.yaml >/dev/null 2>&1 || not_ok "twenty more documents"
delivered() { at mofa log --act deliver --document "$1" | grep -c deliver; }
expect "all are judged" 1 "; 2[0-9] copies judged now" at iom-geneva audit --full
check "and a delivery of each is in the journal" test "$(delivered agreement/many-07)" = 1
check "what came is not kept" sh -c 'test ! -e offices/iom-geneva/state/*/audit/store.git'
expect "nothing that was good is judged twice" 1 "; [01] copies judged now" at iom-geneva audit
expect "and the one that is bad is told" 1 "SIGNER_REVOKED, agreement/one@1" at iom-geneva audit --full
for i in $(seq 20); do
	printf -- '- document: agreement/more-%02d\n  title:\n    en: "More"\n  texts:\n    lo: lo.txt\n    en: many-%d.txt\n' $i $i
done >work/more.yaml
at mofa push --batch work/more.yaml >work/said 2>&1 || not_ok "and twenty more: $(tail -n 3 work/said)"
# The line goes down within the pack: what has come of it is gone on with.
line iom-geneva cut=9000 cuts=3
expect "over a line that is cut three times" 1 "; 2[01] copies judged now" at iom-geneva audit
no_line iom-geneva
check "with one delivery of each" test "$(delivered agreement/more-07)" = 1
# A fork: MOFA saw one history, Geneva is shown another.
stop_daemon "$dir"; keep_data fork; start_daemon "$dir"
deposit mofa three "in one history" >/dev/null; at mofa --json audit >work/mofa.json 2>/dev/null
stop_daemon "$dir"; take_data fork; start_daemon "$dir"
deposit iom-vientiane four "in the other" >/dev/null; deposit iom-vientiane five "in the other" >/dev/null
at iom-geneva list >/dev/null
expect "two histories are told" 1 "JOURNAL_ROLLED_BACK\|rolled back" at iom-geneva audit --compare work/mofa.json
check "and the evidence is kept" sh -c 'ls offices/iom-geneva/state/*/evidence-*'
stop_daemon "$dir"
expect "without a line nothing is said" 6 "" at iom-vientiane audit --compare work/mofa.json
finish
