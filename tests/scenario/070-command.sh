#!/bin/sh
# The command itself: help, exits, absurd arguments.
. "$(dirname "$0")/lib.sh"
expect "no command: usage" 2 "usage: valise" "$valise"
expect "--help" 0 "usage: valise" "$valise" --help
expect "--version" 0 "^valise " "$valise" --version
expect "-h" 0 "usage: valise" "$valise" -h
expect "-V" 0 "^valise " "$valise" -V
for c in $("$valise" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'); do
	expect "$c --help teaches by example" 0 "Example" "$valise" $c --help
	cp work/out work/help
	expect "$c -h" 0 "^usage: valise $c" "$valise" $c -h
	cp work/out work/short
	check "is the same" cmp work/short work/help
	expect "$c -V" 0 "^valise [0-9]" "$valise" $c -V
done
expect "help COMMAND is the same" 0 "^usage: valise push DOC" "$valise" help push
expect "of one of several forms" 0 "^usage: valise bag open FILE" "$valise" bag open --help
expect "an unknown command" 2 "no such command" "$valise" frobnicate
expect "one that is nearly right" 2 'did you mean "list"' "$valise" lits
expect "a word that is nearly right" 2 'did you mean "accept"' "$valise" policy acept
expect "a word is missing" 2 "expected pack, open, ack, list or push" "$valise" bag
expect "no configuration" 2 "valise init" "$valise" list
expect "an unknown option" 2 "unknown option" "$valise" list --frobnicate
expect "one that is nearly right" 2 'did you mean "--status"? (see "valise list --help")' "$valise" list --statsu x
expect "an option that could be two" 2 "may be --secret-file or --search" "$valise" list --s x
expect "an option cut short" 2 "there is no status" "$valise" list --stat=nonsense
expect "a value that nothing asks for" 2 "takes no value" "$valise" list --proved=yes
expect "an option of another form" 2 'option of "valise witness init"' "$valise" witness --name x
expect "too few arguments" 2 'expected "valise sign DOC' "$valise" sign
expect "too many" 2 'expected "valise sign DOC' "$valise" sign a/bb c/dd
expect "after -- all are arguments" 2 'expected "valise sign DOC' "$valise" sign -- a/bb --yes
expect "an option without its value" 2 "needs a FILE" "$valise" list --config
expect "a configuration that is not YAML" 8 "bad.yaml:" sh -c "printf 'a: [\n' >work/bad.yaml; '$valise' --config work/bad.yaml list"
expect "a configuration with a typing error" 8 'did you mean "certificate"' sh -c "printf 'valise: 1\njournal: \"00000000\"\ncertificat: x\nkey: y\n' >work/bad.yaml; '$valise' --config work/bad.yaml list"
expect "push without a text" 2 "text LANG=FILE is needed" "$valise" push agreement/xx --title en=x
expect "push without a title" 2 "title LANG=TITLE is needed" "$valise" push agreement/xx --text en=work/en.txt
expect "push of a version" 2 "leave out @" "$valise" push agreement/xx@3 --text en=work/en.txt --title en=x
expect "a text without a language" 2 "LANGUAGE=" "$valise" push agreement/xx --text work/en.txt --title en=x
expect "a title of two lines" 2 "one line" "$valise" push agreement/xx --text en=work/en.txt --title "en=a
b"
expect "an error is JSON with --json" 2 '^{"title"' "$valise" --json push agreement/xx --title en=x
expect "valised --help" 0 "usage: valised" "$valised" --help
expect "valised -h" 0 "^usage: valised" "$valised" -h
expect "valised -V" 0 "^valised [0-9]" "$valised" -V
for o in -h --help; do expect "what git calls $o" 0 "^usage: valise-git-verify" "$VALISE_BUILD/valise-git-verify" $o; done
for o in -V --version; do expect "what git calls $o" 0 "^valise-git-verify [0-9]" "$VALISE_BUILD/valise-git-verify" $o; done
expect "valised without configuration" 4 "no such file" "$valised" --config work/none.yaml
expect "valised with an unknown option" 2 "unknown option" "$valised" --frobnicate
expect "valised, one that is nearly right" 2 'did you mean "enrolment"' "$valised" enrollment
for c in init enrolment export-journal fsck backup restore replace-key; do
	expect "valised $c --help teaches by example" 0 "Example" "$valised" $c --help
	expect "valised $c -h" 0 "^usage: valised $c" "$valised" $c -h
	expect "valised $c -V" 0 "^valised [0-9]" "$valised" $c -V
done
expect "a status that is none" 2 "there is no status" "$valise" list --status nonsense
for c in "init x --cert c --key k" pull watch "terminate a/bb" audit witness "policy show"; do
	expect "$c asks the daemon" 2 "takes no --local" "$valise" --local $c
done
# OPTIONS…: only the daemon can answer that
for c in 'list --proved' 'log --follow' 'verify --current x.asice' 'bag ack x' 'bag push x' \
	'bag pack -o work/x.bag --to mofa agreement/one' 'bag pack -o work/x.bag --to mofa --since-last --outbox'; do
	expect "$c needs a line" 2 "needs a line: not with --local" "$valise" --local $c
done
expect "usage tells what --local does" 0 "verify (not --current), kit, show," "$valise" --help
expect "and what of a command it does not do" 0 "list (not --proved, --cursor), status" "$valise" --help
expect "so does a command" 0 "^With --local (pack --outbox, open) it uses" "$valise" bag --help
expect "a bound that is no time" 2 '"nonsense" is neither a date' "$valise" list --since nonsense
expect "nor with --local" 2 '"nonsense" is neither a date' "$valise" --local list --since nonsense
expect "a history is of the whole document" 2 "leave out @2" "$valise" history agreement/one@2
for o in --current --in-force --witnessed; do
	expect "$o says nothing of evidence" 2 "does not go with --evidence" "$valise" verify "$o" --evidence work/none.txt
done
expect "by word or side by side" 2 "does not go with --side-by-side" "$valise" diff agreement/one --words --side-by-side lo,en
expect "a colour that there is not" 2 "always or" "$valise" diff --color=perhaps agreement/one@1 agreement/one@2
expect "what is known says nothing of an outbox" 2 "is for copies" "$valise" bag pack -o work/x.bag --to mofa --outbox --known 5
start
enrol "$dir" mofa mofa-minister >/dev/null
expect "a wrong key for a certificate" 2 "is not the key of" "$valise" --config work/c.yaml init enrolment.yaml \
	--cert offices/mofa/cert.pem --key offices/mofa/sign-key.pem --state work/s
expect "a certificate to sign with does not connect" 2 "not a certificate to connect" "$valise" --config work/c.yaml init \
	enrolment.yaml --cert offices/mofa/sign-cert.pem --key offices/mofa/sign-key.pem --state work/s
sed 's/^journal: "\(.\)/journal: "x\1/' enrolment.yaml >work/e.yaml
expect "an enrolment with a changed key" 8 "wrong ID" "$valise" --config work/c.yaml init work/e.yaml \
	--cert offices/mofa/cert.pem --key offices/mofa/key.pem --state work/s
sed 's/^policy: "./policy: "x/' enrolment.yaml >work/e.yaml
expect "an enrolment with a changed digest" 8 "SHA-256" "$valise" --config work/c.yaml init work/e.yaml \
	--cert offices/mofa/cert.pem --key offices/mofa/key.pem --state work/s
cp work/en.txt "work/.hidden.txt"
expect "a text whose name is not safe" 8 "begins with neither dot" at mofa push agreement/xx --text "en=work/.hidden.txt" --text lo=work/lo.txt --title en=x
cp work/en.txt "work/ສັນຍາ & more.txt"
expect "a text whose name is Lao" 0 "deposited" at mofa push agreement/xx --text "en=work/ສັນຍາ & more.txt" --text lo=work/lo.txt --title "lo=ສັນຍາ" --note 'A "note": with # and \'
expect "comes back" 0 "VALID" at mofa fetch agreement/xx --extract work/x
check "under its name" cmp "work/x/texts/en/ສັນຍາ & more.txt" work/en.txt
expect "the output is a folder that cannot be" 7 "valise fetch" at mofa fetch agreement/xx -o /proc/none/x.asice
if script -qec true /dev/null >/dev/null 2>&1; then
expect "what is asked is typed" 2 "not signed" sh -c "printf 'no\n' | script -qec \"'$valise' --config offices/mofa-minister/config.yaml sign agreement/xx\" /dev/null"
else echo "  skipped: typing an answer (there is no pseudo-terminal)"; fi
finish
