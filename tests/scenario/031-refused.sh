#!/bin/sh
# Whom the daemon refuses, and what it tells: each refused handshake is a line
# with the reason and the certificate, and counted; each refused person a line
# with the name.  And what the refused person's command says.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-vientiane iom-bangkok iom-geneva >/dev/null || not_ok "enrolment"
url=$(cat url) port=$(cat port)
until_log() { i=0; until grep -q -e "$1" log; do i=$((i + 1)); [ $i -lt 400 ] || return 1; sleep 0.05; done; }
# CA EXTENSIONS EMAIL START END: work/x.pem of the key work/x.key
issue() {
	VALISE_CA=$dir/certs/$1 VALISE_EMAIL=$3 VALISE_HOST=DNS:x openssl ca -config "$top/certs/openssl.cnf" \
		-batch -in work/x.csr -extensions "$2" -notext -startdate "$4" -enddate "$5" \
		-subj "/O=$1/CN=$3" -out work/x.pem 2>/dev/null
}
serial() { openssl x509 -in work/x.pem -noout -serial | sed 's/^serial=//'; }
connect() { curl -sS -m 10 -o /dev/null --cacert offices/mofa/ca.pem "$@" "$url/health" >/dev/null 2>&1; }
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout work/x.key -out work/x.csr -subj /CN=x 2>/dev/null
"$top/certs/ca" new "$dir/certs/stranger" "Stranger" "Nobody" >/dev/null

# --- Each reason: a line, and a count. ---
# REASON PATTERN COMMAND…
told() {
	reason=$1 pattern=$2; shift 2
	if "$@" >/dev/null 2>&1; then not_ok "$reason: it is refused"; fi
	check "$reason: a line" until_log "event=handshake result=refused reason=$reason from=127.0.0.1.*$pattern"
	expect "$reason: counted" 0 "^tls_refused_total{reason=\"$reason\"} 1\$" curl_as mofa /metrics
}
expect "every reason is there before it happens" 0 '^tls_refused_total{reason="other"} 0$' curl_as mofa /metrics
issue mofa connect late@mofa.example 20200101000000Z 20210101000000Z
told expired "person=\"late@mofa.example\" subject=\"CN=late@mofa.example,O=mofa\" serial=$(serial) ends=2021-01-01T00:00:00" connect --cert work/x.pem --key work/x.key
issue mofa connect early@mofa.example 20900101000000Z 20910101000000Z
told not-yet-valid "person=\"early@mofa.example\" subject=\"CN=early@mofa.example,O=mofa\" serial=$(serial) ends=2091-01-01" connect --cert work/x.pem --key work/x.key
issue stranger connect "spy@mofa.example" 20200101000000Z 20900101000000Z
told unknown-ca "subject=\"CN=spy@mofa.example,O=stranger\" serial=$(serial) ends=2090-01-01" connect --cert work/x.pem --key work/x.key
check "of whom no known CA says the name, no person is named" sh -c "! grep -q 'reason=unknown-ca.*person=' log"
told no-certificate "text=" connect
issue mofa sign wrong@mofa.example 20200101000000Z 20900101000000Z
told wrong-purpose "subject=\"CN=wrong@mofa.example,O=mofa\" serial=$(serial) ends=2090-01-01" connect --cert work/x.pem --key work/x.key
told protocol "text=\"unsupported protocol\"" connect --tls-max 1.2 --cert offices/mofa/cert.pem --key offices/mofa/key.pem
told by-client "text=\".*unknown ca" curl -sS -o /dev/null --cacert certs/stranger/ca.pem --cert offices/mofa/cert.pem --key offices/mofa/key.pem "$url/health"
curl -s "http://127.0.0.1:$port/" >/dev/null 2>&1
expect "no TLS at all is the protocol too" 0 '^tls_refused_total{reason="protocol"} 2$' curl_as mofa /metrics
# It is told before the line is cut, though it has sent its request meanwhile.
cat >work/reads.py <<'END'
import socket, ssl, sys
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
tls.minimum_version = ssl.TLSVersion.TLSv1_3
tls.load_verify_locations("offices/mofa/ca.pem")
refused = lambda: open("log").read().count("reason=no-certificate")
before = refused()
line = tls.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="127.0.0.1")
while refused() == before:
    pass
