#!/bin/sh
# A local copy that proves itself: pull, and the commands that work on it
# offline.
. "$(dirname "$0")/lib.sh"
unset VALISE_PATIENCE
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
deposit mofa one >/dev/null; deposit mofa one "Article 2" >/dev/null; deposit mofa two >/dev/null
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
at iom-chief-of-mission sign agreement/one --yes >/dev/null 2>&1
at iom-vientiane push health-protocol/tb --text en=work/en.txt --title en=TB >/dev/null
expect "a folder is named the first time" 2 "no local copy yet" at iom-geneva pull
for folder in offices/iom-geneva/state "$(echo offices/iom-geneva/state/*)" "$(echo offices/iom-geneva/state/*)/copy"; do
	expect "the state folder is no place for a copy" 2 "name another folder" at iom-geneva pull "$folder"
done
check "and nothing was put there" sh -c 'test ! -e offices/iom-geneva/state/*/store.git -a ! -e offices/iom-geneva/state/*/copy -a ! -e offices/iom-geneva/state/agreement'
expect "pull" 0 "agreement/one  *2 *in force" at iom-geneva pull work/copy
check "its texts are there to open" cmp work/copy/agreement/two/newest/texts/lo/lo.txt work/lo.txt
check "the receipt" grep -q c2sp.org/tlog-proof work/copy/agreement/one/newest/receipt.tlog-proof
check "each version is a container" test -f work/copy/agreement/one/one-v1.asice -a -f work/copy/agreement/one/one-v2.asice
check "what one may not read is not there" test ! -e work/copy/health-protocol
git config --global safe.directory '*'
check "store.git is whole" sh -c 'test -z "$(git -C work/copy/store.git fsck --full --strict 2>&1 | grep -v -e notice: -e "HEAD points")"'
check "the branches follow" settle_refs "$dir"
[ "$(git -C work/copy/store.git rev-parse agreement/one)" = "$(git -C "$(as_files)/store.git" rev-parse agreement/one)" ] && ok "at the tip" || not_ok "at the tip"
expect "nothing new" 0 "0 new" at iom-geneva pull
deposit mofa one "Article 3" >/dev/null; deposit mofa three >/dev/null
expect "what is new is told" 0 "agreement/three *1 *draft" at iom-geneva pull
check "and the newest version's texts are now those" grep -q "Article 3" work/copy/agreement/one/newest/texts/en/one.txt
at mofa-minister sign agreement/one --yes >/dev/null 2>&1; at iom-chief-of-mission sign agreement/one --yes >/dev/null 2>&1
expect "a signature is new" 0 "agreement/one *3 *in force" at iom-geneva pull
expect "--json" 0 '"new":\[\]' at iom-geneva --json pull
at iom-geneva list --proved | sed -E 's/but title/yes      /' >work/online
at iom-geneva show agreement/one --json | sed -E 's/"title-proved":false/"title-proved":true/; s/,"size":[0-9]*,"seen".*/}/; s/,"proved":true//g' >work/show.online
stop_daemon "$dir"
check "list --local is what the daemon lists, and as of when" sh -c "'$valise' --config offices/iom-geneva/config.yaml --local list | sed -E 's/ +(AS OF|checkpoint [0-9]+, seen .*)$//' | cmp - work/online"
check "so is show" sh -c "'$valise' --config offices/iom-geneva/config.yaml --local --json show agreement/one | sed 's/,\"as-of\":.*/}/; s/,\"proved\":true//g' | cmp - work/show.online"
made=$(at iom-geneva --local --json show agreement/two | sed 's/.*"versions":\[[^]]*"time":"\([^".]*\).*/\1/; s/Z*$/Z/')
expect "list --local --since the second of the deposit" 0 "agreement/two" at iom-geneva --local list --since "$made"
expect "and since tomorrow" 0 "no such documents" at iom-geneva --local list --since "$(date -u -d '+1 day' +%Y-%m-%d)"
expect "history --local" 0 "force .*agreement/one@3" at iom-geneva --local history agreement/one
expect "fetch --local of an old version" 0 "VALID" at iom-geneva --local fetch agreement/one@1 -o work/old.asice
expect "verify" 0 "VALID, in force" at iom-geneva verify work/copy/agreement/one/one-v3.asice
expect "a diff of two versions" 0 "^+Article 3" at iom-geneva --local diff agreement/one@1 agreement/one@3
expect "tells who signed" 0 "^+signed by: minister@mofa.example" at iom-geneva --local diff agreement/one@1 agreement/one@3
expect "and the state" 0 "^+status: in force" at iom-geneva --local diff agreement/one@1 agreement/one@3
expect "by word" 0 "Article \[-2-\]{+3+}" at iom-geneva --local diff --words agreement/one@2 agreement/one@3
expect "two languages beside each other" 0 "ມາດຕາ 1 .* | Article 3" at iom-geneva --local diff agreement/one --side-by-side lo,en
expect "a language that there is not" 4 "no text in" at iom-geneva --local diff agreement/one --side-by-side lo,fr
expect "colour when it is asked for" 0 "$(printf '\033')\[32m+Article" at iom-geneva --local diff --color=always agreement/one@1 agreement/one@3
expect "the same version does not differ from itself" 0 "" at iom-geneva --local diff agreement/one@3 agreement/one@3
[ "$(wc -l <work/out)" = 1 ] && ok "and says nothing" || not_ok "and says nothing"
start_daemon "$dir"
for v in agreement agreement-2; do
	at mofa push agreement/pdf --text lo="$top/docs/example/$v.lo.pdf" --text en="$top/docs/example/$v.en.pdf" --title en=PDF >/dev/null 2>&1
