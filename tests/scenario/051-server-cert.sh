#!/bin/sh
# The server's certificate is judged as clients will: by --check, at a reload
# (whose result "valised reload" has), and while the daemon runs.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-geneva >/dev/null
deposit mofa one >/dev/null
cp certs/server.pem work/good.pem
# FILE EXTENSIONS OPTION…: by MOFA's CA, of the server's key or of work/NAME.csr
extensions='basicConstraints=CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=%s\n'
issue() {
	out=$1 names=$2; shift 2
	printf "$extensions" "$names" >work/ext
	[ -z "${more:-}" ] || sh -c "$more" work/ext
	openssl x509 -req -in "${csr:-data/server/server.csr}" -CA "${ca:-certs/mofa}/ca.pem" -CAkey "${ca:-certs/mofa}/private/ca.key" \
		-CAcreateserial -extfile work/ext -sha256 -out "$out" "$@" 2>work/issue || cat work/issue >&2
}
valised_reload() { "$valised" --config valised.yaml reload; }
# NAME PATTERN: work/bad.pem is refused by --check and kept out by each reload
unfit() {
	what=$1 says=$2
	cp work/bad.pem certs/server.pem
	expect "$what: --check refuses it" 1 "certs/server.pem: .*$says" "$valised" --config valised.yaml --check
	reload
	check "$what: a reload keeps the old one" sh -c 'grep event=reload log | tail -n 1 | grep -q "result=kept reason=.*server.pem: .*$1"' - "$says"
	expect "$what: valised reload says so" 1 "the old settings are kept: .*$says" valised_reload
	expect "$what: an office goes on" 0 "agreement/one" at iom-geneva list
	cp work/good.pem certs/server.pem
}
expired() { VALISE_CA=$dir/certs/mofa VALISE_EMAIL=nobody@example VALISE_HOST=IP:127.0.0.1 openssl ca -config "$top/certs/openssl.cnf" -batch -in data/server/server.csr -extensions server -notext -subj "/O=Ministry of Foreign Affairs/CN=127.0.0.1" "$@" -out work/bad.pem 2>/dev/null; }

# --- Good ones. ---
expect "a good one is good" 0 "^good" "$valised" --config valised.yaml --check
expect "and is taken" 0 "taken" valised_reload
for names in IP:127.0.0.1 DNS:valise.mofa.example,IP:127.0.0.1,DNS:other.example; do
	issue certs/server.pem "$names" -days 30
	expect "$names is fit" 0 "^good" "$valised" --config valised.yaml --check
done
# ADDRESS NAMES EXIT: is a certificate for these names fit for this address?
named() {
	sed "s|^address: .*|address: \"$1\"|" valised.yaml >named.yaml
	issue certs/server.pem "$2" -days 30
	expect "$1 with $2: exit $3" "$3" "" "$valised" --config named.yaml --check
}
named https://valise.mofa.example:8443 DNS:valise.mofa.example 0
named https://Valise.MOFA.example DNS:valise.mofa.example 0
named https://valise.mofa.example. DNS:valise.mofa.example 0
named https://valise.mofa.example DNS:*.mofa.example 0
named https://a.valise.mofa.example DNS:*.mofa.example 1
named https://valise.mofa.example DNS:v*.mofa.example 1
named https://valise.mofa.example DNS:valise.mofa.example.org 1
named https://valise.mofa.example IP:127.0.0.1 1
named "https://[::1]:8443" IP:::1 0
named "https://[::1]:8443" DNS:localhost 1
named https://127.0.0.1 DNS:127.0.0.1 1
more='grep -v subjectAltName $0 >$0.tmp; mv $0.tmp $0' named https://valise.mofa.example DNS:x 1
expect "the sentence has the names that it is for, and the one that it is not for" 1 "it is for DNS.example, 127.0.0.2, not for 127.0.0.1, the host" sh -c "
	cd '$dir'; $(printf '%s' 'printf "basicConstraints=CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:DNS.example,IP:127.0.0.2\n" >work/ext')
	openssl x509 -req -in data/server/server.csr -CA certs/mofa/ca.pem -CAkey certs/mofa/private/ca.key -CAcreateserial -extfile work/ext -out certs/server.pem 2>/dev/null; '$valised' --config valised.yaml --check"
