#!/bin/sh
# A signer that does not answer: acts are refused with a word, what is read goes
# on, and so does all when it answers; and an end that waits for nobody for ever.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-geneva >/dev/null
deposit mofa one >/dev/null
signer() { cat "/proc/$(cat pid)/task/$(cat pid)/children"; }
copy=/v1/documents/agreement/one/versions/1
until_says() { n=0; until grep -q -e "$2" "$1" 2>/dev/null || [ $n = 1500 ]; do n=$((n + 1)); sleep 0.02; done; grep -q -e "$2" "$1"; }
# SECONDS COMMAND…: it ends within that time
within() { limit=$1; shift; began=$(date +%s); "$@"; got=$?; took=$(($(date +%s) - began)); [ $took -le "$limit" ] || { not_ok "$*: it took $took s"; return 99; }; return $got; }

kill -STOP $(signer)
expect "a copy is refused within seconds" 0 "^503 5$" within 12 curl_as iom-geneva $copy -o work/refused -w '%{http_code} %header{retry-after}\n'
grep -q '"code":"UNAVAILABLE".*"detail":"[^"]*signer has not answered for [5-9] s' work/refused && ok "and says why" || { not_ok "and says why"; cat work/refused >&2; }
check "the log says it, once" until_says log "level=error event=signer result=silent"
expect "/health says it" 0 '^503.*"status":"failing".*signer has not answered' sh -c 'curl_as() { '"$(command -v curl)"' -sS --cacert offices/$1/ca.pem --cert offices/$1/cert.pem --key offices/$1/key.pem "$(cat url)$2" -w "%{http_code} " -o work/health; cat work/health; }; curl_as iom-geneva /health'
curl_as mofa /health -o work/health
for word in '"status":"failing"' '"reason":"[^"]*signer has not answered' '"disk":{"free":[0-9]' '"size":[0-9]' '"accepted":\[{"office":"' '"entry":[0-9]*,"[^}]*"newest":true' '"warnings":\['; do
	expect "…with what needs no signer, to who may see it: $word" 0 "$word" cat work/health
done
expect "then a copy is refused at once" 0 "^503$" within 2 curl_as iom-geneva $copy -o work/refused -w '%{http_code}\n'
expect "a deposit too" 6 "signer has not answered" within 3 deposit mofa two
expect "what is read goes on" 0 "agreement/one" within 3 at mofa list
check "checkpoints too" within 3 curl_as mofa /v1/journal/checkpoint -f -o work/checkpoint
# One that has patience goes on when it answers.
(VALISE_PATIENCE=50 deposit mofa three >work/three 2>&1; echo "ended $?" >>work/three) & pusher=$!
check "who has patience waits, with a word" until_says work/three "signer has not answered.*trying again in [5-7] s"
kill -CONT $(signer)
check "and is served when it answers" until_says work/three "^ended 0"
wait $pusher
check "the log says that too" until_says log "event=signer result=answers"
[ "$(grep -c "event=signer result=silent" log)" = 1 ] && ok "and said the other once" || not_ok "it said $(grep -c "event=signer result=silent" log) times that it is silent"
expect "/health is well" 0 '"status":"ok"' curl_as iom-geneva /health
expect "a copy comes" 0 "^200$" curl_as iom-geneva $copy -o work/copy -w '%{http_code}\n'
# A deposit that was under way when it hung is there once, or not.
kill -STOP $(signer)
expect "one that is under way is given up" 6 "signer" within 20 deposit mofa four
kill -CONT $(signer)
check "and made once, when it is tried again" deposit mofa four
expect "it is one version" 0 '"version":1,' at mofa --json show agreement/four

# --- SIGTERM. ---
ends_within() { # SECONDS: the daemon ends by SIGTERM
	p=$(cat pid) limit=$1 n=0
	kill -TERM "$p"
	while kill -0 "$p" 2>/dev/null && [ $n -lt $((limit * 50)) ]; do n=$((n + 1)); sleep 0.02; done
	! kill -0 "$p" 2>/dev/null
}
again() { stop_daemon "$dir" 2>/dev/null; start_daemon "$dir"; }
cat >work/trickle.py <<'END'
import socket, ssl, sys, time
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.check_hostname = False
c.load_verify_locations('offices/mofa/ca.pem')
c.load_cert_chain('offices/mofa/cert.pem', 'offices/mofa/key.pem')
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
s.connect(('127.0.0.1', int(open('port').read())))
s = c.wrap_socket(s)
if sys.argv[1] == 'body':
    s.sendall(b'PUT /v1/documents/agreement/slow/versions/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n')
    print('begun', flush=True)
    while True:
        s.sendall(b'x' * 2000)
        time.sleep(0.1)
s.sendall(b'GET ' + sys.argv[1].encode() + b' HTTP/1.1\r\nHost: x\r\n\r\n')
got = s.recv(1 << 16)
while b'\r\n\r\n' not in got:
    got += s.recv(1 << 16)
head, body = got.split(b'\r\n\r\n', 1)
want = int([l for l in head.lower().split(b'\r\n') if l.startswith(b'content-length')][0].split(b':')[1])
n = len(body)
print('begun', flush=True)
while n < want:
    time.sleep(0.02)
    got = s.recv(1 << 15)
    if not got:
        break
    n += len(got)
print('ended', n == want, flush=True)
END
python3 work/trickle.py body >work/body 2>/dev/null & trickler=$!
check "a body trickles in" until_says work/body begun
check "which is cut at once" ends_within 3
wait $trickler 2>/dev/null
grep -q "event=stopped result=clean" log && ok "the end is clean" || not_ok "the end is clean"
again
head -c 6000000 /dev/urandom | base64 >work/large.txt
check "a large one is deposited" at mofa push agreement/large --text lo=work/lo.txt --text en=work/large.txt --title en=Large
python3 work/trickle.py /v1/documents/agreement/large/versions/1 >work/answer 2>&1 & reader=$!
check "a slow reader of it has begun" until_says work/answer begun
check "it has its time" ends_within 30
check "and gets all" until_says work/answer "ended True"
wait $reader
again
kill -STOP $(signer)
at mofa fetch agreement/one -o work/one.asice >/dev/null 2>&1 & fetcher=$!
check "with a signer that hangs it ends, too" ends_within 25
wait $fetcher 2>/dev/null
again
expect "and starts again" 0 "agreement/large" at mofa list

# --- The watchdog: the daemon's clock goes on by a minute. ---
stop_daemon "$dir"
printf '%-8d' 0 >work/step
CLOCK_STEP="$dir/work/step" LD_PRELOAD="$VALISE_BUILD/clock.so" start_daemon "$dir"
kill -STOP $(signer)
at mofa fetch agreement/one -o work/one.asice >/dev/null 2>&1
p=$(cat pid)
printf '%-8d' 40 | dd conv=notrunc of=work/step 2>/dev/null
check "within a minute it does not end" within 3 at mofa list
printf '%-8d' 60 | dd conv=notrunc of=work/step 2>/dev/null
n=0; while kill -0 "$p" 2>/dev/null && [ $n -lt 1500 ]; do n=$((n + 1)); sleep 0.02; done
kill -0 "$p" 2>/dev/null && not_ok "after a minute it ends" || ok "after a minute it ends"
expect "with a word" 0 "level=error event=fatal reason=.the signer has not answered for 60 s" grep event=fatal log
again
expect "and a new one serves" 0 "agreement/large" at mofa list
finish