for i in range(100):
    line.sendall(b"GET / HTTP/1.1\r\n")
    line.getpeername()
try:
    line.recv(1)
except ssl.SSLError as e:
    print(e.reason)
END
expect "who has no certificate reads that" 0 'CERTIFICATE_REQUIRED' python3 work/reads.py "$port"
# Only a connection that was opened and closed: nobody was refused.
lines=$(grep -c event=handshake log)
python3 -c "import socket; socket.create_connection(('127.0.0.1', $port)).close()"
curl_as mofa /health >/dev/null
check "who only goes away was not refused" test "$(grep -c event=handshake log)" = "$lines"
# A subject is a stranger's text.
openssl req -new -key work/x.key -out work/x.csr -subj '/CN=a" event=fatal reason="b' 2>/dev/null
openssl req -x509 -key work/x.key -out work/x.pem -subj '/CN=a" event=fatal reason="b' -days 1 2>/dev/null
connect --cert work/x.pem --key work/x.key
check "a stranger's text cannot make a field" until_log 'reason=unknown-ca.*subject="CN=a\\'
check "nor a line" sh -c "! grep -q '[^\\\\]\" event=fatal reason=' log"
# A flood: so many lines a minute.
for i in $(seq 1 60); do connect; done
check "a flood has no line for each" test "$(grep -c 'result=refused reason=no-certificate from=' log)" -lt 45
expect "and is counted all the same" 0 '^tls_refused_total{reason="no-certificate"} 62$' curl_as mofa /metrics

# --- What the refused person's command says. ---
openssl req -new -key offices/iom-bangkok/key.pem -out work/x.csr -subj /CN=x 2>/dev/null
says() { # NAME PATTERN
	cp offices/iom-bangkok/cert.pem work/kept.pem; cp work/x.pem offices/iom-bangkok/cert.pem
	expect "$1" 2 "$2" at iom-bangkok "${3:-list}" ${4:-}
	cp work/kept.pem offices/iom-bangkok/cert.pem
}
issue iom connect bangkok@iom.example 20200101000000Z 20210101000000Z
says "an expired one is told so" "cert.pem has expired: it ended 2021"
issue iom connect bangkok@iom.example 20900101000000Z 20910101000000Z
says "one that is not valid yet" "cert.pem begins only 2090"
issue stranger connect bangkok@iom.example 20200101000000Z 20900101000000Z
says "one of a CA that is not the policy's" "is of no CA that its policy names" policy show
issue iom sign bangkok@iom.example 20200101000000Z 20900101000000Z
says "one to sign with" "is a certificate to sign with"
expect "its own is good" 0 "" at iom-bangkok list

# --- Persons whom the policy or a list refuses. ---
"$top/certs/ca" issue certs/mofa connect work/x.csr somebody@elsewhere.example "" work/x.pem >/dev/null
curl -sS --cacert offices/mofa/ca.pem --cert work/x.pem --key offices/iom-bangkok/key.pem "$url/health" >/dev/null
check "a person of no office is logged by name, with the reason" until_log 'event=refused id=[0-9a-f]* person="somebody@elsewhere.example" reason=".*somebody@elsewhere.example.*is of no office'
check "in the request's line too" until_log 'event=request .*person="somebody@elsewhere.example" .*status=403'
"$top/certs/ca" revoke certs/iom offices/iom-geneva/cert.pem >/dev/null; publish_crls "$dir"; reload
expect "a revoked certificate is refused" 3 "was revoked" at iom-geneva list
check "and the person logged by name" until_log 'event=refused id=[0-9a-f]* person="geneva@iom.example" reason="your certificate: .*revoked'
expect "what a rule refuses" 3 "may not" at iom-bangkok push agreement/none --text en=work/en.txt --title en=None
check "is logged by name, with the rule" until_log 'event=refused id=[0-9a-f]* person="bangkok@iom.example" reason="bangkok@iom.example of iom-bangkok may not deposit agreement/none (policies/agreement.yaml'
finish
