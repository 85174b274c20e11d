#!/bin/sh
# What "push" looks at before it signs: a deposit cannot be undone.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa >/dev/null
push() { at mofa push agreement/one --title en=One --text lo=work/lo.txt "$@"; }
none() { at mofa list | grep -q agreement/one && not_ok "$1" || ok "$1"; }

: >work/empty.txt
expect "an empty file" 2 "empty.txt: it is empty; --allow-empty" push --text en=work/empty.txt
printf 'hello\n' >work/hello.pdf
expect "a PDF that is none" 2 "it is not a PDF.*--allow ending" push --text en=work/hello.pdf
printf '%%PDF-1.4\n' >work/paper.txt
expect "a PDF that is called a text" 2 "it is not a text" push --text en=work/paper.txt
for ending in docx odt png jpg gif webp; do
	printf 'nothing\n' >"work/x.$ending"
	expect "a .$ending that is none" 2 "which its name says it is" push --text en=work/en.txt --annex "work/x.$ending"
done
printf '%%PDF-1.7\n' >work/y.pdf
# The policy takes no images; what they are is looked at before.
printf '\211PNG\r\n\032\n' >work/y.PNG; printf 'PK\003\004\377' >work/y.docx; printf 'RIFF....WEBPVP8 \377' >work/y.webp
for file in y.PNG y.docx y.webp; do
	expect "$file is what it says" 3 "media: application/octet-stream" push --text en=work/en.txt --annex "work/$file"
done
expect "two authentic texts of one language" 2 "two authentic texts of one" push --text en=work/en.txt --text lo=work/hello.pdf --as other.txt
none "nothing was deposited of these"
expect "only an ending can be allowed" 2 "only .ending." push --text en=work/en.txt --allow anything
expect "a dry run tells what it would be" 0 "agreement/one@1, its first version" push --text en=work/en.txt --annex work/y.pdf --note "A note" --dry-run
check "each file of it" sh -c "'$valise' --config offices/mofa/config.yaml push agreement/one --title en=One --text lo=work/lo.txt --text en=work/en.txt --dry-run | grep -q 'texts/lo/lo.txt, 18 bytes, text/plain, authentic'"
expect "a dry run of who may not deposit it is refused" 3 "mofa may not deposit treaty/one (policies/treaty.yaml: no such type of document)" at mofa push treaty/one --title en=One --text en=work/en.txt --dry-run
expect "so it is without a line" 3 "mofa may not deposit treaty/one" at mofa --local push treaty/one --title en=One --text en=work/en.txt --dry-run
expect "and as JSON" 0 '"dry-run":true,.*"version":1' at mofa --json push agreement/one --title en=One --text lo=work/lo.txt --text en=work/en.txt --dry-run
expect "with version.yaml as it would be" 0 '"yaml":"valise: 1.*version: 1.n.*sha256' at mofa --json push agreement/one --title en=One --text lo=work/lo.txt --text en=work/en.txt --dry-run
none "a dry run deposits nothing"

# --- Names.
printf 'x\n' >'work/a:b?.txt'
expect "a name that cannot be is shown, with one that would do" 8 'a\[:\]b\[?\].txt: --as "a-b-.txt" would do' push --text en=work/en.txt --annex 'work/a:b?.txt'
expect "which does" 0 "annexes/a-b-.txt" push --text en=work/en.txt --annex 'work/a:b?.txt' --as a-b-.txt --dry-run
expect "a name for what comes before it" 2 "goes behind the --text" at mofa push agreement/one --title en=One --as x.txt --text lo=work/lo.txt --text en=work/en.txt
expect "two names for one file" 2 "it has a name already" push --text en=work/en.txt --as a.txt --as b.txt
# "é" as e and a combining accent, as macOS has it.
nfd=$(printf 'caf\145\314\201.txt') nfc=$(printf 'caf\303\251.txt')
printf 'x\n' >"work/$nfd"
expect "a decomposed name is composed, and that is told" 0 "is deposited in the composed form" push --text en=work/en.txt --annex "work/$nfd" --dry-run
check "so it is in the version" sh -c "'$valise' --config offices/mofa/config.yaml push agreement/one --title en=One --text lo=work/lo.txt --text en=work/en.txt --annex 'work/$nfd' --dry-run 2>/dev/null | grep -q 'annexes/$nfc'"
mkdir work/other; printf 'x\n' >"work/other/$nfc"
expect "two files that become one name" 2 "two files would be" push --text en=work/en.txt --annex "work/$nfd" --annex "work/other/$nfc" --dry-run
expect "a title too" 0 "the title is deposited in the composed form" at mofa push agreement/one --title "en=$nfd" --text lo=work/lo.txt --text en=work/en.txt --dry-run
expect "and a note" 0 "the note is deposited in the composed form" push --text en=work/en.txt --note "$nfd" --dry-run

