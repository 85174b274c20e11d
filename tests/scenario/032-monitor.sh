#!/bin/sh
# Who monitors: a certificate of no office that reads /health and /metrics and
# nothing else.
. "$(dirname "$0")/lib.sh"
make_daemon "$dir"
echo 'monitor: ["prometheus@mofa.example"]' >>valised.yaml
# The office's addresses are a pattern (*@mofa.example), which the monitor's matches too.
start_daemon "$dir" || { not_ok "the daemon starts"; finish; }
enrol "$dir" mofa iom-geneva >/dev/null || not_ok "enrolment"
url=$(cat url)
# NAME CA EMAIL
monitor() {
	mkdir -p "offices/$1"; "$top/certs/request" "offices/$1" >/dev/null
	"$top/certs/ca" issue "certs/$2" connect "offices/$1/connect.csr" "$3" "" "offices/$1/cert.pem" >/dev/null
	mv "offices/$1/connect.key" "offices/$1/key.pem"; cp certs/mofa/ca.pem "offices/$1/ca.pem"
}
monitor prometheus mofa prometheus@mofa.example
monitor other mofa grafana@elsewhere.example
monitor foreign iom prometheus@mofa.example
until_log() { i=0; until grep -q -e "$1" log; do i=$((i + 1)); [ $i -lt 400 ] || return 1; sleep 0.05; done; }

expect "a monitor reads /health, the depositary's view" 0 '"size": *[0-9].*"warnings"' curl_as prometheus /health
expect "and /metrics" 0 '^valise_journal_entries [1-9]' curl_as prometheus /metrics
expect "by HEAD too" 0 'HTTP/1.1 200' curl_as prometheus /metrics -I
expect "an address that is not named reads neither" 0 'is of no office' curl_as other /health
expect "nor /metrics" 0 'is of no office' curl_as other /metrics
expect "nor does the monitor's by another CA" 0 'is of no office' curl_as foreign /metrics
expect "an office reads no more than before" 0 '{"status":"ok"}' curl_as iom-geneva /health
digest=$(policy_of mofa)
expect "whose word on a policy is nobody's" 0 '"size"' curl_as prometheus /health -H "Valise-Accepted: $digest"
status() { # METHOD PATH
	got=$(curl_as prometheus "$2" -o work/answer -w '%{http_code}' -X "$1" $(case $1 in P*) echo --data-binary x ;; esac))
	[ "$got" = 403 ] && grep -q 'reads /health and /metrics, and nothing else' work/answer &&
		ok "$1 $2 is refused" || not_ok "$1 $2: $got, not 403"
}
sed -n 's/^	{ "\([A-Z]*\)", "\([^"]*\)".*/\1 \2/p' "$top/daemon/api/api.c" >work/routes
check "the table of routes is read" test "$(wc -l <work/routes)" -gt 25
while read -r method path; do
	case $path in health | metrics) continue ;; esac
	status "$method" "/$(echo "$path" | sed "s|policy/\*|policy/$digest|; s|documents/\*/\*|documents/agreement/one|; s|versions/\*|versions/1|; s|\*\*|0/000|; s|\*|1|g")"
done <work/routes
status GET /nothing
status GET /
status GET /app.js
status POST /metrics
check "a refused monitor is logged by name" until_log 'event=refused .*person="prometheus@mofa.example" reason="prometheus@mofa.example is a monitor'
"$top/certs/ca" revoke certs/mofa offices/prometheus/cert.pem >/dev/null; publish_crls "$dir"; reload
expect "a revoked monitor reads nothing" 0 'was revoked' curl_as prometheus /metrics

# --- Mistakes, told by --check. ---
# NAME VALUE EXIT PATTERN
mistake() {
	sed "s|^monitor: .*|monitor: $2|" valised.yaml >bad.yaml
	expect "$1" "$3" "$4" "$valised" --config bad.yaml --check
}
sed -i 's|\["\*@mofa.example"\]|["treaties@mofa.example", "*@mofa.example"]|' policies/offices.yaml
mistake "an office's address" '["treaties@mofa.example"]' 8 'the policy gives treaties@mofa.example to office mofa (offices.yaml:[0-9]*)'
mistake "the address of who has full powers" '["chief-of-mission@iom.example"]' 8 'the policy gives chief-of-mission@iom.example full powers (offices.yaml:[0-9]*)'
mistake "one like an office's is told" '["prometheus@mofa.example"]' 0 'level=warning event=monitor person="prometheus@mofa.example" office=mofa'
mistake "a pattern" '["*@mofa.example"]' 8 'is no whole e-mail address'
mistake "no address" '[prometheus]' 8 'is no whole e-mail address'
mistake "no list" 'prometheus@mofa.example' 8 'monitor'
mistake "too many" "[$(for i in 1 2 3 4 5 6 7 8 9; do printf 'm%s@x.example, ' $i; done)]" 8 'more than 8 monitors'
mistake "several are good" '[prometheus@mofa.example, grafana@elsewhere.example]' 0 '^good'
# A policy that names the monitor is not taken while the daemon runs.
sed -i 's|"treaties@mofa.example"|"prometheus@mofa.example"|' policies/offices.yaml; reload
check "a policy that gives it to an office is not taken" until_log 'event=reload result=kept reason="monitor: the policy gives prometheus'
finish
