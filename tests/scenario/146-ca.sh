#!/bin/sh
# The scripts for certificates: names of any script and their limits, what a CA
# lists, what it revokes and what it refuses, and that nothing half-made is left.
. "$(dirname "$0")/lib.sh"
ca=$top/certs/ca request=$top/certs/request
of() { printf "%0$1d" 0 | sed "s/0/$2/g"; }

# --- Help. ---
for script in ca request; do
	for o in --help -h; do expect "$script $o" 0 "$script --help\|ca new DIR NAME" "$top/certs/$script" $o; done
	check "$script: help is on standard output" sh -c '"$1" --help 2>/dev/null | grep -q DIR' sh "$top/certs/$script"
	expect "$script without arguments" 2 "DIR" "$top/certs/$script"
done
expect "request with an option that there is not" 2 "request --office DIR" "$request" --offices
expect "request for two folders" 2 "request --office DIR" "$request" work/a work/b
check "makes neither" test ! -e work/a

# --- Names: 64 characters of whatever script, told before anything is made. ---
while IFS='|' read -r script called; do
	rm -rf work/one; check "$script: a CA" "$ca" new work/one "$called CA" "$called"
	expect "$script: its name" 0 "^subject=O=$called,CN=$called CA\$" openssl x509 -in work/one/ca.pem -noout -subject -nameopt utf8,sep_comma_plus
	rm -rf work/keys; "$request" work/keys >/dev/null
	check "$script: a unit" "$ca" issue work/one connect work/keys/connect.csr a@mofa.example "$called" work/one.pem
	expect "$script: its name" 0 "^subject=O=$called,OU=$called,CN=a@mofa.example\$" openssl x509 -in work/one.pem -noout -subject -nameopt utf8,sep_comma_plus
	expect "$script: listed" 0 "O = $called, OU = $called, CN = a@mofa.example" "$ca" list work/one
done <<-'END'
	Lao|ກະຊວງການຕ່າງປະເທດ
	Thai|กระทรวงการต่างประเทศ
	Chinese|外交部
	Arabic|وزارة الخارجية
	Russian|Министерство иностранных дел
	French|Ministère de l'Europe
	emoji|🏛 Office
END
rm -rf work/one
expect "64 letters of Lao" 0 "made" "$ca" new work/one "$(of 64 ກ)" "$(of 64 ຂ)"
rm -rf work/keys; "$request" work/keys >/dev/null
expect "certify, with a unit of 64" 0 "issued" "$ca" issue work/one sign work/keys/sign.csr a@mofa.example "$(of 64 ຄ)" work/one.pem
# WHAT PATTERN NAME ORGANIZATION
refused() {
	rm -rf work/two
	expect "$1" 2 "$2" "$ca" new work/two/deep/ca "$3" "$4"
	check "$1: nothing is made" test ! -e work/two
}
refused "a CN of 65" "the CA's name is too long: .* has 65 characters, and a certificate has room for 64" "$(of 65 ກ)" x
refused "an O of 65" "the organization's name is too long: .* 65 characters" x "$(of 65 x)"
refused "no name" "the CA's name is empty" "" x
refused "no organization" "the organization's name is empty" x ""
refused "two lines" "has two lines" "a
b" x
lines() { wc -l <work/one/index.txt; }
before=$(lines)
# WHAT PATTERN ARGUMENT…: of issue
not_issued() {
	what=$1 pattern=$2; shift 2; rm -f work/two.pem
	expect "$what" 2 "$pattern" "$ca" issue work/one "$@" work/two.pem
	check "$what: nothing is made" sh -c '[ ! -e work/two.pem ] && [ "$(wc -l <work/one/index.txt)" = "$1" ]' sh "$before"
}
not_issued "a unit of 65" "the unit's name is too long" sign work/keys/sign.csr a@mofa.example "$(of 65 ຄ)"
not_issued "an e-mail address of 65" "the e-mail address is too long" sign work/keys/sign.csr "$(of 52 a)@mofa.example" ""
not_issued "in capitals" "in ASCII and lower case" sign work/keys/sign.csr A@mofa.example ""
not_issued "in Lao" "in ASCII and lower case" sign work/keys/sign.csr "ກ@mofa.example" ""
not_issued "none" "no e-mail address such as" sign work/keys/sign.csr treaties ""
not_issued "two" "is no e-mail address" sign work/keys/sign.csr "a@b@c" ""
expect "a folder that is not there" 2 "there is no folder work/none" "$ca" issue work/one sign work/keys/sign.csr a@mofa.example "" work/none/x.pem
check "and nothing is issued" test "$(lines)" = "$before"

# --- Nothing half-made: openssl fails in the middle. ---
mkdir work/bin
cat >work/bin/openssl <<-END
	#!/bin/sh
	for word; do [ "\$word" != "\$FAIL" ] || exit 1; done
	exec $(command -v openssl) "\$@"
END
chmod +x work/bin/openssl
with() { FAIL=$1; export FAIL; shift; PATH="$dir/work/bin:$PATH" "$@"; }
for step in genpkey req -gencrl; do
	if with $step "$ca" new work/two/deep/ca x y >/dev/null 2>&1; then not_ok "$step fails"; fi
	check "$step fails: no folder" test ! -e work/two
