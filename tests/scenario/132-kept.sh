#!/bin/sh
# Kept files are never replaced by worse ones: bags that arrive late or twice,
# of another history, copies that are damaged, commands that end halfway.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
known() { sed -n 2p "offices/$1"/state/*/checkpoint; }
local_at() { office=$1; shift; at "$office" --local "$@"; }
row() { at "$1" --local --json list | python3 -c 'import json, sys; print(*(json.dumps(d, separators=(",", ":"), ensure_ascii=False) for d in json.load(sys.stdin)["documents"] if d["document"] == sys.argv[1]))' "$2"; }
deposit mofa one >/dev/null
for who in mofa-minister iom-chief-of-mission; do at $who sign agreement/one --yes >/dev/null 2>&1; done
at iom-geneva pull work/geneva >/dev/null
bangkok=$(known iom-bangkok)
# The administrator's other history begins here.
stop_daemon "$dir"; keep_data fork; cp -R offices work/offices-fork; start_daemon "$dir"
deposit mofa two "the true one" >/dev/null
check "an early bag" at mofa bag pack -o work/early.bag --to iom-bangkok --known "$bangkok" agreement/one
for who in mofa-minister iom-chief-of-mission; do at $who terminate agreement/one --reason "it ended" --yes >/dev/null 2>&1; done
check "a later bag" at mofa bag pack -o work/late.bag --to iom-bangkok --known "$bangkok" agreement/one agreement/two
check "a bag to Geneva, of which nobody told how far it has seen" at mofa bag pack -o work/true.bag --to iom-geneva --known 0 agreement/one
check "and to Vientiane" at mofa bag pack -o work/true2.bag --to iom-vientiane --known 0 agreement/two

# The other history: another text of the same number, another end of "one".
stop_daemon "$dir"; keep_data true; mv offices work/offices-true; take_data fork; mv work/offices-fork offices; start_daemon "$dir"
# So many that no checkpoint of it has the size of one that Bangkok knows.
for i in 1 2 3; do at mofa fetch agreement/one -o work/x.asice >/dev/null; restart; done
deposit mofa two "the false one" >/dev/null
for who in mofa-minister iom-chief-of-mission; do at $who terminate agreement/one --reason "it never was" --yes >/dev/null 2>&1; done
check "its bag to Bangkok" at mofa bag pack -o work/false.bag --to iom-bangkok --known 0 agreement/two
check "and to Geneva" at mofa bag pack -o work/false2.bag --to iom-geneva --known 0 agreement/one agreement/two
stop_daemon "$dir"; rm -rf offices; take_data true; mv work/offices-true offices

# Without a line: the later bag first.
expect "the later bag arrives first" 0 "agreement/one@1 *VALID *The one *terminated" at iom-bangkok bag open work/late.bag --into work/bangkok
expect "with proofs for each of its copies" 0 '"proved":true.*"proved":true.*"proved":true' at iom-bangkok --json bag open work/late.bag --again
[ "$(grep -o '"proved":true' work/out | wc -l)" = 3 ] && ok "for both, and its journal" || not_ok "for both, and its journal"
cp work/bangkok/agreement/one/one-v1.asice work/kept.asice
expect "the early one then is no news" 0 "terminated\|older than yours, which stays" at iom-bangkok bag open work/early.bag
expect "and says so" 0 '"placed":"older"' at iom-bangkok --json bag open work/early.bag --again
check "what was known stays" cmp work/kept.asice work/bangkok/agreement/one/one-v1.asice
expect "list --local" 0 "agreement/one *1 *terminated *yes" local_at iom-bangkok list
expect "show --local" 0 "version 1, terminated$" local_at iom-bangkok show agreement/one
act_of() { sed -n 's/^extra //p' "$1/newest/receipt.tlog-proof" | base64 -d | grep -o '"act":"[a-z]*"'; }
expect "in newest/ too" 0 '"act":"force"' act_of work/bangkok/agreement/one
check "nothing of it had to be kept aside" test ! -e work/bangkok/agreement/one/aside

# Another version of the same number.
cp work/bangkok/agreement/two/two-v1.asice work/true.asice
expect "a bag of another history" 1 "rolled back" at iom-bangkok bag open work/false.bag
expect "is told by its code" 1 '"code":"JOURNAL_ROLLED_BACK"' at iom-bangkok --json bag open work/false.bag --again
expect "and by its row" 1 '"placed":"contradicts"' at iom-bangkok --json bag open work/false.bag --again
check "what was there stays" cmp work/true.asice work/bangkok/agreement/two/two-v1.asice
check "so does its text" grep -q "the true one" work/bangkok/agreement/two/newest/texts/en/two.txt
expect "the other one is kept beside it" 0 "the false one" unzip -p work/bangkok/agreement/two/aside/two-v1-*.asice texts/en/two.txt
[ "$(ls work/bangkok/agreement/two/aside | wc -l)" = 1 ] && ok "once" || not_ok "once"
expect "nobody here knew that it is another's, but by what is there" 0 '"proved":false,"placed":"contradicts"' sh -c '"$1" --config offices/iom-bangkok/config.yaml --json bag open work/false.bag --again; true' - "$valise"
expect "its acknowledgement tells" 0 "found: contradicts" unzip -p work/false.bag.ack acknowledgement.yaml

# One that nobody here can prove: marked, and settled by the next connection.
cp work/geneva/agreement/one/one-v1.asice work/pulled.asice
expect "a bag of a history that nobody can prove is taken" 0 "agreement/two@1 *VALID .*draft as of entry .*, not proved" at iom-geneva bag open work/false2.bag
expect "and says so" 0 '"proved":false' at iom-geneva --json bag open work/false2.bag --again
expect "list --local does" 0 "agreement/two *1 *draft *no" local_at iom-geneva list
expect "so does what was proved before it" 0 "agreement/one *1 *terminated *no" local_at iom-geneva list
expect "in JSON" 0 '"proved":false' row iom-geneva agreement/two
expect "show --local" 0 "version 1, draft, not proved" local_at iom-geneva show agreement/two
expect "fetch --local" 0 "agreement/two@1 is not proved" local_at iom-geneva fetch agreement/two -o work/two.asice
check "what was proved is kept" cmp work/pulled.asice work/geneva/agreement/one/aside/one-v1-*.asice
expect "one that is true, by the way" 0 "agreement/two@1 .*not proved" at iom-vientiane bag open work/true2.bag --into work/vientiane
start_daemon "$dir"
expect "the next connection tells" 1 "rolled back" at iom-geneva list
expect "and puts what was proved back" 0 "JOURNAL_ROLLED_BACK: agreement/one@1.*kept in" local_at iom-geneva list
check "as it was" cmp work/pulled.asice work/geneva/agreement/one/one-v1.asice
expect "with its status" 0 "agreement/one *1 *in force *yes" local_at iom-geneva list
expect "what was false has no place any more" 4 "not in the local copy" local_at iom-geneva show agreement/two
check "not in newest/" test ! -e work/geneva/agreement/two/newest
check "but is kept" test -f work/geneva/agreement/two/aside/two-v1-*.asice
expect "the same bag once more" 1 '"code":"JOURNAL_ROLLED_BACK"' at iom-geneva --json bag open work/false2.bag --again
check "gets no place" test ! -e work/geneva/agreement/two/two-v1.asice
expect "a pull brings the true one" 0 "agreement/two *1 *draft" at iom-geneva pull
expect "proved" 0 "agreement/two *1 *draft *yes" local_at iom-geneva list
expect "and the true end of the other" 0 "agreement/one *1 *terminated *yes" local_at iom-geneva list
expect "to Vientiane the connection says that it is true" 0 "" at iom-vientiane list
expect "then it is proved" 0 "agreement/two *1 *draft *yes" local_at iom-vientiane list
expect "a bag of what is known already" 0 '"placed":"same"' at iom-geneva --json bag open work/true.bag
expect "changes nothing" 0 "0 new" at iom-geneva pull

# A copy that is damaged, in its text alone: a good one takes its place.
stop_daemon "$dir"
text=$(grep -abo "the true one" work/bangkok/agreement/two/two-v1.asice | head -n 1 | cut -d: -f1)
spoil work/bangkok/agreement/two/two-v1.asice "$text"
cp work/bangkok/agreement/two/two-v1.asice work/damaged.asice
expect "a damaged copy is told" 1 "agreement/two@1" local_at iom-bangkok list
expect "a bag brings a good one" 0 "all is there" at iom-bangkok bag open work/late.bag --again
check "which takes its place" cmp work/true.asice work/bangkok/agreement/two/two-v1.asice
check "the damaged one is kept" sh -c 'for f in work/bangkok/agreement/two/aside/*; do cmp -s $f work/damaged.asice && exit; done; exit 1'
spoil work/bangkok/agreement/two/two-v1.asice 700
expect "one of which nothing can be read" 0 "all is there" at iom-bangkok bag open work/late.bag --again
check "goes too" cmp work/true.asice work/bangkok/agreement/two/two-v1.asice
: >work/bangkok/agreement/two/two-v1.asice
expect "an empty one too" 0 "all is there" at iom-bangkok bag open work/late.bag --again
check "is made anew" cmp work/true.asice work/bangkok/agreement/two/two-v1.asice
# Hard links, files that nobody may write, links, and what a crash leaves.
fresh() { rm -rf work/b2; at iom-bangkok bag open work/early.bag --again --into work/b2 >/dev/null 2>&1; }
fresh
ln work/b2/agreement/one/one-v1.asice work/linked; cp work/linked work/linked.was
chmod -R a-w work/b2/agreement/one/newest work/b2/agreement/one/one-v1.asice
cp -R work/b2/agreement/one/newest work/newest.old
expect "over files that nobody may write" 0 "terminated" at iom-bangkok bag open work/late.bag --again
check "the other name of a file keeps its bytes" cmp work/linked work/linked.was
check "no folder is left" test ! -e work/b2/agreement/one/.newest
chmod -R u+w work/newest.old; rm -rf work/b2/agreement/one/newest; cp -R work/newest.old work/b2/agreement/one/newest
expect "ended before newest/: the next run" 0 "terminated" at iom-bangkok bag open work/late.bag --again
check "puts it right" cmp work/b2/agreement/one/newest/receipt.tlog-proof work/bangkok/agreement/one/newest/receipt.tlog-proof
fresh; mkdir work/elsewhere; echo mine >work/elsewhere/file
rm -rf work/b2/agreement/one/newest; ln -s "$dir/work/elsewhere" work/b2/agreement/one/newest
expect "newest/ as a link" 0 "terminated" at iom-bangkok bag open work/late.bag --again
check "what it led to stays" grep -q mine work/elsewhere/file
# Two at once, in either order.
bad=0
for i in 1 2 3 4; do
	rm -rf work/b2
	"$valise" --config offices/iom-bangkok/config.yaml bag open work/early.bag --again --into work/b2 --ack work/a1 >/dev/null 2>&1 & p=$!
	at iom-bangkok bag open work/late.bag --again --into work/b2 --ack work/a2 >/dev/null 2>&1
	wait $p
	local_at iom-bangkok show agreement/one | grep -q "version 1, terminated" || bad=$((bad + 1))
	act_of work/b2/agreement/one | grep -q force || bad=$((bad + 1))
done
[ $bad = 0 ] && ok "two bags at once end with the later one" || not_ok "two bags at once: $bad wrong"
start_daemon "$dir"
finish
