#!/bin/sh
# A disk that one office fills, and a full one.  Needs root (a tmpfs).
. "$(dirname "$0")/lib.sh"
make_daemon "$dir" && echo "reserve: 4 MiB" >>valised.yaml
if ! mkdir small || ! mount -t tmpfs -o size=48m tmpfs small 2>/dev/null; then
	echo "175-disk: skipped (mounting a tmpfs needs root)"; exit 0
fi
trap 'stop_all; cd /; umount "$dir/small"; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cp -R data small/ && sed -i 's|^data: .*|data: small/data|' valised.yaml
start_daemon "$dir" && enrol "$dir" mofa iom-vientiane iom-geneva >/dev/null || { not_ok "the daemon starts"; finish; }
free() { df --output=avail -B1 small | tail -n 1; }
# What /health says of the disk: "free", "reserve", "offices"
disk() { curl_as mofa /health | python3 -c "import json,sys; print(json.load(sys.stdin)['disk']['$1'])"; }
fetch() { at iom-geneva fetch "agreement/$1" --force -o work/copy.asice; }
delivered() { curl_as mofa "/v1/journal/entries?act=deliver" | grep -c '"entry"\|deliver'; }
check "a deposit" deposit mofa first
before=$(free)
expect "the reserve is there" 0 "^4194304$" disk reserve

# --- One office sends what it never ends, in each way that there is. ---
cat >work/hog.py <<'END'
import os, socket, ssl, sys, time
d = sys.argv[1]
def conn():
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); c.check_hostname = False
    o = d + '/offices/iom-vientiane/'
    c.load_verify_locations(o + 'ca.pem'); c.load_cert_chain(o + 'cert.pem', o + 'key.pem')
    s = c.wrap_socket(socket.create_connection(('127.0.0.1', int(open(d + '/port').read()))))
    s.settimeout(20)
    return s
def answer(s):
    text = b''
    try:
        while b'\r\n\r\n' not in text or b'"exit"' not in text.split(b'\r\n\r\n', 1)[1]:
            more = s.recv(4096)
            if not more: break
            text += more
            if text.startswith(b'HTTP/1.1 2'): break
    except OSError: pass
    return text.decode()
# Send up to so many pieces; returns what was answered, if anything was.
def send(s, head, chunked, pieces, size=65536):
    piece = b'x' * size
    if chunked: piece = b'%x\r\n' % size + piece + b'\r\n'
    try:
        s.sendall(head)
        for i in range(pieces): s.sendall(piece)
    except OSError: return answer(s)
    return None
put = b'PUT /v1/documents/agreement/big-%d/versions/1 HTTP/1.1\r\nHost: x\r\n'
keep = [conn(), conn()]
# Each is under way, and all of them within the office's share.
assert send(keep[0], put % 1 + b'Content-Length: 200000000\r\n\r\n', False, 48) is None
assert send(keep[1], put % 2 + b'Transfer-Encoding: chunked\r\n\r\n', True, 48) is None
up = conn()
up.sendall(b'POST /v1/uploads HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 200000000\r\nContent-Length: 0\r\n\r\n')
made = answer(up)
assert made.startswith('HTTP/1.1 201'), made
where = [l[10:] for l in made.split('\r\n') if l.startswith('Location: ')][0].encode()
patch = conn(); keep.append(patch)
open(d + '/work/where', 'wb').write(where)
assert send(patch, b'PATCH ' + where + b' HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n'
    b'Content-Type: application/offset+octet-stream\r\nContent-Length: 200000000\r\n\r\n', False, 32) is None
# More than the share, in each way: refused.
for n, (field, chunked) in enumerate(((b'Content-Length: 200000000', False), (b'Transfer-Encoding: chunked', True))):
    told = send(conn(), put % (3 + n) + field + b'\r\n\r\n', chunked, 700)
    open('%s/work/told-%d' % (d, n), 'w').write(told or 'nothing')
for i in range(60):
    s = conn()
    if send(s, put % 5 + b'Content-Length: 200000000\r\n\r\n', False, 1, 4096) is None: keep.append(s)