# An intermediate CA, which the file has beside the certificate.
VALISE_CA=$dir/certs/mofa VALISE_EMAIL=x@x VALISE_HOST=DNS:x openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout work/sub.key -subj "/CN=Sub CA" -out work/sub.csr 2>/dev/null
printf 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n' >work/ext
openssl x509 -req -in work/sub.csr -CA certs/mofa/ca.pem -CAkey certs/mofa/private/ca.key -CAcreateserial -extfile work/ext -days 30 -out work/sub.pem 2>/dev/null
mkdir -p work/sub/private; cp work/sub.pem work/sub/ca.pem; cp work/sub.key work/sub/private/ca.key
ca=work/sub issue certs/server.pem IP:127.0.0.1 -days 30
expect "of an intermediate CA that is not sent: exit 1" 1 "it does not lead to CA" "$valised" --config valised.yaml --check
cat work/sub.pem >>certs/server.pem
expect "nor may it be below a CA that has none below it" 1 "it does not lead to CA .*path length" "$valised" --config valised.yaml --check
cp work/good.pem certs/server.pem

# --- Unfit ones. ---
expired -startdate 20260101000000Z -enddate 20260201000000Z
unfit "an expired one" "it ended 2026-02-01T00:00:00Z"
expired -startdate "$(date -u -d '+2 days' +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d '+9 days' +%Y%m%d%H%M%SZ)"
unfit "one of tomorrow" "it begins only 20"
issue work/bad.pem DNS:other.example -days 30
unfit "one for another name" "it is for other.example, not for 127.0.0.1"
"$top/certs/ca" issue certs/iom server data/server/server.csr IP:127.0.0.1 "" work/bad.pem >/dev/null
unfit "another party's CA" 'it does not lead to CA .*mofa'
"$top/certs/ca" new "$dir/work/stranger" "MOFA CA" "Ministry of Foreign Affairs" >/dev/null
ca=work/stranger issue work/bad.pem IP:127.0.0.1 -days 30
unfit "another CA of the same name" 'it does not lead to CA .*mofa'
more='sed -i s/serverAuth/clientAuth/ $0' issue work/bad.pem IP:127.0.0.1 -days 30
unfit "a client's" "it is not for a server"
more='sed -i s/digitalSignature/keyAgreement/ $0' issue work/bad.pem IP:127.0.0.1 -days 30
unfit "one that may not sign" "it is not for a server"
cp data/server/server.key work/server.key
for key in ED25519 "RSA -pkeyopt rsa_keygen_bits:2048"; do
	# shellcheck disable=SC2086
	openssl genpkey -algorithm $key -out work/weak.key 2>/dev/null; openssl req -new -key work/weak.key -subj /CN=x -out work/weak.csr
	csr=work/weak.csr issue work/bad.pem IP:127.0.0.1 -days 30
	cp work/weak.key data/server/server.key
	unfit "a key of ${key%% *}" "its key is $(echo "${key%% *}" | cut -c1-3)"
	cp work/server.key data/server/server.key
done
"$top/certs/ca" issue certs/mofa server data/server/server.csr IP:127.0.0.1 "" work/bad.pem >/dev/null
"$top/certs/ca" revoke certs/mofa work/bad.pem >/dev/null; publish_crls "$dir"
unfit "a revoked one" "the certificate was revoked on"
expired -startdate 20260101000000Z -enddate 20260201000000Z
unfit "one with two faults: both are told" "it ended"
csr=work/weak.csr issue work/bad.pem IP:127.0.0.1 -days 30
cp work/bad.pem certs/server.pem
expect "one of another key: --check refuses it" 1 "server/server.key is not the key of .*certs/server.pem" "$valised" --config valised.yaml --check
expect "a reload keeps the old one" 1 "kept: .*is not the key of" valised_reload
printf nonsense >certs/server.pem
expect "no certificate: --check refuses it" 8 "certs/server.pem: " "$valised" --config valised.yaml --check
expect "a reload keeps the old one" 1 "kept: .*certs/server.pem: " valised_reload
cp work/good.pem certs/server.pem
# A CA that no office knows yet: policy and certificate are not changed at once.
"$top/certs/ca" new "$dir/certs/mofa2" "MOFA CA" "Ministry of Foreign Affairs" >/dev/null
cp policies/cas/mofa.pem work/mofa-ca.pem; cat certs/mofa2/ca.pem >>policies/cas/mofa.pem; cp certs/mofa2/crl.pem crls/mofa2.pem
ca=certs/mofa2 issue work/new.pem IP:127.0.0.1 -days 30
cp work/new.pem certs/server.pem
expect "a CA's new key and a certificate of it at once are not taken" 1 "no office has accepted the new policy yet" valised_reload
expect "and an office goes on" 0 "agreement/one" at iom-geneva list
cp work/good.pem certs/server.pem
expect "first the policy" 0 "taken" valised_reload
check "which each office accepts" accept_policy mofa iom-geneva
cp work/new.pem certs/server.pem
expect "then the certificate" 0 "taken" valised_reload
for office in mofa iom-geneva; do expect "$office connects" 0 "agreement/one" at $office list; done

