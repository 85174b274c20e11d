#!/bin/sh
# What people are used to from other commands: where files are, letters of options,
# colours, editors that begin a file with a byte order mark.
. "$(dirname "$0")/lib.sh"
mark='\357\273\277'
# FILE…: with a byte order mark before it
marked() { for file; do { printf "$mark"; cat "$file"; } >work/marked && cp work/marked "$file"; done; }

# --- A byte order mark. ---
make_daemon "$dir"; marked valised.yaml
check "the daemon reads over a byte order mark" start_daemon "$dir"
enrol "$dir" mofa >/dev/null
marked offices/mofa/config.yaml
deposit mofa one >/dev/null
expect "so does the command" 0 "agreement/one" at mofa list
marked offices/mofa/config.yaml
expect "over one" 8 "config.yaml:1:1: a byte order mark" at mofa list
tail -c +7 offices/mofa/config.yaml >work/c && cp work/c offices/mofa/config.yaml
cp -R policies work/policies; marked work/policies/agreement.yaml
expect "but not in a policy" 8 "agreement.yaml: a byte order mark" "$valise" policy check work/policies
cp enrolment.yaml work/e.yaml; marked work/e.yaml
expect "nor in an enrolment" 8 "a byte order mark" "$valise" --config work/c.yaml init work/e.yaml --cert offices/mofa/cert.pem --key offices/mofa/key.pem
printf -- '- {document: agreement/b, title: {en: B}, texts: {en: en.txt, lo: lo.txt}}\n' >work/batch.yaml; marked work/batch.yaml
expect "nor in a list to deposit" 8 "a byte order mark" at mofa push --batch work/batch.yaml

# --- Where configuration and state are. ---
home=$dir/work/home
# VARIABLE…: the command with only these set
bare() { env -u XDG_CONFIG_HOME -u XDG_STATE_HOME -u HOME "$@"; }
keys="--cert $dir/offices/mofa/cert.pem --key $dir/offices/mofa/key.pem"
# shellcheck disable=SC2086
enrols() { bare "$@" "$valise" init "$dir/enrolment.yaml" $keys --yes; }
anew() { rm -rf "$home"; mkdir -p "$home"; }
anew
expect "no HOME: no folder is guessed at" 2 "HOME is not set, so there is no ~/.config/valise: set HOME or XDG_CONFIG_HOME, or" bare "$valise" list
expect "nor for an office that is made" 2 "HOME is not set" enrols
expect "nor a state" 2 "HOME is not set, so there is no ~/.local/state/valise: set HOME or XDG_STATE_HOME, or" enrols XDG_CONFIG_HOME="$home/c"
expect "a HOME that is no path" 2 "HOME is no absolute path" bare HOME=home "$valise" list
expect "help needs no HOME" 0 "^usage" bare "$valise" list --help
expect "nor does a policy's check" 0 "policies" bare "$valise" policy check policies
expect "nor one that is told where things are" 0 "agreement/one" bare VALISE_CONFIG=offices/mofa/config.yaml "$valise" list
expect "the home folder, without XDG" 0 "enrolled" enrols HOME="$home"
check "has the configuration" test -f "$home/.config/valise/config.yaml"
check "and the state" test -d "$home/.local/state/valise"
grep -v '^state:' "$home/.config/valise/config.yaml" >work/c; cp work/c "$home/.config/valise/config.yaml"
expect "both are found" 0 "agreement/one" bare HOME="$home" "$valise" list
check "with no word" sh -c '! grep -q "is used" work/out'
expect "a relative XDG is ignored" 0 "agreement/one" bare HOME="$home" XDG_CONFIG_HOME=c XDG_STATE_HOME=s "$valise" list
check "without a word" sh -c '! grep -q "is used" work/out'
expect "an empty one too" 0 "agreement/one" bare HOME="$home" XDG_CONFIG_HOME= XDG_STATE_HOME= "$valise" list
old() { bare HOME="$home" XDG_CONFIG_HOME="$home/c" XDG_STATE_HOME="$home/s" "$valise" "$@"; }
expect "a folder that XDG names and that is absent: the old one" 0 "agreement/one" old list
old_said() { grep -q "$home/.config/valise is used, since there is no $home/c/valise, which XDG_CONFIG_HOME" work/said && grep -q "$home/.local/state/valise is used, since there is no $home/s/valise" work/said; }
cp work/out work/said
check "with a word of each" old_said
expect "is used again" 0 "agreement/one" old list
check "with the word said once" sh -c '! grep -q "is used" work/out'
check "and no folder made" test ! -e "$home/c" -a ! -e "$home/s"
mkdir -p "$home/s/valise"
expect "two states" 2 "there are two: $home/s/valise, which XDG_STATE_HOME names, and $home/.local/state/valise: .*state:" old list
echo "state: $home/.local/state/valise" >>"$home/.config/valise/config.yaml"
expect "of which the configuration names one" 0 "agreement/one" old list
mkdir -p "$home/c/valise"
expect "two configurations" 2 "there are two: $home/c/valise, which XDG_CONFIG_HOME names, and $home/.config/valise: .*--config" old list
expect "where none is made either" 2 "there are two" old init enrolment.yaml --cert x --key y
expect "of which one is named" 0 "agreement/one" old --config "$home/.config/valise/config.yaml" list
rmdir "$home/c/valise"; ln -s "$home/.config/valise" "$home/c/valise"
expect "two names of one folder are not two" 0 "agreement/one" old list
anew; mkdir -p "$home/.local/state/valise" "$home/s/valise"
expect "an office that is made says which of two states" 2 "there are two: .*init --state" enrols HOME="$home" XDG_STATE_HOME="$home/s"
anew
expect "where neither is, XDG's" 0 "enrolled" enrols HOME="$home" XDG_CONFIG_HOME="$home/c" XDG_STATE_HOME="$home/s"
check "has the configuration" test -f "$home/c/valise/config.yaml" -a ! -e "$home/.config"
check "and the state" test -d "$home/s/valise" -a ! -e "$home/.local"
check "for their owner alone" test "$(stat -c %a "$home/c/valise" "$home/s/valise" | sort -u)" = 700
expect "they are found without a HOME" 0 "agreement/one" bare XDG_CONFIG_HOME="$home/c" "$valise" list
expect "the witness's unit follows" 0 "^ReadWritePaths=.*-%S/valise" cat "$top/cli/systemd/valise-witness.service"