# --- Asking.
if script -qec true /dev/null >/dev/null 2>&1; then
	ask() { printf '%s\n' "$1" | script -qec "'$valise' --config offices/mofa/config.yaml push agreement/one --title en=One --text lo=work/lo.txt --text en=work/en.txt" /dev/null; }
	expect "at a terminal it asks" 2 "cannot be taken back. Deposit it? Type .yes.*" ask no
	none "no is no"
	check "with --yes it does not" sh -c "printf '' | script -qec \"'$valise' --config offices/mofa/config.yaml push agreement/two --title en=Two --text lo=work/lo.txt --text en=work/en.txt --yes\" /dev/null | grep -v Type | grep -q 'agreement/two@1'"
	ask yes >/dev/null
	expect "but not of what is there already" 0 "nothing has changed since agreement/one@" ask no
	check "yes is yes" sh -c "'$valise' --config offices/mofa/config.yaml list | grep -q agreement/one"
	printf -- '- {document: agreement/b-%s, title: {en: B}, texts: {lo: lo.txt, en: en.txt}}\n' 1 2 >work/batch.yaml
	ask_all() { printf '%s\n' "$1" | script -qec "'$valise' --config offices/mofa/config.yaml ${2:-} push --batch work/batch.yaml ${3:-}" /dev/null; }
	expect "a list is asked once for all" 2 "2 versions are signed with your key.*Deposit them" ask_all no
	check "and no is no" sh -c "! '$valise' --config offices/mofa/config.yaml list | grep -q agreement/b-"
	ask_all yes >work/batch.out; check "yes is all of it" sh -c "test \$(grep -c 'deposited agreement/b-' work/batch.out) = 2 -a \$(grep -c 'Deposit them' work/batch.out) = 1"
	sed -i 's/b-/c-/' work/batch.yaml; ask_all "" "" --yes >work/batch.out
	check "with --yes a list is not asked for" sh -c "test \$(grep -c 'deposited agreement/c-' work/batch.out) = 2 && ! grep -q Type work/batch.out"
	sed -i 's/c-/d-/' work/batch.yaml; ask_all "" --json >work/batch.out
	check "nor with --json" sh -c "test \$(grep -c '\"result\":\"deposited\"' work/batch.out) = 2 && ! grep -q Type work/batch.out"
	check "one version neither" sh -c "printf '' | script -qec \"'$valise' --config offices/mofa/config.yaml --json push agreement/with-json --title en=J --text lo=work/lo.txt --text en=work/en.txt\" /dev/null | grep -v Type | grep -q '\"result\":\"deposited\"'"
else
	echo "skipped: nobody has script(1): questions at a terminal"
fi
expect "without a terminal it goes on" 0 "agreement/three@1" at mofa push agreement/three --title en=Three --text lo=work/lo.txt --text en=work/en.txt
expect "what is surely meant: empty" 0 "agreement/four@1" at mofa push agreement/four --title en=4 --text lo=work/lo.txt --text en=work/empty.txt --allow-empty
expect "and an ending" 0 "agreement/five@1" at mofa push agreement/five --title en=5 --text lo=work/lo.txt --text en=work/paper.txt --allow ending
finish
