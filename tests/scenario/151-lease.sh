#!/bin/sh
# The model of two daemons on one PostgreSQL (docs/model): with all rules nothing
# breaks, without each of them what docs/model/README.md tells.  What breaks is tried
# in full, and what does not with two sizes; with VALISE_MODEL=all (./test model) with
# all three.
. "$(dirname "$0")/lib.sh"
done_with() { echo "$(basename "$0" .sh): $passed passed, $failed failed"; [ $failed = 0 ]; exit; }
for program in spin gcc; do
	command -v $program >/dev/null || { echo "  skipped: the model of two daemons ($program is not there)"; done_with; }
done
quick=--quick
[ "${VALISE_MODEL:-}" != all ] || quick=
# Fewer sizes have fewer states.
same() { if [ -n "$quick" ]; then sed 's/ nothing | [0-9.e+]* |$/ nothing |/'; else cat; fi; }
sed -n '/<!-- runs -->/,/<!-- end -->/p' "$top/docs/model/README.md" | sed '1d;$d' | same >work/told
"$top/docs/model/run" $quick 2>work/wrong | same >work/found
for run in $("$top/docs/model/run" --list); do
	row=$(grep -e "^| \[\{0,1\}$run[]]\{0,1\}[ (]" work/found)
	[ -n "$row" ] && ! grep -e "^$run:" work/wrong >&2 && ok "$run: $row" || not_ok "$run finds what is expected of it"
done
check "it says no more than that" test ! -s work/wrong
expect "a run that finds nothing though it should is told" 1 "size: property 0 breaks (0: none), not 3" \
	env VALISE_MODEL_OPTIONS=-DONLY=1 "$top/docs/model/run" size
version=$(sed -n 's/^Spin \([0-9.]*[0-9]\)\. .*/\1/p' "$top/docs/model/README.md")
case $(spin -V) in
*"Version $version "*) check "docs/model/README.md tells this very thing: docs/model/run $quick" diff work/told work/found ;;
*) echo "  skipped: what the README tells (it was made with Spin $version)" ;;
esac
done_with
