#!/bin/sh
# Who may connect; a daemon that rolls back, forks, or follows another policy.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-vientiane iom-geneva >/dev/null || not_ok "enrolment"
deposit mofa one >/dev/null

# --- TLS ---
url=$(cat url)
refused() { # NAME CURL-ARGUMENTS…: no answer at all
	name=$1; shift
	if curl -sS -o /dev/null --cacert offices/mofa/ca.pem "$@" "$url/health" 2>work/out; then not_ok "$name"; else ok "$name"; fi
}
refused "no certificate" --tlsv1.3
refused "TLS 1.2" --tls-max 1.2 --cert offices/mofa/cert.pem --key offices/mofa/key.pem
"$top/certs/ca" new "$dir/stranger" "MOFA CA" "Ministry of Foreign Affairs" >/dev/null
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout work/s.key -out work/s.csr -subj /CN=x 2>/dev/null
"$top/certs/ca" issue stranger connect work/s.csr treaties@mofa.example "" work/s.pem >/dev/null
refused "another CA of the same name" --cert work/s.pem --key work/s.key
refused "the server's certificate" --cert certs/server.pem --key data/server/server.key
refused "a certificate to sign with" --cert offices/mofa/sign-cert.pem --key offices/mofa/sign-key.pem
VALISE_CA=$dir/certs/mofa VALISE_EMAIL=late@mofa.example VALISE_HOST=DNS:x openssl ca -config "$top/certs/openssl.cnf" \
	-batch -in work/s.csr -extensions connect -notext -startdate 20200101000000Z -enddate 20210101000000Z \
	-subj /CN=late -out work/late.pem 2>/dev/null
refused "an expired certificate" --cert work/late.pem --key work/s.key
"$top/certs/ca" issue certs/mofa connect work/s.csr somebody@elsewhere.example "" work/s.pem >/dev/null
expect "the right CA but no office" 0 "is of no office" curl -sS --cacert offices/mofa/ca.pem \
	--cert work/s.pem --key work/s.key "$url/v1/documents"
"$top/certs/ca" issue certs/iom connect work/s.csr someone@iom.example Paris work/s.pem >/dev/null
expect "the right CA but no such unit" 0 "is of no office" curl -sS --cacert offices/mofa/ca.pem \
	--cert work/s.pem --key work/s.key "$url/v1/documents"
expect "a wrong server is found out" 1 "not the server that you enrolled with" sh -c "
	sed 's|https://127.0.0.1|https://localhost.|' offices/mofa/state/*/enrolment.yaml >/dev/null
	d=offices/mofa/state/*; cp \$d/enrolment.yaml work/e.yaml
	'$top/certs/ca' issue stranger server data/server/server.csr IP:127.0.0.1 '' work/fake.pem >/dev/null
	port=\$('$valised_port_helper')
	openssl s_server -accept \$port -cert work/fake.pem -key data/server/server.key -quiet -www >/dev/null 2>&1 &
	s=\$!
	until openssl s_client -connect 127.0.0.1:\$port </dev/null >/dev/null 2>&1; do kill -0 \$s || break; done
	sed -i \"s|https://127.0.0.1:[0-9]*|https://127.0.0.1:\$port|\" \$d/enrolment.yaml
	'$valise' --config offices/mofa/config.yaml list; r=\$?
	cp work/e.yaml \$d/enrolment.yaml; kill \$s; exit \$r"

# --- Revocation, at the next request ---
expect "Geneva lists" 0 "agreement/one" at iom-geneva list
"$top/certs/ca" revoke certs/iom offices/iom-geneva/cert.pem >/dev/null
publish_crls "$dir"
reload
expect "a revoked certificate" 3 "was revoked" at iom-geneva list
expect "the change of CRLs is in the journal" 0 "crl" at mofa log --act crl

# --- Policy ---
expect "every mistake of a policy is told" 8 "did you mean" sh -c "cp -R policies work/policies &&
	sed -i 's/^deposit/depsit/; s/^audit/adit/' work/policies/agreement.yaml && '$valise' policy check work/policies"
[ "$(grep -c 'did you mean' work/out)" = 2 ] && ok "both at once" || not_ok "both at once"
cp policies/agreement.yaml work/agreement.yaml
sed -i 's/^deposit/depsit/' policies/agreement.yaml
reload
expect "a bad policy at reload is not taken" 0 "result=kept" grep event=reload log
expect "and the old one holds" 0 "deposited" deposit mofa two
expect "a bad policy at start is refused" 8 "did you mean" "$valised" --config valised.yaml --check
cp work/agreement.yaml policies/agreement.yaml

# --- A policy that was put aside is not brought back unseen ---
cp policies/mou.yaml work/mou.yaml
echo '# another' >>policies/mou.yaml; reload
expect "a policy that is new is not followed" 1 "Nothing was sent" deposit mofa newer
expect "its difference is shown" 0 "+ # another" at mofa policy show
expect "and accepted" 0 "accepted" accept_policy mofa
expect "then it is followed" 0 "deposited" deposit mofa newer
cp work/mou.yaml policies/mou.yaml; reload
expect "the old one, brought back, is not followed" 1 "Nothing was sent" deposit mofa older
expect "another office, which never left it, goes on" 0 "deposited" deposit iom-vientiane older
expect "what was done under it counts for nobody who put it aside" 1 "POLICY_UNKNOWN" at mofa fetch agreement/older -o work/older.asice
expect "what was done under the new one still does" 0 "VALID" at mofa fetch agreement/newer -o work/newer.asice
expect "but not for who has not accepted it" 1 "POLICY_UNKNOWN" at iom-vientiane fetch agreement/newer
expect "accepted again it counts" 0 "accepted" accept_policy mofa
expect "and so does what was done under it" 0 "VALID" at mofa fetch agreement/older -o work/older.asice

# --- A daemon that rolls back, and one that forks ---
stop_daemon "$dir"
keep_data old
start_daemon "$dir"
deposit mofa three >/dev/null
at iom-vientiane list >/dev/null
stop_daemon "$dir"
keep_data new; take_data old
start_daemon "$dir"
expect "a rolled back journal is caught" 1 "rolled back" at mofa list
expect "with a code for scripts" 1 '"code": *"JOURNAL_ROLLED_BACK"' at mofa --json list
# The fork grows past what was seen.
for i in 1 2 3 4 5; do stop_daemon "$dir"; start_daemon "$dir"; done
expect "a fork is caught even when it is longer" 1 "no extension" at mofa list
expect "nothing is sent to it" 1 "Nothing was sent" deposit mofa four
stop_daemon "$dir"
# Its signer is put back, but not its journal.
cp work/new/signer/memory data/signer/memory
expect "a signer that is ahead refuses to start" 1 "contradicts itself" "$valised" --config valised.yaml
take_data new
start_daemon "$dir"
expect "the true history is taken again" 0 "agreement/three" at mofa list
finish
