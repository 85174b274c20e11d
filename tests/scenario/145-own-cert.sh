#!/bin/sh
# One's own certificates: what is wrong with them is found here, before anybody
# is connected to (no daemon runs while it is told), with file, date and next
# step; what needs no connection needs no good one.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-bangkok iom-geneva >/dev/null || not_ok "enrolment"
"$top/certs/ca" new "$dir/certs/stranger" "Stranger CA" "Nobody" >/dev/null
deposit mofa one >/dev/null
check "a local copy" at iom-bangkok pull work/copy
check "a copy of it" at iom-bangkok fetch agreement/one -o work/one.asice
at mofa bag pack -o work/one.bag --to iom-bangkok agreement/one >/dev/null 2>&1
at mofa bag pack -o work/two.bag --to iom-bangkok agreement/one >/dev/null 2>&1
stop_daemon "$dir"
bangkok=offices/iom-bangkok
cp -R $bangkok work/good

# CA EXTENSIONS EMAIL START END [KEY [UNIT]]: work/x.pem, by default of the key to connect with
issue() {
	openssl req -new -key "${6:-work/good/key.pem}" -out work/x.csr -subj /CN=x 2>/dev/null
	VALISE_CA=$dir/certs/$1 VALISE_EMAIL=$3 VALISE_HOST=DNS:x openssl ca -config "$top/certs/openssl.cnf" \
		-batch -in work/x.csr -extensions "$2" -notext -startdate "$4" -enddate "$5" \
		-subj "/O=$1/OU=${7-Bangkok}/CN=$3" -out work/x.pem 2>/dev/null
}
restore() { rm -rf $bangkok/*cert.pem $bangkok/*key.pem; cp -p work/good/*.pem $bangkok/; }
before=20200101000000Z past=20210101000000Z future=20900101000000Z later=20910101000000Z
me=bangkok@iom.example

# --- What is found, whichever command would connect. ---
# NAME PATTERN: the certificate work/x.pem is judged
bad_cert() { cp work/x.pem $bangkok/cert.pem; expect "$1" 2 "$bangkok/cert.pem.*$2" at iom-bangkok list; restore; }
bad_key() { cp work/x.key $bangkok/key.pem; chmod 600 $bangkok/key.pem; expect "$1" 2 "$bangkok/key.pem.*$2" at iom-bangkok list; restore; }
issue iom connect $me $before $past
bad_cert "one that has expired" "has expired: it ended 2021-01-01T00:00:00Z.*clock says 20.*Ask your CA (CN=IOM CA.*valise renew"
issue iom connect $me $future $later
bad_cert "one that has not begun" "begins only 2090-01-01T00:00:00Z.*Set the clock if it is wrong"
issue stranger connect $me $before $future
bad_cert "one of a CA that no policy names" "is of CN=Stranger CA.*no CA of the policy that this office accepted.*policy show"
issue iom sign $me $before $future
bad_cert "one to sign with" "is a certificate to sign with, not a certificate to connect with. Name the other one in \"certificate\""
issue iom encrypt $me $before $future
bad_cert "one to open bags with" "is a certificate to open bags with, not"
issue iom server DNS:x $before $future
bad_cert "a server's" "is not a certificate to connect with (keyUsage"
issue iom connect $me $before $future work/good/key.pem Nowhere
bad_cert "one of a unit that is of no office" "whom the policy that this office accepted does not know.*is of no office"
issue iom connect $me $before $future work/good/sign-key.pem
cp work/x.pem $bangkok/cert.pem
expect "one of another key" 2 "$bangkok/key.pem is not the key of .*$bangkok/cert.pem" at iom-bangkok list
restore
cat certs/iom-ca.pem $bangkok/cert.pem >work/x.pem
bad_cert "a chain with the CA first" "its first certificate is a CA's (CN=IOM CA.*Put the one that your CA issued to you first"
issue iom connect other@iom.example $before $future work/good/sign-key.pem; cat work/x.pem work/good/cert.pem >work/y.pem; cp work/y.pem work/x.pem
cp work/x.pem $bangkok/cert.pem
expect "a file with another's first" 2 "is number 2 in it, and is to be the first\|is of no office" at iom-bangkok list
restore
cat work/good/cert.pem certs/iom-ca.pem >$bangkok/cert.pem
expect "its own with the CA behind it is good" 6 "Could not connect\|Couldn.t connect" at iom-bangkok list
restore
openssl x509 -in work/good/cert.pem -outform DER -out work/x.pem
bad_cert "DER" 'it is a certificate in DER: "openssl x509 -inform DER'
cp work/good/key.pem work/x.pem
bad_cert "a key" "it is a private key, not its certificate"
openssl req -new -key work/good/key.pem -subj /CN=x -out work/x.pem 2>/dev/null
bad_cert "a request" "it is the request"
openssl pkcs12 -export -in work/good/cert.pem -inkey work/good/key.pem -passout pass: -out work/x.pem 2>/dev/null
bad_cert "PKCS #12" "it is PKCS #12: \"openssl pkcs12 -in FILE -nokeys"
cp work/x.pem work/x.key; bad_key "PKCS #12 for a key" "it is PKCS #12: \"openssl pkcs12 -in FILE -nocerts"
openssl crl2pkcs7 -nocrl -certfile work/good/cert.pem -out work/x.pem
bad_cert "PKCS #7" "it is PKCS #7"
cp certs/iom/crl.pem work/x.pem; bad_cert "a list" "it is a revocation list"
openssl pkey -in work/good/key.pem -pubout -out work/x.key; bad_key "a public key" "it is a public key"
: >work/x.pem; bad_cert "nothing" "it is empty"
sed '3s/^..../AAAA/' work/good/cert.pem >work/x.pem; bad_cert "damage" "is damaged"
printf 'none\n' >work/x.pem; bad_cert "words" "there is no certificate in PEM"
openssl pkey -in work/good/key.pem -outform DER -out work/x.key
bad_key "a key in DER" 'it is a private key in DER: "openssl pkey -inform DER'
cp work/good/cert.pem work/x.key; bad_key "a certificate for a key" "it is a certificate, not its private key"
cp work/good/sign-key.pem work/x.key; bad_key "another key" "is not the key of .*$bangkok/cert.pem"
rm $bangkok/cert.pem
expect "none" 2 'cert.pem: no such file. It is what "certificate" of .*config.yaml names to connect with' at iom-bangkok list
restore; rm $bangkok/key.pem
expect "no key" 2 'key.pem: no such file. It is what "certificate"' at iom-bangkok list
restore; rm $bangkok/cert.pem; mkdir $bangkok/cert.pem
expect "a folder" 2 'cert.pem.*Is a directory' at iom-bangkok list
restore
if [ "$(id -u)" != 0 ]; then
	chmod 0 $bangkok/cert.pem; expect "one that may not be read" 2 "Permission denied" at iom-bangkok list; restore
	chmod 0 $bangkok/key.pem; expect "a key that may not be read" 2 "may not read it" at iom-bangkok list; restore
else echo "  skipped: what may not be read (root may)"; fi
expect "a good one goes on to the daemon, which is not there" 6 "" at iom-bangkok list

# --- A clock that is wrong. ---
clock() { offset=$1; shift; CLOCK_OFFSET=$offset LD_PRELOAD="$VALISE_BUILD/clock.so" at "$@"; }
expect "not begun, by a clock that is behind what was seen" 2 "begins only 20.*the clock is wrong. Set it" clock -315360000 iom-bangkok list
issue iom connect $me $before $past; cp work/x.pem $bangkok/cert.pem
expect "expired, by such a clock" 2 "ended 2021-01-01.*but this office saw the journal at 20.*the clock is wrong" clock -31536000 iom-bangkok list
restore
# The daemon is asked by whose clock: its log names whom it refused.
issue iom connect $me $before $past; cp work/x.pem $bangkok/cert.pem
start_daemon "$dir"; lines=$(wc -l <log)
expect "expired, by both clocks" 2 "has expired: it ended" at iom-bangkok list
check "and the daemon's log says whom it refused" sh -c "tail -n +$((lines + 1)) log | grep -q 'event=handshake result=refused reason=expired.*bangkok@iom.example'"
issue iom connect $me $before "$(date -u -d '+1 day' +%Y%m%d%H%M%SZ)"; cp work/x.pem $bangkok/cert.pem
expect "expired by this clock alone" 2 "has expired by this machine's clock, and not by that of .*lets you in: this clock is ahead. Set it" clock 172800 iom-bangkok list
stop_daemon "$dir"
expect "with no daemon to ask" 2 "cert.pem has expired: it ended" clock 172800 iom-bangkok list
restore
expect "expired, by one that is ahead" 2 "has expired: it ended" clock 315360000 iom-bangkok list

# --- The key to sign with, before anything is sent. ---
issue iom sign $me $before $past work/good/sign-key.pem; cp work/x.pem $bangkok/sign-cert.pem
expect "push" 2 "sign-cert.pem has expired" deposit iom-bangkok two
expect "push --local" 2 "sign-cert.pem has expired" at iom-bangkok --local push agreement/two --text en=work/en.txt --text lo=work/lo.txt --title en=x
expect "sign" 2 "sign-cert.pem has expired" at iom-bangkok sign agreement/one --yes
expect "terminate" 2 "sign-cert.pem has expired" at iom-bangkok terminate agreement/one --reason none --yes
expect "bag pack" 2 "sign-cert.pem has expired" at iom-bangkok bag pack -o work/x.bag --to mofa agreement/one
expect "what signs nothing does not ask for it" 6 "" at iom-bangkok list
restore; cp work/good/cert.pem $bangkok/sign-cert.pem
expect "one to connect with" 2 "is a certificate to connect with, not a certificate to sign with. Name the other one in \"sign-certificate\"" at iom-bangkok sign agreement/one --yes
restore; issue stranger sign $me $before $future work/good/sign-key.pem; cp work/x.pem $bangkok/sign-cert.pem
expect "one of a CA that no policy names, to sign with" 2 "sign-cert.pem is of CN=Stranger CA" at iom-bangkok sign agreement/one --yes
restore

# --- What needs no connection needs no certificate to connect with. ---
# NAME: with what is there now
alone() {
	expect "$1: verify" 0 "VALID" at iom-bangkok verify work/one.asice
	expect "$1: list --local" 0 "agreement/one" at iom-bangkok --local list
	expect "$1: show --local" 0 "agreement/one" at iom-bangkok --local show agreement/one
	expect "$1: fetch --local" 0 "VALID" at iom-bangkok --local fetch agreement/one -o work/again.asice
	expect "$1: bag open" 0 "agreement/one" at iom-bangkok bag open work/one.bag --again --into work/copy
}
issue iom connect $me $before $past; cp work/x.pem $bangkok/cert.pem; alone "expired"; restore
issue stranger connect $me $before $future; cp work/x.pem $bangkok/cert.pem; alone "foreign"; restore
cp work/good/sign-cert.pem $bangkok/cert.pem; alone "swapped"; restore
openssl x509 -in work/good/cert.pem -outform DER -out $bangkok/cert.pem; alone "DER"; restore
rm $bangkok/cert.pem $bangkok/key.pem; alone "none"; restore
issue iom encrypt "registry-$me" $before $past work/good/encrypt-key.pem; cp work/x.pem $bangkok/encrypt-cert.pem
expect "a bag is opened with a key whose certificate has ended" 0 "agreement/one" at iom-bangkok bag open work/one.bag --again --into work/copy
restore; cp work/good/sign-cert.pem $bangkok/encrypt-cert.pem
expect "but not with one for another purpose" 2 "is a certificate to sign with, not a certificate to open bags with" at iom-bangkok bag open work/one.bag --again --into work/copy
restore

# --- A CA that only the new policy names: policies can be read. ---
issue stranger connect $me $before $future; cp work/x.pem $bangkok/cert.pem
expect "policy show asks the daemon" 6 "" at iom-bangkok policy show
start_daemon "$dir"
expect "which has the last word" 2 "refused the connection: your certificate .*is of no CA that its policy names" at iom-bangkok policy show
restore
expect "and the good one connects" 0 "agreement/one" at iom-bangkok list

# --- At init. ---
init() { "$valise" --config work/c/config.yaml init enrolment.yaml --yes --cert "$1" --key "$2" --sign-cert "$3" --sign-key "$4" --state work/c; }
good=work/good
issue iom connect $me $before $past; cp work/x.pem work/expired.pem
issue stranger connect $me $before $future; cp work/x.pem work/foreign.pem
expect "init: expired" 2 "work/expired.pem has expired" init work/expired.pem $good/key.pem $good/sign-cert.pem $good/sign-key.pem
expect "init: foreign" 2 "no CA of the enrolment.*Name the one that your office's CA issued in --cert" init work/foreign.pem $good/key.pem $good/sign-cert.pem $good/sign-key.pem
expect "init: swapped" 2 "is a certificate to sign with, not a certificate to connect with. Name the other one in --cert" init $good/sign-cert.pem $good/sign-key.pem $good/cert.pem $good/key.pem
expect "init: not its key" 2 "is not the key of" init $good/cert.pem $good/key.pem $good/sign-cert.pem $good/key.pem
check "nothing is kept of these" test ! -e work/c
expect "init: good" 0 "enrolled" init $good/cert.pem $good/key.pem $good/sign-cert.pem $good/sign-key.pem
finish
