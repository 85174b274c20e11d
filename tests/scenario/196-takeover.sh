#!/bin/sh
# An office whose enrolment names both daemons of one record does not notice which
# one writes: its commands wait for a take-over, go on at the other one, and begin
# an upload anew there; and what both say is one history.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/postgres.sh"
postgres_needed
mkdir b; free_port >b/port; free_port >port
first=$(cat port) second=$(cat b/port)
# FOLDER: start the daemon there, and wait until it stands by
start_standby() {
	: >>"$1/log"; began=$(wc -c <"$1/log")
	"$valised" --config "$1/valised.yaml" </dev/null >>"$1/log" 2>&1 &
	echo $! >"$1/pid"
	n=0
	until tail -c +$((began + 1)) "$1/log" | grep -q 'event=standby size='; do
		kill -0 "$(cat "$1/pid")" 2>/dev/null && [ $((n += 1)) -lt 1500 ] || { tail -n 5 "$1/log" >&2; return 1; }
		sleep 0.02
	done
}
# OFFICE FIRST SECOND: its enrolment names these ports, and neither has answered
where() {
	sed -i "s|^address: .*|address: https://127.0.0.1:$2|; s|^  - https:.*|  - https://127.0.0.1:$3|" offices/"$1"/state/*/enrolment.yaml
	rm -f offices/"$1"/state/*/address
}
# OFFICE WORD…: with patience for a take-over
patient() { VALISE_PATIENCE=40 at "$@"; }

# --- Two daemons: A writes, B stands by. ---
start "other-addresses: [https://127.0.0.1:$second]"
enrol "$dir" mofa mofa-minister iom-geneva iom-vientiane >/dev/null || not_ok "enrolment"
deposit mofa one >/dev/null || not_ok "a deposit"
cp offices/mofa/state/*/checkpoint work/checkpoint
stop_daemon "$dir"
sed "s|^listen: .*|listen: 127.0.0.1:$second|; s|^address: .*|address: https://127.0.0.1:$second|; s|^other-addresses: .*|other-addresses: [https://127.0.0.1:$first]|
	s|^policies: .*|policies: ../policies|; s|^crls: .*|crls: ../crls|
	s|^server-certificate: .*|server-certificate: server.pem|; s|^depositary-certificate: .*|depositary-certificate: depositary.pem|" valised.yaml >b/valised.yaml
"$valised" --config b/valised.yaml init --join data/signer/journal.key --seen work/checkpoint >work/out 2>&1 || { not_ok "joining"; cat work/out >&2; finish; }
"$top/certs/ca" issue certs/mofa server b/data/server/server.csr "IP:127.0.0.1" "" b/server.pem >/dev/null
"$top/certs/ca" issue certs/mofa sign b/data/signer/depositary.csr depositary@mofa.example "" b/depositary.pem >/dev/null
printf 'promote: auto\nsigners: 1\n' | tee -a valised.yaml >>b/valised.yaml
start_daemon "$dir" || not_ok "the first one starts"
start_standby b || not_ok "the second one stands by"
expect "the enrolment that the second one prints names both, too" 0 "nothing differs" sh -c \
	'"$1" --config b/valised.yaml enrolment >work/b.yaml 2>/dev/null; "$2" --config offices/mofa/config.yaml init --update work/b.yaml' - "$valised" "$valise"
where mofa "$second" "$first"
expect "what stands by is passed over" 0 "127.0.0.1:$second: .*stands by.*; asking https://127.0.0.1:$first" at mofa list

# --- The one that writes is killed. ---
where mofa "$first" "$second"
"$valise" --config offices/iom-geneva/config.yaml log --follow >work/follows 2>&1 </dev/null & follows=$!
n=0; until grep -q "deposit .*agreement/one@1" work/follows || [ $n = 500 ]; do n=$((n + 1)); sleep 0.02; done
kill_daemon "$dir"; rm -f pid
expect "a deposit waits for the take-over" 0 "deposited agreement/two@1" patient mofa push agreement/two --text lo=work/lo.txt --text en=work/en.txt --title en=Two
expect "at the second one: what was done before is there" 0 "agreement/one" at mofa list
expect "and signed there" 0 "; asking https://127.0.0.1:$second" patient mofa-minister sign agreement/one --yes
n=0; until grep -q "sign .*agreement/one@1" work/follows || [ $n = 3000 ]; do n=$((n + 1)); sleep 0.02; done
check "who follows missed nothing" sh -c 'grep -q "deposit .*agreement/two@1" work/follows && grep -q "sign .*agreement/one@1" work/follows'
kill $follows; wait $follows 2>/dev/null

# --- And the other one, in the middle of an upload. ---
start_standby . || not_ok "the first one comes back, and stands by"
head -c 1500000 /dev/urandom | base64 >work/big.txt
cp url work/url; echo "https://127.0.0.1:$second" >url; line mofa rate=300000; cp work/url url
where mofa "$port" "$first"
VALISE_PATIENCE=40 "$valise" --config offices/mofa/config.yaml push agreement/large --text lo=work/lo.txt --text en=work/big.txt --title en=Large >work/pushed 2>&1 </dev/null & pushing=$!
n=0; until [ "$(cat b/data/spool/uploads/* 2>/dev/null | wc -c)" -gt 100000 ] || [ $n = 1000 ]; do sleep 0.02; n=$((n + 1)); done
[ $n -lt 1000 ] && ok "it is on its way" || not_ok "it is on its way"
kill_daemon b; rm -f b/pid
got=0; wait $pushing || got=$?
[ $got = 0 ] && ok "it is deposited all the same" || { not_ok "it is deposited all the same: exit $got"; cat work/pushed >&2; }
check "sent anew, which is said" grep -q "https://127.0.0.1:$first has nothing of what was sent before: sending it anew" work/pushed
end_line; where mofa "$first" "$second"
expect "as one version" 0 "agreement/large *1 " at mofa list

# --- One history. ---
expect "the audit is clean" 0 "" at mofa audit --full
check "and nobody has evidence of another" sh -c '! ls offices/*/state/*/evidence-* 2>/dev/null'
finish
