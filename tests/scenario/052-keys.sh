#!/bin/sh
# Keys are judged where they first appear: the kinds that docs/formats.md lists
# work everywhere, others are refused by name; and each command tells the true
# reason why a chain fails.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-geneva >/dev/null

# FILE GENPKEY-ARGUMENT…: a key, and a request for it
key() {
	file=$1; shift
	openssl genpkey "$@" -out "$file.key" 2>/dev/null && openssl req -new -key "$file.key" -subj /CN=x -out "$file.csr" 2>/dev/null
}
# OFFICE FILE: another person's folder, of the minister, that is not enrolled
copy() { rm -rf "offices/$1"; cp -R offices/mofa-minister "offices/$1"; rm -rf "offices/$1/state" "offices/$1/config.yaml"; }
init() {
	"$valise" --config "offices/$1/config.yaml" init enrolment.yaml --yes --cert "offices/$1/cert.pem" --key "offices/$1/key.pem" \
		--sign-cert "offices/$1/sign-cert.pem" --sign-key "offices/$1/sign-key.pem" --state "offices/$1/state"
}
"$valised" --config valised.yaml enrolment >enrolment.yaml 2>/dev/null

# --- Those that work. ---
# KIND GENPKEY-ARGUMENT…
while read -r kind arguments; do
	check "$kind: a key" key "work/$kind" $arguments
	check "$kind: certificates" sh -c '"$1/certs/ca" issue certs/mofa sign "work/$2.csr" minister@mofa.example "" "work/$2.pem" &&
		"$1/certs/ca" issue certs/mofa connect "work/$2.csr" minister@mofa.example "" "work/$2-connect.pem"' sh "$top" "$kind"
	copy "$kind"; cp "work/$kind.key" "offices/$kind/sign-key.pem"; cp "work/$kind.pem" "offices/$kind/sign-cert.pem"
	cp "work/$kind.key" "offices/$kind/key.pem"; cp "work/$kind-connect.pem" "offices/$kind/cert.pem"
	expect "$kind: enrols" 0 "enrolled" init "$kind"
	expect "$kind: deposits" 0 "deposited" deposit "$kind" "$kind"
	expect "$kind: signs" 0 "signed" at "$kind" sign "agreement/$kind" --yes
	expect "$kind: others find both good" 0 "VALID, signed in part" at iom-geneva fetch "agreement/$kind" -o "work/$kind.asice"
	expect "$kind: so does openssl" 0 "successful" sh -c 'rm -rf work/u && mkdir work/u && cd work/u && unzip -q "../$1.asice" && cd META-INF &&
		openssl cms -verify -cades -binary -inform DER -in signature-origin.p7s -content ASiCManifest-origin.xml -CAfile ../../../certs/mofa-ca.pem -purpose any -out /dev/null' sh "$kind"
done <<-'END'
	p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
	rsa3072 -algorithm RSA -pkeyopt rsa_keygen_bits:3072
	pss3072 -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:3072
	pss-sha512 -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:3072 -pkeyopt rsa_pss_keygen_md:sha512 -pkeyopt rsa_pss_keygen_mgf1_md:sha512 -pkeyopt rsa_pss_keygen_saltlen:64
END

