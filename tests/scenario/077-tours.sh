#!/bin/sh
# The tours in docs/tours, typed as they stand: each line that is indented, in one
# shell, by somebody who has nothing but the source.  "# exit N" behind a line is
# how it ends; "# yes" is what is typed where it asks.
. "$(dirname "$0")/lib.sh"
can_ask() { script -qec true /dev/null >/dev/null 2>&1; }
cat >work/type.sh <<'END'
# TOUR: type its lines; the number of those that ended as they should is told
cd "$top" || exit
typed=0
while IFS= read -r line <&3; do
	want=$(sed -n 's/.* # exit \([0-9]*\)$/\1/p' <<<"$line") got=0
	echo "\$ $line"
	case $line in
	*"# yes") echo yes | script -qec "${line%# yes}" /dev/null || got=$? ;;
	*) eval "$line" </dev/null || got=$? ;;
	esac
	if [ "$got" = "${want:-0}" ]; then typed=$((typed + 1)); else echo "FAILED: exit $got, not ${want:-0}: $line"; exit 1; fi
done 3<"$1"
echo "typed $typed"
END
export top
# TOUR [RULE…]: type it; then what it must have said is looked for in work/TOUR.said
tour() {
	sed -n 's/^    //p' "$top/docs/tours/$1.md" >"work/$1.typed"
	[ "$(wc -l <"work/$1.typed")" -gt 10 ] || not_ok "$1: there is nothing to type"
	bash work/type.sh "$dir/work/$1.typed" >"work/$1.said" 2>&1
	if grep -q "^typed $(wc -l <"work/$1.typed")\$" "work/$1.said"; then ok "$1: each line ends as the tour says"; else
		not_ok "$1: a line of the tour"; tail -n 15 "work/$1.said" >&2; fi
	"$top/demo" --stop "$dir/practice" >/dev/null; rm -rf "$dir/practice"
}
says() { check "$1: it says \"$2\"" grep -q -e "$2" "work/$1.said"; }

tour archivist
# What the text between the lines promises.
for said in "^to sign  *nothing" "reachable" "signed in part; 2 in force" "lao-iom-cooperation-2021-v2.asice: VALID, in force" "is newer" \
	"altered.asice: INVALID" "^+The Parties consult each other three times" "deposited mou/premises@1" \
	"iom-bangkok .*sent$" "the acknowledgement is from-vientiane.bag.ack" "^kit.zip: " "kept it in the outbox" \
	"sending mou/premises@2 first" "nothing has changed since mou/premises@2" "version 2, draft"; do says archivist "$said"; done
fingerprint=$(grep -A1 '^fingerprint' work/archivist.said | grep -o '[0-9a-f-]\{39\}' | tr '\n' '-')
grep -qx "${fingerprint%-}" work/archivist.said && ok "the fingerprint is the one that was read" || not_ok "$fingerprint is not in by-telephone.txt"
if can_ask; then
	tour signatory
	for said in "^to sign  *agreement/lao-iom-cooperation-2021@3, signed in part" "^full powers  *until 20" "^+The Parties consult each other three times" "version digest (read it on the telephone)" \
		"to sign  *1 of lao-pdr: minister@mofa.example" "signed agreement/lao-iom-cooperation-2021@3, .*it is in force" "signed.asice: VALID, in force" "kept it in the outbox" \
		"note-verbale/visit-2026@1, .*signed in part" "reason *Six months"; do says signatory "$said"; done
else echo "  skipped: the signatory's tour (there is no pseudo-terminal)"; fi

# Each command that a tour names in its text is one.
for tour in archivist signatory; do
	grep -o '`valise [a-z][a-z ]*' "$top/docs/tours/$tour.md" | cut -d' ' -f2 | sort -u | while read -r name; do
		"$valise" "$name" --help >/dev/null 2>&1 || echo "$tour.md names valise $name"
	done >work/unknown
	check "$tour.md names what there is: $(cat work/unknown)" test ! -s work/unknown
	check "README leads to it" grep -q "docs/tours/$tour.md" "$top/README.md"
done
finish