# --- Colours. ---
at mofa fetch agreement/one -o work/one.asice >/dev/null
printf 'PK' >work/cut.asice
esc=$(printf '\033')
# [VARIABLE=…] COMMAND…: as the shell reads it, on a terminal
on_terminal() { script -qec "env -u NO_COLOR TERM=xterm $* " /dev/null; }
if script -qec true /dev/null >/dev/null 2>&1; then
verify="'$valise' --config offices/mofa/config.yaml verify work/one.asice"
expect "a verdict has a colour, and its word" 0 ": $esc\[1;32mVALID$esc\[0m, draft" on_terminal "$verify"
expect "another one another" 1 ": $esc\[1;31mINVALID$esc\[0m" on_terminal "$verify work/cut.asice"
expect "what cannot be judged too" 1 ": $esc\[1;33mINDETERMINATE$esc\[0m" on_terminal "'$valise' verify --enrolment enrolment.yaml work/one.asice"
for i in $(seq 70); do ln -s one.asice "work/$i.asice"; done
expect "so do many" 0 "70.asice: $esc\[1;32mVALID$esc\[0m" on_terminal "$verify work/[0-9]*.asice"
rm work/[0-9]*.asice
expect "and a copy that is fetched" 0 "$esc\[1;32mVALID$esc\[0m" on_terminal "'$valise' --config offices/mofa/config.yaml fetch agreement/one -o work/two.asice"
enrol "$dir" iom-bangkok >/dev/null
at mofa bag pack agreement/one -o work/one.bag --to iom-bangkok >/dev/null
expect "and what is in a bag" 0 "agreement/one@1  $esc\[1;32mVALID$esc\[0m" on_terminal "'$valise' --config offices/iom-bangkok/config.yaml bag open work/one.bag --into work/copy"
plain() { shift; ! grep -q "$esc" work/out; }
for how in NO_COLOR=1 TERM=dumb TERM= "-u TERM"; do
	expect "the word alone with $how" 0 ": VALID, draft" on_terminal "env $how $verify"
	check "and no colour with it" plain "$how"
