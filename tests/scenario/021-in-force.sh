#!/bin/sh
# What is in force, and what is being prepared: a document has versions with
# statuses, and a draft of the next one hides none of them.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-geneva iom-bangkok >/dev/null
agree() { for who in mofa-minister iom-chief-of-mission; do at $who sign "agreement/$1" --yes >/dev/null 2>&1; done; }
deposit mofa one "Article 1" >/dev/null; agree one
deposit mofa one "Article 2" >/dev/null; agree one
deposit mofa one "Article 3" >/dev/null
deposit mofa two >/dev/null
deposit mofa three "Article 1" >/dev/null; agree three
digest() { at mofa --json show "$1" | sed 's/.*"versions":\[{"version":[0-9]*,"status":"[a-z ]*","digest":"\([0-9a-f]*\)".*/\1/'; }
now=$(digest agreement/one@2) new=$(digest agreement/one@3)
both='"version":3,"status":"draft","digest":"'$new'".*"in-force":{"version":2,"digest":"'$now'"}'

# --- The list. ---
expect "a draft does not hide what is in force" 0 "agreement/one  *3  *draft; 2 in force  *no " at iom-geneva list
expect "nor in JSON, whose row is of the newest" 0 "$both" at iom-geneva --json list
expect "it is found as in force" 0 "agreement/one  *3  *draft; 2 in force" at iom-geneva list --status "in force"
expect "and as a draft" 0 "agreement/one  *3  *draft; 2 in force" at iom-geneva list --status draft
expect "what is not in force is not" 1 "" sh -c "'$valise' --config offices/iom-geneva/config.yaml list --status 'in force' | grep agreement/two"
expect "of a draft alone there is none in force" 0 '"agreement/two".*"in-force":null' at iom-geneva --json list --status draft
expect "both are proved" 0 "agreement/one  *3  *draft; 2 in force  *but title " at iom-geneva list --proved
expect "in JSON too" 0 "$both.*\"proved\":true" at iom-geneva --json list --proved
liar iom-geneva say /v1/documents '"in-force":{"version":2' '"in-force":{"version":1'
expect "another version as in force is no answer" 1 "agreement/one is not as its acts say" at iom-geneva --json list --proved
no_line iom-geneva; liar iom-geneva ask "status=in%20force" "x=1"
expect "what is neither in force nor asked for is none either" 1 "agreement/two was not asked for" at iom-geneva list --status "in force"
liar iom-geneva say /v1/documents '"in-force":' '"was":'
expect "an older daemon's row has no such word" 0 "agreement/one  *3  *draft  *yes\|agreement/one  *3  *draft; 2 in force  *but title " at iom-geneva list
no_line iom-geneva

# --- fetch. ---
expect "fetch gives what is in force" 0 "VALID, in force" at iom-bangkok fetch agreement/one -o work/f.asice
expect "and tells of the draft" 0 "version 2 is in force; version 3, draft, is newer: agreement/one@latest" at iom-bangkok fetch agreement/one -o work/f.asice
at iom-bangkok fetch agreement/one -o work/f.asice 2>/dev/null >work/out; grep -q "is newer" work/out && not_ok "on standard error" || ok "on standard error"
expect "@in-force too, without a word" 0 "agreement/one@2 " at iom-bangkok fetch agreement/one@in-force -o work/f.asice
grep -q "is newer" work/out && not_ok "no word" || ok "no word"
expect "@latest is the draft" 0 "VALID, draft" at iom-bangkok fetch agreement/one@latest -o work/f.asice
expect "@N is that one" 0 "VALID, superseded" at iom-bangkok fetch agreement/one@1 -o work/f.asice
expect "where nothing is in force it is the newest" 0 "VALID, draft" at iom-bangkok fetch agreement/two --force -o work/f.asice
expect "JSON has version, status and newest" 0 '"status":"in force".*"version":2,.*"newest":3' at iom-bangkok --json fetch agreement/one -o work/f.asice --force
expect "of another version too" 0 '"status":"superseded".*"version":1,.*"newest":3' at iom-bangkok --json fetch agreement/one@1 -o work/f.asice
expect "of what is not in force there is no @in-force" 4 "no version of agreement/two is in force: the newest, 1, is draft" at iom-bangkok fetch agreement/two@in-force
expect "another word is refused with those there are" 2 '"newest" is not a version: a number, "in-force" or "latest"' at iom-bangkok fetch agreement/one@newest
expect "a kit has what is in force" 0 "" at mofa kit agreement/one -o work/kit.zip
expect "and no draft" 0 "one-v2.asice" unzip -l work/kit.zip
expect "diff knows the words" 0 "^+Article 3" at mofa diff agreement/one@in-force agreement/one@latest