print('full', flush=True)
while True:
    for s in keep:
        try: s.sendall(b'')
        except OSError: pass
    time.sleep(1)
END
python3 work/hog.py "$dir" >work/hog.out 2>work/hog.err & hog=$!
until_so grep -q full work/hog.out || { not_ok "the bodies came"; tail -n 3 work/hog.err log | cut -c1-300 >&2; }
for n in 0 1; do
	expect "more than its share is refused ($n)" 0 "^HTTP/1.1 507" cat work/told-$n
	expect "which is tried again in ten minutes" 0 "^Retry-After: 600" cat work/told-$n
	expect "and not available, for a script" 0 '"code":"UNAVAILABLE".*"exit":6' cat work/told-$n
done
[ "$(free)" -gt $((before / 2)) ] && ok "the others have what is left" || not_ok "$(free) of $before bytes are left"
expect "/health says who has it" 0 "'iom-vientiane'" disk offices
expect "and /metrics" 0 'valise_held_bytes{office="iom-vientiane"} [1-9]' curl_as mofa /metrics
expect "and the log" 0 "event=room result=share office=iom-vientiane" cat log
check "another office deposits" deposit mofa second
check "and a reader has a copy" fetch first
kill $hog; wait $hog 2>/dev/null
# What came of the upload in parts is kept, as far as it was read.
arrived() { curl_as iom-vientiane "$(cat work/where)" -I -H "Tus-Resumable: 1.0.0" | tr -d '\r' | sed -n 's/^Upload-Offset: //p'; }
only_the_upload_is_held() { num=$(arrived); [ "$num" -gt 0 ] && curl_as mofa /metrics | grep -q "office=\"iom-vientiane\"} $num\$"; }
check "what is not deposited goes with its connection" until_so only_the_upload_is_held

# --- The disk is full. ---
fill() { head -c 99999999 /dev/zero >>small/filler 2>/dev/null; [ "$(free)" -eq 0 ]; }
check "the disk is full" fill
num=$(delivered)
check "a copy that was built goes out" at mofa fetch agreement/first --force -o work/copy.asice
[ "$(delivered)" -gt "$num" ] && ok "with its entry" || not_ok "the copy has no entry"
expect "a deposit is refused" 6 "no room on its disk" deposit mofa third
expect "with 507" 0 "^507$" curl_as mofa /v1/uploads -X POST -H "Tus-Resumable: 1.0.0" -H "Upload-Length: 5" -d "" -o work/body -w '%{http_code}\n'
stop_daemon "$dir"; fill; start_daemon "$dir"
expect "it starts with the reserve" 0 "event=start" sh -c "tail -n 20 log"
fill
# Geneva may deposit nothing: each try has an entry.
i=0; while [ $i -lt 40 ]; do
	curl_as iom-geneva /v1/documents/agreement/first/versions/2 -X PUT -d x -o work/body -w '%{http_code}\n'
	i=$((i + 1))
done >work/refusals
expect "what needs an entry alone is journaled" 0 "^40 403$" sh -c 'uniq -c work/refusals | sed "s/^ *//"'
[ "$(disk reserve)" -lt 4194304 ] && ok "of which it has used some" || not_ok "the reserve was not used"
warns() { curl_as mofa /health | grep -q "are left that are kept back for the journal"; }
check "and /health warns" until_so warns
fill
expect "who fetches is told" 6 "no room on its disk" fetch second
expect "who deposits, too" 6 "no room on its disk" deposit mofa third
rm small/filler
check "with room again a copy goes out" fetch second
check "and a deposit is taken" deposit mofa fourth
whole() { [ "$(disk reserve)" = 4194304 ]; }
check "and the reserve is filled again" until_so whole
stop_daemon "$dir"
expect "nothing is wrong" 0 "nothing is wrong" "$valised" fsck small/data
sed -i 's|^reserve: .*|reserve: 256 MiB|' valised.yaml
check "with a reserve that is more than the disk it starts" start_daemon "$dir"
expect "which is a quarter of it" 0 "^12582912$" disk reserve-wanted
check "and takes deposits" deposit mofa fifth
finish
