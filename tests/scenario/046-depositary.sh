#!/bin/sh
# The depositary's own certificate is unfit: the daemon starts, tells it (log,
# systemd, /health, each hour), is read, and refuses acts with 503.  Only a key
# that does not fit, or cannot be read, stops it.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-vientiane iom-geneva >/dev/null
deposit mofa one >/dev/null
cp certs/depositary.pem work/good.pem; cp data/signer/depositary.key work/good.key
# PROFILE EMAIL OPTION…: a certificate of the depositary's key, by MOFA's CA or $ca
issue() {
	profile=$1 email=$2; shift 2
	VALISE_CA=$dir/${ca:-certs/mofa} VALISE_EMAIL=$email VALISE_HOST=DNS:x openssl ca -config "$top/certs/openssl.cnf" -batch -in "${csr:-data/signer/depositary.csr}" \
		-extensions "$profile" -notext -subj "/O=Ministry of Foreign Affairs/CN=$email" "$@" -out work/bad.pem 2>work/issue || cat work/issue >&2
}
cat >work/systemd.py <<'END'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(8192).decode().replace("\n", "|"), flush=True)
END
python3 work/systemd.py "$dir/work/notify" >>work/told 2>&1 & systemd=$!
until [ -S work/notify ]; do sleep 0.02; done
health() { curl_as mofa /health >work/health; grep -q -e "$1" work/health; }
# PATTERN: among what systemd was told since the start (a later word may follow at once)
systemd_told() { grep -q -e "$1" work/told; }
start_told() { export NOTIFY_SOCKET="$dir/work/notify"; : >work/told; start_daemon "$dir"; r=$?; unset NOTIFY_SOCKET; return $r; }
acts() { at iom-geneva --json log | grep -c '"act": *"\(deposit\|deliver\|dispatch\)"'; }
# NAME PATTERN: work/bad.pem is judged unfit, and the daemon serves what needs no seal
unfit() {
	what=$1 says=$2
	stop_daemon "$dir"; cp work/bad.pem certs/depositary.pem; : >log
	expect "$what: --check refuses it" 1 "certs/depositary.pem: .*$says" "$valised" --config valised.yaml --check
	check "$what: the daemon starts" start_told
	# It is told beside the start, so perhaps a moment after it.
	until_so grep -q event=certificate log
	expect "$what: the log tells of it" 0 "level=error event=certificate result=unfit reason=.the depositary's own certificate is not good.*$says.*needs a new certificate" grep event=certificate log
	check "$what: so is systemd" until_so systemd_told "^READY=1|STATUS=serving; acts are refused: the depositary's own certificate is not good.*$says"
	check "$what: and /health" until_so health "acts are refused (503): the depositary's own certificate is not good"
	before=$(acts)
	expect "$what: a list is read" 0 "agreement/one" at iom-geneva list --proved
	expect "$what: the log too" 0 "deposit" at iom-geneva log
	expect "$what: and the policy" 0 "accepted" at iom-geneva policy show
	expect "$what: no copy is delivered" 6 "$says" at iom-geneva fetch agreement/one -o work/it.asice
	expect "$what: over HTTP, 503" 0 '"status":503' curl_as iom-geneva /v1/documents/agreement/one/versions/1
	expect "$what: nothing is deposited" 6 "$says" deposit mofa two
	expect "$what: and no act is journaled" 0 "^$before$" acts
}

issue sign depositary@mofa.example -startdate 20260101000000Z -enddate 20260201000000Z
unfit "an expired one" "was not valid at.*set that if it is wrong (timedatectl)"
issue sign depositary@mofa.example -startdate "$(date -u -d '+2 days' +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d '+9 days' +%Y%m%d%H%M%SZ)"
unfit "one of tomorrow" "was not valid at"
issue sign somebody@mofa.example
unfit "of another address" 'it is not of depositary@mofa.example by CA .*mofa'
ca=certs/iom issue sign depositary@mofa.example
unfit "by another party's CA" 'it is not of depositary@mofa.example by CA .*mofa'
"$top/certs/ca" new "$dir/work/stranger" "A CA" "Ministry of Foreign Affairs" >/dev/null
ca=work/stranger issue sign depositary@mofa.example
unfit "by a CA of nobody" "no CA that the policy names"
issue connect depositary@mofa.example
unfit "one to connect with" "it is not for signing"
openssl genpkey -algorithm ED25519 -out work/weak.key 2>/dev/null; openssl req -new -key work/weak.key -subj /CN=x -out work/weak.csr
csr=work/weak.csr issue sign depositary@mofa.example
stop_daemon "$dir"; cp work/weak.key data/signer/depositary.key
unfit "one of a key that is not accepted" "its key is "
stop_daemon "$dir"; cp work/good.key data/signer/depositary.key
issue sign depositary@mofa.example
"$top/certs/ca" revoke certs/mofa work/bad.pem >/dev/null; publish_crls "$dir"
unfit "a revoked one" "the certificate was revoked on"

