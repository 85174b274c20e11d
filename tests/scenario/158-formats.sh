#!/bin/sh
# The commands in docs/formats.md and valise-policy(5) print the digests that the
# program reckons with: of policies, of sets of CRLs, of copies.  And every code that
# a program tells has its meaning in a table of formats.md.
. "$(dirname "$0")/lib.sh"
old=$top/tests/data/first
tar -xzf "$old/state.tar.gz"
sed -n '/^    find \. -type f/,/sha256sum$/p' "$top/docs/formats.md" >formats.sh
sed -n 's/^\.RI ( "\(find .*\)" )\.$/\1/p' "$top/docs/man/valise-policy.5.in" |
	sed 's/\\-/-/g; s/\\e/\\/g' >policy.sh
# ZIP COMMAND: the digest of what is in it
digest() {
	rm -rf open && mkdir open || return
	# unzip says 1 where a file is not as it expects: that is no error here.
	(cd open && unzip -qq "$1"; sh "../$2") | cut -c-64
}
# NAME WANT GOT
same() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1: $3, not $2"; fi; }
num=0
for zip in "$dir"/state/*/policies/*.zip "$dir"/state/*/crls/*.zip; do
	want=$(basename "$zip" .zip) num=$((num + 1))
	same "formats.md: ${zip##*/state/}" "$want" "$(digest "$zip" formats.sh)"
	case $zip in
	*/policies/*) same "valise-policy(5): the same" "$want" "$(digest "$zip" policy.sh)" ;;
	esac
done
[ "$num" -ge 2 ] && ok "there are both" || not_ok "$num files"
# What the newest receipt's entry says of all files together.
for copy in draft part force terminated; do
	got=$(digest "$old/$copy.asice" formats.sh)
	newest=$(find open/META-INF -name 'receipt-*.tlog-proof' | sed 's/.*receipt-//' | sort -n | tail -n 1)
	want=$(sed -n 's/^extra //p' "open/META-INF/receipt-$newest" | base64 -d |
		sed 's/.*"contents":"\([0-9a-f]*\)".*/\1/')
	same "formats.md: the contents of $copy" "$want" "$got"
done
# Words of that form that are no codes: variables of the environment, a type.
grep -rhoE --include='*.[ch]' '"[A-Z]+_[A-Z_]+[":]' "$top/lib" "$top/cli" "$top/daemon" |
	tr -d '":' | sort -u | grep -vE '^(VALISE_.*|SHA_CTX|NO_COLOR|HTTPS_PROXY|NO_PROXY|NOTIFY_SOCKET|WATCHDOG_USEC|GIT_PAGER|LC_ALL|LC_CTYPE|LC_MESSAGES|WAYLAND_DISPLAY|XDG_.*_HOME|XDG_RUNTIME_DIR)$' >codes
[ "$(wc -l <codes)" -gt 50 ] && ok "there are codes" || not_ok "$(wc -l <codes) codes"
while read -r code; do
	if grep -q "^[A-Z]*($code," "$top/lib/base/codes.def" || grep -q "\[ERROR_$code\]" "$top/lib/base/error.c"; then ok "$code"; else not_ok "$code is not in the table of codes"; fi
done <codes
# Nor has the manual a code that is in no program.
sed -n 's/^| `\([A-Z]*_[A-Z_]*\)` | .*/\1/p' "$top/docs/codes.md" | sort -u >told
while read -r code; do
	grep -q "^[A-Z]*($code," "$top/lib/base/codes.def" || not_ok "codes.md has $code, which no program tells"
done <told
[ "$(wc -l <told)" -gt 50 ] && ok "the manual's codes are the table's" || not_ok "$(wc -l <told) codes in codes.md"
finish
