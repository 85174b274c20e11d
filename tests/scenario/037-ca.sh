#!/bin/sh
# A CA is renewed, takes a new key, or another one takes its place: nobody is
# locked out, and an office that was away comes back.  The recipes are those of
# docs/operations.md, run line by line.
. "$(dirname "$0")/lib.sh"
start
everybody="mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva iom-bangkok"
enrol "$dir" $everybody >/dev/null

# --- What the recipes use. ---
systemctl() {
	case $1 in
	reload) reload; tail -n 5 log | grep -q 'result=taken' ;;
	restart) stop_daemon "$dir"; start_daemon "$dir" ;;
	esac
}
valise() { "$valise" --config "$dir/offices/${who:-mofa}/config.yaml" "$@"; }
# NAME: in work/, whose files they name
recipe() {
	sed -n "/<!-- recipe: $1 -->/,/<!-- end -->/s/^    //p" "$top/docs/operations.md" |
		sed "s|/etc/valise/server.pem|$dir/certs/server.pem|; s|/etc/valise/depositary.pem|$dir/certs/depositary.pem|; s|/etc/valise|$dir|g; s|\([a-z0-9-]*\.zip\)|$dir/work/\1|; s|^\(c[a-z]*\) \([a-z]\)|\1 work/\2|" >work/recipe
	[ -s work/recipe ] && while read -r line; do eval "$line" || return; done <work/recipe
}
serial() { openssl x509 -in "$1" -noout -serial; }
# CA DIR…: a request certified by another CA, as the first one did
by() { "$top/certs/ca" issue "$@" >/dev/null; }

# --- A CA whose names are in Lao, and have what openssl means something by. ---
check "a CA with such names" "$top/certs/ca" new work/lao "A/B ກະຊວງ + CA" "ກະຊວງການຕ່າງປະເທດ, Y/Z"
"$top/certs/request" work/lao-keys >/dev/null
check "certifies" "$top/certs/ca" issue work/lao connect work/lao-keys/connect.csr a@mofa.example "ກົມ/a" work/lao.pem
expect "by those names" 0 "^issuer=O=ກະຊວງການຕ່າງປະເທດ, Y/Z,CN=A/B ກະຊວງ + CA" openssl x509 -in work/lao.pem -noout -issuer -nameopt utf8,sep_comma_plus
expect "and its people's" 0 "^subject=O=ກະຊວງການຕ່າງປະເທດ, Y/Z,OU=ກົມ/a,CN=a@" openssl x509 -in work/lao.pem -noout -subject -nameopt utf8,sep_comma_plus
expect "a name that is too long makes none" 2 "too long" "$top/certs/ca" new work/long "$(printf %70s x)" y
check "and leaves nothing" test ! -e work/long

# --- What is mistyped. ---
expect "a folder without a CA" 2 "work has no CA: .*ca new work" "$top/certs/ca" crl work
expect "a request that is not there" 2 "there is no request work/none.csr" "$top/certs/ca" issue work/lao sign work/none.csr a@b "" work/none.pem
expect "a host without its kind" 2 "valise.example. is no HOST such as DNS:" "$top/certs/ca" issue work/lao server work/lao-keys/sign.csr valise.example "" work/none.pem

deposit mofa before >/dev/null
at mofa-minister sign agreement/before --yes >/dev/null

# --- Renewed: the same key. ---
"$top/certs/ca" renew "$dir/certs/mofa" >/dev/null; cp certs/mofa/ca.pem work/mofa-renewed.pem
check "it has its key and its name" test "$(openssl x509 -in work/mofa-renewed.pem -noout -pubkey -subject)" = "$(openssl x509 -in certs/mofa/ca-before.pem -noout -pubkey -subject)"
check "and another certificate" test "$(serial work/mofa-renewed.pem)" != "$(serial certs/mofa/ca-before.pem)"
check "renewed: the recipe" recipe renew
expect "who has not accepted it yet is not locked out" 0 "agreement/before" at iom-vientiane list
expect "and sends nothing" 1 "you have not accepted" deposit iom-vientiane nothing
expect "what changes is told as a certificate" 0 "+ certificate of CN=MOFA CA.* to 20" at iom-vientiane policy show
check "accepted" accept_policy mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva
expect "an office goes on" 0 "deposited" deposit mofa renewed
expect "old copies stay valid" 0 "VALID" at iom-vientiane fetch agreement/before --force -o work/o.asice
expect "new ones too" 0 "VALID" at iom-vientiane fetch agreement/renewed --force -o work/n.asice
# Only the renewed one is in the file.
cp work/mofa-renewed.pem policies/cas/mofa.pem; systemctl reload; accept_policy mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva >/dev/null
expect "without the old one as well" 0 "deposited" deposit mofa renewed-alone
expect "and for what came before" 0 "VALID" at iom-vientiane fetch agreement/before --force -o work/o.asice

