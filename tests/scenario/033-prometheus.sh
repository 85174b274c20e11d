#!/bin/sh
# What the daemon tells Prometheus, the alerts in docs/example, and a real
# Prometheus that reads and judges them.
. "$(dirname "$0")/lib.sh"
make_daemon "$dir"
printf 'monitor: ["prometheus@mofa.example"]\nworkers: 1\n' >>valised.yaml
start_daemon "$dir" || { not_ok "the daemon starts"; finish; }
enrol "$dir" mofa iom-vientiane iom-geneva >/dev/null || not_ok "enrolment"
deposit mofa one >/dev/null
mkdir -p offices/prometheus; "$top/certs/request" offices/prometheus >/dev/null
"$top/certs/ca" issue certs/mofa connect offices/prometheus/connect.csr prometheus@mofa.example "" offices/prometheus/cert.pem >/dev/null
mv offices/prometheus/connect.key offices/prometheus/key.pem; cp certs/mofa/ca.pem offices/prometheus/ca.pem
metrics() { curl_as prometheus /metrics >work/metrics; }
# until_metric PATTERN
until_metric() { i=0; until metrics && grep -q -e "$1" work/metrics; do i=$((i + 1)); [ $i -lt 400 ] || return 1; sleep 0.05; done; }
value() { sed -n "s/^$1 //p" work/metrics; }
ends_of() { date -u -d "$(openssl x509 -in "$1" -noout -enddate | sed 's/^notAfter=//')" +%s; }

# --- Each of the new ones. ---
check "it looks ahead at its start" until_metric '^valise_ends_seconds{what="crl"'
metrics
disk=$(df -B1 --output=size data | tail -n 1 | tr -d ' ')
check "the disk's size" test "$(value valise_disk_size_bytes)" = "$disk"
free=$(df -B1 --output=avail data | tail -n 1 | tr -d ' ') told=$(value valise_disk_free_bytes)
check "and its free bytes, within a tenth" awk "BEGIN { exit !($told > $free * 0.9 && $told < $free * 1.1) }"
version=$("$valised" --version | sed 's/.* //')
expect "the version" 0 "^valise_build_info{version=\"$version\"} 1\$" cat work/metrics
began=$(value process_start_time_seconds) now=$(date +%s)
check "when it started" test "$began" -le "$now" -a "$began" -ge $((now - 600))
end() { # WHAT NAME TIME
	expect "when $1 $2 ends" 0 "^valise_ends_seconds{what=\"$1\",name=\"$2\"[^}]*} $3\$" cat work/metrics
}
end certificate server "$(ends_of certs/server.pem)"
end certificate depositary "$(ends_of certs/depositary.pem)"
for ca in mofa iom; do
	end ca $ca "$(ends_of certs/$ca/ca.pem)"
	end crl $ca "$(date -u -d "$(openssl crl -in crls/$ca.pem -noout -nextupdate | sed 's/^nextUpdate=//')" +%s)"
done
end encryption iom-geneva "$(ends_of offices/iom-geneva/encrypt-cert.pem)"
line=$(grep -n 'vice-minister' policies/offices.yaml | cut -d: -f1)
end full-powers vice-minister@mofa.example "$(date -u -d 2032-01-01 +%s)"
expect "by which rule" 0 "name=\"vice-minister@mofa.example\",rule=\"offices.yaml:$line\"}" cat work/metrics
check "no two samples are of the same series" test -z "$(grep -v '^#' work/metrics | sed 's/ [^ ]*$//' | sort | uniq -d)"
check "each name has its type once" test -z "$(sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' work/metrics | sort | uniq -d)"
rm crls/iom.pem; restart; check "a list whose file is gone is still in use" until_metric '^valise_ends_seconds{what="crl",name="iom"} [1-9]'
publish_crls "$dir"

