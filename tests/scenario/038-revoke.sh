#!/bin/sh
# certs/ca revokes (also since a date), holds and releases certificates; openssl
# checks the lists that it makes.
. "$(dirname "$0")/lib.sh"
ca() { "$top/certs/ca" "$@"; }
list() { openssl crl -in certs/iom/crl.pem -noout -text; }
# PATTERN: the entry of the office's certificate says so
entry() { list | grep -A9 "Serial Number: $(openssl x509 -in "$1" -noout -serial | sed 's/.*=//')" | sed '2,$ { /Serial Number/,$ d }' | tr '\n' ' ' | sed 's/  */ /g'; }
geneva=offices/iom-geneva/cert.pem bangkok=offices/iom-bangkok/cert.pem
expect "a certificate is revoked" 0 "hand it in: valise crls push" ca revoke certs/iom $geneva
expect "the list has its serial" 0 "Revocation Date" entry $geneva
check "and no invalidityDate" sh -c '! echo "$1" | grep -q "Invalidity"' - "$(entry $geneva)"
expect "not twice" 7 "Already revoked" ca revoke certs/iom $geneva
expect "since a date" 0 "revoked" ca revoke certs/iom offices/iom-geneva/sign-cert.pem --since 2026-01-20
expect "invalidityDate is that day" 0 "Invalidity Date: Jan 20 00:00:00 2026 GMT" entry offices/iom-geneva/sign-cert.pem
expect "the reason is the key" 0 "Key Compromise" entry offices/iom-geneva/sign-cert.pem
expect "since a time" 0 "revoked" ca revoke certs/iom $bangkok --since 2026-01-20T10:20:30Z
expect "to the second" 0 "Invalidity Date: Jan 20 10:20:30 2026 GMT" entry $bangkok
sign=offices/iom-bangkok/sign-cert.pem before=$(cat certs/iom/index.txt)
for bad in yesterday 2026-1-2 20260120 2026-01-20T10:20Z 2026-01-20T10:20:30 2999-01-01; do
	expect "no date: $bad" 2 "ca: .*$bad" ca revoke certs/iom $sign --since $bad
done
[ "$(cat certs/iom/index.txt)" = "$before" ] && ok "and nothing is revoked" || not_ok "and nothing is revoked"
# All that a person has, by e-mail address, what is on hold too.
chief=chief-of-mission@iom.example person=offices/iom-chief-of-mission
expect "nobody's address" 2 "no certificate of nobody@iom.example is in force" ca revoke certs/iom nobody@iom.example
expect "nor the end of one" 2 "no certificate of of-mission@iom.example" ca revoke certs/iom of-mission@iom.example
ca hold certs/iom $person/cert.pem >/dev/null
expect "all that a person has" 0 "revoked $chief" ca revoke certs/iom $chief --since 2026-01-20
for cert in cert sign-cert; do expect "the $cert, since then" 0 "Invalidity Date: Jan 20" entry $person/$cert.pem; done
expect "and nothing is left to revoke" 2 "no certificate of $chief is in force" ca revoke certs/iom $chief
expect "another word" 2 "ca revoke DIR CERT --since" ca revoke certs/iom $sign --after 2026-01-20
# --- Hold and release. ---
expect "not on hold" 2 "is not on hold" ca release certs/iom $sign
expect "a hold" 0 "is on hold" ca hold certs/iom $sign
expect "the list says that it is one" 0 "Certificate Hold" entry $sign
expect "released" 0 "released" ca release certs/iom $sign
check "it is on the list no more" test -z "$(entry $sign)"
expect "the others still are" 0 "Revocation Date" entry $geneva
expect "one that is revoked is not released" 2 "is not on hold" ca release certs/iom $geneva
ca hold certs/iom $sign >/dev/null
expect "a hold becomes a revocation" 0 "revoked" ca revoke certs/iom $sign --since 2026-02-01
expect "for good" 0 "Key Compromise" entry $sign
expect "the list is the CA's" 0 "verify OK" openssl crl -in certs/iom/crl.pem -CAfile certs/iom/ca.pem -noout
finish
