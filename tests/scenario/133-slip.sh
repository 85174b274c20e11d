#!/bin/sh
# Acts that come by bag weeks after they were signed: each copy proves when its
# act was dispatched, and tells nothing of the bag's other contents.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
deposit mofa field >/dev/null; deposit mofa other >/dev/null; deposit mofa half >/dev/null
at iom-chief-of-mission pull work/field >/dev/null; at iom-vientiane pull work/vientiane >/dev/null
waybill() { unzip -p "$1" "META-INF/waybill-*.yaml" 2>/dev/null; }

expect "in the field the chief signs one" 0 "kept it in the outbox" at iom-chief-of-mission --local sign agreement/field --yes
expect "and another" 0 "kept it in the outbox" at iom-chief-of-mission --local sign agreement/other --yes
expect "both go by one bag" 0 "bag 1 to mofa, 2 documents" at iom-chief-of-mission --local bag pack -o work/s.bag --to mofa --outbox
expect "Vientiane makes a version" 0 "kept it in the outbox" at iom-vientiane --local push health-protocol/tb --text en=work/en.txt --title en=TB
expect "which goes by bag too" 0 "packed" at iom-vientiane --local bag pack -o work/d.bag --to mofa --outbox
mkdir work/in && unzip -q -o work/s.bag -d work/in/outer && openssl cms -decrypt -inform DER -in work/in/outer/bag.cms -content work/in/outer/bag.bin -binary \
	-recip offices/mofa/encrypt-cert.pem -inkey offices/mofa/encrypt-key.pem -out work/in/inner.zip && unzip -q -o work/in/inner.zip -d work/in
