#!/bin/sh
# An office that may no longer read a document: its knowledge ends there,
# and no command shows a status as if nothing had come since.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva iom-bangkok >/dev/null
all="mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva iom-bangkok"
size_of() { sed -n 's/.*as of checkpoint \([0-9]*\),.*/\1/p' work/out | head -1; }
deposit iom-vientiane one >/dev/null; deposit mofa two >/dev/null
for who in mofa-minister iom-chief-of-mission; do at $who sign agreement/one --yes >/dev/null 2>&1; done
at iom-bangkok fetch agreement/one -o work/one.asice >/dev/null
check "a copy of what is in force" at iom-bangkok pull work/bangkok
expect "offline it is known up to the pull" 0 "as of checkpoint" at iom-bangkok verify work/one.asice
before=$(size_of)
cp policies/agreement.yaml work/agreement.yaml
echo '# harmless' >>policies/offices.yaml; reload; accept_policy $all >/dev/null
check "under another policy that lets it read" at iom-bangkok pull
expect "it is known up to the newer one" 0 "as of checkpoint" at iom-bangkok verify work/one.asice
may=$(size_of)
[ "$may" -gt "$before" ] && ok "which is newer" || not_ok "which is newer ($before, $may)"
for who in mofa-minister iom-chief-of-mission; do at $who terminate agreement/one --reason "it ended" --yes >/dev/null 2>&1; done
# The others end it, and Bangkok and Vientiane may not read that any more.
sed -i 's/^read: .*/read: [mofa, iom-geneva]/' policies/agreement.yaml; reload
for command in "show agreement/one" "verify --current work/one.asice" "verify --current --in-force work/one.asice"; do
	expect "$command: not by a policy that it has not accepted" 3 "may not read agreement/one" at iom-bangkok $command
done
accept_policy $all >/dev/null
for command in "show agreement/one" "verify --current work/one.asice" "verify --current --in-force work/one.asice"; do
	expect "$command: nor by one that it has" 3 "may not read agreement/one" at iom-bangkok $command
done
check "it can still pull" at iom-bangkok pull
expect "the copy is known up to when it could read" 0 "as of checkpoint $may," at iom-bangkok verify work/one.asice
expect "so is the local one" 0 "^as of checkpoint $may," at iom-bangkok --local show agreement/one
check "an office that is shown its own acts alone pulls too" at iom-vientiane pull work/vientiane
mv work/agreement.yaml policies/agreement.yaml; reload; accept_policy $all >/dev/null
expect "who may read again asks" 1 "VALID, terminated" at iom-bangkok verify --current --in-force work/one.asice
check "pulls" at iom-vientiane pull
expect "all of it" 0 "agreement/one *1 *terminated" at iom-vientiane pull work/again
finish