# --- A new key under the same name.  Bangkok is away from now on. ---
"$top/certs/ca" new "$dir/certs/mofa2" "MOFA CA" "Ministry of Foreign Affairs" >/dev/null
cp certs/mofa2/ca.pem work/mofa-new.pem; cp certs/mofa2/crl.pem work/mofa-new-crl.pem
check "a new key: the recipe" recipe new-key
check "accepted, the new CA too" accept_policy mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva
expect "the minister of the old key signs" 0 "signed" at mofa-minister sign agreement/renewed --yes
# The minister gets certificates of the new key.
cp -R offices/mofa-minister work/minister-old
sed -i 's|offices/mofa-minister|work/minister-old|' work/minister-old/config.yaml
"$top/certs/request" "$dir/work/minister" >/dev/null
by certs/mofa2 connect work/minister/connect.csr minister@mofa.example "" work/minister/cert.pem
by certs/mofa2 sign work/minister/sign.csr minister@mofa.example "" work/minister/sign-cert.pem
cp work/minister/cert.pem work/minister/sign-cert.pem offices/mofa-minister/
cp work/minister/connect.key offices/mofa-minister/key.pem; cp work/minister/sign.key offices/mofa-minister/sign-key.pem
expect "the minister of the new key connects and signs" 0 "signed" at mofa-minister sign agreement/renewed-alone --yes
expect "which is good for the others" 0 "proof of approval  minister" at iom-vientiane fetch agreement/renewed-alone --force -o work/n.asice
by certs/mofa2 server data/server/server.csr IP:127.0.0.1,DNS:localhost "" work/server-new.pem
# Who accepted the policy knows both CAs, so either certificate will do.
cp certs/server.pem work/server-old.pem
for office in mofa iom-vientiane iom-geneva; do expect "$office, which accepted, connects to the old certificate" 0 "agreement/before" at $office list; done
check "the server's certificate: the recipe" recipe new-server
for office in mofa iom-vientiane iom-geneva; do expect "$office, which accepted, connects" 0 "agreement/before" at $office list; done
cp certs/server.pem work/server-next.pem; cp work/server-old.pem certs/server.pem; systemctl reload
for office in mofa iom-vientiane; do expect "$office knows the old one still, should the swap be undone" 0 "agreement/before" at $office list; done
cp work/server-next.pem certs/server.pem; systemctl reload
"$valised" --config valised.yaml enrolment >enrolment.yaml 2>/dev/null
expect "so does who enrols now" 0 "enrolled" "$valise" --config work/late.yaml init enrolment.yaml --yes --cert offices/iom-geneva/cert.pem --key offices/iom-geneva/key.pem --state work/late
expect "who was away does not" 1 "not the server that you enrolled with" at iom-bangkok list
digest=$(at iom-geneva --json policy show | sed -n 's/.*"daemon": *"\([0-9a-f]*\)".*/\1/p')
who=iom-geneva
check "another office sends it the policy: the recipe" recipe away-send
who=iom-bangkok
check "and it comes in again: the recipe" recipe away-accept
who=
expect "it lists" 0 "agreement/before" at iom-bangkok list
expect "and fetches what it knew" 0 "VALID" at iom-bangkok fetch agreement/before --force -o work/b.asice
expect "what was done under a policy that it never saw waits for a yes" 1 "POLICY_UNKNOWN" at iom-bangkok fetch agreement/renewed --force -o work/b.asice
missed=$(at iom-bangkok policy show | sed -n 's/^\([0-9]*\)-[0-9]*  *\([0-9a-f]*\)  not accepted/\2 --at \1/p')
check "there is one" test -n "$missed"
echo "$missed" | while read -r one; do at iom-bangkok policy accept $one >/dev/null || exit; done
expect "then it judges" 0 "VALID" at iom-bangkok fetch agreement/renewed --force -o work/b.asice

