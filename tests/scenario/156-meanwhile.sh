#!/bin/sh
# Others act while a command waits for an answer, and another command of the same
# office is quicker: nobody is accused for that.
. "$(dirname "$0")/lib.sh"
export VALISE_PATIENCE=60
start
enrol "$dir" mofa mofa-minister iom-geneva >/dev/null
deposit mofa one >/dev/null
held() { i=0; until grep -q "^held $1" work/line; do i=$((i + 1)); [ $i -lt 1200 ] || return 1; sleep 0.05; done; }
# The held command goes on with the address that it read; others ask directly.
directly() { sed -i "s|^address: .*|address: $(cat url)|" "offices/$1"/state/*/enrolment.yaml; }
# OFFICE TARGET COMMAND…: begun, until the answer to TARGET waits
begin() {
	who=$1 target=$2; shift 2
	rm -f work/go
	liar "$who" hold "$target" "$dir/work/go"
	at "$who" "$@" >work/begun 2>&1 & begun=$!
	check "$1 $2: an answer waits" held "$target"
	directly "$who"
}
# NAME EXIT: let it come
goes_on() {
	: >work/go
	rc=0; wait $begun || rc=$?
	[ $rc = "$2" ] && ok "$1" || { not_ok "$1: exit $rc"; cat work/begun >&2; }
	no_line "$who"
}

# An audit took in the entries; the copy that it asks for then has an act more.
at iom-geneva list >/dev/null
begin iom-geneva /v1/journal/entries audit --full
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
deposit mofa one "Article 2" >/dev/null
goes_on "an act beside an audit is no finding" 0
expect "nor is it one later" 0 "nothing is wrong" at iom-geneva audit

# A command has the word of before on the newest lists; meanwhile there is a newer
# one, and another command of this office has seen that journal.
at mofa list >/dev/null
at mofa-minister fetch agreement/one -o work/one.asice >/dev/null
begin mofa /v1/journal/checkpoint list --proved
"$top/certs/ca" crl certs/iom >/dev/null; publish_crls "$dir"; reload
deposit mofa two >/dev/null
goes_on "a list that is newer than an answer" 0
"$top/certs/ca" crl certs/mofa >/dev/null; publish_crls "$dir"; reload
expect "is not called hidden by the next command" 0 "agreement/one" at mofa list --proved
expect "nor is it one for an act" 0 "deposited" deposit mofa three
finish