done
expect "an empty NO_COLOR is none" 0 "$esc\[1;32mVALID" on_terminal "NO_COLOR= $verify"
expect "JSON" 0 '"outcome":"VALID"' on_terminal "'$valise' --json --config offices/mofa/config.yaml verify work/one.asice"
check "has no colour" plain json
expect "nor what is no terminal" 0 ": VALID, draft" env TERM=xterm "$valise" --config offices/mofa/config.yaml verify work/one.asice
check "has none" plain pipe
else echo "  skipped: colours (there is no pseudo-terminal)"; fi

# --- Two copies that are files. ---
# As expect, and what was said stays for "check … work/said".
said() { expect "$@"; cp work/out work/said; }
printf 'Article 1\nArticle 2\n' >work/en2.txt; printf 'map\n' >work/map.txt
at mofa push agreement/one --text lo=work/lo.txt --text en=work/en2.txt --as en.txt --annex work/map.txt --title "en=The other one" --note "now with a map" >/dev/null
at mofa fetch agreement/one@1 -o work/v1.asice >/dev/null; at mofa fetch agreement/one@2 -o work/v2.asice >/dev/null
stop_daemon "$dir"
nobody() { env -u HOME -u VALISE_CONFIG "$valise" "$@"; }
lawyer() { nobody "$@" --enrolment enrolment.yaml --policy policies --crls "$(echo offices/mofa/state/*/crls)"; }
rows() { # WHO COMMAND…
	who=$1; shift
	for what in "^+Article 2" "^-title (en): The one" "^+title (en): The other one" "^+note: now with a map" "^+map" "^+++ texts/en/en.txt" \
		"^work/v1.asice: VALID" "^work/v2.asice: VALID"; do
		said "$who is told $what" 0 "$what" "$@"
	done
	check "and of no text that is the same" sh -c '! grep -q "texts/lo" work/said'
}
rows "an office, without a line," at mofa diff work/v1.asice work/v2.asice
rows "who has no office" lawyer diff work/v1.asice work/v2.asice
expect "and by which enrolment" 0 "^by the enrolment with fingerprint" lawyer diff work/v1.asice work/v2.asice
expect "by word" 0 "^{+Article 2+}" at mofa diff --words work/v1.asice work/v2.asice
expect "a copy beside itself" 0 "^they do not differ" at mofa diff work/v1.asice work/v1.asice
said "without policies no verdict is said" 1 "^work/v1.asice: INDETERMINATE" nobody diff work/v1.asice work/v2.asice --enrolment enrolment.yaml
check "but the difference is" grep -q "^+Article 2" work/said
said "with nothing to judge by they are compared" 1 "^+Article 2" nobody diff work/v1.asice work/v2.asice
check "and said not to be judged" grep -q "^work/v1.asice: not judged" work/said
expect "a pipe" 0 "^+Article 2" sh -c "'$valise' --config offices/mofa/config.yaml diff - work/v2.asice <work/v1.asice"
# FROM TO: with another text in it, and its checksum
python3 - work/v1.asice work/bad.asice <<'END'
import sys, zlib
old, new = b'Article 1\n', b'Article 9\n'
data = open(sys.argv[1], 'rb').read()
assert data.count(old) == 1
for a, b in (old, new), *[((zlib.crc32(old)).to_bytes(4, 'little'), (zlib.crc32(new)).to_bytes(4, 'little'))]:
    data = data.replace(a, b)
open(sys.argv[2], 'wb').write(data)
END
said "a text that was replaced" 1 "^+Article 9" at mofa diff work/v1.asice work/bad.asice
check "is told by the verdict" grep -q "^work/bad.asice: INVALID" work/said
expect "and without one" 1 "texts/en/en.txt: is not what version.yaml says" nobody diff work/v1.asice work/bad.asice
(mkdir work/again && cd work/again && unzip -q ../v2.asice && zip -qr ../again.asice .)
expect "one that was zipped again" 1 "^+Article 2" nobody diff work/v1.asice work/again.asice
expect "a file that is not there" 4 "none.asice: no such file" at mofa diff work/v1.asice work/none.asice
expect "one that is no copy" 1 "cut.asice: INVALID" at mofa diff work/v1.asice work/cut.asice
expect "nor for who has no office" 8 "cut.asice: " nobody diff work/v1.asice work/cut.asice
expect "a file and a version of the record" 2 "fetch the version first" at mofa diff work/v1.asice agreement/one@2
expect "an enrolment is for files" 2 "goes with two files" at mofa diff agreement/one@1 agreement/one@2 --enrolment enrolment.yaml
start_daemon "$dir"

finish
