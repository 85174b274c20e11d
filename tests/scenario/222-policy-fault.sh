#!/bin/sh
# Each write, flush, … by which a new policy and new CRLs are stored fails, one
# after another: what has no entry in the journal is not in force, and the
# daemon goes on with what it had.  SOAK_FAULTS=all for all of them.
. "$(dirname "$0")/lib.sh"
all=${SOAK_FAULTS:-some}
page=$dir/work/page
[ -e "$VALISE_BUILD/fault.so" ] || { echo "222-policy-fault: 0 passed, 1 failed"; exit 1; }
start
enrol "$dir" mofa iom-geneva >/dev/null
deposit mofa one >/dev/null
stop_daemon "$dir"
alive() { [ -f pid ] && kill -0 "$(cat pid)" 2>/dev/null && ! grep -q '^State:.*Z' "/proc/$(cat pid)/status" 2>/dev/null; }
# What is in force as the daemon says, and as the journal does.
header() { curl_as mofa "/v1/journal/checkpoint" -D - -o /dev/null | tr -d '\r' | sed -n "s/^Valise-$1: //p"; }
newest() { at mofa --json log --act "$1" | tr -d '\\' | grep -o "\"$2\": *\"[0-9a-f]\{64\}" | tail -n 1 | tr -d ' ' | sed 's/.*://; s/"//g'; }
junk() { head -c 400000 /dev/urandom | base64 | sed 's/^/# /'; }
cp policies/mou.yaml work/mou.yaml
n=0 fired=0 kept=0 stops=0 crashes=0 wrong=0
# CALL NTH ERRNO WHAT: false if there is no NTH
try() {
	n=$((n + 1))
	alive || start_faulty "$page" || { not_ok "it starts before $*"; finish; }
	case $4 in
	# Larger than what a pack gathers: it is written while it is made.
	policy) { cat work/mou.yaml; junk; } >policies/mou.yaml ;;
	crl) { junk; cat certs/iom/crl.pem; } >crls/iom.pem ;;
	esac
	lines=$(grep -c 'event=reload' log)
	"$VALISE_BUILD/arm" "$page" "$1" "$2" "$3"
	kill -HUP "$(cat pid)"
	# The line that says so may be what could not be written.
	i=0
	while alive && [ "$(grep -c 'event=reload' log)" = "$lines" ] && [ $((i += 1)) -lt 100 ]; do sleep 0.02; done
	set -- "$@" $("$VALISE_BUILD/arm" "$page")
	if ! alive; then
		wait "$(cat pid)" 2>/dev/null; code=$?
		tail -n 20 log | grep -q 'event=fatal' && [ $code -lt 128 ] && stops=$((stops + 1)) ||
			{ crashes=$((crashes + 1)); echo "  crashed at $*: exit $code" >&2; }
		rm -f pid; start_faulty "$page" || { not_ok "it starts after $*"; finish; }
	elif [ "$6" = 1 ] && tail -n 20 log | grep -q 'event=reload result=kept'; then
		kept=$((kept + 1))
	fi
	[ "$(header Policy)" = "$(newest policy policy)" ] && [ "$(header Crls)" = "$(newest crl crls)" ] ||
		{ wrong=$((wrong + 1)); echo "  after $*: in force is what has no entry" >&2; }
	fired=$((fired + $6))
	[ "$6" = 1 ]
}
for what in policy crl; do
	for call in write pwrite fsync fdatasync open link rename mkdir; do
		nth=0
		while nth=$((nth + 1)); do
			[ $all = all ] || [ $nth -le 6 ] || break
			try $call $nth "$([ $((nth % 2)) = 0 ] && echo ENOSPC || echo EIO)" $what || break
		done
	done
done
echo "  $fired faults: $kept times the old settings were kept, $stops clean stops, $crashes crashes"
check "faults fired" test $fired -gt 6
check "some were answered by keeping what was in force" test $kept -gt 2
check "none ended it without a word" test $crashes = 0
check "what has no entry was never in force" test $wrong = 0
stop_daemon "$dir"
check "it starts again" start_daemon "$dir"
check "with the policy of its folder" sh -c "[ \"\$('$valise' --json policy check policies | grep -o '\"digest\": *\"[0-9a-f]*' | sed 's/.*\"//')\" = '$(header Policy)' ]"
expect "the folder is whole" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
finish