check "the waybill lists slips alone" grep -q '^slips:' work/in/waybill.yaml
grep -q 'agreement\|field\|other' work/in/waybill.yaml && not_ok "and names no document" || ok "and names no document"
check "each is the SHA-256 of its slip" sh -c 'cd work/in && for f in slips/*; do grep -q "$(sha256sum <"$f" | cut -d" " -f1)" waybill.yaml || exit 1; [ "$(basename "$f" .yaml)" = "$(sha256sum <"$f" | cut -d" " -f1)" ] || exit 1; done'
check "which has that of what is handed in" grep -q "$(sha256sum <work/in/signatures/agreement--field@1.zip | cut -d' ' -f1)" work/in/slips/*

# Three days pass.
stop_daemon "$dir"
export CLOCK_OFFSET=259200 LD_PRELOAD="$VALISE_BUILD/clock.so"
start_daemon "$dir"
printf 'valise: 1\n' >work/none.yaml
(cd work/in && rm -f w.zip && zip -q -X -0 -D w.zip waybill.yaml waybill.p7s)
expect "a waybill without its slips is refused" 0 '"exit":8' curl_as mofa /v1/bags --data-binary @work/in/w.zip
(cd work/in && zip -q -X -0 -D w.zip slips/* && cp ../none.yaml slips/$(printf '%064d' 1).yaml && zip -q -X -0 -D w.zip slips/$(printf '%064d' 1).yaml && rm slips/0*1.yaml)
expect "so is one with a slip of nobody's" 0 '"exit":[18]' curl_as mofa /v1/bags --data-binary @work/in/w.zip
expect "MOFA hands in the signatures" 0 "2 handed in" at mofa bag push work/s.bag
expect "twice is once" 0 "2 handed in" at mofa bag push work/s.bag
[ "$(at mofa --json log --act sign | grep -o '"waybill":' | wc -l)" = 2 ] && ok "in the journal" || not_ok "in the journal"
expect "and the deposit" 0 "deposited health-protocol/tb@1 for vientiane@iom.example" at mofa bag push work/d.bag
expect "Geneva, which neither sent nor received it, verifies it" 0 "VALID" at iom-geneva fetch agreement/field -o work/field.asice
expect "without a line too" 0 "VALID" at iom-geneva verify work/field.asice
expect "and the deposit" 0 "VALID" at iom-bangkok fetch health-protocol/tb -o work/tb.asice
id=$(unzip -l work/field.asice | sed -n 's/.*slip-\([0-9a-f]*\).yaml/\1/p')
check "the copy has the waybill" cmp -s work/in/waybill.yaml "$(unzip -q -o work/field.asice -d work/un && echo "work/un/META-INF/waybill-$id.yaml")"
[ "$(ls work/un/META-INF/slip-* | wc -l)" = 1 ] && ok "and its own slip alone" || not_ok "and its own slip alone"
unzip -p work/field.asice 'META-INF/*' | grep -aq agreement/other && not_ok "nothing tells of the other" || ok "nothing tells of the other"
cat certs/mofa-ca.pem certs/iom-ca.pem >work/cas.pem
check "openssl verifies who signed the waybill" openssl cms -verify -cades -binary -inform DER -purpose any -in "work/un/META-INF/waybill-$id.p7s" \
	-content work/in/waybill.yaml -CAfile work/cas.pem -out /dev/null
expect "the seal is over it" 0 "slip-$id.yaml" cat work/un/META-INF/ASiCManifest-seal.xml
expect "pull puts the same together" 0 "agreement/field" at iom-geneva pull work/geneva
expect "and it is VALID there" 0 "VALID" at iom-geneva verify work/geneva/agreement/field/field-v1.asice
expect "verify says that it came by bag" 0 "chief-of-mission.*, by a bag of " at iom-geneva verify work/geneva/agreement/field/field-v1.asice
expect "in JSON too" 0 '"dispatched": *"' at iom-geneva --json verify work/geneva/agreement/field/field-v1.asice
expect "the local log tells of the bag once, though it brought two" 0 "dispatch .*bag 1, to mofa" at iom-geneva --local log --act dispatch
[ "$(grep -c "chief-of-mission" work/out)" = 1 ] && ok "once" || not_ok "once: $(cat work/out)"
expect "and the local history of it is that of the document" 0 "sign .*agreement/field@1" at iom-geneva --local history agreement/field
grep -q "dispatch" work/out && not_ok "without the bag" || ok "without the bag"
expect "Geneva sees the waybill's entry" 0 "dispatch .*bag 1, to mofa" at iom-geneva log --act dispatch
# Bangkok reads tb alone of what came by bag 1 of Vientiane, Geneva nothing of it.
expect "Bangkok sees that of what it reads" 0 "vientiane@iom" at iom-bangkok log --act dispatch
expect "the minister signs on top of it" 0 "in force" at mofa-minister sign agreement/field --yes
expect "and all is VALID still" 0 "VALID, in force" at iom-geneva fetch agreement/field -o work/force.asice
# What is taken out of a copy.
without() { cp "$1" work/less.asice; shift; zip -q -d work/less.asice "$@"; }
dispatch=$(at mofa --json log --act dispatch | grep -o '"index":[0-9]*' | head -n 1 | cut -d: -f2)
without work/field.asice "META-INF/receipt-$dispatch.tlog-proof"
expect "without the receipt nothing is known of when it left" 1 "INDETERMINATE" at iom-geneva verify work/less.asice
expect "it says so, and what to do" 1 "WAYBILL_MISSING.*fetch" at iom-geneva --json verify work/less.asice
without work/field.asice "META-INF/slip-$id.yaml"
expect "without the slip it is INVALID" 1 "INVALID" at iom-geneva verify work/less.asice
expect "the audit agrees" 0 "" at mofa audit
check "fsck too" sh -c "'$valised' --config valised.yaml fsck"
# A version that would end the other party's signing: by bag too, only who made
# it says that it may.
rm -f offices/iom-vientiane/state/*/outbox/*
printf 'Half\n' >work/half.txt
expect "Vientiane makes version 2 of what nobody has signed" 0 "kept it in the outbox" at iom-vientiane --local push agreement/half --text lo=work/lo.txt --text en=work/half.txt --title en=Half
expect "and packs it" 0 "packed" at iom-vientiane --local bag pack -o work/h.bag --to mofa --outbox
at mofa-minister sign agreement/half --yes >/dev/null
expect "it does not end what the minister signed since" 5 "onto" at mofa bag push work/h.bag
mkdir work/h && unzip -q -o work/h.bag -d work/h/outer && openssl cms -decrypt -inform DER -in work/h/outer/bag.cms -content work/h/outer/bag.bin -binary \
	-recip offices/mofa/encrypt-cert.pem -inkey offices/mofa/encrypt-key.pem -out work/h/inner.zip && unzip -q -o work/h/inner.zip -d work/h
expect "nor does who brings it say that it may" 0 '"exit":2' curl_as mofa "/v1/documents/agreement/half/versions/2?onto=1&bag=$(sha256sum <work/h/waybill.yaml | cut -d' ' -f1)" -T work/h/deposits/agreement--half@2.asice
rm -f offices/iom-vientiane/state/*/outbox/*; at iom-vientiane pull work/vientiane >/dev/null
expect "Vientiane says that it may" 0 "kept it in the outbox" at iom-vientiane --local push agreement/half --text lo=work/lo.txt --text en=work/half.txt --title en=Half --onto 1
expect "and packs that" 0 "packed" at iom-vientiane --local bag pack -o work/o.bag --to mofa --outbox
expect "then it does" 0 "deposited agreement/half@2 for vientiane" at mofa bag push work/o.bag
expect "and everybody verifies it" 0 "VALID" at iom-geneva fetch agreement/half -o work/half.asice
# A deposit brings no papers of its own.
cp work/h/deposits/agreement--half@2.asice work/more.asice
mkdir -p work/m/META-INF && printf 'x' >work/m/META-INF/slip-origin.yaml && (cd work/m && touch -t 198001010000 META-INF/slip-origin.yaml && zip -q -X -0 -D ../more.asice META-INF/slip-origin.yaml)
# As Valise writes a member: made by 2.0 of DOS, for which 2.0 is needed; no attributes.
last=$(LC_ALL=C grep -abo 'PK\x01\x02' -P work/more.asice | tail -n 1 | cut -d: -f1)
printf '\024\000\024\000' | dd of=work/more.asice bs=1 seek=$((last + 4)) conv=notrunc 2>/dev/null
printf '\000\000\000\000\000\000' | dd of=work/more.asice bs=1 seek=$((last + 36)) conv=notrunc 2>/dev/null
last=$(LC_ALL=C grep -abo 'PK\x03\x04' -P work/more.asice | tail -n 1 | cut -d: -f1)
printf '\024\000' | dd of=work/more.asice bs=1 seek=$((last + 4)) conv=notrunc 2>/dev/null
expect "a deposit with a slip in it is refused" 0 "slip-origin.yaml is no part of a deposit" curl_as iom-vientiane /v1/documents/agreement/half/versions/3 -T work/more.asice
# Who signed by bag signs again, without one: the papers of the first are gone.
new_policy() { reload; for o in $(persons | cut -d' ' -f1); do accept_policy "$o" >/dev/null; done; }
sed -i 's/^quorum: .*/quorum: {lao-pdr: 2, iom: 1}/' policies/mou.yaml; new_policy
at mofa push mou/again --text en=work/en.txt --title en=Again >/dev/null; at mofa-minister pull work/minister >/dev/null
at mofa-minister --local sign mou/again --yes >/dev/null 2>&1; at mofa-minister --local bag pack -o work/a.bag --to mofa --outbox >/dev/null
expect "the minister signs by bag" 0 "signed mou/again@1 for minister" at mofa bag push work/a.bag
expect "which the copy proves" 0 "VALID" at iom-geneva fetch mou/again -o work/again.asice
check "with its slip" sh -c 'unzip -l work/again.asice | grep -q slip-'
rm -f offices/mofa-minister/state/*/outbox/*; at iom-chief-of-mission sign mou/again --yes >/dev/null 2>&1
sed -i 's/^quorum: .*/quorum: {lao-pdr: 1, iom: 1}/' policies/mou.yaml; new_policy
expect "and signs again" 0 "in force" at mofa-minister sign mou/again --yes
expect "which everybody verifies" 0 "VALID, in force" at iom-geneva fetch mou/again -o work/again.asice
unzip -l work/again.asice | grep -q slip- && not_ok "without the slip of the first" || ok "without the slip of the first"
expect "pull agrees" 0 "mou/again" at iom-geneva pull work/geneva
expect "and it is VALID there" 0 "VALID, in force" at iom-geneva verify work/geneva/mou/again/again-v1.asice
check "fsck still finds nothing" sh -c "'$valised' --config valised.yaml fsck"
unset CLOCK_OFFSET LD_PRELOAD
finish
