# lib.sh - what every scenario begins with: a depositary and its offices in a
# temporary folder that is taken down at the end.  Needs VALISE_BUILD, and
# VALISE_PKI, a folder in which the PKI is made once for all scenarios.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
valise=$VALISE_BUILD/valise valised=$VALISE_BUILD/valised
valised_port_helper=$VALISE_BUILD/free-port
. "$top/tests/lib/office.sh"

dir=$(mktemp -d) || exit
export HOME="$dir" GIT_CONFIG_NOSYSTEM=1
unset VALISE_CONFIG XDG_CONFIG_HOME XDG_STATE_HOME
# What is loaded first here (clock.so) may come before a sanitizer's library.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
# Most daemons that go away here do so for good.
export VALISE_PATIENCE=1
passed=0 failed=0
# Whatever the scenario left running ends with it.
trap 'stop_all; store_end; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
store_end() { if [ -n "${VALISE_DATABASES:-}" ]; then drop_tables; elif [ -n "${postgres:-}" ]; then postgres_stop; fi; }
stop_all() { end_line; for f in "$dir"/pid "$dir"/*/pid; do [ -f "$f" ] && kill -9 "$(cat "$f")" 2>/dev/null; done; wait 2>/dev/null; }

# The PKI is made once, a hundred openssl runs, by whoever comes first.
{
	flock 9
	if [ ! -f "$VALISE_PKI/done" ]; then
		rm -rf "$VALISE_PKI"; mkdir -p "$VALISE_PKI"
		make_pki "$VALISE_PKI" 9>&- && touch "$VALISE_PKI/done" || exit 7
	fi
} 9>>"$VALISE_PKI.lock"
cp -R "$VALISE_PKI/." "$dir/" && rm -f "$dir/done"
mkdir -p "$dir/work"; cd "$dir" || exit
printf 'Article 1\n' >work/en.txt
printf 'ມາດຕາ 1\n' >work/lo.txt

# ./test --store postgresql: each daemon's record is in a database of one server.
if in_database; then
	. "$top/tests/lib/postgres.sh"
	postgres_find && postgres_at "$VALISE_POSTGRES" || { echo "there is no PostgreSQL" >&2; exit 7; }
	VALISE_DATABASES=valise$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
fi
# The databases of this scenario go with it.
drop_tables() {
	for name in $(database_sql "SELECT datname FROM pg_database WHERE datname LIKE '$VALISE_DATABASES%'"); do
		database_sql "DROP DATABASE \"$name\" WITH (FORCE)"
	done
}

# PROGRAM ARGUMENT…: a tool of the tests, which frees nothing at its end.
tool() { program=$1; shift; ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" "$VALISE_BUILD/$program" "$@"; }

# FILE AT: another byte there, whichever there was
spoil() {
	byte=X; [ "$(dd if="$1" bs=1 skip="$2" count=1 2>/dev/null)" != X ] || byte=Y
	printf $byte | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

ok() { passed=$((passed + 1)); [ -z "${VERBOSE:-}" ] || echo "  ok: $*"; }
not_ok() { failed=$((failed + 1)); echo "  FAILED: $*" >&2; }
# NAME COMMAND…: it succeeds
check() { name=$1; shift; if "$@" >work/out 2>&1; then ok "$name"; else not_ok "$name"; tail -n 5 work/out >&2; fi; }
# COMMAND…: until it succeeds; a minute at most
until_so() { tries=0; until "$@" >/dev/null 2>&1; do [ $((tries += 1)) -lt 1200 ] || return 1; sleep 0.05; done; }
# NAME EXIT PATTERN COMMAND…: it ends so and says so
expect() {
	name=$1 want=$2 pattern=$3; shift 3
	got=0; "$@" >work/out 2>&1 </dev/null || got=$?
	if [ "$got" != "$want" ]; then
		not_ok "$name: exit $got, not $want"; tail -n 5 work/out >&2
	elif ! grep -q -e "$pattern" work/out; then
		not_ok "$name: it does not say \"$pattern\""; tail -n 5 work/out >&2
	else ok "$name"; fi
}
at() { office=$1; shift; "$valise" --config "offices/$office/config.yaml" "$@"; }
# OFFICE: the digest of the daemon's policy
policy_of() { at "$1" --json policy show | sed -n 's/.*"daemon": *"\([0-9a-f]*\)".*/\1/p'; }
# OFFICE…: each reads the daemon's policy, and accepts that one
accept_policy() { for office; do at "$office" policy accept "$(policy_of "$office")" || return; done; }
# OFFICE SLUG [TEXT]: deposit a small agreement
deposit() {
	[ $# -lt 3 ] || printf '%s\n' "$3" >"work/$2.txt"
	at "$1" push "agreement/$2" --text lo=work/lo.txt \
		--text "en=work/$([ $# -lt 3 ] && echo en || echo "$2").txt" --title "en=The $2"
}
# OFFICE SLUG: it looks at an agreement, and may then deposit onto it
sees() { at "$1" show "agreement/$2" >/dev/null 2>&1; }
curl_as() {
	office=$1 path=$2; shift 2
	curl -sS --tlsv1.3 --cacert "offices/$office/ca.pem" --cert "offices/$office/cert.pem" \
		--key "offices/$office/key.pem" "$@" "$(cat url)$path"
}
# [LINE]: with a line more in valised.yaml.  The reserve is small: most scenarios
# copy the data folder, and some a small disk.
start() { make_daemon "$dir" && printf '%s\n' "reserve: 1 MiB" "$@" >>valised.yaml && start_daemon "$dir" || { not_ok "the daemon starts"; finish; }; }
restart() { stop_daemon "$dir"; start_daemon "$dir"; }
# SIGHUP, and until the daemon says what it made of it.
reload() {
	lines=$(grep -c 'event=reload ' log); kill -HUP "$(cat pid)"
	until [ "$(grep -c 'event=reload ' log)" -gt "$lines" ]; do
		kill -0 "$(cat pid)" 2>/dev/null || { not_ok "the daemon outlives a reload"; return 1; }
		sleep 0.05
	done
}
# With faults possible in it from its start on (tests/soak/fault.c): FAULT_PAGE says which.
start_faulty() {
	: >"$1"; "$VALISE_BUILD/arm" "$1" >/dev/null
	export LD_PRELOAD="$VALISE_BUILD/fault.so" FAULT_PAGE="$1"
	start_daemon "$dir"; rc=$?
	unset LD_PRELOAD FAULT_PAGE
	return $rc
}
# OFFICE PROGRAM ARGUMENT…: what that office asks goes through this program now
through() {
	office=$1 program=$2; shift 2
	end_line
	port=$("$valised_port_helper"); rm -f work/line
	"$VALISE_BUILD/$program" "$port" "$(sed 's|.*:||; s|/||' url)" "$@" >work/line & line_pid=$!
	until grep -q ready work/line 2>/dev/null; do
		kill -0 "$line_pid" 2>/dev/null || { not_ok "$program starts"; return 1; }
		sleep 0.01
	done
	sed -i "s|^address: .*|address: https://127.0.0.1:$port|" "offices/$office"/state/*/enrolment.yaml
}
# OFFICE NAME=VALUE…: that office's line is now of this kind (tests/lib/line.c)
line() { whose=$1; shift; through "$whose" line count=work/count "$@"; }
# OFFICE LIE…: that office's depositary lies now so (tests/lib/liar.c)
liar() { whose=$1; shift; through "$whose" liar "$dir" "$whose" "$@"; }
lied() { grep -q -e "^lied .*$1" work/line; }
end_line() { [ -z "${line_pid:-}" ] || { kill "$line_pid"; wait "$line_pid" 2>/dev/null; line_pid=; }; }
no_line() { end_line; sed -i "s|^address: .*|address: $(cat url)|" "offices/$1"/state/*/enrolment.yaml; }
finish() {
	end_line
	cd "$dir" || exit
	stop_daemon "$dir"
	for log in log */log; do
		if [ -f "$log" ] && grep -E 'ERROR: (Address|Leak)Sanitizer|LeakSanitizer has encountered|runtime error' "$log" >&2; then not_ok "the sanitizers are silent: $log"; fi
	done
	echo "$(basename "$0" .sh): $passed passed, $failed failed"
	[ $failed = 0 ]; exit
}
