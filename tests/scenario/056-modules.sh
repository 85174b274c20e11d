#!/bin/sh
# Libraries that few commands need are loaded by those alone: from the build
# folder, from where they were installed; a missing one gives a clear error.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-geneva >/dev/null || not_ok "enrolment"
deposit mofa one >/dev/null || not_ok "a deposit"
at mofa fetch agreement/one -o work/one.asice >/dev/null || not_ok "a copy"
check "a local copy" at mofa pull work/copy

# PATTERN EXIT ARGUMENTS…: does this load a library whose name has PATTERN?
loads() {
	pattern=$1; shift
	LD_DEBUG=files "$@" 2>&1 >/dev/null </dev/null | grep -q "calling init: .*$pattern"
}
mofa="$valise --config offices/mofa/config.yaml"
not() { ! "$@"; }
for what in libcurl libgit2; do
	# shellcheck disable=SC2086
	for words in --version --help "push --help" "verify work/one.asice" "--local list" "--local show agreement/one"; do
		check "valise $words does not load $what" not loads $what $mofa $words
	done
done
check "what asks the daemon loads libcurl" loads libcurl $mofa list
check "and not libgit2" not loads libgit2 $mofa list
check "pull loads libgit2" loads libgit2 $mofa pull
printf 'Article 2\n' >work/two.txt
deposit mofa one 'Article 2' >/dev/null || not_ok "a second version"
check "so does diff" loads libgit2 $mofa diff agreement/one@1 agreement/one@2
loads libcrypto $mofa --version && ok "the control: libcrypto is seen" || not_ok "the control: libcrypto is seen"

# As it is installed, moved as a whole.
check "it installs" meson install -C "$VALISE_BUILD" --no-rebuild --quiet --destdir "$dir/root"
installed=$(find root -name valise -type f -path '*/bin/*')
remote=$(find root -name valise-remote.so) git=$(find root -name valise-git.so)
check "with its modules" test -n "$installed" -a -n "$remote" -a -n "$git"
expect "the installed one finds its modules" 0 "agreement/one" "$installed" --config offices/mofa/config.yaml list
loads "$dir/root.*valise-remote.so" "$installed" --config offices/mofa/config.yaml list && ok "those that came with it" || not_ok "those that came with it"
mkdir linked; ln -s "$dir/$installed" linked/valise
expect "so does a link to it" 0 "agreement/one" linked/valise --config offices/mofa/config.yaml list

chmod o+w "$remote"
expect "one that anybody could have written is not loaded" 7 "another user could have written" "$installed" --config offices/mofa/config.yaml list
chmod o-w "$remote"
mv "$remote" work/kept.so; cp "$git" "$remote"
expect "one with another table is not taken" 7 "of another version" "$installed" --config offices/mofa/config.yaml list
echo nothing >"$remote"
expect "one that is no module is told" 7 "does not load" "$installed" --config offices/mofa/config.yaml list
rm "$remote" "$git"
expect "one that is missing is told" 7 "needs valise-remote.so" "$installed" --config offices/mofa/config.yaml list
expect "in JSON too" 7 '"code":"MODULE_MISSING"' "$installed" --config offices/mofa/config.yaml --json list
mv work/kept.so "$remote"
expect "pull needs the other" 7 "needs valise-git.so" "$installed" --config offices/mofa/config.yaml pull
expect "nothing else does" 0 "agreement/one" "$installed" --config offices/mofa/config.yaml show agreement/one
rm "$remote"
for words in --version "verify work/one.asice" "--local list"; do
	# shellcheck disable=SC2086
	check "without any, valise $words works" "$installed" --config offices/mofa/config.yaml $words
done
finish