# --- The queue: the signer is stopped, so that acts wait. ---
for office in mofa iom-vientiane iom-geneva; do expect "nothing of $office waits" 0 "^valise_waiting_acts{office=\"$office\"} 0\$" cat work/metrics; done
signer=$(pgrep -P "$(cat pid)" | head -n 1)
kill -STOP "$signer"
for i in 1 2 3 4; do at iom-vientiane push "agreement/q$i" --text lo=work/lo.txt --text en=work/en.txt --title en=Q >/dev/null 2>&1 & echo $! >"work/q$i"; done
check "what waits is told by office" until_metric '^valise_waiting_\(requests\|acts\){office="iom-vientiane"} [1-9]'
expect "and of no other" 0 '^valise_waiting_requests{office="iom-geneva"} 0$' cat work/metrics
kill -CONT "$signer"; for i in 1 2 3 4; do wait "$(cat work/q$i)"; done
check "then nothing waits" until_metric '^valise_waiting_requests{office="iom-vientiane"} 0$'

# --- The alerts: each metric that they use is told. ---
rules=$top/docs/example/valise.rules.yaml
sed -n 's/^ *expr: //p' "$rules" | grep -oE '(valise|tls|process)_[a-z_]+' | sort -u >work/used
check "the rules use metrics" test "$(wc -l <work/used)" -gt 10
while read -r name; do
	expect "$name is a metric" 0 "^$name[{ ]" cat work/metrics
done <work/used
if ! command -v promtool >/dev/null || ! command -v prometheus >/dev/null; then
	echo "033-prometheus: neither promtool nor prometheus judge: install Debian's package \"prometheus\" for that"
	finish
fi
expect "promtool: the rules" 0 "SUCCESS: [0-9]* rules" promtool check rules "$rules"
expect "promtool: the metrics" 0 "" sh -c 'promtool check metrics <work/metrics && echo good'
mkdir work/prom; cp offices/prometheus/*.pem "$rules" work/prom/
port=$(free_port)
# The example's own file, but for the address, and quicker.
sed "s|valise.mofa.example:8443|127.0.0.1:$(cat port)|; s|30s|1s|" "$top/docs/example/prometheus.yaml" >work/prom/prometheus.yaml
printf 'global: {evaluation_interval: 1s}\n' >>work/prom/prometheus.yaml
expect "promtool: the configuration" 0 "SUCCESS" promtool check config work/prom/prometheus.yaml
prometheus --config.file=work/prom/prometheus.yaml --storage.tsdb.path=work/prom/data \
	--web.listen-address="127.0.0.1:$port" >work/prom.log 2>&1 & echo $! >work/pid
ask() { curl -sS "http://127.0.0.1:$port/api/v1/$1"; }
# PATH PATTERN
until_asked() { i=0; until ask "$1" 2>/dev/null | grep -q -e "$2"; do i=$((i + 1)); [ $i -lt 600 ] || return 1; sleep 0.1; done; }
check "a real Prometheus scrapes it with its certificate" until_asked 'query?query=up' '"job":"valise"},"value":\[[0-9.]*,"1"\]'
check "and has the journal's size" until_asked 'query?query=valise_journal_entries' '"value":\[[0-9.]*,"[1-9]'
check "all rules are judged without an error" until_asked 'rules' '"health":"ok"'
expect "none has failed" 1 '"status":"success"' sh -c "curl -sS http://127.0.0.1:$port/api/v1/rules | tee /dev/stderr | grep -q '\"health\":\"err\"'"
"$top/certs/ca" crl certs/iom 3 >/dev/null; publish_crls "$dir"; reload
check "a list that ends soon fires" until_asked alerts '"alertname":"ValiseListEnds"[^}]*"name":"iom"'
ask alerts >work/alerts
check "one that does not, does not" sh -c "! grep -q '\"name\":\"mofa\"' work/alerts"
kill "$(cat work/pid)"; wait "$(cat work/pid)" 2>/dev/null
finish
