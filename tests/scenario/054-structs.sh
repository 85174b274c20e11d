#!/bin/sh
# No struct is over 64 KiB: what may be long is a list that grows (base/list.h).
. "$(dirname "$0")/lib.sh"
done_with() { echo "$(basename "$0" .sh): $passed passed, $failed failed"; [ $failed = 0 ]; exit; }
for tool in readelf python3; do
	command -v $tool >/dev/null || { echo "  skipped: the sizes of structs ($tool is not there)"; done_with; }
done
structs() { python3 "$top/tests/lib/structs.py" 65536 "$@"; }
# Built by itself: its size is known.
built() {
	printf 'struct known { char bytes[%s]; } one;\n' "$1" >work/known.c
	cc "$2" -c -o work/known.o work/known.c
}
ends_with() { want=$1; shift; "$@"; [ $? = "$want" ]; }
built 65537 -g
expect "one byte more is told" 1 "65537 known work/known.o" structs work/known.o
built 65536 -g
check "64 KiB are not" structs work/known.o
built 65537 -g0
check "files without DWARF say nothing" ends_with 2 structs work/known.o
find "$VALISE_BUILD" -name '*.o' >work/objects
# shellcheck disable=SC2046 # names of a build folder
large=$(structs $(cat work/objects)); status=$?
if [ $status = 2 ]; then echo "  skipped: the sizes of our structs (built without -g)"
elif [ $status = 0 ]; then ok "no struct is over 64 KiB"
else not_ok "no struct is over 64 KiB" "$large"; fi
done_with
