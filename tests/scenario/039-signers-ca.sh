#!/bin/sh
# The CA of signers, which is not the server's, is renewed, takes a new key, and
# drops the old one; one office is away meanwhile and comes back.  The recipes
# are those of docs/operations.md, for IOM's CA.
. "$(dirname "$0")/lib.sh"
start
everybody="mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva iom-bangkok"
enrol "$dir" $everybody >/dev/null
systemctl() { reload; tail -n 5 log | grep -q 'result=taken'; }
valise() { "$valise" --config "$dir/offices/${who:-mofa}/config.yaml" "$@"; }
# NAME: its lines, of IOM's CA, with the files of work/
recipe() {
	sed -n "/<!-- recipe: $1 -->/,/<!-- end -->/s/^    //p" "$top/docs/operations.md" |
		sed "s|mofa|iom|g; s|/etc/valise|$dir|g; s|\([a-z0-9-]*\.zip\)|$dir/work/\1|; s|^\(c[a-z]*\) \([a-z]\)|\1 work/\2|" >work/recipe
	[ -s work/recipe ] && while read -r line; do eval "$line" || return; done <work/recipe
}
serial() { openssl x509 -in "$1" -noout -serial; }
here="mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva"
# CA OFFICE EMAIL UNIT: new keys, with certificates of that CA
renew() {
	rm -rf work/keys; "$top/certs/request" "$dir/work/keys" >/dev/null
	"$top/certs/ca" issue "$1" connect work/keys/connect.csr "$3" "$4" "offices/$2/cert.pem" >/dev/null
	"$top/certs/ca" issue "$1" sign work/keys/sign.csr "$3" "$4" "offices/$2/sign-cert.pem" >/dev/null
	cp work/keys/connect.key "offices/$2/key.pem"; cp work/keys/sign.key "offices/$2/sign-key.pem"
}
deposit iom-vientiane before >/dev/null
at iom-chief-of-mission sign agreement/before --yes >/dev/null 2>&1

# --- Renewed: the same key. ---
"$top/certs/ca" renew "$dir/certs/iom" >/dev/null; cp certs/iom/ca.pem work/iom-renewed.pem
check "it has its key and its name" test "$(openssl x509 -in work/iom-renewed.pem -noout -pubkey -subject)" = "$(openssl x509 -in certs/iom/ca-before.pem -noout -pubkey -subject)"
check "and another certificate" test "$(serial work/iom-renewed.pem)" != "$(serial certs/iom/ca-before.pem)"
check "renewed: the recipe" recipe renew
for office in mofa iom-vientiane; do expect "$office, which has not accepted, is not locked out" 0 "agreement/before" at $office list; done
check "accepted" accept_policy $here
expect "an office of it goes on" 0 "deposited" deposit iom-vientiane renewed
expect "old copies stay valid" 0 "VALID" at mofa fetch agreement/before --force -o work/o.asice
cp work/iom-renewed.pem policies/cas/iom.pem; systemctl; accept_policy $here >/dev/null
expect "without the old certificate too" 0 "deposited" deposit iom-vientiane renewed-alone
expect "what it signed before is good" 0 "proof of approval  chief" at mofa fetch agreement/before --force -o work/o.asice

# --- A new key under the same name.  Bangkok is away from now on. ---
"$top/certs/ca" new "$dir/certs/iom2" "IOM CA" "International Organization for Migration" >/dev/null
cp certs/iom2/ca.pem work/iom-new.pem; cp certs/iom2/crl.pem work/iom-new-crl.pem
check "a new key: the recipe" recipe new-key
expect "who has not accepted it is not locked out" 0 "agreement/before" at iom-geneva list
check "accepted, the new key too" accept_policy $here
expect "who has a certificate of the old key signs" 0 "signed" at iom-chief-of-mission sign agreement/renewed --yes
renew certs/iom2 iom-chief-of-mission chief-of-mission@iom.example Vientiane
expect "with one of the new key as well" 0 "signed" at iom-chief-of-mission sign agreement/renewed-alone --yes
for doc in renewed renewed-alone; do expect "which is good for the others: $doc" 0 "proof of approval  chief" at mofa fetch agreement/$doc --force -o work/n.asice; done
# The old key still tells of its own.
"$top/certs/ca" revoke "$dir/certs/iom" offices/iom-geneva/cert.pem >/dev/null
expect "the old key revokes a certificate of its own" 0 "handed in 1" at mofa crls push certs/iom/crl.pem
expect "who had it is refused" 3 "revoked" at iom-geneva list
renew certs/iom2 iom-geneva geneva@iom.example Geneva
expect "and comes in with one of the new key" 0 "agreement/before" at iom-geneva list
sleep 1; "$top/certs/ca" crl "$dir/certs/iom2" >/dev/null
expect "the new key's next list is taken beside it" 0 "handed in 1" at mofa crls push certs/iom2/crl.pem

# --- The old key goes. ---
for office in vientiane geneva bangkok; do
	"$top/certs/request" --office "$dir/work/$office" >/dev/null
	"$top/certs/ca" issue certs/iom2 encrypt work/$office/encrypt.csr registry-$office@iom.example "$(printf %s "$office" | sed 's/^./\U&/')" work/$office-new.pem >/dev/null
done
check "the old key goes: the recipe" recipe drop-old-signers
renew certs/iom2 iom-vientiane vientiane@iom.example Vientiane
check "accepted, without the old key" accept_policy $here
expect "an office goes on without it" 0 "deposited" deposit iom-vientiane without
expect "old copies stay valid under the policy of their time" 0 "proof of approval  chief" at mofa fetch agreement/before --force -o work/o.asice

# --- Bangkok is back, with its old certificate. ---
expect "whose certificate is of the old key connects no more" 2 "refused the connection" at iom-bangkok list
renew certs/iom2 iom-bangkok bangkok@iom.example Bangkok
expect "with a new one it does" 0 "agreement/before" at iom-bangkok list
expect "what came meanwhile waits for a yes" 1 "POLICY_UNKNOWN" at iom-bangkok fetch agreement/without --force -o work/b.asice
digest=$(policy_of iom-geneva)
check "another office sends it the policy: the recipe" recipe away-send
who=iom-bangkok
check "and it takes it as a file: the recipe" recipe away-accept
who=
expect "then it judges" 0 "VALID" at iom-bangkok fetch agreement/without --force -o work/b.asice
expect "and goes by the policy in force" 0 "\"same\":true" at iom-bangkok --json policy show
expect "the audit agrees" 0 "nothing is wrong" at mofa audit --full
expect "fsck too" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
finish
