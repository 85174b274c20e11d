#!/bin/sh
# SIGKILL of either process at random moments, under writers and readers:
# nothing acknowledged is lost, no reader sees half an act, the journal never
# forks, and every start is quick.  SOAK_KILLS of them (20); SIGTERM ends it after
# those that were, which are judged.
. "$(dirname "$0")/lib.sh"
kills=${SOAK_KILLS:-20}
start "repeats: 1000000000"
enrol "$dir" mofa iom-geneva >/dev/null
deposit mofa first >/dev/null
at iom-geneva history agreement/first >/dev/null
mkdir work/deposits
# About three a kill and a reserve: they must not run out before the kills do.
"$VALISE_BUILD/bench" make work/deposits offices/mofa $((kills * 50 + 1000)) 3000 soak >/dev/null
"$VALISE_BUILD/soak" 127.0.0.1 "$(cat port)" offices/mofa/ca.pem offices/mofa/cert.pem offices/mofa/key.pem work/deposits work/acked 8 8 >work/soak.out 2>work/soak.err &
soak=$!
now_ms() { date +%s%3N; }
rnd() { od -An -N2 -tu2 /dev/urandom | tr -d ' '; }
i=0 slowest=0 forked=0 refused=0
trap 'kills=$i' TERM
while [ $i -lt "$kills" ] && kill -0 $soak 2>/dev/null; do
	i=$((i + 1))
	sleep "0.$(printf %03d $(($(rnd) % 150)))"
	pid=$(cat pid)
	signer=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null | tr -d ' ')
	if [ $((i % 2)) = 0 ] && [ -n "$signer" ]; then kill -9 "$signer" 2>/dev/null; else kill -9 "$pid" 2>/dev/null; fi
	wait "$pid" 2>/dev/null
	# One that nobody waits for is gone all the same.
	[ -z "$signer" ] || while kill -0 "$signer" 2>/dev/null && ! grep -q "^State:.Z" "/proc/$signer/status" 2>/dev/null; do sleep 0.002; done
	began=$(now_ms)
	start_daemon "$dir" || { refused=$((refused + 1)); break; }
	took=$(($(now_ms) - began))
	[ $took -le $slowest ] || slowest=$took
	# Whoever saw more than there is would say so now.
	at iom-geneva history agreement/first >work/list.out 2>work/list.err || { grep -q "rolled back" work/list.err && forked=$((forked + 1)); }
done
kill $soak; wait $soak; rc=$?
echo "  $i kills; acknowledged, read, tried again, wrong: $(cat work/soak.out); slowest start $slowest ms"
head -n 5 work/soak.err >&2
check "$kills kills were survived" test "$i" = "$kills" -a "$refused" = 0
check "no answer was wrong" test $rc = 0
check "the journal never forked" test $forked = 0
check "every start took less than five seconds" test "$slowest" -lt 5000
acked=$(wc -l <work/acked)
check "something was acknowledged" test "$acked" -gt "$kills"
at mofa --json list | tr '{' '\n' | sed -n 's/.*"document": *"agreement\/\([^"]*\)".*/\1/p' | sort >work/there
sort work/acked >work/acked.sorted
check "everything acknowledged is there" sh -c 'test -z "$(comm -23 work/acked.sorted work/there)"'
check "once" sh -c 'test -z "$(uniq -d work/acked.sorted)"'
expect "the folder is whole" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
# The daemon would join packs while git reads them.
stop_daemon "$dir"
in_database || check "git fsck is silent" sh -c 'git config --global safe.directory "*"; ! git -C data/store.git fsck --strict --full --no-dangling 2>&1 | grep .'
check "nothing was left in spool or half written" sh -c 'test -z "$(find data/spool -type f; ls data/store.git/objects/pack 2>/dev/null | grep ^tmp-)"'
finish
