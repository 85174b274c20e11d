#!/bin/sh
# Terminations when another version enters into force, and changed quorums.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
status() { expect "$1 is $2" 0 "version ${1##*@}, $2\$" at iom-geneva show "mou/$1"; }
push() { printf '%s\n' "$2" >work/en.txt; at mofa push "mou/$1" --text en=work/en.txt --title "en=The $1"; }
sign() { at "$1" sign "mou/$2" --yes; }
end() { at "$1" terminate "mou/$2" --yes ${3:+--reason "$3"}; }
force() { sign mofa-minister "$1" && sign iom-chief-of-mission "$1"; } >/dev/null 2>&1

# --- A termination that was begun is void once another version is in force. ---
push one first >/dev/null; force one
end mofa-minister one over >/dev/null 2>&1
# The chief's signature on it is made in a future that is then undone.
stop_daemon "$dir"; keep_data before; cp -a offices/iom-chief-of-mission/state work/state; start_daemon "$dir"
end iom-chief-of-mission one >/dev/null 2>&1
at iom-chief-of-mission fetch mou/one@1 -o work/ended.asice >/dev/null
stop_daemon "$dir"; rm -rf offices/iom-chief-of-mission/state
take_data before; mv work/state offices/iom-chief-of-mission/state; start_daemon "$dir"
mkdir work/ended && (cd work/ended && unzip -q ../ended.asice)
# OFFICE: its signature on that termination, as a body to POST
body() {
	id=$(openssl x509 -in "offices/$1/sign-cert.pem" -outform DER | sha256sum | cut -c1-32)
	(cd work/ended && rm -f "../$1.zip" && zip -q -X -0 "../$1.zip" "META-INF/ASiCManifest-terminate-$id.xml" "META-INF/signature-terminate-$id.p7s" termination.yaml)
}
post() { curl_as "$1" /v1/documents/mou/one/termination -X POST --data-binary "@work/$1.zip" -w '\n%{http_code}\n'; }
body mofa-minister; body iom-chief-of-mission
expect "the same signature once more is there" 0 "^200$" post mofa-minister
push one second >/dev/null; force one@2
status one@1 superseded
status one@2 "in force"
expect "another's signature on the old termination is refused" 0 "version 2 of mou/one is in force, not version 1: a termination that was begun is void" post iom-chief-of-mission
expect "as a conflict" 0 "^409$" post iom-chief-of-mission
expect "its own old receipt is still the answer to the first" 0 "^200$" post mofa-minister
status one@2 "in force"
expect "what is in force ends by a termination of its own" 2 "reason TEXT" end iom-chief-of-mission one
expect "begun anew" 0 "still in force" end iom-chief-of-mission one "over at last"
expect "signed by both" 0 "mou/one@2.* it is terminated" end mofa-minister one
status one@1 superseded
status one@2 terminated
at iom-geneva fetch mou/one@2 --force -o work/two.asice >/dev/null
expect "termination.yaml is of the version that was in force" 0 "^version: 2" unzip -p work/two.asice termination.yaml
expect "and the old copy still proves itself" 0 "VALID" at iom-geneva fetch mou/one@1 -o work/one.asice

# --- A policy that lowers a quorum puts nothing in force. ---
new_policy() { reload; for o in $(persons | cut -d' ' -f1); do accept_policy "$o" >/dev/null; done; }
quorum() { sed -i "s/^quorum: .*/quorum: {lao-pdr: $1, iom: 1}/; s/^terminate: .*/terminate: {lao-pdr: $2, iom: 1}/" policies/mou.yaml; new_policy; }
sed -i 's/vice-minister@mofa.example, party: lao-pdr, types: \[/&mou, /' policies/offices.yaml
quorum 2 2
push two first >/dev/null
sign iom-chief-of-mission two >/dev/null 2>&1; sign mofa-minister two >/dev/null 2>&1
expect "one who signed signs once" 5 "signed mou/two@1 already" sign mofa-minister two
id=$(openssl x509 -in offices/mofa-minister/sign-cert.pem -outform DER | sha256sum | cut -c1-32)
quorum 1 1
status two@1 "signed in part"
expect "who signed signs again" 0 "signing again puts it in force" sign mofa-minister two
status two@1 "in force"
expect "but not once more" 5 "signed mou/two@1 already" sign mofa-minister two
expect "everybody verifies it" 0 "VALID, in force" at iom-geneva fetch mou/two --force -o work/two.asice
[ "$(unzip -l work/two.asice | grep -c "signature-$id")" = 1 ] && ok "with one signature of theirs" || not_ok "with one signature of theirs"
expect "and both acts" 0 "3 entries" at mofa log --act sign --document mou/two
quorum 2 2
end mofa-minister two over >/dev/null 2>&1; end iom-chief-of-mission two >/dev/null 2>&1
status two@1 "in force"
expect "its end is signed once" 5 "signed the termination of mou/two@1 already" end iom-chief-of-mission two
quorum 1 1
status two@1 "in force"
expect "who ended it ends it again" 0 "it is terminated" end iom-chief-of-mission two
status two@1 terminated
expect "the copy proves it" 0 "VALID, terminated" at iom-geneva fetch mou/two -o work/ended2.asice
# The next signature, whoever's, puts in force what a lower quorum asks for.
quorum 2 2
push three first >/dev/null
sign iom-chief-of-mission three >/dev/null 2>&1; sign mofa-vice-minister three >/dev/null 2>&1
quorum 1 1
status three@1 "signed in part"
expect "another signs, and it is in force" 0 "in force" sign mofa-minister three
# With another certificate too: the old signature goes, whatever its name.
quorum 2 2
push four first >/dev/null
sign iom-chief-of-mission four >/dev/null 2>&1; sign mofa-vice-minister four >/dev/null 2>&1
(mkdir work/new && "$top/certs/request" work/new && "$top/certs/ca" issue certs/mofa sign work/new/sign.csr vice-minister@mofa.example "" work/new/cert.pem) >/dev/null 2>&1
cp work/new/cert.pem offices/mofa-vice-minister/sign-cert.pem; cp work/new/sign.key offices/mofa-vice-minister/sign-key.pem
quorum 1 1
expect "who signed signs again with a new certificate" 0 "in force" sign mofa-vice-minister four
expect "and everybody verifies it" 0 "VALID, in force" at iom-geneva fetch mou/four -o work/four.asice
[ "$(unzip -l work/four.asice | grep -c 'signature-[0-9a-f]*.p7s')" = 2 ] && ok "with one signature of each" || not_ok "with one signature of each"
expect "the audit agrees" 0 "nothing is wrong" at iom-geneva audit --full
restart
expect "fsck too" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
finish