done
expect "a PDF by its text" 0 "^[-+].*Vientiane" at mofa diff agreement/pdf@1 agreement/pdf@2
stop_daemon "$dir"
cp work/copy/agreement/one/one-v1.asice work/v1; cp work/copy/agreement/one/one-v2.asice work/v2; cp work/v1 work/copy/agreement/one/one-v2.asice
expect "another version in the place of one" 1 "one-v2.asice is of agreement/one@1" at iom-geneva --local fetch agreement/one@2 -o work/x.asice
cp work/v2 work/copy/agreement/one/one-v2.asice
spoil work/copy/agreement/two/two-v1.asice 700
expect "a copy that was altered is told" 1 "agreement/two@1" at iom-geneva --local list
rm work/copy/agreement/two/two-v1.asice
start_daemon "$dir"
# A line that cuts in the middle of a large one.
head -c 3000000 /dev/urandom | base64 >work/big.txt
bytes=$(gzip -c work/big.txt | wc -c)
at mofa push agreement/large --text lo=work/lo.txt --text en=work/big.txt --title en=x >/dev/null 2>&1
line iom-geneva cut=700000 cuts=4
expect "pull over a line that is cut four times" 0 "agreement/large *1 *draft" at iom-geneva pull
end_line
carried=$(cat work/count)
[ "$carried" -lt $((bytes * 13 / 10)) ] && ok "with little sent twice ($carried for $bytes)" || not_ok "with little sent twice ($carried for $bytes)"
# Ended in the middle, and again.
at mofa push agreement/large --text lo=work/en.txt --text en=work/big.txt --title en=x >/dev/null 2>&1
head -c 3000000 /dev/urandom | base64 >work/big2.txt
at mofa push agreement/larger --text lo=work/lo.txt --text en=work/big2.txt --title en=x >/dev/null 2>&1
line iom-geneva rate=1500000
"$valise" --config offices/iom-geneva/config.yaml pull >work/out1 2>&1 & p=$!
n=0; until [ "$(stat -c %s offices/iom-geneva/state/*/partial/pull.pack 2>/dev/null || echo 0)" -gt 400000 ] || [ $n = 300 ]; do sleep 0.02; n=$((n + 1)); done
kill $p; wait $p 2>/dev/null
line iom-geneva
expect "a pull that was ended goes on" 0 "came before: going on" at iom-geneva pull
check "and is whole" cmp work/copy/agreement/larger/newest/texts/en/big2.txt work/big2.txt
[ "$(at mofa log --act deliver --document agreement/larger | grep -c deliver)" = 1 ] && ok "as one delivery" || not_ok "as one delivery"
no_line iom-geneva
# Another journal's copy is not mixed with it.
printf "00000000 5" >work/other.done; mkdir work/other; cp work/other.done work/other/.valise
expect "a copy of another journal is left alone" 5 "another journal" at mofa pull work/other
check "MOFA's own has the health protocol" sh -c "'$valise' --config offices/mofa/config.yaml pull work/mofa && test -d work/mofa/health-protocol/tb/newest"
# As many that processes are made for them; one is damaged in the store first.
for i in $(seq 20); do
	printf -- '- document: agreement/many-%02d\n  title:\n    en: "Of many %d"\n  texts:\n    lo: lo.txt\n    en: many-%d.txt\n' $i $i $i
	echo "Article $i" >work/many-$i.txt
done >work/many.yaml
check "twenty more documents" at mofa push --batch work/many.yaml
check "all come, on all cores" at mofa pull work/many
cp work/out work/told; grep -o 'agreement/many-[0-9]*' work/told >work/order
[ "$(wc -l <work/order)" = 20 ] && sort -c work/order && ok "told in their order" || not_ok "told in their order: $(cat work/out)"
check "with their titles" grep -q "agreement/many-13 *1 *draft *Of many 13" work/told
for i in 07 20; do check "each is VALID" at mofa verify work/many/agreement/many-$i/many-$i-v1.asice; done
for i in 1 20; do check "with its texts" cmp work/many/agreement/many-$(printf %02d $i)/newest/texts/en/many-$i.txt work/many-$i.txt; done
check "branches are one file, and where the journal says" settle_refs "$dir"
check "none is loose" sh -c 'test -z "$(find work/many/store.git/refs/heads -type f)"'
refs() { git -C "$1" for-each-ref --format='%(refname) %(objectname)' refs/heads; }
refs "$(as_files)/store.git" >work/refs1; refs work/many/store.git >work/refs2
check "all of them" cmp work/refs1 work/refs2
check "the list of the copy is that of the daemon" sh -c "'$valise' --config offices/mofa/config.yaml --local list | grep -c many- | grep -qx 20"
# Two pulls into one folder at once: each copy is placed once, and whole.
"$valise" --config offices/mofa/config.yaml pull work/both >work/both1 2>&1 & p=$!
check "two at once" at mofa pull work/both
wait $p; [ $? = 0 ] && ok "and the other one" || not_ok "and the other one: $(cat work/both1)"
files() { (cd "$1" && find . -type f ! -path './store.git/*' | sort); }
files work/many >work/files1; files work/both >work/files2
check "both leave the same" cmp work/files1 work/files2
refs work/both/store.git >work/refs2
check "and the same branches" cmp work/refs1 work/refs2
finish
