#!/bin/sh
# Framing abuse on the wire, slow clients, many at once.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-vientiane >/dev/null
deposit mofa one >/dev/null
port=$(cat port)
# BYTES (printf format): what the server says to them
raw() { printf "$1" | timeout 20 openssl s_client -quiet -connect "127.0.0.1:$port" -CAfile offices/mofa/ca.pem \
	-cert offices/mofa/cert.pem -key offices/mofa/key.pem 2>/dev/null; }
status() { # NAME STATUS BYTES
	raw "$3" >work/answer
	got=$(sed -n '1s/HTTP\/1.1 \([0-9]*\).*/\1/p' work/answer)
	[ "$got" = "$2" ] && ok "$1" || { not_ok "$1: \"$got\", not $2"; head -n 3 work/answer >&2; }
}
H='Host: x\r\n'
status "a good request" 200 "GET /health HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
status "two Content-Lengths" 400 "PUT /v1/documents/agreement/x1/versions/1 HTTP/1.1\r\n${H}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"
status "Content-Length with chunked" 400 "PUT /v1/documents/agreement/x1/versions/1 HTTP/1.1\r\n${H}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
status "a broken chunk" 400 "PUT /v1/documents/agreement/x1/versions/1 HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n5junk\r\nhello\r\n0\r\n\r\n"
status "obs-fold" 400 "GET /health HTTP/1.1\r\n${H}A: b\r\n c\r\n\r\n"
status "a bare LF" 400 "GET /health HTTP/1.1\nHost: x\n\n"
status "a NUL" 400 "GET /health HTTP/1.1\r\n${H}A: \\000\r\n\r\n"
status "no length" 411 "PUT /v1/documents/agreement/x1/versions/1 HTTP/1.1\r\n${H}\r\n"
status "a length of 0" 422 "PUT /v1/documents/agreement/x1/versions/1 HTTP/1.1\r\n${H}Content-Length: 0\r\nConnection: close\r\n\r\n"
status "a length over the limit" 413 "PUT /v1/documents/agreement/x1/versions/1 HTTP/1.1\r\n${H}Content-Length: 99999999999\r\n\r\n"
status "a body where there is none" 400 "GET /health HTTP/1.1\r\n${H}Content-Length: 1\r\n\r\nx"
status "an unknown method" 400 "BREW /health HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
status "a method that is not for this" 400 "DELETE /v1/documents HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
status "a path that is not there" 404 "GET /etc/passwd HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
status "a climbing path" 400 "GET /v1/documents/../x HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
raw "PUT /v1/documents/agreement/x1/versions/1 HTTP/1.1\r\n${H}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/documents HTTP/1.1\r\n${H}\r\n" >work/answer
[ "$(grep -c 'HTTP/1.1' work/answer)" = 1 ] && ok "a smuggled request is not answered" || not_ok "a smuggled request is not answered"
{ i=0; while [ $i -lt 99 ]; do printf 'GET /v1/documents/agreement/one HTTP/1.1\r\nHost: x\r\n\r\n'; i=$((i + 1)); done
	printf 'GET /v1/documents HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'; } >work/pipelined
timeout 30 openssl s_client -quiet -connect "127.0.0.1:$port" -CAfile offices/mofa/ca.pem -cert offices/mofa/cert.pem \
	-key offices/mofa/key.pem <work/pipelined >work/answer 2>/dev/null
[ "$(grep -ac 'HTTP/1.1 200' work/answer)" = 100 ] && ok "100 pipelined requests" || not_ok "100 pipelined: $(grep -ac 'HTTP/1.1 200' work/answer)"
{ printf 'GET /health HTTP/1.1\r\nHost: x\r\nA: '; head -c 20000 /dev/zero | tr '\0' a; printf '\r\n\r\n'; } >work/long
timeout 20 openssl s_client -quiet -connect "127.0.0.1:$port" -CAfile offices/mofa/ca.pem -cert offices/mofa/cert.pem \
	-key offices/mofa/key.pem <work/long >work/answer 2>/dev/null
grep -q 'HTTP/1.1 431' work/answer && ok "a head that is too long" || not_ok "a head that is too long"
# Half a body: then the client goes.
curl_as mofa /v1/documents/agreement/x1/versions/1 -X PUT -H 'Content-Length: 5000' --data-binary 'half' -m 2 -o /dev/null 2>/dev/null
expect "half a body changes nothing" 4 "no document" at mofa show agreement/x1
# A body that ends where it is others' turn: no event follows, and none is waited for.
# Four at once, of a little more than a turn: eleven in a thousand did wait.
head -c 530000 /dev/urandom >work/body; sending=
for i in 10 12 14 16; do
	curl_as mofa "/v1/documents/agreement/x[${i}00-$((i + 1))49]/versions/1" -H Expect: -T work/body -o /dev/null 2>/dev/null & sending="$sending $!"
done
wait $sending
expect "bodies of half a megabyte, each answered" 1 "^0$" grep -c 'agreement/x1[0-9][0-9][0-9]/versions/1" status=0 ' log
expect "as no container" 0 "^600$" grep -c 'agreement/x1[0-9][0-9][0-9]/versions/1" status=422 ' log
# A ZIP that is none, and one that is a bomb of nothing.
expect "a body that is no container" 0 '"exit":8' curl_as mofa /v1/documents/agreement/x1/versions/1 -X PUT --data-binary garbage
expect "a request has an id in answer and log" 0 "$(sed -n 's/.*"request":"\([0-9a-f]*\)".*/\1/p' work/out)" cat log
expect "ETag and ranges" 0 "^HTTP/1.1 206" sh -c "curl -sS --cacert offices/mofa/ca.pem --cert offices/mofa/cert.pem \
	--key offices/mofa/key.pem -D - -o /dev/null -H 'Range: bytes=0-9' '$(cat url)/v1/documents/agreement/one/versions/1'"
