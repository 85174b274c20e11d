#!/bin/sh
# Names of 240 bytes, where the policy of a type allows them: a Lao letter has three.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-bangkok iom-vientiane >/dev/null
# 78 letters of three bytes, and the ending.
long=$(printf 'ກ%.0s' $(seq 78)).txt; annex=$(printf 'ຂ%.0s' $(seq 78)).txt; over=$(printf 'ກ%.0s' $(seq 79)).txtx
printf 'Long\n' >"work/$long"; printf 'Annex\n' >"work/$annex"
push() { at mofa push "$1" --title en=Long --text en=work/en.txt --text lo="work/$long" --annex "work/$annex"; }
expect "where the policy says nothing a name has 100 bytes" 9 "a name of 238 bytes: its type's policy takes 100 (limits: name)" push agreement/long
short=$(sed -n 's/.*--as "\([^"]*\.txt\)" would do.*/\1/p' work/out)
check "one that would do is told, with its ending" test -n "$short"
expect "and it does" 0 "texts/lo/$short" at mofa push agreement/long --title en=Long --text en=work/en.txt --text lo="work/$long" --as "$short" --dry-run
sed -i 's/^limits: .*/limits: {text: 64 MiB, texts: 16, name: 240}/' policies/agreement.yaml
expect "the policy is good" 0 "good" "$valised" --config valised.yaml --check
expect "what is over all bounds is none" 8 "names are of 100 to 240 bytes" sh -c "cp -R policies work/bad && sed -i 's/name: 240/name: 241/' work/bad/agreement.yaml && '$valise' policy check work/bad"
reload
accept_policy mofa mofa-minister iom-chief-of-mission iom-bangkok iom-vientiane >/dev/null
expect "with it both are deposited" 0 "agreement/long@1" push agreement/long
expect "241 bytes are too many" 9 "a name of 24[12] bytes" at mofa push agreement/over --title en=O --text en=work/en.txt --text lo=work/lo.txt --as "$over"
expect "the others sign it" 0 "in force" sh -c "for who in mofa-minister iom-chief-of-mission; do '$valise' --config offices/\$who/config.yaml sign agreement/long --yes; done"
expect "it is fetched, with a name of 255 bytes" 0 "VALID, in force" at iom-vientiane fetch agreement/long -o "work/$(printf 'ກ%.0s' $(seq 83)).asice"
expect "and verified" 0 "VALID" at iom-vientiane verify "work/$(printf 'ກ%.0s' $(seq 83)).asice"
expect "and again, in its place" 0 "it replaces agreement/long@1" at iom-vientiane fetch agreement/long -o "work/$(printf 'ກ%.0s' $(seq 83)).asice"
check "its files are extracted" at iom-vientiane fetch agreement/long --extract work/extracted
check "by their names" cmp "work/$long" "work/extracted/texts/lo/$long"
check "annexes too" cmp "work/$annex" "work/extracted/annexes/$annex"
at iom-vientiane pull work/copy >/dev/null
check "the local copy has them" cmp "work/$annex" "work/copy/agreement/long/newest/annexes/$annex"
expect "and shows it" 0 "agreement/long" at iom-vientiane --local list
at mofa bag pack -o work/a.bag --to iom-bangkok --known 0 agreement/long >/dev/null
expect "a bag brings them" 0 "agreement/long@1 *VALID" at iom-bangkok bag open work/a.bag --into work/bangkok
at mofa kit agreement/long -o work/kit.zip >/dev/null; mkdir work/kit; unzip -q work/kit.zip -d work/kit
"$valised" --config valised.yaml enrolment >work/newer.yaml 2>/dev/null
expect "and a kit" 0 "VALID" sh -c "cd work/kit && '$valise' verify copies --enrolment ../newer.yaml --policy policies --crls crls"
check "and git" sh -c "git -C work/copy/store.git -c core.quotePath=false ls-tree -r --name-only agreement/long | grep -q '$annex'"
expect "HTTP has them" 0 "VALID" sh -c "curl -sS --tlsv1.3 --cacert offices/iom-vientiane/ca.pem --cert offices/iom-vientiane/cert.pem --key offices/iom-vientiane/key.pem $(cat url)/v1/documents/agreement/long/versions/1 -o work/h.asice && '$valise' --config offices/iom-vientiane/config.yaml verify work/h.asice"
expect "the data folder is whole" 0 "nothing is wrong" sh -c "kill $(cat pid); while kill -0 $(cat pid) 2>/dev/null; do sleep 0.05; done; '$valised' --config valised.yaml fsck"
finish
