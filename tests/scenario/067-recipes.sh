#!/bin/sh
# The recipes of docs/operations.md for what changes in the years: offices,
# lists, certificates, the address.  They are run line by line, by a depositary
# whose /etc/valise is this folder; after each the offices say what came of it.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-vientiane iom-geneva >/dev/null
deposit mofa one >/dev/null
systemctl() {
	case $1 in
	reload) (cd "$dir" && reload && tail -n 5 log | grep -q 'result=taken') ;;
	restart) stop_daemon "$dir"; start_daemon "$dir" ;;
	esac
}
valise() { "$valise" --config "$dir/offices/${who:-mofa}/config.yaml" "$@"; }
valised() { "$valised" --config "$dir/valised.yaml" "$@"; }
runuser() { shift 3; "$@"; }
# NAME FOLDER: in that folder
recipe() {
	sed -n "/<!-- recipe: $1 -->/,/<!-- end -->/s/^    //p" "$top/docs/operations.md" |
		sed "s|/etc/valise/server.pem|$dir/certs/server.pem|; s|/etc/valise/depositary.pem|$dir/certs/depositary.pem|; s|/etc/valise|$dir|g; s|/var/lib/valise|$dir|g; s|/srv/ca|$dir/certs/mofa|g; s|/usr/share/valise/certs/|$top/certs/|; s|DNS:valise.mofa.example\\(,DNS:new.mofa.example\\)\\{0,1\\}|IP:127.0.0.1,DNS:localhost|; s|~/.local/state/valise|state|; s|https://new.mofa.example:8443|https://localhost:$(cat port)|; s|https://standby.mofa.example:8443|https://127.0.0.1:$(cat port)|" >work/recipe
	[ -s work/recipe ] || return
	here=$PWD; cd "$2" || return
	while read -r line; do eval "$line" </dev/null || { cd "$here" || exit; return 1; }; done <"$here/work/recipe"
	cd "$here" || exit
}

# --- An office more, and less. ---
"$top/certs/request" "$dir/offices/iom-hanoi" >/dev/null; "$top/certs/request" --office "$dir/offices/iom-hanoi" >/dev/null
for profile in connect sign encrypt; do
	"$top/certs/ca" issue "$dir/certs/iom" $profile offices/iom-hanoi/$profile.csr hanoi@iom.example Hanoi offices/iom-hanoi/$profile.pem >/dev/null
done
cp offices/iom-hanoi/encrypt.pem work/hanoi-registry.pem
check "an office more: the recipe" recipe add-office work
check "the others accept it" accept_policy mofa iom-vientiane iom-geneva
check "it enrols" sh -c 'cd offices/iom-hanoi && "$1" --config config.yaml init ../../work/enrolment.yaml --yes --state state --cert connect.pem --key connect.key --sign-cert sign.pem --sign-key sign.key' sh "$valise"
expect "and reads what there is" 0 "agreement/one" at iom-hanoi list
expect "also what it is about" 0 "VALID" at iom-hanoi fetch agreement/one -o work/o.asice
check "an office less: the recipe" recipe remove-office work
check "the others accept that" accept_policy mofa iom-vientiane iom-geneva
expect "it does not connect any more" 3 "" at iom-hanoi list
expect "the others go on" 0 "deposited" deposit mofa two

# --- The monthly list. ---
before=$(openssl crl -in crls/mofa.pem -noout -crlnumber)
check "a new list: the recipe" recipe crl work
check "is there" test "$before" != "$(openssl crl -in crls/mofa.pem -noout -crlnumber)"
expect "and in the journal" 0 " crl " at mofa log --act crl
check "whole, and alone" test "$(ls crls | tr '\n' ' ')" = "iom.pem mofa.pem "

# --- A certificate for a browser. ---
expect "a browser's certificate: the recipe" 0 "" recipe browser work
expect "opens the register" 0 "<title>Valise</title>" curl -sS --tlsv1.3 --cacert offices/mofa/ca.pem --cert-type P12 --cert "work/auditor/auditor.p12:$(cat work/auditor/secret)" "$(cat url)/"

# --- Certificates. ---
# The files of a person as the recipe names them.
(cd offices/mofa && mv cert.pem connect.pem && mv key.pem connect.key && mv sign-cert.pem sign.pem && mv sign-key.pem sign.key &&
	sed -i 's|sign-cert.pem|sign.pem|; s|sign-key.pem|sign.key|; /encrypt/!s|\<cert.pem|connect.pem|; /encrypt/!s|\<key.pem|connect.key|' config.yaml)
old=$(openssl x509 -in offices/mofa/connect.pem -noout -serial)
expect "a person's certificates: the recipe" 0 "agreement/one" recipe renew-person offices/mofa
check "are others" test "$old" != "$(openssl x509 -in offices/mofa/connect.pem -noout -serial)"
expect "and the person acts by them" 0 "deposited" deposit mofa three
old=$(openssl x509 -in certs/server.pem -noout -serial)
expect "the server's certificate: the recipe" 0 "^good: " recipe renew-server work
served() { openssl s_client -connect "127.0.0.1:$(cat port)" </dev/null 2>/dev/null | openssl x509 -noout -serial; }
check "is served" test "$old" != "$(served)" -a "$(served)" = "$(openssl x509 -in certs/server.pem -noout -serial)"
expect "and good for an office" 0 "agreement/one" at iom-geneva list

expect "the depositary's certificate: the recipe" 0 "^good: " recipe renew-depositary work
expect "with which is sealed from then on" 0 "deposited" deposit mofa resealed
expect "a copy is good" 0 "VALID" at iom-geneva fetch agreement/resealed -o work/resealed.asice
check "and sealed with it" sh -c 'unzip -p work/resealed.asice META-INF/signature-seal.p7s | openssl pkcs7 -inform DER -print_certs | openssl x509 -noout -serial | grep -q -F "$(openssl x509 -in certs/depositary.pem -noout -serial)"'

# --- Another address. ---
expect "another address: the recipe" 0 "^good: " recipe move work
expect "who has not heard of it connects by the old one" 0 "agreement/one" at iom-vientiane list
cp work/new-enrolment.yaml offices/iom-geneva/
who=iom-geneva
expect "at an office: the recipe" 0 "agreement/one" recipe moved offices/iom-geneva
who=
check "which connects by the new one" grep -q "^address: https://localhost:" offices/iom-geneva/state/*/enrolment.yaml
valised enrolment >enrolment.yaml 2>/dev/null
check "as whoever enrols from now on" grep -q "^address: https://localhost:" enrolment.yaml

# --- A second address: here it is the same daemon's, by another name. ---
expect "a second address: the recipe" 0 "^good: " recipe second-address work
cp work/new-enrolment.yaml offices/iom-geneva/
who=iom-geneva
expect "at an office: the recipe" 0 "agreement/one" recipe moved offices/iom-geneva
who=
check "which has both" sh -c 'tr -d "\n" <"$(echo offices/iom-geneva/state/*/enrolment.yaml)" | grep -q "address: https://localhost:[0-9]*other-addresses:  - https://127.0.0.1:"'
finish
