#!/bin/sh
# Bags that get lost: what was in one goes into the next until its addressee
# acknowledges it, and a bag that cannot be opened changes nothing.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-bangkok iom-geneva >/dev/null
pack() { at mofa bag pack -o "$@" --to iom-bangkok; }
bags() { at mofa --json bag list; }
# NUMBER STATE
state() { bags | grep -q "\"number\":$1,[^}]*\"state\":\"$2\""; }
expect "no bag yet" 0 "No bag was sent" at mofa bag list
deposit mofa one >/dev/null
expect "the first bag has all" 0 "bag 1 to iom-bangkok, 1 document" pack work/1.bag --known 0
check "it is sent" state 1 sent
deposit mofa two >/dev/null
expect "what was not acknowledged goes in again" 0 "bag 2 to iom-bangkok, 2 documents" pack work/2.bag --known 0
at mofa bag pack -o work/x.bag --to iom-bangkok --known 0 >work/said
check "how many, and how large it is" grep -q "2 earlier bags to iom-bangkok are not acknowledged.*again, [0-9]* KiB in all" work/said
expect "only what is new since the last" 0 "bag 4 to iom-bangkok, 1 document" sh -c "
	'$valise' --config offices/mofa/config.yaml push agreement/three --text lo=work/lo.txt --text en=work/en.txt --title en=3 >/dev/null &&
	'$valise' --config offices/mofa/config.yaml bag pack -o work/4.bag --to iom-bangkok --since-last --known 0"
expect "nothing is new, and the last may be lost" 0 "bag 5 to iom-bangkok, 3 documents" pack work/5.bag --since-last --known 0
check "Bangkok opens one, of five" at iom-bangkok bag open work/2.bag --into work/copy
check "and answers" at mofa bag ack work/2.bag.ack
check "it is acknowledged" state 2 acknowledged
check "the one before it is missing" state 1 missing
check "the one behind it is sent" state 5 sent
check "a person reads the same" sh -c "'$valise' --config offices/mofa/config.yaml bag list --to iom-bangkok | grep -q '^1 .*missing'"
expect "none to another office" 0 "No bag was sent" at mofa bag list --to iom-geneva
expect "what was acknowledged does not go again" 0 "1 document$" pack work/6.bag
expect "but with --all" 0 "3 documents" pack work/7.bag --all
# A bag that only has what is behind a gap does not close the gap.
check "the bag of the third alone is opened" at iom-bangkok bag open work/4.bag
check "and answered" at mofa bag ack work/4.bag.ack
expect "then all was acknowledged" 4 "nothing to pack" pack work/8.bag
deposit mofa four >/dev/null
pack work/9.bag >/dev/null
deposit mofa five >/dev/null
pack work/10.bag --since-last >/dev/null
check "the later one comes" at iom-bangkok bag open work/10.bag
check "and is answered" at mofa bag ack work/10.bag.ack
expect "the gap before it is packed, and no more" 0 "agreement/four" sh -c "'$valise' --json --config offices/mofa/config.yaml bag pack -o work/11.bag --to iom-bangkok | grep -v agreement/five"

# --- A bag for somebody else.
at iom-geneva pull work/geneva >/dev/null
expect "it is not opened" 1 "not encrypted to your office" at iom-geneva bag open work/1.bag --into work/other
check "the local copy is the one of before" sh -c "'$valise' --config offices/iom-geneva/config.yaml --local list | grep -q agreement/one"
finish
