#!/bin/sh
# A depositary with a second address: every command asks the next one where the
# first does not answer or stands by, an act is found again there, an upload is
# begun anew, and two daemons that show different histories are evidence.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "  skipped: python3 is not there"; finish; }
closed=$(free_port)
start "other-addresses: [https://127.0.0.1:$closed]"
live=$(cat port)
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null || not_ok "enrolment"
state() { echo offices/"$1"/state/*; }
# OFFICE FIRST SECOND: its enrolment names these ports, and neither has answered
where() {
	sed -i "s|^address: .*|address: https://127.0.0.1:$2|; s|^  - https:.*|  - https://127.0.0.1:$3|" "$(state "$1")/enrolment.yaml"
	rm -f "$(state "$1")/address"
}
# CERTIFICATE KEY [hangs]: one that stands by; its port is $standby
stand_by() {
	standby=$(free_port); mkdir -p standby; rm -f standby/asked
	python3 "$top/tests/lib/stands_by.py" "$standby" "$1" "$2" standby/asked ${3:-} &
	echo $! >standby/pid
	until grep -q ready standby/asked 2>/dev/null; do
		kill -0 "$(cat standby/pid)" 2>/dev/null || { not_ok "stands_by starts"; return 1; }
		sleep 0.01
	done
}
end_stand_by() { kill "$(cat standby/pid)"; wait "$(cat standby/pid)" 2>/dev/null; }

# What stands between an office and the daemon dies, each of its processes.
kill_line() {
	kill -STOP "$line_pid"
	for one in $(cat "/proc/$line_pid/task/$line_pid/children") "$line_pid"; do kill -9 "$one"; done
	wait "$line_pid" 2>/dev/null; line_pid=
}

# --- What valised.yaml may name. ---
# NAME PATTERN VALUE
refused() { sed "s|^other-addresses: .*|other-addresses: $3|" valised.yaml >bad.yaml; expect "valised.yaml: $1" 8 "bad.yaml:[0-9]*:[0-9]*: $2" "$valised" --config bad.yaml --check; }
refused "the same twice" '"https://a.example" is there twice' '[https://a.example, https://a.example]'
refused "its own address" '.* is there twice' "[https://127.0.0.1:$live]"
refused "http" '"http://a.example" is not an address such as' '[http://a.example]'
refused "a path" '"https://a.example/valise" is not an address such as' '[https://a.example/valise]'
refused "too many" 'more than 3 other addresses' '[https://a.example, https://b.example, https://c.example, https://d.example]'
check "the enrolment names it" grep -q "^  - https://127.0.0.1:$closed\$" enrolment.yaml
sed '/^other-addresses/d' valised.yaml >one.yaml
"$valised" --config one.yaml enrolment >work/one.yaml 2>/dev/null
check "one without others has no such key" sh -c 'grep -q "^address" work/one.yaml && ! grep -q other-addresses work/one.yaml'
sed "s|^  - https:.*|  - https://127.0.0.1:$closed/x|" enrolment.yaml >work/bad.yaml
expect "an enrolment with a path in it" 8 "enrolment:[0-9]*:[0-9]*: .*is not an address such as" at mofa init --update work/bad.yaml

sed "s|^address: .*|address: https://127.0.0.1:$closed|; s|^  - https:.*|  - https://127.0.0.1:$live|" enrolment.yaml >work/turned.yaml
expect "the same addresses the other way round are no other" 0 "nothing differs" at mofa init --update work/turned.yaml
sed "/^other-addresses/,/^  -/d" enrolment.yaml >work/alone.yaml
expect "without the second one" 0 "is at https://127.0.0.1:$live now, and proved" at mofa init --update work/alone.yaml --yes
expect "with it: what differs is shown" 0 "+ address      https://127.0.0.1:$closed" at mofa init --update enrolment.yaml --yes
at mofa init --update work/alone.yaml --yes >/dev/null 2>&1
expect "both are told, and which one proved" 0 "is at https://127.0.0.1:$closed, https://127.0.0.1:$live now; https://127.0.0.1:$live proved" at mofa init --update work/turned.yaml --yes

# --- The first one is dead. ---
where mofa "$live" "$closed"; deposit mofa one >/dev/null || not_ok "a deposit"
check "the first one answers: nothing is kept" test ! -e "$(state mofa)/address"
where mofa "$closed" "$live"
expect "the first one is dead: list" 0 "127.0.0.1:$closed: .*; asking https://127.0.0.1:$live" at mofa list
check "what answered is kept" grep -q "^https://127.0.0.1:$live\$" "$(state mofa)/address"
expect "and asked first" 0 "agreement/one" at mofa list
check "without a word" sh -c '! grep -q asking work/out'
at mofa witness init >/dev/null 2>&1
# WORD…: a command that goes on at the next address
goes_on() { where mofa "$closed" "$live"; expect "the first one is dead: $*" 0 "; asking https://127.0.0.1:$live" at mofa "$@"; }
expect "the first one is dead: init" 0 "enrolled with .* at https://127.0.0.1:$closed, https://127.0.0.1:$live" "$valise" --config work/new.yaml init work/turned.yaml --yes \
	--cert offices/iom-geneva/cert.pem --key offices/iom-geneva/key.pem --state work/state
check "which answered is kept" grep -q "^https://127.0.0.1:$live\$" work/state/*/address
goes_on show agreement/one
goes_on log
goes_on history agreement/one
goes_on fetch agreement/one -o work/one.asice
goes_on pull work/copy
goes_on policy show
goes_on audit
goes_on push agreement/two --text lo=work/lo.txt --text en=work/en.txt --title en=Two
goes_on bag pack -o work/one.bag --to iom-geneva agreement/one
where mofa-minister "$closed" "$live"
expect "the first one is dead: sign" 0 "; asking .*" at mofa-minister sign agreement/one --yes
where mofa "$closed" "$live"
expect "status tells both" 0 "^ *also at https://127.0.0.1:$closed" at mofa status
expect "by --json, too" 0 "\"others\": *\[ *\"https://127.0.0.1:$closed\"" sh -c '"$@" | tr -d "\n"' - "$valise" --config offices/mofa/config.yaml --json status

# --- It stands by, hangs, or is another server. ---
stand_by certs/server.pem data/server/server.key
where mofa "$standby" "$live"
expect "the first one stands by" 0 "127.0.0.1:$standby: this daemon stands by.*; asking https://127.0.0.1:$live" at mofa list
deposit mofa three >/dev/null
check "then it is not asked" test "$(grep -c '^GET' standby/asked)" = 1
where mofa "$standby" "$closed"
expect "one stands by, the other is dead: exit 6" 6 "127.0.0.1:$standby: this daemon stands by.*127.0.0.1:$closed" at mofa list
end_stand_by
stand_by certs/server.pem data/server/server.key hangs
where mofa "$standby" "$live"
expect "the first one hangs" 0 "127.0.0.1:$standby has said nothing for 3 s; asking https://127.0.0.1:$live" at mofa list
end_stand_by
"$top/certs/ca" issue certs/iom server data/server/server.csr "IP:127.0.0.1" "" work/strange.pem >/dev/null
stand_by work/strange.pem data/server/server.key
where mofa "$standby" "$live"
expect "the first one is another server" 0 "127.0.0.1:$standby is not the server that you enrolled with.*; asking" at mofa list
where mofa "$closed" "$standby"
expect "one is dead, the other another server: exit 1" 1 "127.0.0.1:$closed: .*127.0.0.1:$standby is not the server" at mofa list
end_stand_by
where mofa "$closed" "$(free_port)"
expect "both are dead: exit 6, naming both" 6 "127.0.0.1:$closed: .*; https://127.0.0.1:$(sed -n 's|^  - .*:||p' "$(state mofa)/enrolment.yaml")" at mofa list

# --- The answer to an act is lost with the first one. ---
where mofa "$live" "$closed"
liar mofa-minister hold /signatures work/never; lying=$port
where mofa-minister "$lying" "$live"
"$valise" --config offices/mofa-minister/config.yaml sign agreement/three --yes >work/signed 2>&1 </dev/null & signing=$!
n=0; until grep -q "^held " work/line || [ $n = 500 ]; do n=$((n + 1)); sleep 0.02; done
kill_line
got=0; wait $signing || got=$?
check "an act whose answer was lost: exit $got" test $got = 0
check "is asked about at the next address" grep -q "asking https://127.0.0.1:$live" work/signed
expect "where it is found: there is one signature" 0 "^1$" sh -c '"$1" --config offices/mofa/config.yaml log --act sign --document agreement/three | grep -c "sign "' - "$valise"

# --- It yields in the middle of an upload. ---
push_big() { env VALISE_PATIENCE=20 "$valise" --config offices/mofa/config.yaml push "agreement/$1" --text lo=work/lo.txt --text en=work/big.txt --title en=Big; }
head -c 300000 /dev/urandom | base64 >work/big.txt
liar mofa; where mofa "$port" "$closed"
check "a deposit in parts" push_big parts
at_part=$(grep '^asked ' work/line | grep -n '^asked /v1/uploads/' | head -1 | cut -d: -f1)
stand_by certs/server.pem data/server/server.key
head -c 300000 /dev/urandom | base64 >work/big.txt
liar mofa other "$at_part+" "$standby"; where mofa "$port" "$live"
expect "the first one yields in the middle of an upload" 0 "deposited agreement/yielded@1" push_big yielded
check "since then it stands by" grep -q "^PATCH /v1/uploads/" standby/asked
end_line; end_stand_by

# --- Who follows goes over. ---
where iom-geneva "$closed" "$live"; liar iom-geneva
where iom-geneva "$port" "$live"
"$valise" --config offices/iom-geneva/config.yaml log --follow >work/follows 2>&1 </dev/null & follows=$!
n=0; until grep -q "^asked /v1/events" work/line || [ $n = 500 ]; do n=$((n + 1)); sleep 0.02; done
kill_line
deposit iom-vientiane four >/dev/null
n=0; until grep -q "deposit .*agreement/four@1" work/follows || [ $n = 1000 ]; do n=$((n + 1)); sleep 0.02; done
check "log --follow goes on at the next address" grep -q "deposit .*agreement/four@1" work/follows
kill $follows; wait $follows 2>/dev/null

# --- An upload belongs to one daemon: the first one dies in the middle of it. ---
# B has the same history, and goes on with it; A stays behind.
mkdir b; fork_data b; cp -R policies crls certs b/; free_port >b/port; second=$(cat b/port)
forked b | sed "s|127.0.0.1:$live|127.0.0.1:$second|; s|^other-addresses: .*|other-addresses: [https://127.0.0.1:$live]|" >b/valised.yaml
start_daemon "$dir/b" || not_ok "the second daemon starts"
head -c 3000000 /dev/urandom | base64 >work/big.txt
line mofa gone=1500000
where mofa "$port" "$second"
expect "the first one dies in the middle of an upload" 0 "https://127.0.0.1:$second has nothing of what was sent before: sending it anew" \
	env VALISE_PATIENCE=20 "$valise" --config offices/mofa/config.yaml push agreement/large --text lo=work/lo.txt --text en=work/big.txt --title en=Large
check "it is said once" test "$(grep -c 'sending it anew\|the line broke' work/out)" = 1
expect "and deposited at the second one" 0 "agreement/large *1 " at mofa list
check "the first one has it not" sh -c '! "$1" --config offices/iom-vientiane/config.yaml list | grep -q agreement/large' - "$valise"
wait "$line_pid" 2>/dev/null; line_pid=

# --- Two histories. ---
deposit iom-vientiane five >/dev/null || not_ok "a deposit at the first one"
where mofa "$live" "$second"
expect "the first one's history is another: exit 1" 1 "rolled back\|no extension\|smaller" at mofa list
check "with evidence" sh -c 'ls "$1"/evidence-*.txt' - "$(state mofa)"
while [ "$("$valised" --config valised.yaml fsck 2>/dev/null | sed -n 's/.*journal of size \([0-9]*\),.*/\1/p')" -le "$("$valised" --config b/valised.yaml fsck 2>/dev/null | sed -n 's/.*journal of size \([0-9]*\),.*/\1/p')" ]; do
	n=$((n + 1)); deposit iom-vientiane "more-$n" >/dev/null || break
done
rm -f "$(state mofa)"/evidence-*
expect "where it is longer, too" 1 "no extension" at mofa list
expect "and the evidence proves a fork" 0 "PROVES A FORK" sh -c '"$1" --config offices/iom-bangkok/config.yaml verify --evidence "$2"/evidence-*.txt' - "$valise" "$(state mofa)"
where mofa "$second" "$live"
expect "the other one is as good as ever" 0 "agreement/large" at mofa list
stop_daemon "$dir/b"
finish
