#!/bin/sh
# A status has a date: that of the copy, of what this office received, or now.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
into_force() { for who in mofa-minister iom-chief-of-mission; do at $who sign "$1" --yes >/dev/null 2>&1; done; }
today=$(date -u +%Y-%m-%d)
deposit mofa one >/dev/null; into_force agreement/one
at iom-bangkok fetch agreement/one -o work/one.asice >/dev/null
last=$(at mofa --json log --document agreement/one --act force | sed 's/.*"index": *\([0-9]*\).*/\1/')
at iom-vientiane push health-protocol/tb --text en=work/en.txt --title en=TB >/dev/null
at iom-vientiane fetch health-protocol/tb -o work/tb.asice >/dev/null

# Of a copy alone.
expect "a copy alone" 0 "VALID, in force" at iom-geneva verify work/one.asice
expect "is as of its last act" 0 "as of its last act, entry $last of $today (the depositary's time); not known since" at iom-geneva verify work/one.asice
expect "in JSON" 0 "\"as-of\":{\"entry\":$last,\"time\":\"$today[^}]*\",\"withdrawn\":null,\"witnessed\":null,\"size\":null,\"seen\":null}" at iom-geneva --json verify work/one.asice
expect "by what is known it is in force" 0 "not known since" at iom-geneva verify --in-force work/one.asice
deposit mofa one "Article 2" >/dev/null; into_force agreement/one
stop_daemon "$dir"
expect "a copy knows nothing of the next version" 0 "VALID, in force" at iom-geneva verify work/one.asice
expect "and does not say that it does" 0 "not known since" at iom-geneva verify work/one.asice
expect "nobody is there to ask" 6 "" at iom-geneva verify --current work/one.asice
expect "what it says by itself is told all the same" 6 "VALID, in force" at iom-geneva verify --current work/one.asice
start_daemon "$dir"

# Of now.
expect "--current asks" 0 "VALID, superseded" at iom-geneva verify --current work/one.asice
expect "and says as of what" 0 "^  as of checkpoint [0-9]*, seen $today$" at iom-geneva verify --current work/one.asice
expect "the copy's own act too" 0 "its last act is entry $last of $today" at iom-geneva verify --current work/one.asice
expect "in JSON" 0 "\"status\":\"superseded\".*\"size\":[0-9]*,\"seen\":\"$today" at iom-geneva --json verify --current work/one.asice
expect "--in-force" 1 "it is superseded, as of checkpoint" at iom-geneva verify --current --in-force work/one.asice
expect "by its code" 1 '"code":"NOT_IN_FORCE"' at iom-geneva --json verify --current --in-force work/one.asice
expect "who may not read it is told so" 3 "" at iom-geneva verify --current work/tb.asice
# Of this office: what it was given.
stop_daemon "$dir"
expect "from then on this office knows" 0 "VALID, superseded" at iom-geneva verify work/one.asice
expect "as of that checkpoint" 0 "as of checkpoint [0-9]*, seen $today" at iom-geneva verify work/one.asice
expect "so --in-force says no" 1 "it is superseded" at iom-geneva verify --in-force work/one.asice
expect "another office does not" 0 "VALID, in force" at iom-vientiane verify work/one.asice
start_daemon "$dir"
expect "fetch says superseded" 0 "VALID, superseded" at iom-vientiane fetch agreement/one@1 -o work/one2.asice
expect "and as of what" 0 "^  as of checkpoint [0-9]*, seen $today$" at iom-vientiane fetch agreement/one@1 -o work/one2.asice
expect "show too" 0 "^as of checkpoint [0-9]*, seen $today$" at iom-vientiane show agreement/one
expect "of one version it tells that one" 0 '"versions":\[{"version":1,[^]]*\]' at iom-vientiane --json show agreement/one@1
check "and no other" sh -c "! grep -q '\"version\":2' work/out"
expect "who saw less says as of what" 0 "VALID, in force" at iom-bangkok verify work/one2.asice
expect "which is older" 0 "^  as of checkpoint [0-9]*, seen $today$" at iom-bangkok verify work/one2.asice
at mofa fetch agreement/one --force -o work/two.asice >/dev/null
for who in mofa-minister iom-chief-of-mission; do at $who terminate agreement/one --reason "it ended" --yes >/dev/null 2>&1; done
expect "a copy of before the end" 0 "VALID, in force" at iom-bangkok verify work/two.asice
expect "is newer than all that is known" 0 "not known since" at iom-bangkok verify work/two.asice
expect "is terminated now" 1 "VALID, terminated" at iom-bangkok verify --current --in-force work/two.asice

