#!/bin/sh
# How acts on a version change the states of the document's other versions.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
# DOC[@N] STATUS: by the daemon
status() { expect "$1 is $2" 0 "version ${1##*@}, $2\$" at iom-geneva show "agreement/$1"; }
force() { at mofa-minister sign "agreement/$1" --yes && at iom-chief-of-mission sign "agreement/$1" --yes; }

# A newer draft withdraws the older one.
deposit mofa one "Article 1" >/dev/null
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
deposit mofa one "Article 1, again" >/dev/null
status one@1 withdrawn
expect "and show tells by whom" 0 "withdrawn by *treaties@mofa.example of mofa" at iom-geneva show agreement/one@1
expect "in JSON too" 0 '"version": *2, *"person": *"treaties@mofa.example"' sh -c '"$@" | tr -d "\n"' - "$valise" --config offices/iom-geneva/config.yaml --json show agreement/one@1
status one@2 draft
expect "it is listed by its newest version" 0 "agreement/one  *2  *draft" at iom-geneva list
expect "nobody can sign it any more" 5 "only the newest" at iom-chief-of-mission sign agreement/one@1 --yes
expect "it can be fetched" 0 "VALID, withdrawn" at iom-geneva fetch agreement/one@1 -o work/withdrawn.asice
expect "and says who withdrew it" 0 "withdrawn by treaties@mofa.example of mofa, entry" at iom-geneva fetch agreement/one@1 -o work/withdrawn.asice
expect "so does verify, by what this office knows" 0 "withdrawn by treaties@mofa.example of mofa, entry" at iom-geneva verify work/withdrawn.asice
expect "and in JSON" 0 '"withdrawn": *{"person": *"treaties@mofa.example"' sh -c '"$@" | tr -d "\n"' - "$valise" --config offices/iom-geneva/config.yaml --json verify work/withdrawn.asice
force one >/dev/null 2>&1
status one@1 withdrawn
status one@2 "in force"

# One that is in force is not withdrawn, but superseded.
deposit mofa one "Article 1, once more" >/dev/null
status one@2 "in force"
status one@3 draft
force one >/dev/null 2>&1
status one@2 superseded

# What is terminated leaves its draft lapsed.
deposit mofa one "Article 1, at last" >/dev/null
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
at mofa-minister terminate agreement/one --reason over --yes >/dev/null 2>&1
status one@4 "signed in part"
at iom-chief-of-mission terminate agreement/one --yes >/dev/null 2>&1
status one@3 terminated
status one@4 lapsed
status one@2 superseded
expect "the list says terminated" 0 "agreement/one  *4  *terminated" at mofa list --status terminated
expect "a lapsed draft can be fetched" 0 "VALID, lapsed" at iom-geneva fetch agreement/one@4 -o work/lapsed.asice

expect "the history tells what each act ended" 0 "treaties@mofa.example *deposit *agreement/one@2: @1 withdrawn" at mofa history agreement/one
for row in "@3: @2 superseded, @3 in force" "@3: @3 terminated, @4 lapsed"; do
	expect "as $row" 0 "force *agreement/one$row" at mofa history agreement/one
done
at iom-geneva pull work/copy >/dev/null 2>&1
for row in "1, withdrawn" "2, superseded" "3, terminated" "4, lapsed"; do
	expect "the local copy says so: $row" 0 "^version $row\(,\|$\)" at iom-geneva --local show agreement/one
done
expect "and by whom" 0 "withdrawn by *treaties@mofa.example of mofa" at iom-geneva --local show agreement/one@1
expect "the audit agrees" 0 "nothing is wrong" at iom-geneva audit --full
restart
status one@1 withdrawn
status one@4 lapsed
expect "fsck agrees" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
finish
