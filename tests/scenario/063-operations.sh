#!/bin/sh
# What an operator is given beside the programs: the log's events in
# docs/operations.md are those of the source; the source archive is the same each
# time; the list of what is linked (SPDX) has every library.
. "$(dirname "$0")/lib.sh"
done_with() { echo "$(basename "$0" .sh): $passed passed, $failed failed"; [ $failed = 0 ]; exit; }

# --- The log's events. ---
grep -rhoE 'log_(info|warning|error|gather)\("[a-z_-]+"|event=[a-z_-]+' "$top/daemon" --include='*.c' |
	sed 's/.*("\(.*\)"/\1/; s/event=//' | sort -u >work/logged
sed -n '/^## The log/,/^## /p' "$top/docs/operations.md" | sed -n 's/^| \(`[a-z_-]*`\(, `[a-z_-]*`\)*\) |.*/\1/p' |
	grep -o '[a-z_-]*' | sort -u | grep -vx event >work/told
check "the source's events are found" test "$(wc -l <work/logged)" -gt 20
missing=$(grep -vxFf work/told work/logged | tr '\n' ' ')
[ -z "$missing" ] && ok "each event of the log is in the manual" || not_ok "not in the manual, \"The log\": $missing"
missing=$(grep -vxFf work/logged work/told | tr '\n' ' ')
[ -z "$missing" ] && ok "and no other" || not_ok "in the manual's \"The log\", but never logged: $missing"

# --- The recipes. ---
awk '/<!-- recipe: /{ in_one = 1 } /<!-- end/{ in_one = 0 } /^    / && !in_one' "$top/docs/operations.md" >work/bare
check "what is typed is in a recipe: $(head -n 1 work/bare)" test ! -s work/bare
for name in $(sed -n 's/<!-- recipe: \(.*\) -->/\1/p' "$top/docs/operations.md"); do
	check "a scenario runs the recipe $name" grep -Eq "(recipe:?|machine_recipe|stolen) $name( |\$|\"|\))" "$top"/tests/scenario/*.sh "$top/tests/lib/machine.sh"
done

# --- What is linked. ---
check "the programs are installed" sh -c 'DESTDIR="$1" meson install -C "$2" --no-rebuild' sh "$dir/there" "$VALISE_BUILD"
sbom=$(find there -name valise.spdx.json)
check "with a list of what they are linked with" python3 - "$sbom" <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
assert d['spdxVersion'] == 'SPDX-2.3' and d['dataLicense'] == 'CC0-1.0' and d['SPDXID'] == 'SPDXRef-DOCUMENT'
assert d['name'] and d['documentNamespace'].startswith('https://') and d['creationInfo']['creators']
ids = [p['SPDXID'] for p in d['packages']]
assert len(ids) == len(set(ids))
for p in d['packages']:
	for field in 'name', 'versionInfo', 'downloadLocation', 'licenseConcluded', 'licenseDeclared', 'copyrightText':
		assert p[field], (p, field)
for r in d['relationships']:
	assert r['relatedSpdxElement'] in ids and r['spdxElementId'] in ids + ['SPDXRef-DOCUMENT'], r
versions = {p['comment']: p['versionInfo'] for p in d['packages']}
assert any('libssl' in c and v != 'NOASSERTION' for c, v in versions.items()), versions
END
for program in $(find there -path '*bin/valise*' -o -name 'valise-*.so'); do
	ldd "$program" | sed -n 's/^[[:space:]]*\([^ ]*\) => \/.*/\1/p' | grep -v 'lib[atu]*san' >work/sonames
	while read -r soname; do
		grep -q "\"comment\": \".*$soname[\",]" "$sbom" && ok "$soname" || not_ok "$program: $soname is not in the list"
	done <work/sonames
done
check "what is linked statically, too" grep -q '"STATIC_LINK"' "$sbom"

# --- The source archive. ---
git -C "$top" rev-parse -q --verify HEAD >/dev/null 2>&1 || { echo "  skipped: the source archive (it is made of a commit)"; done_with; }
archive() { meson dist -C "$VALISE_BUILD" --no-tests --allow-dirty && cp "$VALISE_BUILD"/meson-dist/*.tar.xz "work/$1" && rm -rf "$VALISE_BUILD/meson-dist"; }
check "the source archive is made" archive first.tar.xz
# Who has another umask gets the same.
check "and again" sh -c 'umask 077; meson dist -C "$1" --no-tests --allow-dirty && cp "$1"/meson-dist/*.tar.xz work/second.tar.xz && rm -rf "$1/meson-dist"' sh "$VALISE_BUILD"
check "with the same bytes" cmp work/first.tar.xz work/second.tar.xz
git -C "$top" ls-tree -r --name-only -z HEAD | tr '\0' '\n' | sort >work/committed
tar -tf work/first.tar.xz | grep -v '/$' | sed 's|^[^/]*/||' | sort >work/packed
check "it has what is committed, and no more" cmp work/committed work/packed
done_with
