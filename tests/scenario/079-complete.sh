#!/bin/sh
# What Tab offers, in bash, zsh and fish: by the table of options and by what this
# office keeps; quickly, without a line, and without running what a name says.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-geneva >/dev/null
deposit mofa one >/dev/null; deposit mofa two >/dev/null; deposit mofa other >/dev/null
offers() { office=$1; shift; at "$office" complete -- "$@"; }
# NAME WHAT WORD…: this, and nothing else, is offered to mofa
only() {
	name=$1 want=$2; shift 2
	got=$(offers mofa "$@" | cut -f1 | tr '\n' ' ')
	[ "$got" = "${want:+$want }" ] && ok "$name" || not_ok "$name: \"$got\", not \"$want\""
}
only "what was deposited" "agreement/one agreement/other agreement/two" show ""
only "of these what begins so" "agreement/one agreement/other" show agreement/o
check "an office that has met no document is offered none" test -z "$(offers iom-geneva show "")"
at iom-geneva list >/dev/null
expect "which it is once it has listed them" 0 "^agreement/two$" offers iom-geneva show ""
at iom-geneva fetch agreement/one -o work/one.asice >/dev/null
rm offices/iom-geneva/state/*/documents
expect "one that was fetched" 0 "^agreement/one$" offers iom-geneva show ""
at mofa show agreement/one >/dev/null
only "a version's number" "agreement/one@1 agreement/one@in-force agreement/one@latest" fetch agreement/one@
only "an office of the policy" "iom-bangkok iom-geneva iom-vientiane" bag pack --to iom-
only "after an equals sign" "--office=mofa" log --office=mo
only "a type" "agreement" list agr
only "a status" "in force" list --status i
only "one that only old versions have" "superseded" list --status sup
only "a party" "lao-pdr" list --party la
only "a command" "sign" si
only "the word of a command" "accept" policy ac
only "a name of an option" "--status" list --st
only "after the words that go with every command" "list" --config "$dir/x.yaml" --json li
only "a file for a text" ":file" push agreement/one --text en=work/e
only "nothing where a note is" "" push agreement/one --note ""
only "nothing after an unknown command" "" frobnicate ""
only "either of two" "agreement/two :file" diff agreement/t
expect "by the configuration that the line names" 0 "^agreement/two$" "$valise" complete -- --config offices/mofa/config.yaml show agreement/t
expect "in JSON" 0 '{"word":"agreement/two","text":""}' at mofa --json complete -- show agreement/t
expect "nothing is kept here: no word of that" 0 "^show" "$valise" --config work/none.yaml complete -- sh
check "nor an error" test -z "$("$valise" --config work/none.yaml complete -- show "" 2>&1)"

# --- No line, and quickly. ---
stop_daemon "$dir"
only "without a daemon too" "agreement/two" show agreement/t
ln -s "$(echo "$dir"/offices/mofa/state/*)" work/state
# A big office: 5,000 documents.
seq 5000 | sed 's|.*|agreement/many-&|' | sort >work/many; cat offices/mofa/state/*/documents work/many | LC_ALL=C sort -u >work/all && cp work/all work/state/documents
only "among 5,000 documents" "agreement/many-4999" show agreement/many-4999
cat >work/time.py <<'END'
import resource, subprocess, sys
for words in ['show', 'agreement/o'], ['bag', 'pack', '--to', 'io'], ['fetch', 'agreement/one@'], ['li']:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for i in range(10):
        subprocess.run(sys.argv[1:] + ['complete', '--'] + words, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    ms = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 100
    print('%s: %.1f ms' % (' '.join(words), ms))
    assert ms < 50
END
if ldd "$valise" | grep -q 'lib[atu]*san'; then echo "  skipped: how long it takes (this build is for a sanitizer)"
else check "in less than 50 ms of the processor" python3 work/time.py "$valise" --config offices/mofa/config.yaml; fi

# --- Names that somebody wrote into the state run nothing. ---
evil='agreement/$(touch${IFS}pwned)'
printf '%s\n' "$evil" 'agreement/`touch pwned`' 'agreement/x;touch pwned' ':file	/' "agreement/o'ne" >>work/state/documents
mkdir -p work/state/acts; : >'work/state/acts/agreement--$(touch pwned)'; : >'work/state/acts/agreement--x;touch pwned'
only "what is no name is not offered" "agreement/one agreement/other" show agreement/o
only "nor is it by the names of files" "" show 'agreement/$'
only "nor after a letter" "" show 'agreement/x'

# --- The shells themselves. ---
mkdir work/bin
# The command as the shell finds it; what is run with other words is told.
cat >work/bin/valise <<END
#!/bin/sh
[ "\$1" != complete ] || exec "$valise" --config "$dir/offices/mofa/config.yaml" "\$@"
printf 'ran:'; printf ' <%s>' "\$@"; echo
END
chmod +x work/bin/valise
# A command that answers what a hostile one might.
mkdir work/bad; printf '%s\n' '#!/bin/sh' '[ "$1" != complete ] || { printf "%s\n" "\$(touch pwned)" "\`touch pwned\`" ";touch pwned;"; exit; }' 'printf "ran:"; printf " <%s>" "$@"; echo' >work/bad/valise; chmod +x work/bad/valise
tab() { python3 "$top/tests/lib/tab.py" "$@"; }
in_bash() { tab "$VALISE_BUILD/valise.bash" "$1" "$2" bash --norc --noprofile -i; }
in_zsh() { tab "$VALISE_BUILD" "$1" "$2" zsh -f -i; }
in_fish() { PATH="$dir/$1:$PATH" fish --no-config -c "source '$VALISE_BUILD/valise.fish'; complete -C '$2'"; }
rows() { # SHELL
	expect "$1: a command" 0 "ran: <terminate>" "in_$1" "$dir/work/bin" 'valise termi\t'
	expect "$1: a document" 0 "ran: <show> <agreement/two>" "in_$1" "$dir/work/bin" 'valise show agreement/t\t'
	expect "$1: a version" 0 "ran: <fetch> <agreement/one@latest>" "in_$1" "$dir/work/bin" 'valise fetch agreement/one@l\t'
	expect "$1: an office" 0 "ran: <log> <--office> <iom-geneva>" "in_$1" "$dir/work/bin" 'valise log --office iom-g\t'
	expect "$1: after an equals sign" 0 "ran: <log> <--office=iom-geneva>" "in_$1" "$dir/work/bin" 'valise log --office=iom-g\t'
	expect "$1: a status is one word" 0 "ran: <list> <--status> <in force>" "in_$1" "$dir/work/bin" 'valise list --status in\t'
	expect "$1: a file" 0 "ran: <verify> <work/one.asice>" "in_$1" "$dir/work/bin" 'valise verify work/one.a\t'
	expect "$1: a file after its language" 0 "ran: <push> <--text> <en=work/en.txt>" "in_$1" "$dir/work/bin" 'valise push --text en=work/en.t\t'
	expect "$1: an option" 0 "ran: <diff> <--side-by-side>" "in_$1" "$dir/work/bin" 'valise diff --si\t'
	expect "$1: of the command that is named by its path" 0 "ran: <show> <agreement/two>" "in_$1" "$dir/work/none" 'work/bin/valise show agreement/tw\t'
	"in_$1" "$dir/work/bad" 'valise show \t\t' >work/bad.out 2>&1
	"in_$1" "$dir/work/bad" 'valise show ;\t' >work/bad.out2 2>&1
	"in_$1" "$dir/work/bad" 'valise show "$\t' >work/bad.out3 2>&1
	check "$1 runs nothing that is offered" test ! -e pwned -a ! -e work/pwned
}
if command -v bash >/dev/null; then rows bash; else echo "  skipped: bash"; fi
if command -v zsh >/dev/null; then rows zsh; else echo "  skipped: zsh (it is not there)"; fi
if command -v fish >/dev/null; then
	fish() { command fish "$@"; }
	for row in 'termi:terminate' 'show agreement/t:agreement/two' 'fetch agreement/one@l:agreement/one@latest' 'log --office iom-g:iom-geneva' \
		'log --office=iom-g:--office=iom-geneva' 'list --status in:in force' 'verify work/one.a:work/one.asice' 'push --text en=work/en.t:en=work/en.txt' 'diff --si:--side-by-side'; do
		expect "fish: ${row%:*}" 0 "^${row##*:}" in_fish work/bin "valise ${row%:*}"
	done
	expect "fish: of the command that is named by its path" 0 "^agreement/two" in_fish work/none "work/bin/valise show agreement/tw"
	in_fish work/bad "valise show " >work/out 2>&1
	check "fish runs nothing that is offered" test ! -e pwned
else echo "  skipped: fish (it is not there)"; fi
expect "before it is installed" 0 "^terminate$" bash -c '. "$0/valise.bash"; COMP_WORDS=(valise te); COMP_CWORD=1; _valise; printf "%s\n" "${COMPREPLY[@]}"' "$VALISE_BUILD"
expect "the daemon's options" 0 "^--with-keys" "$valised" complete -- backup --w
expect "and those without a command" 0 "^--check" "$valised" complete -- --ch
finish
