#!/bin/sh
# What a version consists of, who is still to sign it, and what changed since the
# version before: told by show, proved, without fetching a text.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-vientiane iom-geneva >/dev/null
agree() { for who in mofa-minister iom-chief-of-mission; do at $who sign "agreement/$1" --yes >/dev/null 2>&1; done; }
printf 'A map\n' >work/map.txt; printf 'A list\n' >work/list.txt
check "a version" at mofa push agreement/one --text lo=work/lo.txt --text en=work/en.txt --annex work/map.txt --title "en=The one" --title "fr=L'un" --note "Article 4 agreed"
shows() { name=$1; shift; expect "$name" 0 "$1" at iom-geneva show "${2:-agreement/one}"; }
sum() { sha256sum <"$1" | cut -d' ' -f1; }

# --- What it consists of. ---
shows "its titles" "^  title (fr) *L'un$"
shows "its note" "^  note *Article 4 agreed$"
shows "a text: language, name, size" "^  text (en) *texts/en/en.txt, $(stat -c %s work/en.txt) bytes, authentic$"
shows "and digest" "^ *$(sum work/en.txt)$"
shows "an annex" "^  annex *annexes/map.txt, 6 bytes$"
shows "its digest too" "^ *$(sum work/map.txt)$"
expect "JSON has them" 0 '"note":"Article 4 agreed","texts":\[{"file":"texts/lo/lo.txt","media":"text/plain","size":[0-9]*,"sha256":"'"$(sum work/lo.txt)"'","language":"lo","authentic":true}' at iom-geneva --json show agreement/one
expect "the title is proved by it" 0 '"title":"The one","titles":{[^}]*"fr":"L.un".*"title-proved":true' at iom-geneva --json show agreement/one
at mofa log --act deliver >work/delivered
check "nothing was delivered for that" sh -c '! grep -q geneva work/delivered'
expect "its version.yaml is what the digest is of" 0 "$(at mofa --json show agreement/one | sed 's/.*"digest":"\([0-9a-f]*\)".*/\1/')" sh -c 'curl -sS --tlsv1.3 --cacert offices/iom-geneva/ca.pem --cert offices/iom-geneva/cert.pem --key offices/iom-geneva/key.pem "$(cat url)/v1/documents/agreement/one/versions/latest/version.yaml" | sha256sum'
expect "of what is not in force there is none" 0 '404' curl_as iom-geneva /v1/documents/agreement/one/versions/in-force/version.yaml -w '%{http_code}'
liar iom-vientiane say version.yaml "Article 4" "Article 5"
expect "another one is no answer" 1 "another version.yaml than that of agreement/one@1" at iom-vientiane --json show agreement/one
grep -q '"ANSWER_DIFFERS"' work/out && ok "by its name" || not_ok "by its name"
no_line iom-vientiane; liar iom-vientiane ask /version.yaml /nothing.yaml
expect "an older daemon has none: the acts are shown all the same" 0 "^version 1, draft" at iom-vientiane show agreement/one
grep -q "the title is not proved" work/out && ok "with a title that is not proved" || not_ok "with a title that is not proved"
no_line iom-vientiane

# --- Who is still to sign. ---
shows "both parties are to sign" "^  to sign *1 of lao-pdr: minister@mofa.example"
shows "by who has full powers" "^  to sign *1 of iom: .*chief-of-mission@iom.example"
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
shows "then one" "^  to sign *1 of iom: "
grep -q "to sign.*lao-pdr" work/out && not_ok "and not the other" || ok "and not the other"
shows "who signed is told" "^  signed by *minister@mofa.example of mofa"
expect "in JSON" 0 '"to-sign":\[{"party":"iom","persons":1,"who":\[.*"chief-of-mission@iom.example"' at iom-geneva --json show agreement/one
at iom-chief-of-mission sign agreement/one --yes >/dev/null 2>&1
shows "in force: nobody" "^version 1, in force"
grep -q "to sign" work/out && not_ok "nobody at all" || ok "nobody at all"

