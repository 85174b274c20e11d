#!/bin/sh
# The pictures in docs are those that their text sources make.
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
for curves in performance scale; do
	check "the curves of $curves are drawn" sh -c "'$top/docs/plot' '$top/docs/$curves.figures' >work/$curves.svg"
	check "$curves.svg is up to date: docs/plot docs/$curves.figures >docs/$curves.svg" cmp "work/$curves.svg" "$top/docs/$curves.svg"
	check "$curves.svg is XML" xmllint --noout "$top/docs/$curves.svg"
	"$top/docs/plot" --table "$top/docs/$curves.figures" >work/table
	sed -n '/<!-- curves -->/,/<!-- end -->/p' "$top/docs/$curves.md" | grep '^|' >work/told
	check "their table is: docs/plot --table docs/$curves.figures" cmp work/table work/told
done
printf 'columns documents start(s)\n1 2 3\n' >work/figures
expect "a row of figures that are too many" 1 "a row has 3 figures, not 2" "$top/docs/plot" work/figures
printf 'oval 1 2\n' >work/wrong
expect "a word that it does not know" 1 "line 1: there is no word oval" "$top/docs/draw" work/wrong
done_with
