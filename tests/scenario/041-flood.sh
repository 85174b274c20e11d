#!/bin/sh
# Floods of connections: whoever makes them, from the same address or another,
# with a certificate or without, an office on a slow line gets in all the same;
# the log and the metrics tell.  And an office that takes all connections, or all
# streams of events, that it can get leaves the others theirs.
. "$(dirname "$0")/lib.sh"
ulimit -n 16384 2>/dev/null || ulimit -n "$(ulimit -Hn)"
start
enrol "$dir" mofa iom-geneva iom-bangkok >/dev/null || not_ok "enrolment"
target=$(cat port)
"$top/certs/ca" new "$dir/certs/stranger" "Stranger" "Nobody" >/dev/null
mkdir -p offices/stranger; "$top/certs/request" offices/stranger >/dev/null
"$top/certs/ca" issue certs/stranger connect offices/stranger/connect.csr spy@mofa.example "" offices/stranger/cert.pem >/dev/null
mv offices/stranger/connect.key offices/stranger/key.pem
# A round trip of 600 ms.
line iom-geneva delay=300
slow=$(sed -n 's|^address: ||p' offices/iom-geneva/state/*/enrolment.yaml)
# HOW FROM OFFICE: begin a flood, and wait until it is there
flood() {
	: >work/flood
	python3 "$top/tests/lib/flood.py" "$1" "$2" "$target" "${4:-60}" "offices/$3/cert.pem" "offices/$3/key.pem" >work/flood 2>&1 & flood_pid=$!
	echo "$flood_pid" >work/pid
	i=0; until grep -q flooding work/flood; do i=$((i + 1)); [ $i -lt 1200 ] && kill -0 $flood_pid 2>/dev/null || { not_ok "$1: a flood"; cat work/flood >&2; return 1; }; sleep 0.05; done
}
end_flood() { kill "$flood_pid" 2>/dev/null; wait "$flood_pid" 2>/dev/null; rm -f work/pid; }
# Five new connections, each some time after the one before.
gets_in() {
	tries= in=0
	for i in 1 2 3 4 5; do
		curl -sS --tlsv1.3 --cacert offices/iom-geneva/ca.pem --cert offices/iom-geneva/cert.pem --key offices/iom-geneva/key.pem \
			-m 5 -o /dev/null -w '%{http_code} %{time_total}\n' "$slow/health" & tries="$tries $!"
		sleep 0.1
	done
	for try in $tries; do wait "$try" && in=$((in + 1)); done
	[ $in = 5 ]
}
metric() { curl_as mofa /metrics -m 10 >work/metrics && sed -n "s/^valise_limit_reached_total{limit=\"$1\"} //p" work/metrics; }

for from in 127.0.0.2 127.0.0.1; do
	for how in silent part hello; do
		flood $how $from stranger || continue
		[ "$how $from" != "silent 127.0.0.2" ] || { i=0; until [ "$(metric silent)" -gt 0 ] || [ $i = 100 ]; do i=$((i + 1)); sleep 0.1; done; }
		# A flood of ClientHellos from the office's own address is told from it by nothing.
		[ "$how $from" = "hello 127.0.0.1" ] || check "$how from $from: an office at 600 ms gets in within 5 s" gets_in
		end_flood
	done
	for who in stranger iom-bangkok; do
		flood whole $from $who || continue
		check "whole handshakes of $who from $from: it gets in" gets_in
		end_flood
	done
done
for limit in silent handshakes; do
	check "$limit: counted" test "$(metric $limit)" -gt 0
	check "and a line" grep -q "level=warning event=limit limit=$limit from=\"127.0.0.2\"" log
	check "which is one of a few" test "$(grep -c "limit=$limit from=" log)" -lt 40
done
check "a stranger's is refused, and told as before" grep -q "event=handshake result=refused reason=unknown-ca" log
end_line

# --- An office that takes all that it can get: half, and another half of the rest. ---
stop_daemon "$dir"
expect "as many connections as the memory is for" 0 "^memory: [0-9]* MiB are a quarter of the machine.s; 128 for 4 workers, 32 for 512 handshakes, [0-9]* for [0-9]* connections: [0-9]* MiB" "$valised" --config valised.yaml --check
printf 'memory: 160 MiB\nworkers: 1\n' >>valised.yaml
expect "which the configuration says" 0 "^memory: 160 MiB are given; 32 for 1 workers, 32 for 512 handshakes, 96 for 512 connections: 160 MiB" "$valised" --config valised.yaml --check
start_daemon "$dir"
expect "the metrics tell" 0 "^valise_connections_max 512$" curl_as mofa /metrics
status() { curl_as "$1" "$2" -m 5 -o /dev/null -w '%{http_code}\n'; }
# OFFICE: it gets a stream of events, which it ends then
watches() {
	: >work/stream
	curl_as "$1" /v1/events -m 5 -N -o /dev/null -D work/stream & stream=$!
	until grep -q '^HTTP' work/stream; do kill -0 $stream 2>/dev/null || break; sleep 0.02; done
	pkill -P $stream; wait $stream 2>/dev/null
	cat work/stream
}
flood hold 127.0.0.2 iom-bangkok 120
expect "an office gets half of the connections" 0 "'200': 25[56]" cat work/flood
expect "then 429" 0 "HTTP/1.1 429" cat work/flood
expect "and a time to ask again" 0 "^Retry-After: " cat work/flood
expect "another gets its own" 0 "^200" status mofa /health
expect "which is counted" 0 "limit_reached_total{limit=\"office-connections\"} [1-9]" curl_as mofa /metrics
check "and told" grep -q 'level=warning event=limit limit=office-connections office="iom-bangkok"' log
end_flood
flood streams 127.0.0.1 iom-bangkok 120
expect "half of the streams" 0 "'200': 128" cat work/flood
expect "then 429 too" 0 "HTTP/1.1 429" cat work/flood
expect "others may watch" 0 "^HTTP/1.1 200" watches mofa
check "the log tells" grep -q 'event=limit limit=office-streams office="iom-bangkok"' log
expect "who watches no more gives its place back" 0 "^200" status iom-bangkok /health
end_flood
until [ "$(curl_as mofa /metrics | sed -n 's/^valise_connections //p')" -lt 20 ]; do sleep 0.1; done
expect "then it may again" 0 "^HTTP/1.1 200" watches iom-bangkok
stop_daemon "$dir"
(ulimit -n 1000; start_daemon "$dir")
flood silent 127.0.0.2 stranger
expect "where files are few, too, the silent ones go" 0 "^200" status mofa /health
expect "and are counted" 0 "limit_reached_total{limit=\"silent\"} [1-9]" curl_as mofa /metrics
end_flood
stop_daemon "$dir"
sed -i 's/^memory: .*/memory: 32 MiB/' valised.yaml
expect "what does not fit is told" 0 'level=warning event=memory reason=".* of 32 that are given: give more' "$valised" --config valised.yaml --check
finish