# --- The old key goes. ---
"$top/certs/request" --office "$dir/work/registry" >/dev/null
by certs/mofa2 encrypt work/registry/encrypt.csr registry-treaties@mofa.example "" work/registry-new.pem
by certs/mofa2 sign data/signer/depositary.csr depositary@mofa.example "" work/depositary-new.pem
cp offices/mofa/cert.pem work/mofa-old-cert.pem
"$top/certs/request" "$dir/work/mofa" >/dev/null
by certs/mofa2 connect work/mofa/connect.csr treaties@mofa.example "" offices/mofa/cert.pem
by certs/mofa2 sign work/mofa/sign.csr treaties@mofa.example "" offices/mofa/sign-cert.pem
cp work/mofa/connect.key offices/mofa/key.pem; cp work/mofa/sign.key offices/mofa/sign-key.pem
check "the old one goes: the recipe" recipe drop-old
check "accepted too" accept_policy mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva iom-bangkok
expect "an office goes on without the old key" 0 "deposited" deposit mofa without
expect "old copies stay valid under the policy of their time" 0 "VALID" at iom-vientiane fetch agreement/before --force -o work/o.asice
expect "who still has a certificate of the old key is out" 2 "refused the connection" "$valise" --config work/minister-old/config.yaml list
expect "the audit agrees" 0 "nothing is wrong" at iom-vientiane audit --full
expect "fsck too" 0 "nothing is wrong" "$valised" --config valised.yaml fsck

# --- Another CA for the depositary. ---
"$top/certs/ca" new "$dir/certs/ministry2" "Second CA" "Ministry of Foreign Affairs" >/dev/null
cp certs/ministry2/ca.pem work/ministry2.pem; cp certs/ministry2/crl.pem work/ministry2-crl.pem
by certs/ministry2 sign data/signer/depositary.csr depositary@mofa.example "" work/depositary-new.pem
check "another CA: the recipe" recipe other-ca
expect "the server still has a certificate of the old one, and who has not accepted connects" 0 "agreement/before" at iom-vientiane list
expect "and it is fit for who knows the old one" 0 "^good" "$valised" --config valised.yaml --check
check "and kept by a reload" systemctl reload
check "accepted, another CA" accept_policy mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva
for office in mofa iom-geneva; do expect "$office, which accepted, connects as well" 0 "agreement/before" at $office list; done
"$valised" --config valised.yaml enrolment >enrolment.yaml 2>/dev/null
expect "the enrolment names the CA that the server's certificate is of" 0 "^server-ca: mofa$" cat enrolment.yaml
rm -rf work/late*
expect "and who enrols now connects" 0 "enrolled" "$valise" --config work/late.yaml init enrolment.yaml --cert offices/iom-geneva/cert.pem --key offices/iom-geneva/key.pem --state work/late
by certs/ministry2 server data/server/server.csr IP:127.0.0.1,DNS:localhost "" work/server-new.pem
check "then the server's" recipe new-server
for office in mofa iom-geneva; do expect "$office connects to the new one" 0 "agreement/before" at $office list; done
expect "and deposits" 0 "deposited" deposit mofa other-ca
expect "and the newcomer connects" 0 "agreement/before" "$valise" --config work/late.yaml list
# And one more: the server's certificate is still of the second, which neither
# the enrolment nor the policy's "depositary" names any more.
"$top/certs/ca" new "$dir/certs/ministry3" "Third CA" "Ministry of Foreign Affairs" >/dev/null
cp certs/ministry3/ca.pem policies/cas/ministry3.pem; cp certs/ministry3/crl.pem crls/ministry3.pem
sed -i 's|^cas: {|cas: {ministry3: cas/ministry3.pem, |; /^depositary:/s|ca: ministry2,|ca: ministry3,|' policies/offices.yaml
by certs/ministry3 sign data/signer/depositary.csr depositary@mofa.example "" certs/depositary.pem
systemctl restart
expect "of which --check knows" 0 "^good" "$valised" --config valised.yaml --check
check "accepted, a third CA" accept_policy mofa iom-geneva
expect "an office connects still" 0 "agreement/before" at mofa list
expect "bangkok, away again, does not" 1 "not the server that you enrolled with" at iom-bangkok list
# Some other party's CA does not make a server.
by certs/iom server data/server/server.csr IP:127.0.0.1,DNS:localhost "" work/server-new.pem
not_taken() { ! recipe new-server; }
check "a server certified by another party's CA is not taken" not_taken
expect "and an office goes on" 0 "agreement/before" at iom-geneva list
systemctl restart
expect "nor is it believed" 1 "not the server that you enrolled with" at iom-geneva list
finish
