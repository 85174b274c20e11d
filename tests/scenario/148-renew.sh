#!/bin/sh
# Certificates are renewed: judged first, then named in the configuration, of
# which all else stays; the old key goes on to open bags that were on their way.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-bangkok iom-geneva >/dev/null || not_ok "enrolment"
deposit mofa one >/dev/null
at mofa bag pack -o work/before.bag --to iom-bangkok agreement/one >/dev/null 2>&1
bangkok=offices/iom-bangkok config=offices/iom-bangkok/config.yaml me=bangkok@iom.example
"$top/certs/request" work/new >/dev/null; "$top/certs/request" --office work/new >/dev/null
issue() { "$top/certs/ca" issue "certs/$1" "$2" "work/new/${5:-$2}.csr" "$3" "${6-Bangkok}" "work/new/$4.pem" >/dev/null; }
issue iom connect $me connect; issue iom sign $me sign; issue iom encrypt "registry-$me" encrypt
renew() { at iom-bangkok renew "$@"; }
new=work/new

# --- What is refused changes nothing. ---
sed -i '1s/^/# written by hand\n/' $config; sed -i "s|^key: .*|key: $dir/$bangkok/key.pem # the old one|" $config
cp $config work/config.yaml
refused() { called=$1; shift; expect "$called" 2 "$@"; check "$called: nothing is changed" cmp work/config.yaml $config; }
refused "nothing" "which certificate is renewed" renew
refused "a certificate without its key" "cert and --key go together" renew --cert $new/connect.pem
refused "a key without its certificate" "sign-cert and --sign-key go together" renew --sign-key $new/sign.key
refused "another key" "is not the key of" renew --cert $new/connect.pem --key $new/sign.key
refused "one to sign with" "Name the other one in --cert" renew --cert $new/sign.pem --key $new/sign.key
refused "a file that is not there" "none.pem: no such file" renew --cert work/none.pem --key $new/sign.key
openssl x509 -in $new/connect.pem -outform DER -out $new/der.pem
refused "DER" "a certificate in DER" renew --cert $new/der.pem --key $new/connect.key
issue iom connect geneva@iom.example geneva connect Geneva; issue iom sign geneva@iom.example geneva-sign sign Geneva
refused "another person's to sign with" "both certificates are to be of one person" renew --sign-cert $new/geneva-sign.pem --sign-key $new/sign.key
refused "another office's" "is of iom-geneva, and this is the configuration of iom-bangkok" renew --cert $new/geneva.pem --key $new/connect.key --sign-cert $new/geneva-sign.pem --sign-key $new/sign.key
issue mofa connect nobody@elsewhere.example nobody connect
refused "nobody's" "is of no office" renew --cert $new/nobody.pem --key $new/connect.key
refused "the connection is not asked for" "takes no --local" renew --local --cert $new/connect.pem --key $new/connect.key
chmod 644 $new/connect.key
expect "a key that others may read" 1 "others may read" renew --cert $new/connect.pem --key $new/connect.key
chmod 600 $new/connect.key

# --- One pair, and all. ---
stop_daemon "$dir"
expect "without a connection: to connect" 0 "new/connect.pem connects from now on, until 20.*($me)" renew --cert $new/connect.pem --key $new/connect.key
start_daemon "$dir"
check "what names it" grep -q "^certificate: .*$dir/work/new/connect.pem" $config
check "and its key" grep -q "^key: .*$dir/work/new/connect.key" $config
check "another line stays, comments too" grep -q "^# written by hand" $config
check "and no other is added" test "$(wc -l <$config)" = "$(wc -l <work/config.yaml)"
check "the mode is its owner's" test "$(stat -c %a $config)" = 600
rm $bangkok/cert.pem $bangkok/key.pem
expect "the office connects" 0 "agreement/one" at iom-bangkok list
mv $config work/real.yaml; ln -s "$dir/work/real.yaml" $config
expect "in JSON" 0 '"named": *"sign-certificate"' at iom-bangkok --json renew --sign-cert $new/sign.pem --sign-key $new/sign.key --encrypt-cert $new/encrypt.pem --encrypt-key $new/encrypt.key
check "a link stays" test -L $config
rm $bangkok/sign-cert.pem $bangkok/sign-key.pem
expect "the office signs" 3 "may not deposit" at iom-bangkok push agreement/two --text en=work/en.txt --text lo=work/lo.txt --title en=x
check "the bag's key of before is kept" sh -c 'grep -A2 "^encryption-before:" work/real.yaml | grep -q "encrypt-cert.pem"'

# --- Bags. ---
expect "a bag that was on its way is opened with it" 0 "agreement/one" at iom-bangkok bag open work/before.bag --into work/copy
cp $new/encrypt.pem policies/encryption/iom-bangkok.pem; reload; accept_policy mofa iom-bangkok >/dev/null
at mofa bag pack -o work/after.bag --to iom-bangkok agreement/one >/dev/null 2>&1
expect "one for the new key with that" 0 "agreement/one" at iom-bangkok bag open work/after.bag --into work/copy
"$top/certs/request" --office work/third >/dev/null; "$top/certs/ca" issue certs/iom encrypt work/third/encrypt.csr "registry-$me" Bangkok work/third/encrypt.pem >/dev/null
expect "renewed once more" 0 "opens bags from now on" renew --encrypt-cert work/third/encrypt.pem --encrypt-key work/third/encrypt.key
for bag in before after; do expect "the $bag one is opened still" 0 "agreement/one" at iom-bangkok bag open work/$bag.bag --again --into work/copy; done
expect "with the same pair nothing more is kept" 0 "opens bags" renew --encrypt-cert work/third/encrypt.pem --encrypt-key work/third/encrypt.key
check "but the two of before" test "$(grep -c '  - certificate:' work/real.yaml)" = 2
expect "a bag for another office is not" 1 "not encrypted to your office's key" sh -c '"$1" --config offices/mofa/config.yaml bag pack -o work/geneva.bag --to iom-geneva agreement/one >/dev/null 2>&1; "$1" --config "$2" bag open work/geneva.bag --into work/copy' sh "$valise" $config

# --- What cannot be changed line by line. ---
rm $config; grep -v '^certificate:' work/real.yaml >$config; printf 'certificate:\n  %s\n' "$dir/work/new/connect.pem" >>$config
cp $config work/config.yaml
refused "a value on a line of its own" "change it by hand" renew --cert $new/connect.pem --key $new/connect.key
finish
