# standby.sh - a second daemon, in a folder of its own, that stands by on the record
# of the first.  Source it in a scenario, after lib.sh and postgres.sh.
#
#   prepare_standby FOLDER  its port and its configuration, from ./valised.yaml
#   certify_standby FOLDER  its certificates, once it has joined
#   a, b COMMAND…           valised of the first daemon, or of that in the folder b
#   sql TEXT                what the owner of the first daemon's tables may do

a() { "$valised" --config valised.yaml "$@"; }
b() { "$valised" --config b/valised.yaml "$@"; }
sql() { (postgres_owner="host=$postgres user=postgres dbname=$(database)"; postgres_sql "$1"); }

prepare_standby() {
	mkdir "$1" && "$valised_port_helper" >"$1/port" &&
		sed "s|:$(cat port)|:$(cat "$1/port")|; s|^policies: .*|policies: ../policies|; s|^crls: .*|crls: ../crls|
			s|^server-certificate: .*|server-certificate: server.pem|; s|^depositary-certificate: .*|depositary-certificate: depositary.pem|" valised.yaml >"$1/valised.yaml"
}
certify_standby() {
	"$top/certs/ca" issue certs/mofa server "$1/data/server/server.csr" "IP:127.0.0.1,DNS:localhost" "" "$1/server.pem" >/dev/null &&
		"$top/certs/ca" issue certs/mofa sign "$1/data/signer/depositary.csr" depositary@mofa.example "" "$1/depositary.pem" >/dev/null
}

# FOLDER: start it, and wait until it stands by
start_standby() {
	: >>"$1/log"; began=$(wc -c <"$1/log")
	"$valised" --config "$1/valised.yaml" </dev/null >>"$1/log" 2>&1 &
	echo $! >"$1/pid"
	awaited=0
	until tail -c +$((began + 1)) "$1/log" | grep -q 'event=standby size='; do
		kill -0 "$(cat "$1/pid")" 2>/dev/null && [ $((awaited += 1)) -lt 1500 ] || { tail -n 5 "$1/log" >&2; return 1; }
		sleep 0.02
	done
}
# FOLDER EVENT: wait until its log has that from now on, or it ends
said() { tail -c +$((from + 1)) "$1/log" | grep -q -e "$2"; }
await() {
	awaited=0
	until said "$1" "$2"; do
		kill -0 "$(cat "$1/pid")" 2>/dev/null && [ $((awaited += 1)) -lt 1500 ] || {
			# It may have said so before it ended.
			! said "$1" "$2" || return 0
			tail -n 5 "$1/log" >&2; return 1
		}
		sleep 0.02
	done
}
mark_log() { from=$(wc -c <"$1/log"); }
# FOLDER: /health of the daemon there
health() { curl_at "$1" /health; }
curl_at() {
	where=$1 path=$2; shift 2
	curl -sS --tlsv1.3 --cacert offices/mofa/ca.pem --cert offices/mofa/cert.pem --key offices/mofa/key.pem "$@" "https://127.0.0.1:$(cat "$where/port")$path"
}
# FOLDER: the offices ask that daemon from now on
ask() { sed -i "s|^address: .*|address: https://127.0.0.1:$(cat "$1/port")|" offices/*/state/*/enrolment.yaml; }
# FOLDER: its signer remembers all that was given out; the scenario's size() says how much that is
remembers() { health "$1" | grep -q "\"size\": *$(size)[,}]"; }
await_remembers() { n=0; until remembers "$1"; do n=$((n + 1)); [ $n -lt 500 ] || return 1; sleep 0.02; done; }
