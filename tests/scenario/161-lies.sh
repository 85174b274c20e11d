#!/bin/sh
# Each lie of a depositary (tests/lib/liar.c) is told to every command that can
# be lied to so, and each command must end with the finding named here.  A table
# of docs/security.md is made of these rows (COMMANDS_TABLE=FILE).
. "$(dirname "$0")/lib.sh"
table=${COMMANDS_TABLE:-$dir/work/table.md}
start "repeats: 1000000000"
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
into_force() { for who in mofa-minister iom-chief-of-mission; do at $who sign "$1" --yes >/dev/null 2>&1; done; }
entry() { at mofa log | grep -e "$1" | head -1 | cut -d' ' -f1; }
deposit mofa one >/dev/null; into_force agreement/one
deposit mofa two "Another text" >/dev/null
at iom-geneva fetch agreement/one -o work/one.asice >/dev/null
at mofa bag pack -o work/a.bag --to iom-geneva agreement/two >/dev/null
at iom-geneva bag open work/a.bag --into work/geneva >/dev/null 2>&1
rm -rf offices/iom-geneva/state/*/acts
at mofa witness init >/dev/null 2>&1
# Everybody has seen this much, and no acts but what their own commands need.
rm -rf work/offices; cp -R offices work/offices
stop_daemon "$dir"; keep_data older; start_daemon "$dir"
sees iom-vientiane one; deposit iom-vientiane one "Article 2" >/dev/null; into_force agreement/one
sees mofa one; deposit mofa one "Article 3" >/dev/null
signature=$(entry "sign .*agreement/one@1") other_signature=$(entry "sign .*agreement/one@2")
other_deposit=$(entry "deposit .*agreement/two@1") waybill=$(entry "dispatch .*bag 1")
acts=$(at mofa log | grep -c -e " deposit " -e " sign " -e " force ")
# B is the same data, as it was before the last acts.
mkdir b; fork_data b older; cp -R policies crls certs b/; free_port >b/port
forked b | sed "s|127.0.0.1:$(cat port)|127.0.0.1:$(cat b/port)|" >b/valised.yaml
start_daemon "$dir/b" || not_ok "the older daemon starts"
# What an office says that has seen all of it.
cp -R offices work/offices.before; for o in mofa mofa-minister iom-geneva; do at $o show agreement/one >/dev/null; at $o list >/dev/null; done
rm -rf work/offices.all; cp -R offices work/offices.all

"$top/certs/ca" crl certs/iom >/dev/null; cp certs/iom/crl.pem work/newer.pem

words() {
	case $1 in
	list) echo "iom-geneva list agreement --proved" ;;
	show) echo "iom-geneva show agreement/one" ;;
	history) echo "iom-geneva history agreement/one" ;;
	log) echo "iom-geneva log" ;;
	"log --document") echo "iom-geneva log --document agreement/one" ;;
	fetch) echo "iom-geneva fetch agreement/one -o work/out.asice" ;;
	"fetch @1") echo "iom-geneva fetch agreement/one@1 -o work/out.asice" ;;
	"verify --current") echo "iom-geneva verify --current work/one.asice" ;;
	pull) echo "iom-geneva pull work/out.copy" ;;
	audit) echo "mofa audit" ;;
	witness) echo "mofa witness" ;;
	push) echo "mofa push agreement/two --text lo=work/lo.txt --text en=work/one.txt --title en=Two" ;;
	sign) echo "mofa-minister sign agreement/one@3 --yes" ;;
	terminate) echo "mofa-minister terminate agreement/one --reason over --yes" ;;
	"bag pack") echo "mofa bag pack -o work/out.bag --to iom-bangkok agreement/one" ;;
	"crls push") echo "mofa crls push work/newer.pem" ;;
	"bag ack") echo "mofa bag ack work/a.bag.ack" ;;
	esac
}
printf '| what the depositary does | command | ends with |\n| --- | --- | --- |\n' >"$table"
# WHAT CODE COMMANDS [SEEN] -- LIE…: each command of the list, separated by commas,
# ends with 1 and that code
lie() {
	what=$1 code=$2 commands=$3 seen=$4; shift 5
	printf '| %s | %s | `%s` |\n' "$what" "$(echo "$commands" | sed 's/\([^,]*\),\{0,1\} */`\1`, /g; s/, $//')" "$code" >>"$table"
	for command in $(echo "$commands" | sed 's/, */,/g; s/ /_/g; s/,/ /g'); do
		command=$(echo "$command" | tr _ ' ')
		rm -rf offices work/out.*; cp -R "work/offices$seen" offices
		set_words=$(words "$command")
		liar "${set_words%% *}" "$@"
		got=0; at ${set_words%% *} --json ${set_words#* } >work/out.txt 2>work/err.txt </dev/null || got=$?
		if ! grep -q '^lied' work/line; then not_ok "$what: $command: nobody lied"
		elif [ $got != 1 ] || ! grep -q "\"code\": *\"$code\"" work/out.txt; then
			not_ok "$what: $command: exit $got, $(grep -o '"code": *"[A-Z_]*"' work/out.txt | head -1) $(tail -n 1 work/err.txt)"
		else ok "$what: $command: $code"; fi
	done
	end_line
}
all=.all none= entries=/v1/journal/entries
every="list, show, history, log, fetch, verify --current, pull, audit, push, sign, terminate, bag pack, bag ack, witness"
reading="list, show, history, log --document, fetch, verify --current, sign, terminate, bag pack"
lie "answers with an older state of its data, of before what was seen" JOURNAL_ROLLED_BACK "$every" "$all" -- other 1+ "$(cat b/port)"
lie "answers one question so: how far the journal goes" JOURNAL_ROLLED_BACK "$every" "$all" -- other 1 "$(cat b/port)"
lie "drops a signature, and answers with the receipt of another one" RECEIPT_DIFFERS "sign" "$none" -- swallow /signatures "$signature"
lie "drops a deposit so" RECEIPT_DIFFERS "push" "$none" -- swallow /versions/ "$other_deposit"
lie "drops a termination so" RECEIPT_DIFFERS "terminate" "$none" -- swallow /termination "$other_signature"
lie "drops a waybill or an acknowledgement so" RECEIPT_DIFFERS "bag pack, bag ack" "$none" -- swallow /v1/bags "$waybill"
lie "drops a revocation list that is handed in" CRL_WITHHELD "crls push" "$none" -- swallow /v1/crls "$waybill"
lie "shows another document's acts among those that were asked for" ANSWER_DIFFERS "$reading, push" "$none" -- ask "&document=agreement%2Fone" "" ask "&document=agreement%2Ftwo" ""
lie "shows an act twice" ANSWER_DIFFERS "$reading, log, pull" "$none" -- lines $entries twice
lie "shows acts out of order" ANSWER_DIFFERS "history, log, log --document, pull" "$none" -- lines $entries swap
lie "the same" ENTRY_WITHHELD "list, show, fetch, verify --current, sign, terminate, bag pack" "$none" -- lines $entries swap
lie "leaves an act out, and shows later ones of the document" ENTRY_WITHHELD "list, show, fetch, verify --current, pull, sign, terminate, bag pack" "$none" -- lines $entries drop=2
lie "the same" OUT_OF_ORDER "history, log --document" "$none" -- lines $entries drop=2
lie "leaves out the newest act, which was proved before" ENTRY_WITHHELD "pull" "$all" -- lines $entries "drop=$((acts - 1))"
lie "leaves any entry out, before an office that audits all" ENTRY_WITHHELD "audit" "$none" -- lines proof=none drop=4
lie "changes a word in an entry" NOT_IN_JOURNAL "$reading, log, pull" "$none" -- say $entries minister@mofa Minister@mofa
lie "lists another status than follows from the acts" ANSWER_DIFFERS "list" "$all" -- say "/v1/documents?" '"status":"draft"' '"status":"in force"'
# The table that is told is the one that was tried.
sed -n '/<!-- commands -->/,/<!-- end -->/p' "$top/docs/security.md" | sed '1d;$d' >work/told.md
check "docs/security.md has this very table" diff work/told.md "$table"
finish
