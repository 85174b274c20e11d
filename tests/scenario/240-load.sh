#!/bin/sh
# Many busy and many more idle clients, slow ones among them: no error, memory
# flat, latencies told.  SOAK_SECONDS (6), SOAK_BUSY (16), SOAK_IDLE (200), SOAK_DOCUMENTS
# (4000 at most); SOAK_HOSTILE=1: beside an office that makes connections of each
# kind without end.
. "$(dirname "$0")/lib.sh"
seconds=${SOAK_SECONDS:-6} busy=${SOAK_BUSY:-16} idle=${SOAK_IDLE:-200}
# The daemon checks its data beside the load.
start "repeats: 1000000000" "verify-every: $(( seconds > 500 ? 200 : 2 ))s"
enrol "$dir" mofa iom-geneva >/dev/null
deposit mofa one >/dev/null
# The busy ones are clerks who go round so many documents that none is given the
# same one twice within a minute: each copy has an entry.
minute=$((seconds < 60 ? seconds : 60)) documents=$(((minute + 1) * 6000 / busy)); [ $documents -lt 4000 ] || documents=4000
documents=${SOAK_DOCUMENTS:-$documents}
mkdir work/rounds; "$VALISE_BUILD/bench" make work/rounds offices/mofa $documents 500 round >/dev/null
make_clerks "$dir" "$busy"
client="127.0.0.1 $(cat port) offices/mofa/ca.pem offices/mofa/cert.pem offices/mofa/key.pem"
mkdir work/deposits
"$VALISE_BUILD/bench" make work/deposits offices/mofa $((seconds * 40 > 20000 ? 20000 : seconds * 40)) 3000 load >/dev/null
# What the kernel cannot take back; the journal's files are mapped beside it.
own_memory() { awk '/^RssAnon/ { print $2 }' "/proc/$(cat pid)/status"; }
entries() { curl_as mofa /metrics | sed -n 's/^valise_journal_entries //p'; }
# shellcheck disable=SC2086 # words
"$VALISE_BUILD/bench" put $client work/rounds 16 >/dev/null
round="127.0.0.1 $(cat port) offices/mofa/ca.pem clerks/%.pem clerks/key.pem /v1/documents/agreement/round-%/versions/1 $busy"
# Idle ones ask twice a minute until their input ends, and once more then.
mkfifo work/fifo
# shellcheck disable=SC2086 # words
"$VALISE_BUILD/bench" idle $client "$idle" <work/fifo >work/idle.out 2>&1 & idler=$!
exec 9>work/fifo
until grep -q "$idle open" work/idle.out; do kill -0 $idler || break; sleep 0.05; done
# Slow readers and writers: 2 KiB a second, which is not cut.
i=0; slow=
while [ $i -lt 4 ]; do
	i=$((i + 1))
	curl_as mofa /v1/documents/agreement/one/versions/1 --limit-rate 2k -o "work/slow-$i.asice" & slow="$slow $!"
done
hostile() {
	while :; do
		for how in whole hold streams part hello silent; do
			python3 "$top/tests/lib/flood.py" $how 127.0.0.2 "$(cat port)" 10 offices/iom-vientiane/cert.pem offices/iom-vientiane/key.pem >/dev/null 2>&1
		done
	done
}
[ -z "${SOAK_HOSTILE:-}" ] || { hostile & hostile=$!; }
# Warm, then measured.
# shellcheck disable=SC2086
"$VALISE_BUILD/bench" get $client /v1/documents/agreement/round-%/versions/1 1 0 $documents >/dev/null
before=$(own_memory) old=$(entries)
# shellcheck disable=SC2086
"$VALISE_BUILD/soak" $client work/deposits work/acked 2 2 >work/soak.out 2>&1 & writers=$!
# shellcheck disable=SC2086
"$VALISE_BUILD/bench" get $round "$seconds" $documents >work/get.out 2>&1; got=$?
kill $writers 2>/dev/null; wait $writers; wrote=$?
[ -z "${SOAK_HOSTILE:-}" ] || { kill $hostile; wait $hostile 2>/dev/null; }
new=$(entries)
slow_ok=0; for p in $slow; do wait "$p" && slow_ok=$((slow_ok + 1)); done
# What was needed for a while comes back within a minute.
tries=0
until after=$(own_memory); [ $((after - before)) -lt 40000 ] || [ $tries = 60 ]; do tries=$((tries + 1)); sleep 1; done
exec 9>&-; wait $idler; idled=$?
curl_as mofa /metrics | grep '^valise_request_seconds' >work/latency
# The bucket below which so many per cent lie.
percentile() { awk -v p="$1" -F'[ "]' '/_bucket/ { n[++i] = $NF; le[i] = $2 } END { for (j = 1; j <= i; j++) if (n[j] >= n[i] * p / 100) { print le[j]; exit } }' work/latency; }
echo "  $busy busy for $seconds s (requests/s, MB/s, bad: $(cat work/get.out)), $idle idle, deposits, reads, retries, wrong: $(cat work/soak.out)"
echo "  requests within: 50 % $(percentile 50) s, 90 % $(percentile 90) s, 99 % $(percentile 99) s, 99.9 % $(percentile 99.9) s; memory of its own $before to $after KiB, entries $old to $new"
check "no busy client saw an error" test $got = 0
check "each copy has its entry" test $((new - old)) -ge "$(awk '{ print $4 }' work/get.out)"
check "no deposit was answered wrongly" test $wrote = 0
check "every idle client was still there" test $idled = 0
check "slow readers got all of it" test $slow_ok = 4
# Deposits are remembered, 350 bytes each; entries are in files.
check "memory does not grow with the journal" test $((after - before)) -lt 40000
expect "nothing failed" 0 "^valise_failures_total 0" curl_as mofa /metrics
expect "the folder is whole" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
finish