done
rm -rf work/two; with req "$request" work/two/deep >/dev/null 2>&1
check "request: no folder" test ! -e work/two
mkdir work/two; with req "$request" work/two >/dev/null 2>&1
check "request: no keys" test -z "$(ls work/two)"
"$request" --office work/two >/dev/null; cp work/two/encrypt.key work/kept.key
expect "a key that is there is not replaced" 5 "is there already" "$request" --office work/two
check "nor removed" cmp work/kept.key work/two/encrypt.key
: >work/two/sign.key
expect "nor is half of a pair made" 5 "sign.key is there already" "$request" work/two
check "of which there was one" test ! -e work/two/connect.key
expect "a CA that is there is left" 2 "is there already" "$ca" new work/one x y
check "with all that it has" test -s work/one/ca.pem

# --- list, status, revoke. ---
rm -rf work/one; "$ca" new work/one "One CA" One >/dev/null
expect "a new one has issued nothing" 0 "nothing was issued" "$ca" list work/one
for who in a b; do
	rm -rf work/$who; "$request" work/$who >/dev/null
	for what in connect sign; do "$ca" issue work/one $what work/$who/$what.csr $who@one.example "" work/$who/$what.pem >/dev/null; done
done
"$request" --office work/a >/dev/null
"$ca" issue work/one encrypt work/a/encrypt.csr registry@one.example "" work/a/encrypt.pem >/dev/null
"$ca" issue work/one server work/a/sign.csr DNS:valise.one.example "" work/a/server.pem >/dev/null
for what in connect sign encrypt server; do expect "listed: $what" 0 "^in force  20..-..-..  $what " "$ca" list work/one; done
check "of one person, both" test "$("$ca" list work/one a@one.example | grep -c "CN = a@one.example")" = 2
check "and no other" test "$("$ca" list work/one a@one.example | wc -l)" = 2
expect "status: the CA" 0 "^CA: .*CN = One CA, until 20" "$ca" status work/one
expect "the list" 0 "^CRL: .*until 20" "$ca" status work/one
expect "how many" 0 "^in force: 6" "$ca" status work/one
before=$(md5sum work/one/index.txt work/one/crl.pem)
"$ca" new work/other "Other CA" Other >/dev/null; "$ca" issue work/other connect work/a/connect.csr a@one.example "" work/foreign.pem >/dev/null
for command in revoke hold release; do
	expect "$command: not what another CA issued" 2 "was not issued by this CA: .*CN = Other CA is asked to revoke it" "$ca" $command work/one work/foreign.pem
	expect "$command: no other file" 2 "is not a certificate" "$ca" $command work/one work/a/sign.csr
	expect "$command: no file at all" 2 "there is no certificate work/none.pem" "$ca" $command work/one work/none.pem
done
expect "nor whom it does not know" 2 "no certificate of c@one.example is in force" "$ca" revoke work/one c@one.example
check "which changes nothing" test "$before" = "$(md5sum work/one/index.txt work/one/crl.pem)"
expect "a person: both certificates" 0 "revoked a@one.example" "$ca" revoke work/one a@one.example
check "are revoked" test "$("$ca" list work/one a@one.example | grep -c "^revoked ")" = 2
check "on the list too" test "$(openssl crl -in work/one/crl.pem -noout -text | grep -c 'Serial Number:')" = 2
expect "others are not" 0 "^in force: 4" "$ca" status work/one
"$ca" hold work/one work/b/connect.pem >/dev/null
expect "on hold" 0 "^on hold  .* connect .*CN = b@one" "$ca" list work/one
expect "and counted" 0 "^on hold:  1" "$ca" status work/one
# What ends soon, and what has ended.
VALISE_CA=$dir/work/one VALISE_EMAIL=soon@one.example VALISE_HOST=DNS:x openssl ca -config "$top/certs/openssl.cnf" -batch -in work/a/sign.csr \
	-extensions sign -notext -days 20 -subj "/O=One/CN=soon@one.example" -out work/soon.pem 2>/dev/null
VALISE_CA=$dir/work/one VALISE_EMAIL=late@one.example VALISE_HOST=DNS:x openssl ca -config "$top/certs/openssl.cnf" -batch -in work/a/sign.csr \
	-extensions sign -notext -startdate 20200101000000Z -enddate 20210101000000Z -subj "/O=One/CN=late@one.example" -out work/late.pem 2>/dev/null
expect "what ends soon" 0 "^ends 20.*CN = soon@one.example" "$ca" status work/one
expect "what has ended" 0 "^ended  .*2021-01-01  sign .*CN = late@one.example" "$ca" list work/one
"$ca" crl work/one 3 >/dev/null
expect "a list that ends soon" 0 "it ends soon: \"ca crl" "$ca" status work/one
VALISE_CA=$dir/work/one VALISE_EMAIL=x VALISE_HOST=DNS:x openssl ca -config "$top/certs/openssl.cnf" -gencrl -crl_lastupdate 20200101000000Z -crl_nextupdate 20200201000000Z -out work/one/crl.pem 2>/dev/null
expect "one that has ended" 1 "it has ended: nobody with its certificates can connect" "$ca" status work/one
finish