# --- valised reload. ---
sed -i 's/^deposit/depsit/' policies/agreement.yaml
expect "a bad policy: exit 1, and why" 1 "kept: .*1 mistake\|kept: .*policies" valised_reload
sed -i 's/^depsit/deposit/' policies/agreement.yaml
for i in 1 2 3 4 5 6 7 8; do (r=0; valised_reload >/dev/null 2>&1 || r=$?; echo $r >work/reload.$i) & pids="${pids:-} $!"; done
# shellcheck disable=SC2086
wait $pids
check "eight at once have a result each" sh -c 'test "$(cat work/reload.? | sort -u)" = 0'
# Three connect and say nothing, which asks for a reload after a while; a fourth speaks.
cat >work/silent.py <<'END'
import select, socket
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect("data/reload")
    return s
silent = [connect() for _ in range(3)]
speaks = connect()
speaks.sendall(b"promote\n")
first = select.select(silent + [speaks], [], [], 60)[0]
print("first" if first == [speaks] else "later", speaks.recv(100).decode().strip())
print(*(s.recv(100).decode().strip() for s in silent))
END
expect "who says nothing holds nobody up" 0 "first 5 this daemon writes already" python3 work/silent.py
expect "the socket is its owner's alone" 0 "^srw-------" ls -l data/reload
cp data/reload work/ 2>/dev/null
stop_daemon "$dir"
expect "no daemon runs: exit 6" 6 "no daemon runs" valised_reload
check "a socket is left behind" test -S data/reload
check "which does not keep the next one from starting" start_daemon "$dir"
expect "nor from reloading" 0 "taken" valised_reload
long=$dir/$(printf '%0120d' 0); mkdir "$long"; stop_daemon "$dir"
sed "s|^data: .*|data: $long/data|" valised.yaml >long.yaml; mv data "$long/"
sed -i "s|^data: .*|data: $long/data|" valised.yaml
check "a data folder of a long name" start_daemon "$dir"
expect "is reloaded as well" 0 "taken" valised_reload
stop_daemon "$dir"; mv "$long/data" data; sed -i "s|^data: .*|data: data|" valised.yaml

# --- What is good is taken beside what is not. ---
entries() { grep -a -o '"act":"policy"' "$(as_files)/journal/entries" | wc -l; }
expired -startdate 20260101000000Z -enddate 20260201000000Z
check "it starts again" start_daemon "$dir"
cp work/bad.pem certs/server.pem; before=$(entries)
sed -i 's/^title: .*/& /; $a # a note' policies/agreement.yaml
expect "a new policy beside an unfit certificate: exit 1, and which part" 1 "the old settings are kept: .*server.pem: .*it ended.*; all others are taken" valised_reload
expect "the policy is taken" 0 "^$((before + 1))$" entries
expect "and the certificate is the old one" 0 "another policy is in force\|you have not accepted\|agreement/one" at iom-geneva list
accept_policy mofa iom-geneva >/dev/null
sleep 1; "$top/certs/ca" revoke certs/iom offices/iom-bangkok/cert.pem >/dev/null; publish_crls "$dir"
expect "so are new lists" 1 "all others are taken" valised_reload
expect "whom they revoke is out" 0 "iom .* 1 " at mofa crls show
sed -i 's/^deposit/depsit/' policies/agreement.yaml; cp work/new.pem work/newer.pem
"$top/certs/ca" issue certs/mofa2 server data/server/server.csr IP:127.0.0.1 "" work/newer.pem >/dev/null; cp work/newer.pem certs/server.pem
served() { openssl s_client -connect "127.0.0.1:$(cat port)" -cert offices/mofa/cert.pem -key offices/mofa/key.pem </dev/null 2>/dev/null | openssl x509 -noout -serial; }
expect "a good certificate beside a bad policy" 1 "old settings are kept: .*mistake\|old settings are kept: .*policies" valised_reload
expect "is taken" 0 "^$(openssl x509 -in work/newer.pem -noout -serial)$" served
sed -i 's/^depsit/deposit/' policies/agreement.yaml
cp policies/offices.yaml work/offices.yaml; sed -i '/^depositary:/s|ca: mofa,|ca: iom,|' policies/offices.yaml
before=$(entries)
expect "a policy by which the depositary's certificate is none is not taken" 1 "old settings are kept: by this policy no certificate that there is would be good: .*depositary.pem: it is not of" valised_reload
expect "nor journaled" 0 "^$before$" entries
expect "and acts go on" 0 "deposited" deposit mofa beside
cp work/offices.yaml policies/offices.yaml
expect "with all good, all is taken" 0 "taken" valised_reload
# The certificate in use has ended, and nothing better is there.
stop_daemon "$dir"; cp work/bad.pem certs/server.pem
check "a start with an expired one" start_daemon "$dir"
printf '# another note\n' >>policies/agreement.yaml
before=$(entries)
expect "a policy is taken while the certificate in use is unfit" 1 "all others are taken" valised_reload
expect "and journaled" 0 "^$((before + 1))$" entries
stop_daemon "$dir"; cp work/new.pem certs/server.pem

