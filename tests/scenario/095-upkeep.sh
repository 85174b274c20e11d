#!/bin/sh
# What the daemon does by itself: it fetches newer CRLs, checks its data, asks
# witnesses that speak C2SP, and warns of what ends soon.
. "$(dirname "$0")/lib.sh"
go_build() { env GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOCACHE="$dir/go" go build -o "$1" "$2"; }
# PATTERN: the log says so, some time soon
until_log() { i=0; until grep -q -e "$1" log; do i=$((i + 1)); [ $i -lt 400 ] || return 1; sleep 0.05; done; }
start
enrol "$dir" mofa iom-geneva >/dev/null
deposit mofa one >/dev/null
expect "every office may ask whether it lives" 0 '{"status":"ok"}' curl_as iom-geneva /health
expect "metrics are for the depositary's office" 0 '"exit":3' curl_as iom-geneva /metrics
expect "which reads them as Prometheus text" 0 '^valise_commit_seconds_bucket{step="signer",le="+Inf"} [1-9]' curl_as mofa /metrics
expect "requests are counted" 0 '^valise_answers_total{status="2xx"} [1-9]' curl_as mofa /metrics
expect "and the journal's size" 0 '^valise_journal_entries [1-9]' curl_as mofa /metrics
curl_as mofa /metrics | grep -v '^#' >work/metrics
check "each line of it is a sample" sh -c '! grep -v -E "^[a-z_]+(\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*,?\})? [0-9.e+-]+$" work/metrics'

# --- Checks by itself, CRLs from a folder and an address. ---
check "a witness of another maker builds" go_build work/witness "$top/tests/interop/witness.go"
mkdir -p work/www
: >work/witness.out
work/witness witness.example/stock vkey work/www >work/witness.out 2>&1 & witness=$!
echo $witness >work/pid
until [ "$(wc -l <work/witness.out)" -ge 2 ]; do sleep 0.02; done
stock_key=$(sed -n 1p work/witness.out) stock=$(sed -n 2p work/witness.out)
printf 'witnesses: {stock: "%s"}\nquorum: 1\n' "$stock_key" >>policies/offices.yaml
cat >>valised.yaml <<-END
verify-every: 1s
crls-every: 1s
crl-urls: [$stock/mofa.crl]
witness-every: 1s
witnesses: {stock: "$stock"}
END
restart
accept_policy mofa iom-geneva >/dev/null
check "it checks its data by itself" until_log 'event=check size=.* findings=0'
expect "and says when in /health" 0 '"checked": *{"time"' curl_as mofa /health
check "an address that has no list is told, and the old ones are kept" until_log 'event=crl result=kept reason=.*mofa.crl: HTTP status 404'
sleep 1 # a CRL's times are whole seconds
"$top/certs/ca" crl certs/mofa >/dev/null; cp certs/mofa/crl.pem work/www/mofa.crl
check "a newer list at the address is taken" until_log 'event=crl result=taken'
expect "and kept beside those in the folder" 0 "fetched-[0-9a-f]*.pem" ls data/crls
VALISE_CA=certs/mofa VALISE_EMAIL=nobody@example VALISE_HOST=DNS:localhost openssl ca -config "$top/certs/openssl.cnf" -batch -gencrl \
	-crl_lastupdate "$(date -u -d '+2 years' +%Y%m%d%H%M%SZ)" -crl_nextupdate "$(date -u -d '+3 years' +%Y%m%d%H%M%SZ)" -out work/www/future 2>/dev/null
mv work/www/future work/www/mofa.crl
check "one from the future is not, and the log says so" until_log 'event=crl result=kept reason=.*mofa.crl: it is from the future'
check "so does /health" sh -c 'i=0; until "$@" 2>/dev/null | grep -q "mofa.crl: it is from the future"; do i=$((i+1)); [ $i -lt 200 ] || exit 1; sleep 0.05; done' - curl -sS --cacert offices/mofa/ca.pem --cert offices/mofa/cert.pem --key offices/mofa/key.pem "$(cat url)/health"
expect "and it is not kept" 0 "^1$" sh -c 'ls data/crls | wc -l'
cp certs/iom/ca.pem work/www/mofa.crl
check "what is no list is told as well" until_log 'event=crl result=kept reason=.*mofa.crl: a block that is no CRL'
check "a stock witness cosigns" until_log 'event=cosignature witness=stock'
expect "a copy is witnessed by it" 0 "witnessed by *stock" at iom-geneva fetch agreement/one -o work/one.asice --witnessed
deposit mofa two >/dev/null
check "and goes on" sh -c 'i=0; until [ "$(grep -c "event=cosignature witness=stock" log)" -ge 2 ]; do i=$((i+1)); [ $i -lt 400 ] || exit 1; sleep 0.05; done'
kill $witness; wait $witness 2>/dev/null
deposit mofa three >/dev/null
check "one that is away is told" until_log 'event=cosignature witness=stock reason='
sleep 1
cp crls/iom.pem work/older.pem
"$top/certs/ca" crl certs/iom >/dev/null
cp certs/iom/crl.pem crls/iom.pem.tmp && mv crls/iom.pem.tmp crls/iom.pem
check "a newer CRL in the folder is taken by itself" sh -c 'i=0; until [ "$(grep -c "event=crl result=taken" log)" -ge 2 ]; do i=$((i+1)); [ $i -lt 400 ] || exit 1; sleep 0.05; done'
expect "and journaled" 0 "3 entries" at mofa log --act crl
cp work/older.pem crls/iom.pem.tmp && mv crls/iom.pem.tmp crls/iom.pem
check "an older one is not" until_log 'event=crl result=kept ca=iom reason=.*older'
cp certs/iom/crl.pem crls/iom.pem.tmp && mv crls/iom.pem.tmp crls/iom.pem
printf 'nonsense' >crls/broken.pem
check "a broken one is left out" until_log 'event=crl result=left-out file=.broken.pem'
rm crls/broken.pem
# --- Damage while it runs. ---
if in_database; then
	flip="UPDATE valise.object SET z = set_byte(z, length(z) - 1, get_byte(z, length(z) - 1) # 1) WHERE oid = (SELECT oid FROM valise.object WHERE z IS NOT NULL ORDER BY oid LIMIT 1)"
	record_sql "$flip" || not_ok "the owner changes an object"
else
	f=$(ls data/store.git/objects/pack/*.pack | head -n 1); chmod u+w "$f"; cp "$f" work/pack; printf xyz | dd of="$f" bs=1 seek=200 conv=notrunc 2>/dev/null
fi
check "damage is found by itself" until_log 'level=error event=check code=OBJECT_DAMAGED'
check "and in /health" sh -c 'i=0; until "$@" 2>/dev/null | grep -q "last check of the data folder found"; do i=$((i+1)); [ $i -lt 200 ] || exit 1; sleep 0.05; done' - curl -sS --cacert offices/mofa/ca.pem --cert offices/mofa/cert.pem --key offices/mofa/key.pem "$(cat url)/health"
expect "and in /metrics" 0 '^valise_last_check_findings [1-9]' curl_as mofa /metrics
if in_database; then record_sql "$flip"; else cp work/pack "$f"; fi
expect "a mistake in the new keys is told" 8 "not a time such as" sh -c 'sed "s/verify-every: 1s/verify-every: soon/" valised.yaml >bad.yaml; exec "$0" --config bad.yaml --check' "$valised"
finish