# --- What changed. ---
printf 'Article 1, amended\n' >work/en.txt
check "a second version" at mofa push agreement/one --text lo=work/lo.txt --text en=work/en.txt --text th=work/lo.txt --annex work/list.txt --title "en=The one, amended" --title "lo=ໜຶ່ງ"
newest() { shows "$1" "$2" agreement/one@latest; }
newest "a text that changed" "^  since 1 *text (en) texts/en/en.txt: changed$"
newest "one that was added" "^  since 1 *text (th) texts/th/lo.txt: added$"
grep -q "since 1 *text (lo)" work/out && not_ok "and none that did not" || ok "and none that did not"
newest "an annex that was added" "^  since 1 *annex annexes/list.txt: added$"
newest "one that was removed" "^  since 1 *annex annexes/map.txt: removed$"
newest "a title that changed" "^  since 1 *title (en) The one, amended: changed$"
newest "one that was added" "^  since 1 *title (lo) ໜຶ່ງ: added$"
newest "one that was removed" "^  since 1 *title (fr) L'un: removed$"
expect "JSON has it" 0 '"changed":{"since":1,"changes":\[.*{"what":"text","name":"texts/en/en.txt","language":"en","change":"changed"}' at iom-geneva --json show agreement/one@latest
expect "the title is the newest version's, and proved, whichever is shown" 0 '"title":"The one, amended",.*"title-proved":true' at iom-vientiane --json show agreement/one
shows "a first version has none" "^version 1, in force"
grep -q "since" work/out && not_ok "none at all" || ok "none at all"
check "a third, the same but for its note" at mofa push agreement/one --text lo=work/lo.txt --text en=work/en.txt --text th=work/lo.txt --annex work/list.txt --title "en=The one, amended" --title "lo=ໜຶ່ງ" --note again
newest "is the same" "^  since 2 *titles, texts and annexes are the same$"

# --- To show is to have seen; what is told of another version is not. ---
expect "a look at what is in force is no look at the draft" 5 "you have not seen" at iom-vientiane push agreement/one --text lo=work/lo.txt --text en=work/map.txt --title en=X
at iom-vientiane show agreement/one >/dev/null 2>&1
expect "nor is a line of it" 5 "you have not seen" at iom-vientiane push agreement/one --text lo=work/lo.txt --text en=work/map.txt --title en=X
ask() { printf 'no\n' | script -qec "'$valise' --config offices/$1/config.yaml sign $2" /dev/null; }
expect "sign says that it was not seen" 2 "agreement/one@3 was neither fetched nor shown here before" ask mofa-minister agreement/one
at iom-chief-of-mission show agreement/one@latest >/dev/null
expect "after a look it does not" 2 "Sign version 3, while version 1 is in force?" ask iom-chief-of-mission agreement/one
grep -q "neither fetched nor shown" work/out && not_ok "no word" || ok "no word"

# --- Without a line. ---
at iom-geneva pull work/copy >/dev/null
at iom-geneva --json show agreement/one@latest >work/online
stop_daemon "$dir"
rm -rf offices/iom-geneva/state/*/versions
expect "the texts" 0 "^  text (en) *texts/en/en.txt" at iom-geneva --local show agreement/one
expect "who is to sign, and what changed" 0 "^  since 2 *titles" at iom-geneva --local show agreement/one@latest
grep -q "^  to sign *1 of lao-pdr" work/out && ok "both" || not_ok "both"
expect "a text that changed" 0 "^  since 1 *text (en) texts/en/en.txt: changed$" at iom-geneva --local show agreement/one@2
at iom-geneva --local --json show agreement/one@latest >work/offline
check "as the daemon had it" python3 -c 'import json
def parts(name):
    document = json.load(open(name)); version = document["versions"][-1]
    return document["titles"], {k: version[k] for k in ("titles", "note", "texts", "annexes", "changed", "to-sign")}
a, b = parts("work/online"), parts("work/offline")
assert a == b, (a, b)'
start_daemon "$dir"
finish
