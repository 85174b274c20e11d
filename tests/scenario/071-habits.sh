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

finish
