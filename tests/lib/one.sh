#!/bin/sh
# one.sh RESULTS TEST - run one unit's binary or one scenario; print what it
# said and "NAME: N passed, M failed" in one piece, so that several run side by
# side; append "N M NAME SECONDS" to RESULTS.  A test that does not end within VALISE_TEST_LIMIT
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
trap 'kill "$running" 2>/dev/null; wait "$running"; rm -f "$log"; exit 130' INT TERM
wait "$running"; status=$?
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
	echo "$good $bad $name $(($(date +%s) - began))" >>"$results"
} 9>>"$results.lock"
rm -f "$log"