# --- A start with an unfit one. ---
expired -startdate 20260101000000Z -enddate 20260201000000Z
cp work/bad.pem certs/server.pem
cat >work/systemd.py <<'END'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(4096).decode().replace("\n", "|"), flush=True)
END
python3 work/systemd.py "$dir/work/notify" >work/told 2>&1 & systemd=$!
until [ -S work/notify ]; do sleep 0.02; done
export NOTIFY_SOCKET="$dir/work/notify"
check "the daemon starts" start_daemon "$dir"
unset NOTIFY_SOCKET
until_told() { i=0; until grep -q -e "$1" work/told; do i=$((i + 1)); [ $i -lt 200 ] || return 1; sleep 0.05; done; }
expect "the log tells of it" 0 "level=error event=certificate result=unfit reason=.*it ended 2026-02-01" grep event=certificate log
check "systemd is told" until_told '^READY=1|STATUS=serving with an unfit certificate: .*it ended'
health() { curl -sS -k --cert offices/mofa/cert.pem --key offices/mofa/key.pem "$(cat url)/health"; }
check "/health too" sh -c 'i=0; until curl -sS -k --cert offices/mofa/cert.pem --key offices/mofa/key.pem "$(cat url)/health" | grep -q "cannot connect to a server with this certificate.*it ended"; do i=$((i+1)); [ $i -lt 100 ] || exit 1; sleep 0.05; done'
expect "a command connects no more" 1 "" at iom-geneva list
cp work/new.pem certs/server.pem
expect "a good one is taken" 0 "taken" valised_reload
check "systemd is told of the reload, with the time" until_told '^RELOADING=1|MONOTONIC_USEC=[0-9]*$'
check "and of the good one" until_told '^READY=1|STATUS=serving$'
expect "and the log" 0 "event=certificate result=fit" grep event=certificate log
expect "the command connects" 0 "agreement/one" at iom-geneva list
stop_daemon "$dir"; kill $systemd; wait $systemd 2>/dev/null
cp work/weak.key data/server/server.key
expect "a key that does not fit stops the start" 1 "is not the key of" start_daemon "$dir"
rm data/server/server.key
expect "so does one that cannot be read" 1 "server.key: no such file" start_daemon "$dir"
cp work/server.key data/server/server.key

# --- Each hour, by a clock that runs 900 times as fast. ---
cp work/bad.pem certs/server.pem
# faketime(1) itself would stay between the daemon and its signals.
printf '#!/bin/sh\nexport LD_PRELOAD='\''%s'\'' FAKETIME="+0 x900"\nexec "%s" "$@"\n' \
	"$(faketime -f +0 sh -c 'echo "$LD_PRELOAD"')" "$valised" >work/fast; chmod +x work/fast
from=$(wc -l <log)
(valised=$dir/work/fast; start_daemon "$dir")
check "it is told again each hour" sh -c 'i=0; until [ "$(tail -n +$0 log | grep -c "event=certificate result=unfit")" -ge 3 ]; do i=$((i+1)); [ $i -lt 600 ] || exit 1; sleep 0.05; done' $((from + 1))
finish
