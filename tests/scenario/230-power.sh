#!/bin/sh
# Power cuts: every write, flush, rename, … of some acts is recorded; then what
# a cut at any of them leaves is made, with what was not flushed dropped, torn
# or in any order, and the daemon started on it.  SOAK_STATES of them (40).
. "$(dirname "$0")/lib.sh"
states=${SOAK_STATES:-40}
power=$VALISE_BUILD/power
start
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-geneva >/dev/null
deposit mofa zero >/dev/null
stop_daemon "$dir"
cp -R data work/base
: >work/log
export LD_PRELOAD="$VALISE_BUILD/fault.so" FAULT_LOG="$dir/work/log" FAULT_BELOW="$dir/data"
start_daemon "$dir"
unset LD_PRELOAD
for i in 1 2 3; do
	deposit mofa "doc-$i" "text $i" >/dev/null && "$power" ack work/log "deposit doc-$i"
	at mofa-minister sign "agreement/doc-$i" --yes >/dev/null 2>&1 && "$power" ack work/log "sign doc-$i"
	at iom-chief-of-mission sign "agreement/doc-$i" --yes >/dev/null 2>&1 && "$power" ack work/log "force doc-$i"
	at iom-geneva fetch "agreement/doc-$i" -o "work/$i.asice" >/dev/null && "$power" ack work/log "deliver doc-$i"
done
echo '# another' >>policies/mou.yaml
kill -HUP "$(cat pid)"; until grep -q "event=reload" log; do sleep 0.02; done
stop_daemon "$dir"
count=$("$power" count work/log)
check "the acts were recorded" test "$count" -gt 100
check "and acknowledged" test "$("$power" acked work/log "$count" | wc -l)" = 12
cp policies/mou.yaml work/mou.new
# What was acknowledged before the cut, as the journal must have it.
holds() {
	accept_policy mofa >/dev/null 2>&1
	at mofa --json log >work/entries 2>&1 || return 1
	"$power" acked work/log "$1" | while read -r act doc; do
		grep -q "\"act\":\"$act\"[^}]*\"document\":\"agreement/$doc\"" work/entries || { echo "lost: $act $doc" >&2; exit 1; }
	done
}
made=0 failed_starts=0 lost=0 broken=0
s=0
while [ $s -lt "$states" ]; do
	s=$((s + 1))
	k=$((s * count / states))
	mode=$(echo "none all some torn some torn" | cut -d' ' -f$((s % 6 + 1)))
	rm -rf data; cp -R work/base data
	"$power" cut work/log data "$k" "$mode" "$s" || { not_ok "state $s is made"; continue; }
	rm -rf offices/mofa/state offices/mofa/config.yaml
	made=$((made + 1))
	start_daemon "$dir" 2>work/start.err || { failed_starts=$((failed_starts + 1)); echo "  cut at $k of $count, $mode: $(tail -n 1 log | cut -c1-300)" >&2; continue; }
	enrol "$dir" mofa >/dev/null 2>&1
	holds "$k" 2>work/lost || { lost=$((lost + 1)); echo "  cut at $k of $count, $mode: $(head -n 1 work/lost)" >&2; }
	deposit mofa "after-$s" >/dev/null 2>work/after || { broken=$((broken + 1)); echo "  cut at $k of $count, $mode: no deposit after it: $(head -n 1 work/after)" >&2; }
	stop_daemon "$dir"
	"$valised" fsck data >work/fsck 2>&1 || { broken=$((broken + 1)); echo "  cut at $k of $count, $mode: $(grep -v "^valised:" work/fsck | head -n 2 | tr "\n" " ")" >&2; }
done
echo "  $made cuts among $count calls"
check "states were made" test $made = "$states"
check "it starts after every cut" test $failed_starts = 0
check "nothing acknowledged is lost" test $lost = 0
check "and everything works and is whole" test $broken = 0
finish
