#!/bin/sh
# Each write, flush, rename, … of a deposit, a signature that puts it in force
# and a delivery fails, one after another: what comes of it is a clean answer
# or a clean stop, and a good start after.  SOAK_FAULTS=all for all of them,
# malloc every SOAK_EVERY-th.
. "$(dirname "$0")/lib.sh"
all=${SOAK_FAULTS:-some} every=${SOAK_EVERY:-400}
page=$dir/work/page
[ -e "$VALISE_BUILD/fault.so" ] || { echo "220-fault: 0 passed, 1 failed"; exit 1; }
start "repeats: 1000000000"
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-geneva >/dev/null
for o in mofa-minister iom-chief-of-mission iom-geneva; do at $o list >/dev/null; done
: >work/acked
stop_daemon "$dir"
# An act of each kind on one document; what was said to be done is remembered,
# and an answer that no client may get.
asked() {
	what=$1; shift; rc=0
	"$@" >work/answer 2>&1 || rc=$?
	cat work/answer >>work/said
	if [ $rc = 7 ] || [ $rc -gt 125 ] || grep -q '^HTTP 500' work/answer; then
		bad=$((bad + 1)); echo "  $what at $armed: exit $rc, $(tail -n 1 work/answer | cut -c1-200)" >&2
	fi
	return $rc
}
ask_health() { curl_as mofa /health -o work/health -w 'HTTP %{http_code}\n' || :; }
act() {
	n=$((n + 1)); doc=fault-$n
	asked deposit deposit mofa "$doc" "text $n" && echo "$doc" >>work/acked
	asked sign at mofa-minister sign "agreement/$doc" --yes
	asked sign at iom-chief-of-mission sign "agreement/$doc" --yes
	asked fetch at iom-geneva fetch "agreement/$doc" -o "work/$doc.asice"
	asked health ask_health
}
n=0 fired=0 stops=0 crashes=0 bad=0
end_of_daemon() { # 0: it ended by itself and said why; 1: it is alive; 2: it crashed
	kill -0 "$(cat pid)" 2>/dev/null && ! grep -q '^State:.*Z' "/proc/$(cat pid)/status" 2>/dev/null && return 1
	wait "$(cat pid)" 2>/dev/null; code=$?
	tail -n 20 log | grep -q "level=error event=fatal" && [ $code -lt 128 ] && return 0
	return 2
}
try() { # CALL NTH ERRNO: 1 if there is no NTH
	start_faulty "$page" || { not_ok "it starts before $1 $2"; finish; }
	"$VALISE_BUILD/arm" "$page" "$1" "$2" "$3"
	armed="$1 $2 $3"
	act
	set -- "$@" $("$VALISE_BUILD/arm" "$page")
	end_of_daemon; ended=$?
	if [ "$5" = 1 ]; then
		fired=$((fired + 1))
		case $ended in
		0) stops=$((stops + 1)) ;;
		2) crashes=$((crashes + 1)); echo "  crashed at $1 $2: exit $code, $(tail -n 1 log | cut -c1-200)" >&2 ;;
		esac
	elif [ $ended != 1 ]; then
		crashes=$((crashes + 1)); echo "  ended at $1 $2, which did not fail" >&2
	fi
	[ $ended != 1 ] || stop_daemon "$dir"
	rm -f pid
	[ "$5" = 1 ]
}
# The errnos that a call can have.
errnos() {
	case $1 in
	write | pwrite) echo EIO ENOSPC EDQUOT EINTR EFBIG ;;
	fsync | fdatasync) echo EIO ENOSPC EDQUOT ;;
	rename) echo EIO ENOSPC EACCES EROFS ;;
	open | openat) echo EIO ENOSPC EMFILE ENFILE ENOMEM EACCES EROFS EINTR ;;
	link) echo EIO ENOSPC EMLINK EROFS ;;
	mkdir) echo EIO ENOSPC EROFS ;;
	read | pread) echo EIO EINTR ;;
	accept4) echo EMFILE ENFILE ENOMEM ECONNABORTED EINTR ;;
	ftruncate) echo EIO EINTR EROFS ;;
	fallocate) echo ENOSPC EIO EOPNOTSUPP EINTR ;;
	unlink) echo EIO EACCES EROFS ;;
	socket) echo EMFILE ENFILE ENOMEM ;;
	statvfs) echo EIO EACCES ;;
	esac
}
# Of all: each call, each n, each errno. Of some: few of each, with the errnos in turn.
calls=${SOAK_CALLS:-"write pwrite fsync fdatasync rename open link mkdir read pread openat accept4 ftruncate fallocate unlink socket statvfs"}
for call in $calls; do
	nth=0 turn=0
	while nth=$((nth + 1)); do
		[ $all = all ] || [ $nth -le 2 ] || [ $((nth % 9)) = 0 ] || continue
		[ $all = all ] || [ $nth -le 18 ] || break
		there=0 which=0
		for errno in $(errnos $call); do
			which=$((which + 1))
			[ $all = all ] || [ $which = $((turn % $(errnos $call | wc -w) + 1)) ] || continue
			try $call $nth $errno && there=1
		done
		turn=$((turn + 1))
		[ $there = 1 ] || break
	done
done
nth=1
while try malloc $nth ENOMEM; do
	nth=$((nth + every))
	[ $all = all ] || [ $nth -le $((every * 12)) ] || break
done
echo "  $fired faults: $stops clean stops, $((fired - stops - crashes)) clean answers, $crashes crashes; $(wc -l <work/acked) deposits acknowledged"
check "faults fired" test $fired -gt 10
check "none ended it without a word" test $crashes = 0
check "nobody was told of a fault within, or got exit 7" test $bad = 0
check "it starts again" start_daemon "$dir"
at mofa --json list | tr '{' '\n' | sed -n 's/.*"document": *"agreement\/\([^"]*\)".*/\1/p' | sort >work/there
sort work/acked >work/acked.sorted
check "everything acknowledged is there" sh -c 'test -z "$(comm -23 work/acked.sorted work/there)"'
expect "no office finds anything changed" 0 "agreement" at iom-geneva list
expect "the folder is whole" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
expect "and so is the record, from outside" 0 "nothing is wrong" at mofa audit --full
finish
