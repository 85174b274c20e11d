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
	rm -f work/flood
	python3 "$top/tests/lib/flood.py" "$1" "$2" "$target" "${4:-60}" "offices/$3/cert.pem" "offices/$3/key.pem" >work/flood 2>&1 & flood_pid=$!
	echo "$flood_pid" >work/pid
	i=0; until grep -q flooding work/flood; do i=$((i + 1)); [ $i -lt 1200 ] && kill -0 $flood_pid 2>/dev/null || { not_ok "$1: a flood"; cat work/flood >&2; return 1; }; sleep 0.05; done
}
end_flood() { kill "$flood_pid" 2>/dev/null; wait "$flood_pid" 2>/dev/null; rm -f work/pid; }
# Five new connections, one after the other.
gets_in() {
	for i in 1 2 3 4 5; do
		curl -sS --tlsv1.3 --cacert offices/iom-geneva/ca.pem --cert offices/iom-geneva/cert.pem --key offices/iom-geneva/key.pem \
			-m 5 -o /dev/null -w '%{http_code} %{time_total}\n' "$slow/health" || return 1
	done
}
metric() { curl_as mofa /metrics -m 10 >work/metrics && sed -n "s/^valise_limit_reached_total{limit=\"$1\"} //p" work/metrics; }

for from in 127.0.0.2 127.0.0.1; do
	for how in silent part hello; do
		flood $how $from stranger || continue
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
expect "of a silent one, that its time was over" 0 "" curl_as mofa /health
finish
