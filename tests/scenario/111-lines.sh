#!/bin/sh
# By which proxy others are reached, what a silent server costs, and what one
# that is at work says.
. "$(dirname "$0")/lib.sh"
make_daemon "$dir" || not_ok "a daemon"
# It has a name that is not of this machine, which only the proxy knows.
"$top/certs/ca" issue "$dir/certs/mofa" server "$dir/data/server/server.csr" \
	"IP:127.0.0.1,DNS:localhost,DNS:valise.test" "" "$dir/certs/server.pem" >/dev/null
printf '%s\n' "reserve: 1 MiB" >>valised.yaml
start_daemon "$dir" || not_ok "the daemon starts"
enrol "$dir" mofa iom-vientiane >/dev/null
port=$(sed 's|.*:||; s|/||' url)
free() { "$valised_port_helper"; }
until_says() { n=0; until grep -q -e "$2" "$1" 2>/dev/null || [ $n = 500 ]; do n=$((n + 1)); sleep 0.02; done; grep -q -e "$2" "$1"; }
# SECONDS COMMAND…: it ends within that time
within() { limit=$1; shift; began=$(date +%s); "$@"; got=$?; took=$(($(date +%s) - began)); [ $took -le "$limit" ] || { echo "it took $took s"; return 99; }; return $got; }
unset HTTPS_PROXY https_proxy http_proxy NO_PROXY no_proxy

# --- Proxies. ---
proxies=
proxy() { # OPTION…: one at $proxy, which writes to work/proxied
	proxy=$(free); rm -f work/proxied
	python3 "$top/tests/lib/proxy.py" "$proxy" "$port" work/proxied "$@" & proxies="$proxies $!"
	until_says work/proxied ready || not_ok "the proxy starts"
}
asked() { check "$1: the proxy was asked" grep -q '^CONNECT valise.test:' work/proxied; rm -f work/proxied; }
unasked() { [ ! -f work/proxied ] || ! grep -q -e CONNECT -e GET work/proxied && ok "$1: no proxy was asked" || not_ok "$1: no proxy was asked"; rm -f work/proxied; }
config=offices/mofa/config.yaml; cp $config work/config.yaml
say() { cp work/config.yaml $config; for line; do echo "$line" >>$config; done; }
far() { sed -i "s|^address: .*|address: https://valise.test:$port|" offices/mofa/state/*/enrolment.yaml; }
near() { sed -i "s|^address: .*|address: https://127.0.0.1:$port|" offices/mofa/state/*/enrolment.yaml; }
far
expect "without one, nobody is there" 6 "resolve" at mofa list
proxy
p=http://127.0.0.1:$proxy
say "proxy: $p"; expect "proxy: in the configuration" 0 "" at mofa list; asked "proxy:"
say; expect "HTTPS_PROXY" 0 "" env HTTPS_PROXY=$p "$valise" --config $config list; asked HTTPS_PROXY
expect "https_proxy" 0 "" env https_proxy=127.0.0.1:$proxy "$valise" --config $config list; asked https_proxy
none=http://127.0.0.1:1
say "proxy: $p"; expect "the configuration comes first" 0 "" env HTTPS_PROXY=$none "$valise" --config $config list; asked "the configuration"
say; expect "then HTTPS_PROXY" 0 "" env HTTPS_PROXY=$p https_proxy=$none "$valise" --config $config list; asked "HTTPS_PROXY"
say "proxy: none"; expect "proxy: none" 6 "resolve" env HTTPS_PROXY=$p "$valise" --config $config list; unasked "proxy: none"
say; expect "NO_PROXY" 6 "resolve" env HTTPS_PROXY=$p NO_PROXY=else.test,valise.test "$valise" --config $config list; unasked NO_PROXY
expect "a deposit goes by it, too" 0 "deposited agreement/far@1" env HTTPS_PROXY=$p "$valise" --config $config push agreement/far --text lo=work/lo.txt --text en=work/en.txt --title en=Far; asked "a deposit"
near; say "proxy: $p"
expect "this machine is reached by none" 0 "" at mofa list; unasked loopback
expect "nor by that of the environment" 0 "" env HTTPS_PROXY=$p "$valise" --config $config list; unasked loopback
far; say "proxy: $none"
expect "an error names the proxy, where it is from, and how to do without" 6 "by the proxy $none of proxy in .*config.yaml; .proxy: none. there does without" at mofa list
say; expect "that of the environment too" 6 "by the proxy $none of HTTPS_PROXY; .proxy: none. in .*config.yaml does without" env HTTPS_PROXY=$none "$valise" --config $config list
say "proxy: http://a:b@127.0.0.1:1"; expect "a password is not written there" 8 "proxy-password" at mofa list
say "proxy: 127.0.0.1"; expect "what is no address" 8 "no address of a proxy" at mofa list
expect "nor in the environment" 2 "HTTPS_PROXY: it is no address" env HTTPS_PROXY=ftp://x "$valise" --config work/config.yaml list
proxy status=403
say "proxy: http://127.0.0.1:$proxy"; expect "one that refuses: at once" 6 "answers 403 to CONNECT.*by the proxy" within 5 at mofa list
check "asked once" sh -c '[ "$(grep -c CONNECT work/proxied)" = 1 ]'
proxy auth=mofa:s3cret
say "proxy: http://mofa@127.0.0.1:$proxy"; expect "one that asks for a password" 6 "answers 407 to CONNECT: it wants a name" at mofa list
(umask 077; echo s3cret >offices/mofa/proxy.txt)
say "proxy: http://mofa@127.0.0.1:$proxy" "proxy-password: proxy.txt"
expect "gets that of the file" 0 "" at mofa list
chmod 644 offices/mofa/proxy.txt; expect "which nobody else may read" 1 "proxy.txt" at mofa list
chmod 600 offices/mofa/proxy.txt; echo wrong >offices/mofa/proxy.txt
expect "a wrong one is not told" 6 "407" at mofa list
grep -q -e s3cret -e wrong work/out && not_ok "a password is told" || ok "a password is told to nobody"
say; near