etag=$(sed -n 's/^ETag: \(.*\)\r/\1/p' work/out)
before=$(at mofa log --act deliver | tail -n 1)
expect "not modified is no delivery" 0 "^HTTP/1.1 304" sh -c "curl -sS --cacert offices/mofa/ca.pem --cert offices/mofa/cert.pem \
	--key offices/mofa/key.pem -D - -o /dev/null -H 'If-None-Match: $etag' '$(cat url)/v1/documents/agreement/one/versions/1'"
expect "nor is a range of what was delivered" 0 "^HTTP/1.1 206" sh -c "curl -sS --cacert offices/mofa/ca.pem --cert offices/mofa/cert.pem \
	--key offices/mofa/key.pem -D - -o /dev/null -H 'Range: bytes=5-' -H 'If-Range: $etag' '$(cat url)/v1/documents/agreement/one/versions/1'"
[ "$(at mofa log --act deliver | tail -n 1 | cut -d' ' -f1)" = "${before%% *}" ] && ok "so there is no new entry" || not_ok "so there is no new entry"
# A client that says nothing more holds nobody up.
mkfifo work/idle; sleep 600 >work/idle & idle=$!
openssl s_client -quiet -connect "127.0.0.1:$port" -CAfile offices/mofa/ca.pem -cert offices/mofa/cert.pem \
	-key offices/mofa/key.pem <work/idle >/dev/null 2>&1 &
expect "a silent client does not hold up others" 0 "agreement/one" at mofa list

# --- 2,000 connections that say nothing, until they do ---
mkfifo work/quiet
(ulimit -S -n 2100 && exec "$VALISE_BUILD/bench" idle 127.0.0.1 "$port" offices/mofa/ca.pem offices/mofa/cert.pem offices/mofa/key.pem 2000) \
	<work/quiet >work/many 2>&1 & many=$!
exec 9>work/quiet
until grep -q open work/many || ! kill -0 $many 2>/dev/null; do sleep 0.05; done
expect "2,000 idle connections are held" 0 "2000 open" cat work/many
expect "others are served meanwhile" 0 "agreement/one" at mofa list
exec 9>&-; wait $many
expect "and each is answered when it asks" 0 "2000 answered" cat work/many

# --- Clients that would hold a connection: all at once, each cut by the server ---
tls() { openssl s_client -quiet -connect "127.0.0.1:$port" -CAfile offices/mofa/ca.pem \
	-cert offices/mofa/cert.pem -key offices/mofa/key.pem 2>/dev/null; }
# NAME COMMAND: a client that says what COMMAND does, which has no end of its own
holding() {
	mkfifo "work/held-$1"
	sh -c "$2" >"work/held-$1" 2>/dev/null & writer=$!
	(tls <"work/held-$1" >"work/got-$1"; touch "work/cut-$1"; kill $writer 2>/dev/null) &
}
head -c 12000000 /dev/urandom | base64 -w 60 >work/large.txt
expect "a large text" 0 "deposited" at mofa push agreement/large --text lo=work/lo.txt --text en=work/large.txt --title en=x
holding head "printf 'GET /health HTT'; exec sleep 600"
holding bytes "printf 'PUT /v1/documents/agreement/x1/versions/1 HTTP/1.1\r\n${H}Content-Length: 50000\r\n\r\n'; while printf x; do sleep 1; done"
holding huge "printf 'GET /health HTTP/1.1\r\n${H}A: '; head -c 100000000 /dev/zero | tr '\0' a; exec sleep 600"
mkfifo work/unread; sleep 600 >/dev/null <work/unread & reader=$!
mkfifo work/asks; sh -c "printf 'GET /v1/documents/agreement/large/versions/1 HTTP/1.1\r\n${H}\r\n'; exec sleep 600" >work/asks & asks=$!
tls <work/asks >work/unread &
expect "meanwhile others are served" 0 "agreement/one" at mofa list
i=0; until { [ -f work/cut-head ] && [ -f work/cut-bytes ] && [ -f work/cut-huge ] && grep -q 'target="/v1/documents/agreement/large/versions/1".* sent=no' log; } || [ $i -ge 600 ]; do sleep 0.1; i=$((i + 1)); done
[ -f work/cut-head ] && [ ! -s work/got-head ] && ok "a head that does not end is cut" || not_ok "a head that does not end is cut"
[ -f work/cut-bytes ] && ok "one byte a second is cut" || not_ok "one byte a second is cut"
[ -f work/cut-huge ] && ok "a head of 100 MB is cut" || not_ok "a head of 100 MB is cut"
grep -q 'target="/v1/documents/agreement/large/versions/1".* sent=no' log && ok "who never reads is cut" || not_ok "who never reads is cut"
kill $idle $reader $asks; pkill -P $$ sleep; pkill -P $$ openssl
expect "and the server is as before" 0 "agreement/one" at mofa list
finish
