#!/bin/sh
# A field of an entry is changed and the journal signed anew with its own key: a
# reader who has seen nothing of it before finds it all the same.  The table in
# docs/security.md says which fields, and who finds them;
# tests/unit/test_fields.c goes through it.
. "$(dirname "$0")/lib.sh"
tamper=$VALISE_BUILD/tamper
start
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-geneva >/dev/null
cp -R offices/iom-geneva work/fresh
deposit mofa one >/dev/null
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
sleep 1 # a CRL's times are whole seconds
for ca in mofa iom; do "$top/certs/ca" crl "certs/$ca" >/dev/null; done
publish_crls "$dir"; kill -HUP "$(cat pid)"; until grep -q "event=reload" log; do sleep 0.02; done
at iom-chief-of-mission sign agreement/one --yes >/dev/null 2>&1
at iom-geneva fetch agreement/one -o work/one.asice >/dev/null
entry() { at mofa --json log --document agreement/one --act "$1" 2>/dev/null | grep -o '"index": *[0-9]*' | sed 's/.*: *//' | sed -n "${2:-1}p"; }
deposit=$(entry deposit) first=$(entry sign) second=$(entry sign 2) force=$(entry force)
deliver=$(at iom-geneva --json log --act deliver --person geneva@iom.example | grep -o '"index": *[0-9]*' | sed 's/.*: *//' | tail -n 1)
crl=$(at mofa --json log --act crl 2>/dev/null | grep -o '"index": *[0-9]*' | sed 's/.*: *//' | tail -n 1)
stop_daemon "$dir"
check "the folder is clean before" "$valised" fsck data
cp -R data work/clean
# N FIELD: its value in the journal's file
value() { strings -n 20 data/journal/entries | grep -o '{"act":.*}' | sed -n "$(($1 + 1))p" | grep -o "\"$2\":[^,]*" | head -n 1; }
other() { printf '%s' "$1" | sed 's/\([0-9a-f]\)"$/\1/' | { read -r v; case $v in *0) printf '%s1"' "${v%0}" ;; *) printf '%s0"' "${v%?}" ;; esac; }; }
# N OLD NEW: everything as it was but for that, and an office that is new
with() {
	stop_daemon "$dir"
	chmod -R u+w data; rm -rf data offices/iom-geneva work/two.asice
	cp -R work/clean data; cp -R work/fresh offices/iom-geneva
	"$tamper" field data "$1" "$2" "$3" || not_ok "tamper $*"
}
run() { start_daemon "$dir" 2>/dev/null || not_ok "the daemon does not start"; }
fetch() { at iom-geneva fetch agreement/one -o work/two.asice; }
fsck() { "$valised" fsck data; }

with "$deposit" '"salt":"' '"salt":"'; run
expect "nothing changed" 0 "VALID, in force" fetch
with "$first" minister@mofa.example vice-minister@mofa.example; run
expect "another person: the verdict" 1 "but the certificate is that of minister@" fetch
check "nothing is written" test ! -e work/two.asice
expect "the audit" 1 "NOT_ALLOWED, entry $first" at iom-geneva audit
expect "fsck" 1 "SIGNER_DIFFERS" fsck
with "$first" '"office":"mofa"' '"office":"iom-bangkok"'; run
expect "another office: the verdict" 1 "is that of an office mofa" fetch
v=$(value "$second" crls); o=$(value "$first" crls)
with "$second" "$v" "$o"; run
expect "an older set of CRLs, of one act: the audit" 1 "CRLS_DIFFER, entry $second" at iom-geneva audit
with "$deposit" "$o" "$v"; run
expect "a set older than that of the act before: the verdict" 1 "older than the one before" fetch
v=$(value "$second" manifest); with "$second" "$v" "$(other "$v")"; run
expect "another manifest: the verdict" 1 "is missing, or is not the one" fetch
v=$(value "$first" signature); with "$first" "$v" "$(other "$v")"
expect "another signature: fsck" 1 "SIGNATURE_MISSING" fsck
v=$(value "$deliver" contents); with "$deliver" "$v" "$(other "$v")"; run
expect "a delivery of what was never there: the audit" 1 "CONTENTS_DIFFER, entry $deliver" at iom-geneva audit
v=$(value "$crl" prior | tr -d '}'); with "$crl" "$v" '"prior":0'; run
expect "an entry left out before a set of CRLs: the log" 1 "OUT_OF_ORDER.*entry $crl\|entry $crl: it does not follow" at iom-geneva log
expect "which shows all the same" 1 "$crl .* crl " at iom-geneva log
expect "the audit" 1 "OUT_OF_ORDER, entry $crl" at iom-geneva audit
expect "with a filter what was left out is not asked" 0 "$crl .* crl " at iom-geneva log --act crl
v=$(value "$first" contents); with "$first" "$v" "$(other "$v")"
expect "contents of an older act: fsck, by git" 1 "COMMIT_DIFFERS, entry $first" fsck
v=$(value "$first" commit); with "$first" "$v" "$(other "$v")"
expect "a commit that is none: fsck" 1 "COMMIT_MISSING, entry $first" fsck
expect "and the next does not follow it" 1 "COMMIT_DIFFERS, entry .*does not follow the one before" fsck
v=$(value "$force" contents); with "$force" "$v" "$(other "$v")"
expect "contents of a force: fsck" 1 "CONTENTS_DIFFER, entry $force" fsck
finish
