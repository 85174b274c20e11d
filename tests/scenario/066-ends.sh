#!/bin/sh
# What of an office's own ends soon is told by its commands: a certificate and
# full powers 30 days before, a revocation list 7 days, once a day, by each.
. "$(dirname "$0")/lib.sh"
start
me=iom-chief-of-mission email=chief-of-mission@iom.example
enrol "$dir" mofa $me iom-geneva >/dev/null
deposit mofa one >/dev/null
at $me fetch agreement/one -o work/one.asice >/dev/null
day() { date -u -d "$1 days" +%Y%m%d%H%M%SZ; }
# KIND KEY CERT DAYS: my certificate again, with so many days to go
issue() {
	openssl req -new -key "offices/$me/$2" -subj /CN=x -out work/x.csr 2>/dev/null
	VALISE_CA=$dir/certs/iom VALISE_EMAIL=$email VALISE_HOST=DNS:x openssl ca -config "$top/certs/openssl.cnf" -batch \
		-in work/x.csr -extensions "$1" -notext -startdate "$(day -1)" -enddate "$(day "$4")" \
		-subj "/O=IOM/OU=Vientiane/CN=$email" -out "offices/$me/$3" 2>/dev/null
}
# OFFICE COMMAND…: what it says of ends goes to work/said; false where that is nothing
says() {
	who=$1; shift; got=0
	"$valise" --config "offices/$who/config.yaml" "$@" >work/json 2>work/err </dev/null || got=$?
	grep 'ends\{0,1\} 20\|ended 20\|is not known here' work/err >work/said
}
silent() { ! says "$@"; }
told() { says "$@" && grep -q -e "$pattern" work/said && [ "$(wc -l <work/said)" = 1 ] && [ $got = 0 ]; }
# So many days later by this machine's clock
later() { n=$1; shift; export CLOCK_OFFSET=$((n * 86400 + 60)) LD_PRELOAD="$VALISE_BUILD/clock.so"; "$@"; rc=$?; unset CLOCK_OFFSET LD_PRELOAD; return $rc; }

check "nothing ends soon, and nothing is told" silent $me list
issue sign sign-key.pem sign-cert.pem 31
check "31 days are not soon" silent $me list
issue sign sign-key.pem sign-cert.pem 29
pattern='^valise: your certificate to sign /.*/sign-cert.pem ends 20.*: ask your CA'
check "29 days are: it is told with file, day and next step" told $me --json list
check "on standard error, where JSON stays JSON" python3 -m json.tool work/json
check "once a day" silent $me list
check "whatever the command" silent $me --local verify work/one.asice
check "the next day again, by one that asks nobody" later 1 told $me verify work/one.asice
check "and that day no more" later 1 silent $me verify work/one.asice
issue sign sign-key.pem sign-cert.pem 500
issue connect key.pem cert.pem 20
pattern='your certificate to connect /.*/cert.pem ends 20'
check "what ends since this minute is told at once" told $me list
check "by none of a command that failed before" silent $me list
rm -f offices/$me/state/*/told; mkdir "$(echo offices/$me/state/*)/told"
check "where that cannot be remembered each command tells" told $me list
check "and goes on" told $me list
rmdir offices/$me/state/*/told
cp offices/$me/config.yaml work/config.yaml
check "a command that fails tells as well" sh -c "! '$valise' --config offices/$me/config.yaml fetch agreement/none -o work/x 2>work/err; grep -q 'certificate to connect' work/err"
issue connect key.pem cert.pem 500

issue connect key.pem cert.pem 20
mkdir -p work/new
check "who enrols with one is told by the next command" sh -c "'$valise' --config work/new/config.yaml init enrolment.yaml --cert offices/$me/cert.pem --key offices/$me/key.pem --state work/new/state >work/init 2>&1 &&
	! grep 'ends 20' work/init && '$valise' --config work/new/config.yaml list 2>&1 | grep -q 'cert.pem ends 20'"
issue connect key.pem cert.pem 500

# --- Who follows the journal for weeks. ---
# PATTERN: the one that follows says it
follows() { n=0; until grep -q -e "$1" work/follows; do n=$((n + 1)); [ $n -lt 200 ] || return 1; sleep 0.05; done; }
issue sign sign-key.pem sign-cert.pem 21
at $me watch --from 0 >/dev/null 2>work/follows & watch=$!
check "is told at the beginning" follows "sign-cert.pem ends $(date -u -d '21 days' +%Y-%m-%d)"
issue sign sign-key.pem sign-cert.pem 12
deposit mofa two >/dev/null
check "and later, with what comes" follows "sign-cert.pem ends $(date -u -d '12 days' +%Y-%m-%d)"
kill $watch; wait $watch 2>/dev/null
issue sign sign-key.pem sign-cert.pem 500

# --- Who presses Tab sees nothing of it, so that does not count as told. ---
issue sign sign-key.pem sign-cert.pem 11
check "a completion tells nothing" silent $me complete -- show agreement/
pattern='your certificate to sign .* ends 20'
check "but the next command does" told $me list
issue sign sign-key.pem sign-cert.pem 500

# --- Bags: the office's own certificate. ---
cp offices/iom-vientiane/encrypt-key.pem offices/$me/encrypt-key.pem
printf 'encryption-certificate: encrypt-cert.pem\nencryption-key: encrypt-key.pem\n' >>offices/$me/config.yaml
issue encrypt encrypt-key.pem encrypt-cert.pem 10
pattern="your office's certificate for bags .*/encrypt-cert.pem ends 20"
check "the one for bags" told $me list
issue encrypt encrypt-key.pem encrypt-cert.pem 500

# --- Full powers, by the policy that was accepted. ---
powers() { sed -i "/$email, party/d" policies/offices.yaml; for until; do
	echo "  - {person: $email, party: iom, types: [agreement, mou], from: 2021-08-01, until: $(date -u -d "$until days" +%Y-%m-%d)}" >>policies/offices.yaml; done; reload; accept_policy $me >/dev/null 2>work/accepted; }
powers 25
check "full powers of 25 days, when they are accepted" grep -q "your full powers for agreement, mou end $(date -u -d '25 days' +%Y-%m-%d)" work/accepted
check "nobody is told of another's" silent iom-geneva list
powers 40
check "40 days are not soon" sh -c '! grep "full powers" work/accepted'
powers 25 400
check "nor are 25 that others follow" sh -c '! grep "full powers" work/accepted'
at iom-geneva policy accept "$(policy_of mofa)" >/dev/null 2>&1

# --- The list of one's own CA, as the journal has it: certs/ca makes it for 30 days. ---
check "another party's list of 60 days" sh -c "'$top/certs/ca' crl '$dir/certs/mofa' 60 && '$valise' --config offices/mofa/config.yaml crls push certs/mofa/crl.pem"
at $me list >/dev/null 2>&1; at iom-geneva list >/dev/null 2>&1
check "eight days before its end nothing is told" later 22 silent $me verify work/one.asice
pattern='the CRL of your CA "iom" ends 20.*without one nobody'
check "six days before, who has certificates of that CA is told" later 24 told $me verify work/one.asice
check "each office" later 24 told iom-geneva verify work/one.asice
check "and none of another party" later 24 silent mofa verify work/one.asice
finish