# --- Those that do not, by name and with what to use instead. ---
cp -R policies work/policies
while IFS='|' read -r kind says arguments; do
	check "$kind: a key" key "work/$kind" $arguments
	"$top/certs/ca" issue certs/mofa sign "work/$kind.csr" minister@mofa.example "" "work/$kind.pem" >/dev/null 2>&1
	"$top/certs/ca" issue certs/mofa connect "work/$kind.csr" minister@mofa.example "" "work/$kind-connect.pem" >/dev/null 2>&1
	copy "$kind"; cp "work/$kind.key" "offices/$kind/sign-key.pem"; cp "work/$kind.pem" "offices/$kind/sign-cert.pem"
	expect "init refuses to sign with $kind" 1 "sign-cert.pem: its key is $says.*make one of ECDSA on P-256" init "$kind"
	copy "$kind"; cp "work/$kind.key" "offices/$kind/key.pem"; cp "work/$kind-connect.pem" "offices/$kind/cert.pem"
	expect "and to connect with it" 1 "/cert.pem: its key is $says" init "$kind"
	check "nothing is kept of it" test ! -e "offices/$kind/config.yaml"
	openssl req -x509 -new -key "work/$kind.key" -subj "/CN=x" -days 30 -addext basicConstraints=critical,CA:true -addext keyUsage=critical,keyCertSign,cRLSign -out work/weak-ca.pem 2>/dev/null
	cp work/weak-ca.pem work/policies/cas/iom.pem
	expect "policy check refuses a CA of $kind" 8 "cas/iom.pem.*its key is $says" "$valise" policy check work/policies
	cp policies/cas/iom.pem work/policies/cas/iom.pem
	mv certs/depositary.pem work/depositary.pem
	"$top/certs/ca" issue certs/mofa sign "work/$kind.csr" depositary@mofa.example "" certs/depositary.pem >/dev/null 2>&1
	expect "the daemon refuses it for its seal" 1 "depositary.pem: its key is $says" "$valised" --config valised.yaml --check
	mv work/depositary.pem certs/depositary.pem
done <<-'END'
	p521|ECDSA on secp521r1|-algorithm EC -pkeyopt ec_paramgen_curve:P-521
	brainpool|ECDSA on brainpoolP256r1|-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1
	ed25519|ED25519|-algorithm ED25519
	rsa2048|RSA of 2048 bits|-algorithm RSA -pkeyopt rsa_keygen_bits:2048
	pss2048|RSA-PSS of 2048 bits|-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048
END

# --- Why a chain fails. ---
issuer=certs/mofa/ca.pem issuer_key=certs/mofa/private/ca.key
# EXTENSION OPTION…: the minister's key, certified with something else
certified() {
	rm -rf offices/odd; cp -R offices/mofa-minister offices/odd; sed -i 's|offices/mofa-minister|offices/odd|' offices/odd/config.yaml
	openssl req -new -key offices/odd/sign-key.pem -subj /CN=x -out work/odd.csr 2>/dev/null
	printf 'keyUsage = critical,nonRepudiation\nsubjectAltName = email:minister@mofa.example\nauthorityKeyIdentifier = keyid\nsubjectKeyIdentifier = hash\n%s\n' "$1" >work/ext; shift
	openssl x509 -req -in work/odd.csr -CA "$issuer" -CAkey "$issuer_key" -days 30 -extfile work/ext -out offices/odd/sign-cert.pem "$@" 2>/dev/null
}
for document in good extension sha1 names; do deposit mofa "odd-$document" >/dev/null; done
check "nothing else" certified "" -sha256
expect "is good" 0 "signed" at odd sign agreement/odd-good --yes
check "an extension that nobody knows" certified "1.2.3.4 = critical,ASN1:NULL" -sha256
expect "is told" 1 'names CA "mofa" as its issuer, but: unhandled critical extension' at odd sign agreement/odd-extension --yes
check "SHA-1" certified "" -sha1
expect "is told too" 1 'but: .*digest algorithm too weak' at odd sign agreement/odd-sha1 --yes
# A second key of that CA, for other names.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 30 -keyout work/narrow.key -out work/narrow.pem \
	-subj "/O=Ministry of Foreign Affairs/CN=MOFA CA" -addext keyUsage=critical,keyCertSign,cRLSign \
	-addext "nameConstraints=critical,permitted;email:other.example" 2>/dev/null
cat work/narrow.pem >>policies/cas/mofa.pem; reload; check "the minister accepts it" accept_policy mofa-minister
issuer=work/narrow.pem issuer_key=work/narrow.key
check "a CA for other names" certified "" -sha256
expect "is told as that" 1 'but: permitted subtree violation' at odd sign agreement/odd-names --yes
finish