deposit mofa two >/dev/null; deposit mofa three >/dev/null
at iom-bangkok show agreement/two >/dev/null; at mofa-minister sign agreement/two --yes >/dev/null 2>&1
at mofa fetch agreement/two -o work/newer.asice >/dev/null
expect "a copy that is newer than what is known tells more" 0 "VALID, signed in part" at iom-bangkok verify work/newer.asice
expect "and no more than it can" 0 "not known since" at iom-bangkok verify work/newer.asice

rm -rf offices/mofa-minister/state/*/acts
liar mofa-minister ask agreement%2Fone agreement%2Fnone ask documents/agreement/one documents/agreement/none
expect "a document that is denied is not there" 4 "there is no document" at mofa-minister show agreement/one
expect "but where a copy proves that it is" 1 "ENTRY_WITHHELD.*a copy proves acts" at mofa-minister --json verify --current work/one.asice
no_line mofa-minister

# Of a local copy.
expect "pull" 0 "^as of checkpoint [0-9]*, seen $today$" at iom-geneva pull work/geneva
pulled=$(sed -n 's/^as of checkpoint \([0-9]*\),.*/\1/p' work/out)
expect "list --local" 0 "agreement/two .*signed in part .*The two *checkpoint $pulled, seen $today" at iom-geneva --local list
expect "in JSON" 0 "\"document\":\"agreement/two\".*\"as-of\":{[^}]*\"size\":$pulled," at iom-geneva --local --json list
expect "show --local" 0 "^as of checkpoint $pulled, seen $today" at iom-geneva --local show agreement/two
expect "fetch --local" 0 "VALID, superseded" at iom-geneva --local fetch agreement/one@1 --force -o work/x.asice
deposit mofa three "Article 3" >/dev/null
expect "a pull tells of what did not change too" 0 "agreement/three *2 *draft" at iom-geneva pull
later=$(sed -n 's/^as of checkpoint \([0-9]*\),.*/\1/p' work/out)
expect "it is as of the newer checkpoint" 0 "^as of checkpoint $later," at iom-geneva --local show agreement/two
[ "$later" -gt "$pulled" ] && ok "which is newer" || not_ok "which is newer"
expect "a file of it" 0 "as of checkpoint $later," at iom-geneva verify work/geneva/agreement/two/two-v1.asice
# What the pull itself left, its deliveries, is seen by now.
later=$(at iom-geneva pull | sed -n 's/^as of checkpoint \([0-9]*\),.*/\1/p')
at iom-geneva show agreement/one >/dev/null
tomorrow=$(date -u -d '+1 day' +%Y-%m-%d)
later_at() { CLOCK_OFFSET=86400 LD_PRELOAD="$VALISE_BUILD/clock.so" "$valise" --config "offices/$1/config.yaml" "$2" ${3:+"$3"}; }
expect "a pull that brings nothing new is of its own day" 0 "^as of checkpoint $later, seen $tomorrow" later_at iom-geneva pull
expect "which is kept" 0 "^as of checkpoint $later, seen $tomorrow" at iom-geneva --local show agreement/two
expect "of each" 0 "agreement/one .*checkpoint $later, seen $tomorrow" at iom-geneva --local list
expect "so is what one document is asked for" 0 "^as of checkpoint $later, seen $tomorrow" later_at iom-bangkok show agreement/two
expect "by its acts" 0 "as of checkpoint $later, seen $tomorrow" at iom-bangkok verify work/newer.asice
# Both ways take a second and a half: what was seen by then was so when it was asked for.
line iom-vientiane delay=1500
at iom-vientiane --json verify --current work/newer.asice >work/late; ended=$(date +%s); no_line iom-vientiane
seen=$(sed -n 's/.*"seen":"\([^".Z]*\).*/\1/p' work/late)
[ "$((ended - $(date -u -d "${seen}Z" +%s)))" -ge 3 ] && ok "a late answer is of when it was asked for" || not_ok "a late answer is of when it was asked for ($seen)"
deposit mofa two "Article 4" >/dev/null
expect "what came since is not known" 0 "agreement/two *1 *signed in part .*checkpoint $later" at iom-geneva --local list
rm -f offices/iom-geneva/state/*/acts/all
expect "without that memory, as of each one's own" 0 "^as of checkpoint $pulled," at iom-geneva --local show agreement/two
rm -rf offices/iom-geneva/state/*/acts
expect "without any, as of the last act here" 0 "^as of the last act here, entry [0-9]* of $today (the depositary's time); not known since" at iom-geneva --local show agreement/two
expect "list --local too" 0 "The two *entry [0-9]* of $today" at iom-geneva --local list
expect "the copies still tell what they do" 0 "version 1, superseded" at iom-geneva --local show agreement/one

