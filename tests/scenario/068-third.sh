#!/bin/sh
# Verifying for who has no office: a court with a copy, an enrolment from
# somebody else, and what came beside the copy; and the kit that is handed over.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister >/dev/null
deposit mofa one >/dev/null
at mofa-minister sign agreement/one -y >/dev/null 2>&1
deposit mofa two >/dev/null
at mofa fetch agreement/one -o work/one.asice >/dev/null

# As expect, and what was said stays for "check … work/said".
said() { expect "$@"; cp work/out work/said; }

# --- What verify reads.
verify() { at mofa verify "$@"; }
cat_into() { cat "$1" | verify "${2:--}"; }
expect "a copy by a pipe" 0 "VALID, " cat_into work/one.asice
expect "and by /dev/stdin" 0 "VALID, " cat_into work/one.asice /dev/stdin
expect "standard input that is a file" 0 "VALID, " sh -c "'$valise' --config offices/mofa/config.yaml verify - <work/one.asice"
mkfifo work/pipe.asice; cat work/one.asice >work/pipe.asice &
expect "a named pipe" 0 "pipe.asice: VALID, " verify work/pipe.asice
expect "no ZIP at all comes by a pipe" 1 "INVALID" cat_into work/en.txt
# No more than its beginning is read: this has no end.
expect "an endless pipe that is no ZIP" 1 "INVALID" sh -c "yes | timeout 20 '$valise' --config offices/mofa/config.yaml verify -"
expect "nothing comes by a pipe" 1 "INVALID" cat_into /dev/null
mkdir -p work/folder/below
cp work/one.asice work/folder/b.asice; cp work/one.asice work/folder/below/a.asice; cp work/en.txt work/folder/en.txt
said "a folder: each *.asice in it" 0 "folder/b.asice: VALID" verify work/folder
check "and below it" grep -q "below/a.asice: VALID" work/said
check "and nothing else" sh -c '! grep -q en.txt work/said'
mkdir work/empty
expect "a folder without any" 4 "no file in it is called" verify work/empty
said "a file that is missing: the others are judged" 4 "one.asice: VALID" verify work/none.asice work/one.asice
check "and it is told" grep -q "none.asice: no such file" work/said
cp work/one.asice work/bad.asice; printf x >>work/bad.asice
expect "one that is not VALID is exit 1, whatever else" 1 "bad.asice: INVALID" verify work/none.asice work/bad.asice work/one.asice

# --- The kit.
expect "a kit" 0 "2 copies" at mofa kit agreement/one agreement/two -o work/kit.zip --telephone lao-pdr=+856-21-5550100
expect "an unknown party" 2 "expected PARTY=NUMBER" at mofa kit agreement/one -o work/no.zip --telephone nobody=1
expect "an unknown document" 4 "" at mofa kit agreement/none -o work/no.zip
check "and leaves nothing behind" sh -c '! ls work/no.zip* work/.tmp* work/.no* 2>/dev/null'
check "unzip takes it" unzip -q work/kit.zip -d work/kit
fingerprint=$(sha256sum <work/kit/enrolment.yaml | cut -c1-4)
check "README.txt says first what one must have from elsewhere" sh -c "head -n 8 work/kit/README.txt | grep -q '$fingerprint-'"
check "and whom to call" grep -q 'lao-pdr: +856-21-5550100' work/kit/README.txt
check "and where to look" grep -q 'iom: look its number up' work/kit/README.txt

# --- The court: no configuration, no key, no state, no line.
mkdir work/court
court() { (cd work/kit && HOME="$dir/work/court" "$valise" "$@"); }
stop_daemon "$dir"
expect "a kit is no copy, which is said" 1 "it is no copy but a kit.*unpack it" at mofa verify work/kit.zip
expect "who has no office is told how" 2 "Without an office of your own: valise verify FILE --enrolment FILE" court verify copies
check "README.txt names the seal" grep -q "depositary@mofa.example, the depositary's seal" work/kit/README.txt
said "the kit's copies are VALID" 0 "agreement--two-v1.asice: VALID" court verify copies --enrolment enrolment.yaml --policy policies --crls crls
check "its first line is whose word that is" sh -c "head -n 1 work/said | grep -q 'by the enrolment with fingerprint $fingerprint-'"
check "and that it must come from elsewhere" sh -c "head -n 2 work/said | grep -q 'from somebody other than who gave you the copy'"
check "who signed is told" grep -q "treaties@mofa.example" work/said
check "nothing was kept" sh -c '[ -z "$(ls -A work/court)" ]'
expect "as JSON" 0 "\"enrolment\":{\"fingerprint\":\"$fingerprint" court --json verify copies/agreement--one-v1.asice --enrolment enrolment.yaml --policy policies --crls crls
said "without the policy it is INDETERMINATE" 1 "INDETERMINATE" court verify copies --enrolment enrolment.yaml --crls crls
check "which says what is missing" grep -q "POLICY_UNKNOWN" work/said
# The enrolment's own lists will do; without them it takes those of the acts.
expect "the enrolment brings lists" 0 "VALID" court verify copies --enrolment enrolment.yaml --policy policies
sed '/^crls:/,$d' work/kit/enrolment.yaml >work/listless.yaml; echo 'crls: {}' >>work/listless.yaml
said "without any list" 1 "INDETERMINATE" court verify copies --enrolment ../listless.yaml --policy policies
check "which says what is missing, too" grep -q "REVOCATION_UNKNOWN" work/said
expect "those of the acts will do" 0 "VALID" court verify copies --enrolment ../listless.yaml --policy policies --crls crls
cp -R policies work/own; echo '# ours' >>work/own/agreement.yaml
expect "a policy of somebody's own" 1 "the enrolment does not list the policy" \
	court verify copies --enrolment enrolment.yaml --policy ../own --crls crls
sed 's/^policy: *.*/policy: 0000000000000000000000000000000000000000000000000000000000000000/' work/kit/enrolment.yaml >work/other.yaml
expect "an enrolment that contradicts itself" 8 "the last of them" court verify copies --enrolment ../other.yaml --policy policies --crls crls
expect "policies without an enrolment" 2 "go with --enrolment" court verify copies --policy policies
expect "the daemon is not asked for a guest" 2 "leave --enrolment out" court verify copies --current --enrolment enrolment.yaml
cp work/kit/copies/agreement--one-v1.asice work/kit/altered.asice
printf 'Article 2\n' >work/en.txt.2; mkdir -p work/z/texts/en; cp work/en.txt.2 work/z/texts/en/en.txt
(cd work/z && zip -q ../kit/altered.asice texts/en/en.txt)
expect "an altered text" 1 "INVALID" court verify altered.asice --enrolment enrolment.yaml --policy policies --crls crls

# --- Without Valise.
cat certs/mofa-ca.pem certs/iom-ca.pem >work/cas.pem
said "check.sh: signatures and texts" 0 "version digest" bash work/kit/check.sh work/kit/copies/agreement--one-v1.asice work/cas.pem
check "it names who signed" grep -q "treaties@mofa.example" work/said
expect "it finds an altered text" 1 "NOT AS IT WAS SIGNED" bash work/kit/check.sh work/kit/altered.asice work/cas.pem
expect "and a CA that is none of the parties'" 1 "DOES NOT VERIFY" bash work/kit/check.sh work/kit/copies/agreement--one-v1.asice certs/iom-ca.pem
finish
