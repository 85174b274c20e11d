#!/bin/sh
# Kills, full disks, damage, a second daemon.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-vientiane iom-bangkok >/dev/null
deposit mofa one >/dev/null
expect "a second valised on the same data" 5 "somebody else is at work" "$valised" --config valised.yaml
expect "init does not touch a data folder" 5 "already" "$valised" --config valised.yaml init

# --- Each thread of the signer has given up its rights itself ---
signer=$(pgrep -P "$(cat pid)")
threads=$(ls "/proc/$signer/task" | wc -l)
[ "$threads" -gt 1 ] && ok "the signer answers on $threads threads" || not_ok "the signer answers on $threads threads"
for field in "NoNewPrivs: 1" "Seccomp: 2" "CapEff: 0000000000000000"; do
	n=$(cat /proc/"$signer"/task/*/status | tr '\t' ' ' | tr -s ' ' | grep -cx "$field")
	[ "$n" = "$threads" ] && ok "of all of them: $field" || not_ok "$n of $threads: $field"
done

# --- SIGKILL at random moments: what was acknowledged is there ---
: >work/acked
writer() { # NUMBER
	n=0
	while [ ! -f work/stop ]; do
		n=$((n + 1))
		deposit "$2" "w$1-$n" "text $1 $n" >/dev/null 2>&1 && echo "agreement/w$1-$n" >>work/acked
	done
}
round=0
while [ $round -lt "${ROUNDS:-6}" ]; do
	rm -f work/stop
	writer "$round-1" mofa & w1=$!
	writer "$round-2" iom-vientiane & w2=$!
	# A random moment is the point; nothing waits for it.
	sleep "0.$(od -An -N1 -tu1 /dev/urandom | tr -d ' ')"
	if [ $((round % 2)) = 0 ]; then kill_daemon "$dir"; else pkill -9 -P "$(cat pid)"; fi
	touch work/stop; wait $w1 $w2 2>/dev/null
	wait "$(cat pid)" 2>/dev/null
	check "it starts after a kill ($round)" start_daemon "$dir"
	round=$((round + 1))
done
at mofa --json list >work/list 2>&1
lost=0; while read -r doc; do grep -q "\"$doc\"" work/list || lost=$((lost + 1)); done <work/acked
[ $lost = 0 ] && ok "all $(wc -l <work/acked) acknowledged are there" || not_ok "$lost lost"
check "the branches follow" settle_refs "$dir"
check "git finds nothing wrong" sh -c "test -z \"\$(git -c safe.directory='*' -C data/store.git fsck --strict --full 2>&1 | grep -v '^dangling')\""
expect "the journal is one history" 0 "proved" at mofa log

# --- Damage ---
# However few acts there were between the kills.
while [ $(($(stat -c %s data/journal/heads) / 160)) -lt 24 ]; do deposit mofa "more-$(stat -c %s data/journal/heads)" >/dev/null; done
stop_daemon "$dir"
cp -R data work/good; cp -R offices work/good-offices
# Back to that, for the offices too: they would notice a restored journal.
put_back() { rm -rf data offices; cp -R work/good data; cp -R work/good-offices offices; }
printf 'half an entry' >>data/journal/entries
check "a tail that was never signed is cut" start_daemon "$dir"
expect "and told" 0 "cut_bytes=13" cat log
stop_daemon "$dir"
spoil data/journal/entries 100
expect "damage elsewhere: it does not start and says where" 1 "contradicts itself at" "$valised" --config valised.yaml
put_back
rm data/journal/hashes-* data/journal/nodes data/journal/heads; : >data/journal/heads
check "what is derived is made anew" start_daemon "$dir"
expect "and proves the same" 0 "proved" at mofa log
stop_daemon "$dir"
put_back
check "the ledger's file is taken" sh -c ': >log'; start_daemon "$dir"
expect "and only the newest entries are hashed" 0 "event=journal size=[0-9]* hashed=newest" cat log
until grep -q "event=check journal=whole" log; do sleep 0.02; done
stop_daemon "$dir"; : >log
spoil data/journal/ledger 60
check "one that is damaged is in nobody's way" start_daemon "$dir"
expect "it is told, and all entries are hashed" 0 "event=ledger result=dropped .*damaged.*hashed=all" sh -c "tr '\n' ' ' <log"
stop_daemon "$dir"; : >log
"$valised" --config valised.yaml --full >>log 2>&1 & echo $! >pid
until grep -q "event=start " log; do sleep 0.02; done
expect "--full hashes all entries first" 0 "hashed=all" cat log
: >data/journal/nodes; deposit mofa bus "text" >/dev/null 2>&1
while kill -0 "$(cat pid)" 2>/dev/null; do sleep 0.02; done
expect "a mapped file that cannot be read ends it, with its name" 0 "event=fatal reason=.cannot read .*journal/nodes" cat log
put_back
check "fsck takes the ledger's files as they are" "$valised" fsck data
for file in ledger index commits; do
	spoil data/journal/$file 61
	expect "fsck finds journal/$file changed" 1 "LEDGER_DAMAGED, journal/ledger" "$valised" fsck data
	check "and makes it anew" "$valised" fsck data --repair
	check "so that all is well" "$valised" fsck data
done
put_back; : >log
"$valised" --config valised.yaml --full >>log 2>&1 & echo $! >pid
until grep -q "event=start " log; do sleep 0.02; done
: >data/journal/index; deposit mofa bus "text" >/dev/null 2>&1
while kill -0 "$(cat pid)" 2>/dev/null; do sleep 0.02; done
expect "so does one of the ledger's" 0 "event=fatal reason=.cannot read .*journal/index" cat log
put_back
start_daemon "$dir"; at mofa list >work/titles; stop_daemon "$dir"; : >log; start_daemon "$dir"
expect "titles are known after a restart" 0 "event=titles read=[1-9]" cat log
check "and are the same" sh -c "\"$valise\" --config offices/mofa/config.yaml list | cmp - work/titles"
stop_daemon "$dir"
spoil data/journal/titles 60
check "damaged ones are in nobody's way" start_daemon "$dir"
expect "it is told" 0 "event=titles result=dropped .*damaged" cat log
check "the texts have them" sh -c "\"$valise\" --config offices/mofa/config.yaml list | cmp - work/titles"
stop_daemon "$dir"
put_back
heads=$(($(stat -c %s data/journal/heads) / 160))
check "there are more heads than one thread takes at once" test "$heads" -gt 18
for n in 0 15 16 $((heads - 2)); do
	cp data/journal/heads work/heads
	printf XX | dd of=data/journal/heads bs=1 seek=$((160 * n + 90)) conv=notrunc 2>/dev/null
	expect "fsck names the head that is damaged: $n" 1 "HEAD_DAMAGED, journal/heads, record $n:" "$valised" fsck data
	expect "and no other" 0 "^1$" sh -c "\"$valised\" fsck data 2>&1 | grep -c HEAD_DAMAGED"
	# Two that change places are out of order, each.
	dd if=work/heads of=data/journal/heads bs=160 skip=$((n + 1)) seek=$n count=1 conv=notrunc 2>/dev/null
	dd if=work/heads of=data/journal/heads bs=160 skip=$n seek=$((n + 1)) count=1 conv=notrunc 2>/dev/null
	expect "and those that are out of order" 1 "HEAD_DAMAGED" "$valised" fsck data
	cp work/heads data/journal/heads
done
rm -rf data/store.git/refs/heads/agreement data/store.git/packed-refs
check "refs are put where the journal says" start_daemon "$dir"
expect "for git too" 0 "agreement/one" git -c safe.directory='*' -C data/store.git for-each-ref
stop_daemon "$dir"
spoil data/signer/memory 20
spoil data/signer/memory 540
expect "a signer without its memory does not sign" 1 "is damaged" "$valised" --config valised.yaml
put_back
mv data/signer/journal.key work/
expect "nor one without its key" 4 "no such file" "$valised" --config valised.yaml
mv work/journal.key data/signer/
start_daemon "$dir"

# --- Either process dies: so does the other ---
parent=$(cat pid) child=$(pgrep -P "$(cat pid)")
kill -9 "$child"; wait "$parent" 2>/dev/null
kill -0 "$parent" 2>/dev/null && not_ok "the server ends with its signer" || ok "the server ends with its signer"
start_daemon "$dir"
child=$(pgrep -P "$(cat pid)") reader=$(pgrep -P "$(pgrep -P "$(cat pid)")")
check "the signer has a reader" test -n "$reader"
kill_daemon "$dir"
i=0; while kill -0 "$child" 2>/dev/null && [ $i -lt 100 ]; do sleep 0.02; i=$((i + 1)); done
kill -0 "$child" 2>/dev/null && not_ok "the signer ends with its server" || ok "the signer ends with its server"
i=0; while kill -0 "$reader" 2>/dev/null && [ $i -lt 100 ]; do sleep 0.02; i=$((i + 1)); done
kill -0 "$reader" 2>/dev/null && not_ok "and so does its reader" || ok "and so does its reader"
start_daemon "$dir"

# --- SIGTERM finishes what is under way ---
deposit mofa last "text" >work/last 2>&1 & p=$!
stop_daemon "$dir"; wait $p; r=$?
start_daemon "$dir"
if [ $r = 0 ]; then expect "what was answered before the end is there" 0 "agreement/last" at mofa list
else expect "what was not answered goes again" 0 "agreement/last@1" deposit mofa last "text"; fi

# --- Clocks ---
if faketime -f +3d true 2>/dev/null; then
	off() { by=$1; shift; faketime -f "$by" "$valise" --config offices/mofa/config.yaml "$@"; }
	expect "a clock of years ago is told" 2 "the clock is wrong. Set it" off -30y list
	expect "and one of years ahead" 2 "has expired: it ended .* and this machine's clock says 20[5-9]" off +30y list
	expect "what is signed ten minutes from now is refused" 1 "is a clock wrong" off +10m push agreement/clock --text lo=work/lo.txt --text en=work/en.txt --title en=x
	expect "with the clock set it goes" 0 "agreement/clock@1" deposit mofa clock "text"
	expect "a fetch of three days ahead is judged by the journal's time" 0 "VALID" off +3d fetch agreement/clock -o work/clock.asice
	stop_daemon "$dir"
	cp -R data work/data.away; cp -R offices work/offices.away
	real=$valised valised=$dir/work/ahead
	printf '#!/bin/sh\nexec faketime -f +1h "%s" "$@"\n' "$real" >work/ahead; chmod +x work/ahead
	check "a daemon of an hour ahead starts" start_daemon "$dir"
	expect "who deposits is told" 0 "clocks is wrong" at mofa push agreement/ahead --text lo=work/lo.txt --text en=work/en.txt --title en=x
	pkill -P "$(cat pid)"; stop_daemon "$dir"; valised=$real
	flock data/lock true
	check "it starts with the clock set" start_daemon "$dir"
	expect "and tells its operator that the journal is ahead" 0 "event=clock journal_is_ahead_s=3[56]" cat log
	stop_daemon "$dir"
	rm -rf data offices; mv work/data.away data; mv work/offices.away offices
	start_daemon "$dir"
else
	echo "  skipped: wrong clocks (faketime is not there)"
fi

# --- A store that is read-only ---
if mount --bind data data 2>/dev/null && mount -o remount,ro,bind data 2>/dev/null; then
	expect "what cannot be stored is a clear no" 6 "try again later" deposit mofa ro "text"
	expect "its operator reads why" 0 "Read-only file system" cat log
	expect "what is there is still listed" 0 "agreement/one" at mofa list
	umount data
	expect "and with a store that takes it, it goes" 0 "agreement/ro@1" deposit mofa ro "text"
else
	umount data 2>/dev/null
	echo "  skipped: a read-only store (mounting needs root)"
fi

# --- A full disk ---
stop_daemon "$dir"
cp -R offices work/offices.away
if mkdir -p work/small && mount -t tmpfs -o size=6m tmpfs work/small 2>/dev/null; then
	cp -R data work/small/data && mv data work/data.away && ln -s work/small/data data
	check "it starts on a small disk" start_daemon "$dir"
	i=0 r=0
	while [ $i -lt 40 ]; do
		head -c 300000 /dev/urandom | base64 >work/noise.txt
		at mofa push "agreement/full-$i" --text lo=work/lo.txt --text en=work/noise.txt --title en=x >work/out 2>&1 || { r=$?; break; }
		echo "agreement/full-$i" >>work/full
		i=$((i + 1))
	done
	case $r in 6) ok "a full disk is a clear no (exit $r)" ;; *) not_ok "a full disk: exit $r" ;; esac
	check "and the daemon goes on" kill -0 "$(cat pid)"
	stop_daemon "$dir"
	mount -o remount,size=64m work/small
	check "with room again it starts" start_daemon "$dir"
	at mofa --json list >work/list 2>&1
	lost=0; while read -r doc; do grep -q "\"$doc\"" work/list || lost=$((lost + 1)); done <work/full
	[ $lost = 0 ] && ok "and nothing acknowledged is lost" || not_ok "$lost lost on a full disk"
	expect "and deposits go on" 0 "deposited" deposit mofa after-full "text"
	stop_daemon "$dir"
	rm data; umount work/small; mv work/data.away data
	rm -rf offices; mv work/offices.away offices
else
	echo "  skipped: a full disk (mounting a tmpfs needs root)"
fi

# --- No descriptors left: others wait, nobody is lost ---
(ulimit -n 300; start_daemon "$dir")
# They wait for what never comes, until all are ended at once.
mkfifo work/hold; sleep 300 >work/hold &
i=0; while [ $i -lt 320 ]; do
	openssl s_client -quiet -no_ign_eof -connect "127.0.0.1:$(cat port)" -CAfile offices/mofa/ca.pem \
		-cert offices/mofa/cert.pem -key offices/mofa/key.pem <work/hold >/dev/null 2>&1 &
	i=$((i + 1))
done
i=0; while [ "$(ls "/proc/$(cat pid)/fd" 2>/dev/null | wc -l)" -lt 295 ] && [ $i -lt 200 ]; do sleep 0.05; i=$((i + 1)); done
# All children, whatever their names: one that has not become openssl yet would wait
# for the pipe for ever. The daemon is none: its shell has ended.
pkill -P $$
kill -0 "$(cat pid)" && ok "it lives on without descriptors" || not_ok "it lives on without descriptors"
expect "and answers when there are some again" 0 "agreement/one" at mofa list
finish
