#!/bin/sh
# What an administrator with every key in the data folder could do, and who
# finds it by which command.  Each row is done to a data folder by a program;
# the table of docs/security.md is made of these rows (TAMPER_TABLE=FILE).
# A database is changed by SQL.
[ "${VALISE_STORE:-files}" != postgresql ] || exec sh "$(dirname "$0")/191-tables.sh"
. "$(dirname "$0")/lib.sh"
tamper=$VALISE_BUILD/tamper
table=${TAMPER_TABLE:-$dir/work/table.md}
start
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-geneva iom-bangkok iom-vientiane >/dev/null
mofa_key=$(at mofa witness init 2>/dev/null)
printf 'witnesses: {mofa: "%s"}\nquorum: 1\n' "$mofa_key" >>policies/offices.yaml
kill -HUP "$(cat pid)"; until grep -q "event=reload" log; do sleep 0.02; done
accept_policy mofa mofa-minister iom-chief-of-mission iom-geneva iom-bangkok iom-vientiane >/dev/null
deposit mofa one >/dev/null
cp policies/mou.yaml work/mou.yaml
# An older image of the disk, from before most of it.
stop_daemon "$dir"; cp -R data work/image; start_daemon "$dir"
deposit iom-vientiane two "the second" >/dev/null
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
at iom-chief-of-mission sign agreement/one --yes >/dev/null 2>&1
at iom-geneva fetch agreement/one -o work/one.asice >/dev/null
at iom-bangkok fetch agreement/two -o work/two.asice >/dev/null
at iom-bangkok fetch agreement/two -o work/two.asice >/dev/null
at mofa witness >/dev/null
for o in mofa iom-geneva iom-bangkok iom-vientiane; do at $o audit >work/audit.$o || not_ok "the audit of $o is clean before"; done
stop_daemon "$dir"
expect "the folder is clean before" 0 "nothing is wrong" "$valised" fsck data
at_entry() { "$valise" --config offices/mofa/config.yaml --json log "$@" 2>/dev/null | sed 's/.*"index": *\([0-9]*\).*/\1/'; }
start_daemon "$dir"
deliver=$(at_entry --act deliver --person bangkok@iom.example)
counted=$(at_entry --act deliveries --person bangkok@iom.example)
of_count() { at mofa --json log --act deliveries --person bangkok@iom.example 2>/dev/null | sed "s/.*\"$1\": *\([0-9]*\).*/\1/"; }
counted_prior=$(of_count prior) counted_times=$(of_count times)
deposit=$(at_entry --document agreement/two --act deposit)
stop_daemon "$dir"
mkdir work/clean && cp -R data offices policies crls work/clean/

# Everything as it was, and the daemon off.
reset() { stop_daemon "$dir"; chmod -R u+w data; rm -rf data offices policies; cp -R work/clean/data work/clean/offices work/clean/policies .; }
printf '| what is done to the data folder | who finds it, by which command | when |\n| --- | --- | --- |\n' >"$table"
# WHAT WHO WHEN EXIT PATTERN COMMAND…
row() {
	what=$1 who=$2 when=$3; shift 3
	printf '| %s | %s | %s |\n' "$what" "$who" "$when" >>"$table"
	expect "$what: $who" "$@"
}
run() { start_daemon "$dir" 2>/dev/null; }
fsck() { "$valised" fsck data; }
refuses() { "$valised" --config valised.yaml; }
# What it said until it ended by itself, in one line.
ended() { while kill -0 "$(cat pid)" 2>/dev/null; do sleep 0.05; done; tr '\n' ' ' <log; }

reset; run; "$tamper" flip data "$deposit"
row "rewrite an entry, the daemon running" "an office that sees it: \`valise audit --full\`: \`ENTRY_DIFFERS\`" "at its next audit" 1 "ENTRY_DIFFERS, entry $deposit" at iom-geneva audit --full
row "the same" "an office that asks for it: \`valise log\`" "at once" 1 "not in its journal\|is not in" at iom-bangkok log --document agreement/two
stop_daemon "$dir"
row "the same" "the operator: \`valised fsck\`, the daemon's own check, and its start if the entry is one of the newest 65,536" "at the next start, or within \`verify-every\`" 1 "JOURNAL_DAMAGED" fsck
expect "…which is refused" 1 "contradicts itself" refuses
reset; "$tamper" grow data 66000; run; stop_daemon "$dir"; "$tamper" flip data "$deposit"; : >log; run
row "rewrite an entry before the newest 65,536, the daemon off" "the operator: the daemon's check of the whole journal, beside the service: it ends, and starts no more" "at once after its start" 0 "hashed=newest.*code=JOURNAL_DAMAGED.*event=fatal" ended
expect "…its next start is refused" 1 "contradicts itself" refuses
reset; run; stop_daemon "$dir"; "$tamper" ledger data; : >log; run
row "change what follows from the journal, in \`journal/ledger\`" "the operator: the same check: the daemon ends, and makes the file anew at its next start" "at once after its start" 0 "code=JOURNAL_DAMAGED.*journal/ledger does not follow" ended
check "…and is well then" start_daemon "$dir"
stop_daemon "$dir"; "$tamper" index data; : >log; run
row "the same, in \`journal/index\` or \`journal/commits\`, and the sums to it" "the operator: the same check" "at once after its start" 0 "code=JOURNAL_DAMAGED.*journal/ledger does not follow" ended
check "…and is well then" start_daemon "$dir"
for file in index commits; do
	stop_daemon "$dir"; : >log
	spoil data/journal/$file 21
	check "a byte of journal/$file is changed: it starts" start_daemon "$dir"
	expect "…makes it anew, and tells" 0 "event=ledger result=dropped .*journal/$file: it is damaged.*hashed=all" sh -c "tr '\n' ' ' <log"