# --- What stops a start. ---
stop_daemon "$dir"; cp work/good.pem certs/depositary.pem; cp work/weak.key data/signer/depositary.key
expect "a key that does not fit stops the start" 1 "depositary.key is not the key of .*certs/depositary.pem" start_daemon "$dir"
printf nonsense >data/signer/depositary.key
expect "so does one that is none" 8 "depositary.key: there is no private key in PEM" "$valised" --config valised.yaml
rm data/signer/depositary.key
expect "or is not there" 4 "depositary.key: no such file" "$valised" --config valised.yaml
cp work/good.key data/signer/depositary.key
printf nonsense >certs/depositary.pem
expect "and a certificate that is none" 8 "certs/depositary.pem: " "$valised" --config valised.yaml
cp work/good.pem certs/depositary.pem
check "with the good one it starts" start_daemon "$dir"
expect "and acts are journaled" 0 "deposited" deposit mofa two

# --- A list from the future names it. ---
cp -R certs/mofa work/ca; VALISE_CA=work/ca VALISE_EMAIL=x@x VALISE_HOST=DNS:x openssl ca -config "$top/certs/openssl.cnf" -batch -revoke certs/depositary.pem 2>/dev/null
VALISE_CA=work/ca VALISE_EMAIL=x@x VALISE_HOST=DNS:x openssl ca -config "$top/certs/openssl.cnf" -batch -gencrl \
	-crl_lastupdate "$(date -u -d '+2 years' +%Y%m%d%H%M%SZ)" -crl_nextupdate "$(date -u -d '+3 years' +%Y%m%d%H%M%SZ)" -out crls/future.pem 2>/dev/null
reload
expect "a list from the future that names it stops the seal" 6 "revoked by its CA.s list of .*in the future" deposit mofa three
expect "and deliveries" 6 "revoked by its CA.s list of .*in the future" at iom-geneva fetch agreement/one -o work/it.asice
expect "--check says so as well" 1 "certs/depositary.pem: .*revoked" "$valised" --config valised.yaml --check
restart
expect "after a start too" 6 "revoked by its CA.s list of .*in the future" deposit mofa three
rm crls/future.pem; reload
expect "without that list it goes on" 0 "deposited" deposit mofa three

