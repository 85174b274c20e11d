#!/bin/sh
# A depositary that keeps a `crl` entry from an office is found out at the
# first connection at which it shows the entry, or fails to.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-geneva iom-bangkok >/dev/null
# What the daemon says of which set it judges by.
named() { curl_as mofa /v1/journal/checkpoint -D - -o /dev/null | sed -n 's/^Valise-Crls: \([0-9a-f]*\).*/\1/p'; }
since=$(date -u +%Y-%m-%dT%H:%M:%SZ)
deposit mofa one >/dev/null; at mofa-minister sign agreement/one --yes >/dev/null 2>&1
for office in iom-geneva iom-bangkok; do at $office list >/dev/null 2>&1; done
at iom-geneva fetch agreement/one -o work/one.asice >/dev/null
old=$(named)
sleep 1 # a list's times are whole seconds
"$top/certs/ca" revoke certs/mofa offices/mofa-minister/sign-cert.pem --since "$since" >/dev/null && publish_crls "$dir" && reload
new=$(named)
check "there is a newer set" [ "$old" != "$new" ]
liar iom-geneva say /v1/journal/checkpoint "$new" "$old"
expect "who is told that there is none newer believes it" 0 "agreement" at iom-geneva list
check "that was a lie" lied /v1/journal/checkpoint
expect "and its verdict is of before" 0 "VALID" at iom-geneva verify work/one.asice
no_line iom-geneva
expect "the first true answer shows that it was one" 1 "hid a set of CRLs" at iom-geneva list
expect "with its code" 1 '"code": *"ENTRY_WITHHELD"' at iom-geneva --json list
liar iom-bangkok say /v1/journal/checkpoint "Valise-Crls" "Valise-Crlx"
expect "to say nothing of it does not help" 1 "does not say by which CRLs" at iom-bangkok list
no_line iom-bangkok
expect "who was told the truth goes on" 0 "agreement" at iom-bangkok list
expect "and knows of the revocation" 1 "SIGNER_REVOKED" at iom-bangkok verify work/one.asice
# --- A set that comes while the policies before it are asked for. ---
# The daemon has named its lists by then: they are known up to that size, and no
# further, or an honest daemon would be one that had hidden the new set.
at iom-chief-of-mission list >/dev/null 2>&1
echo '# another' >>policies/offices.yaml; reload
"$top/certs/ca" revoke certs/iom offices/iom-bangkok/sign-cert.pem >/dev/null
liar iom-chief-of-mission first act=policy "'$valise' --config offices/mofa/config.yaml crls push certs/iom/crl.pem >work/pushed 2>&1"
expect "a set comes before the policies are answered" 0 "" at iom-chief-of-mission list
check "in that moment" sh -c 'grep -q "^lied .*act=policy" work/line && test -s work/pushed'
no_line iom-chief-of-mission
newest=$(at mofa --json log --act crl | python3 -c 'import json, sys; print(json.load(sys.stdin)["entries"][-1]["index"])')
check "it is not known by that" sh -c "! grep -q '^$newest ' offices/iom-chief-of-mission/state/*/crl-entries"
expect "the next command learns it, and nobody lied" 0 "" at iom-chief-of-mission list
check "it is kept" grep -q "^$newest " offices/iom-chief-of-mission/state/*/crl-entries
finish