done
reset; "$tamper" drop data "$deliver"; run
row "leave an entry out, and sign the rest anew" "any office that saw it: every command: \`JOURNAL_ROLLED_BACK\`, with evidence" "before anything is sent" 1 "rolled back" at iom-bangkok list
row "the same" "a witness: \`valise witness\`" "at its next run" 1 "rolled back" at mofa witness
reset; last=$(( $("$valised" fsck data | sed -n 's/.*journal of size \([0-9]*\),.*/\1/p') - 1 ))
"$tamper" drop data "$last"; run
row "drop the last entry, and sign the rest anew" "any office that saw it: every command" "before anything is sent" 1 "no extension\|smaller" at mofa list
reset; "$tamper" swap data "$((last - 1))"
row "swap two entries, and sign them anew" "the operator: every start of the daemon; with their times changed too, any office that saw them" "at the next start" 1 "before the one before it" refuses
reset; "$tamper" retime data "$last" 60; run
row "move an entry's time, and sign it anew" "any office that saw it: every command" "before anything is sent" 1 "no extension\|rolled back" at mofa list
reset; "$tamper" backdate data 3600
row "add an entry with an earlier time" "the operator: every start of the daemon, \`valised fsck\`" "at the next start" 1 "before the one before it" refuses
expect "…fsck says so too" 1 "TIME_BACKWARDS" fsck
reset; "$tamper" again data "$counted"
row "count a delivery twice" "the operator: \`valised fsck\`, the daemon's own check: \`COUNT_WRONG\`" "at its next run, or within \`verify-every\`" 1 "COUNT_WRONG.*was counted before" fsck
run
row "the same" "an auditor: \`valise audit\`: \`COUNT_WRONG\`" "at its next audit" 1 "COUNT_WRONG.*was counted before" at iom-geneva audit
reset; "$tamper" again data "$counted"; "$tamper" field data "$((last + 1))" bangkok@iom.example geneva@iom.example; run
row "count a delivery to somebody to whom it was not" "the same two" "the same" 1 "COUNT_WRONG.*is no delivery of this version to this person" at iom-geneva audit
expect "…fsck says so too" 1 "COUNT_WRONG" fsck
reset; "$tamper" again data "$counted"; "$tamper" field data "$((last + 1))" "\"prior\":$counted_prior" "\"prior\":$deposit"; run
row "count what was no delivery" "the same two" "the same" 1 "COUNT_WRONG.*is no delivery of this version to this person" at iom-geneva audit
reset; "$tamper" again data "$counted"; "$tamper" field data "$((last + 1))" "\"times\":$counted_times" '"times":0'; run
row "count no time at all" "the same two" "the same" 1 "COUNT_WRONG.*it counts nothing" at iom-geneva audit
reset; run; at iom-vientiane fetch agreement/two -o work/x1.asice >/dev/null
"$tamper" text data "$(ls data/cache/*.asice)"
row "change a text in what is sent" "who fetches it: \`valise fetch\`: \`TEXT_DIGEST\`; nothing is written" "at once" 1 "TEXT_DIGEST" at iom-vientiane fetch agreement/two -o work/x2.asice
reset; run; at iom-vientiane fetch agreement/two -o work/x3.asice >/dev/null
"$tamper" signature data "$(ls data/cache/*.asice)"
row "change a signature in what is sent" "who fetches it: \`valise fetch\`: \`SIGNATURE_BROKEN\`, \`SIGNATURE_FORM\`" "at once" 1 "SIGNATURE_\|FILE_DIGEST" at iom-vientiane fetch agreement/two -o work/x4.asice
row "the same" "an auditor: \`valise audit --full\`" "at its next audit" 1 "SIGNATURE_\|FILE_DIGEST" at iom-geneva audit --full
reset
for f in data/store.git/objects/pack/*.pack; do chmod u+w "$f"; printf 'xyz' | dd of="$f" bs=1 seek=200 conv=notrunc 2>/dev/null; done
row "damage git's objects" "the operator: \`valised fsck\`: \`OBJECT_DAMAGED\`" "at its next run, or within \`verify-every\`" 1 "OBJECT_DAMAGED" fsck
run
row "the same" "who fetches it, and an auditor: the daemon cannot give it" "at once" 7 "the daemon failed" at iom-vientiane fetch agreement/two -o work/x5.asice
reset; git -C data/store.git update-ref refs/heads/agreement/one refs/heads/agreement/two
row "move a branch" "the operator: \`valised fsck\`: \`REF_WRONG\`; the daemon puts it right at its start" "at the next start" 1 "REF_WRONG" fsck
run; expect "…which the daemon does" 0 "refs/heads/agreement/one" grep 'event=refs moved' log
reset; echo '# another' >>policies/mou.yaml; run
row "change the policy" "every command of every office: \`POLICY_UNKNOWN\`, until it accepts it" "before anything is sent" 1 "which you have not accepted. Nothing was sent" deposit mofa three "the third"
row "the same" "an auditor: \`valise audit\`" "at its next audit" 1 "POLICY_UNKNOWN" at iom-geneva audit
reset; git -C data/store.git update-ref -d refs/valise/policy
row "lose the ref of the policies" "the operator: \`valised fsck\`: \`REF_WRONG\`; the daemon puts it right at its start" "at the next start" 1 "REF_WRONG, refs/valise/policy" fsck
run; expect "…which the daemon does" 0 "moved=refs/valise/policy" cat log
stop_daemon "$dir"; expect "and no policy is hidden" 0 "nothing is wrong" fsck
reset; rm -rf data; cp -R work/image data; run
row "roll the whole folder back (an old disk image, an old backup)" "any office that saw more: every command" "before anything is sent" 1 "rolled back" at iom-geneva list
row "the same" "a witness: \`valise witness\`, which stops the daemon with its own signature" "at its next run" 1 "stops signing" at mofa witness
reset; rm -rf data; cp -R work/image data; run
# Each start forgets what was delivered, so that it is an entry again.
for i in 1 2 3 4 5 6 7; do curl_as mofa /v1/documents/agreement/one/versions/1 -o work/x6; stop_daemon "$dir"; run; done
row "fork the journal: go on from an older state" "any office that saw the other one: every command, with evidence that proves it to anybody" "before anything is sent" 1 "no extension" at iom-geneva list
expect "…and it does" 0 "PROVES A FORK" sh -c '"$1" --config offices/iom-bangkok/config.yaml verify --evidence offices/iom-geneva/state/*/evidence-*.txt' - "$valise"
reset; cp work/image/signer/memory data/signer/memory
row "roll back the signer's memory" "the operator: every start of the daemon, \`valised fsck\`: \`SIGNER_BEHIND\`" "at the next start" 1 "ahead of the signer" refuses
expect "…fsck says so too" 1 "SIGNER_BEHIND" fsck
reset; rm data/signer/memory
row "delete the signer's memory" "the operator: every start of the daemon" "at the next start" 1 "signer/memory is not there" refuses
reset; rm data/signer/memory data/signer/journal.key data/vkey; mv data/journal data/journal.old; mv data/store.git data/store.old; "$valised" --config valised.yaml init >/dev/null 2>&1
cp -R data/journal.old/. data/journal/; rm -rf data/store.git; cp -R data/store.old data/store.git
row "replace the journal's key" "the operator: every start of the daemon" "at the next start" 1 "contradicts\|ahead" refuses
reset; rm -rf data/journal data/signer data/store.git data/vkey data/server; "$valised" --config valised.yaml init >/dev/null 2>&1
"$top/certs/ca" issue certs/mofa server data/server/server.csr "IP:127.0.0.1,DNS:localhost" "" certs/server.pem >/dev/null
"$top/certs/ca" issue certs/mofa sign data/signer/depositary.csr depositary@mofa.example "" certs/depositary.pem >/dev/null
run
row "begin a new journal under a new key" "every office: every command: not signed by the journal that it knows" "before anything is sent" 1 "not signed by the journal" at iom-geneva list
# The table that is told is the one that was tried.
sed -n '/<!-- tampering -->/,/<!-- end -->/p' "$top/docs/security.md" | sed '1d;$d' >work/told.md
check "docs/security.md has this very table" diff work/told.md "$table"
finish
