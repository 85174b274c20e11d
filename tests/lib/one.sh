#!/bin/sh
# one.sh RESULTS TEST - run one unit's binary or one scenario; print what it
# said and "NAME: N passed, M failed" in one piece, so that several run side by
# side; append "N M NAME SECONDS CPU" to RESULTS, where CPU is the seconds that it and
# what it waited for computed.  A test that does not end within VALISE_TEST_LIMIT
# seconds (600) is ended and has failed, by name.
set -u
results=$1 test=$2
limit=${VALISE_TEST_LIMIT:-600}
began=$(date +%s)
log=$(mktemp) || exit
case $test in
*.sh) name=$(basename "$test" .sh); set -- sh "$test" ;;
*.py) name=$(basename "$test" .py); set -- sh "$(dirname "$test")/test.sh" "$test" ;;
*) name=unit-${test##*/test_}; set -- "$test" ;;
esac
# timeout gives the test a process group of its own, which ends with it.
timeout -k 30 "$limit" "$@" >"$log" 2>&1 & running=$!
trap 'kill "$running" 2>/dev/null; wait "$running"; rm -f "$log" "$log.times"; exit 130' INT TERM
wait "$running"; status=$?
# Of a pipeline the shell would tell its own times.
times >"$log.times"
cpu=$(awk 'NR == 2 { split($0, t, "[ms ]+"); printf "%d", t[1] * 60 + t[2] + t[3] * 60 + t[4] }' "$log.times")
{
	flock 9
	case $test in
	*.sh | *.py)
		cat "$log"
		counts=$(sed -n 's/^[0-9].*: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log" | tail -n 1)
		good=${counts%% *} bad=${counts##* }
		[ -n "$counts" ] || { good=0 bad=1; echo "$name: it ended with $status before it was done"; }
		;;
	*)
		summary=$(grep -E '^[0-9]+%: Checks: ' "$log")
		checks=$(echo "$summary" | sed 's/.*Checks: \([0-9]*\),.*/\1/')
		bad=$(echo "$summary" | sed 's/.*Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 + \2/')
		bad=$((${bad:-1}))
		[ $status = 0 ] || [ $bad -gt 0 ] || bad=1
		good=$((${checks:-1} - bad))
		echo "$name: $good passed, $bad failed"
		grep '^skipped: ' "$log" | sed 's/^/  /'
		[ $bad = 0 ] || grep -E ':[FE]:|ERROR|SUMMARY' "$log" | sed 's/^/  /'
		;;
	esac
	[ $status != 124 ] || echo "$name: ended after $limit s, which is all that a test may take"
	echo "$good $bad $name $(($(date +%s) - began)) $cpu" >>"$results"
} 9>>"$results.lock"
rm -f "$log" "$log.times"