# --- The daemon's. ---
cp certs/iom/crl.pem work/crl.pem
proxy file=work/crl.pem
daemon_with() { cp work/valised.yaml valised.yaml; printf '%s\n' "crls-every: 1s" "crl-urls: [http://ca.test/crl.pem]" "$@" >>valised.yaml; stop_daemon "$dir"; start_daemon "$dir" || not_ok "the daemon starts"; }
cp valised.yaml work/valised.yaml
daemon_with "proxy: http://127.0.0.1:$proxy"
check "CRLs are fetched by the proxy of valised.yaml" until_says work/proxied "^GET http://ca.test/crl.pem"
daemon_with "proxy: $none"
check "an error names it" until_says log "ca.test.*by the proxy $none of proxy in .*valised.yaml"
rm -f work/proxied
http_proxy=http://127.0.0.1:$proxy; export http_proxy; daemon_with; unset http_proxy
check "and by the environment's" until_says work/proxied "^GET http://ca.test/crl.pem"
expect "a password in it is refused" 8 "proxy-password" sh -c "(cat work/valised.yaml; echo 'proxy: http://a:b@c') >bad.yaml; '$valised' --config bad.yaml --check"
cp work/valised.yaml valised.yaml; stop_daemon "$dir"
# shellcheck disable=SC2086
kill $proxies 2>/dev/null

# --- A daemon that is at work: its disk can be slow, as a file says where the server
# may write. ---
FAULT_SLOW=$dir/data/spool/slow; export FAULT_SLOW
start_faulty "$dir/work/page" || not_ok "the daemon starts"
at iom-vientiane --local push agreement/slow --text lo=work/lo.txt --text en=work/en.txt --title en=Slow >/dev/null 2>&1 ||
	{ at mofa pull work/copy >/dev/null 2>&1; at mofa --local push agreement/slow --text lo=work/lo.txt --text en=work/en.txt --title en=Slow >work/made 2>&1; }
