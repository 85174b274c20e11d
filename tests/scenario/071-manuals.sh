#!/bin/sh
# The manuals: each page has the date of its last change and its examples first,
# and is clean for mandoc; examples are command lines that the program takes; and
# exit statuses have one table.
. "$(dirname "$0")/lib.sh"

# --- The pages. ---
pages="valise.1 valise-git-verify.1 valise-policy.5 valised.8"
for page in $(ls "$top/docs/man"); do
	case " $pages " in *" ${page%.in} "*) ok "$page is looked at" ;; *) not_ok "$page is not looked at" ;; esac
done
has_git() { [ "$(git -C "$top" rev-parse --is-shallow-repository 2>/dev/null)" = false ]; }
for page in $pages; do
	made=$VALISE_BUILD/$page
	date=$(sed -n 's/^\.TH [^ ]* [0-9] "\(20[0-9][0-9]-[01][0-9]-[0-3][0-9]\)" .*/\1/p' "$made")
	[ -n "$date" ] && ok "$page has a date" || not_ok "$page has no date in .TH"
	if has_git; then
		changed=$(git -C "$top" log -1 --format=%ad --date=format:%F -- "docs/man/$page.in")
		[ "$date" \< "$changed" ] && not_ok "$page was changed on $changed: write that into its .TH, not $date" || ok "it is that of its last change"
	fi
	check "$page has its examples before its description" sh -c \
		'[ "$(sed -n "s/^\.SH //p" "$1" | sed -n 3,4p | tr "\n" " ")" = "EXAMPLES DESCRIPTION " ] ||
		[ "$(sed -n "s/^\.SH //p" "$1" | sed -n 2,3p | tr "\n" " ")" = "EXAMPLES DESCRIPTION " ]' sh "$made"
	if ! command -v mandoc >/dev/null; then echo "  skipped: mandoc -Tlint $page (there is no mandoc)"; continue; fi
	mandoc -Tlint "$made" >work/lint 2>&1
	[ ! -s work/lint ] && ok "$page is clean for mandoc" || { not_ok "$page: mandoc -Tlint says"; head -n 5 work/lint >&2; }
done
command -v mandoc >/dev/null && expect "and is shown" 0 "push agreement/lao-iom-2021 --text lo=lo.pdf" sh -c 'mandoc -Tascii "$1" | col -b' sh "$VALISE_BUILD/valise.1"

# --- Examples. ---
# An argument that is wrong is told with "see valise … --help"; nothing is there to work on.
# A desk without a configuration waits for one: it ends by itself.
valise() {
	[ "$1" != desk ] || set -- "$@" --no-browser --idle 1s
	XDG_RUNTIME_DIR="$dir" "$valise" --config "$dir/none.yaml" "$@"
}
valised() { "$valised" --config "$dir/none.yaml" "$@"; }
# PROGRAM COMMAND: its example, a line each
example() { "$1" "$2" --help | sed -n '/^Example:/,/^$/s/^  \(.*\)/\1/p' | sed -e ':a' -e '/\\$/N; s/\\\n *//; ta'; }
mkdir -p there; cd there || exit
for program in "$valise" "$valised"; do
	name=$(basename "$program") num=0
	for command in $("$program" --help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'); do
		example "$program" "$command" >../work/example
		while read -r line; do
			num=$((num + 1))
			(eval "$line") >../work/told 2>&1 </dev/null
			if grep -q 'no such command\|--help")' ../work/told; then not_ok "an example: $line"; head -n 2 ../work/told >&2; else ok "$line"; fi
		done <../work/example
	done
	[ $num -gt 6 ] && ok "$name has examples" || not_ok "$name has $num examples"
done
cd "$dir" || exit
sed -n '/^\.nf/,/^\.fi/p' "$VALISE_BUILD/valise-policy.5" | sed -n '/^valise: 1/,/^\.fi/p' | sed '/^\./d; s/\\-/-/g' >work/agreement.yaml
check "the example of a policy is one" grep -q "^quorum: " work/agreement.yaml
make_daemon "$dir" >/dev/null && cp -r policies work/these
cp work/agreement.yaml work/these/
expect "which is good" 0 "" "$valise" policy check work/these

# --- README names each command, but for the one that shells call. ---
for command in $("$valise" --help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'); do
	[ "$command" = complete ] || check "README names $command" sh -c "sed -n '/^- .valise., the command/,/^- For/p' '$top/README.md' | grep -q '\`$command\`'"
done

# --- Exit statuses. ---
# kind, exit, meaning, as error.c has them
python3 - "$top/lib/base/error.c" >work/kinds <<'END'
import re, sys
text = open(sys.argv[1]).read()
for m in re.finditer(r'\{ "([A-Z_]+)",\s*"[^"]*",\s*(\d+),\s*\d+,((?:\s*"[^"]*")+) \}', text):
	print(m.group(1), m.group(2), ''.join(re.findall(r'"([^"]*)"', m.group(3))), sep='|')
END
[ "$(wc -l <work/kinds)" = 10 ] && ok "there are ten" || not_ok "$(wc -l <work/kinds) exit statuses in error.c"
"$valise" --help >work/help; "$valised" --help >work/helpd
for page in valise.1 valised.8; do
	# "0 T{" and lines up to "T}"
	sed -n '/^\.SH EXIT STATUS/,/^\.TE/p' "$VALISE_BUILD/$page" | tr '\n\t' '  ' | sed 's/T} /\n/g' |
		sed -n 's/.*\([0-9][0-9]*\) T{ \(.*\) $/\1|\2/p' >"work/$page"
	cut -d'|' -f2- work/kinds | cmp -s - "work/$page" && ok "$page tells each" || { not_ok "$page differs from the code"; diff work/kinds "work/$page" >&2; }
done
while IFS='|' read -r kind status meaning; do
	[ "$kind" = OK ] || check "formats.md tells $kind" grep -qxF "| \`$kind\` | $status | $meaning |" "$top/docs/formats.md"
	for help in work/help work/helpd; do
		sed -n '/^Exit status:/,$p' $help | tr '\n' ' ' | sed 's/  */ /g' | grep -qF " $status $meaning" &&
			ok "--help tells $status" || not_ok "$help does not tell $status as $meaning"
	done
done <work/kinds
finish
