#!/bin/sh
# The depositary's own certificate cannot be judged, since its CA's list has
# ended: it starts and is read, makes no act and delivers no copy, and goes on by
# itself when a new list comes.
. "$(dirname "$0")/lib.sh"
# SECONDS: MOFA's CA makes a list that ends so soon
list() {
	VALISE_CA=$dir/certs/mofa VALISE_EMAIL=nobody@example VALISE_HOST=DNS:localhost openssl ca -config "$top/certs/openssl.cnf" -batch -gencrl \
		-crl_lastupdate "$(date -u +%Y%m%d%H%M%SZ)" -crl_nextupdate "$(date -u -d "+$1 seconds" +%Y%m%d%H%M%SZ)" -out certs/mofa/crl.pem 2>/dev/null
}
list 15; publish_crls "$dir"
start
enrol "$dir" mofa iom-vientiane iom-geneva iom-chief-of-mission >/dev/null
deposit mofa one >/dev/null
fetch() { at iom-geneva fetch agreement/one -o work/it.asice; }
until_refused() { i=0; while at iom-vientiane fetch agreement/one -o work/f.asice; do i=$((i + 1)); [ $i -lt 200 ] || return 1; sleep 0.2; done; }
why='the depositary.s own certificate cannot be judged.*no CRL of CA "mofa" tells.*valise crls push'
# WHEN: what an office of the other CA can do and what it cannot
reads_and_no_acts() {
	expect "$1: a list is read" 0 "agreement/one" at iom-geneva list
	expect "$1: the log is" 0 "deposit" at iom-geneva log
	expect "$1: a proof is" 0 "agreement/one" at iom-geneva list --proved
	expect "$1: the policy is" 0 "accepted" at iom-geneva policy show
	expect "$1: no copy is delivered, and why is told" 6 "$why" fetch
	expect "$1: over HTTP: 503" 0 '"status":503' curl_as iom-geneva /v1/documents/agreement/one/versions/1
	expect "$1: what needs no entry is answered" 0 "HTTP/1.1 200" curl_as iom-geneva /v1/documents/agreement/one/versions/1 -I
	expect "$1: git gets nothing new" 0 "HTTP 503" sh -c "rm -rf work/clone; GIT_SSL_CAINFO=offices/iom-geneva/ca.pem GIT_SSL_CERT=offices/iom-geneva/cert.pem GIT_SSL_KEY=offices/iom-geneva/key.pem git clone \$(cat url)/git work/clone 2>&1; true"
	expect "$1: nothing is deposited" 6 "$why" at iom-vientiane push note-verbale/two --text en=work/en.txt --title en=Two
	expect "$1: before its body is sent" 0 '^HTTP/1.1 503' curl_as iom-vientiane /v1/documents/note-verbale/two/versions/1 -i -X PUT -H "Expect: 100-continue" -T work/en.txt
	expect "$1: nothing is signed" 6 "$why" at iom-chief-of-mission sign agreement/one --yes
	expect "$1: nothing is dispatched" 6 "$why" at iom-vientiane bag pack -o "work/$2.bag" --to iom-geneva agreement/one
	expect "$1: what the policy refuses is refused all the same" 3 "may not deposit" at iom-geneva push agreement/three --text en=work/en.txt --title en=x
}
check "the list ends" until_refused
reads_and_no_acts "while it runs" first
size() { at iom-geneva --json log | grep -c '"act": *"\(deposit\|sign\|deliver\|dispatch\)"'; }
before=$(size)
check "it starts" restart
reads_and_no_acts "after a start" second
expect "no act was journaled meanwhile" 0 "^$before$" size
expect "/health of it is in the log" 0 "event=soon reason=.acts are refused (503): the depositary.s own" grep event=soon log
expect "--check goes through" 0 "^good" "$valised" --config valised.yaml --check
expect "a reload is possible" 0 "taken" "$valised" --config valised.yaml reload
list 8
expect "an office hands in the new list" 0 "handed in 1" at iom-geneva crls push certs/mofa/crl.pem
expect "and all goes on: a copy" 0 "VALID" fetch
expect "a deposit" 0 "deposited" deposit mofa two
# The same by the folder.
check "it ends again" until_refused
"$top/certs/ca" crl certs/mofa >/dev/null; publish_crls "$dir"; reload
expect "a new list in the folder does it too" 0 "VALID" fetch
# Revoked while it runs: what it would seal is worth nothing.
sleep 1 # a list's times are whole seconds
 "$top/certs/ca" revoke certs/mofa certs/depositary.pem >/dev/null
expect "its certificate is revoked, and an office hands that in" 0 "handed in 1" at iom-geneva crls push certs/mofa/crl.pem
expect "then it seals nothing more" 6 "own certificate is not good.*was revoked.*needs a new certificate" deposit mofa three
expect "nor delivers" 6 "own certificate is not good" fetch
expect "and is read" 0 "agreement/one" at iom-geneva list
finish