mv offices/*/state/*/outbox/agreement--slow*.asice work/slow.asice
# SECONDS: for so long entries cannot be written, once
slow() {
	if ! in_database; then echo "$1" | awk '{ print $1 * 1000 }' >"$FAULT_SLOW"; return; fi
	record_sql "LOCK TABLE valise.entry IN SHARE ROW EXCLUSIVE MODE; SELECT pg_sleep($1)" >/dev/null &
	n=0
	until [ "$(record_sql "SELECT count(*) FROM pg_locks WHERE granted AND mode = 'ShareRowExclusiveLock' AND relation = 'valise.entry'::regclass")" = 1 ] || [ $n = 100 ]; do
		n=$((n + 1)); sleep 0.05
	done
}
slow 21.5
curl_as mofa /v1/documents/agreement/slow/versions/1 -X PUT --data-binary @work/slow.asice -v >work/answer 2>work/head & curl=$!
{
	began=$(date +%s)
	VALISE_PATIENCE=1 deposit iom-vientiane slower && echo "after $(($(date +%s) - began)) s"
} >work/slower 2>&1 & slower=$!
# What is only read has 102 for who asks: a copy, whose delivery must be written first.
n=0; until in_database || [ ! -f "$FAULT_SLOW" ] || [ $n = 500 ]; do n=$((n + 1)); sleep 0.02; done
copy=/v1/documents/agreement/far/versions/1
curl_as iom-vientiane $copy -H "Valise-Interim: 102" -v -o work/asked 2>work/asked.head & asks=$!
curl_as mofa $copy -v -o work/unasked 2>work/unasked.head & asks_not=$!
{
	began=$(date +%s)
	VALISE_PATIENCE=12 at iom-vientiane fetch agreement/far -o work/far.asice && echo "after $(($(date +%s) - began)) s"
} >work/fetched 2>&1 & fetches=$!

# --- Meanwhile, a server that says nothing. ---
silent=$(free)
python3 -c "
import socket, time
s = socket.create_server(('127.0.0.1', $silent))
print('ready', flush=True)
kept = []
while True:
    kept.append(s.accept())" >work/silent & silent_pid=$!
until_says work/silent ready
sed -i "s|^address: .*|address: https://127.0.0.1:$silent|" offices/mofa/state/*/enrolment.yaml
expect "one that takes connections and says nothing: patience, and no more" 6 "has said nothing for [3-5] s" within 7 env VALISE_PATIENCE=3 "$valise" --config $config list
expect "more of it for who has more" 6 "has said nothing for [5-7] s" within 9 env VALISE_PATIENCE=5 "$valise" --config $config list
kill $silent_pid; wait $silent_pid 2>/dev/null; rm work/silent
python3 - "$silent" >work/silent <<'END' & silent_pid=$!
import socket, ssl, sys
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain('certs/server.pem', 'data/server/server.key')
s = socket.create_server(('127.0.0.1', int(sys.argv[1])))
print('ready', flush=True)
kept = []
while True:
    try:
        kept.append(c.wrap_socket(s.accept()[0], server_side=True))
        print('connected', flush=True)
    except (OSError, ssl.SSLError):
        pass
END
until_says work/silent ready
expect "one that says nothing after TLS, to a request without a body" 6 "has said nothing for [3-5] s" within 7 env VALISE_PATIENCE=3 "$valise" --config $config list
check "TLS was there" grep -q connected work/silent
kill $silent_pid; near

# --- What is at work says so. ---
wait $curl; rc=$?
[ $rc = 0 ] && ok "curl reads an answer after interim ones" || not_ok "curl reads an answer after interim ones: $rc"
check "it was slow" sh -c '[ ! -f "$FAULT_SLOW" ]'
expect "102 every 10 seconds, by curl" 0 '^2$' grep -c '^< HTTP/1.1 102 Processing' work/head
expect "then the answer" 0 "201" grep '^< HTTP/1.1 201' work/head
wait $slower
expect "the command waits for it" 0 "deposited agreement/slower@1" cat work/slower
expect "…longer than its patience" 0 "^after [12][0-9] s" cat work/slower
wait $asks && ok "a GET that asks for it is answered" || not_ok "a GET that asks for it is answered"
wait $asks_not && ok "so is one that does not" || not_ok "so is one that does not"
expect "102 every 10 seconds to who asks" 0 '^[12]$' grep -c '^< HTTP/1.1 102 Processing' work/asked.head
expect "none to who does not" 0 '^0$' sh -c 'grep -c "102 Processing" work/unasked.head; true'
for head in asked unasked; do expect "$head: the copy comes" 0 "200" grep '^< HTTP/1.1 200' work/$head.head; done
wait $fetches
expect "the command waits for a copy longer than its patience" 0 "VALID, draft" cat work/fetched
expect "…that long" 0 "^after [12][0-9] s" cat work/fetched
expect "what comes at once has none" 0 '^0$' sh -c '"$@" 2>&1 | grep -c "102 Processing"; true' - "$(command -v curl)" -sv --cacert offices/mofa/ca.pem --cert offices/mofa/cert.pem --key offices/mofa/key.pem "$(cat url)/health"
finish
