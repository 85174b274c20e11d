#!/bin/sh
# SIGKILL of any process of a set, at random: two daemons, their signers, two
# database servers.  What was killed comes back, or is replaced.  Nothing
# acknowledged is lost, and of all heads that were ever published no two have one
# size.  SOAK_KILLS of them (4); SIGTERM ends it after those that were, which are
# judged.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/postgres.sh"
. "$top/tests/lib/standby.sh"
kills=${SOAK_KILLS:-4}
postgres_find || { echo "  skipped: PostgreSQL is not installed"; ok "nothing to test"; finish; }
unset VALISE_POSTGRES VALISE_DATABASES
postgres_start || not_ok "a private server starts"
postgres_join one || not_ok "a standby of the server starts"
second=one next=two
"$valised" tables "$postgres_owner" --writer writer >/dev/null || not_ok "the tables"
store_line="store: {postgresql: \"$(postgres_hosts),$postgres/two user=writer dbname=postgres\", durable: 2}"

start "repeats: 1000000000"
enrol "$dir" mofa iom-geneva >/dev/null || not_ok "enrolment"
deposit mofa first >/dev/null || not_ok "deposit"; at mofa audit >/dev/null
prepare_standby b
"$valised" --config b/valised.yaml init --join data/signer/journal.key --seen offices/mofa/state/*/checkpoint >/dev/null || not_ok "it joins"
certify_standby b
printf '%s\n' "promote: auto" "signers: 1" | tee -a valised.yaml >>b/valised.yaml
restart && start_standby b || { not_ok "both start"; finish; }

# FOLDER: start that daemon, and wait until it writes, or stands by
bring_up() {
	: >>"$1/log"; began=$(wc -c <"$1/log")
	"$valised" --config "$1/valised.yaml" </dev/null >>"$1/log" 2>&1 &
	echo $! >"$1/pid"
	until tail -c +$((began + 1)) "$1/log" | grep -q -e 'event=standby size=' -e 'event=start '; do
		kill -0 "$(cat "$1/pid")" 2>/dev/null || return 1
		sleep 0.02
	done
}
# As systemd does it: one that has ended is started again.
ends=0
keep_up() { for folder in . b; do kill -0 "$(cat $folder/pid)" 2>/dev/null || { ends=$((ends + 1)); bring_up $folder; }; done; }
other() { [ "$1" = . ] && echo b || echo .; }
is_writer() { health "$1" 2>/dev/null | grep -q '"role": *"writer"'; }
# All heads that were ever published, by each server and each daemon, as "SIZE ROOT".
watch_heads() {
	while [ ! -e work/end ]; do
		for host in "$postgres" "$postgres/one" "$postgres/two"; do
			"$postgres_bin/psql" -X -q -A -t -F ' ' -d "host=$host user=postgres dbname=postgres" -c "SELECT size, encode(root, 'hex') FROM valise.published ORDER BY n DESC LIMIT 200"
		done >>work/heads 2>/dev/null
		for folder in . b; do
			curl_at $folder /v1/journal/checkpoint -m 5 2>/dev/null | { read -r _; read -r at && read -r root && echo "$at $(echo "$root" | base64 -d | od -An -v -tx1 | tr -d ' \n')"; }
		done >>work/checkpoints 2>/dev/null
		sleep 0.2
	done
}
acked() { wc -l <work/acked; }
# Wait until something more is acknowledged: the set goes on.
goes_on() {
	had=$(acked) tries=0
	until [ "$(acked)" -gt "$had" ]; do
		kill -0 $soak 2>/dev/null && [ $((tries += 1)) -lt 900 ] || return 1
		keep_up; sleep 0.1
	done
}
rnd() { od -An -N2 -tu2 /dev/urandom | tr -d ' '; }
kill_signer() {
	pid=$(cat "$1/pid"); signer=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
	[ -n "$signer" ] && kill -9 "$signer"
	wait "$pid" 2>/dev/null
}
kill_of() {
	case $1 in
	daemon) kill_daemon $folder; bring_up $folder ;;
	taken-over)
		mark_log "$(other $folder)"; kill_daemon $folder
		! $writes || await "$(other $folder)" "event=start " || return
		bring_up $folder
		;;
	signer) kill_signer $folder; bring_up $folder ;;
	primary) postgres_kill && postgres_again && postgres_follows ;;
	standby) postgres_kill $second && postgres_again $second && postgres_follows ;;
	lost-primary)
		postgres_lose && postgres_promote $second && postgres_join $next || return
		was=$second second=$next next=$was
		;;
	lost-standby) postgres_kill $second && postgres_join $second ;;
	esac
}

mkdir work/deposits; : >work/acked
"$VALISE_BUILD/bench" make work/deposits offices/mofa $((kills * 300 + 2000)) 3000 soak >/dev/null
watch_heads & watcher=$!
"$VALISE_BUILD/soak" 127.0.0.1 "$(cat port),$(cat b/port)" offices/mofa/ca.pem offices/mofa/cert.pem offices/mofa/key.pem work/deposits work/acked 4 2 >work/soak.out 2>work/soak.err &
soak=$!
i=0 stuck=
trap 'kills=$i' TERM
goes_on || stuck="at the beginning"
while [ -z "$stuck" ] && [ $i -lt "$kills" ]; do
	i=$((i + 1))
	sleep "0.$(printf %03d $(($(rnd) % 300)))"
	# Each kind once, and then at random.
	n=$i; [ $i -le 4 ] || n=$(rnd)
	case $((n % 7)) in 1) what=lost-primary ;; 2) what=taken-over ;; 3) what=signer ;; 4) what=standby ;; 5) what=primary ;; 6) what=lost-standby ;; *) what=daemon ;; esac
	folder=b; is_writer b || [ $(($(rnd) % 3)) = 0 ] || folder=.
	writes=false; ! is_writer $folder || writes=true
	echo "$(date +%T) $what $folder writes=$writes acked=$(acked)" >>work/kills
	kill_of $what && goes_on || stuck="after $what"
done
[ -z "$stuck" ] || { tail -n 3 work/kills log b/log "$postgres.log" >&2; not_ok "it goes on $stuck"; }
kill $soak; wait $soak; rc=$?
keep_up
touch work/end; wait $watcher
lead=.; is_writer . || lead=b
ask $lead
postgres_sql "SELECT size, encode(root, 'hex') FROM valise.published" >work/last
sed -i 's/|/ /' work/last
cat work/heads work/checkpoints work/last | grep . | sort -u >work/all
forks=$(cut -d ' ' -f 1 work/all | uniq -d | wc -l)
at mofa --json list | tr '{' '\n' | sed -n 's/.*"document": *"agreement\/\([^"]*\)".*/\1/p' | sort >work/there
sort work/acked | comm -23 - work/there >work/lost
echo "  $i kills; acknowledged, read, tried again, wrong: $(cat work/soak.out); lost $(wc -l <work/lost); heads $(wc -l <work/all), forks $forks; ended by themselves $ends"
[ ! -s work/soak.err ] || { head -n 30 work/soak.err; grep -h level=error log b/log | cut -d " " -f 3- | sort | uniq -c | sort -rn | head -n 8; } >&2
check "$kills kills were survived" test "$i" = "$kills"
check "no answer was wrong" test $rc = 0
check "something was acknowledged" test "$(acked)" -gt "$kills"
check "everything acknowledged is there" test ! -s work/lost
check "the watcher saw heads, of servers and daemons" test -s work/heads -a -s work/checkpoints
check "no two heads have one size" test "$forks" = 0
expect "the audit is clean" 0 "" at iom-geneva audit --full
stop_daemon "$dir"; stop_daemon b
expect "the record is whole" 0 "nothing is wrong" "$valised" --config $lead/valised.yaml fsck
finish
