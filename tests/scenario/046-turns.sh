#!/bin/sh
# Offices are served in turn: one that asks for all it may takes nothing from
# another; and answers are sent as they are made.
. "$(dirname "$0")/lib.sh"
start "repeats: 1000000000"
enrol "$dir" mofa iom-geneva >/dev/null
deposit mofa first >/dev/null
cat >work/client.py <<'END'
import os, socket, ssl, sys, threading, time

def context(office):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.load_verify_locations(f'offices/{office}/ca.pem')
    c.load_cert_chain(f'offices/{office}/cert.pem', f'offices/{office}/key.pem')
    return c

made = {}
def connect(office):
    s = socket.socket()
    s.settimeout(60)
    s.connect(('127.0.0.1', int(open('port').read())))
    if office not in made:
        made[office] = context(office)
    return made[office].wrap_socket(s)

def get(s, path, method='GET'):
    s.sendall(f'{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n'.encode())
    f = s.makefile('rb')
    head = {}
    status = int(f.readline().split()[1])
    while (line := f.readline().strip()):
        name, value = line.split(b':', 1)
        head[name.lower()] = value.strip()
    if method == 'HEAD':
        return status, head, b''
    if head.get(b'transfer-encoding') != b'chunked':
        return status, head, f.read(int(head[b'content-length']))
    body = b''
    while (n := int(f.readline(), 16)):
        body += f.read(n)
        assert f.readline() == b'\r\n'
    assert f.readline() == b'\r\n'
    return status, head, body

def flood(office, path, threads):
    def run():
        s = connect(office)
        while True:
            try:
                get(s, path)
            except Exception:
                return
    for _ in range(threads):
        threading.Thread(target=run, daemon=True).start()
END
export PYTHONPATH="$dir/work"
# Entries enough for a page of many parts: 400 documents, and who has them.
copy=/v1/documents/agreement/first/versions/1
mkdir work/made
check "400 documents are made" "$VALISE_BUILD/bench" make work/made offices/mofa 400 300 many
check "and deposited" tool bench put 127.0.0.1 "$(cat port)" offices/mofa/ca.pem offices/mofa/cert.pem offices/mofa/key.pem work/made 8
for office in mofa iom-geneva; do
	check "$office has all" at $office pull "$dir/work/pulled-$office"
done
# FILE QUERY: what the daemon answers
entries() { curl_as iom-geneva "/v1/journal/entries?$2" -o "$1" -D work/head; }
entries work/whole "limit=10000"
grep -qi '^transfer-encoding: chunked' work/head && ok "a page comes in parts" || not_ok "a page comes in parts"
sed -n 's/.*"index":\([0-9]*\),.*/\1/p' work/whole >work/indices
[ "$(wc -l <work/indices)" -gt 1200 ] && sort -n -u work/indices | cmp -s - work/indices && ok "with every entry once, in order" || not_ok "with every entry once, in order"
tail -n 1 work/whole | grep -q '^{"checkpoint":' && ok "and the checkpoint" || not_ok "and the checkpoint"
tail -n 1 work/whole | grep -q '"next"' && not_ok "and no next" || ok "and no next"
entries work/a "limit=500"; next=$(sed -n '$s/.*"next":\([0-9]*\).*/\1/p' work/a)
[ "$next" = 500 ] && ok "a shorter page says where the next begins" || not_ok "the next page begins at $next"
entries work/b "from=$next&limit=600&until=1000"
[ "$(head -n 1 work/b | cut -c1-14)" = '{"entry":"{\"a' ] && [ "$(grep -c '"index":' work/b)" = 500 ] && ok "and that one is the rest, up to \"until\"" || not_ok "$(grep -c '"index":' work/b) entries from $next until 1000"
entries work/c "document=agreement/first&act=deposit"
[ "$(grep -c '"index":' work/c)" = 1 ] && ok "a filter is a filter" || not_ok "a filter is a filter"
grep -qi '^content-length:' work/head && ok "what is one part has its length" || not_ok "what is one part has its length"
check "HEAD has no body, and the connection goes on" python3 -c "
from client import *
s = connect('mofa')
status, head, body = get(s, '/v1/journal/entries?limit=10000', 'HEAD')
assert status == 200 and head[b'transfer-encoding'] == b'chunked', head
for _ in range(2):
    status, head, body = get(s, '/v1/journal/entries?limit=1000')
    assert status == 200 and body.count(b'\n') == 1001, (status, head)
status, head, body = get(s, '/v1/documents')
assert status == 200 and b'agreement/first' in body, body"

# An office on 64 connections: each request in turn is all that it wants.
# PATH: how long another's requests take at worst, in ms, under such a load
cat >work/worst.py <<'END'
from client import *
flood('iom-geneva', sys.argv[1], 48)
time.sleep(1.5)
worst = 0
for path in ['/v1/documents', '/v1/journal/checkpoint', '/v1/journal/entries/0/receipt', '/health',
             '/v1/documents/agreement/first', sys.argv[2], '/v1/journal/entries?limit=100']:
    s = connect('mofa')
    for _ in range(3):
        began = time.time()
        status = get(s, path)[0]
        took = time.time() - began
        if status != 200:
            print(path, status)
        if took > worst:
            worst, where = took, path
print('%d ms at worst, for %s' % (worst * 1000, where))
sys.stdout.flush()
os._exit(worst > float(sys.argv[3]))
END
# Without turns the first takes a quarter of a minute.
for path in /v1/journal/entries /v1/documents $copy /v1/journal/checkpoint /v1/journal/tile/0/000 /git/info/refs?service=git-upload-pack; do
	check "while another asks for $path" python3 work/worst.py $path $copy 2
	[ -z "${VERBOSE:-}" ] || cat work/out
done
cat >work/load.py <<'END'
from client import *
flood('iom-geneva', '/v1/journal/entries', 48)
sys.stdout.write('begun\n'); sys.stdout.flush()
time.sleep(120)
END
: >work/load.out
python3 work/load.py >work/load.out 2>&1 & load=$!
n=0; until grep -q begun work/load.out || [ $n = 500 ]; do n=$((n + 1)); sleep 0.02; done
began=$(date +%s)
check "another deposits meanwhile" deposit mofa second
check "and its own person fetches that" at mofa fetch agreement/second -o work/second.asice
took=$(($(date +%s) - began))
[ "$took" -lt 15 ] && ok "within seconds" || not_ok "it took $took s"
# Slow readers hold no answers.
kill $load; wait $load 2>/dev/null
# A sanitizer keeps what was freed for a while.
if ldd "$valised" | grep -q 'lib[atu]*san'; then most=1024; else most=40; fi
check "60 slow readers cost little memory" python3 -c "
import sys
from client import *
pid = open('pid').read().strip()
def anon():
    return [int(l.split()[1]) for l in open(f'/proc/{pid}/status') if l.startswith('RssAnon')][0]
before = anon()
all = []
for i in range(60):
    s = connect('iom-geneva')
    s.sendall(b'GET /v1/journal/entries HTTP/1.1\r\nHost: x\r\n\r\n')
    all.append(s)
time.sleep(3)
print((anon() - before) // 1024, 'MiB')
assert anon() - before < int(sys.argv[1]) * 1024, anon() - before" $most
[ -z "${VERBOSE:-}" ] || cat work/out
finish