# --- show. ---
at iom-bangkok show agreement/one >work/shown 2>work/words
check "show gives what is in force" grep -q "^version 2, in force" work/shown
[ "$(grep -c "^version" work/shown)" = 3 ] && [ "$(grep -c "^  digest" work/shown)" = 1 ] && ok "in full, and the others in a line" || not_ok "in full, and the others in a line"
check "the draft among them" grep -q "^version 3, draft, deposited by treaties@mofa.example of mofa, 20" work/shown
check "and tells of it on standard error" grep -q "version 2 is in force; version 3, draft, is newer: agreement/one@latest" work/words
expect "its JSON has all versions, and which is in force" 0 '"in-force":{"version":2,"digest":"'"$now"'"},"versions":\[{"version":1,.*{"version":3,' at iom-bangkok --json show agreement/one
expect "@latest is the draft" 0 "^version 3, draft" at iom-bangkok show agreement/one@latest
grep -q "version 2" work/out && not_ok "alone" || ok "alone"
expect "@in-force is not" 0 "^version 2, in force" at iom-bangkok show agreement/one@in-force
expect "of what is not in force there is none" 4 "no version of agreement/two is in force: the newest, 1, is draft" at iom-bangkok show agreement/two@in-force

# --- sign. ---
ask() { printf 'no\n' | script -qec "'$valise' --config offices/$1/config.yaml ${3:-} sign $2" /dev/null; }
expect "sign asks about the newest, and names what is in force" 2 "Sign version 3, while version 2 is in force?" ask mofa-minister agreement/one
expect "where nothing is in force it names the newest" 2 "Sign version 1?" ask mofa-minister agreement/two
expect "it signs the newest" 0 "signed agreement/one@3" at mofa-minister sign agreement/one --yes
expect "that is signed in part" 0 "agreement/one  *3  *signed in part; 2 in force" at iom-geneva list --status "in force"

# --- HTTP. ---
expect "latest stays the newest" 0 "^Valise-Version: 3" curl_as iom-geneva /v1/documents/agreement/one/versions/latest -o work/o -D -
expect "in-force is new" 0 "^Valise-Version: 2" curl_as iom-geneva /v1/documents/agreement/one/versions/in-force -o work/o -D -
expect "its copy is of that version" 0 "VALID, in force" at mofa verify work/o
expect "once more, which is in the cache" 0 "^Valise-Version: 2" curl_as iom-geneva /v1/documents/agreement/one/versions/in-force -o work/o -D -
expect "where there is none: 404" 0 '"detail": *"no version of agreement/two is in force".*404\|404.*no version of agreement/two is in force' curl_as iom-geneva /v1/documents/agreement/two/versions/in-force -w '%{http_code}'
expect "of no document as well" 0 '404' curl_as iom-geneva /v1/documents/agreement/none/versions/in-force -w '%{http_code}'
expect "nothing is deposited there" 0 '"status": *400' curl_as mofa /v1/documents/agreement/one/versions/in-force -X PUT --data-binary x

# --- Without a line. ---
expect "a local copy" 0 "5 new" at iom-geneva pull work/copy
stop_daemon "$dir"
offline() { at iom-geneva --local "$@"; }
expect "the list has both" 0 "agreement/one  *3  *signed in part; 2 in force  *yes" offline list --status "in force"
expect "in JSON" 0 '"version":3,"status":"signed in part",.*"in-force":{"version":2,"digest":"'"$now"'"}' offline --json list
expect "fetch gives what is in force" 0 "VALID, in force" offline fetch agreement/one -o work/f.asice
expect "and tells of the draft" 0 "version 2 is in force; version 3, signed in part, is newer" offline fetch agreement/one -o work/f.asice
expect "@latest" 0 "VALID, signed in part" offline fetch agreement/one@latest -o work/f.asice
expect "@in-force" 0 "agreement/one@2 " offline fetch agreement/one@in-force -o work/f.asice
expect "JSON has newest" 0 '"version":1,.*"newest":3' offline --json fetch agreement/one@1 -o work/f.asice
expect "where nothing is in force the newest" 0 "VALID, draft" offline fetch agreement/two --force -o work/f.asice
expect "and no @in-force" 4 "no version of agreement/two in the local copy is in force: the newest there, 1, is draft" offline fetch agreement/two@in-force
expect "show gives what is in force" 0 "^version 2, in force" offline show agreement/one
expect "@latest" 0 "^version 3, signed in part" offline show agreement/one@latest
for who in iom-chief-of-mission; do cp "$(ls -d offices/iom-geneva/state/*)/copy" "$(ls -d offices/$who/state/*)/copy"; done
expect "sign asks about both" 2 "Sign version 3, while version 2 is in force?" ask iom-chief-of-mission agreement/one --local
start_daemon "$dir"

# --- What was terminated is in force no more. ---
for who in mofa-minister iom-chief-of-mission; do at $who terminate agreement/three --reason over --yes >/dev/null 2>&1; done
expect "it is terminated" 0 '"agreement/three",.*"status":"terminated",.*"in-force":null' at iom-geneva --json list --status terminated
expect "and not found as in force" 1 "" sh -c "'$valise' --config offices/iom-geneva/config.yaml list --status 'in force' | grep agreement/three"
expect "fetch gives the newest" 0 "VALID, terminated" at iom-geneva fetch agreement/three --force -o work/f.asice
expect "and @in-force nothing" 4 "no version of agreement/three is in force: the newest, 1, is terminated" at iom-geneva fetch agreement/three@in-force
expect "HTTP neither" 0 '404' curl_as iom-geneva /v1/documents/agreement/three/versions/in-force -w '%{http_code}'
expect "the audit finds nothing" 0 "nothing is wrong" at mofa audit
liar mofa say /v1/documents '"in-force":{"version":2' '"in-force":{"version":1'
expect "and another version as in force" 1 "STATUS_DIFFERS" at mofa audit
no_line mofa
finish