# --- A renewed one, by a reload. ---
valised_reload() { "$valised" --config valised.yaml reload; }
serial() { openssl x509 -in "$1" -noout -serial; }
# FILE: the serial number of the certificate that sealed that copy
sealed_by() { rm -rf work/u; unzip -q -d work/u "$1"; openssl pkcs7 -inform DER -in work/u/META-INF/signature-seal.p7s -print_certs 2>/dev/null | openssl x509 -noout -serial; }
# NAME SLUG: a deposit is sealed with what is in place
sealed() {
	expect "$1: a deposit" 0 "deposited" deposit mofa "$2"
	expect "$1: which is good for the others" 0 "VALID" at iom-geneva fetch "agreement/$2" -o "work/$2.asice"
	expect "$1: and sealed with it" 0 "^$(serial certs/depositary.pem)\$" sealed_by "work/$2.asice"
	expect "$1: git's commit too" 0 "^$(serial certs/depositary.pem)\$" commit_by "$2"
}
commit_by() { settle_refs "$dir"; git -c safe.directory='*' -C "$(as_files)/store.git" cat-file commit "agreement/$1" | sed -n '/BEGIN SIGNED/,/END SIGNED/{s/^gpgsig-\{0,1\}[a-z0-9]* //; s/^ //; /SIGNED/!p}' | base64 -d | openssl pkcs7 -inform DER -print_certs | openssl x509 -noout -serial; }
sealed "the first" first
issue sign depositary@mofa.example
cp work/bad.pem work/next.pem; mv work/next.pem certs/depositary.pem
expect "a new one of the same key is taken" 0 "taken" valised_reload
sealed "of the same key" samekey
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out work/new.key 2>/dev/null; openssl req -new -key work/new.key -subj /CN=x -out work/new.csr
csr=work/new.csr issue sign depositary@mofa.example
chmod 600 work/new.key; cp certs/depositary.pem work/good.pem; mv work/bad.pem certs/depositary.pem
expect "one whose key is not in place is not taken" 1 "old settings are kept: .*depositary.key is not the key of .*depositary.pem" valised_reload
expect "and seals go on with the old" 0 "deposited" deposit mofa withold
cp work/new.key work/next.key; chmod 644 work/next.key; mv work/next.key data/signer/depositary.key
expect "nor with a key that others may read" 1 "old settings are kept: .*depositary.key: others may read" valised_reload
chmod 600 data/signer/depositary.key
expect "with its key it is" 0 "taken" valised_reload
sealed "of a new key" newkey
check "while offices deposit" sh -c 'for i in 1 2 3 4 5 6; do "$1" --config offices/mofa/config.yaml push agreement/while$i --text en=work/en.txt --text lo=work/lo.txt --title en=x & done; "$2" --config valised.yaml reload; wait' - "$valise" "$valised"
issue connect depositary@mofa.example; cp certs/depositary.pem work/good.pem; cp work/bad.pem certs/depositary.pem
expect "one that is not good is not taken" 1 "old settings are kept: .*certs/depositary.pem: it is not for signing" valised_reload
expect "and seals go on" 0 "deposited" deposit mofa stays
cp work/good.pem certs/depositary.pem
# The reader has ended: the old one stays until a start.
kill -9 "$(pgrep -P "$(pgrep -P "$(cat pid)")")"
csr=work/new.csr issue sign depositary@mofa.example; cp work/bad.pem certs/depositary.pem
expect "without its reader the signer renews nothing" 1 "old settings are kept: .*start the daemon anew" valised_reload
expect "and signs on" 0 "deposited" deposit mofa readerless
restart
sealed "after a start" started
cp certs/depositary.pem work/good.pem
# From one that cannot sign at all.
stop_daemon "$dir"; cp work/weak.key data/signer/depositary.key; csr=work/weak.csr issue sign depositary@mofa.example; cp work/bad.pem certs/depositary.pem
check "a start with one of a key that is not accepted" start_daemon "$dir"
expect "does not seal" 6 "its key is" deposit mofa unsealed
cp work/new.key data/signer/depositary.key; cp work/good.pem certs/depositary.pem
expect "until a reload with a good one" 0 "taken" valised_reload
sealed "after that" aftweak
# Policy and certificate at once, while offices deposit: nothing is sealed by the one and judged by the other.
"$top/certs/ca" new "$dir/certs/ministry2" "Second CA" "Ministry of Foreign Affairs" >/dev/null
cp certs/ministry2/ca.pem policies/cas/ministry2.pem
sed -i 's|^cas: {|cas: {ministry2: cas/ministry2.pem, |; /^depositary:/s|ca: mofa,|ca: ministry2,|' policies/offices.yaml
cp certs/depositary.pem work/good.pem
expect "a policy of another CA without its certificate is not taken" 1 "by this policy no certificate that there is would be good" valised_reload
ca=certs/ministry2 csr=work/new.csr issue sign depositary@mofa.example; cp work/bad.pem certs/depositary.pem
expect "nor with one of which no list tells" 1 "no CRL of CA .ministry2. tells" valised_reload
expect "since acts would be refused" 0 "deposited" deposit mofa untold
cp certs/ministry2/crl.pem crls/ministry2.pem
(i=0; while [ $i -lt 10 ]; do i=$((i + 1)); at mofa push agreement/turn$i --text en=work/en.txt --text lo=work/lo.txt --title en=x >>work/turns 2>&1; done) & first=$!
(i=0; while [ $i -lt 10 ]; do i=$((i + 1)); at iom-vientiane push note-verbale/turn$i --text en=work/en.txt --title en=x >>work/turns 2>&1; done) & second=$!
until [ "$(grep -c deposited work/turns)" -ge 2 ]; do sleep 0.02; done
expect "with its certificate it is" 0 "taken" valised_reload
wait $first $second
check "accepted" accept_policy mofa iom-geneva
sealed "of another CA" otherca
expect "the audit finds nothing" 0 "nothing is wrong" at iom-geneva audit
expect "nor does fsck" 0 "nothing is wrong" "$valised" --config valised.yaml fsck

# --- Each hour, by a clock that runs 900 times as fast. ---
ca=certs/ministry2 csr=work/new.csr issue sign depositary@mofa.example -startdate 20260101000000Z -enddate 20260201000000Z
stop_daemon "$dir"; cp work/bad.pem certs/depositary.pem; : >log
# faketime(1) itself would stay between the daemon and its signals.
printf '#!/bin/sh\nexport LD_PRELOAD='\''%s'\'' FAKETIME="+0 x900"\nexec "%s" "$@"\n' \
	"$(faketime -f +0 sh -c 'echo "$LD_PRELOAD"')" "$valised" >work/fast; chmod +x work/fast
(valised=$dir/work/fast; start_daemon "$dir")
told() { [ "$(grep -c "event=certificate result=unfit reason=.the depositary's" log)" -ge 3 ]; }
check "it is told again each hour" until_so told
kill $systemd; wait $systemd 2>/dev/null
finish