# Of a bag.
# The index of the newest act of a folder's newest version.
act_of() { sed -n 's/^index //p' "$1/newest/receipt.tlog-proof"; }
known=$(sed -n 2p offices/iom-bangkok/state/*/checkpoint); rm -rf offices/iom-bangkok/state/*/acts
at mofa bag pack -o work/a.bag --to iom-bangkok --known "$known" agreement/one@1 >/dev/null
at mofa bag pack -o work/b.bag --to iom-bangkok --known "$known" agreement/one@2 >/dev/null
stop_daemon "$dir"
expect "bag open tells a copy's own" 0 "in force as of entry $last of $today" at iom-bangkok bag open work/a.bag --into work/bangkok
expect "so does show" 0 "^as of the last act here, entry $last of" at iom-bangkok --local show agreement/one
expect "the next one" 0 "terminated as of entry" at iom-bangkok bag open work/b.bag
expect "tells of the first" 0 "version 1, superseded" at iom-bangkok --local show agreement/one
expect "a file of it too" 0 "VALID, superseded" at iom-bangkok verify work/one.asice
end=$(act_of work/bangkok/agreement/one)
expect "by the last act that came" 0 "as of its last act, entry $end of .*; not known since" at iom-bangkok verify work/one.asice
start_daemon "$dir"
expect "online it is as of now" 0 "^as of checkpoint" at iom-bangkok show agreement/one
# A copy of another history: the same text, and a signature that is not in ours.
deposit mofa four >/dev/null
stop_daemon "$dir"; keep_data true; cp -R offices work/offices; start_daemon "$dir"
# OFFICE TIMES: two more entries each; a start forgets what was delivered.
grow() { for i in $(seq "$2"); do at "$1" fetch agreement/two --force -o work/x.asice >/dev/null; restart; done; }
grow mofa 1
at mofa-minister sign agreement/four --yes >/dev/null 2>&1; at mofa fetch agreement/four -o work/four.asice >/dev/null
stop_daemon "$dir"; rm -rf offices; take_data true; mv work/offices offices; start_daemon "$dir"
grow iom-vientiane 5
at iom-geneva list >/dev/null
expect "a copy of another history, by mail" 0 "VALID, signed in part" at iom-geneva verify work/four.asice
expect "is not known to be one" 0 "not known since" at iom-geneva verify work/four.asice
at mofa show agreement/four >/dev/null
expect "beside acts that are known it is" 1 '"code":"JOURNAL_ROLLED_BACK"' at mofa --json verify work/four.asice
expect "asked for, it is told" 1 "rolled back" at iom-bangkok verify --current work/four.asice
other=$(ls offices/iom-geneva/state/*/unsettled | sed -n 's/-.*//p' | head -1)
liar iom-geneva ask "journal/checkpoint?old=$other&" "documents/health-protocol/none?"
expect "a daemon that never proves it is told of" 0 "a journal of size $other, .* is still not proved" at iom-geneva list
lied "old=$other" && ok "it was asked" || not_ok "it was asked"
no_line iom-geneva
expect "the next connection tells without being asked" 1 "rolled back" at iom-geneva list
expect "and from then on the copy is" 1 "another history" at iom-geneva verify work/four.asice
finish
