#!/bin/sh
# Any office hands in a list of revocations; the CA's signature is what counts.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-vientiane iom-geneva iom-bangkok iom-chief-of-mission mofa-minister >/dev/null
# OFFICE FILE: the HTTP status, and the answer in work/answer
hand_in() { curl_as "$1" /v1/crls -o work/answer -w '%{http_code}' -H 'Content-Type: application/pkix-crl' --data-binary "@$2"; }
# NAME STATUS PATTERN OFFICE FILE
handed() {
	got=$(hand_in "$4" "$5")
	[ "$got" = "$2" ] && grep -q -e "$3" work/answer && ok "$1" || { not_ok "$1: $got"; cat work/answer >&2; }
}
# CA FILE FROM UNTIL: its list, of other dates
list_of() {
	VALISE_CA=certs/$1 VALISE_EMAIL=nobody@example VALISE_HOST=DNS:localhost openssl ca -config "$top/certs/openssl.cnf" -batch -gencrl \
		-crl_lastupdate "$(date -u -d "$3" +%Y%m%d%H%M%SZ)" -crl_nextupdate "$(date -u -d "$4" +%Y%m%d%H%M%SZ)" -out "$2" 2>/dev/null
}
entries() { at mofa log --act crl | grep -c ' crl '; }
in_use() { curl_as mofa /v1/crls/latest -o work/set.zip; rm -rf work/set; unzip -q work/set.zip -d work/set; }
# FILE: that list is among those in use
uses() { in_use; for f in work/set/*; do { cat "$f"; openssl crl -in "$f" -inform DER 2>/dev/null; } | grep -a -q -F "$(sed -n 3p "$1")" && return; done; return 1; }
deposit mofa one >/dev/null
at mofa-minister sign agreement/one --yes >/dev/null 2>&1

# --- What is refused. ---
: >work/empty
echo 'see the wiki' >work/readme
printf '0not der' >work/der
"$top/certs/ca" new "$dir/certs/stranger" "A CA" "A stranger" >/dev/null
"$top/certs/ca" new "$dir/certs/forger" "IOM CA" "International Organization for Migration" >/dev/null
list_of iom work/future.pem '+2 hours' '+3 years'
i=0; while [ $i -lt 65 ]; do cat certs/iom/crl.pem; i=$((i+1)); done >work/many.pem
truncate -s 17M work/big
before=$(entries)
handed "nothing" 422 "DER or PEM" mofa work/empty
handed "no list" 422 "no CRL in it" mofa work/readme
handed "no DER" 422 "not the DER of one CRL" mofa work/der
handed "a certificate" 422 "a block that is no CRL" mofa certs/iom/ca.pem
handed "a list of no CA of the policy" 422 "A stranger.*no CA of the policy in force signed it" mofa certs/stranger/crl.pem
handed "a forged one, of a CA's name" 422 "no CA of the policy in force signed it" mofa certs/forger/crl.pem
handed "one from the future" 422 "from the future" mofa work/future.pem
handed "too many" 413 "65 lists, limit 64" mofa work/many.pem
handed "too much" 413 "Too Large" mofa work/big
handed "what the folder has" 200 '"result":"known"' mofa certs/iom/crl.pem
[ "$(entries)" = "$before" ] && ok "no entry is made of any" || not_ok "no entry is made of any"
expect "and nothing is kept" 0 "^0$" sh -c 'ls data/crls | wc -l'

# --- A key was stolen, and the depositary does nothing. ---
sleep 1 # a CRL's times are whole seconds
cp certs/iom/crl.pem work/without.pem
"$top/certs/ca" revoke certs/iom offices/iom-geneva/cert.pem >/dev/null
cat certs/mofa/crl.pem certs/stranger/crl.pem certs/iom/crl.pem >work/three.pem; head -c 300 certs/iom/crl.pem >>work/three.pem
handed "another office hands in the new list" 201 '"listed":1,.*"result":"taken"' iom-vientiane work/three.pem
check "each list of the file is told" sh -c 'grep -q "\"result\":\"known\"" work/answer && grep -q "\"result\":\"foreign\"" work/answer && grep -q "\"left-out\":1" work/answer'
expect "the answer names the set in use" 0 "$(sed -n 's/.*"crls":"\([0-9a-f]*\)".*/\1/p' work/answer)" sh -c 'curl "$@" -sS -D - -o /dev/null | grep -i valise-crls' - --cacert offices/mofa/ca.pem --cert offices/mofa/cert.pem --key offices/mofa/key.pem "$(cat url)/v1/journal/checkpoint"
expect "and its entry" 0 "^ *$(sed -n 's/.*"entry":\([0-9]*\).*/\1/p' work/answer) .* crl " at mofa log --act crl
expect "who was revoked is refused" 3 "revoked" at iom-geneva list
check "the other CA's list is still in use" uses certs/mofa/crl.pem
[ "$(entries)" = $((before + 1)) ] && ok "it is one entry" || not_ok "it is one entry"
handed "the same again is known" 200 '"result":"known"' mofa certs/iom/crl.pem
openssl crl -in certs/iom/crl.pem -outform DER -out work/iom.der
handed "as DER too" 200 '"result":"known"' mofa work/iom.der
handed "an older one that lists nobody more is known" 200 '"result":"known"' mofa work/without.pem
[ "$(entries)" = $((before + 1)) ] && ok "and no entry" || not_ok "and no entry"
restart
expect "who was revoked is refused after a start" 3 "revoked" at iom-geneva list
[ "$(entries)" = $((before + 1)) ] && ok "which makes no entry" || not_ok "which makes no entry"
kill -HUP "$(cat pid)"; check "nor does a reload" sh -c 'i=0; until grep -q "event=reload result=taken" log; do i=$((i+1)); [ $i -lt 400 ] || exit 1; sleep 0.05; done'
expect "after which they are refused too" 3 "revoked" at iom-geneva list

# --- An older list that lists somebody. ---
cp certs/iom/crl.pem work/newest.pem
"$top/certs/ca" revoke certs/iom offices/iom-bangkok/cert.pem >/dev/null; list_of iom work/late.pem '-1 hour' '+1 day'
handed "an older one that lists somebody more is taken" 201 '"result":"taken"' iom-vientiane work/late.pem
expect "whom it lists is refused" 3 "revoked" at iom-bangkok list
check "the newer stays in use" uses work/newest.pem

# --- What is kept does not pile up, and a list that is newest stays. ---
for i in 1 2 3; do
	sleep 1; "$top/certs/ca" crl certs/iom >/dev/null
	handed "newer list $i is taken" 201 '"result":"taken"' mofa certs/iom/crl.pem
done
expect "the newest stays, and one that the next post clears away" 0 "^2$" sh -c 'ls data/crls | wc -l'
check "the newest is in use" uses certs/iom/crl.pem
expect "who was revoked stays so" 3 "revoked" at iom-bangkok list
# --- The CA drops entries; what the journal named once counts, and is not new. ---
cp certs/iom/index.txt work/index.txt; grep -v '^R' work/index.txt >certs/iom/index.txt
for i in 1 2; do sleep 1; "$top/certs/ca" crl certs/iom >/dev/null; hand_in mofa certs/iom/crl.pem >/dev/null; done
expect "nobody is on the list in use" 0 '"listed":0' cat work/answer
expect "a listing never ends" 3 "revoked" at iom-bangkok list
before=$(entries)
handed "an old list that was named before is known" 200 '"result":"known"' mofa work/late.pem
[ "$(entries)" = "$before" ] && ok "and makes no entry" || not_ok "and makes no entry"
cp work/index.txt certs/iom/index.txt; sleep 1; "$top/certs/ca" crl certs/iom >/dev/null; hand_in mofa certs/iom/crl.pem >/dev/null
# --- A list from the future in the folder does not keep it out. ---
cp work/future.pem crls/iom.pem
sleep 1; "$top/certs/ca" crl certs/iom >/dev/null
handed "a list is taken beside one of the folder from the future" 201 '"result":"taken"' mofa certs/iom/crl.pem
check "and is in use" uses certs/iom/crl.pem
expect "signing goes on" 0 "in force" at iom-chief-of-mission sign agreement/one --yes

# --- The command. ---
rm crls/iom.pem
expect "what is in force is shown" 0 "^iom  *20.*Z  *20.*Z  *2  *[0-9]" at mofa crls show
expect "as JSON too" 0 '"ca":"mofa"' at mofa --json crls show
expect "nothing is there to push" 0 "there is none" at mofa crls push
expect "what is known is known" 0 "known" at mofa crls push certs/iom/crl.pem
expect "no list" 8 "no CRL in it" at mofa crls push work/readme
expect "of no CA" 1 "no CA of the policy that you accepted" at mofa crls push certs/stranger/crl.pem
expect "from the future" 1 "from the future" at mofa crls add work/future.pem
expect "nothing to add" 2 "add FILE" at mofa crls add
expect "no such verb" 2 "did you mean" at mofa crls pull
sleep 1; "$top/certs/ca" crl certs/mofa >/dev/null
expect "a list is kept without a line" 0 "kept 1" at iom-vientiane crls add certs/mofa/crl.pem
ls offices/iom-vientiane/state/*/own-crls/*.crl >work/own
expect "the audit says that the journal does not name it" 1 "CRL_WITHHELD.*" at iom-vientiane audit
expect "what to do about it" 1 "of CA \"mofa\" of 20.*valise crls push" at iom-vientiane audit
expect "and again" 1 "CRL_WITHHELD" at iom-vientiane --json audit
expect "it is shown" 0 "^mofa .* none$" at iom-vientiane crls show
expect "and counted" 0 '"withheld":1' at iom-vientiane --json crls show
expect "the list itself is the evidence" 0 "Certificate Revocation List" openssl crl -inform DER -in "$(cat work/own)" -text -noout
# A verdict that such a list would change says so, and stays what it is.
cp -R certs/mofa work/ca; "$top/certs/ca" revoke work/ca offices/mofa-minister/sign-cert.pem --since "$(date -u +%Y-%m-%d)" >/dev/null
at iom-chief-of-mission crls add work/ca/crl.pem >/dev/null
expect "a verdict says what a list of one's own would change" 0 "CRL_WITHHELD (warning): .*the certificate was revoked" at iom-chief-of-mission fetch agreement/one -o work/o.asice
expect "and of a file" 0 "CRL_WITHHELD" at iom-chief-of-mission verify work/o.asice
expect "the copy is valid still" 0 "VALID, in force" at iom-chief-of-mission verify work/o.asice
expect "who does not have the list does not say so" 0 "^0$" sh -c '"$0" --config offices/mofa/config.yaml verify work/o.asice | grep -c CRL_WITHHELD || :' "$valise"
rm -r offices/iom-chief-of-mission/state/*/own-crls
expect "it is handed in" 0 "handed in 1: in force since entry" at iom-vientiane crls push
expect "and kept no longer" 2 "" ls "$(cat work/own)"
expect "the journal names it" 0 "nothing is wrong" at iom-vientiane audit
check "it is in use" uses certs/mofa/crl.pem
sleep 1; "$top/certs/ca" crl certs/mofa >/dev/null
at iom-vientiane crls add certs/mofa/crl.pem >/dev/null; expect "withheld again" 1 CRL_WITHHELD at iom-vientiane audit
sleep 1; "$top/certs/ca" crl certs/mofa >/dev/null
expect "a newer one comes by another office" 0 "handed in 1" at mofa crls push certs/mofa/crl.pem
expect "and tells all that it told" 0 "nothing is wrong" at iom-vientiane audit
sleep 1; "$top/certs/ca" crl certs/mofa >/dev/null; stop_daemon "$dir"
expect "a daemon that is away" 6 "the lists are kept" at iom-vientiane crls push certs/mofa/crl.pem
start_daemon "$dir"
expect "gets it when it is back" 0 "handed in 1" at iom-vientiane crls push

# --- One office cannot fill everybody's journal with lists. ---
post() { curl_as "$1" /v1/crls -o work/answer -w '%{http_code}' --data-binary @certs/mofa/crl.pem; }
restart # it counts anew
taken=0
for i in $(seq 64); do
	"$top/certs/ca" crl certs/mofa >/dev/null
	[ "$(post iom-chief-of-mission)" = 201 ] && taken=$((taken + 1))
done
[ $taken = 64 ] && ok "so many are taken" || not_ok "$taken of 64 are taken"
"$top/certs/ca" crl certs/mofa >/dev/null
expect "one more is not, and it says when" 0 "429 900" curl_as iom-chief-of-mission /v1/crls -o work/answer -w '%{http_code} %header{retry-after}' --data-binary @certs/mofa/crl.pem
grep -q "64 times lately" work/answer && ok "and it says why" || not_ok "and it says why"
[ "$(post mofa)" = 201 ] && ok "another office may" || not_ok "another office may"

# --- The recipe of docs/operations.md. ---
expect "vientiane connects" 0 "agreement/one" at iom-vientiane list
certs() { "$top/certs/$1" "$2" "$dir/certs/iom" vientiane@iom.example "$5" "$(date -u +%Y-%m-%d)"; }
valise() { at mofa "$@"; }
sed -n "/<!-- recipe: stolen -->/,/<!-- end -->/s/^    //p" "$top/docs/operations.md" |
	sed "s|^/usr/share/valise/certs/|certs |; s|/srv/ca/crl|certs/iom/crl|" >work/recipe
[ -s work/recipe ] && while read -r line; do check "the recipe: $line" eval "$line"; done <work/recipe
cp work/out work/shown
expect "the last says which entry names it" 0 "^iom  *20.*Z  *20.*Z  *4  *[0-9]" cat work/shown
expect "whose key was stolen is refused" 3 "revoked" at iom-vientiane list
# --- An enrolment has them in PEM, whatever they came as. ---
openssl crl -in certs/iom/crl.pem -outform DER -out crls/der.crl; cp certs/mofa/crl.pem crls/mofa.pem; printf -- '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n' >>crls/mofa.pem
"$valised" --config valised.yaml enrolment >enrolment.yaml 2>/dev/null
check "the list that is DER is in the enrolment as text" sh -c 'grep -A1 "^  .\?der.crl" enrolment.yaml | grep -q BEGIN'
expect "who enrols now is enrolled" 0 "enrolled" "$VALISE_BUILD/valise" --config work/late.yaml init enrolment.yaml --yes --cert offices/mofa-minister/cert.pem --key offices/mofa-minister/key.pem --state work/late
expect "and judges" 0 "VALID" "$VALISE_BUILD/valise" --config work/late.yaml fetch agreement/one -o work/late.asice
# --- A CA that makes many lists keeps out no other's. ---
shard() { # N: a list of the CA of mofa, for a point of its own
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=work/index\ncrlnumber=work/number\ndefault_md=sha256\ndefault_crl_days=30\n[e]\nissuingDistributionPoint=critical,@p\n[p]\nfullname=URI:http://mofa.example/%s\n' "$1" >work/shard.cnf
	: >work/index; echo 01 >work/number
	openssl ca -config work/shard.cnf -gencrl -crlexts e -cert certs/mofa/ca.pem -keyfile certs/mofa/private/* 2>/dev/null
}
i=0; while [ $i -lt 40 ]; do i=$((i + 1)); shard $i; done >work/shards.pem
post() { curl_as mofa /v1/crls --data-binary "@$1" -o work/answer -w '%{http_code}'; }
expect "there is room for so many of a CA" 0 413 post work/shards.pem
check "the answer says of which" grep -q 'MOFA.*limits 32' work/answer
sleep 1; "$top/certs/ca" revoke certs/iom offices/iom-chief-of-mission/cert.pem >/dev/null
expect "another CA's list is taken all the same" 0 201 post certs/iom/crl.pem
expect "and whom it revokes is refused" 3 "revoked" at iom-chief-of-mission list
expect "every copy is valid" 0 "VALID" at mofa fetch agreement/one -o work/one.asice
expect "the audit finds nothing" 0 "nothing is wrong" at mofa audit
expect "nor does fsck" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
finish
