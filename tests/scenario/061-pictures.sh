#!/bin/sh
# The pictures in docs are what their text sources say.
. "$(dirname "$0")/lib.sh"
done_with() { echo "$(basename "$0" .sh): $passed passed, $failed failed"; [ $failed = 0 ]; exit; }
command -v python3 >/dev/null || { echo "  skipped: the pictures (python3 is not there)"; done_with; }
for source in "$top"/docs/*.picture; do
	picture=$(basename "$source" .picture)
	check "$picture is drawn" sh -c "'$top/docs/draw' '$source' >work/$picture.svg"
	check "$picture.svg is up to date: docs/draw docs/$picture.picture >docs/$picture.svg" cmp "work/$picture.svg" "$top/docs/$picture.svg"
	check "$picture.svg is XML" xmllint --noout "$top/docs/$picture.svg"
	check "a document shows it" grep -q "]($picture.svg)" "$top/docs/$picture.md"
done
printf 'oval 1 2\n' >work/wrong
expect "a word that it does not know" 1 "line 1: there is no word oval" "$top/docs/draw" work/wrong
done_with
